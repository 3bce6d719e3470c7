"""Plain text as Markdown: it renders as itself, and Prettier and markdownlint have nothing to say."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from daybook.documents import markdown
from daybook.writers import changelog
from daybook.writers import indexes
from daybook.writers import inline
from daybook.writers import session_log

_DATA = Path(__file__).parent / 'data'
_TITLES: list[str] = json.loads((_DATA / 'titles.json').read_text(encoding='utf-8'))
_GOLDEN = _DATA / 'golden'


@pytest.mark.parametrize('title', _TITLES)
def test_renders_as_the_text_that_it_was(title: str) -> None:
    assert markdown.plain_text(inline.escaped(title)) == inline.one_line(title)
    assert markdown.plain_text(inline.code(title)) == inline.one_line(title)


@pytest.mark.parametrize('title', _TITLES)
def test_stays_one_item_of_one_paragraph(title: str) -> None:
    text = '\n'.join(inline.item(f'{inline.code("abc")} {inline.escaped(title)}'))
    assert markdown.headings(text) == []
    assert ' '.join(line[2:] for line in text.split('\n')) == f'`abc` {inline.escaped(title)}'


@pytest.mark.parametrize(('text', 'clean'), [
    ('a\tb\nc', 'a b c'), ('\x1b[31mred\x1b[0m', 'red'), ('\x1b]0;t\x07x', 'x'), ('a\u202eb\u2066c', 'abc'), ('a\udcffb', 'a\ufffdb'),
    ('a\u2028b\x85c', 'a b c'), ('\ufeffa\x00', 'a'), ('é\u200f🙂', 'é\u200f🙂'),
])
def test_one_line_is_harmless(text: str, clean: str) -> None:
    assert inline.one_line(text) == clean


@pytest.mark.parametrize(('text', 'lines'), [
    ('short', ['- short']),
    ('word ' * 30, ['- ' + ' '.join(['word'] * 15), '  ' + ' '.join(['word'] * 15)]),
    ('x' * 75 + ' - y', ['- ' + 'x' * 75 + ' -', '  y']),
    ('x' * 100 + ' y', ['- ' + 'x' * 100, '  y']),
    ('🙂' * 38 + ' 🙂🙂', ['- ' + '🙂' * 38, '  🙂🙂']),
    ('x' * 70 + ' `a b c d e`', ['- ' + 'x' * 70, '  `a b c d e`']),
])
def test_wraps(text: str, lines: list[str]) -> None:
    assert inline.item(text.strip()) == lines


@pytest.mark.parametrize(('path', 'target'), [
    ('./a b.md', './a%20b.md'), ('./ä.md', './ä.md'), ('./a(b).md', './a%28b%29.md'), ('./50%.md', './50%25.md'), ('./a#b?.md', './a%23b%3F.md'),
])
def test_link_targets(path: str, target: str) -> None:
    assert inline.link_target(path) == target


def _generated() -> dict[str, str]:
    """Return everything that is made of titles, by file name."""
    ids = [f'RT-2611{n // 90 + 10}-{n % 90 + 10}' for n in range(len(_TITLES))]
    pairs = list(zip(ids, _TITLES))
    log = [line for i, t in pairs for line in session_log.lines(session_log.LogEntry(i, f'../s/{i}.md', '2026-11-01', t))]
    commits = [line for _, t in pairs for line in inline.item(f'{inline.code("abcdef1234")} {inline.escaped(t)}')]
    names = [line for _, t in pairs for line in inline.item(f'{inline.file_name(t)} (+1 −2)')]
    changes = '# Changes\n'
    for i, t in pairs:
        changes = changelog.insert(changes, f'{i}: {t}')
    return {'INDEX.md': indexes.render('Sessions', [indexes.Entry(f'{i}.md', i, t) for i, t in pairs]), 'CHANGELOG.md': changes,
            'log.md': '\n'.join(['# Log', '', *log, '']), 'commits.md': '\n'.join(['# Commits', '', *commits, '']),
            'files.md': '\n'.join(['# Files', '', *names, ''])}


def test_is_what_prettier_and_markdownlint_accept(tmp_path: Path) -> None:
    """Against both where $DAYBOOK_NODE_BIN holds them, and against the texts that they have accepted, always."""
    generated = _generated()
    for name, text in generated.items():
        (tmp_path / name).write_text(text, encoding='utf-8')
    node = os.environ.get('DAYBOOK_NODE_BIN')
    if node:
        subprocess.run((Path(node) / 'prettier', '--check', '.'), cwd=tmp_path, check=True)
        subprocess.run((Path(node) / 'markdownlint-cli2', '*.md'), cwd=tmp_path, check=True)
    assert generated == {path.name: path.read_text(encoding='utf-8') for path in _GOLDEN.glob('*.md') if path.name in generated}
