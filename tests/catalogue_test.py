"""The catalogue: real SQLite files, several processes, and files that somebody has damaged."""
from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import catalogue
from daybook.documents import catalogue_content
from daybook.repo.listing import Listing

KIND = 'test'


def _open(folder: Path) -> catalogue.Catalogue:
    found = catalogue.open_in(str(folder))
    assert found is not None
    return found


def _facts(folder: Path, *blobs: str) -> dict[str, str]:
    with _open(folder) as kept:
        return kept.facts(KIND, blobs)


def _add(folder: Path, **payloads: str) -> None:
    with _open(folder) as kept, kept.writing() as is_mine:
        assert is_mine
        kept.add_facts(KIND, payloads.items())


def test_facts_are_kept(tmp_path: Path) -> None:
    _add(tmp_path, a='x\0y\udce9', b='')
    assert _facts(tmp_path, 'a', 'b', 'c') == {'a': 'x\0y\udce9', 'b': ''}
    with _open(tmp_path) as kept:
        assert kept.facts('another kind', ['a']) == {}
        assert kept.facts(KIND, ['a', *map(str, range(3000))]) == {'a': 'x\0y\udce9'}


def test_view_is_kept(tmp_path: Path) -> None:
    with _open(tmp_path) as kept:
        with kept.writing():
            view = kept.new_view('one')
            kept.set_view(view, witness=b'w', head='h')
            kept.set_listing(view, Listing(b'a\0b\0'))
            kept.set_found(view, [('b.md', b'[]', b'b: x\n', 2, 1, True), ('a.md', b'[]', b'a: x\n', 1, 0, False)])
            kept.set_inbound(view, {'t': ['a.md', 'b.md']})
        found = kept.view('one')
        assert found is not None and (found.id, found.witness, found.head, found.options) == (view, b'w', 'h', None)
        assert kept.listing(found) == (b'a\0b\0', b'')
        assert kept.lines(view) == (b'a: x\nb: x\n', 1)
        assert kept.counts(view) == {'a.md': 1, 'b.md': 2}
        assert kept.dated(view) == ['b.md']
        assert [row[0] for row in kept.found(view, ['b.md', 'c.md'])] == ['b.md']
        assert kept.inbound(view, ['t', 'u']) == {'a.md', 'b.md'}
        with kept.writing():
            kept.move_inbound(view, 'a.md', gone=['t'], come=['t/u'])
            kept.move_inbound(view, 'b.md', gone=['t'], come=[])
            kept.drop_found(view, ['a.md'])
        assert (kept.inbound(view, ['t']), kept.inbound_below(view, 't'), kept.counts(view)) == (set(), {'a.md'}, {'b.md': 2})
        with kept.writing():
            assert kept.new_view('one') != view or kept.counts(view) == {}
        assert kept.view('two') is None


def test_one_file_for_each_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _add(tmp_path, a='new')
    monkeypatch.setattr(catalogue, 'SCHEMA', catalogue.SCHEMA + 1)
    assert _facts(tmp_path, 'a') == {}
    assert len(list((tmp_path / 'daybook').glob('*.sqlite'))) == 2


def test_old_files_of_other_versions_go(tmp_path: Path) -> None:
    folder = tmp_path / 'daybook'
    folder.mkdir()
    for name, days in (('catalogue-0-old.sqlite', 40), ('catalogue-0-young.sqlite', 3), ('claims', 400)):
        (folder / name).write_text('x')
        os.utime(folder / name, (time.time() - days * 86400,) * 2)
    _add(tmp_path, a='x')
    assert {path.name for path in folder.iterdir() if 'old' in path.name or 'young' in path.name or path.name == 'claims'} == {'catalogue-0-young.sqlite', 'claims'}


DAMAGE = (b'', b'x' * 5000, b'SQLite format 3\0' + b'\xff' * 9000)


@pytest.mark.parametrize('bytes_', DAMAGE, ids=('empty', 'text', 'header'))
def test_damaged_file_is_made_anew(tmp_path: Path, bytes_: bytes) -> None:
    _add(tmp_path, a='x')
    path = Path(catalogue.path_in(str(tmp_path)))
    path.write_bytes(bytes_)
    assert _facts(tmp_path, 'a') == {}
    _add(tmp_path, a='y')
    assert _facts(tmp_path, 'a') == {'a': 'y'}


def test_hook_survives_any_damage(repo: Sandbox) -> None:
    for number in range(30):
        repo.write(f'{number}.md', f'# A\n\n[x]({number + 1}.md#a)\n')
    repo.commit()
    first = repo.daybook('audit-links')
    path = Path(catalogue.path_in(str(repo.root / '.git')))
    data = path.read_bytes()
    values = [data.find(word) + 1 for word in (b'no such file', b'[link-missing]', b'30.md#a')]  # SQLite sees no damage there
    assert min(values) > 0
    places = [(position, 3) for position in values] + [(position, 600) for position in range(0, len(data), len(data) // 20)]
    for position, length in places:
        path.write_bytes(data[:position] + b'\xff' * length + data[position + length:])
        for _ in range(2):
            for answer in path.parent.glob('links-*'):  # which would be given without a look at the catalogue
                answer.unlink()
            run = repo.daybook('audit-links')
            assert (run.returncode, run.stdout, run.stderr) == (first.returncode, first.stdout, first.stderr)


def test_folder_that_cannot_be_written(repo: Sandbox) -> None:
    repo.write('a.md', '[x](no.md)')
    repo.commit()
    first = repo.daybook('audit-links', '--no-catalogue')
    repo.write('.git/daybook', 'a file where the folder should be')
    run = repo.daybook('audit-links')
    assert (run.returncode, run.stdout, run.stderr) == (first.returncode, first.stdout, '')


@pytest.mark.skipif(os.name != 'posix' or os.geteuid() == 0, reason='permissions bind no root')
def test_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert catalogue.open_in(str(tmp_path)) is None
    tmp_path.chmod(0o700)


def test_sweep_forgets_what_nobody_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = catalogue_content.today()
    monkeypatch.setattr(catalogue_content, 'today', lambda: day - 40)
    _add(tmp_path, old='x', used='x')
    with _open(tmp_path) as kept, kept.writing():
        kept.new_view('old')
    monkeypatch.setattr(catalogue_content, 'today', lambda: day)
    _add(tmp_path, new='x')
    with _open(tmp_path) as kept, kept.writing():
        kept.sweep(['used'])
        assert kept.view('old') is None
    assert _facts(tmp_path, 'old', 'used', 'new') == {'used': 'x', 'new': 'x'}


WRITER = '''
import sys
import threading
from daybook.documents import catalogue
folder, name, count = sys.argv[1:]
for number in range(int(count)):
    is_mine = False
    while not is_mine:
        with catalogue.open_in(folder) as kept, kept.writing() as is_mine:
            if is_mine:
                kept.add_facts('test', [(f'{name}-{number}', 'x' * 2000)])
    if number == 0:
        print('begun', flush=True)
'''


def _writer(folder: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen((sys.executable, '-c', WRITER, str(folder), name, str(count)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_processes_do_not_disturb_each_other(tmp_path: Path) -> None:
    writers = [_writer(tmp_path, str(number), 25) for number in range(6)]
    answers = [writer.communicate() for writer in writers]
    assert [err for _, err in answers] == [b''] * 6
    with _open(tmp_path) as kept:
        found = kept.facts(KIND, [f'{name}-{number}' for name in range(6) for number in range(25)])
    assert len(found) == 150


def test_one_who_just_makes_the_file_is_waited_for(tmp_path: Path) -> None:
    os.mkdir(tmp_path / 'daybook')
    maker = sqlite3.connect(catalogue.path_in(str(tmp_path)), isolation_level=None, check_same_thread=False)
    maker.execute('create table half_made (x)')
    maker.execute('begin immediate')  # SQLite waits for no such one by itself when it makes the file WAL
    timer = threading.Timer(0.3, maker.rollback)
    timer.start()
    _add(tmp_path, after='x')
    timer.join()
    maker.close()
    assert _facts(tmp_path, 'after') == {'after': 'x'}


def test_killed_while_writing(tmp_path: Path) -> None:
    delays = (0.0, 0.01, 0.02, 0.05, 0.1)
    for delay in delays:
        writer = _writer(tmp_path, str(delay), 100_000)
        assert writer.stdout and writer.stdout.readline() == b'begun\n'
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert writer.returncode == -signal.SIGKILL
    _add(tmp_path, after='x')
    assert _facts(tmp_path, 'after', *(f'{delay}-0' for delay in delays)) == {'after': 'x'} | {f'{delay}-0': 'x' * 2000 for delay in delays}
    with sqlite3.connect(catalogue.path_in(str(tmp_path))) as connection:
        assert connection.execute('pragma integrity_check').fetchone() == ('ok',)


def test_hooks_at_once(repo: Sandbox) -> None:
    for number in range(50):
        repo.write(f'{number}.md', f'[x]({number + 1}.md)')
    repo.commit()
    runs = [subprocess.Popen((sys.executable, '-m', 'daybook', 'audit-links'), cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(6)]
    answers = {run.communicate() for run in runs}
    assert answers == {(b'49.md:1: no such file: 50.md; correct the link or add the file [link-missing]\n', b'')}


def test_busy_catalogue_is_done_without(tmp_path: Path, repo: Sandbox) -> None:
    repo.write('a.md', '[x](no.md)')
    repo.commit()
    first = repo.daybook('audit-links')
    repo.write('b.md', '# B')
    repo.git('add', '.')
    with _open(repo.root / '.git') as kept, kept.writing():
        assert repo.daybook('audit-links').stdout == first.stdout


def test_in_memory(tmp_path: Path) -> None:
    with catalogue.in_memory() as kept, kept.writing():
        assert not kept.is_kept
        kept.add_facts(KIND, [('a', 'x')])
        assert kept.facts(KIND, ['a']) == {'a': 'x'}
