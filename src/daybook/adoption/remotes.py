"""The remotes of a clone, and what of each differs from what is checked out, as it was fetched last; asks no network."""
from __future__ import annotations

import re
from typing import Any

from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo

_MOST = 10  # remotes that are looked at
_SECONDS = 10
# what a clone without all objects would fetch is not asked for
_OFFLINE = {'GIT_NO_LAZY_FETCH': '1', 'GIT_OPTIONAL_LOCKS': '0'}
_SECRET = re.compile(r'(?<=://)[^/@\s]*@')


def _ask(repo: Repo, *words: str) -> str:
    answer = git.git(*words, cwd=repo.root, env=git.clean_env(_OFFLINE), timeout=_SECONDS)
    return answer.text if answer.is_ok else ''


def _tip(repo: Repo, name: str) -> str:
    """Return the remote's default branch, a ref of its own, `` when none was fetched."""
    ref = git_refs.default_branch(repo, name) or ''
    return ref if ref.startswith(f'refs/remotes/{name}/') else ''


def _one(repo: Repo, name: str) -> dict[str, Any]:
    url = _SECRET.sub('', git.config_value(repo, f'remote.{name}.url') or '')
    tip = _tip(repo, name)
    counts = _ask(repo, 'rev-list', '--left-right', '--count', f'HEAD...{tip}', '--').split() if tip else []
    changed = _ask(repo, 'diff-tree', '-r', '--no-renames', '--name-only', 'HEAD', tip, '--', '*.md', '*.markdown', '*.mdx') if tip else ''
    unmerged = _ask(repo, 'for-each-ref', '--no-merged=HEAD', '--format=%(symref) %(refname)', f'refs/remotes/{name}/')
    others = [line for line in unmerged.splitlines() if line.startswith(' ') and line != f' {tip}']
    return {'name': name, 'url': url, 'branch': tip.removeprefix('refs/remotes/') or None,
            'ahead': int(counts[0]) if counts else None, 'behind': int(counts[1]) if counts else None,
            'markdown_differing': len(changed.splitlines()), 'unmerged_branches': len(others)}


def look(repo: Repo) -> list[dict[str, Any]]:
    """Return each remote: its address without a password, and how HEAD and its default branch differ."""
    return [_one(repo, name) for name in git_refs.remotes(repo)[:_MOST]]
