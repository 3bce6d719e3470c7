"""What `audit-links` is asked for."""
from __future__ import annotations

from collections.abc import Sequence

from daybook import problem
from daybook.errors import UsageError
from daybook.rules import link_baseline

HOOK_ID = 'audit-links'


class Arguments:
    """The options as `--help` tells them; `argparse`, which fills them in, would cost a run without any more than they do."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.all = self.fix = self.baseline = self.no_catalogue = False


def parsed(words: Sequence[str]) -> Arguments:
    """Return what `words` ask for. Raises UsageError, and SystemExit as `argparse` does."""
    options = Arguments()
    if not words:
        return options
    import argparse

    from daybook.repo import files

    words, named = files.split_arguments(words)
    parser = argparse.ArgumentParser(prog=f'daybook {HOOK_ID}', description='check that every link leads to a tracked file and every #fragment to an anchor',
                                     epilog=problem.WRITERS)
    parser.add_argument('files', nargs='*', help='report on these files and folders only (default: all Markdown files)')
    parser.add_argument('--all', action='store_true', help='inside `git commit` too, report and block on what the commit did not cause')
    parser.add_argument('--fix', action='store_true', help='rewrite wikilinks, and links to files that git knows to be renamed')
    parser.add_argument('--baseline', action='store_true', help=f'write {link_baseline.PATH}, the dead links that do not block; later, take out those that are mended')
    parser.add_argument('--no-catalogue', action='store_true', help='read every file anew and keep nothing')
    parser.parse_args(words, namespace=options)
    options.files += named
    if options.baseline and (options.fix or options.files):
        raise UsageError(f'{HOOK_ID} --baseline is about the whole repository; leave out {"--fix" if options.fix else "the files"}')
    return options
