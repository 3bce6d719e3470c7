"""One run of a hook that looks: its arguments, its scope, what it prints and its exit code."""
from __future__ import annotations

import os
import sys
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

from daybook import problem
from daybook.checks import asking

if TYPE_CHECKING:  # git is asked before they are imported
    from daybook.checks.change import Look
    from daybook.checks.scope import Scope


def _arguments(hook_id: str, description: str | None, flags: Mapping[str, str], argv: Sequence[str] | None) -> SimpleNamespace:
    words = sys.argv[1:] if argv is None else argv
    options = SimpleNamespace(files=[], all=False, as_of=None, flags=[])
    if not words:  # as every runner calls it
        return options
    import argparse

    from daybook.checks import as_of
    from daybook.repo import files

    words, named = files.split_arguments(words)
    parser = argparse.ArgumentParser(prog=f'daybook {hook_id}', description=description)
    parser.add_argument('files', nargs='*', help='report on these files and folders only (default: all)')
    parser.add_argument('--all', action='store_true',
                        help='inside `git commit` too, report and block on what the commit did not cause')
    as_of.add(parser)  # None here, as the scope knows what today is
    for flag, meaning in flags.items():
        parser.add_argument(f'--{flag}', dest='flags', action='append_const', const=flag, help=meaning)
    parser.parse_args(words, namespace=options)
    options.files += named
    return options


def run(hook_id: str, description: str | None, look: Callable[[Scope], Look], argv: Sequence[str] | None, *,
        say: Callable[..., None], flags: Mapping[str, str] | None = None) -> int:
    """Look at the repository that the caller stands in, `say` what was found, return the exit code.

    `flags` are the hook's own options with their meanings; `scope.flags` has those that were given. Raises FatalError.
    """
    options = _arguments(hook_id, description, flags or {}, argv)
    output_format = problem.output_format(os.environ)
    answers = asking.ask(os.environ)
    from daybook.checks.scope import Scope

    scope = Scope(answers(), os.environ, today=options.as_of or '', words=options.files, flags=options.flags, is_whole=options.all)
    if scope.is_blind:
        from daybook.checks.change import Look

        return report(hook_id, Look(notes=[blind_note(hook_id)]), output_format, say)
    return report(hook_id, look(scope), output_format, say)


def blind_note(hook_id: str) -> str:
    """Return what a commit is told where somebody else's settings cannot be used."""
    from daybook.documents import config

    return f'{config.PATH} is wrong, so nothing was checked; run daybook {hook_id}'


def report(hook_id: str, found: Look, output_format: str, say: Callable[..., None]) -> int:
    """`say` what a look has found, and return the exit code."""
    for line in problem.render(found.problems, output_format):
        say(line)
    notes = list(found.notes)
    if found.older:
        notes.insert(0, problem.older_line(found.older, hook_id))
    for note in notes:
        say(problem.printable(note), file=sys.stderr if output_format == 'json' else sys.stdout)
    return int(problem.is_blocking(found.problems))
