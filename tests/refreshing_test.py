"""The end of a hand-off names the documents that its changes should have touched, and nothing where there are none."""
from __future__ import annotations

from datetime import datetime
from datetime import timedelta
from datetime import timezone
from pathlib import Path

import handoffs
import pytest
from conftest import Sandbox
from handoffs import DRAFT
from handoffs import TEXT
from handoffs import hand_off

from daybook.documents import config
from daybook.documents import governed
from daybook.governance import records
from daybook.handoff import refreshing
from daybook.handoff.facts import Facts
from daybook.handoff.facts import FileChange
from daybook.handoff.facts import Start
from daybook.handoff.request import Request
from daybook.repo import git
from daybook.repo import listing
from daybook.session.operators import Operator

HEAD = 'to refresh in a later commit; or, before you push, say why not in the message of the commit that needs it (`Docs-Reviewed: <why>`):'
STATE = 'docs/infrastructure/droplet_state.md'
RULE = ('cochange:\n- {name: droplet, when: ["ops/*.yml"], then: ["docs/infrastructure/*state*.md"], why: the state document tells what runs}\n'
        '- {name: map, when: ["ops/b.yml"], then: ["docs/map.md#hosts"]}\n')
REVIEWS = 'freshness: {rules: [{paths: ["docs/infrastructure/**", "plans/**"], ttl_days: 30}]}\nkinds: {doc: {paths: ["docs/infrastructure/**"]}}\n'


@pytest.fixture(scope='module')
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = handoffs.make_template(tmp_path_factory.mktemp('template'))
    sandbox = Sandbox(folder / 'repo')
    sandbox.write('.daybook/config.yaml', 'handoff: {push: own}\n' + RULE + REVIEWS)
    sandbox.write(STATE, '---\ntitle: State\ndate: 2020-01-01\n---\nIt follows [the plan](../../plans/p.md).\n')
    sandbox.write('plans/p.md', '---\ntitle: P\nreview_by: 2999-01-01\n---\n')
    sandbox.write('plans/late.md', '---\ntitle: Late\nreview_by: 2020-01-01\n---\n')
    sandbox.write('docs/map.md', '# Map\n\n## Hosts\n\nx\n\n## Rest\n')
    sandbox.write('ops/a.yml', 'a\n')
    sandbox.write('ops/b.yml', 'b\n')
    sandbox.commit('set up')
    sandbox.git('push', '-q')
    return folder


@pytest.fixture
def sandbox(template: Path, tmp_path: Path) -> Sandbox:
    copy = handoffs.copy_of(template, tmp_path / 'copy')
    copy.daybook('claim-session')
    draft = next((copy.root / '.daybook/state').glob('draft-*.md'))
    draft.write_text(TEXT.replace('---\n', f'---\nid: {draft.stem.removeprefix("draft-")}\n', 1))
    (copy.root / DRAFT).unlink()
    return copy


def work(sandbox: Sandbox, *paths: str, message: str = 'work', email: str = '') -> None:
    for path in paths:
        old = sandbox.read(path) if (sandbox.root / path).exists() else ''
        sandbox.write(path, old + 'more\n')
    sandbox.git('add', '--', *paths)
    sandbox.git('commit', '-q', '-m', message, *([f'--author=Peer <{email}>'] if email else []),
                env={'GIT_COMMITTER_EMAIL': email} if email else None)


def told(sandbox: Sandbox) -> list[str]:
    """Hand off; return the lines below the checklist of what was written."""
    done = hand_off(sandbox)
    assert done.code == 0 and done.field('commit') != 'none', done.out
    return done.out.split('docs/sessions/INDEX.md\n')[-1].split('\nResume Prompt of')[0].splitlines()


KILLED_THERE = """
import os, sys
class Killer:
    def find_spec(self, name, path=None, target=None):
        if name == 'daybook.governance.cochanging':
            os.kill(os.getpid(), 9)
sys.meta_path.insert(0, Killer())
"""

RULES = (  # what was changed, the message, what is to be refreshed
    (['code.py'], 'work', []),
    (['ops/a.yml', STATE], 'work', [f'{STATE}: its review was due on 2020-01-31, and this session changed it; daybook reviewed {STATE}']),
    (['ops/a.yml'], 'work\n\nDocs-Reviewed: nothing of it is told there', []),
    (['ops/a.yml'], 'work', [f'{STATE}: not changed with ops/a.yml (the state document tells what runs)']),
    (['ops/b.yml', 'docs/map.md'], 'work\n\nDocs-Reviewed: droplet: no news', ['docs/map.md#hosts: not changed with ops/b.yml']),
    (['plans/p.md'], 'work', [f'{STATE}: its review was due on 2020-01-31, and it speaks of plans/p.md, which this session changed; '
                              f'daybook reviewed {STATE}']),
)


@pytest.mark.parametrize(('paths', 'message', 'wanted'), RULES)
def test_what_the_changes_should_have_touched(sandbox: Sandbox, paths: list[str], message: str, wanted: list[str]) -> None:
    work(sandbox, *paths, message=message)
    assert told(sandbox) == ([HEAD, *(f'  [ ] {line}' for line in wanted)] if wanted else [])


def test_what_others_left_behind_is_theirs(sandbox: Sandbox) -> None:
    sandbox.write('.daybook/operators.yaml', 'operators:\n  roman-tester: {name: R, initials: RT, emails: [roman@example.com]}\n'
                  '  peer: {name: P, initials: PP, emails: [peer@example.com]}\n')
    work(sandbox, 'ops/a.yml', email='peer@example.com')
    work(sandbox, 'code.py')
    lines = told(sandbox)
    assert lines[0].startswith('other commits are ahead') and not [line for line in lines if '[ ]' in line]


def test_a_later_commit_makes_it_good(sandbox: Sandbox) -> None:
    work(sandbox, 'ops/a.yml')
    sandbox.write(STATE, '---\ntitle: State\ndate: 2999-01-01\n---\n')
    sandbox.commit('tell of it', STATE)
    assert told(sandbox) == []


def test_many_are_bounded(sandbox: Sandbox) -> None:
    for number in range(14):
        sandbox.write(f'docs/infrastructure/d{number:02}.md', f'---\ntitle: D\ndate: 2020-01-01\n---\n[p](../../plans/p.md) {number}\n')
    sandbox.commit('more documents', 'docs/infrastructure')
    lines = told(sandbox)
    assert len(lines) == 12 and lines[-1] == '  [ ] and 4 more: daybook check-cochange, daybook check-freshness'


@pytest.mark.parametrize(('day', 'is_late'), [(31, False), (32, True)])
def test_a_review_of_today_is_not_overdue(sandbox: Sandbox, day: int, is_late: bool) -> None:
    now = datetime(2020, 1, 1, 12, tzinfo=timezone.utc) + timedelta(days=day - 1)
    facts = Facts(Start(sandbox.git('rev-parse', 'HEAD'), 'x'), sandbox.git('rev-parse', 'HEAD'), 'main', (), (FileChange(STATE, 1, 0),))
    assert bool(refreshing.lines(_request(sandbox, now), facts)) is is_late


def _request(sandbox: Sandbox, now: datetime) -> Request:
    repo = git.find_repo(str(sandbox.root))
    operator = Operator('roman', 'R', 'RT', ('roman@example.com',), 'UTC')
    return Request(repo, config.load(repo.root), operator, {}, (), {}, now, print, print)


def test_what_cannot_be_judged_is_told_and_stops_nothing(sandbox: Sandbox) -> None:
    request = _request(sandbox, datetime.now(timezone.utc))
    facts = Facts(Start('f' * 40, 'a commit that is gone'), 'f' * 40, 'main', (), (FileChange('ops/a.yml', 1, 0),))
    assert [line[:49] for line in refreshing.lines(request, facts)] == ['  [ ] documents to refresh: they cannot be told: ']
    assert refreshing.lines(request, facts._replace(commits=None, changes=())) == []


# the documents that a session changed
OWN = (['plans/p.md'], ['plans/Été.md'], ['plans/q.md', 'plans/gone.md', 'code.py'], [f'plans/n{number}.md' for number in range(25)], ['code.py'], [])
LINKS = ('[x](p.md)', '[x](./P.md)', '[[P]]', '[[RT-261120-01]]', '[x](sub/p.md)', '[x](../p.md "t")', '[[été]]', '[[ÉTÉ|x]]', '[x](Été.md)', 'p.md',
         '[x](q.md)', '[x](n7.md)', '[[sub/p]]', '[[N24]]')


@pytest.mark.parametrize('own', OWN)
def test_only_what_may_link_to_it_is_read(repo: Sandbox, own: list[str]) -> None:
    for name in ('p', 'Été', 'q', 'sub/p', *(f'n{number}' for number in range(25))):
        repo.write(f'plans/{name}.md', f'---\ntitle: T\nid: {"rt-261120-01" if name == "p" else name}\n---\n')
    for number, link in enumerate(LINKS):
        repo.write(f'plans/link-{number}.md', f'---\ntitle: L\n---\n{link}\n')
    repo.commit()
    found, given = git.find_repo(str(repo.root)), config.DEFAULTS
    files = listing.read(found.root, is_in_commit=False)
    every = records.read(found, given, files)
    some, names = records.concerning(found, given, files, own)

    def linking(known: list[governed.Record], finder: governed.Names) -> list[str]:
        return [record.path for record in known if {path for target, _, _ in record.links for path in finder.find(target, record.path)} & set(own)]

    assert linking(some, names) == linking(every, governed.Names(every))
    assert {record.path for record in every}.intersection(own) <= {record.path for record in some}
    if own == ['plans/p.md']:
        assert len(linking(some, names)) == 5 and len(some) < len(every)


@pytest.mark.parametrize('module', ['daybook.governance.cochanging', 'daybook.governance.records'])
def test_a_crash_of_the_checklist_stops_nothing(sandbox: Sandbox, tmp_path: Path, module: str) -> None:
    shadow = tmp_path / 'shadow'
    shadow.mkdir()
    (shadow / 'sitecustomize.py').write_text(f'import sys\nsys.modules["{module}"] = None\n')  # as half an upgrade leaves it
    work(sandbox, 'ops/a.yml')
    done = hand_off(sandbox, PYTHONPATH=str(shadow))
    assert done.code == 0 and done.field('commit') != 'none' and done.field('pushed') == 'yes', done.out
    assert f'  [ ] documents to refresh: they cannot be told: ModuleNotFoundError: import of {module} halted; ' in done.out
    assert sandbox.git('status', '--porcelain', '-uno') == '' and not (sandbox.root / '.git/daybook/handoff.json').exists()


def test_one_that_is_killed_there_has_ended(sandbox: Sandbox, tmp_path: Path) -> None:
    shadow = tmp_path / 'shadow'
    shadow.mkdir()
    (shadow / 'sitecustomize.py').write_text(KILLED_THERE)
    work(sandbox, 'ops/a.yml')
    before = sandbox.git('rev-parse', 'HEAD')
    done = sandbox.daybook('handoff', env={'PYTHONPATH': str(shadow)})
    assert done.returncode == -9
    assert sandbox.git('rev-parse', 'HEAD^') == before and sandbox.git('rev-parse', 'HEAD') == sandbox.git('rev-parse', '@{upstream}')
    assert not (sandbox.root / '.git/daybook/handoff.json').exists()
    assert 'no-draft' in hand_off(sandbox).out


def test_nothing_set_up_asks_nothing(sandbox: Sandbox) -> None:
    sandbox.write('.daybook/config.yaml', 'handoff: {push: own}\n')
    work(sandbox, 'ops/a.yml', STATE)
    assert told(sandbox) == []
