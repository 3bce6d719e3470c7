"""Carries out what `daybook archive` has planned: all of it or nothing."""
from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.lifecycle import journal
from daybook.lifecycle import maps
from daybook.lifecycle.archive_plan import Plan
from daybook.lifecycle.journal import Write
from daybook.repo import git
from daybook.repo import git_preview
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session.moves import ARCHIVE


def _writes(repo: Repo, found: Plan) -> list[Write]:
    writes = []
    for path, data in found.after.items():
        before = found.before[path]
        if path in found.moves:
            mode = stat.S_IMODE(os.stat(os.path.join(repo.root, path)).st_mode)
            writes += [Write(found.moves[path], None, data, mode), Write(path, before, None, mode)]
        else:
            writes.append(Write(path, before, data))
    return writes


def _refuse_dirty_maps(repo: Repo, writes: Sequence[Write]) -> None:
    dirty = sorted({write.path for write in writes}.intersection(git_status.dirty_files(repo)))
    if dirty:
        raise FatalError(f'these have changes that are not committed: {", ".join(dirty)}; commit them first')


def _maps(repo: Repo, settings: Settings, found: Plan, writes: Sequence[Write], *, is_commit: bool) -> list[Write]:
    """Return what is to be written of the maps; of a commit only tracked ones, and nothing in them that is not committed with them."""
    if not is_commit:
        return maps.writes(repo, settings, gone=found.moves, come=found.moves.values())
    alone = set(git_status.overlooked(repo))
    with git_preview.as_committed(repo, [write.path for write in writes]):
        made = maps.writes(repo, settings, gone=found.moves, come=found.moves.values())
        known = set(git_status.tracked_files(repo)) - alone
    return [write for write in made if write.before is None or write.path in known]


def apply(repo: Repo, settings: Settings, found: Plan, *, is_commit: bool) -> list[str]:
    """Do what was planned; return all paths that changed. Raises FatalError with everything put back."""
    writes = _writes(repo, found)
    journal.save(repo, ARCHIVE, writes)
    try:
        journal.make(repo, writes)
        made = _maps(repo, settings, found, writes, is_commit=is_commit)
        _refuse_dirty_maps(repo, [write for write in made if write.before is not None])
        journal.save(repo, ARCHIVE, [*writes, *made])
        journal.make(repo, made)
    except (FatalError, OSError) as error:
        raise FatalError(f'{error}; {journal.undo(repo, ARCHIVE, journal.load(repo, ARCHIVE) or writes)}') from error
    return [write.path for write in (*writes, *made)]


def commit(repo: Repo, paths: Sequence[str], message: str) -> str:
    """Commit exactly the `paths` and return the id. Raises FatalError with everything put back when git or a hook refuses."""
    listed = git.zjoin(git.pathspec(paths))
    result = git.Result(0, b'', '')
    for words in (('add',), ('commit', '--quiet', f'--message={message}', '--only')):
        if result.is_ok:
            result = git.git(*words, '--pathspec-from-file=-', '--pathspec-file-nul', cwd=repo.root, env=git.clean_env(), stdin=listed)
    writes = journal.load(repo, ARCHIVE) or []
    if journal.is_committed(repo, writes):
        journal.clear(repo, ARCHIVE)
        return git.expect('rev-parse', 'HEAD', cwd=repo.root).text
    raise FatalError(f'git did not commit; {journal.undo(repo, ARCHIVE, writes)}\n{(result.err + result.text).strip()[-4000:]}')
