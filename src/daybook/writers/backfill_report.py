"""The report of a back-fill: what was added to which document, from what it was derived, and what stays out."""
from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from daybook.writers.backfill import Derived

_NAMED = 3  # documents that a line of the summary names


class Row(NamedTuple):
    """One document; `refused` says why nothing was added to it."""

    path: str
    kind: str
    derived: Derived
    refused: str

    @property
    def is_telling(self) -> bool:
        """Whether there is anything to report."""
        return bool(self.derived.added or self.derived.left_out or self.refused)


def as_json(rows: Iterable[Row]) -> str:
    """Return the report as one JSON array, in the order given."""
    return json.dumps([{
        'path': row.path, 'kind': row.kind,
        'added': {key: {'value': value.value, 'from': value.source} for key, value in row.derived.added.items()},
        'left_out': row.derived.left_out, 'refused': row.refused or None,
    } for row in rows if row.is_telling], ensure_ascii=False, indent=2)


def as_text(rows: Iterable[Row]) -> list[str]:
    """Return the report as lines, one for each key."""
    lines: list[str] = []
    for row in rows:
        if row.is_telling:
            lines.append(row.path)
            lines += [f'  {key}: {_shown(value.value)} (from {value.source})' for key, value in row.derived.added.items()]
            lines += [f'  {key} left out: {reason}' for key, reason in row.derived.left_out.items()]
            lines += [f'  left alone: {row.refused}'] if row.refused else []
    return lines


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def summary(rows: Iterable[Row]) -> list[str]:
    """Return one line for each reason why something stays out, with the documents that it concerns.

    What a reason says behind a colon is particular to a document, and is told where all of them share it.
    """
    reasons: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        told = [(f'{key} left out', reason) for key, reason in row.derived.left_out.items()]
        told += [('left alone', row.refused)] if row.refused else []
        for what, reason in told:
            reasons[what, reason.partition(': ')[0]].append((reason, row.path))
    lines = []
    for (what, head), found in sorted(reasons.items()):
        whole = {reason for reason, _ in found}
        lines.append(f'{what}: {whole.pop() if len(whole) == 1 else head} ({_paths([path for _, path in found])})')
    return lines


def _paths(paths: list[str]) -> str:
    more = f' and {len(paths) - _NAMED} more' if len(paths) > _NAMED else ''
    return ', '.join(paths[:_NAMED]) + more
