"""What a run with a catalogue says is what one without says, whatever happened since the rows were written."""
from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.__main__ import main
from daybook.documents import link_facts

ID = 'audit-links'
TEXT = ''.join(f'Sentence {number} of a text that git knows again.\n' for number in range(9))
OTHER = ''.join(f'Line {number} of something else altogether.\n' for number in range(9))
IN_COMMIT = {'GIT_INDEX_FILE': '.git/index'}


def _told(repo: Sandbox, env: dict[str, str] | None = None) -> str:
    """Return what both a warm and a cold run print."""
    warm, cold = (repo.daybook(ID, *words, env=env) for words in ((), ('--no-catalogue',)))
    assert (warm.returncode, warm.stdout, warm.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    return warm.stdout


def _renamed(repo: Sandbox) -> None:
    repo.stage({'a.md': '[x](old.md)\n', 'old.md': TEXT, 'c.md': OTHER})
    repo.commit()
    repo.git('mv', 'old.md', 'new.md')


def _taken_away(repo: Sandbox) -> None:
    repo.stage({'a.md': '[x](b.md) [y](c.md#c) [z](d.md)\n', 'b.md': '# B\n', 'c.md': '# C\n', 'd.md': TEXT})
    repo.commit()
    repo.stage({'b.md': None, 'c.md': '# D\n', 'd.md': None, 'e.md': TEXT})
    repo.commit()


def _ignorable(repo: Sandbox, *, is_tracked: bool = True) -> None:
    repo.stage({'sub/a.md': '[x](new.md)\n'})
    repo.write('sub/.gitignore', '\n')
    if is_tracked:
        repo.git('add', 'sub/.gitignore')
    repo.write('sub/new.md', '')


def _note(repo: Sandbox) -> None:
    repo.stage({'docs/sessions/a.md': '[x](b.md)\n', 'docs/sessions/b.md': '# B\n'})
    repo.commit()
    repo.stage({'docs/sessions/b.md': None})


def _note_of_a_peer(repo: Sandbox) -> None:
    """Make a note as new here as it is old on the branch `peer`, where its target went later."""
    repo.git('commit', '-q', '--allow-empty', '-m', 'first')
    repo.git('checkout', '-q', '-b', 'peer')
    _note(repo)
    repo.commit()
    repo.git('symbolic-ref', 'HEAD', 'refs/heads/main')


def _empty_folder(repo: Sandbox) -> None:
    repo.stage({'a.md': '[x](build)\n'})
    (repo.root / 'build/deep').mkdir(parents=True)


def _sparse(repo: Sandbox) -> None:
    repo.stage({'top/a.md': '[x](../sub/new.md)\n', 'sub/b.md': '# B\n'})
    repo.commit()
    repo.git('sparse-checkout', 'set', 'top')
    assert not (repo.root / 'sub').exists()


Step = Callable[[Sandbox], object]
CHANGES = (
    pytest.param(_renamed, 'renamed to new.md', lambda repo: repo.write('n.md', ''), 'renamed to new.md', id='a rename that stays'),
    pytest.param(_renamed, 'renamed to new.md', lambda repo: repo.stage({'new.md': OTHER}), 'deleted by this change', id='its target is rewritten'),
    pytest.param(_renamed, 'renamed to new.md', lambda repo: repo.stage({'new.md': OTHER, 'again.md': TEXT}), 'renamed to again.md',
                 id='another file takes its content'),
    pytest.param(_renamed, 'renamed to new.md', lambda repo: repo.git('mv', 'new.md', 'old.md'), '', id='it is taken back'),
    pytest.param(_renamed, 'renamed to new.md', lambda repo: repo.git('rm', '-q', '--cached', 'new.md'), 'deleted by this change',
                 id='its target is untracked'),
    pytest.param(_renamed, 'renamed to new.md', lambda repo: repo.git('reset', '-q'), 'deleted by this change', id='it is unstaged'),
    pytest.param(_renamed, 'renamed to new.md', lambda repo: repo.git('commit', '-q', '-m', 'x'), 'old.md; correct the link', id='it is committed'),
    pytest.param(_taken_away, 'd.md; correct the link', lambda repo: repo.git('reset', '-q', '--soft', 'HEAD~1'), 'renamed to e.md',
                 id='the commit of a rename is taken back'),
    pytest.param(_taken_away, 'link to one of its headings', lambda repo: repo.git('reset', '-q', '--soft', 'HEAD~1'), 'whose heading this change takes away',
                 id='the commit that took a heading away is taken back'),
    pytest.param(_ignorable, 'not in git: sub/new.md', lambda repo: repo.write('sub/.gitignore', 'new.md\n'), 'git ignores', id='a tracked .gitignore changes'),
    pytest.param(lambda repo: _ignorable(repo, is_tracked=False), 'not in git: sub/new.md', lambda repo: repo.write('sub/.gitignore', 'new.md\n'), 'git ignores',
                 id='an untracked .gitignore changes'),
    pytest.param(_ignorable, 'not in git: sub/new.md', lambda repo: repo.write('.git/info/exclude', 'new.md\n'), 'git ignores', id='.git/info/exclude changes'),
    pytest.param(_note, 'warning: ', lambda repo: os.utime(repo.root / 'docs/sessions/a.md'), 'warning: ', id='a note is touched'),
    pytest.param(_note_of_a_peer, 'a.md:1: no such file', lambda repo: repo.git('symbolic-ref', 'HEAD', 'refs/heads/peer'), 'warning: ',
                 id='a note is found in another history'),
    pytest.param(_empty_folder, 'build; correct the link', lambda repo: repo.write('build/deep/x.txt', ''), 'not in git: build', id='an empty folder gets a file'),
    pytest.param(_sparse, 'sub/new.md; correct the link', lambda repo: repo.write('sub/new.md', ''), 'not in git: sub/new.md',
                 id='a tracked folder that was not checked out appears'),
)


@pytest.mark.parametrize(('prepare', 'before', 'change', 'after'), CHANGES)
def test_what_is_told_follows_a_change(repo: Sandbox, prepare: Step, before: str, change: Step, after: str) -> None:
    prepare(repo)
    assert before in repo.daybook(ID).stdout
    change(repo)
    told = _told(repo)
    assert after in told and (after or not told)
    _told(repo, IN_COMMIT)  # one view serves both
    assert repo.daybook(ID).stdout == told


def test_no_file_becomes_one_that_is_only_announced(repo: Sandbox) -> None:
    repo.stage({'a.md': '[x](old.md)\n', 'old.md': ''})
    repo.commit()
    repo.git('rm', '-q', 'old.md')
    repo.write('new.md', '')
    deleted = _told(repo, IN_COMMIT)
    assert 'old.md, deleted by this change' in deleted
    repo.git('add', '-N', 'new.md')
    assert _told(repo, IN_COMMIT) == deleted


def test_a_target_beyond_a_symbolic_link_keeps_git_from_no_answer(repo: Sandbox) -> None:
    for path in ('sub/x.md', 'ignored.md', 'other.md'):
        repo.write(path, '')
    (repo.root / 'link').symlink_to('sub')
    repo.write('.gitignore', 'ignored.md\n')
    repo.write('a.md', '[x](ignored.md) [y](link/x.md) [z](other.md)\n')
    repo.write('b.md', '[x](ignored.md)\n')
    repo.git('add', 'a.md', 'b.md')
    assert _told(repo).count('git ignores ignored.md') == 2
    repo.write('.gitignore', 'other.md\n')
    told = _told(repo)
    assert 'git ignores other.md' in told and 'git ignores ignored.md' not in told


def test_a_note_is_asked_for_its_history_again_when_there_is_more_of_it(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('docs/sessions/a.md', '[x](b.md)\n')
    repo.commit()
    repo.write('other.md', 'x')
    repo.commit()
    shallow = Sandbox(tmp_path / 'shallow')
    subprocess.run(('git', 'clone', '-q', '--depth=1', f'file://{repo.root}', str(shallow.root)), check=True)
    assert 'warning: ' in _told(shallow)
    shallow.git('fetch', '-q', '--unshallow')
    assert 'warning: ' not in _told(shallow)


def test_linked_work_trees_tell_of_their_own_changes(repo: Sandbox, tmp_path: Path) -> None:
    _renamed(repo)
    linked = Sandbox(tmp_path / 'linked')
    repo.git('worktree', 'add', '-q', str(linked.root))
    linked.git('rm', '-q', 'old.md')
    for _ in range(2):
        assert ('renamed to new.md' in _told(repo), 'deleted by this change' in _told(linked)) == (True, True)
    repo.stage({'new.md': OTHER})
    linked.stage({'again.md': TEXT})
    assert ('deleted by this change' in _told(repo), 'renamed to again.md' in _told(linked)) == (True, True)


def test_git_is_asked_for_renames_only_where_something_may_be_told_of_them(repo: Sandbox, tmp_path: Path) -> None:
    repo.stage({'a.md': '[x](no.md)\n', 'b.md': TEXT, 'c.md': OTHER})
    repo.commit()
    trace = tmp_path / 'trace'

    def asked(env: dict[str, str] | None = None) -> int:
        trace.write_text('')
        repo.daybook(ID, env={'GIT_TRACE': str(trace), **(env or {})})
        return trace.read_text().count(' -M ')
    asked()
    repo.write('b.md', f'{TEXT}more\n')
    assert asked() == 0, 'a document changed, and none is gone'
    repo.git('add', 'b.md')
    assert asked(IN_COMMIT) == 0
    repo.commit()
    repo.stage({'c.md': f'{OTHER}more\n'})
    assert asked(IN_COMMIT) == 0, 'git has told what the commit changes'
    repo.stage({'c.md': None})
    assert asked(IN_COMMIT) == 0, 'no dead link can be told of it'
    repo.stage({'a.md': '[x](c.md)\n'})
    assert asked() == 1


@pytest.mark.parametrize('count', [1, 120])
@pytest.mark.parametrize('is_dirty', [False, True])
def test_a_file_that_changes_while_it_is_read_is_not_remembered_so(repo: Sandbox, count: int, is_dirty: bool, monkeypatch: pytest.MonkeyPatch,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    repo.stage({f'{number}.md': f'[x](b.md#one) {number}\n' for number in range(count)} | {'b.md': '# One\n'})
    repo.commit()
    content = '# One\n\nmore\n' if is_dirty else '# One\n'
    repo.write('b.md', content)
    read = link_facts.read

    def read_late(root: str, path: str) -> bytes | None:
        if path == 'b.md':
            repo.write('b.md', '# Two\n')
        return read(root, path)

    with monkeypatch.context() as late:
        late.chdir(repo.root)
        late.setattr(link_facts, 'read', read_late)
        assert main([ID]) == 1
    assert 'no anchor #one' in capsys.readouterr().out
    repo.write('b.md', content)
    assert _told(repo) == ''
    assert _told(repo) == '', 'and this is remembered'


@pytest.mark.parametrize(('count', 'times'), [(20, 1), (120, 2)])
def test_many_files_that_were_read_are_listed_once_more(repo: Sandbox, count: int, times: int) -> None:
    repo.stage({f'{number}.md': f'[x](b.md#one) {number}\n' for number in range(count)} | {'b.md': '# One\n'})
    repo.commit()
    trace = repo.root / '.git' / 'trace'
    assert repo.daybook(ID, env={'GIT_TRACE': str(trace)}).returncode == 0
    assert trace.read_text().count('built-in: git ls-files') == times


def test_a_file_that_a_commit_does_not_take_as_it_was_read_is_not_remembered_so(
        repo: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    repo.stage({'b.md': '# Two\n', 'a.md': '[x](b.md#one)\n'})
    repo.commit()
    repo.stage({'b.md': '# One\n'})
    read = link_facts.read

    def read_late(root: str, path: str) -> bytes | None:
        if path == 'b.md':
            repo.write(path, '# Two\n')
        return read(root, path)

    with monkeypatch.context() as late:
        late.chdir(repo.root)
        late.setenv('GIT_INDEX_FILE', '.git/index')
        late.setattr(link_facts, 'read', read_late)
        assert main([ID]) == 1
    capsys.readouterr()
    repo.write('b.md', '# One\n')
    assert _told(repo) == ''


@pytest.mark.parametrize('attribute', ['text eol=crlf', 'working-tree-encoding=UTF-16LE', 'filter=turned'])
def test_a_file_that_git_keeps_in_another_form_is_remembered(repo: Sandbox, attribute: str) -> None:
    repo.git('config', 'filter.turned.clean', 'rev')
    repo.git('config', 'filter.turned.smudge', 'rev')
    repo.stage({'.gitattributes': f'b.md {attribute}\n', 'a.md': '[x](b.md) [y](c.md)\n'})
    repo.write('b.md', '# One\r\n' if 'eol' in attribute else '# One\n'.encode('UTF-16LE') if '16' in attribute else '# One\n')
    repo.git('add', 'b.md')
    repo.commit()
    assert 'c.md' in _told(repo)
    assert list((repo.root / '.git/daybook').glob('links-*')), 'the answer'


def test_a_page_whose_name_holds_a_line_end_is_not_taken_for_the_next(repo: Sandbox) -> None:
    repo.write('z.md', '# h\n')
    repo.write('a\nb.md', '# q\n')
    repo.write('s.md', '[x](z.md#h) [y](a%0Ab.md#q)\n')
    repo.commit()
    for name in ('z.md', 'a\nb.md'):
        repo.write(name, '# k\n')
    repo.git('add', '--all')
    assert 'no anchor #h in z.md, whose heading this change takes away' in repo.daybook('audit-links').stdout


def test_an_index_that_a_job_renews_is_nobody_elses_to_mend(repo: Sandbox) -> None:
    repo.stage({f'plans/{name}.md': f'---\ntitle: {name}\n---\n' for name in 'ab'} | {'.daybook/config.yaml': 'indexes: {when: default-branch}\n'})
    repo.daybook('regen-indexes', '--force')
    repo.git('add', '.')
    repo.commit()
    repo.stage({'plans/a.md': None})
    assert _told(repo) == ''
    assert _told(repo, IN_COMMIT) == ''
    repo.stage({'.daybook/config.yaml': 'indexes: {when: commit}\n'})
    assert 'plans/INDEX.md:' in _told(repo)
    repo.stage({'.daybook/config.yaml': 'indexes: {when: default-branch}\n'})
    assert _told(repo) == ''
    repo.stage({'plans/INDEX.md': '[a](a.md)\n'})
    assert 'plans/INDEX.md:1' in _told(repo), 'somebody writes it by hand'


def test_a_map_that_somebody_writes_by_hand_depends_on_all_its_links(repo: Sandbox) -> None:
    generated = '# P\n\n<!-- generated by daybook regen-indexes: edits are lost -->\n\n[a](a.md)\n'
    repo.stage({'.daybook/config.yaml': 'indexes: {when: default-branch}\n', 'INDEX.md': generated, 'a.md': '# A\n', 'b.md': '[p](INDEX.md#p)\n'})
    assert _told(repo) == ''
    repo.stage({'INDEX.md': '# P\n\n[a](a.md)\n'})
    assert _told(repo) == ''
    repo.stage({'a.md': None})
    assert 'INDEX.md:3' in _told(repo)


def test_an_edit_answers_for_no_wikilink_to_the_file(repo: Sandbox) -> None:
    repo.stage({'.daybook/config.yaml': 'links: {wikilinks: reject}\n', 'a.md': '[[docs/O.md]]\n', 'docs/O.md': TEXT})
    repo.commit()
    repo.stage({'docs/O.md': f'{TEXT}more\n'})
    assert _told(repo, IN_COMMIT) == 'audit-links: 1 older problem in 1 document; run daybook audit-links\n'
