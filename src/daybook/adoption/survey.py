"""Looks a repository over for `inventory` and `init`: reads files and history, writes nothing."""
from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from daybook.adoption import remotes
from daybook.adoption.governing import Governing
from daybook.adoption.sweep import MARKDOWN
from daybook.adoption.sweep import Sweep
from daybook.adoption.sweep import read_one
from daybook.documents import config
from daybook.documents import document
from daybook.documents import markdown
from daybook.documents import schema
from daybook.errors import FatalError
from daybook.repo import git
from daybook.repo import git_log
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.rules import habits
from daybook.rules import naming
from daybook.rules import people
from daybook.rules import proposal
from daybook.rules import surroundings
from daybook.rules import targets
from daybook.rules.habits import Look
from daybook.rules.naming import Place
from daybook.writers import indexes

COMMITS, CHANGES = 2000, 500  # how far back the history is read for habits, and for rolling files
FIRST = 5  # how many examples of each finding are kept
_CONVENTIONAL = re.compile(r'[a-z]+(?:\([^)]*\))?!?: ')
_SQUASHED = re.compile(r'\(#\d+\)$')
_COPY = re.compile(r'(?: \d| \(\d\)| copy)$')
_INDEX = re.compile(r'(?:^|[-_\d])(?:index|readme|sessions_hub)$', re.I)


def _shapes(place: Place) -> list[dict[str, Any]]:
    return [{'shape': shape.text, 'count': shape.count, 'example': shape.example} for shape in place.shapes]


def _place(place: Place, ignored: Collection[str]) -> dict[str, Any]:
    return {'folder': place.folder, 'files': len(place.files), 'names': _shapes(place), 'first': place.first,
            'last': place.last, 'is_archive': place.is_archive, 'is_ignored': _probe(place.folder) in ignored,
            'is_loose': place.is_loose, 'is_rollup': 2 * sum(map(naming.is_month, place.files)) > len(place.files),
            'paths': list(place.files)}


def _probe(folder: str) -> str:
    return f'{folder}/daybook-probe.md' if folder else 'daybook-probe.md'


def _headers(looks: Iterable[Look]) -> list[dict[str, Any]]:
    return [{'style': header.style, 'count': header.count, 'keys': dict(header.keys)}
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
        if folder in by_folder and _INDEX.search(naming.stem(path)) and not naming.date_in(path[len(folder):]):
            files = [file for place in by_folder[folder] for file in place.files if file != path]
            again = read_one(found.repo, path)
            named = sum(naming.stem(file) in again.text for file in files) if again else 0
            is_map = naming.stem(path).upper() == 'INDEX' or named == len(files) > 0
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
            and not config.is_never(path) and not naming.begins_as_note(path)]


def _notes(repo: Repo, found: Sweep, places: list[Place], rolling: dict[str, int],
           ignored: Collection[str]) -> dict[str, Any]:
    mine = [place for place in places if place.kind == naming.NOTES]
    paths = [path for place in mine for path in place.files]
    looks = [found.looks[path] for path in paths if path in found.looks]
    rollups = [seen for seen in looks if not naming.date_in(naming.stem(seen.path))
               and (seen.entries >= 3 or naming.is_month(seen.path) and seen.rows > 1)]
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


def _first(items: Iterable[Any]) -> dict[str, Any]:
    found = list(items)
    return {'count': len(found), 'first': found[:FIRST]}


def _duplicates(groups: list[tuple[str, list[str]]]) -> dict[str, Any]:
    return _first({'key': key, 'paths': paths} for key, paths in groups)


def _is_apart(path: str) -> bool:
    return path.startswith('.') or naming.is_foreign(path)


def _dead(found: Sweep, notes: Collection[str]) -> dict[str, Any]:
    dead = found.links.get(targets.DEAD, [])
    in_notes = [link for link in dead if link['path'] in notes]
    paths = {link['path'] for link in dead}
    apart = {path for path in paths if _is_apart(path)}
    # the most useful first: one's own notes, then documents, then what belongs to agents and other tools
    ordered = sorted(dead, key=lambda link: (link['path'] not in notes, link['path'] in apart))
    return {**_first(ordered), 'files': len(paths), 'in_notes': len(in_notes),
            'apart': sum(link['path'] in apart for link in dead)}


def _problems(found: Sweep, places: list[Place]) -> dict[str, Any]:
    notes = {path for place in places if place.kind == naming.NOTES for path in place.files}
    looks = found.looks.values()
    documents = [found.looks[path] for place in places for path in place.files if path in found.looks]
    broken = sorted((_is_apart(seen.path), seen.path, seen.error[0], seen.error[2]) for seen in looks
                    if seen.error and seen.header != habits.LIST)
    decisions = [path for place in places if place.kind == 'adr' for path in place.files]
    ids = [(str(seen.meta['id']), seen.path) for seen in documents if isinstance(seen.meta.get('id'), (str, int))]
    titles = [(found.looks[path].title, path) for path in sorted(notes) if path in found.looks]
    return {
        'dead_links': _dead(found, notes),
        **{name.replace('-', '_') + '_links': _first(found.links.get(name, []))
           for name in (targets.CASE, targets.LINE, targets.OUTSIDE, targets.ABSOLUTE, targets.ROUTE)},
        'wikilinks': {'count': found.wikilinks, 'lost': found.lost_wikilinks},
        'broken_frontmatter': _first(
            {'path': path, 'line': line, 'message': message} for _, path, line, message in broken),
        'list_headers': _first(seen.path for seen in looks if seen.header == habits.LIST),
        'duplicate_ids': _duplicates(habits.shared(ids)),
        'duplicate_names': _duplicates(habits.shared((naming.stem(path), path) for path in sorted(notes))),
        'duplicate_titles': _duplicates(habits.shared(titles)),
        'decision_numbers': _duplicates(list(naming.numbers_used_twice(decisions).items())),
        'same_but_for_case': _duplicates(habits.shared((path, path) for path in found.files)),
        'copies': _first(path for path in found.markdown if _COPY.search(naming.stem(path))),
        'crlf': _first(seen.path for seen in looks if seen.is_crlf),
        'not_utf8': _first(seen.path for seen in looks if not seen.is_utf8),
        'large': _first({'path': seen.path, 'bytes': seen.size} for seen in looks if seen.size > 300_000),
        'empty': _first(seen.path for seen in looks if not seen.size),
        'local_paths': _first(seen.path for seen in looks if seen.has_local_path),
    }


def _habit(commits: list[git_log.Commit]) -> tuple[str, int]:
    """Return how work reaches the branch, and the share of it that does so in percent."""
    merges = sum(commit.parents > 1 for commit in commits)
    squashes = sum(commit.parents == 1 and bool(_SQUASHED.search(commit.subject)) for commit in commits)
    if not commits:
        return 'none', 0
    if squashes >= merges and squashes * 10 >= 3 * len(commits):
        return 'squashes', round(100 * squashes / len(commits))
    if merges * 12 >= len(commits):
        return 'merges', round(100 * merges / len(commits))
    return 'pushes', round(100 * (len(commits) - merges - squashes) / len(commits))


def _repository(repo: Repo, found: Sweep, commits: list[git_log.Commit]) -> dict[str, Any]:
    remotes = git.remotes(repo)
    default = git.default_branch(repo, git.shared_remote(repo))
    habit, share = _habit(commits)
    conventional = sum(bool(_CONVENTIONAL.match(commit.subject)) for commit in commits[:300])
    return {
        'name': os.path.basename(repo.root), 'branch': git.current_branch(repo),
        'default_branch': default and default.removeprefix('refs/heads/').removeprefix('refs/remotes/'),
        'remotes': remotes, 'commits_read': len(commits), 'are_all_commits': len(commits) < COMMITS,
        'is_shallow': git.is_shallow(repo), 'is_linked_worktree': repo.git_dir != repo.common_dir,
        'habit': habit, 'habit_percent': share,
        'conventional_percent': round(100 * conventional / min(300, len(commits))) if commits else 0,
        'has_docs': any(path.startswith('docs/') for path in found.files), 'tracked': len(found.files), 'submodules': found.submodules, 'symlinks': len(found.symlinks),
        'untracked_markdown': len(git.untracked_files(repo, '*.md')), 'dirty': _first(git.dirty_files(repo)),
    }


def _servers(repo: Repo, paths: Iterable[str]) -> list[str]:
    """Return the names of the MCP servers that agents are told to start."""
    found: list[str] = []
    for path in paths:
        try:
            with open(os.path.join(repo.root, path), 'rb') as stream:
                text = stream.read(habits.LARGE).decode('utf-8', 'replace')
            servers = json.loads(text).get('mcpServers', {}) if path.endswith('.json') else {}
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        found += list(servers) if isinstance(servers, dict) else []
        found += re.findall(r'^\[mcp_servers\.([\w-]+)\]', text, re.M) if path.endswith('.toml') else []
    return sorted(set(found))


def _agents(repo: Repo, files: list[str]) -> dict[str, Any]:
    settings = surroundings.settings(files)
    commands = surroundings.handoff_commands(files)
    is_ignored = bool(git.ignored(repo, ['.claude/commands/daybook-probe.md']))
    readable = [path for path in settings if os.path.isfile(os.path.join(repo.root, path))]
    return {'agents': surroundings.agents(files), 'instructions': surroundings.instructions(files),
            'settings': settings, 'handoff_commands': commands, 'servers': _servers(repo, readable),
            'is_claude_ignored': is_ignored}


def _runner(repo: Repo, files: list[str]) -> dict[str, Any]:
    hooks = os.path.join(repo.common_dir, 'hooks')
    try:
        installed = sorted(name for name in os.listdir(hooks) if not name.endswith('.sample'))
    except OSError:
        installed = []
    return {'configured': surroundings.runners(files), 'hooks_path': git.config_value(repo, 'core.hooksPath'),
            'installed': installed, 'commit_policies': surroundings.commit_policies(files)}


def _kind_counts(settings: config.Settings, found: Sweep) -> dict[str, int]:
    kinds = Counter(kind.name for path in found.markdown if (kind := config.kind_of(settings, path)))
    return {kind.name: kinds[kind.name] for kind in settings.kinds if kinds[kind.name]}


def _fit(seen: Look, kind: config.Kind, fits: Callable[[Any], bool]) -> str:
    """Return how the header of a document stands to its kind."""
    if seen.header == habits.LIST:
        return 'convertible'
    if seen.error:
        return 'broken'
    if seen.header != 'frontmatter':
        return 'without'
    aliases = {name: seen.meta[other] for name, others in kind.key_aliases for other in others if other in seen.meta}
    title = {'title': seen.title} if seen.title else {}  # as validate-frontmatter does, an old heading is taken for it
    return 'fits' if fits({**title, **aliases, **seen.meta}) else 'lacks_keys'


def _offered(seen: Look, kind: config.Kind, twins: Collection[str]) -> bool:
    """Return whether back-fill has keys for a document that fits its kind; a name that is used twice makes no id."""
    sure = {'title', 'kind'} if seen.path in twins else {'title', 'kind', 'external_id', *(['id'] if kind.name == 'session' else [])}
    has = {*seen.meta, *(name for name, others in kind.key_aliases if any(other in seen.meta for other in others))}
    if naming.is_running(seen.path) or seen.entries > 1:
        sure.discard('id')
    return not sure <= has


def _twins(documents: Mapping[str, config.Kind]) -> set[str]:
    groups = habits.shared((f'{kind.name} {naming.stem(path)}', path) for path, kind in documents.items())
    return {path for _, paths in groups for path in paths}


def _hooks(settings: config.Settings, lines: Mapping[str, int], found: Sweep, report: dict[str, Any], governing: Governing) -> dict[str, Any]:
    """Return what each hook would find or do with `settings`, whose values stand on `lines`."""
    documents = {path: kind for path in found.looks if (kind := config.kind_of(settings, path))}
    schemas, _ = document.usable_schemas(found.repo, set(documents.values()))
    verdicts = {name: schema.verdict(content) for name, content in schemas.items()}
    states = {path: _fit(found.looks[path], kind, verdicts[kind.name]) for path, kind in documents.items()}
    fits, twins = Counter(states.values()), _twins(documents)
    made = {path for path, kind in documents.items() if kind.name == 'session' and 'claimed_at' in found.looks[path].meta}
    add = sum(state in ('without', 'lacks_keys') and path not in made for path, state in states.items())
    keys = sum(state == 'fits' and path not in made and _offered(found.looks[path], documents[path], twins)
               for path, state in states.items())
    folders = {path.rpartition('/')[0] for path in documents}
    maps = {f'{folder}/{indexes.NAME}'.lstrip('/') for folder in folders}
    existing = maps.intersection(found.looks)
    new = maps - existing
    kept = {path for path in existing if found.looks[path].is_index}
    dead = report['problems']['dead_links']
    by_hand = existing - kept | {index['path'] for index in report['indexes'] if not index['is_generated']}
    return {
        'validate-frontmatter': {'documents': fits.total(), **{name: fits[name] for name in (
            'fits', 'lacks_keys', 'without', 'convertible', 'broken')}},
        'regen-indexes': {'write': len(new - git.ignored(found.repo, new)), 'keep': len(kept), 'left_alone': sorted(by_hand),
                          'when': settings.indexes_when},
        'audit-links': {'dead': dead['count'], 'files': dead['files']},
        'backfill-frontmatter': {'add': add, 'keys': keys, 'convertible': fits['convertible'],
                                 'refused': fits['broken']},
        **governing.hooks(lines),
        'handoff': {'folder': settings.kind('session').folder or '.'},
    }


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
        words.append(f'commits before the newest {COMMITS:,}')
    return [*words, 'anchors, URLs, paths in code spans, other branches']


def _settings(repo: Repo) -> tuple[config.Settings | None, str | None]:
    """Return the settings of a repository that has adopted Daybook, or why they cannot be read."""
    if not os.path.lexists(os.path.join(repo.root, *config.PATH.split('/'))) and config.read_file(repo.root, config.PATH) is None:
        return None, None
    try:
        return config.load(repo.root), None
    except FatalError as error:
        return None, str(error)


def look(repo: Repo, today: str) -> dict[str, Any]:
    """Return what a repository holds and how its people work, as one value that JSON can carry.

    Reads the index, the Markdown files of the work tree and the newest commits; writes nothing, fetches
    nothing, follows no symbolic link; `today` is an ISO day. Paths are relative to the root; file names are as hostile as their authors.
    """
    found = Sweep(repo, git_objects.index_entries(repo))
    found.read()
    dated = {path for path, seen in found.looks.items() if seen.is_dated}
    rolling = _rolling(repo, found)
    places = naming.find_places([path for path in found.markdown if path not in rolling], dated)
    ignored = git.ignored(repo, {_probe(place.folder) for place in places} | {_probe('docs/sessions')})
    commits = git_log.recent_commits(repo, COMMITS)
    others: dict[str, list[dict[str, Any]]] = {}
    for place in places:
        if place.kind != naming.NOTES:
            beside = {'beside': _beside(place, found, rolling)} if place.is_loose else {}
            others.setdefault(place.kind, []).append(_place(place, ignored) | beside)
    decisions = [path for place in places if place.kind == 'adr' for path in place.files]
    report: dict[str, Any] = {
        'repository': _repository(repo, found, commits),
        'notes': _notes(repo, found, places, rolling, ignored),
        'others': others,
        'indexes': _maps(found, places),
        'left_alone': [{'format': name, 'place': place, 'files': count}
                       for name, place, count in surroundings.other_formats(found.files)],
        'is_madr': any(found.looks[path].is_madr for path in decisions if path in found.looks),
        'agents': _agents(repo, found.files),
        'runner': _runner(repo, found.files),
        'people': [person._asdict() for person in people.fold((commit.name, commit.email) for commit in commits)],
        'problems': _problems(found, places),
    }
    adopted, settings_error = _settings(repo)
    report['proposal'] = proposal.propose_settings(report)
    settings = adopted or config.from_mapping(report['proposal'])
    kinds = _kind_counts(settings, found)
    governing = Governing(found, settings, is_adopted=adopted is not None, today=today)
    report |= {
        'settings': {'is_adopted': adopted is not None or settings_error is not None, 'error': settings_error},
        'markdown': {'files': len(found.markdown), 'in_kinds': kinds,
                     'outside': len(found.markdown) - sum(kinds.values()),
                     'with_defaults': _kind_counts(config.DEFAULTS, found), 'headers': _headers(found.looks.values())},
        'governance': {**governing.hygiene(), 'remotes': remotes.look(repo)},
        'hooks': _hooks(settings, config.lines(repo.root) if adopted else {}, found, report, governing),
        'not_looked_at': _not_looked_at(found, report),
        'next': 'daybook validate-frontmatter' if adopted else 'daybook init --dry-run',
    }
    return report
