"""Runs git (with `git_process`; for quick questions `git_spawn` does) and knows where a repository lies."""
from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Mapping
from typing import NamedTuple

from daybook.errors import FatalError
from daybook.errors import KilledError

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
_HOOKED = ('commit', 'push', 'fetch', 'update-ref')  # what starts hooks of the user, which may start anything
# questions to which no answer is not a no; of all else the callers look how it ended
_QUESTIONS = ('rev-parse', 'symbolic-ref', 'merge-base', 'config', 'remote', 'log', 'rev-list', 'ls-tree', 'for-each-ref', 'check-ignore', 'diff', 'diff-index')


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


def zjoin(paths: Iterable[str]) -> bytes:
    """Return `paths` NUL-terminated, as git reads them from its standard input; what `zsplit` takes apart."""
    return b''.join(os.fsencode(path) + b'\0' for path in paths)


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


def git(*args: str, cwd: str, env: Mapping[str, str] | None = None,
        stdin: bytes | None = None, timeout: float | None = None) -> Result:
    """Run `git args` in `cwd` and return what it answered, whatever the exit code.

    `env` replaces the whole environment (`clean_env`); `timeout` is in seconds, and the whole
    process group is ended when it runs out. Raises FatalError when there is no git, KilledError
    when somebody else ended a question.
    """
    from daybook.repo import git_process  # with `subprocess`, without which many a run comes to its end

    try:
        result = Result(*git_process.run(('git', '-c', 'core.quotePath=false', *args), cwd=cwd, env=env, stdin=stdin,
                                         timeout=timeout, has_hooks=args[0] in _HOOKED))
    except FileNotFoundError as error:
        if error.filename == 'git':
            raise FatalError('git is not installed, or not on PATH; install git 2.38 or later') from error
        raise FatalError(f'no such folder: {cwd}') from error
    if result.code is not None and result.code < 0 and args[0] in _QUESTIONS:
        raise KilledError(f'git {args[0]} was killed (signal {-result.code}) in {cwd}; run this again')
    return result


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


def config_value(repo: Repo, key: str) -> str | None:
    """Return one value of git's configuration, or None."""
    result = git('config', '--get', key, cwd=repo.root)
    return result.text if result.is_ok and result.text else None


def git_path(repo: Repo, name: str) -> str:
    """Return the absolute path of `name` in the private git folder of this work tree."""
    return os.path.join(repo.git_dir, name)


def pathspec(paths: Iterable[str]) -> list[str]:
    """Return `paths` as literal pathspecs, so that `*` or `:` in a name means itself."""
    return [f':(top,literal){path}' for path in paths]
