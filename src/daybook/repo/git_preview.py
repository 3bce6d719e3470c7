"""A commit of a few paths before it is made: what git answers, and what is read of files, as in a hook of that commit."""
from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from collections.abc import Iterator

from daybook.repo import git
from daybook.repo import git_status
from daybook.repo.git import Repo


@contextlib.contextmanager
def as_committed(repo: Repo, paths: Iterable[str]) -> Iterator[None]:
    """Have everything read as inside a commit of exactly `paths`: HEAD, and these as they lie on the disk.

    What else differs from HEAD, staged, unstaged or overlooked, is not seen. The index of the work tree is not touched.

    For so long GIT_INDEX_FILE stands in the environment of this process, as in that of a hook: whatever reads documents
    and maps, in six rooms, runs git with it and asks whether it is in a hook. An argument through all of them would have
    one caller, and could be forgotten on the way. So nothing that writes may run inside, and no thread beside it.
    """
    with tempfile.TemporaryDirectory(prefix='daybook-') as folder:
        index = os.path.join(folder, 'index')
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(git.git_path(repo, 'index'), index)  # git knows by it which files it need not read
        env = git.clean_env({'GIT_INDEX_FILE': index})
        git.expect('read-tree', '--reset', 'HEAD', cwd=repo.root, env=env)
        seen = git.zjoin(path for path in git_status.overlooked(repo, env=env) if os.path.lexists(os.path.join(repo.root, path)))
        for word in ('--no-assume-unchanged', '--no-skip-worktree') if seen else ():
            git.expect('update-index', word, '-z', '--stdin', cwd=repo.root, env=env, stdin=seen)
        git.expect('update-index', '--add', '--remove', '-z', '--stdin', cwd=repo.root, env=env, stdin=git.zjoin(paths))
        os.environ['GIT_INDEX_FILE'] = index
        try:
            yield
        finally:
            del os.environ['GIT_INDEX_FILE']
