"""Where a repository keeps its notes, decisions and plans by hand, told from the names of its files alone."""
from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from typing import NamedTuple

from daybook.documents.file_names import DATE
from daybook.documents.file_names import ID
from daybook.documents.file_names import MONTH
from daybook.documents.file_names import NOTE_WORDS
from daybook.documents.file_names import date_in
from daybook.documents.file_names import stem_of
from daybook.documents.kinds import is_never

NOTES = 'session'

# a folder of one of these names is believed when enough of its files look like notes: by the share
_SURE, _MAYBE = 0.3, 0.5
_NOTE_FOLDERS = {
    **dict.fromkeys((
        'sessions', 'session-logs', 'session-log', 'session-notes', 'sessionlogs', 'handoffs', 'hand-offs',
        'handovers', 'worklog', 'worklogs', 'work-log', 'work-logs', 'journal', 'journals', 'devlog', 'devlogs',
        'dev-log', 'dev-logs', 'diary', 'diaries', 'logbook', 'daily-notes', 'daily-logs', 'dailies', 'conversations',
        'sessoes', 'sessões', 'diarios', 'diários', 'diario-de-bordo', 'sesiones', 'bitacora', 'bitácora', 'bitacoras', 'bitácoras',
        'sessies', 'dagboek', 'logboek', 'sitzungen', 'tagebuch', 'arbeitsprotokolle', 'séances', 'seances', 'sessioni', 'diario',
        'сессии', 'журнал', 'дневник', 'сесії', 'щоденник', 'oturumlar', '会话', '会话记录', '会话日志', '工作日志', '开发日志', '交接', '交接文档',
        '會話記錄', '工作日誌', '開發日誌', 'セッション', '引き継ぎ', '引継ぎ', '作業ログ', '作業日誌', '開発日誌', '開発ログ', '日報', '세션', '작업일지',
        '개발일지', '인수인계'), _SURE),
    **dict.fromkeys(('session', 'handoff', 'hand-off', 'handover', 'log', 'logs', 'daily', 'progress'), _MAYBE),
}
_OTHER_FOLDERS = {
    **dict.fromkeys(('adr', 'adrs', 'decisions', 'decision-records', 'architecture-decisions'), 'adr'),
    **dict.fromkeys(('plans',), 'plan'),
    **dict.fromkeys(('learnings', 'lessons', 'lessons-learned', 'til'), 'learning'),
    **dict.fromkeys(('workstreams',), 'workstream'),
}
# what lies below these is a product's, an example, or instructions; never somebody's notes
_FOREIGN = frozenset((
    'node_modules', 'vendor', 'third_party', 'third-party', 'fixtures', '__fixtures__', 'testdata', 'test', 'tests',
    'templates', 'template', '_templates', 'examples', 'skills', 'commands', 'prompts', 'playbooks', 'rules', 'memories',
    '.specstory', '.beads', 'memory-bank', 'memory_bank', 'openspec', '.specify', '.taskmaster', '.kiro', '_posts',
))
_NOTE_SUFFIXES = ('-handoffs', '-handovers', '-session-logs', '-worklogs')
_AGENT_HOME = re.compile(
    r'(?:^|/)\.(?:claude|cursor|codex|gemini|github|opencode)/(?:agents|instructions|hooks|plugins)/')
# what agents are told lies here; notes too, but in folders that say so, or with a day in their names
_AGENT_ROOM = re.compile(r'(?:^|/)\.(?:agents|claude|cursor|codex|gemini|github|opencode)/')
_ARCHIVE = frozenset(('archive', 'archived', 'archives', 'archief', 'legacy', 'old', 'done', 'completed'))
_NO_DOCUMENT = re.compile(r'^(?:\d+[-_])?(?:readme|index|claude|agents|gemini)(?:\W|_|$)', re.I)

_NUMBERED = re.compile(r'(?:^|[\W_])(?:session|sess[aã]o|sesi[oó]n|sessie|sitzung|séance|sessione|сессия|сесія|会话|セッション|세션'
                       r'|conv|local|pass|day|s|week)[\W_]*\d', re.I)
_NOTE_NAME = re.compile(r'(?:^|[\W_])(?:hand[-_]?offs?|handovers?|worklog|journal|devlog|closeout)(?:[\W_]|$)', re.I)
_LOOSE = re.compile(
    r'^(?:session-)?hand-?(?:offs?|overs?)(?:-|$)|-hand-?(?:offs?|overs?)(?:-prompt)?(?:-v?\d*)?$'
    r'|^(?:conv|local)-\d|^session-?\d+$|(?:^|-)sess(?:ion|ie)-(?:\d+-)?(?:notes?|notities|logs?|summary|end)(?:-|$)'
    r'|^(?:next|last|current)-session$|(?:^|-)(?:resumo|registro|resumen)-(?:da-|de-la-)?(?:sess[aã]o|sesi[oó]n)(?:-|$)'
    r'|^(?:sess[aã]o|sesi[oó]n)-(?:[a-z]-)?\d|^(?:work|dev|daily)-?logs?(?:-|$)|^(?:journal|diary|logbook)$')
# one file that everybody goes on writing, by its name; others are known by how often they change
_RUNNING = re.compile(r'^(?:session-)?hand-?(?:off|over)s?$|^(?:next|last|current)-session$'
                      r'|^sess(?:ion|ie)-(?:notes?|logs?|notities)$'
                      r'|^(?:work|dev|daily)-?logs?$|^(?:journal|diary|logbook)$')
_STATE = re.compile(r'(?:^|[\W_])(?:state|status|pending|progress|memory|next|notes)(?:[\W_]|$)|session|sessie'
                    r'|hand-?_?(?:off|over)|work-?_?log', re.I)
_NOT_LOOSE = re.compile(r'template|example|guide|protocol|schema|skill|workflow|how-to|archi(?:ve|tecture)|(?:formats?|criteria)(?:-|$)')
# below these folders a file called hand-off explains what one is
_EXPLAINING = re.compile(r'(?:^|[-/])(?:references?|refs?|patterns?|schemas?|guides?|protocols?|concepts?|manuals?|how-tos?|api)(?:[-/]|$)')


# decisions in a folder of another name: `docs/architecture/adr-007-queue.md`
_DECISION = re.compile(r'adr[-_ ]?\d{2,5}(?!\d)', re.I)


class Place(NamedTuple):
    """Documents of one `kind` kept by hand: in `folder`, or loose files of it; `first` and `last` are dates or ''."""

    kind: str
    folder: str
    files: tuple[str, ...]
    first: str = ''
    last: str = ''
    is_loose: bool = False

    @property
    def is_archive(self) -> bool:
        """Whether the folder's name says that nobody works in it any more."""
        return any(part.lower() in _ARCHIVE for part in self.folder.split('/'))


def _is_note_name(path: str) -> bool:
    name = stem_of(path)
    return bool(date_in(path) or re.match(ID, name) or re.search(MONTH, name) or _NUMBERED.search(name)
                or _NOTE_NAME.search(name))


def _normal(name: str) -> str:
    composed = name if name.isascii() else unicodedata.normalize('NFC', name)  # as some disks part letter and accent
    return re.sub(r'[\W_]+', '-', composed.lower()).strip('-')


def begins_as_note(path: str) -> bool:
    """Return whether the first word of a name says that the file is a note: `SESSION_2_FINDINGS.md`."""
    words = _normal(stem_of(path)).split('-')
    return words[0] in NOTE_WORDS or '-'.join(words[:2]) in ('hand-off', 'hand-over')


def is_document_name(path: str) -> bool:
    """Return whether `path` may be a document at all: no map of content, no template, no agent's instructions."""
    return not (_NO_DOCUMENT.search(stem_of(path)) or is_never(path))


def is_put_away(path: str) -> bool:
    """Return whether `path` lies in a folder whose name says that nobody works in it any more."""
    return bool(_ARCHIVE.intersection(path.lower().split('/')[:-1]))


def is_foreign(path: str) -> bool:
    """Return whether `path` lies where nobody keeps notes by hand: another tool's store, examples, tests."""
    return bool(_FOREIGN.intersection(path.lower().split('/')[:-1]) or _AGENT_HOME.search(path))


def _home(path: str) -> tuple[str, str, float] | None:
    """Return kind, folder and needed share of the folder that names what `path` is, or None."""
    folders = path.split('/')[:-1]
    words = [_normal(folder) for folder in folders]
    if is_foreign(path):
        return None
    sure = [i for i, word in enumerate(words) if _NOTE_FOLDERS.get(word) == _SURE or word.endswith(_NOTE_SUFFIXES)]
    other = [i for i, word in enumerate(words) if word in _OTHER_FOLDERS]
    maybe = [i for i, word in enumerate(words) if _NOTE_FOLDERS.get(word) == _MAYBE
             or word == 'history' and _AGENT_ROOM.search(path)]  # elsewhere it is the history of the product
    if sure and not (other and other[0] < sure[0]):
        return NOTES, '/'.join(folders[:sure[0] + 1]), _SURE
    if other:
        return _OTHER_FOLDERS[words[other[0]]], '/'.join(folders[:other[0] + 1]), 0.0
    return (NOTES, '/'.join(folders[:maybe[-1] + 1]), _MAYBE) if maybe else None


def _place(kind: str, folder: str, files: Collection[str], is_loose: bool = False) -> Place:
    dates = sorted(filter(None, map(date_in, files)))
    return Place(kind, folder, tuple(sorted(files)), dates[0] if dates else '', dates[-1] if dates else '', is_loose)


def _is_loose(path: str) -> bool:
    name = _normal(re.sub(DATE, '', stem_of(path)))
    folder = '/'.join(map(_normal, path.split('/')[:-1]))
    if _AGENT_ROOM.search(path) and not date_in(path):
        return False
    return bool(_LOOSE.search(name)) and not (_NOT_LOOSE.search(name) or _EXPLAINING.search(folder) or is_foreign(path))


def is_rewritten(path: str) -> bool:
    """Return whether a file that changes often holds the state of the work, by its name: `state.md`, `PENDING.md`."""
    home = _home(path)
    return bool(_STATE.search(stem_of(path))) and is_document_name(path) and not date_in(path) and not is_foreign(path) \
        and (home is None or home[0] == NOTES)


def is_running(path: str) -> bool:
    """Return whether `path` is one file for all sessions, by its name: `NEXT-SESSION.md`, `WORKLOG.md`."""
    folder = path.rpartition('/')[0]
    # deeper down it is the hand-off of one piece of work
    is_near = path.count('/') < 2 or _normal(folder.rpartition('/')[2]) in _NOTE_FOLDERS
    return is_near and bool(_RUNNING.match(_normal(stem_of(path)))) and not date_in(path) and not is_foreign(path)


def find_places(paths: Iterable[str], dated: Collection[str] = ()) -> list[Place]:
    """Return where the Markdown files `paths` keep notes, decisions, plans, learnings and workstreams.

    `dated` are the paths whose first lines tell a date: beside the names they witness that a folder called
    `sessions` holds notes and not the description of a feature. Folders that are worked in come first, then
    the latest; loose files last.
    """
    homes: dict[tuple[str, str, float], list[str]] = defaultdict(list)
    loose: dict[str, list[str]] = defaultdict(list)
    rest = []
    for path in filter(is_document_name, paths):
        home = _home(path)
        if home:
            homes[home].append(path)
        elif _is_loose(path):
            loose[path.rpartition('/')[0]].append(path)
        else:
            rest.append(path)
    places = []
    for (kind, folder, share), files in homes.items():
        seen = sum(_is_note_name(path) or (share < _MAYBE and path in dated) for path in files)
        if seen >= share * len(files):
            places.append(_place(kind, folder, files))
    places.sort(key=lambda p: (p.is_archive, -len(p.files), p.folder))
    places.sort(key=lambda p: '' if p.is_archive or p.kind != NOTES else p.last, reverse=True)
    # where both are kept, a session's note belongs with the sessions
    places.sort(key=lambda p: p.kind == NOTES and not p.is_archive and 'sess' in p.folder.lower(), reverse=True)
    places.sort(key=lambda p: p.kind != NOTES)
    decisions = [_place('adr', folder, files, is_loose=True) for folder, files in sorted(_decisions(rest).items())]
    return places + decisions + [_place(NOTES, folder, files, is_loose=True) for folder, files in sorted(loose.items())]


def _decisions(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the files that their names call decisions, by folder: some of one folder, and most of what lies there."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folders[path.rpartition('/')[0]].append(path)
    found = {folder: [path for path in files if _DECISION.match(stem_of(path)) and not is_foreign(path)] for folder, files in folders.items()}
    return {folder: files for folder, files in found.items() if len(files) > 2 and 2 * len(files) >= len(folders[folder])}


def numbers_used_twice(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the decisions that share a number (`0007-a.md`, `ADR-0007-b.md`), by number."""
    taken: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        match = re.match(r'(?:adr[-_ ]?)?(\d{3,5})(?=[-_. ]|$)(?![-_.]\d\d[-_.]\d\d)', stem_of(path), re.I)
        if match:
            taken[f'{path.rpartition("/")[0]}/{int(match[1]):04}'].append(path)
    return {number: sorted(found) for number, found in sorted(taken.items()) if len(found) > 1}
