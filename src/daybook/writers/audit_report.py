"""The report of an audit: what was found, as text, as data, and as one word."""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.problem import Problem

_SHOWN = 20  # rows of a list


class Counter(NamedTuple):
    """What all notes prove about one counter: `observed` of `calls` in `notes`; then rows of text.

    `is_idle`: there is no mirror here that could be called, and no call was ever seen.
    """

    name: str
    observed: int
    calls: int
    notes: int
    unwitnessed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    is_idle: bool = False


class Report(NamedTuple):
    """All that an audit found. Lists are rows of text, but for `problems`; `mirror` is what is known of its last run."""

    day: str
    counters: tuple[Counter, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    sync_errors: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    mirror: str = ''
    workers: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """How many problems are errors."""
        return sum(problem.level == 'error' for problem in self.problems)

    @property
    def unwitnessed(self) -> int:
        """How many notes say 0 where nobody looked, and there is something to see."""
        return len({path for counter in self.counters if not counter.is_idle for path in counter.unwitnessed})

    @property
    def is_red(self) -> bool:
        """Whether somebody must do something: an error, a document that could not be synced, a 0 that nobody saw."""
        return bool(self.errors or self.sync_errors or self.unwitnessed)

    @property
    def verdict(self) -> str:
        """`problems`; `unproven` where a counter was not seen by anybody, `no-mirror` where there was nothing to see; else `clean`."""
        if self.errors or self.sync_errors:
            return 'problems'
        unseen = [counter for counter in self.counters if counter.unwitnessed or not counter.calls]
        return 'clean' if not unseen else 'no-mirror' if all(counter.is_idle for counter in unseen) else 'unproven'

    @property
    def last_line(self) -> str:
        """The machine-readable line that is always printed last."""
        return (f'audit: {self.verdict} errors={self.errors} warnings={len(self.problems) - self.errors} '
                f'unwitnessed={self.unwitnessed} orphans={len(self.orphans)} provisional={len(self.claims)} '
                f'sync_errors={len(self.sync_errors)}')


def _count(number: int, word: str) -> str:
    return f'{number:,} {word}{"s" * (number != 1)}'


def _listed(title: str, rows: Sequence[str], indent: str = '') -> Iterator[str]:
    if rows:
        yield f'{indent}{title}'
        yield from (f'{indent}  {row}' for row in rows[:_SHOWN])
        if len(rows) > _SHOWN:
            yield f'{indent}  and {len(rows) - _SHOWN:,} more'


def _counter(counter: Counter) -> Iterator[str]:
    if counter.is_idle and (counter.unwitnessed or not counter.calls):
        yield f'{counter.name}: no mirror is in use here, and nobody counted in {_count(len(counter.unwitnessed), "note")} of {counter.notes:,}'
        return
    yield (f'{counter.name}: {counter.observed:,} observed over {_count(counter.calls, "call")} in {_count(counter.notes, "note")}'
           + ('' if counter.calls else ', which proves nothing'))
    yield from _listed(f'not 0, or not counted, in {_count(len(counter.broken), "note")}:', counter.broken, '  ')
    yield from _listed(f'seen by nobody in {_count(len(counter.unwitnessed), "note")} (register telemetry: daybook init --with '
                       'telemetry; what is past: audit.since):', counter.unwitnessed, '  ')
    if counter.history:
        yield f'  history, before audit.since: {_count(len(counter.history), "note")}'


def text(report: Report, problems: Sequence[str]) -> list[str]:
    """Return the report for people; `problems` are the lines for its problems, in the format that was asked for."""
    lines = [f'audit of {report.day}']
    for counter in report.counters:
        lines += ['', *_counter(counter)]
    warnings = len(report.problems) - report.errors
    lines += ['', f'what the hooks find: {_count(report.errors, "error")}, {_count(warnings, "warning")}', *problems]
    lists = (('hooks say:', report.notes), ('agent sessions without a hand-off (daybook stub):', report.orphans),
             ('provisional claims (valid for good; daybook renumber is optional):', report.claims),
             ('could not be synced:', report.sync_errors), ('kept as they are in the mirror (manual_override):', report.overrides),
             ("taken for the mirror's own worker, and not searched for calls:", report.workers))
    for title, rows in lists:
        block = list(_listed(title, rows))
        lines += ['', *block] if block else []
    return [*lines, *(['', f'mirror: {report.mirror}'] if report.mirror else []), '', report.last_line]


def data(report: Report) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        'verdict': report.verdict, 'red': report.is_red, 'day': report.day,
        'counters': [counter._asdict() for counter in report.counters],
        'problems': [problem._asdict() for problem in sorted(report.problems)],
        **{name: list(getattr(report, name)) for name in ('notes', 'orphans', 'claims', 'sync_errors', 'overrides', 'workers')},
        'mirror': report.mirror,
    }
