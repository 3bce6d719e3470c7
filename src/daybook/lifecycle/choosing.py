"""Which notes are old enough for the archive, where each would go, and why others stay."""
from __future__ import annotations

import datetime
import posixpath
import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents import config
from daybook.documents import review
from daybook.documents import zones
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.documents.file_names import date_in
from daybook.errors import FatalError
from daybook.rules import naming
from daybook.session import claim

YEAR = '{year}'
_TIMES = ('ended_at', 'last_commit_at', 'created', 'date', 'updated')
_DATED_HEADING = re.compile(r'^#{1,4}[ \t].*?(20\d\d-\d\d-\d\d)', re.MULTILINE)


class Chosen(NamedTuple):
    """New paths by old ones, and the old notes that stay where they are, each with the reason."""

    moves: dict[str, str]
    stay: dict[str, str]


def day_of(note: Document) -> str:
    """Return the last day of which a note tells, as `YYYY-MM-DD`; `` when it tells none."""
    by_id = claim.ID.match(note.identity)
    digits = by_id['day'][-6:] if by_id else ''
    days = {review.date_of(note.meta.get(key)) for key in _TIMES}
    days |= {date_in(note.stem), review.date_of(f'20{digits[:2]}-{digits[2:4]}-{digits[4:]}')}
    days |= {review.date_of(found) for found in (_DATED_HEADING.findall(note.body) if '# ' in note.body else ())}
    return max(days)


def folder_of(settings: Settings) -> str:
    """Return where the archive is, `{year}` still in it. Raises FatalError where what lies there would be no note."""
    kind = settings.kind('session')
    folder = (settings.sessions_archive_folder or posixpath.join(kind.folder, 'archive', YEAR)).strip('/')
    found = config.kind_of(settings, f'{folder.replace(YEAR, "2026")}/RT-261120-01.md')
    if found != kind:
        raise FatalError(f'{folder} is no place for notes, which resume and hand-off would no longer find; name a folder '
                         f'that `kinds.session.paths` in {config.PATH} covers, under `sessions.archive_folder`')
    return folder


def _operator(note: Document) -> str:
    by_id = claim.ID.match(note.identity)
    named = next((value for key in ('operator', 'owner') if isinstance(value := note.meta.get(key), str) and value.strip()), '')
    return named.strip().casefold() or (by_id['day'][:-7].casefold() if by_id else '')


def _archived(folder: str) -> re.Pattern[str]:
    return re.compile(re.escape(folder).replace(re.escape(YEAR), r'\d{4}') + '/')


def _newest(notes: Iterable[tuple[Document, str]], is_archived: Callable[[str], object]) -> set[str]:
    """Return the last note of each operator, by which `resume` and the next hand-off know where to go on.

    Of those of one day it is none that is archived already, else the last by its name.
    """
    last: dict[str, tuple[str, bool, str, str]] = {}
    for note, day in notes:
        who, own = _operator(note), (day, not is_archived(note.path), note.stem, note.path)
        last[who] = max(last.get(who, own), own)
    return {path for *_, path in last.values()}


def _reason(settings: Settings, note: Document, new: str) -> str:
    """Return why an old note must not go, `` when it may."""
    if naming.is_running(note.path):
        return 'is one that is written on'
    here, there = (zones.combined(None, path, settings.zones_default, settings.zones_folders) for path in (note.path, new))
    if there < here:
        return f'is {zones.LADDER[here]} by its folder, and would be {zones.LADDER[there]} in the archive; name that under `zones.folders`'
    return ''


def choose(settings: Settings, notes: Sequence[Document], days: int, as_of: str) -> Chosen:
    """Return what becomes of the notes that are older than `days` on the day `as_of`."""
    folder = folder_of(settings)
    limit = (datetime.date.fromisoformat(as_of) - datetime.timedelta(days)).isoformat()
    dated = [(note, day_of(note)) for note in notes if not note.is_stub]
    is_archived = _archived(folder).match
    newest = _newest(dated, is_archived)
    moves: dict[str, str] = {}
    stay: dict[str, str] = {}
    for note, day in dated:
        if is_archived(note.path):
            continue
        if not day:
            stay[note.path] = 'tells no day'
        elif day < limit and note.path not in newest:
            new = f'{folder.replace(YEAR, day[:4])}/{posixpath.basename(note.path)}'
            reason = _reason(settings, note, new)
            if reason:
                stay[note.path] = reason
            else:
                moves[note.path] = new
    return Chosen(moves, stay)
