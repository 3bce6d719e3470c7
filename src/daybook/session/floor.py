"""The floor of a day's numbers: every name of the day in files, work trees and branches."""
from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable
from collections.abc import Iterator

from daybook.documents.config import Settings
from daybook.documents.kinds import fixed_folder
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo

_AT_ONCE = 32  # trees: every branch of a team has one of its own, with thousands of notes


def _work_trees(repo: Repo) -> list[str]:
    """Return the roots of all work trees of the clone; those of terminals that have not committed yet count too."""
    out = git.git('worktree', 'list', '--porcelain', cwd=repo.root).lines
    roots = [line.removeprefix('worktree ') for line in out if line.startswith('worktree ')]
    return list(dict.fromkeys([repo.root, *roots]))


def _on_disk(roots: Iterable[str], folders: Iterable[str], prefix: str) -> Iterator[str]:
    for root in roots:
        for place in folders:
            for _, below, names in os.walk(os.path.join(root, place)):
                yield from [name for name in [*names, *below] if name[:len(prefix)].upper() == prefix]
                if not place:
                    below.clear()  # notes at the root: the rest of the work tree is none of ours


def _has_all_trees(repo: Repo) -> bool:
    # to read a tree that `clone --filter=tree:0` left out is to ask the remote, with no time limit
    filters = git.git('config', '--get-regexp', r'^remote\..*\.partialclonefilter$', cwd=repo.root).lines
    return not any(line.rpartition(' ')[2].startswith('tree:') for line in filters)


def _on_branches(repo: Repo, folders: Iterable[str], prefix: str) -> Iterator[str]:
    refs = git.git('for-each-ref', '--format=%(objectname)', 'refs/heads', 'refs/remotes', cwd=repo.root).lines
    waiting = sorted({f'{oid}:{place}' for oid in refs for place in folders if place}) if _has_all_trees(repo) else []
    seen: set[str] = set()
    while waiting:
        waiting, some = waiting[_AT_ONCE:], waiting[:_AT_ONCE]
        found, below = git_objects.names_in_trees(repo, some, prefix)
        yield from found
        waiting += [oid for oid in dict.fromkeys(below) if oid not in seen]
        seen.update(below)


def names(repo: Repo, settings: Settings, day: str) -> set[str]:
    """Return the names that begin with `day` (`RT-261120`), in any case and without folder and extension.

    Looked through are the index, the notes' folders of every work tree whatever git thinks of the
    files there, and all local and remote-tracking branches (not those of a clone without trees).
    """
    folders = sorted({fixed_folder(glob) for glob in settings.kind('session').paths})
    tracked = git_status.tracked_files(repo, f':(top,icase,glob)**/{day}-*')
    found = itertools.chain(tracked, _on_disk(_work_trees(repo), folders, f'{day}-'),
                            _on_branches(repo, folders, f'{day}-'))
    stems = (name.rsplit('/', 1)[-1].split('.')[0] for name in found)
    return {stem for stem in stems if stem.upper().startswith(f'{day}-')}


def numbers(stems: Iterable[str], day: str) -> set[int]:
    """Return the numbers of `day` that the names (ids, with or without slug) hold."""
    pattern = re.compile(rf'{re.escape(day)}-(\d\d)', re.IGNORECASE | re.ASCII)
    return {int(found[1]) for stem in stems if (found := pattern.match(stem))}
