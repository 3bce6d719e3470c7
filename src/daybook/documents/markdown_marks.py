"""What a parser reports of a Markdown text, and where in the text that is."""
from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

_LINE_END = re.compile('\r\n?|\n')


class Mark(NamedTuple):
    """One construct of a text, in the order of the text.

    `kind` is `heading`, `link`, `image`, `reference`, `autolink`, `html` or `code`. `value` is the
    plain text of a heading (neither stripped nor joined to one line), the destination of a link
    or the source of an HTML tag or block without the prefixes of its containers. `start` and `end`
    count characters of the text. `level` is that of a heading; `nested` tells that the heading
    stands in a quotation, list or footnote.
    """

    kind: str
    value: str
    start: int
    end: int
    level: int = 0
    nested: bool = False


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
        end = self.start(index + 1)
        return end - len(self.text[max(end - 2, self.start(index)):end]) + len(
            self.text[max(end - 2, self.start(index)):end].rstrip('\r\n')
        )

    def offset_in(self, first: int, block: str, position: int) -> int:
        """Return where in the text the character at `position` of `block` stands.

        `block` holds the lines from `first` on, with LF and without the prefixes of their
        containers; the last one may have lost the blanks at its end.
        """
        before = block.count('\n', 0, position)
        block_end = block.find('\n', position)
        rest = block[position:block_end if block_end >= 0 else None]
        line = self.text[self.start(first + before):self.end(first + before)]
        if not line.endswith(rest):
            line = line.rstrip()
        return self.start(first + before) + len(line) - len(rest)
