"""Documents: which files of a repository are documents, and what each one says."""
from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

from daybook.documents import config
from daybook.documents import frontmatter
from daybook.documents.config import Kind
from daybook.documents.config import Settings
from daybook.documents.frontmatter import Parsed
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo


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
        return self.kind.name == 'session' and 'claimed_at' in self.meta

    @property
    def is_stub(self) -> bool:
        """Whether this is a claim that nobody has filled: `claimed_at` and no title."""
        return self.is_made_by_daybook and 'title' not in self.meta

    @property
    def body(self) -> str:
        """The text after the frontmatter; bytes that are not UTF-8 are replaced."""
        return self.data[frontmatter.body_offset(self.data):].decode('utf-8', 'replace')

    @property
    def body_line(self) -> int:
        """The line (from 1) of the file at which `body` begins."""
        return self.data.count(b'\n', 0, frontmatter.body_offset(self.data)) + 1


def stem_of(path: str) -> str:
    """Return the file name of `path` without folder and extension."""
    return path.rsplit('/', 1)[-1].rsplit('.', 1)[0]


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


def _content(repo: Repo, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the content of each path: that of the index inside a commit, else that of the work tree."""
    blobs: dict[str, bytes | None] = {}
    if git.is_in_git_hook():
        # a runner has stashed what is not staged; lefthook and plain hooks have not
        differing = sorted(set(git.unstaged_changes(repo)).intersection(paths))
        named = [path for path in differing if '\n' not in path]
        blobs = dict(zip(named, git.read_blobs(repo, [f':{path}' for path in named])))
    for path in paths:
        absolute = os.path.join(repo.root, path)
        data = blobs[path] if path in blobs else None if os.path.islink(absolute) else files.read_bytes(absolute)
        if data is not None:
            yield path, data


def read_all(repo: Repo, settings: Settings, paths: Iterable[str] | None = None) -> list[Document]:
    """Return the documents among `paths` (default: all tracked files), in order of path.

    Files that are gone from the work tree, and symbolic links, are left out.
    """
    chosen = dict(select(settings, git.tracked_files(repo) if paths is None else paths))
    return [from_bytes(path, chosen[path], data) for path, data in _content(repo, list(chosen))]
