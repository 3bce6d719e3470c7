"""What the tests of the governance hooks share."""
from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from conftest import Sandbox

CASES = Path(__file__).parent / 'data' / 'hooks'
TODAY = '2026-11-21'  # the day of the examples


def cases(hook_id: str, kind: str) -> list[Path]:
    """Return the examples of a hook; `kind` is good or bad."""
    found = sorted(CASES.glob(f'{hook_id}/{kind}/*'))
    assert found
    return found


def fill(repo: Sandbox, case: Path) -> None:
    shutil.copytree(case, repo.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns('expected.txt'))
    repo.git('add', '--all')


def run(repo: Sandbox, hook_id: str, *words: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run a hook by hand; return its exit code and all that it printed."""
    done = repo.daybook(hook_id, *words, env=env)
    return done.returncode, done.stdout + done.stderr


def install(repo: Sandbox, hook_id: str, stage: str = 'pre-commit', words: str = '') -> None:
    path = repo.write(f'.git/hooks/{stage}', f'#!/bin/sh\nexec {sys.executable} -m daybook {hook_id} {words} "$@"\n')
    path.chmod(0o755)


def commit(repo: Sandbox, message: str = 'change', *words: str) -> tuple[int, str]:
    """Run `git commit` with its hooks; return its exit code and all that it printed."""
    done = subprocess.run(('git', 'commit', '-q', '-m', message, *words), cwd=repo.root, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
