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
from daybook.backfill.backfilling import Fill
from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.problem import Problem
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import index_files
from daybook.writers import backfill_report
from daybook.writers import insertion

HOOK_ID = 'backfill-frontmatter'
_WAIT = 600.0  # seconds for another run to end
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
    print(printable(line), file=sys.stderr)


def _told(fills: Sequence[Fill], report: str | None) -> None:
    rows = [backfill_report.Row(fill.path, fill.kind, fill.derived, fill.refused) for fill in fills]
    if report == 'json':
        print(backfill_report.as_json(rows))
    elif report == 'text':
        for line in backfill_report.as_text(rows):
            print(printable(line))
    else:
        for line in backfill_report.summary(rows):
            _say(f'{HOOK_ID}: {line}')


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


def _written(repo: Repo, fills: Sequence[Fill]) -> list[Fill]:
    done = []
    for fill, is_same in backfilling.write(repo, fills):
        if is_same:
            done.append(fill)
        else:
            _say(f'{HOOK_ID}: changed meanwhile, left as it is: {fill.path}')
    return done


def _write_maps(repo: Repo, settings: Settings, done: dict[str, tuple[bytes, bytes]]) -> None:
    """Write the tracked indexes that show another title of the documents `done` now, and put them there with their bytes before and after.

    Nothing gets into them that is not committed with them. Raises FatalError with everything put back where an index
    has changes that are not committed.
    """
    if not index_files.are_kept_here(repo, settings):
        return
    from daybook.indexing import keeping  # no commit of others waits for it
    from daybook.repo import git_preview

    alone = set(git_status.overlooked(repo))
    with git_preview.as_committed(repo, done):
        stale = keeping.stale(repo, settings, set(done))
        chosen = sorted(set(stale.paths).intersection(git_status.tracked_files(repo)) - alone)
    before = {path: data for path in chosen if (data := files.read_bytes(files.inside(repo.root, path))) is not None}
    dirty = sorted(before.keys() & git_status.dirty_files(repo))
    if dirty:
        committing.put_back(repo, done, _say)
        raise FatalError(f'these name the documents, and have changes that are not committed: {", ".join(dirty)}; commit them first')
    for path, data in before.items():
        after = keeping.on_disk(repo, path, stale.texts[path]) if path in stale.texts else stale.blocks[path]
        done[path] = data, after
        files.write_atomic(files.inside(repo.root, path), after)


def _tell_add(repo: Repo, paths: Sequence[str], stream: TextIO) -> None:
    for start in range(0, len(paths), _LINE):
        print(printable(problem.add_line(repo.root, paths[start:start + _LINE], os.getcwd())), file=stream)


def _tell_uncommitted(repo: Repo, settings: Settings, targets: Sequence[str], stream: TextIO) -> bool:
    """Tell of documents that are filled and not committed, as a run leaves that was killed; return whether there are some."""
    left = committing.uncommitted(repo, settings, targets)
    if left:
        _say(f'{HOOK_ID}: nothing was left to fill, but these are filled and not committed; run this, then `git commit`')
        _tell_add(repo, left, stream)
    return bool(left)

def _write(repo: Repo, settings: Settings, targets: Sequence[str], tracked: Collection[str], options: argparse.Namespace,
           together: dict[str, tuple[bytes, bytes]]) -> tuple[list[Fill], list[Fill]]:
    """Write what is to be filled and return all documents and those written; for a commit, `together` gets all that is to go into it."""
    with files.exclusive_lock(git.git_path(repo, 'daybook/backfill.lock'), _WAIT) as is_held:
        if not is_held:
            raise FatalError('another back-fill is at work in this work tree; run it again when that has ended')
        fills = backfilling.plan(repo, settings, targets, tracked, convert=options.convert)
        if options.commit:
            committing.refuse_commit(repo, fills)
            together |= {fill.path: (fill.before, fill.after) for fill in fills if fill.is_changed}
        written = _written(repo, fills)
        for path in together.keys() - {fill.path for fill in written}:
            del together[path]
        if together:
            _write_maps(repo, settings, together)
        return fills, written


def _fill(repo: Repo, settings: Settings, targets: Sequence[str], tracked: Collection[str], options: argparse.Namespace) -> int:
    """Write, and commit where that is asked for, then tell: whoever reads may go before the end."""
    together: dict[str, tuple[bytes, bytes]] = {}
    head = git_refs.resolve(repo, 'HEAD') if options.commit else None
    try:
        fills, written = _write(repo, settings, targets, tracked, options, together)
        # without the lock: the hooks of this commit may include this one
        oid = committing.commit(repo, together, len(written), _say) if together else ''
    except KeyboardInterrupt:
        if together:
            committing.take_back(repo, head, together, _say)
        raise
    stream = sys.stderr if options.report == 'json' else sys.stdout
    for path in together or [fill.path for fill in written]:
        print(printable(f'Rewriting {path}'), file=stream)
    _told(fills, options.report)
    if options.commit:
        if oid:
            print(f'{HOOK_ID}: commit={oid}', file=stream)
        return int(_tell_uncommitted(repo, settings, targets, stream) and not oid)
    _tell_add(repo, [fill.path for fill in written], stream)
    return int(bool(written))


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
