"""The site: every document as a page, a home page that finds them, and as little work as the change asks for."""
from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.site import site_listing
from daybook.site import site_memory
from daybook.site import site_state
from daybook.site.site_listing import Listing
from daybook.site.site_memory import Start
from daybook.site.site_output import Outcome
from daybook.site.site_output import Output

_FORMAT = 6  # of the state; another one is made anew
PACKAGES = ('jinja2', 'nh3', 'pygments')
LOCK = 'daybook/site.lock'  # in the private git folder
_WAIT = 60  # seconds for another run to end


def key(settings: Settings, parts: int, mailmap: bytes = b'') -> str:
    """Return what tells whether the state of an earlier run can be used: our code, the settings, the number of parts, the names in the history."""
    own = [value for name, value in settings._asdict().items() if name.startswith(('render_', 'zones_', 'freshness_')) or name in ('kinds', 'indexes_overview')]
    words = repr((_FORMAT, site_memory.stamp(), own, parts, mailmap))
    return listing.digest(words.encode('utf-8', 'surrogateescape')).hex()


def can_follow(top: dict[str, Any], now: str, last: Listing) -> bool:
    """Return whether the state of an earlier run can be brought up to date: it is whole, and of the same `key`."""
    return bool(top.get('key') == now and top['listing'] == last.checksum)


def missing(error: ImportError) -> FatalError:
    """Return what is to be said when a package of the extra `render` is not installed."""
    from daybook.writers import calls

    return FatalError(f'render-docs needs {error.name}; run `pip install {calls.requirement("render")}`, or give the hook '
                      "`additional_dependencies: ['.[render]']`")


def _unchanged(top: dict[str, Any]) -> Outcome:
    return Outcome([], [], top['by_hand'], top['unreadable'], sum(top['kinds'].values()), top['stamps'])


def _render(repo: Repo, settings: Settings, start: Start | None, *, everything: bool) -> Outcome:
    folder = git.git_path(repo, site_memory.STATE)
    top = site_state.load_top(folder)
    last = site_listing.load(folder, top)
    now = site_listing.read(repo, settings, start, last)
    parts = site_state.parts_for(now.count())
    head = None if settings.render_tracked else start.head if start else git_refs.resolve(repo, 'HEAD')
    own = key(settings, parts, b'' if settings.render_tracked else start.mailmap if start else site_memory.mailmap(repo.root))
    output = Output(files.inside(repo.root, settings.render_folder))
    changed: set[str] | None = None
    if can_follow(top, own, last) and not everything and top['stamps'] == output.stamps(top['stamps']):
        changed = now.changed(last)
        if not changed and top['head'] == head:
            return _unchanged(top)
    try:
        from daybook.site import site_build  # brings templates and sanitiser along

        return site_build.build(repo, settings, site_build.Ground(folder, now, parts, head, own), top, output, changed)
    except ImportError as error:
        raise missing(error) if error.name in PACKAGES else error


def _can_lock(path: str) -> bool:
    """Return whether there is room for a lock file: a git folder that cannot be written to keeps no state that two runs could spoil."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'ab'):
            return True
    except OSError:
        return False


def render(repo: Repo, settings: Settings, start: Start | None = None, *, everything: bool = False) -> Outcome:
    """Bring the site up to date and say what was done; `everything` trusts nothing of the last run.

    `start` is what git has just said of the work tree. Two runs wait for each other. Raises FatalError when a
    package is missing or the folder cannot be used.
    """
    lock = git.git_path(repo, LOCK)
    if not _can_lock(lock):
        return _render(repo, settings, start, everything=everything)
    with files.exclusive_lock(lock, 0) as is_held:
        if is_held:
            return _render(repo, settings, start, everything=everything)
    with files.exclusive_lock(lock, _WAIT) as is_held:
        if not is_held:
            raise FatalError(f'another render-docs has been at work for {_WAIT} seconds; wait for it, then run again')
        # much may have changed while it waited: without the times of its folders, nobody says that the site is as `start` has it
        return _render(repo, settings, None, everything=everything)._replace(stamps={})


def concerns(settings: Settings, staged: Sequence[str]) -> bool:
    """Return whether a commit of these paths can change a page."""
    return any(path == config.PATH or path.startswith(f'{settings.render_folder}/') or path.lower().endswith(site_memory.IMAGES)
               or config.kind_of(settings, path) for path in staged)
