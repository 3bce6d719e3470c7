"""The files that the site is made from, as a run reads them: one that is not as git listed it has changed meanwhile."""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping

from daybook.documents import config
from daybook.documents import document
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git_objects
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.site.site_listing import Listing

_TORN = 'torn'  # as no digest is


def _is_of(data: bytes | None, oid: str) -> bool:
    """Return whether git keeps these bytes by this id, which is nothing for what is no regular file."""
    if data is None or not oid:
        return data is None and not oid
    return listing.blob_id(data, oid) == oid or listing.blob_id(data.replace(b'\r\n', b'\n'), oid) == oid  # `text`, the one common filter


class Sources:
    """The documents and images of `listed`, from the work tree or from a `tree`, and which of them were not as listed.

    A filter (gitattributes(5)) gives a work tree other bytes than git keeps: what is read twice for the same id counts.
    `former` is what `filtered` said after the last run.
    """

    def __init__(self, repo: Repo, settings: Settings, listed: Listing, former: Mapping[str, str], tree: str | None = None) -> None:
        self._repo, self._settings, self._listed, self._former, self._tree = repo, settings, listed, former, tree
        self.seen: dict[str, str] = {}  # by path: nothing where it was as listed, else what was read instead

    def __contains__(self, path: object) -> bool:
        return path in self._listed

    def documents(self, paths: Iterable[str]) -> dict[str, Document | None]:
        """Return the documents among `paths`, None for one that is gone or a stub."""
        found: dict[str, Document | None] = dict.fromkeys(path for path in sorted(paths) if config.kind_of(self._settings, path))
        wanted = [path for path in found if path in self._listed]
        lost = set(wanted)
        for each in document.read_all(self._repo, self._settings, wanted) if self._tree is None else self._committed(wanted):
            lost.discard(each.path)
            self._see(each.path, each.data)
            if not each.is_stub:
                found[each.path] = each
        for path in lost:
            self._see(path, None)
        return found

    def _committed(self, paths: Iterable[str]) -> Iterator[Document]:
        """Yield the documents as the lines of a tree have them; by id, as git seeks a name in a large folder for long."""
        chosen = [(path, kind) for path, kind in document.select(self._settings, paths) if self._listed.blob(path)]  # a work tree follows no links either
        blobs = git_objects.read_blobs(self._repo, [self._listed.blob(path) for path, _ in chosen])
        return (document.from_bytes(path, kind, data) for (path, kind), data in zip(chosen, blobs) if data is not None)

    def image(self, path: str) -> bytes | None:
        """Return the content of an image, None where it cannot be had."""
        try:
            absolute = files.inside(self._repo.root, path)
            data = git_objects.read_blobs(self._repo, [f'{self._tree}:{path}'])[0] if self._tree else files.read_bytes(absolute)
        except (FatalError, OSError):
            data = None
        self._see(path, data)
        return data

    def _see(self, path: str, data: bytes | None) -> None:
        if self._tree is None:
            self.merge({path: self._otherwise(path, data)})

    def merge(self, seen: Mapping[str, str]) -> None:
        """Take in what somebody has seen who read for this run."""
        for path, found in seen.items():
            if found or path in self._former or path in self.seen:  # nearly all are as listed
                self.seen[path] = found if self.seen.get(path, found) == found else _TORN

    def _otherwise(self, path: str, data: bytes | None) -> str:
        """Return nothing when these bytes are what was listed, else what stands for them."""
        is_dirty = path in self._listed.dirty
        oid = '' if is_dirty else self._listed.blob(path)
        if not is_dirty and _is_of(data, oid):
            return ''
        digest = listing.digest(data).hex() if data is not None else ''
        if is_dirty:
            return '' if digest == self._listed.dirty[path] else _TORN
        return f'{oid} {digest}'

    def torn(self) -> set[str]:
        """Return the paths that nobody can say anything of: the next run has to read them again."""
        return {path for path, found in self.seen.items() if found and (found == _TORN or found != self._former.get(path))}

    def filtered(self) -> dict[str, str]:
        """Return what was read of each file whose bytes are not those that git keeps."""
        known = {**self._former, **self.seen}
        return {path: found for path, found in known.items() if found and found != _TORN and path in self._listed}
