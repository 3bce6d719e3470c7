"""What stands at the paths of a repository that `init` may write, and why some of them must not be written."""
from __future__ import annotations

import os

from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import sparse
from daybook.writers.scaffold_step import Place


def place_at(root: str, path: str) -> Place:
    """Return what stands at a path of the repository, and why it must not be written."""
    try:
        absolute = files.inside(root, path)
    except FatalError:
        return Place(obstacle='it goes through a symbolic link, which is left alone')
    here = root
    for part in path.split('/')[:-1]:
        here = os.path.join(here, part)
        if os.path.lexists(here) and not os.path.isdir(here):
            return Place(obstacle=f'{part} is a file, not a folder')
    if os.path.isdir(absolute):
        return Place(obstacle='it is a folder')
    try:
        data = files.read_bytes(absolute)
    except OSError as error:
        return Place(obstacle=f'it cannot be read ({error.strerror})')
    if data is None and path in sparse.left_out(root):
        return Place(obstacle=f'the sparse checkout leaves it out; `git sparse-checkout add {path.split("/")[0]}` takes it in')
    if data is None and (twin := _twin(absolute)):
        return Place(obstacle=f'{twin} is there, and a disk that knows no case has no room for both')
    return Place(data)


def _twin(absolute: str) -> str:
    """Return the file beside a path whose name differs in case alone, `` when there is none."""
    folder, name = os.path.split(absolute)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return next((each for each in sorted(names) if each.casefold() == name.casefold()), '')


class Places(dict[str, Place]):
    """What stands at each path that somebody asks for, as it was when they first did."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self._root = root

    def __missing__(self, path: str) -> Place:
        self[path] = place_at(self._root, path)
        return self[path]
