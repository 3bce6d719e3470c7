"""Globs of paths as regular expressions that take no time beyond the square of a path's length, whoever wrote them."""
from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(r'\*\*/|/\*\*$|\*\*|\*|\?|\[!?\]?[^\]/]*\]|\{[^{}/]*\}|.', re.DOTALL)
_FOLDERS, _ANY = '(?:[^/]+/)*', {'**': '.*', '/**': '/.+'}
_MOST_CHOICES = 256  # of all braces of one glob
_MOST_FREE = 2  # wildcards over folders of which more than one place must be tried


def _choices(glob: str) -> list[list[str]]:
    """Return the tokens of a glob without its braces, once for each choice; nothing where there are too many."""
    found: list[list[str]] = [[]]
    for token in _TOKEN.findall(glob):
        is_brace = token[0] == '{' and len(token) > 1
        choices = [_TOKEN.findall(choice) for choice in token[1:-1].split(',')] if is_brace else [[token]]
        found = [each + choice for each in found for choice in choices]
        if len(found) > _MOST_CHOICES:
            return []
    return found


def _character(token: str) -> str:
    if token == '?':
        return '[^/]'
    if token[0] == '[' and len(token) > 1:
        return '(?!/)[' + re.sub(r'[\\\[&~|]', r'\\\g<0>', re.sub(r'^!', '^', token[1:-1])) + ']'
    return re.escape(token)


def _split(tokens: Sequence[str], at: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == at:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _name(tokens: Sequence[str]) -> str:
    """Return the expression of a name, or of the part of one: the first place that fits is as good as any later one."""
    pieces = [''.join(map(_character, part)) for part in _split(tokens, '*')]
    middle = ''.join(f'(?>[^/]*?{piece})' for piece in pieces[1:-1])
    return pieces[0] + (f'{middle}[^/]*{pieces[-1]}' if len(pieces) > 1 else '')


def _names(tokens: Sequence[str]) -> str:
    """Return the expression of tokens without `**/`."""
    text = ''
    name: list[str] = []
    for token in tokens:
        if token == '/' or token in _ANY:
            text += _name(name) + _ANY.get(token, '/')
            name = []
        else:
            name.append(token)
    return text + _name(name)


def _without_braces(given: Sequence[str]) -> str:
    tokens: list[str] = []
    for token in given:
        if token != '**/' or tokens[-1:] != [token]:
            tokens.append(token)
    runs = _split(tokens, '**/')
    # a run of whole names may take the first place; a later one leaves less to what follows
    is_whole = [run[-1:] == ['/'] and not _ANY.keys() & set(run) for run in runs]
    if sum(token in _ANY for token in tokens) + is_whole[1:-1].count(False) > _MOST_FREE:
        return re.escape(''.join(given))  # nobody means that
    text = _names(runs[0])
    for run, whole in zip(runs[1:-1], is_whole[1:-1]):
        text += f'(?>{_FOLDERS}?{_names(run)})' if whole else _FOLDERS + _names(run)
    return text + (_FOLDERS + _names(runs[-1]) if len(runs) > 1 else '')


def glob_regex(glob: str) -> str:
    """Return the regular expression of a glob: `**/` any folders, `*` and `?` within a name, `[a-z]`, `{a,b}`.

    A glob of more than 256 choices, or with `**` in too many places, stands for itself alone.
    """
    found = [_without_braces(choice) for choice in _choices(glob)] or [re.escape(glob)]
    return found[0] if len(found) == 1 else f'(?:{"|".join(found)})'
