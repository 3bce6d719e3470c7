"""JSON, with comments too: additions to a file somebody else wrote, with every byte of theirs kept."""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.errors import FatalError

_SPACE = re.compile(r'[ \t\r\n]*')
_INDENT = re.compile(r'\n([ \t]+)\S')
_DECODER = json.JSONDecoder()
# a text, a comment, or a comma behind which a container closes
_EXTRA = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])', re.DOTALL)


class _Style(NamedTuple):
    unit: str  # one level of indentation
    newline: str


class _Container(NamedTuple):
    """An object or array: the offset behind its opening and of its closing bracket, and its values' offsets."""

    start: int
    end: int
    values: dict[str, int]
    last: int  # the end of the last value; `start` when there is none


def _plain(text: str) -> str:
    """Return `text` with blanks for comments and trailing commas, so that every offset stays."""
    def blank(match: re.Match[str]) -> str:
        is_kept = match[0][0] == '"' or (match[0] == ',' and text[:match.start()].rstrip()[-1:] in ('', '{', '[', ','))
        return match[0] if is_kept else re.sub(r'[^\r\n]', ' ', match[0])

    return _EXTRA.sub(blank, text)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError('a key stands there twice')
    return found


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]


def _container(text: str, at: int) -> _Container:
    """Return the container that opens at `text[at]`; the text is known to be JSON."""
    start, is_object = at + 1, text[at] == '{'
    values: dict[str, int] = {}
    last, at = start, _skip(text, at + 1)
    while text[at] not in '}]':
        name = str(len(values))
        if is_object:
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        values[name] = at
        _, last = _DECODER.raw_decode(text, at)
        at = _skip(text, last)
        if text[at] == ',':
            at = _skip(text, at + 1)
    return _Container(start, at, values, last)


def _rendered(value: Any, style: _Style | None, depth: int) -> str:
    if style is None:
        return json.dumps(value, ensure_ascii=False)
    text = json.dumps(value, ensure_ascii=False, indent=style.unit)
    return text.replace('\n', style.newline + style.unit * depth)


def _insert(text: str, place: _Container, name: str | None, value: Any, style: _Style, depth: int) -> str:
    """Return `text` with one more value at the end of the container `depth` levels below the root."""
    is_inline = bool(place.values) and '\n' not in text[place.start:place.end]
    end = place.start + len(text[place.start:place.end].rstrip())  # behind comments of theirs, before our lines
    gap = text[place.last:end]
    comma = '' if _EXTRA.sub(lambda m: '' if m[0][0] == '/' else m[0], gap).strip() == ',' else ','
    key = '' if name is None else f'{json.dumps(name, ensure_ascii=False)}: '
    written = key + _rendered(value, None if is_inline else style, depth + 1)
    if is_inline:
        return f'{text[:place.last]}, {written}{text[place.last:]}'
    written = style.newline + style.unit * (depth + 1) + written
    if place.values:
        return f'{text[:place.last]}{comma}{gap}{written}{text[end:]}'
    return f'{text[:end]}{written}{style.newline}{style.unit * depth}{text[place.end:]}'


def _add_one(text: str, section: str, name: str, item: Any, style: _Style) -> str:
    plain = _plain(text)
    root = _container(plain, _skip(plain, 0))
    if section not in root.values:
        return _insert(text, root, section, {name: [item]}, style, 0)
    group = _container(plain, root.values[section])
    if name not in group.values:
        return _insert(text, group, name, [item], style, 1)
    return _insert(text, _container(plain, group.values[name]), None, item, style, 2)


def load(data: bytes) -> dict[str, Any]:
    """Return the object that a JSON file holds, comments or not. Raises FatalError for duplicate keys and anything else."""
    try:
        value = json.loads(_plain(data.decode('utf-8')), object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        raise FatalError(f'not plain JSON in line {error.lineno} ({error.msg.lower()})') from error
    except (ValueError, RecursionError) as error:
        raise FatalError(f'not plain JSON ({error})') from error
    if not isinstance(value, dict):
        raise FatalError('no JSON object')
    return value


def add_items(data: bytes, section: str, additions: Mapping[str, Any]) -> bytes:
    """Return the JSON object `data` with each value of `additions` at the end of the array `section`.`name`.

    Section and arrays are made where they are missing; order, indentation, line ends and every
    other byte stay (of an empty container only the brackets). Raises FatalError when `data` cannot be read, or the result not proven.
    """
    wanted = load(data)
    if not isinstance(wanted.setdefault(section, {}), dict):
        raise FatalError(f'`{section}` is no object')
    text = data.decode('utf-8')
    indent = _INDENT.search(text)
    style = _Style(indent[1] if indent else '  ', '\r\n' if '\r\n' in text else '\n')
    for name, item in additions.items():
        if not isinstance(wanted[section].setdefault(name, []), list):
            raise FatalError(f'`{section}.{name}` is no array')
        wanted[section][name].append(item)
        text = _add_one(text, section, name, item, style)
    if load(text.encode('utf-8')) != wanted:
        raise FatalError('the addition could not be proven by reading it again')
    return text.encode('utf-8')
