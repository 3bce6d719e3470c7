"""The generated maps of a work tree, INDEX.md and the overview: who keeps them, whether they are ours, what they say."""
from __future__ import annotations

import os
import posixpath
from collections.abc import Collection
from collections.abc import Sequence
from urllib.parse import unquote

from daybook.documents import document
from daybook.documents import kinds
from daybook.documents import tree
from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.document import Document
from daybook.documents.file_names import stem_of
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import overview_file
from daybook.writers import index_set
from daybook.writers import indexes


def are_kept_here(repo: Repo, settings: Settings) -> bool:
    """Return whether `indexes.when` lets this work tree write them: on a branch of others it would make conflicts."""
    if settings.indexes_when == 'default-branch':
        return git_refs.is_on_default_branch(repo, settings.indexes_branch)
    return settings.indexes_when == 'commit'


def is_map(settings: Settings, path: str) -> bool:
    """Return whether a file has the name of a generated map."""
    return path == settings.indexes_overview or posixpath.basename(path) == indexes.NAME


def is_by_hand(repo: Repo, path: str) -> bool:
    """Return whether somebody else wrote the file at `path`, so that it is left alone; a symbolic link counts as that."""
    if os.path.islink(os.path.join(repo.root, path)):
        return True
    data = files.read_bytes(files.inside(repo.root, path))
    return data is not None and not indexes.is_generated(data.decode('utf-8', 'replace'))


def _not_on_disk(repo: Repo, settings: Settings, missing: Sequence[str]) -> dict[str, Document | None]:
    """Return those of the `missing` documents that are to stay, as git's index has them: it is told to overlook that they are missing.

    None for what a partial clone does not hold.
    """
    few = git.pathspec(missing) if len(missing) <= 100 else ()
    staying = set(missing) - git_status.maybe_unstaged(repo, missing)
    held = [entry for entry in git_objects.index_entries(repo, *few) if entry.path in staying]
    blobs = git_objects.read_local(repo, [entry.oid for entry in held])
    kinds_of = dict(document.select(settings, staying))
    return {entry.path: None if data is None else document.from_bytes(entry.path, kinds_of[entry.path], data)
            for entry, data in zip(held, blobs)}


def _titles(repo: Repo, settings: Settings, places: Sequence[str], read: Sequence[str]) -> dict[str, str]:
    """Return the title of each document of `places` but the stubs, and those that a deletion not staged yet takes away.

    Of those that are not in `read` it is the stem, and of those that a sparse or partial clone does not hold.
    """
    titles = {path: stem_of(path) for path in places}
    known: dict[str, Document | None] = {found.path: found for found in document.read_all(repo, settings, read)}
    unread = sorted(set(read).difference(known))
    missing = {path for path in unread if not os.path.lexists(os.path.join(repo.root, path))}
    known |= _not_on_disk(repo, settings, sorted(missing)) if missing else {}
    for path, found in known.items():
        titles[path] = document.title_of(found) if found else titles[path]
        if found and found.is_stub:
            del titles[path]
    for path in unread:
        is_gone = path in missing and path not in known and not git.is_in_git_hook()
        if is_gone or os.path.islink(os.path.join(repo.root, path)):  # no document, and it may lead nowhere
            del titles[path]
    return titles


def _is_others(repo: Repo, settings: Settings, path: str | None, index: str, tracked: Collection[str], folders: Collection[str]) -> bool:
    """Return whether a line of `index` leads to a file that is there and is neither a document nor made for documents."""
    if path is None or kind_of(settings, path) or posixpath.basename(path) == index_set.SIBLING:
        return path is None
    if path not in tracked and not os.path.lexists(os.path.join(repo.root, path)):
        return False
    folder, name = posixpath.split(path)
    is_below = folder.startswith(f'{posixpath.dirname(index)}/'.lstrip('/')) and folder != posixpath.dirname(index)
    return name != indexes.NAME or folder not in folders and not (is_below and _is_ours(repo, settings, path, tracked, folders))


def _is_ours(repo: Repo, settings: Settings, index: str, tracked: Collection[str], folders: Collection[str]) -> bool:
    """Return whether the index of a folder without documents names such alone, so that it was ours to make and is to be emptied.

    Another project's, which `**/ADR-*.md` may reach into, names files that are no documents of ours, or indexes that
    are none of the `folders` of documents and not ours.
    """
    text = (files.read_bytes(files.inside(repo.root, index)) or b'').decode('utf-8', 'replace')
    folder = posixpath.dirname(index)
    named = {tree.join(folder, unquote(target)) for line in text.splitlines() if (target := indexes.target_of(line))}
    if any(_is_others(repo, settings, path, index, tracked, folders) for path in named):
        return False
    homes = {(home := kinds.fixed_folder(glob), glob.count('/') == home.count('/') + bool(home)) for kind in settings.kinds for glob in kind.paths}
    is_at_home = any(home and index.startswith(f'{home}/') or is_flat and home == folder for home, is_flat in homes)
    return is_at_home or any(path and kind_of(settings, path) for path in named)


def _overview(repo: Repo, settings: Settings, places: Sequence[str], changed: Collection[str] | None) -> dict[str, str]:
    path = settings.indexes_overview
    if path is None or overview_file.text_of(repo, settings) is not None or changed is not None and not any(each == path or kind_of(settings, each) for each in changed):
        return {}
    data = None if changed is None or path in changed else files.read_bytes(files.inside(repo.root, path))
    old = (data or b'').decode('utf-8', 'replace').replace('\r\n', '\n')
    if changed is None or not indexes.is_generated(old):
        return {path: index_set.overview(path, _titles(repo, settings, places, places))}
    known = [each for each in places if each in changed]
    titles = _titles(repo, settings, known, known)
    entries = [index_set.overview_entry(path, *item) for item in titles.items()]
    gone = [index_set.overview_entry(path, each, '').file for each in changed if each not in titles]
    return {path: indexes.updated(old, gone, entries)}


def _prose(repo: Repo, places: Sequence[str], tracked: Sequence[str]) -> set[str]:
    """Return the folders of documents that hold what people wrote in their index; outside of a commit, tracked or not."""
    if git.is_in_git_hook():
        return {posixpath.dirname(path) for path in tracked if posixpath.basename(path) == index_set.SIBLING}
    return {folder for folder in {posixpath.dirname(path) for path in places}
            if os.path.isfile(os.path.join(repo.root, folder, index_set.SIBLING))}


def _in_other_letters(tracked: Sequence[str]) -> dict[str, str]:
    """Return the names of the files `index.md` and the like, by their folders; ours is not written beside one."""
    maps = [path for path in tracked if path[-9:].casefold() in ('/index.md', 'index.md')]
    return {folder: name for folder, name in map(posixpath.split, maps) if name != indexes.NAME}


def ignored(repo: Repo, places: Sequence[str], tracked: Collection[str]) -> set[str]:
    """Return the folders of the documents `places` whose index could not be added, as git ignores it: their documents were by force."""
    new = {index_set.path_of(folder) for folder in {posixpath.dirname(path) for path in places}}.difference(tracked)
    return {posixpath.dirname(path) for path in git_status.ignored(repo, sorted(new))} if new else set()


def _with_parents(folders: Collection[str], places: Collection[str], changed: Collection[str]) -> set[str]:
    """Return the folders of changed documents, and above each that came or went with them those that may name it.

    That is the next that has documents, and those between, whose index may be left from when they had some.
    """
    all_with = {posixpath.dirname(path) for path in places}
    old = {posixpath.dirname(path) for path in places if path not in changed}
    found = set(folders)
    for folder in set(folders) - old:
        while folder:
            folder = posixpath.dirname(folder)
            found.add(folder)
            if folder in all_with:
                break
    return found


def above(repo: Repo, settings: Settings, folder: str) -> str | None:
    """Return the generated index that must name that of `folder`, which is to get its first document; None when there is none."""
    folders = {posixpath.dirname(path) for path, _ in document.select(settings, git_status.tracked_files(repo))}
    parent = None if folder in folders else index_set.nearest(folder, folders)
    path = None if parent is None else index_set.path_of(parent)
    return path if path and os.path.isfile(os.path.join(repo.root, path)) and not is_by_hand(repo, path) else None


def wanted(repo: Repo, settings: Settings, tracked: Sequence[str],
           changed: Collection[str] | None = None) -> dict[str, str]:
    """Return the text of each index and of the overview, by path.

    Given the files that `changed`, these are the indexes of their folders, read anew, and the overview with their
    lines. An index that no document is left for names what lies below it alone, as nothing of a tracked file is deleted.
    """
    if changed is not None and not changed:
        return {}
    places = [path for path, _ in document.select(settings, tracked)]
    hidden = ignored(repo, places, tracked)
    listed = [path for path in places if posixpath.dirname(path) not in hidden] if hidden else places
    only = None if changed is None else _with_parents({posixpath.dirname(path) for path in changed}, listed, changed)
    titles = _titles(repo, settings, listed, [path for path in listed if only is None or posixpath.dirname(path) in only])
    others = _in_other_letters(tracked)
    texts = index_set.texts(titles, _prose(repo, listed, tracked), others)
    without = [path for path in tracked if posixpath.basename(path) == indexes.NAME and path not in texts]
    known, folders = (frozenset(tracked), {posixpath.dirname(path) for path in titles}) if without else (frozenset(), set())
    for path in without:
        if (only is None or posixpath.dirname(path) in only) and _is_ours(repo, settings, path, known, folders):
            texts[path] = index_set.of_folders(posixpath.dirname(path), folders, others)
    found = {path: text for path, text in texts.items() if only is None or posixpath.dirname(path) in only}
    return {**found, **_overview(repo, settings, places, changed)}
