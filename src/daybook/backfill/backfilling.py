"""A back-fill over a repository: what each document lacks, proven and checked."""
from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from daybook.backfill import authors
from daybook.backfill import first_commits
from daybook.backfill.authors import Authors
from daybook.documents import document
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.errors import FatalError
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo import sparse
from daybook.repo.git import Repo
from daybook.rules import frontmatter
from daybook.rules import identity
from daybook.rules import naming
from daybook.rules import references
from daybook.writers import backfill
from daybook.writers import backfill_refusal
from daybook.writers import insertion
from daybook.writers.backfill import Added
from daybook.writers.backfill import Around
from daybook.writers.backfill import Derived

_SHALLOW = 'this clone is shallow and does not hold the commit that added it; run `git fetch --unshallow`'
_UNTOLD = 'no commit of this history added it'
_NEW = 'not committed yet'
_UNSTAGED = 'changes that are not staged; stage them first'
_SPARSE = 'the sparse checkout leaves it out; take its folder in with `git sparse-checkout add`'
# https://git-scm.com/docs/git-var: `Name <mail> 1763719200 +0100`
_IDENT = re.compile(r'(?P<name>.*) <(?P<email>[^<>]*)> (?P<seconds>\d+) (?P<sign>[+-])(?P<hours>\d\d)(?P<minutes>\d\d)')


class Fill(NamedTuple):
    """What became of one document: its bytes before and after, and what was derived; `refused` says why nothing was."""

    path: str
    kind: str
    before: bytes
    after: bytes
    derived: Derived
    refused: str = ''

    @property
    def is_changed(self) -> bool:
        """Whether there is something to write."""
        return self.before != self.after


class _History(NamedTuple):
    added: dict[str, Added]
    unknown: str
    being_made: Added | None  # the commit that this hook runs in
    before: dict[str, str]  # names in the last commit, by those of today

    def of(self, path: str) -> tuple[Added | None, str]:
        if path in self.before:
            return self.added.get(self.before[path]), self.unknown
        return self.being_made, '' if self.being_made else _NEW


def _commit_being_made(repo: Repo) -> Added | None:
    """Return the commit that git is making around this hook, to which it exports the author."""
    who = git.git('var', 'GIT_AUTHOR_IDENT', cwd=repo.root)
    ident = _IDENT.fullmatch(who.text)
    if not git.is_in_git_hook() or not who.is_ok or not ident:
        return None
    minutes = int(ident['sign'] + '1') * (int(ident['hours']) * 60 + int(ident['minutes']))
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    date = datetime.datetime.fromtimestamp(int(ident['seconds']), zone).date().isoformat()
    return Added('', ident['name'], ident['email'], date, date)


def _before(repo: Repo, paths: Collection[str]) -> dict[str, str]:
    """Return the name that each path has in the last commit; a new document is left out, a staged rename is not."""
    names = {entry.path: entry.path for entry in git_objects.tree_entries(repo, 'HEAD')}
    moved = git.git('diff-index', '--cached', '-M', '--diff-filter=R', '--name-status', '-z', 'HEAD', '--', cwd=repo.root)
    fields = git.zsplit(moved.out) if moved.is_ok else []
    names |= {new: old for old, new in zip(fields[1::3], fields[2::3])}
    return {path: names[path] for path in paths if path in names}


def _history(repo: Repo, paths: Collection[str]) -> _History:
    before, being_made = _before(repo, paths), _commit_being_made(repo)
    if git_refs.is_shallow(repo):
        return _History({}, _SHALLOW, being_made, before)
    return _History(first_commits.find(repo, before.values()) if before else {}, _UNTOLD, being_made, before)


def _key(kind: str, name: str) -> tuple[str, str]:
    return kind, unicodedata.normalize('NFC', name).casefold()


def _names(documents: Iterable[Document]) -> dict[tuple[str, str], list[str]]:
    """Return the documents that go by each name: that of their file, their id, their id in the mirror."""
    found: dict[tuple[str, str], list[str]] = {}
    for doc in documents:
        given = [doc.meta.get(key) for key in ('id', 'external_id')]
        for key in {_key(doc.kind.name, name) for name in (doc.stem, *given) if isinstance(name, str)}:
            found.setdefault(key, []).append(doc.path)
    return found


def _claimed(doc: Document, settings: Settings) -> str:
    match = identity.CLAIM_ID.match(doc.stem) if settings.sessions_slug else None
    return match[0] if match and doc.stem[match.end():match.end() + 1] == '-' else ''


class _Surroundings:
    """What the repository tells of each document."""

    def __init__(self, repo: Repo, settings: Settings, documents: Sequence[Document], targets: Collection[str]) -> None:
        self.settings = settings
        self.authors: Authors = authors.load(repo)
        self._names = _names(documents)
        self._history = _history(repo, targets)

    def of(self, doc: Document) -> Around:
        """Return what is known around `doc`."""
        added, unknown = self._history.of(doc.path)
        operator, stranger = self.authors.of_commit(added) if added else ('', '')
        twins = [path for path in self._names[_key(doc.kind.name, doc.stem)] if path != doc.path]
        return Around(added, unknown, operator, stranger, _claimed(doc, self.settings), naming.is_running(doc.path),
                      twins[0] if twins else '')


def _filled(doc: Document, around: _Surroundings, *, convert: bool) -> Fill:
    before, nothing = doc.data, Derived({}, {})
    try:
        if convert and doc.parsed.error and doc.parsed.error[1] == 'frontmatter-list':
            doc = document.from_bytes(doc.path, doc.kind, insertion.converted(doc.data))
        refused = backfill_refusal.refusal(doc)
        if refused:
            return Fill(doc.path, doc.kind.name, before, before, nothing, refused)
        derived = backfill.derive(doc, around.of(doc), around.authors.named)
        order = schema.property_order(doc.kind.name)
        after = insertion.insert(doc.data, {key: value.value for key, value in derived.added.items()}, order)
    except FatalError as error:
        return Fill(doc.path, doc.kind.name, before, before, nothing, str(error))
    return Fill(doc.path, doc.kind.name, before, after, derived)


def _checked(repo: Repo, settings: Settings, documents: Sequence[Document], fills: list[Fill],
             paths: Collection[str]) -> list[Fill]:
    """Return `fills` with what validate-frontmatter would still reject as refused: a head is filled or left, never half."""
    after = {fill.path: fill for fill in fills if fill.is_changed}
    if not after:
        return fills
    whole = [document.from_bytes(doc.path, doc.kind, after[doc.path].after) if doc.path in after else doc for doc in documents]
    changed = [doc for doc in whole if doc.path in after]
    found = frontmatter.check(changed, document.schemas(repo, {doc.kind for doc in changed}))
    found += identity.check(whole, paths, slug=settings.sessions_slug) + references.check(whole, paths)
    wrong = {problem.path: problem for problem in reversed(found) if problem.level == 'error'}
    return [fill._replace(after=fill.before, derived=Derived({}, {}),
                          refused=f'validate-frontmatter would still say: {wrong[fill.path].message}')
            if fill.path in after and fill.path in wrong else fill for fill in fills]


def plan(repo: Repo, settings: Settings, targets: Iterable[str], tracked: Collection[str], *, convert: bool) -> list[Fill]:
    """Return what becomes of each document among the paths `targets`, in order of path; nothing is written.

    What a claim made has every key that it needs, and is left out.
    """
    wanted = {path for path, _ in document.select(settings, targets)}
    if not wanted:
        return []
    documents = document.read_all(repo, settings, wanted.union(tracked))
    old = [doc for doc in documents if doc.path in wanted and not doc.is_made_by_daybook]
    around = _Surroundings(repo, settings, documents, {doc.path for doc in old})
    left = dict.fromkeys(sparse.left_out(repo.root), _SPARSE)
    left |= dict.fromkeys(git_status.unstaged_changes(repo), _UNSTAGED) if git.is_in_git_hook() else {}
    fills = [_filled(doc, around, convert=convert) if doc.path not in left else
             Fill(doc.path, doc.kind.name, doc.data, doc.data, Derived({}, {}), left[doc.path]) for doc in old]
    return _checked(repo, settings, documents, fills, wanted.union(tracked))
