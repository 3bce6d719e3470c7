"""resume: the last note of the operator, what has changed since, what the others are at, and which claims are open."""
from __future__ import annotations

import os
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NamedTuple

from daybook.problem import printable
from daybook.repo import git_spawn
from daybook.resume import glance
from daybook.resume import memory
from daybook.resume import resume
from daybook.resume import view as views
from daybook.resume.glance import Glance
from daybook.resume.memory import Answer
from daybook.resume.memory import Memory
from daybook.resume.view import View
from daybook.session import orphans

# What needs YAML, schemas, Markdown or much of git is imported where the last answer does not hold any more.

_JOURNAL = 'daybook/handoff.json'  # as handoff.journal has it, which takes long to import


def _arguments(argv: Sequence[str]) -> SimpleNamespace:
    options = SimpleNamespace(operator=None, no_fetch='--no-fetch' in argv, write=None)  # a parser keeps what stands there
    if set(argv) <= {'--no-fetch'}:
        return options
    import argparse  # costs as much as all that git is asked

    parser = argparse.ArgumentParser('daybook resume', description=__doc__)
    parser.add_argument('--operator', metavar='SLUG', help='whose last note (default: who is at work here)')
    parser.add_argument('--no-fetch', action='store_true', help='do not ask the remote; its branches as they were fetched last')
    parser.add_argument('--write', metavar='FILE', help='keep the answer in an untracked file, for agents without a shell')
    return parser.parse_args(argv, namespace=options)


def _folders() -> tuple[str, str, str]:
    """Return the root of the work tree, the common git folder and its private one. Raises FatalError outside of one."""
    try:
        answer = git_spawn.answers('.', ('rev-parse', '--is-inside-work-tree', '--show-cdup', '--git-common-dir', '--git-dir'))[0]
    except FileNotFoundError:  # no git: what asks next says so
        answer = None
    words = os.fsdecode(answer or b'').removesuffix('\n').split('\n')
    if len(words) != 4 or words[0] != 'true':
        from daybook.repo import git

        repo = git.find_repo()
        return repo.root, repo.common_dir, repo.git_dir
    return os.path.abspath(words[1] or '.'), os.path.abspath(words[2]), os.path.abspath(words[3])


def _fetched() -> tuple[str, bool]:
    """Fetch the remote's branches; return half a line where that failed, and whether they are as the remote has them."""
    from daybook.documents import config
    from daybook.repo import git
    from daybook.resume import branches

    repo = git.find_repo()
    remote = branches.remote_of(repo, config.load(repo.root))
    reason = branches.fetch(repo, remote) if remote else ''
    return f'{remote} {reason}; its branches are as fetched last' if reason else '', bool(remote) and not reason


def _today() -> str:
    return time.strftime('%Y-%m-%d')


class _Look(NamedTuple):
    """What git told of some places, and what stands for it; what changes later counts next time."""

    places: Sequence[list[str]]
    seen: Glance
    state: str


def _look(root: str, common_dir: str, places: Sequence[list[str]]) -> _Look:
    seen = glance.look(root, *places)
    return _Look(places, seen, glance.state(seen, root, common_dir))


def _kept(known: Memory, caller: str, setup: str, root: str, common_dir: str) -> tuple[Answer | None, _Look | None]:
    """Return the last answer if all that it depends on is as it was, and what was looked at for that."""
    last = known.answer(caller)
    if last is None or last.setup != setup:
        return None, None
    _, watch, _, _, until = last.found
    is_same = all(os.path.exists(path) is was for path, was in watch.items()) and not (until and _today() >= until)
    look = _look(root, common_dir, last.places)
    return last if is_same and last.state == look.state else None, look


def _made(known: Memory, caller: str, setup: str, args: SimpleNamespace, is_fresh: bool, look: _Look | None) -> Answer:
    """Find the answer, and keep it; `look` is a look at all places, before anything else was read."""
    from daybook.documents import config
    from daybook.repo import git
    from daybook.resume import answer

    repo = git.find_repo()
    settings = config.load(repo.root)
    places = answer.places(settings)
    if look is None or [*look.places] != [*places]:
        look = _look(repo.root, repo.common_dir, places)
    of_blobs = glance.setup(repo.root, (), {})
    call = answer.Call(repo, args.operator, os.environ, is_fresh, _today())
    found, blobs = answer.find(call, settings, look.seen, known.blobs(of_blobs))
    made = Answer(setup, look.places, look.state, found)
    memory.save(known, caller, made, of_blobs, blobs)
    return made


def _orphans(folder: str, root: str, now: float) -> tuple[int, float, str] | None:
    """Return how many agent sessions with work wait for a hand-off, the time and the id of the last."""
    found = orphans.find(folder, root, now, os.environ.get('DAYBOOK_SESSION_ID'))
    return (len(found), found[-1].at, found[-1].session) if found else None


def _is_killed(git_dir: str) -> bool:
    """Whether a hand-off of this work tree was killed, and none is at work now."""
    if not os.path.lexists(os.path.join(git_dir, _JOURNAL)):
        return False
    from daybook.handoff import journal
    from daybook.repo import files

    with files.exclusive_lock(os.path.join(git_dir, journal.LOCK), 0) as is_held:
        return is_held and os.path.lexists(os.path.join(git_dir, journal.NAME))


def _with_dirty(view: View, root: str) -> View:
    """Add the files of the note that are changed and not committed: no answer is kept long enough to know them."""
    if view.since is None or not view.since.touched:
        return view
    paths = [f':(top,literal){path}' for path in view.since.touched]
    words = ('--no-optional-locks', 'diff', '--no-ext-diff', '--name-only', '-z', '--no-renames', 'HEAD', '--', *paths)
    answer = git_spawn.answers(root, words)[0] or b''
    dirty = [path for path in os.fsdecode(answer).split('\0')[:-1] if path not in view.since.changed]
    return view._replace(since=view.since._replace(changed=(*view.since.changed, *dirty)))


def _answer(args: SimpleNamespace, root: str, common_dir: str, git_dir: str) -> str:
    remote, is_fresh = ('not fetched', False) if args.no_fetch else _fetched()
    caller = f'{root}\0{args.operator or ""}\0{is_fresh}'
    setup = glance.setup(root, (caller,), os.environ)
    known = memory.load(common_dir)
    last, look = _kept(known, caller, setup, root, common_dir)
    last = last or _made(known, caller, setup, args, is_fresh, look)
    view, _, states, limit, _ = last.found
    now = time.time()
    view = _with_dirty(views.restored(view), root)._replace(remote=remote, orphans=_orphans(states, root, now),
                                                              is_killed=_is_killed(git_dir))
    if args.write is not None and view.last:
        from daybook.repo import files
        from daybook.resume import page

        view = view._replace(last=page.quoted_at(files.within(root, args.write), view.last))
    return resume.compose(view, limit, now)


def main(argv: Sequence[str]) -> int:
    """Print the answer, or keep it in a file; 0 also when there is nothing to go on."""
    args = _arguments(argv)
    os.environ['GIT_NO_LAZY_FETCH'] = '1'  # of a partial clone, only what is here
    text = _answer(args, *_folders())
    if args.write is None:
        print(text, end='')
        return 0
    from daybook.repo import git
    from daybook.resume import page

    repo = git.find_repo()
    written = page.write(repo, args.write, text)
    print(printable(f'wrote {written}'))
    if not page.is_ignored(repo, written):
        print(printable(f'git does not ignore it; put /{written} into .git/info/exclude'))
    return 0


if __name__ == '__main__':
    import sys

    raise SystemExit(main(sys.argv[1:]))
