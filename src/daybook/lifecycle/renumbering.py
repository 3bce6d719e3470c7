"""The files that another id of a note changes: found, refused and written, all or none."""
from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.kinds import MARKDOWN
from daybook.errors import FatalError
from daybook.lifecycle import journal
from daybook.lifecycle.journal import Write
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import index_files
from daybook.session import preflight
from daybook.session.moves import RENUMBER
from daybook.writers import renumber
from daybook.writers.renumber import Move


class Edit(NamedTuple):
    """One file of the change: where it is, where it will be, its bytes before and after, how many links."""

    path: str
    new_path: str
    before: bytes
    after: bytes
    links: int = 0


def _linking(repo: Repo, move: Move) -> Iterator[tuple[str, bytes]]:
    """Yield every tracked Markdown file that may link to the note, the note too."""
    for entry in git_objects.index_entries(repo):
        if entry.path.endswith(MARKDOWN) and entry.mode.startswith('100'):
            data = files.read_bytes(os.path.join(repo.root, entry.path))
            if data is not None and (renumber.may_name(move, data) or entry.path == move.path):
                yield entry.path, data


def _all_edits(repo: Repo, settings: Settings, move: Move) -> tuple[list[Edit], list[str]]:
    edits, mentions = [], []
    for path, data in dict(_linking(repo, move)).items():
        new_path = move.new_path if path == move.path else path
        after, links = renumber.relinked(data, path, new_path, move)
        if path == move.path:
            after = renumber.note(after, move, schema.property_order('session'))
        elif links and index_files.is_map(settings, path):
            after = renumber.index(after)
        if path != move.path:
            after, keys = renumber.referring(after, path, move, is_linked=links > 0)
            links += keys
        if after != data or new_path != path:
            edits.append(Edit(path, new_path, data, after, links))
        mentions += [f'{new_path}:{line}' for line in renumber.mentions(after, move)]
    return sorted(edits, key=lambda edit: edit.path != move.path), mentions


def _refuse(repo: Repo, move: Move, edits: Sequence[Edit], environ: Mapping[str, str]) -> None:
    targets = [edit.path for edit in edits]
    if git.git('ls-files', '--unmerged', '--', *git.pathspec(targets), cwd=repo.root).out:
        raise FatalError('a target is unmerged; resolve and `git add` it first')
    preflight.refuse_dirty(repo, targets, environ)
    for path in (move.new_path, *targets):
        files.inside(repo.root, path)
    if os.path.lexists(os.path.join(repo.root, move.new_path)) or git_status.tracked_files(repo, *git.pathspec([move.new_path])):
        raise FatalError(f'{move.new_path} exists already; nothing was overwritten; take another id, or `next`')
    if git_status.ignored(repo, [move.new_path]):
        raise FatalError(f'git ignores {move.new_path}; take its folder out of .gitignore')


def edits(repo: Repo, settings: Settings, move: Move) -> tuple[list[Edit], list[str]]:
    """Return what changes, the note first, and where its old id stays in words. Raises FatalError when that must not be written."""
    found, mentions = _all_edits(repo, settings, move)
    _refuse(repo, move, found, os.environ)
    return found, mentions


def _writes(repo: Repo, edits: Sequence[Edit]) -> list[Write]:
    moved = edits[0]
    mode = stat.S_IMODE(os.stat(os.path.join(repo.root, moved.path)).st_mode)
    return [Write(moved.new_path, None, moved.after, mode), *(Write(edit.path, edit.before, edit.after) for edit in edits[1:]),
            Write(moved.path, moved.before, None, mode)]


def write(repo: Repo, edits: Sequence[Edit]) -> None:
    """Write all of it, the old note going last; what was written is put back when something cannot be."""
    changed = [edit.path for edit in edits if files.read_bytes(os.path.join(repo.root, edit.path)) != edit.before]
    if changed:
        raise FatalError(f'changed while this ran: {", ".join(changed)}; nothing was written; run it again')
    writes = _writes(repo, edits)
    try:
        journal.save(repo, RENUMBER, writes)
        journal.make(repo, writes)
    except FatalError as error:
        raise FatalError(f'{error}; {journal.undo(repo, RENUMBER, writes)}') from error
    except OSError as error:
        where = f'{error.filename}: ' if error.filename else ''
        raise FatalError(f'cannot write: {where}{error.strerror}; {journal.undo(repo, RENUMBER, writes)}') from error
    journal.clear(repo, RENUMBER)
