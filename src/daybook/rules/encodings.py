"""What stretches of a text may stand for: base64, hexadecimal digits and dumps, packed or not; and a text without its escapes."""
from __future__ import annotations

import base64
import binascii
import bz2
import lzma
import re
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from typing import Protocol

_RUN = re.compile(r'(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}')
# as `base64` and MIME break it: lines of one length, the last may be shorter
_WRAPPED = re.compile(r'(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{48,160}(?:\r?\n|\\+r?\\*n)[ \t]{0,40}){1,4000}[A-Za-z0-9+/]{1,160}={0,2}')
_HEX = re.compile(r'(?:[0-9a-fA-F]{2}){16,}')
# 67 68 70, 67:68:70, 0x67, 0x68: a separator between every two digits
_SPACED = re.compile(r'(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{2}(?:[ \t,:]{1,3}(?:0x)?[0-9a-fA-F]{2}){15,4000}(?![0-9A-Za-z])')
# the lines of xxd, hexdump and od: an offset, then bytes or words, then perhaps what they show
_DUMP = re.compile(r'(?m)(?:^[+>| \t]{0,8}[0-9a-fA-F]{6,16}:?[ \t]{1,8}(?:[0-9a-fA-F]{2}|[0-9a-fA-F]{4}|[0-9a-fA-F]{8})[ \t][^\n]{0,200}(?:\n|\Z)){1,4000}')
_OD = re.compile(r'(?m)(?:^[+>| \t]{0,8}[0-7]{6,8}(?:[ \t]{1,3}(?:[!-~]|\\[0abfnrtv]|[0-7]{3})|[ \t]{4}){2,16}[ \t]*(?:\n|\Z)){1,4000}')
_DUMP_LINE = re.compile(r'[+>| \t]{0,8}[0-9a-fA-F]{6,16}:?[ \t]{1,8}(.*)')
_PRINTABLE = bytes(range(32, 127)) + b'\t\n\r'
_UNPACKED = 1 << 20  # bytes; what is longer is looked at so far
_IN_A_LINE = 16  # bytes of a dump
_ZSTANDARD = b'\x28\xb5\x2f\xfd'
_MEMORY = 128 << 20  # bytes that an unpacker may take


class _Unpacker(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


# how packed bytes begin, and what unpacks them; brotli has no sign
_PACKED: tuple[tuple[bytes, Callable[[], _Unpacker]], ...] = (
    (b'\x1f\x8b', lambda: zlib.decompressobj(47)),
    (b'\x78', lambda: zlib.decompressobj(47)),
    (b'\xfd7zXZ\0', lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
    (b'\x5d\0\0', lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY)),
    (b'BZh', bz2.BZ2Decompressor),
)

_ESCAPE = re.compile(r'(?<!\\)\\{1,16}(?:u00|x|u\{|U000000)([2-7][0-9a-fA-F])\}?')
_OCTAL = re.compile(r'(?<!\\)\\{1,16}(?:o\{)?(0?[0-1][0-7]{2})\}?')
_PERCENT = re.compile(r'%([2-7][0-9a-fA-F])')
_HTML = re.compile(r'&#(?:x([0-9a-fA-F]{2})|0{0,4}([0-9]{2,3}));?|&(amp|quot|lt|gt|apos|lowbar|hyphen|period|equals|colon);')
_NAMED = {'amp': '&', 'quot': '"', 'lt': '<', 'gt': '>', 'apos': "'", 'lowbar': '_', 'hyphen': '-', 'period': '.', 'equals': '=', 'colon': ':'}
# colours and the like: as they are, or as a program shows them
_COLOUR = re.compile(r'(?:\x1b|\\{1,16}(?:u001[bB]|x1[bB]|033|e)|\u241b)(?:\[[0-9;?]{0,30}[A-Za-z]|\]8;[^\x07\\\n]{0,500}(?:\x07|\\{1,2}))')
_UNSEEN = re.compile('[\u00ad\u200b-\u200d\u2060\ufeff]')


def _html(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 32 <= code < 127 else match[0]


# what hides a character, signs one of which is in every one of it (none: it is no ASCII), and what it stands for
_HIDDEN: tuple[tuple[tuple[str, ...], re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (('\\',), _ESCAPE, lambda match: chr(int(match[1], 16))),
    (('\\',), _OCTAL, lambda match: chr(int(match[1], 8)) if 32 <= int(match[1], 8) < 127 else match[0]),
    (('%',), _PERCENT, lambda match: chr(int(match[1], 16))),
    (('&',), _HTML, _html),
    (('\x1b', '\\', '\u241b'), _COLOUR, lambda match: ''),
    ((), _UNSEEN, lambda match: ''),
)


def _is_text(data: bytes) -> bool:
    head = data[:64]
    return len(head.translate(None, _PRINTABLE)) * 8 <= len(head)


def _unpacked(data: bytes) -> bytes | None:
    """Return what is packed, as far as it can be read; the bytes themselves when nothing is, None when nobody here can read it."""
    if data.startswith(_ZSTANDARD):
        return None
    for magic, unpacker in _PACKED:
        if data.startswith(magic) and (magic != b'\x78' or len(data) > 2 and int.from_bytes(data[:2]) % 31 == 0):
            try:
                return unpacker().decompress(data, _UNPACKED)
            except lzma.LZMAError as error:
                return None if 'limit' in str(error).lower() else data
            except (zlib.error, OSError, EOFError):
                return data
    return data


def _texts(packed: bytes) -> Iterator[str | None]:
    """Yield what bytes say, when they say something: ASCII, or UTF-16 of it in either order; None where that cannot be known."""
    data = _unpacked(packed)
    if data is None:
        yield None
        return
    head = data[:64].removeprefix(b'\xff\xfe').removeprefix(b'\xfe\xff')
    if len(head) >= 8 and (not any(head[1::2]) or not any(head[0::2])):
        yield data.replace(b'\0', b'').decode('ascii', 'replace')
    elif _is_text(data):
        yield data.decode('ascii', 'replace')


def _base64(run: str) -> bytes:
    bare = run.rstrip('=').replace('-', '+').replace('_', '/')
    bare = bare[:-1] if len(bare) % 4 == 1 else bare
    return base64.b64decode(bare + '=' * (-len(bare) % 4))


def _of_run(run: str) -> Iterator[str | None]:
    """Yield what a run of letters may stand for: base64 of either alphabet, hexadecimal digits."""
    yield from _texts(_base64(run))
    if _HEX.fullmatch(run):
        yield from _texts(binascii.unhexlify(run))


def _of_wrapped(lines: str) -> Iterator[str | None]:
    yield from _texts(_base64(re.sub(r'\\+[rn]|\s', '', lines)))


def _of_spaced(run: str) -> Iterator[str | None]:
    yield from _texts(binascii.unhexlify(re.sub(r'0x|[ \t,:]', '', run)))


def _of_dump(lines: str) -> Iterator[str | None]:
    whole, swapped = bytearray(), bytearray()
    for line in lines.splitlines():
        match, data, words = _DUMP_LINE.match(line), b'', b''
        for group in match[1].split(' |')[0].split() if match else ():
            if len(data) >= _IN_A_LINE or len(group) not in (2, 4, 8) or not re.fullmatch('[0-9a-fA-F]+', group):
                break
            one = binascii.unhexlify(group)
            data, words = data + one, words + one[::-1]
        whole += data
        swapped += words
    yield from _texts(bytes(whole))
    yield from _texts(bytes(swapped))


def _of_od(lines: str) -> Iterator[str | None]:
    shown = []
    for line in lines.splitlines():
        for group in line.strip('+>| \t').split()[1:]:
            shown.append(chr(int(group, 8)) if len(group) == 3 and group.isdigit() else group if len(group) == 1 else '\n')
    yield ''.join(shown)


# what a stretch of this form may stand for; `is_likely` is asked first, as it costs nothing
_FORMS: tuple[tuple[Callable[[str], bool], re.Pattern[str], Callable[[str], Iterator[str | None]]], ...] = (
    (lambda text: '\n' in text or '\\n' in text, _WRAPPED, _of_wrapped),
    (lambda text: len(text) > 60, _DUMP, _of_dump),
    (lambda text: '   ' in text, _OD, _of_od),
    (lambda text: True, _SPACED, _of_spaced),
    (lambda text: True, _RUN, _of_run),
)


def replaced(text: str, replace: Callable[[str, Iterator[str | None]], str]) -> str:
    """Return `text` with every stretch that may be encoded as `replace` gives it, from the stretch and what it may stand for."""
    for is_likely, pattern, decode in _FORMS:
        if is_likely(text):
            text = pattern.sub(lambda match: replace(match[0], decode(match[0])), text)  # noqa: B023  used at once
    return text


def resolved(text: str) -> Iterator[str]:
    """Yield `text` without each kind of escape or unseen character that it has, then without all of them where there are several."""
    whole, kinds = text, 0
    for signs, pattern, stands_for in _HIDDEN:
        if (any(sign in text for sign in signs) if signs else not text.isascii()) and pattern.search(text):
            yield pattern.sub(stands_for, text)
            whole, kinds = pattern.sub(stands_for, whole), kinds + 1
    if kinds > 1:
        yield whole
