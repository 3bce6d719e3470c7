"""The authority map of a repository: where it lies, and what it says."""
from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents import config
from daybook.documents import frontmatter
from daybook.documents import frontmatter_yaml
from daybook.documents import mappings
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.errors import FatalError
from daybook.problem import Problem
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import sparse
from daybook.repo.git import Repo
from daybook.rules import authority
from daybook.rules.authority import Map

_MOST = 1 << 20  # bytes; what is larger would take a minute in every commit
USUAL = ('.daybook/authority.yaml', '.daybook/authority.yml', '.daybook/authority.json')


class Found(NamedTuple):
    """The map as it was given and as it is used; None and the problems where it cannot be."""

    path: str
    given: Any
    map: Map | None
    problems: list[Problem]


def path_of(repo: Repo, settings: Settings) -> str | None:
    """Return where the map lies, None when there is none; the file that the settings name need not exist."""
    if settings.authority_map is not None:
        return settings.authority_map.lstrip('/')
    left_out = sparse.left_out(repo.root)
    return next((path for path in USUAL if path in left_out or os.path.lexists(os.path.join(repo.root, path))), None)


def _content(repo: Repo, path: str) -> bytes | None:
    if git.is_in_git_hook():
        return git_objects.read_blobs(repo, [f':{path}'])[0]
    data = files.read_bytes(files.inside(repo.root, path))
    return sparse.read(repo.root, path) if data is None else data


def _is_plain(repo: Repo, path: str) -> bool:
    """Return whether nothing but a plain file lies at a path, nor leads to it; what is not there is plain."""
    if git.is_in_git_hook():
        return all(entry.path == path and entry.mode.startswith('100') for entry in git_objects.index_entries(repo, *git.pathspec([path])))
    place = os.path.join(repo.root, path)
    return os.path.isfile(place) and not os.path.islink(place) or not os.path.lexists(place)


def read(repo: Repo, settings: Settings) -> Found | None:
    """Return the map of a repository, None when it has none."""
    path = path_of(repo, settings)
    if path is None:
        return None
    if not _is_plain(repo, path):
        return Found(path, None, None, [Problem(path, 1, 'authority-map', 'not a plain file; put the map itself there')])
    data = _content(repo, path)
    if data is None:
        where = (config.PATH, config.lines(repo.root).get('/authority/map', 1)) if settings.authority_map is not None else (path, 1)
        return Found(path, None, None, [Problem(*where, 'authority-map', f'authority.map: no such file: {path}; mend the path', causes=(path,))])
    if len(data) > _MOST:
        return Found(path, None, None, [Problem(path, 1, 'authority-map', 'more than 1 MiB; a map of entities and stores is no store of its own: '
                                                'keep the data elsewhere')])
    given, error = frontmatter_yaml.read_yaml(data.removeprefix(frontmatter.BOM))
    if error:
        return Found(path, None, None, [Problem(path, error[0], 'authority-schema', error[2])])
    known, full = schema.built_in('authority'), authority.plain(given)
    lines = mappings.lines(data) if isinstance(given, dict) else {}
    if not schema.verdict(known)(full):
        wrong = [(authority.pointer_of(given, each.pointer), each.message) for each in schema.violations(known, full)]
        return Found(path, given, None, [Problem(path, lines.get(pointer, 1), 'authority-schema', f'{pointer or "/"}: {message}')
                                         for pointer, message in wrong])
    return Found(path, given, authority.of_mapping(path, given, lines, settings.authority_here), [])


def withholder(repo: Repo, settings: Settings, fields: Sequence[str]) -> Callable[[Document], dict[str, str]]:
    """Return what tells of a document which of `fields` another store than this repository owns, with that store; for mirrors.

    The entity of a document is its `entity`, else its kind. Raises FatalError when there is a map that cannot be
    used: nobody may write where nobody knows the owner.
    """
    found = read(repo, settings)
    known = found.map if found else None
    if found is not None and known is None:
        raise FatalError(f'{found.path} cannot be used; run `daybook check-authority` and mend it')

    def foreign(document: Document) -> dict[str, str]:
        named = document.meta.get('entity')
        entity = named if isinstance(named, str) else document.kind.name
        return authority.foreign(known, entity, fields) if known else {}
    return foreign
