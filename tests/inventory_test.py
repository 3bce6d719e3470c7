from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daybook.documents import config
from daybook.documents import schema
from daybook.rules import habits
from daybook.rules import name_shapes
from daybook.rules import naming
from daybook.rules import people
from daybook.rules import proposal
from daybook.rules import surroundings
from daybook.rules import targets
from daybook.rules.targets import Known
from tests.conftest import Sandbox

TABLE = '| Date | Summary |\n| --- | --- |\n| 2026-05-30 | one |\n| 2026-05-31 | two |\n'


def findings(repo: Sandbox, **env: str) -> dict[str, Any]:
    run = repo.daybook('inventory', env={'DAYBOOK_FORMAT': 'json', **env})
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def screen(repo: Sandbox, cwd: str = '.') -> str:
    run = repo.daybook('inventory', cwd=cwd)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ''
    return run.stdout


def with_files(repo: Sandbox, *paths: str, content: str = '# A title\n') -> Sandbox:
    for path in paths:
        repo.write(path, content)
    repo.commit()
    return repo


def state_of(root: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Return all that is below `root`, .git too, but for times of access."""
    found = {}
    for path in [root, *root.rglob('*')]:
        stat = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b''
        found[str(path)] = (stat.st_mode, stat.st_mtime_ns, stat.st_ino, content)
    return found


# -- places -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('paths', (
    [],
    ['README.md', 'docs/guide.md'],
    ['src/sessions/README.md', 'src/sessions/api.md', 'src/sessions/cookies.md'],  # a feature of a product
    ['app/handoff/design.md', 'app/handoff/tokens.md'],
    ['.agents/playbooks/handoff.md', 'docs/playbooks/handoff.md', '.cursor/handoff.md', '.github/agents-docs/session-notes.md', '.claude/x/HANDOFF.md'],
    ['.claude/commands/handoff.md', '.claude/skills/session-handoff/SKILL.md'],
    ['.claude/history/design.md', '.claude/history/2026-01-01.md', '.claude/history/more.md'], ['docs/history/2026-01-01.md', 'docs/history/2026-01-02.md'],
    ['docs/sessions/README.md', 'docs/sessions/INDEX.md', 'docs/sessions/_template.md'],
    ['tests/fixtures/sessions/2026-01-01-a.md', 'node_modules/x/handoffs/2026-01-01-a.md'],
    ['memory-bank/progress.md', '.specstory/history/2026-01-01-session-1.md', 'openspec/changes/x/SESSION_1.md'],
    ['docs/handoff-protocol.md', 'docs/session-management.md', 'docs/HANDOFF_TEMPLATE.md'],
    ['docs/cli-reference/cli-handoff.md', 'x/session-schema/parts/cross-team-handoff.md', 'x/handoff-formats.md'],
    ['_posts/2026-01-01-a.md', 'docs/research/2026-01-01-a.md'],
))
def test_no_notes(paths: list[str]) -> None:
    assert naming.find_places(paths) == []


def test_a_claim_that_nobody_has_filled_is_no_note(repo: Sandbox) -> None:
    repo.write('docs/sessions/RT-261120-01.md', '---\noperator: roman\nkind: session\nclaimed_at: "2026-11-20T10:00:00Z"\n---\n')
    with_files(repo, 'docs/sessions/RT-261120-02.md', content='---\ntitle: A\nclaimed_at: "2026-11-20T10:00:00Z"\n---\n')
    assert findings(repo)['notes']['count'] == 1


@pytest.mark.parametrize(('paths', 'folder', 'shape'), (
    (['docs/sessions/2026-01-01-a.md', 'docs/sessions/2026-01-02-b-c.md'], 'docs/sessions', 'YYYY-MM-DD-topic.md'),
    (['notes/Session Logs/2026_01_01 a.md', 'notes/Session Logs/2026_01_02 b.md'], 'notes/Session Logs',
     'YYYY_MM_DD topic.md'),
    (['state/sessions/2026-03-18_0321.md', 'state/sessions/2026-03-19_1503.md'], 'state/sessions',
     'YYYY-MM-DD_HHMM.md'),
    (['docs/sessions/session-1-2026-02-17.md', 'docs/sessions/session-22-2026-02-18.md'], 'docs/sessions',
     'session-N-YYYY-MM-DD.md'),
    (['handoffs/x-2026-01-01.md', 'handoffs/y-z-2026-01-02.md'], 'handoffs', 'topic-YYYY-MM-DD.md'),
    (['docs/handoff/sessions/2026-05.md', 'docs/handoff/sessions/2026-06.md', 'docs/handoff/state.md'],
     'docs/handoff/sessions', 'YYYY-MM.md'),
    (['conv/sessions/CONV-301.md', 'conv/sessions/CONV-302.md'], 'conv/sessions', 'CONV-N.md'),
    (['docs/sessions/RT-261120-01.md', 'docs/sessions/RT-261120-02k7f.md'], 'docs/sessions', 'XX-YYMMDD-NN.md'),
    (['docs/sessions/2026-01-09-ui/NOTES.md', 'docs/sessions/2026-01-09-ui/PLAN.md'], 'docs/sessions',
     'YYYY-MM-DD-topic/*.md'),
    (['docs/handoffs/S1-a.md', 'docs/handoffs/S22-b.md', 'docs/handoffs/S3-c-d.md'], 'docs/handoffs', 'SN-topic.md'),
    (['log/2026-01-01.md', 'log/2026-01-02.md'], 'log', 'YYYY-MM-DD.md'),
    (['.claude/work/history/20251223-143022-a.md', '.claude/work/history/20251224-120000-b.md', '.claude/work/history/SESSION-001.md',
      '.claude/work/history/discovery.md'], '.claude/work/history', 'YYYYMMDD-N-topic.md'),
    (['.claude/sessoes/2025-11-15_14-14-52.md', '.claude/sessoes/2025-11-16_10-45-29.md'], '.claude/sessoes', 'YYYY-MM-DD_N-N-N.md'),
    (['docs/Sesso\u0303es/sessão-1.md', 'docs/Sesso\u0303es/sessão-2.md'], 'docs/Sesso\u0303es', 'sessão-N.md'),
    (['docs/引き継ぎ/2026-01-01.md', 'docs/引き継ぎ/2026-01-02.md'], 'docs/引き継ぎ', 'YYYY-MM-DD.md'),
    (['заметки/сессии/2026-01-01.md', 'заметки/сессии/2026-01-02.md'], 'заметки/сессии', 'YYYY-MM-DD.md'),
))
def test_notes_by_folder_and_name(paths: list[str], folder: str, shape: str) -> None:
    place = naming.find_places(paths)[0]
    assert (place.kind, place.folder, place.is_loose) == ('session', folder, False)
    first = name_shapes.shapes(place.files, place.folder)[0]
    assert (first.text, first.example) == (shape, paths[0])


@pytest.mark.parametrize(('path', 'folder'), (
    ('HANDOFF_drop_2026-05-31.md', ''),
    ('.claude/HANDOFF_2026-05-31.md', '.claude'),
    ('docs/design/HANDOFF_a.md', 'docs/design'),
    ('CONV-303.md', ''),
    ('SESSION_SUMMARY_2025-11-12_DEPLOY.md', ''),
    ('ventures/x-session-summary.md', 'ventures'),
    ('deep/er/still/HANDOFF.md', 'deep/er/still'),
))
def test_loose_notes(path: str, folder: str) -> None:
    place = naming.find_places([path])[0]
    assert (place.is_loose, place.folder, place.files) == (True, folder, (path,))


def test_a_topic_that_occurs_once_does_not_part_a_habit() -> None:
    paths = [f'docs/sessions/2026-01-0{day}-{topic}.md' for day, topic in enumerate(
        ('architecture', 'architecture-review', 'plan-of-architecture', 'bug', 'other'), 1)]
    found = name_shapes.shapes(paths, 'docs/sessions')
    assert [(shape.text, shape.files) for shape in found] == [('YYYY-MM-DD-topic.md', 5)]


def test_a_worklog_without_dates_in_its_names_is_known_by_its_headers() -> None:
    paths = ['docs/worklog/cache.md', 'docs/worklog/queue.md']
    assert naming.find_places(paths) == []
    assert naming.find_places(paths, dated={paths[0]})[0].folder == 'docs/worklog'


def test_the_folder_that_is_worked_in_comes_first() -> None:
    paths = ['archive/sessions/2026-09-01-x.md', 'docs/handoffs/2026-08-01-a.md', 'docs/sessions/2026-07-01-b.md',
             'HANDOFF_x.md']
    folders = [place.folder for place in naming.find_places(paths)]
    assert folders == ['docs/sessions', 'docs/handoffs', 'archive/sessions', '']


@pytest.mark.parametrize(('paths', 'found'), (
    (['docs/adr/0001-a.md', 'docs/adr/0002-b.md'], {}),
    (['docs/adr/2026-01-01-a.md', 'docs/adr/2026-02-01-b.md'], {}),
    (['docs/adr/0007-a.md', 'docs/adr/ADR-0007-b.md'],
     {'docs/adr/0007': ['docs/adr/0007-a.md', 'docs/adr/ADR-0007-b.md']}),
))
def test_decision_numbers(paths: list[str], found: dict[str, list[str]]) -> None:
    assert naming.numbers_used_twice(paths) == found


# -- one file ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('content', 'header', 'keys'), (
    ('# A\n\nText: with a colon\n', 'none', ()),
    ('# A\n\n- one: thing\n\nProse.\n', 'none', ()),
    ('# A\n\n## Summary\n\n**Date:** late\n', 'none', ()),
    ('', 'none', ()),
    ('---\ndate: 2026-01-01\ntags: [a]\n---\n# A\n', 'frontmatter', ('date', 'tags')),
    ('# A\n\n**Date:** 2026\n**Status**: done  \n> **Who:** me\n', 'bold lines', ('Date', 'Status', 'Who')),
    ('# A\n\n**日期**：2026-01-01\n', 'bold lines', ('日期',)),
    ('- entity: plan\n- level: meta\n\n# A\n', 'bullet list', ('entity', 'level')),
    ('# A\n\n- **Date:** 2025\n- **Status:** Accepted\n', 'bullet list', ('Date', 'Status')),
    ('# A\n\nDate: 2026-05-16\nBranch / PR: x\n', 'plain lines', ('Date', 'Branch / PR')),
    ('---\n- entity: session\n- level: 2\n---\n', 'list of one-key maps', ()),
    ('---\ndescription: a: b\n---\n', 'broken frontmatter', ()),
))
def test_headers(content: str, header: str, keys: tuple[str, ...]) -> None:
    seen = habits.look('a.md', content.encode(), len(content.encode()))
    assert (seen.header, seen.keys) == (header, keys)


@pytest.mark.parametrize(('data', 'facts'), (
    (b'# A\n', {'is_crlf': False, 'is_utf8': True, 'entries': 0, 'has_local_path': False, 'title': 'A',
     'is_dated': False}),
    (b'# A\r\n', {'is_crlf': True, 'title': 'A'}),
    (b'\xef\xbb\xbf---\ntitle: B\n---\n# A\n', {'title': 'B', 'header': 'frontmatter'}),
    (b'# \xe9t\xe9\n', {'is_utf8': False}),
    ('# \ufffd\n'.encode(), {'is_utf8': True}),
    (b'\0\x01\xff' * 9, {'is_utf8': False, 'title': ''}),
    (b'# L\n## 2026-01-01 a\n## 2026-01-02 b\n### Sessie 248 (24 juli 2026)\n', {'entries': 3}),
    (TABLE.encode(), {'entries': 0, 'rows': 2}),
    (b'see /Users/ann/x', {'has_local_path': True}),
    (b'see C:\\Users\\ann', {'has_local_path': True}),
    (b'https://x.org/home/ann and docs/home/ann', {'has_local_path': False}),
    (b'# A\n\n<!-- generated by x; do not edit -->\n', {'is_generated': True}),
    (b'# A\n\n24 July 2026\n', {'is_dated': True}),
    (b'## Considered Options\n', {'is_madr': True}),
))
def test_facts_of_one_file(data: bytes, facts: dict[str, object]) -> None:
    seen = habits.look('a.md', data, len(data))._asdict()
    assert {key: seen[key] for key in facts} == facts


@pytest.mark.parametrize(('title', 'plain'), (
    ('Summary', 'Summary'), ('3. ✅ Next Steps (PR 4)', 'Next Steps'), ('다음', '다음'),
    ('Decisions: all', 'Decisions'), ('42', '')))
def test_section_titles(title: str, plain: str) -> None:
    assert habits.plain_section(title) == plain


# -- links ------------------------------------------------------------------------------------------------------------

KNOWN = Known(['docs/a.md', 'docs/B c.md', 'src/x.py', 'sub', '100%.md'], ['sub'])


@pytest.mark.parametrize(('target', 'fault'), (
    ('a.md', None), ('./a.md#part', None), ('../docs/a.md?raw=1', None), ('/docs/a.md', None), ('B%20c.md', None),
    ('../src', None), ('../src/', None), ('#here', None), ('https://x.org/a.md', None), ('mailto:a@b', None),
    ('//x.org', None),
    ('{{ page }}', None), ('', None), ('../sub/deep/file.md', None), ('../100%.md', None), ('..', None), ('/', None),
    ('gone.md', 'dead'), ('/docs/gone.md', 'dead'), ('A.md', 'letter-case'), ('../src/x.py:12', 'line-number'),
    ('../../other/a.md', 'outside'), ('../../../wiki/Home', None), ('/../../wiki/Home', None), ('/Users/ann/a.md', 'absolute-path'), ('file:///home/ann/a.md', 'absolute-path'),
    ('C:\\Users\\a.md', 'absolute-path'), ('/blog/post', 'site-route'),
))
def test_faults_of_links(target: str, fault: str | None) -> None:
    assert targets.fault('docs/here.md', target, KNOWN) == fault


@pytest.mark.parametrize(('text', 'is_suspect'), (
    ('no link', False), ('[a](a.md) [b](<B%20c.md>) [c]\n\n[c]: ../src/x.py\n<a href="a.md">', False),
    ('[x](https://x.org)', False), ('[a](gone.md)', True), ('[a]( <gone.md> "t")', True),
    ('[a]\n\n> [a]: gone.md', True), ('<img SRC = gone.png>', True),
    ('`[a](gone.md)`', True),  # only a parser can tell
))
def test_files_that_need_a_parser(text: str, is_suspect: bool) -> None:
    assert targets.needs_parsing('docs/here.md', text, KNOWN) is is_suspect


# -- people and surroundings ------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('commits', 'found'), (
    ([], []),
    ([('Ann Bell', 'a@x.org'), ('Bob Cole', 'b@x.org')], [('Ann Bell', 1), ('Bob Cole', 1)]),
    ([('Ann', 'info@a.org'), ('Bob', 'info@b.org')], [('Ann', 1), ('Bob', 1)]),
    ([('dependabot[bot]', '1+dependabot[bot]@users.noreply.github.com'), ('Claude', 'noreply@anthropic.com'),
      ('release-bot', 'r@x.org'), ('Ann Bell', 'a@x.org')], [('Ann Bell', 1)]),
    ([('ann', '12+abell@users.noreply.github.com'), ('Ann Bell', 'ann@home.org'),
      ('Ann Bell', '12+old@users.noreply.github.com')], [('Ann Bell', 3)]),
    ([('vpatrin', 'v@x.org'), ('Victor Patrin', 'victor@y.org')], [('Victor Patrin', 2)]),
    ([('Manus AI', 'manus@x.org'), ('Build Agent', 'b@x.org'), ('Ann Sargent', 'a@x.org')], [('Ann Sargent', 1)]),
    ([('Claude Cowork', 'ann@x.org'), ('Ann', 'ann@x.org'), ('Opus 4', 'opus@x.org')], [('Ann', 2)]),
))
def test_people(commits: list[tuple[str, str]], found: list[tuple[str, int]]) -> None:
    assert [(person.name, person.commits) for person in people.fold(commits)] == found


def test_an_address_that_takes_mail_comes_before_a_noreply_one() -> None:
    person = people.fold([('Ann Bell', '1+ann@users.noreply.github.com')] * 3 + [('Ann Bell', 'a@x.org')])[0]
    assert person.emails == ('a@x.org', '1+ann@users.noreply.github.com')


@pytest.mark.parametrize(('path', 'name'), (
    ('docs/obsidian.md', None), ('vault/.obsidian/app.json', 'Obsidian vault'), ('.log4brains.yml', 'log4brains'),
    ('docs/memory-bank/x.md', 'memory bank'), ('.specstory/history/x.md', 'SpecStory history'),
    ('.beads/x.jsonl', 'beads'),
    ('.serena/memories/x.md', 'Serena memories'), ('openspec/project.md', 'OpenSpec'), ('mkdocs.yml', 'MkDocs site'),
    ('.taskmaster/tasks.json', 'Task Master'), ('backlog/config.yml', 'Backlog.md')))
def test_other_formats(path: str, name: str | None) -> None:
    assert [found[0] for found in surroundings.other_formats([path])] == ([name] if name else [])


@pytest.mark.parametrize(('path', 'name'), (
    ('.claude/commands/deploy.md', None), ('docs/commands/handoff.md', None),
    ('.claude/skills/x/handoff/notes.md', None),
    ('.claude/commands/handoff.md', 'handoff'), ('.claude/commands/save-session.md', 'save-session'),
    ('.claude/skills/session-handoff/SKILL.md', 'session-handoff'), ('.gemini/commands/resume.toml', 'resume'),
    ('.github/prompts/checkpoint.prompt.md', 'checkpoint')))
def test_commands_that_stay(path: str, name: str | None) -> None:
    assert list(surroundings.handoff_commands([path]).values()) == ([name] if name else [])


@pytest.mark.parametrize(('path', 'name'), (
    ('docs/lefthook.yml', None), ('.pre-commit-config.yaml', 'pre-commit'), ('prek.toml', 'prek'),
    ('.lefthook.yaml', 'lefthook'),
    ('.husky/pre-commit', 'husky'), ('.githooks/pre-push', '.githooks')))
def test_runners(path: str, name: str | None) -> None:
    assert surroundings.runners([path]) == ([name] if name else [])


# -- proposal ---------------------------------------------------------------------------------------------------------

UNDER_DOCS = {'workstream': {'paths': ['docs/workstreams/**/*.md']}}


@pytest.mark.parametrize(('paths', 'kinds'), (
    (['README.md'], {}),
    # no second root of documents beside docs/
    (['docs/sessions/2026-01-01.md', 'docs/adr/0001-a.md', 'plans/p.md'], UNDER_DOCS),
    (['docs/sessions/2026-01-01.md', 'workstreams/w.md'], {'plan': {'paths': ['docs/plans/**/*.md']}}),
    (['state/sessions/2026-01-01.md'], {'session': {'paths': ['state/sessions/**/*.md']}}),
    (['docs/decisions/0001-a.md'], {'plan': {'paths': ['docs/plans/**/*.md']}, **UNDER_DOCS,
                                    'adr': {'paths': ['docs/decisions/**/*.md']}}),
    (['archive/sessions/2026-01-01.md'], {'session': {'paths': ['docs/sessions/**/*.md', 'archive/sessions/**/*.md']}}),
    (['log/sessions/2026-01.md', 'log/sessions/2026-02.md'],
     {'session': {'paths': ['docs/sessions/**/*.md', 'log/sessions/**/*.md']}}),
    (['HANDOFF_a.md', 'HANDOFF_b.md', 'x/CONV-1.md'],
     {'session': {'paths': ['docs/sessions/**/*.md', 'HANDOFF_*.md', 'x/CONV-1.md']}}),
    (['docs/sessions/2026-01-01.md', 'docs/sessions/NEXT-SESSION.md', 'docs/sessions/sub/HANDOFF.md'],
     {'session': {'paths': ['docs/sessions/**/*.md']}}),
    # decisions by their names, beside what is none
    ([f'docs/architecture/adr-00{n}-{n}.md' for n in range(1, 5)] + ['docs/architecture/process.md', 'docs/architecture/adr-template.md'],
     {'plan': {'paths': ['docs/plans/**/*.md']}, **UNDER_DOCS, 'adr': {'paths': ['docs/architecture/adr-*.md']}}),
    (['docs/adr-001-a.md', 'docs/adr-002-b.md', 'docs/adr-003-c.md', *(f'docs/{n}.md' for n in range(9))],
     {'plan': {'paths': ['docs/plans/**/*.md']}, **UNDER_DOCS}),
    (['RESUMO_SESSAO_A.md', 'RESUMO_SESSAO_B.md', 'RESUMO_EXECUTIVO.md'],
     {'session': {'paths': ['docs/sessions/**/*.md', 'RESUMO_SESSAO_*.md']}}),
    (['x/SESSION_1_HANDOFF.md', 'x/SESSION_2_HANDOFF.md', 'x/SESSION_2_FINDINGS.md'],
     {'session': {'paths': ['docs/sessions/**/*.md', 'x/SESSION_*.md']}}),
    # a glob must not take what is no note
    (['HANDOFF_a.md', 'HANDOFF_b.md', 'x/queue-a-handoff.md', 'x/queue-b-handoff.md', 'x/queue-latency.md'],
     {'session': {'paths': ['docs/sessions/**/*.md', 'HANDOFF_*.md', 'x/queue-a-handoff.md', 'x/queue-b-handoff.md']}}),
    # two notes of one name would share an id
    (['s/sessions/2026-01-01-a/PLAN.md', 's/sessions/2026-01-02-b/PLAN.md'],
     {'session': {'paths': ['s/sessions/*.md']}}),
    # an index of the folder would name one of them
    (['x/HANDOVER.md', *(f'x/{n}.md' for n in range(5))], {}),
    (['a[1]/sessions/2026-01-01.md'], {'session': {'paths': ['a[[]1]/sessions/**/*.md']}}),
))
def test_proposed_kinds(repo: Sandbox, paths: list[str], kinds: dict[str, Any]) -> None:
    settings = findings(with_files(repo, *paths))['proposal']
    if 'NEXT-SESSION' in str(paths):
        assert settings['kinds']['session'].pop('exclude') == ['docs/sessions/NEXT-SESSION.md']
        kinds = {'session': {}, 'plan': {'paths': ['docs/plans/**/*.md']}, **UNDER_DOCS}
    assert settings.get('kinds', {}) == kinds
    assert schema.verdict(schema.built_in('config'))(settings)
    known = config.from_mapping(settings)
    if 'x/HANDOVER.md' in paths:
        assert config.kind_of(known, 'x/HANDOVER.md') is None
        return
    for place in naming.find_places(path for path in paths if not path.endswith(('PLAN.md', 'NEXT-SESSION.md'))):
        for path in place.files:
            kind = config.kind_of(known, path)
            assert kind and kind.name == place.kind


def test_notes_are_never_proposed_for_a_folder_that_git_ignores(repo: Sandbox) -> None:
    repo.write('.gitignore', 'docs/sessions/\n')
    repo.write('docs/sessions/2026-01-01-a.md', '# A\n')
    repo.write('docs/handoff/2026-01-01-handoff.md', '# B\n')
    repo.git('add', '-f', '.')
    repo.commit('all', '.gitignore')
    found = findings(repo)
    assert found['notes']['places'][0]['is_ignored']
    assert found['proposal']['kinds']['session']['paths'] == ['docs/handoff/**/*.md', 'docs/sessions/**/*.md']
    assert 'docs/sessions/  (IGNORED by git)' in screen(repo)


def test_new_plans_go_where_git_takes_them(repo: Sandbox) -> None:
    repo.write('.gitignore', '.claude/plans/\nprivate/\n')
    for path in ('.claude/plans/a.md', 'docs/adr/0001-a.md', 'private/adr/0001-b.md'):
        repo.write(path, '# A\n')
    repo.git('add', '-f', '.')
    repo.commit('all', '.gitignore')
    kinds = findings(repo)['proposal']['kinds']
    assert kinds['plan']['paths'] == ['docs/plans/**/*.md', '.claude/plans/**/*.md']
    assert kinds['adr']['paths'] == ['docs/adr/**/*.md', 'private/adr/**/*.md']


def test_a_few_notes_of_the_same_name_are_excluded_one_by_one(repo: Sandbox) -> None:
    with_files(repo, 'docs/handoffs/HANDOFF_a.md', *(f'design/HANDOFF_{letter}.md' for letter in 'abcde'))
    session = findings(repo)['proposal']['kinds']['session']
    assert session['paths'] == ['docs/handoffs/**/*.md', 'design/HANDOFF_*.md']
    assert session['exclude'] == ['design/HANDOFF_a.md']


def test_titles_and_keys_become_aliases() -> None:
    titles = {'Next Steps': 9, 'Próximos passos': 5, 'Notes': 9, 'TL;DR': 2, 'Summary': 9}
    aliases = proposal.section_aliases(titles, 20)
    assert aliases == {'Resume Prompt': ['Next Steps', 'Próximos passos']}


@pytest.mark.parametrize(('title', 'section'), (
    ('次にやるべきこと', 'Resume Prompt'), ('Следующие шаги', 'Resume Prompt'), ('下一步计划', 'Resume Prompt'), ('Próxima Sessão', 'Resume Prompt'),
    ('今回のセッションでやったこと', 'What I Did'), ('Выполненные задачи', 'What I Did'), ('关键决策', 'Decisions Made'),
    ('Resumo da sessão', 'Summary'), ('Краткое содержание сессии', 'Summary'), ('まとめ', 'Summary'),
    ('現在の状態', None), ('Контекст', None), ('Resumo das vendas', None),
))
def test_titles_in_other_languages(title: str, section: str | None) -> None:
    assert list(proposal.section_aliases({title: 9}, 9)) == ([section] if section else [])


def test_key_aliases(repo: Sandbox) -> None:
    names = [f'docs/sessions/2026-01-0{day}.md' for day in range(1, 5)]
    found = findings(with_files(repo, *names, content='---\ndate: 2026-01-01\ntldr: x\nauthor: ann\n---\n# A\n'))
    assert found['proposal']['kinds']['session']['key_aliases'] == {
        'operator': ['author'], 'created': ['date'], 'summary': ['tldr']}


@pytest.mark.parametrize(('subjects', 'habit', 'when'), (
    (['one', 'two', 'three'], 'pushes', None),
    (['one (#1)', 'two (#2)', 'three'], 'squashes', {'when': 'default-branch'})))
def test_commit_habit(repo: Sandbox, subjects: list[str], habit: str, when: dict[str, str] | None) -> None:
    for number, subject in enumerate(subjects):
        repo.write('a.md', f'# {number}\n')
        repo.commit(subject)
    found = findings(repo)
    assert found['repository']['habit'] == habit
    assert found['proposal'].get('indexes') == when


# -- the hook ---------------------------------------------------------------------------------------------------------

def test_it_writes_nothing(repo: Sandbox) -> None:
    with_files(repo, 'docs/sessions/2026-01-01-a.md', 'docs/adr/0001-a.md', 'HANDOFF_x.md',
               content='# A\n\n[b](gone.md) [[c]]\n')
    repo.write('docs/dirty.md', '# tracked\n')
    repo.commit()
    repo.write('docs/dirty.md', '# changed\n')
    repo.write('untracked.md', '# new\n')
    os.utime(repo.root / 'HANDOFF_x.md', (1, 1))  # the index would be refreshed for it
    before = state_of(repo.root)
    screen(repo)
    findings(repo)
    assert state_of(repo.root) == before


@pytest.mark.parametrize('content', (None, 'x = 1\n'))
def test_no_commit(repo: Sandbox, content: str | None) -> None:
    if content:
        repo.write('x.py', content)
    shown = screen(repo)
    assert '0 Markdown files among 0 tracked; branch main' in shown
    assert 'no commit yet' in shown
    assert 'none found; new ones would go to docs/sessions/' in shown
    assert shown.endswith('nothing was written; next: daybook init --dry-run\n')
    assert len(shown.splitlines()) < 20


def test_staged_before_the_first_commit(repo: Sandbox) -> None:
    repo.write('docs/sessions/2026-01-01-a.md', '# A\n')
    repo.git('add', '.')
    assert findings(repo)['notes']['count'] == 1


def test_outside_of_a_work_tree(tmp_path: Path, repo: Sandbox) -> None:
    (tmp_path / 'plain').mkdir()
    run = Sandbox(tmp_path / 'plain').daybook('inventory')
    assert (run.returncode, run.stdout) == (1, '')
    assert 'not inside a git work tree' in run.stderr
    run = repo.daybook('inventory', cwd='.git')
    assert (run.returncode, run.stdout) == (1, '')


def test_linked_worktree_detached_head_and_sub_folder(repo: Sandbox, tmp_path: Path) -> None:
    with_files(repo, 'docs/sessions/2026-01-01-a.md', 'docs/sessions/2026-01-02-b.md')
    repo.git('worktree', 'add', '-q', '--detach', str(tmp_path / 'linked'))
    linked = Sandbox(tmp_path / 'linked')
    found = findings(linked)
    assert found['repository']['branch'] is None
    assert found['repository']['is_linked_worktree']
    assert found['notes']['count'] == 2
    assert 'detached HEAD' in screen(linked, cwd='docs')


def test_submodules_and_symlinks_are_named_and_not_followed(repo: Sandbox, new_repo: Callable[[str], Sandbox]) -> None:
    with_files(new_repo('other'), 'docs/sessions/2026-01-01-a.md')
    repo.git('submodule', '--quiet', 'add', '../other', 'vendor/other')
    repo.write('docs/sessions/2026-01-01-a.md', '# A\n\n[x](../../vendor/other/anything.md) [y](../linked/any.md)\n')
    os.symlink('../docs/sessions/2026-01-01-a.md', repo.root / 'docs' / 'same.md')
    os.symlink('/etc', repo.root / 'docs' / 'linked')
    repo.commit()
    found = findings(repo)
    repository = found['repository']
    assert (found['markdown']['files'], repository['submodules'], repository['symlinks']) == (1, ['vendor/other'], 2)
    assert found['problems']['dead_links']['count'] == 0
    assert 'not looked at: 1 submodule; 2 symbolic links' in screen(repo)


def test_missing_files_and_pipes_do_not_stop_it(repo: Sandbox) -> None:
    with_files(repo, 'a.md', 'b.md', 'c.md')
    (repo.root / 'a.md').unlink()
    (repo.root / 'b.md').unlink()
    os.mkfifo(repo.root / 'b.md')
    shown = screen(repo)
    assert '2 tracked Markdown files that cannot be read in the work tree' in shown


HOSTILE = (
    'docs/sessions/2026-01-01-new\nline.md',
    'docs/sessions/2026-01-02-\x1b[31mred.md',
    'docs/sessions/2026-01-03-"quo\'ted".md',
    'docs/sessions/2026-01-04-\u202edm.exe.md',
    'docs/sessions/2026-01-05-\\back.md',
    '\x1b]0;t\x07/sessions/2026-01-06.md',
    '-rf/sessions/2026-01-07.md',
    'docs/sessions/2026-01-08-' + 'x' * 200 + '.md',
)


def test_hostile_names(repo: Sandbox) -> None:
    with_files(repo, *HOSTILE, content=(
        '---\nid: "\x1b[2J\u202e"\n---\n# \x1b[2J\u202e\n\n[x](\x1b[2Jgone\u202e.md)\n\n## \x1b[2J\u202e\n'))
    with_files(repo, *(f'{name}/sessions/2026-02-01.md' for name in 'abc'), content=(
        '# T\n\n**k\x1b[2J\u202ek:** v\n\n## a\x1b[2J\u202eb\n'))
    repo.write('a\x1b[31m/.obsidian/app.json', '{}')
    repo.write('.mcp.json', '{"mcpServers": {"s\\u001b[2J": {}}}')
    repo.commit()
    repo.git('-c', 'user.name=A\u202eB', 'commit', '-q', '--allow-empty', '--author', 'C\u202eD <c@x.org>', '-m', 'x')
    shown = screen(repo)
    assert not set('\x1b\x07\u202e\r').intersection(shown)
    assert ('a\\x1b[2J\\u202eb ×3' in shown, 'k\\x1b[2J\\u202ek' in shown, 's\\x1b[2J' in shown) == (True, True, True)
    assert max(map(len, shown.splitlines())) <= 118
    raw = repo.daybook('inventory', env={'DAYBOOK_FORMAT': 'json'}).stdout
    assert not set('\x1b\x07\u202e').intersection(raw)
    found = json.loads(raw)
    assert {path for place in found['notes']['places'] for path in place['paths']} >= set(HOSTILE)


def test_names_that_are_not_utf8(repo: Sandbox) -> None:
    folder = os.fsencode(repo.root) + b'/docs/sessions'
    os.makedirs(folder)
    Path(os.fsdecode(folder + b'/2026-01-01-\xe9t\xe9.md')).write_bytes(b'# \xe9\n')
    repo.commit()
    assert '1 not UTF-8' in screen(repo)
    assert findings(repo)['notes']['count'] == 1


def test_small_repository_has_a_small_screen(repo: Sandbox) -> None:
    with_files(repo, 'docs/sessions/2026-01-01-a.md', content='# One\n')
    repo.write('docs/sessions/2026-01-02-b.md', '# Two\n')
    repo.write('README.md', '# Three\n')
    repo.git('add', '.')
    repo.git('commit', '-q', '--amend', '--no-edit')
    shown = screen(repo).splitlines()
    assert shown == [
        'repo: 3 Markdown files among 3 tracked; branch main',
        '            1 commit by 1 person, straight pushes (100 %)',
        '',
        'notes           2  docs/sessions/  YYYY-MM-DD-topic.md ×2',
        'headers     none ×2',
        'git hooks   none',
        '',
        'what each hook would do here',
        '  validate-frontmatter  2 documents: 2 without frontmatter; 1 outside',
        '  regen-indexes         would write 1 INDEX.md',
        '  audit-links           no dead link',
        '  backfill-frontmatter  would add a header to 2 documents',
        '  governance            0 documents governed: no map, rule, review date or zone',
        '  handoff               would write notes to docs/sessions/ and commit those paths only',
        '',
        'not looked at: anchors, URLs, paths in code spans, other branches',
        'nothing was written; next: daybook init --dry-run',
    ]


def test_all_findings_at_once_fit_forty_lines(repo: Sandbox) -> None:
    for folder in 'abcdefg':
        for day in '123':
            repo.write(f'{folder}/sessions/2026-01-0{day}-{folder}.md',
                       '---\nid: X\n---\n# A\r\n\n[x](gone.md) [y](/Users/ann/x) [z](../../../z.md) [[w]]\n\n'
                       '## Summary\n')
    repo.write('docs/sessions/2026-01.md', TABLE)
    repo.write('docs/sessions/INDEX.md', '- 2026-01\n')
    repo.write('docs/sessions/data.json', '{}')
    repo.write('NEXT-SESSION.md', '# Next\n')
    repo.write('broken.md', '---\na: b: c\n---\n')
    repo.write('listed.md', '---\n- a: b\n---\n')
    repo.write('big.md', 'x' * 400_000)
    repo.write('docs/adr/0001-a.md', '## Considered Options\n')
    repo.write('docs/adr/0001-b.md', '# B\n')
    repo.write('plans/p.md', '# P\n')
    repo.write('vault/.obsidian/app.json', '{}')
    repo.write('.mcp.json', '{"mcpServers": {"notion": {}}}')
    repo.write('.claude/commands/handoff.md', 'x')
    repo.write('AGENTS.md', 'x')
    repo.write('.husky/pre-commit', 'x')
    repo.write('.commitlintrc.yml', 'x')
    repo.commit()
    repo.git('commit', '-q', '--allow-empty', '--author', 'Ann Bell <a@x.org>', '-m', 'two')
    repo.write('AGENTS.md', 'changed')
    shown = screen(repo)
    assert len(shown.splitlines()) <= 40
    for words in (
            'in 4 more places',
            'rolling     NEXT-SESSION.md',
            'rollups     docs/sessions/2026-01.md (2 entries)',
            'frontmatter ×21 (id)',
            'Summary ×21',
            'docs/sessions/INDEX.md names 1 of 1, by hand',
            '2 decisions in docs/adr/; 1 plan in plans/',
            '1 decision number used twice',
            'MADR',
            'Obsidian vault (vault/.obsidian)',
            'of your own stay: /handoff',
            'servers: notion',
            'husky',
            'ruled by .commitlintrc.yml',
            'Ann Bell ×1',
            '21 dead relative links in 21 files (21 in notes)',
            '21 to absolute local paths',
            '21 out of the repository',
            '21 wikilinks, 21 of them to no file here',
            'broken.md:2',
            'listed.md',
            'and more: DAYBOOK_FORMAT=json daybook inventory',
            'left alone: docs/sessions/INDEX.md',
            'would report 21 dead links in 21 files',
    ):
        assert words in shown, words


def test_small_findings(repo: Sandbox) -> None:
    for path, content in (('a.md', '# A\r\n'), ('b 2.md', ''), ('big.md', 'x' * 400_000), ('c.md', 'x'), ('C.md', 'x')):
        repo.write(path, content)
    repo.write('docs/sessions/1/2026-01-01-a.md', '# A\n')
    repo.write('docs/sessions/2/2026-01-01-a.md', '# A\n')
    repo.commit()
    repo.write('a.md', 'changed')
    shown = screen(repo)
    assert '1 name of a note used twice, such as docs/sessions/1/2026-01-01-a.md (2 files)' in shown
    assert 'files: 1 over 300 kB, 1 empty, 1 named like copies (` 2.md`), 1 named alike but for upper' in shown
    assert '1 tracked file changed and not committed, such as a.md' in shown
    assert findings(repo)['problems']['duplicate_titles']['first'][0]['key'] == 'a'


def test_rolling_files_are_known_by_how_often_they_change(repo: Sandbox) -> None:
    for number in range(9):
        repo.write('docs/state.md', f'{number}\n')
        repo.write('docs/other.md', f'{number}\n')
        repo.commit()
    assert findings(repo)['notes']['rolling'] == [{'path': 'docs/state.md', 'changes': 9, 'entries': 0}]


def test_the_shape_of_the_json(repo: Sandbox) -> None:
    found = findings(with_files(repo, 'docs/sessions/2026-01-01-a.md'))
    assert list(found) == [
        'repository', 'notes', 'others', 'indexes', 'left_alone', 'is_madr', 'agents', 'runner', 'people', 'problems',
        'proposal', 'settings', 'markdown', 'governance', 'hooks', 'not_looked_at', 'next']
    assert list(found['hooks']) == [
        'validate-frontmatter', 'regen-indexes', 'audit-links', 'backfill-frontmatter', 'check-authority', 'check-cochange',
        'check-freshness', 'check-lifecycle', 'check-zones', 'handoff']
    assert found['people'] == [{'name': 'Roman Tester', 'commits': 1, 'emails': ['roman@example.com']}]
    assert {len(value) >= 2 for value in found['problems'].values()} == {True}


def test_a_repository_that_has_adopted_it(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'kinds:\n  session:\n    paths: [log/*.md]\n')
    found = findings(with_files(repo, 'log/a.md', content='---\ntitle: A\n---\n'))
    assert found['markdown']['in_kinds'] == {'session': 1}
    assert found['hooks']['validate-frontmatter']['fits'] == 1
    assert found['hooks']['handoff'] == {'folder': 'log'}
    assert found['next'] == 'daybook validate-frontmatter'


@pytest.mark.parametrize(('head', 'keys'), (
    ('title: A\noperator: roman\nkind: session\nid: a\nexternal_id: a\ncreated: 2026-01-01\n', 0),
    ('title: A\noperator: roman\nkind: session\ncreated: 2026-01-01\n', 1),
    ('title: A\noperator: roman\nid: a\nexternal_id: a\ncreated: 2026-01-01\n', 1),
    ('title: A\nclaimed_at: 2026-01-01T10:00:00Z\nkind: session\n', 0),
), ids=('whole', 'no id', 'no kind', 'made by a claim'))
def test_keys_that_back_fill_offers_to_documents_that_fit(repo: Sandbox, head: str, keys: int) -> None:
    repo.write('docs/sessions/a.md', f'---\n{head}---\n\n## Summary\n\n- it\n\n## Resume Prompt\n\nGo.\n')
    repo.write('.daybook/config.yaml', 'validate: {block_from: "2000-01-01"}\n')
    repo.commit()
    told = findings(repo)['hooks']['backfill-frontmatter']
    offered = repo.daybook('backfill-frontmatter', '--dry-run').stdout
    assert told['keys'] + told['add'] == offered.count('+++ '), offered
    assert (told['keys'], 'would add keys to 1 document\n' in screen(repo)) == (keys, bool(keys))


def test_settings_that_cannot_be_read_are_told_and_do_not_stop_it(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'kindz: {}\n')
    repo.commit()
    assert 'settings cannot be read: .daybook/config.yaml' in screen(repo)


def test_within_a_git_hook_and_under_github_actions(repo: Sandbox) -> None:
    with_files(repo, 'docs/sessions/2026-01-01-a.md')
    env = {'GIT_INDEX_FILE': str(repo.root / '.git' / 'index'), 'GITHUB_ACTIONS': 'true'}
    run = repo.daybook('inventory', env=env)
    assert run.returncode == 0
    assert 'docs/sessions/' in run.stdout


def test_five_thousand_files(repo: Sandbox) -> None:
    for number in range(5000):
        repo.write(f'docs/sessions/{number % 50}/2026-01-01-n{number}.md',
                   f'# {number}\n\n[a](2026-01-01-n{number}.md)\n')
    repo.git('add', '.')
    found = findings(repo)
    assert found['notes']['count'] == 5000
    assert found['problems']['dead_links']['count'] == 0


@pytest.mark.parametrize('command', [('inventory',), ('init', '--dry-run'), ('init', '--upgrade', '--dry-run')], ids=' '.join)
@pytest.mark.parametrize('text', ['kinds: [a\n', 'a: 1\na: 2\n', '- x\n', '\x00', '{a: [b: }'])
def test_settings_that_cannot_be_read_are_told_by_name(repo: Sandbox, command: tuple[str, ...], text: str) -> None:
    repo.write('.daybook/config.yaml', text)
    repo.commit()
    done = repo.daybook(*command)
    assert done.returncode in (0, 1) and '.daybook/config.yaml' in done.stdout + done.stderr
    assert 'unexpected' not in done.stdout + done.stderr
    assert repo.read('.daybook/config.yaml') == text
