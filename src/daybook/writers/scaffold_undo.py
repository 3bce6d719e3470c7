"""The undoing of what `init` put in: which of it a file still holds, and the file without it."""
from __future__ import annotations

from typing import Any

from daybook.errors import FatalError
from daybook.writers import json_edit
from daybook.writers import scaffold_edits
from daybook.writers import scaffold_prek
from daybook.writers.scaffold_record import Entry
from daybook.writers.scaffold_record import Record
from daybook.writers.scaffold_record import Stage
from daybook.writers.scaffold_record import digest
from daybook.writers.scaffold_record import to_bytes

_TELLING = 6  # letters and digits; `hooks:` has five


def _undone_exactly(data: bytes, stage: Stage) -> bytes:
    shift, parts, done = 0, [], 0
    for edit in stage.edits:
        ours = to_bytes(edit.ours)
        at = edit.at + shift
        parts += [data[done:at], to_bytes(edit.was)]
        done = at + len(ours)
        shift += len(ours) - len(to_bytes(edit.was))
    return b''.join([*parts, data[done:]])


def _undone_by_text(data: bytes, stage: Stage) -> bytes:
    for edit in reversed(stage.edits):
        ours, was = to_bytes(edit.ours), to_bytes(edit.was)
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
    """Return what a file of JSON, TOML or YAML says, None for others. Raises FatalError when it cannot be read."""
    if path.endswith('.json'):
        return json_edit.load(data)
    if path.endswith('.toml'):
        return scaffold_prek.read(data)
    return scaffold_edits.read_yaml(data) if path.endswith(('.yaml', '.yml')) else None


def _is_part(left: Any, present: Any) -> bool:
    """Return whether `left` is `present` with nothing but keys and items taken away."""
    if isinstance(left, dict) and isinstance(present, dict):
        return all(key in present and _is_part(value, present[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(present, list):
        rest = iter(present)
        return all(any(_is_part(item, other) for other in rest) for item in left)
    return bool(left == present)


def held(entry: Entry, data: bytes) -> Entry | None:
    """Return the entry with those stages alone that `data` still holds, None when it holds none.

    A file that was put back by hand, or that a killed run never wrote, is known by its digest before a
    stage. A file that is ours alone is held as long as it is there.
    """
    if entry.digest:
        return entry
    now = digest(data)
    count = next((n + 1 for n in reversed(range(len(entry.stages))) if entry.stages[n].after == now), None)
    if count is None:
        count = next((n for n, stage in enumerate(entry.stages) if stage.before == now), None)
    stages = entry.stages[:count] if count is not None else tuple(stage for stage in entry.stages if _left_of(stage, data))
    return entry._replace(stages=stages) if stages else None


def _left_of(stage: Stage, data: bytes) -> list[str]:
    """Return the lines that this stage put in and that still stand in `data`, without those that stand in many a file."""
    ours = [line for edit in stage.edits for line in edit.ours.splitlines()
            if line.strip() not in stage.theirs and sum(letter.isalnum() for letter in line) >= _TELLING]
    return [line for line in ours if to_bytes(line).strip() in data]  # a line of theirs that holds ours too


def lines_left(entry: Entry, data: bytes) -> list[str]:
    """Return the lines of ours that stand in `data`, for a person to take out."""
    return [line for stage in entry.stages for line in _left_of(stage, data)]


def entry_of(record: Record, path: str, data: bytes) -> Entry | None:
    """Return what the record knows of the file `path` as it is: of a killed run the entry that holds, None without any."""
    entry, former = record.files.get(path), record.former.get(path)
    if former and digest(data) in (former.digest, *(stage.after for stage in former.stages)):
        entry = former
    return held(entry, data) if entry else None


def without(path: str, data: bytes, entry: Entry) -> bytes | None:
    """Return the file as it would be without us, None when nothing of it would be left.

    `entry` is what `entry_of` gives. What others wrote since stays. Raises FatalError with the reason
    when our part cannot be told from theirs.
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
        ours = to_bytes(edit.ours)
        if data[edit.at + shift:edit.at + shift + len(ours)] != ours:
            return False
        shift += len(ours) - len(to_bytes(edit.was))
    return True
