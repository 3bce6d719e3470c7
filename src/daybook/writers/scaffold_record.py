"""What `init` put into a repository, kept so that it can be taken out or replaced again: the record and its undoing."""
from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.errors import FatalError
from daybook.writers import json_edit
from daybook.writers import scaffold_edits

PATH = '.daybook/installed.json'
_WHY = 'what `daybook init` put in; `daybook init --uninstall` and `--upgrade` read it'


class Edit(NamedTuple):
    """At byte `at` of the file before: the text that stood there, and what stands there since."""

    at: int
    was: str
    ours: str


class Stage(NamedTuple):
    """One change of a file that is not ours alone, and the digest of the file after it."""

    after: str
    edits: tuple[Edit, ...]


class Entry(NamedTuple):
    """One file: the digest of what we wrote, when it is wholly ours, else the stages of its changes.

    `is_made` says that there was no file before.
    """

    digest: str
    stages: tuple[Stage, ...]
    is_made: bool


class Record(NamedTuple):
    """Version and wishes of the last `init`, the folders that it made, and each file that it wrote."""

    version: str = ''
    extras: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    files: Mapping[str, Entry] = {}


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


def _bytes(text: str) -> bytes:
    return text.encode('utf-8', 'surrogateescape')


def whole(content: bytes) -> Entry:
    """Return the entry of a file that is ours alone."""
    return Entry(digest(content), (), True)


def changed(known: Entry | None, before: bytes | None, after: bytes) -> Entry:
    """Return the entry of a file that others write too, after one more change of ours."""
    stages = (*(known.stages if known else ()), Stage(digest(after), _edits(before or b'', after)))
    return Entry('', stages, known.is_made if known else before is None)


def _undone_exactly(data: bytes, stage: Stage) -> bytes:
    shift, parts, done = 0, [], 0
    for edit in stage.edits:
        ours = _bytes(edit.ours)
        at = edit.at + shift
        parts += [data[done:at], _bytes(edit.was)]
        done = at + len(ours)
        shift += len(ours) - len(_bytes(edit.was))
    return b''.join([*parts, data[done:]])


def _undone_by_text(data: bytes, stage: Stage) -> bytes:
    for edit in reversed(stage.edits):
        ours, was = _bytes(edit.ours), _bytes(edit.was)
        if b'\r\n' in data and b'\r' not in ours:
            ours, was = ours.replace(b'\n', b'\r\n'), was.replace(b'\n', b'\r\n')
        if not ours.strip() or data.count(ours) != 1:
            raise FatalError('it was edited since where our lines stood')
        data = data.replace(ours, was)
    return data


def _check(path: str, data: bytes) -> None:
    """Raise FatalError when what is left of a file can no longer be read."""
    if path.endswith('.json'):
        json_edit.load(data)
    elif path.endswith(('.yaml', '.yml')):
        scaffold_edits.read_yaml(data)


def without(path: str, data: bytes, entry: Entry) -> bytes | None:
    """Return the file as it would be without us, None when nothing of it would be left.

    What others wrote since stays. Raises FatalError with the reason when our part cannot be told from theirs.
    """
    if entry.digest:
        if digest(data) != entry.digest:
            raise FatalError('it was edited since')
        return None
    for stage in reversed(entry.stages):
        is_same = digest(data) == stage.after and _fits(data, stage)
        data = _undone_exactly(data, stage) if is_same else _undone_by_text(data, stage)
    if entry.is_made and not data.strip():
        return None
    _check(path, data)
    return data


def _fits(data: bytes, stage: Stage) -> bool:
    """Return whether every text of ours stands at its offset."""
    shift = 0
    for edit in stage.edits:
        ours = _bytes(edit.ours)
        if data[edit.at + shift:edit.at + shift + len(ours)] != ours:
            return False
        shift += len(ours) - len(_bytes(edit.was))
    return True


def read(data: bytes | None) -> Record:
    """Return the record in a file; an empty one when there is none. Raises FatalError when it cannot be read."""
    if data is None:
        return Record()
    try:
        given = json.loads(data)
        files = {path: _entry(value) for path, value in given['files'].items()}
        return Record(str(given['version']), tuple(given['with']), tuple(given['folders']), files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FatalError(f'{PATH} cannot be read; take the file from git\'s history, nothing was written') from error


def _entry(given: Mapping[str, Any]) -> Entry:
    stages = tuple(Stage(str(stage['after']), tuple(Edit(int(at), str(was), str(ours)) for at, was, ours in stage['edits']))
                   for stage in given.get('stages', ()))
    return Entry(str(given.get('sha256', '')), stages, bool(given.get('made', 'sha256' in given)))


def render(record: Record) -> bytes:
    """Return the record as the bytes of its file."""
    files: dict[str, Any] = {}
    for path, entry in sorted(record.files.items()):
        if entry.digest:
            files[path] = {'sha256': entry.digest}
        else:
            stages = [{'after': stage.after, 'edits': [list(edit) for edit in stage.edits]} for stage in entry.stages]
            files[path] = {'made': entry.is_made, 'stages': stages}
    value = {'about': _WHY, 'version': record.version, 'with': sorted(record.extras),
             'folders': sorted(record.folders), 'files': files}
    return (json.dumps(value, indent=2) + '\n').encode()


def made_folders(paths: Iterable[str]) -> list[str]:
    """Return every folder on the way to `paths`, the deepest first."""
    found = {'/'.join(parts[:n]) for path in paths for parts in [path.split('/')] for n in range(1, len(parts))}
    return sorted(found, key=lambda folder: (-folder.count('/'), folder))
