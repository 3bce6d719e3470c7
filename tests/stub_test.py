"""Agent sessions without a hand-off: which they are, and the note that one command makes of their facts."""
from __future__ import annotations

import json
import os
import re
import time
from datetime import datetime
from datetime import timezone

import pytest

from conftest import Sandbox
from daybook.session import orphans

NOW = time.time()
HOUR = 3600


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def _state(repo: Sandbox, name: str, *, began: float = 5 * HOUR, ended: float = 4 * HOUR, **changes: object) -> str:
    state = {'session_id': name, 'cwd': str(repo.root), 'started_at': _iso(NOW - began), 'ended_at': _iso(NOW - ended), 'tool_calls_count': 41,
             'tool_calls_breakdown': {'Bash': 41}, 'tool_calls_breakdown_methods': {'Bash': 41}, 'subagents_dispatched': 0,
             'parallel_terminals_observed': 0, 'matcher': '*', 'spill_folded_bytes': 0}
    path = repo.write(f'.daybook/state/session-{name}.json', json.dumps({**state, **changes}))
    os.utime(path, (NOW - ended, NOW - ended))
    return str(path)


def _commit_at(repo: Sandbox, ago: float, path: str) -> str:
    moment = f'@{int(NOW - ago)} +0000'
    repo.write(path, f'{path}\n')
    repo.git('add', '--', path)
    repo.git('commit', '-q', '-m', f'change {path}', env={'GIT_AUTHOR_DATE': moment, 'GIT_COMMITTER_DATE': moment})
    return repo.git('rev-parse', 'HEAD')


def _found(repo: Sandbox, current: str | None = None) -> list[str]:
    return [one.session for one in orphans.find(str(repo.root / '.daybook/state'), str(repo.root), NOW, current)]


@pytest.fixture
def worked(repo: Sandbox) -> Sandbox:
    repo.write('.gitignore', '.daybook/state/\n')
    repo.git('add', '.gitignore')
    _commit_at(repo, 20 * HOUR, 'old.py')
    return repo


WORK = (
    ('many calls', {}, True),
    ('few calls and no commit', {'tool_calls_count': 4}, False),
    ('nothing but its start', {'tool_calls_count': 0, 'ended': 5 * HOUR}, False),
    ('still at work', {'ended': 100}, False),
    ('one call that a narrow matcher saw', {'tool_calls_count': 1, 'matcher': 'mcp__.*'}, True),
    ('no call that a narrow matcher saw', {'tool_calls_count': 0, 'matcher': 'mcp__.*'}, False),
    ('no number', {'tool_calls_count': 'many'}, False),
    ('a negative number', {'tool_calls_count': -1}, False),
    ('times that are none', {'tool_calls_count': 1, 'started_at': 'then'}, False),
)


@pytest.mark.parametrize(('changes', 'is_orphan'), [row[1:] for row in WORK], ids=[row[0] for row in WORK])
def test_what_is_an_orphan(worked: Sandbox, changes: dict[str, object], is_orphan: bool) -> None:
    _state(worked, 'a', **changes)
    assert bool(_found(worked)) is is_orphan


@pytest.mark.parametrize(('ago', 'email', 'is_orphan'), [
    (4.5 * HOUR, None, True), (4 * HOUR - 300, None, True), (3 * HOUR, None, False), (6 * HOUR, None, False), (4.5 * HOUR, 'sara@example.com', False),
])
def test_a_commit_of_ours_in_its_time_is_work(worked: Sandbox, ago: float, email: str | None, is_orphan: bool) -> None:
    _commit_at(worked, ago, 'new.py')
    if email:
        worked.git('config', 'user.email', email)
    _state(worked, 'a', tool_calls_count=2)
    assert bool(_found(worked)) is is_orphan


def test_the_session_at_work_and_what_is_no_state_are_left_out(worked: Sandbox) -> None:
    _state(worked, 'a', ended=3 * HOUR)
    _state(worked, 'b')
    for text in ('{', '[' * 100_000, '[]', ''):
        path = worked.write('.daybook/state/session-bad.json', text)
        os.utime(path, (NOW - 4 * HOUR, NOW - 4 * HOUR))
        assert _found(worked) == ['b', 'a']
    assert _found(worked, 'a') == ['b']
    assert _found(Sandbox(worked.root / 'nowhere')) == []


def test_the_list(worked: Sandbox) -> None:
    assert worked.daybook('stub').stdout == 'every agent session with work was handed off\n'
    _state(worked, 'a')
    _state(worked, 'b', tool_calls_count=3, matcher='mcp__.*')
    lines = worked.daybook('stub').stdout.splitlines()
    assert re.fullmatch(rf'a: .* to .* UTC, 41 calls, in {re.escape(str(worked.root))}', lines[0])
    assert '3 calls of the tools that telemetry sees' in lines[1]
    assert lines[2].startswith('2 without a hand-off; daybook stub SESSION')


def test_one_command_makes_a_note_of_facts_alone(worked: Sandbox) -> None:
    base = worked.git('rev-parse', 'HEAD')
    inside = _commit_at(worked, 4.5 * HOUR, 'inside.py')
    _commit_at(worked, 2 * HOUR, 'later.py')
    worked.write('mine.py', 'not committed')
    _state(worked, 'a')
    run = worked.daybook('stub', 'a')
    assert run.returncode == 0, run.stdout + run.stderr
    last = run.stdout.splitlines()[-1]
    note_id = re.search(r'id=(\S+)', last)[1]  # type: ignore[index]
    note = worked.read(f'docs/sessions/{note_id}.md')
    assert inside[:10] in note and 'inside.py' in note and 'later.py' not in note
    assert f'\nbase: {base}\n' in note
    assert 'commits: 1\n' in note and 'telemetry: observed' in note and 'mcp__notion: 0' in note
    assert 'made from facts\nalone. Telemetry saw 41 tool calls between' in note
    assert 'Confidence: L' in note
    assert worked.git('show', '--name-only', '--format=', 'HEAD').splitlines() == ['docs/sessions/INDEX.md', f'docs/sessions/{note_id}.md']
    assert worked.git('status', '--porcelain') == '?? mine.py'
    assert _found(worked) == [] and not (worked.root / '.daybook/state/session-a.json').exists()
    assert worked.daybook('validate-frontmatter').stdout == ''
    assert worked.daybook('check-invariant').stdout == ''
    again = worked.daybook('stub', 'a')
    assert (again.returncode, 'no session without a hand-off is called a' in again.stderr) == (1, True)


def test_a_refused_note_leaves_its_draft_and_the_next_try_takes_the_same_id(worked: Sandbox) -> None:
    _state(worked, 'a')
    worked.git('checkout', '-q', '--detach')
    first = worked.daybook('stub', 'a')
    assert (first.returncode, 'refused' in first.stdout) == (1, True)
    worked.git('checkout', '-q', 'main')
    second = worked.daybook('stub', 'a')
    assert second.returncode == 0, second.stdout + second.stderr
    assert len(list((worked.root / '.git/daybook/claims').glob('*.json'))) == 1


def test_a_draft_for_who_remembers_speaks_of_that_session(worked: Sandbox) -> None:
    _commit_at(worked, 4.5 * HOUR, 'inside.py')
    _commit_at(worked, 2 * HOUR, 'later.py')
    _state(worked, 'a')
    _state(worked, 'mine', ended=10, tool_calls_count=7, tool_calls_breakdown={'Edit': 7})
    run = worked.daybook('stub', 'a', '--draft')
    path = re.match(r'draft: (\S+) ', run.stdout)[1]  # type: ignore[index]
    text = worked.read(path).replace('title: ""', 'title: What a did')
    worked.write(path, text + '\n## Summary\n\nIt was a test.\n\n## Resume Prompt\n\nGo on. Confidence: M\n')
    done = worked.daybook('handoff', '--files', path, env={'DAYBOOK_SESSION_ID': 'mine'})
    assert done.returncode == 0, done.stdout + done.stderr
    note = worked.read(f'docs/sessions/{re.search("id=([^ ]+)", run.stdout)[1]}.md')  # type: ignore[index]
    assert 'tool_calls_count: 41' in note and 'later.py' not in note
    assert (worked.root / '.daybook/state/session-mine.json').exists()


def test_drop_puts_it_away(worked: Sandbox) -> None:
    _state(worked, 'a')
    run = worked.daybook('stub', 'a', '--drop')
    assert (run.returncode, run.stdout) == (0, 'put away: .daybook/state/archive/dropped-a.json\n')
    assert _found(worked) == []


def test_a_session_of_another_work_tree_is_told_from_there(worked: Sandbox) -> None:
    worked.git('worktree', 'add', '-q', '../other')
    _state(worked, 'a', cwd=str(worked.root.parent / 'other'))
    run = worked.daybook('stub', 'a')
    assert (run.returncode, 'worked in another work tree' in run.stderr) == (1, True)
    there = Sandbox(worked.root.parent / 'other').daybook('stub', 'a')
    assert there.returncode == 0, there.stdout + there.stderr


def test_inside_a_git_hook_nothing_is_claimed(worked: Sandbox) -> None:
    _state(worked, 'a')
    run = worked.daybook('stub', 'a', env={'GIT_INDEX_FILE': '.git/index'})
    assert run.returncode == 1
    assert not (worked.root / '.git/daybook/claims').exists()
