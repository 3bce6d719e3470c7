"""The transcript as second witness: what it tells, and what a hand-off makes of it."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import Sandbox

from daybook.documents.config import DEFAULTS
from daybook.documents.config import Invariant
from daybook.session import second_witness
from daybook.session import telemetry
from daybook.session.telemetry import Telemetry


def _claude(name: str, call_id: str, **extra: Any) -> dict[str, Any]:
    content = [{'type': 'text', 'text': 'I call tool_use now'}, {'type': 'tool_use', 'id': call_id, 'name': name, 'input': {'type': 'tool_use', 'name': 'no'}}]
    return {'type': 'assistant', 'sessionId': 's', 'message': {'role': 'assistant', 'content': content}, **extra}


def _result(call_id: str) -> dict[str, Any]:
    return {'type': 'user', 'message': {'content': [{'type': 'tool_result', 'tool_use_id': call_id, 'content': '{"type": "tool_use", "name": "x"}'}]},
            'toolUseResult': {'type': 'tool_use', 'name': 'no', 'id': 'z'}}


def _codex(**payload: Any) -> dict[str, Any]:
    return {'timestamp': '2026-07-10T12:33:10Z', 'type': 'response_item', 'payload': payload}


# shapes of Claude Code 2.1, Codex 0.144 (codex-rs/protocol, rollout items) and Gemini CLI chats
ENTRIES = (
    ([_claude('Bash', 'toolu_1'), _result('toolu_1'), _claude('mcp__notion__search', 'toolu_2')], {'Bash': 1, 'mcp__notion__search': 1}),
    ([_claude('Bash', 'toolu_1'), _claude('Bash', 'toolu_1')], {'Bash': 1}),
    ([_claude('Read', 'toolu_1', isSidechain=True), _claude('Read', 'toolu_2')], {'Read': 2}),
    ([_codex(type='function_call', name='exec_command', call_id='call_1', arguments='{"type":"function_call","name":"x"}'),
      _codex(type='custom_tool_call', name='apply_patch', call_id='call_2', input='*** Begin'), _codex(type='function_call_output', call_id='call_1', output='x'),
      _codex(type='local_shell_call', call_id='call_3', action={})], {'exec_command': 1, 'apply_patch': 1, 'local_shell': 1}),
    ([_codex(type='function_call', name='search', call_id='call_1'),
      {'type': 'event_msg', 'payload': {'type': 'mcp_tool_call_end', 'call_id': 'call_1', 'invocation': {'server': 'notion', 'tool': 'search'}}}],
     {'mcp__notion__search': 1}),
    ([_codex(type='function_call', name='search', namespace='mcp__notion__', call_id='call_1')], {'mcp__notion__search': 1}),
    ([{'messages': [{'type': 'gemini', 'toolCalls': [{'id': 'a', 'name': 'run_shell_command', 'args': {}}]}]}], {'run_shell_command': 1}),
    ([{'type': 'user', 'message': {'content': 'please call tool_use'}}], {}),
)


@pytest.mark.parametrize(('entries', 'expected'), ENTRIES)
def test_what_a_transcript_tells(entries: list[dict[str, Any]], expected: dict[str, int]) -> None:
    assert second_witness.of_lines(json.dumps(entry).encode() + b'\n' for entry in entries) == expected


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / 't.jsonl'
    path.write_bytes(b'\xff tool_use\n' + b'[' * 100_000 + b'tool_use\n' + json.dumps(_claude('Bash', 'a')).encode() + b'\n{"type": "tool_use", "na')
    assert second_witness.of_file(str(path)) == {'Bash': 1}
    assert second_witness.of_file(str(tmp_path / 'gone')) is None


def _telemetry(methods: dict[str, int], witness: dict[str, int] | None, matcher: str = '*', state: str = 'observed') -> Telemetry:
    return Telemetry(state, '', 'p', {'tool_calls_count': 3, 'tool_calls_breakdown_methods': methods, 'matcher': matcher}, witness)


@pytest.mark.parametrize(('methods', 'witness', 'counter'), [
    ({'Bash': 3}, None, 0), ({'Bash': 3}, {'Bash': 3}, 0), ({'Bash': 3}, {'mcp__notion__search': 2}, 2),
    ({'mcp__notion__search': 2}, {'Bash': 1}, 2),
])
def test_the_note_has_the_greater_number(methods: dict[str, int], witness: dict[str, int] | None, counter: int) -> None:
    assert telemetry.invariant_counts(_telemetry(methods, witness), DEFAULTS.invariants) == {'mcp__notion': counter}


@pytest.mark.parametrize(('matcher', 'sees'), [
    ('mcp__.*', True), ('mcp__', False), ('mcp__notion__search', False), ('mcp__linear__.*', False), ('Bash|Edit', False), ('^mcp__notion', True),
    ('Bash|mcp__notion', False), ('(', False), ('mcp__notion.*', True),
])
def test_what_the_matcher_cannot_show_is_no_0(matcher: str, sees: bool) -> None:
    found = telemetry.invariant_counts(_telemetry({}, None, matcher, 'partial'), DEFAULTS.invariants)
    assert found == ({'mcp__notion': 0} if sees else {})
    assert telemetry.invariant_counts(_telemetry({}, {'Bash': 1}, matcher, 'partial'), DEFAULTS.invariants) == {'mcp__notion': 0}


def test_any_tool_can_be_counted() -> None:
    web = (Invariant('web', ('WebFetch',)),)
    assert telemetry.invariant_counts(_telemetry({}, None, 'Bash|WebFetch', 'partial'), web) == {'web': 0}
    assert telemetry.invariant_counts(_telemetry({}, None, 'Bash', 'partial'), web) == {}
    assert telemetry.invariant_counts(_telemetry({'WebFetch': 2}, None), web) == {'web': 2}


def test_a_hand_off_compares_both_witnesses(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('.daybook/state/.gitignore', '*\n')
    repo.write('a.py', 'x')
    repo.commit()
    state = {'session_id': '0a1b2c3d-0000', 'cwd': str(repo.root), 'started_at': '2026-11-20T10:00:00Z', 'ended_at': '2026-11-20T11:00:00Z',
             'tool_calls_count': 9, 'tool_calls_breakdown': {'Bash': 9}, 'tool_calls_breakdown_methods': {'Bash': 9}, 'matcher': '*',
             'spill_folded_bytes': 0, 'subagents_dispatched': 0, 'parallel_terminals_observed': 0}
    repo.write('.daybook/state/session-0a1b2c3d-0000.json', json.dumps(state))
    home = tmp_path / 'claude'
    place = home / 'projects' / 'x' / '0a1b2c3d-0000.jsonl'
    place.parent.mkdir(parents=True)
    place.write_text(''.join(json.dumps(_claude(name, str(number))) + '\n' for number, name in enumerate(['Bash', 'mcp__notion__search', 'mcp__notion__fetch'])))
    run = repo.daybook('handoff', env={'DAYBOOK_QUICK': '1', 'CLAUDE_CONFIG_DIR': str(home), 'DAYBOOK_SESSION_ID': '0a1b2c3d-0000'})
    assert run.returncode == 0, run.stdout + run.stderr
    assert "second witness: the agent's own record tells 3 calls\n" in run.stdout
    assert 'WARNING: INVARIANT BROKEN: mcp__notion was called 2 times; it must stay 0\n' in run.stdout
    assert 'THE WITNESSES DISAGREE: of mcp__notion telemetry counted 0 calls, the transcript tells 2;' in run.stdout
    note = next((repo.root / 'docs/sessions').glob('*-01*.md')).read_text()
    assert '  mcp__notion: 2\n' in note
    checked = repo.daybook('check-invariant')
    assert (checked.returncode, 'mcp__notion: 2 observed over 9 calls, and it must stay 0' in checked.stdout) == (1, True)


def test_a_session_without_telemetry_is_never_clean(repo: Sandbox) -> None:
    repo.write('a.py', 'x')
    repo.write('docs/sync/LAST_SYNC.md', '# Sync\n')
    repo.commit()
    run = repo.daybook('handoff', env={'DAYBOOK_QUICK': '1'})
    assert 'WARNING: no telemetry was observed: a count of 0 proves nothing' in run.stdout
    note = next((repo.root / 'docs/sessions').glob('*-01*.md')).read_text()
    assert '  mcp__notion: 0\n' in note and 'telemetry: absent\n' in note
    checked = repo.daybook('check-invariant')
    assert (checked.returncode, 'warning: mcp__notion: 0 observed over 0 calls, which proves nothing' in checked.stdout) == (0, True)


def test_where_there_is_no_mirror_a_hand_off_warns_of_none(repo: Sandbox) -> None:
    repo.write('a.py', 'x')
    repo.commit()
    run = repo.daybook('handoff', env={'DAYBOOK_QUICK': '1'})
    assert 'telemetry: absent' in run.stdout and 'WARNING' not in run.stdout and 'notion' not in run.stdout
    assert 'telemetry: absent\n' in next((repo.root / 'docs/sessions').glob('*-01*.md')).read_text()
