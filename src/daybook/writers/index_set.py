"""Which INDEX.md files a set of documents asks for, what each one says, and what the overview of all says."""
from __future__ import annotations

import posixpath
from collections.abc import Collection
from collections.abc import Mapping

from daybook.writers import indexes
from daybook.writers.indexes import Entry

_INITIALS = frozenset(('adr', 'api', 'ci', 'faq', 'prd', 'qa', 'rfc', 'sop', 'til', 'ui', 'ux'))  # names of folders that are said letter by letter
SIBLING = 'INDEX.by-hand.md'  # what people wrote in an index that was adopted


def path_of(folder: str) -> str:
    """Return the path of the index of `folder` (`` for the root)."""
    return f'{folder}/{indexes.NAME}' if folder else indexes.NAME


def title_of(folder: str) -> str:
    """Return the heading of the index of `folder`."""
    name = posixpath.basename(folder).replace('-', ' ').replace('_', ' ')
    return name.upper() if name.lower() in _INITIALS else name.capitalize() or 'Index'


def overview_entry(overview: str, path: str, title: str) -> Entry:
    """Return the line of the document `path` in the file `overview`: its whole path is its name."""
    file = posixpath.relpath(path, posixpath.dirname(overview) or '.')
    return Entry(file, path.rsplit('.', 1)[0], title)


def folder_entry(parent: str, folder: str, file: str = indexes.NAME) -> Entry:
    """Return the line of `folder`, whose index is its `file`, in the index of the folder `parent` above it."""
    name = posixpath.relpath(folder, parent or '.')
    return Entry(f'{name}/{file}', f'{name}/', title_of(folder))


def nearest(folder: str, folders: Collection[str]) -> str | None:
    """Return the nearest of `folders` above `folder`, whose index names that of `folder`; None when there is none."""
    parent = posixpath.dirname(folder)
    while parent and parent not in folders:
        parent = posixpath.dirname(parent)
    return parent if parent in folders and parent != folder else None


def overview(path: str, titles: Mapping[str, str]) -> str:
    """Return the text of the overview `path` of documents given as path and title."""
    return indexes.render('Overview', [overview_entry(path, *item) for item in titles.items()])


def _entries(titles: Mapping[str, str]) -> dict[str, list[Entry]]:
    folders: dict[str, list[Entry]] = {}
    for path, title in titles.items():
        folder, name = posixpath.split(path)
        folders.setdefault(folder, []).append(Entry(name, name.rsplit('.', 1)[0], title))
    return folders


def texts(titles: Mapping[str, str], prose: Collection[str] = (), named: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the text of each index, by path, for documents given as path and title.

    A folder's index names the documents that lie in it, and the index of the nearest folder
    above it that has one names its index. `prose` are the folders that hold a `SIBLING`, `named`
    the file names of indexes that are in other letters (`index.md`), by folder.
    """
    folders = _entries(titles)
    for folder in folders.keys() & set(prose):
        folders[folder].append(Entry(SIBLING, SIBLING.removesuffix('.md'), 'what people wrote here'))
    for folder in sorted(folders):
        parent = nearest(folder, folders)
        if parent is not None:
            folders[parent].append(folder_entry(parent, folder, (named or {}).get(folder, indexes.NAME)))
    return {path_of(folder): indexes.render(title_of(folder), entries) for folder, entries in folders.items()}


def of_folders(folder: str, folders: Collection[str], named: Mapping[str, str]) -> str:
    """Return the index of a folder that has lost its documents: the indexes of the `folders` below that nothing between names."""
    known = {*folders, folder}
    entries = [folder_entry(folder, each, named.get(each, indexes.NAME)) for each in folders if nearest(each, known) == folder]
    return indexes.render(title_of(folder), entries)
