"""Frontmatter: where it lies, tolerant reading, content hashes."""
from __future__ import annotations

import re
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter_fast
from daybook.problem import Problem

MAX_BLOCK = 1 << 20  # bytes; an ordinary block has some hundred

BOM = b'\xef\xbb\xbf'
_FENCE = re.compile(rb'---[ \t]*(\r\n|\n)')
_CLOSE = re.compile(rb'^---[ \t]*(?:\r?\n|\Z)', re.MULTILINE)
_DOTS = re.compile(rb'^\.\.\.[ \t]*\r?$', re.MULTILINE)
# what other readers take for frontmatter: `---yaml`, `----`, `--- # comment`, `;;;`, lines that end with CR alone
_OTHER_FENCE = re.compile(
    rb'(---|;;;)[^\r\n]*+(?>\r\n?|\n)(?>#[^\r\n]*+(?>\r\n?|\n))*+\{?[ \t]*+["\']?[\w-]++["\']?[ \t]*+:[ \t\r\n](?s:.*?)[\r\n]\1')


class Block(NamedTuple):
    """Where the frontmatter lies, as byte offsets: `start`..`end` is the YAML, `body` is after the closing line."""

    start: int
    end: int
    body: int
    newline: bytes


class Parsed(NamedTuple):
    """What a document's head says. `meta` is empty when there is no block or `error` tells why it cannot be read."""

    meta: dict[str, Any]
    block: Block | None
    error: tuple[int, str, str] | None  # line, rule, message


def find_block(data: bytes) -> Block | None:
    """Return where the frontmatter of a document lies, or None when it has none (or never closes it)."""
    begin = len(BOM) if data.startswith(BOM) else 0
    opening = _FENCE.match(data, begin)
    if opening is None:
        return None
    closing = _CLOSE.search(data, opening.end())
    if closing is None:
        return None
    return Block(opening.end(), closing.start(), closing.end(), opening.group(1))


def is_unclosed(data: bytes) -> bool:
    """Return whether a document opens a block with `---` at byte 0 and never closes it."""
    begin = len(BOM) if data.startswith(BOM) else 0
    return _FENCE.match(data, begin) is not None and find_block(data) is None


def is_fenced_otherwise(data: bytes) -> bool:
    """Return whether a document without a block has what other readers take for one, to which nothing may be prepended."""
    return find_block(data) is None and _OTHER_FENCE.match(data.removeprefix(BOM)) is not None


def body_offset(data: bytes) -> int:
    """Return the byte offset at which the body begins: after the block, or after the byte order mark."""
    block = find_block(data)
    if block is not None:
        return block.body
    return len(BOM) if data.startswith(BOM) else 0


def content_hash(data: bytes) -> str:
    """Return `sha256:` and the hex digest of the body with every CRLF and CR as LF.

    The body is what follows the line that closes the frontmatter; without frontmatter it is
    the whole file less a byte order mark. Test vectors: tests/data/content_hash.json.
    """
    import hashlib

    body = data[body_offset(data):].replace(b'\r\n', b'\n').replace(b'\r', b'\n')
    return f'sha256:{hashlib.sha256(body).hexdigest()}'


def _dotted(data: bytes, start: int, end: int) -> tuple[int, str, str] | None:
    """Return as an error that the keys between `start` and `end` are closed by `...`, as Jekyll and pandoc know it."""
    dots = _DOTS.search(data, start, end)
    if dots is None:
        return None
    from daybook.documents import frontmatter_yaml

    if not isinstance(frontmatter_yaml.read_yaml(data[start:dots.start()])[0], dict):
        return None
    return data.count(b'\n', 0, dots.start()) + 1, 'frontmatter-unclosed', 'frontmatter is closed by `...`; close it by `---`'


def _without_block(data: bytes) -> Parsed:
    """Return what is read of a document that has no block, or none that closes."""
    if is_unclosed(data):
        unclosed = 1, 'frontmatter-unclosed', 'frontmatter is opened by `---` and never closed'
        return Parsed({}, None, _dotted(data, data.index(b'\n') + 1, min(len(data), MAX_BLOCK)) or unclosed)
    conflicted = data.startswith(b'<<<<<<< ')  # the block is inside: nobody may take it for a missing one
    return Parsed({}, None, (1, *frontmatter_fast.CONFLICTED) if conflicted else None)


def parse(data: bytes) -> Parsed:
    """Read the frontmatter of a document; never raises for what a document may hold.

    Lines in `error` count from 1 in the file.
    """
    block = find_block(data)
    if block is None:
        return _without_block(data)
    if block.end - block.start > MAX_BLOCK:
        return Parsed({}, block, (1, 'frontmatter-size', f'frontmatter is larger than {MAX_BLOCK} bytes'))
    text = data[block.start:block.end]
    plain = frontmatter_fast.read(text)
    if plain is not None:
        return Parsed(plain, block, None)
    from daybook.documents import frontmatter_yaml

    meta, error = frontmatter_yaml.read_yaml(text)
    if error:
        return Parsed({}, block, _dotted(data, block.start, block.end) or (error[0] + 1, *error[1:]))
    if meta is None:
        return Parsed({}, block, None)
    if isinstance(meta, list) and meta and all(isinstance(v, dict) and len(v) == 1 for v in meta):
        return Parsed({}, block, (2, 'frontmatter-list', 'frontmatter is a list of one-key maps; '
                                  'take the `- ` off its lines'))
    if not isinstance(meta, dict):
        return Parsed({}, block, (2, 'frontmatter-type', 'frontmatter is no mapping of keys to values'))
    return Parsed(meta, block, None)


def problem_of(path: str, parsed: Parsed) -> Problem | None:
    """Return the reading error of a document as a problem, or None."""
    return Problem(path, *parsed.error) if parsed.error else None
