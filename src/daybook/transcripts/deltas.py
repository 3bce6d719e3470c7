"""Records of a stream that hold a text in pieces: a secret that is cut over them is put together, seen, and taken out."""
from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

_SIGNS = ('delta', 'chunk')
_LABELS = ('type', 'object', 'method', 'event', 'kind')
_TEXTS = ('text', 'delta', 'partial_json', 'arguments', 'thinking', 'content', 'output', 'chunk')
_STREAMS = ('index', 'id', 'item_id', 'itemId', 'call_id', 'session_id')
_MOST = 1 << 20  # characters of pieces that wait for each other; then what is there is looked at
_DEEP = 5


class Piece(NamedTuple):
    """A record of a stream: which stream, the record, and where its text lies in it."""

    stream: tuple[str, ...]
    value: Any
    holder: dict[str, Any]
    key: str

    @property
    def text(self) -> str:
        """What the record adds to its stream."""
        return str(self.holder[self.key])


def _walk(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield value
    if depth < _DEEP:
        for one in inner:
            yield from _walk(one, depth + 1)


def piece(line: str) -> Piece | None:
    """Return what a line holds of a stream, None when it is no record of one or has no text, or more than one."""
    if not any(sign in line.lower() for sign in _SIGNS):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    dicts = list(_walk(value))
    labels = [str(found[name]) for found in dicts for name in _LABELS if isinstance(found.get(name), str)]
    if not any(sign in label.lower() for label in labels for sign in _SIGNS) and not any('delta' in found for found in dicts):
        return None
    texts = [(found, key) for found in dicts for key in _TEXTS if isinstance(found.get(key), str)]
    names = [f'{name}={found[name]}' for found in dicts for name in _STREAMS if isinstance(found.get(name), (str, int))]
    return Piece((*labels, *names, texts[0][1]), value, *texts[0]) if len(texts) == 1 else None


def _settled(lines: list[str], pieces: list[Piece | None], redact: Callable[[str], str], probe: Callable[[str], str]) -> list[str]:
    streams: dict[tuple[str, ...], list[int]] = {}
    for number, one in enumerate(pieces):
        if one:
            streams.setdefault(one.stream, []).append(number)
    for numbers in streams.values():
        parts = [found for number in numbers if (found := pieces[number])]
        whole = ''.join(part.text for part in parts)
        if len(parts) < 2 or probe(whole) == ''.join(probe(part.text) for part in parts):
            continue
        # where it was cut is not told: the first record has the text of all
        for number, part, text in zip(numbers, parts, [redact(whole), *[''] * len(parts)], strict=False):
            part.holder[part.key] = text
            lines[number] = json.dumps(part.value, ensure_ascii=False, separators=(',', ':')) + '\n'
    return lines


def joined(lines: Iterable[str], redact: Callable[[str], str], probe: Callable[[str], str]) -> Iterator[str]:
    """Yield `lines`, with secrets that are cut over the records of a stream taken out by `redact`; `probe` does so and counts nothing."""
    waiting: list[str] = []
    pieces: list[Piece | None] = []
    size = 0
    for line in lines:
        found = piece(line)
        if found:
            waiting.append(line)
            pieces.append(found)
            size += len(found.text)
        if not found or size > _MOST:
            yield from _settled(waiting, pieces, redact, probe)
            waiting, pieces, size = [], [], 0
            if not found:
                yield line
    yield from _settled(waiting, pieces, redact, probe)
