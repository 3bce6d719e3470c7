"""check-invariant on real repositories: what blocks where, and what it leaves alone."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Sandbox

ID = 'check-invariant'
CASES = Path(__file__).parent / 'data' / 'hooks' / ID
GOOD = sorted(CASES.glob('good/*'))
BAD = sorted(CASES.glob('bad/*'))
SITE = ", and mcp__notion must stay 0; take it out, or name the file under `except` of the invariant if it is the mirror's own worker [invariant-call]\n"
CALL = f'.claude/commands/a.md:1: calls mcp__notion__search{SITE}'
OTHER = f'scripts/b.sh:1: uses api.notion.com{SITE}'
NOTE = (CASES / 'bad/counters/docs/sessions/QA-261120-01.md').read_text()
COUNTED = 'docs/sessions/QA-261120-01.md:12: {}mcp__notion: 3 observed over 5 calls, and it must stay 0; leave the note as it is, take out what calls it, ' \
    'then set `audit.since` in .daybook/config.yaml: notes made before that day are history [invariant-counter]\n'


def _fill(repo: Sandbox, case: Path) -> None:
    shutil.copytree(case, repo.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns('expected.txt'))
    repo.git('add', '--all')


def _check(repo: Sandbox, *args: str) -> tuple[int, str]:
    run = repo.daybook(ID, *args)
    assert run.stderr == ''
    return run.returncode, run.stdout


def _commit(repo: Sandbox) -> tuple[int, str]:
    path = repo.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook {ID}\n')
    path.chmod(0o755)
    repo.git('add', '--all')
    run = subprocess.run(('git', 'commit', '-q', '-m', 'change'), cwd=repo.root, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize('case', GOOD, ids=lambda case: case.name)
def test_good(repo: Sandbox, case: Path) -> None:
    _fill(repo, case)
    assert _check(repo) == (0, '')


@pytest.mark.parametrize('case', BAD, ids=lambda case: case.name)
def test_bad(repo: Sandbox, case: Path) -> None:
    _fill(repo, case)
    expected = (case / 'expected.txt').read_text()
    only_warnings = all(': warning: ' in line for line in expected.splitlines())
    assert _check(repo) == (0 if only_warnings else 1, expected)


def test_only_what_the_commit_causes_blocks_it(repo: Sandbox) -> None:
    repo.write('.claude/commands/a.md', 'Call mcp__notion__search.\n')
    repo.commit()
    repo.write('plans/p.md', '---\ntitle: P\n---\n')
    assert _commit(repo) == (0, f'{ID}: 1 older problem in 1 document; run daybook {ID}\n')
    repo.write('scripts/b.sh', 'curl https://api.notion.com\n')
    assert _commit(repo) == (1, f'{OTHER}{ID}: 1 older problem in 1 document; run daybook {ID}\n')
    assert _check(repo) == (1, CALL + OTHER)
    assert _check(repo, 'scripts') == (1, OTHER)


def test_a_commit_of_code_looks_at_nothing(repo: Sandbox) -> None:
    repo.write('.claude/commands/a.md', 'Call mcp__notion__search.\n')
    repo.commit()
    repo.write('src/a.py', 'x = 1\n')
    assert _commit(repo) == (0, '')


def test_what_is_staged_counts_and_not_what_lies_on_the_disk(repo: Sandbox) -> None:
    repo.write('.claude/commands/a.md', 'Call mcp__notion__search.\n')
    repo.git('add', '--all')
    repo.write('.claude/commands/a.md', 'Read the note.\n')
    run = repo.daybook(ID, env={'GIT_INDEX_FILE': '.git/index'})
    assert (run.returncode, run.stdout) == (1, CALL)


def test_a_new_invariant_answers_for_what_it_finds(repo: Sandbox) -> None:
    repo.write('.claude/commands/a.md', 'Call mcp__coda__rows.\n')
    repo.commit()
    repo.write('.daybook/config.yaml', 'invariants: [{name: coda, tools: ["mcp__coda__*"]}]\n')
    code, output = _commit(repo)
    assert (code, 'calls mcp__coda__rows, and coda must stay 0' in output) == (1, True)


def test_a_note_that_tells_the_truth_can_be_committed_and_is_red_afterwards(repo: Sandbox) -> None:
    repo.write('docs/sessions/QA-261120-01.md', NOTE)
    assert _commit(repo) == (0, COUNTED.format('warning: '))
    assert _check(repo) == (1, COUNTED.format(''))
    repo.write('.daybook/config.yaml', 'audit: {since: 2026-11-21}\n')
    assert _check(repo) == (0, '')


def test_json(repo: Sandbox) -> None:
    _fill(repo, CASES / 'bad/counters')
    run = repo.daybook(ID, env={'DAYBOOK_FORMAT': 'json'})
    assert [(one['rule'], one['level']) for one in json.loads(run.stdout)] == [
        ('invariant-counter', 'error'), ('invariant-missing', 'error'), ('invariant-unwitnessed', 'warning')]


@pytest.mark.parametrize('data', [b'\xff\xfecall mcp__notion__search\0', b'x' * (1 << 20) + b' mcp__notion__search'], ids=['binary', 'huge'])
def test_what_nobody_wrote_is_not_read(repo: Sandbox, data: bytes) -> None:
    repo.write('scripts/a.sh', data)
    repo.commit()
    assert _check(repo) == (0, '')


def test_odd_files_stop_nothing(repo: Sandbox) -> None:
    repo.write('.claude/commands/ü é.md', b'Call mcp__notion__search \xff.\r\n')
    (repo.root / '.claude/commands/loop.md').symlink_to('loop.md')
    repo.write('scripts/gone.sh', 'curl https://api.notion.com\n')
    repo.commit()
    (repo.root / 'scripts/gone.sh').unlink()
    assert _check(repo) == (1, CALL.replace('a.md', 'ü é.md'))
