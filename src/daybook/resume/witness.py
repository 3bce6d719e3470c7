"""Who stands behind a note: the last commit of it that did more than mend links, and operators whom only the remote knows yet."""
from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.documents import config
from daybook.errors import FatalError
from daybook.repo import git_spawn
from daybook.repo.git import Repo
from daybook.resume import recall
from daybook.resume import standing
from daybook.resume.recall import Last
from daybook.resume.recall import Note
from daybook.session import operators
from daybook.session.operators import Operator

# who commits what people merge on a git host's pages: there the author counts
_HOSTS = frozenset(('noreply@github.com',))
_STEPS = 5  # commits of a note that are looked at
# the target of an inline link or of a definition, where it is a file: a colon leads out of the repository
_TARGET = re.compile(rb'(?m)(\]\(<?|^ {0,3}\[[^\]\n]+\]:[ \t]*<?)(?!/)[^\s:()<>]+')


def _without_targets(data: bytes) -> bytes:
    return _TARGET.sub(rb'\1', data)


def author_of(repo: Repo, note: Note, last: Last) -> Last:
    """Return the last commit of a note that changed more than where its links to files lead; `last` when there is none to tell."""
    commits = recall.commits_of(repo, note, _STEPS)
    if not last.oid or len(commits) < 2:
        return last
    datas = git_spawn.answers(repo.root, *(('cat-file', 'blob', f'{commit.oid}:{note.path}') for commit in commits))
    for commit, data, before in zip(commits, datas, datas[1:]):
        if data is None or before is None or _without_targets(data) != _without_targets(before):
            return commit
    return last if len(commits) == _STEPS else commits[-1]


def doubt(note: Note, last: Last | None, configured: Mapping[str, Operator]) -> str:
    """Return who committed a note when that is not its operator, by the addresses of the operators file."""
    who = configured.get(note.owner)
    if last is None or not configured or not note.owner or (who and not who.emails):
        return ''
    if not last.oid:
        return 'its commit is not in this shallow clone'
    known = {email.strip().casefold() for email in who.emails} if who else set()
    committer = last.email if last.committer_email.casefold() in _HOSTS else last.committer_email
    if committer.strip().casefold() in known:
        return ''
    return f'{last.committer} <{last.committer_email}> committed it, not {note.owner}'


def with_newcomers(repo: Repo, remote: str | None, configured: Mapping[str, Operator], notes: Sequence[Note], *,
                   is_fresh: bool) -> Mapping[str, Operator]:
    """Return `configured`, and where a note is of nobody there, those whom the default branch of the remote knows besides.

    Other branches count for nothing: whoever can push one could name themselves.
    """
    if not remote or not configured or all(note.owner in configured for note in notes if note.owner):
        return configured
    commit = standing.default_commit(repo, remote, is_fresh=is_fresh)
    data = git_spawn.answers(repo.root, ('cat-file', 'blob', f'{commit}:{config.OPERATORS_PATH}'))[0] if commit else None
    try:
        return {**operators.from_bytes(data), **configured}
    except FatalError:  # of somebody else's making
        return configured
