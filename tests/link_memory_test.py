"""The last answer of the link audit: given again while nothing has changed, and never when something has."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import catalogue_version
from daybook.links import link_answer
from daybook.links.link_answer import Answer

DEAD = 'a.md:1: no such file: no.md; correct the link or add the file [link-missing]\n'


def _audit(repo: Sandbox, cwd: str = '.') -> tuple[int, str, str]:
    run = repo.daybook('audit-links', cwd=cwd)
    return run.returncode, run.stdout, run.stderr


def _files(repo: Sandbox) -> list[Path]:
    return list((repo.root / '.git/daybook').glob('links-*'))


def _rephrase(git_dir: Path) -> None:
    """Let the last answer have other words, to be known by."""
    answer = link_answer.kept(str(git_dir))
    assert answer is not None and answer.is_index and bytes(answer.text).decode() == DEAD
    words = Answer(answer.setup, answer.files, answer.index, answer.witness, is_index=True, blocking=1, text=b'the last answer\n')
    link_answer.keep(str(git_dir), words)


@pytest.fixture
def warm(repo: Sandbox) -> Sandbox:
    """A repository with a dead link that was audited twice, and that is told by its last answer: it says so."""
    repo.write('a.md', '[x](no.md) [y](b.md#b)\n')
    repo.write('b.md', '# B\n')
    repo.write('.daybook/config.yaml', 'links: {root: repository}\n')
    repo.git('config', 'core.trustctime', 'false')
    for path in repo.root.glob('*.md'):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    repo.commit()
    repo.git('branch', 'other')
    assert _audit(repo) == (1, DEAD, '')
    _rephrase(repo.root / '.git')
    assert _audit(repo) == (1, 'the last answer\n', '')
    return repo


def _touched(repo: Sandbox) -> None:
    os.utime(repo.root / 'a.md', (1_100_000_000, 1_100_000_000))


def _index_written_anew(repo: Sandbox) -> None:
    _touched(repo)
    repo.git('update-index', '--refresh')


STILL_TRUE = (_touched, _index_written_anew)


@pytest.mark.parametrize('change', STILL_TRUE)
def test_what_changes_no_file_changes_no_answer(warm: Sandbox, change: Callable[[Sandbox], None]) -> None:
    change(warm)
    for _ in range(2):
        assert _audit(warm) == (1, 'the last answer\n', '')


def _rewritten(repo: Sandbox, path: str, text: str) -> None:
    """Another text of the same size with the same time, which git knows by the number of its file alone."""
    os.utime(repo.write('new', text), (1_000_000_000, 1_000_000_000))
    (repo.root / 'new').replace(repo.root / path)


CHANGES = (
    pytest.param(lambda repo: repo.write('a.md', '[y](b.md#b)\n'), '', id='edited'),
    pytest.param(lambda repo: _rewritten(repo, 'a.md', '[x](on.md) [y](b.md#b)\n'), DEAD.replace('no.md', 'on.md'), id='restored with its time'),
    pytest.param(lambda repo: repo.write('b.md', '# C\n'), None, id='a heading of another'),
    pytest.param(lambda repo: (repo.root / 'b.md').unlink(), None, id='another deleted'),
    pytest.param(lambda repo: (repo.write('no.md', ''), repo.git('add', 'no.md')), '', id='the target added'),
    pytest.param(lambda repo: repo.write('no.md', ''), 'a.md:1: not in git: no.md; add it with `git add -- :/no.md` [link-untracked]\n', id='the target on the disk'),
    pytest.param(lambda repo: repo.git('rm', '-q', '--cached', 'a.md'), '', id='no longer tracked'),
    pytest.param(lambda repo: repo.write('.daybook/config.yaml', 'links: {ignore: ["no.md"]}\n'), '', id='settings'),
    pytest.param(lambda repo: repo.write('.daybook/links-baseline.txt', 'a.md: no.md\n'), '', id='baseline'),
    pytest.param(lambda repo: repo.git('commit', '-q', '--allow-empty', '-m', 'none'), DEAD, id='another commit of the same files'),
)


@pytest.mark.parametrize(('change', 'output'), CHANGES)
def test_what_may_change_the_answer(warm: Sandbox, change: Callable[[Sandbox], object], output: str | None) -> None:
    change(warm)
    code, found, err = _audit(warm)
    assert 'last answer' not in found and (output is None or found == output)
    run = warm.daybook('audit-links', '--no-catalogue')
    assert (code, found, err) == (run.returncode, run.stdout, run.stderr)
    assert _audit(warm) == (code, found, err)


def test_another_branch(warm: Sandbox) -> None:
    warm.git('checkout', '-q', 'other')
    warm.write('a.md', 'nothing\n')
    warm.commit()
    assert _audit(warm) == (0, '', '')
    warm.git('checkout', '-q', 'main')
    assert _audit(warm) == (1, DEAD, '')


DAMAGE = (
    pytest.param(lambda data: b'', id='empty'),
    pytest.param(lambda data: bytes(4), id='zeros'),
    pytest.param(lambda data: bytes(len(data)), id='all zeros'),
    pytest.param(lambda data: data[:-1], id='truncated'),
    pytest.param(lambda data: data[:6], id='truncated in its head'),
    pytest.param(lambda data: data.replace(b'last', b'lost'), id='another word'),
    pytest.param(lambda data: data + b'more', id='longer'),
    pytest.param(lambda data: b'\xff' * 4096, id='garbage'),
)


@pytest.mark.parametrize('damaged', DAMAGE)
def test_damaged_file_is_made_anew(warm: Sandbox, damaged: Callable[[bytes], bytes]) -> None:
    path, = _files(warm)
    path.write_bytes(damaged(path.read_bytes()))
    for _ in range(2):
        assert _audit(warm) == (1, DEAD, '')
    assert link_answer.kept(str(warm.root / '.git')) is not None


def test_folder_in_the_way(warm: Sandbox) -> None:
    path, = _files(warm)
    path.unlink()
    path.mkdir()
    for _ in range(2):
        assert _audit(warm) == (1, DEAD, '')


def test_each_version_has_its_own(warm: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, = _files(warm)
    old = mine.with_name('links-00000000')
    old.write_bytes(mine.read_bytes())
    os.utime(old, (1_000_000_000, 1_000_000_000))
    monkeypatch.setattr(catalogue_version, '_version', 'another')
    assert link_answer.kept(str(warm.root / '.git')) is None
    link_answer.keep(str(warm.root / '.git'), Answer(b's', b'f', b'', b'w', is_index=False, blocking=0, text=b''))
    assert sorted(_files(warm)) == sorted((mine, mine.with_name('links-another')))  # the old one has gone


def test_linked_work_trees_have_their_own(warm: Sandbox, tmp_path: Path) -> None:
    warm.git('worktree', 'add', '-q', str(tmp_path / 'linked'), 'other')
    linked = str(tmp_path / 'linked')
    assert _audit(warm, linked) == (1, DEAD, '')
    _rephrase(warm.root / '.git/worktrees/linked')
    assert _audit(warm, linked) == _audit(warm) == (1, 'the last answer\n', '')
    (tmp_path / 'linked/a.md').write_text('nothing\n')
    assert _audit(warm, linked) == (0, '', '')


def test_below_the_root(warm: Sandbox) -> None:
    warm.write('sub/c.md', '[z](../no.md)\n')
    warm.commit()
    found = _audit(warm)
    assert 'sub/c.md:1' in found[1]
    assert [_audit(warm, 'sub') for _ in range(2)] == [found] * 2


def test_several_at_once(warm: Sandbox) -> None:
    for text in ('[x](no.md)\n', '[x](on.md)\n'):
        warm.write('a.md', text)
        runs = [subprocess.Popen((sys.executable, '-m', 'daybook', 'audit-links'), cwd=warm.root, stdout=subprocess.PIPE) for _ in range(4)]
        expected = DEAD.replace('no.md', text[4:9])
        assert {run.communicate()[0].decode() for run in runs} == {expected}
        assert _audit(warm) == (1, expected, '')


def _asked(repo: Sandbox, tmp_path: Path) -> tuple[int, bool]:
    """Return the exit code of an audit, and whether it asked git for the whole list of files."""
    trace = tmp_path / 'trace'
    trace.unlink(missing_ok=True)
    code = repo.daybook('audit-links', env={'GIT_TRACE': str(trace)}).returncode
    return code, 'ls-files -s' in trace.read_text()


@pytest.mark.parametrize('is_split', [False, True])
def test_index_that_is_the_same_is_not_listed_again(repo: Sandbox, tmp_path: Path, is_split: bool) -> None:
    repo.write('a.md', '[b](b.md)\n')
    repo.write('b.md', '# B\n')
    repo.commit()
    if is_split:
        repo.git('update-index', '--split-index')
    assert _asked(repo, tmp_path) == (0, True)
    assert _asked(repo, tmp_path) == (0, False)
    os.utime(repo.root / 'a.md', (1, 1))
    repo.git('update-index', '--refresh')  # writes the same files with other times
    assert _asked(repo, tmp_path) == (0, True)
    assert _asked(repo, tmp_path) == (0, False)
    (repo.root / 'b.md').unlink()
    assert _asked(repo, tmp_path) == (1, True)
    repo.git('rm', '-q', '--cached', 'b.md')
    assert _asked(repo, tmp_path) == (1, True)
    assert _asked(repo, tmp_path) == (1, False)
    repo.write('b.md', '# B\n')
    repo.git('add', 'b.md')
    assert _asked(repo, tmp_path) == (0, True)


def test_nobody_waits_for_an_answer_that_turns_out_of_no_use(warm: Sandbox, tmp_path: Path) -> None:
    shim, asked = tmp_path / 'bin' / 'git', tmp_path / 'asked'
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\ncase "$*" in *diff-index*) echo $$ >{asked}; exec sleep 600;; esac\nexec {shutil.which("git")} "$@"\n')
    shim.chmod(0o755)
    _index_written_anew(warm)
    run = warm.daybook('audit-links', env={'PATH': f'{shim.parent}:{os.environ["PATH"]}'})
    assert (run.returncode, run.stdout, run.stderr) == (1, 'the last answer\n', '')
    with pytest.raises(ProcessLookupError):
        os.kill(int(asked.read_text()), 0)


def test_index_without_checksum_is_listed_each_time(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('a.md', '# A\n')
    repo.commit()
    index = repo.root / '.git/index'
    data = index.read_bytes()
    index.write_bytes(data[:-20] + bytes(20))  # as `index.skipHash` has it
    assert [_asked(repo, tmp_path) for _ in range(2)] == [(0, True)] * 2


def test_an_answer_of_endless_numbers_is_none(warm: Sandbox) -> None:
    for path in _files(warm):
        path.write_bytes(b'0000' + b' '.join([b'9' * 5000] * 7) + b'\n')
    assert _audit(warm) == (1, DEAD, '')
