"""The links of one Markdown file when documents move: those to them, and where it moves itself all that it says of its place."""
from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from urllib.parse import quote
from urllib.parse import unquote

from daybook.documents import frontmatter
from daybook.documents import frontmatter_edit
from daybook.documents import link_facts
from daybook.documents import markdown
from daybook.documents import tree
from daybook.documents.markdown_scan import Link
from daybook.errors import FatalError
from daybook.rules import link_repair
from daybook.rules.link_repair import Edit
from daybook.rules.links import Names

_NO_PLACE = re.compile(r'file:|[a-z]:[\\/]|\\\\|~/|/(?:Users|home|private|Volumes|mnt|tmp|var)/', re.IGNORECASE)
_LOOKS_LIKE_PATH = re.compile(r'[/.]')
_ENDS = re.compile(rb'\.(?:md|markdown|mdx)(?![\w-])')
_APART = re.compile(rb'[\s`\'"<>()\[\]{}|,;:=*]+')  # what no path holds as people and agents write one into a text
_LONGEST = 1000  # bytes of a path
_PLAIN = re.compile(r'[A-Za-z0-9._~-]+')
_SHORTEST = 3  # characters of a name that are worth looking for
_IN_KEY = re.compile(r'(?P<before>(?:\[\[|\[[^\]]*\]\(<?)?)(?P<path>[^\[\]()<>|#?\s][^\[\]()<>|#?]*)(?P<after>.*)', re.DOTALL)


class Ground(NamedTuple):
    """What moves: new paths by old ones, of files and of folders that go as a whole; all names and folders of before."""

    moves: Mapping[str, str]
    names: Names
    files: frozenset[str]
    folders: frozenset[str]


class Relocated(NamedTuple):
    """The bytes of a file afterwards, the targets of links that changed (old, new), and which moved documents it names."""

    data: bytes
    targets: tuple[tuple[str, str], ...]
    named: frozenset[str]


def mentions(moves: Mapping[str, str], data: bytes) -> list[int]:
    """Return the lines (from 1) in which a text, its links rewritten, still names the old place of a file that moves."""
    lines = set()
    for end in _ENDS.finditer(data):
        word = _APART.split(data[max(0, end.start() - _LONGEST):end.end()])[-1].decode('utf-8', 'replace')
        if re.sub(r'^\.?/', '', word) in moves:
            lines.add(data.count(b'\n', 0, end.start()) + 1)
    return sorted(lines)


def pattern_of(moves: Mapping[str, str]) -> re.Pattern[bytes] | None:
    """Return what every file that links to one of `moves` holds; only then it is worth parsing."""
    words = {word for path in moves for word in _words(posixpath.splitext(posixpath.basename(path))[0])}
    return re.compile(b'|'.join(re.escape(word) for word in sorted(words, reverse=True))) if words else None


def _words(stem: str) -> list[bytes]:
    """Return what stands in every link to a file of this name, whichever of its other characters are percent-encoded."""
    plain = max(_PLAIN.findall(stem), key=len, default='')
    if len(plain) >= _SHORTEST:
        return [plain.encode()]
    return [form.encode('utf-8', 'surrogateescape') for form in (stem, quote(stem, errors='surrogateescape'))]


def _joined(folder: str, written: str) -> str:
    """Return where a path leads from a folder, in as many steps up as it takes."""
    return posixpath.normpath(posixpath.join(folder or '.', written))


def _from(folder: str, path: str) -> str:
    """Return how a file in `folder` names `path`, which may begin with steps up from the root."""
    if path == '..' or path.startswith('../'):
        return '../' * (folder.count('/') + 1 if folder else 0) + path
    return tree.relative(f'{folder}/x' if folder else 'x', '' if path == '.' else path)


def _new_path(ground: Ground, source: str, new_source: str, link: Link) -> tuple[str, str] | None:
    """Return where a link leads before, and how it must be written then; None when it may stay."""
    written = link_repair.written_path(link)
    plain = unquote(written, errors='surrogateescape')
    if not plain or _NO_PLACE.match(plain):
        return None
    is_rooted = plain.startswith('/')
    old = _joined('' if is_rooted else posixpath.dirname(source), plain.lstrip('/') if is_rooted else plain)
    is_known = old in ground.files or old in ground.folders
    if not is_known and (link_facts.is_elsewhere(plain) or not _LOOKS_LIKE_PATH.search(plain)):
        return None
    new = ground.moves.get(old, old)
    if is_rooted:
        return (old, f'/{new}') if new != old else None
    folder = posixpath.dirname(new_source)
    if _joined(folder, plain) == new:
        return None
    path = _from(folder, new)
    if plain.endswith('/') and not path.endswith('/'):
        path += '/'
    return old, path if plain.startswith(('./', '../')) else path.removeprefix('./') or path


def _edits(ground: Ground, source: str, new_source: str, text: str, link: Link) -> tuple[list[Edit], str]:
    """Return the edits of one link, and where it led. Raises FatalError for one that must change and cannot."""
    if link.kind == 'wikilink':
        found = ground.names.find(link.target)
        if len(found) != 1 or found[0] not in ground.moves or '/' not in link.target.partition('#')[0].strip('/'):
            return [], found[0] if len(found) == 1 else ''
        stem, extension = posixpath.splitext(ground.moves[found[0]])
        name = stem + (extension if link.target.partition('#')[0].endswith(extension) else '')
        return link_repair.renamed_wikilink(text, link, name), found[0]
    wanted = _new_path(ground, source, new_source, link)
    if wanted is None:
        return [], ''
    edits = link_repair.retargeted(text, link, wanted[1])
    if not edits:
        raise FatalError(f'{source}:{link.line}: the link to {link.target} cannot be rewritten; mend it by hand')
    return edits, wanted[0]


def _body(ground: Ground, source: str, new_source: str, text: str) -> tuple[str, list[Edit], set[str]]:
    edits: list[Edit] = []
    named: set[str] = set()
    for link in markdown.links(text):
        found, old = _edits(ground, source, new_source, text, link)
        edits += found
        if found and old in ground.moves:
            named.add(old)
    after = link_repair.apply(text, edits)
    if edits and not link_repair.is_proven(text, after, edits):
        raise FatalError(f'{source}: its links cannot be rewritten without changing others; mend them by hand')
    return after, edits, named


def _of_key(ground: Ground, source: str, new_source: str, text: str) -> tuple[str, str]:
    """Return a value of the frontmatter as it must be, and which moved document it names: a path, or a link with one."""
    parts = _IN_KEY.fullmatch(text)
    written = parts['path'].strip() if parts else ''
    if parts is None or '/' not in written and not tree.is_markdown(written) or '://' in written:
        return text, ''
    if written in ground.files:  # from the root
        old, new = written, ground.moves.get(written, written)
    else:
        old = _joined(posixpath.dirname(source), written)
        target = ground.moves.get(old, old)
        if old not in ground.files or _joined(posixpath.dirname(new_source), written) == target:
            return text, ''
        new = _from(posixpath.dirname(new_source), target)
        new = new if written.startswith('.') else new.removeprefix('./')
    named = old if old in ground.moves else ''
    return (text if new == written else parts['before'] + new + parts['after'], named)


def _head(ground: Ground, source: str, new_source: str, data: bytes) -> tuple[bytes, set[str]]:
    """Return the file with the paths in its frontmatter rewritten; where that cannot be proven nothing is."""
    parsed = frontmatter.parse(data)
    changes: dict[str, Any] = {}
    named: set[str] = set()
    for key, value in parsed.meta.items() if parsed.block and not parsed.error else ():
        texts = value if isinstance(value, list) else [value]
        if all(isinstance(text, str) for text in texts):
            pairs = [_of_key(ground, source, new_source, text) for text in texts]
            if [text for text, _ in pairs] != texts:
                changes[key] = [text for text, _ in pairs] if isinstance(value, list) else pairs[0][0]
                named |= {old for _, old in pairs if old}
    return frontmatter_edit.set_keys(data, changes), named


def relocated(ground: Ground, source: str, new_source: str, data: bytes) -> Relocated:
    """Return the Markdown file `source` as it must be at `new_source` when all of `ground` has moved; nothing else changes.

    Raises FatalError, with what to do, where that cannot be proven.
    """
    at = frontmatter.body_offset(data)
    text = data[at:].decode('utf-8', 'replace')
    after, edits, named = _body(ground, source, new_source, text)
    if edits and text.encode() != data[at:]:
        raise FatalError(f'{source} is not UTF-8, and its links would have to change; convert it first')
    changed, more = _head(ground, source, new_source, data[:at] + (after.encode() if edits else data[at:]))
    targets = dict.fromkeys((edit.link.target, edit.target) for edit in edits)
    return Relocated(changed, tuple(targets), frozenset(named | more))
