"""What the site remembers of each document, who names and links whom, and which pages a change makes stale."""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from urllib.parse import unquote

from daybook.documents import config
from daybook.documents import markdown
from daybook.documents import zones
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.documents.review import Policy
from daybook.site import site_memory
from daybook.site.site_state import Records
from daybook.writers import pages_entry
from daybook.writers import pages_links
from daybook.writers import pages_search
from daybook.writers.pages_entry import Entry

FAMILIES = ('doc', 'in', 'name', 'want', 'rows', 'text', 'history')
_SERIES = 'series'


class Rebuild(Exception):
    """The change shows or hides a document, so that anything may tell of it: all is to be made anew."""


class Known(NamedTuple):
    """One document as it is remembered.

    `out` are the documents that it names or links, and by which keys; `streams` the workstreams that may be told.
    """

    entry: Entry
    shown: bool
    links: list[str]
    images: list[str]
    out: dict[str, list[str]]
    streams: list[str]


def _as_json(known: Known) -> list[Any]:
    return [list(known.entry), known.shown, known.links, known.images, known.out, known.streams]


def kind_label(kind: str) -> str:
    """Return a kind as the site names it."""
    return 'Decision' if kind == 'adr' else kind.replace('-', ' ').capitalize()


def _row(known: Known) -> bytes:
    """Return the row of a document for the home page (`templates/home.js` reads it by position)."""
    entry = known.entry
    return pages_search.as_script([
        pages_links.address(pages_links.page_of(entry.path)), kind_label(entry.kind), entry.title, entry.status, entry.people,
        known.streams, entry.tags, entry.created or entry.updated, entry.due, entry.summary])


class Site:
    """The documents of the site, over the records of the last run."""

    def __init__(self, records: Records, settings: Settings) -> None:
        self.records, self.settings = records, settings
        self.stale: set[str] = set()
        self.gone: set[str] = set()
        self.is_other = False
        self._known: dict[str, Known | None] = {}
        self._limit = zones.step(settings.render_zone)
        self._policy = Policy(settings.freshness_rules)

    def get(self, path: str) -> Known | None:
        """Return what is remembered of the document at `path`."""
        if path not in self._known:
            found = self.records.get('doc', path)
            self._known[path] = Known(Entry(*found[0]), *found[1:]) if found else None
        return self._known[path]

    def is_shown(self, path: str) -> bool:
        """Return whether there is a page for `path`."""
        known = self.get(path)
        return known is not None and known.shown

    def resolve(self, key: str, text: str, entry: Entry) -> str | None:
        """Return the path of the document that a key names, or None; a document supersedes its like first."""
        kinds = pages_entry.REFERENCES[key]
        found: Mapping[str, str] = self.records.get('name', pages_entry.name_of(text)) or {}
        fitting = [path for path, kind in found.items() if (not kinds or kind in kinds) and path != entry.path]
        return min(fitting, key=lambda path: (found[path] != entry.kind and key.startswith('supersede'), path), default=None)

    def is_told(self, text: str) -> bool:
        """Return whether a name may be told: no document that has no page goes by it."""
        return all(self.is_shown(path) for path in self.records.get('name', pages_entry.name_of(text)) or ())

    def versions(self, entry: Entry) -> list[str]:
        """Return the other versions (`…_v01`) of a document."""
        name = pages_entry.series_of(entry.path)
        return [path for path in sorted(self.records.get('name', name) or ()) if path != entry.path] if name in entry.names else []

    def update(self, found: Mapping[str, Document | None]) -> None:
        """Take in documents that have changed, or have gone. Raises Rebuild.

        Afterwards `stale` are the paths of the pages to make, `gone` those to remove, and `is_other`
        tells whether documents have come or gone.
        """
        before = {path: self.get(path) for path in found}
        entries = {path: self._entry(document) if document else None for path, document in found.items()}
        again = self._rename(before, entries)
        for path, document in found.items():
            entry = entries[path]
            links, images = _targets(document, self.settings) if document else ([], [])
            self._known[path] = Known(entry, False, links, images, {}, []) if entry else None
        for path in sorted(again - found.keys()):
            before[path] = self.get(path)
        ladder = zones.Inherited(self._own_step, self._above)
        for path, old in before.items():
            self._take(path, old, ladder)

    def _entry(self, document: Document) -> Entry:
        return pages_entry.make(document, self.settings.zones_default, self.settings.zones_folders, self._policy)

    def _rename(self, before: Mapping[str, Known | None], entries: Mapping[str, Entry | None]) -> set[str]:
        """Bring the names up to date; return the documents that name one that is new or gone."""
        touched: set[str] = set()
        for path, entry in entries.items():
            old = before[path]
            old_names = {(name, old.entry.kind) for name in old.entry.names} if old else set()
            new_names = {(name, entry.kind) for name in entry.names} if entry else set()
            for name, _ in old_names - new_names:
                owners = self.records.get('name', name) or {}
                owners.pop(path, None)
                self.records.put('name', name, owners)
            for name, kind in new_names - old_names:
                self.records.put('name', name, {**(self.records.get('name', name) or {}), path: kind})
            touched |= {name for name, _ in old_names ^ new_names}
            self._want(path, old.entry if old else None, entry)
        return {source for name in touched for source in self.records.get('want', name) or ()}

    def _want(self, path: str, old: Entry | None, new: Entry | None) -> None:
        former, present = (_wanted(entry) if entry else set() for entry in (old, new))
        for name in former ^ present:
            wanting = self.records.get('want', name) or {}
            if name in present:
                wanting[path] = 1
            else:
                wanting.pop(path, None)
            self.records.put('want', name, wanting)

    def _own_step(self, path: str) -> int:
        known = self.get(path)
        return known.entry.zone if known else zones.TOP + 1  # what is not there is shown to nobody

    def _above(self, path: str) -> Iterator[str]:
        """Yield all documents that may be meant as the parents of one."""
        known = self.get(path)
        if known is None:
            return
        for key in zones.ABOVE:
            for text in known.entry.references.get(key, ()):
                yield from self.records.get('name', pages_entry.name_of(text)) or ()

    def _take(self, path: str, old: Known | None, ladder: zones.Inherited) -> None:
        bare = self._known[path]
        new = bare._replace(shown=ladder.of(path) <= self._limit, out=self._out(bare), streams=self._streams(bare, ladder)) if bare else None
        if old and new and old.shown != new.shown:
            raise Rebuild
        self._known[path] = new
        self.records.put('doc', path, _as_json(new) if new else None)
        self.records.put('rows', path, _row(new) if new and new.shown else None)
        if new is None:
            self.gone.add(path)
        self.is_other |= (old is None) != (new is None)
        self.stale.add(path)
        self._tell_targets(path, old, new)
        if (old and old.entry.mini) != (new and new.entry.mini) or (old is None) != (new is None):
            self._tell_sources(path, everyone=old is None or new is None)

    def _streams(self, known: Known, ladder: zones.Inherited) -> list[str]:
        return [text for text in known.entry.references.get('workstream', ())
                if all(ladder.of(path) <= self._limit for path in self.records.get('name', pages_entry.name_of(text)) or ())]

    def _out(self, known: Known) -> dict[str, list[str]]:
        out: dict[str, list[str]] = {}
        for target in known.links:
            out.setdefault(target, []).append('link')
        for key, named in known.entry.references.items():
            for text in named:
                if found := self.resolve(key, text, known.entry):
                    out.setdefault(found, []).append(key)
        for target in self.versions(known.entry):
            out.setdefault(target, []).append(_SERIES)
        return out

    def _tell_targets(self, path: str, old: Known | None, new: Known | None) -> None:
        former, present = (_rows_for_targets(known) if known else {} for known in (old, new))
        for target in former.keys() | present.keys():
            if former.get(target) != present.get(target):
                incoming = self.records.get('in', target) or {}
                if target in present:
                    incoming[path] = present[target]
                else:
                    incoming.pop(path, None)
                self.records.put('in', target, incoming)
                self.stale.add(target)

    def _tell_sources(self, path: str, *, everyone: bool) -> None:
        """Mark the pages that show this document, or (`everyone`) whose links lead to it, as stale."""
        for source, row in (self.records.get('in', path) or {}).items():
            if everyone or row[-1] != ['link']:
                self.stale.add(source)


def _wanted(entry: Entry) -> set[str]:
    names = {pages_entry.name_of(text) for named in entry.references.values() for text in named}
    series = pages_entry.series_of(entry.path)
    return names | ({series} if series in entry.names else set())


def _rows_for_targets(known: Known) -> dict[str, list[Any]]:
    return {target: [*known.entry.mini, known.shown, keys] for target, keys in known.out.items()}


def _targets(document: Document, settings: Settings) -> tuple[list[str], list[str]]:
    """Return the documents and the images that the text of a document links to, whether they exist or not."""
    links: set[str] = set()
    images: set[str] = set()
    found = markdown.survey(document.body)
    for target in (*found.targets, *map(unquote, found.wikilinks)):
        # what was decoded once may hold the `#` of a name
        for path in filter(None, {pages_links.target_of(document.path, target), pages_links.target_of(document.path, target.replace('#', '%23'))}):
            if path.lower().endswith(site_memory.IMAGES):
                images.add(path)
            elif path != document.path and config.kind_of(settings, path):
                links.add(path)
    return sorted(links), sorted(images)


def rows_of(site: Site, sources: Iterable[tuple[str, list[Any]]]) -> list[tuple[str, list[Any]]]:
    """Return the sources of links that may be shown, newest first."""
    shown = sorted(((path, row) for path, row in sources if row[4]), key=lambda item: item[0], reverse=True)
    return sorted(shown, key=lambda item: _newest(item[1][3]))


def _newest(date: str) -> str:
    return ''.join(chr(ord('9') - int(digit) + ord('0')) for digit in date if digit.isdigit()) or '~'
