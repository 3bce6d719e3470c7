"""The history of a range: every path and number as git has them, whatever they are called."""
from __future__ import annotations

import subprocess

import pytest

from conftest import Sandbox
from daybook.handoff import history
from daybook.repo import git
from daybook.session import orphans

PATHS = ['plain.md', 'with space.md', 'tab\there.md', 'line\nend.md', 'ünï/çödé.md', '"quoted".md', '\x01odd\x02.md',
         '-dash.md', ':(glob)*.md', '{a => b}.md', ' leading.md', '\nfirst.md', '0\t0\tfake.md']


def rows(repo: Sandbox, *revisions: str) -> list[history.Row]:
    return [row for record in history.read(git.find_repo(str(repo.root)), *revisions) for row in record.rows]


@pytest.mark.parametrize('path', PATHS)
def test_paths(repo: Sandbox, path: str) -> None:
    repo.write(path, 'a\nb\n')
    repo.git('add', '.')
    repo.git('commit', '-q', '-m', 'one')
    assert rows(repo, 'HEAD') == [history.Row(2, 0, path, None)]
    repo.git('mv', '--', path, path + 'x')
    repo.git('commit', '-q', '-m', 'two')
    assert rows(repo, 'HEAD~1..HEAD') == [history.Row(0, 0, path + 'x', path)]


@pytest.mark.parametrize('subject', ['plain', 'tab\tin it', '\x01 \x02 odd', '1\t2\tlike a row', 'ü', ''])
def test_subjects(repo: Sandbox, subject: str) -> None:
    repo.write('a', 'a\n')
    repo.git('add', '.')
    repo.git('commit', '-q', '--cleanup=verbatim', '--allow-empty-message', '-m', subject)
    records = history.read(git.find_repo(str(repo.root)), 'HEAD')
    assert [(record.commit.subject, len(record.rows)) for record in records] == [(subject, 1)]


def test_commits_without_changes_and_between_others(repo: Sandbox) -> None:
    repo.write('a', 'x\n')
    repo.commit('a')
    repo.git('commit', '-q', '--allow-empty', '-m', 'empty')
    repo.write('b', 'x\n')
    repo.commit('b')
    records = history.read(git.find_repo(str(repo.root)), 'HEAD')
    assert [(record.commit.subject, [row.path for row in record.rows]) for record in records] == [
        ('a', ['a']), ('empty', []), ('b', ['b'])]


def test_binary_files_have_no_lines(repo: Sandbox) -> None:
    repo.write('a.png', b'\0\1\2')
    repo.commit()
    assert rows(repo, 'HEAD') == [history.Row(None, None, 'a.png', None)]


def test_merges_have_no_rows(repo: Sandbox) -> None:
    repo.write('a', 'a\n')
    repo.commit()
    repo.git('switch', '-q', '-c', 'side')
    repo.write('b', 'b\n')
    repo.commit('side')
    repo.git('switch', '-q', 'main')
    repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'side')
    assert [(r.commit.subject, len(r.rows)) for r in history.read(git.find_repo(str(repo.root)), 'HEAD')] == [
        ('change', 1), ('side', 1), ('merge', 0)]


SETTINGS = {'log.showSignature': 'true', 'log.showRoot': 'false', 'log.decorate': 'full', 'diff.renames': 'false',
            'diff.external': 'false', 'diff.submodule': 'log', 'diff.mnemonicPrefix': 'true', 'color.ui': 'always',
            'log.follow': 'true', 'log.date': 'relative', 'format.pretty': 'oneline', 'log.diffMerges': 'separate',
            'i18n.logOutputEncoding': 'latin1', 'core.quotePath': 'true', 'diff.relative': 'true', 'log.abbrevCommit': 'true',
            'diff.interHunkContext': '5', 'log.initialDecorationSet': 'all', 'format.notes': 'true', 'diff.orderFile': '/dev/null'}


def test_settings_of_the_user_change_nothing(repo: Sandbox) -> None:
    signer = repo.write('../sign', '#!/bin/sh\ncat >/dev/null; echo "[GNUPG:] SIG_CREATED " >&2; echo x\n')
    signer.chmod(0o755)
    repo.git('config', 'gpg.program', str(signer))
    repo.write('ä', 'a\nb\nc\n')
    repo.commit('ü')
    repo.git('commit', '-q', '-S', '--allow-empty', '-m', 'signed')
    repo.git('mv', 'ä', 'b')
    repo.commit('rename')
    here = git.find_repo(str(repo.root))
    before = history.read(here, 'HEAD')
    for name, value in SETTINGS.items():
        repo.git('config', name, value)
        assert history.read(here, 'HEAD') == before, name


def test_thousands_of_commits(repo: Sandbox) -> None:
    stream = ''.join(f'commit refs/heads/main\ncommitter R <r@example.com> {1700000000 + n} +0000\ndata 2\nc\n\n'
                     f'M 644 inline f{n % 50}\ndata {len(str(n)) + 1}\n{n}\n\n' for n in range(5000))
    subprocess.run(('git', 'fast-import', '--quiet'), cwd=repo.root, input=stream.encode(), check=True)
    records = history.read(git.find_repo(str(repo.root)), 'main')
    assert len(records) == 5000 and all(len(record.rows) == 1 for record in records)


def test_a_committer_whose_address_breaks_lines_is_no_time(repo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    me = repo.git('config', 'user.email').strip()
    monkeypatch.setenv('GIT_COMMITTER_EMAIL', f'x\u2028² {me}')
    repo.write('a.txt', 'a\n')
    repo.commit()
    monkeypatch.delenv('GIT_COMMITTER_EMAIL')
    repo.write('b.txt', 'b\n')
    repo.commit()
    assert len(orphans._own_commits(str(repo.root), 0)) == 1
