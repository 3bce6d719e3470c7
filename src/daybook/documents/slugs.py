"""The anchors that GitHub gives to headings."""
from __future__ import annotations

from collections.abc import Sequence

# how the id of an attribute list begins that stands behind a heading, as `{#a}`, `{ .b #a }` (Pandoc, Markdown Extra)
# and `{: #a}` (kramdown, Python-Markdown) have it; GitHub knows none, and shows it
ID_ATTRIBUTE = r'\{:?\s*+(?:\.[^\s{}#]++\s++)*+#'

HOST_PREFIX = 'user-content-'  # before each id on a page of a git host, so that a link with it is alive there

# Ruby's \p{Word} with the hyphen and the space, which GitHub's renderer keeps:
# letters, marks, decimal digits, letter numbers and connectors
_KEPT = frozenset('Lu Ll Lt Lm Lo Mn Mc Me Nd Nl Pc'.split())
# capital letters in circles and squares: symbols by category, yet alphabetic (Other_Alphabetic)
_ALPHABETIC_SYMBOLS = (
    range(0x24B6, 0x24EA), range(0x1F130, 0x1F14A), range(0x1F150, 0x1F16A), range(0x1F170, 0x1F18A),
)


def _is_kept(code: int) -> bool:
    import unicodedata  # which texts in ASCII do without

    return unicodedata.category(chr(code)) in _KEPT or any(code in r for r in _ALPHABETIC_SYMBOLS)


class _Table(dict[int, int | None]):
    """What becomes of a character (for `str.translate`), learnt at its first use."""

    def __missing__(self, code: int) -> int | None:
        self[code] = code if _is_kept(code) else None
        return self[code]


# a line end stays here, so that many headings can be done at once; `slug` takes it away
_TABLE = _Table({ord(' '): ord('-'), ord('-'): ord('-'), ord('\n'): ord('\n')})
_ASCII = bytes(range(128)).lower().replace(b' ', b'-') + bytes(128)
_ASCII_DROPPED = bytes(c for c in range(128) if not chr(c).isalnum() and chr(c) not in ' -_\n')


def _slugs(lines: str) -> str:
    if lines.isascii():  # seven times faster than the table for all characters
        return lines.encode().translate(_ASCII, _ASCII_DROPPED).decode()
    return lines.lower().translate(_TABLE)


def slug(text: str) -> str:
    """Return the anchor of a heading whose plain text is `text`, without `#` and not numbered.

    Lower case; letters, digits, combining marks, `_` and `-` stay, a space becomes `-`, the rest
    (punctuation, symbols, emoji, line ends) goes. The rule is that of npm `github-slugger` 2.0.0,
    whose fixtures were taken from github.com; nothing is stripped: `Usage 🚀` gives `usage-`.
    """
    return _slugs(text).replace('\n', '')


class Slugger:
    """Gives each heading of one document an anchor of its own, in the order of the document."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def add(self, text: str) -> str:
        """Return the anchor of the next heading: `a`, then `a-1`, `a-2`, never one already given."""
        return self.number(slug(text))

    def number(self, first: str) -> str:
        """Return the anchor of the next heading, whose `slug` is `first`."""
        anchor = first
        while anchor in self._seen:
            self._seen[first] += 1
            anchor = f'{first}-{self._seen[first]}'
        self._seen[anchor] = 0
        return anchor


def unique_slugs(texts: Sequence[str]) -> list[str]:
    """Return the anchors of the headings `texts` of one document, numbered where they repeat."""
    firsts = _slugs('\n'.join(texts)).split('\n')
    if len(firsts) != len(texts):  # one has a line end of its own
        firsts = [slug(text) for text in texts]
    return list(map(Slugger().number, firsts)) if len({*firsts}) < len(firsts) else firsts
