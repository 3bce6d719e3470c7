"""How `sync_status` moves, and writing it into the documents: these four keys and no other byte."""
from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents import frontmatter_edit
from daybook.documents import schema
from daybook.documents.kinds import Kind
from daybook.errors import FatalError
from daybook.mirror.adapter import Row
from daybook.repo import files

KEYS = ('notion_page_id', 'last_synced', 'sync_status', 'sync_error')
STATES = ('', 'pending', 'synced', 'error', 'manual_override')  # `` is no key at all
EVENTS = ('shown', 'failed', 'left')

# docs/mirror.md shows this table. `shown`: the page shows the document; `failed`: it could not be brought to;
# `left`: nothing was tried. Only a person sets or clears manual_override.
MOVES: dict[tuple[str, str], str] = {
    ('', 'shown'): 'synced', ('', 'failed'): 'error', ('', 'left'): '',
    ('pending', 'shown'): 'synced', ('pending', 'failed'): 'error', ('pending', 'left'): 'pending',
    ('synced', 'shown'): 'synced', ('synced', 'failed'): 'error', ('synced', 'left'): 'synced',
    ('error', 'shown'): 'synced', ('error', 'failed'): 'error', ('error', 'left'): 'error',
    ('manual_override', 'shown'): 'manual_override', ('manual_override', 'failed'): 'manual_override',
    ('manual_override', 'left'): 'manual_override',
}


class News(NamedTuple):
    """What a run found out about a document."""

    path: str
    kind: Kind
    event: str
    row: Row | None = None
    reason: str = ''


def changes(meta: Mapping[str, Any], news: News) -> dict[str, Any]:
    """Return the keys to set in a document with the frontmatter `meta`."""
    held = meta.get('sync_status')
    before = held if held in STATES else ''
    after = MOVES[(before or '', news.event)]
    if news.event == 'left' or after == 'manual_override':
        return {}
    if after == 'error':
        return {'sync_status': 'error', 'sync_error': news.reason}
    assert news.row is not None
    found = {'notion_page_id': news.row.page_id, 'sync_status': 'synced', 'last_synced': news.row.get('last_synced') or None}
    if meta.get('sync_error') is not None:
        found['sync_error'] = None
    return found


def edited(data: bytes, news: News) -> bytes:
    """Return the document `data` with the news in it. Raises FatalError where it cannot be edited safely."""
    found = document.from_bytes(news.path, news.kind, data)
    wanted = changes(found.meta, news)
    if not wanted or not frontmatter.find_block(data):
        return data  # a document without frontmatter gets none for this
    return frontmatter_edit.set_keys(data, wanted, schema.property_order(news.kind.name))


def is_only_state(before: bytes, after: bytes, kind: Kind) -> bool:
    """Return whether `after` is `before` with other values of the keys of the sync, and no other byte changed."""
    try:
        meta = frontmatter.parse(after).meta
        given = {key: meta[key] for key in KEYS if key in meta}
        return frontmatter_edit.set_keys(before, given, schema.property_order(kind.name)) == after
    except FatalError:
        return False


def write(root: str, news: Iterable[News]) -> tuple[list[str], list[str]]:
    """Write the news into the documents of the work tree; return the paths written, and what could not be, as words."""
    written, refused = [], []
    for item in news:
        try:
            path = files.inside(root, item.path)
            data = files.read_bytes(path)
            if data is None or os.path.islink(path):
                continue
            after = edited(data, item)
            if after == data:
                continue
            if files.read_bytes(path) != data:
                raise FatalError('changed while this ran; the next run records it')
            files.write_atomic(path, after)
        except (FatalError, OSError) as error:
            refused.append(f'{item.path}: {error}')
        else:
            written.append(item.path)
    return written, refused
