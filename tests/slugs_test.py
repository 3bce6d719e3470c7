from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daybook.documents.slugs import Slugger
from daybook.documents.slugs import slug
from daybook.documents.slugs import unique_slugs

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / 'data/slugs.json').read_text(encoding='utf-8'))
LATER_UNICODE = 0x870  # from here on, letters were added after the version of the recorded table


def _recorded_code_points() -> set[int]:
    found: set[int] = set()
    for run in RECORDED['kept']:
        first, _, last = run.partition('-')
        found.update(range(int(first, 16), int(last, 16) + 1))
    return found


def _of_its_day(text: str) -> str:
    """Take out what has become a letter since: the recorded table drops it, and this Python keeps it."""
    recorded = _recorded_code_points()
    return ''.join(c for c in text if ord(c) < LATER_UNICODE or ord(c) in recorded or slug(f'a{c}a') == 'aa')


@pytest.mark.parametrize(('text', 'expected'), RECORDED['slugs'])
def test_slug_is_that_of_github_slugger(text: str, expected: str) -> None:
    assert slug(_of_its_day(text)) == expected


@pytest.mark.parametrize('row', RECORDED['lists'], ids=lambda row: ' '.join(row['texts'])[:30])
def test_unique_slugs_are_those_of_github_slugger(row: dict[str, list[str]]) -> None:
    assert unique_slugs([_of_its_day(text) for text in row['texts']]) == row['slugs']


def test_every_character_that_github_slugger_keeps_is_kept() -> None:
    lost = [hex(c) for c in _recorded_code_points() if slug(f'a{chr(c)}a') == 'aa']
    assert lost == []


def test_no_other_character_is_kept_among_the_old_scripts() -> None:
    recorded = _recorded_code_points()
    kept = [hex(c) for c in range(LATER_UNICODE) if c not in recorded and slug(f'a{chr(c)}a') != 'aa']
    assert kept == []


def test_an_anchor_is_never_given_twice() -> None:
    slugger = Slugger()
    given = [slugger.add(text) for text in ['a', 'a-1', 'a', 'a', 'a-1', 'a-1-1', 'A', 'a-2'] * 20]
    assert len(set(given)) == len(given)


def test_many_equal_headings_take_linear_time() -> None:
    assert unique_slugs(['a'] * 100_000)[-1] == 'a-99999'
