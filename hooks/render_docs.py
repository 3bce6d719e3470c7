"""`render-docs`: write a page for every document, and a home page that finds them."""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from daybook.documents import config
from daybook.problem import add_line
from daybook.problem import printable
from daybook.repo import git
from daybook.site import site
from daybook.site.site_output import Outcome

_MOST = 50  # paths that are named one by one


def _tell_tracked(root: str, outcome: Outcome, folder: str) -> None:
    changed = sorted([*outcome.written, *outcome.removed])
    for path in changed[:_MOST]:
        print(printable(f'{"Removing" if path in outcome.removed else "Rewriting"} {path}'))
    if len(changed) > _MOST:
        print(printable(f'and {len(changed) - _MOST} more below {folder}'))
    if changed:
        named = changed if len(changed) <= _MOST else [folder]
        print(printable(add_line(root, named, os.getcwd())))


def _tell_made(outcome: Outcome, folder: str) -> None:
    if outcome.written or outcome.removed:
        print(printable(f'render-docs: {outcome.total} documents, {len(outcome.written)} files written, {len(outcome.removed)} removed; '
                        f'open {folder}/index.html'))


def main(argv: Sequence[str] | None = None) -> int:
    """Bring the site up to date; 1 when it is tracked and something was written."""
    parser = argparse.ArgumentParser('daybook render-docs', description=__doc__)
    parser.add_argument('--all', action='store_true', help='make every page anew, whatever the last run left')
    args = parser.parse_args(argv)
    repo = git.find_repo()
    settings = config.load(repo.root)
    is_commit = git.is_in_git_hook()
    if is_commit and not (settings.render_tracked and site.concerns(settings, git.staged_changes(repo))):
        return 0  # a site that nobody commits is made by hand or by a job, not while somebody waits
    outcome = site.render(repo, settings, everything=args.all)
    if settings.render_tracked:
        _tell_tracked(repo.root, outcome, settings.render_folder)
    else:
        _tell_made(outcome, settings.render_folder)
    if outcome.by_hand and not is_commit:
        print(printable(f'left alone, as not made by render-docs: {", ".join(outcome.by_hand)}'), file=sys.stderr)
    if outcome.unreadable and not is_commit:
        print(printable(f'no page, as the frontmatter cannot be read: {", ".join(outcome.unreadable)}'), file=sys.stderr)
    return int(settings.render_tracked and bool(outcome.written or outcome.removed))


if __name__ == '__main__':
    raise SystemExit(main())
