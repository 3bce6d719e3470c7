"""What the bytes of one document say about its governance, whatever form its header has; kept by blob."""
from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.documents import old_headers
from daybook.documents import zones
from daybook.documents.file_names import stem_of
from daybook.documents.kinds import MARKDOWN
from daybook.documents.kinds import Kind

VERSION = 5  # of what `dump` writes

HEADER = ('entity', 'level', 'zone', 'version', 'tags', 'source_path', 'date')
KEYS = (*HEADER, 'title', 'status', 'owner', 'operator', 'id', 'external_id', 'parent', 'derived_from', 'store', 'review_by',
        'ttl_days', 'reviewed', 'created', 'updated', 'claimed_at', 'supersedes', 'superseded_by', 'summary')
OWN_TIME = ('review_by', 'ttl_days')  # the keys by which a document says itself until when it can be trusted
_OF_TIME = tuple(key.partition('_')[0].encode() for key in OWN_TIME)  # a text without these words has neither, and no footer
_KEY_LINE = re.compile(rf'^(?:[-*+][ \t]+)?["\']?({"|".join(KEYS)})["\']?[ \t]*:', re.MULTILINE)
_BEGINS = frozenset(('entity', 'level', 'zone', 'source_path', 'version'))  # one of these makes bullets a header
_FOOTER = re.compile(r'^[ \t>*_-]*(?:(?:TTL|Next review(?: date)?)[*_ ]*:|Review (?:and update )?by\b)'
                     r'[^\n]{0,200}?(?<![\w/.-])([0-9]{4}-[0-9]{2}-[0-9]{2})(?!_?[^\W_]|-)', re.IGNORECASE | re.MULTILINE)
_FENCE = re.compile(r'^ {0,3}(```|~~~).*?^ {0,3}\1', re.MULTILINE | re.DOTALL)
_CODE = re.compile(r'`[^`\n]*`')
_LINK = re.compile(r'(!?)(?:\[\[([^\[\]\n|#]+)[^\[\]\n]*\]\]|\[[^\[\]\n]*\]\(<?([^()\s<>]+?\.(?:md|markdown|mdx))(?:#[^()\s]*)?>?(?:[ \t]+["\'][^\n]*?)?\))')

FRONTMATTER, LIST, BULLETS, NONE = 'frontmatter', 'list', 'bullets', ''


class Header(NamedTuple):
    """The governed keys of a document, the line of each (from 1), and the form in which they stand.

    `error` tells why what stands there cannot be read, `below` which keys the list below frontmatter alone has.
    """

    form: str
    meta: dict[str, Any]
    lines: dict[str, int]
    error: str = ''
    below: Sequence[str] = ()


class Governed(NamedTuple):
    """A header, the review date in the prose below, and which documents the text links (`True`: embeds), with lines."""

    header: Header
    footer: tuple[str, int] | None
    links: list[tuple[str, int, bool]]


def _from_bullets(data: bytes, offset: int) -> Header:
    """Return what the list of keys says that begins the text at `offset`."""
    meta: dict[str, Any] = {}
    lines: dict[str, int] = {}
    above = data.count(b'\n', 0, offset)
    for key, value, line in old_headers.read(data[offset:][:8000].decode('utf-8', 'replace'), KEYS):
        if key not in meta:
            meta[key], lines[key] = value, above + line
    return Header(BULLETS if _BEGINS.intersection(meta) else NONE, meta, lines)


def _with_bullets(header: Header, data: bytes, offset: int) -> Header:
    """Return frontmatter with the keys that only the list of keys below it has: to fill in a title takes no status away."""
    below = _from_bullets(data, offset)
    more = {key: value for key, value in below.meta.items() if key not in header.meta and (key != 'zone' or zones.is_zone(value))}
    return header._replace(meta={**header.meta, **more}, lines={**below.lines, **header.lines}, below=tuple(more)) if more else header


def _lines(text: str, first: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for match in _KEY_LINE.finditer(text):
        found.setdefault(match[1], first + text.count('\n', 0, match.start()))
    return found


def header_of(data: bytes, parsed: frontmatter.Parsed) -> Header:
    """Return the header of a document: frontmatter, a fenced list of one-key maps, or bullets around the title.

    What frontmatter does not say, such bullets below it still do.
    """
    block = parsed.block
    if block is None:
        if parsed.error:
            return Header(NONE, {}, {}, parsed.error[2])
        return _from_bullets(data, frontmatter.body_offset(data))
    text = data[block.start:block.end].decode('utf-8', 'replace')
    form, meta = FRONTMATTER, parsed.meta
    if parsed.error:
        if parsed.error[1] != 'frontmatter-list':
            return Header(FRONTMATTER, {}, {}, parsed.error[2])
        form, meta = LIST, {}
        from daybook.documents import frontmatter_yaml

        for pair in frontmatter_yaml.read_yaml(data[block.start:block.end])[0] or ():
            meta |= pair
    header = Header(form, meta, _lines(text, 2))
    return _with_bullets(header, data, block.body) if form == FRONTMATTER else header


def _links(body: str, first: int) -> list[tuple[str, int, bool]]:
    if '](' not in body and '[[' not in body:
        return []
    for pattern in (_FENCE, _CODE):
        if '`' in body or '~~~' in body:
            body = pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m[0]), body)
    found: dict[tuple[str, bool], int] = {}
    line, counted = first, 0
    for match in _LINK.finditer(body):
        line, counted = line + body.count('\n', counted, match.start()), match.start()
        target = (match[2] or match[3]).strip()
        if '://' not in target:
            found.setdefault((target, bool(match[1])), line)
    return [(target, line, embeds) for (target, embeds), line in found.items()]


def of_bytes(data: bytes, parsed: frontmatter.Parsed) -> Governed:
    """Return what a document says about its governance."""
    body, first = _body(data, parsed)
    return Governed(header_of(data, parsed), _footer(data, body, first), _links(body, first))


def _body(data: bytes, parsed: frontmatter.Parsed) -> tuple[str, int]:
    offset = parsed.block.body if parsed.block else frontmatter.body_offset(data)
    return data[offset:].decode('utf-8', 'replace'), data.count(b'\n', 0, offset) + 1


def _has_word_of_time(data: bytes) -> bool:
    lowered = data.lower()
    return any(word in lowered for word in _OF_TIME)


def _footer(data: bytes, body: str, first: int) -> tuple[str, int] | None:
    found = _FOOTER.search(body) if _has_word_of_time(data) else None
    return (found[1], first + body.count('\n', 0, found.start(1))) if found else None


def dump(found: Governed, keys: frozenset[str] = frozenset()) -> str:
    """Return a text that keeps `found`, of its keys only those of `keys` and `KEYS`."""
    header = found.header
    meta = {key: value for key, value in header.meta.items() if (key in keys or key in KEYS) and not isinstance(value, dict)}
    return json.dumps([header.form, meta, header.lines, header.error, header.below, found.footer, found.links], separators=(',', ':'))


class Record(NamedTuple):
    """What the checks of governance know of one document; `lines` of its keys count from 1, `footer` is a date and its line."""

    path: str
    kind: str
    form: str
    meta: dict[str, Any]
    lines: dict[str, int]
    error: str
    footer: tuple[str, int] | None
    links: list[tuple[str, int, bool]]

    def line(self, key: str) -> int:
        """Return the line of a key, 1 for one that is not there."""
        return self.lines.get(key, 1)


def load(path: str, kind: Kind, text: str) -> Record:
    """Return the record of the document at `path`, of what `dump` kept."""
    *header, footer, links = json.loads(text)
    return record(path, kind, Governed(Header(*header), footer, links))


def without_links(path: str, kind: Kind, data: bytes, parsed: frontmatter.Parsed) -> Record:
    """Return the record of the document at `path` from its bytes; its links are not looked for."""
    return record(path, kind, Governed(header_of(data, parsed), _footer(data, *_body(data, parsed)), []))


def record(path: str, kind: Kind, found: Governed) -> Record:
    """Return the record of the document at `path`; keys count by their aliases too."""
    header, footer, links = found
    meta, lines, below = dict(header.meta), dict(header.lines), set(header.below)
    for name, others in kind.key_aliases:
        for other in others:
            if other in meta and (name not in meta or name in below and other not in below):
                below.discard(name)
                meta[name], lines[name] = meta[other], lines.get(other, 1)
    return Record(path, kind.name, header.form, meta, lines, header.error, footer, links)


def tells_own_time(record: Record) -> bool:
    """Return whether a document says itself until when it can be trusted: by a key, or by a date in its text."""
    return record.footer is not None or any(key in record.meta for key in OWN_TIME)


def may_tell_own_time(data: bytes, kind: Kind) -> bool:
    """Return False for most documents of which `tells_own_time` is false, by their bytes alone; it costs little."""
    return any(name in OWN_TIME for name, _ in kind.key_aliases) or _has_word_of_time(data)


def has_header(record: Record) -> bool:
    """Return whether a document has any key of the header of governed documents but those that all have."""
    return bool({'entity', 'level', 'zone', 'source_path'}.intersection(record.meta))


_REFERENCE = re.compile(r'\[\[([^\]|#]+)[^\]]*\]\]|\[[^\]]*\]\(<?([^)#>\s]+)[^)]*\)')
_NOBODY = frozenset(('', '-', 'none', 'n/a', 'tbd'))


def texts(value: Any) -> list[str]:
    """Return the names that a key holds, one or a list of them; what stands for nobody is left out."""
    parts = value if isinstance(value, list) else [value]
    return [part.strip() for part in parts if isinstance(part, str) and part.strip().casefold() not in _NOBODY]


def names_of(record: Record) -> set[str]:
    """Return the names by which others may refer to a document besides its path, in folded case."""
    return {name.casefold() for name in (stem_of(record.path), record.meta.get('id'), record.meta.get('external_id')) if isinstance(name, str)}


class Names:
    """Finds documents by path, file name or id, in folded case; those of which only the `paths` are given, by path alone."""

    def __init__(self, records: Iterable[Record], paths: Iterable[str] = ()) -> None:
        self._paths = set(paths)
        self._named: dict[str, list[str]] = {}
        for record in records:
            self._paths.add(record.path)
            for name in names_of(record):
                self._named.setdefault(name, []).append(record.path)

    def find(self, reference: str, source: str) -> list[str]:
        """Return the documents that `reference` may mean in the file `source`: the path exactly, else all of that name."""
        link = _REFERENCE.fullmatch(reference)
        name = (link[1] or link[2]).strip() if link else reference
        folder = posixpath.dirname(source)
        for place in (posixpath.join(folder, name), name.lstrip('/'), posixpath.join(folder, f'{name}.md'), f'{name}.md'):
            path = posixpath.normpath(place)
            if path in self._paths and ('/' in name or path != source):
                return [path]
        stem = name.rsplit('/', 1)[-1]
        stem = stem.rsplit('.', 1)[0] if stem.lower().endswith(MARKDOWN) else stem
        return [path for path in self._named.get(stem.casefold(), ()) if path != source]
