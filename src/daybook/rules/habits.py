"""What one Markdown file shows of its authors' habits: header, keys, titles, entries, line ends."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter

HEAD = 4000  # bytes in which a header must begin and a date or a generator's mark must stand
LIST = 'list of one-key maps'
LARGE = 1 << 20  # bytes from which on a file is not read to its end

_DATE = r'20\d\d[-/.](?:0[1-9]|1[0-2])[-/.](?:0[1-9]|[12]\d|3[01])'
# patterns begin with what is rare in a text, a line feed and its sign: that is what makes a search fast
_DATED = re.compile(rf'{_DATE}(?!\d)')
_YEAR = re.compile(r'20\d\d')
_LONG_DATE = re.compile(r'\b[0-3]?\d\.? [^\W\d_]{3,10} 20\d\d\b|\b[^\W\d_]{3,10} [0-3]?\d, 20\d\d\b')
_DATED_HEADING = re.compile(rf'\n#{{1,4}}[ \t].{{0,40}}?(?:(?<!\d){_DATE}(?!\d)|{_LONG_DATE.pattern})')
_DATED_ROW = re.compile(rf'\n\|[ \t]*({_DATE})')
_BOLD = re.compile(r'(?:>[ \t]*)?\*\*(?P<key>[^*\n:：]{1,40}?)[ \t]*(?:[:：][ \t]*\*\*|\*\*[ \t]*[:：])')
_BULLET = re.compile(r'[-*+][ \t]+(?:\*\*)?(?P<key>[^\W\d_][\w /-]{0,39}?)(?:\*\*)?[ \t]*[:：](?:\*\*)?[ \t]+\S')
_PLAIN = re.compile(r'(?:>[ \t]*)?(?P<key>[^\W\d_][\w /-]{0,39}?)[ \t]*(?:：|:[ \t]+)\S')
_STYLES = (('bold lines', _BOLD, 1), ('bullet list', _BULLET, 2), ('plain lines', _PLAIN, 1))
_KNOWN_PLAIN = frozenset((
    'date', 'status', 'session', 'author', 'created', 'branch', 'agent', 'operator', 'owner', 'updated'))
_TITLE = re.compile(r'\n#[ \t]+(.+?)[ \t]*#*[ \t]*\r?(?:\n|$)')
_GENERATED = re.compile(r'auto-?generated|automatically generated|generated (?:by|from|file)|do not edit', re.I)
_LOCAL = re.compile(r'/(?<![\w.]/)(?:Users|home)/(?!runner\b|user\b|\W)[\w.-]|:[\\/]Users[\\/]\w')
_MADR = re.compile(r'\n##+[ \t]+(?:Context and Problem Statement|Considered Options|Decision Outcome)\b')


class Look(NamedTuple):
    """What one file shows. `header` is the style; `error` is (line, rule, message) of broken frontmatter."""

    path: str
    size: int
    text: str
    meta: Mapping[str, Any]
    body_start: int
    header: str
    keys: tuple[str, ...]
    title: str
    error: tuple[int, str, str] | None
    entries: int
    rows: int
    is_dated: bool
    is_generated: bool
    is_crlf: bool
    is_utf8: bool
    is_cut: bool
    has_local_path: bool
    is_madr: bool
    is_index: bool = False  # an index of Daybook's own

    @property
    def body(self) -> str:
        """The text after the frontmatter."""
        return self.text[self.body_start:]


class Header(NamedTuple):
    """One style of header among many files: its name, how many have it, its keys with their counts."""

    style: str
    files: int
    keys: tuple[tuple[str, int], ...]


def _top_lines(body: str) -> list[str]:
    """Return the lines between the title and the first section: where people put a header by hand."""
    found: list[str] = []
    for line in body[:HEAD].splitlines()[:30]:
        text = line.strip()
        if text.startswith(('## ', '### ', '```', '|')):
            break
        if text and not text.startswith(('# ', '<!--', '---', '***')):
            found.append(text)
    return found


def _header(parsed: frontmatter.Parsed, body: str) -> tuple[str, tuple[str, ...]]:
    if parsed.block and not parsed.error:
        return 'frontmatter', tuple(parsed.meta)
    if parsed.error:
        return (LIST if parsed.error[1] == 'frontmatter-list' else 'broken frontmatter'), ()
    lines = _top_lines(body)
    for style, pattern, least in _STYLES:
        keys = [match['key'].strip() for line in lines if (match := pattern.match(line))]
        if style == 'plain lines' and not _KNOWN_PLAIN.intersection(key.lower() for key in keys):
            continue
        if len(keys) >= least:
            return style, tuple(dict.fromkeys(keys))
    return 'none', ()


def _is_dated(head: str) -> bool:
    return bool(_DATED.search(head)) or any(
        _LONG_DATE.search(head, max(0, year.start() - 16), year.end()) for year in _YEAR.finditer(head))


def look(path: str, data: bytes, size: int, parsed: frontmatter.Parsed | None = None) -> Look:
    """Return what the bytes of one file show; `data` may be only its beginning, `size` is that of the whole.

    `parsed` is the head of `data` where it is known already.
    """
    parsed = parsed or frontmatter.parse(data)
    start = frontmatter.body_offset(data)
    text = data.decode('utf-8', 'replace')
    # a header of ASCII needs no second decoding to tell where the body begins
    body_start = start if data[:start].isascii() else len(data[:start].decode('utf-8', 'replace'))
    lines = '\n' + text
    header, keys = _header(parsed, text[body_start:body_start + HEAD])
    title = parsed.meta.get('title')
    if not isinstance(title, str):
        title = first[1] if (first := _TITLE.search(lines, body_start)) else ''
    return Look(
        path, size, text, parsed.meta, body_start, header, keys, title, parsed.error,
        len(set(_DATED_HEADING.findall(lines))), len(set(_DATED_ROW.findall(lines))), _is_dated(text[:HEAD]),
        bool(_GENERATED.search(text[body_start:body_start + 600])), b'\r\n' in data,
        len(data) < size or '\ufffd' not in text or data.count(b'\xef\xbf\xbd') == text.count('\ufffd'),
        len(data) < size, bool(_LOCAL.search(text)), bool(_MADR.search(lines)))


def headers(looks: Iterable[Look]) -> list[Header]:
    """Return the styles of header, the commonest first, each with its ten commonest keys."""
    styles: Counter[str] = Counter()
    keys: dict[str, Counter[str]] = {}
    for seen in looks:
        styles[seen.header] += 1
        keys.setdefault(seen.header, Counter()).update(seen.keys)
    return [Header(style, count, tuple(keys[style].most_common(10)))
            for style, count in sorted(styles.items(), key=lambda item: (-item[1], item[0]))]


def plain_section(title: str) -> str:
    """Return a section title without number, emoji and date around it: `3. ✅ Next Steps (PR 4)` is `Next Steps`."""
    text = re.sub(r'\(.*?\)|`[^`]*`', '', title)
    text = re.sub(r'^[\W\d_]+', '', text)
    return re.sub(r'[\W_]+$', '', text.split(' — ')[0].split(': ')[0])


def shared(values: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Return the keys (case-folded) that several paths have, from pairs of key and path: most paths first."""
    found: dict[str, list[str]] = {}
    for key, path in values:
        found.setdefault(key.casefold(), []).append(path)
    groups = [(key, sorted(paths)) for key, paths in found.items() if key and len(paths) > 1]
    return sorted(groups, key=lambda group: (-len(group[1]), group[0]))
