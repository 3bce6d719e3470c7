from __future__ import annotations

import itertools
import json

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.documents import document
from daybook.documents import zones as ladder
from daybook.governance import records
from daybook.rules import zones
from governance import commit
from governance import install
from governance import run

ID = 'check-zones'
NOTHING = f'{ID}: 0 documents governed; give some a `zone`, or name `zones.folders` in .daybook/config.yaml\n'
PRIVATE = 'zones: {folders: {plans/hr: private}}\n'


def _plan(head: str = '', body: str = '') -> str:
    return f'---\ntitle: P\n{head}---\n{body}'


def test_nothing_to_check_is_told(repo: Sandbox) -> None:
    repo.write('plans/p.md', _plan())
    repo.git('add', '.')
    assert run(repo, ID) == (0, NOTHING)


def _zones(settings: str, **documents: str) -> zones.Zones:
    given = config.from_bytes(settings.encode())
    kind = given.kind('plan')
    found = [records.of_document(document.from_bytes(f'plans/{path.replace("__", "/")}.md', kind, text.encode()))
             for path, text in documents.items()]
    return zones.Zones(found, given.zones_default, given.zones_folders)


# settings, documents, the zone of plans/p.md
EFFECTIVE = (
    pytest.param('', {'p': _plan()}, 'internal', id='default'),
    pytest.param('zones: {default: public}', {'p': _plan()}, 'public', id='default of the settings'),
    pytest.param('', {'p': _plan('zone: Public\n')}, 'public', id='its own, in any case'),
    pytest.param('', {'p': _plan('zone: secret\n')}, 'restricted', id='a zone that is none'),
    pytest.param('', {'p': _plan('zone: [public]\n')}, 'restricted', id='a list'),
    pytest.param('', {'p': '---\ntitle: [\nzone: public\n---\n'}, 'restricted', id='broken'),
    pytest.param('', {'p': '# T\n\n- entity: x\n- zone: private\n'}, 'private', id='bullets'),
    pytest.param('', {'p': '- zone: private\n- entity: x\n\n# T\n'}, 'private', id='bullets above the title'),
    pytest.param('', {'p': '---\n- entity: x\n- zone: private\n---\n'}, 'private', id='a fenced list'),
    pytest.param('', {'p': '---\ntitle: T\n---\n\n# T\n\n- **Zone:** private\n'}, 'private', id='bullets behind frontmatter'),
    pytest.param('', {'p': '---\nzone: public\n---\n# T\n\n- zone: private\n'}, 'public', id='frontmatter before bullets'),
    pytest.param('', {'p': '---\ntitle: T\n---\n# T\n\n- zone: eu-west-1\n'}, 'internal', id='another zone behind frontmatter'),
    pytest.param('zones: {folders: {plans: private}}', {'p': _plan('zone: public\n')}, 'private', id='the folder'),
    pytest.param('zones: {folders: {plans: public}}', {'p': _plan()}, 'public', id='a folder lower than the default'),
    pytest.param('zones: {folders: {plan: private, plans/p: private}}', {'p': _plan()}, 'internal', id='other folders'),
    pytest.param('zones: {folders: {/plans/: private}}', {'p': _plan()}, 'private', id='slashes'),
    pytest.param('', {'p': _plan('parent: q\n'), 'q': _plan('zone: private\n')}, 'private', id='the parent'),
    pytest.param('', {'p': _plan('parent: q\n'), 'q': _plan('parent: r\n'), 'r': _plan('zone: restricted\n')}, 'restricted', id='its parent'),
    pytest.param('', {'p': _plan('derived_from: [./q.md, "[r](r.md)"]\n'), 'q': _plan(), 'r': _plan('zone: private\n')}, 'private', id='sources'),
    pytest.param('', {'p': _plan('parent: q\n'), 'q': _plan('parent: p\nzone: private\n')}, 'private', id='a circle'),
    pytest.param('', {'p': _plan('parent: p\n')}, 'internal', id='its own parent'),
    pytest.param('', {'p': _plan('parent: "[[q|the q]]"\n'), 'a__q': _plan(), 'b__q': _plan('zone: private\n')}, 'private',
                 id='two of that name: the higher one'),
)


@pytest.mark.parametrize(('settings', 'documents', 'zone'), EFFECTIVE)
def test_effective_zone(settings: str, documents: dict[str, str], zone: str) -> None:
    assert ladder.LADDER[_zones(settings, **documents).of('plans/p.md')] == zone


def test_circles_share_their_highest_zone_from_wherever_one_looks() -> None:
    documents = {'p': _plan('parent: q\n'), 'q': _plan('parent: r\n'), 'r': _plan('parent: p\nzone: private\n'), 's': _plan('parent: q\n')}
    for order in itertools.permutations(documents):
        known = _zones('', **documents)
        assert [known.of(f'plans/{name}.md') for name in order] == [2] * 4


def test_a_long_chain_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 400
    known = _zones('', **{f'n{number:03}': _plan(f'zone: internal\nparent: n{number + 1:03}\n' if number + 1 < count else 'zone: private\n')
                          for number in range(count)})
    calls = []
    find = known.names.find
    monkeypatch.setattr(known.names, 'find', lambda *words: calls.append(words) or find(*words))
    assert len(zones.check(known, {}, 'internal')) == count - 1
    assert len(calls) <= 4 * count, 'each reference is looked up a few times, not once for each below it'


# what stands at HEAD, what the commit stages, exit code, the output
BLOCKING = (
    pytest.param({'plans/old.md': _plan('zone: odd\n')}, {'plans/p.md': _plan('zone: public\n')}, 0,
                 f'{ID}: 1 older problem in 1 document; run daybook {ID}\n', id="a peer's bad zone"),
    pytest.param({'plans/p.md': _plan()}, {'plans/p.md': _plan('zone: odd\n')}, 1, '[zone-unknown]', id='its own'),
    pytest.param({'plans/p.md': _plan('zone: internal\nparent: q\n'), 'plans/q.md': _plan()}, {'plans/q.md': _plan('zone: private\n')}, 1,
                 'plans/p.md:3: internal is below private, the zone of its parent plans/q.md', id='a parent that is raised'),
    pytest.param({'plans/p.md': _plan('zone: internal\n', '![[q]]\n'), 'plans/q.md': _plan()}, {'plans/q.md': _plan('zone: private\n')}, 1,
                 'plans/p.md:5: embeds plans/q.md, which is private', id='what is embedded is raised'),
    pytest.param({'plans/hr/p.md': _plan('zone: internal\n')}, {'.daybook/config.yaml': PRIVATE}, 1,
                 'plans/hr/p.md:3: internal is below private, the zone of its folder', id='the settings'),
    pytest.param({'plans/old.md': _plan('zone: odd\n')}, {'main.py': '1'}, 0, '1 older problem', id='no document'),
)


@pytest.mark.parametrize(('before', 'staged', 'code', 'words'), BLOCKING)
def test_what_blocks_a_commit(repo: Sandbox, before: dict[str, str], staged: dict[str, str], code: int, words: str) -> None:
    for path, text in before.items():
        repo.write(path, text)
    repo.commit('before')
    install(repo, ID)
    for path, text in staged.items():
        repo.write(path, text)
    repo.git('add', '.')
    found, out = commit(repo)
    assert (found, words in out) == (code, True), out


def test_a_leak_out_of_what_is_not_published_only_warns(repo: Sandbox) -> None:
    repo.write('plans/p.md', _plan('zone: private\n', '![[q]]\n'))
    repo.write('plans/q.md', _plan('zone: restricted\n'))
    repo.git('add', '.')
    code, out = run(repo, ID)
    assert (code, ': warning: embeds plans/q.md' in out) == (0, True), out
    repo.write('.daybook/config.yaml', 'render: {zone: private}\n')
    assert run(repo, ID)[0] == 1


def test_the_summary_of_a_document_is_found_across_lines_and_marks(repo: Sandbox) -> None:
    repo.write('plans/q.md', _plan('zone: restricted\nsummary: We will close the office in the north, and tell nobody until May\n'))
    repo.write('plans/p.md', _plan('zone: public\n', 'See [q](q.md): *we will* close the\noffice in the **north**, and tell nobody until May!\n'))
    repo.write('plans/short.md', _plan('zone: restricted\nsummary: Close it\n'))
    repo.write('plans/r.md', _plan('zone: public\n', '[short](short.md) Close it\n'))
    repo.git('add', '.')
    assert [line.split(':')[:2] for line in run(repo, ID)[1].splitlines()] == [['plans/p.md', '5']]


def test_formats_and_named_files(repo: Sandbox) -> None:
    repo.write('plans/p.md', _plan('zone: odd\n'))
    repo.write('plans/q.md', _plan('zone: odd\n'))
    repo.git('add', '.')
    found = json.loads(run(repo, ID, 'plans/q.md', env={'DAYBOOK_FORMAT': 'json'})[1])
    assert [each['path'] for each in found] == ['plans/q.md']
