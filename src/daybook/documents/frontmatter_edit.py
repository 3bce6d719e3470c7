"""Frontmatter: canonical writing, and surgical edits that change the lines of one key and no other byte."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook.documents import frontmatter
from daybook.documents import frontmatter_yaml
from daybook.documents.frontmatter import BOM
from daybook.documents.frontmatter_yaml import KeySpan
from daybook.errors import FatalError

_WIDTH = 80  # Prettier keeps a flow list on one line up to here
_PLAIN = re.compile(r'[A-Za-z0-9_./(<$=+~^][^\x00-\x1f\x7f-\x9f]*')
_FLOW_SPECIAL = re.compile(r'[,\[\]{}]')
_UNSAFE = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]')


def _json(value: Any) -> str:
    # JSON's escapes are YAML's double-quoted ones (https://yaml.org/spec/1.2.2/#57-escaped-characters),
    # but for pairs of surrogates: what lies beyond the BMP stays as it is
    return _UNSAFE.sub(lambda m: f'\\u{ord(m[0]):04x}', json.dumps(value, ensure_ascii=False))


def _quoted(text: str) -> str:
    if text.count('"') > text.count("'") and not _UNSAFE.search(text):
        return "'" + text.replace("'", "''") + "'"
    return _json(text)


def _scalar(value: Any, *, in_flow: bool = False) -> str:
    if value is None:
        return 'null'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    is_plain = _PLAIN.fullmatch(text) and not (in_flow and _FLOW_SPECIAL.search(text))
    return text if is_plain and frontmatter_yaml.reads_as_text(text) else _quoted(text)


def _flow(items: Sequence[Any]) -> str:
    return f'[{", ".join(_scalar(item, in_flow=True) for item in items)}]'


def _lines(key: str, value: Any, indent: str) -> list[str]:
    name = f'{indent}{_scalar(key)}:'
    if isinstance(value, Mapping):
        if not value:
            return [f'{name} {{}}']
        return [name, *(line for k, v in value.items() for line in _lines(k, v, indent + '  '))]
    if not isinstance(value, (list, tuple)):
        return [f'{name} {_scalar(value)}']
    if any(isinstance(item, (Mapping, list, tuple)) for item in value):
        # nobody writes lists of maps here; JSON is YAML and keeps every value
        return [f'{name} {_json(value)}']
    line = f'{name} {_flow(value)}'
    return [line] if len(line) <= _WIDTH or not value else [name, *(f'{indent}  - {_scalar(v)}' for v in value)]


def render(meta: Mapping[str, Any], order: Iterable[str] = ()) -> str:
    """Return `meta` as a frontmatter block with its fences, LF line ends, keys of `order` first.

    The text is a fixed point of Prettier 3 and reads the same in YAML 1.1 and 1.2.
    """
    rank = {key: position for position, key in enumerate(order)}
    keys = sorted(meta, key=lambda key: rank.get(key, len(rank)))
    lines = [line for key in keys for line in _lines(key, meta[key], '')]
    return '\n'.join(['---', *lines, '---', ''])


def _line_start(text: str, offset: int) -> int:
    return text.rfind('\n', 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    found = text.find('\n', offset)
    return len(text) if found < 0 else found + 1


def _entry_end(text: str, span: KeySpan, following: KeySpan | None) -> int:
    """Return where the lines of a key end; comments and blank lines before the next key are not its own."""
    limit = len(text) if following is None else _line_start(text, following.start)
    if not span.is_block:
        return min(_line_end(text, max(span.value_end - 1, span.start)), limit)
    while limit > span.value_start:
        begin = _line_start(text, limit - 1)
        line = text[begin:limit]
        if line.strip() and not line.startswith('#'):
            break
        limit = begin
    return limit


def _replaced(text: str, span: KeySpan, following: KeySpan | None, value: Any, newline: str) -> str:
    lines = _lines(span.name, value, '')
    if span.is_block:
        begin, end = _line_start(text, span.start), _entry_end(text, span, following)
        if re.search(r'(?:^|\s)#', text[begin:end]):
            raise FatalError(f'cannot set `{span.name}`: comments stand inside its value; edit it by hand')
        return text[:begin] + newline.join(lines) + newline + text[end:]
    if len(lines) > 1:
        rest = text[span.value_end:_line_end(text, span.value_end)]
        if rest.strip():
            raise FatalError(f'cannot set `{span.name}`: a comment follows its value; edit it by hand')
        begin = _line_start(text, span.start)
        return text[:begin] + newline.join(lines) + newline + text[_line_end(text, span.value_end):]
    written = lines[0][len(f'{_scalar(span.name)}: '):]
    if span.is_bare:
        colon = text.find(':', span.start + len(span.name)) + 1
        if not colon:  # `? key`
            raise FatalError(f'cannot set `{span.name}`: no colon follows it; edit it by hand')
        return f'{text[:colon]} {written}{text[colon:]}'
    return text[:span.value_start] + written + text[span.value_end:]


def _insert_at(text: str, spans: Sequence[KeySpan], key: str, order: Sequence[str]) -> int:
    """Return the offset for a new key: behind the nearest key that comes before it in `order`."""
    if key not in order:
        return len(text)
    before = set(order[:order.index(key)])
    at = None
    for position, span in enumerate(spans):
        if span.name in before:
            at = _entry_end(text, span, spans[position + 1] if position + 1 < len(spans) else None)
    if at is not None:
        return at
    return _line_start(text, spans[0].start) if spans else len(text)


def _set_one(text: str, key: str, value: Any, order: Sequence[str], newline: str) -> str:
    spans = frontmatter_yaml.key_spans(text)
    if spans is None:
        raise FatalError('the frontmatter is written as `{…}`; write it as one key a line')
    for position, span in enumerate(spans):
        if span.name == key:
            following = spans[position + 1] if position + 1 < len(spans) else None
            return _replaced(text, span, following, value, newline)
    at = _insert_at(text, spans, key, order)
    return text[:at] + newline.join(_lines(key, value, '')) + newline + text[at:]


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two values mean the same in YAML, where `1` is not `true` and a mapping has no order."""
    one_text, other_text = (json.dumps(value, sort_keys=True, default=str) for value in (one, other))
    return one_text == other_text


def _new_block(data: bytes, changes: Mapping[str, Any], order: Sequence[str]) -> bytes:
    if frontmatter.is_fenced_otherwise(data):
        raise FatalError('frontmatter between other lines than `---`; put it between two of these first')
    begin = len(BOM) if data.startswith(BOM) else 0
    first = data.find(b'\n')
    newline = b'\r\n' if first > 0 and data[first - 1:first] == b'\r' else b'\n'
    rest = data[begin:]
    block = render(changes, order).encode()
    if rest and not rest.startswith((b'\n', b'\r\n')):
        block += b'\n'  # Prettier wants a blank line here
    return data[:begin] + block.replace(b'\n', newline) + rest


def set_keys(data: bytes, changes: Mapping[str, Any], order: Sequence[str] = ()) -> bytes:
    """Return the document with the top-level keys `changes` set, and every other byte as it was.

    An existing value is replaced in place, with its line's comment kept; a new key goes behind
    the nearest key that precedes it in `order`, else at the end; a document without frontmatter
    gets a block. Line ends and the byte order mark stay. Raises FatalError, with nothing
    changed, when the block cannot be read or the edit could not be proven by reading it again.
    """
    parsed = frontmatter.parse(data)
    if parsed.error:
        raise FatalError(f'line {parsed.error[0]}: {parsed.error[2]}; mend it first')
    wanted = {key: value for key, value in changes.items()
              if key not in parsed.meta or not _is_same(parsed.meta[key], value)}
    if not wanted:
        return data
    if parsed.block is None:
        return _new_block(data, wanted, order)
    block = parsed.block
    text = data[block.start:block.end].decode('utf-8')
    for key, value in wanted.items():
        text = _set_one(text, key, value, order, block.newline.decode())
    edited = data[:block.start] + text.encode('utf-8') + data[block.end:]
    again = frontmatter.parse(edited)
    if again.error or again.block is None or not _is_same(again.meta, {**parsed.meta, **wanted}) \
            or edited[again.block.body:] != data[block.body:]:
        raise FatalError(f'cannot set {", ".join(wanted)} without touching other keys; edit the frontmatter by hand')
    return edited
