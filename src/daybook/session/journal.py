"""The journal of a hand-off: what it wrote where, so that a killed one is undone or completed by the next."""
from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from typing import NamedTuple

from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo

NAME = 'daybook/handoff.json'
LOCK = 'daybook/handoff.lock'


class Write(NamedTuple):
    """One path that a hand-off writes.

    `role` is note, index, log or changelog; `entry` what was put in, so that it can be put into
    a peer's version again. `before` and `after` are object ids of the bytes on disk; `staged` is
    `mode oid` in the index before (None: no entry), `cleaned` the id that git stores.
    """

    path: str
    role: str
    entry: tuple[str, ...]
    before: str | None
    after: str
    staged: str | None
    cleaned: str


class Journal(NamedTuple):
    """One hand-off under way. `stage` is writing, committed or pushing; `draft` and `telemetry` wait for the archive."""

    id: str
    stage: str
    branch: str
    head: str
    writes: tuple[Write, ...]
    draft: str | None
    made_stub: bool
    commit: str | None = None

    @property
    def paths(self) -> list[str]:
        """The paths of the commit."""
        return [write.path for write in self.writes]

    @property
    def note(self) -> Write:
        """The note among the writes."""
        return next(write for write in self.writes if write.role == 'note')


def store(repo: Repo, content: bytes) -> str:
    """Keep `content` as it is in git's object store and return its id."""
    return git.expect('hash-object', '-w', '--stdin', '--no-filters', cwd=repo.root,
                      env=git.clean_env(), stdin=content).text


def save(repo: Repo, journal: Journal) -> Journal:
    """Write the journal to disk, whole or not at all, and return it."""
    path = git.git_path(repo, NAME)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    record = {**journal._asdict(), 'writes': [write._asdict() for write in journal.writes]}
    files.write_atomic(path, json.dumps(record, indent=1).encode())
    return journal


def load(repo: Repo) -> Journal | None:
    """Return the journal of a hand-off that did not end, or None."""
    data = files.read_bytes(git.git_path(repo, NAME))
    if data is None:
        return None
    record = json.loads(data)
    writes = tuple(Write(**{**write, 'entry': tuple(write['entry'])}) for write in record.pop('writes'))
    return Journal(**record, writes=writes)


def clear(repo: Repo) -> None:
    """Forget the journal: the hand-off has ended."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(git.git_path(repo, NAME))


def _index_entry(repo: Repo, path: str) -> str | None:
    entries = git.index_entries(repo, f':(top,literal){path}', env=git.clean_env())
    return f'{entries[0].mode} {entries[0].oid}' if entries else None


def planned(repo: Repo, path: str, role: str, entry: Sequence[str], content: bytes) -> tuple[Write, bytes]:
    """Return the journal's row for a path, and the bytes to put on disk.

    A new file is written as git would check it out here (line ends, filters).
    """
    old = files.read_bytes(os.path.join(repo.root, path))
    cleaned = git.write_blob(repo, path, content)
    if role == 'note' or old is None:
        content = git.as_checked_out(repo, path, cleaned)
    write = Write(path, role, tuple(entry), None if old is None else store(repo, old), store(repo, content),
                  _index_entry(repo, path), cleaned)
    return write, content


def find_commit(repo: Repo, journal: Journal) -> str | None:
    """Return the commit that holds the note of the journal, or None when it was never made."""
    if journal.commit:
        return journal.commit
    found = git.git('log', '--format=%H', f'{journal.head}..refs/heads/{journal.branch}', '--',
                    f':(top,literal){journal.note.path}', cwd=repo.root)
    for commit in reversed(found.lines if found.is_ok else []):
        entries = git.tree_entries(repo, commit, journal.note.path)
        if entries and entries[0].oid == journal.note.cleaned:
            return commit
    return None


def _undo_index(repo: Repo, write: Write) -> None:
    now = _index_entry(repo, write.path)
    if now is None or now.split(' ')[1] != write.cleaned or now == write.staged:
        return
    if write.staged is None:
        args = ['update-index', '--force-remove', '--', write.path]
    else:
        mode, oid = write.staged.split(' ')
        args = ['update-index', '--cacheinfo', f'{mode},{oid},{write.path}']
    git.expect(*args, cwd=repo.root, env=git.clean_env())


def _undo_file(repo: Repo, write: Write, *, keep_stub: bool) -> bool:
    """Put the old bytes back where ours still stand; return False when somebody else has written since."""
    path = os.path.join(repo.root, write.path)
    data = files.read_bytes(path)
    before = None if write.before is None else git.read_blobs(repo, [write.before])[0]
    if data == before and keep_stub:
        return True
    if data is None or store(repo, data) not in (write.after, write.before):
        return data is None and before is None
    if before is None or not keep_stub:
        os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(path))  # only when we made it: it is empty
    else:
        files.write_atomic(path, before)
    return True


def undo(repo: Repo, journal: Journal) -> list[str]:
    """Take back every write of the journal; return the paths that somebody else has changed since, left as they are."""
    left = []
    for write in reversed(journal.writes):
        _undo_index(repo, write)
        keep = not (write.role == 'note' and journal.made_stub)
        if not _undo_file(repo, write, keep_stub=keep):
            left.append(write.path)
    git.git('update-index', '-q', '--refresh', cwd=repo.root, env=git.clean_env())
    clear(repo)
    return left
