"""What one run of the rules looks at: a repository, its settings, files and documents, and the change it answers for."""
from __future__ import annotations

import functools
import os
import time
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook import problem
from daybook.checks.asking import Answers
from daybook.checks.change import Change
from daybook.checks.change import Look
from daybook.checks.change import pushed_change
from daybook.documents import config
from daybook.documents import document
from daybook.documents import mappings
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.errors import FatalError
from daybook.problem import Problem
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_status
from daybook.repo import listing
from daybook.repo.listing import Listing


class Scope:
    """One run. What is asked of git and of the disk is asked once, when the first rule needs it.

    `change` is None by hand and in CI, where everything counts; `head` is the id of the commit, `` before the first;
    `today` is an ISO date; `named` are the files and folders that the call names, and what is reported is reported
    of these alone; `flags` are the options of the hook itself that were given.
    """

    def __init__(self, answers: Answers, environ: Mapping[str, str], *, today: str = '', words: Sequence[str] = (),
                 flags: Collection[str] = (), is_whole: bool = False) -> None:
        """Take what git answered; `words` are files and folders as they were named, `is_whole` makes everything count.

        Raises FatalError outside of a work tree.
        """
        where = answers.where or b''
        self.repo = git.repo_of(where) if where.startswith(b'true\n') else git.find_repo()
        self.head = os.fsdecode(answers.head or b'').strip()
        self.today, self.flags = today or time.strftime('%Y-%m-%d'), flags
        self.is_in_commit = 'GIT_INDEX_FILE' in environ
        self._answers = answers if self.repo.root == os.getcwd() else Answers()
        self._words = words
        self._read: dict[str, Document | None] = {}  # None of one that is gone from the disk
        self.change = None if is_whole else self._change(environ)

    def _change(self, environ: Mapping[str, str]) -> Change | None:
        if not self.is_in_commit:
            return pushed_change(self.repo, environ)
        staged = self._answers.staged
        return Change('HEAD', frozenset(git_status.staged_changes(self.repo) if staged is None else git.zsplit(staged)))

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings. Raises FatalError."""
        given, problems = self.mapping(config.PATH, 'config')
        return config.from_mapping(mappings.sound(config.PATH, given, problems))

    def mapping(self, path: str, schema_name: str) -> tuple[dict[str, Any], list[Problem]]:
        """Return what one of our YAML files says and what is wrong with it; nothing when there is none."""
        data = config.read_file(self.repo.root, path)
        return ({}, []) if data is None else mappings.read_kept(self.repo.common_dir, path, data, schema_name)

    @functools.cached_property
    def is_blind(self) -> bool:
        """Whether the settings are wrong by no fault of the change, so that nothing can be checked and nothing blocks.

        Raises FatalError when they are wrong and the run answers for them.
        """
        try:
            return not self.settings
        except FatalError:
            if self.change is not None and config.PATH not in self.change.paths:
                return True
            raise

    @functools.cached_property
    def files(self) -> Listing:
        """The tracked files: inside a commit those that are committed, else as they lie on the disk."""
        root, answers = self.repo.root, self._answers
        if answers.listed is None:
            return listing.read(root, is_in_commit=self.is_in_commit)
        return listing.of_index(root, answers.listed) if self.is_in_commit else listing.from_answers(root, answers.listed, answers.dirty)

    @functools.cached_property
    def named(self) -> tuple[str, ...]:
        """The paths of the files and folders that the call names. Raises FatalError for what is not there."""
        return tuple(self._named(word) for word in self._words)

    def _named(self, word: str) -> str:
        path = files.within(self.repo.root, word)
        if not os.path.lexists(word) and not git_status.tracked_files(self.repo, *git.pathspec([path])):
            raise FatalError(f'no such file: {word}; paths are relative to {os.getcwd()}')
        return path

    @functools.cached_property
    def untracked(self) -> frozenset[str]:
        """The named files that git does not track; they are looked at all the same."""
        known = self.files.entries() if self.named else {}
        return frozenset(path for path in self.named
                         if path not in known and os.path.isfile(os.path.join(self.repo.root, path)))

    @functools.cached_property
    def paths(self) -> list[str]:
        """All files of the repository, and the untracked ones that are named, sorted."""
        return sorted({*self.files.entries(), *self.untracked})

    @functools.cached_property
    def documents(self) -> list[Document]:
        """All documents, in order of path."""
        return self.documents_among(self.paths)

    def documents_among(self, paths: Iterable[str]) -> list[Document]:
        """Return the documents among `paths`, in order of path; each is read once in a run."""
        entries = self.files.entries()
        chosen = {path: kind for path, kind in document.select(self.settings, paths)
                  if path not in entries or entries[path][0] not in (listing.SYMLINK, listing.SUBMODULE)}
        new = [path for path in chosen if path not in self._read]
        self._read |= dict.fromkeys(new)
        self._read |= {path: document.from_bytes(path, chosen[path], data) for path, data in document.contents(self.repo, new)}
        return [found for found in map(self._read.get, chosen) if found is not None]

    @functools.cached_property
    def former(self) -> list[Document]:
        """The documents of the change as they were before it."""
        if self.change is None:
            return []
        return document.read_committed(self.repo, self.settings, self.change.paths, self.change.base)

    def covers(self, path: str) -> bool:
        """Return whether problems of the file `path` are to be reported."""
        return not self.named or any(name in (path, '.') or path.startswith(f'{name}/') for name in self.named)

    def by_hand(self, *notes: str) -> list[str]:
        """Return what rules that govern nothing have to say: whoever asks is told, not every commit and push."""
        return [] if self.change else list(notes)

    def part(self, problems: Iterable[Problem], also: Collection[str] = ()) -> Look:
        """Return what of `problems` the change at hand causes, and the count of the rest.

        A change causes what is wrong in its own files, what has one of them among its causes, and what is wrong in
        the files `also`, for which it answers because of a setting. Without a change everything is reported.
        """
        found = [wrong for wrong in set(problems) if self.covers(wrong.path)]
        if self.change is None:
            return Look(found)
        caused, older = problem.caused_by(found, {*self.change.paths, *also})
        return Look(caused, Counter(wrong.path for wrong in older))
