"""Where a page lies and where its links lead: to another page, to a file of the repository, or nowhere."""
from __future__ import annotations

import os
import posixpath
import re
import zlib
from collections.abc import Container
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote
from urllib.parse import unquote
from urllib.parse import urljoin

from daybook.documents import destination

_SCHEME = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:')
_SAFE = "/.-_~!$()*+,;=@"
_MAX_NAME = 200  # bytes; with a temporary ending it stays below the 255 of most file systems
REMOTE = 'remote:'


class Place(NamedTuple):
    """A page among the others: its document, the pages that exist, those that are withheld, its images, the host.

    `images` are `data:` addresses by path; `up` leads from the page to the root of the repository.
    """

    path: str
    shown: Container[str]
    withheld: Container[str]
    images: Mapping[str, str]
    files_url: str
    up: str


def page_of(path: str) -> str:
    """Return the path of the page of a document, below the folder of the site."""
    folder, name = posixpath.split(path)
    stem = name.removesuffix('.md')
    if len(stem) * 4 > _MAX_NAME and len(os.fsencode(stem)) > _MAX_NAME:  # UTF-8 has four bytes at most
        kept = os.fsencode(stem)[:_MAX_NAME].decode('utf-8', 'ignore')
        stem = f'{kept}-{zlib.crc32(os.fsencode(stem)):08x}'
    return posixpath.join(folder, f'{stem}.html')


def address(path: str) -> str:
    """Return a path as a relative address, percent-encoded byte by byte."""
    quoted = quote(os.fsencode(path), safe=_SAFE)
    return f'./{quoted}' if ':' in quoted.split('/')[0] else quoted


def between(source: str, target: str) -> str:
    """Return the address of the page of `target` as the page of `source` writes it."""
    return address(_relative(source.split('/')[:-1], page_of(target)))


def _relative(here: list[str], path: str) -> str:
    """Return `path` as it is seen from the folder `here`; both are as git writes them, which `posixpath.relpath` cannot know."""
    there, shared = path.split('/'), 0
    for mine, theirs in zip(here, there[:-1]):
        if mine != theirs:
            break
        shared += 1
    return '/'.join(['..'] * (len(here) - shared) + there[shared:])


def target_of(path: str, target: str) -> str | None:
    """Return the path, from the root, of what a link in the document `path` names; None when it is no file here."""
    target = target.strip().partition('#')[0].partition('?')[0]
    if not target or _SCHEME.match(target) or target.startswith('//') or '\0' in target:
        return None
    bare = unquote(target, errors='surrogateescape').replace('\\', '/')
    joined = bare.lstrip('/') if bare.startswith('/') else posixpath.join(posixpath.dirname(path), bare)
    found = posixpath.normpath(joined)
    return None if found == '..' or found.startswith('../') or found == '.' else found


def resolve(place: Place, target: str) -> str | None:
    """Return what a link leads to on a page; None for what must not be linked."""
    target = target.strip()
    if target.startswith('#') or _SCHEME.match(target):
        return target
    if target.startswith('//'):
        return f'https:{target}'
    if place.files_url and destination.is_host_page(place.path, re.split('[?#]', target, maxsplit=1)[0]):
        return urljoin(f'{place.files_url.rstrip("/")}/{"" if target[0] == "/" else place.path}', target.lstrip('/'))
    path = target_of(place.path, target)
    if path is None or path in place.withheld:
        return None
    fragment = target.partition('#')[2]
    behind = f'#{quote(unquote(fragment), safe=_SAFE + "?:")}' if fragment else ''
    if path in place.shown:
        return between(place.path, path) + behind
    if place.files_url:
        return place.files_url.rstrip('/') + '/' + address(path).removeprefix('./') + behind
    return place.up + address(path).removeprefix('./') + behind


def image(place: Place, target: str) -> str | None:
    """Return the address of an image: its bytes when it lies here, `remote:` and its address otherwise."""
    target = target.strip()
    path = target_of(place.path, target)
    if path is not None and path in place.images:
        return place.images[path]
    found = resolve(place, target)
    return f'{REMOTE}{found}' if found and not found.startswith(('data:', '#')) else None
