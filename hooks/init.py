"""init: look at the repository, show what adopting Daybook would add, and write it when called by hand."""
from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version

from daybook.adoption import adoption
from daybook.documents import config
from daybook.errors import UsageError
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.writers import scaffold
from daybook.writers import scaffold_texts as texts
from daybook.writers.scaffold import Found
from daybook.writers.scaffold import Step
from daybook.writers.scaffold import Wanted

PROFILES = ('small',)
_MARKS = {'create': '+', 'extend': '+', 'by hand': '!', 'keep': '='}


def _extras(words: Sequence[str]) -> frozenset[str]:
    names = frozenset(name.strip() for word in words for name in word.split(',') if name.strip())
    unknown = sorted(names.difference(scaffold.EXTRAS))
    if unknown:
        raise UsageError(f'unknown --with: {", ".join(unknown)}; known are {", ".join(scaffold.EXTRAS)}')
    return names


def _wanted(argv: Sequence[str]) -> tuple[Wanted, bool]:
    """Return what is wanted, and whether to write it."""
    parser = argparse.ArgumentParser('daybook init', description=__doc__)
    parser.add_argument('--profile', choices=PROFILES, default='small', help='how much to set up (default: small)')
    parser.add_argument('--with', dest='extras', action='append', default=[], metavar='NAME',
                        help=f'also set up, whether in use or not: {", ".join(scaffold.EXTRAS)}')
    parser.add_argument('--repo', default=texts.URL, metavar='URL', help='where the hooks come from, a local path too')
    parser.add_argument('--rev', default=f'v{version("git-daybook")}', help='their tag or commit (default: %(default)s)')
    parser.add_argument('--dry-run', action='store_true', help='print the plan and write nothing')
    args = parser.parse_args(argv)
    for word in (args.repo, args.rev):
        if not word.strip() or word != printable(word):
            raise UsageError(f'not a repository or revision: {printable(word)!r}')
    # a runner that was given no id runs every manual hook: nobody has asked for anything then
    is_hook = os.environ.get('PRE_COMMIT') == '1'
    return Wanted(_extras(args.extras), args.repo, args.rev), not (args.dry_run or is_hook)


def _script() -> bytes:
    return files.read_bytes(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'session_state.py')) or b''


def _print_step(step: Step) -> None:
    print(printable(f'  {step.action:8} {step.path}: {step.note}'))
    if step.action in ('extend', 'by hand'):
        for line in step.text.splitlines():
            print(printable(f'    {_MARKS[step.action]} {line}'))


def _warn(repo: Repo, found: Found, paths: Sequence[str]) -> set[str]:
    """Say which of `paths`, and whether the notes, git ignores; return those that cannot be added."""
    note = f'{found.notes_folder}/x.md' if found.notes_folder else 'x.md'
    hidden = git.ignored(repo, [*paths, note])
    for path in paths:
        if path in hidden:
            print(printable(f'  ignored  {path}: git does not track it here, so nobody else will get it'))
    if note in hidden:
        print(printable(f'  ignored  {found.notes_folder}/: notes could not be committed; take it out of .gitignore, '
                        'or set `kinds.session.paths` in .daybook/config.yaml'))
    return hidden


def _install(found: Found) -> list[str]:
    hooks = found.places[scaffold.HOOKS]
    if hooks.data is None and found.runner:
        return []
    if hooks.data is None or b'default_install_hook_types' in hooks.data:
        return ['pre-commit install', 'pre-commit run --all-files']
    return ['pre-commit install ' + ' '.join(f'-t {name}' for name in texts.HOOK_TYPES), 'pre-commit run --all-files']


def _grace(steps: Sequence[Step]) -> str | None:
    """Return the day until which old documents only warn, where the plan sets one."""
    texts_written = [step.content.decode() for step in steps if step.path == config.PATH and step.content]
    days = [line.split('"')[1] for text in texts_written for line in text.splitlines() if 'block_from: "' in line]
    return days[0] if days else None


def _print_next(found: Found, addable: Sequence[str], dirty: Sequence[str]) -> None:
    runner = found.runner if found.places[scaffold.HOOKS].data is None else ''
    claim = texts.call('claim-session', runner=runner)
    print('next, as nothing is staged or committed by this command:')
    if addable:
        print(f'  git add -- {shlex.join(addable)}')
    for command in _install(found):
        print(f'  {command}')
    if not found.runner:
        print('  (where there are documents already, that writes their indexes and so fails once: '
              'run the `git add` that it prints)')
    if addable:
        print("  git commit -m 'adopt daybook'")
    if dirty:
        print(printable(f'  (your own uncommitted changes are in {", ".join(dirty)}; `git add -p` parts them)'))
    if found.runner and not runner:
        print(printable(f'  ({found.runner} is set up too: `pre-commit install` may refuse beside it)'))
    print('then, at the end of a stretch of work, the first hand-off:')
    print(f'  {claim}')


def main(argv: Sequence[str]) -> int:
    """Print the plan; write it unless this is a dry run or a runner called; 0 also when steps are left to a person."""
    wanted, is_writing = _wanted(argv)
    repo = git.find_repo()
    found = adoption.look(repo, _script(), date.today())
    steps = scaffold.plan(found, wanted)
    print(printable(f'daybook init, profile small, in {repo.root}:'))
    for step in steps:
        _print_step(step)
    paths = [step.path for step in steps if step.content is not None]
    hidden = _warn(repo, found, paths)
    if not is_writing:
        print(f'a plan; nothing was written. `daybook init` writes {len(paths)} files' if paths else
              'nothing to write')
        return 0
    dirty = sorted(set(git.unstaged_changes(repo)).intersection(paths))
    written = adoption.write(repo, found, steps)
    print(printable(f'wrote {", ".join(written)}' if written else 'nothing to write: all of it is there'))
    _print_next(found, [path for path in written if path not in hidden], dirty)
    day = _grace(steps)
    if day:
        print(f'until {day} old documents only warn: `daybook validate-frontmatter` lists them, and '
              '`daybook backfill-frontmatter --dry-run` shows what it would add')
    return 0


if __name__ == '__main__':
    import sys

    raise SystemExit(main(sys.argv[1:]))
