"""`--adopt`: an index written by hand becomes a generated one; its prose goes to a sibling, its lines to the documents."""
from __future__ import annotations

import os
import posixpath
import shlex
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import NamedTuple

from daybook.documents import document
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.writers import index_adoption
from daybook.writers import index_set
from daybook.writers import indexes
from daybook.writers import insertion
from daybook.writers.index_adoption import Adoption
from daybook.writers.index_adoption import Target


class Adopted(NamedTuple):
    """What adopting one index writes, by path, and the bytes that each file has now (None: there is none)."""

    path: str
    texts: dict[str, bytes]
    before: dict[str, bytes | None]
    summaries: int


class Refused(NamedTuple):
    """An index that stays by hand, and why."""

    path: str
    reason: str


def _target(found: Document, *, is_open: bool = True) -> Target:
    summary, created = found.meta.get('summary'), found.meta.get('created')
    return Target(found.path, document.title_of(found), summary if isinstance(summary, str) else '',
                  str(created or ''), is_open and found.parsed.error is None)


def _filled(found: Document, summary: str) -> bytes | None:
    """Return the document with its summary, None when that cannot be proven to change nothing else."""
    try:
        return insertion.insert(found.data, {'summary': summary}, schema.property_order(found.kind.name))
    except FatalError:
        return None


def _with_summaries(documents: Mapping[str, Document], text: str, folder: str,
                    shut: set[str]) -> tuple[Adoption, dict[str, bytes]]:
    """Return the adoption and the documents that it changes; those `shut` leave their lines in the prose.

    One that cannot take a summary is added to them.
    """
    while True:
        targets = {path: _target(found, is_open=path not in shut) for path, found in documents.items()}
        adoption = index_adoption.adopt(text, folder, targets)
        filled = {path: _filled(documents[path], summary) for path, summary in adoption.summaries.items()}
        failed = {path for path, data in filled.items() if data is None}
        if not failed:
            return adoption, {path: data for path, data in filled.items() if data is not None}
        shut |= failed


def _check(documents: Mapping[str, Document], text: str, folder: str, adoption: Adoption, filled: Mapping[str, bytes],
           shut: Collection[str]) -> str | None:
    """Return what is wrong with an adoption: what is written is read again, and every line must be found."""
    after = {path: document.from_bytes(path, found.kind, filled.get(path, found.data)) for path, found in documents.items()}
    targets = {path: _target(found, is_open=path not in shut) for path, found in after.items()}
    lost = index_adoption.lost(text, adoption, folder, targets)
    if lost:
        return f'line {lost[0]} would be lost'
    again = index_adoption.adopt(text, folder, targets)
    return None if again.kept == adoption.kept and not again.summaries else 'a second run would change it again'


def plan(repo: Repo, documents: Mapping[str, Document], path: str, dirty: Collection[str]) -> Adopted | Refused:
    """Return what adopting the index `path` writes, its own file not among it, or why it stays as it is."""
    folder = posixpath.dirname(path)
    sibling = posixpath.join(folder, index_set.SIBLING)
    if os.path.islink(os.path.join(repo.root, path)):
        return Refused(path, 'a symbolic link')
    data = files.read_bytes(files.inside(repo.root, path))
    if data is None or path in dirty or not git_status.tracked_files(repo, *git.pathspec([path])):
        return Refused(path, 'git does not have it as it stands; commit or stage it first')
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError:
        return Refused(path, 'not UTF-8')
    shut = set(dirty)
    adoption, filled = _with_summaries(documents, text, folder, shut)
    wrong = _check(documents, text, folder, adoption, filled, shut)
    there = files.read_bytes(files.inside(repo.root, sibling))
    kept = adoption.kept.encode('utf-8')
    if wrong or kept and there not in (None, kept):
        return Refused(path, wrong or f'{sibling} is there already; give it another name')
    texts = {**({sibling: kept} if kept and there is None else {}), **filled}
    return Adopted(path, texts, {**{name: documents[name].data for name in filled}, sibling: there, path: data}, len(filled))


def write(repo: Repo, found: Adopted) -> None:
    """Write the prose, then the documents; the index itself follows, so that a run that was killed can be repeated.

    Raises FatalError when a file is not what it was when it was read.
    """
    for path, text in found.texts.items():
        absolute = files.inside(repo.root, path)
        if files.read_bytes(absolute) != found.before[path]:
            raise FatalError(f'{path} changed meanwhile; run it again')
        files.write_atomic(absolute, text)


def candidates(by_hand: Iterable[str], named: Collection[str]) -> list[str]:
    """Return the indexes by hand that are asked for: those named, or all."""
    return [path for path in by_hand if posixpath.basename(path) == indexes.NAME
            and (not named or path in named or posixpath.dirname(path) in named)]


def passed_over(tracked: Iterable[str], texts: Collection[str], chosen: Collection[str], named: Collection[str]) -> list[Refused]:
    """Return what was asked for, or lies among the documents, and is no index that can be adopted, with the reason."""
    folders = {posixpath.dirname(path) for path in texts}
    twins = {path: posixpath.join(posixpath.dirname(path), indexes.NAME) for path in tracked
             if posixpath.basename(path).casefold() == indexes.NAME.casefold() and posixpath.basename(path) != indexes.NAME}
    found = [Refused(path, f'its name has other letters; git mv {shlex.quote(path)} {shlex.quote(twin)}, then run it again')
             for path, twin in sorted(twins.items())
             if posixpath.dirname(path) in folders and (not named or path in named or posixpath.dirname(path) in named)]
    told = {*chosen, *map(posixpath.dirname, chosen), *(name for each in found for name in (each.path, posixpath.dirname(each.path)))}
    return found + [Refused(name, 'no index by hand of a folder of documents') for name in sorted(set(named) - told)]


def documents_of(repo: Repo, settings: Settings) -> dict[str, Document]:
    """Return all documents by path."""
    return {found.path: found for found in document.read_all(repo, settings) if not found.is_stub}
