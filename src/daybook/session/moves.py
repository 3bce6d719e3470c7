"""The commands that move notes, by the journal that one of them leaves when it is killed."""
from __future__ import annotations

import os
from typing import NamedTuple

from daybook.repo import git
from daybook.repo.git import Repo


class Journal(NamedTuple):
    """Whose journal it is: its file, what was at work in words, and the command that settles it."""

    file: str
    work: str
    command: str


ARCHIVE = Journal('daybook/archive.json', 'an archiving', 'daybook archive')
RENUMBER = Journal('daybook/renumber.json', 'a renumbering', 'daybook renumber OLD NEW')
ALL = (ARCHIVE, RENUMBER)
LOCK = 'daybook/archive.lock'  # of all of them: what one moves another may link to


def is_left(repo: Repo, journal: Journal) -> bool:
    """Return whether a run that did not end has left its journal."""
    return os.path.lexists(git.git_path(repo, journal.file))


def unsettled(repo: Repo, but: Journal | None = None) -> str | None:
    """Return what was killed in this work tree, apart from `but`, and what settles it, in words; None where nothing was."""
    left = (each for each in ALL if each != but and is_left(repo, each))
    return next((f'{each.work} was killed in this work tree; run `{each.command}` first, which settles it' for each in left), None)
