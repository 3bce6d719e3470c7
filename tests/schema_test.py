from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from daybook.documents import config
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.kinds import BUILT_IN
from daybook.errors import FatalError

FILES = sorted((Path(__file__).parent.parent / 'schemas').glob('*.schema.json'))
NAMES = [path.name.removesuffix('.schema.json') for path in FILES]
KINDS = ('session', 'workstream', 'plan', 'adr', 'learning', 'doc')


@pytest.mark.parametrize('name', NAMES)
def test_is_a_schema(name: str) -> None:
    content = schema.built_in(name)
    jsonschema.Draft202012Validator.check_schema(content)
    assert content['$schema'] == 'https://json-schema.org/draft/2020-12/schema'
    assert content['$id'] == f'{name}.schema.json'
    assert schema.verdict(content) is not None


def test_every_kind_has_a_schema() -> None:
    assert {*KINDS, 'authority', 'common', 'config', 'operators'} == set(NAMES)
    assert BUILT_IN == set(KINDS)


@pytest.mark.parametrize('kind', KINDS)
def test_the_first_keys_say_what_it_is(kind: str) -> None:
    order = schema.property_order(kind)
    assert order[0] == 'title'
    assert {'summary', 'tags'} & set(order[:8])
    assert order[-5:] == ['notion_page_id', 'content_hash', 'last_synced', 'sync_status', 'sync_error']


def test_order_of_a_kind_of_the_team() -> None:
    assert schema.property_order('runbook') == schema.property_order('doc')


# value of one key, whether it fits
FITS = (
    pytest.param('session', {'title': 'T'}, True, id='an old note needs a title only'),
    pytest.param('session', {'title': 'T', 'unknown': [{}], 'id': 'CONV-300'}, True, id='unknown keys'),
    pytest.param('session', {'title': 'T', 'created': '2026-11-20T09:00:00+01:00'}, True, id='time'),
    pytest.param('session', {'title': 'T', 'active_min_estimate': None, 'interruptions_count': None}, True, id='null telemetry'),
    pytest.param('session', {'title': 'T', 'notion_page_id': 'pending-reconcile'}, True, id='the marker of a seed'),
    pytest.param('session', {}, False, id='no title'),
    pytest.param('session', {'title': ''}, False, id='empty title'),
    pytest.param('session', {'title': 'T', 'created': 'yesterday'}, False, id='no date'),
    pytest.param('session', {'title': 'T', 'claimed_at': '2026-11-20'}, False, id='a claim binds'),
    pytest.param('session', {'title': 'T', 'telemetry': None}, False, id='telemetry says what it is'),
    pytest.param('session', {'title': 'T', 'tool_calls_breakdown': {'Bash': -1}}, False, id='negative counter'),
    pytest.param('plan', {'title': 'T', 'kind': 'adr'}, False, id='another kind'),
    pytest.param('adr', {'title': 'T', 'supersedes': ['a', 'b']}, True, id='list of names'),
    pytest.param('doc', {'title': 'T', 'zone': 'secret'}, False, id='zone'),
)


@pytest.mark.parametrize(('name', 'value', 'fits'), FITS)
def test_fits(name: str, value: dict[str, Any], fits: bool) -> None:
    content = schema.built_in(name)
    assert schema.verdict(content)(value) is fits
    assert (schema.violations(content, value) == []) is fits


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
    | st.sampled_from(('2026-11-20', '2026-11-20 09:00', '2026-11-20T9', 'sha256:' + '0' * 64, '0123abc', 'pending', 'session', 'RT', 'off')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(('a', 'name', 'roman', 'initials')), inner, max_size=2),
    max_leaves=5,
)


@st.composite
def _values(draw: st.DrawFn) -> tuple[str, Any]:
    name = draw(st.sampled_from([name for name in NAMES if name != 'common']))
    keys = list(schema.built_in(name)['properties'])
    value = draw(st.dictionaries(st.sampled_from((*keys, 'unknown')), _JSON, max_size=5))
    return name, {**({'title': 'T'} if draw(st.booleans()) else {}), **value}


@settings(max_examples=400, deadline=None)
@given(_values())
@example(('session', {'title': 'T', 'created': '٢٠٢٦-11-20'}))
@example(('session', {'title': 'T', 'lines_added': 10**30}))
@example(('session', {'title': 'T', 'lines_added': 2.0}))
def test_both_libraries_agree(named: tuple[str, Any]) -> None:
    name, value = named
    content = schema.built_in(name)
    assert schema.verdict(content)(value) is (schema.violations(content, value) == [])


VIOLATIONS = (
    ({'title': None}, [('/title', 'null is not of type string')]),
    ({'title': 'T', "it's": 1, 'created': 'x'}, [('/created', '"x" is no ISO 8601 date such as 2026-11-20, alone or with a time')]),
    ({}, [('', 'missing key: title')]),
    ({'title': ''}, [('/title', 'must not be empty')]),
    ({'title': 'T', 'tags': [{}]}, [('/tags', '[{}] is of no allowed type')]),
    ({'title': 'T', 'sync_status': 'x' * 100}, [('/sync_status', f'"{"x" * 56}… is not one of ["pending", "synced", "error", "manual_override", null]')]),
    ({'title': 'T', 'kind': 'adr'}, [('/kind', '"adr" should be "plan"')]),
)


@pytest.mark.parametrize(('value', 'expected'), VIOLATIONS)
def test_violations(value: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert schema.violations(schema.built_in('plan'), value) == expected


def test_a_short_text() -> None:
    assert schema.violations({'minLength': 3}, 'ab') == [('', '"ab" is too short')]


def test_missing_key_with_quotes() -> None:
    assert schema.violations({'required': ["it's", 'a"b']}, {}) == [('', 'missing key: a"b'), ('', "missing key: it's")]


OWN = (
    pytest.param('{"$ref": "common.schema.json#/$defs/tags"}', None, id='our types'),
    pytest.param('{', 'not a JSON Schema (2020-12): Expecting', id='no JSON'),
    pytest.param('{"type": "strin"}', 'not a JSON Schema (2020-12): ', id='no schema'),
    pytest.param('{"$ref": "https://example.com/s.json"}', 'not a JSON Schema (2020-12): Resource', id='network'),
    pytest.param('{"$ref": "#/$defs/none"}', 'not a JSON Schema (2020-12): ', id='nowhere'),
    pytest.param('{"$ref": "#"}', 'a schema that refers to itself without end', id='endless'),
    pytest.param('{"allOf": [' * 3000 + ']}' * 3000, 'a schema that refers to itself without end, or nests too deeply', id='deep'),
)


@pytest.mark.parametrize(('text', 'message'), OWN)
def test_own_schema(tmp_path: Path, text: str, message: str | None) -> None:
    path = tmp_path / 's.json'
    path.write_text(text)
    if message is None:
        assert schema.from_file(str(path)) == json.loads(text)
        return
    with pytest.raises(FatalError) as caught:
        schema.from_file(str(path))
    assert str(caught.value).startswith(message.format(path=path))


@pytest.mark.parametrize(('text', 'fits'), (('true', True), ('false', False), ('\ufeff{}', True), ('\ufeff{"required": ["a"]}', False)))
def test_own_schema_of_another_form(tmp_path: Path, text: str, fits: bool) -> None:
    path = tmp_path / 's.json'
    path.write_text(text, encoding='utf-8')
    own = schema.from_file(str(path))
    assert schema.verdict(own)({}) is fits
    assert (schema.violations(own, {}) == []) is fits


def test_a_schema_that_is_endless_for_some_values_is_told() -> None:
    own = {'if': {'required': ['a']}, 'then': {'$ref': '#'}}
    assert schema.violations(own, {'a': 1}) == [('', 'cannot be checked: its schema refers to itself without end')]


def test_keys_that_a_pattern_allows_are_known() -> None:
    own = {'properties': {'a': {}}, 'patternProperties': {'^x-': {}}, 'additionalProperties': False}
    assert schema.violations(own, {'a': 1, 'x-1': 1, 'b': 1}) == [('/b', 'unknown key: b; known are: a')]


def test_own_schema_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match='cannot be read: .*; put the schema there, or mend `schema:` in .daybook/config.yaml'):
        schema.from_file(str(tmp_path / 'none.json'))


def _sections() -> dict[str, Any]:
    return schema.built_in('config')['properties']


def test_defaults_are_those_of_the_settings() -> None:
    stated = {}
    for section, content in _sections().items():
        if 'default' in content:
            stated[section] = content['default']
        stated |= {f'{section}_{key}': value['default'] for key, value in content.get('properties', {}).items()}
    invariants = [{'name': i.name, 'tools': list(i.tools), 'sources': list(i.sources), 'except': list(i.exempt)}
                  for i in config.DEFAULTS.invariants]
    assert {*stated, 'kinds'} == set(Settings._fields)
    assert {key: value for key, value in stated.items() if key != 'invariants'} == {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in config.DEFAULTS._asdict().items() if key not in ('invariants', 'kinds')}
    assert stated['invariants'] == invariants


def test_stated_defaults_are_settings() -> None:
    written: dict[str, Any] = {section: content['default'] for section, content in _sections().items() if 'default' in content}
    for section, content in _sections().items():
        written |= {section: {k: v['default'] for k, v in content['properties'].items()}} if 'properties' in content else {}
    assert schema.violations(schema.built_in('config'), written) == []
    assert config.from_mapping(written) == config.DEFAULTS


def _described(content: Any, place: str) -> list[str]:
    """Return the places of properties that nobody describes; sections need none."""
    missing = []
    for key, value in content.get('properties', {}).items():
        if 'description' not in value and 'properties' not in value:
            missing.append(f'{place}/{key}')
        missing += _described(value, f'{place}/{key}')
    for key in ('additionalProperties', 'items'):
        if isinstance(content.get(key), dict):
            missing += _described(content[key], f'{place}/*')
    return missing


@pytest.mark.parametrize('name', ('authority', 'config', 'operators'))
def test_every_setting_is_described(name: str) -> None:
    assert [p for p in _described(schema.built_in(name), '') if p != '/operators'] == []
