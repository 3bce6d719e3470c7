"""The manifest, the modules, the tests and the packaging name the same hooks."""
from __future__ import annotations

import configparser
import re
import subprocess
import sys

import pytest

from conftest import ROOT
from daybook.documents import frontmatter_yaml

MANIFEST = frontmatter_yaml.load_yaml((ROOT / '.pre-commit-hooks.yaml').read_bytes())
IDS = [hook['id'] for hook in MANIFEST]
LOOK = ['pre-commit', 'pre-merge-commit', 'pre-push']
# copied into repositories by `init`; no hook of pre-commit
SCRIPTS = {'session_state'}


def test_every_module_in_hooks_is_a_hook_and_the_other_way_round() -> None:
    modules = {path.stem for path in (ROOT / 'hooks').glob('*.py')} - {'__init__'} - SCRIPTS
    assert {hook_id.replace('-', '_') for hook_id in IDS} == modules


@pytest.mark.parametrize('hook', MANIFEST, ids=IDS)
def test_hook_is_complete(hook: dict[str, object]) -> None:
    name = str(hook['id']).replace('-', '_')
    assert (ROOT / 'tests' / f'{name}_test.py').is_file()
    assert hook['entry'] == f'daybook {hook["id"]}'
    assert hook['language'] == 'python'
    assert hook['always_run'] is True, 'a deleted file is never passed'
    assert hook['description']
    # only these take the one file that they are given; a long list would start a hook several times
    assert hook.get('pass_filenames', True) is (hook['id'] in ('handoff', 'check-cochange'))


@pytest.mark.parametrize('hook', MANIFEST, ids=IDS)
def test_stages_tell_lookers_from_writers(hook: dict[str, object]) -> None:
    verb = str(hook['id']).split('-')[0]
    if hook['stages'] == ['manual']:
        assert hook['verbose'] is True, 'the runner would show nothing of a hook that passes'
    elif hook['id'] == 'check-cochange':
        assert hook['stages'] == ['commit-msg', 'pre-push'], 'the message may excuse a change'
    elif verb in ('validate', 'check', 'audit'):
        assert hook['stages'] == LOOK
    else:
        assert verb in ('regen', 'render', 'backfill')
        assert hook['stages'] == ['pre-commit']


@pytest.mark.parametrize('path, passed', [
    ('.daybook/state/draft.md', True), ('.daybook/state/draft-RT-261120-01.md', True), ('draft.md', True),
    ('docs/sessions/RT-261120-01.md', False), ('README.md', False), ('drafts/a.txt', False),
])
def test_handoff_is_passed_drafts_only(path: str, passed: bool) -> None:
    pattern = next(hook['files'] for hook in MANIFEST if hook['id'] == 'handoff')
    assert bool(re.search(pattern, path)) is passed


@pytest.mark.parametrize('path, passed', [
    ('.git/COMMIT_EDITMSG', True), ('/r/.git/worktrees/w/COMMIT_EDITMSG', True), ('.git/MERGE_MSG', True), ('README.md', False),
])
def test_cochange_is_passed_messages_only(path: str, passed: bool) -> None:
    pattern = next(hook['files'] for hook in MANIFEST if hook['id'] == 'check-cochange')
    assert bool(re.search(pattern, path)) is passed


@pytest.mark.parametrize('tool', ['pre-commit', 'prek'])
def test_runners_accept_the_manifest(tool: str) -> None:
    command = (f'{sys.prefix}/bin/{tool}', 'validate-manifest', str(ROOT / '.pre-commit-hooks.yaml'))
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert 'WARNING' not in run.stdout + run.stderr


def test_the_dispatcher_lists_every_hook() -> None:
    run = subprocess.run((sys.executable, '-m', 'daybook', '--help'), capture_output=True, text=True, check=True)
    assert set(IDS) <= set(run.stdout.split())
    told = dict(line.split(None, 1) for line in run.stdout.partition('ids:\n')[2].partition('\n\n')[0].splitlines())
    assert told['archive'].startswith('move the notes that are older') and told['claim-session'].startswith('reserve the id')
    assert not [line for line in told.values() if '"""' in line or len(line) < 20 or line.endswith('.')], told


@pytest.mark.parametrize('words, code, message', [
    ((), 2, 'usage: daybook'),
    (('no-such-hook',), 2, 'unknown id'),
    (('validate-frontmater',), 2, 'did you mean `validate-frontmatter`?'),
    (('session-state',), 2, 'unknown id'),
    (('__init__',), 2, 'unknown id'),
    (('../evil',), 2, 'unknown id'),
    (('--version',), 0, 'daybook 0.'),
])
def test_dispatcher_answers(words: tuple[str, ...], code: int, message: str) -> None:
    run = subprocess.run((sys.executable, '-m', 'daybook', *words), capture_output=True, text=True)
    assert (run.returncode, message in run.stdout + run.stderr) == (code, True), run


def test_a_trace_is_kept_for_what_nobody_expected(tmp_path: object) -> None:
    program = ('import daybook.__main__ as m\n'
               'def broken(argv): raise ZeroDivisionError("boom")\n'
               'm._run = broken\nraise SystemExit(m.main(["x"]))')
    run = subprocess.run((sys.executable, '-c', program), capture_output=True, text=True)
    assert run.returncode == 3
    assert 'unexpected ZeroDivisionError: boom' in run.stderr
    path = re.search(r'the trace is in (\S+);', run.stderr)
    assert path and 'ZeroDivisionError: boom' in open(path[1], encoding='utf-8').read()


def test_packages_are_the_folders() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / 'setup.cfg')
    named = set(config['options']['packages'].split())
    folders = {'.'.join(p.parent.relative_to(ROOT / 'src').parts) for p in (ROOT / 'src').rglob('__init__.py')}
    assert named == folders | {'daybook.hooks', 'daybook.schemas'}


def test_both_commands_are_installed() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / 'setup.cfg')
    scripts = dict(line.split(' = ') for line in config['options.entry_points']['console_scripts'].split('\n') if line)
    assert scripts == {'daybook': 'daybook.__main__:main', 'git-daybook': 'daybook.__main__:main'}
