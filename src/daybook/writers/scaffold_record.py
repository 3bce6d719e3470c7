"""What `init` put into a repository, kept so that it can be taken out or replaced again: the record."""
from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.errors import FatalError

PATH = '.daybook/installed.json'
_WHY = 'what `daybook init` put in; `daybook init --uninstall` and `--upgrade` read it'


class Edit(NamedTuple):
    """At byte `at` of the file before: the text that stood there, and what stands there since."""

    at: int
    was: str
    ours: str


class Stage(NamedTuple):
    """One change of a file that is not ours alone, and the digests of the file after it and before it.

    `before` is empty where there was no file; `theirs` are the lines of ours that stood in it too.
    """

    after: str
    edits: tuple[Edit, ...]
    before: str = ''
    theirs: tuple[str, ...] = ()


class Entry(NamedTuple):
    """One file: the digest of what we wrote, when it is wholly ours, else the stages of its changes.

    `is_made` says that there was no file before.
    """

    digest: str
    stages: tuple[Stage, ...]
    is_made: bool


class Record(NamedTuple):
    """Version and wishes of the last `init`, the folders that it made, and each file that it wrote.

    The record is written before the files: `former` are the entries that a run under way puts others
    in the place of, so that one which is killed can be told from one that ended.
    """

    version: str = ''
    extras: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    files: Mapping[str, Entry] = {}
    former: Mapping[str, Entry] = {}


def is_as_written(entry: Entry, data: bytes) -> bool:
    """Return whether a file holds what we left in it, and nothing else has changed since."""
    return digest(data) == (entry.stages[-1].after if entry.stages else entry.digest)


def digest(data: bytes) -> str:
    """Return the SHA-256 of a text; a checkout may have given it other line ends."""
    return hashlib.sha256(data.replace(b'\r\n', b'\n')).hexdigest()


def _edits(before: bytes, after: bytes) -> tuple[Edit, ...]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(Edit(starts[i1], _text(b''.join(old[i1:i2])), _text(b''.join(new[j1:j2])))
                 for word, i1, i2, j1, j2 in matcher.get_opcodes() if word != 'equal')


def _text(data: bytes) -> str:
    return data.decode('utf-8', 'surrogateescape')


def to_bytes(text: str) -> bytes:
    """Return the bytes of a text of an edit."""
    return text.encode('utf-8', 'surrogateescape')


def whole(content: bytes) -> Entry:
    """Return the entry of a file that is ours alone."""
    return Entry(digest(content), (), True)


def changed(known: Entry | None, before: bytes | None, after: bytes) -> Entry:
    """Return the entry of a file that others write too, after one more change of ours."""
    edits, present = _edits(before or b'', after), {line.strip() for line in _text(before or b'').splitlines()}
    theirs = present.intersection(line.strip() for edit in edits for line in edit.ours.splitlines()) - {''}
    stage = Stage(digest(after), edits, '' if before is None else digest(before), tuple(sorted(theirs)))
    stages = (*(known.stages if known else ()), stage)
    return Entry('', stages, known.is_made if known else before is None)


def read(data: bytes | None) -> Record:
    """Return the record in a file; an empty one when there is none. Raises FatalError when it cannot be read."""
    if data is None:
        return Record()
    try:
        given = json.loads(data)
        files, former = ({_path(path): _entry(value) for path, value in given.get(key, {}).items()} for key in ('files', 'former'))
        return Record(_known(given['version'], str), tuple(_known(name, str) for name in _known(given['with'], list)),
                      tuple(_path(folder) for folder in _known(given['folders'], list)), files, former)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FatalError(f'{PATH} cannot be read; take the file from git\'s history, nothing was written') from error


def _known(value: Any, kind: type) -> Any:
    """Return `value` when it is of `kind`, and text when it can be written. Raises TypeError or ValueError."""
    if type(value) is not kind:  # a bool is no number here
        raise TypeError(f'not {kind.__name__}: {value!r}')
    if isinstance(value, str):
        to_bytes(value)
    return value


def _path(value: Any) -> str:
    """Return a path of the record. Raises ValueError when its words leave the repository; links are for who opens it."""
    path: str = _known(value, str)
    parts = path.split('/')
    if {'', '.', '..'}.intersection(parts) or '.git' in path.lower().split('/') or '\0' in path:
        raise ValueError(f'leaves the repository: {path!r}')
    return path


def _edit(at: Any, was: Any, ours: Any) -> Edit:
    if _known(at, int) < 0:
        raise ValueError(f'no offset: {at}')
    return Edit(at, _known(was, str), _known(ours, str))


def _entry(given: Mapping[str, Any]) -> Entry:
    stages = tuple(Stage(_known(stage['after'], str), tuple(_edit(*edit) for edit in _known(stage['edits'], list)),
                         _known(stage.get('before', ''), str), tuple(_known(line, str) for line in _known(stage.get('theirs', []), list)))
                   for stage in _known(given.get('stages', []), list))
    return Entry(_known(given.get('sha256', ''), str), stages, _known(given.get('made', 'sha256' in given), bool))


def _written(entry: Entry) -> dict[str, Any]:
    if entry.digest:
        return {'sha256': entry.digest}
    stages = [{'before': stage.before, 'after': stage.after, 'edits': [list(edit) for edit in stage.edits],
               **({'theirs': list(stage.theirs)} if stage.theirs else {})} for stage in entry.stages]
    return {'made': entry.is_made, 'stages': stages}


def render(record: Record) -> bytes:
    """Return the record as the bytes of its file."""
    value: dict[str, Any] = {'about': _WHY, 'version': record.version, 'with': sorted(record.extras),
                             'folders': sorted(record.folders),
                             'files': {path: _written(entry) for path, entry in sorted(record.files.items())}}
    if record.former:
        value['former'] = {path: _written(entry) for path, entry in sorted(record.former.items())}
    return (json.dumps(value, indent=2) + '\n').encode()


def made_folders(paths: Iterable[str]) -> list[str]:
    """Return every folder on the way to `paths`, the deepest first."""
    found = {'/'.join(parts[:n]) for path in paths for parts in [path.split('/')] for n in range(1, len(parts))}
    return sorted(found, key=lambda folder: (-folder.count('/'), folder))
