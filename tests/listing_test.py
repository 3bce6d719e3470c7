"""Listings of files: what stands in them, and what came or went between two of them."""
from __future__ import annotations

import random

import pytest

from daybook.repo import listing


def _some(rng: random.Random) -> set[str]:
    return {f'100644 {rng.randrange(3)} 0\t{rng.choice("abcdefgh")}' for _ in range(rng.randrange(8))}


def test_difference_is_that_of_the_sets() -> None:
    rng = random.Random(5)
    for _ in range(2000):
        old = _some(rng)
        new = old ^ _some(rng) if rng.random() < 0.5 else set(rng.sample(sorted(old), len(old) // 2))
        assert listing.difference(listing.joined(sorted(old)), listing.joined(sorted(new))) == old ^ new


def test_difference_of_large_listings() -> None:
    old = [f'100644 {number:040x} 0\tdocs/a-rather-long-name-{number:06d}.md' for number in range(5000)]
    for changed in ({0}, {4999}, {2500}, {0, 4999}, {1, 2, 3000}):
        new = [f'{line}x' if number in changed else line for number, line in enumerate(old)]
        found = listing.difference(listing.joined(old), listing.joined(new))
        assert found == {line for number in changed for line in (old[number], new[number])}
    assert listing.difference(listing.joined(old), b'') == set(old)
    assert not listing.difference(listing.joined(old), listing.joined(old))


@pytest.mark.parametrize('digits', [40, 64])
def test_entries_are_those_of_the_lines(digits: int) -> None:
    paths = ['a', 'a b/c', 'a\tb', 'b\n', 'é', '\udce9']
    lines = [f'{("100644", "120000")[number % 2]} {number:0{digits}x} 0\t{path}' for number, path in enumerate(paths)]
    files = listing.Listing(listing.joined(lines))
    assert dict(files.entries()) == dict(map(listing.entry, lines))
    assert list(files.entries()) == paths and len(files.entries()) == len(paths)
    assert 'b' not in files.entries() and files.entries().get('b') is None
    assert files.of_mode(listing.SYMLINK) == paths[1::2]
    assert dict(listing.Listing(b'').entries()) == {}
