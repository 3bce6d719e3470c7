"""One line of a hand-off in the adopter's changelog, below `## Unreleased`."""
from __future__ import annotations

import re

from daybook.documents import frontmatter
from daybook.documents import markdown
from daybook.writers import inline

_UNRELEASED = re.compile(r'\[?unreleased\]?', re.IGNORECASE)
_BLANK = re.compile(r'(?:[ \t]*\r?\n)*')
_ITEM = re.compile(r'[-*+] ')
_LOOSE = re.compile(r'[-*+] [^\n]*\n(?:[ \t]+\S[^\n]*\n)*[ \t\r]*\n[-*+] ')  # items with blank lines between


def _gap(text: str, newline: str) -> str:
    """Return what makes a blank line below `text`."""
    if not text.strip() or text.endswith(('\n\n', '\n\r\n')):
        return ''
    return newline if text.endswith('\n') else newline * 2


def _with_section(text: str, at: int, lines: list[str], newline: str) -> str:
    head, rest = text[:at] or f'# Changelog{newline}', text[at:]
    section = newline.join(['## Unreleased', '', *lines, ''])
    return f'{head}{_gap(head, newline)}{section}{newline if rest else ""}{rest}'


def _insert(text: str, entry: str) -> str:
    newline = '\r\n' if '\r\n' in text else '\n'
    lines = inline.item(inline.escaped(entry))
    headings = [h for h in markdown.headings(text) if h.level == 2 and not h.nested]
    position = next((i for i, h in enumerate(headings) if _UNRELEASED.match(h.text)), None)
    if position is None:
        return _with_section(text, headings[0].start if headings else len(text), lines, newline)
    at = headings[position].content
    end = headings[position + 1].start if position + 1 < len(headings) else len(text)
    blank = _BLANK.match(text, at, end).group()  # type: ignore[union-attr]
    head, rest = text[:at], text[at + len(blank):]
    is_list = _ITEM.match(rest) is not None
    bullet = rest[0] if is_list else '-'
    written = newline.join([bullet + lines[0][1:], *lines[1:], ''])
    if re.sub(r'\r', '', written)[1:] in re.sub(r'\r', '', text[at:end]):
        return text
    after = newline if rest and (not is_list or _LOOSE.match(rest)) else ''
    return f'{head}{_gap(head, newline) if not blank else blank}{written}{after}{rest}'


def insert(text: str, entry: str) -> str:
    """Return the changelog with `entry` (plain text) as the first item below `Unreleased`.

    The heading is made, above the first version, where there is none. An entry that stands
    there already changes nothing, and nothing else is touched.
    """
    data = text.encode('utf-8', 'surrogateescape')
    at = len(data[:frontmatter.body_offset(data)].decode('utf-8', 'surrogateescape'))
    return text[:at] + _insert(text[at:], entry)
