"""A plan of 10,000 documents that the mirror shows already, warm and with nothing remembered, against a read of those documents.

The mirror is the tests' stand-in over HTTP on this machine; its pages were last edited at moments spread over 300 days.
Wall time holds its own time and the pauses that keep the budget of requests: trust the processor's figures.
"""
from __future__ import annotations

import contextlib
import glob
import os
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path

from bench import corpus
from bench import timing

sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))
from mirror_runs import MirrorRunner  # noqa: E402
from notion_standin import StandIn  # noqa: E402

_COUNT = int(os.environ.get('COUNT', '10000'))
_SPREAD = 300 * 86400.0  # seconds
_ASKED = 12  # times that the stand-in asks for the time while a document is mirrored, at most
_SETTINGS = 'mirror: {files_url: "https://git.example.com/o/r/blob/{commit}"}\n'
_OURS = [sys.executable, '-m', 'daybook']


def _spread(count: int) -> Callable[[], float]:
    """Return a clock that goes on whenever it is asked, from long ago, and stops at now."""
    begin, moments = time.time() - _SPREAD, iter(range(10**9))
    return lambda: min(begin + next(moments) * _SPREAD / count / _ASKED, time.time())


def _fill(root: str, notion: StandIn) -> None:
    """Mirror the whole repository, and commit the state that this writes into the documents."""
    notion.now = _spread(_COUNT)
    out, runner = Path(root, '.git', 'bench-out'), MirrorRunner()
    try:
        for words in (('--setup',), ('--apply', '--commit')):
            if runner.wait(runner.start(Path(root), out, notion.env(), *words)):
                raise SystemExit(f'bench: the mirror was not filled\n{out.read_text()[-2000:]}')
    finally:
        runner.close()
    notion.now = time.time


@contextlib.contextmanager
def _environ(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _knowing(root: str, held: dict[str, bytes], run: Callable[[], None]) -> Callable[[], None]:
    """Return a run that finds these files as what the clone remembers of the mirror: a plan writes nothing, anywhere."""
    def known() -> None:
        for path in _remembered(root):
            os.unlink(path)
        for path, data in held.items():
            Path(path).write_bytes(data)
        run()
    return known


def _remembered(root: str) -> list[str]:
    return glob.glob(os.path.join(root, '.git', 'daybook', 'mirror-*.json'))


def _counted(notion: StandIn, run: Callable[[], None]) -> int:
    """Return how many requests a run sends. Ends the measurement when one of them writes."""
    before = len(notion.seen)
    run()
    sent = notion.seen[before:]
    if not all(seen.is_read for seen in sent):
        raise SystemExit('bench: a plan of what is unchanged wrote to the mirror')
    return len(sent)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, and how many requests each plan took."""
    notion = StandIn()
    with tempfile.TemporaryDirectory(prefix='daybook-bench-') as root, _environ(notion.env()):
        corpus.make(root, _COUNT)
        Path(root, '.daybook', 'config.yaml').write_text(_SETTINGS, encoding='utf-8')
        _fill(root, notion)
        plan = timing.command([*_OURS, 'sync-notion'], root)
        warm = _knowing(root, {path: Path(path).read_bytes() for path in _remembered(root)}, plan)
        cold = _knowing(root, {}, plan)
        rows = timing.compare({
            'validate-frontmatter': timing.command([*_OURS, 'validate-frontmatter'], root),
            'plan, warm': warm,
            'plan, nothing remembered': cold,
        }, 3)
        requests = [_counted(notion, run) for run in (warm, cold)]
    notion.close()
    timing.show(f'mirror, a plan of {_COUNT} documents, none changed', rows)
    print(f'  requests: {requests[0]} warm, {requests[1]} with nothing remembered; {_COUNT // 100} list the table')
    return 0


if __name__ == '__main__':
    main()
