"""`resume` over the branches of the remote: real clones, bare remotes, and remotes that do not answer."""
from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Sandbox
from resume_test import OPERATORS
from resume_test import note
from resume_test import resumed

SERGE = {'GIT_AUTHOR_NAME': 'Serge Other', 'GIT_AUTHOR_EMAIL': 'serge@example.com',
         'GIT_COMMITTER_NAME': 'Serge Other', 'GIT_COMMITTER_EMAIL': 'serge@example.com'}


class Two:
    """A bare remote with two clones: that of Roman, in which the tests resume, and that of Serge."""

    def __init__(self, root: Path) -> None:
        self.remote = Sandbox(root / 'remote.git')
        self.remote.root.mkdir()
        self.remote.git('init', '-q', '--bare')
        self.roman, self.serge = (self.join(root / name) for name in ('roman', 'serge'))
        self.roman.write('.daybook/operators.yaml', OPERATORS)
        self.roman.write('docs/sessions/RT-261110-01.md', note('Mine'))
        self.roman.commit('begin')
        self.roman.git('push', '-q', '-u', 'origin', 'main')
        self.serge.git('pull', '-q', 'origin', 'main')

    def join(self, place: Path) -> Sandbox:
        self.remote.git('clone', '-q', '.', str(place))
        return Sandbox(place)

    def theirs(self, stem: str, text: str, branch: str = 'main', env: dict[str, str] = SERGE) -> str:
        """Let Serge push a note; return its commit."""
        self.serge.git('checkout', '-q', *([] if self.serge.git('branch', '--list', branch) else ['-b']), branch)
        self.serge.write(f'docs/sessions/{stem}.md', text)
        self.serge.git('add', '.')
        self.serge.git('commit', '-q', '-m', stem, env=env)
        self.serge.git('push', '-q', 'origin', branch)
        return self.serge.git('rev-parse', 'HEAD')


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def first_line(out: str) -> str:
    return out.split('\n')[0]


def test_a_note_on_a_branch_is_found_and_named(two: Two) -> None:
    two.theirs('SO-261111-01', note('Theirs', '2026-11-11', 'serge'), 'topic')
    out = resumed(two.roman)
    assert first_line(out) == 'resume for roman (RT) on main: up to date with origin/main'
    assert 'last note: RT-261110-01 ("Mine"' in out
    line = next(line for line in out.split('\n') if line.startswith('Peer'))
    assert line.startswith('Peer activity — serge: last seen SO-261111-01 ("Theirs", ') and line.endswith('), on origin/topic')


def test_my_note_from_another_machine(two: Two) -> None:
    oid = two.theirs('RT-261112-01', note('Elsewhere', '2026-11-12', body='## Resume Prompt\n\n' + 'é on\n' * 4000), 'away', {})
    out = resumed(two.roman)
    assert 'last note: RT-261112-01 ("Elsewhere"' in out
    assert f'from git show {oid[:10]}:docs/sessions/RT-261112-01.md, by Roman Tester in commit {oid[:10]}, on origin/away\n' in out
    assert f'more lines are in git show {oid[:10]}:docs/sessions/RT-261112-01.md]' in out and len(out.encode()) <= 9000
    assert 'é on' in two.roman.git('show', f'{oid[:10]}:docs/sessions/RT-261112-01.md'), 'the command works'


def test_the_name_of_a_file_cannot_become_a_command(two: Two) -> None:
    oid = two.theirs('x; touch y', note('a', '2026-11-12'), 'away', {})
    assert f"from git show '{oid[:10]}:docs/sessions/x; touch y.md', by" in resumed(two.roman)


def test_what_is_here_already_is_not_on_a_branch(two: Two) -> None:
    two.theirs('SO-261111-01', note('Theirs', '2026-11-11', 'serge', ended_at='2026-11-11T23:00:00Z'), 'topic')
    two.roman.git('fetch', '-q')
    two.roman.git('checkout', '-q', 'origin/topic', '--', 'docs/sessions/SO-261111-01.md')
    two.roman.git('mv', 'docs/sessions/SO-261111-01.md', 'docs/sessions/moved.md')
    out = resumed(two.roman)
    assert 'last seen moved ("Theirs"' in out and 'on origin/topic' not in out, 'by its blob'
    two.roman.git('mv', 'docs/sessions/moved.md', 'docs/sessions/SO-261111-01.md')
    two.roman.write('docs/sessions/SO-261111-01.md', note('Mended', '2026-11-11', 'serge'))
    assert 'last seen SO-261111-01 ("Mended"' in resumed(two.roman), 'by its place'


def test_a_stub_here_does_not_hide_the_note_there(two: Two) -> None:
    two.theirs('RT-261113-01', note('Filled', '2026-11-13'), 'topic', {})
    two.roman.write('docs/sessions/RT-261113-01.md', '---\noperator: roman\nkind: session\nclaimed_at: 2026-11-13T10:00:00Z\n---\n')
    assert 'last note: RT-261113-01 ("Filled"' in resumed(two.roman)


def test_stubs_on_branches_are_open_claims(two: Two) -> None:
    two.theirs('SO-261111-02', '---\noperator: serge\nkind: session\nclaimed_at: 2020-11-13T10:00:00Z\n---\n', 'topic')
    assert '  SO-261111-02: perhaps abandoned, claimed by serge ' in resumed(two.roman)
    assert ', docs/sessions/SO-261111-02.md on origin/topic\n' in resumed(two.roman)


def test_how_far_from_what_is_there(two: Two) -> None:
    def says(words: str) -> bool:
        return first_line(resumed(two.roman)) == f'resume for roman (RT) on {words}'
    assert says('main: up to date with origin/main')
    two.theirs('SO-261111-01', note('a', operator='serge'))
    two.theirs('SO-261111-02', note('b', operator='serge'))
    assert says('main: 2 behind origin/main (git pull --ff-only)')
    two.roman.commit('mine', str(two.roman.write('x.py', 'x')))
    assert says('main: 1 ahead of and 2 behind origin/main (git pull --no-rebase)')
    two.roman.git('pull', '-q', '--no-rebase')
    two.roman.git('config', 'push.default', 'nothing')
    assert says('main: 2 ahead of origin/main')
    two.roman.git('config', 'push.default', 'simple')
    assert says('main: 2 ahead of origin/main (git push)')
    two.roman.git('push', '-q')
    assert says('main: up to date with origin/main'), 'the command was right'


def test_how_far_a_branch_is(two: Two) -> None:
    def says(words: str) -> bool:
        return first_line(resumed(two.roman)) == f'resume for roman (RT) {words}'
    two.theirs('SO-261111-01', note('a', operator='serge'))
    two.roman.git('checkout', '-q', '-b', 'topic')
    assert says('on topic: 1 behind origin/main (git pull --no-rebase origin main)')
    two.roman.git('push', '-q', '-u', 'origin', 'topic')
    assert says('on topic: up to date with origin/topic, 1 behind origin/main (git pull --no-rebase origin main)')
    two.serge.git('fetch', '-q')
    two.serge.git('checkout', '-q', 'topic')
    two.theirs('SO-261111-03', note('c', operator='serge'), 'topic')
    assert says('on topic: 1 behind origin/topic (git pull --ff-only), 1 behind origin/main (git pull --no-rebase origin main)')
    two.roman.git('pull', '-q', '--ff-only')
    two.roman.git('pull', '-q', '--no-rebase', 'origin', 'main')  # a merge
    assert says('on topic: 2 ahead of origin/topic (git push), 2 ahead of origin/main'), 'what is for a pull request needs no command'
    two.remote.git('branch', '-q', '-D', 'topic')
    assert says('on topic: 2 ahead of origin/main, origin/topic is gone')
    two.roman.git('checkout', '-q', '--detach')
    assert says(f'at {two.roman.git("rev-parse", "HEAD")[:10]}, on no branch: 2 ahead of origin/main (git switch -c NAME)')
    two.roman.git('checkout', '-q', 'HEAD~2')
    assert first_line(resumed(two.roman)).endswith('on no branch: 1 behind origin/main'), 'nothing is at risk'


def test_a_branch_that_follows_another_is_not_told_to_push(two: Two) -> None:
    two.roman.git('checkout', '-q', '-b', 'topic', '--track', 'origin/main')
    two.roman.commit('mine', str(two.roman.write('x.py', 'x')))
    assert first_line(resumed(two.roman)) == 'resume for roman (RT) on topic: 1 ahead of origin/main'


def test_the_name_of_a_branch_cannot_become_a_command(two: Two) -> None:
    two.remote.git('branch', '-q', '-m', 'main', 'a;touch${IFS}y')
    two.remote.git('symbolic-ref', 'HEAD', 'refs/heads/a;touch${IFS}y')
    two.serge.git('fetch', '-q', '--prune')
    two.roman.git('fetch', '-q', '--prune')
    two.roman.git('remote', 'set-head', 'origin', '-a')
    two.serge.git('checkout', '-q', '-B', 'a;touch${IFS}y')
    two.theirs('SO-261111-01', note('a', operator='serge'), 'a;touch${IFS}y')
    assert "1 behind origin/a;touch${IFS}y (git pull --no-rebase origin 'a;touch${IFS}y')" in first_line(resumed(two.roman))


def test_no_fetch_tells_what_was_fetched_last(two: Two) -> None:
    two.theirs('SO-261111-01', note('a', '2026-11-11', 'serge'))
    out = resumed(two.roman, '--no-fetch')
    assert first_line(out) == 'resume for roman (RT) on main: up to date with origin/main; not fetched'
    assert 'SO-261111-01' not in out
    resumed(two.roman)
    assert first_line(resumed(two.roman, '--no-fetch')) == 'resume for roman (RT) on main: 1 behind origin/main (git pull --ff-only); not fetched'
    two.theirs('SO-261111-02', note('b', '2026-11-11', 'serge'))
    two.roman.git('fetch', '-q')
    out = resumed(two.roman, '--no-fetch')
    assert '2 behind origin/main' in out and 'SO-261111-02' in out, "the user's own fetch was later"


def _refs(repo: Sandbox) -> list[str]:
    return [line for line in repo.git('for-each-ref', '--format=%(refname) %(objectname)').split('\n') if 'refs/daybook/' not in line]


@pytest.mark.parametrize('setting', [
    (), ('fetch.prune', 'true'), ('remote.origin.tagOpt', '--tags'), ('fetch.pruneTags', 'true'), ('fetch.recurseSubmodules', 'true'),
    ('remote.origin.fetch', '+refs/heads/*:refs/heads/x/*'), ('core.hooksPath', 'hooks'), ('fetch.all', 'true'),
], ids=lambda setting: setting[0] if setting else 'none')
def test_nothing_of_the_users_moves(two: Two, setting: tuple[str, ...]) -> None:
    two.roman.git('fetch', '-q')
    two.roman.git('tag', 'mine')
    two.roman.write('staged.py', 'x')
    two.roman.git('add', 'staged.py')
    hook = two.roman.write('hooks/reference-transaction', '#!/bin/sh\ntouch called\n')
    hook.chmod(0o755)
    if setting:
        two.roman.git('config', *(['--add'] if setting[0].endswith('.fetch') else []), *setting)
    two.serge.git('tag', 'theirs')
    two.serge.git('push', '-q', 'origin', 'theirs')
    two.theirs('SO-261111-01', note('a', '2026-11-11', 'serge'), 'topic')
    git = two.roman.root / '.git'
    before = _refs(two.roman), two.roman.snapshot(), {name: (git / name).read_bytes() for name in ('HEAD', 'FETCH_HEAD', 'index')}
    assert 'SO-261111-01' in resumed(two.roman)
    assert before == (_refs(two.roman), two.roman.snapshot(),
                      {name: (git / name).read_bytes() for name in ('HEAD', 'FETCH_HEAD', 'index')})
    ours = two.roman.git('for-each-ref', '--format=%(refname)', 'refs/daybook').split('\n')
    assert ours == ['refs/daybook/remotes/origin/main', 'refs/daybook/remotes/origin/topic']
    two.remote.git('branch', '-q', '-D', 'topic')
    assert 'SO-261111-01' not in resumed(two.roman), 'a branch that is gone is forgotten'


def test_a_branch_that_was_rewritten(two: Two) -> None:
    two.theirs('SO-261111-01', note('First', '2026-11-11', 'serge'), 'topic')
    assert '("First"' in resumed(two.roman)
    two.serge.git('reset', '-q', '--hard', 'HEAD~')
    two.serge.git('push', '-qf', 'origin', 'topic')
    two.theirs('SO-261111-01', note('Second', '2026-11-11', 'serge'), 'topic')
    assert '("Second"' in resumed(two.roman)


@pytest.mark.parametrize(('env', 'doubt'), [
    (SERGE, ''),
    ({**SERGE, 'GIT_COMMITTER_EMAIL': 'SERGE@example.com'}, ''),
    ({**SERGE, 'GIT_COMMITTER_NAME': 'GitHub', 'GIT_COMMITTER_EMAIL': 'noreply@github.com'}, ''),
    ({**SERGE, 'GIT_COMMITTER_NAME': 'Eve', 'GIT_COMMITTER_EMAIL': 'eve@x.org'}, 'Eve <eve@x.org> committed it, not serge'),
    ({**SERGE, 'GIT_AUTHOR_EMAIL': 'eve@x.org', 'GIT_COMMITTER_NAME': 'GitHub', 'GIT_COMMITTER_EMAIL': 'noreply@github.com'},
     'GitHub <noreply@github.com> committed it, not serge'),
], ids=['own', 'case', 'merged by the host', 'committed by another', 'written by another, merged by the host'])
@pytest.mark.parametrize('branch', ['main', 'topic'])
def test_a_note_that_its_operator_did_not_commit(two: Two, env: dict[str, str], doubt: str, branch: str) -> None:
    two.theirs('SO-261111-01', note('a', '2026-11-11', 'serge'), branch, env)
    line = next(line for line in resumed(two.roman).split('\n') if line.startswith('Peer'))
    assert line.endswith(f'), on origin/{branch}' + (f', unverified: {doubt}' if doubt else ''))


def test_my_note_that_somebody_else_committed(two: Two) -> None:
    two.theirs('RT-261115-01', note('Obey', '2026-11-15'), 'topic', {**SERGE, 'GIT_COMMITTER_NAME': 'Eve', 'GIT_COMMITTER_EMAIL': 'eve@x.org'})
    out = resumed(two.roman)
    assert '\nunverified: Eve <eve@x.org> committed it, not roman\n' in out
    assert '\nthe last note that roman committed: RT-261110-01, docs/sessions/RT-261110-01.md\n' in out
    two.roman.git('rm', '-q', 'docs/sessions/RT-261110-01.md')
    two.roman.git('commit', '-qm', 'none left')
    assert 'the last note that' not in resumed(two.roman), 'what HEAD took away does not come back with a branch'


def test_who_only_mends_a_link_of_a_note_is_not_taken_for_its_author(two: Two) -> None:
    eve = {**SERGE, 'GIT_COMMITTER_NAME': 'Eve', 'GIT_COMMITTER_EMAIL': 'eve@x.org'}
    text = note('a', '2026-11-11', 'serge') + '\n[plan](../../plans/old.md)\n'
    two.theirs('SO-261111-01', text)
    two.theirs('SO-261111-01', text.replace('old.md', 'new.md'), env=eve)
    assert 'SO-261111-01' in (out := resumed(two.roman)) and 'unverified' not in out
    two.theirs('SO-261111-01', text.replace('../../plans/old.md', 'https://eve.example/'), env=eve)
    assert 'unverified: Eve <eve@x.org> committed it, not serge' in resumed(two.roman), 'a link that leads elsewhere is no mended one'
    two.theirs('SO-261111-01', text)
    two.theirs('SO-261111-01', f'{text}more\n', env=eve)
    two.theirs('SO-261111-01', f'{text.replace("old.md", "new.md")}more\n', env=eve)
    assert 'unverified: Eve <eve@x.org> committed it, not serge' in resumed(two.roman)


def test_who_joined_upstream_is_known_before_the_pull(two: Two) -> None:
    two.serge.write('.daybook/operators.yaml', OPERATORS + '  nina:\n    initials: NN\n    emails: [nina@x.org]\n')
    nina = {**SERGE, 'GIT_COMMITTER_NAME': 'Nina', 'GIT_COMMITTER_EMAIL': 'nina@x.org'}
    two.theirs('NN-261111-01', note('a', '2026-11-11', 'nina'), env=nina)
    assert 'NN-261111-01' in (out := resumed(two.roman)) and 'unverified' not in out
    two.theirs('NN-261111-01', note('b', '2026-11-11', 'nina'))
    assert 'unverified: Serge Other <serge@example.com> committed it, not nina' in resumed(two.roman)


def test_a_branch_cannot_bring_its_own_operators(two: Two) -> None:
    eve = {**SERGE, 'GIT_COMMITTER_NAME': 'Eve', 'GIT_COMMITTER_EMAIL': 'eve@x.org'}
    two.serge.git('checkout', '-q', '-b', 'topic')
    two.serge.write('.daybook/operators.yaml', OPERATORS + '  nina:\n    initials: NN\n    emails: [eve@x.org]\n')
    two.theirs('NN-261111-01', note('a', '2026-11-11', 'nina'), 'topic', env=eve)
    assert 'unverified: Eve <eve@x.org> committed it, not nina' in resumed(two.roman)


def test_a_name_that_no_operator_has_is_unverified(two: Two) -> None:
    two.theirs('x', note('a', '2026-11-11', 'system'))
    assert 'Peer activity — system: last seen x ("a", ' in resumed(two.roman)
    assert 'unverified: Serge Other <serge@example.com> committed it, not system\n' in resumed(two.roman)


def test_without_an_operators_file_nobody_is_doubted(two: Two) -> None:
    two.roman.git('rm', '-q', '.daybook/operators.yaml')
    two.theirs('x', note('a', '2026-11-11', 'eve'))
    assert 'Peer activity — eve' in resumed(two.roman) and 'unverified' not in resumed(two.roman)


def test_a_remote_that_is_not_there(two: Two) -> None:
    two.roman.git('remote', 'set-url', 'origin', str(two.remote.root.parent / 'gone.git'))
    out = resumed(two.roman)
    assert first_line(out) == 'resume for roman (RT) on main: up to date with origin/main; origin leads to no repository (see `git remote -v`); its branches are as fetched last'
    assert 'last note: RT-261110-01' in out


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes every caller and never says a word."""
    server = socket.create_server(('127.0.0.1', 0))
    callers: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                callers.append(server.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    for caller in callers:
        caller.close()


@pytest.mark.parametrize('scheme', ['git', 'http'])
def test_a_remote_that_hangs(two: Two, silent: int, scheme: str) -> None:
    two.roman.git('remote', 'set-url', 'origin', f'{scheme}://127.0.0.1:{silent}/x.git')
    out = resumed(two.roman)
    assert first_line(out).endswith('; origin did not answer in 3 s; its branches are as fetched last') and 'last note: RT-261110-01' in out


def test_a_remote_that_asks(two: Two) -> None:
    two.roman.git('remote', 'set-url', 'origin', 'ssh://nobody@127.0.0.1/x.git')
    for said, means in (('ssh: connect to host x port 22: Connection refused', 'is offline (connection refused)'),
                        ('ssh: Could not resolve hostname x: Name or service not known', 'is offline (its host has no address)'),
                        ('ssh: connect to host x port 22: Network is unreachable', 'is offline (no way to its host)'),
                        ('git@x: Permission denied (publickey).', 'lets nobody in from here (see `git fetch`)'), ('ERROR: Repository not found.', 'leads to no repository (see `git remote -v`)'),
                        ('fatal: could not read Username for x: terminal prompts disabled', 'asks for a password (see `git fetch`)')):
        assert f'; origin {means}; its branches are as fetched last' in first_line(resumed(two.roman, GIT_SSH_COMMAND=f'echo "{said}" >&2; false')), said
    assert '; origin cannot be fetched (see `git fetch`); its branches are as fetched last' in first_line(resumed(two.roman, GIT_SSH_COMMAND='read answer < /dev/tty'))


def test_no_remote(repo: Sandbox) -> None:
    repo.write('docs/sessions/RT-261110-01.md', note('a'))
    repo.commit()
    assert first_line(resumed(repo)) == 'resume for roman-tester (RT) on main'
    assert not (repo.root / '.git/refs/daybook').exists()


@pytest.mark.parametrize(('setting', 'expected'), [
    ('', 'origin'), ('claims: {remote: fork}\n', 'fork'), ('claims: {remote: off}\n', 'origin'), ('claims: {remote: none}\n', '')])
def test_several_remotes(two: Two, tmp_path: Path, setting: str, expected: str) -> None:
    two.remote.git('clone', '-q', '--bare', '.', str(tmp_path / 'fork.git'))
    two.theirs('SO-261111-01', note('At origin', '2026-11-11', 'serge'), 'topic')
    two.serge.git('remote', 'add', 'fork', str(tmp_path / 'fork.git'))
    two.serge.git('commit', '-q', '--amend', '-m', 'x', '--no-edit')
    two.serge.write('docs/sessions/SO-261111-01.md', note('At fork', '2026-11-11', 'serge'))
    two.serge.git('commit', '-qam', 'x')
    two.serge.git('push', '-q', 'fork', 'topic')
    two.roman.git('remote', 'add', 'fork', str(tmp_path / 'fork.git'))
    two.roman.write('.daybook/config.yaml', setting or '{}\n')
    out = resumed(two.roman)
    assert f'("At {expected}"' in out if expected else '("At' not in out
    assert (f'on {expected}/topic' in out) is bool(expected)


def test_a_remote_with_a_slash_and_one_that_was_never_fetched(two: Two, new_repo: Callable[[str], Sandbox]) -> None:
    repo = new_repo('fresh')
    repo.write('a', 'a')
    repo.commit()
    repo.git('remote', 'add', 'up/stream', str(two.remote.root))
    assert first_line(resumed(repo)) == 'resume for roman-tester (RT) on main: 1 ahead of and 1 behind up/stream/main (git pull --no-rebase up/stream main)'
    assert ', on up/stream/main\n' in resumed(repo)


def test_before_the_first_commit(two: Two, new_repo: Callable[[str], Sandbox]) -> None:
    repo = new_repo('unborn')
    repo.git('remote', 'add', 'origin', str(two.remote.root))
    out = resumed(repo, '--operator', 'roman')
    assert first_line(out) == 'resume for roman on main, before the first commit'
    assert 'last note: RT-261110-01' in out and ', on origin/main\n' in out and 'since that note' in out


def test_linked_work_trees_share_what_was_fetched(two: Two) -> None:
    two.theirs('SO-261111-01', note('a', '2026-11-11', 'serge'))
    two.roman.git('worktree', 'add', '-q', '../linked')
    resumed(two.roman)
    out = resumed(Sandbox(two.roman.root.parent / 'linked'), '--no-fetch')
    assert first_line(out) == 'resume for roman (RT) on linked: 1 behind origin/main (git pull --no-rebase origin main); not fetched' and 'SO-261111-01' in out


def test_a_partial_clone_is_never_completed(two: Two, tmp_path: Path) -> None:
    two.remote.git('config', 'uploadpack.allowFilter', 'true')
    two.theirs('SO-261111-01', note('a', '2026-11-11', 'serge'), 'topic')
    two.remote.git('clone', '-q', '--filter=blob:none', two.remote.root.as_uri(), str(tmp_path / 'partial'))
    partial = Sandbox(tmp_path / 'partial')
    missing = partial.git('rev-list', '--objects', '--all', '--missing=print')
    for args in ((), ('--no-fetch',)):
        out = resumed(partial, *args)
        assert '\nnot looked at: 1 notes that this partial clone does not have\n' in out and 'last note: RT-261110-01' in out
    assert partial.git('rev-list', '--objects', '--all', '--missing=print') == missing and '?' in missing


def test_a_shallow_clone_blames_nobody(two: Two, tmp_path: Path) -> None:
    two.serge.write('docs/sessions/2026-11-09.md', '# without a name\n')
    two.theirs('SO-261111-01', note('a', '2026-11-11', 'serge'))
    two.remote.git('clone', '-q', '--depth=1', two.remote.root.as_uri(), str(tmp_path / 'shallow'))
    shallow = Sandbox(tmp_path / 'shallow')
    out = resumed(shallow)
    cut = 'unverified: its commit is not in this shallow clone\n'
    assert 'from docs/sessions/RT-261110-01.md, committed before this shallow clone begins\n' + cut in out
    assert 'Notes that name nobody: last 2026-11-09 (' in out and 'committed it' not in out and 'since that note: no commit' not in out
    assert ', ' + cut in next(line for line in out.splitlines(keepends=True) if line.startswith('Peer activity — serge'))
    two.theirs('SO-261112-01', note('b', '2026-11-12', 'serge'))
    shallow.git('pull', '-q')
    assert 'last seen SO-261112-01 ("b"' in (out := resumed(shallow)) and out.count('unverified') == 1, 'what came later is known'
    shallow.git('fetch', '-q', '--unshallow')
    out = resumed(shallow)
    assert 'by Roman Tester in commit ' in out and 'since that note: 2 commits after ' in out and 'unverified' not in out


def test_only_so_many_branches_are_read(two: Two) -> None:
    base = two.serge.git('rev-parse', 'HEAD')
    oids = [two.serge.git('commit-tree', f'{base}^{{tree}}', '-p', base, '-m', f'{n}') for n in range(53)]
    two.serge.git('push', '-q', 'origin', *(f'{oid}:refs/heads/b{n}' for n, oid in enumerate(oids)))
    out = resumed(two.roman)
    assert '\nnot looked at: 3 branches without a recent commit\n' in out


def test_a_repository_that_cannot_be_written(two: Two) -> None:
    blocked = two.roman.root / '.git/daybook/fetch.lock'
    blocked.mkdir(parents=True)
    out = resumed(two.roman)
    assert first_line(out).endswith('; origin cannot be fetched into a repository that is read-only; its branches are as fetched last')
    assert 'last note: RT-261110-01' in out


def test_many_runs_at_once(two: Two) -> None:
    two.theirs('SO-261111-01', note('a', '2026-11-11', 'serge'))
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(resumed(two.roman))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fetched = 'resume for roman (RT) on main: 1 behind origin/main (git pull --ff-only)'
    # whoever finds the fetch taken waits, and after the limit says what was fetched last: all of it, or nothing yet
    waited = {f'{begun}; origin {why}; its branches are as fetched last' for why in ('is being fetched by another run', 'did not answer in 3 s')
              for begun in (fetched, 'resume for roman (RT) on main: up to date with origin/main')}
    assert len(found) == 6
    for out in found:
        assert first_line(out) in {fetched, *waited}
        assert ('SO-261111-01' in out) is first_line(out).startswith(fetched), 'what is told is what was fetched'
    assert not [name for name in os.listdir(two.roman.root / '.git/daybook') if name.endswith('.tmp')]
    assert first_line(resumed(two.roman)) == fetched
