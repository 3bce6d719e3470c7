"""`handoff`: turn a draft into a committed and pushed note."""
from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone

from daybook.documents import config
from daybook.problem import printable
from daybook.repo import git
from daybook.session import handoff
from daybook.session import operators
from daybook.session import preflight
from daybook.session import terminal
from daybook.session.preflight import Refused
from daybook.session.request import Outcome
from daybook.session.request import Request

_HOW_TO = """\
no draft waits, so nothing was done. To hand off:
  1. daybook claim-session          reserves an id and writes a draft to fill in
  2. fill the draft                 at least `## Summary` and `## Resume Prompt`
  3. daybook handoff --files DRAFT  or: pre-commit run --hook-stage manual handoff --files DRAFT
DAYBOOK_QUICK=1 daybook handoff makes a minimum note from the facts alone"""


def _say(line: str) -> None:
    print('\n'.join(printable(part) for part in line.split('\n')), flush=True)


def _request(email: str | None, given: Sequence[str]) -> Request:
    preflight.refuse_inside_hook(os.environ)
    repo = git.find_repo()
    operator = operators.resolve(repo, email, os.environ)
    known = operators.load(repo.root)
    is_explicit = operator.source in ('--email', '$OPERATOR')
    if len(known) > 1 and not is_explicit and terminal.is_somebody_there(os.environ):
        terminal.confirm(f'hand off as {operator.slug} ({operator.name}), known from {operator.source}?', 10)
    return Request(repo, config.load(repo.root), operator, known, given, os.environ,
                           datetime.now(timezone.utc), _say, terminal.banner)


def _report(outcome: Outcome) -> None:
    if outcome.reason == 'no-draft':
        _say(_HOW_TO)
    if outcome.prompt:
        _say(f'\nResume Prompt of {outcome.id}:\n{outcome.prompt}\n')
    _say(outcome.last_line)


def main(argv: Sequence[str]) -> int:
    """Print what was done and `handoff: id=… commit=… pushed=…` as the last line, whatever happened."""
    parser = argparse.ArgumentParser('daybook handoff', description='commit and push the note of this session')
    parser.add_argument('--files', action='append', default=[], metavar='DRAFT', help='the draft to hand off')
    parser.add_argument('--email', help='the address of the operator instead of what the environment says')
    parser.add_argument('draft', nargs='*', help='the same, as a runner passes it')
    args = parser.parse_args(argv)
    try:
        outcome = handoff.run(_request(args.email, [*args.files, *args.draft]))
    except Refused as refusal:
        _say(f'handoff: refused: {refusal}\nNothing was changed.')
        _say(Outcome(reason=refusal.reason).last_line)
        return 1
    _report(outcome)
    return outcome.code
