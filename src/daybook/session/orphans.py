"""Orphans: agent sessions that did work, have been quiet for a while, and were not handed off.

A hand-off takes the state of its session away, so that every state which is left tells of a session without one.
Imports no YAML: `resume` asks for them whenever it runs.
"""
from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

from daybook.repo import git_spawn

_QUIET = 3600  # seconds without a call after which a session is over
_GRACE = 600  # seconds after its last call in which a session may still have committed
_WORK = 5  # calls; with fewer and no commit nothing much happened
_MOST = 200  # states that are read, the newest ones
_STATE_BYTES = 4 << 20


class Orphan(NamedTuple):
    """One session: `at` is when its state was written last, in seconds since 1970; the other times are ISO 8601.

    `is_partial` when telemetry saw some tools only, so that `calls` are too few.
    """

    session: str
    path: str
    cwd: str
    started_at: str
    ended_at: str
    calls: int
    is_partial: bool
    at: float


def _names(folder: str) -> list[tuple[float, str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.stat().st_mtime, entry.path) for entry in entries
                          if entry.name.startswith('session-') and entry.name.endswith('.json') and '.bad-' not in entry.name)
    except OSError:
        return []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ''


def _seconds(moment: str) -> float | None:
    from datetime import datetime  # few answers of `resume` need it

    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return None


def _read(path: str, at: float) -> Orphan | None:
    try:
        with open(path, 'rb') as stream:
            state = json.loads(stream.read(_STATE_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    calls = state.get('tool_calls_count') if isinstance(state, dict) else None
    if type(calls) is not int or calls < 0:
        return None
    session, matcher = _text(state.get('session_id')), state.get('matcher')
    return Orphan(session or os.path.basename(path)[len('session-'):-len('.json')], path, _text(state.get('cwd')),
                  _text(state.get('started_at')), _text(state.get('ended_at')), calls,
                  matcher not in (None, '', '*', '.*'), at)


def window(orphan: Orphan) -> tuple[float, float] | None:
    """Return from when until when the commits of a session can have been made; None when nobody knows."""
    began, ended = _seconds(orphan.started_at), _seconds(orphan.ended_at)
    if began is None or ended is None:
        return None
    # one of which telemetry saw no call at all may have worked for as long as its state is old
    return began, max(began, ended) + (_GRACE if orphan.calls or not orphan.is_partial else _QUIET)


def _own_commits(root: str, since: float) -> list[int]:
    """Return when the commits since then were made here, by whoever is at work here."""
    email, log = git_spawn.answers(root, ('config', 'user.email'), (
        'log', '--branches', 'HEAD', f'--since=@{int(since)}', '--format=%ct %ce', '--no-show-signature'))
    own = os.fsdecode(email or b'').strip().casefold()
    rows = (line.partition(' ') for line in os.fsdecode(log or b'').splitlines())
    return [int(when) for when, _, who in rows if own and who.casefold() == own and when.isascii() and when.isdigit()]


def _with_commits(root: str, doubtful: Iterable[Orphan]) -> list[Orphan]:
    """Return those of few calls in whose time something was committed here."""
    windows = {orphan: span for orphan in doubtful if (span := window(orphan))}
    moments = _own_commits(root, min(span[0] for span in windows.values())) if windows else []
    return [orphan for orphan, (began, ended) in windows.items() if any(began <= moment <= ended for moment in moments)]


def find(folder: str, root: str, now: float, current: str | None = None) -> list[Orphan]:
    """Return the orphans whose states lie in `folder`, the oldest first; never the session `current`.

    `root` is the work tree in which git is asked for commits, which it is only where the calls alone tell nothing.
    """
    old = [(at, path) for at, path in _names(folder) if at < now - _QUIET][-_MOST:]
    states = [state for at, path in old if (state := _read(path, at)) and state.session != current]
    certain = [state for state in states if state.calls >= (1 if state.is_partial else _WORK)]
    doubtful = [state for state in states if state not in certain]
    return sorted([*certain, *_with_commits(root, doubtful)], key=lambda orphan: (orphan.at, orphan.path))
