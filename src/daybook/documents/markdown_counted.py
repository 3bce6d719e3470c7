"""Where in a document the links to given targets begin, by what its rendering came to.

Of a target that is written and rendered in one way only, a rendering has no more links than the text has places that
look like one. Where it has as many, each of these places is a link.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from collections.abc import Collection

from daybook.documents import markdown_html
from daybook.documents.markdown_marks import Place
from daybook.documents.markdown_survey import Rendered
from daybook.documents.markdown_survey import SIMPLE_LINK

_ONE_WAY = re.compile(r'[\w./#?=+,~()-]*', re.ASCII)  # what no renderer escapes
_TARGET = r'[^][\s<>()&\\]*(?:\([^][\s<>()&\\]*\)[^][\s<>()&\\]*)*'
_INLINE = re.compile(rf'\](?:\(({_TARGET})\)|[(:])')  # without a target: a link of another form, or a definition
_UNCLEAR = re.compile(r'[]`<>\r]')  # in the text of a link: another bracket than the nearest may open it
# what a rendering shows as it is: a link whose text is code alone, and what looks like a link in a quoted attribute
_CODE = re.compile(r'\[`([\w .:,*/()-]+)`')
_RENDERED_CODE = re.compile('<a href="([^"]*)"><code>([^<]*)</code></a>')
_QUOTED = re.compile(rf'<[a-zA-Z][^<>]*?\]\(({_TARGET})\)"')  # outside of tags every `<` is escaped
_OWN_QUOTE = re.compile(r'(?:alt|class)="[^"]*\]\(')  # whose last quote is the renderer's


def places(text: str, wanted: Callable[[str], bool], rendered: Rendered, first_line: int) -> list[Place] | None:
    """Return each link of `text` to what is `wanted`, in order; None when counting does not tell.

    `wanted` is asked for targets as they are written or rendered: percent-encoding must make no difference to it.
    The lines count from `first_line`.
    """
    if '\r' in text and text.count('\r') != text.count('\r\n') or any(map(wanted, rendered.others)):
        return None
    known = {address for address in set(rendered.addresses) if wanted(markdown_html.unescaped(address) if '&' in address else address)}
    if not _ONE_WAY.fullmatch(''.join(known)):
        return None
    found = _inline(text, known, rendered.html)
    if found is None:
        return None
    if '<' in text and (tags := [(tag.start(), 'html', tag[1]) for tag in SIMPLE_LINK.finditer(text) if tag[1] in known]):
        found = sorted(found + tags)
    # in the same order, nearly always
    expected, seen = [address for address in rendered.addresses if address in known], [target for _, _, target in found]
    if expected != seen and sorted(expected) != sorted(seen):
        return None
    result, line, done = [], first_line, 0
    for start, kind, target in found:
        line, done = line + text.count('\n', done, start), start
        result.append(Place(kind, target, line))
    return result


def _inline(text: str, known: Collection[str], html: str) -> list[tuple[int, str, str]] | None:
    """Return start, kind and target of what looks like an inline link to one of `known`; None when that is not clear."""
    found, codes, quoted, done = [], [], [], 0
    for link in _INLINE.finditer(text):
        target = link[1]
        if target is None:
            return None
        if target not in known:
            continue
        end, after = link.span()
        if text.startswith('"', after):
            quoted.append(target)
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
            codes.append((target, code[1]))
        found.append((start - 1, 'image', target) if before == '!' else (start, 'link', target))
        done = after
    if codes and ('<code' in text or '">`' in text or not Counter(codes) <= Counter(_RENDERED_CODE.findall(html))):
        return None
    if quoted and (_OWN_QUOTE.search(html) or not Counter(quoted) <= Counter(_QUOTED.findall(html))):
        return None
    return found
