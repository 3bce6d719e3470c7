"""The careful writing of what `init` plans: all is checked first, the record is kept before the files, a killed run is cleared away."""
from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence

from daybook.adoption import places
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.writers import scaffold_record
from daybook.writers import scaffold_undo
from daybook.writers.scaffold_record import Record
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Step

LOCK = 'daybook/init.lock'
_FOLDER = scaffold_record.PATH.rpartition('/')[0]
_TEMPORARY = re.compile(r'init\.\d+-[0-9a-f]{8}\.tmp')
_LOCK_WAIT = 30.0


@contextlib.contextmanager
def alone(repo: Repo) -> Iterator[None]:
    """Hold the lock of `init` in this work tree, and clear away what a killed run has left of its own.

    Raises FatalError where another run holds it for too long. A `.git` that cannot be written has no lock.
    """
    with contextlib.ExitStack() as stack:
        try:
            is_held = stack.enter_context(files.exclusive_lock(git.git_path(repo, LOCK), _LOCK_WAIT))
        except OSError:
            yield
            return
        if not is_held:
            raise FatalError('another `daybook init` is at work here; nothing was written, run it again when it has ended')
        _clear(os.path.join(repo.root, _FOLDER))
        yield


def _clear(folder: str) -> None:
    names = os.listdir(folder) if os.path.isdir(folder) and not os.path.islink(folder) else []
    left = [name for name in names if _TEMPORARY.fullmatch(name)]
    for name in left:
        os.unlink(os.path.join(folder, name))
    if left and len(left) == len(names):  # the run that was killed has made it
        os.rmdir(folder)


def _write(repo: Repo, path: str, content: bytes) -> None:
    """Write a file in one step; what a kill would leave lies in our own folder, under a name that is nobody else's."""
    target, folder = os.path.join(repo.root, *path.split('/')), os.path.join(repo.root, _FOLDER)
    for needed in (folder, os.path.dirname(target)):
        os.makedirs(needed, exist_ok=True)
    files.write_atomic(target, content, temporary=os.path.join(folder, f'init.{os.getpid()}-{secrets.token_hex(4)}.tmp'))


def _check(repo: Repo, found: Found, step: Step) -> None:
    path = os.path.join(repo.root, *step.path.split('/'))
    if places.place_at(repo.root, step.path) != found.places[step.path]:
        raise FatalError(f'{step.path} changed while it was looked at; nothing was written, run init again')
    existing = path
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    # a file is replaced, which its folder must allow
    folder = existing if os.path.isdir(existing) else os.path.dirname(existing)
    if not (os.access(existing, os.W_OK) and os.access(folder, os.W_OK)):
        raise FatalError(f'{step.path} cannot be written: {existing} is read-only; '
                         'make it writable, nothing was written')


def new_folders(repo: Repo, steps: Iterable[Step]) -> list[str]:
    """Return the folders that writing `steps` makes."""
    paths = [scaffold_record.PATH, *(step.path for step in steps if step.content is not None)]
    return [folder for folder in scaffold_record.made_folders(paths)
            if not os.path.lexists(os.path.join(repo.root, *folder.split('/')))]


def write(repo: Repo, found: Found, steps: Sequence[Step], record: Record) -> list[str]:
    """Write the steps that have content, after all of them were checked, and the record; return the paths written.

    Raises FatalError with nothing written, or, when the disk refuses in the middle, naming what was.
    """
    wanted = {step.path: step.content for step in steps if step.content is not None}
    if not wanted:
        return []
    for step in steps:
        if step.content is not None:
            _check(repo, found, step)
    # first, so that what is cut off in the middle can be taken out
    wanted = {scaffold_record.PATH: scaffold_record.render(record), **wanted}
    written: list[str] = []
    for path, content in wanted.items():
        try:
            _write(repo, path, content)
        except OSError as error:
            raise FatalError(f'{path} could not be written: {error.strerror}; '
                             f'written before it: {", ".join(written) or "nothing"}; '
                             'mend that and run init again, it goes on where it stopped') from error
        written.append(path)
    if record.former:
        _write(repo, scaffold_record.PATH, scaffold_record.render(record._replace(former={})))
    return written


def take_out(repo: Repo, found: Found, steps: Sequence[Step]) -> list[str]:
    """Remove what the `remove` steps say, then the folders that init made and that are empty; return the paths changed.

    The record goes last, and stays with what was kept. Raises FatalError with nothing changed.
    """
    removed = [step for step in steps if step.action == 'remove']
    for step in removed:
        _check(repo, found, step)
    for step in removed:
        if step.content is None:
            os.unlink(os.path.join(repo.root, *step.path.split('/')))
        else:
            _write(repo, step.path, step.content)
    kept = {step.path: entry for step in steps if step.action == 'keep' and (entry := _kept(found, step.path))}
    if kept:
        _write(repo, scaffold_record.PATH, scaffold_record.render(found.record._replace(files=kept, former={})))
    _remove_folders(repo, set(found.record.folders) - {_FOLDER})
    if not kept:
        os.unlink(os.path.join(repo.root, *scaffold_record.PATH.split('/')))
        _remove_folders(repo, set(found.record.folders) & {_FOLDER})
    return [*(step.path for step in removed), scaffold_record.PATH]


def _remove_folders(repo: Repo, folders: Iterable[str]) -> None:
    for folder in sorted(folders, key=lambda name: -name.count('/')):
        with contextlib.suppress(OSError, FatalError):  # not empty, gone, or behind a link: not ours any more
            os.rmdir(files.inside(repo.root, folder))


def _kept(found: Found, path: str) -> scaffold_record.Entry | None:
    data = found.places[path].data
    return scaffold_undo.entry_of(found.record, path, data) if data is not None else found.record.files.get(path)
