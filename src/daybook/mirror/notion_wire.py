"""Notion's HTTP: one request, its pace, and what its answer means. The only module that opens a connection."""
from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from daybook.errors import FatalError
from daybook.mirror import pace
from daybook.mirror.adapter import Doubtful
from daybook.mirror.adapter import Rejected
from daybook.mirror.adapter import Stopped
from daybook.mirror.pace import Pace
from daybook.problem import printable
from daybook.rules import secrets

VERSION = '2026-03-11'
BASE_URL = 'https://api.notion.com'
_TIMEOUT = 60.0
_LARGEST = 20_000_000  # bytes of an answer; a page of 100 rows has some 500,000
_LONGEST_ANSWER = 300.0  # seconds from its first byte to its last; the timeout is for each byte
_LONGEST_WAIT = 86_400.0 * 365  # seconds; more than this cannot be meant, and is more than any patience
_LOOPBACK = ('localhost', '127.0.0.1', '::1')
_BUSY = (429, 529)  # https://developers.notion.com/reference/request-limits
_UNWELL = (500, 502, 503, 504, 520, 521, 522, 523, 524, 408)

Json = dict[str, Any]


class NotFound(Rejected):
    """There is no such thing, or it is not shared with this connection."""


class Refused(Rejected):
    """Notion knows who asks, and does not let them."""


def _shown(text: object) -> str:
    return printable(secrets.redact(str(text)[:5000])[0])[:500]


def _body(data: bytes) -> Json:
    try:
        found = json.loads(data)
        if b'\\ud' in data.lower():  # half a character, which no file and no terminal takes
            found = json.loads(json.dumps(found, ensure_ascii=False).encode('utf-8', 'replace'))
    except (ValueError, RecursionError):  # no JSON, or nested deeper than any answer of Notion
        return {}
    return found if isinstance(found, dict) else {}


def _read(response: httpx.Response, clock: Callable[[], float]) -> bytes | None:
    """Return the decoded body, None as soon as it is larger or slower than any answer of Notion."""
    if response.headers.get('content-encoding', 'identity').strip().lower() not in ('identity', 'gzip'):
        return None  # other codings, or several, make gigabytes of one piece; gzip makes a thousand times its size
    data, begun = bytearray(), clock()
    for part in response.iter_bytes():
        data += part
        if len(data) > _LARGEST or clock() - begun > _LONGEST_ANSWER:
            return None
    return bytes(data)


def _retry_after(response: httpx.Response, now: float) -> float:
    """Return the seconds of a Retry-After, a number or a date (RFC 9110 10.2.3); 0 for none."""
    text = response.headers.get('retry-after', '').strip()
    if re.fullmatch(r'[0-9]+(\.[0-9]+)?', text):
        return min(float(text), _LONGEST_WAIT)
    try:
        return min(max(email.utils.parsedate_to_datetime(text).timestamp() - now, 0.0), _LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _words(response: httpx.Response, body: Json) -> str:
    code = body.get('code') or response.reason_phrase
    return f'Notion answers {response.status_code} {_shown(code)}' + (f': {_shown(body["message"])}' if body.get('message') else '')


def _address(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        httpx.URL(base_url)
        _ = parts.port
    except (ValueError, httpx.InvalidURL):
        raise FatalError(f'NOTION_BASE_URL is {_shown(base_url)}, which is no address; correct it, or unset it') from None
    if parts.scheme != 'https' and parts.hostname not in _LOOPBACK or not parts.hostname or parts.username:
        raise FatalError(f'NOTION_BASE_URL is {_shown(base_url)}; the token goes to https:// addresses and to this machine only')
    return base_url.rstrip('/')


def _bearer(token: str) -> str:
    if not re.fullmatch(r'[!-~]+', token):  # never shown
        raise FatalError('NOTION_TOKEN holds characters that no token has; copy it again from the connection in Notion')
    return f'Bearer {token}'


class Wire:
    """A connection with its token. Closing it is the caller's."""

    def __init__(self, token: str, base_url: str, rhythm: Pace) -> None:
        self.pace = rhythm
        address = _address(base_url or BASE_URL)
        # a proxy reads what goes to this machine without TLS
        self._client = httpx.Client(
            base_url=address, timeout=_TIMEOUT, follow_redirects=False, trust_env=address.startswith('https:'),
            headers={'Authorization': _bearer(token), 'Accept-Encoding': 'gzip', 'Notion-Version': VERSION, 'User-Agent': 'daybook'})

    def close(self) -> None:
        """Close the connections; no request can be made any more."""
        self._client.close()

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> Json:
        self.pace.take()
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode('utf-8', 'replace')
        try:
            with self._client.stream(method, path, content=content,
                                     headers={'Content-Type': 'application/json'} if content else None) as response:
                data = _read(response, self.pace.clock.monotonic)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Doubtful(f'no answer from Notion: {type(error).__name__} {_shown(error)}'.rstrip(), is_open=True) from None
        found = _body(data or b'')
        if response.status_code == 200:
            if not found:
                raise Doubtful('Notion answers 200 with something that is no JSON object')
            return found
        self._raise(response, found)
        raise AssertionError('unreachable')

    def _raise(self, response: httpx.Response, body: Json) -> None:
        status, words = response.status_code, _words(response, body)
        more = body.get('additional_data') if isinstance(body.get('additional_data'), dict) else {}
        if status in _BUSY and (more or {}).get('rate_limit_reason') != 'public_api_request_blocked':
            raise Doubtful(words, _retry_after(response, self.pace.clock.now()))
        if status in _UNWELL or status == 409 and body.get('code') != 'row_limit_exceeded':
            raise Doubtful(words, _retry_after(response, self.pace.clock.now()))
        if status == 404:
            raise NotFound(f'{words}; is it shared with the connection?')
        if status == 403:
            raise Refused(f'{words}; give the connection read, update and insert capabilities')
        if status in (401, 409, *_BUSY):
            hint = {401: 'NOTION_TOKEN is wrong or has expired', 409: 'the table is full'}.get(status, 'Notion has blocked this connection')
            raise Stopped(f'{words}; {hint}')
        raise Rejected(words)

    def read(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Ask something that changes nothing, again after failures. Raises Stopped, NotFound, Refused, Rejected."""
        for attempt in range(pace.ATTEMPTS):
            try:
                return self._once(method, path, body)
            except Doubtful as doubt:
                if attempt + 1 == pace.ATTEMPTS:
                    raise Stopped(f'{doubt}; {pace.ATTEMPTS} attempts; what is done is done, run it again later') from None
                self.pace.wait(attempt, doubt.wait, str(doubt))
        raise AssertionError('unreachable')

    def write(self, method: str, path: str, body: Mapping[str, Any]) -> Json:
        """Ask for a change, once. Raises Doubtful where it may have been made, and as `read` does."""
        return self._once(method, path, body)
