"""The repository as a plug-in of Claude Code: its manifest, commands and hooks.

`python tests/plugin_test.py` writes the commands anew from the texts that `init` uses.
"""
from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from daybook.documents import frontmatter
from daybook.writers import calls
from daybook.writers import scaffold_commands
from daybook.writers import scaffold_texts as texts

ROOT = Path(__file__).parent.parent


def load(path: str) -> dict[str, Any]:
    value = json.loads((ROOT / path).read_text(encoding='utf-8'))
    assert isinstance(value, dict)
    return value


def test_the_manifest_is_of_this_version() -> None:
    # https://code.claude.com/docs/en/plugins/manifest-reference
    manifest = load('.claude-plugin/plugin.json')
    settings = configparser.ConfigParser()
    settings.read(ROOT / 'setup.cfg')
    assert re.fullmatch('[a-z][a-z0-9]*(-[a-z0-9]+)*', manifest['name'])
    assert manifest['version'] == settings['metadata']['version']
    assert manifest['license'] == settings['metadata']['license']
    assert manifest['repository'] == calls.URL
    assert set(manifest) <= {'name', 'version', 'description', 'author', 'homepage', 'repository', 'license', 'keywords'}, (
        'components lie where they are looked for by themselves; to name those again loads them twice')


def test_the_marketplace_offers_it() -> None:
    market = load('.claude-plugin/marketplace.json')
    assert {'name', 'owner', 'plugins'} <= set(market)
    assert [(plugin['name'], plugin['source']) for plugin in market['plugins']] == [
        (load('.claude-plugin/plugin.json')['name'], './')]


@pytest.mark.parametrize('name', scaffold_commands.COMMANDS)
def test_its_commands_are_those_that_init_writes(name: str) -> None:
    text = (ROOT / 'commands' / f'{name}.md').read_text(encoding='utf-8')
    assert text == scaffold_commands.plugin_command(name), 'run `python tests/plugin_test.py`'
    assert frontmatter.parse(text.encode()).meta['description']
    assert 'has not adopted Daybook' in text


def test_there_are_no_other_commands() -> None:
    assert {path.stem for path in (ROOT / 'commands').iterdir()} == set(scaffold_commands.COMMANDS)


def commands() -> dict[str, str]:
    hooks = load('hooks/hooks.json')['hooks']
    assert set(hooks) == set(texts.telemetry('*'))
    return {event: hook['command'] for event, groups in hooks.items() for group in groups for hook in group['hooks']}


@pytest.mark.parametrize('is_counted_by_the_repository', [False, True])
def test_its_telemetry_counts_once(tmp_path: Path, is_counted_by_the_repository: bool) -> None:
    repo = tmp_path / 'a repo'
    subprocess.run(['git', 'init', '-q', repo], check=True)
    (repo / '.daybook').mkdir()
    if is_counted_by_the_repository:
        (repo / '.claude/hooks').mkdir(parents=True)
        (repo / '.claude/hooks/session_state.py').write_text('')
    event = {'session_id': 's1', 'cwd': str(repo), 'hook_event_name': 'PostToolUse', 'tool_name': 'Bash',
             'tool_input': {}, 'tool_response': {}}
    env = {**os.environ, 'CLAUDE_PROJECT_DIR': str(repo), 'CLAUDE_PLUGIN_ROOT': str(ROOT)}
    run = subprocess.run(commands()['PostToolUse'], shell=True, input=json.dumps(event), text=True, env=env, cwd=repo)
    assert run.returncode == 0
    states = list((repo / '.daybook').glob('state/session-*.json'))
    assert len(states) == (0 if is_counted_by_the_repository else 1)
    if states:
        assert json.loads(states[0].read_text())['tool_calls_count'] == 1


if __name__ == '__main__':
    (ROOT / 'commands').mkdir(exist_ok=True)
    for command in scaffold_commands.COMMANDS:
        (ROOT / 'commands' / f'{command}.md').write_text(scaffold_commands.plugin_command(command), encoding='utf-8')
