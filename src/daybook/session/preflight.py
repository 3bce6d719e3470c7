"""Preflight: every reason for which a hand-off refuses, found before anything is written."""
from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo


class Refused(FatalError):
    """A hand-off that must not begin, with nothing written. `reason` is the word of the last line."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


_UNDER_WAY = {
    'MERGE_HEAD': ('merge', 'git merge --continue'),
    'rebase-merge': ('rebase', 'git rebase --continue'),
    'rebase-apply': ('rebase', 'git rebase --continue'),
    'CHERRY_PICK_HEAD': ('cherry-pick', 'git cherry-pick --continue'),
    'REVERT_HEAD': ('revert', 'git revert --continue'),
    'sequencer': ('cherry-pick or revert', 'git cherry-pick --continue'),
    'BISECT_LOG': ('bisect', 'git bisect log'),
}


def refuse_inside_hook(environ: Mapping[str, str]) -> None:
    """Refuse inside another git hook, or inside the commit of a hand-off: a hook that commits there never ends."""
    if 'GIT_INDEX_FILE' in environ or 'DAYBOOK_HANDOFF' in environ:
        raise Refused('inside-hook', 'a hand-off cannot run inside another git hook; '
                      'give the hook `handoff` the stage [manual] and run it by hand')


def refuse_state(repo: Repo) -> None:
    """Refuse while git is in the middle of something, or where a commit would belong to no branch."""
    for name, (operation, go_on) in _UNDER_WAY.items():
        if os.path.exists(git.git_path(repo, name)):
            raise Refused('in-progress', f'a {operation} is under way; finish it first: {go_on}')
    if git.current_branch(repo) is None:
        raise Refused('detached', 'HEAD is detached; a note would belong to no branch: git switch -c <branch>')
    if git.resolve(repo, 'HEAD') is None:
        raise Refused('unborn', 'the branch has no commit yet; make the first one, then hand off')
    unmerged = git.expect('ls-files', '-z', '--unmerged', cwd=repo.root).out
    if unmerged:
        raise Refused('unmerged', 'the index holds unmerged files; resolve and `git add` them first')
    refuse_index_lock(repo)


def refuse_index_lock(repo: Repo) -> None:
    """Refuse while the index is locked."""
    lock = git.git_path(repo, 'index.lock')
    if os.path.exists(lock):
        raise Refused('index-lock', f'another git process is at work (or has crashed): {lock} exists; '
                      'wait for it to end and run the hand-off again')


def _parent_start() -> float | None:
    """Return when our parent process began, in seconds since 1970, where the system tells (Linux)."""
    try:
        with open(f'/proc/{os.getppid()}/stat', encoding='utf-8') as stream:
            ticks = int(stream.read().rsplit(') ', 1)[1].split()[19])
        with open('/proc/stat', encoding='utf-8') as stream:
            boot = next(int(line.split()[1]) for line in stream if line.startswith('btime '))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return boot + ticks / os.sysconf('SC_CLK_TCK')


def stash_patches(environ: Mapping[str, str]) -> list[str]:
    """Return the patch files in which our runner keeps the unstaged changes while we run.

    pre-commit: `<store>/patch<time>-<pid>`, prek: `<store>/patches/<time>-<pid>.patch`, the pid
    that of our parent; the environment lies one to three folders below the store
    (reference: pre-commit.md, section 1).
    """
    place = environ.get('VIRTUAL_ENV')
    if not place or 'PRE_COMMIT' not in environ:
        return []
    begun = _parent_start()
    found: list[str] = []
    for _ in range(3):
        place = os.path.dirname(place)
        for pattern in (f'patch*-{os.getppid()}', f'patches/*-{os.getppid()}.patch'):
            found += glob.glob(os.path.join(glob.escape(place), pattern))
    # pids come again and the patches stay: only one written since our parent began is its
    return [path for path in found if begun is None or os.stat(path).st_mtime >= begun - 1]


def stashed_paths(repo: Repo, environ: Mapping[str, str]) -> set[str]:
    """Return the paths whose unstaged changes the runner has put aside."""
    paths: set[str] = set()
    for patch in stash_patches(environ):
        result = git.git('apply', '--numstat', '-z', patch, cwd=repo.root)
        paths |= {row.split('\t', 2)[2] for row in git.zsplit(result.out) if row.count('\t') >= 2}
    return paths


def _quoted(path: str) -> str:
    return path if path.replace('/', '').replace('-', '').replace('.', '').replace('_', '').isalnum() \
        else "'" + path.replace("'", "'\\''") + "'"


def refuse_dirty(repo: Repo, targets: Sequence[str], environ: Mapping[str, str]) -> None:
    """Refuse when a target has changes that are not staged, in the work tree or in the runner's stash."""
    wanted = set(targets)
    dirty = sorted(wanted & (set(git.unstaged_changes(repo, *git.pathspec(targets))) | stashed_paths(repo, environ)))
    if dirty:
        names = ' '.join(_quoted(path) for path in dirty)
        raise Refused('dirty-target', f'you have unstaged changes in {", ".join(dirty)}\n'
                      f'  include them:  git add -- {names}\n'
                      f'  or put them aside:  git stash push -- {names}')
    flagged = [row for row in git.zsplit(git.expect('ls-files', '-v', '-z', '--', *git.pathspec(targets),
                                                    cwd=repo.root).out) if row[0] == 'S' or row[0].islower()]
    if flagged:
        raise Refused('hidden-target', f'git is told not to look at {flagged[0][2:]} (skip-worktree or '
                      'assume-unchanged), so its changes cannot be seen; end that with git update-index first')


def refuse_new(repo: Repo, path: str, ours: Sequence[bytes] = ()) -> None:
    """Refuse when something other than `ours` stands where a new file is to go, or git ignores the place."""
    absolute = files.inside(repo.root, path)
    if os.path.lexists(absolute) and files.read_bytes(absolute) not in ours:
        raise Refused('note-exists', f'{path} exists already; nothing was overwritten; '
                      'move it, or claim another id: daybook claim-session --new')
    if git.tracked_files(repo, f':(top,literal){path}'):
        raise Refused('note-exists', f'{path} is in the index already; claim another id: daybook claim-session --new')
    if git.git('check-ignore', '-q', '--', path, cwd=repo.root).is_ok:
        raise Refused('ignored-target', f'git ignores {path}; take its folder out of .gitignore, '
                      'or give the kind session another folder in .daybook/config.yaml')


def dirty_bystanders(repo: Repo, targets: Sequence[str]) -> list[str]:
    """Return the paths outside of `targets` that have staged, unstaged or untracked changes."""
    out = git.expect('status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=normal', cwd=repo.root).out
    return sorted({row[3:] for row in git.zsplit(out)} - set(targets))
