"""Facts: what code computes for a note from git. A model never writes them."""
from __future__ import annotations

import os
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.document import stem_of
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session.claim import ID
from daybook.session.claim import Claim
from daybook.session.operators import Operator

_PAUSE = 30 * 60  # seconds; a longer gap between two signs of work counts as a break


class Start(NamedTuple):
    """Where the range of a session begins: a commit (None: before the first one), and why it was taken."""

    commit: str | None
    reason: str
    is_known: bool = True


class Commit(NamedTuple):
    """A non-merge commit of the range."""

    oid: str
    subject: str
    time: int  # of the committer, seconds since 1970


class FileChange(NamedTuple):
    """What the operator's commits did to one path; lines are None for a binary file."""

    path: str
    added: int | None
    removed: int | None


class Facts(NamedTuple):
    """What git tells of a session. `commits` is None when the range is unknown: that is not 0."""

    start: Start
    head: str
    branch: str
    commits: tuple[Commit, ...] | None
    changes: tuple[FileChange, ...] = ()

    @property
    def lines_added(self) -> int | None:
        return None if self.commits is None else sum(change.added or 0 for change in self.changes)

    @property
    def lines_removed(self) -> int | None:
        return None if self.commits is None else sum(change.removed or 0 for change in self.changes)


def _shallow(repo: Repo) -> set[str]:
    """Return the commits at which a shallow clone ends: they look as if they had added every file."""
    data = files.read_bytes(os.path.join(repo.common_dir, 'shallow'))
    return set((data or b'').decode().split())


def _of_claim(repo: Repo, claim: Claim | None) -> Start | None:
    if claim is None:
        return None
    if claim.head is None:
        return Start(None, f'the claim of {claim.id}, made before the first commit')
    base = git.git('merge-base', claim.head, 'HEAD', cwd=repo.root)
    if not base.is_ok:
        return None
    moved = '' if base.text == claim.head else ', from before a rebase'
    return Start(base.text, f'HEAD at the claim of {claim.id}{moved}')


def _note_patterns(settings: Settings, name: str) -> list[str]:
    folder = settings.kind('session').folder
    return [f':(top,glob,icase){folder + "/" if folder else ""}**/{name}']


def _of_last_note(repo: Repo, settings: Settings, operator: Operator) -> Start | None:
    number = '[0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9]*.md'
    own = _note_patterns(settings, f'{operator.initials}-{number}')
    by_author = [f'--author=<{email}>' for email in operator.emails]
    searches = [([], own)]
    if by_author:  # notes from before Daybook carry no initials
        any_note = [f':(top,glob){glob}' for glob in settings.kind('session').paths]
        searches.append((['--fixed-strings', '--regexp-ignore-case', *by_author], any_note))
    for options, patterns in searches:
        found = git.git('log', '-1', '--format=%H', '--diff-filter=A', '--no-renames', *options, 'HEAD', '--',
                        *patterns, cwd=repo.root)
        if found.is_ok and found.text and found.text not in _shallow(repo):
            return Start(found.text, f"the commit of {operator.slug}'s last note")
    return None


def _of_branch(repo: Repo, remote: str | None, head: str) -> Start | None:
    default = git.default_branch(repo, remote)
    if default is None:
        return None
    base = git.git('merge-base', default, 'HEAD', cwd=repo.root)
    if not base.is_ok or base.text == head:
        return None  # nothing is ahead: that says nothing about this session
    return Start(base.text, f'the merge base with {default.removeprefix("refs/heads/").removeprefix("refs/remotes/")}')


def range_start(repo: Repo, settings: Settings, operator: Operator, claim: Claim | None, remote: str | None) -> Start:
    """Return where the session begins: at `claim` (one older than this run), the last note, the merge base."""
    head = git.resolve(repo, 'HEAD') or ''
    return (_of_claim(repo, claim) or _of_last_note(repo, settings, operator) or _of_branch(repo, remote, head)
            or Start(None, 'unknown: no claim, no earlier note, nothing ahead of the default branch', is_known=False))


def _is_mine(author: str, committer: str, mine: set[str], others: set[str]) -> bool:
    if author in mine or not mine:
        return True
    # an agent may author under an address of its own; who committed it is the operator
    return committer in mine and author not in others


def _records(repo: Repo, revisions: Sequence[str]) -> list[tuple[list[str], list[list[str]]]]:
    """Return head fields and numstat rows of each non-merge commit, oldest first."""
    out = git.expect('log', '--reverse', '--no-merges', '--numstat', '-z', '--no-renames', '--no-ext-diff',
                     '--format=%x01%H%x02%aE%x02%cE%x02%ct%x02%s%x02', *revisions, '--', cwd=repo.root).out
    records = []
    for part in os.fsdecode(out).split('\1')[1:]:
        *head, body = part.split('\2', 5)
        rows = [row.lstrip('\n').split('\t', 2) for row in body.split('\0')]
        records.append((head, [row for row in rows if len(row) == 3]))
    return records


def _lines(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _sum(rows: Sequence[Sequence[str]]) -> tuple[FileChange, ...]:
    totals: dict[str, FileChange] = {}
    for added, removed, path in rows:
        old = totals.get(path, FileChange(path, 0, 0))
        plus, minus = _lines(added), _lines(removed)
        totals[path] = FileChange(path, None if plus is None else (old.added or 0) + plus,
                                  None if minus is None else (old.removed or 0) + minus)
    return tuple(totals[path] for path in sorted(totals))


def _is_hand_off(settings: Settings, paths: Sequence[str]) -> bool:
    """Whether a commit only carries a note with its lines elsewhere: that is no work of its own."""
    kinds = {path: kind_of(settings, path) for path in paths}
    notes = [path for path, kind in kinds.items() if kind and kind.name == 'session' and ID.match(stem_of(path))]
    return bool(notes) and all(kind or path.endswith('INDEX.md') for path, kind in kinds.items())


def gather(repo: Repo, settings: Settings, start: Start, operator: Operator,
           operators: Mapping[str, Operator]) -> Facts:
    """Return the operator's commits since `start` with the files and lines that they changed."""
    head = git.resolve(repo, 'HEAD') or ''
    branch = git.current_branch(repo) or ''
    if not start.is_known:
        return Facts(start, head, branch, None)
    mine = {email.casefold() for email in operator.emails}
    others = {email.casefold() for o in operators.values() if o.slug != operator.slug for email in o.emails}
    commits, rows = [], []
    for fields, changes in _records(repo, [f'{start.commit}..HEAD' if start.commit else 'HEAD']):
        oid, author, committer, moment, subject = fields
        if _is_hand_off(settings, [row[2] for row in changes]):
            continue
        if _is_mine(author.casefold(), committer.casefold(), mine, others):
            commits.append(Commit(oid, subject, int(moment)))
            rows += changes
    return Facts(start, head, branch, tuple(commits), _sum(rows))


def touched(facts: Facts, settings: Settings, kind: str) -> list[str]:
    """Return the documents of `kind` that the session's commits changed."""
    kinds = {change.path: kind_of(settings, change.path) for change in facts.changes}
    return [path for path, found in kinds.items() if found and found.name == kind]


def iso(seconds: int | None) -> str | None:
    """Return seconds since 1970 as an ISO 8601 time in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def active_minutes(facts: Facts, signs: Sequence[str | None], now: datetime) -> int | None:
    """Estimate the minutes of work: the gaps between signs of it (commits, ISO times of calls), less the breaks."""
    moments = [commit.time for commit in facts.commits or ()]
    for sign in signs:
        if sign:
            try:
                moments.append(int(datetime.fromisoformat(sign).timestamp()))
            except ValueError:
                continue
    if not moments:
        return None
    ordered = sorted([*moments, int(now.timestamp())])
    return round(sum(gap for a, b in zip(ordered, ordered[1:]) if (gap := b - a) <= _PAUSE) / 60)
