"""What a merge, rebase or cherry-pick left unmerged: Session Logs and rows of the action log are put together, the rest is named."""
from __future__ import annotations

import os
import re
from typing import NamedTuple

from daybook.documents import action_log as log_format
from daybook.documents import config
from daybook.documents.config import Settings
from daybook.indexing.keeping import Settled
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.session import index_files
from daybook.writers import action_log
from daybook.writers import conflicts
from daybook.writers import indexes
from daybook.writers import overview_block
from daybook.writers import session_log_conflicts

_MARKER = 7  # git's own length of a conflict marker, where .gitattributes names none that can be
_BOTH = {2, 3}  # stages: what both sides have; https://git-scm.com/docs/git-ls-files


class Unmerged(NamedTuple):
    """A path in conflict: the object ids of its stages (1: the base, 2: ours, 3: theirs)."""

    path: str
    stages: dict[int, str]


def unmerged(repo: Repo) -> list[Unmerged]:
    """Return the paths in conflict, sorted."""
    found: dict[str, dict[int, str]] = {}
    for entry in git_objects.index_entries(repo, is_unmerged=True):
        found.setdefault(entry.path, {})[entry.stage] = entry.oid
    return [Unmerged(path, stages) for path, stages in sorted(found.items())]


def _is_generated(repo: Repo, entry: Unmerged) -> bool:
    sides = git_objects.read_blobs(repo, [oid for stage, oid in entry.stages.items() if stage in _BOTH])
    return all(indexes.is_generated((side or b'').decode('utf-8', 'replace')) for side in sides)


def _is_confined(repo: Repo, entry: Unmerged) -> bool:
    """Return whether only the generated block of an overview is in conflict, in what git left on the disk."""
    absolute = os.path.join(repo.root, entry.path)
    data = None if os.path.islink(absolute) or not _BOTH <= entry.stages.keys() else files.read_bytes(absolute)
    return overview_block.is_confined(_decode(data))


def _marker_size(repo: Repo, path: str) -> int:
    answer = git.zsplit(git.git('check-attr', '-z', 'conflict-marker-size', '--', path, cwd=repo.root).out)
    # isdigit() knows more digits than int(), and int() refuses thousands of them
    size = int(answer[2]) if len(answer) == 3 and re.fullmatch(r'[0-9]{1,3}', answer[2]) else 0
    return size or _MARKER


def _decode(data: bytes | None) -> str:
    return (data or b'').decode('utf-8', 'surrogateescape')


def _log(repo: Repo, entry: Unmerged, settled: Settled) -> None:
    """Resolve the Session Log of one workstream."""
    path = entry.path
    absolute = os.path.join(repo.root, path)
    data = None if os.path.islink(absolute) else files.read_bytes(absolute)
    if data is None or not _BOTH <= entry.stages.keys():
        settled.left[path] = 'one side has deleted it'
        return
    text, size = _decode(data), _marker_size(repo, path)
    parsed = conflicts.parse(text, size)
    if parsed is not None and all(isinstance(each, str) for each in parsed):
        settled.merged.append(path)  # resolved by hand, or by the run before
        return
    base = _decode(git_objects.read_blobs(repo, [entry.stages[1]])[0]) if 1 in entry.stages else ''
    found = session_log_conflicts.resolve(text, base, size)
    if found is None:
        settled.left[path] = 'its conflict is not in entries of the Session Log alone'
        return
    settled.texts[path] = found.text.encode('utf-8', 'surrogateescape')
    if found.left:
        numbers = [n for n, line in enumerate(conflicts.lines_of(found.text), 1) if line.startswith('<' * size)]
        settled.left[path] = f'conflict outside of the Session Log, line {", ".join(map(str, numbers))}'
    else:
        settled.merged.append(path)


def _joined(repo: Repo, entry: Unmerged, text: str) -> str | None:
    """Return an action log with the rows that each side has appended, ours first; None where somebody changed anything else."""
    parsed = conflicts.parse(text, _marker_size(repo, entry.path))
    if parsed is None or not _BOTH <= entry.stages.keys():
        return None
    if all(isinstance(each, str) for each in parsed):
        return text  # resolved by hand, or by the run before
    parts = conflicts.parts(parsed)
    sides = [''.join(conflicts.side(parts, is_ours=is_ours)) for is_ours in (True, False)]
    base, *committed = (_decode(data) for data in git_objects.read_blobs(repo, [entry.stages.get(stage, '') for stage in (1, 2, 3)]))
    if [log_format.lines(side) for side in sides] != [log_format.lines(side) for side in committed]:
        return None  # somebody has begun to resolve it
    return action_log.merge(base, sides[1], sides[0])


def _rows(repo: Repo, entry: Unmerged, settled: Settled) -> None:
    """Resolve the action log."""
    absolute = os.path.join(repo.root, entry.path)
    data = None if os.path.islink(absolute) else files.read_bytes(absolute)
    joined = None if data is None else _joined(repo, entry, _decode(data))
    if joined is None:
        settled.left[entry.path] = 'its conflict is more than rows that both sides have added'
        return
    if joined != _decode(data):
        settled.texts[entry.path] = joined.encode('utf-8', 'surrogateescape')
    settled.merged.append(entry.path)


def settle(repo: Repo, settings: Settings, *, is_kept: bool) -> Settled:
    """Say what becomes of the paths in conflict; `is_kept` tells whether the maps are made anew here."""
    settled = Settled({}, [], {})
    for entry in unmerged(repo):
        kind = config.kind_of(settings, entry.path)
        if index_files.is_map(settings, entry.path) and is_kept and _is_generated(repo, entry):
            settled.merged.append(entry.path)
        elif entry.path == settings.indexes_overview and is_kept and _is_confined(repo, entry):
            settled.merged.append(entry.path)  # its block is made anew
        elif entry.path == settings.handoff_action_log:
            _rows(repo, entry, settled)
        elif kind is not None and kind.name == 'workstream':
            _log(repo, entry, settled)
        else:
            settled.left[entry.path] = 'not generated'
    return settled
