"""Rule: each row of the action log says on one line when, who, what and to which thing, and no spreadsheet runs it."""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence

from daybook.documents import action_log
from daybook.documents import review
from daybook.problem import Problem

_NEEDED = action_log.COLUMNS[:-1]
_MARKS = ('<<<<<<<', '=======', '>>>>>>>', '|||||||')


def _of_row(path: str, line: int, values: Sequence[str]) -> Iterator[Problem]:
    if len(values) != len(action_log.COLUMNS):
        yield Problem(path, line, 'action-log-row', f'{len(values)} value{"s" * (len(values) != 1)} where {action_log.HEADER} are needed; '
                      'add what is missing, and put quotes around a value that holds a comma')
        return
    named = dict(zip(action_log.COLUMNS, values))
    empty = [column for column in _NEEDED if not named[column].strip()]
    if empty:
        yield Problem(path, line, 'action-log-row', f'no {" and no ".join(empty)}; say it')
    if named['date'].strip() and not review.date_of(named['date']):
        yield Problem(path, line, 'action-log-date', f'no date: {named["date"]}; write it as 2026-11-30')
    for column, value in named.items():
        if action_log.is_formula(value):
            yield Problem(path, line, 'action-log-formula', f'a spreadsheet would run what stands under {column} as a formula: {value}; '
                          "put an apostrophe (') before it")


def has_rows(data: bytes) -> bool:
    """Return whether a log has a line that is not blank below its header."""
    return any(map(str.strip, action_log.lines(data.decode('utf-8', 'replace'))[1:]))


def check(path: str, data: bytes) -> list[Problem]:
    """Return what is wrong with the log at `path`; a row that stands twice, as a merge may leave it, is a warning."""
    try:
        lines = action_log.lines(data.decode('utf-8'))
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        return [Problem(path, line, 'action-log-row', 'not UTF-8; save the file in that encoding')]
    if not lines or action_log.fields(lines[0]) != [*action_log.COLUMNS]:
        return [Problem(path, 1, 'action-log-header', f'the columns are not {action_log.HEADER}, so hand-off appends nothing; make them '
                        'the first line, or name another file as `handoff.action_log`')]
    found: list[Problem] = []
    first: dict[str, int] = {}
    for number, text in enumerate(lines[1:], 2):
        if not text.strip():
            continue
        values = action_log.fields(text)
        if text.startswith(_MARKS):
            found.append(Problem(path, number, 'action-log-row', 'a conflict was left here; keep the rows of both sides, and take the marker out'))
        elif values is None:
            found.append(Problem(path, number, 'action-log-row', 'a quote is not closed, or text follows one that is; a row stands on one line'))
        else:
            found += _of_row(path, number, values)
        if text in first and not text.startswith(_MARKS):
            found.append(Problem(path, number, 'action-log-twice', f'the same row as in line {first[text]}, as a merge may leave it; '
                                 'take one of them out', 'warning'))
        first.setdefault(text, number)
    return found
