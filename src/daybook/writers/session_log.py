"""The Session Log of a workstream: entries that hand-off inserts, newest first, between what people wrote."""
from __future__ import annotations

import re
from typing import NamedTuple

from daybook.documents import markdown
from daybook.writers import inline

TITLE = 'Session Log'
_ENTRY = re.compile(r'^[-*+] \[(?P<id>[^\]\n]+)\]\([^)\n]*\)(?: |\r?\n  )\((?P<date>\d{4}-\d\d-\d\d)\):[^\n]*'
                    r'(?:\n  \S[^\n]*)*', re.MULTILINE)
_BLANK = re.compile(r'(?:[ \t]*\r?\n)*')
_ITEM = re.compile(r'[-*+] ')
_LOOSE = re.compile(r'[-*+] [^\n]*\n(?:[ \t]+\S[^\n]*\n)*[ \t\r]*\n[-*+] ')  # items with blank lines between


class LogEntry(NamedTuple):
    """One hand-off as a workstream shows it. `target` is the note, relative to the workstream's folder."""

    id: str
    target: str
    date: str
    title: str


def lines(entry: LogEntry) -> list[str]:
    """Return the list item of one hand-off."""
    link = f'[{inline.escaped(entry.id)}]({inline.link_target(entry.target)})'
    return inline.item(f'{link} ({entry.date}): {inline.escaped(entry.title)}')


def has_entry(text: str, session_id: str) -> bool:
    """Return whether the text already names the session in a list item."""
    return re.search(rf'^[-*+] \[?{re.escape(session_id)}(?![0-9A-Za-z])', text, re.MULTILINE) is not None


def insert(text: str, entry: LogEntry) -> str:
    """Return the body of a workstream with one entry at the head of its Session Log.

    A missing section is added at the end. What stands there already is not touched, and an
    entry that is there already changes nothing. Line ends are those of the text.
    """
    return _insert_lines(text, entry.id, entry.date, lines(entry))


def merge(base: str, ours: str, theirs: str) -> str | None:
    """Return `theirs` with the generated entries that `ours` has and `base` has not.

    None when ours differs from base in anything else: that is for a person to merge.
    """
    fresh = [found for found in _ENTRY.finditer(ours) if not has_entry(base, found['id'])]
    rebuilt, merged = base, theirs
    for found in reversed(fresh):
        entry_lines = ['-' + found.group()[1:].splitlines()[0], *found.group().splitlines()[1:]]
        rebuilt = _insert_lines(rebuilt, found['id'], found['date'], entry_lines)
        merged = _insert_lines(merged, found['id'], found['date'], entry_lines)
    return merged if rebuilt == ours else None


def section(text: str) -> tuple[int, int] | None:
    """Return where what the heading of the log heads begins and ends."""
    found = [heading for heading in markdown.headings(text) if not heading.nested]
    for position, heading in enumerate(found):
        if heading.text.casefold() == TITLE.casefold():
            later = (other.start for other in found[position + 1:] if other.level <= heading.level)
            return heading.content, next(later, len(text))
    return None


def _insert_lines(text: str, session_id: str, date: str, entry_lines: list[str]) -> str:
    newline = '\r\n' if '\r\n' in text else '\n'
    written = ''.join(part + newline for part in entry_lines)
    found = section(text)
    if found is None:
        return text if has_entry(text, session_id) else _with_section(text, written, newline)
    at, end = found
    if has_entry(text[at:end], session_id):
        return text
    blank = _BLANK.match(text, at).group()  # type: ignore[union-attr]
    if later := _later(text[at + len(blank):end], date):
        at += len(blank) + later
        return f'{text[:at]}{_with_bullet(written, text[at - later:])}{text[at:]}'
    head, rest = text[:at], text[at + len(blank):]
    before = blank or (newline if head.endswith('\n') else newline * 2)
    after = newline if rest and (not _ITEM.match(rest) or _LOOSE.match(rest)) else ''
    return f'{head}{before}{_with_bullet(written, rest)}{after}{rest}'


def _with_section(text: str, written: str, newline: str) -> str:
    is_apart = not text or text.endswith(newline * 2)
    gap = '' if is_apart else newline if text.endswith('\n') else newline * 2
    return f'{text}{gap}## {TITLE}{newline}{newline}{written}'


def _later(rest: str, date: str) -> int:
    """Return the length of the entries at the head of a list that are of a later day: a peer pushed them first."""
    at = 0
    while (found := _ENTRY.match(rest, at)) and found['date'] > date and rest[found.end():found.end() + 1] == '\n':
        at = found.end() + 1
    return at


def _with_bullet(written: str, rest: str) -> str:
    # a list of `*` items goes on with `*`: another bullet would begin a second list
    bullet = rest[:1] if _ITEM.match(rest) else '-'
    return bullet + written[1:]
