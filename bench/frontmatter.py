"""validate-frontmatter on 1, 100 and 10,000 documents, against reading the bytes and against check-jsonschema."""
from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence

from daybook.documents import frontmatter
from daybook.documents import schema

from bench import corpus
from bench import timing

_READ = 'import sys\nfor p in open(sys.argv[1]).read().split():\n    open(p, "rb").read()\n'
_SIZES = (1, 100, 10_000)


def _extract(root: str, paths: Sequence[str], target: str) -> list[str]:
    """Write the YAML of each document to a file of its own, as check-jsonschema wants it."""
    written = []
    for number, path in enumerate(paths):
        with open(os.path.join(root, path), 'rb') as stream:
            data = stream.read()
        block = frontmatter.find_block(data)
        assert block is not None
        written.append(os.path.join(target, f'{number}.yaml'))
        with open(written[-1], 'wb') as out:
            out.write(data[block.start:block.end])
    return written


def _schema_file(target: str) -> str:
    """Write the session schema with its references resolved: the peer does not know our folder."""
    import json

    text = json.dumps({**schema.built_in('session'), '$defs': schema.built_in('common')['$defs']})
    path = os.path.join(target, 'schema.json')
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(text.replace('common.schema.json#/$defs/', '#/$defs/'))
    return path


def measure(count: int, rounds: int) -> list[timing.Measured]:
    """Return the contestants at `count` documents; the floor is check-jsonschema."""
    with tempfile.TemporaryDirectory(prefix='daybook-bench-') as root, \
            tempfile.TemporaryDirectory(prefix='daybook-yaml-') as target:
        paths = corpus.make(root, count)
        yaml = _extract(root, paths, target)
        listing = os.path.join(target, 'list')
        with open(listing, 'w', encoding='utf-8') as stream:
            stream.write('\n'.join(paths))
        peer = [os.path.join(sys.prefix, 'bin', 'check-jsonschema'), '--schemafile', _schema_file(target), *yaml]
        ours = [sys.executable, '-m', 'daybook', 'validate-frontmatter']
        return timing.compare({
            'check-jsonschema on the extracted YAML': timing.command(peer),
            'daybook validate-frontmatter': timing.command(ours, root),
            'reading the same bytes': timing.command([sys.executable, '-I', '-c', _READ, listing], root),
        }, rounds)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table for each size."""
    for count in _SIZES:
        goal = 'daybook at most 0.10 x' if count == max(_SIZES) else ''
        timing.show(f'frontmatter and schema, {count} documents', measure(count, 3 if count > 1000 else 7), goal)
    return 0
