"""Runs `daybook` many times from one process that has imported it already; may kill a run at a chosen moment.

The server forks for each run. The harness wraps the functions that change something, and the
n-th call of any of them is the last thing that a run does. The code under test knows nothing of it.
"""
from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_WRITING = {'add', 'commit', 'push', 'fetch', 'update-ref', 'update-index', 'commit-tree', 'write-tree', 'read-tree'}


class Run(NamedTuple):
    """How a run ended: exit code (negative: the signal), everything printed, changes counted."""

    code: int
    out: str
    steps: int

    @property
    def last(self) -> str:
        lines = self.out.strip().split('\n')
        return lines[-1]


def _wrap(steps_file: str, kill_at: int | None, needle: str | None) -> None:
    from daybook.repo import files
    from daybook.repo import git

    count = 0

    def step(name: str) -> None:
        nonlocal count
        if needle is not None and needle not in name:
            return
        count += 1
        Path(steps_file).write_text(str(count))
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(owner: object, name: str) -> None:
        inner = getattr(owner, name)

        def outer(*args: object, **options: object) -> object:
            is_git = name == 'git'
            if is_git and args[0] not in _WRITING:
                return inner(*args, **options)
            label = f'git {args[0]}' if is_git else name
            step(f'before {label}')
            result = inner(*args, **options)
            if is_git and args[0] in ('commit', 'push'):
                step(f'after {label}')
            return result

        setattr(owner, name, outer)

    for owner, name in ((git, 'git'), (files, 'create_exclusive'), (os, 'replace'), (os, 'unlink')):
        wrap(owner, name)


def _child(order: dict) -> None:
    os.setsid()
    handle = os.open(order['out'], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(handle, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(order['cwd'])
    for name, value in order['env'].items():
        os.environ[name] = value
    if order['count']:
        _wrap(order['out'] + '.steps', order['kill_at'], order['needle'])
    from daybook.__main__ import main

    code = 3
    try:
        code = main(order['argv'])
    finally:
        sys.stdout.flush()
        os._exit(code)


def die_at(kill_at: int, needle: str, *argv: str) -> int:
    """Run `daybook argv` in this process, which ends at a change: for hooks, whose process the runner starts."""
    _wrap(os.devnull, kill_at, needle)
    from daybook.__main__ import main

    return main(argv)


def _import_all() -> None:
    """Import whatever a run may need, once for all runs."""
    import pkgutil

    import daybook

    for module in pkgutil.walk_packages(daybook.__path__, 'daybook.'):
        if module.name not in ('daybook.__main__', 'daybook.hooks.session_state'):  # the one runs, the other is a script for others
            __import__(module.name)


def _serve() -> None:
    _import_all()
    gc.freeze()  # so that no collection touches, and has the kernel copy, what all share
    pids = {}
    for line in sys.stdin:
        order = json.loads(line)
        if 'wait' in order:
            _, status = os.waitpid(pids.pop(order['wait']), 0)
            print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _child(order)
        pids[pid] = pid
        print(json.dumps(pid), flush=True)


class Started:
    """A run under way."""

    def __init__(self, runner: Runner, pid: int, out: Path) -> None:
        self.runner, self.pid, self.out = runner, pid, out

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def interrupt(self) -> None:
        os.kill(self.pid, signal.SIGINT)  # this process alone, unlike a key at the terminal

    def wait(self) -> Run:
        code = self.runner.ask({'wait': self.pid})
        steps = Path(f'{self.out}.steps')
        count = int(steps.read_text()) if steps.exists() else 0
        return Run(code, self.out.read_text('utf-8', 'replace') if self.out.exists() else '', count)


class Runner:
    """The server process and what the tests ask of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number, self.lock = folder, 0, threading.Lock()
        self.process = subprocess.Popen((sys.executable, __file__), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, order: dict) -> int:
        with self.lock:
            assert self.process.stdin and self.process.stdout
            self.process.stdin.write(json.dumps(order) + '\n')
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def start(self, root: Path, *argv: str, env: dict[str, str] | None = None, count: bool = False,
              kill_at: int | None = None, needle: str | None = None) -> Started:
        """Begin `daybook argv` in `root`; with `kill_at`, it dies at that change (of those named like `needle`)."""
        self.number += 1
        out = self.folder / f'run-{self.number}'
        order = {'cwd': str(root), 'argv': list(argv), 'env': env or {}, 'out': str(out),
                 'count': count or kill_at is not None, 'kill_at': kill_at, 'needle': needle}
        return Started(self, self.ask(order), out)

    def run(self, root: Path, *argv: str, **options: object) -> Run:
        return self.start(root, *argv, **options).wait()  # type: ignore[arg-type]

    def kill_after(self, seconds: float, root: Path, argv: Sequence[str], env: dict[str, str] | None = None) -> Run:
        """Begin a run and kill it when `seconds` have passed, wherever it then stands; git it started goes on."""
        started = self.start(root, *argv, env=env)
        time.sleep(seconds)
        started.kill()
        return started.wait()

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


if __name__ == '__main__':
    _serve()
