"""Claims: the reservation of a session id, in the clone, on the remote, or with random letters."""
from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from datetime import timezone
from typing import NamedTuple

from daybook.documents import frontmatter_edit
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.config import fixed_folder
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import arbiter
from daybook.session.operators import Operator

ID = re.compile(r'(?P<day>[A-Z][A-Z0-9]{1,4}-\d{6})-(?P<number>\d{2})(?P<letters>[a-z0-9]{3})?')
_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'  # none that is mistaken for another
_LIMIT = 99
_LOCK_WAIT = 60.0  # seconds; more than the slowest answer of a remote that answers
_CLOUD_FOLDERS = ('Mobile Documents', 'CloudStorage')


class Claim(NamedTuple):
    """A reserved id. `kind` is arbitrated, local or provisional; `state` is reserving, open or done."""

    id: str
    operator: str
    kind: str
    state: str
    created: str
    worktree: str
    session: str | None = None
    head: str | None = None
    branch: str | None = None
    remote: str | None = None
    oid: str | None = None
    reason: str = ''
    draft: str | None = None  # the file for which hand-off itself made the claim


def folder(repo: Repo) -> str:
    """Return where the local claims lie: the common git folder, shared by all work trees of a clone."""
    return os.path.join(repo.common_dir, 'daybook', 'claims')


def _record_path(repo: Repo, session_id: str) -> str:
    found = ID.match(session_id)
    base = f'{found["day"]}-{found["number"]}' if found else session_id
    return os.path.join(folder(repo), f'{base}.json')


def save(repo: Repo, claim: Claim) -> None:
    """Write the record of a claim, whole or not at all."""
    text = json.dumps(claim._asdict(), ensure_ascii=False, indent=1)
    files.write_atomic(_record_path(repo, claim.id), text.encode())


def all_claims(repo: Repo) -> list[Claim]:
    """Return the claims of this clone, in order of id; a record that cannot be read still holds its number."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(os.listdir(folder(repo))):
            if name.endswith('.json'):
                try:
                    record = json.loads(files.read_bytes(os.path.join(folder(repo), name)) or b'')
                    found.append(Claim(**{k: v for k, v in record.items() if k in Claim._fields}))
                except (ValueError, TypeError, AttributeError):
                    found.append(Claim(name[:-5], '', 'local', 'reserving', '', ''))
    return found


def find(repo: Repo, session_id: str) -> Claim | None:
    """Return the claim of `session_id` in this clone, or None."""
    return next((claim for claim in all_claims(repo) if claim.id == session_id), None)


def stub(claim: Claim) -> bytes:
    """Return the text that holds the place of a claimed note until hand-off."""
    meta = {'operator': claim.operator, 'kind': 'session', 'claimed_at': claim.created}
    return frontmatter_edit.render(meta, schema.property_order('session')).encode()


def note_path(settings: Settings, name: str) -> str:
    """Return the repository-relative path of the note `name` (an id, with its slug where slugs are on)."""
    home = settings.kind('session').folder
    return f'{home}/{name}.md' if home else f'{name}.md'


def path_warning(root: str) -> str | None:
    """Return a warning when a file provider may evict or duplicate files below `root`."""
    for name in _CLOUD_FOLDERS:
        if name in root:
            return (f'the repository lies in {name}: a file provider may copy or evict files while git works; '
                    'move it to a folder that is not synchronised')
    return None


def _names_in_trees(repo: Repo, folders: list[str]) -> set[str]:
    """Return the file names below `folders` on every local and remote-tracking branch."""
    refs = git.git('for-each-ref', '--format=%(objectname)', 'refs/heads', 'refs/remotes', cwd=repo.root).lines
    names: set[str] = set()
    wanted = {f'{oid}:{place}' if place else f'{oid}^{{tree}}' for oid in refs for place in folders}
    seen: set[str] = set()
    while wanted:
        found, wanted = git.read_trees(repo, sorted(wanted)), set()
        for is_tree, name, oid in found:
            if not is_tree:
                names.add(name)
            elif oid not in seen:
                seen.add(oid)
                wanted.add(oid)
    return names


def _numbers(names: set[str], day: str) -> set[int]:
    pattern = re.compile(rf'{re.escape(day)}-(\d\d)', re.IGNORECASE)
    return {int(found[1]) for name in names if (found := pattern.match(name.rsplit('/', 1)[-1]))}


def _taken(repo: Repo, settings: Settings, day: str) -> set[int]:
    """Return the numbers of `day` that are seen in files, branches and local claims."""
    kind = settings.kind('session')
    folders = sorted({fixed_folder(glob) for glob in kind.paths})
    names = _names_in_trees(repo, [place for place in folders if place])
    names |= set(git.tracked_files(repo, f':(top,icase,glob)**/{day}-*'))
    for place in folders:
        with contextlib.suppress(OSError):
            names |= set(os.listdir(os.path.join(repo.root, place)))
    names |= {claim.id for claim in all_claims(repo)}
    return _numbers(names, day)


def _reserve(repo: Repo, day: str, number: int, draft: Claim) -> bool:
    text = json.dumps(draft._replace(id=f'{day}-{number:02d}')._asdict())
    return files.create_exclusive(os.path.join(folder(repo), f'{day}-{number:02d}.json'), text.encode())


def _release(repo: Repo, session_id: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_record_path(repo, session_id))


def _settle(repo: Repo, settings: Settings, claim: Claim) -> Claim | None:
    """Decide a locally reserved claim with the remote; None when somebody else holds the number there."""
    remote = arbiter.remote_of(repo, settings)
    if remote is None and not git.remotes(repo):
        return claim._replace(kind='local', state='open')
    if remote is None:
        answer = arbiter.Answer('unavailable', 'claims.remote is off')
    else:
        answer = arbiter.push(repo, settings, remote, claim.id, claim.operator, claim.created)
    if answer.outcome == 'lost':
        return None
    if answer.outcome == 'won':
        return claim._replace(kind='arbitrated', state='open', remote=remote, oid=answer.oid)
    letters = ''.join(secrets.choice(_LETTERS) for _ in range(3))
    return claim._replace(id=claim.id + letters, kind='provisional', state='open', remote=remote, reason=answer.reason)


def _attempt(repo: Repo, settings: Settings, day: str, taken: set[int], draft: Claim) -> Claim | None:
    """Try the next number of `day`; None when it turned out to be taken. Adds it to `taken` either way."""
    number = max(taken, default=0) + 1
    if number > _LIMIT:
        raise FatalError(f'all {_LIMIT} ids of {day} are taken; go on tomorrow, or hand off under another operator')
    taken.add(number)
    if not _reserve(repo, day, number, draft):
        return None
    reserved = draft._replace(id=f'{day}-{number:02d}')
    try:
        claim = _settle(repo, settings, reserved)
        path = files.inside(repo.root, note_path(settings, claim.id)) if claim else ''
        if claim is None or not files.create_exclusive(path, stub(claim)):
            _release(repo, reserved.id)
            return None
        save(repo, claim)
    except BaseException:
        _release(repo, reserved.id)
        raise
    return claim


def _make(repo: Repo, settings: Settings, operator: Operator, now: datetime, environ: Mapping[str, str]) -> Claim:
    day = f'{operator.initials}-{operator.local_date(now):%y%m%d}'
    draft = Claim('', operator.slug, 'local', 'reserving', now.astimezone(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'),
                  repo.root, environ.get('DAYBOOK_SESSION_ID') or None, git.resolve(repo, 'HEAD'),
                  git.current_branch(repo))
    # one claim of a clone at a time asks the remote: two of them could only lose to each other
    with files.exclusive_lock(os.path.join(folder(repo), '.lock'), _LOCK_WAIT):
        taken = _taken(repo, settings, day) | _numbers(arbiter.remote_ids(repo, settings, day), day)
        limit = time.monotonic() + _LOCK_WAIT
        while True:
            claim = _attempt(repo, settings, day, taken, draft)
            if claim is not None:
                return claim
            if time.monotonic() > limit:
                raise FatalError(f'no id of {day} could be reserved within {_LOCK_WAIT:.0f} s; run claim-session again')
            taken |= _taken(repo, settings, day) | _numbers(arbiter.remote_ids(repo, settings, day), day)


def open_claims(repo: Repo, settings: Settings) -> list[Claim]:
    """Return the claims of this clone whose note or draft still waits, oldest first."""
    waiting = []
    for claim in all_claims(repo):
        places = (note_path(settings, claim.id), f'{files.STATE_DIR}/draft-{claim.id}.md', claim.draft or '.git/-')
        if claim.state == 'open' and any(os.path.exists(os.path.join(claim.worktree, place)) for place in places):
            waiting.append(claim)
    return sorted(waiting, key=lambda claim: claim.created)


def current(repo: Repo, settings: Settings, operator: Operator, environ: Mapping[str, str]) -> Claim | None:
    """Return the open claim of this agent session, else the newest of this work tree that no other session holds."""
    session = environ.get('DAYBOOK_SESSION_ID') or None
    mine = [claim for claim in open_claims(repo, settings)
            if claim.operator == operator.slug and os.path.realpath(claim.worktree) == os.path.realpath(repo.root)]
    if session:
        own = [claim for claim in mine if claim.session == session]
        return (own or [claim for claim in mine if claim.session is None] or [None])[-1]
    return mine[-1] if mine else None


def take(repo: Repo, settings: Settings, operator: Operator, *, now: datetime, environ: Mapping[str, str],
         new: bool = False) -> Claim:
    """Return the open claim of this session or work tree, or make one (always with `new`).

    Writes the record of the claim and the stub of its note. Raises FatalError when the day is
    full, the notes' folder leaves the repository, or something cannot be written.
    """
    files.inside(repo.root, note_path(settings, 'x'))
    try:
        found = None if new else current(repo, settings, operator, environ)
        return found or _make(repo, settings, operator, now, environ)
    except OSError as error:
        raise FatalError(f'cannot write the claim: {error.filename}: {error.strerror}; '
                         'make the folder writable, nothing was claimed') from error


def close(repo: Repo, claim: Claim) -> None:
    """Mark a claim as handed off; its record stays, so that the number is never given again."""
    save(repo, claim._replace(state='done'))
