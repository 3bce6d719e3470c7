"""The state-refresh checklist: documents that what this session changed should have touched, by co-change rules and reviews."""
from __future__ import annotations

import shlex
from collections.abc import Iterator
from collections.abc import Sequence

from daybook.errors import FatalError
from daybook.handoff.facts import Facts
from daybook.handoff.request import Request
from daybook.repo import git_status
from daybook.rules import cochange

_NAMED = 3  # files of one rule
_MOST = 10  # lines


def _names(paths: Sequence[str], joint: str) -> str:
    more = f' and {len(paths) - _NAMED} more' if len(paths) > _NAMED else ''
    return joint.join(paths[:_NAMED]) + more


def _targets(tracked: Sequence[str], glob: str) -> str:
    """Return the files that a glob of a rule means, or the glob where there are none."""
    label = ''.join(glob.partition('#')[1:])
    return _names([path + label for path in tracked if cochange.fits(glob, path)], ' or ') or glob


def _left_behind(request: Request, facts: Facts, own: frozenset[str]) -> Iterator[str]:
    from daybook.governance import cochanging

    rules, repo = request.settings.cochange, request.repo
    behind = cochanging.left_behind(repo, rules, facts.start.commit, facts.head) if rules else []
    tracked = git_status.tracked_files(repo) if behind else []
    for left in behind:
        causes = [path for path in left.causes if path in own]
        why = f' ({left.rule.why})' if left.rule.why else ''
        for glob in left.globs if causes else ():  # what only others changed is theirs to tell
            yield f'{_targets(tracked, glob)}: not changed with {_names(causes, ", ")}{why}'


def _overdue(request: Request, own: frozenset[str]) -> Iterator[str]:
    """Yield the overdue documents that this session changed, and those that link to one that it changed."""
    if not request.settings.freshness_rules:
        return
    from daybook.documents import review
    from daybook.governance import records
    from daybook.repo import listing
    from daybook.rules import freshness

    repo, today = request.repo, request.operator.local_date(request.now).isoformat()
    found, names = records.concerning(repo, request.settings, listing.read(repo.root, is_in_commit=False), own)
    wanted = review.governed(found, review.Policy(request.settings.freshness_rules))
    late = {due.path: due.day for due in freshness.due(wanted, today, 0) if due.day < today}
    if not late:
        return
    for record in (record for record, _ in wanted if record.path in late):
        linked = [path for target, _, _ in record.links for path in names.find(target, record.path) if path in own]
        why = 'this session changed it' if record.path in own else f'it speaks of {linked[0]}, which this session changed' if linked else ''
        if why:
            yield f'{record.path}: its review was due on {late[record.path]}, and {why}; daybook reviewed {shlex.quote(record.path)}'


def lines(request: Request, facts: Facts) -> list[str]:
    """Return the lines of the checklist; none where nothing is set up, nothing was changed or nothing was left behind.

    Nothing here stops a hand-off.
    """
    settings, own = request.settings, frozenset(change.path for change in facts.changes)
    if not own or not (settings.cochange or settings.freshness_rules):
        return []
    try:
        found = list(dict.fromkeys([*_left_behind(request, facts, own), *_overdue(request, own)]))
    except Exception as error:  # nobody's hand-off may end for a defect of what it need not do
        known = f'{error}' if isinstance(error, (FatalError, OSError)) else f'{type(error).__name__}: {error}'
        return [f'  [ ] documents to refresh: they cannot be told: {known}; see daybook check-cochange, daybook check-freshness']
    if not found:
        return []
    more = [f'  [ ] and {len(found) - _MOST} more: daybook check-cochange, daybook check-freshness'] if len(found) > _MOST else []
    return ['to refresh in a later commit; or, before you push, say why not in the message of the commit that needs it (`Docs-Reviewed: <why>`):', *(f'  [ ] {line}' for line in found[:_MOST]), *more]
