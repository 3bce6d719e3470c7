"""check-authority: the map of who owns what is sound, fits the files, and every entity that a document names is in it."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.checks import looking
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.governance import authority_map
from daybook.governance import records
from daybook.rules import authority

HOOK_ID = 'check-authority'
_FLAGS = {'report': 'print who owns what, and check nothing'}


def look(scope: Scope) -> Look:
    """Return what is wrong with the map, and which documents do not fit it."""
    known = authority_map.read(scope.repo, scope.settings)
    if known is None:
        return Look(notes=scope.by_hand(f'{HOOK_ID}: 0 documents governed; there is no map at {authority_map.USUAL[0]}'))
    if known.map is None:
        return scope.part(known.problems)
    found = records.of_scope(scope)
    if 'report' in scope.flags:
        return Look(notes=authority.report(known.map, found))
    changed = scope.change.paths if scope.change else ()
    look = scope.part(authority.check(known.map, known.given, found, scope.paths, changed))
    if not authority.governed(record for record in found if scope.covers(record.path)):
        which = 'none that is named' if scope.named else 'none'
        return look._replace(notes=scope.by_hand(f'{HOOK_ID}: 0 documents governed; {which} has an `entity`, so only {known.path} itself was checked'))
    return look


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print, flags=_FLAGS)


if __name__ == '__main__':
    raise SystemExit(main())
