"""What `resume` finds out where its last answer does not hold any more: the slow half, all but the clock."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any
from typing import NamedTuple

from daybook.documents import review
from daybook.documents.config import Settings
from daybook.documents.kinds import fixed_folder
from daybook.errors import FatalError
from daybook.problem import printable
from daybook.repo import files
from daybook.repo.git import Repo
from daybook.resume import branches
from daybook.resume import drift
from daybook.resume import glance
from daybook.resume import heads
from daybook.resume import last_note
from daybook.resume import reading
from daybook.resume import recall
from daybook.resume import standing
from daybook.resume import witness
from daybook.resume.glance import Glance
from daybook.resume.reading import Here
from daybook.resume.reading import Reader
from daybook.resume.recall import Note
from daybook.resume.recall import Notes
from daybook.resume.recall import Owners
from daybook.resume.view import Due
from daybook.resume.view import OpenClaim
from daybook.resume.view import Peer
from daybook.resume.view import View
from daybook.resume.view import Workstream
from daybook.session import claim
from daybook.session import operators
from daybook.session import telemetry
from daybook.session.operators import Operator
from daybook.writers import calls

_DUE = 8  # documents whose review is due; the rest is only counted
_PEERS = 20  # of whom more is asked; an answer shows fewer


class Found(NamedTuple):
    """An answer without the clock, with all on which it depends beside what git tells.

    `watch` says of paths whether they are there; `states` is the folder of the telemetry; `limit` in bytes. From the
    ISO day `until` on, if there is one, more reviews are soon due.
    """

    view: View
    watch: dict[str, bool]
    states: str
    limit: int
    until: str = ''


class Call(NamedTuple):
    """Who asks where: `operator` is the word of the option, None without; `is_fresh` whether a fetch has succeeded.

    `today` is an ISO day.
    """

    repo: Repo
    operator: str | None
    environ: Mapping[str, str]
    is_fresh: bool
    today: str


def places(settings: Settings) -> tuple[list[str], list[str]]:
    """Return the pathspecs of what an answer is made of: of notes and workstreams, and of all that may need a review."""
    globs = [glob for name in ('session', 'workstream') for glob in settings.kind(name).paths]
    everything = [glob for kind in settings.kinds for glob in kind.paths]
    return glance.places(map(fixed_folder, globs)), glance.documents(map(fixed_folder, everything))


def _who(call: Call) -> Operator:
    """Return the operator to answer for. Raises FatalError when the environment tells nobody and no option does."""
    if call.operator is None:
        return operators.resolve(call.repo, None, call.environ)
    known = operators.load(call.repo.root).values()
    word = call.operator.casefold()
    return next((who for who in known if word in (who.slug.casefold(), who.initials.casefold(), who.name.casefold())),
                Operator(call.operator, call.operator, '', ()))


def _newest_of_others(found: Notes, mine: str) -> list[Note]:
    newest: dict[str, Note] = {}
    for note in found.notes:
        newest.setdefault(note.owner.casefold(), note)
    return [note for owner, note in newest.items() if owner != mine.casefold()]


def _claims(repo: Repo, settings: Settings, stubs: Sequence[Note], watch: dict[str, bool]) -> tuple[OpenClaim, ...]:
    rows = {}
    for stub in stubs:
        at = heads.moment(stub.head.written)
        path = f'{stub.path} on {stub.branch.name}' if stub.branch else stub.path
        rows[stub.head.id] = OpenClaim(stub.head.id, stub.head.owner, at.timestamp() if at else None, path)
    for one in claim.all_claims(repo):
        names = [claim.note_path(settings, one.id), f'{files.STATE_DIR}/draft-{one.id}.md', *([one.draft] if one.draft else [])]
        paths = [os.path.join(one.worktree, name) for name in names] if one.state == 'open' else []
        watch.update((path, os.path.exists(path)) for path in paths)
        if any(watch[path] for path in paths):
            at = heads.moment(one.created)
            path = paths[1] if watch[paths[1]] else next(path for path in paths if watch[path])
            rows[one.id] = OpenClaim(one.id, one.operator, at.timestamp() if at else None, _seen_from(repo, path))
    marked = [row._replace(is_provisional=bool((found := claim.ID.fullmatch(row.id)) and found['letters'])) for row in rows.values()]
    return tuple(sorted(marked, key=lambda row: (row.at or 0, row.id)))


def _seen_from(repo: Repo, path: str) -> str:
    return path.removeprefix(repo.root + os.sep).replace(os.sep, '/')


def _workstreams(found: Mapping[str, heads.Stream], owners: Owners, slug: str) -> tuple[list[Workstream], list[Workstream]]:
    rows = sorted((stream for stream in found.values() if stream.is_open), key=lambda stream: stream.day, reverse=True)
    named = [Workstream(row.name, owners.named(row.owner), row.status, row.entry) for row in rows]
    return ([row for row in named if row.owner.casefold() == slug.casefold()],
            [row for row in named if row.owner.casefold() != slug.casefold()])


def _how(repo: Repo, environ: Mapping[str, str]) -> str:
    # only who has no notes yet pays for the import
    from daybook.repo import hook_runner

    runner = '' if environ.get('PRE_COMMIT') == '1' else 'daybook'
    program = 'daybook' if runner else hook_runner.program(repo)
    steps = (calls.call('claim-session', runner=runner, program=program),
             'fill the draft that it names',
             calls.call('handoff', runner=runner, files='DRAFT.md', program=program))
    return '\n'.join(['no notes yet; the first hand-off is:', *(f'  {step}' for step in steps)])


def _unread(found: Notes, older: int) -> tuple[str, ...]:
    bad = [f'{printable(one.path)}:{one.line} ({printable(" ".join(one.message.split()))[:100]})' for one in found.problems]
    more = f' and {len(bad) - 3} more' if len(bad) > 3 else ''
    lines = [f'skipped, as they cannot be read: {", ".join(bad[:3])}{more}'] if bad else []
    lines += [f'not looked at: {found.missing} notes that this partial clone does not have'] if found.missing else []
    lines += [f'not looked at: {older} branches without a recent commit'] if older else []
    return tuple(lines)


def _refuse_stranger(call: Call, who: Operator, configured: Mapping[str, Operator], *, is_seen: bool) -> None:
    """Raise FatalError where the option names nobody: no operator of the file, and of whom no note tells."""
    if call.operator is not None and not is_seen and configured and who.slug not in configured:
        raise FatalError(f'unknown operator: {printable(call.operator)} (from --operator); {operators.PATH} knows '
                         f'{", ".join(map(printable, configured))}')


def _due(today: str, days: int, reviews: Mapping[str, str]) -> tuple[list[Due], int, str]:
    """Return the first documents whose review is due or within `days` days will be, how many there are, and the day of the next.

    `reviews` are the days of documents, by path.
    """
    found = sorted(review.Due(day, path) for path, day in reviews.items())
    due = review.due_within(found, today, days)
    after = found[len(due):]
    return [Due(*each) for each in due[:_DUE]], len(due), review.later(after[0].day, -days) if after else ''


def _view(call: Call, reader: Reader, here: Here, watch: dict[str, bool]) -> View:
    repo, settings, who, configured = call.repo, reader.settings, _who(call), operators.load(call.repo.root)
    known = {who.slug: who} | configured
    remote = branches.remote_of(repo, settings)
    unmerged, older = branches.unmerged(repo, remote, is_fresh=call.is_fresh) if remote else ([], 0)
    sessions = glance.places(map(fixed_folder, settings.kind('session').paths))
    found = recall.read(reader, here, branches.elsewhere(repo, unmerged, sessions), known)
    mine = [note for note in found.notes if note.owner.casefold() == who.slug.casefold()][:recall.NEWEST]
    others = _newest_of_others(found, who.slug)
    asked = [*mine, *others[:_PEERS]]
    commits = recall.last_commits(repo, asked) + [None] * len(others[_PEERS:])
    known_there = witness.with_newcomers(repo, remote, configured, asked, is_fresh=call.is_fresh)
    peers = tuple(Peer(note.owner, note.head.id, note.head.title, last_note.moment(note, last),
                       note.branch.name if note.branch else '', last_note.doubt(reader, note, last, known_there))
                  for note, last in zip(others, commits[len(mine):]))
    streams = recall.streams(here)
    last, since = None, None
    own, theirs = _workstreams(streams, Owners(known), who.slug)
    _refuse_stranger(call, who, configured, is_seen=bool(mine or own))
    if mine:
        last, body = last_note.read(reader, mine, commits, known_there)
        since = drift.since(repo, mine[0].head, body, last.commit, who.emails, streams)
    return View(who.slug, who.initials, standing.place(standing.standing(repo, remote, is_fresh=call.is_fresh)), '', last, since,
                tuple(own), peers, tuple(theirs), _claims(repo, settings, found.stubs, watch), None,
                _unread(found, older), _how(repo, call.environ))


def _scratch(repo: Repo) -> AbstractContextManager[str]:
    """Return a folder of ours for the blobs of a partial clone, `` for any other, which needs none."""
    if not branches.is_partial(repo):
        return contextlib.nullcontext('')
    import tempfile  # and with it what packs and copies files

    return tempfile.TemporaryDirectory(prefix='daybook-')


def find(call: Call, settings: Settings, seen: Glance, kept: Mapping[str, Any]) -> tuple[Found, dict[str, Any]]:
    """Return the answer, and what single blobs tell, to be kept. Raises FatalError where nobody can be answered for."""
    watch: dict[str, bool] = {}
    with _scratch(call.repo) as scratch:
        reader = Reader(call.repo, settings, kept, scratch)
        here = reading.here(reader, seen)
        view = _view(call, reader, here, watch)
    due, count, until = _due(call.today, settings.freshness_due_days, here.reviews)
    view = view._replace(due=tuple(due), due_count=count)
    return Found(view, watch, telemetry.folder(call.repo), settings.resume_max_bytes, until), reader.known
