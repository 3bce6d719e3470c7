"""What `daybook archive` moves, what must change with it, and what stays."""
from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import NamedTuple

from daybook.documents import document
from daybook.documents import tree
from daybook.documents.config import Settings
from daybook.documents.globs import glob_regex
from daybook.errors import FatalError
from daybook.lifecycle import choosing
from daybook.lifecycle import relocating
from daybook.lifecycle.relocating import Ground
from daybook.lifecycle.relocating import Relocated
from daybook.repo import files
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.rules import link_baseline
from daybook.rules.links import Names
from daybook.session import index_files
from daybook.writers import indexes

_SYMLINK, _FILE = '120000', '100'


class Plan(NamedTuple):
    """New paths by old ones, the bytes of every other file that changes, what stays and why, and what is read meanwhile.

    `before` are the bytes of all files that change or go; `mentions` are the places (`path:line`, afterwards) where a text
    names an old path.
    """

    moves: dict[str, str]
    after: dict[str, bytes]
    before: dict[str, bytes]
    stay: dict[str, str]
    links: int = 0
    mentions: tuple[str, ...] = ()


class _Files:
    """The tracked files as they lie on the disk."""

    def __init__(self, repo: Repo) -> None:
        entries = git_objects.index_entries(repo)
        self.root = repo.root
        self.modes = {entry.path: entry.mode for entry in entries}
        self.unmerged = {entry.path for entry in entries if entry.stage}
        self.folders = frozenset(tree.Tree(self.modes).folders)
        self.taken = {tree.folded(path) for path in self.modes}
        self._kept: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        if path not in self._kept:
            self._kept[path] = files.read_bytes(os.path.join(self.root, path)) or b''
        return self._kept[path]

    def symlinked(self) -> dict[str, str]:
        """Return the symbolic link that leads to each path, as far as one does."""
        found = {}
        for path, mode in self.modes.items():
            absolute = os.path.join(self.root, path)
            if mode == _SYMLINK and os.path.islink(absolute):
                found[posixpath.normpath(posixpath.join(posixpath.dirname(path), os.readlink(absolute)))] = path
        return found


def _with_folders(moves: Mapping[str, str], known: _Files) -> dict[str, str]:
    """Return `moves` with the folders of which every file goes to one place."""
    going: dict[str, set[str]] = {}
    for old, new in moves.items():
        going.setdefault(posixpath.dirname(old), set()).add(posixpath.dirname(new))
    staying = {posixpath.dirname(path) for path in known.modes if path not in moves}
    staying = {folder for path in staying for folder in _above(path)}
    return {**{folder: next(iter(new)) for folder, new in going.items() if len(new) == 1 and folder not in staying}, **moves}


def _above(folder: str) -> list[str]:
    parts = folder.split('/')
    return ['/'.join(parts[:end]) for end in range(len(parts), 0, -1)]


def _unsafe(repo: Repo, moves: Mapping[str, str], known: _Files) -> dict[str, str]:
    """Return the notes that cannot go, with the reason: a name that is taken, a symbolic link, a change that is not committed."""
    symlinked, dirty = known.symlinked(), set(git_status.dirty_files(repo))
    ignored = git_status.ignored(repo, moves.values())
    seen: dict[str, str] = {}
    found = {}
    for old, new in moves.items():
        first = seen.setdefault(tree.folded(new), old)
        if tree.folded(new) in known.taken or os.path.lexists(os.path.join(repo.root, new)):
            found[old] = f'{new} exists already'
        elif first != old:
            found[old] = f'{first} has its name, and goes to the same folder'
        elif old in symlinked:
            found[old] = f'{symlinked[old]} is a symbolic link to it'
        elif new in ignored:
            found[old] = f'git ignores {new}'
        elif old in dirty or old in known.unmerged:
            found[old] = 'has changes that are not committed'
    return found


def _movable(known: _Files, moves: Mapping[str, str]) -> dict[str, str]:
    return {old: new for old, new in moves.items() if known.modes[old].startswith(_FILE) and '\n' not in old}


def _is_generated(settings: Settings, path: str, data: bytes) -> bool:
    return index_files.is_map(settings, path) and indexes.is_generated(data.decode('utf-8', 'replace'))


def _sources(settings: Settings, known: _Files, moves: Mapping[str, str], *, are_maps_made: bool) -> list[str]:
    """Return the Markdown files that may have to change: those that move, and those that may name one that does."""
    pattern = relocating.pattern_of(moves)
    found = []
    for path, mode in known.modes.items():
        if path in moves:
            found.append(path)
        elif tree.is_markdown(path) and mode.startswith(_FILE) and pattern:
            data = known.read(path)
            if pattern.search(data) and not (are_maps_made and _is_generated(settings, path, data)):
                found.append(path)
    return found


def _untouchable(settings: Settings, paths: Iterable[str], dirty: Collection[str]) -> dict[str, str]:
    """Return the files of which no link is rewritten, each with the reason for what it links to."""
    exclude = re.compile('|'.join(map(glob_regex, settings.links_exclude)), re.DOTALL).fullmatch if settings.links_exclude else None
    found = {path: f'{path}, which links to it, has changes that are not committed' for path in dirty}
    if exclude:
        found |= {path: f'{path}, which links.exclude leaves out, links to it' for path in paths if exclude(path)}
    return found


def _try(known: _Files, moves: Mapping[str, str], sources: Iterable[str],
         untouchable: Mapping[str, str]) -> tuple[dict[str, Relocated], dict[str, str]]:
    """Return what becomes of each file, and the notes that must stay for one of them, with the reason."""
    whole = _with_folders(moves, known)
    ground = Ground(whole, Names(known.modes), frozenset(known.modes), known.folders)
    found: dict[str, Relocated] = {}
    stay: dict[str, str] = {}
    for path in sources:
        data = known.read(path)
        try:
            result = relocating.relocated(ground, path, moves.get(path, path), data)
        except FatalError as error:
            stay |= _concerned(known, moves, path, str(error))
            continue
        if result.data != data and path in untouchable and path not in moves:
            stay |= {old: untouchable[path] for old in moves if old in result.named or posixpath.dirname(old) in result.named}
        found[path] = result
    return found, stay


def _concerned(known: _Files, moves: Mapping[str, str], path: str, reason: str) -> dict[str, str]:
    """Return the notes that must stay because the links of `path` cannot be rewritten: itself, or those that it may name."""
    if path in moves:
        return {path: reason}
    data = known.read(path)
    return {old: reason for old in moves if (pattern := relocating.pattern_of({old: ''})) and pattern.search(data)}


def _baseline(known: _Files, moves: Mapping[str, str], found: Mapping[str, Relocated]) -> bytes | None:
    """Return the baseline of dead links with the new places in it, None where nothing of it changes."""
    if link_baseline.PATH not in known.modes:
        return None
    data = known.read(link_baseline.PATH)
    new_lines = {}
    for path, result in found.items():
        new = moves.get(path, path)
        changed = dict(result.targets)
        for text in link_baseline.read(data):
            start = link_baseline.line(path, '')
            if text.startswith(f'{start} '):
                target = text[len(start) + 1:]
                new_lines[text] = link_baseline.line(new, changed.get(target, target))
    if all(old == new for old, new in new_lines.items()):
        return None
    return link_baseline.render(new_lines.get(text, text) for text in link_baseline.read(data))


def _settle(settings: Settings, known: _Files, moves: dict[str, str], stay: dict[str, str],
            untouchable: Mapping[str, str], *, are_maps_made: bool) -> tuple[dict[str, str], dict[str, Relocated], dict[str, str]]:
    """Return what moves, what becomes of each file then, and what stays, with the reason: also for what others link to."""
    while True:
        moves = {old: new for old, new in moves.items() if old not in stay}
        found, more = _try(known, moves, _sources(settings, known, moves, are_maps_made=are_maps_made), untouchable)
        if not more:
            return moves, found, stay
        stay = {**stay, **more}


def plan(repo: Repo, settings: Settings, days: int, as_of: str) -> Plan:
    """Return what to do so that the notes that are older than `days` on the ISO day `as_of` lie in the archive.

    Raises FatalError when the baseline of dead links, which must change with them, has changes that are not committed.
    """
    known = _Files(repo)
    notes = [doc for doc in document.read_all(repo, settings, known.modes) if doc.kind.name == 'session']
    chosen = choosing.choose(settings, notes, days, as_of)
    moves = _movable(known, chosen.moves)
    dirty = {*git_status.dirty_files(repo), *known.unmerged}
    moves, found, stay = _settle(settings, known, moves, {**chosen.stay, **_unsafe(repo, moves, known)},
                                 _untouchable(settings, known.modes, dirty),
                                 are_maps_made=index_files.are_kept_here(repo, settings))
    after = {path: result.data for path, result in found.items() if path in moves or result.data != known.read(path)}
    baseline = _baseline(known, moves, found)
    if baseline is not None:
        if link_baseline.PATH in dirty:
            raise FatalError(f'{link_baseline.PATH} has changes that are not committed; commit them first')
        after[link_baseline.PATH] = baseline
    links = sum(len(result.targets) for result in found.values())
    mentions = tuple(f'{moves.get(path, path)}:{line}' for path, result in sorted(found.items())
                     for line in relocating.mentions(moves, result.data))
    return Plan(moves, after, {path: known.read(path) for path in after}, stay, links, mentions)
