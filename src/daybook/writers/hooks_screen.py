"""What the first screen says that each hook would do."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daybook.writers import governance_screen
from daybook.writers.screen_lines import counted
from daybook.writers.screen_lines import cut
from daybook.writers.screen_lines import shortened
from daybook.writers.screen_lines import some


def _would_index(index: Mapping[str, Any]) -> str:
    if index['when'] == 'never':
        return 'nothing: `indexes.when` is never'
    where = ' on the default branch' if index['when'] == 'default-branch' else ''
    parts = [f'would write {index["write"]:,} INDEX.md{where}' if index['write'] else 'no INDEX.md to add']
    if index['keep']:
        parts.append(f'keeps {index["keep"]:,}')
    if index['left_alone']:
        parts.append('left alone: ' + some([shortened(path, 36) for path in index['left_alone']], 1))
    return '; '.join(parts)


def _would_validate(valid: Mapping[str, Any], outside: int) -> str:
    table = (('fits', 'fit'), ('lacks_keys', 'do not fit'), ('broken', 'unreadable'),
             ('convertible', 'with a list for a header'), ('without', 'without frontmatter'))
    states = ', '.join(f'{valid[key]:,} {words}' for key, words in table if valid[key])
    start = f'{counted(valid["documents"], "document")}: {states}' if valid['documents'] else 'no document'
    return f'{start}; {outside:,} outside'


def _would_fill(fill: Mapping[str, Any]) -> str:
    parts = [f'would add a header to {counted(fill["add"], "document")}'] if fill['add'] else []
    if fill['keys']:
        parts.append(f'would add keys to {fill["keys"]:,}' + ('' if fill['add'] else f' document{"s" * (fill["keys"] > 1)}'))
    if fill['convertible']:
        parts.append(f'would convert {fill["convertible"]:,} when asked')
    if fill['refused']:
        parts.append(f'{fill["refused"]:,} left to you')
    return '; '.join(parts) or 'nothing to add'


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return a line for each hook, below a heading."""
    hooks = report['hooks']
    links = hooks['audit-links']
    dead = f'would report {counted(links["dead"], "dead link")} in {counted(links["files"], "file")}'
    rows = (
        ('validate-frontmatter', _would_validate(hooks['validate-frontmatter'], report['markdown']['outside'])),
        ('regen-indexes', _would_index(hooks['regen-indexes'])),
        ('audit-links', dead if links['dead'] else 'no dead link'),
        ('backfill-frontmatter', _would_fill(hooks['backfill-frontmatter'])),
        *governance_screen.hooks(hooks),
        ('handoff', f'would write notes to {hooks["handoff"]["folder"]}/ and commit those paths only'),
    )
    return ['', 'what each hook would do here', *(cut(f'  {name:<22}{text}') for name, text in rows)]
