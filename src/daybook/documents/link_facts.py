"""What the bytes of one Markdown file say about links: the targets in it and the anchors that it has."""
from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from collections.abc import Set
from typing import TYPE_CHECKING

from daybook.documents import markdown
from daybook.documents import slugs
from daybook.documents.markdown_marks import Place
from daybook.documents.percent import unquote

if TYPE_CHECKING:
    from daybook.documents.markdown_scan import Link
    from daybook.documents.markdown_survey import Rendered

VERSION = 1  # of what `dump` writes

# as `frontmatter.body_offset` has it, without the cost of a YAML reader (tests hold the two equal)
_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?(?:---[ \t]*\r?\n(?:.*\n)*?---[ \t]*(?:\r?\n|\Z))?')
_ELSEWHERE = re.compile(r'(?!file:|[a-z]:[\\/]|[^/:]*\.[^/:]*:\d)[a-z][a-z0-9+.-]*:|//|\{|<%|\$\{', re.IGNORECASE)
_ENCODED_MARK = re.compile('%23|%3f|%0a|%0d|%00', re.IGNORECASE)
_ENCODED_SCHEME = re.compile(r'''(?<![^\s(<"'=:>;])[a-z][a-z0-9+.-]*%3a''', re.IGNORECASE)  # in a text, where a target may begin
WIKILINKS = '\n[['  # stands for all wikilinks among targets, none of which has a line end
UNCLEAR = '\ufffd'  # stands in no path: whoever meets it must read the text
_READING = os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0)  # nobody waits for the writer of a FIFO
_MORE = 1 << 20
_LINE_ANCHOR = re.compile(r'L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?')


class Facts:
    """What a text says, without places.

    `targets` are those that may lead to another file, percent-decoded, and `#…` where the file has no such anchor;
    `wikilinks` what stands in `[[…]]` before `|`; `anchors` what a `#fragment` may name. `dumped` is all of it as
    one text, of which only what is asked for is taken apart.
    """

    def __init__(self, dumped: str) -> None:
        self.dumped = dumped
        targets, wikilinks, self._anchors = dumped.split('\0')
        self.targets = targets.split('\n') if targets else []
        self.wikilinks = wikilinks.split('\n') if wikilinks else []

    @property
    def anchors(self) -> frozenset[str]:
        """What a `#fragment` may name."""
        return frozenset(self._anchors.split('\n') if self._anchors else ())


def anchors_of(dumped: str) -> str:
    """Return the `dumped` facts without the links."""
    return '\0\0' + dumped.rpartition('\0')[2]


def is_elsewhere(target: str) -> bool:
    """Return whether `target` is the address of something else: a URL, a mail address, a placeholder of a template."""
    return _ELSEWHERE.match(target) is not None


def _has_encoded_scheme(text: str) -> bool:
    return ('%3A' in text or '%3a' in text) and _ENCODED_SCHEME.search(text) is not None


def decoded(target: str, errors: str = 'replace') -> str:
    """Return `target` without percent-encoding, where no `:` begins a scheme that was none (RFC 3986, 4.2); `errors` as for `bytes.decode`."""
    return f'{"./" if _ENCODED_SCHEME.match(target) else ""}{unquote(target, errors)}' if '%' in target else target


def body(data: bytes) -> tuple[str, int]:
    """Return the text below the frontmatter, what is not UTF-8 replaced, and the line (from 1) on which it begins."""
    head = _HEAD.match(data)
    start = head.end() if head else 0
    return data[start:].decode('utf-8', 'replace'), data.count(b'\n', 0, start) + 1


def _clear(target: str) -> str:
    return UNCLEAR if '\n' in target or '\0' in target or UNCLEAR in target else target


def has_anchor(fragment: str, anchors: Set[str]) -> bool:
    """Return whether a page with `anchors` answers to `#fragment`, as browsers and git hosts have it.

    `#top` is the top of any page (https://html.spec.whatwg.org/#scrolling-to-a-fragment), `#L10` a line of the source,
    `#:~:text=` a search, and GitHub, GitLab and Gitea write `user-content-` before each id that a text gives.
    """
    if fragment in anchors or not fragment or fragment.lower() == 'top' or fragment.removeprefix(slugs.HOST_PREFIX) in anchors:
        return True
    if _LINE_ANCHOR.fullmatch(fragment):
        return True
    before, search, _ = fragment.partition(':~:')
    return bool(search) and (not before or before in anchors)


class Page:
    """The bytes of one Markdown file; as one of many it is read at less cost, with the same result."""

    def __init__(self, data: bytes, *, is_of_many: bool = True) -> None:
        self._text, self._first_line = body(data)
        self._is_of_many = is_of_many
        self._links: Rendered | list[Link] | None = None

    def facts(self) -> Facts:
        """Return what the file says."""
        if '%' in self._text and (_ENCODED_MARK.search(self._text) or _has_encoded_scheme(self._text)):
            found = markdown.scan(self._text)
            self._links = found.links
            anchors, wikilinks = found.anchors, {link.target for link in found.links if link.kind == 'wikilink'}
            targets = {UNCLEAR if _ENCODED_MARK.search(link.target) else decoded(link.target)
                       for link in found.links if link.kind != 'wikilink'}
        else:
            targets, anchors, wikilinks, self._links = markdown.survey(self._text, is_of_many=self._is_of_many)
        elsewhere = _ELSEWHERE.match  # which most targets need not be asked
        kept = {t for t in targets if t and (not has_anchor(t[1:], anchors) if t[0] == '#'
                                             else ':' not in t and t[0] not in '/{<$' or not elsewhere(t))}
        joined = ''.join(kept)
        if '\n' in joined or '\0' in joined or UNCLEAR in joined:
            kept = set(map(_clear, kept))
        return Facts('\0'.join(map('\n'.join, (kept, wikilinks, anchors))))

    def places(self, targets: Iterable[str]) -> list[Place]:
        """Return the links to the percent-decoded `targets`, and with WIKILINKS among these all wikilinks; after `facts` that costs less."""
        wanted = frozenset(targets)

        def is_wanted(target: str) -> bool:
            if target in wanted:
                return True
            if '%' not in target and target.isprintable() and UNCLEAR not in target:
                return False  # as nothing of it is encoded
            return _clear(decoded(target)) in wanted or UNCLEAR in wanted and _ENCODED_MARK.search(target) is not None

        if WIKILINKS in wanted:
            return [Place(link.kind, link.target, link.line) for link in markdown.links(self._text, self._first_line)
                    if link.kind == 'wikilink' or is_wanted(link.target)]
        return markdown.links_to(self._text, is_wanted, self._first_line, surveyed=self._links)


def of_bytes(data: bytes) -> Facts:
    """Return the facts of the bytes of one file."""
    return Page(data, is_of_many=False).facts()


def read(root: str, path: str) -> bytes | None:
    """Return the content of the regular file at the relative `path`; None when it is none or cannot be read."""
    try:
        handle = os.open(os.path.join(root, path), _READING)
        try:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return None
            data = os.read(handle, about.st_size + 1)
            if len(data) != about.st_size:  # it changes, or is more than one call returns
                while more := os.read(handle, _MORE):
                    data += more
            return data
        finally:
            os.close(handle)
    except OSError:
        return None
