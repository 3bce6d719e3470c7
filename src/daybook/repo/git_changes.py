"""What commits change: files with their old names, the lines of some of them, and the trailers of the messages."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from daybook.errors import FatalError
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo.git import Repo

_NAMES = {'A': 'added', 'C': 'added', 'D': 'deleted'}
_HUNK = re.compile(r'^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@', re.MULTILINE)
_HEAD = re.compile('\x1e([0-9a-f]{40,64})\x1f(.*)\x1f([^\x1f]*)', re.DOTALL)  # a subject may hold any byte, and so may a name
_FORMAT = '--format=%x1e%H%x1f%s%x1f%(trailers:key={},valueonly,unfold,separator=%x1d)'


class File(NamedTuple):
    """One changed file: `added`, `modified` or `deleted`; of a renamed one also its old name, and whether only that changed."""

    status: str
    path: str
    old: str | None = None
    moved: bool = False


class Commit(NamedTuple):
    """One commit: its id, subject, the values of the trailer that was asked for, and its files."""

    oid: str
    subject: str
    trailers: tuple[str, ...]
    files: tuple[File, ...]


def _files(words: Iterator[str]) -> Iterator[File]:
    for status in words:
        if status[0] in 'RC':
            old, path = next(words), next(words)
            if status[0] == 'C':
                yield File('added', path)
            else:
                yield File('modified', path, old, status[1:] == '100')
        else:
            yield File(_NAMES.get(status[0], 'modified'), next(words))


def staged(repo: Repo, base: str | None = 'HEAD') -> list[File]:
    """Return what the index changes against the commit `base`; against nothing when it is None or does not exist."""
    base = base if base and git_refs.resolve(repo, base) else empty_tree(repo)
    out = git.expect('diff-index', '--cached', '--name-status', '-z', '-M', '--ita-invisible-in-index', base, '--', cwd=repo.root).out
    return list(_files(iter(git.zsplit(out))))


def on_disk(repo: Repo, base: str) -> list[File]:
    """Return what the tracked files of the work tree change against the commit `base`; nothing when it does not exist."""
    result = git.git('diff-index', '--name-status', '-z', '-M', base, '--', cwd=repo.root)
    return list(_files(iter(git.zsplit(result.out)))) if result.is_ok else []


def between(repo: Repo, base: str, end: str) -> list[File]:
    """Return what changes from the commit or tree `base` to `end`."""
    out = git.expect('diff-tree', '-r', '--name-status', '-z', '-M', base, end, '--', cwd=repo.root).out
    return list(_files(iter(git.zsplit(out))))


def empty_tree(repo: Repo) -> str:
    """Return the id of the tree without files."""
    return git_objects.EMPTY_TREE[git.config_value(repo, 'extensions.objectFormat') or 'sha1']


def commits(repo: Repo, base: str | None, end: str, trailer: str) -> list[Commit]:
    """Return the commits of `end` that `base` has not, merges left out, the oldest first."""
    words = (f'{base}..{end}' if base else end,)
    out = git.expect('log', '--no-show-signature', '--no-merges', '--reverse', '--topo-order', '-M', '--name-status', '-z', '--root',
                     _FORMAT.format(trailer), *words, '--', cwd=repo.root).out
    found: list[Commit] = []
    heads: list[tuple[str, str, tuple[str, ...]]] = []
    names: list[list[str]] = []
    for word in git.zsplit(out):
        word = word.removeprefix('\n')
        if head := _HEAD.fullmatch(word):
            oid, subject, trailers = head.groups()
            heads.append((oid, subject, tuple(trailers.strip('\n').split('\x1d')) if trailers.strip('\n') else ()))
            names.append([])
        elif names and word:
            names[-1].append(word)
    for told, words_of in zip(heads, names):
        found.append(Commit(*told, tuple(_files(iter(words_of)))))
    return found


def _spans(patch: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    before, after = [], []
    for old, olds, new, news in _HUNK.findall(patch):
        before.append((int(old), int(old) + int(olds or 1) - 1))
        after.append((int(new), int(new) + int(news or 1) - 1))
    return before, after


def lines(repo: Repo, base: str, end: str | None, path: str, old: str | None = None) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the changed lines of a file before and after, first and last; the last below the first where there are none.

    `end` None means the index.
    """
    ends = ('diff-index', '--cached', base) if end is None else ('diff-tree', base, end)
    out = git.expect(ends[0], '-p', '-M', '-U0', '--no-color', '--no-ext-diff', *ends[1:], '--',
                     *git.pathspec([path, *([old] if old else [])]), cwd=repo.root).out
    return _spans(out.decode('utf-8', 'replace'))


def trailers(repo: Repo, message: bytes, key: str) -> list[str]:
    """Return the values of the trailer `key` in a message as git reads it, without comments and the patch of `-v`."""
    out = git.expect('interpret-trailers', '--parse', cwd=repo.root, stdin=message).out.decode('utf-8', 'replace')
    values = (line.partition(':') for line in out.split('\n'))
    return [value.strip() for name, _, value in values if name.strip().casefold() == key.casefold()]


def _refuse_shallow(repo: Repo) -> None:
    if git_refs.is_shallow(repo):
        raise FatalError('this clone is shallow, so that it does not know what these commits change; '
                         'fetch the whole history (in CI `fetch-depth: 0`)')


def split_range(repo: Repo, text: str) -> tuple[str | None, str]:
    """Return base and end of `A..B`, `A...B` (their merge base) or `B` (all of its history). Raises FatalError."""
    base, dots, end = text.partition('...') if '...' in text else text.partition('..')
    if not dots:
        base, end = '', text
    for name in filter(None, (base, end or 'HEAD')):
        if git_refs.resolve(repo, name) is None:
            raise FatalError(f'no such commit: {name}; in CI fetch the whole history (`fetch-depth: 0`)')
    if not base and not dots:
        _refuse_shallow(repo)
    if dots == '...' or base:
        found = git.git('merge-base', base, end or 'HEAD', cwd=repo.root)
        if not found.is_ok:
            _refuse_shallow(repo)
        return (found.text if found.is_ok else git_refs.resolve(repo, base)), end or 'HEAD'
    return None, end or 'HEAD'
