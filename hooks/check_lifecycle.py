"""check-lifecycle: every status is one that its kind knows and came from one that allows it; what supersedes, and what is superseded, say so."""
from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from daybook.checks import looking
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.documents.governed import Record
from daybook.documents.kinds import BUILT_IN
from daybook.errors import FatalError
from daybook.governance import moving
from daybook.governance import records
from daybook.problem import Problem
from daybook.problem import add_line
from daybook.repo import files
from daybook.rules import lifecycle
from daybook.rules import succession
from daybook.rules.succession import Wrong

HOOK_ID = 'check-lifecycle'
_FLAGS = {'fix': 'write what the older, or the newer, of two documents lacks',
          'report': 'print how many documents of each kind have which status, and check nothing'}
_NONE = (f'{HOOK_ID}: 0 documents governed; name `kinds.<kind>.statuses` in {config.PATH}, '
         'or let a document say what it supersedes')


def _mended(scope: Scope, wrong: Sequence[Wrong]) -> list[Problem]:
    """Write what is wanted of each document; return what the problems come to, which still end the run with 1."""
    wanted: dict[str, dict[str, Any]] = {}
    problems: dict[str, Problem] = {}
    for each in wrong:
        for key, value in each.wanted.items():
            known = wanted.setdefault(each.problem.path, {}).get(key)
            both = [*(known if isinstance(known, list) else [known]), *(value if isinstance(value, list) else [value])]
            wanted[each.problem.path][key] = list(dict.fromkeys(both)) if known is not None and key != 'status' else value
        if each.wanted:
            problems.setdefault(each.problem.path, each.problem)
    left = [each.problem for each in wrong if not each.wanted]
    return left + [_written(scope, problem, wanted[path]) for path, problem in problems.items() if path in wanted]


def _written(scope: Scope, wrong: Problem, wanted: dict[str, Any]) -> Problem:
    from daybook.documents import schema
    from daybook.writers import reviewed

    said = ', '.join(f'{key}: {value}' for key, value in wanted.items())
    place = files.inside(scope.repo.root, wrong.path)
    try:
        before = files.read_bytes(place)
        if scope.is_in_commit or before is None:
            raise FatalError('a hook that looks writes nothing inside a commit; run it by hand')
        kind = config.kind_of(scope.settings, wrong.path)
        name = kind.name if kind and kind.name in BUILT_IN else 'doc'
        files.write_atomic(place, reviewed.stamp(before, wanted, schema.property_order(name)))
    except FatalError as error:
        return wrong._replace(message=f'{wrong.message}; not written: {error}')
    return wrong._replace(message=f'written: {said}; {add_line(scope.repo.root, [wrong.path], os.getcwd())}')


def look(scope: Scope) -> Look:
    """Return what has a status or a successor that does not fit."""
    settings, found = scope.settings, records.of_scope(scope)
    tables = lifecycle.tables(settings.kinds)
    if 'report' in scope.flags:
        return Look(notes=lifecycle.report([record for record in found if scope.covers(record.path)], tables))
    if not succession.governed(found) and not any(record.kind in tables for record in found):
        return Look(notes=scope.by_hand(*_idle(scope, found)))
    before = moving.former(scope, os.environ) if tables else moving.NOTHING
    problems = lifecycle.check(found, tables, before.statuses, is_range=before.is_range)
    wrong = [each for each in succession.check(found) if scope.covers(each.problem.path)]
    problems += _mended(scope, wrong) if 'fix' in scope.flags else [each.problem for each in wrong]
    blind = [f'{HOOK_ID}: the moves of statuses were not judged: {before.blind}'] if before.blind else []
    return scope.part(problems, _of_other_tables(scope, found))._replace(notes=[*blind, *scope.by_hand(*_idle(scope, found))])


def _idle(scope: Scope, found: Iterable[Record]) -> list[str]:
    """Return what governs nothing: the check, or a table of statuses."""
    tables = lifecycle.tables(scope.settings.kinds)
    covered = [record for record in found if scope.covers(record.path)]
    kinds = {record.kind for record in covered if record.meta.get('status')}
    is_any = succession.governed(covered) or not kinds.isdisjoint(tables)
    if scope.named:
        return [] if is_any else [f'{HOOK_ID}: 0 documents governed; none that is named has a status of a table, supersedes another or is superseded']
    empty = [f'`kinds.{name}.statuses`' for name in tables if name not in kinds]
    if empty:
        return [f'{HOOK_ID}: 0 documents governed; none has a status of {", ".join(empty)}']
    return [] if is_any else [_NONE]


def _of_other_tables(scope: Scope, found: Iterable[Record]) -> set[str]:
    """Return the documents of the kinds whose statuses the change at hand settles."""
    before = records.former_settings(scope)
    if before is None:
        return set()
    tables = {kind.name: kind.statuses for kind in before.kinds}
    changed = {kind.name for kind in scope.settings.kinds if kind.statuses != tables.get(kind.name, ())}
    return {record.path for record in found if record.kind in changed}


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print, flags=_FLAGS)


if __name__ == '__main__':
    raise SystemExit(main())
