"""The plan of `init`: from what stands in a repository to the files that adopting Daybook adds or extends."""
from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.errors import FatalError
from daybook.writers import json_edit
from daybook.writers import scaffold_edits
from daybook.writers import scaffold_texts as texts

CONFIG = '.daybook/config.yaml'
OPERATORS = '.daybook/operators.yaml'
IGNORE = '.gitignore'
ATTRIBUTES = '.gitattributes'
HOOKS = '.pre-commit-config.yaml'
SETTINGS = '.claude/settings.json'
AGENTS = 'AGENTS.md'
CLAUDE = 'CLAUDE.md'
COMMANDS = {name: (f'.claude/commands/{name}.md', f'.claude/commands/daybook-{name}.md') for name in ('handoff', 'resume')}
TARGETS = (CONFIG, OPERATORS, IGNORE, ATTRIBUTES, HOOKS, texts.SCRIPT, SETTINGS, AGENTS, CLAUDE,
           *(path for pair in COMMANDS.values() for path in pair))
EXTRAS = ('agents', 'claude', 'telemetry', 'telemetry-all')
STATE_LINE = '.daybook/state/'


class Place(NamedTuple):
    """A file that init may write: its bytes, None when there is none, and why it must not be written."""

    data: bytes | None = None
    obstacle: str = ''


class Found(NamedTuple):
    """What stands in a repository.

    `settings` are those proposed for a new config; `operators` is the content of a new operators
    file, empty when none is needed; `runner` names what runs git's hooks instead of pre-commit;
    `index_folders` may have their INDEX.md merged line by line; `commands` names the agent's
    commands that exist outside of COMMANDS; `mirror` is the mirror's server in the agent's settings.
    """

    places: Mapping[str, Place]
    settings: Mapping[str, Any]
    operators: Mapping[str, Mapping[str, Any]]
    runner: str
    notes_folder: str
    index_folders: tuple[str, ...]
    has_claude: bool
    commands: frozenset[str]
    mirror: str
    script: bytes


class Wanted(NamedTuple):
    """What the user asks for: names of EXTRAS, and where pre-commit gets the hooks from."""

    extras: frozenset[str]
    url: str
    rev: str

    @property
    def matcher(self) -> str:
        """The tools that telemetry is to see when it was asked for, else an empty text."""
        return '*' if 'telemetry-all' in self.extras else 'mcp__.*' if 'telemetry' in self.extras else ''


class Step(NamedTuple):
    """One file: `create` and `extend` write `content`; `keep` and `by hand` write nothing.

    `note` says why, in a few words; `text` is what to show: the lines added, or those that a person is to add.
    """

    action: str
    path: str
    note: str
    content: bytes | None = None
    text: str = ''


def _created(place: Place, path: str, note: str, content: bytes) -> Step:
    """Return the step for a file that is wholly ours: never over another."""
    if place.obstacle:
        return Step('by hand', path, place.obstacle)
    if place.data is None:
        return Step('create', path, note, content)
    return Step('keep', path, 'as it should be' if place.data == content else 'it is there; not touched')


def _extended(place: Place, path: str, note: str, text: str, edit: Callable[[bytes], bytes]) -> Step:
    """Return the step for a file of theirs; what cannot be done safely is left to a person."""
    if place.obstacle:
        return Step('by hand', path, place.obstacle, None, text)
    try:
        return Step('extend', path, note, edit(place.data or b''), text)
    except FatalError as error:
        return Step('by hand', path, f'{error}; add this yourself', None, text)


def _config(found: Found, wanted: Wanted) -> Iterator[Step]:
    note = 'settings: ' + (', '.join(found.settings) or 'the defaults')
    yield _created(found.places[CONFIG], CONFIG, note, texts.config(found.settings).encode())


def _operators(found: Found, wanted: Wanted) -> Iterator[Step]:
    if found.places[OPERATORS].data is not None:
        yield Step('keep', OPERATORS, 'it is there; not touched')
    elif found.operators:
        people = ', '.join(f'{slug} ({who["initials"]})' for slug, who in found.operators.items())
        yield _created(found.places[OPERATORS], OPERATORS, f'{people}; correct it if it is wrong',
                       texts.operators(found.operators).encode())


def _lines(path: str, lines: list[str], found: Found) -> Step:
    place = found.places[path]
    missing = scaffold_edits.missing_lines(place.data or b'', lines)
    text = ''.join(f'{line}\n' for line in missing)
    if not missing:
        return Step('keep', path, 'our lines stand there')
    if place.data is None and not place.obstacle:
        return Step('create', path, ', '.join(missing), text.encode())
    return _extended(place, path, f'{len(missing)} more', text, lambda data: scaffold_edits.append(data, text))


def _git_files(found: Found, wanted: Wanted) -> Iterator[Step]:
    yield _lines(IGNORE, [STATE_LINE], found)
    quoted = {folder: f'"{folder}/**/INDEX.md"' if ' ' in folder else f'{folder}/**/INDEX.md'
              for folder in found.index_folders}
    if quoted:
        yield _lines(ATTRIBUTES, [f'{pattern} merge=union' for pattern in quoted.values()], found)


def _our_ids(data: bytes, url: str) -> list[str] | None:
    """Return the ids of our hooks in a `.pre-commit-config.yaml`, or None when it has no entry of ours."""
    entries = scaffold_edits.read_yaml(data).get('repos')
    for entry in entries if isinstance(entries, list) else []:
        hooks = entry.get('hooks') if isinstance(entry, dict) else None
        ids = [str(hook.get('id')) for hook in hooks if isinstance(hook, dict)] if isinstance(hooks, list) else []
        if ids and (entry.get('repo') == url or 'claim-session' in ids):
            return ids
    return None


def _hooks(found: Found, wanted: Wanted) -> Iterator[Step]:
    place, entry = found.places[HOOKS], texts.hooks_entry(wanted.url, wanted.rev)
    if place.data is None and found.runner:
        yield Step('by hand', found.runner, f'{found.runner} runs your git hooks; add this to its pre-commit',
                   None, texts.other_runner_entry(found.runner))
    elif place.data is None:
        yield _created(place, HOOKS, f'{len(texts.HOOK_IDS)} hooks of {wanted.url} at {wanted.rev}',
                       texts.hooks_config(wanted.url, wanted.rev).encode())
    else:
        yield _hooks_step(place, wanted, entry)


def _hooks_step(place: Place, wanted: Wanted, entry: str) -> Step:
    try:
        ids = _our_ids(place.data or b'', wanted.url)
    except FatalError as error:
        return Step('by hand', HOOKS, f'{error}; add this yourself', None, entry)
    if ids is not None:
        missing = ', '.join(hook_id for hook_id in texts.HOOK_IDS if hook_id not in ids)
        return Step('keep', HOOKS, f'our entry is there, without {missing}' if missing else 'our entry is there')
    return _extended(place, HOOKS, 'one more entry, the last of `repos:`', entry,
                     lambda data: scaffold_edits.add_to_list(data, 'repos', entry))


def _command(name: str, content: bytes, found: Found) -> Iterator[Step]:
    own, other = COMMANDS[name]
    data = found.places[own].data
    is_theirs = data is not None and texts.COMMAND_MARK.encode() not in data
    if is_theirs or (name in found.commands and data is None):
        yield Step('keep', own, f'/{name} is yours; ours is /daybook-{name}')
        own = other
    yield _created(found.places[own], own, f'the agent\'s /{own.rsplit("/", 1)[-1].removesuffix(".md")}', content)


def _claude(found: Found, wanted: Wanted) -> Iterator[Step]:
    if not (found.has_claude or wanted.matcher or 'claude' in wanted.extras):
        return
    runner = found.runner if found.places[HOOKS].data is None else ''
    handoff = texts.handoff_command(runner=runner, folder=found.notes_folder)
    yield from _command('handoff', handoff.encode(), found)
    yield from _command('resume', texts.resume_command(runner=runner).encode(), found)
    matcher = wanted.matcher or ('mcp__.*' if found.mirror else '')
    if matcher:
        yield _created(found.places[texts.SCRIPT], texts.SCRIPT, 'counts tool calls for the notes', found.script)
        yield _telemetry(matcher, found)


def _telemetry(matcher: str, found: Found) -> Step:
    place = found.places[SETTINGS]
    wanted = texts.telemetry(matcher)
    try:
        hooks = json_edit.load(place.data).get('hooks') if place.data is not None else None
    except FatalError:
        hooks = None  # adding to it says the same, with the place
    given = hooks if isinstance(hooks, dict) else {}
    missing = {event: item for event, item in wanted.items() if texts.SCRIPT not in json.dumps(given.get(event, ''))}
    text = json.dumps({'hooks': {event: [item] for event, item in missing.items()}}, indent=2) + '\n'
    if not missing:
        return Step('keep', SETTINGS, 'telemetry is registered')
    why = f', as {found.mirror} is among the servers' if found.mirror else ''
    if place.data is None and not place.obstacle:
        return Step('create', SETTINGS, f'telemetry of `{matcher}`{why}', text.encode())
    step = _extended(place, SETTINGS, f'telemetry of `{matcher}` at {", ".join(missing)}{why}', text,
                     lambda data: json_edit.add_items(data, 'hooks', missing))
    return step._replace(text='') if step.content else step  # thirty lines that say no more than the note


def _agents(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Plan the block in the file that agents read here: AGENTS.md, else CLAUDE.md, else a new AGENTS.md."""
    there = [path for path in (AGENTS, CLAUDE) if found.places[path].data is not None]
    if not (there or found.has_claude or wanted.extras):
        return
    runner = found.runner if found.places[HOOKS].data is None else ''
    text = texts.agents_block(runner=runner, folder=found.notes_folder)
    path = there[0] if there else AGENTS
    if any(scaffold_edits.has_block(found.places[name].data or b'') for name in there):
        yield Step('keep', path, 'our block is there')
    elif there:
        yield _extended(found.places[path], path, 'a block between markers', text,
                        lambda data: scaffold_edits.add_block(data, text))
    else:
        yield _created(found.places[path], path, 'what agents are told',
                       scaffold_edits.add_block(b'# Instructions for agents\n', text))


def plan(found: Found, wanted: Wanted) -> list[Step]:
    """Return the steps that adopt Daybook, in the order in which they are written; raises nothing."""
    builders = (_config, _operators, _git_files, _hooks, _claude, _agents)
    return [step for build in builders for step in build(found, wanted)]
