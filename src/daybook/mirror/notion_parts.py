"""The text of a page in parts that Notion takes, pure."""
from __future__ import annotations

import re

from daybook.mirror.adapter import Rejected

_FENCE = re.compile(r'\t*(`{3,})')


def _blocks(text: str) -> list[list[str]]:
    """Return the lines of `text` by blocks: one begins at a line that is not indented, not inside code, and ends no table or toggle."""
    blocks: list[list[str]] = []
    fence = ''
    for line in text.split('\n') if text else []:
        if not blocks or not (fence or line.startswith(('\t', '</', '<summary>'))):
            blocks.append([])
        blocks[-1].append(line)
        mark = _FENCE.match(line)
        if fence and mark and mark[1] == fence and line.strip() == fence:
            fence = ''
        elif mark and not fence:
            fence = mark[1]
    return blocks


def split(text: str, most_bytes: int, most_lines: int) -> list[str]:
    """Return `text` in parts that can be sent one after the other: whole blocks, each within the limits.

    Raises Rejected for a block that is too large by itself.
    """
    parts: list[str] = []
    size = lines = 0
    for block in _blocks(text):
        piece = '\n'.join(block)
        length = len(piece.encode('utf-8', 'replace'))
        if length > most_bytes:
            raise Rejected(f'one block of it has {length} bytes, and {most_bytes} can be sent; part it')
        if parts and size + length < most_bytes and lines + len(block) <= most_lines:
            parts[-1] += f'\n{piece}'
            size, lines = size + length + 1, lines + len(block)
        else:
            parts.append(piece)
            size, lines = length, len(block)
    return parts
