"""The journal of an archiving or a renumbering: every byte that it takes away or writes, so that a killed one is undone by the next.

That of a hand-off (`handoff/journal.py`) names bytes by the ids of git's objects and knows the index's rows, as its commit
goes on where other people's hooks left off. This one has moved files too, and is undone without git's objects.
"""
from __future__ import annotations

import base64
import contextlib
import json
import os
import shlex
import zlib
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session.moves import Journal

_VERSION = 1


class Write(NamedTuple):
    """One path and its bytes before and after; None where there is no file. What is made anew gets `mode`, the usual one for 0."""

    path: str
    before: bytes | None
    after: bytes | None
    mode: int = 0


def _packed(data: bytes | None) -> str | None:
    return None if data is None else base64.b85encode(zlib.compress(data, 1)).decode()


def _unpacked(text: str | None) -> bytes | None:
    return None if text is None else zlib.decompress(base64.b85decode(text))


def save(repo: Repo, journal: Journal, writes: Sequence[Write]) -> None:
    """Put the writes on the disk before the first of them is made."""
    path = git.git_path(repo, journal.file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    rows = [[os.fsencode(write.path).hex(), _packed(write.before), _packed(write.after), write.mode] for write in writes]
    files.write_durable(path, json.dumps({'version': _VERSION, 'writes': rows}).encode())


def load(repo: Repo, journal: Journal) -> list[Write] | None:
    """Return the writes of a run that did not end, None when there is none. Raises FatalError for what cannot be read."""
    path = git.git_path(repo, journal.file)
    data = files.read_bytes(path)
    if data is None:
        return None
    try:
        record = json.loads(data)
        if record['version'] != _VERSION:
            raise ValueError('another version')
        return [Write(os.fsdecode(bytes.fromhex(path)), _unpacked(before), _unpacked(after), mode)
                for path, before, after, mode in record['writes']]
    except (ValueError, TypeError, KeyError, zlib.error) as error:
        raise FatalError(f'{journal.work} was killed here, and its journal cannot be read: {path}; see what is half done with '
                         f'`git status`, put it right, then move the journal away: mv {shlex.quote(path)} {shlex.quote(path + ".bad")}') from error


def clear(repo: Repo, journal: Journal) -> None:
    """Forget the journal: the run has ended."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(git.git_path(repo, journal.file))


def make(repo: Repo, writes: Iterable[Write]) -> None:
    """Make the writes, all new files first and what goes last. Raises FatalError, with the rest not done, when one cannot be made."""
    ordered = sorted(writes, key=lambda write: (write.after is None, write.before is not None))
    for write in ordered:
        place = files.inside(repo.root, write.path)
        if files.read_bytes(place) != write.before:
            raise FatalError(f'{write.path} changed while this ran')
        if write.after is None:
            os.unlink(place)
            with contextlib.suppress(OSError):
                os.removedirs(os.path.dirname(place))  # git keeps no empty folder either
        elif write.before is None:
            create(place, write.path, write.after, write.mode)
        else:
            files.write_atomic(place, write.after)


def create(place: str, path: str, data: bytes, mode: int = 0) -> None:
    """Make the file `place`, whole or not at all. Raises FatalError, with its name `path`, where something is there already."""
    os.makedirs(os.path.dirname(place), exist_ok=True)
    try:
        with files.new_private(place) as stream:
            stream.write(data)
            os.chmod(stream.name, mode or 0o666 & ~_umask())
    except FileExistsError:
        raise FatalError(f'{path} exists already; nothing is overwritten') from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def recover(repo: Repo, journal: Journal) -> str:
    """Settle a run that was killed: forget it when it is committed, else take it back; return what was done, in words."""
    writes = load(repo, journal)
    if writes is None:
        return ''
    if is_committed(repo, writes):
        clear(repo, journal)
        return f'{journal.work} that was killed had been committed already'
    left = _undo(repo, journal, writes)
    return f'{journal.work} that was killed was taken back' + (f', but for what changed since: {", ".join(left)}' if left else '')


def undo(repo: Repo, journal: Journal, writes: Sequence[Write]) -> str:
    """Take back every write of this run; return in words what was put back."""
    left = _undo(repo, journal, writes)
    return 'everything was put back' + (f', but for what changed meanwhile: {", ".join(left)}' if left else '')


def _undo(repo: Repo, journal: Journal, writes: Sequence[Write]) -> list[str]:
    """Take back every write; return the paths that somebody else has changed or committed since, which are left as they are."""
    _unstage(repo, writes)
    settled = _settled(repo, writes)
    left = [write.path for write in reversed(writes) if write.path in settled or not _taken_back(repo, write)]
    for write in writes:
        if write.before is None:
            with contextlib.suppress(OSError):
                os.removedirs(os.path.dirname(os.path.join(repo.root, write.path)))  # only when they are empty
    clear(repo, journal)
    return left


def _taken_back(repo: Repo, write: Write) -> bool:
    place = files.inside(repo.root, write.path)
    files.sweep(place, [text for text in (write.before, write.after) if text is not None])
    now = files.read_bytes(place)
    if now == write.before:
        return True
    if now != write.after or os.path.islink(place):
        return False
    if write.before is None:
        os.unlink(place)
    elif now is None:
        create(place, write.path, write.before, write.mode)
    else:
        files.write_atomic(place, write.before)
    return True


def _settled(repo: Repo, writes: Sequence[Write]) -> set[str]:
    """Return the paths that a commit since has as they were to be."""
    head = git_refs.resolve(repo, 'HEAD')
    if head is None:
        return set()
    touched = git.zsplit(git.expect('diff-index', '--cached', '--name-only', '-z', head, '--', cwd=repo.root).out)
    held = {entry.path: entry.oid for entry in git_objects.tree_entries(repo, head)}
    new = [write for write in writes if write.before is None and write.path in held and write.path not in touched]
    # a file that no commit has ever held is not gone by a commit; without the new one its bytes would be nowhere
    gone = [write for write in writes if write.after is None and write.path not in held] if new else []
    return {write.path for write in (*new, *gone)}


def _unstage(repo: Repo, writes: Sequence[Write]) -> None:
    """Take out of the index what the run has put there; whatever else is staged stays."""
    staged = set(git_status.staged_changes(repo)) if git_refs.resolve(repo, 'HEAD') else set()
    ours = [write for write in writes if write.path in staged and _staged_by_us(repo, write)]
    if ours:
        git.expect('reset', '--quiet', '--pathspec-from-file=-', '--pathspec-file-nul', 'HEAD', cwd=repo.root,
                   env=git.clean_env(), stdin=git.zjoin(git.pathspec(write.path for write in ours)))


def _staged_by_us(repo: Repo, write: Write) -> bool:
    entries = git_objects.index_entries(repo, *git.pathspec([write.path]), env=git.clean_env())
    if write.after is None or not entries:
        return not entries and write.after is None
    return entries[0].oid == git_objects.write_blob(repo, write.path, write.after)


def is_committed(repo: Repo, writes: Sequence[Write]) -> bool:
    """Return whether HEAD holds what the run was to bring: all new files, none of the old ones."""
    held = {entry.path for entry in git_objects.tree_entries(repo, 'HEAD')} if git_refs.resolve(repo, 'HEAD') else set()
    return all((write.path in held) == (write.after is not None) for write in writes)
