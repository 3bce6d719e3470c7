"""What the adapter sends and reads, against Notion's own descriptions and an independent emulator.

None of them is ours to keep here: DAYBOOK_NOTION_OPENAPI names a copy of https://developers.notion.com/openapi.json,
DAYBOOK_NOTION_TYPES a folder with `npm install @notionhq/client typescript`, DAYBOOK_BACKLOT the program of
`pip install backlot`. CI has them; without them the tests are skipped, and say so.
"""
from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daybook.mirror.adapter import Stopped
from daybook.mirror.notion import Notion
from daybook.mirror.notion_wire import Wire
from daybook.mirror.pace import Clock
from daybook.mirror.pace import Pace
from mirrors import Mirrored
from mirrors import mirrored  # noqa: F401  fixtures
from mirrors import notion  # noqa: F401
from notion_standin import Seen
from notion_standin import error_body

Check = Callable[[str, object], list[str]]
# read before the tests take such names out of the environment
_GIVEN = {name: os.environ.get(name, '') for name in ('DAYBOOK_NOTION_OPENAPI', 'DAYBOOK_NOTION_TYPES', 'DAYBOOK_BACKLOT')}


def _named(name: str) -> str:
    path = _GIVEN[name]
    if not path or not Path(path).exists():
        pytest.skip(f'NOT CHECKED against what Notion says: {name} names nothing; the docstring of this file tells what to get')
    return path


def _opened(schema: Any) -> Any:
    """Return a description that allows unknown keys: this one forbids a property of a page its own (`allOf`).

    Several forms of one object then fit at once.
    """
    if isinstance(schema, dict):
        return {'anyOf' if key == 'oneOf' else key: _opened(value) for key, value in schema.items() if not (key == 'additionalProperties' and value is False)}
    return [_opened(item) for item in schema] if isinstance(schema, list) else schema


@pytest.fixture(scope='module')
def check() -> Check:
    """Return what validates a value against a place of the OpenAPI description, and gives the faults."""
    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing import Resource
    from referencing.jsonschema import DRAFT202012

    strict = json.loads(Path(_named('DAYBOOK_NOTION_OPENAPI')).read_bytes())
    resources = [(name, Resource(spec, DRAFT202012)) for name, spec in (('strict', strict), ('open', _opened(strict)))]
    registry = Registry().with_resources(resources)

    def faults(pointer: str, value: object) -> list[str]:
        spec = 'open' if '/responses/' in pointer else 'strict'
        validator = Draft202012Validator({'$ref': f'{spec}#{pointer}'}, registry=registry)
        return [f'{error.json_path}: {error.message[:300]}' for error in validator.iter_errors(value)]

    return faults


def _template(path: str) -> str:
    path = re.sub(r'/v1/pages/[0-9a-f-]{36}', '/v1/pages/{page_id}', path)
    path = re.sub(r'/v1/data_sources/[0-9a-f-]{36}', '/v1/data_sources/{data_source_id}', path)
    return re.sub(r'/v1/databases/[0-9a-f-]{36}', '/v1/databases/{database_id}', path).replace('/', '~1')


def _everything_happens(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> list[Seen]:
    """Make the adapter send all that it can send; return the requests."""
    monkeypatch.setenv('NOTION_DATA_SOURCE', mirrored.notion.database_id)
    path = mirrored.note('a', text='See [b](./b.md).\n\n- one\n    - two\n\n| x | y |\n| - | - |\n| 1 | 2 |\n')
    mirrored.note('b', title='🦊' * 1500, text='See [a](./a.md).')
    mirrored.note('large', text='\n\n'.join(f'Paragraph {n}' for n in range(1900)))
    mirrored.repo.write('docs/sessions/bare.md', 'No frontmatter.\n')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.repo.write(path, mirrored.repo.read(path).replace('tags: [one, two]', 'tags: []\nstatus: done').replace('one', 'three'))
    mirrored.repo.write('docs/sessions/b.md', mirrored.repo.read('docs/sessions/b.md').replace('summary:', 'zone: private\nsummary:'))
    mirrored.repo.git('mv', 'docs/sessions/bare.md', 'docs/sessions/moved.md')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.notion.trash(mirrored.notion.page('a'))
    mirrored.apply()
    mirrored.apply('--full')
    found = mirrored.notion.seen
    assert {(seen.method, re.sub('[0-9a-f-]{36}', '*', seen.path)) for seen in found if seen.status == 200} == {
        ('GET', '/v1/users/me'), ('GET', '/v1/databases/*'), ('GET', '/v1/data_sources/*'), ('PATCH', '/v1/data_sources/*'),
        ('POST', '/v1/data_sources/*/query'), ('POST', '/v1/pages'), ('GET', '/v1/pages/*'), ('PATCH', '/v1/pages/*'),
        ('PATCH', '/v1/pages/*/markdown')}
    return found


def test_every_request_and_answer_is_one_that_notion_describes(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, check: Check) -> None:  # noqa: F811
    requests = 0
    for seen in _everything_happens(mirrored, monkeypatch):
        place = f'/paths/{_template(seen.path)}/{seen.method.lower()}'
        if seen.body is not None:
            requests += 1
            assert check(f'{place}/requestBody/content/application~1json/schema', seen.body) == [], (seen.method, seen.path)
        if seen.status == 200:
            assert check(f'{place}/responses/200/content/application~1json/schema', seen.answer) == [], (seen.method, seen.path)
    assert requests > 30


ERRORS = ((400, 'validation_error'), (401, 'unauthorized'), (403, 'restricted_resource'), (404, 'object_not_found'), (409, 'conflict_error'),
          (429, 'rate_limited'), (500, 'internal_server_error'), (503, 'service_unavailable'))


@pytest.mark.parametrize(('status', 'code'), ERRORS)
def test_every_error_is_one_that_notion_describes(check: Check, status: int, code: str) -> None:
    more = {'additional_data': {'rate_limit_reason': 'public_api_request_rate_limit'}} if status == 429 else {}
    place = f'/paths/~1v1~1pages/post/responses/{status}/content/application~1json/schema'
    assert check(place, error_body(status, code, 'please try again', **more)) == []
    assert check(place, error_body(status, 'nonsense', 'please try again')), 'it can fail'


WRONG = (
    ('pages', 'post', {'parent': {'data_source_id': 'x' * 36}, 'archived': True, 'properties': {}}),
    ('pages', 'post', {'parent': {'type': 'data_source_id', 'data_source_id': '0' * 32}, 'properties': {'A': {'rich_text': [{'text': {'content': 'x' * 2001}}]}}}),
    ('pages', 'post', {'parent': {'type': 'data_source_id', 'data_source_id': '0' * 32}, 'properties': {'A': {'unique_id': {'number': 1}}}}),
    ('data_sources/{data_source_id}/query', 'post', {'filter': {'property': 'x', 'rich_text': {'is': 'x'}}}),
    ('data_sources/{data_source_id}/query', 'post', {'archived': True}),
    ('pages/{page_id}/markdown', 'patch', {'type': 'replace_content', 'replace_content': {}}),
)
WRONG_ANSWERS = (
    ('pages/{page_id}', 'get', {'object': 'page', 'id': 5}),
    ('data_sources/{data_source_id}/query', 'post', {'object': 'list', 'results': [{'object': 'page'}], 'has_more': False}),
)


@pytest.mark.parametrize(('path', 'method', 'body'), WRONG)
def test_the_description_rejects_what_is_wrong(check: Check, path: str, method: str, body: object) -> None:
    place = f'/v1/{path}'.replace('/', '~1')
    assert check(f'/paths/{place}/{method}/requestBody/content/application~1json/schema', body)


@pytest.mark.parametrize(('path', 'method', 'answer'), WRONG_ANSWERS)
def test_the_description_rejects_wrong_answers(check: Check, path: str, method: str, answer: object) -> None:
    place = f'/v1/{path}'.replace('/', '~1')
    assert check(f'/paths/{place}/{method}/responses/200/content/application~1json/schema', answer)


TYPES = (
    (r'POST /v1/pages$', 'CreatePageParameters', ''),
    (r'PATCH /v1/pages/[0-9a-f-]{36}$', 'UpdatePageParameters', 'page_id'),
    (r'PATCH /v1/pages/[0-9a-f-]{36}/markdown$', 'UpdatePageMarkdownParameters', 'page_id'),
    (r'POST /v1/data_sources/[0-9a-f-]{36}/query$', 'QueryDataSourceParameters', 'data_source_id'),
    (r'PATCH /v1/data_sources/[0-9a-f-]{36}$', 'UpdateDataSourceParameters', 'data_source_id'),
)


def _compile(folder: str, tmp_path: Path, values: list[tuple[str, object]]) -> str:
    names = sorted({name for name, _ in values})
    lines = [f'import type {{ {", ".join(names)} }} from "@notionhq/client/build/src/api-endpoints"']
    lines += [f'export const v{n}: {name} = {json.dumps(value)}' for n, (name, value) in enumerate(values)]
    source = tmp_path / 'bodies.ts'
    source.write_text('\n'.join(lines))
    (tmp_path / 'node_modules').symlink_to(Path(folder) / 'node_modules')
    command = (f'{folder}/node_modules/.bin/tsc', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--moduleResolution', 'nodenext', str(source))
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout


def test_every_request_is_one_that_the_official_client_could_send(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: F811
    folder = _named('DAYBOOK_NOTION_TYPES')
    values = []
    for seen in _everything_happens(mirrored, monkeypatch):
        if seen.body is not None:
            [(name, key)] = [(name, key) for pattern, name, key in TYPES if re.match(pattern, f'{seen.method} {seen.path}')]
            body = json.loads(re.sub(r'(Paragraph \d+(\\n)*)+', 'Paragraphs', json.dumps(seen.body)))
            values.append((name, {**body, **({key: seen.path.split('/')[3]} if key else {})}))
    assert {name for name, _ in values} == {name for _, name, _ in TYPES}
    assert _compile(folder, tmp_path, values) == ''


def test_the_official_types_reject_what_is_wrong(tmp_path: Path) -> None:
    folder = _named('DAYBOOK_NOTION_TYPES')
    said = _compile(folder, tmp_path, [('CreatePageParameters', {'parent': {'data_source_id': 'x'}, 'archived': True})])
    assert 'archived' in said and 'does not exist in type' in said


@pytest.fixture(scope='module')
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Serve a database with 250 rows; yield the address and the id of the database."""
    program = _named('DAYBOOK_BACKLOT')
    folder = tmp_path_factory.mktemp('backlot')
    common = {'source_type': 'notion', 'teamspace': 'team', 'author_email': 'ann@example.com', 'author_name': 'Ann', 'visibility': 'public', 'created': '2026-11-20T10:00:00Z', 'updated': '2026-11-20T10:00:00Z'}
    schema = {'Kind': {'type': 'select', 'select': {}}, 'External ID': {'type': 'rich_text', 'rich_text': {}}}
    records = [{**common, 'doc_id': 'table', 'title': 'Documents', 'subtype': 'database', 'content': 'rows', 'properties': schema}]
    records += [{**common, 'doc_id': f'row-{n}', 'title': f'Row {n}', 'parent': 'table', 'content': f'text {n}', 'properties': {'Kind': 'plan'}}
                for n in range(250)]
    (folder / 'corpus.jsonl').write_text(''.join(json.dumps(record) + '\n' for record in records))
    env = {**os.environ, 'BACKLOT_TELEMETRY': '0', 'DO_NOT_TRACK': '1', 'BACKLOT_DATA_DIR': str(folder / 'data')}
    ids = folder / 'ids.json'
    subprocess.run((program, 'import', str(folder / 'corpus.jsonl'), '--id-map', str(ids)), env=env, cwd=folder, check=True, capture_output=True)
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        port = found.getsockname()[1]
    server = subprocess.Popen((program, 'serve', '--port', str(port), '--disable-telemetry'), env=env, cwd=folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', port)) == 0:
                    break
            time.sleep(0.1)
        yield f'http://127.0.0.1:{port}/notion', ids.read_text()
    finally:
        server.terminate()
        server.wait()


def _adapter(url: str, table: str, token: str = 'admin-service-token') -> Notion:
    return Notion(Wire(token, url, Pace(1000, 1, Clock(sleep=lambda seconds: None))), table)


def test_the_emulator_is_read_through_the_same_adapter(emulator: tuple[str, str]) -> None:
    url, text = emulator
    ids = {name: held['id'] for name, held in json.loads(text)['documents']['notion'].items()}
    found = _adapter(url, ids['table'])
    assert found.check()[0].startswith('the table lacks ')
    rows = {row.page_id: row for row in found.rows()}
    assert set(rows) == {held for name, held in ids.items() if name != 'table'}, 'all pages of the list, by their cursors'
    assert {row.get('kind') for row in rows.values()} == {'plan'} and not any(row.in_trash for row in rows.values())
    row = found.get(ids['row-7'])
    assert row is not None and row.page_id == ids['row-7'] and row.edited == '2026-11-20T10:00:00.000Z'
    assert row.url.startswith('https://')
    assert found.get('0' * 32) is None
    assert found.find('x') == [], 'it applies no filter; rows with another External ID are not taken for ours'


def test_the_emulator_refuses_as_notion_does(emulator: tuple[str, str]) -> None:
    url, text = emulator
    table = json.loads(text)['documents']['notion']['table']['id']
    with pytest.raises(Stopped, match='401 unauthorized.*NOTION_TOKEN is wrong or has expired'):
        _adapter(url, table, 'another').rows()
    with pytest.raises(Stopped, match='404 object_not_found.*is it shared'):
        _adapter(url, '0' * 32).rows()
