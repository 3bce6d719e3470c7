"""Tracked pages for a commit that is being made: what a change of the tree asks of them, with the work tree left alone."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.site import site
from daybook.site import site_listing
from daybook.site import site_memory
from daybook.site import site_state
from daybook.site.site_listing import Listing
from daybook.site.site_output import Output

_STATE = 'daybook/site-of-commits'  # apart from that of the work tree, which may hold what nobody has committed
_WAIT = 60  # seconds for another run to end


class Kept(Output):
    """A folder that nobody sees: what would be written is kept by path instead."""

    def __init__(self) -> None:
        super().__init__('')

    def another(self) -> Kept:
        return Kept()

    def write(self, path: str, content: bytes) -> None:
        self.contents[path] = content
        self.written.append(path)

    def is_ours(self, path: str) -> bool:
        return False

    def remove(self, path: str) -> None:
        pass  # no hand-off takes a document away

    def remove_others(self, is_wanted: Callable[[str], bool]) -> None:
        pass

    def stamps(self, folders: Iterable[str]) -> dict[str, int]:
        return {}


def _state(folder: str) -> tuple[dict[str, Any], Listing]:
    top = site_state.load_top(folder)
    return top, site_listing.load(folder, top)


def _borrow(repo: Repo, folder: str, key: str) -> None:
    """Begin with what the site of the work tree knows of its documents, where it has one: it differs in a few of them."""
    own = git.git_path(repo, site_memory.STATE)
    with files.exclusive_lock(git.git_path(repo, site.LOCK), 0) as is_held:
        if is_held and site_state.load_top(own).get('key') == key:
            site_state.copy(own, folder)


def _build(repo: Repo, settings: Settings, tree: str, *, makes_pages: bool) -> dict[str, bytes]:
    """Bring the state to `tree`; return the files that this made anew, by path within the site, if it makes any."""
    from daybook.site import site_build

    folder = git.git_path(repo, _STATE)
    listing = site_listing.of_tree(repo, tree)
    parts = site_state.parts_for(listing.count())
    key = site.key(settings, parts)
    top, last = _state(folder)
    if not site.can_follow(top, key, last):
        _borrow(repo, folder, key)
        top, last = _state(folder)
    changed = listing.changed(last) if site.can_follow(top, key, last) else None
    output = Kept()
    if changed is None or changed:
        site_build.build(repo, settings, site_build.Ground(folder, listing, parts, None, key, tree, makes_pages), top, output, changed)
    return output.contents


def pages(repo: Repo, settings: Settings, before: str, after: str) -> dict[str, bytes]:
    """Return the files of the site that differ for what tree `after` says otherwise than `before`, by path from the root.

    Nothing where `after` holds no site. Raises FatalError when a package is missing.
    """
    home = f'{settings.render_folder}/index.html'
    if git_objects.read_blobs(repo, [f'{after}:{home}'])[0] is None:
        return {}
    with files.exclusive_lock(git.git_path(repo, f'{_STATE}.lock'), _WAIT) as is_held:
        if not is_held:
            raise FatalError(f'another hand-off has been making pages for {_WAIT} seconds')
        try:
            _build(repo, settings, before, makes_pages=False)
            made = _build(repo, settings, after, makes_pages=True)
        except ImportError as error:
            raise site.missing(error) if error.name in site.PACKAGES else error
    rooted = {f'{settings.render_folder}/{path}': content for path, content in made.items() if '\n' not in path}
    there = git_objects.read_blobs(repo, [f'{after}:{path}' for path in rooted])
    return {path: content for (path, content), old in zip(rooted.items(), there) if old != content}
