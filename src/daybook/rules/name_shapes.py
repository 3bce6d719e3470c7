"""The habits by which the files of a folder are named, told from the names alone: `YYYY-MM-DD-topic.md`, `session-N.md`."""
from __future__ import annotations

import re
from collections import Counter
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import NamedTuple

from daybook.documents.file_names import DATE
from daybook.documents.file_names import ID
from daybook.documents.file_names import MONTH
from daybook.documents.file_names import NOTE_WORDS
from daybook.documents.file_names import date_in

_TOKEN = re.compile(
    rf'(?P<id>{ID})|(?P<date>{DATE})(?P<time>[-_T ](?:[01]\d|2[0-3])[0-5]\d(?!\d))?'
    rf'|(?P<month>{MONTH})|(?P<word>[^\W_]+)|(?P<gap>[\W_]+)')
_WORD = re.compile(r'([^\W\d_]+)(\d*)')


class Shape(NamedTuple):
    """One habit of naming: `text` such as `YYYY-MM-DD-topic.md`, how many files follow it, and one of them."""

    text: str
    files: int
    example: str


def _words(name: str) -> list[str]:
    return [m[1].lower() for token in _TOKEN.finditer(name) if token['word'] and (m := _WORD.match(token['word']))]


def _fixed_words(names: Collection[str]) -> set[str]:
    """Return the words that belong to the habit, not to the topic: frequent ones, the sooner when they come first."""
    often = Counter(word for name in names for word in set(_words(name)))
    first = Counter(words[0] for name in names if name[:1].isalpha() and (words := _words(name)))
    some = max(3, len(names) // 5)
    fixed = {word for word, count in often.items() if count >= max(3, len(names) / 2)}
    fixed |= {word for word, count in first.items() if count >= some or word in NOTE_WORDS}
    return fixed | {word for word in NOTE_WORDS if often[word] >= some}


def _word_shape(word: str, fixed: Collection[str], before: str) -> str:
    letters = _WORD.fullmatch(word)
    if letters and letters[1].lower() in fixed:
        return letters[1] + ('N' if letters[2] else '')
    return 'N' if word.isdigit() and before != 'topic' else 'topic'


def _shape(name: str, fixed: Collection[str]) -> str:
    parts: list[str] = []
    for token in _TOKEN.finditer(name):
        before = parts[-2] if len(parts) > 1 else ''
        if token['id']:
            parts.append('XX-YYMMDD-NN')
        elif token['date']:
            parts.append(token['s'].join(('YYYY', 'MM', 'DD')) + (token['time'][0] + 'HHMM' if token['time'] else ''))
        elif token['month']:
            parts.append('YYYY-MM')
        elif token['gap']:
            parts.append(token['gap'])
        else:
            parts.append(_word_shape(token['word'], fixed, before))
            if parts[-1] == before == 'topic':
                del parts[-2:]
    return ''.join(parts)


def _named_by(path: str, folder: str) -> tuple[str, str]:
    """Return the name that carries the habit, and what follows it: a session may have a folder of its own."""
    inner = path[len(folder):].strip('/').split('/')
    dated = next((part for part in inner[:-1] if date_in(part)), None)
    if dated and not date_in(inner[-1]):
        return dated, '/*.md'
    name, _, ending = inner[-1].rpartition('.')
    return name, f'.{ending}'


def _grouped(names: Mapping[str, tuple[str, str]], fixed: Collection[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path, (name, ending) in names.items():
        groups[_shape(name, fixed) + ending].append(path)
    return groups


def shapes(paths: Iterable[str], folder: str) -> tuple[Shape, ...]:
    """Return the habits of naming below `folder`, the commonest first."""
    names = {path: _named_by(path, folder) for path in paths}
    groups = _grouped(names, _fixed_words([name for name, _ in names.values()]))
    single = {group[0]: names[group[0]] for group in groups.values() if len(group) == 1}
    groups = defaultdict(list, {text: group for text, group in groups.items() if len(group) > 1})
    for text, group in _grouped(single, ()).items():  # what stands alone may follow a habit less strictly
        groups[text] += group
    # what only one file does is no habit: it is called by its name
    found = [Shape(text if len(group) > 1 else group[0].rsplit('/', 1)[-1], len(group), group[0])
             for text, group in groups.items()]
    return tuple(sorted(found, key=lambda shape: (-shape.files, shape.text)))
