"""One call of hand-off, from its words to its exit code: who asks, what is said on the way, and how it ended."""
from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone

from daybook.documents import config
from daybook.errors import FatalError
from daybook.errors import KilledError
from daybook.errors import UsageError
from daybook.handoff import handoff
from daybook.handoff import journal as journals
from daybook.handoff import terminal
from daybook.handoff.request import Outcome
from daybook.handoff.request import PagesOf
from daybook.handoff.request import Request
from daybook.problem import printable
from daybook.repo import git
from daybook.session import operators
from daybook.session import preflight
from daybook.session.preflight import Refused


def _to_the_end(say: Callable[..., None]) -> Callable[[str], None]:
    def said(line: str) -> None:
        try:
            say('\n'.join(printable(part) for part in line.split('\n')), flush=True)
        except BrokenPipeError:  # the reader (`| head`) has gone, and the hand-off must not end half-way
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return said


def _request(email: str | None, given: Sequence[str], say: Callable[[str], None], pages: PagesOf) -> Request:
    preflight.refuse_inside_hook(os.environ)
    repo = git.find_repo()
    operator = operators.resolve(repo, email, os.environ)
    known = operators.load(repo.root)
    is_explicit = operator.source in ('--email', '$OPERATOR')
    if len(known) > 1 and not is_explicit and terminal.is_somebody_there(os.environ):
        terminal.confirm(f'hand off as {operator.slug} ({operator.name}), known from {operator.source}?', 10)
    return Request(repo, config.load(repo.root), operator, known, given, os.environ,
                   datetime.now(timezone.utc), say, terminal.banner, pages)


def _ended_badly(error: Exception, say: Callable[[str], None]) -> Outcome:
    """Tell what happened; the last line stays true, as nothing after the commit is raised."""
    if isinstance(error, Refused):
        say(f'handoff: refused: {error}' + ('\nNothing was changed.' if error.is_untouched else ''))
        return Outcome(reason=error.reason, code=1)
    say(f'handoff: failed: {error}')
    if isinstance(error, KilledError):  # perhaps the question whether the commit was made
        return Outcome(commit='unknown', pushed='unknown', reason='failed', code=1)
    return Outcome(reason='failed', code=1)


def _tell_interrupted(say: Callable[[str], None]) -> None:
    """Say what an interruption has left; on the terminal too where a runner, interrupted with us, shows no words of ours."""
    lines = ['handoff: interrupted; the next hand-off undoes or completes what was begun']
    with contextlib.suppress(FatalError, OSError):
        left = journals.load(git.find_repo())
        if left and left.commit:
            lines = [f'handoff: interrupted after the commit {left.commit[:10]}', 'run the same command again: it completes the hand-off']
        elif left:
            lines = [f'handoff: interrupted; left here, perhaps staged: {", ".join(left.paths)}',
                     'run the same command again before you commit: it completes the hand-off, or takes that back']
    for line in lines:
        say(line)
        if 'PRE_COMMIT' in os.environ:
            terminal.banner(line)


def _report(outcome: Outcome, say: Callable[[str], None]) -> int:
    if outcome.prompt:
        say(f'\nResume Prompt of {outcome.id}:\n{outcome.prompt}\n')
    say(outcome.last_line)
    return outcome.code


def run(email: str | None, given: Sequence[str], *, say: Callable[..., None], pages: PagesOf) -> int:
    """Hand off one of the drafts `given` (none: the one that waits), and return the exit code.

    `email` is the operator's, None for what the environment says; `say` prints as `print` does, and its last line is
    `handoff: id=… commit=… pushed=…`, whatever happened; `pages` makes tracked pages. Raises UsageError.
    """
    told = _to_the_end(say)
    try:
        outcome = handoff.run(_request(email, given, told, pages))
    except UsageError:
        raise
    except (FatalError, OSError) as error:
        outcome = _ended_badly(error, told)
    except KeyboardInterrupt:
        _tell_interrupted(told)
        told(Outcome(commit='unknown', pushed='unknown', reason='interrupted').last_line)
        raise
    return _report(outcome, told)
