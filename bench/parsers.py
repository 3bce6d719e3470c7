"""Compare the two Markdown parsers on every .md of a folder: headings, links and anchors must be equal.

usage: python bench/parsers.py FOLDER
"""
from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

from daybook.documents import markdown
from daybook.documents import markdown_scan
from daybook.documents import markdown_fast
from daybook.documents import markdown_reference


class Comparison(NamedTuple):
    path: Path
    size: int  # bytes
    links: int
    headings: int
    seconds: tuple[float, float]
    differences: list[str]


def body_of(text: str) -> str:
    """Return `text` without a block between `---` lines at its start."""
    text = text.removeprefix('\ufeff')
    end = text.find('\n---', 3) if text.startswith('---') else -1
    return text[text.find('\n', end + 1) + 1:] if end > 0 else text


def _scan(parser: markdown_scan.Parser, text: str) -> tuple[markdown_scan.Scan, float]:
    start = time.perf_counter()
    return markdown.scan_with(parser, text), time.perf_counter() - start


def _only(name: str, left: Iterable[object], right: Iterable[object]) -> list[str]:
    seen = set(right)
    return [f'{name}: {item}' for item in left if item not in seen]


def compare(path: Path) -> Comparison:
    """Parse one file with both parsers."""
    text = body_of(path.read_bytes().decode(errors='surrogateescape'))
    fast, fast_seconds = _scan(markdown_fast, text)
    slow, slow_seconds = _scan(markdown_reference, text)
    differences = [
        line for one, other in zip(fast, slow) if one != other
        for line in _only('only pyromark', one, other) + _only('only markdown-it-py', other, one)
        or ['the same in another order or number']
    ]
    size, seconds = len(text.encode(errors='replace')), (fast_seconds, slow_seconds)
    return Comparison(path, size, len(fast.links), len(fast.headings), seconds, differences)


def main(folder: str) -> int:
    paths = sorted(p for p in Path(folder).rglob('*.md') if p.is_file())
    with Pool() as pool:
        rows = pool.map(compare, paths, chunksize=20)
    different = [row for row in rows if row.differences]
    for row in different:
        print(row.path)
        for line in row.differences[:6]:
            print(f'    {line[:300]}')
    megabytes = sum(row.size for row in rows) / 1e6
    fast, slow = (megabytes / (sum(r.seconds[i] for r in rows) or 1) for i in (0, 1))
    links, headings = sum(r.links for r in rows), sum(r.headings for r in rows)
    print(f'{len(rows)} files, {megabytes:.1f} MB, {links} links, {headings} headings')
    print(f'{len(different)} files differ')
    print(f'pyromark {fast:.1f} MB/s, markdown-it-py {slow:.1f} MB/s')
    return 1 if different else 0


if __name__ == '__main__':
    raise SystemExit(main(*sys.argv[1:]) if len(sys.argv) == 2 else __doc__)
