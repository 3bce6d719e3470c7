"""daybook audit: everything in one report, and never clean on no data."""
from __future__ import annotations

import json
import os
import time

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.problem import Problem
from daybook.session import mirror_sight
from daybook.writers import audit_report
from daybook.writers.audit_report import Counter
from daybook.writers.audit_report import Report

NOTE = '''---
title: T
operator: roman
summary: S
kind: session
id: {id}
created: "2026-11-20"
claimed_at: "2026-11-20T09:00:00Z"
{head}---

## Summary

x

## Resume Prompt

Go on.
'''
SEEN = 'tool_calls_count: 1200\ntool_calls_breakdown: {Bash: 1200, mcp__notion: 0}\ntelemetry: observed\n'
UNSEEN = 'tool_calls_breakdown: {mcp__notion: 0}\ntelemetry: absent\n'
BROKEN = 'tool_calls_count: 9\ntool_calls_breakdown: {Bash: 6, mcp__notion: 3}\ntelemetry: observed\n'


def _note(repo: Sandbox, name: str, head: str) -> None:
    repo.write(f'docs/sessions/{name}.md', NOTE.format(id=name, head=head))


def _audit(repo: Sandbox, *args: str) -> tuple[int, list[str]]:
    repo.git('add', '--all')
    run = repo.daybook('audit', *args)
    assert run.stderr == ''
    return run.returncode, run.stdout.splitlines()


def test_clean_only_where_calls_were_seen(repo: Sandbox) -> None:
    repo.write('docs/sync/LAST_SYNC.md', '# Sync\n')
    code, lines = _audit(repo)
    assert (code, lines[2], lines[-1].split(' errors')[0]) == (0, 'mcp__notion: 0 observed over 0 calls in 0 notes, which proves nothing', 'audit: unproven')
    _note(repo, 'QA-261120-01', SEEN)
    code, lines = _audit(repo)
    assert (code, lines[2]) == (0, 'mcp__notion: 0 observed over 1,200 calls in 1 note')
    assert lines[-1] == 'audit: clean errors=0 warnings=0 unwitnessed=0 orphans=0 provisional=0 sync_errors=0'


@pytest.mark.parametrize(('path', 'content'), [
    ('.mcp.json', '{"mcpServers": {"Notion-Work": {}}}'), ('.claude/settings.local.json', '{"permissions": {"allow": ["mcp__claude_ai_Notion__search"]}}'),
    ('.codex/config.toml', '[mcp_servers.notion]\n'), ('.daybook/config.yaml', 'mirror: {data_source: "x"}\n'),
    ('.daybook/config.yaml', 'invariants: [{name: mcp__notion, tools: ["mcp__*notion*"]}]\n'), ('docs/sync/LAST_SYNC.md', '# Sync\n')])
def test_what_brings_the_mirror_in_sight(repo: Sandbox, path: str, content: str) -> None:
    repo.write('.mcp.json', '{"mcpServers": {"linear": {}}}')
    assert not mirror_sight.is_in_sight(str(repo.root), config.load(str(repo.root)))
    repo.write(path, content)
    assert mirror_sight.is_in_sight(str(repo.root), config.load(str(repo.root)))


def test_where_there_is_no_mirror_one_line_says_that_nobody_counted(repo: Sandbox) -> None:
    for number in range(1, 31):
        _note(repo, f'QA-261120-{number:02}', UNSEEN)
    code, lines = _audit(repo)
    assert (code, [line for line in lines if 'notion' in line]) == (0, ['mcp__notion: no mirror is in use here, and nobody counted in 30 notes of 30'])
    assert lines[-1].startswith('audit: no-mirror errors=0'), 'what nobody counted is never clean'
    checked = repo.daybook('check-all')
    assert (checked.returncode, checked.stdout) == (0, 'check-invariant: unproven in 30 notes, as nobody counted; no mirror is in use here\n')
    _note(repo, 'QA-261120-31', BROKEN)
    assert _audit(repo)[1][-1].startswith('audit: problems'), 'a call that was seen is told'
    repo.write('docs/sessions/QA-261120-31.md', '')
    (repo.root / 'docs/sessions/QA-261120-31.md').unlink()
    repo.write('docs/sync/LAST_SYNC.md', '# Sync\n')
    code, lines = _audit(repo)
    assert (code, lines[-1].split(' orphans')[0]) == (1, 'audit: unproven errors=0 warnings=0 unwitnessed=30')
    warned = repo.daybook('check-all').stdout.splitlines()
    assert len(warned) == 21 and warned[-1] == ('and 10 more: warning: mcp__notion: 0 observed over 0 calls, which proves nothing '
                                                '[invariant-unwitnessed]; DAYBOOK_FORMAT=json lists all')


def test_no_telemetry_is_red_until_a_person_makes_it_history(repo: Sandbox) -> None:
    repo.write('docs/sync/LAST_SYNC.md', '# Sync\n')
    _note(repo, 'QA-261120-01', SEEN)
    _note(repo, 'QA-261120-02', UNSEEN)
    code, lines = _audit(repo)
    assert (code, lines[-1].split(' orphans')[0]) == (1, 'audit: unproven errors=0 warnings=0 unwitnessed=1')
    assert '    docs/sessions/QA-261120-02.md: 0 observed over 0 calls, which proves nothing' in lines
    repo.write('.daybook/config.yaml', 'audit: {since: 2026-11-21}\n')
    code, lines = _audit(repo)
    assert (code, '  history, before audit.since: 1 note' in lines) == (0, True)
    repo.write('.daybook/config.yaml', 'invariants: []\n')
    assert _audit(repo)[0] == 0


def test_everything_is_in_the_report(repo: Sandbox) -> None:
    repo.write('.gitignore', '.daybook/state/\n')
    _note(repo, 'QA-261120-01', BROKEN)
    _note(repo, 'QA-261120-02abc', SEEN)
    repo.write('.claude/commands/a.md', 'Call mcp__notion__search.\n')
    repo.write('scripts/sync_to_notion.py', 'URL = "https://api.notion.com"\n')
    repo.write('plans/p.md', '---\ntitle: P\nsync_status: error\nsync_error: "validation:\\n too long"\n---\n[x](no.md)\n')
    repo.write('plans/q.md', '---\ntitle: Q\nsync_status: manual_override\n---\n')
    repo.write('docs/sync/LAST_SYNC.md', '# Last sync\n\n- 2026-11-01T03:00:00Z created `p`: new\n')
    repo.write('.daybook/config.yaml', 'claims: {remote: off}\nmirror: {max_age: 2}\n')
    repo.git('remote', 'add', 'origin', '../none.git')
    assert repo.daybook('claim-session').returncode == 0
    state = {'session_id': 's1', 'cwd': str(repo.root), 'started_at': '2026-11-20T10:00:00Z', 'ended_at': '2026-11-20T11:00:00Z', 'tool_calls_count': 41,
             'matcher': '*'}
    path = repo.write('.daybook/state/session-s1.json', json.dumps(state))
    os.utime(path, (time.time() - 9999,) * 2)
    repo.git('add', '--', *(name for name in repo.git('ls-files', '-o', '--exclude-standard').splitlines() if not name.startswith('docs/sessions/RT')))
    run = repo.daybook('audit', '--as-of', '2026-11-21')
    text = run.stdout
    assert run.returncode == 1, run.stderr
    for part in ('mcp__notion: 3 observed over 1,209 calls in 2 notes', '    docs/sessions/QA-261120-01.md: 3 observed over 9 calls, and it must stay 0',
                 '  .claude/commands/a.md:1: calls mcp__notion__search, and mcp__notion must stay 0', '[link-missing]',
                 '  docs/sync/LAST_SYNC.md:1: the last sync was 20 days ago, and mirror.max_age is 2', 'mirror: last run 2026-11-01T03:00:00Z, allowed are 2 days',
                 's1: 41 calls, 2026-11-20T10:00:00Z to 2026-11-20T11:00:00Z', ': open, claimed ', 'QA-261120-02abc: handed off',
                 'could not be synced:\n  plans/p.md: validation: too long', '(manual_override):\n  plans/q.md',
                 'not searched for calls:\n  scripts/sync_to_notion.py'):
        assert part in text, part + '\n' + text
    assert text.splitlines()[-1].startswith('audit: problems errors=4 ')
    assert 'orphans=1 provisional=2 sync_errors=1' in text


def test_formats(repo: Sandbox) -> None:
    _note(repo, 'QA-261120-01', BROKEN)
    repo.git('add', '--all')
    run = repo.daybook('audit', env={'DAYBOOK_FORMAT': 'json'})
    found = json.loads(run.stdout)
    assert (run.returncode, found['verdict'], found['red'], found['counters'][0]['observed']) == (1, 'problems', True, 3)
    assert [one['rule'] for one in found['problems']] == ['invariant-counter']
    run = repo.daybook('audit', env={'DAYBOOK_FORMAT': 'github'})
    assert any(line.startswith('::error file=docs/sessions/QA-261120-01.md,line=') for line in run.stdout.splitlines())
    assert repo.daybook('audit', '--as-of', 'soon').returncode == 2


def test_wrong_settings_are_an_error(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'invariant: []\n')
    run = repo.daybook('audit')
    assert (run.returncode, 'did you mean `invariants`?' in run.stderr) == (1, True)


VERDICTS = (
    (Report('d'), 'clean', False),
    (Report('d', (Counter('c', 0, 5, 1),)), 'clean', False),
    (Report('d', (Counter('c', 0, 0, 0),)), 'unproven', False),
    (Report('d', (Counter('c', 0, 5, 2, ('a',)),)), 'unproven', True),
    (Report('d', (Counter('c', 0, 5, 2, ('a',), is_idle=True),)), 'no-mirror', False),
    (Report('d', (Counter('c', 0, 5, 2, ('a',), is_idle=True), Counter('d', 0, 0, 0))), 'unproven', False),
    (Report('d', (Counter('c', 0, 5, 1, is_idle=True),)), 'clean', False),
    (Report('d', (Counter('c', 0, 5, 1),), (Problem('a', 1, 'r', 'm', 'warning'),)), 'clean', False),
    (Report('d', (Counter('c', 0, 5, 1),), (Problem('a', 1, 'r', 'm'),)), 'problems', True),
    (Report('d', sync_errors=('a',)), 'problems', True),
    (Report('d', orphans=('a',), claims=('b',)), 'clean', False),
)


@pytest.mark.parametrize(('report', 'verdict', 'is_red'), VERDICTS)
def test_verdicts(report: Report, verdict: str, is_red: bool) -> None:
    assert (report.verdict, report.is_red) == (verdict, is_red)


def test_long_lists_are_cut() -> None:
    lines = audit_report.text(Report('d', orphans=tuple(f's{n}' for n in range(25))), [])
    assert '  and 5 more' in lines and '  s19' in lines and '  s20' not in lines
