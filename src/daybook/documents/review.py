"""When a document is due for a review, its own date or days from when somebody last vouched for it; and which are over.

Check, pages and `resume` all go by `Policy` and `day_of`; they, the link audit and the indexes by `is_over`.
"""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

from daybook.documents import globs
from daybook.documents.config import Freshness
from daybook.documents.governed import OWN_TIME
from daybook.documents.governed import Record
from daybook.documents.governed import may_tell_own_time
from daybook.documents.governed import tells_own_time
from daybook.documents.governed import without_links
from daybook.documents.kinds import is_stub

if TYPE_CHECKING:
    from daybook.documents.document import Document

# somebody vouched for the whole text, or at least touched it; the first that is a date counts
SINCE = ('reviewed', 'updated', 'date', 'created')
_SIGNS = re.compile(r'^\W+')  # before the words of a status: `✅ Done`, `**Archived**`
_DATE = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')
_OVER = frozenset(('abandoned', 'archived', 'canceled', 'cancelled', 'closed', 'complete', 'completed', 'deprecated', 'done',
                   'dropped', 'obsolete', 'rejected', 'resolved', 'retired', 'shipped', 'superseded', 'wontfix'))


class Due(NamedTuple):
    """When a document is due for a review: an ISO day."""

    day: str
    path: str


def date_of(value: Any) -> str:
    """Return the ISO day at the start of `value`, `` when it begins with none that the calendar has."""
    found = _DATE.match(value) if isinstance(value, str) else None
    if found is None:
        return ''
    import datetime  # most documents name no day of a review

    try:
        return datetime.date.fromisoformat(found.group()).isoformat()
    except ValueError:
        return ''


def since(meta: Mapping[str, Any]) -> str:
    """Return the day from which a document's time runs, `` when it names none."""
    return next((day for key in SINCE if (day := date_of(meta.get(key)))), '')


def is_days(value: Any) -> bool:
    """Return whether `value` is a number of days that a document may be left alone."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100_000


def later(day: str, days: int) -> str:
    """Return the day `days` days after an ISO day; the last of the calendar when it ends before."""
    import datetime

    try:
        return (datetime.date.fromisoformat(day) + datetime.timedelta(days)).isoformat()
    except OverflowError:
        return datetime.date.max.isoformat()


def due(meta: Mapping[str, Any], ttl_days: int | None = None) -> str:
    """Return the day on which a review is due, `` when nothing tells.

    `review_by` wins over the document's own `ttl_days`, and that over `ttl_days`, which its folder or kind has.
    """
    own = date_of(meta.get('review_by'))
    if own:
        return own
    days = meta.get('ttl_days') if is_days(meta.get('ttl_days')) else ttl_days
    begun = since(meta)
    return later(begun, days) if begun and days else ''


def due_within(found: Iterable[Due], as_of: str, days: int) -> list[Due]:
    """Return what is overdue, or due within `days` days of the ISO day `as_of`, the oldest first; no day is never due."""
    last = later(as_of, days)
    return sorted(each for each in found if each.day and each.day <= last)


def first_word(status: Any) -> str:
    """Return the first word of a `status` in folded case, without signs: `✅ Done (in May)` is `done`; `` for none."""
    return re.split(r'[^a-z]+', _SIGNS.sub('', status.casefold()), maxsplit=1)[0] if isinstance(status, str) else ''


def is_over(status: Any) -> bool:
    """Return whether a `status` says that a document, or the work in it, is over."""
    return first_word(status) in _OVER


def is_closed(meta: Mapping[str, Any]) -> bool:
    """Return whether nobody need keep a document true any more: it is over by its status, or names what supersedes it."""
    superseded = meta.get('superseded_by')
    return is_over(meta.get('status')) or bool(superseded) and superseded not in ('-', 'none', 'n/a')


class Policy:
    """Which documents must be reviewed, and how many days after the last time; the first rule that fits holds."""

    def __init__(self, rules: Sequence[Freshness]) -> None:
        self._rules = [(frozenset(rule.kinds), self._pattern(rule.paths), rule) for rule in rules]

    def _pattern(self, paths: Collection[str]) -> re.Pattern[str] | None:
        return re.compile('|'.join(f'(?:{globs.glob_regex(glob)})$' for glob in paths), re.DOTALL) if paths else None

    def rule(self, path: str, kind: str) -> Freshness | None:
        """Return the rule that holds for a document, or None."""
        for kinds, pattern, rule in self._rules:
            if (not kinds or kind in kinds) and (pattern is None or pattern.match(path)):
                return rule
        return None


def is_by_footer(record: Record) -> bool:
    """Return whether the date of a `TTL:` line in the text counts: no key names one."""
    return record.footer is not None and not any(key in record.meta for key in OWN_TIME)


def governed(records: Iterable[Record], policy: Policy) -> list[tuple[Record, Freshness | None]]:
    """Return the documents that must be reviewed, each with its rule; what is closed is none of them, nor a claim that nobody has filled."""
    found = []
    for record in records:
        rule = policy.rule(record.path, record.kind)
        if (rule or tells_own_time(record)) and not (record.error or is_closed(record.meta) or is_stub(record.kind, record.meta)):
            found.append((record, rule))
    return found


def day_of_document(document: Document, policy: Policy) -> str:
    """Return the day on which a document is due for a review, `` when it is not governed or nothing tells."""
    if not may_tell_own_time(document.data, document.kind) and not policy.rule(document.path, document.kind.name):
        return ''  # as most of many
    record = without_links(document.path, document.kind, document.data, document.parsed)
    return next((day_of(*one) for one in governed([record], policy)), '')


def day_of(record: Record, rule: Freshness | None) -> str:
    """Return the day on which a governed document is due for a review, `` when nothing tells."""
    if record.footer and is_by_footer(record):
        return date_of(record.footer[0])
    return due(record.meta, rule.ttl_days if rule else None)
