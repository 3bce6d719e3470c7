"""Rule: what a document names in its frontmatter exists, and nothing supersedes itself."""
from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents import config
from daybook.documents.document import Document
from daybook.documents.file_names import stem_of
from daybook.documents.kinds import MARKDOWN
from daybook.problem import Problem

_SUPERSEDING = ('plan', 'adr')
_CYCLIC = ('supersedes', 'superseded_by')
# key, kinds of the documents that carry it (none: all), kinds of those it names, how bad it is when there is none
_KEYS = (
    ('plan', ('session', 'workstream'), ('plan',), 'error'),
    ('supersedes', _SUPERSEDING, _SUPERSEDING, 'error'),
    ('superseded_by', _SUPERSEDING, _SUPERSEDING, 'error'),
    ('workstream', (), ('workstream',), 'warning'),
    ('session', ('learning',), ('session',), 'warning'),  # agents have sessions of their own, and may have written those there
)
_NOBODY = frozenset(('', '-', 'none', 'n/a', 'tbd'))
_LINK = re.compile(r'\[\[([^\]|#]+)[^\]]*\]\]|\[[^\]]*\]\(<?([^)#>\s]+)[^)]*\)')
_NUMBER = re.compile(r'(?:(?:adr|plan)[-_ ]?)?0*([0-9]{1,5})(?=$|[-_. ])', re.IGNORECASE)


class _Index(NamedTuple):
    """Paths of documents by kind and name, in folded case; a number (`0007-…`, `ADR-7`) stands for its document."""

    names: dict[str, dict[str, str]]
    numbers: dict[str, dict[str, str]]


class _Reference(NamedTuple):
    key: str
    pointer: str
    text: str
    kinds: tuple[str, ...]
    level: str


def check(documents: Collection[Document], files: Container[str], before: Iterable[Document] = (),
          names: Callable[[str], Collection[str]] | None = None) -> list[Problem]:
    """Return the references to documents that do not exist, and the cycles of `supersedes`.

    `files` are all files of the repository; `before` are documents as they were before a change,
    which causes the references to what it takes away. Where `documents` are not all there are, `names` returns
    those of a kind that all of them have.
    """
    index, former = _indexed(documents), _indexed(before)
    names = names or (lambda kind: index.names.get(kind, ()))
    found: list[Problem] = []
    for document in documents:
        for reference in _references(document):
            if _target(reference, document, index, files) is None:
                found.append(_dangling(reference, document, former, names))
    return found + list(_cycles(documents, index, files))


def check_operators(documents: Iterable[Document], operators: Mapping[str, Any]) -> list[Problem]:
    """Return the notes whose operator is unknown: neither slug, name nor initials in `operators`."""
    known = {word.casefold() for slug, operator in operators.items()
             for word in (slug, operator['initials'], operator.get('name', slug))}
    found = []
    for document in documents:
        for name in _texts(document.meta.get('operator')) if document.kind.name == 'session' else ():
            if name.casefold() not in known:
                found.append(Problem(document.path, document.line_of('/operator'), 'operator-unknown',
                                     f'no such operator: {name}; mend the name, or add it to {config.OPERATORS_PATH}, which knows {", ".join(operators)}',
                                     'warning', (config.OPERATORS_PATH,)))
    return found


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _names(document: Document) -> set[str]:
    """Return the names by which others may refer to a document, in folded case."""
    if document.kind.name not in ('workstream', 'session', *_SUPERSEDING):
        return set()
    given = (document.stem, document.identity, document.meta.get('external_id'))
    return {name.casefold() for name in given if isinstance(name, str)}


def _number(document: Document) -> str | None:
    found = _NUMBER.match(document.stem) if document.kind.name in ('workstream', *_SUPERSEDING) else None
    return found[1] if found else None


def _indexed(documents: Iterable[Document]) -> _Index:
    index = _Index({}, {})
    for document in documents:
        kind = document.kind.name
        for name in _names(document):
            index.names.setdefault(kind, {}).setdefault(name, document.path)
        number = _number(document)
        if number:
            index.numbers.setdefault(kind, {}).setdefault(number, document.path)
    return index


def gives(document: Document) -> set[str]:
    """Return the names by which others may refer to a document: its kind, `:` and the name, or `#` and its number."""
    number = _number(document)
    return {f'{document.kind.name}:{name}' for name in _names(document)} | ({f'{document.kind.name}#{number}'} if number else set())


def asks(document: Document) -> set[str]:
    """Return the names, as `gives` has them, and the paths behind a `/` to which the references of a document may lead."""
    found = set()
    for reference in _references(document):
        name, stem, number = _words(reference)
        if '://' in name:
            continue
        found |= {f'/{place}' for place in _places(name, document)}
        found |= {f'{kind}:{stem.casefold()}' for kind in reference.kinds}
        found |= {f'{kind}#{number[1]}' for kind in reference.kinds if number}
    return found


def may_be_in_cycle(document: Document) -> bool:
    """Return whether a document says what supersedes it or what it supersedes."""
    return document.kind.name in _SUPERSEDING and any(reference.key in _CYCLIC for reference in _references(document))


def _references(document: Document) -> Iterator[_Reference]:
    for key, carriers, kinds, level in _KEYS:
        value = document.meta.get(key)
        if value is None or (carriers and document.kind.name not in carriers):
            continue
        # a decision supersedes decisions; only where none has the name is it a plan
        ordered = tuple(sorted(kinds, key=lambda kind: kind != document.kind.name))
        for position, text in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(text, str) and text.strip().casefold() not in _NOBODY:
                pointer = f'/{key}/{position}' if isinstance(value, list) else f'/{key}'
                yield _Reference(key, pointer, text.strip(), ordered, level)


def _name_of(text: str) -> str:
    """Return what `[[name|words]]`, `[words](name)` or a plain `name` names."""
    link = _LINK.fullmatch(text)
    return (link[1] or link[2]).strip() if link else text


def _words(reference: _Reference) -> tuple[str, str, re.Match[str] | None]:
    """Return what a reference names as it is written, the stem of that, and the number that it may stand for."""
    name = _name_of(reference.text)
    stem = stem_of(name) if name.endswith(MARKDOWN) or '/' in name else name
    return name, stem, _NUMBER.fullmatch(stem)


def _places(name: str, document: Document) -> tuple[str, str]:
    return posixpath.normpath(name), posixpath.normpath(posixpath.join(posixpath.dirname(document.path), name))


def _by_name(reference: _Reference, index: _Index) -> str | None:
    _, stem, number = _words(reference)
    for kind in reference.kinds:
        found = index.names.get(kind, {}).get(stem.casefold())
        if found is None and number:
            found = index.numbers.get(kind, {}).get(number[1])
        if found is not None:
            return found
    return None


def _target(reference: _Reference, document: Document, index: _Index, files: Container[str]) -> str | None:
    """Return the path, or the address, that a reference leads to; None when it leads nowhere."""
    name = _name_of(reference.text)
    if '://' in name:
        return name
    exact = next((path for path in _places(name, document) if path in files), None)
    return exact or _by_name(reference, index)


def _dangling(reference: _Reference, document: Document, former: _Index, names: Callable[[str], Collection[str]]) -> Problem:
    gone = _by_name(reference, former)
    name = _name_of(reference.text)
    if gone:
        hint = f'{gone} was it before this change; mend the name, or leave that as it was'
    elif reference.kinds[0] == 'session':  # thousands, with names that differ by a number
        hint = 'mend the name or take the key out'
    else:
        import difflib

        known = {each for kind in reference.kinds for each in names(kind)} - _names(document)
        near = difflib.get_close_matches(name.casefold(), sorted(known), n=1)
        hint = f'did you mean `{near[0]}`?' if near else f'mend the name or write the {reference.kinds[0]}'
    return Problem(document.path, document.line_of(reference.pointer), 'reference-dangling',
                   f'{reference.key}: no such {reference.kinds[0]}: {name}; {hint}',
                   reference.level, (gone,) if gone else ())


def _cycles(documents: Iterable[Document], index: _Index, files: Container[str]) -> Iterator[Problem]:
    known = {document.path: document for document in documents if document.kind.name in _SUPERSEDING}
    older: dict[str, set[str]] = {path: set() for path in known}
    for path, document in known.items():
        for reference in _references(document):
            target = _target(reference, document, index, files)
            if target in known and reference.key in _CYCLIC:
                newer, old = (path, target) if reference.key == 'supersedes' else (target, path)
                older[newer].add(old)
    for cycle in _found_cycles(older):
        members = sorted(set(cycle))
        for path in members:
            document = known[path]
            line = document.line_of('/supersedes' if 'supersedes' in document.meta else '/superseded_by')
            yield Problem(path, line, 'supersedes-cycle', f'supersedes itself: {" → ".join(cycle)}; take one of these out',
                          causes=tuple(other for other in members if other != path))


def _found_cycles(older: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Yield cycles that share no document, each from its first name back to it: what supersedes, what is superseded."""
    graph = {path: sorted(others) for path, others in sorted(older.items())}
    if not any(graph.values()):
        return
    import graphlib

    while True:
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            cycle = error.args[1][:0:-1]
            first = cycle.index(min(cycle))
            yield [*cycle[first:], *cycle[:first + 1]]
            graph = {path: [o for o in others if o not in cycle] for path, others in graph.items() if path not in cycle}
        else:
            return
