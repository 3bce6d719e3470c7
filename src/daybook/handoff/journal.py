"""The journal of a hand-off: what it wrote where, so that a killed one is undone or completed by the next."""
from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from daybook.handoff.facts import Start
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.session.preflight import Refused

NAME = 'daybook/handoff.json'
LOCK = 'daybook/handoff.lock'
_VERSION = 2  # the first had no message


class Write(NamedTuple):
    """One path that a hand-off writes.

    `role` is note, index, overview (a block in what people write), log, changelog, actions or page; `entry` what was put in, so that it can be put into
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

    @property
    def is_made(self) -> bool:
        """Whether all of the file is made by Daybook: in people's own files, an entry alone is."""
        return self.role in ('note', 'index', 'page')

    def is_stored_as(self, oid: str | None) -> bool:
        """Whether git has our bytes under an id: cleaned, or as they are where line ends that the index has stay (gitattributes(5), `text=auto`)."""
        return oid in (self.cleaned, self.after)


class Journal(NamedTuple):
    """One hand-off under way. `stage` is writing, then committed.

    `start` is the commit at which its session begins (empty: before the first one, None: unknown),
    `draft` waits for the archive, `draft_was` is the id of its bytes, `message` the words of the commit as git gets them.
    """

    id: str
    stage: str
    branch: str
    head: str
    writes: tuple[Write, ...]
    draft: str | None
    made_stub: bool
    commit: str | None = None
    start: str | None = None
    draft_was: str | None = None
    message: str = ''

    @property
    def paths(self) -> list[str]:
        """The paths of the commit."""
        return [write.path for write in self.writes]

    @property
    def note(self) -> Write:
        """The note among the writes."""
        return next(write for write in self.writes if write.role == 'note')


def oid_of(repo: Repo, content: bytes) -> str:
    """Return the id that git would give `content` as it is."""
    return git.expect('hash-object', '--stdin', '--no-filters', cwd=repo.root, env=git.clean_env(), stdin=content).text


def remember(repo: Repo, journal: Journal, start: Start, draft: bytes, message: str) -> Journal:
    """Return the journal with what only the run that began it knows: where its session starts, the draft's bytes, its message."""
    return journal._replace(start=(start.commit or '') if start.is_known else None, message=message,
                            draft_was=oid_of(repo, draft) if journal.draft else None)


def store(repo: Repo, content: bytes) -> str:
    """Keep `content` as it is in git's object store and return its id."""
    return git.expect('hash-object', '-w', '--stdin', '--no-filters', cwd=repo.root,
                      env=git.clean_env(), stdin=content).text


def save(repo: Repo, journal: Journal) -> Journal:
    """Write the journal to disk, whole or not at all, and return it."""
    path = git.git_path(repo, NAME)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    record = {'version': _VERSION, **journal._asdict(), 'writes': [write._asdict() for write in journal.writes]}
    files.write_durable(path, json.dumps(record, indent=1).encode())
    return journal


def load(repo: Repo) -> Journal | None:
    """Return the journal of a hand-off that did not end, or None. Raises Refused for one that cannot be read."""
    path = git.git_path(repo, NAME)
    data = files.read_bytes(path)
    if data is None:
        return None
    try:
        record = json.loads(data)
        if record.pop('version', None) not in (1, _VERSION):
            raise Refused('journal', f'another version of daybook has left a hand-off unfinished: {path}; '
                          'run that version once more, so that it undoes or completes it')
        writes = [Write(**{**write, 'entry': tuple(write['entry'])}) for write in record.pop('writes')]
        if not any(write.role == 'note' for write in writes):
            raise ValueError('a hand-off without a note')
        return Journal(**record, writes=tuple(writes))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Refused('journal', f'a hand-off was killed here, and its journal cannot be read: {path}\n'
                      '  see whether a note stands half written:  git status\n'
                      '  put that right, then move the journal away:  '
                      f'mv {shlex.quote(path)} {shlex.quote(path + ".bad")}') from error


def clear(repo: Repo) -> None:
    """Forget the journal: the hand-off has ended."""
    path = git.git_path(repo, NAME)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    for temporary in files.temporaries(path):
        os.unlink(temporary)


def _index_entry(repo: Repo, path: str) -> str | None:
    entries = git_objects.index_entries(repo, f':(top,literal){path}', env=git.clean_env())
    return ' '.join(f'{entry.mode} {entry.oid}' for entry in entries) or None  # three of them while unmerged


def planned(repo: Repo, path: str, role: str, entry: Sequence[str], content: bytes) -> tuple[Write, bytes]:
    """Return the journal's row for a path, and the bytes to put on disk.

    A new file is written as git would check it out here (line ends, filters).
    """
    old = files.read_bytes(os.path.join(repo.root, path))
    cleaned = git_objects.write_blob(repo, path, content)
    if role == 'note' or old is None:
        content = git_objects.as_checked_out(repo, path, cleaned)
    write = Write(path, role, tuple(entry), None if old is None else store(repo, old), store(repo, content),
                  _index_entry(repo, path), cleaned)
    return write, content


def is_draft_changed(repo: Repo, journal: Journal) -> bool:
    """Whether somebody has written into the draft, or put another one there, since it was handed off."""
    data = files.read_bytes(journal.draft) if journal.draft and journal.draft_was else None
    return data is not None and oid_of(repo, data) != journal.draft_was


def _is_committed(repo: Repo, write: Write) -> bool:
    entries = git_objects.tree_entries(repo, 'HEAD', write.path)
    return bool(entries) and write.is_stored_as(entries[0].oid)


def restore_entry(repo: Repo, write: Write) -> None:
    """Give the index the entry of a path that it had before."""
    if write.staged is None:
        args = ['update-index', '--force-remove', '--', write.path]
    else:
        mode, oid = write.staged.split(' ')
        args = ['update-index', '--cacheinfo', f'{mode},{oid},{write.path}']
    git.expect(*args, cwd=repo.root, env=git.clean_env())


def _undo_index(repo: Repo, write: Write) -> bool:
    """Put the old index entry back where ours still stands; return False when somebody else has staged since."""
    now = _index_entry(repo, write.path)
    if now == write.staged:
        return True
    if now is None or not write.is_stored_as(now.split(' ')[1]):
        return False
    restore_entry(repo, write)
    return True


def _undo_file(repo: Repo, write: Write, wanted: str | None) -> bool:
    """Put the bytes `wanted` (an id, None: no file) back where ours still stand; False when somebody else wrote."""
    path = os.path.join(repo.root, write.path)
    data = files.read_bytes(path)
    now = None if data is None else oid_of(repo, data)
    if now == wanted:
        return True
    if now not in (write.after, write.before) or os.path.islink(path):
        return False
    if wanted is None:
        os.unlink(path)
        with contextlib.suppress(OSError):
            os.removedirs(os.path.dirname(path))  # only when we made them: they are empty
        return True
    old = git_objects.read_blobs(repo, [wanted])[0]  # None: git has collected it as garbage since
    return old is not None and files.write_over(path, data, old)


def _sweep(repo: Repo, write: Write) -> None:
    """Remove what a killed `write_atomic` left beside the file, as far as it is ours."""
    texts = git_objects.read_blobs(repo, [oid for oid in (write.after, write.before) if oid])
    files.sweep(os.path.join(repo.root, write.path), [text for text in texts if text])


def undo(repo: Repo, journal: Journal) -> list[str]:
    """Take back every write of the journal; return the paths that somebody else has changed since, left as they are."""
    left = []
    for write in reversed(journal.writes):
        _sweep(repo, write)
        is_own_stub = write.role == 'note' and journal.made_stub
        if _is_committed(repo, write) or not _undo_index(repo, write) \
                or not _undo_file(repo, write, None if is_own_stub else write.before):
            left.append(write.path)
    git.git('update-index', '-q', '--refresh', cwd=repo.root, env=git.clean_env())
    clear(repo)
    return left


def tidy(repo: Repo, journal: Journal) -> None:
    """Remove what a killed hand-off that is committed has left beside its files."""
    for write in journal.writes:
        _sweep(repo, write)
