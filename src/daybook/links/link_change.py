"""What a change does to the tracked files, as far as links need it."""
from __future__ import annotations

import functools
import os
from collections.abc import Callable
from collections.abc import Collection
from typing import NamedTuple

from daybook.repo import git
from daybook.repo import git_spawn
from daybook.repo import listing
from daybook.repo import git_status
from daybook.repo.git import Repo


class _Names(NamedTuple):
    renamed: dict[str, str]
    deleted: set[str]
    others: set[str]


class Change:
    """What the index or (`is_index` false) the work tree changes against HEAD; asked of git when it is first needed."""

    def __init__(self, repo: Repo, *, is_index: bool) -> None:
        # what is only announced has no content yet that a file may have been renamed to
        self._repo, self._where = repo, ('--cached', '--ita-invisible-in-index') if is_index else ()
        self._wait: Callable[[], list[bytes | None]] | None = None
        self._told: _Names | None = None

    def learn(self, paths: Collection[str], known: Collection[str]) -> None:
        """Take the word of somebody who asked git which paths the index changes; of no use where one is not among the `known` files."""
        if all(path in known for path in paths):
            self._told = _Names({}, set(), set(paths))

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, '_wait': None}  # another process cannot read what git says to this one

    def begin(self) -> None:
        """Ask git now, for who will probably need it; `end` is to follow."""
        if self._told is None and self._wait is None:
            self._wait = git_spawn.ask(self._repo.root, ('diff-index', *self._where, '-M', '-l2000', '--name-status', '-z', 'HEAD'))

    def end(self) -> None:
        """Wait for the answer, if `begin` asked."""
        if self._wait is not None:
            raw, = self._wait()
            self._wait, self._told = None, self._names(raw)

    def _known(self) -> _Names:
        self.begin()
        self.end()
        assert self._told is not None
        return self._told

    def _names(self, raw: bytes | None) -> _Names:
        if raw is None:  # no commit yet: all of it is new
            return _Names({}, set(), set(git_status.tracked_files(self._repo)))
        fields = iter(git.zsplit(raw))
        renamed: dict[str, str] = {}
        deleted: set[str] = set()
        others: set[str] = set()
        for status in fields:
            if status[0] in 'RC':
                old, new = next(fields), next(fields)
                renamed |= {old: new} if status[0] == 'R' else {}
                others.add(new)
            else:
                (deleted if status == 'D' else others).add(next(fields))
        return _Names(renamed, deleted, others)

    @property
    def is_known(self) -> bool:
        """Whether somebody has needed it."""
        return self._told is not None

    @property
    def gone(self) -> bytes:
        """What stands for all that is renamed and deleted, `` for nothing."""
        renamed, deleted, _ = self._known()
        names = [*(f'{old}\0{new}' for old, new in renamed.items()), *deleted]
        return listing.digest(os.fsencode('\0\0'.join(sorted(names)))) if names else b''

    @property
    def renamed(self) -> dict[str, str]:
        """The new path of each old one."""
        return self._known().renamed

    @property
    def deleted(self) -> set[str]:
        """The paths that are gone and were not renamed."""
        return self._known().deleted

    @functools.cached_property
    def paths(self) -> frozenset[str]:
        """All paths that came, went or have another content."""
        renamed, deleted, others = self._known()
        return frozenset({*renamed, *renamed.values(), *deleted, *others})
