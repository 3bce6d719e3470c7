"""JSON Schemas: jsonschema-rs gives the verdict, jsonschema the report. The only module that imports either."""
from __future__ import annotations

import functools
import json
import os
import re
import zlib
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

from daybook import schemas  # type: ignore[attr-defined]  # a folder beside src
from daybook.errors import FatalError

_FOLDER = os.path.dirname(schemas.__file__)
_COMMON = 'common.schema.json'


class Violation(NamedTuple):
    """One way in which a value does not fit: JSON pointer (RFC 6901) of the place, and words."""

    pointer: str
    message: str


def version() -> str:
    """Return what tells two versions of the built-in schemas apart."""
    checksum = 0
    for name in sorted(os.listdir(_FOLDER)):
        if name.endswith('.json'):
            with open(os.path.join(_FOLDER, name), 'rb') as stream:
                checksum = zlib.crc32(stream.read(), checksum)
    return f'{checksum:08x}'


@functools.cache
def built_in(name: str) -> dict[str, Any]:
    """Return the schema `name` of this package (`session`, `config`, …). Raises FileNotFoundError."""
    with open(os.path.join(_FOLDER, f'{name}.schema.json'), encoding='utf-8') as stream:
        found: dict[str, Any] = json.load(stream)
    return found


def from_file(path: str) -> dict[str, Any]:
    """Return an adopter's own schema. Raises FatalError, without the name of the file, when it cannot be used."""
    import jsonschema

    try:
        with open(path, encoding='utf-8-sig') as stream:
            schema: dict[str, Any] | bool = json.load(stream)
        if isinstance(schema, bool):
            schema = {} if schema else {'not': {}}
        jsonschema.Draft202012Validator.check_schema(schema)
        verdict(schema)  # a `$ref` that leads nowhere, a pattern that only Python knows
        _errors(schema, {})
    except OSError as error:
        raise FatalError(f'cannot be read: {error.strerror}; put the schema there, or mend `schema:` in .daybook/config.yaml') from error
    except (ValueError, jsonschema.SchemaError) as error:
        raise FatalError(f'not a JSON Schema (2020-12): {str(error).splitlines()[0]}; mend it') from error
    except RecursionError as error:
        raise FatalError('a schema that refers to itself without end, or nests too deeply; mend it') from error
    return schema


def property_order(kind: str) -> list[str]:
    """Return the canonical order of the keys of a kind: that of `properties` in its schema."""
    try:
        return list(built_in(kind)['properties'])
    except FileNotFoundError:  # a kind of the team's own
        return list(built_in('doc')['properties'])


def _retrieve_nothing(uri: str) -> Any:
    raise ValueError(f'`$ref` to {uri}; a schema can refer to {_COMMON} and to itself')


def verdict(schema: dict[str, Any]) -> Callable[[Any], bool]:
    """Return a function that tells whether a value fits `schema`; compiled once, fast, without reasons."""
    import decimal  # noqa: F401  jsonschema_rs would import it next, and panics where Ctrl-C comes meanwhile

    import jsonschema_rs

    registry = jsonschema_rs.Registry([(_COMMON, built_in('common'))], retriever=_retrieve_nothing)
    return jsonschema_rs.Draft202012Validator(schema, registry=registry).is_valid


def pointer(path: Iterable[Any]) -> str:
    """Return the JSON pointer (RFC 6901) of the value to which the keys and indexes of `path` lead."""
    return ''.join('/' + str(part).replace('~', '~0').replace('/', '~1') for part in path)


def shown(value: Any) -> str:
    """Return `value` as a message shows it: as JSON, and not too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + '…'


def _unmatched(error: Any) -> str:
    title = error.schema.get('title')
    return f'is no {title}' if title else f'does not match {error.validator_value}'


def _words(error: Any) -> str:
    validator: str = error.validator
    named: dict[str, Callable[[], str]] = {
        'type': lambda: f'{shown(error.instance)} is not of type {error.validator_value}',
        'pattern': lambda: f'{shown(error.instance)} {_unmatched(error)}',
        'enum': lambda: f'{shown(error.instance)} is not one of {shown(error.validator_value)}',
        'const': lambda: f'{shown(error.instance)} should be {shown(error.validator_value)}',
        'minLength': lambda: f'{shown(error.instance)} is too short' if error.instance else 'must not be empty',
        'anyOf': lambda: f'{shown(error.instance)} is of no allowed type',
        'required': lambda: f'missing key: {error.message.removesuffix(" is a required property")[1:-1]}',
    }
    return named.get(validator, lambda: str(error.message))()


def _unknown_keys(error: Any) -> list[Violation]:
    """Turn `additionalProperties` into one violation a key, with the nearest known name."""
    import difflib

    known = error.schema.get('properties', {})
    patterns = error.schema.get('patternProperties', ())
    found = []
    for key in error.instance:
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            near = difflib.get_close_matches(key, known, n=1)
            hint = f'did you mean `{near[0]}`?' if near else f'known are: {", ".join(known)}'
            found.append(Violation(pointer([*error.absolute_path, key]), f'unknown key: {key}; {hint}'))
    return found


def _errors(schema: dict[str, Any], value: Any) -> list[Any]:
    import jsonschema
    import referencing

    resource = referencing.Resource.from_contents(built_in('common'))
    registry = referencing.Registry().with_resource(_COMMON, resource)
    return list(jsonschema.Draft202012Validator(schema, registry=registry).iter_errors(value))


def violations(schema: dict[str, Any], value: Any) -> list[Violation]:
    """Return every violation of `schema` by `value`, in order of place; the slow half of validation."""
    try:
        errors = _errors(schema, value)
    except RecursionError:
        return [Violation('', 'cannot be checked: its schema refers to itself without end')]
    found: list[Violation] = []
    for error in errors:
        if error.validator == 'additionalProperties' and isinstance(error.instance, dict):
            found += _unknown_keys(error)
        else:
            found.append(Violation(pointer(error.absolute_path), _words(error)))
    return sorted(set(found))
