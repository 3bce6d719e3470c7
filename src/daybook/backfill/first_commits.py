"""Which commit added each document, followed through its former names; one pass over the history for all of them."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Iterator
from typing import NamedTuple

from daybook.documents.tree import MARKDOWN
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.writers.backfill import Added

# `git log --diff-filter=A --follow` knows one file at a time; -c shows what a merge itself adds, -l bounds the
# search for the source of a rename where thousands of files move at once
_LOG = ('log', '--no-show-signature', '--no-ext-diff', '--topo-order', '--full-history', '-c', '--diff-filter=AR',
        '-l5000', '--name-status', '-z', '--encoding=UTF-8', '--format=%x1e%H%x1f%aN%x1f%aE%x1f%as')


class _Event(NamedTuple):
    """A file that a commit adds, or renames from `source`."""

    commit: Added
    path: str
    source: str | None


def _events(out: bytes) -> Iterator[_Event]:
    tokens = iter(git.zsplit(out))
    commit = Added('', '', '', '', '')
    for token in tokens:
        word = token.removeprefix('\n')
        if word.startswith('\x1e'):
            oid, name, email, date = word[1:].split('\x1f')
            commit = Added(oid, name, email, date, date)
        elif set(word) == {'A'}:
            yield _Event(commit, next(tokens), None)
        else:  # `R087`, of a merge `RR`: the former name and the new one
            source = next(tokens)
            yield _Event(commit, next(tokens), source)


def _log(repo: Repo) -> bytes:
    paths = [f':(top,glob)**/*{ending}' for ending in MARKDOWN]
    is_partial = git.config_value(repo, 'extensions.partialClone') is not None
    # a rename with changes is found by content, which a partial clone would fetch and a damaged one has lost
    for similarity in ('-M100%',) if is_partial else ('-M', '-M100%'):
        result = git.git(*_LOG, similarity, 'HEAD', '--', *paths, cwd=repo.root)
        if result.is_ok:
            return result.out
    return b''


def find(repo: Repo, paths: Iterable[str]) -> dict[str, Added]:
    """Return the oldest commit of HEAD's history that added each of `paths`, under this name or a former one.

    A path that no commit added is left out. The answer for a shallow clone would be wrong; ask `git.is_shallow`.
    """
    called: dict[str, set[str]] = defaultdict(set)  # by the name at this point of the history, the names of today
    for path in paths:
        called[path].add(path)
    named_on: dict[str, str] = {}
    found: dict[str, Added] = {}
    for event in _events(_log(repo)):
        for path in called.get(event.path, ()):
            named_on.setdefault(path, event.commit.date)
            if event.source is None:
                found[path] = event.commit._replace(named_on=named_on[path])
        if event.source is not None and event.path in called:
            called[event.source] |= called.pop(event.path)
    return found
