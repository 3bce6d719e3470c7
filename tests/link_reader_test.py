"""What processes make of files by themselves is what the one that knows all makes of them."""
from __future__ import annotations

import functools
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook import processes
from daybook.documents import catalogue
from daybook.documents import destination
from daybook.documents.tree import Tree
from daybook.links import link_judge
from daybook.links import link_reader
from daybook.links import link_verdict
from daybook.links.link_change import Change
from daybook.links.link_verdict import Verdict
from daybook.repo import git
from daybook.repo import listing
from daybook.rules import link_baseline

CASES = sorted((Path(__file__).parent / 'data' / 'hooks' / 'audit-links').glob('*/*'))
LINKS = (
    '[gone](gone.md)', '[gone](/gone.md)', '![picture](no.png)', '<a href="no.html">no</a>', '[ref]\n\n[ref]: gone.md', '[case](Target.md)',
    '[outside](../../../x.md)', '[absolute](/home/me/x.md)', '[line](target.md:3)', '[here](#nowhere)', '[here](#ONE)', '[alive](target.md?a%3fb#targetmd)', '[there](target.md#no)', '[renamed](old.md)',
    '[deleted](removed.md)', '[on the disk](untracked.md)', '[ignored](ignored.md)', '[known](known.md)', '[unclear](a%23b.md) [x](target.md%23no)',
    '[backslash](sub\\\\x.md)', '[folder](target.md/)', '[[target]] [gone](gone.md)', '[gone](gone.md) [there](target.md#no)', '`[code](gone.md)`', '[readme](#readme)', '[x]([[) [[gone.md]]', '[x](\ufffd)',
)


def _fill(repo: Sandbox) -> None:
    for case in CASES:
        shutil.copytree(case, repo.root / case.parent.name / case.name, ignore=shutil.ignore_patterns('expected.txt', '.daybook'))
    repo.write('.gitignore', 'ignored.md\n')
    repo.write('.daybook/links-baseline.txt', '17.md: known.md\nagain-17.md: known.md\n')
    for name in ('old.md', 'removed.md', 'target.md'):
        repo.write(name, f'# {name}\n\nSome words of {name}, so that git knows it again.\n')
    repo.git('add', '--all')
    repo.git('commit', '-q', '-m', 'first')
    for number, link in enumerate(LINKS):
        for folder in ('', 'other/', 'docs/sessions/', 'plans/'):
            for name in (f'{number:02}.md', f'again-{number:02}.md'):  # what is remembered of the first is told of the other
                repo.write(f'{folder}{name}', f'# {name}\n\nSee {link}.\n')
    for folder in ('', 'other/', 'docs/sessions/', 'plans/'):
        repo.write(f'{folder}INDEX.md', '\n\n'.join(LINKS))  # where the advice is another one
    repo.write('README.md', '[readme](#readme) [gone](gone.md)\n')
    repo.write('all.md', '\n\n'.join(LINKS))
    repo.git('mv', 'old.md', 'new.md')
    repo.git('rm', '-q', 'removed.md')
    repo.git('add', '--all')
    repo.write('untracked.md', '')
    repo.write('ignored.md', '')


def _verdicts(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, *, in_processes: bool) -> dict[str, Verdict]:
    monkeypatch.setattr(link_reader, 'MANY', 1 if in_processes else 10 ** 6)
    monkeypatch.setattr(processes, 'available', lambda: 2)
    monkeypatch.chdir(repo.root)
    here = git.find_repo()
    files = listing.read(here.root, is_in_commit=False)
    known = link_baseline.read((repo.root / '.daybook/links-baseline.txt').read_bytes())
    with catalogue.in_memory() as kept:
        judge = link_judge.Judge(here, files, link_judge.load_options(here), known, kept, is_in_commit=False)
        verdicts = judge.judge_all()
    return {source: one._replace(folders=tuple(sorted(one.folders)), keys=tuple(sorted(one.keys))) for source, one in verdicts.items()}


@pytest.mark.parametrize('wikilinks', ['documents', 'reject', 'warn'])
def test_all_ways_lead_to_the_same_verdicts(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, wikilinks: str) -> None:
    _fill(repo)
    repo.write('.daybook/config.yaml', f'links: {{wikilinks: {wikilinks}}}\n')
    expected = _verdicts(repo, monkeypatch, in_processes=False)
    told = b''.join(verdict.row.text for verdict in expected.values() if verdict.row).decode()
    for word in ('renamed to new.md', 'deleted by this change', 'not in git: untracked.md', 'git ignores ignored.md', 'link-case', 'link-outside',
                 'link-absolute', 'link-line-number', 'link-anchor', 'link-wikilink'):
        assert word in told
    assert LINKS[17] == '[known](known.md)' and expected['17.md'].row and not expected['17.md'].row.text
    assert _verdicts(repo, monkeypatch, in_processes=True) == expected
    monkeypatch.setattr(link_reader.Reader, '_may_be_final', lambda *_, **__: False)  # the one that knows all explains all
    assert _verdicts(repo, monkeypatch, in_processes=False) == _verdicts(repo, monkeypatch, in_processes=True) == expected
    monkeypatch.undo()
    monkeypatch.setattr(link_reader, '_FEW', 10 ** 6)  # what reads a few documents reads the same in them
    assert _verdicts(repo, monkeypatch, in_processes=False) == expected
    monkeypatch.setattr(destination, '_MOST_FOUND', 2)  # whoever remembers little says the same
    assert _verdicts(repo, monkeypatch, in_processes=False) == expected
    monkeypatch.setattr(link_reader, '_MOST_TOLD', 2)
    assert _verdicts(repo, monkeypatch, in_processes=False) == expected


def test_a_link_to_the_file_itself_is_not_told_of_its_neighbours(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('a.md', 'b.md'):
        repo.write(name, '[folder](a.md/)\n')
    repo.git('add', '--all')
    (repo.root / 'a.md').unlink()  # the index alone has it, as in a commit
    monkeypatch.chdir(repo.root)
    here = git.find_repo()
    with catalogue.in_memory() as kept:
        judge = link_judge.Judge(here, listing.read(here.root, is_in_commit=True), link_judge.load_options(here), (), kept, is_in_commit=True)
        rows = [verdict.row for verdict in judge.judge_all().values() if verdict.row]
    found = {row.source: judged.problem.causes for row in rows for judged in link_verdict.judged_in(row.source, row.payload)}
    assert found == {'a.md': (), 'b.md': ('a.md',)}


def test_most_are_settled_where_they_are_read(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(repo)
    explained: list[str] = []
    whole = link_judge.Judge._explain

    def _explain(self: link_judge.Judge, places: object) -> object:
        known = list(places)  # type: ignore[call-overload]
        explained.extend(source for source, _ in known)
        return whole(self, known)

    monkeypatch.setattr(link_judge.Judge, '_explain', _explain)
    repo.write('plain.md', '[gone](gone.md)\n')
    repo.git('add', 'plain.md')
    assert _verdicts(repo, monkeypatch, in_processes=True)['plain.md'].row
    assert 'plain.md' not in explained and 'all.md' in explained and 'docs/sessions/00.md' in explained


def test_processes_ask_git_no_more_than_one_would(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _fill(repo)
    trace = tmp_path / 'trace'
    monkeypatch.setenv('GIT_TRACE', str(trace))
    _verdicts(repo, monkeypatch, in_processes=True)
    assert trace.read_text().count('git diff-index') == 1


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='processes that share no memory learn by themselves')
def test_what_all_need_of_the_names_is_worked_out_once(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _fill(repo)
    found = {'_first_spellings': Tree.__dict__['_first_spellings'].func, 'folders': Tree.__dict__['folders'].func}

    def counted(name: str) -> functools.cached_property[object]:
        def asked(self: Tree) -> object:
            with open(tmp_path / name, 'a') as stream:
                stream.write(f'{os.getpid()}\n')
            return found[name](self)
        return functools.cached_property(asked)

    for name in found:
        told = counted(name)
        told.__set_name__(Tree, name)
        monkeypatch.setattr(Tree, name, told)
    _verdicts(repo, monkeypatch, in_processes=True)
    assert [(tmp_path / name).read_text() for name in found] == [f'{os.getpid()}\n'] * 2


def test_a_reader_can_be_sent_to_a_process_that_shares_no_memory(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write('a.md', '[gone](gone.md) [b](b.md)\n')
    repo.write('b.md', '')
    repo.write('c.md', '[untracked](d.md)\n')
    repo.git('add', '--all')
    repo.write('d.md', '')
    monkeypatch.chdir(repo.root)
    here = git.find_repo()
    with catalogue.in_memory() as kept:
        judge = link_judge.Judge(here, listing.read(here.root, is_in_commit=False), link_judge.load_options(here), (), kept, is_in_commit=False)
    reader = link_reader.Reader(here.root, judge._resolver, judge.change, (), with_keys=True, texts_only=False)
    job = link_reader.Suspects('a.md', frozenset(('gone.md',)))
    unclear = reader.read('c.md')
    assert unclear and unclear.seen.dead and unclear.verdict is None  # what it remembers of that goes along
    other = pickle.loads(pickle.dumps(reader))
    assert other.read('c.md') == unclear
    assert other.find(job) == reader.find(job) != []
    said = reader.read('a.md')
    assert other.read('a.md') == said and said and said.verdict and said.verdict.row


def test_all_ways_lead_to_the_same_verdicts_where_processes_share_no_memory(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(repo)
    expected = _verdicts(repo, monkeypatch, in_processes=False)
    monkeypatch.setattr(processes, '_METHOD', 'spawn')  # as on macOS
    assert _verdicts(repo, monkeypatch, in_processes=True) == expected


def test_a_question_under_way_stays_with_the_process_that_asked(repo: Sandbox) -> None:
    repo.write('old.md', 'Some words, so that git knows it again.\n')
    repo.git('add', '--all')
    repo.git('commit', '-q', '-m', 'first')
    repo.git('mv', 'old.md', 'new.md')
    change = Change(git.find_repo(str(repo.root)), is_index=True)
    change.begin()
    assert pickle.loads(pickle.dumps(change)).renamed == change.renamed == {'old.md': 'new.md'}


class _Mortal(link_reader.Reader):
    """A reader of which every process that is given a file named like `doom` is killed, as by a machine that is short of memory."""

    alive, doom = os.getpid(), 'doomed.md'

    def read(self, source: str) -> link_reader.Said | None:
        if self.doom in (source, 'every.md') and os.getpid() != self.alive:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(source)


def test_what_a_killed_process_was_to_read_is_read(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_reader, 'MANY', 1)
    monkeypatch.setattr(processes, 'available', lambda: 2)
    monkeypatch.setattr(processes, '_CHUNK', 1)
    paths = ['doomed.md', *(f'{number}.md' for number in range(20))]
    for path in paths:
        repo.write(path, f'[gone]({path}x)\n')
    repo.git('add', '--all')
    monkeypatch.chdir(repo.root)
    here = git.find_repo()
    with catalogue.in_memory() as kept:
        judge = link_judge.Judge(here, listing.read(here.root, is_in_commit=False), link_judge.load_options(here), (), kept, is_in_commit=False)
    reader = _Mortal(here.root, judge._resolver, judge.change, (), with_keys=True, texts_only=False)
    expected = [reader.read(path) for path in paths]
    assert all(said and said.verdict for said in expected)
    assert list(reader.read_all(paths)) == expected
    monkeypatch.setattr(_Mortal, 'doom', 'every.md')
    assert list(reader.read_all(paths)) == expected
    assert not multiprocessing.active_children()


# an audit whose processes wait with their first file until they are let go
_HELD = '''
import os, sys, time
from daybook import processes
from daybook.__main__ import main
from daybook.links.link_reader import Reader

signs, whole, own = sys.argv[1], Reader.read, os.getpid()

def read(self, source):
    if os.getpid() != own:
        open(os.path.join(signs, str(os.getpid())), 'w').close()
        while not os.path.exists(os.path.join(signs, 'go')):
            time.sleep(0.01)
    return whole(self, source)

Reader.read, processes.available = read, lambda: 2
sys.exit(main(['audit-links', *sys.argv[2:]]))
'''


_FOR_GOOD = 120  # seconds after which what hangs is held to hang for good, on a machine that has no time too


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='begins with fork')
@pytest.mark.parametrize('words', [('--no-catalogue',), ()], ids=['cold', 'to be kept'])
def test_a_killed_audit_leaves_no_process_and_no_file(repo: Sandbox, tmp_path: Path, words: tuple[str, ...]) -> None:
    for number in range(450):
        repo.write(f'{number}.md', f'[gone](gone-{number}.md)\n')
    repo.commit()
    signs, own = tmp_path / 'signs', tmp_path / 'own'
    for folder in (signs, own):
        folder.mkdir()
    before = sorted(repo.root.rglob('*'))
    run = subprocess.Popen((sys.executable, '-c', _HELD, signs, *words), cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           env={**os.environ, 'TMPDIR': str(own)})
    while run.poll() is None and len(os.listdir(signs)) < 2:
        time.sleep(0.01)
    run.kill()
    assert run.wait() == -signal.SIGKILL
    workers = list(map(int, os.listdir(signs)))
    assert len(workers) == 2 and all(map(_is_alive, workers))  # they are in the middle of it
    (signs / 'go').touch()
    assert run.communicate(timeout=_FOR_GOOD) == (b'', b'')  # whoever survived would hold these pipes
    deadline = time.monotonic() + _FOR_GOOD
    while any(map(_is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.01)  # until init has buried them
    assert not any(map(_is_alive, workers)) and not os.listdir(own)
    left = {path.relative_to(repo.root).as_posix() for path in {*repo.root.rglob('*')} - {*before}}
    assert all(path == '.git/daybook' or path.startswith('.git/daybook/catalogue-') for path in left) and not (words and left)
    told = repo.daybook('audit-links')
    assert (told.stdout.count('link-missing'), told.stderr) == (450, '')
    assert not [path for path in os.listdir(repo.root / '.git/daybook') if path.endswith(('-wal', '-shm', '-journal'))]


@pytest.mark.parametrize('count', [0, link_reader.MANY])
def test_each_copy_of_a_file_is_told_of(repo: Sandbox, count: int) -> None:
    for name in ('d/c.md', 'e.md', 'f.md'):
        repo.write(name, '[x](y.md) [z](no.md)\n')
    repo.write('y.md', 'y\n')
    for number in range(count):
        repo.write(f'more/{number}.md', f'{number}\n')
    repo.commit()
    out = repo.daybook('audit-links', '--no-catalogue').stdout
    assert out == repo.daybook('audit-links').stdout
    assert [line.partition(' ')[0] for line in out.splitlines()] == ['d/c.md:1:', 'd/c.md:1:', 'e.md:1:', 'f.md:1:']
