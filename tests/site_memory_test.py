"""A site that is made while somebody changes what it is made from: the next run puts it right."""
from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from conftest import Sandbox
from daybook import writers
from daybook.__main__ import main as dispatch
from daybook.documents import config
from daybook.repo.git import Repo
from daybook.site import site_memory
from daybook.site.site import PACKAGES
from daybook.site.site_listing import Listing
from daybook.site.site_sources import Sources
from kills import killed_at
from kills import needs_fork
from render_docs_test import TRACKED
from render_docs_test import add
from render_docs_test import page
from render_docs_test import render
from render_docs_test import site
from render_docs_test import team

PLAN, IMAGE, CONFIG = 'plans/store.md', 'plans/x.png', '.daybook/config.yaml'
# a run in which somebody writes to a file just before it is opened for the n-th time
MEDDLING = '''
import os
import sys

def meddle(event, words):
    global left
    if event == 'open' and left and isinstance(words[0], (str, bytes)) and os.path.abspath(os.fsdecode(words[0])) == path:
        left -= 1
        if not left:
            act()

def act():
    if content is None:
        os.unlink(path)
    else:
        with open(path, 'wb') as stream:
            stream.write(content)

path, left, content = os.path.abspath(sys.argv[1]), int(sys.argv[2]), eval(sys.argv[3])
sys.addaudithook(meddle)
from daybook.__main__ import main
code = main(['render-docs'])
print('meddled with' if not left else 'left alone')
raise SystemExit(code)
'''


def meddle(repo: Sandbox, path: str, opening: int, content: bytes | None) -> bool:
    """Run render-docs, with `content` (None: nothing) at `path` from its n-th opening on; return whether it came to that."""
    run = subprocess.run((sys.executable, '-c', MEDDLING, path, str(opening), repr(content)), cwd=repo.root, capture_output=True, text=True)
    assert run.returncode in (0, 1) and 'Error' not in run.stderr, run.stdout + run.stderr
    return run.stdout.endswith('meddled with\n')


def is_as_made_anew(repo: Sandbox) -> bool:
    found = site(repo)
    shutil.rmtree(repo.root / '.git/daybook/site')
    repo.daybook('render-docs', '--all')
    return site(repo) == found


# the settings, the file, whether the work tree differs in it, when it is opened, and what it holds then
TORN = (
    pytest.param('{}\n', PLAN, False, 1, b'---\ntitle: Torn\n---\n\n## Goal\n', id='a document'),
    pytest.param(TRACKED, PLAN, False, 1, b'---\ntitle: Torn\n---\n\n## Goal\n', id='a document with a tracked page'),
    pytest.param('{}\n', PLAN, True, 2, b'---\ntitle: Torn\n---\n\n## Goal\n', id='a document that was changed before'),
    pytest.param(TRACKED, PLAN, False, 1, None, id='a document that is gone meanwhile'),
    pytest.param('{}\n', IMAGE, False, 1, b'torn', id='an image'),
    pytest.param(TRACKED, IMAGE, True, 2, b'torn', id='an image that was changed before'),
)


@pytest.mark.parametrize('settings, path, is_dirty, opening, content', TORN)
def test_what_was_read_half_way_is_read_again(repo: Sandbox, settings: str, path: str, is_dirty: bool, opening: int, content: bytes | None) -> None:
    team(repo)
    add(repo, 'plans/picture.md', '', '![x](x.png)\n')
    repo.write(IMAGE, b'one')
    repo.write(CONFIG, settings)
    repo.commit()
    repo.git('update-index', '--refresh')
    if is_dirty:
        repo.write(path, (repo.root / path).read_bytes() + b'\nmore\n')
    before = (repo.root / path).read_bytes()
    assert meddle(repo, path, opening, content)
    repo.write(path, before)
    repo.git('status')  # the file is as it was for git too
    repo.daybook('render-docs')
    assert b'Torn' not in b''.join(site(repo).values())
    assert is_as_made_anew(repo)
    assert render(repo) == ''


@pytest.mark.parametrize('opening', [1, 2])
def test_settings_are_those_that_are_remembered(repo: Sandbox, opening: int) -> None:
    team(repo)
    repo.write(CONFIG, '{}\n')
    repo.commit()
    meddle(repo, CONFIG, opening, b'render: {title: Torn}\n')  # who reads them once is not to be misled the second time
    repo.write(CONFIG, '{}\n')
    render(repo)
    assert b'Torn' not in b''.join(site(repo).values()) and is_as_made_anew(repo)


def test_what_a_filter_gives_a_work_tree_is_no_change(repo: Sandbox) -> None:
    repo.git('config', 'filter.shout.clean', 'tr A-Z a-z')
    repo.git('config', 'filter.shout.smudge', 'tr a-z A-Z')
    repo.write('.gitattributes', 'plans/* text eol=crlf\ndocs/** filter=shout\n')
    for path in ('plans/a.md', 'docs/adr/0001-b.md'):
        repo.write(path, f'---\ntitle: {path}\n---\n\nwords\n')
    repo.commit()
    for path in ('plans/a.md', 'docs/adr/0001-b.md'):
        (repo.root / path).unlink()
    repo.git('checkout', '--', '.')
    assert b'words\r\n' in (repo.root / 'plans/a.md').read_bytes() and 'WORDS\n' in repo.read('docs/adr/0001-b.md')
    seal = repo.root / '.git/daybook/site/seal'
    render(repo)
    assert not seal.exists()
    assert render(repo) == '' and seal.exists(), 'read twice as it is, it is believed'
    before = (repo.root / 'docs/adr/0001-b.md').read_bytes()
    repo.write('plans/a.md', '---\ntitle: other\nsupersedes: 0001-b\n---\n')
    assert meddle(repo, 'docs/adr/0001-b.md', 1, before.replace(b'WORDS', b'TORN')), 'its page has another who names it'
    repo.write('docs/adr/0001-b.md', before)
    repo.git('status')
    assert 'TORN' in page(repo, 'docs/adr/0001-b.html')
    render(repo)
    assert 'WORDS' in page(repo, 'docs/adr/0001-b.html') and is_as_made_anew(repo)


# what was read of a file one time after another, by several processes maybe; what the last run read; whether it was torn
SEEN = (
    (('', ''), '', False),
    (('id other',), '', True),
    (('id other', 'id other'), 'id other', False),
    (('id other',), 'id another', True),
    (('', 'id other'), 'id other', True),
    (('id other', ''), 'id other', True),
    (('torn',), 'torn', True),
)


@pytest.mark.parametrize('readings, former, is_torn', SEEN)
def test_readings_that_differ_are_torn(repo: Sandbox, readings: tuple[str, ...], former: str, is_torn: bool) -> None:
    listed = Listing(b'100644 0123456789012345678901234567890123456789 0\ta.md\0', {})
    root = str(repo.root)
    sources = Sources(Repo(root, f'{root}/.git', f'{root}/.git'), config.DEFAULTS, listed, {'a.md': former} if former else {})
    for reading in readings:
        sources.merge({'a.md': reading, 'gone.md': ''})
    assert sources.torn() == ({'a.md'} if is_torn else set())
    assert sources.filtered() == ({'a.md': readings[-1]} if set(readings) == {'id other'} else {})


# a file of ours, and whether pages may be others when it is
MODULES = (('links/link_audit.py', False), ('writers/backfill.py', False), ('documents/slugs.py', True), ('writers/inline.py', True),
           ('writers/templates/home.js', True), ('site/site_records.py', True))


@pytest.mark.parametrize('path, counts', MODULES)
def test_stamp_follows_what_makes_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, counts: bool) -> None:
    shutil.copytree(ROOT / 'src/daybook', tmp_path / 'daybook')
    monkeypatch.setattr(writers, '__file__', str(tmp_path / 'daybook/writers/__init__.py'))
    before = site_memory.stamp()
    assert site_memory.stamp() == before
    (tmp_path / 'daybook' / path).write_text('changed')
    assert (site_memory.stamp() != before) is counts


def test_stamp_has_every_module_and_library_that_makes_pages() -> None:
    program = ('import sys\nfrom daybook.site import site_build, site_home, site_history\nfrom daybook.writers import pages_assets, pages_code\n'
               'print(*(name for name, each in sys.modules.items() if getattr(each, "__file__", None)))')
    names = subprocess.run((sys.executable, '-c', program), capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in names if name.split('.')[1:2] in (['documents'], ['rules'], ['site'], ['writers']) and name.count('.') == 2}
    stamp = site_memory.stamp().decode()
    assert len(ours) > 30 and {name for name in ours if f'{name.removeprefix("daybook.").replace(".", "/")}.py ' not in stamp} == set()
    assert {name for name in (*PACKAGES, 'markupsafe', 'pyromark', 'pyyaml') if f'{name}-' not in stamp.lower()} == set()


def change(repo: Sandbox) -> None:
    add(repo, 'docs/learnings/new.md', 'title: New\nworkstream: flip\n', '[w](../../workstreams/flip.md)\n')  # in a folder of its own
    repo.write(PLAN, repo.read(PLAN).replace('title: The store', 'title: The vault'))
    repo.git('rm', '-qf', 'plans/old.md')


def put_back(repo: Sandbox) -> None:
    repo.git('reset', '-q', '--hard')


@needs_fork
@pytest.mark.parametrize('settings, args, is_put_back', [('{}\n', (), True), (TRACKED, ('--all',), False)])
def test_killed_at_any_change_the_next_run_puts_it_right(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, settings: str, args: tuple[str, ...],
                                                         is_put_back: bool) -> None:
    monkeypatch.chdir(repo.root)
    team(repo)
    add(repo, 'plans/old.md')
    repo.write(CONFIG, settings)
    repo.commit()
    dispatch(['render-docs'])
    if settings == TRACKED:
        repo.commit('pages')
    former = site(repo)
    change(repo)
    dispatch(['render-docs'])
    latter, event = site(repo), 0
    assert latter != former
    put_back(repo)
    dispatch(['render-docs'])
    is_killed = True
    while is_killed:
        event += 1
        change(repo)
        is_killed = killed_at(repo.root, event, 'render-docs', *args)
        if is_put_back:
            put_back(repo)
        dispatch(['render-docs'])
        assert site(repo) == (former if is_put_back else latter), f'killed at {event}'
        put_back(repo)
        dispatch(['render-docs'])
    assert [path.name for path in (repo.root / '.git/daybook').rglob('*.tmp')] == []
    assert event > 20
