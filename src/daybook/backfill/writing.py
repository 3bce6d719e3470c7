"""A back-fill that writes: documents, and for a commit the indexes that show their titles and the commit itself, all or none."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from daybook.backfill import backfilling
from daybook.backfill import committing
from daybook.backfill.backfilling import Fill
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import index_files

_WAIT = 600.0  # seconds for another run to end


class Outcome(NamedTuple):
    """What became of a run: all documents that it looked at, the paths that it wrote, the commit that it made."""

    fills: list[Fill]
    paths: list[str]
    commit: str = ''


class Writing:
    """What one run writes, by path with the bytes before and after.

    A path is among `written` before its file is, so that an interrupted run knows what to put back.
    """

    def __init__(self, repo: Repo, settings: Settings, say: Callable[[str], None]) -> None:
        self.written: dict[str, tuple[bytes, bytes]] = {}
        self._repo, self._settings, self._say = repo, settings, say

    def documents(self, fills: Iterable[Fill]) -> None:
        """Write each changed document; one that is no longer as it was read is left, and told."""
        changed = [fill for fill in fills if fill.is_changed]
        self.written |= {fill.path: (fill.before, fill.after) for fill in changed}
        for fill in changed:
            if not files.write_over(files.inside(self._repo.root, fill.path), fill.before, fill.after):
                del self.written[fill.path]
                self._say(f'changed meanwhile, left as it is: {fill.path}')

    def indexes(self) -> None:
        """Write the tracked indexes that show another title of the documents now, with nothing in them that is not committed with them.

        Raises FatalError with everything put back where an index has changes that are not committed.
        """
        repo = self._repo
        if not index_files.are_kept_here(repo, self._settings):
            return
        from daybook.indexing import keeping  # no commit of others waits for it
        from daybook.repo import git_preview

        alone = set(git_status.overlooked(repo))
        with git_preview.as_committed(repo, self.written):
            stale = keeping.stale(repo, self._settings, set(self.written))
            chosen = sorted(set(stale.paths).intersection(git_status.tracked_files(repo)) - alone)
        before = {path: data for path in chosen if (data := files.read_bytes(files.inside(repo.root, path))) is not None}
        dirty = sorted(before.keys() & git_status.dirty_files(repo))
        if dirty:
            committing.put_back(repo, self.written, self._say)
            raise FatalError(f'these name the documents, and have changes that are not committed: {", ".join(dirty)}; commit them first')
        for path, data in before.items():
            after = keeping.on_disk(repo, path, stale.texts[path]) if path in stale.texts else stale.blocks[path]
            self.written[path] = data, after
            if not files.write_over(files.inside(repo.root, path), data, after):
                del self.written[path]
                self._say(f'changed meanwhile, left as it is: {path}')


def fill(repo: Repo, settings: Settings, targets: Sequence[str], tracked: Collection[str], say: Callable[[str], None], *,
         convert: bool, is_commit: bool) -> Outcome:
    """Fill the documents among the paths `targets`, and commit exactly these with their indexes where `is_commit`.

    Raises FatalError with everything put back when no commit can be made of them; so does an interrupt before it is made.
    """
    head = git_refs.resolve(repo, 'HEAD') if is_commit else None
    writing = Writing(repo, settings, say)
    if is_commit:
        committing.hear_every_end()
    try:
        with files.exclusive_lock(git.git_path(repo, 'daybook/backfill.lock'), _WAIT) as is_held:
            if not is_held:
                raise FatalError('another back-fill is at work in this work tree; run it again when that has ended')
            fills = backfilling.plan(repo, settings, targets, tracked, convert=convert)
            if is_commit:
                committing.refuse_commit(repo, fills)
            writing.documents(fills)
            documents = list(writing.written)
            if is_commit and documents:
                writing.indexes()
        # without the lock: the hooks of this commit may include this one
        oid = committing.commit(repo, writing.written, documents, say) if is_commit and documents else ''
    except KeyboardInterrupt:
        if is_commit and writing.written:
            committing.take_back(repo, head, writing.written, say)
        raise
    return Outcome(fills, list(writing.written), oid)
