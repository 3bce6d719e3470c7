"""check-all: every rule that looks, in one process that asks git once."""
from __future__ import annotations

import importlib
import os
from collections import Counter
from collections.abc import Callable
from collections.abc import Sequence

from daybook.checks import looking

TYPE_CHECKING = False
if TYPE_CHECKING:  # git is asked before they are imported
    from daybook.checks.change import Look
    from daybook.checks.scope import Scope
    from daybook.problem import Problem

HOOK_ID = 'check-all'


def _always(scope: Scope) -> bool:
    return True


def _has_map(scope: Scope) -> bool:
    from daybook.repo import sparse

    usual, left_out = [f'.daybook/authority.{end}' for end in ('yaml', 'yml', 'json')], sparse.left_out(scope.repo.root)
    return scope.settings.authority_map is not None or any(
        path in left_out or os.path.lexists(os.path.join(scope.repo.root, path)) for path in usual)


# each hook that looks, and whether a repository has anything for it: what is not set up is not even imported
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
    """Return what all of them find."""
    from daybook.checks.change import Look

    problems: list[Problem] = []
    older: Counter[str] = Counter()
    notes: list[str] = []
    for hook_id, is_set_up in LOOKS:
        if is_set_up(scope):
            found = importlib.import_module(f'{__package__}.{hook_id.replace("-", "_")}').look(scope)
            problems += found.problems
            older.update(found.older)
            notes += found.notes
    return Look(problems, older, notes)


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print)


if __name__ == '__main__':
    raise SystemExit(main())
