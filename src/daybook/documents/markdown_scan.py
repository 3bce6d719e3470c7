"""Turns what a parser reports of a Markdown text into its headings, links and anchors."""
from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterable
from typing import NamedTuple
from typing import Protocol

from daybook.documents import markdown_html
from daybook.documents.markdown_marks import Block
from daybook.documents.markdown_marks import Lines
from daybook.documents.markdown_marks import Mark
from daybook.documents.markdown_marks import WIKILINK
from daybook.documents.slugs import ID_ATTRIBUTE
from daybook.documents.slugs import Slugger

_EXPLICIT_ID = re.compile(ID_ATTRIBUTE + r'([^\s#{}]++)[^{}]*+\}$')


class Heading(NamedTuple):
    """An ATX or setext heading.

    `text` is its plain text on one line, without a `{#id}` at its end; `slug` its anchor, unique
    in the document; `line` counts from 1. The lines of the heading are `text[start:end]`, without
    the last line end; what it heads begins at `content`; offsets count characters of the str
    given. `nested` headings stand in a quotation, list or footnote and begin no section.
    """

    level: int
    text: str
    slug: str
    line: int
    start: int
    end: int
    content: int
    nested: bool = False


class Link(NamedTuple):
    """A link, `text[start:end]`.

    `kind` is `link`, `image`, `autolink`, `html`, `wikilink` or `reference`. `target` is what was
    written, its entities and backslash escapes decoded, its percent signs not; that of a wikilink
    is what stands before `|`. `line` and `column` of its first character count from 1, in
    characters.
    """

    kind: str
    target: str
    line: int
    column: int
    start: int
    end: int


class Scan(NamedTuple):
    """All that one parse of a text tells."""

    headings: list[Heading]
    links: list[Link]
    anchors: set[str]


class Parser(Protocol):
    """A module that reads Markdown."""

    def read(self, text: str, *, with_code: bool = False) -> list[Mark]: ...

    def read_links(self, text: str, wanted: Callable[[str], bool]) -> list[Mark]: ...

    def inline_text(self, text: str) -> str: ...

    def html(self, text: str) -> str: ...


def _split_attributes(text: str) -> tuple[str, str]:
    match = _EXPLICIT_ID.search(text.rstrip()) if '{' in text else None
    return (text[:match.start()], match[1]) if match else (text, '')


def explicit_id(heading: str) -> str:
    """Return the anchor that stands in the plain text of a heading, as `{#a}` has it; `` when there is none."""
    return _split_attributes(heading)[1]


class Scanner:
    """Turns the marks of one text into its headings, links and anchors."""

    def __init__(self, text: str, first_line: int) -> None:
        self.text, self.first_line = text, first_line
        self.headings: list[Heading] = []
        self.links: list[Link] = []
        self.anchors: set[str] = set()
        self._slugger = Slugger()

    def scan(self, parser: Parser) -> Scan:
        has_wikilinks = '[[' in self.text
        marks = parser.read(self.text, with_code=has_wikilinks)
        if marks or has_wikilinks:
            self._lines = Lines(self.text)
        self._take(marks)
        if has_wikilinks:
            self._wikilinks(marks)
        self.anchors.discard('')
        return Scan(self.headings, self.links, self.anchors)

    def _take(self, marks: list[Mark]) -> None:
        for mark in marks:
            if mark.kind == 'heading':
                self._heading(mark)
            elif mark.kind == 'html' or mark.kind == 'tag':
                self._html(mark)
            elif mark.kind != 'code':
                self._link(mark.kind, mark.value, mark.start, mark.end)

    def take_links(self, marks: list[Mark]) -> None:
        if marks:
            self._lines = Lines(self.text)
        for mark in marks:
            if mark.kind == 'html' or mark.kind == 'tag':
                self._html_links(mark, markdown_html.tags(mark.value, with_plain=False))
            else:
                self._link(mark.kind, mark.value, mark.start, mark.end)

    def _link(self, kind: str, target: str, start: int, end: int) -> None:
        line = self._lines.index(start)
        column = start - self._lines.starts[line] + 1
        self.links.append(Link(kind, target, self.first_line + line, column, start, end))

    def _heading(self, mark: Mark) -> None:
        first, last = self._lines.index(mark.start), self._lines.index(mark.end - 1)
        text, explicit = _split_attributes(mark.value)
        slug = self._slugger.add(mark.value)
        self.anchors |= {slug, explicit}
        self.headings.append(Heading(
            mark.level, ' '.join(text.split()), slug, self.first_line + first,
            self._lines.starts[first], self._lines.end(last), self._lines.start(last + 1), mark.nested,
        ))

    def _html(self, mark: Mark) -> None:
        if '=' not in mark.value and mark.kind == 'tag':
            return
        tags = list(markdown_html.tags(mark.value))
        self._html_links(mark, tags)
        for tag in tags:
            self.anchors.update(markdown_html.anchors(tag))
        for text in markdown_html.headings(mark.value, tags):
            self.anchors.add(self._slugger.add(text))

    def _html_links(self, mark: Mark, tags: Iterable[markdown_html.Tag]) -> None:
        block: Block | None = None
        for tag in tags:
            for target in markdown_html.targets(tag):
                start, end = mark.start, mark.end
                if mark.kind == 'html':
                    block = block or Block(self._lines, self._lines.index(mark.start), mark.value)
                    start, end = block.offset(tag.start), block.offset(tag.end - 1) + 1
                self._link('html', target, start, end)

    def _wikilinks(self, marks: list[Mark]) -> None:
        # what the parser found wins: code, HTML and links hold none
        taken = iter(sorted((m.start, m.end) for m in marks if m.kind != 'heading'))
        start, end = next(taken, (len(self.text), 0))
        for match in WIKILINK.finditer(self.text):
            while end <= match.start() and end:
                start, end = next(taken, (len(self.text), 0))
            if match.end() <= start:
                target = match[1].partition('|')[0].removesuffix('\\').strip()
                self._link('wikilink', target, match.start(), match.end())
        self.links.sort(key=lambda link: link.start)
