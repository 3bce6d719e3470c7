"""What git's log tells of files, people and habits."""
from __future__ import annotations

import os
from typing import NamedTuple

from daybook.repo import git
from daybook.repo.git import Repo


class Touch(NamedTuple):
    """One commit as far as it tells who wrote a file and when: `at` is its author's time, seconds since 1970."""

    oid: str
    name: str
    email: str
    at: int


def touches(repo: Repo, *pathspecs: str) -> dict[str, tuple[Touch, Touch]]:
    """Return the newest and the oldest commit of HEAD's history that touched each path; none without a commit."""
    out = git.git('log', '--no-show-signature', '--no-renames', '--name-only', '-z',
                  '--format=%x1e%H%x1f%aN%x1f%aE%x1f%at', 'HEAD', '--', *pathspecs, cwd=repo.root).out
    found: dict[str, tuple[Touch, Touch]] = {}
    commit = None
    for token in git.zsplit(out):
        word = token.removeprefix('\n')
        if word.startswith('\x1e'):
            oid, name, email, at = word[1:].split('\x1f')
            commit = Touch(oid, name, email, int(at or 0))
        elif commit:
            found[word] = (found[word][0] if word in found else commit, commit)
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
