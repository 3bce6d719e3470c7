"""The dispatcher: what the environment of its caller may do to a run, which is nothing."""
from __future__ import annotations

import os
import subprocess
import sys

import pytest

from conftest import Sandbox
from handoffs import DRAFT
from handoffs import TEXT


def _ended(repo: Sandbox, *words: str, **environ: str) -> tuple[int, str, str]:
    run = subprocess.run((sys.executable, '-m', 'daybook', *words), cwd=repo.root, env={**os.environ, **environ}, capture_output=True)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


@pytest.fixture
def telling(repo: Sandbox) -> Sandbox:
    repo.write('.gitignore', '.daybook/state/\n')
    repo.write('docs/sessions/größer.md', '---\ntitle: größer: als\n---\n')
    repo.write('docs/sessions/RT-261101-01.md', '---\ntitle: Größe\n---\n\n[a](größe%20[1].md)\n')
    repo.write('docs/sessions/größe [1].md', 'x')
    repo.commit('add a note')
    repo.write('docs/sessions/größe [1].md', '---\ntitle: Größe\nstatus: none\n---\n\n[a](keine-größe.md)\n')
    return repo


# Magit sets the first for all that it starts, hooks included
@pytest.mark.parametrize('name', ['GIT_LITERAL_PATHSPECS', 'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS'])
def test_how_a_caller_has_git_read_pathspecs_changes_nothing(telling: Sandbox, name: str) -> None:
    for words in (('check-all', '--all'), ('inventory',), ('doctor',)):
        assert _ended(telling, *words, **{name: '1'}) == _ended(telling, *words)
    telling.write('staged.txt', 'staged\n')
    telling.git('add', 'staged.txt')
    telling.write(DRAFT, TEXT)
    code, out, err = _ended(telling, 'handoff', '--files', DRAFT, **{name: '1'})
    assert (code, 'handoff: id=RT-' in out) == (0, True), out + err
    assert telling.git('diff', '--cached', '--name-only') == 'staged.txt'


@pytest.mark.skipif(sys.platform == 'win32', reason='file names are UTF-8 on Windows')
@pytest.mark.parametrize('words', [('validate-frontmatter',), ('audit-links',), ('inventory',), ('resume', '--no-fetch'), ('no-ïd',)])
def test_a_locale_that_knows_no_utf8_changes_nothing(telling: Sandbox, words: tuple[str, ...]) -> None:
    usual = _ended(telling, *words)
    assert 'ï' in usual[2] or 'ö' in usual[1]
    assert _ended(telling, *words, LC_ALL='C', PYTHONUTF8='0', PYTHONCOERCECLOCALE='0') == usual
