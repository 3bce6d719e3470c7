"""Telemetry as hand-off reads it: the counters that `session_state.py` left for one agent session."""
from __future__ import annotations

import contextlib
import fnmatch
import json
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from typing import NamedTuple

from daybook.documents.config import Invariant
from daybook.repo import files
from daybook.repo.git import Repo


class Telemetry(NamedTuple):
    """What was observed of one agent session. `state` is observed, partial or absent; `why` names the choice."""

    state: str
    why: str
    path: str | None
    counters: dict[str, Any]


_ABSENT = Telemetry('absent', 'no telemetry was observed', None, {})


def folder(repo: Repo) -> str:
    """Return where the state lies: in the main work tree, as linked ones are removed with what is ignored in them."""
    main = os.path.dirname(repo.common_dir) if os.path.basename(repo.common_dir) == '.git' else repo.root
    return os.environ.get('DAYBOOK_STATE_DIR') or os.path.join(main, *files.STATE_DIR.split('/'))


def _read(path: str) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        state = json.loads(files.read_bytes(path) or b'')
        if isinstance(state, dict) and isinstance(state.get('tool_calls_count'), int):
            return state
    return None


def _states(place: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the readable states with their paths, the one written last at the end."""
    if not os.path.isdir(place):
        return []
    names = [name for name in os.listdir(place)
             if name.startswith('session-') and name.endswith('.json') and '.bad-' not in name]
    found = [(os.path.join(place, name), _read(os.path.join(place, name))) for name in names]
    return sorted(((path, state) for path, state in found if state is not None),
                  key=lambda pair: str(pair[1].get('ended_at') or ''))


def _is_here(state: dict[str, Any], repo: Repo) -> bool:
    cwd = state.get('cwd')
    return isinstance(cwd, str) and os.path.realpath(cwd) == os.path.realpath(repo.root)


def choose(repo: Repo, session: str | None, since: str | None) -> Telemetry:
    """Return the telemetry of this agent session.

    That of `session` ($DAYBOOK_SESSION_ID); else of the only one at work in this work tree since
    the ISO time `since`; else of the one seen last.
    """
    states = _states(folder(repo))
    if session:
        chosen = [pair for pair in states if pair[1].get('session_id') == session]
        why = f'of session {session}'
    else:
        recent = [pair for pair in states if _is_here(pair[1], repo)
                  and (since is None or str(pair[1].get('ended_at') or '') >= since)]
        chosen = recent[-1:]
        others = f', the newest of {len(recent)} here' if len(recent) > 1 else ', the only one here'
        why = f'of session {chosen[0][1].get("session_id")}{others}' if chosen else ''
    if not chosen:
        return _ABSENT
    path, state = chosen[-1]
    partial = state.get('matcher') not in (None, '', '*', '.*')
    return Telemetry('partial' if partial else 'observed', why, path, state)


def _count(counters: dict[str, Any], patterns: Sequence[str]) -> int:
    calls = counters.get('tool_calls_breakdown_methods') or counters.get('tool_calls_breakdown') or {}
    return sum(number for name, number in calls.items() if isinstance(number, int)
               and any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns))


def invariant_counts(telemetry: Telemetry, invariants: Sequence[Invariant]) -> dict[str, int]:
    """Return the counter of each invariant: 0, never nothing, when nothing was seen."""
    return {invariant.name: _count(telemetry.counters, invariant.tools) for invariant in invariants}


def facts(telemetry: Telemetry, invariants: Sequence[Invariant]) -> dict[str, Any]:
    """Return the telemetry keys of a note. What the matcher could not see is null, not 0."""
    counters, is_full = telemetry.counters, telemetry.state == 'observed'
    breakdown = {k: v for k, v in (counters.get('tool_calls_breakdown') or {}).items() if isinstance(v, int)}
    return {
        'started_at': counters.get('started_at'),
        'ended_at': counters.get('ended_at'),
        'tool_calls_count': counters.get('tool_calls_count') if is_full else None,
        'tool_calls_breakdown': dict(sorted({**breakdown, **invariant_counts(telemetry, invariants)}.items())),
        'tool_calls_breakdown_methods': dict(sorted((counters.get('tool_calls_breakdown_methods') or {}).items())),
        'subagents_dispatched': counters.get('subagents_dispatched') if is_full else None,
        'parallel_terminals_observed': counters.get('parallel_terminals_observed') if telemetry.path else None,
        'telemetry': telemetry.state,
    }


def archive(repo: Repo, telemetry: Telemetry, session_id: str, now: datetime) -> str | None:
    """Move the state of a handed-off session into `archive/`; return where, or None when there was none.

    The lock file stays: a hook may hold it, and to move it would let two in.
    """
    if telemetry.path is None:
        return None
    place = os.path.join(folder(repo), 'archive')
    os.makedirs(place, exist_ok=True)
    target = os.path.join(place, f'{session_id}.json')
    if os.path.exists(target):
        target = os.path.join(place, f'{session_id}-{now:%H%M%S}.json')
    # a hook at work would write the old counters back
    with files.exclusive_lock(telemetry.path.removesuffix('.json') + '.lock', 2.0):
        with contextlib.suppress(FileNotFoundError):
            os.replace(telemetry.path, target)
            return target
    return None
