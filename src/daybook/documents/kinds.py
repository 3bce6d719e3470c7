"""Kinds: which files are documents, of which kind, and what such a document has."""
from __future__ import annotations

import functools
import re
from collections.abc import Container
from typing import NamedTuple

from daybook.documents.globs import glob_regex

MARKDOWN = ('.md', '.markdown', '.mdx')  # how the names of documents end

# what a template is for, as in `adr-template.md`, `0000-template.md` and MADR's `adr-template-bare-minimal.md`:
# 0012-page-template.md and template-engine.md are decisions
_FOR = r'(?:adr|madr|architecture|decision|record|session|notes?|hand-?off|hand-?over|work-?log|dev-?log|journal|daily|plan' \
       r'|learning|lesson|workstream|document|doc|spec|specification|rfc|prd)s?'
_FORM = r'(?:bare|minimal|full|long|short|simple|basic|default|example)'
_TEMPLATE = rf'(?:0+[-_ ])?(?:{_FOR}[-_. ])*TEMPLATE(?:[-_. ](?:{_FOR}|{_FORM}))*'
# never documents, whatever the globs say: maps of content, templates, and what agents are told
_NEVER = re.compile(rf'(?:^|/)(?:_[^/]*|(?:README|INDEX|CLAUDE|AGENTS|GEMINI|{_TEMPLATE})(?:\.[^/]*)?)$', re.IGNORECASE)


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
    statuses: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def folder(self) -> str:
        """Where new documents of this kind go: the fixed part of the first glob, `` for the root."""
        return fixed_folder(self.paths[0]) if self.paths else ''

    @property
    def section_names(self) -> set[str]:
        """The titles that its sections go by, in folded case."""
        return {name.casefold() for name in (*self.sections, *(other for _, others in self.section_aliases for other in others))}


DEFAULTS = (
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
BUILT_IN = frozenset(kind.name for kind in DEFAULTS)


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


def is_never(path: str) -> bool:
    """Return whether the name of a file says that it is no document, whatever the globs say."""
    return _NEVER.search(path) is not None


def find(kinds: tuple[Kind, ...], path: str) -> Kind | None:
    """Return the kind of the file at the repository-relative `path`, or None when it is no document."""
    if not path.endswith(MARKDOWN) or is_never(path):
        return None
    match = _matcher(kinds).match(path)
    return kinds[int(match.lastgroup[1:])] if match and match.lastgroup else None


def is_claimed(kind: str, keys: Container[str]) -> bool:
    """Return whether a claim made a document of this kind and with these keys."""
    return kind == 'session' and 'claimed_at' in keys


def is_stub(kind: str, keys: Container[str]) -> bool:
    """Return whether a document is a claim that nobody has filled: `claimed_at` and no title."""
    return is_claimed(kind, keys) and 'title' not in keys
