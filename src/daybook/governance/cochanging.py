"""Which co-change rules a commit, a push or a range of commits breaks, and which of them can never fire."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents import config
from daybook.documents.config import Cochange
from daybook.problem import Problem
from daybook.repo import git
from daybook.repo import git_changes
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.repo.git_changes import Commit
from daybook.repo.git_changes import File
from daybook.rules import cochange
from daybook.rules.cochange import Span

_SHOWN = 10  # characters of a commit's id
_JUST_NOW = 2  # seconds; two commits of a script may share one


class Excuse(NamedTuple):
    """A trailer that somebody wrote: in which commit, for which rule (``: all), and why."""

    oid: str
    rule: str
    why: str


def _touched(repo: Repo, rules: Sequence[Cochange], files: Collection[File], base: str, end: str | None) -> set[tuple[str, str]]:
    """Return path and label of the regions that a change touches, before it or after it."""
    found = set()
    for path, old, label in sorted(cochange.wanted(rules, files), key=str):
        texts = git_objects.read_blobs(repo, [f'{base}:{old or path}', f'{end}:{path}' if end else f':{path}'])
        spans = git_changes.lines(repo, base, end, path, old)
        for name, data, hunks in zip((old or path, path), texts, spans):
            text = (data or b'').decode('utf-8', 'replace')
            if cochange.touches([Span(*hunk) for hunk in hunks], cochange.region(name, text, label)):
                found.add((path, label))
    return found


def _judge(repo: Repo, rules: Sequence[Cochange], files: Collection[File], base: str, end: str | None,
           exits: Collection[cochange.Exit], where: str = '') -> list[Problem]:
    return cochange.check(rules, files, _touched(repo, rules, files, base, end), exits, where)


def of_commit(repo: Repo, rules: Sequence[Cochange], message: bytes, author_date: str | None, begun: float) -> list[Problem]:
    """Return the rules that the commit under way breaks, by what is staged and its message.

    A commit that amends answers for all that it then holds. git does not tell a hook that it does; the date of the
    author, `author_date` (`@SECONDS ZONE`), does: it is then that of HEAD, and older
    than the message, which git wrote at `begun` (seconds since 1970).
    """
    exits = cochange.exits_of(git_changes.trailers(repo, message, cochange.TRAILER), [rule.name for rule in rules])
    base = git_refs.resolve(repo, 'HEAD') or git_changes.empty_tree(repo)
    found = _judge(repo, rules, git_changes.staged(repo, 'HEAD'), base, None, exits)
    if found and author_date and _amends(repo, author_date, begun):
        before = git_refs.resolve(repo, 'HEAD^') or git_changes.empty_tree(repo)
        whole = _judge(repo, rules, git_changes.staged(repo, before), before, None, exits)
        broken = {wrong.rule for wrong in whole}
        return [wrong for wrong in found if wrong.rule in broken]
    return found


def _amends(repo: Repo, date: str, begun: float) -> bool:
    seconds = re.match(r'@?(\d+)', date)
    if seconds is None or begun - int(seconds[1]) < _JUST_NOW:
        return False
    head = git.git('log', '-1', '--no-show-signature', '--format=%at', 'HEAD', '--', cwd=repo.root)
    return head.is_ok and head.text == seconds[1]


def is_changed(repo: Repo, chosen: tuple[str | None, str] | None) -> bool:
    """Return whether a range of commits, base and end, or with None what is staged, changes anything."""
    if chosen is None:
        return bool(git_changes.staged(repo))
    base, end = chosen
    return bool(git_changes.between(repo, base or git_changes.empty_tree(repo), end))


def of_each(repo: Repo, rules: Sequence[Cochange], base: str | None, end: str) -> list[Problem]:
    """Return the rules that each commit of a range breaks by itself, merges left out."""
    names = [rule.name for rule in rules]
    found = []
    for commit in git_changes.commits(repo, base, end, cochange.TRAILER):
        exits = cochange.exits_of(commit.trailers, names)
        found += _judge(repo, rules, commit.files, _parent(repo, commit), commit.oid, exits, f'{commit.oid[:_SHOWN]} {commit.subject}: ')
    return found


def _parent(repo: Repo, commit: Commit) -> str:
    return git_refs.resolve(repo, f'{commit.oid}^') or git_changes.empty_tree(repo)


def of_range(repo: Repo, rules: Sequence[Cochange], base: str | None, end: str) -> list[Problem]:
    """Return the rules that a range of commits breaks as a whole.

    What one commit leaves behind another one may make good. A rule is excused when every commit that sets it off is.
    """
    start = base or git_changes.empty_tree(repo)
    broken = _judge(repo, rules, git_changes.between(repo, start, end), start, end, ())
    if not broken:
        return []
    wanted = [rule for rule in rules if f'cochange-{rule.name}' in {wrong.rule for wrong in broken}]
    names = [rule.name for rule in rules]
    unexcused: set[str] = set()
    excused: set[str] = set()
    for commit in git_changes.commits(repo, base, end, cochange.TRAILER):
        exits = cochange.exits_of(commit.trailers, names)
        changes = commit.files
        touched = _touched(repo, wanted, changes, _parent(repo, commit), commit.oid)
        for rule in wanted:
            if cochange.causes(rule, changes, touched):
                (excused if cochange.is_excused(rule, exits) else unexcused).add(rule.name)
    answered = {f'cochange-{name}' for name in excused - unexcused}
    return [wrong for wrong in broken if wrong.rule not in answered]


class Left(NamedTuple):
    """A rule that a range breaks: what set it off, and the globs that nothing met."""

    rule: Cochange
    causes: tuple[str, ...]
    globs: tuple[str, ...]


def left_behind(repo: Repo, rules: Sequence[Cochange], base: str | None, end: str) -> list[Left]:
    """Return the rules that a range of commits breaks as a whole, as `of_range` judges it."""
    broken = {wrong.rule for wrong in of_range(repo, rules, base, end)}
    if not broken:
        return []
    start = base or git_changes.empty_tree(repo)
    changes = git_changes.between(repo, start, end)
    touched = _touched(repo, rules, changes, start, end)
    return [Left(rule, tuple(cochange.causes(rule, changes, touched)), tuple(cochange.unmet(rule, changes, touched)))
            for rule in rules if f'cochange-{rule.name}' in broken]


def excuses(repo: Repo, rules: Sequence[Cochange], base: str | None, end: str) -> list[Excuse]:
    """Return the trailers in the commits of a range, the oldest first."""
    names = [rule.name for rule in rules]
    return [Excuse(commit.oid, exit_.rule, exit_.why) for commit in git_changes.commits(repo, base, end, cochange.TRAILER)
            for exit_ in cochange.exits_of(commit.trailers, names)]


def _labels(repo: Repo, rules: Sequence[Cochange], files: Collection[str]) -> dict[str, list[str]]:
    """Return for each glob with a label the files that have it, as the index has them."""
    found: dict[str, list[str]] = {}
    for glob in {glob for rule in rules for glob in (*rule.when, *rule.then) if cochange.label_of(glob)}:
        fitting = [path for path in files if cochange.fits(glob, path) and '\n' not in path]
        texts = git_objects.read_blobs(repo, [f':{path}' for path in fitting])
        found[glob] = [path for path, data in zip(fitting, texts)
                       if data is not None and cochange.region(path, data.decode('utf-8', 'replace'), cochange.label_of(glob))]
    return found


def dead(repo: Repo, rules: Sequence[Cochange], files: Collection[str], lines: Mapping[str, int], changed: Collection[str]) -> list[Problem]:
    """Return the rules that can never fire or be met; the files `changed` by the change at hand may be the causes."""
    return cochange.check_rules(rules, files, _labels(repo, rules, files), config.PATH, lines, changed)
