"""The commit of a back-fill: what it refuses, what it takes, and what is put back or told where it does not come to it."""
from __future__ import annotations

import contextlib
import posixpath
import shlex
import signal
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.backfill.backfilling import Fill
from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import preflight
from daybook.writers import index_set
from daybook.writers import insertion


_ENDS = tuple(getattr(signal, name) for name in ('SIGINT', 'SIGTERM', 'SIGHUP') if hasattr(signal, name))


def hear_every_end() -> None:
    """Let whoever ends this run, or closes its terminal, interrupt it as Ctrl-C does, so that it puts back what it has written."""
    for number in _ENDS:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def refuse_commit(repo: Repo, fills: Sequence[Fill]) -> None:
    """Raise FatalError where a commit of exactly the changed documents cannot be made."""
    if git.is_in_git_hook():
        raise FatalError('--commit cannot run inside another git hook; run it by hand')
    preflight.refuse_state(repo)
    changed = {fill.path for fill in fills if fill.is_changed}
    overlooked = sorted(changed.intersection(git_status.overlooked(repo))) if changed else []
    if overlooked:
        words = ' '.join(shlex.quote(path) for path in overlooked)
        raise FatalError(f'git is told to overlook changes of {", ".join(overlooked)}; run `git update-index --no-assume-unchanged -- {words}` '
                         f'and `git update-index --no-skip-worktree -- {words}`, or run without --commit')
    dirty = sorted(changed.intersection(git_status.dirty_files(repo)))
    if dirty:
        raise FatalError(f'these documents have changes that are not committed: {", ".join(dirty)}; '
                         'commit them first, or run without --commit')


def _unchanged(repo: Repo, written: Mapping[str, tuple[bytes, bytes]], say: Callable[[str], None]) -> list[str]:
    """Return the paths that still are as they were `written`; those that somebody has saved since are told."""
    kept = [path for path, (_, after) in written.items() if files.read_bytes(files.inside(repo.root, path)) == after]
    for path in sorted(written.keys() - set(kept)):
        say(f'changed since it was filled, so it is not committed: {path}')
    return kept


def _changed(repo: Repo, before: str, after: str) -> set[str]:
    """Return the paths in which two commits differ."""
    return set(git.zsplit(git.expect('diff-tree', '-r', '--name-only', '-z', '--no-renames', before, after, cwd=repo.root).out))


def _told(repo: Repo, commit: str, kept: Iterable[str], say: Callable[[str], None]) -> str:
    """Return the id of the commit just made, and say where it holds more than what was `kept`."""
    with contextlib.suppress(FatalError):  # nothing may hide that the commit exists
        more = sorted(_changed(repo, f'{commit}^', commit).difference(kept))
        if more:
            say(f'a hook of yours put more into the commit: {", ".join(more)}')
    return commit


def _made_since(repo: Repo, head: str | None, written: Iterable[str]) -> str | None:
    """Return the commit of HEAD where some of what was `written` has been committed since the commit `head`, else None."""
    now = git_refs.resolve(repo, 'HEAD')
    if now is None or now == head or head is None:
        return None
    return now if _changed(repo, head, now).intersection(written) else None


def commit(repo: Repo, written: Mapping[str, tuple[bytes, bytes]], documents: Collection[str], say: Callable[[str], None]) -> str:
    """Commit what was `written`, by path with the bytes before and after, as far as it still is that, and return the id.

    The `documents` among it are counted; the rest are the indexes that name them. Every byte is put back when git or a hook refuses.
    """
    head, kept = git_refs.resolve(repo, 'HEAD'), _unchanged(repo, written, say)
    count = len(set(kept).intersection(documents))
    if not count:
        put_back(repo, written, say)
        raise FatalError('nothing was committed: every document was changed since it was filled; commit them, then run this again')
    message = f'docs: back-fill the frontmatter of {count} document{"s" * (count != 1)}\n'
    result = git.git('commit', '--quiet', f'--message={message}', '--only', '--pathspec-from-file=-', '--pathspec-file-nul',
                     cwd=repo.root, env=git.clean_env(), stdin=git.zjoin(git.pathspec(kept)))
    if result.is_ok:
        return _told(repo, git.expect('rev-parse', 'HEAD', cwd=repo.root).text, kept, say)
    words = (result.err + result.text).strip()[-4000:]
    made = _made_since(repo, head, kept)
    if made is not None:  # git fails after its commit too, as when it cannot write the index
        for line in ('git complained after the commit:', *words.splitlines()):
            say(line)
        return made
    is_whole = put_back(repo, written, say)
    what = 'the documents were' if is_whole else 'the rest of the documents was'
    raise FatalError(f'git did not commit; {what} put back\n{words}')


def put_back(repo: Repo, written: Mapping[str, tuple[bytes, bytes]], say: Callable[[str], None]) -> bool:
    """Make every file what it was before and return whether all are; what somebody or a hook has changed since stays and is told."""
    left = []
    for name, (before, after) in written.items():
        path = files.inside(repo.root, name)
        if files.read_bytes(path) != before and not files.write_over(path, after, before):
            left.append(name)
            say(f'changed meanwhile, left as it is: {name}')
    return not left


def take_back(repo: Repo, head: str | None, written: Mapping[str, tuple[bytes, bytes]], say: Callable[[str], None]) -> None:
    """Put back what an interrupted run that began at the commit `head` has written, unless it came to its commit; tell which."""
    for number in _ENDS:  # whoever is impatient must not have half of it
        signal.signal(number, signal.SIG_IGN)
    made = _made_since(repo, head, written)
    if made is not None:
        say(f'interrupted; the commit was made: {made}')
        return
    is_whole = put_back(repo, written, say)
    say(f'interrupted; {"what" if is_whole else "the rest of what"} was written was put back')


def _is_filled(before: bytes | None, after: bytes | None) -> bool:
    """Return whether a document has new lines in its frontmatter, and nothing else is new."""
    if before is None or after is None:
        return False
    old, new = (data.replace(b'\r\n', b'\n') for data in (before, after))  # a checkout may have put those there
    bodies = {data[frontmatter.body_offset(data):].lstrip(frontmatter.BOM + b'\n') for data in (old, new)}
    return len(bodies) == 1 and bool(insertion.inserted_lines(old, new))


def uncommitted(repo: Repo, settings: Settings, targets: Iterable[str]) -> list[str]:
    """Return the documents among `targets` that are filled and not committed, and the indexes of their folders that are not:
    what a run leaves that is killed before its commit.
    """
    dirty = git_status.dirty_files(repo)
    paths = [path for path, _ in document.select(settings, set(targets).intersection(dirty)) if '\n' not in path]
    old = git_objects.read_blobs(repo, [f'HEAD:{path}' for path in paths])
    filled = [path for path, data in zip(paths, old) if _is_filled(data, files.read_bytes(files.inside(repo.root, path)))]
    maps = {index_set.path_of(posixpath.dirname(path)) for path in filled}
    return sorted(path for path in dirty if path in filled or path in maps or filled and path == settings.indexes_overview)
