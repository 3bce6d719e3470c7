"""Which commit is a hand-off's own: what somebody else committed after an interruption is theirs, and never pushed."""
from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from runs import Run
from runs import Runner
from team import DRAFT
from team import INDEX
from team import LOG
from team import Member
from team import Team
from team import make_team
from team import runner  # noqa: F401

ADDED, COMMITTED, PUSHING = 'before git commit', 'after git commit', 'before git push'  # the last thing that was done
WHOSE = 'a commit that it did not make as it stands: completed now'
TRAILER = 'printf "\\nReviewed-by: nobody\\n" >> "$1"'


@pytest.fixture
def team(tmp_path: Path, runner: Runner) -> Team:  # noqa: F811
    return make_team(tmp_path / 'team', runner, 'roman')


def hook(roman: Member, name: str, text: str) -> None:
    roman.write(f'.git/hooks/{name}', f'#!/bin/sh\n{text}\n').chmod(0o755)


def killed(team: Team, moment: str, nth: int = 1) -> Member:
    roman = team.member('roman')
    roman.draft('Killed')
    assert roman.hand_off(kill_at=nth, needle=moment).code == -signal.SIGKILL
    return roman


def check_kept(team: Team, roman: Member, run: Run, *subjects: str) -> None:
    """The commit stays here, all of it is listed, and the hand-off is complete but for the push."""
    commit = roman.git('rev-parse', 'HEAD')
    assert re.fullmatch(rf'handoff: id=RT-\d{{6}}-\d\d\w* commit={commit} pushed=no reason=other-commits', run.last), run.out
    assert run.code == 0 and WHOSE in run.out and 'hook' not in run.out, run.out
    assert 'other commits are ahead of the upstream and would go with it:' in run.out
    assert all(f'Roman Tester: {subject}\n' in run.out for subject in subjects), run.out
    assert 'push them all: git push origin HEAD:main' in run.out
    assert 'Resume Prompt of RT-' in run.out and 'Go on. Confidence: H' in run.out
    assert team.remote.git('log', '--format=%s') == 'begin'
    assert not (roman.root / DRAFT).exists() and roman.leftovers() == []
    again = roman.hand_off()
    assert again.last.endswith('reason=no-draft') and team.remote.git('log', '--format=%s') == 'begin', again.out


@pytest.mark.parametrize('moment', ['before git add', ADDED])
def test_a_commit_of_the_user_that_takes_the_note_along(team: Team, moment: str) -> None:
    roman = killed(team, moment)
    if moment != ADDED:
        roman.git('add', 'docs', LOG)
    roman.write('own.txt', 'mine\n')
    roman.git('add', 'own.txt')
    roman.git('commit', '-q', '-m', 'WIP, not for the remote')
    check_kept(team, roman, roman.hand_off(), 'WIP, not for the remote')


def test_a_commit_of_the_user_that_holds_nothing_else(team: Team) -> None:
    roman = killed(team, ADDED)
    roman.git('commit', '-q', '-m', 'WIP, not for the remote')
    check_kept(team, roman, roman.hand_off(), 'WIP, not for the remote')


def test_an_earlier_commit_that_was_amended(team: Team) -> None:
    roman = team.member('roman')
    roman.work(message='not yet')
    roman = killed(team, ADDED)
    roman.git('commit', '-q', '-a', '--amend', '--no-edit')
    check_kept(team, roman, roman.hand_off(), 'not yet')


@pytest.mark.parametrize('moment', [COMMITTED, PUSHING])
@pytest.mark.parametrize('path', ['own.txt', LOG, 'the note'])
def test_a_hand_off_that_was_amended_with_more(team: Team, moment: str, path: str) -> None:
    roman = killed(team, moment)
    place = path if path != 'the note' else next(name for name in roman.git('ls-files', 'docs').split() if 'RT-' in name)
    old = (roman.root / place).read_text() if (roman.root / place).exists() else ''
    roman.write(place, f'{old}\nnot for the others\n')
    roman.git('add', place)
    roman.git('commit', '-q', '--amend', '--no-edit')
    run = roman.hand_off()
    check_kept(team, roman, run)


def test_a_commit_that_was_squashed_into_it(team: Team) -> None:
    team.member('roman').work(path=LOG, text=team.member('roman').read(LOG) + '\nsecret plans\n', message='not yet')
    roman = killed(team, COMMITTED)
    words = roman.git('log', '-1', '--format=%B')
    roman.git('reset', '-q', '--soft', 'HEAD~2')
    roman.git('commit', '-q', '-m', words)
    check_kept(team, roman, roman.hand_off())


def test_own_policy_pushes_no_commit_of_the_user_unasked(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', config='handoff: {push: own}\n')
    roman = killed(team, ADDED)
    roman.git('commit', '-q', '-m', 'WIP, not for the remote')
    check_kept(team, roman, roman.hand_off(), 'WIP, not for the remote')


def test_killed_again_while_it_was_completed(team: Team) -> None:
    roman = killed(team, ADDED)
    roman.git('commit', '-q', '-m', 'WIP, not for the remote')
    for moment in ('replace', 'unlink'):
        assert roman.hand_off(kill_at=1, needle=moment).code == -signal.SIGKILL
    run = roman.hand_off()
    assert run.last.endswith('pushed=no reason=other-commits') and team.remote.git('log', '--format=%s') == 'begin', run.out


def test_a_commit_that_the_user_has_pushed_is_pushed(team: Team) -> None:
    roman = killed(team, ADDED)
    roman.git('commit', '-q', '-m', 'mine, and meant so')
    roman.git('push', '-q')
    assert roman.hand_off().last.endswith(f'commit={roman.git("rev-parse", "HEAD")} pushed=yes')


HOOKS = {
    'none': (),
    'a trailer': (('prepare-commit-msg', TRAILER),),
    'fixes the note': (('pre-commit', f'for f in docs/sessions/RT-*.md; do sed -i "s/^Go on\\./*Go on*./" $f; git add $f; done'),),
    'blanks in a log': (('pre-commit', f'printf "\\n" >> {LOG}; git add {LOG}'),),
    'fails once': (('pre-commit', f'grep -q "^## Goal  $" {LOG} && exit; sed -i "s/^## Goal$/## Goal  /" {LOG}; exit 1'),),
}


@pytest.mark.parametrize('hooks', HOOKS.values(), ids=HOOKS)
@pytest.mark.parametrize('moment', [COMMITTED, PUSHING])
def test_what_hooks_made_of_it_is_its_own(team: Team, moment: str, hooks: tuple[tuple[str, str], ...]) -> None:
    for name, text in hooks:
        hook(team.member('roman'), name, text)
    roman = killed(team, moment, nth=2 if moment == COMMITTED and hooks == HOOKS['fails once'] else 1)
    run = roman.hand_off()
    assert 'was killed after its commit' in run.out and run.last.endswith('pushed=yes'), run.out
    assert 'Resume Prompt of RT-' in run.out
    assert len(team.notes()) == 1 and team.indexed() == team.notes()


def test_a_file_that_a_hook_adds_is_told_as_the_hooks(team: Team) -> None:
    hook(team.member('roman'), 'pre-commit', 'echo x > more.txt; git add more.txt')
    roman = killed(team, PUSHING)
    run = roman.hand_off()
    assert run.last.endswith('pushed=yes') and 'a hook of yours put more into the commit: more.txt' in run.out


def test_a_file_beside_it_of_which_nobody_knows_whose_it_is_stays_here(team: Team) -> None:
    hook(team.member('roman'), 'pre-commit', 'echo x > more.txt; git add more.txt')
    roman = killed(team, COMMITTED)
    (roman.root / '.git/hooks/pre-commit').unlink()
    check_kept(team, roman, roman.hand_off())
    assert INDEX in roman.git('ls-files')
