"""The turn of a command that moves notes: no other moves files in this work tree meanwhile, and none was killed in it."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator

from daybook.errors import FatalError
from daybook.handoff import journal as handoff_journal
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import moves
from daybook.session.moves import Journal

_WAIT = 60  # seconds for another to end


@contextlib.contextmanager
def alone(repo: Repo, own: Journal) -> Iterator[None]:
    """Hold the work tree for the run of `own`. Raises FatalError while another is at work, or has been killed here."""
    with files.exclusive_lock(git.git_path(repo, moves.LOCK), _WAIT) as is_first, \
            files.exclusive_lock(git.git_path(repo, handoff_journal.LOCK), _WAIT) as is_alone:
        if not is_first or not is_alone:
            other = 'a hand-off' if is_first else 'another archiving or renumbering'
            raise FatalError(f'{other} is at work in this work tree; run it again when that has ended')
        if handoff_journal.load(repo) is not None:
            raise FatalError('a hand-off was killed in this work tree; run `daybook handoff` first, which undoes or completes it')
        unsettled = moves.unsettled(repo, but=own)
        if unsettled is not None:
            raise FatalError(unsettled)
        yield
