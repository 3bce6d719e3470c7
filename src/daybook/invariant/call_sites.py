"""Call sites: the lines that would make an agent, a hook or a script ask the mirror at run time.

A line that merely speaks of the mirror is none: comments, refusals ("never call ...") and what is said of its own
worker are told apart, so that a team can write down the rule without breaking it.
"""
from __future__ import annotations

from collections.abc import Iterable

from daybook.invariant import code_sites
from daybook.invariant import needles
from daybook.invariant import prose_sites
from daybook.invariant import settings_sites
from daybook.invariant.needles import Needles
from daybook.invariant.needles import Site
from daybook.problem import Problem

RULE = 'invariant-call'


def sites(text: str, place: str, form: str, wanted: Needles) -> list[Site]:
    """Return the call sites in the text of one file, at most one a line; `place` and `form` as in `call_places.Place`."""
    if not needles.may_hold(text, wanted):
        return []
    if form == 'json':
        found: Iterable[Site] = settings_sites.sites(text, wanted)
    elif form == 'prose':
        found = prose_sites.sites(text, wanted)
    else:
        found = code_sites.sites(text, place, wanted)
    return sorted({site.line: site for site in reversed(list(found))}.values())


def problem(path: str, site: Site, wanted: Needles, first_line: int = 1) -> Problem:
    """Return what is reported of a call site of the file `path`, whose text begins at `first_line`."""
    counter = wanted.invariant.name
    return Problem(path, site.line + first_line - 1, RULE, f'{site.words}, and {counter} must stay 0; take it out, or name the '
                   f'file under `except` of the invariant if it is the mirror\'s own worker')
