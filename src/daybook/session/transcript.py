"""Where the transcript of an agent session lies: as the agent told its telemetry, or where its documentation says."""
from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterator
from collections.abc import Mapping

from daybook.session.telemetry import Telemetry

_NAME = re.compile(r'[A-Za-z0-9_-]{8,64}')


def _homes(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the folders in which agents keep transcripts, each with what names one session's file below it."""
    home = environ.get('HOME') or os.path.expanduser('~')
    claude = environ.get('CLAUDE_CONFIG_DIR') or os.path.join(home, '.claude')
    codex = environ.get('CODEX_HOME') or os.path.join(home, '.codex')
    return {
        os.path.join(claude, 'projects'): '*/{session}.jsonl',  # code.claude.com/docs: settings, cleanupPeriodDays
        os.path.join(codex, 'sessions'): '*/*/*/rollout-*-{session}.jsonl',  # openai/codex, rollout recorder
        os.path.join(home, '.gemini', 'tmp'): '*/chats/session-*{session}.json',
        os.path.join(home, '.cursor', 'projects'): '*/agent-transcripts/{session}*',
        os.path.join(home, '.copilot', 'session-state'): '{session}*.jsonl',
    }


def _is_plain(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _candidates(telemetry: Telemetry, environ: Mapping[str, str]) -> Iterator[str]:
    homes = _homes(environ)
    told = telemetry.counters.get('transcript_path')
    # the state lies in the repository, and what somebody has put there must not choose which file of ours is copied
    if isinstance(told, str) and any(os.path.realpath(told).startswith(os.path.realpath(home) + os.sep) for home in homes):
        yield os.path.realpath(told)
    session = telemetry.counters.get('session_id')
    if isinstance(session, str) and _NAME.fullmatch(session):
        for home, pattern in homes.items():
            yield from sorted(glob.glob(os.path.join(glob.escape(home), pattern.format(session=session))), key=os.path.getmtime, reverse=True)


def find(telemetry: Telemetry, environ: Mapping[str, str]) -> str | None:
    """Return the transcript of the session that a telemetry belongs to, or None when there is none at hand."""
    return next((path for path in _candidates(telemetry, environ) if _is_plain(path)), None)
