"""One pass over the Markdown files of a work tree: what each shows, and where its links lead."""
from __future__ import annotations

import os
import stat
from typing import Any

from daybook.documents import frontmatter
from daybook.documents import governed
from daybook.documents import markdown
from daybook.documents.file_names import stem_of
from daybook.documents.governed import Governed
from daybook.documents.kinds import MARKDOWN
from daybook.repo.git import Repo
from daybook.repo.git_objects import TreeEntry
from daybook.rules import habits
from daybook.rules import targets
from daybook.rules.habits import Look
from daybook.writers import indexes

_SYMLINK, _SUBMODULE = '120000', '160000'


class Sweep:
    """What one pass over the Markdown files of a repository collects; texts are not kept."""

    def __init__(self, repo: Repo, entries: list[TreeEntry]) -> None:
        self.repo = repo
        self.files = sorted({entry.path for entry in entries})
        self.symlinks = [entry.path for entry in entries if entry.mode == _SYMLINK]
        self.submodules = [entry.path for entry in entries if entry.mode == _SUBMODULE]
        apart = {*self.symlinks, *self.submodules}
        self.markdown = [path for path in self.files if path.lower().endswith(MARKDOWN) and path not in apart]
        self.known = targets.Known(self.files, apart)
        self.stems = {stem_of(path).casefold() for path in self.files}
        self.looks: dict[str, Look] = {}
        self.links: dict[str, list[dict[str, Any]]] = {}  # faults of relative links, by fault
        self.wikilinks = self.lost_wikilinks = 0
        self.missing: list[str] = []
        self.blobs = {entry.path: entry.oid for entry in entries}
        self.governed: dict[str, Governed] = {}  # what each file says of its governance

    def read(self) -> None:
        """Look at each Markdown file, of which one that cannot be read is `missing`."""
        for path in self.markdown:
            data, size = _bytes(self.repo, path)
            if data is None:
                self.missing.append(path)
            else:
                parsed = frontmatter.parse(data)
                seen = habits.look(path, data, size, parsed)
                self.governed[path] = governed.of_bytes(data, parsed)
                self._links(seen)
                self.looks[path] = seen._replace(text='', is_index=indexes.is_generated(seen.text))

    def _links(self, seen: Look) -> None:
        body = seen.body
        if '[[' not in body and not targets.needs_parsing(seen.path, body, self.known):
            return
        for link in markdown.links(body, seen.text.count('\n', 0, seen.body_start) + 1):
            if link.kind == 'wikilink':
                self._wikilink(seen.path, link.target)
            elif fault := targets.fault(seen.path, link.target, self.known):
                found = {'path': seen.path, 'line': link.line, 'target': link.target}
                self.links.setdefault(fault, []).append(found)

    def _wikilink(self, path: str, target: str) -> None:
        name = target.partition('#')[0].rsplit('/', 1)[-1].casefold()
        is_found = not name or name in self.stems or stem_of(name) in self.stems or self.known.has(target)
        self.wikilinks += 1
        self.lost_wikilinks += not is_found


def read_one(repo: Repo, path: str) -> Look | None:
    """Return what the file of the work tree shows, or None when it is no readable regular file there."""
    data, size = _bytes(repo, path)
    return None if data is None else habits.look(path, data, size)


def _bytes(repo: Repo, path: str) -> tuple[bytes | None, int]:
    """Return the beginning of a regular file of the work tree, None for anything else, and the size of the whole."""
    absolute = os.path.join(repo.root, path)
    try:
        found = os.lstat(absolute)
        if not stat.S_ISREG(found.st_mode):  # a pipe would make us wait, a link lead out of the repository
            return None, 0
        with open(absolute, 'rb') as stream:
            return stream.read(habits.LARGE), found.st_size
    except OSError:
        return None, 0
