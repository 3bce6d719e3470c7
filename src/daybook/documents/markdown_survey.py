"""What a document links to and which anchors it has, at the speed of rendering and without places."""
from __future__ import annotations

import html
import re
from collections.abc import Callable

from daybook.documents import markdown_html
from daybook.documents.percent import unquote
from daybook.documents.slugs import Slugger

# what rendering changes, hides or wraps; a document with one of these must be scanned
_RAW = re.compile('<(?:[!?]|/?(?:h[1-6]|script|style|textarea))', re.I)
# what a renderer writes by itself, and any other tag with an attribute; the tags without one, which are most, fail first
_SIMPLE_LINK = re.compile('<(?:a href|img src)="([^"]*)"')
_OTHER_TAG = re.compile(
    r'<(?=[a-z][^<>=]*+=)(?!a href="[^"<>]*"(?: title="[^"<>]*")?>|img src="[^"<>]*" alt="[^"<>]*"(?: title="[^"<>]*")? />'
    r'|code class="[^"<>]*">|t[dh] style="[^"<>]*">|ol start="[^"<>]*">)[^<>]*+>',
    re.I,
)
_SIMPLE_ANCHOR = re.compile('<(?:a name|[a-z]+ id)="([^"&<>]*)">')
_TELLING = re.compile(r'[\s"\'/](?:id|name|href|src|srcset|data|poster)\s*+=', re.I)  # held to `markdown_html` by the tests
_HEADING = re.compile('<h[1-6]>([^<]*(?:<(?!/h)[^<]*)*)</h')
_ANY_TAG = re.compile('<[^<>]*>')


def _decoded(address: str) -> str:
    return unquote(html.unescape(address)) if '%' in address or '&' in address else address


def _plain(heading: str) -> str:
    return html.unescape(_ANY_TAG.sub('', heading) if '<' in heading else heading)


def survey(text: str, render: Callable[[str], str]) -> tuple[set[str], set[str]] | None:
    """Return the targets, percent-decoded, and the anchors of `text`, which `render` makes HTML; None when it must be scanned."""
    if '[[' in text or '[^' in text or '<' in text and _RAW.search(text):
        return None
    rendered = render(text)
    headings = list(map(_plain, _HEADING.findall(rendered)))
    if any('{#' in heading for heading in headings):
        return None
    targets = {_decoded(t) for t in set(_SIMPLE_LINK.findall(rendered))}
    slugger = Slugger()
    anchors = {slugger.add(heading) for heading in headings}
    for source in set(_OTHER_TAG.findall(rendered)) if '<' in text else ():
        if simple := _SIMPLE_ANCHOR.fullmatch(source):
            anchors.add(simple[1])
        elif _TELLING.search(source):
            for tag in markdown_html.tags(source):
                targets.update(unquote(t) for t in markdown_html.targets(tag))
                anchors.update(markdown_html.anchors(tag))
    return targets, anchors - {''}
