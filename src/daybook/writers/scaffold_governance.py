"""The part of the plan that governs: overview, authority map, templates of decisions, action log; nothing of it in the small profile."""
from __future__ import annotations

import json
import posixpath
import textwrap
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from daybook.documents import action_log
from daybook.documents import frontmatter_edit
from daybook.documents.kinds import Kind
from daybook.writers import inline
from daybook.writers import overview_block
from daybook.writers import scaffold_pages
from daybook.writers.scaffold_step import CONFIG
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted
from daybook.writers.scaffold_step import created

AUTHORITY = '.daybook/authority.yaml'
OVERVIEW = 'docs/OVERVIEW.md'
ACTION_LOG = 'logs/context_actions.csv'
_AUTHORITY = """\
# Which store is right when two of them differ. `daybook check-authority` holds this map and the documents to each
# other; `daybook check-authority --report` prints it. Every store that holds a truth gets its name here.
here: {here}
stores: [{stores}]
# What documents name as `entity:`, with its store; a field may have a store of its own, and `paths` must exist:
#   Task: {{store: Tracker, fields: {{repo_path: {here}}}}}
#   Decision: {{store: {here}, paths: ["docs/adr/**"]}}
entities:{entities}
"""
_POLICY = {
    'Status': 'Proposed.',
    'Context': 'Which stores hold what today, and how a change reaches each of them: by hand, by a script, by a job. '
               'What has differed or was lost because of that.',
    'Decision': 'Where a change begins, and what must have happened before it counts as done. Which store is never edited in '
                'place. How often each store is brought up to date, and what checks it.',
    'Consequences': 'What stays manual until when, what would replace it, and who looks whether this is still true: set `review_by`.',
}


def _own(found: Found, wanted: Wanted) -> dict[str, dict[str, str]]:
    """Return the settings that were asked for and that those which hold do not have."""
    own: dict[str, dict[str, str]] = {}
    if 'governance' in wanted.extras and not found.overview:
        own['indexes'] = {'overview': OVERVIEW}
    if 'action-log' in wanted.extras and not found.action_log:
        own['handoff'] = {'action_log': ACTION_LOG}
    return own


def settings(found: Found, wanted: Wanted) -> dict[str, Any]:
    """Return what a new config file says: the proposal, and what was asked for here."""
    own = _own(found, wanted)
    return {**found.settings, **{section: {**found.settings.get(section, {}), **values} for section, values in own.items()}}


def overview_path(found: Found) -> str:
    """Return where the overview lies, or would."""
    return found.overview or OVERVIEW


def attributes(found: Found, wanted: Wanted) -> list[str]:
    """Return the line for `.gitattributes` that lets two logs be joined row by row, where no settings name one yet."""
    return [f'{ACTION_LOG} merge=union'] if 'action-log' in wanted.extras and not found.action_log else []


def _paragraph(text: str) -> str:
    return '\n'.join(inline.wrapped(text, inline.WIDTH))  # code stays on one line


def _link(folder: str, path: str) -> str:
    target = inline.link_target(posixpath.relpath(path, folder))
    return target if target.startswith('../') else f'./{target}'


def overview(found: Found, adr: Kind | None) -> str:
    """Return the page where people and agents begin, with an empty block."""
    folder = posixpath.dirname(overview_path(found)) or '.'
    travel = 'To be written: where a change begins, and how it reaches the other stores.'
    if adr is not None:
        travel += f' It is a decision; [a template]({_link(folder, _policy_path(adr))}) has the questions.'
    parts = [
        '# Overview', 'Where people and agents begin. Between the two marks below, `daybook regen-indexes` writes what is current; '
        'all else is yours to write.',
        '## What this is', 'To be written: what this repository is for, in three sentences.',
        '## Where the truth lies', f'Each thing has one store that is right when two differ: [the authority map]({_link(folder, found.authority or AUTHORITY)}) '
        'says which, and `daybook check-authority --report` prints it.',
        '## How changes travel', travel,
        '## What is current',
    ]
    text = '\n\n'.join(part if part.startswith('#') else _paragraph(part) for part in parts)
    return f'{text}\n\n{overview_block.BEGIN}\n{overview_block.END}\n'


def authority(here: str, entities: Mapping[str, str]) -> str:
    """Return a map with the `entities` that documents name, each owned by its store, or with none."""
    rows = ''.join(f'\n  {json.dumps(name, ensure_ascii=False)}: {{store: {json.dumps(store, ensure_ascii=False)}}}'
                   for name, store in entities.items())
    stores = ', '.join(json.dumps(name, ensure_ascii=False) for name in dict.fromkeys([here, *entities.values()]))
    return _AUTHORITY.format(here=json.dumps(here, ensure_ascii=False), stores=stores, entities=rows or ' {}')


def sync_policy(kind: Kind) -> str:
    """Return the template of the decision on how changes travel between stores."""
    keys = {'title': 'How changes travel', 'owner': '', 'summary': '', 'tags': [], 'kind': kind.name, 'status': 'proposed',
            'supersedes': [], 'superseded_by': [], 'created': 'YYYY-MM-DD', 'review_by': 'YYYY-MM-DD'}
    sections = [(title, _POLICY.get(title, '')) for title in kind.sections or _POLICY]
    texts = (f'\n## {title}\n' + (f'\n{textwrap.fill(text, inline.WIDTH)}\n' if text else '') for title, text in sections)
    return frontmatter_edit.render(keys) + ''.join(texts)


def _policy_path(kind: Kind) -> str:
    return f'{kind.folder}/TEMPLATE.sync-policy.md'


def _settings_step(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Yield what a person adds to settings that are theirs."""
    own = _own(found, wanted)
    if own and found.places[CONFIG].data is not None:
        text = ''.join(f'{section}:\n' + ''.join(f'  {key}: {value}\n' for key, value in values.items()) for section, values in own.items())
        yield Step('by hand', CONFIG, 'settings are yours; add this', None, text)


def steps(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Plan what governance and the action log ask for."""
    yield from _settings_step(found, wanted)
    if 'action-log' in wanted.extras:
        yield created(found, found.action_log or ACTION_LOG, 'hand-off appends a row, and so may you', f'{action_log.HEADER}\n'.encode())
    if 'governance' not in wanted.extras:
        return
    adr = next((kind for kind in found.kinds if kind.name == 'adr' and kind.folder), None)
    if found.authority in ('', AUTHORITY):
        yield created(found, AUTHORITY, 'who owns what; yours to fill', authority(found.here, found.entities).encode())
    if adr is not None:
        if 'templates' not in wanted.extras:
            yield created(found, f'{adr.folder}/TEMPLATE.md', 'how each adr begins', scaffold_pages.template(adr).encode())
        yield created(found, _policy_path(adr), 'the questions of a sync policy', sync_policy(adr).encode())
    yield created(found, overview_path(found), 'where people and agents begin; `regen-indexes` keeps its block', overview(found, adr).encode())
