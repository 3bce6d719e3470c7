"""The mirror that is a data source of Notion."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from daybook.errors import FatalError
from daybook.mirror import notion_fields
from daybook.mirror import notion_markdown
from daybook.mirror import notion_parts
from daybook.mirror.adapter import Doubtful
from daybook.mirror.adapter import Fields
from daybook.mirror.adapter import Rejected
from daybook.mirror.adapter import Resolve
from daybook.mirror.adapter import Row
from daybook.mirror.adapter import Stopped
from daybook.mirror.adapter import Unseen
from daybook.mirror.notion_fields import PROPERTIES
from daybook.mirror.notion_wire import Json
from daybook.mirror.notion_wire import NotFound
from daybook.mirror.notion_wire import Refused
from daybook.mirror.notion_wire import Wire
from daybook.mirror.plan import bare_id

_ID = re.compile(r'[0-9a-f]{32}')
_PAGE_SIZE = 100
_PART = 200_000  # bytes of Markdown in one request; 500 KB is the most, and JSON escapes some
_MOST_ROWS = 250_000  # of one listing; more than any team writes, and some 14 minutes of requests
_BLOCKS = 800  # lines that may be blocks in one request; 1,000 blocks are the most


def _dashed(page_id: str) -> str:
    """Return a page id as Notion writes it. Raises Rejected for what is none, so that no answer steers our path."""
    bare = bare_id(page_id)
    if not _ID.fullmatch(bare):
        raise Rejected('Notion names a page by something that is no id')
    return '-'.join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


def _results(found: Json) -> list[Json]:
    """Return the results of a query. Raises Stopped for what is no list of things with an id."""
    results = found.get('results')
    if not isinstance(results, list) or not all(isinstance(each, dict) and isinstance(each.get('id'), str) for each in results):
        raise Stopped('Notion answers a query with something that is no list of pages')
    return results


class Notion:
    """One data source, by its id or by that of a database that has only one. Asks nothing before it must."""

    name = 'Notion'

    def __init__(self, wire: Wire, source_id: str) -> None:
        if not _ID.fullmatch(bare_id(source_id)):
            raise FatalError('NOTION_DATA_SOURCE (or mirror.data_source) is no id; take it from "Manage data sources" in Notion')
        self._wire, self.source_id = wire, _dashed(source_id)
        self._known: Json | None = None
        self._me = ''

    def fit(self, fields: Fields) -> Fields:
        return notion_fields.fit(fields)

    def render(self, body: str, resolve: Resolve) -> str:
        text = notion_markdown.render(body, resolve)
        notion_parts.split(text, _PART, _BLOCKS)  # what cannot be sent is refused before anything is changed
        return text

    def link(self, page_id: str) -> str:
        return f'https://www.notion.so/{bare_id(page_id)}'

    @property
    def _place(self) -> str:
        return f'/v1/data_sources/{self.source_id}'

    def _schema(self) -> Json:
        """Return the properties of the table, asked for once."""
        if self._known is None:
            try:
                found = self._wire.read('GET', self._place)
            except NotFound as error:
                found = self._only_source(error)
            except Rejected as error:
                raise Stopped(str(error)) from None
            properties = found.get('properties')
            self._known = properties if isinstance(properties, dict) else {}
        return self._known

    def _only_source(self, error: NotFound) -> Json:
        """Take the id for that of a database, as people copy it from its address."""
        try:
            database = self._wire.read('GET', f'/v1/databases/{self.source_id}')
        except Rejected:
            raise Stopped(f'{error} Data source {self.source_id}') from None
        listed = database.get('data_sources')
        sources = [s for s in (listed if isinstance(listed, list) else []) if isinstance(s, dict)]
        if len(sources) != 1:
            named = ', '.join(f'{s.get("id")} ({s.get("name")})' for s in sources)
            raise Stopped(f'the database has {len(sources)} data sources; set NOTION_DATA_SOURCE to one of {named or "them"}')
        self.source_id = _dashed(str(sources[0].get('id')))
        return self._wire.read('GET', self._place)

    @property
    def _title(self) -> str:
        return notion_fields.title_of(self._schema())

    def check(self) -> list[str]:
        absent, wrong = notion_fields.missing(self._schema())
        words = [f'the table lacks {", ".join(absent)}; run daybook sync-notion --setup'] if absent else []
        return words + wrong

    def setup(self) -> list[str]:
        absent, wrong = notion_fields.missing(self._schema())
        if wrong:
            raise FatalError('\n'.join(['the table cannot be used', *wrong]))
        if not absent:
            return []
        for name, kind in (held for held in PROPERTIES.values() if held[0] == 'Sync Status'):
            if name in absent:
                absent[name] = {'type': kind, kind: {'options': [{'name': 'synced'}, {'name': 'pending'}, {'name': 'manual_override'}]}}
        try:
            self._wire.write('PATCH', self._place, {'properties': absent})
        except Doubtful:
            self._known = None  # what is there by now decides
            return self.setup()
        self._known = None
        return [f'added {name}' for name in absent]

    def _row(self, found: Any, page_id: str = '') -> Row:
        """Return the row of a page, which was asked for by `page_id` if that is given."""
        if not isinstance(found, dict) or not isinstance(found.get('id'), str):
            raise Doubtful('Notion answers with a page that has no id')
        if page_id and bare_id(found['id']) != bare_id(page_id):
            raise Doubtful('Notion answers with another page than was asked for')
        editor = found.get('last_edited_by')
        return Row(_dashed(found['id']), notion_fields.fields(found.get('properties'), self._title),
                   str(found.get('url') or ''), str(found.get('last_edited_time') or ''),
                   isinstance(editor, dict) and editor.get('id') == self._bot(), found.get('in_trash') is True)

    def _bot(self) -> str:
        if not self._me:
            self._me = str(self._wire.read('GET', '/v1/users/me').get('id') or '')
        if not self._me:
            raise Stopped('Notion does not say which connection the token belongs to')  # all would look edited by hand
        return self._me

    def _pages(self, query: Json) -> Iterator[tuple[Json, bool]]:
        """Yield the pages of one query, and whether the query was cut off (at 10,000 results)."""
        cursor = None
        cursors: set[str] = set()
        known: set[str] = set()
        while True:
            body = {**query, 'page_size': _PAGE_SIZE, **({'start_cursor': cursor} if cursor else {})}
            try:
                found = self._wire.read('POST', f'{self._place}/query', body)
            except (NotFound, Refused) as error:
                raise Stopped(str(error)) from None
            state = found.get('request_status')
            is_cut = isinstance(state, dict) and state.get('type') == 'incomplete'
            results = _results(found)
            for page in results:
                if page.get('object') == 'page':
                    yield page, is_cut
            cursor = found.get('next_cursor')
            if not found.get('has_more') or not cursor:
                return
            fresh = {page['id'] for page in results} - known
            if not isinstance(cursor, str) or cursor in cursors or not fresh:
                raise Stopped('Notion says that the table has more pages, and gives none that are new; run it again later')
            cursors.add(cursor)
            known |= fresh
            if len(known) > _MOST_ROWS:
                raise Stopped(f'the query gives more than {_MOST_ROWS} pages and goes on; a table of documents is smaller than that')

    def _all(self, condition: Json | None, query: Json) -> Iterator[Json]:
        """Yield all pages of a query, window after window.

        https://developers.notion.com/guides/data-apis/query-large-data-sources
        """
        seen: set[str] = set()
        begin = ''
        while True:
            conditions = [c for c in (condition, begin and {'timestamp': 'created_time', 'created_time': {'on_or_after': begin}}) if c]
            filtered = {} if not conditions else {'filter': conditions[0] if len(conditions) == 1 else {'and': conditions}}
            is_cut, last, count = False, '', len(seen)
            order = [{'timestamp': 'created_time', 'direction': 'ascending'}]
            for page, cut in self._pages({**query, **filtered, 'sorts': order}):
                is_cut, last = is_cut or cut, str(page.get('created_time') or '')
                if page.get('id') not in seen:
                    seen.add(str(page.get('id')))
                    yield page
                if len(seen) > _MOST_ROWS:
                    raise Stopped(f'the table has more than {_MOST_ROWS} pages and goes on; a table of documents is smaller than that')
            if not is_cut:
                return
            if last == begin or len(seen) == count:
                raise Stopped(f'more pages were made at {last} than one query returns; the table cannot be listed')
            begin = last

    def rows(self, since: str = '') -> list[Row]:
        condition = {'timestamp': 'last_edited_time', 'last_edited_time': {'on_or_after': since}} if since else None
        self._schema()
        try:
            trash = list(self._all(condition, {'in_trash': True}))
        except Rejected:  # not every server knows how; then a page is looked for in the trash by its id alone
            trash = []
        found = {row.page_id: row for row in map(self._row, [*trash, *self._live(condition)])}
        return list(found.values())

    def _live(self, condition: Json | None) -> list[Json]:
        try:
            return list(self._all(condition, {}))
        except Rejected as error:
            raise Stopped(str(error)) from None

    def find(self, external_id: str) -> list[Row]:
        self._schema()
        condition = {'property': PROPERTIES['external_id'][0], 'rich_text': {'equals': external_id}}
        try:
            rows = [self._row(page) for page, _ in self._pages({'filter': condition})]
        except Rejected as error:
            raise Stopped(str(error)) from None
        return [row for row in rows if row.get('external_id') == external_id and not row.in_trash]

    def get(self, page_id: str) -> Row | None:
        try:
            found = self._wire.read('GET', f'/v1/pages/{_dashed(page_id)}')
        except (NotFound, Refused) as error:
            raise Unseen(str(error)) from None
        parent = found.get('parent')
        if not isinstance(parent, dict) or bare_id(str(parent.get('data_source_id') or '')) != bare_id(self.source_id):
            return None  # a page of another table
        return self._row(found, page_id)

    def create(self, fields: Fields, text: str) -> Row:
        parts = notion_parts.split(text, _PART, _BLOCKS)
        body: Json = {'parent': {'type': 'data_source_id', 'data_source_id': self.source_id},
                      'properties': notion_fields.properties(fields, self._title)}
        if parts:
            body['markdown'] = parts[0]
        row = self._row(self._wire.write('POST', '/v1/pages', body))
        self._append(row.page_id, parts[1:])
        return row

    def set_fields(self, page_id: str, fields: Fields, *, in_trash: bool | None = None) -> Row:
        body: Json = {'properties': notion_fields.properties(fields, self._title)} if fields else {}
        if in_trash is not None:
            body['in_trash'] = in_trash
        return self._row(self._wire.write('PATCH', f'/v1/pages/{_dashed(page_id)}', body), page_id)

    def set_body(self, page_id: str, text: str) -> None:
        parts = notion_parts.split(text, _PART, _BLOCKS)
        # never `allow_deleting_content`: what people put below the page is theirs
        self._wire.write('PATCH', f'/v1/pages/{_dashed(page_id)}/markdown',
                         {'type': 'replace_content', 'replace_content': {'new_str': parts[0] if parts else ''}})
        self._append(page_id, parts[1:])

    def _append(self, page_id: str, parts: list[str]) -> None:
        """Add what one request could not carry. In doubt the caller begins again with the whole."""
        for part in parts:
            self._wire.write('PATCH', f'/v1/pages/{_dashed(page_id)}/markdown',
                             {'type': 'insert_content', 'insert_content': {'content': part}})
