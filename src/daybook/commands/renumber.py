"""`daybook renumber OLD NEW`: give a note another id, in its file name, its keys and every link to it."""
from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import datetime
from datetime import timezone

from daybook.documents import config
from daybook.documents import document
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.errors import FatalError
from daybook.errors import UsageError
from daybook.lifecycle import journal
from daybook.lifecycle import renumbering
from daybook.lifecycle.alone import alone
from daybook.lifecycle.renumbering import Edit
from daybook.problem import add_line
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import claim as claims
from daybook.session import claiming
from daybook.session import moves
from daybook.session import operators
from daybook.session.moves import RENUMBER
from daybook.writers import renumber

_SHOWN = 8  # lines that still name the old id


def _notes(repo: Repo, settings: Settings) -> list[Document]:
    return [doc for doc in document.read_all(repo, settings) if doc.kind.name == 'session']


def _named(notes: Sequence[Document], root: str, old: str) -> Document:
    """Return the note that an id, a file name or a path from here names."""
    path = files.within(root, old) if os.path.isfile(old) else None
    found = [doc for doc in notes if doc.path == path] or [doc for doc in notes if old in (doc.meta.get('id'), doc.stem)]
    if not found:
        raise FatalError(f'unknown id: {printable(old)}; no tracked note has it (`git add` a new one first)')
    if len(found) > 1:
        raise FatalError(f'several notes have the id {printable(old)}; name the file: '
                         + ', '.join(doc.path for doc in found))
    if found[0].is_stub:
        raise FatalError(f'{found[0].path} is a claim that waits for its hand-off; claim another id instead: '
                         'daybook claim-session --new')
    return found[0]


def _old_id(doc: Document) -> str:
    given = doc.meta.get('id')
    if isinstance(given, str) and given:
        return given
    found = claims.ID.match(doc.stem)
    return found.group() if found else doc.stem


def _waiting(repo: Repo, notes: Sequence[Document], doc: Document, new: str) -> claims.Claim | None:
    """Return what an earlier run that was cut short has claimed for this note."""
    found = claims.waiting_for(repo, doc.path, None if new == 'next' else new)
    taken = {note.identity.casefold() for note in notes}
    return found if found and found.id.casefold() not in taken else None


def _refuse_taken(repo: Repo, settings: Settings, notes: Sequence[Document], new: str, again: claims.Claim | None) -> None:
    if not claims.ID.fullmatch(new):
        raise UsageError(f'not an id that a claim gives: {printable(new)}; they look like RT-261120-01, or say `next`')
    holder = next((doc.path for doc in notes if doc.identity.casefold() == new.casefold()), None)
    if holder:
        raise FatalError(f'{new} exists already: {holder}; take another id, or `next`')
    if again is None and claiming.is_taken(repo, settings, new):
        raise FatalError(f'{new} is claimed already, or stands on another branch; take another id, or `next`')


def _claimed(repo: Repo, settings: Settings, doc: Document, new: str, old: str, again: claims.Claim | None) -> claims.Claim:
    """Claim `new`, or with `next` the next id of the day of `old` (of today, when `old` tells no day)."""
    operator, now = operators.resolve(repo, None, os.environ), datetime.now(timezone.utc)
    owner = operators.load(repo.root).get(str(doc.meta.get('operator')), operator)
    day = _day(owner, old, now) if new == 'next' else new.rsplit('-', 1)[0]
    return claiming.assign(repo, settings, owner, None if new == 'next' else new, day, now=now, environ=os.environ,
                         note=doc.path, again=again)


def _day(operator: operators.Operator, old: str, now: datetime) -> str:
    found = claims.ID.fullmatch(old)
    return found['day'] if found else f'{operator.initials}-{operator.local_date(now):%y%m%d}'


def _wanted(repo: Repo, settings: Settings, notes: Sequence[Document], old: str, new: str, again: claims.Claim | None) -> str:
    """Return the new id, of `next` the one that a claim would give now. Raises FatalError when somebody has it."""
    if new != 'next':
        _refuse_taken(repo, settings, notes, new, again)
        return new
    if again:
        return again.id
    operator = operators.resolve(repo, None, os.environ)
    return claiming.peek(repo, settings, _day(operator, old, datetime.now(timezone.utc)))


def _git_add(repo: Repo, edits: Sequence[Edit]) -> str:
    paths = dict.fromkeys(path for edit in edits for path in (edit.path, edit.new_path))
    return add_line(repo.root, paths, os.getcwd())


def _report(edits: Sequence[Edit], mentions: Sequence[str]) -> None:
    moved = edits[0]
    print(printable(f'{moved.path} -> {moved.new_path}'))
    for edit in edits:
        if edit.links:
            print(printable(f'{edit.new_path}: {edit.links} link{"s" * (edit.links != 1)}'))
    if mentions:
        more = f' and {len(mentions) - _SHOWN} more' if len(mentions) > _SHOWN else ''
        print(printable(f'still named in words: {", ".join(mentions[:_SHOWN])}{more}'))


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser('daybook renumber', description=__doc__)
    parser.add_argument('old', metavar='OLD', help='the id of the note, or its file where several have the id')
    parser.add_argument('new', metavar='NEW', help='the new id, or `next` to claim one')
    parser.add_argument('--dry-run', action='store_true', help='print the change and write nothing')
    return parser.parse_args(argv)


def _run(repo: Repo, args: argparse.Namespace) -> int:
    settings = config.load(repo.root)
    notes = _notes(repo, settings)
    doc = _named(notes, repo.root, args.old)
    old = _old_id(doc)
    only = {'is_only': [other.stem for other in notes].count(doc.stem) == 1, 'is_only_id': [_old_id(other) for other in notes].count(old) == 1}
    again = _waiting(repo, notes, doc, args.new)
    wanted = _wanted(repo, settings, notes, old, args.new, again)
    changes, mentions = renumbering.edits(repo, settings, renumber.move_of(doc.path, old, wanted, **only))
    if args.dry_run:
        _report(changes, mentions)
        print(f'renumber: old={printable(old)} new={wanted} claim=none')
        return 0
    claim = _claimed(repo, settings, doc, args.new, old, again)
    # to claim may have taken seconds, in which somebody has gone on writing
    changes, mentions = renumbering.edits(repo, settings, renumber.move_of(doc.path, old, claim.id, **only))
    renumbering.write(repo, changes)
    claims.close(repo, claim._replace(note=None))
    _report(changes, mentions)
    if claim.kind == 'provisional':
        print(printable(f'not arbitrated: {claim.reason}'))
    print(printable(_git_add(repo, changes)))
    print(f'renumber: old={printable(old)} new={claim.id} claim={claim.kind}')
    return 0


def main(argv: Sequence[str]) -> int:
    """Rewrite a note and the links to it; print what changed, and the `git add` that stages it."""
    args = _arguments(argv)
    repo = git.find_repo()
    if args.dry_run:
        if moves.is_left(repo, RENUMBER):
            print('a renumbering was killed here; without --dry-run it is taken back first')
        return _run(repo, args)
    with alone(repo, RENUMBER):
        settled = journal.recover(repo, RENUMBER)
        if settled:
            print(printable(settled))
        return _run(repo, args)
