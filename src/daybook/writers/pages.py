"""The page of one document."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from daybook.writers.pages_body import Body
from daybook.writers.pages_body import Heading
from daybook.writers.pages_html import Assets
from daybook.writers.pages_html import Html
from daybook.writers.pages_html import Link
from daybook.writers.pages_html import badge
from daybook.writers.pages_html import frame
from daybook.writers.pages_html import joined
from daybook.writers.pages_html import piece
from daybook.writers.pages_html import rows
from daybook.writers.pages_html import time

_HEAD = '''<title>{title} · {site}</title>
<meta name="title" content="{title}">
<meta name="description" content="{summary}">
<meta name="summary" content="{summary}">
<meta name="kind" content="{kind}">
<meta name="status" content="{status}">
<meta name="updated" content="{updated}">
'''
_MAIN = '''<div class="columns">
<header>
<p class="eyebrow">{kind}{badge}</p>
<h1{anchor}>{places}{title}</h1>
{summary}{facts}</header>
{contents}<article class="text">
{body}
</article>
<div class="around">
{around}</div>
</div>
'''
_DUE = '''<div><dt>Review by</dt><dd><time id="daybook.due" datetime="{due}">{due}</time></dd></div>
'''
_CONTENTS = '''<nav class="contents" aria-label="Contents"><details id="daybook.contents"><summary>Contents</summary>
<ol>
{lines}</ol></details></nav>
'''
_SECTION = '''<section aria-labelledby="daybook.{name}"><h2 id="daybook.{name}">{title}</h2>
{content}</section>
'''
_EARLIER = '''<details><summary>{count} earlier</summary>
{rows}
</details>'''
_MORE = '''<details><summary>{count} more</summary>
{rows}
</details>
'''
_HISTORY = '''<details><summary>{count} change{s}, the last on {day}</summary>
<ul class="rows">
{lines}</ul></details>'''
_CHANGE = '''<li>{subject}<p class="meta">{day} · {author} · <code>{oid}</code></p></li>
'''


class Change(NamedTuple):
    """One commit that changed a document; the subject is empty where it may tell of another document."""

    date: str
    author: str
    subject: str
    oid: str


class Page(NamedTuple):
    """All that a page shows."""

    title: str
    kind: str
    status: str
    summary: str
    updated: str
    facts: Sequence[tuple[str, Sequence[tuple[str, str]]]]  # label, and texts with an address or nothing
    due: str
    body: Body
    earlier: Sequence[Link]
    sessions: Sequence[Link]
    links: Sequence[Link]
    history: Sequence[Change]
    source: str
    source_href: str
    home: str
    site: str


def _fact(label: str, values: Sequence[tuple[str, str]]) -> Html:
    shown = joined((piece('<a href="{href}">{text}</a>', href=href, text=text) if href else piece('{text}', text=text) for text, href in values), ', ')
    return piece('<div><dt>{label}</dt><dd>{shown}</dd></div>\n', label=label, shown=shown)


def _facts(page: Page) -> Html:
    lines = joined(_fact(label, values) for label, values in page.facts)
    due = piece(_DUE, due=page.due) if page.due else Html()
    return piece('<dl class="facts">\n{lines}{due}</dl>\n', lines=lines, due=due) if lines or due else Html()


def _contents(headings: Sequence[Heading]) -> Html:
    """Return the table of contents, nothing for a text that fits on a screen."""
    shown = [heading for heading in headings if heading.level in (2, 3)]
    if len(shown) <= 2:
        return Html()
    return piece(_CONTENTS, lines=joined(piece('<li class="l{level}"><a href="#{anchor}">{text}</a></li>\n', **heading._asdict()) for heading in shown))


def _folded(links: Sequence[Link], most: int) -> Html:
    more = piece(_MORE, count=len(links) - most, rows=rows(links[most:])) if len(links) > most else Html()
    return piece('{rows}\n{more}\n', rows=rows(links[:most]), more=more)


def _history(changes: Sequence[Change]) -> Html:
    lines = joined(piece(_CHANGE, subject=change.subject or '(a change of several documents)', day=time(change.date), author=change.author, oid=change.oid)
                   for change in changes)
    return piece(_HISTORY, count=len(changes), s='s' * (len(changes) > 1), day=time(changes[0].date), lines=lines)


def _around(page: Page) -> Html:
    """Return what leads from a document to others."""
    found = []
    if page.earlier:
        found.append(('earlier', 'Earlier iterations', piece(_EARLIER, count=len(page.earlier), rows=rows(page.earlier))))
    if page.sessions:
        found.append(('sessions', 'Sessions that contributed', _folded(page.sessions, 8)))
    if page.links:
        found.append(('links', 'What links here', _folded(page.links, 12)))
    if page.history:
        found.append(('history', 'History', _history(page.history)))
    return joined(piece(_SECTION, name=name, title=title, content=content) for name, title, content in found)


def page(content: Page, assets: Assets) -> str:
    """Return the page of one document."""
    body = content.body
    main = piece(
        _MAIN, kind='Decision' if content.kind == 'adr' else content.kind.capitalize(), badge=badge(content.status),
        anchor=piece(' id="{id}"', id=body.top[0]) if body.top else Html(),
        places=joined(piece('<span id="{id}"></span>', id=each) for each in body.top[1:]), title=content.title,
        summary=piece('<p class="lede">{summary}</p>\n', summary=content.summary) if content.summary else Html(),
        facts=_facts(content), contents=_contents(body.headings), body=Html(body.html), around=_around(content))
    return frame(
        assets, main=main,
        head=piece(_HEAD, title=content.title, site=content.site, summary=content.summary, kind=content.kind, status=content.status, updated=content.updated),
        bar=piece('<a href="{home}">{site}</a>', home=content.home, site=content.site),
        footer=piece('Made from <a href="{href}">{source}</a>', href=content.source_href, source=content.source))
