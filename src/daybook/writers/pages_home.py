"""The home page: what finds the documents, and what belongs together."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.writers.pages_html import Assets
from daybook.writers.pages_html import Html
from daybook.writers.pages_html import Link
from daybook.writers.pages_html import frame
from daybook.writers.pages_html import joined
from daybook.writers.pages_html import piece
from daybook.writers.pages_html import rows

_FEW = 8  # lines of a list that are open
_CALENDAR = '''<section aria-labelledby="daybook.activity"><h2 class="daybook-sr" id="daybook.activity">Activity</h2>
<div class="wide" id="daybook.calendar" tabindex="0" role="region" aria-label="Documents by day, the last year">{calendar}</div></section>
'''
_GRAPH = '''<section aria-labelledby="daybook.map"><h2 id="daybook.map">What belongs together</h2>
<div class="wide" tabindex="0" role="region" aria-label="Graph of plans, workstreams and decisions">{graph}</div></section>
'''
_LIST = '''<section aria-labelledby="daybook.list-{kind}"><h2 id="daybook.list-{kind}">{title}</h2>
{rows}
{more}</section>
'''
_MORE = '''<details><summary>{count} more</summary>{rows}</details>
'''
_MAIN = '''<h1>{site}</h1>
<p class="intro meta">{counts}</p>
<div class="split">
<div>
{calendar}<section aria-labelledby="daybook.documents"><h2 id="daybook.documents">Documents</h2>
<form class="find" id="daybook.find" role="search" hidden>
<label class="query">Search in all texts<input id="daybook.query" type="search" autocomplete="off" spellcheck="false"></label>
<label>Kind<select id="daybook.kind"><option value="">all</option></select></label>
<label>Operator<select id="daybook.who"><option value="">all</option></select></label>
<label>Workstream<select id="daybook.workstream"><option value="">all</option></select></label>
<label>Status<select id="daybook.status"><option value="">all</option></select></label>
<button id="daybook.clear" type="button" hidden>Clear</button>
</form>
<p class="meta" id="daybook.count" role="status"></p>
<ul class="rows" id="daybook.list" data-parts="{parts}"></ul>
<button class="more" id="daybook.more" type="button" hidden>Show more</button>
<noscript><p>The list and the search need a script.</p></noscript>
</section>
</div>
<div class="aside">
<section aria-labelledby="daybook.due" id="daybook.reviews" data-days="{due_days}" hidden><h2 id="daybook.due">Reviews due</h2>
<ul class="links" id="daybook.due-list"></ul></section>
{lists}</div>
</div>
{graph}'''


def _list(title: str, kind: str, links: Sequence[Link]) -> Html:
    more = piece(_MORE, count=len(links) - _FEW, rows=rows(links[_FEW:])) if len(links) > _FEW else Html()
    return piece(_LIST, kind=kind, title=title, rows=rows(links[:_FEW]), more=more)


def home(assets: Assets, *, site: str, parts: int, total: int, counts: Sequence[tuple[str, int]], calendar: str, graph: str,
         lists: Sequence[tuple[str, str, Sequence[Link]]], due_days: int = 30) -> str:
    """Return the home page: `parts` scripts hold the rows of `total` documents, `counts` is by kind.

    The reader's own day decides which reviews are due within `due_days`, so that the page depends on the tree alone.
    `calendar` and `graph` are SVG of ours; `lists` are title, kind and lines, shown without a script too.
    """
    main = piece(
        _MAIN, site=site, counts=' · '.join(f'{count} {label}' for label, count in counts), parts=parts, due_days=due_days,
        calendar=piece(_CALENDAR, calendar=Html(calendar)) if calendar else Html(),
        graph=piece(_GRAPH, graph=Html(graph)) if graph else Html(), lists=joined(_list(*each) for each in lists))
    return frame(
        assets, main=main, head=piece('<title>{site}</title>\n<meta name="description" content="{total} documents">\n', site=site, total=total),
        scripts=joined(piece('<script defer src="data/rows-{number}.js"></script>\n', number=number) for number in range(parts)),
        bar=piece('<a href="index.html" aria-current="page">{site}</a>', site=site),
        footer=Html('Made from the repository by daybook render-docs'))
