"""Our YAML files: what one of them says, held to its schema and to what no schema can tell; kept, so that a commit reads no YAML."""
from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from daybook.documents import frontmatter
from daybook.documents import schema
from daybook.documents.globs import glob_regex
from daybook.errors import FatalError
from daybook.problem import Problem


def _bad_globs(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    places = [(f'/kinds/{name}/{key}', kind.get(key, ()))
              for name, kind in (given.get('kinds') or {}).items() for key in ('paths', 'exclude')]
    places += [(f'/links/{key}', (given.get('links') or {}).get(key, ())) for key in ('ignore', 'generated', 'exclude')]
    places += [(f'/invariants/{number}/except', one.get('except', ()))
               for number, one in enumerate(given.get('invariants') or ())]
    places += [(f'/cochange/{number}/{key}', [glob.partition('#')[0] for glob in rule.get(key, ())])
               for number, rule in enumerate(given.get('cochange') or ()) for key in ('when', 'then', 'exclude')]
    places += [(f'/freshness/rules/{number}/paths', rule.get('paths', ()))
               for number, rule in enumerate((given.get('freshness') or {}).get('rules') or ())]
    for pointer, globs in places:
        for position, glob in enumerate(globs):
            try:
                re.compile(glob_regex(glob))
            except re.error as error:
                found.append((f'{pointer}/{position}', f'not a glob: {glob}: {error.msg}'))
    return found


def _is_day(text: str) -> bool:
    from datetime import date  # most settings name no day
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _bad_values(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what no schema can tell: a number that is none, and a day that is in no calendar."""
    found = [(f'/{section}/timeout', 'not a number of seconds: .nan') for section in ('claims', 'handoff')
             if math.isnan((given.get(section) or {}).get('timeout', 0))]
    for name, kind in (given.get('kinds') or {}).items():
        statuses = kind.get('statuses') or {}
        found += [(f'/kinds/{name}/statuses/{status}/{position}', f'no status of this table: {following}; it has {", ".join(statuses)}')
                  for status, others in statuses.items() for position, following in enumerate(others) if following not in statuses]
    day = (given.get('validate') or {}).get('block_from')
    if day and not _is_day(day):
        found.append(('/validate/block_from', f'no such day: {day}'))
    return found


def read(path: str, data: bytes, schema_name: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return the content of one of our YAML files, less the settings that are null, and what is wrong with it."""
    from daybook.documents import frontmatter_yaml

    text = data.removeprefix(frontmatter.BOM)
    given, error = frontmatter_yaml.read_yaml(text)
    if error:
        return {}, [Problem(path, *error)]
    if not isinstance(given or {}, dict):
        return {}, [Problem(path, 1, 'settings', 'not a mapping of keys to values')]
    known = schema.built_in(schema_name)
    may_be_null = set(known['properties']).difference(known.get('required', ()))
    given = {key: value for key, value in (given or {}).items() if value is not None or key not in may_be_null}
    wrong: list[tuple[str, str]] = []
    if not schema.verdict(known)(given):
        wrong += schema.violations(known, given)
    if not wrong and schema_name == 'config':
        wrong += _bad_globs(given) + _bad_values(given)
    places = lines(data) if wrong else {}
    return given, [Problem(path, places.get(pointer, 1), 'settings', f'{pointer or "/"}: {message}')
                   for pointer, message in wrong]


def lines(data: bytes) -> dict[str, int]:
    """Return the line (from 1) of every value of one of our YAML files, which `read` could read, by JSON pointer."""
    from daybook.documents import frontmatter_yaml

    text = data.removeprefix(frontmatter.BOM)
    found = frontmatter_yaml.key_lines(text, frontmatter.Block(0, len(text), len(text), b'\n'))
    return {pointer: max(line - 1, 1) for pointer, line in found.items()}  # there is no fence above


def read_kept(common_dir: str, path: str, data: bytes, schema_name: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return what `read` does; what a file without problems says is kept where there is a catalogue."""
    from daybook.documents import catalogue  # brings SQLite along
    from daybook.documents import catalogue_values
    from daybook.repo import listing

    kind, name = f'mapping-{schema_name}', listing.digest(schema.version().encode() + data).hex()
    try:
        kept = catalogue.open_in(common_dir, create=False)
        if kept is None:
            return read(path, data, schema_name)
        with kept:
            known = kept.facts(kind, [name])
            if known:
                return json.loads(known[name]), []
            given, problems = read(path, data, schema_name)
            if not problems:
                with kept.writing() as is_mine:
                    if is_mine:
                        kept.add_facts(kind, [(name, json.dumps(given))])
            return given, problems
    except catalogue_values.Damaged:  # the audit of links, which writes the most, makes it anew
        return read(path, data, schema_name)


def sound(path: str, given: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Return what a file says. Raises FatalError with its problems when it has any."""
    if problems:
        words = [f'{path}:{problem.line}: {problem.message}' for problem in problems]
        raise FatalError('\n'.join([f'{path} cannot be used; mend these lines', *words]))
    return given


def load(path: str, data: bytes | None, schema_name: str) -> dict[str, Any]:
    """Return the validated content of the file at `path`; empty for None.

    Raises FatalError with file, line and hint when it does not fit its schema.
    """
    return {} if data is None else sound(path, *read(path, data, schema_name))
