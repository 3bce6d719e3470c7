"""Whether the agent's telemetry is registered, is the script that we released, and counts."""
from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from daybook.doctor.check import Check
from daybook.doctor.check import fail
from daybook.doctor.check import ok
from daybook.doctor.check import warn
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import telemetry

_NAME = 'session_state.py'
# agent, its settings, its copy of the script, the events that must start it, the option of `init`
_AGENTS = (
    ('Claude Code', '.claude/settings.json', '.claude/hooks/session_state.py', ('PostToolUse', 'PostToolUseFailure'), 'telemetry-all'),
    ('Codex', '.codex/hooks.json', '.codex/hooks/session_state.py', ('PostToolUse',), 'codex'),
)
_DAY = 86_400
_RECENT = 7 * _DAY


def _registered(settings: Any, event: str) -> list[str]:
    """Return the commands with our script that the settings of an agent start at an event."""
    found = settings.get('hooks') if isinstance(settings, dict) else None
    entries = found.get(event) if isinstance(found, dict) else None
    hooks = [hook for entry in entries or () if isinstance(entry, dict) for hook in entry.get('hooks') or ()] if isinstance(entries, list) else []
    commands = [' '.join([str(hook.get('command', '')), *map(str, hook.get('args') or ())]) for hook in hooks if isinstance(hook, dict)]
    return [command for command in commands if _NAME in command]


def _counts(repo: Repo, script: str) -> str:
    """Start the script as an agent does, with a place of its own for the state; return what is wrong."""
    event = {'session_id': 'doctor', 'hook_event_name': 'PostToolUse', 'tool_name': 'Bash', 'cwd': repo.root}
    with tempfile.TemporaryDirectory(prefix='daybook-doctor-state-') as place:
        if not os.path.isdir(os.path.join(git.main_root(repo), '.daybook')):
            return 'it counts only where a .daybook folder exists in the main work tree'
        git.git('-c', f'alias.daybook-event=!exec python3 -I -S {script}', 'daybook-event', cwd=repo.root,
                env=git.clean_env({'DAYBOOK_STATE_DIR': place}), stdin=json.dumps(event).encode(), timeout=30)
        try:
            state = json.loads(files.read_bytes(os.path.join(place, 'session-doctor.json')) or b'')
        except ValueError:
            return 'an event left no count: is `python3` on PATH, 3.9 or later?'
    return '' if state.get('tool_calls_count') == 1 else 'an event was not counted'


def _lines(script: bytes) -> bytes:
    return script.replace(b'\r\n', b'\n')  # as a checkout with core.autocrlf may write it


def _agent(repo: Repo, released: bytes, name: str, path: str, script: str, events: tuple[str, ...], option: str) -> Iterator[Check]:
    mend = f'daybook init --with {option}'
    data, copy = (files.read_bytes(os.path.join(repo.root, found)) for found in (path, script))
    try:
        settings = json.loads(data) if data is not None else None
    except (ValueError, RecursionError) as error:
        yield fail('telemetry', f'{path} cannot be read: {error}', f'correct {path}')
        return
    missing = [event for event in events if not _registered(settings, event)]
    if copy is None and len(missing) == len(events):
        return
    if missing:
        yield fail('telemetry', f'{name} starts {_NAME} not at {", ".join(missing)}: calls are not counted', mend)
    elif copy is None:
        yield fail('telemetry', f'{path} registers {script}, which is not there', mend)
    if copy is not None and _lines(copy) != _lines(released):
        yield fail('telemetry-script', f'{script} is not the one of this version', 'daybook init --upgrade')
    elif copy is not None:
        trouble = _counts(repo, script)
        yield fail('telemetry-script', f'{script}: {trouble}', 'python3 --version') if trouble else ok('telemetry-script', f'{script} counts')
    if copy is not None and not missing:
        yield ok('telemetry', f'{name}: {", ".join(events)}')


def _firing(repo: Repo) -> Iterator[Check]:
    place = telemetry.folder(repo)
    names = [entry for entry in os.scandir(place) if entry.name.startswith('session-') and entry.name.endswith('.json')] if os.path.isdir(place) else []
    archived = os.path.join(place, 'archive')
    names += [entry for entry in os.scandir(archived) if entry.name.endswith('.json')] if os.path.isdir(archived) else []
    newest = max((entry.stat().st_mtime for entry in names), default=0.0)
    if not newest:
        yield warn('telemetry-firing', 'no call has been counted yet', 'start a session of your agent here; approve its hooks where it asks')
    elif time.time() - newest > _RECENT:
        yield warn('telemetry-firing', f'no call has been counted for {int((time.time() - newest) / _DAY)} days')
    else:
        yield ok('telemetry-firing', f'the last call {int((time.time() - newest) / 60)} minutes ago')
    log = os.path.join(place, 'hook-errors.log')
    if os.path.exists(log) and time.time() - os.path.getmtime(log) < _DAY:
        last = (files.read_bytes(log) or b'').decode('utf-8', 'replace').strip().rsplit('\n', 1)[-1]
        yield warn('telemetry-errors', last, f'see {log}')


def _plug_in(repo: Repo, home: str) -> Iterator[Check]:
    """Yield whether our plug-in of Claude Code is enabled here: what is nearer to the work tree goes before.

    https://code.claude.com/docs/en/plugins/install: `enabledPlugins` of the local, the project's and the user's settings.
    """
    for path in (os.path.join(repo.root, '.claude', 'settings.local.json'), os.path.join(repo.root, '.claude', 'settings.json'),
                 os.path.join(home, 'settings.json')):
        try:
            settings = json.loads(files.read_bytes(path) or b'{}')
        except (ValueError, RecursionError, OSError):
            continue
        plugins = settings.get('enabledPlugins') if isinstance(settings, dict) else None
        given = [is_on for name, is_on in plugins.items() if name.startswith('daybook@')] if isinstance(plugins, dict) else []
        if given:
            if any(is_on is True for is_on in given):
                yield ok('telemetry', f'Claude Code: by the plug-in, enabled in {path}')
            return


def check(repo: Repo, released: bytes, environ: Mapping[str, str]) -> Iterator[Check]:
    """Yield how telemetry stands for each agent that has it; `released` is the script of this version."""
    found = [one for agent in _AGENTS for one in _agent(repo, released, *agent)]
    if not os.path.exists(os.path.join(repo.root, _AGENTS[0][2])):  # beside a copy the plug-in keeps still
        found += _plug_in(repo, environ.get('CLAUDE_CONFIG_DIR') or os.path.expanduser('~/.claude'))
    yield from found or [warn('telemetry', 'none: notes will say `telemetry: absent`', 'daybook init --with telemetry-all')]
    if found:
        yield from _firing(repo)
