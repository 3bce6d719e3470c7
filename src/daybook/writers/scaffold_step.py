"""The words in which `init` plans: what stands in a repository, what is wanted, and one step for each file."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

from daybook.documents.kinds import Kind
from daybook.errors import FatalError
from daybook.writers import scaffold_record
from daybook.writers.scaffold_record import Record

CONFIG = '.daybook/config.yaml'
OPERATORS = '.daybook/operators.yaml'
IGNORE = '.gitignore'
ATTRIBUTES = '.gitattributes'
HOOKS = '.pre-commit-config.yaml'
PREK = 'prek.toml'  # prek reads it alone where it stands, pre-commit never does
PREK_YML = '.pre-commit-config.yml'  # read by prek where none of the others stands
SETTINGS = '.claude/settings.json'
CODEX_HOOKS = '.codex/hooks.json'
AGENTS = 'AGENTS.md'
CLAUDE = 'CLAUDE.md'
AS_PLANNED = 'as it should be'


class Place(NamedTuple):
    """A file that init may write: its bytes, None when there is none, and why it must not be written."""

    data: bytes | None = None
    obstacle: str = ''


class Found(NamedTuple):
    """What stands in a repository.

    `places` answers for every path. `settings` are those proposed for a new config; `operators` is
    the content of a new operators file, empty when none is needed; `people` are the operators there
    will be, initials by slug; `runner` names what runs git's hooks instead of pre-commit, and
    `runner_file` its file, if that can take our check; `program` is pre-commit or prek, as agents are told; `kinds`
    are those of the settings that hold; `index_folders` may have their INDEX.md merged line by
    line, and `line_files` may be so themselves, `new_indexes` of the folders are not there yet; `agents` are those in use; `commands` gives, for each of ours, the path of theirs that
    does the same; `mirror` is the mirror's server in the agent's settings; `host` is the git
    host's kind of CI, empty when unknown, and `branch` its default branch; `hook_ids` are the hooks that this version has; `script`
    is the telemetry script and `record` what earlier runs have put in;
    `published` names what makes a site of a folder, and that folder; `overview`, `action_log` and `authority` are the
    files of those names, empty where there are none, `here` is the name that an authority map has for this repository
    and `entities` are those that documents name, with the store that they say, else `here`.
    """

    places: Mapping[str, Place]
    settings: Mapping[str, Any] = {}
    operators: Mapping[str, Mapping[str, Any]] = {}
    people: Mapping[str, str] = {}
    runner: str = ''
    runner_file: str = ''
    program: str = 'pre-commit'
    kinds: tuple[Kind, ...] = ()
    index_folders: tuple[str, ...] = ()
    line_files: tuple[str, ...] = ()
    indexes_when: str = 'commit'
    new_indexes: int = 0
    agents: frozenset[str] = frozenset()
    commands: Mapping[str, str] = {}
    mirror: str = ''
    host: str = ''
    branch: str = 'main'
    hook_ids: frozenset[str] = frozenset()
    script: bytes = b''
    record: Record = Record()
    published: tuple[tuple[str, str], ...] = ()
    overview: str = ''
    action_log: str = ''
    authority: str = ''
    here: str = 'GitHub'
    entities: Mapping[str, str] = {}

    @property
    def notes_folder(self) -> str:
        """Where new notes go."""
        return next((kind.folder for kind in self.kinds if kind.name == 'session'), '')

    @property
    def hooks_files(self) -> tuple[str, ...]:
        """The files in which pre-commit and prek look for their hooks here: each needs our entry, as none of them reads two."""
        there = tuple(path for path in (HOOKS, PREK) if self.places[path].data is not None)
        if not there and self.places[PREK].obstacle:
            return (PREK,)  # beside it, another would say nothing to prek
        return there or ((PREK_YML,) if self.places[PREK_YML].data is not None else ())

    @property
    def calls_through(self) -> str:
        """The runner whose entry calls us by `daybook`, empty where pre-commit or prek does."""
        return '' if self.hooks_files else self.runner


class Wanted(NamedTuple):
    """What the user asks for: names of extras, and where the hooks come from."""

    extras: frozenset[str]
    url: str
    rev: str

    @property
    def matcher(self) -> str:
        """The tools that telemetry is to see when it was asked for, else an empty text."""
        return '*' if 'telemetry-all' in self.extras else 'mcp__.*' if 'telemetry' in self.extras else ''


class Step(NamedTuple):
    """One file: `create`, `extend`, `replace` and `remove` write; `keep` and `by hand` write nothing.

    `note` says why, in a few words; `content` is the file after it; `text` is what to show: the lines
    added, or those that a person is to add. `is_shared`: others may write the file too.
    """

    action: str
    path: str
    note: str
    content: bytes | None = None
    text: str = ''
    is_shared: bool = False


def created(found: Found, path: str, note: str, content: bytes, *, is_shared: bool = False) -> Step:
    """Return the step for a new file: never over another."""
    place = found.places[path]
    if place.obstacle:
        return Step('by hand', path, place.obstacle)
    if place.data is None:
        return Step('create', path, note, content, is_shared=is_shared)
    is_same = scaffold_record.digest(place.data) == scaffold_record.digest(content)
    return Step('keep', path, AS_PLANNED if is_same else 'it is there; not touched')


def extended(place: Place, path: str, note: str, text: str, edit: Callable[[bytes], bytes]) -> Step:
    """Return the step for a file of theirs; what cannot be done safely is left to a person."""
    if place.obstacle:
        return Step('by hand', path, place.obstacle, None, text)
    try:
        return Step('extend', path, note, edit(place.data or b''), text, is_shared=True)
    except FatalError as error:
        return Step('by hand', path, f'{error}; add this yourself', None, text)
