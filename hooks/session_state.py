"""Count the tool calls of one agent session in `.daybook/state/session-<id>.json`.

A copy stands in the adopting repository and an agent's hook runs it for every tool call:
`python3 -I -S session_state.py [--matcher M] [--agent NAME] [--event NAME]`, one JSON event on stdin. It ends with 0
and prints nothing whatever happens, since an agent must never be stopped by its telemetry. It alone may catch every
exception; what went wrong is a line in `hook-errors.log`, without a word of the payload, which can hold secrets.

Files beside the state: `.lock` (locked, never deleted: a second inode would be a second lock), `.spill` (calls that
could not be counted at once; a reader that finds it longer than `spill_folded_bytes` adds those lines),
`.bad-<ns>.json` (a state that could not be read, moved aside). One file, since a hook is copied and started alone;
Python 3.9 and later, since an agent starts whichever `python3` the machine has.
"""
import errno
import os
import sys
import time

_SCHEMA = 1
_HOUR = 3600
_LOCK_SECONDS = 2.0
_STDIN_SECONDS = 10.0
_STDIN_BYTES = 64 << 20
_STATE_BYTES = 4 << 20
_LOG_BYTES = 1 << 20
_NAME_CHARACTERS = 200
_PATH_CHARACTERS = 4096
_ID_CHARACTERS = 64
_ID_ALPHABET = frozenset('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')
_ID_VARIABLES = ('DAYBOOK_SESSION_ID', 'CLAUDE_SESSION_ID', 'CLAUDE_CODE_SESSION_ID', 'GEMINI_SESSION_ID')
_PROJECT_VARIABLES = ('CLAUDE_PROJECT_DIR', 'GEMINI_PROJECT_DIR', 'CURSOR_PROJECT_DIR')
_SUBAGENTS = ('agent', 'task')
# a hostile repository may hold a symlink or a FIFO where a state file belongs: neither is followed nor waited for
_OPEN_SAFELY = getattr(os, 'O_NOFOLLOW', 0) | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0)

# event name in lower case -> what it means here; every other event is ignored
_EVENTS = {
    'posttooluse': 'call',  # Claude Code, Codex, Cursor, Copilot
    'posttoolusefailure': 'failed call',  # Claude Code, Cursor
    'aftertool': 'call',  # Gemini
    'sessionstart': 'start',
    'subagentstart': 'subagent',  # of Codex only: elsewhere the tool that dispatches one is a call of its own
}
# the first key found tells the agent, unless `--agent` does; none of them: Claude Code
_AGENTS = (
    ('conversation_id', 'cursor'),
    ('turn_id', 'codex'),
    ('toolName', 'copilot'),
    ('timestamp', 'gemini'),
)
_KEYS = {
    'session': ('session_id', 'conversation_id', 'sessionId'),
    'event': ('hook_event_name', 'hookEventName'),
    'tool': ('tool_name', 'toolName'),
    'result': ('tool_response', 'tool_output', 'toolResult'),
    'cwd': ('cwd', 'workingDirectory'),
}

try:
    # the C half of json without the rest: json imports re, which doubles the time of the whole call
    from _json import encode_basestring_ascii as _quote
    from _json import make_scanner

    class _Rules:
        strict = False
        object_hook = object_pairs_hook = array_hook = None
        parse_int, parse_float, parse_constant = int, float, float
        memo: dict = {}

    _scan = make_scanner(_Rules)
    if (_scan('{"a": [1]}', 0), _quote('\n')) != (({'a': [1]}, 10), '"\\n"'):
        raise ImportError
except Exception:  # private modules change without notice
    from json.decoder import JSONDecoder
    from json.encoder import encode_basestring_ascii as _quote

    _scan = JSONDecoder(strict=False).raw_decode


class LockHeld(Exception):
    """Another process kept the lock for longer than a call may wait."""


def _parse(data: bytes) -> object:
    text = data.decode('utf-8', 'replace').lstrip('\ufeff \t\r\n').rstrip()
    value, end = _scan(text, 0)
    if end != len(text):
        raise ValueError
    return value


def _dump(value: object) -> str:
    if isinstance(value, dict):
        return '{' + ', '.join(f'{_quote(key)}: {_dump(value[key])}' for key in value) + '}'
    return _quote(value) if isinstance(value, str) else str(int(value))


def _now() -> str:
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())


def _open(path: str, flags: int) -> int:
    if os.name == 'nt' and os.path.islink(path):  # it has no O_NOFOLLOW
        raise OSError(errno.ELOOP, 'a symlink', path)
    return os.open(path, flags | _OPEN_SAFELY, 0o666)


def _read(path: str, limit: int, start: int = 0) -> bytes:
    """Return the bytes of a plain file from `start`, at most `limit` of them (or a little more)."""
    handle = _open(path, os.O_RDONLY)
    chunks, size = [], 0
    try:
        if start:
            os.lseek(handle, start, os.SEEK_SET)
        while size < limit and (chunk := os.read(handle, 1 << 16)):
            chunks.append(chunk)
            size += len(chunk)
    finally:
        os.close(handle)
    return b''.join(chunks)


def _write(path: str, flags: int, data: bytes) -> None:
    handle = _open(path, os.O_WRONLY | os.O_CREAT | flags)
    try:
        if os.write(handle, data) != len(data):
            raise OSError(errno.ENOSPC, 'short write', path)
    finally:
        os.close(handle)


def _log(folder: str, message: str) -> None:
    """Add one line to `hook-errors.log`; at 1 MiB the log becomes `hook-errors.log.1` and a new one starts."""
    path = os.path.join(folder, 'hook-errors.log')
    try:
        _prepare(folder)
        if os.path.lexists(path) and os.lstat(path).st_size > _LOG_BYTES:
            os.replace(path, path + '.1')
        _write(path, os.O_APPEND, f'{_now()} {ascii(message)[1:-1]}\n'.encode())
    except Exception:
        pass


def _reason(error: BaseException) -> str:
    if isinstance(error, LockHeld):
        return f'the lock was held for {_LOCK_SECONDS:.0f} seconds'
    if isinstance(error, OSError) and error.errno:
        return f'{type(error).__name__}, {os.strerror(error.errno).lower()}'
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f'{type(error).__name__} in line {trace.tb_lineno if trace else 0}'


def _options(argv: list[str]) -> dict[str, str]:
    options = {'--matcher': '', '--agent': '', '--event': ''}
    for word, following in zip(argv, argv[1:] + ['']):
        name, sign, value = word.partition('=')
        if name in options:
            options[name] = (value if sign else following)[:_NAME_CHARACTERS]
    return options


def _is_stdin_ready() -> bool:
    import select

    try:
        return bool(select.select([0], [], [], _STDIN_SECONDS)[0])
    except OSError:  # Windows selects sockets only
        return True


def _stdin() -> bytes:
    chunks, size = [], 0
    while _is_stdin_ready():
        chunk = os.read(0, 1 << 16)
        if not chunk and size > _STDIN_BYTES:
            raise OverflowError
        if not chunk:
            return b''.join(chunks)
        size += len(chunk)
        # what is too much is still read: the agent must not get a broken pipe
        chunks.append(chunk if size <= _STDIN_BYTES else b'')
    raise TimeoutError


def _payload() -> tuple[dict, str]:
    """Return the event on stdin, or an empty one and what is wrong with it."""
    if sys.stdin is None or os.isatty(0):
        return {}, 'stdin is closed or a terminal'
    try:
        data = _stdin()
        if not data.strip():
            return {}, 'stdin is empty'
        payload = _parse(data)
    except OverflowError:
        return {}, f'stdin is larger than {_STDIN_BYTES} bytes'
    except TimeoutError:
        return {}, f'stdin stayed open without an end for {_STDIN_SECONDS:.0f} seconds'
    except OSError as error:
        return {}, f'stdin cannot be read ({_reason(error)})'
    except Exception:
        return {}, f'stdin cannot be read as JSON ({len(data)} bytes)'
    return (payload, '') if isinstance(payload, dict) else ({}, 'stdin holds no JSON object')


def _value(payload: dict, key: str) -> object:
    return next((payload[name] for name in _KEYS[key] if payload.get(name)), None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ''


def _agent_of(payload: dict) -> str:
    if 'timestamp' in payload and not _value(payload, 'event'):
        return 'copilot'
    # the start of a Codex session has no turn yet, but the transcript has its name
    other = 'codex' if 'rollout-' in _text(payload.get('transcript_path')) else 'claude'
    return next((agent for key, agent in _AGENTS if key in payload), other)


def _meaning_of(payload: dict, event: str) -> str:
    if event:
        return _EVENTS.get(event.lower(), '')
    if _value(payload, 'tool') is None:
        return 'start' if 'initialPrompt' in payload or payload.get('source') == 'new' else 'unclear'
    # Copilot does not name its events; before the call there is neither a result nor an error
    return '' if 'toolName' in payload and not {'toolResult', 'error'} & set(payload) else 'call'


def _is_failed(payload: dict, agent: str, meaning: str) -> bool:
    result = _value(payload, 'result')
    if meaning == 'failed call' or (agent == 'copilot' and 'error' in payload):
        return True
    if not isinstance(result, dict):
        return False
    # `isError` is how MCP itself says so, which Codex hands on as it is
    return bool(agent == 'gemini' and result.get('error')) or result.get('resultType') in ('failure', 'denied') or result.get('isError') is True


def _tool_of(payload: dict) -> str:
    """Return the full name of the tool; `mcp__<server>__<tool>` wherever the agent tells the server."""
    tool = _text(_value(payload, 'tool')) or 'unknown'
    server = ''
    context = payload.get('mcp_context')  # Gemini: the tool alone is mcp_<server>_<tool>, which nobody can part
    if isinstance(context, dict):
        server = _text(context.get('server_name'))
        tool = _text(context.get('tool_name')) or tool if server else tool
    words = tool.split(':', 2)  # Cursor: MCP:<server>:<tool>, or MCP:<tool>, which names no server
    if len(words) == 3 and words[0] == 'MCP':
        server, tool = words[1:]
    return f'mcp__{server}__{tool}' if server and tool[:5].lower() != 'mcp__' else tool


def _folded(tool: str) -> str:
    kind, _, rest = tool.partition('__')
    server = rest.partition('__')[0].lower()
    return f'mcp__{server}' if kind.lower() == 'mcp' and server else tool


def _call(payload: dict, options: dict[str, str]) -> dict:
    """Return the event in the one form that is counted and spilled: strings, and `failed` as 0 or 1."""
    agent = options['--agent'] or _agent_of(payload)
    meaning = _meaning_of(payload, options['--event'] or _text(_value(payload, 'event')))
    tool = _tool_of(payload)
    if meaning == 'subagent' and agent != 'codex':
        meaning = ''
    return {
        'meaning': 'call' if meaning == 'failed call' else meaning,
        'failed': int(_is_failed(payload, agent, meaning)),
        'tool': tool[:_NAME_CHARACTERS],
        'folded': _folded(tool)[:_NAME_CHARACTERS],
        'agent': agent,
        'matcher': options['--matcher'],
        'at': _now(),
        'transcript': _text(payload.get('transcript_path'))[:_PATH_CHARACTERS],
    }


def _is_hashed(name: str) -> bool:
    head, _, tail = name.rpartition('.')
    return len(tail) == 16 and not set(tail) - set('0123456789abcdef') and not set(head) - _ID_ALPHABET


def safe_id(raw: str) -> str:
    """Return `raw` where it can stand in a file name, else a cut copy, a dot and a hash: no two ids become one.

    An unchanged id never holds a dot, so that it cannot pass for a changed one.
    """
    if len(raw) <= _ID_CHARACTERS and not set(raw) - _ID_ALPHABET:
        return raw
    from hashlib import sha256

    cleaned = ''.join(c if c in _ID_ALPHABET else '_' for c in raw[:_ID_CHARACTERS - 17])
    return f'{cleaned}.{sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:16]}'


def _session_id(payload: dict) -> str:
    given = _value(payload, 'session')
    if given and isinstance(given, (str, int)):
        return safe_id(str(given))
    found = next((os.environ[name] for name in _ID_VARIABLES if os.environ.get(name)), '')
    if found:
        # this script exported it: taken as it is, or the session would get a second name
        return found if len(found) <= _ID_CHARACTERS and _is_hashed(found) else safe_id(found)
    return f'ppid-{os.getppid()}'


def _main_work_tree(root: str, link: str) -> str:
    """Return the work tree that owns the repository to which the file `link` (`gitdir: ...`) points.

    Without `commondir` it is a submodule, its own main work tree; a bare repository has none, so `root` stands in.
    """
    try:
        gitdir = os.path.join(root, os.fsdecode(_read(link, 1 << 16)).partition('gitdir:')[2].strip())
        shared = os.fsdecode(_read(os.path.join(gitdir, 'commondir'), 1 << 16)).strip()
    except OSError:
        return root
    common = os.path.realpath(os.path.join(gitdir, shared))
    return os.path.dirname(common) if os.path.basename(common) == '.git' else root


def _work_trees(path: str) -> 'tuple[str, str] | None':
    """Return the work tree around `path` (which may be gone by now) and the main one of its repository."""
    path = os.path.realpath(path)
    while True:
        link = os.path.join(path, '.git')
        if os.path.lexists(link):
            return path, path if os.path.isdir(link) else _main_work_tree(path, link)
        if path == os.path.dirname(path):
            return None
        path = os.path.dirname(path)


def _places(payload: dict) -> list[str]:
    roots = payload.get('workspace_roots')
    first = roots[0] if isinstance(roots, list) and roots else None
    given = _text(_value(payload, 'cwd')) or _text(first) or os.curdir
    # an agent that went to another folder for a moment still works on its project
    projects = [os.environ.get(name, '') for name in _PROJECT_VARIABLES]
    return [place for place in (given, *projects) if place]


def _locate(payload: dict) -> 'tuple[str, str] | None':
    """Return (work tree, state folder) of the first place whose repository has a `.daybook/`, else None."""
    for place in _places(payload):
        try:
            trees = _work_trees(place)
        except (OSError, ValueError):  # no longer there, or no path at all
            trees = None
        if trees is None:
            continue
        home = os.path.join(trees[1], '.daybook')
        chosen = os.environ.get('DAYBOOK_STATE_DIR', '')
        folder = os.path.join(trees[1], chosen) if chosen else os.path.join(home, 'state')
        if os.path.isdir(home) and not os.path.islink(home) and (chosen or not os.path.islink(folder)):
            return trees[0], folder
    return None


def _prepare(folder: str) -> None:
    try:
        os.makedirs(folder)
    except FileExistsError:
        return
    _write(os.path.join(folder, '.gitignore'), os.O_EXCL, b'*\n')


def _lock_posix(handle: int, deadline: float, fcntl: object) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
        time.sleep(0.002)


def _lock_windows(handle: int, deadline: float, msvcrt: object) -> bool:
    while True:
        try:
            os.lseek(handle, 0, os.SEEK_SET)  # it locks from the file position
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            return True
        except OSError:
            if time.monotonic() >= deadline:
                return False
        time.sleep(0.002)


def _lock(path: str) -> int:
    """Return the handle that holds the lock until it is closed; LockHeld after two seconds."""
    handle = _open(path, os.O_RDWR | os.O_CREAT)
    deadline = time.monotonic() + _LOCK_SECONDS
    if os.name == 'nt':
        import msvcrt

        held = _lock_windows(handle, deadline, msvcrt)
    else:
        import fcntl

        held = _lock_posix(handle, deadline, fcntl)
    if not held:
        os.close(handle)
        raise LockHeld
    return handle


def _fresh(session: str, root: str, call: dict) -> dict:
    return {
        'session_id': session,
        'agent': call['agent'],
        'cwd': root,
        'started_at': call['at'],
        'ended_at': call['at'],
        'tool_calls_count': 0,
        'tool_calls_breakdown': {},
        'tool_calls_breakdown_methods': {},
        'failed_calls_count': 0,
        'subagents_dispatched': 0,
        'parallel_terminals_observed': 0,
        'matcher': call['matcher'] or '*',
        'transcript_path': '',
        'spill_folded_bytes': 0,
        'schema': _SCHEMA,
    }


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _is_time(text: str) -> bool:
    return len(text) == 20 and text[:4].isdigit() and text[4] + text[10] + text[19] == '-TZ'


def _is_sound(state: object, fresh: dict) -> bool:
    if not isinstance(state, dict) or state.get('schema') != _SCHEMA:
        return False
    for key, value in fresh.items():
        if type(state.get(key)) is not type(value):
            return False
        counts = state[key].values() if isinstance(value, dict) else [state[key]]
        if not isinstance(value, str) and not all(_is_count(n) for n in counts):
            return False
    return _is_time(state['started_at']) and _is_time(state['ended_at'])


def _load(base: str, fresh: dict) -> dict:
    """Return the state on disk, or `fresh`; what is no state is moved aside under the lock and logged."""
    path = base + '.json'
    if not os.path.lexists(path):
        return fresh
    if os.path.isfile(path) and not os.path.islink(path):
        try:
            state = _parse(_read(path, _STATE_BYTES))
            if isinstance(state, dict):
                state.setdefault('transcript_path', '')  # an older version of this script kept none
            if _is_sound(state, fresh):
                return {key: state[key] for key in fresh}
        except OSError:
            raise  # a disk that cannot be read now is no reason to throw counts away
        except Exception:
            pass
    bad = f'{base}.bad-{time.time_ns()}.json'
    os.rename(path, bad)
    _log(os.path.dirname(base), f'{os.path.basename(base)}: state unreadable, counting starts again; '
         f'the old one is kept as {os.path.basename(bad)}')
    return fresh


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _save(path: str, state: dict) -> None:
    temporary = f'{path}.{os.getpid()}.{time.time_ns()}.tmp'
    lines = ',\n'.join(f'  {_quote(key)}: {_dump(value)}' for key, value in state.items())
    try:
        _write(temporary, os.O_EXCL, f'{{\n{lines}\n}}\n'.encode())
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def _count(state: dict, call: dict) -> None:
    state['ended_at'] = max(state['ended_at'], call['at'])
    state['started_at'] = min(state['started_at'], call['at'])
    state['matcher'] = call['matcher'] or state['matcher']
    if call['meaning'] != 'call':
        state['subagents_dispatched'] += call['meaning'] == 'subagent'
        return
    state['tool_calls_count'] += 1
    state['failed_calls_count'] += call['failed']
    state['subagents_dispatched'] += call['tool'].lower() in _SUBAGENTS
    for key, name in (('tool_calls_breakdown', 'folded'), ('tool_calls_breakdown_methods', 'tool')):
        counts = state[key]
        counts[call[name]] = counts.get(call[name], 0) + 1


def _is_call(call: object) -> bool:
    texts = ('meaning', 'tool', 'folded', 'agent', 'matcher', 'at')
    if not isinstance(call, dict) or any(type(call.get(key)) is not str for key in texts):
        return False
    return _is_time(call['at']) and call.get('failed') in (0, 1)


def _spill(base: str, call: dict) -> None:
    # the leading newline ends what a writer before us may have left half written
    _write(base + '.spill', os.O_APPEND, f'\n{_dump(call)}\n'.encode())


def _fold_line(base: str, state: dict, line: bytes) -> None:
    try:
        call = _parse(line)
    except Exception:
        call = None
    if _is_call(call):
        _count(state, call)
    else:
        _log(os.path.dirname(base), f'{os.path.basename(base)}: a spilled line cannot be read, one call may be lost')


def _fold_spill(base: str, state: dict) -> None:
    """Count the spilled calls that the state has not counted yet.

    The file is never emptied: the state keeps how far it has read, so counting and marking are one replacement.
    """
    path = base + '.spill'
    if not os.path.isfile(path) or os.path.islink(path):
        return
    start = state['spill_folded_bytes']
    if start > os.path.getsize(path):  # somebody archived the file and another one began
        start = 0
    data = _read(path, _STDIN_BYTES, start)
    done = data.rfind(b'\n') + 1
    for line in filter(None, data[:done].split(b'\n')):
        _fold_line(base, state, line)
    state['spill_folded_bytes'] = start + done


def _is_orphan(name: str) -> bool:
    words = name.rsplit('.', 3)
    return len(words) == 4 and words[0].endswith('.json') and words[1].isdigit() and words[2].isdigit()


def _age(entry: os.DirEntry) -> float:
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime
    except OSError:  # it went while we looked
        return 0.0


def _survey(base: str) -> int:
    """Return how many other sessions wrote here within the hour; remove temporaries that a killed one left."""
    folder, own = os.path.split(base + '.json')
    others = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if not name.startswith('session-') or name == own:
                continue
            if name.endswith('.json') and '.bad-' not in name:
                others += _age(entry) < _HOUR
            elif name.endswith('.tmp') and _is_orphan(name) and _age(entry) > _HOUR:
                _remove(entry.path)
    return others


def _record(base: str, root: str, call: dict) -> None:
    others = _survey(base)
    handle = _lock(base + '.lock')
    try:
        fresh = _fresh(os.path.basename(base)[len('session-'):], root, call)
        state = _load(base, fresh)
        _fold_spill(base, state)
        _count(state, call)
        state['agent'], state['cwd'] = call['agent'], root
        state['transcript_path'] = call['transcript'] or state['transcript_path']
        state['parallel_terminals_observed'] = max(state['parallel_terminals_observed'], others)
        _save(base + '.json', state)
    finally:
        os.close(handle)


def _export(session: str) -> None:
    """Tell the agent's later commands which session is theirs, through the file that Claude Code sources."""
    path = os.environ.get('CLAUDE_ENV_FILE')
    if not path:
        return
    line = f'export DAYBOOK_SESSION_ID={session}'
    with open(path, 'a+', encoding='utf-8', errors='surrogateescape') as stream:
        stream.seek(0)
        text = stream.read()
        exports = [old for old in text.splitlines() if old.startswith('export DAYBOOK_SESSION_ID=')]
        if exports[-1:] != [line]:
            stream.write(('' if text.endswith('\n') or not text else '\n') + line + '\n')


def _keep(base: str, root: str, call: dict) -> None:
    folder, session = os.path.split(base)
    try:
        _prepare(folder)
        _record(base, root, call)
        return
    except BaseException as error:
        trouble = _reason(error)
    if call['meaning'] != 'call':
        return _log(folder, f'{session}: the {call["meaning"]} was not recorded ({trouble})')
    try:
        _spill(base, call)
        _log(folder, f'{session}: a call waits in {session}.spill ({trouble})')
    except BaseException as error:
        _log(folder, f'{session}: a call was lost ({trouble}; {_reason(error)})')


def run(argv: list[str]) -> None:
    """Handle the one event on stdin; `argv` holds the options of the call."""
    payload, problem = _payload()
    place = _locate(payload)
    if place is None:
        return
    root, folder = place
    session = _session_id(payload)
    if problem:
        return _log(folder, f'session-{session}: no event: {problem}')
    call = _call(payload, _options(argv))
    if call['meaning'] == 'unclear':
        return _log(folder, f'session-{session}: no event: it names neither itself nor a tool')
    if call['meaning']:
        _keep(os.path.join(folder, f'session-{session}'), root, call)
    if call['meaning'] == 'start':
        try:
            _export(session)
        except Exception as error:
            _log(folder, f'session-{session}: the id was not exported ({_reason(error)})')


if __name__ == '__main__':
    try:
        run(sys.argv[1:])
    except BaseException:
        pass
    # nothing is buffered, and the end of the interpreter costs as much as the count
    os._exit(0)
