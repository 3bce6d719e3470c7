"""A look at the documents that a commit concerns: its own, and those that share a name with them, by the catalogue.

The catalogue keeps of every other file how many problems it has and which names tie it to others. What is reported
comes from the files themselves; a catalogue that is missing, old or damaged makes the look one at all documents.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Container
from collections.abc import Iterable
from typing import NamedTuple

from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.documents import catalogue
from daybook.documents import catalogue_values
from daybook.documents.catalogue_content import Catalogue
from daybook.documents.document import Document
from daybook.problem import Problem
from daybook.repo import listing

_MOST = 1000  # lines of the listing, or files, from which on a look at all costs no more
_GIVES, _ASKS, _RING = '+', '-', '*'


class Keys(NamedTuple):
    """What ties a file to others: the names that it gives, those that it asks for (of a path, `/` and the path),
    and whether it is one of a ring, of documents that must be looked at together.
    """

    gives: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()
    is_in_ring: bool = False


class Part(NamedTuple):
    """What a look is at: `documents`, other files `others`; all `files` there are, and all names that begin in a way."""

    documents: list[Document]
    others: Collection[str]
    files: Container[str]
    names: Callable[[str], Collection[str]] | None = None


class Rules(NamedTuple):
    """What a look at documents consists of.

    A problem of a file depends on the bytes `setup`, on the file, and on those that give or ask for one of its names.
    `check` returns the problems of a part; `keys` ties documents, `path_keys` other files.
    """

    name: str
    setup: bytes
    check: Callable[[Part], list[Problem]]
    keys: Callable[[Document], Keys] = lambda _: Keys()
    path_keys: Callable[[str], Keys] = lambda _: Keys()


def look(scope: Scope, rules: Rules, also: Callable[[], Collection[str]] = tuple, *, may_be_part: bool = True) -> Look:
    """Return what the rules find in a run; the change at hand answers for the files `also` besides its own."""
    if may_be_part and _is_commit_of_files(scope):
        for _ in range(2):
            try:
                kept = catalogue.open_in(scope.repo.common_dir)
                if kept is None:
                    break
                with kept, kept.writing() as is_mine:
                    if is_mine:
                        return _by_catalogue(scope, rules, kept)
                break  # another process has it for as long as we wait; to look at all takes no longer
            except catalogue_values.Damaged:
                catalogue.discard(scope.repo.common_dir)
    return scope.part(rules.check(whole(scope)), also() if scope.change else ())


def _is_commit_of_files(scope: Scope) -> bool:
    """Return whether nothing but files is committed: other settings may let any document have other problems."""
    if not scope.is_in_commit or scope.change is None or scope.named or scope.flags:
        return False
    own = {kind.schema for kind in scope.settings.kinds}
    return not any(path.startswith('.daybook/') or path in own for path in scope.change.paths)


def whole(scope: Scope) -> Part:
    """Return all documents and other files of a run."""
    known = {found.path for found in scope.documents}
    return Part(scope.documents, [path for path in scope.paths if path not in known], frozenset(scope.paths))


def _by_catalogue(scope: Scope, rules: Rules, kept: Catalogue) -> Look:
    name = f'{rules.name} {scope.repo.git_dir}'
    view = kept.view(name)
    if view is not None and view.setup == rules.setup and scope.change is not None:
        changes, delta = kept.changes(view, scope.files)
        if len(changes) + len(scope.change.paths) <= _MOST:
            found = _Vicinity(scope, rules, kept, view.id, changes).look(scope.change.paths)
            if changes:
                kept.set_listing(view.id, scope.files, delta)
            return found
    problems = rules.check(whole(scope))
    _keep_all(scope, rules, kept, kept.new_view(name), problems)
    return scope.part(problems)


def _keep_all(scope: Scope, rules: Rules, kept: Catalogue, view: int, problems: Iterable[Problem]) -> None:
    counts = Counter(wrong.path for wrong in set(problems))
    keys = {found.path: _signed(rules.keys(found)) for found in scope.documents}
    keys |= {path: _signed(rules.path_keys(path)) for path in scope.paths if path not in keys}
    sources: dict[str, list[str]] = {}
    for path, names in keys.items():
        for name in names:
            sources.setdefault(name, []).append(path)
    rows = [(path, keys.get(path, ()), counts[path]) for path in keys.keys() | counts.keys()]
    kept.set_found(view, [_row(*row) for row in rows if row[1] or row[2]])
    kept.set_inbound(view, sources)
    kept.set_listing(view, scope.files)
    kept.set_view(view, setup=rules.setup)


def _signed(keys: Keys) -> frozenset[str]:
    names = {f'{_GIVES}{name}' for name in keys.gives} | {f'{_ASKS}{name}' for name in keys.asks}
    return frozenset(name.replace('\0', '\ufffd') for name in (names | {_RING} if keys.is_in_ring else names))


def _with_sign(sign: str, names: Iterable[str]) -> set[str]:
    return {name for name in names if name[0] == sign}


def _turned(sign: str, names: Iterable[str]) -> set[str]:
    """Return the names of one sign with the other: what is given as it is asked for, what is asked for as it is given."""
    other = _ASKS if sign == _GIVES else _GIVES
    return {f'{other}{name[1:]}' for name in names if name[0] == sign}


def _row(path: str, names: Iterable[str], count: int) -> tuple[str, bytes, bytes, int, int, bool]:
    return path, catalogue_values.encoded('\0'.join(sorted(names))), b'', count, 0, False


class _Vicinity:
    """The files around one change, read as they are needed; `changes` are the lines that came or went since the last look."""

    def __init__(self, scope: Scope, rules: Rules, kept: Catalogue, view: int, changes: Iterable[str]) -> None:
        self._scope, self._rules, self._kept, self._view = scope, rules, kept, view
        self._entries = scope.files.entries()
        self._moved = Counter(listing.entry(line)[0] for line in changes)  # 2: another content, 1: came or went
        self._documents: dict[str, Document] = {}
        self._keys: dict[str, frozenset[str]] = {}

    def look(self, change: Collection[str]) -> Look:
        """Return what the change causes and the count of the rest, and keep what is known now."""
        concerned = self._with_ring(self._concerned(change))
        names = self._names_of(concerned)
        self._read(self._inbound(_with_sign(_GIVES, names) | _turned(_ASKS, names)))
        part = Part([each for _, each in sorted(self._documents.items())],
                    sorted(path for path in self._keys if path in self._entries and path not in self._documents),
                    self._entries, self._given)
        problems = {wrong for wrong in self._rules.check(part) if wrong.path in concerned}
        others = {path: count for path, count in self._kept.counts(self._view).items() if path not in concerned}
        self._keep(concerned, problems)
        found = self._scope.part(problems)
        return found._replace(older=Counter(found.older) + Counter(others))

    def _concerned(self, change: Collection[str]) -> set[str]:
        """Return the files whose problems the change at hand may cause, or what came and went since the last look may alter."""
        own = {*self._moved, *change}
        self._read(own)
        asked = _with_sign(_GIVES, self._names_of(own))
        asked |= {f'{_ASKS}/{path}' for path in own if self._moved[path] == 1 or path not in self._entries}
        former = [(path, self._known(path)) for path in self._moved]
        former += [(each.path, _signed(self._rules.keys(each))) for each in self._scope.former]
        for path, names in former:
            differing = _with_sign(_GIVES, names ^ self._keys[path])
            asked |= differing | _turned(_GIVES, differing)
        return own | self._inbound(asked)

    def _with_ring(self, concerned: set[str]) -> set[str]:
        """Return these files, and the whole ring with what it asks for where one of them has to do with it."""
        given = {f'{_ASKS}/{path}' for path in concerned} | _turned(_GIVES, self._names_of(concerned))
        ring = self._inbound([_RING])
        if ring.isdisjoint(concerned) and (not ring or ring.isdisjoint(self._inbound(given))):
            return concerned
        names = self._names_of(ring)
        at = {name[2:] for name in names if name.startswith(f'{_ASKS}/')}.intersection(self._entries)
        concerned = concerned | ring | at | self._inbound(_turned(_ASKS, names))
        self._read(concerned)
        return concerned

    def _known(self, path: str) -> frozenset[str]:
        """Return the names of a file when it was looked at last."""
        row = next(iter(self._kept.found(self._view, [path])), None)
        return frozenset(catalogue_values.decoded(row[1]).split('\0')) - {''} if row else frozenset()

    def _inbound(self, names: Iterable[str]) -> set[str]:
        """Return the files that have one of these names, or had it when they were looked at last."""
        names = set(names)
        return self._kept.inbound(self._view, names) | {path for path, own in self._keys.items() if not own.isdisjoint(names)}

    def _read(self, paths: Iterable[str]) -> None:
        new = [path for path in paths if path not in self._keys]
        found = {each.path: each for each in self._scope.documents_among(path for path in new if path in self._entries)}
        self._documents |= found
        for path in new:
            keys = self._rules.keys(found[path]) if path in found else self._rules.path_keys(path) if path in self._entries else Keys()
            self._keys[path] = _signed(keys)

    def _names_of(self, paths: Collection[str]) -> set[str]:
        self._read(paths)
        return {name for path in paths for name in self._keys[path]}

    def _given(self, start: str) -> set[str]:
        """Return all names that files give now and that begin so, without that beginning."""
        kept = {name for name in self._kept.keys(self._view, f'{_GIVES}{start}')
                if not self._kept.inbound(self._view, [name]) <= self._keys.keys()}
        read = {name for names in self._keys.values() for name in names if name.startswith(f'{_GIVES}{start}')}
        return {name[len(start) + 1:] for name in kept | read}

    def _keep(self, concerned: Collection[str], problems: Iterable[Problem]) -> None:
        for path in self._moved:
            was, now = self._known(path), self._keys[path]
            self._kept.move_inbound(self._view, path, gone=was - now, come=now - was)
        counts = Counter(wrong.path for wrong in problems)
        self._kept.drop_found(self._view, concerned)
        self._kept.set_found(self._view, [_row(path, self._keys[path], counts[path]) for path in concerned
                                          if path in self._entries and (self._keys[path] or counts[path])])
