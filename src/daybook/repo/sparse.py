"""What a sparse checkout (git-sparse-checkout(1)) keeps out of the work tree: it is tracked, so it counts as the index has it."""
from __future__ import annotations

import os

from daybook.repo import git_spawn


def is_likely(root: str) -> bool:
    """Return whether the work tree `root` may be sparse; looks at two files, as nearly none is."""
    place = os.path.join(root, '.git')
    if os.path.isfile(place):  # a linked work tree, or a submodule
        with open(place, encoding='utf-8', errors='surrogateescape') as stream:
            place = os.path.join(root, stream.read().removeprefix('gitdir:').strip())
    return os.path.exists(os.path.join(place, 'info', 'sparse-checkout'))


def left_out(root: str) -> dict[str, str]:
    """Return the tracked files that are kept out of the work tree `root` and are not there, with their object ids."""
    if not is_likely(root):
        return {}
    found = {}
    for row in os.fsdecode(git_spawn.answers(root, ('ls-files', '-t', '-s', '-z'))[0] or b'').split('\0'):
        words, _, path = row.partition('\t')
        if words.startswith('S 100') and not os.path.lexists(os.path.join(root, path)):
            found[path] = words.split(' ')[2]
    return found


def read(root: str, path: str) -> bytes | None:
    """Return the content of the tracked file `path` if it is kept out of the work tree `root`, else None."""
    oid = left_out(root).get(path)
    return git_spawn.answers(root, ('cat-file', 'blob', oid))[0] if oid else None
