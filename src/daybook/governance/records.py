"""The governance records of all documents of one listing; what a blob says is kept in the catalogue."""
from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping

from daybook.checks.scope import Scope
from daybook.documents import catalogue
from daybook.documents import catalogue_values
from daybook.documents import config
from daybook.documents import document
from daybook.documents import governed
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.documents.governed import Names
from daybook.documents.governed import Record
from daybook.documents.kinds import Kind
from daybook.errors import FatalError
from daybook.repo import git_objects
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.repo.listing import Listing

_FEW = 20  # names that are worth looking for in every document


def _aliases(settings: Settings) -> frozenset[str]:
    return frozenset(other for kind in settings.kinds for name, others in kind.key_aliases if name in governed.KEYS for other in others)


def _family(aliases: Collection[str]) -> str:
    return f'governed-{governed.VERSION}-{zlib.crc32(" ".join(sorted(aliases)).encode()):08x}'


def of_document(found: Document) -> Record:
    """Return the record of a document that was read."""
    return governed.load(found.path, found.kind, governed.dump(governed.of_bytes(found.data, found.parsed)))


def _blobs(settings: Settings, listed: Listing) -> dict[str, tuple[str, Kind]]:
    """Return the blob and the kind of each document."""
    found = {}
    for path, (mode, blob) in listed.entries().items():
        kind = config.kind_of(settings, path)
        if kind is not None and mode not in (listing.SYMLINK, listing.SUBMODULE):
            found[path] = blob, kind
    return found


def _kept(repo: Repo, family: str, blobs: Collection[str]) -> dict[str, str]:
    try:
        store = catalogue.open_in(repo.common_dir, create=False)
        if store is None:
            return {}
        with store:
            return store.facts(family, blobs)
    except catalogue_values.Damaged:
        return {}  # the audit of links, which writes the most, makes it anew


def _keep(repo: Repo, family: str, new: Mapping[str, str], known: Collection[str]) -> None:
    try:
        store = catalogue.open_in(repo.common_dir)
        if store is None:
            return
        with store, store.writing() as is_mine:
            if is_mine:
                store.add_facts(family, sorted(new.items()))
                store.sweep([*new, *known])
    except catalogue_values.Damaged:
        catalogue.discard(repo.common_dir)


def _texts(repo: Repo, settings: Settings, listed: Listing) -> dict[str, tuple[Kind, str]]:
    """Return the kind and what is kept of each document of a listing."""
    blobs, aliases = _blobs(settings, listed), _aliases(settings)
    family = _family(aliases)
    texts = _kept(repo, family, {blob for blob, _ in blobs.values()})
    missing = [path for path, (blob, _) in blobs.items() if blob not in texts]
    new = {}
    for found in document.read_all(repo, settings, missing) if missing else ():
        new[blobs[found.path][0]] = governed.dump(governed.of_bytes(found.data, found.parsed), aliases)
    if new:
        _keep(repo, family, new, texts)
    texts |= new
    return {path: (kind, texts[blob]) for path, (blob, kind) in blobs.items() if blob in texts}


def read(repo: Repo, settings: Settings, listed: Listing, also: Iterable[str] = ()) -> list[Record]:
    """Return the records of the documents of a listing, and of the untracked files `also`, in order of path."""
    records = [governed.load(path, kind, text) for path, (kind, text) in _texts(repo, settings, listed).items()]
    records += [of_document(found) for found in (document.read_all(repo, settings, also) if also else ())]
    return sorted(records, key=lambda record: record.path)


def concerning(repo: Repo, settings: Settings, listed: Listing, paths: Collection[str]) -> tuple[list[Record], Names]:
    """Return the records of the documents among `paths` and of all that may link to one of them, and what finds those.

    The names find these documents, and no other by its name alone.
    """
    if not any(config.kind_of(settings, path) for path in paths):
        return [], Names(())
    texts = _texts(repo, settings, listed)
    own = [governed.load(path, *texts[path]) for path in paths if path in texts]
    words = {json.dumps(name)[1:-1] for record in own for name in governed.names_of(record)}
    names = Names(own, texts)
    # what has an escape may be spelt otherwise in what is kept
    chosen = texts if len(words) > _FEW or any('\\' in word for word in words) else {
        path for path, (_, text) in texts.items() if any(map(text.casefold().__contains__, words))}
    return [governed.load(path, *texts[path]) for path in sorted({*chosen, *(record.path for record in own)})], names


@functools.lru_cache(maxsize=1)
def of_scope(scope: Scope) -> tuple[Record, ...]:
    """Return the records of all documents of a run; they are read once for all hooks."""
    return tuple(read(scope.repo, scope.settings, scope.files, scope.untracked))


def former_settings(scope: Scope) -> Settings | None:
    """Return the settings before the change at hand, None where it leaves them alone or they could not be read."""
    if scope.change is None or config.PATH not in scope.change.paths:
        return None
    try:
        return config.from_bytes(git_objects.read_blobs(scope.repo, [f'{scope.change.base}:{config.PATH}'])[0])
    except FatalError:
        return config.DEFAULTS
