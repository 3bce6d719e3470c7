"""Whether anything has changed since the site was made last: one plain file tells, with no import that a run can do without.

A cache, never the truth: what is not as it was to the byte is looked at again, and the pages are made from the documents.
"""
from __future__ import annotations

import os
import stat
import sys

from daybook import writers
from daybook.repo import git_spawn
from daybook.repo import listing

TYPE_CHECKING = False
if TYPE_CHECKING:  # a run without changes does without `collections`
    from collections.abc import Mapping

CONFIG, MAILMAP = '.daybook/config.yaml', '.mailmap'
SUFFIXES = ('.md', '.markdown', '.mdx')
IMAGES = ('.png', '.jpg', '.jpeg', '.gif', '.webp', '.avif', '.svg')
STATE, _SEAL = 'daybook/site', 'seal'  # the folder lies in the private git folder
# what of ours makes the pages: folders, and how the names of its files begin
_MAKERS = (('documents', ''), ('site', ''), ('writers', ('inline', 'pages')), ('writers/templates', ''))
_PYTHON = os.path.dirname(os.__file__)
_LIBRARIES = ('pyromark-', 'pyyaml-', 'jinja2-', 'markupsafe-', 'nh3-', 'pygments-')


def _read(path: str) -> bytes | None:
    """Return the bytes of a file, None for what is gone or is none: a pipe would wait for ever."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, 'rb') as stream:
            return stream.read()
    except OSError:
        return None


def is_left_to_others(root: str) -> bool:
    """Return whether the settings cannot but leave the pages untracked, without a reader of YAML; False where it takes one."""
    settings = _read(os.path.join(root, CONFIG))
    # a word may be written with escapes
    return settings is not None and b'tracked' not in settings and b'\\' not in settings


def changes_settings(root: str) -> bool:
    """Return whether the commit that is being made may change the settings: who breaks them is told."""
    return git_spawn.answers(root, ('diff-index', '--cached', '--name-only', 'HEAD', '--', CONFIG))[0] != b''


def _versions() -> str:
    """Return the installed libraries with their versions; the first folder that has one has them all."""
    for folder in sys.path:
        if folder == _PYTHON:  # it has many names, and none of them
            continue
        try:
            named = [name for name in os.listdir(folder) if name.endswith('-info') and name.lower().startswith(_LIBRARIES)]
        except OSError:
            continue
        if named:
            return ' '.join(sorted(named))
    return ''


def stamp() -> bytes:
    """Return what tells one state of our own modules and templates, and of the libraries that make pages with them, from another."""
    package = os.path.dirname(os.path.dirname(writers.__file__))
    found = [_versions()]
    for folder, starts in _MAKERS:
        with os.scandir(os.path.join(package, folder)) as entries:
            for entry in entries:
                if entry.name.startswith(starts) and entry.is_file():
                    known = entry.stat()
                    found.append(f'{folder}/{entry.name} {known.st_size} {known.st_mtime_ns}')
    return os.fsencode('\n'.join(sorted(found)))


def mailmap(root: str) -> bytes:
    """Return what says which names the history tells (gitmailmap(5))."""
    return _read(os.path.join(root, MAILMAP)) or b''


def changed_at(path: str) -> int:
    """Return when a folder last gained or lost a file, in nanoseconds; 0 when it is gone."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def is_of_the_site(path: str, folder: str) -> bool:
    """Return whether the site depends on a file: text, an image, or what lies in `folder`, that of tracked pages."""
    return path.lower().endswith((*SUFFIXES, *IMAGES)) or bool(folder) and path.startswith(f'{folder}/')


def digests(root: str, dirty: bytes, folder: str) -> dict[str, str]:
    """Return the hash of each file of the site that git calls changed, `` for one that is gone or no file of its own."""
    found = {}
    for path in os.fsdecode(dirty).split('\0')[:-1]:
        if is_of_the_site(path, folder):
            absolute = os.path.join(root, path)
            content = None if os.path.islink(absolute) else _read(absolute)
            found[path] = listing.digest(content).hex() if content is not None else ''
    return found


class Start:
    """What a run by hand knows of its work tree before it reads any document: what changes while it is at work counts next time.

    `index` is the trailer of the index, `` where it has none; `dirty` is what git answers to the second of `listing.QUESTIONS`;
    `settings` are their bytes, None where there is no such file; `stamp` is as the function has it.
    """

    def __init__(self, root: str, git_dir: str, common_dir: str, head: str, index: bytes, dirty: bytes) -> None:
        self.root, self.git_dir, self.common_dir, self.head = root, git_dir, common_dir, head
        self.index, self._dirty = index, dirty
        self.settings, self.stamp, self.mailmap = _read(os.path.join(root, CONFIG)), stamp(), mailmap(root)
        self._digests: dict[str, dict[str, str]] = {}

    def digests(self, folder: str) -> dict[str, str]:
        """Return the hash of each file of the site that git calls changed, as it was when first asked for."""
        if folder not in self._digests:
            self._digests[folder] = digests(self.root, self._dirty, folder)
        return self._digests[folder]

    def state(self, folder: str) -> str:
        """Return what stands for all that the site is made from; `folder` is that of tracked pages, which tell no history."""
        changed = (f'{path}\t{digest}' for path, digest in sorted(self.digests(folder).items()))
        words = os.fsencode('\0'.join(('' if folder else self.head, *changed)))
        parts = (self.stamp, b'-' if self.settings is None else self.settings, b'' if folder else self.mailmap, self.index, words)
        return listing.digest(b' '.join(b'%d' % len(part) for part in parts) + b''.join(parts)).hex()


def start() -> Start | None:
    """Ask git where this folder lies and what has changed; None where it is no root of a work tree with a commit."""
    here = os.path.abspath('.')
    own = os.path.join(here, '.git')
    if not os.path.exists(own):
        return None
    index = listing.trailer(own)
    dirty, where = git_spawn.answers(here, listing.QUESTIONS[1], git_spawn.WHERE)  # what takes git the longest begins first
    place = git_spawn.place(here, where)
    if dirty is None or place is None or place[0] != here:
        return None
    return Start(*place, index if place[1] == own else listing.trailer(place[1]), dirty)


def _path(git_dir: str) -> str:
    return os.path.join(git_dir, STATE, _SEAL)


def recall(begun: Start) -> str | None:
    """Return what the last run by hand had to complain of if the site is as it left it, else None."""
    data = _read(_path(begun.git_dir)) if begun.index else None
    if not data or data.count(b'\0') < 2:  # none, or not all of it
        return None
    state, folder, said, *stamps = os.fsdecode(data).split('\0')
    for line in stamps:
        place, _, at = line.rpartition('\t')
        if str(changed_at(os.path.join(begun.root, place))) != at:
            return None
    return said if state == begun.state(folder) else None


def keep(begun: Start, folder: str, said: str, stamps: Mapping[str, int], *, is_tracked: bool) -> None:
    """Remember that the site in `folder` is as `begun` has it: what there was to complain of, and when its folders changed.

    Nothing where nobody knows these times.
    """
    if not stamps:
        return
    from daybook.site.site_output import replace

    tracked = folder if is_tracked else ''
    lines = (f'{folder}/{place}\t{at}' for place, at in sorted(stamps.items()))
    try:
        replace(_path(begun.git_dir), os.fsencode('\0'.join((begun.state(tracked), tracked, said, *lines))))
    except OSError:
        pass  # the next run looks again


def forget(folder: str) -> None:
    """Take back what `keep` says: the state in `folder` is about to change."""
    try:
        os.unlink(os.path.join(folder, _SEAL))
    except OSError:
        pass
