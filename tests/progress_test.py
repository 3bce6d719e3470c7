"""The bar on a terminal: after a second, for who looks, and for nobody else. Real terminals; the clock alone is ours."""
from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator

import pytest

from conftest import Sandbox
from daybook import progress

AUDIT = ('-c', 'import sys; from daybook import progress; progress.PATIENCE = 0; '
               'from daybook.__main__ import main; sys.exit(main(["audit-links", "--no-catalogue"]))')


def _on_terminal(repo: Sandbox, **env: str) -> tuple[str, str]:
    """Return what the audit prints, and what it writes to a terminal meanwhile; it is told to wait for no second."""
    ours, theirs = pty.openpty()
    run = subprocess.Popen((sys.executable, *AUDIT), cwd=repo.root, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, 'TERM': 'xterm', **env})
    out = run.stdout.read().decode()
    run.wait()
    os.close(theirs)
    shown = b''
    try:
        while data := os.read(ours, 1 << 16):
            shown += data
    except OSError:  # Linux says so at the end
        pass
    os.close(ours)
    return out, shown.decode()


def test_only_who_looks_sees_a_bar(repo: Sandbox) -> None:
    for number in range(4):
        repo.write(f'{number}.md', '[x](no.md)\n')
    repo.commit()
    out, shown = _on_terminal(repo)
    assert out.count('[link-missing]') == 4
    assert shown.startswith('\rreading [' + '.' * 30 + '] 0%\x1b[K') and shown.endswith('\r\x1b[K'), 'the bar is gone at the end'
    # pre-commit and git run hooks on terminals too, and print later what they wrote
    for env in ({'PRE_COMMIT': '1'}, {'GIT_INDEX_FILE': '.git/index'}, {'CI': 'true'}, {'TERM': 'dumb'}):
        told, shown = _on_terminal(repo, **env)
        assert told and shown == '', env
    run = subprocess.run((sys.executable, *AUDIT), cwd=repo.root, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == (out, '')


class _Terminal:
    def __init__(self) -> None:
        self.text = ''

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def _ticks(*times: float) -> Iterator[float]:
    yield from times


def test_it_waits_a_second_and_is_drawn_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, 'stderr', terminal)
    monkeypatch.setenv('TERM', 'xterm')
    clock = _ticks(0, 0.5, 0.99, 1.0, 1.05, 1.11)
    assert list(progress.shown('abcde', 5, 'reading', clock=lambda: next(clock))) == list('abcde')
    bars = [bar for bar in terminal.text.split('\r') if bar]
    assert bars == [f'reading [{"#" * 12}{"." * 18}] 40%\x1b[K', f'reading [{"#" * 24}{"." * 6}] 80%\x1b[K', '\x1b[K']


def test_a_quick_run_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, 'stderr', terminal)
    monkeypatch.setenv('TERM', 'xterm')
    assert list(progress.shown(range(1000), 1000, 'reading', clock=lambda: 0.0)) == list(range(1000))
    assert terminal.text == ''


def test_what_ends_early_leaves_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, 'stderr', terminal)
    monkeypatch.setenv('TERM', 'xterm')
    clock = _ticks(0, 5)
    with pytest.raises(ZeroDivisionError):
        for item in progress.shown([0, 1], 2, 'reading', clock=lambda: next(clock)):
            1 / item
    assert terminal.text.endswith('\r\x1b[K')
