"""All governance hooks in one process on 10,000 documents, warm, one document changed, against one validate-frontmatter."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Sequence

from bench import corpus
from bench import timing

_COUNT = 10_000
_SETTINGS = '''\
freshness: {rules: [{kinds: [session], ttl_days: 99999}]}
kinds: {session: {statuses: {draft: [done], done: []}}}
zones: {folders: {docs/sessions: internal}}
cochange: [{name: people, when: ["docs/sessions/**"], then: [.daybook/operators.yaml]}]
'''
_MAP = 'entities:\n  note: {store: GitHub, paths: ["docs/sessions/**"]}\n'
_TOGETHER = '''\
import importlib
from daybook.checks import looking
from daybook.checks.change import Look
def look(scope):
    names = ('check_authority', 'check_cochange', 'check_freshness', 'check_lifecycle', 'check_zones')
    found = [importlib.import_module(f'daybook.hooks.{name}').look(scope) for name in names]
    return Look([problem for each in found for problem in each.problems], {}, [note for each in found for note in each.notes])
raise SystemExit(looking.run('governance', None, look, [], say=print))
'''


def _editing(run: Callable[[], None], path: str) -> Callable[[], None]:
    """Return what edits one document before each run, so that none finds everything known."""
    def edited() -> None:
        with open(path, 'a', encoding='utf-8') as stream:
            stream.write('one more line\n')
        run()
    return edited


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix='daybook-bench-') as root:
        path = os.path.join(root, corpus.make(root, _COUNT)[0])
        for name, text in (('config.yaml', _SETTINGS), ('authority.yaml', _MAP)):
            with open(os.path.join(root, '.daybook', name), 'w', encoding='utf-8') as stream:
                stream.write(text)
        subprocess.run(('git', 'add', '--all'), cwd=root, check=True)
        subprocess.run(('git', 'commit', '-qm', 'govern'), cwd=root, check=True)
        rows = timing.compare({
            'validate-frontmatter': _editing(timing.command([sys.executable, '-m', 'daybook', 'validate-frontmatter'], root), path),
            'the five governance hooks in one process': _editing(timing.command([sys.executable, '-c', _TOGETHER], root), path),
        }, 5)
    timing.show(f'governance, {_COUNT} documents, one changed', rows, 'at most 1.0 x')
    return 0
