"""The generated block of an overview that people write: latest hand-offs, specifications, state, decisions, cadence."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.writers import indexes
from daybook.writers.indexes import Entry

BEGIN = '<!-- daybook overview: made by regen-indexes, edits of it are lost -->'
END = '<!-- daybook overview: end -->'
LATEST, SPECIFICATIONS, STATE, DECISIONS, CADENCE = 'Latest hand-offs', 'Specifications', 'State', 'Decisions', 'Cadence'
_GROUPS = (LATEST, SPECIFICATIONS, STATE, DECISIONS)
_WIDE = ('<!-- markdownlint-disable MD013 -->', '<!-- markdownlint-enable MD013 -->')  # one line a document, to be merged
_ID = re.compile(r'([A-Z][A-Z0-9]{1,4})-([0-9]{6})-([0-9]{2}[a-z0-9]{0,3})(?![a-z0-9])')
_BLOCK = re.compile(rf'^{re.escape(BEGIN)}[ \t]*\r?\n(.*?)^{re.escape(END)}[ \t]*\r?$', re.MULTILINE | re.DOTALL)
_CONFLICT = re.compile(r'^(?:<{7,}|>{7,}|={7,}|\|{7,})(?:[ \r]|$)', re.MULTILINE)


class Row(NamedTuple):
    """One row of the cadence table, as Markdown: what, and how often."""

    what: str
    how_often: str


def _found(text: str) -> re.Match[str] | None:
    """Return the block; None where there is none, or where two marks make it doubtful which text is ours."""
    is_single = text.count(BEGIN) == text.count(END) == 1
    return _BLOCK.search(text) if is_single else None


def has_block(text: str) -> bool:
    """Return whether a text has our block, which alone may be made anew."""
    return _found(text) is not None


def is_confined(text: str) -> bool:
    """Return whether every conflict of a text lies within the block, so that a new block resolves them."""
    found = _found(text)
    return found is not None and not _CONFLICT.search(text[:found.start()]) and not _CONFLICT.search(text[found.end():])


def latest(names: Iterable[str]) -> list[str]:
    """Return the newest note of each operator by file name, newest first; of notes without such an id the last by name."""
    newest: dict[str, tuple[str, str, str]] = {}
    others = []
    for name in names:
        found = _ID.match(name.rsplit('/', 1)[-1])
        if found is None:
            others.append(name)
        else:
            newest[found[1]] = max(newest.get(found[1], ('', '', '')), (found[2], found[3], name))
    if not newest:
        return sorted(others, key=lambda name: name.rsplit('/', 1)[-1])[-1:]
    ordered = sorted(newest.items(), key=lambda item: item[0])
    return [name for _, (_, _, name) in sorted(ordered, key=lambda item: item[1][0], reverse=True)]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f'### {title}', '', *(lines or ['- none']), '']


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in 'WF' else 1 for char in text)


def _table(rows: Sequence[Row]) -> list[str]:
    """Return a table as Prettier sets it: columns of one width."""
    widths = [max(_width(row[column]) for row in rows) for column in (0, 1)]
    lines = ['| ' + ' | '.join(cell + ' ' * (width - _width(cell)) for cell, width in zip(row, widths)) + ' |' for row in rows]
    return [lines[0], f'| {" | ".join("-" * width for width in widths)} |', *lines[1:]]


def render(groups: Mapping[str, Collection[Entry]], cadence: Iterable[Row]) -> str:
    """Return the block with its marks, LF line ends, no newline at its end; the same values give the same text."""
    table = _table([Row('what', 'how often'), *cadence])
    sections = [part for title in _GROUPS for part in _section(title, indexes.lines(groups.get(title, ()), is_sorted=title == LATEST))]
    return '\n'.join([BEGIN, _WIDE[0], '', *sections, *_section(CADENCE, table), _WIDE[1], END])


def put(text: str, block: str) -> str:
    """Return a text with another block in the place of its own, in its line ends, all else as it was."""
    found = _found(text)
    if found is None:
        return text
    newline = '\r\n' if '\r\n' in text else '\n'
    return text[:found.start()] + block.replace('\n', newline) + ('\r' if found.group().endswith('\r') else '') + text[found.end():]


def with_latest(text: str, entry: Entry) -> str:
    """Return a text whose block has the note `entry` among the latest hand-offs, if it is one; all else as it was."""
    found = _found(text)
    section = re.search(rf'^### {LATEST}\r?\n\r?\n(.*?)(?=^\r?\n### |\Z)', found[1], re.MULTILINE | re.DOTALL) if found else None
    if found is None or section is None:
        return text
    known = {target: line for line in section[1].splitlines() if (target := indexes.target_of(line))}
    written = indexes.line(entry)
    known[indexes.target_of(written) or ''] = written
    lines = [known[target] for target in latest(known)]
    newline = '\r\n' if '\r\n' in text else '\n'
    at = found.start(1)
    return text[:at + section.start(1)] + ''.join(line + newline for line in lines) + text[at + section.end(1):]
