"""The files of a listing by path: a few are sought in its lines as git gave them, for more than a few all lines are taken apart."""
from __future__ import annotations

import functools
import os
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping

_FEW = 1000  # paths that are sought sooner than all lines are taken apart
_AS_MANY = 30  # of them cost as much as one folder that is sought in whatever case


class Entries(Mapping[str, tuple[str, str]]):
    """Mode and object id of each path of `raw`, lines as `listing.Listing` has them."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, raw.find(b'\t') + 1  # all ids of one repository are equally long
        self._left = _FEW
        self._lines: dict[str, str] | None = None
        self._lower = b''
        self._below: dict[str, list[tuple[int, int]]] = {}

    def __getitem__(self, path: str) -> tuple[str, str]:
        line = self._line(path) if self._lines is None else self._lines[path]
        if not line:
            raise KeyError(path)
        return line[:6], line[7:self._at - 3]

    def __contains__(self, path: object) -> bool:
        if self._lines is not None:  # as in a run that reads all files
            return path in self._lines
        return bool(self._line(str(path)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def names(self) -> Collection[str]:
        """Return all paths, for who asks for very many of them."""
        return self._all()

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """Return the object id of each of `paths`, which are all there."""
        if len(paths) < _FEW:
            return {path: self[path][1] for path in paths}
        known, end = self._all(), self._at - 3
        return {path: known[path][7:end] for path in paths}

    def has_folder(self, path: str) -> bool | None:
        """Return whether a file lies below `path`; None where the caller should take all paths apart."""
        if not self._may_seek():
            return None
        start = _encoded(path) + b'/'
        return self._from(start)[self._at:].startswith(start)

    def spellings(self, folded: str) -> list[str] | None:
        """Return the files and folders that `folded`, in small letters, names in any case; None as in `has_folder`."""
        if not self._may_seek() or not self._is_ascii:
            return None
        if '\0' in folded:  # no name, but the end of a line and what follows it
            return []
        folder = folded.rpartition('/')[0]
        if folder not in self._below:
            if not self._may_seek(_AS_MANY):
                return None
            self._lower = self._lower or self._raw.lower()
            self._below[folder] = self._parts(_encoded(folder))
        wanted = b'\t' + _encoded(folded)
        found = {os.fsdecode(self._raw[place + 1:place + len(wanted)])
                 for part in self._below[folder] for place in self._places(wanted, *part)
                 if self._raw[place + len(wanted)] in b'\0/'}
        return sorted(found)

    @functools.cached_property
    def _is_ascii(self) -> bool:
        return self._raw.isascii()

    def _parts(self, folder: bytes) -> list[tuple[int, int]]:
        """Return the parts of the listing with what lies below a folder, one for each spelling of it; `` is the root."""
        if not folder:
            return [(0, len(self._raw))]
        found: list[tuple[int, int]] = []
        wanted = b'\t' + folder + b'/'
        while (place := next(self._places(wanted, found[-1][1] if found else 0, len(self._raw)), None)) is not None:
            # git sorts by bytes, and `0` is next to `/`
            found.append((place, place_of(self._raw, self._raw[place + 1:place + 1 + len(folder)] + b'0', self._at)))
        return found

    def _places(self, wanted: bytes, start: int, end: int) -> Iterator[int]:
        """Yield where in a part of the listing a tab and a path begin like `wanted` in any case."""
        place = self._lower.find(wanted, start, end)
        while place >= 0:
            if place + 1 - (self._raw.rfind(b'\0', 0, place) + 1) == self._at:  # a name may hold tabs
                yield place
            place = self._lower.find(wanted, place + 1, end)

    def _may_seek(self, cost: int = 1) -> bool:
        if self._lines is not None:
            return False
        self._left -= cost
        return self._left >= 0

    def _all(self) -> dict[str, str]:
        if self._lines is None:
            lines = os.fsdecode(self._raw).split('\0')[:-1]
            self._lines = dict(zip([line[self._at:] for line in lines], lines))
        return self._lines

    def _line(self, path: str) -> str:
        """Return the line of `path`, `` when there is none."""
        if not self._may_seek():
            return self._all().get(path, '')
        line = os.fsdecode(self._from(_encoded(path)))
        return line if line[self._at:] == path else ''

    def _from(self, path: bytes) -> bytes:
        """Return the first line whose path is not less than `path`, `` when there is none."""
        start = place_of(self._raw, path, self._at)
        return self._raw[start:self._raw.find(b'\0', start)]


def place_of(raw: bytes, path: bytes, at: int) -> int:
    """Return where the first line of a listing begins whose path, which stands `at` in it, is not less than `path`."""
    low, high = 0, len(raw)
    while low < high:
        start = raw.rfind(b'\0', low, (low + high) // 2) + 1 or low
        end = raw.index(b'\0', start)
        if raw[start + at:end] < path:
            low = end + 1
        else:
            high = start
    return low


def _encoded(path: str) -> bytes:
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # a lone surrogate, which no file name decodes to
        return b'\0'
