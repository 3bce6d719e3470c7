"""Zones go down from parents, however deep, wide or circular: in the checks, the mirror and the site alike."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybook.documents import config
from daybook.documents import document
from daybook.documents import zones as ladder
from daybook.documents.document import Document
from daybook.documents.tree import Tree
from daybook.governance import records
from daybook.mirror import local
from daybook.rules import zones
from daybook.site.site_records import Site
from daybook.site.site_state import Records

SETTINGS = config.from_bytes(b'mirror: {zone: internal}\n')
DEEP = 10_000
Family = dict[str, tuple[str, list[str]]]  # a name, its zone or ``, its parents


def _chain() -> Family:
    return {f'c{n}': ('private' if n == DEEP - 1 else '', [f'c{n + 1}'] if n < DEEP - 1 else []) for n in range(DEEP)}


def _diamonds() -> Family:
    """Return 40 layers of two, each below both of the next: 2**40 ways up."""
    return {f'd{n}x{side}': ('private' if n == 39 and side else '', [f'd{n + 1}x0', f'd{n + 1}x1'] if n < 39 else [])
            for n in range(40) for side in (0, 1)}


def _circle() -> Family:
    around = {f'r{n}': ('private' if n == 250 else '', [f'r{(n + 1) % 500}']) for n in range(500)}
    return {**around, 'leaf': ('', ['r7']), 'self': ('', ['self'])}


def _documents(family: Family) -> dict[str, Document]:
    kind = SETTINGS.kind('plan')
    found = {}
    for name, (zone, parents) in family.items():
        head = (f'zone: {zone}\n' if zone else '') + (f'parent: [{", ".join(parents)}]\n' if parents else '')
        path = f'plans/{name}.md'
        found[path] = document.from_bytes(path, kind, f'---\ntitle: {name}\n{head}---\n'.encode())
    return found


def _by_the_checks(documents: dict[str, Document], _: Path) -> set[str]:
    known = zones.Zones([records.of_document(each) for each in documents.values()], SETTINGS.zones_default, SETTINGS.zones_folders)
    return {path for path in documents if known.of(path) <= ladder.step('internal')}


def _by_the_mirror(documents: dict[str, Document], _: Path) -> set[str]:
    held = local.Local('0' * 40, set(), documents, Tree([], {}, []), '')
    return {page.path for page in local.pages(held, SETTINGS, lambda fields: dict(fields)) if not page.excluded}


def _by_the_site(documents: dict[str, Document], folder: Path) -> set[str]:
    site = Site(Records(str(folder), 1, None), SETTINGS)
    site.update(documents)
    return {path for path in documents if site.is_shown(path)}


WHO = (_by_the_checks, _by_the_mirror, _by_the_site)


@pytest.fixture(params=WHO, ids=lambda each: each.__name__.removeprefix('_by_'))
def shown(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Family], set[str]]]:
    yield lambda family: {path[6:-3] for path in request.param(_documents(family), tmp_path)}


def test_a_chain_of_ten_thousand(shown: Callable[[Family], set[str]]) -> None:
    assert shown(_chain()) == set(), 'the last of them is private'


def test_diamonds(shown: Callable[[Family], set[str]]) -> None:
    assert shown(_diamonds()) == {'d39x0'}


def test_circles(shown: Callable[[Family], set[str]]) -> None:
    assert shown(_circle()) == {'self'}, 'a circle shares its highest zone, and so does who stands below it'


def test_a_name_that_several_have_means_all_of_them(shown: Callable[[Family], set[str]]) -> None:
    assert shown({'leaf': ('', ['x']), 'a/x': ('', []), 'b/x': ('private', [])}) == {'a/x'}


def test_each_document_is_asked_once() -> None:
    asked: list[str] = []

    def above(name: str) -> list[str]:
        asked.append(name)
        return [str(int(name) + 1)] if int(name) < 999 else []

    known = ladder.Inherited(lambda name: 2 if name == '999' else 0, above)
    assert {known.of(str(n)) for n in range(999, -1, -1)} == {2}
    assert len(asked) == 1000
    again = ladder.Inherited(lambda name: 2 if name == '999' else 0, above)
    assert {again.of(str(n)) for n in range(1000)} == {2}
    assert len(asked) == 2000


@pytest.mark.parametrize('who', WHO)
@pytest.mark.parametrize('name', ['2024', '7', '0007', 'ADR-7', 'plan_3', '2026-11-20', 'Ünï', 'a_v02', '7-days'])
def test_a_parent_may_have_any_name(tmp_path: Path, name: str, who: Callable[[dict[str, Document], Path], set[str]]) -> None:
    documents = _documents({'leaf': ('', [f'"{name}"']), 'free': ('', [])})
    top = f'workstreams/{name}.md'
    documents[top] = document.from_bytes(top, SETTINGS.kind('workstream'), b'---\ntitle: T\nzone: restricted\n---\n')
    assert who(documents, tmp_path) == {'plans/free.md'}


HEADERS = {'bullets': '# Leaf\n\n- entity: x\n- parent: top\n', 'bold lines': '# Leaf\n\n**Entity:** x\n**Parent:** top\n',
           'a link': '# Leaf\n\n- entity: x\n- parent: [Top](./top.md)\n', 'derived': '# Leaf\n\n- entity: x\n- derived_from: top\n',
           'a fenced list': '---\n- entity: x\n- parent: top\n---\n# Leaf\n', 'frontmatter': '---\nparent: "[[top]]"\n---\n'}


@pytest.mark.parametrize('who', WHO)
@pytest.mark.parametrize('header', HEADERS)
def test_a_parent_counts_in_every_form_of_header(tmp_path: Path, header: str, who: Callable[[dict[str, Document], Path], set[str]]) -> None:
    documents = _documents({'top': ('restricted', []), 'free': ('', [])})
    documents['plans/leaf.md'] = document.from_bytes('plans/leaf.md', SETTINGS.kind('plan'), HEADERS[header].encode())
    assert who(documents, tmp_path) == {'plans/free.md'}
