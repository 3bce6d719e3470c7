"""The runner's stash is seen through wrappers, and in whatever store it lies."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Sandbox

_PROBE = ('import os; from daybook.repo import git; from daybook.session import runner_stash; '
          'print(sorted(runner_stash.paths(git.find_repo(), os.environ)))')


def _patched(repo: Sandbox) -> str:
    for name in ('a b.md', 'c.md'):
        repo.write(name, 'one\n')
    repo.commit()
    repo.write('a b.md', 'two\n')
    return repo.git('diff', '--binary') + '\n'


@pytest.mark.parametrize('is_wrapped', [False, True])
@pytest.mark.parametrize(('variable', 'store', 'name'), [
    ('VIRTUAL_ENV', 'store', 'store/patch17-{pid}'), ('VIRTUAL_ENV', 'store', 'store/patches/17-{pid}.patch'),
    ('PRE_COMMIT_HOME', 'pc', 'pc/patch17-{pid}'), ('PREK_HOME', 'prek', 'prek/patches/17-{pid}.patch'),
    ('XDG_CACHE_HOME', 'cache', 'cache/pre-commit/patch17-{pid}'), ('XDG_CACHE_HOME', 'cache', 'cache/prek/patches/17-{pid}.patch'),
])
def test_finds_what_was_put_aside(repo: Sandbox, tmp_path: Path, variable: str, store: str, name: str, is_wrapped: bool) -> None:
    patch = tmp_path / name.format(pid=os.getpid())
    patch.parent.mkdir(parents=True)
    patch.write_text(_patched(repo))
    value = tmp_path / store / 'repo1/py_env' if variable == 'VIRTUAL_ENV' else tmp_path / store
    command = [sys.executable, '-c', _PROBE]
    if is_wrapped:
        command = ['sh', '-c', '"$@"; true', 'sh', *command]
    ours = {name: value for name, value in os.environ.items() if name not in ('PRE_COMMIT_HOME', 'PREK_HOME')}  # of the runners of other tests
    environ = {**ours, 'PRE_COMMIT': '1', variable: str(value)}
    run = subprocess.run(command, cwd=repo.root, env=environ, capture_output=True, text=True)
    assert run.stdout == "['a b.md']\n", run.stderr


def test_passes_over_other_runs_and_old_ones(repo: Sandbox, tmp_path: Path) -> None:
    text = _patched(repo)
    for name in (f'patch17-{os.getpid()}', 'patch18-1'):
        (tmp_path / name).write_text(text)
    os.utime(tmp_path / f'patch17-{os.getpid()}', (1, 1))
    environ = {**os.environ, 'PRE_COMMIT': '1', 'PRE_COMMIT_HOME': str(tmp_path)}
    run = subprocess.run((sys.executable, '-c', _PROBE), cwd=repo.root, env=environ, capture_output=True, text=True)
    assert run.stdout == ('[]\n' if sys.platform == 'linux' else "['a b.md']\n"), run.stderr
