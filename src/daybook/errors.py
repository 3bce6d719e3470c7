"""The one exception that users see as a message instead of a trace."""
from __future__ import annotations


class FatalError(RuntimeError):
    """A run that cannot go on: what happened, which file, what to do next.

    Caught once, in `daybook.__main__`, and printed to stderr; the run ends with exit code 1.
    """


class KilledError(FatalError):
    """A program that was asked was killed, or failed, so that nothing can be said of how things stand."""


class UsageError(FatalError):
    """The words of the call are wrong; the run ends with exit code 2."""
