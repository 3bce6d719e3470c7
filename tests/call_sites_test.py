"""What is a call of the mirror, and what only speaks of it."""
from __future__ import annotations

import pytest

from daybook.documents.config import DEFAULTS
from daybook.documents.config import Invariant
from daybook.invariant import call_sites
from daybook.invariant import needles
from daybook.invariant.needles import Needles
from daybook.rules import call_places
from daybook.writers import sync_workflow

NOTION = needles.of(DEFAULTS.invariants[0])
COMMAND, HOOK, SETTINGS = '.claude/commands/handoff.md', '.claude/hooks/after.sh', '.claude/settings.json'

# path, text, what is reported as (line, words)
MENTIONED = (
    (COMMAND, 'Never call mcp__notion__search.\n'),
    (COMMAND, 'Do not\ncall mcp__notion__search, whatever happens.\n'),
    (COMMAND, "Don't query Notion.\n"),
    (COMMAND, 'The tool `mcp__notion__*` folds into `mcp__notion`.\n'),
    (COMMAND, 'WARNING when tool_calls_breakdown.mcp__notion_offplan is not 0.\n'),
    (COMMAND, 'Notion is a mirror: it follows the repository.\n'),
    (COMMAND, 'A nightly job will update Notion from here.\n'),
    (COMMAND, 'Look at the notion of identity, and update the notion of time.\n'),
    (COMMAND, '## Forbidden\n\n- call mcp__notion__search\n- query Notion\n'),
    (COMMAND, 'Never do any of these:\n\n- call mcp__notion__search\n- `curl https://api.notion.com/v1/search`\n'),
    (COMMAND, 'The design is as calm as Linear, Notion and Stripe.\n'),
    (COMMAND, '---\ndisallowed-tools: mcp__notion__search\ndescription: the notion of a command\n---\nGo.\n'),
    ('CLAUDE.md', 'Sync is out of band: `daybook sync-notion` runs in CI every night.\n'),
    (HOOK, '# once we called mcp__notion__search here\necho done\n'),
    (HOOK, 'case "$tool" in mcp__notion__*) echo "blocked: never ask the mirror"; exit 2;; esac\n'),
    ('.claude/hooks/state.py', '"""Counts calls such as mcp__notion__search.\n\nIn mcp__notion__fetch too.\n"""\nKEY = "mcp__notion"\n'),
    ('scripts/a.js', '/*\n * api.notion.com is what the worker asks\n */\nrun(); // mcp__notion__search\n'),
    ('.pre-commit-config.yaml', 'repos:\n- repo: x\n  hooks:\n    - id: sync-notion\n'),
    ('.github/workflows/mirror.yml', 'jobs:\n  run: daybook sync-notion --apply\n  env: {NOTION_TOKEN: x}\n'),
    (SETTINGS, '{"permissions": {"deny": ["mcp__notion__*", "mcp__notion__search"]}}'),
    (SETTINGS, '{"hooks": {"PostToolUse": [{"matcher": "mcp__notion__.*", "hooks": [{"command": "python3 -I -S count.py"}]}]}}'),
    (SETTINGS, '{"disabledMcpjsonServers": ["notion"]}'),
    ('.mcp.json', '{"mcpServers": {"notion": {"disabled": true, "url": "https://mcp.notion.com/mcp"}}}'),
)
WORKFLOW = '.github/workflows/mirror.yml'
WORKER = '  - run: daybook sync-notion --apply\n    env:\n      NOTION_TOKEN: ${{ secrets.NOTION_TOKEN }}\n      NOTION_DATA_SOURCE: x\n'
CALLED = (
    (COMMAND, 'Look around.\n\nCall mcp__notion__search for the last session.\n', [(3, 'calls mcp__notion__search')]),
    (COMMAND, '1. Read the plan\n2. Query Notion for the open tasks\n', [(2, 'tells to "Query Notion"')]),
    (COMMAND, 'When done, create a page in Notion.\n', [(1, 'tells to "create a page in Notion"')]),
    (COMMAND, 'If there is no note, call mcp__notion__search.\n', [(1, 'calls mcp__notion__search')]),
    (COMMAND, 'Call mcp__notion__search when the file does not exist.\n', [(1, 'calls mcp__notion__search')]),
    (COMMAND, '---\nallowed-tools: Read, mcp__notion_offplan__create-pages\n---\n', [(2, 'allows mcp__notion_offplan__create-pages')]),
    (COMMAND, '---\nallowed-tools:\n  - Read\n  - mcp__Notion\n---\n', [(4, 'allows mcp__Notion')]),
    (COMMAND, '```sh\ncurl -s https://api.notion.com/v1/search\n```\n', [(2, 'uses api.notion.com')]),
    (COMMAND, 'Never push.\n\nThen run `python3 scripts/sync_to_notion.py --apply`.\n', [(3, "runs the mirror's worker sync_to_notion")]),
    (COMMAND, '```sh\ndaybook sync-notion --apply\n```\n', [(2, "runs the mirror's worker sync-notion")]),
    ('CLAUDE.md', '## Start\n\nFirst, search Notion for the workstream.\n', [(3, 'tells to "search Notion"')]),
    ('AGENTS.md', 'Use `mcp__notion__fetch` to read\nthe page.\n', [(1, 'calls mcp__notion__fetch')]),
    ('.claude/skills/log/SKILL.md', 'Save the log to Notion.\n', [(1, 'tells to "Save the log to Notion"')]),
    ('.claude/skills/log/run.py', 'from notion_client import Client\n', [(1, 'uses notion_client')]),
    ('.claude/agents/scribe.md', '---\ntools: Read, mcp__notion__update-page\n---\n', [(2, 'allows mcp__notion__update-page')]),
    ('.gemini/commands/handoff.toml', 'prompt = """\nCall mcp__notion__search.\n"""\n', [(2, 'calls mcp__notion__search')]),
    ('.codex/config.toml', '[mcp_servers.notion]\ncommand = "npx"\n', [(1, 'registers the server notion')]),
    (HOOK, 'set -e\ncurl -H "Authorization: $NOTION_TOKEN" https://example.org\n', [(2, 'uses NOTION_TOKEN')]),
    (HOOK, 'daybook sync-notion --apply\n', [(1, "runs the mirror's worker sync-notion")]),
    ('.husky/post-commit', 'claude -p --allowedTools "mcp__notion__*" "log it"\n', [(1, 'allows mcp__notion__*')]),
    ('.githooks/pre-push', 'npx -y @notionhq/notion-mcp-server\n', [(1, 'uses @notionhq/notion-mcp-server')]),
    (SETTINGS, '{\n "permissions": {"allow": [\n  "Read",\n  "mcp__notion__*"\n ]}\n}', [(4, 'allows mcp__notion__*')]),
    (SETTINGS, '{"enabledMcpjsonServers": ["Notion"]}', [(1, 'enables the server Notion')]),
    (SETTINGS, '{"enabledPlugins": {"notion@market": true}}', [(1, 'enables the plug-in notion@market')]),
    (SETTINGS, '{"env": {\n"NOTION_TOKEN": "x"}}', [(2, 'uses NOTION_TOKEN')]),
    (SETTINGS, '{"hooks": {"Stop": [{"hooks": [{"command": "curl https://api.notion.com/v1"}]}]}}', [(1, 'uses api.notion.com')]),
    ('.mcp.json', '{"mcpServers": {\n"notion-offplan": {"command": "x"}}}', [(2, 'registers the server notion-offplan')]),
    ('.mcp.json', '{"mcpServers": {"docs": {"url": "https://mcp.notion.com/mcp"}}}', [(1, 'uses mcp.notion.com')]),
    ('.cursor/mcp.json', '// ours\n{"mcpServers": {"docs": {"url": "https://mcp.notion.com/x"}}}\n', [(2, 'uses mcp.notion.com')]),
    ('scripts/last.py', 'import os\nURL = "https://api.notion.com/v1/databases"\n', [(2, 'uses api.notion.com')]),
    ('scripts/log', '#!/bin/sh\ncurl https://api.notion.com\n', [(2, 'uses api.notion.com')]),
    ('bin/plan.ts', "import { Client } from '@notionhq/client'\n", [(1, 'uses @notionhq/client')]),
    ('Makefile', 'log:\n\tcurl https://api.notion.com\n', [(2, 'uses api.notion.com')]),
    ('.github/workflows/ci.yml', 'env:\n  NOTION_TOKEN: ${{ secrets.NOTION_TOKEN }}\n', [(2, 'uses NOTION_TOKEN')]),
    (WORKFLOW, f'{WORKER}  - run: curl https://api.notion.com/v1/pages\n', [(5, 'uses api.notion.com')]),
    (WORKFLOW, f'{WORKER}  - run: curl -H "Authorization: Bearer $NOTION_TOKEN" "$URL"\n', [(5, 'uses NOTION_TOKEN')]),
    (WORKFLOW, f'{WORKER}  - run: claude -p --allowed-tools mcp__notion__search\n', [(5, 'allows mcp__notion__search')]),
    (WORKFLOW, '  - run: daybook sync-notion --apply && curl https://api.notion.com/v1/search\n', [(1, 'uses api.notion.com')]),
    ('scripts/nightly.sh', 'export NOTION_TOKEN="$(cat token)"\ndaybook sync-notion --apply\ncurl https://api.notion.com/v1/search\n', [(3, 'uses api.notion.com')]),
    ('.github/workflows/ci.yml', '- run: claude -p --allowed-tools mcp__notion__search\n', [(1, 'allows mcp__notion__search')]),
)
PLACES = (
    ('docs/conventions/sync.md', None), ('README.md', None), ('CHANGELOG.md', None), ('src/app/notion.ts', None), ('package.json', None),
    ('tests/fixtures/.claude/settings.json', None), ('scripts/test_sync.py', None), ('docs/commands/handoff.md', None),
    ('.claude/commands/handoff.md', 'command'), ('.claude/commands/handoff-rt.md', 'command'), ('.codex/prompts/handoff.md', 'command'),
    ('.cursor/rules/a.mdc', 'command'), ('sub/CLAUDE.md', 'command'), ('.github/copilot-instructions.md', 'command'),
    ('plugins/x/skills/y/SKILL.md', 'command'), ('.claude/skills/y/run.sh', 'skill'), ('.claude/settings.local.json', 'settings'),
    ('.mcp.json', 'settings'), ('.cursor/mcp.json', 'settings'), ('.codex/hooks.json', 'settings'), ('.claude/hooks/x.py', 'hook'),
    ('lefthook.yml', 'hook'), ('.husky/pre-commit', 'hook'), ('.github/workflows/a.yml', 'workflow'), ('.gitlab-ci.yml', 'workflow'),
    ('scripts/deep/a.py', 'script'), ('tools/a', 'script'), ('Makefile', 'script'), ('scripts/data.csv', None),
)


def _sites(path: str, text: str, wanted: Needles = NOTION) -> list[tuple[int, str]]:
    place = call_places.place_of(path)
    assert place, path
    return [(site.line, site.words) for site in call_sites.sites(text, place.name, place.form, wanted)]


@pytest.mark.parametrize(('path', 'text'), MENTIONED)
def test_what_speaks_of_the_mirror_is_no_call(path: str, text: str) -> None:
    assert _sites(path, text) == []


@pytest.mark.parametrize(('path', 'text', 'expected'), CALLED)
def test_calls_are_found(path: str, text: str, expected: list[tuple[int, str]]) -> None:
    assert _sites(path, text) == expected


@pytest.mark.parametrize(('path', 'name'), PLACES)
def test_places(path: str, name: str | None) -> None:
    place = call_places.place_of(path)
    assert (place.name if place else None) == name


@pytest.mark.parametrize('path', ['scripts/sync_to_notion_oneshot.py', 'scripts/notion-sync.ts', 'scripts/md_to_notion.py',
                                  '.github/workflows/sync-notion.yml', 'hooks/sync_notion.py', '.claude/commands/sync-notion.md'])
def test_the_worker_is_known_by_its_name(path: str) -> None:
    assert needles.is_worker(path, NOTION)


def test_a_job_that_starts_our_worker_is_searched_whatever_its_name() -> None:
    path, whole = sync_workflow.PATH, sync_workflow.workflow('main', 'https://example.com/o/daybook', 'v0.1.0')
    assert needles.is_worker(path, NOTION) and not needles.is_exempt(path, 'workflow', whole, NOTION)
    assert _sites(path, whole) == [], 'as init writes it'
    drift = whole + '      - run: curl https://api.notion.com/v1/search\n'
    assert [words for _, words in _sites(path, drift)] == ['uses api.notion.com']
    own = '# instead of daybook sync-notion\njobs:\n  run: curl https://api.notion.com/v1/pages\n'
    assert needles.is_exempt(path, 'workflow', own, NOTION), 'a worker of their own'
    assert needles.is_exempt('scripts/sync_notion.py', 'script', 'run("daybook sync-notion")', NOTION)
    named = needles.of(DEFAULTS.invariants[0]._replace(exempt=(path,)))
    assert needles.is_exempt(path, 'workflow', drift, named), 'the settings have the last word'


def test_the_worker_is_named_by_the_settings() -> None:
    wanted = needles.of(DEFAULTS.invariants[0]._replace(exempt=('scripts/copy/**',)))
    assert needles.is_worker('scripts/copy/a.py', wanted)
    assert not needles.is_worker('scripts/other/a.py', wanted)


OTHERS = (
    (Invariant('coda', ('mcp__coda__*',), ('coda.io/apis',)), COMMAND, 'Call mcp__coda__rows, or look it up in Coda.\n', [(1, 'calls mcp__coda__rows')]),
    (Invariant('coda', ('mcp__coda__*',), ('coda.io/apis',)), '.mcp.json', '{"mcpServers": {"coda": {}}}', [(1, 'registers the server coda')]),
    (Invariant('web', ('WebFetch',)), COMMAND, '---\nallowed-tools: WebFetch(domain:example.org)\n---\n', [(2, 'allows WebFetch')]),
    (Invariant('web', ('WebFetch',)), COMMAND, 'Fetch it with WebFetch.\n', [(1, 'calls WebFetch')]),
    (Invariant('web', ('WebFetch',)), COMMAND, 'Never use WebFetch.\n', []),
    (Invariant('host', ('mcp__x__*',), ('internal.example.org/*',)), 'scripts/a.sh', 'curl internal.example.org/v1\n',
     [(1, 'uses internal.example.org/v1')]),
)


@pytest.mark.parametrize(('invariant', 'path', 'text', 'expected'), OTHERS)
def test_any_tool_and_host_can_be_named(invariant: Invariant, path: str, text: str, expected: list[tuple[int, str]]) -> None:
    assert _sites(path, text, needles.of(invariant)) == expected


def test_text_that_nests_deeply_is_read_as_lines() -> None:
    assert _sites(SETTINGS, '[' * 100_000 + '"mcp__notion__search"') == [(1, 'calls mcp__notion__search')]


@pytest.mark.parametrize('text', ['notion ' + '1' * 200_000, 'notion' + ' ' * 200_000 + 'x', 'notion ' + '1. ' * 60_000], ids=lambda text: text[6:9])
def test_what_may_be_the_mark_of_an_item_is_looked_for_in_linear_time(text: str) -> None:
    assert _sites('AGENTS.md', text) == []
