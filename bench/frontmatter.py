"""validate-frontmatter on 1, 100 and 10,000 documents, against reading the bytes and against check-jsonschema.

$BENCH_CORPUS names a git repository of real Markdown that is measured too, in a clone.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from daybook.documents import frontmatter
from daybook.documents import schema

from bench import corpus
from bench import timing

_READ = 'import sys\nfor p in open(sys.argv[1]).read().splitlines():\n    open(p, "rb").read()\n'
_SIZES = (1, 100, 10_000)


def _extract(root: str, paths: Sequence[str], target: str) -> list[str]:
    """Write the YAML of each document to a file of its own, as check-jsonschema wants it."""
    written = []
    for number, path in enumerate(paths):
        with open(os.path.join(root, path), 'rb') as stream:
            data = stream.read()
        block = frontmatter.find_block(data)
        if block is None:
            continue
        written.append(os.path.join(target, f'{number}.yaml'))
        with open(written[-1], 'wb') as out:
            out.write(data[block.start:block.end])
    return written


def _schema_file(target: str, kind: str) -> str:
    """Write the schema of a kind with its references resolved: the peer does not know our folder."""
    import json

    text = json.dumps({**schema.built_in(kind), '$defs': schema.built_in('common')['$defs']})
    path = os.path.join(target, 'schema.json')
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(text.replace('common.schema.json#/$defs/', '#/$defs/'))
    return path


def _real(root: str, corpus_root: str) -> list[str]:
    """Clone a real repository into `root`, with every Markdown file a governed document; return their paths."""
    subprocess.run(('git', 'clone', '-q', '--shared', corpus_root, root), check=True)
    os.makedirs(os.path.join(root, '.daybook'), exist_ok=True)
    with open(os.path.join(root, '.daybook', 'config.yaml'), 'w', encoding='utf-8') as stream:
        stream.write("kinds:\n  doc:\n    paths: ['**/*.md']\n")
    listed = subprocess.run(('git', 'ls-files', '-z', '*.md'), cwd=root, check=True, capture_output=True, text=True)
    return [path for path in listed.stdout.split('\0') if path]


def measure(root: str, paths: Sequence[str], kind: str, rounds: int) -> list[timing.Measured]:
    """Return the contestants on the documents `paths` of `root`; the floor is check-jsonschema."""
    with tempfile.TemporaryDirectory(prefix='daybook-yaml-') as target:
        yaml = _extract(root, paths, target)
        listing = os.path.join(target, 'list')
        with open(listing, 'w', encoding='utf-8') as stream:
            stream.write('\n'.join(paths))
        peer = [os.path.join(sys.prefix, 'bin', 'check-jsonschema'), '--schemafile', _schema_file(target, kind), *yaml]
        ours = [sys.executable, '-m', 'daybook', 'validate-frontmatter']
        return timing.compare({
            # real documents hold real problems, which both report
            'check-jsonschema on the extracted YAML': timing.command(peer, codes=(0, 1)),
            'daybook validate-frontmatter': timing.command(ours, root, codes=(0, 1)),
            'reading the same bytes': timing.command([sys.executable, '-I', '-c', _READ, listing], root),
        }, rounds)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table for each size, and one for a real corpus where there is one."""
    for count in _SIZES:
        with tempfile.TemporaryDirectory(prefix='daybook-bench-') as root:
            rows = measure(root, corpus.make(root, count), 'session', 3 if count > 1000 else 7)
        goal = 'daybook at most 0.10 x' if count == max(_SIZES) else ''
        timing.show(f'frontmatter and schema, {count} documents', rows, goal)
    given = os.environ.get('BENCH_CORPUS')
    if given:
        with tempfile.TemporaryDirectory(prefix='daybook-bench-') as root:
            paths = _real(os.path.join(root, 'clone'), given)
            rows = measure(os.path.join(root, 'clone'), paths, 'doc', 3)
        timing.show(f'frontmatter and schema, {len(paths)} documents of {given}', rows, 'daybook at most 0.10 x')
    return 0
