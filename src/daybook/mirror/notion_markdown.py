"""Markdown as Notion reads it, pure: https://developers.notion.com/guides/data-apis/enhanced-markdown"""
from __future__ import annotations

import re

from daybook.documents import markdown
from daybook.mirror.adapter import Rejected
from daybook.mirror.adapter import Resolve
_FENCE = re.compile(r'[ \t]*(`{3,}|~{3,})')


def render(body: str, resolve: Resolve) -> str:
    """Return `body`, Markdown without frontmatter, in Notion's dialect; `resolve` gives the address of each link."""
    text = body.replace('\r\n', '\n').replace('\r', '\n')
    parts, at = [], 0
    for link in markdown.links(text):
        if link.kind not in ('link', 'image') or link.start < at:
            continue
        source = text[link.start:link.end]
        where = source.rfind(link.target)
        if where >= 0:
            begin = link.start + where
            parts += [text[at:begin], resolve(link.target)]
            at = begin + len(link.target)
    parts.append(text[at:])
    return ''.join(parts).strip('\n')


def split(text: str, most_bytes: int, most_lines: int) -> list[str]:
    """Return `text` in parts that can be sent one after the other: whole blocks, each within the limits.

    A part begins at a line that is not indented and not inside code or a table. Raises Rejected
    for a block that is too large by itself.
    """
    blocks: list[list[str]] = []
    fence, depth = '', 0
    for line in text.split('\n') if text else []:
        if not blocks or not (fence or depth or line.startswith('\t') or not line):
            blocks.append([])
        blocks[-1].append(line)
        mark = _FENCE.match(line)
        if fence:
            fence = '' if mark and mark[1].startswith(fence) and not line.strip().strip(mark[1][0]) else fence
        elif mark:
            fence = mark[1]
        else:
            depth = max(depth + line.count('<table') - line.count('</table>'), 0)
    parts: list[str] = []
    size = lines = 0
    for block in blocks:
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
