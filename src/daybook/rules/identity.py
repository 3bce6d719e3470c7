"""Rule: an id, and a number of a series, names one document, and the file of a note is named by its id."""
from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents.document import Document
from daybook.documents.file_names import stem_of
from daybook.problem import Problem

CLAIM_ID = re.compile(r'[A-Z][A-Z0-9]{1,4}-[0-9]{6}-[0-9]{2}(?:[a-z0-9]{3})?')
_ANY_CASE = re.compile(rf'({CLAIM_ID.pattern})(-.+)?', re.IGNORECASE)
_NAMED = 3  # so many other files a message names
# `0007-queue`, of decisions `7_queue` and `ADR-007 queue` too: in other kinds such numbers are years, chapters or error codes
_NUMBER = re.compile(r'(?:adr[-_ ]?)?(?P<number>\d{1,5})(?:[-_ ]+(?P<rest>.*))?', re.IGNORECASE)
_NO_NUMBER = re.compile(r'(?:19|20)\d\d(?!\d)|\d\d[-_]\d\d[-_]\d\d(?!\d)')
_UNNUMBERED = ('session', 'workstream', 'doc')


def check(documents: Collection[Document], paths: Iterable[str], *, slug: bool) -> list[Problem]:
    """Return what is wrong with the ids of `documents`; `paths` are all files of the repository.

    `slug` is the setting `sessions.slug`: names of notes go on behind the id.
    """
    found = [problem for document in documents for problem in (*_pattern(document), *_file_name(document, slug=slug))]
    return [*found, *_duplicates(documents, paths, slug=slug), *_same_numbers(documents)]


def _folded(text: str) -> str:
    # macOS gives back decomposed names, and a case-insensitive disk has one file for both spellings
    return unicodedata.normalize('NFC', text).casefold()


def _given_id(document: Document) -> str | None:
    given = document.meta.get('id')
    return given if isinstance(given, str) and given else None


def _pattern(document: Document) -> Iterator[Problem]:
    given = _given_id(document)
    if given and document.is_made_by_daybook and not CLAIM_ID.fullmatch(given):
        yield Problem(document.path, document.line_of('/id'), 'id-pattern',
                      f'not an id that a claim gives: {given}; they look like RT-261120-01 or RT-261120-01k7f')


def _file_name(document: Document, *, slug: bool) -> Iterator[Problem]:
    given = _given_id(document)
    if given is None:
        return
    stem, wanted = (unicodedata.normalize('NFC', text) for text in (document.stem, given))
    is_note = document.kind.name == 'session'
    if stem == wanted or (is_note and slug and stem.startswith(f'{wanted}-')):
        return
    form = f'{given}-<slug>' if is_note and slug else given
    # other kinds are found by their names; an id of another form is older than Daybook there
    yield Problem(document.path, document.line_of('/id'), 'id-file-name',
                  f'the id {given} is not the name of the file; name the file {form}.md or mend the id',
                  'error' if is_note else 'warning')


def _claimed_by_name(path: str, *, slug: bool) -> str | None:
    match = _ANY_CASE.fullmatch(stem_of(path))
    return match[1] if match and (slug or match[2] is None) else None


def _key(kind: str, name: str) -> tuple[str, str]:
    """Return what must be unique: an id that a claim gives anywhere, another one within its kind."""
    return ('' if _ANY_CASE.fullmatch(name) else kind, _folded(name))


def _written(key: tuple[str, str]) -> str:
    return f'={":".join(key)}'


def keys(document: Document, *, slug: bool) -> set[str]:
    """Return the names of a document that no other one may have."""
    names = (_claimed_by_name(document.path, slug=slug and document.kind.name == 'session'), _given_id(document))
    numbered = _numbered(document)
    return {_written(_key(document.kind.name, name)) for name in filter(None, names)} | ({_written(numbered.series)} if numbered else set())


def path_keys(path: str) -> set[str]:
    """Return the names of a file that is no document which no document may have."""
    name = _claimed_by_name(path, slug=False) if path.endswith('.md') else None
    return {_written(_key('', name))} if name else set()


def _duplicates(documents: Collection[Document], paths: Iterable[str], *, slug: bool) -> Iterator[Problem]:
    holders: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for document in documents:
        names = (_claimed_by_name(document.path, slug=slug and document.kind.name == 'session'), _given_id(document))
        for name in filter(None, names):
            holders[_key(document.kind.name, name)][document.path] = name
    known = {document.path: document for document in documents}
    for path in paths:
        claimed = _claimed_by_name(path, slug=False) if path not in known and path.endswith('.md') else None
        if claimed:
            holders[_key('', claimed)][path] = claimed
    for held in holders.values():
        if len(held) > 1:
            for path in held.keys() & known.keys():
                yield _duplicate(known[path], held[path], sorted(held.keys() - {path}))


def _duplicate(document: Document, name: str, others: list[str]) -> Problem:
    more = f' and {len(others) - _NAMED} more' if len(others) > _NAMED else ''
    if document.kind.name == 'session':
        repair = f'`daybook renumber {name} NEW` gives one of them a new id'
    else:
        repair = 'give one of them another id'
    return Problem(document.path, document.line_of('/id'), 'id-duplicate',
                   f'{name} is also the id of {", ".join(others[:_NAMED])}{more}; {repair}', causes=tuple(others))


class _Numbered(NamedTuple):
    """The number of a document as its name has it, in which series it must be unique, and the words behind it."""

    document: Document
    number: str
    series: tuple[str, str]
    rest: str


def _numbered(document: Document) -> _Numbered | None:
    kind, stem = document.kind.name, document.stem
    found = _NUMBER.fullmatch(stem) if kind not in _UNNUMBERED and not _NO_NUMBER.match(stem) else None
    if found is None or kind != 'adr' and not (stem.startswith('0') and len(found['number']) > 2):
        return None
    folder = document.path.rpartition('/')[0]
    return _Numbered(document, found['number'], (f'{kind} {folder}', str(int(found['number']))), _folded(found['rest'] or ''))


def _subject(one: _Numbered, held: Iterable[_Numbered]) -> str:
    """Return the words of the document that one belongs to: `0007-queue.de` and `0007-queue-appendix` to `0007-queue`."""
    above = [other.rest for other in held if one.rest.startswith(tuple(f'{other.rest}{mark}' for mark in '-_. '))]
    return min([one.rest, *above], key=len)


def _same_numbers(documents: Iterable[Document]) -> Iterator[Problem]:
    series: dict[tuple[str, str], list[_Numbered]] = defaultdict(list)
    for one in filter(None, map(_numbered, documents)):
        series[one.series].append(one)
    for held in series.values():
        subjects = [_subject(one, held) for one in held]
        for one, subject in zip(held, subjects):
            others = [other.document for other, another in zip(held, subjects) if another != subject]
            if others:
                yield _same_number(one, others)


def _newest(documents: Sequence[Document]) -> str:
    """Return which of them is the newest, where their days tell."""
    days = [str(document.meta.get('created') or '') for document in documents]
    return f'the newest, {documents[days.index(max(days))].path},' if all(days) and days.count(max(days)) == 1 else 'the newest'


def _same_number(one: _Numbered, others: list[Document]) -> Problem:
    paths = sorted(other.path for other in others)
    more = f' and {len(paths) - _NAMED} more' if len(paths) > _NAMED else ''
    return Problem(one.document.path, 1, 'id-duplicate', f'the number {one.number} is also that of {", ".join(paths[:_NAMED])}{more}; '
                   f'give {_newest([one.document, *others])} one that is free: `git mv`, then '
                   '`daybook audit-links --fix` mends the links to it', causes=tuple(paths))


def check_operators(path: str, operators: Mapping[str, Any], lines: Mapping[str, int]) -> list[Problem]:
    """Return which initials, slugs and addresses two operators of the file `path` share, in folded case.

    `operators` fits its schema; `lines` are those of its values, by JSON pointer.
    """
    found: list[Problem] = []
    owners: dict[tuple[str, str], str] = {}
    for slug, operator in operators.items():
        marks = [('slug', slug), ('initials', operator['initials'])]
        marks += [('address', address) for address in operator.get('emails', ())]
        for what, mark in marks:
            owner = owners.setdefault((what, _folded(mark)), slug)
            if owner != slug:
                found.append(Problem(path, lines.get(f'/operators/{slug}', 1), 'operators-unique',
                                     f'{what} {mark} is that of {owner} and of {slug}; give each their own'))
    return found
