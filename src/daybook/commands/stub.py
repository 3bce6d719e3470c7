"""`daybook stub [SESSION]`: list the agent sessions that ended without a hand-off, and make a note of one from facts alone."""
from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import claim as claims
from daybook.session import claiming
from daybook.session import draft as drafts
from daybook.session import operators
from daybook.session import orphans
from daybook.session import preflight
from daybook.session import telemetry
from daybook.session.claim import Claim
from daybook.session.orphans import Orphan

_TITLE = 'Session without a hand-off, {began} to {ended} UTC'
# nobody knows what was meant: the text says what was counted, and that it says no more
_TEXT = """\
---
id: {id}
title: "{title}"
---

## Summary

An agent session ended without a hand-off, and this note was made from facts
alone. Telemetry saw {calls} tool calls{partial} between {began} and {ended} UTC.
What was meant, tried and decided is not on record.
"""


def _short(moment: str) -> str:
    return moment[:16].replace('T', ' ') or '?'


def _line(orphan: Orphan) -> str:
    calls = f'{orphan.calls} calls' + (' of the tools that telemetry sees' if orphan.is_partial else '')
    return f'{orphan.session}: {_short(orphan.started_at)} to {_short(orphan.ended_at)} UTC, {calls}, in {orphan.cwd or "?"}'


def _list(found: Sequence[Orphan]) -> int:
    for orphan in found:
        print(printable(_line(orphan)))
    print(f'{len(found)} without a hand-off; daybook stub SESSION makes a note of one, --draft a draft to fill, --drop puts it away'
          if found else 'every agent session with work was handed off')
    return 0


def _chosen(found: Sequence[Orphan], word: str) -> Orphan:
    for orphan in found:
        if orphan.session == word:
            return orphan
    raise FatalError(f'no session without a hand-off is called {printable(word)}; `daybook stub` lists them '
                     '(one that had a call within the hour still works)')


def _refuse_elsewhere(repo: Repo, orphan: Orphan) -> None:
    place = os.path.realpath(orphan.cwd) if orphan.cwd else repo.root
    if place != os.path.realpath(repo.root) and os.path.isdir(place):
        raise FatalError(f'that session worked in another work tree: {printable(place)}; run `daybook stub` there, as its commits '
                         'are on its branch')


def _claimed(repo: Repo, orphan: Orphan) -> Claim:
    """Claim an id for a session that is over: its facts begin and end with it, not with this run."""
    settings, operator = config.load(repo.root), operators.resolve(repo, None, os.environ)
    held = [claim for claim in claims.open_claims(repo, settings) if claim.until and claim.session == orphan.session]
    if held:
        return held[-1]
    span = orphans.window(orphan)
    if span is None:
        raise FatalError(f'the telemetry of {printable(orphan.session)} does not tell when it was; `--drop` puts it away')
    base = git.git('rev-list', '-1', f'--before=@{int(span[0])}', 'HEAD', '--', cwd=repo.root)
    claim = claiming.take(repo, settings, operator, now=datetime.now(timezone.utc), environ={}, new=True)
    until = datetime.fromtimestamp(span[1], timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
    claim = claim._replace(session=orphan.session, head=base.text or None, until=until)
    claims.save(repo, claim)
    return claim


def _write_draft(repo: Repo, orphan: Orphan, claim: Claim) -> str:
    began, ended = _short(orphan.started_at), _short(orphan.ended_at)
    text = _TEXT.format(id=claim.id, title=_TITLE.format(began=began, ended=ended), began=began, ended=ended, calls=orphan.calls,
                        partial=', of some tools only,' if orphan.is_partial else '')
    path = drafts.default_path(repo.root, claim.id)
    files.state_dir(repo.root)
    files.create_exclusive(path, text.encode())
    return path


def _pages(repo: Repo, settings: Settings, before: str, after: str) -> dict[str, bytes]:
    from daybook.site import site_commit  # who commits no pages need not wait for it

    return site_commit.pages(repo, settings, before, after)


def _make_note(repo: Repo, orphan: Orphan) -> int:
    preflight.refuse_inside_hook(os.environ)
    # a list pays for no hand-off
    from daybook.handoff import calling

    path = _write_draft(repo, orphan, _claimed(repo, orphan))
    os.environ['DAYBOOK_QUICK'] = '1'
    return calling.run(None, [path], say=print, pages=_pages)


def _make_draft(repo: Repo, orphan: Orphan) -> int:
    claim = _claimed(repo, orphan)
    path = drafts.write_skeleton(repo, config.load(repo.root), claim)
    print(printable(f'draft: {path} (fill it, then: daybook handoff --files {path})'))
    print(f'stub: id={claim.id} session={printable(orphan.session)}')
    return 0


def _drop(repo: Repo, orphan: Orphan) -> int:
    name = f'dropped-{os.path.basename(orphan.path)[len("session-"):-len(".json")]}'
    place = telemetry.archive(repo, orphan.path, name, datetime.now(timezone.utc))
    if place is None:
        raise FatalError(f'{printable(orphan.session)} is at work again; nothing was changed')
    print(printable(f'put away: {os.path.relpath(place, repo.root)}'))
    return 0


def main(argv: Sequence[str]) -> int:
    """List the orphans, or deal with one: a note from facts (committed as by hand-off), a draft, or the archive."""
    parser = argparse.ArgumentParser('daybook stub', description=__doc__)
    parser.add_argument('session', nargs='?', help='the session to deal with; none lists them')
    group = parser.add_mutually_exclusive_group()
    group.add_argument('--draft', action='store_true', help='only claim an id and write a draft, for who remembers what was done')
    group.add_argument('--drop', action='store_true', help='put its telemetry into the archive: nothing of it is worth a note')
    args = parser.parse_args(argv)
    repo = git.find_repo()
    found = orphans.find(telemetry.folder(repo), repo.root, time.time(), os.environ.get('DAYBOOK_SESSION_ID'))
    if args.session is None:
        return _list(found)
    orphan = _chosen(found, args.session)
    if args.drop:
        return _drop(repo, orphan)
    _refuse_elsewhere(repo, orphan)
    return (_make_draft if args.draft else _make_note)(repo, orphan)
