"""Where in a document the links to given targets begin, by what its rendering came to.

Of a target that is written and rendered in one way only, a rendering has no more links than the text has places that
look like one. Where it has as many, each of these places is a link.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from collections.abc import Collection
from operator import itemgetter

from daybook.documents import markdown_html
from daybook.documents.markdown_marks import Place
from daybook.documents.markdown_survey import Rendered
from daybook.documents.markdown_survey import SIMPLE_LINK

_ONE_WAY = re.compile(r'[\w./#?=+,~()-]+', re.ASCII)  # what no renderer escapes
_INLINE = re.compile(r'\]\(([^\s<>()&\\]*(?:\([^\s<>()&\\]*\)[^\s<>()&\\]*)*)\)')
_UNCLEAR = re.compile(r'[]`<>\r]')  # in the text of a link: another bracket than the nearest may open it
# what a rendering shows as it is: a link whose text is code alone, and what looks like a link in a quoted attribute
_CODE = re.compile(r'\[`([\w .:,*/()-]+)`')
_RENDERED_CODE = re.compile('<a href="([^"]*)"><code>([^<]*)</code></a>')
_QUOTED = re.compile(f'<[a-zA-Z][^<>]*?{_INLINE.pattern}"')  # outside of tags every `<` is escaped
_OWN_QUOTE = re.compile(r'(?:alt|class)="[^"]*\]\(')  # whose last quote is the renderer's


def places(text: str, wanted: Callable[[str], bool], rendered: Rendered, first_line: int) -> list[Place] | None:
    """Return each link of `text` to what is `wanted`, in order; None when counting does not tell.

    `wanted` is asked for targets as they are written or rendered: percent-encoding must make no difference to it.
    The lines count from `first_line`.
    """
    if ']:' in text or '[^' in text or '\r' in text and text.count('\r') != text.count('\r\n') or any(map(wanted, rendered.others)):
        return None
    counts = {address: count for address, count in Counter(rendered.addresses).items() if wanted(markdown_html.unescaped(address))}
    if not all(map(_ONE_WAY.fullmatch, counts)):
        return None
    found = _inline(text, counts, rendered.html)
    if found is None:
        return None
    if '<' in text and (tags := [(tag.start(), 'html', tag[1]) for tag in SIMPLE_LINK.finditer(text) if tag[1] in counts]):
        found = sorted(found + tags)
    if Counter(map(itemgetter(2), found)) != counts:
        return None
    result, line, done = [], first_line, 0
    for start, kind, target in found:
        line, done = line + text.count('\n', done, start), start
        result.append(Place(kind, target, line))
    return result


def _inline(text: str, counts: Collection[str], html: str) -> list[tuple[int, str, str]] | None:
    """Return start, kind and target of what looks like an inline link to one of `counts`; None when that is not clear."""
    targets = _INLINE.findall(text)
    if len(targets) != text.count('](') or '[' in ''.join(targets):
        return None
    found, codes, quoted, done = [], Counter[tuple[str, str]](), Counter[str](), 0
    for target in filter(counts.__contains__, targets):
        link = f']({target})'
        end = text.index(link, done)
        after = end + len(link)
        if text[after:after + 1] == '"':
            quoted[target] += 1
            done = after
            continue
        start = text.rfind('[', done, end)
        before = start > 0 and text[start - 1]
        if start < 0 or before == '\\' or before == '!' and text.endswith('\\!', 0, start):
            return None
        if _UNCLEAR.search(text, start, end):
            code = _CODE.fullmatch(text, start, end)
            if code is None:
                return None
            codes[target, code[1]] += 1
        found.append((start - 1, 'image', target) if before == '!' else (start, 'link', target))
        done = after
    if codes and ('<code' in text or '">`' in text or not codes <= Counter(_RENDERED_CODE.findall(html))):
        return None
    if quoted and (_OWN_QUOTE.search(html) or not quoted <= Counter(_QUOTED.findall(html))):
        return None
    return found
