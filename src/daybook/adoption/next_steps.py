"""What init tells its caller to do next, and what it warns of, as lines."""
from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence

from daybook.documents import config
from daybook.problem import add_line
from daybook.repo import git_status
from daybook.repo import hook_runner
from daybook.repo.git import Repo
from daybook.writers import calls
from daybook.writers import scaffold_governance
from daybook.writers.scaffold_step import HOOKS
from daybook.writers.scaffold_step import PREK
from daybook.writers.scaffold_step import Found
from daybook.writers.scaffold_step import Step
from daybook.writers.scaffold_step import Wanted


def hidden(repo: Repo, found: Found, paths: Sequence[str]) -> set[str]:
    """Return which of `paths`, and of the place of a note, git ignores."""
    return git_status.ignored(repo, [*paths, _a_note(found)])


def _a_note(found: Found) -> str:
    return f'{found.notes_folder}/x.md' if found.notes_folder else 'x.md'


def warnings(found: Found, paths: Sequence[str], ignored: Collection[str]) -> list[str]:
    """Return what is told of `paths` and notes that are `ignored`, and of documents that may be published."""
    lines = [f'  ignored  {path}: git does not track it here, so nobody else will get it' for path in paths if path in ignored]
    if _a_note(found) in ignored:
        lines.append(f'  ignored  {found.notes_folder}/: notes could not be committed; take it out of .gitignore, '
                     f'or set `kinds.session.paths` in {config.PATH}')
    for name, folder in found.published:
        for kind in found.kinds:
            if kind.folder and f'{kind.folder}/'.startswith(f'{folder}/' if folder else ''):
                lines.append(f'  public   {kind.folder}/: {name} makes a site of {folder or "the root"}; {kind.name} '
                             f'documents may be published, leave them out there or set `kinds.{kind.name}.paths`')
    return lines


def _install(found: Found, program: str, installed: Collection[str]) -> list[str]:
    if found.calls_through:
        return []
    hooks = found.places[PREK if program == 'prek' and PREK in found.hooks_files else next(iter(found.hooks_files), HOOKS)]
    if set(calls.HOOK_TYPES) <= set(installed):
        return [f'{program} run --all-files']
    if hooks.data is None or b'default_install_hook_types' in hooks.data:
        return [f'{program} install', f'{program} run --all-files']
    return [calls.install(program), f'{program} run --all-files']


def _day_of_grace(steps: Sequence[Step]) -> str | None:
    """Return the day until which documents only warn, where the plan sets one."""
    written = [step.content.decode() for step in steps if step.path == config.PATH and step.content]
    days = [line.split('"')[1] for text in written for line in text.splitlines() if 'block_from: "' in line]
    return days[0] if days else None


def _own_call(wanted: Wanted) -> str:
    """Return how to call `daybook` here: by its name, unless only a runner of tools for one call knows it."""
    if shutil.which('daybook') and 'UV' not in os.environ:  # uv puts a program that is gone afterwards on the PATH
        return 'daybook'
    place = wanted.url if '://' in wanted.url else f'file://{os.path.abspath(wanted.url)}'
    return f'uvx --from {shlex.quote(f"git+{place}@{wanted.rev}")} daybook'


def _settling(found: Found, wanted: Wanted, written: Sequence[str], has_dead_links: Callable[[], bool]) -> list[str]:
    """Return what makes the first run of the hooks green where documents are there already."""
    is_stale = found.new_indexes or scaffold_governance.overview_path(found) in written
    commands = ['regen-indexes'] if is_stale and found.indexes_when != 'never' else []
    if has_dead_links():
        commands.append('audit-links --baseline')
    return [f'{_own_call(wanted)} {command}' for command in commands]


def _promise(settling: Sequence[str]) -> str:
    """Return what the commands do."""
    has_links = settling[-1].endswith('--baseline')
    if has_links and not settling[1:]:
        return 'the dead links of today no longer block'
    return 'what is there already gets its indexes' + (', and its dead links of today no longer block' if has_links else '')


def after(repo: Repo, found: Found, wanted: Wanted, addable: Sequence[str], dirty: Sequence[str],
          has_dead_links: Callable[[], bool]) -> list[str]:
    """Return what is next once `addable` were written; `dirty` are those of them with uncommitted changes of the user's own."""
    program = hook_runner.program(repo)
    lines = ['next, as nothing is staged or committed by this command:']
    if addable:
        lines.append(f'  {add_line(repo.root, addable, os.getcwd())}')
    settling = _settling(found, wanted, addable, has_dead_links)
    if found.calls_through:
        lines += [f'  pipx install git+{calls.URL}',
                  f'  (puts `daybook` on the PATH: {found.calls_through} leaves our check out where it is not)']
    lines += [f'  {command}' for command in settling]
    if settling:
        lines.append(f'  ({_promise(settling)}: run the `git add` that {"each" if settling[1:] else "it"} prints; '
                     'to have written ends with 1, as in a hook)')
    lines += [f'  {command}' for command in _install(found, program, hook_runner.installed(repo))]
    if addable:
        lines.append("  git commit -m 'adopt daybook'")
        lines += [f'  (everybody else, once in a clone of their own: {command})' for command in _install(found, program, ())[:1]]
    if dirty:
        lines.append(f'  (your own uncommitted changes are in {", ".join(dirty)}; `git add -p` parts them)')
    if found.runner and not found.calls_through:
        lines.append(f'  ({found.runner} is set up too: `{program} install` may refuse beside it)')
    if found.indexes_when == 'default-branch' and 'ci' not in wanted.extras:
        lines.append('  (branches leave the indexes alone here: `--with ci` writes the job that keeps them)')
    return [*lines, 'then, at the end of a stretch of work, the first hand-off:',
            f'  {calls.call("claim-session", runner=found.calls_through, program=program)}']


def grace(steps: Sequence[Step], wanted: Wanted) -> list[str]:
    """Return what to run until the day on which the documents block, where the plan sets one."""
    day = _day_of_grace(steps)
    own = _own_call(wanted)
    return [f'until {day} documents only warn: `{own} validate-frontmatter` lists them, and '
            f'`{own} backfill-frontmatter --dry-run` shows what it would add'] if day else []
