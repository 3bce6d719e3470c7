"""What the index holds of the files that hooks put into the commit of a hand-off beside its own."""
from __future__ import annotations

import contextlib
from collections.abc import Iterable

from daybook.errors import FatalError
from daybook.handoff import made
from daybook.handoff.journal import Journal
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.repo.git_objects import TreeEntry


def _by_path(entries: Iterable[TreeEntry]) -> dict[str, tuple[str, str]]:
    return {entry.path: (entry.mode, entry.oid) for entry in entries}


def settle_beside(repo: Repo, journal: Journal) -> None:
    """Give the index what the commit of the journal holds beside its paths, where it has what HEAD had before.

    A commit of paths leaves out of the index what a hook adds (git-commit(1), `--only`): the next commit would take it
    back, and to the next hand-off it would look like somebody's work. Where git refuses, it stays so.
    """
    with contextlib.suppress(FatalError, OSError):  # nothing may hide that the commit exists
        paths = sorted(made.changed(repo, str(journal.commit)).difference(journal.paths))
        if not paths:
            return
        before, after = (_by_path(git_objects.tree_entries(repo, commit, *paths)) for commit in (journal.head, str(journal.commit)))
        now = _by_path(git_objects.index_entries(repo, *git.pathspec(paths)))
        for path in paths:
            if now.get(path) == before.get(path):
                words = ('--add', '--cacheinfo', f'{",".join(after[path])},{path}') if path in after else ('--force-remove', '--', path)
                git.expect('update-index', *words, cwd=repo.root, env=git.clean_env())
