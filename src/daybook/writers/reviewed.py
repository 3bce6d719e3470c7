"""The stamp of a review: the day on which somebody vouched for a document, in the form that its header has."""
from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.documents import frontmatter
from daybook.documents import frontmatter_edit
from daybook.documents import governed
from daybook.documents import review
from daybook.errors import FatalError


def changes(meta: Mapping[str, object], footer: str, today: str, *, until: str | None, ttl_days: int | None) -> dict[str, str]:
    """Return the keys to set: `reviewed`, and `review_by` where a day of its own has been or is asked for.

    `footer` is the day in a `TTL:` line of the text, `ttl_days` what folder or kind give. Raises FatalError when
    nothing tells the next day.
    """
    found = {'reviewed': today}
    own = meta.get('ttl_days')
    days = own if review.is_days(own) else ttl_days
    named = review.date_of(meta.get('review_by')) or ('' if review.is_days(own) else footer)
    if until:
        return {**found, 'review_by': until}
    if named and days:
        return {**found, 'review_by': review.later(today, int(str(days)))}
    if named and named <= today or not named and not days:
        raise FatalError('nothing tells when the next review is due; give it with `--until YYYY-MM-DD`')
    return found


def stamp(data: bytes, wanted: Mapping[str, str | list[str]], order: Sequence[str]) -> bytes:
    """Return a document with the keys `wanted` set in its header, and every other byte as it was.

    Raises FatalError when it has no header, one that cannot be read, or one that cannot hold what is wanted.
    """
    header = governed.header_of(data, frontmatter.parse(data))
    if header.error:
        raise FatalError(f'{header.error}; mend it first')
    if header.form == governed.NONE:
        raise FatalError('it has no header; `daybook backfill-frontmatter` adds one')
    if header.form == governed.FRONTMATTER:
        return frontmatter_edit.set_keys(data, wanted, order)
    plain = {key: value for key, value in wanted.items() if isinstance(value, str)}
    if len(plain) < len(wanted):
        raise FatalError('only frontmatter holds a list; `daybook backfill-frontmatter --convert` makes it from such a header')
    edited = _with_bullets(data, header, plain)
    again = governed.header_of(edited, frontmatter.parse(edited))
    if again.form != header.form or again.meta != {**header.meta, **wanted}:
        raise FatalError('its header cannot be changed without touching other lines; edit it by hand')
    return edited


def _with_bullets(data: bytes, header: governed.Header, wanted: Mapping[str, str]) -> bytes:
    lines = data.splitlines(keepends=True)
    last = max(header.lines.values()) - 1
    pattern = re.match(rb'([-*+][ \t]+(?:\*\*)?)[^:*]*((?:\*\*)?[ \t]*:(?:\*\*)?[ \t]*)', lines[last])
    if pattern is None:
        missing = ', '.join(f'`{key}: {value}`' for key, value in wanted.items())
        raise FatalError(f'its header is no list of bullets; add {missing} to it by hand')
    end = re.search(rb'\r?\n?$', lines[last])
    newline = (end[0] if end else b'') or b'\n'
    for key, value in wanted.items():
        line = pattern[1] + key.encode() + pattern[2] + value.encode() + newline
        if key in header.lines:
            at = header.lines[key] - 1
            lines[at] = re.sub(rb':(\**[ \t]*)[^\r\n]*', lambda m: b':' + m[1] + value.encode(), lines[at], count=1)
        else:
            lines[last] = lines[last].rstrip(b'\r\n') + newline
            lines.insert(last + 1, line)
            last += 1
    return b''.join(lines)
