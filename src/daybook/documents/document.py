"""Documents: which files of a repository are documents, and what each one says."""
from __future__ import annotations

import functools
import os
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

from daybook import progress
from daybook.documents import config
from daybook.documents import frontmatter
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.file_names import stem_of
from daybook.documents.frontmatter import Block
from daybook.documents.frontmatter import Parsed
from daybook.documents.kinds import BUILT_IN
from daybook.documents.kinds import Kind
from daybook.documents.kinds import is_claimed
from daybook.documents.kinds import is_stub
from daybook.errors import FatalError
from daybook.problem import Problem
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo import sparse
from daybook.repo.git import Repo

if TYPE_CHECKING:
    from daybook.documents.markdown_scan import Heading


@functools.lru_cache(maxsize=64)
def _key_lines(data: bytes, block: Block) -> dict[str, int]:
    from daybook.documents import frontmatter_yaml  # most documents are right, so that nobody asks for a line

    return frontmatter_yaml.key_lines(data, block)


class Document(NamedTuple):
    """One document as it was read: `path` relative to the root, `meta` with aliased keys under their own names."""

    path: str
    kind: Kind
    data: bytes
    parsed: Parsed
    meta: dict[str, Any]

    @property
    def stem(self) -> str:
        """The file name without its folder and extension."""
        return stem_of(self.path)

    @property
    def identity(self) -> str:
        """The id by which others refer to this document: the key `id`, else the stem."""
        given = self.meta.get('id')
        return given if isinstance(given, str) and given else self.stem

    @property
    def is_made_by_daybook(self) -> bool:
        """Whether a claim made this note; only then the id pattern and the sections are required."""
        return is_claimed(self.kind.name, self.meta)

    @property
    def is_stub(self) -> bool:
        """Whether this is a claim that nobody has filled."""
        return is_stub(self.kind.name, self.meta)

    @property
    def body(self) -> str:
        """The text after the frontmatter; bytes that are not UTF-8 are replaced."""
        return self.data[self._body_offset:].decode('utf-8', 'replace')

    @property
    def body_line(self) -> int:
        """The line (from 1) of the file at which `body` begins."""
        return self.data.count(b'\n', 0, self._body_offset) + 1

    @property
    def _body_offset(self) -> int:
        return self.parsed.block.body if self.parsed.block else frontmatter.body_offset(self.data)

    def line_of(self, pointer: str) -> int:
        """Return the line of the file of the value at a JSON pointer into `meta`, or of the nearest above it."""
        if self.parsed.block is None or self.parsed.error:
            return 1
        lines = _key_lines(self.data, self.parsed.block)
        head, slash, rest = pointer[1:].partition('/')
        if f'/{head}' not in lines:  # the key may stand under an alias
            written = (other for name, others in self.kind.key_aliases if name == head for other in others)
            pointer = next((f'/{other}{slash}{rest}' for other in written if f'/{other}' in lines), '')
        while pointer not in lines:
            pointer = pointer.rpartition('/')[0]
        return lines[pointer]


def settings_of(repo: Repo) -> Settings | None:
    """Return the settings; None where a commit that does not touch them finds them wrong: that is not its fault.

    Raises FatalError when they are wrong everywhere else.
    """
    try:
        return config.load(repo.root)
    except FatalError:
        if git.is_in_git_hook() and config.PATH not in git_status.staged_changes(repo):
            return None
        raise


def title_of(document: Document) -> str:
    """Return the title of a document: its key, else the heading that is one, else its stem."""
    title = document.meta.get('title')
    if isinstance(title, str) and title.strip():
        return title
    heading = title_heading(document)
    return heading.text if heading else document.stem


def title_heading(document: Document) -> Heading | None:
    """Return the heading that says what a document is: its first, unless that is a section of its kind or a higher one follows."""
    from daybook.documents import markdown

    own = [heading for heading in markdown.headings(document.body, document.body_line) if not heading.nested]
    if not own or not own[0].text or own[0].level > min(heading.level for heading in own):
        return None
    return None if own[0].level > 1 and own[0].text.casefold() in document.kind.section_names else own[0]


def _with_aliases(meta: dict[str, Any], kind: Kind) -> dict[str, Any]:
    found = dict(meta)
    for name, others in kind.key_aliases:
        for other in others:
            if name not in found and other in found:
                found[name] = found[other]
    return found


def from_bytes(path: str, kind: Kind, data: bytes) -> Document:
    """Return the document that the bytes of one file make."""
    parsed = frontmatter.parse(data)
    return Document(path, kind, data, parsed, _with_aliases(parsed.meta, kind))


def select(settings: Settings, paths: Iterable[str]) -> list[tuple[str, Kind]]:
    """Return the documents among `paths` with their kinds, in order of path."""
    chosen = [(path, config.kind_of(settings, path)) for path in sorted(set(paths))]
    return [(path, kind) for path, kind in chosen if kind is not None]


def contents(repo: Repo, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the content of each path: that of the index inside a commit, else that of the work tree."""
    hidden = sparse.left_out(repo.root)
    unseen = [path for path in paths if path in hidden]
    blobs = dict(zip(unseen, git_objects.read_local(repo, [hidden[path] for path in unseen])))
    if git.is_in_git_hook() and paths:
        # a runner has stashed what is not staged; lefthook and plain hooks have not
        differing = sorted(git_status.maybe_unstaged(repo, paths))
        named = [path for path in differing if '\n' not in path]
        blobs |= dict(zip(named, git_objects.read_blobs(repo, [f':{path}' for path in named])))
    for path in progress.shown(paths, len(paths), 'reading'):
        absolute = os.path.join(repo.root, path)
        if path in blobs:
            data = blobs[path] or None  # `git add --intent-to-add` stands in the index as an empty file
        else:
            data = None if os.path.islink(absolute) else files.read_bytes(absolute)
        if data is not None:
            yield path, data


def read_all(repo: Repo, settings: Settings, paths: Iterable[str] | None = None) -> list[Document]:
    """Return the documents among `paths` (default: all tracked files), in order of path.

    Files that are gone from the work tree, and symbolic links, are left out.
    """
    chosen = dict(select(settings, git_status.tracked_files(repo) if paths is None else paths))
    return [from_bytes(path, chosen[path], data) for path, data in contents(repo, list(chosen))]


def read_committed(repo: Repo, settings: Settings, paths: Iterable[str], commit: str = 'HEAD') -> list[Document]:
    """Return the documents among `paths` as `commit` has them, in order of path."""
    chosen = [(path, kind) for path, kind in select(settings, paths) if '\n' not in path]
    blobs = git_objects.read_blobs(repo, [f'{commit}:{path}' for path, _ in chosen])
    return [from_bytes(path, kind, data) for (path, kind), data in zip(chosen, blobs) if data is not None]


def schemas(repo: Repo, kinds: Iterable[Kind]) -> dict[str, dict[str, Any]]:
    """Return the schema of each kind by its name: the team's own file, the built-in one, else that of `doc`.

    Raises FatalError when a file cannot be used.
    """
    found = {}
    for kind in kinds:
        if kind.schema is not None:
            found[kind.name] = _own_schema(repo, kind.schema)
        else:
            found[kind.name] = schema.built_in(kind.name if kind.name in BUILT_IN else 'doc')
    return found


def _own_schema(repo: Repo, path: str) -> dict[str, Any]:
    try:
        return schema.from_file(files.inside(repo.root, path))
    except FatalError as error:
        raise FatalError(f'{path}: {error}') from error


def usable_schemas(repo: Repo, kinds: Iterable[Kind]) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """Return what `schemas` does, with one that any value fits for a file that cannot be used, and what is wrong with that file."""
    found: dict[str, dict[str, Any]] = {}
    problems = []
    for kind in kinds:
        try:
            found |= schemas(repo, [kind])
        except FatalError as error:
            found[kind.name] = {}
            path = kind.schema or config.PATH
            is_here = not path.startswith(('/', '..'))
            problems.append(Problem(path if is_here else config.PATH, 1, 'kind-schema',
                                    f'{str(error).removeprefix(f"{path}: ")}; until then kind {kind.name} is not checked against it',
                                    causes=(config.PATH,)))
    return found, problems


def caused_by_settings(repo: Repo, settings: Settings, documents: Iterable[Document], changed: Collection[str],
                       base: str = 'HEAD') -> set[str]:
    """Return the paths of the documents whose kind is another than in `base`, by a change of the files `changed`.

    A kind is another when any of its settings is, or when its schema file is in the change.
    """
    before = settings
    if config.PATH in changed:
        try:
            before = config.from_bytes(git_objects.read_blobs(repo, [f'{base}:{config.PATH}'])[0])
        except FatalError:  # it could not be used, so nothing has been checked
            return {document.path for document in documents}
    slug_changed = before.sessions_slug != settings.sessions_slug
    return {document.path for document in documents
            if document.kind.schema in changed or config.kind_of(before, document.path) != document.kind
            or (slug_changed and document.kind.name == 'session')}
