"""What a hand-off writes: the note, and its lines in workstreams, index and changelog."""
from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from daybook.documents import document
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.file_names import stem_of
from daybook.errors import FatalError
from daybook.handoff import change_summary
from daybook.handoff import journal as journals
from daybook.handoff import note
from daybook.handoff import pages
from daybook.handoff import plan as plans
from daybook.handoff import remake
from daybook.handoff.facts import Facts
from daybook.handoff.journal import Journal
from daybook.handoff.plan import Plan
from daybook.handoff.request import Request
from daybook.repo import files
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import claim as claims
from daybook.session import index_files
from daybook.session import overview_file
from daybook.session import telemetry as counters
from daybook.session.claim import Claim
from daybook.writers import index_set
from daybook.writers import indexes


def _check_meta(request: Request, path: str, meta: dict[str, Any]) -> None:
    known = document.schemas(request.repo, [request.settings.kind('session')])['session']
    if not schema.verdict(known)(meta):
        words = '; '.join(f'{v.pointer}: {v.message}' for v in schema.violations(known, meta))
        raise FatalError(f'the note would not be valid: {path}: {words}; mend the draft')


def _on_disk(repo: Repo, path: str) -> bytes:
    return files.read_bytes(os.path.join(repo.root, path)) or b''


def _index(request: Request, path: str, entry: Sequence[str]) -> bytes:
    """Return the index or overview with the new line; a missing one is made of all its documents."""
    data = _on_disk(request.repo, path)
    if not data:
        texts = index_files.wanted(request.repo, request.settings, git_status.tracked_files(request.repo), {path})
        data = texts.get(path, indexes.render(index_set.title_of(posixpath.dirname(path)), [])).encode('utf-8', 'replace')
    return remake.insert('index', entry, data)


def index_entry(settings: Settings, place: str, path: str, title: str) -> indexes.Entry:
    """Return the line of the note `path` in the index or overview `place`, or that of its folder in an index above."""
    if place == settings.indexes_overview:
        return index_set.overview_entry(place, path, title)
    folder = posixpath.dirname(path)
    if place != index_set.path_of(folder):
        return index_set.folder_entry(posixpath.dirname(place), folder)
    return indexes.Entry(posixpath.basename(path), stem_of(path), title)


def summary_of(facts: Facts, settings: Settings, say: Callable[[str], object]) -> str:
    """Return the change summary of the note, `` where none is asked for or none can be made, which is told."""
    try:
        return change_summary.text(facts, settings) if settings.handoff_change_summary else ''
    except Exception as error:  # nobody's hand-off may end for a defect of what it need not do
        say(f'warning: the note has no change summary: {type(error).__name__}: {error}')
        return ''


_Row = tuple[str, str, tuple[str, ...], bytes]


def _rows(request: Request, plan: Plan, claim: Claim) -> list[_Row]:
    """Return path, role, entry and bytes of everything that the hand-off writes."""
    repo, settings = request.repo, request.settings
    today = request.operator.local_date(request.now).isoformat()
    title = note.title_of(plan.draft)
    stem = plans.stem_of(settings, claim.id, title)
    path = claims.note_path(settings, stem)
    meta = note.metadata(plan.draft, session_id=claim.id, stem=stem, operator=request.operator.slug,
                         workstreams=plan.names, claimed_at=claim.created, facts=plan.facts, now=request.now, today=today,
                         telemetry=counters.facts(plan.telemetry, settings.invariants))
    _check_meta(request, path, meta)
    summary = summary_of(plan.facts, settings, request.say)
    written: list[_Row] = [(path, 'note', (), note.assemble(plan.draft, settings.kind('session'), meta, plan.facts, summary))]
    for place in plan.workstreams:
        target = posixpath.relpath(path, posixpath.dirname(place) or '.')
        entry: tuple[str, ...] = (claim.id, target if target.startswith('.') else f'./{target}', today, title)
        written.append((place, 'log', entry, remake.insert('log', entry, _on_disk(repo, place))))
    for place in plan.indexes:
        entry = tuple(index_entry(settings, place, path, title))
        if place == settings.indexes_overview and overview_file.text_of(repo, settings) is not None:
            written.append((place, 'overview', entry, remake.insert('overview', entry, _on_disk(repo, place))))
        else:
            written.append((place, 'index', entry, _index(request, place, entry)))
    if plan.changelog:
        entry = (f'{claim.id}: {title}',)
        written.append((plan.changelog, 'changelog', entry,
                        remake.insert('changelog', entry, _on_disk(repo, plan.changelog))))
    if plan.action_log:
        entry = (today, request.operator.slug, 'handoff', claim.id, title)
        written.append((plan.action_log, 'actions', entry, remake.insert('actions', entry, _on_disk(repo, plan.action_log))))
    staged = git_status.staged_changes(repo)  # of our targets they go along, with a row of ours too that stands there already
    return [row for row in written if row[1] == 'note' or row[3] != _on_disk(repo, row[0]) or row[0] in staged]


def journal_of(request: Request, plan: Plan, claim: Claim, *, made_stub: bool) -> tuple[Journal, dict[str, bytes], str]:
    """Return the journal of the hand-off, the bytes to write, by path, and why no pages are among them.

    Raises FatalError when the note would not fit its schema.
    """
    rows, contents = [], {}
    for path, role, entry, content in _rows(request, plan, claim):
        write, on_disk = journals.planned(request.repo, path, role, entry, content)
        rows.append(write)
        contents[path] = on_disk
    made, left = pages.of(request, rows)
    for path, content in made.items():
        write, contents[path] = journals.planned(request.repo, path, 'page', (), content)
        rows.append(write)
    draft = os.path.join(request.repo.root, plan.draft.path) if plan.draft.path else None
    branch = git_refs.current_branch(request.repo) or ''
    return Journal(claim.id, 'writing', branch, plan.facts.head, tuple(rows), draft, made_stub), contents, left
