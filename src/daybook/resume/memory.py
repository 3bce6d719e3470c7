"""What `resume` keeps between runs in the common git folder: one file that may always be lost.

Its first line is JSON of the last answer of each work tree, the second of what single documents tell: a run that finds
its answer in the first need not read the second. A checksum begins each. Never the truth: what is lost is made anew.
"""
from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.repo import files

_KEPT = 30 * 86400  # seconds after which the file of another version is deleted
_ANSWERS = 32  # work trees and operators whose answers are kept


class Answer(NamedTuple):
    """What was found for one caller: `setup` stands for the settings, `state` for all that git told of `places`."""

    setup: str
    places: Sequence[list[str]]
    state: str
    found: Any


class Memory(NamedTuple):
    """The file at `path`; `rest` is its second line, read when `blobs` asks for it."""

    path: str
    answers: dict[str, Any]
    rest: bytes = b''

    def answer(self, caller: str) -> Answer | None:
        """Return the last answer for `caller`, or None."""
        kept = self.answers.get(caller)
        return Answer(*kept) if kept else None

    def blobs(self, setup: str) -> dict[str, Any]:
        """Return what is kept under the settings `setup`: what a document tells, by its line of git's listing, and `first <path>`."""
        kept = _unsealed(self.rest)
        return kept['blobs'] if kept.get('setup') == setup else {}


def _sealed(value: Any) -> bytes:
    text = json.dumps(value, separators=(',', ':')).encode()
    return b'%08x %s' % (zlib.crc32(text), text)


def _unsealed(line: bytes) -> dict[str, Any]:
    """Return the mapping of one line; an empty one when a byte of it is not as it was written."""
    checksum, _, text = line.partition(b' ')
    return json.loads(text) if text and checksum == b'%08x' % zlib.crc32(text) else {}


def version() -> str:
    """Return what tells two versions of this package apart: a checksum of names, sizes and times of its modules."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    checksum = 0
    for folder in ('resume', 'session', 'governance', 'writers', 'rules', 'documents', 'repo'):
        with os.scandir(os.path.join(package, folder)) as entries:
            stats = sorted((entry.name, entry.stat()) for entry in entries if entry.name.endswith('.py'))
        for name, stat in stats:
            checksum = zlib.crc32(f'{name} {stat.st_size} {stat.st_mtime_ns}'.encode(), checksum)
    return f'{checksum:08x}'


def load(common_dir: str) -> Memory:
    """Return what is kept in a repository; nothing when the file is missing, damaged or cannot be read."""
    path = os.path.join(common_dir, 'daybook', f'resume-{version()}.json')
    try:
        data = files.read_bytes(path) or b''
    except OSError:
        return Memory(path, {})
    first, _, rest = data.partition(b'\n')
    return Memory(path, _unsealed(first), rest)


def _forget_others(path: str) -> None:
    folder, mine = os.path.split(path)
    for name in os.listdir(folder):
        other = os.path.join(folder, name)
        if name.startswith('resume-') and name != mine and os.stat(other).st_mtime < time.time() - _KEPT:
            os.unlink(other)


def save(memory: Memory, caller: str, answer: Answer, setup: str, blobs: Mapping[str, Any]) -> None:
    """Keep an answer and what single blobs tell; a folder that cannot be written to is no error.

    Of several runs at once the last one wins whole; what the others kept they find out again.
    """
    others = {name: kept for name, kept in memory.answers.items() if name != caller}
    answers = {**dict(list(others.items())[1 - _ANSWERS:]), caller: answer}
    data = _sealed(answers) + b'\n' + _sealed({'setup': setup, 'blobs': blobs})
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(memory.path), exist_ok=True)
        files.write_atomic(memory.path, data, is_lasting=False)
        _forget_others(memory.path)
