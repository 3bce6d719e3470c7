"""What a file says about links costs what its size costs, whatever is written in it."""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from daybook.documents import link_facts

# quadratic work takes sixteen times as long on four times the text
MOST = 9
HOSTILE = {
    'dead links': lambda n: ''.join(f'[x](t{i}.md)\n' for i in range(n)),
    'dead links in one line': lambda n: ''.join(f'[x](t{i}.md) ' for i in range(n)),
    'one dead link in one line': lambda n: '[x](t.md) ' * n,
    'dead links in tags': lambda n: ''.join(f'<a href="t{i}.md">x</a>\n' for i in range(n)),
    'dead links of code': lambda n: '[`x`](t.md) ' * n,
    'dead links in values': lambda n: '<p title="[x](t.md)"> [x](t.md)\n' * n,
    'one bracket': lambda n: '[' * 20 * n + 'x](t.md)',
    'one link of a long text': lambda n: f'[{"x " * 20 * n}](t.md)',
    'dead references': lambda n: ''.join(f'[r{i}]: t{i}.md\n' for i in range(n)) + '\n' + ''.join(f'[x][r{i}] ' for i in range(n)),
    'wikilinks': lambda n: ''.join(f'[[w{i}]] [x](t{i}.md)\n' for i in range(n)),
    'encoded marks': lambda n: ''.join(f'[x](t%23{i}.md)\n' for i in range(n)),
    'headings': lambda n: ''.join(f'## H {i}\n\n[x](#no-{i})\n\n' for i in range(n)),
    'one heading': lambda n: '## Same\n\n[x](#same-1)\n\n' * n,
    'open brackets': lambda n: '[' * 50 * n,
    'nested brackets': lambda n: '[' * n + 'x' + '](a.md)' * n,
    'open wikilinks': lambda n: '[[x ' * 10 * n,
    'open tags': lambda n: '<a href="' * 20 * n,
    'open parentheses': lambda n: '[x](' + '(' * 50 * n,
    'paragraphs': lambda n: '# Heading of the text\n\nSome words, [a link](open.md) and `code`.\n\n' * n,
}


def _seconds(data: bytes) -> float:
    """Return the least processor time of some tries; a machine with other work to do does not count."""
    least = float('inf')
    for _ in range(3):
        begun = time.process_time()
        page = link_facts.Page(data)
        targets = page.facts().targets
        page.places(targets)  # counted in the rendering
        link_facts.Page(data).places(targets)
        least = min(least, time.process_time() - begun)
    return least


@pytest.mark.parametrize('make', HOSTILE.values(), ids=HOSTILE.keys())
def test_time_is_linear(make: Callable[[int], str]) -> None:
    few, many = (_seconds(make(count).encode()) for count in (1000, 4000))
    assert many < MOST * max(few, 0.002)


def test_dead_links_are_found_in_a_long_line_too() -> None:
    targets = [f't{number}.md' for number in range(300)]
    for glue in (' ', '\n'):
        data = glue.join(f'[x]({target})' for target in targets).encode()
        found = link_facts.Page(data).places(targets)
        assert [link.target for link in found] == targets
        assert [link.line for link in found] == ([1] * 300 if glue == ' ' else list(range(1, 301)))


def test_places_of_a_page_whose_facts_were_asked_for() -> None:
    page = link_facts.Page('[a](ü.md)\n[b](%C3%BC.md)\n[c](<d e.md>)\n[f](g&amp;h.md)\n[i](j.md)\n'.encode())
    found = page.places(page.facts().targets)
    assert [(link.target, link.line) for link in found] == [('ü.md', 1), ('%C3%BC.md', 2), ('d e.md', 3), ('g&h.md', 4), ('j.md', 5)]


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no FIFOs')
def test_only_regular_files_are_read(tmp_path: Path) -> None:
    (tmp_path / 'a.md').write_bytes(b'x' * 100_000)
    (tmp_path / 'empty.md').write_bytes(b'')
    (tmp_path / 'folder.md').mkdir()
    os.mkfifo(tmp_path / 'fifo.md')  # of which a reader waits for the writer
    names = 'a.md', 'empty.md', 'folder.md', 'fifo.md', 'none.md'
    assert [link_facts.read(str(tmp_path), name) for name in names] == [b'x' * 100_000, b'', None, None, None]
