"""The archive of a transcript: read once, redacted, scanned, and written whole or not at all."""
from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO
from typing import NamedTuple

from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.transcripts import deltas
from daybook.transcripts.redaction import Finder
from daybook.transcripts.redaction import Late
from daybook.transcripts.redaction import Redactor
from daybook.transcripts.redaction import Unclean

_LINE = 64 << 20  # bytes; a longer line is no transcript that we know
_WHOLE = 64 << 20  # bytes of a file that is one JSON value
_BLOCK = 1 << 20  # bytes of lines that are no JSON, looked at together as a key may run over many
_ABANDONED = 86_400  # seconds after which a temporary file is nobody's any more


class Kept(NamedTuple):
    """An archive that was written: where, how many bytes, what was marked, by kind."""

    path: str
    size: int
    counts: Counter[str]


def _lines(stream: BinaryIO) -> Iterator[str]:
    while line := stream.readline(_LINE + 1):
        if len(line) > _LINE:
            raise Unclean(f'a line of more than {_LINE >> 20} MiB')
        if b'\0' in line:
            raise Unclean('it is not UTF-8 text')
        yield line.decode('utf-8', 'surrogateescape')


def _pieces(path: str, stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a transcript, or all of it where it is one JSON value."""
    if os.path.splitext(path)[1] == '.json' and os.path.getsize(path) <= _WHOLE:
        text = ''.join(_lines(stream))
        try:
            yield json.dumps(json.loads(text), ensure_ascii=False) + '\n'
            return
        except (ValueError, RecursionError):
            stream.seek(0)
    yield from _lines(stream)


def _nothing(text: str) -> list[tuple[str, str]]:
    return []


def _redacted(pieces: Iterator[str], redactor: Redactor) -> Iterator[str]:
    plain: list[str] = []
    for piece in deltas.joined(pieces, redactor.text, Redactor(_nothing).text):
        record = redactor.record(piece)
        if record is None:
            plain.append(piece)
        if plain and (record is not None or sum(map(len, plain)) > _BLOCK):
            yield redactor.plain(''.join(plain))
            plain = []
        if record is not None:
            yield record
    if plain:
        yield redactor.plain(''.join(plain))


def _bytes(text: str) -> bytes:
    try:
        return text.encode('utf-8', 'surrogateescape')  # bytes that are not UTF-8 pass as they are
    except UnicodeEncodeError:
        return text.encode('utf-8', 'backslashreplace')  # half of a surrogate pair, which JSON can hold as an escape


def sweep(folder: str) -> None:
    """Remove the temporary files of runs that were killed; what they hold is redacted."""
    for entry in os.scandir(folder):
        if entry.name.startswith('.') and entry.name.endswith('.tmp') and '.json' in entry.name \
                and time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED:
            os.unlink(entry.path)


def _free(folder: str, name: str, extension: str) -> str:
    number = 1
    while os.path.lexists(path := os.path.join(folder, f'{name}{f"-{number}" if number > 1 else ""}{extension}')):
        number += 1
    return path


def require_outside(folder: str) -> None:
    """Raise FatalError when what is written to `folder` could be committed: in a work tree, and not ignored there."""
    found = git.git('rev-parse', '--is-inside-work-tree', '--is-inside-git-dir', cwd=folder, env=git.clean_env())
    if not found.is_ok:
        return
    if found.lines[1] == 'true':
        raise FatalError(f'{folder} is a folder of git; set TRANSCRIPTS_DIR to another')
    probe = os.path.join(folder, 'probe.jsonl')
    if found.lines[0] == 'true' and not git.git('check-ignore', '-q', '--', probe, cwd=folder, env=git.clean_env()).is_ok:
        raise FatalError(f'{folder} lies in a repository, which does not ignore it; set TRANSCRIPTS_DIR to a folder outside')


def _in_time(pieces: Iterator[str], deadline: float) -> Iterator[str]:
    for piece in pieces:
        if time.monotonic() > deadline:
            raise Late('it took longer than transcripts.timeout')
        yield piece


def _told(begun: float, done: int, size: int) -> str:
    """Return how far a redaction came, and how many seconds would have done if it goes on like that."""
    spent = time.monotonic() - begun
    wanted = f'; `transcripts: {{timeout: {60 * math.ceil(spent * size / done / 40)}}}` in .daybook/config.yaml should do' if done else ''
    return f'it took longer than transcripts.timeout: {done / 1e6:,.1f} of {size / 1e6:,.1f} MB in {spent:,.0f} s{wanted}'


def _take_out_known(target: BinaryIO, redactor: Redactor, deadline: float) -> None:
    """Rewrite what was written without the values that turned out to be secrets after they had passed without a sign."""
    with tempfile.TemporaryFile() as clean:
        target.seek(0)
        for line in _in_time(_lines(target), deadline):
            clean.write(_bytes(redactor.known_in(line)))
        target.seek(0)
        target.truncate()
        clean.seek(0)
        shutil.copyfileobj(clean, target)


def keep(source: str, folder: str, name: str, *, find: Finder, deadline: float) -> Kept:
    """Write the redacted transcript `source` to `folder` as `name`, mode 0600; an earlier archive is never replaced.

    `deadline` is a time of `time.monotonic`. Raises FatalError, Unclean or OSError with nothing written.
    """
    os.makedirs(folder, mode=0o700, exist_ok=True)
    require_outside(folder)
    sweep(folder)
    redactor = Redactor(find)
    path = _free(folder, name, os.path.splitext(source)[1] or '.jsonl')

    begun, size = time.monotonic(), os.path.getsize(source)
    with open(source, 'rb') as stream, files.new_private(path) as target:
        try:
            for text in _redacted(_in_time(_pieces(source, stream), deadline), redactor):
                target.write(_bytes(text))
            if redactor.known:
                _take_out_known(target, redactor, deadline)
        except Late:
            raise Late(_told(begun, stream.tell(), size)) from None
    return Kept(path, os.path.getsize(path), redactor.counts)
