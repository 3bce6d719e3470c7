"""A file that git left in conflict, as lines and the stretches that two sides wrote.

The markers are those of `git merge`, `rebase` and `cherry-pick` in the styles merge, diff3 and zdiff3:
https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
"""
from __future__ import annotations

import re
from typing import NamedTuple

_LINE = re.compile(r'[^\n]*\n|[^\n]+')


class Conflict(NamedTuple):
    """One stretch in conflict: `raw` with its markers from `line` (from 1) on, and what each side has there."""

    raw: list[str]
    line: int
    ours: list[str]
    theirs: list[str]


class Part(NamedTuple):
    """Consecutive lines of both sides: equal ones, or what is left of `conflict` without its equal lines."""

    ours: list[str]
    theirs: list[str]
    conflict: Conflict | None = None

    @property
    def is_equal(self) -> bool:
        """Whether both sides say the same."""
        return self.ours == self.theirs


def lines_of(text: str) -> list[str]:
    """Return the physical lines of `text` with their line ends; nothing but `\\n` ends one."""
    return _LINE.findall(text)


def _is_marker(line: str, char: str, size: int) -> bool:
    text = line.rstrip('\r\n')
    return text == char * size or char != '=' and text.startswith(char * size + ' ')


def _conflict(raw: list[str], line: int, size: int) -> Conflict | None:
    middle = [n for n, text in enumerate(raw) if _is_marker(text, '=', size)]
    begins = sum(_is_marker(text, '<', size) for text in raw)
    if len(middle) != 1 or begins != 1:  # a line of the text looks like a marker: nobody knows which one is
        return None
    base = [n for n, text in enumerate(raw) if _is_marker(text, '|', size)]
    end = base[0] if base and base[0] < middle[0] else middle[0]
    return Conflict(raw, line, raw[1:end], raw[middle[0] + 1:-1])


def parse(text: str, size: int = 7) -> list[Conflict | str] | None:
    """Return the lines and conflicts of `text`, in order; None where the markers do not fit each other."""
    found: list[Conflict | str] = []
    opened: list[str] = []
    for number, line in enumerate(lines_of(text), 1):
        if opened:
            opened.append(line)
            if _is_marker(line, '>', size):
                conflict = _conflict(opened, number - len(opened) + 1, size)
                if conflict is None:
                    return None
                found.append(conflict)
                opened = []
        elif _is_marker(line, '<', size):
            opened = [line]
        else:
            found.append(line)
    return None if opened else found


def _shared(ours: list[str], theirs: list[str]) -> int:
    return next((n for n, (one, other) in enumerate(zip(ours, theirs)) if one != other), min(len(ours), len(theirs)))


def parts(found: list[Conflict | str]) -> list[Part]:
    """Return the same with the lines that both sides of a conflict begin or end with apart (diff3 leaves them in)."""
    result = []
    for each in found:
        if isinstance(each, str):
            result.append(Part([each], [each]))
            continue
        head = _shared(each.ours, each.theirs)
        ours, theirs = each.ours[head:], each.theirs[head:]
        tail = _shared(ours[::-1], theirs[::-1])
        result += [Part([line], [line], each) for line in each.ours[:head]]
        result.append(Part(ours[:len(ours) - tail], theirs[:len(theirs) - tail], each))
        result += [Part([line], [line], each) for line in ours[len(ours) - tail:]]
    return result


def side(found: list[Part], *, is_ours: bool) -> list[str]:
    """Return the lines of one side."""
    return [line for part in found for line in (part.ours if is_ours else part.theirs)]
