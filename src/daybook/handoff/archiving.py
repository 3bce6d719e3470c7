"""After the commit of a hand-off: its claim is closed, its draft and telemetry are put away."""
from __future__ import annotations

import functools
import os
from collections.abc import Callable

from daybook.documents import frontmatter
from daybook.errors import FatalError
from daybook.handoff import draft_claim
from daybook.handoff import journal as journals
from daybook.handoff.journal import Journal
from daybook.handoff.request import Request
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.rules import secrets
from daybook.session import claim as claims
from daybook.session import draft as drafts
from daybook.session import telemetry as counters
from daybook.session.claim import Claim
from daybook.session.telemetry import Telemetry


def _close_claim(request: Request, claim: Claim, journal: Journal) -> None:
    claims.close(request.repo, claim._replace(draft=journal.draft or claim.draft))
    if journal.note.path != claims.note_path(request.settings, claim.id) or claim.worktree != request.repo.root:
        draft_claim.drop_stub(request, claim)


def _is_ours_to_move(request: Request, journal: Journal, path: str) -> bool:
    """Whether a draft lies where drafts wait, or in the place of the stub, as it was read.

    One of the user's own files stays, and one in which somebody has gone on writing.
    """
    home = os.path.realpath(drafts.folder(request.repo.root))
    real = os.path.realpath(path)
    if not os.path.isfile(path) or journals.is_draft_changed(request.repo, journal) \
            or real == os.path.realpath(os.path.join(request.repo.root, journal.note.path)):
        return False
    stub = os.path.join(request.repo.root, claims.note_path(request.settings, journal.id))
    return os.path.dirname(real) == home or real == os.path.realpath(stub)


def _put_away_draft(request: Request, journal: Journal, path: str) -> None:
    if request.settings.handoff_archive_drafts:
        # agents remove their linked work trees, with everything in them that git ignores
        folder = os.path.join(files.state_dir(git.main_root(request.repo)), 'archive')
        os.makedirs(folder, exist_ok=True)
        name = os.path.basename(path).removesuffix('.md').removesuffix(f'-{journal.id}')
        text = secrets.redact((files.read_bytes(path) or b'').decode('utf-8', 'replace'))[0]
        files.write_atomic(os.path.join(folder, f'{journal.id}-{name}.md'), text.encode())
    os.unlink(path)


def _put_away_drafts(request: Request, journal: Journal) -> None:
    if journal.draft and _is_ours_to_move(request, journal, journal.draft):
        _put_away_draft(request, journal, journal.draft)
    own = drafts.default_path(request.repo.root, journal.id)
    data = files.read_bytes(own)
    # somebody may have begun to write into the skeleton of the claim meanwhile: that stays
    if data is not None and drafts.parse(own, data, request.settings.kind('session')).is_empty:
        os.unlink(own)


def _note(request: Request, journal: Journal) -> bytes:
    return git_objects.read_blobs(request.repo, [f'{journal.commit}:{journal.note.path}'])[0] or b''


def telemetry_of(request: Request, journal: Journal) -> Telemetry:
    """Return the telemetry that a committed note was made of, for a hand-off that was killed before it was put away."""
    return counters.of_note(request.repo, frontmatter.parse(_note(request, journal)).meta.get('started_at'))


def prompt_of(request: Request, journal: Journal) -> str:
    """Return the Resume Prompt of a committed note; empty where somebody has made it unreadable."""
    try:
        return drafts.parse(journal.note.path, _note(request, journal), request.settings.kind('session')).section('Resume Prompt')
    except FatalError:
        return ''


def put_away(request: Request, journal: Journal, telemetry: Telemetry) -> None:
    """Close the claim and put draft and telemetry into the archive, each whatever became of the others.

    Raises FatalError or OSError, the first of them, where that cannot be done.
    """
    steps: list[Callable[[], object]] = []
    if claim := claims.find(request.repo, journal.id):
        steps.append(functools.partial(_close_claim, request, claim, journal))
    if telemetry.path:
        steps.append(functools.partial(counters.archive, request.repo, telemetry.path, journal.id, request.now))
    steps.append(functools.partial(_put_away_drafts, request, journal))
    failed: list[FatalError | OSError] = []
    for step in steps:
        try:
            step()
        except (FatalError, OSError) as error:
            failed.append(error)
    if failed:
        raise failed[0]
