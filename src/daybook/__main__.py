"""`daybook <id> ...`: find a hook or command by its id, run it, turn errors into exit codes."""
from __future__ import annotations

import atexit
import gc
import os
import sys

from daybook.errors import FatalError
from daybook.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:  # `collections` and `importlib` would cost a warm hook more than its own modules
    from collections.abc import Sequence
    from types import ModuleType

_ROOMS = ('daybook.hooks', 'daybook.commands')
_STANDALONE = {'session_state'}  # copied into repositories by `init`, never run by the dispatcher


def _imported(name: str) -> ModuleType:
    __import__(name)
    return sys.modules[name]


def _ids() -> list[str]:
    import pkgutil

    found = []
    for room in _ROOMS:
        package = _imported(room)
        found += [m.name for m in pkgutil.iter_modules(package.__path__)]
    return sorted(name.replace('_', '-') for name in found if name not in _STANDALONE)


def _module_of(hook_id: str) -> str:
    name = hook_id.replace('-', '_')
    if name.isidentifier() and name not in _STANDALONE and hook_id == name.replace('_', '-'):
        for room in _ROOMS:
            # `importlib.util` would look, and cost a warm hook more than its own modules
            if any(os.path.isfile(os.path.join(folder, f'{name}.py')) for folder in _imported(room).__path__):
                return f'{room}.{name}'
    import difflib

    near = difflib.get_close_matches(hook_id, _ids(), n=1)
    hint = f'did you mean `{near[0]}`?' if near else '`daybook --help` lists them'
    raise UsageError(f'unknown id: {hook_id}; {hint}')


def _told(hook_id: str) -> str:
    """Return the sentence with which the module of an id opens, read and not imported, as that would import all of us."""
    room, _, name = _module_of(hook_id).rpartition('.')
    for folder in _imported(room).__path__:
        try:
            with open(os.path.join(folder, f'{name}.py'), encoding='utf-8') as stream:
                line = stream.readline().strip().strip('"').removesuffix('.')
        except OSError:
            continue
        head, colon, rest = line.partition(': ')
        return rest if colon and hook_id in head else line
    return ''


def _help() -> str:
    ids = _ids()
    width = max(map(len, ids))
    lines = ['usage: daybook <id> [options] [files]', '', 'ids:']
    lines += [f'  {hook_id:{width}}  {_told(hook_id)}' for hook_id in ids]
    lines += ['', '`daybook <id> --help` tells the options of one']
    return '\n'.join(lines)


def _version() -> str:
    from importlib.metadata import version

    return f'daybook {version("git-daybook")}'


def _tell_trace(error: BaseException) -> None:
    import tempfile
    import traceback

    try:
        handle, path = tempfile.mkstemp(prefix='daybook-error-', suffix='.log')
        with os.fdopen(handle, 'w', encoding='utf-8') as stream:
            traceback.print_exception(error, file=stream)
        print(f'daybook: the trace is in {path}; please report it', file=sys.stderr)
    except OSError:  # a full disk, which may be what nobody expected
        traceback.print_exception(error, file=sys.stderr)


def _is_full(error: OSError) -> bool:
    import errno

    return error.errno in (errno.ENOSPC, getattr(errno, 'EDQUOT', errno.ENOSPC))


def _tell_full(error: OSError) -> None:
    """Tell what is full; an error in writing to a stream names no file."""
    place = f': {error.filename}' if error.filename else ' on the disk, or where the output goes'
    try:
        sys.stdout.flush()
    except OSError:  # Python would try it again at the end, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _complain(FatalError(f'no space left{place}; make room, and run this again'))


def _run(argv: Sequence[str]) -> int:
    if not argv or argv[0] in ('-h', '--help', 'help'):
        print(_help())
        return 0 if argv else 2
    if argv[0] in ('-V', '--version'):
        print(_version())
        return 0
    code: int = _imported(_module_of(argv[0])).main(argv[1:])
    return code


def _complain(error: FatalError) -> None:
    from daybook.problem import printable

    for line in f'daybook: {error}'.split('\n'):
        print(printable(line), file=sys.stderr)


def _speak_utf8() -> None:
    """Start anew in Python's UTF-8 mode where the locale would have file names and git's words read as something else."""
    if sys.getfilesystemencoding() != 'utf-8':
        os.execv(sys.executable, (sys.executable, '-X', 'utf8', *sys.orig_argv[1:]))


def _forget_pathspecs() -> None:
    # Magit, for one, sets them for all that it starts; they would give our own pathspecs another meaning
    for way in ('LITERAL', 'GLOB', 'NOGLOB', 'ICASE'):
        os.environ.pop(f'GIT_{way}_PATHSPECS', None)


def _open_closed_streams() -> None:
    """Let what the caller closed (`>&-`) lead nowhere, else the next file to be opened would get its number, and what is printed."""
    for name, mode in (('stdin', 'r'), ('stdout', 'w'), ('stderr', 'w')):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))


def _make_output_safe() -> None:
    # file names may hold bytes that are not UTF-8, and the encoding of a pipe may know ASCII only
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(encoding='utf-8', errors='backslashreplace')


def _collect_rarely() -> None:
    """Have cyclic garbage sought rarely and not at the end, as nearly all that a short run makes is modules, which stay."""
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)


def _failed(error: Exception) -> int:
    """Tell what the system refused, or what nobody expected, with its trace; return the exit code."""
    if isinstance(error, PermissionError):
        place = f': {error.filename}' if error.filename else ''
        _complain(FatalError(f'{error.strerror or "not permitted"}{place}; let yourself read and write there, then run this again'))
        return 1
    if isinstance(error, OSError) and _is_full(error):
        _tell_full(error)
        return 1
    _complain(FatalError(f'unexpected {type(error).__name__}: {error}'))
    _tell_trace(error)
    return 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run `daybook` with `argv` and return its exit code: 0, 1, 2, 3 or 130 (README, exit codes)."""
    _speak_utf8()
    _forget_pathspecs()
    _open_closed_streams()
    _make_output_safe()
    if argv is None:  # nobody else's process
        _collect_rarely()
    arguments = sys.argv[1:] if argv is None else argv
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except UsageError as error:
        _complain(error)
        return 2
    except FatalError as error:
        _complain(error)
        return 1
    except KeyboardInterrupt:
        print('daybook: interrupted', file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader (`| head`) has gone: not an error, and nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the one boundary for what nobody expected
        return _failed(error)


if __name__ == '__main__':
    raise SystemExit(main())
