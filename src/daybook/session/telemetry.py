"""Telemetry as hand-off reads it: the counters that `session_state.py` left for one agent session."""
from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import re
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from typing import NamedTuple

from daybook.documents.config import Invariant
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.writers import inline


class Telemetry(NamedTuple):
    """What was observed of one agent session. `state` is observed, partial or absent; `why` names the choice.

    `witness` are the calls by tool that the transcript tells, None where none is at hand.
    """

    state: str
    why: str
    path: str | None
    counters: dict[str, Any]
    witness: Mapping[str, int] | None = None


_COUNTS = ('tool_calls_count', 'subagents_dispatched', 'parallel_terminals_observed')
_BREAKDOWNS = ('tool_calls_breakdown', 'tool_calls_breakdown_methods')
_TIMES = ('started_at', 'ended_at')
_TEXTS = ('session_id', 'cwd', 'matcher', 'transcript_path')
_TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ')
_SUBAGENTS = ('agent', 'task')  # as session_state.py counts them
_ABSENT = Telemetry('absent', 'no telemetry was observed', None, {})


def _spill_of(path: str) -> str:
    return path.removesuffix('.json') + '.spill'


def folder(repo: Repo) -> str:
    """Return where the state lies: in the main work tree, as linked ones are removed with what is ignored in them."""
    return files.state_folder(git.main_root(repo))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _counts(value: Any) -> dict[str, int]:
    """Return the counters of a mapping, whatever somebody has put beside them."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {inline.one_line(str(name)): number for name, number in pairs if _is_count(number)}


def _sound(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be used of a state: nothing that an agent's script left may stop a hand-off."""
    counts = {name: state[name] for name in _COUNTS if _is_count(state.get(name))}
    times = {name: state[name] for name in _TIMES if isinstance(state.get(name), str) and _TIME.fullmatch(state[name])}
    texts = {name: inline.one_line(state[name]) for name in _TEXTS if isinstance(state.get(name), str)}
    return {**texts, **times, **counts, **{name: _counts(state.get(name)) for name in _BREAKDOWNS}}


def _spilled(path: str, start: Any) -> list[dict[str, Any]]:
    """Return the calls that the script could not count under its lock and has not folded in since."""
    data = files.read_bytes(path) or b''
    calls = []
    for line in data[start if _is_count(start) and start <= len(data) else 0:].split(b'\n'):
        with contextlib.suppress(ValueError):
            call = json.loads(line)
            if isinstance(call, dict) and call.get('meaning') == 'call':
                calls.append(call)
    return calls


def _add(state: dict[str, Any], call: Mapping[str, Any]) -> None:
    state['tool_calls_count'] += 1
    for key, name in zip(_BREAKDOWNS, (call.get('folded'), call.get('tool'))):
        if isinstance(name, str):
            state[key][name] = state[key].get(name, 0) + 1
    if str(call.get('tool')).lower() in _SUBAGENTS:
        state['subagents_dispatched'] = state.get('subagents_dispatched', 0) + 1
    if isinstance(call.get('at'), str) and _TIME.fullmatch(call['at']):
        state['ended_at'] = max(state.get('ended_at', ''), call['at'])


def _read(path: str) -> dict[str, Any] | None:
    try:
        given = json.loads(files.read_bytes(path) or b'')
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or not _is_count(given.get('tool_calls_count')):
        return None
    state = _sound(given)
    for call in _spilled(_spill_of(path), given.get('spill_folded_bytes')):
        _add(state, call)
    return state


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


def _telemetry(path: str, state: dict[str, Any], why: str) -> Telemetry:
    is_partial = state.get('matcher') not in (None, '', '*', '.*')
    return Telemetry('partial' if is_partial else 'observed', why, path, state)


def of_note(repo: Repo, started_at: Any) -> Telemetry:
    """Return the telemetry from which a note has its `started_at`, or that which stands for none."""
    for path, state in _states(folder(repo)):
        if started_at and state.get('started_at') == started_at and _is_here(state, repo):
            return _telemetry(path, state, 'of the note')
    return _ABSENT


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
    return _telemetry(path, state, why)


def _count(calls: Mapping[str, int], patterns: Sequence[str]) -> int:
    return sum(number for name, number in calls.items()
               if any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns))


def _sees(matcher: Any, patterns: Sequence[str]) -> bool:
    """Return whether an agent's matcher shows the tools of `patterns`: a list of names, else a search of JavaScript's."""
    if matcher in (None, '', '*', '.*'):
        return True
    if re.fullmatch(r'[\w \-,|]+', str(matcher)):
        return {pattern.lower() for pattern in patterns} <= {name.strip().lower() for name in re.split(r'[|,]', str(matcher))}
    try:
        search = re.compile(str(matcher), re.I).search
    except re.error:
        return False
    return any(search(pattern.replace('*', filling)) for pattern in patterns for filling in ('', 'x', '__x'))


def observed_count(telemetry: Telemetry, invariant: Invariant) -> int:
    """Return how many calls telemetry counted for an invariant."""
    counters = telemetry.counters
    return _count(counters.get('tool_calls_breakdown_methods') or counters.get('tool_calls_breakdown') or {}, invariant.tools)


def witnessed_count(telemetry: Telemetry, invariant: Invariant) -> int:
    """Return how many calls the transcript tells for an invariant; 0 without one."""
    return _count(telemetry.witness or {}, invariant.tools)


def invariant_counts(telemetry: Telemetry, invariants: Sequence[Invariant]) -> dict[str, int]:
    """Return the counter of each invariant, the greater of what both witnesses tell: 0, never nothing, when nothing was seen.

    One whose tools the matcher could not show, and that nobody else saw, is left out: that is neither 0 nor null.
    """
    found = {one.name: max(observed_count(telemetry, one), witnessed_count(telemetry, one)) for one in invariants}
    blind = {one.name for one in invariants if telemetry.state == 'partial' and telemetry.witness is None
             and not _sees(telemetry.counters.get('matcher'), one.tools)}
    return {name: count for name, count in found.items() if count or name not in blind}


def facts(telemetry: Telemetry, invariants: Sequence[Invariant]) -> dict[str, Any]:
    """Return the telemetry keys of a note. What the matcher could not see is null, not 0."""
    counters, is_full = telemetry.counters, telemetry.state == 'observed'
    breakdown = counters.get('tool_calls_breakdown') or {}
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


def archive(repo: Repo, path: str, session_id: str, now: datetime) -> str | None:
    """Move the state `path` of a handed-off session into `archive/`; return where, or None when it is gone.

    What was spilled goes with it: the next state would count it again.

    The lock file stays: a hook may hold it, and to move it would let two in.
    """
    place = os.path.join(folder(repo), 'archive')
    os.makedirs(place, exist_ok=True)
    target = os.path.join(place, f'{session_id}.json')
    if os.path.exists(target):
        target = os.path.join(place, f'{session_id}-{now:%H%M%S}.json')
    # a hook at work would write the old counters back
    with files.exclusive_lock(path.removesuffix('.json') + '.lock', 2.0) as is_held:
        if not is_held:
            return None
        with contextlib.suppress(FileNotFoundError):
            os.replace(_spill_of(path), _spill_of(target))
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, target)
            return target
    return None
