"""validate-frontmatter: every document fits its kind, ids are unique, and what a document names exists."""
from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Collection
from collections.abc import Sequence

from daybook import problem
from daybook.documents import config
from daybook.documents import document
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.problem import Problem
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.rules import frontmatter
from daybook.rules import identity
from daybook.rules import references

HOOK_ID = 'validate-frontmatter'


def _date(text: str) -> str:
    return datetime.date.fromisoformat(text).isoformat()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    words, named = files.split_arguments(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog=f'daybook {HOOK_ID}', description=__doc__)
    parser.add_argument('files', nargs='*', help='report on these files and folders only (default: all documents)')
    parser.add_argument('--all', action='store_true',
                        help='inside `git commit` too, report and block on what the commit did not cause')
    parser.add_argument('--warn', action='store_true',
                        help='print problems as warnings, unless `validate.block_from` has come')
    parser.add_argument('--as-of', type=_date, metavar='DATE', default=datetime.date.today().isoformat(),
                        help='the date to compare `validate.block_from` with (default: today)')
    options = parser.parse_args(words)
    options.files += named
    return options


def _named(repo: Repo, tracked: Collection[str], words: Sequence[str]) -> list[str]:
    """Return the paths of the files and folders that the call names; raise FatalError for what is not there."""
    paths = []
    for word in words:
        path = files.within(repo.root, word)
        if not os.path.lexists(word) and path not in tracked:
            raise FatalError(f'no such file: {word}; paths are relative to {os.getcwd()}')
        paths.append(path)
    return paths


def _is_below(path: str, named: Collection[str]) -> bool:
    return any(name in (path, '.') or path.startswith(f'{name}/') for name in named)


def _operators(repo: Repo) -> tuple[dict[str, object], list[Problem]]:
    data = files.read_bytes(os.path.join(repo.root, *config.OPERATORS_PATH.split('/')))
    if data is None:
        return {}, []
    given, problems = config.read_mapping(config.OPERATORS_PATH, data, 'operators')
    if problems:
        return {}, problems
    operators = given['operators']
    return operators, identity.check_operators(config.OPERATORS_PATH, operators, config.mapping_lines(data))


def _problems(repo: Repo, settings: Settings, paths: Collection[str],
              changed: Collection[str], base: str) -> tuple[list[Problem], set[str]]:
    """Return all problems, and the paths that the change of the files `changed` answers for."""
    documents = document.read_all(repo, settings, paths)
    before = document.read_committed(repo, settings, changed, base)
    operators, found = _operators(repo)
    found += frontmatter.check(documents, document.schemas(repo, {d.kind for d in documents}))
    found += identity.check(documents, paths, slug=settings.sessions_slug)
    found += references.check(documents, paths, before)
    found += references.check_operators(documents, operators) if operators else []
    return found, {*changed, *document.caused_by_settings(repo, settings, documents, changed)}


def _may_matter(settings: Settings, path: str) -> bool:
    own_schemas = {kind.schema for kind in settings.kinds}
    return path.endswith(('.md', '.markdown', '.mdx')) or path.startswith('.daybook/') or path in own_schemas


def _change(repo: Repo) -> tuple[str, list[str]] | None:
    """Return what is being committed or pushed, and against what; None by hand and in CI, where everything counts."""
    if git.is_in_git_hook():
        return 'HEAD', git.staged_changes(repo)
    return git.pushed_changes(repo, os.environ)


def _block_from(settings: Settings, options: argparse.Namespace) -> str | None:
    """Return from when problems block, in words, or None when they do now."""
    date = settings.validate_block_from
    if date is None:
        return 'without `--warn`' if options.warn else None
    return f'from {date} on' if options.as_of < date else None


def _print(problems: list[Problem], notes: list[str], output_format: str) -> None:
    for line in problem.render(problems, output_format):
        print(line)
    for note in notes:
        print(note, file=sys.stderr if output_format == 'json' else sys.stdout)


def main(argv: Sequence[str] | None = None) -> int:
    options = _arguments(argv)
    output_format = problem.output_format(os.environ)
    repo = git.find_repo()
    settings = document.settings_of(repo)
    if settings is None:
        print(f'{config.PATH} is wrong, so nothing was checked; run daybook validate-frontmatter')
        return 0
    change = _change(repo) if not options.all else None
    is_partial, (base, changed) = change is not None, change or ('HEAD', [])
    if is_partial and not any(_may_matter(settings, path) for path in changed):
        _print([], [], output_format)
        return 0
    tracked = frozenset(git.tracked_files(repo))
    named = _named(repo, tracked, options.files)
    untracked = {path for path in named if path not in tracked and os.path.isfile(os.path.join(repo.root, path))}
    found, answered_for = _problems(repo, settings, sorted(tracked | untracked), changed, base)
    if named:
        found = [p for p in found if _is_below(p.path, named)]
    found = [p for p in found if p.rule != 'claim-stub' or p.path not in untracked]  # there, a stub is at home
    older: list[Problem] = []
    if is_partial:
        found, older = problem.caused_by(found, answered_for)
    notes = [problem.older_line(older, HOOK_ID)] if older else []
    block_from = _block_from(settings, options)
    if block_from and problem.is_blocking(found):
        found = problem.as_warnings(found)
        notes.append(f'{HOOK_ID}: warns only; these problems block {block_from}')
    _print(found, notes, output_format)
    return int(problem.is_blocking(found))


if __name__ == '__main__':
    raise SystemExit(main())
