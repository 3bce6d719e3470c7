"""All that an answer of `resume` depends on, asked of git at once and compared by its bytes."""
from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.repo import files
from daybook.repo import git_spawn
from daybook.repo import listing

SETTINGS = ('.daybook/config.yaml', '.daybook/operators.yaml', '.mailmap')
_VARIABLES = ('OPERATOR', 'CLAUDE_USER_EMAIL', 'GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_INDEX_FILE', 'PRE_COMMIT',
              'DAYBOOK_STATE_DIR')
_CONFIG = r'^(user|remote|branch|push|extensions)\.'
_MARKDOWN = ('.md', '.markdown', '.mdx')


class Glance(NamedTuple):
    """What git printed; None for a question that it could not answer, as for HEAD before the first commit."""

    listing: bytes | None
    dirty: bytes | None
    untracked: bytes | None
    refs: bytes | None
    head: bytes | None
    config: bytes | None

    def on_disk(self) -> set[str]:
        """Return the documents whose content the index does not hold: changed, unmerged or not tracked."""
        names = (self.dirty or b'') + (self.untracked or b'')
        raw = self.listing or b''
        may_be = any(b' %d\t' % stage in raw for stage in (1, 2, 3))  # to take all lines apart costs more than the rest of an answer
        unmerged = set(_unmerged(raw)) if may_be else set()
        return {path for path in os.fsdecode(names).split('\0') if path.endswith(_MARKDOWN)} | unmerged


def _unmerged(raw: bytes) -> Iterator[str]:
    for line in listing.lines(raw):
        meta, _, path = line.partition('\t')
        if meta.startswith('100') and meta[-1] != '0':  # neither a symbolic link nor a submodule
            yield path


def places(folders: Iterable[str]) -> list[str]:
    """Return the pathspecs of `folders`, all of the work tree for the root."""
    named = sorted(set(folders))
    return ['.'] if '' in named else [f':(top,literal){folder}' for folder in named]


def documents(folders: Iterable[str]) -> list[str]:
    """Return the pathspecs of the Markdown files below `folders`, of all of them for the root."""
    named = sorted(set(folders))
    return [f':(top)*{end}' for end in _MARKDOWN] if '' in named else [f':(top,literal){folder}' for folder in named]


def look(root: str, pathspecs: Sequence[str], tracked: Sequence[str]) -> Glance:
    """Return what git tells of the documents below `pathspecs`, of branches, HEAD and configuration.

    `tracked` are the pathspecs of all documents, those of other kinds too; of these, what is not tracked does not count.
    """
    return Glance(*git_spawn.answers(
        root,
        ('ls-files', '-s', '-z', '--', *tracked),
        ('diff-files', '--name-only', '-z', '--ignore-submodules', '--', *tracked),
        ('ls-files', '-o', '-z', '--exclude-standard', '--', *pathspecs),
        ('for-each-ref', '--format=%(HEAD)%(refname) %(objectname)', 'refs/heads', 'refs/remotes', 'refs/daybook/remotes'),
        ('rev-parse', 'HEAD', '--symbolic-full-name', 'HEAD'),
        ('config', '-z', '--get-regexp', _CONFIG),
    ))


def _digest(parts: Iterable[bytes | None]) -> str:
    return listing.digest(b''.join(b'-' if part is None else b'%d:%s' % (len(part), part) for part in parts)).hex()


def _stat(path: str) -> bytes:
    try:
        found = os.lstat(path)
    except OSError:
        return b'-'
    return f'{found.st_mode} {found.st_size} {found.st_mtime_ns} {found.st_ino}'.encode()


def _claims(common_dir: str) -> Iterator[bytes]:
    folder = os.path.join(common_dir, 'daybook', 'claims')
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith('.json'))
    except OSError:
        return
    for name in names:
        yield os.fsencode(name)
        yield _stat(os.path.join(folder, name))


def setup(root: str, words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return what stands for the settings, the words of the call and the environment, as far as they count."""
    given = [files.read_bytes(os.path.join(root, path)) for path in SETTINGS]
    return _digest([*given, *(os.fsencode(f'{word}') for word in (*words, *(environ.get(name) for name in _VARIABLES)))])


def state(seen: Glance, root: str, common_dir: str) -> str:
    """Return what stands for all that `seen` shows, the files on the disk, the claims of the clone and where it begins."""
    on_disk = sorted(seen.on_disk())
    stats = [part for path in on_disk for part in (os.fsencode(path), _stat(os.path.join(root, path)))]
    return _digest([*seen, *stats, _stat(os.path.join(common_dir, 'shallow')), *_claims(common_dir)])
