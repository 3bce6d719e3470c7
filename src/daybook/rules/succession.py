"""Rule: of two documents of which one supersedes the other both say so, and the older one has ended."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

from daybook.documents import review
from daybook.documents.file_names import stem_of
from daybook.documents.governed import Names
from daybook.documents.governed import Record
from daybook.documents.governed import texts
from daybook.problem import Problem

NEWER, OLDER = 'superseded_by', 'supersedes'  # the key that names a newer document, the key that names an older one
_NUMBER = re.compile(r'(?:(?:adr|plan)[-_ ]?)?0*([0-9]{1,5})(?=$|[-_. ])', re.IGNORECASE)
STATUS = 'superseded'
_IN_WORDS = re.compile(r'\bsuperseded by\s+(?P<name>(?:ADR[- ]?)?(?P<first>\[[^\]]*\]\([^)]*\)|\[\[[^\]]*\]\]|[^\s,;()]+).*)', re.IGNORECASE | re.DOTALL)
_PART = ', or where only a part of it was, take it out of both keys'


class Wrong(NamedTuple):
    """A problem, and the keys that would mend it in the document that has it."""

    problem: Problem
    wanted: dict[str, Any]


class _Finder:
    """Finds what a key names: by path, name or id, else by the number that a name begins with."""

    def __init__(self, records: Collection[Record]) -> None:
        self._names = Names(records)
        self._numbers: dict[tuple[str, str], list[str]] = {}
        for record in records:
            number = _NUMBER.match(record.path.rsplit('/', 1)[-1])
            if number:
                self._numbers.setdefault((record.kind, number[1]), []).append(record.path)

    def find(self, name: str, source: Record) -> str | None:
        """Return the one document that `name` means, one of the kind of `source` where there are several; None in doubt."""
        found = self._names.find(name, source.path)
        number = _NUMBER.fullmatch(name) if not found else None
        if number:
            found = [path for path in self._numbers.get((source.kind, number[1]), ()) if path != source.path]
        return found[0] if len(found) == 1 else None


def _named(record: Record, key: str) -> list[str]:
    """Return what a key names; a number that stands there unquoted is one too."""
    value = record.meta.get(key)
    return texts([str(each) if type(each) is int else each for each in (value if isinstance(value, list) else [value])])


def governed(records: Collection[Record]) -> int:
    """Return how many documents name a newer or an older one."""
    return sum(bool(_named(record, NEWER) or _named(record, OLDER)) for record in records)


def check(records: Collection[Record]) -> list[Wrong]:
    """Return the documents that keep silent about one that supersedes them, or that they supersede, or that go on all the same."""
    known = {record.path: record for record in records if not record.error}
    pairs = {NEWER: _pairs(known, NEWER), OLDER: _pairs(known, OLDER)}
    in_words = _said_in_words(known)
    found: list[Wrong] = []
    successors: dict[str, set[str]] = {}
    for newer, older in sorted({*pairs[OLDER], *((new, old) for old, new in pairs[NEWER])}):
        successors.setdefault(older, set()).add(newer)
        if (older, newer) not in pairs[NEWER] | in_words:
            found.append(_silent(known[older], NEWER, known[newer], 'is superseded by'))
        if (newer, older) not in pairs[OLDER]:
            found.append(_silent(known[newer], OLDER, known[older], 'supersedes'))
    for older, newer_ones in sorted(successors.items()):
        found += _going_on(known[older], sorted(newer_ones))
    return found


def _pairs(known: dict[str, Record], key: str) -> set[tuple[str, str]]:
    finder = _Finder(known.values())
    return {(path, other) for path, record in known.items() for name in _named(record, key)
            if (other := finder.find(name, record)) and other != path}


def _said_in_words(known: dict[str, Record]) -> set[tuple[str, str]]:
    """Return older and newer document where a status says so: `superseded by [0007](0007-queue.md)`."""
    finder = _Finder(known.values())
    found = set()
    for path, record in known.items():
        status = record.meta.get('status')
        said = _IN_WORDS.search(status) if isinstance(status, str) else None
        if said:
            found |= {(path, other) for name in said.group('name', 'first') if (other := finder.find(name.strip(), record))}
    return found


def _silent(record: Record, key: str, other: Record, words: str) -> Wrong:
    named = [*_named(record, key), stem_of(other.path)]
    wanted = named if len(named) > 1 or isinstance(record.meta.get(key), list) else named[0]
    shown = f'[{", ".join(named)}]' if isinstance(wanted, list) else wanted
    return Wrong(Problem(record.path, record.line(key), 'succession-one-way',
                         f'{words} {other.path}, which says so, and does not say so itself; write `{key}: {shown}`',
                         causes=(other.path,)), {key: wanted})


def _going_on(record: Record, newer: list[str]) -> Iterator[Wrong]:
    status = record.meta.get('status')
    has_words = isinstance(status, str)
    if not review.is_over(status):
        said = f'its status is {status}' if has_words else 'has no status'
        yield Wrong(Problem(record.path, record.line('status'), 'succession-status',
                            f'{", ".join(newer)} supersede{"s" * (len(newer) == 1)} it, and {said}; write `status: {STATUS}`{_PART * has_words}', causes=tuple(newer)),
                    {} if has_words else {'status': STATUS})  # what a person wrote there may be true of a part
