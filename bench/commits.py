"""Time `git commit` of one document through pre-commit: with check-all, and with a hook that does nothing.

usage: python bench/commits.py [-n RUNS] [--python PYTHON] [CORPUS]

CORPUS is a git work tree, of which a copy is measured; without one 13,000 documents are generated. PYTHON has Daybook
installed as an adopter would have it (default: the one that runs this).
"""
from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path

from bench import links
from bench import timing

_HOOK = '''repos:
- repo: local
  hooks:
  - {{id: measured, name: measured, language: system, always_run: true, pass_filenames: false, entry: {entry}}}
'''


def _committing(folder: Path, config: Path) -> Callable[[], None]:
    """Return a function that commits one more line of one document with the hooks of `config`."""
    document = sorted(folder.rglob('*.md'))[3000]

    def commit() -> None:
        with document.open('a', encoding='utf-8') as stream:
            stream.write('\nOne more line.\n')
        run = subprocess.run(('git', '-c', 'user.name=b', '-c', 'user.email=b@example.com', 'commit', '-q', '-m', 'change', '--', str(document)),
                             cwd=folder, capture_output=True, text=True, env={**os.environ, 'MEASURED_CONFIG': str(config)})
        if run.returncode:
            raise SystemExit(f'bench: the commit failed: {run.stdout[-500:]}{run.stderr[-500:]}')
    return commit


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('corpus', nargs='?', type=Path)
    parser.add_argument('-n', type=int, default=15, help='rounds that count')
    parser.add_argument('--python', default=sys.executable)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix='daybook-bench-') as temporary:
        folder = Path(temporary) / 'corpus'
        if options.corpus:
            links.copied(options.corpus, folder, None)
        else:
            links.generate(folder, 13_000)
        check_all = f'{options.python} -I -c "import sys; from daybook.__main__ import main; sys.exit(main())" check-all'
        contestants = {}
        for name, entry in (('no hook', ''), ('true', 'true'), ('check-all', check_all)):
            config = Path(temporary) / f'{name}.yaml'
            config.write_text(_HOOK.format(entry=f"'{entry}'"))
            contestants[name] = _committing(folder, config)
        hook = folder / '.git/hooks/pre-commit'
        hook.write_text(f'#!/bin/sh\ncase $MEASURED_CONFIG in *"no hook"*) exit 0;; esac\n'
                        f'exec {sys.executable} -m pre_commit hook-impl --config="$MEASURED_CONFIG" --hook-type=pre-commit --hook-dir . -- "$@"\n')
        hook.chmod(0o755)
        rows = timing.compare({name: contestants[name] for name in ('true', 'no hook', 'check-all')}, options.n)
        timing.show('git commit of one document among 13,000, through pre-commit', rows, 'check-all 1.5 x true')


if __name__ == '__main__':
    main()
