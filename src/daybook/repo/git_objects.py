"""What git holds: the entries of the index and of trees, and the content of objects."""
from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.repo import git
from daybook.repo import git_spawn
from daybook.repo.git import Repo

EMPTY_TREE = {'sha1': '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
              'sha256': '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'}
# git before 2.44 knows only the second
_NO_FETCH = {'GIT_NO_LAZY_FETCH': '1', 'GIT_ALLOW_PROTOCOL': 'none'}


class TreeEntry(NamedTuple):
    """One line of an index or a tree: octal mode, object id, path, merge stage (0 when merged)."""

    mode: str
    oid: str
    path: str
    stage: int = 0


def index_entries(repo: Repo, *pathspecs: str, env: Mapping[str, str] | None = None, is_unmerged: bool = False) -> list[TreeEntry]:
    """Return the entries of the index with mode, object id and merge stage; with `is_unmerged` those in conflict."""
    return _listed(repo, ('--unmerged' if is_unmerged else '-s',), pathspecs, env)


def sides(repo: Repo, *pathspecs: str) -> list[TreeEntry]:
    """Return the entries of files that a merge left in conflict, those too that have been added since, as long as git remembers."""
    return _listed(repo, ('--unmerged', '--resolve-undo'), pathspecs, None)


def _listed(repo: Repo, options: Sequence[str], pathspecs: Sequence[str], env: Mapping[str, str] | None) -> list[TreeEntry]:
    out = git.expect('ls-files', '-z', *options, '--', *pathspecs, cwd=repo.root, env=env).out
    entries = []
    for line in git.zsplit(out):
        meta, path = line.split('\t', 1)
        mode, oid, stage = meta.split(' ')
        entries.append(TreeEntry(mode, oid, path, int(stage)))
    return entries


def tree_entries(repo: Repo, treeish: str, *paths: str) -> list[TreeEntry]:
    """Return the files below `paths` (all without one) of a commit or tree; none if there is no such tree."""
    result = git.git('ls-tree', '-r', '-z', '--full-tree', treeish, '--', *paths, cwd=repo.root)
    entries = []
    for line in git.zsplit(result.out if result.is_ok else b''):
        meta, path = line.split('\t', 1)
        mode, _, oid = meta.split(' ')
        entries.append(TreeEntry(mode, oid, path))
    return entries


def _read_objects(repo: Repo, names: Sequence[str],
                  env: Mapping[str, str] | None = None) -> list[tuple[str, bytes] | None]:
    if not names:
        return []
    request = b''.join(os.fsencode(name) + b'\n' for name in names)
    out = git_spawn.answer(repo.root, ('cat-file', '--batch'), request, env) if len(request) <= git_spawn.MOST_INPUT else None
    if out is None:
        out = git.expect('cat-file', '--batch', cwd=repo.root, stdin=request, env=env).out
    found: list[tuple[str, bytes] | None] = []
    position = 0
    for _ in names:
        end = out.index(b'\n', position)
        header = out[position:end].split(b' ')
        position = end + 1
        if len(header) != 3 or not header[2].isdigit():  # `NAME missing`, `NAME ambiguous`
            found.append(None)
            continue
        size = int(header[2])
        found.append((header[1].decode(), out[position:position + size]))
        position += size + 1
    return found


def read_blobs(repo: Repo, names: Sequence[str], env: Mapping[str, str] | None = None) -> list[bytes | None]:
    """Return the content of each object (`oid`, `HEAD:path`, `:path`), or None where there is none.

    One git process for all of them. A name must not hold a newline.
    """
    return [found[1] if found else None for found in _read_objects(repo, names, env)]


@functools.cache
def _is_partial(root: str) -> bool:
    return bool(git_spawn.answers(root, ('config', '--get-regexp', r'^remote\..*\.promisor$'))[0])


def read_local(repo: Repo, names: Sequence[str]) -> list[bytes | None]:
    """Return the content of each object id, None for those that a partial clone has not got: nothing is fetched."""
    env = {**os.environ, **_NO_FETCH}
    if names and _is_partial(repo.root):
        # to ask for a missing one ends `cat-file --batch`; a list of all that are here asks for none
        here = git_spawn.answers(repo.root, ('cat-file', '--batch-all-objects', '--batch-check=%(objectname)', '--unordered'))[0] or b''
        local = frozenset(here.decode().split())
        found = iter(read_blobs(repo, [name for name in names if name in local], env=env))
        return [next(found) if name in local else None for name in names]
    return read_blobs(repo, names, env=env)


def tree_with(repo: Repo, tree: str, entries: Mapping[str, tuple[str, str]]) -> str:
    """Return a tree that holds `entries` (mode and object id by path) besides what `tree` holds; no index is touched."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix='daybook-') as folder:
        env = git.clean_env({'GIT_INDEX_FILE': os.path.join(folder, 'index')})
        git.expect('read-tree', tree, cwd=repo.root, env=env)
        lines = b''.join(os.fsencode(f'{mode} {oid}\t{path}\0') for path, (mode, oid) in entries.items())
        git.expect('update-index', '-z', '--index-info', cwd=repo.root, env=env, stdin=lines)
        return git.expect('write-tree', cwd=repo.root, env=env).text


def names_in_trees(repo: Repo, trees: Sequence[str], prefix: str) -> tuple[list[str], list[str]]:
    """Return the names that begin with `prefix`, in any case, and the object ids of the folders in these trees.

    One git process for all of them; a name that stands for no tree gives nothing. A tree of
    10,000 files is searched, not taken apart (gitformat-pack(5): `mode name NUL oid`).
    """
    width = 32 if git.config_value(repo, 'extensions.objectFormat') == 'sha256' else 20
    wanted = re.compile(rb'(?:100\d{3}|120000) (' + re.escape(os.fsencode(prefix)) + rb'[^\0]*)\0', re.IGNORECASE)
    folder = re.compile(rb'40000 [^\0]+\0(.{%d})' % width, re.DOTALL)
    contents = [found[1] for found in _read_objects(repo, trees) if found and found[0] == 'tree']
    names = [os.fsdecode(name) for tree in contents for name in wanted.findall(tree)]
    return names, [oid.hex() for tree in contents for oid in folder.findall(tree)]


def write_blob(repo: Repo, path: str, content: bytes) -> str:
    """Store `content`, cleaned as git would for `path` (line ends, filters); return its object id."""
    # what we write is put on disk as a checkout would, so that the line ends go there and back: nothing to warn of
    return git.expect('-c', 'core.safecrlf=false', 'hash-object', '-w', '--stdin', f'--path={path}', cwd=repo.root,
                      env=git.clean_env(), stdin=content).text


def as_checked_out(repo: Repo, path: str, oid: str) -> bytes:
    """Return the blob as a checkout would write it to `path` (line ends, filters)."""
    return git.expect('cat-file', '--filters', f'--path={path}', oid, cwd=repo.root, env=git.clean_env()).out


def round_trip(repo: Repo, path: str, content: bytes) -> bytes:
    """Return `content` as a commit of it and a checkout would leave it at `path`; git keeps it as a blob."""
    return as_checked_out(repo, path, write_blob(repo, path, content))
