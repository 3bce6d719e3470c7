"""A bar on the terminal for what takes longer than a second; nothing in pipes and logs, and nothing under a runner of hooks."""
from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import TextIO
from typing import TypeVar

PATIENCE = 1.0  # seconds without a bar
_STEP = 0.1  # seconds between two bars
_WIDTH = 30
_OWN = os.getpid()
# pre-commit gives its hooks a terminal of their own, and prints later what they wrote there
_NOBODY_LOOKS = frozenset(('PRE_COMMIT', 'GIT_INDEX_FILE', 'CI'))
_Item = TypeVar('_Item')


def _is_watched(stream: TextIO | None) -> bool:
    if stream is None or _NOBODY_LOOKS & os.environ.keys() or os.environ.get('TERM') == 'dumb':
        return False
    return os.getpid() == _OWN and stream.isatty()  # of several processes, one has the bar


def shown(items: Iterable[_Item], total: int, what: str, *, clock: Callable[[], float] = time.monotonic) -> Iterable[_Item]:
    """Return `items`, `total` of them; while somebody goes through them for long, a bar grows on the terminal."""
    return _drawn(items, total, what, sys.stderr, clock) if _is_watched(sys.stderr) else items


def _drawn(items: Iterable[_Item], total: int, what: str, stream: TextIO, clock: Callable[[], float]) -> Iterator[_Item]:
    next_at, is_drawn = clock() + PATIENCE, False
    try:
        for done, item in enumerate(items):
            if (now := clock()) >= next_at:
                part = min(done / (total or 1), 1)
                stream.write(f'\r{what} [{"#" * int(part * _WIDTH):.<{_WIDTH}}] {part:.0%}\x1b[K')
                stream.flush()
                next_at, is_drawn = now + _STEP, True
            yield item
    finally:
        if is_drawn:
            stream.write('\r\x1b[K')
            stream.flush()
