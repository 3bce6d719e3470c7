"""The action log: one row a hand-off, safe in a spreadsheet, never over other columns, joined line by line."""
from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import handoffs
import pytest
from conftest import Sandbox
from governance import commit
from governance import install
from governance import run
from handoffs import TEXT
from handoffs import hand_off

from daybook.documents import action_log as log_format
from daybook.writers import action_log

PATH = 'logs/context_actions.csv'
HEADER = 'date,actor,action,entity,notes\n'
OLD = '2026-11-01,sara,update,docs/state.md,\n'
ENTRY = ('2026-11-20', 'roman', 'handoff', 'RT-261120-01', 'Ship it')
ROW = '2026-11-20,roman,handoff,RT-261120-01,Ship it\n'
SEED = 'ts,agent,action,entity,path,latency_ms,token_in,token_out,success,notes\n'  # what the first such log had

INSERTED = (
    (SEED + 'x\n', SEED + 'x\n'),
    ('# a list\n', '# a list\n'),
    (HEADER + ROW, HEADER + ROW),
    ('', HEADER + ROW),
    ('\n', HEADER + ROW),
    (HEADER, HEADER + ROW),
    (HEADER + OLD, HEADER + OLD + ROW),
    ((HEADER + OLD).rstrip('\n'), HEADER + OLD + ROW),
    ((HEADER + OLD).replace('\n', '\r\n'), (HEADER + OLD + ROW).replace('\n', '\r\n')),
    ('\ufeff' + HEADER, '\ufeff' + HEADER + ROW),
    ('"date",actor,"action",entity,notes\n', '"date",actor,"action",entity,notes\n' + ROW),
)


@pytest.mark.parametrize(('before', 'after'), INSERTED)
def test_insert(before: str, after: str) -> None:
    assert action_log.insert(before, ENTRY) == after
    assert action_log.insert(after, ENTRY) == after


@pytest.mark.parametrize('title', [
    'plain', '-', '-5', '+3.2', '=1+1', '=HYPERLINK("http://x")', '@sum', '+cmd|x', '- a list', '\t=1', ' =1', '＝1', 'a\n=1', 'a,b', 'say "no"',
    "'", '\x1b[31mred', 'a\u2028b', 'x\0y', '\ud800'])
def test_a_value_is_read_as_it_was_and_never_run(title: str) -> None:
    line = action_log.row([*ENTRY[:4], title])
    assert line.isprintable() and log_format.fields(line) == next(csv.reader([line]))
    value = log_format.fields(line)[4]
    assert not value.strip().startswith(('=', '+', '-', '@', '＝')) or value in ('-', '-5', '+3.2')
    assert value.removeprefix("'").split() == title.replace('\x1b[31m', '').replace('\0', '').replace('\ud800', '\ufffd').removeprefix("'").split()


MERGED = (  # base, ours, theirs, the merge
    ('', HEADER + ROW, HEADER + OLD, HEADER + OLD + ROW),
    (HEADER, HEADER + ROW, HEADER + OLD, HEADER + OLD + ROW),
    (HEADER, HEADER + OLD + ROW, HEADER + OLD, HEADER + OLD + ROW),
    (HEADER + OLD, HEADER + OLD + ROW, HEADER, HEADER + ROW),
    (HEADER, HEADER + ROW, HEADER + OLD.rstrip('\n'), HEADER + OLD + ROW),
    (HEADER, HEADER + ROW, HEADER + ROW, HEADER + ROW),
    (HEADER + OLD, HEADER + ROW, HEADER + OLD, None),
    (HEADER, SEED + ROW, HEADER, None),
    (HEADER, HEADER + ROW, SEED, None),
)


@pytest.mark.parametrize(('base', 'ours', 'theirs', 'merged'), MERGED)
def test_merge(base: str, ours: str, theirs: str, merged: str | None) -> None:
    assert action_log.merge(base, ours, theirs) == merged


@pytest.fixture(scope='module')
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handoffs.make_template(tmp_path_factory.mktemp('template'))


@pytest.fixture
def sandbox(template: Path, tmp_path: Path) -> Sandbox:
    copy = handoffs.copy_of(template, tmp_path / 'copy', TEXT.replace('What was done', '"=1+1, she said"'))
    copy.write('.daybook/config.yaml', f'handoff: {{action_log: {PATH}}}\n')
    copy.commit('settings', '.daybook')
    copy.git('push', '-q')
    return copy


def test_two_hand_offs_append_two_rows_to_a_new_log(sandbox: Sandbox) -> None:
    first = hand_off(sandbox)
    assert first.code == 0 and f'[x] {PATH}' in first.out
    sandbox.write(handoffs.DRAFT, TEXT)
    second = hand_off(sandbox)
    day = sandbox.read(f'docs/sessions/{first.field("id")}.md').split('created: "')[1][:10]
    assert sandbox.git('show', f'HEAD:{PATH}') + '\n' == sandbox.read(PATH) == (
        HEADER + f'{day},roman-tester,handoff,{first.field("id")},"\'=1+1, she said"\n{day},roman-tester,handoff,{second.field("id")},What was done\n')
    assert sandbox.daybook('validate-frontmatter', PATH).stdout == ''
    again = hand_off(sandbox)
    assert again.field('reason') == 'no-draft' and sandbox.git('status', '--porcelain') == ''


@pytest.mark.parametrize(('prepare', 'words'), [
    (lambda s: s.write(PATH, SEED), f'warning: no row for {PATH}: its columns are not date,actor,action,entity,notes'),
    (lambda s: (s.write('real.csv', HEADER), (s.root / 'logs').mkdir(), (s.root / PATH).symlink_to('../real.csv')), 'symbolic link'),
], ids=['other columns', 'link'])
def test_what_is_not_ours_to_write_is_named_and_left(sandbox: Sandbox, prepare, words: str) -> None:
    prepare(sandbox)
    sandbox.commit('a log')
    sandbox.git('push', '-q')
    before = (sandbox.root / PATH).read_bytes()
    done = hand_off(sandbox)
    assert done.field('pushed') == 'yes' and words in done.out, done.out
    assert (sandbox.root / PATH).read_bytes() == before and sandbox.git('status', '--porcelain') == ''


def test_off_writes_and_says_nothing(sandbox: Sandbox) -> None:
    sandbox.write('.daybook/config.yaml', '{}\n')
    sandbox.write(PATH, HEADER)
    sandbox.commit('off')
    sandbox.git('push', '-q')
    done = hand_off(sandbox)
    assert done.field('pushed') == 'yes' and 'logs' not in done.out and sandbox.read(PATH) == HEADER


@pytest.mark.parametrize('has_union', [False, True])
@pytest.mark.parametrize('is_there', [False, True])
def test_a_peer_pushed_first(sandbox: Sandbox, tmp_path: Path, has_union: bool, is_there: bool) -> None:
    if has_union:
        sandbox.write('.gitattributes', f'{PATH} merge=union\n')
    if is_there:
        sandbox.write(PATH, HEADER + OLD)
    sandbox.git('add', '.')
    sandbox.git('commit', '-q', '--allow-empty', '-m', 'begin')
    sandbox.git('push', '-q')
    subprocess.run(('git', 'clone', '-q', tmp_path / 'copy/remote.git', tmp_path / 'peer'), check=True)
    peer = Sandbox(tmp_path / 'peer')
    peer.write('.daybook/state/draft.md', TEXT.replace('ws-a', '[]'))
    theirs = hand_off(peer)
    mine = hand_off(sandbox)
    assert (theirs.field('pushed'), mine.field('pushed')) == ('yes', 'yes'), theirs.out + mine.out
    rows = sandbox.git('--git-dir=../remote.git', 'show', f'main:{PATH}').splitlines()
    assert sorted(row.split(',')[3] for row in rows[1 + is_there:]) == sorted([theirs.field('id'), mine.field('id')])
    assert rows[0] + '\n' == HEADER and (not is_there or rows[1] + '\n' == OLD)


@pytest.fixture
def logged(repo: Sandbox) -> Sandbox:
    repo.write('.daybook/config.yaml', f'handoff: {{action_log: {PATH}}}\n')
    repo.commit('settings', '.daybook')
    return repo


def test_a_commit_answers_for_its_own_log(logged: Sandbox) -> None:
    logged.write(PATH, HEADER + 'bad\n')
    logged.commit('a bad log')
    install(logged, 'check-all')
    logged.write('x.md', 'x\n')
    logged.git('add', '.')
    assert commit(logged) == (0, 'check-all: 1 older problem in 1 document; run daybook check-all\n')
    logged.write(PATH, HEADER + OLD + 'worse\n')
    logged.git('add', '.')
    logged.write(PATH, HEADER)  # what is not staged is not looked at
    code, out = commit(logged)
    assert code == 1 and out.startswith(f'{PATH}:3: 1 value where')


MINE, THEIRS = '2026-11-20,roman,handoff,RT-261120-01,x\n', '2026-11-20,sara,handoff,SK-261120-01,x\n'
CONFLICTS = (  # base, ours, theirs, what regen-indexes makes of it (None: left)
    (HEADER + OLD, HEADER + OLD + MINE, HEADER + OLD + THEIRS, HEADER + OLD + MINE + THEIRS),
    (HEADER, HEADER + MINE + OLD, HEADER + THEIRS + OLD, HEADER + MINE + OLD + THEIRS),
    (None, HEADER + MINE, HEADER + THEIRS, HEADER + MINE + THEIRS),
    (HEADER + OLD, HEADER + OLD.replace('sara', 'Sara') + MINE, HEADER + OLD + THEIRS, HEADER + OLD.replace('sara', 'Sara') + MINE + THEIRS),
    (HEADER + OLD, HEADER + OLD + MINE, HEADER + OLD.replace('sara', 'Sara') + THEIRS, None),
    (SEED + 'a\n', SEED + 'a\nb\n', SEED + 'a\nc\n', None),
)


@pytest.mark.parametrize('style', ['merge', 'diff3', 'zdiff3'])
@pytest.mark.parametrize(('base', 'ours', 'theirs', 'joined'), CONFLICTS)
def test_a_conflict_of_rows_is_settled(logged: Sandbox, base: str | None, ours: str, theirs: str, joined: str | None, style: str) -> None:
    _conflict(logged, base, ours, theirs, style)
    before = logged.read(PATH)
    assert '<<<<<<<' in before
    code, out = run(logged, 'regen-indexes')
    assert code == 1 and (f'git add -- {PATH}' in out) is (joined is not None) is (f'left to you: {PATH}' not in out)
    assert logged.read(PATH) == (before if joined is None else joined)
    assert run(logged, 'regen-indexes') == (1, out.replace(f'Rewriting {PATH}\n', ''))


def test_what_somebody_has_begun_to_resolve_is_theirs(logged: Sandbox) -> None:
    _conflict(logged, *CONFLICTS[0][:3], 'merge')
    text = logged.read(PATH).replace('roman', 'Roman')
    logged.write(PATH, text)
    assert f'left to you: {PATH}' in run(logged, 'regen-indexes')[1] and logged.read(PATH) == text
    logged.write(PATH, HEADER + MINE)
    assert f'git add -- {PATH}' in run(logged, 'regen-indexes')[1] and logged.read(PATH) == HEADER + MINE


def _conflict(repo: Sandbox, base: str | None, ours: str, theirs: str, style: str) -> None:
    repo.git('config', 'merge.conflictStyle', style)
    if base is not None:
        repo.write(PATH, base)
        repo.commit('base')
    repo.git('switch', '-qc', 'side')
    for branch, text in (('side', theirs), ('main', ours)):
        repo.git('switch', '-q', branch)
        repo.write(PATH, text)
        repo.commit(branch)
    repo.git('merge', '-q', 'side', check=False)


def test_nothing_to_check_is_told(logged: Sandbox) -> None:
    line = f'validate-frontmatter: 0 rows governed in {PATH}: it is not there yet; the next hand-off makes it\n'
    assert run(logged, 'validate-frontmatter') == (0, line)


GOVERNED = f"""\
handoff: {{action_log: {PATH}, push: own}}
kinds:
  plan: {{statuses: {{draft: [active], active: [done], done: []}}}}
  workstream: {{statuses: {{open: [closed], closed: []}}}}
"""


@pytest.mark.parametrize('tool', ['pre-commit', 'prek'])
def test_tables_of_statuses_and_the_log_by_both_runners(tmp_path: Path, plugin: tuple[str, str], tool: str) -> None:
    url, rev = plugin
    repo = handoffs.copy_of(handoffs.make_template(tmp_path / 'template'), tmp_path / 'copy')
    repo.write('.daybook/config.yaml', GOVERNED)
    repo.write('workstreams/ws-a.md', '---\ntitle: A\nowner: r\nsummary: S\nstatus: open\n---\n' + handoffs.WORKSTREAM)
    repo.write('plans/p.md', '---\ntitle: P\nowner: r\nsummary: S\nstatus: draft\n---\n\n## Changelog\n')
    repo.write('.pre-commit-config.yaml', f'repos:\n  - repo: {url}\n    rev: {rev}\n    hooks: [{{id: check-all}}, {{id: check-lifecycle}}, {{id: handoff}}]\n')
    repo.git('add', '.')
    repo.git('commit', '-q', '-m', 'govern')
    runner = f'{sys.prefix}/bin/{tool}'
    subprocess.run((runner, 'install'), cwd=repo.root, check=True, capture_output=True)

    def put(status: str) -> tuple[int, str]:
        repo.write('plans/p.md', repo.read('plans/p.md').replace(repo.read('plans/p.md').split('status: ')[1].split('\n')[0], status))
        return commit(repo, status, '-a')

    code, out = put('done')
    assert code == 1 and 'a plan does not move from draft to done: after draft comes active' in out, out
    assert put('active')[0] == 0
    done = subprocess.run((runner, 'run', '--hook-stage', 'manual', 'handoff', '--files', handoffs.DRAFT), cwd=repo.root, capture_output=True, text=True)
    ended = handoffs.ended(done)
    assert ended.field('pushed') == 'yes' and f'[x] {PATH}' in ended.out, ended.out
    rows = list(csv.reader(repo.read(PATH).splitlines()))
    assert rows[0] == [*log_format.COLUMNS] and [row[2:] for row in rows[1:]] == [['handoff', ended.field('id'), 'What was done']]
    assert PATH in repo.git('show', '--name-only', '--format=', 'HEAD').splitlines() and repo.git('status', '--porcelain', '-uno') == ''
    repo.write(PATH, repo.read(PATH) + 'someday,r,x,y,\n')
    repo.git('add', '.')
    code, out = commit(repo, 'a row by hand')
    assert code == 1 and 'no date: someday; write it as 2026-11-30 [action-log-date]' in out, out
    repo.write(PATH, repo.read(PATH).replace('someday', '2026-11-30'))
    repo.git('add', '.')
    assert put('done')[0] == 0
