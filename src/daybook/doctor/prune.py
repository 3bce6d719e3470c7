"""Claims that have done their work: the day of the id is seven days past, and its note is on the default branch."""
from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import date
from datetime import timedelta
from typing import NamedTuple

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.session import arbiter
from daybook.session import claim as claims

_AGE = timedelta(days=7)
_FETCH_SECONDS = 30.0


class Stale(NamedTuple):
    """The claims that may go: on the remote by id with the SHA that was seen, in this clone by path with its bytes."""

    remote: str | None
    refs: dict[str, str]
    records: dict[str, bytes]
    reason: str = ''


def _is_past(session_id: str, today: date) -> bool:
    found = claims.ID.fullmatch(session_id)
    if not found:
        return False
    day = found['day'].rsplit('-', 1)[1]
    try:
        return today - date(2000 + int(day[:2]), int(day[2:4]), int(day[4:])) >= _AGE
    except ValueError:
        return False


def _noted(repo: Repo, settings: Settings, remote: str | None) -> set[str]:
    """Return the ids, in lower case and without their letters, of the notes on the default branch."""
    branch = git_refs.default_branch(repo, remote)
    if branch is None:
        return set()
    kind = settings.kind('session')
    entries = git_objects.tree_entries(repo, branch, *[kind.folder] if kind.folder else [])
    names = [os.path.basename(entry.path) for entry in entries if config.kind_of(settings, entry.path) == kind]
    found = [re.match(rf'({claims.ID.pattern})(?:-[^/]*)?\.md', name, re.IGNORECASE) for name in names]
    # a stub that was committed by mistake is no note, and validate-frontmatter says so
    return {match[1].lower() for match in found if match}


def find(repo: Repo, settings: Settings, today: date, *, is_offline: bool) -> Stale:
    """Return what may be pruned. A remote that is not asked or does not answer gives nothing, and the reason."""
    remote = arbiter.remote_of(repo, settings)
    refs, reason = ({}, 'not asked') if remote and is_offline else arbiter.all_claimed(repo, settings, remote, '*') if remote else ({}, '')
    noted = _noted(repo, settings, remote)
    bare = {claims.number_of(name.upper()).lower() for name in noted}

    def may_go(session_id: str) -> bool:
        return _is_past(session_id, today) and (session_id.lower() in noted or claims.number_of(session_id).lower() in bare)

    records = {}
    for claim in claims.all_claims(repo):
        path = claims.record_path(repo, claim.id)
        data = files.read_bytes(path)
        if data is not None and claim.state == 'done' and _is_past(claim.id, today) and claim.id.lower() in noted:
            records[path] = data
    return Stale(remote, {name: oid for name, oid in refs.items() if may_go(name)}, records, reason)


def refresh(repo: Repo, remote: str | None) -> None:
    """Fetch the branches of the remote, so that what is on its default branch is known as it stands."""
    if remote:
        git.git('fetch', '--quiet', '--no-tags', '--', remote, cwd=repo.root, env=git.network_env(repo), timeout=_FETCH_SECONDS)


def prune(repo: Repo, settings: Settings, stale: Stale) -> str:
    """Delete the stale claims, each only as it was seen; return why the remote refused, or an empty text."""
    refused = arbiter.withdraw(repo, settings, stale.remote, stale.refs) if stale.remote and stale.refs else ''
    with files.exclusive_lock(os.path.join(claims.folder(repo), '.lock'), 60):
        for path, seen in stale.records.items():
            if files.read_bytes(path) == seen:
                os.unlink(path)
    return refused


def ids(stale: Stale) -> list[str]:
    """Return the ids of the stale claims, each once."""
    names: Iterable[str] = (os.path.basename(path).removesuffix('.json') for path in stale.records)
    return sorted({*stale.refs, *names})
