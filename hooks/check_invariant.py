"""check-invariant: the counters in the notes stay 0, and nothing that agents, hooks or scripts run asks the mirror."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.checks import looking
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.problem import Problem
from daybook.problem import as_warnings
from daybook.rules import call_places

HOOK_ID = 'check-invariant'


def _may_matter(scope: Scope, path: str) -> bool:
    return path == config.PATH or call_places.place_of(path) is not None or config.kind_of(scope.settings, path) is not None


def _counters(scope: Scope) -> list[Problem]:
    from daybook.rules import invariant

    found = invariant.check(scope.documents, scope.settings.invariants, scope.settings.audit_since)
    # a note that tells the truth must be committed: what it tells is red by hand and in CI
    return as_warnings(found) if scope.change else found


def look(scope: Scope) -> Look:
    """Return the counters that are not 0 or that nobody saw, and the call sites."""
    change = scope.change
    if not scope.settings.invariants or (change and not any(_may_matter(scope, path) for path in change.paths)):
        return Look()
    from daybook.invariant import searching  # most commits touch nothing that is searched

    found = [*_counters(scope), *searching.call_sites_of(scope)]
    return scope.part(found, [wrong.path for wrong in found] if change and config.PATH in change.paths else ())


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print)


if __name__ == '__main__':
    raise SystemExit(main())
