"""The counters that must stay 0: what each note proves about them, and what is wrong with it."""
from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import TypeGuard

from daybook.documents import schema
from daybook.documents.config import Invariant
from daybook.documents.document import Document
from daybook.problem import Problem

# what a note can prove, the best first
CLEAN, UNWITNESSED, WRONG = 'clean', 'unwitnessed', 'wrong'
_REMEDY = '; leave the note as it is, take out what calls it, then set `audit.since` in .daybook/config.yaml: notes made before that day are history'


class Witness(NamedTuple):
    """What one note says about one counter: `seen` of `calls`, and in words what follows."""

    note: Document
    counter: str
    verdict: str
    seen: int
    calls: int
    words: str
    rule: str = ''
    remedy: str = ''

    @property
    def problem(self) -> Problem | None:
        """What is to be reported, at the line of the counter; None of a note that proves its 0."""
        if self.verdict == CLEAN:
            return None
        line = self.note.line_of(schema.pointer(('tool_calls_breakdown', self.counter)))
        level = 'error' if self.verdict == WRONG else 'warning'
        return Problem(self.note.path, line, self.rule, f'{self.counter}: {self.words}{self.remedy}', level)


def is_count(value: Any) -> TypeGuard[int]:
    """Return whether `value` is a number of calls; `true` is none."""
    return type(value) is int and value >= 0


def count(calls: Mapping[str, Any], tools: Sequence[str]) -> int:
    """Return how many of `calls` (numbers by tool) went to `tools`, patterns of names in any case."""
    return sum(number for name, number in calls.items() if is_count(number)
               and any(fnmatch.fnmatchcase(str(name).lower(), tool.lower()) for tool in tools))


def _counters(note: Document, key: str) -> Mapping[str, Any]:
    value = note.meta.get(key)
    return value if isinstance(value, dict) else {}


def _calls(note: Document) -> int:
    """Return how many calls were seen; of a matcher that sees some tools only, those."""
    if note.meta.get('telemetry') == 'absent':
        return 0
    total = note.meta.get('tool_calls_count')
    return total if is_count(total) else sum(n for n in _counters(note, 'tool_calls_breakdown').values() if is_count(n))


def _witness(note: Document, invariant: Invariant) -> Witness:
    breakdown, methods = _counters(note, 'tool_calls_breakdown'), _counters(note, 'tool_calls_breakdown_methods')
    others = {name: number for name, number in breakdown.items() if name != invariant.name}
    seen = max(count(methods, invariant.tools), count(others, invariant.tools))
    value, calls = breakdown.get(invariant.name), _calls(note)
    observed = f'{seen or value or 0} observed over {calls} call{"s" * (calls != 1)}'

    def found(verdict: str, words: str, rule: str) -> Witness:
        return Witness(note, invariant.name, verdict, seen or (value if is_count(value) else 0), calls, words, rule)

    if seen and value != seen:
        return found(WRONG, f'{observed}, and the counter says {"nothing" if value is None else value}', 'invariant-counter')
    if is_count(value) and value:
        return found(WRONG, f'{observed}, and it must stay 0', 'invariant-counter')._replace(remedy=_REMEDY)
    if invariant.name not in breakdown and methods:
        # a counter that is younger than the note; the methods tell what it would be
        return found(UNWITNESSED, f'not counted; its methods name none ({observed})', 'invariant-missing')
    if invariant.name not in breakdown and note.meta.get('telemetry') == 'partial':
        return found(UNWITNESSED, f'not counted, as telemetry saw other tools only ({observed})', 'invariant-missing')
    if invariant.name not in breakdown:
        return found(WRONG, 'not counted: a missing counter is no 0', 'invariant-missing')
    if not is_count(value):
        return found(WRONG, f'{"null" if value is None else value}, as nobody looked: that is no 0', 'invariant-null')
    if not calls or note.meta.get('telemetry') not in ('observed', 'partial'):
        return found(UNWITNESSED, f'{observed}, which proves nothing', 'invariant-unwitnessed')
    return found(CLEAN, observed, '')


def _is_counted(note: Document) -> bool:
    """Whether a note says, or should say, what was counted; those from before Daybook do not."""
    if note.kind.name != 'session' or note.is_stub or note.parsed.error:
        return False
    return note.is_made_by_daybook or not {'telemetry', 'tool_calls_breakdown'}.isdisjoint(note.meta)


def is_history(note: Document, since: str | None) -> bool:
    """Return whether a note was made before the ISO day `since`."""
    created = note.meta.get('created')
    return since is not None and isinstance(created, str) and created[:10] < since


def witnesses(documents: Iterable[Document], invariants: Sequence[Invariant]) -> Iterator[Witness]:
    """Yield what each note among `documents` says about each counter."""
    for note in documents:
        if _is_counted(note):
            for invariant in invariants:
                yield _witness(note, invariant)


def check(documents: Iterable[Document], invariants: Sequence[Invariant], since: str | None = None) -> list[Problem]:
    """Return the counters that are not 0, and as warnings those whose 0 nobody has seen; none made before `since`."""
    found = (witness.problem for witness in witnesses(documents, invariants) if not is_history(witness.note, since))
    return [problem for problem in found if problem is not None]
