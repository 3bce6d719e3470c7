"""Rule: an id names one document, and the file of a note is named by its id."""
from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from daybook.documents.document import Document
from daybook.documents.document import stem_of
from daybook.problem import Problem

CLAIM_ID = re.compile(r'[A-Z][A-Z0-9]{1,4}-[0-9]{6}-[0-9]{2}(?:[a-z0-9]{3})?')
_ANY_CASE = re.compile(rf'({CLAIM_ID.pattern})(-.+)?', re.IGNORECASE)
_NAMED = 3  # so many other files a message names


def check(documents: Collection[Document], paths: Iterable[str], *, slug: bool) -> list[Problem]:
    """Return what is wrong with the ids of `documents`; `paths` are all files of the repository.

    `slug` is the setting `sessions.slug`: names of notes go on behind the id.
    """
    found = [problem for document in documents for problem in (*_pattern(document), *_file_name(document, slug=slug))]
    return found + list(_duplicates(documents, paths, slug=slug))


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
    return {_written(_key(document.kind.name, name)) for name in filter(None, names)}


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
        name = _claimed_by_name(path, slug=False) if path not in known and path.endswith('.md') else None
        if name:
            holders[_key('', name)][path] = name
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
