"""Whether the last answer of a link audit still stands, and what a run knows of its work tree before it looks at any file.

A cache, never the truth: what is not there to the byte is made anew from the catalogue, and that from the documents.
"""
from __future__ import annotations

import os

from daybook.links import link_answer
from daybook.links.link_answer import Answer
from daybook.links.link_answer import BASELINE
from daybook.links.link_answer import CONFIG
from daybook.repo import git_spawn
from daybook.repo import listing

TYPE_CHECKING = False
if TYPE_CHECKING:  # a warm hook does without `collections`
    from collections.abc import Callable
    from collections.abc import Mapping

    from daybook.links.link_change import Change


def _read(root: str, path: str) -> bytes:
    try:
        with open(os.path.join(root, path), 'rb') as stream:
            return stream.read()
    except OSError:
        return b''


class Setup:
    """What an audit depends on besides the files: the bytes of the settings, those of the baseline, and the commit."""

    def __init__(self, root: str, head: str) -> None:
        self.settings, self.baseline, self.head = _read(root, CONFIG), _read(root, BASELINE), head
        self._known: dict[str, int] | None = None
        self._baseline_digest = b''

    @property
    def known(self) -> dict[str, int]:
        """The lines of the baseline with their numbers, as `link_baseline.read` has them."""
        if self._known is None:
            from daybook.rules import link_baseline

            self._known = link_baseline.read(self.baseline)
        return self._known

    @property
    def baseline_digest(self) -> bytes:
        """The BLAKE2b hash of the baseline, which may be megabytes."""
        self._baseline_digest = self._baseline_digest or listing.digest(self.baseline)
        return self._baseline_digest

    @property
    def digest(self) -> bytes:
        """The BLAKE2b hash of all of it."""
        return listing.digest(b'%d %s ' % (len(self.settings), self.head.encode()) + self.settings + self.baseline_digest)


def view_name(git_dir: str) -> str:
    """Return the name under which the catalogue keeps what was found in a work tree."""
    return f'links {git_dir}'


def changed_at(root: str, folder: str) -> str:
    """Return when the content of a folder changed last, `` when there is no such folder."""
    try:
        return str(os.stat(os.path.join(root, folder)).st_mtime_ns)
    except OSError:
        return ''


def witness(root: str, folders: set[str]) -> bytes:
    """Return these folders with the times of their last changes, in one text."""
    return os.fsencode(''.join(f'{folder}\t{changed_at(root, folder)}\0' for folder in sorted(folders)))


def witnesses(text: bytes) -> dict[str, str]:
    """Return the folders of such a text with their times."""
    return dict(line.rpartition('\t')[::2] for line in os.fsdecode(text).split('\0')[:-1])


class Start:
    """What a run knows of its work tree before it looks at any file: where it lies, its commit and what git lists.

    `index` is the trailer of the index, `` where it has none; `raw` and `dirty` are what git answers to
    `listing.QUESTIONS`, None while nobody knows. `change` is what git is asked about the change already, if it is;
    `former` is the last answer, which something has changed since.
    """

    def __init__(self, root: str, git_dir: str, common_dir: str, head: str, index: bytes, raw: bytes | None, dirty: bytes | None) -> None:
        self.root, self.git_dir, self.common_dir, self.head, self.index = root, git_dir, common_dir, head, index
        self.raw, self.dirty = raw, dirty
        self.change: Change | None = None
        self.former: Answer | None = None
        self._files: listing.Listing | None = None

    @property
    def files(self) -> listing.Listing:
        """The listing; git is asked at the first time, as a run without changes does not need it."""
        if self._files is None:
            self._files = self._listed()
            if self.index == listing.trailer(self.git_dir):
                self._files.trailer = self.index
        return self._files

    def _listed(self) -> listing.Listing:
        if self.dirty is None:
            return listing.read(self.root, is_in_commit=False)
        if self.raw is None:
            wait = git_spawn.ask(self.root, listing.QUESTIONS[0])
            _import()  # meanwhile: what has a dirty file is rarely what it was
            self.raw, = wait()
        return listing.from_answers(self.root, self.raw, self.dirty)


def recall(environ: Mapping[str, str]) -> tuple[Answer | None, Start | None]:
    """Return the last answer of this work tree, None if it might be another one now.

    What was asked of git for that is returned too, None inside a commit or a push, which answer for a change, or where
    git must first say what is wrong.
    """
    if 'GIT_INDEX_FILE' in environ or 'PRE_COMMIT_FROM_REF' in environ:
        return None, None
    may_recall = 'GITHUB_ACTIONS' not in environ and environ.get('DAYBOOK_FORMAT', 'text') == 'text'
    here, own = os.path.abspath('.'), os.path.abspath('.git')
    index = listing.trailer(own)
    # what takes git the longest begins first
    wait = git_spawn.ask(here, *(listing.QUESTIONS[1:] if os.path.exists(own) else ()), git_spawn.WHERE)
    # what is done now is done while git answers
    known = link_answer.kept(own) if may_recall else None
    list_files = git_spawn.ask(here, listing.QUESTIONS[0]) if index and (known is None or known.index != index) else None
    if list_files:
        from daybook.links import link_change  # noqa: F401
    *dirty, where = wait()
    place = git_spawn.place(here, where)
    if place is None:
        return None, None
    root, git_dir, *_ = place
    start = Start(*place, b'', None, None)
    if root == here and dirty:
        start.dirty = dirty[0]
    if root == here and git_dir == own:
        start.index = index if index == listing.trailer(own) else b''
        if list_files:
            _take_listing(start, list_files, has_text=bool(known and known.text))
    elif may_recall:
        known = link_answer.kept(git_dir)
    if known and _is_still_true(known, start):
        return known, start
    start.former = known
    return None, start


def _take_listing(start: Start, list_files: Callable[[], list[bytes | None]], *, has_text: bool) -> None:
    """Wait for the listing that git was asked for, and ask about the change where the last answer told of something."""
    start.change = _change(start) if has_text else None
    _import()
    start.raw, = list_files()


def _import() -> None:
    """Import what a run with changes needs, while git answers."""
    from daybook.documents import markdown
    from daybook.links import link_report  # noqa: F401
    from daybook.repo import files  # noqa: F401

    markdown.load()


def _change(start: Start) -> Change:
    """Ask git early about the change at hand: where links were dead, one of them will need it."""
    from daybook.links.link_change import Change
    from daybook.repo.git import Repo

    change = Change(Repo(start.root, start.git_dir, start.common_dir), is_index=start.dirty == b'')
    change.begin()
    return change


def _is_still_true(known: Answer, start: Start) -> bool:
    if known.setup != Setup(start.root, start.head).digest or known.witness != witness(start.root, set(witnesses(known.witness))):
        return False
    if known.is_index and start.dirty == b'' and start.index and start.index == known.index:
        return True
    files = start.files
    if known.files != files.digest:
        return False
    if (known.index, known.is_index) != (files.trailer, files.is_index):  # git wrote the same index anew
        known.index, known.is_index = files.trailer, files.is_index
        link_answer.keep(start.git_dir, known)
    return True
