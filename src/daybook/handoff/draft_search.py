"""Which draft is handed off: the one that was named, else the only one that waits."""
from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import claim as claims
from daybook.session import draft as drafts
from daybook.session.claim import Claim
from daybook.session.draft import Draft
from daybook.session.preflight import Refused

_MOST = 10_000_000  # bytes; hosts show no page of a tenth of it, and refuse the push of ten times as much
_WAITING = re.compile(r'draft(?:-.+)?\.md')


class Found(NamedTuple):
    """The draft to hand off, None when there is none, and the paths of those that nobody has filled yet."""

    draft: Draft | None
    empty: tuple[str, ...] = ()


def _is_tracked(repo: Repo, path: str) -> bool:
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(repo.root))
    return not relative.startswith('..') and bool(git_status.tracked_files(repo, f':(top,literal){relative}'))


def _written_stub(repo: Repo, settings: Settings, claim: Claim) -> str | None:
    """Return the path of a stub in which somebody has written; a note that is committed as it stands waits for nobody."""
    place = claims.note_path(settings, claim.id)
    path = os.path.join(repo.root, place)
    data = files.read_bytes(path)
    if data is None or claims.is_stub(claim, data):
        return None
    entries = git_objects.tree_entries(repo, 'HEAD', place)
    is_committed = bool(entries) and entries[0].oid == git_objects.write_blob(repo, place, data)
    return None if is_committed else path


def _candidates(repo: Repo, settings: Settings, session: str | None) -> list[str]:
    folder = drafts.folder(repo.root)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = [os.path.join(folder, name) for name in names if _WAITING.fullmatch(name)]
    of_others: set[str | None] = set()
    for claim in claims.open_claims(repo, settings):
        if os.path.realpath(claim.worktree) != os.path.realpath(repo.root):
            continue
        stub = _written_stub(repo, settings, claim)
        found += [stub] if stub else []
        if session and claim.session and claim.session != session:
            of_others |= {drafts.default_path(repo.root, claim.id), stub}
    return [path for path in found if path not in of_others]


def _read(repo: Repo, settings: Settings, path: str) -> Draft:
    data = files.read_bytes(path)
    if data is not None and len(data) > _MOST:
        raise Refused('draft', f'{path}: the draft has {len(data) // 1_000_000} MB, and {_MOST // 1_000_000} are the most; '
                      'keep what counts, and put logs where they are kept')
    if data is None:
        raise Refused('draft', f'no such draft: {path}; `daybook claim-session` writes one to fill in')
    return drafts.parse(os.path.relpath(path, repo.root), data, settings.kind('session'))


def _named(repo: Repo, settings: Settings, given: Sequence[str], session: str | None) -> Draft:
    tracked = [path for path in given if _is_tracked(repo, os.path.abspath(path))]
    if len(given) > 1 and len(tracked) < len(given):
        raise Refused('several-drafts', f'several drafts were given: {", ".join(given)}; hand off one at a time: '
                      'daybook handoff --files DRAFT.md')
    path, at_root = os.path.abspath(given[0]), os.path.join(repo.root, given[0])
    if not os.path.lexists(path) and os.path.lexists(at_root):  # as `daybook claim-session` prints it, in a folder below
        path = at_root
    if _is_tracked(repo, path):
        waiting = [os.path.relpath(each, repo.root) for each in _candidates(repo, settings, session) if not _read(repo, settings, each).is_empty]
        name = waiting[0] if len(waiting) == 1 else f'{files.STATE_DIR}/draft-ID.md'
        begin = '' if waiting else '; `daybook claim-session` begins one'
        raise Refused('tracked-draft', f'{given[0]} is tracked by git, so it is no draft (a runner with --all-files names each file with '
                      f'such a name); hand off one that waits: daybook handoff --files {shlex.quote(name)}{begin}')
    return _read(repo, settings, path)


def find(repo: Repo, settings: Settings, given: Sequence[str], session: str | None) -> Found:
    """Return the draft to hand off: the one `given`, else the only one that waits.

    Paths in `given` are relative to the current folder, else to the root of the work tree. Drafts of another agent session (their
    claims name it) are not taken. Raises Refused when there are several, or a tracked one.
    """
    if given:
        return Found(_named(repo, settings, given, session))
    waiting = [_read(repo, settings, path) for path in _candidates(repo, settings, session)]
    written = [draft for draft in waiting if not draft.is_empty]
    if len(written) > 1:
        names = '\n  '.join(draft.path for draft in written)
        raise Refused('several-drafts', f'several drafts wait:\n  {names}\nname one: daybook handoff --files DRAFT.md')
    return Found(written[0] if written else None, tuple(draft.path for draft in waiting if draft.is_empty))
