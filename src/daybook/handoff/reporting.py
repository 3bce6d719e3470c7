"""What a hand-off tells a person before it writes: where its facts come from, and everything unusual."""
from __future__ import annotations

import os
import re
from collections.abc import Sequence

from daybook.documents import config
from daybook.handoff import draft_search
from daybook.handoff import note
from daybook.handoff import plan as plans
from daybook.handoff.plan import Plan
from daybook.handoff.request import Request
from daybook.session import claim as claims
from daybook.session import mirror_sight
from daybook.session import preflight
from daybook.session import telemetry as counters

_PLAIN = re.compile(r'\w[\w.-]*')
_SHOWN = 5
_HOW_TO = """\
no draft waits, so nothing was done. To hand off:
  1. daybook claim-session          reserves an id and writes a draft to fill in
  2. fill the draft                 at least `## Summary` and `## Resume Prompt`
  3. daybook handoff --files DRAFT  or: {call}
DAYBOOK_QUICK=1 daybook handoff makes a minimum note from the facts alone"""


def _call(request: Request, draft: str = '') -> str:
    from daybook.repo import hook_runner  # few hand-offs have to say it
    from daybook.writers import calls

    return calls.call('handoff', runner='', files=draft, program=hook_runner.program(request.repo))


def _tell_invariants(request: Request, plan: Plan) -> None:
    found = counters.invariant_counts(plan.telemetry, request.settings.invariants)
    is_in_sight = mirror_sight.is_in_sight(request.repo.root, request.settings)
    for one in request.settings.invariants:
        seen, told = counters.observed_count(plan.telemetry, one), counters.witnessed_count(plan.telemetry, one)
        if found.get(one.name):
            request.say(f'WARNING: INVARIANT BROKEN: {one.name} was called {found[one.name]} times; it must stay 0')
        if told > seen:
            request.say(f'WARNING: THE WITNESSES DISAGREE: of {one.name} telemetry counted {seen} calls, the transcript tells {told}; '
                        'the note has the greater number')
        if one.name not in found and is_in_sight:
            request.say(f'WARNING: {one.name} was not counted: telemetry is registered for other tools '
                        f'({plan.telemetry.counters.get("matcher")}); see daybook init --with telemetry')
    if plan.telemetry.witness is not None:
        request.say(f"second witness: the agent's own record tells {sum(plan.telemetry.witness.values())} calls")
    if plan.telemetry.state == 'absent' and is_in_sight:
        request.say('WARNING: no telemetry was observed: a count of 0 proves nothing')


def _bystanders(request: Request, plan: Plan, note_path: str) -> list[str]:
    stubs = [claims.note_path(request.settings, claim.id) for claim in claims.open_claims(request.repo, request.settings)]
    own = [*plan.targets, note_path, *stubs, plan.draft.path.replace(os.sep, '/')]
    return preflight.dirty_bystanders(request.repo, own, request.environ)


def _how_found(request: Request) -> str:
    if request.given:
        return ''
    # pre-commit and prek pass no name of a file that is not there, and do not say so
    dropped = ' (a runner drops one that does not exist)' if 'PRE_COMMIT' in request.environ else ''
    return f', the only one that waits, as no name was given{dropped}'


def _instead(request: Request, name: str, near: str | None) -> str:
    """Return what may be meant by the name of a workstream that is not there, or which file would make it one."""
    if near:
        return f'did you mean `{near}`? the note keeps the name'
    path = f'{request.settings.kind("workstream").folder}/{name}.md'.lstrip('/')
    kind = config.kind_of(request.settings, path) if _PLAIN.fullmatch(name) else None
    return 'the note keeps the name' + (f', and {path} would make it one' if kind and kind.name == 'workstream' else '')


def tell(request: Request, plan: Plan, session_id: str) -> None:
    """Say where the facts come from, and warn. Nothing of it stops a hand-off."""
    say = request.say
    say(f'draft: {plan.draft.path}{_how_found(request)}' if plan.draft.path else 'draft: none, made from the facts alone')
    say(f'range: {plan.facts.start.reason}')
    say(f'telemetry: {plan.telemetry.state} {plan.telemetry.why}'.rstrip())
    _tell_invariants(request, plan)
    # who asks for a minimum is not told that it is one
    for warning in () if request.is_quick else note.prompt_warnings(plan.draft.section('Resume Prompt')):
        say(f'warning: {warning}')
    ignored = note.ignored_keys(plan.draft)
    if ignored:
        say(f'warning: left out of the note, as only code writes facts: {", ".join(ignored)}')
    for name, near in plan.missing:
        say(f'warning: no workstream is called {name}; {_instead(request, name, near)}')
    bystanders = _bystanders(request, plan, plans.note_path(request, plan, session_id))
    if bystanders:
        more = f' and {len(bystanders) - _SHOWN} more' if len(bystanders) > _SHOWN else ''
        say(f'warning: not part of this hand-off: {", ".join(bystanders[:_SHOWN])}{more}')
    if plans.is_trivial(plan, bystanders) and not request.is_quick:
        say('nothing much happened here: DAYBOOK_QUICK=1 makes a minimum note next time')


def tell_empty(request: Request, found: draft_search.Found) -> None:
    """Name the drafts that wait to be filled, and say how to hand off."""
    for path in found.empty:
        request.say(f'{path} is still empty: fill it, then run this again')
    request.say(_HOW_TO.format(call=_call(request, 'DRAFT')))


def stashed(request: Request, paths: Sequence[str]) -> str:
    """Return why a hand-off whose files a runner has put aside cannot be taken back, and what to do."""
    return f'a hand-off was killed here, and the runner has put its files aside: {", ".join(paths)}; run it without the stash: {_call(request)}'
