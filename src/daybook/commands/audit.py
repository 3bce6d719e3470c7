"""`daybook audit`: every hook's findings, what the counters prove, and what waits for somebody."""
from __future__ import annotations

import argparse
import datetime
import json
import os
import time
from collections.abc import Iterable
from collections.abc import Sequence

from daybook import problem
from daybook.checks import as_of
from daybook.checks import asking
from daybook.checks import together
from daybook.checks.scope import Scope
from daybook.documents.document import Document
from daybook.invariant import searching
from daybook.problem import Problem
from daybook.problem import printable
from daybook.repo import files
from daybook.repo.git import Repo
from daybook.rules import invariant
from daybook.rules import sync_age
from daybook.rules.invariant import Witness
from daybook.session import claim as claims
from daybook.session import mirror_sight
from daybook.session import orphans
from daybook.session import telemetry
from daybook.writers import audit_report
from daybook.writers import sync_log
from daybook.writers.audit_report import Counter
from daybook.writers.audit_report import Report


def _rows(found: Iterable[Witness]) -> tuple[str, ...]:
    return tuple(f'{one.note.path}: {one.words}' for one in found)


def _counter(name: str, found: Sequence[Witness], since: str | None, *, is_in_sight: bool) -> Counter:
    past = [one for one in found if invariant.is_history(one.note, since)]
    now = [one for one in found if one not in past]
    is_idle = not is_in_sight and not any(one.seen or one.verdict == invariant.WRONG for one in found)
    return Counter(name, sum(one.seen for one in now), sum(one.calls for one in now), len(now),
                   _rows(one for one in now if one.verdict == invariant.UNWITNESSED),
                   _rows(one for one in now if one.verdict == invariant.WRONG),
                   _rows(one for one in past if one.verdict != invariant.CLEAN), is_idle)


def _counters(scope: Scope) -> tuple[Counter, ...]:
    found = list(invariant.witnesses(scope.documents, scope.settings.invariants))
    is_in_sight = mirror_sight.is_in_sight(scope.repo.root, scope.settings)
    return tuple(_counter(one.name, [witness for witness in found if witness.counter == one.name], scope.settings.audit_since,
                          is_in_sight=is_in_sight) for one in scope.settings.invariants)


def _orphans(repo: Repo) -> tuple[str, ...]:
    found = orphans.find(telemetry.folder(repo), repo.root, time.time(), os.environ.get('DAYBOOK_SESSION_ID'))
    return tuple(f'{one.session}: {one.calls} calls, {one.started_at or "?"} to {one.ended_at or "?"}' for one in found)


def _claims(scope: Scope) -> tuple[str, ...]:
    waiting = [claim for claim in claims.open_claims(scope.repo, scope.settings) if claim.kind == 'provisional']
    notes = [doc.identity for doc in scope.documents if doc.kind.name == 'session' and not doc.is_stub
             and (match := claims.ID.fullmatch(doc.identity)) and match['letters']]
    return (*(f'{claim.id}: open, claimed {claim.created} by {claim.operator} ({claim.reason or "offline"})' for claim in waiting),
            *(f'{name}: handed off' for name in notes))


def _with_status(documents: Iterable[Document], status: str) -> tuple[str, ...]:
    found = [doc for doc in documents if doc.meta.get('sync_status') == status]
    return tuple(doc.path + (f': {" ".join(str(doc.meta["sync_error"]).split())}' if doc.meta.get('sync_error') else '') for doc in found)


def _mirror(scope: Scope) -> tuple[str, list[Problem]]:
    """Return what is known of the mirror's last run, and what is wrong with its age."""
    data = files.read_bytes(files.inside(scope.repo.root, sync_log.PATH))
    newest = sync_log.newest(data.decode('utf-8', 'replace')) if data is not None else ''
    settings = scope.settings
    wrong = sync_age.check(sync_log.PATH, newest, datetime.date.fromisoformat(scope.today), settings.mirror_max_age)
    if not (newest or data is not None or settings.mirror_data_source or settings.mirror_max_age):
        return '', wrong
    return (f'last run {newest}' if newest else 'no run is on record') + (f', allowed are {settings.mirror_max_age} days'
                                                                         if settings.mirror_max_age else ''), wrong


def _report(today: str) -> Report:
    scope = Scope(asking.ask(os.environ)(), os.environ, today=today, is_whole=True)
    found = together.look(scope)
    mirror, too_old = _mirror(scope)
    # what the counters warn of is told with the counters
    told = [one for one in found.problems if not (one.rule.startswith('invariant-') and one.level == 'warning')]
    notes = tuple(note for note in found.notes if not note.startswith('check-invariant:'))
    return Report(today, _counters(scope), tuple(sorted({*told, *too_old})), notes, _orphans(scope.repo), _claims(scope),
                  _with_status(scope.documents, 'error'), _with_status(scope.documents, 'manual_override'), mirror,
                  tuple(searching.workers(scope)))


def main(argv: Sequence[str]) -> int:
    """Print the report; 1 when somebody must do something, 0 otherwise."""
    parser = argparse.ArgumentParser('daybook audit', description=__doc__)
    as_of.add(parser)
    args = parser.parse_args(argv)
    output_format = problem.output_format(os.environ)
    report = _report(args.as_of)
    if output_format == 'json':
        print(json.dumps(audit_report.data(report), indent=2))
    else:
        for line in audit_report.text(report, [f'  {line}' if output_format == 'text' else line
                                               for line in problem.render(report.problems, output_format)]):
            print(line if line.startswith('::') else printable(line))
    return int(report.is_red)
