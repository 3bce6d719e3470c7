"""The tags of raw HTML in Markdown: what they link to, what they are an anchor for."""
from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from typing import NamedTuple

# compiled at their first use, as half of all documents have no tags
_START = r'(?i)<(?:!--|(/?[a-z][^\s/<>]*+)(>)?)'
_START_OF_ATTRIBUTES = r'(?i)<(?:!--|((?:script|style|textarea)(?=>)|/?[a-z][^\s/<>]*+(?=[\s/]))(>)?)'
_ATTRIBUTE = r'''[\s/]*+([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>`][^\s<>]*+)))?+'''
_ADDRESS = r'''(?i)(?<=[\s"'/])(?:href|src|data|poster|(srcset))\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s<>]*+))'''
_TAG_END = r'[\s/]*+>'
_COMMENT = r'(?s)<!--.*?-->'
_NO_TAGS_INSIDE = ('script', 'style', 'textarea')
_TARGETS = {
    'a': ('href',),
    'area': ('href',),
    'audio': ('src',),
    'embed': ('src',),
    'iframe': ('src',),
    'img': ('src', 'srcset'),
    'input': ('src',),
    'link': ('href',),
    'object': ('data',),
    'source': ('src', 'srcset'),
    'track': ('src',),
    'video': ('src', 'poster'),
}


class Tag(NamedTuple):
    """An opening or (`name` starts with `/`) closing tag; offsets count characters of the source."""

    name: str
    attributes: list[tuple[str, str]]
    start: int
    end: int


def unescaped(text: str) -> str:
    """Return `text` with its character references decoded."""
    if '&' not in text:
        return text
    from html import unescape  # and its two thousand names, which most runs never need

    return unescape(text)


def _attributes(source: str, position: int) -> tuple[list[tuple[str, str]], int]:
    found: dict[str, str] = {}
    attribute = re.compile(_ATTRIBUTE)
    while match := attribute.match(source, position):
        name, *values = match.groups()
        # of two, the first counts: https://html.spec.whatwg.org/#parse-error-duplicate-attribute
        found.setdefault(name.lower(), unescaped(next(filter(None, values), '')))
        position = match.end()
    return [*found.items()], position


def tags(source: str, *, with_plain: bool = True) -> Iterator[Tag]:
    """Yield the tags of `source` in order, in linear time; comments, scripts and styles hold none.

    Those without attributes can be left out (`with_plain` false), which costs far less in large tables.
    """
    position = 0
    start, tag_end = re.compile(_START if with_plain else _START_OF_ATTRIBUTES), re.compile(_TAG_END)
    while match := start.search(source, position):
        if match[1] is None:
            position = source.find('-->', match.start() + 2)
            if position < 0:
                return
            continue
        attributes, position = _attributes(source, match.end()) if match[2] is None else ([], match.end() - 1)
        closed = tag_end.match(source, position)
        if closed is None:
            if position == len(source):
                return  # else each tag of an endless one would be read to the end
            continue
        position = closed.end()
        name = match[1].lower()
        yield Tag(name, attributes, match.start(), position)
        if name in _NO_TAGS_INSIDE:
            end = re.compile(f'</{name}', re.I).search(source, position)
            if end is None:
                return
            position = end.start()


def _candidates(name: str, value: str) -> list[str]:
    # https://html.spec.whatwg.org/#srcset-attributes: addresses, each with a width or density
    if name != 'srcset':
        return [value.strip()]
    if value.lstrip().startswith('data:'):
        return []
    return [part.split()[0] for part in value.split(',') if part.strip()]


def may_link(source: str, wanted: Callable[[str], bool]) -> bool:
    """Return whether a tag of `source` may link to what is `wanted`; a quick look, made before `tags`."""
    return any(srcset or wanted(unescaped(max(values)).strip()) for srcset, *values in re.findall(_ADDRESS, source))


def targets(tag: Tag) -> list[str]:
    """Return what `tag` links to or embeds, with its entities decoded."""
    wanted = _TARGETS.get(tag.name, ())
    return [t for name, value in tag.attributes if name in wanted for t in _candidates(name, value)]


def anchors(tag: Tag) -> list[str]:
    """Return the anchors that `tag` defines: any `id`, and the `name` of an `<a>`."""
    return [v for name, v in tag.attributes if v and (name == 'id' or name == 'name' and tag.name == 'a')]


def headings(source: str, found: list[Tag]) -> Iterator[str]:
    """Yield the plain text of each HTML heading of `source`, whose tags are `found`.

    GitHub gives them anchors too, from the text exactly as it stands between the tags.
    """
    opened, position, texts = '', 0, ['']
    for tag in found:
        if opened:
            texts.append(source[position:tag.start])
        elif re.fullmatch('h[1-6]', tag.name):
            opened, texts = tag.name, []
        position = tag.end
        if opened and tag.name == f'/{opened}':
            yield unescaped(re.sub(_COMMENT, '', ''.join(texts)))
            opened = ''
