"""What a run of `audit-links` comes to: what it prints, and how it ends."""
from __future__ import annotations

import os
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from daybook import problem
from daybook.problem import Problem


class Outcome(NamedTuple):
    """What to print to the two streams, and the exit code."""

    out: bytes
    err: str
    code: int

    @classmethod
    def of(cls, lines: Iterable[str], notes: Iterable[str], is_bad: bool) -> Outcome:
        """Return the outcome that prints `lines` on stdout and `notes` on stderr, and ends with 1 if `is_bad`."""
        out = ''.join(f'{line}\n' for line in lines)
        return cls(out.encode('utf-8', 'backslashreplace'), ''.join(f'{note}\n' for note in notes), int(is_bad))


def outcome(found: Collection[Problem], output_format: str, *, before: Sequence[str] = (), note: str = '') -> Outcome:
    """Return these problems in the format asked for; what is no problem stays out of JSON."""
    lines = problem.render(found, output_format)
    apart = [problem.printable(line) for line in (*before, note) if line]
    is_bad = problem.is_blocking(found) or bool(before)
    if output_format == 'json':
        return Outcome.of(lines, apart, is_bad)
    before = apart[:len(before)]
    return Outcome.of([*before, *lines, *apart[len(before):]], (), is_bad)


def rewritten(root: str, paths: Sequence[str]) -> list[str]:
    """Return what tells that `paths` were rewritten, and how to add them; nothing without any."""
    if not paths:
        return []
    return [*(f'Rewriting {path}' for path in paths), problem.add_line(root, paths, os.getcwd())]
