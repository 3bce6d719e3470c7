"""Real repositories, real processes: what the tests share."""
from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path

import hypothesis
import pytest

from daybook.repo import files

hypothesis.settings.register_profile('daybook', deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile('daybook')
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell starts what runs in the background; a new process would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
ROOT = Path(__file__).parent.parent
# runners install from the caches of whoever runs the tests: a home of their own has none
_CACHES = {'PIP_CACHE_DIR': '~/.cache/pip', 'UV_CACHE_DIR': '~/.cache/uv'}
_CACHES = {name: os.environ.get(name, os.path.expanduser(place)) for name, place in _CACHES.items()}
_EMPTY, _TEMPLATE = 'empty', 'template'  # folders of our home


def _of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all workers of a run have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base


@pytest.fixture(scope='session', autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give git, pre-commit and prek a home of their own, and no variable of whoever runs the tests.

    What Python compiles is kept for the run: thousands of processes would compile all of us anew where the
    environment forbids that, as that of a container may.
    """
    home = tmp_path_factory.mktemp('home')
    (home / '.gitconfig').write_text(
        '[user]\n\tname = Roman Tester\n\temail = roman@example.com\n'
        '[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n'
        '[advice]\n\tdetachedHead = false\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n',
    )
    for name in list(os.environ):
        if name.startswith(('GIT_', 'DAYBOOK_', 'PRE_COMMIT', 'PREK_', 'CLAUDE', 'OPERATOR', 'GITHUB_', 'CI')) \
                and name not in ('GIT_SSL_CAINFO',):
            del os.environ[name]
    os.environ.pop('PYTHONDONTWRITEBYTECODE', None)
    os.environ.update(HOME=str(home), USERPROFILE=str(home), XDG_CONFIG_HOME=str(home / '.config'),
                      PYTHONPYCACHEPREFIX=str(_of_all_workers(tmp_path_factory) / 'compiled'),
                      PATH=f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}')
    _keep_few_samples(home)
    return home


def _keep_few_samples(home: Path) -> None:
    """Have git put two sample hooks into a new repository, not its fourteen; keep one such to copy."""
    subprocess.run(('git', 'init', '-q', home / _EMPTY), check=True)
    found = home / _EMPTY / '.git'
    for sample in (found / 'hooks').iterdir():
        if sample.name not in ('pre-commit.sample', 'pre-push.sample'):
            sample.unlink()
    for name in ('hooks', 'info'):
        shutil.copytree(found / name, home / _TEMPLATE / name)
    with open(home / '.gitconfig', 'a') as stream:
        stream.write(f'[init]\n\ttemplateDir = ~/{_TEMPLATE}\n')
    Sandbox.empty = found


class Sandbox:
    """A git repository in a temporary folder with short words for what tests do to it."""

    empty: Path  # the git folder of one in which nothing has happened

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *args: str, check: bool = True, env: dict[str, str] | None = None) -> str:
        run = subprocess.run(('git', *args), cwd=self.root, capture_output=True, text=True,
                             env={**os.environ, **(env or {})})
        if check and run.returncode:
            raise AssertionError(f'git {args}: {run.stdout}{run.stderr}')
        return run.stdout.rstrip('\n')

    def write(self, path: str, content: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def commit(self, message: str = 'change', *paths: str) -> str:
        self.git('add', '--', *(paths or ('.',)))
        self.git('commit', '-q', '--no-verify', '-m', message)
        return self.head()

    def head(self) -> str:
        """Return the commit that is checked out; of a branch whose file is there, without a process."""
        folder = self.root / '.git'
        with contextlib.suppress(OSError):
            name = (folder / 'HEAD').read_text().removeprefix('ref: ').strip()
            return (folder / name).read_text().strip() if name.startswith('refs/') else name
        return self.git('rev-parse', 'HEAD')

    def stage(self, files: Mapping[str, str | None]) -> None:
        """Write `files`, remove those that are None, and stage all that has changed."""
        for path, text in files.items():
            if text is None:
                (self.root / path).unlink()
            else:
                self.write(path, text)
        self.git('add', '--all')

    def daybook(self, *args: str, env: dict[str, str] | None = None, cwd: str = '.') -> subprocess.CompletedProcess[str]:
        """Run `daybook args` as a process of its own, as a user would."""
        return subprocess.run((sys.executable, '-m', 'daybook', *args), cwd=self.root / cwd, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env={**os.environ, **(env or {})})

    def snapshot(self) -> dict[str, bytes]:
        """Return every file below the root but those of `.git`, to prove that nothing else changed."""
        return {str(p.relative_to(self.root)): p.read_bytes() for p in sorted(self.root.rglob('*'))
                if p.is_file() and '.git' not in p.relative_to(self.root).parts}


def make_sandbox(root: Path) -> Sandbox:
    shutil.copytree(Sandbox.empty, root / '.git')
    return Sandbox(root)


def without_privilege() -> tuple[str, ...]:
    """Return what makes root obey the modes of files, so that the tests may run in a container."""
    if os.geteuid() != 0:
        return ()
    if not shutil.which('setpriv'):
        pytest.skip('root, and no setpriv')
    return ('setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search')


@pytest.fixture
def repo(tmp_path: Path) -> Sandbox:
    """An empty repository without a commit."""
    return make_sandbox(tmp_path / 'repo')


@pytest.fixture
def new_repo(tmp_path: Path) -> Callable[[str], Sandbox]:
    """Make further repositories by name."""
    return lambda name: make_sandbox(tmp_path / name)


def _commit_tree(target: Path) -> None:
    """Make a repository of the files of this checkout as they are now, committed or not."""
    plugin = make_sandbox(target)
    listed = subprocess.run(('git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'), cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout
    for path in filter(None, listed.split('\0')):
        if (ROOT / path).is_file():
            plugin.write(path, (ROOT / path).read_bytes())
    plugin.commit('the tree under test')


@pytest.fixture(scope='session')
def plugin(tmp_path_factory: pytest.TempPathFactory, own_home: Path) -> tuple[str, str]:
    """Return path and commit of a hook repository with the tree under test, as `repo:` and `rev:` of a configuration.

    One for all workers of a run, as is what pre-commit and prek install from it.
    """
    shared = _of_all_workers(tmp_path_factory) / 'runners'
    target = shared / 'plugin'
    with files.exclusive_lock(str(shared / 'lock'), 120):
        if not (shared / 'made').exists():
            _commit_tree(target)
            (shared / 'made').touch()
    os.environ.update(_CACHES, PRE_COMMIT_HOME=str(shared / 'pre-commit'), PREK_HOME=str(shared / 'prek'))
    return str(target), Sandbox(target).git('rev-parse', 'HEAD')
