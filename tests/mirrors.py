"""A repository with its mirror: what the tests of sync-notion share."""
from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from conftest import Sandbox
from daybook.documents import frontmatter
from daybook.errors import FatalError
from daybook.hooks import sync_notion
from daybook.mirror.pace import Clock
from notion_standin import Seen
from notion_standin import StandIn

LOG = 'docs/sync/LAST_SYNC.md'
NOTE = """---
title: {title}
operator: roman
summary: "What was done: a, b"
workstream: build
tags: [one, two]
---

## Summary

{text}
"""


class Time:
    """A clock that tests turn: to sleep takes no time, and is written down."""

    def __init__(self) -> None:
        self.offset, self.slept = 0.0, []

    def sleep(self, seconds: float) -> None:
        self.offset += seconds
        self.slept.append(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: time.monotonic() + self.offset, lambda: time.time() + self.offset, self.sleep)


class Mirrored:
    """A repository, its mirror, and runs of the hook in this process."""

    def __init__(self, repo: Sandbox, notion: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
        self.repo, self.notion, self.time, self._capsys = repo, notion, Time(), capsys
        notion.now = self.time.clock.now

    def note(self, name: str, title: str = '', text: str = 'Done.', folder: str = 'docs/sessions') -> str:
        path = f'{folder}/{name}.md'
        self.repo.write(path, NOTE.format(title=title or f'Title of {name}', text=text))
        return path

    def run(self, *words: str) -> tuple[int, str]:
        """Return the exit code and what was printed; an error is printed as the dispatcher does."""
        try:
            code = sync_notion.main(words, self.time.clock)
            said = ''
        except FatalError as error:
            code, said = 1, str(error)
        return code, self._capsys.readouterr().out + said

    def apply(self, *words: str) -> str:
        code, said = self.run('--apply', *words)
        assert code == 0, said
        return said

    def requests(self, *words: str) -> list[Seen]:
        before = len(self.notion.seen)
        self.run(*words)
        asked = self.notion.seen[before:]
        assert asked, 'a run that asked nothing proves nothing'
        return asked

    def meta(self, path: str) -> dict[str, object]:
        return frontmatter.parse((self.repo.root / path).read_bytes()).meta


@pytest.fixture
def notion() -> Iterator[StandIn]:
    standin = StandIn()
    yield standin
    standin.close()


@pytest.fixture
def mirrored(repo: Sandbox, notion: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mirrored:
    for name, value in notion.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(repo.root)
    found = Mirrored(repo, notion, capsys)
    repo.write('.daybook/config.yaml', 'mirror: {files_url: "https://git.example.com/o/r/blob/{commit}"}\n')
    code, said = found.run('--setup')
    assert code == 0 and 'added External ID' in said
    return found
