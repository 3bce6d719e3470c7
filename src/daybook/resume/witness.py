"""Who stands behind a note: the last commit of it that changed what it tells, and operators whom only the remote knows yet."""
from __future__ import annotations

import os
import re
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from datetime import timezone

from daybook.documents import config
from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents.document import Document
from daybook.documents.kinds import Kind
from daybook.errors import FatalError
from daybook.repo import git_spawn
from daybook.repo.git import Repo
from daybook.resume import heads
from daybook.resume import recall
from daybook.resume import standing
from daybook.resume.recall import Last
from daybook.resume.recall import Note
from daybook.session import operators
from daybook.session.claim import ID
from daybook.session.operators import Operator

# who commits what people merge on a git host's pages: there the author counts
_HOSTS = frozenset(('noreply@github.com',))
_STEPS = 5  # commits of a note that are looked at
# the target of an inline link or of a definition, where it is a file: a colon leads out of the repository
_TARGET = re.compile(rb'(?m)(\]\(<?|^ {0,3}\[[^\]\n]+\]:[ \t]*<?)(?!/)[^\s:()<>]+')


def _words(doc: Document) -> list[str]:
    """Return the lines of the text without the targets of links; blanks at their ends, and around the text, say nothing."""
    text = _TARGET.sub(rb'\1', doc.data[frontmatter.body_offset(doc.data):])
    return [os.fsdecode(line.rstrip()) for line in text.strip().splitlines()]


def _said_summary(doc: Document) -> str:
    """Return the key `summary` where the text does not say the same."""
    from daybook.documents import markdown

    given = doc.meta.get('summary')
    words = ' '.join(given.split()) if isinstance(given, str) else ''
    return '' if words in ' '.join(markdown.plain_text(doc.body).split()) else words


def _is_same(doc: Document, before: Document) -> bool:
    """Whether a version of a note tells what the version before did, but for links to files, and its day where that told none."""
    new, old = heads.of_note(doc), heads.of_note(before)
    is_name = new.id == old.id or old.id == before.stem and (new.id == doc.stem or bool(ID.fullmatch(new.id)) and old.id.startswith(new.id))
    is_told = new._replace(id='', day='', owner='') == old._replace(id='', day='', owner='')
    return (is_name and is_told and old.owner in ('', new.owner) and _words(doc) == _words(before)
            and _said_summary(doc) in ('', _said_summary(before)))


def _is_later(doc: Document, before: Document, last: Last) -> bool:
    """Whether a note has another day than in the commit `last`, and one after it: then it would be newer than its words are."""
    day = heads.of_note(doc).day
    return day != heads.of_note(before).day and day > f'{datetime.fromtimestamp(last.at, timezone.utc) + timedelta(days=1):%Y-%m-%d}'


def author_of(repo: Repo, note: Note, last: Last, kind: Kind) -> Last:
    """Return the last commit of a note that changed what it tells, whatever its name was; `last` when there is none to tell.

    Who only mended where links to files lead, filled in what the text or the name say, or moved the file has said nothing.
    """
    commits = recall.commits_of(repo, note, _STEPS)
    if not last.oid or len(commits) < 2:
        return last
    datas = git_spawn.answers(repo.root, *(('cat-file', 'blob', f'{commit.oid}:{path}') for commit, path in commits))
    docs = [None if data is None else document.from_bytes(path, kind, data) for (_, path), data in zip(commits, datas)]
    for (commit, _), doc, before in zip(commits, docs, docs[1:]):
        if doc is None or before is None or not _is_same(doc, before):
            break
    else:
        if len(commits) == _STEPS:
            return last
        (commit, _), doc = commits[-1], docs[-1]
    return last if docs[0] and doc and _is_later(docs[0], doc, commit) else commit


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
