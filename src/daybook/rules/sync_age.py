"""Whether the mirror is looked after: the newest line of the sync's log against what the team allows."""
from __future__ import annotations

import datetime

from daybook.problem import Problem


def check(path: str, newest: str, today: datetime.date, most_days: int | None) -> list[Problem]:
    """Return a problem when the newest run in the log at `path` is older than `most_days`; None allows any age.

    `newest` is its moment, ISO 8601, `` when the log tells of none. Hosts silence schedules of idle
    repositories, so that a mirror can stop without anybody having stopped it.
    """
    if most_days is None:
        return []
    if not newest:
        return [Problem(path, 1, 'sync-age', f'no sync is on record, and mirror.max_age is {most_days}; run daybook sync-notion --apply')]
    days = (today - datetime.date.fromisoformat(newest[:10])).days
    if days <= most_days:
        return []
    return [Problem(path, 1, 'sync-age', f'the last sync was {days} days ago, and mirror.max_age is {most_days}; '
                    'run daybook sync-notion --apply, and look whether its schedule still runs')]
