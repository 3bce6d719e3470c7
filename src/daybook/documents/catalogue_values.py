"""How the catalogue keeps values: text as bytes, and bytes with a checksum. The only module that imports SQLite."""
from __future__ import annotations

import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3 as sqlite3  # its own name, so that others may take it from here
else:
    try:
        import _sqlite3 as sqlite3  # without the dates of Python, which nothing here holds, and which cost a hook as much as its queries
    except ImportError:
        import sqlite3

Damaged = sqlite3.DatabaseError


def encoded(text: str) -> bytes:
    """Return `text` as SQLite keeps it: a path may hold bytes that are not UTF-8, as lone surrogates."""
    return text.encode('utf-8', 'surrogatepass')


def decoded(data: bytes) -> str:
    """Return the text that `encoded` took."""
    return data.decode('utf-8', 'surrogatepass')


def sealed(data: bytes, about: bytes = b'') -> bytes:
    """Return `data` with a checksum of it and of what stands beside it, as SQLite finds no damage inside a value."""
    return zlib.crc32(data, zlib.crc32(about)).to_bytes(4, 'big') + data


def opened(value: bytes, about: bytes = b'') -> bytes:
    """Return the data that `sealed` took. Raises `Damaged`."""
    return bytes(checked(value, about))


def checked(value: bytes, about: bytes) -> memoryview:
    """Return what `opened` does without a copy: what a warm run prints may be megabytes."""
    if not isinstance(value, bytes):
        raise Damaged('a value is of another type')
    data = memoryview(value)[4:]
    if zlib.crc32(data, zlib.crc32(about)).to_bytes(4, 'big') != value[:4]:
        raise Damaged('a value does not fit its checksum')
    return data
