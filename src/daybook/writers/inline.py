"""Plain text as Markdown: escaped as little as Prettier does, wrapped as markdownlint wants."""
from __future__ import annotations

import re
import textwrap
from urllib.parse import quote

WIDTH = 80
# what starts or ends emphasis, code, links, HTML, autolinks and entities; `_` inside a word does not
_SPECIAL = re.compile(r'[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)')
_BLOCK_START = re.compile(r'(?:[-+*>#|=~]|\d+[.)](?=\s|$))')


def one_line(text: str) -> str:
    """Return `text` with every run of white space and control characters as one space."""
    return re.sub(r'[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+', ' ', text).strip()


def escaped(text: str) -> str:
    """Return `text` on one line as Markdown that renders as that text."""
    return _SPECIAL.sub(lambda found: '\\' + found.group(), one_line(text))


def code(text: str) -> str:
    """Return `text` as a code span, whatever backticks it holds (CommonMark 6.1)."""
    flat = one_line(text)
    runs = [len(run) for run in re.findall(r'`+', flat)]
    fence = '`' * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = ' ' if flat.startswith('`') or flat.endswith('`') else ''
    return f'{fence}{pad}{flat}{pad}{fence}'


def link_target(path: str) -> str:
    """Return a relative path as a link destination: percent-encoded where Markdown would end it."""
    return ''.join(char if ord(char) > 126 else quote(char, safe="/.-_~!$&'*+,;=:@") for char in path)


def item(text: str) -> list[str]:
    """Return `text`, which is Markdown already, as a list item wrapped at 80 columns."""
    lines = textwrap.wrap(text, WIDTH - 2, break_long_words=False, break_on_hyphens=False) or ['']
    joined = [lines[0]]
    for line in lines[1:]:
        if _BLOCK_START.match(line):  # at the start of a line it would begin a block of its own
            joined[-1] += f' {line}'
        else:
            joined.append(line)
    return ['- ' + joined[0], *('  ' + line for line in joined[1:])]
