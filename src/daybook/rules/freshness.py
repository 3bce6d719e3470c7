"""Rule: a governed document says until when it can be trusted, and somebody looks at it before that day."""
from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from daybook.documents import review
from daybook.documents.config import Freshness
from daybook.documents.governed import Record
from daybook.documents.review import Due
from daybook.problem import Problem


def check(wanted: Iterable[tuple[Record, Freshness | None]], as_of: str, *, strict: bool) -> list[Problem]:
    """Return what is overdue on the ISO day `as_of` (a warning unless `strict`), and what no date can be found for."""
    found: list[Problem] = []
    for record, rule in wanted:
        wrong = list(_unreadable(record))
        found += wrong or _judged(record, rule, as_of, strict=strict)
    return found


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)  # with the quotes that may be what is wrong


def _unreadable(record: Record) -> Iterator[Problem]:
    by, days = record.meta.get('review_by'), record.meta.get('ttl_days')
    if by is not None and not review.date_of(by):
        yield Problem(record.path, record.line('review_by'), 'freshness-date', f'review_by: no date: {_shown(by)}; write it as 2026-11-30')
    if days is not None and not review.is_days(days):
        yield Problem(record.path, record.line('ttl_days'), 'freshness-date', f'ttl_days: no number of days: {_shown(days)}; write it as 90')


def _judged(record: Record, rule: Freshness | None, as_of: str, *, strict: bool) -> list[Problem]:
    day = review.day_of(record, rule)
    if not day:
        return [_missing(record, rule)]
    if day >= as_of:
        return []
    late = (datetime.date.fromisoformat(as_of) - datetime.date.fromisoformat(day)).days
    line = record.footer[1] if record.footer and review.is_by_footer(record) else record.line('review_by')
    return [Problem(record.path, line, 'freshness-overdue',
                    f'a review was due on {day}, {late} day{"s" * (late != 1)} ago; read it, mend it, then run '
                    '`daybook reviewed` on it', 'error' if strict else 'warning')]


def _missing(record: Record, rule: Freshness | None) -> Problem:
    has_days = review.is_days(record.meta.get('ttl_days')) or rule is not None and rule.ttl_days is not None
    words = ('nothing tells from when its days run; `daybook reviewed` on it adds the date' if has_days
             else 'nothing tells until when it can be trusted; add `review_by: YYYY-MM-DD` or `ttl_days: 90`')
    return Problem(record.path, record.line('ttl_days'), 'freshness-missing', words)


def due(wanted: Iterable[tuple[Record, Freshness | None]], as_of: str, days: int) -> list[Due]:
    """Return what is overdue, or due within `days` days of the ISO day `as_of`, the oldest first."""
    return review.due_within((Due(review.day_of(record, rule), record.path) for record, rule in wanted), as_of, days)
