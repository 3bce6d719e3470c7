"""The journal: what it holds comes back, and undoing touches only what still is ours."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.handoff import journal as journals
from daybook.handoff import made
from daybook.handoff.facts import Start
from daybook.handoff.journal import Journal
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.session.preflight import Refused

NOTE, LOG = 'docs/sessions/RT-261120-01.md', 'workstreams/build.md'
OLD, NEW = b'# Build\n', b'# Build\n\n- entry\n'


@pytest.fixture
def here(repo: Sandbox) -> Repo:
    repo.write(LOG, OLD)
    repo.write('other.md', 'other\n')
    repo.commit()
    return git.find_repo(str(repo.root))


def begun(here: Repo, *, made_stub: bool = False) -> Journal:
    """Write what a hand-off writes, with its journal before it."""
    head = git_refs.resolve(here, 'HEAD') or ''
    planned = [journals.planned(here, NOTE, 'note', (), b'note\n'), journals.planned(here, LOG, 'log', ('e',), NEW)]
    journal = journals.save(here, Journal('RT-261120-01', 'writing', 'main', head, tuple(w for w, _ in planned), None, made_stub))
    for write, content in planned:
        path = os.path.join(here.root, write.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        files.write_atomic(path, content)
    return journal


def found(here: Repo, journal: Journal) -> str | None:
    commit = made.find_commit(here, journal)
    return commit.oid if commit else None


def test_none_without_a_hand_off(here: Repo) -> None:
    assert journals.load(here) is None
    journals.clear(here)


def test_comes_back_as_it_was(here: Repo) -> None:
    journal = journals.remember(here, begun(here)._replace(draft='/d.md', commit='c'), Start('s', 'why'), b'draft', 'words\n')
    assert journals.save(here, journal) == journals.load(here) == journal
    assert (journal.start, journal.message) == ('s', 'words\n') and journal.draft_was == journals.oid_of(here, b'draft')
    journals.clear(here)
    assert journals.load(here) is None


@pytest.mark.parametrize(('start', 'kept'), [
    (Start('s', 'why'), 's'), (Start(None, 'from the first one'), ''), (Start(None, 'unknown', is_known=False), None)])
def test_unknown_start_is_not_the_first_commit(here: Repo, start: Start, kept: str | None) -> None:
    assert journals.remember(here, begun(here), start, b'', '').start == kept


def test_own_temporary_files_go_with_it(here: Repo) -> None:
    begun(here)
    folder = Path(here.git_dir, 'daybook')
    (folder / 'handoff.json.123-0123abcd.tmp').write_text('{')
    (folder / 'handoff.json.mine').write_text('kept')
    journals.clear(here)
    assert [path.name for path in folder.iterdir() if path.name.startswith('handoff.json')] == ['handoff.json.mine']


@pytest.mark.parametrize('is_staged', [False, True])
def test_undo_leaves_everything_as_it_was(repo: Sandbox, here: Repo, is_staged: bool) -> None:
    repo.write('other.md', 'edited\n')
    before, status = repo.snapshot(), repo.git('status', '--porcelain')
    journal = begun(here)
    if is_staged:
        repo.git('add', NOTE, LOG)
    assert journals.undo(here, journal) == []
    assert repo.snapshot() == before and repo.git('status', '--porcelain') == status
    assert not (repo.root / 'docs').exists() and journals.load(here) is None


def test_undo_twice_is_undo_once(repo: Sandbox, here: Repo) -> None:
    journal = begun(here)
    journals.undo(here, journal)
    before = repo.snapshot()
    assert journals.undo(here, journal) == [] and repo.snapshot() == before


def test_staged_edits_of_the_user_are_put_back_as_staged(repo: Sandbox, here: Repo) -> None:
    repo.write(LOG, '# Build\nstaged\n')
    repo.git('add', LOG)
    before = repo.git('diff', '--cached')
    journal = begun(here)
    repo.git('add', NOTE, LOG)
    assert journals.undo(here, journal) == []
    assert repo.git('diff', '--cached') == before and repo.read(LOG) == '# Build\nstaged\n'


@pytest.mark.parametrize(('made_stub', 'is_kept'), [(True, False), (False, True)])
def test_stub_goes_only_where_the_hand_off_made_it(repo: Sandbox, here: Repo, made_stub: bool, is_kept: bool) -> None:
    repo.write(NOTE, 'stub\n')
    assert journals.undo(here, begun(here, made_stub=made_stub)) == []
    assert (repo.root / NOTE).exists() is is_kept
    assert not is_kept or repo.read(NOTE) == 'stub\n'


def test_mode_of_the_file_stays(repo: Sandbox, here: Repo) -> None:
    (repo.root / LOG).chmod(0o755)
    repo.git('add', LOG)
    journal = begun(here)
    repo.git('add', LOG, NOTE)
    journals.undo(here, journal)
    assert repo.git('ls-files', '-s', LOG).startswith('100755') and (repo.root / LOG).stat().st_mode & 0o111


def rewrite(repo: Sandbox, path: str, content: bytes) -> None:
    repo.write(path, content)


def stage(repo: Sandbox, path: str, content: bytes) -> None:
    repo.write(path, content)
    repo.git('add', path)


def link(repo: Sandbox, path: str, content: bytes) -> None:
    (repo.root / 'elsewhere.md').write_bytes((repo.root / path).read_bytes())
    (repo.root / path).unlink()
    (repo.root / path).symlink_to(repo.root / 'elsewhere.md')


def commit(repo: Sandbox, path: str, content: bytes) -> None:
    repo.git('add', path)
    repo.git('commit', '-q', '-m', 'as it stands', '--', path)


@pytest.mark.parametrize('path', [NOTE, LOG])
@pytest.mark.parametrize('deed', [rewrite, stage, link, commit])
def test_what_somebody_did_since_stays_and_is_named(repo: Sandbox, here: Repo, path: str,
                                                    deed: Callable[[Sandbox, str, bytes], None]) -> None:
    journal = begun(here)
    deed(repo, path, b'by hand\n')
    held, index = (repo.root / path).read_bytes(), repo.git('ls-files', '-s', path)
    assert journals.undo(here, journal) == [path]
    assert (repo.root / path).read_bytes() == held and repo.git('ls-files', '-s', path) == index


def test_deleted_since(repo: Sandbox, here: Repo) -> None:
    journal = begun(here)
    (repo.root / LOG).unlink()
    (repo.root / NOTE).unlink()
    assert journals.undo(here, journal) == [LOG]  # the note is as absent as it was


def test_unmerged_since(repo: Sandbox, here: Repo) -> None:
    journal = begun(here)
    oid = repo.git('rev-parse', f'HEAD:{LOG}')
    entries = ''.join(f'100644 {oid} {stage}\t{LOG}\n' for stage in (1, 2, 3))
    git.git('update-index', '--index-info', cwd=here.root, stdin=f'0 {"0" * 40}\t{LOG}\n{entries}'.encode())
    assert LOG in journals.undo(here, journal)
    assert len(repo.git('ls-files', '-u', LOG).splitlines()) == 3


def test_swept_are_only_our_own_temporary_files(repo: Sandbox, here: Repo) -> None:
    journal = begun(here)
    ours = repo.write(f'{LOG}.99-0123abcd.tmp', NEW[:5])
    theirs = repo.write(f'{LOG}.98-0123abcd.tmp', 'regenerated\n')
    named = repo.write(f'{LOG}.notes.tmp', NEW)
    journals.undo(here, journal)
    assert [path.exists() for path in (ours, theirs, named)] == [False, True, True]


def test_found_commit(repo: Sandbox, here: Repo) -> None:
    journal = begun(here)
    assert found(here, journal) is None
    repo.git('add', NOTE)
    oid = repo.commit('note', NOTE, LOG)
    assert found(here, journal) == oid
    repo.git('commit', '-q', '--allow-empty', '-m', 'later')
    assert found(here, journal) == oid
    assert made.missing(here, journal, oid) == []


def test_found_commit_whatever_a_hook_made_of_the_note(repo: Sandbox, here: Repo) -> None:
    journal = begun(here)
    repo.write(NOTE, 'prettier\n')
    oid = repo.commit('note', NOTE)
    assert found(here, journal) == oid
    assert made.missing(here, journal, 'HEAD') == [LOG]


def test_found_commit_on_another_branch_and_after_an_amend(repo: Sandbox, here: Repo) -> None:
    journal = begun(here)
    repo.git('switch', '-q', '-c', 'side')
    oid = repo.commit('note', NOTE, LOG)
    assert found(here, journal) == oid and not made.is_on_branch(here, journal, oid)
    repo.git('switch', '-q', 'main')
    repo.git('merge', '-q', 'side')
    repo.git('commit', '-q', '--amend', '-m', 'amended')
    assert found(here, journal._replace(commit=oid)) == repo.git('rev-parse', 'main')


def test_lost_commit_is_not_found_though_the_journal_names_it(repo: Sandbox, here: Repo) -> None:
    journal = begun(here)._replace(commit=repo.commit('note', NOTE, LOG))
    repo.git('reset', '-q', '--hard', 'HEAD~1')
    assert found(here, journal) is None


def test_of_each_work_tree(repo: Sandbox, here: Repo, tmp_path: Path) -> None:
    begun(here)
    repo.git('worktree', 'add', '-q', '-b', 'side', str(tmp_path / 'side'))
    assert journals.load(git.find_repo(str(tmp_path / 'side'))) is None


def test_unreadable_names_the_file(here: Repo) -> None:
    begun(here)
    path = git.git_path(here, journals.NAME)
    Path(path).write_text('{"version": 1, ')
    with pytest.raises(Refused, match=f'cannot be read: {path}\n') as caught:
        journals.load(here)
    assert caught.value.reason == 'journal' and f'mv {path} {path}.bad' in str(caught.value)


@pytest.mark.parametrize(('version', 'is_read'), [(1, True), (2, True), (3, False)])
def test_of_a_former_version_is_read_and_of_a_later_one_named(here: Repo, version: int, is_read: bool) -> None:
    journal = begun(here)
    path = Path(git.git_path(here, journals.NAME))
    assert '"version": 2,' in path.read_text()
    path.write_text(path.read_text().replace('"version": 2,', f'"version": {version}, {"" if is_read else chr(34) + "more" + chr(34) + ": 1,"}'))
    if is_read:
        assert journals.load(here) == journal
    else:
        with pytest.raises(Refused, match='another version of daybook has left a hand-off unfinished: .*; run that version once more'):
            journals.load(here)
