"""The derived SQLite index below the common git folder; a cache, never the truth.

What a blob says is kept by its id (`facts`), what was found in one work tree by its name (`views`). One file for
each version of the tool and of the schema, so that two pinned versions do not fight. Nothing here may fail a run:
a file that cannot be used is made anew, and without one the run does all the work itself.
"""
from __future__ import annotations

import os
import time

from daybook.documents import catalogue_content
from daybook.documents import catalogue_version
from daybook.documents.catalogue_content import Catalogue
from daybook.documents.catalogue_values import sqlite3

SCHEMA = 6
_BUSY = 2.0  # seconds to wait for another process that writes


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None)
    try:
        connection.execute('pragma synchronous = normal')
        if not connection.execute("select 1 from sqlite_master where name = 'found'").fetchone():
            connection.execute('pragma page_size = 16384')  # what a warm run prints is read in a quarter of the calls
            connection.execute('pragma journal_mode = wal')
            connection.execute('begin immediate')
            if not connection.execute("select 1 from sqlite_master where name = 'found'").fetchone():
                for statement in catalogue_content.TABLES.split(';')[:-1]:
                    connection.execute(statement)
            connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _delete(path: str) -> None:
    for name in (path, f'{path}-wal', f'{path}-shm', f'{path}-journal'):
        try:
            os.unlink(name)
        except FileNotFoundError:
            continue


def path_in(common_dir: str) -> str:
    """Return where the catalogue of this version of the tool lies."""
    return os.path.join(common_dir, 'daybook', f'catalogue-{SCHEMA}-{catalogue_version.version()}.sqlite')


def open_in(common_dir: str, *, create: bool = True) -> Catalogue | None:
    """Return the catalogue of a repository, made if need be; None when there is none to be had.

    A damaged file is deleted and made anew. A folder that cannot be written to gives None.
    """
    path = path_in(common_dir)
    if not os.path.exists(path):
        if not create:
            return None
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            catalogue_version.forget_others(path)
        except OSError:
            pass  # read-only: to connect fails too, and says so
    deadline = time.monotonic() + _BUSY
    is_new = False
    while True:
        try:
            return Catalogue(_connect(path))
        except sqlite3.OperationalError as error:  # busy, read-only or no folder
            # SQLite itself waits for no one when it makes a file WAL, or reads one that another just makes so
            if error.sqlite_errorcode & 0xff != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        except sqlite3.DatabaseError:
            if is_new:
                return None
            try:
                _delete(path)
            except OSError:
                return None
            is_new = True


def in_memory() -> Catalogue:
    """Return an empty catalogue that ends with the run."""
    return Catalogue(_connect(':memory:'), is_kept=False)


def discard(common_dir: str) -> None:
    """Delete a catalogue that turned out damaged in use."""
    try:
        _delete(path_in(common_dir))
    except OSError:
        pass  # nobody can make it anew here, so the next run does without
