"""Looks a repository over for `inventory` and `init`: reads files and history, writes nothing."""
from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from typing import Any

from daybook.adoption import findings
from daybook.adoption import outlook
from daybook.adoption import remotes
from daybook.adoption import workplace
from daybook.adoption.governing import Governing
from daybook.adoption.sweep import Sweep
from daybook.adoption.sweep import read_one
from daybook.documents import config
from daybook.documents import markdown
from daybook.documents.file_names import date_in
from daybook.documents.file_names import is_month
from daybook.documents.file_names import stem_of
from daybook.documents.kinds import MARKDOWN
from daybook.documents.kinds import is_never
from daybook.documents.kinds import is_stub
from daybook.errors import FatalError
from daybook.repo import git_log
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.rules import habits
from daybook.rules import name_shapes
from daybook.rules import naming
from daybook.rules import people
from daybook.rules import proposal
from daybook.rules import surroundings
from daybook.rules.habits import Look
from daybook.rules.naming import Place

CHANGES = 500  # how many commits are read for rolling files
_INDEX = re.compile(r'(?:^|[-_\d])(?:index|readme|sessions_hub)$', re.I)


def _shapes(place: Place) -> list[dict[str, Any]]:
    return [{'shape': shape.text, 'count': shape.files, 'example': shape.example} for shape in name_shapes.shapes(place.files, place.folder)]


def _place(place: Place, ignored: Collection[str]) -> dict[str, Any]:
    return {'folder': place.folder, 'files': len(place.files), 'names': _shapes(place), 'first': place.first,
            'last': place.last, 'is_archive': place.is_archive, 'is_ignored': _probe(place.folder) in ignored,
            'is_loose': place.is_loose, 'is_rollup': 2 * sum(map(is_month, place.files)) > len(place.files),
            'paths': list(place.files)}


def _probe(folder: str) -> str:
    return f'{folder}/daybook-probe.md' if folder else 'daybook-probe.md'


def _headers(looks: Iterable[Look]) -> list[dict[str, Any]]:
    return [{'style': header.style, 'count': header.files, 'keys': dict(header.keys)}
            for header in habits.headers(looks)]


def _sections(repo: Repo, notes: Iterable[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in notes:
        seen = read_one(repo, path)
        if seen and '##' in seen.text:
            titles = {habits.plain_section(h.text) for h in markdown.headings(seen.body)
                      if h.level == 2 and not h.nested}
            found.update(title for title in titles if title)
    return found


def _maps(found: Sweep, places: Collection[Place]) -> list[dict[str, Any]]:
    """Return the maps of content in and right above the places, with how many of the documents each names."""
    maps = []
    by_folder: dict[str, list[Place]] = {}
    for place in places:
        if not place.is_loose:
            by_folder.setdefault(place.folder, []).append(place)
    for path, seen in found.looks.items():
        folder = path.rpartition('/')[0]
        if folder in by_folder and _INDEX.search(stem_of(path)) and not date_in(path[len(folder):]):
            files = [file for place in by_folder[folder] for file in place.files if file != path]
            again = read_one(found.repo, path)
            named = sum(stem_of(file) in again.text for file in files) if again else 0
            is_map = stem_of(path).upper() == 'INDEX' or named == len(files) > 0
            if is_map or (named > 1 and named * 10 >= len(files)):
                maps.append({'path': path, 'is_generated': seen.is_index,
                                'says_generated': seen.is_generated, 'lists': named, 'of': len(files)})
    order = {place.folder: number for number, place in enumerate(places)}
    return sorted(maps, key=lambda index: (order[index['path'].rpartition('/')[0]], -index['lists'], index['path']))


def _rolling(repo: Repo, found: Sweep) -> dict[str, int]:
    """Return the files that every session rewrites, by their names or by how often they change, with that number."""
    counts = git_log.change_counts(repo, CHANGES, '*.md')
    often = max(8, min(CHANGES, sum(counts.values())) // 50)
    rolling = {path: counts.get(path, 0) for path in found.looks if naming.is_running(path)}
    rolling |= {path: count for path, count in counts.items() if count >= often and path in found.looks
                and naming.is_rewritten(path)}
    return dict(sorted(rolling.items(), key=lambda item: (-item[1], item[0])))


def _beside(place: Place, found: Sweep, rolling: Collection[str]) -> list[str]:
    """Return the other Markdown files in the folder of loose ones that a glob of these must not take."""
    theirs = {*place.files, *rolling}
    return [path for path in found.markdown if path.rpartition('/')[0] == place.folder and path not in theirs
            and not is_never(path) and not naming.begins_as_note(path)]


def _notes(repo: Repo, found: Sweep, places: list[Place], rolling: dict[str, int],
           ignored: Collection[str]) -> dict[str, Any]:
    mine = [place for place in places if place.kind == naming.NOTES]
    paths = [path for place in mine for path in place.files]
    looks = [found.looks[path] for path in paths if path in found.looks]
    rollups = [seen for seen in looks if not date_in(stem_of(seen.path))
               and (seen.entries >= 3 or is_month(seen.path) and seen.rows > 1)]
    others = [path for path in found.files if not path.lower().endswith(MARKDOWN)]
    folders = tuple(f'{place.folder}/' for place in mine if not place.is_loose)
    sections = _sections(repo, paths)
    return {
        'count': len(paths),
        'places': [_place(place, ignored) for place in mine if not place.is_loose],
        'loose': [_place(place, ignored) | {'beside': _beside(place, found, rolling)} for place in mine if place.is_loose],
        'headers': _headers(looks),
        'sections': [{'title': title, 'count': count} for title, count in sorted(
            sections.items(), key=lambda item: (-item[1], item[0])) if count > 1][:40],
        'rollups': [{'path': seen.path, 'entries': max(seen.entries, seen.rows)} for seen in rollups],
        'rolling': [{'path': path, 'changes': count, 'entries': found.looks[path].entries}
                    for path, count in rolling.items()],
        'not_markdown': sum(path.startswith(folders) for path in others) if folders else 0,
        'is_default_ignored': _probe('docs/sessions') in ignored,
    }


def _find_places(found: Sweep, rolling: Collection[str]) -> list[Place]:
    dated = {path for path, seen in found.looks.items() if seen.is_dated}
    stubs = {path for path, seen in found.looks.items() if is_stub(str(seen.meta.get('kind')), seen.meta)}
    return naming.find_places([path for path in found.markdown if path not in rolling and path not in stubs], dated)


def _others(found: Sweep, places: Iterable[Place], rolling: Collection[str], ignored: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the places of documents that are no notes, by kind."""
    others: dict[str, list[dict[str, Any]]] = {}
    for place in places:
        if place.kind != naming.NOTES:
            beside = {'beside': _beside(place, found, rolling)} if place.is_loose else {}
            others.setdefault(place.kind, []).append(_place(place, ignored) | beside)
    return others


def _kind_counts(settings: config.Settings, found: Sweep) -> dict[str, int]:
    kinds = Counter(kind.name for path in found.markdown if (kind := config.kind_of(settings, path)))
    return {kind.name: kinds[kind.name] for kind in settings.kinds if kinds[kind.name]}


def _markdown(settings: config.Settings, found: Sweep) -> dict[str, Any]:
    kinds = _kind_counts(settings, found)
    return {'files': len(found.markdown), 'in_kinds': kinds, 'outside': len(found.markdown) - sum(kinds.values()),
            'with_defaults': _kind_counts(config.DEFAULTS, found), 'headers': _headers(found.looks.values())}


def _not_looked_at(found: Sweep, report: dict[str, Any]) -> list[str]:
    repository = report['repository']
    seen = [
        (len(found.missing), 'tracked Markdown file', 'that cannot be read in the work tree'),
        (sum(look.is_cut for look in found.looks.values()), 'Markdown file', 'beyond the first MiB'),
        (len(found.submodules), 'submodule', ''),
        (len(found.symlinks), 'symbolic link', ''),
        (repository['untracked_markdown'], 'untracked Markdown file', ''),
    ]
    words = [f'{count:,} {what}{"s" * (count > 1)} {where}'.strip() for count, what, where in seen if count]
    if not repository['are_all_commits']:
        words.append(f'commits before the newest {workplace.COMMITS:,}')
    return [*words, 'anchors, URLs, paths in code spans, other branches']


def _settings(repo: Repo) -> tuple[config.Settings | None, str | None]:
    """Return the settings of a repository that has adopted Daybook, or why they cannot be read."""
    if not os.path.lexists(os.path.join(repo.root, *config.PATH.split('/'))) and config.read_file(repo.root, config.PATH) is None:
        return None, None
    try:
        return config.load(repo.root), None
    except FatalError as error:
        return None, str(error)


def _survey(repo: Repo, found: Sweep) -> dict[str, Any]:
    """Return what is there, whatever the settings say of it."""
    rolling = _rolling(repo, found)
    places = _find_places(found, rolling)
    ignored = git_status.ignored(repo, {_probe(place.folder) for place in places} | {_probe('docs/sessions')})
    commits = git_log.recent_commits(repo, workplace.COMMITS)
    decisions = [path for place in places if place.kind == 'adr' for path in place.files]
    return {
        'repository': workplace.repository(repo, found, commits),
        'notes': _notes(repo, found, places, rolling, ignored),
        'others': _others(found, places, rolling, ignored),
        'indexes': _maps(found, places),
        'left_alone': [{'format': name, 'place': place, 'files': count}
                       for name, place, count in surroundings.other_formats(found.files)],
        'is_madr': any(found.looks[path].is_madr for path in decisions if path in found.looks),
        'agents': workplace.agents(repo, found.files),
        'runner': workplace.runner(repo, found.files),
        'people': [person._asdict() for person in people.fold((commit.name, commit.email) for commit in commits)],
        'problems': findings.problems(found, places),
    }


def look(repo: Repo, today: str) -> dict[str, Any]:
    """Return what a repository holds and how its people work, as one value that JSON can carry.

    Reads the index, the Markdown files of the work tree and the newest commits; writes nothing, fetches
    nothing, follows no symbolic link; `today` is an ISO day. Paths are relative to the root; file names are as hostile as their authors.
    """
    found = Sweep(repo, git_objects.index_entries(repo))
    found.read()
    report = _survey(repo, found)
    adopted, settings_error = _settings(repo)
    report['proposal'] = proposal.propose_settings(report)
    settings = adopted or config.from_mapping(report['proposal'])
    governing = Governing(found, settings, is_adopted=adopted is not None, today=today)
    return report | {
        'settings': {'is_adopted': adopted is not None or settings_error is not None, 'error': settings_error},
        'markdown': _markdown(settings, found),
        'governance': {**governing.hygiene(), 'remotes': remotes.look(repo)},
        'hooks': outlook.hooks(settings, config.lines(repo.root) if adopted else {}, found, report, governing),
        'not_looked_at': _not_looked_at(found, report),
        'next': 'daybook validate-frontmatter' if adopted else 'daybook init --dry-run',
    }
