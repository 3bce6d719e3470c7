"""Files: atomic writes, exclusive creates and locks, and paths that stay inside the repository."""
from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
import time
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import BinaryIO

from daybook.errors import FatalError

STATE_DIR = '.daybook/state'
_TEMPORARY = r'\.?(?P<name>.+)\.\d+-[0-9a-f]{8}\.tmp'  # of `write_atomic`, and with a dot in front of `new_private`


def _beside(path: str) -> str:
    return f'{path}.{os.getpid()}-{os.urandom(4).hex()}.tmp'


@contextlib.contextmanager
def _ready(temporary: str, path: str, content: bytes, *, is_lasting: bool) -> Iterator[None]:
    """Write `content` with the mode of `path` to a temporary file, which is gone when the block is left by an exception."""
    try:
        with open(temporary, 'xb') as stream:
            stream.write(content)
            stream.flush()
            if is_lasting:
                os.fsync(stream.fileno())
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def write_atomic(path: str, content: bytes, *, temporary: str = '', is_lasting: bool = True) -> None:
    """Write `content` to `path` through a temporary file and `os.replace`; the mode is kept.

    The temporary file lies beside `path`, or is `temporary` where that is on the same file system.
    A reader sees the old bytes or the new ones; after a loss of power too, unless `is_lasting` is false, as for what
    may always be lost. Raises OSError with the old file untouched.
    """
    if temporary and os.stat(os.path.dirname(temporary)).st_dev != os.stat(os.path.dirname(path)).st_dev:
        temporary = ''
    temporary = temporary or _beside(path)
    with _ready(temporary, path, content, is_lasting=is_lasting):
        os.replace(temporary, path)


def write_over(path: str, before: bytes | None, content: bytes) -> bool:
    """Write `content` as `write_atomic` does over the bytes `before` (None: no file); return False where others stand there.

    That is looked at last of all, so that nothing is written over that somebody saved while a slow disk took `content`.
    """
    if read_bytes(path) != before:
        return False
    temporary = _beside(path)
    with _ready(temporary, path, content, is_lasting=True):
        is_same = read_bytes(path) == before
        (os.replace(temporary, path) if is_same else os.unlink(temporary))
    return is_same


def write_durable(path: str, content: bytes) -> None:
    """Write `content` as `write_atomic` does, and return only when its name is on the disk too.

    For a journal: what it announces must not reach the disk before it does.
    """
    write_atomic(path, content)
    if os.name == 'posix':
        handle = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def temporaries(path: str) -> list[str]:
    """Return what killed writers of the file `path` have left beside it."""
    folder, name = os.path.split(path)
    found = ((other, re.fullmatch(_TEMPORARY, other)) for other in (os.listdir(folder) if os.path.isdir(folder) else ()))
    return [os.path.join(folder, other) for other, match in found if match and match['name'] == name]


def sweep(path: str, texts: Iterable[bytes]) -> None:
    """Remove what killed writers of `texts` have left beside the file `path`: whatever is no beginning of one stays."""
    wanted = tuple(texts)
    for left in temporaries(path):
        data = read_bytes(left)
        if data is not None and any(text.startswith(data) for text in wanted):
            os.unlink(left)


def create_exclusive(path: str, content: bytes) -> bool:
    """Create `path` with `content`; return False when something is there already.

    O_CREAT|O_EXCL: of several processes exactly one succeeds (open(2)).
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        with open(path, 'xb') as stream:
            stream.write(content)
    except FileExistsError:
        return False
    return True


def read_bytes(path: str) -> bytes | None:
    """Return the bytes of the regular file `path`, or None when there is none."""
    try:
        # a FIFO would wait for a writer for ever
        handle = os.open(path, os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with open(handle, 'rb', closefd=False) as stream:
            return stream.read()
    finally:
        os.close(handle)


def inside(root: str, path: str) -> str:
    """Return the absolute form of the repository-relative `path`.

    Raises FatalError when it would leave the repository: absolute, `..`, into `.git`, or through a symlink.
    """
    parts = path.replace('\\', '/').split('/') if os.name == 'nt' else path.split('/')
    if os.path.isabs(path) or '..' in parts or '' in parts or '.git' in (part.lower() for part in parts) or '\0' in path:
        raise FatalError(f'path leaves the repository: {path}; use a path relative to its root')
    here = root
    for part in parts:
        here = os.path.join(here, part)
        if os.path.islink(here):
            raise FatalError(f'path goes through a symbolic link: {path}; name the real folder instead')
    return here


def split_arguments(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part the words of a call into options and files.

    What exists is a file even when it begins with `-`, as runners pass names unprotected, and so
    is everything behind `--`.
    """
    options: list[str] = []
    named: list[str] = []
    for position, word in enumerate(argv):
        if word == '--':
            return options, [*named, *argv[position + 1:]]
        (named if os.path.lexists(word) else options).append(word)
    return options, named


def within(root: str, path: str) -> str:
    """Return the path, relative to `root` and with `/`, of a file that the user named from where they stand.

    `.` is the root itself; the file need not exist. Raises FatalError when it lies outside.
    """
    folder, name = os.path.split(os.path.abspath(path))
    # a symbolic link that is named stays itself, as git sees it; the folders on the way do not
    relative = os.path.relpath(os.path.join(os.path.realpath(folder), name), os.path.realpath(root))
    if relative == os.pardir or relative.startswith(os.pardir + os.sep) or os.path.isabs(relative):
        raise FatalError(f'not in this repository: {path}; name files below {root}')
    return relative.replace(os.sep, '/')


def state_folder(root: str) -> str:
    """Return where the state of the work tree `root` lies: $DAYBOOK_STATE_DIR (below `root` when relative), or the usual place."""
    given = os.environ.get('DAYBOOK_STATE_DIR')
    return os.path.join(root, given) if given else os.path.join(root, *STATE_DIR.split('/'))


def state_dir(root: str) -> str:
    """Return `.daybook/state` of the work tree `root` (or $DAYBOOK_STATE_DIR), made and ignored by git.

    Raises FatalError where a symbolic link leads out of it: what is committed may be anybody's.
    """
    folder = state_folder(root)
    is_usual = not os.environ.get('DAYBOOK_STATE_DIR')
    if is_usual:
        inside(root, STATE_DIR)
    is_new = not os.path.isdir(folder)
    os.makedirs(folder, exist_ok=True)
    # a folder that somebody else made may be the root of the repository, which must not be ignored
    if (is_new or is_usual) and not os.path.exists(os.path.join(folder, '.gitignore')):
        create_exclusive(os.path.join(folder, '.gitignore'), b'*\n')
    return folder


if sys.platform == 'win32':
    import msvcrt

    def _try_lock(handle: int) -> bool:
        os.lseek(handle, 0, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


@contextlib.contextmanager
def exclusive_lock(path: str, wait: float) -> Iterator[bool]:
    """Hold an exclusive lock on the lock file `path`, waiting at most `wait` seconds for it.

    Yields whether the lock is held. The file stays: to delete it while another process waits
    on it would let two in. The kernel frees it when the process dies.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, 'O_CLOEXEC', 0), 0o644)
    try:
        limit = time.monotonic() + wait
        held = _try_lock(handle)
        while not held and time.monotonic() < limit:
            time.sleep(0.02)
            held = _try_lock(handle)
        try:
            yield held
        finally:
            if held:
                _unlock(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def new_private(path: str) -> Iterator[BinaryIO]:
    """Write a file that only its owner may read, and that is not there before the block has ended without an exception.

    Raises FileExistsError at the end when somebody else made `path` meanwhile; a file is never replaced.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f'.{name}.{os.getpid()}-{os.urandom(4).hex()}.tmp')
    handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, 'O_BINARY', 0), 0o600)
    try:
        with open(handle, 'w+b') as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from None
            os.rename(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
