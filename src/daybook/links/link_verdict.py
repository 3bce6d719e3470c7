"""What came out for one file, as the catalogue keeps it."""
from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from typing import NamedTuple

from daybook import problem
from daybook.documents import destination
from daybook.documents import tree
from daybook.problem import Problem
from daybook.problem import Told
from daybook.rules import link_baseline
from daybook.rules import link_messages

Finding = tuple[int, Told, str]  # what is told of a line, and the target of the link there


class Judged(NamedTuple):
    """A problem, and the target of its link, by which a baseline knows it."""

    problem: Problem
    target: str


def finding(wrong: Problem, target: str) -> Finding:
    """Return what is found, in the file that `wrong` names."""
    return wrong.line, problem.told(wrong), target


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

    `folders` are those in which its missing targets may appear without git, `keys` as in `rules.links.Seen`.
    """

    row: Row | None
    folders: tuple[str, ...]
    keys: tuple[str, ...]

    def plain(self) -> tuple[Any, ...]:
        """Return all of it without names."""
        return self.row and tuple(self.row), self.folders, self.keys

    @classmethod
    def of_plain(cls, plain: tuple[Any, ...]) -> Verdict:
        """Return what `plain` was made of."""
        row, folders, keys = plain
        return cls(row and Row(*row), folders, keys)


def verdict(source: str, found: Collection[Finding], known: Collection[str], *, is_dated: bool = False, texts_only: bool = False) -> Verdict:
    """Return the verdict on the file `source`, without keys; `known` are the lines of the baseline."""
    folders = {tree.folder_of(wrong.causes[0]) for wrong in ({wrong for _, wrong, _ in found} if not texts_only else ())
               if wrong.rule in (destination.MISSING, link_messages.UNTRACKED) and wrong.causes}
    return Verdict(row(source, found, known, is_dated=is_dated, texts_only=texts_only) if found else None, tuple(folders), ())


def row(source: str, found: Collection[Finding], known: Collection[str], *, is_dated: bool, texts_only: bool = False) -> Row:
    """Return the row of the file `source`; `known` are the lines of the baseline."""
    payload = b'' if texts_only else json.dumps([[line, *wrong[:4], target] for line, wrong, target in found]).encode()
    new = {(line, wrong) for line, wrong, target in found if not known or link_baseline.line(source, target) not in known}
    text = ''.join(f'{line}\n' for line in problem.texts(source, new))
    return Row(source, payload, text.encode('utf-8', 'backslashreplace'), len(new), sum(wrong.level == 'error' for _, wrong in new), is_dated)


def lines(rows: Collection[Row]) -> tuple[bytes, int]:
    """Return what is to be printed of `rows`, in their order, and how many problems block, as `Catalogue.lines` does."""
    return b''.join(row.text for row in rows), sum(row.blocking for row in rows)


def judged_in(source: str, payload: bytes) -> list[Judged]:
    """Return what a row of the catalogue says of the file `source`, known dead links included."""
    return [Judged(Problem(source, line, rule, message, level, tuple(causes)), target)
            for line, rule, message, level, causes, target in json.loads(payload)]
