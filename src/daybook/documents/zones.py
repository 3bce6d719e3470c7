"""Zones: how far a document may travel. The one rule that pages, mirrors and checks share."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LADDER = ('public', 'internal', 'private', 'restricted')  # from what anybody may read to what hardly anybody may
TOP = len(LADDER) - 1
ABOVE = ('parent', 'derived_from')  # keys that name what a document may not be below


def step(value: Any) -> int:
    """Return the step of a zone on the ladder; the top one for what nobody can read."""
    text = value.strip().casefold() if isinstance(value, str) else ''
    return LADDER.index(text) if text in LADDER else TOP


def is_zone(value: Any) -> bool:
    """Return whether `value` is the name of a zone."""
    return isinstance(value, str) and value.strip().casefold() in LADDER


def of_folder(path: str, folders: Mapping[str, str]) -> int | None:
    """Return the highest zone of the folders that `path` lies in; None when none of them has one."""
    steps = [step(zone) for folder, zone in folders.items() if path.startswith(f'{folder.strip("/")}/') or folder in ('', '/', '.')]
    return max(steps, default=None)


def combined(declared: int | None, path: str, default: str, folders: Mapping[str, str]) -> int:
    """Return the zone of a document by what it says itself (None: nothing) and by its folder, which it cannot lower."""
    folder = of_folder(path, folders)
    if declared is None:
        return step(default) if folder is None else folder
    return declared if folder is None else max(declared, folder)
