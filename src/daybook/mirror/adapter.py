"""What a mirror must be able to do: the one seam between the plan and a service, its values and its errors."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple
from typing import Protocol

from daybook.errors import FatalError

Value = str | tuple[str, ...]
Fields = Mapping[str, Value]
Resolve = Callable[[str], str]  # from the target of a link as written to the address that a reader can open

# every field of a page, in the order in which a mirror shows them; `tags` and `workstream` are tuples
FIELDS = ('title', 'external_id', 'kind', 'operator', 'status', 'workstream', 'tags', 'summary', 'source',
          'source_commit', 'content_hash', 'last_synced', 'sync_status')
# those that come from the document: a change of one of them is synced; the others say how the sync stands
MIRRORED = ('title', 'kind', 'operator', 'status', 'workstream', 'tags', 'summary', 'source')


class Row(NamedTuple):
    """A page as the mirror has it. `edited` is the mirror's own time; `is_ours`: nobody else edited it last."""

    page_id: str
    fields: Fields
    url: str = ''
    edited: str = ''
    is_ours: bool = True
    in_trash: bool = False

    def get(self, name: str) -> Value:
        """Return the field `name`, `` when it is empty."""
        return self.fields.get(name, '')


class Rejected(FatalError):
    """The mirror refuses this one page, and would again."""


class Unseen(Rejected):
    """A page that was named is gone for good, or nobody lets us see it any more; which of them, the mirror does not tell."""


class Doubtful(FatalError):
    """A request that may or may not have been done.

    `wait` seconds are asked for, 0 for the caller's choice. `is_open` tells that no answer came: it
    may still be under way.
    """

    def __init__(self, message: str, wait: float = 0.0, *, is_open: bool = False) -> None:
        super().__init__(message)
        self.wait, self.is_open = wait, is_open


class Stopped(FatalError):
    """The run cannot go on: no access, no answer, or more waiting than it may do."""


class Mirror(Protocol):
    """One table of pages. Reads are repeated by the adapter; a write is sent once and may raise Doubtful.

    All may raise Stopped, the writes and `render` Rejected.
    """

    name: str

    def fit(self, fields: Fields) -> Fields:
        """Return `fields` as the mirror would give them back: within its lengths, without what it cannot hold."""

    def render(self, body: str, resolve: Resolve) -> str:
        """Return the body of a document in the mirror's dialect."""

    def link(self, page_id: str) -> str:
        """Return the address of a page."""

    def check(self) -> list[str]:
        """Return what the table lacks; each line says what to do."""

    def setup(self) -> list[str]:
        """Add what the table lacks; return a line for each thing added."""

    def rows(self, since: str = '') -> list[Row]:
        """Return the rows edited at or after `since` (a time of the mirror's), or all; those in the trash too."""

    def find(self, external_id: str) -> list[Row]:
        """Return the rows with exactly this External ID that are not in the trash."""

    def get(self, page_id: str) -> Row | None:
        """Return one row of this table, None for a page of another. Raises Unseen."""

    def create(self, fields: Fields, text: str) -> Row:
        """Make a page whole."""

    def set_fields(self, page_id: str, fields: Fields, *, in_trash: bool | None = None) -> Row:
        """Set some fields of a page; take it out of the trash, or put it there."""

    def set_body(self, page_id: str, text: str) -> None:
        """Replace the content of a page."""


def lacking(message: str, words: Sequence[str]) -> str:
    """Return a message about several things, one a line."""
    return '\n'.join([message, *words])
