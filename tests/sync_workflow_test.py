"""The workflow that init can write: it parses, runs one at a time, and its commands are ours."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import frontmatter_yaml
from daybook.writers import sync_log
from daybook.writers import sync_workflow


@pytest.mark.parametrize('branch', ['main', 'release/1.0', 'on', '1.0', "it's"])
def test_the_workflow_is_valid(branch: str) -> None:
    found = frontmatter_yaml.load_yaml(sync_workflow.workflow(branch, 'https://example.com/o/daybook', 'v0.1.0').encode())
    assert found['on']['push']['branches'] == [branch]
    assert re.fullmatch(r'\d+ \*/6 \* \* \*', found['on']['schedule'][0]['cron'])
    assert found['concurrency'] == {'group': 'sync-notion', 'cancel-in-progress': False}
    steps = found['jobs']['sync']['steps']
    assert steps[0]['with'] == {'ref': branch, 'fetch-depth': 0}, 'a shallow clone is refused'
    runs = [step['run'] for step in steps if 'run' in step]
    assert "'git-daybook[mirror] @ git+https://example.com/o/daybook@v0.1.0'" in runs[0]
    for script in runs:
        assert subprocess.run(('bash', '-n'), input=script, text=True).returncode == 0
    [sync] = [step for step in steps if 'daybook' in step.get('run', '') and 'pip' not in step['run']]
    assert set(sync['env']) == {'NOTION_TOKEN', 'NOTION_DATA_SOURCE'} and 'secrets.' in sync['env']['NOTION_TOKEN']


def test_its_options_are_those_of_the_hook() -> None:
    used = set(re.findall(r'daybook sync-notion (.*)', sync_workflow.workflow('main', 'u', 'r'))[0].split())
    run = subprocess.run((sys.executable, '-m', 'daybook', 'sync-notion', '--help'), capture_output=True, text=True)
    assert used == {'--apply', '--commit'} and all(option in run.stdout for option in used)


def test_what_it_pushes_reaches_a_branch_that_has_moved(repo: Sandbox, tmp_path: Path) -> None:
    """The last step, run by bash: the state of the mirror goes on top of what a peer has pushed meanwhile."""
    script = [step['run'] for step in frontmatter_yaml.load_yaml(sync_workflow.workflow('main', 'u', 'r').encode())['jobs']['sync']['steps'] if 'run' in step][-1]
    repo.write('a.md', 'a\n')
    repo.commit()
    repo.git('clone', '-q', '--bare', '.', '../bare.git')
    repo.git('clone', '-q', '../bare.git', '../peer')
    repo.git('remote', 'add', 'origin', '../bare.git')
    repo.git('fetch', '-q')
    peer = Sandbox(tmp_path / 'peer')
    peer.write('b.md', 'b\n')
    peer.commit()
    peer.git('push', '-q', 'origin', 'main')
    repo.write(sync_log.PATH, sync_log.merged('', [], '2026-11-21T10:00:00Z'))
    repo.commit()
    assert subprocess.run(('bash', '-e', '-c', script), cwd=repo.root, capture_output=True).returncode == 0
    assert peer.git('fetch', '-q') == '' and sorted(peer.git('ls-tree', '-r', '--name-only', 'origin/main').split()) == ['a.md', 'b.md', sync_log.PATH]


def test_the_attribute_is_of_the_log() -> None:
    assert sync_workflow.ATTRIBUTES.split() == [sync_log.PATH, 'merge=union']
