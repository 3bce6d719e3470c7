from __future__ import annotations

import datetime
import json

import pytest

from conftest import Sandbox
from daybook.documents import review
from governance import TODAY
from governance import commit
from governance import install
from governance import run

ID = 'check-freshness'
NOTHING = (f'{ID}: 0 documents governed; give some `review_by` or `ttl_days`, or name `freshness.rules` in .daybook/config.yaml\n')


def _plan(head: str) -> str:
    return f'---\ntitle: P\n{head}---\n'


def test_nothing_to_check_is_told(repo: Sandbox) -> None:
    repo.write('plans/p.md', _plan('status: active\n'))
    repo.git('add', '.')
    assert run(repo, ID) == (0, NOTHING)


DUE = (
    ({'review_by': '2026-12-01', 'ttl_days': 3, 'reviewed': '2026-01-01'}, None, '2026-12-01'),
    ({'ttl_days': 3, 'reviewed': '2026-01-01', 'created': '2020-01-01'}, 90, '2026-01-04'),
    ({'updated': '2026-01-31T10:00:00Z'}, 30, '2026-03-02'),
    ({'date': '2026-01-01'}, 30, '2026-01-31'),
    ({'created': 'soon'}, 30, ''),
    ({'reviewed': '2026-13-01', 'created': '2026-01-01'}, 1, '2026-01-02'),
    ({'created': '9999-12-30'}, 90, '9999-12-31'),
    ({'reviewed': '2026-01-01'}, None, ''),
    ({'ttl_days': True, 'created': '2026-01-01'}, None, ''),
    ({'ttl_days': '7', 'created': '2026-01-01'}, None, ''),
)


@pytest.mark.parametrize(('meta', 'ttl', 'day'), DUE)
def test_due(meta: dict[str, object], ttl: int | None, day: str) -> None:
    assert review.due(meta, ttl) == day


@pytest.mark.parametrize(('meta', 'closed'), [
    ({}, False), ({'status': 'active'}, False), ({'status': 'Done'}, True), ({'status': 'superseded by 7'}, True),
    ({'status': 'not done'}, False), ({'superseded_by': '0007'}, True), ({'superseded_by': 'none'}, False),
    ({'superseded_by': []}, False), ({'status': 7}, False), ({'status': '✅ Done'}, True), ({'status': '**Archived**'}, True), ({'status': '🟡'}, False),
    ({'status': 'complete'}, True), ({'status': 'Cancelled'}, True), ({'status': 'abandoned in May'}, True), ({'status': 'shipped'}, True),
])
def test_closed(meta: dict[str, object], closed: bool) -> None:
    assert review.is_closed(meta) is closed


@pytest.mark.parametrize(('as_of', 'strict', 'code', 'words'), [
    ('2026-11-20', True, 0, ''),
    ('2026-11-21', True, 0, ''),
    ('2026-11-22', False, 0, 'plans/p.md:3: warning: a review was due on 2026-11-21, 1 day ago; '),
    ('2026-11-22', True, 1, 'plans/p.md:3: a review was due on 2026-11-21, 1 day ago; '),
    ('2027-11-22', False, 0, ', 366 days ago; '),
])
def test_the_day_itself_is_not_late(repo: Sandbox, as_of: str, strict: bool, code: int, words: str) -> None:
    repo.write('plans/p.md', _plan('review_by: 2026-11-21\n'))
    repo.git('add', '.')
    options = ('--as-of', as_of, *(('--strict',) if strict else ()))
    found = run(repo, ID, *options)
    assert found[0] == code and words in found[1] and bool(found[1]) is bool(words)
    assert run(repo, ID, *options) == found


def test_a_claim_that_nobody_has_filled_is_no_note(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'freshness: {rules: [{kinds: [session], ttl_days: 10}]}\n')
    stub = repo.write('docs/sessions/RT-261120-01.md', '---\noperator: roman\nkind: session\nclaimed_at: "2026-11-20T10:00:00Z"\n---\n')
    repo.git('add', '.')
    code, out = run(repo, ID)
    assert code == 0 and out.startswith(f'{ID}: 0 documents governed; '), out
    before = stub.read_bytes()
    code, out = run(repo, 'reviewed', 'docs/sessions/RT-261120-01.md')
    assert code == 1 and 'docs/sessions/RT-261120-01.md: a claim that nobody has filled; hand the session off first' in out
    assert stub.read_bytes() == before


def test_no_commit_fails_because_a_day_passed(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'freshness: {rules: [{kinds: [plan], ttl_days: 10}]}\n')
    repo.write('plans/p.md', _plan('reviewed: 2020-01-01\n'))
    repo.write('plans/q.md', _plan('review_by: 2020-01-01\n'))
    repo.commit()
    install(repo, ID)
    repo.write('plans/p.md', _plan('reviewed: 2020-01-01\nstatus: active\n'))
    repo.git('add', '.')
    code, out = commit(repo)
    assert code == 0 and 'plans/p.md:1: warning: a review was due on 2020-01-11' in out, out
    assert f'{ID}: 1 older problem in 1 document' in out


def test_a_commit_without_a_date_fails(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'freshness: {rules: [{paths: ["plans/**"]}]}\n')
    repo.write('plans/old.md', _plan(''))
    repo.commit()
    install(repo, ID)
    repo.write('plans/p.md', _plan(''))
    repo.git('add', '.')
    code, out = commit(repo)
    assert code == 1 and 'plans/p.md:1: nothing tells until when' in out and 'plans/old.md' not in out
    repo.write('plans/p.md', _plan('review_by: 2999-01-01\n'))
    repo.git('add', '.')
    assert commit(repo)[0] == 0


def test_new_rules_answer_for_what_they_govern(repo: Sandbox) -> None:
    repo.write('plans/old.md', _plan(''))
    repo.commit()
    install(repo, ID)
    repo.write('.daybook/config.yaml', 'freshness: {rules: [{paths: ["plans/**"]}]}\n')
    repo.git('add', '.')
    code, out = commit(repo)
    assert code == 1 and 'plans/old.md:1: nothing tells until when' in out


def test_table_of_what_is_due(repo: Sandbox) -> None:
    for name, day in (('a', '2026-12-21'), ('b', '2026-11-01'), ('c', '2026-12-22'), ('d', '2026-11-21')):
        repo.write(f'plans/{name}.md', _plan(f'review_by: {day}\n'))
    repo.write('plans/e.md', _plan('review_by: 2020-01-01\nstatus: done\n'))
    repo.git('add', '.')
    code, out = run(repo, ID, '--due', '--as-of', TODAY)
    assert (code, out.splitlines()) == (0, [
        '2026-11-01  overdue  plans/b.md', '2026-11-21  due      plans/d.md', '2026-12-21  due      plans/a.md'])
    repo.write('.daybook/config.yaml', 'freshness: {due_days: 0}\n')
    assert run(repo, ID, '--due', '--as-of', '2026-10-01') == (0, f'{ID}: nothing is due within 0 days of 2026-10-01\n')


@pytest.mark.parametrize(('head', 'words'), (
    ('ttl_days: "90"', 'ttl_days: no number of days: "90"; write it as 90'), ('ttl_days: true', 'no number of days: true; write it as 90'),
    ('ttl_days: 0', 'no number of days: 0; write it as 90'), ('review_by: [2026-01-01]', 'review_by: no date: ["2026-01-01"]; write'),
    ('review_by: ""', 'review_by: no date: ""; write it as 2026-11-30'), ('review_by: 20261130', 'no date: 20261130; write'),
    ('review_by: 0000-01-01', 'no date: "0000-01-01"; write'), ('review_by: 10000-01-01', 'no date: "10000-01-01"; write'),
    ('review_by: 0001-01-01', 'a review was due on 0001-01-01'), ('review_by: "٢٠٢٦-١١-٣٠"', 'no date: "٢٠٢٦-١١-٣٠"; write'),
))
def test_odd_dates_and_days(repo: Sandbox, head: str, words: str) -> None:
    repo.write('plans/p.md', _plan(f'{head}\n'))
    repo.write('plans/far.md', _plan('review_by: 9999-12-31\n'))
    repo.write('plans/long.md', _plan('ttl_days: 99999\ncreated: 9999-12-01\n'))
    repo.git('add', '.')
    for day in (TODAY, '9999-12-31'):
        _, out = run(repo, ID, '--as-of', day)
        assert words in out and 'far.md' not in out and 'long.md' not in out, out


def test_the_first_rule_that_fits_holds(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'freshness:\n  rules:\n    - {paths: [plans/slow/**], ttl_days: 1000}\n    - {kinds: [plan], ttl_days: 1}\n')
    repo.write('plans/slow/p.md', _plan('reviewed: 2026-11-01\n'))
    repo.write('plans/p.md', _plan('reviewed: 2026-11-01\n'))
    repo.write('docs/adr/a.md', _plan('reviewed: 2026-11-01\n'))
    repo.git('add', '.')
    assert [line.split(':')[0] for line in run(repo, ID, '--as-of', TODAY)[1].splitlines()] == ['plans/p.md']


def test_dates_in_paths_are_no_review_dates(repo: Sandbox) -> None:
    repo.write('plans/p.md', _plan('') + '\n> TTL enforcement follows `/decisions/2025-10-17_ttl.md`.\n\nTTL: see /a/2025-10-17_b.md\n')
    repo.git('add', '.')
    assert run(repo, ID) == (0, NOTHING)


@pytest.mark.parametrize('line', (
    'TTL: 2026-11-01', '**TTL:** Review by **2026-11-01**', 'Review by 2026-11-01', '**Next Review**: 2026-11-01 (1 month)',
    '> Next review: after the next change, or by 2026-11-01', '*Next Review Date:* 2026-11-01', 'NEXT REVIEW: 2026-11-01',
    '## TTL\n\nReview and update by **2026-11-01** unless work goes on sooner.', '_ttl: 2026-11-01_',
))
def test_a_day_in_the_text(repo: Sandbox, line: str) -> None:
    repo.write('plans/p.md', f'{_plan("")}\n# P\n\nText.\n\n{line}\n')
    repo.git('add', '.')
    code, out = run(repo, ID, '--as-of', TODAY)
    assert code == 0 and 'a review was due on 2026-11-01' in out, out


@pytest.mark.parametrize('line', (
    'The next review: 2026-11-01', 'Review the outcomes by 2026-11-01', '- Next reviewer: R, 2026-11-01', 'Last review: 2026-11-01', 'Reviewed by R on 2026-11-01',
))
def test_what_is_said_of_other_reviews_is_no_day(repo: Sandbox, line: str) -> None:
    repo.write('plans/p.md', f'{_plan("")}\n# P\n\n{line}\n')
    repo.git('add', '.')
    assert run(repo, ID) == (0, NOTHING)


# a head, and the last day as of which its review is not late; no zone of a machine or of a time moves it
DAYS = {
    'a YAML date': ('review_by: 2026-11-30', '2026-11-30'),
    'a string': ('review_by: "2026-11-30"', '2026-11-30'),
    'a time behind UTC': ('review_by: 2026-11-30T23:59:59-11:00', '2026-11-30'),
    'a time before UTC': ('review_by: 2026-11-30T00:30:00+14:00', '2026-11-30'),
    'a time with a space': ('review_by: 2026-11-30 10:00:00Z', '2026-11-30'),
    'with a tag': ('review_by: !!timestamp 2026-11-30', '2026-11-30'),
    'to a leap day': ('ttl_days: 1\nreviewed: 2024-02-28', '2024-02-29'),
    'from a leap day': ('ttl_days: 365\nreviewed: 2024-02-29', '2025-02-28'),
    'over a leap year': ('ttl_days: 366\nreviewed: 2023-02-28', '2024-02-29'),
    'a leap day': ('review_by: 2024-02-29', '2024-02-29'),
    'over a year': ('ttl_days: 1\ncreated: 2026-12-31', '2027-01-01'),
    'over a change of the clocks': ('ttl_days: 9\nupdated: "2026-03-28T23:30:00+01:00"', '2026-04-06'),
}
ZONES = ('Pacific/Kiritimati', 'America/Anchorage')


@pytest.mark.parametrize(('head', 'last'), DAYS.values(), ids=DAYS)
def test_the_same_tree_and_day_give_the_same_answer(repo: Sandbox, head: str, last: str) -> None:
    repo.write('plans/p.md', _plan(f'{head}\n'))
    repo.git('add', '.')
    assert run(repo, ID, '--strict', '--as-of', last) == (0, '')
    late = datetime.date.fromisoformat(last) + datetime.timedelta(days=1)
    answers = {run(repo, ID, '--strict', '--as-of', f'{late}', env={'TZ': zone}) for zone in ZONES}
    assert len(answers) == 1 and f'a review was due on {last}, 1 day ago' in answers.pop()[1]


def test_no_commit_fails_for_the_day(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'freshness: {rules: [{kinds: [plan], ttl_days: 1}]}\n')
    repo.write('plans/p.md', _plan('reviewed: 2020-01-01\n'))
    repo.write('plans/q.md', _plan('reviewed: 2020-01-01\n'))
    repo.commit()
    install(repo, 'check-all')
    repo.write('plans/p.md', _plan('reviewed: 2020-01-01\nstatus: active\n') + '\nmore\n')
    repo.git('add', '.')
    code, out = commit(repo)
    assert code == 0 and 'plans/p.md:1: warning: a review was due on 2020-01-02' in out, out


def _in(days: int) -> str:
    return f'{datetime.date.today() + datetime.timedelta(days)}'


def test_home_page_and_resume_count_as_the_check_does(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'kinds: {doc: {paths: ["ops/**/*.md"]}}\n'
               'freshness: {rules: [{kinds: [plan], ttl_days: 30}], due_days: 14}\n')
    repo.write('plans/by_rule.md', _plan(f'reviewed: {_in(-25)}\n'))
    repo.write('plans/own_days.md', _plan(f'ttl_days: 3\ncreated: {_in(-9)}\n'))
    repo.write('plans/far.md', _plan(f'review_by: {_in(90)}\n'))
    repo.write('plans/2020-01-01-no-date.md', _plan(''))
    repo.write('plans/done.md', _plan(f'review_by: {_in(-9)}\nstatus: done\n'))
    repo.write('ops/bullets.md', f'# State\n\n- entity: state\n- review_by: {_in(2)}\n')
    repo.write('ops/footer.md', f'# Foot\n\nText.\n\nTTL: review on {_in(7)}\n')
    repo.write('ops/none.md', '# Nothing\n')
    repo.commit()
    wanted = {'plans/by_rule.md': _in(5), 'plans/own_days.md': _in(-6), 'ops/bullets.md': _in(2), 'ops/footer.md': _in(7)}

    code, out = run(repo, ID, '--due')
    assert (code, {line.split()[-1]: line.split()[0] for line in out.splitlines()}) == (0, wanted)

    resumed = repo.daybook('resume', '--no-fetch').stdout
    assert [f'  {day}{" (overdue)" if day < _in(0) else ""}: {path}' for path, day in sorted(wanted.items(), key=lambda one: one[1])] \
        == resumed.partition('documents to review by:\n')[2].splitlines()[:4]

    assert repo.daybook('render-docs').returncode in (0, 1)
    rows = [json.loads(line.rstrip(',')) for part in sorted((repo.root / 'docs/rendered/data').glob('rows-*.js'))
            for line in part.read_text().splitlines() if line.startswith('["')]
    due = {row[0].replace('.html', '.md'): row[8] for row in rows if row[8]}
    assert due == {**wanted, 'plans/far.md': _in(90)}


def test_resume_tells_a_day_that_has_come_from_what_it_kept(repo: Sandbox) -> None:
    repo.write('plans/a.md', _plan(f'review_by: {_in(31)}\n'))
    repo.commit()
    assert 'documents to review' not in repo.daybook('resume', '--no-fetch').stdout
    kept = next((repo.root / '.git/daybook').glob('resume-*.json'))
    assert f'"{_in(1)}"' in kept.read_text(), 'from tomorrow on it will be told'
    for day in (31, 30):
        repo.write('plans/a.md', _plan(f'review_by: {_in(day)}\n'))
        assert ('documents to review' in repo.daybook('resume', '--no-fetch').stdout) == (day == 30), 'on the disk is enough'
    repo.git('add', '--all')
    assert f'  {_in(30)}: plans/a.md\n' in repo.daybook('resume', '--no-fetch').stdout
