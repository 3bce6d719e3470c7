"""Repairs of links in one text: wikilinks become links, targets that moved are followed. Every other character stays."""
from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents import markdown
from daybook.documents import tree
from daybook.documents.markdown_scan import Link
from daybook.documents.percent import encoded

_PATH = re.compile(r'[^#?]*')


class Edit(NamedTuple):
    """`text[start:end]` becomes `new`, whose link then has the target `target`."""

    start: int
    end: int
    new: str
    link: Link
    target: str


def wikilink(text: str, link: Link, source: str, path: str, anchor: str = '') -> Edit:
    """Return the edit that makes `[[name|alias]]` a link to the file `path` and its `anchor`."""
    written = text[link.start:link.end].removeprefix('!')
    name, bar, alias = written[2:-2].replace('\\|', '|').partition('|')
    target = encoded(tree.relative(source, path)) + (f'#{anchor}' if anchor else '')
    mark = '!' if text[link.start] == '!' else ''
    return Edit(link.start, link.end, f'{mark}[{(alias if bar else name).strip()}]({target})', link, target)


def moved(text: str, link: Link, source: str, path: str) -> list[Edit]:
    """Return the edits that let `link` lead to the file `path`, query and fragment kept; none when in doubt."""
    old = written_path(link)
    new = f'/{path}' if old.startswith('/') else tree.relative(source, path)
    return retargeted(text, link, new if old.startswith(('./', '../', '/')) else new.removeprefix('./'))


def written_path(link: Link) -> str:
    """Return what a link says before `?` and `#`."""
    written = _PATH.match(link.target)
    assert written is not None
    return written[0]


def retargeted(text: str, link: Link, path: str) -> list[Edit]:
    """Return the edits that write `path`, encoded, where `link` says another; none when in doubt."""
    old = written_path(link)
    target = encoded(path) + link.target[len(old):]
    return [Edit(start, start + len(old), encoded(path), link, target) for start in _PLACES[link.kind](text, link, old)]


def renamed_wikilink(text: str, link: Link, name: str) -> list[Edit]:
    """Return the edit that lets `[[old#heading|words]]` name another file."""
    old = link.target.partition('#')[0]
    start = text.find(old, link.start, link.end)
    return [Edit(start, start + len(old), name, link, name + link.target[len(old):])] if start >= 0 else []


def _inline(text: str, link: Link, old: str) -> list[int]:
    pattern = re.compile(r'\]\(\s*<?(?=' + re.escape(old) + ')')
    found = [match.end() for match in pattern.finditer(text, link.start, link.end)]
    return found[-1:]


def _html(text: str, link: Link, old: str) -> list[int]:
    pattern = re.compile(r'\b(?:href|src|poster|data)\s*=\s*["\']?\s*(?=' + re.escape(old) + r'(?:[#?"\'\s>]|$))', re.IGNORECASE)
    found = [match.end() for match in pattern.finditer(text, link.start, link.end)]
    return found if len(found) == 1 else []


def _definition(text: str, link: Link, old: str) -> list[int]:
    label = text[link.start:link.end].rstrip(']').rpartition('[')[2] or text[link.start:link.end].removesuffix('[]')[1:-1]
    pattern = re.compile(r'^[ >]*\[' + re.escape(label) + r'\]:\s*<?(?=' + re.escape(old) + ')', re.MULTILINE | re.IGNORECASE)
    found = [match.end() for match in pattern.finditer(text)]
    return found if len(found) == 1 else []


_PLACES: dict[str, Callable[[str, Link, str], list[int]]] = {
    'link': _inline, 'image': _inline, 'html': _html, 'reference': _definition, 'autolink': lambda *_: [],
}


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with the edits, in any order; what overlaps an earlier one is left out."""
    parts, position = [], 0
    for edit in sorted(set(edits)):
        if edit.start >= position:
            parts += [text[position:edit.start], edit.new]
            position = edit.end
    return ''.join([*parts, text[position:]])


def is_proven(before: str, after: str, edits: Sequence[Edit]) -> bool:
    """Return whether a parser finds in `after` the links of `before`, but for those of the edits, which it finds mended."""
    expected = {(edit.link.start, edit.link.end): edit.target for edit in edits}
    # one definition mends every link that uses it
    defined = {edit.link.target: edit.target for edit in edits if edit.link.kind == 'reference'}
    wanted = [expected.get((link.start, link.end), defined.get(link.target, link.target) if link.kind == 'reference' else link.target)
              for link in markdown.links(before)]
    return wanted == [link.target for link in markdown.links(after)]
