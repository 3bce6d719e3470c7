"""Words without one of which a regular expression matches nothing: what tells the lines that are worth a slow search."""
from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

from daybook.rules import secrets


class Words(NamedTuple):
    """Some words; `is_folded` when they are in lower case and case does not matter."""

    words: frozenset[str]
    is_folded: bool


def _better(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Return the set that tells more lines apart: the one whose shortest word is the longer, the smaller of equals."""
    return max(one, other, key=lambda words: (min(map(len, words), default=0), -len(words)))


def _of_branches(branches: Iterable[Any]) -> frozenset[str]:
    found = [_of_sequence(branch) for branch in branches]
    return frozenset().union(*found) if all(found) else frozenset()


def _of_item(op: str, value: Any) -> frozenset[str]:
    if op == 'SUBPATTERN':
        return _of_sequence(value[-1])
    if op == 'BRANCH':
        return _of_branches(value[1])
    if op in ('MAX_REPEAT', 'MIN_REPEAT', 'POSSESSIVE_REPEAT') and value[0] > 0:
        return _of_sequence(value[2])
    return _of_sequence(value) if op == 'ATOMIC_GROUP' else frozenset()


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """Return words one of which every match of the sequence holds; none when that is not known."""
    best: frozenset[str] = frozenset()
    run = ''
    for op, value in items:
        if str(op) == 'LITERAL':
            run += chr(value)
            continue
        best = _better(best, frozenset((run,)) if run else frozenset())
        run = ''
        best = _better(best, _of_item(str(op), value))
    return _better(best, frozenset((run,)) if run else frozenset())


def _of_pattern(pattern: re.Pattern[str]) -> frozenset[str]:
    try:
        return _of_sequence(importlib.import_module('re._parser').parse(pattern.pattern, pattern.flags))
    except (ImportError, AttributeError, LookupError, TypeError, ValueError):  # a parser of another version: a search too many is never wrong
        return frozenset()


def required(patterns: Iterable[re.Pattern[str]]) -> Words | None:
    """Return words one of which a line holds that one of `patterns` matches, or None when there is a pattern of which that is not known."""
    words: set[str] = set()
    is_folded = False
    for pattern in patterns:
        found = _of_pattern(pattern)
        if not found:
            return None
        words |= found
        is_folded = is_folded or bool(pattern.flags & re.IGNORECASE) or '(?' in pattern.pattern and bool(re.search(r'\(\?[a-z]*i', pattern.pattern))
    return Words(frozenset(word.lower() if is_folded else word for word in words), is_folded) if words else None


def lines(text: str, wanted: Words) -> str:
    """Return the lines of `text` that hold one of the words."""
    folded = secrets.lower_of(text).replace('ſ', 's') if wanted.is_folded else text  # to a pattern that ignores case ſ is an s
    return '\n'.join(text[start:end] for start, end in secrets.lines_with(folded, sorted(wanted.words)))
