"""The part of the plan that agents see: commands, wrappers, skills, telemetry, and what they are told to read."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from daybook.errors import FatalError
from daybook.writers import json_edit
from daybook.writers import scaffold_commands
from daybook.writers import scaffold_edits
from daybook.writers import scaffold_texts as texts
from daybook.writers.scaffold_step import AGENTS
from daybook.writers.scaffold_step import CLAUDE
from daybook.writers.scaffold_step import CODEX_HOOKS
from daybook.writers.scaffold_step import SETTINGS
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Place
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted
from daybook.writers.scaffold_step import created
from daybook.writers.scaffold_step import extended

POINTER = '@AGENTS.md\n'


def is_used(agent: str, found: Found, wanted: Wanted) -> bool:
    """Return whether the set-up is for `agent`: it is in use, was asked for, or Claude Code for want of any other."""
    if agent in found.agents or agent in wanted.extras:
        return True
    named = found.agents or wanted.extras.intersection(('claude', 'codex'))
    return agent == 'claude' and not named and bool(wanted.matcher or 'wrappers' in wanted.extras)


def _text(name: str, found: Found, operator: str = '') -> bytes:
    return scaffold_commands.command(name, runner=found.calls_through, folder=found.notes_folder, operator=operator, program=found.program).encode()


def _is_theirs(path: str, found: Found) -> bool:
    data = found.places[path].data
    return data is not None and scaffold_commands.COMMAND_MARK.encode() not in data


def _chosen(name: str, folder: str, suffix: str, found: Found, wanted: Wanted) -> tuple[str, Step | None]:
    """Return the name under which our command goes to `folder`, empty for not at all, and what to say of theirs."""
    path = f'{folder}/{name}{suffix}'
    theirs = path if _is_theirs(path, found) else found.commands.get(name, '')
    other = f'daybook-{name}'
    if not theirs:
        return name, None
    if 'commands' in wanted.extras or found.places[f'{folder}/{other}{suffix}'].data is not None:
        return other, Step('keep', theirs, f'it is yours; ours is {other}')
    return '', Step('keep', theirs, f'it is yours, so there is no second one; `--with commands` adds {other}')


def _commands(found: Found, wanted: Wanted) -> Iterator[Step]:
    # who counts nothing has nothing to audit, and the small profile stays small
    has_counters = bool(wanted.matcher or found.mirror)
    for name in scaffold_commands.COMMANDS if has_counters else scaffold_commands.WRAPPED:
        chosen, said = _chosen(name, scaffold_commands.COMMANDS_FOLDER, '.md', found, wanted)
        if said:
            yield said
        if chosen:
            path = f'{scaffold_commands.COMMANDS_FOLDER}/{chosen}.md'
            yield created(found, path, f'the agent\'s /{chosen}', _text(name, found))
            yield from _wrappers(name, chosen, found, wanted)


def _wrappers(name: str, chosen: str, found: Found, wanted: Wanted) -> Iterator[Step]:
    """Plan one command for each operator, which speaks for them whoever is logged in."""
    if 'wrappers' not in wanted.extras or len(found.people) < 2 or name not in scaffold_commands.WRAPPED:
        return
    for slug, initials in found.people.items():
        path = f'{scaffold_commands.COMMANDS_FOLDER}/{chosen}-{initials.lower()}.md'
        yield created(found, path, f'/{chosen} for {slug}', _text(name, found, slug))


def _skills(found: Found, wanted: Wanted) -> Iterator[Step]:
    for name in scaffold_commands.WRAPPED:
        chosen, said = _chosen(name, scaffold_commands.SKILLS_FOLDER, '/SKILL.md', found, wanted)
        if said:
            yield said
        if chosen:
            content = scaffold_commands.skill(chosen, _text(name, found).decode()).encode()
            yield created(found, f'{scaffold_commands.SKILLS_FOLDER}/{chosen}/SKILL.md', f'the skill {chosen}', content)


def _telemetry(found: Found, wanted: Wanted, *, path: str, script: str, registered: dict[str, dict[str, Any]],
               matcher: str) -> Iterator[Step]:
    yield created(found, script, 'counts tool calls for the notes', found.script)
    place = found.places[path]
    try:
        hooks = json_edit.load(place.data).get('hooks') if place.data is not None else None
    except FatalError:
        hooks = None  # adding to it says the same, with the place
    given = hooks if isinstance(hooks, dict) else {}
    missing = {event: item for event, item in registered.items()
               if 'session_state.py' not in json.dumps(given.get(event, ''))}
    text = json.dumps({'hooks': {event: [item] for event, item in missing.items()}}, indent=2) + '\n'
    why = f', as {found.mirror} is among the servers' if found.mirror else ''
    if not missing:
        yield Step('keep', path, 'telemetry is registered')
    elif place.data is None and not place.obstacle:
        yield Step('create', path, f'telemetry of `{matcher}`{why}', text.encode(), is_shared=True)
    else:
        step = extended(place, path, f'telemetry of `{matcher}` at {", ".join(missing)}{why}', text,
                        lambda data: json_edit.add_items(data, 'hooks', missing))
        yield step._replace(text='') if step.content else step  # thirty lines that say no more than the note


def _claude(found: Found, wanted: Wanted) -> Iterator[Step]:
    yield from _commands(found, wanted)
    matcher = wanted.matcher or ('mcp__.*' if found.mirror else '')
    if matcher:
        yield from _telemetry(found, wanted, path=SETTINGS, script=texts.SCRIPT, matcher=matcher,
                              registered=texts.telemetry(matcher))


def _codex(found: Found, wanted: Wanted) -> Iterator[Step]:
    yield from _skills(found, wanted)
    if wanted.matcher or found.mirror:
        yield from _telemetry(found, wanted, path=CODEX_HOOKS, script=texts.CODEX_SCRIPT, matcher='*',
                              registered=texts.codex_telemetry())


def _instructions(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Plan the block in the file that agents read here: AGENTS.md, else CLAUDE.md, else a new AGENTS.md."""
    there = [path for path in (AGENTS, CLAUDE) if found.places[path].data is not None]
    if not (there or found.agents or wanted.extras.intersection(('agents', 'claude', 'codex')) or wanted.matcher):
        return
    blocked = [path for path in there if scaffold_edits.has_block(found.places[path].data or b'')]
    if blocked:
        yield Step('keep', blocked[0], 'our block is there')
        return
    text = scaffold_commands.agents_block(runner=found.calls_through, folder=found.notes_folder, program=found.program)
    # Claude Code reads CLAUDE.md alone, the others AGENTS.md
    needed = [path for path in there if path == AGENTS or not (AGENTS in there and _points(found))]
    if AGENTS not in there and (not there or is_used('codex', found, wanted)):
        needed.insert(0, AGENTS)
    for path in needed:
        yield _block(path, text, found)
    if is_used('claude', found, wanted) and found.places[CLAUDE] == Place():
        yield created(found, CLAUDE, 'points to AGENTS.md', POINTER.encode(), is_shared=True)


def _block(path: str, text: str, found: Found) -> Step:
    place = found.places[path]
    if place == Place():
        content = scaffold_edits.add_block(b'# Instructions for agents\n', text)
        return Step('create', path, 'what agents are told', content, is_shared=True)
    return extended(place, path, 'a block between markers', text, lambda data: scaffold_edits.add_block(data, text))


def _points(found: Found) -> bool:
    """Return whether CLAUDE.md sends its reader to AGENTS.md."""
    return b'AGENTS.md' in (found.places[CLAUDE].data or b'')


def steps(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Plan what agents see: nothing where none is in use and none was asked for."""
    if is_used('claude', found, wanted):
        yield from _claude(found, wanted)
    if is_used('codex', found, wanted):
        yield from _codex(found, wanted)
    yield from _instructions(found, wanted)
