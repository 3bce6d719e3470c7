"""Clones that hand off at the same time: every note lands, nothing is forced, nobody's things are touched.

DAYBOOK_CLONE_ROUNDS (default 5) is how many rounds two clones play; DAYBOOK_SLOW=1 adds a push
through a hook that really takes a minute.
"""
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from runs import Run
from runs import Runner
from team import INDEX
from team import LOG
from team import Member
from team import Team
from team import make_team
from team import runner  # noqa: F401

ROUNDS = int(os.environ.get('DAYBOOK_CLONE_ROUNDS', '5'))
BEHIND = 'a peer had pushed first: joined on the remote; your branch is behind until you git pull'


@pytest.fixture
def pair(tmp_path: Path, runner: Runner) -> Team:  # noqa: F811
    return make_team(tmp_path / 'team', runner, 'roman', 'sara')


def at_once(*members: Member) -> list[Run]:
    runs = [member.runner.start(member.root, 'handoff') for member in members]
    return [run.wait() for run in runs]


def raced(member: Member, peer: Member, title: str = 'Mine', peers: str = 'Theirs') -> Run:
    """Let the peer push between what the member last saw and their push."""
    assert peer.hand_off(peers).last.endswith('pushed=yes')
    return member.hand_off(title)


def hook(sandbox: Member, name: str, text: str) -> None:
    home = sandbox.root / ('hooks' if sandbox.root.suffix == '.git' else '.git/hooks')
    home.mkdir(exist_ok=True)
    (home / name).write_text(f'#!/bin/sh\n{text}\n')
    (home / name).chmod(0o755)


def check(team: Team, ids: set[str]) -> None:
    """Everything of everybody is on the remote, in order, reached by fast-forwards only."""
    assert set(team.notes()) == ids == set(team.indexed()) == set(team.logged())
    index, log = team.show(INDEX), team.show(LOG)
    assert not re.search('^(<<<<<<<|=======|>>>>>>>)', index + log, re.MULTILINE)
    lines = [line for line in index.splitlines() if line.startswith('- ')]
    assert lines == sorted(lines) and len(lines) == len(ids)  # one day: by name
    tips = team.remote.git('reflog', 'show', '--format=%H', 'main').splitlines()
    for newer, older in zip(tips, tips[1:]):
        team.remote.git('merge-base', '--is-ancestor', older, newer)
    assert team.remote.git('for-each-ref', '--format=%(refname)') == 'refs/heads/main'


def id_of(run: Run) -> str:
    return re.search(r'id=(\S+)', run.last)[1]


def test_two_clones_at_once(pair: Team) -> None:
    members = [pair.member('roman'), pair.member('sara')]
    for member in members:
        member.git('pull', '-q', '--no-rebase')
        member.leave_things_about()
    ids, joins = set(), 0
    for number in range(ROUNDS):
        before = [member.state() for member in members]
        heads = [member.git('rev-parse', 'HEAD') for member in members]
        for member in members:
            member.draft(f'Round {number}')
        runs = at_once(*members)
        assert all(run.last.endswith('pushed=yes') for run in runs), [run.out for run in runs]
        ids |= {id_of(run) for run in runs}
        joins += sum(BEHIND in run.out for run in runs)
        check(pair, ids)
        assert [member.state() for member in members] == before
        assert [member.leftovers() for member in members] == [[], []]
        # a branch holds its own hand-off and nothing else that is new
        assert [member.git('rev-parse', 'HEAD~1') for member in members] == heads
        for member in members:
            member.git('pull', '-q', '--ff-only')
    assert joins == ROUNDS
    assert pair.remote.git('log', '--format=%s', '--merges').count('Merge the hand-off') == ROUNDS


def test_three_clones_at_once(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', 'timo')
    members = [team.member(name) for name in ('roman', 'sara', 'timo')]
    for member in members:
        member.draft('At once')
    runs = at_once(*members)
    assert all(run.last.endswith('pushed=yes') for run in runs), [run.out for run in runs]
    check(team, {id_of(run) for run in runs})


def test_tracking_ref_moves_with_the_push_only(pair: Team) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    sara.git('branch', 'side')
    sara.git('push', '-q', 'origin', 'side')
    run = raced(roman, sara)
    assert BEHIND in run.out
    assert roman.git('for-each-ref', '--format=%(refname)').split() == ['refs/heads/main', 'refs/remotes/origin/main']
    assert roman.git('rev-parse', 'origin/main') == pair.remote.git('rev-parse', 'main')
    assert not (roman.root / '.git/FETCH_HEAD').exists()
    assert roman.git('status', '-sb').splitlines()[0] == '## main...origin/main [behind 2]'
    roman.git('pull', '-q', '--ff-only')
    assert roman.git('status', '--porcelain', '--', 'docs', 'workstreams') == ''


def test_an_older_hand_off_goes_below_the_newer_one(pair: Team) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    sara.write(LOG, sara.read(LOG) + '\n- [SK-991231-01](../docs/sessions/SK-991231-01.md) (2099-12-31): Later\n')
    sara.commit('a later one')
    sara.git('push', '-q')
    assert roman.hand_off('Earlier').last.endswith('pushed=yes')
    assert [name[:2] for name in pair.logged()] == ['SK', 'RT']


@pytest.mark.parametrize('first', ['roman', 'sara'])
def test_what_a_union_merge_would_leave_unsorted_is_put_in_order(pair: Team, first: str) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    roman.write('.gitattributes', 'INDEX.md merge=union\n')
    roman.hand_off('So that there is an index')  # both add a line behind this one
    roman.commit('attributes', '.gitattributes')
    roman.git('push', '-q')
    sara.git('pull', '-q')
    peer, member = (roman, sara) if first == 'roman' else (sara, roman)
    assert raced(member, peer).last.endswith('pushed=yes')
    check(pair, set(pair.notes()))


def test_linear_history_rule(pair: Team) -> None:
    hook(pair.remote, 'update', 'test -z "$(git rev-list --merges $2..$3)" || { echo "merges are not allowed" >&2; exit 1; }')
    run = raced(pair.member('roman'), pair.member('sara'))
    assert run.last.endswith('pushed=no reason=rejected') and run.code == 0
    assert 'remote: merges are not allowed' in run.out and 'git pull --rebase, then git push' in run.out
    roman = pair.member('roman')
    roman.git('pull', '-q', '--rebase', check=False)
    assert pair.indexed() == pair.notes() and len(pair.notes()) == 1


def test_protected_branch(pair: Team) -> None:
    hook(pair.remote, 'pre-receive', 'echo "GH006: Protected branch update failed" >&2; exit 1')
    run = pair.member('roman').hand_off('Mine')
    assert run.code == 0 and run.last.endswith('pushed=no reason=rejected')
    assert '  | remote: GH006: Protected branch update failed' in run.out and '  | [remote rejected] (pre-receive hook declined)\n' in run.out
    assert '\t' not in run.out and '\\t' not in run.out
    command = re.search(r'and stays; push it to a branch: (git push origin \S+)\nthen open a pull request of that branch into main\n', run.out)[1]
    (pair.remote.root / 'hooks/pre-receive').unlink()
    subprocess.run(command.split(), cwd=pair.member('roman').root, check=True, capture_output=True)
    branch = f'handoff-{id_of(run)}'
    assert pair.remote.git('rev-parse', branch) == pair.member('roman').git('rev-parse', 'HEAD')


def test_pre_push_hook_that_takes_longer_than_the_limit(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', config='handoff: {timeout: 1}\n')
    roman = team.member('roman')
    hook(roman, 'pre-push', 'sleep 3')
    run = roman.hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=unknown reason=time-limit')
    assert team.remote.git('log', '--format=%s') == 'begin'
    (roman.root / '.git/hooks/pre-push').unlink()
    roman.git('push', '-q')
    assert len(team.notes()) == 1


def test_push_that_ends_within_the_limit_though_the_hook_is_slow(pair: Team) -> None:
    roman = pair.member('roman')
    hook(roman, 'pre-push', 'sleep 1')
    assert raced(roman, pair.member('sara')).last.endswith('pushed=yes')


@pytest.mark.skipif('DAYBOOK_SLOW' not in os.environ, reason='takes a minute; set DAYBOOK_SLOW=1')
def test_pre_push_hook_of_a_minute(pair: Team) -> None:
    roman = pair.member('roman')
    hook(roman, 'pre-push', 'sleep 60')
    assert roman.hand_off('Mine').last.endswith('pushed=yes')
    assert len(pair.notes()) == 1


def test_pre_push_hook_that_refuses(pair: Team) -> None:
    roman = pair.member('roman')
    hook(roman, 'pre-push', 'echo "fetch first, said the linter: non-fast-forward"; exit 1')
    run = roman.hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=no reason=push-hook')
    assert '  | fetch first, said the linter: non-fast-forward\n' in run.out
    assert pair.remote.git('log', '--format=%s') == 'begin'


ANSWERS = {  # what happens once the server has taken the commits: in post-receive, before it answers
    'killed': 'kill -9 $PPID',
    'silent': 'sleep 30',
}


@pytest.mark.parametrize('trouble', ANSWERS)
def test_answer_of_the_server_is_lost(tmp_path: Path, runner: Runner, trouble: str) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', config='handoff: {timeout: 2}\n')
    hook(team.remote, 'post-receive', ANSWERS[trouble])
    run = team.member('roman').hand_off('Mine')
    assert run.last.endswith('pushed=yes'), run.out
    assert [id_of(run)] == team.notes()


def test_connection_is_cut_and_the_remote_gone(pair: Team) -> None:
    hook(pair.remote, 'post-receive', f'mv {pair.remote.root} {pair.remote.root}.gone; kill -9 $PPID')
    run = pair.member('roman').hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=unknown reason=cut-off'), run.out


def test_remote_that_has_vanished(pair: Team) -> None:
    pair.remote.root.rename(pair.root / 'gone.git')
    run = pair.member('roman').hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=no reason=push-failed')
    assert 'once the remote answers: git push origin HEAD:main; where that is rejected: ' in run.out
    assert 'does not appear to be a git repository' in run.out


def test_remote_whose_branch_stays_locked(pair: Team) -> None:
    (pair.remote.root / 'refs/heads/main.lock').touch()
    run = pair.member('roman').hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=no reason=busy-remote')
    assert 'main.lock' in run.out


def test_remote_that_vanishes_between_push_and_fetch(pair: Team) -> None:
    roman = pair.member('roman')
    pair.member('sara').hand_off('Theirs')
    roman.git('config', 'remote.origin.pushurl', '../remote.git')
    roman.git('config', 'remote.origin.url', '../gone.git')
    run = roman.hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=no reason=fetch-failed')


def test_killed_during_the_push_of_a_join(pair: Team) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    sara.hand_off('Theirs')
    roman.draft('Mine')
    for moment, count in (('before git commit-tree', 1), ('before git push', 2)):
        roman.hand_off(kill_at=count, needle=moment)
    run = roman.hand_off(kill_at=2, needle='after git push')
    run = roman.hand_off()
    assert 'completed now' in run.out and BEHIND in run.out and run.last.endswith('pushed=yes')
    check(pair, set(pair.notes()))
    assert roman.leftovers() == [] and len(pair.notes()) == 2


def test_unrelated_histories(pair: Team) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    sara.git('checkout', '-q', '--orphan', 'new')
    sara.commit('all new')
    sara.git('push', '-q', '--force', 'origin', 'new:main')
    run = roman.hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=no reason=unrelated')


def test_conflict_outside_of_generated_lines(pair: Team) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    sara.write(LOG, sara.read(LOG).replace('Ship it.', 'Ship it today.'))
    sara.commit('goal')
    sara.git('push', '-q')
    roman.write(LOG, roman.read(LOG).replace('Ship it.', 'Ship it tomorrow.'))
    roman.git('add', LOG)
    before, tracking = roman.state(), roman.git('rev-parse', 'origin/main')
    run = roman.hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=no reason=conflict')
    assert roman.git('rev-parse', 'origin/main') == tracking
    assert f'a peer has changed {LOG} too: git pull, resolve, git push' in run.out
    assert pair.remote.git('log', '--format=%s', '-1') == 'goal'
    assert before.stash == roman.state().stash and roman.git('status', '--porcelain', '-uno') == ''


def test_peer_changed_text_and_log_of_the_workstream(pair: Team) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    sara.write(LOG, sara.read(LOG).replace('Ship it.', 'Ship it today.'))
    sara.git('add', LOG)
    assert raced(roman, sara).last.endswith('pushed=yes')
    assert 'Ship it today.' in pair.show(LOG)
    check(pair, set(pair.notes()))


PEERS = {  # what a peer does to a file that the hand-off writes: the file of the conflict, or None
    'deletes the workstream': (['rm', '-q', LOG], LOG),
    'renames the workstream': (['mv', LOG, 'workstreams/renamed.md'], None),
    'deletes the index': (['rm', '-q', INDEX], INDEX),
}


@pytest.mark.parametrize('deed', PEERS)
def test_peer_takes_a_target_away(pair: Team, deed: str) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    roman.hand_off('Before')
    sara.git('pull', '-q')
    command, conflict = PEERS[deed]
    sara.git(*command)
    sara.git('commit', '-q', '-m', deed)
    sara.git('push', '-q')
    run = roman.hand_off('Mine')
    if conflict:
        assert run.last.endswith('pushed=no reason=conflict') and f'a peer has changed {conflict} too' in run.out
    else:
        assert run.last.endswith('pushed=yes') and len(pair.logged('workstreams/renamed.md')) == 2
    assert roman.git('status', '--porcelain', '-uno') == ''


def test_index_by_hand_is_merged_as_text_or_left_to_a_person(pair: Team) -> None:
    roman, sara = pair.member('roman'), pair.member('sara')
    sara.write(INDEX, '# Ours\n\nWritten with care.\n')
    sara.commit('an index by hand')
    sara.git('push', '-q')
    run = roman.hand_off('Mine')
    assert run.code == 1 and run.last.endswith('pushed=no reason=conflict') and f'a peer has changed {INDEX} too' in run.out
    assert pair.show(INDEX) == '# Ours\n\nWritten with care.'


def test_own_mode_takes_unpushed_hand_offs_along(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', config='handoff: {push: own}\n')
    roman, sara = team.member('roman'), team.member('sara')
    sara.hand_off('Theirs')
    roman.git('config', 'remote.origin.pushurl', '../offline.git')
    for number in range(3):
        roman.work(text=f'x = {number}\n')
        assert roman.hand_off(f'Offline {number}').last.endswith('reason=push-failed')
    roman.git('config', '--unset', 'remote.origin.pushurl')
    roman.work(text='x = 4\n')
    run = roman.hand_off('Online')
    assert run.last.endswith('pushed=yes'), run.out
    assert len(team.notes()) == 5
    check(team, set(team.notes()))


def test_own_mode_joins_the_workstream_of_an_earlier_hand_off(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', config='handoff: {push: own}\n')
    roman, sara = team.member('roman'), team.member('sara')
    roman.git('config', 'remote.origin.pushurl', '../offline.git')
    for member, outcome in ((sara, 'pushed=yes'), (roman, 'reason=push-failed')):
        member.draft('Elsewhere', workstream='other')
        assert member.hand_off().last.endswith(outcome)
    roman.git('config', '--unset', 'remote.origin.pushurl')
    run = roman.hand_off('Here')
    assert run.last.endswith('pushed=yes'), run.out
    assert len(team.notes()) == len(team.indexed()) == 3
    assert (len(team.logged()), len(team.logged('workstreams/other.md'))) == (1, 2)


def test_the_changelog_lines_of_two_hand_offs_are_joined(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', config='handoff: {changelog: CHANGELOG.md}\n')
    roman, sara = team.member('roman'), team.member('sara')
    hook(roman, 'pre-push', 'exit 1')
    assert roman.hand_off('One').last.endswith('reason=push-hook')
    (roman.root / '.git/hooks/pre-push').unlink()
    run = raced(roman, sara, 'Two')
    assert run.last.endswith('pushed=yes') and BEHIND in run.out, run.out
    lines = [line.partition(': ')[2] for line in team.show('CHANGELOG.md').splitlines() if line.startswith('- ')]
    assert lines == ['Two', 'One', 'Theirs'] and len(team.notes()) == 3


def test_own_mode_joins_an_index_of_another_folder(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', config='handoff: {push: own}\n')
    roman, sara = team.member('roman'), team.member('sara')
    for member, name in ((sara, 'b'), (roman, 'a')):
        member.write(f'plans/{name}.md', f'---\ntitle: {name}\n---\n')
        member.git('add', '.')
        member.runner.run(member.root, 'regen-indexes')
        member.commit('a plan', 'plans')
    assert sara.hand_off('Theirs').last.endswith('pushed=yes')
    run = roman.hand_off('Mine')
    assert run.last.endswith('pushed=yes'), run.out
    assert [line for line in team.show('plans/INDEX.md').splitlines() if line.startswith('- ')] == [
        '- [a](./a.md): a', '- [b](./b.md): b']


def test_own_mode_never_takes_others_along(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', config='handoff: {push: own}\n')
    roman = team.member('roman')
    roman.hand_off('First')
    roman.work()
    assert roman.hand_off('Second').last.endswith('pushed=yes')
    roman.git('-c', 'user.email=sara@example.com', 'commit', '-q', '--allow-empty', '-m', 'of a peer',
              '--author', 'Sara <sara@example.com>')
    run = roman.hand_off('Third')
    assert run.last.endswith('pushed=no reason=other-commits') and 'Sara: of a peer' in run.out
    assert run.out.count('push them all: git push origin HEAD:main') == 1


def test_auto_mode_lists_what_would_go_with_it(pair: Team) -> None:
    roman = pair.member('roman')
    roman.work(message='mine, and not asked for')
    run = roman.hand_off('Mine')
    assert run.code == 0 and run.last.endswith('pushed=no reason=other-commits')
    assert 'Roman Tester: mine, and not asked for' in run.out
    assert pair.remote.git('log', '--format=%s') == 'begin'
    sara = pair.member('sara')
    sara.work('hers.py')
    sara.git('push', '-q')
    push, second = re.search(r'push them all: (.+); where that is rejected: (.+)\n', run.out).groups()
    assert subprocess.run(push, shell=True, cwd=roman.root, capture_output=True).returncode == 1
    subprocess.run(second, shell=True, cwd=roman.root, check=True, capture_output=True, env={**os.environ, 'GIT_EDITOR': 'true'})
    assert pair.remote.git('rev-parse', 'main') == roman.git('rev-parse', 'HEAD')


def test_git_that_cannot_merge_trees(pair: Team, tmp_path: Path) -> None:
    real = pair.remote.git('--exec-path') + '/git'
    wrapper = tmp_path / 'bin/git'
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *merge-tree*) echo "usage: git merge-tree" >&2; exit 129;; esac\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    pair.member('sara').hand_off('Theirs')
    run = pair.member('roman').hand_off('Mine', env={'PATH': f'{wrapper.parent}:{os.environ["PATH"]}'})
    assert run.code == 1 and run.last.endswith('pushed=no reason=old-git')
    assert 'git 2.38 or later is needed' in run.out


def signer(pair: Team, name: str, text: str) -> str:
    path = pair.root / name
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)
    return str(path)


GOOD_SIGNATURE = 'cat >/dev/null; echo "[GNUPG:] SIG_CREATED " >&2; echo "-----BEGIN PGP SIGNATURE-----"; echo x'


def test_signer_that_fails_on_the_join(pair: Team) -> None:
    roman = pair.member('roman')
    roman.git('config', 'gpg.program', signer(pair, 'sign', f'test -e {pair.root}/signed && exit 1; touch {pair.root}/signed\n'
                                               + GOOD_SIGNATURE))
    roman.git('config', 'commit.gpgSign', 'yes')
    run = raced(roman, pair.member('sara'))
    assert run.code == 1 and run.last.endswith('pushed=no reason=signing'), run.out
    assert 'the merge commit could not be made' in run.out and len(pair.notes()) == 1


@pytest.mark.parametrize('value', ['true', 'yes', 'on', '1', ''])
def test_join_is_signed_where_commits_are(pair: Team, value: str) -> None:
    roman = pair.member('roman')
    roman.git('config', 'gpg.program', signer(pair, 'sign', GOOD_SIGNATURE))
    roman.git('config', 'commit.gpgSign', value)
    run = raced(roman, pair.member('sara'))
    assert run.last.endswith('pushed=yes'), run.out
    assert ('PGP SIGNATURE' in pair.remote.git('cat-file', '-p', 'main')) is bool(value)


def test_signer_that_asks_somebody_who_is_not_there(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', config='handoff: {timeout: 2}\n')
    roman = team.member('roman')
    roman.git('config', 'gpg.program', signer(team, 'sign', f'test -e {team.root}/signed && sleep 60; touch {team.root}/signed\n'
                                               + GOOD_SIGNATURE))
    roman.git('config', 'commit.gpgSign', 'true')
    assert raced(roman, team.member('sara')).last.endswith('pushed=no reason=signing')


def test_sha256_repositories(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', options=('--object-format=sha256',))
    run = raced(team.member('roman'), team.member('sara'))
    assert re.search(r'commit=[0-9a-f]{64} pushed=yes$', run.last), run.out
    check(team, set(team.notes()))


def test_settings_of_git_that_would_fetch_or_push_more(pair: Team) -> None:
    roman = pair.member('roman')
    for key, value in {'fetch.prune': 'true', 'fetch.pruneTags': 'true', 'remote.origin.tagOpt': '--tags',
                       'push.followTags': 'true', 'push.default': 'matching', 'log.showSignature': 'true',
                       'fetch.writeCommitGraph': 'true', 'color.ui': 'always', 'column.ui': 'always'}.items():
        roman.git('config', key, value)
    roman.git('branch', 'other')
    roman.git('tag', '-a', '-m', 'mine', 'v1')
    run = raced(roman, pair.member('sara'))
    assert run.last.endswith('pushed=yes'), run.out
    check(pair, set(pair.notes()))
    assert roman.git('tag') == 'v1'


def test_shallow_clone_joins(pair: Team) -> None:
    for number in range(3):
        pair.member('sara').hand_off(f'Before {number}')
    pair.remote.git('clone', '-q', '--depth=1', f'file://{pair.remote.root}', '../timo')
    timo = pair.member('timo')
    timo.git('config', 'user.email', 'timo@example.com')
    run = raced(timo, pair.member('sara'))
    assert run.last.endswith('pushed=yes'), run.out
    check(pair, set(pair.notes()))
