"""What is counted of the whole site, so that a change costs no look at the other documents."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daybook.documents.document import Document
from daybook.site import site_pages
from daybook.site.site_records import Known
from daybook.site.site_records import Site


class Counts:
    """The documents by kind and day, the graph, who shows an image and what cannot be read, in `top` as it is kept between runs."""

    def __init__(self, site: Site, top: dict[str, Any]) -> None:
        self.site, self.top = site, top
        self._before = self._seen_from_home()

    def _seen_from_home(self) -> str:
        return repr([self.top[name] for name in ('kinds', 'days', 'nodes')])

    def are_others(self) -> bool:
        """Return whether the home page has something else to show than at first, apart from its rows."""
        return self._seen_from_home() != self._before

    def take(self, found: Mapping[str, Document | None]) -> None:
        """Bring the site to the documents that changed, and count them anew. Raises Rebuild."""
        former = {path: self.site.get(path) for path in found}
        for path in found:
            self._count(former[path], -1)
        self.site.update(found)
        for path in found:
            self._count(self.site.get(path), 1)
            self._keep_images(path, former[path], self.site.get(path))
        self._recount_nodes()
        broken = {path for path, each in found.items() if each and each.parsed.error}
        self.top['unreadable'] = sorted(set(self.top['unreadable']) - set(found) | broken)

    def _count(self, known: Known | None, by: int) -> None:
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
