"""README, CHANGELOG, manifest, settings and code agree."""
from __future__ import annotations

import configparser
import re
import subprocess
import sys

import pytest

from conftest import ROOT
from daybook.documents import config
from daybook.documents import frontmatter_yaml
from daybook.documents import schema

README = (ROOT / 'README.md').read_text(encoding='utf-8')
CHANGELOG = (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')
IDS = [hook['id'] for hook in frontmatter_yaml.load_yaml((ROOT / '.pre-commit-hooks.yaml').read_bytes())]
SECTIONS = dict(re.findall(r'^#### ([\w-]+)\n(.*?)(?=^#{2,4} |\Z)', README, re.MULTILINE | re.DOTALL))
COMMANDS = sorted(p.stem.replace('_', '-') for p in (ROOT / 'src/daybook/commands').glob('*.py') if p.stem != '__init__')


def test_one_heading_for_each_hook() -> None:
    assert sorted(SECTIONS) == sorted(IDS)


@pytest.mark.parametrize('hook_id', IDS)
def test_every_option_is_told(hook_id: str) -> None:
    run = subprocess.run((sys.executable, '-m', 'daybook', hook_id, '--help'), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    options = set(re.findall(r'^  (?:-\w, )?(--[a-z-]+)', run.stdout, re.MULTILINE)) - {'--help'}
    assert {option for option in options if option not in README} == set()
    told = set(re.findall(r'^- `(--[a-z-]+)', SECTIONS[hook_id], re.MULTILINE))
    assert told <= options, 'README tells of an option that is not there'


@pytest.mark.parametrize('command', COMMANDS)
def test_every_command_is_told(command: str) -> None:
    assert f'`daybook {command}' in README


def _keys() -> list[str]:
    keys = []
    for section, value in schema.built_in('config')['properties'].items():
        keys += [f'{section}.{key}' for key in value.get('properties', {})] or [section]
    return keys


@pytest.mark.parametrize('key', _keys())
def test_every_setting_is_told(key: str) -> None:
    assert f'| `{key}` |' in README


@pytest.mark.parametrize('kind', [kind.name for kind in config.DEFAULTS.kinds])
def test_every_kind_is_told_with_its_files(kind: str) -> None:
    row = re.search(rf'^\| `{kind}` \| (.*?) \|', README, re.MULTILINE)
    assert row
    assert [f'`{glob}`' for glob in config.DEFAULTS.kind(kind).paths] == re.findall(r'`[^`]+`', row[1])


def test_version_is_told_everywhere() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / 'setup.cfg')
    version = settings['metadata']['version']
    assert f'rev: v{version}' in README
    assert re.search(r'^## (\S+)', CHANGELOG, re.MULTILINE)[1] == version  # type: ignore[index]


@pytest.mark.parametrize('hook_id', IDS)
def test_changelog_names_every_hook(hook_id: str) -> None:
    assert f'`{hook_id}`' in CHANGELOG


def test_links_lead_somewhere() -> None:
    targets = re.findall(r'\]\((\./[^)#]+)', README)
    assert targets and all((ROOT / target).exists() for target in targets)


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name.split('-')[0] for path in (ROOT / 'docs/adr').glob('[0-9]*.md')]
    assert len(numbers) > 20
    assert sorted(numbers) == sorted(set(numbers))
