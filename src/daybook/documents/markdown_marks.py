"""What a parser reports of a Markdown text, and where in the text that is."""
from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

WIKILINK = re.compile(r'(?<!\\)!?(?<!\\)\[\[(?!\s)([^\[\]\n\r]+)\]\]')  # unless it stands in code, HTML or a link
_LINE_END = re.compile('\r\n?|\n')


class Mark(NamedTuple):
    """One construct of a text, in the order of the text.

    `kind` is `heading`, `link`, `image`, `reference`, `autolink`, `tag`, `html` or `code`. `value`
    is the plain text of a heading (neither stripped nor joined to one line), the destination of a
    link, or the source of an inline HTML `tag` or an `html` block without the prefixes of its
    containers. `start` and `end` count characters of the text. `level` is that of a heading;
    `nested` tells that the heading stands in a quotation, list or footnote.
    """

    kind: str
    value: str
    start: int
    end: int
    level: int = 0
    nested: bool = False


class Place(NamedTuple):
    """A link, and no more of it than a message needs. `target` is what was written, `kind` as that of a link, `line` that of its first character."""

    kind: str
    target: str
    line: int


class Lines:
    """The lines of a text; a line ends with LF, CRLF or CR, as in CommonMark."""

    def __init__(self, text: str) -> None:
        self.text = text
        if '\r' in text and text.count('\r') != text.count('\r\n'):
            self.starts = [0, *(m.end() for m in _LINE_END.finditer(text))]
        else:
            lengths = map(len, text.split('\n'))
            self.starts = [0, *accumulate(map((1).__add__, lengths))]
            self.starts.pop()

    def index(self, offset: int) -> int:
        """Return the number of the line, from 0, that holds the character at `offset`."""
        return bisect_right(self.starts, offset) - 1

    def start(self, index: int) -> int:
        """Return where line `index` starts; the line after the last one starts at the end."""
        return self.starts[index] if index < len(self.starts) else len(self.text)

    def end(self, index: int) -> int:
        """Return where line `index` ends, its line end not counted."""
        start = self.start(index)
        return start + len(self.text[start:self.start(index + 1)].rstrip('\r\n'))


class Block:
    """Where in a text the characters of a block stand that was cut out of it.

    `source` holds the lines of the text from `first` on, with LF and without the prefixes of their
    containers; its last line may have lost the blanks at its end.
    """

    def __init__(self, lines: Lines, first: int, source: str) -> None:
        self._lines, self._first, self._own = lines, first, Lines(source)
        self._shifts: dict[int, int] = {}

    def _shift(self, index: int) -> int:
        own_end = self._own.end(index)
        start, end = self._lines.start(self._first + index), self._lines.end(self._first + index)
        line = self._lines.text[start:end]
        own = self._own.text[self._own.start(index):own_end].lstrip()
        if not line.endswith(own):  # which blanks those are is for the parser to say
            end = start + (line.rindex(own) + len(own) if own in line else len(line.rstrip()))
        return end - own_end

    def offset(self, position: int) -> int:
        """Return where in the text the character at `position` of the block stands."""
        index = self._own.index(position)
        if index not in self._shifts:
            self._shifts[index] = self._shift(index)
        return position + self._shifts[index]
