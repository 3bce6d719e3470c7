"""Rule: what belongs together changes together, or somebody says in the commit why not."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from typing import NamedTuple

from daybook.documents import markdown
from daybook.documents import tree
from daybook.documents.config import Cochange
from daybook.documents.globs import glob_regex
from daybook.problem import Problem

if TYPE_CHECKING:  # a rule takes values and asks no git
    from daybook.repo.git_changes import File

TRAILER = 'Docs-Reviewed'
_SHOWN = 3  # so many files a message names
# the marks of IfThisThenThat linters (https://github.com/simonepri/ifttt-lint), so that a file needs only one kind
_BEGIN = re.compile(r'LINT\.(?:Label|IfChange)\(\s*+["\']?([^"\'()]++)["\']?\s*+\)')
_END = re.compile(r'LINT\.(?:EndLabel|ThenChange)\b')


class Exit(NamedTuple):
    """A trailer of a commit: which rule is excused (``: all of them), and why."""

    rule: str
    why: str


class Span(NamedTuple):
    """Lines of a text, from 1; empty when the last lies before the first."""

    first: int
    last: int


def exits_of(values: Iterable[str], names: Collection[str]) -> list[Exit]:
    """Return what the values of the trailers mean; `names` are those of the rules, which may stand before the reason."""
    found = []
    for value in values:
        name, colon, why = value.partition(':')
        is_named = bool(colon) and name.strip() in names
        found.append(Exit(name.strip(), why.strip()) if is_named else Exit('', value.strip()))
    return found


def is_excused(rule: Cochange, exits: Iterable[Exit]) -> bool:
    """Return whether a trailer with a reason excuses the rule."""
    return any(each.why and each.rule in ('', rule.name) for each in exits)


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(glob_regex(glob.partition('#')[0].lstrip('/')), re.DOTALL)


def label_of(glob: str) -> str:
    """Return the label behind a glob, `` where it means whole files."""
    return glob.partition('#')[2]


def fits(glob: str, path: str | None) -> bool:
    """Return whether the files that a glob of a rule means, its label left out, have `path` among them."""
    return path is not None and _pattern(glob).fullmatch(path) is not None


def region(path: str, text: str, label: str) -> list[Span]:
    """Return the lines of the file at `path` that a label means: what marks enclose, and in Markdown the section of that slug.

    The marks themselves are none of them: who puts them around what is there has changed nothing of it.
    """
    found: list[Span] = []
    lines = text.splitlines()
    begun: int | None = None
    for number, line in enumerate(lines, 1):
        if begun is not None and _END.search(line):
            found.append(Span(begun + 1, number - 1))
            begun = None
        elif (mark := _BEGIN.search(line)) and mark[1].strip() == label:
            begun = number
    if tree.is_markdown(path):
        headings = markdown.headings(text)
        for position, heading in enumerate(headings):
            if heading.slug == label:
                ends = (other.line - 1 for other in headings[position + 1:] if other.level <= heading.level and not other.nested)
                found.append(Span(heading.line, next(ends, len(lines))))
    return found


def touches(hunks: Iterable[Span], regions: Collection[Span]) -> bool:
    """Return whether changed lines lie in one of the regions."""
    return any(hunk.first <= span.last and span.first <= hunk.last for hunk in hunks for span in regions
               if hunk.last >= hunk.first and span.last >= span.first)


def wanted(rules: Iterable[Cochange], changes: Iterable[File]) -> set[tuple[str, str | None, str]]:
    """Return path, old path and label of the regions of which somebody must say whether the change touches them."""
    globs = {glob for rule in rules for glob in (*rule.when, *rule.then) if label_of(glob)}
    return {(change.path, change.old, label_of(glob)) for change in changes for glob in globs
            if fits(glob, change.path) or fits(glob, change.old)}


def _hits(glob: str, change: File, touched: Collection[tuple[str, str]]) -> bool:
    if not fits(glob, change.path) and not fits(glob, change.old):
        return False
    return not label_of(glob) or (change.path, label_of(glob)) in touched


def causes(rule: Cochange, changes: Iterable[File], touched: Collection[tuple[str, str]]) -> list[str]:
    """Return the paths of the changes that set a rule off; a file that was only moved within its globs does not."""
    found = []
    for change in changes:
        if change.status not in rule.changes or any(fits(glob, change.path) for glob in rule.exclude):
            continue
        if change.moved and any(fits(glob, change.path) and fits(glob, change.old) for glob in rule.when):
            continue
        if any(_hits(glob, change, touched) for glob in rule.when):
            found.append(change.path)
    return sorted(found)


def unmet(rule: Cochange, changes: Collection[File], touched: Collection[tuple[str, str]]) -> list[str]:
    """Return the globs of `then` that no change meets; a new name alone is no review."""
    return [glob for glob in rule.then if not any(not change.moved and _hits(glob, change, touched) for change in changes)]


def check(rules: Iterable[Cochange], changes: Collection[File], touched: Collection[tuple[str, str]],
          exits: Collection[Exit] = (), where: str = '') -> list[Problem]:
    """Return the rules that a change breaks and no trailer excuses; `touched` are paths and labels of changed regions.

    `where` says which commit it was, at the head of the message.
    """
    found = []
    for rule in rules:
        begun = causes(rule, changes, touched)
        missing = unmet(rule, changes, touched) if begun and not is_excused(rule, exits) else []
        if missing:
            found.append(_broken(rule, begun, missing, exits, where))
    return found


def _broken(rule: Cochange, begun: Sequence[str], missing: Sequence[str], exits: Iterable[Exit], where: str) -> Problem:
    more = f' and {len(begun) - _SHOWN} more' if len(begun) > _SHOWN else ''
    empty = any(not each.why for each in exits)
    hint = (f'`{TRAILER}:` has no reason; write one behind it' if empty
            else f'change it too, or say in the message why it is still true: `{TRAILER}: <why>`')
    why = f' ({rule.why})' if rule.why else ''
    return Problem(begun[0], 1, f'cochange-{rule.name}',
                   f'{where}{", ".join(begun[:_SHOWN])}{more} changed without {" and ".join(missing)}{why}; {hint}',
                   causes=tuple(begun[1:]))


def check_rules(rules: Sequence[Cochange], files: Collection[str], labels: Mapping[str, Collection[str]],
                path: str, lines: Mapping[str, int], gone: Collection[str]) -> list[Problem]:
    """Return the rules of the settings file `path` that can never fire, or never be met.

    `files` are those of the repository, `labels` for each glob with a label the files that have it, `gone` those that
    the change at hand deletes, renames or strips of a label.
    """
    found: list[Problem] = []
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        if rule.name in seen:
            found.append(Problem(path, lines.get(f'/cochange/{number}/name', 1), 'cochange-twice',
                                 f'{rule.name} is the name of two rules; give each its own, as trailers name them'))
        seen.add(rule.name)
        found += _dead(rule, number, files, labels, path, lines, gone)
    return found


def _dead(rule: Cochange, number: int, files: Collection[str], labels: Mapping[str, Collection[str]],
          path: str, lines: Mapping[str, int], gone: Collection[str]) -> Iterator[Problem]:
    for key, globs, words in (('when', rule.when, 'so the rule can never fire'), ('then', rule.then, 'so nobody can ever meet the rule')):
        for position, glob in enumerate(globs):
            fitting = [each for each in files if fits(glob, each)]
            if key == 'when':
                fitting = [each for each in fitting if not any(fits(other, each) for other in rule.exclude)]
            line = lines.get(f'/cochange/{number}/{key}/{position}', 1)
            by = tuple(sorted(each for each in gone if fits(glob, each)))
            if not fitting:
                yield Problem(path, line, 'cochange-dead', f'{rule.name}: no file matches {glob}, {words}; mend the glob', causes=by)
            elif label_of(glob) and not labels.get(glob):
                yield Problem(path, line, 'cochange-dead', f'{rule.name}: no file that matches {glob.partition("#")[0]} '
                              f'has the label or heading {label_of(glob)}, {words}; mend the label', causes=by)

