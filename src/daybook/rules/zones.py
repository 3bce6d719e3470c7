"""Rule: no document lies in a lower zone than its folder, its parent, or what it was made from; none carries a higher one out."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping

from daybook.documents import schema
from daybook.documents import zones
from daybook.documents.governed import Names
from daybook.documents.governed import Record
from daybook.documents.governed import texts
from daybook.problem import Problem

_WORDS = {'parent': 'its parent', 'derived_from': 'what it was made from,'}
_SHORT = 40  # characters; a shorter summary may stand anywhere by chance
_MORE = {zone: ' or '.join(zones.LADDER[step:]) for step, zone in enumerate(zones.LADDER)}


class Zones:
    """The zone of every document; a document has at least that of its folder and of all that stands above it."""

    def __init__(self, records: Collection[Record], default: str, folders: Mapping[str, str]) -> None:
        self.records = {record.path: record for record in records}
        self.names = Names(records)
        self._default, self._folders = default, folders
        self._inherited = zones.Inherited(lambda path: self.own(self.records[path]), self._parents)

    def own(self, record: Record) -> int:
        """Return the zone of a document by itself and by its folder."""
        if record.error:
            return zones.TOP  # what it says of its zone cannot be read
        declared = record.meta.get('zone')
        return zones.combined(None if declared is None else zones.step(declared), record.path, self._default, self._folders)

    def above(self, record: Record) -> Iterator[tuple[str, str, list[str]]]:
        """Yield key, name and documents of what a document names as standing above it."""
        for key in zones.ABOVE:
            for name in texts(record.meta[key]) if key in record.meta else ():
                yield key, name, self.names.find(name, record.path)

    def _parents(self, path: str) -> Iterator[str]:
        return (other for _, _, found in self.above(self.records[path]) for other in found)

    def of(self, path: str) -> int:
        """Return the zone of the document at `path`."""
        return self._inherited.of(path)


def governed(records: Collection[Record], folders: Mapping[str, str]) -> int:
    """Return how many documents say something of their zone or lie in a folder that does."""
    return sum('zone' in record.meta or zones.of_folder(record.path, folders) is not None for record in records)


def governed_by_folder(records: Collection[Record], folder: str) -> int:
    """Return how many documents lie in a folder that has a zone."""
    return sum(zones.of_folder(record.path, {folder: zones.LADDER[-1]}) is not None for record in records)


def check(known: Zones, folders: Mapping[str, str], limit: str) -> list[Problem]:
    """Return the documents that lower a zone, or embed one of a higher zone; `limit` is the highest zone that is published."""
    found: list[Problem] = []
    for record in known.records.values():
        if record.error:
            continue
        found += _declared(record, folders)
        found += _below(record, known)
        found += _embeds(record, known, zones.step(limit))
    return found


def _declared(record: Record, folders: Mapping[str, str]) -> Iterator[Problem]:
    zone = record.meta.get('zone')
    if zone is None:
        return
    if not zones.is_zone(zone):
        yield Problem(record.path, record.line('zone'), 'zone-unknown',
                      f'no such zone: {zone}; use one of {", ".join(zones.LADDER)} (until then it counts as {zones.LADDER[-1]})')
        return
    folder = zones.of_folder(record.path, folders)
    if folder is not None and zones.step(zone) < folder:
        yield Problem(record.path, record.line('zone'), 'zone-lowered',
                      f'{zone} is below {zones.LADDER[folder]}, the zone of its folder; write {_MORE[zones.LADDER[folder]]}, or move the file')


def _below(record: Record, known: Zones) -> Iterator[Problem]:
    for key, name, found in known.above(record):
        if not found:
            yield Problem(record.path, record.line(key), 'zone-reference',
                          f'{key}: no such document: {name}; mend the name, as its zone holds here too', 'warning')
            continue
        if 'zone' not in record.meta or not zones.is_zone(record.meta['zone']):
            continue  # it has the zone of what stands above it
        highest = max(found, key=lambda path: (known.of(path), path))
        zone = zones.LADDER[known.of(highest)]
        if known.own(record) < known.of(highest):
            yield Problem(record.path, record.line('zone'), 'zone-lowered' if key == 'parent' else 'zone-derived',
                          f'{record.meta["zone"]} is below {zone}, the zone of {_WORDS[key]} {highest}; '
                          f'write {_MORE[zone]}, or take that out of `{key}`', causes=(highest,))


def _embeds(record: Record, known: Zones, limit: int) -> Iterator[Problem]:
    here: int | None = None
    for target, line, is_embedded in record.links:
        if not is_embedded:
            continue
        here = known.of(record.path) if here is None else here
        for path in known.names.find(target, record.path):
            if known.of(path) > here:
                yield Problem(record.path, line, 'zone-leak',
                              f'embeds {path}, which is {zones.LADDER[known.of(path)]}, in a document that is {zones.LADDER[here]}; '
                              'link it instead, or raise the zone of this document', 'error' if here <= limit else 'warning', (path,))


def suspects(known: Zones, limit: str) -> dict[str, list[str]]:
    """Return the published documents that link to documents of a higher zone which have a summary, with these."""
    step, found = zones.step(limit), {}
    telling = {record.path for record in known.records.values()
               if isinstance(record.meta.get('summary'), str) and len(record.meta['summary']) >= _SHORT and known.of(record.path) > 0}
    for record in known.records.values() if telling else ():
        if not record.links or known.of(record.path) > step:
            continue
        others = {path for target, _, _ in record.links for path in known.names.find(target, record.path)}
        higher = sorted(path for path in others & telling if known.of(path) > known.of(record.path))
        if higher:
            found[record.path] = higher
    return found


def quoted(known: Zones, path: str, text: str, others: Collection[str]) -> list[Problem]:
    """Return the documents `others`, all of a higher zone, whose summary stands in the whole `text` of the file `path`."""
    lines = text.splitlines()
    starts, joined = [], ''
    for line in lines:
        starts.append(len(joined))
        joined += re.sub(r'\W+', ' ', line).strip().casefold() + ' '
    found = []
    for other in others:
        words = re.sub(r'\W+', ' ', known.records[other].meta['summary']).strip().casefold()
        at = joined.find(words)
        if at >= 0:
            first = max(number for number, start in enumerate(starts, 1) if start <= at)
            found.append(Problem(path, first, 'zone-leak',
                                 f'repeats the summary of {other}, which is {zones.LADDER[known.of(other)]}, in a document that is '
                                 f'{zones.LADDER[known.of(path)]}; take it out, or raise the zone of this document', causes=(other,)))
    return found


def check_folders(path: str, folders: Mapping[str, str], lines: Mapping[str, int]) -> list[Problem]:
    """Return the folders of the settings file `path` whose zone is below that of a folder around them."""
    found = []
    for folder, zone in folders.items():
        for outer, above in folders.items():
            inside = folder.strip('/').startswith(f'{outer.strip("/")}/')
            if inside and zones.step(zone) < zones.step(above):
                found.append(Problem(path, lines.get(schema.pointer(('zones', 'folders', folder)), 1), 'zone-folder',
                                     f'{folder} is {zone}, below {above} of {outer} around it; a folder cannot lower a zone'))
    return found
