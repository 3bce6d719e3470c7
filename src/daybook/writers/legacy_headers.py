"""Older headers: what lists and lines around a title say, key by key; they are read and stay where they are."""
from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

_LINES = 40  # in which a header must stand
_BOLD = re.compile(r'\*\*(?P<key>[^*\n:：]{1,40}?)[ \t]*(?:[:：][ \t]*\*\*|\*\*[ \t]*[:：])')
_BULLET = re.compile(r'[-*+][ \t]+(?P<key>[^\W\d_][\w /;.-]{0,39}?)[ \t]*[:：][ \t]*(?P<text>\S.*)')
_PLAIN = re.compile(r'(?P<key>[^\W\d_][\w /;.-]{0,39}?)[ \t]*(?:：[ \t]*|:[ \t]+)(?P<text>\S.*)')
# a plain line is prose unless it begins with one of these, folded
_PLAIN_KEYS = frozenset((
    'date', 'created', 'updated', 'status', 'session', 'author', 'authors', 'operator', 'owner', 'branch', 'agent',
    'title', 'summary', 'version', 'by', '날짜', '작성일', '작성자', '상태', '日期', '作者', '日付', '状态', '创建时间', '作成日',
    '作成者', '日時', 'datum', 'fecha', 'autor', 'auteur', 'autore', 'estado', 'statut', 'дата', 'автор', 'статус', 'tarih', 'ngày'))
_END = re.compile(r'#{2,6}[ \t]|```|~~~|\|')  # where the document itself begins
_SKIPPED = re.compile(r'#[ \t]|<!--|(?:-{3,}|\*{3,}|_{3,}|={3,})$')
_SEPARATORS = ' \t·•|—–,;\\'

# in each row English, then what else a month is called in a date, in the languages met so far
_MONTHS = {name: number for number, names in enumerate((
    'jan january janeiro enero janvier januar jänner gennaio januari января січня ocak',
    'feb february fevereiro febrero février februar febbraio februari февраля лютого şubat',
    'mar march março marzo mars märz maart maret марта березня mart',
    'apr april abril avril aprile апреля квітня nisan',
    'may maio mayo mai maggio mei maj мая травня mayıs',
    'jun june junho junio juin juni giugno июня червня haziran',
    'jul july julho julio juillet juli luglio июля липня temmuz',
    'aug august agosto août augustus augusti agustus августа серпня ağustos',
    'sep sept september setembro septiembre septembre settembre сентября вересня eylül',
    'oct october outubro octubre octobre oktober ottobre октября жовтня ekim',
    'nov november novembro noviembre novembre ноября листопада kasım',
    'dec december dezembro diciembre décembre dezember dicembre desember декабря грудня aralık'), 1)
    for name in names.split()}
_DATES = (
    re.compile(r'(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[-/.]|\. )(?P<m>\d\d?)(?P=s)(?P<d>\d\d?)(?!\d)'),
    re.compile(r'(?<!\d)(?P<y>(?:19|20)\d\d)[年년] ?(?P<m>\d\d?)[月월] ?(?P<d>\d\d?)[日일]'),
    re.compile(r'(?<![\w-])(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?![\w-])'),
    # 05/06/2026 could be two days, 26/05/2026 and 05/26/2026 one each
    re.compile(r'(?<![\w/.-])(?P<d>1[3-9]|2\d|3[01])(?P<s>[-/.])(?P<m>\d\d?)(?P=s)(?P<y>(?:19|20)\d\d)(?!\w|[-/.]\d)'),
    re.compile(r'(?<![\w/.-])(?P<m>\d\d?)/(?P<d>1[3-9]|2\d|3[01])/(?P<y>(?:19|20)\d\d)(?!\w|[-/.]\d)'),
    re.compile(r'\b(?P<d>\d\d?)(?:st|nd|rd|th|er|º)?\.?(?: de)?[ -](?P<m>[^\W\d_]{3,10})\.?,?(?: de)?[ -](?P<y>(?:19|20)\d\d)\b'),
    re.compile(r'\b(?P<m>[A-Za-z]{3,9})\.? (?P<d>\d\d?)(?:st|nd|rd|th)?,? (?P<y>(?:19|20)\d\d)\b'),
)


class Field(NamedTuple):
    """One key of a header: its name folded, its text as Markdown, its line (from 1) in the file."""

    key: str
    text: str
    line: int


def folded(key: str) -> str:
    """Return the name of a key as tables have it: lower case, spaces between words, no emoji in front."""
    return re.sub(r'[\s_-]+', ' ', re.sub(r'^[\W_]+', '', key)).strip().casefold()


def dates_in(text: str) -> list[str]:
    """Return the distinct days that `text` names beyond doubt, as `YYYY-MM-DD` and in order.

    `05/06/2026` names none, as nobody can tell the day from the month.
    """
    found = {}
    for pattern in _DATES:
        for match in pattern.finditer(text):
            month = match['m'] if match['m'].isdigit() else _MONTHS.get(match['m'].casefold(), 0)
            try:
                found[match.start()] = datetime.date(int(match['y']), int(month), int(match['d'])).isoformat()
            except ValueError:  # the 30th of February
                continue
    return list(dict.fromkeys(found[start] for start in sorted(found)))


def _value(text: str) -> str:
    return text.strip(_SEPARATORS).removesuffix('<br>').strip()


def _bold(line: str) -> Iterator[tuple[str, str]]:
    """Yield the keys and texts of one line: `**Date:** 2026-05-20 · **Author:** Roman` has two."""
    marks = list(_BOLD.finditer(line))
    ends = [mark.start() for mark in marks[1:]] + [len(line)]
    for mark, end in zip(marks, ends):
        yield mark['key'], line[mark.end():end]


def _pairs(line: str) -> list[tuple[str, str]]:
    """Return the keys and texts of a line of a header; none for prose."""
    text = re.sub(r'^(?:>[ \t]*)+', '', line)
    bare = re.sub(r'^[-*+][ \t]+', '', text)
    if _BOLD.match(bare):
        return list(_bold(bare))
    if match := _BULLET.match(text):
        return [(match['key'], match['text'])]
    match = _PLAIN.match(text)
    return [(match['key'], match['text'])] if match and (folded(match['key']) in _PLAIN_KEYS or _is_romance_date(text)) else []


def _is_romance_date(line: str) -> bool:
    """Return whether a line that begins with `Data:` tells a day: elsewhere it is what a program reads."""
    return bool(re.match(r'data[ \t]*[:：][ \t]*\d', line, re.IGNORECASE))


def read(body: str, first_line: int = 1) -> list[Field]:
    """Return the keys of the header that people wrote above or below the title of `body`, in order.

    Bullet lists (`- entity: plan`, `- **Status:** Accepted`), bold lines and plain lines, also quoted. It ends
    with the first section, code, table, or paragraph behind a key. `body` begins on line `first_line` of the file.
    """
    fields: list[Field] = []
    was_blank, in_comment = True, False
    for number, raw in enumerate(re.split(r'\r\n|\n|\r', body)[:_LINES], first_line):
        line = raw.strip()
        in_comment = in_comment or line.startswith('<!--')
        if in_comment:
            in_comment = '-->' not in line
            continue
        if _END.match(line):
            break
        pairs = [] if not line or _SKIPPED.match(line) else _pairs(line)
        if fields and was_blank and line and not pairs and not _SKIPPED.match(line):
            break
        fields += [Field(folded(key), value, number) for key, text in pairs if (value := _value(text))]
        was_blank = not line
    return fields
