"""Rule: a document has a status that its kind knows, and moves on from it as the kind allows."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents.governed import Record
from daybook.documents.kinds import Kind
from daybook.problem import Problem

_SIGNS = re.compile(r'^\W+')

_GOES_ON = re.compile(r'[^\w\s-]|\s-+\s|\s(?:by|in favou?r of)\s')


class Former(NamedTuple):
    """The status that a document had before the change at hand, and the one that the commit before had given it."""

    status: str
    earlier: str = ''


class Table:
    """The statuses of one kind, and which may follow which; a status may go on in words: `superseded by 0007`."""

    def __init__(self, kind: Kind) -> None:
        self.name = kind.name
        self._moves = dict(kind.statuses)
        self._known = sorted(self._moves, key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._moves)

    @property
    def words(self) -> str:
        """All statuses, in the order of the settings."""
        return ', '.join(self._moves)

    def find(self, status: Any) -> str:
        """Return the status of the table that a text begins with, in any case and after any signs; `` for none."""
        text = _SIGNS.sub('', status).casefold() if isinstance(status, str) else ''
        return next((each for each in self._known if text.startswith(each.casefold()) and not re.match(r'[\w-]', text[len(each):])), '')

    def following(self, status: str) -> tuple[str, ...]:
        """Return the statuses that may follow one of the table."""
        return self._moves[status]

    def reachable(self, status: str) -> set[str]:
        """Return the statuses that several moves may lead to."""
        found: set[str] = set()
        waiting = [status]
        while waiting:
            new = set(self._moves[waiting.pop()]) - found
            found |= new
            waiting += new
        return found


def tables(kinds: Iterable[Kind]) -> dict[str, Table]:
    """Return the table of each kind that has one."""
    return {kind.name: Table(kind) for kind in kinds if kind.statuses}


def check(records: Iterable[Record], known: Mapping[str, Table], former: Mapping[str, Former], *, is_range: bool) -> list[Problem]:
    """Return the statuses that no table knows, and the moves from `former` that none allows; a range may hold several moves."""
    found: list[Problem] = []
    for record in records:
        table, status = known.get(record.kind), record.meta.get('status')
        if table is None or record.error or not isinstance(status, str) or not status.strip():
            continue
        now = table.find(status)
        if not now:
            found.append(_unknown(record, table, status))
        elif record.path in former:
            found += _moved(record, table, former[record.path], now, is_range=is_range)
    return found


def _unknown(record: Record, table: Table, status: str) -> Problem:
    import difflib

    names = {name.casefold(): name for name in table.words.split(', ')}
    near = difflib.get_close_matches(status.casefold(), names, n=1)
    hint = f'did you mean `{names[near[0]]}`?' if near else f'use one of {table.words}, or name it under `kinds.{table.name}.statuses`'
    return Problem(record.path, record.line('status'), 'lifecycle-status', f'no status of a {table.name}: {status}; {hint}')


def _moved(record: Record, table: Table, former: Former, now: str, *, is_range: bool) -> list[Problem]:
    was = table.find(former.status)
    # who takes back the move of the last commit has made none
    if not was or was == now or now in table.following(was) or table.find(former.earlier) == now:
        return []
    if is_range and now in table.reachable(was):
        return []
    allowed = ', '.join(table.following(was))
    after = f'after {was} comes {allowed}' if allowed else f'{was} is the end'
    return [Problem(record.path, record.line('status'), 'lifecycle-move',
                    f'a {table.name} does not move from {was} to {now}: {after}; mend the status, or name the move under '
                    f'`kinds.{table.name}.statuses.{was}`')]


def _first_words(status: str) -> str:
    """Return what a status says before it goes on in words, without signs and capitals: `✅ DONE (at last)` is `done`."""
    plain = _SIGNS.sub('', status).replace('_', ' ').casefold()
    return _GOES_ON.split(plain, maxsplit=1)[0].strip(' *') or status.strip()


def report(records: Iterable[Record], known: Mapping[str, Table]) -> list[str]:
    """Return a line for each kind: how many documents have which status, first those of its table, then all others."""
    counts: dict[str, Counter[str]] = {}
    for record in records:
        status = record.meta.get('status')
        if isinstance(status, str) and status.strip():
            table = known.get(record.kind)
            counts.setdefault(record.kind, Counter())[table and table.find(status) or _first_words(status)] += 1
    return [_counted(kind, found, known.get(kind)) for kind, found in sorted(counts.items())]


def _counted(kind: str, found: Counter[str], table: Table | None) -> str:
    inside = [status for status in (table.words.split(', ') if table else ()) if status in found]
    others = [status for status, _ in sorted(found.items(), key=lambda item: (-item[1], item[0])) if status not in inside]
    words = ', '.join(f'{status} {found[status]}' for status in inside)
    more = ', '.join(f'{status} {found[status]}' for status in others)
    return f'{kind}: ' + '; '.join(part for part in (words, f'not in the table: {more}' if table and more else more) if part)
