"""That what is forked tells, and ends, as what begins anew does."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Sandbox


def _anew(repo: Sandbox, *words: str, **environ: str) -> tuple[int, str, str]:
    run = subprocess.run((sys.executable, '-m', 'daybook', *words), cwd=repo.root, input='', capture_output=True, text=True,
                         env={**os.environ, **environ})
    return run.returncode, run.stdout, run.stderr


def _forked(repo: Sandbox, *words: str, **environ: str) -> tuple[int, str, str]:
    run = repo.daybook(*words, env=environ)
    return run.returncode, run.stdout, run.stderr


@pytest.mark.parametrize('words', [
    (), ('--help',), ('--version',), ('no-such-id',), ('whoami',), ('audit-links', '--help'), ('audit-links', '--no-such-option'), ('audit-links',),
    ('validate-frontmatter',), ('inventory',), ('resume', '--no-fetch')], ids=' '.join)
def test_it_tells_the_same(repo: Sandbox, words: tuple[str, ...]) -> None:
    repo.write('a.md', '[é](no.md)\r\n')
    repo.commit()
    assert _forked(repo, *words) == _anew(repo, *words)
    assert _forked(repo, *words, DAYBOOK_FORMAT='json', TZ='Asia/Tokyo') == _anew(repo, *words, DAYBOOK_FORMAT='json', TZ='Asia/Tokyo')


@pytest.mark.skipif(sys.platform == 'win32', reason='signals are POSIX')
def test_it_may_be_killed(repo: Sandbox, tmp_path: Path) -> None:
    shim = tmp_path / 'bin' / 'git'
    shim.parent.mkdir()
    shim.write_text('#!/bin/sh\nkill -9 $PPID\n')
    shim.chmod(0o755)
    path = f'{shim.parent}{os.pathsep}{os.environ["PATH"]}'
    assert _forked(repo, 'whoami', PATH=path) == _anew(repo, 'whoami', PATH=path) == (-signal.SIGKILL, '', '')
