"""Rule: the header of a governed document tells where it lies and which version it is, and is whole."""
from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from daybook.documents.file_names import stem_of
from daybook.documents.governed import HEADER
from daybook.documents.governed import Record
from daybook.problem import Problem

_SUFFIX = re.compile(r'[-_ .]v(?P<number>[0-9]+(?:[._-][0-9]+)*)$', re.IGNORECASE)
_VERSION = re.compile(r'v?(?P<number>[0-9]+(?:[._-][0-9]+)*)', re.IGNORECASE)
_MARKS = frozenset(('entity', 'source_path', 'level'))  # with one of these a document has the header
PATH, VERSION, INCOMPLETE = 'header-path', 'header-version', 'header-incomplete'


def check(records: Iterable[Record]) -> list[Problem]:
    """Return the headers whose `source_path` or `version` says something else than the name of the file."""
    return [wrong for record in records if not record.error for wrong in (*_path(record), *_version(record), *_incomplete(record))]


def written_path(record: Record) -> str:
    """Return `source_path` as it should be: with a slash in front where it has one now."""
    given = record.meta.get('source_path')
    return f'/{record.path}' if isinstance(given, str) and given.startswith('/') else record.path


def _path(record: Record) -> Iterator[Problem]:
    given = record.meta.get('source_path')
    if isinstance(given, str) and given.strip() and given.strip().lstrip('/').removeprefix('./') != record.path:
        yield Problem(record.path, record.line('source_path'), PATH,
                      f'source_path is {given}, and the file is {record.path}; `daybook validate-frontmatter --fix` mends it')


def _numbers(text: Any, pattern: re.Pattern[str], *, whole: bool) -> tuple[int, ...] | None:
    words = str(text).strip() if isinstance(text, (str, int, float)) and not isinstance(text, bool) else ''
    found = pattern.fullmatch(words) if whole else pattern.search(words)
    if not found:
        return None
    parts = [int(part) for part in re.split('[._-]', found['number'])]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return tuple(parts)


def _version(record: Record) -> Iterator[Problem]:
    given = record.meta.get('version')
    stem = stem_of(record.path)
    suffix, named = _SUFFIX.search(stem), _numbers(stem, _SUFFIX, whole=False)
    if given is not None and suffix and named and named != _numbers(given, _VERSION, whole=True):
        yield Problem(record.path, record.line('version'), VERSION,
                      f'version is {given}, and the name of the file says {suffix[0].lstrip("-_ .")}; '
                      'mend the version or rename the file')


def is_governed(record: Record) -> bool:
    """Return whether a header says anything that is checked here."""
    stem = stem_of(record.path)
    return 'source_path' in record.meta or _must_be_whole(record) or 'version' in record.meta and _SUFFIX.search(stem) is not None


def _must_be_whole(record: Record) -> bool:
    return record.kind == 'doc' and not _MARKS.isdisjoint(record.meta)


def _incomplete(record: Record) -> Iterator[Problem]:
    if not _must_be_whole(record):
        return
    missing = [key for key in HEADER if key not in record.meta]
    if missing:
        yield Problem(record.path, record.line('entity'), INCOMPLETE,
                      f'the header lacks {", ".join(missing)}; it has {", ".join(HEADER)}', 'warning')
