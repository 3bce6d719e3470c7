"""The remote as arbiter of claims: one create-only ref for each id, compare-and-swap by the server."""
from __future__ import annotations

import os
import secrets
import socket
import time
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.repo import git
from daybook.repo.git import Repo

_SILENCE = 60.0  # seconds for which a remote that did not answer is not asked again


class Answer(NamedTuple):
    """What the remote decided: `won`, `lost`, or `unavailable` with the reason."""

    outcome: str
    reason: str = ''
    oid: str | None = None


def remote_of(repo: Repo, settings: Settings) -> str | None:
    """Return the remote that arbitrates: the configured one, the upstream's, `origin`, or the only one."""
    wanted = settings.claims_remote
    known = git.remotes(repo)
    if wanted == 'off' or not known:
        return None
    if wanted != 'auto':
        return wanted
    branch = git.current_branch(repo)
    upstream = git.config_value(repo, f'branch.{branch}.remote') if branch else None
    if upstream in known:
        return upstream
    return 'origin' if 'origin' in known else known[0]


def _stamp(repo: Repo) -> str:
    return os.path.join(repo.common_dir, 'daybook', 'claims', '.remote-silent')


def _is_silent(repo: Repo) -> bool:
    try:
        return 0 <= time.time() - os.stat(_stamp(repo)).st_mtime < _SILENCE
    except OSError:
        return False


def _note_silence(repo: Repo) -> None:
    # eight terminals must not each wait for a remote that hangs
    os.makedirs(os.path.dirname(_stamp(repo)), exist_ok=True)
    with open(_stamp(repo), 'w'):
        pass


def _ask(repo: Repo, settings: Settings, *args: str) -> git.Result:
    # no hooks of the user: they would take a claim for a push of work
    result = git.git('-c', f'core.hooksPath={os.devnull}', *args, cwd=repo.root, env=git.clean_env(),
                     timeout=settings.claims_timeout)
    if result.code is None:
        _note_silence(repo)
    return result


def _refs(out: str) -> dict[str, str]:
    pairs = [line.split('\t', 1) for line in out.splitlines() if '\t' in line]
    return {ref: oid for oid, ref in pairs}


def remote_ids(repo: Repo, settings: Settings, day: str) -> set[str]:
    """Return the ids of `day` that are claimed on the remote; none when it cannot be asked."""
    remote = remote_of(repo, settings)
    if remote is None or _is_silent(repo):
        return set()
    result = _ask(repo, settings, 'ls-remote', '--refs', '--', remote, f'{settings.claims_namespace}/{day}-*')
    return {ref.rsplit('/', 1)[-1] for ref in _refs(result.text)} if result.is_ok else set()


def _root_commit(repo: Repo, session_id: str, operator: str, created: str) -> str:
    """Make the unique payload of one attempt: a commit with an empty tree and no parent."""
    tree = git.expect('mktree', cwd=repo.root, stdin=b'').text
    who = {'GIT_AUTHOR_NAME': operator, 'GIT_AUTHOR_EMAIL': f'{operator}@daybook.invalid',
           'GIT_COMMITTER_NAME': operator, 'GIT_COMMITTER_EMAIL': f'{operator}@daybook.invalid'}
    message = (f'claim {session_id}\n\noperator: {operator}\nhost: {socket.gethostname()}\n'
               f'created: {created}\nnonce: {secrets.token_hex(16)}\n')
    return git.expect('commit-tree', tree, cwd=repo.root, env=git.clean_env(who), stdin=message.encode()).text


def _reason(result: git.Result) -> str:
    if result.code is None:
        return 'the remote did not answer in time'
    lines = [line.strip() for line in (result.text + '\n' + result.err).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(('!', 'remote:', 'fatal:', 'error:'))]
    return (telling or lines or ['the remote refused'])[0]


def push(repo: Repo, settings: Settings, remote: str, session_id: str, operator: str, created: str) -> Answer:
    """Try to create the claim ref of `session_id` on `remote`; what the remote then holds decides.

    The payload is unique and the lease expects no ref, so that neither an equal object nor a
    fast-forward makes two winners (reference: peers.md, pain 2).
    """
    if _is_silent(repo):
        return Answer('unavailable', 'the remote did not answer a moment ago')
    ref = f'{settings.claims_namespace}/{session_id}'
    oid = _root_commit(repo, session_id, operator, created)
    pushed = _ask(repo, settings, 'push', '--porcelain', '--no-verify', '--no-follow-tags', '--no-signed',
                  '--recurse-submodules=no', f'--force-with-lease={ref}:', '--', remote, f'{oid}:{ref}')
    if pushed.code is None:
        return Answer('unavailable', _reason(pushed))
    seen = _ask(repo, settings, 'ls-remote', '--refs', '--', remote, ref)
    holder = _refs(seen.text).get(ref) if seen.is_ok else None
    if holder == oid:
        return Answer('won', oid=oid)
    if holder is not None:
        return Answer('lost')
    return Answer('unavailable', _reason(pushed if not pushed.is_ok else seen))
