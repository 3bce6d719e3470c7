"""Hand-off: a draft becomes a note, linked, indexed, committed as exactly its paths, and pushed."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping

from daybook.errors import FatalError
from daybook.errors import KilledError
from daybook.handoff import archiving
from daybook.handoff import committing
from daybook.handoff import contents as texts
from daybook.handoff import draft_claim
from daybook.handoff import draft_search
from daybook.handoff import earlier
from daybook.handoff import facts as git_facts
from daybook.handoff import journal as journals
from daybook.handoff import keeping
from daybook.handoff import made
from daybook.handoff import plan as plans
from daybook.handoff import publish
from daybook.handoff import push_policy
from daybook.handoff import refreshing
from daybook.handoff import reporting
from daybook.handoff import vetting
from daybook.handoff.journal import Journal
from daybook.handoff.made import Commit
from daybook.handoff.plan import Plan
from daybook.handoff.push_policy import Pushed
from daybook.handoff.push_policy import Upstream
from daybook.handoff.request import Outcome
from daybook.handoff.request import Request
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.session import preflight
from daybook.session import runner_stash
from daybook.session.claim import Claim
from daybook.session.draft import Draft
from daybook.session.preflight import Refused
from daybook.session.telemetry import Telemetry

_LOCK_WAIT = 30.0  # seconds that a second hand-off of the same work tree waits for the first


def _along(request: Request, journal: Journal, upstream: Upstream) -> Mapping[str, str]:
    """Return the commits that may be pushed with this one, each with the id of the note where that is told."""
    repo, settings, commit = request.repo, request.settings, str(journal.commit)
    if settings.handoff_push == 'own':
        return dict.fromkeys(git_facts.own_ahead(repo, settings, request.operator, request.operators, seen=upstream.seen,
                                                 commit=commit, start=journal.start), '')
    return earlier.unpushed(repo, settings, request.operator, request.operators, seen=upstream.seen, commit=commit)


def _publish(request: Request, journal: Journal, *, is_own: bool) -> Pushed:
    """Push the commit where the policy lets it; one that is not the hand-off's own is somebody's, and goes nowhere."""
    repo, settings, commit = request.repo, request.settings, str(journal.commit)
    if not made.is_on_branch(repo, journal, commit):
        return Pushed('no', 'branch-moved', (f'{journal.branch} does not hold {commit[:10]}: push the branch '
                                             'that does',), True)
    upstream = push_policy.upstream_of(repo, journal.branch)
    if isinstance(upstream, Pushed):
        return upstream
    along = {**_along(request, journal, upstream), commit: ''} if is_own else {}
    forbidden = push_policy.may_push(repo, settings, upstream, commit, along)
    if forbidden is not None:
        return forbidden
    notes = [note for note in along.values() if note]
    if notes:
        request.say(f'hand-offs that were not pushed yet, and go with it: {", ".join(notes)}')
    request.step(f'push to {upstream.remote}')
    return publish.push(repo, settings, upstream, commit=commit, writes=journal.writes, session_id=journal.id,
                        pages=request.pages)


def _finish(request: Request, journal: Journal, telemetry: Telemetry, prompt: str, *, is_own: bool = True) -> Outcome:
    """Everything after the commit: put away, push, forget the journal. Whatever fails, the commit is told."""
    try:
        request.step('archive')
        archiving.put_away(request, journal, telemetry)
    except (FatalError, OSError) as error:
        request.say(f'warning: committed, but not everything could be put away: {error}')
    if is_own:
        committing.verify(request, journal)
    try:
        pushed = _publish(request, journal, is_own=is_own)
    except KilledError as error:  # the journal stays, so that to run this again completes it
        request.say(f'the push could not be made: {error}')
        return Outcome(journal.id, str(journal.commit), 'unknown', 'push-failed', 1, prompt)
    except (FatalError, OSError) as error:
        pushed = Pushed('unknown', 'push-failed', (f'the push could not be made: {error}; see where it stands: '
                                                   'git fetch',), True)
    journals.clear(request.repo)
    for line in pushed.lines:
        request.say(line)
    keeping.keep_transcript(request, journal.id, telemetry)
    return Outcome(journal.id, str(journal.commit), pushed.outcome, pushed.reason, int(pushed.is_failure), prompt)


def _undo(request: Request, journal: Journal) -> None:
    stashed = sorted(runner_stash.paths(request.repo, request.environ) & set(journal.paths))
    if stashed:
        raise Refused('stashed-journal', reporting.stashed(request, stashed))
    left = journals.undo(request.repo, journal)
    request.say(f'the hand-off {journal.id} was killed before its commit: undone'
                + (f', but for {", ".join(left)}, which changed since' if left else ''))


def _complete(request: Request, journal: Journal, found: Commit) -> Outcome:
    is_own, commit = made.is_own(request.repo, journal, found), found.oid
    whose = 'a commit that it did not make as it stands' if journal.message else \
        'and nobody can tell whether it made that commit as it stands, as a former version of daybook began it'
    how = f' after its commit {commit[:10]}' if is_own else f'; its note is in {commit[:10]}, {whose}'
    request.say(f'the hand-off {journal.id} was killed{how}: completed now; run this again for another draft')
    committing.tell_missing(request, journal, commit)
    if journals.is_draft_changed(request.repo, journal):
        request.say(f'the draft has changed since, so it stays: {journal.draft}')
    done = journal._replace(stage='committed', commit=commit)
    try:
        journals.tidy(request.repo, done)
        journals.save(request.repo, done if is_own else journal)  # what the journal tells is taken for its own
    except (FatalError, OSError) as error:
        request.say(f'warning: committed, but not everything could be put away: {error}')
    return _finish(request, done, archiving.telemetry_of(request, done), archiving.prompt_of(request, done), is_own=is_own)


def _recover(request: Request) -> Outcome | None:
    """Deal with a hand-off that was killed; returns the outcome when that one was all but done."""
    journal = journals.load(request.repo)
    if journal is None:
        return None
    preflight.refuse_index_lock(request.repo)
    found = made.find_commit(request.repo, journal)
    if found is not None:
        return _complete(request, journal, found)
    _undo(request, journal)
    return None


def _write(request: Request, journal: Journal, contents: Mapping[str, bytes]) -> None:
    """Write every file; when one cannot be written, put the others back."""
    journals.save(request.repo, journal)
    try:
        for write in journal.writes:
            path, content = write.path, contents[write.path]
            target = files.inside(request.repo.root, path)
            before = None if write.before is None else git_objects.read_blobs(request.repo, [write.before])[0]
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if not files.write_over(target, before, content):
                raise FatalError(f'{path} changed while the hand-off was being made')
    except (FatalError, OSError) as error:
        left = journals.undo(request.repo, journal)
        kept = f', but for {", ".join(left)}' if left else ''
        first = 'make room or the folder writable, then ' if isinstance(error, OSError) else ''
        raise Refused('write-failed', f'cannot write: {error}; everything was put back{kept}; {first}run the hand-off again',
                      is_untouched=not left) from error


def _prepare(request: Request, plan: Plan, claim: Claim, *, is_new: bool) -> tuple[Journal, dict[str, bytes], str]:
    """Return what will be written, and why no pages are among it."""
    journal, contents, left = texts.journal_of(request, plan, claim, made_stub=is_new)
    # to claim may have taken seconds, in which somebody has gone on writing
    preflight.refuse_dirty(request.repo, plan.targets, request.environ)
    reporting.tell(request, plan, claim.id)
    message = committing.message_of(request, claim, plan.draft)
    return journals.remember(request.repo, journal, plan.facts.start, plan.draft.data, message), contents, left


def _write_and_commit(request: Request, plan: Plan, claim: Claim, *, is_new: bool) -> tuple[Journal, bool, str]:
    """Return the journal of the commit, whether that is its own, and why it has no pages; a claim that was made for nothing leaves no stub behind."""
    try:
        journal, contents, left = _prepare(request, plan, claim, is_new=is_new)
        request.step('write')
        _write(request, journal, contents)
        request.step('commit')
        return *committing.commit_or_undo(request, journal), left
    except (FatalError, OSError):
        if is_new:
            with contextlib.suppress(FatalError, OSError):  # what went wrong first is what has to be told
                draft_claim.drop_stub(request, claim)
        raise


def _plan(request: Request, draft: Draft | None, adopted: Claim | None) -> Plan:
    request.step('facts')
    facts, telemetry = plans.gather(request, adopted)
    whole = draft if draft and not request.is_quick else vetting.quick_draft(draft, facts)
    vetted = vetting.told(request, whole)
    vetting.check_draft(request, vetted)
    plan = plans.make(request, vetted, facts, telemetry)
    plans.check_targets(request, plan, adopted)
    return plan


def _hand_off(request: Request, draft: Draft | None) -> Outcome:
    repo, operator = request.repo, request.operator
    adopted = draft_claim.adoptable(request, draft)
    plan = _plan(request, draft, adopted)
    is_first = not git_status.tracked_files(repo, f':(top,glob,icase)**/{operator.initials}-[0-9]*.md')
    request.step('claim')
    claim, is_new = draft_claim.made_or_adopted(request, plan.draft, adopted)
    journal, is_own, left = _write_and_commit(request, plan, claim, is_new=is_new)
    for path in journal.paths:
        request.say(f'  [x] {path}')
    if left:
        request.say(f'  [ ] rendered pages, left to daybook render-docs: {left}')
    outcome = _finish(request, journal, plan.telemetry, plan.draft.section('Resume Prompt'), is_own=is_own)
    for line in refreshing.lines(request, plan.facts):  # an extra, when nothing can be lost any more
        request.say(line)
    if is_first:
        when = '' if outcome.pushed == 'yes' else ' once it is pushed'
        request.say(f'first hand-off of {operator.slug}: the others see it with `daybook resume`{when}')
    return outcome


def run(request: Request) -> Outcome:
    """Hand off. Raises Refused, with nothing written, or with everything put back."""
    preflight.refuse_inside_hook(request.environ)
    preflight.refuse_other_repository(request.repo)
    lock = git.git_path(request.repo, journals.LOCK)
    with files.exclusive_lock(lock, _LOCK_WAIT) as is_held:
        if not is_held:
            raise Refused('busy', 'another hand-off of this work tree is at work; wait for it, then run this again')
        recovered = _recover(request)
        if recovered is not None:
            return recovered
        preflight.refuse_state(request.repo)
        preflight.refuse_unsettled(request.repo)
        found = draft_search.find(request.repo, request.settings, request.given, request.session)
        if found.draft is None and not request.is_quick:
            reporting.tell_empty(request, found)
            return Outcome(reason='no-draft')
        return _hand_off(request, found.draft)
