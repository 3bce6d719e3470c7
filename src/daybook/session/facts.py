"""Facts: what code computes for a note from git. A model never writes them."""
from __future__ import annotations

import os
from collections.abc import Iterator
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

_HEAD = '\1'  # no row of a diff begins with it
_PAUSE = 30 * 60  # seconds; a longer gap between two signs of work counts as a break


class Start(NamedTuple):
    """Where the range of a session begins: a commit (None: before the first one), and why it was taken.

    `rebased` is the HEAD of a claim that a rebase has replaced since: what it held was there before.
    """

    commit: str | None
    reason: str
    is_known: bool = True
    rebased: str | None = None

    @property
    def revisions(self) -> list[str]:
        """The range of the session for `git log`."""
        if self.rebased:
            return ['--cherry-pick', '--right-only', f'{self.rebased}...HEAD']
        return [f'{self.commit}..HEAD' if self.commit else 'HEAD']


class _Row(NamedTuple):
    """What one commit did to one path; lines are None for a binary file, `old` is the name before a rename."""

    added: int | None
    removed: int | None
    path: str
    old: str | None


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
    if claim is None or claim.draft:  # a claim that a failed hand-off made for its draft says nothing of the work
        return None
    if claim.head is None:
        return Start(None, f'the claim of {claim.id}, made before the first commit')
    base = git.git('merge-base', claim.head, 'HEAD', cwd=repo.root)
    if not base.is_ok:
        return None
    if base.text == claim.head:
        return Start(base.text, f'HEAD at the claim of {claim.id}')
    return Start(base.text, f'HEAD at the claim of {claim.id}, from before a rebase', rebased=claim.head)


def _notes(settings: Settings, name: str) -> list[str]:
    folder = settings.kind('session').folder
    return [f':(top,glob,icase){folder + "/" if folder else ""}**/{name}']


def _any_note(settings: Settings) -> list[str]:
    never = [f':(top,exclude,glob,icase)**/{name}' for name in ('INDEX.*', 'README.*', 'TEMPLATE.*', '_*')]
    return [f':(top,glob){glob}' for glob in settings.kind('session').paths] + never


def _of_last_note(repo: Repo, settings: Settings, operator: Operator) -> Start | None:
    number = '[0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9]*.md'
    searches = [([], _notes(settings, f'{operator.initials}-{number}'))]
    if operator.emails:  # notes from before Daybook carry no initials
        by_author = [f'--author=<{email}>' for email in operator.emails]
        searches.append((['--fixed-strings', '--regexp-ignore-case', *by_author], _any_note(settings)))
    for options, patterns in searches:
        found = git.git('log', '-1', '--format=%H', '--no-show-signature', '--diff-filter=A', '--no-renames', *options,
                        'HEAD', '--', *patterns, cwd=repo.root)
        if found.is_ok and found.text and found.text not in _shallow(repo):
            return Start(found.text, f"the commit of {operator.slug}'s last note")
    return None


def _of_branch(repo: Repo, remote: str | None, head: str) -> Start | None:
    known = git.remotes(repo)
    if remote not in known:  # a branch that was never pushed
        remote = 'origin' if 'origin' in known else next(iter(known), None)
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


class _Record(NamedTuple):
    """One commit of `git log`: addresses as written and as the mailmap has them, rows of added, removed and path."""

    commit: Commit
    authors: set[str]
    committers: set[str]
    rows: list[_Row]


def _read_rows(tokens: Iterator[str]) -> Iterator[_Row | list[str]]:
    """Read what `git log -z --numstat` prints: the head of a commit as a list, then its rows."""
    for token in tokens:
        if token.startswith(_HEAD):
            yield [token[1:], *(next(tokens) for _ in range(6))]
            continue
        added, removed, path = token.lstrip('\n').split('\t', 2)
        old = None if path else next(tokens)  # of a rename, both names follow
        yield _Row(_lines(added), _lines(removed), path or next(tokens), old)


def _records(repo: Repo, *revisions: str) -> list[_Record]:
    """Return the commits of a range, oldest first; merges have no rows."""
    out = git.expect('-c', 'log.showRoot=true', 'log', '--reverse', '--topo-order', '--numstat', '-z', '--find-renames',
                     '--no-ext-diff', '--no-show-signature', '--encoding=UTF-8', '--diff-merges=off',
                     '--format=%x01%H%x00%ae%x00%aE%x00%ce%x00%cE%x00%ct%x00%s', *revisions, '--', cwd=repo.root).out
    ends = _shallow(repo)  # what stands there looks as if it had added every file
    records: list[_Record] = []
    for found in _read_rows(iter(os.fsdecode(out).split('\0')[:-1])):
        if isinstance(found, _Row):
            records[-1].rows.append(found)
        else:
            oid, *who, moment, subject = found
            addresses = [address.casefold() for address in who]
            records.append(_Record(Commit(oid, subject, int(moment)), set(addresses[:2]), set(addresses[2:]), []))
    return [record for record in records if record.commit.oid not in ends]


def _lines(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _is_mine(record: _Record, mine: set[str], others: set[str]) -> bool:
    if record.authors & mine:
        return True
    # an agent may author under an address of its own; who committed it is the operator
    return not record.authors & others and (not mine or bool(record.committers & mine))


def _own(records: Sequence[_Record], operator: Operator, operators: Mapping[str, Operator]) -> list[_Record]:
    mine = {email.casefold() for email in operator.emails}
    others = {email.casefold() for o in operators.values() if o.slug != operator.slug for email in o.emails}
    return [record for record in records if _is_mine(record, mine, others)]


def _plus(one: int | None, other: int | None) -> int | None:
    return one if other is None else other + (one or 0)


def _sum(rows: Sequence[_Row]) -> tuple[FileChange, ...]:
    totals: dict[str, FileChange] = {}
    for row in rows:
        was = totals.pop(row.old, None) if row.old else None
        old = totals.get(row.path) or was or FileChange(row.path, None, None)
        totals[row.path] = FileChange(row.path, _plus(old.added, row.added), _plus(old.removed, row.removed))
    return tuple(totals[path] for path in sorted(totals))


def _is_hand_off(settings: Settings, record: _Record) -> bool:
    """Whether a commit only carries a note with its lines elsewhere: that is no work of its own."""
    kinds = {row.path: kind_of(settings, row.path) for row in record.rows}
    notes = [path for path, kind in kinds.items() if kind and kind.name == 'session' and ID.match(stem_of(path))]
    return bool(notes) and all((kind and kind.name in ('session', 'workstream')) or path.endswith('INDEX.md')
                               or path == settings.handoff_changelog for path, kind in kinds.items())


def gather(repo: Repo, settings: Settings, start: Start, operator: Operator,
           operators: Mapping[str, Operator]) -> Facts:
    """Return the operator's commits since `start`, merges left out, with the files and lines that they changed."""
    head = git.resolve(repo, 'HEAD') or ''
    branch = git.current_branch(repo) or ''
    if not start.is_known:
        return Facts(start, head, branch, None)
    own = [record for record in _own(_records(repo, '--no-merges', *start.revisions), operator, operators)
           if not _is_hand_off(settings, record)]
    rows = [row for record in own for row in record.rows]
    return Facts(start, head, branch, tuple(record.commit for record in own), _sum(rows))


def own_ahead(repo: Repo, settings: Settings, operator: Operator, operators: Mapping[str, Operator], *, seen: str,
              commit: str, start: str | None) -> set[str]:
    """Return the operator's commits in `seen..commit` that a hand-off covers: this one, or one not pushed yet.

    `start` is where the session of this one begins (empty: before the first commit, None: unknown).
    """
    own = _own(_records(repo, f'{seen}..{commit}'), operator, operators)
    ends = [record.commit.oid for record in own if _is_hand_off(settings, record) and record.commit.oid != commit]
    ranges = [[end] for end in ends]
    if start is not None:
        ranges.append([commit, f'^{start}'] if start else [commit])
    covered = {oid for revisions in ranges
               for oid in git.expect('rev-list', *revisions, f'^{seen}', '--', cwd=repo.root).lines}
    return {commit} | {record.commit.oid for record in own} & covered


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
