"""What each hook would find or do in a repository, for `inventory` and `init`; runs none of them."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

from daybook.adoption.governing import Governing
from daybook.adoption.sweep import Sweep
from daybook.documents import config
from daybook.documents import document
from daybook.documents import schema
from daybook.documents.file_names import stem_of
from daybook.documents.kinds import Kind
from daybook.documents.kinds import is_claimed
from daybook.repo import git_status
from daybook.rules import habits
from daybook.rules import naming
from daybook.rules.habits import Look
from daybook.writers import indexes


def _fit(seen: Look, kind: Kind, fits: Callable[[Any], bool]) -> str:
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


def _offered(seen: Look, kind: Kind, twins: Collection[str]) -> bool:
    """Return whether back-fill has keys for a document that fits its kind; a name that is used twice makes no id."""
    sure = {'title', 'kind'} if seen.path in twins else {'title', 'kind', 'external_id', *(['id'] if kind.name == 'session' else [])}
    has = {*seen.meta, *(name for name, others in kind.key_aliases if any(other in seen.meta for other in others))}
    if naming.is_running(seen.path) or seen.entries > 1:
        sure.discard('id')
    return not sure <= has


def _twins(documents: Mapping[str, Kind]) -> set[str]:
    groups = habits.shared((f'{kind.name} {stem_of(path)}', path) for path, kind in documents.items())
    return {path for _, paths in groups for path in paths}


def hooks(settings: config.Settings, lines: Mapping[str, int], found: Sweep, report: dict[str, Any], governing: Governing) -> dict[str, Any]:
    """Return what each hook would find or do with `settings`, whose values stand on `lines`."""
    documents = {path: kind for path in found.looks if (kind := config.kind_of(settings, path))}
    schemas, _ = document.usable_schemas(found.repo, set(documents.values()))
    verdicts = {name: schema.verdict(content) for name, content in schemas.items()}
    states = {path: _fit(found.looks[path], kind, verdicts[kind.name]) for path, kind in documents.items()}
    fits, twins = Counter(states.values()), _twins(documents)
    made = {path for path, kind in documents.items() if is_claimed(kind.name, found.looks[path].meta)}
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
        'regen-indexes': {'write': len(new - git_status.ignored(found.repo, new)), 'keep': len(kept), 'left_alone': sorted(by_hand),
                          'when': settings.indexes_when},
        'audit-links': {'dead': dead['count'], 'files': dead['files']},
        'backfill-frontmatter': {'add': add, 'keys': keys, 'convertible': fits['convertible'],
                                 'refused': fits['broken']},
        **governing.hooks(lines),
        'handoff': {'folder': settings.kind('session').folder or '.'},
    }
