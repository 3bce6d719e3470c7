"""Where relative links lead: a quick test that clears most files before anybody parses them."""
from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from urllib.parse import unquote

from daybook.documents import destination

# each begins with what is rare in a text, which is what makes a search fast (re looks for literal prefixes)
_INLINE = re.compile(r'\]\(\s*<?([^\s<>)]*)')
_REFERENCE = re.compile(r'\]:\s*<?([^\s<>]+)')
_HTML = re.compile(r'(?:ref|src|REF|SRC|Ref|Src)\s*=\s*["\']?([^\s"\'>]+)')
_NOT_RELATIVE = re.compile(r'[a-z][a-z0-9+.-]*:|//|[{<$%#?]|$', re.I)
_LINES = re.compile(r':\d+(?:[-:,]\d+)*$')

DEAD, LINE, CASE = 'dead', 'line-number', 'letter-case'
OUTSIDE, ABSOLUTE, ROUTE = 'outside', 'absolute-path', 'site-route'


class Known:
    """The tracked files and folders of a repository, asked many times; below `opaque` paths anything may be."""

    def __init__(self, files: Iterable[str], opaque: Iterable[str] = ()) -> None:
        self.paths = set(files)
        for path in list(self.paths):
            folder = path.rpartition('/')[0]
            while folder and folder not in self.paths:
                self.paths.add(folder)
                folder = folder.rpartition('/')[0]
        self.paths.add('.')
        self._opaque = tuple(f'{path}/' for path in opaque)
        self._folded: set[str] | None = None

    def has(self, path: str) -> bool:
        """Return whether `path` is tracked, or lies where git does not look (a submodule, a linked folder)."""
        return path in self.paths or path.startswith(self._opaque)

    def has_in_other_case(self, path: str) -> bool:
        """Return whether only upper and lower case keep `path` from being found."""
        if self._folded is None:
            self._folded = {known.casefold() for known in self.paths}
        return path.casefold() in self._folded


def _resolved(source: str, target: str) -> str:
    base = '' if target.startswith('/') else posixpath.dirname(source)
    return posixpath.normpath(posixpath.join(base, target.lstrip('/') or '.'))


def is_relative(target: str) -> bool:
    """Return whether `target` names a file: no URL, no bare anchor, no placeholder of a template."""
    return not _NOT_RELATIVE.match(target)


def fault(source: str, target: str, known: Known) -> str | None:
    """Return what is wrong with a relative link of the file `source`, or None when it resolves.

    One of DEAD, LINE (a file, with `:12` behind it), CASE, OUTSIDE (of the repository), ABSOLUTE (a path of
    somebody's machine), ROUTE (`/blog/x`, which a site may serve). As on the git host `/docs` counts from the
    root, and the letter case matters.
    """
    if re.match(r'[A-Za-z]:[\\/]|file:', target) or target.startswith(('/Users/', '/home/')):
        return ABSOLUTE
    if not is_relative(target):
        return None
    written = re.split(r'[#?]', target, maxsplit=1)[0]
    paths = [_resolved(source, form) for form in dict.fromkeys((unquote(written), written))]
    if any(known.has(path) for path in paths):
        return None
    if any(path == '..' or path.startswith('../') for path in paths):
        return None if destination.is_host_page(source, written) else OUTSIDE
    if _LINES.search(written) and known.has(_resolved(source, _LINES.sub('', unquote(written)))):
        return LINE
    if known.has_in_other_case(paths[0]):
        return CASE
    return ROUTE if written.startswith('/') and not written.lower().endswith('.md') else DEAD


def needs_parsing(source: str, text: str, known: Known) -> bool:
    """Return whether anything in `text` that could be a link has a fault; only then a parser must tell.

    Every link that a parser finds is among what is tried here; code and comments are too.
    """
    patterns = (_INLINE, _REFERENCE, _HTML) if '<' in text else (_INLINE, _REFERENCE)
    return any(fault(source, target, known) for pattern in patterns for target in set(pattern.findall(text)))
