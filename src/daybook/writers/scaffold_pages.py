"""The part of the plan that people read and hosts run: templates, conventions, the Obsidian baseline, CI."""
from __future__ import annotations

import json
from collections.abc import Iterator

from daybook.documents import frontmatter_edit
from daybook.documents.kinds import Kind
from daybook.writers import scaffold_conventions
from daybook.writers import scaffold_workflow
from daybook.writers import sync_workflow
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted
from daybook.writers.scaffold_step import created

# what a vault holds of one person: https://help.obsidian.md/data-storage
OBSIDIAN_IGNORED = ['.obsidian/workspace*.json', '.obsidian/workspaces.json', '.obsidian/cache', '.obsidian/plugins/',
                    '.trash/']
_BY_CODE = ('Commits', 'Files Touched')
_STATUS = {'workstream': 'active', 'plan': 'draft', 'adr': 'proposed', 'learning': 'active'}
_LISTS = ('tags', 'workstream', 'legacy_notes')
_MOMENTS = ('created', 'updated', 'claimed_at', 'started_at', 'ended_at', 'first_commit_at', 'last_commit_at',
            'last_synced')
_NUMBERS = ('active_min_estimate', 'handoff_write_min', 'interruptions_count', 'commits', 'lines_added',
            'lines_removed', 'tool_calls_count', 'subagents_dispatched', 'parallel_terminals_observed')
_OBSIDIAN = {
    # plain relative links, which git hosts and our audit understand
    'app': {'useMarkdownLinks': True, 'newLinkFormat': 'relative', 'alwaysUpdateLinks': True,
            'newFileLocation': 'current', 'attachmentFolderPath': './'},
    'appearance': {},
    'community-plugins': [],
    'core-plugins': ['file-explorer', 'global-search', 'switcher', 'graph', 'backlink', 'outgoing-link', 'tag-pane',
                     'properties', 'page-preview', 'templates', 'command-palette', 'outline', 'bases'],
    'types': {'types': {'aliases': 'aliases', 'cssclasses': 'multitext', 'tags': 'tags',
                        **{name: 'multitext' for name in _LISTS if name != 'tags'},
                        **{name: 'text' for name in _MOMENTS},  # days and moments alike, which Obsidian cannot mix
                        **{name: 'number' for name in _NUMBERS}}},
}


def template(kind: Kind) -> str:
    """Return the TEMPLATE.md of a kind: the keys that people write, and the sections in order."""
    who = {'operator': ''} if kind.name == 'session' else {'owner': ''}
    keys = {'title': '', **who, 'summary': '', 'workstream': [], 'tags': [], 'kind': kind.name}
    if kind.name in _STATUS:
        keys['status'] = _STATUS[kind.name]
    if kind.name == 'adr':
        keys |= {'supersedes': [], 'superseded_by': []}
    head = frontmatter_edit.render({**keys, 'created': 'YYYY-MM-DD'})
    sections = [title for title in kind.sections if kind.name != 'session' or title not in _BY_CODE]
    return head + ''.join(f'\n## {title}\n' for title in sections)


def _templates(found: Found, wanted: Wanted) -> Iterator[Step]:
    for kind in found.kinds:
        if kind.folder:
            path = f'{kind.folder}/TEMPLATE.md'
            yield created(found, path, f'how each {kind.name} begins', template(kind).encode())


def _conventions(found: Found, wanted: Wanted) -> Iterator[Step]:
    for name, text in scaffold_conventions.pages(found.kinds).items():
        yield created(found, f'docs/conventions/{name}.md', 'for people and agents to look up', text.encode())


def _obsidian(found: Found, wanted: Wanted) -> Iterator[Step]:
    for name, value in _OBSIDIAN.items():
        content = (json.dumps(value, indent=2) + '\n').encode()
        yield created(found, f'.obsidian/{name}.json', 'the vault that all of you share', content)


def _ci(found: Found, wanted: Wanted) -> Iterator[Step]:
    text = scaffold_workflow.workflow(wanted.url, wanted.rev, indexes_when=found.indexes_when,
                                      hook_ids=found.hook_ids, is_audited=bool(wanted.matcher) or 'mirror' in wanted.extras)
    if found.host == 'github':
        yield created(found, scaffold_workflow.PATH, 'the gate that nobody can skip, and a strict run each week',
                      text.encode())
    else:
        commands = scaffold_workflow.commands(wanted.url, wanted.rev, indexes_when=found.indexes_when)
        yield Step('by hand', f'CI ({found.host or "no known host"})',
                   'let its job run these with the whole history', None, commands)


def _mirror(found: Found, wanted: Wanted) -> Iterator[Step]:
    text = sync_workflow.workflow(found.branch, wanted.url, wanted.rev)
    if found.host == 'github':
        yield created(found, sync_workflow.PATH, 'the mirror; NOTION_TOKEN and NOTION_DATA_SOURCE are yours to set',
                      text.encode())
    else:
        yield Step('by hand', 'CI, for the mirror', 'let a job run this, one at a time', None,
                   'daybook sync-notion --apply --commit\n')


def steps(found: Found, wanted: Wanted) -> Iterator[Step]:
    """Plan what was asked for of these; nothing of it is in the small profile."""
    builders = (('templates', _templates), ('conventions', _conventions), ('obsidian', _obsidian), ('ci', _ci),
                ('mirror', _mirror))
    for name, build in builders:
        if name in wanted.extras:
            yield from build(found, wanted)
