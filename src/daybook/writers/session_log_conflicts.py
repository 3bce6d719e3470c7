"""A workstream in conflict: what is confined to its Session Log is settled, all else stays for a person."""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.writers import conflicts
from daybook.writers import session_log
from daybook.writers import session_log_union
from daybook.writers.conflicts import Conflict
from daybook.writers.conflicts import Part


class Resolved(NamedTuple):
    """The text without its conflicts in the Session Log, and the lines (from 1) at which others begin."""

    text: str
    left: list[int]


def _place(lines: Sequence[str]) -> tuple[int, int] | None:
    """Return the numbers of lines before the content of the Session Log, and before what follows it."""
    data = ''.join(lines).encode('utf-8', 'surrogateescape')
    start = frontmatter.body_offset(data)
    body = data[start:].decode('utf-8', 'surrogateescape')
    found = session_log.section(body)
    if found is None:
        return None
    above = data.count(b'\n', 0, start)
    return above + len(conflicts.lines_of(body[:found[0]])), above + len(conflicts.lines_of(body[:found[1]]))


def _part_at(parts: Sequence[Part], ours: int, theirs: int) -> int | None:
    """Return how many parts make up so many lines of each side; None when that is in the middle of one."""
    one = other = 0
    for number in range(len(parts) + 1):
        if (one, other) == (ours, theirs):
            return number
        if number < len(parts):
            one, other = one + len(parts[number].ours), other + len(parts[number].theirs)
    return None


def _inside(parts: list[Part]) -> tuple[int, int] | None:
    """Return the parts between which the Session Log stands on both sides."""
    places = [_place(conflicts.side(parts, is_ours=is_ours)) for is_ours in (True, False)]
    if None in places:
        return None
    begin, end = (_part_at(parts, *numbers) for numbers in zip(*places))
    return None if begin is None or end is None else (begin, end)


def _outside(parts: Sequence[Part], kept: Collection[int]) -> list[str]:
    """Return lines with the conflicts `kept` as they stand, once each; of the others only equal lines are here."""
    lines: list[str] = []
    for part in parts:
        if part.conflict is None or part.conflict.line not in kept:
            lines += part.ours
        elif not part.is_equal:
            lines += part.conflict.raw
    return lines


def resolve(text: str, base: str, size: int = 7) -> Resolved | None:
    """Return `text`, a workstream in conflict, with the conflicts of its Session Log resolved.

    `base` is the version that both sides come from, empty when there is none; `size` the length of the markers. None
    when nothing can be resolved: no conflict is confined to the section, or people changed the same there.
    """
    found = conflicts.parse(text, size)
    if found is None or not any(isinstance(each, Conflict) for each in found):
        return None
    parts = conflicts.parts(found)
    inside = _inside(parts)
    if inside is None:
        return None
    section, around = parts[slice(*inside)], [*parts[:inside[0]], *parts[inside[1]:]]
    own = {part.conflict.line for part in section if part.conflict and not part.is_equal}
    left = {part.conflict.line for part in around if part.conflict and not part.is_equal}
    if not own or any(part.conflict and part.conflict.line in left for part in section):
        return None
    was = conflicts.lines_of(base)
    place = _place(was)
    merged = session_log_union.union(was[slice(*place)] if place else [], conflicts.side(section, is_ours=True),
                                     conflicts.side(section, is_ours=False))
    if merged is None:
        return None
    lines = [*_outside(parts[:inside[0]], left), *merged, *_outside(parts[inside[1]:], left)]
    return Resolved(''.join(lines), sorted(left))
