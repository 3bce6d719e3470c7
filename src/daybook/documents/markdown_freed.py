"""HTML that a Markdown parser made, in which no tag hides what stands behind it."""
from __future__ import annotations

import re
from collections.abc import Callable

# what takes all text behind it for its own, or hides it, until it is closed; people write such names as placeholders
_TAKERS = ('script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes', 'noscript', 'plaintext', 'template', 'select', 'object')
_TAKER = re.compile(rf'<({"|".join(_TAKERS)})(?=[\s/>])(?:[^<>]*>)?', re.I)
_TAKEN = {name: re.compile(rf'</{name}(?=[\s/>])', re.I) for name in _TAKERS if name != 'plaintext'}  # which nothing closes
_BLOCK_END = re.compile(r'</(?:p|h[1-6]|li)>(?=\s|\Z)|</t[dh]>', re.I)


def freed(source: str, put: Callable[[str], str]) -> str:
    """Return HTML that a Markdown parser made, where no tag takes text beyond the paragraph, heading, item or cell that it stands in.

    `Set <title> to the name` must not hide the rest of the document. `put` gives what stands for such a tag.
    """
    pieces: list[str] = []
    done = position = block = 0
    closed = dict.fromkeys(_TAKERS, 0)
    while match := _TAKER.search(source, position):
        name, position = match[1].lower(), match.end()
        if block < position:
            block = _place(_BLOCK_END, source, position)
        if closed[name] < position:
            closed[name] = _place(_TAKEN[name], source, position) if name in _TAKEN else len(source)
        if closed[name] < block:
            position = closed[name]
        else:
            pieces += [source[done:match.start()], put(match.group())]
            done = position
    return ''.join([*pieces, source[done:]])


def _place(pattern: re.Pattern[str], source: str, position: int) -> int:
    found = pattern.search(source, position)
    return found.start() if found else len(source)
