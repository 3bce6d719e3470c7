"""Which documents are stray, doubled, or nobody's: told from names and headers, for a first look at a repository."""
from __future__ import annotations

import re
from collections.abc import Iterable

from daybook.documents import governed
from daybook.documents.file_names import stem_of
from daybook.documents.governed import Header

# keys that nothing but a document of ours has
_TELLING = frozenset(('entity', 'zone', 'source_path', 'review_by', 'ttl_days', 'external_id', 'claimed_at', 'derived_from'))
_PEOPLE = frozenset(('operator', 'owner', 'author', 'authors', 'written by', 'created by', 'prepared by', 'by', '작성자', '作者', 'autor'))
# what is put behind the name of a copy or of a version
_MARK = re.compile(r'(?<![-_. ])[-_. ]*+(?:\(\d{1,3}\)|(?<=[-_. ])(?:copy|kopie|backup|bak|final|old|v\d{1,3}(?:[._-]\d{1,3})*)(?: \d{1,2})?|(?<= )\d)$',
                   re.IGNORECASE)


def is_stray(header: Header, kinds: Iterable[str]) -> bool:
    """Return whether a file outside of every kind has the header of a document."""
    kind = header.meta.get('kind')
    return bool(header.form) and (bool(_TELLING.intersection(header.meta)) or isinstance(kind, str) and kind in kinds)


def is_owned(header: Header, keys: Iterable[str]) -> bool:
    """Return whether a document names somebody, in its header or among the `keys` of an older one."""
    named = any(governed.texts(header.meta.get(key)) for key in ('operator', 'owner'))
    return named or any(key.strip().casefold() in _PEOPLE - {'operator', 'owner'} for key in keys)


def bare_name(path: str) -> str:
    """Return the path without what marks a copy or a version: `a/plan` of `a/plan (1).md` and `a/plan_v01.md`."""
    folder, _, _ = path.rpartition('/')
    name = stem_of(path)
    while shorter := _MARK.sub('', name):
        if shorter == name:
            break
        name = shorter
    return f'{folder}/{name}'
