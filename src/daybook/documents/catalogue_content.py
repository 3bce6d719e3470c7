"""What an open catalogue holds, and the queries for it."""
from __future__ import annotations

import time
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence

from daybook.documents import catalogue_values as values
from daybook.documents.catalogue_values import sqlite3
from daybook.documents.catalogue_version import KEPT_DAYS
from daybook.repo import listing
from daybook.repo.listing import Listing

_SWEEP_DAYS = 7
_MOST_DELTA = 400  # lines kept beside the listing of a view
TABLES = """
create table meta (key text primary key, value integer) without rowid;
create table facts (blob text, kind text, payload blob, seen integer, primary key (blob, kind)) without rowid;
create table views (id integer primary key, name blob unique, setup blob, baseline blob, changes blob, head text,
                    options text, witness blob, gone blob, told blob, seen integer);
create table listings (view integer primary key, listing blob);
create table inbound (view integer, key blob, sources blob, primary key (view, key)) without rowid;
create table found (view integer, source blob, problems integer, blocking integer, dated integer, text blob,
                    payload blob, primary key (view, source));
"""


def today() -> int:
    """Return the number of the day, for what is only compared."""
    return int(time.time() // 86400)


def _about(source: object, problems: object, blocking: object) -> bytes:
    return b'%s %a %a' % (source if isinstance(source, bytes) else b'', problems, blocking)


class View:
    """What was found in one work tree with one set of settings.

    `setup` is the file of settings, `options` what it says, `baseline` the hash of the baseline; `head` the commit, for what depends on history; `witness`
    the folders on which more than the listing of the files depends, with the times of their last changes; `gone` the hash of what the change
    at hand renames and deletes, None where no dated row depends on it; `told` the mark of the last answer, while that is what `lines` returns.
    """

    __slots__ = ('id', 'setup', 'baseline', 'head', 'options', 'witness', 'gone', 'told')
    id: int
    setup: bytes
    baseline: bytes
    head: str
    options: str
    witness: bytes
    gone: bytes | None
    told: bytes

    def __init__(self, row: Sequence[object]) -> None:
        for name, value in zip(self.__slots__, row):
            setattr(self, name, value)


class Writing:
    """One transaction: committed at the end of the block, rolled back when an exception leaves it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> bool:
        self._is_mine = True
        try:
            self._connection.execute('begin immediate')
        except sqlite3.OperationalError:
            self._is_mine = False
        return self._is_mine

    def __exit__(self, error: object, *_: object) -> None:
        if not self._is_mine:
            return
        if error is None:
            self._connection.commit()
        else:
            self._connection.rollback()


class Catalogue:
    """One open file; as context manager it is closed at the end, and what was not committed is lost."""

    def __init__(self, connection: sqlite3.Connection, *, is_kept: bool = True) -> None:
        self._connection = connection
        self.is_kept = is_kept  # False: in memory, for this run alone

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def take_back(self) -> None:
        """Forget what `writing` has written so far."""
        self._connection.rollback()

    def writing(self) -> Writing:
        """Make one transaction of a `with` block; gives False, and writes nothing, when another process has the file."""
        return Writing(self._connection)

    def facts(self, kind: str, blobs: Collection[str]) -> dict[str, str]:
        """Return what is known of `blobs`, by blob."""
        select = 'select blob, payload from facts where kind = ?'
        if len(blobs) < 2000:
            query = self._connection.execute
            rows = [(blob, row[0]) for blob in blobs
                    if (row := query('select payload from facts where blob = ? and kind = ?', (blob, kind)).fetchone())]
        else:
            wanted = frozenset(blobs)
            rows = [row for row in self._connection.execute(select, (kind,)) if row[0] in wanted]
        return {blob: values.decoded(values.opened(payload, str(blob).encode())) for blob, payload in rows}

    def add_facts(self, kind: str, found: Iterable[tuple[str, str]]) -> None:
        """Keep the payload of each blob."""
        day = today()
        # in the order in which they are kept, so that each goes behind the last
        self._connection.executemany('insert or replace into facts values (?, ?, ?, ?)',
                                     ((blob, kind, values.sealed(values.encoded(payload), blob.encode()), day) for blob, payload in sorted(found)))

    def view(self, name: str) -> View | None:
        """Return the view `name`, or None."""
        columns = ', '.join(View.__slots__)
        row = self._connection.execute(f'select {columns} from views where name = ?', (values.encoded(name),)).fetchone()
        return View(row) if row else None

    def listing(self, view: View) -> tuple[bytes, bytes]:
        """Return the listing of a view and the changes to it: lines that came or went since."""
        rows = self._connection.execute('select listing, changes from listings join views on id = view where view = ?', (view.id,)).fetchall()
        if not rows:
            raise values.Damaged('a view has no listing')
        return values.opened(rows[0][0]), values.opened(rows[0][1])

    def changes(self, view: View, files: Listing) -> tuple[list[str], set[str]]:
        """Return the lines that came or went between the files of a view and `files`, sorted, and those since its listing."""
        base, changes = self.listing(view)
        delta = listing.difference(base, files.raw)
        return sorted(delta.symmetric_difference(listing.lines(changes))), delta

    def new_view(self, name: str) -> int:
        """Make the view `name`, without anything that it held; return its id."""
        self.forget_view(name)
        day = today()
        return int(self._connection.execute('insert into views (name, seen) values (?, ?)', (values.encoded(name), day)).lastrowid or 0)

    def forget_view(self, name: str) -> None:
        """Forget the view `name` and all that it holds, if there is one."""
        row = self._connection.execute('select id from views where name = ?', (values.encoded(name),)).fetchone()
        for table, column in (('found', 'view'), ('inbound', 'view'), ('listings', 'view'), ('views', 'id')) if row else ():
            self._connection.execute(f'delete from {table} where {column} = ?', row)

    def set_listing(self, view: int, files: Listing, delta: Collection[str] | None = None) -> None:
        """Change the files of a view; where `delta` are the few lines that came or went since its listing, these alone."""
        if delta is None or len(delta) > _MOST_DELTA:
            # in a table of its own, as SQLite goes through all of a long value to get at what stands behind it
            self._connection.execute('insert or replace into listings values (?, ?)', (view, values.sealed(files.raw)))
            self.set_view(view, changes=values.sealed(b''))
        else:
            self.set_view(view, changes=values.sealed(listing.joined(sorted(delta))))

    def set_view(self, view: int, **columns: object) -> None:
        """Change columns of a view."""
        names = ', '.join(f'{name} = ?' for name in columns)
        self._connection.execute(f'update views set {names}, seen = ? where id = ?', (*columns.values(), today(), view))

    def found(self, view: int, sources: Iterable[str] | None = None) -> Iterator[tuple[str, bytes, int, int]]:
        """Yield path, payload, number of problems and of those that block, of the files with problems, in order of path."""
        select = 'select source, payload, problems, blocking from found where view = ?'
        if sources is None:
            rows: Iterable[tuple[bytes, bytes, int, int]] = self._connection.execute(f'{select} order by source', (view,))
        else:
            queries = (self._connection.execute(f'{select} and source = ?', (view, values.encoded(source))).fetchone() for source in sorted(sources))
            rows = (row for row in queries if row)
        return ((values.decoded(source), values.opened(payload, source), *counts) for source, payload, *counts in rows)  # type: ignore[misc]

    def lines(self, view: int) -> tuple[bytes, int]:
        """Return what is to be printed of all files, in order of path, and how many problems block."""
        rows = self._connection.execute('select text, source, problems, blocking from found where view = ? order by source', (view,)).fetchall()
        return b''.join(values.checked(text, _about(*about)) for text, *about in rows), sum(row[3] for row in rows)

    def texts(self, view: int, sources: Iterable[str]) -> dict[str, tuple[bytes, int]]:
        """Return what is to be printed of each of `sources` with problems, and how many of these block."""
        select = 'select text, source, problems, blocking from found where view = ? and source = ?'
        rows = (self._connection.execute(select, (view, values.encoded(source))).fetchone() for source in sources)
        return {values.decoded(row[1]): (bytes(values.checked(row[0], _about(*row[1:]))), row[3]) for row in rows if row}

    def texts_after(self, view: int, source: str) -> Iterator[tuple[str, bytes]]:
        """Yield the files behind `source`, in order of path, and what is to be printed of each."""
        select = 'select text, source, problems, blocking from found where view = ? and source > ? order by source'
        rows = self._connection.execute(select, (view, values.encoded(source)))
        return ((values.decoded(about[0]), bytes(values.checked(text, _about(*about)))) for text, *about in rows)

    def counts(self, view: int) -> dict[str, int]:
        """Return the number of problems of each file that has some."""
        rows = self._connection.execute('select source, problems from found where view = ? and problems > 0', (view,))
        return {values.decoded(source): problems for source, problems in rows}

    def dated(self, view: int) -> list[str]:
        """Return the files whose problems depend on history or on what lies on the disk untracked."""
        return [values.decoded(row[0]) for row in self._connection.execute('select source from found where view = ? and dated = 1', (view,))]

    def set_found(self, view: int, rows: Iterable[tuple[str, bytes, bytes, int, int, bool]]) -> None:
        """Keep payload, text, number of problems, of blocking ones, and whether it is dated, of each file."""
        self._connection.executemany('insert or replace into found values (?, ?, ?, ?, ?, ?, ?)',
                                     ((view, *_sealed_row(*row)) for row in rows))

    def drop_found(self, view: int, sources: Iterable[str]) -> None:
        """Forget what was found in the files `sources`."""
        self._connection.executemany('delete from found where view = ? and source = ?', ((view, values.encoded(source)) for source in sources))

    def inbound(self, view: int, keys: Iterable[str]) -> set[str]:
        """Return the files of which a link depends on one of `keys`."""
        query = 'select sources from inbound where view = ? and key = ?'
        rows = (self._connection.execute(query, (view, values.encoded(key))).fetchone() for key in keys)
        return {source for row in rows if row for source in values.decoded(values.opened(row[0])).split('\0')}

    def inbound_below(self, view: int, folder: str) -> set[str]:
        """Return the files of which a link depends on something below `folder`."""
        rows = self._connection.execute('select sources from inbound where view = ? and key > ? and key < ?',
                                        (view, values.encoded(f'{folder}/'), values.encoded(f'{folder}0'))).fetchall()
        return {source for row in rows for source in values.decoded(values.opened(row[0])).split('\0')}

    def keys(self, view: int, start: str) -> list[str]:
        """Return the keys that begin with `start` and on which a file depends."""
        rows = self._connection.execute('select key from inbound where view = ? and key >= ? and key < ?',
                                        (view, values.encoded(start), values.encoded(start[:-1] + chr(ord(start[-1]) + 1)))).fetchall()
        return [values.decoded(row[0]) for row in rows]

    def set_inbound(self, view: int, sources_of: dict[str, list[str]]) -> None:
        """Keep the files that depend on each key, for a new view."""
        rows = sorted([(values.encoded(key), sources) for key, sources in sources_of.items()])
        self._connection.executemany('insert into inbound values (?, ?, ?)',
                                     ((view, key, values.sealed(values.encoded('\0'.join(sources)))) for key, sources in rows))

    def move_inbound(self, view: int, source: str, *, gone: Iterable[str], come: Iterable[str]) -> None:
        """Let `source` no longer depend on the keys `gone`, but on `come`."""
        for keys, is_coming in ((gone, False), (come, True)):
            for key in keys:
                sources = self.inbound(view, [key]) - {source} | ({source} if is_coming else set())
                if sources:
                    self._connection.execute('insert or replace into inbound values (?, ?, ?)',
                                             (view, values.encoded(key), values.sealed(values.encoded('\0'.join(sorted(sources))))))
                else:
                    self._connection.execute('delete from inbound where view = ? and key = ?', (view, values.encoded(key)))

    def sweep(self, blobs: Iterable[str]) -> None:
        """Once in a while, forget what nobody has used for KEPT_DAYS days; `blobs` are in use today."""
        day = today()
        row = self._connection.execute("select value from meta where key = 'swept'").fetchone()
        if row and row[0] > day - _SWEEP_DAYS:
            return
        if self._connection.execute('select 1 from facts where seen < ?', (day,)).fetchone():  # else all of it is new
            self._connection.executemany('update facts set seen = ? where blob = ?', ((day, blob) for blob in blobs))
            self._connection.execute('delete from facts where seen < ?', (day - KEPT_DAYS,))
        for name, in self._connection.execute('select name from views where seen < ?', (day - KEPT_DAYS,)).fetchall():
            self.forget_view(values.decoded(name))
        self._connection.execute("insert or replace into meta values ('swept', ?)", (day,))


def _sealed_row(source: str, payload: bytes, text: bytes, problems: int, blocking: int, is_dated: bool) -> tuple[object, ...]:
    name = values.encoded(source)
    return name, problems, blocking, is_dated, values.sealed(text, _about(name, problems, blocking)), values.sealed(payload, name)
