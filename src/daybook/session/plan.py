"""The plan of a hand-off: everything that is known before the first write."""
from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from daybook.documents import document
from daybook.documents import slugs
from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import git
from daybook.session import claim as claims
from daybook.session import facts as git_facts
from daybook.session import note
from daybook.session import preflight
from daybook.session import telemetry as counters
from daybook.session.claim import Claim
from daybook.session.draft import Draft
from daybook.session.facts import Facts
from daybook.session.request import Request
from daybook.session.telemetry import Telemetry
from daybook.writers import indexes

_TRIVIAL_CALLS = 5
_MOST_TOUCHED = 5  # workstreams; a commit that edits more of them is no work on each


class Plan(NamedTuple):
    """Everything that is known before the first write."""

    draft: Draft
    facts: Facts
    telemetry: Telemetry
    workstreams: tuple[str, ...]  # paths
    missing: tuple[str, ...]  # workstreams that the draft names and nobody has
    indexes: tuple[str, ...]
    changelog: str | None

    @property
    def targets(self) -> list[str]:
        return [*self.workstreams, *self.indexes, *([self.changelog] if self.changelog else [])]


def stem_of(settings: Settings, session_id: str, title: str) -> str:
    slug = slugs.slug(title)[:60].strip('-') if settings.sessions_slug else ''
    return f'{session_id}-{slug}' if slug else session_id


def _find_workstreams(request: Request, draft: Draft, facts: Facts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths of the session's workstreams and the names that stand for none."""
    repo, settings = request.repo, request.settings
    places = [path for path, kind in document.select(settings, git.tracked_files(repo)) if kind.name == 'workstream']
    by_stem = {document.stem_of(path).casefold(): path for path in reversed(places)}
    value = draft.meta.get('workstream')
    names = [str(name) for name in (value if isinstance(value, list) else [value]) if name]
    named = {name: by_stem.get(document.stem_of(name).casefold()) for name in names}
    touched = [path for path in git_facts.touched(facts, settings, 'workstream') if path in places]
    if len(touched) > _MOST_TOUCHED:
        request.say(f'{len(touched)} workstreams were changed at once: linked back are those that the draft names')
        touched = []
    paths = dict.fromkeys([path for path in named.values() if path] + touched)
    on_disk = [path for path in paths if os.path.isfile(os.path.join(repo.root, path))]
    return tuple(on_disk), tuple(name for name, path in named.items() if path is None)


def _index_targets(request: Request) -> tuple[str, ...]:
    """Return the index of the notes' folder when it is ours to keep; names one that is not."""
    if request.settings.indexes_when != 'commit':
        return ()
    folder = request.settings.kind('session').folder
    path = f'{folder}/{indexes.NAME}' if folder else indexes.NAME
    data = files.read_bytes(files.inside(request.repo.root, path))
    if data is not None and not indexes.is_generated(data.decode('utf-8', 'replace')):
        request.say(f'{path} was written by hand: left alone')
        return ()
    if data is None and git.git('check-ignore', '-q', '--', path, cwd=request.repo.root).is_ok:
        return ()
    return (path,)


def make(request: Request, draft: Draft, claim: Claim | None) -> Plan:
    repo, settings = request.repo, request.settings
    remote = git.config_value(repo, f'branch.{git.current_branch(repo)}.remote')
    start = git_facts.range_start(repo, settings, request.operator, claim, remote)
    facts = git_facts.gather(repo, settings, start, request.operator, request.operators)
    telemetry = counters.choose(repo, request.session, claim.created if claim else git_facts.iso(
        min((commit.time for commit in facts.commits or ()), default=None)))
    workstreams, missing = _find_workstreams(request, draft, facts)
    changelog = settings.handoff_changelog
    return Plan(draft, facts, telemetry, workstreams, missing, _index_targets(request), changelog)


def check_targets(request: Request, plan: Plan, claim: Claim | None) -> None:
    for path in plan.targets:
        files.inside(request.repo.root, path)
    preflight.refuse_dirty(request.repo, plan.targets, request.environ)
    for path in plan.targets:
        if not git.tracked_files(request.repo, f':(top,literal){path}'):
            preflight.refuse_new(request.repo, path)
    if claim is not None:
        path = claims.note_path(request.settings, stem_of(request.settings, claim.id, note.title_of(plan.draft)))
        own = [claims.stub(claim), plan.draft.data]
        preflight.refuse_new(request.repo, path, own)


def is_trivial(plan: Plan, bystanders: Sequence[str]) -> bool:
    """Whether nothing seems to have happened; what is not known is taken for work."""
    if plan.facts.commits is None or plan.facts.commits or bystanders or plan.telemetry.state != 'observed':
        return False
    return plan.telemetry.counters.get('tool_calls_count', 0) < _TRIVIAL_CALLS
