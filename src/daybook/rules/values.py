"""Rule: what a key says is there: a day is in the calendar, a zone on the ladder, days are a number."""
from __future__ import annotations

import functools
import re
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from daybook.documents import schema
from daybook.documents import zones
from daybook.documents.document import Document
from daybook.problem import Problem

_MOMENT = 'common.schema.json#/$defs/moment'
_DAY = re.compile(r'([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ][0-9].*)?', re.DOTALL)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _moments(content: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(key for key, value in content.get('properties', {}).items()
                     if isinstance(value, dict) and value.get('$ref') == _MOMENT)


@functools.lru_cache(maxsize=1 << 12)  # days come often; `datetime` is not imported for them
def _is_in_no_calendar(text: str) -> bool:
    found = _DAY.fullmatch(text)
    if found is None:
        return False  # another form is told by the schema
    year, month, day = map(int, found.groups())
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return not (year and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]) or (month, day) == (2, 29) and not is_leap


def _zone(value: Any) -> str:
    return '' if zones.is_zone(value) else f'no zone, and counts as {zones.LADDER[-1]}; use one of {", ".join(zones.LADDER)}'


def _review_by(value: Any) -> str:
    is_day = isinstance(value, str) and _DAY.fullmatch(value) is not None and not _is_in_no_calendar(value)
    return '' if is_day else 'no day, so that nobody is told of the review; write it as 2026-11-20'


def _ttl_days(value: Any) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return '' if is_number else 'no number of days, so that nobody is told of the review; write it as 90'


# keys that any document may have, and that pages and reviews go by whatever its schema knows
_ANYWHERE: tuple[tuple[str, Callable[[Any], str]], ...] = (('zone', _zone), ('review_by', _review_by), ('ttl_days', _ttl_days))


def check(documents: Iterable[Document], schemas: Mapping[str, Mapping[str, Any]], besides: Collection[str] = ()) -> list[Problem]:
    """Return the days that no calendar has, and what is said in vain with keys that a document's schema does not know.

    `schemas` by the name of the kind; of such keys, those `besides` are told elsewhere.
    """
    moments = {name: _moments(content) for name, content in schemas.items()}
    known = {name: frozenset(content.get('properties', ())) for name, content in schemas.items()}
    found: list[Problem] = []
    for document in documents:
        found += _days(document, moments[document.kind.name])
        found += _in_vain(document, known[document.kind.name].union(besides))
    return found


def _head(document: Document) -> tuple[Mapping[str, Any], Callable[[str], int]]:
    """Return what the head of a document says, and what tells the line of a key."""
    if document.kind.name != 'doc' or document.parsed.block is not None:
        return document.meta, lambda key: document.line_of(f'/{key}')
    from daybook.documents import governed  # most documents have frontmatter

    header = governed.header_of(document.data, document.parsed)
    return header.meta, lambda key: header.lines.get(key, 1)


def _days(document: Document, keys: Collection[str]) -> Iterator[Problem]:
    meta, line_of = _head(document)
    for key in keys:
        value = meta.get(key)
        if isinstance(value, str) and _is_in_no_calendar(value):
            yield Problem(document.path, line_of(key), 'frontmatter-schema',
                          f'/{key}: {schema.shown(value)} is a day that no calendar has; write it as 2026-11-20 (year, month, day)')


def _in_vain(document: Document, known: Collection[str]) -> Iterator[Problem]:
    for key, wrong in _ANYWHERE:
        value = document.meta.get(key)
        if value is not None and key not in known and (words := wrong(value)):
            yield Problem(document.path, document.line_of(f'/{key}'), 'frontmatter-value',
                          f'/{key}: {schema.shown(value)} is {words}', 'warning')
