"""Where lefthook, husky or scripts in `core.hooksPath` run git's hooks: whether they start our check. What they start is not proven."""
from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import NamedTuple

from daybook.doctor.check import Check
from daybook.doctor.check import fail
from daybook.doctor.check import ok
from daybook.doctor.check import warn
from daybook.repo import files
from daybook.repo import git
from daybook.repo import hook_runner
from daybook.repo.git import Repo
from daybook.writers import calls

_LEFTHOOK = re.compile(r'\.?lefthook(?:-local)?\.(?:ya?ml|toml|jsonc?)')
_HUSKY = '.husky/pre-commit'
_OURS = re.compile(rb'\bdaybook\s+check-all\b')
_PATH = 'core.hooksPath'
_INSTALLS = {'lefthook': 'lefthook install', 'husky': 'npx husky', _PATH: 'make it executable'}


class Other(NamedTuple):
    """A runner that is not pre-commit, its file (the one with our check, where one has it), and whether it has it."""

    name: str
    path: str
    has_ours: bool


def find(repo: Repo) -> Other | None:
    """Return what runs git's hooks here in the place of pre-commit, None where nothing is seen."""
    names = sorted(name for name in os.listdir(repo.root) if _LEFTHOOK.fullmatch(name))
    given = git.config_value(repo, _PATH)
    if names:
        runner, paths = 'lefthook', names
    elif os.path.isdir(os.path.join(repo.root, '.husky')):
        runner, paths = 'husky', [_HUSKY]
    elif given:
        runner, paths = _PATH, [os.path.relpath(os.path.join(hook_runner.folder(repo), 'pre-commit'), repo.root)]
    else:
        return None
    ours = [path for path in paths if _OURS.search(files.read_bytes(os.path.join(repo.root, path)) or b'')]
    return Other(runner, (ours or paths)[0], bool(ours))


def _is_installed(repo: Repo, other: Other) -> bool:
    place = hook_runner.folder(repo)
    if other.name == _PATH:
        return os.name == 'nt' or os.access(os.path.join(place, 'pre-commit'), os.X_OK)
    if other.name == 'husky':  # its hooks are the folder itself, or `_` below it
        return os.path.relpath(place, repo.root).split(os.sep)[0] == '.husky'
    return b'lefthook' in (files.read_bytes(os.path.join(place, 'pre-commit')) or b'')


def _can_init(repo: Repo, other: Other) -> bool:
    """Return whether `init` knows how to add our check to the file."""
    if other.name == 'lefthook':
        return bool(re.search(r'lefthook\.ya?ml$', other.path))
    return other.name == 'husky' and os.path.isfile(os.path.join(repo.root, other.path))


def check(repo: Repo, other: Other) -> Iterator[Check]:
    """Yield whether the other runner starts our check, is installed and finds `daybook`; red only without our check."""
    if other.name == _PATH and not os.path.isdir(hook_runner.folder(repo)):
        yield fail('hooks-path', f'core.hooksPath is {git.config_value(repo, _PATH)}, which is no folder: git runs no hook here',
                   'see where it is set, and unset it there:  git config --show-origin --show-scope --get-all core.hooksPath')
        return
    if not other.has_ours:
        mend = 'daybook init' if _can_init(repo, other) else f'start `daybook check-all` in {other.path}'
        yield fail('hooks-config', f'{other.path} does not start `daybook check-all`', mend)
        return
    yield ok('hooks-config', f'{other.name}: {other.path} starts `daybook check-all`')
    if _is_installed(repo, other):
        yield ok('hooks-installed', f'pre-commit, by {other.name}')
    else:
        yield warn('hooks-installed', f'git does not start {other.name} in this clone', _INSTALLS[other.name])
    if not shutil.which('daybook'):
        yield warn('hooks-daybook', f'`daybook` is not on PATH: {other.name} leaves our check out', f'pipx install git+{calls.URL}')
    yield warn('proof', f'what {other.name} starts is not proven; this is what it starts by hand', 'daybook check-all')
