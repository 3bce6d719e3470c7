"""The indexes and the overview when documents come and go: what they must say then, before it is written."""
from __future__ import annotations

import posixpath
from collections.abc import Collection
from collections.abc import Sequence
from urllib.parse import unquote

from daybook.documents import markdown
from daybook.documents import tree
from daybook.documents.config import Settings
from daybook.lifecycle.journal import Write
from daybook.repo import files
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import index_files
from daybook.writers import indexes


def _texts(repo: Repo, settings: Settings, tracked: Sequence[str], changed: set[str]) -> dict[str, str]:
    """Return the maps of the changed folders, and those that they name and that nobody has made yet."""
    while True:
        texts = index_files.wanted(repo, settings, tracked, changed)
        named = {tree.join(posixpath.dirname(path), unquote(link.target)) or '' for path, text in texts.items()
                 for link in markdown.links(text) if index_files.is_map(settings, link.target)}
        missing = {path for path in named - set(texts) if path not in tracked}
        if missing <= changed:
            return texts
        changed = changed | missing  # a file of its folder, as far as maps go


def writes(repo: Repo, settings: Settings, *, gone: Collection[str], come: Collection[str]) -> list[Write]:
    """Return what is to be written of the maps once the documents lie where they belong.

    Those written by hand are left alone, and who keeps no indexes gets none.
    """
    if not index_files.are_kept_here(repo, settings):
        return []
    tracked = sorted({*git_status.tracked_files(repo), *come} - set(gone))
    are_any = any(posixpath.basename(path) == indexes.NAME and not index_files.is_by_hand(repo, path) for path in tracked)
    found = []
    for path, text in _texts(repo, settings, tracked, {*gone, *come}).items():
        before = files.read_bytes(files.inside(repo.root, path))
        is_new = before is None and (are_any or path == settings.indexes_overview)
        if index_files.is_by_hand(repo, path) or before is None and not (is_new and '](' in text):
            continue
        after = git_objects.round_trip(repo, path, text.encode('utf-8', 'replace'))
        if before != after:
            found.append(Write(path, before, after))
    return found
