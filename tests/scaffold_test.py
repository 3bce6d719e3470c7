"""The plan of `init` and its additions to files of others: tables, no repository."""
from __future__ import annotations

import json
import re

import pytest

from daybook.adoption import people
from daybook.documents import config
from daybook.documents import frontmatter
from daybook.errors import FatalError
from daybook.writers import json_edit
from daybook.writers import scaffold
from daybook.writers import scaffold_edits
from daybook.writers import scaffold_texts as texts
from daybook.writers.scaffold import Found
from daybook.writers.scaffold import Place
from daybook.writers.scaffold import Wanted

WANTED = Wanted(frozenset(), 'https://example.com/daybook', 'v0.1.0')
ENTRY = texts.hooks_entry(WANTED.url, WANTED.rev)


def found(places: dict[str, bytes | Place] | None = None, **changes: object) -> Found:
    given = {path: value if isinstance(value, Place) else Place(value) for path, value in (places or {}).items()}
    base = Found({path: given.get(path, Place()) for path in scaffold.TARGETS}, {}, {}, '', 'docs/sessions',
                 ('docs/sessions',), False, frozenset(), '', b'# script\n')
    return base._replace(**changes)  # type: ignore[arg-type]


def actions(steps: list[scaffold.Step]) -> dict[str, str]:
    return {step.path: step.action for step in steps}


def after(there: Found, steps: list[scaffold.Step]) -> Found:
    return there._replace(places={**there.places, **{s.path: Place(s.content) for s in steps if s.content is not None}})


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
    there = found({scaffold.IGNORE: before})
    steps = scaffold.plan(there, WANTED)
    assert after(there, steps).places[scaffold.IGNORE].data == expected


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
    steps = scaffold.plan(found({scaffold.HOOKS: before.encode()}), WANTED)
    step = next(step for step in steps if step.path == scaffold.HOOKS)
    assert (step.action, step.content, step.text) == ('by hand', None, ENTRY)
    assert message in step.note


@pytest.mark.parametrize('before', [
    '{}', '{ }\n', '{"a": 1}', '{\n  "a": 1\n}\n', '{\n\t"a": [1, 2],\n\t"b": {}\n}\n', '{\r\n    "a": 1\r\n}',
    '{\n  "hooks": {}\n}\n',
    '{\n  "hooks": {\n    "PostToolUse": []\n  },\n  "z": "é 😀"\n}\n',
    '{\n  "hooks": {\n    "PostToolUse": [\n      {"matcher": "Bash", "hooks": []}\n    ]\n  }\n}\n',
    '{"hooks": {"PostToolUse": [{"matcher": "}]\\"", "hooks": []}], "Stop": []}, "a": null}',
], ids=range(10))
def test_settings_keep_their_order_indentation_and_hooks(before: str) -> None:
    additions = texts.telemetry('mcp__.*')
    edited = json_edit.add_items(before.encode(), 'hooks', additions).decode()
    wanted = json.loads(before)
    for event, item in additions.items():
        wanted.setdefault('hooks', {}).setdefault(event, []).append(item)
    assert json.loads(edited) == wanted
    assert list(json.loads(edited)) == list(wanted)
    for line in filter(None, re.split(r'[\r\n{}\[\]]+', before)):
        assert line.strip() in edited  # what stood there still stands there as it was
    assert '\r' not in edited or edited.count('\n') == edited.count('\r\n')
    assert '\t' not in before or '\n\t\t"SessionStart": [\n\t\t\t{' in edited


@pytest.mark.parametrize(('before', 'message'), [
    (b'{\n  // ours\n  "a": 1\n}\n', 'not plain JSON in line 2'),
    (b'{"a": 1, "a": 2}', 'a key stands there twice'),
    (b'', 'not plain JSON in line 1'),
    (b'[]', 'no JSON object'),
    (b'\xff', 'not plain JSON'),
    (b'{"hooks": []}', '`hooks` is no object'),
    (b'{"hooks": {"PostToolUse": {}}}', '`hooks.PostToolUse` is no array'),
])
def test_settings_that_cannot_be_read_are_left_to_a_person(before: bytes, message: str) -> None:
    there = found({scaffold.SETTINGS: before})
    step = next(s for s in scaffold.plan(there, WANTED._replace(extras=frozenset(['telemetry'])))
                if s.path == scaffold.SETTINGS)
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


CLAUDE = {'has_claude': True}


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
    (found({'AGENTS.md': b'# a\n', 'CLAUDE.md': b'<!-- daybook:begin -->'}, **CLAUDE), (), {'AGENTS.md': 'keep'}),
    (found(mirror='notion', **CLAUDE), (), {'.claude/settings.json': 'create', '.claude/hooks/session_state.py': 'create'}),
    (found(), ('telemetry',), {'.claude/settings.json': 'create', '.claude/hooks/session_state.py': 'create'}),
    (found({'.claude/commands/handoff.md': b'theirs'}, **CLAUDE), (),
     {'.claude/commands/handoff.md': 'keep', '.claude/commands/daybook-handoff.md': 'create'}),
    (found(commands=frozenset(['resume']), **CLAUDE), (),
     {'.claude/commands/resume.md': 'keep', '.claude/commands/daybook-resume.md': 'create'}),
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
    if not (extras or there.has_claude or there.places['AGENTS.md'].data):
        assert not [path for path in actions(steps) if '.claude' in path or path.endswith('.md')]
    again = after(there, steps)
    assert [s for s in scaffold.plan(again, WANTED._replace(extras=frozenset(extras))) if s.content is not None] == []


def test_no_runner_entry_is_written_beside_another_runner_of_hooks() -> None:
    for runner in ('lefthook', 'husky', 'core.hooksPath=.githooks'):
        steps = scaffold.plan(found(runner=runner, **CLAUDE), WANTED)
        assert scaffold.HOOKS not in actions(steps)
        assert 'daybook validate-frontmatter' in next(s for s in steps if s.path == runner).text
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
    entry = scaffold_edits.read_yaml(texts.hooks_config('/a path/to: it', rev).encode())['repos'][0]
    assert (entry['repo'], entry['rev']) == ('/a path/to: it', rev)


@pytest.mark.parametrize('runner', ['', 'husky'])
def test_commands_have_the_frontmatter_of_commands(runner: str) -> None:
    for text in (texts.handoff_command(runner=runner, folder='docs/sessions'), texts.resume_command(runner=runner)):
        parsed = frontmatter.parse(text.encode())
        assert parsed.error is None and list(parsed.meta) == ['description', 'allowed-tools', 'argument-hint']
        assert all(isinstance(value, str) for value in parsed.meta.values())
        body = text[text.index('---\n', 4):]
        assert '{' not in body and texts.COMMAND_MARK in body
        assert max(map(len, body.splitlines())) <= 80
        if runner:
            assert 'pre-commit' not in text


def test_the_agents_block_is_short() -> None:
    for runner in ('', 'husky'):
        text = texts.agents_block(runner=runner, folder='docs/sessions')
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
        given, problems = config.read_mapping('.daybook/operators.yaml', text.encode(), 'operators')
        assert not problems and given['operators'] == found_people


def test_many_namesakes_get_initials_of_their_own() -> None:
    commits = [(f'Ann {chr(65 + n % 26)}lee{n}', f'{n}@x.org') for n in range(40)]
    found_people = people.proposed(commits, ('', ''))
    assert len({who['initials'] for who in found_people.values()}) == len(found_people) == 12


def test_json_load_names_the_line() -> None:
    with pytest.raises(FatalError, match='line 2'):
        json_edit.load(b'{\n,}')
