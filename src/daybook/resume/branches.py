"""The branches of the remote: fetched into refs of our own, and which notes only they have."""
from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo import git_spawn
from daybook.repo.git import Repo
from daybook.session import arbiter

SPACE = 'refs/daybook/remotes'
WAIT = 3.0  # seconds for a fetch, the wait for another one included
_MOST = 50  # branches that are read, those committed to last
_PAIRS = re.compile(r'(?:[0-9a-f]{40,64} [0-9a-f]{40,64}\n)+')
NAMES = ('main', 'master', 'trunk', 'develop')
# whatever the user's settings say: no tags, no hooks, no submodules, no background work, no other refs
_SETTINGS = ('fetch.pruneTags=false', 'fetch.writeCommitGraph=false', 'fetch.output=compact', f'core.hooksPath={os.devnull}')
_OPTIONS = ('--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', '--no-auto-maintenance', '--prune',
            '--refmap=', '--no-show-forced-updates')
_SEE, _WHERE = ' (see `git fetch`)', ' (see `git remote -v`)'
# what git or ssh says, in lower case, and what that means, with what to run where it is no passing state
_REASONS = {
    'could not resolve': 'is offline (its host has no address)', 'timed out': 'is offline (timed out)', 'refused': 'is offline (connection refused)',
    'unreachable': 'is offline (no way to its host)', 'denied': f'lets nobody in from here{_SEE}',
    'not found': f'leads to no repository{_WHERE}', 'does not exist': f'leads to no repository{_WHERE}',
    'does not appear': f'leads to no repository{_WHERE}', 'terminal prompts disabled': f'asks for a password{_SEE}',
}


class Branch(NamedTuple):
    """One branch of the remote: its name as people write it (`origin/topic`), its commit and the tree of that."""

    name: str
    commit: str
    tree: str


class Elsewhere(NamedTuple):
    """A file that only a branch has like this: its blob and path."""

    oid: str
    path: str
    branch: Branch


def remote_of(repo: Repo, settings: Settings) -> str | None:
    """Return the remote whose branches are read: that of the claims, whether they ask it or not."""
    asks = settings.claims_remote != 'off'
    remote = arbiter.remote_of(repo, settings if asks else settings._replace(claims_remote='auto'))
    return remote if remote in git_refs.remotes(repo) else None


def _environment(repo: Repo) -> dict[str, str]:
    return git.network_env(repo, {'GIT_ASKPASS': '', 'SSH_ASKPASS': '', 'SSH_ASKPASS_REQUIRE': 'never'})


def _reason(result: git.Result) -> str:
    if result.code is None:
        return f'did not answer in {WAIT:.0f} s'
    words = result.err.casefold()
    return next((reason for said, reason in _REASONS.items() if said in words), f'cannot be fetched{_SEE}')


def fetch(repo: Repo, remote: str) -> str:
    """Fetch the branches of `remote` into refs of our own; return why they could not be, empty when they were.

    The user's tracking refs, tags and FETCH_HEAD stay as they are, and nobody is asked anything.
    """
    limit = time.monotonic() + WAIT
    own = (*_SETTINGS, f'remote.{remote}.pruneTags=false')
    words = (*(word for setting in own for word in ('-c', setting)), 'fetch', *_OPTIONS, '--', remote,
             f'+refs/heads/*:{SPACE}/{remote}/*')
    try:
        with files.exclusive_lock(os.path.join(repo.common_dir, 'daybook', 'fetch.lock'), WAIT) as is_held:
            left = limit - time.monotonic()
            if not is_held or left < 0.1:
                return 'is being fetched by another run'
            result = git.git(*words, cwd=repo.root, env=_environment(repo), timeout=left)
    except OSError:
        return 'cannot be fetched into a repository that is read-only'
    return '' if result.is_ok else _reason(result)


def _spaces(remote: str, is_fresh: bool) -> list[str]:
    """Return where branches of the remote lie, the one to believe first."""
    ours, theirs = f'{SPACE}/{remote}/', f'refs/remotes/{remote}/'
    return [ours] if is_fresh else [ours, theirs]


def unmerged(repo: Repo, remote: str, *, is_fresh: bool) -> tuple[list[Branch], int]:
    """Return the branches of `remote` with commits that HEAD does not have, and how many older ones are left out."""
    merged = ['--no-merged=HEAD'] if git_refs.resolve(repo, 'HEAD') else []
    lines = git.git('for-each-ref', '--sort=-committerdate', '--format=%(refname) %(objectname) %(tree)', *merged,
                    *_spaces(remote, is_fresh), cwd=repo.root).lines
    rows = [line.split(' ') for line in lines]
    found = {oid: Branch(f'{remote}/{ref.removeprefix(space)}', oid, tree) for ref, oid, tree in rows if tree
             for space in _spaces(remote, is_fresh) if ref.startswith(space) and not ref.endswith('/HEAD')}
    ordered = sorted(found.values(), key=lambda branch: branch.name not in [f'{remote}/{name}' for name in NAMES])
    return ordered[:_MOST], len(ordered[_MOST:])


def _changes(out: str, by_tree: dict[str, Branch]) -> Iterator[Elsewhere]:
    branch = None
    tokens = out.split('\0')
    for meta, path in zip(tokens[::2], tokens[1::2]):
        pairs = _PAIRS.match(meta)
        if pairs:
            branch = by_tree[pairs[0].split()[-1]]
        mode, oid = meta[pairs.end() if pairs else 0:].split(' ')[1:4:2]
        if branch and mode.startswith('100'):
            yield Elsewhere(oid, path, branch)


def _bases(repo: Repo, branches: Sequence[Branch]) -> list[str]:
    """Return the tree from which each branch went its own way, the empty one where it shares nothing with HEAD.

    Not that of HEAD: a note that was given another id, or was taken away, would come back with every old branch.
    """
    asked = [('merge-base', 'HEAD', branch.commit) for branch in branches]
    commits = [os.fsdecode(answer or b'').strip('\n') for answer in git_spawn.answers(repo.root, *asked)]
    known = list(dict.fromkeys(filter(None, commits)))
    trees = git.git('rev-parse', *(f'{commit}^{{tree}}' for commit in known), cwd=repo.root).lines if known else []
    empty = git_objects.EMPTY_TREE['sha256' if len(branches[0].tree) == 64 else 'sha1']
    by_commit = dict(zip(known, trees))
    return [by_commit.get(commit, empty) for commit in commits]


def elsewhere(repo: Repo, branches: Sequence[Branch], pathspecs: Sequence[str]) -> list[Elsewhere]:
    """Return the files below `pathspecs` that `branches` brought or changed since they left HEAD's history.

    Of several branches with the same file the first one is named.
    """
    if not branches:
        return []
    by_tree: dict[str, Branch] = {}
    pairs = []
    for base, branch in zip(_bases(repo, branches), branches):
        if branch.tree not in by_tree:
            pairs.append(f'{base} {branch.tree}\n')
        by_tree.setdefault(branch.tree, branch)
    out = git.git('diff-tree', '--stdin', '-r', '-z', '--no-renames', '--diff-filter=AMT', '--', *pathspecs,
                  cwd=repo.root, stdin=''.join(pairs).encode()).out
    found: dict[tuple[str, str], Elsewhere] = {}
    for change in _changes(os.fsdecode(out), by_tree):
        found.setdefault((change.oid, change.path), change)
    return list(found.values())


def is_partial(repo: Repo) -> bool:
    """Return whether blobs may be missing here that git would fetch one by one."""
    return git.git('config', '--get-regexp', r'^(extensions\.partialclone|remote\..*\.promisor)$', cwd=repo.root).is_ok


def read_blobs(repo: Repo, oids: Sequence[str], scratch: str) -> list[bytes | None]:
    """Return the content of each blob, None for what is not in this clone: a partial one is never completed.

    `scratch` is empty where the clone is not partial. Else it is a folder of ours, made a repository without remotes:
    git 2.39 knows no other way not to fetch.
    """
    if not scratch:
        return git_objects.read_blobs(repo, oids)
    for name in ('refs', 'objects'):
        os.makedirs(os.path.join(scratch, name), exist_ok=True)
    is_sha256 = git.config_value(repo, 'extensions.objectFormat') == 'sha256'
    version = '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n' if is_sha256 else ''
    for name, text in (('HEAD', 'ref: refs/heads/none\n'), ('config', version)):
        files.create_exclusive(os.path.join(scratch, name), text.encode())
    env = git.clean_env({'GIT_OBJECT_DIRECTORY': os.path.join(repo.common_dir, 'objects'), 'GIT_DIR': scratch})
    return git_objects.read_blobs(repo, oids, env)
