"""Adoption: what stands in a repository before `init`, and the careful writing of its plan."""
from __future__ import annotations

import os
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from datetime import timedelta
from typing import Any

from daybook import problem
from daybook.adoption import people
from daybook.adoption import survey
from daybook.documents import config
from daybook.documents import document
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_log
from daybook.repo.git import Repo
from daybook.rules import frontmatter
from daybook.rules import identity
from daybook.rules import references
from daybook.rules import surroundings
from daybook.session import operators
from daybook.writers import indexes
from daybook.writers import scaffold
from daybook.writers.scaffold import Found
from daybook.writers.scaffold import Place
from daybook.writers.scaffold import Step

_GRACE = timedelta(days=14)
_LEFTHOOK = re.compile(r'\.?lefthook(?:-local)?\.(?:ya?ml|toml|jsonc?)')
_AGENT_SETTINGS = ('.claude/settings.json', '.claude/settings.local.json')
_TOOL = re.compile(r'mcp__(\w+?)(?:__|\b)')


def _place(root: str, path: str) -> Place:
    try:
        absolute = files.inside(root, path)
    except FatalError:
        return Place(obstacle='it goes through a symbolic link, which is left alone')
    here = root
    for part in path.split('/')[:-1]:
        here = os.path.join(here, part)
        if os.path.lexists(here) and not os.path.isdir(here):
            return Place(obstacle=f'{part} is a file, not a folder')
    if os.path.isdir(absolute):
        return Place(obstacle='it is a folder')
    try:
        return Place(files.read_bytes(absolute))
    except OSError as error:
        return Place(obstacle=f'it cannot be read ({error.strerror})')


def _has_failing(repo: Repo, settings: config.Settings, tracked: Sequence[str]) -> bool:
    """Return whether validate-frontmatter would block on what is there."""
    found = document.read_all(repo, settings, tracked)
    schemas = document.schemas(repo, {doc.kind for doc in found})
    return problem.is_blocking([*frontmatter.check(found, schemas),
                                *identity.check(found, tracked, slug=settings.sessions_slug),
                                *references.check(found, tracked, [])])


def _settings(repo: Repo, proposed: Mapping[str, Any], tracked: Sequence[str], today: date) -> dict[str, Any]:
    """Return what a new config file should say: the proposal, and a time of grace where old documents fail."""
    is_failing = _has_failing(repo, config.from_mapping(dict(proposed)), tracked)
    return {**proposed, 'validate': {'block_from': str(today + _GRACE)}} if is_failing else dict(proposed)


def _operators(repo: Repo) -> dict[str, dict[str, Any]]:
    """Return the content of an operators file, empty when git's name and address tell who is at work."""
    own = (git.config_value(repo, 'user.name') or '', git.config_value(repo, 'user.email') or '')
    return people.proposed(((c.name, c.email) for c in git_log.recent_commits(repo, survey.COMMITS)), own)


def _runner(repo: Repo, names: Iterable[str]) -> str:
    """Return what runs git's hooks here if it is not pre-commit: its name, or the folder of the hooks."""
    hooks_path = git.config_value(repo, 'core.hooksPath')
    if any(_LEFTHOOK.fullmatch(name) for name in names):
        return 'lefthook'
    if os.path.isdir(os.path.join(repo.root, '.husky')):
        return 'husky'
    return f'core.hooksPath={hooks_path}' if hooks_path else ''


def _mirror(repo: Repo, settings: config.Settings, servers: Iterable[str]) -> str:
    """Return the first server of the agents whose calls are to stay 0 here, else an empty text."""
    texts = [files.read_bytes(os.path.join(repo.root, path)) or b'' for path in _AGENT_SETTINGS]
    names = [*servers, *(name for text in texts for name in _TOOL.findall(text.decode('utf-8', 'replace')))]
    patterns = [config.glob_regex(tool) for invariant in settings.invariants for tool in invariant.tools]
    return next((name for name in names for pattern in patterns
                 if re.fullmatch(pattern, f'mcp__{name}', re.IGNORECASE)), '')


def _index_folders(repo: Repo, settings: config.Settings) -> list[str]:
    """Return the folders whose INDEX.md hand-off keeps, without those that hold one written by hand."""
    if settings.indexes_when != 'commit':
        return []
    folders = [folder for name in ('session', 'workstream') if (folder := settings.kind(name).folder)]
    written = {folder: files.read_bytes(os.path.join(repo.root, folder, indexes.NAME)) for folder in folders}
    return [folder for folder, data in written.items()
            if data is None or indexes.is_generated(data.decode('utf-8', 'replace'))]


def look(repo: Repo, script: bytes, today: date) -> Found:
    """Return what stands in `repo`; `script` is the telemetry script, `today` dates the grace of old notes.

    Reads only. Raises FatalError when one of our own files is there and cannot be read.
    """
    places = {path: _place(repo.root, path) for path in scaffold.TARGETS}
    for path in (scaffold.CONFIG, scaffold.OPERATORS):
        if places[path].obstacle:
            raise FatalError(f'{path}: {places[path].obstacle}; nothing was written, put a plain file or nothing there')
    report, tracked = survey.look(repo), git.tracked_files(repo)
    is_new = places[scaffold.CONFIG].data is None
    proposed = _settings(repo, report['proposal'], tracked, today) if is_new else {}
    settings = config.from_mapping(proposed) if is_new else config.load(repo.root)
    commands = {surroundings.command_name(path) for path in report['agents']['handoff_commands']
                if path.startswith('.claude/')}
    return Found(
        places, proposed, {} if operators.load(repo.root) else _operators(repo), _runner(repo, os.listdir(repo.root)),
        settings.kind('session').folder, tuple(_index_folders(repo, settings)),
        any(os.path.lexists(os.path.join(repo.root, name)) for name in ('.claude', scaffold.CLAUDE)),
        frozenset(commands.intersection(scaffold.COMMANDS)), _mirror(repo, settings, report['agents']['servers']), script)


def _check(repo: Repo, found: Found, step: Step) -> None:
    path = os.path.join(repo.root, *step.path.split('/'))
    if _place(repo.root, step.path) != found.places[step.path]:
        raise FatalError(f'{step.path} changed while it was looked at; nothing was written, run init again')
    existing = path
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    # a file is replaced, which its folder must allow
    folder = existing if os.path.isdir(existing) else os.path.dirname(existing)
    if not (os.access(existing, os.W_OK) and os.access(folder, os.W_OK)):
        raise FatalError(f'{step.path} cannot be written: {existing} is read-only; '
                         'make it writable, nothing was written')


def write(repo: Repo, found: Found, steps: Sequence[Step]) -> list[str]:
    """Write the steps that have content, after all of them were checked; return the paths written.

    Raises FatalError with nothing written, or, when the disk refuses in the middle, naming what was.
    """
    wanted: Mapping[str, bytes] = {step.path: step.content for step in steps if step.content is not None}
    for step in steps:
        if step.content is not None:
            _check(repo, found, step)
    written: list[str] = []
    for path, content in wanted.items():
        absolute = os.path.join(repo.root, *path.split('/'))
        try:
            os.makedirs(os.path.dirname(absolute), exist_ok=True)
            files.write_atomic(absolute, content)
        except OSError as error:
            raise FatalError(f'{path} could not be written: {error.strerror}; '
                             f'written before it: {", ".join(written) or "nothing"}; '
                             'mend that and run init again, it goes on where it stopped') from error
        written.append(path)
    return written
