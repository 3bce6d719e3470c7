"""The answer of a link audit when nothing has changed since the last one: no import that it can do without."""
from __future__ import annotations

import os
from collections.abc import Mapping

from daybook.repo import listing
from daybook.repo import git_spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from daybook.documents.catalogue import Catalogue

_WHERE = ('rev-parse', '--is-inside-work-tree', '--show-cdup', '--git-dir', '--git-common-dir', 'HEAD')
CONFIG, BASELINE = '.daybook/config.yaml', '.daybook/links-baseline.txt'
_MANY = 20  # dead links, from which on few will mend them all before the next commit


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


def view_name(git_dir: str) -> str:
    """Return the name under which the catalogue keeps what was found in a work tree."""
    return f'links {git_dir}'


def witness(root: str, folders: set[str]) -> bytes:
    """Return these folders with the times of their last changes, in one text."""
    from daybook.documents import catalogue

    return catalogue.encoded(''.join(f'{folder}\t{catalogue.changed_at(root, folder)}\0' for folder in sorted(folders)))


def witnesses(text: bytes) -> dict[str, str]:
    """Return the folders of such a text with their times."""
    from daybook.documents import catalogue

    return dict(line.rpartition('\t')[::2] for line in catalogue.decoded(text).split('\0')[:-1])


def advice(blocking: int, baseline: bytes) -> bytes:
    """Return the line that tells who meets many dead links at once how to live with them, with its end; nothing otherwise."""
    if blocking < _MANY or baseline:
        return b''
    return (f'audit-links: {blocking} dead links; `daybook audit-links --baseline` writes them to {BASELINE}, '
            'and from then on only new ones block\n').encode()


class Start:
    """What a run knows of its work tree before it looks at any file: where it lies, its commit and what git lists.

    `index` is the trailer of the index when no file differs from it, else ``; `dirty` what git says of those that do.
    """

    def __init__(self, root: str, git_dir: str, common_dir: str, head: str, index: bytes, dirty: bytes | None) -> None:
        self.root, self.git_dir, self.common_dir, self.head, self.index = root, git_dir, common_dir, head, index
        self._dirty = dirty
        self._files: listing.Listing | None = None

    @property
    def files(self) -> listing.Listing:
        """The listing; git is asked at the first time, as a run without changes does not need it."""
        if self._files is None:
            if self._dirty is None:
                self._files = listing.read(self.root, is_in_commit=False)
            else:
                raw, = git_spawn.answers(self.root, listing.QUESTIONS[0])
                self._files = listing.from_answers(self.root, raw, self._dirty)
            if self.index and self.index == listing.trailer(self.git_dir):
                self._files.trailer = self.index
        return self._files


def recall(environ: Mapping[str, str]) -> tuple[tuple[bytes, int] | None, Start | None]:
    """Return what the last audit of this work tree printed and its exit code, None if it might print something else now.

    What was asked of git for that is returned too, None inside a commit or a push, which answer for a change, or where
    git must first say what is wrong.
    """
    if 'GIT_INDEX_FILE' in environ or 'PRE_COMMIT_FROM_REF' in environ:
        return None, None
    here = os.path.abspath('.')
    index = listing.trailer('.git')
    # git answers while the rest is imported
    wait = git_spawn.ask(here, _WHERE, *(listing.QUESTIONS[1:] if os.path.exists('.git') else ()))
    from daybook.documents import catalogue

    catalogue.version()
    where, *dirty = wait()
    words = os.fsdecode(where or b'').split('\n')
    if len(words) != 6 or words[0] != 'true':
        return None, None
    root, git_dir, common_dir = (os.path.normpath(os.path.join(here, word)) for word in words[1:4])
    is_clean = dirty == [b''] and root == here and git_dir == os.path.join(here, '.git')
    start = Start(root, git_dir, common_dir, words[4], index if is_clean else b'', dirty[0] if dirty and root == here else None)
    if 'GITHUB_ACTIONS' in environ or environ.get('DAYBOOK_FORMAT', 'text') != 'text':
        return None, start
    try:
        kept = catalogue.open_in(common_dir, create=False)
        if kept is None:
            return None, start
        with kept:
            return _recall(kept, start), start
    except catalogue.Damaged:
        return None, start


def _recall(kept: Catalogue, start: Start) -> tuple[bytes, int] | None:
    view, setup = kept.view(view_name(start.git_dir)), Setup(start.root, start.head)
    if view is None or (view.setup, view.baseline, view.head) != (setup.settings, setup.baseline, setup.head):
        return None
    if view.witness != witness(start.root, set(witnesses(view.witness))):
        return None
    if not start.index or view.trailer != start.index:
        if view.digest != start.files.digest:
            return None
        if start.files.trailer:  # git wrote the same index anew
            with kept.writing() as is_mine:
                if is_mine:
                    kept.set_view(view.id, trailer=start.files.trailer)
    text, blocking = kept.lines(view.id)
    return text + advice(blocking, setup.baseline), int(blocking > 0)
