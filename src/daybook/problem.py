"""A problem (one finding about one line) and its three output formats."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

_CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]')


class Problem(NamedTuple):
    """One finding.

    `path` is relative to the repository's root with `/` separators, `line` counts from 1,
    `rule` is a stable kebab-case name, `level` is `error` (blocks) or `warning` (does not).
    """

    path: str
    line: int
    rule: str
    message: str
    level: str = 'error'


def printable(text: str) -> str:
    """Return `text` without control and bidi characters, so that a name cannot drive a terminal."""
    return _CONTROL.sub(lambda m: ascii(m.group())[1:-1], text)


def _text(problem: Problem) -> str:
    level = 'warning: ' if problem.level == 'warning' else ''
    return printable(f'{problem.path}:{problem.line}: {level}{problem.message} [{problem.rule}]')


def _github_escape(text: str, extra: str = '') -> str:
    # https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    for char in '%\r\n' + extra:
        text = text.replace(char, f'%{ord(char):02X}')
    return text


def _github(problem: Problem) -> str:
    path = _github_escape(problem.path, ':,')
    message = _github_escape(printable(problem.message))
    return f'::{problem.level} file={path},line={problem.line},title={problem.rule}::{message}'


def render(problems: Iterable[Problem], output_format: str) -> list[str]:
    """Return the lines to print for `problems`, sorted by path, line and rule.

    `output_format` is `text`, `json` (one array, printed even when it is empty) or `github`
    (workflow commands followed by the text line, so that the log stays readable).
    """
    found = sorted(set(problems))
    if output_format == 'json':
        return [json.dumps([p._asdict() for p in found], ensure_ascii=False, indent=2)]
    if output_format == 'github':
        return [line for p in found for line in (_github(p), _text(p))]
    return [_text(p) for p in found]


def is_blocking(problems: Iterable[Problem]) -> bool:
    """Return whether any of `problems` is an error."""
    return any(p.level == 'error' for p in problems)
