"""Imports go down only, and every third-party package and side effect has one owner."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# a room imports from the rooms behind it; README, "the house"
BELOW = {
    'errors': (), 'problem': ('errors',), 'repo': ('errors', 'problem', 'repo'), 'schemas': (),
    'documents': ('errors', 'problem', 'repo', 'documents', 'schemas'),
    'rules': ('errors', 'problem', 'repo', 'documents'),
    'writers': ('errors', 'problem', 'repo', 'documents', 'writers'),
    'session': ('errors', 'problem', 'repo', 'documents', 'writers', 'rules', 'session'),
    'checks': ('errors', 'problem', 'repo', 'documents', 'checks'),
    'governance': ('errors', 'problem', 'repo', 'documents', 'checks', 'rules', 'governance'),
    'mirror': ('errors', 'problem', 'repo', 'documents', 'writers', 'rules', 'session', 'governance', 'mirror'),
}
# the rooms of single hooks stand on all of that, and not on each other
for _room in ('handoff', 'resume', 'adoption', 'site', 'backfill', 'links', 'invariant', 'transcripts', 'indexing', 'doctor', 'lifecycle'):
    BELOW[_room] = (*BELOW['session'], 'checks', 'governance', 'schemas', _room)
BELOW['handoff'] += ('transcripts',)  # its last step, imported only where it is configured
BELOW['lifecycle'] += ('handoff',)  # its lock and its journal
BELOW['backfill'] += ('indexing',)  # what its commit takes along
BELOW['doctor'] += ('handoff',)  # the name of its journal
BELOW['hooks'] = BELOW['commands'] = (*BELOW, )  # not even each other: a hook is reached by its id
BY_NAME = {'__main__', 'checks/together', 'transcripts/words'}  # what is found by its id, and the parser of `re`
BELOW['__main__'] = ('errors', 'problem')
BELOW['progress'] = BELOW['processes'] = ()
for _room in ('documents', 'links', 'site', 'resume'):
    BELOW[_room] += ('progress',)  # what may take longer than a second
for _room in ('links', 'site'):
    BELOW[_room] += ('processes',)  # what several processors make in less time
OWNERS = {
    'yaml': 'documents/frontmatter', 'jsonschema': 'documents/schema', 'jsonschema_rs': 'documents/schema',
    'referencing': 'documents/schema', 'pyromark': 'documents/markdown', 'markdown_it': 'documents/markdown',
    'sqlite3': 'documents/catalogue_values', '_sqlite3': 'documents/catalogue_values', 'subprocess': 'repo/git', 'socket': 'mirror/notion', 'http': 'mirror/notion',
    'urllib.request': 'mirror/notion', 'httpx': 'mirror/notion', 'jinja2': 'writers/pages',
    'markupsafe': 'writers/pages', 'nh3': 'writers/pages_safe', 'pygments': 'writers/pages_code',
    'detect_secrets': 'transcripts/scanner', 'multiprocessing': 'processes',
}
PURE = ('rules', 'writers', 'invariant')
IMPURE = {'print', 'open', 'input'}
IMPURE_MODULES = {'subprocess', 'time', 'socket', 'random', 'secrets', 'tempfile', 'shutil'}
PRINTING = ('hooks', 'commands', '__main__')


def _files() -> list[Path]:
    return sorted([*(ROOT / 'src/daybook').rglob('*.py'), *(ROOT / 'hooks').glob('*.py')])


def _name(path: Path) -> str:
    folder = ROOT if path.parent.name == 'hooks' else ROOT / 'src/daybook'
    return path.relative_to(folder).with_suffix('').as_posix()


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, 'imports are absolute'
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


@pytest.mark.parametrize('path', _files(), ids=_name)
def test_layers(path: Path) -> None:
    name = _name(path)
    room = name.split('/')[0]
    tree = ast.parse(path.read_text(encoding='utf-8'))
    imported = list(_imports(tree))
    if room != '__init__':
        assert room in BELOW, f'a new room: {room}; say in {Path(__file__).name} what it may import'
        wrong = [i for i in imported if i.startswith('daybook.') and i.split('.')[1] not in BELOW[room]]
        assert not wrong, 'imports go down only, and nothing names a hook'
    for package, owner in OWNERS.items():
        uses = [i for i in imported if f'{i}.'.startswith(f'{package}.')]
        assert not uses or name == owner or name.startswith(f'{owner}_'), f'{package} belongs to {owner}'
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    by_text = {'importlib', 'importlib.import_module'}.intersection(imported) or '__import__' in called
    assert not by_text or name in BY_NAME, 'an import by a text is one that nobody sees here'
    if room in PURE:
        words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not called & IMPURE and not words & {'environ', 'getenv', 'now', 'today', 'getcwd', 'utcnow'}
        assert not {i.split('.')[0] for i in imported} & IMPURE_MODULES
    assert 'print' not in called or room in PRINTING


@pytest.mark.parametrize('path', _files(), ids=_name)
def test_what_is_imported_is_used_or_says_why(path: Path) -> None:
    text = path.read_text(encoding='utf-8')
    tree, lines = ast.parse(text), text.splitlines()
    names = {(alias.asname or alias.name).partition('.')[0] for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))
             for alias in node.names if '# noqa: F401' not in lines[node.lineno - 1] and alias.name != 'annotations'}
    assert names <= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_the_mirror_is_reached_by_its_own_hook_alone() -> None:
    """No hand-off, no resume and no other hook imports it, or runs it: what a commit waits for never waits for a service."""
    trees = {_name(path): ast.parse(path.read_text(encoding='utf-8')) for path in _files()}
    imported = {name: [i for i in _imports(tree) if i.startswith('daybook.mirror')] for name, tree in trees.items()}
    assert {name for name, found in imported.items() if found and not name.startswith('mirror/')} == {'hooks/sync_notion'}
    # who writes its name as a word, for a runner, a workflow or a message, and runs nothing by it
    telling = {'doctor/hooks_config', 'writers/scaffold_texts'}
    named = {name for name, tree in trees.items() for node in ast.walk(tree)
             if isinstance(node, ast.Constant) and node.value in ('sync-notion', 'sync_notion', 'daybook.hooks.sync_notion')}
    assert 'hooks/sync_notion' in named and named - {'hooks/sync_notion'} <= telling


def test_the_test_sees_imports_inside_functions() -> None:
    tree = ast.parse('def f():\n    from daybook.documents import markdown\n    import urllib.request\n')
    assert list(_imports(tree)) == ['daybook.documents.markdown', 'urllib.request']
