"""Where in a document the links to given targets begin, at the speed of rendering.

Each place that looks like such a link gets two marks, one behind its `[` and one at the end of its target. The
document is rendered once: where a link bears both marks of a place, it begins there.
"""
from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from daybook.documents import markdown_html
from daybook.documents import markdown_survey
from daybook.documents.markdown_marks import Lines
from daybook.documents.markdown_marks import Place
from daybook.documents.percent import unquote

_CANDIDATE = re.compile(r'\]\(\s*<?([^\s<>()&\\]+)')
_MARK = 'q0z'  # letters and digits, so that nothing else is read in another way; the first is no digit of a `%`
_WHOLE_MARK = re.compile(r'q0z\d+z')
_RENDERED = re.compile(r'<(?:a href="([^"]*)"(?: title="[^"]*")?>|img src="([^"]*)" alt=")(q0z\d+z)?')
_FARTHEST = 1000  # characters between the brackets of a link that is looked for


class _Candidate(NamedTuple):
    """What looks like a link: the offsets of its bracket and behind its target."""

    start: int
    end: int
    target: str


def places(text: str, wanted: Callable[[str], bool], render: Callable[[str], str], first_line: int) -> list[Place] | None:
    """Return each link of `text` to what is `wanted`, in order; None when only a parser can tell.

    `wanted` is asked for targets as they are written or rendered: percent-encoding must make no difference to it.
    The lines count from `first_line`.
    """
    if _MARK in text or ']:' in text or '[^' in text or '<![' in text:  # in which a mark would make it something else
        return None
    wanted = functools.cache(wanted)  # most targets occur many times
    found = _candidates(text, wanted)
    rendered = render(_marked(text, found))
    kinds = _proven(rendered, found, wanted)
    if kinds is None or '<' in text and _has_other(rendered, wanted):
        return None
    lines = Lines(text)
    return [Place(kinds[number], one.target, first_line + lines.index(one.start)) for number, one in enumerate(found) if number in kinds]


def _proven(rendered: str, found: list[_Candidate], wanted: Callable[[str], bool]) -> dict[int, str] | None:
    """Return the kind of each candidate that is a link; None when a link to what is `wanted` is none of them."""
    kinds = {}
    for link, image, opened in set(_RENDERED.findall(rendered)):
        written = markdown_html.unescaped(link or image).strip()  # blanks stand in raw HTML alone
        marks = _WHOLE_MARK.findall(written) if _MARK in written else []
        target = _WHOLE_MARK.sub('', written) if marks else written
        if wanted(target):
            number = int(opened[len(_MARK):-1]) if opened else -1
            if marks != [opened] or unquote(target) != unquote(found[number].target):
                return None
            kinds[number] = 'link' if link else 'image'
    return kinds


def _has_other(rendered: str, wanted: Callable[[str], bool]) -> bool:
    """Return whether raw HTML may link to what is `wanted`; a bracket in one of its values may have got a mark."""
    return any(not markdown_survey.is_whole(tag) or markdown_html.may_link(_WHOLE_MARK.sub('', tag), wanted) for tag in markdown_survey.other_tags(rendered))


def _candidates(text: str, wanted: Callable[[str], bool]) -> list[_Candidate]:
    found = []
    for match in _CANDIDATE.finditer(text):
        if wanted(match[1]):
            start = _opening(text, match.start())
            if start >= 0:
                found.append(_Candidate(start, match.end(), match[1]))
    return sorted(found)


def _opening(text: str, end: int) -> int:
    """Return the offset of the bracket that the one at `end` closes; -1 when it is none of these."""
    open_ones, start, lowest = 1, end, max(0, end - _FARTHEST)
    while open_ones and start >= 0:
        before = start
        start = text.rfind('[', lowest, before)
        open_ones += text.count(']', start, before) - 1 if start >= 0 else 0
    return start


def _marked(text: str, found: list[_Candidate]) -> str:
    marks = sorted((offset, number) for number, one in enumerate(found) for offset in (one.start + 1, one.end))
    pieces, done = [], 0
    for offset, number in marks:
        pieces += text[done:offset], f'{_MARK}{number}z'
        done = offset
    return ''.join([*pieces, text[done:]])
