"""Whether the hooks are configured, pinned and installed for every type that they need."""
from __future__ import annotations

import os
import re
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.doctor import hooks_config
from daybook.doctor.check import Check
from daybook.doctor.check import fail
from daybook.doctor.check import ok
from daybook.doctor.check import warn
from daybook.doctor.hooks_config import Installed
from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import git
from daybook.repo import hook_runner
from daybook.repo.git import Repo

_PINNED = re.compile(r'v?\d+(?:\.\d+)+\S*|[0-9a-f]{7,64}')
_RUNNERS = {'pre-commit': (3, 2), 'prek': (0, 2)}  # what `minimum_pre_commit_version` of our hooks asks for
_CALLS = re.compile(rb'pre-commit|pre_commit|prek|daybook')


def program_version(repo: Repo, name: str) -> str | None:
    """Return the version that a program on PATH tells, or None where there is none."""
    # an alias of git is how git itself starts programs, with a shell that comes with it on every system
    ran = git.git('-c', f'alias.daybook-version=!exec {name} --version', 'daybook-version', cwd=repo.root, env=git.clean_env(), timeout=30)
    found = re.search(r'\d+(?:\.\d+)+', ran.text) if ran.is_ok else None
    return found.group() if found else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split('.')[:2])


def runner(repo: Repo) -> Check:
    """Whether pre-commit or prek can be started, new enough for our hooks."""
    found = {name: version for name in _RUNNERS if (version := program_version(repo, name))}
    old = [name for name, version in found.items() if _numbers(version) < _RUNNERS[name]]
    if not found:
        return fail('runner', 'neither pre-commit nor prek is on PATH', 'pip install pre-commit')
    if len(old) == len(found):
        return fail('runner', f'{old[0]} {found[old[0]]} is too old for our hooks', f'pip install --upgrade {old[0]}')
    return ok('runner', ', '.join(f'{name} {version}' for name, version in found.items()))


def configured(repo: Repo, installed: Installed | None, why: str) -> Iterator[Check]:
    """Yield whether our hooks stand in the configuration, at a revision that does not move, in stages that do something."""
    if installed is None:
        yield fail('hooks-config', f'{hook_runner.config_path(repo)} cannot be used: {why}', 'daybook init')
        return
    if not installed.ours:
        yield fail('hooks-config', f'{installed.path} names no hook of ours', 'daybook init')
        return
    yield ok('hooks-config', f'{len(installed.ours)} hooks: {", ".join(installed.ours)}')
    if installed.source != 'local' and not _PINNED.fullmatch(installed.rev):
        yield fail('hooks-rev', f'`rev: {installed.rev}` moves, and runners fetch it only once; name a tag or a commit',
                   f'{hook_runner.program(repo)} autoupdate --repo {installed.source}')
    else:
        yield ok('hooks-rev', f'{installed.source} {installed.rev}'.strip())
    for hook_id, stages in installed.ours.items():
        if not set(stages) & {'pre-commit', 'commit-msg', 'manual'} or (stages == ('manual',) and hook_id not in hooks_config._MANUAL):
            yield fail('hooks-stages', f'{hook_id} has `stages: [{", ".join(stages)}]`, so no commit runs it',
                       f'take `stages:` of {hook_id} out of {installed.path}')


def twice(repo: Repo, known: Sequence[str]) -> Iterator[Check]:
    """Yield where pre-commit and prek, which each read a configuration of their own here, would run other hooks of ours."""
    paths = hook_runner.reads(repo)
    if len(set(paths.values())) < 2:
        return
    found = {name: hooks_config.read_file(repo, path, known) for name, path in paths.items()}
    for name, (installed, why) in found.items():
        if installed is None and paths[name] != hook_runner.config_path(repo):  # else it was told already
            yield fail('hooks-twice', f'{name} reads {paths[name]}, and that cannot be used: {why}', f'correct {paths[name]}')
    both = {name: installed for name, (installed, _) in found.items() if installed}
    if len(both) == len(paths) and any(installed.ours for installed in both.values()):
        yield from _differences(both)


def _differences(both: Mapping[str, Installed]) -> Iterator[Check]:
    without = next((name for name, installed in both.items() if not installed.ours), None)
    if without:
        yield warn('hooks-twice', f'{without} reads {both[without].path}, and that names no hook of ours', 'daybook init')
        return
    (one, first), (other, second) = both.items()
    if first.rev != second.rev:
        yield fail('hooks-twice', f'{one} reads {first.path} with our hooks at {first.rev}, {other} reads {second.path} with them at {second.rev}',
                   'name one `rev` in both')
    lacking = [(sorted(a.ours.keys() - b.ours), b.path, name) for a, b, name in ((second, first, one), (first, second, other))]
    words = [f'{", ".join(ids)} {"is" if len(ids) == 1 else "are"} not in {path}, which {name} reads' for ids, path, name in lacking if ids]
    if words:
        yield warn('hooks-twice', '; '.join(words))


def rules(settings: Settings, installed: Installed | None) -> Iterator[Check]:
    """Yield a warning where rules stand that no hook of a commit reads."""
    if settings.cochange and installed is not None and installed.ours and 'check-cochange' not in installed.ours:
        yield warn('hooks-cochange', 'the rules under `cochange` are judged at a push only: no hook check-cochange reads the message of a commit',
                   'daybook init --with governance')


def _script(path: str) -> str:
    """Return what is wrong with an installed hook script; empty when nothing is."""
    data = files.read_bytes(path)
    if data is None:
        return 'is not installed'
    if os.name != 'nt' and not os.access(path, os.X_OK):
        return 'is not executable, so git skips it'
    return '' if _CALLS.search(data) else 'calls neither pre-commit nor prek'


def scripts(repo: Repo, installed: Installed | None) -> Iterator[Check]:
    """Yield how the scripts stand that git starts."""
    given = git.config_value(repo, 'core.hooksPath')
    place, program = hook_runner.folder(repo), hook_runner.program(repo)
    if installed is None or not installed.ours:
        return
    needed = hooks_config.needed_types(installed)
    wrong = {name: trouble for name in needed if (trouble := _script(os.path.join(place, name)))}
    lacking = [name for name in needed if name not in installed.types]
    if lacking and not installed.is_told and not wrong:  # as `init` leaves a configuration that was there before
        yield warn('hook-types', f'a plain `{program} install` leaves out {", ".join(lacking)}; here they are installed',
                   f'tell the others: {program} install ' + ' '.join(f'-t {name}' for name in needed))
    elif lacking:
        yield fail('hook-types', f'{installed.path} does not install {", ".join(lacking)}, which our hooks run at',
                   f'write `{installed.types_line}` into {installed.path}, then: {program} install')
    if wrong and given:
        yield fail('hooks-path', f'core.hooksPath is {given}, and there {_told(wrong)}',
                   f'start `daybook check-all` in {given}/{next(iter(wrong))}, or unset core.hooksPath and run: {program} install')
    elif wrong:
        yield fail('hooks-installed', _told(wrong), f'{program} install ' + ' '.join(f'-t {name}' for name in wrong))
    else:
        yield ok('hooks-installed', ', '.join(needed) + (f' in {given}' if given else ''))
    if given and not wrong:
        yield warn('hooks-path', f'core.hooksPath is {given}: `{program} install` refuses to renew its hooks there')


def _told(wrong: dict[str, str]) -> str:
    return '; '.join(f'{name} {trouble}' for name, trouble in wrong.items())
