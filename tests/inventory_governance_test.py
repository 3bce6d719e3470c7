"""What `inventory` says of governance: stray, doubled and unowned documents, remotes, and what each hook would say."""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Sandbox
from daybook.rules import hygiene
from governance import CASES
from governance import TODAY
from governance import fill
from governance import run

HOOKS = ('check-authority', 'check-cochange', 'check-freshness', 'check-lifecycle', 'check-zones')
HEADER = '- entity: {entity}\n- level: portfolio\n- zone: internal\n- version: v01\n- tags: [a]\n- source_path: {path}\n- date: 2025-10-30\n'


def findings(repo: Sandbox) -> dict[str, Any]:
    done = repo.daybook('inventory', '--as-of', TODAY, env={'DAYBOOK_FORMAT': 'json'})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def screen(repo: Sandbox) -> str:
    code, out = run(repo, 'inventory', '--as-of', TODAY)
    assert code == 0, out
    return out


@pytest.mark.parametrize(('name', 'bare'), (
    ('plan', 'plan'), ('plan (1)', 'plan'), ('plan (copy)', 'plan (copy)'), ('plan copy', 'plan'), ('plan copy 2', 'plan'), ('plan 2', 'plan'),
    ('plan_v01', 'plan'), ('plan-v1.2', 'plan'), ('plan_v2_FINAL', 'plan'), ('plan v01 (2)', 'plan'), ('phase2', 'phase2'), ('old', 'old'),
    ('gold', 'gold'), ('2026-01-02', '2026-01-02'), ('RT-261120-01', 'RT-261120-01'), ('step-3', 'step-3'), ('v1', 'v1'), ('copy', 'copy'),
    ('(1)', '(1)'), ('http 2', 'http'), ('révision_v02', 'révision'),
    pytest.param('x' + ' ' * 5000 + 'y', 'x' + ' ' * 5000 + 'y', id='many blanks'),
))
def test_what_marks_a_copy(name: str, bare: str) -> None:
    assert hygiene.bare_name(f'a/{name}.md') == f'a/{bare}'


def test_stray_doubled_and_unowned_documents(repo: Sandbox) -> None:
    repo.write('plans/launch.md', '---\ntitle: Launch\nowner: roman\n---\nOne.\n')
    repo.write('plans/launch (1).md', '---\ntitle: Launch\n---\nTwo.\n')
    repo.write('plans/other.md', '# Other\n\n**Author:** Roman\n\nSame.\n')
    repo.write('elsewhere/other.md', '# Other\n\n**Author:** Roman\n\nSame.\n')
    repo.write('ops/state.md', '# State\n\n' + HEADER.format(entity='state', path='/old/state.md'))
    repo.write('ops/guide.md', '# A guide without a header\n')
    repo.write('ops/README.md', '---\nentity: readme\n---\n')
    repo.write('.claude/commands/x.md', '---\nentity: command\n---\n')
    repo.write('notes/p.md', '---\nkind: plan\ntitle: Moved away\n---\n')
    repo.write('archive/n.md', '---\nexternal_id: old\nowner: roman\n---\n')
    repo.write('a/empty.md', '')
    repo.write('b/empty.md', '')
    repo.commit()
    found = findings(repo)['governance']
    assert found['stray'] == {'count': 3, 'first': ['notes/p.md', 'ops/state.md', 'archive/n.md']}, 'what was put away last'
    assert found['same_content'] == {'count': 1, 'files': 2, 'first': [['elsewhere/other.md', 'plans/other.md']]}
    assert found['same_name'] == {'count': 1, 'files': 2, 'first': [['plans/launch (1).md', 'plans/launch.md']]}
    assert found['unowned'] == {'count': 3, 'first': ['notes/p.md', 'ops/state.md', 'plans/launch (1).md'], 'of': 6}
    assert found['headers']['rules'] == {'header-path': 1} and found['headers']['governed'] == 1
    shown = screen(repo)
    for words in ('3 stray documents, outside every kind, such as notes/p.md', '1 header: header-path ×1, such as ops/state.md:8',
                  'copies: 2 with the content of another, 2 named alike', '3 of 6 documents name no owner, such as notes/p.md'):
        assert words in shown, shown
    repo.write('.daybook/config.yaml', 'kinds: {doc: {paths: ["ops/*.md", "notes/*.md"]}}\n')
    repo.commit()
    assert findings(repo)['governance']['stray'] == {'count': 1, 'first': ['archive/n.md']}, 'they have a kind now'


def test_documents_that_the_settings_name_count_as_copies_wherever_they_lie(repo: Sandbox) -> None:
    for path in ('plans/memory.md', 'openspec/changes/memory/design.md'):
        repo.write(path, '# Memory\n\nThe same.\n')
    repo.commit()
    assert findings(repo)['governance']['same_content']['count'] == 0, 'of another tool'
    repo.write('.daybook/config.yaml', 'kinds: {doc: {paths: ["**/*.md"]}}\n')
    repo.commit()
    found = findings(repo)['governance']
    assert found['same_content'] == {'count': 1, 'files': 2, 'first': [['openspec/changes/memory/design.md', 'plans/memory.md']]}
    assert found['same_title']['count'] == 0, 'told already'


def _bad() -> list[object]:
    cases = [(hook_id, path) for hook_id in HOOKS for path in sorted(CASES.glob(f'{hook_id}/bad/*')) if not (path / 'change').exists()]
    assert len(cases) > 6
    return [pytest.param(*case, id=f'{case[0]}-{case[1].name}') for case in cases]


@pytest.mark.parametrize(('hook_id', 'case'), _bad())
def test_it_says_what_the_hook_would_say(repo: Sandbox, hook_id: str, case: Path) -> None:
    fill(repo, case)
    if not (repo.root / '.daybook/config.yaml').exists():
        repo.write('.daybook/config.yaml', '')
    repo.commit()
    _, out = run(repo, hook_id, '--as-of', TODAY) if hook_id != 'check-cochange' else run(repo, hook_id)
    rules = Counter(line.rpartition('[')[2].rstrip(']') for line in out.splitlines() if line.endswith(']'))
    found = findings(repo)['hooks'][hook_id]
    assert rules and (found['rules'], found['count']) == (dict(rules), rules.total()), out
    if found['governed']:
        shown = screen(repo)
        assert f'  {hook_id:<22}' in shown
        idle = [each for each in HOOKS if not any(findings(repo)['hooks'][each][key] for key in ('governed', 'count'))]
        told = next((line for line in shown.splitlines() if line.startswith('  governance ')), '')
        assert told == (f'  governance            0 documents governed by {", ".join(idle)}' if idle else '')


def test_a_map_that_nobody_has_settled_is_found(repo: Sandbox) -> None:
    repo.write('archive/sot/authority_map.json', '{}')
    repo.write('sot/authority_map_v0_2.json', '{"Pass": {"store": "Coda"}}')
    repo.write('docs/state.md', '# State\n\n' + HEADER.format(entity='state', path='docs/state.md'))
    repo.write('docs/state2.md', '# State\n\n' + HEADER.format(entity='pass', path='docs/state2.md'))
    repo.commit()
    found = findings(repo)['hooks']['check-authority']
    assert (found['map'], found['is_settled'], found['governed'], found['rules']) == (
        'sot/authority_map_v0_2.json', False, 2, {'authority-unmapped': 1})
    assert '2 documents governed by sot/authority_map_v0_2.json; unmapped ×1, such as docs/state.md:3' in screen(repo)
    repo.write('sot/authority_map_v0_2.json', '{"Pass": ')
    found = findings(repo)['hooks']['check-authority']
    assert found['rules'] == {'authority-schema': 1}, 'a broken one is told, and stops nothing'


def test_what_of_a_remote_differs(repo: Sandbox, new_repo: Callable[[str], Sandbox]) -> None:
    repo.write('a.md', 'one\n')
    repo.commit()
    assert findings(repo)['governance']['remotes'] == []
    other = new_repo('other')
    other.git('fetch', '-q', str(repo.root), 'main')
    other.git('reset', '-q', '--hard', 'FETCH_HEAD')
    for name in ('b.md', 'c.txt'):
        other.write(name, name)
        other.commit()
    other.git('branch', 'topic')
    other.git('reset', '-q', '--hard', 'HEAD^')
    repo.write('mine.md', 'mine\n')
    repo.commit()
    repo.git('remote', 'add', 'team', 'https://roman:s3cret@example.com/x.git')
    repo.git('fetch', '-q', str(other.root), '+refs/heads/*:refs/remotes/team/*')
    raw = repo.daybook('inventory', env={'DAYBOOK_FORMAT': 'json'}).stdout
    assert 's3cret' not in raw
    assert json.loads(raw)['governance']['remotes'] == [{
        'name': 'team', 'url': 'https://example.com/x.git', 'branch': 'team/main', 'ahead': 1, 'behind': 1,
        'markdown_differing': 2, 'unmerged_branches': 1}]
    assert 'team/main: HEAD is 1 ahead and 1 behind, 2 Markdown files differ\n' in screen(repo)


def test_a_remote_that_was_never_fetched_and_no_commit(repo: Sandbox) -> None:
    repo.git('remote', 'add', 'origin', '/nowhere')
    repo.write('a.md', 'a\n')
    repo.git('add', '.')
    assert findings(repo)['governance']['remotes'] == [{
        'name': 'origin', 'url': '/nowhere', 'branch': None, 'ahead': None, 'behind': None, 'markdown_differing': 0, 'unmerged_branches': 0}]
