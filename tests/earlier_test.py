"""Hand-offs that could not be pushed go with the next one; everything else that is not pushed stops it."""
from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from runs import Runner
from team import INDEX
from team import LOG
from team import Member
from team import Team
from team import make_team
from team import runner  # noqa: F401


@pytest.fixture
def team(tmp_path: Path, runner: Runner) -> Team:  # noqa: F811
    return make_team(tmp_path / 'team', runner, 'roman', 'sara')


def offline(member: Member, title: str) -> str:
    """Hand off without a remote that answers; return the id of the note."""
    member.git('config', 'remote.origin.pushurl', '../offline.git')
    run = member.hand_off(title)
    assert run.last.endswith('reason=push-failed'), run.out
    member.git('config', '--unset', 'remote.origin.pushurl')
    return str(re.search(r'id=(\S+)', run.last)[1])


def note_of(session_id: str) -> str:
    return f'docs/sessions/{session_id}.md'


def _pulls(team: Team, *options: str) -> None:
    sara = team.member('sara')
    sara.work('hers.py')
    sara.git('push', '-q')
    team.member('roman').git('pull', '-q', '--no-edit', *options)


def _edits(member: Member, path: str, old: str, new: str) -> None:
    assert old in member.read(path)
    member.write(path, member.read(path).replace(old, new))
    member.git('add', '--', path)


def _amends(member: Member, path: str, words: str) -> None:
    member.write(path, f'{member.read(path)}\n{words}\n')
    member.git('commit', '-q', '-a', '--amend', '--no-edit')


def _imitates(roman: Member, first: str) -> None:
    """Write a note by hand as an agent would: after the one that is there."""
    copied = roman.read(note_of(first)).replace(first, 'RT-991231-01').replace('what was done', 'what I say')
    roman.write(note_of('RT-991231-01'), copied)
    roman.commit('docs(sessions): RT-991231-01 Offline', note_of('RT-991231-01'))


def _takes_hers(team: Team) -> None:
    offline(team.member('sara'), 'Hers')
    team.member('roman').git('reset', '-q', '--hard', 'HEAD~1')
    team.member('roman').git('pull', '-q', '../sara', 'main')


GOES = [
    ('nothing else', lambda team, first: None),
    ('a merge that git made', lambda team, first: _pulls(team, '--no-rebase')),
    ('a rebase', lambda team, first: _pulls(team, '--rebase')),
    ('other words of the commit', lambda team, first: team.member('roman').git('commit', '-q', '--amend', '-m', 'in other words')),
]
STOPS = [  # what lies ahead besides the hand-off, and a part of what is listed
    ('work', lambda team, first: team.member('roman').work(message='of mine'), 'of mine'),
    ('a text', lambda team, first: (_edits(team.member('roman'), LOG, 'Ship it.', 'Ship it now.'),
                                    team.member('roman').git('commit', '-qm', 'of mine')), 'of mine'),
    ('a note by hand', lambda team, first: _imitates(team.member('roman'), first), 'RT-991231-01'),
    ('more in its commit', lambda team, first: (team.member('roman').write('code.py', 'x'), team.member('roman').git('add', 'code.py'),
                                                team.member('roman').git('commit', '-q', '--amend', '--no-edit')), 'Offline'),
    ('a text in its commit', lambda team, first: (_edits(team.member('roman'), LOG, 'Ship it.', 'Ship it now.'),
                                                  team.member('roman').git('commit', '-q', '--amend', '--no-edit')), 'Offline'),
    ('other words in its note', lambda team, first: (_edits(team.member('roman'), note_of(first), 'what was done', 'what I say'),
                                                     team.member('roman').git('commit', '-q', '--amend', '--no-edit')), 'Offline'),
    ('a later edit of its note', lambda team, first: (_edits(team.member('roman'), note_of(first), 'what was done', 'what I say'),
                                                      team.member('roman').git('commit', '-qm', 'of mine')), 'of mine'),
    ('a file that became its note', lambda team, first: (
        team.member('roman').git('mv', note_of(first), 'code.md'), team.member('roman').git('commit', '-qm', 'away'),
        team.member('roman').git('mv', 'code.md', note_of(first)), team.member('roman').git('commit', '-qm', 'back')), 'away'),
    ('words in its index', lambda team, first: _amends(team.member('roman'), INDEX, 'secret plans'), 'Offline'),
    ('a line of its index', lambda team, first: (_edits(team.member('roman'), INDEX, 'Offline', 'secret plans'),
                                                 team.member('roman').git('commit', '-q', '--amend', '--no-edit')), 'Offline'),
    ('a file that it has lost', lambda team, first: (team.member('roman').git('rm', '-q', LOG),
                                                     team.member('roman').git('commit', '-q', '--amend', '--no-edit')), 'Offline'),
    ("a peer's hand-off", lambda team, first: _takes_hers(team), 'Hers'),
    ('a hand-off that another address committed', lambda team, first: team.member('roman').git(
        '-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.net', 'commit', '-q', '--amend', '--no-edit', '--reset-author'), 'Offline'),
    ('a merge that somebody wrote', lambda team, first: (
        _pulls(team, '--no-rebase'), _edits(team.member('roman'), 'hers.py', 'x', 'y'),
        team.member('roman').git('commit', '-q', '--amend', '--no-edit')), 'Merge branch'),
]


def _keeps_a_changelog(roman: Member) -> None:
    roman.write('.daybook/config.yaml', roman.read('.daybook/config.yaml') + 'handoff: {changelog: CHANGELOG.md}\n')
    roman.write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n- x\n')
    roman.commit('keep a changelog', '.daybook/config.yaml', 'CHANGELOG.md')
    roman.git('push', '-q')


FIXES = {
    'none': 'true',
    'one more line end': f'printf "\\n" >> {LOG}',
    'trailing blanks': f'sed -i "s/^## Goal$/## Goal  /" {LOG}',
    'bullets': f'sed -i "s/^- \\[/* [/" {LOG} CHANGELOG.md',
    'a heading': f'sed -i "s/^# build$/build\\n=====/" {LOG}',
}


@pytest.mark.parametrize('fix', FIXES.values(), ids=FIXES)
def test_a_hand_off_made_offline_goes_as_fixers_left_it(team: Team, fix: str) -> None:
    roman = team.member('roman')
    _keeps_a_changelog(roman)
    roman.write('.git/hooks/pre-commit', f'#!/bin/sh\n{fix}\ngit add {LOG} CHANGELOG.md\n').chmod(0o755)
    first, second = offline(roman, 'Offline'), offline(roman, 'Offline, *too* (`x_y`)')
    run = roman.hand_off('Online')
    assert run.last.endswith('pushed=yes') and f'go with it: {first}, {second}\n' in run.out, run.out


@pytest.mark.parametrize('deed', [row[1] for row in GOES], ids=[row[0] for row in GOES])
def test_a_hand_off_made_offline_goes_with_the_next(team: Team, deed: Callable[[Team, str], object]) -> None:
    roman = team.member('roman')
    first, second = offline(roman, 'Offline'), offline(roman, 'Offline too')
    deed(team, first)
    run = roman.hand_off('Online')
    assert run.last.endswith('pushed=yes'), run.out
    assert f'not pushed yet, and go with it: {first}, {second}\n' in run.out
    assert set(team.notes()) == {first, second, str(re.search(r'id=(\S+)', run.last)[1])}
    assert roman.git('rev-parse', 'HEAD') == team.remote.git('rev-parse', 'main')
    assert 'go with it' not in roman.hand_off('Again').out


@pytest.mark.parametrize(('deed', 'words'), [row[1:] for row in STOPS], ids=[row[0] for row in STOPS])
def test_all_else_that_is_not_pushed_stops_it(team: Team, deed: Callable[[Team, str], object], words: str) -> None:
    roman = team.member('roman')
    first = offline(roman, 'Offline')
    deed(team, first)
    before = team.remote.git('rev-parse', 'main')
    run = roman.hand_off('Online')
    assert run.last.endswith('pushed=no reason=other-commits'), run.out
    assert words in run.out and 'push them all: ' in run.out and 'go with it:\n' in run.out
    assert team.remote.git('rev-parse', 'main') == before


def test_words_in_its_changelog_stop_it(team: Team) -> None:
    roman = team.member('roman')
    _keeps_a_changelog(roman)
    offline(roman, 'Offline')
    _amends(roman, 'CHANGELOG.md', 'secret plans')
    run = roman.hand_off('Online')
    assert run.last.endswith('pushed=no reason=other-commits') and 'secret' not in team.remote.git('log', '-p'), run.out


def test_a_hand_off_made_offline_goes_where_a_peer_has_pushed_first(team: Team) -> None:
    roman = team.member('roman')
    first = offline(roman, 'Offline')
    assert team.member('sara').hand_off('Hers').last.endswith('pushed=yes')
    run = roman.hand_off('Online')
    assert run.last.endswith('pushed=yes') and 'joined on the remote' in run.out, run.out
    assert len(team.notes()) == len(team.indexed()) == len(team.logged()) == 3 and first in team.notes()


def test_a_hand_off_under_an_address_of_an_agent_goes_too(team: Team) -> None:
    roman = team.member('roman')
    roman.git('config', 'user.email', 'agent@example.net')
    env = {'OPERATOR': 'roman'}
    roman.git('config', 'remote.origin.pushurl', '../offline.git')
    assert roman.hand_off('Offline', env=env).last.endswith('reason=push-failed')
    roman.git('config', '--unset', 'remote.origin.pushurl')
    assert roman.hand_off('Online', env=env).last.endswith('pushed=yes')


def test_a_peers_hand_off_under_the_same_address_stops_it(team: Team) -> None:
    roman, sara = team.member('roman'), team.member('sara')
    for member in (roman, sara):
        member.git('config', 'user.email', 'agent@example.net')
    sara.git('config', 'remote.origin.pushurl', '../offline.git')
    assert sara.hand_off('Hers', env={'OPERATOR': 'sara'}).last.endswith('reason=push-failed')
    roman.git('pull', '-q', '../sara', 'main')
    run = roman.hand_off('Online', env={'OPERATOR': 'roman'})
    assert run.last.endswith('pushed=no reason=other-commits') and 'Hers' in run.out, run.out


def test_a_placeholder_that_was_pushed_before(team: Team) -> None:
    roman = team.member('roman')
    claimed = str(re.search(r'id=(\S+)', roman.runner.run(roman.root, 'claim-session').last)[1])
    roman.commit('all that lies about', 'docs')
    roman.git('push', '-q')
    assert note_of(claimed) in roman.git('ls-files', 'docs')
    draft = f'.daybook/state/draft-{claimed}.md'
    roman.draft('Offline', draft)
    roman.write(draft, roman.read(draft).replace('---\n', f'---\nid: {claimed}\n', 1))
    roman.git('config', 'remote.origin.pushurl', '../offline.git')
    run = roman.runner.run(roman.root, 'handoff', '--files', draft)
    assert run.last.endswith('reason=push-failed') and f'id={claimed}' in run.last, run.out
    assert roman.git('show', '--format=', '--name-status', '--no-renames', '--', 'docs/sessions/RT*') == f'M\t{note_of(claimed)}'
    roman.git('config', '--unset', 'remote.origin.pushurl')
    assert roman.hand_off('Online').last.endswith('pushed=yes')
