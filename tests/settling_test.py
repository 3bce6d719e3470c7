"""regen-indexes after a merge, rebase or cherry-pick: generated text is settled, everything else is left and named."""
from __future__ import annotations

import shlex
import subprocess

import pytest

from conftest import Sandbox
from daybook.indexing import settling
from daybook.repo import git

NOTE = '---\ntitle: {title}\n---\n\n## Summary\n'
LOG, INDEX, OVERVIEW = 'workstreams/launch.md', 'plans/INDEX.md', 'docs/OVERVIEW.md'
HEAD = '---\ntitle: Launch\n---\n\n# Launch\n\n## Goal\n\nShip it.\n\n## Tasks\n\n- [ ] one\n\n## Session Log\n'
OLD = '- [RT-261101-01](../docs/sessions/RT-261101-01.md) (2026-11-01): Old\n'
TAIL = '\n## After\n\ntext\n'


def line(name: str) -> str:
    return f'- [{name}](../docs/sessions/{name}.md) (2026-11-20): Work of {name}\n'


def commit(repo: Sandbox, name: str, goal: str = 'Ship it.', newline: str = '\n') -> None:
    """A hand-off: a document, its lines in index and overview, its entry in the log."""
    repo.write(f'plans/{name}.md', NOTE.format(title=name))
    log = HEAD.replace('Ship it.', goal) + '\n' + (line(name) if name != 'base' else '') + OLD + TAIL
    repo.write(LOG, log.replace('\n', newline))
    repo.git('add', '.')
    repo.daybook('regen-indexes')
    repo.commit(name)


def parted(repo: Sandbox, goals: tuple[str, str, str] = ('Ship it.',) * 3, newline: str = '\n') -> None:
    """Branches `main` (RT-261120-01) and `side` (SK-261120-01) from one commit, with no union merge set up."""
    repo.write('.daybook/config.yaml', f'indexes: {{overview: {OVERVIEW}}}\n')
    repo.write('.gitattributes', '*.md -text\n')
    repo.write('code.py', 'x = 1\n')
    commit(repo, 'base', goals[0], newline)
    repo.git('switch', '-qc', 'side')
    commit(repo, 'SK-261120-01', goals[2], newline)
    repo.git('switch', '-q', 'main')
    commit(repo, 'RT-261120-01', goals[1], newline)


WAYS = {'merge': ('merge', 'side'), 'rebase': ('rebase', 'side'), 'cherry-pick': ('cherry-pick', 'side')}
STYLES = ('merge', 'diff3', 'zdiff3')


def run_printed(repo: Sandbox, out: str) -> list[str]:
    """Run the only `git add` that was printed, as it is; return its paths."""
    command, = [each for each in out.splitlines() if each.startswith('git add')]
    subprocess.run(command, shell=True, cwd=repo.root, check=True)
    return shlex.split(command)[3:]


@pytest.mark.parametrize('newline', ['\n', '\r\n'])
@pytest.mark.parametrize('style', STYLES)
@pytest.mark.parametrize('way', WAYS)
def test_what_hand_offs_wrote_is_settled(repo: Sandbox, way: str, style: str, newline: str) -> None:
    parted(repo, newline=newline)
    repo.git('-c', f'merge.conflictStyle={style}', *WAYS[way], check=False)
    conflicts = {LOG, INDEX, OVERVIEW}
    assert set(repo.git('diff', '--name-only', '--diff-filter=U').splitlines()) == conflicts
    index = repo.git('ls-files', '-s')
    check = repo.daybook('regen-indexes', '--check')
    assert check.returncode == 1 and all(path in check.stdout for path in conflicts)
    run = repo.daybook('regen-indexes')
    assert (run.returncode, run.stderr) == (1, '')
    assert repo.git('ls-files', '-s') == index, 'git add is for the person'
    expected = HEAD + '\n' + line('SK-261120-01') + line('RT-261120-01') + OLD + TAIL
    assert repo.read(LOG) == expected.replace('\n', newline)
    before = repo.snapshot()
    again = repo.daybook('regen-indexes')
    assert repo.snapshot() == before and 'Rewriting' not in again.stdout
    assert set(run_printed(repo, again.stdout)) == conflicts == set(run_printed(repo, run.stdout))
    repo.git('-c', 'core.editor=true', *(['commit', '-q', '--no-edit'] if way == 'merge' else [way, '--continue']))
    assert repo.git('status', '--porcelain') == ''
    assert (repo.daybook('regen-indexes').returncode, repo.daybook('regen-indexes').stdout) == (0, '')
    assert all(f'plans/{name}.md' in repo.read(OVERVIEW) for name in ('base', 'RT-261120-01', 'SK-261120-01'))


def test_a_conflict_elsewhere_stays_with_its_person(repo: Sandbox) -> None:
    parted(repo, ('Ship it.', 'Ship it now.', 'Ship it later.'))
    repo.git('switch', '-q', 'side')
    repo.write('code.py', 'x = 2\n')
    repo.commit('theirs')
    repo.git('switch', '-q', 'main')
    repo.write('code.py', 'x = 3\n')
    repo.commit('ours')
    repo.git('merge', 'side', check=False)
    goal = '<<<<<<< HEAD\nShip it now.\n=======\nShip it later.\n>>>>>>> side\n'
    code = repo.read('code.py')
    assert goal in repo.read(LOG) and repo.read(LOG).count('<<<<<<<') == 2
    run = repo.daybook('regen-indexes')
    assert run.returncode == 1
    assert run.stderr == (f'left to you: code.py: not generated\n'
                          f'left to you: {LOG}: conflict outside of the Session Log, line 9\n')
    assert repo.read('code.py') == code
    assert repo.read(LOG) == HEAD.replace('Ship it.\n', goal) + '\n' + line('SK-261120-01') + line('RT-261120-01') + OLD + TAIL
    assert set(run_printed(repo, run.stdout)) == {INDEX, OVERVIEW}
    before = repo.snapshot()
    assert repo.daybook('regen-indexes').returncode == 1 and repo.snapshot() == before
    repo.write(LOG, repo.read(LOG).replace(goal, 'Ship it.\n'))
    assert f'git add -- {LOG}\n' in repo.daybook('regen-indexes').stdout


def test_what_both_changed_in_the_log_is_left_as_it_is(repo: Sandbox) -> None:
    parted(repo)
    for branch, word in (('side', 'Theirs'), ('main', 'Mine')):
        repo.git('switch', '-q', branch)
        repo.write(LOG, repo.read(LOG).replace('): Old', f'): {word}'))
        repo.commit(word)
    repo.git('merge', 'side', check=False)
    before = repo.read(LOG)
    run = repo.daybook('regen-indexes')
    assert repo.read(LOG) == before and f'left to you: {LOG}: its conflict is not in entries' in run.stderr
    assert LOG not in run_printed(repo, run.stdout)


def test_a_workstream_that_one_side_deleted_is_left(repo: Sandbox) -> None:
    parted(repo)
    repo.git('rm', '-q', LOG)
    repo.git('commit', '-qm', 'gone')
    repo.git('merge', 'side', check=False)
    before = repo.read(LOG)
    run = repo.daybook('regen-indexes')
    assert f'left to you: {LOG}: one side has deleted it' in run.stderr and repo.read(LOG) == before


def test_an_index_that_one_side_writes_by_hand_is_left(repo: Sandbox) -> None:
    parted(repo)
    repo.write(INDEX, '# Ours\n\n- [base](./base.md): with care\n')
    repo.commit('by hand')
    repo.git('merge', 'side', check=False)
    before = repo.read(INDEX)
    run = repo.daybook('regen-indexes')
    assert repo.read(INDEX) == before and f'left to you: {INDEX}: not generated' in run.stderr
    assert INDEX not in run_printed(repo, run.stdout)


def test_an_index_that_one_side_deleted_is_made_anew(repo: Sandbox) -> None:
    parted(repo)
    repo.git('rm', '-q', INDEX)
    repo.git('commit', '-qm', 'gone')
    repo.git('merge', 'side', check=False)
    run = repo.daybook('regen-indexes')
    assert INDEX in run_printed(repo, run.stdout) and repo.read(INDEX).count('\n- ') == 3


def test_markers_of_another_length(repo: Sandbox) -> None:
    parted(repo)
    repo.write('.gitattributes', '*.md -text conflict-marker-size=11\n')
    repo.commit('longer')
    repo.git('merge', 'side', check=False)
    assert '<' * 11 in repo.read(LOG)
    repo.daybook('regen-indexes')
    assert repo.read(LOG) == HEAD + '\n' + line('SK-261120-01') + line('RT-261120-01') + OLD + TAIL


@pytest.mark.parametrize('size', ['²', '٣', '9' * 5000, '0', '-3', 'x'])
def test_a_length_that_is_no_number_is_that_of_git(repo: Sandbox, size: str) -> None:
    repo.write('.gitattributes', f'*.md conflict-marker-size={size}\n')
    assert settling._marker_size(git.find_repo(str(repo.root)), LOG) == 7


def test_logs_are_settled_where_others_keep_the_indexes(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'indexes: {when: default-branch}\n')
    repo.write(LOG, HEAD + '\n' + OLD)
    repo.commit('begin')
    for branch, name in (('one', 'RT-261120-01'), ('two', 'SK-261120-01')):
        repo.git('switch', '-qc', branch, 'main')
        repo.write(LOG, HEAD + '\n' + line(name) + OLD)
        repo.write(f'plans/{name}.md', NOTE.format(title=name))
        repo.commit(name)
    repo.git('merge', 'one', check=False)
    run = repo.daybook('regen-indexes')
    assert run.stdout == f'Rewriting {LOG}\ngit add -- {LOG}\n' and 'INDEX' not in ''.join(repo.snapshot())
    assert repo.read(LOG) == HEAD + '\n' + line('SK-261120-01') + line('RT-261120-01') + OLD


def test_a_killed_run_leaves_nothing_half_done(repo: Sandbox) -> None:
    parted(repo)
    repo.git('merge', 'side', check=False)
    repo.daybook('regen-indexes')
    log = repo.read(LOG)
    repo.git('checkout', '-q', '--merge', '--', INDEX, OVERVIEW)  # as if killed before these
    run = repo.daybook('regen-indexes')
    assert repo.read(LOG) == log and set(run_printed(repo, run.stdout)) == {LOG, INDEX, OVERVIEW}
