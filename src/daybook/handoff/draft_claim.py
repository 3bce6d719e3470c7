"""Which claim a draft belongs to: the one that it names, the one held for it, or none yet."""
from __future__ import annotations

import contextlib
import os
import re

from daybook.documents import config
from daybook.errors import FatalError
from daybook.handoff import facts
from daybook.handoff import vetting
from daybook.handoff.request import Request
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.session import claim as claims
from daybook.session import claiming
from daybook.session import draft as drafts
from daybook.session.claim import Claim
from daybook.session.draft import Draft
from daybook.session.preflight import Refused

_OWN_DRAFT = re.compile(r'draft-(?P<id>.+)\.md')


def _is_draft_of(request: Request, claim: Claim, draft: Draft) -> bool:
    path = os.path.realpath(os.path.join(request.repo.root, draft.path))
    return bool(claim.draft) and os.path.realpath(str(claim.draft)) == path


def _is_unfilled(request: Request, claim: Claim) -> bool:
    """Whether nobody has written anything into the draft that belongs to a claim by its name."""
    data = files.read_bytes(drafts.default_path(request.repo.root, claim.id))
    try:
        return data is None or drafts.parse('', data, request.settings.kind('session')).is_empty
    except FatalError:  # it cannot be read, so somebody has written in it
        return False


def _current(request: Request) -> Claim | None:
    """Return the claim of this session, unless it was made for a draft or another draft is being written for it."""
    current = claims.current(request.repo, request.settings, request.operator, request.environ)
    return current if current and not current.draft and _is_unfilled(request, current) else None


def _refuse_handed_off(request: Request, claim: Claim, draft: Draft) -> None:
    """Refuse a draft of which the note of its claim has every word already."""
    for path in git_status.tracked_files(request.repo, f':(top,glob)**/{claim.id}*.md'):
        kind = config.kind_of(request.settings, path)
        data = git_objects.read_blobs(request.repo, [f'HEAD:{path}'])[0]
        if kind is None or data is None or claims.is_stub(claim, data):
            continue
        note, cleaned = drafts.parse(path, data, kind), vetting.cleaned(draft)[0]
        if all(note.section(title) == text for title, text in cleaned.sections if text):
            raise Refused('note-exists', f'{draft.path} is handed off already as {claim.id}; '
                          'write the next draft: daybook claim-session')


def _refuse_again(request: Request, draft: Draft) -> None:
    """Refuse a draft that was handed off as it stands, and has no id to tell.

    One that lies where drafts wait and was saved since is new: the old one was put away, unless that failed.
    """
    place = os.path.realpath(os.path.join(request.repo.root, draft.path))
    is_waiting = os.path.dirname(place) == os.path.realpath(drafts.folder(request.repo.root))
    for claim in claims.all_claims(request.repo):
        if claim.state != 'done' or not _is_draft_of(request, claim, draft):
            continue
        if is_waiting and os.stat(place).st_mtime > os.stat(claims.record_path(request.repo, claim.id)).st_mtime:
            continue
        _refuse_handed_off(request, claim, draft)


def adoptable(request: Request, draft: Draft | None) -> Claim | None:
    """Return the claim that this draft (None: a quick hand-off) belongs to, or None when one must be made."""
    if draft is None:
        return _current(request)
    session_id = draft.meta.get('id')
    by_name = _OWN_DRAFT.fullmatch(os.path.basename(draft.path))
    if isinstance(session_id, str) and session_id:
        return _claim_of_id(request, draft, session_id)
    if by_name and claims.find(request.repo, by_name['id']):
        return _claim_of_id(request, draft, by_name['id'])
    held = [claim for claim in claims.open_claims(request.repo, request.settings)
            if claim.operator == request.operator.slug and _is_draft_of(request, claim, draft)]
    if held:
        _refuse_handed_off(request, held[-1], draft)  # its claim could not be closed
        return held[-1]
    _refuse_again(request, draft)
    return _current(request)


def _claim_of_id(request: Request, draft: Draft, session_id: str) -> Claim:
    match = claims.ID.fullmatch(session_id)
    if match is None or not session_id.startswith(request.operator.initials + '-'):
        raise Refused('id', f'{draft.path}: id {session_id} is not one of {request.operator.slug}; '
                      'take the key `id` out, or claim one: daybook claim-session')
    found = claims.find(request.repo, session_id)
    if found is None:
        number = claims.number_of(session_id)
        holder = next((claim.id for claim in claims.all_claims(request.repo) if claims.number_of(claim.id) == number), None)
        if holder is not None:
            raise Refused('id', f'{draft.path}: the number of {session_id} is held by {holder} in this clone; '
                          'take the key `id` out, and hand-off claims another')
        # claimed in another clone: the draft was carried here
        return Claim(session_id, request.operator.slug, 'carried', 'open', facts.iso(int(request.now.timestamp())) or '',
                     request.repo.root, request.session, git_refs.resolve(request.repo, 'HEAD'))
    if found.operator != request.operator.slug:
        raise Refused('operator', f'{draft.path}: {session_id} is claimed by {found.operator}, and {request.operator.slug} is at work '
                      f'({request.operator.source}); run with OPERATOR={found.operator}, or take the key `id` out')
    if found.state == 'done':
        raise Refused('note-exists', f'{session_id} is handed off already; take the key `id` out of {draft.path} '
                      'to make another note')
    return found


def made_or_adopted(request: Request, draft: Draft, adopted: Claim | None) -> tuple[Claim, bool]:
    """Return the claim of the note, made now unless one was adopted, and whether its stub is ours to remove."""
    if adopted is not None:
        if claims.find(request.repo, adopted.id) is None:
            os.makedirs(claims.folder(request.repo), exist_ok=True)
            claims.save(request.repo, adopted)
        return adopted, False
    # a hand-off that fails takes its stub away again; the next try with this draft finds the claim by its path
    path = os.path.join(request.repo.root, draft.path) if draft.path else None
    made = claiming.take(request.repo, request.settings, request.operator, now=request.now, environ=request.environ,
                       new=True, draft=path)
    if made.kind == 'provisional':
        request.say(f'the id is provisional, and valid for good: {made.reason}')
    return made, True


def _unstage_stub(request: Request, claim: Claim, root: str, place: str) -> None:
    """Take a placeholder out of the index, where `git add docs` has put it, unless it was committed too."""
    repo = request.repo._replace(root=root)
    staged, committed = git_objects.read_blobs(repo, [f':{place}', f'HEAD:{place}'], env=git.clean_env())
    if committed is None and claims.is_stub(claim, staged):
        git.expect('update-index', '--force-remove', '--', place, cwd=root, env=git.clean_env())


def drop_stub(request: Request, claim: Claim) -> None:
    """Remove the placeholder of a claim, wherever it was made, as long as nobody has written into it."""
    place = claims.note_path(request.settings, claim.id)
    for root in dict.fromkeys([request.repo.root, claim.worktree]):
        if os.path.lexists(os.path.join(root, '.git')) and '\n' not in place:
            _unstage_stub(request, claim, root, place)
        path = os.path.join(root, place)
        if claims.is_stub(claim, files.read_bytes(path)):
            os.unlink(path)
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(path))
