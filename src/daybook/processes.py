"""Work in chunks by several processes, of which each may be killed at any time."""
from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any
from typing import TypeVar

# what Python chooses by itself depends on its version; a fork of a program that uses frameworks of macOS may crash
_METHOD = 'spawn' if sys.platform in ('darwin', 'win32') else 'fork'
_CHUNK = 64  # jobs; small enough that two processes end together, whatever a job weighs
_AHEAD = 2  # chunks that a process knows of, so that it need not wait for the next

_Job = TypeVar('_Job')
_Result = TypeVar('_Result')


def available() -> int:
    """Return how many processors this process may use; `taskset` and containers may leave it fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def each(work: Callable[[_Job], _Result], jobs: Sequence[_Job], most: int, *,
         chunk: int | None = None, shares_memory: bool = False) -> Iterator[_Result]:
    """Yield what `work` makes of each job, in order, by `most` processes at most, which get `chunk` jobs at a time.

    What one of them cannot do, as it was killed or `work` raised something, is done here, and raises that here. Work that
    `shares_memory` cannot be sent elsewhere; all of it is done here where processes do not begin as copies of this one.
    """
    size = chunk or _CHUNK
    chunks = [jobs[start:start + size] for start in range(0, len(jobs), size)]
    count = min(available(), most, len(chunks))
    if count < 2 or shares_memory and _METHOD != 'fork':
        yield from map(work, jobs)
        return
    processes: list[BaseProcess] = []
    pipes: list[Connection] = []
    try:
        for _ in range(count):
            _start(work, chunks, processes, pipes)
        for each_chunk, results in zip(chunks, _in_order(pipes, len(chunks))):
            yield from map(work, each_chunk) if results is None else results
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
        for pipe in pipes:
            pipe.close()


def _start(work: Callable[[_Job], object], chunks: Sequence[Sequence[_Job]], processes: list[BaseProcess], pipes: list[Connection]) -> None:
    context = get_context(_METHOD)
    try:
        here, there = context.Pipe()
    except OSError:  # too many open files
        return
    pipes.append(here)
    others = pipes if _METHOD == 'fork' else ()
    # what is sent at the start of one that is killed meanwhile would be written into a pipe that nobody reads, for ever
    given = (work, chunks) if _METHOD == 'fork' else None
    process = context.Process(target=_serve, args=(there, others, given), daemon=True)  # type: ignore[attr-defined]  # each context has it
    try:
        with _without_interrupt(), contextlib.suppress(OSError):  # a machine that has no room for one more is as if it had been killed
            process.start()
            processes.append(process)
    finally:
        there.close()
    if given is None:
        with contextlib.suppress(OSError):
            here.send((work, chunks))


@contextlib.contextmanager
def _without_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back until it is known whom it has to end; what is started meanwhile does not hear it as it begins."""
    if not hasattr(signal, 'pthread_sigmask'):
        yield
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _serve(pipe: Connection, others: Iterable[Connection],
           given: tuple[Callable[[_Job], object], Sequence[Sequence[_Job]]] | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the one that ends them all
    for other in others:
        other.close()  # else nobody would learn from them that the one that asks is gone
    with contextlib.suppress(EOFError, OSError):
        work, chunks = given or pipe.recv()
        while True:
            pipe.send(_results(work, chunks[pipe.recv()]))


def _results(work: Callable[[_Job], object], jobs: Sequence[_Job]) -> list[object] | None:
    try:
        return [work(job) for job in jobs]
    except Exception:  # not every exception can be sent; whoever does the work again has its own
        return None


def _in_order(pipes: Sequence[Connection], count: int) -> Iterator[list[Any] | None]:
    """Yield the answer to each number below `count`; None where the process that was to give it could not, or was killed."""
    numbers = iter(range(count))
    asked: dict[Connection, deque[int]] = {pipe: deque() for pipe in pipes}
    answers: dict[int, list[Any] | None] = {}

    def ask(pipe: Connection) -> None:
        number = next(numbers, None)
        if number is not None:
            asked[pipe].append(number)
            with contextlib.suppress(OSError):  # of one that is dead nothing more will come, as is seen next
                pipe.send(number)

    for pipe in list(pipes) * _AHEAD:
        ask(pipe)
    for number in range(count):
        while number not in answers and any(asked.values()):
            for pipe in wait([pipe for pipe in asked if asked[pipe]]):  # type: ignore[assignment]  # some of those that it waits for
                try:
                    answer = pipe.recv()
                except (EOFError, OSError):
                    answers |= dict.fromkeys(asked.pop(pipe))
                else:
                    answers[asked[pipe].popleft()] = answer
                    ask(pipe)
        yield answers.pop(number, None)
