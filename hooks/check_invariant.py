"""check-invariant: the counters in the notes stay 0, and nothing that agents, hooks or scripts run asks the mirror."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.checks import looking
from daybook.checks import vicinity
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.checks.vicinity import Part
from daybook.checks.vicinity import Rules
from daybook.documents import config
from daybook.problem import Problem
from daybook.problem import as_warnings
from daybook.repo import files
from daybook.rules import call_places

HOOK_ID = 'check-invariant'


def _may_matter(scope: Scope, path: str) -> bool:
    return path == config.PATH or call_places.place_of(path) is not None or config.kind_of(scope.settings, path) is not None


def _check(scope: Scope, part: Part, unseen: set[str] | None) -> list[Problem]:
    """Return what is wrong with a part; `unseen`, given where no mirror is in use, gets the notes in which nobody counted instead."""
    from daybook.invariant import searching  # most commits touch nothing that is searched
    from daybook.rules import invariant

    found = invariant.check(part.documents, scope.settings.invariants, scope.settings.audit_since)
    if unseen is not None:
        unseen.update(one.path for one in found if one.level == 'warning')
        found = [one for one in found if one.level != 'warning']
    # a note that tells the truth must be committed: what it tells is red by hand and in CI
    return [*(as_warnings(found) if scope.change else found), *searching.call_sites_of(scope, part)]


def look(scope: Scope) -> Look:
    """Return the counters that are not 0 or that nobody saw, and the call sites."""
    change = scope.change
    if not scope.settings.invariants or (change and not any(_may_matter(scope, path) for path in change.paths)):
        return Look()
    from daybook.session import mirror_sight

    unseen: set[str] | None = None if mirror_sight.is_in_sight(scope.repo.root, scope.settings) else set()
    setup = [unseen is None, config.read_file(scope.repo.root, config.PATH), files.read_bytes(__file__)]
    rules = Rules(HOOK_ID, repr(setup).encode(), lambda part: _check(scope, part, unseen))
    found = vicinity.look(scope, rules, lambda: scope.paths if change and config.PATH in change.paths else ())
    if change or not unseen:
        return found
    notes = f'{len(unseen):,} note{"s" * (len(unseen) != 1)}'
    return found._replace(notes=[*found.notes, f'{HOOK_ID}: unproven in {notes}, as nobody counted; no mirror is in use here'])


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print)


if __name__ == '__main__':
    raise SystemExit(main())
