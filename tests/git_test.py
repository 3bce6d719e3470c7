from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Sandbox

from daybook.errors import FatalError
from daybook.errors import KilledError
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo import git_spawn
from daybook.repo import git_status
from daybook.repo.git import Repo


def _at(sandbox: Sandbox, below: str = '.') -> Repo:
    return git.find_repo(str(sandbox.root / below))


def test_find_repo(repo: Sandbox) -> None:
    (repo.root / 'a/b').mkdir(parents=True)
    expected = Repo(str(repo.root), str(repo.root / '.git'), str(repo.root / '.git'))
    assert _at(repo) == _at(repo, 'a/b') == expected


def test_find_repo_in_a_linked_work_tree(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('a', 'x')
    repo.commit()
    repo.git('worktree', 'add', '-q', str(tmp_path / 'l i n k'), '-b', 'other')
    assert git.find_repo(str(tmp_path / 'l i n k')) == Repo(
        str(tmp_path / 'l i n k'), str(repo.root / '.git/worktrees/l-i-n-k'), str(repo.root / '.git'))


def test_find_repo_in_a_submodule(repo: Sandbox, new_repo: Callable[[str], Sandbox]) -> None:
    repo.write('a', 'x')
    repo.commit()
    host = new_repo('host')
    host.git('submodule', '--quiet', 'add', str(repo.root), 'sub')
    found = _at(host, 'sub')
    assert (found.root, found.common_dir) == (str(host.root / 'sub'), str(host.root / '.git/modules/sub'))


def test_find_repo_through_a_link_keeps_the_link(repo: Sandbox, tmp_path: Path) -> None:
    (tmp_path / 'link').symlink_to(repo.root)
    assert git.find_repo(str(tmp_path / 'link')).root == str(tmp_path / 'link')


@pytest.mark.parametrize('name', ('with\nnewline', 'with\u2028separator', 'with\x0cfeed'))
def test_find_repo_below_an_odd_name(new_repo: Callable[[str], Sandbox], name: str) -> None:
    sandbox = new_repo(name)
    assert _at(sandbox).root == str(sandbox.root)


def test_no_repository(tmp_path: Path, repo: Sandbox) -> None:
    with pytest.raises(FatalError, match='not inside a git work tree: .*; run `git init` there'):
        git.find_repo(str(tmp_path))
    with pytest.raises(FatalError, match='not inside a git work tree'):
        _at(repo, '.git')
    with pytest.raises(FatalError, match='no such folder'):
        _at(repo, 'none')


def test_no_git(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PATH', '')
    with pytest.raises(FatalError, match='git is not installed'):
        _at(repo)


def test_tracked_and_untracked(repo: Sandbox) -> None:
    names = ['a b.md', 'é.md', 'new\nline.md', '-x.md', '*.md', os.fsdecode(b'\xff.md')]
    for name in names:
        repo.write(name, 'x')
    repo.write('.gitignore', 'ignored\n')
    repo.git('add', '.')
    repo.write('ignored', 'x')
    repo.write('new.md', 'x')
    here = _at(repo)
    assert git_status.tracked_files(here) == sorted([*names, '.gitignore'])
    assert git_status.tracked_files(here, *git.pathspec(['*.md'])) == ['*.md']
    assert git_status.untracked_files(here) == ['new.md']


def test_staged_changes(repo: Sandbox) -> None:
    here = _at(repo)
    assert git_status.staged_changes(here) == []
    repo.write('a', '1\n' * 50)
    repo.write('b', 'x')
    repo.git('add', '.')
    assert git_status.staged_changes(here) == ['a', 'b']  # no commit yet
    repo.commit()
    assert git_status.staged_changes(here) == []
    repo.git('mv', 'a', 'c')
    repo.write('b', 'not staged')
    repo.write('ita', 'x')
    repo.git('add', '--intent-to-add', 'ita')
    assert git_status.staged_changes(here) == ['a', 'c']  # both names of a rename


def test_staged_changes_of_a_partial_commit(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write('a', '1')
    repo.write('b', '1')
    repo.commit()
    repo.write('a', '2')
    repo.write('b', '2')
    repo.git('add', 'a')
    next_index = repo.root / '.git/next-index'
    next_index.write_bytes((repo.root / '.git/index').read_bytes())
    repo.git('reset', '-q', '--', 'a', env={'GIT_INDEX_FILE': str(next_index)})
    repo.git('add', 'b', env={'GIT_INDEX_FILE': str(next_index)})
    assert git.is_in_git_hook() is False
    monkeypatch.setenv('GIT_INDEX_FILE', str(next_index))
    assert git.is_in_git_hook() is True
    assert git_status.staged_changes(_at(repo)) == ['b']


def test_unstaged_changes(repo: Sandbox) -> None:
    for name in ('same', 'touched', 'changed', 'gone'):
        repo.write(name, 'x')
    repo.commit()
    os.utime(repo.root / 'touched', (1, 1))
    repo.write('changed', 'y')
    (repo.root / 'gone').unlink()
    assert git_status.unstaged_changes(_at(repo)) == ['changed', 'gone']


def test_conflicted_paths_are_listed_once(repo: Sandbox) -> None:
    repo.write('a', '0')
    repo.commit()
    repo.git('checkout', '-q', '-b', 'peer')
    repo.write('a', '1')
    repo.commit()
    repo.git('checkout', '-q', 'main')
    repo.write('a', '2')
    repo.commit()
    repo.git('merge', '-q', 'peer', check=False)
    here = _at(repo)
    assert git_status.tracked_files(here) == ['a']
    assert [entry.stage for entry in git_objects.index_entries(here)] == [1, 2, 3]


def test_read_blobs(repo: Sandbox) -> None:
    repo.write('a b', 'one\n')
    repo.write('empty', '')
    repo.write('binary', b'\x00\n\xff' * 1000)
    repo.commit()
    repo.write('a b', 'two')
    repo.git('add', '.')
    names = ['HEAD:a b', ':a b', 'HEAD:none', ':empty', 'HEAD:binary', 'no such thing', '0' * 40, 'HEAD:a b']
    assert git_objects.read_blobs(_at(repo), names) == [b'one\n', b'two', None, b'', b'\x00\n\xff' * 1000, None, None, b'one\n']
    assert git_objects.read_blobs(_at(repo), []) == []


def test_git_is_asked_once_whether_a_clone_is_partial(repo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write('a', 'one')
    repo.commit()
    here = _at(repo)
    monkeypatch.setenv('GIT_TRACE', str(tmp_path / 'trace'))
    assert [git_objects.read_local(here, ['HEAD:a']) for _ in range(3)] == [[b'one']] * 3
    trace = (tmp_path / 'trace').read_text()
    assert trace.count('built-in: git cat-file') == 3 and trace.count('built-in: git config') == 1


def test_trees(repo: Sandbox) -> None:
    assert git_objects.tree_entries(_at(repo), 'HEAD') == []
    repo.write('d/a b.md', 'x')
    repo.write('z', 'x')
    repo.commit()
    assert [entry.path for entry in git_objects.tree_entries(_at(repo), 'HEAD')] == ['d/a b.md', 'z']
    assert [entry.path for entry in git_objects.tree_entries(_at(repo), 'HEAD', 'd')] == ['d/a b.md']
    assert git_objects.tree_entries(_at(repo), 'none') == []


def test_write_blob_cleans_as_git_does(repo: Sandbox) -> None:
    repo.write('.gitattributes', '*.md text eol=crlf\n')
    here = _at(repo)
    oid = git_objects.write_blob(here, 'a.md', b'x\r\n')
    assert git_objects.read_blobs(here, [oid]) == [b'x\n']
    assert git_objects.as_checked_out(here, 'a.md', oid) == b'x\r\n'


def test_the_remote_that_a_team_shares(repo: Sandbox) -> None:
    repo.write('a.md', 'a\n')
    repo.commit()
    here = git.find_repo(str(repo.root))
    assert git_refs.shared_remote(here) is None
    repo.git('remote', 'add', 'fork', 'https://example.com/fork.git')
    assert git_refs.shared_remote(here) == 'fork', 'the only one'
    repo.git('remote', 'add', 'central', 'https://example.com/central.git')
    assert git_refs.shared_remote(here) == 'central', 'the first by name'
    repo.git('config', f'branch.{repo.git("branch", "--show-current").strip()}.remote', 'fork')
    assert git_refs.shared_remote(here) == 'fork', 'what the branch follows'
    repo.git('remote', 'add', 'origin', 'https://example.com/origin.git')
    assert git_refs.shared_remote(here) == 'origin', 'whatever the branch follows'


def test_names(repo: Sandbox) -> None:
    here = _at(repo)
    assert (git_refs.resolve(here, 'HEAD'), git_refs.current_branch(here), git_refs.remotes(here)) == (None, 'main', [])
    assert git_refs.default_branch(here, None) is None
    repo.write('a', 'x')
    oid = repo.commit()
    assert (git_refs.resolve(here, 'HEAD'), git_refs.resolve(here, '--all')) == (oid, None)
    assert git_refs.default_branch(here, None) == 'refs/heads/main'
    repo.git('checkout', '-q', '--detach')
    assert git_refs.current_branch(here) is None
    assert git.config_value(here, 'user.name') == 'Roman Tester'
    assert git.config_value(here, 'no.such') is None
    assert git.git_path(here, 'daybook/x') == str(repo.root / '.git/daybook/x')


def test_clean_env(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE', 'GIT_AUTHOR_NAME', 'GIT_CONFIG_KEY_0'):
        monkeypatch.setenv(name, 'x')
    env = git.clean_env({'EXTRA': '1'})
    assert not {'GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE'} & env.keys()
    assert (env['GIT_AUTHOR_NAME'], env['GIT_CONFIG_KEY_0'], env['EXTRA'], env['GIT_TERMINAL_PROMPT']) == ('x', 'x', '1', '0')


@pytest.mark.skipif(os.name != 'posix', reason='signals')
def test_a_question_that_is_killed_has_no_answer(repo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = tmp_path / 'bin' / 'git'
    wrapper.parent.mkdir()
    wrapper.write_text('#!/bin/sh\nkill -9 $$\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv('PATH', f'{wrapper.parent}{os.pathsep}{os.environ["PATH"]}')
    with pytest.raises(KilledError, match='git rev-parse was killed .signal 9. in .*; run this again'):
        git_refs.resolve(Repo(str(repo.root), '', ''), 'HEAD')
    assert git.git('commit', cwd=str(repo.root)).code == -9  # whose end is looked at


def test_expect_gives_the_words_of_git(repo: Sandbox) -> None:
    with pytest.raises(FatalError, match='git rev-parse failed in .*: fatal: '):
        git.expect('rev-parse', '--verify', 'none', cwd=str(repo.root))


@pytest.mark.skipif(os.name != 'posix', reason='process groups')
def test_time_limit_ends_the_whole_group(repo: Sandbox, tmp_path: Path) -> None:
    sign = tmp_path / 'sign'
    (tmp_path / 'child.py').write_text(f'import os, time; open({str(sign)!r}, "w").write(str(os.getpid())); time.sleep(600)')
    repo.git('config', 'alias.wait', f'!{sys.executable} {tmp_path}/child.py; true')
    seconds = 0.3
    while not sign.exists() or not sign.read_text():  # on a busy machine Python may take longer to start
        seconds *= 2
        result = git.git('wait', cwd=str(repo.root), timeout=seconds)
        assert (result.code, result.is_ok) == (None, False)
    with pytest.raises(ProcessLookupError):
        while True:
            os.kill(int(sign.read_text()), 0)
            time.sleep(0.01)  # until init has buried it


@pytest.mark.skipif(os.name != 'posix', reason='signals')
def test_time_limit_leaves_no_lock(repo: Sandbox, tmp_path: Path) -> None:
    sign, hook = tmp_path / 'sign', repo.write('.git/hooks/pre-commit', '')
    hook.write_text(f'#!/bin/sh\ntouch {sign}; exec sleep 600\n')
    hook.chmod(0o755)
    repo.write('a', 'x')
    repo.git('add', 'a')
    seconds = 0.3
    while not sign.exists():
        seconds *= 2
        assert git.git('commit', '-q', '-m', 'x', '--', 'a', cwd=str(repo.root), timeout=seconds).code is None
    assert not list((repo.root / '.git').glob('*.lock'))


@pytest.mark.skipif(os.name != 'posix', reason='shell')
@pytest.mark.parametrize('timeout', (None, 15))
def test_what_a_hook_leaves_running_is_neither_waited_for_nor_ended(repo: Sandbox, tmp_path: Path, timeout: float | None) -> None:
    watcher = tmp_path / 'watcher'
    watcher.write_text('#!/bin/sh\nleft=200\nwhile [ ! -e go ] && [ $left -gt 0 ]; do sleep 0.1; left=$((left - 1)); done\n'
                       '[ $left -gt 0 ] && touch ended || touch gave-up\n')
    watcher.chmod(0o755)
    hook = repo.write('.git/hooks/pre-commit', f'#!/bin/sh\necho told >&2\n{watcher} &\nexit 1\n')
    hook.chmod(0o755)
    repo.write('a', 'x')
    repo.git('add', 'a')
    assert git.git('commit', '-q', '-m', 'x', cwd=str(repo.root), timeout=timeout) == git.Result(1, b'', 'told\n')
    repo.write('go', '')
    while not {'ended', 'gave-up'} & set(os.listdir(repo.root)):
        time.sleep(0.01)
    assert (repo.root / 'ended').exists()


LINES = ((b'', []), (b'a\n', ['a']), (b'a\n\nb', ['a', '', 'b']), (b'a\n\n', ['a', '']), ('a\u2028\x0cb\n'.encode(), ['a\u2028\x0cb']))


@pytest.mark.parametrize(('out', 'lines'), LINES)
def test_lines_end_at_newlines_only(out: bytes, lines: list[str]) -> None:
    assert git.Result(0, out, '').lines == lines


def test_place_of_a_folder(repo: Sandbox) -> None:
    root, sub = str(repo.root), repo.write('a b/ü/x.md', 'x').parent

    def place(folder: str) -> object:
        return git_spawn.place(folder, git_spawn.answers(folder, git_spawn.WHERE)[0])

    assert place(root) is None, 'no commit'
    head = repo.commit()
    assert place(root) == place(str(sub)) == (root, f'{root}/.git', f'{root}/.git', head)
    assert place(f'{root}/.git') is None and git_spawn.place(root, None) is None
    repo.git('worktree', 'add', '-q', '../other')
    other = str(repo.root.parent / 'other')
    assert place(other) == (other, f'{root}/.git/worktrees/other', f'{root}/.git', head)


_INTERRUPTED_START = '''
import os
from daybook.repo import git_spawn

def interrupted(name, words, *others, _spawn=os.posix_spawnp, **named):
    process = _spawn(name, words, *others, **named)
    if words[-1] == 'two':
        while len(os.listdir(os.environ['ASKED'])) < 2:
            pass
        os.kill(os.getpid(), 2)
    return process

os.posix_spawnp = interrupted
git_spawn.ask('.', ['one'], ['two'])
'''


@pytest.mark.skipif(not hasattr(os, 'posix_spawnp'), reason='`subprocess` ends what it runs')
@pytest.mark.parametrize('program', [
    pytest.param('from daybook.__main__ import main; raise SystemExit(main(["audit-links"]))', id='while it waits'),
    pytest.param('from daybook.repo import git_spawn; import signal; git_spawn.ask(".", ["one"], ["two"]); signal.pause()', id='before it waits'),
    pytest.param(_INTERRUPTED_START, id='as it starts one'),
])
def test_questions_are_ended_when_we_are_interrupted(repo: Sandbox, tmp_path: Path, program: str) -> None:
    asked = tmp_path / 'asked'
    asked.mkdir()
    fake = tmp_path / 'bin/git'
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\n: > "{asked}/$$"\nexec sleep 600\n')
    fake.chmod(0o755)
    env = {**os.environ, 'PATH': f'{fake.parent}:{os.environ["PATH"]}', 'ASKED': str(asked)}
    run = subprocess.Popen((sys.executable, '-c', program), cwd=repo.root, env=env, stderr=subprocess.DEVNULL)
    while run.poll() is None and len(list(asked.iterdir())) < 2:
        time.sleep(0.01)
    if program != _INTERRUPTED_START:
        run.send_signal(signal.SIGINT)  # this process alone, unlike a key at the terminal
    assert run.wait() in (130, -signal.SIGINT)
    for name in os.listdir(asked):
        with pytest.raises(ProcessLookupError):
            os.kill(int(name), 0)
