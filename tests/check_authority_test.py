from __future__ import annotations

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.documents import document
from daybook.errors import FatalError
from daybook.governance import authority_map
from daybook.repo import git
from governance import commit
from governance import install
from governance import run

ID = 'check-authority'
MAP = '.daybook/authority.yaml'
FULL = 'entities:\n  Pass: {store: Coda, fields: {Repo Path: GitHub}}\n  Decision: {store: GitHub, paths: [.daybook/authority.yaml]}\n'


def test_nothing_to_check_is_told(repo: Sandbox) -> None:
    assert run(repo, ID) == (0, f'{ID}: 0 documents governed; there is no map at {MAP}\n')
    repo.write(MAP, 'Pass: Coda\n')
    repo.git('add', '.')
    assert run(repo, ID) == (0, f'{ID}: 0 documents governed; none has an `entity`, so only {MAP} itself was checked\n')


MAPS = (
    pytest.param('', '/: null is not of type object', id='empty'),
    pytest.param('- a\n', '/: ["a"] is not of type object', id='a list'),
    pytest.param('Pass: [Coda, GitHub]\n', '/Pass: ["Coda", "GitHub"] is not of type object', id='two owners'),
    pytest.param('entities: {Pass: {store: Coda, fields: {a: [x, y]}}}\n', '/entities/Pass/fields/a: ["x", "y"] is not of type string',
                 id='two owners of a field'),
    pytest.param('Pass: {store: ""}\n', '/Pass/store: must not be empty', id='no name'),
    pytest.param('Pass: {\n', 'not valid YAML', id='broken'),
)


def test_a_map_that_nobody_can_have_written_is_refused(repo: Sandbox) -> None:
    repo.write(MAP, ''.join(f'Entity{number:06}: {{store: Coda}}\n' for number in range(40_000)))
    repo.git('add', '.')
    assert run(repo, ID) == (1, f'{MAP}:1: more than 1 MiB; a map of entities and stores is no store of its own: keep the data elsewhere [authority-map]\n')


@pytest.mark.parametrize(('text', 'words'), MAPS)
def test_maps_that_cannot_be_used(repo: Sandbox, text: str, words: str) -> None:
    repo.write(MAP, text)
    repo.git('add', '.')
    code, out = run(repo, ID)
    assert code == 1 and out.startswith(f'{MAP}:') and '[authority-schema]' in out
    assert words in out, out


# what stands at HEAD, what the commit stages (None: deleted), exit code, the output
BLOCKING = (
    pytest.param({MAP: FULL, 'plans/old.md': '---\ntitle: O\nentity: x\n---\n'}, {'plans/p.md': '---\ntitle: P\nentity: pass\n---\n'}, 0,
                 '1 older problem in 1 document', id="a peer's"),
    pytest.param({MAP: FULL}, {'plans/p.md': '---\ntitle: P\nentity: pas\n---\n'}, 1, 'nobody owns pas; did you mean `Pass`?', id='its own'),
    pytest.param({MAP: FULL, 'plans/p.md': '---\ntitle: P\nentity: pass\n---\n'}, {MAP: 'Decision: Coda\n'}, 1,
                 f'plans/p.md:3: nobody owns pass; name its owner in {MAP}', id='the map loses what a document uses'),
    pytest.param({MAP: 'Pass: {store: Coda, paths: [a/*.md]}\n', 'a/x.md': 'x', 'plans/p.md': '---\ntitle: P\nentity: pass\n---\n'},
                 {'a/x.md': None}, 1, f'{MAP}:1: Pass: no file matches a/*.md', id='a mapped file is deleted'),
    pytest.param({'.daybook/config.yaml': 'authority: {map: sot/map.json}\n', 'sot/map.json': '{"Pass": "Coda"}'}, {'sot/map.json': None}, 1,
                 '.daybook/config.yaml:1: authority.map: no such file: sot/map.json', id='the map is deleted'),
    pytest.param({'.daybook/config.yaml': 'authority: {map: sot/map.json}\n'}, {'main.py': '1'}, 0, '1 older problem', id='it was gone before'),
    pytest.param({MAP: 'Pass: {store: Coda, paths: [a/*.md]}\n', 'plans/p.md': '---\ntitle: P\nentity: pass\n---\n'}, {'main.py': '1'}, 0,
                 '1 older problem', id='was so before'),
)


@pytest.mark.parametrize(('before', 'staged', 'code', 'words'), BLOCKING)
def test_what_blocks_a_commit(repo: Sandbox, before: dict[str, str], staged: dict[str, str | None], code: int, words: str) -> None:
    for path, text in before.items():
        repo.write(path, text)
    repo.commit('before')
    install(repo, ID)
    for path, text in staged.items():
        if text is None:
            repo.git('rm', '-q', path)
        else:
            repo.write(path, text)
    repo.git('add', '.')
    found, out = commit(repo)
    assert (found, words in out) == (code, True), out


def test_the_index_counts_in_a_commit(repo: Sandbox) -> None:
    repo.write(MAP, FULL)
    repo.write('plans/p.md', '---\ntitle: P\nentity: pass\n---\n')
    repo.commit()
    install(repo, ID)
    repo.write(MAP, 'Decision: Coda\n')  # not staged
    repo.write('plans/q.md', '---\ntitle: Q\nentity: pass\n---\n')
    repo.git('add', 'plans')
    assert commit(repo) == (0, '')


def test_report(repo: Sandbox) -> None:
    repo.write(MAP, FULL)
    for name, entity in (('a', 'pass'), ('b', 'PASS'), ('c', 'other')):
        repo.write(f'plans/{name}.md', f'---\ntitle: T\nentity: {entity}\n---\n')
    repo.git('add', '.')
    code, out = run(repo, ID, '--report')
    assert (code, out.splitlines()) == (0, [
        'entity    store     documents  fields of others', 'Decision  GitHub    0', 'Pass      Coda      2          Repo Path: GitHub',
        'other     (nobody)  1'])


FIELDS = ('title', 'kind', 'tags', 'body')


def test_a_mirror_is_told_which_fields_are_not_ours(repo: Sandbox) -> None:
    here = git.find_repo(str(repo.root))

    def foreign(entity: str, settings: config.Settings = config.DEFAULTS) -> dict[str, str]:
        found = document.from_bytes('plans/p.md', config.DEFAULTS.kind('plan'), f'---\nentity: {entity}\n---\n'.encode())
        return authority_map.withholder(here, settings, FIELDS)(found)

    assert foreign('pass') == {}
    repo.write(MAP, 'Pass: {store: Coda, fields: {Title: GitHub}}\nplan: Notion\n')
    assert foreign('pass') == {name: 'Coda' for name in FIELDS if name != 'title'}
    assert foreign('unknown') == {}
    assert foreign('[]') == {name: 'Notion' for name in FIELDS}, 'its kind'
    assert foreign('pass', config.DEFAULTS._replace(authority_here='Coda')) == {'title': 'GitHub'}
    repo.write(MAP, 'Pass: 7\n')
    with pytest.raises(FatalError, match='cannot be used; run `daybook check-authority`'):
        foreign('pass')


@pytest.mark.parametrize('kind', ('link', 'dangling', 'folder'))
def test_a_map_that_is_no_file_is_told_and_stops_no_peer(repo: Sandbox, kind: str) -> None:
    place = repo.root / MAP
    place.parent.mkdir(exist_ok=True)
    if kind == 'folder':
        repo.write(f'{MAP}/x.md', 'x')
    else:
        repo.write('real.yaml', 'Pass: Coda\n')
        place.symlink_to('../real.yaml' if kind == 'link' else 'nowhere')
    repo.commit()
    code, out = run(repo, ID)
    assert (code, out) == (1, f'{MAP}:1: not a plain file; put the map itself there [authority-map]\n')
    install(repo, ID)
    repo.write('main.py', '1')
    repo.git('add', '.')
    assert commit(repo) == (0, f'{ID}: 1 older problem in 1 document; run daybook {ID}\n')


def test_the_map_is_no_way_out_of_the_repository(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'authority: {map: ../map.json}\n')
    repo.git('add', '.')
    code, out = run(repo, ID)
    assert code == 1 and 'path leaves the repository' in out
