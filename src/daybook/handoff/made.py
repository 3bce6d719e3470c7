"""The commit that a hand-off made: which it is, where it stands, what it lacks."""
from __future__ import annotations

from daybook.errors import KilledError
from daybook.handoff.journal import Journal
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo


def _failed(repo: Repo, command: str, found: git.Result) -> KilledError:
    return KilledError(f'git {command} failed in {repo.root}: {found.err.strip() or f"exit code {found.code}"}; run this again')


def _answer(repo: Repo, *args: str) -> git.Result:
    """Return what git answers; raise KilledError where it fails, which is no answer: an undo would take back what is committed."""
    found = git.git(*args, cwd=repo.root)
    if not found.is_ok:
        raise _failed(repo, args[0], found)
    return found


def _adds_note(repo: Repo, journal: Journal, *revisions: str) -> str | None:
    """Return the oldest commit of a range that holds the note."""
    path = journal.note.path
    found = _answer(repo, 'log', '--format=%H', '--topo-order', '--no-show-signature', *revisions, '--', f':(top,literal){path}')
    return next((commit for commit in reversed(found.lines) if _answer(repo, 'ls-tree', '--full-tree', commit, '--', path).out), None)


def is_on_branch(repo: Repo, journal: Journal, commit: str) -> bool:
    """Whether the branch of the hand-off still holds `commit`. Raises KilledError where git does not tell."""
    branch = f'refs/heads/{journal.branch}'
    found = git.git('merge-base', '--is-ancestor', commit, branch, cwd=repo.root)
    if found.code not in (0, 1) and git_refs.resolve(repo, branch) and git_refs.resolve(repo, commit):
        raise _failed(repo, 'merge-base', found)
    return found.is_ok


def find_commit(repo: Repo, journal: Journal) -> str | None:
    """Return the commit that holds the note of the journal, or None when it was never made.

    The id of a session is nobody else's, so any commit since with a note at that path is it,
    whatever hooks made of the text, and on whichever branch somebody has moved it to. Raises
    KilledError where git does not tell.
    """
    if journal.commit and is_on_branch(repo, journal, journal.commit):
        return journal.commit
    branch = f'refs/heads/{journal.branch}'
    known = [name for name in (branch, 'HEAD', journal.head) if git_refs.resolve(repo, name)]
    since = [f'^{journal.head}'] if journal.head in known else []
    here = _adds_note(repo, journal, branch, *since) if branch in known else None
    return here or _adds_note(repo, journal, *(name for name in known if name == 'HEAD'), '--branches', *since)


def missing(repo: Repo, journal: Journal, commit: str) -> list[str]:
    """Return the paths of the journal that nobody has committed up to `commit`."""
    changed = git.git('diff', '--name-only', '-z', '--no-renames', '--no-ext-diff', journal.head, commit, '--',
                      *git.pathspec(journal.paths), cwd=repo.root)
    return sorted(set(journal.paths) - set(git.zsplit(changed.out))) if changed.is_ok else []
