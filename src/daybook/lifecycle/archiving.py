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


def apply(repo: Repo, settings: Settings, found: Plan) -> list[str]:
    """Do what was planned; return all paths that changed. Raises FatalError with everything put back."""
    writes = _writes(repo, found)
    journal.save(repo, ARCHIVE, writes)
    try:
        journal.make(repo, writes)
        made = maps.writes(repo, settings, gone=found.moves, come=found.moves.values())
        _refuse_dirty_maps(repo, [write for write in made if write.before is not None])
        journal.save(repo, ARCHIVE, [*writes, *made])
        journal.make(repo, made)
    except (FatalError, OSError) as error:
        raise FatalError(f'{error}; {journal.undo(repo, ARCHIVE, journal.load(repo, ARCHIVE) or writes)}') from error
    return [write.path for write in (*writes, *made)]


def commit(repo: Repo, paths: Sequence[str], message: str) -> str:
    """Commit exactly the `paths` and return the id. Raises FatalError with everything put back when git or a hook refuses."""
    listed = b''.join(path.encode('utf-8', 'surrogateescape') + b'\0' for path in git.pathspec(paths))
    result = git.Result(0, b'', '')
    for words in (('add',), ('commit', '--quiet', f'--message={message}', '--only')):
        if result.is_ok:
            result = git.git(*words, '--pathspec-from-file=-', '--pathspec-file-nul', cwd=repo.root, env=git.clean_env(), stdin=listed)
    writes = journal.load(repo, ARCHIVE) or []
    if journal.is_committed(repo, writes):
        journal.clear(repo, ARCHIVE)
        return git.expect('rev-parse', 'HEAD', cwd=repo.root).text
    raise FatalError(f'git did not commit; {journal.undo(repo, ARCHIVE, writes)}\n{(result.err + result.text).strip()[-4000:]}')
