from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from daybook.documents import frontmatter
from daybook.documents import frontmatter_yaml
from daybook.documents import frontmatter_edit
from daybook.documents import frontmatter_fast
from daybook.errors import FatalError

BOM = b'\xef\xbb\xbf'
VECTORS = json.loads((Path(__file__).parent / 'data' / 'content_hash.json').read_text(encoding='utf-8'))

NO_BLOCK = (b'', b'# Title\n', b'\n---\na: 1\n---\n', b' ---\na: 1\n---\n', b'----\na: 1\n----\n', b'--- a\n---\n', BOM, b'\x00\xff')
READ = (
    pytest.param(b'---\na: 1\n---\n', {'a': 1}, id='plain'),
    pytest.param(b'---\n---\n', {}, id='empty'),
    pytest.param(b'---\n# only a comment\n---\n', {}, id='comment'),
    pytest.param(b'---\na: 1\n---', {'a': 1}, id='no final newline'),
    pytest.param(b'---  \na: 1\n--- \t\nbody\n---\n', {'a': 1}, id='blanks behind the fences'),
    pytest.param(b'---\r\na: 1\r\nb: x y\r\n---\r\nbody', {'a': 1, 'b': 'x y'}, id='CRLF'),
    pytest.param(BOM + b'---\na: 1\n---\n', {'a': 1}, id='BOM'),
    pytest.param(b'---\ncreated: 2026-11-20\nat: 2026-11-20T09:00:00+01:00\n---\n',
                 {'created': '2026-11-20', 'at': '2026-11-20T09:00:00+01:00'}, id='dates are text'),
    pytest.param(b'---\non: yes\nkey: no\noctal: 017\ntime: 1:30\nsha: 12e4567\n---\n',
                 {'on': 'yes', 'key': 'no', 'octal': 17, 'time': '1:30', 'sha': '12e4567'}, id='no YAML 1.1'),
    pytest.param(b'---\n1: a\nnull: b\ntrue: c\n---\n', {'1': 'a', 'null': 'b', 'true': 'c'}, id='keys are text'),
    pytest.param(b'---\na: !!python/name:os.system x\n---\n', None, id='no tags of Python'),
    pytest.param('---\nä ö: ü\n---\n'.encode(), {'ä ö': 'ü'}, id='unicode'),
    pytest.param(b'---\nbase: &b {x: 1}\nsame: *b\n---\n', {'base': {'x': 1}, 'same': {'x': 1}}, id='alias'),
    pytest.param(b'---\na: |\n  x\n\n  y\nb: >-\n  c\n  d\n---\n', {'a': 'x\n\ny\n', 'b': 'c d'}, id='blocks'),
)
# bad input is a problem with a line, never a traceback
BAD = (
    pytest.param(b'---\na: 1\n', (1, 'frontmatter-unclosed', 'frontmatter is opened by `---` and never closed'), id='unclosed'),
    pytest.param(b'---\na: 1\n\ntext\n...\nb\n', (1, 'frontmatter-unclosed', 'frontmatter is opened by `---` and never closed'), id='unclosed over dots'),
    pytest.param(b'---\r\na: 1\r\n...\r\ntext\r\n', (3, 'frontmatter-unclosed', 'frontmatter is closed by `...`; close it by `---`'), id='dots'),
    pytest.param(b'---\na: 1\nb: [2]\n...\ntext\n\n---\n', (4, 'frontmatter-unclosed', 'frontmatter is closed by `...`; close it by `---`'),
                 id='dots before a rule'),
    pytest.param(b'---\na: [\n...\n---\n', (3, 'frontmatter-yaml', 'not valid YAML: did not find expected node content'), id='dots in a list'),
    pytest.param(b'---', None, id='three dashes alone are a rule'),
    pytest.param(b'---\na: 1\nb: 2\na: 3\n---\n', (4, 'frontmatter-duplicate-key', 'duplicate key: a'), id='duplicate'),
    pytest.param(b'---\na:\n  b: 1\n  b: 2\n---\n', (4, 'frontmatter-duplicate-key', 'duplicate key: b'), id='duplicate below'),
    pytest.param(b'---\n"a": 1\na: 2\n---\n', (3, 'frontmatter-duplicate-key', 'duplicate key: a'), id='duplicate in quotes'),
    pytest.param(b'---\na: 1\nb:\n\t- x\n---\n', (4, 'frontmatter-yaml', 'not valid YAML: a tab where YAML wants spaces'), id='tab'),
    pytest.param(b'---\na: b: c\n---\n', (2, 'frontmatter-yaml', 'not valid YAML: mapping values are not allowed in this '
                                                                 'context; put quotes around a text that holds `: `'), id='colon'),
    pytest.param(b'---\na: [1\n---\n', (3, 'frontmatter-yaml', "not valid YAML: did not find expected ',' or ']'"), id='flow'),
    pytest.param(b'---\n**Date**: 2026-01-01\n**Status:** done\n---\n', (2, 'frontmatter-yaml', 'not valid YAML: bold lines between `---`; '
                 'write `key: value` without the stars, or put a title above them'), id='bold lines'),
    pytest.param(b'---\nx: 1\na: \xff\n---\n', (3, 'frontmatter-yaml', 'not UTF-8; save the file as UTF-8'), id='latin-1'),
    pytest.param(b'---\nx: 1\na: \x01\n---\n', (3, 'frontmatter-yaml', 'a control character, which YAML does not allow'), id='control'),
    pytest.param(b'---\n\x00\x01\xfe\xff\n---\n', (2, 'frontmatter-yaml', 'not UTF-8; save the file as UTF-8'), id='binary'),
    pytest.param(b'---\n[a, b]: 1\n---\n', (2, 'frontmatter-yaml', 'not valid YAML: a key must be plain text'), id='list as key'),
    pytest.param(b'---\n- a: 1\n- b: 2\n---\n', (2, 'frontmatter-list',
                 'frontmatter is a list of one-key maps; take the `- ` off its lines'), id='list'),
    pytest.param(b'---\n- a\n---\n', (2, 'frontmatter-type', 'frontmatter is no mapping of keys to values'), id='list of words'),
    pytest.param(b'---\nwords\n---\n', (2, 'frontmatter-type', 'frontmatter is no mapping of keys to values'), id='words'),
    pytest.param(b'---\na: *b\n---\n', (2, 'frontmatter-yaml', 'not valid YAML: found undefined alias'), id='alias of nothing'),
    pytest.param(b'---\na: &a [*a]\n---\n', (2, 'frontmatter-yaml',
                 'not valid YAML: aliases that stand for too many values'), id='alias of itself'),
    pytest.param(b'---\na0: &a0 [x]\n' + b''.join(b'a%d: &a%d [%s]\n' % (i, i, b','.join([b'*a%d' % (i - 1)] * 9))
                                                   for i in range(1, 10)) + b'---\n',
                 (2, 'frontmatter-yaml', 'not valid YAML: aliases that stand for too many values'), id='alias bomb'),
    pytest.param(b'---\na: ' + b'[' * 5000 + b']' * 5000 + b'\n---\n',
                 (2, 'frontmatter-yaml', 'not valid YAML: nested too deeply'), id='nesting'),
    pytest.param(b'---\n' + b'a: b\n' * 500_000 + b'---\n',
                 (1, 'frontmatter-size', 'frontmatter is larger than 1048576 bytes'), id='2 MB'),
    pytest.param(b'---\na: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> peer\n---\n',
                 (3, 'frontmatter-conflict', 'a merge conflict; resolve it first'), id='conflict'),
    pytest.param(b'<<<<<<< HEAD\n---\na: 1\n---\n=======\n---\na: 2\n---\n>>>>>>> peer\n',
                 (1, 'frontmatter-conflict', 'a merge conflict; resolve it first'), id='conflict of whole files'),
)


@pytest.mark.parametrize('data', NO_BLOCK)
def test_no_block(data: bytes) -> None:
    assert frontmatter.parse(data) == ({}, None, None)


@pytest.mark.parametrize(('data', 'meta'), READ)
def test_read(data: bytes, meta: dict[str, Any] | None) -> None:
    parsed = frontmatter.parse(data)
    assert parsed.meta == (meta or {})
    assert (parsed.error is None) == (meta is not None)
    assert json.dumps(parsed.meta)


@pytest.mark.parametrize(('data', 'error'), BAD)
def test_bad(data: bytes, error: tuple[int, str, str] | None) -> None:
    parsed = frontmatter.parse(data)
    assert parsed.meta == {}
    assert parsed.error == error


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f'---\n{text}\n---\n'.encode('utf-8', 'surrogatepass')))
@example(b'---\na: "\\ud800"\n---\n')
@example(b'---\n? \n---\n')
@example(b'---\n<<: 1\n---\n')
@example(b'---\n<<: [{a: 1}, 2]\n---\n')
@example(b'---\na: !!int x\n---\n')
@example(b'---\na: !!float x\n---\n')
@example(b'---\na: !!bool x\n---\n')
@example(b'---\na: !!null x\n---\n')
@example(b'---\na: !!map x\n---\n')
@example(b'---\n!!set {a}\n---\n')
@example(b'---\na: ' + b'9' * 5000 + b'\n---\n')
@example(b'---\n%YAML 3.0\n---\n')
@example('---\na: \x85b\n---\n'.encode())
def test_any_bytes(data: bytes) -> None:
    parsed = frontmatter.parse(data)
    assert parsed.error is None or 1 <= parsed.error[0] <= data.count(b'\n') + 1
    json.dumps(parsed.meta)
    if parsed.block and not parsed.error:
        assert all(line >= 1 for line in frontmatter_yaml.key_lines(data, parsed.block).values())


LINES = (
    (b'---\ntitle: T\ntags:\n  - a\n  - b\nmap:\n  x: 1\n---\n', {'/title': 2, '/tags': 3, '/tags/0': 4, '/tags/1': 5, '/map/x': 7}),
    (b'---\r\ntitle: T\r\nb: [1,\r\n  2]\r\n---\r\n', {'/title': 2, '/b': 3, '/b/0': 3, '/b/1': 4}),
    (b'---\n# comment\n\na/b: 1\nc~d: 2\n---\n', {'/a~1b': 4, '/c~0d': 5}),
    (b'---\n---\n', {'': 2}),
)


@pytest.mark.parametrize(('data', 'lines'), LINES)
def test_key_lines(data: bytes, lines: dict[str, int]) -> None:
    block = frontmatter.find_block(data)
    assert block is not None
    found = frontmatter_yaml.key_lines(data, block)
    assert {pointer: found[pointer] for pointer in lines} == lines


@pytest.mark.parametrize('vector', VECTORS, ids=lambda vector: vector['name'])
def test_content_hash(vector: dict[str, str]) -> None:
    data = bytes.fromhex(vector['hex'])
    assert frontmatter.content_hash(data) == vector['content_hash']
    body = bytes.fromhex(vector['body_hex'])
    assert vector['content_hash'] == f'sha256:{hashlib.sha256(body).hexdigest()}'


# The fast reader answers nothing, or what the real reader answers.

_SCALARS = st.sampled_from((
    'a', 'b c', '1', '017', '0x1F', '0o17', '1e5', '1.', '1.5', '12e4567', 'true', 'Null', 'null', '2026-01-02', '1:30', 'a:b',
    'a: b', 'a #b', 'a#b', 'é', '"q r"', '"a\\n"', "'s'", "''", "'it''s'", '"a" b', '[a, b]', '[a,b]', '[]', '[a, ]', '[1, 2]',
    '[null, a]', '{a: b}', 'a, b', 'a]', '(x)', 'a:', 'no', '=', '<<', 'a\tb', '😀 x', '1_000', '-1', '.5', '~', '*a', '&a x',
    '# c', '"x" # c', '- x', '---', '...', '08', '', ' ', '\xa0', '\u2028', '\x07'))
_LINES = st.one_of(
    st.builds('{}{}:{}{}{}'.format, st.sampled_from(('', '', '  ', ' ')), st.sampled_from(('a', 'b', 'k_2', 'null', 'A-b', 'a b', '2', '<<')),
              st.sampled_from((' ', ' ', '  ', '')), _SCALARS, st.sampled_from(('', ' '))),
    st.builds('{}- {}'.format, st.sampled_from(('', '  ')), _SCALARS),
    st.sampled_from(('', '# c', '  # c', '  ', 'k:', 'm:', '  x:', '\t')),
    st.text(max_size=8),
)


@settings(max_examples=300)
@given(st.lists(_LINES, max_size=6), st.sampled_from(('\n', '\r\n')))
@example(['tags:', '- a', '- b', 'map:', '  x: 1', '  y: z', 'end:'], '\n')
def test_fast_reader_agrees(lines: list[str], newline: str) -> None:
    text = newline.join([*lines, '']).encode('utf-8', 'surrogatepass')
    fast = frontmatter_fast.read(text)
    if fast is not None:
        value, error = frontmatter_yaml.read_yaml(text)
        assert error is None
        assert (repr(fast), list(fast)) == (repr(value), list(value))


def test_fast_reader_takes_linear_time() -> None:
    assert frontmatter_fast.read(b'a: [' + b' ' * 1_000_000 + b'x\n') is None


def test_fast_reader_reads_what_notes_hold() -> None:
    text = (b'title: "A: b"\noperator: roman\ntags: [a, b]\n# why\ncommits: 3\nok: true\nnone:\nat: 2026-11-20T09:00:00+01:00\n'
            b'counts:\n  Bash: 3\n  mcp__x: 0\nlist:\n- a\n- b\n')
    assert frontmatter_fast.read(text) == {
        'title': 'A: b', 'operator': 'roman', 'tags': ['a', 'b'], 'commits': 3, 'ok': True, 'none': None,
        'at': '2026-11-20T09:00:00+01:00', 'counts': {'Bash': 3, 'mcp__x': 0}, 'list': ['a', 'b']}


# Writing: what render writes, every reader reads.

_NASTY = st.sampled_from((
    '', ' ', 'yes', 'no', 'on', 'null', '~', 'true', '1', '1.0', '1e3', '017', '0o7', '0x1', '1:30', '1_000', '2026-11-20', '.5', '-', '--',
    '---', '...', '- a', 'a: b', 'a:', ':a', 'a #b', '#a', '"', "'", '""', '"a" b', "it's", '[a]', '{a}', 'a, b', '*a', '&a', '!a', '%a', '@a',
    '`a`', '|', '>', '?', '? a', '=', '<<', 'a\nb', 'a\tb', '\ta', ' a', 'a ', 'a\\b', '\x00', '\x07', '\x7f', '\x85', '\xa0', '\u2028', '\ufeff',
    '\ufffe', '😀', 'é', 'e\u0301', 'a' * 200, 'x, y' * 40, '\r', 'y', 'n', 'Y', '+1', '.inf', '.nan', '12e4567', 'nan', 'inf', '0', '-0', '1__0'))
_TEXT = _NASTY | st.text(st.characters(codec='utf-8'), max_size=20)
_SIMPLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_VALUES = st.one_of(
    _SIMPLE,
    st.lists(_SIMPLE, max_size=5),
    st.dictionaries(_TEXT, _SIMPLE, max_size=4),
    st.lists(st.dictionaries(_TEXT, _SIMPLE, max_size=2), min_size=1, max_size=2),
    st.dictionaries(_TEXT, st.dictionaries(_TEXT, st.lists(_SIMPLE, max_size=2), max_size=2), max_size=2),
)


@settings(max_examples=300)
@given(st.dictionaries(_TEXT, _VALUES, max_size=6))
def test_render_and_parse(meta: dict[str, Any]) -> None:
    text = frontmatter_edit.render(meta).encode()
    parsed = frontmatter.parse(text + b'body\n')
    assert parsed.error is None
    assert (parsed.meta, list(parsed.meta)) == (meta, list(meta))
    assert text[parsed.block.body:] == b''
    assert b'\r' not in text and not re.search(rb'[ \t]$', text, re.MULTILINE)


@settings(max_examples=300)
@given(st.dictionaries(_TEXT.filter(lambda key: key != '<<'), st.none() | st.booleans() | st.integers() | _TEXT, max_size=4))
def test_render_for_yaml_1_1(meta: dict[str, Any]) -> None:
    """A plain YAML 1.1 reader, such as an editor's, reads the same texts and numbers."""
    text = frontmatter_edit.render(meta)
    assert yaml.safe_load(text.removeprefix('---\n').removesuffix('---\n')) == (meta or None)


def test_render_order() -> None:
    assert frontmatter_edit.render({'b': 1, 'z': 2, 'a': 3}, ['a', 'b']) == '---\na: 3\nb: 1\nz: 2\n---\n'


# Editing: the lines of one key, and no other byte.

EDITS = (
    pytest.param(b'---\na: 1\n---\n', {'a': 1}, b'---\na: 1\n---\n', id='the same value'),
    pytest.param(b"---\na: 'x'\n---\n", {'a': 'x'}, b"---\na: 'x'\n---\n", id='the same text in quotes'),
    pytest.param(b'---\na: 1\n---\n', {'a': 2}, b'---\na: 2\n---\n', id='value'),
    pytest.param(b'---\na: 1\n---\n', {'a': '1'}, b'---\na: "1"\n---\n', id='type'),
    pytest.param(b'---\na: 1\n---\n', {'a': True}, b'---\na: true\n---\n', id='true is not 1'),
    pytest.param(b'---\na: [1, 0]\n---\n', {'a': [True, 0.0]}, b'---\na: [true, 0.0]\n---\n', id='true is not 1 in a list'),
    pytest.param(b'---\na:\n  - x\n---\n', {'a': ('x',)}, b'---\na:\n  - x\n---\n', id='a tuple is a list'),
    pytest.param(b'---\na: {x: 1, y: 2}\n---\n', {'a': {'y': 2, 'x': 1}}, b'---\na: {x: 1, y: 2}\n---\n', id='another order'),
    pytest.param(b'---\na: b\n---\n', {'a': ('x',)}, b'---\na: [x]\n---\n', id='a tuple'),
    pytest.param(b'---\na:   1   # why\nb: 2\n---\n', {'a': 3}, b'---\na:   3   # why\nb: 2\n---\n', id='comment stays'),
    pytest.param(b'---\na:\nb: 2\n---\n', {'a': 3}, b'---\na: 3\nb: 2\n---\n', id='bare key'),
    pytest.param(b'---\na:  # why\nb: 2\n---\n', {'a': 3}, b'---\na: 3  # why\nb: 2\n---\n', id='bare key with comment'),
    pytest.param(b'---\n"a:b":\n---\n', {'a:b': 3}, b'---\n"a:b": 3\n---\n', id='bare key with a colon'),
    pytest.param(b'---\na :\n---\n', {'a': 3}, b'---\na : 3\n---\n', id='blank before the colon'),
    pytest.param(b'---\na: |\n  x\n  y\n\n# of b\nb: 2\n---\n', {'a': 'z'}, b'---\na: z\n\n# of b\nb: 2\n---\n', id='block scalar'),
    pytest.param(b'---\na:\n  - 1\n  - 2\nb: 2\n---\n', {'a': ['z']}, b'---\na: [z]\nb: 2\n---\n', id='block list'),
    pytest.param(b'---\na: [1,\n  2]\nb: 2\n---\n', {'a': ['z']}, b'---\na: [z]\nb: 2\n---\n', id='flow over two lines'),
    pytest.param(b'---\na: one\n  two\nb: 2\n---\n', {'a': 'z'}, b'---\na: z\nb: 2\n---\n', id='text over two lines'),
    pytest.param(b'---\nb: 2\n---\n', {'a': 1}, b'---\nb: 2\na: 1\n---\n', id='new key'),
    pytest.param(b'---\n---\nbody', {'a': 1}, b'---\na: 1\n---\nbody', id='first key'),
    pytest.param(b'---\n# only\n---\n', {'a': 1}, b'---\n# only\na: 1\n---\n', id='below a comment'),
    pytest.param(b'---\r\nb: 2\r\n---\r\nx\r\n', {'a': 1, 'b': 3}, b'---\r\nb: 3\r\na: 1\r\n---\r\nx\r\n', id='CRLF'),
    pytest.param(b'---\nb: 2\n---\nx\r\n', {'a': 1}, b'---\nb: 2\na: 1\n---\nx\r\n', id='mixed line ends'),
    pytest.param(BOM + b'---\nb: 2\n---', {'a': 1}, BOM + b'---\nb: 2\na: 1\n---', id='BOM and no final newline'),
    pytest.param(b'# T\n', {'a': 1}, b'---\na: 1\n---\n\n# T\n', id='no block'),
    pytest.param(b'\n# T', {'a': 1}, b'---\na: 1\n---\n\n# T', id='no block, blank line'),
    pytest.param(b'', {'a': 1}, b'---\na: 1\n---\n', id='empty file'),
    pytest.param(BOM + b'# T\r\n', {'a': 1}, BOM + b'---\r\na: 1\r\n---\r\n\r\n# T\r\n', id='no block, BOM and CRLF'),
    pytest.param('---\nü: "é"\nb: 1\n---\n'.encode(), {'b': 'ö'}, '---\nü: "é"\nb: "ö"\n---\n'.encode(), id='unicode'),
    pytest.param('---\nx: "😀"\nb: 1\n---\n'.encode(), {'b': 2}, '---\nx: "😀"\nb: 2\n---\n'.encode(), id='beyond the BMP'),
)


@pytest.mark.parametrize(('data', 'changes', 'expected'), EDITS)
def test_set_keys(data: bytes, changes: dict[str, Any], expected: bytes) -> None:
    edited = frontmatter_edit.set_keys(data, changes)
    assert edited == expected
    assert frontmatter_edit.set_keys(edited, changes) == expected


ORDERED = (
    pytest.param(b'---\na: 1\nc: 3\n---\n', {'b': 2}, b'---\na: 1\nb: 2\nc: 3\n---\n', id='between'),
    pytest.param(b'---\nc: 3\n---\n', {'a': 1}, b'---\na: 1\nc: 3\n---\n', id='first'),
    pytest.param(b'---\nz: 0\nc: 3\n---\n', {'d': 1}, b'---\nz: 0\nc: 3\nd: 1\n---\n', id='behind'),
    pytest.param(b'---\na:\n  - 1\n\n# of c\nc: 3\n---\n', {'b': 2}, b'---\na:\n  - 1\nb: 2\n\n# of c\nc: 3\n---\n', id='below a list'),
    pytest.param(b'---\na: 1\n---\n', {'x': 2}, b'---\na: 1\nx: 2\n---\n', id='unknown'),
)


@pytest.mark.parametrize(('data', 'changes', 'expected'), ORDERED)
def test_set_keys_in_order(data: bytes, changes: dict[str, Any], expected: bytes) -> None:
    assert frontmatter_edit.set_keys(data, changes, ['a', 'b', 'c', 'd']) == expected


REFUSED = (
    pytest.param(b'---\na: 1\n', {'a': 2}, 'never closed', id='unclosed'),
    pytest.param(b'---yaml\na: 1\n---\n', {'a': 2}, 'put it between two of these first', id='another fence'),
    pytest.param(b'---\na: 1\na: 2\n---\n', {'a': 2}, 'duplicate key: a', id='duplicate'),
    pytest.param(b'---\n- a: 1\n---\n', {'a': 2}, 'take the `- ` off', id='list'),
    pytest.param(b'---\n{a: 1}\n---\n', {'a': 2}, 'write it as one key a line', id='flow'),
    pytest.param(b'---\na:\n  - 1 # why\n---\n', {'a': 2}, 'comments stand inside its value', id='comment inside'),
    pytest.param(b'---\n? a\n  b\n---\n', {'a b': 2}, 'no colon follows it', id='complex key'),
    pytest.param(b'---\na: &x 1\nb: *x\n---\n', {'a': 2}, 'edit the frontmatter by hand', id='anchor'),
    pytest.param(b'---\n<<: &x {a: 1}\nb: 1\n---\n', {'<<': {'c': 1}}, 'edit the frontmatter by hand', id='merge'),
)


@pytest.mark.parametrize(('data', 'changes', 'message'), REFUSED)
def test_refused(data: bytes, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FatalError, match=re.escape(message)):
        frontmatter_edit.set_keys(data, changes)


_ENTRIES = {
    'alpha': ('alpha: 1', 'alpha:  "q"   # why', 'alpha:', "alpha: 'it''s'  ", 'alpha: |\n  one\n\n  two', 'alpha: [x, "y, z"] # list'),
    'beta': ('beta:\n  - one\n  - two', 'beta:\n- one\n# inner\n- two', 'beta: {x: 1,\n  y: 2}', 'beta: one\n  two', 'beta: >-\n  fold\n  ed\n'),
    'gämma': ('gämma: ü😀', '"gämma": é', 'gämma: null # none'),
    'delta': ('delta:\n  x: 1\n  y: [2]', 'delta: ~', 'delta: ""', '? delta\n: 1'),
}
_NOISE = st.sampled_from(('', '\n', '# a comment\n', '\n# one\n\n# two\n', '#\n'))
_BODIES = st.sampled_from(('', 'body', '\n# T\n\n---\nnot: frontmatter\n---\n', '\r\nmixed\nends\r\n', '\u2028 é 😀\n', '---\n'))


@st.composite
def _documents(draw: st.DrawFn) -> bytes:
    keys = draw(st.lists(st.sampled_from(sorted(_ENTRIES)), unique=True, max_size=4))
    text = ''.join(draw(_NOISE) + draw(st.sampled_from(_ENTRIES[key])) + '\n' for key in keys) + draw(_NOISE)
    newline = draw(st.sampled_from(('\n', '\r\n')))
    block = f'---\n{text}---\n'.replace('\n', newline)
    return draw(st.sampled_from((b'', BOM))) + (block + draw(_BODIES)).encode()


_NEW = st.one_of(_SIMPLE, st.lists(_SIMPLE, max_size=3), st.dictionaries(st.sampled_from(('p', 'q')), _SIMPLE, max_size=2))


@settings(max_examples=300)
@given(_documents(), st.sampled_from((*_ENTRIES, 'new')), _NEW, st.lists(st.sampled_from((*_ENTRIES, 'new')), unique=True))
def test_edit_keeps_every_other_byte(data: bytes, key: str, value: Any, order: list[str]) -> None:
    before = frontmatter.parse(data)
    assert before.error is None
    try:
        edited = frontmatter_edit.set_keys(data, {key: value}, order)
    except FatalError:
        assume(False)
    after = frontmatter.parse(edited)
    assert after.meta == {**before.meta, key: value}
    assert frontmatter_edit.set_keys(edited, {key: value}, order) == edited
    old, new = _without(data, key), _without(edited, key)
    assert new == old


def _without(data: bytes, key: str) -> bytes:
    """Return the document less the lines that belong to `key`, told without the module under test."""
    start, _, rest = data.partition(b'---')
    head, fence, body = re.split(rb'(^---[ \t]*(?:\r?\n|\Z))', rest, maxsplit=1, flags=re.MULTILINE)
    kept, is_own, pending = [], False, []
    for line in head.splitlines(keepends=True):
        text = line.decode().rstrip('\r\n')
        if re.match(rf'(?:\? )?"?{key}"?\s*:?', text) or (is_own and text.startswith((' ', '- ', ': '))):
            is_own, pending = True, []  # blanks and comments inside a value are the value's
        elif is_own and (not text or text.startswith('#')):
            pending.append(line)
            continue
        else:
            is_own = False
            kept += pending + [line]
            pending = []
    return start + b'---' + b''.join(kept + pending) + fence + body


@given(_documents(), st.sampled_from((*_ENTRIES, 'new')), _NEW)
def test_edit_is_seldom_refused(data: bytes, key: str, value: Any) -> None:
    """Only comments in the value, and complex keys, are in the way."""
    try:
        frontmatter_edit.set_keys(data, {key: value})
    except FatalError as error:
        assert 'comment' in str(error) or b'# inner' in data or b'? delta' in data
