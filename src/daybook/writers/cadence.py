"""How often what is looked after, as the settings have it: rows of a table."""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence

from daybook.documents.config import Freshness
from daybook.documents.config import Settings
from daybook.writers import inline
from daybook.writers.overview_block import Row

_PUSH = {
    'auto': 'with each hand-off, where the note is alone ahead',
    'own': "with each hand-off, with the operator's other commits",
    'never': 'by hand',
}


def _cell(globs: Sequence[str]) -> str:
    return ', '.join(inline.code(glob).replace('|', '\\|') for glob in globs)


def _reviewed(rule: Freshness) -> Row:
    what = ', '.join(part for part in (' and '.join(f'{kind} documents' for kind in rule.kinds), _cell(rule.paths)) if part)
    days = f'reviewed every {rule.ttl_days} day{"s" * (rule.ttl_days != 1)}' if rule.ttl_days else 'reviewed by the day that each names'
    return Row(what or 'all documents', days)


def rows(settings: Settings) -> Iterator[Row]:
    """Yield the rows: pushes, the mirror, co-changes, reviews."""
    yield Row('notes to the remote', _PUSH[settings.handoff_push])
    if settings.mirror_data_source or settings.mirror_max_age:
        age = settings.mirror_max_age
        yield Row('notes and documents to the mirror', f'at least every {age} day{"s" * (age != 1)}' if age else 'by its job')
    for rule in settings.cochange:
        why = f' ({inline.escaped(rule.why)})'.replace('|', '\\|') if rule.why else ''
        yield Row(_cell(rule.then), f'with every change of {_cell(rule.when)}{why}')
    for review in settings.freshness_rules:
        yield _reviewed(review)
