"""Runs `sync-notion` in processes that can be killed, from one that has imported it; its pauses take no time."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


class MirrorRunner:
    """Forks a process for each run."""

    def __init__(self) -> None:
        self.process = subprocess.Popen((sys.executable, __file__), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, order: dict[str, object]) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(order) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, root: Path, out: Path, env: dict[str, str], *words: str) -> int:
        """Begin a run; return its process id."""
        return self._ask({'cwd': str(root), 'out': str(out), 'env': env, 'argv': words})

    def wait(self, pid: int) -> int:
        """Return the exit code, negative for a signal."""
        return self._ask({'wait': pid})

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def _child(order: dict) -> None:
    handle = os.open(order['out'], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(handle, number)
    os.chdir(order['cwd'])
    os.environ.update(order['env'])
    from daybook.errors import FatalError
    from daybook.hooks import sync_notion
    from daybook.mirror.pace import Clock

    offset = 0.0

    def sleep(seconds: float) -> None:
        nonlocal offset
        offset += seconds

    code = 3
    try:
        code = sync_notion.main(order['argv'], Clock(lambda: time.monotonic() + offset, lambda: time.time() + offset, sleep))
    except FatalError as error:
        print(error)
        code = 1
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _serve() -> None:
    import httpx  # noqa: F401  what every run needs, imported once
    import daybook.hooks.sync_notion
    import daybook.mirror.notion  # noqa: F401

    for line in sys.stdin:
        order = json.loads(line)
        if 'wait' in order:
            _, status = os.waitpid(order['wait'], 0)
            print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _child(order)
        print(json.dumps(pid), flush=True)


if __name__ == '__main__':
    _serve()
