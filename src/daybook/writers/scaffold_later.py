"""What later calls of `init` do with what an earlier one wrote: put a newer text in its place, take it out, keep record of it."""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping

from daybook.errors import FatalError
from daybook.writers import scaffold
from daybook.writers import scaffold_record
from daybook.writers import scaffold_undo
from daybook.writers.scaffold_record import Record
from daybook.writers.scaffold_step import AS_PLANNED
from daybook.writers.scaffold_step import CONFIG
from daybook.writers.scaffold_step import OPERATORS
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Place
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted

# settings are the user's from the first day on: no later version puts others in their place
_THEIRS = (CONFIG, OPERATORS)


class _Base(dict[str, Place]):
    """The places as they would be without us, where that is certain; `edited` holds why it is not for others."""

    def __init__(self, found: Found, released: Mapping[str, Iterable[str]]) -> None:
        super().__init__()
        self.edited: dict[str, str] = {}
        self._found, self._released = found, released

    def __missing__(self, path: str) -> Place:
        place = self._found.places[path]
        data = place.data
        if data is not None and path not in _THEIRS:
            entry = scaffold_undo.entry_of(self._found.record, path, data)
            try:
                if scaffold_record.digest(data) in self._released.get(path, ()):
                    place = Place()
                elif entry:
                    place = Place(scaffold_undo.without(path, data, entry))
            except FatalError as error:
                self.edited[path] = str(error)
        self[path] = place
        return place


def upgrade(found: Found, wanted: Wanted, released: Mapping[str, Iterable[str]]) -> tuple[list[Step], Mapping[str, Place]]:
    """Return the steps that put this version of what `init` wrote in the place of earlier ones, and the places without us.

    Only what is as we wrote it is replaced: by the record, or by the digests of `released` versions.
    """
    base = _Base(found, released)
    extras = wanted.extras | frozenset(found.record.extras)
    steps = scaffold.plan(found._replace(places=base), wanted._replace(extras=extras))
    return [_replacing(step, found.places[step.path], base.edited) for step in steps], base


def _replacing(step: Step, place: Place, edited: Mapping[str, str]) -> Step:
    if step.path in edited:
        return Step('keep', step.path, f'{edited[step.path]}; not touched, compare it yourself')
    if step.content is None or place.data is None:
        return step
    if step.content == place.data:
        return Step('keep', step.path, AS_PLANNED)
    return step._replace(action='replace', text='')


def uninstall(found: Found) -> list[Step]:
    """Return the steps that take out what the record says; what was edited since is kept and named."""
    steps = []
    for path in found.record.files:
        place = found.places[path]
        if place.obstacle:
            steps.append(Step('keep', path, place.obstacle))
        elif place.data is not None and (entry := scaffold_undo.entry_of(found.record, path, place.data)):
            steps.append(_taken_out(path, place.data, entry))
    return steps


def _taken_out(path: str, data: bytes, entry: scaffold_record.Entry) -> Step:
    try:
        left = scaffold_undo.without(path, data, entry)
    except FatalError as error:
        ours = ''.join(f'{line}\n' for line in scaffold_undo.lines_left(entry, data))
        return Step('keep', path, f'{error}; it is yours now', text=ours)
    return Step('remove', path, 'as init wrote it' if left is None else 'our lines', left)


def record(found: Found, wanted: Wanted, steps: Iterable[Step], base: Mapping[str, Place], folders: Iterable[str],
           version: str) -> Record:
    """Return the record after `steps` were written over `base` and `folders` were made."""
    files, former = dict(found.record.files), {}
    for step in steps:
        if step.content is None:
            continue
        present = found.places[step.path].data
        known = scaffold_undo.entry_of(found.record, step.path, present) if present is not None else None
        if step.action == 'replace' and known:
            former[step.path] = known
        if not step.is_shared:
            files[step.path] = scaffold_record.whole(step.content)
            continue
        is_made = known.is_made if known else present is None
        entry = scaffold_record.changed(None if step.action == 'replace' else known, base[step.path].data, step.content)
        files[step.path] = entry._replace(is_made=is_made)
    return Record(version, tuple(sorted(wanted.extras.union(found.record.extras))),
                  tuple(sorted({*found.record.folders, *folders})), files, former)
