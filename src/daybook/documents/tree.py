"""The tracked files of a repository as places that links lead to: exact case, folders, symbolic links, submodules."""
from __future__ import annotations

import functools
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping

from daybook.repo.listing_entries import Entries

MARKDOWN = ('.md', '.markdown', '.mdx')
_MOST_LINKS = 40  # symbolic links followed for one path, as Linux does: path_resolution(7)


def is_markdown(path: str) -> bool:
    """Return whether git hosts show the file as Markdown."""
    return path.lower().endswith(MARKDOWN)


def folded(path: str) -> str:
    """Return what two spellings of a name share that some disks hold to be one name: case and Unicode form."""
    if path.isascii():
        return path.lower()
    import unicodedata  # which most names do without

    return unicodedata.normalize('NFC', path).casefold()


def folder_of(path: str) -> str:
    """Return the folder of a path, `` for the root."""
    return path.rpartition('/')[0]


class Tree:
    """All paths are relative to the root of the repository, with `/`; the root itself is ``.

    `links` are the texts of the symbolic links among `files`, `submodules` what git holds as commits.
    """

    def __init__(self, files: Iterable[str], links: Mapping[str, str] | None = None, submodules: Iterable[str] = ()) -> None:
        self.files: Collection[str] = files if isinstance(files, Mapping) else set(files)
        self.links = links or {}
        self.submodules = tuple(submodules)
        self._readmes: dict[str, str] | None = None

    @functools.cached_property
    def folders(self) -> set[str]:
        """All folders of the files, the root included."""
        found = {''}
        for folder in {path.rpartition('/')[0] for path in self.files}:
            while folder not in found:
                found.add(folder)
                folder = folder_of(folder)
        return found

    def learn(self) -> None:
        """Work out what else waits for the first question, for very many of them; processes that part later share it."""
        if isinstance(self.files, Entries):
            self.files = self.files.names()
        for ask in (self.is_folder, self.other_spelling, self.readme):
            ask('.')

    def is_folder(self, path: str) -> bool:
        """Return whether `path` is a folder of the files, or the root."""
        if not path:
            return True
        known = self.files.has_folder(path) if isinstance(self.files, Entries) else None
        return path in self.folders if known is None else known

    def locate(self, path: str) -> str | None:
        """Return the file or folder that `path` stands for, symbolic links followed, or None when there is none.

        What lies below a submodule is taken for granted.
        """
        if path in self.files and path not in self.links or self.is_folder(path):
            return path
        if self.submodules and path.startswith(tuple(f'{name}/' for name in self.submodules)):
            return path
        return self._through_links(path) if self.links else None

    def _through_links(self, path: str) -> str | None:
        parts, here = path.split('/')[::-1], ''
        for _ in range(_MOST_LINKS + len(parts)):
            if not parts:
                return here if here in self.files or self.is_folder(here) else None
            here = join(here, parts.pop()) or ''
            text = self.links.get(here)
            if text is None:
                continue
            if text.startswith('/'):
                return None
            target = join(folder_of(here), text)
            if target is None:
                return None
            parts += target.split('/')[::-1] if target else []
            here = ''
        return None

    def is_in_submodule(self, path: str) -> bool:
        """Return whether `path` lies below a submodule."""
        return path.startswith(tuple(f'{name}/' for name in self.submodules))

    def other_spelling(self, path: str) -> str | None:
        """Return the file or folder whose name differs from `path` in letter case or Unicode form only."""
        known = self.files.spellings(folded(path)) if isinstance(self.files, Entries) else None
        found = self._first_spellings.get(folded(path)) if known is None else min(known, default=None)
        return found if found != path else None

    @functools.cached_property
    def _first_spellings(self) -> dict[str, str]:
        known = sorted([*self.files, *self.folders], reverse=True)
        joined = '\0'.join(known)  # which no path holds; one call instead of one for each
        return dict(zip(joined.lower().split('\0') if joined.isascii() else map(folded, known), known))

    def readme(self, folder: str) -> str | None:
        """Return the file that git hosts show below the list of a folder."""
        if self._readmes is None:
            named = sorted((path for path in self.files if path.rpartition('/')[2].lower().startswith('readme.')), reverse=True)
            self._readmes = {folder_of(path): path for path in named if is_markdown(path)}
        return self._readmes.get(folder)


def join(folder: str, path: str) -> str | None:
    """Return the path `path`, seen from `folder`, without `.` and `..`; None when it leaves the repository."""
    if './' not in path and '//' not in path and path[-1:] != '.':  # nothing to walk through
        path = path.strip('/')
        return f'{folder}/{path}' if folder and path else folder or path
    parts = folder.split('/') if folder else []
    for part in path.split('/'):
        if part == '..':
            if not parts:
                return None
            parts.pop()
        elif part and part != '.':
            parts.append(part)
    return '/'.join(parts)


def relative(source: str, path: str) -> str:
    """Return the link that leads from the file `source` to `path`, beginning with `./` or `../`."""
    here, there = folder_of(source).split('/') if '/' in source else [], path.split('/') if path else []
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    steps = ['..'] * (len(here) - shared) + there[shared:]
    return '/'.join(steps) if steps and steps[0] == '..' else './' + '/'.join(steps)
