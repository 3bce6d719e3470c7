"""What a document links to and which anchors it has, at the speed of rendering and without places."""
from __future__ import annotations

import html
import re
from urllib.parse import unquote

from daybook.documents import markdown_html
from daybook.documents.slugs import Slugger

# what rendering changes, hides or wraps; a document with one of these must be scanned
_NOT_RENDERED = ('[[', '[^', '{#', '<!', '<?')
_RAW = re.compile('</?(?:h[1-6]|script|style|textarea)', re.I)
# what a renderer writes by itself, and anything else with an attribute
_SIMPLE_LINK = re.compile('<(?:a href|img src)="([^"]*)"')
_OTHER_TAG = re.compile(
    r'<(?!a href="[^"<>]*"(?: title="[^"<>]*")?>|img src="[^"<>]*" alt="[^"<>]*"(?: title="[^"<>]*")? />'
    r'|code class="[^"<>]*">|t[dh] style="[^"<>]*">|ol start="[^"<>]*">)[a-z][^<>]*=[^<>]*>',
    re.I,
)
_SIMPLE_ANCHOR = re.compile('<a (?:name|id)="([^"&<>]*)"></a>')
_HEADING = re.compile('<h[1-6]>(.*?)</h[1-6]>', re.S)
_ANY_TAG = re.compile('<[^<>]*>')


def can_survey(text: str) -> bool:
    """Return whether the rendered HTML of `text` tells all; else scan the text."""
    return not (any(s in text for s in _NOT_RENDERED) or _RAW.search(text))


def _decoded(address: str) -> str:
    return unquote(html.unescape(address)) if '%' in address or '&' in address else address


def survey(rendered: str) -> tuple[set[str], set[str]]:
    """Return the targets, percent-decoded, and the anchors of a document rendered as HTML."""
    targets = {_decoded(t) for t in set(_SIMPLE_LINK.findall(rendered))}
    anchors = set(_SIMPLE_ANCHOR.findall(rendered))
    for source in _OTHER_TAG.findall(_SIMPLE_ANCHOR.sub('', rendered) if anchors else rendered):
        for tag in markdown_html.tags(source):
            targets.update(unquote(t) for t in markdown_html.targets(tag))
            anchors.update(markdown_html.anchors(tag))
    slugger = Slugger()
    anchors.update(slugger.add(html.unescape(_ANY_TAG.sub('', t))) for t in _HEADING.findall(rendered))
    return targets, anchors - {''}
