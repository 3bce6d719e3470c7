"""backfill-frontmatter: add to old documents the keys that they lack, by inserted lines alone."""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection
from collections.abc import Sequence
from typing import TextIO

from daybook import problem
from daybook.backfill import backfilling
from daybook.backfill import committing
from daybook.backfill import writing
from daybook.backfill.backfilling import Fill
from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.problem import Problem
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.writers import backfill_report
from daybook.writers import insertion

HOOK_ID = 'backfill-frontmatter'
_LINE = 200  # paths of one `git add`: longer commands are refused by some systems


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    words, named = files.split_arguments(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog=f'daybook {HOOK_ID}', description=__doc__, epilog=problem.WRITERS)
    parser.add_argument('files', nargs='*', help='these files and folders only (default: all documents)')
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--dry-run', action='store_true', help='print a diff and write nothing')
    what.add_argument('--check', action='store_true', help='write nothing; exit 1 when something would be added')
    what.add_argument('--commit', action='store_true', help='commit exactly the documents written, all or none')
    parser.add_argument('--convert', action='store_true', help='make lists of one-key maps (`- entity: plan`) mappings')
    parser.add_argument('--report', choices=('text', 'json'), help='print what was derived from what; without --commit, write nothing')
    options = parser.parse_args(words)
    options.files += named
    return options


def _targets(repo: Repo, words: Sequence[str], tracked: Collection[str]) -> list[str]:
    """Return the paths to look at: those named, the staged ones inside a commit, else all tracked files."""
    if not words:
        return git_status.staged_changes(repo) if git.is_in_git_hook() else list(tracked)
    paths = []
    for word in words:
        path = files.within(repo.root, word)
        below = [other for other in tracked if path == '.' or other.startswith(f'{path}/')]
        if not below and path not in tracked and not os.path.isfile(word):
            raise FatalError(f'no such file: {word}; paths are relative to {os.getcwd()}')
        paths += below or [path]
    return paths


def _say(line: str) -> None:
    print(printable(f'{HOOK_ID}: {line}'), file=sys.stderr)


def _told(fills: Sequence[Fill], report: str | None) -> None:
    rows = [backfill_report.Row(fill.path, fill.kind, fill.derived, fill.refused) for fill in fills]
    if report == 'json':
        print(backfill_report.as_json(rows))
    elif report == 'text':
        for line in backfill_report.as_text(rows):
            print(printable(line))
    else:
        for line in backfill_report.summary(rows):
            _say(line)


def _looked(fills: Sequence[Fill], options: argparse.Namespace) -> int:
    """Print what would be written: as a diff, or as one problem for each document."""
    changed = [fill for fill in fills if fill.is_changed]
    if options.dry_run:
        for line in [line for fill in changed for line in insertion.unified_diff(fill.path, fill.before, fill.after)]:
            end = '\r' * line.endswith('\r')  # a diff of a file with CRLF applies with them only
            print('\t'.join(map(printable, line.removesuffix('\r').split('\t'))) + end)
        return 0
    found = [Problem(fill.path, 1, HOOK_ID, f'lacks {", ".join(fill.derived.added) or "a mapping"}; '
                     f'`daybook {HOOK_ID}` adds it') for fill in changed]
    for line in problem.render(found, problem.output_format(os.environ)) if not options.report else ():
        print(line)
    return int(bool(found))


def _tell_add(repo: Repo, paths: Sequence[str], stream: TextIO) -> None:
    for start in range(0, len(paths), _LINE):
        print(printable(problem.add_line(repo.root, paths[start:start + _LINE], os.getcwd())), file=stream)


def _tell_uncommitted(repo: Repo, settings: Settings, targets: Sequence[str], stream: TextIO) -> bool:
    """Tell of documents that are filled and not committed, as a run leaves that was killed; return whether there are some."""
    left = committing.uncommitted(repo, settings, targets)
    if left:
        _say('these were filled before and are not committed; run this, then `git commit`')
        _tell_add(repo, left, stream)
    return bool(left)


def _fill(repo: Repo, settings: Settings, targets: Sequence[str], tracked: Collection[str], options: argparse.Namespace) -> int:
    """Write, and commit where that is asked for, then tell: whoever reads may go before the end."""
    fills, paths, oid = writing.fill(repo, settings, targets, tracked, _say, convert=options.convert, is_commit=options.commit)
    stream = sys.stderr if options.report == 'json' else sys.stdout
    for path in paths:
        print(printable(f'Rewriting {path}'), file=stream)
    _told(fills, options.report)
    if options.commit:
        if oid:
            print(f'{HOOK_ID}: commit={oid}', file=stream)
        return int(_tell_uncommitted(repo, settings, targets, stream) and not oid)
    _tell_add(repo, paths, stream)
    return int(bool(paths))


def main(argv: Sequence[str] | None = None) -> int:
    """Fill the documents and print the `git add` for them; 1 when something was written."""
    options = _arguments(argv)
    repo = git.find_repo()
    settings = config.load(repo.root)
    tracked = git_status.tracked_files(repo)
    targets = _targets(repo, options.files, tracked)
    if options.dry_run or options.check or options.report and not options.commit:
        fills = backfilling.plan(repo, settings, targets, tracked, convert=options.convert)
        code = _looked(fills, options)
        _told(fills, options.report)
        return code if options.check else 0
    return _fill(repo, settings, targets, tracked, options)


if __name__ == '__main__':
    raise SystemExit(main())
