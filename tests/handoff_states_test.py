"""Hand-off in every state of a repository, by every way to run it: bystanders stay, refusals write nothing."""
from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import handoffs
import pytest
from conftest import Sandbox
from conftest import make_sandbox
from handoffs import DRAFT
from handoffs import TARGETS
from handoffs import TEXT
from handoffs import Ended


class Installed(NamedTuple):
    """Where the runners find the plug-in."""

    path: str
    rev: str


def _config(path: str, rev: str, *lines: str) -> str:
    return '\n'.join([f'repos:\n- repo: {path}\n  rev: {rev}\n  hooks:\n  - id: handoff', *lines, ''])


@pytest.fixture(scope='session')
def installed(plugin: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The current tree, installed by pre-commit and by prek, as whatever else uses them has it."""
    sample = make_sandbox(tmp_path_factory.mktemp('sample'))
    sample.write('.pre-commit-config.yaml', _config(*plugin))
    sample.commit()
    for runner in ('pre-commit', 'prek'):
        subprocess.run((handoffs.BIN / runner, 'install-hooks'), cwd=sample.root, check=True)
    return Installed(*plugin)


@pytest.fixture(scope='session')
def template(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that uses the plug-in."""
    return handoffs.make_template(tmp_path_factory.mktemp('template'), _config(installed.path, installed.rev))


@pytest.fixture
def sandbox(template: Path, tmp_path: Path) -> Sandbox:
    """A copy of the template with a draft that waits."""
    return handoffs.copy_of(template, tmp_path / 'copy')


def _append(sandbox: Sandbox, path: str, text: str = 'mine\n') -> None:
    sandbox.write(path, sandbox.read(path) + text)


def _replace(sandbox: Sandbox, path: str, old: str, new: str) -> None:
    assert old in sandbox.read(path)
    sandbox.write(path, sandbox.read(path).replace(old, new, 1))


def _partly_staged(sandbox: Sandbox) -> None:
    _append(sandbox, 'other.md')
    sandbox.git('add', 'other.md')
    _append(sandbox, 'other.md', 'more\n')


def _intent_to_add(sandbox: Sandbox) -> None:
    sandbox.write('wip.md', 'wip\n')
    sandbox.git('add', '-N', 'wip.md')


def _staged_target(sandbox: Sandbox) -> None:
    _append(sandbox, 'workstreams/ws-a.md', '\nmine, staged\n')
    sandbox.git('add', 'workstreams/ws-a.md')


def _mixed_target(sandbox: Sandbox) -> None:
    _staged_target(sandbox)
    _append(sandbox, 'workstreams/ws-a.md', 'and not staged\n')


def _stash(sandbox: Sandbox) -> None:
    _append(sandbox, 'third.md')
    sandbox.git('stash', '-q')


def _foreign_note(sandbox: Sandbox) -> None:
    sandbox.write('docs/sessions/RT-260101-77.md', '# somebody wrote this\n')
    sandbox.write(DRAFT, TEXT.replace('---\n', '---\nid: RT-260101-77\n', 1))


def _untracked_index(sandbox: Sandbox) -> None:
    sandbox.git('rm', '-q', '--cached', 'docs/sessions/INDEX.md')
    sandbox.git('commit', '-q', '-m', 'no index')
    sandbox.git('push', '-q')


def _staged_deletion(sandbox: Sandbox) -> None:
    sandbox.git('rm', '-q', 'third.md')


# name, what is done before, the reason of the refusal (none: it is handed off)
_STATES: list[tuple[str, Callable[[Sandbox], object], str]] = [
    ('clean', lambda s: None, ''),
    ('other dirty', lambda s: _append(s, 'other.md'), ''),
    ('other deleted', lambda s: (s.root / 'other.md').unlink(), ''),
    ('intent to add', _intent_to_add, ''),
    ('untracked', lambda s: s.write('docs/sessions/wip.md', 'wip\n'), ''),
    ('staged other', lambda s: (_append(s, 'other.md'), s.git('add', 'other.md')), ''),
    ('partly staged other', _partly_staged, ''),
    ('staged new', lambda s: (s.write('new.md', 'new\n'), s.git('add', 'new.md')), ''),
    ('staged deletion', _staged_deletion, ''),
    ('stash in the list', _stash, ''),
    ('staged target', _staged_target, ''),
    ('target dirty far', lambda s: _append(s, 'workstreams/ws-a.md'), 'dirty-target'),
    ('target dirty near', lambda s: _replace(s, 'workstreams/ws-a.md', 'x\n\n## Session', 'y\n\n## Session'), 'dirty-target'),
    ('target dirty there', lambda s: _replace(s, 'workstreams/ws-a.md', ': Old\n', ': Old, mine\n'), 'dirty-target'),
    ('target deleted', lambda s: (s.root / 'workstreams/ws-a.md').unlink(), 'dirty-target'),
    ('staged and unstaged target', _mixed_target, 'dirty-target'),
    ('index file dirty', lambda s: _append(s, 'docs/sessions/INDEX.md'), 'dirty-target'),
    ('index file untracked', _untracked_index, 'untracked-target'),
    ('file at the place of the note', _foreign_note, 'note-exists'),
]

_CALL = ('run', '--hook-stage', 'manual', 'handoff')
_RUNNERS: dict[str, tuple[str, ...]] = {
    'pre-commit': ('pre-commit', *_CALL),
    'pre-commit --all-files': ('pre-commit', *_CALL, '--all-files'),
    'pre-commit --files': ('pre-commit', *_CALL, '--files', DRAFT),
    'prek': ('prek', *_CALL),
    'prek --files': ('prek', *_CALL, '--files', DRAFT),
    'by hand': ('daybook', 'handoff'),
}


def _run(sandbox: Sandbox, runner: str) -> Ended:
    command = _RUNNERS[runner]
    run = subprocess.run((handoffs.BIN / command[0], *command[1:]), cwd=sandbox.root, capture_output=True, text=True)
    return handoffs.ended(run)


def _check_done(sandbox: Sandbox, ended: Ended, before: dict[str, object]) -> None:
    assert ended.code == 0, ended.out
    commit, note = ended.field('commit'), f'docs/sessions/{ended.field("id")}.md'
    assert sandbox.git('rev-parse', 'HEAD') == commit
    assert ended.field('pushed') == 'yes'
    assert sandbox.git('--git-dir=../remote.git', 'rev-parse', 'main') == commit
    changed = sandbox.git('diff-tree', '--no-commit-id', '--name-only', '-r', commit).splitlines()
    assert sorted(changed) == sorted([note, *TARGETS])
    assert all(ended.field('id') in sandbox.read(path) for path in TARGETS)
    assert sandbox.git('status', '--porcelain', '--', *changed) == ''
    assert not (sandbox.root / DRAFT).exists()
    assert handoffs.bystanders(sandbox, {note, *TARGETS}) == before


def _check_refused(sandbox: Sandbox, ended: Ended, reason: str, whole: dict[str, object]) -> None:
    assert ended.code == 1
    assert ended.fields == ('none', 'no', reason), ended.out
    assert 'Nothing was changed.' in ended.out
    assert handoffs.everything(sandbox) == whole


@pytest.mark.parametrize('runner', _RUNNERS)
@pytest.mark.parametrize(('prepare', 'reason'), [state[1:] for state in _STATES], ids=[state[0] for state in _STATES])
def test_every_state_by_every_runner(sandbox: Sandbox, installed: Installed, runner: str,
                                     prepare: Callable[[Sandbox], object], reason: str) -> None:
    prepare(sandbox)
    whole, before = handoffs.everything(sandbox), handoffs.bystanders(sandbox, set(TARGETS))
    ended = _run(sandbox, runner)
    if reason:
        _check_refused(sandbox, ended, reason, whole)
    else:
        _check_done(sandbox, ended, before)


@pytest.mark.parametrize('runner', ['pre-commit', 'prek'])
def test_without_a_draft_a_runner_prints_how_to_write_one(sandbox: Sandbox, installed: Installed, runner: str) -> None:
    (sandbox.root / DRAFT).unlink()
    subprocess.run((handoffs.BIN / runner, 'install'), cwd=sandbox.root, check=True)
    whole = handoffs.everything(sandbox)
    ended = _run(sandbox, runner)
    assert (ended.code, ended.fields) == (0, ('none', 'no', 'no-draft'))
    assert 'daybook claim-session' in ended.out and f'or: {runner} run --hook-stage manual handoff --files DRAFT\n' in ended.out
    assert handoffs.everything(sandbox) == whole


@pytest.mark.parametrize('runner', ['pre-commit', 'prek'])
def test_a_hand_off_inside_a_commit_does_not_loop(sandbox: Sandbox, installed: Installed, runner: str) -> None:
    sandbox.write('.pre-commit-config.yaml', _config(installed.path, installed.rev, '    stages: [pre-commit]'))
    sandbox.commit('override the stages', '.pre-commit-config.yaml')
    subprocess.run((handoffs.BIN / runner, 'install'), cwd=sandbox.root, check=True, capture_output=True)
    whole = handoffs.everything(sandbox)
    ended = handoffs.hand_off(sandbox)
    assert ended.fields == ('none', 'no', 'commit-failed')
    assert 'give the hook `handoff` the stage [manual]' in ended.out
    assert handoffs.but_claims(handoffs.everything(sandbox)) == handoffs.but_claims(whole)


def test_a_nested_run_of_the_users_hooks_leaves_every_bystander(sandbox: Sandbox, installed: Installed) -> None:
    local = '- repo: local\n  hooks:\n  - {id: look, name: look, entry: git diff --quiet, language: system, pass_filenames: false}'
    sandbox.write('.pre-commit-config.yaml', _config(installed.path, installed.rev, local))
    sandbox.commit('a hook of ours', '.pre-commit-config.yaml')
    sandbox.git('push', '-q')
    subprocess.run((handoffs.BIN / 'pre-commit', 'install'), cwd=sandbox.root, check=True, capture_output=True)
    _partly_staged(sandbox)
    _intent_to_add(sandbox)
    before = handoffs.bystanders(sandbox, set(TARGETS))
    _check_done(sandbox, _run(sandbox, 'pre-commit'), before)
