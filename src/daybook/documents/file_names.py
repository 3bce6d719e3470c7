"""What the name of a file tells: its stem, and the day, the month or the id in it."""
from __future__ import annotations

import re

# as patterns, to be built into others
DATE = r'(?<!\d)(?P<y>20\d\d)(?P<s>[-_.]?)(?P<m>0[1-9]|1[0-2])(?P=s)(?P<d>0[1-9]|[12]\d|3[01])(?!\d)'
MONTH = r'(?<!\d)20\d\d[-_](?:0[1-9]|1[0-2])(?![-_]?\d)'
ID = r'^[A-Z][A-Z0-9]{1,4}-\d{6}-\d\d(?:[a-z0-9]{3})?(?![a-z0-9])'
# with which the names of notes begin
NOTE_WORDS = frozenset(('session', 'handoff', 'handover', 'conv', 'local', 'worklog', 'journal', 'devlog', 'sessao', 'sessão',
                        'sesion', 'sesión', 'sessie', 'sitzung', 'séance', 'сессия'))


def stem_of(path: str) -> str:
    """Return the file name of `path` without folder and extension."""
    return path.rsplit('/', 1)[-1].rsplit('.', 1)[0]


def date_in(name: str) -> str:
    """Return the first date in a name as `YYYY-MM-DD`, or ``."""
    match = re.search(DATE, name)
    return f'{match["y"]}-{match["m"]}-{match["d"]}' if match else ''


def is_month(path: str) -> bool:
    """Return whether a file is named by a month alone, as a rollup is."""
    return bool(re.fullmatch(MONTH, stem_of(path)))
