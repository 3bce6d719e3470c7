"""The home page, from what is counted of the whole site."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daybook.documents import review
from daybook.documents.config import Settings
from daybook.site.site_records import kind_label
from daybook.writers import pages
from daybook.writers import pages_graph
from daybook.writers import pages_links
from daybook.writers.pages import Assets
from daybook.writers.pages import Link
from daybook.writers.pages import Templates
from daybook.writers.pages_graph import Node

_KINDS = {'session': 'Sessions', 'workstream': 'Workstreams', 'plan': 'Plans', 'adr': 'Decisions', 'learning': 'Learnings', 'doc': 'Documents'}


def _by_state(node: Node) -> tuple[bool, str, str]:
    """Order what is at work before what is over, then by title."""
    return review.is_over(node.status), node.title.casefold(), node.path


def home(settings: Settings, templates: Templates, assets: Assets, top: Mapping[str, Any], parts: int) -> str:
    """Return the home page; `top` is what is counted, `parts` how many scripts hold the rows."""
    kinds = {**{kind: 0 for kind in _KINDS}, **top['kinds']}
    counts = [((kind_label(kind) if count == 1 else _KINDS.get(kind, kind)).lower(), count) for kind, count in kinds.items() if count]
    nodes = [Node(path, kind, title, status, pages_links.address(pages_links.page_of(path)), targets)
             for path, (kind, title, status, _, targets) in sorted(top['nodes'].items())]
    lists = [(name, kind, [Link(node.href, kind_label(kind), node.title, node.status, top['nodes'][node.path][3])
                           for node in sorted(nodes, key=_by_state) if node.kind == kind])
             for kind, name in sorted(pages_graph.COLUMNS, key=lambda column: column[0] != 'workstream')]
    return pages.home(
        templates, assets, site=settings.render_title, parts=parts, total=sum(top['kinds'].values()), counts=counts,
        calendar=pages_graph.calendar(dict(sorted(top['days'].items()))), graph=pages_graph.graph(nodes),
        lists=[each for each in lists if each[2]], due_days=settings.freshness_due_days)
