"""What a change does to the tracked files, as far as links need it."""
from __future__ import annotations

import functools
from collections.abc import Callable

from daybook.repo import git
from daybook.repo import git_spawn
from daybook.repo.git import Repo


class Change:
    """What the index or (`is_index` false) the work tree changes against HEAD; asked of git when it is first needed."""

    def __init__(self, repo: Repo, *, is_index: bool) -> None:
        self._repo, self._where = repo, ('--cached',) if is_index else ()
        self._wait: Callable[[], list[bytes | None]] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, '_wait': None}  # another process cannot read what git says to this one

    def begin(self) -> None:
        """Ask git now, for who will probably need it; `end` is to follow."""
        if '_names' not in self.__dict__ and self._wait is None:
            self._wait = git_spawn.ask(self._repo.root, ('diff-index', *self._where, '-M', '-l2000', '--name-status', '-z', 'HEAD'))

    def end(self) -> None:
        """Take the answer, if `begin` asked, whether or not anybody needs it."""
        if self._wait is not None:
            self._names

    @functools.cached_property
    def _names(self) -> tuple[dict[str, str], set[str], set[str]]:
        self.begin()
        assert self._wait is not None
        raw, = self._wait()
        self._wait = None
        if raw is None:  # no commit yet: all of it is new
            return {}, set(), set(git.tracked_files(self._repo))
        fields = iter(git.zsplit(raw))
        renamed, deleted, others = {}, set(), set()
        for status in fields:
            if status[0] in 'RC':
                old, new = next(fields), next(fields)
                renamed |= {old: new} if status[0] == 'R' else {}
                others.add(new)
            else:
                (deleted if status == 'D' else others).add(next(fields))
        return renamed, deleted, others

    @property
    def renamed(self) -> dict[str, str]:
        """The new path of each old one."""
        return self._names[0]

    @property
    def deleted(self) -> set[str]:
        """The paths that are gone and were not renamed."""
        return self._names[1]

    @functools.cached_property
    def paths(self) -> frozenset[str]:
        """All paths that came, went or have another content."""
        renamed, deleted, others = self._names
        return frozenset({*renamed, *renamed.values(), *deleted, *others})
