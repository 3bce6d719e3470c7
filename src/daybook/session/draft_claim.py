"""Which claim a draft belongs to: the one that it names, the one held for it, or none yet."""
from __future__ import annotations

import contextlib
import os
import re

from daybook.repo import files
from daybook.repo import git
from daybook.session import claim as claims
from daybook.session import draft as drafts
from daybook.session import facts
from daybook.session.claim import Claim
from daybook.session.draft import Draft
from daybook.session.preflight import Refused
from daybook.session.request import Request

_OWN_DRAFT = re.compile(r'draft-(?P<id>.+)\.md')


def adoptable(request: Request, draft: Draft) -> Claim | None:
    """Return the claim that this draft belongs to, or None when one must be made."""
    repo, settings = request.repo, request.settings
    session_id = draft.meta.get('id')
    by_name = _OWN_DRAFT.fullmatch(os.path.basename(draft.path))
    if isinstance(session_id, str) and session_id:
        return _claim_of_id(request, draft, session_id)
    if by_name and claims.find(repo, by_name['id']):
        return _claim_of_id(request, draft, by_name['id'])
    here = [claim for claim in claims.open_claims(repo, settings) if claim.operator == request.operator.slug]
    path = os.path.realpath(os.path.join(repo.root, draft.path))
    held = [claim for claim in here if claim.draft and os.path.realpath(claim.draft) == path]
    if held:
        return held[-1]
    current = claims.current(repo, settings, request.operator, request.environ)
    if current is None or current.draft:
        return None
    # a draft that somebody else is writing for this claim must not be mixed up with the one given
    own = files.read_bytes(drafts.default_path(repo.root, current.id))
    return current if own is None or drafts.parse('', own, settings.kind('session')).is_empty else None


def _claim_of_id(request: Request, draft: Draft, session_id: str) -> Claim:
    match = claims.ID.fullmatch(session_id)
    if match is None or not session_id.startswith(request.operator.initials + '-'):
        raise Refused('id', f'{draft.path}: id {session_id} is not one of {request.operator.slug}; '
                      'take the key `id` out, or claim one: daybook claim-session')
    found = claims.find(request.repo, session_id)
    if found is None:
        # claimed in another clone: the draft was carried here
        return Claim(session_id, request.operator.slug, 'carried', 'open', facts.iso(int(request.now.timestamp())) or '',
                     request.repo.root, request.session, git.resolve(request.repo, 'HEAD'))
    if found.operator != request.operator.slug:
        raise Refused('operator', f'{session_id} is claimed by {found.operator}, and {request.operator.slug} is at work')
    if found.state == 'done':
        raise Refused('note-exists', f'{session_id} is handed off already; take the key `id` out of {draft.path} '
                      'to make another note')
    return found


def made_or_adopted(request: Request, draft: Draft, adopted: Claim | None) -> tuple[Claim, bool]:
    """Return the claim of the note, made now unless one was adopted, and whether its stub is ours to remove."""
    if adopted is not None:
        if claims.find(request.repo, adopted.id) is None:
            claims.save(request.repo, adopted)
        return adopted, False
    made = claims.take(request.repo, request.settings, request.operator, now=request.now, environ=request.environ,
                       new=True)
    # a hand-off that fails takes its stub away again; the next try with this draft finds the claim by its path
    made = made._replace(draft=os.path.join(request.repo.root, draft.path) if draft.path else None)
    claims.save(request.repo, made)
    if made.kind == 'provisional':
        request.say(f'the id is provisional, and valid for good: {made.reason}')
    return made, True


def drop_stub(request: Request, claim: Claim) -> None:
    """Remove the placeholder of a claim as long as nobody has written into it."""
    path = os.path.join(request.repo.root, claims.note_path(request.settings, claim.id))
    if files.read_bytes(path) == claims.stub(claim):
        os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(path))
