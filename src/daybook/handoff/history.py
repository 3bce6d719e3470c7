"""The history of a range as git tells it: commits with their people and the lines that they changed."""
from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo

_HEAD = '\1'  # no row of a diff begins with it


class Row(NamedTuple):
    """What one commit did to one path; lines are None for a binary file, `old` is the name before a rename."""

    added: int | None
    removed: int | None
    path: str
    old: str | None


class Commit(NamedTuple):
    """A commit of the range."""

    oid: str
    subject: str
    time: int  # of the committer, seconds since 1970


def shallow_ends(repo: Repo) -> set[str]:
    """Return the commits at which a shallow clone ends: they look as if they had added every file."""
    data = files.read_bytes(os.path.join(repo.common_dir, 'shallow'))
    return set((data or b'').decode().split())


class Record(NamedTuple):
    """One commit of `git log`: addresses as written and as the mailmap has them, rows of added, removed and path."""

    commit: Commit
    authors: set[str]
    committers: set[str]
    rows: list[Row]


def _parsed(tokens: Iterator[str]) -> Iterator[Row | list[str]]:
    """Read what `git log -z --numstat` prints: the head of a commit as a list, then its rows."""
    for token in tokens:
        if token.startswith(_HEAD):
            yield [token[1:], *(next(tokens) for _ in range(6))]
            continue
        added, removed, path = token.lstrip('\n').split('\t', 2)
        old = None if path else next(tokens)  # of a rename, both names follow
        yield Row(_lines(added), _lines(removed), path or next(tokens), old)


def read(repo: Repo, *revisions: str) -> list[Record]:
    """Return the commits of a range, oldest first; merges have no rows."""
    out = git.expect('-c', 'log.showRoot=true', 'log', '--reverse', '--topo-order', '--numstat', '-z', '--find-renames',
                     '--no-ext-diff', '--no-show-signature', '--encoding=UTF-8', '--diff-merges=off',
                     '--format=%x01%H%x00%ae%x00%aE%x00%ce%x00%cE%x00%ct%x00%s', *revisions, '--', cwd=repo.root).out
    ends = shallow_ends(repo)  # what stands there looks as if it had added every file
    records: list[Record] = []
    for found in _parsed(iter(os.fsdecode(out).split('\0')[:-1])):
        if isinstance(found, Row):
            records[-1].rows.append(found)
        else:
            oid, *who, moment, subject = found
            addresses = [address.casefold() for address in who]
            records.append(Record(Commit(oid, subject, int(moment)), set(addresses[:2]), set(addresses[2:]), []))
    return [record for record in records if record.commit.oid not in ends]


def _lines(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
