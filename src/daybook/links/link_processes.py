"""Work in chunks by several processes, of which each may be killed at any time."""
from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing import Process
from multiprocessing.connection import Connection
from multiprocessing.connection import wait
from typing import TypeVar

_CHUNK = 64  # jobs; small enough that two processes end together, whatever a job weighs
_AHEAD = 2  # chunks that a process knows of, so that it need not wait for the next

_Job = TypeVar('_Job')
_Result = TypeVar('_Result')


def _serve(pipe: Connection, others: Iterable[Connection], work: Callable[[_Job], object], chunks: Sequence[Sequence[_Job]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the one that ends them all
    for other in others:
        other.close()  # else nobody would learn from them that the one that asks is gone
    with suppress(EOFError, OSError):
        while True:
            pipe.send([work(job) for job in chunks[pipe.recv()]])


def each(work: Callable[[_Job], _Result], jobs: Sequence[_Job], count: int) -> Iterator[_Result]:
    """Yield what `work` makes of each job, in order, by `count` processes; what one of them cannot do is done here."""
    chunks = [jobs[start:start + _CHUNK] for start in range(0, len(jobs), _CHUNK)]
    processes, pipes = [], []
    try:
        for _ in range(count):
            here, there = Pipe()
            pipes.append(here)
            processes.append(Process(target=_serve, args=(there, pipes, work, chunks), daemon=True))
            processes[-1].start()
            there.close()
        for chunk, results in zip(chunks, _in_order(pipes, len(chunks))):
            yield from map(work, chunk) if results is None else results
    finally:
        for process in processes:
            process.kill()
            process.join()
        for pipe in pipes:
            pipe.close()


def _in_order(pipes: Sequence[Connection], count: int) -> Iterator[list[object] | None]:
    """Yield the answer to each number below `count`; None where the process that was to give it was killed."""
    numbers = iter(range(count))
    asked: dict[Connection, deque[int]] = {pipe: deque() for pipe in pipes}
    answers: dict[int, list[object] | None] = {}

    def ask(pipe: Connection) -> None:
        number = next(numbers, None)
        if number is not None:
            asked[pipe].append(number)
            with suppress(OSError):  # of one that is dead nothing more will come, as is seen next
                pipe.send(number)

    for pipe in list(pipes) * _AHEAD:
        ask(pipe)
    for number in range(count):
        while number not in answers and any(asked.values()):
            for pipe in wait([pipe for pipe in asked if asked[pipe]]):
                try:
                    answer = pipe.recv()
                except (EOFError, OSError):
                    answers |= dict.fromkeys(asked.pop(pipe))
                else:
                    answers[asked[pipe].popleft()] = answer
                    ask(pipe)
        yield answers.pop(number, None)
