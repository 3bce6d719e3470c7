"""One run of hand-off: what it is asked, how it tells, how it ended."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.repo.git import Repo
from daybook.session.operators import Operator


class Outcome(NamedTuple):
    """How a hand-off ended: what the last line says, the exit code, the Resume Prompt to show."""

    id: str = '-'
    commit: str = 'none'
    pushed: str = 'no'
    reason: str = ''
    code: int = 0
    prompt: str = ''

    @property
    def last_line(self) -> str:
        """The machine-readable line that is always printed last."""
        reason = f' reason={self.reason}' if self.reason else ''
        return f'handoff: id={self.id} commit={self.commit} pushed={self.pushed}{reason}'


# makes the files of the site by path, for what a second tree says otherwise than a first
PagesOf = Callable[[Repo, Settings, str, str], dict[str, bytes]]


class Request(NamedTuple):
    """What one run is asked to do, and how it tells (`say` a line, `step` a banner).

    `pages` is for tracked pages: rooms do not import each other, so whoever starts a hand-off brings it.
    """

    repo: Repo
    settings: Settings
    operator: Operator
    operators: Mapping[str, Operator]
    given: Sequence[str]
    environ: Mapping[str, str]
    now: datetime
    say: Callable[[str], None]
    step: Callable[[str], None]
    pages: PagesOf | None = None

    @property
    def session(self) -> str | None:
        """The agent session that this run belongs to, where the agent tells."""
        return self.environ.get('DAYBOOK_SESSION_ID') or None

    @property
    def is_quick(self) -> bool:
        """Whether a minimum note is made from the facts alone."""
        return self.environ.get('DAYBOOK_QUICK', '') not in ('', '0')
