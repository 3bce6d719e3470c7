from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daybook.errors import FatalError
from daybook.repo import files

HOLD = '''
import sys, time
from daybook.repo import files
with files.exclusive_lock(sys.argv[1], 0) as held:
    print(held, flush=True)
    time.sleep(60)
'''
COUNT = '''
import sys
from daybook.repo import files
for _ in range(40):
    with files.exclusive_lock(sys.argv[1], 60) as held:
        assert held
        number = int(open(sys.argv[2]).read())
        open(sys.argv[2], 'w').write(str(number + 1))
'''


def _hold(lock: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen((sys.executable, '-c', HOLD, str(lock)), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == 'True\n'
    return process


def test_lock_keeps_another_process_out(tmp_path: Path) -> None:
    lock = tmp_path / 'deep' / 'lock'
    holder = _hold(lock)
    try:
        start = time.monotonic()
        with files.exclusive_lock(str(lock), 0.2) as held:
            assert held is False
        assert time.monotonic() - start > 0.15
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with files.exclusive_lock(str(lock), 5) as held:
        assert held is True  # the kernel has freed what the killed process held
    assert lock.exists()


def test_lock_is_freed_by_an_error(tmp_path: Path) -> None:
    lock = str(tmp_path / 'lock')
    with pytest.raises(KeyError), files.exclusive_lock(lock, 0):
        raise KeyError
    with files.exclusive_lock(lock, 0) as held:
        assert held


def test_lock_between_processes_loses_nothing(tmp_path: Path) -> None:
    counter = tmp_path / 'counter'
    counter.write_text('0')
    argv = (sys.executable, '-c', COUNT, str(tmp_path / 'lock'), str(counter))
    processes = [subprocess.Popen(argv) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert counter.read_text() == '160'


def test_write_atomic_keeps_the_mode_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / 'a'
    files.write_atomic(str(path), b'1')
    path.chmod(0o750)
    files.write_atomic(str(path), b'22')
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b'22', 0o750)
    assert os.listdir(tmp_path) == ['a']


def test_write_atomic_leaves_the_old_file_when_it_fails(tmp_path: Path) -> None:
    (tmp_path / 'folder').mkdir()
    with pytest.raises(OSError):
        files.write_atomic(str(tmp_path / 'folder'), b'x')
    with pytest.raises(OSError):
        files.write_atomic(str(tmp_path / 'none' / 'x'), b'x')
    assert os.listdir(tmp_path) == ['folder']


@pytest.mark.parametrize('before', [b'old', None])
def test_what_is_saved_while_the_disk_is_slow_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes | None) -> None:
    path = tmp_path / 'file'
    assert before is None or path.write_bytes(before)
    assert files.write_over(str(path), b'other', b'new') is False and files.read_bytes(str(path)) == before
    with monkeypatch.context() as slow:
        slow.setattr(os, 'fsync', lambda handle: path.write_bytes(b'saved meanwhile'))
        assert files.write_over(str(path), before, b'new') is False
    assert path.read_bytes() == b'saved meanwhile' and os.listdir(tmp_path) == ['file']
    path.chmod(0o755)
    assert files.write_over(str(path), b'saved meanwhile', b'new') is True
    assert path.read_bytes() == b'new' and os.listdir(tmp_path) == ['file'] and path.stat().st_mode & 0o777 == 0o755


def test_create_exclusive(tmp_path: Path) -> None:
    path = tmp_path / 'a' / 'b'
    assert files.create_exclusive(str(path), b'1') is True
    assert files.create_exclusive(str(path), b'2') is False
    assert path.read_bytes() == b'1'


def test_read_bytes(tmp_path: Path) -> None:
    (tmp_path / 'a').write_bytes(b'x')
    assert files.read_bytes(str(tmp_path / 'a')) == b'x'
    for missing in (tmp_path, tmp_path / 'none', tmp_path / 'a' / 'b'):
        assert files.read_bytes(str(missing)) is None


INSIDE = ('a', 'a/b.md', 'a b/é.md', '.gitignore', 'a/.gitx', '-a', '...', 'a/..b', '.daybook/x')
OUTSIDE = ('', '..', '../a', 'a/../../b', 'a/..', '/a', '/', 'a//b', 'a/', '.git', '.git/config', '.GIT/config', 'a\0b', 'a/.git', 'a/.Git/config',
           'link', 'link/a', 'dangling', 'loop/x')


@pytest.mark.parametrize('path', INSIDE)
def test_inside(tmp_path: Path, path: str) -> None:
    assert files.inside(str(tmp_path), path) == f'{tmp_path}/{path}'


@pytest.mark.parametrize('path', OUTSIDE)
def test_outside(tmp_path: Path, path: str) -> None:
    (tmp_path / 'link').symlink_to('/etc')
    (tmp_path / 'dangling').symlink_to('/nowhere/at/all')
    (tmp_path / 'loop').symlink_to('loop')
    with pytest.raises(FatalError, match='path (leaves the repository|goes through a symbolic link)'):
        files.inside(str(tmp_path), path)


@pytest.mark.skipif(os.name != 'nt', reason='only there is \\ a separator')
@pytest.mark.parametrize('path', ('..\\a', 'a\\..\\..\\b', 'C:\\a', 'C:a', '.git\\config'))
def test_outside_on_windows(tmp_path: Path, path: str) -> None:
    with pytest.raises(FatalError):
        files.inside(str(tmp_path), path)


WITHIN = (('', 'a.md', 'a.md'), ('', './a.md', 'a.md'), ('', 'b/../a.md', 'a.md'), ('b', '../a.md', 'a.md'), ('b', 'x y.md', 'b/x y.md'),
          ('', '.', '.'), ('b', '..', '.'), ('b', '.', 'b'), ('', 'b/', 'b'), ('', '..a', '..a'), ('', 'inner/x.md', 'b/x.md'),
          ('', 'inner', 'inner'), ('', 'dangling', 'dangling'))


@pytest.mark.parametrize(('cwd', 'path', 'expected'), WITHIN)
def test_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cwd: str, path: str, expected: str) -> None:
    (tmp_path / 'b').mkdir()
    (tmp_path / 'inner').symlink_to('b')
    (tmp_path / 'dangling').symlink_to('/nowhere')
    monkeypatch.chdir(tmp_path / cwd)
    assert files.within(str(tmp_path), path) == expected
    assert files.within(str(tmp_path), os.path.join(tmp_path, cwd, path)) == expected


def test_within_a_root_behind_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'real').mkdir()
    (tmp_path / 'link').symlink_to('real')
    monkeypatch.chdir(tmp_path / 'link')
    for root in (tmp_path / 'real', tmp_path / 'link'):
        for path in ('a.md', tmp_path / 'real' / 'a.md', tmp_path / 'link' / 'a.md'):
            assert files.within(str(root), str(path)) == 'a.md'


@pytest.mark.parametrize('path', ('..', '../a', '/', '/etc/passwd', 'out/passwd', '../root2/a'))
def test_not_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    root = tmp_path / 'root'
    root.mkdir()
    (tmp_path / 'root2').mkdir()
    (root / 'out').symlink_to('/etc')
    monkeypatch.chdir(root)
    with pytest.raises(FatalError, match='not in this repository'):
        files.within(str(root), path)


ARGUMENTS = (
    ((), ([], [])),
    (('--warn', 'a.md', 'gone.md'), (['--warn', 'gone.md'], ['a.md'])),
    (('-b.md', '--all'), (['--all'], ['-b.md'])),
    (('--warn', '--', '--all', 'a.md', '--'), (['--warn'], ['--all', 'a.md', '--'])),
    (('link',), ([], ['link'])),
)


@pytest.mark.parametrize(('argv', 'expected'), ARGUMENTS)
def test_split_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], expected: tuple[list[str], list[str]]) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ('a.md', '-b.md'):
        (tmp_path / name).touch()
    (tmp_path / 'link').symlink_to('nowhere')
    assert files.split_arguments(argv) == expected


def test_state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(files.state_dir(str(tmp_path)))
    assert folder == tmp_path / '.daybook' / 'state'
    assert (folder / '.gitignore').read_text() == '*\n'
    (folder / '.gitignore').write_text('mine\n')
    assert files.state_dir(str(tmp_path)) == str(folder)
    assert (folder / '.gitignore').read_text() == 'mine\n'
    monkeypatch.setenv('DAYBOOK_STATE_DIR', str(tmp_path / 'other'))
    assert files.state_dir(str(tmp_path)) == str(tmp_path / 'other')


KILLED = '''
import os, signal, sys
from daybook.repo import files
os.replace = os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == 'private':
    with files.new_private(sys.argv[2]) as stream:
        stream.write(b'the whole text')
else:
    files.write_durable(sys.argv[2], b'the whole text')
'''


@pytest.mark.parametrize('how', ['durable', 'private'])
def test_what_a_killed_writer_left_is_swept_and_nothing_else(tmp_path: Path, how: str) -> None:
    path = tmp_path / 'a note.md'
    assert subprocess.run((sys.executable, '-c', KILLED, how, str(path))).returncode == -signal.SIGKILL
    [left] = files.temporaries(str(path))
    assert Path(left).read_bytes() == b'the whole text' and not path.exists()
    stranger = tmp_path / 'a note.md.1-0123abcd.tmp'
    stranger.write_bytes(b'somebody else wrote this')
    for name in ('a note.md.tmp', 'a note.md2.1-0123abcd.tmp', 'note.md.1-0123abcd.tmp'):
        (tmp_path / name).write_bytes(b'the whole')
    files.sweep(str(path), [b'the whole text'])
    assert files.temporaries(str(path)) == [str(stranger)]
    assert len(list(tmp_path.iterdir())) == 4


def test_a_durable_write_replaces_and_keeps_the_mode(tmp_path: Path) -> None:
    path = tmp_path / 'journal.json'
    path.write_bytes(b'old')
    path.chmod(0o600)
    files.write_durable(str(path), b'new')
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b'new', 0o600)
    assert files.temporaries(str(path)) == []
