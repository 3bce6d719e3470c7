"""Every hook that looks, as one look: which of them a repository has set up, and what they find."""
from __future__ import annotations

import importlib
import os
from collections import Counter
from collections.abc import Callable

from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.problem import Problem
from daybook.repo import sparse


def _always(scope: Scope) -> bool:
    return True


def _has_map(scope: Scope) -> bool:
    usual, left_out = [f'.daybook/authority.{end}' for end in ('yaml', 'yml', 'json')], sparse.left_out(scope.repo.root)
    return scope.settings.authority_map is not None or any(
        path in left_out or os.path.lexists(os.path.join(scope.repo.root, path)) for path in usual)


# the id of each hook that looks, and whether a repository has anything for it: what is not set up is not even imported
LOOKS: tuple[tuple[str, Callable[[Scope], bool]], ...] = (
    ('validate-frontmatter', _always),
    ('audit-links', _always),
    ('check-authority', _has_map),
    ('check-cochange', lambda scope: bool(scope.settings.cochange)),
    ('check-freshness', lambda scope: bool(scope.settings.freshness_rules)),
    ('check-lifecycle', lambda scope: any(kind.statuses for kind in scope.settings.kinds)),
    ('check-zones', lambda scope: bool(scope.settings.zones_folders)),
    ('check-invariant', lambda scope: bool(scope.settings.invariants)),
)


def look(scope: Scope) -> Look:
    """Return what all of them find, each reached by its id as the dispatcher does. Raises FatalError."""
    problems: list[Problem] = []
    older: Counter[str] = Counter()
    notes: list[str] = []
    for hook_id, is_set_up in LOOKS:
        if is_set_up(scope):
            found = importlib.import_module(f'daybook.hooks.{hook_id.replace("-", "_")}').look(scope)
            problems += found.problems
            older.update(found.older)
            notes += found.notes
    return Look(problems, older, notes)
