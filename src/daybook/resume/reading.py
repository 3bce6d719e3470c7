"""What the documents of a work tree tell, by the lines of git's listing: only what changed since the last answer is read."""
from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook import progress
from daybook.documents import document
from daybook.documents import review
from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.kinds import Kind
from daybook.repo import files
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.resume import branches
from daybook.resume import heads
from daybook.resume.glance import Glance

_BATCH = 2000  # blobs that are held in memory at a time


class Said(NamedTuple):
    """What a document tells: its kind, empty for none; the fields of its `Head` or `Stream` where it is of their kind, None
    for a blob that is not here; and the ISO day on which its review is due, empty for none.
    """

    kind: str
    told: Sequence[Any] | None = None
    review: str = ''


class Reader:
    """Reads documents by path and blob, and what they tell from `kept` where it is known there, by the line of git's listing."""

    def __init__(self, repo: Repo, settings: Settings, kept: Mapping[str, Any], scratch: str) -> None:
        self.repo, self.settings, self.kept, self.scratch = repo, settings, kept, scratch
        self.known: dict[str, Any] = {}  # of this run, to be kept
        self._policy = review.Policy(settings.freshness_rules)

    def _said(self, path: str, kind: Kind, data: bytes) -> Said:
        doc = document.from_bytes(path, kind, data)
        told = heads.of_note(doc) if kind.name == 'session' else heads.of_workstream(doc) if kind.name == 'workstream' else None
        return Said(kind.name, told, review.day_of_document(doc, self._policy))

    def _on_disk(self, path: str) -> bytes | None:
        absolute = os.path.join(self.repo.root, path)
        return None if os.path.islink(absolute) else files.read_bytes(absolute)

    def data(self, path: str, oid: str) -> bytes | None:
        """Return the bytes of a blob, of the file on the disk without one; None when there are none."""
        return branches.read_blobs(self.repo, [oid], self.scratch)[0] if oid else self._on_disk(path)

    def _read(self, wanted: Sequence[tuple[str, str]]) -> list[bytes | None]:
        """Return the content of each (path, blob): from the disk where the file still is that blob, which is sooner than to ask git."""
        found = [self._on_disk(path) for path, _ in wanted]
        found = [data if data is not None and listing.blob_id(data, oid) == oid else None for data, (_, oid) in zip(found, wanted)]
        others = [oid for data, (_, oid) in zip(found, wanted) if data is None]
        asked = iter(branches.read_blobs(self.repo, others, self.scratch) if others else ())
        return [next(asked) if data is None else data for data in found]

    def _contents(self, wanted: Sequence[tuple[str, str]]) -> Iterator[bytes | None]:
        return (data for start in range(0, len(wanted), _BATCH) for data in self._read(wanted[start:start + _BATCH]))

    def of_lines(self, lines: Iterable[str]) -> dict[str, Said]:
        """Return what the document of each line of a listing tells."""
        found, new = {}, {}
        for line in lines:
            kept = self.kept.get(line)
            if kept:
                self.known[line], found[line] = kept, Said(*kept)
            else:
                path, (mode, oid) = listing.entry(line)
                kind = kind_of(self.settings, path) if mode.startswith('100') else None
                if kind is None:
                    self.known[line] = found[line] = Said('')
                else:
                    new[line] = path, oid, kind
        read = self._contents([(path, oid) for path, oid, _ in new.values()])
        for (line, (path, _, kind)), data in progress.shown(zip(new.items(), read), len(new), 'reading'):
            found[line] = Said(kind.name) if data is None else self._said(path, kind, data)
            if data is not None:
                self.known[line] = found[line]
        return found

    def of_file(self, path: str) -> Said | None:
        """Return what a file on the disk tells; None when it is gone or is no document."""
        kind = kind_of(self.settings, path)
        data = self._on_disk(path) if kind else None
        return self._said(path, kind, data) if kind and data is not None else None


class Here(NamedTuple):
    """What the documents of the work tree tell, by path: as the index has them, with their lines there, and on the disk only.

    `reviews` are the days on which one that is tracked is due for a review.
    """

    tracked: dict[str, tuple[str, Said]]
    on_disk: dict[str, Said]
    reviews: dict[str, str]

    def of_kind(self, name: str) -> Iterator[tuple[str, str, Said]]:
        """Yield path, line (empty for what is on the disk only) and words of the documents of one kind."""
        yield from ((path, '', said) for path, said in self.on_disk.items() if said.kind == name)
        yield from ((path, line, said) for path, (line, said) in self.tracked.items() if said.kind == name)


def here(reader: Reader, seen: Glance) -> Here:
    """Return what the documents of the work tree tell; only those that changed since the last answer are read."""
    on_disk = seen.on_disk()
    paths = {line: line.partition('\t')[2] for line in listing.lines(seen.listing or b'')}
    told = reader.of_lines(line for line, path in paths.items() if path not in on_disk)
    tracked = {paths[line]: (line, said) for line, said in told.items()}
    others = {path: said for path in sorted(on_disk) if (said := reader.of_file(path))}
    reviews = {path: said.review for path, (_, said) in tracked.items() if said.review}
    reviews |= {path: others[path].review for path in others.keys() & paths.values() if others[path].review}
    return Here(tracked, others, reviews)
