"""The repository's side of a mirror: the documents of HEAD as pages, and their texts."""
from __future__ import annotations

import functools
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from urllib.parse import quote

from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents import markdown
from daybook.documents import zones
from daybook.documents.config import Settings
from daybook.documents.destination import Options
from daybook.documents.destination import Resolver
from daybook.documents.document import Document
from daybook.documents.tree import Tree
from daybook.errors import FatalError
from daybook.mirror import host
from daybook.mirror.adapter import MIRRORED
from daybook.mirror.adapter import Fields
from daybook.mirror.adapter import Mirror
from daybook.mirror.adapter import Value
from daybook.mirror.plan import Page
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.rules import secrets
from daybook.writers import pages_entry
from daybook.writers.pages_entry import Entry

WRITTEN = (*MIRRORED, 'body')  # what a mirror writes of a document; `body` is the content
# from a document to those of WRITTEN that another store is the authority for, with its name
Withheld = Callable[[Document], Mapping[str, str]]
_NEEDED = ('title', 'body')  # without which there is no page


def nothing_withheld(_: Document) -> Mapping[str, str]:
    """Withhold no field: what holds where no authority map says otherwise."""
    return {}


class Local(NamedTuple):
    """The documents of one commit. `commits` are all that it contains; `files_url` is `` where no host shows files."""

    commit: str
    commits: Collection[str]
    documents: Mapping[str, Document]
    tree: Tree
    files_url: str


def read(repo: Repo, settings: Settings, *, has_history: bool = True) -> Local:
    """Return what HEAD holds; without `has_history` it contains no commits.

    Raises FatalError without a commit, and where the history is asked for in a clone that was cut off.
    """
    commit = git_refs.resolve(repo, 'HEAD')
    if commit is None:
        raise FatalError('nothing is committed yet; the mirror shows commits')
    if has_history and git_refs.is_shallow(repo):
        raise FatalError('this clone is shallow, so that it cannot be told which pages are newer; run `git fetch --unshallow`')
    entries = git_objects.tree_entries(repo, commit)
    files = [entry.path for entry in entries if entry.mode != '160000']
    links = [entry for entry in entries if entry.mode == '120000']
    targets = git_objects.read_blobs(repo, [entry.oid for entry in links])
    texts = {entry.path: (data or b'').decode('utf-8', 'surrogateescape') for entry, data in zip(links, targets)}
    tree = Tree(files, texts, [entry.path for entry in entries if entry.mode == '160000'])
    documents = document.read_committed(repo, settings, [path for path in files if path not in texts], commit)
    commits = set(git.expect('rev-list', commit, '--', cwd=repo.root).lines) if has_history else set()
    remote = git_refs.shared_remote(repo)
    url = settings.mirror_files_url or host.files_url(git.config_value(repo, f'remote.{remote}.url') or '' if remote else '')
    return Local(commit, commits, {doc.path: doc for doc in documents if not doc.is_stub}, tree, url.rstrip('/'))


class _Zones:
    """The step of each document on the ladder of zones, its parents' taken into account."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._named: dict[str, list[str]] = {}
        for entry in entries.values():
            for name in entry.names:
                self._named.setdefault(name, []).append(entry.path)
        self.step = zones.Inherited(lambda path: entries[path].zone, self._above).of

    def called(self, reference: str) -> list[str]:
        return self._named.get(pages_entry.name_of(reference), [])

    def _above(self, path: str) -> Iterator[str]:
        references = self._entries[path].references
        return (found for key in zones.ABOVE for reference in references.get(key, ()) for found in self.called(reference))


def _text(meta: Mapping[str, Any], key: str) -> str:
    value = meta.get(key)
    return value.strip() if isinstance(value, str) else ''


@functools.lru_cache(maxsize=4096)  # kinds, people and tags come again and again
def _safe(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(secrets.redact(text)[0] for text in value)
    return secrets.redact(value)[0]


def _unreadable(doc: Document) -> str:
    if doc.parsed.error:
        return f'its frontmatter cannot be read: {doc.parsed.error[2]}'
    return 'its frontmatter is never closed' if frontmatter.is_unclosed(doc.data) else ''


def pages(local: Local, settings: Settings, fit: Callable[[Fields], Fields], withheld: Withheld = nothing_withheld) -> list[Page]:
    """Return the page of each document, in order of path; `fit` as that of a mirror."""
    limit = zones.step(settings.mirror_zone)
    entries = {path: pages_entry.make(doc, settings.zones_default, settings.zones_folders) for path, doc in local.documents.items()}
    known = _Zones(entries)
    steps = {path: known.step(path) for path in entries}

    def is_tellable(name: str) -> bool:
        return all(steps[path] <= limit for path in known.called(name))

    return [_page(doc, entries[path], local, settings, fit, withheld(doc), steps[path] - limit, is_tellable)
            for path, doc in sorted(local.documents.items())]


def _page(doc: Document, entry: Entry, local: Local, settings: Settings, fit: Callable[[Fields], Fields], elsewhere: Mapping[str, str],
          above: int, is_tellable: Callable[[str], bool]) -> Page:
    source = f'{local.files_url}/{quote(doc.path)}' if local.files_url else ''
    told: dict[str, Value] = {
        'title': entry.title, 'kind': entry.kind, 'operator': next(iter(entry.people), ''), 'status': entry.status,
        'workstream': tuple(name for name in entry.references.get('workstream', ()) if is_tellable(name)),
        'tags': tuple(entry.tags), 'summary': pages_entry.text(doc.meta.get('summary'), 4000), 'source': source,
    }
    fields = fit({name: value if name == 'source' else _safe(value) for name, value in told.items() if name not in elsewhere})
    excluded = ''
    if above > 0:
        excluded = f'its zone is above {settings.mirror_zone}, the highest that is mirrored'
    elif settings.mirror_kinds and doc.kind.name not in settings.mirror_kinds:
        excluded = f'documents of kind {doc.kind.name} are not mirrored'
    external_id = str(fit({'external_id': _text(doc.meta, 'external_id') or doc.stem})['external_id'])
    kept = next((f'the authority map gives its {name} to {elsewhere[name]}' for name in _NEEDED if name in elsewhere), '')
    if not external_id:
        kept = 'neither its name nor external_id gives it an External ID'
    return Page(external_id, doc.path, fields, frontmatter.content_hash(doc.data),
                _text(doc.meta, 'notion_page_id'), _text(doc.meta, 'sync_status'), excluded, _unreadable(doc) or kept)


def linking(local: Local, paths: Iterable[str], targets: Collection[str]) -> dict[str, set[str]]:
    """Return which of `targets` each document of `paths` links to, those without any left out."""
    resolver = Resolver(local.tree, Options())
    found: dict[str, set[str]] = {}
    for path in paths:
        for target in markdown.survey(local.documents[path].body).targets:
            there = resolver.follow(path, target)
            if there and not there.fault and there.path != path and there.path in targets:
                found.setdefault(path, set()).add(there.path)
    return found


class Texts:
    """Renders pages. `page_ids` are those of the documents by path, as far as they exist; `coming` will be made."""

    def __init__(self, local: Local, mirror: Mirror, page_ids: dict[str, str], coming: set[str]) -> None:
        self._local, self._mirror, self._page_ids, self._coming = local, mirror, page_ids, coming
        self._resolver = Resolver(local.tree, Options())

    def settle(self, path: str, page_id: str) -> None:
        """Take it that the page of a document has been made, or with `` that it will not be."""
        self._coming.discard(path)
        if page_id:
            self._page_ids[path] = page_id

    def address(self, source: str, target: str) -> tuple[str, bool]:
        """Return where a link leads for a reader of the mirror, `` for nowhere, and whether that page is yet to come."""
        found = self._resolver.follow(source, target)
        if found is None or found.fault:
            return (target if ':' in target.partition('/')[0] or target.startswith('//') else self._shown(found.path) if found else '', False)
        if found.path != source and found.path in self._page_ids:
            return self._mirror.link(self._page_ids[found.path]), False
        fragment = f'#{quote(found.fragment)}' if found.fragment else ''
        shown = self._shown(found.path)
        return shown and shown + fragment, found.path != source and found.path in self._coming

    def _shown(self, path: str) -> str:
        url = self._local.files_url.replace('{commit}', self._local.commit)
        return f'{url}/{quote(path)}' if url else ''

    def text(self, page: Page) -> tuple[str, bool]:
        """Return the content of a page in the mirror's dialect, and whether it links to a page that is yet to be made."""
        is_early = False

        def resolve(target: str) -> str:
            nonlocal is_early
            address, early = self.address(page.path, target)
            is_early = is_early or early
            return address

        # what must not be told is gone before anything else reads it
        body = secrets.redact(self._local.documents[page.path].body)[0]
        return self._mirror.render(body, resolve), is_early
