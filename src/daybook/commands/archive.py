"""archive: move the notes that are older than the policy to the archive, with every link to them and from them kept alive."""
from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.checks import as_of
from daybook.documents import config
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.errors import UsageError
from daybook.lifecycle import archive_plan
from daybook.lifecycle import archiving
from daybook.lifecycle import journal
from daybook.lifecycle.alone import alone
from daybook.problem import add_line
from daybook.problem import printable
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import moves
from daybook.session import preflight
from daybook.session.moves import ARCHIVE

_LINE = 200  # paths in one `git add`
_SHOWN = 8  # notes that are named for one reason


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} is no number of days, 1 or more')
    return int(text)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='daybook archive', description=__doc__)
    parser.add_argument('--older-than', type=_days, metavar='DAYS', help='the policy (default: `sessions.archive_after_days`)')
    parser.add_argument('--dry-run', action='store_true', help='print what would move and write nothing')
    parser.add_argument('--commit', action='store_true', help='commit exactly what was written, or put everything back')
    as_of.add(parser, 'the day to count from (default: today)')
    return parser.parse_args(argv)


def _policy(settings: Settings, options: argparse.Namespace) -> int:
    days = options.older_than or settings.sessions_archive_after_days
    if not days:
        raise UsageError(f'after how many days? give `--older-than 180`, or name `sessions.archive_after_days` in {config.PATH}')
    return int(days)


def _refuse(repo: Repo, *, is_commit: bool) -> None:
    if git.is_in_git_hook():
        raise FatalError('archive cannot run inside another git hook; run it by hand')
    (preflight.refuse_state if is_commit else preflight.refuse_under_way)(repo)


def _tell_stay(stay: Mapping[str, str]) -> None:
    for reason, count in sorted(Counter(stay.values()).items()):
        names = [path for path in sorted(stay) if stay[path] == reason]
        more = f' and {count - _SHOWN} more' if count > _SHOWN else ''
        print(printable(f'stays: {", ".join(names[:_SHOWN])}{more}: {reason}'))


def _tell(found: archive_plan.Plan, *, is_dry: bool) -> None:
    for old, new in sorted(found.moves.items()):
        print(printable(f'{old} -> {new}'))
    _tell_stay(found.stay)
    if found.mentions:
        more = f' and {len(found.mentions) - _SHOWN} more' if len(found.mentions) > _SHOWN else ''
        print(printable(f'still named in words: {", ".join(found.mentions[:_SHOWN])}{more}'))
    others = len(set(found.after) - set(found.moves))
    verb = 'would move' if is_dry else 'moved'
    print(f'archive: {verb} {len(found.moves)} note{"s" * (len(found.moves) != 1)}, '
          f'{found.links} link{"s" * (found.links != 1)} rewritten, {others} other file{"s" * (others != 1)} changed')


def _tell_add(root: str, paths: Sequence[str]) -> None:
    for start in range(0, len(paths), _LINE):
        print(printable(add_line(root, sorted(paths)[start:start + _LINE], os.getcwd())))


def _run(repo: Repo, settings: Settings, options: argparse.Namespace) -> int:
    if options.dry_run:
        if moves.is_left(repo, ARCHIVE):
            print('an archiving was killed here; without --dry-run it is taken back first')
        _tell(archive_plan.plan(repo, settings, _policy(settings, options), options.as_of), is_dry=True)
        return 0
    settled = journal.recover(repo, ARCHIVE)
    if settled:
        print(printable(settled))
    found = archive_plan.plan(repo, settings, _policy(settings, options), options.as_of)
    if not found.moves:
        _tell(found, is_dry=False)
        return 0
    paths = archiving.apply(repo, settings, found, is_commit=options.commit)
    if settings.render_tracked:
        print('the pages are tracked, and show the old places: run `daybook render-docs`')
    if options.commit:
        count = len(found.moves)
        oid = archiving.commit(repo, paths, f'docs(sessions): archive {count} note{"s" * (count != 1)}')
        _tell(found, is_dry=False)
        print(f'archive: commit={oid}')
        return 0
    journal.clear(repo, ARCHIVE)
    _tell(found, is_dry=False)
    _tell_add(repo.root, paths)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Archive; print what moved, what stays and why, and the `git add` for it."""
    options = _arguments(argv)
    repo = git.find_repo()
    settings = config.load(repo.root)
    _refuse(repo, is_commit=options.commit)
    with alone(repo, ARCHIVE):
        return _run(repo, settings, options)
