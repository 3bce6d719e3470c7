"""Which maps are not what the documents ask for, and writing them."""
from __future__ import annotations

import os
import posixpath
from collections.abc import Collection
from collections.abc import Mapping
from typing import NamedTuple

from daybook.documents import config
from daybook.documents import document
from daybook.documents import review
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.repo import files
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import index_files
from daybook.session import overview_file
from daybook.writers import index_set


class Stale(NamedTuple):
    """What is to be written, by path, and the files of people that stand in the way; `blocks` are theirs but for a block."""

    texts: dict[str, str]
    by_hand: list[str]
    blocks: dict[str, bytes] = {}

    @property
    def paths(self) -> list[str]:
        """Everything that is to be written."""
        return sorted([*self.texts, *self.blocks])


class Settled(NamedTuple):
    """What becomes of a merge: `texts` to write, `merged` paths that can be added, those `left` to a person with the reason."""

    texts: dict[str, bytes]
    merged: list[str]
    left: dict[str, str]


def _told(found: Document) -> tuple[str, bool]:
    """Return what a map says of a document."""
    return document.title_of(found), review.is_closed(found.meta)


def concerned(repo: Repo, settings: Settings) -> set[str]:
    """Return the files whose staged change makes an index stale: documents that came, went or got another title, and maps."""
    status = dict((path, letter) for letter, path in git_status.staged_status(repo))
    edited = [path for path, letter in status.items() if letter not in 'AD' and config.kind_of(settings, path)]
    before = {found.path: _told(found) for found in document.read_committed(repo, settings, edited)}
    after = {found.path: _told(found) for found in document.read_all(repo, settings, edited)}
    retitled = [path for path in edited if before.get(path) != after.get(path)]
    moved = [path for path, letter in status.items() if letter in 'AD' and config.kind_of(settings, path)]
    return {*retitled, *moved, *(path for path in status if index_files.is_map(settings, path) or path == config.PATH
                                 or posixpath.basename(path) == index_set.SIBLING)}


def _other_case(tracked: Mapping[str, str], path: str) -> str | None:
    """Return the tracked file that would be one with `path` on a disk that knows no case."""
    found = tracked.get(path.casefold())
    return found if found != path else None


def stale(repo: Repo, settings: Settings, changed: set[str] | None, *, without: Collection[str] = ()) -> Stale:
    """Return the maps that are not as they should be, as far as the files `changed` (None: all) concern them.

    Those in `without` are in conflict, and for a person to resolve.
    """
    tracked = git_status.tracked_files(repo)
    # `index.md` beside our INDEX.md could not be checked out everywhere
    named = {path.casefold(): path for path in tracked if posixpath.basename(path).casefold() == 'index.md'}
    texts, by_hand = {}, []
    for path, text in sorted(index_files.wanted(repo, settings, tracked, changed).items()):
        if path in without:
            continue
        other, has_lines = _other_case(named, path), '](' in text
        if other or index_files.is_by_hand(repo, path):
            if has_lines or path not in tracked:
                by_hand.append(other or path)
            continue
        data = files.read_bytes(files.inside(repo.root, path))
        if data is None and has_lines or data is not None and data.decode('utf-8', 'replace').replace('\r\n', '\n') != text:
            texts[path] = text
    blocks = overview_file.wanted(repo, settings, tracked, changed)
    return Stale(texts, by_hand, {path: data for path, data in blocks.items() if path not in without
                                  and data != files.read_bytes(files.inside(repo.root, path))})


def on_disk(repo: Repo, path: str, text: str) -> bytes:
    """Return one map as a checkout would write it: with the line ends that git wants there."""
    return git_objects.round_trip(repo, path, text.encode('utf-8', 'replace'))


def write(repo: Repo, path: str, text: str) -> None:
    """Write one map."""
    target = files.inside(repo.root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    files.write_atomic(target, on_disk(repo, path, text))
