"""Why the link audit and a peer differ on a line: the classes of docs/link-audit.md, by what stands on the line and near it."""
from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Set
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

Places = Set[tuple[str, int]]
_FRAGMENT = re.compile(r'\]\(\s*<?([^)#\s]*)#([^)\s]+)|(?:href|src)="([^"#]*)#([^"]+)"', re.IGNORECASE)
_HEADING = re.compile(r'^ {0,3}#{1,6}[ \t].*|^<h[1-6].*', re.MULTILINE)
_NEAR = 18  # lines by which a peer is off within one block of HTML


@functools.cache
def read(path: Path) -> str:
    """Return the text of a file, an empty one where there is none."""
    return path.read_text(encoding='utf-8', errors='replace') if path.is_file() else ''


class Difference(NamedTuple):
    """A line (from 1) of the file `path` on which one of two reports a link; `lines` is the file, `other` what the other reports."""

    root: Path
    path: str
    line: int
    lines: list[str]
    other: Places

    @property
    def text(self) -> str:
        return self.lines[self.line - 1] if self.line <= len(self.lines) else ''

    def has(self, pattern: str) -> bool:
        return re.search(pattern, self.text, re.IGNORECASE) is not None

    def near(self, pattern: str) -> bool:
        around = self.lines[max(self.line - _NEAR, 0):self.line + _NEAR]
        return any(re.search(pattern, text, re.IGNORECASE) for text in around)

    def anchored(self) -> Iterator[tuple[str, str]]:
        """Yield each fragment of a link on the line, and the text of the page that it leads to."""
        whole = ''.join(self.lines[self.line - 1:self.line + 2]) if self.is_broken() else self.text
        for found in _FRAGMENT.finditer(whole):
            target = found[1] or found[3] or ''
            path = self.root / posixpath.normpath(posixpath.join(posixpath.dirname(self.path), target)) if target else self.root / self.path
            yield unquote(found[2] or found[4]), read(path)

    def headings(self) -> Iterator[str]:
        """Yield the headings of the pages to whose anchors the line links."""
        for _, text in self.anchored():
            yield from _HEADING.findall(text)

    def leads_to_html(self) -> bool:
        """Return whether a tag of a page has the `id` or `name` that the line links to."""
        return any(re.search(rf'\b(?:id|name)\s*=\s*["\']?{re.escape(fragment)}["\'\s/>]', text, re.IGNORECASE) for fragment, text in self.anchored())

    def is_broken(self) -> bool:
        """Return whether a link begins on the line and ends on a later one."""
        return self.has(r'\[[^\]]*$|\]\(\s*$')

    def is_in_frontmatter(self) -> bool:
        return self.lines[0].rstrip() == '---' and self.line <= next(
            (number for number, text in enumerate(self.lines[1:], 2) if text.rstrip() == '---'), 0)

    def is_told_nearby(self) -> bool:
        """Return whether the other reports a line of the same block of HTML."""
        return self.near('<t[dr]|<a |</?d[ltd]>') and any(
            (self.path, number) in self.other for number in range(self.line - _NEAR, self.line + _NEAR + 1))


Test = Callable[[Difference], bool]
ONLY_THERE: dict[str, Test] = {
    '`#top`': lambda d: d.has(r'#top\b'),
    'an anchor that a tag of HTML makes': Difference.leads_to_html,
    'a fragment of a file that is no Markdown': lambda d: d.has(r'\]\([^)\s]*\.(?!md#|markdown#|mdx#)\w+#'),
    'frontmatter': Difference.is_in_frontmatter,
    'an empty target': lambda d: d.has(r'\]\(\s*\)'),
    'a scheme in running text': lambda d: d.has(r'(?:file|scheme):/'),
    'the line of a link in HTML': Difference.is_told_nearby,
    'a no-break space in a heading': lambda d: any('\u00a0' in text for text in d.headings()),
    'a tag written out in a heading': lambda d: d.has(r'\\<'),
    '`{#id}` behind a heading': lambda d: any('{#' in text for text in d.headings()),
    'the anchor of a folder': lambda d: d.has(r'\]\(/[\w/-]+#'),
    'code, in HTML or by its indent': lambda d: d.has(r'\]::') or d.text.startswith('     '),
}
ONLY_HERE: dict[str, Test] = {
    'an image in a heading': lambda d: any('![' in text for text in d.headings()),
    'a backslash in a path': lambda d: d.has(r'(?:\]\(|\]:\s*|=")[^)\s"]*\\[^)\s"]*'),
    '`.mdx`': lambda d: d.path.endswith('.mdx'),
    'a hidden folder': lambda d: d.path.startswith('.') or '/.' in d.path,
    'the line of a link in HTML': Difference.is_told_nearby,
    '`{#id}` behind a heading': lambda d: any('{#' in text for text in d.headings()),
    'dollars, read as mathematics': lambda d: d.near(r'\$'),
}
LESS: dict[str, Test] = {
    'raw HTML': lambda d: d.has(r'(?:href|src)\s*=\s*"(?!/|https?:|mailto:)') or d.has(r'^\s*<d[dt]>'),
    'from the root of the repository': lambda d: d.has(r'\]\(\s*<?/(?!/)|\]:\s*<?/(?!/)|="/(?!/)'),
    'told where the link ends, or the reference is defined': lambda d: d.is_broken() or d.has(r'\]\[[^\]]*\]'),
    'a path of one machine, `~/x`': lambda d: d.has(r'\]\(~/'),
    **ONLY_HERE,
}
TESTS = {'only-lychee': ONLY_THERE, 'not-lychee': ONLY_HERE, 'only-rumdl': ONLY_THERE, 'not-rumdl': LESS, 'only-remark': ONLY_THERE, 'not-remark': LESS}


def class_of(what: str, difference: Difference) -> str:
    """Return the first class that fits, else `not explained`."""
    return next((name for name, test in TESTS.get(what, {}).items() if test(difference)), 'not explained')
