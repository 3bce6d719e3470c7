"""The entries of two branches in one list: what both added, each once, newest first; what either took out stays out."""
from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

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


def union(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """Return the merge of three versions of the lines of a list, each with its line end; None when a person must make it."""
    leads, sides = zip(*map(_blocks, (base, ours, theirs)))
    merged = _merged(*sides)
    if merged is None or not _is_whole(merged, *sides):
        return None
    alike = [lead for lead, side in zip(leads[1:], sides[1:]) if bool(side) == bool(merged)]  # an empty log has but its end
    lead = alike[0] if len(alike) == 1 else _chosen(*leads)
    lines = [*lead, *(line for block in _spaced(merged, *sides) for line in (*block.lines, *block.blanks))]
    newline = '\r\n' if any(line.endswith('\r\n') for line in (*ours, *theirs)) else '\n'
    return [line if line.endswith('\n') else line + newline for line in lines[:-1]] + lines[-1:]
