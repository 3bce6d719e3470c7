"""One build of the site: stale pages, the parts of the home page that changed, and what is counted of it all."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from daybook.documents.document import Document
from daybook.repo.git import Repo
from daybook.session import site_pages
from daybook.session.site_output import Output
from daybook.session.site_records import Known
from daybook.session.site_records import Site
from daybook.writers import pages_links
from daybook.writers import pages_search

_Read = Callable[[Iterable[str]], Mapping[str, Document | None]]


class Build:
    """What becomes of a change; `top` is what is counted of the whole site, brought up to date."""

    def __init__(self, repo: Repo, site: Site, top: dict[str, Any], tracked: Collection[str], output: Output) -> None:
        self.site, self.top, self.output = site, top, output
        self.made: list[str] = []
        self._maker = site_pages.Maker(repo, site, tracked)
        self._documents: dict[str, Document] = {}
        self._before = self._seen_from_home()

    def _seen_from_home(self) -> str:
        return repr([self.top[name] for name in ('kinds', 'days', 'nodes')])

    def take(self, found: Mapping[str, Document | None], paths: Collection[str]) -> None:
        """Take in the documents that changed, and the images among `paths`. Raises Rebuild."""
        for path in found:
            self._count(path, self.site.get(path), -1)
        former = {path: known for path in found if (known := self.site.get(path))}
        self.site.update(found)
        for path in found:
            self._count(path, self.site.get(path), 1)
            self._keep_images(path, former.get(path), self.site.get(path))
        for path in paths:
            self.site.stale.update(self.top['images'].get(path, ()))
        self._recount_nodes()
        broken = {path for path, each in found.items() if each and each.parsed.error}
        self.top['unreadable'] = sorted(set(self.top['unreadable']) - set(found) | broken)
        self._documents = {path: each for path, each in found.items() if each}

    def _count(self, path: str, known: Known | None, by: int) -> None:
        if known is None or not known.shown:
            return
        for name, key in (('kinds', known.entry.kind), ('days', known.entry.created)):
            if key:
                self.top[name][key] = self.top[name].get(key, 0) + by
                if not self.top[name][key]:
                    del self.top[name][key]

    def _recount_nodes(self) -> None:
        for path in self.site.stale | self.site.gone:
            known = self.site.get(path)
            node = site_pages.graph_node(known) if known else None
            if node:
                self.top['nodes'][path] = node
            else:
                self.top['nodes'].pop(path, None)

    def _keep_images(self, path: str, old: Known | None, new: Known | None) -> None:
        images = self.top['images']
        for image in set(old.images if old else ()) | set(new.images if new else ()):
            users = set(images.get(image, ())) - {path} | ({path} if new and image in new.images else set())
            images[image] = sorted(users)
            if not users:
                del images[image]

    def write(self, read: _Read, *, is_new: bool) -> None:
        """Write the stale pages, the changed parts of the search and the home page; remove what is gone."""
        stale = sorted(path for path in self.site.stale if self.site.is_shown(path))
        missing = [path for path in stale if path not in self._documents]
        documents = {**self._documents, **read(missing)} if missing else self._documents
        for path in stale:
            each = documents.get(path)
            if each is not None:
                self._page(each)
        self._remove(is_new)
        self._parts(is_new)
        home = site_pages.HOME
        if is_new or self._seen_from_home() != self._before:
            self.output.write(home, self._maker.home(self._sorted(), self.site.records.parts).encode())

    def _sorted(self) -> dict[str, Any]:
        return {**self.top, 'days': dict(sorted(self.top['days'].items()))}

    def _page(self, each: Document) -> None:
        html, text = self._maker.page(each)
        page = pages_links.page_of(each.path)
        self.output.write(page, html.encode('utf-8', 'replace'))
        self.made.append(page)
        if self.site.records.get('text', each.path) != text:
            self.site.records.put('text', each.path, text)

    def _remove(self, is_new: bool) -> None:
        for path in sorted(self.site.gone):
            self.output.remove(pages_links.page_of(path))
            self.site.records.put('text', path, None)
            self.site.records.put('history', path, None)
        if is_new:
            wanted = {*self.made, site_pages.HOME, *(f'data/{family}-{number}.js' for family in ('rows', 'text')
                                                     for number in range(self.site.records.parts))}
            self.output.remove_others(wanted.__contains__)

    def _parts(self, is_new: bool) -> None:
        records = self.site.records
        everything = range(records.parts)
        for number in everything if is_new else records.changed('doc'):
            shown = {path: self._maker.row(known) for path in records.part('doc', number) if (known := self.site.get(path)) and known.shown}
            self._script('rows', number, shown)
        changed = sorted({*records.changed('text'), *records.changed('doc')})
        for number in everything if is_new else changed:
            texts = records.part('text', number)
            self._script('text', number, {path: texts.get(path, '') for path in records.part('doc', number) if self.site.is_shown(path)})

    def _script(self, family: str, number: int, content: Mapping[str, Any]) -> None:
        path = f'data/{family}-{number}.js'
        self.output.write(path, pages_search.shard(number, family, content).encode('utf-8', 'replace'))
        self.made.append(path)

    def outcome(self, folder: str) -> Any:
        """Return what was done, with paths from the root of the repository."""
        from daybook.session.site import Outcome

        def rooted(paths: Iterable[str]) -> list[str]:
            return sorted(f'{folder}/{path}' for path in paths)

        self.top['by_hand'] = sorted({*self.top['by_hand'], *rooted(self.output.by_hand)} - set(rooted(self.output.written)))
        return Outcome(rooted(self.output.written), rooted(self.output.removed), self.top['by_hand'], self.top['unreadable'],
                       sum(self.top['kinds'].values()))
