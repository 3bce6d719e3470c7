"""Whether a repository has anything to do with the mirror: only then is a count that nobody made worth a warning."""
from __future__ import annotations

import os
from collections.abc import Sequence

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files

_SYNC_LOG = 'docs/sync/LAST_SYNC.md'
# where agents are told of their servers and of what they may call
_AGENTS = ('.mcp.json', '.claude/settings.json', '.claude/settings.local.json', '.codex/config.toml', '.codex/hooks.json',
           '.cursor/mcp.json', '.gemini/settings.json', '.vscode/mcp.json', 'opencode.json')


def _data(root: str, path: str) -> bytes:
    try:
        return files.read_bytes(files.inside(root, path)) or b''
    except (OSError, FatalError):
        return b''


def _words(tools: Sequence[str]) -> list[bytes]:
    return [word for tool in tools if (word := tool.lower().removeprefix('mcp__').strip('*_').encode())]


def is_in_sight(root: str, settings: Settings) -> bool:
    """Return whether the mirror, or a counter of the team's own, is configured in the work tree `root`.

    The invariants that hold by default say nothing; a server among the agents' settings does.
    """
    if settings.invariants is not config.DEFAULTS.invariants or settings.mirror_data_source or settings.mirror_max_age:
        return True
    if os.path.lexists(os.path.join(root, *_SYNC_LOG.split('/'))):
        return True
    words = [word for one in settings.invariants for word in _words(one.tools)]
    return any(word in data for path in _AGENTS if (data := _data(root, path).lower()) for word in words)
