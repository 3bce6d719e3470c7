"""What is wrong in a repository before it adopts anything: dead links, duplicates, headers that nobody can read."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Iterable
from typing import Any

from daybook.adoption.sweep import Sweep
from daybook.documents.file_names import stem_of
from daybook.rules import habits
from daybook.rules import naming
from daybook.rules import targets
from daybook.rules.naming import Place

_EXAMPLES = 5  # of each finding
_COPY = re.compile(r'(?: \d| \(\d\)| copy)$')


def first(items: Iterable[Any]) -> dict[str, Any]:
    """Return how many there are, and the first of them as examples."""
    found = list(items)
    return {'count': len(found), 'first': found[:_EXAMPLES]}


def _duplicates(groups: list[tuple[str, list[str]]]) -> dict[str, Any]:
    return first({'key': key, 'paths': paths} for key, paths in groups)


def _is_apart(path: str) -> bool:
    return path.startswith('.') or naming.is_foreign(path)


def _dead(found: Sweep, notes: Collection[str]) -> dict[str, Any]:
    dead = found.links.get(targets.DEAD, [])
    in_notes = [link for link in dead if link['path'] in notes]
    paths = {link['path'] for link in dead}
    apart = {path for path in paths if _is_apart(path)}
    # the most useful first: one's own notes, then documents, then what belongs to agents and other tools
    ordered = sorted(dead, key=lambda link: (link['path'] not in notes, link['path'] in apart))
    return {**first(ordered), 'files': len(paths), 'in_notes': len(in_notes),
            'apart': sum(link['path'] in apart for link in dead)}


def problems(found: Sweep, places: list[Place]) -> dict[str, Any]:
    """Return each kind of finding by its name; `places` are where the documents lie."""
    notes = {path for place in places if place.kind == naming.NOTES for path in place.files}
    looks = found.looks.values()
    documents = [found.looks[path] for place in places for path in place.files if path in found.looks]
    broken = sorted((_is_apart(seen.path), seen.path, seen.error[0], seen.error[2]) for seen in looks
                    if seen.error and seen.header != habits.LIST)
    decisions = [path for place in places if place.kind == 'adr' for path in place.files]
    ids = [(str(seen.meta['id']), seen.path) for seen in documents if isinstance(seen.meta.get('id'), (str, int))]
    titles = [(found.looks[path].title, path) for path in sorted(notes) if path in found.looks]
    return {
        'dead_links': _dead(found, notes),
        **{name.replace('-', '_') + '_links': first(found.links.get(name, []))
           for name in (targets.CASE, targets.LINE, targets.OUTSIDE, targets.ABSOLUTE, targets.ROUTE)},
        'wikilinks': {'count': found.wikilinks, 'lost': found.lost_wikilinks},
        'broken_frontmatter': first(
            {'path': path, 'line': line, 'message': message} for _, path, line, message in broken),
        'list_headers': first(seen.path for seen in looks if seen.header == habits.LIST),
        'duplicate_ids': _duplicates(habits.shared(ids)),
        'duplicate_names': _duplicates(habits.shared((stem_of(path), path) for path in sorted(notes))),
        'duplicate_titles': _duplicates(habits.shared(titles)),
        'decision_numbers': _duplicates(list(naming.numbers_used_twice(decisions).items())),
        'same_but_for_case': _duplicates(habits.shared((path, path) for path in found.files)),
        'copies': first(path for path in found.markdown if _COPY.search(stem_of(path))),
        'crlf': first(seen.path for seen in looks if seen.is_crlf),
        'not_utf8': first(seen.path for seen in looks if not seen.is_utf8),
        'large': first({'path': seen.path, 'bytes': seen.size} for seen in looks if seen.size > 300_000),
        'empty': first(seen.path for seen in looks if not seen.size),
        'local_paths': first(seen.path for seen in looks if seen.has_local_path),
    }
