"""sync-notion: bring the documents of HEAD to Notion, one way; a dry run unless told."""
from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence

from daybook.documents import config
from daybook.errors import FatalError
from daybook.errors import UsageError
from daybook.mirror import memory
from daybook.mirror import notion_fields
from daybook.mirror import plan
from daybook.mirror import recording
from daybook.mirror import sync
from daybook.mirror.adapter import Mirror
from daybook.mirror.adapter import Stopped
from daybook.mirror.apply import Outcome
from daybook.mirror.pace import Clock
from daybook.mirror.pace import Pace
from daybook.mirror.plan import Step
from daybook.mirror.sync import Planned
from daybook.mirror.sync import Request
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo

HOOK_ID = 'sync-notion'
_DONE = {'create': 'created', 'update': 'updated', 'archive': 'archived', 'skip': 'left as it is'}
_BAR = 30


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f'daybook {HOOK_ID}', description=__doc__)
    parser.add_argument('--apply', action='store_true', help='write to Notion, into the frontmatter and to docs/sync/LAST_SYNC.md')
    parser.add_argument('--commit', action='store_true', help='with --apply: commit what was written here, and nothing else')
    parser.add_argument('--only', nargs='+', default=[], metavar='PATH', help='these documents and folders only')
    parser.add_argument('--kind', action='append', default=[], metavar='KIND', help='documents of this kind only; may be repeated')
    parser.add_argument('--since', default='', metavar='COMMIT|DATE', help='documents changed since then only')
    parser.add_argument('--full', action='store_true', help='list the whole table, and rely on nothing that an earlier run saw')
    parser.add_argument('--setup', action='store_true', help="add what the table's properties lack, and do nothing else")
    options = parser.parse_args(argv)
    if options.commit and not options.apply:
        raise UsageError('--commit goes with --apply')
    return options


def _say(line: str) -> None:
    print(printable(line))


def _connect(token: str, table: str, rhythm: Pace) -> Mirror:
    try:
        from daybook.mirror.notion import Notion
        from daybook.mirror.notion_wire import Wire
    except ModuleNotFoundError as error:
        if error.name != 'httpx':
            raise
        from daybook.writers import calls

        raise FatalError(f'sync-notion needs an HTTP client; run `pip install {calls.requirement("mirror")}`') from None
    return Notion(Wire(token, os.environ.get('NOTION_BASE_URL', ''), rhythm), table)


def _tell_plan(steps: Sequence[Step], end: str = '--apply does') -> int:
    """Tell what is to be done; 1 when some of it needs a person."""
    for step in steps:
        if step.action != 'skip' or step.reason != plan.UNCHANGED:
            _say(f'{step.action:<9} {step.path or step.external_id}: {step.reason}')
    counts = Counter(step.action for step in steps)
    words = ', '.join(f'{counts[action]} {action}' for action in plan.ACTIONS if counts[action])
    _say(f'{HOOK_ID}: {words or "no documents"}; nothing was written, {end}')
    return int(any(step.action in plan.WRONG for step in steps))


def _progress(done: int, total: int) -> None:
    if not sys.stderr.isatty():
        return
    width = min(_BAR, max(shutil.get_terminal_size().columns - 20, 5))
    filled = width * done // max(total, 1)
    end = '\n' if done == total else ''
    print(f'\r[{"#" * filled}{"." * (width - filled)}] {done}/{total}', end=end, file=sys.stderr, flush=True)


def _tell_outcome(outcome: Outcome) -> None:
    name = outcome.step.path or outcome.step.external_id
    _say(f'{_DONE.get(outcome.action, outcome.action)}: {name}: {outcome.reason}')


def _carry_out(planned: Planned, mirror: Mirror, rhythm: Pace) -> tuple[list[Outcome], Stopped | KeyboardInterrupt | None]:
    """Apply and tell; return what was done, and what ended the run early."""
    total = sum(step.action in plan.WRITING for step in planned.steps)
    outcomes: list[Outcome] = []
    try:
        for outcome in sync.apply(planned, mirror, rhythm, memory.SETTLE):
            outcomes.append(outcome)
            _tell_outcome(outcome)
            _progress(len(outcomes), total)
    except (Stopped, KeyboardInterrupt) as error:
        return outcomes, error
    return outcomes, None


def _apply(repo: Repo, planned: Planned, mirror: Mirror, rhythm: Pace, *, is_commit: bool) -> int:
    begun = rhythm.clock.now()
    outcomes, stopped = _carry_out(planned, mirror, rhythm)
    recorded = recording.record(repo, planned, outcomes, begun, is_commit=is_commit)
    wrong = [step for step in planned.steps if step.action in plan.WRONG]
    for step in wrong:
        _say(f'{step.action}: {step.path or step.external_id}: {step.reason}')
    for line in recorded.refused:
        _say(f'not recorded: {line}')
    counts = Counter(outcome.action for outcome in outcomes)
    counts.update(step.action for step in planned.steps if step.action not in plan.WRITING)
    words = ', '.join(f'{counts[action]} {_DONE.get(action, action)}' for action in (*plan.ACTIONS, 'failed') if counts[action])
    left = sum(step.action in plan.WRITING for step in planned.steps) - len(outcomes)
    if is_commit:
        _say(f'{HOOK_ID}: commit={recording.commit(repo, planned, outcomes) or "none"}')
    elif recorded.written:
        _say(f'{HOOK_ID}: {len(recorded.written)} files hold the state of the mirror; --commit commits them')
    _say(f'{HOOK_ID}: {words or "no documents"}' + (f'; {left} not tried' if left else ''))
    if isinstance(stopped, KeyboardInterrupt):
        _say(f'{HOOK_ID}: interrupted; what is done is done, run it again to go on')
    if stopped:
        raise stopped
    failed = any(outcome.action in ('failed', *plan.WRONG) for outcome in outcomes)
    return int(bool(failed or wrong))


def main(argv: Sequence[str] | None = None, clock: Clock = Clock()) -> int:
    """Plan, and with --apply do it; 1 when anything failed, or needs a person."""
    options = _arguments(argv)
    repo = git.find_repo()
    settings = config.load(repo.root)
    request = Request(tuple(files.within(repo.root, path) for path in options.only), sync.chosen_kinds(settings, options.kind),
                      options.since, options.full)
    token, table = os.environ.get('NOTION_TOKEN', ''), os.environ.get('NOTION_DATA_SOURCE') or settings.mirror_data_source or ''
    if not token or not table:
        lacks = 'NOTION_TOKEN' if not token else 'NOTION_DATA_SOURCE (or mirror.data_source)'
        if options.apply or options.setup:
            raise FatalError(f'{lacks} is not set; docs/mirror.md of Daybook tells how to connect a table')
        steps = sync.without_mirror(repo, settings, notion_fields.fit, request)
        return _tell_plan(steps, f'and nothing was compared: {lacks} is not set')
    rhythm = Pace(settings.mirror_rate, settings.mirror_patience, clock)
    mirror = _connect(token, table, rhythm)
    if options.setup:
        for line in mirror.setup() or ['the table has all that it needs']:
            _say(f'{HOOK_ID}: {line}')
        return 0
    if not options.apply:
        return _tell_plan(sync.make_plan(repo, settings, mirror, table, request, clock).steps)
    sync.refuse_hook()
    with files.exclusive_lock(memory.Memory(repo, table).lock_path, 0.0) as is_held:
        if not is_held:
            raise FatalError('another sync of this clone is under way; it does the same')
        planned = sync.make_plan(repo, settings, mirror, table, request, clock)
        sync.refuse(repo, planned.local, is_commit=options.commit)
        return _apply(repo, planned, mirror, rhythm, is_commit=options.commit)


if __name__ == '__main__':
    raise SystemExit(main())
