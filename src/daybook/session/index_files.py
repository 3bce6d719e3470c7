"""The generated maps of a work tree, INDEX.md and the overview: who keeps them, whether they are ours, what they say."""
from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence

from daybook.documents import document
from daybook.documents import kinds
from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.file_names import stem_of
from daybook.documents.globs import glob_regex
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo import sparse
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


def _titles(repo: Repo, settings: Settings, places: Sequence[str], read: Sequence[str]) -> dict[str, str]:
    """Return the title of each document of `places` but the stubs, and those that a deletion not staged yet takes away.

    Of those that are not in `read` it is the stem, and of those that a sparse or partial clone does not hold.
    """
    titles = {path: stem_of(path) for path in places}
    unread = set(read)
    for found in document.read_all(repo, settings, read):
        unread.discard(found.path)
        titles[found.path] = document.title_of(found)
        if found.is_stub:
            del titles[found.path]
    hidden = sparse.left_out(repo.root) if unread else {}
    for path in unread:
        absolute = os.path.join(repo.root, path)
        is_gone = not os.path.lexists(absolute) and path not in hidden and not git.is_in_git_hook()
        if is_gone or os.path.islink(absolute):  # no document, and it may lead nowhere
            del titles[path]
    return titles


def _fits(path: str, globs: Iterable[str]) -> bool:
    return any(re.fullmatch(glob_regex(glob), path, re.DOTALL) for glob in globs)


def _is_home(settings: Settings, folder: str) -> bool:
    """Return whether documents of a kind may lie in `folder`, so that we may have made its index."""
    path = index_set.path_of(folder)
    if path.startswith(tuple(f'{home}/' for kind in settings.kinds for glob in kind.paths if (home := kinds.fixed_folder(glob)))):
        return True
    return any(_fits(path, [index_set.path_of(glob.rpartition('/')[0]) for glob in kind.paths]) and not _fits(path, kind.exclude)
               for kind in settings.kinds)


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
    """Return the folders of changed documents, and above each that came or went with them the next that has documents and names it."""
    all_with = {posixpath.dirname(path) for path in places}
    old = {posixpath.dirname(path) for path in places if path not in changed}
    found = set(folders)
    for folder in set(folders) - old:
        parent = index_set.nearest(folder, all_with)
        found |= set() if parent is None else {parent}
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
    lines. An index that no document is left for becomes empty, as nothing of a tracked file is deleted.
    """
    if changed is not None and not changed:
        return {}
    places = [path for path, _ in document.select(settings, tracked)]
    hidden = ignored(repo, places, tracked)
    listed = [path for path in places if posixpath.dirname(path) not in hidden] if hidden else places
    only = None if changed is None else _with_parents({posixpath.dirname(path) for path in changed}, listed, changed)
    texts = index_set.texts(_titles(repo, settings, listed, [path for path in listed
                                                             if only is None or posixpath.dirname(path) in only]),
                            _prose(repo, listed, tracked), _in_other_letters(tracked))
    for path in tracked:
        if posixpath.basename(path) == indexes.NAME and path not in texts and _is_home(settings, posixpath.dirname(path)):
            texts.setdefault(path, indexes.render(index_set.title_of(posixpath.dirname(path)), []))
    found = {path: text for path, text in texts.items() if only is None or posixpath.dirname(path) in only}
    return {**found, **_overview(repo, settings, places, changed)}
