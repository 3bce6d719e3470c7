"""Headings, sections, links and anchors of Markdown as the git host shows it."""
from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple
from typing import Protocol
from typing import TYPE_CHECKING

from daybook.documents import markdown_html
from daybook.documents.markdown_marks import Block
from daybook.documents.markdown_marks import Lines
from daybook.documents.markdown_marks import Mark
from daybook.documents.markdown_marks import Place
from daybook.documents.markdown_marks import WIKILINK
from daybook.documents.percent import unquote
from daybook.documents.slugs import ID_ATTRIBUTE
from daybook.documents.slugs import Slugger

if TYPE_CHECKING:  # a few documents are read sooner than the patterns of these are compiled
    from daybook.documents.markdown_survey import Rendered

_EXPLICIT_ID = re.compile(ID_ATTRIBUTE + r'([^\s#{}]++)[^{}]*+\}$')
_MARKUP = re.compile(r'[\\`*_\[\]<>&!~]')


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


class Section(NamedTuple):
    """A heading and the exact source `body` up to the next heading of its level or a higher one."""

    title: str
    level: int
    line: int
    body: str


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


class Survey(NamedTuple):
    """What a text links to, percent-decoded, the anchors that it has, and its wikilinks as written; no order, no places.

    `links` are for `links_to`, which finds them again at less cost: as they were rendered, or scanned.
    """

    targets: set[str]
    anchors: set[str]
    wikilinks: set[str]
    links: Rendered | list[Link]


class Parser(Protocol):
    """A module that reads Markdown."""

    def read(self, text: str, *, with_code: bool = False) -> list[Mark]: ...

    def read_links(self, text: str, wanted: Callable[[str], bool]) -> list[Mark]: ...

    def inline_text(self, text: str) -> str: ...

    def html(self, text: str) -> str: ...


@cache
def _parser() -> Parser:
    # the one place that chooses; pyromark has no wheel for every platform
    try:
        from daybook.documents import markdown_fast
    except ImportError:
        from daybook.documents import markdown_reference

        return markdown_reference
    return markdown_fast


def load() -> None:
    """Import the parser now, for who waits for something else meanwhile."""
    _parser()


@cache
def _quick_survey() -> Callable[[str, Callable[[str], str]], tuple[set[str], set[str], Rendered] | None]:
    # a few documents are read sooner than its patterns are compiled
    from daybook.documents import markdown_survey

    return markdown_survey.survey


def load_for_many() -> None:
    """Import all that `survey` and `links_to` need for many documents, before processes part that would each do so."""
    from daybook.documents import markdown_counted  # noqa: F401

    _parser()


def _split_attributes(text: str) -> tuple[str, str]:
    match = _EXPLICIT_ID.search(text.rstrip()) if '{' in text else None
    return (text[:match.start()], match[1]) if match else (text, '')


def explicit_id(heading: str) -> str:
    """Return the anchor that stands in the plain text of a heading, as `{#a}` has it; `` when there is none."""
    return _split_attributes(heading)[1]


class _Scanner:
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


def scan_with(parser: Parser, text: str, first_line: int = 1) -> Scan:
    """Return what `scan` returns, by the parser given: what compares the two of them needs this."""
    return _Scanner(text, first_line).scan(parser)


def scan(text: str, first_line: int = 1) -> Scan:
    """Return the headings, links and anchors of `text`, a document without its frontmatter.

    `first_line` is the line of the file, from 1, on which `text` begins. Takes linear time.
    """
    return scan_with(_parser(), text, first_line)


def survey(text: str, *, is_of_many: bool = True) -> Survey:
    """Return the targets and anchors of `text`, equal to those of `scan`, and of many documents in half the time."""
    quick = _quick_survey()(text, _parser().html) if is_of_many else None
    if quick is not None:
        targets, anchors, rendered = quick
        return Survey(targets, anchors, set(), rendered)
    found = scan(text)
    targets = {unquote(link.target) for link in found.links if link.kind != 'wikilink'}
    return Survey(targets, found.anchors, {link.target for link in found.links if link.kind == 'wikilink'}, found.links)


def headings(text: str, first_line: int = 1) -> list[Heading]:
    """Return the ATX and setext headings of `text` in order; arguments as for `scan`."""
    return scan(text, first_line).headings


def links(text: str, first_line: int = 1) -> list[Link]:
    """Return the links of `text` in order; arguments as for `scan`.

    Inline, reference, image and autolinks as CommonMark and GFM tables define them, `href` and `src`
    of raw HTML, and `[[wikilinks]]`; nothing in code or comments, nor in the text of an image.
    """
    return scan(text, first_line).links


def links_to(text: str, wanted: Callable[[str], bool], first_line: int = 1, *, surveyed: Rendered | list[Link] | None = None) -> list[Place]:
    """Return the links of `links` whose target is `wanted`, without wikilinks, in a fraction of the time.

    Percent-encoding must make no difference to `wanted`. `surveyed` are the `links` of a `survey` of `text`, if there was one.
    """
    if isinstance(surveyed, list):
        return [Place(link.kind, link.target, link.line + first_line - 1) for link in surveyed if link.kind != 'wikilink' and wanted(link.target)]
    if surveyed:
        from daybook.documents import markdown_counted

        counted = markdown_counted.places(text, wanted, surveyed, first_line)
        if counted is not None:
            return counted
    scanner = _Scanner(text, first_line)
    scanner.take_links(_parser().read_links(text, wanted))
    return [Place(link.kind, link.target, link.line) for link in scanner.links if wanted(link.target)]


def anchors(text: str) -> set[str]:
    """Return what a `#fragment` may name in `text`: slugs of headings, HTML ids, `{#id}`."""
    return scan(text).anchors


def sections(text: str, level: int = 2, first_line: int = 1) -> list[Section]:
    """Return the sections of `text` that a heading of `level` begins; arguments as for `scan`.

    What stands before the first such heading belongs to none.
    """
    found = [h for h in headings(text, first_line) if h.level <= level and not h.nested]
    ends = [h.start for h in found[1:]] + [len(text)]
    return [
        Section(h.text, h.level, h.line, text[h.content:end])
        for h, end in zip(found, ends) if h.level == level
    ]


def plain_text(markdown_inline: str) -> str:
    """Return what a reader sees of inline Markdown: one line, without markup, images or HTML tags."""
    text = ' '.join(markdown_inline.split())
    if _MARKUP.search(text):
        text = _parser().inline_text(text)
    return ' '.join(text.split())


def html(text: str) -> str:
    """Return `text` as HTML that is not sanitised: raw HTML passes through, headings carry no anchor."""
    return _parser().html(text)
