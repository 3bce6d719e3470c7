"""The site: every document as a page, a home page that finds them, and as little work as the change asks for."""
from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from daybook import writers
from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.site import site_listing
from daybook.site import site_state
from daybook.site.site_listing import Listing
from daybook.site.site_output import Outcome
from daybook.site.site_output import Output

_FORMAT = 2  # of the state; another one is made anew
PACKAGES = ('nh3', 'pygments')
_WAIT = 60  # seconds for another run to end


def _stamp() -> list[list[Any]]:
    """Return what tells one state of our own templates and code from another."""
    folder = os.path.dirname(writers.__file__)
    found: list[list[Any]] = []
    for place, start in ((folder, 'pages'), (os.path.join(folder, 'templates'), ''), (os.path.dirname(__file__), '')):
        with os.scandir(place) as entries:
            found += [[entry.name, entry.stat().st_size, entry.stat().st_mtime_ns] for entry in entries
                      if entry.name.startswith(start) and entry.is_file()]
    return sorted(found)


def key(settings: Settings, parts: int) -> str:
    """Return what tells whether the state of an earlier run can be used: our code, the settings, the number of parts."""
    own = [value for name, value in settings._asdict().items() if name.startswith(('render_', 'zones_', 'freshness_')) or name == 'kinds']
    return hashlib.sha256(repr((_FORMAT, _stamp(), own, parts)).encode('utf-8', 'surrogateescape')).hexdigest()


def missing(error: ImportError) -> FatalError:
    """Return what is to be said when a package of the extra `render` is not installed."""
    return FatalError(f'render-docs needs {error.name}; run `pip install git-daybook[render]`, or give the hook '
                      "`additional_dependencies: ['.[render]']`")


def _unchanged(top: dict[str, Any]) -> Outcome:
    return Outcome([], [], top['by_hand'], top['unreadable'], sum(top['kinds'].values()))


def _render(repo: Repo, settings: Settings, folder: str, listing: Listing, *, everything: bool) -> Outcome:
    parts = site_state.parts_for(listing.count())
    now = key(settings, parts)
    head = None if settings.render_tracked else git.resolve(repo, 'HEAD')
    top = site_state.load_top(folder)
    output = Output(files.inside(repo.root, settings.render_folder))
    changed: Iterable[str] | None = None
    if top.get('key') == now and not everything and top['stamps'] == output.stamps(top['stamps']):
        changed = listing.changed(site_listing.load(folder, top['dirty']))
        if not changed and top['head'] == head:
            return _unchanged(top)
    try:
        from daybook.site import site_build  # brings parser and sanitiser along

        return site_build.build(repo, settings, site_build.Ground(folder, listing, parts, head, now), top, output, changed)
    except ImportError as error:
        raise missing(error) if error.name in PACKAGES else error


def render(repo: Repo, settings: Settings, *, everything: bool = False) -> Outcome:
    """Bring the site up to date and say what was done; `everything` trusts nothing of the last run.

    Two runs wait for each other. Raises FatalError when a package is missing or the folder cannot be used.
    """
    with files.exclusive_lock(git.git_path(repo, 'daybook/site.lock'), _WAIT) as is_held:
        if not is_held:
            raise FatalError(f'another render-docs has been at work for {_WAIT} seconds; wait for it, then run again')
        listing = site_listing.read(repo, settings)
        return _render(repo, settings, git.git_path(repo, 'daybook/site'), listing, everything=everything)


def concerns(settings: Settings, staged: Sequence[str]) -> bool:
    """Return whether a commit of these paths can change a page."""
    return any(path == config.PATH or path.startswith(f'{settings.render_folder}/') or path.lower().endswith(site_listing.IMAGES)
               or config.kind_of(settings, path) for path in staged)
