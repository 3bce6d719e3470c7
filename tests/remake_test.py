"""Generated lines put on top of what a peer pushed: theirs stays, ours comes, anything else is a person's business."""
from __future__ import annotations

import pytest

from daybook.handoff import remake
from daybook.writers import indexes
from daybook.writers.indexes import Entry

INDEX = indexes.render('S', [Entry('b.md', 'b', 'B')]).encode()
BY_HAND = b'# Ours\n\n- [b](./b.md): by hand\n'
HEAD = b'---\ntitle: Build\n---\n'
LOG = HEAD + b'# Build\n\n## Session Log\n'
ACTIONS = b'date,actor,action,entity,notes\n2026-11-19,roman,update,docs/state.md,\n'
CHANGES = b'# Changes\n\n## Unreleased\n\n- old\n'

ROLES = [  # role, our entry, a peer's entry, the file before
    ('index', ('a.md', 'a', 'A'), ('c.md', 'c', 'C'), INDEX),
    ('log', ('RT-261120-01', './n.md', '2026-11-20', 'Mine'), ('SK-261120-01', './p.md', '2026-11-20', 'Theirs'), LOG),
    ('changelog', ('RT-261120-01: Mine',), ('SK-261120-01: Theirs',), CHANGES),
    ('actions', ('2026-11-20', 'roman', 'handoff', 'RT-261120-01', 'Mine'),
     ('2026-11-20', 'sara', 'handoff', 'SK-261120-01', 'Theirs'), ACTIONS),
]
TEXTS = [b'', b'\xff\xfe not UTF-8\n', b'\xef\xbb\xbf# BOM\n', b'a\r\nb\r\n', b'no line end', '\u2028ü\n'.encode()]


@pytest.mark.parametrize(('role', 'ours', 'theirs', 'base'), ROLES)
def test_second_insert_changes_nothing(role: str, ours: tuple, theirs: tuple, base: bytes) -> None:
    once = remake.insert(role, ours, base)
    assert once != base and remake.insert(role, ours, once) == once


@pytest.mark.parametrize('text', TEXTS)
@pytest.mark.parametrize(('role', 'ours'), [row[:2] for row in ROLES[1:3]])
def test_bytes_of_the_file_stay(role: str, ours: tuple, text: bytes) -> None:
    result = remake.insert(role, ours, text)
    size = len(result) - len(text)
    assert any(result[:at] + result[at + size:] == text for at in range(len(text) + 1))


@pytest.mark.parametrize(('role', 'ours', 'theirs', 'base'), ROLES)
def test_both_entries_are_in_the_merge(role: str, ours: tuple, theirs: tuple, base: bytes) -> None:
    mine, peers = remake.insert(role, ours, base), remake.insert(role, theirs, base)
    assert remake.merge(role, ours, base, mine, peers) == remake.insert(role, ours, peers)


@pytest.mark.parametrize(('role', 'ours', 'theirs', 'base'), ROLES[1:])
def test_entries_of_two_hand_offs_are_in_the_merge(role: str, ours: tuple, theirs: tuple, base: bytes) -> None:
    second = tuple(value.replace('01', '02').replace('Mine', f'Mine, of {"many words " * 9}') for value in ours)
    for text in (base, base.replace(b'\n', b'\r\n'), b'' if role != 'log' else HEAD):
        mine, peers = (remake.insert(role, entry, text) for entry in (ours, theirs))
        both = remake.insert(role, second, mine)
        assert remake.merge(role, second, text, both, peers) == remake.insert(role, second, remake.insert(role, ours, peers))
        assert remake.merge(role, second, text, both, both) == both


@pytest.mark.parametrize(('role', 'ours', 'theirs', 'base'), ROLES)
def test_nothing_is_doubled_where_the_peer_has_it_already(role: str, ours: tuple, theirs: tuple, base: bytes) -> None:
    mine = remake.insert(role, ours, base)
    assert remake.merge(role, ours, base, mine, mine) == mine


@pytest.mark.parametrize(('role', 'ours', 'theirs', 'base'), ROLES[1:3])
def test_anything_else_of_ours_is_left_to_a_person(role: str, ours: tuple, theirs: tuple, base: bytes) -> None:
    mine = remake.insert(role, ours, base) + b'\nby hand\n'
    assert remake.merge(role, ours, base, mine, remake.insert(role, theirs, base)) is None


def test_changed_frontmatter_of_ours_is_left_to_a_person_and_theirs_is_kept() -> None:
    role, ours, theirs, base = ROLES[1]
    mine, peers = remake.insert(role, ours, base), remake.insert(role, theirs, base)
    edited = peers.replace(b'title: Build', b'title: Build it')
    assert remake.merge(role, ours, base, mine, edited) == remake.insert(role, ours, edited)
    assert remake.merge(role, ours, base, mine.replace(b'title: Build', b'title: Mine'), peers) is None


@pytest.mark.parametrize('sides', [(BY_HAND, INDEX), (INDEX, BY_HAND), (BY_HAND, BY_HAND), (INDEX, b'')])
def test_index_by_hand_is_never_made_anew(sides: tuple[bytes, bytes]) -> None:
    assert remake.merge('index', ('a.md', 'a', 'A'), b'', *sides) is None
