"""One build of the site: the pages, search and home page that a change makes stale."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook import progress
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.repo.git import Repo
from daybook.site import site_listing
from daybook.site import site_pages
from daybook.site import site_state
from daybook.site.site_counts import Counts
from daybook.site.site_listing import Listing
from daybook.site.site_output import Outcome
from daybook.site.site_output import Output
from daybook.site.site_records import FAMILIES
from daybook.site.site_records import Rebuild
from daybook.site.site_records import Site
from daybook.site.site_sources import Sources
from daybook.site.site_state import Records
from daybook.writers import pages_links
from daybook.writers import pages_search
from daybook.writers.pages import Assets
from daybook.writers.pages import Templates

_SHARE = 64  # pages; small enough that processes end together
_FEW = 7  # shares; below that a process costs more than it saves
_MOST = 8  # processes


class Ground(NamedTuple):
    """What a build stands on: the folder of its state, what git lists, the parts of the records, HEAD, the key of the state."""

    folder: str
    listing: Listing
    parts: int
    head: str | None
    key: str
    tree: str | None = None  # read instead of the work tree
    makes_pages: bool = True  # or only brings up what is known


class _Done(NamedTuple):
    """The texts of the pages that were made, by path of the document, and what became of their files."""

    texts: dict[str, bytes]
    written: list[str]
    by_hand: list[str]
    contents: dict[str, bytes]
    seen: dict[str, str]


class Build:
    """What becomes of a change; `top` is what is counted of the whole site, brought up to date."""

    def __init__(self, site: Site, top: dict[str, Any], sources: Sources, templates: Templates, output: Output) -> None:
        self.site, self.top, self.sources, self.templates, self.output = site, top, sources, templates, output
        self.made: list[str] = []
        self._maker = site_pages.Maker(site, sources, templates, Assets(*top['assets']['page']))
        self._documents: dict[str, Document] = {}
        self._counts = Counts(site, top)

    def take(self, found: Mapping[str, Document | None], paths: Collection[str]) -> None:
        """Take in the documents that changed, and the images among `paths`. Raises Rebuild."""
        self._counts.take(found)
        for path in paths:
            self.site.stale.update(self.top['images'].get(path, ()))
        self._documents = {path: each for path, each in found.items() if each}

    def write(self, *, is_new: bool, is_edited: bool) -> None:
        """Write the stale pages, the changed parts of the search and the home page; remove what is gone."""
        stale = sorted(path for path in self.site.stale if self.site.is_shown(path))
        missing = [path for path in stale if path not in self._documents]
        documents = {**self._documents, **self.sources.documents(missing)} if missing else self._documents
        wanted = [path for path in stale if documents.get(path)]
        shares = [[documents[path] for path in wanted[start:start + _SHARE]] for start in range(0, len(wanted), _SHARE)]
        for done in progress.shown(self._done(shares), len(shares), 'rendering'):
            self._merge(done)
        self._remove(is_new)
        self._parts(is_all=is_new or is_edited)
        if is_new or is_edited or self._counts.are_others():
            from daybook.site import site_home  # most changes leave it as it is

            assets = Assets(*self.top['assets']['home'])
            self.output.write(site_pages.HOME, site_home.home(self.site.settings, self.templates, assets, self.top, self.site.records.parts).encode())

    def _done(self, shares: Sequence[Sequence[Document | None]]) -> Iterator[_Done]:
        if len(shares) < _FEW:
            return map(self._pages, shares)
        from daybook import processes  # most changes make few pages

        return processes.each(self._pages, shares, _MOST, chunk=1, shares_memory=True)

    def _pages(self, documents: Iterable[Document | None]) -> _Done:
        """Write the pages of some documents; what is to be remembered of it may be in another process, so it is returned."""
        output, texts, known = self.output.another(), {}, set(self.sources.seen.items())
        for each in documents:
            if each is not None:
                html, texts[each.path] = self._maker.page(each)
                output.write(pages_links.page_of(each.path), html.encode('utf-8', 'replace'))
        return _Done(texts, output.written, output.by_hand, output.contents, dict(self.sources.seen.items() - known))

    def _merge(self, done: _Done) -> None:
        self.output.written += done.written
        self.output.by_hand += done.by_hand
        self.output.contents.update(done.contents)
        self.sources.merge(done.seen)
        for path, text in done.texts.items():
            self.made.append(pages_links.page_of(path))
            if path in self._documents:  # else a title or a link changed, and the text is as it was
                self.site.records.put('text', path, text)

    def _remove(self, is_new: bool) -> None:
        for path in sorted(self.site.gone):
            self.output.remove(pages_links.page_of(path))
            self.site.records.put('text', path, None)
            self.site.records.put('history', path, None)
        if is_new:
            wanted = {*self.made, site_pages.HOME, *(f'data/{family}-{number}.js' for family in ('rows', 'text')
                                                     for number in range(self.site.records.parts))}
            self.output.remove_others(wanted.__contains__)

    def note(self) -> None:
        """Make nothing; the texts of the search are made when somebody asks for them."""
        for path in (*self._documents, *self.site.gone):
            self.site.records.put('text', path, None)

    def _parts(self, *, is_all: bool) -> None:
        records = self.site.records
        everything = range(records.parts)
        for number in everything if is_all else records.changed('rows'):
            self._script('rows', number, [row for _, row in records.encoded('rows', number)])
        changed = sorted({*records.changed('text'), *records.changed('rows')})
        for number in everything if is_all else changed:
            shown, texts = [path for path, _ in records.encoded('rows', number)], dict(records.encoded('text', number))
            missing = [path for path in shown if path not in texts]
            for path, each in self.sources.documents(missing).items() if missing else ():
                texts[path] = self._maker.text(each) if each else b'""'
                records.put('text', path, texts[path])
            self._script('text', number, [texts[path] for path in shown])

    def _script(self, family: str, number: int, content: Sequence[bytes]) -> None:
        path = f'data/{family}-{number}.js'
        self.output.write(path, pages_search.shard(number, family, content))
        self.made.append(path)

    def outcome(self, folder: str, stamps: dict[str, int]) -> Outcome:
        """Return what was done, with paths from the root of the repository."""
        def rooted(paths: Iterable[str]) -> list[str]:
            return sorted(f'{folder}/{path}' for path in paths)

        by_hand = set(rooted(self.output.by_hand)) | set(self.top['by_hand'])
        self.top['by_hand'] = sorted(by_hand - set(rooted(self.output.written)))
        return Outcome(rooted(self.output.written), rooted(self.output.removed), self.top['by_hand'], self.top['unreadable'],
                       sum(self.top['kinds'].values()), stamps)


def _edited(site: Site, settings: Settings, changed: Collection[str], output: Output) -> bool:
    """Mark tracked pages that somebody else wrote as stale; return whether home page and search are among them."""
    is_home = False
    for path in changed:
        page = path.removeprefix(f'{settings.render_folder}/')
        if page == path or not page.endswith(('.html', '.js')):
            continue
        stem = page.removesuffix('.html')
        source = next((each for each in (f'{stem}.md', stem) if site.is_shown(each)), None)
        if source:
            site.stale.add(source)
        elif page == site_pages.HOME or page.startswith('data/'):
            is_home = True
        elif output.is_ours(page):
            raise Rebuild
    return is_home


def _save(ground: Ground, records: Records, built: Build, stamps: dict[str, int]) -> None:
    site_state.drop_top(ground.folder)  # killed from here on, the next run makes all anew
    sums = records.save(FAMILIES)
    listed = site_listing.save(ground.folder, ground.listing, built.top, built.sources.torn())
    site_state.save_top(ground.folder, {**built.top, **listed, 'filtered': built.sources.filtered(), 'sums': sums, 'key': ground.key, 'head': ground.head, 'stamps': stamps})


def _write(built: Build, settings: Settings, output: Output, changed: Collection[str] | None) -> None:
    is_edited = settings.render_tracked and changed is not None and _edited(built.site, settings, changed, output)
    built.write(is_new=changed is None, is_edited=is_edited)
    output.tell_git(is_tracked=settings.render_tracked)


def _stamps(built: Build, output: Output, known: Collection[str]) -> dict[str, int]:
    """Return when the folders of the site changed last; `known` are those in which nothing was done."""
    folders = {'', *known, *output.others}
    for folder in {os.path.dirname(path) for path in (*output.written, *output.removed, *built.made)}:
        while folder not in folders:  # a run that is killed may leave something where no page is
            folders.add(folder)
            folder = os.path.dirname(folder)
    return {folder: at for folder, at in output.stamps(folders).items() if at}


def _attempt(repo: Repo, settings: Settings, ground: Ground, top: dict[str, Any], output: Output,
             changed: Collection[str] | None) -> Outcome:
    records = Records(ground.folder, ground.parts, None if changed is None else top['sums'])
    site = Site(records, settings)
    sources = Sources(repo, settings, ground.listing, top['filtered'], ground.tree)
    compiled = site_state.load_compiled(ground.folder)
    built = Build(site, top, sources, Templates(compiled), output)
    wanted = ground.listing.paths() if changed is None else changed
    built.take(sources.documents(wanted), wanted)
    if not settings.render_tracked and (site.is_other or ground.head != top['head']):
        from daybook.site import site_history  # most runs follow no commit

        site_history.tell(repo, settings, site, ground.head, top['head'])
    if ground.makes_pages:
        _write(built, settings, output, changed)
    else:
        built.note()
    stamps = _stamps(built, output, () if changed is None else top['stamps'])
    outcome = built.outcome(settings.render_folder, {} if sources.torn() else stamps)
    with contextlib.suppress(OSError):  # the site is made; the next run begins anew
        _save(ground, records, built, stamps)
        site_state.save_compiled(ground.folder, compiled)
    return outcome


def build(repo: Repo, settings: Settings, ground: Ground, top: dict[str, Any], output: Output,
          changed: Collection[str] | None) -> Outcome:
    """Make what the paths `changed` make stale, everything when they are None; `top` is what the last run counted."""
    if changed is not None:
        try:
            return _attempt(repo, settings, ground, top, output, changed)
        except (Rebuild, OSError, ValueError, LookupError, TypeError):
            pass  # a document was shown or hidden, or the state is damaged: it is a cache, never the truth
    empty: dict[str, Any] = {'kinds': {}, 'days': {}, 'nodes': {}, 'images': {}, 'by_hand': [], 'unreadable': [], 'head': None,
                             'filtered': {}, 'assets': site_pages.assets()}
    return _attempt(repo, settings, ground, empty, output, None)
