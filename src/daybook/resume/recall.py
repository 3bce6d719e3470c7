"""What the notes and workstreams of a repository tell of who worked last: read tolerantly, one record for each."""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from typing import Any
from typing import NamedTuple

from daybook import progress
from daybook.documents import document
from daybook.documents.config import Kind
from daybook.documents.config import Settings
from daybook.documents.config import fixed_folder
from daybook.documents.config import kind_of
from daybook.problem import Problem
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_log
from daybook.repo import git_spawn
from daybook.repo.git import Repo
from daybook.repo.git_log import Touch
from daybook.resume import branches
from daybook.resume import heads
from daybook.resume.branches import Branch
from daybook.resume.branches import Elsewhere
from daybook.resume.glance import Glance
from daybook.resume.heads import Head
from daybook.resume.heads import Stream
from daybook.rules import people
from daybook.session import claim
from daybook.session import operators
from daybook.session.operators import Operator

_DAY = timedelta(days=1)
_BATCH = 2000  # blobs that are held in memory at a time


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
    """All notes, the newest first; claims that nobody filled; what cannot be read; how many blobs are not here."""

    notes: list[Note]
    stubs: list[Note]
    problems: list[Problem]
    missing: int


class Reader:
    """Reads documents by path and blob, and what they tell from `kept` where it is known there."""

    def __init__(self, repo: Repo, settings: Settings, kept: Mapping[str, Any], scratch: str) -> None:
        self.repo, self.settings, self.kept, self.scratch = repo, settings, kept, scratch
        self.known: dict[str, Any] = {}  # of this run, to be kept

    def _of(self, path: str, kind: Kind, data: bytes) -> Head | Stream:
        doc = document.from_bytes(path, kind, data)
        return heads.of_note(doc) if kind.name == 'session' else heads.of_workstream(doc)

    def _on_disk(self, path: str) -> bytes | None:
        absolute = os.path.join(self.repo.root, path)
        return None if os.path.islink(absolute) else files.read_bytes(absolute)

    def data(self, path: str, oid: str) -> bytes | None:
        """Return the bytes of a blob, of the file on the disk without one; None when there are none."""
        return branches.read_blobs(self.repo, [oid], self.scratch)[0] if oid else self._on_disk(path)

    def _blobs(self, wanted: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, bytes | None]]:
        for start in range(0, len(wanted), _BATCH):
            part = wanted[start:start + _BATCH]
            found = branches.read_blobs(self.repo, [oid for _, oid in part], self.scratch)
            yield from ((path, oid, data) for (path, oid), data in zip(part, found))

    def read(self, kind: Kind, rows: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Head | Stream | None]:
        """Return what each (path, blob) tells; None for a blob that is not here, and nothing for a file that is gone."""
        record = Head if kind.name == 'session' else Stream
        found: dict[tuple[str, str], Head | Stream | None] = {}
        wanted = []
        for path, oid in rows:
            kept = self.kept.get(f'{oid} {path}') if oid else None
            if kept:
                self.known[f'{oid} {path}'] = kept
                found[path, oid] = record(*kept)
            elif oid:
                wanted.append((path, oid))
            elif (data := self._on_disk(path)) is not None:
                found[path, oid] = self._of(path, kind, data)
        for path, oid, blob in progress.shown(self._blobs(wanted), len(wanted), 'reading'):
            found[path, oid] = head = self._of(path, kind, blob) if blob is not None else None
            if head:
                self.known[f'{oid} {path}'] = head
        return found


def _of_kind(settings: Settings, name: str, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if (kind := kind_of(settings, path)) and kind.name == name]


def here(settings: Settings, name: str, seen: Glance) -> dict[str, str]:
    """Return path and blob of the documents of a kind in the work tree; the blob is empty for what is on the disk only."""
    on_disk, tracked = seen.on_disk(), seen.tracked()
    rows = {path: '' if path in on_disk else oid for path, oid in {**dict.fromkeys(on_disk, ''), **tracked}.items()}
    return {path: rows[path] for path in _of_kind(settings, name, rows)}


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
        by_id = claim.ID.match(head.id)
        initials = by_id['day'][:-7].casefold() if by_id else ''
        return self.slugs.get(head.owner.casefold()) or self.slugs.get(initials) or head.owner or self._author(first)

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
    kept = {path: Touch(*reader.kept[f'first {path}']) for path in paths if f'first {path}' in reader.kept}
    wanted = [path for path in paths if path not in kept]
    folders = {fixed_folder(glob) or '.' for glob in reader.settings.kind('session').paths} | {os.path.dirname(path) or '.' for path in wanted}
    found = git_log.origins(reader.repo, wanted, sorted(folders)) if wanted else {}
    edge = _edge(reader.repo)
    kept.update((path, first) for path, first in found.items() if first.oid not in edge)
    reader.known.update((f'first {path}', touch) for path, touch in kept.items())
    return kept


def _unique(rows: Mapping[str, str], elsewhere: Iterable[Elsewhere], found: Mapping[tuple[str, str], Any]) -> list[Elsewhere]:
    """Leave out what the work tree has, in the same place or another; a claim that nobody filled there counts for nothing."""
    filled = {path for (path, _), head in found.items() if head and head.form != 'stub'}
    blobs = set(rows.values())
    return [one for one in elsewhere if one.oid not in blobs and one.path not in filled]


def _heads(reader: Reader, seen: Glance, elsewhere: Sequence[Elsewhere]) -> tuple[list[tuple[str, str, Branch | None, Head]], int]:
    kind, rows = reader.settings.kind('session'), here(reader.settings, 'session', seen)
    found = reader.read(kind, rows.items())
    notes = set(_of_kind(reader.settings, 'session', {one.path for one in elsewhere}))
    others = {(one.path, one.oid): one.branch
              for one in _unique(rows, [one for one in elsewhere if one.path in notes], found)}
    there = reader.read(kind, others)
    told = {**{place: (None, head) for place, head in found.items()}, **{place: (others[place], there[place]) for place in there}}
    return ([(path, oid, branch, head) for (path, oid), (branch, head) in told.items() if head],
            sum(head is None for _, head in told.values()))


def read(reader: Reader, seen: Glance, elsewhere: Sequence[Elsewhere], known: Mapping[str, Operator]) -> Notes:
    """Return the notes of the work tree, tracked or not, and of branches, for the operators `known`."""
    rows, missing = _heads(reader, seen, elsewhere)
    unclear = [path for path, _, branch, head in rows if branch is None and head.form in ('note', 'rollup')
               and not (head.owner and head.day and head.written)]
    owners, origins = Owners(known), _origins(reader, unclear)
    notes = []
    for path, oid, branch, head in rows:
        first = origins.get(path)
        day = head.day or (f'{_utc(first.at):%Y-%m-%d}' if first else '')
        notes.append(Note(path, oid, branch, head, owners.of(head, first), day, _at(head, day, first)))
    problems = [Problem(note.path, note.head.line, 'note', note.head.problem) for note in notes if note.head.form == 'bad']
    told = sorted((note for note in notes if note.head.form in ('note', 'rollup')), key=_order, reverse=True)
    return Notes(told, [note for note in notes if note.head.form == 'stub'], sorted(problems), missing)


def streams(reader: Reader, seen: Glance) -> dict[str, Stream]:
    """Return the workstreams of the work tree by path."""
    rows = here(reader.settings, 'workstream', seen)
    found = reader.read(reader.settings.kind('workstream'), rows.items())
    return {path: stream for (path, _), stream in sorted(found.items()) if isinstance(stream, Stream)}


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


def last_commits(repo: Repo, notes: Sequence[Note]) -> list[Last | None]:
    """Return the commit that touched each note last, on the branch where it lies; None for what is not committed."""
    edge = _edge(repo)
    form = '--format=%H%x1f%aN%x1f%aE%x1f%cN%x1f%cE%x1f%at'
    asked = [('log', '-1', '--no-show-signature', form, note.branch.commit if note.branch else 'HEAD', '--',
              *git.pathspec([note.path])) for note in notes]
    found: list[Last | None] = []
    for note, answer in zip(notes, git_spawn.answers(repo.root, *asked)):
        words = os.fsdecode(answer or b'').strip('\n').split('\x1f')
        last = Last(*words[:5], int(words[5] or 0)) if len(words) == 6 else None
        found.append(_CUT_OFF if last and last.oid in edge else last)
    return found
