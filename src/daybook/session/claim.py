"""Claims: what the reservation of a session id is, its record in this clone, and which still wait for their note."""
from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.documents import frontmatter_edit
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo.git import Repo
from daybook.session.operators import Operator

ID = re.compile(r'(?P<day>[A-Z][A-Z0-9]{1,4}-[0-9]{6})-(?P<number>[0-9]{2})(?P<letters>[a-z0-9]{3})?')
_TEMPORARY = re.compile(r'(?:.+\.json)?\.\d+-[0-9a-f]{8}\.tmp')  # of a record, and of a placeholder
_ABANDONED = 3600  # seconds after which whoever was writing has been killed


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
    until: str | None = None  # of a session that ended without a hand-off: its last sign of life, ISO 8601
    note: str | None = None  # the file of the note that is to get this id, until it has


def folder(repo: Repo) -> str:
    """Return where the local claims lie: the common git folder, shared by all work trees of a clone."""
    return os.path.join(repo.common_dir, 'daybook', 'claims')


def number_of(session_id: str) -> str:
    """Return an id without its random letters; an id that is none of ours as it is."""
    found = ID.match(session_id)
    return f'{found["day"]}-{found["number"]}' if found else session_id


def record_path(repo: Repo, session_id: str) -> str:
    """Return where the record of a claim lies in this clone; the number is taken as long as it exists."""
    return os.path.join(folder(repo), f'{number_of(session_id)}.json')


def record(claim: Claim) -> bytes:
    """Return the bytes of the record of a claim."""
    return json.dumps(claim._asdict(), indent=1).encode()  # ASCII: a path may hold bytes that are no UTF-8


def save(repo: Repo, claim: Claim) -> None:
    """Write the record of a claim, whole or not at all."""
    files.write_atomic(record_path(repo, claim.id), record(claim))


def sweep(repo: Repo, now: float) -> None:
    """Remove what claims that were killed have left beside the records; `now` is in seconds since 1970."""
    with contextlib.suppress(OSError):  # another run may sweep the same
        for entry in os.scandir(folder(repo)):
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False) \
                    and now - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED:
                os.unlink(entry.path)


def _claim_of(name: str, record: Any) -> Claim:
    """Return the claim of a record; one that cannot be understood still holds the number of its `name`."""
    known = {key: value for key, value in record.items() if key in Claim._fields} if isinstance(record, dict) else {}
    texts = all(isinstance(known.get(key), str) for key in Claim._fields[:6])
    rest = all(isinstance(known.get(key), (str, type(None))) for key in Claim._fields[6:])
    return Claim(**known) if texts and rest else Claim(name, '', 'local', 'reserving', '', '')


def all_claims(repo: Repo) -> list[Claim]:
    """Return the claims of this clone, in order of id; a record that cannot be read still holds its number."""
    found = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(folder(repo))):
            if name.endswith('.json'):
                record = None
                with contextlib.suppress(ValueError, RecursionError):
                    record = json.loads(files.read_bytes(os.path.join(folder(repo), name)) or b'')
                found.append(_claim_of(name.removesuffix('.json'), record))
    return found


def find(repo: Repo, session_id: str) -> Claim | None:
    """Return the claim of `session_id` in this clone, or None."""
    return next((claim for claim in all_claims(repo) if claim.id == session_id), None)


def stub(claim: Claim) -> bytes:
    """Return the text that holds the place of a claimed note until hand-off."""
    meta = {'operator': claim.operator, 'kind': 'session', 'claimed_at': claim.created}
    return frontmatter_edit.render(meta, schema.property_order('session')).encode()


def is_stub(claim: Claim, data: bytes | None) -> bool:
    """Whether `data` is the stub of `claim` as we, or an earlier version, wrote it: its keys, and no text."""
    if data is None:
        return False
    parsed = frontmatter.parse(data)
    wanted = {'operator': claim.operator, 'kind': 'session', 'claimed_at': claim.created}
    return parsed.meta == wanted and not data[frontmatter.body_offset(data):].strip()


def note_path(settings: Settings, name: str) -> str:
    """Return the repository-relative path of the note `name` (an id, with its slug where slugs are on)."""
    home = settings.kind('session').folder
    return f'{home}/{name}.md' if home else f'{name}.md'


def waiting_for(repo: Repo, note: str, session_id: str | None) -> Claim | None:
    """Return the claim of `session_id` (None: any) that `assign` made in this work tree for a file that has not got its id."""
    own = [claim for claim in all_claims(repo) if claim.note == note and session_id in (None, claim.id)
           and os.path.realpath(claim.worktree) == os.path.realpath(repo.root)]
    return own[-1] if own else None


def open_claims(repo: Repo, settings: Settings) -> list[Claim]:
    """Return the claims of this clone whose note or draft still waits, oldest first."""
    waiting = []
    for claim in all_claims(repo):
        draft = os.path.join(files.state_folder(claim.worktree), f'draft-{claim.id}.md')
        places = (note_path(settings, claim.id), draft, claim.draft or '.git/-')
        if claim.state == 'open' and any(os.path.exists(os.path.join(claim.worktree, place)) for place in places):
            waiting.append(claim)
    return sorted(waiting, key=lambda claim: claim.created)


def current(repo: Repo, settings: Settings, operator: Operator, environ: Mapping[str, str]) -> Claim | None:
    """Return the open claim of this agent session, else the newest of this work tree that no session holds."""
    session = environ.get('DAYBOOK_SESSION_ID') or None
    here = [claim for claim in open_claims(repo, settings)
            if claim.operator == operator.slug and os.path.realpath(claim.worktree) == os.path.realpath(repo.root)]
    own = [claim for claim in here if claim.session == session]
    found = own or [claim for claim in here if claim.session is None]
    return found[-1] if found else None


def close(repo: Repo, claim: Claim) -> None:
    """Mark a claim as handed off; its record stays, so that the number is never given again."""
    save(repo, claim._replace(state='done'))
