"""A peer pushed first: one commit that joins both sides, with what both have generated made anew."""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence

from daybook.documents.config import kind_of
from daybook.errors import FatalError
from daybook.handoff import remake
from daybook.handoff.push_policy import SLOW
from daybook.handoff.push_policy import Pushed
from daybook.handoff.push_policy import Work
from daybook.handoff.push_policy import remote_words
from daybook.repo import git
from daybook.repo import git_objects
from daybook.session import index_files


def _versions(work: Work, base: str, theirs: str, path: str) -> list[bytes | None]:
    return git_objects.read_blobs(work.repo, [f'{side}:{path}' for side in (base, work.commit, theirs)])


def _role(work: Work, path: str) -> str | None:
    """Return what a hand-off writes at `path`, this one or an earlier one that is pushed along."""
    own = {write.path: write.role for write in work.writes}
    kind = kind_of(work.settings, path)
    others = 'index' if index_files.is_map(work.settings, path) else 'log' if kind and kind.name == 'workstream' else None
    return own.get(path, 'actions' if path == work.settings.handoff_action_log else others)


def _entry(work: Work, path: str) -> Sequence[str]:
    return next((write.entry for write in work.writes if write.path == path), ())


def _merged(work: Work, base: str, theirs: str, path: str) -> bytes | None:
    """Return the file with what both sides generated, or None where they did not both generate.

    A page is theirs: it is made anew when the whole tree is known.
    """
    if work.settings.render_tracked and path.startswith(f'{work.settings.render_folder}/'):
        return next((side for side in reversed(_versions(work, base, theirs, path)) if side is not None), None)
    role = _role(work, path)
    if role in (None, 'note') or '\n' in path:
        return None
    old, ours, other = _versions(work, base, theirs, path)
    if ours is None or other in (None, old):
        return None
    return remake.merge(str(role), _entry(work, path), old or b'', ours, other or b'')


def _remade(work: Work, base: str, theirs: str, conflicts: Collection[str]) -> dict[str, bytes] | str:
    """Return new contents for generated files that both sides changed, or the path that a person must merge."""
    # an index is made anew even where git found no conflict: two clean halves may be out of order
    places = {*conflicts, *(write.path for write in work.writes if write.role == 'index')}
    contents = {path: _merged(work, base, theirs, path) for path in places}
    lost = sorted(path for path in conflicts if contents[path] is None)
    return lost[0] if lost else {path: content for path, content in contents.items() if content is not None}


def _tree_with(work: Work, tree: str, theirs: str, contents: dict[str, bytes]) -> str:
    """Return a tree with other contents at some paths, made in an index that nobody else sees."""
    if not contents:
        return tree
    modes = {entry.path: entry.mode for entry in git_objects.tree_entries(work.repo, theirs, *contents)}
    oids = {path: git.expect('hash-object', '-w', '--stdin', '--no-filters', cwd=work.repo.root, env=git.clean_env(),
                             stdin=content).text for path, content in contents.items()}
    return git_objects.tree_with(work.repo, tree, {path: (modes.get(path, '100644'), oid) for path, oid in oids.items()})


def _with_pages(work: Work, tree: str, theirs: str) -> str:
    """Return the tree with the tracked pages that our change of theirs makes stale; without, where they cannot be made."""
    if work.pages is None or not work.settings.render_tracked:
        return tree
    try:
        before = git.expect('rev-parse', f'{theirs}^{{tree}}', cwd=work.repo.root).text
        return _tree_with(work, tree, theirs, work.pages(work.repo, work.settings, before, tree))
    except (FatalError, OSError):
        return tree  # the next render-docs makes them: it was said why when the note was written


def _join(work: Work, tree: str, theirs: str) -> str | Pushed:
    signs = git.git('config', '--type=bool', '--get', 'commit.gpgSign', cwd=work.repo.root).text == 'true'
    made = git.git('commit-tree', *(['-S'] if signs else []), tree, '-p', theirs, '-p', work.commit,
                   cwd=work.repo.root, env=git.clean_env(), stdin=f'Merge the hand-off {work.session_id}\n'.encode(),
                   timeout=work.timeout)  # the signer may want to ask somebody
    if not made.is_ok:
        return Pushed('no', 'signing', ('a peer has pushed first, and the merge commit could not be made: '
                                        'git pull, then git push', *remote_words(made)), True)
    return made.text


def commit(work: Work, theirs: str) -> str | Pushed:
    """Return a commit that joins ours and `theirs`, or why there is none; branch, index and work tree stay as they are."""
    base = git.git('merge-base', theirs, work.commit, cwd=work.repo.root)
    if not base.is_ok:
        return Pushed('no', 'unrelated', ('the remote branch has no commit in common with this one',), True)
    merged = git.git('merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', theirs, work.commit,
                     cwd=work.repo.root, env=git.clean_env(), timeout=work.timeout)
    if merged.code is None:
        return Pushed('no', 'time-limit', (SLOW,), True)
    if merged.code not in (0, 1):
        return Pushed('no', 'old-git', ('a peer has pushed first, and git 2.38 or later is needed to join that: '
                                        'git pull, then git push', *remote_words(merged)), True)
    tree, *conflicts = git.zsplit(merged.out)
    contents = _remade(work, base.text, theirs, set(conflicts))
    if isinstance(contents, str):
        return Pushed('no', 'conflict', (f'a peer has changed {contents} too: git pull, resolve, git push',), True)
    whole = _with_pages(work, _tree_with(work, tree, theirs, contents), theirs)
    return _join(work, whole, theirs)
