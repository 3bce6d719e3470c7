"""The tracked files of a work tree with the ids of their contents: the index, and outside of a commit what is on the disk."""
from __future__ import annotations

import os
import stat

from daybook.errors import FatalError
from daybook.repo import git_spawn

TYPE_CHECKING = False
if TYPE_CHECKING:  # a warm hook does without `collections`
    from collections.abc import Iterable

    from daybook.repo.listing_entries import Entries

QUESTIONS = (('ls-files', '-s', '-z'), ('diff-files', '--name-only', '-z', '--ignore-submodules=dirty'))
SYMLINK, SUBMODULE = '120000', '160000'
_EMPTY = ('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391', '473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813')
_FEW = 100  # files that git is asked about by name
_LARGE = 1 << 18  # bytes, from which on to part a listing costs less than to take it apart


class Listing:
    """`raw` is NUL-terminated lines `mode oid stage\\tpath`, each path once, in the order of git.

    A plain class: `typing` would cost a warm run as much as reading the index does.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.trailer = b''  # that of the index that was read, where it is known, as `trailer` has it
        self.is_index = False  # whether every file counts with what the index has of it
        self._digest = b''
        self._entries: Entries | None = None
        self._links: tuple[list[str], list[str]] | None = None

    @property
    def digest(self) -> bytes:
        """The BLAKE2b hash of `raw`."""
        self._digest = self._digest or digest(self.raw)
        return self._digest

    def entries(self) -> Entries:
        """Return mode and object id of each path."""
        if self._entries is None:
            from daybook.repo.listing_entries import Entries

            self._entries = Entries(self.raw)
        return self._entries

    def links(self) -> tuple[list[str], list[str]]:
        """Return the paths of the symbolic links and of the submodules."""
        if self._links is not None:
            return self._links
        found: dict[str, list[str]] = {SYMLINK: [], SUBMODULE: []}
        # most repositories have neither, and need not be looked at line by line
        if self.raw.startswith((b'120000 ', b'160000 ')) or b'\x00120000 ' in self.raw or b'\x00160000 ' in self.raw:
            for path, (mode, _) in self.entries().items():
                found.get(mode, []).append(path)
        self._links = found[SYMLINK], found[SUBMODULE]
        return self._links


def digest(data: bytes) -> bytes:
    """Return the BLAKE2b hash of `data`."""
    try:
        from _blake2 import blake2b  # `hashlib` would load OpenSSL for the one digest of a warm run
    except ImportError:
        from hashlib import blake2b
    return blake2b(data, digest_size=20).digest()


def lines(raw: bytes) -> list[str]:
    """Return the lines of a listing."""
    return os.fsdecode(raw).split('\0')[:-1]


def entry(line: str) -> tuple[str, tuple[str, str]]:
    """Return the path, the mode and the object id of one line."""
    meta, _, path = line.partition('\t')
    return path, (meta[:6], meta[7:meta.index(' ', 7)])


def blob_id(data: bytes, like: str) -> str:
    """Return the id that git gives to `data`, with the hash of the id `like`."""
    data = b'blob %d\0' % len(data) + data
    if len(like) == 40:
        if TYPE_CHECKING:
            from hashlib import sha1
        else:
            try:
                from _sha1 import sha1  # as above
            except ImportError:
                from hashlib import sha1
        return sha1(data, usedforsecurity=False).hexdigest()
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _on_disk(root: str, path: str, old: str) -> str | None:
    """Return the line of a file as it lies on the disk, None when it is gone; a folder stays what the index has.

    Raises PermissionError for one that is there and cannot be read.
    """
    absolute = os.path.join(root, path)
    try:
        mode = os.lstat(absolute).st_mode
        if stat.S_ISLNK(mode):
            return f'{SYMLINK} {blob_id(os.fsencode(os.readlink(absolute)), entry(old)[1][1])} 0\t{path}'
        if stat.S_ISREG(mode):
            with open(absolute, 'rb') as stream:
                return f'100644 {blob_id(stream.read(), entry(old)[1][1])} 0\t{path}'
    except PermissionError:
        raise
    except OSError:
        return None
    return old if stat.S_ISDIR(mode) and old.startswith(SUBMODULE) else None


def _now(root: str, path: str, old: str) -> str | None:
    try:
        return _on_disk(root, path, old)
    except PermissionError:  # it is not gone: whoever needs more of it says so
        return old


def trailer(git_dir: str) -> bytes:
    """Return the checksum at the end of the index (gitformat-index(5)), `` where it has none: two with the same one are the same."""
    try:
        with open(os.path.join(git_dir, 'index'), 'rb') as stream:
            stream.seek(-20, os.SEEK_END)
            found = stream.read()
    except OSError:
        return b''
    return found if found.strip(b'\0') else b''  # `index.skipHash`


def _mended(root: str, raw: bytes, dirty: Iterable[str]) -> Listing:
    """Return the listing with `dirty` files as they lie on the disk; the lines of others are not looked at."""
    from daybook.repo.listing_entries import place_of

    parts, done, at = [], 0, raw.find(b'\t') + 1
    for path in sorted({*map(os.fsencode, dirty)}):
        start = end = place_of(raw, path, at)
        while raw.startswith(path + b'\0', end + at):  # one for each stage
            end = raw.index(b'\0', end + at) + 1
        if end > start:
            first = raw[start:raw.index(b'\0', start)]
            line = _now(root, os.fsdecode(path), os.fsdecode(first))
            parts += [raw[done:start], b'' if line is None else os.fsencode(line) + b'\0']
            done = end
    return Listing(b''.join((*parts, raw[done:])))


def joined(found: Iterable[str]) -> bytes:
    """Return the listing that lines make up."""
    return os.fsencode(''.join(f'{line}\0' for line in found))


def read(root: str, *, is_in_commit: bool) -> Listing:
    """Return the files of the work tree `root`; inside a commit exactly those that are committed.

    A dirty file counts with what is on the disk, one that is gone from the disk does not count.
    """
    if not is_in_commit:
        return from_answers(root, *git_spawn.answers(root, *QUESTIONS))
    return of_index(root, *git_spawn.answers(root, QUESTIONS[0]))


def of_index(root: str, raw: bytes | None) -> Listing:
    """Return the files that are being committed, by what git answers to the first of `QUESTIONS`."""
    return _without_planned(root, _checked(root, raw))


def from_answers(root: str, raw: bytes | None, dirty: bytes | None) -> Listing:
    """Return the files of the work tree `root` by what git answers to `QUESTIONS` there."""
    raw, dirty = _checked(root, raw), _checked(root, dirty)
    if dirty:  # what is unmerged is among it
        return _mended(root, raw, lines(dirty))
    found = Listing(raw)
    found.is_index = True
    return found


def _checked(root: str, answer: bytes | None) -> bytes:
    if answer is None:
        raise FatalError(f'git cannot read the index of {root}; run `git status` there to see why')
    return answer


def _without_planned(root: str, raw: bytes) -> Listing:
    """Leave out what `git add --intent-to-add` announced: it stands in the index as an empty file."""
    empty = [os.fsdecode(part[2:part.index(b'\0')]) for oid in _EMPTY for part in raw.split(b' %s ' % oid.encode())[1:]]
    if not empty:
        return Listing(raw)
    named = [f':(literal){path}' for path in empty] if len(empty) <= _FEW else []
    planned = set(lines(git_spawn.answers(root, ('diff-files', '--name-only', '-z', '--diff-filter=A', '--', *named))[0] or b''))
    if not planned:
        return Listing(raw)
    kept = [line for line in lines(raw) if line.partition('\t')[2] not in planned]
    return Listing(joined(kept))


def _alike(old: bytes, new: bytes, *, most: int, is_end: bool) -> int:
    """Return how many bytes, `most` at most, two texts begin (or end) with alike."""
    found, step = 0, 1 << 16
    while step:
        more = found + step
        parts = (text[len(text) - more:len(text) - found] if is_end else text[found:more] for text in (old, new))
        if more <= most and next(parts) == next(parts):
            found = more
        else:
            step >>= 1
    return found


def difference(old: bytes, new: bytes) -> set[str]:
    """Return the lines that stand in one of two listings, sorted as git sorts them, and not in the other.

    What both have before, after and between these is not taken apart.
    """
    most = min(len(old), len(new))
    start = old.rfind(b'\0', 0, _alike(old, new, most=most, is_end=False)) + 1
    shared = _alike(old, new, most=most - start, is_end=True)
    old, new = (text[start:text.find(b'\0', len(text) - shared) + 1 if shared else len(text)] for text in (old, new))
    middle = old.find(b'\0', len(old) // 2) + 1
    if len(old) + len(new) < _LARGE or middle == len(old):
        return set(lines(old)).symmetric_difference(lines(new))
    from daybook.repo.listing_entries import place_of

    at = old.index(b'\t', middle) + 1
    place = place_of(new, old[at:old.index(b'\0', at)], at - middle)
    return difference(old[:middle], new[:place]) | difference(old[middle:], new[place:])


def with_untracked(root: str, known: Listing, paths: Iterable[str]) -> Listing:
    """Return a listing in which the regular files `paths` are tracked too, as they lie on the disk."""
    first = lines(known.raw)[:1] or [f'100644 {_EMPTY[0]} 0\t']
    more = (_on_disk(root, path, f'{first[0].partition(chr(9))[0]}\t{path}') for path in paths)
    found = [*lines(known.raw), *(line for line in more if line is not None)]
    return Listing(joined(sorted(found, key=lambda line: os.fsencode(line.partition('\t')[2]))))
