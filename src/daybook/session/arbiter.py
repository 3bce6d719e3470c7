"""The remote as arbiter of claims: one create-only ref for each id, compare-and-swap by the server."""
from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo

_SILENCE = 60.0  # seconds for which a remote that did not answer is not asked again
_SLOW = 1.0  # seconds after which a failure costs as much as no answer
_CREDENTIALS = re.compile(r'//[^/@\s]+@')


class Answer(NamedTuple):
    """What the remote decided: `won`, `lost`, or `unavailable` with the reason."""

    outcome: str
    reason: str = ''
    oid: str | None = None


class Listing(NamedTuple):
    """The ids that are claimed on the remote, or the reason why it cannot be asked."""

    ids: frozenset[str] = frozenset()
    reason: str = ''


def remote_of(repo: Repo, settings: Settings) -> str | None:
    """Return the remote that arbitrates, or None where there is none: the configured one, else the one that the team shares."""
    wanted = settings.claims_remote
    if wanted == 'off':
        return None
    shared = git_refs.shared_remote(repo)
    return wanted if shared and wanted != 'auto' else shared


def _stamp(repo: Repo) -> str:
    return os.path.join(repo.common_dir, 'daybook', 'claims', '.remote-silent')


def _silence(repo: Repo, remote: str) -> str:
    """Return why `remote` is not asked just now; empty when it is."""
    try:
        age = time.time() - os.stat(_stamp(repo)).st_mtime
        silent, _, reason = (files.read_bytes(_stamp(repo)) or b'').decode('utf-8', 'replace').partition('\n')
    except OSError:
        return ''
    return f'a moment ago: {reason}' if silent == remote and 0 <= age < _SILENCE else ''


def _note_silence(repo: Repo, remote: str, reason: str) -> None:
    # eight terminals must not each wait for a remote that hangs
    os.makedirs(os.path.dirname(_stamp(repo)), exist_ok=True)
    files.write_atomic(_stamp(repo), f'{remote}\n{reason}'.encode('utf-8', 'replace'))


def _environment(repo: Repo) -> dict[str, str]:
    """Return an environment in which neither git nor ssh can ask anybody; it has no terminal either (setsid)."""
    return git.network_env(repo, {'GIT_ASKPASS': '', 'SSH_ASKPASS': '', 'SSH_ASKPASS_REQUIRE': 'never'})


def _ask(repo: Repo, settings: Settings, remote: str, *args: str) -> git.Result:
    # no hooks of the user: they would take a claim for a push of work; none of their push settings either
    own = (f'core.hooksPath={os.devnull}', f'remote.{remote}.mirror=false', 'push.pushOption=')
    result = git.git(*(word for setting in own for word in ('-c', setting)), *args, cwd=repo.root,
                     env=_environment(repo), timeout=settings.claims_timeout)
    if result.code is None:
        _note_silence(repo, remote, _reason(result))
    return result


def _refs(out: str) -> dict[str, str]:
    pairs = [line.split('\t', 1) for line in out.splitlines() if '\t' in line]
    return {ref: oid for oid, ref in pairs}


def claimed(repo: Repo, settings: Settings, remote: str, day: str) -> Listing:
    """Return the ids of `day` (`RT-261120`) that are claimed on `remote`."""
    if remote not in git_refs.remotes(repo):
        return Listing(reason=f'claims.remote is {remote}, which is no remote of this clone')
    reason = _silence(repo, remote)
    if reason:
        return Listing(reason=reason)
    begun = time.monotonic()
    result = _ask(repo, settings, remote, 'ls-remote', '--refs', '--', remote, f'{settings.claims_namespace}/{day}-*')
    if result.is_ok:
        return Listing(frozenset(ref.rsplit('/', 1)[-1] for ref in _refs(result.text)))
    if time.monotonic() - begun > _SLOW:
        _note_silence(repo, remote, _reason(result))
    return Listing(reason=_reason(result))


def all_claimed(repo: Repo, settings: Settings, remote: str, pattern: str) -> tuple[dict[str, str], str]:
    """Return the claims of `remote` whose ids fit `pattern`, with the SHAs of their refs, or nothing and the reason."""
    result = _ask(repo, settings, remote, 'ls-remote', '--refs', '--', remote, f'{settings.claims_namespace}/{pattern}')
    if not result.is_ok:
        return {}, _reason(result)
    return {ref.rsplit('/', 1)[-1]: oid for ref, oid in _refs(result.text).items()}, ''


def withdraw(repo: Repo, settings: Settings, remote: str, seen: Mapping[str, str]) -> str:
    """Delete claims, each only where its ref still is what was seen; return why the remote refused, or an empty text."""
    refs = {f'{settings.claims_namespace}/{name}': oid for name, oid in seen.items()}
    leases = [f'--force-with-lease={ref}:{oid}' for ref, oid in refs.items()]
    pushed = _ask(repo, settings, remote, 'push', '--porcelain', '--no-verify', '--no-follow-tags', '--no-signed',
                  '--recurse-submodules=no', *leases, '--', remote, *(f':{ref}' for ref in refs))
    return '' if pushed.is_ok else _reason(pushed)


def _root_commit(repo: Repo, session_id: str, operator: str, created: str) -> str:
    """Make the unique payload of one attempt: a commit with an empty tree and no parent."""
    import platform  # `resume`, which reads claims, does without

    tree = git.expect('mktree', cwd=repo.root, env=git.clean_env(), stdin=b'').text
    who = {'GIT_AUTHOR_NAME': operator, 'GIT_AUTHOR_EMAIL': f'{operator}@daybook.invalid',
           'GIT_COMMITTER_NAME': operator, 'GIT_COMMITTER_EMAIL': f'{operator}@daybook.invalid'}
    message = (f'claim {session_id}\n\noperator: {operator}\nhost: {platform.node()}\n'
               f'created: {created}\nnonce: {os.urandom(16).hex()}\n')
    return git.expect('commit-tree', tree, cwd=repo.root, env=git.clean_env(who), stdin=message.encode()).text


def _reason(result: git.Result) -> str:
    if result.code is None:
        return 'the remote did not answer in time'
    lines = [line.strip() for line in (result.text + '\n' + result.err).splitlines() if line.strip()]
    # `!<tab>from:to<tab>reason` of --porcelain says most
    telling = [line.rsplit('\t', 1)[-1] for line in lines if line.startswith(('!', 'remote:', 'fatal:', 'error:'))]
    return _CREDENTIALS.sub('//', (telling or lines or ['the remote refused'])[0])


def push(repo: Repo, settings: Settings, remote: str, session_id: str, operator: str, created: str) -> Answer:
    """Try to create the claim ref of `session_id` on `remote`; what the remote then holds decides.

    The payload is unique and the lease expects no ref, so that neither an equal object nor a
    fast-forward makes two winners.
    """
    ref = f'{settings.claims_namespace}/{session_id}'
    oid = _root_commit(repo, session_id, operator, created)
    pushed = _ask(repo, settings, remote, 'push', '--porcelain', '--no-verify', '--no-follow-tags', '--no-signed',
                  '--recurse-submodules=no', f'--force-with-lease={ref}:', '--', remote, f'{oid}:{ref}')
    if pushed.code is None:
        return Answer('unavailable', _reason(pushed))
    seen = _ask(repo, settings, remote, 'ls-remote', '--refs', '--', remote, ref)
    holder = _refs(seen.text).get(ref) if seen.is_ok else None
    if holder == oid:
        return Answer('won', oid=oid)
    if holder is not None:
        return Answer('lost')
    return Answer('unavailable', _reason(pushed if not pushed.is_ok else seen))
