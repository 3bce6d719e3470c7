"""The search for call sites over the files of one run."""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator

from daybook.checks.scope import Scope
from daybook.checks.vicinity import Part
from daybook.documents import document
from daybook.documents.document import Document
from daybook.invariant import call_sites
from daybook.invariant import needles
from daybook.invariant.needles import Needles
from daybook.problem import Problem
from daybook.repo import listing
from daybook.rules import call_places

_LARGEST = 1 << 20  # bytes; what is larger is no text that somebody wrote
# what a document tells the next to do; the rest tells what was
_FORWARD = {'session': ('Resume Prompt', 'For Future Me'), 'workstream': ("What's Next",)}


def _texts(scope: Scope, paths: Iterable[str]) -> Iterator[tuple[str, call_places.Place, str]]:
    """Yield path, place and text of those of `paths` from which something is run."""
    entries = scope.files.entries()
    places = {path: place for path in paths if (place := call_places.place_of(path)) is not None
              and entries.get(path, ('',))[0] != listing.SUBMODULE}
    for path, data in document.contents(scope.repo, list(places)):
        if len(data) <= _LARGEST and b'\0' not in data:
            yield path, places[path], data.decode('utf-8', 'replace')


def _in_note(note: Document, wanted: list[Needles]) -> Iterator[Problem]:
    text = note.body
    sought = [one for one in wanted if needles.may_hold(text, one)]
    if not sought:
        return
    from daybook.documents import markdown  # hardly a note names the mirror

    titles = _FORWARD[note.kind.name]
    aliases = dict(note.kind.section_aliases)
    known = {name.casefold() for title in titles for name in (title, *aliases.get(title, ()))}
    for section in markdown.sections(text, first_line=note.body_line):
        if section.title.casefold() in known:
            for one in sought:
                for site in call_sites.sites(section.body, 'note', 'prose', one):
                    yield call_sites.problem(note.path, site, one, section.line + 1)


def workers(scope: Scope) -> list[str]:
    """Return the files that are taken for the mirror's own worker, and so are not searched."""
    wanted = [needles.of(one) for one in scope.settings.invariants]
    named = {path: place for path in scope.paths
             if (place := call_places.place_of(path)) and any(needles.is_worker(path, one) for one in wanted)}
    return [path for path, data in document.contents(scope.repo, list(named))
            if any(needles.is_exempt(path, named[path].name, data.decode('utf-8', 'replace'), one) for one in wanted)]


def call_sites_of(scope: Scope, part: Part) -> Iterator[Problem]:
    """Yield the call sites in what agents, hooks, scripts and CI run, and in what notes tell the next to do."""
    wanted = [needles.of(one) for one in scope.settings.invariants]
    for path, place, text in _texts(scope, [*part.others, *(found.path for found in part.documents)]):
        for one in wanted:
            if not needles.is_exempt(path, place.name, text, one):
                for site in call_sites.sites(text, place.name, place.form, one):
                    yield call_sites.problem(path, site, one)
    for note in part.documents:
        if note.kind.name in _FORWARD and not note.is_stub:
            yield from _in_note(note, [one for one in wanted if not one.exempt.match(note.path)])
