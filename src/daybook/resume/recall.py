"""What the notes and workstreams of a repository tell of who worked last: whose each is, and which are the newest."""
from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from typing import NamedTuple

from daybook.documents.kinds import fixed_folder
from daybook.problem import Problem
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_log
from daybook.repo import git_spawn
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.repo.git_log import Touch
from daybook.resume import heads
from daybook.resume.branches import Branch
from daybook.resume.branches import Elsewhere
from daybook.resume.heads import Head
from daybook.resume.heads import Stream
from daybook.resume.reading import Here
from daybook.resume.reading import Reader
from daybook.resume.reading import Said
from daybook.rules import people
from daybook.session import claim
from daybook.session import operators
from daybook.session.operators import Operator

_DAY = timedelta(days=1)
_HEAD = 'HEAD'  # among what is kept: the commit up to which the history was read
_FILLED = ('note', 'rollup')
NEWEST = 4  # notes of one owner that are looked at for one that is theirs beyond doubt


class Note(NamedTuple):
    """One note: `owner` is an operator's slug, as written where nobody is known by it, empty where nothing tells.

    `oid` is empty for a file that the index does not hold as it is, `branch` None for what is in the work tree.
    """

    path: str
    oid: str
    branch: Branch | None
    head: Head
    owner: str
    day: str
    at: datetime


class Notes(NamedTuple):
    """The newest notes of each owner, in that order; claims that nobody filled; what cannot be read; how many blobs are not here."""

    notes: list[Note]
    stubs: list[Note]
    problems: list[Problem]
    missing: int


class Owners:
    """Finds the slug of whoever a document names: one table of everything that operators are known by, first names too."""

    def __init__(self, known: Mapping[str, Operator]) -> None:
        self.known = known
        self.slugs = {mark.casefold(): who.slug for who in known.values()
                      for mark in (*who.emails, who.name, who.initials, who.slug) if mark}
        first = Counter(slug.split('-')[0] for slug in known)
        self.slugs |= {slug.split('-')[0]: slug for slug in known
                       if first[slug.split('-')[0]] == 1 and slug.split('-')[0] not in self.slugs}

    def named(self, word: str) -> str:
        """Return the slug that `word` stands for, the word itself for nobody known."""
        return self.slugs.get(word.casefold(), word)

    def of(self, head: Head, first: Touch | None) -> str:
        """Return whose note it is, by what it says, its id, or who committed it first."""
        return self.slugs.get(head.owner.casefold()) or self._by_id(head) or head.owner or self._author(first)

    def _by_id(self, head: Head) -> str | None:
        by_id = claim.ID.match(head.id)
        return self.slugs.get(by_id['day'][:-7].casefold()) if by_id else None

    def _author(self, first: Touch | None) -> str:
        if first is None or people.is_program(first.name, first.email):
            return next(iter(self.known)) if len(self.known) == 1 else ''
        found = self.slugs.get(first.email.casefold()) or self.slugs.get(first.name.casefold())
        derived = operators.derive(first.name, first.email)
        return found or (derived.slug if derived else first.name)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _at(head: Head, day: str, first: Touch | None) -> datetime:
    """Return the best known moment: a time in the note, its commit if that is of the day, else the noon of the day."""
    written = heads.moment(head.written)
    if written:
        return written
    try:
        noon = datetime.fromisoformat(f'{day}T12:00:00+00:00')
    except ValueError:
        return _utc(first.at) if first else _utc(0)
    return _utc(first.at) if first and abs(_utc(first.at) - noon) < 1.5 * _DAY else noon


def _order(note: Note) -> tuple[str, datetime, str, str]:
    by_id = claim.ID.match(note.head.id)
    return note.day, note.at, by_id['number'] if by_id else '', note.path


def _origins(reader: Reader, paths: Sequence[str]) -> dict[str, Touch]:
    """Return the commit that brought each path, for notes that do not tell by themselves whose and of when they are."""
    if not paths:
        return {}
    former = reader.kept.get(_HEAD)
    head, *is_grown = git_spawn.answers(reader.repo.root, ('rev-parse', '--verify', 'HEAD'),
                                        *([('merge-base', '--is-ancestor', former, 'HEAD')] if former else ()))
    if head:
        reader.known[_HEAD] = head.decode().strip()
    # a history that was written anew may tell of somebody else
    may_keep = bool(is_grown) and is_grown[0] is not None
    kept = {path: Touch(*reader.kept[f'first {path}']) for path in paths if f'first {path}' in reader.kept} if may_keep else {}
    wanted = [path for path in paths if path not in kept]
    folders = {fixed_folder(glob) or '.' for glob in reader.settings.kind('session').paths} | {os.path.dirname(path) or '.' for path in wanted}
    found = git_log.origins(reader.repo, wanted, sorted(folders)) if wanted else {}
    edge = _edge(reader.repo)
    kept.update((path, first) for path, first in found.items() if first.oid not in edge)
    reader.known.update((f'first {path}', touch) for path, touch in kept.items())
    return kept


class _Row(NamedTuple):
    """A note before anybody knows whether it is among the newest; `line` is that of a listing, empty for what is on the disk only."""

    path: str
    line: str
    branch: Branch | None
    head: Head
    owner: str
    day: str


def _elsewhere(reader: Reader, there: Here, elsewhere: Sequence[Elsewhere]) -> list[tuple[str, str, Branch | None, Said]]:
    """Return path, line, branch and words of the notes of branches that the work tree has neither in the same place nor in another.

    A claim that nobody filled there counts for nothing.
    """
    if not elsewhere:
        return []
    filled = {path for path, _, said in there.of_kind('session') if said.told and Head(*said.told).form != 'stub'}
    blobs = {listing.entry(line)[1][1] for _, line, _ in there.of_kind('session') if line}
    by_line = {f'100644 {one.oid} 0\t{one.path}': one for one in elsewhere if one.oid not in blobs and one.path not in filled}
    return [(by_line[line].path, line, by_line[line].branch, said)
            for line, said in reader.of_lines(by_line).items() if said.kind == 'session']


def _newest(rows: Sequence[_Row]) -> list[_Row]:
    """Return at least the `NEWEST` newest notes of each owner, told apart by their days: most notes need no closer look."""
    days: dict[str, list[str]] = {}
    for row in rows:
        days.setdefault(row.owner.casefold(), []).append(row.day)
    since = {owner: heapq.nlargest(NEWEST, found)[-1] for owner, found in days.items()}
    return [row for row in rows if row.day >= since[row.owner.casefold()]]


def read(reader: Reader, there: Here, elsewhere: Sequence[Elsewhere], known: Mapping[str, Operator]) -> Notes:
    """Return the notes of the work tree, tracked or not, and of branches, for the operators `known`."""
    found = [(path, line, None, said) for path, line, said in there.of_kind('session')] + _elsewhere(reader, there, elsewhere)
    told = [(path, line, branch, Head(*said.told)) for path, line, branch, said in found if said.told]
    unclear = [path for path, _, branch, head in told if branch is None and head.form in _FILLED
               and not (head.owner and head.day and head.written)]
    owners, origins = Owners(known), _origins(reader, unclear)
    rows = [_Row(path, line, branch, head, owners.of(head, first := origins.get(path)),
                 head.day or (f'{_utc(first.at):%Y-%m-%d}' if first else '')) for path, line, branch, head in told]

    def noted(row: _Row) -> Note:
        oid = listing.entry(row.line)[1][1] if row.line else ''
        return Note(row.path, oid, row.branch, row.head, row.owner, row.day, _at(row.head, row.day, origins.get(row.path)))

    return Notes(
        sorted(map(noted, _newest([row for row in rows if row.head.form in _FILLED])), key=_order, reverse=True),
        [noted(row) for row in rows if row.head.form == 'stub'],
        sorted(Problem(row.path, row.head.line, 'note', row.head.problem) for row in rows if row.head.form == 'bad'),
        len(found) - len(told))


def streams(there: Here) -> dict[str, Stream]:
    """Return the workstreams of the work tree by path."""
    return {path: Stream(*said.told) for path, _, said in sorted(there.of_kind('workstream')) if said.told}


class Last(NamedTuple):
    """The commit that touched a note last; `oid` is empty where a shallow clone does not have it."""

    oid: str
    author: str
    email: str
    committer: str
    committer_email: str
    at: int


_CUT_OFF = Last('', '', '', '', '', 0)


def _edge(repo: Repo) -> frozenset[str]:
    """Return the first commits that a shallow clone has: they seem to have brought every file."""
    return frozenset((files.read_bytes(os.path.join(repo.common_dir, 'shallow')) or b'').decode().split())


def _history(note: Note, count: int, *options: str) -> tuple[str, ...]:
    return ('log', f'-{count}', '-z', '--no-show-signature', '--format=%H%x1f%aN%x1f%aE%x1f%cN%x1f%cE%x1f%at', *options,
            note.branch.commit if note.branch else 'HEAD', '--', *git.pathspec([note.path]))


def _commits(answer: bytes | None, path: str) -> list[tuple[Last, str]]:
    """Return the commits with the name that the note has in each; `path` is its name today."""
    found: list[tuple[Last, str]] = []
    for row in os.fsdecode(answer or b'').split('\0'):
        words = row.strip('\n').split('\x1f')
        if len(words) == 6:
            oid, author, email, committer, committer_email, at = words
            found.append((Last(oid, author, email, committer, committer_email, int(at or 0)), path))
        elif words[0] and found:  # a name, which a merge does not tell
            path = words[0]
            found[-1] = found[-1][0], path
    return found


def commits_of(repo: Repo, note: Note, count: int) -> list[tuple[Last, str]]:
    """Return the commits that touched a note last, the newest first, `count` at most, each with the name that the note has in it.

    Without those that a shallow clone begins with.
    """
    edge, asked = _edge(repo), _history(note, count, '--follow', '--name-only')
    return [(one, path) for one, path in _commits(git_spawn.answers(repo.root, asked)[0], note.path) if one.oid not in edge]


def last_commits(repo: Repo, notes: Sequence[Note]) -> list[Last | None]:
    """Return the commit that touched each note last, on the branch where it lies; None for what is not committed."""
    edge = _edge(repo)
    found: list[Last | None] = []
    for note, answer in zip(notes, git_spawn.answers(repo.root, *(_history(note, 1) for note in notes))):
        last = next((one for one, _ in _commits(answer, note.path)), None)
        found.append(_CUT_OFF if last and last.oid in edge else last)
    return found
