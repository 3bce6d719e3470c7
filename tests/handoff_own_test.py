"""Which commit is a hand-off's own: what somebody else committed after an interruption is theirs, and never pushed."""
from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
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
MEANWHILE = 'a commit that this hand-off did not make as it stands: it was made meanwhile'
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


def check_kept(team: Team, roman: Member, run: Run, *subjects: str, whose: str = WHOSE) -> None:
    """The commit stays here, all of it is listed, and the hand-off is complete but for the push."""
    commit = roman.git('rev-parse', 'HEAD')
    assert re.fullmatch(rf'handoff: id=RT-\d{{6}}-\d\d\w* commit={commit} pushed=no reason=other-commits', run.last), run.out
    assert run.code == 0 and whose in run.out and 'hook' not in run.out, run.out
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


def _just_before(folder: Path, command: str, deed: str) -> dict[str, str]:
    """Return an environment in which somebody does something once, just before our `git command`."""
    folder.mkdir()
    script = folder / 'git'
    script.write_text(f'#!/bin/sh\ncase " $* " in *" {command} "*) test -e {folder}/done || '
                      f'{{ touch {folder}/done; {deed} >/dev/null 2>&1 </dev/null; }};; esac\nexec {shutil.which("git")} "$@"\n')
    script.chmod(0o755)
    return {'PATH': f'{folder}:{os.environ["PATH"]}'}


def _at_the_commit(folder: Path, command: str) -> dict[str, str]:
    """Return an environment in which somebody runs a `command` of git once, between our `git add` and our `git commit`."""
    return _just_before(folder, 'commit --quiet --cleanup=whitespace', f'{shutil.which("git")} {command}')


@pytest.mark.parametrize(('command', 'subject'), [('commit -qm "WIP, not for the remote"', 'WIP, not for the remote'),
                                                  ('commit -qm "some of it" docs own.txt', 'some of it'),
                                                  ('commit -q --amend --no-edit', 'not yet')])
def test_a_commit_of_the_user_that_is_faster(team: Team, tmp_path: Path, command: str, subject: str) -> None:
    roman = team.member('roman')
    roman.work(message='not yet')
    roman.write('own.txt', 'mine\n')
    roman.git('add', 'own.txt')
    run = roman.hand_off('Race', env=_at_the_commit(tmp_path / 'bin', command))
    if subject == 'some of it':  # what is left of the hand-off is committed behind it
        assert run.code == 0 and MEANWHILE in run.out and run.last.endswith('pushed=no reason=other-commits'), run.out
        assert 'lacks' not in run.out and team.remote.git('log', '--format=%s') == 'begin'
        assert roman.git('status', '--porcelain') == '' and roman.leftovers() == []
    else:
        check_kept(team, roman, run, subject, whose=MEANWHILE)


def test_a_commit_of_the_user_whose_hooks_are_slow(team: Team, tmp_path: Path) -> None:
    roman = team.member('roman')
    begun, may_end = tmp_path / 'begun', tmp_path / 'end'
    os.mkfifo(begun)
    os.mkfifo(may_end)
    # the commit of the user waits in its hook until the hand-off has come to its own
    hook(roman, 'pre-commit', f'if test -n "$DAYBOOK_HANDOFF"; then echo > {may_end}; while test -d .git/waits; do :; done; '
         f'else mkdir .git/waits; echo > {begun}; read x < {may_end}; fi')
    hook(roman, 'post-commit', 'rmdir .git/waits')
    roman.write('own.txt', 'mine\n')
    roman.git('add', 'own.txt')
    with subprocess.Popen(['git', 'commit', '-qm', 'WIP, not for the remote'], cwd=roman.root) as process:
        begun.read_text()
        run = roman.hand_off('Race')
    assert process.returncode == 0
    (roman.root / '.git/hooks/pre-commit').unlink()
    check_kept(team, roman, run, 'WIP, not for the remote', whose=MEANWHILE)


@pytest.mark.parametrize('path', [LOG, INDEX])
def test_a_file_that_was_taken_out_of_it(team: Team, path: str) -> None:
    team.member('roman').hand_off('First')
    roman = killed(team, COMMITTED)
    roman.git('rm', '-qf', path)
    roman.git('commit', '-q', '--amend', '--no-edit')
    run = roman.hand_off()
    assert WHOSE in run.out and run.last.endswith('pushed=no reason=other-commits'), run.out
    assert path in team.remote.git('ls-tree', '-r', '--name-only', 'main')


def _note(roman: Member) -> str:
    return next(name for name in roman.git('ls-files', 'docs').split() if 'RT-' in name)


def _says(roman: Member, more: str) -> None:
    roman.git('commit', '-q', '--amend', '-m', roman.git('log', '-1', '--format=%B') + more)


AMENDED = {
    'words in the index': lambda roman: roman.write(INDEX, roman.read(INDEX) + '\nsecret words of mine\n'),
    'words in place of ours': lambda roman: roman.write(INDEX, roman.read(INDEX).replace('Killed', 'secret')),
    'signs in the note': lambda roman: roman.write(_note(roman), roman.read(_note(roman)).replace('what was done', 'what was done ://! \u00a7')),
    'a mode': lambda roman: (roman.root / LOG).chmod(0o755),
    'a link': lambda roman: ((roman.root / LOG).unlink(), (roman.root / LOG).symlink_to('other.md')),
    'a line of the message': lambda roman: _says(roman, '\n\nsecret words'),
    'words of the message': lambda roman: _says(roman, ' secret: words'),
    'a second paragraph': lambda roman: _says(roman, '\n\nReviewed-by: nobody\n\nsecret words'),
}


@pytest.mark.parametrize('deed', AMENDED.values(), ids=AMENDED)
def test_whatever_was_amended_since(team: Team, deed: Callable[[Member], object]) -> None:
    roman = killed(team, COMMITTED)
    deed(roman)
    roman.git('commit', '-q', '-a', '--amend', '--no-edit')
    check_kept(team, roman, roman.hand_off())


def test_of_what_a_former_version_began_nobody_can_tell(team: Team) -> None:
    roman = killed(team, COMMITTED)
    path = roman.root / '.git/daybook/handoff.json'
    record = {**json.loads(path.read_text()), 'version': 1}
    del record['message']
    path.write_text(json.dumps(record))
    check_kept(team, roman, roman.hand_off(), whose='nobody can tell whether it made that commit as it stands, as a former version of daybook began it')


HOOKS = {
    'none': (),
    'a trailer': (('prepare-commit-msg', TRAILER),),
    'trailers and comments': (('commit-msg', 'printf "\\n# say why\\n\\nSigned-off-by: R <r@x.org>\\n  and more\\nChange-Id: I01\\n" >> "$1"'),),
    'a ticket': (('prepare-commit-msg', 'sed -i "1s/^/ABC-1: /" "$1"'),),
    'bullets and emphasis': (('pre-commit', 'for f in docs/sessions/RT-*.md; do sed -i "s/^- /* /; s/Go on/_Go on_/" $f; git add $f; done'),),
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


def test_what_a_hook_makes_anew_each_time_stops_no_push(team: Team) -> None:
    roman = team.member('roman')
    roman.work('toc.txt')
    roman.work('gone.txt')
    roman.work('staged.txt')
    roman.git('push', '-q')
    roman.write('staged.txt', 'of the user\n')
    roman.git('add', 'staged.txt')
    hook(roman, 'pre-commit', 'echo . >> toc.txt; echo . >> new.txt; git add toc.txt new.txt; git rm -qf --ignore-unmatch gone.txt')
    for name in ('First', 'Second'):
        run = roman.hand_off(name)
        assert run.last.endswith('pushed=yes'), run.out
        assert roman.git('status', '--porcelain') == 'M  staged.txt'  # what git leaves there would be taken back by the next commit
    roman.write('toc.txt', 'of the user\n')
    assert roman.hand_off('Third').last.endswith('pushed=no reason=other-commits')
    roman.git('push', '-q')
    assert roman.hand_off('Fourth').last.endswith('pushed=yes')


def test_a_file_beside_it_of_which_nobody_knows_whose_it_is_stays_here(team: Team) -> None:
    hook(team.member('roman'), 'pre-commit', 'echo x > more.txt; git add more.txt')
    roman = killed(team, COMMITTED)
    (roman.root / '.git/hooks/pre-commit').unlink()
    check_kept(team, roman, roman.hand_off())
    assert INDEX in roman.git('ls-files')


SAVED = {LOG: LOG, INDEX: INDEX, 'the note': 'docs/sessions/RT-*-02*.md'}


def _save(roman: Member, path: str) -> str:
    return f'for f in {roman.root}/{SAVED[path]}; do echo secret >> $f; done'


@pytest.mark.parametrize('path', SAVED)
def test_what_is_saved_in_our_files_before_they_are_added_is_not_committed(team: Team, tmp_path: Path, path: str) -> None:
    roman = team.member('roman')
    roman.hand_off('First')
    run = roman.hand_off('Race', env=_just_before(tmp_path / 'bin', 'add --', _save(roman, path)))
    assert (run.code, run.last) == (1, 'handoff: id=- commit=none pushed=no reason=commit-failed')
    assert 'while the hand-off was being made' in run.out and roman.git('diff', '--cached') == '' and roman.leftovers() == []
    if path == LOG:  # people write there: it stays where it is
        assert f'but for what changed meanwhile: {LOG}; include it: git add -- {LOG};' in run.out and 'secret' in roman.read(LOG)
        roman.git('add', LOG)
    else:
        assert len(kept := list((roman.root / '.daybook/state').glob('refused-*'))) == 1 and 'secret' in kept[0].read_text()
        assert roman.git('diff') == '' and _note(roman) == roman.git('ls-files', '-co', 'docs/sessions/RT-*')
    again = roman.hand_off()
    assert again.last.endswith('pushed=yes') and len(team.notes()) == 2
    assert ('secret' in team.remote.git('log', '-p')) is (path == LOG)


@pytest.mark.parametrize('path', SAVED)
def test_what_is_saved_in_our_files_before_git_reads_them_is_not_pushed(team: Team, tmp_path: Path, path: str) -> None:
    roman = team.member('roman')
    roman.hand_off('First')
    run = roman.hand_off('Race', env=_just_before(tmp_path / 'bin', 'commit --quiet --cleanup=whitespace', _save(roman, path)))
    assert run.code == 0 and run.last.endswith(f'commit={roman.git("rev-parse", "HEAD")} pushed=no reason=other-commits'), run.out
    assert 'took along what was not committed, or was saved meanwhile: ' in run.out and 'secret' not in team.remote.git('log', '-p')
    assert roman.git('status', '--porcelain') == '' and roman.leftovers() == []
    assert roman.hand_off('Next').last.endswith('pushed=no reason=other-commits')


@pytest.mark.parametrize(('command', 'taken'), [('git add -u', 'code.py, staged.py'), ('git add -A', 'code.py, folder/new.py, staged.py')])
def test_what_a_hook_takes_along_of_the_user_is_not_pushed(team: Team, command: str, taken: str) -> None:
    roman = team.member('roman')
    roman.work()
    roman.work('staged.py')
    roman.git('push', '-q')
    hook(roman, 'pre-commit', f'echo x > made.txt; git add made.txt; {command}')
    for path in ('code.py', 'staged.py', 'folder/new.py'):
        roman.write(path, 'secret = 1\n')
    roman.git('add', 'staged.py')
    roman.write('.gitignore', '.daybook/state\n')
    roman.git('add', '.gitignore')
    roman.git('commit', '-qnm', 'ignore', '.gitignore')
    roman.git('push', '-q')
    run = roman.hand_off('Race')
    assert run.code == 0 and run.last.endswith('pushed=no reason=other-commits'), run.out
    assert f'took along what was not committed, or was saved meanwhile: {taken}; it stays here' in run.out
    assert 'secret' not in team.remote.git('log', '-p') and roman.leftovers() == []
    (roman.root / '.git/hooks/pre-commit').unlink()
    assert roman.hand_off('Next').last.endswith('pushed=no reason=other-commits')


def test_killed_before_it_is_told_whose_the_commit_is(team: Team) -> None:
    roman = team.member('roman')
    roman.work()
    roman.git('push', '-q')
    roman.write('code.py', 'secret = 1\n')
    hook(roman, 'pre-commit', 'git add -u')
    for nth in range(1, 9):
        if roman.hand_off('Killed', kill_at=nth, needle='unlink').code != -signal.SIGKILL:
            break
        roman.hand_off()
    assert 'secret' not in team.remote.git('log', '-p')


def test_a_placeholder_that_was_committed_is_not_the_note(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', config='handoff: {archive_drafts: false}\n')
    roman = team.member('roman')
    roman.write('.daybook/state/.gitignore', '*\n')
    roman.draft('Killed')
    # the journal is there, and the note is the next that would be written
    assert roman.hand_off(kill_at=3, needle='before replace').code == -signal.SIGKILL
    roman.git('add', 'docs/sessions/*.md')
    roman.git('commit', '-qm', 'all that lay about')
    assert 'claimed_at' in roman.git('show', f'HEAD:{_note(roman)}') and 'Killed' not in roman.git('show', f'HEAD:{_note(roman)}')
    run = roman.hand_off()
    assert 'was killed before its commit: undone' in run.out and run.last.endswith('pushed=no reason=other-commits'), run.out
    assert 'Killed: what was done.' in roman.git('show', f'HEAD:{_note(roman)}')
    assert roman.git('status', '--porcelain') == '' and roman.leftovers() == []
