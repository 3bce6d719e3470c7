from __future__ import annotations

import contextlib
import http.server
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path

import pytest

from conftest import Sandbox

FOLDER = 'docs/sessions'
LAST = re.compile(r'claim-session: id=(RT-\d{6}-(\d\d)([a-z2-9]{3})?) claim=(arbitrated|local|provisional)\n\Z')
posix = pytest.mark.skipif(sys.platform == 'win32', reason='fork, hooks and signals are POSIX')

# one process for each claim, all held back until the last of them is there; answers go into files
CROWD = '''
import os, sys
from daybook.__main__ import main
from daybook.hooks import claim_session  # what every process would import by itself
import daybook.documents.schema
out, count, folders = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
gate, start = os.pipe()
for number in range(count):
    if os.fork() == 0:
        os.close(start)
        os.read(gate, 1)
        os.chdir(folders[number % len(folders)])
        os.dup2(os.open(f'{out}/{number}', os.O_WRONLY | os.O_CREAT), 1)
        os.dup2(1, 2)
        os._exit(main(['claim-session', '--new']))
os.close(start)
codes = [os.waitstatus_to_exitcode(os.wait()[1]) for number in range(count)]
print(*codes)
'''

# one process after the other, each killed one step later than the one before: before it writes, links, renames or
# removes a file or starts git; the last one lives
STEPS = '''
import os, signal, sys
from daybook.__main__ import main
from daybook.hooks import claim_session
import daybook.documents.schema
sys.dont_write_bytecode = True  # to keep what Python compiles is no step of ours, and comes once
names, out = {'os.link', 'os.rename', 'os.remove', 'os.mkdir', 'subprocess.Popen'}, sys.argv[1]
step, code = 0, -signal.SIGKILL
while code == -signal.SIGKILL:
    step += 1
    if os.fork() == 0:
        left = step
        def kill(event, args):
            global left
            if event in names or event == 'open' and args[2] & (os.O_WRONLY | os.O_RDWR):
                left -= 1
                if left == 0:
                    os.kill(0, signal.SIGKILL)
        os.setsid()
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        sys.addaudithook(kill)
        os._exit(main(['claim-session', '--new']))
    code = os.waitstatus_to_exitcode(os.wait()[1])
print(step)
'''


def _crowd(tmp_path: Path, count: int, *places: Sandbox) -> tuple[list[int], list[re.Match[str]], list[str]]:
    """Let `count` processes claim at once, in turn in each of `places`; return codes, last lines, and other outputs."""
    out = tmp_path / f'out-{random.random()}'
    out.mkdir()
    run = subprocess.run((sys.executable, '-c', CROWD, out, str(count), *(place.root for place in places)),
                         capture_output=True, text=True, check=True)
    texts = [path.read_text() for path in out.iterdir()]
    found = [(LAST.search(text), text) for text in texts]
    return ([int(word) for word in run.stdout.split()], [match for match, _ in found if match],
            [text for match, text in found if not match])


def _adopt(repo: Sandbox, **claims: object) -> Sandbox:
    """Give the repository a first commit with one operator, and a bare remote with it."""
    lines = ''.join(f'  {key}: {value}\n' for key, value in claims.items())
    repo.write('.daybook/config.yaml', f'claims:\n{lines}' if lines else '{}\n')
    repo.write('.daybook/operators.yaml', 'operators:\n  roman: {initials: RT, timezone: UTC}\n')
    repo.write('.gitignore', '.daybook/state/\n')
    repo.commit()
    remote = repo.root.parent / 'remote.git'
    subprocess.run(('git', 'clone', '-q', '--bare', repo.root, remote), check=True)
    repo.git('remote', 'add', 'origin', str(remote))
    repo.git('fetch', '-q')
    repo.git('branch', '-q', '-u', 'origin/main')
    return Sandbox(remote)


def _clone(remote: Sandbox, name: str) -> Sandbox:
    subprocess.run(('git', 'clone', '-q', remote.root, remote.root.parent / name), check=True)
    return Sandbox(remote.root.parent / name)


def _claim(repo: Sandbox, *args: str, env: dict[str, str] | None = None) -> re.Match[str]:
    run = repo.daybook('claim-session', *(args or ('--new',)), env=env)
    found = LAST.search(run.stdout)
    assert found and run.returncode == 0 and run.stderr == '', run
    return found


def _stubs(repo: Sandbox) -> list[str]:
    return sorted(path.stem for path in (repo.root / FOLDER).glob('*'))


def _claim_refs(remote: Sandbox) -> dict[str, str]:
    rows = remote.git('for-each-ref', '--format=%(refname:lstrip=3) %(objectname)', 'refs/daybook').splitlines()
    return dict(row.split(' ') for row in rows)


def _hook(place: Path, text: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f'#!/bin/sh\n{text}\n')
    place.chmod(0o755)
    return place


def _program(tmp_path: Path, name: str, text: str) -> dict[str, str]:
    """Put a program first on PATH; return the environment with it."""
    path = _hook(tmp_path / 'bin' / name, text)
    return {'PATH': f'{path.parent}{os.pathsep}{os.environ["PATH"]}'}


def test_what_it_prints(repo: Sandbox) -> None:
    repo.write('.daybook/operators.yaml', 'operators:\n  roman: {initials: RT}\n')
    run = repo.daybook('claim-session')
    session_id = LAST.search(run.stdout)[1]  # type: ignore[index]
    assert run.stdout == (f'note:  {FOLDER}/{session_id}.md (a placeholder; leave it to hand-off)\n'
                          f'draft: .daybook/state/draft-{session_id}.md (write here, then run handoff)\n'
                          f'claim-session: id={session_id} claim=local\n')
    assert repo.read(f'.daybook/state/draft-{session_id}.md').startswith(f'---\nid: {session_id}\n')
    before = repo.snapshot()
    assert repo.daybook('claim-session').stdout == run.stdout
    assert repo.snapshot() == before
    (repo.root / 'deep/er').mkdir(parents=True)
    assert repo.daybook('claim-session', cwd='deep/er').stdout == run.stdout.replace(FOLDER, f'../../{FOLDER}').replace('.daybook/', '../../.daybook/')


def test_a_claim_is_dropped_by_deleting_its_draft_and_placeholder(repo: Sandbox) -> None:
    _adopt(repo)
    dropped = _claim(repo)[1]
    assert dropped in repo.daybook('resume', '--no-fetch').stdout
    for path in (f'docs/sessions/{dropped}.md', f'.daybook/state/draft-{dropped}.md'):
        (repo.root / path).unlink()
    assert 'open claims' not in repo.daybook('resume', '--no-fetch').stdout
    assert _claim(repo)[1] == f'{dropped[:-2]}{int(dropped[-2:]) + 1:02}'


def test_cloud_folder_is_warned_about(tmp_path: Path, new_repo: Callable[[str], Sandbox]) -> None:
    cloud = new_repo('Library/Mobile Documents/repo')
    assert cloud.daybook('claim-session').stdout.startswith('warning: the repository lies in Mobile Documents: ')


def test_outside_and_in_a_bare_repository(tmp_path: Path) -> None:
    outside = Sandbox(tmp_path)
    for _ in range(2):
        run = outside.daybook('claim-session')
        assert (run.returncode, run.stdout) == (1, '')
        assert run.stderr.startswith(f'daybook: not inside a git work tree: {tmp_path}; ')
        outside.git('init', '-q', '--bare', '.')


@posix
def test_99_processes_in_one_work_tree(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('.daybook/operators.yaml', 'operators:\n  roman: {initials: RT, timezone: UTC}\n')
    repo.commit()
    codes, claims, errors = _crowd(tmp_path, 99, repo)
    assert (codes, errors) == ([0] * 99, [])
    assert sorted(int(claim[2]) for claim in claims) == list(range(1, 100))
    assert {claim[4] for claim in claims} == {'local'}
    assert _stubs(repo) == sorted(claim[1] for claim in claims)
    records = sorted(os.listdir(repo.root / '.git/daybook/claims'))
    before = repo.snapshot()
    run = repo.daybook('claim-session', '--new')
    assert (run.returncode, run.stdout) == (1, '')
    assert re.fullmatch(r'daybook: RT-\d{6}-99 is taken, and a day has 99 ids; go on tomorrow, or hand off under '
                        r'another operator; nothing was claimed\n', run.stderr)
    assert repo.snapshot() == before
    assert sorted(os.listdir(repo.root / '.git/daybook/claims')) == records


def _are_arbitrated(remote: Sandbox, answer: tuple[list[int], list[re.Match[str]], list[str]], places: Sequence[Sandbox]) -> None:
    codes, claims, errors = answer
    assert (codes, errors) == ([0] * 24, [])
    assert Counter(claim[4] for claim in claims) == {'arbitrated': 24}
    assert len({claim[1] for claim in claims}) == 24
    refs = _claim_refs(remote)
    assert sorted(refs) == sorted(claim[1] for claim in claims)
    assert len(set(refs.values())) == 24  # never one object for two claims
    assert sorted(stub for place in places for stub in _stubs(place)) == sorted(refs)
    assert [len(_stubs(place)) for place in places] == [8, 8, 8]


@posix
def test_24_processes_in_3_work_trees(repo: Sandbox, tmp_path: Path) -> None:
    remote = _adopt(repo, timeout=60)
    places = [repo]
    for name in ('two', 'three'):
        repo.git('worktree', 'add', '-q', '-b', name, f'../{name}')
        places.append(Sandbox(tmp_path / name))
    _are_arbitrated(remote, _crowd(tmp_path, 24, *places), places)


@posix
def test_24_processes_in_3_clones(repo: Sandbox, tmp_path: Path) -> None:
    remote = _adopt(repo, timeout=60)
    places = [repo, _clone(remote, 'two'), _clone(remote, 'three')]
    _are_arbitrated(remote, _crowd(tmp_path, 24, *places), places)
    for place in places:
        assert place.git('status', '--porcelain') == '?? docs/'


# how a remote refuses claims, and what is said about it
REFUSALS = (
    pytest.param(lambda remote: _hook(remote.root / 'hooks/pre-receive', 'echo branches only >&2; exit 1'),
                 r'\[remote rejected\] \(pre-receive hook declined\)', id='pre-receive'),
    pytest.param(lambda remote: _hook(remote.root / 'hooks/update', 'exit 1'),
                 r'\[remote rejected\] \(hook declined\)', id='update'),
    pytest.param(lambda remote: remote.git('config', 'receive.hideRefs', 'refs/daybook'),
                 r'\[remote rejected\] \(deny updating a hidden ref\)', id='hidden'),
    pytest.param(lambda remote: remote.git('config', 'transfer.hideRefs', 'refs/daybook'),
                 r'\[remote rejected\] \(deny updating a hidden ref\)', id='hidden from all'),
    pytest.param(lambda remote: remote.root.rename(remote.root.with_name('gone')),
                 r"fatal: '.*remote\.git' does not appear to be a git repository", id='unreachable'),
)


@posix
@pytest.mark.parametrize(('refuse', 'reason'), REFUSALS)
def test_refused(repo: Sandbox, refuse: Callable[[Sandbox], object], reason: str) -> None:
    remote = _adopt(repo, timeout=60)
    other = _clone(remote, 'other')
    refuse(remote)
    claims = [_claim(repo), _claim(other), _claim(repo)]
    assert [(claim[2], claim[4]) for claim in claims] == [('01', 'provisional'), ('01', 'provisional'), ('02', 'provisional')]
    assert len({claim[1] for claim in claims}) == 3 and all(claim[3] for claim in claims)
    assert _stubs(repo) == sorted((claims[0][1], claims[2][1]))
    told = repo.daybook('claim-session').stdout
    assert re.search(f'^provisional: {reason}; the id is valid for good\n', told, re.MULTILINE), told
    assert told.endswith(claims[2].group())


def test_unknown_remote_is_not_taken_for_an_address(repo: Sandbox) -> None:
    remote = _adopt(repo)
    repo.write('.daybook/config.yaml', f'claims: {{remote: {remote.root}}}\n')
    assert _claim(repo)[4] == 'provisional'
    assert _claim_refs(remote) == {}
    assert f'claims.remote is {remote.root}, which is no remote of this clone' in repo.daybook('claim-session').stdout


def test_no_password_in_what_is_said(repo: Sandbox) -> None:
    _adopt(repo)
    repo.git('remote', 'set-url', 'origin', 'https://roman:secret@localhost:1/repo.git')
    assert _claim(repo)[4] == 'provisional'
    assert 'secret' not in repo.daybook('claim-session').stdout
    assert not any(b'secret' in path.read_bytes() for path in (repo.root / '.git/daybook/claims').iterdir())


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Path]:
    """The folder of programs that hang until the test has ended."""
    yield tmp_path
    (tmp_path / 'end').touch()


def _hang(folder: Path) -> str:
    """Return a script that hangs, and after ten minutes tells in `asked` that it was waited for."""
    return (f'n=0; while test ! -e {folder}/end; do sleep 0.2; n=$((n + 1)); '
            f'if test $n = 3000; then echo waited >> {folder}/asked; exit; fi; done')


def _asks(folder: Path, before: str = '') -> str:
    """Return a script that tells in `asked` that it began, and hangs."""
    return f'{before}echo asked >> {folder}/asked\n{_hang(folder)}'


def _asked(folder: Path) -> list[str]:
    return (folder / 'asked').read_text().split()


HANGS = (
    pytest.param('ssh://nobody@localhost/x', lambda remote, tmp: {'GIT_SSH_COMMAND': str(_hook(tmp / 'ssh', _asks(tmp)))}, id='ssh'),
    pytest.param('ssh://nobody@localhost/x', lambda remote, tmp: {
        'GIT_SSH_COMMAND': str(_hook(tmp / 'ssh', _asks(tmp, f'setsid {_hook(tmp / "daemon", _hang(tmp))} &\n')))}, id='ssh that leaves a daemon behind'),
    pytest.param('hang::x', lambda remote, tmp: _program(tmp, 'git-remote-hang', _asks(tmp)), id='remote helper'),
    pytest.param(None, lambda remote, tmp: _hook(remote.root / 'hooks/pre-receive', _asks(tmp)) and {}, id='in the middle of the push'),
    pytest.param(None, lambda remote, tmp: _hook(remote.root / 'hooks/post-receive', _asks(tmp)) and {}, id='after the push'),
)


@posix
@pytest.mark.parametrize(('url', 'hang'), HANGS)
def test_hanging_remote(repo: Sandbox, hanging: Path, url: str | None,
                        hang: Callable[[Sandbox, Path], dict[str, str]]) -> None:
    remote = _adopt(repo, timeout=2)
    env = hang(remote, hanging)
    if url:
        repo.git('remote', 'set-url', 'origin', url)
    first = _claim(repo, env=env)
    assert (first[2], first[4], bool(first[3])) == ('01', 'provisional', True)
    asked = _asked(hanging)
    assert set(asked) == {'asked'}
    assert 'provisional: the remote did not answer in time; ' in repo.daybook('claim-session', env=env).stdout
    second = _claim(repo, env=env)  # asks nobody: it has just been silent
    assert (second[2], second[4]) == ('02', 'provisional')
    assert _asked(hanging) == asked
    # the refs that reached the remote after all are floors like any other
    (repo.root / '.git/daybook/claims/.remote-silent').unlink()
    for hook in (remote.root / 'hooks').glob('p*-receive'):
        hook.unlink()
    repo.git('remote', 'set-url', 'origin', str(remote.root))
    assert _claim(repo)[2] == '03'


@posix
def test_clone_without_trees_does_not_fetch_them(repo: Sandbox, tmp_path: Path, hanging: Path) -> None:
    remote = _adopt(repo, timeout=2)
    repo.git('switch', '-qc', 'topic')
    repo.write(f'{FOLDER}/old.md', 'x')
    repo.commit()
    repo.git('push', '-q', 'origin', 'topic')
    remote.git('config', 'uploadpack.allowFilter', 'true')
    subprocess.run(('git', 'clone', '-q', '--filter=tree:0', f'file://{remote.root}', tmp_path / 'treeless'), check=True)
    treeless = Sandbox(tmp_path / 'treeless')
    treeless.git('remote', 'set-url', 'origin', 'ssh://nobody@localhost/x')
    assert _claim(treeless, env={'GIT_SSH_COMMAND': str(_hook(hanging / 'ssh', _asks(hanging)))})[4] == 'provisional'
    assert set(_asked(hanging)) == {'asked'}


@posix
def test_terminals_do_not_wait_in_series(repo: Sandbox, tmp_path: Path, hanging: Path) -> None:
    remote = _adopt(repo, timeout=2)
    _hook(remote.root / 'hooks/pre-receive', _asks(hanging))
    codes, claims, errors = _crowd(tmp_path, 8, repo)
    assert _asked(hanging) == ['asked']  # who comes later is told that the remote is silent
    assert (codes, errors) == ([0] * 8, [])
    assert {claim[4] for claim in claims} == {'provisional'}
    assert sorted(int(claim[2]) for claim in claims) == list(range(1, 9))


@posix
def test_lost_answer(repo: Sandbox) -> None:
    # the server dies after it has made the ref and before it says so: reading the ref again tells
    remote = _adopt(repo, timeout=60)
    _hook(remote.root / 'hooks/reference-transaction', '[ "$1" = committed ] && kill -9 $PPID; exit 0')
    claim = _claim(repo)
    assert (claim[2], claim[4]) == ('01', 'arbitrated')
    assert list(_claim_refs(remote)) == [claim[1]]


@posix
def test_hooks_settings_and_refs_of_the_user(repo: Sandbox, new_repo: Callable[[str], Sandbox]) -> None:
    remote = _adopt(repo, timeout=60)
    marker = repo.root.parent / 'ran'
    for folder in ('.git/hooks', 'own-hooks'):
        for name in ('pre-push', 'reference-transaction', 'post-index-change', 'commit-msg'):
            _hook(repo.root / folder / name, f'echo {name} >>{marker}; exit 1')
    inner = new_repo('inner')
    inner.commit('base', inner.write('a', 'a').name)
    repo.git('-c', 'core.hooksPath=/dev/null', 'submodule', '--quiet', 'add', '../inner', 'sub')
    repo.git('-c', 'core.hooksPath=/dev/null', 'tag', '-a', '-m', 'x', 'v1', 'origin/main')
    for key, value in (('core.hooksPath', 'own-hooks'), ('push.followTags', 'true'), ('push.recurseSubmodules', 'on-demand'),
                       ('push.gpgSign', 'if-asked'), ('commit.gpgSign', 'true'), ('remote.origin.mirror', 'true'),
                       ('push.pushOption', 'merge_request.create'), ('push.useForceIfIncludes', 'true'),
                       ('remote.origin.push', 'refs/heads/*:refs/heads/*'), ('submodule.recurse', 'true')):
        repo.git('config', key, value)
    peer = _clone(remote, 'peer')
    peer.commit('more', peer.write('b', 'b').name)
    peer.git('push', '-q')
    repo.write('.git/FETCH_HEAD', 'as it was\n')
    refs, theirs = repo.git('for-each-ref'), remote.git('for-each-ref')
    for _ in range(2):
        claim = _claim(repo)
        assert claim[4] == 'arbitrated', repo.daybook('claim-session').stdout
    assert not marker.exists()
    assert repo.git('for-each-ref') == refs
    assert repo.read('.git/FETCH_HEAD') == 'as it was\n'
    assert [row for row in remote.git('for-each-ref').splitlines() if 'refs/daybook' not in row] == theirs.splitlines()
    assert len(_claim_refs(remote)) == 2
    assert inner.git('for-each-ref').count('\n') == 0


def test_payload(repo: Sandbox) -> None:
    remote = _adopt(repo, timeout=60)
    claim = _claim(repo)
    shown = remote.git('show', '-s', '--format=%P|%T|%an <%ae>|%B', f'refs/daybook/claims/{claim[1]}')
    assert re.fullmatch(rf'\|4b825dc642cb6eb9a060e54bf8d69288fbee4904\|roman <roman@daybook.invalid>\|claim {claim[1]}\n\n'
                        r'operator: roman\nhost: \S+\ncreated: \S+Z\nnonce: [0-9a-f]{32}\n*', shown)


def test_clones_that_follow_different_remotes_ask_the_same(repo: Sandbox) -> None:
    remote = _adopt(repo, timeout=60)
    other = _clone(remote, 'other')
    subprocess.run(('git', 'clone', '-q', '--bare', remote.root, remote.root.parent / 'backup.git'), check=True)
    other.git('remote', 'add', 'backup', str(remote.root.parent / 'backup.git'))
    other.git('fetch', '-q', 'backup')
    other.git('branch', '-q', '-u', 'backup/main')
    assert [_claim(repo)[2], _claim(other)[2]] == ['01', '02']


@contextlib.contextmanager
def _asking_server() -> Iterator[str]:
    """Serve a repository that wants a name and a password."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header('WWW-Authenticate', 'Basic realm="x"')
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/repo.git'
        server.shutdown()


def _at_a_terminal(repo: Sandbox, env: dict[str, str]) -> str:
    """Claim with a controlling terminal, at which nobody answers; return all that appears on it."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(repo.root)
        os.execve(sys.executable, (sys.executable, '-m', 'daybook', 'claim-session', '--new'), {**os.environ, **env})
    shown = b''
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while data := os.read(terminal, 1024):
            shown += data
    os.waitpid(pid, 0)
    os.close(terminal)
    return shown.decode().replace('\r\n', '\n')


@posix
@pytest.mark.parametrize('source', ['GIT_ASKPASS', 'SSH_ASKPASS', 'core.askPass'])
def test_nobody_is_asked_for_a_password(repo: Sandbox, tmp_path: Path, source: str) -> None:
    _adopt(repo, timeout=20)
    asked = tmp_path / 'asked'
    program = str(_hook(tmp_path / 'askpass', f'echo "$1" >>{asked}; echo secret'))
    if source.startswith('core'):
        repo.git('config', source, program)
    with _asking_server() as url:
        repo.git('remote', 'set-url', 'origin', url)
        shown = _at_a_terminal(repo, {} if source.startswith('core') else {source: program})
    assert LAST.search(shown)[4] == 'provisional'  # type: ignore[index]
    assert 'sername' not in shown.replace('could not read Username', '')
    assert not asked.exists()


@posix
@pytest.mark.parametrize('source', ['GIT_SSH_COMMAND', 'core.sshCommand', 'GIT_SSH'])
def test_ssh_has_no_terminal_and_is_the_users_own(repo: Sandbox, tmp_path: Path, source: str) -> None:
    _adopt(repo, timeout=20)
    report = tmp_path / 'report'
    program = str(_hook(tmp_path / 'ssh', f'(: </dev/tty) 2>/dev/null && echo terminal >>{report}\n'
                        f'echo askpass=$SSH_ASKPASS $SSH_ASKPASS_REQUIRE >>{report}; exit 255'))
    repo.git('remote', 'set-url', 'origin', 'ssh://localhost/x')
    if source.startswith('core'):
        repo.git('config', source, program)
    shown = _at_a_terminal(repo, {'SSH_ASKPASS': '/bin/false'} | ({} if source.startswith('core') else {source: program}))
    assert LAST.search(shown)[4] == 'provisional'  # type: ignore[index]
    assert set(report.read_text().splitlines()) == {'askpass= never'}


@posix
def test_sigkill(repo: Sandbox) -> None:
    remote = _adopt(repo, timeout=60)
    kept: dict[str, bytes] = {}
    given: list[str] = []
    chance = random.Random(20)
    claims = repo.root / '.git/daybook/claims'
    begun = time.monotonic()
    given.append(_claim(repo)[1])
    whole = time.monotonic() - begun
    for _ in range(30):
        process = subprocess.Popen((sys.executable, '-m', 'daybook', 'claim-session', '--new'), cwd=repo.root,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(whole * chance.uniform(0.2, 1.1))  # before that only Python starts
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        found = LAST.search(process.communicate()[0])
        given += [found[1]] if found else []
        for path in (repo.root / FOLDER).glob('*'):
            data = path.read_bytes()
            assert re.fullmatch(rb'---\noperator: roman\nkind: session\nclaimed_at: \S+Z"?\n---\n', data), (path, data)
            assert kept.setdefault(path.name, data) == data
    records = {path.stem for path in claims.glob('*.json')}
    assert {stub.removesuffix('.md') for stub in kept} <= records
    assert len(set(given)) == len(given)
    highest = max(int(name[-2:]) for name in {*records, *_claim_refs(remote)})
    told = _claim(repo, '--email', 'RT')  # the newest that has a stub, whether its process lived to tell or not
    assert told[1] == max(stub.removesuffix('.md') for stub in kept)
    last = _claim(repo)
    assert (int(last[2]), last[4]) == (highest + 1, 'arbitrated')


@posix
def test_sigkill_at_every_step(repo: Sandbox, tmp_path: Path) -> None:
    remote = _adopt(repo, timeout=60)
    out = tmp_path / 'out'
    run = subprocess.run((sys.executable, '-c', STEPS, out), cwd=repo.root, capture_output=True, text=True, check=True)
    assert int(run.stdout) > 20
    given = re.findall(r'^claim-session: id=(\S+) claim=arbitrated$', out.read_text(), re.MULTILINE)
    records = {path.stem: json.loads(path.read_text()) for path in (repo.root / '.git/daybook/claims').glob('*.json')}
    for stub in _stubs(repo):
        assert repo.read(f'{FOLDER}/{stub}.md') == repo.read(f'{FOLDER}/{given[0]}.md').replace(
            records[given[0]]['created'], records[stub]['created'])
        assert (records[stub]['state'], records[stub]['kind']) == ('open', 'arbitrated')
    assert len(given) == 1 and given[0] == max(_claim_refs(remote))
    assert set(_stubs(repo)) <= set(_claim_refs(remote))
    assert int(_claim(repo)[2]) == int(given[0][-2:]) + 1


CONFIG = '''\
repos:
- repo: {}
  rev: {}
  hooks:
  - id: claim-session
'''


@posix
@pytest.mark.parametrize('runner', ['pre-commit', 'prek'])
def test_runner(repo: Sandbox, plugin: tuple[str, str], runner: str) -> None:
    repo.write('.pre-commit-config.yaml', CONFIG.format(*plugin))
    _adopt(repo, timeout=60)

    def claim(session: str, **env: str) -> re.Match[str]:
        run = subprocess.run((Path(sys.executable).parent / runner, 'run', '--hook-stage', 'manual', 'claim-session'),
                             cwd=repo.root, capture_output=True, text=True,
                             env={**os.environ, 'DAYBOOK_SESSION_ID': session, **env})
        found = re.search(r'^ *claim-session: id=(\S+) claim=(\S+)$', run.stdout, re.MULTILINE)
        assert run.returncode == 0 and found, run
        return found

    first = claim('s1')
    assert (first[1][-2:], first[2]) == ('01', 'arbitrated')
    repo.write('a', 'a')
    repo.commit()
    repo.write('a', 'b')  # stashed by pre-commit while the hook runs
    assert claim('s1').group(1) == first[1]
    assert claim('s2')[1][-2:] == '02'
    assert claim('s1')[1] == first[1]
    assert repo.read('a') == 'b'
    assert [stub[-2:] for stub in _stubs(repo)] == ['01', '02']
