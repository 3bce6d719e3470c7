"""Zones: how far a document may travel. The one rule that pages, mirrors and checks share."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
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


class Inherited:
    """The zone of documents with what stands above them: the highest of a document's own and all of theirs.

    `own` gives the step of a document by itself, `above` the documents that it names by the keys ABOVE.
    Those of a circle share its highest. Each is asked for once, however deep or tangled they lie.
    """

    def __init__(self, own: Callable[[str], int], above: Callable[[str], Iterable[str]]) -> None:
        self._own, self._above = own, above
        self._known: dict[str, int] = {}

    def of(self, path: str) -> int:
        """Return the step of the document at `path`."""
        if path not in self._known:
            self._settle(path)
        return self._known[path]

    def _settle(self, path: str) -> None:
        """Find all that stands above a document, then let each step sink from the highest down."""
        steps: dict[str, int] = {}
        below: dict[str, list[str]] = {}
        waiting = [path]
        while waiting:
            here = waiting.pop()
            if here in steps:
                continue
            steps[here] = self._known[here] if here in self._known else self._own(here)
            for other in self._above(here) if here not in self._known else ():
                below.setdefault(other, []).append(here)
                waiting.append(other)
        found: dict[str, int] = {}
        for step_of in sorted(set(steps.values()), reverse=True):
            waiting = [each for each, held in steps.items() if held == step_of]
            while waiting:
                here = waiting.pop()
                if here not in found:
                    found[here] = step_of
                    waiting += below.get(here, ())
        self._known |= found
