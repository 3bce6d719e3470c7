"""Headings, sections, links and anchors of Markdown as the git host shows it."""
from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple
from typing import TYPE_CHECKING

from daybook.documents.markdown_marks import Place
from daybook.documents.markdown_scan import Heading
from daybook.documents.markdown_scan import Link
from daybook.documents.markdown_scan import Parser
from daybook.documents.markdown_scan import Scan
from daybook.documents.markdown_scan import Scanner
from daybook.documents.percent import unquote

if TYPE_CHECKING:  # a few documents are read sooner than the patterns of these are compiled
    from daybook.documents.markdown_survey import Rendered

_MARKUP = re.compile(r'[\\`*_\[\]<>&!~]')


class Section(NamedTuple):
    """A heading and the exact source `body` up to the next heading of its level or a higher one."""

    title: str
    level: int
    line: int
    body: str


class Survey(NamedTuple):
    """What a text links to, percent-decoded, the anchors that it has, and its wikilinks as written; no order, no places.

    `links` are for `links_to`, which finds them again at less cost: as they were rendered, or scanned.
    """

    targets: set[str]
    anchors: set[str]
    wikilinks: set[str]
    links: Rendered | list[Link]


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


def scan_with(parser: Parser, text: str, first_line: int = 1) -> Scan:
    """Return what `scan` returns, by the parser given: what compares the two of them needs this."""
    return Scanner(text, first_line).scan(parser)


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
    scanner = Scanner(text, first_line)
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
