"""One line of a hand-off in the adopter's changelog, below `## Unreleased`."""
from __future__ import annotations

import re

from daybook.documents import markdown
from daybook.writers import inline

_UNRELEASED = re.compile(r'\[?unreleased\]?', re.IGNORECASE)


def insert(text: str, entry: str) -> str:
    """Return the changelog with `entry` (plain text) as the first item below `Unreleased`.

    The heading is made, above the first version, where there is none. An entry that stands
    there already changes nothing, and nothing else is touched.
    """
    newline = '\r\n' if '\r\n' in text else '\n'
    written = newline.join(inline.item(inline.escaped(entry))) + newline
    if written in text:
        return text
    headings = [h for h in markdown.headings(text) if h.level == 2 and not h.nested]
    heading = next((h for h in headings if _UNRELEASED.match(h.text)), None)
    if heading is None:
        at = headings[0].start if headings else len(text)
        gap = newline if text[:at] and not text[:at].endswith('\n') else ''
        return f'{text[:at]}{gap}## Unreleased{newline}{newline}{written}{newline if headings else ""}{text[at:]}'
    at = heading.content
    blank = re.compile(r'(?:[ \t]*\r?\n)*').match(text, at).group()  # type: ignore[union-attr]
    head, rest = text[:at], text[at + len(blank):]
    before = blank or (newline if head.endswith('\n') else newline * 2)
    after = '' if re.match(r'[-*+] ', rest) or not rest else newline
    return f'{head}{before}{written}{after}{rest}'
