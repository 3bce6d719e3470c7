"""check-zones: no document lies in a lower zone than its folder, its parent or its sources, or carries a higher one out."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.checks import looking
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.governance import quoting
from daybook.governance import records
from daybook.rules import zones

HOOK_ID = 'check-zones'


def look(scope: Scope) -> Look:
    """Return the documents that lower a zone or carry one out."""
    settings, found = scope.settings, records.of_scope(scope)
    known = zones.Zones(found, settings.zones_default, settings.zones_folders)
    count = zones.governed(found, settings.zones_folders)
    problems = zones.check_folders(config.PATH, settings.zones_folders, records.settings_lines(scope))
    if not count and not problems:
        return Look(notes=[f'{HOOK_ID}: 0 documents governed; give some a `zone`, or name `zones.folders` in {config.PATH}'])
    problems += [*zones.check(known, settings.zones_folders, settings.render_zone), *quoting.check(scope.repo, settings, known)]
    before = records.former_settings(scope)
    is_other = before is not None and (before.zones_default, before.zones_folders, before.render_zone) != (
        settings.zones_default, settings.zones_folders, settings.render_zone)
    return scope.part(problems, {record.path for record in found} if is_other else ())


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print)


if __name__ == '__main__':
    raise SystemExit(main())
