"""YAML as notes have it: 1.2 scalars, keys as text, places of keys. The only module that imports yaml.

That import costs a hook as much as a hundred plain documents, which `frontmatter_fast` reads without it.
"""
from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import yaml

from daybook.documents import frontmatter_fast

if TYPE_CHECKING:  # it imports this module where it must
    from daybook.documents.frontmatter import Block

MAX_DEPTH = 100  # libyaml's composer recurses in C, where too deep is a crash
MAX_VALUES = 100_000  # after aliases are followed: ten lines of YAML can stand for 10**9 values

_CONFLICT = re.compile(rb'^<{7} ', re.MULTILINE)


class _Duplicate(yaml.constructor.ConstructorError):
    problem: str
    problem_mark: yaml.Mark


# YAML 1.2 core schema: https://yaml.org/spec/1.2.2/#1032-tag-resolution. 1.1 turns `on` into a
# boolean, `017` into 15, `1:30` into 90 and a date into an object; notes mean the text.
_CORE: dict[str, tuple[str, str]] = {
    'null': (r'~|null|Null|NULL|', '~nN\0'),
    'bool': (r'true|True|TRUE|false|False|FALSE', 'tTfF'),
    'int': (r'[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+', '-+0123456789'),
    'float': (r'[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)',
              '-+.0123456789'),
}


class _Loader(getattr(yaml, 'CSafeLoader', yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        seen: dict[str, None] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, 'a key must be plain text', key.start_mark)
            if key.value in seen and key.tag != 'tag:yaml.org,2002:merge':
                raise _Duplicate(None, None, f'duplicate key: {key.value}', key.start_mark)
            seen[key.value] = None
        self.flatten_mapping(node)
        # a key is its text: `on`, `2024` and `null` are names here, and JSON Schema knows no others
        return {k.value: self.construct_object(v, deep=deep) for k, v in node.value}

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int | str:
        text: str = self.construct_scalar(node)
        sign, digits = (text[0], text[1:]) if text[0] in '+-' else ('', text)
        base = {'0o': 8, '0x': 16}.get(digits[:2], 10)
        if len(digits) > 4000:  # int() refuses such texts, as it would take quadratic time
            return text
        return int(sign + (digits[2:] if base != 10 else digits), base)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float | str:
        text: str = self.construct_scalar(node)
        value = float(text.lower().replace('.inf', 'inf').replace('.nan', 'nan'))
        return text if math.isinf(value) and 'inf' not in text.lower() else value  # a commit id: 12e4567


for _tag, (_pattern, _first) in _CORE.items():
    _Loader.add_implicit_resolver(f'tag:yaml.org,2002:{_tag}', re.compile(rf'^(?:{_pattern})$'),
                                  [c if c != '\0' else '' for c in _first])
_Loader.add_implicit_resolver('tag:yaml.org,2002:merge', re.compile(r'^(?:<<)$'), ['<'])
# JSON values and nothing else: no date, set or bytes objects, whatever tags a text claims
_Loader.yaml_constructors = {
    None: _Loader.construct_undefined,
    'tag:yaml.org,2002:null': _Loader.construct_yaml_null,
    'tag:yaml.org,2002:bool': _Loader.construct_yaml_bool,
    'tag:yaml.org,2002:int': _Loader.construct_yaml_int,
    'tag:yaml.org,2002:float': _Loader.construct_yaml_float,
    'tag:yaml.org,2002:str': _Loader.construct_yaml_str,
    'tag:yaml.org,2002:timestamp': _Loader.construct_yaml_str,
    'tag:yaml.org,2002:binary': _Loader.construct_yaml_str,
    'tag:yaml.org,2002:seq': _Loader.construct_yaml_seq,
    'tag:yaml.org,2002:map': _Loader.construct_yaml_map,
}


def _size(value: Any, known: dict[int, int]) -> int:
    """Count the values below `value` with aliases followed; more than MAX_VALUES when it contains itself."""
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) not in known:
        known[id(value)] = MAX_VALUES + 1  # what it counts as while it is being counted: a cycle
        children = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(child, known) for child in children)
    return known[id(value)]


def _check_depth(text: bytes) -> None:
    """Raise RecursionError for a text that nests deeper than MAX_DEPTH; cheap for ordinary ones."""
    if sum(text.count(opener) for opener in (b'[', b'{', b'- ', b'-\n', b'? ', b':\n', b':\r')) <= MAX_DEPTH:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise RecursionError


def load_yaml(text: bytes) -> Any:
    """Return the value of a YAML text: YAML 1.2 scalars, dates as text, keys as text.

    Raises yaml.YAMLError (with `problem_mark` where there is a place), ValueError for a text that
    is not UTF-8 or that stands for more than MAX_VALUES values, RecursionError for absurd nesting.
    """
    decoded = text.decode('utf-8')
    _check_depth(text)
    try:
        value = yaml.load(decoded, Loader=_Loader)
    except (LookupError, TypeError, AttributeError) as error:  # what PyYAML raises for `!!bool x`, `!!map x`
        raise ValueError('a tag that does not fit its value') from error
    if b'*' in text and _size(value, {}) > MAX_VALUES:
        raise ValueError('aliases that stand for too many values')
    return value


def describe_yaml_error(error: Exception, text: bytes) -> tuple[int, str, str]:
    """Return line (from 1, within `text`), rule and message for what `load_yaml` raised."""
    if isinstance(error, _Duplicate):
        return error.problem_mark.line + 1, 'frontmatter-duplicate-key', error.problem
    if isinstance(error, UnicodeDecodeError):
        line = text.count(b'\n', 0, error.start) + 1
        return line, 'frontmatter-yaml', 'not UTF-8; save the file as UTF-8'
    mark = getattr(error, 'problem_mark', None)
    if mark is None and isinstance(error, yaml.reader.ReaderError):
        line = text.decode('utf-8', 'replace').count('\n', 0, error.position) + 1
        return line, 'frontmatter-yaml', 'a control character, which YAML does not allow'
    words = getattr(error, 'problem', None) or str(error)
    if isinstance(error, RecursionError):
        words = 'nested too deeply'
    # libyaml does not say which character it found
    if words.startswith('found character') and mark and text.decode()[mark.index:mark.index + 1] == '\t':
        words = 'a tab where YAML wants spaces'
    if words == 'mapping values are not allowed in this context':
        words += '; put quotes around a text that holds `: `'
    line = mark.line if mark else 0
    if re.match(rb'[ \t]*\*\*[^*/]', b''.join(text.split(b'\n')[line:line + 1])):
        words = 'bold lines between `---`; write `key: value` without the stars, or put a title above them'
    return line + 1, 'frontmatter-yaml', f'not valid YAML: {words}'


def read_yaml(text: bytes) -> tuple[Any, tuple[int, str, str] | None]:
    """Return the value of a YAML text and None, or None and what is wrong: line (from 1), rule, message."""
    try:
        return load_yaml(text), None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        conflict = _CONFLICT.search(text)
        if conflict:
            return None, (text.count(b'\n', 0, conflict.start()) + 1, *frontmatter_fast.CONFLICTED)
        return None, describe_yaml_error(error, text)


def key_lines(data: bytes, block: Block) -> dict[str, int]:
    """Return the line (from 1, in the file) of every value, by JSON pointer; the slow half of validation."""
    root = yaml.compose(data[block.start:block.end].decode('utf-8'), Loader=_Loader)
    lines: dict[str, int] = {'': 2}
    waiting = [('', root)]
    seen: set[int] = set()
    while waiting:
        pointer, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            children = [(k.value.replace('~', '~0').replace('/', '~1'), k.start_mark, v) for k, v in node.value]
        elif isinstance(node, yaml.SequenceNode):
            children = [(str(i), v.start_mark, v) for i, v in enumerate(node.value)]
        else:
            continue
        for name, mark, child in children:
            lines[f'{pointer}/{name}'] = mark.line + 2
            waiting.append((f'{pointer}/{name}', child))
    return lines


class KeySpan(NamedTuple):
    """Where one top-level key stands in the YAML text: character offsets of the key and of its value."""

    name: str
    start: int
    value_start: int
    value_end: int
    is_block: bool  # a block collection or a block scalar: its end is not where the text ends
    is_bare: bool  # no value at all: `key:`


def key_spans(text: str) -> list[KeySpan] | None:
    """Return the top-level keys of a block mapping in order, or None when `text` is something else."""
    root = yaml.compose(text, Loader=_Loader)
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    spans = []
    for key, value in root.value:
        start, end = value.start_mark.index, value.end_mark.index
        if isinstance(value, yaml.ScalarNode):
            is_block = value.style in ('|', '>')
        else:
            is_block = not value.flow_style
        spans.append(KeySpan(key.value, key.start_mark.index, start, end, is_block,
                             isinstance(value, yaml.ScalarNode) and start == end))
    return spans


def reads_as_text(text: str) -> bool:
    """Return whether `text`, written plain, is that same text to YAML 1.1 and 1.2 readers alike."""
    for loader in (_Loader, yaml.SafeLoader):
        try:
            root = yaml.compose(f'k: {text}', Loader=loader)
        except yaml.YAMLError:
            return False
        assert root is not None
        value = root.value[0][1]
        if value.tag != 'tag:yaml.org,2002:str' or value.value != text:
            return False
    return True
