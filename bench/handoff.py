"""Hand-off's own time (git, hooks and push left out) on repositories of 100 and 10,000 notes."""
from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone

from daybook.documents import config
from daybook.handoff import handoff
from daybook.handoff.request import Request
from daybook.repo import git
from daybook.session import operators

from bench import corpus

_DRAFT = '# Measured {n}\n\n## Summary\n\nMeasurement {n}.\n\n## Resume Prompt\n\nGo on. Confidence: H\n'
_ROUNDS = 7


class _GitClock:
    """Counts the seconds that are spent waiting for git."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.plain = git.git

    def __call__(self, *args: str, **options: object) -> git.Result:
        begun = time.perf_counter()
        try:
            return self.plain(*args, **options)  # type: ignore[arg-type]
        finally:
            self.seconds += time.perf_counter() - begun


def _one(root: str, number: int, clock: _GitClock) -> tuple[float, float]:
    """Hand off once; return own and git's seconds."""
    path = os.path.join(root, '.daybook', 'state', 'draft.md')
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(_DRAFT.format(n=number))
    clock.seconds = 0.0
    begun = time.perf_counter()
    repo = git.find_repo(root)
    known = operators.load(repo.root)
    request = Request(repo, config.load(repo.root), known['roman'], known, [path], {}, datetime.now(timezone.utc),
                      lambda line: None, lambda text: None)
    outcome = handoff.run(request)
    total = time.perf_counter() - begun
    assert outcome.commit != 'none', outcome
    return total - clock.seconds, clock.seconds


def measure(count: int) -> tuple[float, float]:
    """Return the median of own and of git's seconds at `count` notes."""
    clock = _GitClock()
    git.git = clock  # type: ignore[assignment]
    try:
        with tempfile.TemporaryDirectory(prefix='daybook-bench-') as root:
            corpus.make(root, count)
            taken = [_one(root, number, clock) for number in range(_ROUNDS + 1)][1:]
    finally:
        git.git = clock.plain
    return statistics.median(own for own, _ in taken), statistics.median(spent for _, spent in taken)


def main(argv: Sequence[str] | None = None) -> int:
    """Print own and git's time for both sizes, and the ratio that should stay flat."""
    rows = {count: measure(count) for count in (100, 10_000)}
    print('\nhand-off without git, hooks and push  goal: at most 1.3 x from 100 to 10,000 notes')
    for count, (own, spent) in rows.items():
        print(f'  {count:>6} notes: own {own * 1000:8.1f} ms   {own / rows[100][0]:5.2f} x   (git {spent * 1000:.0f} ms)')
    return 0
