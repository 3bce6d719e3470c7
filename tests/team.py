"""A bare remote and the clones of a team, with everything of theirs that a hand-off must not touch."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import Sandbox
from runs import Run
from runs import Runner

DRAFT = '.daybook/state/draft.md'
INDEX = 'docs/sessions/INDEX.md'
LOG = 'workstreams/build.md'
PEOPLE = {'roman': ('RT', 'Roman Tester'), 'sara': ('SK', 'Sara Kay'), 'timo': ('TL', 'Timo Lee')}
OPERATORS = 'operators:\n' + ''.join(
    f'  {slug}: {{name: {name}, initials: {initials}, emails: [{slug}@example.com]}}\n'
    for slug, (initials, name) in PEOPLE.items())
TEXT = """---
title: {title}
workstream: {workstream}
---
## Summary

{title}: what was done.

## Resume Prompt

Go on. Confidence: H
"""


@pytest.fixture(scope='session')
def runner(tmp_path_factory: pytest.TempPathFactory, own_home: Path) -> Iterator[Runner]:
    server = Runner(tmp_path_factory.mktemp('runs'))
    yield server
    server.close()


class State(NamedTuple):
    """What must be the same before and after: status of git, index entries, bytes, stash, FETCH_HEAD."""

    status: list[str]
    index: str
    files: dict[str, bytes]
    stash: str
    fetched: bytes | None


class Member(Sandbox):
    """One clone with its operator."""

    def __init__(self, root: Path, runner: Runner) -> None:
        super().__init__(root)
        self.runner = runner

    def draft(self, title: str, path: str = DRAFT, workstream: str = 'build') -> None:
        self.write(path, TEXT.format(title=title, workstream=workstream))

    def hand_off(self, title: str | None = None, **options: object) -> Run:
        if title:
            self.draft(title)
        given = ('--files', DRAFT) if (self.root / DRAFT).exists() else ()
        return self.runner.run(self.root, 'handoff', *given, **options)

    def work(self, path: str = 'code.py', text: str = 'x = 1\n', message: str = 'work') -> str:
        self.write(path, text)
        return self.commit(message, path)

    def leave_things_about(self) -> None:
        """Stage, edit, stash, drop and create what belongs to no hand-off."""
        for name in ('stashed', 'staged', 'partly', 'edited', 'gone'):
            self.write(f'{name}.txt', f'{name}\n')
        self.git('add', '--', *(f'{name}.txt' for name in ('stashed', 'staged', 'partly', 'edited', 'gone')))
        self.git('commit', '-q', '-m', 'bystanders', check=False)  # a peer may have done that already
        self.git('push', '-q', 'origin', 'HEAD')
        self.write('stashed.txt', 'put aside\n')
        self.git('stash', 'push', '-q')
        for name in ('staged', 'partly', 'new'):
            self.write(f'{name}.txt', f'{name} and staged\n')
            self.git('add', f'{name}.txt')
        self.write('partly.txt', 'partly staged and edited\n')
        self.write('edited.txt', 'edited\r\nwithout a line end')
        (self.root / 'gone.txt').unlink()
        self.write('untracked/ü n.txt', b'\xff\x00')
        self.write('.daybook/state/.gitignore', '*\n')
        self.write('.daybook/state/session-s2.json', '{"session_id": "s2", "tool_calls_count": 3}')

    def state(self) -> State:
        status = [line for line in self.git('status', '--porcelain', '-z', '-uall').split('\0') if line]
        names = [line[3:] for line in status] + ['.daybook/state/session-s2.json']
        fetched = self.root / '.git' / 'FETCH_HEAD'
        return State(status, self.git('ls-files', '-s', '--', *names),
                     {name: (self.root / name).read_bytes() for name in names if (self.root / name).exists()},
                     self.git('stash', 'list', '-p'), fetched.read_bytes() if fetched.exists() else None)

    def leftovers(self) -> list[str]:
        """Return temporary files, locks and refs that no run may leave behind."""
        temporary = [str(p.relative_to(self.root)) for p in self.root.rglob('*') if p.name.endswith('.tmp')]
        found = [name for name in temporary if not name.startswith(('.git/daybook/claims/', '.daybook/state/'))]
        found += [name for name in ('daybook/handoff.json', 'index.lock') if (self.root / '.git' / name).exists()]
        return found + self.git('for-each-ref', '--format=%(refname)', 'refs/daybook', 'refs/worktree').splitlines()


class Team:
    """The remote and what everybody sees there."""

    def __init__(self, root: Path, runner: Runner) -> None:
        self.root, self.runner = root, runner
        self.remote = Sandbox(root / 'remote.git')

    def member(self, name: str) -> Member:
        return Member(self.root / name, self.runner)

    def join(self, name: str, options: tuple[str, ...] = ()) -> Member:
        member = self.member(name)
        if options:  # a clone of an empty repository does not take over its object format
            self.remote.git('init', '-q', *options, f'../{name}')
            member.git('remote', 'add', 'origin', '../remote.git')
        else:
            self.remote.git('clone', '-q', '../remote.git', f'../{name}')
        member.git('remote', 'set-url', 'origin', '../remote.git')  # so that the whole folder can be copied
        member.git('config', 'user.email', f'{name}@example.com')
        member.git('config', 'user.name', PEOPLE[name][1])
        return member

    def copy(self, target: Path) -> Team:
        shutil.copytree(self.root, target, symlinks=True)
        return Team(target, self.runner)

    def show(self, path: str, revision: str = 'main') -> str:
        return self.remote.git('show', f'{revision}:{path}')

    def notes(self, revision: str = 'main') -> list[str]:
        names = self.remote.git('ls-tree', '-r', '--name-only', revision, 'docs/sessions/').splitlines()
        return [name.rsplit('/', 1)[-1].removesuffix('.md') for name in names if not name.endswith('INDEX.md')]

    def indexed(self) -> list[str]:
        return [line[3:].split(']')[0] for line in self.show(INDEX).splitlines() if line.startswith('- ')]

    def logged(self, path: str = LOG) -> list[str]:
        return [line[3:].split(']')[0] for line in self.show(path).splitlines() if line.startswith('- [')]


def make_team(root: Path, runner: Runner, *members: str, config: str = '', options: tuple[str, ...] = ()) -> Team:
    team = Team(root, runner)
    team.remote.root.mkdir(parents=True)
    team.remote.git('init', '-q', '--bare', *options)
    team.remote.git('config', 'core.logAllRefUpdates', 'true')
    first = team.join(members[0], options)
    for name in ('build', 'other'):
        first.write(f'workstreams/{name}.md', f'# {name}\n\n## Goal\n\nShip it.\n\n## Session Log\n')
    first.write('.daybook/operators.yaml', OPERATORS)
    first.write('.daybook/config.yaml', 'claims: {remote: off}\n' + config)
    first.commit('begin')
    first.git('push', '-q', '-u', 'origin', 'main')
    for name in members[1:]:
        team.join(name)
    return team
