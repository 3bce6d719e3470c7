"""Runs one command in a process of its own and kills it before a chosen change."""
from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from daybook import __main__ as dispatcher

needs_fork = pytest.mark.skipif(not hasattr(os, 'fork'), reason='no fork')


def killed_at(root: Path, event: int, *words: str) -> bool:
    """Run `daybook` with `words` and kill it before its change number `event`; return whether it came to that."""
    child = os.fork()
    if child == 0:
        os.chdir(root)
        left = [event]

        def hook(name: str, args: tuple[object, ...]) -> None:
            is_write = name == 'open' and isinstance(args[1], str) and bool(set('wxa+') & set(args[1])) and str(args[0]).startswith(str(root))
            if is_write or name in ('os.rename', 'os.remove', 'os.link', 'os.mkdir', 'os.rmdir') or \
                    name == 'subprocess.Popen' and {'add', 'commit', 'reset'} & set(args[1]):  # type: ignore[call-overload]
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.dont_write_bytecode = True  # to keep what Python compiles is no change of ours, and comes once
        sys.addaudithook(hook)
        os._exit(dispatcher.main([*words]))
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
