"""Rows of the action log: appended once, safe to open in a spreadsheet, merged line by line."""
from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from daybook.documents import action_log
from daybook.writers import inline


def _value(text: str) -> str:
    flat = inline.one_line(text)
    return f"'{flat}" if action_log.is_formula(flat) else flat


def row(values: Sequence[str]) -> str:
    """Return the line of a row, without its end; a value that a spreadsheet would run gets an apostrophe before it."""
    line = io.StringIO()
    csv.writer(line, lineterminator='').writerow([_value(value) for value in values])
    return line.getvalue()


def _appended(text: str, added: Sequence[str]) -> str:
    newline = '\r\n' if '\r\n' in text else '\n'
    gap = newline if text and not text.endswith('\n') else ''
    return text + gap + ''.join(line + newline for line in added)


def insert(text: str, values: Sequence[str]) -> str:
    """Return the log with one more row at its end; one that stands there already changes nothing.

    An empty log gets the header first. One with other columns is returned as it is.
    """
    if not text.removeprefix('\ufeff').strip():
        return _appended(text.removeprefix('\ufeff').strip(), [action_log.HEADER, row(values)])
    if not action_log.has_header(text) or row(values) in action_log.lines(text):
        return text
    return _appended(text, [row(values)])


def merge(base: str, ours: str, theirs: str) -> str | None:
    """Return `theirs` with the rows that ours has appended to `base`; None when ours changed anything else."""
    if not action_log.has_header(ours) or not action_log.has_header(theirs):
        return None
    old, mine, other = (action_log.lines(side) for side in (base, ours, theirs))
    if mine[:len(old)] != old:
        return None
    new = [line for line in mine[len(old):] if line not in other]
    return _appended(theirs, new) if new else theirs
