"""Publishing a hand-off: push policy, the push itself, and a bounded answer to a peer who pushed first."""
from __future__ import annotations

import shlex
import time
from collections.abc import Collection
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.errors import FatalError
from daybook.handoff import remake
from daybook.handoff.journal import Write
from daybook.handoff.request import PagesOf
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.session import index_files

_HOOK_LINES = 20  # of what a hook printed
_RETRIES = 5
_FETCHED = 'refs/worktree/daybook/handoff'  # of this work tree alone, whose lock we hold
# what a server or git says when somebody else was faster; everything else is a decision
_RACES = ('fetch first', 'non-fast-forward', 'stale info', 'cannot lock ref', 'failed to update ref',
          'incorrect old value', 'reference already exists')
# what git says when the line went dead with the commits on their way: the server may have taken them
_CUT_OFF = ('hung up', 'disconnect', 'early EOF', 'RPC failed', 'Broken pipe', 'reset by peer', 'timed out')
_SLOW = 'peers push faster than this can join: git pull, then git push'


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


class _Work(NamedTuple):
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
        return max(1.0, min(self.settings.handoff_timeout, self.deadline - time.monotonic()))


def upstream_of(repo: Repo, branch: str) -> Upstream | Pushed:
    """Return where `branch` is pushed to, or why it cannot be."""
    remote = git.config_value(repo, f'branch.{branch}.remote')
    ref = git.config_value(repo, f'branch.{branch}.merge')
    if not git.remotes(repo):
        return Pushed('no', 'no-remote')
    if remote in (None, '.') or ref is None:
        place = remote if remote not in (None, '.') else git.remotes(repo)[0]
        return Pushed('no', 'no-upstream', (f'the branch has no upstream: git push -u {place} {branch}',))
    other = git.config_value(repo, f'branch.{branch}.pushRemote') or git.config_value(repo, 'remote.pushDefault')
    if other not in (None, remote):
        return Pushed('no', 'push-remote', ('the branch is pushed to another remote than it follows: '
                                            f'git push {other}',))
    tracking = git.expect('for-each-ref', '--format=%(upstream)', f'refs/heads/{branch}', cwd=repo.root).text
    seen = git.resolve(repo, tracking) if tracking else None
    if seen is None:
        return Pushed('no', 'no-upstream', (f'nothing is known of {ref} on {remote}: git fetch {remote}',))
    return Upstream(str(remote), str(ref), seen)


def _command(repo: Repo, upstream: Upstream, commit: str) -> str:
    """Return what pushes by hand; where both sides have gone on it joins them first, and rewrites no commit."""
    remote, branch = shlex.quote(upstream.remote), shlex.quote(upstream.ref.removeprefix('refs/heads/'))
    is_ahead = git.git('merge-base', '--is-ancestor', upstream.seen, commit, cwd=repo.root).is_ok
    first = '' if is_ahead else f'git pull --no-rebase {remote} {branch} && '
    return f'{first}git push {remote} HEAD:{branch}'


def may_push(repo: Repo, settings: Settings, upstream: Upstream, commit: str, own: Collection[str]) -> Pushed | None:
    """Return why the policy forbids the push, or None when it allows it. `own` are the operator's."""
    if settings.handoff_push == 'never':
        return Pushed('no', 'never', (f'handoff.push is never: {_command(repo, upstream, commit)}',))
    ahead = git.expect('rev-list', f'{upstream.seen}..{commit}', cwd=repo.root).lines
    others = [oid for oid in ahead if oid != commit]
    if settings.handoff_push == 'own':
        others = [oid for oid in others if oid not in own]
    if not others:
        return None
    listed = git.expect('log', '--no-walk', '--no-show-signature', '--format=  %h %an: %s', *others[:10],
                        cwd=repo.root).lines
    more = [f'  and {len(others) - 10} more'] if len(others) > 10 else []
    return Pushed('no', 'other-commits', ('other commits are ahead of the upstream and would go with it:',
                                          *listed, *more, f'push them all: {_command(repo, upstream, commit)}'))


def _remote_words(result: git.Result) -> tuple[str, ...]:
    lines = [line.strip() for line in f'{result.err}\n{result.text}'.splitlines()]
    telling = [line for line in lines if line.startswith(('remote:', '!', 'fatal:', 'error:', 'ssh:'))]
    return tuple((telling or [line for line in lines if line])[:8])


def _push(work: _Work, commit: str) -> git.Result:
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


def _fetch(work: _Work) -> str | None:
    """Fetch the upstream into a ref of our own, so that no tracking ref of the user moves; return its commit."""
    result = git.git('-c', 'gc.auto=0', '-c', 'maintenance.auto=false', 'fetch', '--quiet', '--no-tags', '--no-prune',
                     '--refmap=', '--no-write-fetch-head', '--no-recurse-submodules', '--', work.upstream.remote,
                     f'+{work.upstream.ref}:{_FETCHED}', cwd=work.repo.root, env=git.network_env(work.repo),
                     timeout=work.timeout)
    commit = git.resolve(work.repo, _FETCHED) if result.is_ok else None
    git.git('update-ref', '-d', _FETCHED, cwd=work.repo.root)
    return commit


def _moved_back(work: _Work) -> Pushed | None:
    """Return why nothing may be pushed: the remote has taken back what we last saw there, and others' work with it."""
    seen = git.git('ls-remote', '--refs', '--', work.upstream.remote, work.upstream.ref, cwd=work.repo.root,
                   env=git.network_env(work.repo), timeout=min(10.0, work.timeout))
    tip = seen.text.split('\t')[0]
    if not seen.is_ok or tip == work.upstream.seen:
        return None  # what is wrong with the remote, the push will tell
    if not tip:
        return Pushed('no', 'branch-gone', (f'{work.upstream.ref} is gone from {work.upstream.remote}; '
                                            'git push makes it again, if that is meant',), True)
    if git.resolve(work.repo, tip) and _is_in(work, tip, work.upstream.seen):
        return Pushed('no', 'rolled-back', (f'{work.upstream.remote} has taken commits back: git fetch, and see',), True)
    return None


def _has_arrived(work: _Work, commit: str) -> bool | None:
    """Whether the remote branch holds `commit`; None when the remote does not tell."""
    seen = git.git('ls-remote', '--refs', '--', work.upstream.remote, work.upstream.ref, cwd=work.repo.root,
                   env=git.network_env(work.repo), timeout=min(10.0, work.timeout))
    if not seen.is_ok or seen.text.split('\t')[0] in ('', commit):
        return bool(seen.text) if seen.is_ok else None
    theirs = _fetch(work)
    return None if theirs is None else _is_in(work, commit, theirs)


def _is_in(work: _Work, commit: str, theirs: str) -> bool:
    return git.git('merge-base', '--is-ancestor', commit, theirs, cwd=work.repo.root).is_ok


def _timed_out(work: _Work, commit: str) -> Pushed:
    if _has_arrived(work, commit):
        return _taken(work, commit)
    return Pushed('unknown', 'time-limit', ('the push did not end in time; see where it stands: git fetch',), True)


def _taken(work: _Work, commit: str) -> Pushed:
    joined = 'a peer had pushed first: joined on the remote; your branch is behind until you git pull'
    return Pushed('yes', lines=() if commit == work.commit else (joined,))


def _versions(work: _Work, base: str, theirs: str, path: str) -> list[bytes | None]:
    return git_objects.read_blobs(work.repo, [f'{side}:{path}' for side in (base, work.commit, theirs)])


def _role(work: _Work, path: str) -> str | None:
    """Return what a hand-off writes at `path`, this one or an earlier one that is pushed along."""
    own = {write.path: write.role for write in work.writes}
    kind = kind_of(work.settings, path)
    others = 'index' if index_files.is_map(work.settings, path) else 'log' if kind and kind.name == 'workstream' else None
    return own.get(path, 'actions' if path == work.settings.handoff_action_log else others)


def _entry(work: _Work, path: str) -> Sequence[str]:
    return next((write.entry for write in work.writes if write.path == path), ())


def _merged(work: _Work, base: str, theirs: str, path: str) -> bytes | None:
    """Return the file with what both sides generated, or None where they did not both generate.

    A page is theirs: it is made anew when the whole tree is known.
    """
    if work.settings.render_tracked and path.startswith(f'{work.settings.render_folder}/'):
        return next((side for side in reversed(_versions(work, base, theirs, path)) if side is not None), None)
    role = _role(work, path)
    if role in (None, 'note') or '\n' in path:
        return None
    old, ours, other = _versions(work, base, theirs, path)
    if ours is None or other in (None, old):
        return None
    return remake.merge(str(role), _entry(work, path), old or b'', ours, other or b'')


def _remade(work: _Work, base: str, theirs: str, conflicts: Collection[str]) -> dict[str, bytes] | str:
    """Return new contents for generated files that both sides changed, or the path that a person must merge."""
    # an index is made anew even where git found no conflict: two clean halves may be out of order
    places = {*conflicts, *(write.path for write in work.writes if write.role == 'index')}
    contents = {path: _merged(work, base, theirs, path) for path in places}
    lost = sorted(path for path in conflicts if contents[path] is None)
    return lost[0] if lost else {path: content for path, content in contents.items() if content is not None}


def _tree_with(work: _Work, tree: str, theirs: str, contents: dict[str, bytes]) -> str:
    """Return a tree with other contents at some paths, made in an index that nobody else sees."""
    if not contents:
        return tree
    modes = {entry.path: entry.mode for entry in git_objects.tree_entries(work.repo, theirs, *contents)}
    oids = {path: git.expect('hash-object', '-w', '--stdin', '--no-filters', cwd=work.repo.root, env=git.clean_env(),
                             stdin=content).text for path, content in contents.items()}
    return git_objects.tree_with(work.repo, tree, {path: (modes.get(path, '100644'), oid) for path, oid in oids.items()})


def _with_pages(work: _Work, tree: str, theirs: str) -> str:
    """Return the tree with the tracked pages that our change of theirs makes stale; without, where they cannot be made."""
    if work.pages is None or not work.settings.render_tracked:
        return tree
    try:
        before = git.expect('rev-parse', f'{theirs}^{{tree}}', cwd=work.repo.root).text
        return _tree_with(work, tree, theirs, work.pages(work.repo, work.settings, before, tree))
    except (FatalError, OSError):
        return tree  # the next render-docs makes them: it was said why when the note was written


def _join(work: _Work, tree: str, theirs: str) -> str | Pushed:
    signs = git.git('config', '--type=bool', '--get', 'commit.gpgSign', cwd=work.repo.root).text == 'true'
    made = git.git('commit-tree', *(['-S'] if signs else []), tree, '-p', theirs, '-p', work.commit,
                   cwd=work.repo.root, env=git.clean_env(), stdin=f'Merge the hand-off {work.session_id}\n'.encode(),
                   timeout=work.timeout)  # the signer may want to ask somebody
    if not made.is_ok:
        return Pushed('no', 'signing', ('a peer has pushed first, and the merge commit could not be made: '
                                        'git pull, then git push', *_remote_words(made)), True)
    return made.text


def _merge(work: _Work, theirs: str) -> str | Pushed:
    """Return a commit that joins ours and theirs; branch, index and work tree stay as they are."""
    base = git.git('merge-base', theirs, work.commit, cwd=work.repo.root)
    if not base.is_ok:
        return Pushed('no', 'unrelated', ('the remote branch has no commit in common with this one',), True)
    merged = git.git('merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', theirs, work.commit,
                     cwd=work.repo.root, env=git.clean_env(), timeout=work.timeout)
    if merged.code is None:
        return Pushed('no', 'time-limit', (_SLOW,), True)
    if merged.code not in (0, 1):
        return Pushed('no', 'old-git', ('a peer has pushed first, and git 2.38 or later is needed to join that: '
                                        'git pull, then git push', *_remote_words(merged)), True)
    tree, *conflicts = git.zsplit(merged.out)
    contents = _remade(work, base.text, theirs, set(conflicts))
    if isinstance(contents, str):
        return Pushed('no', 'conflict', (f'a peer has changed {contents} too: git pull, resolve, git push',), True)
    whole = _with_pages(work, _tree_with(work, tree, theirs, contents), theirs)
    return _join(work, whole, theirs)


def _refused(work: _Work, result: git.Result, commit: str) -> Pushed:
    """Return how a push ended that failed, and not because a peer was faster."""
    words = _remote_words(result)
    if _rejections(result):
        hint = () if commit == work.commit else (
            'a peer has pushed first, and the remote takes no merge of both: git pull --rebase, then git push',)
        return Pushed('no', 'rejected', ('the remote refuses the push:', *words, *hint))
    has_arrived = _has_arrived(work, commit)
    if has_arrived:  # taken, but the answer was lost
        return _taken(work, commit)
    if has_arrived is None and any(word in result.err for word in _CUT_OFF):
        return Pushed('unknown', 'cut-off', ('the remote fell silent during the push; see where it stands: git fetch',
                                             *words), True)
    if 'fatal:' in result.err:
        return Pushed('no', 'push-failed', ('the push failed; the note is committed here:', *words), True)
    told = [line.rstrip() for line in (result.text + result.err).splitlines() if line.strip()]
    return Pushed('no', 'push-hook', ('a pre-push hook of yours refused; the note is committed here, git push tries again:',
                                      *(f'  | {line}' for line in told[-_HOOK_LINES:])), True)


def _answer(work: _Work, theirs: str | None) -> str | Pushed:
    """Return the commit to push now that a peer has pushed `theirs`, or how it ends."""
    if theirs is None:
        return Pushed('no', 'fetch-failed', ('a peer has pushed first, and their commits cannot be fetched: '
                                             'git pull, then git push',), True)
    if _is_in(work, work.commit, theirs):
        return _taken(work, theirs)
    return _merge(work, theirs)


def push(repo: Repo, settings: Settings, upstream: Upstream, *, commit: str, writes: Sequence[Write],
         session_id: str, pages: PagesOf | None = None) -> Pushed:
    """Push `commit` to `upstream`; join a peer's push at most five times, never with force.

    The user's branch, index and work tree are not touched: after a join the branch is merely behind.
    """
    limit = time.monotonic() + 2 * settings.handoff_timeout
    work = _Work(repo, settings, upstream, commit, writes, session_id, limit, pages)
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
            return Pushed('no', 'time-limit', (_SLOW,), True)
    return Pushed('no', 'busy-remote', (f'peers pushed first {_RETRIES} times: git pull, then git push',), True)
