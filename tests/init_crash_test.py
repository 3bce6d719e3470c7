"""`init` that is killed, run again, mixed with other people's edits and files put back, and taken out: nothing of ours stays unnamed.

DAYBOOK_INIT_RUNS (default 24) is how many sequences are drawn.
"""
from __future__ import annotations

import os
import random
import re
import signal
from pathlib import Path

import pytest

from conftest import Sandbox
from conftest import make_sandbox
from daybook.writers import scaffold_record
from runs import Run
from runs import Runner
from team import runner  # noqa: F401

RUNS = int(os.environ.get('DAYBOOK_INIT_RUNS', '24'))
CHUNKS = 4  # tests that share the runs, so that workers can share the tests
RECORD = scaffold_record.PATH
ASKED = ((), ('--profile', 'full'), ('--with', 'claude,telemetry-all'), ('--with', 'codex,agents,templates'),
         ('--upgrade', '--rev', 'v0.0.9'))
THEIRS = {
    '.gitignore': b'# ours\n*.log\n', '.gitattributes': b'*.sh eol=lf\r\n', 'AGENTS.md': b'# Agents\n\nBe kind.\n',
    '.pre-commit-config.yaml': b'repos:\n- repo: meta\n  hooks:\n  - id: identity\n', 'README.md': b'# Read me\n',
    '.claude/settings.json': b'{\n  "hooks": {\n    "PostToolUse": [\n      {"matcher": "Bash"}\n    ]\n  }\n}\n',
}
# what somebody adds at the top of a file, in its language
LINES = {'.pre-commit-config.yaml': b'# edit %d\n', 'AGENTS.md': b'Edit %d.\n', 'README.md': b'Edit %d.\n',
         '.gitignore': b'edit%d\n', '.gitattributes': b'edit%d text\n'}


class World:
    """A repository, what it would hold without us, and the runs of `init` in it."""

    def __init__(self, repo: Sandbox, runner: Runner, dice: random.Random, theirs: dict[str, bytes]) -> None:  # noqa: F811
        self.repo, self.runner, self.dice, self.theirs = repo, runner, dice, dict(theirs)
        self.story: list[str] = []
        for path, content in theirs.items():
            repo.write(path, content)
        repo.commit()

    def init(self, *args: str, kill_at: int | None = None) -> Run:
        run = self.runner.run(self.repo.root, 'init', *args, kill_at=kill_at)
        self.story.append(f'init {" ".join(args)}{" killed" if run.code else ""}')
        assert run.code == (-signal.SIGKILL if kill_at and run.code else 0), run.out
        return run

    def edit(self, number: int) -> None:
        path = self.dice.choice([path for path in LINES if (self.repo.root / path).exists()])
        self.story.append(f'edit {path}')
        line = LINES[path] % number
        self.repo.write(path, line + (self.repo.root / path).read_bytes())
        self.theirs[path] = line + self.theirs.get(path, b'')

    def put_back(self) -> None:
        path = self.dice.choice(sorted({*self.theirs, '.claude/commands/handoff.md', 'CLAUDE.md'}))
        self.story.append(f'put back {path}')
        if path in self.theirs:
            self.repo.write(path, self.theirs[path])
        else:
            (self.repo.root / path).unlink(missing_ok=True)

    def tamper(self, earlier: list[bytes]) -> None:
        self.story.append('record put back')
        if earlier:
            self.repo.write(RECORD, self.dice.choice(earlier))
        else:
            (self.repo.root / RECORD).unlink(missing_ok=True)

    def wrong(self) -> list[str]:
        there = {path: data for path, data in self.repo.snapshot().items() if not path.startswith('.daybook/state/')}
        return sorted(path for path in {*there, *self.theirs} if there.get(path) != self.theirs.get(path))


def played(world: World, *, tampers: bool) -> Run:
    earlier: list[bytes] = []
    for number in range(world.dice.randint(3, 7)):
        move = world.dice.choice(['init', 'kill', 'kill', 'edit', 'put back', 'take out', *(['tamper'] if tampers else [])])
        if move in ('init', 'kill'):
            world.init(*world.dice.choice(ASKED), kill_at=world.dice.randint(1, 24) if move == 'kill' else None)
        elif move == 'take out':
            world.init('--uninstall', kill_at=world.dice.randint(1, 16))
        elif move == 'edit':
            world.edit(number)
        elif move == 'put back':
            world.put_back()
        else:
            world.tamper(earlier)
        earlier += [(world.repo.root / RECORD).read_bytes()] if (world.repo.root / RECORD).exists() else []
    return world.init('--uninstall')


@pytest.mark.parametrize('chunk', range(CHUNKS))
def test_whatever_happened_an_uninstall_leaves_their_bytes(tmp_path: Path, runner: Runner, chunk: int) -> None:  # noqa: F811
    killed = 0
    for seed in range(chunk, RUNS, CHUNKS):
        world = World(make_sandbox(tmp_path / f'{seed}'), runner, random.Random(seed), THEIRS if seed % 3 else {'README.md': b'# R\n'})
        out = played(world, tampers=False).out
        killed += str(world.story).count('killed')
        assert world.wrong() == [], (seed, world.story, out)
    assert killed > 1 or RUNS < 24, 'nothing was tried'


@pytest.mark.parametrize('chunk', range(CHUNKS))
def test_with_a_record_put_back_what_stays_is_named(tmp_path: Path, runner: Runner, chunk: int) -> None:  # noqa: F811
    for seed in range(1000 + chunk, 1000 + RUNS // 2, CHUNKS):
        world = World(make_sandbox(tmp_path / f'{seed}'), runner, random.Random(seed), THEIRS)
        out = played(world, tampers=True).out
        named = set(re.findall(r'^  (?:keep|stays) +([^:\n]+):', out, re.MULTILINE)) | {RECORD}
        assert set(world.wrong()) <= named, (seed, world.story, out)
        assert RECORD not in world.wrong() or 'keep ' in out
