"""The clone that the hooks come from, as far as it lies on this machine: whether it has the revision that `init` writes."""
from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError
from importlib.metadata import distribution
from urllib.parse import unquote
from urllib.parse import urlsplit

from daybook.repo import git


def _folder_of(url: str) -> str | None:
    """Return the folder of an address on this machine, None for any other."""
    if url.startswith('file:///'):
        return unquote(urlsplit(url).path)
    return url if os.path.isdir(url) else None


def _installed_from() -> str:
    """Return the address that this was installed from, `` where nobody knows.

    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        said = json.loads(distribution('git-daybook').read_text('direct_url.json') or '{}')
    except (PackageNotFoundError, ValueError):
        return ''
    return str(said.get('url', '')) if isinstance(said, dict) else ''


def missing(url: str, rev: str) -> str | None:
    """Return the clone, that of `url` or the one that this was installed from, which has no `rev`; None where none is known to lack it."""
    place = _folder_of(url) or _folder_of(_installed_from())
    if place is None or not os.path.isdir(place):
        return None
    # a runner's clone is shallow, and has its one commit without the tag
    if git.git('rev-parse', '--is-shallow-repository', cwd=place, env=git.clean_env()).text != 'false':
        return None
    found = git.git('rev-parse', '--verify', '--quiet', '--end-of-options', f'{rev}^{{commit}}', cwd=place, env=git.clean_env())
    return None if found.is_ok else place
