"""One run of the mirror: read both sides, plan, and where it was asked for apply; `recording` is what follows."""
from __future__ import annotations

import datetime
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from typing import NamedTuple

from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.governance import authority_map
from daybook.mirror import local
from daybook.mirror import plan
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
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.session import preflight



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
    """Return what is to do. Reads the mirror and the repository, and writes nothing anywhere.

    Raises FatalError when the mirror lacks what its pages need, or cannot be asked.
    """
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


def chosen_kinds(settings: Settings, names: Collection[str]) -> tuple[str, ...]:
    """Return the names of kinds given. Raises FatalError for one that there is not."""
    known = [kind.name for kind in settings.kinds]
    for name in names:
        if name not in known:
            raise FatalError(f'no such kind: {name}; there are {", ".join(known)}')
    return tuple(names)
