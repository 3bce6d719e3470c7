"""What an attacker found: each row lost, leaked, garbled or blocked something once."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Sandbox
from handoffs import DRAFT
from handoffs import PROMPT
from handoffs import TEXT
from handoffs import copy_of
from handoffs import hand_off
from handoffs import make_template

EDIT = 'MY PRECIOUS EDIT\n'


@pytest.fixture(scope='module')
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp('template'))


@pytest.fixture
def work(template: Path, tmp_path: Path) -> Sandbox:
    return copy_of(template, tmp_path / 'place')


def killing(tmp_path: Path, words: str, number: int) -> str:
    """Return a PATH with a git that is killed the `number`th time that it is called with `words`, a pattern of the shell."""
    real = subprocess.run(('sh', '-c', 'command -v git'), capture_output=True, text=True, check=True).stdout.strip()
    wrapper, asked = tmp_path / 'bin' / 'git', tmp_path / 'asked'
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in {words}) echo >> {asked}\n'
                       f'[ $(wc -l < {asked}) -eq {number} ] && kill -9 $$;; esac\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    return f'{wrapper.parent}{os.pathsep}{os.environ["PATH"]}'


def hook(work: Sandbox, name: str, script: str) -> None:
    work.write(f'.git/hooks/{name}', f'#!/bin/sh\n{script}\n').chmod(0o755)


@pytest.mark.parametrize('ends', ['exit 1', '[ -e .git/once ] && exit 0; touch .git/once; exit 1'])
def test_an_edit_saved_while_a_hook_runs_is_kept_and_not_committed(work: Sandbox, ends: str) -> None:
    hook(work, 'pre-commit', f"printf '{EDIT.strip()}\\n' >> workstreams/ws-a.md; {ends}")
    run = hand_off(work)
    assert (run.code, 'reason=commit-failed' in run.line) == (1, True), run
    assert EDIT in work.read('workstreams/ws-a.md')
    assert 'workstreams/ws-a.md' in run.out, 'what is left as it is must be named'
    assert EDIT not in work.git('show', 'HEAD:workstreams/ws-a.md') + '\n'


@pytest.mark.parametrize('path', ['docs/sessions/RT-*-01.md', 'docs/sessions/INDEX.md'])
def test_what_a_refusing_hook_has_emptied_blocks_no_retry(work: Sandbox, path: str) -> None:
    before = work.git('status', '--porcelain')
    hook(work, 'pre-commit', f'for f in {path}; do test "$f" = docs/sessions/RT-261101-01.md || : > "$f"; done; exit 1')
    run = hand_off(work)
    assert (run.code, 'Nothing was changed.' in run.out, 'are kept' in run.out) == (1, True, False), run.out
    assert work.git('status', '--porcelain') == before
    (work.root / '.git/hooks/pre-commit').unlink()
    assert hand_off(work).field('pushed') == 'yes'


def test_a_hook_that_takes_the_note_out_of_the_commit_is_told(work: Sandbox) -> None:
    hook(work, 'pre-commit', 'git rm -qf --cached docs/sessions/RT-*-01.md')
    run = hand_off(work)
    assert (run.code, work.git('log', '-1', '--format=%s').startswith('docs(sessions): ')) == (1, True), run.out
    assert 'git committed, and a hook of yours took the note out; see: git show --stat\n' in run.out and 'did not commit' not in run.out


def test_an_edit_saved_just_before_the_write_is_refused(work: Sandbox, tmp_path: Path) -> None:
    real = subprocess.run(('sh', '-c', 'command -v git'), capture_output=True, text=True, check=True).stdout.strip()
    wrapper = tmp_path / 'bin' / 'git'
    wrapper.parent.mkdir()
    # the last question before the writes is `git status`
    wrapper.write_text(f'#!/bin/sh\n{real} "$@"; code=$?\ncase "$*" in *"status --porcelain"*) '
                       f"printf '{EDIT}' >> workstreams/ws-a.md;; esac\nexit $code\n")
    wrapper.chmod(0o755)
    run = hand_off(work, PATH=f'{wrapper.parent}{os.pathsep}{os.environ["PATH"]}')
    assert (run.code, 'commit=none' in run.line) == (1, True), run
    assert work.read('workstreams/ws-a.md').endswith(EDIT)
    assert not list((work.root / 'docs/sessions').glob('RT-2?????-01.md'))[1:]


@pytest.mark.parametrize('number', range(1, 5))
def test_a_question_to_git_that_is_killed_is_no_answer(work: Sandbox, tmp_path: Path, number: int) -> None:
    head = work.git('rev-parse', 'HEAD')
    run = hand_off(work, PATH=killing(tmp_path, '*"rev-parse --verify"*"HEAD^{commit}"', number))
    if len((tmp_path / 'asked').read_text()) >= number:
        assert run.fields == ('unknown', 'unknown', 'failed') and 'git rev-parse was killed' in run.out
        assert work.git('rev-parse', 'HEAD') == head
    assert hand_off(work, PATH=os.environ['PATH']).fields[1:] in (('yes', ''), ('no', 'no-draft'))
    assert work.git('rev-list', '--count', f'{head}..origin/main') == '1'
    assert work.git('status', '--porcelain', 'docs', 'workstreams') == ''


def test_a_claim_that_could_not_be_closed_makes_no_draft_of_its_note(work: Sandbox) -> None:
    # as on a full disk: the record of the claim cannot be written once the commit is made
    hook(work, 'post-commit', 'cd .git/daybook/claims; for each in *.json; do mv $each ../$each.kept; mkdir $each; done')
    run = hand_off(work)
    assert 'not everything could be put away' in run.out and run.field('pushed') == 'yes'
    assert not (work.root / DRAFT).exists()
    record = work.root / f'.git/daybook/claims/{run.field("id")}.json'
    record.rmdir()
    (work.root / f'.git/daybook/{record.name}.kept').rename(record)
    assert hand_off(work).fields == ('none', 'no', 'no-draft')
    work.write(DRAFT, TEXT)
    again = hand_off(work)
    assert again.fields == ('none', 'no', 'note-exists') and f'handed off already as {run.field("id")}' in again.out


@pytest.mark.parametrize('number', [1, 2, 3])
def test_a_question_about_the_commit_that_fails_keeps_no_draft(work: Sandbox, tmp_path: Path, number: int) -> None:
    run = hand_off(work, PATH=killing(tmp_path, '*"diff-tree --root"*', number))
    if number == 1:  # whose the commit is, is not known yet
        assert run.fields == ('unknown', 'unknown', 'failed') and (work.root / DRAFT).exists()
        run = hand_off(work)
        assert 'was killed after its commit' in run.out
    elif number == 3:  # the second one is about the index alone, which stays as git left it
        assert 'does not tell whether a hook of yours put more into the commit; see: git show --stat ' in run.out
    assert run.field('pushed') == 'yes' and not (work.root / DRAFT).exists()


@pytest.mark.parametrize(('line', 'secret'), [
    ('password: Hunter2Hunter2xx', 'Hunter2Hunter2xx'),
    ('nested: {client_secret: "q1w2e3r4t5y6"}', 'q1w2e3r4t5y6'),
    ('api_key: abcdef1234567890XYZ', 'abcdef1234567890XYZ'),
])
def test_a_secret_under_its_key_is_marked(template: Path, tmp_path: Path, line: str, secret: str) -> None:
    work = copy_of(template, tmp_path / 'place', TEXT.replace('workstream: ws-a', f'workstream: ws-a\n{line}'))
    run = hand_off(work)
    assert run.code == 0 and 'secrets in the draft' in run.out, run
    assert secret not in work.git('show', 'HEAD')


def test_a_secret_in_the_name_of_a_branch_is_marked(work: Sandbox) -> None:
    token = 'ghp_' + 'a1B2' * 9
    work.git('switch', '-qc', f'try-{token}')
    assert hand_off(work).code == 0
    assert token not in work.git('show', 'HEAD')


def test_a_head_that_ends_the_file_keeps_its_fence(work: Sandbox) -> None:
    work.write('workstreams/ws-a.md', '---\ntitle: Launch\n---')
    work.commit('no final line end')
    assert hand_off(work).code == 0
    assert work.read('workstreams/ws-a.md').startswith('---\ntitle: Launch\n---\n')
    assert work.daybook('validate-frontmatter', 'workstreams').returncode == 0


def test_git_add_all_of_the_placeholder_blocks_no_hand_off(work: Sandbox) -> None:
    (work.root / DRAFT).unlink()
    session_id = work.daybook('claim-session').stdout.split('id=')[1].split()[0]
    work.write(f'.daybook/state/draft-{session_id}.md', TEXT)
    work.git('add', '--all')
    run = hand_off(work)
    assert f'id={session_id} ' in run.line and run.code == 0, run
    assert PROMPT[:20] in work.git('show', f'HEAD:docs/sessions/{session_id}.md')


@pytest.mark.skipif(sys.platform == 'darwin', reason='its file systems take no such name')
def test_a_name_that_is_not_utf8_stops_nothing(work: Sandbox) -> None:
    (work.root / 'docs/sessions/INDEX.md').unlink()
    path = os.fsencode(work.root) + b'/docs/sessions/b\xff.md'
    with open(path, 'wb') as stream:
        stream.write(b'---\ntitle: x\n---\n')
    work.commit('a name of old')
    assert hand_off(work).code == 0
    assert '(./b%FF.md)' in work.read('docs/sessions/INDEX.md')


def test_commits_that_the_remote_took_back_are_not_pushed_again(work: Sandbox) -> None:
    work.write('leak.txt', 'token\n')
    work.commit('a leak')
    work.git('push', '-q')
    remote = work.root.parent / 'remote.git'
    subprocess.run(('git', 'update-ref', 'refs/heads/main', 'main~1'), cwd=remote, check=True)
    run = hand_off(work)
    assert 'pushed=no reason=rolled-back' in run.line, run
    subprocess.run(('git', 'update-ref', '-d', 'refs/heads/main'), cwd=remote, check=True)


def test_a_branch_that_the_remote_deleted_is_not_made_again(work: Sandbox) -> None:
    work.git('switch', '-qc', 'feature')
    work.git('push', '-qu', 'origin', 'feature')
    remote = work.root.parent / 'remote.git'
    subprocess.run(('git', 'branch', '-qD', 'feature'), cwd=remote, check=True)
    assert 'pushed=no reason=branch-gone' in hand_off(work).line
    names = subprocess.run(('git', 'branch'), cwd=remote, check=True, capture_output=True, text=True).stdout
    assert 'feature' not in names


def test_a_reader_that_goes_away_does_not_stop_the_hand_off(work: Sandbox) -> None:
    subprocess.run(f'"{sys.executable}" -m daybook handoff | head -c 5', shell=True, cwd=work.root, check=True,
                   capture_output=True)
    assert work.git('log', '-1', '--format=%s').startswith('docs(sessions): RT-')


@pytest.mark.parametrize('command', [('claim-session',), ('handoff', '--files', 'draft.md')])
def test_a_state_folder_that_is_a_link_is_not_followed(work: Sandbox, command: tuple[str, ...]) -> None:
    work.write('draft.md', TEXT)
    for path in (work.root / '.daybook/state').iterdir():
        path.unlink()
    (work.root / '.daybook/state').rmdir()
    (work.root / '.daybook/state').symlink_to('..')
    run = work.daybook(*command)
    assert run.returncode == (1 if command[0] == 'claim-session' else 0), run
    assert not (work.root / '.gitignore').exists(), 'it would hide every new file from git'
    assert not (work.root / 'archive').exists()


def test_an_index_that_is_a_link_is_left_alone(work: Sandbox) -> None:
    index = work.root / 'docs/sessions/INDEX.md'
    index.rename(work.root / 'map.md')
    index.symlink_to('../../map.md')
    work.commit('a link')
    before = work.read('map.md')
    assert hand_off(work).code == 0
    assert work.daybook('regen-indexes').returncode in (0, 1)
    assert work.read('map.md') == before


@pytest.mark.parametrize('hook_id', ['validate-frontmatter', 'regen-indexes', 'audit-links'])
def test_settings_that_a_peer_broke_do_not_block_other_commits(work: Sandbox, hook_id: str) -> None:
    work.write('.daybook/config.yaml', 'kindz: 3\n')
    work.commit('a typo')
    hook(work, 'pre-commit', f'exec daybook {hook_id}')
    work.write('code.py', 'x = 1\n')
    work.git('add', 'code.py')
    work.git('commit', '-qm', 'code')
    work.write('.daybook/config.yaml', 'kindx: 3\n')
    work.git('add', '--all')
    with pytest.raises(AssertionError, match='kindx'):
        work.git('commit', '-qm', 'settings')


def test_a_pipe_in_the_place_of_a_document_stops_nothing(work: Sandbox) -> None:
    os.unlink(work.root / 'docs/sessions/RT-261101-01.md')
    os.mkfifo(work.root / 'docs/sessions/RT-261101-01.md')
    assert work.daybook('validate-frontmatter').returncode in (0, 1)
    assert work.daybook('resume', '--no-fetch').returncode == 0


def test_a_draft_is_found_from_below_by_the_path_that_the_claim_printed(work: Sandbox) -> None:
    (work.root / 'plans/deep').mkdir(parents=True)
    work.write('.daybook/state/draft-other.md', work.read(DRAFT))
    run = hand_off(work, '--files', '.daybook/state/draft-other.md', cwd='plans/deep')
    assert (run.code, (work.root / '.daybook/state/draft-other.md').exists()) == (0, False), run
    work.write('draft-of-both.md', 'not this one\n')
    work.write('plans/deep/draft-of-both.md', TEXT)
    here = hand_off(work, '--files', 'draft-of-both.md', cwd='plans/deep')
    assert here.code == 0 and 'draft: plans/deep/draft-of-both.md\n' in here.out, here
    again = hand_off(work, '--files', 'nowhere.md', cwd='plans/deep')
    assert again.code == 1 and 'no such draft' in again.out
