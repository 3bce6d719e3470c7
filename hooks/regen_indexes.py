"""`regen-indexes`: write the INDEX.md of every folder of documents, and settle what a merge left of generated text."""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from collections.abc import Sequence

from daybook import problem
from daybook.documents import config
from daybook.documents import document
from daybook.documents.config import Settings
from daybook.indexing import keeping
from daybook.indexing.keeping import Settled
from daybook.indexing.keeping import Stale
from daybook.problem import Problem
from daybook.problem import add_line
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import index_files
from daybook.writers import index_set

_MOST = 20  # paths in conflict that are named


def _say_add(repo: Repo, paths: Iterable[str]) -> None:
    named = sorted(set(paths))
    if named:
        print(printable(add_line(repo.root, named, os.getcwd())))


def _tell_left(settled: Settled) -> None:
    for path, reason in list(settled.left.items())[:_MOST]:
        print(printable(f'left to you: {path}: {reason}'), file=sys.stderr)
    if len(settled.left) > _MOST:
        print(f'left to you: {len(settled.left) - _MOST} more paths in conflict', file=sys.stderr)


def _tell_ignored(repo: Repo, settings: Settings) -> None:
    tracked = git_status.tracked_files(repo)
    folders = index_files.ignored(repo, [path for path, _ in document.select(settings, tracked)], tracked)
    if folders:
        print(printable(f'no index, as git ignores the folder: {", ".join(sorted(folders))}; take it out of .gitignore, '
                        'or its documents out of `kinds` in .daybook/config.yaml'), file=sys.stderr)


def _checked(stale: Stale, settled: Settled) -> int:
    """Print what a run would write; 1 when there is something."""
    found = {Problem(path, 1, 'index-stale', 'not what the documents ask for; run `daybook regen-indexes`')
             for path in (*stale.paths, *settled.texts, *settled.merged)}
    for line in problem.render(found, problem.output_format(os.environ)):
        print(line)
    return int(bool(stale.paths or settled.texts or settled.merged or settled.left))


def _written(repo: Repo, settings: Settings, settled: Settled, *, is_kept: bool) -> tuple[Stale, list[str]]:
    """Write the logs, then the maps, which may name them; return what was found of maps, and all paths written."""
    for path, data in sorted(settled.texts.items()):
        files.write_atomic(files.inside(repo.root, path), data)
    stale = _stale(repo, settings, settled, is_kept=is_kept)
    for path, text in sorted(stale.texts.items()):
        keeping.write(repo, path, text)
    for path, data in stale.blocks.items():
        files.write_atomic(files.inside(repo.root, path), data)
    return stale, [*settled.texts, *stale.paths]


def _stale(repo: Repo, settings: Settings, settled: Settled, *, is_kept: bool) -> Stale:
    # in a commit, an index that somebody else left stale is not this commit's business
    changed = keeping.concerned(repo, settings) if is_kept and git.is_in_git_hook() else None
    return keeping.stale(repo, settings, changed, without=settled.left) if is_kept else Stale({}, [])


def _settled(repo: Repo, settings: Settings, *, is_kept: bool) -> Settled:
    if git.is_in_git_hook():  # git commits nothing that is unmerged
        return Settled({}, [], {})
    from daybook.indexing import settling  # parses Markdown, which no commit need wait for

    return settling.settle(repo, settings, is_kept=is_kept)


def _regenerate(repo: Repo, settings: Settings, *, is_asked: bool, is_check: bool) -> int:
    is_kept = is_asked or index_files.are_kept_here(repo, settings)
    settled = _settled(repo, settings, is_kept=is_kept)
    if is_check:
        stale = _stale(repo, settings, settled, is_kept=is_kept)
        code = _checked(stale, settled)
    else:
        stale, written = _written(repo, settings, settled, is_kept=is_kept)
        for path in sorted(written):
            print(printable(f'Rewriting {path}'))
        _say_add(repo, [*settled.merged, *stale.paths])
        code = int(bool(written or settled.merged or settled.left))
    _tell_left(settled)
    if stale.by_hand and not git.is_in_git_hook():
        print(printable(f'left alone, as written by hand: {", ".join(stale.by_hand)}'), file=sys.stderr)
    if is_kept and not git.is_in_git_hook():
        _tell_ignored(repo, settings)
    return code


def _adopt(repo: Repo, settings: Settings, named: Sequence[str], *, is_check: bool) -> int:
    """Make generated ones of the indexes that people wrote; 1 when something was, or would be, written."""
    from daybook.indexing import adopting  # for the one day on which it is needed

    wanted = {files.within(repo.root, path) for path in named}
    tracked = git_status.tracked_files(repo)
    texts = index_files.wanted(repo, settings, tracked)
    chosen = adopting.candidates((path for path in sorted(texts) if index_files.is_by_hand(repo, path)), wanted)
    documents = adopting.documents_of(repo, settings) if chosen else {}
    written: list[str] = []
    for each in adopting.passed_over(tracked, texts, chosen, wanted):
        print(printable(f'left alone: {each.path}: {each.reason}'), file=sys.stderr)
    for path in chosen:
        found = adopting.plan(repo, documents, path, git_status.unstaged_changes(repo))
        if isinstance(found, adopting.Refused):
            print(printable(f'left alone: {path}: {found.reason}'), file=sys.stderr)
            continue
        if not is_check:
            adopting.write(repo, found)
            keeping.write(repo, path, index_files.wanted(repo, settings, git_status.tracked_files(repo), {path})[path])
            documents = adopting.documents_of(repo, settings)
        said = ', '.join(each for each in (f'{found.summaries} summaries' if found.summaries else '',
                                           *(name for name in found.texts if name.endswith(index_set.SIBLING))) if each)
        print(printable(f'{"would adopt" if is_check else "Adopting"} {path}{": " if said else ""}{said}'))
        written += [path, *found.texts]
    if not is_check:
        _say_add(repo, written)
    return int(bool(written))


def main(argv: Sequence[str] | None = None) -> int:
    """Write what is stale and print the `git add` for it; 1 when something was written or waits for a person."""
    parser = argparse.ArgumentParser('daybook regen-indexes', description=__doc__, epilog=problem.WRITERS)
    parser.add_argument('--check', action='store_true', help='write nothing; exit 1 when something would be written')
    parser.add_argument('--force', action='store_true', help='also where `indexes.when` leaves it to others')
    parser.add_argument('--adopt', action='store_true', help='make generated ones of the indexes written by hand')
    parser.add_argument('files', nargs='*', help='with --adopt: these indexes or folders only')
    args = parser.parse_args(argv)
    if args.files and not args.adopt or args.adopt and git.is_in_git_hook():
        parser.error('files are for --adopt, and --adopt is for calls by hand')
    repo = git.find_repo()
    settings = document.settings_of(repo)
    if settings is None:
        print(f'{config.PATH} is wrong, so nothing was checked; run daybook validate-frontmatter')
        return 0
    if args.adopt:
        return _adopt(repo, settings, args.files, is_check=args.check)
    return _regenerate(repo, settings, is_asked=args.force, is_check=args.check)


if __name__ == '__main__':
    raise SystemExit(main())
