"""What an index written by hand says: summaries of documents, and prose that belongs to nobody else.

A line is taken out of the prose only when every word of it stands in the document that it links to; where its place
among headings tells something too, it stays as well.
"""
from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from daybook.documents import frontmatter
from daybook.documents import markdown
from daybook.documents.markdown_scan import Link
from daybook.writers import conflicts

_BULLET = re.compile(r' {0,3}[-*+] (?:\[[ xX]\] )?')
_ROW = re.compile(r' {0,3}\|.*\|\s*$')
_RULE = re.compile(r'[\s|:-]+$')
_CELLS = re.compile(r'(?<!\\)\|')
_WORDS = re.compile(r'\w+')
_LABEL = re.compile(r'!?\[(.*)\]\(', re.DOTALL)
_ENDS = ' \t\r\n—–-:·•|,;→\u3000：；，、・｜～'
_PAIRS = (('(', ')'), ('（', '）'), ('《', '》'), ('「', '」'), ('【', '】'), ('“', '”'))  # of which a link may have torn one half away
_DAY = re.compile(r'(?<!\d)(20\d\d) ?[年년/.] ?(\d{1,2}) ?[月월/.] ?(\d{1,2})(?: ?[日일号號]|(?![\d/.]*\d))')  # a day that is no ISO date
# what a link is called when its name says nothing
_NOISE = frozenset('log link note notes here open read view full details more md file doc entry session index '
                   '查看 链接 鏈接 详情 詳情 全文 阅读 閱讀 记录 紀錄 日志 日誌 文档 文件 笔记 筆記 リンク 詳細 見る 記録 ログ 링크 보기 기록'.split())


class Target(NamedTuple):
    """A document that lines may link to: what it says already; `is_open` when it can take a summary."""

    path: str
    title: str
    summary: str
    created: str
    is_open: bool = True


class Adoption(NamedTuple):
    """`kept` is what stays of the index, byte for byte, `taken` the lines (from 1) that do not; summaries by path."""

    kept: str
    taken: list[int]
    summaries: dict[str, str]


class _Row(NamedTuple):
    """One line that links to one document and to nothing else."""

    line: int
    target: Target
    words: frozenset[str]  # all but the address
    pieces: tuple[str, ...]  # that the document does not say already
    is_table: bool


def _words(text: str) -> frozenset[str]:
    days = _DAY.sub(lambda found: ' {}-{:0>2}-{:0>2} '.format(*found.groups()), text)
    return frozenset(_WORDS.findall(days.casefold()))


def _known(target: Target) -> frozenset[str]:
    return _words(f'{target.title} {target.created} {target.path.rsplit("/", 1)[-1]}') | _NOISE


def _trimmed(piece: str) -> str:
    text = piece.strip(_ENDS)
    for opening, closing in _PAIRS:
        text = text.removesuffix(opening) if text.count(opening) > text.count(closing) else text
        text = text.removeprefix(closing).lstrip(_ENDS) if text.count(closing) > text.count(opening) else text
    return markdown.plain_text(text.strip(_ENDS)).strip(_ENDS)


def _is_alone(lines: Sequence[str], number: int) -> bool:
    """Return whether a list item ends with its line."""
    rest = [line for line in lines[number:number + 2]]
    following = rest[0] if rest else ''
    if not following.strip():
        following = rest[1] if len(rest) > 1 else ''
        return not following[:1].isspace() or not following.strip()
    return bool(_BULLET.match(following) and not following[0].isspace() or following.lstrip()[:1] in '#<|>' or
                re.match(r'(?:[-*_] ?){3,}\s*$|```|~~~', following))


def _heads(lines: Sequence[str], number: int) -> list[str]:
    """Return the names of the columns of the table that line `number` (from 1) is a row of."""
    top = number - 1
    while top and _ROW.match(lines[top - 1]):
        top -= 1
    has_rule = top + 1 < number - 1 and _RULE.match(lines[top + 1])
    return [_trimmed(cell) for cell in _cells(lines[top])] if has_rule else []


def _cells(line: str) -> list[str]:
    return _CELLS.split(line.strip())[1:-1]


def _row(lines: Sequence[str], link: Link, body: str, target: Target) -> _Row | None:
    """Return what one line says of its document; None when it is no line of a list or table."""
    line = lines[link.line - 1]
    source = body[link.start:link.end]
    label = _LABEL.match(source)
    if label is None or line.count(source) != 1:
        return None
    bare = line.replace(source, label[1])
    known = _known(target)
    if _ROW.match(line):
        heads = _heads(lines, link.line)
        cells = [_trimmed(cell) for cell in _cells(bare)]
        if not heads or len(heads) != len(cells):
            return None
        fresh = [(head, cell) for head, cell in zip(heads, cells) if not _words(cell) <= known]
        pieces = tuple(f'{head}: {cell}' if len(fresh) > 1 and head else cell for head, cell in fresh)
        return _Row(link.line, target, _words(bare), pieces, True)
    bullet = _BULLET.match(line)
    if bullet is None or not _is_alone(lines, link.line):
        return None
    before, _, after = line[bullet.end():].partition(source)
    day, _, rest = _trimmed(before).partition(' ')
    parts = [rest.strip(_ENDS) if _words(day) <= known else _trimmed(before), _trimmed(label[1]), _trimmed(after)]
    return _Row(link.line, target, _words(bare), tuple(part for part in parts if not _words(part) <= known), False)


def _rows(text: str, folder: str, targets: Mapping[str, Target]) -> list[_Row]:
    data = text.encode('utf-8', 'surrogateescape')
    at = len(data[:frontmatter.body_offset(data)].decode('utf-8', 'surrogateescape'))
    lines, body = conflicts.lines_of(text), text[at:]
    by_line: dict[int, list[Link]] = {}
    for link in markdown.links(body, 1 + text.count('\n', 0, at)):
        by_line.setdefault(link.line, []).append(link)
    found = []
    for links in by_line.values():
        path = posixpath.normpath(posixpath.join(folder, unquote(links[0].target)))
        if len(links) == 1 and links[0].kind == 'link' and path in targets:
            row = _row(lines, links[0], body, targets[path])
            found += [row] if row else []
    return found


def _group(text: str, line: int) -> int:
    """Return the line of the heading below the title under which `line` stands, 0 without one."""
    return max((found.line for found in markdown.headings(text) if found.level > 1 and found.line < line), default=0)


def _with_tables(lines: Sequence[str], taken: Iterable[int], rows: Mapping[int, _Row]) -> set[int]:
    """Return the lines to take: of a table all rows, and then its head too, or none."""
    chosen = set(taken)
    for number in sorted(chosen):
        if number not in chosen or not rows[number].is_table:
            continue
        top, end = number - 1, number - 1
        while top and _ROW.match(lines[top - 1]):
            top -= 1
        while end < len(lines) and _ROW.match(lines[end]):
            end += 1
        body = set(range(top + 3, end + 1))
        chosen = chosen | {top + 1, top + 2} if body <= chosen else chosen - body
    return chosen


def adopt(text: str, folder: str, targets: Mapping[str, Target]) -> Adoption:
    """Return what becomes of the index `text` in `folder`; `targets` are the documents by path.

    A document that has a summary keeps it. The second call, with the summaries in place, returns the same text.
    """
    rows = _rows(text, folder, targets)
    summaries: dict[str, str] = {}
    for row in rows:
        if row.pieces and row.target.is_open and not row.target.summary:
            summaries.setdefault(row.target.path, ('; ' if row.is_table else ': ').join(row.pieces))
    taken = {}
    for row in rows:
        said = _known(row.target) | _words(row.target.summary or summaries.get(row.target.path, ''))
        if row.words <= said and posixpath.dirname(row.target.path) == folder:
            taken[row.line] = row
    lines = conflicts.lines_of(text)
    is_grouped = len({_group(text, line) for line in taken}) > 1
    chosen = set() if is_grouped else _with_tables(lines, taken, taken)
    kept = ''.join(line for number, line in enumerate(lines, 1) if number not in chosen)
    if _words(kept) <= _words(folder.replace('_', ' ')) | {'index', 'of', 'the'}:
        chosen, kept = set(range(1, len(lines) + 1)), ''
    return Adoption(kept, sorted(chosen), summaries)


def lost(text: str, adoption: Adoption, folder: str, targets: Mapping[str, Target]) -> list[int]:
    """Return the lines of `text` whose words stand neither in what is kept nor in the documents as they are now.

    The machine check of an adoption: the words of the head of a table, and those of the folder's name, are not asked for.
    """
    lines = conflicts.lines_of(text)
    rest = [line for number, line in enumerate(lines, 1) if number not in adoption.taken]
    if adoption.kept and ''.join(rest) != adoption.kept:
        return list(range(1, len(lines) + 1))
    rows = {row.line: row for row in _rows(text, folder, targets)}
    wrong = []
    for number in adoption.taken:
        row = rows.get(number)
        if row is None:
            is_head = any(_ROW.match(lines[number - 1]) and other in rows for other in (number + 1, number + 2))
            words = frozenset() if is_head else _words(lines[number - 1]) - _words(folder) - {'index', 'of', 'the'}
        else:
            words = row.words - _known(row.target) - _words(row.target.summary)
        wrong += [number] if words else []
    return wrong
