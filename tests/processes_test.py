from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from daybook import processes

METHODS = ('fork', 'spawn') if hasattr(os, 'fork') else ('spawn',)


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two processors, and a way in which processes begin."""
    monkeypatch.setattr(processes, 'available', lambda: 2)
    monkeypatch.setattr(processes, '_METHOD', request.param)
    return str(request.param)


class Work:
    """Doubles a number, and tells which process does; somewhere else than here something may befall it first."""

    def __init__(self, befall: Callable[[int], object] = bool, numbers: tuple[int, ...] = ()) -> None:
        self.befall, self.numbers, self.asker = befall, numbers, os.getpid()

    def __call__(self, number: int) -> tuple[int, int]:
        if number in self.numbers and os.getpid() != self.asker:
            self.befall(number)
        return 2 * number, os.getpid()


def _end(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fail(number: int) -> None:
    raise ValueError(number)


def _leave(number: int) -> None:
    raise SystemExit(number)


class Unsendable(Exception):
    def __init__(self, *, name: str) -> None:
        super().__init__(name)


def _fail_oddly(number: int) -> None:
    raise Unsendable(name=str(number))


@pytest.mark.parametrize('jobs', [0, 1, 9])
def test_others_do_the_work_and_it_comes_in_order(method: str, jobs: int) -> None:
    found = list(processes.each(Work(), range(jobs), 8, chunk=2))
    assert [result for result, _ in found] == [2 * number for number in range(jobs)]
    assert (os.getpid() in {process for _, process in found}) is (jobs == 1), 'one chunk pays for no process'
    assert not multiprocessing.active_children()


@pytest.mark.parametrize('befall', [_end, _leave, _fail, _fail_oddly])
@pytest.mark.parametrize('numbers', [(3,), (0, 1, 2, 3, 4, 5, 6, 7)], ids=['one', 'all'])
def test_what_a_process_cannot_do_is_done_here(method: str, befall: Callable[[int], object], numbers: tuple[int, ...]) -> None:
    found = list(processes.each(Work(befall, numbers), range(8), 8, chunk=1))
    assert [result for result, _ in found] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert os.getpid() in {process for _, process in found}
    assert not multiprocessing.active_children()


def _fails_everywhere(number: int) -> int:
    if number == 5:
        raise Unsendable(name='five')
    return number


def test_an_exception_comes_where_its_job_would(method: str, capfd: pytest.CaptureFixture[str]) -> None:
    results = processes.each(_fails_everywhere, range(8), 8, chunk=1)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(Unsendable, match='five'):
        next(results)
    assert not multiprocessing.active_children()
    assert capfd.readouterr() == ('', '')


def test_who_asks_for_no_more_leaves_nobody_behind(method: str) -> None:
    results = processes.each(Work(), range(8), 8, chunk=1)
    assert next(results)[0] == 0 and len(multiprocessing.active_children()) == 2
    results.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


def test_work_that_cannot_be_sent_is_done_by_copies_or_here(method: str) -> None:
    found = list(processes.each(lambda number: (number, os.getpid()), range(8), 8, chunk=1, shares_memory=True))
    assert [number for number, _ in found] == [*range(8)]
    assert (os.getpid() in {process for _, process in found}) is (method == 'spawn')


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='no fork')
def test_no_room_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, 'available', lambda: 3)
    forks = iter((True, False, False))  # as where memory or the number of processes is limited

    def fork(_fork: Callable[[], int] = os.fork) -> int:
        if next(forks):
            return _fork()
        raise BlockingIOError

    monkeypatch.setattr(os, 'fork', fork)
    found = list(processes.each(Work(), range(8), 8, chunk=1))
    assert [result for result, _ in found] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert len({process for _, process in found}) == 2


_NO_PIPES = '''
import os, resource
from daybook import processes
processes.available = lambda: 2

def workers():
    return {*processes.each(lambda _: os.getpid(), range(8), 8, chunk=1, shares_memory=True)}

assert os.getpid() not in workers()
free = os.open('.', os.O_RDONLY)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
print(workers() == {os.getpid()})
'''


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='begins with fork')
def test_no_room_for_a_pipe() -> None:
    assert subprocess.run((sys.executable, '-c', _NO_PIPES), capture_output=True, text=True, check=True).stdout == 'True\n'


@pytest.mark.skipif(not hasattr(os, 'sched_getaffinity'), reason='no affinity')
def test_only_the_processors_that_we_may_use_count() -> None:
    usable = os.sched_getaffinity(0)
    assert processes.available() == len(usable)
    program = f'import os; os.sched_setaffinity(0, {{{min(usable)}}})\nfrom daybook import processes\n' \
              'assert processes.available() == 1\nprint({*processes.each(lambda _: os.getpid(), range(8), 8, chunk=1)} == {os.getpid()})'
    assert subprocess.run((sys.executable, '-c', program), capture_output=True, text=True, check=True).stdout == 'True\n'


_WAITING = '''
import os, sys, time
from daybook import processes

def work(number):
    with open(os.path.join('begun', str(os.getpid())), 'w'):
        pass
    end = time.monotonic() + 300  # also of what a killed test leaves behind
    while not os.path.exists('go') and time.monotonic() < end:
        time.sleep(0.01)

if __name__ == '__main__':
    processes.available = lambda: 2
    processes._METHOD = sys.argv[1]
    list(processes.each(work, range(100), 8, chunk=1))
'''


@pytest.mark.skipif(os.name != 'posix', reason='signals')
@pytest.mark.parametrize(('sent', 'is_key'), [(signal.SIGINT, False), (signal.SIGINT, True), (signal.SIGTERM, False)])
def test_nobody_survives_the_one_that_asks(tmp_path: Path, method: str, sent: signal.Signals, is_key: bool) -> None:
    (tmp_path / 'program.py').write_text(_WAITING)
    begun = tmp_path / 'begun'
    begun.mkdir()
    run = subprocess.Popen((sys.executable, 'program.py', method), cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True)
    while run.poll() is None and len(list(begun.iterdir())) < 2:
        time.sleep(0.01)
    (os.killpg if is_key else os.kill)(run.pid, sent)  # a key at the terminal reaches all of them
    assert run.wait() == -sent
    if sent == signal.SIGTERM:  # which nobody hears; the chunk at hand is the last
        (tmp_path / 'go').touch()
    err = run.communicate()[1]  # whoever survived would hold this pipe
    assert err.count(b'Traceback') == (sent == signal.SIGINT), err
    assert len(list(begun.iterdir())) == 2
    for name in os.listdir(begun):
        with pytest.raises(ProcessLookupError):
            while True:
                os.kill(int(name), 0)
                time.sleep(0.01)  # until init has buried it


_KILLED_AS_THEY_BEGIN = '''
import os, signal
from multiprocessing import util
from daybook import processes

spawn = util.spawnv_passfds

def spawn_and_kill(path, args, fds):
    process = spawn(path, args, fds)
    if any(b'spawn_main' in os.fsencode(word) for word in args):
        os.kill(process, signal.SIGKILL)
    return process

class Work:
    data = b''

    def __init__(self):
        self.data = bytes(3_000_000)  # more than a pipe holds

    def __call__(self, number):
        return number

if __name__ == '__main__':
    util.spawnv_passfds = spawn_and_kill
    processes._METHOD, processes.available = 'spawn', lambda: 2
    print(*processes.each(Work(), range(8), 2, chunk=1))
'''


@pytest.mark.skipif(os.name != 'posix', reason='signals')
def test_who_is_killed_while_it_is_sent_its_work_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / 'program.py').write_text(_KILLED_AS_THEY_BEGIN)
    run = subprocess.run((sys.executable, 'program.py'), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == ('0 1 2 3 4 5 6 7\n', '')
