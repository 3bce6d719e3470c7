"""Runs one process until its end, and ends it with whatever it started: when its time is over, and when we are interrupted."""
from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from collections.abc import Sequence

_LINGER = 0.5  # seconds for the last words of a command that has ended, or was
_LOOK = 1.0  # seconds after which we look whether a command has ended without closing its pipes
_GRACE = 2.0  # seconds for git to come to its own end when we are interrupted


def _signal(process: subprocess.Popen[bytes], *, by_force: bool, is_leader: bool) -> None:
    """Ask git to end, or end it by force, which leaves its locks behind: every later commit would stop at them."""
    # git push starts ssh or git-receive-pack, which would outlive it and hold our pipes
    if os.name == 'posix' and is_leader:
        try:
            os.killpg(process.pid, signal.SIGKILL if by_force else signal.SIGTERM)
        except ProcessLookupError:
            pass
    elif by_force:
        process.kill()
    else:
        process.terminate()


def _last_words(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Return what a command that has ended said; a daemon that it left behind may hold its pipes open for hours."""
    try:
        return process.communicate(timeout=_LINGER)
    except subprocess.TimeoutExpired as error:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
        process.wait()
        return error.output or b'', error.stderr or b''


def _words(process: subprocess.Popen[bytes], stdin: bytes | None, timeout: float | None) -> tuple[bytes, bytes]:
    """Return what a command says until it ends. Raises TimeoutExpired."""
    limit = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _LOOK if limit is None else min(_LOOK, limit - time.monotonic())
        try:
            return process.communicate(stdin, timeout=left)
        except subprocess.TimeoutExpired:
            if process.poll() is not None:  # a hook of the user may have started a watcher that goes on
                return _last_words(process)
            if limit is not None and time.monotonic() >= limit:
                raise
        stdin = None  # it keeps what it has not written yet


def _rest(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """End a process group and return what it has said."""
    _signal(process, by_force=False, is_leader=True)
    try:
        process.wait(_LINGER)
    except subprocess.TimeoutExpired:
        pass
    _signal(process, by_force=True, is_leader=True)
    return _last_words(process)


def _interrupt(process: subprocess.Popen[bytes], *, is_leader: bool) -> None:
    """Let git come to its end, else end it; a key at the terminal has told it too, a signal to us alone has not."""
    try:
        process.communicate(timeout=_GRACE)  # it may wait for a reader
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal(process, by_force=False, is_leader=is_leader)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        _signal(process, by_force=True, is_leader=is_leader)


def run(command: Sequence[str], *, cwd: str, env: Mapping[str, str] | None, stdin: bytes | None,
        timeout: float | None, has_hooks: bool) -> tuple[int | None, bytes, str]:
    """Run `command` and return its exit code (None when `timeout` seconds were not enough), output and errors.

    One that `has_hooks` may leave something behind that holds its pipes open. Raises FileNotFoundError.
    """
    process = subprocess.Popen(
        command, cwd=cwd, env=env,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=timeout is not None,
    )
    try:
        # to look costs a millisecond, which dozens of short questions add up
        say = _words if timeout is not None or has_hooks else type(process).communicate
        out, err = say(process, stdin, timeout)
    except subprocess.TimeoutExpired:
        out, err = _rest(process)
        return None, out, os.fsdecode(err)
    except KeyboardInterrupt:
        _interrupt(process, is_leader=timeout is not None)
        raise
    return process.returncode, out, os.fsdecode(err)
