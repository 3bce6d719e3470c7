"""One run of the mirror: read both sides, plan, and where it was asked for apply, record and commit."""
from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.governance import authority_map
from daybook.mirror import local
from daybook.mirror import plan
from daybook.mirror import state
from daybook.mirror.adapter import Fields
from daybook.mirror.adapter import Mirror
from daybook.mirror.adapter import Row
from daybook.mirror.adapter import lacking
from daybook.mirror.apply import Applier
from daybook.mirror.apply import Outcome
from daybook.mirror.local import Local
from daybook.mirror.local import Texts
from daybook.mirror.memory import Memory
from daybook.mirror.pace import Clock
from daybook.mirror.pace import Pace
from daybook.mirror.plan import Context
from daybook.mirror.plan import Step
from daybook.mirror.state import News
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import preflight
from daybook.writers import sync_log
from daybook.writers.sync_log import Entry

_DONE = {'create': 'created', 'update': 'updated', 'archive': 'archived', 'failed': 'failed', 'conflict': 'conflict',
         'duplicate': 'duplicate'}


class Request(NamedTuple):
    """What the caller asks for. `paths` and `kinds` choose documents, () is all; `since` is a commit or a date."""

    paths: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: str = ''
    is_full: bool = False  # list the whole table, whatever the last run saw


class Planned(NamedTuple):
    """Both sides of a run, and what is to do. `page_ids` and `external_ids` are those of all documents, the pages as far as there are."""

    local: Local
    steps: list[Step]
    page_ids: dict[str, str]
    external_ids: frozenset[str]
    rows: dict[str, Row]
    memory: Memory


class Recorded(NamedTuple):
    """What a run left in the work tree: the documents and the log written, and what could not be, as words."""

    written: list[str]
    refused: list[str]


def _since(repo: Repo, word: str) -> set[str]:
    """Return the paths changed since a commit or a date."""
    commit = git_refs.resolve(repo, word)
    if commit:
        return set(git.zsplit(git.expect('diff-tree', '-r', '-z', '--name-only', '--no-renames', commit, 'HEAD', cwd=repo.root).out))
    try:
        datetime.date.fromisoformat(word[:10])
    except ValueError:
        raise FatalError(f'--since {word}: neither a commit nor a date such as 2026-11-20') from None
    out = git.expect('log', '-z', '--name-only', '--no-renames', '--format=', f'--since={word}', 'HEAD', '--', cwd=repo.root).out
    return {path.lstrip('\n') for path in git.zsplit(out)}


def wanted(repo: Repo, found: Local, request: Request) -> set[str] | None:
    """Return the paths that a request names, None for all. Raises FatalError for a path that is no document."""
    chosen: set[str] | None = None
    if request.paths:
        chosen = set()
        for path in request.paths:
            below = {known for known in found.documents if path == '.' or known == path or known.startswith(f'{path}/')}
            if not below:
                raise FatalError(f'no document of HEAD: {path}; commit it first, or name another')
            chosen |= below
    if request.kinds:
        of_kind = {path for path, doc in found.documents.items() if doc.kind.name in request.kinds}
        chosen = of_kind if chosen is None else chosen & of_kind
    if request.since:
        changed = _since(repo, request.since)
        chosen = changed if chosen is None else chosen & changed
    return chosen


def make_plan(repo: Repo, settings: Settings, mirror: Mirror, table: str, request: Request, clock: Clock) -> Planned:
    """Return what is to do. Reads the mirror and the repository, and writes nothing anywhere."""
    found = local.read(repo, settings)
    chosen = wanted(repo, found, request)
    missing = mirror.check()
    if missing:
        raise FatalError(lacking(f'{mirror.name} is not ready', missing))
    known = Memory(repo, table)
    if not request.is_full:
        known.load(clock.now())
    rows = mirror.rows(known.edited if known.rows else '')
    if not known.rows:
        known.listed_at = clock.now()
    known.take(rows)
    pages = local.pages(found, settings, mirror.fit, authority_map.withholder(repo, settings, local.WRITTEN))
    every = plan.make(pages, known.rows.values(), found.commits)
    page_ids = {step.path: step.row.page_id for step in every
                if step.page and step.row and step.action in ('skip', 'update') and not step.page.excluded}
    return Planned(found, _with_links(found, every, plan.chosen(every, chosen)), page_ids, frozenset(page.external_id for page in pages), known.rows, known)


def _with_links(found: Local, every: list[Step], steps: list[Step]) -> list[Step]:
    """Return `steps`, some of `every`, with those for pages that link to what comes or goes, chosen or not."""
    moving = plan.moving(steps)
    if not moving:
        return steps
    resting = [step.path for step in every if step.page and step.action == 'skip']
    linking = {step.path: step for step in plan.relinked(every, local.linking(found, resting, moving))}
    return [*(step for step in steps if not step.page or step.path not in linking), *linking.values()]


def without_mirror(repo: Repo, settings: Settings, fit: Callable[[Fields], Fields], request: Request) -> list[Step]:
    """Return what a mirror would take that has no page yet: a document that names its page is only looked at."""
    found = local.read(repo, settings, has_history=False)
    pages = local.pages(found, settings, fit, authority_map.withholder(repo, settings, local.WRITTEN))
    steps = plan.chosen(plan.make(pages, (), found.commits), wanted(repo, found, request))
    return [_unasked(step) if step.page and step.action == 'create' else step for step in steps]


def _unasked(step: Step) -> Step:
    if step.page and step.page.page_id:
        return step._replace(action='skip', reason=f'has page {step.page.page_id}, which cannot be asked')
    return step._replace(reason='names no page; whether the mirror has one was not asked')


def refuse_hook() -> None:
    """Raise FatalError inside another git hook."""
    if git.is_in_git_hook():
        raise FatalError('--apply cannot run inside another git hook; a commit never waits for the mirror')


def refuse(repo: Repo, found: Local, *, is_commit: bool) -> None:
    """Raise FatalError where what HEAD says is not what the team has: pages would go back, or lead nowhere.

    With `is_commit` also where the state could not be committed afterwards.
    """
    if is_commit:
        preflight.refuse_state(repo)
    remote = git_refs.shared_remote(repo)
    ref = git_refs.default_branch(repo, remote) if remote else None
    if ref and not git.git('merge-base', '--is-ancestor', found.commit, ref, cwd=repo.root).is_ok:
        raise FatalError(f'HEAD is not on {ref.removeprefix("refs/remotes/")}, as far as this clone knows; '
                         'the mirror shows what the team has: push, or change to that branch')


def apply(planned: Planned, mirror: Mirror, rhythm: Pace, settle: float) -> Iterator[Outcome]:
    """Carry out what is to do, and yield what became of each step. Raises Stopped."""
    steps = [step for step in planned.steps if step.action in plan.WRITING]
    coming = {step.path for step in steps if step.action == 'create'}
    texts = Texts(planned.local, mirror, dict(planned.page_ids), coming)
    context = Context(planned.local.commits, planned.external_ids)

    def text(page: plan.Page) -> tuple[str, bool]:
        while applier.settled:
            texts.settle(*applier.settled.pop())
        return texts.text(page)

    applier = Applier(mirror, rhythm, planned.memory, context, planned.local.commit, text, settle)
    try:
        for outcome in applier.run(steps):
            if outcome.row is not None and outcome.row.page_id:
                planned.memory.take([outcome.row])
            yield outcome
    finally:
        planned.memory.save()


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
    """Commit the documents and the log whose state is not committed, and nothing else; return the id, `` for nothing."""
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
    listed = b''.join(os.fsencode(path) + b'\0' for path in git.pathspec(paths))
    result = git.git('commit', '--quiet', '--message=docs(sync): record the state of the mirror', '--only',
                     '--pathspec-from-file=-', '--pathspec-file-nul', cwd=repo.root, env=git.clean_env(), stdin=listed)
    if not result.is_ok:
        raise FatalError('git did not commit the state of the mirror; it stands in the work tree, and the next run commits it\n'
                         + (result.err + result.text).strip()[-4000:])
    return git.expect('rev-parse', 'HEAD', cwd=repo.root).text


def chosen_kinds(settings: Settings, names: Collection[str]) -> tuple[str, ...]:
    """Return the names of kinds given. Raises FatalError for one that there is not."""
    known = [kind.name for kind in settings.kinds]
    for name in names:
        if name not in known:
            raise FatalError(f'no such kind: {name}; there are {", ".join(known)}')
    return tuple(names)
