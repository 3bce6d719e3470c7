"""Where HEAD stands against its upstream and the default branch, in words and with the command that brings them together."""
from __future__ import annotations

import shlex
from typing import NamedTuple

from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.resume.branches import NAMES
from daybook.resume.branches import SPACE


class Gap(NamedTuple):
    """How many commits HEAD has that `name` has not, how many the other way, and what to run about it, or empty."""

    name: str
    ahead: int
    behind: int
    command: str = ''


class Standing(NamedTuple):
    """Where HEAD is: its branch (empty: detached) and commit (empty: none yet), and against what it was held.

    `lost` is an upstream that is gone.
    """

    branch: str
    commit: str
    gaps: tuple[Gap, ...] = ()
    lost: str = ''


class _Here(NamedTuple):
    """The branch of HEAD, the full name of its upstream, and whether `git push` leads there."""

    branch: str
    upstream: str
    is_pushed_there: bool


def _believed(repo: Repo, ref: str, remote: str | None, is_fresh: bool) -> str | None:
    """Return the commit of a tracking ref as the remote has it, as far as is known here."""
    theirs, prefix = git_refs.resolve(repo, ref), f'refs/remotes/{remote}/'
    if remote is None or not ref.startswith(prefix):
        return theirs
    ours = git_refs.resolve(repo, f'{SPACE}/{remote}/{ref.removeprefix(prefix)}')
    if is_fresh or ours is None or theirs is None:
        return ours if is_fresh else ours or theirs
    is_older = git.git('merge-base', '--is-ancestor', ours, theirs, cwd=repo.root).is_ok
    return theirs if is_older else ours


def _default(repo: Repo, remote: str | None) -> str | None:
    found = git_refs.default_branch(repo, remote)
    if remote and not (found or '').startswith('refs/remotes/'):
        ours = [name for name in NAMES if git_refs.resolve(repo, f'{SPACE}/{remote}/{name}')]
        return f'refs/remotes/{remote}/{ours[0]}' if ours else found
    return found


def default_commit(repo: Repo, remote: str, *, is_fresh: bool) -> str | None:
    """Return the commit of the remote's default branch as far as it is known here."""
    ref = _default(repo, remote)
    return _believed(repo, ref, remote, is_fresh) if ref and ref.startswith(f'refs/remotes/{remote}/') else None


def _short(ref: str) -> str:
    return ref.removeprefix('refs/heads/').removeprefix('refs/remotes/')


def _here(repo: Repo) -> _Here:
    branch = git_refs.current_branch(repo) or ''
    line = git.git('for-each-ref', '--format=%(upstream) %(push)', f'refs/heads/{branch}', cwd=repo.root).text if branch else ''
    upstream, _, push = line.partition(' ')
    return _Here(branch, upstream, bool(upstream) and upstream == push)


def _command(here: _Here, ref: str, remote: str | None, ahead: int, behind: int) -> str:
    """Return what brings HEAD and `ref` together; it rewrites no commit and overwrites nothing, as an agent will run it."""
    if not here.branch:
        return 'git switch -c NAME' if ahead else ''
    if ref == here.upstream:
        return f'git pull {"--no-rebase" if ahead else "--ff-only"}' if behind else 'git push' if ahead and here.is_pushed_there else ''
    if not behind:
        return ''
    prefix = f'refs/remotes/{remote}/'
    if remote and ref.startswith(prefix):
        return f'git pull --no-rebase {shlex.quote(remote)} {shlex.quote(ref.removeprefix(prefix))}'
    return f'git merge {shlex.quote(_short(ref))}'


def standing(repo: Repo, remote: str | None, *, is_fresh: bool) -> Standing:
    """Return where HEAD is, against its upstream and the default branch."""
    here, head = _here(repo), git_refs.resolve(repo, 'HEAD') or ''
    if not head:
        return Standing(here.branch, head)
    gaps, lost = [], ''
    for ref in dict.fromkeys(filter(None, (here.upstream, _default(repo, remote)))):
        there = _believed(repo, ref, remote, is_fresh)
        if there is None:
            lost = _short(ref) if ref == here.upstream else ''
        elif ref != f'refs/heads/{here.branch}':
            counts = git.git('rev-list', '--left-right', '--count', f'{head}...{there}', '--', cwd=repo.root).text.split()
            ahead, behind = map(int, counts or (0, 0))
            gaps.append(Gap(_short(ref), ahead, behind, _command(here, ref, remote, ahead, behind)))
    return Standing(here.branch, head, tuple(gaps), lost)


def _worded(gap: Gap) -> str:
    counts = [f'{gap.ahead} ahead of'] * bool(gap.ahead) + [f'{gap.behind} behind'] * bool(gap.behind)
    return f'{" and ".join(counts)} {gap.name}' + (f' ({gap.command})' if gap.command else '')


def place(where: Standing) -> str:
    """Return in words where HEAD is, how far ahead and behind of what, and what to run about that."""
    if not where.commit:
        return f'on {where.branch}, before the first commit'
    level = [gap.name for gap in where.gaps if not gap.ahead and not gap.behind]
    words = [f'up to date with {" and ".join(level)}'] if level else []
    words += [_worded(gap) for gap in where.gaps if gap.ahead or gap.behind]
    words += [f'{where.lost} is gone'] if where.lost else []
    at = f'on {where.branch}' if where.branch else f'at {where.commit[:10]}, on no branch'
    return f'{at}: {", ".join(words)}' if words else at
