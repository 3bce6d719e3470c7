from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Mapping
from datetime import datetime
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest

from conftest import Sandbox
from conftest import without_privilege
from conftest import make_sandbox
from daybook.documents import config
from daybook.documents import frontmatter
from daybook.errors import FatalError
from daybook.repo import git
from daybook.session import claim
from daybook.session import claiming
from daybook.session.claim import Claim
from daybook.session.operators import Operator

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
DAY = 'RT-261120'
ROMAN = Operator('roman', 'Roman T', 'RT', ('roman@example.com',), 'UTC')
FOLDER = 'docs/sessions'


def _take(repo: Sandbox, *, operator: Operator = ROMAN, now: datetime = NOW, new: bool = True,
          environ: Mapping[str, str] | None = None, **settings: Any) -> Claim:
    return claiming.take(git.find_repo(str(repo.root)), config.DEFAULTS._replace(**settings), operator, now=now,
                      environ=environ or {}, new=new)


def _number(repo: Sandbox, **settings: Any) -> int:
    return int(claim.ID.fullmatch(_take(repo, **settings).id)['number'])  # type: ignore[index]


def _records(repo: Sandbox) -> list[str]:
    return sorted(path.name for path in (repo.root / '.git/daybook/claims').iterdir() if path.suffix == '.json')


def _clone(repo: Sandbox, name: str = 'clone') -> Sandbox:
    remote = repo.root.parent / 'remote.git'
    if not remote.exists():
        subprocess.run(('git', 'clone', '-q', '--bare', str(repo.root), str(remote)), check=True)
    repo.git('clone', '-q', str(remote), str(repo.root.parent / name))
    return Sandbox(repo.root.parent / name)


def _on_branch(repo: Sandbox, path: str, text: str = 'x') -> None:
    repo.commit('base', repo.write('a', 'a').name)
    repo.git('switch', '-qc', 'topic')
    repo.write(path, text)
    repo.commit('a note', path)
    repo.git('switch', '-q', 'main')


def _merged_elsewhere(repo: Sandbox) -> None:
    # only refs/remotes/origin/topic holds the note, three folders below the notes
    _on_branch(repo, f'{FOLDER}/2026/11/20/{DAY}-07.md')
    clone = _clone(repo)
    shutil.rmtree(repo.root)
    clone.root.rename(repo.root)


def _archived(repo: Sandbox) -> None:
    repo.write(f'archive/2026/{DAY}-07.md', 'x')
    repo.commit()


def _staged(repo: Sandbox) -> None:
    repo.write(f'old/{DAY}-07.md', 'x')
    repo.git('add', '.')
    (repo.root / f'old/{DAY}-07.md').unlink()


def _ignored(repo: Sandbox) -> None:
    repo.write('.gitignore', 'docs\n')
    repo.write(f'{FOLDER}/{DAY}-07.md', 'x')


def _folder(repo: Sandbox) -> None:
    (repo.root / FOLDER / f'{DAY}-07.md').mkdir(parents=True)


def _symlink(repo: Sandbox) -> None:
    (repo.root / FOLDER).mkdir(parents=True)
    (repo.root / FOLDER / f'{DAY}-07.md').symlink_to('nowhere')


def _other_worktree(repo: Sandbox) -> None:
    repo.commit('base', repo.write('a', 'a').name)
    repo.git('worktree', 'add', '-q', '--detach', '../linked')
    Sandbox(repo.root.parent / 'linked').write(f'{FOLDER}/{DAY}-07.md', 'x')


def _local_claim(repo: Sandbox) -> None:
    repo.write(f'.git/daybook/claims/{DAY}-07.json', json.dumps(Claim(f'{DAY}-07abc', 'roman', 'provisional', 'done',
                                                                      '', '')._asdict()))


def _remote_claim(repo: Sandbox) -> None:
    repo.commit('base', repo.write('a', 'a').name)
    _clone(repo)
    repo.git('remote', 'add', 'origin', '../remote.git')
    repo.git('push', '-q', 'origin', f'HEAD:refs/daybook/claims/{DAY}-07')


def _nothing(repo: Sandbox) -> None:
    pass


def _others(repo: Sandbox) -> None:
    # other days, other people, and what only looks like an id
    for name in ('RT-261119-50.md', 'RTX-261120-50.md', 'SK-261120-50.md', f'x{DAY}-50.md', f'{DAY}-5.md', f'{DAY}.md',
                 f'{DAY}-٥٠.md'):
        repo.write(f'{FOLDER}/{name}', 'x')
    repo.write('docs/rt-261119-40/x.md', 'x')
    repo.commit()


FLOORS = (
    pytest.param(_nothing, 1, id='nothing: the first'),
    pytest.param(_others, 1, id='none of ours'),
    pytest.param(lambda repo: repo.write(f'{FOLDER}/{DAY}-07.md', 'x'), 8, id='untracked'),
    pytest.param(lambda repo: repo.write(f'{FOLDER}/{DAY}-07-a-slug.md', 'x'), 8, id='with a slug'),
    pytest.param(lambda repo: repo.write(f'{FOLDER}/rt-261120-07k7f.md', 'x'), 8, id='in small letters, provisional'),
    pytest.param(lambda repo: repo.write(f'{FOLDER}/2026/{DAY}-07.md', 'x'), 8, id='untracked in a folder below'),
    pytest.param(_ignored, 8, id='ignored'),
    pytest.param(_folder, 8, id='a folder'),
    pytest.param(_symlink, 8, id='a dangling symbolic link'),
    pytest.param(_archived, 8, id='tracked in an archive elsewhere'),
    pytest.param(_staged, 8, id='only in the index'),
    pytest.param(lambda repo: _on_branch(repo, f'{FOLDER}/{DAY}-07.md'), 8, id='on another branch'),
    pytest.param(_merged_elsewhere, 8, id='on a remote-tracking branch'),
    pytest.param(_other_worktree, 8, id='untracked in another work tree'),
    pytest.param(_local_claim, 8, id='claimed in the clone'),
    pytest.param(_remote_claim, 8, id='claimed on the remote'),
)


@pytest.mark.parametrize(('prepare', 'expected'), FLOORS)
def test_floor(repo: Sandbox, prepare: Callable[[Sandbox], object], expected: int) -> None:
    prepare(repo)
    before = repo.snapshot()
    assert _number(repo, claims_timeout=60.0) == expected
    assert {path: data for path, data in repo.snapshot().items() if path in before} == before


def test_claim_writes_record_and_stub(repo: Sandbox) -> None:
    head = repo.commit('base', repo.write('a', 'a').name)
    made = _take(repo, environ={'DAYBOOK_SESSION_ID': 's1'})
    assert made == Claim(f'{DAY}-01', 'roman', 'local', 'open', '2026-11-20T12:00:00Z', str(repo.root), 's1', head, 'main')
    assert frontmatter.parse((repo.root / f'{FOLDER}/{DAY}-01.md').read_bytes()).meta == {
        'operator': 'roman', 'kind': 'session', 'claimed_at': '2026-11-20T12:00:00Z'}
    assert claim.all_claims(git.find_repo(str(repo.root))) == [made]
    assert sorted(os.listdir(repo.root / '.git/daybook/claims')) == ['.lock', f'{DAY}-01.json']
    assert repo.git('status', '--porcelain') == '?? docs/'


def test_what_killed_claims_have_left_is_swept_when_it_is_old(repo: Sandbox) -> None:
    _take(repo)
    folder = repo.root / '.git/daybook/claims'
    ours = ['RT-261101-01.json.4711-0123abcd.tmp', '.4711-0123abcd.tmp']
    kept = ['.4712-0123abcd.tmp', 'RT-261101-01.json.4712-0123abcd.tmp', 'RT-261101-01.json', 'mine.tmp', '.4711-mine.tmp', 'x.4711-0123abcd.tmp']
    for name in (*ours, *kept):
        (folder / name).write_text('{')
        if '4712' not in name:
            os.utime(folder / name, (time.time() - 7200,) * 2)
    (folder / '.4713-0123abcd.tmp').symlink_to('mine.tmp')
    os.utime(folder / '.4713-0123abcd.tmp', (0, 0), follow_symlinks=False)
    held = set(os.listdir(folder))
    made = _take(repo)
    assert set(os.listdir(folder)) == held - set(ours) | {f'{made.id}.json'}


def test_no_commit_yet(repo: Sandbox) -> None:
    made = _take(repo)
    assert (made.id, made.kind, made.head, made.branch) == (f'{DAY}-01', 'local', None, 'main')


def test_detached_head(repo: Sandbox) -> None:
    head = repo.commit('base', repo.write('a', 'a').name)
    repo.git('switch', '-q', '--detach')
    assert _take(repo)[7:9] == (head, None)


def test_linked_work_tree_shares_the_numbers(repo: Sandbox) -> None:
    _other_worktree(repo)
    linked = Sandbox(repo.root.parent / 'linked')
    (linked.root / f'{FOLDER}/{DAY}-07.md').unlink()
    assert [_take(repo).id, _take(linked).id, _take(repo).id] == [f'{DAY}-01', f'{DAY}-02', f'{DAY}-03']
    assert (linked.root / f'{FOLDER}/{DAY}-02.md').is_file()
    assert _records(repo) == [f'{DAY}-01.json', f'{DAY}-02.json', f'{DAY}-03.json']


def test_submodule(repo: Sandbox, new_repo: Callable[[str], Sandbox]) -> None:
    inner = new_repo('inner')
    inner.commit('base', inner.write('a', 'a').name)
    repo.git('submodule', '--quiet', 'add', '../inner', 'sub')
    sub = Sandbox(repo.root / 'sub')
    assert _take(sub, claims_timeout=60.0).kind == 'arbitrated'
    assert (sub.root / f'{FOLDER}/{DAY}-01.md').is_file()
    assert inner.git('for-each-ref', '--format=%(refname)', 'refs/daybook') == f'refs/daybook/claims/{DAY}-01'
    assert not (repo.root / FOLDER).exists()


@pytest.mark.parametrize('name', ['with space', 'ünïcode-日本', 'apo\'s "quoted"', os.fsdecode(b'not-utf8-\xff')])
def test_odd_paths(tmp_path: Path, name: str) -> None:
    odd = make_sandbox(tmp_path / name)
    made = _take(odd)
    assert claim.find(git.find_repo(str(odd.root)), f'{DAY}-01') == made
    assert made.worktree == str(odd.root)


def test_autocrlf_leaves_the_stub_as_it_is(repo: Sandbox) -> None:
    repo.git('config', 'core.autocrlf', 'true')
    repo.write('.gitattributes', '* text eol=crlf\n')
    repo.commit()
    made = _take(repo)
    assert (repo.root / f'{FOLDER}/{DAY}-01.md').read_bytes() == claim.stub(made)


def test_notes_at_the_root(repo: Sandbox) -> None:
    settings = config.from_mapping({'kinds': {'session': {'paths': ['*.md']}}})
    repo.write(f'{DAY}-03.md', 'x')
    repo.write(f'src/{DAY}-50.md', 'x')  # untracked, and not where notes lie
    assert _number(repo, kinds=settings.kinds) == 4
    assert (repo.root / f'{DAY}-04.md').is_file()


def test_the_hundredth(repo: Sandbox) -> None:
    repo.write(f'{FOLDER}/{DAY}-99.md', 'x')
    before = repo.snapshot()
    with pytest.raises(FatalError, match='RT-261120-99 is taken, and a day has 99 ids; go on tomorrow, or hand off'):
        _take(repo)
    assert repo.snapshot() == before
    assert _records(repo) == []
    assert _take(repo, operator=ROMAN._replace(initials='SK')).id == 'SK-261120-01'


def test_a_note_that_would_be_no_note(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'kinds: {session: {paths: ["docs/*/notes/*.md"]}}\n')
    settings = config.load(str(repo.root))
    with pytest.raises(FatalError, match='would be docs/XX-000000-00.md, which is not of the kind session; write `docs/'):
        _take(repo, **settings._asdict())
    assert not (repo.root / 'docs').exists()


BAD_FOLDERS = (
    pytest.param(lambda root, outside: (root / 'docs').symlink_to(outside),
                 'path goes through a symbolic link', id='a symbolic link out of the repository'),
    pytest.param(lambda root, outside: (root / 'docs').write_text('x'), 'cannot write the claim: .*docs', id='a file above'),
    pytest.param(lambda root, outside: ((root / 'docs').mkdir(), (root / FOLDER).write_text('x')),
                 'cannot write the claim: .*docs/sessions', id='a file'),
)


@pytest.mark.parametrize(('prepare', 'message'), BAD_FOLDERS)
def test_bad_folder(repo: Sandbox, tmp_path: Path, prepare: Callable[[Path, Path], object], message: str) -> None:
    repo.commit('base', repo.write('a', 'a').name)
    _clone(repo)
    repo.git('remote', 'add', 'origin', '../remote.git')
    (tmp_path / 'outside').mkdir()
    prepare(repo.root, tmp_path / 'outside')
    with pytest.raises(FatalError, match=message):
        _take(repo)
    assert list((tmp_path / 'outside').iterdir()) == []
    assert not (repo.root / '.git/daybook/claims').exists() or _records(repo) == []
    assert 'daybook' not in repo.git('ls-remote', 'origin')


POISONED = (b'', b'{', b'[]', b'7', b'{"id": 5}', b'\xff\xfe', b'[' * 100_000,
            json.dumps(Claim('RT-261120-04', 'roman', 'local', 'open', '', '')._replace(session=7)._asdict()).encode())


@pytest.mark.parametrize('content', POISONED)
def test_poisoned_record_still_holds_its_number(repo: Sandbox, content: bytes) -> None:
    repo.write(f'.git/daybook/claims/{DAY}-04.json', content)
    assert _take(repo, new=False).id == f'{DAY}-05'


def test_a_new_field_of_a_later_version_is_no_poison(repo: Sandbox) -> None:
    made = _take(repo)
    path = repo.root / f'.git/daybook/claims/{DAY}-01.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), 'colour': 'red'}))
    assert _take(repo, new=False) == made


# who holds the open claims, oldest first (operator, session); who asks; which of them is told, None: a new one
HELD = (
    pytest.param([], ('roman', None), None, id='none'),
    pytest.param([('roman', None)], ('roman', None), 0, id='of this work tree'),
    pytest.param([('roman', None), ('roman', None)], ('roman', None), 1, id='the newest'),
    pytest.param([('roman', 's1'), ('roman', None)], ('roman', 's1'), 0, id='of this session before a newer one of nobody'),
    pytest.param([('roman', None)], ('roman', 's1'), 0, id='a session takes that of nobody'),
    pytest.param([('roman', 's2')], ('roman', 's1'), None, id="not another session's"),
    pytest.param([('roman', None), ('roman', 's2')], ('roman', 's1'), 0, id="nobody's, though another session's is newer"),
    pytest.param([('roman', 's2')], ('roman', None), None, id='a person does not write into the draft of an agent'),
    pytest.param([('sergei', None)], ('roman', None), None, id="not another operator's"),
)


@pytest.mark.parametrize(('held', 'asking', 'expected'), HELD)
def test_current(repo: Sandbox, held: list[tuple[str, str | None]], asking: tuple[str, str | None],
                 expected: int | None) -> None:
    who = {'roman': ROMAN, 'sergei': ROMAN._replace(slug='sergei', initials='SK')}
    made = [_take(repo, operator=who[slug], environ={'DAYBOOK_SESSION_ID': session or ''}, now=NOW.replace(minute=minute))
            for minute, (slug, session) in enumerate(held)]
    told = _take(repo, operator=who[asking[0]], environ={'DAYBOOK_SESSION_ID': asking[1] or ''}, new=False)
    assert (made.index(told) if told in made else None) == expected


def test_a_claim_of_another_work_tree_is_not_told(repo: Sandbox) -> None:
    _other_worktree(repo)
    _take(Sandbox(repo.root.parent / 'linked'), environ={'DAYBOOK_SESSION_ID': 's1'})
    assert _take(repo, environ={'DAYBOOK_SESSION_ID': 's1'}, new=False).worktree == str(repo.root)


def test_closed_claim_is_not_told_and_its_number_stays(repo: Sandbox) -> None:
    made = _take(repo)
    claim.close(git.find_repo(str(repo.root)), made)
    (repo.root / f'{FOLDER}/{DAY}-01.md').unlink()
    assert _take(repo, new=False).id == f'{DAY}-02'


def test_claim_without_stub_and_draft_is_dropped(repo: Sandbox) -> None:
    _take(repo)
    (repo.root / f'{FOLDER}/{DAY}-01.md').unlink()
    assert _take(repo, new=False).id == f'{DAY}-02'


def test_remote_off_is_provisional(repo: Sandbox) -> None:
    repo.git('remote', 'add', 'origin', '/nowhere')
    made = _take(repo, claims_remote='off')
    assert re.fullmatch(f'{DAY}-01[a-z2-9]{{3}}', made.id)
    assert (made.kind, made.reason) == ('provisional', 'claims.remote is off')
    assert _records(repo) == [f'{DAY}-01.json']
    assert _take(repo, claims_remote='off').id[:12] == f'{DAY}-02'
    assert _take(repo, new=False, claims_remote='off').id[:12] == f'{DAY}-02'


def test_remote_off_without_a_remote_is_local(repo: Sandbox) -> None:
    assert _take(repo, claims_remote='off').kind == 'local'


def test_stub_whose_place_was_taken_meanwhile(repo: Sandbox) -> None:
    # a peer's file comes while the remote is asked: the number is left to it
    repo.commit('base', repo.write('a', 'a').name)
    _clone(repo)
    repo.git('remote', 'add', 'origin', '../remote.git')
    hook = repo.root.parent / 'remote.git/hooks/update'
    place = repo.root / FOLDER / f'{DAY}-01.md'
    hook.write_text(f'#!/bin/sh\n[ -e {place} ] || echo x >{place}\n')
    hook.chmod(0o755)
    assert _take(repo, claims_timeout=60.0).id == f'{DAY}-02'
    assert place.read_text() == 'x\n'
    assert _records(repo) == [f'{DAY}-02.json']


def test_path_warning(tmp_path: Path) -> None:
    for folder in ('Library/Mobile Documents/com~apple~CloudDocs/repo', 'Library/CloudStorage/Dropbox/repo'):
        (tmp_path / folder).mkdir(parents=True)
        warning = claiming.path_warning(str(tmp_path / folder))
        assert warning and warning.startswith(f'the repository lies in {folder.split("/")[1]}: a file provider may copy')
        (tmp_path / 'short').unlink(missing_ok=True)
        (tmp_path / 'short').symlink_to(tmp_path / folder)
        assert claiming.path_warning(str(tmp_path / 'short')) == warning
    assert claiming.path_warning(str(tmp_path / 'MyCloudStorageApp/repo')) is None


def _assign(repo: Sandbox, session_id: str | None, **settings: Any) -> Claim:
    return claiming.assign(git.find_repo(str(repo.root)), config.DEFAULTS._replace(**settings), ROMAN, session_id, DAY,
                        now=NOW, environ={})


def test_assign(repo: Sandbox) -> None:
    repo.write(f'{FOLDER}/{DAY}-04.md', 'x')
    before = repo.snapshot()
    found = git.find_repo(str(repo.root))
    assert claiming.peek(found, config.DEFAULTS, DAY) == f'{DAY}-05'
    assert _assign(repo, None).id == f'{DAY}-05'
    assert _assign(repo, f'{DAY}-09')[:4] == (f'{DAY}-09', 'roman', 'local', 'open')
    assert [made.state for made in claim.all_claims(found)] == ['done', 'done']
    assert repo.snapshot() == before
    with pytest.raises(FatalError, match='RT-261120-09 is claimed already; take another id, or `next`'):
        _assign(repo, f'{DAY}-09')


# an id, and whether it is taken
TAKEN = ((f'{DAY}-04', True), (f'{DAY}-05', False), (f'{DAY}-06', True), (f'{DAY}-07', True), (f'{DAY}-04k7f', False))


def test_is_taken(repo: Sandbox) -> None:
    _on_branch(repo, f'{FOLDER}/{DAY}-04.md')
    repo.write(f'{FOLDER}/{DAY}-06-slug.md', 'x')
    _assign(repo, f'{DAY}-07')
    found = git.find_repo(str(repo.root))
    assert [(name, claiming.is_taken(found, config.DEFAULTS, name)) for name, _ in TAKEN] == list(TAKEN)


def _limited(repo: Sandbox, prelude: str, *wrapper: str) -> subprocess.CompletedProcess[str]:
    """Claim in a process of its own that has first run `prelude`."""
    program = f'import sys\n{prelude}\nfrom daybook.__main__ import main\nsys.exit(main(["claim-session", "--new"]))\n'
    return subprocess.run((*wrapper, sys.executable, '-c', program), cwd=repo.root, capture_output=True, text=True)


@pytest.mark.skipif(sys.platform == 'win32', reason='resource limits are POSIX')
@pytest.mark.parametrize('room', [0, 40])
def test_full_disk(repo: Sandbox, room: int) -> None:
    # a limit on the size of files fails a write half-way, as a full disk does
    run = _limited(repo, f'import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))')
    assert (run.returncode, run.stdout) == (1, '')
    assert re.fullmatch(r'daybook: cannot write the claim: File too large; make room .*nothing was claimed\n', run.stderr)
    assert _records(repo) == []
    assert [path for path in repo.snapshot() if path.endswith('.md')] == []
    assert _limited(repo, '').stdout.splitlines()[-1].endswith('-01 claim=local')


@pytest.mark.skipif(sys.platform == 'win32', reason='modes of folders are POSIX')
@pytest.mark.parametrize('folder', [FOLDER, '.git'])
def test_read_only_folder(repo: Sandbox, folder: str) -> None:
    wrapper = without_privilege()
    repo.commit('base', repo.write('a', 'a').name)
    _clone(repo)
    repo.git('remote', 'add', 'origin', '../remote.git')
    (repo.root / FOLDER).mkdir(parents=True)
    (repo.root / folder).chmod(0o555)
    run = _limited(repo, '', *wrapper)
    (repo.root / folder).chmod(0o755)
    assert (run.returncode, run.stdout) == (1, '')
    assert re.match(rf'daybook: cannot write the claim: .*{re.escape(folder)}.*: Permission denied; make', run.stderr)
    assert 'daybook' not in repo.git('ls-remote', 'origin')
    assert list((repo.root / FOLDER).iterdir()) == []
