"""The pages of the site, from what is remembered of its documents."""
from __future__ import annotations

import os
import posixpath
from typing import Any
from urllib.parse import quote

from daybook.documents.document import Document
from daybook.site.site_records import Known
from daybook.site.site_records import Site
from daybook.site.site_records import kind_label
from daybook.site.site_records import rows_of
from daybook.site.site_sources import Sources
from daybook.writers import inline
from daybook.writers import pages
from daybook.writers import pages_body
from daybook.writers import pages_entry
from daybook.writers import pages_links
from daybook.writers import pages_search
from daybook.writers.pages import Assets
from daybook.writers.pages import Change
from daybook.writers.pages import Link
from daybook.writers.pages import Page
from daybook.writers.pages import Templates
from daybook.writers.pages_links import Place

HOME = 'index.html'
_MAX_IMAGE = 1 << 20  # bytes; a larger one is a link
_MOST = 200  # lines of a list; the home page finds the rest
_TYPES = {'.png': 'png', '.jpg': 'jpeg', '.jpeg': 'jpeg', '.gif': 'gif', '.webp': 'webp', '.avif': 'avif', '.svg': 'svg+xml'}
_LABELS = (('workstream', 'Workstream'), ('plan', 'Plan'), ('session', 'Session'), ('blocked_by', 'Blocked by'), ('parent', 'Part of'),
           ('derived_from', 'Made from'),
           ('supersedes', 'Supersedes'), ('superseded_by', 'Superseded by'))
_COUNTS = (('commits', 'Commits'), ('lines_added', 'Lines added'), ('lines_removed', 'Lines removed'),
           ('active_min_estimate', 'Active minutes'), ('tool_calls_count', 'Tool calls'))


class _Shown:
    """The paths of the pages, for `in`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self._site.is_shown(path)


class _Withheld(_Shown):
    """The paths of the documents that have no page because of their zone, for `in`."""

    def __contains__(self, path: object) -> bool:
        known = self._site.get(path) if isinstance(path, str) else None
        return known is not None and not known.shown


def _image(sources: Sources, path: str) -> str | None:
    data = sources.image(path) if path in sources else None
    if data is None or len(data) > _MAX_IMAGE:
        return None
    import base64  # few documents hold a picture

    return f'data:image/{_TYPES[os.path.splitext(path)[1].lower()]};base64,{base64.b64encode(data).decode()}'


class Maker:
    """Makes the pages of the documents."""

    def __init__(self, site: Site, sources: Sources, templates: Templates, assets: Assets) -> None:
        self.site, self.sources, self.templates, self.assets, self.settings = site, sources, templates, assets, site.settings

    def _place(self, known: Known) -> Place:
        page = posixpath.join(self.settings.render_folder, pages_links.page_of(known.entry.path))
        images = {path: found for path in known.images if (found := _image(self.sources, path))}
        return Place(known.entry.path, _Shown(self.site), _Withheld(self.site), images, self.settings.render_files_url or '',
                     '../' * page.count('/'))

    def _link(self, source: str, path: str, row: list[Any]) -> Link:
        return Link(pages_links.between(source, path), kind_label(row[0]), row[1], row[2], row[3])

    def _named(self, known: Known, key: str) -> list[tuple[str, str]]:
        """Return the texts and addresses of what a key names; nothing of a document that has no page."""
        found = []
        for text in known.entry.references.get(key, ()):
            if pages_entry.name_of(text) in known.entry.names:
                continue  # a workstream that names itself
            path = self.site.resolve(key, text, known.entry)
            target = self.site.get(path) if path else None
            if target is None and self.site.is_told(text):
                found.append((text, ''))
            elif target is not None and target.shown:
                found.append((target.entry.title, pages_links.between(known.entry.path, target.entry.path)))
        return found

    def _facts(self, known: Known, document: Document, home: str) -> list[tuple[str, list[tuple[str, str]]]]:
        entry = known.entry
        facts = [('Operator' if entry.kind == 'session' else 'Owner', [(name, f'{home}#who={quote(name)}') for name in entry.people])]
        facts += [(label, self._named(known, key)) for key, label in _LABELS]
        facts += [('Created', [(entry.created, '')] if entry.created else []), ('Updated', [(entry.updated, '')] if entry.updated else [])]
        facts += [('Tags', [(tag, f'{home}#q={quote(tag)}') for tag in entry.tags])]
        if entry.kind == 'session':
            facts += [(label, [(f'{value:,}', '')]) for key, label in _COUNTS
                      if isinstance(value := document.meta.get(key), (int, float)) and not isinstance(value, bool)]
        return [(label, values) for label, values in facts if values]

    def _earlier(self, known: Known) -> list[Link]:
        named = [self.site.resolve('supersedes', text, known.entry) for text in known.entry.references.get('supersedes', ())]
        older = [path for path in self.site.versions(known.entry) if path < known.entry.path]
        found = {path: target for path in [*named, *reversed(older)] if path and (target := self.site.get(path)) and target.shown}
        return [self._link(known.entry.path, path, target.entry.mini) for path, target in found.items()]

    def page(self, document: Document) -> tuple[str, bytes]:
        """Return the page of a document that is shown, and its text for the search as a script has it."""
        known = self.site.get(document.path)
        assert known is not None and known.shown
        entry, path = known.entry, document.path
        home = '../' * path.count('/') + HOME
        place = self._place(known)
        body = pages_body.render(document.body, place, entry.title)
        incoming = rows_of(self.site, (self.site.records.get('in', path) or {}).items())
        notes = [item for item in incoming if item[1][0] == 'session' and entry.kind != 'session']
        others = [item for item in incoming if item not in notes] if notes else incoming
        history = [Change(*map(inline.one_line, each)) for each in self.site.records.get('history', path) or ()]
        updated = entry.updated or (history[0].date if history else entry.created)
        source = self.settings.render_files_url
        text = pages.page(self.templates, Page(
            entry.title, entry.kind, entry.status, entry.summary, updated, self._facts(known, document, home), entry.due, body,
            self._earlier(known), [self._link(path, *item) for item in notes[:_MOST]], [self._link(path, *item) for item in others[:_MOST]],
            history, inline.one_line(path), (source.rstrip('/') + '/' if source else place.up) + pages_links.address(path).removeprefix('./'),
            home, self.settings.render_title), self.assets)
        return text, _searchable(body.text)

    def text(self, document: Document) -> bytes:
        """Return the text of a document for the search without making its page."""
        return _searchable(pages_body.text(document.body))


def _searchable(text: str) -> bytes:
    return pages_search.as_script(pages_search.searchable(text))


def graph_node(known: Known) -> list[Any] | None:
    """Return what the graph keeps of a document, or None when it does not show it."""
    entry = known.entry
    if not known.shown or entry.kind not in pages_entry.IN_GRAPH:
        return None
    return [entry.kind, entry.title, entry.status, entry.updated or entry.created, sorted(known.out)]


def assets() -> dict[str, Assets]:
    """Return style sheet and scripts of the pages and of the home page."""
    from daybook.writers import pages_assets  # their making costs as much as a page, so that it is remembered

    def read(name: str) -> str:
        with open(os.path.join(os.path.dirname(pages_assets.__file__), 'templates', name), encoding='utf-8') as stream:
            return stream.read()

    return {page: pages_assets.assets(page, read) for page in pages_assets.PAGES}
