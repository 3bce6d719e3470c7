"""The second witness: the tool calls that the transcript of an agent session tells, by tool."""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

_WORDS = (b'tool_use', b'function_call', b'custom_tool_call', b'local_shell_call', b'mcp_tool_call', b'toolCalls')
_LINE = 8 << 20  # bytes; a longer one holds a file, and the call that it belongs to stands before it
_DEPTH = 12

# the kinds of entries that are calls, and where the tool and the id stand: Claude Code, Codex, Codex, Codex, Codex
_CALLS = {
    'tool_use': ('name', 'id'),
    'function_call': ('name', 'call_id'),
    'custom_tool_call': ('name', 'call_id'),
    'local_shell_call': ('', 'call_id'),
    'mcp_tool_call_end': ('invocation', 'call_id'),
}


def _name_of(entry: dict[str, Any], key: str) -> str:
    found = entry.get(key) if key else 'local_shell'
    if isinstance(found, dict):  # Codex tells server and tool of an MCP call apart
        found = f'mcp__{found.get("server")}__{found.get("tool")}'
    server = entry.get('namespace')
    return f'{server}{found}' if isinstance(server, str) and server.startswith('mcp__') else found if isinstance(found, str) else ''


def _calls_in(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield id and tool of every call within one JSON value."""
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _calls_in(inner, depth + 1)
    elif isinstance(value, dict):
        keys = _CALLS.get(value['type']) if isinstance(value.get('type'), str) else None
        if keys and (name := _name_of(value, keys[0])):
            yield str(value.get(keys[1]) or ''), name
            return  # its input is the text of somebody, and no call
        if isinstance(value.get('toolCalls'), list):  # Gemini
            yield from ((str(call.get('id') or ''), str(call['name'])) for call in value['toolCalls']
                        if isinstance(call, dict) and isinstance(call.get('name'), str))
        for key, inner in value.items():
            if key not in ('toolUseResult', 'output', 'result', 'toolCalls', 'input'):
                yield from _calls_in(inner, depth + 1)


def of_lines(lines: Iterable[bytes]) -> Counter[str]:
    """Return the calls by tool that the lines of a transcript tell; one that is told twice counts once.

    What cannot be read is passed over: a transcript is written while we read it.
    """
    found: Counter[str] = Counter()
    seen: dict[str, str] = {}
    for line in lines:
        if len(line) > _LINE or not any(word in line for word in _WORDS):
            continue
        try:
            calls = list(_calls_in(json.loads(line)))
        except (ValueError, RecursionError):
            continue
        for call_id, name in calls:
            known = seen.get(call_id) if call_id else None
            # of an MCP call Codex tells the bare name first, and the server at its end
            if known is not None and (known == name or not name.startswith('mcp__')):
                continue
            if known is not None:
                found[known] -= 1
            seen[call_id] = name
            found[name] += 1
    return +found


def of_file(path: str) -> Counter[str] | None:
    """Return the calls by tool that the transcript at `path` tells; None when it cannot be read."""
    try:
        with open(path, 'rb') as stream:
            return of_lines(stream)
    except OSError:
        return None
