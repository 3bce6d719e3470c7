"""The settings of an adopting repository: one immutable value from .daybook/config.yaml and the defaults."""
from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.documents import schema
from daybook.errors import FatalError
from daybook.repo import files

PATH = '.daybook/config.yaml'

# never documents, whatever the globs say: maps of content, templates, and what agents are told
_NEVER = re.compile(r'(?:^|/)(?:_[^/]*|(?:README|INDEX|TEMPLATE|CLAUDE|AGENTS|GEMINI)(?:\.[^/]*)?)$', re.IGNORECASE)
_GLOB = re.compile(r'\*\*/|/\*\*$|\*\*|\*|\?|\[!?\]?[^\]/]*\]|\{[^{}/]*\}|.', re.DOTALL)


class Kind(NamedTuple):
    """What makes a file a document of this kind, and what such a document has."""

    name: str
    paths: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    schema: str | None = None
    sections: tuple[str, ...] = ()
    required_sections: tuple[str, ...] = ()
    section_aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    key_aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def folder(self) -> str:
        """Where new documents of this kind go: the fixed part of the first glob, `` for the root."""
        return fixed_folder(self.paths[0]) if self.paths else ''


class Invariant(NamedTuple):
    """A counter that must stay 0: its key, the tools it counts, the source texts that must not appear."""

    name: str
    tools: tuple[str, ...]
    sources: tuple[str, ...] = ()


class Settings(NamedTuple):
    """Every setting, with the values of `config.schema.json`; `kinds` is in order of precedence."""

    kinds: tuple[Kind, ...]
    sessions_slug: bool = False
    claims_remote: str = 'auto'
    claims_namespace: str = 'refs/daybook/claims'
    claims_timeout: float = 5.0
    handoff_push: str = 'auto'
    handoff_message: str = 'docs(sessions): {id} {title}'
    handoff_timeout: float = 120.0
    handoff_changelog: str | None = None
    handoff_archive_drafts: bool = True
    indexes_when: str = 'commit'
    validate_block_from: str | None = None
    invariants: tuple[Invariant, ...] = (Invariant('mcp__notion', ('mcp__*notion*',)),)
    resume_max_bytes: int = 9000

    def kind(self, name: str) -> Kind:
        """Return the kind `name`. Raises KeyError."""
        return {kind.name: kind for kind in self.kinds}[name]


_DEFAULT_KINDS = (
    Kind('session', ('docs/sessions/**/*.md',),
         sections=('Summary', 'What I Did', 'Decisions Made', 'For Future Me', 'Learnings', 'Open Questions',
                   'Resume Prompt', 'See Also', 'Commits', 'Files Touched'),
         required_sections=('Summary', 'Resume Prompt')),
    Kind('workstream', ('workstreams/**/*.md',),
         sections=('Goal', 'Tasks', "What's Next", 'Key Context', 'Session Log')),
    Kind('plan', ('plans/**/*.md',), sections=('Changelog',)),
    Kind('adr', ('docs/adr/**/*.md',), sections=('Status', 'Context', 'Decision', 'Consequences')),
    Kind('learning', ('docs/learnings/**/*.md',)),
    Kind('doc', ()),
)
DEFAULTS = Settings(_DEFAULT_KINDS)


def glob_regex(glob: str) -> str:
    """Return the regular expression of a glob: `**/` any folders, `*` and `?` within a name, `[a-z]`, `{a,b}`."""
    parts = []
    for token in _GLOB.findall(glob):
        if token == '**/':
            parts.append('(?:[^/]+/)*')
        elif token == '/**':
            parts.append('/.+')
        elif token == '**':
            parts.append('.*')
        elif token == '*':
            parts.append('[^/]*')
        elif token == '?':
            parts.append('[^/]')
        elif token[0] == '[' and len(token) > 1:
            parts.append('[' + re.sub(r'[\\\[&~|]', r'\\\g<0>', re.sub(r'^!', '^', token[1:-1])) + ']')
        elif token[0] == '{' and len(token) > 1:
            parts.append(f'(?:{"|".join(glob_regex(choice) for choice in token[1:-1].split(","))})')
        else:
            parts.append(re.escape(token))
    return ''.join(parts)


def fixed_folder(glob: str) -> str:
    """Return the folders of a glob that hold no wildcard: `docs/sessions` of `docs/sessions/**/*.md`."""
    folders = []
    for part in glob.split('/')[:-1]:
        if re.search(r'[*?\[{]', part):
            break
        folders.append(part)
    return '/'.join(folders)


@functools.lru_cache
def _matcher(kinds: tuple[Kind, ...]) -> re.Pattern[str]:
    choices = []
    for position, kind in enumerate(kinds):
        unless = ''.join(f'(?!(?:{glob_regex(glob)})$)' for glob in kind.exclude)
        globs = '|'.join(glob_regex(glob) for glob in kind.paths) or r'(?!)'
        choices.append(f'(?P<k{position}>{unless}(?:{globs})$)')
    return re.compile('|'.join(choices), re.DOTALL)


def kind_of(settings: Settings, path: str) -> Kind | None:
    """Return the kind of the file at the repository-relative `path`, or None when it is no document."""
    if not path.endswith(('.md', '.markdown', '.mdx')) or _NEVER.search(path):
        return None
    match = _matcher(settings.kinds).match(path)
    return settings.kinds[int(match.lastgroup[1:])] if match and match.lastgroup else None


def _merged_kind(name: str, given: Mapping[str, Any]) -> Kind:
    base = {kind.name: kind for kind in _DEFAULT_KINDS}.get(name, Kind(name, ()))
    changes: dict[str, Any] = {}
    for key, value in given.items():
        if isinstance(value, dict):
            changes[key] = tuple((k, tuple(v)) for k, v in value.items())
        else:
            changes[key] = tuple(value) if isinstance(value, list) else value
    return base._replace(**changes)


def _kinds(given: Mapping[str, Any]) -> tuple[Kind, ...]:
    named = {kind.name: kind for kind in _DEFAULT_KINDS}
    merged = {name: _merged_kind(name, value) for name, value in given.items()}
    return tuple({**named, **merged}.values())


def from_mapping(given: Mapping[str, Any]) -> Settings:
    """Return the settings of a mapping that fits `config.schema.json`."""
    flat: dict[str, Any] = {}
    for section, value in given.items():
        if section == 'kinds':
            flat['kinds'] = _kinds(value)
        elif section == 'invariants':
            flat['invariants'] = tuple(
                Invariant(i['name'], tuple(i['tools']), tuple(i.get('sources', ()))) for i in value)
        else:
            flat |= {f'{section}_{key}': v for key, v in value.items()}
    if flat.get('claims_remote') is False:
        flat['claims_remote'] = 'off'  # a reader of YAML 1.1 wrote the file
    return DEFAULTS._replace(**flat)


def load_mapping(root: str, path: str, schema_name: str) -> dict[str, Any]:
    """Return the validated content of one of our YAML files; empty when there is none.

    Raises FatalError with file, line and hint when it does not fit its schema.
    """
    data = files.read_bytes(os.path.join(root, *path.split('/')))
    if data is None:
        return {}
    # the same reader, errors and line numbers as for a document: the whole file is the block
    fenced = b'---\n' + data.removeprefix(frontmatter.BOM) + b'\n---\n'
    parsed = frontmatter.parse(fenced)
    if parsed.error or parsed.block is None:
        line, _, message = parsed.error or (1, '', 'not a YAML mapping')
        raise FatalError(f'{path}:{max(line - 1, 1)}: {message}; mend it, the defaults are in the README')
    known = schema.built_in(schema_name)
    if (parsed.meta or schema_name == 'operators') and not schema.verdict(known)(parsed.meta):
        lines = frontmatter.key_lines(fenced, parsed.block)
        words = [f'{path}:{max(lines.get(v.pointer, 2) - 1, 1)}: {v.pointer or "/"}: {v.message}'
                 for v in schema.violations(known, parsed.meta)]
        raise FatalError('\n'.join([f'{path} does not fit its schema; mend these lines', *words]))
    return parsed.meta


def load(root: str) -> Settings:
    """Return the settings of the work tree `root`. Raises FatalError when the file is wrong."""
    given = load_mapping(root, PATH, 'config')
    return from_mapping({section: value for section, value in given.items() if value is not None})
