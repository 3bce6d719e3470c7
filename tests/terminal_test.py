"""The person's terminal: banners and one question where there is one, nothing where there is none."""
from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

_CODE = ('import os; from daybook.handoff import terminal; terminal.banner("at \\x1b[31mwork"); '
         'there = terminal.is_somebody_there(os.environ); terminal.confirm("hand off?", {wait}); print("there", there)')


def _in_a_terminal(code: str, answer: bytes, **environ: str) -> str:
    import pty

    pid, handle = pty.fork()
    if pid == 0:
        os.environ.update(environ)
        os.execv(sys.executable, (sys.executable, '-c', code))
    out = b''
    while select.select([handle], [], [], 10)[0]:
        try:
            part = os.read(handle, 4096)
        except OSError:  # the other end is closed
            break
        if b'goes on in' in part:
            os.write(handle, answer)
        out += part
        if not part:
            break
    os.waitpid(pid, 0)
    return out.decode()


@pytest.mark.skipif(os.name == 'nt', reason='there is no /dev/tty on Windows')
@pytest.mark.parametrize(('answer', 'wait', 'is_there', 'environ'), [
    (b'\n', 30, True, {}), (b'', 1, True, {}), (b'\n', 30, False, {'CI': '1'}), (b'\n', 30, False, {'CLAUDECODE': '1'}),
])
def test_with_a_terminal(answer: bytes, wait: int, is_there: bool, environ: dict[str, str]) -> None:
    out = _in_a_terminal(_CODE.format(wait=wait), answer, **environ)
    assert f'there {is_there}' in out
    assert '▶ at \\x1b[31mwork' in out and '\x1b' not in out


def test_without_one_nothing_is_shown_or_waited_for() -> None:
    run = subprocess.run((sys.executable, '-c', _CODE.format(wait=30)), capture_output=True, text=True, start_new_session=True)
    assert (run.stdout, run.stderr) == ('there False\n', '')
