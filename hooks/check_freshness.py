"""check-freshness: every governed document says until when it can be trusted, and which days have passed."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.checks import looking
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.documents import review
from daybook.documents.governed import Record
from daybook.governance import records
from daybook.rules import freshness

HOOK_ID = 'check-freshness'
_FLAGS = {'strict': 'overdue reviews are errors, for a scheduled job; otherwise they only warn',
          'due': 'print a table of what is overdue, or due within `freshness.due_days` days, and check nothing'}


def _table(due: Sequence[review.Due], days: int, today: str) -> list[str]:
    if not due:
        return [f'{HOOK_ID}: nothing is due within {days} days of {today}']
    return [f'{each.day}  {"overdue" if each.day < today else "due    "}  {each.path}' for each in due]


def look(scope: Scope) -> Look:
    """Return what is overdue and what nobody knows the date of."""
    settings = scope.settings
    found = [record for record in records.of_scope(scope) if 'due' not in scope.flags or scope.covers(record.path)]
    wanted = review.governed(found, review.Policy(settings.freshness_rules))
    if not wanted:
        return Look(notes=scope.by_hand(*_idle(scope, wanted)))
    if 'due' in scope.flags:
        due = freshness.due(wanted, scope.today, settings.freshness_due_days)
        return Look(notes=_table(due, settings.freshness_due_days, scope.today))
    before = records.former_settings(scope)
    is_other = before is not None and before.freshness_rules != settings.freshness_rules
    problems = freshness.check(wanted, scope.today, strict='strict' in scope.flags)
    look = scope.part(problems, {record.path for record in found} if is_other else ())
    return look._replace(notes=scope.by_hand(*_idle(scope, wanted)))


def _idle(scope: Scope, wanted: Sequence[tuple[Record, config.Freshness | None]]) -> list[str]:
    """Return what governs nothing: a rule, or the check itself where files are named."""
    if scope.named:
        is_any = any(scope.covers(record.path) for record, _ in wanted)
        return [] if is_any else [f'{HOOK_ID}: 0 documents governed; none that is named must be reviewed']
    if not wanted and not scope.settings.freshness_rules:
        return [f'{HOOK_ID}: 0 documents governed; give some `review_by` or `ttl_days`, or name `freshness.rules` in {config.PATH}']
    used = {rule for _, rule in wanted}
    return [f'{HOOK_ID}: 0 documents governed; no open document fits rule {number} of `freshness.rules`, or an earlier one has them'
            for number, rule in enumerate(scope.settings.freshness_rules, 1) if rule not in used]


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print, flags=_FLAGS)


if __name__ == '__main__':
    raise SystemExit(main())
