"""Facts: what code computes for a note from git. A model never writes them."""
from __future__ import annotations

import posixpath
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.file_names import stem_of
from daybook.handoff import history
from daybook.handoff.history import Commit
from daybook.handoff.history import Record
from daybook.handoff.history import Row
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.session.claim import ID
from daybook.session.claim import Claim
from daybook.session.operators import Operator
from daybook.writers import indexes

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
        """The lines that all changes add, None when the range is unknown; binary files have none."""
        return None if self.commits is None else sum(change.added or 0 for change in self.changes)

    @property
    def lines_removed(self) -> int | None:
        """The lines that all changes remove, as `lines_added`."""
        return None if self.commits is None else sum(change.removed or 0 for change in self.changes)


def _of_claim(repo: Repo, claim: Claim | None) -> Start | None:
    # what a hand-off made itself, for a draft or for an id carried here from another clone, tells no beginning
    if claim is None or claim.draft or claim.kind == 'carried':
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
    searches: list[tuple[list[str], list[str]]] = [([], _notes(settings, f'{operator.initials}-{number}'))]
    if operator.emails:  # notes from before Daybook carry no initials
        by_author = [f'--author=<{email}>' for email in operator.emails]
        searches.append((['--fixed-strings', '--regexp-ignore-case', *by_author], _any_note(settings)))
    for options, patterns in searches:
        found = git.git('log', '-1', '--format=%H', '--no-show-signature', '--diff-filter=A', '-M', '-l5000', *options,
                        'HEAD', '--', *patterns, cwd=repo.root)
        if found.is_ok and found.text and found.text not in history.shallow_ends(repo):
            return Start(found.text, f"the commit of {operator.slug}'s last note")
    return None


def _of_branch(repo: Repo, remote: str | None, head: str) -> Start | None:
    if remote not in git_refs.remotes(repo):  # a branch that was never pushed
        remote = git_refs.shared_remote(repo)
    default = git_refs.default_branch(repo, remote)
    if default is None:
        return None
    base = git.git('merge-base', default, 'HEAD', cwd=repo.root)
    if not base.is_ok or base.text == head:
        return None  # nothing is ahead: that says nothing about this session
    return Start(base.text, f'the merge base with {default.removeprefix("refs/heads/").removeprefix("refs/remotes/")}')


def range_start(repo: Repo, settings: Settings, operator: Operator, claim: Claim | None, remote: str | None) -> Start:
    """Return where the session begins: at `claim` (one older than this run), the last note, the merge base.

    A claim without a commit after it was often made at the end of the work, just before its hand-off: it comes last.
    """
    head = git_refs.resolve(repo, 'HEAD') or ''
    claimed = _of_claim(repo, claim)
    if claimed and claimed.commit != head:
        return claimed
    return (_of_last_note(repo, settings, operator) or _of_branch(repo, remote, head) or claimed
            or Start(None, 'unknown: no claim, no earlier note, nothing ahead of the default branch', is_known=False))


def _is_mine(record: Record, mine: set[str], others: set[str]) -> bool:
    if record.authors & mine:
        return True
    # an agent may author under an address of its own; who committed it is the operator
    return not record.authors & others and (not mine or bool(record.committers & mine))


def own(records: Sequence[Record], operator: Operator, operators: Mapping[str, Operator]) -> list[Record]:
    """Return the commits that are `operator`'s, by the addresses of who wrote or committed them."""
    mine = {email.casefold() for email in operator.emails}
    others = {email.casefold() for o in operators.values() if o.slug != operator.slug for email in o.emails}
    return [record for record in records if _is_mine(record, mine, others)]


def _plus(one: int | None, other: int | None) -> int | None:
    return one if other is None else other + (one or 0)


def _sum(rows: Sequence[Row]) -> tuple[FileChange, ...]:
    totals: dict[str, FileChange] = {}
    for row in rows:
        was = totals.pop(row.old, None) if row.old else None
        old = totals.get(row.path) or was or FileChange(row.path, None, None)
        totals[row.path] = FileChange(row.path, _plus(old.added, row.added), _plus(old.removed, row.removed))
    return tuple(totals[path] for path in sorted(totals))


def is_hand_off(settings: Settings, record: Record) -> bool:
    """Whether a commit only carries a note with its lines elsewhere: that is no work of its own."""
    kinds = {path: kind_of(settings, path) for row in record.rows for path in (row.path, row.old) if path}
    notes = [path for path, kind in kinds.items() if kind and kind.name == 'session' and ID.match(stem_of(path))]
    own = (settings.handoff_changelog, settings.handoff_action_log, settings.indexes_overview)
    pages = f'{settings.render_folder}/' if settings.render_tracked else None
    return bool(notes) and all((kind and kind.name in ('session', 'workstream')) or posixpath.basename(path) == indexes.NAME
                               or path in own or pages and path.startswith(pages) for path, kind in kinds.items())


def gather(repo: Repo, settings: Settings, start: Start, operator: Operator,
           operators: Mapping[str, Operator], until: int | None = None) -> Facts:
    """Return the operator's commits since `start`, merges left out, with the files and lines that they changed.

    What was committed after `until` (seconds since 1970) belongs to a later session.
    """
    head = git_refs.resolve(repo, 'HEAD') or ''
    branch = git_refs.current_branch(repo) or ''
    if not start.is_known:
        return Facts(start, head, branch, None)
    work = [record for record in own(history.read(repo, '--no-merges', *start.revisions), operator, operators)
            if not is_hand_off(settings, record) and (until is None or record.commit.time <= until)]
    rows = [row for record in work for row in record.rows]
    return Facts(start, head, branch, tuple(record.commit for record in work), _sum(rows))


def own_ahead(repo: Repo, settings: Settings, operator: Operator, operators: Mapping[str, Operator], *, seen: str,
              commit: str, start: str | None) -> set[str]:
    """Return the operator's commits in `seen..commit` that a hand-off covers: this one, or one not pushed yet.

    `start` is where the session of this one begins (empty: before the first commit, None: unknown).
    """
    mine = own(history.read(repo, f'{seen}..{commit}'), operator, operators)
    ends = [record.commit.oid for record in mine if is_hand_off(settings, record) and record.commit.oid != commit]
    ranges = [[end] for end in ends]
    if start is not None:
        ranges.append([commit, f'^{start}'] if start else [commit])
    covered = {oid for revisions in ranges
               for oid in git.expect('rev-list', *revisions, f'^{seen}', '--', cwd=repo.root).lines}
    return {commit} | {record.commit.oid for record in mine} & covered


def touched(facts: Facts, settings: Settings, kind: str) -> list[str]:
    """Return the documents of `kind` that the session's commits changed."""
    kinds = {change.path: kind_of(settings, change.path) for change in facts.changes}
    return [path for path, found in kinds.items() if found and found.name == kind]


def iso(seconds: int | None) -> str | None:
    """Return seconds since 1970 as an ISO 8601 time in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def seconds(moment: str | None) -> int | None:
    """Return an ISO 8601 time as seconds since 1970; None for what is none."""
    try:
        return int(datetime.fromisoformat(moment or '').timestamp())
    except ValueError:
        return None


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
