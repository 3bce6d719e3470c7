"""Listings of files: what came or went between two of them."""
from __future__ import annotations

import random

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
