"""Text that ends where it should: an open fence, comment or HTML block would swallow what is written below it."""
from __future__ import annotations

import re
from collections.abc import Iterator

from daybook.documents import markdown

_PROBE = 'what follows'
_FENCE = re.compile(r'^[ \t>]*(`{3,}|~{3,})', re.MULTILINE)
# https://spec.commonmark.org/0.31.2/#html-blocks, kinds 1 to 5
_HTML = ('-->', '</pre>', '</script>', '</style>', '</textarea>', '?>', ']]>', '>')


def _is_closed(text: str) -> bool:
    found = markdown.headings(f'{text}\n\n## {_PROBE}\n')
    return bool(found) and found[-1].text == _PROBE and not found[-1].nested


def _closers(text: str) -> Iterator[str]:
    for char in '`~':
        runs = [run for run in _FENCE.findall(text) if run[0] == char]
        if runs:
            yield max(runs, key=len)
    yield from _HTML


def closed(text: str) -> str:
    """Return `text` with the line that closes what it left open, or as it is."""
    if _is_closed(text):
        return text
    candidates = (f'{text}\n{closer}' for closer in _closers(text))
    return next((candidate for candidate in candidates if _is_closed(candidate)), text)
