"""`daybook whoami`: the operator for whom a hand-off from here would speak."""
from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from daybook.problem import printable
from daybook.repo import git
from daybook.session import operators


def main(argv: Sequence[str]) -> int:
    """Print slug, name, initials, addresses and how they were found."""
    parser = argparse.ArgumentParser('daybook whoami', description='print the operator at work here')
    parser.add_argument('--email', help='the address of the operator instead of what the environment says')
    args = parser.parse_args(argv)
    who = operators.resolve(git.find_repo(), args.email, os.environ)
    print(printable(f'{who.slug} ({who.name}), initials {who.initials}, {", ".join(who.emails) or "no e-mail"}'))
    print(f'whoami: operator={who.slug} initials={who.initials} source={who.source}')
    return 0
