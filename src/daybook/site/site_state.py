"""What the last rendering of the site knew: records in parts, so that a changed document costs a few of them."""
from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from typing import IO
from typing import Any

from daybook.repo import files
from daybook.site import site_memory
from daybook.site.site_output import replace
from daybook.site.site_output import sweep

_PER_PART = 160  # documents
_TOP, _COMPILED = 'top.json', 'templates'


def parts_for(count: int) -> int:
    """Return in how many parts `count` documents are kept: a power of two, so that it seldom changes."""
    return 1 << max(0, (count - 1) // _PER_PART).bit_length()


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode('utf-8', 'surrogateescape')


def _decoded(line: bytes) -> Any:
    return json.loads(line.decode('utf-8', 'surrogateescape'))


def _overwrite(path: str, content: bytes) -> None:
    """Write a file in place: some file systems flush what a rename replaces, and `save` tells what is in it."""
    try:
        stream: IO[bytes] = open(path, 'r+b')
    except FileNotFoundError:
        stream = open(path, 'wb')
    with stream:
        stream.write(content)
        stream.truncate()


def _name(family: str, number: int) -> str:
    return f'{family}-{number}.lines'


class _Part:
    """Some records of one family: their lines as they were read, and the values of those that somebody asked for."""

    def __init__(self, lines: dict[bytes, bytes]) -> None:
        self.lines = lines
        self.values: dict[str, Any] = {}
        self.changed: set[str] = set()

    def brought_up(self) -> dict[bytes, bytes]:
        """Return the lines with all that was put."""
        for key in self.changed:
            value, name = self.values[key], _encoded(key)
            if value:
                self.lines[name] = value if isinstance(value, bytes) else _encoded(value)
            else:
                self.lines.pop(name, None)
        return self.lines


class Records:
    """Values by family and key, in `parts` files below `folder`; a part is read at its first use, a value taken apart at its own.

    A file is a line `key<TAB>value` of JSON for each record. A value that is put as bytes is one already. `sums` are the
    checksums of the files as `save` returned them, None when all begins anew.
    """

    def __init__(self, folder: str, parts: int, sums: Mapping[str, int] | None) -> None:
        self.folder, self.parts, self._sums = folder, parts, sums
        self._known: dict[tuple[str, int], _Part] = {}

    def part_of(self, key: str) -> int:
        """Return the number of the part that holds `key`."""
        return zlib.crc32(os.fsencode(key)) & (self.parts - 1)

    def _part(self, family: str, number: int) -> _Part:
        """Return one part. Raises ValueError or OSError when it is not there to the byte."""
        found = self._known.get((family, number))
        if found is None:
            found = self._known[family, number] = _Part({} if self._sums is None else self._lines(family, number, self._sums))
        return found

    def _lines(self, family: str, number: int, sums: Mapping[str, int]) -> dict[bytes, bytes]:
        name = _name(family, number)
        with open(os.path.join(self.folder, name), 'rb') as stream:
            data = stream.read()
        # one that is whole, but of an earlier run, is what a loss of power may leave
        if zlib.crc32(data) != sums[name]:
            raise ValueError(f'damaged records: {name}')
        return dict(line.split(b'\t', 1) for line in data.splitlines())

    def get(self, family: str, key: str) -> Any:
        """Return the value of `key`, or None. Whoever changes it says so with `put`."""
        part = self._part(family, self.part_of(key))
        if key not in part.values:
            line = part.lines.get(_encoded(key)) if part.lines else None
            part.values[key] = _decoded(line) if line else None
        return part.values[key]

    def put(self, family: str, key: str, value: Any) -> None:
        """Keep `value` for `key`; nothing when it is None or empty."""
        part = self._part(family, self.part_of(key))
        if isinstance(value, bytes) and key not in part.changed and part.lines.get(_encoded(key)) == value:
            return
        part.values[key] = value or None
        part.changed.add(key)

    def encoded(self, family: str, number: int) -> list[tuple[str, bytes]]:
        """Return the values of one part as JSON, in order of their keys."""
        return sorted((_decoded(key), line) for key, line in self._part(family, number).brought_up().items())

    def changed(self, family: str) -> list[int]:
        """Return the numbers of the parts of a family that hold something else than before."""
        return sorted(number for (name, number), part in self._known.items() if name == family and part.changed)

    def save(self, families: tuple[str, ...]) -> dict[str, int]:
        """Write what has changed, all parts of all families when they are new; return the checksum of each file."""
        os.makedirs(self.folder, exist_ok=True)
        is_new, sums = self._sums is None, dict(self._sums or ())
        for family, number in [(family, number) for family in families for number in range(self.parts)] if is_new else self._known:
            part = self._part(family, number)
            if part.changed or is_new:
                data = b''.join(b'%s\t%s\n' % line for line in part.brought_up().items())
                _overwrite(os.path.join(self.folder, _name(family, number)), data)
                sums[_name(family, number)] = zlib.crc32(data)
        return sums


def load_top(folder: str) -> dict[str, Any]:
    """Return what is known of the whole site; empty when there is nothing, or nothing that can be read."""
    data = files.read_bytes(os.path.join(folder, _TOP))
    try:
        found = json.loads(data.decode('utf-8', 'surrogateescape')) if data else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def save_top(folder: str, top: dict[str, Any]) -> None:
    """Keep what is known of the whole site. It is written last: without it the next run begins anew."""
    os.makedirs(folder, exist_ok=True)
    text = json.dumps(top, ensure_ascii=False, separators=(',', ':'))
    replace(os.path.join(folder, _TOP), text.encode('utf-8', 'surrogateescape'))


def drop_top(folder: str) -> None:
    """Forget the whole site: what follows writes its parts one by one, and may be killed."""
    for place in (folder, os.path.join(folder, _COMPILED)):
        sweep(place)
    site_memory.forget(folder)
    if os.path.exists(os.path.join(folder, _TOP)):
        os.unlink(os.path.join(folder, _TOP))


def load_compiled(folder: str) -> dict[str, bytes]:
    """Return the compiled templates that are kept to the byte, by the name that their engine gave them."""
    place, found = os.path.join(folder, _COMPILED), {}
    try:
        for name in os.listdir(place):
            data = files.read_bytes(os.path.join(place, name)) or b''
            if data[:8] == _checksum(data[8:]):  # Python would run whatever is there
                found[name] = data[8:]
    except OSError:
        pass
    return found


def save_compiled(folder: str, compiled: dict[str, bytes]) -> None:
    """Keep the compiled templates, which take longer to compile than a page to make; those that are kept already stay."""
    place = os.path.join(folder, _COMPILED)
    os.makedirs(place, exist_ok=True)
    known = load_compiled(folder)
    for name, content in compiled.items():
        if known.get(name) != content:
            replace(os.path.join(place, name), _checksum(content) + content)


def _checksum(data: bytes) -> bytes:
    return b'%08x' % zlib.crc32(data)


def copy(folder: str, other: str) -> None:
    """Make the state in `other` the one that is kept in `folder`."""
    import shutil

    os.makedirs(other, exist_ok=True)
    drop_top(other)
    names = [name for name in os.listdir(folder) if name not in (_TOP, _COMPILED)]
    for name in [*names, _TOP]:  # without the last, nothing of it counts
        shutil.copyfile(os.path.join(folder, name), os.path.join(other, name))
    site_memory.forget(other)
