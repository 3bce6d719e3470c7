"""Hand-off: a draft becomes a note, linked, indexed, committed as exactly its paths, and pushed."""
from __future__ import annotations

import os
from collections.abc import Sequence

from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.session import claim as claims
from daybook.session import committing
from daybook.session import contents as texts
from daybook.session import draft as drafts
from daybook.session import draft_claim
from daybook.session import journal as journals
from daybook.session import note
from daybook.session import plan as plans
from daybook.session import preflight
from daybook.session import publish
from daybook.session import telemetry as counters
from daybook.session import vetting
from daybook.session.draft import Draft
from daybook.session.journal import Journal
from daybook.session.plan import Plan
from daybook.session.preflight import Refused
from daybook.session.request import Outcome
from daybook.session.request import Request

_LOCK_WAIT = 30.0  # seconds that a second hand-off of the same work tree waits for the first


def _archive(request: Request, journal: Journal) -> None:
    """Close the claim and put draft and telemetry away; the commit is verified by now."""
    repo = request.repo
    claim = claims.find(repo, journal.id)
    if claim:
        claims.close(repo, claim)
        if journal.note.path != claims.note_path(request.settings, claim.id):
            draft_claim.drop_stub(request, claim)
    telemetry = counters.choose(repo, request.session, claim.created if claim else None)
    counters.archive(repo, telemetry, journal.id, request.now)
    note_path = os.path.join(repo.root, journal.note.path)
    state = files.state_dir(repo.root)
    own = drafts.default_path(repo.root, journal.id)
    for path in dict.fromkeys([journal.draft, own]):
        if path and os.path.isfile(path) and os.path.realpath(path) != os.path.realpath(note_path) \
                and os.path.dirname(os.path.realpath(path)) == os.path.realpath(state):
            archive = os.path.join(state, 'archive')
            os.makedirs(archive, exist_ok=True)
            os.replace(path, os.path.join(archive, f'{journal.id}-{os.path.basename(path)}'))


def _publish(request: Request, journal: Journal, own: Sequence[str]) -> publish.Pushed:
    upstream = publish.upstream_of(request.repo, journal.branch)
    if isinstance(upstream, publish.Pushed):
        return upstream
    commit = str(journal.commit)
    forbidden = publish.may_push(request.repo, request.settings, upstream, commit, own)
    if forbidden is not None:
        return forbidden
    request.step(f'push to {upstream.remote}')
    return publish.push(request.repo, request.settings, upstream, commit=commit, writes=journal.writes,
                        session_id=journal.id)


def _finish(request: Request, journal: Journal, own: Sequence[str], prompt: str) -> Outcome:
    """Everything after the commit: archive, push, forget the journal."""
    committing.verify(request, journal)
    request.step('archive')
    _archive(request, journal)
    pushed = _publish(request, journal, own)
    journals.clear(request.repo)
    for line in pushed.lines:
        request.say(line)
    return Outcome(journal.id, str(journal.commit), pushed.outcome, pushed.reason, int(pushed.is_failure), prompt)


def _recover(request: Request) -> Outcome | None:
    """Deal with a hand-off that was killed; returns the outcome when that one was all but done."""
    journal = journals.load(request.repo)
    if journal is None:
        return None
    preflight.refuse_index_lock(request.repo)
    stashed = sorted(preflight.stashed_paths(request.repo, request.environ) & set(journal.paths))
    if stashed:
        raise Refused('stashed-journal', f'a hand-off was killed here, and the runner has put its files aside: '
                      f'{", ".join(stashed)}; run it without the stash: '
                      'pre-commit run --hook-stage manual handoff --all-files')
    commit = journals.find_commit(request.repo, journal)
    if commit is None:
        left = journals.undo(request.repo, journal)
        request.say(f'the hand-off {journal.id} was killed before its commit: undone'
                    + (f', but for {", ".join(left)}, which changed since' if left else ''))
        return None
    request.say(f'the hand-off {journal.id} was killed after its commit {commit[:10]}: completed now')
    journal = journals.save(request.repo, journal._replace(stage='committed', commit=commit))
    return _finish(request, journal, [], '')


def _warn(request: Request, plan: Plan, written: Sequence[str]) -> None:
    say = request.say
    for name, count in counters.invariant_counts(plan.telemetry, request.settings.invariants).items():
        if count:
            say(f'WARNING: INVARIANT BROKEN: {name} was called {count} times; it must stay 0')
    if plan.telemetry.state == 'absent':
        say('WARNING: no telemetry was observed: a count of 0 proves nothing')
    for warning in note.prompt_warnings(plan.draft.section('Resume Prompt')):
        say(f'warning: {warning}')
    ignored = note.ignored_keys(plan.draft)
    if ignored:
        say(f'warning: left out of the note, as only code writes facts: {", ".join(ignored)}')
    for name in plan.missing:
        say(f'warning: no workstream is called {name}; the note keeps the name')
    claims_here = claims.open_claims(request.repo, request.settings)
    bystanders = [path for path in preflight.dirty_bystanders(request.repo, written)
                  if path not in {claims.note_path(request.settings, claim.id) for claim in claims_here}]
    if bystanders:
        more = f' and {len(bystanders) - 5} more' if len(bystanders) > 5 else ''
        say(f'warning: not part of this hand-off: {", ".join(bystanders[:5])}{more}')
    if plans.is_trivial(plan, bystanders) and not request.is_quick:
        say('nothing much happened here: DAYBOOK_QUICK=1 makes a minimum note next time')


def _hand_off(request: Request, draft: Draft | None) -> Outcome:
    repo = request.repo
    adopted = draft_claim.adoptable(request, draft) if draft else None
    if draft is None or request.is_quick:
        quick = plans.make(request, draft or Draft('', {}, '', '', (), b''), adopted)
        draft = vetting.quick_draft(request, draft, quick.facts)
    draft = vetting.redacted(request, draft)
    vetting.check_draft(request, draft)
    request.step('facts')
    plan = plans.make(request, draft, adopted)
    plans.check_targets(request, plan, adopted)
    is_first = not git.tracked_files(repo, f':(top,glob,icase)**/{request.operator.initials}-[0-9]*.md')
    request.step('claim')
    claim, is_new = draft_claim.made_or_adopted(request, draft, adopted)
    try:
        journal, contents = texts.journal_of(request, plan, claim, made_stub=is_new)
    except FatalError:
        if is_new:
            draft_claim.drop_stub(request, claim)
        raise
    request.say(f'range: {plan.facts.start.reason}')
    request.say(f'telemetry: {plan.telemetry.state} {plan.telemetry.why}'.rstrip())
    _warn(request, plan, journal.paths)
    request.step('write')
    journals.save(repo, journal)
    for path, content in contents.items():
        target = files.inside(repo.root, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        files.write_atomic(target, content)
    request.step('commit')
    journal = committing.commit_or_undo(request, journal, committing.message_of(request, claim, draft))
    if is_first:
        request.say(f'first hand-off of {request.operator.slug}: the others see it with `daybook resume`')
    for path in journal.paths:
        request.say(f'  [x] {path}')
    own = [commit.oid for commit in plan.facts.commits or ()]
    return _finish(request, journal, own, draft.section('Resume Prompt'))


def run(request: Request) -> Outcome:
    """Hand off. Raises Refused, with nothing written, or with everything put back."""
    preflight.refuse_inside_hook(request.environ)
    lock = git.git_path(request.repo, journals.LOCK)
    with files.exclusive_lock(lock, _LOCK_WAIT) as is_held:
        if not is_held:
            raise Refused('busy', 'another hand-off of this work tree is at work; wait for it, then run this again')
        recovered = _recover(request)
        if recovered is not None:
            return recovered
        preflight.refuse_state(request.repo)
        draft = drafts.find(request.repo, request.settings, request.given, request.session)
        if draft is None and not request.is_quick:
            return Outcome(reason='no-draft')
        return _hand_off(request, draft)
