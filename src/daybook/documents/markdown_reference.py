"""The reference Markdown parser, used where the fast one is missing; alone imports markdown-it-py."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from daybook.documents.markdown_marks import Block
from daybook.documents.markdown_marks import Lines
from daybook.documents.markdown_marks import Mark

# the inline rules whose place is wanted, and the token that each makes
_RECORDED = {
    'link': 'link_open',
    'image': 'image',
    'autolink': 'link_open',
    'html_inline': 'html_inline',
    'backticks': 'code_inline',
}
_BREAKS = ('softbreak', 'hardbreak')

_Rule = Callable[[Any, bool], bool]
_BlockRule = Callable[[Any, int, int, bool], bool]
_Place = Callable[[int], int]


def _recorded(rule: _Rule, made: str) -> _Rule:
    def recorded(state: Any, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent:
            for token in state.tokens[count:count + 2]:  # the text before it may come first
                if token.type == made:
                    token.meta['span'] = start, state.pos
                    token.meta['is_reference'] = state.src[state.pos - 1] == ']'
                    break
        return True

    return recorded


def _placed(rule: _BlockRule) -> _BlockRule:
    """Let the text that a rule makes tell how many lines it lost at its start: Python takes more for blank than Markdown does."""
    def placed(state: Any, start: int, end: int, silent: bool) -> bool:
        count = len(state.tokens)
        if not rule(state, start, end, silent):
            return False
        for token in state.tokens[count:count + 2]:
            if token.type == 'inline' and token.content.count('\n') + 1 < token.map[1] - token.map[0]:
                whole = state.getLines(token.map[0], token.map[1], state.blkIndent, False)
                token.meta['lost'] = whole.count('\n', 0, whole.index(token.content))
        return True

    return placed


def _unless(is_other: Callable[[str, str, bool], bool], rule: _BlockRule) -> _BlockRule:
    def checked(state: Any, start: int, end: int, silent: bool) -> bool:
        line, below = (
            state.src[state.bMarks[n] + state.tShift[n]:state.eMarks[n]] for n in (start, min(start + 1, end))
        )
        return not is_other(line, below, silent) and bool(rule(state, start, end, silent))

    return checked


def _is_footnote(line: str, _: str, __: bool) -> bool:
    return line.startswith('[^')


def _is_no_table(line: str, below: str, ends_a_paragraph: bool) -> bool:
    # GitHub's parser looks for the underline of a heading before it looks for a table
    return not below.strip('- \t') or ends_a_paragraph and not line.startswith('|')


def _as_written(address: str) -> str:
    return address


def _rule(parser: Any, name: str) -> Any:
    return next(rule.fn for rule in parser.ruler.__rules__ if rule.name == name)


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt('commonmark', {'maxNesting': 100}).enable(['table', 'strikethrough'])
    parser.validateLink = lambda _: True  # type: ignore[method-assign, assignment]
    parser.normalizeLink = parser.normalizeLinkText = _as_written  # type: ignore[method-assign, assignment]
    for name, made in _RECORDED.items():
        parser.inline.ruler.at(name, _recorded(_rule(parser.inline, name), made))
    ruler = parser.block.ruler
    ruler.at('reference', _unless(_is_footnote, _rule(parser.block, 'reference')))
    for name in ('paragraph', 'lheading'):
        ruler.at(name, _placed(_rule(parser.block, name)))
    table = _unless(_is_no_table, _rule(parser.block, 'table'))
    ruler.at('table', table, {'alt': ['paragraph', 'reference']})
    return parser


_PARSER = _make_parser()


def _plain(children: list[Token]) -> str:
    kept = ('text', 'code_inline', *_BREAKS)
    return ''.join('\n' if c.type in _BREAKS else c.content for c in children if c.type in kept)


def _kind_and_value(token: Token) -> tuple[str, str]:
    if token.type == 'image':
        return 'image', str(token.attrs['src'])
    if token.type != 'link_open':
        return 'tag' if token.type == 'html_inline' else 'code', token.content
    is_reference = token.meta['is_reference']
    kind = 'autolink' if token.markup == 'autolink' else 'reference' if is_reference else 'link'
    return kind, str(token.attrs['href'])


def _inline_marks(children: list[Token], place: _Place, with_code: bool) -> Iterator[Mark]:
    for token in children:
        if 'span' in token.meta and (with_code or token.type != 'code_inline'):
            start, end = token.meta['span']
            yield Mark(*_kind_and_value(token), place(start), place(end - 1) + 1)


class _Reader:
    """Turns the tokens of one text into marks; raw HTML keeps the NUL that was `written` there."""

    def __init__(self, text: str, written: str, with_code: bool) -> None:
        self.lines, self.written, self.with_code = Lines(text), written, with_code
        self._row = self._column = 0

    def _heading_place(self, first: int, content: str) -> _Place:
        # the closing sequence of an ATX heading belongs to the line, not to the content
        start = self.lines.start(first)
        line = self.lines.text[start:self.lines.end(first)].rstrip(' \t')
        opened = line.rstrip('#')
        if opened != line and opened[-1:] in (' ', '\t') and not line.endswith(content):
            line = opened.rstrip(' \t')
        begin = line.rindex(content) if content in line else len(line) - len(content)
        return lambda position: start + begin + position

    def _cell_place(self, row: int, content: str) -> _Place:
        # the pipes of a cell are escaped in the text, whatever they stand in
        if row != self._row:
            self._row, self._column = row, self.lines.start(row)
        written = content.replace('|', '\\|')
        start = self.lines.text.find(written, self._column)
        self._column = start + len(written)
        return lambda position: start + position + content.count('|', 0, position + 1)

    def _place(self, opened: Token, inline: Token) -> _Place:
        assert inline.map is not None
        if opened.type in ('th_open', 'td_open'):
            return self._cell_place(inline.map[0], inline.content)
        if opened.markup.startswith('#'):
            return self._heading_place(inline.map[0], inline.content)
        return Block(self.lines, inline.map[0] + inline.meta.get('lost', 0), inline.content).offset

    def _block(self, kind: str, value: str, token: Token) -> Mark:
        assert token.map is not None
        start, end = self.lines.start(token.map[0]), self.lines.end(token.map[1] - 1)
        if kind == 'html' and '\0' in self.written[start:end]:
            value = '\n'.join(self._with_nul(token.map[0] + index, line) for index, line in enumerate(value.split('\n')))
        if kind != 'heading':
            return Mark(kind, value, start, end)
        return Mark(kind, value, start, end, int(token.tag[1]), token.level > 0)

    def _with_nul(self, index: int, ending: str) -> str:
        """Return `ending`, how the line `index` ends, as it was written."""
        start, end = self.lines.start(index), self.lines.end(index)
        return self.written[end - len(ending):end] if self.lines.text[start:end].endswith(ending) else ending

    def marks(self, tokens: list[Token]) -> Iterator[Mark]:
        for before, token in zip([*tokens[:1], *tokens], tokens):
            if token.type == 'html_block':
                yield self._block('html', token.content, token)
            elif token.type in ('fence', 'code_block') and self.with_code:
                yield self._block('code', '', token)
            elif token.type == 'inline':
                children = token.children or []
                if before.type == 'heading_open':
                    yield self._block('heading', _plain(children), before)
                if children:
                    yield from _inline_marks(children, self._place(before, token), self.with_code)


def read(text: str, *, with_code: bool = False) -> list[Mark]:
    """Return the marks of `text`, in its order; those of code only when asked for.

    A lone surrogate counts as a question mark, NUL as the replacement character, which the parser makes of it.
    """
    if not text.isascii():
        text = text.encode(errors='replace').decode()
    written, text = text, text.replace('\0', '\ufffd')
    return list(_Reader(text, written, with_code).marks(_PARSER.parse(text)))


def read_links(text: str, wanted: Callable[[str], bool]) -> list[Mark]:
    """Return the marks of the links of `text` to what is `wanted`, and of raw HTML, as `read` does."""
    return [mark for mark in read(text) if mark.kind in ('html', 'tag') or mark.kind != 'heading' and wanted(mark.value)]


def inline_text(text: str) -> str:
    """Return the plain text of `text`, one line of inline Markdown; images have none."""
    return _plain(_PARSER.parseInline(text)[0].children or [])


def html(text: str) -> str:
    """Return `text` as HTML that is not sanitised: raw HTML passes through."""
    return str(_PARSER.render(text.encode(errors='replace').decode()))
