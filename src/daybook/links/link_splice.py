"""The text of an audit made of the last one, where few files have another one now: it may be megabytes in thousands of rows."""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import NamedTuple

from daybook.documents import catalogue_values
from daybook.documents.catalogue_content import Catalogue
from daybook.links import link_answer
from daybook.links.link_answer import Answer


class Former(NamedTuple):
    """What was printed of the files that a run looked at again, and how many problems of it blocked; `told` is as the view had it."""

    told: bytes
    texts: Mapping[str, tuple[bytes, int]]
    sources: frozenset[str]


class _Piece(NamedTuple):
    """Bytes of the last text and what stands in their place."""

    start: int
    end: int
    text: bytes


def lines(kept: Catalogue, view: int, answer: Answer | None, former: Former | None, baseline: bytes) -> tuple[bytes, int] | None:
    """Return what `Catalogue.lines` does, by the last answer; None where that does not stand for what the view held."""
    if answer is None or former is None or former.told != answer.mark:
        return None
    last = bytes(answer.text[:len(answer.text) - len(link_answer.advice(answer.blocking, baseline))])
    now = kept.texts(view, former.sources)
    pieces, blocking = [], answer.blocking
    for source in sorted(former.sources, key=catalogue_values.encoded):
        before, after = former.texts.get(source, (b'', 0)), now.get(source, (b'', 0))
        blocking += after[1] - before[1]
        if before[0] != after[0]:
            start = _place(last, before[0]) if before[0] else _place_behind(last, kept, view, source, former)
            if start is None:
                return None
            pieces.append(_Piece(start, start + len(before[0]), after[0]))
    return b''.join(_joined(last, pieces)), blocking


def _place(last: bytes, text: bytes) -> int | None:
    """Return where the lines of one file begin; each begins with its path, but some paths are printed alike."""
    start = last.find(text)
    if last.find(text, start + 1) >= 0:
        return None
    return start if start == 0 or start > 0 and last[start - 1] == ord('\n') else None


def _place_behind(last: bytes, kept: Catalogue, view: int, source: str, former: Former) -> int | None:
    """Return where the lines of a file belong of which nothing was said."""
    for other, now in kept.texts_after(view, source):
        text = former.texts.get(other, (b'', 0))[0] if other in former.sources else now
        if text:
            return _place(last, text)
    return len(last)


def _joined(last: bytes, pieces: list[_Piece]) -> Iterator[bytes | memoryview]:
    done, whole = 0, memoryview(last)
    for piece in sorted(pieces, key=lambda piece: piece.start):  # stable: what is new in one place keeps its order
        yield whole[done:piece.start]
        yield piece.text
        done = piece.end
    yield whole[done:]
