"""The settings of an adopting repository: one immutable value from .daybook/config.yaml and the defaults."""
from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents import kinds
from daybook.documents.kinds import Kind
from daybook.repo import files

PATH = '.daybook/config.yaml'
OPERATORS_PATH = '.daybook/operators.yaml'


class Invariant(NamedTuple):
    """A counter that must stay 0: its key, the tools it counts, the source texts that must not appear, and where they may."""

    name: str
    tools: tuple[str, ...]
    sources: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()


_NOTION = Invariant('mcp__notion', ('mcp__*notion*',), (
    'api.notion.com', 'mcp.notion.com', '@notionhq/*', 'notion_client', 'notion-client', 'notion-mcp*', 'NOTION_TOKEN',
    'NOTION_API_KEY'))


class Cochange(NamedTuple):
    """What has to change together: a change of what `when` matches asks for one of what each of `then` matches."""

    name: str
    when: tuple[str, ...]
    then: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    changes: tuple[str, ...] = ('added', 'modified', 'deleted')
    why: str = ''


class Freshness(NamedTuple):
    """Which documents must be reviewed, and after how many days; None: each says so itself."""

    paths: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    ttl_days: int | None = None


class Settings(NamedTuple):
    """Every setting, with the values of `config.schema.json`; `kinds` is in order of precedence."""

    kinds: tuple[Kind, ...]
    sessions_slug: bool = False
    sessions_archive_after_days: int | None = None
    sessions_archive_folder: str | None = None
    claims_remote: str = 'auto'
    claims_namespace: str = 'refs/daybook/claims'
    claims_timeout: float = 5.0
    handoff_push: str = 'auto'
    handoff_message: str = 'docs(sessions): {id} {title}'
    handoff_timeout: float = 120.0
    handoff_changelog: str | None = None
    handoff_action_log: str | None = None
    handoff_change_summary: bool = False
    handoff_archive_drafts: bool = True
    indexes_when: str = 'commit'
    indexes_branch: str | None = None
    indexes_overview: str | None = None
    render_tracked: bool = False
    render_folder: str = 'docs/rendered'
    render_title: str = 'Daybook'
    render_zone: str = 'internal'
    render_files_url: str | None = None
    validate_block_from: str | None = None
    links_root: str = 'repository'
    links_submodules: str = 'accept'
    links_wikilinks: str = 'documents'
    links_ignore: tuple[str, ...] = ()
    links_generated: tuple[str, ...] = ()
    links_exclude: tuple[str, ...] = ()
    zones_default: str = 'internal'
    zones_folders: Mapping[str, str] = {}
    authority_map: str | None = None
    authority_here: str = 'GitHub'
    cochange: tuple[Cochange, ...] = ()
    freshness_rules: tuple[Freshness, ...] = ()
    freshness_due_days: int = 30
    invariants: tuple[Invariant, ...] = (_NOTION,)
    audit_since: str | None = None
    resume_max_bytes: int = 9000
    mirror_data_source: str | None = None
    mirror_kinds: tuple[str, ...] = ()
    mirror_zone: str = 'internal'
    mirror_files_url: str | None = None
    mirror_rate: float = 2.5
    mirror_patience: float = 900.0
    mirror_max_age: int | None = None
    transcripts_archive: bool = False
    transcripts_timeout: float = 300.0

    def kind(self, name: str) -> Kind:
        """Return the kind `name`. Raises KeyError."""
        return {kind.name: kind for kind in self.kinds}[name]


DEFAULTS = Settings(kinds.DEFAULTS)


def kind_of(settings: Settings, path: str) -> Kind | None:
    """Return the kind of the file at the repository-relative `path`, or None when it is no document."""
    return None if path == settings.indexes_overview else kinds.find(settings.kinds, path)


def _merged_kind(name: str, given: Mapping[str, Any]) -> Kind:
    base = {kind.name: kind for kind in kinds.DEFAULTS}.get(name, Kind(name, ()))
    changes: dict[str, Any] = {}
    for key, value in given.items():
        if isinstance(value, dict):
            changes[key] = tuple((k, tuple(v)) for k, v in value.items())
        else:
            changes[key] = tuple(value) if isinstance(value, list) else value
    return base._replace(**changes)


def _kinds(given: Mapping[str, Any]) -> tuple[Kind, ...]:
    named = {kind.name: kind for kind in kinds.DEFAULTS}
    merged = {name: _merged_kind(name, value) for name, value in given.items()}
    return tuple({**named, **merged}.values())


def _invariant(given: Mapping[str, Any]) -> Invariant:
    # who only names their own server of Notion means its hosts and packages too
    known = _NOTION.sources if any('notion' in tool.lower() for tool in given['tools']) else ()
    return Invariant(given['name'], tuple(given['tools']), tuple(given.get('sources', known)), tuple(given.get('except', ())))


def _tuples(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}


def from_mapping(given: Mapping[str, Any]) -> Settings:
    """Return the settings of a mapping that fits `config.schema.json`."""
    flat: dict[str, Any] = {}
    for section, value in given.items():
        if section == 'kinds':
            flat['kinds'] = _kinds(value)
        elif section == 'invariants':
            flat['invariants'] = tuple(_invariant(given) for given in value)
        elif section == 'cochange':
            flat['cochange'] = tuple(Cochange(**_tuples(rule)) for rule in value)
        else:
            flat |= {f'{section}_{key}': v for key, v in _tuples(value).items()}
    if 'freshness_rules' in flat:
        flat['freshness_rules'] = tuple(Freshness(**_tuples(rule)) for rule in flat['freshness_rules'])
    if flat.get('claims_remote') is False:
        flat['claims_remote'] = 'off'  # a reader of YAML 1.1 wrote the file
    return DEFAULTS._replace(**flat)


def read_file(root: str, path: str) -> bytes | None:
    """Return the bytes of one of our YAML files; None when there is none."""
    data = files.read_bytes(os.path.join(root, *path.split('/')))
    if data is not None:
        return data
    from daybook.repo import sparse

    return sparse.read(root, path)


def lines(root: str) -> dict[str, int]:
    """Return the line of every value of the settings of the work tree `root`, which `load` could read, by JSON pointer."""
    from daybook.documents import mappings

    data = read_file(root, PATH)
    return {} if data is None else mappings.lines(data)


def from_bytes(data: bytes | None) -> Settings:
    """Return the settings that the bytes of a config file make; the defaults for None. Raises FatalError."""
    if data is None:
        return DEFAULTS
    from daybook.documents import mappings

    return from_mapping(mappings.load(PATH, data, 'config'))


def load(root: str) -> Settings:
    """Return the settings of the work tree `root`. Raises FatalError when the file is wrong."""
    return from_bytes(read_file(root, PATH))
