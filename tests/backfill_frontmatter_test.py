"""backfill-frontmatter over real repositories: what it writes, what it leaves, and what a kill or a race leaves."""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.backfill import writing
from daybook.backfill.backfilling import Fill
from daybook.documents import config
from daybook.documents import frontmatter
from daybook.repo import files
from daybook.repo import git
from daybook.writers import insertion
from daybook.writers.backfill import Derived
from kills import killed_at
from kills import needs_fork

ID = 'backfill-frontmatter'
OPERATORS = '''operators:
  roman: {name: Roman Tester, initials: RT, emails: [roman@example.com]}
  sergei: {name: Sergei K, initials: SK, emails: [sergei@example.com]}
'''
SERGEI = {'GIT_AUTHOR_NAME': 'Sergei K', 'GIT_AUTHOR_EMAIL': 'sergei@example.com'}
BUYERS = '# Buyer journey\n\n- **Date:** 2026-04-30\n\n## Summary\n\nThe journey has five steps. More.\n'


def _on(day: str, **more: str) -> dict[str, str]:
    return {'GIT_AUTHOR_DATE': f'{day}T12:00:00+0200', 'GIT_COMMITTER_DATE': f'{day}T12:00:00+0200', **more}


def _commit(repo: Sandbox, day: str, **more: str) -> None:
    repo.git('add', '--all')
    repo.git('commit', '-q', '--no-verify', '--allow-empty', '-m', day, env=_on(day, **more))


def _meta(repo: Sandbox, path: str) -> dict[str, object]:
    return frontmatter.parse((repo.root / path).read_bytes()).meta


@pytest.fixture
def team(repo: Sandbox) -> Sandbox:
    """A repository of two operators, without documents."""
    repo.write('.daybook/operators.yaml', OPERATORS)
    _commit(repo, '2026-05-01')
    return repo


def _prove(repo: Sandbox, before: dict[str, bytes]) -> list[str]:
    """Assert that nothing but inserted lines differs from `before`; return the changed paths."""
    after = repo.snapshot()
    assert after.keys() == before.keys()
    changed = [path for path in after if after[path] != before[path]]
    assert all(insertion.inserted_lines(before[path], after[path]) for path in changed)
    return changed


def _install(repo: Sandbox) -> None:
    repo.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook {ID}\n').chmod(0o755)


def test_nothing_to_add_writes_nothing(team: Sandbox) -> None:
    team.write('README.md', '# No document\n')
    team.write('docs/sessions/RT-261120-01.md', '---\ntitle: T\nclaimed_at: "2026-11-20"\n---\n\n## Summary\n')
    _commit(team, '2026-05-02')
    before = team.snapshot()
    run = team.daybook(ID)
    assert (run.returncode, run.stdout, run.stderr) == (0, '', '')
    assert team.snapshot() == before


def test_seed_three_of_a_name_stay_three(team: Sandbox) -> None:
    names = ('CONV-30', 'CONV-30-buyer-journey', 'CONV-30-cloudflare')
    for name in names:
        team.write(f'docs/sessions/{name}.md', BUYERS)
    team.write('docs/sessions/LOCAL-2026-05-11-1.md',
               b'\xef\xbb\xbf---\r\nnotion_page_id: pending-reconcile # load-bearing\r\nfilename_note: was CONV-29\r\n---\r\n# Local')
    _commit(team, '2026-05-12', **SERGEI)
    before = team.snapshot()
    run = team.daybook(ID)
    assert run.returncode == 1 and run.stderr == ''
    assert run.stdout.splitlines()[-1].startswith('git add -- docs/sessions/CONV-30-buyer-journey.md ')
    assert len(_prove(team, before)) == 4
    found = [_meta(team, f'docs/sessions/{name}.md') for name in names]
    assert [meta['external_id'] for meta in found] == [meta['id'] for meta in found] == list(names)
    assert found[0] == {'title': 'Buyer journey', 'operator': 'sergei', 'summary': 'The journey has five steps.',
                        'kind': 'session', 'id': 'CONV-30', 'external_id': 'CONV-30', 'created': '2026-04-30'}
    assert team.read('docs/sessions/LOCAL-2026-05-11-1.md') == (
        '\ufeff---\r\ntitle: Local\r\noperator: sergei\r\nkind: session\r\nid: LOCAL-2026-05-11-1\r\n'
        'external_id: LOCAL-2026-05-11-1\r\ncreated: "2026-05-11"\r\nlegacy_notes: ["filename_note: was CONV-29"]\r\n'
        'notion_page_id: pending-reconcile # load-bearing\r\nfilename_note: was CONV-29\r\n---\r\n# Local')


def test_seed_list_above_the_title(team: Sandbox) -> None:
    team.write('plans/playbook.md', '- entity: plan\n- date: 2025-10-28\n\n---\n\n# Playbook — SoT\n\n**Purpose.** Align.\n')
    _commit(team, '2026-05-02')
    before = team.snapshot()
    assert team.daybook(ID).returncode == 1
    assert _prove(team, before) == ['plans/playbook.md']
    assert _meta(team, 'plans/playbook.md') == {'title': 'Playbook — SoT', 'owner': 'roman', 'kind': 'plan',
                                                'external_id': 'playbook', 'created': '2025-10-28'}


def test_second_run_changes_nothing_and_the_documents_are_valid(team: Sandbox) -> None:
    team.write('docs/sessions/old.md', BUYERS)
    team.write('docs/adr/0001-x.md', '# X\n\nDate: 2026-05-01\n')
    _commit(team, '2026-05-02')
    assert team.daybook(ID).returncode == 1
    before = team.snapshot()
    for words in ((), ('--check',), ('--dry-run',), ('--commit',)):
        if '--commit' in words:
            _commit(team, '2026-05-03')
        run = team.daybook(ID, *words)
        assert (run.returncode, run.stdout, run.stderr) == (0, '', ''), words
    assert team.snapshot() == before
    run = team.daybook('validate-frontmatter')
    assert (run.returncode, run.stdout) == (0, '')


def test_check_and_dry_run_write_nothing(team: Sandbox) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02')
    before = team.snapshot()
    run = team.daybook(ID, '--check')
    assert (run.returncode, run.stdout) == (
        1, f'plans/p.md:1: lacks title, owner, kind, external_id, created; `daybook {ID}` adds it [{ID}]\n')
    run = team.daybook(ID, '--dry-run')
    assert (run.returncode, run.stderr) == (0, '')
    assert team.snapshot() == before
    subprocess.run(('git', 'apply'), cwd=team.root, input=run.stdout.encode(), check=True)
    assert team.daybook(ID, '--check').returncode == 0


def test_first_author_through_renames_and_merges(team: Sandbox) -> None:
    text = '# P\n' + ''.join(f'line {n}\n' for n in range(20))
    team.write('notes/draft.md', text)
    _commit(team, '2026-05-02', **SERGEI)
    team.git('switch', '-qc', 'side')
    team.write('plans/draft.md', text + 'moved and changed\n')
    (team.root / 'notes/draft.md').unlink()
    _commit(team, '2026-05-03')
    team.git('switch', '-q', 'main')
    team.write('docs/adr/other.md', '# O\n')
    _commit(team, '2026-05-04')
    team.git('merge', '-q', '--no-edit', 'side', env=_on('2026-05-05'))
    team.git('mv', 'plans/draft.md', 'plans/final.md')
    _commit(team, '2026-05-06')
    assert team.daybook(ID).returncode == 1
    for path, owner, day in (('plans/final.md', 'sergei', '2026-05-02'), ('docs/adr/other.md', 'roman', '2026-05-04')):
        assert (_meta(team, path)['owner'], _meta(team, path)['created']) == (owner, day)
        followed = team.git('log', '--diff-filter=A', '--follow', '--format=%as', '--', path)
        assert followed.split()[-1] == day, 'what git itself says of one file'


def test_added_twice_the_first_counts(team: Sandbox) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02', **SERGEI)
    (team.root / 'plans/p.md').unlink()
    _commit(team, '2026-05-03')
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-04')
    team.daybook(ID)
    assert (_meta(team, 'plans/p.md')['owner'], _meta(team, 'plans/p.md')['created']) == ('sergei', '2026-05-02')


def test_added_by_a_merge_itself(team: Sandbox) -> None:
    team.git('switch', '-qc', 'side')
    _commit(team, '2026-05-02')
    team.git('switch', '-q', 'main')
    team.git('merge', '-q', '--no-commit', '--no-ff', 'side')
    team.write('plans/evil.md', '# Evil\n')
    _commit(team, '2026-05-07', **SERGEI)
    team.daybook(ID)
    assert (_meta(team, 'plans/evil.md')['owner'], _meta(team, 'plans/evil.md')['created']) == ('sergei', '2026-05-07')


@pytest.mark.parametrize('name, email, operator', [
    ('Somebody', 'sergei@example.com', 'sergei'), ('sergei k', 'old@example.com', 'sergei'),
    ('Roman', 'r@example.com', None), ('Claude', 'noreply@anthropic.com', None), ('dependabot[bot]', 'x@x', None),
])
def test_author_is_an_operator_or_nobody(team: Sandbox, name: str, email: str, operator: str | None) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02', GIT_AUTHOR_NAME=name, GIT_AUTHOR_EMAIL=email)
    run = team.daybook(ID)
    assert _meta(team, 'plans/p.md').get('owner') == operator
    assert ('owner left out: added by ' in run.stderr) is (operator is None)


def test_without_an_operators_file_the_history_tells(repo: Sandbox) -> None:
    repo.write('plans/p.md', '# P\n')
    _commit(repo, '2026-05-02')
    repo.daybook(ID)
    assert _meta(repo, 'plans/p.md')['owner'] == 'roman-tester'
    assert repo.daybook('whoami').stdout.startswith('roman-tester')


def test_a_shallow_clone_knows_nothing_of_the_history(team: Sandbox, tmp_path: Path) -> None:
    team.write('plans/p.md', '# P\n')
    team.write('plans/2026-05-02-q.md', '# Q\n')
    _commit(team, '2026-05-02')
    _commit(team, '2026-05-03')
    subprocess.run(('git', 'clone', '-q', '--depth', '1', team.root.as_uri(), str(tmp_path / 'clone')), check=True)
    clone = Sandbox(tmp_path / 'clone')
    run = clone.daybook(ID)
    assert _meta(clone, 'plans/p.md') == {'title': 'P', 'kind': 'plan', 'external_id': 'p'}
    assert _meta(clone, 'plans/2026-05-02-q.md') == {'title': 'Q', 'kind': 'plan', 'external_id': '2026-05-02-q',
                                                     'created': '2026-05-02'}
    assert 'created left out: this clone is shallow' in run.stderr and 'git fetch --unshallow' in run.stderr
    clone.git('fetch', '-q', '--unshallow')
    assert clone.daybook(ID).returncode == 1
    assert _meta(clone, 'plans/p.md')['created'] == '2026-05-02'


def test_without_a_commit(repo: Sandbox) -> None:
    repo.write('plans/p.md', '# P\n')
    repo.git('add', '.')
    run = repo.daybook(ID)
    assert _meta(repo, 'plans/p.md') == {'title': 'P', 'kind': 'plan', 'external_id': 'p'}
    assert run.stderr == (f'{ID}: created left out: not committed yet (plans/p.md)\n'
                          f'{ID}: owner left out: not committed yet (plans/p.md)\n')


LEFT = (
    ('a name used twice', {'docs/sessions/a/n.md': '# A\n', 'docs/sessions/b/N.md': '# B\n'},
     'external_id left out: another document has the name (docs/sessions/'),
    ('an id of another', {'docs/sessions/n.md': '# A\n', 'docs/sessions/m.md': '---\ntitle: M\nexternal_id: N\n---\n'},
     'id left out: another document has the name: docs/sessions/m.md (docs/sessions/n.md)'),
    ('what would not be valid', {'plans/p.md': '---\ntitle: P\nkind: adr\n---\n'},
     'left alone: validate-frontmatter would still say: /kind: '),
    ('broken', {'plans/p.md': '---\ntitle: [\n---\n'}, 'left alone: not valid YAML'),
    ('list', {'plans/p.md': '---\n- entity: plan\n---\n'}, 'left alone: a list of one-key maps; `--convert`'),
    ('flow', {'plans/p.md': '---\n{title: P}\n---\n'}, 'left alone: the frontmatter is written as `{…}`'),
)


@pytest.mark.parametrize('given, words', [row[1:] for row in LEFT], ids=[row[0] for row in LEFT])
def test_what_is_left_is_listed(team: Sandbox, given: dict[str, str], words: str) -> None:
    for path, text in given.items():
        team.write(path, text)
    _commit(team, '2026-05-02')
    before = team.snapshot()
    run = team.daybook(ID)
    assert f'{ID}: {words}' in run.stderr
    _prove(team, before)
    assert '\nid: n\n' not in ''.join(text.decode() for text in team.snapshot().values()).casefold()


def test_convert_makes_a_mapping_and_fills_it(team: Sandbox) -> None:
    team.write('plans/p.md', '---\n- entity: plan\n- date: 2025-10-30\n---\n\n# Sync\n')
    _commit(team, '2026-05-02')
    assert team.daybook(ID, '--convert').returncode == 1
    assert team.read('plans/p.md') == ('---\ntitle: Sync\nowner: roman\nkind: plan\nexternal_id: p\n'
                                       'created: "2025-10-30"\nentity: plan\ndate: 2025-10-30\n---\n\n# Sync\n')
    assert team.daybook(ID, '--convert', '--check').returncode == 0


def test_report_tells_what_came_from_what(team: Sandbox) -> None:
    team.write('docs/sessions/2026-05-02-x.md', '# X\n\n**Date:** 2026-05-01\n')
    _commit(team, '2026-05-02')
    run = team.daybook(ID, '--check', '--report', 'json')
    [row] = json.loads(run.stdout)
    assert run.returncode == 1 and run.stderr == ''
    assert row['added']['title'] == {'value': 'X', 'from': 'the heading on line 1'}
    assert row['left_out'] == {'created': 'the header and the file name disagree: 2026-05-01; 2026-05-02'}
    run = team.daybook(ID, '--report', 'text')
    assert '  operator: roman (from the author of commit ' in run.stdout
    assert '  created left out: the header and the file name disagree: 2026-05-01; 2026-05-02\n' in run.stdout


def test_names_and_folders(team: Sandbox) -> None:
    for path in ('plans/a.md', 'plans/b/c.md', 'docs/adr/0001-x.md'):
        team.write(path, '# T\n')
    _commit(team, '2026-05-02')
    before = team.snapshot()
    team.daybook(ID, 'b', cwd='plans')
    assert _prove(team, before) == ['plans/b/c.md']
    run = team.daybook(ID, 'nothing.md')
    assert run.returncode == 1 and 'no such file: nothing.md' in run.stderr
    outside = team.write('../outside.md', '# T\n')
    assert team.daybook(ID, str(outside)).returncode == 1


def test_a_symbolic_link_is_left_alone(team: Sandbox) -> None:
    team.write('notes.txt', '# T\n')
    (team.root / 'plans').mkdir()
    (team.root / 'plans/p.md').symlink_to('../notes.txt')
    _commit(team, '2026-05-02')
    before = team.snapshot()
    assert team.daybook(ID).returncode == 0
    assert team.snapshot() == before


def test_inside_a_commit_only_its_own_documents(team: Sandbox) -> None:
    team.write('plans/old.md', '# Old\n')
    _commit(team, '2026-05-02')
    _install(team)
    team.write('src.py', '1')
    team.git('add', 'src.py')
    team.git('commit', '-qm', 'no document')
    team.write('plans/new.md', '# New\n')
    team.git('add', 'plans/new.md')
    run = subprocess.run(('git', 'commit', '-qm', 'a document'), cwd=team.root, capture_output=True, text=True,
                         env={**os.environ, **_on('2026-06-07', **SERGEI)})
    assert (run.returncode, run.stdout + run.stderr) == (1, 'Rewriting plans/new.md\ngit add -- plans/new.md\n')
    assert team.read('plans/old.md') == '# Old\n'
    assert _meta(team, 'plans/new.md') == {'title': 'New', 'owner': 'sergei', 'kind': 'plan', 'external_id': 'new',
                                           'created': '2026-06-07'}
    team.git('add', 'plans/new.md')
    team.git('commit', '-qm', 'a document', env=_on('2026-06-07', **SERGEI))
    assert team.daybook(ID, 'plans/new.md').returncode == 0


def test_a_commit_that_moves_a_document_did_not_write_it(team: Sandbox) -> None:
    team.write('notes/old.md', '# Old\n\nSome lines.\n')
    _commit(team, '2026-05-02', **SERGEI)
    _install(team)
    (team.root / 'plans').mkdir()
    team.git('mv', 'notes/old.md', 'plans/old.md')
    subprocess.run(('git', 'commit', '-qm', 'move'), cwd=team.root, env={**os.environ, **_on('2026-06-07')})
    assert (_meta(team, 'plans/old.md')['owner'], _meta(team, 'plans/old.md')['created']) == ('sergei', '2026-05-02')


def test_inside_a_commit_what_is_not_staged_is_not_touched(team: Sandbox) -> None:
    _install(team)
    team.write('plans/p.md', '# P\n')
    team.git('add', '.')
    team.write('plans/p.md', '# P\n\nnot staged\n')
    run = subprocess.run(('git', 'commit', '-qm', 'half'), cwd=team.root, capture_output=True, text=True)
    assert run.returncode == 0 and 'left alone: changes that are not staged' in run.stdout + run.stderr
    assert team.read('plans/p.md') == '# P\n\nnot staged\n'


def test_commit_takes_exactly_the_documents(team: Sandbox) -> None:
    _install(team)  # the commit that it makes runs it again
    team.write('plans/p.md', '# P\n')
    team.write('plans/café – q.md', '# Q\n')
    team.write('src.py', '1')
    _commit(team, '2026-05-02')
    team.write('src.py', '2')
    team.write('staged.txt', 's')
    team.git('add', 'staged.txt')
    run = team.daybook(ID, '--commit')
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == f'{ID}: commit={team.git("rev-parse", "HEAD")}'
    assert team.git('-c', 'core.quotePath=false', 'show', '--name-only', '--format=%s', 'HEAD').splitlines() == [
        'docs: back-fill the frontmatter of 2 documents', '', 'plans/café – q.md', 'plans/p.md']
    assert team.git('status', '--porcelain').splitlines() == [' M src.py', 'A  staged.txt']


MODEL = '## Model\n\nHow it is built.\n'


@pytest.mark.parametrize('settings', ['', 'indexes: {overview: docs/OVERVIEW.md}\n'])
@pytest.mark.parametrize('block', [False, True])
def test_commit_takes_the_indexes_that_its_titles_change(team: Sandbox, settings: str, block: bool) -> None:
    team.write('.daybook/config.yaml', settings + 'kinds: {plan: {paths: ["plans/**/*.md"]}}\n')
    if block:
        team.write('docs/OVERVIEW.md', '# Ours\n\n<!-- daybook overview: made by regen-indexes, edits of it are lost -->\n<!-- daybook overview: end -->\n')
    team.write('plans/p.md', '**Title:** The queue\n\n' + MODEL)
    team.write('plans/q.md', MODEL)
    team.git('add', '.')
    team.daybook('regen-indexes')
    assert '(./p.md): Model\n' in team.read('plans/INDEX.md')
    _commit(team, '2026-05-02')
    team.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook regen-indexes\n').chmod(0o755)
    run = team.daybook(ID, '--commit')
    assert run.returncode == 0, run.stderr
    assert '(./p.md): The queue\n' in team.read('plans/INDEX.md') and _meta(team, 'plans/q.md')['title'] == 'Model'
    maps = ['docs/OVERVIEW.md'] if settings else []
    assert team.git('show', '--name-only', '--format=%s', 'HEAD').splitlines() == [
        'docs: back-fill the frontmatter of 2 documents', '', *maps, 'plans/INDEX.md', 'plans/p.md', 'plans/q.md']
    assert (team.git('status', '--porcelain'), team.daybook('regen-indexes', '--check').returncode) == ('', 0)


def test_a_commit_that_is_refused_puts_the_indexes_back(team: Sandbox) -> None:
    team.write('plans/p.md', '**Title:** The queue\n\n' + MODEL)
    team.git('add', '.')
    team.daybook('regen-indexes')
    _commit(team, '2026-05-02')
    team.write('.git/hooks/pre-commit', '#!/bin/sh\nexit 1\n').chmod(0o755)
    before = team.snapshot()
    run = team.daybook(ID, '--commit')
    assert (run.returncode, 'the documents were put back' in run.stderr, team.snapshot()) == (1, True, before)
    (team.root / '.git/hooks/pre-commit').unlink()
    team.write('plans/INDEX.md', team.read('plans/INDEX.md') + '\n')
    before = team.snapshot()
    run = team.daybook(ID, '--commit')
    assert (run.returncode, 'not committed: plans/INDEX.md; commit' in run.stderr, team.snapshot()) == (1, True, before)


SECRET = 'Secret merger with ACME'


def _titled(name: str, title: str) -> str:
    meta = f'title: "{title}"\nkind: plan\nid: {name}\nowner: roman\nsummary: S\nexternal_id: {name}\ncreated: "2026-05-01"\n'
    return f'---\n{meta}---\n\n# {title}\n'


@pytest.mark.parametrize('settings, block, has_hook', [
    ('', False, False), ('', False, True), ('indexes: {overview: docs/OVERVIEW.md}\n', False, True), ('indexes: {overview: docs/OVERVIEW.md}\n', True, True),
])
def test_the_indexes_of_a_commit_tell_nothing_that_is_not_committed(team: Sandbox, settings: str, block: bool, has_hook: bool) -> None:
    team.write('.daybook/config.yaml', settings + 'kinds: {plan: {paths: ["plans/**/*.md"]}}\n')
    if block:
        team.write('docs/OVERVIEW.md', '# Ours\n\n<!-- daybook overview: made by regen-indexes, edits of it are lost -->\n<!-- daybook overview: end -->\n')
    team.write('plans/p.md', '**Title:** The queue\n\n' + MODEL)
    for name in 'bcd':
        team.write(f'plans/{name}.md', _titled(name, name.upper()))
    team.git('add', '.')
    team.daybook('regen-indexes')
    _commit(team, '2026-05-02')
    if has_hook:
        team.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook regen-indexes\n').chmod(0o755)
    else:
        team.git('update-index', '--assume-unchanged', 'plans/d.md')
        team.write('plans/d.md', _titled('d', SECRET))
    team.write('plans/b.md', _titled('b', SECRET))
    (team.root / 'plans/c.md').unlink()
    team.write('plans/new.md', _titled('new', 'New'))
    team.write('plans/sub/newer.md', _titled('newer', 'Newer'))
    team.git('add', 'plans/new.md', 'plans/sub/newer.md')
    before = team.git('status', '--porcelain')
    run = team.daybook(ID, '--commit')
    assert run.returncode == 0, run.stderr
    assert team.git('status', '--porcelain') == before
    for path in ('plans/INDEX.md', *(['docs/OVERVIEW.md'] if settings else [])):
        text = team.git('show', f'HEAD:{path}')
        assert 'The queue' in text and 'c.md' in text and SECRET not in text and 'new' not in text, text


@pytest.mark.parametrize('way', ['untracked', 'ignored', '--assume-unchanged', '--skip-worktree'])
def test_a_commit_leaves_indexes_that_are_not_its_own(team: Sandbox, way: str) -> None:
    team.write('plans/p.md', '**Title:** The queue\n\n' + MODEL)
    if way == 'ignored':
        team.write('.gitignore', 'INDEX.md\n')
    _commit(team, '2026-05-02')
    team.daybook('regen-indexes')
    if way == 'ignored':
        team.write('plans/INDEX.md', '# Plans\n\n<!-- generated by daybook regen-indexes: edits are lost -->\n')
    elif way.startswith('--'):
        _commit(team, '2026-05-03')
        team.git('update-index', way, 'plans/INDEX.md')
        team.write('plans/INDEX.md', team.read('plans/INDEX.md') + '\nmine\n')
    before = team.read('plans/INDEX.md')
    run = team.daybook(ID, '--commit')
    assert run.returncode == 0, run.stderr
    assert team.git('show', '--name-only', '--format=', 'HEAD').splitlines() == ['plans/p.md']
    assert team.read('plans/INDEX.md') == before


@pytest.mark.parametrize('way', ['--assume-unchanged', '--skip-worktree'])
def test_a_commit_takes_no_edits_that_git_is_told_to_overlook(team: Sandbox, way: str) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02')
    team.git('update-index', way, 'plans/p.md')
    team.write('plans/p.md', '# P\n\nmine\n')
    before, head = team.snapshot(), team.head()
    run = team.daybook(ID, '--commit')
    assert (run.returncode, team.snapshot(), team.head()) == (1, before, head)
    assert 'git is told to overlook changes of plans/p.md' in run.stderr


def _interrupted(team: Sandbox, meanwhile: Callable[[], object], end: str = 'SIGINT') -> str:
    """Commit until a hook says that it is reached, do something `meanwhile`, and interrupt; return what was said.

    A key at the terminal, and its `end`, are heard by git too; what ends a process alone is not.
    """
    run = subprocess.Popen((sys.executable, '-m', 'daybook', ID, '--commit'), cwd=team.root, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not (team.root / '.git/reached').exists():
        assert run.poll() is None
        time.sleep(0.01)
    meanwhile()
    (os.kill if end == 'SIGTERM' else os.killpg)(run.pid, getattr(signal, end))
    _, said = run.communicate()
    assert run.returncode == 130, said
    return said


@pytest.mark.skipif(os.name == 'nt', reason='signals of POSIX')
@pytest.mark.parametrize('end', ['SIGINT', 'SIGTERM', 'SIGHUP'])
@pytest.mark.parametrize('when', ['pre-commit', 'post-commit'])
def test_an_interrupted_commit_is_put_back_or_made(team: Sandbox, when: str, end: str) -> None:
    team.write('plans/p.md', '**Title:** The queue\n\n' + MODEL)
    team.git('add', '.')
    team.daybook('regen-indexes')
    _commit(team, '2026-05-02')
    before, head = team.snapshot(), team.head()
    team.write(f'.git/hooks/{when}', '#!/bin/sh\n: > "$(git rev-parse --git-dir)/reached"\nsleep 60\n').chmod(0o755)
    said = _interrupted(team, lambda: None, end)
    if when == 'pre-commit':
        assert (team.snapshot(), team.head(), 'interrupted; what was written was put back' in said) == (before, head, True), said
    else:
        assert team.head() != head and team.git('status', '--porcelain') == '' and f'the commit was made: {team.head()}' in said
    (team.root / f'.git/hooks/{when}').unlink()
    run_again = team.daybook(ID, '--commit')
    assert (run_again.returncode, team.git('status', '--porcelain')) == (0, ''), run_again.stderr


@pytest.mark.skipif(os.name == 'nt', reason='signals of POSIX')
def test_what_somebody_writes_meanwhile_is_left_and_no_hook_is_blamed(team: Sandbox) -> None:
    team.write('plans/p.md', '# P\n')
    team.write('plans/q.md', '# Q\n')
    _commit(team, '2026-05-02')
    team.write('.git/hooks/pre-commit', '#!/bin/sh\n: > "$(git rev-parse --git-dir)/reached"\nsleep 60\n').chmod(0o755)
    said = _interrupted(team, lambda: team.write('plans/p.md', '# P\n\nmine\n'))
    assert said == (f'{ID}: changed meanwhile, left as it is: plans/p.md\n'
                    f'{ID}: interrupted; the rest of what was written was put back\ndaybook: interrupted\n')
    assert (team.read('plans/p.md'), team.read('plans/q.md')) == ('# P\n\nmine\n', '# Q\n')
    team.write('plans/p.md', '# P\n')
    team.write('.git/hooks/pre-commit', '#!/bin/sh\necho mine >> plans/p.md\nexit 1\n').chmod(0o755)
    run = team.daybook(ID, '--commit')
    assert run.returncode == 1 and 'git did not commit; the rest of the documents was put back\n' in run.stderr
    assert f'{ID}: changed meanwhile, left as it is: plans/p.md\n' in run.stderr and team.read('plans/q.md') == '# Q\n'


def _wrapped_git(folder: Path, deed: str, command: str = 'commit') -> dict[str, str]:
    """Return an environment in which `deed` comes before a `command` of git."""
    script = folder / 'git'
    script.write_text(f'#!/bin/sh\ncase " $* " in *" {command} --"*) {deed};; esac\nexec {shutil.which("git")} "$@"\n')
    script.chmod(0o755)
    return {'PATH': f'{folder}{os.pathsep}{os.environ["PATH"]}'}


@pytest.mark.skipif(os.name == 'nt', reason='a shell')
def test_a_commit_after_which_git_fails_is_told_as_made(team: Sandbox, tmp_path: Path) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02')
    head = team.head()
    env = _wrapped_git(tmp_path, f'{shutil.which("git")} "$@"; echo "fatal: unable to write new index file" >&2; exit 128')
    run = team.daybook(ID, '--commit', env=env)
    assert (run.returncode, team.git('rev-parse', 'HEAD~1')) == (0, head), run.stderr
    assert f'commit={team.head()}' in run.stdout and f'{ID}: fatal: unable to write new index file\n' in run.stderr
    assert team.git('status', '--porcelain') == ''


@pytest.mark.skipif(os.name == 'nt', reason='a shell')
def test_an_interrupted_run_takes_no_commit_of_somebody_else_for_its_own(team: Sandbox, tmp_path: Path) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02')
    before = team.snapshot()
    env = _wrapped_git(tmp_path, f'{shutil.which("git")} commit -q --allow-empty -m other; kill -TERM $PPID; sleep 60')
    run = team.daybook(ID, '--commit', env=env)
    assert (run.returncode, team.snapshot(), team.git('log', '-1', '--format=%s')) == (130, before, 'other'), run.stderr
    assert 'what was written was put back' in run.stderr


def test_what_a_hook_puts_into_the_commit_is_told(team: Sandbox) -> None:
    team.write('plans/p.md', '# P\n')
    team.write('code.py', 'x = 1\n')
    _commit(team, '2026-05-02')
    team.write('code.py', 'x = 2\n')
    team.write('.git/hooks/pre-commit', '#!/bin/sh\ngit add -u\n').chmod(0o755)
    run = team.daybook(ID, '--commit')
    assert (run.returncode, run.stderr) == (0, f'{ID}: a hook of yours put more into the commit: code.py\n')


@pytest.mark.parametrize('options', [(), ('--commit',)])
def test_what_a_sparse_checkout_leaves_out_is_left(team: Sandbox, options: tuple[str, ...]) -> None:
    for path in ('plans/p.md', 'workstreams/w.md'):
        team.write(path, '# P\n')
    _commit(team, '2026-05-02')
    team.git('sparse-checkout', 'set', '--cone', 'plans', '.daybook')
    run = team.daybook(ID, *options)
    assert 'the sparse checkout leaves it out; take its folder in with `git sparse-checkout add`' in run.stderr, run.stderr
    assert 'Rewriting plans/p.md' in run.stdout and 'w.md' not in run.stdout and not (team.root / 'workstreams').exists()
    assert team.daybook(ID, '--check', 'workstreams/w.md').returncode == 0


def _saved_while_it_runs(team: Sandbox, folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    """Run a back-fill while somebody writes into a file, after it was filled and before the commit."""
    return team.daybook(ID, '--commit', env=_wrapped_git(folder, f'echo mine >> {team.root}/{path}', 'read-tree'))


@pytest.mark.skipif(os.name == 'nt', reason='a shell')
def test_what_is_saved_since_it_was_filled_is_not_committed(team: Sandbox, tmp_path: Path) -> None:
    for name in 'pq':
        team.write(f'plans/{name}.md', f'# {name}\n')
    _commit(team, '2026-05-02')
    run = _saved_while_it_runs(team, tmp_path, 'plans/q.md')
    assert (run.returncode, team.git('log', '-1', '--format=%s')) == (0, 'docs: back-fill the frontmatter of 1 document'), run.stderr
    assert 'changed since it was filled, so it is not committed: plans/q.md' in run.stderr
    assert team.git('show', 'HEAD:plans/q.md') == '# q' and team.read('plans/q.md').endswith('mine\n')
    assert team.git('status', '--porcelain') == ' M plans/q.md'


@pytest.mark.skipif(os.name == 'nt', reason='a shell')
def test_where_everything_was_saved_since_nothing_is_committed(team: Sandbox, tmp_path: Path) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02')
    head = team.head()
    run = _saved_while_it_runs(team, tmp_path, 'plans/p.md')
    assert (run.returncode, team.head()) == (1, head)
    assert 'every document was changed since it was filled' in run.stderr and team.read('plans/p.md').endswith('mine\n')


@needs_fork
def test_what_a_killed_commit_has_written_is_told(team: Sandbox) -> None:
    team.write('plans/p.md', '**Title:** The queue\n\n' + MODEL)
    team.write('plans/mine.md', _titled('mine', 'Mine'))
    team.git('add', '.')
    team.daybook('regen-indexes')
    _commit(team, '2026-05-02')
    team.write('plans/mine.md', _titled('mine', 'Mine') + '\nMore.\n')
    head, event = team.head(), 0
    while killed_at(team.root, (event := event + 1), ID, '--commit') and ' M plans/INDEX.md' not in team.git('status', '--porcelain'):
        team.git('checkout', '-q', 'plans/p.md')
    assert team.head() == head
    run = team.daybook(ID, '--commit')
    assert (run.returncode, team.head()) == (1, head), (event, run.stdout, run.stderr)
    told = f'{ID}: these were filled before and are not committed; run this, then `git commit`\n'
    assert run.stderr == told
    assert 'git add -- plans/INDEX.md plans/p.md\n' in run.stdout and 'mine.md' not in run.stdout
    team.write('docs/adr/0001-x.md', '# X\n')
    team.git('add', 'docs/adr')
    team.git('commit', '-qm', 'one to fill')
    run = team.daybook(ID, '--commit')
    assert (run.returncode, run.stderr) == (0, told)
    assert team.git('show', '--name-only', '--format=', 'HEAD').split() == ['docs/adr/0001-x.md']
    team.git('add', '--', 'plans/INDEX.md', 'plans/p.md')
    team.git('commit', '-qm', 'fill')
    run = team.daybook(ID, '--commit')
    assert (run.returncode, run.stdout, run.stderr) == (0, '', '')


@pytest.mark.parametrize('text, title', [
    (MODEL, 'Model'), ('# One\n\n## Model\n', 'One'), ('## Changelog\n\n- x\n', 'p'), ('> # Quoted\n\n## Model\n', 'Model'), ('words\n', 'p'), ('## A section\n\n# Later\n', 'p'),
])
def test_the_index_shows_the_title_that_is_filled_in(team: Sandbox, text: str, title: str) -> None:
    team.write('plans/p.md', text)
    _commit(team, '2026-05-02')
    team.daybook('regen-indexes')
    assert f'- [p](./p.md): {title}\n' in team.read('plans/INDEX.md')
    team.daybook(ID)
    assert _meta(team, 'plans/p.md')['title'] == title


def test_report_alone_writes_nothing(team: Sandbox) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02')
    before = team.snapshot()
    for form in ('text', 'json'):
        run = team.daybook(ID, '--report', form)
        assert (run.returncode, 'the heading on line 1' in run.stdout, team.snapshot()) == (0, True, before)
    assert team.daybook(ID, '--report', 'text', '--commit').returncode == 0
    assert _meta(team, 'plans/p.md')['title'] == 'P'


@pytest.mark.skipif(os.name == 'nt', reason='a pipe of POSIX')
def test_a_reader_that_goes_stops_no_writing(team: Sandbox) -> None:
    for number in range(60):
        team.write(f'plans/{number:02}-{"x" * 200}.md', f'# P {number}\n')  # more than a buffer of output
    _commit(team, '2026-05-02')
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, 'wb') as closed:
        subprocess.run((sys.executable, '-m', 'daybook', ID), cwd=team.root, stdout=closed, stderr=subprocess.PIPE)
    assert all((team.root / 'plans' / name).read_text().startswith('---\n') for name in os.listdir(team.root / 'plans'))


def test_odd_states(team: Sandbox) -> None:
    team.write('plans/gone.md', '# Gone\n')
    (team.root / 'plans').joinpath(os.fsdecode(b'caf\xe9.md')).write_text('# C\n')
    _commit(team, '2026-05-02')
    (team.root / 'plans/gone.md').unlink()
    team.write('plans/new.md', '# New\n')
    team.git('add', '--intent-to-add', 'plans/new.md')
    team.write('plans/untracked.md', '# U\n')
    before = team.snapshot()
    run = team.daybook(ID)
    assert run.stdout == 'Rewriting plans/new.md\ngit add -- plans/new.md\n'
    assert r'(plans/caf\udce9.md)' in run.stderr
    assert team.daybook(ID, 'plans/gone.md').returncode == 0
    assert team.daybook(ID, 'plans/untracked.md').stdout.startswith('Rewriting plans/untracked.md\n')
    assert _prove(team, before) == ['plans/new.md', 'plans/untracked.md']


def test_kinds_of_the_team_and_names_with_a_slug(team: Sandbox) -> None:
    team.write('.daybook/config.yaml', 'sessions: {slug: true}\nkinds:\n  runbook:\n    paths: [ops/*.md]\n'
               '    key_aliases: {title: [name], created: [since]}\n')
    team.write('ops/restart.md', '---\nname: Restart\nsince: 2026-01-02\n---\n# Other\n')
    team.write('docs/sessions/RT-260511-01-launch.md', '# Launch\n')
    _commit(team, '2026-05-12')
    assert team.daybook(ID).returncode == 1
    assert _meta(team, 'ops/restart.md') == {'name': 'Restart', 'since': '2026-01-02', 'owner': 'roman', 'kind': 'runbook',
                                             'external_id': 'restart'}
    meta = _meta(team, 'docs/sessions/RT-260511-01-launch.md')
    assert (meta['id'], meta['external_id'], meta['created']) == ('RT-260511-01', 'RT-260511-01-launch', '2026-05-11')
    assert team.daybook('validate-frontmatter').returncode == 0


def test_what_changed_since_it_was_read_is_left(team: Sandbox) -> None:
    path = team.write('plans/p.md', '# P\n')
    said: list[str] = []
    run = writing.Writing(git.find_repo(str(team.root)), config.DEFAULTS, said.append)
    for before, words in ((b'other', ['changed meanwhile, left as it is: plans/p.md']), (b'# P\n', [])):
        said.clear()
        run.documents([Fill('plans/p.md', 'plan', before, b'filled', Derived({}, {}))])
        assert (said, list(run.written)) == (words, [] if words else ['plans/p.md'])
    assert path.read_bytes() == b'filled'


CONFIG = '''\
repos:
- repo: {}
  rev: {}
  hooks:
  - id: backfill-frontmatter
  - id: validate-frontmatter
'''


@pytest.mark.skipif(os.name == 'nt', reason='runners from a POSIX environment')
@pytest.mark.parametrize('runner', ['pre-commit', 'prek'])
def test_runner(team: Sandbox, plugin: tuple[str, str], runner: str) -> None:
    team.write('.pre-commit-config.yaml', CONFIG.format(*plugin))
    team.write('plans/old.md', '# Old\n')
    team.write('src.py', '1')
    _commit(team, '2026-05-02')
    command = str(Path(sys.executable).parent / runner)
    subprocess.run((command, 'install'), cwd=team.root, check=True, capture_output=True)
    team.write('docs/sessions/note.md', '# Note\n')
    team.git('add', 'docs')
    team.write('src.py', '2')  # put aside by the runner while the hooks run
    run = subprocess.run(('git', 'commit', '-qm', 'a note'), cwd=team.root, capture_output=True, text=True)
    assert run.returncode == 1 and 'Rewriting docs/sessions/note.md' in run.stdout + run.stderr
    assert (team.read('src.py'), team.read('plans/old.md')) == ('2', '# Old\n')
    team.git('commit', '-qm', 'a note', '--', 'docs/sessions/note.md')
    assert _meta(team, 'docs/sessions/note.md')['operator'] == 'roman'
    run = subprocess.run((command, 'run', '--all-files'), cwd=team.root, capture_output=True, text=True)
    assert run.returncode == 1 and 'Rewriting plans/old.md' in run.stdout
    run = subprocess.run((command, 'run', '--all-files'), cwd=team.root, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def _refuse_dirty(team: Sandbox) -> str:
    team.write('plans/p.md', '# P\n\nmore\n')
    return 'these documents have changes that are not committed: plans/p.md'


def _refuse_new(team: Sandbox) -> str:
    team.write('plans/q.md', '# Q\n')
    team.git('add', 'plans/q.md')
    return 'these documents have changes that are not committed: plans/q.md'


def _refuse_detached(team: Sandbox) -> str:
    team.git('switch', '-q', '--detach')
    return 'HEAD is detached'


def _refuse_hook(team: Sandbox) -> str:
    team.write('.git/hooks/pre-commit', '#!/bin/sh\necho no >&2\nexit 1\n').chmod(0o755)
    return 'git did not commit; the documents were put back\nno'


@pytest.mark.parametrize('arrange', [_refuse_dirty, _refuse_new, _refuse_detached, _refuse_hook])
def test_commit_is_refused_with_nothing_changed(team: Sandbox, arrange: Callable[[Sandbox], str]) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02')
    words = arrange(team)
    before, status, head = team.snapshot(), team.git('status', '--porcelain'), team.git('rev-parse', 'HEAD')
    run = team.daybook(ID, '--commit')
    assert (run.returncode, words in run.stderr) == (1, True), run.stderr
    assert (team.snapshot(), team.git('status', '--porcelain'), team.git('rev-parse', 'HEAD')) == (before, status, head)


def _many(repo: Sandbox, count: int) -> None:
    for number in range(count):
        repo.write(f'docs/sessions/2026/{number % 50}/note-{number}.md', f'# Note {number}\n\n**Author:** Roman Tester\n\ntext\n')


def test_five_thousand_documents(team: Sandbox) -> None:
    _many(team, 5000)
    _commit(team, '2026-05-02')
    before = team.snapshot()
    run = team.daybook(ID)
    assert run.returncode == 1 and run.stdout.count('Rewriting ') == 5000
    assert len(_prove(team, before)) == 5000
    assert team.daybook(ID).stdout == ''


def _killed_when_filled(team: Sandbox, path: str) -> dict[str, bytes]:
    """Kill a run once it has filled the document at `path`; return what it left."""
    run = subprocess.Popen((sys.executable, '-m', 'daybook', ID), cwd=team.root, stdout=subprocess.DEVNULL)
    while run.poll() is None and not (team.root / path).read_bytes().startswith(b'---'):
        time.sleep(0.001)
    run.kill()
    run.wait()
    return {name: data for name, data in team.snapshot().items() if not name.endswith('.tmp')}


def test_killed_at_any_moment_every_file_is_whole(team: Sandbox) -> None:
    _many(team, 600)
    _commit(team, '2026-05-02')
    before = team.snapshot()
    paths = sorted(path for path in before if path.startswith('docs/'))
    for number in (0, 50, 200):
        changed = paths
        while len(changed) == len(paths):  # it had come to its end
            team.git('checkout', '-q', '.')
            after = _killed_when_filled(team, paths[number])
            changed = [path for path in paths if after[path] != before[path]]
        assert after.keys() == before.keys() and len(changed) > number
        assert all(insertion.inserted_lines(before[path], after[path]) for path in changed)
        assert all(frontmatter.parse(after[path]).meta['operator'] == 'roman' for path in changed)
    team.daybook(ID)
    assert team.daybook(ID, '--check').returncode == 0


def test_two_runs_at_once_do_it_once(team: Sandbox) -> None:
    _many(team, 300)
    _commit(team, '2026-05-02')
    before = team.snapshot()
    command = (sys.executable, '-m', 'daybook', ID)
    runs = [subprocess.Popen(command, cwd=team.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [run.communicate() for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 0, 1], outputs
    assert sum(out.count('Rewriting ') for out, _ in outputs) == len(_prove(team, before)) == 300
    assert {err for _, err in outputs} == {''}


TELLING = f'''
import sys
from daybook import __main__
from daybook.repo import files

try_lock = files._try_lock


def telling(handle):
    is_held = try_lock(handle)
    print('held' if is_held else 'waits', flush=True)
    return is_held


files._try_lock = telling
sys.exit(__main__.main(['{ID}']))
'''


def test_a_run_waits_for_the_other(team: Sandbox) -> None:
    team.write('plans/p.md', '# P\n')
    _commit(team, '2026-05-02')
    with files.exclusive_lock(str(team.root / '.git/daybook/backfill.lock'), 1) as is_held:
        assert is_held
        run = subprocess.Popen((sys.executable, '-c', TELLING), cwd=team.root, stdout=subprocess.PIPE, text=True)
        assert run.stdout
        assert [run.stdout.readline() for _ in range(3)] == ['waits\n'] * 3
        assert run.poll() is None and team.read('plans/p.md') == '# P\n'
    assert 'held\nRewriting plans/p.md\n' in run.communicate()[0]
