"""How fast and how patiently a run asks: the distance between requests, the waits between attempts, their sum."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from daybook.mirror.adapter import Stopped

ATTEMPTS = 6  # of one request or one step
_FIRST, _LONGEST = 1.0, 32.0  # seconds; doubled from attempt to attempt


class Clock(NamedTuple):
    """Where time comes from: seconds that only grow, seconds since 1970, and a pause."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Pace:
    """Lets a request go when the last one is far enough away, and counts what is waited for failures.

    `rate` is in requests a second: in any window of T seconds there are at most T x rate + 1, as a
    token bucket of one token gives. `patience` is how many seconds of the run may go by in waits
    that the service asks for or that its failures cause.
    """

    def __init__(self, rate: float, patience: float, clock: Clock) -> None:
        self.clock, self.patience = clock, patience
        self._distance = 1.0 / rate
        self._next = clock.monotonic()

    def take(self) -> None:
        """Wait until the next request may go."""
        delay = self._next - self.clock.monotonic()
        if delay > 0:
            self.clock.sleep(delay)
        self._next = max(self._next, self.clock.monotonic()) + self._distance

    def wait(self, attempt: int, asked: float, why: str) -> None:
        """Wait before attempt number `attempt` + 1: what was `asked` for in full, else twice as long as the last time.

        Raises Stopped when that is more than the patience that is left.
        """
        seconds = asked or min(_FIRST * 2 ** attempt, _LONGEST)
        if seconds > self.patience:
            raise Stopped(f'{why}; to go on means to wait {seconds:.0f} s, and {max(self.patience, 0):.0f} s of '
                          'mirror.patience are left; what is done is done, run it again later')
        self.patience -= seconds
        self.clock.sleep(seconds)
