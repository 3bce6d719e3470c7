"""Where a hand-off is pushed to, and whether the team's policy lets it."""
from __future__ import annotations

import shlex
import time
from collections.abc import Collection
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.handoff.journal import Write
from daybook.handoff.request import PagesOf
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo

SLOW = 'peers push faster than this can join: git pull, then git push'


class Pushed(NamedTuple):
    """How publishing ended: `yes`, `no` or `unknown`, the word for the last line, and lines for a person."""

    outcome: str
    reason: str = ''
    lines: tuple[str, ...] = ()
    is_failure: bool = False  # something that somebody should look at, not a policy


class Upstream(NamedTuple):
    """Where the branch is pushed: the remote, the ref there, and the commit that we last saw of it."""

    remote: str
    ref: str
    seen: str


class Work(NamedTuple):
    """One publishing: the `commit` of a hand-off, what it wrote, and until when (a monotonic time) all of it must be done."""

    repo: Repo
    settings: Settings
    upstream: Upstream
    commit: str
    writes: Sequence[Write]
    session_id: str
    deadline: float
    pages: PagesOf | None = None

    @property
    def timeout(self) -> float:
        """Return the seconds that the next step may take."""
        return max(1.0, min(self.settings.handoff_timeout, self.deadline - time.monotonic()))


def upstream_of(repo: Repo, branch: str) -> Upstream | Pushed:
    """Return where `branch` is pushed to, or why it cannot be."""
    remote = git.config_value(repo, f'branch.{branch}.remote')
    ref = git.config_value(repo, f'branch.{branch}.merge')
    if not git_refs.remotes(repo):
        return Pushed('no', 'no-remote')
    if remote in (None, '.') or ref is None:
        place = remote if remote not in (None, '.') else git_refs.remotes(repo)[0]
        return Pushed('no', 'no-upstream', (f'the branch has no upstream: git push -u {place} {branch}',))
    other = git.config_value(repo, f'branch.{branch}.pushRemote') or git.config_value(repo, 'remote.pushDefault')
    if other not in (None, remote):
        return Pushed('no', 'push-remote', ('the branch is pushed to another remote than it follows: '
                                            f'git push {other}',))
    tracking = git.expect('for-each-ref', '--format=%(upstream)', f'refs/heads/{branch}', cwd=repo.root).text
    seen = git_refs.resolve(repo, tracking) if tracking else None
    if seen is None:
        return Pushed('no', 'no-upstream', (f'nothing is known of {ref} on {remote}: git fetch {remote}',))
    return Upstream(str(remote), str(ref), seen)


def command(repo: Repo, upstream: Upstream, commit: str) -> str:
    """Return what pushes by hand; where both sides have gone on, or may have, it joins them first, and rewrites no commit."""
    remote, branch = shlex.quote(upstream.remote), shlex.quote(upstream.ref.removeprefix('refs/heads/'))
    is_ahead = git.git('merge-base', '--is-ancestor', upstream.seen, commit, cwd=repo.root).is_ok
    first = '' if is_ahead else f'git pull --no-rebase {remote} {branch} && '
    push = f'git push {remote} HEAD:{branch}'
    # the remote may have moved on since somebody last asked it
    return f'{first}{push}' if first else f'{push}; where that is rejected: git pull --no-rebase {remote} {branch} && {push}'


def may_push(repo: Repo, settings: Settings, upstream: Upstream, commit: str, along: Collection[str]) -> Pushed | None:
    """Return why the policy forbids the push, or None when it allows it. `along` are the commits that may go, this one among them."""
    if settings.handoff_push == 'never':
        return Pushed('no', 'never', (f'handoff.push is never: {command(repo, upstream, commit)}',))
    ahead = git.expect('rev-list', f'{upstream.seen}..{commit}', cwd=repo.root).lines
    others = [oid for oid in ahead if oid not in along]
    if not others:
        return None
    listed = git.expect('log', '--no-walk', '--no-show-signature', '--format=  %h %an: %s', *others[:10],
                        cwd=repo.root).lines
    more = [f'  and {len(others) - 10} more'] if len(others) > 10 else []
    return Pushed('no', 'other-commits', ('other commits are ahead of the upstream and would go with it:',
                                          *listed, *more, f'push them all: {command(repo, upstream, commit)}'))


def remote_words(result: git.Result) -> tuple[str, ...]:
    """Return the lines of git and of the server that tell what went wrong, a few at most."""
    lines = [line.strip() for line in f'{result.err}\n{result.text}'.splitlines()]
    telling = [line.rpartition('\t')[2] if line.startswith('!') else line  # of `--porcelain`: the refs come first
               for line in lines if line.startswith(('remote:', '!', 'fatal:', 'error:', 'ssh:'))]
    return tuple((telling or [line for line in lines if line])[:8])
