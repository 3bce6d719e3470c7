"""A sparse checkout: what it leaves out of the work tree is tracked all the same."""
from __future__ import annotations

import pytest

from conftest import Sandbox
from handoffs import DRAFT
from handoffs import TEXT

OPERATORS = 'operators:\n  roman: {name: Roman Tester, initials: ZZ, emails: [roman@example.com]}\n'
NOTE = '---\ntitle: One\noperator: roman\n---\n\n## Summary\n\nx\n'


@pytest.fixture
def sparse(repo: Sandbox) -> Sandbox:
    repo.write('.gitignore', '.daybook/state/\n')
    repo.write('.daybook/operators.yaml', OPERATORS)
    repo.write('.daybook/config.yaml', 'sessions:\n  slug: true\n')
    repo.write('docs/sessions/ZZ-261101-01.md', NOTE)
    repo.write('docs/sessions/ZZ-261101-02.md', NOTE)
    repo.write('workstreams/ws-a.md', '---\ntitle: A\nowner: roman\n---\n\n## Session Log\n')
    repo.commit('start')
    repo.daybook('regen-indexes')
    repo.commit('indexes')
    return repo


def test_settings_that_are_left_out_hold(sparse: Sandbox) -> None:
    said = [sparse.daybook('whoami').stdout]
    sparse.git('sparse-checkout', 'set', '--cone', 'docs')
    assert not (sparse.root / '.daybook/operators.yaml').exists()
    said.append(sparse.daybook('whoami').stdout)
    sparse.git('sparse-checkout', 'disable')
    assert [*said, sparse.daybook('whoami').stdout] == [said[0]] * 3
    assert 'ZZ' in said[0]


def test_in_a_linked_work_tree(sparse: Sandbox) -> None:
    sparse.git('worktree', 'add', '-q', '--detach', '../linked')
    linked = Sandbox(sparse.root.parent / 'linked')
    linked.git('sparse-checkout', 'set', '--cone', 'docs')
    assert not (linked.root / '.daybook/operators.yaml').exists()
    assert linked.daybook('whoami').stdout == sparse.daybook('whoami').stdout


def test_documents_that_are_left_out_count(sparse: Sandbox) -> None:
    sparse.git('sparse-checkout', 'set', '--no-cone', '/*', '!/docs/sessions/ZZ-*')
    assert [path.name for path in (sparse.root / 'docs/sessions').iterdir()] == ['INDEX.md']
    before = sparse.snapshot()
    assert sparse.daybook('regen-indexes').returncode == 0
    assert sparse.snapshot() == before
    sparse.write('docs/sessions/old/ZZ-261101-01.md', NOTE)
    sparse.git('add', '.')
    run = sparse.daybook('validate-frontmatter')
    assert run.returncode == 1
    assert 'docs/sessions/old/ZZ-261101-01.md' in run.stdout and 'docs/sessions/ZZ-261101-01.md' in run.stdout


def test_a_hand_off_into_what_is_left_out_says_how(sparse: Sandbox) -> None:
    sparse.git('sparse-checkout', 'set', '--cone', '.daybook', 'workstreams')
    sparse.write(DRAFT, TEXT)
    sparse.write('code.py', 'x = 1\n')
    sparse.commit('work', 'code.py')
    before = sparse.snapshot()
    run = sparse.daybook('handoff', '--files', DRAFT)
    assert run.returncode == 1 and 'git sparse-checkout add docs/sessions' in run.stdout + run.stderr
    assert sparse.snapshot() == before
    sparse.git('sparse-checkout', 'add', 'docs/sessions')
    run = sparse.daybook('handoff', '--files', DRAFT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(sparse.read('docs/sessions/INDEX.md').split('- [ZZ-')) == 4


SETTINGS = """\
zones:
  folders: {docs: private, docs/open: public}
authority: {map: map.yaml}
cochange:
  - name: a
    when: [gone/**]
    then: [docs/**]
"""


def test_lines_of_settings_that_are_left_out_are_told(sparse: Sandbox) -> None:
    sparse.write('.daybook/config.yaml', SETTINGS)
    sparse.commit('governance')

    def told() -> list[list[str]]:
        said = [sparse.daybook(hook).stdout for hook in ('check-zones', 'check-authority', 'check-cochange', 'inventory')]
        return [[line for line in each.splitlines() if '.daybook/config.yaml' in line] for each in said]
    before = told()
    assert all(before) and not any('.daybook/config.yaml:1:' in line for lines in before for line in lines)
    sparse.git('sparse-checkout', 'set', '--cone', 'docs')
    assert not (sparse.root / '.daybook').exists()
    assert told() == before


@pytest.mark.parametrize('setting', ['', 'authority: {map: .daybook/authority.yaml}\n'])
def test_a_map_that_is_left_out_holds(sparse: Sandbox, setting: str) -> None:
    sparse.write('.daybook/config.yaml', setting)
    sparse.write('.daybook/authority.yaml', 'entities:\n  plan: {store: GitHub, paths: [nowhere.md]}\n')
    sparse.commit('map')
    before = sparse.daybook('check-authority')
    assert before.returncode == 1 and 'nowhere.md' in before.stdout
    sparse.git('sparse-checkout', 'set', '--cone', 'docs')
    assert sparse.daybook('check-authority').stdout == before.stdout
    assert before.stdout in sparse.daybook('check-all').stdout


def test_init_knows_what_is_left_out(sparse: Sandbox) -> None:
    sparse.git('sparse-checkout', 'set', '--cone', 'docs')
    before = sparse.snapshot()
    run = sparse.daybook('init')
    assert run.returncode == 1 and '`git sparse-checkout add .daybook` takes it in; nothing was written\n' in run.stderr
    assert sparse.snapshot() == before
    sparse.git('sparse-checkout', 'add', '.daybook')
    assert sparse.daybook('init', '--dry-run').returncode == 0


def test_an_uninstall_knows_what_is_left_out(sparse: Sandbox) -> None:
    assert sparse.daybook('init', '--with', 'claude').returncode == 0
    sparse.commit('adopted')
    sparse.git('sparse-checkout', 'set', '--cone', 'docs')
    before = sparse.snapshot()
    run = sparse.daybook('init', '--uninstall')
    assert run.returncode == 1 and 'there is no .daybook/installed.json' not in run.stdout
    assert run.stderr == ('daybook: .daybook/installed.json: the sparse checkout leaves it out; '
                          '`git sparse-checkout add .daybook` takes it in; nothing was taken out\n')
    assert sparse.snapshot() == before
    sparse.git('sparse-checkout', 'add', '.daybook')
    run = sparse.daybook('init', '--uninstall')
    assert run.returncode == 0 and 'the sparse checkout leaves it out; `git sparse-checkout add .claude` takes it in' in run.stdout
    sparse.git('sparse-checkout', 'add', '.claude')
    assert sparse.daybook('init', '--uninstall').returncode == 0
    assert not (sparse.root / '.claude').exists() and not (sparse.root / '.daybook/installed.json').exists()
