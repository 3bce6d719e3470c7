"""The lists of keys that documents had around their title before frontmatter: bullets and bold lines."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Iterator
from typing import Any

_HEAD_LINES = 40  # in which a header of bullets must stand
_BULLET = re.compile(r'[-*+][ \t]+(?:\*\*)?([A-Za-z][A-Za-z _]{1,20}?)(?:\*\*)?[ \t]*:(?:\*\*)?[ \t]*(.*?)[ \t]*$')
_BOLD = re.compile(r'\*\*([A-Za-z][A-Za-z _]{1,20}?)(?:\*\*[ \t]*:|:[ \t]*\*\*)[ \t]*(.*?)[ \t]*$')


def _plain(text: str) -> Any:
    """Return what the text behind the colon of a bullet means: a list in brackets, a number, or words without marks."""
    bare = text.strip().strip('`').strip()
    if bare.startswith('[') and bare.endswith(']') and '](' not in bare:
        return [word.strip().strip('"\'`') for word in bare[1:-1].split(',') if word.strip()]
    bare = bare.removeprefix('**').removesuffix('**').strip('"\'` ')
    return int(bare) if re.fullmatch(r'[0-9]{1,6}', bare) else bare


def read(text: str, keys: Collection[str]) -> Iterator[tuple[str, Any, int]]:
    """Yield key, value and line (from 1) of each line of an old header above or below the title that has one of `keys`."""
    for number, raw in enumerate(text.split('\n', _HEAD_LINES)[:_HEAD_LINES], 1):
        line = raw.rstrip('\r')
        if line.startswith(('## ', '```', '~~~', '|')):
            return
        found = _BULLET.match(line) or _BOLD.match(line)
        key = re.sub(r'[ _]+', '_', found[1].strip()).casefold() if found else ''
        if found and key in keys and found[2]:
            yield key, _plain(found[2]), number
