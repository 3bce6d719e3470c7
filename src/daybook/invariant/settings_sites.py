"""Call sites in settings: the servers, plug-ins and permissions that the JSON of an agent registers."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from daybook.invariant import code_sites
from daybook.invariant import needles
from daybook.invariant.needles import Needles
from daybook.invariant.needles import Site

_DENIED = {'deny', 'disabledMcpjsonServers', 'matcher', 'excludeTools', 'disallowedTools', 'description'}
_SERVERS = {'mcpServers', 'mcp', 'servers', 'mcp_servers', 'context_servers'}


def _values(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every key and text of JSON with the keys above it, what is denied or switched off left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            is_off = isinstance(inner, dict) and (inner.get('disabled') is True or inner.get('enabled') is False)
            if key not in _DENIED and not is_off:
                yield (*keys, key), None
                yield from _values(inner, (*keys, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, keys)
    elif isinstance(value, str):
        yield keys, value


def _of_setting(keys: tuple[str, ...], text: str | None, wanted: Needles) -> tuple[str, str]:
    """Return what one key or value of the settings does, and the text by which its line is found."""
    last = keys[-1] if keys else ''
    if text is None:
        above = keys[-2] if len(keys) > 1 else ''
        plugin = last.partition('@')[0]
        if above in _SERVERS and wanted.tool.fullmatch(f'mcp__{last}__x'):
            return f'registers the server {last}', last
        if above == 'enabledPlugins' and wanted.tool.fullmatch(f'mcp__plugin_{plugin}_{plugin}__x'):
            return f'enables the plug-in {last}', last
        return (f'uses {last}', last) if wanted.source.fullmatch(last) else ('', '')
    if last == 'enabledMcpjsonServers' and wanted.tool.fullmatch(f'mcp__{text}__x'):
        return f'enables the server {text}', text
    is_allowing = last in ('allow', 'ask', 'allowedTools', 'autoApprove', 'alwaysAllow', 'includeTools')
    return needles.of_text(text, wanted, is_allowing=is_allowing), text


def sites(text: str, wanted: Needles) -> Iterator[Site]:
    """Yield the call sites in the JSON of one file, which is read as code where it is none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        yield from code_sites.sites(text, 'settings', wanted)  # comments in it, or broken
        return
    lines = text.splitlines()
    for keys, value in _values(data, ()):
        words, target = _of_setting(keys, value, wanted)
        if words:
            quoted = json.dumps(target)[1:-1]
            yield Site(next((number for number, line in enumerate(lines, 1) if quoted in line or target in line), 1), words)
