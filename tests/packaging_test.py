from __future__ import annotations

import configparser
import re
from importlib import metadata
from importlib import resources
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHANGELOG = ROOT / 'CHANGELOG.md'


@pytest.fixture(scope='module')
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / 'setup.cfg', encoding='utf-8')
    return parser


def test_packages_are_the_folders(setup: configparser.ConfigParser) -> None:
    folders = {path.parent for path in (ROOT / 'src').rglob('__init__.py')}
    inside = {'.'.join(folder.relative_to(ROOT / 'src').parts) for folder in folders}
    outside = {f'daybook.{path.parent.name}' for path in ROOT.glob('*/__init__.py') if path.parent.name not in ('bench', 'tests')}
    listed = setup['options']['packages'].split()
    assert listed == sorted(inside | outside)


def test_folders_outside_of_src_are_mapped(setup: configparser.ConfigParser) -> None:
    lines = [line for line in setup['options']['package_dir'].splitlines() if line]
    mapped = dict(re.split(r'\s*=\s*', line) for line in lines)
    assert mapped == {'': 'src', 'daybook.hooks': 'hooks', 'daybook.schemas': 'schemas'}


def test_every_module_lies_in_a_package() -> None:
    lost = [path for path in (ROOT / 'src').rglob('*.py') if not (path.parent / '__init__.py').exists()]
    assert lost == []


def test_version_is_that_of_the_changelog(setup: configparser.ConfigParser) -> None:
    entry = re.search(r'^## \[?v?([0-9][^\s\]]*)', CHANGELOG.read_text(encoding='utf-8'), re.MULTILINE)
    assert entry is not None
    assert entry[1] == setup['metadata']['version']


def test_installed_version(setup: configparser.ConfigParser) -> None:
    assert metadata.version('git-daybook') == setup['metadata']['version']


def test_schemas_are_installed() -> None:
    names = {path.name for path in resources.files('daybook.schemas').iterdir()}
    assert {path.name for path in (ROOT / 'schemas').glob('*.json')} <= names


def test_console_scripts() -> None:
    scripts = {entry.name: entry.value for entry in metadata.entry_points(group='console_scripts')}
    assert scripts['daybook'] == scripts['git-daybook'] == 'daybook.__main__:main'


def test_every_hook_has_a_main() -> None:
    for path in (ROOT / 'hooks').glob('*.py'):
        if path.stem not in ('__init__', 'session_state'):
            assert 'def main(argv: Sequence[str]' in path.read_text(encoding='utf-8'), path.name


def test_no_import_is_missing_from_the_requirements(setup: configparser.ConfigParser) -> None:
    known = {'yaml': 'PyYAML', 'jsonschema': 'jsonschema', 'jsonschema_rs': 'jsonschema-rs', 'markdown_it': 'markdown-it-py',
             'pyromark': 'pyromark'}
    required = re.findall(r'^[A-Za-z0-9_-]+', setup['options']['install_requires'], re.MULTILINE)
    assert set(known.values()) == set(required)
