"""Telemetry as hand-off reads it: the right session, every call, and no state that could stop a hand-off."""
from __future__ import annotations

import json
from datetime import datetime
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest
from conftest import Sandbox

from daybook.documents import schema
from daybook.documents.config import DEFAULTS
from daybook.repo import git
from daybook.session import telemetry

_STATE = '.daybook/state'
_NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


def _state(sandbox: Sandbox, name: str, **changes: Any) -> Path:
    state = {'session_id': name, 'cwd': str(sandbox.root), 'started_at': '2026-11-20T10:00:00Z', 'ended_at': '2026-11-20T11:00:00Z',
             'tool_calls_count': 3, 'tool_calls_breakdown': {'Bash': 2, 'mcp__notion': 1},
             'tool_calls_breakdown_methods': {'Bash': 2, 'mcp__Notion__search': 1}, 'subagents_dispatched': 1,
             'parallel_terminals_observed': 0, 'matcher': '*', 'spill_folded_bytes': 0}
    return sandbox.write(f'{_STATE}/session-{name}.json', json.dumps({**state, **changes}))


def _choose(sandbox: Sandbox, session: str | None = None, since: str | None = None) -> telemetry.Telemetry:
    return telemetry.choose(git.find_repo(str(sandbox.root)), session, since)


def test_none_is_absent_and_the_counter_is_0(repo: Sandbox) -> None:
    found = _choose(repo)
    facts = telemetry.facts(found, DEFAULTS.invariants)
    assert (found.state, facts['tool_calls_count'], facts['tool_calls_breakdown']) == ('absent', None, {'mcp__notion': 0})


@pytest.mark.parametrize(('session', 'since', 'wanted', 'why'), [
    ('a', None, 'a', 'of session a'), (None, None, 'b', 'the newest of 2 here'), ('gone', None, None, 'no telemetry'),
    (None, '2026-11-20T11:30:00Z', 'b', 'the only one here'), (None, '2026-11-20T13:00:00Z', None, 'no telemetry'),
])
def test_chooses_the_session(repo: Sandbox, session: str | None, since: str | None, wanted: str | None, why: str) -> None:
    _state(repo, 'a')
    _state(repo, 'b', ended_at='2026-11-20T12:00:00Z')
    _state(repo, 'c', ended_at='2026-11-20T14:00:00Z', cwd='/elsewhere')
    found = _choose(repo, session, since)
    assert found.counters.get('session_id') == wanted
    assert why in found.why


def test_what_a_matcher_cannot_see_is_null(repo: Sandbox) -> None:
    _state(repo, 'a', matcher='mcp__.*')
    facts = telemetry.facts(_choose(repo), DEFAULTS.invariants)
    assert (facts['telemetry'], facts['tool_calls_count'], facts['subagents_dispatched']) == ('partial', None, None)
    assert facts['tool_calls_breakdown'] == {'Bash': 2, 'mcp__notion': 1}


@pytest.mark.parametrize('changes', [
    {'tool_calls_breakdown': [1]}, {'tool_calls_breakdown': {'Bash': -1, 'x': 'y', 'z': True, '\x1b[31m': 1}}, {'started_at': 'yesterday'},
    {'ended_at': 7}, {'subagents_dispatched': -1}, {'subagents_dispatched': None}, {'parallel_terminals_observed': 'many'},
    {'tool_calls_breakdown_methods': {'a': {}}}, {'matcher': ['x']}, {'session_id': {}}, {'spill_folded_bytes': 'x'},
])
def test_a_poisoned_state_fits_the_schema_all_the_same(repo: Sandbox, changes: dict[str, Any]) -> None:
    _state(repo, 'a', **changes)
    facts = telemetry.facts(_choose(repo), DEFAULTS.invariants)
    assert facts['tool_calls_count'] == 3
    assert schema.violations(schema.built_in('session'), {'title': 'x', **facts}) == []


@pytest.mark.parametrize('text', ['', '{', '[]', 'null', '{"tool_calls_count": -1}', '{"tool_calls_count": "3"}', '[' * 100_000, '\xff'])
def test_what_is_no_state_is_passed_over(repo: Sandbox, text: str) -> None:
    repo.write(f'{_STATE}/session-x.json', text.encode('latin-1'))
    assert _choose(repo).state == 'absent'


def _call(tool: str) -> str:
    return json.dumps({'meaning': 'call', 'tool': tool, 'folded': tool, 'agent': 'a', 'matcher': '*', 'at': '2026-11-20T11:30:00Z', 'failed': 0})


def test_spilled_calls_are_counted_once(repo: Sandbox) -> None:
    counted = f'\n{_call("Bash")}\n'
    _state(repo, 'a', spill_folded_bytes=len(counted))
    repo.write(f'{_STATE}/session-a.spill', counted + f'\n{_call("Task")}\n\nhalf a li')
    counters = _choose(repo).counters
    assert (counters['tool_calls_count'], counters['subagents_dispatched'], counters['ended_at']) == (4, 2, '2026-11-20T11:30:00Z')


def test_the_archive_takes_state_and_spill_and_replaces_nothing(repo: Sandbox) -> None:
    found = git.find_repo(str(repo.root))
    for _ in range(2):
        path = _state(repo, 'a')
        repo.write(f'{_STATE}/session-a.spill', f'\n{_call("Bash")}\n')
        telemetry.archive(found, str(path), 'RT-261120-01', _NOW)
    names = sorted(path.name for path in (repo.root / _STATE / 'archive').iterdir())
    assert names == ['RT-261120-01-120000.json', 'RT-261120-01-120000.spill', 'RT-261120-01.json', 'RT-261120-01.spill']
    assert _choose(repo).state == 'absent'
    assert telemetry.archive(found, str(path), 'RT-261120-01', _NOW) is None


def test_the_state_of_a_linked_work_tree_lies_in_the_main_one(repo: Sandbox) -> None:
    repo.write('a.md', 'x')
    repo.commit()
    repo.git('worktree', 'add', '-q', '../linked')
    linked = Sandbox(repo.root.parent / 'linked')
    _state(repo, 'a', cwd=str(linked.root))
    assert _choose(linked).counters['session_id'] == 'a'
    assert _choose(repo).state == 'absent'


def test_the_invariant_is_counted_whatever_the_case(repo: Sandbox) -> None:
    _state(repo, 'a')
    assert telemetry.invariant_counts(_choose(repo), DEFAULTS.invariants) == {'mcp__notion': 1}


def test_a_note_finds_its_telemetry_again(repo: Sandbox) -> None:
    _state(repo, 'a')
    found = git.find_repo(str(repo.root))
    assert telemetry.of_note(found, '2026-11-20T10:00:00Z').counters['session_id'] == 'a'
    assert telemetry.of_note(found, None).path is None
