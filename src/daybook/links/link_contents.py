"""What the Markdown files of one listing say, from the catalogue, the work tree or git, whichever costs least."""
from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from collections.abc import Set
from typing import TypeVar

from daybook import progress
from daybook.documents import link_facts
from daybook.documents import tree
from daybook.documents.catalogue_content import Catalogue
from daybook.documents.link_facts import Facts
from daybook.documents.link_facts import Page
from daybook.documents.markdown_marks import Place
from daybook.links.link_reader import Reader
from daybook.links.link_reader import Said
from daybook.links.link_reader import Suspects
from daybook.links.link_verdict import Verdict
from daybook.repo import git_objects
from daybook.repo import git_spawn
from daybook.repo import git_status
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.repo.listing import Listing

KIND = f'links-{link_facts.VERSION}'
_MOST_PAGES = 1000  # whose anchors are held ready
_MANY = 100  # files, from which on git tells sooner what changed

_Job = TypeVar('_Job')
_Result = TypeVar('_Result')


class Contents:
    """The Markdown files among `files`; `added` holds the facts that were worked out and may be kept, by blob."""

    def __init__(self, repo: Repo, files: Listing, kept: Catalogue, *, is_in_commit: bool) -> None:
        self.added: dict[str, str] = {}
        self._repo, self._files, self._entries, self._kept, self._is_in_commit = repo, files, files.entries(), kept, is_in_commit
        self._no_files = frozenset().union(*files.links())
        self._dumps: dict[str, str] = {}
        self._anchors: dict[str, Set[str] | None] = {}
        self._from_disk: set[str] = set()
        self._listed_again: Callable[[], list[bytes | None]] | None = None

    def is_source(self, path: str) -> bool:
        """Return whether the tracked `path` is a Markdown file, and no symbolic link to one."""
        return tree.is_markdown(path) and path not in self._no_files

    def prepare(self, paths: Collection[str], reader: Reader) -> Iterator[tuple[str, Said]]:
        """Yield each path with what the file says; it costs least to take one after the other."""
        blobs = self._entries.ids(paths)
        wanted = {blob: path for path, blob in blobs.items() if blob not in self._dumps}
        known = self._kept.facts(KIND, wanted) if wanted and self._kept.is_kept else {}
        self._dumps |= known
        missing = sorted(path for blob, path in wanted.items() if blob not in known)
        copied = {wanted[blob] for path, blob in blobs.items() if blob in wanted and wanted[blob] != path}
        found = self._each(missing, str, functools.partial(reader.read_all, copied=copied), reader.read_bytes)
        for path, said in progress.shown(found, len(missing), 'reading'):
            if said is not None:
                self._hold(blobs[path], said.dumped)
                yield path, said
        read = set(missing)
        rest = ((path, self.facts(path)) for path in paths if path not in read)
        yield from ((path, reader.look(path, facts)) for path, facts in rest if facts is not None)

    def _hold(self, blob: str, dumped: str) -> None:
        self._dumps[blob] = dumped
        if self._kept.is_kept:
            self.added[blob] = dumped

    def _each(self, jobs: Sequence[_Job], path_of: Callable[[_Job], str], from_disk: Callable[[Sequence[_Job]], Iterable[_Result | None]],
              from_bytes: Callable[[_Job, bytes], _Result]) -> Iterator[tuple[str, _Result | None]]:
        """Yield each path with its result: what the work tree does not hold as the listing has it comes from git."""
        apart = git_status.maybe_unstaged(self._repo, list(map(path_of, jobs))) if self._is_in_commit and jobs else ()
        on_disk = [job for job in jobs if path_of(job) not in apart]
        others = [job for job in jobs if path_of(job) in apart]
        for job, result in zip(on_disk, from_disk(on_disk)):
            if result is None:
                others.append(job)
            else:
                if self._kept.is_kept:
                    self._from_disk.add(path_of(job))
                yield path_of(job), result
        for job, data in zip(others, git_objects.read_local(self._repo, [self._entries[path_of(job)][1] for job in others])):
            yield path_of(job), None if data is None else from_bytes(job, data)

    def list_again(self) -> None:
        """Ask git now for what `has_moved` will compare, if it is much: for who has read all that it needs and goes on with other work."""
        if len(self._from_disk) >= _MANY and not self._is_in_commit:
            self._listed_again = git_spawn.ask(self._repo.root, *listing.QUESTIONS)

    def has_moved(self) -> bool:
        """Return whether a file changed before it was read, so that what was found is not what the listing stands for."""
        asked = sorted(self._from_disk)
        if len(asked) < _MANY:
            asked = [path for path in asked if not self._is_as_listed(path)]  # nearly always all are
        if not asked:
            return False
        if self._is_in_commit:
            return bool(git_status.maybe_unstaged(self._repo, asked))
        listed = self._listed_again or git_spawn.ask(self._repo.root, *listing.QUESTIONS)
        now = listing.from_answers(self._repo.root, *listed())
        if now.raw == self._files.raw:
            return False
        entries = now.entries()
        return any(path not in entries or entries[path][1] != self._entries[path][1] for path in asked)

    def _is_as_listed(self, path: str) -> bool:
        data, blob = link_facts.read(self._repo.root, path), self._entries[path][1]
        return data is not None and (blob == listing.blob_id(data, blob) or blob == listing.blob_id(data.replace(b'\r\n', b'\n'), blob))

    def facts(self, path: str) -> Facts | None:
        """Return what the file at `path` says; None when it is not to be had."""
        blob = self._entries[path][1]
        if blob not in self._dumps:
            known = self._kept.facts(KIND, [blob]) if self._kept.is_kept else {}
            self._dumps |= known
            if not known and (data := self.read(path)) is not None:
                self._hold(blob, Page(data, is_of_many=False).facts().dumped)
        dumped = self._dumps.get(blob)
        return None if dumped is None else Facts(dumped)

    def anchors(self, path: str) -> Set[str] | None:
        """Return the anchors of the page `path`; None when they are not to be had."""
        if path not in self._anchors:
            if len(self._anchors) == _MOST_PAGES:
                self._anchors.clear()
            found = self.facts(path) if path in self._entries else None
            self._anchors[path] = None if found is None else found.anchors
        return self._anchors[path]

    def find(self, jobs: Sequence[Suspects], reader: Reader) -> Iterator[tuple[str, Verdict | list[Place]]]:
        """Yield each path with the verdict on it, or the places of its suspects, as `Reader.find` has them."""
        read = self._each(sorted(jobs), operator.attrgetter('source'), reader.find_all, reader.find_in)
        for path, found in progress.shown(read, len(jobs), 'looking for lines'):
            yield path, [] if found is None else found

    def read_all(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """Yield each path with the content of the file; None when it is not to be had."""
        return self._each(paths, str, lambda paths: (link_facts.read(self._repo.root, path) for path in paths), lambda _, data: data)

    def read(self, path: str) -> bytes | None:
        """Return the content of one file; None when it is not to be had."""
        return dict(self.read_all([path])).get(path)
