"""The only module that runs git."""
from __future__ import annotations

import os
import time
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import NamedTuple

from daybook.errors import FatalError
from daybook.errors import KilledError
from daybook.repo import git_spawn

if TYPE_CHECKING:  # where git is asked for two answers and no more, `git_spawn` does without
    import subprocess

# What git exports to its hooks. A command about the repository that the user stands in keeps it
# (GIT_INDEX_FILE names the index that is being committed); a writer drops it.
# https://git-scm.com/docs/githooks#_description and pre-commit's `no_git_env`
_KEPT = ('GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_SSL_CAINFO', 'GIT_SSL_NO_VERIFY', 'GIT_ASKPASS',
         'GIT_EXEC_PATH', 'GIT_HTTP_PROXY_AUTHMETHOD', 'GIT_ALLOW_PROTOCOL', 'GIT_CONFIG_COUNT',
         'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM', 'GIT_TRACE',
         'GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_AUTHOR_DATE',
         'GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL', 'GIT_COMMITTER_DATE',
         'GIT_TEMPLATE_DIR', 'GIT_CEILING_DIRECTORIES', 'GIT_DISCOVERY_ACROSS_FILESYSTEM')

# as questions, for who asks several at once
WHERE = ('rev-parse', '--is-inside-work-tree', '--show-cdup', '--git-dir', '--git-common-dir')
STAGED = ('diff-index', '--cached', '--name-only', '-z', '--no-renames', '--ita-invisible-in-index', 'HEAD', '--')
HEAD = ('rev-parse', '--verify', '--quiet', '--end-of-options', 'HEAD^{commit}')
_LINGER = 0.5  # seconds for the last words of a command that has ended, or was
_LOOK = 1.0  # seconds after which we look whether a command has ended without closing its pipes
_HOOKED = ('commit', 'push', 'fetch', 'update-ref')  # what starts hooks of the user, which may start anything
# questions to which no answer is not a no; of all else the callers look how it ended
_QUESTIONS = ('rev-parse', 'symbolic-ref', 'merge-base', 'config', 'remote', 'log', 'ls-tree', 'for-each-ref', 'check-ignore', 'diff', 'diff-index')
_GRACE = 2.0  # seconds for git to come to its own end when we are interrupted


class Repo(NamedTuple):
    """Where a repository lies: absolute paths of its work tree, private and common git folders."""

    root: str
    git_dir: str
    common_dir: str


class Result(NamedTuple):
    """What one git command answered. `code` is None when the time limit ended it."""

    code: int | None
    out: bytes
    err: str

    @property
    def is_ok(self) -> bool:
        return self.code == 0

    @property
    def text(self) -> str:
        return os.fsdecode(self.out).strip('\n')

    @property
    def lines(self) -> list[str]:
        text = os.fsdecode(self.out)
        return text.removesuffix('\n').split('\n') if text else []  # splitlines() would end them at U+2028 too


def zsplit(out: bytes) -> list[str]:
    """Split NUL-terminated output into paths; bytes that are not UTF-8 become surrogates."""
    return [part for part in os.fsdecode(out).split('\0') if part]


def clean_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without what git tells its hooks, and without any prompt."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith('GIT_') or k in _KEPT or k.startswith('GIT_CONFIG_')}
    # no question may ever wait for somebody who is not there
    env.update(GIT_TERMINAL_PROMPT='0', GCM_INTERACTIVE='never', GIT_EDITOR=':')
    env.update(extra or {})
    return env


def network_env(repo: Repo, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return `clean_env` for a command that asks a remote: ssh asks nobody, unless the user chose another way to it."""
    env = clean_env(extra)
    # GIT_SSH_COMMAND would win over the user's own program, which may hold another key
    if not {'GIT_SSH', 'GIT_SSH_COMMAND'} & env.keys() and not config_value(repo, 'core.sshCommand'):
        env['GIT_SSH_COMMAND'] = 'ssh -oBatchMode=yes'
    return env


def _signal(process: subprocess.Popen[bytes], *, by_force: bool, is_leader: bool) -> None:
    """Ask git to end, or end it by force, which leaves its locks behind: every later commit would stop at them."""
    # git push starts ssh or git-receive-pack, which would outlive it and hold our pipes
    if os.name == 'posix' and is_leader:
        import signal

        try:
            os.killpg(process.pid, signal.SIGKILL if by_force else signal.SIGTERM)
        except ProcessLookupError:
            pass
    elif by_force:
        process.kill()
    else:
        process.terminate()


def _last_words(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Return what a command that has ended said; a daemon that it left behind may hold its pipes open for hours."""
    import subprocess

    try:
        return process.communicate(timeout=_LINGER)
    except subprocess.TimeoutExpired as error:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
        process.wait()
        return error.output or b'', error.stderr or b''


def _words(process: subprocess.Popen[bytes], stdin: bytes | None, timeout: float | None) -> tuple[bytes, bytes]:
    """Return what a command says until it ends. Raises TimeoutExpired."""
    import subprocess

    limit = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _LOOK if limit is None else min(_LOOK, limit - time.monotonic())
        try:
            return process.communicate(stdin, timeout=left)
        except subprocess.TimeoutExpired:
            if process.poll() is not None:  # a hook of the user may have started a watcher that goes on
                return _last_words(process)
            if limit is not None and time.monotonic() >= limit:
                raise
        stdin = None  # it keeps what it has not written yet


def _rest(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """End a process group and return what it has said."""
    import subprocess

    _signal(process, by_force=False, is_leader=True)
    try:
        process.wait(_LINGER)
    except subprocess.TimeoutExpired:
        pass
    _signal(process, by_force=True, is_leader=True)
    return _last_words(process)


def _interrupt(process: subprocess.Popen[bytes], *, is_leader: bool) -> None:
    """Let git come to its end, else end it; a key at the terminal has told it too, a signal to us alone has not."""
    import subprocess

    try:
        process.communicate(timeout=_GRACE)  # it may wait for a reader
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal(process, by_force=False, is_leader=is_leader)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        _signal(process, by_force=True, is_leader=is_leader)


def git(*args: str, cwd: str, env: Mapping[str, str] | None = None,
        stdin: bytes | None = None, timeout: float | None = None) -> Result:
    """Run `git args` in `cwd` and return what it answered, whatever the exit code.

    `env` replaces the whole environment (`clean_env`); `timeout` is in seconds, and the whole
    process group is ended when it runs out. Raises FatalError when there is no git, KilledError
    when somebody else ended a question.
    """
    import subprocess

    command = ('git', '-c', 'core.quotePath=false', *args)
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env=env,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=timeout is not None,
        )
    except FileNotFoundError as error:
        if error.filename == 'git':
            raise FatalError('git is not installed, or not on PATH; install git 2.38 or later') from error
        raise FatalError(f'no such folder: {cwd}') from error
    try:
        # to look costs a millisecond, which dozens of short questions add up
        say = _words if timeout is not None or args[0] in _HOOKED else type(process).communicate
        out, err = say(process, stdin, timeout)
    except subprocess.TimeoutExpired:
        out, err = _rest(process)
        return Result(None, out, os.fsdecode(err))
    except KeyboardInterrupt:
        _interrupt(process, is_leader=timeout is not None)
        raise
    if process.returncode < 0 and args[0] in _QUESTIONS:
        raise KilledError(f'git {args[0]} was killed (signal {-process.returncode}) in {cwd}; run this again')
    return Result(process.returncode, out, os.fsdecode(err))


def expect(*args: str, cwd: str, env: Mapping[str, str] | None = None,
           stdin: bytes | None = None) -> Result:
    """Run `git args` like `git`; raise FatalError with git's own words when it fails."""
    result = git(*args, cwd=cwd, env=env, stdin=stdin)
    if not result.is_ok:
        words = result.err.strip() or f'exit code {result.code}'
        raise FatalError(f'git {args[2 if args[0] == "-c" else 0]} failed in {cwd}: {words}')
    return result


def find_repo(cwd: str = '.') -> Repo:
    """Return the repository that `cwd` lies in. Raises FatalError outside of a work tree."""
    # --show-cdup rather than --show-toplevel: the latter resolves symlinks and, on Windows,
    # changes drive letters (pre-commit, git.py)
    result = git(*WHERE, cwd=cwd)
    if not result.is_ok and 'dubious ownership' in result.err:
        raise FatalError(f'git refuses this repository: {result.err.strip()}')
    if not result.is_ok or result.lines[0] != 'true':
        raise FatalError(f'not inside a git work tree: {os.path.abspath(cwd)}; '
                         'run `git init` there, or change to your repository')
    return repo_of(result.out, cwd)


def repo_of(answer: bytes, cwd: str = '.') -> Repo:
    """Return the repository that git tells of in answer to `WHERE`."""
    _, cdup, git_dir, common_dir = os.fsdecode(answer).removesuffix('\n').split('\n')
    here = os.path.abspath(cwd)
    return Repo(os.path.normpath(os.path.join(here, cdup)),
                os.path.normpath(os.path.join(here, git_dir)),
                os.path.normpath(os.path.join(here, common_dir)))


def main_root(repo: Repo) -> str:
    """Return the main work tree of a linked one; the work tree itself where there is no other."""
    return os.path.dirname(repo.common_dir) if os.path.basename(repo.common_dir) == '.git' else repo.root


def is_in_git_hook() -> bool:
    """Return whether this process runs inside `git commit` or another git hook with an index."""
    return 'GIT_INDEX_FILE' in os.environ


def tracked_files(repo: Repo, *pathspecs: str) -> list[str]:
    """Return the paths of the index (of GIT_INDEX_FILE inside a commit), relative to the root."""
    # a conflicted path is listed once a stage
    return sorted(set(zsplit(expect('ls-files', '-z', '--', *pathspecs, cwd=repo.root).out)))


def untracked_files(repo: Repo, *pathspecs: str) -> list[str]:
    """Return the paths that are neither in the index nor ignored."""
    result = expect('ls-files', '-z', '--others', '--exclude-standard', '--', *pathspecs, cwd=repo.root)
    return zsplit(result.out)


def staged_changes(repo: Repo) -> list[str]:
    """Return the paths that the index changes against HEAD; of a rename, both names."""
    result = git(*STAGED, cwd=repo.root)
    return zsplit(result.out) if result.is_ok else tracked_files(repo)  # no commit yet: all is staged


def pushed_changes(repo: Repo, environ: Mapping[str, str]) -> tuple[str, list[str]] | None:
    """Return the base and the paths that a push (or `--from-ref A --to-ref B`) changes, or None outside of one.

    pre-commit and prek tell the range in PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF; a first push has none.
    """
    begin, end = environ.get('PRE_COMMIT_FROM_REF'), environ.get('PRE_COMMIT_TO_REF')
    if not begin or not end:
        return None
    base = git('merge-base', begin, end, cwd=repo.root)
    changed = git('diff-tree', '-r', '--name-only', '-z', '--no-renames', base.text, end, cwd=repo.root)
    return (base.text, zsplit(changed.out)) if base.is_ok and changed.is_ok else None


def staged_status(repo: Repo) -> list[tuple[str, str]]:
    """Return letter (`A`, `M`, `D`, `T`) and path of every staged change; a rename is a D and an A."""
    result = git('diff-index', '--cached', '--name-status', '-z', '--no-renames', '--ita-invisible-in-index', 'HEAD', '--',
                 cwd=repo.root)
    if not result.is_ok:
        return [('A', path) for path in tracked_files(repo)]  # no commit yet: all is new
    words = zsplit(result.out)
    return list(zip(words[::2], words[1::2]))


def unstaged_changes(repo: Repo, *pathspecs: str) -> list[str]:
    """Return the tracked paths whose work tree file differs from the index, deletions included."""
    git('update-index', '-q', '--refresh', cwd=repo.root)  # a touched file is no change; fails harmlessly
    return zsplit(expect('diff-files', '--name-only', '-z', '--', *pathspecs, cwd=repo.root).out)


def maybe_unstaged(repo: Repo, paths: Sequence[str]) -> set[str]:
    """Return those of `paths` whose work tree file may differ from the index; one that was only touched may be among them.

    Half the price of `unstaged_changes`, which looks at every file twice; for a few paths at hardly any.
    """
    few = pathspec(paths) if len(paths) <= 100 else ()
    out = git_spawn.answers(repo.root, ('diff-files', '--name-only', '-z', '--', *few))[0]
    if out is None:
        raise FatalError(f'git cannot compare the files of {repo.root} with its index; run `git status` there to see why')
    return set(zsplit(out)).intersection(paths)


def config_value(repo: Repo, key: str) -> str | None:
    """Return one value of git's configuration, or None."""
    result = git('config', '--get', key, cwd=repo.root)
    return result.text if result.is_ok and result.text else None


def resolve(repo: Repo, name: str) -> str | None:
    """Return the full id of the commit that `name` stands for, or None."""
    result = git('rev-parse', '--verify', '--quiet', '--end-of-options', f'{name}^{{commit}}', cwd=repo.root)
    return result.text if result.is_ok else None


def current_branch(repo: Repo) -> str | None:
    """Return the short name of the branch of HEAD (born or not), or None when HEAD is detached."""
    result = git('symbolic-ref', '--quiet', '--short', 'HEAD', cwd=repo.root)
    return result.text if result.is_ok else None


def remotes(repo: Repo) -> list[str]:
    """Return the names of the configured remotes."""
    return git('remote', cwd=repo.root).lines


def shared_remote(repo: Repo) -> str | None:
    """Return the remote that a team shares, None where there is none: `origin`, else the only one.

    What the branch follows decides only among several of other names: two clones of one
    repository must mean the same one, whatever their branches follow.
    """
    known = remotes(repo)
    if 'origin' in known or len(known) < 2:
        return 'origin' if 'origin' in known else next(iter(known), None)
    branch = current_branch(repo)
    upstream = config_value(repo, f'branch.{branch}.remote') if branch else None
    return upstream if upstream in known else known[0]


def default_branch(repo: Repo, remote: str | None) -> str | None:
    """Return the ref of the default branch (`refs/remotes/origin/main`, else a local main or master)."""
    if remote:
        head = git('symbolic-ref', '--quiet', f'refs/remotes/{remote}/HEAD', cwd=repo.root)
        if head.is_ok:
            return head.text
    places = [f'refs/remotes/{remote}/'] if remote else []
    for place in [*places, 'refs/heads/']:
        for name in ('main', 'master', 'trunk', 'develop'):
            if resolve(repo, place + name):
                return place + name
    return None


def is_on_default_branch(repo: Repo, named: str | None = None) -> bool:
    """Return whether HEAD is on the default branch: the one `named`, else what the remote calls so, else main or master.

    A shallow clone of a job may hold one branch alone, so that one of another name is not taken for it.
    """
    here = current_branch(repo)
    if here is None or named:
        return here is not None and here == named
    remote = shared_remote(repo)
    head = git('symbolic-ref', '--quiet', f'refs/remotes/{remote}/HEAD', cwd=repo.root) if remote else None
    if head and head.is_ok:
        return head.text == f'refs/remotes/{remote}/{here}'
    places = [*([f'refs/remotes/{remote}/'] if remote else []), 'refs/heads/']
    found = next((name for place in places for name in ('main', 'master') if resolve(repo, place + name)), None)
    return here == found


def git_path(repo: Repo, name: str) -> str:
    """Return the absolute path of `name` in the private git folder of this work tree."""
    return os.path.join(repo.git_dir, name)


def pathspec(paths: Iterable[str]) -> list[str]:
    """Return `paths` as literal pathspecs, so that `*` or `:` in a name means itself."""
    return [f':(top,literal){path}' for path in paths]


def ignored(repo: Repo, paths: Iterable[str]) -> set[str]:
    """Return those of `paths` (which need not exist) that git would refuse to add: ignored and not tracked."""
    request = b''.join(os.fsencode(path) + b'\0' for path in paths)
    return set(zsplit(git('check-ignore', '-z', '--stdin', cwd=repo.root, stdin=request).out))


def dirty_files(repo: Repo) -> list[str]:
    """Return the tracked paths that differ from HEAD in index or work tree; never refreshes the index."""
    out = git('--no-optional-locks', '-c', 'core.fsmonitor=false', 'status', '--porcelain=v1', '-z', '--no-renames',
              '--untracked-files=no', '--ignore-submodules=dirty', cwd=repo.root).out
    return [entry[3:] for entry in zsplit(out)]


def is_shallow(repo: Repo) -> bool:
    """Return whether the history was cut by `clone --depth`."""
    return git('rev-parse', '--is-shallow-repository', cwd=repo.root).text == 'true'
