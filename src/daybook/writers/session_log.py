"""The Session Log of a workstream: entries that hand-off inserts, newest first, between what people wrote."""
from __future__ import annotations

import re
from typing import NamedTuple

from daybook.documents import markdown
from daybook.writers import inline

TITLE = 'Session Log'
_ENTRY = re.compile(r'^[-*+] \[(?P<id>[^\]\n]+)\]\([^)\n]*\) \(\d{4}-\d\d-\d\d\): [^\n]*(?:\n  \S[^\n]*)*', re.MULTILINE)
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
    return _insert_lines(text, entry.id, lines(entry))


def merge(base: str, ours: str, theirs: str) -> str | None:
    """Return `theirs` with the generated entries that `ours` has and `base` has not.

    None when ours differs from base in anything else: that is for a person to merge.
    """
    fresh = [(found['id'], ['-' + part[1:] if i == 0 else part for i, part in enumerate(found.group().splitlines())])
             for found in _ENTRY.finditer(ours) if not has_entry(base, found['id'])]
    rebuilt, merged = base, theirs
    for session_id, written in reversed(fresh):
        rebuilt = _insert_lines(rebuilt, session_id, written)
        merged = _insert_lines(merged, session_id, written)
    return merged if rebuilt == ours else None


def _insert_lines(text: str, session_id: str, entry_lines: list[str]) -> str:
    newline = '\r\n' if '\r\n' in text else '\n'
    heading = next((h for h in markdown.headings(text)
                    if not h.nested and h.text.casefold() == TITLE.casefold()), None)
    if has_entry(text if heading is None else text[heading.start:], session_id):
        return text
    written = ''.join(part + newline for part in entry_lines)
    if heading is None:
        gap = '' if not text else newline if text.endswith('\n') else newline * 2
        return f'{text}{gap}## {TITLE}{newline}{newline}{written}'
    at = heading.content
    blank = re.compile(r'(?:[ \t]*\r?\n)*').match(text, at).group()  # type: ignore[union-attr]
    head, rest = text[:at], text[at + len(blank):]
    before = blank or (newline if head.endswith('\n') else newline * 2)
    after = newline if rest and (not _ITEM.match(rest) or _LOOSE.match(rest)) else ''
    return f'{head}{before}{_with_bullet(written, rest)}{after}{rest}'


def _with_bullet(written: str, rest: str) -> str:
    # a list of `*` items goes on with `*`: another bullet would begin a second list
    bullet = rest[:1] if _ITEM.match(rest) else '-'
    return bullet + written[1:]
