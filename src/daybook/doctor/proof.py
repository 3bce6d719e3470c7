"""The proof: in a throw-away clone each hook is shown a defect by a real commit, merge and push, and must refuse it."""
from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from daybook.doctor import defects
from daybook.doctor.check import Check
from daybook.doctor.check import fail
from daybook.doctor.check import ok
from daybook.doctor.check import warn
from daybook.doctor.defects import Defect
from daybook.doctor.hooks_config import Installed
from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import hook_runner
from daybook.repo.git import Repo

_PREFIX = 'daybook-doctor-'
_SECONDS = 600.0  # a runner may have to make the environment of a hook first
_CONFIGS = (*hook_runner.CONFIGS['prek'], config.PATH, config.OPERATORS_PATH, '.daybook/links-baseline.txt', '.gitattributes', '.gitignore')
_WHO = {f'GIT_{role}_{key}': value for role in ('AUTHOR', 'COMMITTER')
        for key, value in (('NAME', 'doctor'), ('EMAIL', 'doctor@daybook.invalid'))}


class Place(NamedTuple):
    """The throw-away clone: its work tree, the folder of the hooks that the user's git runs, the commit it starts from."""

    root: str
    hooks: str
    base: str


def sweep() -> None:
    """Remove what a doctor that was killed has left in the folder of temporary files."""
    for entry in os.scandir(tempfile.gettempdir()):
        if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False) and os.path.exists(os.path.join(entry.path, 'lock')):
            with contextlib.suppress(OSError), files.exclusive_lock(os.path.join(entry.path, 'lock'), 0) as is_nobodys:
                if is_nobodys:
                    shutil.rmtree(entry.path, ignore_errors=True)


def _run(place: Place, *args: str, skip: Sequence[str] = (), hooks: bool = False) -> git.Result:
    # the settings of the user that could ask, sign or start other programs have no say here
    own = ['-c', f'core.hooksPath={place.hooks if hooks else os.devnull}', '-c', 'commit.gpgSign=false', '-c', 'core.fsmonitor=false',
           '-c', 'gc.auto=0', '-c', 'core.autocrlf=false']
    env = git.clean_env({**_WHO, 'GIT_LFS_SKIP_SMUDGE': '1', 'SKIP': ','.join(skip), 'DAYBOOK_FORMAT': 'text', 'GITHUB_ACTIONS': ''})
    return git.git(*own, *args, cwd=place.root, env=env, timeout=_SECONDS)


def _expect(place: Place, *args: str) -> git.Result:
    result = _run(place, *args)
    if not result.is_ok:
        raise FatalError(f'git {args[0]} failed in a throw-away clone: {result.err.strip() or "it took too long"}')
    return result


def _clone(repo: Repo, root: str) -> Place:
    """Make a clone that shares the objects of `repo`, with its files of settings as they stand in the work tree."""
    place = Place(root, hook_runner.folder(repo), '')
    head = git_refs.resolve(repo, 'HEAD')
    git.expect('clone', '--quiet', '--shared', '--no-checkout', '--', repo.common_dir, root, cwd=repo.root, env=git.clean_env())
    if head:
        _expect(place, 'checkout', '--quiet', '--detach', head)
    for path in _CONFIGS:
        data = files.read_bytes(os.path.join(repo.root, path))
        target = os.path.join(root, path)
        if data is None and os.path.isfile(target):
            os.unlink(target)
        elif data is not None and not os.path.islink(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            files.write_atomic(target, data)
        _run(place, 'add', '--force', '--all', '--', path)
    _expect(place, 'commit', '--quiet', '--no-verify', '--allow-empty', '-m', 'what the doctor starts from')
    return place._replace(base=_expect(place, 'rev-parse', 'HEAD').text)


@contextlib.contextmanager
def _throw_away(repo: Repo) -> Iterator[Place]:
    sweep()
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        with files.exclusive_lock(os.path.join(folder, 'lock'), 0):
            yield _clone(repo, os.path.join(folder, os.path.basename(repo.root)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reset(place: Place) -> None:
    _expect(place, 'checkout', '--quiet', '--force', '--detach', place.base)
    _expect(place, 'reset', '--quiet', '--hard', place.base)
    _expect(place, 'clean', '-ffdxq')


def _plant(place: Place, planted: Mapping[str, bytes]) -> None:
    _reset(place)
    for path, data in planted.items():
        target = files.inside(place.root, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        files.write_atomic(target, data)
    _expect(place, 'add', '--force', '--', *git.pathspec(planted))


def _verdict(result: git.Result, defect: Defect) -> str:
    """Return why a run was no refusal of the defect; empty when it was one."""
    said = f'{result.text}\n{result.err}'
    if result.is_ok:
        return f'let {defect.what} pass'
    if result.code is None:
        return f'did not end within {_SECONDS:.0f} seconds'
    if defect.said in said:
        return ''
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f'ended red without a word of {defect.what}: {(lines or ["it said nothing"])[-1]}'


def _hook(place: Place, installed: Installed, settings: Settings, hook_id: str, program: str) -> Iterator[Check]:
    others = [*installed.others, *(other for other in installed.ours if other != hook_id)]
    mend = f'{program} run {hook_id} --all-files --verbose'
    if hook_id not in defects.PLANTS:
        yield warn(f'proof-{hook_id}', defects.without(settings, hook_id))
        return
    today = date.today().isoformat()
    plants, until = defects.plants(settings, hook_id, today), defects.in_grace(settings, today)
    later = f'frontmatter only warns until {until}' if len(plants) < len(defects.PLANTS[hook_id]) else ''
    wrong, seen = [], 0
    for plant in plants:
        defect = plant(settings, f'{_PREFIX}{secrets.token_hex(4)}')
        if defect:
            seen += 1
            _plant(place, defect.files)
            trouble = _verdict(_run(place, 'commit', '--quiet', '-m', 'a planted defect', skip=others, hooks=True), defect)
            wrong += [trouble] if trouble else []
    if wrong:
        yield fail(f'proof-{hook_id}', f'{hook_id} {"; ".join(wrong)}', mend)
    else:
        yield ok(f'proof-{hook_id}', f'refused {seen} of {seen} planted defects' + (f'; {later}' if later else '')) if seen else warn(
            f'proof-{hook_id}', later or 'the settings leave it nothing to refuse')


def _merged(place: Place, defect: Defect, skip: Sequence[str]) -> git.Result:
    _plant(place, defect.files)
    _expect(place, 'commit', '--quiet', '--no-verify', '-m', 'a planted defect')
    bad = _expect(place, 'rev-parse', 'HEAD').text
    _plant(place, {f'{_PREFIX}beside.txt': b'beside\n'})
    _expect(place, 'commit', '--quiet', '--no-verify', '-m', 'beside it')
    return _run(place, 'merge', '--no-ff', '--no-edit', bad, skip=skip, hooks=True)


def _pushed(place: Place, defect: Defect, skip: Sequence[str]) -> git.Result:
    _reset(place)
    remote = f'{place.root}.git'
    if not os.path.exists(remote):
        _expect(place, 'clone', '--quiet', '--bare', '--shared', '--', place.root, remote)
    _expect(place, 'push', '--quiet', '--no-verify', '--force', remote, 'HEAD:refs/heads/daybook-doctor')
    _plant(place, defect.files)
    _expect(place, 'commit', '--quiet', '--no-verify', '-m', 'a planted defect')
    return _run(place, 'push', '--quiet', remote, 'HEAD:refs/heads/daybook-doctor', skip=skip, hooks=True)


def _stages(place: Place, installed: Installed, settings: Settings, refusing: Collection[str], program: str) -> Iterator[Check]:
    """Yield whether merges and pushes are refused too, by the first hook that looks and refuses at a commit."""
    hook_id = next((name for name in defects.STAGED if name in refusing), None)
    for stage, attempt in (('pre-merge-commit', _merged), ('pre-push', _pushed)):
        if hook_id is None or stage not in installed.ours[hook_id]:
            continue
        others = [*installed.others, *(other for other in installed.ours if other != hook_id)]
        found = (plant(settings, f'{_PREFIX}{secrets.token_hex(4)}') for plant in reversed(defects.plants(settings, hook_id, date.today().isoformat())[:2]))
        defect = next((defect for defect in found if defect), None)
        if defect:
            trouble = _verdict(attempt(place, defect, others), defect)
            yield fail(f'proof-{stage}', f'{hook_id} {trouble} at {stage}', f'{program} install -t {stage}') if trouble else ok(
                f'proof-{stage}', f'{hook_id} refused a planted defect')


def prove(repo: Repo, installed: Installed, settings: Settings) -> Iterator[Check]:
    """Yield for each hook whether it refuses a defect. Nothing of it is left, and the user's tree is not touched."""
    program = hook_runner.program(repo)
    try:
        with _throw_away(repo) as place:
            refusing = dict(installed.ours)
            for hook_id, stages in installed.ours.items():
                found = [] if stages == ('manual',) else list(_hook(place, installed, settings, hook_id, program))
                if any(check.level == 'fail' for check in found):
                    del refusing[hook_id]  # one that refuses nothing tells nothing of merges and pushes
                yield from found
            yield from _stages(place, installed, settings, refusing, program)
    except (FatalError, OSError) as error:
        yield fail('proof', f'no hook could be proven: {error}', 'git status')
