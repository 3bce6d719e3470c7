"""The page that `resume --write` keeps for agents without a shell."""
from __future__ import annotations

import os

from daybook.errors import FatalError
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo

MARK = '<!-- written by daybook resume: edits are lost -->\n'


def write(repo: Repo, path: str, text: str) -> str:
    """Write `text` below the mark to `path` of the user's; return the path from the root.

    Raises FatalError, with the file as it was, when git tracks it, somebody else wrote it, or it is no place for one.
    """
    relative = files.within(repo.root, path)
    absolute = files.inside(repo.root, relative)
    name = printable(relative)
    if os.path.lexists(absolute) and not os.path.isfile(absolute):
        raise FatalError(f'no file: {name}; name one that can be written')
    if git.tracked_files(repo, *git.pathspec([relative])):
        raise FatalError(f'git tracks {name}, and a page changes with every run; name an untracked file')
    old = files.read_bytes(absolute)
    if old and not old.startswith(MARK.encode()):
        raise FatalError(f'daybook did not write {name}; name another file, nothing was written')
    try:
        os.makedirs(os.path.dirname(absolute), exist_ok=True)
        files.write_atomic(absolute, (MARK + text).encode('utf-8', 'backslashreplace'))
    except OSError as error:
        raise FatalError(f'cannot write {name}: {error.strerror}; make room or the folder writable') from error
    return relative


def is_ignored(repo: Repo, relative: str) -> bool:
    """Return whether git leaves the page alone."""
    return bool(git.ignored(repo, [relative]))
