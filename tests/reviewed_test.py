from __future__ import annotations

import pytest

from conftest import Sandbox
from governance import run

ID = 'reviewed'
DAY = ('--as-of', '2026-11-21')
PLAN = '---\ntitle: P\n{}---\n\n# P\n'

# the document before and after, the words behind the file, the day of the next review
STAMPED = (
    pytest.param(PLAN.format('ttl_days: 30\n'), PLAN.format('ttl_days: 30\nreviewed: "2026-11-21"\n'), (), '2026-12-21', id='own days'),
    pytest.param(PLAN.format('reviewed: 2026-01-01 # by hand\nttl_days: 30\n'), PLAN.format('reviewed: "2026-11-21" # by hand\nttl_days: 30\n'), (),
                 '2026-12-21', id='again'),
    pytest.param(PLAN.format('review_by: 2026-11-01\n'), PLAN.format('review_by: "2027-01-31"\nreviewed: "2026-11-21"\n'), ('--until', '2027-01-31'),
                 '2027-01-31', id='a day of its own'),
    pytest.param(PLAN.format('review_by: 2027-02-01\n'), PLAN.format('review_by: 2027-02-01\nreviewed: "2026-11-21"\n'), (), '2027-02-01',
                 id='one that has not come'),
    pytest.param(PLAN.format('review_by: 2026-11-01\nttl_days: 10\n'), PLAN.format('review_by: "2026-12-01"\nttl_days: 10\nreviewed: "2026-11-21"\n'), (),
                 '2026-12-01', id='both'),
    pytest.param('# P\r\n\r\n- entity: plan\r\n- date: 2026-01-01\r\n\r\ntext\r\n',
                 '# P\r\n\r\n- entity: plan\r\n- date: 2026-01-01\r\n- reviewed: 2026-11-21\r\n- review_by: 2026-12-24\r\n\r\ntext\r\n',
                 ('--until', '2026-12-24'), '2026-12-24', id='bullets with CRLF'),
    pytest.param('- entity: plan\n- reviewed: 2025-01-01\n- ttl_days: 5\n\n# P\n', '- entity: plan\n- reviewed: 2026-11-21\n- ttl_days: 5\n\n# P\n', (),
                 '2026-11-26', id='bullets again'),
    pytest.param('---\n- entity: plan\n- date: 2026-01-01\n---\n\n# P\n\n**TTL:** Review by **2026-02-01**.\n',
                 '---\n- entity: plan\n- date: 2026-01-01\n- reviewed: 2026-11-21\n- review_by: 2027-01-01\n---\n\n# P\n\n**TTL:** Review by **2026-02-01**.\n',
                 ('--until', '2027-01-01'), '2027-01-01', id='a fenced list and a line in the text'),
    pytest.param('---\n- entity: plan\n- ttl_days: 10\n---\n\n# P\n\n- Owner: ask Bob\n- Reviewed: by the whole team\n',
                 '---\n- entity: plan\n- ttl_days: 10\n- reviewed: 2026-11-21\n---\n\n# P\n\n- Owner: ask Bob\n- Reviewed: by the whole team\n',
                 (), '2026-12-01', id='a fenced list and bullets of the text'),
)


@pytest.mark.parametrize(('before', 'after', 'words', 'due'), STAMPED)
def test_stamps_the_header_that_is_there(repo: Sandbox, before: str, after: str, words: tuple[str, ...], due: str) -> None:
    repo.write('plans/p.md', before)
    repo.git('add', '.')
    assert run(repo, ID, 'plans/p.md', *DAY, *words) == (0, f'plans/p.md: reviewed 2026-11-21, next by {due}\ngit add -- plans/p.md\n')
    assert repo.read('plans/p.md') == after
    assert run(repo, ID, 'plans/p.md', *DAY, *words) == (0, f'plans/p.md: reviewed 2026-11-21, next by {due}\n')
    assert repo.read('plans/p.md') == after
    assert run(repo, 'check-freshness', '--strict', *DAY) == (0, '')


def test_days_of_the_settings(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'freshness: {rules: [{kinds: [plan], ttl_days: 7}]}\n')
    repo.write('plans/a b.md', PLAN.format(''))
    assert run(repo, ID, 'plans/a b.md', *DAY) == (0, "plans/a b.md: reviewed 2026-11-21, next by 2026-11-28\ngit add -- 'plans/a b.md'\n")


REFUSED = (
    pytest.param(PLAN.format(''), (), 'nothing tells when the next review is due; give it with `--until YYYY-MM-DD`', id='no days'),
    pytest.param(PLAN.format('review_by: 2026-11-21\n'), (), 'nothing tells when', id='a day that has come'),
    pytest.param(PLAN.format('') + 'TTL: 2026-01-01\n', (), 'nothing tells when', id='a day in the text that has come'),
    pytest.param('# P\n', ('--until', '2027-01-01'), 'it has no header; `daybook backfill-frontmatter` adds one', id='no header'),
    pytest.param('---\ntitle: [\n---\n', ('--until', '2027-01-01'), 'mend it first', id='broken'),
    pytest.param(PLAN.format(''), ('--until', '2026-11-21'), '--until 2026-11-21 is not after 2026-11-21', id='no later day'),
)


@pytest.mark.parametrize(('text', 'words', 'message'), REFUSED)
def test_refuses_and_leaves_all_as_it_was(repo: Sandbox, text: str, words: tuple[str, ...], message: str) -> None:
    repo.write('plans/good.md', PLAN.format('ttl_days: 30\n'))
    repo.write('plans/p.md', text)
    before = repo.snapshot()
    code, out = run(repo, ID, 'plans/good.md', 'plans/p.md', *DAY, *words)
    assert code == 1 and message in out, out
    assert repo.snapshot() == before


def test_only_documents(repo: Sandbox) -> None:
    repo.write('main.md', 'x')
    assert 'main.md: no document' in run(repo, ID, 'main.md', '--until', '2999-01-01')[1]
    assert 'plans/gone.md: no such file' in run(repo, ID, 'plans/gone.md', '--until', '2999-01-01')[1]
    assert run(repo, ID, '../x.md', '--until', '2999-01-01')[0] == 1
