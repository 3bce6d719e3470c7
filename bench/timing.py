"""Interleaved timing: A B A B …, medians and the median of the pairwise ratios, so that noise hits both alike."""
from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from collections.abc import Sequence
from typing import NamedTuple


class Measured(NamedTuple):
    """Seconds of one contestant, and its ratio to the first one (the floor)."""

    name: str
    seconds: float
    ratio: float


def command(words: Sequence[str], cwd: str | None = None, codes: Sequence[int] = (0,)) -> Callable[[], None]:
    """Return a function that runs a program from start to exit, its output thrown away."""
    def run() -> None:
        done = subprocess.run(words, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode not in codes:
            raise SystemExit(f'bench: {words[0]} ended with {done.returncode}: {done.stderr[-500:]}')
    return run


def compare(contestants: dict[str, Callable[[], None]], rounds: int) -> list[Measured]:
    """Run every contestant once to warm up, then `rounds` times in turn."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            begun = time.perf_counter()
            run()
            if turn:
                times[name].append(time.perf_counter() - begun)
    floor = next(iter(times.values()))
    return [Measured(name, statistics.median(taken), statistics.median(a / b for a, b in zip(taken, floor)))
            for name, taken in times.items()]


def show(title: str, rows: Sequence[Measured], goal: str = '') -> None:
    """Print a small table."""
    print(f'\n{title}{"  goal: " + goal if goal else ""}')
    for row in rows:
        print(f'  {row.name:<44} {row.seconds * 1000:>10.1f} ms   {row.ratio:>8.3f} x')
