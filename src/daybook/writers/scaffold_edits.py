"""Additions to text files that other people wrote: ignore lines, a hooks entry, a block between markers."""
from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from daybook.documents import frontmatter
from daybook.documents import frontmatter_yaml
from daybook.errors import FatalError

BEGIN, END = '<!-- daybook:begin -->', '<!-- daybook:end -->'
_HEAD = re.compile(r'(?:[ \t]*(?:#[^\n]*)?\r?\n)*---[ \t]*\r?\n')
_MARKER_LINE = re.compile(r'^(?:---|\.\.\.)(?:\s|$)', re.MULTILINE)


def newline_of(data: bytes) -> str:
    """Return the line end of a file, that of its first line; LF when it has none."""
    return '\r\n' if re.match(rb'[^\n]*\r\n', data) else '\n'


def append(data: bytes, text: str) -> bytes:
    """Return `data` with `text` (LF, ending in one) as its last lines, in its own line ends.

    A file without a newline at its end stays one without.
    """
    newline = newline_of(data)
    written = text.replace('\n', newline).encode()
    if not data or data.endswith(b'\n'):
        return data + written
    return data + newline.encode() + written.removesuffix(newline.encode())


def missing_lines(data: bytes, lines: Iterable[str]) -> list[str]:
    """Return those of `lines` that `data` does not hold; blanks and slashes around a line do not count."""
    present = {line.strip().strip('/') for line in data.decode('utf-8', 'replace').splitlines()}
    return [line for line in lines if line.strip('/') not in present]


def read_yaml(data: bytes) -> dict[str, Any]:
    """Return the mapping of a YAML file of one document. Raises FatalError with the line when there is none."""
    text, start = _document(data)
    parsed = frontmatter.parse(f'---\n{text}\n---\n'.encode())
    if parsed.error:
        line = parsed.error[0] - 1 + data.decode('utf-8')[:start].count('\n')
        raise FatalError(f'line {line}: {parsed.error[2]}')
    return parsed.meta


def _document(data: bytes) -> tuple[str, int]:
    """Return the text behind a `---` that opens the file (comments may precede it), and the character at which it begins."""
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as error:
        raise FatalError('not UTF-8') from error
    head = _HEAD.match(text)
    start = head.end() if head else 0
    if text.startswith('\ufeff') or _MARKER_LINE.search(text, start):
        raise FatalError('a byte order mark, or more than one document')
    return text[start:], start


def _end_of_list(text: str, end: int) -> int:
    """Return where the lines of a block list that ends before offset `end` end: no blanks, no comment of what follows."""
    limit = end if end == len(text) else text.rfind('\n', 0, end) + 1
    while limit:
        begin = text.rfind('\n', 0, limit - 1) + 1
        line = text[begin:limit]
        if line.strip() and not line.startswith('#'):
            break
        limit = begin
    return limit


def add_to_list(data: bytes, key: str, entry: str) -> bytes:
    """Return the YAML file `data` with `entry` as the last item of the block list under the top-level `key`.

    `entry` is the item from its dash on, LF, ending in one. Every other byte stays, which is
    proven by reading the result again. Raises FatalError where that cannot be done.
    """
    before = read_yaml(data)
    text, start = _document(data)
    span = next((span for span in frontmatter_yaml.key_spans(text) or [] if span.name == key), None)
    if span is None or not span.is_block or not isinstance(before.get(key), list) or not before[key]:
        raise FatalError(f'no list under `{key}:` with one item a line')
    indent = text[text.rfind('\n', 0, span.value_start) + 1:span.value_start]
    if indent.strip(' '):
        raise FatalError(f'the list under `{key}:` begins on the line of its key')
    whole = data.decode('utf-8')
    at = start + _end_of_list(text, span.value_end)
    lines = ''.join(f'{indent}{line}' for line in entry.splitlines(keepends=True))
    edited = append(whole[:at].encode(), lines) + whole[at:].encode()
    if read_yaml(edited) != {**before, key: before[key] + read_yaml(f'{key}:\n{entry}'.encode())[key]}:
        raise FatalError('the addition could not be proven by reading it again')
    return edited


def add_hooks(data: bytes, number: int, hook_ids: Sequence[str]) -> bytes:
    """Return the pre-commit configuration `data` with `hook_ids` as the first hooks of its entry `number` (from 0).

    Every other byte stays, which is proven by reading the result again. Raises FatalError where that cannot be done.
    """
    before = read_yaml(data)
    text, start = _document(data)
    lines = data.decode('utf-8')[:start].splitlines(keepends=True), text.splitlines(keepends=True)
    known = frontmatter_yaml.key_lines(text.encode(), frontmatter.Block(0, len(text.encode()), len(text.encode()), b'\n'))
    at = known.get(f'/repos/{number}/hooks/0', 0) - 2  # there is no fence above, and lines count from 1
    dash = re.match(r'( *)- ', lines[1][at]) if 0 <= at < len(lines[1]) else None
    if not dash:
        raise FatalError('the hooks of our entry do not stand one a line')
    newline = newline_of(data)
    added = [f'{dash[1]}- id: {hook_id}{newline}' for hook_id in hook_ids]
    edited = ''.join([*lines[0], *lines[1][:at], *added, *lines[1][at:]]).encode()
    wanted = {**before, 'repos': [dict(entry) for entry in before['repos']]}
    wanted['repos'][number]['hooks'] = [*({'id': hook_id} for hook_id in hook_ids), *wanted['repos'][number]['hooks']]
    if read_yaml(edited) != wanted:
        raise FatalError('the addition could not be proven by reading it again')
    return edited


def has_block(data: bytes) -> bool:
    """Return whether a file holds our block already."""
    return BEGIN.encode() in data


def add_block(data: bytes, text: str) -> bytes:
    """Return `data` with `text` between our markers at its end, a blank line before it."""
    gap = b'' if not data or data.endswith((b'\n\n', b'\n\r\n')) else newline_of(data).encode()
    if data and not data.endswith(b'\n'):
        gap *= 2
    block = append(data + gap, f'{BEGIN}\n\n{text}\n{END}\n')
    return block if not data or data.endswith(b'\n') else block.removesuffix(newline_of(data).encode())
