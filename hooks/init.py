"""init: look at the repository, show what adopting Daybook would add, and write it when called by hand."""
from __future__ import annotations

import argparse
import difflib
import os
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from typing import NamedTuple

from daybook.adoption import adoption
from daybook.adoption import leftovers
from daybook.adoption import next_steps
from daybook.adoption import origin
from daybook.adoption import writing
from daybook.checks import vicinity
from daybook.checks.asking import Answers
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.errors import UsageError
from daybook.invariant import searching
from daybook.problem import add_line
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_status
from daybook.repo import hook_runner
from daybook.repo.git import Repo
from daybook.writers import calls
from daybook.writers import scaffold
from daybook.writers import scaffold_later
from daybook.writers import scaffold_record
from daybook.writers import scaffold_released
from daybook.writers.scaffold_step import ATTRIBUTES
from daybook.writers.scaffold_step import CONFIG
from daybook.writers.scaffold_step import HOOKS
from daybook.writers.scaffold_step import IGNORE
from daybook.writers.scaffold_step import PREK
from daybook.writers.scaffold_step import PREK_YML
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Place
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted

_MARKS = {'create': '+', 'extend': '+', 'by hand': '!', 'keep': '!'}
_SHOWN = 60  # lines of one file; more are counted


class Call(NamedTuple):
    """The words of the call. `action` is `init`, `upgrade` or `uninstall`."""

    wanted: Wanted
    profile: str
    action: str
    is_writing: bool


def _extras(words: Sequence[str]) -> frozenset[str]:
    names = frozenset(name.strip() for word in words for name in word.split(',') if name.strip())
    unknown = sorted(names.difference(scaffold.EXTRAS))
    if unknown:
        near = [found for name in unknown for found in difflib.get_close_matches(name, scaffold.EXTRAS, n=1)]
        hint = f'did you mean {", ".join(f"`{name}`" for name in near)}? ' if near else ''
        raise UsageError(f'unknown --with: {", ".join(unknown)}; {hint}known are {", ".join(scaffold.EXTRAS)}')
    return names


def _tag() -> str:
    return f'v{version("git-daybook")}'


def _call(argv: Sequence[str]) -> Call:
    parser = argparse.ArgumentParser('daybook init', description=__doc__)
    parser.add_argument('--profile', choices=[*scaffold.PROFILES], default='small',
                        help='how much to set up (default: small)')
    parser.add_argument('--with', dest='extras', action='append', default=[], metavar='NAME',
                        help=f'also set up, whether in use or not: {", ".join(scaffold.EXTRAS)}')
    parser.add_argument('--repo', metavar='URL', help=f'where the hooks come from, a local path too (default: where they come from here, else {calls.URL})')
    parser.add_argument('--rev', help=f'their tag or commit (default: {_tag()}; that of another repository stays)')
    parser.add_argument('--dry-run', action='store_true', help='print the plan and write nothing')
    action = parser.add_mutually_exclusive_group()
    action.add_argument('--upgrade', dest='action', action='store_const', const='upgrade', default='init',
                        help='put what this version writes in the place of what is as an earlier one wrote it')
    action.add_argument('--uninstall', dest='action', action='store_const', const='uninstall', default='init',
                        help='take out what init put in; what was edited since is kept and named')
    args = parser.parse_args(argv)
    for word in (args.repo, args.rev):
        if word is not None and (not word.strip() or word != printable(word)):
            raise UsageError(f'not a repository or revision: {printable(word)!r}')
    extras = scaffold.PROFILES[args.profile] | _extras(args.extras)
    if 'telemetry' in args.extras:  # the narrower wish was spoken, the wider came with the profile
        extras -= {'telemetry-all'}
    # a runner that was given no id runs every manual hook: nobody has asked for anything then
    is_hook = os.environ.get('PRE_COMMIT') == '1'
    return Call(Wanted(extras, args.repo or '', args.rev or ''), args.profile, args.action, not (args.dry_run or is_hook))


def _own_folder() -> str:
    return os.path.dirname(os.path.abspath(__file__))


def _script() -> bytes:
    return files.read_bytes(os.path.join(_own_folder(), 'session_state.py')) or b''


def _look(repo: Repo, wanted: Wanted) -> Found:
    names = [name.removesuffix('.py').replace('_', '-') for name in os.listdir(_own_folder()) if name.endswith('.py')]
    found = adoption.look(repo, _script(), names, date.today())
    if found.places[CONFIG].data is None and 'mirror' not in wanted.extras and _asks_the_mirror(found):
        found = found._replace(settings={**found.settings, 'invariants': []})
    return found


def _asks_the_mirror(found: Found) -> bool:
    """Return whether what agents and scripts run here calls what is to be called no more."""
    scope = Scope(Answers(), {}, is_whole=True)
    scope.settings = config.from_mapping(dict(found.settings))  # those that are not written yet
    return any(True for _ in searching.call_sites_of(scope, vicinity.whole(scope)))


def _print_step(step: Step) -> None:
    print(printable(f'  {step.action:8} {step.path}: {step.note}'))
    if step.action in _MARKS:
        _print_lines(f'{_MARKS[step.action]} {line}' for line in step.text.splitlines())


def _print_lines(lines: Iterable[str]) -> None:
    shown = list(lines)
    for line in shown[:_SHOWN]:
        print(printable(f'    {line.expandtabs(4)}'))
    if shown[_SHOWN:]:
        print(f'    … and {len(shown) - _SHOWN:,} more')


def _print_change(step: Step, place: Place) -> None:
    """Print what a step would do to the lines of a file, where it does not say so by itself."""
    if step.content is None or step.text or step.path in (IGNORE, ATTRIBUTES):  # the note names every line
        return
    after, before = step.content.decode('utf-8', 'replace').splitlines(), (place.data or b'').decode('utf-8', 'replace').splitlines()
    if step.action == 'create' and len(after) > _SHOWN:  # a text for agents or people, the same everywhere
        _print_lines([f'+ {len(after)} lines'])
    else:
        _print_lines(f'{line[0]} {line[1:]}' for line in list(difflib.unified_diff(before, after, n=0, lineterm=''))[2:] if line[0] in '+-')


def _print_all(lines: Iterable[str]) -> None:
    for line in lines:
        print(printable(line))


def _has_dead_links() -> bool:
    # no other run of init pays for the import
    from daybook.links import link_report

    return bool(link_report.run(['--all']).code)


def _unknown_revision(wanted: Wanted, paths: Collection[str]) -> list[str]:
    place = origin.missing(wanted.url, wanted.rev) if {HOOKS, PREK, PREK_YML}.intersection(paths) else None
    return [f'  unknown  {wanted.rev}: {place} has no such tag or commit; fetch its tags, or name another with `--rev`'] if place else []


def _waiting(repo: Repo, record: scaffold_record.Record, written: Collection[str]) -> list[str]:
    """Return what an earlier run wrote and nobody has committed; a file of theirs only where nothing but our lines has changed."""
    new, dirty = set(git_status.untracked_files(repo)), set(git_status.dirty_files(repo))
    known = {scaffold_record.PATH: None, **record.files}
    return [path for path, entry in known.items() if path not in written and (path in new or path in dirty and (
        entry is None or scaffold_record.is_as_written(entry, files.read_bytes(files.inside(repo.root, path)) or b'')))]


def _adopt(repo: Repo, call: Call) -> int:
    found = _look(repo, call.wanted)
    call = call._replace(wanted=scaffold.sourced(found, call.wanted, _tag()))
    if call.action == 'upgrade':
        steps, base = scaffold_later.upgrade(found, call.wanted, scaffold_released.by_path())
    else:
        steps, base = scaffold.plan(found, call.wanted), found.places
    print(printable(f'daybook {call.action}, profile {call.profile}, in {repo.root}:'))
    for step in dict.fromkeys(steps):  # one command of theirs may stand for ours of several agents
        _print_step(step)
        if not call.is_writing:
            _print_change(step, found.places[step.path])
    paths = [step.path for step in steps if step.content is not None]
    hidden = next_steps.hidden(repo, found, paths)
    _print_all(next_steps.warnings(found, paths, hidden))
    _print_all(_unknown_revision(call.wanted, paths))
    if not call.is_writing:
        print(f'a plan; nothing was written. `daybook init` writes {len(paths)} files, and {scaffold_record.PATH} '
              'to take them out again' if paths else 'nothing to write')
        return 0
    dirty = sorted(set(git_status.unstaged_changes(repo)).intersection(paths))
    record = scaffold_later.record(found, call.wanted, steps, base, writing.new_folders(repo, steps), version('git-daybook'))
    written = writing.write(repo, found, steps, record)
    print(printable(f'wrote {", ".join(written)}' if written else 'nothing to write: all of it is there'))
    addable = [path for path in [*written, *_waiting(repo, record, written)] if path not in hidden]
    _print_all(next_steps.after(repo, found, call.wanted, addable, dirty, _has_dead_links))
    _print_all(next_steps.grace(steps, call.wanted))
    return 0


def _uninstall(repo: Repo, call: Call) -> int:
    found = adoption.look_back(repo)
    steps = scaffold_later.uninstall(found)
    has_record = found.places[scaffold_record.PATH].data is not None
    if not has_record:
        print(f'nothing to take out: there is no {scaffold_record.PATH}, which init keeps')
    else:
        print(printable(f'daybook init --uninstall, in {repo.root}:'))
    for step in steps:
        _print_step(step)
    for path in leftovers.unrecorded(repo, steps, _script()):
        print(printable(f'  stays    {path}: it looks like ours, but no record says what it was before; take ours out by hand'))
    if not has_record:
        return 0
    for line in leftovers.made_since(repo, steps):
        print(printable(f'  stays    {line}'))
    if not call.is_writing:
        print('a plan; nothing was written')
        return 0
    changed = writing.take_out(repo, found, steps)
    print('notes, drafts and indexes stay: they are yours; next, as nothing is staged or committed by this command:')
    if HOOKS in changed and not os.path.lexists(os.path.join(repo.root, HOOKS)):  # else the hooks are those of others too
        for program in hook_runner.makers(repo) or [hook_runner.program(repo)]:
            print(f'  {calls.uninstall(program)}')
    tracked = git_status.tracked_files(repo, *git.pathspec(changed))
    if tracked:
        print(printable(f'  {add_line(repo.root, sorted(tracked), os.getcwd())}'))
    return 0


def main(argv: Sequence[str]) -> int:
    """Print the plan; write it unless this is a dry run or a runner called; 0 also when steps are left to a person."""
    call = _call(argv)
    repo = git.find_repo()
    run = _uninstall if call.action == 'uninstall' else _adopt
    if not call.is_writing:
        return run(repo, call)
    with writing.alone(repo):
        return run(repo, call)


if __name__ == '__main__':
    import sys

    raise SystemExit(main(sys.argv[1:]))
