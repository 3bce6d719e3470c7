"""The commit that a hand-off made: which it is, whether it is its own, where it stands, what it lacks."""
from __future__ import annotations

import re
from typing import NamedTuple

from daybook.errors import KilledError
from daybook.handoff.journal import Journal
from daybook.handoff.journal import Write
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo.git import Repo

_NEW = '100644'  # the mode of a file that stood in no index before
_WORDS = re.compile(r"""[^\W_]+|[^\w\s*\-+`#<>|~\\"'\u2018\u2019\u201c\u201d\ufeff]""")
_HEADING = re.compile(r'^ {0,3}=+[ \t\r]*$', re.MULTILINE)  # the line below a title, which fixers turn into a `#`
_TICKET = r'\s*(?:\[?[A-Z][A-Z0-9]{0,9}-[0-9]{1,9}\]?:?\s+)?'
_TRAILERS = r'(?:\s*\n(?:#.*|[A-Za-z0-9-]+[ \t]*:.*(?:\n[ \t]+\S.*)*))*\s*'  # git-interpret-trailers(1)


class Commit(NamedTuple):
    """A commit as git tells it: its id, those of its parents with blanks between, its message."""

    oid: str
    parents: str
    message: str


def _failed(repo: Repo, command: str, found: git.Result) -> KilledError:
    return KilledError(f'git {command} failed in {repo.root}: {found.err.strip() or f"exit code {found.code}"}; run this again')


def _answer(repo: Repo, *args: str) -> git.Result:
    """Return what git answers; raise KilledError where it fails, which is no answer: an undo would take back what is committed."""
    found = git.git(*args, cwd=repo.root)
    if not found.is_ok:
        raise _failed(repo, args[0], found)
    return found


def _held(repo: Repo, commit: str, paths: list[str]) -> dict[str, tuple[str, str]]:
    """Return mode and object id of those of the paths that a commit holds."""
    rows = [row.split('\t', 1) for row in git.zsplit(_answer(repo, 'ls-tree', '-z', '--full-tree', commit, '--', *paths).out)]
    return {path: (head.split(' ')[0], head.split(' ')[2]) for head, path in rows}


def _commits(repo: Repo, *args: str) -> list[Commit]:
    found = _answer(repo, 'log', '-z', '--topo-order', '--no-show-signature', '--encoding=UTF-8', '--format=%H%n%P%n%B', *args)
    return [Commit(*text.split('\n', 2)) for text in found.out.decode('utf-8', 'replace').split('\0') if text]


def _holds_note(repo: Repo, journal: Journal, commit: Commit) -> bool:
    """Whether a commit has the note, and not what stood in its place: the placeholder, before it was written over."""
    note = journal.note
    held = _held(repo, commit.oid, [note.path]).get(note.path)
    return held is not None and (held[1] != note.before or note.is_stored_as(note.before))


def _adds_note(repo: Repo, journal: Journal, *revisions: str) -> Commit | None:
    """Return the oldest commit of a range that holds the note."""
    found = _commits(repo, *revisions, '--', f':(top,literal){journal.note.path}')
    return next((commit for commit in reversed(found) if _holds_note(repo, journal, commit)), None)


def is_on_branch(repo: Repo, journal: Journal, commit: str) -> bool:
    """Whether the branch of the hand-off still holds `commit`. Raises KilledError where git does not tell."""
    branch = f'refs/heads/{journal.branch}'
    found = git.git('merge-base', '--is-ancestor', commit, branch, cwd=repo.root)
    if found.code not in (0, 1) and git_refs.resolve(repo, branch) and git_refs.resolve(repo, commit):
        raise _failed(repo, 'merge-base', found)
    return found.is_ok


def find_commit(repo: Repo, journal: Journal) -> Commit | None:
    """Return the commit that holds the note of the journal, or None when it was never made.

    The id of a session is nobody else's, so any commit since with a note at that path is it,
    whatever hooks made of the text, and on whichever branch somebody has moved it to. Raises
    KilledError where git does not tell.
    """
    if journal.commit and is_on_branch(repo, journal, journal.commit):
        return _commits(repo, '-1', journal.commit, '--')[0]
    branch = f'refs/heads/{journal.branch}'
    known = [name for name in (branch, 'HEAD', journal.head) if git_refs.resolve(repo, name)]
    since = [f'^{journal.head}'] if journal.head in known else []
    here = _adds_note(repo, journal, branch, *since) if branch in known else None
    return here or _adds_note(repo, journal, *(name for name in known if name == 'HEAD'), '--branches', *since)


def words(data: bytes | None) -> list[str]:
    """Return the words and signs of a text, without blanks, quotes and the marks of Markdown: what its fixers leave as it is."""
    return _WORDS.findall(_HEADING.sub('', (data or b'').decode('utf-8', 'surrogateescape')))


def may_be_fixed(write: Write, ours: bytes, data: bytes) -> bool:
    """Whether a fixer may have made `data` of what we wrote: in people's own files it may change blanks only.

    Anything else there may be what somebody has just saved, which is theirs and not for this commit.
    """
    return write.is_made or data.split() == ours.split()


def changed(repo: Repo, commit: str) -> set[str]:
    """Return the paths that a commit changes. Raises KilledError where git does not tell."""
    return set(git.zsplit(_answer(repo, 'diff-tree', '--root', '--no-commit-id', '--name-only', '-r', '-z', '--no-renames', commit).out))


def _holds_only_ours(repo: Repo, journal: Journal, commit: str) -> bool:
    """Whether a commit changes nothing but the paths of the journal, takes none away, and modes and words there are ours."""
    paths = changed(repo, commit)
    held = _held(repo, commit, journal.paths)
    if paths - set(journal.paths) or paths - set(held):
        return False
    writes = [write for write in journal.writes if write.path in held]
    if any(held[write.path][0] != (write.staged or _NEW).split(' ')[0] for write in writes):
        return False
    theirs = git_objects.read_blobs(repo, [held[write.path][1] for write in writes])
    ours = git_objects.read_blobs(repo, [write.cleaned for write in writes])
    return all(may_be_fixed(write, own or b'', data or b'') and words(data) == words(own)
               for write, own, data in zip(writes, ours, theirs))


def _is_message(given: str, message: str) -> bool:
    """Whether a message is ours: hooks may put the number of a ticket before it, trailers and comments behind it."""
    ours = r'\s+'.join(re.escape(word) for word in given.split())
    return bool(ours) and re.fullmatch(f'{_TICKET}{ours}{_TRAILERS}', message) is not None


def is_own(repo: Repo, journal: Journal, commit: Commit) -> bool:
    """Whether the hand-off made `commit` as it stands, and not somebody who committed what an interruption had left.

    What the journal tells is certain. Else it must have its one parent, its message but for what hooks add, and nothing
    but what it wrote. Raises KilledError where git does not tell.
    """
    return commit.oid == journal.commit or (commit.parents == journal.head and _is_message(journal.message, commit.message)
                                            and _holds_only_ours(repo, journal, commit.oid))


def is_just_made(repo: Repo, journal: Journal, commit: Commit) -> bool:
    """Whether `commit` is what HEAD is now, and what it was before is its one parent. Raises KilledError where git does not tell."""
    return commit.parents == journal.head and _answer(repo, 'rev-parse', 'HEAD').text == commit.oid


def missing(repo: Repo, journal: Journal, commit: str) -> list[str]:
    """Return the paths of the journal that nobody has committed up to `commit`."""
    changed = git.git('diff', '--name-only', '-z', '--no-renames', '--no-ext-diff', journal.head, commit, '--',
                      *git.pathspec(journal.paths), cwd=repo.root)
    return sorted(set(journal.paths) - set(git.zsplit(changed.out))) if changed.is_ok else []
