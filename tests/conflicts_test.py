"""A conflict in a code fence: git remembers which files a merge left in conflict, and what both sides had there."""
from __future__ import annotations

import subprocess
import sys

import pytest

from conftest import Sandbox

PLAN = 'plans/p.md'
CODE = '---\ntitle: P\nowner: roman\nsummary: S\n---\n\n# P\n\n```python\nx = {}\n```\n'
SHOWN = '\n## How a conflict looks\n\n```text\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> feature\n```\n'
TOLD = 'plans/p.md:10: a merge left its conflict here; keep what is right of both sides and take the marks out [conflict-marker]\n'


def _conflict(repo: Sandbox, *command: str, ours: str = CODE.format(1), theirs: str = CODE.format(2)) -> None:
    repo.write(PLAN, CODE.format(0))
    repo.commit('base')
    repo.git('checkout', '-q', '-b', 'peer')
    repo.write(PLAN, theirs)
    repo.commit('theirs')
    repo.git('checkout', '-q', 'main')
    repo.write(PLAN, ours)
    repo.commit('ours')
    repo.git(*(command or ('merge', 'peer')), check=False)
    assert '<<<<<<< ' in repo.read(PLAN)


def _found(repo: Sandbox, hook: str = 'validate-frontmatter') -> str:
    run = repo.daybook(hook)
    assert run.returncode == bool(run.stdout), run.stderr
    return run.stdout


def _hook(repo: Sandbox) -> None:
    repo.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook validate-frontmatter\n').chmod(0o755)


def _commit(repo: Sandbox, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(('git', 'commit', '-q', '-m', 'merged', *args), cwd=repo.root, capture_output=True, text=True)


@pytest.mark.parametrize('command', [('merge', 'peer'), ('cherry-pick', 'peer'), ('rebase', 'peer'), ('merge', '--squash', 'peer'),
                                     ('-c', 'merge.conflictStyle=diff3', 'merge', 'peer')], ids=' '.join)
def test_a_conflict_that_a_merge_left_in_a_fence(repo: Sandbox, command: tuple[str, ...]) -> None:
    _conflict(repo, *command)
    assert _found(repo) == TOLD, 'unmerged'
    repo.git('add', PLAN)
    assert _found(repo) == TOLD and _found(repo, 'check-all') == TOLD, 'taken for settled'
    repo.write(PLAN, CODE.format(3))
    assert _found(repo) == '', 'settled'


@pytest.mark.parametrize('args', [(), ('-a',)], ids=['staged', 'commit -a'])
def test_a_merge_is_not_concluded_with_it(repo: Sandbox, args: tuple[str, ...]) -> None:
    _conflict(repo)
    _hook(repo)
    if not args:
        repo.git('add', PLAN)
    run = _commit(repo, *args)
    assert run.returncode == 1 and run.stdout + run.stderr == TOLD
    repo.git('commit', '-qam', 'merged', '--no-verify')
    assert _found(repo) == TOLD, 'just after'
    repo.write('plans/q.md', CODE.format(1))
    repo.git('add', 'plans/q.md')
    assert _commit(repo).returncode == 0, 'the fault of an earlier commit'


@pytest.mark.parametrize('side', ['ours', 'theirs'])
def test_documentation_of_conflicts_comes_through_a_merge(repo: Sandbox, side: str) -> None:
    _conflict(repo, **{side: CODE.format(side) + SHOWN})
    repo.write(PLAN, CODE.format('both') + SHOWN)
    repo.git('add', PLAN)
    _hook(repo)
    assert _found(repo) == '' and _commit(repo).returncode == 0
    repo.write('plans/q.md', CODE.format(1) + SHOWN)
    repo.git('add', 'plans/q.md')
    assert _found(repo) == '' and _commit(repo).returncode == 0, 'and is written at any time'


def test_a_conflict_beside_documentation_of_conflicts(repo: Sandbox) -> None:
    _conflict(repo, ours=CODE.format(1) + SHOWN, theirs=CODE.format(2) + SHOWN)
    repo.git('add', PLAN)
    assert _found(repo) == TOLD
