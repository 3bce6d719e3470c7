"""A rule of governance that governs nothing says so by hand, and never in an ordinary commit."""
from __future__ import annotations

import pytest

from conftest import Sandbox
from governance import commit
from governance import install
from governance import run

CONFIG = '.daybook/config.yaml'
PLAN = '---\ntitle: P\nowner: r\nsummary: s\nstatus: draft\ncreated: 2026-01-01\nzone: internal\nentity: plan\nreview_by: 2999-01-01\n---\n\n## Changelog\n\nx\n'
BARE = '---\ntitle: P\nowner: r\nsummary: s\ncreated: 2026-01-01\n---\n\n## Changelog\n\nx\n'
COCHANGE = 'cochange: [{name: ports, when: [plans/p.md], then: [ops/b]}]\n'

IDLE = (
    pytest.param('check-authority', '', {}, '', 'there is no map at .daybook/authority.yaml', id='no map'),
    pytest.param('check-authority', '', {'.daybook/authority.yaml': 'plan: GitHub\n', 'plans/q.md': BARE}, 'plans/q.md',
                 'none that is named has an `entity`, so only .daybook/authority.yaml itself was checked', id='authority of a file'),
    pytest.param('check-cochange', '', {}, '', 'there is no rule under `cochange` in .daybook/config.yaml', id='no co-change rule'),
    pytest.param('check-cochange', COCHANGE, {'ops/b': 'x'}, '',
                 'nothing is staged, so only the rules themselves were checked; give `--range A..B` for what is committed', id='nothing staged'),
    pytest.param('check-freshness', '', {'plans/p.md': BARE}, '',
                 'give some `review_by` or `ttl_days`, or name `freshness.rules` in .daybook/config.yaml', id='no review'),
    pytest.param('check-freshness', 'freshness: {rules: [{kinds: [plan]}, {paths: [opps/*.md], ttl_days: 9}]}\n', {}, '',
                 'no open document fits rule 2 of `freshness.rules`, or an earlier one has them', id='a rule of freshness'),
    pytest.param('check-freshness', '', {'plans/q.md': BARE}, 'plans/q.md', 'none that is named must be reviewed', id='freshness of a file'),
    pytest.param('check-freshness', 'freshness: {rules: [{paths: [opps/*.md], ttl_days: 9}]}\n', {'plans/p.md': BARE}, '',
                 'no open document fits rule 1 of `freshness.rules`, or an earlier one has them', id='the only rule of freshness'),
    pytest.param('check-zones', '', {'plans/p.md': BARE}, '', 'give some a `zone`, or name `zones.folders` in .daybook/config.yaml', id='no zone'),
    pytest.param('check-zones', 'zones: {folders: {opps: private}}\n', {}, '', 'none lies in `zones.folders`: opps', id='a folder of a zone'),
    pytest.param('check-zones', '', {'plans/q.md': BARE}, 'plans/q.md', 'none that is named has a zone', id='the zone of a file'),
    pytest.param('check-lifecycle', '', {'plans/p.md': BARE}, '',
                 'name `kinds.<kind>.statuses` in .daybook/config.yaml, or let a document say what it supersedes', id='no table'),
    pytest.param('check-lifecycle', 'kinds: {plan: {statuses: {draft: []}}, adr: {statuses: {open: []}}}\n', {}, '',
                 'none has a status of `kinds.adr.statuses`', id='a table'),
    pytest.param('check-lifecycle', 'kinds: {plan: {statuses: {draft: []}}}\n', {'docs/adr/a.md': BARE}, 'docs/adr/a.md',
                 'none that is named has a status of a table, supersedes another or is superseded', id='the status of a file'),
    pytest.param('validate-frontmatter', 'kinds: {doc: {paths: ["ops/*.md"]}}\n', {'ops/x.md': BARE}, '',
                 'none of kind doc has a header, and none says `source_path`, or `version` where its name does', id='no header'),
)


@pytest.mark.parametrize(('hook_id', 'settings', 'files', 'named', 'words'), IDLE)
def test_a_rule_without_anything_to_check_says_so(repo: Sandbox, hook_id: str, settings: str, files: dict[str, str], named: str, words: str) -> None:
    for path, text in {CONFIG: settings, 'plans/p.md': PLAN, **files}.items():
        repo.write(path, text)
    repo.commit()
    assert run(repo, hook_id, *([named] if named else [])) == (0, f'{hook_id}: 0 documents governed; {words}\n')
    install(repo, hook_id)
    repo.write('other.txt', 'x')
    repo.git('add', '.')
    assert commit(repo) == (0, '')
    for path in (CONFIG, *files):  # what the rule is about, changed
        repo.write(path, repo.read(path) + '\n')
    repo.git('add', '.')
    assert commit(repo) == (0, '')


def test_an_empty_range_is_told_and_a_full_one_is_not(repo: Sandbox) -> None:
    repo.write(CONFIG, COCHANGE)
    repo.write('plans/p.md', BARE)
    repo.write('ops/b', 'x')
    repo.commit()
    repo.write('a', 'x')
    repo.commit()
    words = 'check-cochange: 0 documents governed; nothing is changed in that range, so only the rules themselves were checked\n'
    assert run(repo, 'check-cochange', '--range', 'HEAD..HEAD') == (0, words)
    assert run(repo, 'check-cochange', '--range', 'HEAD^..HEAD') == (0, '')
    assert run(repo, 'check-cochange', '--exits') == (0, '')
    repo.write('b', 'x')
    repo.git('add', 'b')
    assert run(repo, 'check-cochange') == (0, '')


def test_check_all_asks_only_what_is_set_up(repo: Sandbox) -> None:
    repo.write('plans/p.md', BARE)
    repo.commit()
    assert run(repo, 'check-all') == (0, '')
    repo.write(CONFIG, 'freshness: {rules: [{kinds: [adr], ttl_days: 9}]}\n')
    repo.commit()
    code, out = run(repo, 'check-all')
    assert code == 0 and out.startswith('check-freshness: 0 documents governed; ') and out.count('\n') == 1


def test_a_log_without_rows_is_told(repo: Sandbox) -> None:
    repo.write(CONFIG, 'handoff: {action_log: logs/log.csv}\n')
    repo.write('plans/p.md', BARE)
    repo.write('logs/log.csv', 'date,actor,action,entity,notes\n\n')
    repo.commit()
    words = 'validate-frontmatter: 0 rows governed in logs/log.csv: it has only its header; the next hand-off adds one\n'
    assert run(repo, 'validate-frontmatter') == (0, words)
    repo.write('logs/log.csv', 'date,actor,action,entity,notes\n2026-01-01,r,handoff,x,\n')
    repo.commit()
    assert run(repo, 'validate-frontmatter') == (0, '')
