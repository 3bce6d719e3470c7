"""The fast Markdown parser, and the only place that imports pyromark (pulldown-cmark)."""
from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pyromark

from daybook.documents import markdown_html
from daybook.documents.markdown_marks import Mark

_PARSER = pyromark.Markdown(
    options=pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_FOOTNOTES
)
_KINDS = {'Inline': 'link', 'Autolink': 'autolink', 'Email': 'autolink'}

_Events = Iterator[tuple[Any, Any]]


def _parsable(text: str) -> str:
    """Return `text` with LF for each CR alone, a line end in CommonMark that pulldown-cmark 0.13 knows in some places only."""
    return re.sub('\r(?!\n)', '\n', text) if '\r' in text else text


def _text(event: str | dict[str, str]) -> str:
    if type(event) is not dict:
        return '\n'
    (name, value), = event.items()
    return f'[^{value}]' if name == 'FootnoteReference' else value


class _Reader:
    """Collects the marks of one text; offsets count bytes of its UTF-8 form."""

    def __init__(self, source: bytes, *, with_code: bool = False) -> None:
        self.source = source
        self.events: _Events = _PARSER.events_with_range(_parsable(source.decode()))
        self.marks: list[Mark] = []
        self.with_code = with_code
        self.containers_end = self.alt_end = 0

    def read(self) -> list[Mark]:
        # a document has some 60,000 events per MB: what is of no interest must fall through quickly
        for event, span in self.events:
            if 'Start' in event:
                tag = event['Start']
                if type(tag) is dict or tag == 'HtmlBlock':
                    self._start(tag, span['start'], span['end'])
            elif 'InlineHtml' in event or self.with_code and 'Code' in event:
                self._inline(event, span['start'], span['end'])
        return self.marks

    def links(self, wanted: Callable[[str], bool]) -> list[Mark]:
        """Return the marks of links that may be `wanted`, and of raw HTML that may hold some."""
        for event, span in self.events:
            if 'Start' in event:
                tag = event['Start']
                if type(tag) is dict:
                    if 'Image' in tag or 'Link' in tag and (wanted(tag['Link']['dest_url']) or tag['Link']['link_type'] == 'Email'):
                        self._start(tag, span['start'], span['end'])
                elif tag == 'HtmlBlock':
                    self._html_block(span['start'], span['end'])
            elif 'InlineHtml' in event:
                self._inline(event, span['start'], span['end'])
        return [mark for mark in self.marks if mark.kind not in ('html', 'tag') or markdown_html.may_link(mark.value, wanted)]

    def _inline(self, event: dict[str, str], start: int, end: int) -> None:
        (name, value), = event.items()
        if start >= self.alt_end:
            self.marks.append(Mark('code' if name == 'Code' else 'tag', value, start, end))

    def _start(self, tag: str | dict[str, Any], start: int, end: int) -> None:
        if type(tag) is not dict:
            if tag == 'HtmlBlock':
                self._html_block(start, end)
            return
        (name, value), = tag.items()
        if name == 'Link' or name == 'Image':
            self._link(name, value, start, end)
        elif name == 'Heading':
            self._heading(int(value['level'][1]), start, end)
        elif name == 'CodeBlock':
            if self.with_code:
                self.marks.append(Mark('code', '', start, end))
        elif name != 'Table':
            self.containers_end = max(self.containers_end, end)

    def _link(self, name: str, value: dict[str, str], start: int, end: int) -> None:
        if start < self.alt_end:
            return  # the text of an image is plain, whatever it holds
        if value['link_type'] == 'Collapsed' and self.source.startswith(b'[]', end):
            end += 2  # pulldown-cmark 0.13 leaves them out of the range
        if name == 'Image':
            self.alt_end = end
            kind = 'image'
        else:
            kind = _KINDS.get(value['link_type'], 'reference')
        scheme = 'mailto:' if value['link_type'] == 'Email' else ''
        self.marks.append(Mark(kind, scheme + value['dest_url'], start, end))

    def _heading(self, level: int, start: int, end: int) -> None:
        place, nested, texts = len(self.marks), start < self.containers_end, []
        for event, span in self.events:
            if 'Start' in event:
                self._start(event['Start'], span['start'], span['end'])
            elif 'End' in event:
                if type(event['End']) is dict:
                    break
            elif 'InlineHtml' in event:
                self._inline(event, span['start'], span['end'])
            elif span['start'] >= self.alt_end:
                if self.with_code and 'Code' in event:
                    self._inline(event, span['start'], span['end'])
                texts.append(_text(event))
        self.marks.insert(place, Mark('heading', ''.join(texts), start, end, level, nested))

    def _html_block(self, start: int, end: int) -> None:
        source = []
        for event, _ in self.events:
            if 'End' in event:
                break
            source.append(next(iter(event.values())))
        self.marks.append(Mark('html', ''.join(source), start, end))


def _in_characters(marks: list[Mark], source: bytes) -> list[Mark]:
    places = {}
    done = count = 0
    for offset in sorted({o for m in marks for o in (m.start, m.end)}):
        count += len(source[done:offset].decode())
        places[offset], done = count, offset
    return [m._replace(start=places[m.start], end=places[m.end]) for m in marks]


def read(text: str, *, with_code: bool = False) -> list[Mark]:
    """Return the marks of `text`, in its order; those of code only when asked for.

    A lone surrogate counts as a question mark.
    """
    source = text.encode(errors='replace')
    marks = _Reader(source, with_code=with_code).read()
    return marks if text.isascii() else _in_characters(marks, source)


def read_links(text: str, wanted: Callable[[str], bool]) -> list[Mark]:
    """Return the marks of the links of `text` to what is `wanted`, and of raw HTML that may hold some, as `read` does."""
    source = text.encode(errors='replace')
    marks = _Reader(source).links(wanted)
    return marks if text.isascii() else _in_characters(marks, source)


def inline_text(text: str) -> str:
    """Return the plain text of `text`, one line of inline Markdown; images have none."""
    # in a heading nothing starts a block; the tag at its end keeps `#` there from closing it
    return _Reader(f'# {text} <br>'.encode(errors='replace')).read()[0].value


def html(text: str) -> str:
    """Return `text` as HTML that is not sanitised: raw HTML passes through."""
    try:
        return _PARSER.html(_parsable(text))
    except UnicodeEncodeError:  # a lone surrogate
        return _PARSER.html(_parsable(text.encode(errors='replace').decode()))
