"""The graph of plans, workstreams and decisions, and the calendar of activity, as SVG; the same input gives the same bytes."""
from __future__ import annotations

import datetime
import html
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.writers import pages_entry

COLUMNS = tuple(zip(pages_entry.IN_GRAPH, ('Plans', 'Workstreams', 'Decisions')))
_WIDTH, _HEIGHT, _GAP, _BETWEEN, _TOP = 216, 34, 10, 84, 30
_LETTERS = 27
_MOST = 40  # boxes in a column; more is no picture any more
_SWEEPS = 4
_CELL = 14
_WEEKS = 53


class Node(NamedTuple):
    """A document in the graph: its address, and the paths of the documents that it names."""

    path: str
    kind: str
    title: str
    status: str
    href: str
    targets: Sequence[str]


def _edges(nodes: Mapping[str, Node]) -> list[tuple[str, str]]:
    return sorted({(path, target) for path, node in nodes.items() for target in node.targets if target in nodes and target != path})


def _neighbours(edges: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one, other in edges:
        found.setdefault(one, []).append(other)
        found.setdefault(other, []).append(one)
    return found


def _ordered(columns: list[list[str]], near: Mapping[str, list[str]]) -> None:
    """Order each column by the middle of what its boxes are joined to (Sugiyama's barycentre), ties by path."""
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 else columns[::-1]:
            rows = {path: row for each in columns for row, path in enumerate(each)}
            column.sort(key=lambda path: (sum(rows[other] for other in near[path]) / len(near[path]), path))


def _short(text: str) -> str:
    return text if len(text) <= _LETTERS else text[:_LETTERS - 1].rstrip() + '…'


def _curve(one: tuple[int, int], other: tuple[int, int]) -> str:
    (left, top), (right, bottom) = sorted((one, other))
    top, bottom = top + _HEIGHT // 2, bottom + _HEIGHT // 2
    if left == right:  # within a column the line bows out on its right
        edge = left + _WIDTH
        return f'M{edge} {top}C{edge + 40} {top} {edge + 40} {bottom} {edge} {bottom}'
    start, middle = left + _WIDTH, (left + _WIDTH + right) // 2
    return f'M{start} {top}C{middle} {top} {middle} {bottom} {right} {bottom}'


def _box(node: Node, place: tuple[int, int]) -> str:
    x, y = place
    status = f', {node.status}' if node.status else ''
    label = html.escape(f'{node.title} ({node.kind}{status})')
    return (f'<a href="{html.escape(node.href)}" aria-label="{label}"><title>{label}</title>'
            f'<rect class="{node.kind}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
            f'<text x="{x + 12}" y="{y + 22}">{html.escape(_short(node.title))}</text></a>')


def graph(nodes: Sequence[Node]) -> str:
    """Return the SVG of what names each other; nothing when nothing does.

    A column for each kind, its boxes links in the order of reading. Of a long column the newest paths stay.
    """
    known = {node.path: node for node in sorted(nodes)}
    near = _neighbours(_edges(known))
    columns = [sorted((path for path in near if known[path].kind == kind), reverse=True)[:_MOST] for kind, _ in COLUMNS]
    kept = {path for column in columns for path in column}
    known = {path: node for path, node in known.items() if path in kept}
    edges = _edges(known)
    near = _neighbours(edges)
    columns = [[path for path in sorted(column) if path in near] for column in columns]
    shown = [(column, name) for column, (_, name) in zip(columns, COLUMNS) if column]
    if not shown:
        return ''
    _ordered([column for column, _ in shown], near)
    places = {path: (number * (_WIDTH + _BETWEEN) + 1, _TOP + row * (_HEIGHT + _GAP))
              for number, (column, _) in enumerate(shown) for row, path in enumerate(column)}
    width = len(shown) * (_WIDTH + _BETWEEN) - _BETWEEN + 44
    height = _TOP + max(len(column) for column, _ in shown) * (_HEIGHT + _GAP)
    heads = ''.join(f'<text class="head" x="{n * (_WIDTH + _BETWEEN) + 1}" y="16">{name}</text>' for n, (_, name) in enumerate(shown))
    lines = ''.join(f'<path d="{_curve(places[one], places[other])}"/>' for one, other in edges)
    boxes = ''.join(_box(known[path], places[path]) for column, _ in shown for path in column)
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">{heads}<g class="lines" aria-hidden="true">{lines}</g>{boxes}</svg>'


def _day(text: str) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year >= 1900 else None  # no repository is older, and a year must lie before it


def _level(count: int, most: int) -> int:
    return min(4, 1 + 4 * (count - 1) // max(most, 4))


def calendar(days: Mapping[str, int]) -> str:
    """Return the SVG of the year before the newest day (`2026-11-20`) that has documents; nothing without any.

    The months are links that choose them in the list; a day tells its number.
    """
    counts = {day: count for text, count in days.items() if count > 0 and (day := _day(text))}
    if not counts:
        return ''
    last = max(counts)
    end = last - datetime.timedelta(days=last.weekday())
    start = end - datetime.timedelta(weeks=_WEEKS - 1)
    shown = {day: count for day, count in sorted(counts.items()) if day >= start}
    most = max(shown.values())
    cells, months = [], []
    for day, count in shown.items():
        week, row = divmod((day - start).days, 7)
        what = f'{day.isoformat()}: {count} document{"s" * (count != 1)}'
        cells.append(f'<rect class="l{_level(count, most)}" x="{week * _CELL}" y="{20 + row * _CELL}" width="11" height="11" rx="2"><title>{what}</title></rect>')
    for week in range(_WEEKS - 1):
        monday = start + datetime.timedelta(weeks=week)
        if monday.day <= 7:
            name = monday.strftime('%Y-%m')
            label = monday.strftime('%B %Y')
            months.append(f'<a href="#month={name}" aria-label="{label}"><text x="{week * _CELL}" y="12">{label[:3]}</text></a>')
    width, height = _WEEKS * _CELL, 20 + 7 * _CELL
    return (f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
            f'<defs><pattern id="daybook.day" width="{_CELL}" height="{_CELL}" y="20" patternUnits="userSpaceOnUse">'
            f'<rect class="l0" width="11" height="11" rx="2"/></pattern></defs>'
            f'<rect fill="url(#daybook.day)" y="20" width="{width}" height="{7 * _CELL}"/>{"".join(months)}{"".join(cells)}</svg>')
