"""What an answer of `resume` is made of: plain values that can be kept, with times instead of ages."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple


class Quote(NamedTuple):
    """One section of a note: the title it has there, or that stands for it, and its source."""

    title: str
    text: str


class LastNote(NamedTuple):
    """The note to go on from; `at` is in seconds since 1970.

    `author` and `commit` are of the commit that touched it last, empty without one, or where `is_cut_off` tells that
    this shallow clone does not have it; `source` is its path, or the
    command that shows it where it lies on `branch` only; `doubt` says who committed it when that is not its operator,
    and `before` then names the last note without a doubt.
    """

    id: str
    title: str
    source: str
    at: float
    author: str
    commit: str
    is_changed: bool
    branch: str
    doubt: str
    before: str
    quotes: tuple[Quote, ...]
    is_cut_off: bool = False


class Since(NamedTuple):
    """What changed since the last note was written.

    `base` is the commit that it is compared with, `commits` and `others` how many followed and how many of those are
    somebody else's; None when this clone does not have `base`; `is_bounded` when they were not counted to the end.
    `touched` are the files that the note names, `streams` its workstreams: name, status and newest entry, both empty
    for one that is not here.
    """

    base: str
    commits: int | None
    others: int
    is_bounded: bool
    touched: tuple[str, ...]
    changed: tuple[str, ...]
    streams: tuple[tuple[str, str, str], ...]


class Peer(NamedTuple):
    """The newest note of somebody else; `slug` is empty for notes that name nobody."""

    slug: str
    id: str
    title: str
    at: float
    branch: str = ''
    doubt: str = ''


class Workstream(NamedTuple):
    """An open workstream with its newest Session Log entry; `owner` is a slug, empty for nobody."""

    name: str
    owner: str
    status: str
    entry: str


class OpenClaim(NamedTuple):
    """An id that was claimed and not handed off; `path` is its draft, else its placeholder, `at` None when unknown."""

    id: str
    slug: str
    at: float | None
    path: str
    is_provisional: bool = False


class Due(NamedTuple):
    """A document whose review is due on an ISO day."""

    day: str
    path: str


class View(NamedTuple):
    """All that an answer is made of, the clock left out.

    `place` says where HEAD is, `remote` what became of the fetch, `orphans` are the number of agent sessions without a
    hand-off, the time and the id of the last; `unread` are words on what was left out; `how` says how a first
    hand-off is made; `due` are the first of the `due_count` documents whose review is due, or soon will be; `is_killed` is
    whether a hand-off of this work tree was killed.
    """

    slug: str
    initials: str
    place: str = ''
    remote: str = ''
    last: LastNote | None = None
    since: Since | None = None
    own: tuple[Workstream, ...] = ()
    peers: tuple[Peer, ...] = ()
    others: tuple[Workstream, ...] = ()
    claims: tuple[OpenClaim, ...] = ()
    orphans: tuple[int, float, str] | None = None
    unread: tuple[str, ...] = ()
    how: str = ''
    due: tuple[Due, ...] = ()
    due_count: int = 0
    is_killed: bool = False


def restored(kept: Sequence[Any]) -> View:
    """Return the view that was kept as JSON. Raises TypeError or ValueError for anything else."""
    view = View(*kept)
    last = LastNote(*view.last) if view.last else None
    return view._replace(
        last=last and last._replace(quotes=tuple(Quote(*quote) for quote in last.quotes)),
        since=Since(*view.since) if view.since else None,
        own=tuple(Workstream(*row) for row in view.own), others=tuple(Workstream(*row) for row in view.others),
        peers=tuple(Peer(*row) for row in view.peers), claims=tuple(OpenClaim(*row) for row in view.claims),
        due=tuple(Due(*row) for row in view.due))
