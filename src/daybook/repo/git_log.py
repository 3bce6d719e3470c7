"""What git's log tells of files, people and habits."""
from __future__ import annotations

import os
from collections.abc import Collection
from typing import NamedTuple

from daybook.repo import git
from daybook.repo.git import Repo


_MOST_RENAMES = 10  # of one file, that are followed


class Touch(NamedTuple):
    """One commit as far as it tells who wrote a file and when: `at` is its author's time, seconds since 1970."""

    oid: str
    name: str
    email: str
    at: int


def touches(repo: Repo, *pathspecs: str, commit: str = 'HEAD') -> dict[str, tuple[Touch, Touch]]:
    """Return the newest and the oldest commit of a history that touched each path; none without a commit."""
    out = git.git('log', '--no-show-signature', '--no-renames', '--name-only', '-z',
                  '--format=%x1e%H%x1f%aN%x1f%aE%x1f%at', commit, '--', *pathspecs, cwd=repo.root).out
    found: dict[str, tuple[Touch, Touch]] = {}
    touch: Touch | None = None
    for token in git.zsplit(out):
        word = token.removeprefix('\n')
        if word.startswith('\x1e'):
            oid, name, email, at = word[1:].split('\x1f')
            touch = Touch(oid, name, email, int(at or 0))
        elif touch:
            found[word] = (found[word][0] if word in found else touch, touch)
    return found


def renames(repo: Repo, *pathspecs: str) -> dict[str, dict[str, str]]:
    """Return the old name of each new one, by the commit of HEAD's history that renamed them, within the pathspecs."""
    out = git.git('log', '--no-show-signature', '-M', '-l5000', '--diff-filter=R', '--name-status', '-z', '--format=%x1e%H',
                  'HEAD', '--', *pathspecs, cwd=repo.root).out
    found: dict[str, dict[str, str]] = {}
    words = iter(git.zsplit(out))
    commit = ''
    for word in words:
        word = word.removeprefix('\n')
        if word.startswith('\x1e'):
            commit, word = word[1:], ''
        if word.startswith('R'):
            old, new = next(words), next(words)
            found.setdefault(commit, {})[new] = old
    return found


def origins(repo: Repo, paths: Collection[str], folders: Collection[str]) -> dict[str, Touch]:
    """Return the commit that brought each path, under another name perhaps, as far as it was renamed within `folders`."""
    wanted = {path: path for path in paths}  # the name that each had before
    found: dict[str, Touch] = {}
    moved: dict[str, dict[str, str]] | None = None
    for _ in range(_MOST_RENAMES):
        names = sorted(set(wanted.values()))
        told = touches(repo, *git.pathspec(names if len(names) < 100 else folders))
        found.update((path, told[name][1]) for path, name in wanted.items() if name in told)
        moved = renames(repo, *git.pathspec(folders)) if moved is None and told else moved or {}
        wanted = {path: old for path, name in wanted.items() if name in told and (old := moved.get(told[name][1].oid, {}).get(name))}
        if not wanted:
            break
    return found


class Commit(NamedTuple):
    """One commit as far as it tells a team's habits; the mailmap is applied."""

    parents: int
    name: str
    email: str
    subject: str


def recent_commits(repo: Repo, limit: int) -> list[Commit]:
    """Return the newest `limit` commits of HEAD's history; none before the first commit or after 20 seconds."""
    out = git.git('log', '--no-show-signature', f'-n{limit}', '-z', '--encoding=UTF-8',
                  '--format=tformat:%P%x00%aN%x00%aE%x00%s', 'HEAD', '--', cwd=repo.root, timeout=20).out
    fields = [os.fsdecode(field) for field in out.split(b'\0')]
    return [Commit(len(fields[i].split()), *fields[i + 1:i + 4]) for i in range(0, len(fields) - 3, 4)]


def change_counts(repo: Repo, limit: int, *pathspecs: str) -> dict[str, int]:
    """Return how many of the newest `limit` commits changed each path; none when it takes over 20 seconds."""
    result = git.git('log', '--no-show-signature', '--no-renames', '--no-merges', '--name-only', '-z', f'-n{limit}',
                     '--format=tformat:', 'HEAD', '--', *pathspecs, cwd=repo.root, timeout=20)
    counts: dict[str, int] = {}
    for path in git.zsplit(result.out) if result.is_ok else ():
        counts[path.lstrip('\n')] = counts.get(path.lstrip('\n'), 0) + 1
    return counts
