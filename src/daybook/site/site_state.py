"""What the last rendering of the site knew: records in parts, so that a changed document costs a few of them."""
from __future__ import annotations

import json
import os
import zlib
from typing import Any

from daybook.repo import files
from daybook.site import site_memory
from daybook.site.site_output import replace

_PER_PART = 160  # documents


def parts_for(count: int) -> int:
    """Return in how many parts `count` documents are kept: a power of two, so that it seldom changes."""
    return 1 << max(0, (count - 1) // _PER_PART).bit_length()


class Records:
    """Values by family and key, in `parts` files of JSON below `folder`; a part is read at its first use."""

    def __init__(self, folder: str, parts: int, *, is_new: bool) -> None:
        self.folder, self.parts, self._is_new = folder, parts, is_new
        self._read: dict[tuple[str, int], dict[str, Any]] = {}
        self._changed: set[tuple[str, int]] = set()

    def part_of(self, key: str) -> int:
        """Return the number of the part that holds `key`."""
        return zlib.crc32(os.fsencode(key)) & (self.parts - 1)

    def _path(self, family: str, number: int) -> str:
        return os.path.join(self.folder, f'{family}-{number}.json')

    def part(self, family: str, number: int) -> dict[str, Any]:
        """Return all values of one part, by key. Raises ValueError or OSError when it cannot be read."""
        if (family, number) not in self._read:
            content: dict[str, Any] = {}
            if not self._is_new:
                with open(self._path(family, number), encoding='utf-8', errors='surrogateescape') as stream:
                    content = json.load(stream)
                if not isinstance(content, dict):
                    raise ValueError(f'no records: {family}')
            self._read[family, number] = content
        return self._read[family, number]

    def get(self, family: str, key: str) -> Any:
        """Return the value of `key`, or None. Whoever changes it says so with `put`."""
        return self.part(family, self.part_of(key)).get(key)

    def put(self, family: str, key: str, value: Any) -> None:
        """Keep `value` for `key`; nothing when it is None or empty."""
        number = self.part_of(key)
        content = self.part(family, number)
        if value:
            content[key] = value
        else:
            content.pop(key, None)
        self._changed.add((family, number))

    def changed(self, family: str) -> list[int]:
        """Return the numbers of the parts of a family that hold something else than before."""
        return sorted(number for name, number in self._changed if name == family)

    def save(self, families: tuple[str, ...]) -> None:
        """Write what has changed; all parts of all families when they are new."""
        os.makedirs(self.folder, exist_ok=True)
        if self._is_new:
            self._changed = {(family, number) for family in families for number in range(self.parts)}
        for family, number in sorted(self._changed):
            text = json.dumps(self.part(family, number), ensure_ascii=False, separators=(',', ':'))
            replace(self._path(family, number), text.encode('utf-8', 'surrogateescape'))


def load_top(folder: str) -> dict[str, Any]:
    """Return what is known of the whole site; empty when there is nothing, or nothing that can be read."""
    data = files.read_bytes(os.path.join(folder, 'top.json'))
    try:
        found = json.loads(data.decode('utf-8', 'surrogateescape')) if data else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def save_top(folder: str, top: dict[str, Any]) -> None:
    """Keep what is known of the whole site. It is written last: without it the next run begins anew."""
    os.makedirs(folder, exist_ok=True)
    text = json.dumps(top, ensure_ascii=False, separators=(',', ':'))
    replace(os.path.join(folder, 'top.json'), text.encode('utf-8', 'surrogateescape'))


def drop_top(folder: str) -> None:
    """Forget the whole site: what follows writes its parts one by one, and may be killed."""
    site_memory.forget(folder)
    if os.path.exists(os.path.join(folder, 'top.json')):
        os.unlink(os.path.join(folder, 'top.json'))
