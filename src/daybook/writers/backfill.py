"""What an old document's frontmatter lacks, and from what each value is derived; nothing ambiguous is guessed."""
from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

from daybook.documents import markdown
from daybook.documents.document import Document
from daybook.documents.document import title_heading
from daybook.documents.markdown_scan import Heading
from daybook.writers import legacy_headers
from daybook.writers import legacy_names
from daybook.writers.legacy_headers import Field

_LONGEST = 300  # characters of a summary
_NOT_PROSE = re.compile(r'[-*+>|#<]|[^\w\s]{3}|\d+[.)]\s|```|~~~|!\[|\*\*[^*\n]{1,40}:?\*\*:?|\[[ x]\]|$')
_ABBREVIATION = re.compile(r'(?:^|[\s(])(?:e\.g|i\.e|vs|cf|etc|approx|incl|resp|no|dr|mr|ms|st|[a-z])\.$', re.IGNORECASE)
_SENTENCE_END = re.compile(r'[.!?][)"\'”’]*(?=\s+[^\sa-z])|[。！？]')
_CLAIMED = re.compile(r'[A-Z][A-Z0-9]{1,4}-(\d\d)(\d\d)(\d\d)-')  # a claimed id tells its day
_COMPACT = re.compile(r'(?<!\w)(20\d{6})-')  # as log4brains names decisions
_MONTH_NAME = re.compile(r'20\d\d[-_](?:0[1-9]|1[0-2])')


class Added(NamedTuple):
    """The commit that added a document; `date` is the author's day, `named_on` that of its present name."""

    oid: str
    name: str
    email: str
    date: str
    named_on: str


class Around(NamedTuple):
    """What the rest of the repository tells of one document.

    `added` is None for the reason `unknown`; `operator` is that of its author, `` for the reason `stranger`.
    `claimed` is the id that a claim gave and the name begins with, `` for an older name.
    `twin` is another document of this kind and name.
    """

    added: Added | None = None
    unknown: str = ''
    operator: str = ''
    stranger: str = ''
    claimed: str = ''
    is_running: bool = False
    twin: str = ''


class Value(NamedTuple):
    """One value with what it was derived from."""

    value: Any
    source: str


class Derived(NamedTuple):
    """What is to be added to one document, by key, and what stays out of it for which reason."""

    added: dict[str, Value]
    left_out: dict[str, str]


class _Ambiguous(Exception):
    """More than one value fits, or none for sure; says why, what is particular to one document behind a colon."""


Whose = Callable[[str], str | None]


class _Reading(NamedTuple):
    """One document, read once: its older header with the keys of its frontmatter, and its headings."""

    document: Document
    around: Around
    fields: tuple[Field, ...]
    headings: tuple[Heading, ...]
    is_rollup: bool

    def named(self, rows: tuple[tuple[str, ...], ...]) -> list[Field]:
        """Return the keys of the header that go by a name of the first row which names any."""
        for names in rows:
            found = [field for field in self.fields if field.key in names]
            if found:
                return found
        return []


def _read(document: Document, around: Around) -> _Reading:
    meta = [Field(legacy_headers.folded(key), value, 0) for key, value in document.meta.items() if isinstance(value, str)]
    fields = (*meta, *legacy_headers.read(document.body, document.body_line))
    headings = tuple(h for h in markdown.headings(document.body, document.body_line) if not h.nested)
    by_level: dict[int, set[str]] = {}
    for heading in headings:
        by_level.setdefault(heading.level, set()).update(legacy_headers.dates_in(heading.text)[:1])
    # a day in the name says of which entry the file is
    is_rollup = not _days_in_name(document.stem) and (bool(_MONTH_NAME.fullmatch(document.stem)) or any(
        len(days) > 1 for level, days in by_level.items() if level <= 3))
    return _Reading(document, around, fields, headings, is_rollup)


def _at(field: Field) -> str:
    return f'the header on line {field.line}' if field.line else f'the key `{field.key.replace(" ", "_")}`'


def _title(read: _Reading) -> Value:
    firsts = [h for h in read.headings if h.level == 1]
    if len({day for h in firsts for day in legacy_headers.dates_in(h.text)}) > 1:
        raise _Ambiguous('several headings of the first level, each with a day of its own')
    heading = title_heading(read.document)  # as indexes show it
    fields = read.named(legacy_names.TITLE) if heading is None or heading.level > 1 else []
    if fields:
        return Value(markdown.plain_text(fields[0].text), _at(fields[0]))
    if heading:
        return Value(heading.text, f'the heading on line {heading.line}')
    return Value(read.document.stem, 'the file name')


def _summary(read: _Reading) -> Value | None:
    for field in read.named(legacy_names.SUMMARY):
        sentence = _first_sentence(field.text)
        return Value(sentence, _at(field)) if sentence else None
    aliases = dict(read.document.kind.section_aliases).get('Summary', ())
    names = legacy_names.SUMMARY_SECTIONS | {name.casefold() for name in aliases}
    found = [position for position, heading in enumerate(read.headings) if heading.level == 2
             and legacy_headers.folded(re.sub(r'^[\W\d_]+|[\W_]+$', '', heading.text)) in names]
    if len(found) != 1 or read.is_rollup:
        return None
    heading, *following = read.headings[found[0]:found[0] + 2]
    text = read.document.body[heading.content:following[0].start if following else None]
    sentence = _first_sentence(re.split(r'\n[ \t]*\r?\n', text.strip())[0])
    return Value(sentence, f'the section on line {heading.line}') if sentence else None


def _first_sentence(paragraph: str) -> str:
    """Return the first sentence of a paragraph as plain text; `` for what is no prose, or leads on to a list."""
    if _NOT_PROSE.match(paragraph) or re.search(r'\n[ \t]*(?:[-*+]|\d+[.)])[ \t]', paragraph):
        return ''
    text = markdown.plain_text(paragraph)
    end = next((match.end() for match in _SENTENCE_END.finditer(text) if not _ABBREVIATION.search(text[:match.end()])), None)
    sentence = text[:end]
    is_one = 8 <= len(sentence) <= _LONGEST and not sentence.endswith((':', '：')) and '**' not in sentence
    return sentence if is_one else ''


def _days_in_name(stem: str) -> list[str]:
    claimed = _CLAIMED.match(stem)
    return legacy_headers.dates_in('20{}-{}-{}'.format(*claimed.groups())) if claimed else \
        legacy_headers.dates_in(_COMPACT.sub(r'\1 ', stem.replace('_', ' ')))


def _checked(day: str, source: str, added: Added | None) -> Value:
    """Return the day that a document tells of itself, unless git knows the document from earlier days."""
    if added and datetime.date.fromisoformat(day) > datetime.date.fromisoformat(added.named_on) + datetime.timedelta(days=1):
        raise _Ambiguous(f'git has the file since an earlier day: {added.named_on}, {source} says {day}')
    return Value(day, source)


def _may_be_a_day(field: Field) -> bool:
    """Return False for `Data: sales of 2026-05-01`: the word is a day in Romance languages alone, and then says no more."""
    return field.key != 'data' or bool(field.text[:1].isdigit() and legacy_headers.dates_in(field.text) and len(field.text) <= 40)


def _created(read: _Reading) -> Value:
    fields = [field for field in read.named(legacy_names.CREATED) if re.search(r'\d', field.text) and _may_be_a_day(field)]
    days = {day: field for field in reversed(fields) for day in legacy_headers.dates_in(field.text)}
    named = _days_in_name(read.document.stem)
    if days and named:
        agreed = [day for day in days if day in named]
        if len(agreed) != 1:
            raise _Ambiguous(f'the header and the file name disagree: {", ".join(sorted(days))}; {", ".join(named)}')
        return _checked(agreed[0], _at(days[agreed[0]]), read.around.added)
    if len(days) > 1 or len(named) > 1:
        raise _Ambiguous(f'{"the header" if days else "the file name"} has several days: {", ".join(sorted(days or named))}')
    if days:
        [(day, field)] = days.items()
        return _checked(day, _at(field), read.around.added)
    if fields and not named:
        raise _Ambiguous(f'no day for sure: {_at(fields[0])} says {fields[0].text[:40]}')
    if named:
        return _checked(named[0], 'the file name', read.around.added)
    if read.around.added is None:
        raise _Ambiguous(read.around.unknown)
    return Value(read.around.added.date, _commit(read.around.added))


def _commit(added: Added) -> str:
    return f'commit {added.oid[:10]}' if added.oid else 'the commit that is being made'


def _person(read: _Reading, whose: Whose) -> Value:
    for field in read.named(legacy_names.PERSON):
        slug = whose(markdown.plain_text(field.text))
        if slug:
            return Value(slug, _at(field))
        if slug is None:
            raise _Ambiguous(f'not one known operator: {_at(field)} names {field.text[:40]}')
    if read.around.operator and read.around.added:
        return Value(read.around.operator, f'the author of {_commit(read.around.added)}')
    raise _Ambiguous(read.around.stranger or read.around.unknown)


def _id(read: _Reading) -> Value:
    if read.is_rollup:
        raise _Ambiguous('several dated entries in one file')
    if read.around.is_running:
        raise _Ambiguous('one file for all sessions, by its name')
    return _external_id(read)._replace(value=read.around.claimed or read.document.stem)


def _external_id(read: _Reading) -> Value:
    if read.around.twin:
        raise _Ambiguous(f'another document has the name: {read.around.twin}')
    return Value(read.document.stem, 'the file name')


def _legacy_notes(read: _Reading) -> Value | None:
    notes = [f'{key}: {value}' for key, value in read.document.parsed.meta.items()
             if key.endswith('_note') and isinstance(value, str) and value.strip()]
    return Value(notes, 'the keys `*_note`') if notes else None


def derive(document: Document, around: Around, whose: Whose) -> Derived:
    """Return what `document` lacks, and why something stays out.

    `whose` tells the operator whom a text names: a slug, `` when it names only programs, None for anybody else.
    """
    read = _read(document, around)
    person = 'operator' if document.kind.name == 'session' else 'owner'
    steps: dict[str, Callable[[], Value | None]] = {
        'title': lambda: _title(read), person: lambda: _person(read, whose), 'summary': lambda: _summary(read),
        'kind': lambda: Value(document.kind.name, 'its folder'), 'external_id': lambda: _external_id(read),
        'created': lambda: _created(read), 'legacy_notes': lambda: _legacy_notes(read),
    }
    if document.kind.name == 'session':
        steps['id'] = lambda: _id(read)
    elif 'operator' in document.meta:
        del steps[person]
    found = Derived({}, {})
    for key, step in steps.items():
        if key not in document.meta:
            try:
                value = step()
            except _Ambiguous as reason:
                found.left_out[key] = str(reason)
            else:
                if value:
                    found.added[key] = value
    return found
