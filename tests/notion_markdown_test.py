"""The renderer of Notion's dialect: golden pairs, and what an independent reader of the dialect gets back."""
from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from conftest import ROOT
from daybook.documents import frontmatter
from daybook.documents import markdown
from daybook.documents import markdown_freed
from daybook.mirror import notion_markdown
from daybook.mirror import notion_parts
from daybook.mirror.adapter import Rejected

# further folders with Markdown to read, parted by `:`; read before the tests take such names out of the environment
_CORPORA = [Path(path) for path in os.environ.get('DAYBOOK_CORPORA', '').split(':') if path]
HOST = 'https://git.example.com/'


def _resolve(target: str) -> str:
    if ':' in target.partition('/')[0]:
        return target
    return '' if target.startswith('nowhere') else HOST + re.sub(r'\s', '%20', target)


# Markdown, what Notion is sent
GOLDEN = (
    ('plain', 'plain'),
    ('# A\n\n##### B\n\nC\n=\n', '# A\n#### B\n# C'),
    ('#\n', ''),
    ('one\ntwo\n\nthree  \nfour', 'one two\nthree<br>four'),
    ('a \\* * ~ $ [ ] < > { } | ^ \\\\ \\`', 'a \\* \\* \\~ \\$ \\[ \\] \\< \\> \\{ \\} \\| \\^ \\\\ \\`'),
    ('a_b __c__ *d* ***e*** ~~f~~', 'a_b **c** *d* ***e*** ~~f~~'),
    ('\\- a\n\n\\+ a\n\n\\# a\n\n1\\. a\n\n1\\) a\n\n\\---', '\\- a\n\\+ a\n\\# a\n1\\. a\n1\\) a\n\\---'),
    ('-a\n\n#a\n\n1.a', '-a\n#a\n1.a'),
    ('- a\n- b\n  - c\n\n    d\n', '- a\n- b\n\t- c\n\t\td'),
    ('3. a\n4. b\n', '3. a\n4. b'),
    ('- [ ] a\n- [x] b\n- [X] c\n- [y] d\n', '- [ ] a\n- [x] b\n- [x] c\n- \\[y\\] d'),
    ('1. [ ] a\n', '- [ ] a'),
    ('- ```py\n  x\n  ```\n', '- \n\t```python\n\tx\n\t```'),
    ('> a\n> b\n>\n> c\n', '> a b<br>c'),
    ('> a\n>\n> - b\n', '> a\n\t- b'),
    ('> > a\n', '> \n\t> a'),
    ('a\n\n---\n\nb', 'a\n---\nb'),
    ('```js\n*x* <y> $z$\n\n  w\n```\n', '```javascript\n*x* <y> $z$\n\n  w\n```'),
    ('~~~\n```\n~~~\n', '````\n```\n````'),
    ('```nosuch title="x"\nx\n```\n', '```\nx\n```'),
    ('    indented\n\tcode\n', '```\nindented\ncode\n```'),
    ('`a|b` ``c`d`` `` ` ``', '`a|b` ``c`d`` `` ` ``'),
    ('[a](b.md) [c](https://x.y/z) [d](mailto:e@f.g)', f'[a]({HOST}b.md) [c](https://x.y/z) [d](mailto:e@f.g)'),
    ('[a](nowhere) [b](javascript:alert) [c](<x (1).md>)', f'a b [c]({HOST}x%20%281%29.md)'),
    (f'[a](https://x.y/{"z" * 2000})', 'a'),
    ('[![badge](https://x.y/b.svg)](https://x.y)', '[badge](https://x.y)'),
    ('a [](c) b', 'a b'),
    ('<a href="https://x.y"><a href="https://x.z">`[`', '[`[`](https://x.y)'),
    ('<a href="nowhere">a <a href="https://x.z">b</a></a>', 'a [b](https://x.z)'),
    ('<a href="https://x.y">a <a href="https://x.z">b</a> c</a> [d](https://x.z)', '[a b c](https://x.y) [d](https://x.z)'),
    ('<div><![if x]>a<![endif]>b<![CDATA[c]]>d<!x>e</div>', 'abde'),
    ('<code>a</code><code>b</code>', '`a` `b`'),
    ('a!<https://x.y>!', 'a\\![https://x.y](https://x.y)!'),
    ('[**a** `b`](c)', f'[**a** `b`]({HOST}c)'),
    ('<https://x.y>', '[https://x.y](https://x.y)'),
    ('![a](https://x.y/i.png)', '![a](https://x.y/i.png)'),
    ('<img src="https://x.y/i.png" alt="two\nlines [a]">', '![two lines \\[a\\]](https://x.y/i.png)'),
    ('see ![a](https://x.y/i.png) here', 'see [a](https://x.y/i.png) here'),
    ('![a](i.png)', f'[a]({HOST}i.png)'),
    ('![](img/i.png)', f'[i.png]({HOST}img/i.png)'),
    ('| a | b |\n| - | - |\n| `x\\|y` | **c** |\n| d |\n',
     '<table header-row="true">\n\t<tr>\n\t\t<td>a</td>\n\t\t<td>b</td>\n\t</tr>\n\t<tr>\n\t\t<td>`x|y`</td>\n\t\t<td>**c**</td>\n\t</tr>\n'
     '\t<tr>\n\t\t<td>d</td>\n\t\t<td></td>\n\t</tr>\n</table>'),
    ('<table><tr><td>a<ul><li>b</li><li>c</li></ul></td></tr></table>', '<table>\n\t<tr>\n\t\t<td>a<br>b<br>c</td>\n\t</tr>\n</table>'),
    ('<details>\n<summary>A *b*</summary>\n\ntext\n\n- c\n\n</details>\n', '<details>\n<summary>A \\*b\\*</summary>\n\ttext\n\t- c\n</details>'),
    ('a <ID> <b>c</b> <u>d</u> <!-- e --> &amp; &lt;f&gt;', 'a \\<ID\\> **c** <span underline="true">d</span> & \\<f\\>'),
    ('<mention-user url="x"/> <callout>a</callout>', '\\<mention-user url="x"/\\> \\<callout\\>a\\</callout\\>'),
    ('<script>alert(1)</script>\n\n<style>x</style>\n\na', 'a'),
    ('<div align="center">\n\n# A\n\n</div>\n\n<p>b<br/>c</p>', '# A\nb<br>c'),
    ('/info <template> or <style>\n\n# B\n\nc', '/info \\<template\\> or \\<style\\>\n# B\nc'),
    ('a <template>b</template> c', 'a c'),
    ('<kbd>Ctrl</kbd>', '`Ctrl`'),
    ('a [[wiki|x]] b', 'a \\[\\[wiki\\|x\\]\\] b'),
    ('**a **b', '\\*\\*a \\*\\*b'),
    ('*<b> a </b>*', ' ***a***'.strip()),
    ('{color="red"}', '\\{color="red"\\}'),
    ('\r\na\r\nb\r\n', 'a b'),
    ('é 🦊 $5 and $6', 'é 🦊 \\$5 and \\$6'),
)


@pytest.mark.parametrize(('text', 'sent'), GOLDEN)
def test_golden(text: str, sent: str) -> None:
    assert notion_markdown.render(text, _resolve) == sent


class _Seen(HTMLParser):
    """What a reader of the host's page sees, less the white space."""

    KNOWN = frozenset(name for names in (notion_markdown.notion_tree.BLOCK, notion_markdown.notion_tree.INLINE) for name in names)
    SILENT = ('script', 'style', 'template')

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = ''

    def parse_html_declaration(self, i: int) -> int:
        try:
            return super().parse_html_declaration(i)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or '' for name, value in attrs}
        if tag in self.SILENT:
            self._silent = tag
        elif tag == 'img':
            self.parts.append(given.get('alt') or given.get('src', '').rsplit('/', 1)[-1][:100])
        elif tag not in self.KNOWN and tag not in ('link', 'meta', 'track', 'area', 'embed'):
            self.parts.append(self.get_starttag_text() or '')

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in self.KNOWN or tag in self.SILENT:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self._silent = ''
        elif tag not in self.KNOWN:
            self.parts.append(f'</{tag}>')

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


_INLINE = re.compile(r'\\(?P<escaped>[\\*~`$\[\]<>{}|^#+.)!-])|(?P<fence>`+)(?!`)(?P<code>.*?)(?<!`)(?P=fence)(?!`)|<br>|<span underline="true">|</span>'
                     r'|\*{1,3}|~~|(?P<open>!?\[)|(?P<close>\]\((?:https?://|mailto:|)[^\s()<>]*\))|(?P<plain>[^\\*~`$\[\]<>{}|^])', re.IGNORECASE)


_ENCODED = re.compile('%(' + '|'.join(f'{ord(character):02X}' for character in '()<>\\\\*`|[]{}^~$"') + ')')


def _read_inline(text: str) -> str:
    found, at, depth = [], 0, 0
    while at < len(text):
        match = _INLINE.match(text, at)
        assert match, f'an unescaped special: {text[max(at - 60, 0):at]!r} and then {text[at:at + 60]!r}'
        found.append(match['escaped'] or match['code'] or match['plain'] or '')
        if text.startswith('![](', at):  # it is seen, and in text its file's name stands for it
            address = re.match(r'[^\s()]*', text[at + 4:])
            assert address
            found.append(_ENCODED.sub(lambda code: chr(int(code[1], 16)), address.group()).rsplit('/', 1)[-1][:100])
        depth += bool(match['open']) - bool(match['close'])
        assert depth >= 0
        at = match.end()
    assert depth == 0, text
    return ''.join(found)


_LINE = re.compile(r'(?:#{1,4} |(?P<task>- \[[ x]\]) |- |\d+\. |> )?(?P<rest>.*)')


def _read(text: str) -> str:
    """Return the text that Notion shows, by a reader of the dialect that knows nothing of the writer."""
    found, fence, depth = [], '', 0
    for line in text.split('\n') if text else []:
        bare = line.lstrip('\t')
        if fence:
            assert line.startswith('\t' * depth) or not bare
            if line[depth:] == fence:
                fence = ''
            else:
                found.append(line[depth:])
        elif match := re.fullmatch(r'(`{3,})([a-z]*)', bare):
            fence, depth = match[1], len(line) - len(bare)
        elif re.fullmatch(r'<table( header-row="true")?>|</?tr>|</table>|</?details>|---', bare):
            pass
        elif match := re.fullmatch(r'<(td|summary)>(.*)</\1>', bare):
            found.append(_read_inline(match[2]))
        else:
            assert bare == '' or bare.strip(' ')
            match = _LINE.fullmatch(bare)
            assert match
            found += [(match['task'] or '')[2:], _read_inline(match['rest'])]
    assert not fence
    return ''.join(found)


def _squeezed(text: str) -> str:
    return re.sub(r'\s', '', text).lower()


def _freed(text: str) -> str:
    """Return the host's HTML with what takes the text behind it shown as it is written."""
    return markdown_freed.freed(markdown.html(text), lambda tag: tag.replace('<', '&lt;'))


def _check(text: str) -> None:
    sent = notion_markdown.render(text, _resolve)
    seen = _Seen()
    seen.feed(_freed(text.replace('\r\n', '\n').replace('\r', '\n')))
    seen.close()
    got, wanted = _squeezed(_read(sent)), _squeezed(''.join(seen.parts))
    # a summary that stands behind its text comes before it, and so does what stands between the rows of a table, as in browsers
    assert got == wanted or re.search('<(?:summary|table)', text, re.IGNORECASE) and sorted(got) == sorted(wanted), f'{got[:2000]}\n{wanted[:2000]}'
    parts = notion_parts.split(sent, 1_000_000, 20)
    assert '\n'.join(parts) == sent
    for part in parts:
        _read(part)


def _documents() -> list[Path]:
    found = [*ROOT.glob('*.md'), *(ROOT / 'docs').rglob('*.md'), *(ROOT / 'tests/data').rglob('*.md')]
    return found + [path for folder in _CORPORA for path in folder.rglob('*.md') if path.is_file()]


def test_no_text_of_real_documents_is_lost_and_no_special_is_bare() -> None:
    wrong = []
    paths = _documents()
    for path in paths:
        data = path.read_bytes()
        try:
            _check(notion_markdown.CONTROL.sub('\ufffd', data[frontmatter.body_offset(data):].decode('utf-8', 'replace')))
        except AssertionError as error:
            wrong.append(f'{path}: {str(error)[:300]}')
    assert len(paths) > 20
    assert wrong == [], f'{len(wrong)} of {len(paths)}'


_PIECES = st.sampled_from(['a', 'b c', ' ', '\n', '\n\n', '  ', '\t', '*', '**', '_', '`', '```', '~~', '[', ']', '(', ')', '](', '!', '<', '>', '<b>', '</b>',
                           '<br>', '<ID>', '<div>', '</div>', '<td>', '<details>', '<summary>', '- ', '- [ ] ', '1. ', '# ', '> ', '|', '| - | - |\n', '---\n', '{',
                           '}', '$', '^', '\\', '&lt;', '[^1]', '[^1]: x\n', '    ', 'é🦊', 'https://x.y', '<https://x.y>', '[a](b.md)', '![a](c.png)',
                           '| a | b |\n| - | - |\n| c | d |\n', '<!-- x -->', '<script>', '</script>', '<a href="x">', '</a>', '<pre>', '<code>', '</p>', '<![', '<!'])


@settings(max_examples=600, deadline=None)
@given(st.lists(_PIECES, max_size=14).map(''.join))
def test_no_text_is_lost_and_no_special_is_bare(text: str) -> None:
    _check(text)


_OF_TABLES = st.sampled_from([f'<{end}{name}>' for end in ('', '', '/') for name in
                              ('table', 'thead', 'tbody', 'tr', 'td', 'th', 'caption', 'colgroup', 'col', 'div', 'b', 'ul', 'li', 'details', 'summary')]
                             + ['a', 'b', ' ', '\n', 'c d'])


@settings(max_examples=400, deadline=None)
@given(st.lists(_OF_TABLES, max_size=16).map(lambda parts: '<div>' + ''.join(parts)))
def test_no_text_of_a_broken_table_is_lost(text: str) -> None:
    _check(text)


def _grid(*rows: str) -> str:
    lines = [line for row in rows for line in ('\t<tr>', *(f'\t\t<td>{cell}</td>' for cell in row.split('|')), '\t</tr>')]
    return '\n'.join(['<table>', *lines, '</table>'])


@pytest.mark.parametrize(('text', 'sent'), [
    ('<table><tbody><td>a</td><td>b</td></tr><td>c</td></tr></table>', _grid('a|b', 'c|')),
    ('<table><tr><td>a<tr><td>b<td>c</table>d', _grid('a|', 'b|c') + '\nd'),
    ('<table><tr><td>a</td><tr><td>b</td></tr></tr></table>', _grid('a', 'b')),
    ('<table><tr><td>a</td></tr>between<tr><b>also</b><td>b</td></tr></table>', 'between**also**\n' + _grid('a', 'b')),
    ('<table><tr><td>a<table><tr><td>b</td></tr></table></td><td>c</td></tr></table>', _grid('a<br>b|c')),
    ('<div><table><tr><td>a</div></td><td>b</td></tr></table></div>', _grid('a|b')),
    ('<table><tr><td>a</td></tr><table><tr><td>b</td></tr></table>', _grid('a') + '\n' + _grid('b')),
    ('<table><colgroup>x<tr><caption>y</caption><td>a</td></tr></table>', 'x\ny\n' + _grid('a')),
    ('<tr><td>a</td><td>b</td></tr>', 'a\nb'),
])
def test_a_broken_table_is_closed_as_browsers_do(text: str, sent: str) -> None:
    assert notion_markdown.render(text, _resolve) == sent


def test_parts_are_whole_blocks() -> None:
    code = '```\n' + '\n'.join(f'- x{n}' for n in range(50)) + '\n```'
    nested = '- a\n' + '\n'.join(f'\t- b{n}' for n in range(50))
    toggle = '<details>\n<summary>s</summary>\n\tx\n</details>'
    text = '\n'.join(['one', code, nested, toggle, 'two'])
    assert notion_parts.split(text, 10_000, 10) == ['one', code, nested, f'{toggle}\ntwo']
    assert notion_parts.split(text, 10_000, 1000) == [text]
    assert notion_parts.split('', 10, 10) == []
    with pytest.raises(Rejected, match='one block of it has'):
        notion_parts.split(text, 100, 1000)


def test_the_reader_sees_a_bare_special() -> None:
    for text in ('a * b $', 'a [b', '<x>', '{a}', 'a | b', '`a'):
        with pytest.raises(AssertionError):
            _read(text)


def test_depth_without_end() -> None:
    assert 'deep' in notion_markdown.render('> ' * 300 + 'deep', _resolve)
    assert 'deep' in notion_markdown.render('<b>' * 5000 + 'deep', _resolve)
