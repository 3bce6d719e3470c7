"""The tracked pages of what a hand-off writes, in its own commit, and again on top of what a peer pushed."""
from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Sequence

from daybook.errors import FatalError
from daybook.handoff.journal import Write
from daybook.handoff.request import Request
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo

_HEAD = 'HEAD^{tree}'


def _in_the_way(repo: Repo, paths: Iterable[str]) -> list[str]:
    """Return the paths at which the work tree or the index holds something else than HEAD."""
    specs = git.pathspec(paths)
    staged = git.expect('diff-index', '--cached', '--name-only', '-z', '--no-renames', 'HEAD', '--', *specs, cwd=repo.root).out
    tracked = set(git_status.tracked_files(repo, *specs))
    foreign = [path for path in paths if path not in tracked and os.path.lexists(os.path.join(repo.root, path))]
    return sorted({*git.zsplit(staged), *git_status.unstaged_changes(repo, *specs), *foreign})


def of(request: Request, writes: Sequence[Write]) -> tuple[dict[str, bytes], str]:
    """Return the pages that the commit of `writes` makes stale, by path, or why they are left as they are.

    Nothing here stops a hand-off: a page can be made anew at any time.
    """
    repo, settings = request.repo, request.settings
    if not settings.render_tracked or request.pages is None:
        return {}, ''
    try:
        held = {entry.path: entry.mode for entry in git_objects.tree_entries(repo, _HEAD, *(write.path for write in writes))}
        tree = git_objects.tree_with(repo, _HEAD, {write.path: (held.get(write.path, '100644'), write.cleaned) for write in writes})
        found = request.pages(repo, settings, git.expect('rev-parse', _HEAD, cwd=repo.root).text, tree)
    except (FatalError, OSError) as error:
        return {}, str(error)
    if not found:
        return {}, ''
    dirty = _in_the_way(repo, list(found))
    if dirty or git_status.ignored(repo, found):
        where = dirty[0] if dirty else 'git ignores them'
        return {}, f'{where} is not as it was committed' if dirty else where
    return found, ''
