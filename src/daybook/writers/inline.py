"""Plain text as Markdown: escaped as little as Prettier does, wrapped as markdownlint wants."""
from __future__ import annotations

import re
from urllib.parse import quote

WIDTH = 80
# terminal sequences (ECMA-48: CSI and OSC), then every other control character; of bidi marks those
# that turn the text behind them around (CVE-2021-42574)
_SEQUENCE = r'\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\))'
_BREAK = '[\x0b\x0c\x85\u2028\u2029]'
_CONTROL = '[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]'
_SURROGATE = '[\ud800-\udfff]'
_URL = re.compile(r'https?://[^\s<>`\\]*[^\s<>`\\.,;:!?\'")\]*_~]')
# what starts or ends emphasis, code, links, HTML, strikethrough, autolinks and entities; `_` inside a word does not
_SPECIAL = re.compile(r'[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|~(?=~)|(?<=~)~|(?<=[\w.+-])@(?=[\w-])'
                      r'|(?<=\bhttp):(?=//)|(?<=\bhttps):(?=//)|(?<=\bwww)\.', re.IGNORECASE)
# a code span is one word: Prettier joins the lines of one that is broken
_WORD = re.compile(r'(?:\\.|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|[^ ])+')
_BLOCK_START = re.compile(r'(?:[-+*>#|=~:]|\d+[.)](?=\s|$))')


def harmless(text: str) -> str:
    """Return `text`, with its lines, without what could drive a terminal, turn text around, or not be UTF-8."""
    if text.isprintable():  # which nothing of all that is
        return text
    text = re.sub(_BREAK, ' ', re.sub(_SEQUENCE, '', text))
    return re.sub(_SURROGATE, '\ufffd', re.sub(_CONTROL, '', text))


def one_line(text: str) -> str:
    """Return harmless `text` with every run of white space as one space."""
    return ' '.join(harmless(text).split())


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: '\\' + found.group(), text)


def escaped(text: str) -> str:
    """Return `text` on one line as Markdown that renders as that text; addresses become links to themselves."""
    flat, parts, position = one_line(text), [], 0
    for url in _URL.finditer(flat):
        parts += [_escaped(flat[position:url.start()]), f'<{url.group()}>']
        position = url.end()
    return ''.join([*parts, _escaped(flat[position:])])


def code(text: str) -> str:
    """Return `text` as a code span, whatever backticks it holds (CommonMark 6.1)."""
    flat = one_line(text)
    runs = [len(run) for run in re.findall(r'`+', flat)]
    fence = '`' * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = ' ' if flat.startswith('`') or flat.endswith('`') else ''
    return f'{fence}{pad}{flat or "?"}{pad}{fence}'


def file_name(path: str) -> str:
    """Return `path` as a code span, or as plain text when it has spaces and does not fit on a line."""
    span = code(path)
    is_wide = ' ' in span and _width(span) > WIDTH - 2 and not _BLOCK_START.match(path)
    return escaped(path) if is_wide else span


def link_target(path: str) -> str:
    """Return a relative path as a link destination: percent-encoded where Markdown would end it."""
    def encoded(char: str) -> str:
        if 0xdc80 <= ord(char) <= 0xdcff:  # a byte of a name that is not UTF-8
            return f'%{ord(char) - 0xdc00:02X}'
        return char if ord(char) > 126 else quote(char, safe="/.-_~!$&'*+,;=:@")

    return ''.join(encoded(char) for char in path)


def _width(text: str) -> int:
    return len(text.encode('utf-16-le')) // 2  # as JavaScript counts, in which Markdown's linters are written


def _words(text: str) -> list[str]:
    """Return the words of `text`; one that would begin a block at the start of a line stays with the one before."""
    words: list[str] = []
    for word in (found.group() for found in _WORD.finditer(text)):
        if words and _BLOCK_START.match(word):
            words[-1] += f' {word}'
        else:
            words.append(word)
    return words


def wrapped(text: str, width: int) -> list[str]:
    """Return `text`, which is Markdown on one line, as lines of at most `width`, where its words allow."""
    lines = ['']
    for word in _words(text):
        if lines[-1] and _width(lines[-1]) + 1 + _width(word) > width:
            lines.append(word)
        else:
            lines[-1] += f' {word}' if lines[-1] else word
    return lines


def item(text: str) -> list[str]:
    """Return `text`, which is Markdown on one line, as a list item wrapped at 80 columns."""
    lines = wrapped(text, WIDTH - 2)
    return ['- ' + lines[0], *('  ' + line for line in lines[1:])]
