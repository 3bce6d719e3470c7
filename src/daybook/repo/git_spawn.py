"""Asks git side by side and without `subprocess`, whose import costs a warm hook more than the answers do (`git` is for all else)."""
from __future__ import annotations

import atexit
import os

TYPE_CHECKING = False
if TYPE_CHECKING:  # a warm hook does without `collections`
    import signal as _signal
    from collections.abc import Callable
    from collections.abc import Mapping
    from collections.abc import Sequence
else:
    import _signal  # `signal` costs a warm hook more than this

WHERE = ('rev-parse', '--is-inside-work-tree', '--show-cdup', '--git-dir', '--git-common-dir', 'HEAD')
MOST_INPUT = 4096  # bytes that every pipe takes before anybody reads them
_asked: set[int] = set()  # the processes that nobody has waited for yet


def _end_asked() -> None:
    """End the questions whose answers nobody wants any more, after an interrupt as after an error: they change nothing."""
    if _asked:
        _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGINT,))  # a second one must not keep us from it
    for process in _asked:
        try:
            if os.waitpid(process, os.WNOHANG)[0] == 0:
                os.kill(process, _signal.SIGTERM)
                os.waitpid(process, 0)
        except ChildProcessError:  # waited for just before the interrupt, or asked for by whoever forked us
            pass


atexit.register(_end_asked)


def _start(words: Sequence[str], cwd: str, given: bytes = b'', env: Mapping[str, str] | None = None) -> tuple[int, int]:
    reader, writer = os.pipe()
    source, sink = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    held = _signal.pthread_sigmask(_signal.SIG_BLOCK, ())
    try:
        os.write(sink, given)
        _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGINT,))  # until it is known whom an interrupt has to end
        # all four are closed in the new process, as the pipes of Python are (PEP 446)
        process = os.posix_spawnp('git', ('git', '-C', cwd, *words), os.environ if env is None else env, file_actions=actions, setsigmask=held)
        _asked.add(process)
    except BaseException:
        os.close(reader)
        raise
    finally:
        for end in (writer, source, sink):
            os.close(end)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, held)
    return process, reader


def _finish(process: int, reader: int) -> bytes | None:
    with open(reader, 'rb') as stream:
        out = stream.read()
    status = os.waitpid(process, 0)[1]
    _asked.discard(process)
    return out if os.waitstatus_to_exitcode(status) == 0 else None


def ask(cwd: str, *commands: Sequence[str]) -> Callable[[], list[bytes | None]]:
    """Start `commands` of git at once in `cwd`; what comes back waits for them, and must be called.

    It returns what each printed, None for one that failed. For questions that take no input and change nothing;
    `daybook.repo.git` is for all others. Raises FileNotFoundError when there is no git.
    """
    if not hasattr(os, 'posix_spawnp'):  # Windows
        import subprocess

        runs = [subprocess.run(('git', '-C', cwd, *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL) for words in commands]
        return lambda: [run.stdout if run.returncode == 0 else None for run in runs]
    started = [_start(words, cwd) for words in commands]
    return lambda: [_finish(*process) for process in started]


def answer(cwd: str, words: Sequence[str], given: bytes, env: Mapping[str, str] | None = None) -> bytes | None:
    """Return what one command of git makes of `MOST_INPUT` bytes at most; None when it fails."""
    if not hasattr(os, 'posix_spawnp'):
        import subprocess

        run = subprocess.run(('git', '-C', cwd, *words), input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
        return run.stdout if run.returncode == 0 else None
    return _finish(*_start(words, cwd, given, env))


def answers(cwd: str, *commands: Sequence[str]) -> list[bytes | None]:
    """Return what `ask` finds, at once."""
    return ask(cwd, *commands)()


def place(cwd: str, answer: bytes | None) -> tuple[str, str, str, str] | None:
    """Return root, git folder, common git folder and commit by what git answers to `WHERE` in `cwd`; None outside of a work tree with a commit."""
    words = os.fsdecode(answer or b'').split('\n')
    if len(words) != 6 or words[0] != 'true':
        return None
    root, git_dir, common_dir = (os.path.normpath(os.path.join(cwd, word)) for word in words[1:4])
    return root, git_dir, common_dir, words[4]
