"""The pure side of the mirror: the plan, the state machine, the log, and where a host shows files."""
from __future__ import annotations

import ast
import datetime
import re
import subprocess
import sys

import pytest

from conftest import ROOT
from daybook.documents import frontmatter
from daybook.documents.config import DEFAULTS
from daybook.mirror import host
from daybook.mirror import pace
from daybook.mirror import plan
from daybook.mirror import state
from daybook.mirror.adapter import Row
from daybook.mirror.adapter import Stopped
from daybook.mirror.pace import Clock
from daybook.mirror.pace import Pace
from daybook.mirror.plan import Page
from daybook.mirror.state import News
from daybook.rules import sync_age
from daybook.writers import sync_log

ID, OTHER = 'a' * 32, 'b' * 32
FIELDS = {'title': 'T', 'kind': 'plan', 'operator': '', 'status': '', 'workstream': (), 'tags': ('x',), 'summary': '', 'source': 'u/{commit}/p'}
PAGE = Page('p', 'plans/p.md', FIELDS, 'sha256:1')
WHOLE = {**FIELDS, 'external_id': 'p', 'content_hash': 'sha256:1', 'source_commit': 'c1', 'source': 'u/c1/p', 'sync_status': 'synced'}


def _row(page_id: str = ID, *, is_ours: bool = True, in_trash: bool = False, **fields: object) -> Row:
    return Row(page_id, {**WHOLE, **fields}, is_ours=is_ours, in_trash=in_trash)  # type: ignore[dict-item]


# page, rows, action, has_body, words of the reason
DECISIONS = (
    pytest.param(PAGE, [_row()], 'skip', False, 'unchanged', id='unchanged'),
    pytest.param(PAGE, [_row(source_commit='c2', source='u/c2/p')], 'skip', False, 'unchanged', id='the commit alone is no change'),
    pytest.param(PAGE, [_row(page_id=OTHER, external_id='', source_commit='', title='mine')], 'create', True, 'no page', id='a row of somebody'),
    pytest.param(PAGE, [], 'create', True, 'no page', id='new'),
    pytest.param(PAGE, [_row(content_hash='sha256:0')], 'update', True, 'content changed', id='content'),
    pytest.param(PAGE, [_row(content_hash='')], 'update', True, 'not finished', id='no hash yet'),
    pytest.param(PAGE, [_row(sync_status='pending')], 'update', False, 'not finished', id='pending'),
    pytest.param(PAGE, [_row(title='Old')], 'update', False, 'title changed', id='title'),
    pytest.param(PAGE, [_row(source='u/c1/old')], 'update', False, 'source changed', id='moved'),
    pytest.param(PAGE, [_row(is_ours=False)], 'update', True, 'edited by hand', id='by hand'),
    pytest.param(PAGE, [_row(in_trash=True)], 'update', True, 'trash', id='in the trash'),
    pytest.param(PAGE, [_row(in_trash=True), _row(OTHER)], 'skip', False, 'unchanged', id='another in the trash'),
    pytest.param(PAGE, [_row(content_hash='sha256:0', source_commit='zz', source='u/zz/p')], 'conflict', False, 'pull first', id='newer'),
    pytest.param(PAGE, [_row(), _row(OTHER)], 'duplicate', False, 'keep one', id='two pages'),
    pytest.param(PAGE, [_row(sync_status='manual_override', title='mine')], 'skip', False, 'manual_override', id='the page is kept'),
    pytest.param(PAGE._replace(sync_status='manual_override'), [_row(title='mine'), _row(OTHER)], 'skip', False, 'manual_override', id='kept'),
    pytest.param(PAGE._replace(sync_status='manual_override'), [], 'skip', False, 'manual_override', id='kept and new'),
    pytest.param(PAGE._replace(blocked='why'), [_row(title='x')], 'blocked', False, 'why', id='blocked'),
    pytest.param(PAGE._replace(page_id='pending-reconcile'), [], 'blocked', False, 'a person settles it', id='a legacy marker'),
    pytest.param(PAGE._replace(excluded='zone'), [_row()], 'archive', False, 'zone', id='excluded'),
    pytest.param(PAGE._replace(excluded='zone'), [_row(in_trash=True)], 'blocked', False, 'zone', id='excluded and gone'),
    pytest.param(PAGE._replace(excluded='zone'), [], 'blocked', False, 'zone', id='excluded and never there'),
    pytest.param(PAGE._replace(excluded='zone'), [_row(sync_status='manual_override')], 'skip', False, 'zone', id='excluded and kept'),
    pytest.param(PAGE._replace(excluded='zone'), [_row(source_commit='zz')], 'conflict', False, 'pull first', id='excluded, but newer'),
    pytest.param(PAGE._replace(page_id=ID), [_row(external_id='', content_hash='', source_commit='')], 'update', True, 'external_id', id='named, adopted'),
    pytest.param(PAGE._replace(page_id=ID), [_row(external_id='old')], 'update', False, 'external_id', id='renamed'),
    pytest.param(PAGE._replace(page_id=ID), [_row(external_id='local')], 'conflict', False, 'belongs to local', id='named, but of another'),
    pytest.param(PAGE._replace(page_id=OTHER), [_row(), _row(OTHER, external_id='x')], 'conflict', False, 'External ID stands on', id='two names'),
    pytest.param(PAGE._replace(page_id=OTHER), [_row()], 'skip', False, 'unchanged', id='the page named is gone'),
    pytest.param(PAGE._replace(fields={'title': 'T'}), [_row(operator='theirs', tags=())], 'skip', False, 'unchanged', id='fields of another store'),
)


@pytest.mark.parametrize(('page', 'rows', 'action', 'has_body', 'words'), DECISIONS)
def test_decide(page: Page, rows: list[Row], action: str, has_body: bool, words: str) -> None:
    local = Page('local', 'plans/z.md', FIELDS, 'sha256:2', sync_status='manual_override')
    step = plan.make([page, local], rows, {'c1', 'c2'})[0]
    assert (step.action, step.has_body) == (action, has_body), step.reason
    assert words in step.reason


ORPHANS = (
    (_row(external_id='x'), 'archive', 'the document is gone'),
    (_row(external_id='x', source_commit='zz'), 'blocked', 'no commit here made the page'),
    (_row(external_id='x', source_commit=''), 'blocked', 'left alone'),
    (_row(external_id='x', sync_status='manual_override'), 'skip', 'manual_override'),
)


@pytest.mark.parametrize(('row', 'action', 'words'), ORPHANS)
def test_a_row_without_a_document(row: Row, action: str, words: str) -> None:
    [step] = plan.make([], [row], {'c1'})
    assert step.action == action and words in step.reason and step.path == ''
    assert plan.chosen(plan.make([], [row], {'c1'}), []) == []


def test_rows_that_are_nobodys_business() -> None:
    assert plan.make([], [_row(external_id=''), _row(OTHER, external_id='x', in_trash=True)], {'c1'}) == []


def test_every_action_occurs() -> None:
    actions = {values[2] for values in (row.values for row in DECISIONS)} | {row[1] for row in ORPHANS}
    assert actions == set(plan.ACTIONS)


def test_the_table_of_the_state_machine_is_the_documents() -> None:
    text = (ROOT / 'docs/mirror.md').read_text(encoding='utf-8')
    section = text.split('## How sync_status moves')[1].split('##')[0]
    rows = [[cell.strip().strip('`') for cell in line.strip('|').split('|')] for line in section.split('\n') if line.startswith('| ')][2:]
    told = {('' if row[0] == 'none' else row[0], event): '' if after == 'none' else after
            for row in rows for event, after in zip(state.EVENTS, row[1:])}
    assert told == state.MOVES
    assert set(state.MOVES) == {(before, event) for before in state.STATES for event in state.EVENTS}


@pytest.mark.parametrize('before', state.STATES)
@pytest.mark.parametrize('event', state.EVENTS)
def test_the_state_machine_in_bytes(before: str, event: str) -> None:
    line = f'sync_status: {before}\n' if before else ''
    data = f'---\ntitle: T\n{line}---\nbody\n'.encode()
    after = state.edited(data, News('plans/p.md', DEFAULTS.kind('plan'), event, _row(last_synced='2026-11-21T10:00:00Z'), 'why'))
    meta = frontmatter.parse(after).meta
    assert meta.get('sync_status', '') == state.MOVES[(before, event)]
    assert (meta.get('sync_error') == 'why') is (meta.get('sync_status') == 'error' and event == 'failed')
    if before == 'manual_override' or event == 'left':
        assert after == data
    assert state.edited(after, News('plans/p.md', DEFAULTS.kind('plan'), event, _row(last_synced='2026-11-21T10:00:00Z'), 'why')) == after


def test_nothing_but_a_person_clears_manual_override() -> None:
    assert {after for (before, _), after in state.MOVES.items() if before == 'manual_override'} == {'manual_override'}
    assert {before for (before, _), after in state.MOVES.items() if after == 'manual_override'} == {'manual_override'}


AT = '2026-11-21T10:00:00Z'


def _merged(text: str, *entries: tuple[str, str, str], at: str = AT) -> str:
    return sync_log.merged(text, [sync_log.entry(at, *entry) for entry in entries], at)


def test_the_log_is_newest_first_and_bounded() -> None:
    text = ''
    for day in range(1, 29):
        at = f'2026-10-{day:02}T10:00:00Z'
        text = _merged(text, *((f'created', f'd{day}-{n}', 'new') for n in range(50)), at=at)
    found = sync_log.read(text)
    assert len(found) == sync_log.MOST
    assert found[0].at == '2026-10-28T10:00:00Z' and found == sorted(found, key=sync_log._order)
    assert _merged(text, at='2026-10-28T11:00:00Z') == text, 'a run with nothing to say'
    assert sync_log.newest(text) == '2026-10-28T10:00:00Z'


def test_the_log_is_looked_after_once_a_day() -> None:
    text = _merged(_merged('', ('created', 'a', 'new')), at='2026-11-22T10:00:00Z')
    assert [entry[:3] for entry in sync_log.read(text)] == [('2026-11-22T10:00:00Z', 'checked', 'all'), (AT, 'created', 'a')]
    assert _merged(text, at='2026-11-22T11:00:00Z') == text
    assert sync_log.newest(_merged(text, at='2026-11-23T11:00:00Z')) == '2026-11-23T11:00:00Z'
    assert len(sync_log.read(_merged(text, at='2026-11-23T11:00:00Z'))) == 2


def test_the_log_keeps_both_sides_of_a_merge(tmp_path: object) -> None:
    base = _merged('', ('created', 'a', 'new'))
    ours, theirs = (_merged(base, ('updated', name, 'changed'), at=f'2026-11-2{n}T10:00:00Z') for n, name in ((2, 'x'), (3, 'y')))
    from pathlib import Path
    folder = Path(str(tmp_path))
    for name, text in (('base', base), ('ours', ours), ('theirs', theirs)):
        (folder / name).write_text(text)
    subprocess.run(('git', 'merge-file', '--union', 'ours', 'base', 'theirs'), cwd=folder, check=True)
    again = _merged((folder / 'ours').read_text(), ('updated', 'z', 'changed'), at='2026-11-24T10:00:00Z')
    assert [entry.name for entry in sync_log.read(again)] == ['z', 'y', 'x', 'a']


@pytest.mark.parametrize('name, reason', [('a`b', 'x [y](z)\n- 2026 \x1b[31m'), ('', ''), ('é 🦊', '<script>')])
def test_a_line_of_the_log_can_be_read_again(name: str, reason: str) -> None:
    entry = sync_log.entry(AT, 'failed', name, reason)
    text = sync_log.merged('', [entry], AT)
    assert sync_log.read(text) == [entry] and '\x1b' not in text and '<script' not in text.replace('\\<script', '')


AGES = (('2026-11-21T10:00:00Z', 7, 0), ('2026-11-14T10:00:00Z', 7, 0), ('2026-11-13T10:00:00Z', 7, 1), ('', 7, 1), ('', None, 0))


@pytest.mark.parametrize(('newest', 'most', 'count'), AGES)
def test_the_age_of_the_mirror(newest: str, most: int | None, count: int) -> None:
    assert len(sync_age.check(sync_log.PATH, newest, datetime.date(2026, 11, 21), most)) == count


HOSTS = (
    ('git@github.com:o/r.git', 'https://github.com/o/r/blob/{commit}'),
    ('https://user:secret@github.com/o/r', 'https://github.com/o/r/blob/{commit}'),
    ('ssh://git@gitlab.example.com:2222/g/s/r.git', 'https://gitlab.example.com/g/s/r/-/blob/{commit}'),
    ('https://bitbucket.org/o/r.git/', 'https://bitbucket.org/o/r/src/{commit}'),
    ('https://codeberg.org/o/r.git', 'https://codeberg.org/o/r/src/commit/{commit}'),
    ('../bare.git', ''), ('/srv/github/r.git', ''), ('https://example.com/r.git', ''), ('', ''), ('C:/github/r', ''),
)


@pytest.mark.parametrize(('remote', 'url'), HOSTS)
def test_host(remote: str, url: str) -> None:
    assert host.files_url(remote) == url


def test_pace_over_any_window() -> None:
    now, times = [0.0], []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    rhythm = Pace(2.5, 60, Clock(lambda: now[0], lambda: now[0], sleep))
    for number in range(200):
        now[0] += (number % 5) * 0.15  # the answers take their time
        rhythm.take()
        times.append(now[0])
    for window in (1.0, 3.0, 10.0, 60.0):
        assert max(sum(begin <= at <= begin + window for at in times) for begin in times) <= 3 * window


def test_patience_is_used_up() -> None:
    slept: list[float] = []
    rhythm = Pace(1, 100, Clock(lambda: 0.0, lambda: 0.0, slept.append))
    for attempt in range(pace.ATTEMPTS):
        rhythm.wait(attempt, 0, 'x')
    assert slept == [1, 2, 4, 8, 16, 32] and rhythm.patience == 37
    with pytest.raises(Stopped, match='to go on means to wait 38 s, and 37 s'):
        rhythm.wait(0, 38, 'x')


def _imports(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding='utf-8'))
    found = {node.module or '' for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return found | {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


def test_nothing_but_its_own_hook_knows_the_mirror() -> None:
    files = [str(path.relative_to(ROOT)) for folder in ('hooks', 'src') for path in (ROOT / folder).rglob('*.py')]
    users = {path for path in files if any(name.startswith('daybook.mirror') or name.split('.')[0] == 'httpx' for name in _imports(path))}
    assert {path for path in users if not path.startswith('src/daybook/mirror/')} == {'hooks/sync_notion.py'}
    callers = [path for path in files if re.search(r'sync[-_]notion', (ROOT / path).read_text(encoding='utf-8'))
               and not path.startswith(('hooks/sync_notion', 'src/daybook/mirror/', 'src/daybook/writers/sync_'))]
    assert [path for path in callers if re.search(r'import\w*\W+.*sync_notion', (ROOT / path).read_text(encoding='utf-8'))] == []


def test_only_the_adapter_knows_notion() -> None:
    knowing = {path.name for path in (ROOT / 'src/daybook/mirror').glob('*.py')
               if any('notion' in name for name in _imports(str(path.relative_to(ROOT))))}
    assert {name for name in knowing if not name.startswith('notion')} == set()


@pytest.mark.parametrize('hook_id', ['handoff', 'resume', 'claim-session', 'validate-frontmatter', 'regen-indexes', 'audit-links'])
def test_a_hook_loads_no_mirror_and_no_http(hook_id: str) -> None:
    code = (f'import sys, daybook.hooks.{hook_id.replace("-", "_")}\n'
            'print(sorted(n for n in sys.modules if n.startswith(("daybook.mirror", "httpx", "http.client", "urllib.request"))))')
    run = subprocess.run((sys.executable, '-c', code), capture_output=True, text=True, check=True)
    assert run.stdout.strip() == '[]'
