"""What the lines of the first screen are made of: words, counts and paths that fit its width."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.problem import printable

WIDTH, LABEL = 118, 12  # characters


def cut(text: str, width: int = WIDTH) -> str:
    """Return a text as it can be printed, its end left out when it is longer than `width`."""
    shown = printable(text)
    return shown if len(shown) <= width else shown[:width - 1] + '…'


def shortened(path: str, width: int = 44) -> str:
    """Return a path whose end, which says most, is kept when it is long."""
    shown = printable(path)
    return shown if len(shown) <= width else '…' + shown[1 - width:]


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with the word for what it counts: `1 person`, `2 people`."""
    return f'{number:,} {one if number == 1 else many or one + "s"}'


def some(items: Sequence[str], limit: int, room: int = WIDTH - LABEL) -> str:
    """Return the first `limit` items, fewer where they would be wider than `room`, and how many there are besides."""
    for shown in range(min(limit, len(items)), 0, -1):
        rest = len(items) - shown
        text = ', '.join([*map(printable, items[:shown]), *([f'{rest:,} more'] if rest else [])])
        if len(text) <= room:
            break
    return text if items else ''


def labelled(label: str, *rows: str) -> list[str]:
    """Return a line for each row that says something, the first behind `label`."""
    return [cut(f'{"" if number else label:<{LABEL}}{row}') for number, row in enumerate(filter(None, rows))]
