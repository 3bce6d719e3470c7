"""Rule: every thing has one owner, the map of the owners fits the repository, and the documents fit the map."""
from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents import schema
from daybook.documents.globs import glob_regex
from daybook.documents.governed import Record
from daybook.problem import Problem


class Entity(NamedTuple):
    """One thing that has an owner; `fields` are those whose owner is named apart, `line` is that of its name."""

    name: str
    store: str
    fields: dict[str, str]
    paths: tuple[str, ...]
    line: int


class Map(NamedTuple):
    """Which store owns what; `path` is where the map lies, `here` its name for this repository, `stores` None: any."""

    path: str
    here: str
    stores: tuple[str, ...] | None
    entities: dict[str, Entity]
    lines: Mapping[str, int]

    def find(self, name: str) -> Entity | None:
        """Return the entity of that name, in any case; `-`, `_` and spaces are the same."""
        return self.entities.get(folded(name))

    def owner(self, entity: str, field: str) -> str | None:
        """Return the store that owns a field of an entity, None when the map does not say."""
        known = self.find(entity)
        return None if known is None else next((store for name, store in known.fields.items() if folded(name) == folded(field)), known.store)


def folded(name: str) -> str:
    """Return the form in which two spellings of a name are one."""
    return re.sub(r'[\s_-]+', ' ', name).strip().casefold()


def plain(given: Any) -> Any:
    """Return a map in its full form, which has `entities`; one that is a mapping of entities is wrapped in it."""
    if not isinstance(given, dict) or 'entities' in given:
        return given
    return {'entities': {name: {'store': value} if isinstance(value, str) else value for name, value in given.items()}}


def pointer_of(given: Any, pointer: str) -> str:
    """Return where the value at `pointer` of the full form stands in the map as it was given."""
    return pointer if isinstance(given, dict) and 'entities' in given else pointer.removeprefix('/entities')


def of_mapping(path: str, given: Any, lines: Mapping[str, int], here: str) -> Map:
    """Return the map that `given`, which in its full form fits the schema, stands for; `here` where it names none."""
    full = plain(given)
    entities: dict[str, Entity] = {}
    for name, value in full['entities'].items():
        line = lines.get(pointer_of(given, schema.pointer(('entities', name))), 1)
        entities.setdefault(folded(name), Entity(name, value['store'], value.get('fields') or {}, tuple(value.get('paths') or ()), line))
    return Map(path, full.get('here', here), tuple(full['stores']) if 'stores' in full else None, entities,
               {pointer_of(given, pointer): line for pointer, line in lines.items()})


def check(known: Map, given: Any, records: Iterable[Record], files: Collection[str],
          gone: Collection[str] = ()) -> list[Problem]:
    """Return what is wrong with a map in itself, towards the `files` of the repository, and towards its documents.

    `gone` are the files that the change at hand may have taken away.
    """
    records = list(records)
    return [*_twice(known, given), *_stores(known), *_paths(known, files, gone), *_documents(known, records), *_unused(known, records)]


def _twice(known: Map, given: Any) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name in plain(given)['entities']:
        other = seen.setdefault(folded(name), name)
        if other != name:
            line = known.lines.get(pointer_of(given, schema.pointer(('entities', name))), 1)
            yield Problem(known.path, line, 'authority-twice', f'{name} is {other} again; give the entity one owner')
    for entity in known.entities.values():
        fields: dict[str, str] = {}
        for field in entity.fields:
            other = fields.setdefault(folded(field), field)
            if other != field:
                yield Problem(known.path, entity.line, 'authority-twice',
                              f'{entity.name}: the field {field} is {other} again; give it one owner')


def _named_stores(known: Map) -> Iterator[tuple[str, Entity, str]]:
    for entity in known.entities.values():
        yield entity.store, entity, ''
        for field, store in entity.fields.items():
            yield store, entity, field


def _stores(known: Map) -> Iterator[Problem]:
    first: dict[str, str] = {folded(known.here): known.here}
    for store in known.stores or ():
        first[folded(store)] = store
    for store, entity, field in _named_stores(known):
        about = f'{entity.name}.{field}' if field else entity.name
        usual = first.get(folded(store))
        if usual is None and known.stores is not None:
            near = difflib.get_close_matches(store, known.stores, n=1)
            hint = f'did you mean `{near[0]}`?' if near else f'known are {", ".join(known.stores)}'
            yield Problem(known.path, entity.line, 'authority-store', f'{about}: no such store: {store}; {hint}')
        elif usual is not None and usual != store:
            yield Problem(known.path, entity.line, 'authority-store', f'{about}: {store} is also written {usual}; write it one way')
        first.setdefault(folded(store), store)


def _paths(known: Map, files: Collection[str], gone: Collection[str]) -> Iterator[Problem]:
    owners: dict[str, dict[str, Entity]] = defaultdict(dict)
    for entity in known.entities.values():
        for glob in entity.paths:
            pattern = re.compile(glob_regex(glob.lstrip('/')), re.DOTALL)
            found = [path for path in files if pattern.fullmatch(path)]
            if not found:
                yield Problem(known.path, entity.line, 'authority-path',
                              f'{entity.name}: no file matches {glob}; mend the path or take it out',
                              causes=tuple(sorted(path for path in gone if pattern.fullmatch(path))))
            for path in found:
                owners[path][entity.name] = entity
    shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, entities in owners.items():
        if len(entities) > 1:
            shared[tuple(entities)].append(path)
    for names, paths in shared.items():
        more = f' and {len(paths) - 1} more' if len(paths) > 1 else ''
        yield Problem(known.path, owners[paths[0]][names[-1]].line, 'authority-shared',
                      f'{" and ".join(names)} both hold {min(paths)}{more}; give each file one entity')


def _entity(record: Record) -> str | None:
    given = record.meta.get('entity')
    return given if isinstance(given, str) and given.strip() else None


def _documents(known: Map, records: Iterable[Record]) -> Iterator[Problem]:
    for record in records:
        name = _entity(record)
        entity = known.find(name) if name else None
        if name and entity is None:
            near = difflib.get_close_matches(folded(name), known.entities, n=1, cutoff=0.75)
            hint = f'did you mean `{known.entities[near[0]].name}`?' if near else f'name its owner in {known.path}, or mend `entity`'
            yield Problem(record.path, record.line('entity'), 'authority-unmapped', f'nobody owns {name}; {hint}', causes=(known.path,))
        stated = record.meta.get('store')
        if entity and isinstance(stated, str) and folded(stated) != folded(entity.store):
            yield Problem(record.path, record.line('store'), 'authority-differs',
                          f'store is {stated}, and {known.path} gives {entity.name} to {entity.store}; one of them is wrong', causes=(known.path,))


def _unused(known: Map, records: Iterable[Record]) -> Iterator[Problem]:
    used = {folded(name) for record in records if (name := _entity(record))}
    for key, entity in known.entities.items():
        if key not in used and not entity.paths and folded(entity.store) == folded(known.here):
            yield Problem(known.path, entity.line, 'authority-unused',
                          f'{entity.name} is owned here, and no document has `entity: {entity.name}`; add `paths`, or take it out', 'warning')


def governed(records: Iterable[Record]) -> int:
    """Return how many documents name an entity."""
    return sum(_entity(record) is not None for record in records)


def foreign(known: Map, entity: str, fields: Iterable[str]) -> dict[str, str]:
    """Return those of `fields` of an entity that another store than this repository owns, with that store.

    A mirror must not write them: there the truth lies, and it would be overwritten.
    """
    owners = {field: known.owner(entity, field) for field in fields}
    return {field: owner for field, owner in owners.items() if owner is not None and folded(owner) != folded(known.here)}


def report(known: Map, records: Iterable[Record]) -> list[str]:
    """Return a table of who owns what, as lines of text."""
    counts: dict[str, int] = defaultdict(int)
    for record in records:
        if name := _entity(record):
            counts[folded(name)] += 1
    rows = [('entity', 'store', 'documents', 'fields of others')]
    for key, entity in sorted(known.entities.items()):
        apart = ', '.join(f'{field}: {store}' for field, store in entity.fields.items() if folded(store) != folded(entity.store))
        rows.append((entity.name, entity.store, str(counts.pop(key, 0)), apart))
    rows += [(name, '(nobody)', str(count), '') for name, count in sorted(counts.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return ['  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
