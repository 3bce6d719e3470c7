"""Work in shares, one process for each, where the machine has several processors and can fork."""
from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Sequence
from typing import TypeVar

_Result = TypeVar('_Result')
_FEW = 400  # items; below that a process costs more than it saves
_MOST = 8  # processes


def _count(items: int) -> int:
    if items < _FEW or not hasattr(os, 'fork') or not hasattr(os, 'sched_getaffinity'):
        return 1
    return max(1, min(len(os.sched_getaffinity(0)), _MOST))


def _start(work: Callable[[Sequence[str]], _Result], share: Sequence[str]) -> tuple[int, int]:
    """Fork a process that sends the result of its share, or its exception; return its id and where to read."""
    import pickle

    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    code = 1
    try:
        try:
            answer: tuple[bool, object] = True, work(share)
        except Exception as error:
            answer = False, error
        with os.fdopen(writing, 'wb') as stream:
            pickle.dump(answer, stream)
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's may run twice


def each(work: Callable[[Sequence[str]], _Result], items: Sequence[str]) -> list[_Result]:
    """Return what `work` makes of each share of `items`, in order; its exceptions are raised here."""
    count = _count(len(items))
    if count == 1:
        return [work(items)]
    import pickle

    shares = [items[n * len(items) // count:(n + 1) * len(items) // count] for n in range(count)]
    started = [_start(work, share) for share in shares[1:]]
    results, error = [], None
    try:
        results.append(work(shares[0]))
    finally:
        for process, reading in started:
            with os.fdopen(reading, 'rb') as stream:
                data = stream.read()
            os.waitpid(process, 0)
            is_done, answer = pickle.loads(data) if data else (False, OSError(f'process {process} ended early'))
            if is_done:
                results.append(answer)
            else:
                error = answer
    if error is not None:
        raise error
    return results
