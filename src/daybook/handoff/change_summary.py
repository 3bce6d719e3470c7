"""The change summary of a note: where the session's commits changed how much, and which documents; bounded, from facts alone."""
from __future__ import annotations

import posixpath
from collections.abc import Sequence

from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.file_names import stem_of
from daybook.handoff.facts import Facts
from daybook.handoff.facts import FileChange
from daybook.writers import inline

TITLE = 'Change Summary'
_DEPTH = 2  # folders of a path that tell where it is
_MOST = 12  # places
_NAMED = 8  # documents of a kind


def _count(number: int, noun: str) -> str:
    return f'{number:,} {noun}{"s" * (number != 1)}'


def _lines(changes: Sequence[FileChange]) -> str:
    if changes and all(each.added is None for each in changes):
        return 'binary'
    return f'+{sum(each.added or 0 for each in changes):,} −{sum(each.removed or 0 for each in changes):,}'


def _place(path: str) -> str:
    return '/'.join(posixpath.dirname(path).split('/')[:_DEPTH])


def _weight(changes: Sequence[FileChange]) -> int:
    return sum((each.added or 0) + (each.removed or 0) for each in changes)


def _places(changes: Sequence[FileChange]) -> list[str]:
    """Return a line for each place, those with most changed lines first."""
    found: dict[str, list[FileChange]] = {}
    for each in changes:
        found.setdefault(_place(each.path), []).append(each)
    ordered = sorted(found, key=lambda place: (-_weight(found[place]), place))
    texts = [f'{inline.file_name(f"{place}/") if place else "the root"}: {_count(len(found[place]), "file")}, {_lines(found[place])}'
             for place in ordered[:_MOST]]
    rest = [each for place in ordered[_MOST:] for each in found[place]]
    more = [f'{_count(len(ordered) - _MOST, "more place")}: {_count(len(rest), "file")}, {_lines(rest)}'] if rest else []
    return [*texts, *more]


def _documents(changes: Sequence[FileChange], settings: Settings) -> list[str]:
    """Return a line for each kind of which documents were changed, in the order of the settings."""
    found: dict[str, list[str]] = {}
    for each in sorted(changes):
        kind = kind_of(settings, each.path)
        if kind is not None:
            found.setdefault(kind.name, []).append(stem_of(each.path))
    texts = []
    for name in (kind.name for kind in settings.kinds if kind.name in found):
        more = f' and {len(found[name]) - _NAMED} more' if len(found[name]) > _NAMED else ''
        texts.append(f'{inline.escaped(name)}: {", ".join(map(inline.file_name, found[name][:_NAMED]))}{more}')
    return texts


def text(facts: Facts, settings: Settings) -> str:
    """Return the section without its heading; the same facts and settings give the same text."""
    if facts.commits is None:
        return 'Unknown, as the range of the session is.'
    if not facts.commits:
        return 'No commits.'
    total = f'{_count(len(facts.commits), "commit")} changed {_count(len(facts.changes), "file")}: {_lines(facts.changes)}.'
    items = [*_places(facts.changes), *_documents(facts.changes, settings)]
    return '\n'.join([total, *([''] if items else []), *(line for item in items for line in inline.item(item))])
