"""`handoff`: turn a draft into a committed and pushed note."""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.errors import UsageError
from daybook.handoff import handoff
from daybook.handoff import terminal
from daybook.handoff.request import Outcome
from daybook.handoff.request import Request
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import operators
from daybook.session import preflight
from daybook.session.preflight import Refused

_HOW_TO = """\
no draft waits, so nothing was done. To hand off:
  1. daybook claim-session          reserves an id and writes a draft to fill in
  2. fill the draft                 at least `## Summary` and `## Resume Prompt`
  3. daybook handoff --files DRAFT  or: pre-commit run --hook-stage manual handoff --files DRAFT
DAYBOOK_QUICK=1 daybook handoff makes a minimum note from the facts alone"""


def _words(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part options from drafts: a runner passes a name that begins with `-` as it is."""
    if '--files' in argv:
        at = argv.index('--files') + 2
        options, drafts = files.split_arguments(argv[at:])
        return [*argv[:at - 2], f'--files={"".join(argv[at - 1:at])}', *options], drafts
    return files.split_arguments(argv)


def _say(line: str) -> None:
    try:
        print('\n'.join(printable(part) for part in line.split('\n')), flush=True)
    except BrokenPipeError:  # the reader (`| head`) has gone, and the hand-off must not end half-way
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _pages(repo: Repo, settings: Settings, before: str, after: str) -> dict[str, bytes]:
    from daybook.site import site_commit  # who commits no pages need not wait for it

    return site_commit.pages(repo, settings, before, after)


def _request(email: str | None, given: Sequence[str]) -> Request:
    preflight.refuse_inside_hook(os.environ)
    repo = git.find_repo()
    operator = operators.resolve(repo, email, os.environ)
    known = operators.load(repo.root)
    is_explicit = operator.source in ('--email', '$OPERATOR')
    if len(known) > 1 and not is_explicit and terminal.is_somebody_there(os.environ):
        terminal.confirm(f'hand off as {operator.slug} ({operator.name}), known from {operator.source}?', 10)
    return Request(repo, config.load(repo.root), operator, known, given, os.environ,
                   datetime.now(timezone.utc), _say, terminal.banner, _pages)


def _ended_badly(error: Exception) -> Outcome:
    """Tell what happened; the last line stays true, as nothing after the commit is raised."""
    if isinstance(error, Refused):
        _say(f'handoff: refused: {error}' + ('\nNothing was changed.' if error.is_untouched else ''))
        return Outcome(reason=error.reason, code=1)
    _say(f'handoff: failed: {error}')
    return Outcome(reason='failed', code=1)


def _report(outcome: Outcome) -> int:
    if outcome.reason == 'no-draft':
        _say(_HOW_TO)
    if outcome.prompt:
        _say(f'\nResume Prompt of {outcome.id}:\n{outcome.prompt}\n')
    _say(outcome.last_line)
    return outcome.code


def main(argv: Sequence[str]) -> int:
    """Print what was done and `handoff: id=… commit=… pushed=…` as the last line, whatever happened."""
    parser = argparse.ArgumentParser('daybook handoff', description='commit and push the note of this session')
    parser.add_argument('--files', metavar='DRAFT', help='the draft to hand off')
    parser.add_argument('--email', help='the address of the operator instead of what the environment says')
    parser.add_argument('draft', nargs='*', help='the same, as a runner passes it')
    options, drafts = _words(argv)
    args = parser.parse_args(options)
    given = [*([args.files] if args.files else []), *args.draft, *drafts]
    try:
        outcome = handoff.run(_request(args.email, given))
    except UsageError:
        raise
    except (FatalError, OSError) as error:
        outcome = _ended_badly(error)
    except KeyboardInterrupt:
        _say('handoff: interrupted; the next hand-off undoes or completes what was begun')
        _say(Outcome(commit='unknown', pushed='unknown', reason='interrupted').last_line)
        raise
    return _report(outcome)
