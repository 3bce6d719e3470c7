"""Reads files, many of them in several processes, and says of their links what the names of the tracked files alone tell."""
from __future__ import annotations

import functools
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
from daybook.documents.destination import Fault
from daybook.documents.destination import Resolver
from daybook.documents.link_facts import Facts
from daybook.documents.link_facts import Page
from daybook.documents.markdown_marks import Place
from daybook.links import link_verdict
from daybook.links.link_change import Change
from daybook.links.link_verdict import Finding
from daybook.links.link_verdict import Verdict
from daybook.problem import Told
from daybook.problem import told
from daybook.rules import link_messages
from daybook.rules import links

_FEW = 8  # files up to which reading them in full costs less than what reads many quickly
MANY = 400  # files from which on more processes pay for their start
_MOST = 8  # processes
_NO_ANCHORS: Set[str] = frozenset()
_NOTHING = link_messages.Around()
_MOST_TOLD = 1_000  # links that are remembered; more cost more than they save

_Job = TypeVar('_Job')
_Result = TypeVar('_Result')


class Said(NamedTuple):
    """What a file says: its facts, as `Facts` has them, what its links come to, and the verdict where that of `Reader` is final.

    With a verdict nothing of `seen` is called dead any more.
    """

    dumped: str
    seen: links.Seen
    verdict: Verdict | None

    def plain(self) -> tuple[Any, ...]:
        """Return all of it without names: what processes send each other costs a tenth then."""
        return self.dumped, tuple(self.seen), self.verdict and self.verdict.plain()

    @classmethod
    def of_plain(cls, plain: tuple[Any, ...]) -> Said:
        """Return what `plain` was made of."""
        dumped, seen, verdict = plain
        return cls(dumped, links.Seen(*seen), verdict and Verdict.of_plain(verdict))


class Suspects(NamedTuple):
    """The targets of the file `source` that may be dead."""

    source: str
    targets: Set[str]


class Reader:
    """Reads one file after the other.

    Each process has one of its own: it holds the names of all tracked files, what the `change` at hand does to them, and
    the lines of the baseline (`known`). `with_keys` asks for what the links depend on, `texts_only` for no more of a row
    than is printed. A verdict on a file is given where no more has to be known: no page or wikilink, no history of a
    document, nothing that lies on the disk.
    """

    def __init__(self, root: str, resolver: Resolver, change: Change, known: Collection[str], *,
                 with_keys: bool, texts_only: bool) -> None:
        self.change = change
        self._root, self._resolver, self._known, self._with_keys, self._texts_only = root, resolver, known, with_keys, texts_only
        self._folders: dict[str, bool] = {}
        self._told: dict[str, tuple[Told, ...] | None] = {}  # of the links of a folder
        self._told_of = ''
        self._is_of_many = False

    def read_all(self, paths: Sequence[str], *, copied: Set[str] = frozenset()) -> Iterator[Said | None]:
        """Yield what `read` returns of each file, by as many processes as pays; of what is not `copied`, facts without the links where texts alone count."""
        read = functools.partial(self._read_plain, copied=copied)
        return (Said.of_plain(plain) if plain else None for plain in self._each(read, paths))

    def _read_plain(self, source: str, *, copied: Set[str]) -> tuple[Any, ...] | None:
        said = self.read(source)
        # nobody will ask for the targets once more
        if said and self._texts_only and not said.seen.checks and source not in copied:
            said = said._replace(dumped=link_facts.anchors_of(said.dumped))
        return said and said.plain()

    def find_all(self, jobs: Sequence[Suspects]) -> Iterator[Verdict | list[Place] | None]:
        """Yield what `find` returns of each file, by as many processes as pays."""
        return self._each(self.find, jobs)

    def _each(self, read: Callable[[_Job], _Result], jobs: Sequence[_Job]) -> Iterator[_Result]:
        self._is_of_many = len(jobs) > _FEW
        if len(jobs) < MANY:
            return map(read, jobs)
        import gc

        from daybook import processes

        self._learn()
        gc.freeze()  # else each process would copy what is here when it first collects
        return processes.each(read, jobs, _MOST)

    def _learn(self) -> None:
        """Learn what each process would else learn by itself."""
        self.change.begin()
        markdown.load_for_many()
        self._resolver.tree.learn()
        self.change.end()

    def read(self, source: str) -> Said | None:
        """Return what the file `source` says; None when it cannot be read."""
        data = link_facts.read(self._root, source)
        return None if data is None else self.read_bytes(source, data)

    def read_bytes(self, source: str, data: bytes) -> Said:
        """Do as `read` does with a file whose content is `data`."""
        page = Page(data, is_of_many=self._is_of_many)
        said = self.look(source, page.facts())
        if not said.seen.dead or not self._may_be_final(source, has_wikilinks=said.seen.has_wikilinks):
            return said
        verdict = self._verdict(source, page.places(said.seen.dead))
        return said if verdict is None else Said(said.dumped, said.seen._replace(dead=()), verdict)

    def look(self, source: str, facts: Facts) -> Said:
        """Return what the file `source` says when it has these facts, without a verdict."""
        return Said(facts.dumped, links.look(source, facts, self._resolver, with_keys=self._with_keys), None)

    def find(self, suspects: Suspects) -> Verdict | list[Place] | None:
        """Return the verdict on a file, without keys, or else the places of its suspects; None when it cannot be read."""
        data = link_facts.read(self._root, suspects.source)
        return None if data is None else self.find_in(suspects, data)

    def find_in(self, suspects: Suspects, data: bytes) -> Verdict | list[Place]:
        """Do as `find` does with a file whose content is `data`."""
        source, targets = suspects
        places = Page(data, is_of_many=self._is_of_many).places(targets)
        is_final = self._may_be_final(source, has_wikilinks=link_facts.WIKILINKS in targets)
        verdict = self._verdict(source, places) if is_final else None
        return places if verdict is None else verdict

    def _may_be_final(self, source: str, *, has_wikilinks: bool) -> bool:
        options = self._resolver.options
        # what is told in an index is not what is told in other files of its folder
        return not options.may_be_document(source) and not (has_wikilinks and options.may_mind_wikilinks(source)) and not link_messages.is_index(source)

    def _verdict(self, source: str, places: Sequence[Place]) -> Verdict | None:
        """Return the verdict on a file by the places of its suspects; None when more must be known."""
        folder, known = tree.folder_of(source), self._told
        if folder != self._told_of:
            self._told_of = folder
            known.clear()
        found: list[Finding] = []
        for place in places:
            target = place.target
            if target not in known:
                if len(known) == _MOST_TOLD:
                    known.clear()
                known[target] = self._tell(source, place)
            wrong = known[target]
            if wrong is None:
                return None
            for one in wrong:
                found.append((place.line, one, target))
        return link_verdict.verdict(source, found, self._known, texts_only=self._texts_only)

    def _tell(self, source: str, place: Place) -> tuple[Told, ...] | None:
        """Return what is wrong with a link, in any file of the same folder; None when more must be known."""
        if place.target[:1] == '#':  # of this very file
            return None
        faults = links.faults(source, [place], self._resolver, lambda _: _NO_ANCHORS)
        return tuple(told(link_messages.problem_of(fault, _NOTHING)) for fault in faults) if all(map(self._is_plain, faults)) else None

    def _is_plain(self, fault: Fault) -> bool:
        """Return whether there is nothing `around` a fault, and no anchors of other files to know."""
        path, rule = fault.destination.path, fault.destination.fault
        if path in self.change.renamed or path in self.change.deleted or path == fault.destination.right:  # a file, and perhaps the source itself
            return False
        return rule != destination.ANCHOR and not (rule == destination.MISSING and self._is_there(path))

    def _is_there(self, path: str) -> bool:
        folder = tree.folder_of(path)
        if folder not in self._folders:
            self._folders[folder] = '\0' not in folder and os.path.isdir(os.path.join(self._root, folder))
        return self._folders[folder] and '\0' not in path and os.path.lexists(os.path.join(self._root, path))
