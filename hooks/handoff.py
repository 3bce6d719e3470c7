"""`handoff`: turn a draft into a committed and pushed note."""
from __future__ import annotations

import argparse
from collections.abc import Sequence

from daybook.documents.config import Settings
from daybook.handoff import calling
from daybook.repo import files
from daybook.repo.git import Repo


def _words(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part options from drafts: a runner passes a name that begins with `-` as it is."""
    if '--files' in argv:
        at = argv.index('--files') + 2
        options, drafts = files.split_arguments(argv[at:])
        return [*argv[:at - 2], f'--files={"".join(argv[at - 1:at])}', *options], drafts
    return files.split_arguments(argv)


def _pages(repo: Repo, settings: Settings, before: str, after: str) -> dict[str, bytes]:
    from daybook.site import site_commit  # who commits no pages need not wait for it

    return site_commit.pages(repo, settings, before, after)


def main(argv: Sequence[str]) -> int:
    """Print what was done and `handoff: id=… commit=… pushed=…` as the last line, whatever happened."""
    parser = argparse.ArgumentParser('daybook handoff', description='commit and push the note of this session')
    parser.add_argument('--files', metavar='DRAFT', help='the draft to hand off')
    parser.add_argument('--email', help='the address of the operator instead of what the environment says')
    parser.add_argument('draft', nargs='*', help='the same, as a runner passes it')
    options, drafts = _words(argv)
    args = parser.parse_args(options)
    given = [*([args.files] if args.files else []), *args.draft, *drafts]
    return calling.run(args.email, given, say=print, pages=_pages)
