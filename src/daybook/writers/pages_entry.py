"""What the site says of a document in one row: title, kind, status, people, dates, zone, and whom it names."""
from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.documents import governed
from daybook.documents import markdown
from daybook.documents import review
from daybook.documents import zones
from daybook.documents.document import Document
from daybook.documents.document import title_of
from daybook.documents.file_names import stem_of
from daybook.documents.governed import Record
from daybook.documents.kinds import MARKDOWN
from daybook.documents.review import Policy
from daybook.writers import inline

# what a key may name, by the kinds that it names; none: any kind
REFERENCES: dict[str, tuple[str, ...]] = {
    'workstream': ('workstream',), 'plan': ('plan',), 'blocked_by': ('workstream',), 'supersedes': ('adr', 'plan'),
    'superseded_by': ('adr', 'plan'), 'session': ('session',), 'parent': (), 'derived_from': (),
}
IN_GRAPH = ('plan', 'workstream', 'adr')  # the kinds that the graph of the home page shows
_NOBODY = frozenset(('', '-', 'none', 'n/a', 'tbd'))
_LINK = re.compile(r'\[\[([^\]|#]+)[^\]]*\]\]|\[[^\]]*\]\(<?([^)#>\s]+)[^)]*\)')
_NUMBER = re.compile(r'(?:(?:adr|plan)[-_ ]?)?0*([0-9]{1,5})(?=$|[-_. ])', re.IGNORECASE)
_DATE = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')
# `2026-11-20` or `20261120` anywhere, `261120` between what is neither letter nor digit, as ids have it
_NAME_DATE = re.compile(r'(?<![0-9])20([0-9]{2})(-?)([0-9]{2})\2([0-9]{2})(?![0-9])|(?<![^\W_])([0-9]{2})([0-9]{2})([0-9]{2})(?![^\W_])')
_VERSION = re.compile(r'[-_ ]v[0-9]+(?:[._-][0-9]+)*$', re.IGNORECASE)
# the headers that notes had before frontmatter: `- zone: private`, `**Zone:** private`, `| zone | private |`
_OLD_ZONE = re.compile(r'^[ \t>*|_#-]*zone[ \t*_|]*[:|][ \t*_|`"\']*([a-z]+)', re.IGNORECASE | re.MULTILINE)
_SECTION = re.compile(r'^(?:##[ \t]|```|~~~)', re.MULTILINE)
_HEADER = 4000  # characters of a document in which such a header stands


class Entry(NamedTuple):
    """One document as others show it. `zone` is its own step of the ladder; `names` are the names it goes by."""

    path: str
    kind: str
    title: str
    status: str
    people: list[str]
    tags: list[str]
    created: str
    updated: str
    due: str
    summary: str
    zone: int
    names: list[str]
    references: dict[str, list[str]]

    @property
    def mini(self) -> list[str]:
        """What a list of links shows."""
        return [self.kind, self.title, self.status, self.updated or self.created]


def texts(value: Any, limit: int = 200) -> list[str]:
    """Return the words of a key that holds one or several, each on one line."""
    parts = value if isinstance(value, list) else [value]
    plain = (str(part) for part in parts if isinstance(part, (str, int, float)) and not isinstance(part, bool))
    return [flat[:limit] for part in plain if (flat := inline.one_line(part))]


def text(value: Any, limit: int = 200) -> str:
    """Return the first of the words of a key, or nothing."""
    return next(iter(texts(value, limit)), '')


def _summary(value: Any) -> str:
    """Return a summary as readers see it; what has no link is most likely plain, and `Vec<T>` no tag."""
    found = text(value, 600)
    return inline.one_line(markdown.plain_text(found)) if '](' in found else found


def _date(value: Any) -> str:
    found = _DATE.match(value) if isinstance(value, str) else None
    return found.group() if found else ''


def _date_in_name(stem: str) -> str:
    """Return the first day that a file name holds, or nothing."""
    import datetime  # most documents say it themselves

    for found in _NAME_DATE.finditer(stem):
        year, month, day = (found[1], found[3], found[4]) if found[1] else (found[5], found[6], found[7])
        try:
            return datetime.date(2000 + int(year), int(month), int(day)).isoformat()
        except ValueError:  # no such day
            continue
    return ''


def _created(document: Document) -> str:
    return _date(document.meta.get('created')) or _date(document.meta.get('date')) or _date_in_name(document.stem)


def _zone(document: Document, default: str, folders: Mapping[str, str]) -> int:
    if document.parsed.error or frontmatter.is_unclosed(document.data):
        return zones.TOP  # what it says of its zone cannot be read
    if document.meta.get('zone') is not None:
        return zones.combined(zones.step(document.meta['zone']), document.path, default, folders)
    own = zones.combined(None, document.path, default, folders)
    text = document.body[:_HEADER]
    if document.parsed.block:  # which was filled in without it; further down may be an example
        text = _SECTION.split(text, maxsplit=1)[0]
    found = _OLD_ZONE.search(text)
    return max(own, zones.step(found[1])) if found and (zones.is_zone(found[1]) or not document.parsed.block) else own


def name_of(reference: str) -> str:
    """Return the name under which `[[x|words]]`, `[words](path/x.md)`, `path/x.md`, `ADR-7` or `x` is looked up."""
    link = _LINK.fullmatch(reference)
    name = (link[1] or link[2]).strip() if link else reference
    if '/' in name or name.endswith(MARKDOWN):
        name = stem_of(name)
    number = _NUMBER.fullmatch(name)
    return f'#{number[1]}' if number else name.casefold()


def _names(document: Document) -> Iterator[str]:
    # as they stand, and as `name_of` looks for them: a workstream may be called `2024`
    for name in (document.stem, text(document.meta.get('id')), text(document.meta.get('external_id'))):
        yield from (name.casefold(), name_of(name))
    number = _NUMBER.match(document.stem)
    if number and document.kind.name in ('adr', 'plan'):
        yield f'#{number[1]}'
    if _VERSION.search(document.stem):
        yield series_of(document.path)


def series_of(path: str) -> str:
    """Return the name that all versions (`policy_v01.md`, `policy_v02.md`) of one document share."""
    folder, _, _ = path.rpartition('/')
    return f'{folder}/{_VERSION.sub("", stem_of(path))}/*'.casefold()


def _references(document: Document, record: Record) -> dict[str, list[str]]:
    """Return whom a document names; what is above it counts in whatever form its header has, as `check-zones` counts it."""
    meta = {**{key: record.meta[key] for key in zones.ABOVE if key in record.meta}, **document.meta}
    found = {}
    for key in REFERENCES:
        named = [part for part in texts(meta.get(key)) if part.casefold() not in _NOBODY]
        if named:
            found[key] = named
    return found


def _due(record: Record, policy: Policy) -> str:
    """Return the day of the next review as check-freshness counts it; none for what is closed."""
    return next((review.day_of(*one) for one in review.governed([record], policy)), '')


def make(document: Document, default_zone: str, folders: Mapping[str, str], policy: Policy = Policy(())) -> Entry:
    """Return the entry of a document; one without a zone has that of its folder, else `default_zone`.

    `policy` tells when it is due for a review.
    """
    meta, created = document.meta, _created(document)
    record = governed.without_links(document.path, document.kind, document.data, document.parsed)
    updated = _date(meta.get('updated')) or _date(meta.get('ended_at'))
    return Entry(
        document.path, document.kind.name, inline.one_line(title_of(document))[:300] or document.stem,
        text(meta.get('status'), 60), texts(meta.get('operator') or meta.get('owner'), 80), texts(meta.get('tags'), 60),
        created, updated, _due(record, policy), _summary(meta.get('summary')),
        _zone(document, default_zone, folders), sorted(set(_names(document)) - {''}), _references(document, record),
    )
