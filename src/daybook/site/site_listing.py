"""What the site is made from, as git lists it: cheap to ask for, and to compare with what the last run saw."""
from __future__ import annotations

import functools
import os
import zlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_spawn
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.repo.listing_entries import Entries
from daybook.site import site_memory
from daybook.site.site_memory import Start
from daybook.site.site_output import replace

_NAME = 'listing'
_LINE = '--format=%(objectmode) %(objectname) 0%x09%(path)'  # as `git ls-files -s` has it


class Listing:
    """The lines of git (`100644 <oid> 0<TAB><path>`), and the hash of each file that differs from its line.

    `index` is the trailer of the index that has these lines, `` where nobody knows. Files in `folder`, that of tracked
    pages, count like documents and images.
    """

    def __init__(self, raw: bytes, dirty: dict[str, str], index: str = '', folder: str = '') -> None:
        self.raw, self.dirty, self.index = raw, dirty, index
        self._folder, self._entries = folder, Entries(raw)

    @functools.cached_property
    def checksum(self) -> int:
        """What tells whether the lines were kept to the byte."""
        return zlib.crc32(self.raw)

    def count(self) -> int:
        """Return how many Markdown files there are."""
        return sum(self.raw.count(suffix.encode() + b'\0') for suffix in site_memory.SUFFIXES)

    def changed(self, other: Listing) -> set[str]:
        """Return the paths that are not the same in both."""
        lines = listing.difference(other.raw, self.raw) if self.raw != other.raw else ()
        dirty = {path for path in self.dirty.keys() | other.dirty.keys() if self.dirty.get(path) != other.dirty.get(path)}
        return set(self._of_the_site(line.partition('\t')[2] for line in lines)) | dirty

    def paths(self) -> list[str]:
        """Return all paths."""
        return sorted(self._of_the_site(self._entries))

    def _of_the_site(self, paths: Iterable[str]) -> Iterator[str]:
        return (path for path in paths if site_memory.is_of_the_site(path, self._folder))

    def blob(self, path: str) -> str:
        """Return the id of what git has of a regular file, `` for a symbolic link or a submodule. Raises KeyError."""
        mode, oid = self._entries[path]
        return oid if mode.startswith('100') else ''

    def __contains__(self, path: object) -> bool:
        return path in self._entries


def read(repo: Repo, settings: Settings, start: Start | None, last: Listing) -> Listing:
    """Return the files of the index, and outside of a commit those that differ; where the index is that of `last`, git need not list it.

    `start` is what git has said already.
    """
    folder = settings.render_folder if settings.render_tracked else ''
    if git.is_in_git_hook():  # inside a commit its index is the truth
        return Listing(_raw(repo), {}, '', folder)
    index = start.index if start else listing.trailer(repo.git_dir)
    dirty = start.digests(folder) if start else site_memory.digests(repo.root, git_spawn.answers(repo.root, listing.QUESTIONS[1])[0] or b'', folder)
    raw = last.raw if index and index.hex() == last.index else _raw(repo)
    known = index.hex() if index == listing.trailer(repo.git_dir) else ''
    return Listing(raw, dirty, known, folder)


def _raw(repo: Repo) -> bytes:
    raw = git_spawn.answers(repo.root, listing.QUESTIONS[0])[0]
    if raw is None:
        raise FatalError(f'git cannot read the index of {repo.root}; run `git status` there to see why')
    return raw


def of_tree(repo: Repo, tree: str) -> Listing:
    """Return the files of a tree."""
    return Listing(git.expect('ls-tree', '-r', '-z', '--full-tree', _LINE, tree, cwd=repo.root).out, {})


def load(folder: str, top: Mapping[str, Any]) -> Listing:
    """Return what `save` kept in `folder`; nothing when it is not there to the byte. `top` is as `save` returns it."""
    kept = Listing(files.read_bytes(os.path.join(folder, _NAME)) or b'', top.get('dirty', {}), top.get('index', ''))
    return kept if kept.checksum == top.get('listing') else Listing(b'', {})


def save(folder: str, found: Listing, top: Mapping[str, Any], torn: Iterable[str] = ()) -> dict[str, Any]:
    """Keep a listing in `folder` unless it is there, as `top` tells; return what is to be known of it.

    The files `torn` were not read as they are listed: whatever they are next time, they have changed.
    """
    facts = {'listing': found.checksum, 'index': found.index, 'dirty': {**found.dirty, **dict.fromkeys(torn, 'torn')}}
    if facts['listing'] != top.get('listing'):
        replace(os.path.join(folder, _NAME), found.raw)
    return facts
