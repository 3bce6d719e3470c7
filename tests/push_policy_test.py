"""Where a branch is pushed, and what the policy lets go with it; races and failures are in handoff_clones_test."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.handoff import push_policy
from daybook.handoff.push_policy import Pushed
from daybook.handoff.push_policy import Upstream
from daybook.repo import git


@pytest.fixture
def clone(repo: Sandbox, tmp_path: Path) -> Sandbox:
    """A branch `main` that follows `main` of `origin`; another remote is called `fork`."""
    for name in ('origin', 'fork'):
        (tmp_path / name).mkdir()
        Sandbox(tmp_path / name).git('init', '-q', '--bare')
        repo.git('remote', 'add', name, str(tmp_path / name))
    repo.git('commit', '-q', '--allow-empty', '-m', 'begin')
    repo.git('push', '-q', '-u', 'origin', 'main')
    return repo


def upstream(clone: Sandbox) -> Upstream | Pushed:
    return push_policy.upstream_of(git.find_repo(str(clone.root)), 'main')


def test_upstream(clone: Sandbox) -> None:
    assert upstream(clone) == Upstream('origin', 'refs/heads/main', clone.git('rev-parse', 'HEAD'))


def test_upstream_of_another_name(clone: Sandbox) -> None:
    clone.git('push', '-q', '-u', 'origin', 'main:refs/heads/other')
    assert upstream(clone) == Upstream('origin', 'refs/heads/other', clone.git('rev-parse', 'HEAD'))


NO_UPSTREAM = [  # what the user has set, the reason, a part of the line for a person
    (['remote remove origin', 'remote remove fork'], 'no-remote', ''),
    (['branch --unset-upstream'], 'no-upstream', 'git push -u fork main'),
    (['config branch.main.remote .'], 'no-upstream', 'git push -u fork main'),
    (['config branch.main.pushRemote fork'], 'push-remote', 'git push fork'),
    (['config remote.pushDefault fork'], 'push-remote', 'git push fork'),
    (['update-ref -d refs/remotes/origin/main'], 'no-upstream', 'git fetch origin'),
    (['config branch.main.remote /somewhere/else'], 'no-upstream', 'git fetch /somewhere/else'),
]


@pytest.mark.parametrize(('commands', 'reason', 'words'), NO_UPSTREAM)
def test_no_upstream_is_an_outcome_and_no_failure(clone: Sandbox, commands: list[str], reason: str, words: str) -> None:
    for command in commands:
        clone.git(*command.split())
    found = upstream(clone)
    assert isinstance(found, Pushed) and (found.outcome, found.reason, found.is_failure) == ('no', reason, False)
    assert words in '\n'.join(found.lines)


def test_push_remote_that_is_the_same(clone: Sandbox) -> None:
    clone.git('config', 'branch.main.pushRemote', 'origin')
    assert isinstance(upstream(clone), Upstream)


POLICIES = [  # handoff.push, commits ahead before the note, of these what may go along, reason
    ('auto', 0, 0, None), ('auto', 1, 0, 'other-commits'), ('auto', 1, 1, None), ('auto', 2, 1, 'other-commits'), ('own', 0, 0, None), ('own', 2, 2, None),
    ('own', 2, 1, 'other-commits'), ('never', 0, 0, 'never'), ('auto', 12, 0, 'other-commits'),
]


@pytest.mark.parametrize(('policy', 'ahead', 'along', 'reason'), POLICIES)
def test_policy(clone: Sandbox, policy: str, ahead: int, along: int, reason: str | None) -> None:
    place = upstream(clone)
    oids = []
    for number in range(ahead):
        clone.git('commit', '-q', '--allow-empty', '-m', f'work {number}')
        oids.append(clone.git('rev-parse', 'HEAD'))
    clone.git('commit', '-q', '--allow-empty', '-m', 'note')
    repo, settings = git.find_repo(str(clone.root)), config.DEFAULTS._replace(handoff_push=policy)
    assert isinstance(place, Upstream)
    note = clone.git('rev-parse', 'HEAD')
    forbidden = push_policy.may_push(repo, settings, place, note, [*oids[:along], note])
    assert (forbidden and forbidden.reason) == reason
    if forbidden:
        text = '\n'.join(forbidden.lines)
        assert 'git push origin HEAD:main' in text and not forbidden.is_failure
        assert ('and 2 more' in text) is (ahead == 12)
        assert text.count(': work') == min(10, ahead - along) * (policy != 'never')


@pytest.mark.parametrize('policy', ['auto', 'never'])
def test_where_both_sides_have_gone_on_the_command_pulls_first(clone: Sandbox, policy: str) -> None:
    clone.write('theirs.md', 'x')
    clone.commit('theirs')
    clone.git('push', '-q', 'origin', 'HEAD:main')
    clone.git('reset', '-q', '--hard', 'HEAD~1')
    for name in ('work', 'note'):
        clone.write(f'{name}.md', 'x')
        clone.commit(name)
    place, note = upstream(clone), clone.git('rev-parse', 'HEAD')
    assert isinstance(place, Upstream)
    forbidden = push_policy.may_push(git.find_repo(str(clone.root)), config.DEFAULTS._replace(handoff_push=policy), place, note, [note])
    assert forbidden is not None
    command = forbidden.lines[-1].partition(': ')[2]
    assert command == 'git pull --no-rebase origin main && git push origin HEAD:main'
    subprocess.run(command, shell=True, cwd=clone.root, check=True, capture_output=True, env={**os.environ, 'GIT_EDITOR': 'true'})
    assert clone.git('rev-parse', 'origin/main^1') == note
