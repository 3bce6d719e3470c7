"""What git and the disk know about dead links: what the change at hand did, what lies there untracked, what once was there."""
from __future__ import annotations

import functools
import os
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Set
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
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.rules import links
from daybook.rules.link_messages import Around

if TYPE_CHECKING:  # costs a reader of YAML
    from daybook.documents.config import Settings

_MOST_MOVES = 8  # of one note, that are followed back
_AGEING = (destination.MISSING, destination.CASE, destination.ANCHOR)


def symlink_texts(repo: Repo, paths: Sequence[str], blobs: Sequence[str]) -> dict[str, str]:
    """Return where each symbolic link points, as it is written."""
    found = {}
    for path, data in zip(paths, git_objects.read_local(repo, blobs)):
        if data is not None:
            found[path] = os.fsdecode(data)
        elif os.path.islink(os.path.join(repo.root, path)):  # changed and not in git yet
            found[path] = os.readlink(os.path.join(repo.root, path))
    return found


def _holds_something(path: str, watched: list[str]) -> bool:
    """Return whether there is something that git may track at `path`; `watched` gets the folders of which it depends on what they hold."""
    if not os.path.isdir(path) or os.path.islink(path):
        return os.path.lexists(path)
    for folder, _, files in os.walk(path):
        watched.append(folder)
        if files:
            return True
    return False  # git tracks no empty folder


def _ignoring(repo: Repo, paths: Iterable[str]) -> set[str]:
    """Return the files, there or not, that may tell git to ignore `paths`; gitignore(5)."""
    own = git.config_value(repo, 'core.excludesFile')
    default = os.path.join(os.environ.get('XDG_CONFIG_HOME') or os.path.join('~', '.config'), 'git', 'ignore')
    found = {os.path.expanduser(own or default), os.path.join(repo.common_dir, 'info', 'exclude')}
    for folder in {tree.folder_of(path) for path in paths}:
        while folder:
            found.add(f'{folder}/.gitignore')
            folder = tree.folder_of(folder)
    return {*found, '.gitignore'}


class _Lying(NamedTuple):
    """Which of the missing paths lie on the disk, and whether git ignores them; those of empty folders; what any of it depends on."""

    found: dict[str, bool]
    empty: set[str]
    watched: set[str]


def _on_disk(repo: Repo, faults: Iterable[Fault], tracked: Collection[str]) -> _Lying:
    missing = {f.destination.path for f in faults if f.destination.fault == destination.MISSING and f.destination.path not in tracked}
    found: list[str] = []
    empty: set[str] = set()
    watched: set[str] = set()
    for path in missing:
        walked: list[str] = []
        if '\0' not in path and _holds_something(os.path.join(repo.root, path), walked):
            found.append(path)
        elif walked:
            empty.add(path)
        watched.update(os.path.relpath(folder, repo.root) for folder in walked)
    ignored = git_status.ignored(repo, found) if found else ()
    return _Lying({path: path in ignored for path in found}, empty, watched | _ignoring(repo, found) if found else watched)


def _former(repo: Repo, faults: Iterable[Fault], change: Change) -> dict[str, Set[str]]:
    """Return the anchors that the changed pages of dead anchors had before."""
    changed = {f.destination.path for f in faults if f.destination.fault == destination.ANCHOR} & change.paths
    pages = sorted(page for page in changed if '\n' not in page)  # which git reads as the end of a question
    blobs = git_objects.read_local(repo, [f'HEAD:{page}' for page in pages])
    return {page: link_facts.of_bytes(data).anchors for page, data in zip(pages, blobs) if data is not None}


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


class _Place(NamedTuple):
    """Where a fault stands in history: the commit and the name that its file had there."""

    commit: str
    path: str


def _meant(source: str, target: str) -> str:
    """Return what a target means wherever the file lies, as `_same` compares it."""
    written, mark, fragment = target.partition('#')
    path = written if not written or written.startswith('/') else tree.join(tree.folder_of(source), unquote(written, errors='surrogateescape'))
    return f'{written if path is None else path}{mark}{fragment}'


def _had(repo: Repo, places: Mapping[Fault, _Place]) -> set[Fault]:
    """Return the faults whose link stood in the file at its place already, in these words or with the same meaning."""
    asked = sorted({place for place in places.values() if '\n' not in place.path})
    known: dict[_Place, set[str]] = {}
    for place, data in zip(asked, git_objects.read_local(repo, [f'{place.commit}:{place.path}' for place in asked])):
        targets = [link.target for link in markdown.links(link_facts.body(data)[0])] if data is not None else []
        known[place] = {*targets, *(_meant(place.path, target) for target in targets)}
    return {fault for fault, place in places.items()
            if {fault.link.target, _meant(fault.source, fault.link.target)} & known.get(place, set())}


def _alive(repo: Repo, places: Mapping[Fault, _Place]) -> tuple[set[Fault], dict[Fault, str]]:
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


def _unwritten(repo: Repo, dead: Mapping[Fault, str], places: Mapping[Fault, _Place]) -> set[Fault]:
    """Return those of `dead` whose commit left the text of their file as it was."""
    asked = sorted({_Place(oid, places[fault].path) for fault, oid in dead.items() if '\n' not in places[fault].path})
    after = git_objects.read_local(repo, [f'{place.commit}:{place.path}' for place in asked])
    before = git_objects.read_local(repo, [f'{place.commit}^:{place.path}' for place in asked])
    same = {place for place, one, other in zip(asked, after, before) if _is_same_text(one, other)}
    return {fault for fault, oid in dead.items() if _Place(oid, places[fault].path) in same}


def _lost(repo: Repo, places: Mapping[Fault, _Place], folders: Sequence[str]) -> set[tuple[str, str]]:
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
        earlier = {fault: _Place(f'{oid}^', (moves or {}).get(oid, {}).get(places[fault].path, places[fault].path))
                   for fault, oid in dead.items() if oid in (moves or {}) or fault in unwritten}
        places = {fault: earlier[fault] for fault in _had(repo, earlier)} if earlier else {}
        if not places:
            break
    return {(fault.source, fault.link.target) for fault in lost}


def _as_in_head(repo: Repo, places: Mapping[Fault, _Place], ageing: Ageing) -> set[Fault]:
    """Return the faults of files of which the change at hand has left the text as it is in HEAD."""
    asked = sorted({(fault.source, place.path) for fault, place in places.items() if '\n' not in place.path})
    heads = git_objects.read_local(repo, [f'HEAD:{former}' for _, former in asked])
    now = {source: ageing.data(source) for source, _ in asked}
    # git takes for changed what was only touched, too
    same = {source for (source, _), head in zip(asked, heads) if head is not None and head == now[source] or _is_same_text(head, now[source])}
    return {fault for fault in places if fault.source in same}


def _places(repo: Repo, faults: Iterable[Fault], change: Change, ageing: Ageing) -> dict[Fault, _Place]:
    """Return the place in HEAD of each fault that the change at hand did not write."""
    former = {new: old for old, new in change.renamed.items()}
    places = {fault: _Place('HEAD', former.get(fault.source, fault.source)) for fault in faults}
    touched = {fault: place for fault, place in places.items() if fault.source in change.paths}
    # who moves notes touches others only to follow them; whoever edits one by hand answers for all of it
    kept = _had(repo, touched) if touched and change.renamed else set()
    kept |= _as_in_head(repo, touched, ageing)
    return {fault: place for fault, place in places.items() if fault not in touched or fault in kept}


class Surroundings(NamedTuple):
    """What is known about faults: `dated` are the files about which it may change without them.

    `watched` are the folders and files, relative to the root or absolute, that change then, if git knows nothing of it.
    """

    around: Around
    dated: set[str]
    watched: set[str]


def around(repo: Repo, faults: Sequence[Fault], change: Change, ageing: Ageing, known: tree.Tree) -> Surroundings:
    """Return what is known about `faults` beyond the tree."""
    may_age = functools.cache(ageing.may_age)
    old = [f for f in faults if f.destination.fault in _AGEING and may_age(f.source)]
    places = _places(repo, old, change, ageing)
    lying = _on_disk(repo, faults, known.files)
    found = Around(renamed=change.renamed, deleted=change.deleted, former=_former(repo, faults, change),
                   on_disk=lying.found, lost=_lost(repo, places, ageing.note_folders() if places else ()))
    told = {*found.renamed, *found.deleted, *found.former, *lying.found, *lying.empty}
    dated = {f.source for f in old} | {f.source for f in faults if f.destination.path in told}
    return Surroundings(found, dated, lying.watched | ({os.path.join(repo.common_dir, 'shallow')} if old else set()))
