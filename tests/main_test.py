"""The dispatcher: what the environment of its caller may do to a run, which is nothing."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from conftest import ROOT
from conftest import Sandbox
from conftest import without_privilege
from handoffs import DRAFT
from handoffs import TEXT


def _ended(repo: Sandbox, *words: str, **environ: str) -> tuple[int, str, str]:
    run = subprocess.run((sys.executable, '-m', 'daybook', *words), cwd=repo.root, env={**os.environ, **environ}, capture_output=True)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


@pytest.fixture
def telling(repo: Sandbox) -> Sandbox:
    repo.write('.gitignore', '.daybook/state/\n')
    repo.write('docs/sessions/größer.md', '---\ntitle: größer: als\n---\n')
    repo.write('docs/sessions/RT-261101-01.md', '---\ntitle: Größe\n---\n\n[a](größe%20[1].md)\n')
    repo.write('docs/sessions/größe [1].md', 'x')
    repo.commit('add a note')
    repo.write('docs/sessions/größe [1].md', '---\ntitle: Größe\nstatus: none\n---\n\n[a](keine-größe.md)\n')
    return repo


# Magit sets the first for all that it starts, hooks included
@pytest.mark.parametrize('name', ['GIT_LITERAL_PATHSPECS', 'GIT_GLOB_PATHSPECS', 'GIT_NOGLOB_PATHSPECS', 'GIT_ICASE_PATHSPECS'])
def test_how_a_caller_has_git_read_pathspecs_changes_nothing(telling: Sandbox, name: str) -> None:
    for words in (('check-all', '--all'), ('inventory',), ('doctor',)):
        assert _ended(telling, *words, **{name: '1'}) == _ended(telling, *words)
    telling.write('staged.txt', 'staged\n')
    telling.git('add', 'staged.txt')
    telling.write(DRAFT, TEXT)
    code, out, err = _ended(telling, 'handoff', '--files', DRAFT, **{name: '1'})
    assert (code, 'handoff: id=RT-' in out) == (0, True), out + err
    assert telling.git('diff', '--cached', '--name-only') == 'staged.txt'


@pytest.mark.skipif(sys.platform == 'win32', reason='file names are UTF-8 on Windows')
@pytest.mark.parametrize('words', [('validate-frontmatter',), ('audit-links',), ('inventory',), ('resume', '--no-fetch'), ('no-ïd',)])
def test_a_locale_that_knows_no_utf8_changes_nothing(telling: Sandbox, words: tuple[str, ...]) -> None:
    usual = _ended(telling, *words)
    assert 'ï' in usual[2] or 'ö' in usual[1]
    assert _ended(telling, *words, LC_ALL='C', PYTHONUTF8='0', PYTHONCOERCECLOCALE='0') == usual


@pytest.fixture(scope='session')
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as an adopter has it: one that is installed to be edited loads half of the standard library to find itself."""
    folder = tmp_path_factory.mktemp('installed')
    shutil.copytree(ROOT / 'src/daybook', folder / 'daybook')
    for room in ('hooks', 'schemas'):
        shutil.copytree(ROOT / room, folder / 'daybook' / room)
    return folder


def _imported(installed: Path, repo: Sandbox, *words: str) -> set[str]:
    """Return the modules that a run has imported at its end."""
    paths = [str(installed), sysconfig.get_path('purelib'), sysconfig.get_path('platlib')]
    program = (f'import sys; sys.path += {paths}; sys.argv[1:] = {words}; from daybook.__main__ import main; main(); '
               'print(*sys.modules, file=sys.stderr)')
    run = subprocess.run((sys.executable, '-I', '-S', '-c', program), cwd=repo.root, capture_output=True, text=True, check=True)
    return set(run.stderr.split())


DATED, HASHED, PARSED = {'datetime', 'sqlite3'}, {'hashlib', '_hashlib'}, {'yaml', 'jsonschema', 'jsonschema_rs', 'markdown_it'}
WARM = {
    ('audit-links',): {'collections', 'enum', 're', 'typing', 'json', 'argparse', '_sqlite3', 'pyromark', *DATED, *HASHED, *PARSED},
    ('resume', '--no-fetch'): {'argparse', 'shutil', 'subprocess', '_sqlite3', 'pyromark', *DATED, *HASHED, *PARSED},
}


@pytest.mark.parametrize('words', WARM, ids=' '.join)
def test_a_run_without_changes_imports_little(installed: Path, telling: Sandbox, words: tuple[str, ...]) -> None:
    telling.commit('settle')
    assert _imported(installed, telling, *words) & WARM[words]
    assert not _imported(installed, telling, *words) & WARM[words]


def test_an_audit_of_one_change_imports_no_more_than_it_needs(installed: Path, telling: Sandbox) -> None:
    _imported(installed, telling, 'audit-links')
    telling.write('docs/sessions/größe [1].md', '# A\n\n[a](keine.md)\n')
    found = _imported(installed, telling, 'audit-links')
    assert {'_sqlite3', 'pyromark'} <= found and not found & {'argparse', 'subprocess', 'ipaddress', *DATED, *HASHED, *PARSED}


# runs before the program: the import of the module that the environment names is where Ctrl-C comes
INTERRUPTING = '''
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ.get('INTERRUPTED'):
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
'''


@pytest.mark.parametrize('name', ['daybook.documents.schema', 'decimal', '_decimal', 'jsonschema_rs', 'jsonschema_rs.jsonschema_rs'])
def test_an_interrupted_import_leaves_no_trace(telling: Sandbox, tmp_path: Path, name: str) -> None:
    (tmp_path / 'sitecustomize.py').write_text(INTERRUPTING)
    assert _ended(telling, 'validate-frontmatter', PYTHONPATH=f'{tmp_path}', INTERRUPTED=name) == (130, '', 'daybook: interrupted\n')


@pytest.mark.skipif(sys.platform != 'linux', reason='a limit for files stands for a full disk')
def test_a_trace_that_cannot_be_kept_is_told(telling: Sandbox, tmp_path: Path) -> None:
    (tmp_path / 'sitecustomize.py').write_text(INTERRUPTING.replace('KeyboardInterrupt', 'RuntimeError("odd")')
                                               + 'import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n')
    run = telling.daybook('validate-frontmatter', env={'PYTHONPATH': f'{tmp_path}', 'INTERRUPTED': 'daybook.documents.schema', 'PYTHONDONTWRITEBYTECODE': '1'})
    assert run.returncode == 3 and run.stderr.startswith('daybook: unexpected RuntimeError: odd\nTraceback ')
    assert run.stderr.endswith('RuntimeError: odd\n')


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='a device that is always full')
@pytest.mark.parametrize('words', [('audit-links',), ('inventory',), ('--help',), ('--version',), ('whoami',), ('audit',), ('handoff', '--files', DRAFT)], ids=' '.join)
def test_output_to_a_full_disk_is_told_as_that(telling: Sandbox, words: tuple[str, ...]) -> None:
    telling.write(DRAFT, TEXT)
    before = telling.snapshot()
    with open('/dev/full', 'wb') as full:
        run = subprocess.run((sys.executable, '-m', 'daybook', *words), cwd=telling.root, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (run.returncode, run.stderr) == (1, 'daybook: no space left on the disk, or where the output goes; make room, and run this again\n')
    assert telling.snapshot() == before


@pytest.mark.skipif(os.name != 'posix', reason='closed streams are a matter of shells there')
@pytest.mark.parametrize('closed', [(0,), (1,), (2,), (0, 1), (0, 1, 2)], ids=str)
@pytest.mark.parametrize('words', [('audit-links',), ('validate-frontmatter',), ('no-id',)])
def test_streams_that_the_caller_closed_change_no_exit_code(telling: Sandbox, words: tuple[str, ...], closed: tuple[int, ...]) -> None:
    code, *usual = _ended(telling, *words)

    def close() -> None:
        for stream in closed:
            os.close(stream)

    run = subprocess.run((sys.executable, '-m', 'daybook', *words), cwd=telling.root, capture_output=True, preexec_fn=close)
    told = ['' if stream in closed else text for stream, text in enumerate(usual, 1)]
    assert (run.returncode, run.stdout.decode(), run.stderr.decode()) == (code, *told)


HIDDEN = 'docs/sessions/größe [1].md'


@pytest.mark.skipif(os.name != 'posix', reason='modes of files are POSIX')
@pytest.mark.parametrize('words', [('validate-frontmatter',), ('check-all',), ('regen-indexes',), ('backfill-frontmatter',),
                                   ('resume', '--no-fetch'), ('render-docs',)], ids=' '.join)
def test_what_nobody_may_read_is_named(telling: Sandbox, words: tuple[str, ...]) -> None:
    wrapper = without_privilege()
    place = telling.root / HIDDEN
    place.chmod(0)
    run = subprocess.run((*wrapper, sys.executable, '-m', 'daybook', *words), cwd=telling.root, capture_output=True, text=True)
    place.chmod(0o644)
    assert (run.returncode, run.stdout) == (1, '')
    assert run.stderr == f'daybook: Permission denied: {place}; let yourself read and write there, then run this again\n'


@pytest.mark.skipif(os.name != 'posix', reason='modes of files are POSIX')
def test_links_of_what_nobody_may_read_are_those_of_the_index(telling: Sandbox) -> None:
    wrapper = without_privilege()
    telling.commit('settle')
    before = _ended(telling, 'audit-links')
    (telling.root / HIDDEN).chmod(0)
    run = subprocess.run((*wrapper, sys.executable, '-m', 'daybook', 'audit-links'), cwd=telling.root, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == before
