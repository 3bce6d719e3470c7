"""The operator's newest note: what it says, when it was written, and who stands behind it."""
from __future__ import annotations

import shlex
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime

from daybook.documents import document
from daybook.documents.config import Settings
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.resume import heads
from daybook.resume import witness
from daybook.resume.reading import Reader
from daybook.resume.recall import Last
from daybook.resume.recall import Note
from daybook.resume.view import LastNote
from daybook.resume.view import Quote
from daybook.session.operators import Operator

# older notes have no resume prompt, but most say what comes next
_SECTIONS = {'Summary': (), 'Resume Prompt': ('Next session', 'Next steps', 'Handoff', 'Hand-off', 'Next')}


def _quotes(text: str, settings: Settings) -> tuple[Quote, ...]:
    aliases = dict(settings.kind('session').section_aliases)
    found = {title: heads.section(text, (title, *aliases.get(title, ()), *others)) for title, others in _SECTIONS.items()}
    if not any(found.values()):
        found = {'It says': text}  # an old note of another shape: its beginning is better than nothing
    return tuple(Quote(title, body[:1 << 16]) for title, body in found.items())


def doubt(reader: Reader, note: Note, last: Last | None, configured: Mapping[str, Operator]) -> str:
    """Return who stands behind a note when that is not its operator; only then its earlier commits are looked at."""
    found = witness.doubt(note, last, configured)
    if not found or not last:
        return found
    return witness.doubt(note, witness.author_of(reader.repo, note, last, reader.settings.kind('session')), configured)


def _is_changed(repo: Repo, note: Note) -> bool:
    # a file that was only touched is among those of the disk too
    return not note.oid and git.git('--no-optional-locks', 'diff', '--quiet', '--no-ext-diff', 'HEAD', '--',
                                    *git.pathspec([note.path]), cwd=repo.root).code == 1


def _source(note: Note) -> str:
    # an agent will run it, whatever somebody has called the file
    return f'git show {shlex.quote(f"{note.branch.commit[:10]}:{note.path}")}' if note.branch else note.path


def moment(note: Note, last: Last | None) -> float:
    """Return the time of a note, that of its commit where the note tells its day only."""
    if last and not heads.moment(note.head.written) and f'{datetime.fromtimestamp(last.at):%Y-%m-%d}' == note.day:
        return float(last.at)
    return note.at.timestamp()


def read(reader: Reader, mine: Sequence[Note], commits: Sequence[Last | None],
          configured: Mapping[str, Operator]) -> tuple[LastNote, str]:
    """Return the operator's newest note and the text to go on from."""
    note, commit = mine[0], commits[0]
    doc = document.from_bytes(note.path, reader.settings.kind('session'), reader.data(note.path, note.oid) or b'')
    text = heads.newest_entry(note.head, doc.body)
    quotes = _quotes(text, reader.settings)
    summary = doc.meta.get('summary')
    if isinstance(summary, str) and quotes[0] == Quote('Summary', ''):
        quotes = (Quote('Summary', summary), *quotes[1:])
    doubts = [doubt(reader, one, last, configured) for one, last in zip(mine, commits)]
    sure = next((one for one, last, why in zip(mine, commits, doubts) if last and not why), None) if doubts[0] else None
    before = f'{sure.head.id}, {_source(sure)}' if sure else ''
    author, oid = (commit.author, commit.oid) if commit else ('', '')
    return LastNote(note.head.id, note.head.title, _source(note), moment(note, commit), author, oid,
                    is_changed=_is_changed(reader.repo, note), branch=note.branch.name if note.branch else '', doubt=doubts[0],
                    before=before, quotes=quotes, is_cut_off=commit is not None and not oid), doc.body
