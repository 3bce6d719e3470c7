"""A stand-in of Notion: a real HTTP server with its state, strict about its limits, that can fail at any request."""
from __future__ import annotations

import datetime
import json
import os
import re
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import Any
from typing import NamedTuple

VERSION = '2026-03-11'
TOKEN = 'ntn_standin0token0of0the0tests0'
BOT, PERSON = str(uuid.UUID(int=0xb07)), str(uuid.UUID(int=0x9e0))
KINDS = {'title', 'rich_text', 'select', 'multi_select', 'url', 'date', 'status', 'number'}
FAULTS = ('lost', 'reset', '429', '529', '500', '503', '503-saved', '504', '504-saved', '502-html', '409', 'junk')
Json = dict[str, Any]


class Seen(NamedTuple):
    """One request as it came: `at` in seconds, what was answered, and the fault that struck it."""

    method: str
    path: str
    body: Json | None
    at: float
    status: int
    answer: Json
    fault: str

    @property
    def is_read(self) -> bool:
        return self.method == 'GET' or self.path.endswith('/query')


class _Wrong(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def _invalid(message: str) -> _Wrong:
    return _Wrong(400, 'validation_error', message)


def _units(text: str) -> int:
    return len(text.encode('utf-16-le', 'surrogatepass')) // 2


def error_body(status: int, code: str, message: str, **more: Any) -> Json:
    """Return what an answer that is an error says."""
    return {'object': 'error', 'status': status, 'code': code, 'message': message, 'request_id': str(uuid.uuid4()), **more}


def _user(user_id: str) -> Json:
    return {'object': 'user', 'id': user_id}


def _rich(items: Any, name: str) -> list[Json]:
    if not isinstance(items, list) or len(items) > 100:
        raise _invalid(f'body.properties.{name} should be an array of at most 100')
    found = []
    for item in items:
        text = item['text']['content']
        if not isinstance(text, str) or _units(text) > 2000:
            raise _invalid(f'body.properties.{name}.text.content.length should be ≤ `2000`')
        found.append({'type': 'text', 'text': {'content': text, 'link': None}, 'plain_text': text, 'href': None,
                      'annotations': {'bold': False, 'italic': False, 'strikethrough': False, 'underline': False, 'code': False, 'color': 'default'}})
    return found


def _option(item: Any, name: str) -> Json:
    text = item.get('name')
    if not isinstance(text, str) or not text or ',' in text or _units(text) > 100 or set(item) != {'name'}:
        raise _invalid(f'body.properties.{name}: invalid select option')
    return {'id': uuid.uuid5(uuid.NAMESPACE_OID, text).hex[:8], 'name': text, 'color': 'default'}


def _value(kind: str, given: Json, name: str) -> Any:
    if set(given) - {'type'} != {kind}:
        raise _invalid(f'{name} is expected to be {kind}')
    value = given[kind]
    if kind in ('title', 'rich_text'):
        return _rich(value, name)
    if kind == 'select':
        return None if value is None else _option(value, name)
    if kind == 'multi_select':
        if not isinstance(value, list) or len(value) > 100:
            raise _invalid(f'{name} should hold at most 100 options')
        return [_option(item, name) for item in value]
    if kind == 'url':
        if value is not None and (not value or _units(value) > 2000):
            raise _invalid(f'{name}.url length should be ≤ `2000`')
        return value
    if kind == 'date':
        if value is None:
            return None
        moment = datetime.datetime.fromisoformat(value['start'])
        return {'start': moment.isoformat(timespec='milliseconds'), 'end': None, 'time_zone': None}
    raise _invalid(f'{name}: values of type {kind} cannot be written')


class StandIn:
    """The state of one data source in its database, and what is done to its requests."""

    def __init__(self) -> None:
        self.database_id, self.source_id = str(uuid.UUID(int=0xda7a)), str(uuid.UUID(int=0x50))
        self.sources = [self.source_id]
        self.schema: dict[str, str] = {'Doc name': 'title'}
        self.pages: dict[str, Json] = {}  # without their text
        self.texts: dict[str, str] = {}
        self.token, self.is_shared = TOKEN, True
        self.hidden: set[str] = set()  # pages whose share was revoked
        self.cap = 10_000
        self.lists_trash = True
        self.seen: list[Seen] = []
        self.fault: Callable[[int, str, str], str] = lambda number, method, path: ''
        self.retry_after = '1'
        self.gate = threading.Event()  # what a request with the fault `slow-open` waits for
        self.victim = 0  # a process to kill
        self.now: Callable[[], float] = time.time
        self.lock = threading.RLock()
        self._named: dict[str, set[str]] = {}  # pages that had an External ID at any time
        self._active = 0
        self._count = 0
        self._quiet = threading.Condition()
        handler = type('Handler', (_Handler,), {'standin': self})
        self._server = _Server(('127.0.0.1', 0), handler)
        self.url = f'http://127.0.0.1:{self._server.server_port}'
        threading.Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def env(self) -> dict[str, str]:
        return {'NOTION_TOKEN': TOKEN, 'NOTION_DATA_SOURCE': self.source_id, 'NOTION_BASE_URL': self.url}

    def wait_idle(self) -> None:
        """Wait until no request is being worked on: what a process that was killed has sent is done or lost."""
        with self._quiet:
            assert self._quiet.wait_for(lambda: self._active == 0, 30)

    # what a person does in Notion

    def person_edits(self, page_id: str, text: str | None = None, **properties: Any) -> None:
        with self.lock:
            page = self.pages[page_id]
            for name, value in properties.items():
                page['properties'][name.replace('_', ' ')] = value
            if text is not None:
                self.texts[page_id] = text
            self._touch(page, PERSON)

    def trash(self, page_id: str) -> None:
        with self.lock:
            self.pages[page_id]['in_trash'] = True
            self._touch(self.pages[page_id], PERSON)

    # what tests ask

    def field(self, page_id: str, name: str) -> str:
        held = self.pages[page_id]['properties'].get(name) or {}
        value = held.get(held.get('type', ''))
        if isinstance(value, list):
            return ', '.join(str(item.get('plain_text', item.get('name'))) for item in value)
        return str((value.get('name') or value.get('start')) if isinstance(value, dict) else value or '')

    def by_external(self, *, trashed: bool = False) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for page_id, page in self.pages.items():
            if page['in_trash'] is trashed:
                found.setdefault(self.field(page_id, 'External ID'), []).append(page_id)
        return found

    def page(self, external_id: str) -> str:
        [found] = self.by_external()[external_id]
        return found

    # what the server does

    def _moment(self) -> str:
        now = datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc)
        return now.replace(second=0, microsecond=0).isoformat(timespec='milliseconds').replace('+00:00', 'Z')

    def _touch(self, page: Json, user: str) -> None:
        page['last_edited_time'], page['last_edited_by'] = self._moment(), _user(user)

    def _properties(self, page: Json, given: Json) -> None:
        found = {}
        for name, value in given.items():
            if name not in self.schema:
                raise _invalid(f'{name} is not a property that exists.')
            kind = self.schema[name]
            found[name] = {'id': name[:4].lower(), 'type': kind, kind: _value(kind, value, name)}
        page['properties'] = {**page['properties'], **found}
        for part in found.get('External ID', {}).get('rich_text', ()):
            self._named.setdefault(part['plain_text'].lower(), set()).add(page['id'])  # `_matches` looks closer

    def _live(self, page_id: str) -> Json:
        if page_id not in self.pages or page_id in self.hidden:
            raise _Wrong(404, 'object_not_found', f'Could not find page with ID: {page_id}.')
        return self.pages[page_id]

    def _new(self, body: Json) -> Json:
        if set(body) - {'parent', 'properties', 'markdown'} or body['parent'] != {'type': 'data_source_id', 'data_source_id': self.source_id}:
            raise _invalid('body failed validation')
        page_id = str(uuid.uuid4())
        empty = {name: {'id': name[:4].lower(), 'type': kind, kind: [] if kind in ('title', 'rich_text', 'multi_select') else None}
                 for name, kind in self.schema.items()}
        page = {'object': 'page', 'id': page_id, 'created_time': self._moment(), 'last_edited_time': '', 'in_trash': False, 'is_locked': False,
                'url': f'https://www.notion.so/{page_id.replace("-", "")}', 'public_url': None, 'icon': None, 'cover': None,
                'parent': {'type': 'data_source_id', 'data_source_id': self.source_id, 'database_id': self.database_id},
                'properties': empty, 'created_by': _user(BOT), 'last_edited_by': _user(BOT)}
        self._properties(page, body['properties'])
        text = self._markdown(body.get('markdown', ''))
        self._touch(page, BOT)
        self.pages[page_id], self.texts[page_id] = page, text
        return page

    def _markdown(self, text: Any) -> str:
        if not isinstance(text, str) or len([line for line in text.split('\n') if line]) > 1000:
            raise _invalid('body.markdown makes more than 1000 blocks')
        return text

    def _set(self, page: Json, body: Json) -> Json:
        if set(body) - {'properties', 'in_trash'}:
            raise _invalid(f'body failed validation: {sorted(body)}')
        if page['in_trash'] and body.get('in_trash') is not False:
            raise _invalid("Can't edit block that is archived. You must unarchive the block before editing.")
        self._properties(page, body.get('properties', {}))
        page['in_trash'] = body.get('in_trash', page['in_trash'])
        self._touch(page, BOT)
        return page

    def _write(self, page: Json, body: Json) -> Json:
        if page['in_trash']:
            raise _invalid("Can't edit block that is archived. You must unarchive the block before editing.")
        page_id = page['id']
        if body.get('type') == 'replace_content':
            self.texts[page_id] = self._markdown(body['replace_content']['new_str'])
        elif body.get('type') == 'insert_content':
            self.texts[page_id] = '\n'.join(part for part in (self.texts[page_id], self._markdown(body['insert_content']['content'])) if part)
        else:
            raise _invalid('body.type')
        self._touch(page, BOT)
        return {'object': 'page_markdown', 'id': page_id, 'markdown': self.texts[page_id], 'truncated': False, 'unknown_block_ids': []}

    def _matches(self, page: Json, condition: Json) -> bool:
        if 'and' in condition:
            return all(self._matches(page, part) for part in condition['and'])
        if 'timestamp' in condition:
            name = condition['timestamp']
            return page[name] >= condition[name]['on_or_after']
        name = condition['property']
        if self.schema.get(name) != 'rich_text':
            raise _invalid(f'Could not find property with name or id: {name}')
        return self.field(page['id'], name).lower() == condition['rich_text']['equals'].lower()

    def _candidates(self, condition: Json) -> list[Json]:
        # a thousand pages are looked up a thousand times
        if condition.get('property') != 'External ID':
            return list(self.pages.values())
        wanted = condition.get('rich_text', {}).get('equals', '').lower()
        return [self.pages[page_id] for page_id in sorted(self._named.get(wanted, ())) if page_id in self.pages]

    def _query(self, body: Json) -> Json:
        known = {'filter', 'sorts', 'page_size', 'start_cursor', *(['in_trash'] if self.lists_trash else [])}
        if set(body) - known or body.get('page_size', 100) > 100:
            raise _invalid('body failed validation')
        found = [page for page in self._candidates(body.get('filter', {})) if page['in_trash'] is body.get('in_trash', False) and page['id'] not in self.hidden
                 and ('filter' not in body or self._matches(page, body['filter']))]
        for order in reversed(body.get('sorts', ())):
            found.sort(key=lambda page: page[order['timestamp']], reverse=order['direction'] == 'descending')
        is_cut, found = len(found) > self.cap, found[:self.cap]
        start = int(uuid.UUID(body['start_cursor'])) if body.get('start_cursor') else 0
        end = start + body.get('page_size', 100)
        has_more = end < len(found)
        answer = {'object': 'list', 'type': 'page_or_data_source', 'page_or_data_source': {}, 'results': found[start:end],
                  'has_more': has_more, 'next_cursor': str(uuid.UUID(int=end)) if has_more else None}
        return {**answer, 'request_status': {'type': 'incomplete', 'incomplete_reason': 'query_result_limit_reached'}} if is_cut else answer

    def _source(self, source_id: str) -> Json:
        return {'object': 'data_source', 'id': source_id, 'title': [], 'description': [], 'is_inline': False, 'in_trash': False,
                'parent': {'type': 'database_id', 'database_id': self.database_id}, 'database_parent': {'type': 'workspace', 'workspace': True},
                'created_time': self._moment(), 'last_edited_time': self._moment(), 'created_by': _user(PERSON), 'last_edited_by': _user(PERSON),
                'icon': None, 'cover': None, 'url': 'https://www.notion.so/x', 'public_url': None,
                'properties': {name: {'id': name[:4].lower(), 'name': name, 'description': None, 'type': kind,
                                      kind: {'options': []} if 'select' in kind else {}} for name, kind in self.schema.items()}}

    def _extend(self, body: Json) -> Json:
        for name, given in body['properties'].items():
            if given['type'] not in KINDS - {'title', 'status'} or name in self.schema:
                raise _invalid(f'{name} cannot be added')
            self.schema[name] = given['type']
        for page in self.pages.values():
            for name, kind in self.schema.items():
                page['properties'].setdefault(name, {'id': name[:4].lower(), 'type': kind, kind: [] if kind in ('rich_text', 'multi_select') else None})
        return self._source(self.source_id)

    def answer(self, method: str, path: str, body: Json | None) -> Json:
        """Do what a request asks. Raises _Wrong."""
        parts = path.removeprefix('/v1/').split('/')
        if path == '/v1/users/me':
            return {'object': 'user', 'id': BOT, 'type': 'bot', 'name': 'mirror', 'avatar_url': None, 'bot': {}}
        if parts[0] == 'data_sources' and parts[1] in self.sources and self.is_shared:
            if len(parts) == 3 and method == 'POST':
                return self._query(body or {})
            return self._extend(body or {}) if method == 'PATCH' else self._source(parts[1])
        if parts[0] == 'databases' and parts[1] == self.database_id and self.is_shared:
            return {'object': 'database', 'id': self.database_id, 'title': [], 'description': [], 'parent': {'type': 'workspace', 'workspace': True},
                    'is_inline': False, 'in_trash': False, 'is_locked': False, 'created_time': self._moment(), 'last_edited_time': self._moment(),
                    'icon': None, 'cover': None, 'url': 'https://www.notion.so/x', 'public_url': None,
                    'data_sources': [{'id': s, 'name': f'table {n}'} for n, s in enumerate(self.sources)]}
        if parts[0] == 'pages' and self.is_shared:
            if method == 'POST':
                return self._new(body or {})
            page = self._live(parts[1])
            if len(parts) == 3:
                return self._write(page, body or {})
            return self._set(page, body or {}) if method == 'PATCH' else page
        raise _Wrong(404, 'object_not_found', 'Could not find what was asked for. Make sure that it is shared.')

    def begin(self) -> int:
        with self._quiet:
            self._active += 1
            self._count += 1
            return self._count

    def end(self) -> None:
        with self._quiet:
            self._active -= 1
            self._quiet.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that was killed


class _Handler(BaseHTTPRequestHandler):
    standin: StandIn
    protocol_version = 'HTTP/1.1'
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        pass

    def _go(self) -> None:
        data = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        standin = self.standin
        number = standin.begin()
        try:
            self._answer(number, data)
        finally:
            standin.end()

    do_GET = do_POST = do_PATCH = do_DELETE = _go

    def _checked(self, data: bytes) -> Json | None:
        if self.headers.get('Authorization') != f'Bearer {self.standin.token}':
            raise _Wrong(401, 'unauthorized', 'API token is invalid.')
        if self.headers.get('Notion-Version') != VERSION:
            raise _Wrong(400, 'missing_version', 'Notion-Version header failed validation')
        if len(data) > 500_000:
            raise _Wrong(413, 'validation_error', 'Request body is too large.')
        return json.loads(data) if data else None

    def _answer(self, number: int, data: bytes) -> None:
        standin = self.standin
        path = self.path.partition('?')[0]
        fault = standin.fault(number, self.command, path)
        body: Json | None = None
        status, answer = 200, {}
        is_done = fault in ('', 'lost', '503-saved', '504-saved', 'junk', 'kill-saved')
        if fault == 'kill' and standin.victim:
            os.kill(standin.victim, signal.SIGKILL)
        if fault == 'slow-open':  # the client gives up, and only then it is done
            assert standin.gate.wait(60)
            is_done = True
        with standin.lock:
            try:
                body = self._checked(data)
                if is_done:
                    # as deep a copy as the client will see
                    answer = json.loads(json.dumps(standin.answer(self.command, path, body)))
            except _Wrong as wrong:
                status, answer = wrong.status, error_body(wrong.status, wrong.code, str(wrong))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                status, answer = 400, error_body(400, 'validation_error', f'{type(error).__name__} {error}')
            standin.seen.append(Seen(self.command, path, body, standin.now(), status, answer, fault))
        if fault == 'kill-saved' and standin.victim:
            os.kill(standin.victim, signal.SIGKILL)
        self._fail(fault) if fault and fault not in ('slow-open', 'kill', 'kill-saved') else self._send(status, json.dumps(answer).encode())

    def _fail(self, fault: str) -> None:
        if fault in ('lost', 'reset'):
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            self.connection.close()
            return
        if fault == '502-html':
            self._send(502, b'<html><body>Bad Gateway</body></html>', kind='text/html')
        elif fault == 'junk':
            self._send(200, b'<!doctype html>', kind='text/html')
        elif fault in ('429', '529'):
            code = {'429': 'rate_limited', '529': 'service_overload'}[fault]
            more = {'additional_data': {'rate_limit_reason': 'public_api_request_rate_limit'}}
            self._send(int(fault), json.dumps(error_body(int(fault), code, 'slow down', **more)).encode(), retry=self.standin.retry_after)
        else:
            status = int(re.match(r'\d+', fault)[0])  # type: ignore[index]
            code = {409: 'conflict_error', 500: 'internal_server_error', 503: 'service_unavailable', 504: 'gateway_timeout'}[status]
            self._send(status, json.dumps(error_body(status, code, 'please try again')).encode())

    def _send(self, status: int, data: bytes, kind: str = 'application/json', retry: str = '') -> None:
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(data)))
        if retry:
            self.send_header('Retry-After', retry)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
