"""What the history of a repository knows about dead links of documents that may age: whether they led somewhere when they were written."""
from __future__ import annotations

import functools
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import NamedTuple

from daybook.documents import destination
from daybook.documents import link_facts
from daybook.documents import markdown
from daybook.documents import tree
from daybook.documents.destination import Fault
from daybook.documents.destination import Options
from daybook.documents.percent import unquote
from daybook.links.link_change import Change
from daybook.links.link_contents import Contents
from daybook.repo import git
from daybook.repo import git_log
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.rules import links

if TYPE_CHECKING:  # costs a reader of YAML
    from daybook.documents.config import Settings

_MOST_MOVES = 8  # of one note, that are followed back


class Ageing:
    """Tells which files may age; loads the settings and the reader of frontmatter only when asked."""

    def __init__(self, repo: Repo, contents: Contents, options: Options) -> None:
        self._repo, self._contents, self._options = repo, contents, options

    @functools.cached_property
    def settings(self) -> Settings:
        """Return the settings of the work tree. Raises FatalError."""
        from daybook.documents import config

        return config.load(self._repo.root)

    def kind_of(self, source: str) -> str | None:
        """Return the kind of the file `source`, None when it is no document."""
        if not self._options.may_be_document(source):
            return None
        from daybook.documents import config

        kind = config.kind_of(self.settings, source)
        return kind.name if kind else None

    def note_folders(self) -> list[str]:
        """Return the folders in which notes lie and move."""
        from daybook.documents.kinds import fixed_folder

        return sorted({fixed_folder(glob) for glob in self.settings.kind('session').paths} - {''})

    def data(self, source: str) -> bytes | None:
        """Return the file `source` as it is now."""
        return self._contents.read(source)

    def may_age(self, source: str) -> bool:
        """Return whether the file `source` is a document that is a record of its time."""
        kind = self.kind_of(source)
        if kind is None or kind == 'session':
            return kind is not None
        from daybook.documents import document

        data = self.data(source)
        found = document.from_bytes(source, self.settings.kind(kind), data) if data is not None else None
        return found is not None and links.may_age(kind, found.meta)


class PastPlace(NamedTuple):
    """Where a fault stands in history: the commit and the name that its file had there."""

    commit: str
    path: str


def _meant(source: str, target: str) -> str:
    """Return what a target means wherever the file lies, as `_same` compares it."""
    written, mark, fragment = target.partition('#')
    path = written if not written or written.startswith('/') else tree.join(tree.folder_of(source), unquote(written, errors='surrogateescape'))
    return f'{written if path is None else path}{mark}{fragment}'


def _had(repo: Repo, places: Mapping[Fault, PastPlace]) -> set[Fault]:
    """Return the faults whose link stood in the file at its place already, in these words or with the same meaning."""
    asked = sorted({place for place in places.values() if '\n' not in place.path})
    known: dict[PastPlace, set[str]] = {}
    for place, data in zip(asked, git_objects.read_local(repo, [f'{place.commit}:{place.path}' for place in asked])):
        targets = [link.target for link in markdown.links(link_facts.body(data)[0])] if data is not None else []
        known[place] = {*targets, *(_meant(place.path, target) for target in targets)}
    return {fault for fault, place in places.items()
            if {fault.link.target, _meant(fault.source, fault.link.target)} & known.get(place, set())}


def _alive(repo: Repo, places: Mapping[Fault, PastPlace]) -> tuple[set[Fault], dict[Fault, str]]:
    """Return the faults that led somewhere at the last commit that touched their file, and that commit of each of the others."""
    by_commit: dict[str, list[Fault]] = {}
    for fault, place in places.items():
        by_commit.setdefault(place.commit, []).append(fault)
    last: dict[Fault, str] = {}
    for commit, faults in by_commit.items():
        paths = sorted({places[fault].path for fault in faults})
        touches = git_log.touches(repo, *(git.pathspec(paths) if len(paths) < 1000 else ()), commit=commit)
        last |= {fault: touches[places[fault].path][0].oid for fault in faults if places[fault].path in touches}
    asked = [(fault, f'{oid}:{fault.destination.path}') for fault, oid in last.items() if '\n' not in fault.destination.path]
    found = {fault for (fault, _), data in zip(asked, git_objects.read_local(repo, [name for _, name in asked]))
             if data is not None and (fault.destination.fault != destination.ANCHOR
                                      or link_facts.has_anchor(fault.destination.fragment, link_facts.of_bytes(data).anchors))}
    return found, {fault: oid for fault, oid in last.items() if fault not in found}


def _is_same_text(one: bytes | None, other: bytes | None) -> bool:
    """Return whether two states of a file differ in their frontmatter at most: back-fill and mirror write there, and no link."""
    return one is not None and other is not None and one != other \
        and link_facts.body(one)[0].lstrip('\r\n') == link_facts.body(other)[0].lstrip('\r\n')


def _unwritten(repo: Repo, dead: Mapping[Fault, str], places: Mapping[Fault, PastPlace]) -> set[Fault]:
    """Return those of `dead` whose commit left the text of their file as it was."""
    asked = sorted({PastPlace(oid, places[fault].path) for fault, oid in dead.items() if '\n' not in places[fault].path})
    after = git_objects.read_local(repo, [f'{place.commit}:{place.path}' for place in asked])
    before = git_objects.read_local(repo, [f'{place.commit}^:{place.path}' for place in asked])
    same = {place for place, one, other in zip(asked, after, before) if _is_same_text(one, other)}
    return {fault for fault, oid in dead.items() if PastPlace(oid, places[fault].path) in same}


def lost(repo: Repo, places: Mapping[Fault, PastPlace], folders: Sequence[str]) -> set[tuple[str, str]]:
    """Return source and target of the links that led somewhere when they were written: at the last commit that touched their file.

    A commit that moved notes within `folders` wrote no link: neither in these, nor where it followed them;
    nor did one that changed the frontmatter alone.
    """
    if not places:
        return set()
    if git_refs.is_shallow(repo):  # nobody can tell: an old note gets the benefit
        return {(fault.source, fault.link.target) for fault in places}
    lost: set[Fault] = set()
    moves: dict[str, dict[str, str]] | None = None
    for _ in range(_MOST_MOVES):
        alive, dead = _alive(repo, places)
        lost |= alive
        if dead and moves is None:
            moves = git_log.renames(repo, *git.pathspec(folders))
        unwritten = _unwritten(repo, dead, places)
        earlier = {fault: PastPlace(f'{oid}^', (moves or {}).get(oid, {}).get(places[fault].path, places[fault].path))
                   for fault, oid in dead.items() if oid in (moves or {}) or fault in unwritten}
        places = {fault: earlier[fault] for fault in _had(repo, earlier)} if earlier else {}
        if not places:
            break
    return {(fault.source, fault.link.target) for fault in lost}


def _as_in_head(repo: Repo, places: Mapping[Fault, PastPlace], ageing: Ageing) -> set[Fault]:
    """Return the faults of files of which the change at hand has left the text as it is in HEAD."""
    asked = sorted({(fault.source, place.path) for fault, place in places.items() if '\n' not in place.path})
    heads = git_objects.read_local(repo, [f'HEAD:{former}' for _, former in asked])
    now = {source: ageing.data(source) for source, _ in asked}
    # git takes for changed what was only touched, too
    same = {source for (source, _), head in zip(asked, heads) if head is not None and head == now[source] or _is_same_text(head, now[source])}
    return {fault for fault in places if fault.source in same}


def places(repo: Repo, faults: Iterable[Fault], change: Change, ageing: Ageing) -> dict[Fault, PastPlace]:
    """Return the place in HEAD of each fault that the change at hand did not write."""
    former = {new: old for old, new in change.renamed.items()}
    places = {fault: PastPlace('HEAD', former.get(fault.source, fault.source)) for fault in faults}
    touched = {fault: place for fault, place in places.items() if fault.source in change.paths}
    # who moves notes touches others only to follow them; whoever edits one by hand answers for all of it
    kept = _had(repo, touched) if touched and change.renamed else set()
    kept |= _as_in_head(repo, touched, ageing)
    return {fault: place for fault, place in places.items() if fault not in touched or fault in kept}
