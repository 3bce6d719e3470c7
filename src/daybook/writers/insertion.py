"""Insertions into frontmatter that are proven: without the inserted lines a document is what it was, byte for byte."""
from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook.documents import frontmatter
from daybook.documents import frontmatter_edit
from daybook.documents import frontmatter_yaml
from daybook.documents.frontmatter import BOM
from daybook.errors import FatalError

_LINE = re.compile(rb'[^\n]*\n|[^\n]+')
_ITEM = re.compile(r'-[ \t]+(?=\S)')
_CONTEXT = 3


def inserted_lines(before: bytes, after: bytes) -> list[int] | None:
    """Return the lines (from 1) of `after` that are not of `before`, or None when more differs than these.

    Without them `after` is `before` byte for byte; a byte order mark stays in front.
    """
    if before.startswith(BOM) != after.startswith(BOM):
        return None
    old = _LINE.findall(before.removeprefix(BOM))
    new, position = [], 0
    for number, line in enumerate(_LINE.findall(after.removeprefix(BOM)), 1):
        if position < len(old) and line == old[position]:
            position += 1
        else:
            new.append(number)
    return new if position == len(old) else None


def insert(data: bytes, added: Mapping[str, Any], order: Sequence[str]) -> bytes:
    """Return the document `data` with the keys `added`, which it lacks, and nothing else changed.

    Raises FatalError when that cannot be proven.
    """
    filled = frontmatter_edit.set_keys(data, added, order)
    meta = {**frontmatter.parse(data).meta, **added}
    again = frontmatter.parse(filled)
    if again.error or _text(again.meta) != _text(meta) or inserted_lines(data, filled) is None:
        raise FatalError('the keys cannot be added without changing other lines; add them by hand')
    return filled


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def converted(data: bytes) -> bytes:
    """Return the document with its list of one-key maps as a mapping: `- entity: plan` becomes `entity: plan`.

    Raises FatalError when a key stands there twice or the mapping would not say the same, key by key.
    """
    block = frontmatter.find_block(data)
    if block is None:
        raise FatalError('no block to convert')
    source = data[block.start:block.end]
    maps, error = frontmatter_yaml.read_yaml(source)
    if error or not isinstance(maps, list):
        raise FatalError('no list of one-key maps')
    lines, indent = [], 0
    for line in source.decode('utf-8').split('\n'):
        item = _ITEM.match(line)
        indent = item.end() if item else indent
        lines.append(line[indent:] if item or line.startswith(' ' * indent) else line)
    edited = data[:block.start] + '\n'.join(lines).encode() + data[block.end:]
    again = frontmatter.parse(edited)
    pairs = [pair for item in maps for pair in item.items()]
    if again.error or _text([list(pair) for pair in again.meta.items()]) != _text([list(pair) for pair in pairs]) \
            or edited[frontmatter.body_offset(edited):] != data[block.body:]:
        raise FatalError('the list cannot be converted without changing what it says; take the `- ` off by hand')
    return edited


def unified_diff(path: str, before: bytes, after: bytes) -> list[str]:
    """Return the lines of a diff that `git apply` takes, of two texts that differ near their beginning."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    same = 0
    while same < min(len(old), len(new)) and old[-1 - same] == new[-1 - same]:
        same += 1
    old_head, new_head = ([line.decode('utf-8', 'surrogateescape') for line in lines[:len(lines) - max(same - _CONTEXT, 0)]]
                          for lines in (old, new))
    shown: list[str] = []
    for line in difflib.unified_diff(old_head, new_head, f'a/{path}', f'b/{path}', n=_CONTEXT):
        shown.append(line.removesuffix('\n'))
        if not line.endswith('\n'):
            shown.append('\\ No newline at end of file')
    return shown
