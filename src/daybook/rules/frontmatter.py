"""Rule: every document has the frontmatter of its kind, and what Daybook made has its sections."""
from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

from daybook.documents import frontmatter
from daybook.documents import schema
from daybook.documents.document import Document
from daybook.documents.kinds import Kind
from daybook.problem import Problem

if TYPE_CHECKING:  # most documents have frontmatter
    from daybook.documents.governed import Header

_HEADING = re.compile(r'^## +(.+?)[ \t]*\r?$', re.MULTILINE)
_LEAST = 5  # letters of a key that can be misspelt: `date` is one letter from `data` and `gate`
_MAY_HIDE_HEADINGS = re.compile(r'^ {0,3}(?:```|~~~|<)', re.MULTILINE)


def check(documents: Iterable[Document], schemas: Mapping[str, dict[str, Any]]) -> list[Problem]:
    """Return what is wrong with the head and the sections of each document; `schemas` by the name of the kind.

    What only binds Daybook's own notes, the sections, is asked of those that a claim made.
    """
    fits = {name: schema.verdict(content) for name, content in schemas.items()}
    known = {name: frozenset(content.get('properties', ())) for name, content in schemas.items()}
    found: list[Problem] = []
    for document in documents:
        found += _of(document, schemas[document.kind.name], fits[document.kind.name])
        found += _misspelt(document, known[document.kind.name])
    return found


def _of(document: Document, content: dict[str, Any], fits: Callable[[Any], bool]) -> list[Problem]:
    unreadable = frontmatter.problem_of(document.path, document.parsed)
    if unreadable:
        return [unreadable]
    if document.parsed.block is None:
        from daybook.documents import governed

        header = governed.header_of(document.data, document.parsed) if document.kind.name == 'doc' else None
        if header is not None and header.form == governed.BULLETS:
            return _of_bullets(document, header, content, fits)
        return [Problem(document.path, 1, 'frontmatter-missing',
                        'no frontmatter; `daybook backfill-frontmatter` adds it')]
    if document.is_stub:
        return [_stub(document)]
    found = [] if fits(document.meta) else _violations(document, content, fits)
    return found + _sections(document) if document.is_made_by_daybook else found


def _of_bullets(document: Document, header: Header, content: dict[str, Any], fits: Callable[[Any], bool]) -> list[Problem]:
    """Return what is wrong with the list of keys around the title that governed documents may have in place of frontmatter."""
    value = {**_title_of_body(document), **header.meta}
    return [] if fits(value) else [
        Problem(document.path, header.lines.get(v.pointer.split('/')[1] if v.pointer else '', 1), 'frontmatter-schema',
                f'{v.pointer}: {v.message}' if v.pointer else v.message) for v in schema.violations(content, value)]


def _stub(document: Document) -> Problem:
    untrack = f'git rm --cached -- {shlex.quote(document.path)}'
    return Problem(document.path, document.line_of('/claimed_at'), 'claim-stub',
                   'a claim that nobody has filled is tracked; hand the session off with `daybook handoff`, or run '
                   f'`{untrack}`: that only takes it out of the next commit, the file and the claimed id stay')


def _violations(document: Document, content: dict[str, Any], fits: Callable[[Any], bool]) -> list[Problem]:
    value = document.meta
    if 'title' not in value and document.kind.schema is None and not document.is_made_by_daybook:
        value = {**value, **_title_of_body(document)}
        if fits(value):
            return []
    return [Problem(document.path, document.line_of(v.pointer), 'frontmatter-schema',
                    f'{v.pointer}: {v.message}' if v.pointer else v.message)
            for v in schema.violations(content, value)]


def is_slip(key: str, name: str) -> bool:
    """Return whether `key` is `name` with one letter more, less or another, or with two swapped.

    A plural, capitals and a hyphen for `_` are no slip: `owners`, `Status` and `review-by` are keys that many use on purpose.
    """
    if len(name) < _LEAST or abs(len(key) - len(name)) > 1 or name in (f'{key}s', key.removesuffix('s'), key.replace('-', '_').casefold()):
        return False
    same = next((place for place, (one, other) in enumerate(zip(key, name)) if one != other), min(len(key), len(name)))
    one, other = key[same:], name[same:]
    return one[1:] in (other, other[1:]) or one == other[1:] or (one[1:2], one[:1], one[2:]) == (other[:1], other[1:2], other[2:])


@functools.lru_cache(maxsize=None)  # many documents have the same keys of their own
def _meant(key: str, known: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in known if is_slip(key, name))


def _misspelt(document: Document, known: frozenset[str]) -> Iterator[Problem]:
    """Yield the keys that nobody reads, as they are a slip from one of the kind that is not there; any other key is welcome."""
    for key in document.meta.keys() - known:
        for name in _meant(key, known):
            if name not in document.meta:
                yield Problem(document.path, document.line_of(schema.pointer([key])), 'frontmatter-key', f'unknown key: {key}; did you mean `{name}`?', 'warning')


def _title_of_body(document: Document) -> dict[str, str]:
    """Return the first-level heading that older documents have in place of the key `title`."""
    from daybook.documents import markdown

    titles = [h.text for h in markdown.headings(document.body) if h.level == 1 and h.text and not h.nested]
    return {'title': titles[0]} if titles else {}


def _titles(kind: Kind) -> dict[str, str]:
    """Return the section that each title stands for, by the title in folded case."""
    titles = {title.casefold(): title for title in (*kind.sections, *kind.required_sections)}
    return titles | {other.casefold(): title for title, others in kind.section_aliases for other in others}


def _sections(document: Document) -> list[Problem]:
    known = _titles(document.kind)
    body = document.body
    if not _MAY_HIDE_HEADINGS.search(body) and not any(_section_problems(document, known, _lines_like_headings(body))):
        return []
    from daybook.documents import markdown

    found = [(s.title, s.line) for s in markdown.sections(body, first_line=document.body_line)]
    return list(_section_problems(document, known, found))


def _lines_like_headings(body: str) -> list[tuple[str, int]]:
    """Return the titles at the start of lines, which is what a parser finds where nothing hides them; without lines."""
    return [(title, 0) for title in _HEADING.findall(body)]


def _section_problems(document: Document, known: Mapping[str, str], found: list[tuple[str, int]]) -> Iterator[Problem]:
    present = [(known[title.casefold()], line) for title, line in found if title.casefold() in known]
    titles = {title for title, _ in present}
    for title in document.kind.required_sections:
        if title not in titles:
            yield Problem(document.path, document.body_line, 'section-missing', f'missing section: ## {title}')
    rank = {title: position for position, title in enumerate(document.kind.sections)}
    last = ''
    for title, line in present:
        if rank.get(title, len(rank)) < rank.get(last, -1):
            yield Problem(document.path, line, 'section-order', f'## {title} belongs before ## {last}', 'warning')
        elif title in rank:
            last = title
