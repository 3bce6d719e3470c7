"""One line of a hand-off in the adopter's changelog, below `## Unreleased`."""
from __future__ import annotations

import re
from collections.abc import Sequence

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


def _with_section(text: str, at: int, lines: Sequence[str], newline: str) -> str:
    head, rest = text[:at] or f'# Changelog{newline}', text[at:]
    section = newline.join(['## Unreleased', '', *lines, ''])
    return f'{head}{_gap(head, newline)}{section}{newline if rest else ""}{rest}'


def _unreleased(text: str) -> tuple[int, int] | int:
    """Return where the section `Unreleased` begins below its heading, and ends; without one, the place for it."""
    headings = [h for h in markdown.headings(text) if h.level == 2 and not h.nested]
    position = next((i for i, h in enumerate(headings) if _UNRELEASED.match(h.text)), None)
    if position is None:
        return headings[0].start if headings else len(text)
    return headings[position].content, headings[position + 1].start if position + 1 < len(headings) else len(text)


def _items(text: str) -> list[list[str]]:
    """Return the items below `Unreleased`, each as its lines."""
    place = _unreleased(text)
    found: list[list[str]] = []
    for line in text[slice(*place)].splitlines() if isinstance(place, tuple) else ():
        if _ITEM.match(line):
            found.append([line])
        elif found and line.startswith(' '):
            found[-1].append(line)
    return found


def _insert(text: str, lines: Sequence[str]) -> str:
    newline = '\r\n' if '\r\n' in text else '\n'
    place = _unreleased(text)
    if isinstance(place, int):
        return _with_section(text, place, lines, newline)
    at, end = place
    blank = _BLANK.match(text, at, end).group()  # type: ignore[union-attr]
    head, rest = text[:at], text[at + len(blank):]
    is_list = _ITEM.match(rest) is not None
    bullet = rest[0] if is_list else '-'
    written = newline.join([bullet + lines[0][1:], *lines[1:], ''])
    if re.sub(r'\r', '', written)[1:] in re.sub(r'\r', '', text[at:end]):
        return text
    after = newline if rest and (not is_list or _LOOSE.match(rest)) else ''
    return f'{head}{_gap(head, newline) if not blank else blank}{written}{after}{rest}'


def _parts(text: str) -> tuple[str, str]:
    """Return frontmatter and body."""
    data = text.encode('utf-8', 'surrogateescape')
    at = len(data[:frontmatter.body_offset(data)].decode('utf-8', 'surrogateescape'))
    return text[:at], text[at:]


def insert(text: str, entry: str) -> str:
    """Return the changelog with `entry` (plain text) as the first item below `Unreleased`.

    The heading is made, above the first version, where there is none. An entry that stands
    there already changes nothing, and nothing else is touched.
    """
    head, body = _parts(text)
    return head + _insert(body, inline.item(inline.escaped(entry)))


def merge(base: str, ours: str, theirs: str) -> str | None:
    """Return `theirs` with the items that ours has got on top of those of `base`, of several hand-offs; None when ours changed anything else."""
    (old_head, old), (head, mine), (their_head, other) = map(_parts, (base, ours, theirs))
    known = _items(old)
    for lines in reversed([item for item in _items(mine) if item not in known]):
        old, other = _insert(old, lines), _insert(other, lines)
    return their_head + other if (old_head, old) == (head, mine) else None
