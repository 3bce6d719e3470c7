"""`daybook doctor`: check the installation, prove each hook on a planted defect, and print the line that mends what is wrong."""
from __future__ import annotations

import argparse
import importlib.util
import json
import os
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import date

from daybook.doctor import agents
from daybook.doctor import hooks_config
from daybook.doctor import install
from daybook.doctor import other_runner
from daybook.doctor import proof
from daybook.doctor import prune
from daybook.doctor import remote
from daybook.doctor import repository
from daybook.doctor.check import Check
from daybook.doctor.check import fail
from daybook.doctor.check import ok
from daybook.doctor.check import warn
from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.problem import output_format
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo import hook_runner
from daybook.repo.git import Repo
from daybook.writers import calls


def _home_of_hooks() -> str:
    found = importlib.util.find_spec('daybook.hooks')
    places = found.submodule_search_locations if found else None
    if not places:
        raise FatalError(f'the hooks of daybook are not installed; install it again: pip install git+{calls.URL}')
    return next(iter(places))


def _known() -> list[str]:
    names = [name.removesuffix('.py') for name in os.listdir(_home_of_hooks()) if name.endswith('.py')]
    return sorted(name.replace('_', '-') for name in names if name not in ('__init__', 'session_state'))


def _settings(repo: Repo) -> Settings:
    """Return the settings, or the defaults where they cannot be read, which is a finding of its own."""
    try:
        return config.load(repo.root)
    except FatalError:
        return config.DEFAULTS


def _prunable(repo: Repo, settings: Settings, *, is_offline: bool, is_pruning: bool) -> Iterator[Check]:
    if is_pruning and not is_offline:
        prune.refresh(repo, prune.find(repo, settings, date.today(), is_offline=True).remote)
    stale = prune.find(repo, settings, date.today(), is_offline=is_offline)
    names = prune.ids(stale)
    if not names:
        yield ok('claims', 'none has done its work')
    elif not is_pruning:
        yield warn('claims', f'{len(names)} of handed-off notes, a week old: {", ".join(names[:5])}', 'daybook doctor --prune')
    else:
        refused = prune.prune(repo, settings, stale)
        yield fail('claims', f'not all were pruned: {refused}', 'daybook doctor --prune') if refused else ok(
            'claims', f'pruned {", ".join(names)}')


def _checks(repo: Repo, *, is_offline: bool, is_proving: bool, is_pruning: bool) -> Iterator[Check]:
    settings = _settings(repo)
    installed, why = hooks_config.read(repo, _known())
    yield from repository.versions(repo)
    yield from repository.clone(repo)
    yield from repository.settings(repo, os.environ)
    yield from repository.grace(settings, date.today().isoformat())
    yield repository.documents(repo, settings)
    yield from repository.ignoring(repo, settings)
    yield from repository.merging(repo, settings)
    yield from repository.leftovers(repo)
    other = None if files.read_bytes(os.path.join(repo.root, hook_runner.config_path(repo))) is not None else other_runner.find(repo)
    if other:
        yield from other_runner.check(repo, other)
    else:
        yield install.runner(repo)
        yield from install.configured(repo, installed, why)
        yield from install.twice(repo, _known())
        yield from install.rules(settings, installed)
        yield from install.scripts(repo, installed)
    yield from agents.check(repo, files.read_bytes(os.path.join(_home_of_hooks(), 'session_state.py')) or b'', os.environ)
    yield from remote.check(repo, settings, is_offline=is_offline)
    yield from _prunable(repo, settings, is_offline=is_offline, is_pruning=is_pruning)
    if is_proving and installed is not None and installed.ours:
        yield from proof.prove(repo, installed, settings)


def _line(check: Check) -> str:
    mend = f' -> {check.mend}' if check.mend else ''
    return printable(f'{check.level:4}  {check.name}: {check.what}{mend}')


def main(argv: Sequence[str]) -> int:
    """Print one line for each check, or all of them as JSON; return 1 when one of them failed."""
    parser = argparse.ArgumentParser('daybook doctor', description=__doc__)
    parser.add_argument('--offline', action='store_true', help='ask no remote')
    parser.add_argument('--no-proof', action='store_true', help='plant no defects')
    parser.add_argument('--prune', action='store_true', help='delete claims a week old whose notes are on the default branch')
    args = parser.parse_args(argv)
    repo = git.find_repo()
    is_json = output_format(os.environ) == 'json'
    found = []
    for check in _checks(repo, is_offline=args.offline, is_proving=not args.no_proof, is_pruning=args.prune):
        found.append(check)
        if not is_json:
            print(_line(check), flush=True)
    if is_json:
        print(json.dumps([check._asdict() for check in found], ensure_ascii=True, indent=2))
    return int(any(check.level == 'fail' for check in found))
