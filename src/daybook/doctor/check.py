"""One finding of the doctor."""
from __future__ import annotations

from typing import NamedTuple


class Check(NamedTuple):
    """What was looked at (`name`, stable), how it stands (`ok`, `warn`, `fail`), in words, and the line that mends it."""

    level: str
    name: str
    what: str
    mend: str = ''


def ok(name: str, what: str) -> Check:
    """Return a finding that asks for nothing."""
    return Check('ok', name, what)


def warn(name: str, what: str, mend: str = '') -> Check:
    """Return a finding that somebody should know of; the run stays green."""
    return Check('warn', name, what, mend)


def fail(name: str, what: str, mend: str) -> Check:
    """Return a finding that makes the run red."""
    return Check('fail', name, what, mend)
