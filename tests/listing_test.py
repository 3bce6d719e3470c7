"""Listings of files: what stands in them, and what came or went between two of them."""
from __future__ import annotations

import os
import random

import pytest

from conftest import Sandbox
from daybook.documents.tree import Tree
from daybook.repo import listing
from daybook.repo import listing_entries
from daybook.repo.listing_entries import Entries


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
    rng = random.Random(7)
    for _ in range(100):
        both = [{line for line in old if rng.random() > part} for part in (0.001, rng.choice((0, 0.001, 0.9)))]
        assert listing.difference(*(listing.joined(sorted(some)) for some in both)) == both[0] ^ both[1]
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
    assert files.links() == (paths[1::2], [])
    assert dict(listing.Listing(b'').entries()) == {}


def _random_names(rng: random.Random, letters: str) -> set[str]:
    return {'/'.join(''.join(rng.choices(letters, k=rng.randrange(1, 3))) for _ in range(rng.randrange(1, 4))) for _ in range(rng.randrange(12))}


@pytest.mark.parametrize('letters', ['aAbB\t', 'aA.-0', 'aé\udce9É'])
def test_what_is_sought_is_what_all_lines_tell(letters: str) -> None:
    rng = random.Random(3)
    for _ in range(300):
        files = [path for path in _random_names(rng, letters) if rng.random() < 0.9]
        lines = [f'100644 {rng.randrange(16 ** 8):040x} 0\t{path}' for path in sorted(files, key=os.fsencode)]
        sought, plain = Entries(listing.joined(lines)), dict(map(listing.entry, lines))
        by_search, by_set = Tree(sought), Tree(plain)
        for path in ('', '\0', '\ud800', *files, *_random_names(rng, letters), *(path.rpartition('/')[0] for path in files), *(path.upper() for path in files), *(f'{path}\0' for path in files)):
            assert (path in sought, sought.get(path)) == (path in plain, plain.get(path))
            assert by_search.is_folder(path) == by_set.is_folder(path) == (path in by_set.folders)
            assert by_search.other_spelling(path) == by_set.other_spelling(path)
        assert list(sought) == list(plain)


def test_after_many_questions_all_lines_are_taken_apart() -> None:
    lines = [f'100644 {number:040x} 0\tdocs/{number}.md' for number in sorted(range(9000), key=str)]
    known = Tree(Entries(listing.joined(lines)))
    for number in range(9000):
        assert f'docs/{number}.md' in known.files and known.is_folder('docs') and not known.is_folder(f'docs/{number}.md')
        assert known.other_spelling(f'DOCS/{number}.md') == f'docs/{number}.md'
    assert len(known.files) == 9000


@pytest.mark.parametrize('count', [1, 3, 150])
def test_what_is_only_announced_is_not_committed(repo: Sandbox, count: int) -> None:
    empty = [f'empty {number}' for number in range(count)]
    for path in (*empty, 'full', '**', 'sub/é'):
        repo.write(path, 'x' if path == 'full' else '')
    repo.commit()
    repo.write('later', 'y')
    repo.write('sub/later', '')
    repo.git('add', '--intent-to-add', 'later', 'sub/later')
    assert 'later' in listing.read(str(repo.root), is_in_commit=False).entries()
    assert sorted(listing.read(str(repo.root), is_in_commit=True).entries()) == sorted((*empty, 'full', '**', 'sub/é'))


def test_each_dirty_file_counts_as_it_lies_on_the_disk(repo: Sandbox) -> None:
    names = [f'{name}{ending}' for name in ('a', 'a b', 'ä', 'a/x', 'b\ttab', 'b-', 'z') for ending in ('.md', '.txt', '')]
    names = [name for name in names if name != 'a']
    for name in names:
        repo.write(name, f'{name}\n')
    repo.git('add', '.')
    repo.git('commit', '-qm', 'all')
    repo.git('checkout', '-qb', 'other')
    repo.write('a b.md', 'theirs\n')
    repo.git('commit', '-qam', 'theirs')
    repo.git('checkout', '-q', '-')
    repo.write('a b.md', 'ours\n')
    repo.git('commit', '-qam', 'ours')
    repo.git('merge', 'other', check=False)  # three stages of one path
    for name in ('a.md', 'z', 'b-.txt'):
        repo.write(name, 'changed\n')
    for name in ('ä.md', 'z.txt', 'a/x'):
        (repo.root / name).unlink()
    (repo.root / 'z.txt').symlink_to('a.md')
    (repo.root / 'ä.txt').chmod(0o755)
    expected = {}
    for path in names:
        if (repo.root / path).is_symlink():
            expected[path] = listing.SYMLINK, listing.blob_id(os.readlink(repo.root / path).encode(), '0' * 40)
        elif (repo.root / path).exists():
            expected[path] = '100644', repo.git('hash-object', '--', path).strip()
    found = listing.read(str(repo.root), is_in_commit=False)
    assert dict(found.entries()) == expected
    assert expected.keys().isdisjoint({'ä.md', 'a/x'}) and len(expected) == len(names) - 2
    assert [line.partition('\t')[2] for line in listing.lines(found.raw)] == sorted(expected, key=os.fsencode)


@pytest.mark.parametrize('few', [0, 1000])
def test_ids_of_a_few_paths_and_of_many_are_those_of_the_lines(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(listing_entries, '_FEW', few)
    paths = sorted(f'd/{number}.md' for number in range(20))
    lines = [f'100644 {number:040x} 0\t{path}' for number, path in enumerate(paths)]
    entries = Entries(listing.joined(lines))
    assert entries.ids(paths[::2]) == {path: f'{paths.index(path):040x}' for path in paths[::2]}
    assert set(entries.names()) == set(paths) and 'no such path' not in entries.names()
