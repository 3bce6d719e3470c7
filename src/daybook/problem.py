"""A problem (one finding about one line) and its three output formats."""
from __future__ import annotations

import json
import os
import re
import shlex
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.errors import UsageError

FORMATS = ('text', 'json', 'github')
# for the help of what writes
WRITERS = 'exit code: 1 when something was written, as a hook that changes files has to fail; by hand, join commands with `;`, not `&&`'

_ALIKE = 20  # files of which the same is said, one by one
# compiled when there is something to replace, which costs more than all else that a hook says
_CONTROL = '[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]'
_UNSEEN = '[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]'  # what JSON itself lets through


class Problem(NamedTuple):
    """One finding.

    `path` is relative to the repository's root with `/` separators, `line` counts from 1,
    `rule` is a stable kebab-case name, `level` is `error` (blocks) or `warning` (does not).
    `causes` are the other files without which there would be no problem.
    """

    path: str
    line: int
    rule: str
    message: str
    level: str = 'error'
    causes: tuple[str, ...] = ()


class Told(NamedTuple):
    """What a `Problem` tells, on whatever line; `text` is what is printed of it behind path and line."""

    rule: str
    message: str
    level: str
    causes: tuple[str, ...]
    text: str


def printable(text: str) -> str:
    """Return `text` without control and bidi characters, so that a name cannot drive a terminal."""
    if text.isprintable():
        return text
    return re.sub(_CONTROL, lambda m: ascii(m.group())[1:-1], text)


def add_line(root: str, paths: Iterable[str], here: str) -> str:
    """Return the `git add` for `paths`, which are relative to `root`, as it is given in the folder `here`."""
    return f'git add -- {shlex.join(os.path.relpath(os.path.join(root, path), here) for path in paths)}'


def told(problem: Problem) -> Told:
    """Return what `problem` tells."""
    return Told(*problem[2:], _text_behind(problem))


def _text_behind(problem: Problem) -> str:
    level = 'warning: ' if problem.level == 'warning' else ''
    return printable(f': {level}{problem.message} [{problem.rule}]')


def _text(problem: Problem) -> str:
    return f'{printable(problem.path)}:{problem.line}{_text_behind(problem)}'


def _github_escape(text: str, extra: str = '') -> str:
    # https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    for char in '%\r\n' + extra:
        text = text.replace(char, f'%{ord(char):02X}')
    return text


def _github(problem: Problem) -> str:
    path = _github_escape(problem.path, ':,')
    message = _github_escape(printable(problem.message))
    return f'::{problem.level} file={path},line={problem.line},title={problem.rule}::{message}'


def _folded(problems: Sequence[Problem]) -> tuple[list[Problem], list[str]]:
    """Return those to be shown one by one, and a line for each finding that more than `_ALIKE` files share."""
    if len(problems) <= _ALIKE:
        return [*problems], []
    alike = Counter((one.level, one.rule, one.message) for one in problems)
    shown, seen = [], Counter[tuple[str, str, str]]()
    for one in problems:
        kind = (one.level, one.rule, one.message)
        seen[kind] += 1
        if seen[kind] <= _ALIKE or alike[kind] <= _ALIKE + 1:
            shown.append(one)
    lines = [printable(f'and {count - _ALIKE:,} more: {"warning: " * (level == "warning")}{message} [{rule}]; DAYBOOK_FORMAT=json lists all')
             for (level, rule, message), count in sorted(alike.items()) if count > _ALIKE + 1]
    return shown, lines


def render(problems: Iterable[Problem], output_format: str) -> list[str]:
    """Return the lines to print for `problems`, sorted by path, line and rule.

    `output_format` is `text`, `json` (one array, printed even when it is empty) or `github`
    (workflow commands followed by the text line, so that the log stays readable). Of what is said
    of very many files in the same words only the first are shown, and the rest counted; JSON has all.
    """
    found = sorted(set(problems))
    if output_format == 'json':
        text = json.dumps([p._asdict() for p in found], ensure_ascii=False, indent=2)
        return [re.sub(_UNSEEN, lambda m: f'\\u{ord(m.group()):04x}', text)]
    found, lines = _folded(found)
    if output_format == 'github':
        # indented, as a file may be called `::stop-commands::x`
        return [*(line for p in found for line in (_github(p), f'  {_text(p)}')), *(f'  {line}' for line in lines)]
    return [*map(_text, found), *lines]


def texts(path: str, found: Collection[tuple[int, Told]]) -> list[str]:
    """Return what `render` makes of the problems `found`, each on its line of the file `path`, as text; it costs less."""
    if len(found) > _ALIKE and max(Counter(one.text for _, one in found).values()) > _ALIKE:
        return render([Problem(path, line, *one[:4]) for line, one in found], 'text')
    start = printable(path)
    return [f'{start}:{line}{one.text}' for line, one in sorted(set(found))]


def is_blocking(problems: Iterable[Problem]) -> bool:
    """Return whether any of `problems` is an error."""
    return any(p.level == 'error' for p in problems)


def caused_by(problems: Iterable[Problem], changed: Collection[str]) -> tuple[list[Problem], list[Problem]]:
    """Part `problems` into those that a change of the files `changed` causes, and the older ones.

    A change causes what is wrong in its own files and what has one of them among its causes.
    Inside `git commit` only these are shown and block.
    """
    paths = set(changed)
    parts: tuple[list[Problem], list[Problem]] = ([], [])
    for problem in problems:
        parts[problem.path not in paths and paths.isdisjoint(problem.causes)].append(problem)
    return parts


def older_line(older: Mapping[str, int], hook_id: str) -> str:
    """Return the one line that stands for the problems, so many in each file, which the change at hand did not cause."""
    problems, documents = sum(older.values()), len(older)
    found = f'{problems} older problem{"s" * (problems != 1)}'
    return f'{hook_id}: {found} in {documents} document{"s" * (documents != 1)}; run daybook {hook_id}'


def as_warnings(problems: Iterable[Problem]) -> list[Problem]:
    """Return `problems` as warnings, which do not block."""
    return [problem._replace(level='warning') for problem in problems]


def output_format(environ: Mapping[str, str]) -> str:
    """Return the format in which every hook prints: $DAYBOOK_FORMAT, else `github` under GitHub Actions, else `text`.

    Raises UsageError for a format that does not exist.
    """
    given = environ.get('DAYBOOK_FORMAT')
    if not given:
        return 'github' if environ.get('GITHUB_ACTIONS') == 'true' else 'text'
    if given not in FORMATS:
        raise UsageError(f'DAYBOOK_FORMAT is {given}; use one of {", ".join(FORMATS)}')
    return given
