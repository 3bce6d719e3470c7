"""The last answer of a link audit in one plain file: what it printed and what that depends on; no import that a run can do without."""
from __future__ import annotations

import os
import zlib

from daybook.documents import catalogue_version

CONFIG, BASELINE = '.daybook/config.yaml', '.daybook/links-baseline.txt'
_DIGITS = 20  # that no number of an answer has
_MANY = 20  # dead links, from which on few will mend them all before the next commit


def advice(blocking: int, baseline: bytes) -> bytes:
    """Return the line that tells who meets many dead links at once how to live with them, with its end; nothing otherwise."""
    if blocking < _MANY or baseline:
        return b''
    return (f'audit-links: {blocking} dead links; `daybook audit-links --baseline` writes them to {BASELINE}, '
            f'and from then on only new ones block; where `/x` is a page of a website, set `links: {{root: ignore}}` in {CONFIG}\n').encode()


class Answer:
    """What an audit printed, how many problems of it block, and what that depends on.

    `setup` and `files` are the digests of `Setup` and of the listing, `index` is the trailer of the index and `is_index`
    tells whether it alone gave the listing; `witness` is as the catalogue has it.
    """

    def __init__(self, setup: bytes, files: bytes, index: bytes, witness: bytes, *, is_index: bool, blocking: int, text: bytes | memoryview) -> None:
        self.setup, self.files, self.index, self.witness = setup, files, index, witness
        self.is_index, self.blocking, self.text = is_index, blocking, text
        self.checksum = zlib.crc32(text)

    @property
    def code(self) -> int:
        """The exit code."""
        return int(self.blocking > 0)

    @property
    def mark(self) -> bytes:
        """What tells this text from others."""
        return b'%d %d' % (self.checksum, len(self.text))


def _path(git_dir: str) -> str:
    return os.path.join(git_dir, 'daybook', f'links-{catalogue_version.version()}')


def keep(git_dir: str, answer: Answer) -> None:
    """Keep the last answer of a work tree; a folder that cannot be written to is no error."""
    from daybook.repo import files

    path, parts = _path(git_dir), (answer.setup, answer.files, answer.index, answer.witness)
    head = b'%d %d %d %d %d %d %d\n' % (*map(len, parts), answer.is_index, answer.blocking, answer.checksum)
    head = b''.join((head, *parts))
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        files.write_atomic(path, b''.join((zlib.crc32(head).to_bytes(4, 'big'), head, answer.text)), is_lasting=False)
        catalogue_version.forget_others(path)
    except OSError:
        pass


def kept(git_dir: str) -> Answer | None:
    """Return the last answer of a work tree; None when it is not there to the byte."""
    try:
        with open(_path(git_dir), 'rb') as stream:
            data = stream.read()
    except OSError:
        return None
    place = data.find(b'\n', 4) + 1
    numbers = data[4:place].split()
    if len(numbers) != 7 or not all(number.isdigit() and len(number) < _DIGITS for number in numbers):
        return None
    *lengths, is_index, blocking, checksum = map(int, numbers)
    parts = []
    for length in lengths:
        parts.append(data[place:place + length])
        place += length
    if zlib.crc32(memoryview(data)[4:place]).to_bytes(4, 'big') != data[:4]:
        return None
    answer = Answer(*parts, is_index=bool(is_index), blocking=blocking, text=memoryview(data)[place:])  # no copy: it may be megabytes
    return answer if answer.checksum == checksum else None
