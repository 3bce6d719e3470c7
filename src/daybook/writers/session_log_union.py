"""The Session Log of two branches: what both added, each entry once, newest first; what either took out stays out."""
from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.writers import conflicts
from daybook.writers import session_log
from daybook.writers.conflicts import Conflict
from daybook.writers.conflicts import Part

_ITEM = re.compile(r'[-*+] ')
_ID = re.compile(r'[-*+] (?:\[([^\]\n]+)\]\(|([A-Z][A-Z0-9]*-\d{6}-\w+))')
_DATE = re.compile(r'\((\d{4}-\d\d-\d\d)\)')


class _Block(NamedTuple):
    """A list item with what belongs to it, or one line that is none; `blanks` are the empty lines below it."""

    lines: tuple[str, ...]
    blanks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return '\n'.join(line.rstrip('\r\n') for line in self.lines)

    @property
    def is_item(self) -> bool:
        return _ITEM.match(self.text) is not None

    @property
    def id(self) -> str:
        """What the item is an entry of; another item is what it says."""
        found = _ID.match(self.text)
        return found[1] or found[2] if found else self.text

    @property
    def age(self) -> tuple[str, str] | None:
        """What is greater the newer the entry is; None for an item of people."""
        date, found = _DATE.search(self.text), _ID.match(self.text)
        return (date[1], found[1] or found[2]) if date and found else None


class Resolved(NamedTuple):
    """The text without its conflicts in the Session Log, and the lines (from 1) at which others begin."""

    text: str
    left: list[int]


def _blocks(lines: Sequence[str]) -> tuple[list[str], list[_Block]]:
    """Return the empty lines at the beginning, and what follows."""
    blanks: list[str] = []
    lead: list[str] = []
    found: list[_Block] = []
    for line in lines:
        if not line.strip():
            blanks.append(line)
            continue
        is_more = found and found[-1].is_item and line[0] in ' \t'
        if is_more:
            found[-1] = _Block((*found[-1].lines, *blanks, line))
        else:
            if found:
                found[-1] = found[-1]._replace(blanks=tuple(blanks))
            lead = blanks if not found else lead
            found.append(_Block((line,)))
        blanks = []
    if not found:
        return blanks, []
    found[-1] = found[-1]._replace(blanks=tuple(blanks))
    return lead, found


def _matches(one: Sequence[_Block], other: Sequence[_Block]) -> dict[int, int]:
    matcher = difflib.SequenceMatcher(None, [block.text for block in one], [block.text for block in other], autojunk=False)
    return {a + n: b + n for a, b, size in matcher.get_matching_blocks() for n in range(size)}


def _newest_first(ours: list[_Block], theirs: list[_Block]) -> list[_Block]:
    """Return the items of two lists in one; each keeps its own order, and an item without a date its place."""
    ours, theirs, merged = ours[::-1], theirs[::-1], []
    while ours and theirs:
        one, other = ours[-1].age, theirs[-1].age
        is_ours = one is None or other is not None and one >= other
        merged.append((ours if is_ours else theirs).pop())
    return merged + ours[::-1] + theirs[::-1]


def _kept(blocks: Sequence[_Block], others: Sequence[_Block], base: Sequence[_Block], *,
          is_second: bool) -> list[_Block] | None:
    """Return what stays of one side: without what the other took out, changed, or (`is_second`) has too.

    None when both changed it, or one did and the other took it out: that is for a person.
    """
    old, other = {block.id: block.text for block in base}, {block.id: block.text for block in others}
    kept = []
    for block in blocks:
        was, there = old.get(block.id), other.get(block.id)
        if there == block.text:
            kept += [] if is_second else [block]
        elif was is None and there is None or there is not None and there == was:
            kept.append(block)
        elif was != block.text:
            return None
    return kept


def _union(base: list[_Block], ours: list[_Block], theirs: list[_Block]) -> list[_Block] | None:
    shared = _matches(ours, theirs)
    stops = [*sorted(shared.items()), (len(ours), len(theirs))]
    moved = {ours[n].id for n in shared}
    merged: list[_Block] = []
    at_ours = at_theirs = 0
    for stop_ours, stop_theirs in stops:
        gaps = ours[at_ours:stop_ours], theirs[at_theirs:stop_theirs]
        if not all(block.is_item for gap in gaps for block in gap):
            return None
        mine = _kept(gaps[0], theirs, base, is_second=False)
        others = _kept(gaps[1], ours, base, is_second=True)
        if mine is None or others is None:
            return None
        merged += [block for block in _newest_first(mine, others) if block.id not in moved]
        merged += ours[stop_ours:stop_ours + 1] if stop_ours < len(ours) else []
        at_ours, at_theirs = stop_ours + 1, stop_theirs + 1
    return merged


def _texts(blocks: Sequence[_Block]) -> list[str]:
    return [block.text for block in blocks]


def _chosen(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    return list(theirs if list(ours) == list(base) else ours)


def _merged(base: list[_Block], ours: list[_Block], theirs: list[_Block]) -> list[_Block] | None:
    mine, others = _matches(base, ours), _matches(base, theirs)
    merged: list[_Block] = []
    at = (0, 0, 0)
    for stop in [*((n, mine[n], others[n]) for n in sorted(mine.keys() & others.keys())),
                 (len(base), len(ours), len(theirs))]:
        was, one, other = (side[begin:end] for side, begin, end in zip((base, ours, theirs), at, stop))
        if _texts(one) == _texts(was):
            found: list[_Block] | None = other
        else:
            found = one if _texts(other) in (_texts(was), _texts(one)) else _union(was, one, other)
        if found is None:
            return None
        merged += found
        if stop[0] < len(base):
            merged.append(ours[stop[1]])
        at = (stop[0] + 1, stop[1] + 1, stop[2] + 1)
    return merged


def _gaps(blocks: Sequence[_Block]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the empty lines between each block and the next; `` stands for the end."""
    return {(block.text, follower): block.blanks for block, follower in zip(blocks, [*_texts(blocks[1:]), ''])}


def _spaced(merged: Sequence[_Block], base: Sequence[_Block], ours: Sequence[_Block],
            theirs: Sequence[_Block]) -> list[_Block]:
    """Return the blocks as far apart as they were; those that are newly side by side as their neighbours are."""
    was, one, other = map(_gaps, (base, ours, theirs))
    above = {follower: blanks for gaps in (other, one) for (_, follower), blanks in gaps.items()}
    items = {block.text for block in merged if block.is_item}
    inner = [blanks for gaps in (one, other) for pair, blanks in gaps.items() if items.issuperset(pair)]
    usual = inner[0] if inner else ()
    spaced = []
    for block, follower in zip(merged, [*_texts(merged[1:]), '']):
        pair = (block.text, follower)
        if pair in one and pair in other:
            blanks = tuple(_chosen(was.get(pair, ()), one[pair], other[pair]))
        elif pair in one or pair in other:
            blanks = one[pair] if pair in one else other[pair]
        elif block.is_item:
            blanks = usual if follower in items else above.get(follower, block.blanks)
        else:
            blanks = block.blanks
        spaced.append(block._replace(blanks=blanks))
    return spaced


def _is_whole(merged: Sequence[_Block], base: Sequence[_Block], ours: Sequence[_Block], theirs: Sequence[_Block]) -> bool:
    """Whether each entry of both sides, or of one that is new there, is in the merge, and none more often than before."""
    was, one, other, now = (Counter(block.id for block in side if block.is_item) for side in (base, ours, theirs, merged))
    expected = (one & other) | (one - was) | (other - was)
    return not expected - now and not now - (one | other)


def _section_of(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """Return the merge of three versions of the lines below the heading, or None when a person must."""
    leads, sides = zip(*map(_blocks, (base, ours, theirs)))
    merged = _merged(*sides)
    if merged is None or not _is_whole(merged, *sides):
        return None
    alike = [lead for lead, side in zip(leads[1:], sides[1:]) if bool(side) == bool(merged)]  # an empty log has but its end
    lead = alike[0] if len(alike) == 1 else _chosen(*leads)
    lines = [*lead, *(line for block in _spaced(merged, *sides) for line in (*block.lines, *block.blanks))]
    newline = '\r\n' if any(line.endswith('\r\n') for line in (*ours, *theirs)) else '\n'
    return [line if line.endswith('\n') else line + newline for line in lines[:-1]] + lines[-1:]


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
    begin, end = (_part_at(parts, *numbers) for numbers in zip(*places))  # type: ignore[arg-type]
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
    merged = _section_of(was[slice(*place)] if place else [], conflicts.side(section, is_ours=True),
                         conflicts.side(section, is_ours=False))
    if merged is None:
        return None
    lines = [*_outside(parts[:inside[0]], left), *merged, *_outside(parts[inside[1]:], left)]
    return Resolved(''.join(lines), sorted(left))
