"""The marks that git writes into a file where a merge fails."""
from __future__ import annotations

import re
from collections.abc import Iterator

_BEGIN = b'<<<<<<< '
_FENCE = re.compile(rb' {0,3}(`{3,}|~{3,})([^\r\n]*)')
_BLOCK = re.compile(rb'^<<<<<<< [^\n]*\n.*?^=======$.*?^>>>>>>> [^\n]*', re.MULTILINE | re.DOTALL)
_REST = re.compile(rb'^=======\r?$.*?^>>>>>>> ', re.MULTILINE | re.DOTALL)


def marked_line(data: bytes) -> int | None:
    """Return the line (from 1) at which a conflict begins that is not shown in a code fence; None when there is none."""
    if _BEGIN not in data:
        return None
    fence, at = b'', 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = b''
        elif not fence and line.startswith(_BEGIN):
            return number if _REST.search(data, at) else None  # what is not below this line is not below a later one
        at += len(line)
    return None


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each conflict, and each example of one, with its line (from 1); line ends as LF."""
    if _BEGIN in data:
        for found in _BLOCK.finditer(text := data.replace(b'\r\n', b'\n')):
            yield text.count(b'\n', 0, found.start()) + 1, found[0]
