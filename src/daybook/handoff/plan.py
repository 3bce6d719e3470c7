"""The plan of a hand-off: everything that is known before the first write."""
from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents import action_log
from daybook.documents import conflicts
from daybook.documents import document
from daybook.documents import file_names
from daybook.documents import slugs
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.handoff import facts as git_facts
from daybook.handoff import note
from daybook.handoff import vetting
from daybook.handoff.facts import Facts
from daybook.handoff.request import Request
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.session import claim as claims
from daybook.session import index_files
from daybook.session import overview_file
from daybook.session import preflight
from daybook.session import second_witness
from daybook.session import telemetry as counters
from daybook.session import transcript
from daybook.session.claim import Claim
from daybook.session.draft import Draft
from daybook.session.telemetry import Telemetry
from daybook.writers import index_set

_TRIVIAL_CALLS = 5
_WIKILINK = re.compile(r'\[\[([^]|#]+)[^]]*\]\]')
_MOST_TOUCHED = 5  # workstreams; a commit that edits more of them is no work on each


class Plan(NamedTuple):
    """Everything that is known before the first write."""

    draft: Draft
    facts: Facts
    telemetry: Telemetry
    workstreams: tuple[str, ...]  # paths, to be linked back
    names: tuple[str, ...]  # of all workstreams, as the note has them
    missing: tuple[tuple[str, str | None], ...]  # workstreams that the draft names and nobody has, each with one that is near
    indexes: tuple[str, ...]  # the index of the notes' folder, with its first note the one that names it, and the overview
    changelog: str | None
    action_log: str | None

    @property
    def targets(self) -> list[str]:
        """The paths of all files that a hand-off writes besides the note and its pages."""
        return [*self.workstreams, *self.indexes, *(path for path in (self.changelog, self.action_log) if path)]


def stem_of(settings: Settings, session_id: str, title: str) -> str:
    """Return the file name of a note without folder and ending: its id, with `sessions.slug` and words of its title."""
    slug = slugs.slug(title)[:60].strip('-') if settings.sessions_slug else ''
    return f'{session_id}-{slug}' if slug else session_id


def _flat(value: Any) -> list[str]:
    # `[[name]]`, as Obsidian writes a link, is a list in a list
    if isinstance(value, (list, tuple)):
        return [name for item in value for name in _flat(item)]
    return [str(value).strip()] if value not in (None, '', False) else []


def _name_of(word: str) -> str:
    """Return the name of a workstream that a path, a wikilink or a name stands for."""
    found = _WIKILINK.fullmatch(word)
    return (found[1] if found else word).rsplit('/', 1)[-1].removesuffix('.md').strip().casefold()


def _near(name: str, by_stem: Mapping[str, str]) -> str | None:
    """Return the name of the workstream for which `name` may be a slip."""
    import difflib  # slow to import, and most drafts name what is there

    near = difflib.get_close_matches(_name_of(name), by_stem, n=1)
    return file_names.stem_of(by_stem[near[0]]) if near else None


def _find_workstreams(request: Request, draft: Draft, facts: Facts) -> tuple[tuple[str, ...], tuple[tuple[str, str | None], ...]]:
    """Return the paths of the session's workstreams and the names that stand for none, each with one that is near."""
    repo, settings = request.repo, request.settings
    globs = settings.kind('workstream').paths
    # git knows no `{a,b}`; for all else it picks the few out of thousands faster
    specs = [f':(top,glob){glob}' for glob in globs] if globs and not any('{' in glob for glob in globs) else []
    tracked = git_status.tracked_files(repo, *specs) if globs else []
    places = [path for path, kind in document.select(settings, tracked) if kind.name == 'workstream']
    by_stem = {_name_of(path): path for path in reversed(places)}
    value = draft.meta.get('workstream')
    named = {name: by_stem.get(_name_of(name)) for name in _flat(value)}
    touched = [path for path in git_facts.touched(facts, settings, 'workstream') if path in places]
    if len(touched) > _MOST_TOUCHED:
        request.say(f'{len(touched)} workstreams were changed at once: linked back are those that the draft names')
        touched = []
    paths = tuple(dict.fromkeys([path for path in named.values() if path] + touched))
    return paths, tuple((name, _near(name, by_stem)) for name, path in named.items() if path is None)


def _linkable(request: Request, paths: Sequence[str]) -> tuple[str, ...]:
    """Return those of `paths` that can be written; names the others."""
    repo, chosen = request.repo, []
    for path in paths:
        try:
            absolute = files.inside(repo.root, path)
        except FatalError as error:
            request.say(f'warning: not linked back: {error}')
            continue
        line = conflicts.marked_line(files.read_bytes(absolute) or b'')
        if line:  # an entry would go into one of its sides
            request.say(f'warning: not linked back: {path}:{line} has a conflict that a merge left; settle it')
        elif os.path.lexists(absolute) or git_status.unstaged_changes(repo, f':(top,literal){path}'):
            chosen.append(path)
        else:
            request.say(f'warning: not linked back: {path} is not checked out here')
    return tuple(chosen)


def _index_targets(request: Request) -> tuple[str, ...]:
    """Return the index of the notes' folder and the overview, where they are ours to keep; names one that is not."""
    repo, settings = request.repo, request.settings
    if not index_files.are_kept_here(repo, settings):
        return ()
    chosen = []
    home = settings.kind('session').folder
    own = index_set.path_of(home)
    above = None if os.path.lexists(os.path.join(repo.root, own)) else index_files.above(repo, settings, home)
    for path in (own, above, settings.indexes_overview):
        if path is None or not os.path.lexists(os.path.join(repo.root, path)) and git_status.ignored(repo, [path]):
            continue
        if os.path.islink(os.path.join(repo.root, path)):
            request.say(f'{path} is a symbolic link: left alone')
        elif index_files.is_by_hand(repo, path) and not (path == settings.indexes_overview and overview_file.text_of(repo, settings)):
            request.say(f'{path} was written by hand: left alone')
        else:
            chosen.append(path)
    return tuple(chosen)


def _action_log(request: Request) -> str | None:
    """Return the action log, where it is ours to append to; names one that is not."""
    path = request.settings.handoff_action_log
    if path is None:
        return None
    if os.path.islink(os.path.join(request.repo.root, path)):
        request.say(f'warning: no row for {path}: it is a symbolic link')
        return None
    text = (files.read_bytes(files.inside(request.repo.root, path)) or b'').decode('utf-8', 'replace')
    if text.strip() and not action_log.has_header(text):
        request.say(f'warning: no row for {path}: its columns are not {action_log.HEADER}; '
                    'mend its first line, or name another file as handoff.action_log in .daybook/config.yaml')
        return None
    return path


def gather(request: Request, claim: Claim | None) -> tuple[Facts, Telemetry]:
    """Return what git and the counters tell of the session."""
    repo, settings = request.repo, request.settings
    remote = git.config_value(repo, f'branch.{git_refs.current_branch(repo)}.remote')
    start = git_facts.range_start(repo, settings, request.operator, claim, remote)
    # a claim for a session that ended without a hand-off speaks of that one, not of whoever hands it off
    of_orphan = claim if claim and claim.until else None
    until = git_facts.seconds(of_orphan.until) if of_orphan else None
    facts = git_facts.gather(repo, settings, start, request.operator, request.operators, until)
    since = claim.created if claim else git_facts.iso(min((c.time for c in facts.commits or ()), default=None))
    telemetry = counters.choose(repo, of_orphan.session if of_orphan else request.session, since)
    path = transcript.find(telemetry, request.environ)
    witness = second_witness.of_file(path) if path else None
    return vetting.cleaned_facts(facts), telemetry._replace(witness=witness)


def make(request: Request, draft: Draft, facts: Facts, telemetry: Telemetry) -> Plan:
    """Return the plan; says what is left alone and why."""
    paths, missing = _find_workstreams(request, draft, facts)
    names = (*(file_names.stem_of(path) for path in paths), *(name for name, _ in missing))
    return Plan(draft, facts, telemetry, _linkable(request, paths), names, missing, _index_targets(request),
                request.settings.handoff_changelog, _action_log(request))


def note_path(request: Request, plan: Plan, session_id: str) -> str:
    """Return where the note of an id goes, relative to the root."""
    return claims.note_path(request.settings, stem_of(request.settings, session_id, note.title_of(plan.draft)))


def check_targets(request: Request, plan: Plan, claim: Claim | None) -> None:
    """Refuse when something that the hand-off would write is not as it should be. Writes nothing."""
    repo = request.repo
    for path in plan.targets:
        files.inside(repo.root, path)
    preflight.refuse_dirty(repo, plan.targets, request.environ)
    for path in plan.targets:
        if not git_status.tracked_files(repo, f':(top,literal){path}'):
            preflight.refuse_untracked(repo, path)
            preflight.refuse_ignored(repo, path, 'take it out of .gitignore, or name another file in .daybook/config.yaml')
    path = note_path(request, plan, claim.id if claim else f'{request.operator.initials}-000000-00')
    preflight.refuse_ignored(repo, path, 'take its folder out of .gitignore, '
                             'or give the kind session another folder in .daybook/config.yaml')
    if claim is not None:
        data = files.read_bytes(files.inside(repo.root, path))
        is_stub = functools.partial(claims.is_stub, claim)
        ours = [plan.draft.data, *([data] if data is not None and is_stub(data) else [])]
        preflight.refuse_new(repo, path, claim.id, ours, claims.note_path(request.settings, claim.id), is_stub)


def is_trivial(plan: Plan, bystanders: Sequence[str]) -> bool:
    """Whether nothing seems to have happened; what is not known is taken for work."""
    if plan.facts.commits is None or plan.facts.commits or bystanders or plan.telemetry.state != 'observed':
        return False
    calls: int = plan.telemetry.counters.get('tool_calls_count', 0)
    return calls < _TRIVIAL_CALLS
