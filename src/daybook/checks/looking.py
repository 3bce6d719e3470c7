"""One run of a hook that looks: its arguments, its scope, what it prints and its exit code."""
from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

from daybook import problem
from daybook.checks.change import Look
from daybook.checks.change import current_change
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.repo import files
from daybook.repo import git


def _date(text: str) -> str:
    return datetime.date.fromisoformat(text).isoformat()


def _arguments(hook_id: str, description: str | None, flags: Mapping[str, str], argv: Sequence[str] | None) -> argparse.Namespace:
    words, named = files.split_arguments(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog=f'daybook {hook_id}', description=description)
    parser.add_argument('files', nargs='*', help='report on these files and folders only (default: all)')
    parser.add_argument('--all', action='store_true',
                        help='inside `git commit` too, report and block on what the commit did not cause')
    parser.add_argument('--as-of', type=_date, metavar='DATE', default=datetime.date.today().isoformat(),
                        help='the day to judge by (default: today)')
    for flag, meaning in flags.items():
        parser.add_argument(f'--{flag}', action='store_true', help=meaning)
    options = parser.parse_args(words)
    options.files += named
    return options


def run(hook_id: str, description: str | None, look: Callable[[Scope], Look], argv: Sequence[str] | None, *,
        say: Callable[..., None], flags: Mapping[str, str] | None = None) -> int:
    """Look at the repository that the caller stands in, `say` what was found, return the exit code.

    `flags` are the hook's own options with their meanings; `scope.flags` has those that were given. Raises FatalError.
    """
    options = _arguments(hook_id, description, flags or {}, argv)
    output_format = problem.output_format(os.environ)
    repo = git.find_repo()
    change = None if options.all else current_change(repo, os.environ)
    given = frozenset(flag for flag in flags or () if getattr(options, flag.replace('-', '_')))
    scope = Scope(repo, change, today=options.as_of, words=options.files, flags=given)
    if scope.is_blind:
        say(f'{config.PATH} is wrong, so nothing was checked; run daybook {hook_id}')
        return 0
    return _report(hook_id, look(scope), output_format, say)


def _report(hook_id: str, found: Look, output_format: str, say: Callable[..., None]) -> int:
    for line in problem.render(found.problems, output_format):
        say(line)
    notes = list(found.notes)
    if found.older:
        notes.insert(0, problem.older_line(found.older, hook_id))
    for note in notes:
        say(problem.printable(note), file=sys.stderr if output_format == 'json' else sys.stdout)
    return int(problem.is_blocking(found.problems))
