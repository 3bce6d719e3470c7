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
        if not ours.strip() or data.count(ours) != 1 or not _is_whole_lines(data, ours):
            raise FatalError('it was edited since where our lines stood')
        data = data.replace(ours, was)
    return data


def _is_whole_lines(data: bytes, ours: bytes) -> bool:
    """Return whether the one place of `ours` begins where a line begins, and ends where one ends."""
    before, _, behind = data.partition(ours)
    return before[-1:] in (b'', b'\n', b'\r') and (ours.endswith((b'\n', b'\r')) or behind[:1] in (b'', b'\n', b'\r'))


def _parsed(path: str, data: bytes) -> Any:
    """Return what a file of JSON or YAML says, None for others. Raises FatalError when it cannot be read."""
    if path.endswith('.json'):
        return json_edit.load(data)
    return scaffold_edits.read_yaml(data) if path.endswith(('.yaml', '.yml')) else None


def _is_part(left: Any, present: Any) -> bool:
    """Return whether `left` is `present` with nothing but keys and items taken away."""
    if isinstance(left, dict) and isinstance(present, dict):
        return all(key in present and _is_part(value, present[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(present, list):
        rest = iter(present)
        return all(any(_is_part(item, other) for other in rest) for item in left)
    return bool(left == present)


def without(path: str, data: bytes, entry: Entry) -> bytes | None:
    """Return the file as it would be without us, None when nothing of it would be left.

    What others wrote since stays. Raises FatalError with the reason when our part cannot be told from theirs.
    """
    if entry.digest:
        if digest(data) != entry.digest:
            raise FatalError('it was edited since')
        return None
    present, is_edited = data, False
    for stage in reversed(entry.stages):
        is_same = digest(data) == stage.after and _fits(data, stage)
        data = _undone_exactly(data, stage) if is_same else _undone_by_text(data, stage)
        is_edited = is_edited or not is_same
    if entry.is_made and not data.strip():
        return None
    left = _parsed(path, data)
    if is_edited and not _is_part(left, _parsed(path, present)):
        raise FatalError('lines were added to our entry since, which would fall to another; take the entry out by hand')
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
        files = {_path(path): _entry(value) for path, value in given['files'].items()}
        return Record(_known(given['version'], str), tuple(_known(name, str) for name in _known(given['with'], list)),
                      tuple(_path(folder) for folder in _known(given['folders'], list)), files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FatalError(f'{PATH} cannot be read; take the file from git\'s history, nothing was written') from error


def _known(value: Any, kind: type) -> Any:
    """Return `value` when it is of `kind`, and text when it can be written. Raises TypeError or ValueError."""
    if type(value) is not kind:  # a bool is no number here
        raise TypeError(f'not {kind.__name__}: {value!r}')
    if kind is str:
        _bytes(value)
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
    stages = tuple(Stage(_known(stage['after'], str), tuple(_edit(*edit) for edit in _known(stage['edits'], list)))
                   for stage in _known(given.get('stages', []), list))
    return Entry(_known(given.get('sha256', ''), str), stages, _known(given.get('made', 'sha256' in given), bool))


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
