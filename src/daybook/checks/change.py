"""What a run answers for, a commit or a push, and what a look at it comes to; imports nothing that a warm run can do without."""
from __future__ import annotations

import os
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.problem import Problem
from daybook.repo import git
from daybook.repo import git_status
from daybook.repo.git import Repo


class Change(NamedTuple):
    """What is being committed or pushed: the commit that it starts from, and its paths (of a rename, both)."""

    base: str
    paths: frozenset[str]


class Look(NamedTuple):
    """What a hook that looks has found.

    `problems` are to be printed, and block unless they are warnings. `older` counts, for each file, those that the
    change at hand did not cause; by hand and in CI there are none. `notes` are lines to print below.
    """

    problems: Collection[Problem] = ()
    older: Mapping[str, int] = {}
    notes: Sequence[str] = ()


def pushed_change(repo: Repo, environ: Mapping[str, str]) -> Change | None:
    """Return what is being pushed, or checked from one commit to another; None otherwise."""
    pushed = git_status.pushed_changes(repo, environ)
    return Change(pushed[0], frozenset(pushed[1])) if pushed else None


def is_merge(repo: Repo, environ: Mapping[str, str]) -> bool:
    """Return whether the commit at hand brings what others have committed."""
    # `git merge` leaves MERGE_HEAD behind only when it stops; before that it tells its hooks what it is
    return (any(os.path.exists(git.git_path(repo, name)) for name in ('MERGE_HEAD', 'SQUASH_MSG'))
            or environ.get('GIT_REFLOG_ACTION', '').startswith(('merge', 'pull')))
