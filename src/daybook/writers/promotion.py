"""A learning of a note as a document of its own: which ones a note has, what each becomes, and the line that leads there."""
from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.documents import frontmatter_edit
from daybook.documents import markdown
from daybook.documents import markdown_scan
from daybook.documents import slugs
from daybook.errors import FatalError
from daybook.writers import insertion

_ITEM = re.compile(r'(?P<mark> {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+)(?=\S)')
_FENCE = re.compile(r' *(```|~~~)')
_NO_ITEM = re.compile(r'<!--|\|| {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$')
_END = re.compile(r'[.!?:;](?=\s|$)')
_LABEL = 20  # characters; what a shorter text before a colon says is no title: `Decision: …`
_TITLE, _SLUG, _SUMMARY = 80, 60, 200  # characters


class Item(NamedTuple):
    """One learning, `body[start:end]` in whole lines: `indent` of what belongs to it, None for a paragraph; its `text` without that."""

    start: int
    end: int
    indent: int | None
    text: str


def _plain(title: str) -> str:
    return re.sub(r'^[\W\d_]+', '', title).casefold()


def section(body: str, titles: Iterable[str]) -> tuple[int, int] | None:
    """Return where the first section begins and ends whose title begins with one of `titles`, in any case; None without one."""
    headings = [heading for heading in markdown.headings(body) if not heading.nested]
    for wanted in map(str.casefold, titles):
        for position, heading in enumerate(headings):
            if re.match(rf'{re.escape(wanted)}(?!\w)', _plain(heading.text)):
                following = (other.start for other in headings[position + 1:] if other.level <= heading.level)
                return heading.content, next(following, len(body))
    return None


def _blocks(body: str, start: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """Yield start, end and indent of each item of a list, and of each paragraph that stands outside of one."""
    begin: int | None = None
    indent: int | None = None
    last, position, fence = start, start, ''
    for line in body[start:end].splitlines(keepends=True):
        here, position = position, position + len(line)
        mark = _FENCE.match(line)
        if begin is not None and indent is not None and line.strip() and len(line) - len(line.lstrip(' ')) < indent:
            fence = ''  # with its item, code ends too
        item = None if fence else _ITEM.match(line)
        if item and begin is not None and indent is not None and len(line) - len(line.lstrip(' ')) >= indent:
            item = None  # one of its own
        is_inside = begin is not None and (indent is None and line.strip() != '' or indent is not None and line[:1] in ' \t\r\n')
        if begin is not None and not fence and (item or not is_inside and (line.strip() or indent is None) or line.startswith('#')):
            yield begin, last, indent
            begin = None
        if mark:
            fence = '' if mark[1] == fence else fence or mark[1]
        if begin is None and line.strip() and not line.startswith('#') and not _NO_ITEM.match(line):
            begin, indent = here, len(item['mark']) if item else None
        if line.strip():
            last = position
    if begin is not None:
        yield begin, last, indent


def _dedented(text: str, indent: int | None) -> str:
    lines = text.replace('\r\n', '\n').rstrip('\n').split('\n')
    if indent is None:
        return '\n'.join(lines)
    rest = [line[min(indent, len(line) - len(line.lstrip(' '))):] for line in lines[1:]]
    return '\n'.join([lines[0][indent:], *rest])


def items(body: str, titles: Iterable[str]) -> list[Item]:
    """Return the learnings in the section of a note that has one of `titles`, in order."""
    place = section(body, titles)
    found = [] if place is None else _blocks(body, *place)
    return [Item(start, end, indent, _dedented(body[start:end], indent)) for start, end, indent in found]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit].rpartition(' ')[0] or text[:limit]


def _lead(item: Item) -> str:
    """Return the first paragraph of a learning as a reader sees it."""
    return markdown.plain_text(re.split(r'\n(?:\n|[-*+] )', item.text, maxsplit=1)[0])


def title_of(item: Item) -> str:
    """Return a title for a learning: its first sentence, as far as that is short."""
    plain = _lead(item)
    end = next((found.start() for found in _END.finditer(plain) if found[0] in '.!?' or found.start() >= _LABEL), len(plain))
    return _cut(plain[:end], _TITLE).rstrip('.:;, ') or 'Learning'


def summary_of(item: Item) -> str:
    """Return the first words of a learning on one line."""
    return _cut(_lead(item), _SUMMARY)


def name_of(title: str) -> str:
    """Return the name of the file of a learning."""
    slug = re.sub(r'-{2,}', '-', slugs.slug(title)).strip('-')
    return slug if len(slug) <= _SLUG else slug[:_SLUG].rpartition('-')[0] or slug[:_SLUG]


def document(meta: Mapping[str, Any], order: Sequence[str], text: str, source: str) -> str:
    """Return the document of a learning: its keys, its text, and `source`, the link to the note."""
    return f'{frontmatter_edit.render(meta, order)}\n{text.strip()}\n\nFrom {source}.\n'


def says(data: bytes, text: str) -> bool:
    """Return whether a document has the text of a learning, so that it was made of it."""
    return data[frontmatter.body_offset(data):].decode('utf-8', 'replace').replace('\r\n', '\n').strip().startswith(text.strip())


def kept(data: bytes, item: Item, link: str) -> bytes:
    """Return the note with one more line, which leads from the learning to its document. Raises FatalError where that cannot be proven."""
    at = frontmatter.body_offset(data)
    body = data[at:].decode('utf-8', 'surrogateescape')
    newline = '\r\n' if '\r\n' in body else '\n'
    words = f'Kept as {link}.'
    line = words if item.indent is None else f'{" " * item.indent}- {words}'
    before = body[:item.end] if body[:item.end].endswith('\n') else body[:item.end] + newline
    after = before + line + newline + body[item.end:]
    result = data[:at] + after.encode('utf-8', 'surrogateescape')
    old = data if body[:item.end].endswith('\n') else data + newline.encode()
    if insertion.inserted_lines(old, result) is None or len(_links(after)) != len(_links(body)) + 1:
        raise FatalError('no link can be put behind this learning: code, HTML or brackets in it are open; close them first')
    return result


def _links(body: str) -> list[markdown_scan.Link]:
    return markdown.links(re.sub('[\ud800-\udfff]', '\ufffd', body))
