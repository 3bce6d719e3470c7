"""Rule: the dead links that an old repository knows about may only become fewer."""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping

from daybook.problem import Problem
from daybook.problem import printable

PATH = '.daybook/links-baseline.txt'


def written(text: str) -> str:
    """Return `text` as a baseline has it: printable, no remark, and what is not UTF-8 in a name escaped."""
    return printable(f'./{text}' if text.startswith('#') else text).encode('utf-8', 'backslashreplace').decode()


def line(path: str, target: str) -> str:
    """Return the line of a baseline for a dead link; it has no line number, so that edits elsewhere do not touch it."""
    return written(f'{path}: {target}').strip()


def read(data: bytes | None) -> dict[str, int]:
    """Return the lines of a baseline with their numbers (from 1); those that begin with `#` are remarks."""
    lines = (data or b'').decode('utf-8', 'replace').splitlines()
    return {text.strip(): number for number, text in enumerate(lines, 1) if text.strip() and not text.startswith('#')}


def render(lines: Iterable[str]) -> bytes:
    """Return the bytes of a baseline of these lines."""
    return ''.join(f'{text}\n' for text in ['# dead links that were here before the audit; it can only shrink', *sorted(set(lines))]).encode()


def shrunk(known: Collection[str], dead: Collection[str], renamed: Mapping[str, str]) -> set[str]:
    """Return the lines that stay: those that are still dead, and those of files that were renamed, under the new name."""
    moved = {f'{written(new)}: {text.removeprefix(written(old) + ": ")}' for old, new in renamed.items()
             for text in known if text.startswith(f'{written(old)}: ')}
    return (set(known) | moved) & set(dead)


def stale(known: Mapping[str, int], dead: Collection[str]) -> list[Problem]:
    """Return a warning for each line that stands for no dead link any more."""
    return [Problem(PATH, number, 'baseline-stale', f'no longer dead: {text}; run `daybook audit-links --baseline`', 'warning')
            for text, number in known.items() if text not in dead]
