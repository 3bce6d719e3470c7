"""What an uninstall leaves behind: lines of ours that no record knows, and what hooks have made since. Only looks, and asks no remote."""
from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from collections.abc import Iterator

from daybook.adoption.places import Places
from daybook.documents import config
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import telemetry
from daybook.writers import calls
from daybook.writers import indexes
from daybook.writers import overview_block
from daybook.writers import scaffold
from daybook.writers import scaffold_agents
from daybook.writers import scaffold_commands
from daybook.writers import scaffold_edits
from daybook.writers import scaffold_governance
from daybook.writers import scaffold_pages
from daybook.writers import scaffold_texts as texts
from daybook.writers import sync_workflow
from daybook.writers.scaffold import RENDERED_LINE
from daybook.writers.scaffold import STATE_LINE
from daybook.writers.scaffold_step import AGENTS
from daybook.writers.scaffold_step import AS_PLANNED
from daybook.writers.scaffold_step import ATTRIBUTES
from daybook.writers.scaffold_step import CLAUDE
from daybook.writers.scaffold_step import CODEX_HOOKS
from daybook.writers.scaffold_step import CONFIG
from daybook.writers.scaffold_step import HOOKS
from daybook.writers.scaffold_step import IGNORE
from daybook.writers.scaffold_step import OPERATORS
from daybook.writers.scaffold_step import PREK
from daybook.writers.scaffold_step import PREK_YML
from daybook.writers.scaffold_step import SETTINGS
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted

_BASELINE = '.daybook/links-baseline.txt'
# what betrays us in a file; nothing at all does where the file is ours by its name
_MARKS: dict[str, tuple[bytes, ...]] = {
    CONFIG: (b'',), OPERATORS: (b'',), IGNORE: (STATE_LINE.encode(),), HOOKS: (b'id: claim-session',), PREK_YML: (b'id: claim-session',), PREK: (b'id = "claim-session"',),
    ATTRIBUTES: (b'INDEX.md merge=union', sync_workflow.ATTRIBUTES.encode(), f'{scaffold_governance.ACTION_LOG} merge=union'.encode()),
    AGENTS: (scaffold_edits.BEGIN.encode(),), CLAUDE: (scaffold_edits.BEGIN.encode(),), SETTINGS: (b'session_state.py',),
    CODEX_HOOKS: (b'session_state.py',), texts.SCRIPT: (b'',), texts.CODEX_SCRIPT: (b'',),
}
# what may as well be theirs, and is named only beside something that is not
_WEAK = {
    CLAUDE: (scaffold_agents.POINTER.encode(),),
    IGNORE: tuple(f'{line}\n'.encode() for line in [RENDERED_LINE, *scaffold_pages.OBSIDIAN_IGNORED]),
}
# what Daybook keeps in the private folder of a clone but the locks
_LOCKS = ('.lock', '-shm', '-wal')


def unrecorded(repo: Repo, steps: Iterable[Step], script: bytes) -> list[str]:
    """Return the files that hold what init writes when the uninstall of `steps` is done: their record was lost or put back."""
    planned = {step.path: step for step in steps}
    named = {path for path, step in planned.items() if step.action == 'keep' or step.content is None}
    marks = {**_MARKS, **dict.fromkeys(_commands(repo), (scaffold_commands.COMMAND_MARK.encode(),))}
    contents = {path: planned[path].content if path in planned else _data(repo, path) for path in set(marks) - named}
    found = {path for path, data in contents.items() if data is not None and any(mark in data for mark in marks[path])}
    found |= _pages(repo, script) - named
    if found:
        found |= {path for path, weak in _WEAK.items() if any(mark in (contents.get(path) or b'') for mark in weak)}
    return sorted(found)


def _pages(repo: Repo, script: bytes) -> set[str]:
    """Return the files that are, byte for byte, what the widest init would write here."""
    there = Found(Places(repo.root), kinds=_settings(repo).kinds, script=script)
    steps = scaffold.plan(there, Wanted(frozenset(scaffold.EXTRAS), calls.URL, ''))
    return {step.path for step in steps if step.note == AS_PLANNED}


def _commands(repo: Repo) -> list[str]:
    commands = [f'{scaffold_commands.COMMANDS_FOLDER}/{name}' for name in _names(repo, scaffold_commands.COMMANDS_FOLDER) if name.endswith('.md')]
    return [*commands, *(f'{scaffold_commands.SKILLS_FOLDER}/{name}/SKILL.md' for name in _names(repo, scaffold_commands.SKILLS_FOLDER))]


def _names(repo: Repo, folder: str) -> list[str]:
    try:
        return os.listdir(files.inside(repo.root, folder))
    except (OSError, FatalError):
        return []


def _data(repo: Repo, path: str) -> bytes | None:
    try:
        return files.read_bytes(files.inside(repo.root, path))
    except (OSError, FatalError):
        return None


def _settings(repo: Repo) -> config.Settings:
    try:
        return config.load(repo.root)
    except FatalError:  # broken settings must keep nobody from leaving
        return config.DEFAULTS


def made_since(repo: Repo, steps: Iterable[Step] = ()) -> Iterator[str]:
    """Yield a line for each kind of thing that hooks and commands have made here and that stays once `steps` are done."""
    going = {step.path for step in steps if step.action == 'remove' and step.content is None}
    settings = _settings(repo)
    if _data(repo, _BASELINE) is not None:
        yield f'{_BASELINE}: the dead links that audit-links knows of'
    site = [path for path in (settings.render_folder,) if os.path.isdir(os.path.join(repo.root, path))]
    if site:
        yield f'{site[0]}/: the site that render-docs made'
    listed = [path for path in [*git_status.tracked_files(repo), *git_status.untracked_files(repo)] if path.rpartition('/')[2] == indexes.NAME
              and indexes.is_generated((_data(repo, path) or b'').decode('utf-8', 'replace'))]
    if listed:
        yield f'{len(listed)} generated {indexes.NAME}, such as {listed[0]}: nobody renews them any more'
    overview = settings.indexes_overview
    text = (_data(repo, overview) or b'').decode('utf-8', 'replace') if overview else ''
    if overview not in going and (indexes.is_generated(text) or overview_block.has_block(text)):
        yield f'{overview}: nobody renews it any more; its links to what is taken out are dead then'
    state = telemetry.folder(repo)
    if os.path.isdir(state):
        yield f'{os.path.relpath(state, repo.root)}/: drafts, and what was counted; git does not track it'
    yield from _in_git(repo, settings)


def _in_git(repo: Repo, settings: config.Settings) -> Iterator[str]:
    own = os.path.join(repo.common_dir, 'daybook')
    names = os.listdir(own) if os.path.isdir(own) else []
    if any(not name.endswith(_LOCKS) for name in names):
        yield f'{own}/: claims and caches of this clone'
    namespace = settings.claims_namespace
    refs = git.git('for-each-ref', '--format=%(refname)', 'refs/daybook/', namespace, cwd=repo.root).text.splitlines()
    if refs:
        yield (f'{len(refs)} refs of this clone, such as {refs[0]}; this takes them out: git for-each-ref '
               f"--format='delete %(refname)' refs/daybook/{_besides(namespace)} | git update-ref --stdin")
    remote = settings.claims_remote if settings.claims_remote in git_refs.remotes(repo) else git_refs.shared_remote(repo)
    if remote:
        yield (f"claims on {remote}, if there are any; once everybody has left, this takes them out: "
               f"git push {remote} --delete $(git ls-remote {remote} 'refs/daybook/*'{_besides(namespace, '/*')} | cut -f2)")


def _besides(namespace: str, more: str = '') -> str:
    """Return the claims' place as one more word of a command, where it is not among the others."""
    return '' if namespace.startswith('refs/daybook/') else f' {shlex.quote(namespace + more)}'
