"""Whether the remote can arbitrate: a probe ref is created there and deleted again."""
from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator

from daybook.doctor.check import Check
from daybook.doctor.check import fail
from daybook.doctor.check import ok
from daybook.doctor.check import warn
from daybook.documents.config import Settings
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.session import arbiter

_PROBE = 'doctor-'
_OURS = re.compile(_PROBE + r'([0-9]{1,12})-[0-9a-f]{8}')
_ABANDONED = 3600  # seconds after which a probe is that of a run which was killed


def _old_probes(repo: Repo, settings: Settings, remote: str) -> dict[str, str]:
    found, _ = arbiter.all_claimed(repo, settings, remote, f'{_PROBE}*')
    return {name: oid for name, oid in found.items()
            if (probe := _OURS.fullmatch(name)) and time.time() - int(probe[1]) > _ABANDONED}


def check(repo: Repo, settings: Settings, *, is_offline: bool) -> Iterator[Check]:
    """Yield whether claims are arbitrated. Each question takes at most `claims.timeout` seconds."""
    remote = arbiter.remote_of(repo, settings)
    if remote is None and settings.claims_remote == 'off' and git_refs.remotes(repo):
        yield warn('remote', 'claims.remote is off beside a remote: every id gets three random letters')
    elif remote is None:
        yield ok('remote', 'there is none: claims are local')
    elif remote not in git_refs.remotes(repo):
        yield fail('remote', f'claims.remote is {remote}, which is no remote of this clone', 'name one of `git remote` in claims.remote')
    elif is_offline:
        yield warn('remote', f'{remote} was not asked (--offline)')
    else:
        name = f'{_PROBE}{int(time.time())}-{secrets.token_hex(4)}'
        answer = arbiter.push(repo, settings, remote, name, 'doctor', time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
        ref = f'{settings.claims_namespace}/{name}'
        if answer.outcome != 'won' or answer.oid is None:
            yield fail('remote', f'{remote} takes no claim: {answer.reason or answer.outcome}',
                       f'allow the creation of {settings.claims_namespace}/* on {remote}, or set `claims: {{remote: off}}` in .daybook/config.yaml')
            return
        refused = arbiter.withdraw(repo, settings, remote, {name: answer.oid})
        old = _old_probes(repo, settings, remote)
        if old:  # another run may sweep the same: that says nothing of this remote
            arbiter.withdraw(repo, settings, remote, old)
        if refused:
            yield fail('remote', f'{remote} took a claim and does not delete it: {refused}', f'allow the deletion of {ref} on {remote}')
        else:
            yield ok('remote', f'{remote} takes claims')
