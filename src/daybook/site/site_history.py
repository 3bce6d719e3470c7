"""The commits that changed each document, as far as they may be told."""
from __future__ import annotations

import datetime
from collections.abc import Callable
from collections.abc import Iterator
from typing import NamedTuple

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.site.site_records import Rebuild
from daybook.site.site_records import Site

_LIMIT = 12  # commits of a document that are told
_FORMAT = '--format=%x1e%m%x1f%h%x1f%aN%x1f%at%x1f%s'


class Commit(NamedTuple):
    """One commit: on the side that left (`<`) or not, abbreviated id, author, date in UTC, subject, paths."""

    side: str
    oid: str
    author: str
    date: str
    subject: str
    paths: list[str]


def _date(seconds: str) -> str:
    try:
        return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ''


def _commits(repo: Repo, span: str) -> Iterator[Commit]:
    """Yield the commits of `span` (`new`, or `old...new`) that changed Markdown, newest first."""
    out = git.git('log', '--no-show-signature', '--no-renames', '--name-only', '-z', '--left-right', '--encoding=UTF-8', _FORMAT,
                  span, '--', '*.md', '*.markdown', '*.mdx', cwd=repo.root).out
    found: Commit | None = None
    for token in git.zsplit(out):
        word = token.removeprefix('\n')
        if word.startswith('\x1e'):
            if found:
                yield found
            side, oid, author, at, subject = [*word[1:].split('\x1f', 4), '', '', '', ''][:5]
            found = Commit(side, oid, author, _date(at), subject, [])
        elif found:
            found.paths.append(word)
    if found:
        yield found


def _has_merges(repo: Repo, span: str) -> bool | None:
    """Return whether `span` (`old..new`) holds a merge; None when one of the two is not here any more."""
    found = git.git('rev-list', '--merges', '--max-count=1', span, cwd=repo.root)
    return bool(found.out) if found.is_ok else None


def _told(commit: Commit, is_shown: Callable[[str], bool], is_document: Callable[[str], bool]) -> list[str]:
    """Return date, author, subject and id of a commit; no subject when it changed a document that is not shown."""
    is_open = all(is_shown(path) for path in commit.paths if is_document(path))
    return [commit.date, commit.author, commit.subject if is_open else '', commit.oid]


def _since(repo: Repo, head: str, before: str | None) -> str | None:
    """Return the commit after which all is new; None when everything is to be told, as a merge brings what may be older."""
    if not before:
        return None
    merges = _has_merges(repo, f'{before}..{head}')
    if merges is None:
        raise Rebuild
    return None if merges else before


def _by_path(repo: Repo, settings: Settings, site: Site, span: str) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for commit in _commits(repo, span):
        if commit.side == '<':
            raise Rebuild
        told = _told(commit, site.is_shown, lambda path: config.kind_of(settings, path) is not None)
        for path in commit.paths:
            if site.is_shown(path) and len(found.setdefault(path, [])) < _LIMIT:
                found[path].append(told)
    return found


def tell(repo: Repo, settings: Settings, site: Site, head: str | None, before: str | None) -> None:
    """Bring the commits of each document from those up to `before` to those up to `head`. Raises Rebuild when some are no more.

    A commit is told by the documents that there are, so that one that comes or goes has all of them read again.
    """
    if head is None:
        if before:
            raise Rebuild
        return
    since = _since(repo, head, None if site.is_other else before)
    for path, new in _by_path(repo, settings, site, f'{since}...{head}' if since else head).items():
        old = site.records.get('history', path) or []
        told = [*new, *(old if since else [])][:_LIMIT]
        if told != old:
            site.records.put('history', path, told)
            site.stale.add(path)
