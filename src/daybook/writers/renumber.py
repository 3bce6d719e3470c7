"""A new id for a note: its file name, its keys, and every link that leads to it, with no other byte changed."""
from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from urllib.parse import quote
from urllib.parse import unquote

from daybook.documents import frontmatter
from daybook.documents import frontmatter_edit
from daybook.documents import markdown
from daybook.documents import markdown_scan
from daybook.errors import FatalError
from daybook.writers import indexes

_DEFINITION = re.compile(r'^[ >]*\[[^\]\n]+\]:[ \t]*(?:\n[ \t]*)?<?(?P<target>[^\s<>]+)', re.MULTILINE)
_REFERRING = ('session', 'parent', 'derived_from', 'supersedes', 'superseded_by')  # keys that may name a note
_IN_KEY = re.compile(r'(?P<before>(?:\[\[|\[[^\]]*\]\(<?)?)(?P<name>[^\[\]()<>|#?\s][^\[\]()<>|#?]*)(?P<after>.*)', re.DOTALL)
_SURROGATE = re.compile('[\ud800-\udfff]')


class Move(NamedTuple):
    """One note before and after: paths relative to the root, and ids.

    `is_only` when no other file has its name, `is_only_id` when no other note has its id.
    """

    path: str
    id: str
    new_path: str
    new_id: str
    is_only: bool = True
    is_only_id: bool = True


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def move_of(path: str, old: str, new: str, *, is_only: bool = True, is_only_id: bool = True) -> Move:
    """Return the move of the note at `path` from the id `old` to `new`; the folder and the slug are kept."""
    folder, name = posixpath.split(path)
    stem, extension = posixpath.splitext(name)
    slug = stem[len(old):] if stem.casefold() == old.casefold() or stem.casefold().startswith(f'{old.casefold()}-') else ''
    return Move(path, old, posixpath.join(folder, new + slug + extension), new, is_only, is_only_id)


def may_name(move: Move, data: bytes) -> bool:
    """Return whether a file may link to the note, or name it; only then it is worth parsing."""
    return any(word.encode() in data for word in _words(move))


def _words(move: Move) -> dict[str, str]:
    """Return what stands for the note in a link, the longest first, and what will."""
    pairs = ((posixpath.basename(move.path), posixpath.basename(move.new_path)),
             (_stem(move.path), _stem(move.new_path)), (move.id, move.new_id))
    words = {form(old): new for form in (str, quote) for old, new in pairs}
    return {old: words[old] for old in sorted(words, key=len, reverse=True)}


def _leads_to(source: str, target: str, path: str) -> bool:
    """Return whether a link of the file `source` leads to `path`: relative, or from the root with `/` as hosts read it."""
    written = re.split('[#?]', target, maxsplit=1)[0]
    base = '' if written.startswith('/') else posixpath.dirname(source)
    return any(posixpath.normpath(posixpath.join(base, form.lstrip('/') or '.')) == path
               for form in (written, unquote(written)))


def _names_note(source: str, target: str, path: str, *, is_only: bool) -> bool:
    """Return whether a wikilink means the note at `path`: by its stem, or by a path with or without extension."""
    written = target.partition('#')[0].strip()
    bare = written.removesuffix('.md')
    if '/' not in bare:
        return is_only and bare == _stem(path)
    stem = posixpath.splitext(path)[0]
    return bare == stem or _leads_to(source, bare, stem)


def _is_inbound(link: markdown_scan.Link, source: str, path: str, *, is_only: bool) -> bool:
    if link.kind == 'wikilink':
        return _names_note(source, link.target, path, is_only=is_only)
    return _leads_to(source, link.target, path)


def _parsed(body: str) -> list[markdown_scan.Link]:
    return markdown.links(_SURROGATE.sub('\ufffd', body))  # one for one: offsets stay


def _spans(body: str, links: Sequence[markdown_scan.Link], source: str, path: str, *, is_only: bool) -> list[tuple[int, int]]:
    inbound = [link for link in links if _is_inbound(link, source, path, is_only=is_only)]
    spans = [(link.start, link.end) for link in inbound]
    if any(link.kind == 'reference' for link in inbound):
        spans += [match.span() for match in _DEFINITION.finditer(body) if _leads_to(source, match['target'], path)]
    return spans


def _replaced(text: str, spans: Sequence[tuple[int, int]], words: dict[str, str]) -> str:
    pattern = re.compile(rf'(?<![0-9A-Za-z])(?:{"|".join(map(re.escape, words))})(?![0-9A-Za-z])')
    found = {match.start(): match for start, end in spans for match in pattern.finditer(text, start, end)}
    parts, done = [], 0
    for start, match in sorted(found.items()):
        if start >= done:
            parts += [text[done:start], words[match.group()]]
            done = match.end()
    return ''.join(parts) + text[done:]


def relinked(data: bytes, source: str, new_source: str, move: Move) -> tuple[bytes, int]:
    """Return the Markdown file with its links to the note rewritten, words of the link included, and their number.

    `source` is where the file is, `new_source` where it will be. Raises FatalError when a link
    would not lead to the new place, as one through a folder that has the id for a name.
    """
    at = frontmatter.body_offset(data)
    body = data[at:].decode('utf-8', 'surrogateescape')
    links = _parsed(body)
    spans = _spans(body, links, source, move.path, is_only=move.is_only)
    if not spans:
        return data, 0
    text = _replaced(body, spans, _words(move))
    wanted = [_is_inbound(link, source, move.path, is_only=move.is_only) for link in links]
    now = [_is_inbound(link, new_source, move.new_path, is_only=True) for link in _parsed(text)]
    if len(now) != len(wanted) or any(want and not has for want, has in zip(wanted, now)):
        raise FatalError(f'cannot rewrite the links of {source} to {move.path}; mend them by hand')
    return data[:at] + text.encode('utf-8', 'surrogateescape'), sum(wanted)


def _renamed(text: str, source: str, move: Move, *, is_linked: bool) -> str:
    """Return what stands in a key as it must be when it names the note: by id, by name, by path, or in a link."""
    parts = _IN_KEY.fullmatch(text)
    if parts is None:
        return text
    written = parts['name'].strip()
    plain = {move.id.casefold(): (move.new_id, move.is_only_id), _stem(move.path).casefold(): (_stem(move.new_path), move.is_only)}
    new, is_certain = plain.get(written.removesuffix('.md').casefold(), ('', True))
    if not new or not (is_certain or is_linked):
        if not any(posixpath.normpath(posixpath.join(base, written)) == move.path for base in ('', posixpath.dirname(source))):
            return text
        return _replaced(text, [(0, len(text))], _words(move))
    words = [_replaced(part, [(0, len(part))], _words(move)) for part in (parts['before'], parts['after'])]
    return words[0] + new + ('.md' if written.endswith('.md') else '') + words[1]


def referring(data: bytes, source: str, move: Move, *, is_linked: bool) -> tuple[bytes, int]:
    """Return another document with the keys of its head that name the note set anew, and how many these are.

    A name that several notes have means this one where the text of the document links to it (`is_linked`).
    Raises FatalError, with the path `source`, when the head cannot be edited.
    """
    changes: dict[str, Any] = {}
    meta = frontmatter.parse(data).meta
    for key in _REFERRING:
        value = meta.get(key)
        texts = value if isinstance(value, list) else [value]
        now = [_renamed(text, source, move, is_linked=is_linked) if isinstance(text, str) else text for text in texts]
        if now != texts:
            changes[key] = now if isinstance(value, list) else now[0]
    try:
        return (frontmatter_edit.set_keys(data, changes) if changes else data), len(changes)
    except FatalError as error:
        raise FatalError(f'{source}: {error}') from error


def index(data: bytes) -> bytes:
    """Return an INDEX.md with its lines in order again when it is generated, else as it is."""
    text = data.decode('utf-8', 'surrogateescape')
    return indexes.merge(text, text, text).encode('utf-8', 'surrogateescape') if indexes.is_generated(text) else data


def note(data: bytes, move: Move, order: Sequence[str]) -> bytes:
    """Return the note with the keys that name it set anew: `id` always, the others where they held the old name."""
    meta = frontmatter.parse(data).meta
    named = {move.id: move.new_id, _stem(move.path): _stem(move.new_path), move.path: move.new_path}
    changes: dict[str, Any] = {'id': move.new_id} if 'id' in meta else {}
    for key in ('external_id', 'source_path'):
        if isinstance(meta.get(key), str) and meta[key] in named:
            changes[key] = named[meta[key]]
    return frontmatter_edit.set_keys(data, changes, order)


def mentions(data: bytes, move: Move) -> list[int]:
    """Return the lines, from 1, on which the old id still stands: words that only a person may change."""
    pattern = re.compile(rf'(?<![0-9A-Za-z]){re.escape(move.id)}(?![0-9A-Za-z])')
    lines = data.decode('utf-8', 'replace').split('\n')
    return [number for number, line in enumerate(lines, 1) if pattern.search(line)]
