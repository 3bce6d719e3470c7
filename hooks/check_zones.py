"""check-zones: no document lies in a lower zone than its folder, its parent or its sources, or carries a higher one out."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.checks import looking
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.documents.governed import Record
from daybook.governance import quoting
from daybook.governance import records
from daybook.rules import zones

HOOK_ID = 'check-zones'


def look(scope: Scope) -> Look:
    """Return the documents that lower a zone or carry one out."""
    settings, found = scope.settings, records.of_scope(scope)
    known = zones.Zones(found, settings.zones_default, settings.zones_folders)
    count = zones.governed(found, settings.zones_folders)
    problems = zones.check_folders(config.PATH, settings.zones_folders, config.lines(scope.repo.root))
    if not count and not problems:
        return Look(notes=scope.by_hand(*_idle(scope, found, count)))
    problems += [*zones.check(known, settings.zones_folders, settings.render_zone), *quoting.check(scope.repo, settings, known)]
    before = records.former_settings(scope)
    is_other = before is not None and (before.zones_default, before.zones_folders, before.render_zone) != (
        settings.zones_default, settings.zones_folders, settings.render_zone)
    look = scope.part(problems, {record.path for record in found} if is_other else ())
    return look._replace(notes=scope.by_hand(*_idle(scope, found, count)))


def _idle(scope: Scope, found: Sequence[Record], count: int) -> list[str]:
    """Return what governs nothing: the check, or a folder that has a zone and no documents."""
    folders = scope.settings.zones_folders
    if scope.named:
        is_any = zones.governed([record for record in found if scope.covers(record.path)], folders)
        return [] if is_any else [f'{HOOK_ID}: 0 documents governed; none that is named has a zone']
    empty = [folder for folder in folders if not zones.governed_by_folder(found, folder)]
    if empty:
        return [f'{HOOK_ID}: 0 documents governed; none lies in `zones.folders`: {", ".join(empty)}']
    return [] if count else [f'{HOOK_ID}: 0 documents governed; give some a `zone`, or name `zones.folders` in {config.PATH}']


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print)


if __name__ == '__main__':
    raise SystemExit(main())
