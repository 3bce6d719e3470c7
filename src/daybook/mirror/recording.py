"""What a run of the mirror leaves in the repository: the state in the documents, the log, and a commit of no more than these."""
from __future__ import annotations

import datetime
import os
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

from daybook.errors import FatalError
from daybook.mirror import plan
from daybook.mirror import state
from daybook.mirror.apply import Outcome
from daybook.mirror.state import News
from daybook.mirror.sync import Planned
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.writers import sync_log
from daybook.writers.sync_log import Entry

_DONE = {'create': 'created', 'update': 'updated', 'archive': 'archived', 'failed': 'failed', 'conflict': 'conflict',
         'duplicate': 'duplicate'}


class Recorded(NamedTuple):
    """What a run left in the work tree: the documents and the log written, and what could not be, as words."""

    written: list[str]
    refused: list[str]


def _event(action: str, reason: str) -> str:
    if action in ('create', 'update') or action == 'skip' and reason == plan.UNCHANGED:
        return 'shown'
    if action in ('failed', 'duplicate') or action == 'conflict' and 'pull first' not in reason:
        return 'failed'
    return 'left'


def news(planned: Planned, outcomes: Iterable[Outcome]) -> list[News]:
    """Return what the run has found out about each document."""
    done = {outcome.step.path: outcome for outcome in outcomes if outcome.step.page}
    found = []
    for step in planned.steps:
        if step.page is None or step.action in plan.WRITING and step.path not in done:
            continue
        outcome = done.get(step.path) or Outcome(step, step.action, step.reason, step.row)
        event = _event(outcome.action, outcome.reason)
        row = outcome.row if event == 'shown' else None
        found.append(News(step.path, planned.local.documents[step.path].kind, event, row, outcome.reason))
    return found


def _entries(planned: Planned, outcomes: Sequence[Outcome], at: str) -> list[Entry]:
    commit = planned.local.commit[:12]
    found = [sync_log.entry(at, _DONE[outcome.action], outcome.step.external_id,
                            outcome.reason if outcome.action in ('failed', *plan.WRONG) else f'{outcome.reason} (commit {commit})')
             for outcome in outcomes if outcome.action in _DONE]
    found += [sync_log.entry(at, step.action, step.external_id, step.reason) for step in planned.steps if step.action in plan.WRONG]
    return found


def record(repo: Repo, planned: Planned, outcomes: Sequence[Outcome], at: float, *, is_commit: bool) -> Recorded:
    """Write what was done into the documents and the log; with `is_commit`, only where nobody else's edit is."""
    told = news(planned, outcomes)
    refused = []
    if is_commit:
        dirty = set(git_status.dirty_files(repo))
        mixed = {item.path for item in told if item.path in dirty and not _is_ours(repo, planned, item)}
        refused = [f'{path}: has changes that are not committed; its state is written by a later run' for path in sorted(mixed)]
        told = [item for item in told if item.path not in mixed]
    written, unwritten = state.write(repo.root, told)
    moment = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
    try:
        written += _write_log(repo, _entries(planned, outcomes, moment), moment)
    except FatalError as error:
        unwritten.append(str(error))
    return Recorded(written, refused + unwritten)


def _write_log(repo: Repo, entries: Sequence[Entry], moment: str) -> list[str]:
    """Write the log, and return its path if it changed. Raises FatalError where it is not ours, or not inside."""
    log = files.inside(repo.root, sync_log.PATH)
    held = files.read_bytes(log)
    text = (held or b'').decode('utf-8', 'replace')
    if text and not sync_log.is_ours(text):
        raise FatalError(f'{sync_log.PATH}: not written by daybook, left as it is; move it away')
    after = sync_log.merged(text, entries, moment).encode()
    if after == held:
        return []
    os.makedirs(os.path.dirname(log), exist_ok=True)
    files.write_atomic(log, after)
    return [sync_log.PATH]


def _is_ours(repo: Repo, planned: Planned, item: News) -> bool:
    """Return whether a dirty document differs from HEAD by the state that a run before wrote, and by nothing else."""
    try:
        data = files.read_bytes(files.inside(repo.root, item.path))
    except FatalError:  # through a symbolic link, so that it is another file
        return False
    return data is not None and state.is_only_state(planned.local.documents[item.path].data, data, item.kind)


def commit(repo: Repo, planned: Planned, outcomes: Sequence[Outcome]) -> str:
    """Commit the documents and the log whose state is not committed, and nothing else; return the id, `` for nothing.

    Raises FatalError when git or a hook refuses.
    """
    new = git_status.untracked_files(repo, sync_log.PATH)
    states = {item.path: item for item in news(planned, outcomes)}
    log = files.read_bytes(files.inside(repo.root, sync_log.PATH)) or b''
    paths = [path for path in sorted({*git_status.dirty_files(repo), *new})
             if (sync_log.is_ours(log.decode('utf-8', 'replace')) if path == sync_log.PATH else
                 path in states and _is_ours(repo, planned, states[path]))]
    if not paths:
        return ''
    if new:
        git.expect('add', '--', *git.pathspec(new), cwd=repo.root, env=git.clean_env())
    result = git.git('commit', '--quiet', '--message=docs(sync): record the state of the mirror', '--only',
                     '--pathspec-from-file=-', '--pathspec-file-nul', cwd=repo.root, env=git.clean_env(),
                     stdin=git.zjoin(git.pathspec(paths)))
    if not result.is_ok:
        raise FatalError('git did not commit the state of the mirror; it stands in the work tree, and the next run commits it\n'
                         + (result.err + result.text).strip()[-4000:])
    return git.expect('rev-parse', 'HEAD', cwd=repo.root).text
