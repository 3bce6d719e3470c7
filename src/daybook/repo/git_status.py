"""Which files a repository has, and how index and work tree differ from each other and from HEAD."""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.errors import FatalError
from daybook.repo import git
from daybook.repo import git_spawn
from daybook.repo.git import Repo


def tracked_files(repo: Repo, *pathspecs: str) -> list[str]:
    """Return the paths of the index (of GIT_INDEX_FILE inside a commit), relative to the root."""
    # a conflicted path is listed once a stage
    return sorted(set(git.zsplit(git.expect('ls-files', '-z', '--', *pathspecs, cwd=repo.root).out)))


def untracked_files(repo: Repo, *pathspecs: str) -> list[str]:
    """Return the paths that are neither in the index nor ignored."""
    result = git.expect('ls-files', '-z', '--others', '--exclude-standard', '--', *pathspecs, cwd=repo.root)
    return git.zsplit(result.out)


def staged_changes(repo: Repo) -> list[str]:
    """Return the paths that the index changes against HEAD; of a rename, both names."""
    result = git.git(*git.STAGED, cwd=repo.root)
    return git.zsplit(result.out) if result.is_ok else tracked_files(repo)  # no commit yet: all is staged


def pushed_changes(repo: Repo, environ: Mapping[str, str]) -> tuple[str, list[str]] | None:
    """Return the base and the paths that a push (or `--from-ref A --to-ref B`) changes, or None outside of one.

    pre-commit and prek tell the range in PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF; a first push has none.
    """
    begin, end = environ.get('PRE_COMMIT_FROM_REF'), environ.get('PRE_COMMIT_TO_REF')
    if not begin or not end:
        return None
    base = git.git('merge-base', begin, end, cwd=repo.root)
    changed = git.git('diff-tree', '-r', '--name-only', '-z', '--no-renames', base.text, end, cwd=repo.root)
    return (base.text, git.zsplit(changed.out)) if base.is_ok and changed.is_ok else None


def staged_status(repo: Repo) -> list[tuple[str, str]]:
    """Return letter (`A`, `M`, `D`, `T`) and path of every staged change; a rename is a D and an A."""
    result = git.git('diff-index', '--cached', '--name-status', '-z', '--no-renames', '--ita-invisible-in-index', 'HEAD', '--',
                 cwd=repo.root)
    if not result.is_ok:
        return [('A', path) for path in tracked_files(repo)]  # no commit yet: all is new
    words = git.zsplit(result.out)
    return list(zip(words[::2], words[1::2]))


def unstaged_changes(repo: Repo, *pathspecs: str) -> list[str]:
    """Return the tracked paths whose work tree file differs from the index, deletions included."""
    git.git('update-index', '-q', '--refresh', cwd=repo.root)  # a touched file is no change; fails harmlessly
    return git.zsplit(git.expect('diff-files', '--name-only', '-z', '--', *pathspecs, cwd=repo.root).out)


def maybe_unstaged(repo: Repo, paths: Sequence[str]) -> set[str]:
    """Return those of `paths` whose work tree file may differ from the index; one that was only touched may be among them.

    Half the price of `unstaged_changes`, which looks at every file twice; for a few paths at hardly any.
    """
    few = git.pathspec(paths) if len(paths) <= 100 else ()
    out = git_spawn.answers(repo.root, ('diff-files', '--name-only', '-z', '--', *few))[0]
    if out is None:
        raise FatalError(f'git cannot compare the files of {repo.root} with its index; run `git status` there to see why')
    return set(git.zsplit(out)).intersection(paths)


def ignored(repo: Repo, paths: Iterable[str]) -> set[str]:
    """Return those of `paths` (which need not exist) that git would refuse to add: ignored and not tracked."""
    paths = list(paths)
    result = git.git('check-ignore', '-z', '--stdin', cwd=repo.root, stdin=git.zjoin(paths))
    if result.code == 128 and len(paths) > 1:  # one that lies beyond a symbolic link or in a submodule ends the answer for all
        middle = len(paths) // 2
        return ignored(repo, paths[:middle]) | ignored(repo, paths[middle:])
    return set(git.zsplit(result.out))


def overlooked(repo: Repo, env: Mapping[str, str] | None = None) -> list[str]:
    """Return the tracked paths of which git is told to overlook changes (assume-unchanged, skip-worktree), so that it tells of none."""
    rows = git.zsplit(git.expect('ls-files', '-v', '-z', cwd=repo.root, env=env).out)
    return [row[2:] for row in rows if row[0].islower() or row[0] == 'S']


def dirty_files(repo: Repo) -> list[str]:
    """Return the tracked paths that differ from HEAD in index or work tree; never refreshes the index."""
    out = git.git('--no-optional-locks', '-c', 'core.fsmonitor=false', 'status', '--porcelain=v1', '-z', '--no-renames',
              '--untracked-files=no', '--ignore-submodules=dirty', cwd=repo.root).out
    return [entry[3:] for entry in git.zsplit(out)]
