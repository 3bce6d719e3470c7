"""The plan of `init` and its additions to files of others: tables, no repository."""
from __future__ import annotations

import json
import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from conftest import ROOT
from daybook.adoption import people
from daybook.documents import config
from daybook.documents import frontmatter
from daybook.documents import mappings
from daybook.documents import schema
from daybook.errors import FatalError
from daybook.rules import surroundings
from daybook.writers import json_edit
from daybook.writers import scaffold
from daybook.writers import scaffold_commands
from daybook.writers import scaffold_conventions
from daybook.writers import scaffold_edits
from daybook.writers import scaffold_later
from daybook.writers import scaffold_pages
from daybook.writers import scaffold_record
from daybook.writers import scaffold_released
from daybook.writers import scaffold_runners
from daybook.writers import scaffold_step as names
from daybook.writers import scaffold_texts as texts
from daybook.writers import scaffold_undo
from daybook.writers import scaffold_workflow
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Place
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted

WANTED = Wanted(frozenset(), 'https://example.com/daybook', 'v0.1.0')
ENTRY = texts.hooks_entry(WANTED.url, WANTED.rev, texts.HOOK_IDS)
HOOK_IDS = frozenset([*texts.HOOK_IDS, *(name for ids in texts.HOOKS_OF.values() for name in ids)])


def found(places: dict[str, bytes | Place] | None = None, **changes: object) -> Found:
    given = {path: value if isinstance(value, Place) else Place(value) for path, value in (places or {}).items()}
    base = Found(defaultdict(Place, given), kinds=config.DEFAULTS.kinds, index_folders=('docs/sessions',),
                 host='github', hook_ids=HOOK_IDS, script=b'# script\n')
    return base._replace(**changes)  # type: ignore[arg-type]


def actions(steps: list[Step]) -> dict[str, str]:
    return {step.path: step.action for step in steps}


def after(there: Found, steps: list[Step]) -> Found:
    return there._replace(places=defaultdict(Place, there.places) | {s.path: Place(s.content) for s in steps if s.content is not None})


@pytest.mark.parametrize(('before', 'expected'), [
    (b'.daybook/state/\n', b'.daybook/state/\n'),
    (b'/.daybook/state\n', b'/.daybook/state\n'),
    (b'', b'.daybook/state/\n'),
    (b'a\n', b'a\n.daybook/state/\n'),
    (b'a\nb', b'a\nb\n.daybook/state/'),
    (b'a\r\nb\r\n', b'a\r\nb\r\n.daybook/state/\r\n'),
    (b'a\r\nb', b'a\r\nb\r\n.daybook/state/'),
    (b'# \xff\n', b'# \xff\n.daybook/state/\n'),
])
def test_ignore_lines_are_appended_in_the_files_own_way(before: bytes, expected: bytes) -> None:
    there = found({names.IGNORE: before})
    steps = scaffold.plan(there, WANTED)
    assert after(there, steps).places[names.IGNORE].data == expected


HOOK = 'repo: https://github.com/a/b\n  rev: v1\n  hooks:\n  - id: c\n'


@pytest.mark.parametrize('before', [
    f'repos:\n- {HOOK}',
    f'repos:\n- {HOOK}'.removesuffix('\n'),
    f'# see https://pre-commit.com\n---\nrepos:\n- {HOOK}',
    f'---\nrepos:\n- {HOOK}\n',
    f'repos:\n- {HOOK}\n# a comment at the end\n',
    f'repos:\n- {HOOK}  # - id: commented out\nci:\n  skip: [c]\n',
    f'repos:\n- {HOOK}\n\n# ours\nexclude: "é😀"\nfail_fast: true\n',
    f'exclude: "é😀"\nrepos:\n- {HOOK}'.replace('\n', '\r\n'),
    'repos:\n  -   repo: meta\n      hooks:\n      -   id: identity\n      -   {id: check-useless-excludes}\n',
    'repos:\n    - {repo: meta, hooks: [{id: identity}]}\ndefault_stages: [pre-commit]\n',
], ids=range(10))
def test_our_entry_becomes_the_last_and_every_other_byte_stays(before: str) -> None:
    edited = scaffold_edits.add_to_list(before.encode(), 'repos', ENTRY).decode()
    old, new = scaffold_edits.read_yaml(before.encode()), scaffold_edits.read_yaml(edited.encode())
    assert new == {**old, 'repos': [*old['repos'], {'repo': WANTED.url, 'rev': 'v0.1.0',
                                                    'hooks': [{'id': i} for i in texts.HOOK_IDS]}]}
    start = edited.index(WANTED.url)
    head = edited[:edited.rindex('\n', 0, start) + 1].rstrip('\r\n')
    assert before.startswith(head)
    tail = edited[edited.index('id: inventory') + len('id: inventory'):]
    assert before.rstrip('\r\n').endswith(tail.strip('\r\n'))
    assert edited.endswith('\n') == before.endswith('\n')
    assert ('\r\n' in before) == ('\r\n' in edited) and edited.count('\n') == edited.count('\r\n') or '\r' not in before


@pytest.mark.parametrize(('before', 'message'), [
    ('repos: []\n', 'one item a line'),
    ('repos:\n', 'one item a line'),
    ('', 'one item a line'),
    ('# nothing\n', 'one item a line'),
    ('repos: [{repo: meta, hooks: [{id: identity}]}]\n', 'one item a line'),
    ('{repos: [{repo: meta}]}\n', 'one item a line'),
    ('repos: [\n', 'line '),
    ('repos:\n- repo: a\n  repo: b\n', 'line 3: duplicate key: repo'),
    ('# x\n---\nrepos:\n- repo: a\n  repo: b\n', 'line 5: duplicate key: repo'),
    ('repos:\n- repo: a\n---\nrepos:\n- repo: b\n', 'more than one document'),
    ('\ufeffrepos:\n- repo: a\n', 'byte order mark'),
    ('repos: &all\n- repo: a\nother: *all\n', 'begins on the line of its key'),
    ('x: &all\n- repo: a\nrepos: *all\n', 'line of its key'),
    ('x:\n  &all\n  - repo: a\nrepos: *all\n', 'could not be proven'),
])
def test_in_doubt_the_hooks_file_is_left_to_a_person(before: str, message: str) -> None:
    steps = scaffold.plan(found({names.HOOKS: before.encode()}), WANTED)
    step = next(step for step in steps if step.path == names.HOOKS)
    assert (step.action, step.content, step.text) == ('by hand', None, ENTRY)
    assert message in step.note


@pytest.mark.parametrize('before', [
    '{\n  // why "a"\n  "a": 1, // http://x\n  /* { */ "hooks": {"Stop": [], },\n}\n',
    '{\n  "hooks": {\n    "PostToolUse": [\n      {"matcher": "//"}, // one\n      /* off */\n    ],\n  }\n}\n',
    '{ // x\n}', '{\n  "a": 1\n  // last\n}\n',
    '{}', '{ }\n', '{"a": 1}', '{\n  "a": 1\n}\n', '{\n\t"a": [1, 2],\n\t"b": {}\n}\n', '{\r\n    "a": 1\r\n}',
    '{\n  "hooks": {}\n}\n',
    '{\n  "hooks": {\n    "PostToolUse": []\n  },\n  "z": "é 😀"\n}\n',
    '{\n  "hooks": {\n    "PostToolUse": [\n      {"matcher": "Bash", "hooks": []}\n    ]\n  }\n}\n',
    '{"hooks": {"PostToolUse": [{"matcher": "}]\\"", "hooks": []}], "Stop": []}, "a": null}',
], ids=range(14))
def test_settings_keep_their_order_indentation_and_hooks(before: str) -> None:
    additions = texts.telemetry('mcp__.*')
    edited = json_edit.add_items(before.encode(), 'hooks', additions).decode()
    wanted = json_edit.load(before.encode())
    for event, item in additions.items():
        wanted.setdefault('hooks', {}).setdefault(event, []).append(item)
    assert json_edit.load(edited.encode()) == wanted
    assert list(json_edit.load(edited.encode())) == list(wanted)
    if '//' not in before:
        assert json.loads(edited) == wanted
    for line in filter(None, re.split(r'[\r\n{}\[\]]+', before)):
        assert line.strip() in edited  # what stood there still stands there as it was
    assert '\r' not in edited or edited.count('\n') == edited.count('\r\n')
    assert '\t' not in before or '\n\t\t"SessionStart": [\n\t\t\t{' in edited


@pytest.mark.parametrize(('before', 'message'), [
    (b'{\n  // ours\n  "a": 1\n  "b": 2\n}\n', 'not plain JSON in line 4'),
    (b'{"a": 1, "a": 2}', 'a key stands there twice'),
    (b'', 'not plain JSON in line 1'),
    (b'[]', 'no JSON object'),
    (b'\xff', 'not plain JSON'),
    (b'{"hooks": []}', '`hooks` is no object'),
    (b'{"hooks": {"PostToolUse": {}}}', '`hooks.PostToolUse` is no array'),
])
def test_settings_that_cannot_be_read_are_left_to_a_person(before: bytes, message: str) -> None:
    there = found({names.SETTINGS: before})
    step = next(s for s in scaffold.plan(there, WANTED._replace(extras=frozenset(['telemetry'])))
                if s.path == names.SETTINGS)
    assert (step.action, step.content) == ('by hand', None)
    assert message in step.note and '"PostToolUse"' in step.text


@pytest.mark.parametrize(('before', 'expected'), [
    (b'# A\n', b'# A\n\n<!-- daybook:begin -->\n\nx\n\n<!-- daybook:end -->\n'),
    (b'# A\n\n', b'# A\n\n<!-- daybook:begin -->\n\nx\n\n<!-- daybook:end -->\n'),
    (b'# A', b'# A\n\n<!-- daybook:begin -->\n\nx\n\n<!-- daybook:end -->'),
    (b'# A\r\n', b'# A\r\n\r\n<!-- daybook:begin -->\r\n\r\nx\r\n\r\n<!-- daybook:end -->\r\n'),
])
def test_the_block_stands_at_the_end_between_markers(before: bytes, expected: bytes) -> None:
    assert scaffold_edits.add_block(before, 'x\n') == expected
    assert scaffold_edits.has_block(expected) and not scaffold_edits.has_block(before)


CLAUDE = {'agents': frozenset(['claude'])}


@pytest.mark.parametrize(('there', 'extras', 'expected'), [
    # one person, no agent: four small files
    (found(), (), {'.daybook/config.yaml': 'create', '.gitignore': 'create', '.gitattributes': 'create',
                   '.pre-commit-config.yaml': 'create'}),
    (found(index_folders=()), (), {'.daybook/config.yaml': 'create', '.gitignore': 'create',
                                   '.pre-commit-config.yaml': 'create'}),
    (found(**CLAUDE), (), {'.claude/commands/handoff.md': 'create', '.claude/commands/resume.md': 'create',
                           'AGENTS.md': 'create'}),
    (found(), ('claude',), {'.claude/commands/handoff.md': 'create', 'AGENTS.md': 'create'}),
    (found(), ('agents',), {'AGENTS.md': 'create'}),
    (found({'AGENTS.md': b'# a\n'}), (), {'AGENTS.md': 'extend'}),
    (found({'CLAUDE.md': b'# a\n'}, **CLAUDE), (), {'CLAUDE.md': 'extend'}),
    (found({'AGENTS.md': Place(obstacle='symlink'), 'CLAUDE.md': b'# a\n'}, **CLAUDE), (), {'CLAUDE.md': 'extend'}),
    (found({'AGENTS.md': b'# a\n', 'CLAUDE.md': b'<!-- daybook:begin -->'}, **CLAUDE), (), {'CLAUDE.md': 'keep'}),
    (found({'AGENTS.md': b'# a\n', 'CLAUDE.md': b'# b\n'}, **CLAUDE), (), {'AGENTS.md': 'extend', 'CLAUDE.md': 'extend'}),
    (found({'AGENTS.md': b'# a\n', 'CLAUDE.md': b'@AGENTS.md\n'}, **CLAUDE), (), {'AGENTS.md': 'extend'}),
    (found({'AGENTS.md': b'# a\n'}, **CLAUDE), (), {'AGENTS.md': 'extend', 'CLAUDE.md': 'create'}),
    (found(mirror='notion', **CLAUDE), (), {'.claude/settings.json': 'create', '.claude/hooks/session_state.py': 'create'}),
    (found(), ('telemetry',), {'.claude/settings.json': 'create', '.claude/hooks/session_state.py': 'create'}),
    (found({'.claude/commands/handoff.md': b'theirs'}, **CLAUDE), ('commands',),
     {'.claude/commands/handoff.md': 'keep', '.claude/commands/daybook-handoff.md': 'create'}),
    (found(commands={'resume': '.claude/skills/start/SKILL.md'}, **CLAUDE), ('commands',),
     {'.claude/skills/start/SKILL.md': 'keep', '.claude/commands/daybook-resume.md': 'create'}),
    (found(agents=frozenset(['codex'])), ('telemetry-all',),
     {'.agents/skills/handoff/SKILL.md': 'create', '.codex/hooks.json': 'create',
      '.codex/hooks/session_state.py': 'create', 'AGENTS.md': 'create'}),
    (found({'CLAUDE.md': b'# a\n'}, agents=frozenset(['claude', 'codex'])), (),
     {'CLAUDE.md': 'extend', 'AGENTS.md': 'create', '.claude/commands/resume.md': 'create',
      '.agents/skills/resume/SKILL.md': 'create'}),
    (found(), ('ci', 'templates', 'conventions', 'obsidian'),
     {'.github/workflows/daybook.yml': 'create', 'docs/adr/TEMPLATE.md': 'create',
      'docs/conventions/frontmatter.md': 'create', '.obsidian/types.json': 'create'}),
    (found({'docs/adr/TEMPLATE.md': b'theirs', '.obsidian/app.json': b'{}'}, host=''), ('ci', 'templates', 'obsidian'),
     {'docs/adr/TEMPLATE.md': 'keep', '.obsidian/app.json': 'keep', 'CI (no known host)': 'by hand'}),
    (found({'.claude/settings.json': Place(obstacle='it goes through a symbolic link')}), ('telemetry',),
     {'.claude/settings.json': 'by hand'}),
    (found(runner='lefthook'), (), {'lefthook': 'by hand'}),
    (found({'.daybook/config.yaml': b'a'}), (), {'.daybook/config.yaml': 'keep'}),
    (found({'.daybook/operators.yaml': b'a'}), (), {'.daybook/operators.yaml': 'keep'}),
    (found(operators={'ann': {'initials': 'AL'}}), (), {'.daybook/operators.yaml': 'create'}),
])
def test_plan(there: Found, extras: tuple[str, ...], expected: dict[str, str]) -> None:
    steps = scaffold.plan(there, WANTED._replace(extras=frozenset(extras)))
    assert expected.items() <= actions(steps).items()
    if not (extras or there.agents or there.places['AGENTS.md'].data):
        assert len(steps) <= 5 + len(there.record.files)
        assert not [path for path in actions(steps) if '.claude' in path or path.endswith('.md')]
    again = after(there, steps)
    assert [s for s in scaffold.plan(again, WANTED._replace(extras=frozenset(extras))) if s.content is not None] == []


def test_no_runner_entry_is_written_beside_another_runner_of_hooks() -> None:
    for runner in ('lefthook', 'husky', 'core.hooksPath=.githooks'):
        steps = scaffold.plan(found(runner=runner, **CLAUDE), WANTED)
        assert names.HOOKS not in actions(steps)
        assert 'daybook check-all' in next(s for s in steps if s.path == runner).text
        commands = {s.path: s.content or b'' for s in steps}
        assert b'\ndaybook handoff --files .daybook/state/draft-<ID>.md\n' in commands['.claude/commands/handoff.md']
        assert b'pre-commit' not in commands['.claude/commands/resume.md']


def test_the_matcher_reaches_the_script() -> None:
    assert texts.telemetry('mcp__.*')['PostToolUse']['hooks'][0]['command'].endswith("session_state.py --matcher 'mcp__.*'")
    assert texts.telemetry('*')['PostToolUseFailure'] == {'matcher': '*', 'hooks': [{
        'type': 'command', 'command': 'python3 -I -S "$CLAUDE_PROJECT_DIR"/.claude/hooks/session_state.py', 'timeout': 5}]}


@pytest.mark.parametrize('settings', [
    {}, {'kinds': {'session': {'paths': ["notes/it's: #1/**/*.md"], 'section_aliases': {'Resume Prompt': ['Next: up']}}},
         'sessions': {'slug': True}, 'indexes': {'when': 'default-branch'}, 'validate': {'block_from': '2026-12-04'}},
])
def test_the_config_says_what_was_proposed(settings: dict[str, object]) -> None:
    text = texts.config(settings)
    assert config.from_bytes(text.encode()) == config.from_mapping(settings)
    assert text.startswith('# ') and text.endswith('\n') and '\n\n\n' not in text


@pytest.mark.parametrize('rev', ['v0.1.0', '1.0', '0123456', 'a b', 'null'])
def test_a_revision_stays_a_text(rev: str) -> None:
    entry = scaffold_edits.read_yaml(texts.hooks_config('/a path/to: it', rev, ['resume']).encode())['repos'][0]
    assert (entry['repo'], entry['rev']) == ('/a path/to: it', rev)


@pytest.mark.parametrize('runner', ['', 'husky'])
def test_commands_have_the_frontmatter_of_commands(runner: str) -> None:
    for text in (scaffold_commands.command(name, runner=runner, folder='docs/sessions') for name in scaffold_commands.COMMANDS):
        parsed = frontmatter.parse(text.encode())
        assert parsed.error is None and list(parsed.meta) == ['description', 'allowed-tools', 'argument-hint']
        assert all(isinstance(value, str) for value in parsed.meta.values())
        body = text[text.index('---\n', 4):]
        assert '{' not in body and scaffold_commands.COMMAND_MARK in body
        assert max(map(len, body.splitlines())) <= 80
        if runner:
            assert 'pre-commit' not in text


def test_the_agents_block_is_short() -> None:
    for runner in ('', 'husky'):
        text = scaffold_commands.agents_block(runner=runner, folder='docs/sessions')
        assert len(scaffold_edits.add_block(b'', text)) < 400


@pytest.mark.parametrize(('commits', 'own', 'expected'), [
    ([], ('Ann Lee', 'ann@x.org'), {}),
    ([('Ann Lee', 'ann@x.org')] * 3, ('Ann Lee', 'ann@x.org'), {}),
    ([('Ann Lee', 'ann@old.org'), ('dependabot[bot]', 'b@x.org')], ('Ann Lee', 'ann@x.org'), {}),
    ([], ('', ''), {}),
    ([('Ann Lee', 'ann@x.org')], ('Claude', 'noreply@anthropic.com'), {'ann-lee': 'AL'}),
    ([('Ann Lee', 'ann@x.org')], ('', ''), {'ann-lee': 'AL'}),
    ([('Ann Lee', 'ann@x.org')] * 2, ('Al Lo', 'al@x.org'), {'al-lo': 'AL', 'ann-lee': 'ALE'}),
    ([('Ann Lee', 'a@x.org'), ('Abe Lee', 'b@x.org'), ('Amy Lee', 'c@x.org')], ('Ann Lee', 'a@x.org'),
     {'ann-lee': 'AL', 'abe-lee': 'ALE', 'amy-lee': 'AM'}),
])
def test_operators_are_proposed_when_they_are_needed(
        commits: list[tuple[str, str]], own: tuple[str, str], expected: dict[str, str]) -> None:
    found_people = people.proposed(commits, own)
    assert {slug: who['initials'] for slug, who in found_people.items()} == expected
    if found_people:
        text = texts.operators(found_people)
        given, problems = mappings.read('.daybook/operators.yaml', text.encode(), 'operators')
        assert not problems and given['operators'] == found_people


def test_many_namesakes_get_initials_of_their_own() -> None:
    commits = [(f'Ann {chr(65 + n % 26)}lee{n}', f'{n}@x.org') for n in range(40)]
    found_people = people.proposed(commits, ('', ''))
    assert len({who['initials'] for who in found_people.values()}) == len(found_people) == 12


def test_json_load_names_the_line() -> None:
    with pytest.raises(FatalError, match='line 2'):
        json_edit.load(b'{\n,}')


ALL = frozenset(scaffold.EXTRAS) - {'telemetry'}
PEOPLE = {'ann': 'AL', 'bob-lee': 'BL'}
THEIRS: dict[str, bytes | Place] = {
    '.gitignore': b'a\r\nb', '.gitattributes': b'*.sh eol=lf\n\n', 'AGENTS.md': b'# A', 'CLAUDE.md': b'# C\r\n\r\n',
    '.pre-commit-config.yaml': b'repos:\n  -   repo: meta\n      hooks:\n      -   id: identity\n\n# end',
    '.claude/settings.json': b'{\n\t// why\n\t"hooks": {\n\t\t"PostToolUse": [\n\t\t\t{"matcher": "Bash"}\n\t\t]\n\t},\n\t"a": 1,\n}',
    '.codex/hooks.json': b'{}',
}


def adopted(there: Found, extras: frozenset[str] = ALL) -> Found:
    """Return what stands there after init."""
    wanted = WANTED._replace(extras=extras)
    steps = scaffold.plan(there, wanted)
    record = scaffold_later.record(there, wanted, steps, there.places, [], '0.1.0')
    assert scaffold_record.read(scaffold_record.render(record)) == record
    return after(there, steps)._replace(record=record)


def left(there: Found) -> dict[str, bytes]:
    """Return the files after an uninstall."""
    steps = {step.path: step for step in scaffold_later.uninstall(there) if step.action == 'remove'}
    data = {path: steps[path].content if path in steps else place.data for path, place in there.places.items()}
    return {path: content for path, content in data.items() if content is not None}


@pytest.mark.parametrize('extras', [frozenset(), frozenset(['claude', 'telemetry']), ALL], ids=['small', 'some', 'all'])
@pytest.mark.parametrize('before', [{}, THEIRS], ids=['empty', 'crowded'])
def test_taking_out_leaves_the_bytes_as_they_were(before: dict[str, bytes | Place], extras: frozenset[str]) -> None:
    there = adopted(found(before, people=PEOPLE), extras)
    assert len(there.record.files) >= 4
    assert left(there) == before
    again = adopted(there._replace(places=defaultdict(Place, there.places)), ALL)
    assert left(again) == before, 'two runs, the second with more'


def test_what_others_wrote_since_stays_and_what_they_changed_is_named() -> None:
    there = adopted(found(THEIRS, people=PEOPLE))
    edits = {
        '.gitignore': lambda data: b'first\r\n' + data + b'\r\nlast',
        'AGENTS.md': lambda data: data + b'\n\nMore.',
        '.claude/settings.json': lambda data: data.replace(b'"a": 1', b'"a": 2'),
        '.pre-commit-config.yaml': lambda data: data.replace(b'rev: v0.1.0', b'rev: v0.2.0'),
        '.claude/commands/handoff.md': lambda data: data + b'more\n',
        '.daybook/config.yaml': lambda data: data.replace(b'\n', b'\r\n'),  # a checkout may do that
    }
    changed = {path: Place(edit(there.places[path].data or b'')) for path, edit in edits.items()}
    there = there._replace(places=defaultdict(Place, there.places) | changed)
    kept = {step.path: step.note for step in scaffold_later.uninstall(there) if step.action == 'keep'}
    assert kept == {'.pre-commit-config.yaml': 'it was edited since where our lines stood; it is yours now',
                    '.claude/commands/handoff.md': 'it was edited since; it is yours now'}
    after_all = left(there)
    assert after_all['.gitignore'] == b'first\r\na\r\nb\r\nlast'
    assert after_all['AGENTS.md'] == b'# A\n\nMore.'
    assert after_all['.claude/settings.json'] == THEIRS['.claude/settings.json'].replace(b'"a": 1', b'"a": 2')  # type: ignore[union-attr]
    assert after_all['.pre-commit-config.yaml'] == changed['.pre-commit-config.yaml'].data
    assert '.daybook/config.yaml' not in after_all


def test_an_upgrade_replaces_what_is_as_we_wrote_it() -> None:
    old = found(THEIRS, people=PEOPLE)._replace(script=b'# old script\n')
    wanted = Wanted(frozenset(['claude', 'telemetry', 'wrappers']), WANTED.url, 'v0.0.1')
    steps = scaffold.plan(old, wanted)
    there = after(old, steps)._replace(record=scaffold_later.record(old, wanted, steps, old.places, [], '0.0.1'))
    there.places['.claude/commands/resume-al.md'] = Place(b'mine\n')  # type: ignore[index]
    there.places['AGENTS.md'] = Place((there.places['AGENTS.md'].data or b'') + b'\n\nMore.')  # type: ignore[index]
    # settings are the user's: what would be proposed today does not matter
    new = there._replace(script=b'# new script\n', settings={'sessions': {'slug': True}})
    plan, base = scaffold_later.upgrade(new, WANTED, {})
    done = {step.path: step.action for step in plan if step.action != 'keep'}
    assert done == {'.claude/hooks/session_state.py': 'replace', '.pre-commit-config.yaml': 'replace',
                    'AGENTS.md': 'replace'}, 'our block moves to the end; all else is as this version writes it'
    assert next(s.note for s in plan if s.path == '.claude/commands/resume-al.md') == (
        'it was edited since; not touched, compare it yourself')
    upgraded = after(new, plan)
    assert b'rev: v0.1.0' in (upgraded.places['.pre-commit-config.yaml'].data or b'')
    upgraded = upgraded._replace(record=scaffold_later.record(new, WANTED, plan, base, [], '0.1.0'))
    assert [step for step in scaffold_later.upgrade(upgraded, WANTED, {})[0] if step.content is not None] == []
    rest = left(upgraded)
    assert rest.pop('AGENTS.md') == b'# A\n\nMore.' and rest.pop('.claude/commands/resume-al.md') == b'mine\n'
    assert rest == {path: data for path, data in THEIRS.items() if path != 'AGENTS.md'}


def test_an_upgrade_without_a_record_goes_by_the_released_digests() -> None:
    there = found({'.claude/hooks/session_state.py': b'# released\n', '.claude/hooks/other.py': b'x'}, **CLAUDE)
    wanted = WANTED._replace(extras=frozenset(['telemetry']))
    known = {'.claude/hooks/session_state.py': {scaffold_record.digest(b'# released\n')}}
    for released, action in (({}, 'keep'), (known, 'replace')):
        steps = scaffold_later.upgrade(there, wanted, released)[0]
        assert actions(steps)['.claude/hooks/session_state.py'] == action


def test_every_release_has_its_digests() -> None:
    released = re.findall(r'^## \[?v?([0-9][^\s\]]*)\]? - (?!unreleased)', (ROOT / 'CHANGELOG.md').read_text(), re.M)
    script = scaffold_record.digest((ROOT / 'hooks/session_state.py').read_bytes())
    obsidian = {s.path: scaffold_record.digest(s.content or b'') for s in
                scaffold.plan(found(), WANTED._replace(extras=frozenset(['obsidian']))) if '.obsidian' in s.path}
    row = {texts.SCRIPT: script, texts.CODEX_SCRIPT: script, **obsidian}
    assert sorted(scaffold_released.DIGESTS) == sorted(released), f'the row of this tree: {row}'
    assert all(set(row) <= set(digests) for digests in scaffold_released.DIGESTS.values())


def test_each_operator_gets_wrappers_with_their_name_in_the_command() -> None:
    steps = {s.path: (s.content or b'').decode() for s in
             scaffold.plan(found(people=PEOPLE, **CLAUDE), WANTED._replace(extras=frozenset(['wrappers'])))}
    for slug, initials in PEOPLE.items():
        for name in ('handoff', 'resume'):
            text = steps[f'.claude/commands/{name}-{initials.lower()}.md']
            calls = re.findall(r'^.*pre-commit run .*$', text.partition('---\n\n')[2], re.M)
            assert calls and all(f'OPERATOR={slug} pre-commit run' in line for line in calls)
            assert f'Bash(OPERATOR={slug} pre-commit run:*)' in text
    assert 'OPERATOR=' not in steps['.claude/commands/handoff.md']
    alone = scaffold.plan(found(people={'ann': 'AL'}, **CLAUDE), WANTED._replace(extras=frozenset(['wrappers'])))
    assert not [s for s in alone if s.path.endswith('-al.md')]


@pytest.mark.parametrize('there', [
    {'.claude/commands/handoff.md': b'theirs'},
    {'commands': {'handoff': '.agents/skills/wrap-up/SKILL.md'}},
])
def test_no_second_hand_off_beside_theirs_unless_asked(there: dict[str, object]) -> None:
    changes = there if 'commands' in there else {}
    places = {} if changes else there
    given = found(places, **{**CLAUDE, **changes})  # type: ignore[arg-type]
    steps = scaffold.plan(given, WANTED)
    assert not [s.path for s in steps if s.content and 'handoff' in s.path]
    assert [s for s in steps if s.path == '.claude/commands/resume.md' and s.content]
    asked = scaffold.plan(given, WANTED._replace(extras=frozenset(['commands', 'wrappers'])))
    assert [s.path for s in asked if s.content and 'handoff' in s.path] == ['.claude/commands/daybook-handoff.md']


def test_asking_for_more_later_adds_hooks_to_our_entry() -> None:
    there = adopted(found(THEIRS), frozenset())
    wanted = WANTED._replace(extras=frozenset(['render', 'mirror']))
    edited = after(there, scaffold.plan(there, wanted)).places[names.HOOKS].data or b''
    ids = [hook['id'] for hook in scaffold_edits.read_yaml(edited)['repos'][1]['hooks']]
    assert ids == ['render-docs', 'sync-notion', *texts.HOOK_IDS]
    assert edited.startswith(b'repos:\n  -   repo: meta\n      hooks:\n      -   id: identity\n')


def test_a_skill_is_a_command_with_a_name() -> None:
    text = scaffold_commands.skill('handoff', scaffold_commands.command('handoff', runner='', folder='docs/sessions'))
    parsed = frontmatter.parse(text.encode())
    assert list(parsed.meta) == ['name', 'description'] and parsed.meta['name'] == 'handoff'
    assert '$ARGUMENTS' not in text and scaffold_commands.COMMAND_MARK in text


def test_templates_have_the_keys_and_sections_of_their_kinds() -> None:
    for kind in config.DEFAULTS.kinds:
        parsed = frontmatter.parse(scaffold_pages.template(kind).encode())
        assert parsed.error is None and parsed.meta['kind'] == kind.name
        for title in kind.sections:
            assert (f'\n## {title}\n' in scaffold_pages.template(kind)) is (title not in ('Commits', 'Files Touched'))
    assert all(config.kind_of(config.DEFAULTS, f'{kind.folder}/TEMPLATE.md') is None for kind in config.DEFAULTS.kinds)


def test_the_conventions_name_every_key_and_kind() -> None:
    page = scaffold_conventions.pages(config.DEFAULTS.kinds)['frontmatter']
    for name in ('session', 'workstream'):
        keys = set(schema.built_in(name)['properties']) - {'schema'}
        assert {key for key in keys if f'`{key}`' not in page} == set()
    assert all(f'| `{kind.name}` |' in page for kind in config.DEFAULTS.kinds)


def test_obsidian_knows_one_type_for_every_key() -> None:
    steps = scaffold.plan(found(), WANTED._replace(extras=frozenset(['obsidian'])))
    content = {s.path: json.loads(s.content or b'') for s in steps if s.path.startswith('.obsidian/')}
    assert {'.obsidian/app.json', '.obsidian/appearance.json', '.obsidian/community-plugins.json',
            '.obsidian/core-plugins.json', '.obsidian/types.json'} == set(content)
    assert content['.obsidian/app.json']['useMarkdownLinks'] is True
    assert set(content['.obsidian/types.json']['types'].values()) <= {'aliases', 'tags', 'multitext', 'text', 'number'}
    ignored = next(s for s in steps if s.path == names.IGNORE).content or b''
    assert b'.obsidian/workspace*.json\n' in ignored and b'.obsidian/plugins/\n' in ignored


@pytest.mark.parametrize('indexes_when', ['commit', 'default-branch'])
def test_the_workflow_runs_the_checks_and_a_strict_run(indexes_when: str) -> None:
    text = scaffold_workflow.workflow('https://example.com/d', 'v1', indexes_when=indexes_when,
                                      hook_ids=['check-all', 'validate-frontmatter', 'check-freshness'])
    given = scaffold_edits.read_yaml(text.encode())
    jobs = given['jobs']
    assert {'push', 'pull_request', 'schedule', 'workflow_dispatch'} == set(given['on'])
    runs = {name: [step.get('run', '') for step in job['steps']] for name, job in jobs.items()}
    assert 'daybook check-all' in runs['checks'] and 'daybook check-all' in runs['strict']
    assert 'daybook check-freshness --strict' in runs['strict']
    assert 'check-freshness' not in scaffold_workflow.workflow('u', 'v', indexes_when='never', hook_ids=['check-all'])
    assert 'python -m pip install "git-daybook @ git+https://example.com/d@v1"' in runs['checks']
    assert given['permissions'] == {'contents': 'read'}
    assert jobs['checks']['steps'][0]['with'] == {'fetch-depth': 0}
    assert ('indexes' in jobs) is (indexes_when == 'default-branch')
    if 'indexes' in jobs:
        assert jobs['indexes']['permissions'] == {'contents': 'write'}
        assert 'daybook regen-indexes --force' in runs['indexes'][-1]


@pytest.mark.parametrize(('codes', 'is_green'), [
    ((0, 0), True), ((1, 0), True), ((1, 1), False), ((2, 0), False), ((3, 0), False), ((1, 3), False)])
def test_the_job_of_the_indexes_is_red_for_all_but_rewritten_files(codes: tuple[int, int], is_green: bool, tmp_path: Path) -> None:
    text = scaffold_workflow.workflow('u', 'v', indexes_when='default-branch', hook_ids=['check-all'])
    script = scaffold_edits.read_yaml(text.encode())['jobs']['indexes']['steps'][-1]['run']
    again = tmp_path / 'again'
    for name, lines in (('daybook', f'[ -e {again} ] && exit {codes[1]}; : > {again}; exit {codes[0]}'), ('git', 'exit 0')):
        (tmp_path / name).write_text(f'#!/bin/sh\n{lines}\n')
        (tmp_path / name).chmod(0o755)
    # as a step on GitHub is started
    run = subprocess.run(('bash', '-e', '-c', script), env={'PATH': f'{tmp_path}:{os.environ["PATH"]}'}, capture_output=True)
    assert (run.returncode == 0) is is_green


@pytest.mark.parametrize(('paths', 'expected'), [
    (['docs/a.md', 'src/index.html', 'a/CNAMES'], []),
    (['mkdocs.yml'], [('MkDocs', 'docs')]),
    (['site/docusaurus.config.ts'], [('Docusaurus', 'site/docs')]),
    (['_config.yml'], [('Jekyll or GitHub Pages', '')]),
    (['docs/CNAME', 'docs/index.html'], [('Jekyll or GitHub Pages', 'docs')]),
    (['docs/.vitepress/config.mts'], [('VitePress', 'docs')]),
    (['book/book.toml'], [('mdBook', 'book/src')]),
])
def test_what_is_published_is_known(paths: list[str], expected: list[tuple[str, str]]) -> None:
    assert surroundings.published(paths) == expected


@pytest.mark.parametrize(('name', 'expected'), [
    ('deploy', []), ('handoff', ['handoff']), ('wrap-up', ['handoff']), ('session-end', ['handoff']),
    ('resume', ['resume']), ('start-session', ['resume']), ('session', ['handoff', 'resume']),
    ('sessie-einde', ['handoff']), ('sessie-start', ['resume']), ('cerrar-sesion', ['handoff']), ('sitzung-beginn', ['resume']),
])
def test_what_a_command_is_for(name: str, expected: list[str]) -> None:
    assert surroundings.purposes(name) == expected


@pytest.mark.parametrize('before', [
    'pre-commit:\n  parallel: true  # fast\n  commands:\n    # lint first\n    lint:\n        run: eslint .\n    test: {run: make}\n',
    'pre-push:\n  jobs: []\n', '# ours\npre-commit:\n  jobs:\n  - run: make\n  # end\n', 'skip_output: [meta]',
    'pre-commit:\r\n    jobs:\r\n        -   name: x\r\n            run: y\r\n',
])
def test_lefthook_gets_our_check_and_keeps_every_byte(before: str) -> None:
    edited = scaffold_runners.lefthook(before.encode()).decode()
    assert scaffold_edits.read_yaml(edited.encode())
    ours = edited.splitlines(keepends=True)
    assert [line for line in ours if 'daybook' not in line and line.strip() not in ('pre-commit:', 'commands:')] == [
        line for line in before.splitlines(keepends=True) if line.strip() not in ('pre-commit:', 'commands:')] or (
        'skip_output' in before)
    assert edited.count('daybook check-all') == 1 and ('\r\n' in before) == ('\r\n' in edited)
    there = adopted(found({'lefthook.yml': before.encode()}, runner='lefthook', runner_file='lefthook.yml'), frozenset())
    assert left(there) == {'lefthook.yml': before.encode()}
    assert actions(scaffold.plan(there, WANTED))['lefthook.yml'] == 'keep'


@pytest.mark.parametrize(('before', 'names_after'), [
    ('pre-commit:\n  piped: true\n  jobs:\n  - run: a\n  - name: b\n    run: |\n      b\n\n      c\n\n# push\npre-push:\n  jobs: []\n', [None, 'b', 'daybook']),
    ('pre-commit:\n  commands:\n    lint:\n      run: a', ['lint', 'daybook']),
    ('pre-commit:\n  piped: true\n  commands:\n    1_a:\n      run: a\n  skip: []\n', ['1_a', 'daybook']),
    ('pre-commit:\n  piped: true\n  commands:\n    lint:\n      run: a\n', ['lint', 'zz-daybook']),  # lefthook goes by the names
])
def test_our_check_is_the_last_that_lefthook_runs(before: str, names_after: list[str | None]) -> None:
    edited = scaffold_edits.read_yaml(scaffold_runners.lefthook(before.encode()))['pre-commit']
    assert (list(edited['commands']) if 'commands' in edited else [job.get('name') for job in edited['jobs']]) == names_after


@pytest.mark.parametrize('before', ['pre-commit: {commands: {a: {run: b}}}\n', 'pre-commit:\n  piped: true\n',
                                    'pre-commit: &x\n  jobs: [{run: a}]\n', 'pre-commit:\n- a\n'])
def test_in_doubt_lefthook_is_left_to_a_person(before: str) -> None:
    there = found({'lefthook.yml': before.encode()}, runner='lefthook', runner_file='lefthook.yml')
    assert actions(scaffold.plan(there, WANTED))['lefthook.yml'] == 'by hand'


@pytest.mark.parametrize(('before', 'expected'), [
    ('npm test\n', '{}\nnpm test\n'),
    ('', '{}\n'),
    ('#!/bin/sh\n. "$(dirname "$0")/_/husky.sh"\n\nnpx lint-staged', '#!/bin/sh\n. "$(dirname "$0")/_/husky.sh"\n\n{}\nnpx lint-staged'),
    ('#!/bin/sh\r\nnpm test\r\n', '#!/bin/sh\r\n{}\r\nnpm test\r\n'),
])
def test_husky_runs_our_check_first(before: str, expected: str) -> None:
    assert scaffold_runners.husky(before.encode()).decode() == expected.replace('{}', scaffold_runners.RUN)


def test_the_mirror_gets_its_job_and_its_log_merges_by_line() -> None:
    steps = {s.path: s for s in scaffold.plan(found(branch='trunk'), WANTED._replace(extras=frozenset(['mirror', 'ci'])))}
    job = scaffold_edits.read_yaml(steps['.github/workflows/sync-notion.yml'].content or b'')
    assert job['on']['push'] == {'branches': ['trunk']}
    assert b'docs/sync/LAST_SYNC.md merge=union\n' in (steps[names.ATTRIBUTES].content or b'')
    assert b'daybook audit\n' in (steps['.github/workflows/daybook.yml'].content or b''), 'tells of a mirror that stopped'
    elsewhere = scaffold.plan(found(host='gitlab'), WANTED._replace(extras=frozenset(['mirror'])))
    assert [s.text for s in elsewhere if s.path == 'CI, for the mirror'] == ['daybook sync-notion --apply --commit\n']


@pytest.mark.parametrize(('before', 'after_init'), [
    (b'a\nb\nc\n', b'x\na\nb\ny\nc\n'),
    (b'a\nb\nc\n', b'z\na\nz\nb\nz\nc\nz\n'),  # the same line thrice: only its places tell
    (b'a\nb', b'a,\nx\nb,\ny'),
    (b'', b'x\n'),
])
def test_every_insertion_of_one_run_is_taken_out(before: bytes, after_init: bytes) -> None:
    entry = scaffold_record.changed(None, before, after_init)
    assert scaffold_undo.without('a.txt', after_init, entry) == before
