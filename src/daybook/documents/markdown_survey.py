"""What a document links to and which anchors it has, at the speed of rendering and without places."""
from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from daybook.documents import markdown_html
from daybook.documents.markdown_marks import WIKILINK
from daybook.documents.percent import unquote
from daybook.documents.slugs import ID_ATTRIBUTE
from daybook.documents.slugs import unique_slugs

# what only a scan tells apart, unless it stands in code: HTML that hides text or is a heading, `[[`, and footnotes
_HEADING_TAG = re.compile('</?h[1-6]', re.I)
_HIDING = re.compile('<(?:[!?]|/?(?:script|style|textarea))', re.I)
_HEADING_OR_HIDING = re.compile(f'{_HEADING_TAG.pattern}|{_HIDING.pattern}', re.I)  # one look, as most texts have neither
_HEADING_LINE = re.compile(r'^ {0,3}<h([1-6])>[^<>\r\n]*</h\1>', re.M)  # where no table can be, it begins a block or goes on with one
_ID_ATTRIBUTE = re.compile(ID_ATTRIBUTE)
_DOUBLE = re.compile(r'\[[\[^]')
_CODE_TAG = re.compile('</?code', re.I)
_CODE = re.compile('<code[^>]*>([^<]*)')
_MAYBE_PADDED = re.compile(r'^&|;$', re.M)  # with an entity for a blank
# what a renderer writes by itself, and any other tag with an attribute; the tags without one, which are most, fail first
SIMPLE_LINK = re.compile(r'<(?:a href|img src)="((?!\s)[^"]*(?<!\s))"')  # no renderer writes blanks that a browser takes away
_OTHER_TAG = re.compile(
    r'<(?=[a-z][^<>=]*+=)(?!(?-i:a href="(?!\s)[^"<>]*(?<!\s)"(?: title="[^"<>]*")?>|img src="(?!\s)[^"<>]*(?<!\s)" alt="[^"<>]*"(?: title="[^"<>]*")? />'
    r'|code class="[^"<>]*">|t[dh] style="[^"<>]*">|ol start="[^"<>]*">))[^<>]*+>?',
    re.I,
)
_WRITTEN_TAG = re.compile(r'<[a-z][^<>=\n]*+(?:\n[ \t>]*+[^<>=\n]*+)*+=', re.I)  # without it in a text, no tag of its rendering is another one
_SIMPLE_ANCHOR = re.compile('<(?:a name|[a-z]+ id)="([^"&<>]*)">')
_WHOLE_TAG = re.compile(r'''<[^"']*(?:(?:"[^"]*"|'[^']*')[^"']*)*>''')  # quoted values may hold `<` and `>`
_TELLING = re.compile(r'[\s"\'/](?:id|name|href|src|srcset|data|poster)\s*+=', re.I)  # held to `markdown_html` by the tests
_HEADING = re.compile('<h[1-6]>([^<]*(?:<(?!/h)[^<]*)*)</h')
_ANY_TAG = re.compile('<[^<>\0]*>')


class Rendered(NamedTuple):
    """The links of a text as they stand in its rendering `html`.

    `addresses` are those of tags as a renderer writes them, escaped and each as often as it is there; `others` what
    all other tags lead to, percent-decoded.
    """

    html: str
    addresses: list[str]
    others: set[str]


def _decoded(address: str) -> str:
    return unquote(markdown_html.unescaped(address)) if '%' in address or '&' in address else address


def _plain(headings: str) -> str:
    return markdown_html.unescaped(_ANY_TAG.sub('', headings) if '<' in headings else headings)


def _is_whole(tag: str) -> bool:
    """Return whether the source `tag`, as _OTHER_TAG found it, is all of a tag."""
    return tag[-1] == '>' and not tag.count('"') & 1 and ("'" not in tag or _WHOLE_TAG.fullmatch(tag) is not None)


@functools.lru_cache(maxsize=4096)  # the documents of a repository share most of their tags
def _said(source: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the targets, percent-decoded, and the anchors of the source of a tag, as _OTHER_TAG found it; None when it is not all of one."""
    if simple := _SIMPLE_ANCHOR.fullmatch(source):
        return (), (simple[1],)
    if not _is_whole(source):
        return None
    # behind a link that is among the targets already
    if not _TELLING.search(source, linked.end() - 1 if (linked := SIMPLE_LINK.match(source)) else 0):
        return (), ()
    tags = list(markdown_html.tags(source))
    return tuple(unquote(t) for tag in tags for t in markdown_html.targets(tag)), tuple(a for tag in tags for a in markdown_html.anchors(tag))


def _has_other_headings(text: str) -> bool:
    """Return whether a heading in HTML may count otherwise than its rendering tells."""
    count = len(_HEADING_TAG.findall(text))
    return count > 0 and ('|' in text or count != 2 * len(_HEADING_LINE.findall(text)))


def survey(text: str, render: Callable[[str], str]) -> tuple[set[str], set[str], Rendered] | None:
    """Return the targets, percent-decoded, and the anchors of `text`, which `render` makes HTML; None when it must be scanned."""
    has_tags, has_doubles = '<' in text, _DOUBLE.search(text)
    if '\0' in text:  # which parts the headings below
        return None
    is_odd = has_tags and _HEADING_OR_HIDING.search(text)
    has_wikilinks = has_doubles and WIKILINK.search(text)
    if is_odd and _has_other_headings(text) or has_doubles and '[^' in text or has_wikilinks and _CODE_TAG.search(text):
        return None
    rendered = render(text)
    if is_odd and _HIDING.search(text) and _HIDING.search(rendered):
        return None
    if has_wikilinks and text.count('[[') != sum(code.count('[[') for code in _CODE.findall(rendered)):
        return None
    headings = _plain('\0'.join(_HEADING.findall(rendered)))
    if '{' in headings and _ID_ATTRIBUTE.search(headings):
        return None
    addresses: list[str] = SIMPLE_LINK.findall(rendered)
    others: set[str] = set()
    anchors = {*unique_slugs(headings.split('\0'))}
    for source in set(_OTHER_TAG.findall(rendered)) if has_tags and _WRITTEN_TAG.search(text) else ():
        said = _said(source)
        if said is None:
            return None
        others.update(said[0])
        anchors.update(said[1])
    targets = set(addresses)
    joined = '\n'.join(targets)
    if '&' in joined and _MAYBE_PADDED.search(joined):
        return None
    if '%' in joined or '&' in joined:
        targets = {*map(_decoded, targets)}
    targets |= others
    return targets, anchors - {''}, Rendered(rendered, addresses, others)
