"""The person's terminal, if there is one: live banners past a runner's capture, and one question with a time limit."""
from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Mapping

from daybook.problem import printable

_DEVICE = '/dev/tty'


def banner(text: str) -> None:
    """Write one line to the controlling terminal; nothing happens where there is none."""
    # runners show our stdout only at the end; a background job could be stopped by the write
    with contextlib.suppress(OSError), open(_DEVICE, 'w', encoding='utf-8') as terminal:
        if os.tcgetpgrp(terminal.fileno()) == os.getpgrp():
            terminal.write(f'\r\n▶ {printable(text)}\r\n')


def is_somebody_there(environ: Mapping[str, str]) -> bool:
    """Return whether a person may answer: a terminal of our own, no CI, no agent, no runner that paints over it."""
    if any(name in environ for name in ('CI', 'PREK_HOOK_STAGE', 'CLAUDECODE', 'DAYBOOK_SESSION_ID')):
        return False
    try:
        with open(_DEVICE, 'rb', buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (OSError, AttributeError):
        return False


def confirm(question: str, seconds: float) -> None:
    """Show `question` and wait for Enter, at most `seconds`; no answer means yes, Ctrl-C means no."""
    with contextlib.suppress(OSError), open(_DEVICE, 'r+b', buffering=0) as terminal:
        terminal.write(f'\r\n{printable(question)} [Enter to go on, Ctrl-C to stop; goes on in {seconds:.0f} s] '.encode())
        if select.select([terminal], [], [], seconds)[0]:
            terminal.readline()
