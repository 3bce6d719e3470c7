"""The doctor: green on what `init` and `pre-commit install` made, red for each planted fault, with the line that mends it."""
from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import ROOT
from conftest import Sandbox
from conftest import make_sandbox
from daybook.doctor import defects
from daybook.doctor import hooks_config
from daybook.doctor import remote
from daybook.documents import config
from daybook.documents import frontmatter_yaml
from daybook.repo import git
from daybook.writers import overview_block
from daybook.writers import scaffold_prek
from runs import Runner

BIN = Path(sys.executable).parent
MANIFEST = {hook['id']: hook for hook in frontmatter_yaml.load_yaml((ROOT / '.pre-commit-hooks.yaml').read_bytes())}
RUNNERS = ('pre-commit', 'prek')
ADR = '---\ntitle: A\n---\n\n# A\n\n## Status\n\nAccepted.\n'


def _make(folder: Path, plugin: tuple[str, str], runner: str) -> Path:
    """Make a repository as a team has it after `init` and the install of the runner, and its remote."""
    sandbox = make_sandbox(folder / 'repo')
    sandbox.write('docs/adr/0001-a.md', ADR)
    sandbox.write('plans/a.md', '---\ntitle: A\n---\n')
    sandbox.commit('begin')
    subprocess.run(('git', 'clone', '-q', '--bare', folder / 'repo', folder / 'remote.git'), check=True)
    sandbox.git('remote', 'add', 'origin', '../remote.git')
    run = sandbox.daybook('init', '--repo', plugin[0], '--rev', plugin[1], '--with', 'claude,telemetry-all')
    assert run.returncode == 0, run.stdout + run.stderr
    sandbox.write('.daybook/operators.yaml', 'operators:\n  roman: {name: Roman Tester, initials: RT, emails: [roman@example.com]}\n')
    sandbox.commit('adopt')
    sandbox.git('push', '-q', '-u', 'origin', 'HEAD:main')
    subprocess.run((BIN / runner, 'install'), cwd=sandbox.root, check=True, capture_output=True)
    subprocess.run((BIN / runner, 'run', '--all-files'), cwd=sandbox.root, capture_output=True)  # writes the indexes
    sandbox.commit('indexes')
    sandbox.git('push', '-q', 'origin', 'HEAD:main')
    return folder


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory, own_home: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path_factory.mktemp('runs'))
    yield runner
    runner.close()


@pytest.fixture(scope='module')
def template(tmp_path_factory: pytest.TempPathFactory, plugin: tuple[str, str]) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def of(runner: str) -> Path:
        if runner not in made:
            made[runner] = _make(tmp_path_factory.mktemp(f'doctor-{runner}'), plugin, runner)
        return made[runner]
    return of


class Case:
    """A copy of the healthy repository, with a folder of its own for temporary files."""

    def __init__(self, template: Path, place: Path, server: Runner) -> None:
        self.server = server
        shutil.copytree(template, place, symlinks=True)
        self.sandbox = Sandbox(place / 'repo')
        self.temporary = place / 'tmp'
        self.temporary.mkdir()
        self.environ = {'TMPDIR': str(self.temporary)}

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return self.sandbox.daybook('doctor', *args, env=self.environ)

    def found(self, *args: str) -> tuple[int, list[dict[str, str]]]:
        run = self.server.run(self.sandbox.root, 'doctor', *args, env={**self.environ, 'DAYBOOK_FORMAT': 'json'})
        return run.code, json.loads(run.out)

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.sandbox.read(path)
        assert old in text
        self.sandbox.write(path, text.replace(old, new))

    def append(self, path: str, text: str) -> None:
        self.sandbox.write(path, (self.sandbox.read(path) if (self.sandbox.root / path).exists() else '') + text)

    def hook(self, name: str) -> Path:
        return self.sandbox.root / '.git' / 'hooks' / name

    def shim(self, name: str, text: str) -> None:
        """Put a program before the others on PATH."""
        folder = self.temporary.parent / 'bin'
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f'#!/bin/sh\n{text}\n')
        (folder / name).chmod(0o755)
        self.environ['PATH'] = f'{folder}:{os.environ["PATH"]}'

    def only(self, *programs: str) -> None:
        """Leave no program on PATH but these and what a shell needs."""
        folder = self.temporary.parent / 'bin'
        folder.mkdir()
        for name in (*programs, 'sh', 'env', 'python3'):
            found = shutil.which(name)
            if found:
                (folder / name).symlink_to(found)
        self.environ['PATH'] = str(folder)


@pytest.mark.parametrize('runner', RUNNERS)
def test_a_healthy_installation_is_green(template: Callable[[str], Path], server: Runner, tmp_path: Path, runner: str) -> None:
    case = Case(template(runner), tmp_path / 'case', server)
    code, found = case.found()
    assert (code, {check['name']: check['what'] for check in found if check['level'] != 'ok'}) == (0, {'telemetry-firing': 'no call has been counted yet'})
    assert {f'proof-{name}' for name in ('check-all', 'regen-indexes', 'pre-merge-commit', 'pre-push')} <= {check['name'] for check in found}


def _shape(sandbox: Sandbox) -> dict[str, object]:
    """Return all that a doctor must leave as it was: files, index, refs, work trees, configuration, objects, the remote."""
    return {'files': sandbox.snapshot(), 'status': sandbox.git('status', '--porcelain', '--ignored'), 'index': sandbox.git('ls-files', '-s'),
            'refs': sandbox.git('for-each-ref'), 'head': sandbox.git('rev-parse', 'HEAD'), 'trees': sandbox.git('worktree', 'list'), 'config': sandbox.git('config', '--list', '--local'),
            'stash': sandbox.git('stash', 'list'), 'remote': sandbox.git('ls-remote', 'origin'), 'hooks': sorted(os.listdir(sandbox.root / '.git' / 'hooks'))}


def test_nothing_is_left_behind(template: Callable[[str], Path], server: Runner, tmp_path: Path) -> None:
    case = Case(template('pre-commit'), tmp_path / 'case', server)
    case.sandbox.write('docs/adr/0001-a.md', ADR + '\nedited\n')
    case.sandbox.write('new.txt', 'untracked')
    before = _shape(case.sandbox)
    objects = case.sandbox.git('count-objects', '-v')
    assert case.run('--offline').returncode == 0
    assert (_shape(case.sandbox), case.sandbox.git('count-objects', '-v')) == (before, objects)  # a probe of the remote would add its commit
    assert case.run('--no-proof').returncode == 0
    assert _shape(case.sandbox) == before
    assert list(case.temporary.iterdir()) == []


def test_a_killed_doctor_is_swept_by_the_next(template: Callable[[str], Path], server: Runner, tmp_path: Path) -> None:
    case = Case(template('pre-commit'), tmp_path / 'case', server)
    before = _shape(case.sandbox)
    process = subprocess.Popen((sys.executable, '-m', 'daybook', 'doctor', '--offline'), cwd=case.sandbox.root, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **case.environ}, start_new_session=True)
    assert process.stdout
    while 'proof-check-all' not in process.stdout.readline():  # the clone stands, and the next proof is under way
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert [path.name for path in case.temporary.iterdir() if path.name.startswith('daybook-doctor-')]
    assert _shape(case.sandbox) == before
    alive = case.temporary / 'daybook-doctor-alive'
    alive.mkdir()
    assert case.run('--offline').returncode == 0
    assert [path.name for path in case.temporary.iterdir()] == ['daybook-doctor-alive']  # no lock: not one of ours


def test_a_probe_of_a_killed_run_is_swept_from_the_remote(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('a.md', 'text\n')
    repo.commit()
    subprocess.run(('git', 'init', '-q', '--bare', tmp_path / 'bare.git'), check=True)
    repo.git('remote', 'add', 'origin', str(tmp_path / 'bare.git'))
    old, young = f'doctor-{int(time.time()) - 4000}-0123abcd', f'doctor-{int(time.time())}-0123abcd'
    foreign = {'doctor-²-0123abcd', 'doctor-1', 'doctor-1-x', f'doctor-{"9" * 20}-0123abcd'}
    names = {old, young, *foreign, 'RT-261120-01'}
    repo.git('push', '-q', '--no-verify', 'origin', *(f'HEAD:refs/daybook/claims/{name}' for name in sorted(names)))
    found = list(remote.check(git.find_repo(str(repo.root)), config.from_mapping({}), is_offline=False))
    assert [check.level for check in found] == ['ok'], found
    assert _claims(repo) == names - {old}


class Fault(NamedTuple):
    """What is broken, by whom it must be found, what the mending line must hold, and the options of the run."""

    plant: Callable[[Case], object]
    name: str
    mend: str
    args: tuple[str, ...] = ('--offline', '--no-proof')


_REFUSE = '#!/bin/sh\nwhile read old new ref; do case $ref in refs/daybook/*) echo "no such refs here" >&2; exit 1;; esac; done\n'
_KEEP = '#!/bin/sh\ncase $1$3 in refs/daybook/*0000000000000000000000000000000000000000) exit 1;; esac\n'
_ONLINE = ('--no-proof',)
_PROOF = ('--offline',)


def _remote_hook(case: Case, name: str, text: str) -> None:
    hook = case.sandbox.root.parent / 'remote.git' / 'hooks' / name
    hook.write_text(text)
    hook.chmod(0o755)


def _entry(case: Case, hook_id: str, lines: str) -> None:
    case.edit('.pre-commit-config.yaml', f'      - id: {hook_id}\n', f'      - id: {hook_id}\n{lines}')


FAULTS = {
    'no configuration of hooks': Fault(lambda c: (c.sandbox.root / '.pre-commit-config.yaml').unlink(), 'hooks-config', 'daybook init'),
    'broken configuration of hooks': Fault(lambda c: c.append('.pre-commit-config.yaml', '  ]'), 'hooks-config', 'daybook init'),
    'no hook of ours': Fault(lambda c: c.sandbox.write('.pre-commit-config.yaml', 'repos: []\n'), 'hooks-config', 'daybook init'),
    'a revision that moves': Fault(lambda c: c.sandbox.write('.pre-commit-config.yaml', '\n'.join(
        '    rev: main' if 'rev:' in line else line for line in c.sandbox.read('.pre-commit-config.yaml').split('\n'))), 'hooks-rev', 'pre-commit autoupdate --repo '),
    'stages that no commit reaches': Fault(lambda c: _entry(c, 'check-all', '        stages: [manual]\n'), 'hooks-stages', 'take `stages:` of check-all out'),
    'hook types that are not installed': Fault(lambda c: c.edit('.pre-commit-config.yaml', 'pre-commit, pre-merge-commit, commit-msg, pre-push', 'pre-commit'), 'hook-types', 'default_install_hook_types'),
    'a hook that was taken out': Fault(lambda c: c.hook('pre-push').unlink(), 'hooks-installed', 'pre-commit install -t pre-push'),
    'a hook that is not executable': Fault(lambda c: c.hook('pre-commit').chmod(0o644), 'hooks-installed', 'pre-commit install -t pre-commit'),
    'a hook of somebody else': Fault(lambda c: c.hook('pre-commit').write_text('#!/bin/sh\nmake lint\n'), 'hooks-installed', 'pre-commit install -t pre-commit'),
    'another folder of hooks': Fault(lambda c: c.sandbox.git('config', 'core.hooksPath', '.husky'), 'hooks-path', 'start `daybook check-all` in .husky/pre-commit'),
    'no runner': Fault(lambda c: c.only('git'), 'runner', 'pip install pre-commit'),
    'old runners': Fault(lambda c: (c.shim('pre-commit', 'echo pre-commit 2.20.0'), c.shim('prek', 'exit 1')), 'runner', 'pip install --upgrade pre-commit'),
    'old git': Fault(lambda c: c.shim('git', f'for word; do [ "$word" = --version ] && {{ echo git version 2.30.1; exit 0; }}; done; exec {shutil.which("git")} "$@"'), 'git', 'install git 2.38 or later'),
    'settings that do not fit': Fault(lambda c: c.append('.daybook/config.yaml', 'handof: {}\n'), 'config', 'correct .daybook/config.yaml:'),
    'operators that do not fit': Fault(lambda c: c.sandbox.write('.daybook/operators.yaml', 'operators:\n  roman: {name: R}\n'), 'operators', 'correct .daybook/operators.yaml:2'),
    'an operator whom nobody knows': Fault(lambda c: c.sandbox.write('.daybook/operators.yaml', 'operators:\n  sara: {name: S, initials: SK, emails: [s@example.com]}\n  timo: {name: T, initials: TL, emails: [t@example.com]}\n'),
                                           'operator', 'daybook whoami'),
    'state that could be committed': Fault(lambda c: (c.edit('.gitignore', '.daybook/state/', ''), shutil.rmtree(c.sandbox.root / '.daybook/state', ignore_errors=True)), 'state-ignored', "echo '.daybook/state/' >> .gitignore"),
    'notes that are ignored': Fault(lambda c: c.append('.gitignore', 'docs/sessions/\n'), 'folders-ignored', 'git check-ignore -v docs/sessions/x.md'),
    'settings that are ignored': Fault(lambda c: (c.append('.gitignore', '.daybook/config.yaml\n'), c.sandbox.git('rm', '-q', '--cached', '.daybook/config.yaml')), 'config-ignored', 'git check-ignore -v'),
    'indexes that conflict': Fault(lambda c: c.sandbox.write('.gitattributes', ''), 'merge', "merge=union' >> .gitattributes"),
    'an overview that conflicts': Fault(lambda c: c.append('.daybook/config.yaml', 'indexes: {overview: OVERVIEW.md}\n'), 'merge',
                                        "echo '/OVERVIEW.md merge=union' >> .gitattributes"),
    'an overview of people merged by union': Fault(
        lambda c: (c.append('.daybook/config.yaml', 'indexes: {overview: docs/O.md}\n'), c.append('.gitattributes', 'docs/O.md merge=union\n'),
                   c.sandbox.write('docs/O.md', f'# O\n\n{overview_block.BEGIN}\n{overview_block.END}\n')),
        'merge-authored', 'take docs/O.md out of .gitattributes'),
    'authored documents merged by union': Fault(lambda c: c.append('.gitattributes', '*.md merge=union\n'), 'merge-authored', 'INDEX.md merge=union'),
    'a file where our folder in git belongs': Fault(lambda c: (shutil.rmtree(c.sandbox.root / '.git/daybook', ignore_errors=True), c.sandbox.write('.git/daybook', 'x')), 'catalogue', 'mv '),
    'a hand-off that was killed': Fault(lambda c: c.sandbox.write('.git/daybook/handoff.json', '{}'), 'journal', 'daybook handoff'),
    'a lock that a killed git has left': Fault(lambda c: c.sandbox.write('.git/index.lock', ''), 'index-lock', '/.git/index.lock.old'),
    'a renumbering that was killed': Fault(lambda c: c.sandbox.write('.git/daybook/renumber.json', '{}'), 'renumber', 'daybook renumber OLD NEW'),
    'telemetry that is not registered': Fault(lambda c: c.sandbox.write('.claude/settings.json', '{}\n'), 'telemetry', 'daybook init --with telemetry-all'),
    'failures that are not registered': Fault(lambda c: c.edit('.claude/settings.json', 'PostToolUseFailure', 'Stop'), 'telemetry', 'daybook init --with telemetry-all'),
    'settings of the agent that are broken': Fault(lambda c: c.append('.claude/settings.json', '}'), 'telemetry', 'correct .claude/settings.json'),
    'a script that is not there': Fault(lambda c: (c.sandbox.root / '.claude/hooks/session_state.py').unlink(), 'telemetry', 'daybook init --with'),
    'a script that was edited': Fault(lambda c: c.append('.claude/hooks/session_state.py', '# mine\n'), 'telemetry-script', 'daybook init --upgrade'),
    'no python3 for the agent': Fault(lambda c: c.shim('python3', 'exit 127'), 'telemetry-script', 'python3 --version'),
    'a remote that refuses claims': Fault(lambda c: _remote_hook(c, 'pre-receive', _REFUSE), 'remote', 'allow the creation of refs/daybook/claims/* on origin', _ONLINE),
    'a remote that keeps claims': Fault(lambda c: _remote_hook(c, 'update', _KEEP), 'remote', 'allow the deletion of refs/daybook/claims/doctor-', _ONLINE),
    'a remote that is gone': Fault(lambda c: shutil.rmtree(c.sandbox.root.parent / 'remote.git'), 'remote', 'claims: {remote: off}', _ONLINE),
    'an arbiter that is no remote': Fault(lambda c: c.append('.daybook/config.yaml', 'claims: {remote: upstream}\n'), 'remote', 'name one of `git remote`', _ONLINE),
}
# a hook that is there and refuses nothing: only the proof sees it
UNPROVEN = {
    'a hook of another command': Fault(lambda c: _entry(c, 'check-all', "        entry: 'true'\n"), 'proof-check-all', 'pre-commit run check-all --all-files --verbose', _PROOF),
    'a hook that no file starts': Fault(lambda c: _entry(c, 'regen-indexes', '        always_run: false\n        files: ^nowhere$\n'), 'proof-regen-indexes', 'pre-commit run regen-indexes', _PROOF),
    'a hook that cannot start': Fault(lambda c: _entry(c, 'check-all', '        entry: no-such-program-anywhere\n'), 'proof-check-all', 'pre-commit run check-all', _PROOF),
    'a script that ends early': Fault(lambda c: c.hook('pre-commit').write_text('#!/bin/sh\nexit 0\n# pre-commit\n'), 'proof-check-all', 'pre-commit run check-all', _PROOF),
    'a push that nobody looks at': Fault(lambda c: c.hook('pre-push').write_text('#!/bin/sh\nexit 0\n# pre-commit\n'), 'proof-pre-push', 'pre-commit install -t pre-push', _PROOF),
    'a merge that nobody looks at': Fault(lambda c: c.hook('pre-merge-commit').write_text('#!/bin/sh\nexit 0\n# pre-commit\n'), 'proof-pre-merge-commit', 'pre-commit install -t pre-merge-commit', _PROOF),
}


def _require_red(case: Case, fault: Fault, runner: str = 'pre-commit') -> None:
    fault.plant(case)
    code, found = case.found(*fault.args)
    failed = {check['name']: check for check in found if check['level'] == 'fail'}
    assert code == 1 and fault.name in failed, found
    assert re.sub('^pre-commit(?= )', runner, fault.mend) in failed[fault.name]['mend'], failed
    assert len(failed) <= 2, failed  # one fault is told once, or with what follows from it


@pytest.mark.parametrize('title', FAULTS)
def test_red_for_a_planted_fault(template: Callable[[str], Path], server: Runner, tmp_path: Path, title: str) -> None:
    _require_red(Case(template('pre-commit'), tmp_path / 'case', server), FAULTS[title])


_UNDER = [(title, runner) for title in UNPROVEN for runner in RUNNERS if runner == 'prek' or title in ('a hook of another command', 'a script that ends early')]


@pytest.mark.parametrize(('title', 'runner'), _UNDER)
def test_red_for_a_hook_that_refuses_nothing(template: Callable[[str], Path], server: Runner, tmp_path: Path, title: str, runner: str) -> None:
    _require_red(Case(template(runner), tmp_path / 'case', server), UNPROVEN[title], runner)


@pytest.mark.parametrize('title', ['a hook that was taken out', 'a hook of somebody else'])
def test_red_under_prek_too(template: Callable[[str], Path], server: Runner, tmp_path: Path, title: str) -> None:
    _require_red(Case(template('prek'), tmp_path / 'case', server), FAULTS[title], 'prek')


def test_the_configuration_that_prek_reads_is_the_installation(template: Callable[[str], Path], server: Runner, tmp_path: Path) -> None:
    case = Case(template('prek'), tmp_path / 'case', server)
    installed, _ = hooks_config.read(git.find_repo(str(case.sandbox.root)), list(MANIFEST))
    assert installed is not None
    entry = scaffold_prek.entry(b'', installed.source, installed.rev, list(installed.ours))
    case.sandbox.write('prek.toml', installed._replace(path='prek.toml').types_line + f'\n{entry}')
    (case.sandbox.root / '.pre-commit-config.yaml').unlink()
    code, found = case.found('--offline')
    assert (code, [check for check in found if check['level'] == 'fail']) == (0, []), found
    assert 'proof-check-all' in {check['name'] for check in found}
    case.edit('prek.toml', 'default_install_hook_types', 'default_stages = ["pre-commit"]\n# default_install_hook_types')
    case.hook('pre-push').unlink()
    told = next(check for check in case.found('--offline', '--no-proof')[1] if check['name'] == 'hook-types')
    assert 'write `default_install_hook_types = ["pre-commit", "pre-merge-commit", ' in told['mend'] and 'into prek.toml, then: prek install' in told['mend']


def test_a_configuration_of_before_need_not_name_hook_types(template: Callable[[str], Path], server: Runner, tmp_path: Path) -> None:
    case = Case(template('pre-commit'), tmp_path / 'case', server)
    lines = case.sandbox.read('.pre-commit-config.yaml').splitlines(keepends=True)
    case.sandbox.write('.pre-commit-config.yaml', ''.join(line for line in lines if not line.startswith('default_install')))
    code, found = case.found('--offline', '--no-proof')
    told = next(check for check in found if check['name'] == 'hook-types')
    assert (code, told['level']) == (0, 'warn'), found
    assert told['mend'] == 'tell the others: pre-commit install -t pre-commit -t pre-merge-commit -t pre-push'
    case.hook('pre-push').unlink()
    code, found = case.found('--offline', '--no-proof')
    assert code == 1 and {check['name'] for check in found if check['level'] == 'fail'} == {'hook-types', 'hooks-installed'}


def test_in_the_time_of_grace_the_other_defects_prove_the_hook(template: Callable[[str], Path], server: Runner, tmp_path: Path) -> None:
    case = Case(template('prek'), tmp_path / 'case', server)
    case.append('.daybook/config.yaml', '\nvalidate:\n  block_from: "2999-01-01"\n')
    code, found = case.found('--offline')
    proof = next(check for check in found if check['name'] == 'proof-check-all')
    assert (code, proof['level']) == (0, 'ok'), found
    assert proof['what'].endswith('planted defects; frontmatter only warns until 2999-01-01')
    assert {'proof-pre-merge-commit', 'proof-pre-push'} <= {check['name'] for check in found if check['level'] == 'ok'}
    _entry(case, 'check-all', "        entry: 'true'\n")
    code, found = case.found('--offline')
    failed = [check['what'] for check in found if check['level'] == 'fail']
    assert code == 1 and failed[0].startswith('check-all let a planted dead link pass'), failed


def test_at_least_fifteen_faults() -> None:
    assert len({fault.name for fault in (*FAULTS.values(), *UNPROVEN.values())}) >= 15


def test_every_hook_of_a_commit_has_a_defect() -> None:
    at_commit = {name for name, hook in MANIFEST.items() if hook['stages'] != ['manual']}
    assert at_commit == {*defects.PLANTS, *defects.WITHOUT}
    assert {name for name, hook in MANIFEST.items() if hook['stages'] == ['manual']} == set(hooks_config._MANUAL)


def test_stages_are_those_of_the_manifest() -> None:
    listed = ''.join(f'  - id: {name}\n' for name in MANIFEST)
    installed, _ = hooks_config.parse('.pre-commit-config.yaml', f'repos:\n- repo: x\n  rev: v1\n  hooks:\n{listed}'.encode(), list(MANIFEST))
    assert installed and {name: list(stages) for name, stages in installed.ours.items()} == {name: hook['stages'] for name, hook in MANIFEST.items()}


@pytest.mark.parametrize('hook_id', defects.PLANTS)
def test_a_defect_keeps_to_the_settings(hook_id: str) -> None:
    settings = config.from_mapping({'kinds': {'session': {'paths': ['notes/*.md']}, 'adr': {'paths': ['adr/[0-9]*.md']}}, 'indexes': {'when': 'never'}, 'invariants': []})
    for plant in defects.PLANTS[hook_id]:
        found = plant(settings, 'planted')
        assert found is None or all(config.kind_of(settings, path) or path == 'planted.md' for path in found.files)


def test_rules_that_are_not_there_are_not_told_of() -> None:
    settings = config.from_mapping({'cochange': [{'name': 'a', 'when': ['a'], 'then': ['b']}]})
    assert defects.without(settings, 'check-cochange') == 'its rules name files of yours, which a proof must not change'
    assert defects.without(config.DEFAULTS, 'check-cochange') == 'there are no rules: `cochange` is not in the settings'


def test_line_ends_of_a_checkout_are_no_other_version(repo: Sandbox) -> None:
    repo.daybook('init', '--with', 'telemetry-all,claude')
    path = repo.root / '.claude/hooks/session_state.py'
    path.write_bytes(path.read_bytes().replace(b'\n', b'\r\n'))
    said = repo.daybook('doctor', '--no-proof', '--offline').stdout
    assert 'ok    telemetry-script: .claude/hooks/session_state.py counts\n' in said, said
    path.write_bytes(path.read_bytes() + b'# mine\r\n')
    assert 'is not the one of this version' in repo.daybook('doctor', '--no-proof', '--offline').stdout


def test_text_is_one_line_for_each_check(template: Callable[[str], Path], server: Runner, tmp_path: Path) -> None:
    case = Case(template('pre-commit'), tmp_path / 'case', server)
    case.hook('pre-push').unlink()
    run = case.run('--offline', '--no-proof')
    lines = run.stdout.splitlines()
    assert run.returncode == 1 and all(line[:6] in ('ok    ', 'warn  ', 'fail  ') for line in lines)
    assert 'fail  hooks-installed: pre-push is not installed -> pre-commit install -t pre-push' in lines


def test_a_repository_without_a_commit(repo: Sandbox) -> None:
    run = repo.daybook('doctor', '--offline')
    assert run.returncode == 1 and 'Traceback' not in run.stderr
    assert 'fail  hooks-config: .pre-commit-config.yaml cannot be used: there is none -> daybook init' in run.stdout


@pytest.mark.parametrize(('path', 'content', 'runner'), [
    ('lefthook.yml', 'pre-commit:\n  commands:\n    a:\n      run: make\n', 'lefthook'), ('.husky/pre-commit', 'npm test\n', 'husky')])
def test_beside_another_runner_its_file_is_the_installation(repo: Sandbox, path: str, content: str, runner: str) -> None:
    repo.write(path, content)
    repo.commit()
    before = repo.daybook('doctor', '--offline')
    assert before.returncode == 1 and f'fail  hooks-config: {path} does not start `daybook check-all` -> daybook init' in before.stdout
    assert repo.daybook('init').returncode == 0
    repo.commit('adopt')
    run = repo.daybook('doctor', '--offline')
    assert run.returncode == 0 and 'fail' not in run.stdout, run.stdout
    assert f'ok    hooks-config: {runner}: {path} starts `daybook check-all`' in run.stdout
    assert 'warn  hooks-installed: ' in run.stdout and f'warn  proof: what {runner} starts is not proven' in run.stdout
    if runner == 'husky':
        repo.git('config', 'core.hooksPath', '.husky')
    else:
        (repo.root / '.git/hooks').mkdir(exist_ok=True)
        (repo.root / '.git/hooks/pre-commit').write_text('#!/bin/sh\nlefthook run pre-commit\n')
    assert f'ok    hooks-installed: pre-commit, by {runner}' in repo.daybook('doctor', '--offline').stdout


def test_rules_that_no_commit_reads_are_told(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'cochange: [{name: ports, when: [a/**], then: [b.md]}]\n')
    hooks = repo.write('.pre-commit-config.yaml', 'repos:\n- repo: https://e.example/d\n  rev: v1\n  hooks:\n  - id: check-all\n')
    repo.commit()
    assert 'warn  hooks-cochange: the rules under `cochange` are judged at a push only' in repo.daybook('doctor', '--offline', '--no-proof').stdout
    hooks.write_text(hooks.read_text() + '  - id: check-cochange\n')
    assert 'hooks-cochange' not in repo.daybook('doctor', '--offline', '--no-proof').stdout


YAML = 'repos:\n- repo: https://e.example/d\n  rev: v1\n  hooks:\n  - id: check-all\n'
TOML = '[[repos]]\nrepo = "https://e.example/d"\nrev = "v1"\nhooks = [{ id = "check-all" }]\n'


@pytest.mark.parametrize(('configs', 'told'), [
    ({'.pre-commit-config.yaml': YAML, 'prek.toml': TOML}, ''),
    ({'.pre-commit-config.yaml': YAML, '.pre-commit-config.yml': YAML.replace('v1', 'v2')}, ''),  # which nobody reads
    ({'.pre-commit-config.yml': YAML, 'prek.toml': TOML.replace('v1', 'v2')}, ''),
    ({'.pre-commit-config.yaml': YAML, 'prek.toml': TOML.replace('v1', 'v2')},
     'fail  hooks-twice: pre-commit reads .pre-commit-config.yaml with our hooks at v1, prek reads prek.toml with them at v2'
     ' -> name one `rev` in both\n'),
    ({'.pre-commit-config.yaml': YAML.replace('check-all', 'audit-links'), 'prek.toml': TOML},
     'warn  hooks-twice: check-all is not in .pre-commit-config.yaml, which pre-commit reads; audit-links is not in prek.toml, which prek reads\n'),
    ({'.pre-commit-config.yaml': YAML, 'prek.toml': '[[repos]]\nrepo = "builtin"\nhooks = [{ id = "check-toml" }]\n'},
     'warn  hooks-twice: prek reads prek.toml, and that names no hook of ours -> daybook init\n'),
    ({'.pre-commit-config.yaml': YAML, 'prek.toml': '[[repos'}, 'fail  hooks-twice: prek reads prek.toml, and that cannot be used: not valid TOML'),
], ids=['one revision', 'one that nobody reads', 'prek alone', 'two revisions', 'other hooks', 'none of ours', 'broken'])
@pytest.mark.parametrize('runner', RUNNERS)
def test_two_configurations_have_one_revision(repo: Sandbox, tmp_path: Path, configs: dict[str, str], told: str, runner: str) -> None:
    for path, text in configs.items():
        repo.write(path, text)
    repo.commit()
    repo.write('.git/hooks/pre-commit', f'#!/bin/sh\n# File generated by {runner}\n').chmod(0o755)
    shims = tmp_path / 'bin'
    shims.mkdir()
    for name in RUNNERS:
        (shims / name).write_text('#!/bin/sh\necho $0 9.9.9\n')
        (shims / name).chmod(0o755)
    out = repo.daybook('doctor', '--offline', '--no-proof', env={'PATH': f'{shims}{os.pathsep}{os.environ["PATH"]}'}).stdout
    is_broken_first = told.endswith('TOML') and runner == 'prek'  # then there is nothing to compare with
    assert (told in out and bool(told) is ('hooks-twice' in out)) if not is_broken_first else 'fail  hooks-config: prek.toml cannot be used' in out, out


def test_hooks_switched_off_by_a_path_to_nowhere(repo: Sandbox) -> None:
    repo.write('docs/sessions/a.md', '---\ntitle: A\noperator: roman\n---\n')
    repo.commit()
    repo.git('config', 'core.hooksPath', os.devnull)
    assert f'fail  hooks-path: core.hooksPath is {os.devnull}, which is no folder: git runs no hook here -> see where it is set' in repo.daybook('doctor', '--offline').stdout


def test_scripts_of_their_own_are_an_installation(repo: Sandbox) -> None:
    script = repo.write('.githooks/pre-commit', '#!/bin/sh\nmake\n')
    repo.git('config', 'core.hooksPath', '.githooks')
    repo.commit()
    out = repo.daybook('doctor', '--offline').stdout
    mend = 'start `daybook check-all` in .githooks/pre-commit'
    assert f'fail  hooks-config: .githooks/pre-commit does not start `daybook check-all` -> {mend}' in out and '-> daybook init\n' not in out
    repo.write('.githooks/pre-commit', '#!/bin/sh\nmake && daybook check-all\n')
    assert 'warn  hooks-installed: git does not start core.hooksPath in this clone -> make it executable' in repo.daybook('doctor', '--offline').stdout
    script.chmod(0o755)
    out = repo.daybook('doctor', '--offline').stdout
    assert 'ok    hooks-config: core.hooksPath: .githooks/pre-commit starts `daybook check-all`' in out
    assert 'ok    hooks-installed: pre-commit, by core.hooksPath' in out


@pytest.mark.parametrize(('user', 'project', 'is_counted'), [
    ({}, {}, False), ({'daybook@daybook': True}, {}, True), ({'other@x': True}, {}, False),
    ({'daybook@daybook': True}, {'daybook@daybook': False}, False), ({}, {'daybook@our-fork': True}, True)])
def test_telemetry_of_the_plug_in_is_seen(repo: Sandbox, tmp_path: Path, user: dict[str, bool], project: dict[str, bool], is_counted: bool) -> None:
    (tmp_path / 'home').mkdir()
    (tmp_path / 'home/settings.json').write_text(json.dumps({'enabledPlugins': user}))
    repo.write('.claude/settings.json', json.dumps({'enabledPlugins': project}))
    out = repo.daybook('doctor', '--offline', '--no-proof', env={'CLAUDE_CONFIG_DIR': str(tmp_path / 'home')}).stdout
    assert ('ok    telemetry: Claude Code: by the plug-in, enabled in ' in out) is is_counted
    assert ('warn  telemetry: none' in out) is not is_counted and ('telemetry-firing' in out) is is_counted


def _claims(sandbox: Sandbox) -> set[str]:
    return {line.rsplit('/', 1)[-1] for line in sandbox.git('ls-remote', 'origin', 'refs/daybook/*').splitlines()}


def test_prune_takes_only_what_has_done_its_work(template: Callable[[str], Path], server: Runner, tmp_path: Path) -> None:
    case = Case(template('pre-commit'), tmp_path / 'case', server)
    sandbox = case.sandbox
    base = sandbox.git('rev-parse', 'HEAD')
    ids = {'RT-250101-01': True, 'RT-250101-02': False, 'RT-990101-01': True, 'RT-250101-03abc': True, 'doctor-1-0123abcd': False}
    for name, is_noted in ids.items():
        sandbox.git('push', '-q', '--no-verify', 'origin', f'{base}:refs/daybook/claims/{name}')
        if is_noted:
            sandbox.write(f'docs/sessions/{name}.md', f'---\ntitle: T\nid: {name}\n---\n')
        record = {'id': name, 'operator': 'roman', 'kind': 'arbitrated', 'state': 'done' if is_noted else 'open', 'created': '2025-01-01T00:00:00Z', 'worktree': str(sandbox.root)}
        if name.startswith('RT'):
            sandbox.write(f'.git/daybook/claims/{name.removesuffix("abc")}.json', json.dumps(record))
    sandbox.write('docs/sessions/RT-250101-02.md', 'only here, not on the default branch\n')
    sandbox.commit('notes', *(f'docs/sessions/{name}.md' for name, is_noted in ids.items() if is_noted))
    code, found = case.found('--no-proof')
    assert next(check for check in found if check['name'] == 'claims')['what'] == 'none has done its work'  # nothing is pushed yet
    sandbox.git('push', '-q', '--no-verify', 'origin', 'HEAD:main')
    code, found = case.found('--no-proof')
    told = next(check for check in found if check['name'] == 'claims')
    assert (code, told['level'], told['mend']) == (0, 'warn', 'daybook doctor --prune') and 'RT-250101-01' in told['what']
    assert 'RT-250101-01' in _claims(sandbox)
    run = case.run('--no-proof', '--prune')
    assert run.returncode == 0 and 'pruned RT-250101-01, RT-250101-03' in run.stdout, run.stdout
    assert _claims(sandbox) == {'RT-250101-02', 'RT-990101-01'}  # the probe of a killed doctor is swept, too
    assert sorted(os.listdir(sandbox.root / '.git/daybook/claims')) == ['.lock', 'RT-250101-02.json', 'RT-990101-01.json']


def test_prune_deletes_a_ref_only_as_it_was_seen(template: Callable[[str], Path], server: Runner, tmp_path: Path) -> None:
    from daybook.repo import git
    from daybook.session import arbiter

    case = Case(template('pre-commit'), tmp_path / 'case', server)
    base = case.sandbox.git('rev-parse', 'HEAD')
    case.sandbox.git('push', '-q', '--no-verify', 'origin', f'{base}:refs/daybook/claims/RT-250101-01')
    repo = git.find_repo(str(case.sandbox.root))
    other = case.sandbox.git('rev-parse', 'HEAD~1')
    assert arbiter.withdraw(repo, config.DEFAULTS, 'origin', {'RT-250101-01': other})
    assert _claims(case.sandbox) == {'RT-250101-01'}
