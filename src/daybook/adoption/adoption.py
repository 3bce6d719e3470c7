"""Adoption: what stands in a repository before `init`."""
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
from daybook.adoption import workplace
from daybook.adoption.places import Places
from daybook.documents import config
from daybook.documents import document
from daybook.documents.globs import glob_regex
from daybook.documents.kinds import fixed_folder
from daybook.errors import FatalError
from daybook.governance import authority_map
from daybook.governance import records
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_log
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo import hook_runner
from daybook.repo import sparse
from daybook.repo.git import Repo
from daybook.rules import authority
from daybook.rules import frontmatter
from daybook.rules import identity
from daybook.rules import references
from daybook.rules import surroundings
from daybook.rules import values
from daybook.session import operators
from daybook.writers import indexes
from daybook.writers import scaffold_commands
from daybook.writers import scaffold_record
from daybook.writers.scaffold_record import Record
from daybook.writers.scaffold_step import AGENTS
from daybook.writers.scaffold_step import CLAUDE
from daybook.writers.scaffold_step import CONFIG
from daybook.writers.scaffold_step import OPERATORS
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Place

_GRACE = timedelta(days=14)
_LEFTHOOK = re.compile(r'\.?lefthook(?:-local)?\.(?:ya?ml|toml|jsonc?)')
_AGENT_SETTINGS = ('.claude/settings.json', '.claude/settings.local.json')
_CALL = re.compile(rb'(pre-commit|prek) run --hook-stage manual (?:claim-session|handoff|resume)')
_TOOL = re.compile(r'mcp__(\w+?)(?:__|\b)')


def _has_failing(repo: Repo, settings: config.Settings, tracked: Sequence[str]) -> bool:
    """Return whether validate-frontmatter would block on what is there."""
    found = document.read_all(repo, settings, tracked)
    schemas = document.schemas(repo, {doc.kind for doc in found})
    return problem.is_blocking([*frontmatter.check(found, schemas), *values.check(found, schemas),
                                *identity.check(found, tracked, slug=settings.sessions_slug),
                                *references.check(found, tracked, [])])


def _settings(repo: Repo, proposed: Mapping[str, Any], tracked: Sequence[str], today: date) -> dict[str, Any]:
    """Return what a new config file should say: the proposal, and a time of grace where old documents fail."""
    is_failing = _has_failing(repo, config.from_mapping(dict(proposed)), tracked)
    return {**proposed, 'validate': {'block_from': str(today + _GRACE)}} if is_failing else dict(proposed)


def _entities(repo: Repo, settings: config.Settings, tracked: Sequence[str]) -> dict[str, str]:
    """Return the entities that documents name, spelled as they first are, with the store that one of them says, else this one."""
    names: dict[str, str] = {}
    stores: dict[str, str] = {}
    for found in document.read_all(repo, settings, tracked):
        meta = records.of_document(found).meta
        name, store = meta.get('entity'), meta.get('store')
        if isinstance(name, str) and name.strip():
            key = authority.folded(name)
            names.setdefault(key, name.strip())
            if isinstance(store, str) and store.strip():
                stores.setdefault(key, store.strip())
    return {names[key]: stores.get(key, settings.authority_here) for key in sorted(names)}


def _operators(repo: Repo) -> dict[str, dict[str, Any]]:
    """Return the content of an operators file, empty when git's name and address tell who is at work."""
    own = (git.config_value(repo, 'user.name') or '', git.config_value(repo, 'user.email') or '')
    return people.proposed(((c.name, c.email) for c in git_log.recent_commits(repo, workplace.COMMITS)), own)


def _runner(repo: Repo, names: Iterable[str]) -> str:
    """Return what runs git's hooks here if it is not pre-commit: its name, or the folder of the hooks."""
    hooks_path = git.config_value(repo, 'core.hooksPath')
    if any(_LEFTHOOK.fullmatch(name) for name in names):
        return 'lefthook'
    if os.path.isdir(os.path.join(repo.root, '.husky')):
        return 'husky'
    return f'core.hooksPath={hooks_path}' if hooks_path else ''


def _runner_file(root: str, runner: str, names: Iterable[str]) -> str:
    """Return the file in which another runner can be told to run our check, empty where there is none."""
    if runner == 'lefthook':
        return next((name for name in sorted(names) if re.fullmatch(r'\.?lefthook\.ya?ml', name)), '')
    return '.husky/pre-commit' if runner == 'husky' and os.path.isfile(os.path.join(root, '.husky', 'pre-commit')) else ''


def _program(repo: Repo, places: Mapping[str, Place]) -> str:
    """Return which of pre-commit and prek agents are told to call: as it stands here for all, else as this clone has it."""
    for path in (AGENTS, CLAUDE, *(f'{scaffold_commands.COMMANDS_FOLDER}/{name}.md' for name in scaffold_commands.WRAPPED)):
        match = _CALL.search(places[path].data or b'')
        if match:
            return match[1].decode()
    return hook_runner.program(repo)


def _mirror(repo: Repo, settings: config.Settings, servers: Iterable[str]) -> str:
    """Return the first server of the agents whose calls are to stay 0 here, else an empty text."""
    texts = [files.read_bytes(os.path.join(repo.root, path)) or b'' for path in _AGENT_SETTINGS]
    names = [*servers, *(name for text in texts for name in _TOOL.findall(text.decode('utf-8', 'replace')))]
    patterns = [glob_regex(tool) for invariant in settings.invariants for tool in invariant.tools]
    return next((name for name in names for pattern in patterns
                 if re.fullmatch(pattern, f'mcp__{name}', re.IGNORECASE)), '')


def _is_free(repo: Repo, path: str) -> bool:
    """Return whether a map at `path` is ours, or nothing stands there."""
    data = files.read_bytes(os.path.join(repo.root, path))
    return data is None or indexes.is_generated(data.decode('utf-8', 'replace'))


def _index_folders(repo: Repo, settings: config.Settings, tracked: Iterable[str]) -> tuple[str, ...]:
    """Return the folders whose INDEX.md are kept on every branch, without those that hold one written by hand."""
    if settings.indexes_when != 'commit':
        return ()
    by_hand = tuple(path for path in tracked if os.path.basename(path) == indexes.NAME and not _is_free(repo, path))
    folders = dict.fromkeys(fixed_folder(glob) for kind in settings.kinds for glob in kind.paths)
    free = [folder for folder in folders if folder and _is_free(repo, f'{folder}/{indexes.NAME}')
            and not any(path.startswith(f'{folder}/') for path in by_hand)]
    return tuple(folder for folder in free if not any(folder.startswith(f'{other}/') for other in free))


def _line_files(repo: Repo, settings: config.Settings) -> tuple[str, ...]:
    """Return the other files that hand-off keeps on every branch and that are whole line by line: overview and action log."""
    overview = settings.indexes_overview if settings.indexes_when == 'commit' else None
    kept = [overview] if overview and _is_free(repo, overview) else []
    return (*kept, *([settings.handoff_action_log] if settings.handoff_action_log else []))


def _agents(root: str) -> frozenset[str]:
    """Return the agents that have left a trace here, among those that we can set up."""
    traces = {'claude': ('.claude', 'CLAUDE.md'), 'codex': ('.codex',)}
    return frozenset(agent for agent, names in traces.items()
                     if any(os.path.lexists(os.path.join(root, name)) for name in names))


def _commands(paths: Iterable[str], places: Mapping[str, Place]) -> dict[str, str]:
    """Return which commands and skills of the agents hand off or resume already, by the name of ours."""
    found: dict[str, str] = {}
    for path in paths:
        # a job of CI is not what an agent is told to do
        if path.startswith('.github/workflows/') or scaffold_commands.COMMAND_MARK.encode() in (places[path].data or b''):
            continue
        for name in surroundings.purposes(surroundings.command_name(path)):
            found.setdefault(name, path)
    return found


def _host(repo: Repo, names: Iterable[str]) -> str:
    """Return the kind of CI that the git host has, by the address of a remote or the files at the root."""
    addresses = [git.config_value(repo, f'remote.{name}.url') or '' for name in git_refs.remotes(repo)]
    for host, file in (('github', '.github'), ('gitlab', '.gitlab-ci.yml')):
        if file in names or any(host in address for address in addresses):
            return host
    return ''


def _people(configured: Mapping[str, Any], proposed: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    if configured:
        return {slug: operator.initials for slug, operator in configured.items()}
    return {slug: str(who['initials']) for slug, who in proposed.items()}


def read_record(repo: Repo) -> Record:
    """Return what earlier runs have put in. Raises FatalError when that cannot be read."""
    return scaffold_record.read(files.read_bytes(files.inside(repo.root, scaffold_record.PATH)))


def look(repo: Repo, script: bytes, hook_ids: Iterable[str], today: date) -> Found:
    """Return what stands in `repo`; `script` is the telemetry script, `today` dates the grace of old notes.

    Reads only. Raises FatalError when one of our own files is there and cannot be read.
    """
    places = Places(repo.root)
    for path in (CONFIG, OPERATORS, scaffold_record.PATH):
        if places[path].obstacle:
            todo = '' if path in sparse.left_out(repo.root) else ', put a plain file or nothing there'
            raise FatalError(f'{path}: {places[path].obstacle}; nothing was written{todo}')
    report, tracked = survey.look(repo, today.isoformat()), git_status.tracked_files(repo)
    is_new = places[CONFIG].data is None
    proposed = _settings(repo, report['proposal'], tracked, today) if is_new else {}
    settings = config.from_mapping(proposed) if is_new else config.load(repo.root)
    configured = operators.load(repo.root)
    new_operators = {} if configured else _operators(repo)
    names = os.listdir(repo.root)
    runner = _runner(repo, names)
    return Found(
        places, settings=proposed, operators=new_operators, people=_people(configured, new_operators),
        runner=runner, runner_file=_runner_file(repo.root, runner, names), program=_program(repo, places), kinds=settings.kinds,
        index_folders=_index_folders(repo, settings, tracked), line_files=_line_files(repo, settings),
        indexes_when=settings.indexes_when, new_indexes=report['hooks']['regen-indexes']['write'], agents=_agents(repo.root),
        commands=_commands(report['agents']['handoff_commands'], places),
        mirror=_mirror(repo, settings, report['agents']['servers']), host=_host(repo, names),
        branch=report['repository']['default_branch'] or report['repository']['branch'] or 'main',
        hook_ids=frozenset(hook_ids), script=script, record=read_record(repo), published=tuple(surroundings.published(tracked)),
        overview=settings.indexes_overview or '', action_log=settings.handoff_action_log or '',
        authority=authority_map.path_of(repo, settings) or '', here=settings.authority_here, entities=_entities(repo, settings, tracked))


def look_back(repo: Repo) -> Found:
    """Return what stands in `repo` of what earlier runs have put in, and nothing else.

    Raises FatalError when their record is there and cannot be read.
    """
    places = Places(repo.root)
    obstacle = places[scaffold_record.PATH].obstacle
    if obstacle:
        raise FatalError(f'{scaffold_record.PATH}: {obstacle}; nothing was taken out')
    return Found(places, record=read_record(repo))
