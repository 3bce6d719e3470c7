"""The text of the last audit with other lines for few files: the same bytes as all of it made anew."""
from __future__ import annotations

import random

import pytest

from conftest import Sandbox
from daybook.documents.catalogue_content import Catalogue
from daybook.hooks import audit_links
from daybook.links import link_answer

NAMES = [f'{folder}{name}.md' for folder in ('', 'a/', 'a/b/', 'z/') for name in ('a', 'b', 'ü', 'long name', 'zz')]


def _content(rng: random.Random) -> str:
    dead = rng.choice((0, 0, 1, 2, 7, 25))
    targets = [rng.choice(('no.md', f'no-{rng.randrange(9)}.md', '/gone', '#none')) for _ in range(dead)]
    if dead == 25:
        targets = ['same.md'] * dead  # of which only the first are told one by one
    return ''.join(f'{rng.randrange(10 ** 9)} [x]({target})\n' for target in targets) or f'{rng.random()}\n'


def _change(repo: Sandbox, rng: random.Random) -> None:
    for name in rng.sample(NAMES, rng.randrange(1, 4)):
        if rng.random() < 0.25 and (repo.root / name).exists():
            (repo.root / name).unlink()
        else:
            repo.write(name, _content(rng))
    if rng.random() < 0.7:
        repo.git('add', '--all')


def _told(capsysbinary: pytest.CaptureFixture[bytes], *words: str) -> bytes:
    audit_links.main(words)
    return capsysbinary.readouterr().out


@pytest.fixture
def audited(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Sandbox:
    """A repository of which an audit is remembered, and in which all rows can be read no more."""
    rng = random.Random(7)
    for name in NAMES:
        repo.write(name, _content(rng))
    repo.commit()
    monkeypatch.chdir(repo.root)
    _told(capsysbinary)
    return repo


@pytest.mark.parametrize('seed', range(4))
def test_what_is_spliced_is_what_is_made_anew(audited: Sandbox, seed: int, monkeypatch: pytest.MonkeyPatch,
                                              capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    rng, used = random.Random(seed), []
    whole = Catalogue.lines
    monkeypatch.setattr(Catalogue, 'lines', lambda *given: used.append(given) or whole(*given))
    for _ in range(25):
        _change(audited, rng)
        assert _told(capsysbinary) == _told(capsysbinary, '--no-catalogue')
    assert not used


def test_a_last_answer_that_is_not_of_the_view_is_not_spliced(audited: Sandbox, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    kept = link_answer.kept('.git')
    assert kept is not None
    audited.write('a/b/a.md', '[x](one.md)\n')
    _told(capsysbinary)
    link_answer.keep('.git', kept)  # as if this run had not been able to write its own
    audited.write('z/a.md', '[x](two.md)\n')
    assert _told(capsysbinary) == _told(capsysbinary, '--no-catalogue')


def test_what_another_format_tells_leaves_no_text_behind(audited: Sandbox, monkeypatch: pytest.MonkeyPatch,
                                                         capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    audited.write('a/b/a.md', '[x](one.md)\n')
    monkeypatch.setenv('DAYBOOK_FORMAT', 'json')
    _told(capsysbinary)
    monkeypatch.delenv('DAYBOOK_FORMAT')
    audited.write('z/a.md', '[x](two.md)\n')
    assert _told(capsysbinary) == _told(capsysbinary, '--no-catalogue')


def test_names_that_print_alike_are_not_taken_for_each_other(repo: Sandbox, monkeypatch: pytest.MonkeyPatch,
                                                             capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for name in ('a\tb.md', 'a\\tb.md'):
        repo.write(name, '[x](no.md)\n')
    repo.commit()
    monkeypatch.chdir(repo.root)
    _told(capsysbinary)
    repo.write('a\\tb.md', '\n\n[x](two.md)\n')
    assert _told(capsysbinary) == _told(capsysbinary, '--no-catalogue')
