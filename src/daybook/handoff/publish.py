"""Publishing a hand-off: the push, what became of it, and a bounded answer to a peer who pushed first."""
from __future__ import annotations

import shlex
import time
from collections.abc import Sequence

from daybook.documents.config import Settings
from daybook.handoff import joining
from daybook.handoff import push_policy
from daybook.handoff.journal import Write
from daybook.handoff.push_policy import SLOW
from daybook.handoff.push_policy import Pushed
from daybook.handoff.push_policy import Upstream
from daybook.handoff.push_policy import Work
from daybook.handoff.push_policy import remote_words
from daybook.handoff.request import PagesOf
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo

_HOOK_LINES = 20  # of what a hook printed
_RETRIES = 5
_FETCHED = 'refs/worktree/daybook/handoff'  # of this work tree alone, whose lock we hold
# what a server or git says when somebody else was faster; everything else is a decision
_RACES = ('fetch first', 'non-fast-forward', 'stale info', 'cannot lock ref', 'failed to update ref',
          'incorrect old value', 'reference already exists')
# what git says when the line went dead with the commits on their way: the server may have taken them
_CUT_OFF = ('hung up', 'disconnect', 'early EOF', 'RPC failed', 'Broken pipe', 'reset by peer', 'timed out')


def _push(work: Work, commit: str) -> git.Result:
    # the user's pre-push hooks run: their gates hold for us as for everybody
    return git.git('push', '--porcelain', '--no-follow-tags', '--', work.upstream.remote,
                   f'{commit}:{work.upstream.ref}', cwd=work.repo.root,
                   env=git.network_env(work.repo, {'DAYBOOK_HANDOFF': '1'}), timeout=work.timeout)


def _rejections(result: git.Result) -> str:
    """Return the lines of `--porcelain` that tell of refs that were not updated; hooks cannot write there."""
    return '\n'.join(line for line in result.lines if line.startswith('!'))


def _is_race(result: git.Result) -> bool:
    words = _rejections(result)
    return any(word in words for word in _RACES) and 'hook declined' not in words


def _fetch(work: Work) -> str | None:
    """Fetch the upstream into a ref of our own, so that no tracking ref of the user moves; return its commit."""
    result = git.git('-c', 'gc.auto=0', '-c', 'maintenance.auto=false', 'fetch', '--quiet', '--no-tags', '--no-prune',
                     '--refmap=', '--no-write-fetch-head', '--no-recurse-submodules', '--', work.upstream.remote,
                     f'+{work.upstream.ref}:{_FETCHED}', cwd=work.repo.root, env=git.network_env(work.repo),
                     timeout=work.timeout)
    commit = git_refs.resolve(work.repo, _FETCHED) if result.is_ok else None
    git.git('update-ref', '-d', _FETCHED, cwd=work.repo.root)
    return commit


def _moved_back(work: Work) -> Pushed | None:
    """Return why nothing may be pushed: the remote has taken back what we last saw there, and others' work with it."""
    seen = git.git('ls-remote', '--refs', '--', work.upstream.remote, work.upstream.ref, cwd=work.repo.root,
                   env=git.network_env(work.repo), timeout=min(10.0, work.timeout))
    tip = seen.text.split('\t')[0]
    if not seen.is_ok or tip == work.upstream.seen:
        return None  # what is wrong with the remote, the push will tell
    if not tip:
        return Pushed('no', 'branch-gone', (f'{work.upstream.ref} is gone from {work.upstream.remote}; '
                                            'git push makes it again, if that is meant',), True)
    if git_refs.resolve(work.repo, tip) and _is_in(work, tip, work.upstream.seen):
        return Pushed('no', 'rolled-back', (f'{work.upstream.remote} has taken commits back: git fetch, and see',), True)
    return None


def _has_arrived(work: Work, commit: str) -> bool | None:
    """Whether the remote branch holds `commit`; None when the remote does not tell."""
    seen = git.git('ls-remote', '--refs', '--', work.upstream.remote, work.upstream.ref, cwd=work.repo.root,
                   env=git.network_env(work.repo), timeout=min(10.0, work.timeout))
    if not seen.is_ok or seen.text.split('\t')[0] in ('', commit):
        return bool(seen.text) if seen.is_ok else None
    theirs = _fetch(work)
    return None if theirs is None else _is_in(work, commit, theirs)


def _is_in(work: Work, commit: str, theirs: str) -> bool:
    return git.git('merge-base', '--is-ancestor', commit, theirs, cwd=work.repo.root).is_ok


def _timed_out(work: Work, commit: str) -> Pushed:
    if _has_arrived(work, commit):
        return _taken(work, commit)
    return Pushed('unknown', 'time-limit', ('the push did not end in time; see where it stands: git fetch',), True)


def _taken(work: Work, commit: str) -> Pushed:
    joined = 'a peer had pushed first: joined on the remote; your branch is behind until you git pull'
    return Pushed('yes', lines=() if commit == work.commit else (joined,))


def _refused(work: Work, result: git.Result, commit: str) -> Pushed:
    """Return how a push ended that failed, and not because a peer was faster."""
    words = remote_words(result)
    if _rejections(result):
        branch = f'{commit[:10]}:refs/heads/handoff-{work.session_id}'
        hint = (f'the note is committed here, and stays; push it to a branch: git push {shlex.quote(work.upstream.remote)} {branch}',
                f'then open a pull request of that branch into {work.upstream.ref.removeprefix("refs/heads/")}') \
            if commit == work.commit else ('a peer has pushed first, and the remote takes no merge of both: git pull --rebase, then git push',)
        return Pushed('no', 'rejected', ('the remote refuses the push:', *(f'  | {line}' for line in words), *hint))
    has_arrived = _has_arrived(work, commit)
    if has_arrived:  # taken, but the answer was lost
        return _taken(work, commit)
    if has_arrived is None and any(word in result.err for word in _CUT_OFF):
        return Pushed('unknown', 'cut-off', ('the remote fell silent during the push; see where it stands: git fetch',
                                             *words), True)
    if 'fatal:' in result.err:
        return Pushed('no', 'push-failed', ('the push failed; the note is committed here:', *words,
                                            f'once the remote answers: {push_policy.command(work.repo, work.upstream, work.commit)}'), True)
    told = [line.rstrip() for line in f'{result.text}\n{result.err}'.splitlines() if line.strip()]
    return Pushed('no', 'push-hook', ('a pre-push hook of yours refused; the note is committed here, git push tries again:',
                                      *(f'  | {line}' for line in told[-_HOOK_LINES:])), True)


def _answer(work: Work, theirs: str | None) -> str | Pushed:
    """Return the commit to push now that a peer has pushed `theirs`, or how it ends."""
    if theirs is None:
        return Pushed('no', 'fetch-failed', ('a peer has pushed first, and their commits cannot be fetched: '
                                             'git pull, then git push',), True)
    if _is_in(work, work.commit, theirs):
        return _taken(work, theirs)
    return joining.commit(work, theirs)


def push(repo: Repo, settings: Settings, upstream: Upstream, *, commit: str, writes: Sequence[Write],
         session_id: str, pages: PagesOf | None = None) -> Pushed:
    """Push `commit` to `upstream`; join a peer's push at most five times, never with force.

    The user's branch, index and work tree are not touched: after a join the branch is merely behind.
    """
    limit = time.monotonic() + 2 * settings.handoff_timeout
    work = Work(repo, settings, upstream, commit, writes, session_id, limit, pages)
    moved = _moved_back(work)
    if moved is not None:
        return moved
    candidate = commit
    for _ in range(_RETRIES + 1):
        result = _push(work, candidate)
        if result.code is None:
            return _timed_out(work, candidate)
        if result.is_ok:
            return _taken(work, candidate)
        if not _is_race(result):
            return _refused(work, result, candidate)
        answer = _answer(work, _fetch(work))
        if isinstance(answer, Pushed):
            return answer
        candidate = answer
        if time.monotonic() > limit:
            return Pushed('no', 'time-limit', (SLOW,), True)
    return Pushed('no', 'busy-remote', (f'peers pushed first {_RETRIES} times: git pull, then git push',
                                        *remote_words(result)), True)
