"""What git knows by name: commits, branches and remotes."""
from __future__ import annotations

from daybook.repo import git
from daybook.repo.git import Repo


def resolve(repo: Repo, name: str) -> str | None:
    """Return the full id of the commit that `name` stands for, or None."""
    result = git.git('rev-parse', '--verify', '--quiet', '--end-of-options', f'{name}^{{commit}}', cwd=repo.root)
    return result.text if result.is_ok else None


def current_branch(repo: Repo) -> str | None:
    """Return the short name of the branch of HEAD (born or not), or None when HEAD is detached."""
    result = git.git('symbolic-ref', '--quiet', '--short', 'HEAD', cwd=repo.root)
    return result.text if result.is_ok else None


def remotes(repo: Repo) -> list[str]:
    """Return the names of the configured remotes."""
    return git.git('remote', cwd=repo.root).lines


def shared_remote(repo: Repo) -> str | None:
    """Return the remote that a team shares, None where there is none: `origin`, else the only one.

    What the branch follows decides only among several of other names: two clones of one
    repository must mean the same one, whatever their branches follow.
    """
    known = remotes(repo)
    if 'origin' in known or len(known) < 2:
        return 'origin' if 'origin' in known else next(iter(known), None)
    branch = current_branch(repo)
    upstream = git.config_value(repo, f'branch.{branch}.remote') if branch else None
    return upstream if upstream in known else known[0]


def default_branch(repo: Repo, remote: str | None) -> str | None:
    """Return the ref of the default branch (`refs/remotes/origin/main`, else a local main or master)."""
    if remote:
        head = git.git('symbolic-ref', '--quiet', f'refs/remotes/{remote}/HEAD', cwd=repo.root)
        if head.is_ok:
            return head.text
    places = [f'refs/remotes/{remote}/'] if remote else []
    for place in [*places, 'refs/heads/']:
        for name in ('main', 'master', 'trunk', 'develop'):
            if resolve(repo, place + name):
                return place + name
    return None


def is_on_default_branch(repo: Repo, named: str | None) -> bool:
    """Return whether HEAD is on the default branch: the one `named`, else what the remote calls so, else main or master.

    A shallow clone of a job may hold one branch alone, so that one of another name is not taken for it.
    """
    here = current_branch(repo)
    if here is None or named:
        return here is not None and here == named
    remote = shared_remote(repo)
    head = git.git('symbolic-ref', '--quiet', f'refs/remotes/{remote}/HEAD', cwd=repo.root) if remote else None
    if head and head.is_ok:
        return head.text == f'refs/remotes/{remote}/{here}'
    places = [*([f'refs/remotes/{remote}/'] if remote else []), 'refs/heads/']
    found = next((name for place in places for name in ('main', 'master') if resolve(repo, place + name)), None)
    return here == found


def is_shallow(repo: Repo) -> bool:
    """Return whether the history was cut by `clone --depth`."""
    return git.git('rev-parse', '--is-shallow-repository', cwd=repo.root).text == 'true'
