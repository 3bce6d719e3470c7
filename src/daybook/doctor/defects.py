"""What the doctor plants to see a hook turn red: for each hook, files that it must refuse."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.documents.kinds import Kind
from daybook.writers import indexes


class Defect(NamedTuple):
    """Files by path, what a hook that sees them says, and what is wrong with them, in words."""

    files: dict[str, bytes]
    said: str
    what: str


def _folder(kind: Kind, name: str) -> str:
    """Return a folder of documents of a kind in which nothing else lies."""
    below = f'{kind.folder}/{name}' if kind.folder else name
    return below if '**/' in kind.paths[0] else kind.folder


def _document(settings: Settings, name: str) -> str | None:
    """Return a path that makes a file a document, of the first kind in which `name` can be its name."""
    for kind in (kind for kind in settings.kinds if kind.paths):
        path = f'{_folder(kind, name)}/{name}.md'.removeprefix('/')
        if config.kind_of(settings, path) is not None:
            return path
    return None


def _frontmatter(settings: Settings, name: str) -> Defect | None:
    path = _document(settings, name)
    return Defect({path: b'---\ntitle: [\n---\n\n# A planted defect\n'}, path, 'a planted broken frontmatter') if path else None


def _link(settings: Settings, name: str) -> Defect | None:
    path = f'{name}.md'
    return Defect({path: f'# A planted defect\n\n[nowhere](./{name}-nowhere.md)\n'.encode()}, path, 'a planted dead link')


def _index(settings: Settings, name: str) -> Defect | None:
    path = _document(settings, name)
    if path is None or settings.indexes_when != 'commit':
        return None
    folder = path.rpartition('/')[0]
    return Defect({path: b'---\ntitle: A planted document\n---\n\n# A planted document\n'}, f'{folder}/{indexes.NAME}'.removeprefix('/'),
                  'a planted document that no index lists')


def _backfill(settings: Settings, name: str) -> Defect | None:
    path = _document(settings, name)
    return Defect({path: b'# A planted document\n\nwithout frontmatter\n'}, path, 'a planted document without frontmatter') if path else None


def _call(settings: Settings, name: str) -> Defect | None:
    tools = [tool for invariant in settings.invariants for tool in invariant.tools]
    tool = next((tool.replace('*', '') for tool in tools if re.fullmatch(r'[\w*]+', tool)), None)
    if tool is None:
        return None
    tool = tool if tool.count('__') > 1 else f'{tool.rstrip("_")}__search'
    path = f'.claude/commands/{name}.md'
    return Defect({path: f'---\nallowed-tools: {tool}\n---\n\nCall `{tool}` and tell what it finds.\n'.encode()}, path, 'a planted call of the mirror')


def _with_key(line: bytes) -> Plant:
    """Return what plants a document whose frontmatter has the `line`."""
    def plant(settings: Settings, name: str) -> Defect | None:
        path = _document(settings, name)
        text = b'---\ntitle: A planted document\n' + line + b'\n---\n\n# A planted document\n'
        return Defect({path: text}, path, f'a planted `{line.decode()}`') if path else None
    return plant


def _entity(settings: Settings, name: str) -> Defect | None:
    # a map in its usual place is not in the settings; where there is none, nothing is refused
    return _with_key(b'entity: ' + name.encode())(settings, name) if settings.authority_map else None


def _successor(settings: Settings, name: str) -> Defect | None:
    paths = [path for end in ('old', 'new') if (path := _document(settings, f'{name}-{end}'))]
    heads = (f'status: superseded\nsuperseded_by: {name}-new', 'status: active')
    texts = [f'---\ntitle: A planted document\n{head}\n---\n\n# A planted document\n'.encode() for head in heads]
    return Defect(dict(zip(paths, texts)), paths[1], 'a planted successor that does not say so') if len(paths) == 2 else None


Plant = Callable[[Settings, str], Defect | None]
# hook -> what it must refuse; None where the settings leave it nothing to refuse
PLANTS: dict[str, tuple[Plant, ...]] = {
    'validate-frontmatter': (_frontmatter,),
    'audit-links': (_link,),
    'check-invariant': (_call,),
    'check-authority': (_entity,),
    'check-freshness': (_with_key(b'review_by: no day'),),
    'check-lifecycle': (_successor,),
    'check-zones': (_with_key(b'zone: no-such-zone'),),
    'check-all': (_frontmatter, _link, _call),
    'regen-indexes': (_index,),
    'backfill-frontmatter': (_backfill,),
}


def in_grace(settings: Settings, day: str) -> str:
    """Return the day until which the frontmatter only warns, where `day` is before it; else an empty text."""
    until = settings.validate_block_from
    return until if until and day < until else ''


def plants(settings: Settings, hook_id: str, day: str) -> tuple[Plant, ...]:
    """Return what plants the defects that a hook must refuse on that `day`: in the time of grace, frontmatter only warns."""
    return tuple(plant for plant in PLANTS[hook_id] if not (plant is _frontmatter and in_grace(settings, day)))


# a site that nobody commits is made by hand or by a job: at a commit the hook has nothing to refuse
WITHOUT = {'render-docs': 'a commit asks nothing of it', 'check-cochange': 'its rules name files of yours, which a proof must not change'}
STAGED = ('check-all', 'audit-links', 'validate-frontmatter')  # of these the first that is installed answers for merges and pushes


def without(settings: Settings, hook_id: str) -> str:
    """Return why no defect is planted for a hook that has none."""
    if hook_id == 'check-cochange' and not settings.cochange:
        return 'there are no rules: `cochange` is not in the settings'
    return WITHOUT.get(hook_id, 'no defect is known that it must refuse')
