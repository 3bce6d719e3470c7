"""render-docs makes what is stale, shows only what may be shown, and leaves what it did not make."""
from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ROOT
from conftest import Sandbox
from daybook import processes
from daybook.__main__ import main as dispatch
from daybook.documents.document import Document
from daybook.repo import files
from daybook.site import site_build
from daybook.site import site_pages
from kills import needs_fork

SITE = 'docs/rendered'
TRACKED = 'render: {tracked: true}\n'
SECRET = 'Xyzzy'  # stands in whatever must not be told


def add(repo: Sandbox, path: str, head: str = '', body: str = '## Summary\n') -> None:
    title = '' if 'title:' in head else f'title: {Path(path).stem}\n'
    repo.write(path, f'---\n{title}{head}---\n\n{body}')
    repo.git('add', '--', path)


def render(repo: Sandbox, *args: str, code: int = 0) -> str:
    run = repo.daybook('render-docs', *args)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout + run.stderr


def site(repo: Sandbox) -> dict[str, bytes]:
    return {path: data for path, data in repo.snapshot().items() if path.startswith(f'{SITE}/')}


def page(repo: Sandbox, name: str) -> str:
    return repo.read(f'{SITE}/{name}')


def team(repo: Sandbox) -> None:
    """A small team: a plan, its workstream, a decision, notes."""
    add(repo, 'plans/store.md', 'title: The store\nowner: roman\nstatus: active\ncreated: 2026-11-01\nreview_by: 2026-12-01\n', '# The store\n\n## Goal\n\n[w](../workstreams/flip.md#tasks)\n')
    add(repo, 'workstreams/flip.md', 'title: Flip it\nplan: store\nstatus: active\ncreated: 2026-11-02\n', '## Tasks\n\n- [ ] x\n')
    add(repo, 'docs/adr/0001-files.md', 'title: Files\nstatus: superseded\ncreated: 2026-11-03\n')
    add(repo, 'docs/adr/0002-trees.md', 'title: Trees\nstatus: accepted\ncreated: 2026-11-04\nsupersedes: 1\nworkstream: flip\n')
    for day in ('18', '19'):
        add(repo, f'docs/sessions/RT-2611{day}-01.md', f'title: Day {day}\noperator: roman\nworkstream: flip\ncreated: 2026-11-{day}\ncommits: 3\n', 'see [the decision](../adr/0002-trees.md)\n')


def test_nothing_to_render(repo: Sandbox) -> None:
    repo.write('README.md', '# Hello\n')
    repo.git('add', '.')
    render(repo)
    assert 'href="docs' not in page(repo, 'index.html')
    assert repo.git('status', '--porcelain', '--untracked-files=all') == 'A  README.md', 'the folder ignores itself'


def test_second_run_changes_nothing(repo: Sandbox) -> None:
    team(repo)
    assert render(repo) == 'render-docs: 6 documents, 10 files written, 0 removed; open docs/rendered/index.html\n'
    before = {path: (repo.root / path).stat().st_mtime_ns for path in site(repo)}
    assert render(repo) == ''
    assert render(repo, '--all') == ''
    assert {path: (repo.root / path).stat().st_mtime_ns for path in site(repo)} == before


def test_pages_know_each_other(repo: Sandbox) -> None:
    team(repo)
    repo.commit('all of <it>')
    render(repo)
    plan, stream, trees = (page(repo, name) for name in ('plans/store.html', 'workstreams/flip.html', 'docs/adr/0002-trees.html'))
    assert '<a href="../workstreams/flip.html#tasks">w</a>' not in plan and 'href="../workstreams/flip.html#tasks"' in plan
    assert plan.count('<h1') == 1 and '<h1 id="the-store">The store</h1>' in plan
    assert 'datetime="2026-12-01">2026-12-01</time>' in plan
    assert '<a href="../plans/store.html">The store</a>' in stream
    sessions = stream[stream.index('Sessions that contributed'):]
    assert sessions.index('Day 19') < sessions.index('Day 18') < sessions.index('What links here')
    assert '<a href="0001-files.html">Files</a>' in trees[trees.index('Earlier iterations'):]
    assert 'all of &lt;it&gt;' in plan
    home = page(repo, 'index.html')
    assert '2 sessions · 1 workstream ·' in home and home.count('<svg') == 2
    rows = page(repo, 'data/rows-0.js')
    assert '["docs/sessions/RT-261119-01.html","Session","Day 19","",["roman"],["flip"],[],"2026-11-19","",""]' in rows


def test_a_title_that_changes_reaches_all_who_show_it(repo: Sandbox) -> None:
    team(repo)
    render(repo)
    repo.write('plans/store.md', repo.read('plans/store.md').replace('title: The store', 'title: The vault'))
    said = render(repo)
    assert '>The vault</a>' in page(repo, 'workstreams/flip.html')
    assert 'The vault' in page(repo, 'index.html') and 'The store' not in page(repo, 'index.html')
    assert '4 files written' in said, 'plan, workstream, rows, home; the text of the plan lost its title'


def test_a_body_that_changes_costs_its_page_and_the_search(repo: Sandbox) -> None:
    team(repo)
    render(repo)
    with (repo.root / 'docs/sessions/RT-261118-01.md').open('a') as stream:
        stream.write('\nquicksilver\n')
    assert '2 files written' in render(repo)
    assert 'quicksilver' in page(repo, 'data/text-0.js')


def test_a_document_that_goes_takes_its_page_along(repo: Sandbox) -> None:
    team(repo)
    repo.commit()
    render(repo)
    repo.git('rm', '-q', 'docs/adr/0002-trees.md')
    assert '1 removed' in render(repo)
    assert not (repo.root / SITE / 'docs/adr/0002-trees.html').exists()
    assert 'Trees' not in page(repo, 'data/rows-0.js') + page(repo, 'index.html')
    assert 'href="../../../../docs/adr/0002-trees.md"' in page(repo, 'docs/sessions/RT-261118-01.html')


def test_a_document_that_comes_is_linked(repo: Sandbox) -> None:
    add(repo, 'plans/a.md', '', '[later](b.md)\n')
    render(repo)
    assert 'href="../../../plans/b.md"' in page(repo, 'plans/a.html')
    add(repo, 'plans/b.md', 'supersedes: a\n')
    render(repo)
    assert 'href="b.html"' in page(repo, 'plans/a.html')
    assert 'href="a.html"' in page(repo, 'plans/b.html')


def test_what_people_wrote_is_left_alone_and_named(repo: Sandbox) -> None:
    team(repo)
    repo.write(f'{SITE}/index.html', '<p>ours</p>')
    repo.write(f'{SITE}/plans/store.html', '<p>mine</p>')
    repo.write(f'{SITE}/other.html', '<p>kept</p>')
    assert 'left alone, as not made by render-docs: docs/rendered/index.html, docs/rendered/plans/store.html' in render(repo)
    assert (page(repo, 'index.html'), page(repo, 'plans/store.html'), page(repo, 'other.html')) == ('<p>ours</p>', '<p>mine</p>', '<p>kept</p>')
    repo.git('rm', '-qf', 'plans/store.md')
    render(repo)
    assert page(repo, 'plans/store.html') == '<p>mine</p>'


def test_an_edited_page_is_ours_until_its_mark_is_taken_out(repo: Sandbox) -> None:
    team(repo)
    render(repo)
    path, text = f'{SITE}/plans/store.html', page(repo, 'plans/store.html')
    mark = '<!-- generated by daybook render-docs: edits are lost -->'
    assert mark in text.partition('\n<html')[0]
    edited = text.replace('The store', 'My shop')
    repo.write(path, edited)
    assert render(repo) == '' and repo.read(path) == edited
    repo.write('plans/store.md', repo.read('plans/store.md') + '\nmore\n')
    render(repo)
    assert 'My shop' not in repo.read(path)
    mine = edited.replace(mark, '')
    repo.write(path, mine)
    repo.write('plans/store.md', repo.read('plans/store.md') + '\nand more\n')
    for args in ((), ('--all',)):
        assert f'left alone, as not made by render-docs: {path}\n' in render(repo, *args) and repo.read(path) == mine


def test_pages_that_are_lost_are_made_again(repo: Sandbox) -> None:
    team(repo)
    render(repo)
    before = site(repo)
    (repo.root / SITE / 'plans/store.html').unlink()
    assert '1 files written' in render(repo)
    shutil.rmtree(repo.root / SITE)
    render(repo)
    assert site(repo) == before


@pytest.mark.parametrize('name', ['top.json', 'doc-0.lines', 'listing'])
@pytest.mark.parametrize('content', [b'', b'{"key": 3', b'[]'])
def test_a_damaged_state_is_a_cache_and_no_more(repo: Sandbox, name: str, content: bytes) -> None:
    team(repo)
    render(repo)
    repo.write(f'.git/daybook/site/{name}', content)
    add(repo, 'plans/new.md', '', '[x](store.md)\n')
    render(repo)
    before = site(repo)
    shutil.rmtree(repo.root / SITE)
    render(repo, '--all')
    assert site(repo) == before


def test_damaged_templates_are_compiled_anew(repo: Sandbox) -> None:
    team(repo)
    render(repo)
    before = site(repo)
    kept = list((repo.root / '.git/daybook/site/templates').iterdir())
    assert any(b'What links here' in path.read_bytes() for path in kept)
    for path in kept:
        path.write_bytes(path.read_bytes().replace(b'What links here', b'What links hare'))
    assert render(repo, '--all') == '' and site(repo) == before
    assert all(b'links hare' not in path.read_bytes() for path in (repo.root / '.git/daybook/site/templates').iterdir())


@pytest.mark.parametrize('name', ['templates', 'in-0.lines', 'listing'])
def test_a_state_that_cannot_be_kept_is_no_error(repo: Sandbox, name: str) -> None:
    team(repo)
    path = repo.root / '.git/daybook/site' / name
    path.mkdir(parents=True)
    (path / 'x').mkdir()
    assert '10 files written' in render(repo)
    before = site(repo)
    repo.write('plans/store.md', repo.read('plans/store.md') + '\nmore\n')
    assert '2 files written' in render(repo) and site(repo) != before
    assert render(repo) == ''


def test_a_git_folder_that_takes_nothing_is_no_error(repo: Sandbox) -> None:
    team(repo)
    repo.write('.git/daybook', '')  # so that nothing fits into it, not even for root
    assert '10 files written' in render(repo)
    before = site(repo)
    repo.write('plans/store.md', repo.read('plans/store.md') + '\nmore\n')
    assert '2 files written' in render(repo) and site(repo) != before
    assert render(repo) == ''


def test_a_part_of_an_earlier_run_is_no_part_of_this_one(repo: Sandbox) -> None:
    team(repo)
    render(repo)
    part = repo.root / '.git/daybook/site/in-0.lines'
    earlier = part.read_bytes()
    add(repo, 'plans/new.md', '', '[x](store.md)\n')
    render(repo)
    assert part.read_bytes() != earlier
    part.write_bytes(earlier)  # as a loss of power may leave it, with what was written after it
    repo.write('plans/store.md', repo.read('plans/store.md') + '\nmore\n')
    render(repo)
    before = site(repo)
    assert 'href="new.html"' in page(repo, 'plans/store.html')
    assert render(repo, '--all') == '' and site(repo) == before


@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'), reason='nothing tells who waits for a lock')
def test_a_run_that_waited_seals_nothing(repo: Sandbox) -> None:
    team(repo)
    repo.commit()
    render(repo)
    lock, path = repo.root / '.git/daybook/site.lock', 'plans/store.md'
    first, second = (f'{repo.read(path)}\n{word}\n' for word in ('first', 'second'))
    repo.write(path, first)
    with files.exclusive_lock(str(lock), 0) as is_held:
        assert is_held
        run = subprocess.Popen((sys.executable, '-m', 'daybook', 'render-docs'), cwd=repo.root, stdout=subprocess.DEVNULL)
        while run.poll() is None and str(lock) not in [os.path.realpath(entry) for entry in Path(f'/proc/{run.pid}/fd').iterdir()]:
            time.sleep(0.01)  # until it knows what is there, and waits
        repo.write(path, second)
    assert run.wait() == 0 and 'second' in page(repo, 'plans/store.html')
    assert not (repo.root / '.git/daybook/site/seal').exists(), 'it hashed nothing before it began'
    repo.write(path, first)
    render(repo)
    assert 'first' in page(repo, 'plans/store.html')


@pytest.mark.parametrize('content', [b'', b'[]', b'\0\0\0'])
def test_a_damaged_seal_is_looked_past(repo: Sandbox, content: bytes) -> None:
    team(repo)
    repo.commit()
    render(repo)
    repo.write('.git/daybook/site/seal', content)
    assert render(repo) == '' and (repo.root / '.git/daybook/site/seal').read_bytes() != content


def test_settings_behind_a_link_count(repo: Sandbox) -> None:
    team(repo)
    repo.write('shared.yaml', '{}\n')
    (repo.root / '.daybook').mkdir(exist_ok=True)
    (repo.root / '.daybook/config.yaml').symlink_to('../shared.yaml')
    repo.commit()
    render(repo)
    repo.write('shared.yaml', 'render: {title: Other}\n')
    assert 'files written' in render(repo)


def _edit(repo: Sandbox, source: random.Random, number: int) -> None:
    names = [f'{folder}/n{n}.md' for folder in ('plans', 'workstreams', 'docs/adr', 'docs/sessions') for n in range(4)]
    path = source.choice(names)
    if (repo.root / path).exists() and source.random() < 0.25:
        repo.git('rm', '-qf', '--', path)
        return
    others = source.sample(names, 3)
    links = ' '.join(f'[{other}]({os.path.relpath(other, os.path.dirname(path))})' for other in others[:2])
    zone = source.choice(('', '', '', 'zone: private\n', 'zone: public\n'))
    parent = source.choice(('', '', f'parent: {others[2]}\n'))
    add(repo, path, f'title: T{source.randrange(4)}\n{zone}{parent}plan: n{source.randrange(4)}\nworkstream: n{source.randrange(4)}\nsupersedes: n{source.randrange(4)}\n'
        f'created: 2026-11-{source.randrange(10, 20)}\n', f'## S{number}\n\n{links}\n')
    if source.random() < 0.4:
        repo.write(path, repo.read(path) + f'not staged {number}\n')
    if source.random() < 0.3:
        repo.commit(f'change {number}')


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('config', ['', TRACKED])
def test_a_run_for_each_change_makes_what_one_run_for_all_makes(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, seed: int, config: str) -> None:
    monkeypatch.chdir(repo.root)
    repo.write('.daybook/config.yaml', config or '{}\n')
    repo.commit('first')
    source = random.Random(seed)
    for number in range(16):
        _edit(repo, source, number)
        assert dispatch(['render-docs']) in (0, 1)
        assert dispatch(['render-docs']) == 0, 'nothing is left to be done'
    step_by_step = site(repo)
    shutil.rmtree(repo.root / SITE)
    dispatch(['render-docs', '--all'])
    assert site(repo) == step_by_step


def _dies(name: str, sign: Path) -> Callable[[site_pages.Maker, Document], tuple[str, bytes]]:
    asker, whole = os.getpid(), site_pages.Maker.page

    def page(self: site_pages.Maker, document: Document) -> tuple[str, bytes]:
        if document.path == name and os.getpid() != asker:
            sign.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(self, document)

    return page


@needs_fork
@pytest.mark.parametrize('config', ['{}\n', TRACKED])
def test_processes_make_what_one_makes(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], config: str) -> None:
    team(repo)
    repo.write('.daybook/config.yaml', config)
    repo.write('x.png', b'one')
    for number in range(20):
        add(repo, f'plans/n{number:02}.md', f'created: 2026-11-{number + 1:02}\n', f'![x](../x.png) [next](n{(number + 1) % 20:02}.md)\n')
    repo.commit('all')
    repo.write(f'{SITE}/plans/n03.html', 'mine\n')
    repo.write('x.png', b'changed')
    monkeypatch.chdir(repo.root)

    def made() -> tuple[int, object, dict[str, bytes]]:
        shutil.rmtree(repo.root / '.git/daybook', ignore_errors=True)
        for path in site(repo):
            if not path.endswith('n03.html'):
                (repo.root / path).unlink()
        return dispatch(['render-docs', '--all']), capsys.readouterr(), site(repo)

    makers: set[int] = set()
    merge = site_build.Build._merge
    monkeypatch.setattr(site_build.Build, '_merge', lambda self, done: (makers.add(len(done.texts)), merge(self, done)))
    expected = made()
    assert makers == {26} and len(expected[2]) > 26 and 'n03.html' in expected[1].err
    monkeypatch.setattr(site_build, '_SHARE', 2)
    monkeypatch.setattr(site_build, '_FEW', 2)
    monkeypatch.setattr(processes, 'available', lambda: 2)
    assert made() == expected and makers == {26, 2}
    died = repo.root / '.git/died'
    monkeypatch.setattr(site_pages.Maker, 'page', _dies('plans/n07.md', died))
    assert made()[2] == expected[2] and died.exists()
    assert dispatch(['render-docs']) == 0 and capsys.readouterr().out == ''


# what may change between two runs, and whether anything is to be made for it
CHANGES = (
    pytest.param(lambda repo: repo.write('code.py', 'x = 2\n'), False, id='a file of no account'),
    pytest.param(lambda repo: os.utime(repo.root / 'plans/store.md'), False, id='a time'),
    pytest.param(lambda repo: repo.write('plans/store.md', repo.read('plans/store.md') + '\nmore\n'), True, id='a text'),
    pytest.param(lambda repo: repo.write('plans/draft.md', repo.read('plans/draft.md').replace('second', 'thirds')), True, id='a text that was changed before'),
    pytest.param(lambda repo: repo.write('plans/draft.md', repo.git('show', ':plans/draft.md') + '\n'), True, id='a change that is taken back'),
    pytest.param(lambda repo: (repo.root / 'plans/store.md').unlink(), True, id='a document that goes'),
    pytest.param(lambda repo: ((repo.root / 'plans/store.md').unlink(), os.mkfifo(repo.root / 'plans/store.md')), True, id='a pipe in its place'),
    pytest.param(lambda repo: add(repo, 'plans/new.md'), True, id='a document that comes'),
    pytest.param(lambda repo: repo.commit('later'), True, id='a commit'),
    pytest.param(lambda repo: repo.write('.daybook/config.yaml', 'render: {title: Other}\n'), True, id='a setting'),
    pytest.param(lambda repo: (repo.root / SITE / 'plans/store.html').unlink(), True, id='a page that is lost'),
    pytest.param(lambda repo: repo.write('plans/x.png', b'two'), True, id='an image'),
)


@pytest.mark.parametrize('change, is_seen', CHANGES)
def test_what_has_changed_since_is_seen(repo: Sandbox, change: Callable[[Sandbox], object], is_seen: bool) -> None:
    team(repo)
    repo.write('.daybook/config.yaml', '{}\n')
    repo.write('code.py', 'x = 1\n')
    repo.write('plans/x.png', b'one')
    add(repo, 'plans/draft.md', '', 'first ![x](x.png)\n')
    repo.commit('all')
    repo.write('plans/draft.md', repo.read('plans/draft.md').replace('first', 'second'))
    render(repo)
    assert render(repo) == ''
    change(repo)
    assert ('files written' in render(repo)) is is_seen
    before = site(repo)
    assert render(repo, '--all') == '' and site(repo) == before


def test_a_complaint_is_repeated_until_it_is_settled(repo: Sandbox) -> None:
    team(repo)
    add(repo, 'plans/odd.md', 'title: a\ntitle: b\n')
    repo.commit()
    repo.write(f'{SITE}/index.html', '<p>ours</p>')
    said = render(repo)
    for line in ('left alone, as not made by render-docs: docs/rendered/index.html\n', 'no page, as the frontmatter cannot be read: plans/odd.md\n'):
        assert line in said and line in render(repo)
    add(repo, 'plans/odd.md', 'title: a\n')
    (repo.root / SITE / 'index.html').unlink()
    render(repo)
    assert render(repo) == ''


def test_a_linked_work_tree_and_a_folder_have_a_site_of_their_own(repo: Sandbox) -> None:
    team(repo)
    repo.commit()
    repo.git('worktree', 'add', '-q', '../other')
    other = Sandbox(repo.root.parent / 'other')
    render(repo)
    assert '10 files written' in render(other) and render(other) == ''
    other.write('plans/store.md', other.read('plans/store.md') + 'x\n')
    assert '2 files written' in render(other) and render(repo) == ''
    repo.write('plans/store.md', repo.read('plans/store.md') + 'y\n')
    run = subprocess.run((sys.executable, '-m', 'daybook', 'render-docs'), cwd=repo.root / 'plans', capture_output=True, text=True, check=True)
    assert '2 files written' in run.stdout and render(repo) == ''


LEAKS = (
    pytest.param('plans/zzhush.md', 'zone: private\n', id='zone'),
    pytest.param('workstreams/zzhush.md', 'zone: RESTRICTED\n', id='capitals'),
    pytest.param('docs/adr/0007-zzhush.md', 'zone: [public, private]\n', id='unreadable zone'),
    pytest.param('docs/adr/0007-zzhush.md', 'parent: plans/private.md\n', id='child'),
    pytest.param('plans/zzhush.md', 'zone: public\nzone: public\n', id='broken frontmatter'),
)


def _leaky(repo: Sandbox, path: str, head: str) -> None:
    add(repo, 'plans/private.md', 'zone: private\n')
    add(repo, path, f'title: {SECRET} title\nsummary: {SECRET} summary\nowner: {SECRET} owner\nstatus: {SECRET}\ntags: [{SECRET}]\ncreated: 2026-01-02\n{head}',
        f'## {SECRET} heading\n\n{SECRET} text, see [open](/plans/open.md).\n')
    add(repo, 'plans/open.md', f'supersedes: {Path(path).stem}\nparent: none\ncreated: 2026-11-01\n', f'[words](/{path}#x) <a href="/{path}">more</a>\n')
    add(repo, 'docs/sessions/RT-261118-01.md', 'workstream: zzhush\nplan: zzhush\ncreated: 2026-11-02\n')


@pytest.mark.parametrize('path, head', LEAKS)
def test_nothing_of_a_forbidden_document_is_told(repo: Sandbox, path: str, head: str) -> None:
    _leaky(repo, path, head)
    repo.commit(f'{SECRET} subject')
    render(repo)
    told = b'\n'.join([*site(repo).values(), '\n'.join(site(repo)).encode()])
    assert SECRET.encode() not in told
    assert Path(path).stem.encode() not in told, 'nor its name'
    assert b'2026-01-02' not in told, 'nor its day'
    assert b'words' in told and b'more' in told


def test_a_document_that_is_hidden_later_is_forgotten(repo: Sandbox) -> None:
    _leaky(repo, 'plans/zzhush.md', 'zone: internal\n')
    repo.commit(f'{SECRET} subject')
    render(repo)
    assert SECRET.encode() in b''.join(site(repo).values())
    repo.write('plans/zzhush.md', repo.read('plans/zzhush.md').replace('zone: internal', 'zone: private'))
    render(repo)
    told = b'\n'.join([*site(repo).values(), '\n'.join(site(repo)).encode()])
    assert SECRET.encode() not in told and b'zzhush' not in told


@pytest.mark.parametrize('config, shown', [
    ('', 'no'), ('render: {zone: private}', 'yes'), ('zones: {default: private}', 'no'), ('zones: {folders: {plans: private}}', 'no'),
    ('render: {zone: public}', 'no')])
def test_zones_of_the_settings(repo: Sandbox, config: str, shown: str) -> None:
    repo.write('.daybook/config.yaml', f'{config}\n')
    add(repo, 'plans/private.md', 'zone: private\n')
    add(repo, 'plans/none.md')
    add(repo, 'plans/public.md', 'zone: public\n')
    render(repo)
    assert (repo.root / SITE / 'plans/private.html').exists() is (shown == 'yes')
    assert (repo.root / SITE / 'plans/none.html').exists() is (config in ('', 'render: {zone: private}'))
    assert (repo.root / SITE / 'plans/public.html').exists() is ('folders' not in config)


def test_subjects_of_commits_that_touch_the_forbidden_are_not_told(repo: Sandbox) -> None:
    add(repo, 'plans/open.md')
    repo.commit('plain subject')
    add(repo, 'plans/zzhush.md', 'zone: private\n')
    repo.write('plans/open.md', repo.read('plans/open.md') + 'x\n')
    repo.commit('telling subject')
    render(repo)
    text = page(repo, 'plans/open.html')
    assert 'plain subject' in text and 'telling subject' not in text and '(a change of several documents)' in text


def test_history_follows_each_commit(repo: Sandbox) -> None:
    add(repo, 'plans/a.md')
    repo.commit('one')
    render(repo)
    repo.write('plans/a.md', repo.read('plans/a.md') + 'x\n')
    repo.commit('two')
    render(repo)
    text = page(repo, 'plans/a.html')
    assert text.index('<li>two') < text.index('<li>one')
    repo.git('commit', '-q', '--amend', '-m', 'three')
    render(repo)
    assert '<li>three' in page(repo, 'plans/a.html') and '<li>two' not in page(repo, 'plans/a.html')


def test_history_follows_a_merge_of_what_is_older(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    add(repo, 'plans/a.md', '', 'one\n\n\n\n')
    repo.commit('first')
    repo.git('checkout', '-q', '-b', 'side')
    repo.write('plans/a.md', repo.read('plans/a.md').replace('one', 'two'))
    monkeypatch.setenv('GIT_COMMITTER_DATE', '2030-01-01T00:00:00Z')
    repo.git('commit', '-qam', 'of the side')
    repo.git('checkout', '-q', '-')
    repo.write('plans/a.md', repo.read('plans/a.md') + 'end\n')
    monkeypatch.setenv('GIT_COMMITTER_DATE', '2030-01-02T00:00:00Z')
    repo.git('commit', '-qam', 'of the trunk')
    render(repo)
    monkeypatch.setenv('GIT_COMMITTER_DATE', '2030-01-03T00:00:00Z')
    repo.git('merge', '-q', '--no-edit', 'side')
    render(repo)
    text = page(repo, 'plans/a.html')
    assert text.index('<li>of the trunk') < text.index('<li>of the side') < text.index('<li>first')
    before = site(repo)
    assert render(repo, '--all') == '' and site(repo) == before


@pytest.mark.parametrize('after', [('update-ref', '-d', 'HEAD'), ('commit', '-q', '--amend', '-m', 'other')])
def test_history_of_a_commit_that_is_no_more(repo: Sandbox, after: tuple[str, ...]) -> None:
    add(repo, 'plans/a.md')
    repo.commit('former')
    render(repo)
    repo.git(*after)
    repo.git('reflog', 'expire', '--expire=now', '--all')
    repo.git('gc', '-q', '--prune=now')
    render(repo)
    assert 'former' not in page(repo, 'plans/a.html')
    before = site(repo)
    assert render(repo, '--all') == '' and site(repo) == before


@pytest.mark.parametrize('is_committed', [False, True])
def test_names_of_people_follow_the_mailmap(repo: Sandbox, is_committed: bool) -> None:
    add(repo, 'plans/a.md')
    repo.commit('first')
    render(repo)
    who = repo.git('log', '-1', '--format=<%aE>')
    repo.write('.mailmap', f'Another Name {who}\n')
    if is_committed:
        repo.git('add', '.')
        repo.commit('names')
    render(repo)
    assert 'Another Name' in page(repo, 'plans/a.html')
    before = site(repo)
    assert render(repo, '--all') == '' and site(repo) == before


def test_tracked_pages_depend_on_the_tree_alone(repo: Sandbox, new_repo: object) -> None:
    repo.write('.daybook/config.yaml', TRACKED)
    team(repo)
    out = render(repo, code=1)
    assert 'git add -- docs/rendered/.gitattributes docs/rendered/data/rows-0.js' in out
    repo.commit('pages')
    assert render(repo) == ''
    repo.git('clone', '-q', '.', '../other')
    other = Sandbox(repo.root.parent / 'other')
    other.git('commit', '-q', '--allow-empty', '-m', 'elsewhere, later')
    assert render(other) == ''
    assert 'elsewhere' not in page(other, 'index.html') and 'id="daybook.history"' not in page(other, 'plans/store.html')


def test_pages_for_a_commit_borrow_from_the_work_tree_what_is_the_same_there(repo: Sandbox) -> None:
    from daybook.documents import config as settings
    from daybook.repo import git
    from daybook.site import site_commit

    repo.write('.daybook/config.yaml', TRACKED)
    team(repo)
    render(repo, code=1)
    repo.commit('pages')
    before = repo.git('rev-parse', 'HEAD^{tree}')
    add(repo, 'plans/next.md', 'title: Next\nsupersedes: store\n', '[t](../docs/adr/0002-trees.md)\n')
    (repo.root / 'plans/linked.md').symlink_to('store.md')
    repo.git('add', 'plans/linked.md')
    after = repo.git('write-tree')
    # what the work tree has besides: staged, not staged, gone, and its pages are made
    add(repo, 'plans/staged.md', 'supersedes: store\n')
    repo.write('workstreams/flip.md', repo.read('workstreams/flip.md').replace('Flip it', 'Not staged'))
    (repo.root / 'docs/sessions/RT-261118-01.md').unlink()
    render(repo, code=1)

    def made() -> dict[str, bytes]:
        known = git.find_repo(str(repo.root))
        shutil.rmtree(repo.root / '.git/daybook/site-of-commits', ignore_errors=True)
        return site_commit.pages(known, settings.load(known.root), before, after)

    borrowed = made()
    assert 'Not staged' in (repo.root / '.git/daybook/site/top.json').read_text(encoding='utf-8')
    shutil.rmtree(repo.root / '.git/daybook/site')
    assert borrowed == made() and {f'{SITE}/plans/next.html', f'{SITE}/plans/store.html', f'{SITE}/docs/adr/0002-trees.html'} < borrowed.keys()
    assert b'Not staged' not in b''.join(borrowed.values()) and b'staged.html' not in b''.join(borrowed.values())
    assert 'linked' not in ' '.join(borrowed)


def test_a_tracked_page_that_somebody_edited_is_made_again(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', TRACKED)
    team(repo)
    render(repo, code=1)
    repo.commit('pages')
    assert render(repo) == ''
    good = page(repo, 'plans/store.html')
    repo.write(f'{SITE}/plans/store.html', good.replace('The store', 'The shop'))
    render(repo, code=1)
    assert page(repo, 'plans/store.html') == good


def test_a_commit_waits_for_tracked_pages_only(repo: Sandbox) -> None:
    repo.write('.git/hooks/pre-commit', '#!/bin/sh\nexec daybook render-docs\n').chmod(0o755)
    team(repo)
    repo.git('commit', '-qm', 'untracked')
    assert not (repo.root / SITE).exists()
    repo.write('.daybook/config.yaml', TRACKED)
    repo.git('add', '.')
    with pytest.raises(AssertionError, match='git add -- docs/rendered'):
        repo.git('commit', '-qm', 'tracked')
    repo.git('add', '.')
    repo.git('commit', '-qm', 'tracked')
    repo.write('code.py', 'x = 1\n')
    repo.git('add', '.')
    repo.git('commit', '-qm', 'code')


@pytest.mark.parametrize('broken', ['render: {\n', 'render: {tracked: perhaps}\n'])
@pytest.mark.parametrize('head', [True, False])
def test_settings_stop_the_commit_that_breaks_them(repo: Sandbox, broken: str, head: bool) -> None:
    repo.write('.git/hooks/pre-commit', '#!/bin/sh\nexec daybook render-docs\n').chmod(0o755)
    if head:
        repo.write('.daybook/config.yaml', '{}\n')
        repo.commit()
    repo.write('.daybook/config.yaml', broken)
    team(repo)
    repo.git('add', '.')
    with pytest.raises(AssertionError, match='.daybook/config.yaml cannot be used'):
        repo.git('commit', '-qm', 'broken')
    repo.commit('a peer, without the hook')
    repo.write('plans/store.md', repo.read('plans/store.md') + 'more\n')
    repo.git('add', '.')
    said = repo.git('commit', '-m', 'a plan')
    assert '1 file changed' in said and not (repo.root / SITE).exists()
    assert '.daybook/config.yaml cannot be used' in render(repo, code=1), 'by hand and in CI everything is told'


def test_inside_a_commit_its_index_is_the_truth(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', TRACKED)
    repo.write('.git/hooks/pre-commit', '#!/bin/sh\nexec daybook render-docs\n').chmod(0o755)
    add(repo, 'plans/a.md', 'title: Staged\n')
    repo.write('plans/a.md', '---\ntitle: Not staged\n---\n')
    with pytest.raises(AssertionError):
        repo.git('commit', '-qm', 'x')
    assert '<h1>Staged</h1>' in page(repo, 'plans/a.html')


ODD = ('plans/a b.md', 'plans/ünïcode 東京.md', "plans/it's #1 & <b>?.md", 'plans/%41.md', 'plans/-x.md', 'plans/a\nb.md', f'plans/{"long" * 62}.md')


@pytest.mark.skipif(os.name == 'nt', reason='no such names there')
def test_odd_names(repo: Sandbox) -> None:
    for path in ODD:
        add(repo, path, 'title: T\n')
    add(repo, 'plans/all.md', '', '\n'.join(f'- [{n}](<{path.rpartition("/")[2].replace("%", "%25").replace("#", "%23").replace("?", "%3F").replace("<", "%3C").replace(">", "%3E")}>)'
                                           for n, path in enumerate(ODD) if '\n' not in path))
    render(repo)
    assert len([path for path in site(repo) if path.endswith('.html')]) == len(ODD) + 2
    from urllib.parse import unquote
    targets = re.findall(r'<li><a href="([^"#]*)"', page(repo, 'plans/all.html').split('</article>')[0])
    assert len(targets) == len(ODD) - 1
    for target in targets:
        assert (repo.root / SITE / 'plans' / unquote(target.replace('&amp;', '&').replace('&#39;', "'"))).is_file(), target


def test_names_that_are_no_text(repo: Sandbox) -> None:
    try:
        repo.write(os.fsdecode(b'plans/\xff.md'), '---\ntitle: T\n---\n')
    except OSError:
        pytest.skip('the file system wants UTF-8')
    repo.git('add', '.')
    render(repo)
    assert 'plans/%FF.html' in page(repo, 'data/rows-0.js')


def test_crlf(repo: Sandbox) -> None:
    repo.write('plans/a.md', b'---\r\ntitle: T\r\nstatus: active\r\n---\r\n\r\n## One\r\n\r\ntext\r\n')
    repo.git('add', '.')
    render(repo)
    assert '\r' not in page(repo, 'plans/a.html') and '<h2 id="one">' in page(repo, 'plans/a.html')


def test_crlf_checkout_of_tracked_pages_settles(repo: Sandbox) -> None:
    repo.git('config', 'core.autocrlf', 'true')
    repo.write('.daybook/config.yaml', TRACKED)
    team(repo)
    render(repo, code=1)
    repo.commit('pages')
    shutil.rmtree(repo.root / SITE)
    repo.git('checkout', '-q', '.')
    assert render(repo) == ''


def test_symbolic_links_lead_nowhere(repo: Sandbox, tmp_path: Path) -> None:
    outside = tmp_path / 'outside'
    outside.mkdir()
    team(repo)
    (repo.root / SITE).mkdir(parents=True)
    (repo.root / SITE / 'plans').symlink_to(outside)
    (repo.root / 'plans/linked.md').symlink_to('/etc/passwd')
    repo.git('add', 'plans/linked.md')
    assert 'left alone' in render(repo)
    assert list(outside.iterdir()) == []
    assert b'root:' not in b''.join(data for path, data in site(repo).items() if path.endswith(('.html', '.js')))


def test_stubs_and_untracked_documents_have_no_page(repo: Sandbox) -> None:
    add(repo, 'plans/a.md')
    repo.write('plans/b.md', '---\ntitle: B\n---\n')
    repo.write('docs/sessions/RT-261120-01.md', '---\noperator: roman\nkind: session\nclaimed_at: "2026-11-20"\n---\n')
    repo.git('add', 'docs')
    render(repo)
    assert [path for path in site(repo) if path.endswith('.html')] == [f'{SITE}/index.html', f'{SITE}/plans/a.html']


def test_an_image_comes_along_and_changes_its_page(repo: Sandbox) -> None:
    add(repo, 'plans/a.md', '', '![x](x.png) ![y](untracked.png)\n')
    repo.write('plans/x.png', b'one')
    repo.git('add', '.')
    repo.write('plans/untracked.png', b'two')
    render(repo)
    assert 'src="data:image/png;base64,b25l"' in page(repo, 'plans/a.html') and 'dHdv' not in page(repo, 'plans/a.html')
    repo.write('plans/x.png', b'three')
    render(repo)
    assert 'src="data:image/png;base64,dGhyZWU="' in page(repo, 'plans/a.html')


def test_unborn_head(repo: Sandbox) -> None:
    add(repo, 'plans/a.md')
    assert '1 documents' in render(repo)
    assert render(repo) == ''


@pytest.mark.parametrize('package', ['jinja2', 'nh3', 'pygments'])
def test_packages_that_are_missing_are_named(repo: Sandbox, package: str) -> None:
    add(repo, 'plans/a.md', '', '```py\nx = 1\n```\n')
    program = f'import sys; sys.modules["{package}"] = None\nfrom daybook.__main__ import main; raise SystemExit(main(["render-docs"]))'
    run = subprocess.run((sys.executable, '-c', program), cwd=repo.root, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (1, f"daybook: render-docs needs {package}; run `pip install 'git-daybook[render] @ git+https://github.com/git-daybook/daybook'`, "
                                               "or give the hook `additional_dependencies: ['.[render]']`\n")
    assert not (repo.root / SITE / 'index.html').exists()


def test_nothing_heavy_is_imported_when_nothing_is_stale(repo: Sandbox) -> None:
    team(repo)
    repo.commit()
    render(repo)
    heavy = {'jinja2', 'nh3', 'pygments', 'pyromark', 'jsonschema', 'argparse', 'daybook.documents.config', 'daybook.site.site'}
    program = ('import sys\nfrom daybook.__main__ import main\nassert main(["render-docs"]) == 0\n'
               f'print(sorted({heavy} & sys.modules.keys()))')
    run = subprocess.run((sys.executable, '-c', program), cwd=repo.root, capture_output=True, text=True, check=True)
    assert run.stdout == '[]\n'


def test_one_changed_document_reads_no_settings_anew(repo: Sandbox) -> None:
    team(repo)
    repo.write('.daybook/config.yaml', 'render: {title: Ours}\nclaims: {timeout: 5}\n')
    repo.commit()
    render(repo)
    repo.write('plans/store.md', repo.read('plans/store.md') + '\nmore\n')
    program = ('import sys\nfrom daybook.__main__ import main\nassert main(["render-docs"]) == 0\n'
               'print(sorted({"yaml", "jsonschema", "jsonschema_rs", "sqlite3"} & sys.modules.keys()))')
    run = subprocess.run((sys.executable, '-c', program), cwd=repo.root, capture_output=True, text=True, check=True)
    assert run.stdout.endswith('\n[]\n') and '2 files written' in run.stdout and 'Ours' in page(repo, 'index.html')


@pytest.mark.parametrize('damage', [lambda kept: kept.replace(b'Ours', b'Hers'), lambda kept: b'', lambda kept: kept[:70], lambda kept: b'[]\n[]'])
def test_settings_that_are_kept_are_a_cache_and_no_more(repo: Sandbox, damage: Callable[[bytes], bytes]) -> None:
    team(repo)
    repo.write('.daybook/config.yaml', 'render: {title: Ours}\n')
    repo.commit()
    render(repo)
    kept = repo.root / '.git/daybook/site/settings'
    before, content = site(repo), kept.read_bytes()
    kept.write_bytes(damage(content))
    render(repo, '--all')
    assert site(repo) == before and kept.read_bytes() == content
    repo.write('.daybook/config.yaml', 'render: {title: Odd, folder: 3}\n')
    assert '.daybook/config.yaml cannot be used' in render(repo, code=1) and kept.read_bytes() == content
    repo.write('.daybook/config.yaml', 'render: {title: Other}\n')
    render(repo)
    assert '<title>Other' in page(repo, 'index.html')


@pytest.mark.skipif(sys.platform != 'linux', reason='a limit for files stands for a full disk')
@pytest.mark.parametrize('config', ['{}\n', TRACKED])
def test_a_full_disk_is_told_and_made_good_by_the_next_run(repo: Sandbox, config: str) -> None:
    team(repo)
    repo.write('.daybook/config.yaml', config)
    repo.commit()
    render(repo, code=int(config == TRACKED))
    former = site(repo)
    add(repo, 'plans/next.md', '', '[s](store.md)\n')
    limited = 'import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\nfrom daybook.__main__ import main\nsys.exit(main(["render-docs"]))'
    run = subprocess.run((sys.executable, '-c', limited), cwd=repo.root, capture_output=True, text=True)
    page_path = repo.root / SITE / 'plans/next.html'
    assert (run.returncode, run.stdout) == (1, '')
    assert run.stderr == f'daybook: cannot write {page_path}: File too large; make room, or mend the permissions of its folder, then run again\n'
    assert site(repo) == former
    render(repo, code=int(config == TRACKED))
    latter = site(repo)
    assert page_path.exists() and render(repo, '--all') == '' and site(repo) == latter


@pytest.mark.parametrize('folder, code', [('site', 0), ('../out', 1), ('/tmp/out', 1), ('.git/x', 1), ('docs/', 1)])
def test_folder(repo: Sandbox, folder: str, code: int) -> None:
    repo.write('.daybook/config.yaml', f'render: {{folder: {folder}}}\n')
    add(repo, 'plans/a.md')
    render(repo, code=code)
    assert (repo.root / 'site/index.html').exists() is (code == 0)


def test_two_runs_at_once(repo: Sandbox) -> None:
    team(repo)
    runs = [subprocess.Popen((sys.executable, '-m', 'daybook', 'render-docs'), cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(3)]
    assert [(run.wait(), run.communicate()[0].count(b'written')) for run in runs].count((0, 1)) == 1
    before = site(repo)
    assert render(repo, '--all') == '' and site(repo) == before


def test_templates_are_installed() -> None:
    from importlib import resources

    source = {path.name for path in (ROOT / 'src/daybook/writers/templates').iterdir()}
    assert source == {path.name for path in resources.files('daybook.writers').joinpath('templates').iterdir()}
    assert 'daybook.writers = templates/*' in (ROOT / 'setup.cfg').read_text()
