"""Exactly once: failures at random on a fifth of the requests, kills at random moments, run again until done."""
from __future__ import annotations

import os
import random
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import frontmatter
from mirror_runs import MirrorRunner
from notion_standin import FAULTS
from notion_standin import StandIn

# the full figure is 1,000 documents and 20 seeds: DAYBOOK_MIRROR_FULL=1000x20
DOCUMENTS, SEEDS = map(int, os.environ.get('DAYBOOK_MIRROR_FULL', '30x3').split('x'))
_RATE = 0.2
_MOST_RUNS = 400
HOST = 'https://git.example.com/o/r/blob/{commit}'


@pytest.fixture(scope='module')
def runner(own_home: Path) -> Iterator[MirrorRunner]:
    found = MirrorRunner()
    yield found
    found.close()


class Chaos:
    """Chooses a fault for each request; kills the run now and then, before or after the request is done."""

    def __init__(self, seed: int, kills: float) -> None:
        self.random, self.kills, self.struck, self.asked = random.Random(seed), kills, 0, 0
        self.lock = threading.Lock()

    def __call__(self, number: int, method: str, path: str) -> str:
        with self.lock:
            self.asked += 1
            if self.random.random() < self.kills:
                return self.random.choice(('kill', 'kill-saved'))
            if self.random.random() < _RATE:
                self.struck += 1
                return self.random.choice(FAULTS)
            return ''


def _documents(repo: Sandbox, count: int) -> None:
    repo.write('.daybook/config.yaml', f'mirror: {{files_url: "{HOST}", rate: 3}}\n')
    for number in range(count):
        other = (number * 7 + 3) % count
        repo.write(f'docs/sessions/n{number}.md', f'---\ntitle: Title {number}\ntags: [t{number % 5}]\n---\n\n'
                   f'Body {number}, and [another](./n{other}.md).\n')
    repo.commit()


def _run(repo: Sandbox, notion: StandIn, runner: MirrorRunner, out: Path, kill_after: float | None) -> int:
    pid = runner.start(repo.root, out, notion.env(), '--apply')
    notion.victim = pid
    timer = threading.Timer(kill_after, os.kill, (pid, signal.SIGKILL)) if kill_after else None
    if timer:
        timer.start()
    code = runner.wait(pid)
    notion.victim = 0
    if timer:
        timer.cancel()
        timer.join()
    notion.wait_idle()
    return code


def _until_done(repo: Sandbox, notion: StandIn, runner: MirrorRunner, out: Path, chance: random.Random) -> list[int]:
    codes: list[int] = []
    while not codes or codes[-1] != 0:
        assert len(codes) < _MOST_RUNS, out.read_text()[-3000:]
        codes.append(_run(repo, notion, runner, out, chance.uniform(0.05, max(3.0, DOCUMENTS / 50)) if chance.random() < 0.5 else None))
        assert codes[-1] in (0, 1, -signal.SIGKILL), out.read_text()[-3000:]
    return codes


def _check(repo: Sandbox, notion: StandIn, count: int, word: str) -> None:
    found = notion.by_external()
    assert sorted(found) == sorted(f'n{number}' for number in range(count)), 'a page for each'
    assert [pages for pages in found.values() if len(pages) != 1] == [], 'and only one'
    assert notion.by_external(trashed=True) == {}
    for number in range(count):
        [page] = found[f'n{number}']
        other = found[f'n{(number * 7 + 3) % count}'][0].replace('-', '')
        data = (repo.root / f'docs/sessions/n{number}.md').read_bytes()
        assert notion.texts[page] == f'{word} {number}, and [another](https://www.notion.so/{other}).'
        assert notion.field(page, 'Content Hash') == frontmatter.content_hash(data)
        assert (notion.field(page, 'Doc name'), notion.field(page, 'Sync Status')) == (f'Title {number}', 'synced')
        meta = frontmatter.parse(data).meta
        assert (meta['notion_page_id'], meta['sync_status'], meta.get('sync_error')) == (page, 'synced', None)


@pytest.mark.parametrize('seed', range(SEEDS))
def test_exactly_once(repo: Sandbox, runner: MirrorRunner, tmp_path: Path, seed: int) -> None:
    notion, chance, out = StandIn(), random.Random(seed), tmp_path / 'out'
    try:
        _documents(repo, DOCUMENTS)
        assert runner.wait(runner.start(repo.root, out, notion.env(), '--setup')) == 0
        notion.fault = chaos = Chaos(seed, kills=4 / DOCUMENTS / 4)
        codes = _until_done(repo, notion, runner, out, chance)
        assert chaos.struck > chaos.asked * _RATE / 2 and chaos.struck
        _check(repo, notion, DOCUMENTS, 'Body')
        # everything changes, half of it twice; the same again over the pages that there are
        for number in range(DOCUMENTS):
            path = f'docs/sessions/n{number}.md'
            repo.write(path, repo.read(path).replace('Body', 'Text'))
        repo.commit()
        codes += _until_done(repo, notion, runner, out, chance)
        _check(repo, notion, DOCUMENTS, 'Text')
        notion.fault = lambda *_: ''
        before = len(notion.seen)
        assert _run(repo, notion, runner, out, None) == 0
        assert all(seen.is_read for seen in notion.seen[before:]) and len(notion.seen) > before
        print(f'seed {seed}: {len(codes)} runs, {codes.count(-9)} killed, {len(notion.seen)} requests, {chaos.struck} struck')
    finally:
        notion.close()


def test_the_check_sees_a_duplicate(repo: Sandbox, runner: MirrorRunner, tmp_path: Path) -> None:
    notion, out = StandIn(), tmp_path / 'out'
    try:
        _documents(repo, 2)
        for words in (['--setup'], ['--apply']):
            assert runner.wait(runner.start(repo.root, out, notion.env(), *words)) == 0, out.read_text()
        _check(repo, notion, 2, 'Body')
        page = notion.pages[notion.page('n0')]
        notion.pages['twin'] = {**page, 'id': 'twin'}
        with pytest.raises(AssertionError, match='and only one'):
            _check(repo, notion, 2, 'Body')
    finally:
        notion.close()
    assert re.search('created', out.read_text())
