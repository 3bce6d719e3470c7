"""The marks that git writes into a file where a merge fails."""
from __future__ import annotations

import re

_BEGIN = b'<<<<<<< '
_FENCE = re.compile(rb' {0,3}(`{3,}|~{3,})([^\r\n]*)')
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
