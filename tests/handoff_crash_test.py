"""A hand-off that is killed, anywhere: the next one undoes or completes it, says so, and loses nothing.

DAYBOOK_CRASH_RUNS (default 18) is how many runs are killed at a random moment, beside those that
are killed at every single change that they make.
"""
from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runs import Run
from runs import Runner
from runs import Started
from team import DRAFT
from team import INDEX
from team import LOG
from team import Member
from team import State
from team import Team
from team import make_team
from team import runner  # noqa: F401

RANDOM_RUNS = int(os.environ.get('DAYBOOK_CRASH_RUNS', '18'))
CHUNKS = 6  # tests that share the runs, so that workers can share the tests
ENV = {'DAYBOOK_SESSION_ID': 's1'}
OTHER = '.daybook/state/other.md'
ACTIONS = 'logs/context_actions.csv'
ROWS = 'date,actor,action,entity,notes\n2026-11-01,sara,update,docs/state.md,\n'


@pytest.fixture(scope='session')
def scene(tmp_path_factory: pytest.TempPathFactory, runner: Runner) -> Team:  # noqa: F811
    """A team of one with a draft, and everything of others that may not change."""
    team = make_team(tmp_path_factory.mktemp('scene') / 'team', runner, 'roman', config=f'handoff: {{action_log: {ACTIONS}}}\n')
    roman = team.member('roman')
    roman.write(ACTIONS, ROWS)
    roman.commit('the action log', ACTIONS)
    roman.leave_things_about()
    roman.draft('Killed')
    roman.write(OTHER, 'the draft of somebody else\n')
    roman.write('.daybook/state/.gitignore', '*\n')
    return team


def copied(scene: Team, target: Path) -> Member:
    roman = scene.copy(target).member('roman')
    counters = {'session_id': 's1', 'tool_calls_count': 40, 'cwd': str(roman.root),
                'started_at': '2026-11-20T08:00:00Z', 'ended_at': '2026-11-20T09:00:00Z'}
    roman.write('.daybook/state/session-s1.json', json.dumps(counters))
    return roman


def kinds(out: str) -> set[str]:
    words = {'undone': 'was killed before its commit: undone', 'completed': 'was killed after its commit',
             'adopted': 'a commit that it did not make as it stands: completed now'}
    return {name for name, text in words.items() if text in out}


def again(roman: Member, before: State, killed: Run) -> str:
    """Run the next hand-off, as soon as git has ended, and check all that must hold; return what it did."""
    text = (roman.root / DRAFT).read_text() if (roman.root / DRAFT).exists() else None
    limit = time.monotonic() + 10
    run = roman.hand_off(env=ENV)
    while 'reason=index-lock' in run.last and time.monotonic() < limit:
        time.sleep(0.1)
        run = roman.hand_off(env=ENV)
    told = kinds(run.out)
    if not told and text is None:
        assert 'no draft' in run.out, run.out  # all was done but for the last line
        told = {'ended'}
    else:
        assert re.fullmatch(r'handoff: id=RT-\d{6}-\d\d\w* commit=[0-9a-f]{40} pushed=yes', run.last), (killed.out, run.out)
    check(roman, before, killed.out + run.out)
    return '+'.join(sorted(told)) or 'fresh'


def check(roman: Member, before: State, out: str) -> None:
    team = Team(roman.root.parent, roman.runner)
    notes = team.notes()
    assert len(notes) == 1 and team.indexed() == notes and team.logged() == notes, out
    rows = [line.split(',')[1:] for line in team.show(ACTIONS).removeprefix(ROWS.strip()).strip().split('\n')]
    assert rows == [['roman', 'handoff', notes[0], 'Killed']], out
    assert roman.git('log', '--format=%H', 'origin/main', '--', f'docs/sessions/{notes[0]}.md').count('\n') == 0
    assert roman.git('rev-parse', 'main') == team.remote.git('rev-parse', 'main')
    # a stub that a claim left before the hand-off wrote anything is listed by `resume`
    stubs = {path for path in roman.git('ls-files', '-o', '--exclude-standard', 'docs').splitlines()
             if 'claimed_at' in roman.read(path) and 'title' not in roman.read(path)}
    after = roman.state()
    assert [line for line in after.status if line[3:] not in stubs] == before.status, out
    assert after.index == before.index and after.stash == before.stash and after.fetched == before.fetched
    assert {path: data for path, data in after.files.items() if path not in stubs} == before.files
    assert roman.leftovers() == [], out
    assert roman.read(OTHER) == 'the draft of somebody else\n'
    archive = sorted(path.name for path in (roman.root / '.daybook/state/archive').iterdir())
    assert [name for name in archive if name.endswith('.md')] == [f'{notes[0]}-draft.md']
    assert 'Killed: what was done.' in roman.read(f'.daybook/state/archive/{notes[0]}-draft.md')
    assert not (roman.root / DRAFT).exists() and f'{notes[0]}.json' in archive, out


def test_run_that_nobody_kills(scene: Team, tmp_path: Path) -> None:
    roman = copied(scene, tmp_path / 'team')
    before = roman.state()
    run = roman.hand_off(env=ENV, count=True)
    assert run.last.endswith('pushed=yes') and run.steps > 15, run.out
    check(roman, before, run.out)


@pytest.mark.parametrize('chunk', range(CHUNKS))
def test_killed_at_every_change(scene: Team, tmp_path: Path, chunk: int) -> None:
    seen = []
    for kill_at in range(chunk + 1, 500, CHUNKS):
        roman = copied(scene, tmp_path / f'{kill_at}')
        before = roman.state()
        killed = roman.hand_off(env=ENV, kill_at=kill_at)
        if killed.code != -signal.SIGKILL:
            break
        seen.append(again(roman, before, killed))
    assert killed.code == 0 and {'undone', 'completed'} & set(seen), seen


@pytest.mark.parametrize('chunk', range(CHUNKS))
def test_killed_at_random_moments(scene: Team, tmp_path: Path, chunk: int) -> None:
    dice = random.Random(f'{RANDOM_RUNS}-{chunk}')
    timed = copied(scene, tmp_path / 'timed')
    begun = time.monotonic()
    timed.hand_off(env=ENV)
    whole = time.monotonic() - begun
    for number in range(chunk, RANDOM_RUNS, CHUNKS):
        roman = copied(scene, tmp_path / f'{number}')
        before = roman.state()
        killed = roman.runner.kill_after(dice.uniform(0, whole), roman.root, ['handoff', '--files', DRAFT], env=ENV)
        again(roman, before, killed)


ADDED, WRITTEN, COMMITTED = 'before git commit', 'before git add', 'after git commit'  # the last thing that was done


def killed_at(scene: Team, target: Path, moment: str) -> Member:
    roman = copied(scene, target)
    assert roman.hand_off(env=ENV, kill_at=1, needle=moment).code == -signal.SIGKILL
    return roman


def note_of(roman: Member) -> str:
    return next(str(path.relative_to(roman.root)) for path in (roman.root / 'docs/sessions').glob('RT-*.md'))


def hook(roman: Member, name: str, text: str) -> None:
    path = roman.write(f'.git/hooks/{name}', f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)


def waits(path: Path, what: str = 'to appear') -> None:
    limit = time.monotonic() + 20
    while path.exists() is not (what == 'to appear'):
        assert time.monotonic() < limit, f'{path} was expected {what}'
        time.sleep(0.02)


def committing(scene: Team, place: Path) -> tuple[Member, State, Started]:
    """Begin a hand-off whose commit waits for the file `go` in `place`, and tells its end by `ended`; return what was there before."""
    roman = copied(scene, place)
    before = roman.state()
    hook(roman, 'pre-commit', 'touch ../begun; while [ ! -e ../go ]; do sleep 0.05; done; touch ../ended')
    started = roman.runner.start(roman.root, 'handoff', '--files', DRAFT, env=ENV)
    waits(place / 'begun')
    return roman, before, started


@pytest.mark.parametrize('moment', [WRITTEN, ADDED])
def test_undone_says_so_and_hands_off_again(scene: Team, tmp_path: Path, moment: str) -> None:
    roman = killed_at(scene, tmp_path / 'team', moment)
    run = roman.hand_off(env=ENV)
    assert re.match(r'the hand-off RT-\S+ was killed before its commit: undone\n', run.out)
    assert run.last.endswith('pushed=yes') and len(roman.git('log', '--format=%H', '--', 'docs').split()) == 1


def test_completed_says_so_and_what_it_did_not_do(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', COMMITTED)
    commit = roman.git('rev-parse', 'HEAD')
    run = roman.hand_off(env=ENV)
    assert f'was killed after its commit {commit[:10]}: completed now; run this again for another draft' in run.out
    assert f'commit={commit} pushed=yes' in run.last


def test_git_that_outlives_the_hand_off_is_waited_for(scene: Team, tmp_path: Path) -> None:
    roman, before, started = committing(scene, tmp_path / 'team')
    started.kill()
    killed = started.wait()
    refused = roman.hand_off(env=ENV)
    assert refused.last.endswith('pushed=no reason=index-lock') and 'index.lock' in refused.out
    (tmp_path / 'team/go').touch()
    waits(tmp_path / 'team/ended')
    assert again(roman, before, killed) == 'completed'


def test_interrupted_leaves_no_lock_of_git(scene: Team, tmp_path: Path) -> None:
    roman, before, started = committing(scene, tmp_path / 'team')
    assert list((roman.root / '.git').glob('*.lock'))
    started.interrupt()
    killed = started.wait()
    left = list((roman.root / '.git').glob('*.lock'))
    (tmp_path / 'team/go').touch()
    assert (killed.code, left) == (130, []) and 'reason=interrupted' in killed.out
    assert f'interrupted; left here, perhaps staged: {note_of(roman)}, {LOG}, {INDEX}, {ACTIONS}\n' in killed.out
    assert 'run the same command again before you commit: it completes the hand-off, or takes that back\n' in killed.out
    killed_line = 'a hand-off was killed in this work tree; before you commit, run: daybook handoff'
    assert killed_line in roman.runner.run(roman.root, 'resume', '--no-fetch').out
    again_run = roman.hand_off(env=ENV)
    assert killed_line not in roman.runner.run(roman.root, 'resume', '--no-fetch').out
    assert kinds(again_run.out) and again_run.last.endswith('pushed=yes'), again_run.out
    check(roman, before, killed.out + again_run.out)


@pytest.mark.skipif(os.name != 'posix', reason='a terminal')
def test_interrupted_under_a_runner_says_so_on_the_terminal(scene: Team, tmp_path: Path) -> None:
    import pty

    roman = copied(scene, tmp_path / 'team')
    hook(roman, 'pre-commit', 'touch ../begun; while [ ! -e ../go ]; do sleep 0.05; done')
    pid, handle = pty.fork()
    if pid == 0:
        os.environ.update(ENV, PRE_COMMIT='1')
        os.chdir(roman.root)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a runner that is interrupted too never shows
        os.execv(sys.executable, (sys.executable, '-m', 'daybook', 'handoff', '--files', DRAFT))
    waits(tmp_path / 'team/begun')
    os.write(handle, b'\x03')
    said = b''
    with contextlib.suppress(OSError):  # the other end is closed
        while part := os.read(handle, 4096):
            said += part
    os.waitpid(pid, 0)
    (tmp_path / 'team/go').touch()
    assert f'perhaps staged: {note_of(roman)}'.encode() in said and b'run the same command again before you commit' in said


def test_lock_of_git_that_died_too_is_named(scene: Team, tmp_path: Path) -> None:
    roman = copied(scene, tmp_path / 'team')
    before = roman.state()
    hook(roman, 'pre-commit', 'kill -9 $PPID')
    killed = roman.hand_off(env=ENV, kill_at=1, needle=COMMITTED)
    assert killed.code == -signal.SIGKILL
    lock = roman.root / '.git/index.lock'
    os.utime(lock, (time.time() - 7300, time.time() - 7300))
    said = roman.hand_off(env=ENV).out
    assert f'or was killed: {lock}, 2 hours old' in said and f'mv {lock} {lock}.old' in said
    for lock in (roman.root / '.git').glob('*.lock'):
        lock.unlink()  # what the user decides to do
    (roman.root / '.git/hooks/pre-commit').unlink()
    assert again(roman, before, killed) == 'undone'


def test_killed_during_the_push(scene: Team, tmp_path: Path) -> None:
    roman = copied(scene, tmp_path / 'team')
    before = roman.state()
    hook(roman, 'pre-push', 'touch ../begun; sleep 0.7; touch ../ended')
    started = roman.runner.start(roman.root, 'handoff', '--files', DRAFT, env=ENV)
    waits(tmp_path / 'team/begun')
    started.kill()
    killed = started.wait()
    assert again(roman, before, killed) == 'completed'
    waits(tmp_path / 'team/ended')


def test_killed_when_the_server_had_taken_the_push(scene: Team, tmp_path: Path) -> None:
    roman = copied(scene, tmp_path / 'team')
    before = roman.state()
    killed = roman.hand_off(env=ENV, kill_at=1, needle='after git push')
    assert again(roman, before, killed) == 'completed'


@pytest.mark.skipif(os.name != 'posix', reason='signals')
@pytest.mark.parametrize('question', ['for-each-ref --format=%(upstream)', 'rev-list', 'config --get branch.main.merge'])
def test_push_before_which_a_question_to_git_was_killed_is_made_by_the_next_run(scene: Team, tmp_path: Path, question: str) -> None:
    roman = copied(scene, tmp_path / 'team')
    before = roman.state()
    wrapper = roman.root.parent / 'bin' / 'git'
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n[ -e {roman.root}/.git/daybook/handoff.json ] && case "$*" in *"{question}"*) kill -9 $$;; esac\n'
                       f'exec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    killed = roman.hand_off(env={**ENV, 'PATH': f'{wrapper.parent}{os.pathsep}{os.environ["PATH"]}'})
    assert killed.code == 1 and killed.last.endswith('pushed=unknown reason=push-failed'), killed.out
    assert 'was killed (signal 9)' in killed.out and 'run this again' in killed.out
    assert again(roman, before, killed) == 'completed'


@pytest.mark.skipif(os.name != 'posix', reason='a shell')
@pytest.mark.parametrize('question', ['log --format=%H', 'ls-tree', 'merge-base', 'rev-parse', 'cat-file', 'diff-tree', ''])
def test_commit_after_which_git_fails_is_told_and_completed(scene: Team, tmp_path: Path, question: str) -> None:
    roman = copied(scene, tmp_path / 'team')
    before, head = roman.state(), roman.git('rev-parse', 'HEAD')
    wrapper = roman.root.parent / 'bin' / 'git'
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nread -r head < {roman.root}/.git/refs/heads/main\n'
                       f'[ $head != {head} ] && case "$*" in *"{question}"*) echo "fatal: out of memory" >&2; exit 128;; esac\n'
                       f'exec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    failed = roman.hand_off(env={**ENV, 'PATH': f'{wrapper.parent}{os.pathsep}{os.environ["PATH"]}'})
    assert roman.git('rev-parse', 'HEAD~1') == head
    if question == 'merge-base':
        assert failed.last.endswith(f'commit={roman.git("rev-parse", "HEAD")} pushed=unknown reason=push-failed'), failed.out
        assert again(roman, before, failed) == 'completed'
        return
    if f'commit={roman.git("rev-parse", "HEAD")} ' in failed.last:
        return
    assert failed.code == 1 and failed.last.endswith('commit=unknown pushed=unknown reason=failed'), failed.out
    assert 'out of memory; run this again' in failed.out and 'put back' not in failed.out
    assert again(roman, before, failed) == 'completed'


JOURNALS = [
    b'', b'{', b'null', b'[]', b'"x"', b'\xff\xfe', b'{"version": 1}', b'{"version": 1, "writes": 3}',
    b'{"version": 1, "writes": [{}]}', b'{"version": 1, "writes": [], "id": "RT-261120-01"}',
    b'{"version": 1, "writes": [], "colour": "red"}',
    b'{"version": 1, "writes": [], "id": "x", "stage": "x", "branch": "x", "head": "x", "draft": null, "made_stub": false}',
]
OTHER_VERSIONS = [b'{"id": "RT-261120-01", "stage": "writing", "writes": []}', b'{"version": 3, "writes": []}']


def test_unreadable_journal_is_refused_with_what_to_do(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', WRITTEN)
    path = roman.root / '.git/daybook/handoff.json'
    whole, before = path.read_bytes(), roman.snapshot()
    texts = [whole[:size] for size in (1, len(whole) // 3, len(whole) - 1)] + JOURNALS + OTHER_VERSIONS
    for text in texts:
        path.write_bytes(text)
        run = roman.hand_off(env=ENV)
        assert (run.code, run.last) == (1, 'handoff: id=- commit=none pushed=no reason=journal'), (text, run.out)
        assert str(path) in run.out and 'Nothing was changed.' in run.out and 'Traceback' not in run.out
        assert ('run that version once more' if text in OTHER_VERSIONS else f'mv {path} {path}.bad') in run.out
        assert roman.snapshot() == before and path.read_bytes() == text
    path.write_bytes(whole)
    assert kinds(roman.hand_off(env=ENV).out) == {'undone'}


def test_journal_moved_away_leaves_no_silent_half(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', WRITTEN)
    (roman.root / '.git/daybook/handoff.json').rename(tmp_path / 'handoff.json.bad')
    run = roman.hand_off(env=ENV)
    assert run.code == 1 and re.search(r'reason=(note-exists|dirty-target)$', run.last)


def test_branch_switched_before_the_commit(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', ADDED)
    roman.git('switch', '-q', '-c', 'other')
    run = roman.hand_off(env=ENV)
    assert kinds(run.out) == {'undone'} and run.last.endswith('reason=no-upstream')
    assert roman.git('log', '--format=%s', 'main..other').startswith('docs(sessions)')
    assert not roman.git('log', 'main', '--', 'docs')


def test_branch_switched_after_the_commit(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', COMMITTED)
    commit = roman.git('rev-parse', 'HEAD')
    roman.git('stash', '-q')
    roman.git('switch', '-q', '-c', 'other', 'HEAD~1')
    before = roman.state()
    run = roman.hand_off(env=ENV)
    assert kinds(run.out) == {'completed'} and run.last.endswith(f'commit={commit} pushed=yes')
    assert roman.state() == before and roman.git('branch', '--show-current') == 'other'


def test_branch_deleted_after_the_commit(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', COMMITTED)
    roman.git('switch', '-q', '-c', 'other')
    roman.git('branch', '-q', '-D', 'main')
    run = roman.hand_off(env=ENV)
    assert kinds(run.out) == {'completed'} and run.last.endswith('pushed=no reason=branch-moved')
    assert roman.git('ls-files', 'docs').split() == [INDEX, note_of(roman)]


def test_commit_amended_before_the_push(scene: Team, tmp_path: Path) -> None:
    roman = copied(scene, tmp_path / 'team')
    roman.hand_off(env=ENV, kill_at=1, needle='before git push')
    roman.git('commit', '-q', '--amend', '--only', '--message', 'in other words')
    run = roman.hand_off(env=ENV)
    assert kinds(run.out) == {'adopted'} and run.last.endswith(f'commit={roman.git("rev-parse", "HEAD")} pushed=no reason=other-commits')
    assert Team(tmp_path / 'team', roman.runner).remote.git('log', '-1', '--format=%s') == 'bystanders'


def test_commit_taken_back_by_the_user(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', COMMITTED)
    before = copied(scene, tmp_path / 'as-it-was').state()
    roman.git('stash', '-q')
    roman.git('reset', '-q', '--hard', 'HEAD~1')
    roman.git('stash', 'pop', '-q', '--index')
    assert again(roman, before, Run(0, '', 0)) == 'undone'


def test_user_commits_something_else(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', WRITTEN)
    roman.work(message='between')
    run = roman.hand_off(env=ENV)
    assert kinds(run.out) == {'undone'} and run.last.endswith('pushed=no reason=other-commits')
    assert roman.git('log', '-2', '--format=%s').split('\n')[1] == 'between'


def test_user_commits_our_half_as_it_stands(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', WRITTEN)
    roman.git('stash', '-q')  # their own work, and with it ours in tracked files
    roman.git('stash', 'pop', '-q', '--index')
    roman.git('add', 'docs', LOG, ACTIONS)
    commit = roman.commit('all that lay about', 'docs', LOG, ACTIONS)
    run = roman.hand_off(env=ENV)
    assert kinds(run.out) == {'adopted'} and run.last.endswith(f'commit={commit} pushed=no reason=other-commits')


def test_user_commits_a_part_of_our_half(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', WRITTEN)
    roman.git('commit', '-q', '-m', 'the log alone', '--', LOG)
    log = roman.read(LOG)
    run = roman.hand_off(env=ENV)
    assert f'undone, but for {LOG}, which changed since' in run.out
    assert roman.read(LOG) == log and 'reason=other-commits' in run.last and log.count('- [RT-') == 1


def test_user_commits_the_note_alone(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', WRITTEN)
    roman.git('add', note_of(roman))
    roman.git('commit', '-q', '-m', 'the note alone', '--', note_of(roman))
    roman.write(f'{INDEX}.99-0123abcd.tmp', roman.read(INDEX)[:9])
    run = roman.hand_off(env=ENV)
    assert roman.leftovers() == []
    assert f'warning: that commit lacks what the hand-off wrote in {INDEX}, {ACTIONS}, {LOG}: commit it too' in run.out
    assert kinds(run.out) == {'adopted'} and run.last.endswith('pushed=no reason=other-commits')


@pytest.mark.parametrize('moment', [WRITTEN, ADDED])
def test_what_the_user_wrote_into_our_half_stays(scene: Team, tmp_path: Path, moment: str) -> None:
    for path, reason in ((LOG, 'dirty-target'), (ACTIONS, 'dirty-target'), (INDEX, ''), ('note', 'note-exists')):
        roman = killed_at(scene, tmp_path / path.replace('/', '-'), moment)
        path = note_of(roman) if path == 'note' else path
        text = roman.read(path) + '\nby hand\n'
        roman.write(path, text)
        run = roman.hand_off(env=ENV)
        assert f'undone, but for {path}, which changed since' in run.out
        assert text == roman.read(path) if reason else text.splitlines()[-3] in roman.read(path), run.out
        assert run.code == 1 and reason in run.last, run.out


def test_a_row_that_the_user_added_to_our_half_goes_along(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', ADDED)
    roman.write(ACTIONS, roman.read(ACTIONS) + '2026-11-22,roman,update,docs/x.md,mine\n')
    refused = roman.hand_off(env=ENV)
    assert f'include them:  git add -- {ACTIONS}\n' in refused.out
    roman.git('add', '--', ACTIONS)
    run = roman.hand_off(env=ENV)
    assert run.last.endswith('pushed=yes'), run.out
    assert f'  [x] {ACTIONS}\n' in run.out and roman.git('status', '--porcelain', '--', ACTIONS) == ''
    rows = Team(tmp_path / 'team', roman.runner).show(ACTIONS)
    assert 'docs/x.md,mine' in rows and rows.count(',handoff,') == 1


def test_another_draft_since_is_not_put_away(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', COMMITTED)
    roman.draft('Another')
    run = roman.hand_off(env=ENV)
    assert 'the draft has changed since, so it stays' in run.out and 'Another' in roman.read(DRAFT)
    assert roman.hand_off(env=ENV).last.endswith('pushed=yes') and not (roman.root / DRAFT).exists()
    assert len(roman.git('ls-files', 'docs/sessions/RT-*').split()) == 2


def test_telemetry_of_another_session_is_not_put_away(scene: Team, tmp_path: Path) -> None:
    roman = killed_at(scene, tmp_path / 'team', COMMITTED)
    roman.hand_off(env={'DAYBOOK_SESSION_ID': 's2'})
    assert (roman.root / '.daybook/state/session-s2.json').exists()
    assert not (roman.root / '.daybook/state/session-s1.json').exists()


def test_old_bytes_that_git_has_collected_are_not_taken_for_no_file(scene: Team, tmp_path: Path) -> None:
    roman = copied(scene, tmp_path / 'team')
    roman.git('config', 'core.autocrlf', 'true')
    crlf = roman.read(LOG).replace('\n', '\r\n').encode()
    roman.write(LOG, crlf)
    roman.git('add', LOG)
    assert roman.hand_off(env=ENV, kill_at=1, needle=WRITTEN).code == -signal.SIGKILL
    roman.git('prune', '--expire=now')
    run = roman.hand_off(env=ENV)
    assert f'but for {LOG}, which changed since' in run.out and 'dirty-target' in run.last
    assert roman.read(LOG).startswith(crlf.decode())


@pytest.mark.parametrize('moment', [WRITTEN, ADDED, COMMITTED])
@pytest.mark.parametrize('way', ['attributes', 'configuration'])
def test_line_ends_that_only_the_index_has_are_taken_back(scene: Team, tmp_path: Path, moment: str, way: str) -> None:
    roman = copied(scene, tmp_path / 'team')
    roman.write(LOG, roman.read(LOG).replace('\n', '\r\n'))
    roman.git('add', LOG)
    roman.git('commit', '-q', '-m', 'CRLF', LOG)
    if way == 'attributes':  # git leaves alone what the index has with CRLF
        roman.write('.git/info/attributes', '*.md text=auto\n')
    else:
        roman.git('config', 'core.autocrlf', 'true')
    roman.git('push', '-q')
    before = roman.read(LOG)
    assert roman.hand_off(env=ENV, kill_at=1, needle=moment).code == -signal.SIGKILL
    run = roman.hand_off(env=ENV)
    assert kinds(run.out) == {'completed' if moment == COMMITTED else 'undone'} and 'changed since' not in run.out, run.out
    assert run.last.endswith('pushed=yes') and roman.git('status', '--porcelain', LOG) == ''
    logged = [line for line in roman.read(LOG).split('\n') if line.startswith('- [RT-')]
    assert len(logged) == 1 and roman.read(LOG).replace(logged[0] + '\n', '').rstrip() == before.rstrip()


def pre_commit(roman: Member, entry: str, *options: str) -> subprocess.CompletedProcess[str]:
    roman.write('.pre-commit-config.yaml', 'repos: [{repo: local, hooks: [{id: handoff, name: x, language: system, '
                f'entry: "{entry}", stages: [manual], always_run: true, pass_filenames: false, verbose: true}}]}}]\n')
    roman.git('add', '.pre-commit-config.yaml')
    command = (os.path.join(os.path.dirname(sys.executable), 'pre-commit'), 'run', '--hook-stage', 'manual', 'handoff')
    return subprocess.run((*command, *options), cwd=roman.root, capture_output=True, text=True,
                          env={**os.environ, **ENV, 'PRE_COMMIT_HOME': str(roman.root.parent / 'store')})


@pytest.mark.parametrize('moment', [WRITTEN, ADDED, COMMITTED])
def test_killed_under_the_stash_of_a_runner(scene: Team, tmp_path: Path, moment: str) -> None:
    roman = copied(scene, tmp_path / 'team')
    (roman.root / 'untracked/ü n.txt').unlink()
    before = roman.state()
    died = roman.root.parent / 'die.py'
    died.write_text(f'import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import runs\n'
                    f'sys.exit(runs.die_at(1, {moment!r}, "handoff"))\n')
    first = pre_commit(roman, f'{sys.executable} {died}')
    assert '- exit code: -9\n' in first.stdout and 'handoff: id=' not in first.stdout, first.stdout
    second = pre_commit(roman, f'{sys.executable} -m daybook handoff')
    if 'reason=stashed-journal' in second.stdout:
        call = 'pre-commit run --hook-stage manual handoff --all-files'
        assert moment == WRITTEN and f'its files aside: {ACTIONS}, {LOG}; run it without the stash: {call}\n' in second.stdout
        hook(roman, 'pre-push', '# File generated by prek')
        assert f'without the stash: {call.replace("pre-commit", "prek")}\n' in pre_commit(roman, f'{sys.executable} -m daybook handoff').stdout
        (roman.root / '.git/hooks/pre-push').unlink()
        second = pre_commit(roman, f'{sys.executable} -m daybook handoff', '--all-files')
    assert kinds(second.stdout) == {'completed' if moment == COMMITTED else 'undone'}, second.stdout
    assert 'pushed=yes' in second.stdout, second.stdout
    roman.git('rm', '-q', '--cached', '.pre-commit-config.yaml')
    (roman.root / '.pre-commit-config.yaml').unlink()
    check(roman, before, second.stdout)
