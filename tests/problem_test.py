from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import strategies as st

from conftest import Sandbox
from daybook import problem
from daybook.errors import UsageError
from daybook.problem import Problem
from daybook.resume import resume

A, B = Problem('a.md', 2, 'rule', 'words'), Problem('b.md', 1, 'rule', 'words', causes=('c.md', 'a.md'))

CAUSED = (
    pytest.param([], ([], [A, B]), id='nothing changed'),
    pytest.param(['x.md'], ([], [A, B]), id='something else'),
    pytest.param(['b.md'], ([B], [A]), id='the document'),
    pytest.param(['c.md'], ([B], [A]), id='a cause'),
    pytest.param(['a.md'], ([A, B], []), id='both'),
)


@pytest.mark.parametrize(('changed', 'parts'), CAUSED)
def test_caused_by(changed: list[str], parts: tuple[list[Problem], list[Problem]]) -> None:
    assert problem.caused_by([A, B], changed) == parts


@pytest.mark.parametrize('pattern', [problem._CONTROL, problem._UNSEEN, resume._HIDDEN])
def test_what_has_to_be_escaped_is_never_called_printable(pattern: str) -> None:
    found = re.findall(pattern, ''.join(map(chr, range(sys.maxunicode + 1))))
    assert len(found) > 30 and not any(map(str.isprintable, found))


def test_older_line() -> None:
    assert problem.older_line({'a.md': 1}, 'x') == 'x: 1 older problem in 1 document; run daybook x'
    assert problem.older_line({'a.md': 2, 'b.md': 1}, 'x') == 'x: 3 older problems in 2 documents; run daybook x'


def test_as_warnings() -> None:
    assert problem.is_blocking([A])
    assert not problem.is_blocking(problem.as_warnings([A, B]))


FORMATS = (
    ({}, 'text'),
    ({'DAYBOOK_FORMAT': ''}, 'text'),
    ({'GITHUB_ACTIONS': 'false'}, 'text'),
    ({'GITHUB_ACTIONS': 'true'}, 'github'),
    ({'GITHUB_ACTIONS': 'true', 'DAYBOOK_FORMAT': 'json'}, 'json'),
)


@pytest.mark.parametrize(('environ', 'expected'), FORMATS)
def test_output_format(environ: dict[str, str], expected: str) -> None:
    assert problem.output_format(environ) == expected


def test_unknown_format() -> None:
    with pytest.raises(UsageError, match='DAYBOOK_FORMAT is TEXT; use one of text, json, github'):
        problem.output_format({'DAYBOOK_FORMAT': 'TEXT'})


def test_render_is_sorted_and_says_things_once() -> None:
    assert problem.render([B, A, A._replace(level='warning'), A], 'text') == [
        'a.md:2: words [rule]', 'a.md:2: warning: words [rule]', 'b.md:1: words [rule]']
    assert problem.render([], 'text') == problem.render([], 'github') == []


def test_render_json() -> None:
    (text,) = problem.render([B], 'json')
    assert json.loads(text) == [{'path': 'b.md', 'line': 1, 'rule': 'rule', 'message': 'words', 'level': 'error', 'causes': ['c.md', 'a.md']}]
    assert problem.render([], 'json') == ['[]']


def test_names_cannot_drive_a_terminal_or_a_workflow() -> None:
    odd = Problem('a\n::set-env,x:\x1b[31m\u202e.md', 1, 'rule', 'b\r\n::error::%0A')
    assert problem.render([odd], 'text') == ['a\\n::set-env,x:\\x1b[31m\\u202e.md:1: b\\r\\n::error::%0A [rule]']
    command, _ = problem.render([odd], 'github')
    assert command == ('::error file=a%0A%3A%3Aset-env%2Cx%3A\x1b[31m\u202e.md,line=1,title=rule::b\\r\\n::error::%250A')


@pytest.mark.parametrize(('count', 'shown', 'rest'), [(20, 20, ''), (21, 21, ''), (22, 20, 'and 2 more: '), (4_623, 20, 'and 4,603 more: ')])
@pytest.mark.parametrize(('level', 'word'), [('error', ''), ('warning', 'warning: ')])
def test_what_is_said_of_very_many_files_is_counted(count: int, shown: int, rest: str, level: str, word: str) -> None:
    alike = [Problem(f'{number:05}.md', 1, 'rule', 'no title', level) for number in range(count)]
    other = [Problem('00021.md', 2, 'rule', 'another', level), Problem('z.md', 1, 'other-rule', 'no title', level)]
    lines = problem.render([*alike, *other], 'text')
    assert [line for line in lines if line.endswith(f'{word}no title [rule]')] == [f'{number:05}.md:1: {word}no title [rule]' for number in range(shown)]
    assert f'00021.md:2: {word}another [rule]' in lines and f'z.md:1: {word}no title [other-rule]' in lines
    assert (lines[-1] == f'{rest}{word}no title [rule]; DAYBOOK_FORMAT=json lists all') is bool(rest)
    assert len(lines) == shown + 2 + bool(rest) and len(json.loads(problem.render([*alike, *other], 'json')[0])) == count + 2
    assert len(problem.render([*alike, *other], 'github')) == 2 * (shown + 2) + bool(rest)


@given(st.lists(st.builds(
    Problem, st.just('a\x1b\u202e.md'), st.integers(1, 40), st.sampled_from(['link-missing', 'link-case']),
    st.sampled_from(['no such file: b', 'no such file: \x07', 'c\u2028\ud800']), st.sampled_from(['error', 'warning']),
    st.sampled_from([(), ('b',), ('b', 'c')]),
), max_size=90))
@example([Problem('a\x1b\u202e.md', line, 'link-missing', 'no such file: b', level) for line in range(24) for level in ('error', 'warning')])
@example([Problem('a\x1b\u202e.md', line, 'link-missing', f'no such file: {line % 2}') for line in range(43)])
def test_texts_of_one_file_are_those_of_render(problems: list[Problem]) -> None:
    found = [(one.line, problem.told(one)) for one in problems]
    assert problem.texts('a\x1b\u202e.md', found) == problem.render(problems, 'text')


def test_add_line() -> None:
    assert problem.add_line('/r', ['a.md', "d/it's.md"], '/r') == """git add -- a.md 'd/it'"'"'s.md'"""
    assert problem.add_line('/r', ['a b.md', 'd/e/c.md', 'd'], '/r/d/e') == "git add -- '../../a b.md' c.md .."


_PLAN = '---\ntitle: {}\n{}---\n\n# P\n'
_SETTINGS = 'links: {wikilinks: reject}\nrender: {tracked: true}\nfreshness: {rules: [{kinds: [plan], ttl_days: 7}]}\n' \
    'kinds: {doc: {paths: ["governed/**/*.md"]}}\n'
_FILES = {
    'plans/sub dir/a.md': _PLAN.format('A', ''), 'plans/b.md': '# B\n\n- entity: plan\n',
    'docs/adr/0001-a.md': _PLAN.format('A', 'status: accepted\n'), 'docs/adr/0002-b.md': _PLAN.format('B', 'supersedes: 0001-a\n'),
    'governed/x.md': '- entity: doc\n- source_path: /governed/y.md\n\n# X\n', 'c.md': '[x](gone.md) [[0001-a]]\n',
}
# the command, given in `plans/sub dir`, and a file that it tells to add
ADDING = (
    (('reviewed', 'a.md'), 'plans/sub dir/a.md'),
    (('validate-frontmatter', '--fix'), 'governed/x.md'),
    (('check-lifecycle', '--fix'), 'docs/adr/0001-a.md'),
    (('regen-indexes',), 'docs/adr/INDEX.md'),
    (('render-docs',), 'docs/rendered/index.html'),
    (('audit-links', '--fix'), 'c.md'),
    (('audit-links', '--baseline'), '.daybook/links-baseline.txt'),
    (('backfill-frontmatter', '../b.md'), 'plans/b.md'),
    (('init',), '.pre-commit-config.yaml'),
    (('init', '--uninstall'), '.gitattributes'),
)


def test_every_git_add_works_where_it_is_printed(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', _SETTINGS)
    for path, text in _FILES.items():
        repo.write(path, text)
    repo.commit()
    here = repo.root / 'plans/sub dir'
    for words, path in ADDING:
        done = repo.daybook(*words, cwd='plans/sub dir')
        lines = re.findall(r'git add -- .+?(?= \[[a-z-]+\]$|$)', done.stdout, re.MULTILINE)
        assert lines, (words, done)
        for line in lines:
            ran = subprocess.run(line, shell=True, cwd=here, capture_output=True, text=True)
            assert ran.returncode == 0, (words, line, ran.stderr)
        assert repo.git('status', '--short', '--', path)[:2].strip() in ('A', 'M', 'D'), (words, lines)
        if words != ('init',):
            repo.commit('next')
        else:
            repo.git('commit', '-qm', 'adopt')
