"""The action log: a CSV file of who did what to which thing; its columns, and how a line of it is read."""
from __future__ import annotations

import csv
import re

COLUMNS = ('date', 'actor', 'action', 'entity', 'notes')
HEADER = ','.join(COLUMNS)
# what a spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r'\s*[=+\-@＝＋－＠]\s*\S|[\t\r]')
_NUMBER = re.compile(r'[+-]?[0-9]+(?:[.,][0-9]+)*')


def lines(text: str) -> list[str]:
    """Return the lines of a log without their ends; a byte order mark and blank lines at the end are left out."""
    # a value may hold what str.splitlines takes for a line end
    found = [line.removesuffix('\r') for line in text.removeprefix('\ufeff').split('\n')]
    while found and not found[-1].strip():
        found.pop()
    return found


def fields(line: str) -> list[str] | None:
    """Return the values of one line, None where a quote is not closed on it: a row that goes on could not be merged."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return None


def has_header(text: str) -> bool:
    """Return whether a log begins with our columns in order; an empty one has none."""
    found = lines(text)
    return bool(found) and fields(found[0]) == [*COLUMNS]


def is_formula(value: str) -> bool:
    """Return whether a spreadsheet would run a value instead of showing it."""
    return bool(_FORMULA.match(value)) and not _NUMBER.fullmatch(value.strip())
