"""What came out for one file, as the catalogue keeps it."""
from __future__ import annotations

import json
from collections.abc import Collection
from collections.abc import Iterable
from typing import NamedTuple

from daybook import problem
from daybook.documents import destination
from daybook.documents import tree
from daybook.problem import Problem
from daybook.rules import link_baseline
from daybook.rules import links



class Judged(NamedTuple):
    """A problem, and the target of its link, by which a baseline knows it."""

    problem: Problem
    target: str


class Row(NamedTuple):
    """The problems of a file as `Catalogue.set_found` takes them: `text` is what is printed of those that no baseline knows.

    `payload` is for `judged_in`, and empty where texts alone are asked for.
    """

    source: str
    payload: bytes
    text: bytes
    problems: int
    blocking: int
    is_dated: bool


class Verdict(NamedTuple):
    """What came out for one file: `row` is None when nothing is wrong.

    `folders` are those in which its missing targets may appear without git, `keys` as in `links.Seen`.
    """

    row: Row | None
    folders: tuple[str, ...]
    keys: tuple[str, ...]


def verdict(source: str, judged: Collection[Judged], known: Collection[str], *, is_dated: bool = False, texts_only: bool = False) -> Verdict:
    """Return what `judged` comes to for the file `source`, without keys; `known` are the lines of the baseline."""
    folders = {tree.folder_of(wrong.causes[0]) for wrong, _ in judged
               if wrong.rule in (destination.MISSING, links.UNTRACKED) and wrong.causes}
    found = row(source, judged, known, is_dated=is_dated, texts_only=texts_only) if judged else None
    return Verdict(found, tuple(folders), ())


def row(source: str, judged: Iterable[Judged], known: Collection[str], *, is_dated: bool, texts_only: bool = False) -> Row:
    """Return the row of the file `source`; `known` are the lines of the baseline."""
    payload = b'' if texts_only else json.dumps([[*wrong[1:], target] for wrong, target in judged]).encode()
    new = {wrong for wrong, target in judged if not known or link_baseline.line(source, target) not in known}
    text = ''.join(f'{line}\n' for line in problem.render(new, 'text'))
    return Row(source, payload, text.encode('utf-8', 'backslashreplace'), len(new), sum(wrong.level == 'error' for wrong in new), is_dated)


def judged_in(source: str, payload: bytes) -> list[Judged]:
    """Return what a row of the catalogue says of the file `source`, known dead links included."""
    return [Judged(Problem(source, line, rule, message, level, tuple(causes)), target)
            for line, rule, message, level, causes, target in json.loads(payload)]
