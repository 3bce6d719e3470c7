"""What a clone remembers of a mirror: the rows as they were last, and the page that was being made. Never the truth."""
from __future__ import annotations

import contextlib
import datetime
import json
import os
from typing import Any

from daybook.mirror.adapter import Row
from daybook.mirror.plan import bare_id
from daybook.repo import files
from daybook.repo.git import Repo

_FORMAT = 1
_FRESH = 7 * 86400.0  # seconds after which the whole table is listed again
SETTLE = 90.0  # seconds after which a request of a run that died has been done or never will be


class Memory:
    """Lies in the common git folder, for all work trees of a clone. `rows` are by page id."""

    def __init__(self, repo: Repo, table: str) -> None:
        self._path = os.path.join(repo.common_dir, 'daybook', f'mirror-{bare_id(table)}.json')
        self._making = os.path.join(repo.common_dir, 'daybook', f'mirror-{bare_id(table)}-making.json')
        self.rows: dict[str, Row] = {}
        self.edited = ''  # the newest edit that was seen
        self.listed_at = 0.0  # when the whole table was

    @property
    def lock_path(self) -> str:
        """The file whose lock keeps two runs of one clone apart."""
        return self._path.replace('.json', '.lock')

    def load(self, now: float) -> None:
        """Read what the last run left; nothing when it is damaged, of another format or old."""
        data = _mapping(self._path)
        try:
            if data.get('format') != _FORMAT or not 0 <= now - data['listed_at'] < _FRESH:
                return
            rows = [_row(values) for values in data['rows']]
            edited, listed_at = str(data['edited']), float(data['listed_at'])
        except (KeyError, TypeError, ValueError):
            return
        latest = datetime.datetime.fromtimestamp(now + 86400, datetime.timezone.utc).isoformat()
        if edited > latest:  # a time that has not come would hide all edits until then
            return
        self.edited, self.listed_at = edited, listed_at
        self.rows = {row.page_id: row for row in rows}

    def take(self, rows: list[Row]) -> None:
        """Take in rows as they are now."""
        self.rows |= {row.page_id: row for row in rows}
        self.edited = max([self.edited, *(row.edited for row in rows)])

    def save(self) -> None:
        """Keep the rows for the next run."""
        data = {'format': _FORMAT, 'listed_at': self.listed_at, 'edited': self.edited,
                'rows': [list(row) for row in self.rows.values()]}
        _write(self._path, data)

    def begin(self, external_id: str, now: float) -> None:
        """Note that a page is about to be made."""
        _write(self._making, {'external_id': external_id, 'at': now})

    def end(self) -> None:
        """Note that the page has been made, or surely not."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._making)

    def unsettled(self, external_id: str, now: float, settle: float) -> float:
        """Return for how many seconds a request of a run that died may still make this page."""
        data = _mapping(self._making)
        at = data.get('at')
        if data.get('external_id') != external_id or not isinstance(at, (int, float)):
            return 0.0
        return min(max(at + settle - now, 0.0), settle)


def _mapping(path: str) -> dict[str, Any]:
    try:
        data = json.loads(files.read_bytes(path) or b'{}')
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _row(values: list[Any]) -> Row:
    page_id, fields, *rest = values
    return Row(str(page_id), {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}, *rest)


def _write(path: str, data: dict[str, Any]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    files.write_atomic(path, json.dumps(data, ensure_ascii=False).encode('utf-8', 'surrogatepass'))
