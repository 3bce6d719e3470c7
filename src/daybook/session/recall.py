"""What the notes of a repository tell of who worked last: read tolerantly, one record a note."""
from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from typing import Any
from typing import NamedTuple

from daybook.documents import document
from daybook.documents import markdown
from daybook.documents.config import Settings
from daybook.documents.config import fixed_folder
from daybook.documents.document import Document
from daybook.problem import Problem
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.repo.git import Touch
from daybook.rules import habits
from daybook.rules import naming
from daybook.rules import people
from daybook.session import claim
from daybook.session import operators
from daybook.session.operators import Operator

_ENTRY = re.compile(r'^#{1,4}[ \t].*?(20\d\d-\d\d-\d\d)', re.MULTILINE)
_ROLLUP = 3  # days with an entry of their own from which a file is one of many sessions
_DAY = timedelta(days=1)


class Note(NamedTuple):
    """One note: `owner` is an operator's slug, as written where nobody is known by it, empty where nothing tells.

    `day` is `YYYY-MM-DD` or empty, `at` the moment it stands for; `last` is the commit that touched it last.
    """

    document: Document
    owner: str
    day: str
    at: datetime
    last: Touch | None
    is_rollup: bool = False

    @property
    def id(self) -> str:
        """The id by which people call it."""
        return self.document.identity

    @property
    def title(self) -> str:
        """The title of the frontmatter, else the first heading, else the file name."""
        given = self.document.meta.get('title')
        if isinstance(given, str) and given.strip():
            return given
        headings = markdown.headings(self.document.body)
        return headings[0].text if headings and headings[0].text else self.document.stem


class Notes(NamedTuple):
    """All notes, the newest first; stubs that wait for a hand-off; what could not be read."""

    notes: list[Note]
    stubs: list[Document]
    problems: list[Problem]


def moment(value: Any) -> datetime | None:
    """Return the aware moment that an ISO 8601 text with a time stands for, else None; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) > 10 else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or timezone.utc) if found else None


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _entry_days(body: str) -> list[str]:
    days = sorted(set(_ENTRY.findall(body))) if '# ' in body else []
    return days if len(days) >= _ROLLUP else []


def _day(doc: Document, entries: list[str], first: Touch | None) -> str:
    by_id = claim.ID.match(doc.identity)
    if by_id:
        digits = by_id['day'][-6:]
        return f'20{digits[:2]}-{digits[2:4]}-{digits[4:]}'
    created = doc.meta.get('created')
    candidates = (entries[-1] if entries else '', naming.date_in(created) if isinstance(created, str) else '',
                  naming.date_in(doc.stem), _utc(first.at).strftime('%Y-%m-%d') if first else '')
    return next((day for day in candidates if day), '')


def _at(doc: Document, day: str, first: Touch | None) -> datetime:
    """Return the best known moment: a time in the note, its commit if that is of the day, else the noon of the day."""
    written = moment(doc.meta.get('ended_at')) or moment(doc.meta.get('created'))
    if written:
        return written
    try:
        noon = datetime.fromisoformat(f'{day}T12:00:00+00:00')
    except ValueError:
        return _utc(first.at) if first else _utc(0)
    return _utc(first.at) if first and abs(_utc(first.at) - noon) < 1.5 * _DAY else noon


class _Owners:
    """Finds the slug of whoever a note names: one table of everything that operators are known by, first names too."""

    def __init__(self, known: Mapping[str, Operator]) -> None:
        self.known = known
        self.slugs = {mark.casefold(): who.slug for who in known.values()
                      for mark in (*who.emails, who.name, who.initials, who.slug) if mark}
        first = Counter(slug.split('-')[0] for slug in known)
        self.slugs |= {slug.split('-')[0]: slug for slug in known
                       if first[slug.split('-')[0]] == 1 and slug.split('-')[0] not in self.slugs}

    def of(self, doc: Document, first: Touch | None) -> str:
        named = doc.meta.get('operator') or doc.meta.get('owner')
        word = named[0] if isinstance(named, list) and named else named
        word = word.strip() if isinstance(word, str) else ''
        by_id = claim.ID.match(doc.identity)
        initials = by_id['day'][:-7].casefold() if by_id else ''
        return self.slugs.get(word.casefold()) or self.slugs.get(initials) or word or self._author(first)

    def _author(self, first: Touch | None) -> str:
        if first is None or people.is_program(first.name, first.email):
            return next(iter(self.known)) if len(self.known) == 1 else ''
        found = self.slugs.get(first.email.casefold()) or self.slugs.get(first.name.casefold())
        derived = operators.derive(first.name, first.email)
        return found or (derived.slug if derived else first.name)


def _order(note: Note) -> tuple[str, datetime, str, str]:
    by_id = claim.ID.match(note.id)
    return note.day, note.at, by_id['number'] if by_id else '', note.document.path


def _sessions(repo: Repo, settings: Settings) -> list[Document]:
    folders = sorted({fixed_folder(glob) for glob in settings.kind('session').paths})
    places = [] if '' in folders else git.pathspec(folders)
    paths = [*git.tracked_files(repo, *places), *git.untracked_files(repo, *places)]
    chosen = [path for path, kind in document.select(settings, paths) if kind.name == 'session']
    return document.read_all(repo, settings, chosen)


def read(repo: Repo, settings: Settings, known: Iterable[Operator]) -> Notes:
    """Return the notes of the work tree, tracked or not, for the operators `known`; raises nothing for a bad note."""
    documents = _sessions(repo, settings)
    owners = _Owners({who.slug: who for who in known})
    touches = git.touches(repo, *git.pathspec(sorted({os.path.dirname(doc.path) or '.' for doc in documents}))
                          ) if documents else {}
    notes = []
    for doc in documents:
        if doc.parsed.error or doc.is_stub or b'\0' in doc.data or not doc.data.strip():
            continue
        last, first = touches.get(doc.path, (None, None))
        entries = [] if doc.is_made_by_daybook else _entry_days(doc.body)
        day = _day(doc, entries, first)
        notes.append(Note(doc, owners.of(doc, first), day, _at(doc, day, first), last, bool(entries)))
    problems = [Problem(doc.path, *(doc.parsed.error or (1, 'note-binary', 'not a text')))
                for doc in documents if doc.parsed.error or b'\0' in doc.data]
    return Notes(sorted(notes, key=_order, reverse=True), [doc for doc in documents if doc.is_stub], problems)


def _plain(title: str) -> str:
    return habits.plain_section(title).casefold()


def section(text: str, titles: Iterable[str]) -> str:
    """Return the body of the first section whose title is one of `titles`, the earlier the better, else an empty text.

    Sections of any level count; numbers and signs around a title, and what follows its words, do not.
    """
    headings = [heading for heading in markdown.headings(text) if not heading.nested]
    for wanted in map(str.casefold, titles):
        for position, heading in enumerate(headings):
            if re.match(rf'{re.escape(wanted)}(?!\w)', _plain(heading.text)):
                following = (other.start for other in headings[position + 1:] if other.level <= heading.level)
                return text[heading.content:next(following, len(text))].strip('\n')
    return ''


def newest_entry(note: Note) -> str:
    """Return what to read of a note: all of it, or of a rollup the entry of its newest day."""
    body = note.document.body
    if not note.is_rollup:
        return body
    headings = [heading for heading in markdown.headings(body) if not heading.nested]
    for position, heading in enumerate(headings):
        if note.day in heading.text:
            following = (other.start for other in headings[position + 1:] if other.level <= heading.level)
            return body[heading.content:next(following, len(body))]
    return body
