"""What one note or workstream tells of itself, as far as `resume` needs it: few values, kept by path and blob."""
from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from datetime import timezone
from typing import Any
from typing import NamedTuple

from daybook.documents import document
from daybook.documents import review
from daybook.documents.document import Document
from daybook.documents.file_names import date_in
from daybook.problem import Problem
from daybook.rules import habits
from daybook.session import claim

_ENTRY = re.compile(r'^#{1,4}[ \t].*?(20\d\d-\d\d-\d\d)', re.MULTILINE)
_ROLLUP = 3  # days with an entry of their own from which a file is one of many sessions
_ITEM = re.compile(r'^[-*+][ \t]+(\S.*(?:\n[ \t]+\S.*)*)', re.MULTILINE)
_TIMES = ('ended_at', 'created', 'last_commit_at', 'claimed_at')
_WORDS = 200  # characters of a title or an entry; an answer shows less


class Head(NamedTuple):
    """One note: `owner` as it is written, `day` as `YYYY-MM-DD`, `written` as an ISO time, `commit` its key `head`.

    `form` is `note`, `rollup` (many sessions), `stub` (a claim that nobody filled), `none` (nothing in it) or `bad`,
    with the line and the words of the problem.
    """

    form: str
    id: str
    title: str
    owner: str
    day: str
    written: str
    commit: str = ''
    workstreams: tuple[str, ...] = ()
    line: int = 0
    problem: str = ''


class Stream(NamedTuple):
    """One workstream: its newest Session Log entry as one line, and the day of it."""

    name: str
    title: str
    owner: str
    status: str
    entry: str
    day: str

    @property
    def is_open(self) -> bool:
        """Whether its status does not say that it is over."""
        return not review.is_over(self.status)


def moment(value: Any) -> datetime | None:
    """Return the aware moment that an ISO 8601 text with a time stands for, else None; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) > 10 else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or timezone.utc) if found else None


def _text(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return ' '.join(first.split())[:_WORDS] if isinstance(first, str) else ''


def _names(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(' '.join(name.split())[:_WORDS] for name in values[:8] if isinstance(name, str) and name.strip())


def _entry_days(body: str) -> list[str]:
    days = sorted(set(_ENTRY.findall(body))) if '# ' in body else []
    return days if len(days) >= _ROLLUP else []


def _day(doc: Document, entries: list[str]) -> str:
    by_id = claim.ID.match(doc.identity)
    if by_id:
        digits = by_id['day'][-6:]
        return f'20{digits[:2]}-{digits[2:4]}-{digits[4:]}'
    created = doc.meta.get('created')
    candidates = (entries[-1] if entries else '', date_in(created) if isinstance(created, str) else '',
                  date_in(doc.stem))
    return next((day for day in candidates if day), '')


def _problem(doc: Document) -> Problem | None:
    if doc.parsed.error:
        return Problem(doc.path, *doc.parsed.error)
    return Problem(doc.path, 1, 'note-binary', 'not a text') if b'\0' in doc.data else None


def of_note(doc: Document) -> Head:
    """Return what a note tells; never raises for what it may hold."""
    problem = _problem(doc)
    if problem:
        return Head('bad', doc.stem, '', '', '', '', line=problem.line, problem=problem.message)
    if not doc.data.strip():
        return Head('none', doc.stem, '', '', '', '')
    entries = [] if doc.is_made_by_daybook else _entry_days(doc.body)
    form = 'stub' if doc.is_stub else 'rollup' if entries else 'note'
    times = (text for key in _TIMES if isinstance(text := doc.meta.get(key), str))
    written = next(filter(moment, times), '')
    owner = _text(doc.meta.get('operator')) or _text(doc.meta.get('owner'))
    return Head(form, doc.identity[:_WORDS], _text(document.title_of(doc)), owner, _day(doc, entries), written,
                _text(doc.meta.get('head')), _names(doc.meta.get('workstream')))


def _newest_entry(log: str) -> tuple[str, str]:
    """Return the entry of the latest day, and the day; the first one counts among equals, as hand-off writes it on top."""
    found = [(date_in(item[1]), ' '.join(item[1].split())) for item in _ITEM.finditer(log)]
    if not found:
        return '', ''
    day, entry = max(found, key=lambda pair: pair[0])
    return entry[:_WORDS], day


def of_workstream(doc: Document) -> Stream:
    """Return what a workstream tells; a head that cannot be read tells nothing."""
    from daybook.documents import markdown

    owner = _text(doc.meta.get('owner')) or _text(doc.meta.get('operator'))
    entry, day = _newest_entry(section(doc.body, ('Session Log', *dict(doc.kind.section_aliases).get('Session Log', ()))))
    return Stream(doc.stem, _text(document.title_of(doc)), owner, _text(doc.meta.get('status')),
                  markdown.plain_text(entry)[:_WORDS], day)


def _plain(title: str) -> str:
    return habits.plain_section(title).casefold()


def section(text: str, titles: Iterable[str]) -> str:
    """Return the body of the first section whose title is one of `titles`, the earlier the better, else an empty text.

    Sections of any level count; numbers and signs around a title, and what follows its words, do not.
    """
    from daybook.documents import markdown

    headings = [heading for heading in markdown.headings(text) if not heading.nested]
    for wanted in map(str.casefold, titles):
        for position, heading in enumerate(headings):
            if re.match(rf'{re.escape(wanted)}(?!\w)', _plain(heading.text)):
                following = (other.start for other in headings[position + 1:] if other.level <= heading.level)
                return text[heading.content:next(following, len(text))].strip('\n')
    return ''


def newest_entry(head: Head, body: str) -> str:
    """Return what to read of a note: all of it, or of a rollup the entry of its newest day."""
    from daybook.documents import markdown

    if head.form != 'rollup':
        return body
    headings = [heading for heading in markdown.headings(body) if not heading.nested]
    for position, heading in enumerate(headings):
        if head.day in heading.text:
            following = (other.start for other in headings[position + 1:] if other.level <= heading.level)
            return body[heading.content:next(following, len(body))]
    return body
