"""Our hooks in an adopter's configuration of pre-commit or prek."""
from __future__ import annotations

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.documents import frontmatter_yaml
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import hook_runner
from daybook.repo.git import Repo
from daybook.writers import scaffold_prek

_TYPES = ('pre-commit', 'pre-merge-commit', 'commit-msg', 'pre-push')
_LOOKS = ('pre-commit', 'pre-merge-commit', 'pre-push')
_MANUAL = ('inventory', 'init', 'claim-session', 'handoff', 'resume', 'sync-notion')
_AT_MESSAGE = ('check-cochange',)


class Installed(NamedTuple):
    """What the configuration says: ids of our hooks with their stages, of all others, source, revision, hook types.

    `path` is the configuration. `narrowed` are those of ours that may not see every file. `is_told` is False where it names no hook types, so that a plain `pre-commit install` installs one alone.
    """

    ours: dict[str, tuple[str, ...]]
    others: tuple[str, ...]
    source: str
    rev: str
    types: tuple[str, ...]
    is_told: bool = True
    path: str = '.pre-commit-config.yaml'
    narrowed: frozenset[str] = frozenset()

    @property
    def types_line(self) -> str:
        """The line of the configuration that has every type of hook installed that ours need."""
        names = ', '.join(f'"{name}"' if self.path.endswith('.toml') else name for name in _TYPES)
        return f'default_install_hook_types{" = " if self.path.endswith(".toml") else ": "}[{names}]'


def _stages(hook: Mapping[str, Any], hook_id: str, default: Sequence[str]) -> tuple[str, ...]:
    given = hook.get('stages')
    if isinstance(given, list):
        # the names of before pre-commit 3.2
        return tuple({'commit': 'pre-commit', 'push': 'pre-push', 'merge-commit': 'pre-merge-commit'}.get(str(s), str(s)) for s in given)
    if hook_id in _MANUAL:
        return ('manual',)
    if hook_id in _AT_MESSAGE:
        return ('commit-msg', *_LOOKS[2:])
    looks = hook_id.split('-')[0] in ('validate', 'check', 'audit')
    return tuple(default) if default else _LOOKS if looks else ('pre-commit',)


def _id_of(entry: Mapping[str, Any], hook: Mapping[str, Any], known: Sequence[str]) -> str | None:
    """Return the id of ours that a hook runs: by its name in our repository, by its command in a local one."""
    if entry.get('repo') == 'local':
        words = str(hook.get('entry', '')).split()
        at = next((n for n, word in enumerate(words) if os.path.basename(word) in ('daybook', 'git-daybook')), None)
        return words[at + 1] if at is not None and words[at + 1:] and words[at + 1] in known else None
    return str(hook.get('id')) if hook.get('id') in known else None


def _is_narrowed(entry: Mapping[str, Any], hook: Mapping[str, Any], hook_id: str) -> bool:
    """Return whether words behind the id or a choice of files may leave something out of what a hook of ours looks at."""
    is_local = entry.get('repo') == 'local'
    has_words = hook.get('args') or str(hook.get('entry', hook_id)).split()[-1] != hook_id
    return bool(has_words or not hook.get('always_run', not is_local) or hook.get('pass_filenames', is_local))


def _loaded(path: str, data: bytes) -> tuple[Any, str]:
    """Return what a configuration says, and what is wrong with it."""
    if not path.endswith('.toml'):
        config, error = frontmatter_yaml.read_yaml(data.removeprefix(frontmatter.BOM))
        return config, error[2] if error else ''
    try:
        return scaffold_prek.read(data), ''
    except FatalError as error:
        return None, str(error)


def parse(path: str, data: bytes, known: Sequence[str]) -> tuple[Installed | None, str]:
    """Return what a configuration says of the hooks `known` to be ours, or None and what is wrong with it."""
    config, why = _loaded(path, data)
    if why or not isinstance(config, dict) or not isinstance(config.get('repos'), list):
        return None, why or 'it lists no `repos`'
    ours: dict[str, tuple[str, ...]] = {}
    narrowed: set[str] = set()
    others, source, rev = [], '', ''
    for entry in config['repos']:
        hooks = entry.get('hooks') if isinstance(entry, dict) else None
        for hook in hooks if isinstance(hooks, list) else ():
            hook_id = _id_of(entry, hook, known) if isinstance(hook, dict) else None
            if hook_id:
                ours[hook_id] = _stages(hook, hook_id, [])
                source, rev = str(entry.get('repo', '')), str(entry.get('rev', ''))
                narrowed |= {hook_id} if _is_narrowed(entry, hook, hook_id) else set()
            elif isinstance(hook, dict):
                others.append(str(hook.get('id')))
    types = config.get('default_install_hook_types')
    told = tuple(map(str, types)) if isinstance(types, list) else None
    return Installed(ours, tuple(others), source, rev, ('pre-commit',) if told is None else told, told is not None, path, frozenset(narrowed)), ''


def read(repo: Repo, known: Sequence[str]) -> tuple[Installed | None, str]:
    """Return what the configuration of the work tree says, or None and why it says nothing."""
    return read_file(repo, hook_runner.config_path(repo), known)


def read_file(repo: Repo, path: str, known: Sequence[str]) -> tuple[Installed | None, str]:
    """Return what the configuration `path` says, or None and why it says nothing."""
    data = files.read_bytes(os.path.join(repo.root, path))
    return (None, 'there is none') if data is None else parse(path, data, known)


def needed_types(installed: Installed) -> list[str]:
    """Return the hook types without which some stage of ours would never run."""
    stages = {stage for found in installed.ours.values() for stage in found} - {'manual'}
    return [name for name in _TYPES if name in stages]
