"""Interleaved timing: A B A B …, medians and the median of the pairwise ratios, so that noise hits both alike.

Processor time, that of git and all other children included, holds on a machine that others use; wall time does not.
"""
from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from collections.abc import Sequence
from typing import NamedTuple


class Measured(NamedTuple):
    """Seconds of one contestant, and their ratio to those of the first one (the floor), by the clock and by the processor."""

    name: str
    seconds: float
    ratio: float
    cpu: float = 0.0
    cpu_ratio: float = 0.0


def command(words: Sequence[str], cwd: str | None = None, codes: Sequence[int] = (0,)) -> Callable[[], None]:
    """Return a function that runs a program from start to exit, its output thrown away."""
    def run() -> None:
        done = subprocess.run(words, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode not in codes:
            raise SystemExit(f'bench: {words[0]} ended with {done.returncode}: {done.stderr[-500:]}')
    return run


def _used() -> float:
    """Return the processor time of all children that have ended, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def compare(contestants: dict[str, Callable[[], None]], rounds: int) -> list[Measured]:
    """Run every contestant once to warm up, then `rounds` times in turn."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            begun, used = time.perf_counter(), _used()
            run()
            if turn:
                times[name].append((time.perf_counter() - begun, _used() - used))
    floor = next(iter(times.values()))
    return [Measured(name, *_median(taken, floor, 0), *_median(taken, floor, 1)) for name, taken in times.items()]


def _median(taken: Sequence[tuple[float, float]], floor: Sequence[tuple[float, float]], at: int) -> tuple[float, float]:
    ratios = [mine[at] / theirs[at] for mine, theirs in zip(taken, floor) if theirs[at]]
    return statistics.median(each[at] for each in taken), statistics.median(ratios or [0.0])


def show(title: str, rows: Sequence[Measured], goal: str = '') -> None:
    """Print a small table."""
    print(f'\n{title}{"  goal: " + goal if goal else ""}')
    for row in rows:
        cpu = f'   cpu {row.cpu * 1000:>8.0f} ms   {row.cpu_ratio:>8.3f} x' if row.cpu_ratio else ''  # 0: it ran in this process
        print(f'  {row.name:<44} {row.seconds * 1000:>10.1f} ms   {row.ratio:>8.3f} x{cpu}')
