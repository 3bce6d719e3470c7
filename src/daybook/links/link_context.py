"""What git and the disk know about dead links: what the change at hand did, what lies there untracked, what once was there."""
from __future__ import annotations

import functools
import os
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from collections.abc import Set
from typing import NamedTuple

from daybook.documents import destination
from daybook.documents import link_facts
from daybook.documents import tree
from daybook.documents.destination import Fault
from daybook.links import link_history
from daybook.links.link_change import Change
from daybook.links.link_history import Ageing
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.rules.link_messages import Around

_AGEING = (destination.MISSING, destination.CASE, destination.ANCHOR)


def symlink_texts(repo: Repo, paths: Sequence[str], blobs: Sequence[str]) -> dict[str, str]:
    """Return where each symbolic link points, as it is written."""
    found = {}
    for path, data in zip(paths, git_objects.read_local(repo, blobs)):
        if data is not None:
            found[path] = os.fsdecode(data)
        elif os.path.islink(os.path.join(repo.root, path)):  # changed and not in git yet
            found[path] = os.readlink(os.path.join(repo.root, path))
    return found


def _holds_something(path: str, watched: list[str]) -> bool:
    """Return whether there is something that git may track at `path`; `watched` gets the folders of which it depends on what they hold."""
    if not os.path.isdir(path) or os.path.islink(path):
        return os.path.lexists(path)
    for folder, _, files in os.walk(path):
        watched.append(folder)
        if files:
            return True
    return False  # git tracks no empty folder


def _ignoring(repo: Repo, paths: Iterable[str]) -> set[str]:
    """Return the files, there or not, that may tell git to ignore `paths`; gitignore(5)."""
    own = git.config_value(repo, 'core.excludesFile')
    default = os.path.join(os.environ.get('XDG_CONFIG_HOME') or os.path.join('~', '.config'), 'git', 'ignore')
    found = {os.path.expanduser(own or default), os.path.join(repo.common_dir, 'info', 'exclude')}
    for folder in {tree.folder_of(path) for path in paths}:
        while folder:
            found.add(f'{folder}/.gitignore')
            folder = tree.folder_of(folder)
    return {*found, '.gitignore'}


class _Lying(NamedTuple):
    """Which of the missing paths lie on the disk, and whether git ignores them; those of empty folders; what any of it depends on."""

    found: dict[str, bool]
    empty: set[str]
    watched: set[str]


def _on_disk(repo: Repo, faults: Iterable[Fault], tracked: Collection[str]) -> _Lying:
    missing = {f.destination.path for f in faults if f.destination.fault == destination.MISSING and f.destination.path not in tracked}
    found: list[str] = []
    empty: set[str] = set()
    watched: set[str] = set()
    for path in missing:
        walked: list[str] = []
        if '\0' not in path and _holds_something(os.path.join(repo.root, path), walked):
            found.append(path)
        elif walked:
            empty.add(path)
        watched.update(os.path.relpath(folder, repo.root) for folder in walked)
    ignored = git_status.ignored(repo, found) if found else ()
    return _Lying({path: path in ignored for path in found}, empty, watched | _ignoring(repo, found) if found else watched)


def _former(repo: Repo, faults: Iterable[Fault], change: Change) -> dict[str, Set[str]]:
    """Return the anchors that the changed pages of dead anchors had before."""
    changed = {f.destination.path for f in faults if f.destination.fault == destination.ANCHOR} & change.paths
    pages = sorted(page for page in changed if '\n' not in page)  # which git reads as the end of a question
    blobs = git_objects.read_local(repo, [f'HEAD:{page}' for page in pages])
    return {page: link_facts.of_bytes(data).anchors for page, data in zip(pages, blobs) if data is not None}


class Surroundings(NamedTuple):
    """What is known about faults: `dated` are the files about which it may change without them.

    `watched` are the folders and files, relative to the root or absolute, that change then, if git knows nothing of it.
    """

    around: Around
    dated: set[str]
    watched: set[str]


def around(repo: Repo, faults: Sequence[Fault], change: Change, ageing: Ageing, known: tree.Tree) -> Surroundings:
    """Return what is known about `faults` beyond the tree."""
    may_age = functools.cache(ageing.may_age)
    old = [f for f in faults if f.destination.fault in _AGEING and may_age(f.source)]
    places = link_history.places(repo, old, change, ageing)
    lying = _on_disk(repo, faults, known.files)
    found = Around(renamed=change.renamed, deleted=change.deleted, former=_former(repo, faults, change),
                   on_disk=lying.found, lost=link_history.lost(repo, places, ageing.note_folders() if places else ()))
    told = {*found.renamed, *found.deleted, *found.former, *lying.found, *lying.empty}
    dated = {f.source for f in old} | {f.source for f in faults if f.destination.path in told}
    return Surroundings(found, dated, lying.watched | ({os.path.join(repo.common_dir, 'shallow')} if old else set()))
