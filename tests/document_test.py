from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Sandbox

from daybook.documents import config
from daybook.documents import document
from daybook.documents.config import DEFAULTS
from daybook.documents.kinds import Kind
from daybook.errors import FatalError
from daybook.repo import git

NOTE = b'---\r\ntitle: T\r\nid: X\r\n---\r\n\r\n## S\r\n'
SESSION, PLAN = DEFAULTS.kind('session'), DEFAULTS.kind('plan')


def _document(data: bytes, kind: Kind = SESSION, path: str = 'docs/sessions/a.b.md') -> document.Document:
    return document.from_bytes(path, kind, data)


IDENTITIES = (
    (b'', 'a.b'),
    (b'---\ntitle: T\n---\n', 'a.b'),
    (b'---\nid: X\n---\n', 'X'),
    (b'---\nid: ""\n---\n', 'a.b'),
    (b'---\nid: 3\n---\n', 'a.b'),
    (b'---\nid: X\n', 'a.b'),
)


@pytest.mark.parametrize(('data', 'identity'), IDENTITIES)
def test_identity(data: bytes, identity: str) -> None:
    assert _document(data).identity == identity


MADE = (
    (b'---\ntitle: T\n---\n', SESSION, False, False),
    (b'---\ntitle: T\nclaimed_at: 2026-11-20\n---\n', PLAN, False, False),
    (b'---\ntitle: T\nclaimed_at: 2026-11-20\n---\n', SESSION, True, False),
    (b'---\nclaimed_at: 2026-11-20\n---\n', SESSION, True, True),
)


@pytest.mark.parametrize(('data', 'kind', 'is_made', 'is_stub'), MADE)
def test_what_daybook_made(data: bytes, kind: Kind, is_made: bool, is_stub: bool) -> None:
    found = _document(data, kind)
    assert (found.is_made_by_daybook, found.is_stub) == (is_made, is_stub)


BODIES = (
    (b'', '', 1),
    (b'# T\n', '# T\n', 1),
    (b'\xef\xbb\xbf# T\n', '# T\n', 1),
    (NOTE, '\r\n## S\r\n', 5),
    (b'---\na: 1\n---', '', 3),
    (b'---\na: 1\n', '---\na: 1\n', 1),
    (b'---\n---\n\xff', '\ufffd', 3),
)


@pytest.mark.parametrize(('data', 'body', 'line'), BODIES)
def test_body(data: bytes, body: str, line: int) -> None:
    found = _document(data)
    assert (found.body, found.body_line) == (body, line)


ALIASED = Kind('session', (), key_aliases=(('title', ('name', 'a/b')), ('tags', ('labels',))))
LINES = (
    (b'', '/title', 1),
    (b'---\na: [\n---\n', '/title', 1),
    (NOTE, '/title', 2),
    (NOTE, '/id', 3),
    (NOTE, '', 2),
    (NOTE, '/none', 2),
    (b'---\ntags:\n  - a\n  - b\n---\n', '/tags/1', 4),
    (b'---\ntags:\n  - a\n---\n', '/tags/0/deeper', 3),
    (b'---\nx: 1\nname: T\n---\n', '/title', 3),
    (b'---\nx: 1\nlabels:\n  - a\n---\n', '/tags/0', 4),
)


@pytest.mark.parametrize(('data', 'pointer', 'line'), LINES)
def test_line_of(data: bytes, pointer: str, line: int) -> None:
    assert _document(data, ALIASED).line_of(pointer) == line


def test_aliases_give_way_to_the_key_itself() -> None:
    assert _document(b'---\nname: N\n---\n', ALIASED).meta == {'name': 'N', 'title': 'N'}
    assert _document(b'---\nname: N\ntitle: T\n---\n', ALIASED).meta == {'name': 'N', 'title': 'T'}


def _read(repo: Sandbox) -> dict[str, bytes]:
    return {d.path: d.data for d in document.read_all(git.find_repo(str(repo.root)), DEFAULTS)}


def test_read_all_reads_the_work_tree(repo: Sandbox) -> None:
    for path in ('plans/b.md', 'plans/a.md', 'plans/gone.md', 'plans/README.md', 'other.md'):
        repo.write(path, 'staged')
    (repo.root / 'plans/link.md').symlink_to('a.md')
    repo.git('add', '.')
    repo.write('plans/a.md', 'later')
    repo.write('plans/untracked.md', 'x')
    (repo.root / 'plans/gone.md').unlink()
    assert list(_read(repo).items()) == [('plans/a.md', b'later'), ('plans/b.md', b'staged')]


def test_read_all_reads_the_index_inside_a_commit(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ('plans/a.md', 'plans/b.md', 'plans/gone.md'):
        repo.write(path, 'staged')
    repo.git('add', '.')
    repo.write('plans/a.md', 'later')
    (repo.root / 'plans/gone.md').unlink()
    repo.write('plans/new.md', 'x')
    repo.git('add', '--intent-to-add', 'plans/new.md')
    monkeypatch.setenv('GIT_INDEX_FILE', '.git/index')
    assert _read(repo) == {'plans/a.md': b'staged', 'plans/b.md': b'staged', 'plans/gone.md': b'staged'}


def test_read_committed(repo: Sandbox) -> None:
    here = git.find_repo(str(repo.root))
    assert document.read_committed(here, DEFAULTS, ['plans/a.md']) == []
    repo.write('plans/a b.md', 'old')
    repo.commit()
    repo.write('plans/a b.md', 'new')
    found = document.read_committed(here, DEFAULTS, ['plans/none.md', 'plans/a b.md', 'main.py', 'plans/new\nline.md'])
    assert [(d.path, d.data) for d in found] == [('plans/a b.md', b'old')]


def test_schemas(repo: Sandbox) -> None:
    here = git.find_repo(str(repo.root))
    repo.write('s.json', '{"required": ["x"]}')
    kinds = (PLAN, Kind('runbook', ()), Kind('note', (), schema='s.json'))
    found = document.schemas(here, kinds)
    assert (found['plan']['$id'], found['runbook']['$id'], found['note']) == ('plan.schema.json', 'doc.schema.json', {'required': ['x']})
    (repo.root / 'out.json').symlink_to('/etc/passwd')
    for path in ('../s.json', '/s.json', 'out.json', '.git/config'):
        with pytest.raises(FatalError):
            document.schemas(here, [Kind('note', (), schema=path)])


CHANGES = (
    pytest.param('', '', (), set(), id='nothing'),
    pytest.param('resume: {max_bytes: 2000}', '', (config.PATH,), set(), id='another setting'),
    pytest.param('kinds: {plan: {exclude: [x]}}', '', (config.PATH,), {'plans/a.md'}, id='a kind'),
    pytest.param('', 'kinds: {plan: {paths: [x/*.md]}}', (config.PATH,), {'plans/a.md'}, id='a kind that was'),
    pytest.param('sessions: {slug: true}', '', (config.PATH,), {'docs/sessions/a.md'}, id='slugs'),
    pytest.param('kinds: {plan: {schema: s.json}}', 'kinds: {plan: {schema: s.json}}', ('s.json',), {'plans/a.md'}, id='a schema'),
    pytest.param('', 'sesions: 1', (config.PATH,), {'plans/a.md', 'docs/sessions/a.md'}, id='settings that were wrong'),
)


@pytest.mark.parametrize(('now', 'before', 'changed', 'expected'), CHANGES)
def test_caused_by_settings(repo: Sandbox, now: str, before: str, changed: tuple[str, ...], expected: set[str]) -> None:
    repo.write('plans/a.md', 'x')
    repo.write('docs/sessions/a.md', 'x')
    repo.write(config.PATH, before)
    repo.commit()
    settings = config.from_bytes(now.encode())
    here = git.find_repo(str(repo.root))
    documents = document.read_all(here, settings)
    assert document.caused_by_settings(here, settings, documents, changed) == expected


def test_names_that_are_not_utf_8(repo: Sandbox) -> None:
    name = os.fsdecode(b'plans/\xff.md')
    Path(repo.root / 'plans').mkdir()
    (repo.root / name).write_bytes(b'x')
    repo.git('add', '.')
    assert _read(repo) == {name: b'x'}
