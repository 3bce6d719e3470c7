"""A hand-off that is killed, anywhere: the next one undoes or completes it, says so, and loses nothing.

DAYBOOK_CRASH_RUNS (default 24) is how many runs are killed at a random moment, beside those that
are killed at every single change that they make.
"""
from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from runs import Run
from runs import Runner
from team import DRAFT
from team import INDEX
from team import LOG
from team import Member
from team import State
from team import Team
from team import make_team
from team import runner  # noqa: F401

RANDOM_RUNS = int(os.environ.get('DAYBOOK_CRASH_RUNS', '24'))
CHUNKS = 6  # tests that share the runs, so that workers can share the tests
ENV = {'DAYBOOK_SESSION_ID': 's1'}
OTHER = '.daybook/state/other.md'


@pytest.fixture(scope='session')
def scene(tmp_path_factory: pytest.TempPathFactory, runner: Runner) -> Team:  # noqa: F811
    """A team of one with a draft, and everything of others that may not change."""
    team = make_team(tmp_path_factory.mktemp('scene') / 'team', runner, 'roman')
    roman = team.member('roman')
    roman.leave_things_about()
    roman.draft('Killed')
    roman.write(OTHER, 'the draft of somebody else\n')
    roman.write('.daybook/state/.gitignore', '*\n')
    roman.write('.daybook/state/session-s1.json',
                json.dumps({'session_id': 's1', 'tool_calls_count': 40, 'cwd': str(roman.root), 'ended_at': 'x'}))
    return team


def kinds(out: str) -> set[str]:
    words = {'undone': 'was killed before its commit: undone', 'completed': 'was killed after its commit'}
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
        assert re.fullmatch(r'handoff: id=RT-\d{6}-\d\d commit=[0-9a-f]{40} pushed=yes', run.last), (killed.out, run.out)
    check(roman, before, killed.out + run.out)
    return '+'.join(sorted(told)) or 'fresh'


def check(roman: Member, before: State, out: str) -> None:
    team = Team(roman.root.parent, roman.runner)
    notes = team.notes()
    assert len(notes) == 1 and team.indexed() == notes and team.logged() == notes, out
    assert roman.git('log', '--format=%H', 'origin/main', '--', f'docs/sessions/{notes[0]}.md').count('\n') == 0
    assert roman.git('rev-parse', 'main') == team.remote.git('rev-parse', 'main')
    # a stub that a claim left before the hand-off wrote anything is listed by `resume`
    stubs = {path for path in roman.git('ls-files', '-o', '--exclude-standard', 'docs').splitlines()
             if 'claimed_at' in roman.read(path) and 'title' not in roman.read(path)}
    after = roman.state()
    assert [line for line in after.status if line[3:] not in stubs] == before.status, out
    assert after.index == before.index and after.stash == before.stash and after.fetched == before.fetched
    assert {path: data for path, data in after.files.items() if path not in stubs} == before.files
    assert roman.leftovers() == []
    assert roman.read(OTHER) == 'the draft of somebody else\n'
    archive = sorted(path.name for path in (roman.root / '.daybook/state/archive').iterdir())
    assert [name for name in archive if name.endswith('.md')] == [f'{notes[0]}-draft.md']
    assert 'Killed: what was done.' in roman.read(f'.daybook/state/archive/{notes[0]}-draft.md')
    assert not (roman.root / DRAFT).exists() and f'{notes[0]}.json' in archive


def test_run_that_nobody_kills(scene: Team, tmp_path: Path) -> None:
    roman = scene.copy(tmp_path / 'team').member('roman')
    before = roman.state()
    run = roman.hand_off(env=ENV, count=True)
    assert run.last.endswith('pushed=yes') and run.steps > 15, run.out
    check(roman, before, run.out)


@pytest.mark.parametrize('chunk', range(CHUNKS))
def test_killed_at_every_change(scene: Team, tmp_path: Path, chunk: int) -> None:
    seen = []
    for kill_at in range(chunk + 1, 500, CHUNKS):
        roman = scene.copy(tmp_path / f'{kill_at}').member('roman')
        before = roman.state()
        killed = roman.hand_off(env=ENV, kill_at=kill_at)
        if killed.code != -signal.SIGKILL:
            break
        seen.append(again(roman, before, killed))
    assert killed.code == 0 and {'undone', 'completed'} <= set(seen), seen
