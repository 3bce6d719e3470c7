"""Reserving a session id: in the clone, on the remote, or with random letters."""
from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import datetime
from datetime import timezone

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.session import arbiter
from daybook.session import claim as claims
from daybook.session import floor
from daybook.session.arbiter import Listing
from daybook.session.claim import Claim
from daybook.session.operators import Operator

_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'  # none that is mistaken for another
_LIMIT = 99
_LOCK_WAIT = 60.0  # seconds; more than the slowest answer of a remote that answers
_CLOUD_FOLDERS = ('Mobile Documents', 'CloudStorage')


def _sound_path(settings: Settings) -> str:
    """Return where a new note might be. Raises FatalError when a note in it would be no document."""
    kind, path = settings.kind('session'), claims.note_path(settings, 'XX-000000-00')
    if config.kind_of(settings, path) != kind:
        raise FatalError(f'{config.PATH}: a new note would be {path}, which is not of the kind session; '
                         f'write `{kind.folder or "docs/sessions"}/**/*.md` as the first of its paths')
    return path


def path_warning(root: str) -> str | None:
    """Return a warning when a file provider may evict or duplicate files below `root`."""
    for name in _CLOUD_FOLDERS:
        if name in os.path.realpath(root).split(os.sep):
            return (f'the repository lies in {name}: a file provider may copy or evict files while git works; '
                    'move it to a folder that is not synchronised')
    return None


def _create_whole(repo: Repo, path: str, content: bytes) -> bool:
    """Create `path` with all of `content`, or return False when something is there; a kill leaves no half of it."""
    scratch = os.path.join(claims.folder(repo), f'.{os.getpid()}-{os.urandom(4).hex()}.tmp')
    try:
        with open(scratch, 'xb') as stream:
            stream.write(content)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            os.link(scratch, path)
        except FileExistsError:
            return False
        except OSError:  # another file system, or one without hard links
            return files.create_exclusive(path, content)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(scratch)
    return True


def _release(repo: Repo, session_id: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(claims.record_path(repo, session_id))


def _listing(repo: Repo, settings: Settings, day: str) -> Listing:
    remote = arbiter.remote_of(repo, settings)
    if remote is not None:
        return arbiter.claimed(repo, settings, remote, day)
    return Listing(reason='claims.remote is off' if git_refs.remotes(repo) else '')


def _names(repo: Repo, settings: Settings, day: str, listing: Listing) -> set[str]:
    """Return the ids of `day`, some with slugs, that are seen anywhere."""
    return floor.names(repo, settings, day) | {claim.id for claim in claims.all_claims(repo)} | listing.ids


def _settle(repo: Repo, settings: Settings, claim: Claim, listing: Listing) -> Claim | None:
    """Decide a locally reserved claim with the remote; None when somebody else holds the number there."""
    remote = arbiter.remote_of(repo, settings)
    if remote is None and not listing.reason:
        return claim._replace(kind='local', state='open')
    if remote is None or listing.reason:
        answer = arbiter.Answer('unavailable', listing.reason)
    else:
        answer = arbiter.push(repo, settings, remote, claim.id, claim.operator, claim.created)
    if answer.outcome == 'lost':
        return None
    if answer.outcome == 'won':
        return claim._replace(kind='arbitrated', state='open', remote=remote, oid=answer.oid)
    return claim._replace(kind='provisional', state='open', remote=remote, reason=answer.reason)


def _hold(repo: Repo, settings: Settings, wanted: Claim, listing: Listing, *, has_stub: bool,
          is_exact: bool = False) -> Claim | None:
    """Reserve the id of `wanted` in the clone, on the remote and in the notes' folder; None when it is taken."""
    if not _create_whole(repo, claims.record_path(repo, wanted.id), claims.record(wanted)):
        return None
    try:
        claim = _settle(repo, settings, wanted, listing)
        if claim and claim.kind == 'provisional' and not is_exact:
            import secrets  # most claims are sure without

            claim = claim._replace(id=claim.id + ''.join(secrets.choice(_LETTERS) for _ in range(3)))
        if claim:
            claims.save(repo, claim)  # before its stub: one that a kill leaves behind belongs to an open claim
        if claim and has_stub:
            path = files.inside(repo.root, claims.note_path(settings, claim.id))
            claim = claim if _create_whole(repo, path, claims.stub(claim)) else None
    except BaseException:
        _release(repo, wanted.id)
        raise
    if claim is None:
        _release(repo, wanted.id)
    return claim


def _wanted(repo: Repo, operator: Operator, now: datetime, environ: Mapping[str, str]) -> Claim:
    created = now.astimezone(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
    return Claim('', operator.slug, 'local', 'reserving', created, repo.root, environ.get('DAYBOOK_SESSION_ID') or None,
                 git_refs.resolve(repo, 'HEAD'), git_refs.current_branch(repo))


@contextlib.contextmanager
def _alone(repo: Repo) -> Iterator[None]:
    # one claim of a clone at a time asks the remote: two of them could only lose to each other
    with files.exclusive_lock(os.path.join(claims.folder(repo), '.lock'), _LOCK_WAIT):
        claims.sweep(repo, time.time())
        yield


def _next(repo: Repo, settings: Settings, day: str, wanted: Claim, *, has_stub: bool) -> Claim:
    """Reserve the lowest number of `day` above all that are seen."""
    tried: set[str] = set()
    with _alone(repo):
        limit = time.monotonic() + _LOCK_WAIT
        while True:
            listing = _listing(repo, settings, day)
            number = _above(_names(repo, settings, day, listing) | tried, day)
            session_id = f'{day}-{number:02d}'
            tried.add(session_id)
            claim = _hold(repo, settings, wanted._replace(id=session_id), listing, has_stub=has_stub)
            if claim is not None:
                return claim
            if time.monotonic() > limit:
                raise FatalError(f'no id of {day} could be reserved within {_LOCK_WAIT:.0f} s; run claim-session again')


def _above(names: set[str], day: str) -> int:
    highest = max(floor.numbers(names, day), default=0)
    if highest >= _LIMIT:
        raise FatalError(f'{day}-{highest:02d} is taken, and a day has {_LIMIT} ids; '
                         'go on tomorrow, or hand off under another operator; nothing was claimed')
    return highest + 1


def peek(repo: Repo, settings: Settings, day: str) -> str:
    """Return the id of `day` (`RT-261120`) that would be claimed next; nothing is reserved. Raises FatalError."""
    return f'{day}-{_above(_names(repo, settings, day, _listing(repo, settings, day)), day):02d}'


def is_taken(repo: Repo, settings: Settings, session_id: str) -> bool:
    """Return whether an id is seen in files, on branches, or as a claim here or on the remote."""
    day = session_id.rsplit('-', 1)[0]
    names = _names(repo, settings, day, _listing(repo, settings, day))
    return any(name.casefold() == session_id.casefold() or name.casefold().startswith(f'{session_id.casefold()}-')
               for name in names) or os.path.exists(claims.record_path(repo, session_id))


def assign(repo: Repo, settings: Settings, operator: Operator, session_id: str | None, day: str, *, now: datetime,
           environ: Mapping[str, str], note: str | None = None, again: Claim | None = None) -> Claim:
    """Claim `session_id` (None: the next of `day`) for the file `note` that is written already: without stub, done at once.

    `again` is what an earlier try has claimed for it, which is taken up. Raises FatalError when the id is taken or the day is full.
    """
    try:
        if again and again.state != 'reserving':
            return again
        if again:  # a kill has left it undecided
            _release(repo, again.id)
        wanted = _wanted(repo, operator, now, environ)._replace(note=note)
        claim: Claim | None
        if session_id is None:
            claim = _next(repo, settings, day, wanted, has_stub=False)
        else:
            with _alone(repo):
                listing = _listing(repo, settings, day)
                claim = _hold(repo, settings, wanted._replace(id=session_id), listing, has_stub=False, is_exact=True)
        if claim is None:
            raise FatalError(f'{session_id} is claimed already; take another id, or `next`')
        claims.close(repo, claim)
    except OSError as error:
        raise _not_written(error) from error
    return claim


def _not_written(error: OSError) -> FatalError:
    where = f'{error.filename}: ' if error.filename else ''
    return FatalError(f'cannot write the claim: {where}{error.strerror}; make room or the folder writable, '
                      'nothing was claimed')


def _require_folder(path: str) -> None:
    """Make sure that a stub can be written before anybody is asked for its id."""
    os.makedirs(path, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(13, 'Permission denied', path)


def take(repo: Repo, settings: Settings, operator: Operator, *, now: datetime, environ: Mapping[str, str],
         new: bool = False, draft: str | None = None) -> Claim:
    """Return the open claim of this session or work tree, or make one (always with `new`).

    `draft` is the file for which hand-off makes the claim; the next try with it finds the claim by it.
    Writes the record of the claim and the stub of its note. Raises FatalError when the day is
    full, the notes' folder leaves the repository, or something cannot be written.
    """
    folder = os.path.dirname(files.inside(repo.root, _sound_path(settings)))
    try:
        found = None if new else claims.current(repo, settings, operator, environ)
        if found:
            return found
        _require_folder(folder)
        day = f'{operator.initials}-{operator.local_date(now):%y%m%d}'
        wanted = _wanted(repo, operator, now, environ)._replace(draft=draft)
        return _next(repo, settings, day, wanted, has_stub=True)
    except OSError as error:
        raise _not_written(error) from error
