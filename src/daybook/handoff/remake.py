"""Lines that Daybook generates, put into a text: once at hand-off, again on top of what a peer pushed."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.documents import frontmatter
from daybook.writers import action_log
from daybook.writers import changelog
from daybook.writers import indexes
from daybook.writers import overview_block
from daybook.writers import session_log


def _decode(data: bytes) -> str:
    return data.decode('utf-8', 'surrogateescape')


def _encode(text: str) -> bytes:
    return text.encode('utf-8', 'surrogateescape')


def insert(role: str, entry: Sequence[str], data: bytes) -> bytes:
    """Return the file with the generated entry of `role` (index, overview, log, changelog or actions) in it, all else as it was."""
    if role == 'index':
        return _encode(indexes.insert(_decode(data), indexes.Entry(*entry)))
    if role == 'changelog':
        return _encode(changelog.insert(_decode(data), entry[0]))
    if role == 'actions':
        return _encode(action_log.insert(_decode(data), entry))
    if role == 'overview':
        return _encode(overview_block.with_latest(_decode(data), indexes.Entry(*entry)))
    at = frontmatter.body_offset(data)
    if at == len(data) and data and not data.endswith(b'\n'):  # the fence that closes the head ends the file
        data += b'\n'
        at = len(data)
    return data[:at] + _encode(session_log.insert(_decode(data[at:]), session_log.LogEntry(*entry)))


def merge(role: str, entry: Sequence[str], base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return `theirs` with what we generated since `base`; None when ours holds anything else that is new."""
    if role == 'index':
        if not all(indexes.is_generated(_decode(side)) for side in (ours, theirs)):
            return None
        return _encode(indexes.merge(_decode(base), _decode(ours), _decode(theirs)))
    if role == 'log':
        at = frontmatter.body_offset(theirs)
        sides = (base, ours, theirs)
        bodies = [_decode(side[frontmatter.body_offset(side):]) for side in sides]
        merged = session_log.merge(*bodies)
        is_same_head = base[:frontmatter.body_offset(base)] == ours[:frontmatter.body_offset(ours)]
        return None if merged is None or not is_same_head else theirs[:at] + _encode(merged)
    if role == 'actions':
        rows = action_log.merge(*(_decode(side) for side in (base, ours, theirs)))
        return None if rows is None else _encode(rows)
    if role == 'changelog':
        lines = changelog.merge(*(_decode(side) for side in (base, ours, theirs)))
        return None if lines is None else _encode(lines)
    if insert(role, entry, base) != ours:
        return None
    return insert(role, entry, theirs)
