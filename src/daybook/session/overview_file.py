"""The overview that people write with a generated block in it: whether there is one here, and what its block says."""
from __future__ import annotations

import os
import re
from collections.abc import Collection
from collections.abc import Sequence

from daybook.documents import config
from daybook.documents import document
from daybook.documents import review
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.documents.file_names import stem_of
from daybook.repo import files
from daybook.repo.git import Repo
from daybook.writers import cadence
from daybook.writers import index_set
from daybook.writers import overview_block
from daybook.writers.indexes import Entry

_APART = ('session', 'workstream', 'learning')  # what no specification is
_STATE = re.compile(r'(?:^|[-_. ])state(?:[-_. ]|$)', re.IGNORECASE)


def text_of(repo: Repo, settings: Settings) -> str | None:
    """Return the text of the overview where it has a block; None where it is another one, or none."""
    path = settings.indexes_overview
    if path is None or os.path.islink(os.path.join(repo.root, path)):
        return None
    data = files.read_bytes(files.inside(repo.root, path))
    text = (data or b'').decode('utf-8', 'surrogateescape')
    return text if overview_block.has_block(text) else None


def _is_state(settings: Settings, path: str) -> bool:
    """Return whether a document tells how things stand: its name says so, or a rule has it follow what changes."""
    is_named_so = _STATE.search(stem_of(path)) is not None
    if is_named_so or not settings.cochange:
        return is_named_so
    from daybook.rules import cochange  # brings the reader of Markdown along, which an index seldom needs

    return any(cochange.fits(glob, path) for rule in settings.cochange for glob in rule.then)


def _group(settings: Settings, found: Document) -> str:
    if found.kind.name == 'session':
        return overview_block.LATEST
    if found.kind.name == 'adr':
        return overview_block.DECISIONS
    return overview_block.STATE if _is_state(settings, found.path) else overview_block.SPECIFICATIONS


def _latest(repo: Repo, settings: Settings, notes: Sequence[str]) -> list[str]:
    """Return the newest note of each operator that is one: a claim that nobody has filled, which `git add` took along, is none."""
    while True:
        chosen = overview_block.latest(notes)
        stubs = {found.path for found in document.read_all(repo, settings, chosen) if found.is_stub}
        if not stubs:
            return chosen
        notes = [path for path in notes if path not in stubs]


def _block(repo: Repo, settings: Settings, overview: str, tracked: Sequence[str]) -> str:
    places = [(path, kind.name) for path, kind in document.select(settings, tracked)]
    notes = _latest(repo, settings, [path for path, kind in places if kind == 'session'])
    read = document.read_all(repo, settings, [*notes, *(path for path, kind in places if kind not in _APART)])
    groups: dict[str, list[Entry]] = {}
    for found in sorted(read, key=lambda each: notes.index(each.path) if each.path in notes else -1):
        # what is closed is found in the index of its folder
        if not found.is_stub and (found.kind.name == 'session' or not review.is_closed(found.meta)):
            entry = index_set.overview_entry(overview, found.path, document.title_of(found))
            groups.setdefault(_group(settings, found), []).append(entry)
    return overview_block.render(groups, cadence.rows(settings))


def wanted(repo: Repo, settings: Settings, tracked: Sequence[str], changed: Collection[str] | None = None) -> dict[str, bytes]:
    """Return the overview with its block as it should be, by path; none where it has no block, or the change does not concern it."""
    path, text = settings.indexes_overview, text_of(repo, settings)
    if path is None or text is None:
        return {}
    if changed is not None and not any(each in (path, config.PATH) or config.kind_of(settings, each) for each in changed):
        return {}
    return {path: overview_block.put(text, _block(repo, settings, path, tracked)).encode('utf-8', 'surrogateescape')}
