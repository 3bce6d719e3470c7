from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from daybook.documents import config
from daybook.documents import mappings
from daybook.documents import schema
from daybook.documents.config import DEFAULTS
from daybook.documents.globs import glob_regex
from daybook.documents.kinds import fixed_folder
from daybook.errors import FatalError

GLOBS = (
    ('*.md', 'a.md', True),
    ('*.md', 'b/a.md', False),
    ('*.md', '.md', True),
    ('**/*.md', 'a.md', True),
    ('**/*.md', 'b/c/a.md', True),
    ('docs/**/*.md', 'docs/a.md', True),
    ('docs/**/*.md', 'docs/b/a.md', True),
    ('docs/**/*.md', 'xdocs/a.md', False),
    ('docs/**', 'docs/a/b.md', True),
    ('docs/**', 'docs', False),
    ('a?.md', 'ab.md', True),
    ('a?.md', 'a/.md', False),
    ('[ab].md', 'b.md', True),
    ('[!ab].md', 'c.md', True),
    ('[!ab].md', 'a.md', False),
    ('x[!a]y.md', 'x/y.md', False),
    ('[a-c]x.md', 'bx.md', True),
    ('[]].md', '].md', True),
    ('[[]a.md', '[a.md', True),
    ('a[.md', 'a[.md', True),
    ('a+(b).md', 'a+(b).md', True),
    ('a.md', 'axmd', False),
    ('**/x/*.md', 'x/a.md', True),
    ('é*.md', 'é b.md', True),
    ('a\nb*.md', 'a\nbc.md', True),
    ('*a*b*a.md', 'xabaaba.md', True),
    ('*a*b*a.md', 'xaba/aba.md', False),
    ('**/a/**/b/**/c.md', 'x/a/a/y/b/a/b/c.md', True),
    ('**/a/**/b/**/c.md', 'x/b/a/c.md', False),
)
BRACES = (
    ('{docs,notes}/*.md', 'notes/a.md', True),
    ('{docs,notes}/*.md', 'x/a.md', False),
    ('*.{md,mdx}', 'a.mdx', True),
    ('a{b*,c}.md', 'abx.md', True),
)


@pytest.mark.parametrize(('pattern', 'path', 'matches'), (*GLOBS, *BRACES))
def test_glob(pattern: str, path: str, matches: bool) -> None:
    assert bool(re.fullmatch(glob_regex(pattern), path, re.DOTALL)) is matches


HOSTILE = (
    ('*a' * 40 + 'b', 'a' * 250),
    ('**/a/' * 12 + 'b', 'a/' * 2000 + 'c'),
    ('{*a,a}' * 7 + 'b', 'a' * 250),
    ('**/*a*a*a*a/' * 8 + 'b', 'aaaaaaaaaaaaaa/' * 100),
    ('a**' * 30 + 'b', 'a' * 250),
    ('{a,b}' * 30, 'a' * 30),
)


@pytest.mark.parametrize(('pattern', 'path'), HOSTILE)
def test_glob_of_a_stranger_takes_no_time(pattern: str, path: str) -> None:
    """Each of these took from minutes to for ever, and a commit of anybody waited."""
    assert not re.fullmatch(glob_regex(pattern), path, re.DOTALL)


def _pythons() -> list[str]:
    """Return what may be a Python 3.13, as the Makefile looks for it: on the path, then below pyenv's folder."""
    folder = Path(os.environ.get('PYENV_ROOT') or Path.home() / '.pyenv')
    return [*filter(None, [shutil.which('python3.13')]), *map(str, sorted(folder.glob('versions/*/bin/python3.13'), reverse=True))]


def _translate(patterns: list[str]) -> list[str]:
    """Return the regular expressions of Python 3.13's glob.translate; skip where there is no such Python."""
    if hasattr(glob, 'translate'):
        return [glob.translate(p, recursive=True, include_hidden=True, seps='/') for p in patterns]
    code = ('import glob, json, sys; print(json.dumps([glob.translate(p, recursive=True, include_hidden=True, seps="/")'
            ' for p in json.load(sys.stdin)]))')
    for python in _pythons():
        run = subprocess.run((python, '-I', '-c', code), input=json.dumps(patterns), capture_output=True, text=True)
        if run.returncode == 0:  # pyenv's shim fails where the version is not switched on
            return json.loads(run.stdout)
    pytest.skip('no Python 3.13 to compare with')


def test_glob_agrees_with_python() -> None:
    # there a folder matches itself, and `[!a]` the separator (3.13.0)
    patterns = sorted({pattern for pattern, _, _ in GLOBS} - {'docs/**', 'x[!a]y.md'})
    paths = sorted({path for _, path, _ in GLOBS})
    oracle = dict(zip(patterns, _translate(patterns)))
    for pattern in patterns:
        for path in paths:
            ours = bool(re.fullmatch(glob_regex(pattern), path, re.DOTALL))
            assert ours is bool(re.match(oracle[pattern], path)), (pattern, path)


FOLDERS = (('docs/sessions/**/*.md', 'docs/sessions'), ('*.md', ''), ('a/b*/c.md', 'a'), ('{a,b}/c.md', ''), ('a/b.md', 'a'))


@pytest.mark.parametrize(('pattern', 'folder'), FOLDERS)
def test_fixed_folder(pattern: str, folder: str) -> None:
    assert fixed_folder(pattern) == folder


KINDS = (
    ('README.md', None),
    ('docs/sessions/README.md', None),
    ('docs/sessions/INDEX.md', None),
    ('docs/sessions/index.md', None),
    ('docs/sessions/TEMPLATE.md', None),
    ('docs/sessions/_draft.md', None),
    ('docs/adr/adr-template.md', None),
    ('docs/adr/0000-template.md', None),
    ('docs/adr/adr.template.md', None),
    ('docs/adr/adr-template-bare-minimal.md', None),
    ('docs/adr/000-ADR_Template.en.md', None),
    ('docs/sessions/session-handoff-template.md', None),
    ('plans/spec-template.md', None),
    ('plans/template-rfc.md', None),
    ('docs/adr/0012-page-template.md', 'adr'),
    ('docs/adr/template-engine.md', 'adr'),
    ('docs/sessions/2026-01-01-email-template.md', 'session'),
    ('docs/learnings/cpp-template.md', 'learning'),
    ('docs/adr/CLAUDE.md', None),
    ('docs/sessions/a.txt', None),
    ('docs/sessions/a.md', 'session'),
    ('docs/sessions/2026/b c/é.md', 'session'),
    ('docs/sessions/readme-of-x.md', 'session'),
    ('xdocs/sessions/a.md', None),
    ('workstreams/a.md', 'workstream'),
    ('plans/a.md', 'plan'),
    ('docs/adr/0001-a.md', 'adr'),
    ('docs/learnings/a.md', 'learning'),
)


@pytest.mark.parametrize(('path', 'kind'), KINDS)
def test_kind_of(path: str, kind: str | None) -> None:
    found = config.kind_of(DEFAULTS, path)
    assert (found.name if found else None) == kind


def _settings(text: str) -> config.Settings:
    return config.from_bytes(text.encode())


def test_kinds_of_the_team() -> None:
    settings = _settings('kinds:\n  runbook:\n    paths: [ops/**/*.md]\n    exclude: [ops/old/**]\n    key_aliases: {title: [name]}\n'
                         '  session:\n    paths: [notes/*.md, docs/sessions/*.md]\n')
    assert config.kind_of(settings, 'ops/a.md').name == 'runbook'
    assert config.kind_of(settings, 'ops/old/a.md') is None
    assert config.kind_of(settings, 'docs/sessions/x/a.md') is None
    assert config.kind_of(settings, 'notes/a.md') == settings.kind('session')
    assert settings.kind('session').folder == 'notes'
    assert settings.kind('session').required_sections == ('Summary', 'Resume Prompt')
    assert settings.kind('runbook').key_aliases == (('title', ('name',)),)
    assert settings.kinds[-1].name == 'runbook'


SAME = ('', '\n', '# nothing\n', '---\n', '---\n# nothing\n', 'sessions:\n', 'sessions:\nkinds:\ninvariants:\nclaims:\n', 'kinds: {}\n',
        '\ufeffsessions:\r\n  slug: false\r\n')


@pytest.mark.parametrize('text', SAME)
def test_same_as_nothing(text: str) -> None:
    assert _settings(text) == DEFAULTS == config.from_bytes(None)


def test_values() -> None:
    settings = _settings('---\nsessions: {slug: true}\nclaims: {remote: off, timeout: 3}\nhandoff: {push: own, changelog: CHANGELOG.md}\n'
                         'validate: {block_from: 2026-12-01}\ninvariants: [{name: m, tools: [x*]}]\n')
    assert settings.sessions_slug is True
    assert (settings.claims_remote, settings.claims_timeout) == ('off', 3)
    assert (settings.handoff_push, settings.handoff_changelog) == ('own', 'CHANGELOG.md')
    assert settings.validate_block_from == '2026-12-01'
    assert settings.invariants == (config.Invariant('m', ('x*',)),)
    assert _settings('claims: {remote: false}').claims_remote == 'off'


WRONG = (
    pytest.param('sesions:\n', ['1: /sesions: unknown key: sesions; did you mean `sessions`?'], id='section'),
    pytest.param('---\nsessions:\n  slg: true\n', ['3: /sessions/slg: unknown key: slg; did you mean `slug`?'], id='key'),
    pytest.param('validate: {block_from: soon}\n', ['1: /validate/block_from: "soon" does not match ^[0-9]{4}-[0-9]{2}-[0-9]{2}$'], id='date'),
    pytest.param('validate: {block_from: 2026-02-30}\n', ['1: /validate/block_from: no such day: 2026-02-30'], id='no such day'),
    pytest.param('claims:\n  timeout: .nan\n', ['2: /claims/timeout: not a number of seconds: .nan'], id='nan'),
    pytest.param('a: 1\na: 2\n', ['2: duplicate key: a'], id='duplicate'),
    pytest.param('# c\nsessions: [\n', ['3: not valid YAML: did not find expected node content'], id='YAML'),
    pytest.param('- a\n', ['1: not a mapping of keys to values'], id='list'),
    pytest.param('kinds:\n  plan:\n    paths: ["[z-a].md"]\n', ['3: /kinds/plan/paths/0: not a glob: [z-a].md: bad character range z-a'], id='glob'),
    pytest.param('a: 1\n---\nb: 2\n', ['2: not valid YAML: but found another document'], id='two documents'),
)


@pytest.mark.parametrize(('text', 'lines'), WRONG)
def test_wrong(text: str, lines: list[str]) -> None:
    with pytest.raises(FatalError) as caught:
        _settings(text)
    assert str(caught.value).splitlines() == [f'{config.PATH} cannot be used; mend these lines', *(f'{config.PATH}:{line}' for line in lines)]


def test_load(tmp_path: Path) -> None:
    assert config.load(str(tmp_path)) == DEFAULTS
    (tmp_path / '.daybook').mkdir()
    (tmp_path / '.daybook/config.yaml').write_text('sessions: {slug: true}\n')
    assert config.load(str(tmp_path)).sessions_slug is True


def _operators(root: Path) -> dict[str, Any]:
    return mappings.load(config.OPERATORS_PATH, config.read_file(str(root), config.OPERATORS_PATH), 'operators')


def test_operators_must_hold_operators(tmp_path: Path) -> None:
    assert _operators(tmp_path) == {}
    (tmp_path / '.daybook').mkdir()
    for text in ('', 'operators:\n'):
        (tmp_path / config.OPERATORS_PATH).write_text(text)
        with pytest.raises(FatalError, match='operators'):
            _operators(tmp_path)


def test_section_titles_of_the_defaults_are_known() -> None:
    for kind in DEFAULTS.kinds:
        assert set(kind.required_sections) <= set(kind.sections)
        assert kind.name in schema.built_in(kind.name)['$id']
