"""resume on 100 and 10,000 notes: nothing changed, one note more, and the first run, against a bare interpreter."""
from __future__ import annotations

import glob
import os
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Sequence

from bench import corpus
from bench import timing

_OURS = (sys.executable, '-m', 'daybook', 'resume', '--no-fetch')


def _after(change: Callable[[], None], run: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        change()
        run()
    return both


def _one_more(root: str) -> Callable[[], None]:
    """Return what puts another uncommitted note beside the others, each time with another text."""
    path = os.path.join(root, 'docs', 'sessions', 'RT-991231-01.md')
    texts = iter(range(10**9))

    def change() -> None:
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(f'---\ntitle: Number {next(texts)}\noperator: roman\n---\n\n## Summary\n\nMeasured.\n')
    return change


def _forget(root: str) -> Callable[[], None]:
    def change() -> None:
        for path in glob.glob(os.path.join(root, '.git', 'daybook', 'resume-*.json')):
            os.unlink(path)
    return change


def measure(count: int, rounds: int) -> list[timing.Measured]:
    """Return the contestants at `count` notes; the floor is an interpreter that does nothing.

    The two that change something go to a copy of their own: the answer that is kept is that of one work tree.
    """
    with tempfile.TemporaryDirectory(prefix='daybook-bench-') as first, tempfile.TemporaryDirectory(prefix='daybook-bench-') as other:
        corpus.make(first, count)
        corpus.make(other, count)
        ours = timing.command(_OURS, other)
        return timing.compare({
            'python -I -c pass': timing.command((sys.executable, '-I', '-c', 'pass')),
            'nothing changed': timing.command(_OURS, first),
            'git ls-files of the notes': timing.command(('git', 'ls-files', '-s', '-z', '--', 'docs/sessions'), first),
            'one note more': _after(_one_more(other), ours),
            'nothing known yet': _after(_forget(other), ours),
        }, rounds)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table for each size."""
    for count in (100, 10_000):
        goal = 'nothing changed: at most 6 x' if count == 10_000 else ''
        timing.show(f'resume --no-fetch, {count} notes', measure(count, 9), goal)
    return 0
