"""sync-notion against a server that answers anything: each run ends, with words and without a traceback."""
from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from daybook.errors import FatalError
from daybook.mirror import notion
from daybook.mirror.notion import Notion
from daybook.mirror.notion_wire import Wire
from daybook.mirror.pace import Pace
from mirrors import Time

SOURCE = '0' * 31 + '1'
Answer = tuple[int, bytes, dict[str, str]]
Asked = Callable[[str, str, dict[str, Any], int], Answer]
SCHEMA = json.dumps({'properties': {'Name': {'type': 'title'}}}).encode()


def _bomb() -> bytes:
    """Return the gzip of 300 MB of JSON, made piece by piece."""
    made = zlib.compressobj(wbits=31)
    parts = [made.compress(b'{"a": "'), *(made.compress(b'a' * 1_000_000) for _ in range(300)), made.compress(b'"}'), made.flush()]
    return b''.join(parts)


class Server:
    """Answers what `asked` makes of a request (method, path, body, its number); gives up after 60."""

    def __init__(self) -> None:
        self.asked: Asked = lambda *_: (200, SCHEMA, {})
        self.count = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def _go(self) -> None:
                data = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                outer.count += 1
                status, answer, headers = outer.asked(self.command, self.path, json.loads(data or b'{}'), outer.count)
                if outer.count > 60:
                    status, answer, headers = 400, b'{"message": "never ends"}', {}
                self.send_response(status)
                for name, value in {'Content-Length': str(len(answer)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:
                    pass  # the client has read enough

            do_GET = do_POST = _go

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self._server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self._server.server_port}'
        Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def rows(self) -> str:
        """Return why the table could not be listed."""
        with pytest.raises(FatalError) as raised:
            Notion(Wire('tok', self.url, Pace(1000, 100, Time().clock)), SOURCE).rows()
        return str(raised.value)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


def _queries(answer: Callable[[int], object]) -> Asked:
    def asked(method: str, path: str, body: dict[str, Any], number: int) -> Answer:
        return (200, json.dumps(answer(number)).encode(), {}) if path.endswith('/query') else (200, SCHEMA, {})
    return asked


def _page(number: int) -> dict[str, Any]:
    return {'object': 'page', 'id': f'{number:032x}'}


NEVER = {
    'the same cursor': lambda n: {'results': [_page(n)], 'has_more': True, 'next_cursor': 'a'},
    'two cursors in turn': lambda n: {'results': [_page(n)], 'has_more': True, 'next_cursor': 'ab'[n % 2]},
    'no results': lambda n: {'results': [], 'has_more': True, 'next_cursor': str(n)},
    'the same results': lambda n: {'results': [_page(1)], 'has_more': True, 'next_cursor': str(n)},
    'a cursor that is none': lambda n: {'results': [_page(n)], 'has_more': True, 'next_cursor': [n]},
}


@pytest.mark.parametrize('name', NEVER)
def test_a_list_that_never_ends(server: Server, name: str) -> None:
    server.asked = _queries(NEVER[name])
    assert 'gives none that are new' in server.rows()
    assert server.count < 6


@pytest.mark.parametrize('more', [{}, {'request_status': {'type': 'incomplete'}}])
def test_new_pages_for_ever(server: Server, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> None:
    monkeypatch.setattr(notion, '_MOST_ROWS', 25)
    server.asked = _queries(lambda n: {'results': [{**_page(n), 'created_time': f'{n:05}'}], 'has_more': not more, 'next_cursor': str(n), **more})
    assert 'more than 25 pages and goes on' in server.rows()
    assert 25 < server.count < 40


@pytest.mark.parametrize('results', [5, None, {}, 'x', [5], [{'object': 'page', 'id': [1]}], [{'object': 'page'}]])
def test_results_that_are_none(server: Server, results: object) -> None:
    server.asked = _queries(lambda n: {'results': results})
    assert server.rows() == 'Notion answers a query with something that is no list of pages'


def test_an_answer_nested_without_end(server: Server) -> None:
    server.asked = lambda *_: (200, b'{"a":' * 100_000 + b'1' + b'}' * 100_000, {})
    assert 'something that is no JSON object' in server.rows()


def test_sources_that_are_none(server: Server) -> None:
    server.asked = lambda method, path, body, n: (404, b'{}', {}) if 'data_sources' in path else (200, b'{"data_sources": 5}', {})
    assert 'the database has 0 data sources' in server.rows()


def test_a_wait_of_400_digits(server: Server) -> None:
    server.asked = lambda *_: (429, b'{}', {'Retry-After': '9' * 400})
    said = server.rows()
    assert 'means to wait 31536000 s' in said and 'inf' not in said


@pytest.mark.parametrize('coding', ['gzip', 'gzip, gzip'])
def test_a_bomb_is_not_decoded_whole(server: Server, coding: str) -> None:
    data = _bomb() if coding == 'gzip' else gzip.compress(_bomb())
    server.asked = lambda *_: (200, data, {'Content-Encoding': coding})
    tracemalloc.start()
    try:
        assert 'something that is no JSON object' in server.rows()
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()


def test_gzip_is_read(server: Server) -> None:
    server.asked = lambda method, path, *_: (200, gzip.compress(b'{"results": []}' if path.endswith('/query') else SCHEMA), {'Content-Encoding': 'gzip'})
    assert Notion(Wire('tok', server.url, Pace(1000, 100, Time().clock)), SOURCE).rows() == []


@pytest.mark.parametrize(('token', 'url', 'said'), [
    ('sécret-tok', '', 'NOTION_TOKEN holds characters that no token has'), ('tok\nx', '', 'NOTION_TOKEN holds characters that no token has'),
    ('tok', 'http://[::1', 'which is no address'), ('tok', 'http://localhost:x', 'which is no address'),
    ('tok', 'http://localhost:99999999', 'which is no address')])
def test_settings_that_cannot_be_used(token: str, url: str, said: str) -> None:
    with pytest.raises(FatalError) as raised:
        Wire(token, url, Pace(1000, 100, Time().clock))
    assert said in str(raised.value) and 'cret-tok' not in str(raised.value)
