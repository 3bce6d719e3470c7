"""Reads the files of a work tree, many of them in several processes, and says of their links what the names of the files alone tell."""
from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
from collections.abc import Set
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from daybook.documents import destination
from daybook.documents import link_facts
from daybook.documents import markdown
from daybook.documents import tree
from daybook.documents.destination import Resolver
from daybook.documents.markdown import Place
from daybook.links import link_verdict
from daybook.links.link_change import Change
from daybook.links.link_verdict import Judged
from daybook.links.link_verdict import Verdict
from daybook.rules import links
from daybook.rules.links import Fault

_CHUNK = 64  # files; small enough that two workers end together, whatever a file weighs
_FEW = 8  # files up to which reading them in full costs less than what reads many quickly
_MANY = 400  # files from which on more processes pay for their start
_NO_ANCHORS: Set[str] = frozenset()
_NOTHING = links.Around()

_Result = TypeVar('_Result')


class Suspects(NamedTuple):
    """The targets of the file `source` that may be dead; `is_plain` asks for a verdict where names of files alone give it."""

    source: str
    targets: Set[str]
    is_plain: bool = False


class Reader:
    """Reads one file after the other.

    Each process has one of its own: it holds the names of all tracked files, what the change at hand does to them, and
    the lines of the baseline (`known`). `is_of_many` tells that many files follow, which changes no result.
    """

    is_of_many = True

    def __init__(self, root: str, resolver: Resolver, change: Change, known: Collection[str]) -> None:
        self._root, self._resolver, self._change, self._known = root, resolver, change, known
        self._folders: dict[str, bool] = {}

    def facts(self, source: str) -> str | None:
        """Return the dumped facts of the file `source`; None when it cannot be read."""
        data = link_facts.read(self._root, source)
        return None if data is None else link_facts.dumped_of(data, is_of_many=self.is_of_many)

    def find(self, suspects: Suspects) -> Verdict | list[Place] | None:
        """Return the verdict on a file, without keys; the places of its suspects where more must be known; None when it cannot be read."""
        source, targets, is_plain = suspects
        data = link_facts.read(self._root, source)
        if data is None:
            return None
        places = link_facts.places(data, targets, is_of_many=self.is_of_many)
        if not is_plain:
            return places
        faults = links.faults(source, places, self._resolver, lambda _: _NO_ANCHORS)
        if not all(map(self._is_plain, faults)):
            return places
        judged = [Judged(links.problem_of(fault, _NOTHING), fault.link.target) for fault in faults]
        return link_verdict.verdict(source, judged, self._known)

    def _is_plain(self, fault: Fault) -> bool:
        """Return whether there is nothing `around` a fault, and no anchors of other files to know."""
        path, rule = fault.destination.path, fault.destination.fault
        if path in self._change.renamed or path in self._change.deleted:
            return False
        return rule != destination.ANCHOR and not (rule == destination.MISSING and self._is_there(path))

    def _is_there(self, path: str) -> bool:
        folder = tree.folder_of(path)
        if folder not in self._folders:
            self._folders[folder] = '\0' not in folder and os.path.isdir(os.path.join(self._root, folder))
        return self._folders[folder] and '\0' not in path and os.path.lexists(os.path.join(self._root, path))


_own: list[Reader] = []  # that of a process of a pool, which it is given once


def _take(reader: Reader) -> None:
    _own.append(reader)  # by its name here: sent to a process that shares no memory, `_own.append` is that of a copy


def _chunk(work: tuple[str, Sequence[object]]) -> list[object]:
    read = getattr(_own[0], work[0])
    return [read(job) for job in work[1]]


class Readers:
    """The processes that read many files; started when there is enough to do, ended with the `with` block."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._pool: object = None

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self.renew()

    def renew(self) -> None:
        """End the processes; those that are started next know what this one has learnt meanwhile."""
        if self._pool:
            self._pool.terminate()
            self._pool.join()
            self._pool = None

    def _map(self, read: Callable[[Any], _Result], jobs: Sequence[object]) -> Iterator[_Result]:
        workers = min(os.cpu_count() or 1, 8)
        if self._pool is None and (len(jobs) < _MANY or workers == 1):
            self._reader.is_of_many = len(jobs) > _FEW
            return map(read, jobs)
        if self._pool is None:
            import gc
            import multiprocessing

            markdown.load_for_many()
            gc.freeze()  # else each process would copy what is here when it first collects
            self._pool = multiprocessing.Pool(workers, _take, (self._reader,))
        chunks = [(read.__name__, jobs[start:start + _CHUNK]) for start in range(0, len(jobs), _CHUNK)]
        return (result for results in self._pool.imap(_chunk, chunks) for result in results)

    def facts(self, paths: Sequence[str]) -> Iterator[str | None]:
        """Yield the dumped facts of each file of `paths`, None for one that cannot be read."""
        return self._map(self._reader.facts, paths)

    def find(self, jobs: Sequence[Suspects]) -> Iterator[Verdict | list[Place] | None]:
        """Yield what `Reader.find` finds in each file."""
        return self._map(self._reader.find, jobs)
