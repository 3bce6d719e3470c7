"""Starts `daybook` in processes that need not begin Python and import all of us anew: forked from one that has.

Each is a process of its own all the same: with its own folder, environment, streams and end, and nothing in memory
but what an import left there. Two such servers take turns, so that no run has the order of sets of the run before.
"""
from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

_IS_LINUX = sys.platform == 'linux'  # elsewhere to fork is not safe, or not there
_AT_START = ('PYTHON', 'LC_', 'LANG', 'LD_')  # what Python and the loader read when a process begins, and never again


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_AT_START)}


class _Server:
    """A process that has imported what a run needs, and forks for each."""

    def __init__(self) -> None:
        self.env = _read_at_start(os.environ)
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen((sys.executable, __file__, str(theirs.fileno())), pass_fds=(theirs.fileno(),),
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def close(self) -> None:
        """End the server; what it forked goes on."""
        self.line.close()
        self.process.wait()


class Servers:
    """The servers of this process; the first run starts them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: list[_Server] = []
        self._turns = itertools.count()

    def _next(self, env: Mapping[str, str]) -> _Server | None:
        with self._lock:
            if not self._servers:
                self._servers += [_Server(), _Server()]
                atexit.register(self.close)
            server = self._servers[next(self._turns) % 2]
        return server if server.env == _read_at_start(env) else None

    def close(self) -> None:
        """End all servers; the next run would start others."""
        with self._lock:
            while self._servers:
                self._servers.pop().close()

    def run(self, args: Sequence[str | os.PathLike[str]], cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `python -m daybook args`, with nothing to read, as `subprocess.run` would, which does it where a fork would not be the same."""
        command = (sys.executable, '-m', 'daybook', *args)
        server = self._next(env) if _IS_LINUX else None
        if not server:
            return subprocess.run(command, cwd=cwd, input='', capture_output=True, text=True, env=env)
        code, out, err = _ask(server, {'argv': [os.fspath(word) for word in args], 'cwd': os.path.abspath(cwd), 'env': dict(env)})
        return subprocess.CompletedProcess(command, code, _text(out), _text(err))


def _text(data: bytes) -> str:
    return data.decode().replace('\r\n', '\n').replace('\r', '\n')


def _ask(server: _Server, order: Mapping[str, object]) -> tuple[int, bytes, bytes]:
    """Return exit code and output of a run, when it has ended and nobody is left who could write to its streams."""
    ends, theirs = zip(*(os.pipe() for _ in range(2)))
    given, to_write = os.pipe()
    os.close(to_write)
    asked, answering = socket.socketpair()
    with asked:
        with answering:
            socket.send_fds(server.line, [b'.'], [answering.fileno(), given, *theirs])
        for handle in (given, *theirs):
            os.close(handle)
        asked.sendall(json.dumps(order).encode() + b'\n')
        found = {end: b'' for end in ends}
        with selectors.DefaultSelector() as waiting:
            for end in ends:
                waiting.register(end, selectors.EVENT_READ)
            while waiting.get_map():
                for key, _ in waiting.select():
                    data = os.read(key.fd, 1 << 16)
                    found[key.fd] += data
                    if not data:
                        waiting.unregister(key.fd)
                        os.close(key.fd)
        answer = asked.makefile().readline()
    assert answer, server.process.stdout and server.process.stdout.read()  # of a server that has come to its end
    return json.loads(answer), *found.values()


def import_all() -> None:
    """Import whatever a run may need."""
    import pkgutil

    import daybook

    for module in pkgutil.walk_packages(daybook.__path__, 'daybook.'):
        if module.name not in ('daybook.__main__', 'daybook.hooks.session_state'):  # the one runs, the other is a script for others
            __import__(module.name)
    import multiprocessing.connection  # noqa: F401


def _become(order: Mapping[str, object], handles: list[int]) -> None:
    import daybook.__main__

    for number, handle in enumerate(handles):
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(order['cwd'])
    os.environ.clear()
    os.environ.update(order['env'])
    time.tzset()
    sys.argv[:] = [daybook.__main__.__file__, *order['argv']]
    sys.orig_argv[:] = [sys.executable, '-m', 'daybook', *order['argv']]


def _serve(line: socket.socket) -> None:
    """Fork for each order that comes, and tell how that process ended; return in the forked one."""
    runs: dict[int, socket.socket] = {}
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    while True:
        ready, _, _ = select.select((woken, line), (), ())
        if woken in ready:
            os.read(woken, 1 << 16)
            _tell_ends(runs)
        if line in ready:
            word, handles, _, _ = socket.recv_fds(line, 1, 4)
            if not word:  # who started us has ended
                os._exit(0)
            asker = socket.socket(fileno=handles.pop(0))
            with asker.makefile() as stream:
                order = json.loads(stream.readline())
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, before)
                for handle in (woken, waker, line.detach(), asker.detach(), *(each.detach() for each in runs.values())):
                    os.close(handle)
                _become(order, handles)
                return
            runs[pid] = asker
            for handle in handles:
                os.close(handle)


def _end() -> None:
    """Run `daybook` and end as Python would, but for taking everything apart, which nobody sees."""
    from daybook.__main__ import main

    code: object = 1
    try:
        code = main()
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    assert code is None or isinstance(code, int)
    os._exit(code or 0)


def _tell_ends(runs: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while runs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with runs.pop(pid) as asker:
                asker.sendall(json.dumps(os.waitstatus_to_exitcode(status)).encode() + b'\n')


if __name__ == '__main__':
    import_all()
    gc.freeze()  # so that no collection touches, and has the kernel copy, what all share
    _serve(socket.socket(fileno=int(sys.argv[1])))
    _end()
