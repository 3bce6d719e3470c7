"""The fields of a page as Notion's properties, both ways, pure: names, types, lengths."""
from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from daybook.mirror import notion_markdown
from daybook.mirror.adapter import FIELDS
from daybook.mirror.adapter import Fields
from daybook.mirror.adapter import Value

TITLE = 'title'
# `status` properties cannot be made through the API, and `unique_id` ones not be written
PROPERTIES: dict[str, tuple[str, str]] = {
    'title': ('Name', 'title'),
    'external_id': ('External ID', 'rich_text'),
    'kind': ('Kind', 'select'),
    'operator': ('Operator', 'select'),
    'status': ('Status', 'select'),
    'workstream': ('Workstream', 'multi_select'),
    'tags': ('Tags', 'multi_select'),
    'summary': ('Summary', 'rich_text'),
    'source': ('Source', 'url'),
    'source_commit': ('Source Commit', 'rich_text'),
    'content_hash': ('Content Hash', 'rich_text'),
    'last_synced': ('Last Synced', 'date'),
    'sync_status': ('Sync Status', 'select'),
}
# https://developers.notion.com/reference/request-limits
_TEXT, _URL, _OPTION, _OPTIONS = 2000, 2000, 100, 100


def _cut(text: str, limit: int) -> str:
    """Return `text` with at most `limit` UTF-16 units, which is how JavaScript counts."""
    data = text.encode('utf-16-le', 'replace')
    if len(data) <= 2 * limit:
        return text
    return data[:2 * limit - 2].decode('utf-16-le', 'ignore').rstrip() + '…'


def _plain(text: str) -> str:
    """Return `text` without what no page takes: control characters, and bytes of file names that are no UTF-8."""
    return notion_markdown.CONTROL.sub('\ufffd', text).encode('utf-8', 'replace').decode()


def _option(text: str) -> str:
    return _cut(' '.join(_plain(text).replace(',', ';').split()), _OPTION)  # a comma parts options in Notion's own export


def _fitted(kind: str, value: Value) -> Value:
    if kind == 'multi_select':
        texts = value if isinstance(value, tuple) else (value,)
        return tuple(sorted({option for text in texts if (option := _option(text))})[:_OPTIONS])
    text = ', '.join(value) if isinstance(value, tuple) else value
    if kind == 'select':
        return _option(text)
    if kind == 'url':
        return text if len(text) <= _URL else ''
    return _cut(' '.join(_plain(text).split()), _TEXT)


def fit(fields: Fields) -> dict[str, Value]:
    """Return `fields` as they come back from Notion."""
    return {name: _fitted(PROPERTIES[name][1], value) for name, value in fields.items()}


def _property(kind: str, value: Value) -> dict[str, Any]:
    if kind in ('title', 'rich_text'):
        return {kind: [{'type': 'text', 'text': {'content': value}}] if value else []}
    if kind == 'select':
        return {kind: {'name': value} if value else None}
    if kind == 'multi_select':
        return {kind: [{'name': name} for name in value]}
    if kind == 'date':
        return {kind: {'start': value} if value else None}
    return {kind: value or None}


def properties(fields: Fields, title: str) -> dict[str, Any]:
    """Return the `properties` of a request; `title` is the name of the table's title property."""
    fitted = fit(fields)
    return {title if name == TITLE else PROPERTIES[name][0]: _property(PROPERTIES[name][1], value)
            for name, value in fitted.items()}


def _texts(items: Any) -> str:
    parts = items if isinstance(items, list) else []
    return ''.join(str(part.get('plain_text', '')) for part in parts if isinstance(part, dict))


def _name(item: Any) -> str:
    return str(item.get('name', '')) if isinstance(item, dict) else ''


def _moment(value: Any) -> str:
    text = value.get('start') if isinstance(value, dict) else None
    try:
        moment = datetime.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return ''
    if moment is None or moment.tzinfo is None:
        return text or ''
    try:
        return moment.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
    except OverflowError:  # before the year 1, or after 9999
        return ''


def _value(kind: str, held: Mapping[str, Any]) -> Value:
    content = held.get(kind)
    if held.get('type', kind) != kind:
        return ''
    if kind in ('title', 'rich_text'):
        return _texts(content)
    if kind == 'select':
        return _name(content)
    if kind == 'multi_select':
        return tuple(sorted(_name(item) for item in (content if isinstance(content, list) else [])))
    if kind == 'date':
        return _moment(content)
    return str(content) if content else ''


def fields(given: Any, title: str) -> dict[str, Value]:
    """Return the fields of the `properties` of an answer; what is missing or of another type is empty."""
    given = given if isinstance(given, dict) else {}
    found = {}
    for name in FIELDS:
        notion, kind = PROPERTIES[name]
        held = given.get(title if name == TITLE else notion)
        found[name] = _value(kind, held) if isinstance(held, dict) else () if kind == 'multi_select' else ''
    return found


def title_of(schema: Mapping[str, Any]) -> str:
    """Return the name of the title property of a table."""
    return next((name for name, held in schema.items() if isinstance(held, dict) and held.get('type') == 'title'), PROPERTIES[TITLE][0])


def missing(schema: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the properties to add to a table, and those that are there with another type, as words."""
    absent, wrong = {}, []
    for name, (notion, kind) in PROPERTIES.items():
        held = schema.get(notion)
        if name == TITLE:
            continue  # every table has one, by whatever name
        if not isinstance(held, dict):
            absent[notion] = {'type': kind, kind: {}}
        elif held.get('type') != kind:
            wrong.append(f'{notion} is of type {held.get("type")} and must be {kind}; rename it, then run daybook sync-notion --setup')
    return absent, wrong
