"""Preflight: every reason for which a hand-off, or another command that commits, refuses before anything is written."""
from __future__ import annotations

import os
import posixpath
import shlex
import time
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo import sparse
from daybook.repo.git import Repo
from daybook.session import moves
from daybook.session import runner_stash


class Refused(FatalError):
    """A run that must not begin, or was put back. `reason` is the word of the last line.

    `is_untouched` is False where something else has changed a file meanwhile.
    """

    def __init__(self, reason: str, message: str, *, is_untouched: bool = True) -> None:
        super().__init__(message)
        self.reason = reason
        self.is_untouched = is_untouched


_UNDER_WAY = {
    'MERGE_HEAD': ('merge', 'git merge --continue'),
    'rebase-merge': ('rebase', 'git rebase --continue'),
    'rebase-apply/applying': ('git am', 'git am --continue'),
    'rebase-apply': ('rebase', 'git rebase --continue'),
    'CHERRY_PICK_HEAD': ('cherry-pick', 'git cherry-pick --continue'),
    'REVERT_HEAD': ('revert', 'git revert --continue'),
    'sequencer': ('cherry-pick or revert', 'git cherry-pick --continue'),
    'BISECT_LOG': ('bisect', 'git bisect reset'),
}
_UNITS = ((86400, 'days'), (3600, 'hours'), (60, 'minutes'), (1, 'seconds'))


def refuse_inside_hook(environ: Mapping[str, str]) -> None:
    """Refuse inside another git hook, or inside the commit of a hand-off: a hook that commits there never ends."""
    if 'GIT_INDEX_FILE' in environ or 'DAYBOOK_HANDOFF' in environ:
        raise Refused('inside-hook', 'a hand-off cannot run inside another git hook; '
                      'give the hook `handoff` the stage [manual] and run it by hand')


def refuse_other_repository(repo: Repo) -> None:
    """Refuse where GIT_DIR or its like names a repository that git would not find from here."""
    found = git.git('rev-parse', '--absolute-git-dir', cwd=repo.root, env=git.clean_env())
    if not found.is_ok or os.path.realpath(found.text) != os.path.realpath(repo.git_dir):
        raise Refused('other-repository', f'the environment (GIT_DIR) names {repo.git_dir}, which is not the '
                      f'repository of {repo.root}; run the hand-off without GIT_DIR and GIT_WORK_TREE')


def refuse_under_way(repo: Repo) -> None:
    """Refuse while git is in the middle of something, or has left files for somebody to merge."""
    unmerged = git.expect('ls-files', '-z', '--unmerged', cwd=repo.root).out
    for name, (operation, go_on) in _UNDER_WAY.items():
        if os.path.exists(git.git_path(repo, name)):
            first = 'resolve and `git add` the unmerged files, then ' if unmerged else ''
            raise Refused('in-progress', f'a {operation} is under way; finish it first: {first}{go_on}')
    if unmerged:
        raise Refused('unmerged', 'the index holds unmerged files; resolve and `git add` them first')
    refuse_index_lock(repo)


def refuse_state(repo: Repo) -> None:
    """Refuse while git is in the middle of something, or where a commit would belong to no branch."""
    refuse_under_way(repo)
    if git_refs.current_branch(repo) is None:
        raise Refused('detached', 'HEAD is detached; a commit would belong to no branch: git switch -c <branch>')
    if git_refs.resolve(repo, 'HEAD') is None:
        raise Refused('unborn', 'the branch has no commit yet; make the first one, then run it again')


def refuse_unsettled(repo: Repo) -> None:
    """Refuse while notes are half moved: what the killed command has changed is nobody's to commit."""
    unsettled = moves.unsettled(repo)
    if unsettled is not None:
        raise Refused('in-progress', unsettled)


def index_lock(repo: Repo) -> tuple[str, str] | None:
    """Return the lock of the index with its age, and the command that takes it away once no git runs; None where there is none."""
    lock = git.git_path(repo, 'index.lock')
    try:
        age = max(0, int(time.time() - os.lstat(lock).st_mtime))
    except FileNotFoundError:
        return None
    size, unit = next(pair for pair in _UNITS if age >= 2 * pair[0] or pair[0] == 1)
    return f'{lock}, {age // size} {unit} old', f'mv {shlex.quote(lock)} {shlex.quote(lock + ".old")}'


def refuse_index_lock(repo: Repo) -> None:
    """Refuse while the index is locked."""
    found = index_lock(repo)
    if found is not None:
        raise Refused('index-lock', f'another git process is at work, or was killed: {found[0]}\n'
                      '  wait for it to end, then run this again\n'
                      f'  or, when no git runs here any more, move the file away:  {found[1]}')


def refuse_dirty(repo: Repo, targets: Sequence[str], environ: Mapping[str, str]) -> None:
    """Refuse when a target has changes that are not staged, in the work tree or in the runner's stash."""
    if not targets:
        return
    wanted = set(targets)
    unstaged = set(git_status.unstaged_changes(repo, *git.pathspec(targets))) | runner_stash.paths(repo, environ)
    dirty = sorted(wanted & unstaged)
    if dirty:
        names = shlex.join(dirty)
        raise Refused('dirty-target', f'you have unstaged changes in {", ".join(dirty)}\n'
                      f'  include them:  git add -- {names}\n'
                      f'  or commit them first:  git commit -- {names}')
    flagged = [row for row in git.zsplit(git.expect('ls-files', '-v', '-z', '--', *git.pathspec(targets),
                                                    cwd=repo.root).out) if row[0] == 'S' or row[0].islower()]
    if flagged and sparse.is_likely(repo.root) and not os.path.lexists(os.path.join(repo.root, flagged[0][2:])):
        folder = posixpath.dirname(flagged[0][2:])
        raise Refused('hidden-target', f'the sparse checkout leaves out {flagged[0][2:]}; take its folder in: '
                      f'git sparse-checkout add {shlex.quote(folder)}')
    if flagged:
        raise Refused('hidden-target', f'git is told not to look at {flagged[0][2:]} (skip-worktree or '
                      'assume-unchanged), so its changes cannot be seen; end that with git update-index first')


def refuse_untracked(repo: Repo, path: str) -> None:
    """Refuse when a file that a hand-off would edit is there, and git does not know it."""
    if os.path.lexists(os.path.join(repo.root, path)):
        raise Refused('untracked-target', f'{path} is not tracked by git, so it could not be put back\n'
                      f'  include it:  git add -- {shlex.quote(path)}')


def refuse_ignored(repo: Repo, path: str, hint: str) -> None:
    """Refuse when git ignores the place of a new file."""
    if git_status.ignored(repo, [path]):
        raise Refused('ignored-target', f'git ignores {path}; {hint}')


def refuse_new(repo: Repo, path: str, session_id: str, ours: Sequence[bytes], placeholder: str, is_stub: Callable[[bytes | None], bool]) -> None:
    """Refuse when something other than `ours` stands where the note is to go, or another note has its id.

    The `placeholder` of the claim, which `git add docs` takes along, is no other note as long as `is_stub` knows what is staged.
    """
    absolute = files.inside(repo.root, path)
    if os.path.lexists(absolute) and files.read_bytes(absolute) not in ours:
        raise Refused('note-exists', f'{path} exists already; nothing was overwritten; '
                      'move it, or claim another id: daybook claim-session --new')
    folder = posixpath.dirname(path)
    anywhere = f':(top,glob,icase){folder + "/" if folder else ""}**/{session_id}'
    same = git_status.tracked_files(repo, f':(top,literal){path}', f'{anywhere}.md', f'{anywhere}-*.md')
    for each in same:
        staged, committed = git_objects.read_blobs(repo, [f':{each}', f'HEAD:{each}']) if '\n' not in each else (None, None)
        if each == path and (staged in ours or is_stub(staged)):
            continue
        if each == placeholder and is_stub(staged) and committed is None:
            continue
        if each == placeholder and is_stub(staged):
            raise Refused('note-exists', f'the placeholder {each} was committed, and the note is to be {path}; '
                          f'take it out first: git rm --cached -- {shlex.quote(each)}, and commit that')
        raise Refused('note-exists', f'{each} is in the index already; claim another id: daybook claim-session --new')


def dirty_bystanders(repo: Repo, targets: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the paths outside of `targets` with changes: staged, unstaged, put aside by a runner, or untracked."""
    out = git.expect('status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=normal',
                     '--', ':(top)', f':(top,exclude){files.STATE_DIR}', cwd=repo.root).out
    found = ({row[3:] for row in git.zsplit(out)} | runner_stash.paths(repo, environ)) - set(targets)
    # git tells of an untracked folder as a whole, which may hold nothing but our own new files
    return sorted(path for path in found if not (path.endswith('/') and any(t.startswith(path) for t in targets)))
