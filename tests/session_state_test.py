"""The telemetry script, always as the real process that an agent's hook would start."""
from __future__ import annotations

import ast
import fcntl
import importlib.util
import json
import marshal
import os
import pty
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / 'hooks' / 'session_state.py'
PAYLOADS = Path(__file__).parent / 'data' / 'telemetry'
PYTHON = os.path.realpath(sys.executable)
CALL = {'session_id': 's1', 'hook_event_name': 'PostToolUse', 'tool_name': 'Bash', 'tool_input': {}, 'tool_response': {}}
TOOLS = ('Bash', 'Read', 'Agent', 'Task', 'mcp__notion__search', 'mcp__Notion__fetch', 'mcp__notion__search', 'Edit')
FOLDED = {name: 'mcp__notion' if name.startswith('mcp__') else name for name in TOOLS}
# what may be loaded besides that which any interpreter loads for itself
LIGHT = {
    'abc', '_abc', 'errno', 'os', 'posixpath', 'genericpath', 'stat', '_stat', '_collections_abc', 'time', '_json', 'select',
    'fcntl',
}
HEAVY = {'re', 'json', 'enum', 'functools', 'pathlib', 'subprocess', 'tempfile', 'argparse', 'datetime', 'hashlib', 'typing'}

# loaded and ready, then held until every process is: only then do they run, all at once
GATE = '''
import marshal, os, sys
ready, go, script, compiled = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
code = marshal.load(open(compiled, 'rb'))
sys.argv = [script]
os.write(ready, b'.')
os.read(go, 1)
exec(code, {'__name__': '__main__'})
'''
FAKE_MSVCRT = '''
import fcntl, os, sys
class msvcrt:
    LK_NBLCK = 2
    def locking(handle, mode, size):
        assert mode == 2 and size == 1 and os.lseek(handle, 0, os.SEEK_CUR) == 0
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)
sys.modules['msvcrt'] = msvcrt
'''


def _git(folder: Path, *words: str) -> None:
    identity = ('-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'protocol.file.allow=always')
    subprocess.run(['git', *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / 'repo'
    root.mkdir()
    _git(root, 'init', '-q')
    _git(root, 'commit', '-q', '--allow-empty', '-m', 'first')
    (root / '.daybook').mkdir()
    return root


def _folder(repo: Path) -> Path:
    return repo / '.daybook' / 'state'


def _state(repo: Path, session: str = 's1') -> dict:
    return json.loads((_folder(repo) / f'session-{session}.json').read_text())


def _count(repo: Path, session: str = 's1') -> int:
    return _state(repo, session)['tool_calls_count']


def _logged(repo: Path) -> list[str]:
    log = _folder(repo) / 'hook-errors.log'
    return [line.partition(' ')[2] for line in log.read_text().splitlines()] if log.exists() else []


def _environ(**extra: str) -> dict[str, str]:
    return {'PATH': os.environ['PATH'], **extra}  # no HOME, nothing of an agent


def _event(repo: Path, **extra: object) -> dict:
    return {**CALL, 'cwd': str(repo), **extra}


def _send(event: dict | bytes, *options: str, script: Path = SCRIPT, env: dict | None = None, cwd: Path | None = None,
          **popen: object) -> None:
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    done = subprocess.run([PYTHON, '-I', '-S', str(script), *options], input=data, capture_output=True,
                          env=env or _environ(), cwd=cwd, timeout=60, **popen)
    assert (done.returncode, done.stdout, done.stderr) == (0, b'', b'')


def _edited(tmp_path: Path, old: str, new: str) -> Path:
    text = SCRIPT.read_text()
    assert text.count(old) == 1, old
    copy = tmp_path / f'edited-{len(list(tmp_path.glob("edited-*")))}.py'
    copy.write_text(text.replace(old, new))
    return copy


def _module():
    spec = importlib.util.spec_from_file_location('session_state_by_path', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _start_gated(script: Path, events: list[dict], before: str) -> tuple[list[subprocess.Popen], int]:
    """Return the processes, all of them waiting for the pipe whose writing end is returned to be closed."""
    ready, ready_end = os.pipe()
    go_end, go = os.pipe()
    with tempfile.NamedTemporaryFile() as compiled:
        marshal.dump(compile(script.read_bytes(), script, 'exec', dont_inherit=True), compiled)
        compiled.flush()
        command = [PYTHON, '-I', '-S', '-c', before + GATE, str(ready_end), str(go_end), str(script), compiled.name]
        started = []
        for event in events:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       env=_environ(), pass_fds=(ready_end, go_end))
            process.stdin.write(json.dumps(event).encode())
            process.stdin.close()
            started.append(process)
        waiting = 0
        while waiting < len(events):
            waiting += len(os.read(ready, 1000))
    for handle in (ready, ready_end, go_end):
        os.close(handle)
    return started, go


def _race(script: Path, events: list[dict], before: str = '') -> None:
    started, go = _start_gated(script, events, before)
    os.close(go)
    for process in started:
        assert (process.stdout.read(), process.wait()) == (b'', 0)
        process.stdout.close()


def _mixed_events(repo: Path, number: int) -> list[dict]:
    events = [_event(repo, tool_name=TOOLS[n % len(TOOLS)]) for n in range(number)]
    for event in events[::10]:
        event['hook_event_name'] = 'PostToolUseFailure'
    return events


@pytest.mark.parametrize('number', (50, 200))
def test_parallel_calls_lose_nothing(repo: Path, number: int) -> None:
    events = _mixed_events(repo, number)
    _race(SCRIPT, events)
    _send(_event(repo, tool_name='Read'))  # counts what had to wait in the spill on a very slow machine
    names = Counter(event['tool_name'] for event in events) + Counter(['Read'])
    folded = Counter()
    for name, calls in names.items():
        folded[FOLDED[name]] += calls
    state = _state(repo)
    assert state['tool_calls_count'] == number + 1
    assert state['tool_calls_breakdown'] == folded
    assert state['tool_calls_breakdown_methods'] == names
    assert state['failed_calls_count'] == len(events[::10])
    assert state['subagents_dispatched'] == names['Agent'] + names['Task']
    assert [p.name for p in _folder(repo).glob('*.tmp')] == []


def test_the_race_is_real_without_the_lock_calls_are_lost(repo: Path, tmp_path: Path) -> None:
    unlocked = _edited(tmp_path, 'held = _lock_posix(handle, deadline, fcntl)', 'held = True')
    _race(unlocked, _mixed_events(repo, 50))
    assert _count(repo) < 50


def test_parallel_sessions_do_not_mix(repo: Path) -> None:
    _race(SCRIPT, [_event(repo, session_id=f's{n % 5}') for n in range(50)])
    assert [_count(repo, f's{n}') for n in range(5)] == [10] * 5


def test_parallel_first_calls_make_one_folder_with_its_gitignore(repo: Path) -> None:
    _race(SCRIPT, [_event(repo, session_id=f's{n}') for n in range(20)])
    assert (_folder(repo) / '.gitignore').read_text() == '*\n'
    assert len(list(_folder(repo).glob('session-*.json'))) == 20
    assert subprocess.check_output(['git', 'status', '--porcelain', '-uall'], cwd=repo) == b''


def test_killed_writers_never_poison_the_state(repo: Path) -> None:
    chance, survivors, total = random.Random(7), 0, 0
    for _ in range(4):
        started, go = _start_gated(SCRIPT, [_event(repo) for _ in range(25)], '')
        os.close(go)
        for process in chance.sample(started, 15):
            time.sleep(chance.random() * 0.002)
            process.send_signal(signal.SIGKILL)
        for process in started:
            process.stdout.close()
            survivors += process.wait() == 0
        total += len(started)
        assert survivors <= _count(repo) <= total  # a call counted just before its process was killed stays counted
    assert 0 < survivors < total
    _send(_event(repo))
    assert list(_folder(repo).glob('*.bad-*')) == []
    assert _logged(repo) == []


def test_state_of_one_call(repo: Path) -> None:
    _send(_event(repo, tool_name='mcp__Notion__search'))
    state = _state(repo)
    assert state.pop('started_at') == state.pop('ended_at')
    assert state == {
        'session_id': 's1',
        'agent': 'claude',
        'cwd': str(repo),
        'tool_calls_count': 1,
        'tool_calls_breakdown': {'mcp__notion': 1},
        'tool_calls_breakdown_methods': {'mcp__Notion__search': 1},
        'failed_calls_count': 0,
        'subagents_dispatched': 0,
        'parallel_terminals_observed': 0,
        'matcher': '*',
        'transcript_path': '',
        'spill_folded_bytes': 0,
        'schema': 1,
    }
    assert _logged(repo) == []


def test_a_state_of_an_older_version_counts_on(repo: Path) -> None:
    _send(_event(repo, transcript_path='/t/s1.jsonl'))
    state = _state(repo)
    assert state.pop('transcript_path') == '/t/s1.jsonl'
    (_folder(repo) / 'session-s1.json').write_text(json.dumps(state))
    _send(_event(repo))
    assert (_state(repo)['tool_calls_count'], _state(repo)['transcript_path']) == (2, '')
    assert list(_folder(repo).glob('*.bad-*')) == []


def test_times_are_utc_and_the_first_one_stays(repo: Path) -> None:
    _send(_event(repo))
    first = _state(repo)
    time.sleep(1.1)
    _send(_event(repo))
    assert _state(repo)['started_at'] == first['started_at'] < _state(repo)['ended_at']
    age = time.time() - time.mktime(time.strptime(first['started_at'], '%Y-%m-%dT%H:%M:%SZ')) + time.timezone
    assert 0 <= age < 30


@pytest.mark.parametrize('path', sorted(PAYLOADS.glob('*.json')), ids=lambda path: path.stem)
def test_recorded_payloads(repo: Path, path: Path) -> None:
    record = json.loads(path.read_text())
    assert record['source'] and record['date']
    expect = record['expect']
    text = json.dumps(record['payload']).replace('/path/to/project', str(repo))
    _send(text.encode())
    session = expect['session'] or f'ppid-{os.getpid()}'
    if not expect['counted']:
        assert not _folder(repo).exists()
        return
    state = _state(repo, session)
    names = [] if expect['tool'] is None else [(expect['folded'], expect['tool'])]
    assert (state['agent'], state['cwd']) == (expect['agent'], str(repo))
    assert state['tool_calls_count'] == len(names)
    assert state['tool_calls_breakdown'] == {folded: 1 for folded, _ in names}
    assert state['tool_calls_breakdown_methods'] == {tool: 1 for _, tool in names}
    assert (state['failed_calls_count'], state['subagents_dispatched']) == (expect['failed'], expect['subagents'])
    assert _logged(repo) == []


def test_every_agent_has_a_recorded_payload() -> None:
    agents = {json.loads(path.read_text())['expect']['agent'] for path in PAYLOADS.glob('*.json')}
    assert agents == {'claude', 'codex', 'gemini', 'cursor', 'copilot'}


@pytest.mark.parametrize(
    'tool, folded', (
        ('Bash', 'Bash'),
        ('mcp', 'mcp'),
        ('mcp__', 'mcp__'),
        ('mcp_notion__search', 'mcp_notion__search'),
        ('mcp__notion', 'mcp__notion'),
        ('mcp__NOTION_Off__a__b', 'mcp__notion_off'),
        ('MCP__notion__search', 'mcp__notion'),
        ('mcp____search', 'mcp____search'),
        ('MCP:search', 'MCP:search'),
        ('x' * 500, 'x' * 200),
        (None, 'unknown'),
        (['Bash'], 'unknown'),
        ('tab\t\x1b\ud800é', 'tab\t\x1b\ud800é'),
    ), ids=lambda value: ascii(value)[:20],
)
def test_tool_names(repo: Path, tool: object, folded: str) -> None:
    _send(_event(repo, tool_name=tool))
    assert _state(repo)['tool_calls_breakdown'] == {folded: 1}
    assert (_folder(repo) / 'session-s1.json').read_bytes().isascii()


def test_matcher_agent_and_event_come_from_the_options(repo: Path) -> None:
    _send(_event(repo, hook_event_name=''), '--matcher', 'mcp__.*', '--agent=other', '--event', 'PostToolUseFailure')
    state = _state(repo)
    assert (state['matcher'], state['agent'], state['failed_calls_count']) == ('mcp__.*', 'other', 1)
    _send(_event(repo))
    assert _state(repo)['matcher'] == 'mcp__.*'


def test_other_sessions_within_the_hour_are_seen(repo: Path) -> None:
    for session in ('s2', 's3', 'old'):
        _send(_event(repo, session_id=session))
    long_ago = time.time() - 3700
    os.utime(_folder(repo) / 'session-old.json', (long_ago, long_ago))
    (_folder(repo) / 'session-s1.bad-1.json').write_text('no session')
    _send(_event(repo))
    assert _state(repo)['parallel_terminals_observed'] == 2
    (_folder(repo) / 'session-s2.json').unlink()
    _send(_event(repo))
    assert _state(repo)['parallel_terminals_observed'] == 2  # the most there ever were


def test_only_our_own_old_temporaries_are_swept(repo: Path) -> None:
    _send(_event(repo))
    long_ago = time.time() - 3700
    names = ('session-s9.json.12.34.tmp', 'session-s9.json.tmp', 'session-s9.json.a.34.tmp', 'other.json.12.34.tmp')
    for name in names:
        (_folder(repo) / name).touch()
        os.utime(_folder(repo) / name, (long_ago, long_ago))
    (_folder(repo) / 'session-s9.json.56.78.tmp').touch()
    _send(_event(repo))
    assert {path.name for path in _folder(repo).glob('*.tmp')} == {*names[1:], 'session-s9.json.56.78.tmp'}


def test_session_start_makes_a_state_of_zeros_and_exports_the_id_once(repo: Path, tmp_path: Path) -> None:
    start = _event(repo, hook_event_name='SessionStart', source='startup', session_id='a/b')
    agent_file = tmp_path / 'env.sh'
    agent_file.write_text('export OTHER=1')
    for _ in range(2):
        _send(start, '--matcher', 'mcp__.*', env=_environ(CLAUDE_ENV_FILE=str(agent_file)))
    kept, exported = agent_file.read_text().splitlines()
    session = exported.removeprefix('export DAYBOOK_SESSION_ID=')
    assert kept == 'export OTHER=1'
    assert (_count(repo, session), _state(repo, session)['matcher']) == (0, 'mcp__.*')
    _send({**CALL, 'cwd': str(repo), 'session_id': ''}, env=_environ(DAYBOOK_SESSION_ID=session))
    assert _count(repo, session) == 1
    _send(start, env=_environ(CLAUDE_ENV_FILE=str(agent_file)))
    assert _count(repo, session) == 1  # a resumed session keeps its counts


def test_session_start_of_another_session_is_exported_after_the_first(repo: Path, tmp_path: Path) -> None:
    agent_file = tmp_path / 'env.sh'
    for session in ('a', 'b', 'a'):
        _send(_event(repo, hook_event_name='SessionStart', session_id=session), env=_environ(CLAUDE_ENV_FILE=str(agent_file)))
    assert [line[-1] for line in agent_file.read_text().splitlines()] == ['a', 'b', 'a']


def test_session_start_without_a_place_for_the_export_says_so(repo: Path, tmp_path: Path) -> None:
    _send(_event(repo, hook_event_name='SessionStart'), env=_environ(CLAUDE_ENV_FILE=str(tmp_path / 'no' / 'env')))
    assert _logged(repo) == ['session-s1: the id was not exported (FileNotFoundError, no such file or directory)']
    assert _count(repo) == 0


@pytest.mark.parametrize('raw', ('00893aaf-19fa-41d2-8238-13269b9b3ca0', 'RT-261120-01', 'a_b', 'x' * 64))
def test_plain_ids_stay(raw: str) -> None:
    assert _module().safe_id(raw) == raw


def test_strange_ids_stay_apart_and_in_the_folder(repo: Path) -> None:
    module = _module()
    ids = ['../../etc/passwd', '..', '.', '/', 'a/b', 'a_b', 'a.b', 'x' * 65, 'x' * 66, 'x' * 5000, 'é', 'é\x00', '\ud800',
           's1.lock', 's1.bad-1', 'a\nb', '-rf', ' ', '$(id)', module.safe_id('a/b')]
    for session in ids:
        _send(_event(repo, session_id=session))
    states = list(_folder(repo).glob('session-*.json'))
    assert [json.loads(path.read_text())['tool_calls_count'] for path in states] == [1] * len(ids)
    assert all(len(path.name) < 90 and set(path.name[8:-5]) <= module._ID_ALPHABET | {'.'} for path in states)
    assert sorted(path.name for path in repo.iterdir()) == ['.daybook', '.git']


def test_id_comes_from_stdin_then_the_environment_then_the_parent(repo: Path) -> None:
    both = _environ(DAYBOOK_SESSION_ID='own', CLAUDE_SESSION_ID='agents')
    _send(_event(repo), env=both)
    _send(_event(repo, session_id=None), env=both)
    _send(_event(repo, session_id=''), env=_environ(CLAUDE_SESSION_ID='agents'))
    _send(_event(repo, session_id=[1]))
    assert [_count(repo, name) for name in ('s1', 'own', 'agents', f'ppid-{os.getpid()}')] == [1] * 4


NO_EVENT = (
    (b'', 'stdin is empty'),
    (b' \n', 'stdin is empty'),
    (b'garbage token=hunter2', 'stdin cannot be read as JSON (21 bytes)'),
    (b'{"session_id": "hunter2"', 'stdin cannot be read as JSON (24 bytes)'),
    (b'{} {}', 'stdin cannot be read as JSON (5 bytes)'),
    (b'\xff\xfe\x00', 'stdin cannot be read as JSON (3 bytes)'),
    (b'[' * 1_000_000, 'stdin cannot be read as JSON (1000000 bytes)'),
    (b'["hunter2"]', 'stdin holds no JSON object'),
    (b'{}', 'it names neither itself nor a tool'),
    (b'{"session_id": "s1"}', 'it names neither itself nor a tool'),
)


@pytest.mark.parametrize('data, message', NO_EVENT, ids=lambda value: ascii(value)[:24])
def test_what_is_no_event_is_one_line_in_the_log(repo: Path, data: bytes, message: str) -> None:
    _send(data, cwd=repo)
    session = 's1' if b's1' in data else f'ppid-{os.getpid()}'
    assert _logged(repo) == [f'session-{session}: no event: {message}']
    assert list(_folder(repo).glob('session-*')) == []


def test_ten_megabytes_are_counted(repo: Path) -> None:
    _send(_event(repo, tool_input={'content': 'x' * 10_000_000}))
    assert _count(repo) == 1


def test_too_much_is_read_to_its_end_and_named(repo: Path, tmp_path: Path) -> None:
    small = _edited(tmp_path, '_STDIN_BYTES = 64 << 20', '_STDIN_BYTES = 1000')
    _send(_event(repo, tool_input={'content': 'x' * 1_000_000}), script=small, cwd=repo)
    assert _logged(repo) == [f'session-ppid-{os.getpid()}: no event: stdin is larger than 1000 bytes']


def test_invalid_utf8_and_a_byte_order_mark_are_counted(repo: Path) -> None:
    _send(b'\xef\xbb\xbf' + json.dumps(_event(repo, tool_input='?')).encode().replace(b'"?"', b'"\xff\x1b"'))
    assert _count(repo) == 1


@pytest.mark.parametrize('closed', ('<&-', '<&- >&- 2>&-'))
def test_closed_streams(repo: Path, closed: str) -> None:
    done = subprocess.run(['sh', '-c', f'exec "$@" {closed}', 'sh', PYTHON, '-I', '-S', str(SCRIPT)], cwd=repo,
                          capture_output=True, env=_environ(), check=True)
    assert (done.stdout, done.stderr) == (b'', b'')
    assert _logged(repo)[0].endswith('no event: stdin is closed or a terminal')


def test_terminal_on_stdin(repo: Path) -> None:
    ours, theirs = pty.openpty()
    subprocess.run([PYTHON, '-I', '-S', str(SCRIPT)], stdin=theirs, cwd=repo, env=_environ(), check=True, timeout=10)
    os.close(ours)
    os.close(theirs)
    assert _logged(repo)[0].endswith('no event: stdin is closed or a terminal')


def test_stdin_that_never_ends_is_left(repo: Path, tmp_path: Path) -> None:
    hasty = _edited(tmp_path, '_STDIN_SECONDS = 10.0', '_STDIN_SECONDS = 0.2')
    process = subprocess.Popen([PYTHON, '-I', '-S', str(hasty)], stdin=subprocess.PIPE, cwd=repo, env=_environ())
    process.stdin.write(b'{')
    process.stdin.flush()
    assert process.wait(timeout=20) == 0
    process.stdin.close()
    assert _logged(repo)[0].endswith('no event: stdin stayed open without an end for 0 seconds')


def test_stdin_that_cannot_be_read(repo: Path) -> None:
    handle = os.open(os.devnull, os.O_WRONLY)
    subprocess.run([PYTHON, '-I', '-S', str(SCRIPT)], stdin=handle, cwd=repo, env=_environ(), check=True)
    os.close(handle)
    assert _logged(repo)[0].endswith('no event: stdin cannot be read (OSError, bad file descriptor)')


def _wrong(**change: object) -> bytes:
    module = _module()
    sound = module._fresh('s1', '/x', {'agent': 'claude', 'at': '2026-11-20T10:00:00Z', 'matcher': ''})
    return json.dumps({**sound, **change}).encode()


POISON = {
    'empty': b'',
    'garbage': b'\x00\xffgarbage',
    'cut': _wrong()[:-5],
    'list': b'[]',
    'no keys': b'{}',
    'text for a number': _wrong(tool_calls_count='3'),
    'boolean': _wrong(tool_calls_count=True),
    'negative': _wrong(tool_calls_count=-1),
    'fraction': _wrong(failed_calls_count=1.5),
    'no number': _wrong(tool_calls_count=float('nan')),
    'huge number': _wrong().replace(b'"tool_calls_count": 0', b'"tool_calls_count": ' + b'9' * 5000),
    'list for a map': _wrong(tool_calls_breakdown=[]),
    'text in a map': _wrong(tool_calls_breakdown={'Bash': '1'}),
    'no time': _wrong(started_at='zzzz'),
    'newer schema': _wrong(schema=2),
    'deep': b'[' * 100_000,
    'five megabytes': b'{"a": "' + b'x' * 5_000_000 + b'"}',
}


def _assert_moved_aside(repo: Path) -> Path:
    _send(_event(repo))
    assert _count(repo) == 1
    (bad,) = _folder(repo).glob('session-s1.bad-*.json')
    assert _logged(repo) == [f'session-s1: state unreadable, counting starts again; the old one is kept as {bad.name}']
    _send(_event(repo))
    assert _count(repo) == 2
    return bad


@pytest.fixture
def state_folder(repo: Path) -> Path:
    _folder(repo).mkdir()
    return _folder(repo)


def test_sound_state_is_not_moved_aside(repo: Path, state_folder: Path) -> None:
    (state_folder / 'session-s1.json').write_bytes(_wrong(tool_calls_count=41))
    _send(_event(repo))
    assert (_count(repo), _logged(repo)) == (42, [])


@pytest.mark.parametrize('data', POISON.values(), ids=POISON)
def test_poisoned_state_is_kept_and_counting_starts_again(repo: Path, state_folder: Path, data: bytes) -> None:
    (state_folder / 'session-s1.json').write_bytes(data)
    assert _assert_moved_aside(repo).read_bytes() == data


def test_folder_in_place_of_the_state(repo: Path, state_folder: Path) -> None:
    (state_folder / 'session-s1.json' / 'x').mkdir(parents=True)
    assert (_assert_moved_aside(repo) / 'x').is_dir()


def test_fifo_in_place_of_the_state(repo: Path, state_folder: Path) -> None:
    os.mkfifo(state_folder / 'session-s1.json')
    _assert_moved_aside(repo)


def test_symlink_in_place_of_the_state_is_not_followed(repo: Path, state_folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / 'outside.json'
    outside.write_bytes(_wrong(tool_calls_count=41))
    (state_folder / 'session-s1.json').symlink_to(outside)
    assert _assert_moved_aside(repo).is_symlink()
    assert outside.read_bytes() == _wrong(tool_calls_count=41)


def test_symlink_in_place_of_the_lock_or_the_log_is_not_followed(repo: Path, state_folder: Path, tmp_path: Path) -> None:
    for name in ('session-s1.lock', 'hook-errors.log'):
        (state_folder / name).symlink_to(tmp_path / f'outside-{name}')
    _send(_event(repo))
    assert list(tmp_path.glob('outside-*')) == []
    (state_folder / 'hook-errors.log').unlink()
    _send(_event(repo))
    assert _logged(repo) == ['session-s1: a call waits in session-s1.spill (OSError, too many levels of symbolic links)']
    (state_folder / 'session-s1.lock').unlink()
    _send(_event(repo))
    assert _count(repo) == 3


def test_symlink_in_place_of_the_spill_is_not_followed(repo: Path, state_folder: Path, tmp_path: Path) -> None:
    (state_folder / 'session-s1.spill').symlink_to(tmp_path / 'outside')
    (state_folder / 'session-s1.lock').mkdir()
    _send(_event(repo))
    assert not (tmp_path / 'outside').exists()
    assert _logged(repo) == [
        'session-s1: a call was lost (IsADirectoryError, is a directory; OSError, too many levels of symbolic links)',
    ]


def test_fifo_in_place_of_the_lock_the_spill_or_the_log_holds_nothing_up(repo: Path, state_folder: Path) -> None:
    for name in ('session-s1.lock', 'session-s1.spill', 'hook-errors.log'):
        os.mkfifo(state_folder / name)
    _send(_event(repo))
    assert _count(repo) == 1
    (state_folder / 'session-s1.lock').unlink()
    (state_folder / 'session-s1.lock').mkdir()
    _send(_event(repo))
    (state_folder / 'hook-errors.log').unlink()
    _send(_event(repo))
    assert _logged(repo) == ['session-s1: a call was lost (IsADirectoryError, is a directory; OSError, no such device or address)']


@pytest.mark.parametrize('link', ('.daybook', '.daybook/state'))
def test_folder_that_is_a_symlink_is_left_alone(repo: Path, tmp_path: Path, link: str) -> None:
    outside = tmp_path / 'outside'
    outside.mkdir()
    (repo / '.daybook').rmdir()
    (repo / link).parent.mkdir(exist_ok=True)
    (repo / link).symlink_to(outside)
    _send(_event(repo))
    assert list(outside.iterdir()) == []


def _mount(*words: str) -> bool:
    return shutil.which('mount') is not None and subprocess.run(['mount', *words], capture_output=True).returncode == 0


def _skip_loudly(what: str) -> None:
    warnings.warn(f'not tested here: {what}', stacklevel=2)
    pytest.skip(what)


@pytest.fixture
def tiny_disk(state_folder: Path) -> Iterator[Path]:
    if not _mount('-t', 'tmpfs', '-o', 'size=32k', 'tiny', str(state_folder)):
        _skip_loudly('a full disk: mounting a tmpfs is not allowed')
    yield state_folder
    subprocess.run(['umount', str(state_folder)], check=True)


@pytest.fixture
def read_only_folder(repo: Path, state_folder: Path) -> Iterator[Path]:
    _send(_event(repo))
    here = str(state_folder)
    if not _mount('--bind', here, here):
        _skip_loudly('a read-only folder: a bind mount is not allowed')
    remounted = _mount('-o', 'remount,ro,bind', here)
    yield state_folder
    subprocess.run(['umount', here], check=True)
    assert remounted


def test_full_disk_leaves_the_state_as_it_was(repo: Path, tiny_disk: Path) -> None:
    _send(_event(repo))
    before = (tiny_disk / 'session-s1.json').read_bytes()
    with open(tiny_disk / 'filler', 'wb', buffering=0) as filler, pytest.raises(OSError, match='No space'):
        while True:
            filler.write(b'x' * 512)
    for _ in range(3):
        _send(_event(repo))
    assert (tiny_disk / 'session-s1.json').read_bytes() == before
    assert list(tiny_disk.glob('*.tmp')) == []
    (tiny_disk / 'filler').unlink()
    _send(_event(repo))
    assert 2 <= _count(repo) <= 5
    assert list(tiny_disk.glob('*.bad-*')) == []


def test_file_size_limit_leaves_the_state_as_it_was_and_keeps_the_call(repo: Path) -> None:
    _send(_event(repo))
    before = (_folder(repo) / 'session-s1.json').read_bytes()
    limit = len(before) - 50
    _send(_event(repo), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert (_folder(repo) / 'session-s1.json').read_bytes() == before
    assert _logged(repo) == ['session-s1: a call waits in session-s1.spill (OSError, no space left on device)']
    assert list(_folder(repo).glob('*.tmp')) == []
    _send(_event(repo))
    assert _count(repo) == 3


def test_torn_spill_is_named_and_the_next_ones_are_whole(repo: Path) -> None:
    _send(_event(repo))
    _send(_event(repo), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (110, 110)))
    assert _logged(repo)[0].startswith('session-s1: a call was lost (OSError, no space left on device; OSError')
    held = _hold_lock(repo)
    _send(_event(repo))
    os.close(held)
    _send(_event(repo))
    assert _count(repo) == 3
    assert _logged(repo)[-1] == 'session-s1: a spilled line cannot be read, one call may be lost'


def test_read_only_folder(repo: Path, read_only_folder: Path) -> None:
    before = (read_only_folder / 'session-s1.json').read_bytes()
    with pytest.raises(OSError, match='Read-only'):
        (read_only_folder / 'probe').touch()
    _send(_event(repo))
    assert (read_only_folder / 'session-s1.json').read_bytes() == before


def test_file_in_place_of_the_state_folder(repo: Path) -> None:
    _folder(repo).write_text('mine')
    _send(_event(repo))
    _send(b'garbage', cwd=repo)
    assert _folder(repo).read_text() == 'mine'


def _hold_lock(repo: Path) -> int:
    _folder(repo).mkdir(exist_ok=True)
    handle = os.open(_folder(repo) / 'session-s1.lock', os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def test_held_lock_is_waited_for_two_seconds_and_the_call_is_spilled(repo: Path) -> None:
    held = _hold_lock(repo)
    _race(SCRIPT, [_event(repo, tool_name=name) for name in TOOLS])
    assert not (_folder(repo) / 'session-s1.json').exists()
    assert _logged(repo) == ['session-s1: a call waits in session-s1.spill (the lock was held for 2 seconds)'] * len(TOOLS)
    os.close(held)
    for calls in (1, 2):  # the second call must not fold the same lines again
        _send(_event(repo))
        assert _count(repo) == len(TOOLS) + calls
    assert _state(repo)['tool_calls_breakdown'] == {'Bash': 3, 'Read': 1, 'Agent': 1, 'Task': 1, 'mcp__notion': 3, 'Edit': 1}
    assert _state(repo)['spill_folded_bytes'] == (_folder(repo) / 'session-s1.spill').stat().st_size


def test_lock_file_is_never_replaced(repo: Path) -> None:
    _send(_event(repo))
    before = (_folder(repo) / 'session-s1.lock').stat().st_ino
    _send(_event(repo))
    assert (_folder(repo) / 'session-s1.lock').stat().st_ino == before


def test_half_a_spilled_line_waits_for_its_end(repo: Path) -> None:
    held = _hold_lock(repo)
    _send(_event(repo))
    os.close(held)
    spill = _folder(repo) / 'session-s1.spill'
    whole = spill.read_bytes()
    spill.write_bytes(whole[:-20])
    _send(_event(repo))
    assert _count(repo) == 1
    spill.write_bytes(whole)
    _send(_event(repo))
    assert (_count(repo), len(_logged(repo))) == (3, 1)


def test_new_spill_after_an_archived_one_is_folded_from_its_start(repo: Path, state_folder: Path) -> None:
    (state_folder / 'session-s1.json').write_bytes(_wrong(spill_folded_bytes=10_000))
    held = _hold_lock(repo)
    _send(_event(repo))
    os.close(held)
    _send(_event(repo))
    assert _count(repo) == 2


class FakeMsvcrt:
    LK_NBLCK = 2

    def __init__(self, refusals: int) -> None:
        self.refusals, self.calls = refusals, []

    def locking(self, handle: int, mode: int, size: int) -> None:
        self.calls.append((os.lseek(handle, 0, os.SEEK_CUR), mode, size))
        if len(self.calls) <= self.refusals:
            raise PermissionError(13, 'Permission denied')


@pytest.mark.parametrize('refusals, seconds, held', ((0, 1, True), (3, 10, True), (10**9, 0.05, False)))
def test_windows_lock_against_a_stand_in(tmp_path: Path, refusals: int, seconds: float, held: bool) -> None:
    """The code for Windows against a stand-in: it has not been run on Windows."""
    msvcrt = FakeMsvcrt(refusals)
    handle = os.open(tmp_path / 'lock', os.O_RDWR | os.O_CREAT)
    os.write(handle, b'not at the start')
    assert _module()._lock_windows(handle, time.monotonic() + seconds, msvcrt) is held
    os.close(handle)
    assert set(msvcrt.calls) == {(0, 2, 1)}
    assert not held or len(msvcrt.calls) == refusals + 1


def test_windows_lock_in_a_race_of_processes(repo: Path, tmp_path: Path) -> None:
    """The way through `msvcrt`, which a stand-in over POSIX locks plays: it has not been run on Windows."""
    copy = _edited(tmp_path, "    if os.name == 'nt':\n", "    if True:\n")
    _race(copy, _mixed_events(repo, 30), before=FAKE_MSVCRT)
    _send(_event(repo), script=SCRIPT)
    assert _count(repo) == 31
    assert _logged(repo) == []


def test_no_daybook_folder_no_trace(repo: Path) -> None:
    (repo / '.daybook').rmdir()
    _send(_event(repo))
    _send(b'garbage', cwd=repo)
    assert [path.name for path in repo.iterdir()] == ['.git']


def test_no_repository_no_trace(tmp_path: Path) -> None:
    (tmp_path / '.daybook').mkdir()
    _send(_event(tmp_path), cwd=tmp_path)
    assert list((tmp_path / '.daybook').iterdir()) == []


def test_folder_deep_in_the_work_tree(repo: Path) -> None:
    deep = repo / 'a' / 'b'
    deep.mkdir(parents=True)
    _send(_event(deep))
    assert _state(repo)['cwd'] == str(repo)


@pytest.mark.parametrize('is_relative', (False, True), ids=('absolute', 'relative'))
def test_linked_work_tree_counts_in_the_main_one(repo: Path, tmp_path: Path, is_relative: bool) -> None:
    linked = tmp_path.resolve() / 'linked'
    _git(repo, 'worktree', 'add', '-q', str(linked))
    if is_relative:
        (linked / '.git').write_text('gitdir: ../repo/.git/worktrees/linked\n')
    (linked / '.daybook').mkdir()
    _send(_event(linked))
    assert _state(repo)['cwd'] == str(linked)
    assert list((linked / '.daybook').iterdir()) == []


def test_linked_work_tree_that_is_gone_still_counts(repo: Path) -> None:
    linked = repo / '.claude' / 'worktrees' / 'x'
    _git(repo, 'worktree', 'add', '-q', str(linked))
    shutil.rmtree(linked)
    _send(_event(linked))
    assert _state(repo)['cwd'] == str(repo)


def test_linked_work_tree_of_a_bare_repository_counts_in_itself(repo: Path, tmp_path: Path) -> None:
    _git(tmp_path, 'clone', '-q', '--bare', str(repo), 'bare.git')
    linked = tmp_path.resolve() / 'linked'
    _git(tmp_path / 'bare.git', 'worktree', 'add', '-q', str(linked))
    (linked / '.daybook').mkdir()
    _send(_event(linked))
    assert _state(linked)['cwd'] == str(linked)


def test_submodule_is_its_own_main_work_tree(repo: Path, tmp_path: Path) -> None:
    library = tmp_path / 'library'
    library.mkdir()
    _git(library, 'init', '-q')
    _git(library, 'commit', '-q', '--allow-empty', '-m', 'first')
    _git(repo, 'submodule', 'add', '-q', str(library), 'sub')
    assert (repo / 'sub' / '.git').is_file()
    _send(_event(repo / 'sub'))
    assert not _folder(repo).exists()
    (repo / 'sub' / '.daybook').mkdir()
    _send(_event(repo / 'sub'))
    assert _count(repo / 'sub') == 1


@pytest.mark.parametrize('link', (b'', b'garbage', b'gitdir: ../nowhere', b'\xff\xfe'), ids=ascii)
def test_broken_git_file_counts_where_it_stands(repo: Path, link: bytes) -> None:
    shutil.rmtree(repo / '.git')
    (repo / '.git').write_bytes(link)
    _send(_event(repo))
    assert _count(repo) == 1


def test_state_folder_of_the_environment(repo: Path, tmp_path: Path) -> None:
    _send(_event(repo), env=_environ(DAYBOOK_STATE_DIR=str(tmp_path / 'a' / 'b')))
    _send(_event(repo), env=_environ(DAYBOOK_STATE_DIR='kept'))
    for folder in (tmp_path / 'a' / 'b', repo / 'kept'):
        assert sorted(path.name for path in folder.iterdir()) == ['.gitignore', 'session-s1.json', 'session-s1.lock']
    assert not _folder(repo).exists()


def test_existing_folder_of_the_environment_gets_no_gitignore(repo: Path) -> None:
    _send(_event(repo), env=_environ(DAYBOOK_STATE_DIR='.'))
    assert not (repo / '.gitignore').exists()


def test_agent_that_stepped_out_of_its_project_is_counted_there(repo: Path, tmp_path: Path) -> None:
    _send(_event(tmp_path), env=_environ(CLAUDE_PROJECT_DIR=str(repo)))
    assert _count(repo) == 1


@pytest.mark.parametrize('cwd', (None, '', 7, 'a\x00b', '\ud800', 'nowhere/at/all', 'x' * 10_000), ids=lambda v: ascii(v)[:12])
def test_strange_folder_in_the_event(repo: Path, cwd: object) -> None:
    _send(_event(repo, cwd=cwd), cwd=repo, env=_environ(CLAUDE_PROJECT_DIR=str(repo)))
    assert _count(repo) == 1


def test_current_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / 'gone'
    gone.mkdir()
    script = f'cd {gone} && rmdir {gone} && exec {PYTHON} -I -S {SCRIPT} </dev/null'
    done = subprocess.run(['sh', '-c', script], capture_output=True, env=_environ())
    assert (done.returncode, done.stdout, done.stderr) == (0, b'', b'')


def test_log_escapes_control_characters_and_starts_anew(tmp_path: Path) -> None:
    module = _module()
    log = tmp_path / 'hook-errors.log'
    module._log(str(tmp_path), 'a\nb\x1b[31m\x9b')
    assert log.read_text().endswith(r' a\nb\x1b[31m\x9b' + '\n')
    log.write_bytes(b'x' * (1 << 20) + b'\n')
    for _ in range(2):
        module._log(str(tmp_path), 'grown')
    assert log.read_text().count('grown') == 2
    assert (tmp_path / 'hook-errors.log.1').read_bytes() == b'x' * (1 << 20) + b'\n'


def test_log_never_holds_the_payload(repo: Path) -> None:
    secret = 'hunter2hunter2'
    held = _hold_lock(repo)
    _send(_event(repo, tool_name=f'mcp__x__{secret}', tool_input=secret, tool_response={'error': secret}))
    _send(secret.encode(), cwd=repo)
    os.close(held)
    assert len(_logged(repo)) == 2
    assert secret not in (_folder(repo) / 'hook-errors.log').read_text()


def _loaded(repo: Path) -> set[str]:
    done = subprocess.run([PYTHON, '-I', '-S', '-X', 'importtime', str(SCRIPT)], input=json.dumps(_event(repo)).encode(),
                          capture_output=True, env=_environ(), check=True)
    return {line.rpartition('|')[2].strip() for line in done.stderr.decode().splitlines()}


def test_only_the_light_modules_are_loaded(repo: Path) -> None:
    bare = subprocess.run([PYTHON, '-I', '-S', '-X', 'importtime', '-c', 'pass'], capture_output=True, check=True)
    always = {line.rpartition('|')[2].strip() for line in bare.stderr.decode().splitlines()}
    loaded = _loaded(repo)
    assert _count(repo) == 1
    assert loaded - always <= LIGHT
    assert not loaded & HEAVY


def test_only_the_standard_library_is_named() -> None:
    tree = ast.parse(SCRIPT.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition('.')[0] for name in names} <= sys.stdlib_module_names


def test_without_the_private_json_module_it_counts_the_same(repo: Path) -> None:
    hidden = f"import sys, runpy; sys.modules['_json'] = None; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    for session, command in (('s1', [str(SCRIPT)]), ('s2', ['-c', hidden])):
        for extra in ({}, {'tool_name': 'mcp__é\ud800__x', 'hook_event_name': 'PostToolUseFailure'}):
            data = json.dumps(_event(repo, session_id=session, **extra)).encode()
            subprocess.run([PYTHON, '-I', '-S', *command], input=data, env=_environ(), check=True)
    first, second = (
        {key: value for key, value in _state(repo, session).items() if key.endswith(('count', 'breakdown', 'methods'))}
        for session in ('s1', 's2')
    )
    assert first == second
    assert first['tool_calls_count'] == 2
