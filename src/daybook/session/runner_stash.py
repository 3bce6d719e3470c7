"""The runner's stash: which unstaged changes pre-commit or prek has put aside while we run."""
from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from collections.abc import Mapping

from daybook.repo import git
from daybook.repo.git import Repo

_MOST_ANCESTORS = 5  # `entry: sh -c '…'` and wrappers stand between the runner and us


def _started(pid: int) -> tuple[float | None, int]:
    """Return when a process began, in seconds since 1970, and its parent, where the system tells (Linux)."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as stream:
            fields = stream.read().rsplit(') ', 1)[1].split()
        with open('/proc/stat', encoding='utf-8') as stream:
            boot = next(int(line.split()[1]) for line in stream if line.startswith('btime '))
    except (OSError, ValueError, IndexError, StopIteration):
        return None, 0
    return boot + int(fields[19]) / os.sysconf('SC_CLK_TCK'), int(fields[1])


def _ancestors() -> Iterator[tuple[int, float | None]]:
    pid = os.getppid()
    for _ in range(_MOST_ANCESTORS):
        if pid <= 1:
            return
        begun, parent = _started(pid)
        yield pid, begun
        pid = parent


def _stores(environ: Mapping[str, str]) -> Iterator[str]:
    # the environment of a hook lies one to three folders below the store, wherever that is
    place = environ.get('VIRTUAL_ENV')
    for _ in range(3 if place else 0):
        place = os.path.dirname(str(place))
        yield place
    cache = environ.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
    yield environ.get('PRE_COMMIT_HOME') or os.path.join(cache, 'pre-commit')
    yield environ.get('PREK_HOME') or os.path.join(cache, 'prek')


def patches(environ: Mapping[str, str]) -> list[str]:
    """Return the patch files in which our runner keeps the unstaged changes.

    pre-commit: `<store>/patch<time>-<pid>`, prek: `<store>/patches/<time>-<pid>.patch`.
    """
    if 'PRE_COMMIT' not in environ:
        return []
    found: dict[str, None] = {}
    for pid, begun in _ancestors():
        for place in dict.fromkeys(_stores(environ)):
            for pattern in (f'patch*-{pid}', f'patches/*-{pid}.patch'):
                for path in glob.glob(os.path.join(glob.escape(place), pattern)):
                    # pids come again and the patches stay: only one written since its process began is its
                    if begun is None or os.stat(path).st_mtime >= begun - 1:
                        found[path] = None
    return list(found)


def paths(repo: Repo, environ: Mapping[str, str]) -> set[str]:
    """Return the paths whose unstaged changes the runner has put aside."""
    found: set[str] = set()
    for patch in patches(environ):
        result = git.git('apply', '--numstat', '-z', patch, cwd=repo.root)
        found |= {row.split('\t', 2)[2] for row in git.zsplit(result.out) if row.count('\t') >= 2}
    return found
