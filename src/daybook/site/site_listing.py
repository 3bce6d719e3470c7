"""What the site is made from, as git lists it: cheap to ask for, and to compare with what the last run saw."""
from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable

from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo

SUFFIXES = ('.md', '.markdown', '.mdx')
IMAGES = ('.png', '.jpg', '.jpeg', '.gif', '.webp', '.avif', '.svg')
_DIFFERS = b'C '


class Listing:
    """The lines of git (`H 100644 <oid> 0<TAB><path>`), and the hash of each file that differs from its line."""

    def __init__(self, lines: Iterable[bytes], dirty: dict[str, str]) -> None:
        self.lines, self.dirty = frozenset(lines) - {b''}, dirty

    def count(self) -> int:
        """Return how many Markdown files there are."""
        return sum(line.endswith((b'.md', b'.markdown', b'.mdx')) for line in self.lines)

    def changed(self, other: Listing) -> set[str]:
        """Return the paths that are not the same in both."""
        paths = {_path(line) for line in self.lines ^ other.lines}
        return paths | {path for path in self.dirty.keys() | other.dirty.keys() if self.dirty.get(path) != other.dirty.get(path)}

    def paths(self) -> list[str]:
        """Return all paths."""
        return sorted(map(os.fsdecode, self._names))

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and os.fsencode(path) in self._names

    @functools.cached_property
    def _names(self) -> frozenset[bytes]:
        return frozenset(line[line.index(b'\t') + 1:] for line in self.lines)


def _path(line: bytes) -> str:
    return os.fsdecode(line.partition(b'\t')[2])


def read(repo: Repo, settings: Settings) -> Listing:
    """Return the Markdown files and images of the index (the pages too when they are tracked), in one question to git."""
    wanted = [f':(icase)*{suffix}' for suffix in (*SUFFIXES, *IMAGES)]
    if settings.render_tracked:
        wanted += git.pathspec([settings.render_folder])
    lines = git.expect('ls-files', '-z', '-t', '-s', '-c', '-m', '--', *wanted, cwd=repo.root).out.split(b'\0')
    dirty = {}
    if not git.is_in_git_hook():  # inside a commit its index is the truth
        for path in (_path(line) for line in lines if line.startswith(_DIFFERS)):
            absolute = os.path.join(repo.root, path)
            content = None if os.path.islink(absolute) else files.read_bytes(absolute)
            dirty[path] = hashlib.sha256(content).hexdigest() if content is not None else ''
    return Listing((line for line in lines if not line.startswith(_DIFFERS)), dirty)


def of_tree(repo: Repo, settings: Settings, tree: str) -> Listing:
    """Return the Markdown files and images of a tree, without those of the site."""
    out = git.expect('ls-tree', '-r', '-z', '--full-tree', tree, cwd=repo.root).out
    own = os.fsencode(settings.render_folder) + b'/'
    endings = tuple(map(os.fsencode, (*SUFFIXES, *IMAGES)))
    lines = []
    for line in out.split(b'\0'):
        meta, _, path = line.partition(b'\t')
        if path.lower().endswith(endings) and not path.startswith(own):
            mode, _, oid = meta.split(b' ')
            lines.append(b'H %b %b 0\t%b' % (mode, oid, path))
    return Listing(lines, {})


def load(folder: str, dirty: dict[str, str]) -> Listing:
    """Return what `save` kept in `folder`."""
    data = files.read_bytes(os.path.join(folder, 'listing')) or b''
    return Listing(data.split(b'\0'), dirty)


def saved(listing: Listing) -> bytes:
    """Return what `load` reads."""
    return b'\0'.join(sorted(listing.lines))
