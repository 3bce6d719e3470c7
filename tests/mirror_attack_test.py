"""sync-notion under attack: servers that lie, names and settings that are odd, folders that are elsewhere, kills."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import notion_standin
from daybook.errors import FatalError
from daybook.mirror import notion_wire
from daybook.mirror.notion import Notion
from daybook.mirror.notion_wire import Wire
from daybook.mirror.pace import Pace
from mirrors import LOG
from mirrors import Mirrored
from mirrors import Time
from mirrors import mirrored  # noqa: F401  fixtures
from mirrors import notion  # noqa: F401
from notion_hostile_test import SCHEMA
from notion_hostile_test import SOURCE
from notion_hostile_test import Server
from notion_hostile_test import server  # noqa: F401

# ruff: noqa: F811
Answer = Callable[[str, str, dict[str, Any]], dict[str, Any]]
KILLER = 'import os; open(".git/victim", "w").write(str(os.getpid())); from daybook.hooks import sync_notion; sync_notion.main(["--apply", "--commit"])'


def _lie(mirrored: Mirrored, twisted: Answer) -> None:
    """Let `twisted` change each answer (method, path, answer)."""
    honest = type(mirrored.notion).answer
    mirrored.notion.answer = lambda method, path, body: twisted(method, path, honest(mirrored.notion, method, path, body))


@pytest.mark.parametrize('name', ['my  note', ' lead', 'tab\there', '\u2028line', 'esc\x1b[31m', 'ünï/çödé 🦊', '-dash', ':(glob)*', '"q"', '#1 50%'])
def test_any_name_of_a_file_is_one_page(mirrored: Mirrored, name: str) -> None:
    path = f'docs/sessions/{name}.md'
    mirrored.repo.write(path, '---\ntitle: T\n---\n\ntext\n')
    mirrored.repo.commit()
    untouched = mirrored.repo.git('rev-parse', 'HEAD').strip()
    mirrored.apply('--commit')
    assert all(seen.is_read for seen in mirrored.requests('--apply'))
    mirrored.repo.git('checkout', '-q', untouched)  # where no frontmatter names the page
    assert all(seen.is_read for seen in mirrored.requests('--apply', '--full'))
    [page] = mirrored.notion.pages
    assert mirrored.notion.field(page, 'Sync Status') == 'synced'


def test_names_that_differ_by_nothing_that_the_mirror_keeps(mirrored: Mirrored) -> None:
    mirrored.note('my note')
    mirrored.note('my  note')
    mirrored.note(' ')
    mirrored.repo.commit()
    code, said = mirrored.run('--apply')
    assert code == 1 and said.count('has the External ID my note too') == 2
    assert 'gives it an External ID' in mirrored.run()[1] and not mirrored.notion.pages


def test_an_answer_about_another_page_is_not_believed(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()
    _lie(mirrored, lambda method, place, answer: {**answer, 'id': 'f' * 32} if method == 'PATCH' and '/pages/' in place and 'markdown' not in place else answer)
    mirrored.run('--apply')
    assert mirrored.meta(path).get('notion_page_id') in (None, mirrored.notion.page('a'))


def test_an_edit_in_the_future_hides_none_before_it(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    _lie(mirrored, lambda method, place, answer: {**answer, 'last_edited_time': '9999-12-31T00:00:00.000Z'} if answer.get('object') == 'page' else answer)
    mirrored.apply()
    _lie(mirrored, lambda method, place, answer: answer)
    mirrored.time.sleep(300)
    mirrored.notion.person_edits(mirrored.notion.page('a'), text='mine')
    assert 'edited by hand in the mirror' in mirrored.run()[1]


def test_half_a_character_and_commands_of_a_terminal(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()

    def refuse(method: str, place: str, answer: dict[str, Any]) -> dict[str, Any]:
        if place == '/v1/pages':
            raise notion_standin._invalid('bad \ud800 \x00 \x1b[31m' + 'x' * 1_000_000)
        return answer

    _lie(mirrored, refuse)
    code, said = mirrored.run('--apply')
    assert code == 1 and '\x1b' not in said and 'failed: docs/sessions/a.md: Notion answers 400 validation_error: bad ? \\x00 \\x1b[31mxx' in said
    assert len(said) < 2000 and mirrored.meta(path)['sync_status'] == 'error' and 'bad ?' in mirrored.meta(path)['sync_error']
    assert 'bad ?' in mirrored.repo.read(LOG)


def test_a_connection_without_a_name_ends_the_run(mirrored: Mirrored) -> None:
    for name in 'abcdef':
        mirrored.note(name)
    mirrored.repo.commit()
    mirrored.apply()
    _lie(mirrored, lambda method, place, answer: {'object': 'user'} if place == '/v1/users/me' else answer)
    before = len(mirrored.notion.seen)
    code, said = mirrored.run('--apply', '--full')
    assert code == 1 and 'does not say which connection' in said
    assert sum(seen.path == '/v1/users/me' for seen in mirrored.notion.seen[before:]) == 1
    assert all(seen.is_read for seen in mirrored.notion.seen[before:])


def test_a_trash_that_is_a_word_is_none(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    _lie(mirrored, lambda method, place, answer: {**answer, 'in_trash': 'false'} if answer.get('object') == 'page' else answer)
    assert all(seen.is_read for seen in mirrored.requests('--apply', '--full'))


@pytest.fixture
def other() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
def test_a_redirection_gets_no_token(server: Server, other: Server, status: int) -> None:
    server.asked = lambda *_: (status, b'', {'Location': f'{other.url}/v1/x'})
    assert f'Notion answers {status}' in server.rows() and other.count == 0


def test_a_proxy_does_not_read_what_goes_to_this_machine(server: Server, other: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'):
        monkeypatch.setenv(name, other.url)
    server.asked = lambda method, path, *_: (200, b'{"results": []}' if path.endswith('/query') else SCHEMA, {})
    assert Notion(Wire('tok', server.url, Pace(1000, 100, Time().clock)), SOURCE).rows() == []
    assert other.count == 0


@pytest.mark.parametrize('headers', [{'Content-Length': '900'}, {'Content-Type': 'text/html'}, {'Content-Encoding': 'gzip'}])
def test_answers_that_are_cut_off_or_not_what_they_say(server: Server, headers: dict[str, str]) -> None:
    server.asked = lambda *_: (200, b'{"properties": {"Name"', headers)
    assert 'attempts; what is done is done' in server.rows()


def test_no_tls_where_it_is_asked_for(server: Server) -> None:
    with pytest.raises(FatalError, match='no answer from Notion: ConnectError'):
        Notion(Wire('tok', server.url.replace('http:', 'https:'), Pace(1000, 100, Time().clock)), SOURCE).rows()
    assert server.count == 0


def test_an_answer_that_drips_for_ever(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notion_wire, '_LONGEST_ANSWER', -1.0)  # each is too slow
    assert 'something that is no JSON object' in server.rows()


def test_control_characters_do_not_reach_a_page(mirrored: Mirrored) -> None:
    mirrored.note('a', title='"A \\0 \\x1b[31m B"', text='nul \x00 and \x1b[31m, \x07')
    mirrored.repo.commit()
    mirrored.apply()
    page = mirrored.notion.page('a')
    assert mirrored.notion.texts[page] == '## Summary\nnul \ufffd and \ufffd\\[31m, \ufffd'
    assert '\0' not in json.dumps(mirrored.notion.pages[page]) and '\\u0000' not in json.dumps(mirrored.notion.pages[page])
    assert all(seen.is_read for seen in mirrored.requests('--apply'))


def test_a_folder_that_is_elsewhere_is_not_written_into(mirrored: Mirrored, tmp_path: Path) -> None:
    path = mirrored.note('a')
    mirrored.note('p', folder='plans')
    mirrored.repo.commit()
    shutil.move(mirrored.repo.root / 'docs/sessions', tmp_path / 'elsewhere')
    os.symlink(tmp_path / 'elsewhere', mirrored.repo.root / 'docs/sessions')
    before = (tmp_path / 'elsewhere/a.md').read_bytes()
    said = mirrored.apply()
    assert f'not recorded: {path}: path goes through a symbolic link' in said
    assert (tmp_path / 'elsewhere/a.md').read_bytes() == before
    assert mirrored.meta('plans/p.md')['sync_status'] == 'synced', 'the others are told'
    os.symlink(tmp_path, mirrored.repo.root / 'docs/other')
    shutil.rmtree(mirrored.repo.root / 'docs/sync')
    os.symlink(tmp_path / 'elsewhere', mirrored.repo.root / 'docs/sync')
    assert 'not recorded: path goes through a symbolic link: docs/sync/LAST_SYNC.md' in mirrored.apply('--only', 'plans')


def test_the_password_of_a_remote_stays_here(mirrored: Mirrored) -> None:
    mirrored.repo.write('.daybook/config.yaml', 'mirror: {}\n')
    mirrored.repo.git('remote', 'add', 'origin', 'https://me:hunter2secret@github.com/o/r.git')
    mirrored.note('a', text='See [it](../../code.py).')
    mirrored.repo.write('code.py', 'x\n')
    mirrored.repo.commit()
    mirrored.apply()
    sent = json.dumps([seen.body for seen in mirrored.notion.seen])
    assert 'hunter2' not in sent and 'https://github.com/o/r/blob/' in sent


def test_killed_in_the_commit_of_the_state(mirrored: Mirrored) -> None:
    """git's own locks stay, as after any kill; once they are taken away the next run commits what the killed one wrote."""
    mirrored.note('a')
    mirrored.note('b')
    mirrored.repo.write('code.py', 'x\n')
    mirrored.repo.commit()
    mirrored.repo.write('code.py', 'mine\n')
    hook = mirrored.repo.write('.git/hooks/pre-commit', '#!/bin/sh\nkill -9 $(cat .git/victim) $PPID\n')
    hook.chmod(0o755)
    died = subprocess.run((sys.executable, '-c', KILLER), cwd=mirrored.repo.root, capture_output=True)
    assert died.returncode == -9
    hook.unlink()
    assert sorted(mirrored.repo.git('status', '--porcelain').split()[1::2]) == ['code.py', 'docs/sessions/a.md', 'docs/sessions/b.md', LOG]
    code, said = mirrored.run('--apply', '--commit')
    assert code == 1 and 'another git process is at work' in said
    for lock in (mirrored.repo.root / '.git').glob('*.lock'):
        lock.unlink()
    before = len(mirrored.notion.seen)
    assert 'commit=none' not in mirrored.apply('--commit')
    assert all(seen.is_read for seen in mirrored.notion.seen[before:])
    assert mirrored.repo.git('status', '--porcelain') == ' M code.py'
    assert mirrored.meta('docs/sessions/a.md')['notion_page_id'] == mirrored.notion.page('a')
