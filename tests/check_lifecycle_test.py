from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.documents import document
from daybook.governance import records
from daybook.rules import lifecycle
from daybook.rules import succession
from governance import commit
from governance import install
from governance import run

ID = 'check-lifecycle'
NOTHING = (f'{ID}: 0 documents governed; name `kinds.<kind>.statuses` in .daybook/config.yaml, '
           'or let a document say what it supersedes\n')
TABLE = 'kinds: {plan: {statuses: {draft: [active, dropped], active: [done, dropped], done: [], dropped: []}}}\n'


def _plan(status: str = '', head: str = '') -> str:
    return f'---\ntitle: P\n{f"status: {status}" if status else ""}\n{head}---\n'


def _move(was: str, now: str, allowed: str = '') -> str:
    said = f'after {was} comes {allowed}' if allowed else f'{was} is the end'
    return (f'plans/p.md:3: a plan does not move from {was} to {now}: {said}; mend the status, or name the move under '
            f'`kinds.plan.statuses.{was}` [lifecycle-move]\n')


@pytest.fixture
def governed(repo: Sandbox) -> Sandbox:
    """A repository with a table of statuses for plans, and a plan that is a draft."""
    repo.write('.daybook/config.yaml', TABLE)
    repo.write('plans/p.md', _plan('draft'))
    repo.commit()
    install(repo, ID)
    return repo


def _put(repo: Sandbox, status: str) -> tuple[int, str]:
    repo.write('plans/p.md', _plan(status))
    repo.git('add', '.')
    return commit(repo)


def test_nothing_to_check_is_told(repo: Sandbox) -> None:
    repo.write('plans/p.md', _plan('whatever'))
    repo.git('add', '.')
    assert run(repo, ID) == (0, NOTHING)
    assert run(repo, ID, '--report') == (0, 'plan: whatever 1\n')


@pytest.mark.parametrize(('status', 'found'), [
    ('draft', 'draft'), ('Draft', 'draft'), ('🟡 Draft', 'draft'), ('**Done** on Monday', 'done'), ('done, at last', 'done'),
    ('done-ish', ''), ('drafty', ''), ('', ''), (None, ''), (7, ''), ('on draft', ''),
])
def test_a_status_is_known_by_its_first_words(status: object, found: str) -> None:
    table = lifecycle.tables(config.from_bytes(TABLE.encode()).kinds)['plan']
    assert table.find(status) == found


def test_report_tells_words_and_not_sentences(repo: Sandbox) -> None:
    for number, status in enumerate(('✅ DONE (at last)', 'done', 'Superseded by 0007', '"**In progress**: see below"', 'IN_PROGRESS - almost')):
        repo.write(f'plans/{number}.md', _plan(status))
    repo.git('add', '.')
    assert run(repo, ID, '--report') == (0, 'plan: done 2, in progress 2, superseded 1\n')


def test_moves_of_a_commit(governed: Sandbox) -> None:
    assert _put(governed, 'done') == (1, _move('draft', 'done', 'active, dropped'))
    assert run(governed, ID) == (1, _move('draft', 'done', 'active, dropped')), 'by hand, against the last commit'
    assert _put(governed, '✅ active since Monday') == (0, '')
    assert _put(governed, 'draft') == (0, ''), 'the last commit taken back'
    assert _put(governed, 'active') == (0, '')
    assert _put(governed, 'done') == (0, '')
    governed.write('a.txt', 'x')
    governed.git('add', '.')
    assert commit(governed) == (0, '')
    assert _put(governed, 'active') == (1, _move('done', 'active'))
    governed.write('.daybook/config.yaml', TABLE.replace('done: []', 'done: [active]'))
    assert _put(governed, 'active') == (0, ''), 'the settings are the way out'


def test_moves_of_a_file_that_is_renamed_and_of_one_that_is_new(governed: Sandbox) -> None:
    governed.write('plans/p.md', _plan('draft', 'summary: long enough for git to know it again, whatever its name may be\n'))
    governed.commit()
    (governed.root / 'plans/p.md').rename(governed.root / 'plans/q.md')
    governed.write('plans/q.md', _plan('done', 'summary: long enough for git to know it again, whatever its name may be\n'))
    governed.write('plans/new.md', '---\ntitle: New\nstatus: done\nowner: somebody else altogether\n---\n# New\n')
    governed.git('add', '.')
    assert commit(governed) == (1, _move('draft', 'done', 'active, dropped').replace('p.md', 'q.md'))


def test_a_range_may_hold_several_moves(governed: Sandbox) -> None:
    start = governed.git('rev-parse', 'HEAD')
    for status in ('active', 'done'):
        assert _put(governed, status) == (0, '')
    env = {'PRE_COMMIT_FROM_REF': start, 'PRE_COMMIT_TO_REF': 'HEAD'}
    assert run(governed, ID, env=env) == (0, '')
    governed.git('commit', '-q', '--allow-empty', '--no-verify', '-m', 'one more')
    governed.write('plans/p.md', _plan('draft'))
    governed.git('commit', '-qa', '--no-verify', '-m', 'back')
    middle = governed.git('rev-parse', 'HEAD~2')
    assert run(governed, ID, env={**env, 'PRE_COMMIT_FROM_REF': middle}) == (1, _move('done', 'draft'))
    governed.git('update-ref', 'refs/remotes/origin/main', middle)
    assert run(governed, ID, env={'GITHUB_BASE_REF': 'main'}) == (1, _move('done', 'draft')), 'a pull request'


def test_a_pull_request_in_a_shallow_clone_says_that_it_cannot_tell(governed: Sandbox, tmp_path: Path) -> None:
    for status in ('active', 'done'):
        assert _put(governed, status) == (0, '')
        governed.git('commit', '-q', '--allow-empty', '--no-verify', '-m', status)
    governed.git('switch', '-q', '-c', 'topic')
    governed.write('plans/p.md', _plan('draft'))
    governed.git('commit', '-qa', '--no-verify', '-m', 'back')
    governed.git('clone', '-q', '--depth=1', '--branch=topic', f'file://{governed.root}', str(tmp_path / 'shallow'))
    code, said = run(Sandbox(tmp_path / 'shallow'), ID, env={'GITHUB_BASE_REF': 'main'})
    assert code == 0 and said.startswith(f'{ID}: the moves of statuses were not judged: ') and 'fetch-depth: 0' in said


def test_a_merge_may_bring_several_moves(governed: Sandbox) -> None:
    install(governed, ID, 'pre-merge-commit')
    governed.git('switch', '-q', '-c', 'topic')
    for status in ('active', 'done'):
        assert _put(governed, status) == (0, '')
    governed.git('switch', '-q', 'main')
    governed.write('a.txt', 'x')
    governed.commit()
    governed.git('merge', '-q', '--no-edit', 'topic')
    assert 'done' in governed.read('plans/p.md')


def test_who_settles_the_table_answers_for_all(repo: Sandbox) -> None:
    repo.write('plans/p.md', _plan('wip'))
    repo.commit()
    install(repo, ID)
    repo.write('.daybook/config.yaml', TABLE)
    repo.git('add', '.')
    code, output = commit(repo)
    assert (code, '[lifecycle-status]' in output) == (1, True)
    repo.git('commit', '-q', '--no-verify', '-m', 'all the same')
    repo.write('plans/q.md', _plan('draft'))
    repo.git('add', '.')
    assert commit(repo) == (0, f'{ID}: 1 older problem in 1 document; run daybook {ID}\n')
    assert run(repo, ID, '--report') == (0, 'plan: draft 1; not in the table: wip 1\n')


def test_before_the_first_commit(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', TABLE)
    repo.write('plans/p.md', _plan('done'))
    repo.git('add', '.')
    install(repo, ID)
    assert run(repo, ID) == (0, '')
    assert commit(repo) == (0, '')


def test_a_move_to_nowhere_is_no_table(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'kinds: {plan: {statuses: {draft: [actve], active: []}}}\n')
    repo.write('plans/p.md', _plan('draft'))
    repo.git('add', '.')
    code, output = run(repo, ID)
    assert (code, '/kinds/plan/statuses/draft/0: no status of this table: actve; it has draft, active' in output) == (1, True)


# what a decision and the one before it say of each other, and what is wrong with it
ONE_WAY, GOES_ON = 'succession-one-way', 'succession-status'
PAIRS = (
    pytest.param('status: superseded\nsuperseded_by: 0002-new\n', 'supersedes: 0001-old\n', [], id='both'),
    pytest.param('status: Superseded (by 2)\nsuperseded_by: ADR-2\n', 'supersedes: [1]\n', [], id='numbers'),
    pytest.param('status: superseded\nsuperseded_by: ./0002-new.md\n', 'supersedes: "[old](0001-old.md)"\n', [], id='links'),
    pytest.param('status: retired\nsuperseded_by: 0002-new\n', 'supersedes: 0001-old\n', [], id='another end'),
    pytest.param('status: "Superseded by [the new](0002-new.md)"\n', 'supersedes: 0001-old\n', [], id='a status that says it with a link'),
    pytest.param('status: superseded by ADR-0002, in part\n', 'supersedes: 0001-old\n', [], id='a status that says it with a number'),
    pytest.param('status: superseded by 0003-other\n', 'supersedes: 0001-old\n', [('0001-old', ONE_WAY)], id='a status that names another'),
    pytest.param('status: superseded by 0002-new\n', '', [], id='in words alone'),
    pytest.param('superseded_by: none\n', 'supersedes: nothing-of-that-name\n', [], id='nobody and nothing'),
    pytest.param('status: superseded\n', 'supersedes: 0001-old\n', [('0001-old', ONE_WAY)], id='the older is silent'),
    pytest.param('status: superseded\nsuperseded_by: 0002-new\n', 'supersedes: 0003\n', [('0002-new', ONE_WAY)], id='the newer is silent'),
    pytest.param('status: accepted\nsuperseded_by: 0002-new\n', 'supersedes: 0001-old\n', [('0001-old', GOES_ON)], id='it goes on'),
    pytest.param('', 'supersedes: 0001-old\n', [('0001-old', ONE_WAY), ('0001-old', GOES_ON)], id='silent, and goes on'),
)


@pytest.mark.parametrize(('old', 'new', 'expected'), PAIRS)
def test_succession(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    kind = config.DEFAULTS.kind('adr')
    found = [records.of_document(document.from_bytes(f'docs/adr/{name}.md', kind, f'---\ntitle: T\n{head}---\n'.encode()))
             for name, head in (('0001-old', old), ('0002-new', new))]
    for order in itertools.permutations(found):
        wrong = [each.problem for each in succession.check(order)]
        assert sorted((each.path.split('/')[-1][:-3], each.rule) for each in wrong) == sorted(expected)
        assert all(len(each.causes) == 1 for each in wrong)


@pytest.mark.parametrize(('header', 'reason'), [
    ('---\n- title: A\n- entity: x\n---\n# A\n', 'only frontmatter holds a list'),
    ('# A\n\n**Entity:** x\n**Zone:** internal\n', 'only frontmatter holds a list')])
def test_fix_leaves_a_header_that_holds_no_list(repo: Sandbox, header: str, reason: str) -> None:
    repo.write('docs/adr/0001-a.md', header)
    for name in ('0002-b', '0003-c'):
        repo.write(f'docs/adr/{name}.md', '---\ntitle: B\nsupersedes: 0001-a\n---\n')
    repo.git('add', '.')
    code, said = run(repo, ID, '--fix')
    assert code == 1 and f'not written: {reason}' in said
    assert repo.read('docs/adr/0001-a.md') == header


def test_fix_names_what_bold_lines_lack(repo: Sandbox) -> None:
    repo.write('docs/adr/0001-a.md', '# A\n\n**Entity:** x\n**Zone:** internal\n')
    repo.write('docs/adr/0002-b.md', '---\ntitle: B\nsupersedes: 0001-a\n---\n')
    repo.git('add', '.')
    code, said = run(repo, ID, '--fix')
    assert code == 1 and 'add `superseded_by: 0002-b`' in said and 'reviewed' not in said


def test_what_bullets_say_counts_behind_frontmatter_that_was_filled_in(repo: Sandbox) -> None:
    repo.write('docs/adr/0001-a.md', '# A\n\n- Status: accepted\n')
    repo.write('docs/adr/0002-b.md', '# B\n\n**Supersedes:** [A](0001-a.md)\n\n## Context\n\n- Status: none of its header\n')
    repo.write('docs/adr/0003-c.md', '---\nstatus: proposed\n---\n# C\n\n- Status: accepted\n')
    repo.commit()
    before = run(repo, ID, '--report')[1]
    assert before == 'adr: accepted 1, proposed 1\n'
    problems = [line.split(':', 2)[::2] for line in run(repo, ID)[1].splitlines()]
    assert [path for path, _ in problems] == ['docs/adr/0001-a.md'] * 2
    assert run(repo, 'backfill-frontmatter')[0] == 1
    assert run(repo, ID, '--report')[1] == before
    found = run(repo, ID)[1]
    assert [line.split(':', 2)[::2] for line in found.splitlines()] == problems
    lines = repo.read('docs/adr/0001-a.md').splitlines()
    assert f'docs/adr/0001-a.md:{lines.index("- Status: accepted") + 1}: ' in found


def test_an_alias_in_frontmatter_beats_what_bullets_below_say(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'kinds: {adr: {key_aliases: {status: [state]}, statuses: {accepted: []}}}\n')
    repo.write('docs/adr/0001-a.md', '---\ntitle: A\nstate: accepted\n---\n# A\n\n- Status: whoever knows it may say so\n')
    repo.git('add', '.')
    for _ in range(2):  # read, and remembered
        assert run(repo, ID) == (0, '')


def test_fix_writes_both_ways_and_once(repo: Sandbox) -> None:
    repo.write('docs/adr/0001-a.md', '---\r\ntitle: A\r\nstatus: accepted # for now\r\n---\r\n\r\n## Status\r\n')
    repo.write('docs/adr/0002-b.md', '---\ntitle: B\nsupersedes: 0001-a\n---\n')
    repo.write('docs/adr/0003-c.md', '---\ntitle: C\nsupersedes: [0001-a, 0002-b]\n---\n')
    repo.write('plans/old.md', '# Old\n\n- entity: plan\n- status: active\n')
    repo.write('plans/new.md', '# New\n\n- entity: plan\n- supersedes: old\n')
    repo.git('add', '.')
    code, output = run(repo, ID, '--fix')
    assert (code, output.count('written: '), output.count('[succession-status]')) == (1, 3, 2), output
    assert 'docs/adr/0001-a.md:1: written: superseded_by: [\'0002-b\', \'0003-c\']; git add -- docs/adr/0001-a.md' in output
    assert repo.read('docs/adr/0001-a.md') == ('---\r\ntitle: A\r\nsuperseded_by: [0002-b, 0003-c]\r\n'
                                               'status: accepted # for now\r\n---\r\n\r\n## Status\r\n')
    assert 'superseded_by: 0003-c\nstatus: superseded\n' in repo.read('docs/adr/0002-b.md')
    assert repo.read('plans/old.md') == '# Old\n\n- entity: plan\n- status: active\n- superseded_by: new\n'
    for path in ('docs/adr/0001-a.md', 'plans/old.md'):  # what a person wrote is a person's to change
        repo.write(path, re.sub('status: (accepted|active)', 'status: superseded', repo.read(path)))
    before = repo.snapshot()
    assert run(repo, ID, '--fix') == (0, '')
    assert repo.snapshot() == before


def test_who_supersedes_answers_for_the_older_one(repo: Sandbox) -> None:
    repo.write('docs/adr/0001-a.md', '---\ntitle: A\nstatus: accepted\n---\n')
    repo.commit()
    install(repo, ID)
    repo.write('docs/adr/0002-b.md', '---\ntitle: B\nsupersedes: 0001-a\n---\n')
    repo.git('add', '.')
    code, output = commit(repo)
    assert (code, output.count('docs/adr/0001-a.md:')) == (1, 2), output
    assert run(repo, ID, '--fix')[0] == 1
    repo.write('docs/adr/0001-a.md', repo.read('docs/adr/0001-a.md').replace('accepted', 'superseded'))
    repo.git('add', '.')
    assert commit(repo) == (0, '')
