"""The body of a document as safe HTML with the anchors of the audit."""
from __future__ import annotations

import html
import re
from collections.abc import Collection
from typing import NamedTuple

from daybook.documents import markdown_scan
from daybook.documents.slugs import HOST_PREFIX
from daybook.documents.slugs import ID_ATTRIBUTE
from daybook.documents.slugs import Slugger
from daybook.writers import pages_links
from daybook.writers import pages_safe
from daybook.writers.pages_links import Place

_TOKEN = re.compile(r'<[^>]*>|[^<]+')
_HEADING = re.compile(r'<(h[1-6])((?: [^>]*)?)>(.*?)</\1>', re.DOTALL)
_FOOTNOTE = re.compile(r'<sup class="footnote-reference"><a href="#([^"]*)">[^<]*</a></sup>')
_ANY_TAG = re.compile(r'<[^>]*>')
_EXPLICIT = re.compile(r'(?<!\s)\s*+' + ID_ATTRIBUTE + r'[^\s#{}<>"&]++[^{}<>]*+\}\s*+$')  # where no other markup stands in it
_CODE = re.compile(r'<pre><code class="language-([^"]+)">(.*?)</code></pre>', re.DOTALL)
_IMAGE = re.compile(r'<img(?: [^>]*)?>')
_ATTRIBUTE = re.compile(r' (src|alt)="([^"]*)"')
_PREFIXED = re.compile(f'<a href="#{HOST_PREFIX}([^"]*)"')
_ANCHOR = re.compile(' (?:id|name)="([^"]*)"')
_TASK = re.compile(r'<li>(\s*(?:<p>)?)\[([ xX])\] ')
_ALERT = re.compile(r'<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:<br>)?\s*')
_URL = re.compile(r'https?://[^\s<>"]+[^\s<>".,;:!?\'*_~)\]]')
# a log, its newest entries first, or what was before
_FOLDED = re.compile(r'(change ?log|session log|history)|(?:earlier|previous|older|past) .*|iteration [0-9].*', re.IGNORECASE)
_LIST_TAG = re.compile(r'<(/?)(ul|ol|li)(?=[ >])')
_BOX = {' ': '☐ <span class="daybook-sr">open: </span>', 'x': '☑ <span class="daybook-sr">done: </span>'}
_LONG = 5  # items of a log that stay open


class Heading(NamedTuple):
    """A line of the table of contents."""

    level: int
    text: str
    anchor: str


class Body(NamedTuple):
    """What a body becomes: HTML, its headings, its text without markup. `top` are the anchors of a title taken out."""

    html: str
    headings: list[Heading]
    text: str
    top: list[str]


def _plain(source: str) -> str:
    return html.unescape(_ANY_TAG.sub('', source))


class _Headings:
    """Gives the headings of one body their anchors, in its order."""

    def __init__(self, title: str) -> None:
        self._slugger, self._title = Slugger(), title
        self.found: list[Heading] = []
        self.top: list[str] = []

    def __call__(self, match: re.Match[str]) -> str:
        tag, attributes, inner = match.groups()
        source = _FOOTNOTE.sub(lambda note: f'[^{note[1]}]', inner)
        anchor = self._slugger.add(_plain(source))
        explicit = html.escape(markdown_scan.explicit_id(_plain(inner)))
        if shown := _EXPLICIT.search(inner):
            inner = inner[:shown.start()]
        text = ' '.join(_plain(inner).split())
        ids = [anchor, *([explicit] if explicit else [])]
        if tag == 'h1' and not self.found and not self.top and text.casefold() == self._title.casefold():
            self.top = [*ids, *re.findall(r' (?:id|name)="([^"]*)"', attributes + inner)]
            return ''
        self.found.append(Heading(int(tag[1]), text, anchor))
        own = re.search(r' id="([^"]*)"', attributes)
        spare = [each for each in ids[1:] if not own or each != own[1]] + ([own[1]] if own and own[1] != anchor else [])
        rest = re.sub(r' id="[^"]*"', '', attributes)
        places = ''.join(f'<span id="{each}"></span>' for each in spare)
        name = html.escape(anchor)
        return (f'<{tag} id="{name}"{rest}>{places}{inner}'
                f'<a class="daybook-anchor" href="#{name}" aria-hidden="true" tabindex="-1">#</a></{tag}>')


def _without_prefix(source: str, more: Collection[str]) -> str:
    """Return HTML in which a link with the prefix of git hosts leads to the anchor that it means; `more` are anchors, too."""
    own = {*_ANCHOR.findall(source), *more}
    return _PREFIXED.sub(lambda link: link[0] if f'{HOST_PREFIX}{link[1]}' in own else f'<a href="#{link[1]}"', source)


def _image(match: re.Match[str]) -> str:
    found = dict(_ATTRIBUTE.findall(match.group()))
    source, alt = found.get('src', ''), found.get('alt', '')
    if not source:
        return f'<span class="daybook-image">{alt or "image"}</span>'
    if not source.startswith(pages_links.REMOTE):
        return match.group() if 'alt' in found else match.group().replace('<img', '<img alt=""', 1)
    target = source.removeprefix(pages_links.REMOTE)
    return f'<a class="daybook-image" href="{target}" rel="noopener noreferrer">{alt or target}</a>'


def _images(source: str) -> str:
    """Return HTML in which an image that cannot be shown is a link to it, or its words inside of a link."""
    parts, position, depth = [], 0, 0
    for tag in re.finditer(r'<(?:a(?= |>)|/a>|img)[^>]*>?', source):
        if tag.group().startswith('</a'):
            depth = 0
        elif tag.group().startswith('<a'):
            depth = 1
        elif image := _IMAGE.match(source, tag.start()):
            shown = _image(image)
            if depth and shown.startswith('<a '):
                shown = re.sub(r'^<a class="daybook-image"[^>]*>(.*)</a>$', r'<span class="daybook-image">\1</span>', shown, flags=re.DOTALL)
            parts += [source[position:image.start()], shown]
            position = image.end()
    return ''.join([*parts, source[position:]])


def _linked(source: str) -> str:
    """Return HTML in which bare addresses are links, as on the git host; those in links and code stay."""
    parts, inside = [], 0
    for token in _TOKEN.findall(source):
        if token.startswith('<'):
            if token.startswith(('<a ', '<a>', '<code', '<pre')):
                inside += 1
            elif token.startswith(('</a', '</code', '</pre')):
                inside -= 1
        elif not inside and '://' in token:
            token = _URL.sub(r'<a href="\g<0>" rel="noopener noreferrer">\g<0></a>', token)
        parts.append(token)
    return ''.join(parts)


def _code(match: re.Match[str]) -> str:
    from daybook.writers import pages_code

    language, source = match.groups()
    return (f'<pre tabindex="0"><code class="language-{language}">'
            f'{pages_code.highlight(html.unescape(source), html.unescape(language))}</code></pre>')


def _is_whole(section: str) -> bool:
    return all(section.count(f'<{tag}') == section.count(f'</{tag}>') for tag in ('blockquote', 'div', 'details', 'ul', 'ol', 'table'))


def _log(section: str) -> str:
    """Return a section that begins with a long list, with the items behind its newest ones folded."""
    depth = items = cut = 0
    for tag in _LIST_TAG.finditer(section):
        depth += -1 if tag[1] else 1
        if tag[1] and tag[2] == 'li' and depth == 1:
            items += 1
            cut = tag.end() + 1 if items == _LONG else cut
        if tag[1] and depth == 0:
            break
    else:
        return section
    if items <= _LONG or tag[2] == 'li':
        return section
    name, folded, rest = tag[2], section[cut:tag.start()], section[tag.end() + 1:]
    return (f'{section[:cut]}</{name}><details class="daybook-earlier"><summary>{items - _LONG} earlier entries</summary>'
            f'<{name}>{folded}</{name}></details>{rest}')


def _folded(source: str, found: list[Heading]) -> str:
    """Return HTML with earlier iterations folded: a section that is titled so, and what is old in a long log."""
    for heading in found:
        title = _FOLDED.fullmatch(heading.text) if heading.level == 2 else None
        if title is None:
            continue
        start = source.find('</h2>', source.find(f'<h2 id="{html.escape(heading.anchor)}"')) + len('</h2>')
        following = re.search(r'<h[12][ >]', source[start:])
        end = start + following.start() if following else len(source)
        section = source[start:end]
        if not _is_whole(section):
            continue
        if title[1]:
            folded = _log(section) if _LIST_TAG.match(section.lstrip()) else section
        else:
            folded = f'<details class="daybook-earlier"><summary>{html.escape(heading.text)}</summary>{section}</details>'
        source = source[:start] + folded + source[end:]
    return source


def _text(safe: str) -> str:
    return ' '.join(_plain(re.sub(r'<(?:/p|/li|/h[1-6]|br|/td|/th|/pre|/dt|/dd)>', ' ', safe)).split())


def text(source: str) -> str:
    """Return the `text` of what `render` makes; it is the same wherever the page lies and links lead."""
    return _text(pages_safe.safe(source, Place('', (), (), {}, '', '')))


def render(source: str, place: Place, title: str) -> Body:
    """Return what the Markdown `source` of a document becomes; a first heading equal to `title` is left to the page."""
    safe = pages_safe.safe(source, place)
    text = _text(safe)
    headings = _Headings(title)
    if '<h' in safe:
        safe = _HEADING.sub(headings, safe)
    if f'"#{HOST_PREFIX}' in safe:
        safe = _without_prefix(safe, headings.top)
    if '<img' in safe:
        safe = _images(safe)
    if '<li>' in safe:
        safe = _TASK.sub(lambda task: f'<li class="daybook-task">{task[1]}{_BOX[task[2].lower()]}', safe)
    if '://' in safe:
        safe = _linked(safe)
    if '[!' in safe:
        safe = _ALERT.sub(lambda alert: f'<blockquote class="daybook-alert daybook-{alert[1].lower()}"><p><strong>{alert[1].title()}</strong></p><p>', safe)
    if '<pre' in safe:
        safe = _CODE.sub(_code, safe).replace('<pre><code>', '<pre tabindex="0"><code>')
    if '<table' in safe:
        safe = safe.replace('<table>', '<div class="daybook-table" tabindex="0" role="region" aria-label="Table"><table>').replace('</table>', '</table></div>')
        safe = _styled(safe)
    return Body(_folded(safe, headings.found), headings.found, text, headings.top)


def _styled(source: str) -> str:
    # the page forbids `style`, so that a document cannot bring its own
    return re.sub(r' style="text-align: (left|center|right)"', r' align="\1"', source)
