"""The commit that a hand-off made: which it is, whether it is its own, where it stands, what it lacks."""
from __future__ import annotations

import re

from daybook.errors import KilledError
from daybook.handoff.journal import Journal
from daybook.handoff.journal import Write
from daybook.repo import git
from daybook.repo import git_objects
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


def words(data: bytes | None) -> list[str]:
    """Return the words of a text, without blanks, marks and signs: what fixers of Markdown leave as it is."""
    return re.findall(r'\w+', (data or b'').decode('utf-8', 'replace'))


def may_be_fixed(write: Write, ours: bytes, data: bytes) -> bool:
    """Whether a fixer may have made `data` of what we wrote: in people's own files it may change blanks only.

    Anything else there may be what somebody has just saved, which is theirs and not for this commit.
    """
    return write.role in ('note', 'index', 'page') or data.split() == ours.split()


def _holds_only_ours(repo: Repo, journal: Journal, commit: str) -> bool:
    """Whether a commit changes nothing but the paths of the journal, and the texts there are ours but for what fixers change."""
    changed = _answer(repo, 'diff-tree', '--no-commit-id', '--name-only', '-r', '-z', '--no-renames', commit)
    if set(git.zsplit(changed.out)) - set(journal.paths):
        return False
    theirs = git_objects.read_blobs(repo, [f'{commit}:{write.path}' for write in journal.writes])
    ours = git_objects.read_blobs(repo, [write.cleaned for write in journal.writes])
    return all(may_be_fixed(write, own or b'', data) and (write.role != 'note' or words(data) == words(own))
               for write, own, data in zip(journal.writes, ours, theirs) if data is not None)


def is_own(repo: Repo, journal: Journal, commit: str) -> bool:
    """Whether the hand-off made `commit` as it stands, and not somebody who committed what an interruption had left.

    What the journal tells is certain. Else it must have its one parent, its message, to which hooks may have added, and
    nothing but what it wrote. Raises KilledError where git does not tell.
    """
    if commit == journal.commit:
        return True
    said = _answer(repo, 'log', '-1', '--no-show-signature', '--encoding=UTF-8', '--format=%P%n%B', commit)
    parents, _, message = said.out.decode('utf-8', 'replace').partition('\n')
    given = journal.message.split()
    return bool(given) and parents == journal.head and message.split()[:len(given)] == given \
        and _holds_only_ours(repo, journal, commit)


def missing(repo: Repo, journal: Journal, commit: str) -> list[str]:
    """Return the paths of the journal that nobody has committed up to `commit`."""
    changed = git.git('diff', '--name-only', '-z', '--no-renames', '--no-ext-diff', journal.head, commit, '--',
                      *git.pathspec(journal.paths), cwd=repo.root)
    return sorted(set(journal.paths) - set(git.zsplit(changed.out))) if changed.is_ok else []
