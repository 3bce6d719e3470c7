"""`claim-session`: reserve the id of the next note, or tell the one that this session holds."""
from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone

from daybook.documents import config
from daybook.problem import printable
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import claim
from daybook.session import claiming
from daybook.session import draft
from daybook.session import operators


def _from_here(repo: Repo, path: str) -> str:
    """Return a path of the repository as it is opened in the folder of this call; an agent takes it by its word."""
    return path if os.path.isabs(path) else os.path.relpath(os.path.join(repo.root, path)).replace(os.sep, '/')


def main(argv: Sequence[str]) -> int:
    """Print where note and draft are, and `claim-session: id=… claim=…` as the last line."""
    parser = argparse.ArgumentParser('daybook claim-session', description='reserve the id of the next note')
    parser.add_argument('--new', action='store_true', help='another id, even when this session holds one')
    parser.add_argument('--email', help='the address of the operator instead of what the environment says')
    args = parser.parse_args(argv)
    repo = git.find_repo()
    settings = config.load(repo.root)
    operator = operators.resolve(repo, args.email, os.environ)
    warning = claiming.path_warning(repo.root)
    if warning:
        print(printable(f'warning: {warning}'))
    taken = claiming.take(repo, settings, operator, now=datetime.now(timezone.utc), environ=os.environ, new=args.new)
    path = draft.write_skeleton(repo, settings, taken)
    print(printable(f'note:  {_from_here(repo, claim.note_path(settings, taken.id))} (a placeholder; leave it to hand-off)'))
    print(printable(f'draft: {_from_here(repo, path)} (write here, then run handoff)'))
    if taken.kind == 'provisional':
        print(printable(f'provisional: {taken.reason}; the id is valid for good'))
    print(f'claim-session: id={taken.id} claim={taken.kind}')
    return 0
