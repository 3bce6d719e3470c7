"""Rule: a governed document says until when it can be trusted, and somebody looks at it before that day."""
from __future__ import annotations

import datetime
import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents import config
from daybook.documents import review
from daybook.documents.config import Freshness
from daybook.documents.governed import Record
from daybook.problem import Problem


class Due(NamedTuple):
    """When a document is due for a review: an ISO day."""

    day: str
    path: str


class Policy:
    """Which documents must be reviewed, and how many days after the last time; the first rule that fits holds."""

    def __init__(self, rules: Sequence[Freshness]) -> None:
        self._rules = [(frozenset(rule.kinds), self._pattern(rule.paths), rule) for rule in rules]

    def _pattern(self, globs: Collection[str]) -> re.Pattern[str] | None:
        return re.compile('|'.join(f'(?:{config.glob_regex(glob)})$' for glob in globs), re.DOTALL) if globs else None

    def rule(self, path: str, kind: str) -> Freshness | None:
        """Return the rule that holds for a document, or None."""
        for kinds, pattern, rule in self._rules:
            if (not kinds or kind in kinds) and (pattern is None or pattern.match(path)):
                return rule
        return None


def _with_footer(record: Record) -> dict[str, Any]:
    """Return the keys of a document; the date of a `TTL:` line in its text counts where no key names one."""
    if record.footer and 'review_by' not in record.meta and 'ttl_days' not in record.meta:
        return {**record.meta, 'review_by': record.footer[0]}
    return record.meta


def _is_governed(record: Record, rule: Freshness | None) -> bool:
    return rule is not None or record.footer is not None or 'review_by' in record.meta or 'ttl_days' in record.meta


def governed(records: Iterable[Record], policy: Policy) -> list[tuple[Record, Freshness | None]]:
    """Return the documents that must be reviewed, each with its rule; what is closed is none of them."""
    found = []
    for record in records:
        rule = policy.rule(record.path, record.kind)
        if _is_governed(record, rule) and not record.error and not review.is_closed(record.meta):
            found.append((record, rule))
    return found


def check(wanted: Iterable[tuple[Record, Freshness | None]], as_of: str, *, strict: bool) -> list[Problem]:
    """Return what is overdue on the ISO day `as_of` (a warning unless `strict`), and what no date can be found for."""
    found: list[Problem] = []
    for record, rule in wanted:
        wrong = list(_unreadable(record))
        found += wrong or _judged(record, rule, as_of, strict=strict)
    return found


def _unreadable(record: Record) -> Iterator[Problem]:
    by, days = record.meta.get('review_by'), record.meta.get('ttl_days')
    if by is not None and not review.date_of(by):
        yield Problem(record.path, record.line('review_by'), 'freshness-date', f'review_by: no date: {by}; write it as 2026-11-30')
    if days is not None and not review.is_days(days):
        yield Problem(record.path, record.line('ttl_days'), 'freshness-date', f'ttl_days: no number of days: {days}; write it as 90')


def _judged(record: Record, rule: Freshness | None, as_of: str, *, strict: bool) -> list[Problem]:
    meta = _with_footer(record)
    day = review.due(meta, rule.ttl_days if rule else None)
    if not day:
        return [_missing(record, rule)]
    if day >= as_of:
        return []
    late = (datetime.date.fromisoformat(as_of) - datetime.date.fromisoformat(day)).days
    line = record.footer[1] if record.footer and meta is not record.meta else record.line('review_by')
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
    last = review.later(as_of, days)
    found = (Due(review.due(_with_footer(record), rule.ttl_days if rule else None), record.path) for record, rule in wanted)
    return sorted(each for each in found if each.day and each.day <= last)
