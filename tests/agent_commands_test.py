"""The agent's commands, run as they stand: their lines, in order, make the note; a wrapper speaks for its operator."""
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents.config import DEFAULTS
from daybook.session import draft
from daybook.writers import scaffold_commands

OPERATORS = ('operators:\n  roman: {name: Roman Tester, initials: RT, emails: [roman@example.com]}\n'
             '  sara: {name: Sara Kay, initials: SK, emails: [sara@example.com]}\n')
PROMPT = 'Go on with the parser, and read its tests first. ' * 10 + 'Confidence: H'


def _blocks(text: str) -> list[str]:
    """Return the commands of a text for agents, in order."""
    return re.findall(r'^```sh\n(.*?)\n```$', text, re.MULTILINE | re.DOTALL)


def _ran(repo: Sandbox, line: str, **environ: str) -> str:
    run = subprocess.run(line, shell=True, cwd=repo.root, capture_output=True, text=True, env={**os.environ, **environ})
    assert run.returncode == 0, f'{line}\n{run.stdout}{run.stderr}'
    return run.stdout


@pytest.fixture
def team(repo: Sandbox) -> Sandbox:
    """A repository of two operators in which lefthook runs the hooks, so that the commands call daybook itself."""
    repo.write('.daybook/operators.yaml', OPERATORS)
    repo.write('lefthook.yml', 'pre-commit:\n  commands: {}\n')
    repo.write('workstreams/parser.md', '---\ntitle: Parser\n---\n\n## Session Log\n')
    repo.commit('begin')
    _ran(repo, 'daybook init --with claude,wrappers,telemetry')
    repo.commit('adopt daybook')
    return repo


def _follow(repo: Sandbox, command: str, **environ: str) -> str:
    """Do what a hand-off command tells, as somebody who does not think would; return what the last step printed."""
    text = repo.read(f'.claude/commands/{command}.md')
    _, claim, hand_off = _blocks(text)
    printed = _ran(repo, claim, **environ)
    path = re.search(r'^draft: (\S+)', printed, re.MULTILINE)[1]  # type: ignore[index]
    session_id = re.search(r'id=(\S+)', printed)[1]  # type: ignore[index]
    assert re.search(r'`\.daybook/state/draft-<ID>\.md`', text) and path == f'.daybook/state/draft-{session_id}.md'
    filled = repo.read(path).replace('title: ""', 'title: Parse faster').replace('workstream: []', 'workstream: [parser]')
    filled = re.sub(r'(## Summary\n\n)<!--.*?-->', r'\1It parses.', filled, flags=re.DOTALL)
    repo.write(path, re.sub(r'(## Resume Prompt\n\n)<!--.*?-->', rf'\1{PROMPT}', filled, flags=re.DOTALL))
    return _ran(repo, hand_off.replace('<ID>', session_id), **environ)


@pytest.mark.parametrize(('command', 'slug', 'initials'), [('handoff-rt', 'roman', 'RT'), ('handoff-sk', 'sara', 'SK')])
@pytest.mark.parametrize('account', ['roman', 'sara'])
def test_a_wrapper_makes_its_operators_note_from_any_account(team: Sandbox, command: str, slug: str, initials: str, account: str) -> None:
    team.git('config', 'user.email', f'{account}@example.com')
    team.git('config', 'user.name', account)
    printed = _follow(team, command, CLAUDE_USER_EMAIL=f'{account}@example.com')
    session_id = re.search(r'handoff: id=(\S+)', printed)[1]  # type: ignore[index]
    assert session_id.startswith(f'{initials}-')
    note = document.from_bytes('docs/sessions/x.md', DEFAULTS.kind('session'), (team.root / f'docs/sessions/{session_id}.md').read_bytes())
    assert (note.meta['operator'], note.meta['id'], note.meta['title'], note.meta['workstream']) == (slug, session_id, 'Parse faster', 'parser')
    assert f'[{session_id}](' in team.read('workstreams/parser.md')
    assert team.git('status', '--porcelain') == ''
    resumed = _ran(team, _blocks(team.read(f'.claude/commands/resume-{initials.lower()}.md'))[0], CLAUDE_USER_EMAIL=f'{account}@example.com')
    assert resumed.startswith(f'resume for {slug} ({initials})') and 'Parse faster' in resumed


def test_a_wrapper_of_nobody_stops(team: Sandbox) -> None:
    team.write('.daybook/operators.yaml', OPERATORS.replace('roman:', 'ruth:'))
    run = subprocess.run(_blocks(team.read('.claude/commands/handoff-rt.md'))[1], shell=True, cwd=team.root, capture_output=True, text=True)
    assert (run.returncode, 'roman' in run.stdout + run.stderr) == (1, True)


def test_the_plain_command_speaks_for_whoever_is_logged_in(team: Sandbox) -> None:
    printed = _follow(team, 'handoff', CLAUDE_USER_EMAIL='sara@example.com')
    assert re.search(r'handoff: id=SK-', printed)


def test_quick_makes_a_note_of_facts(team: Sandbox) -> None:
    printed = _ran(team, _blocks(team.read('.claude/commands/handoff-rt.md'))[0])
    assert re.search(r'handoff: id=RT-\d{6}-\d\d\w* commit=[0-9a-f]{40}', printed)


def test_the_audit_command_runs(team: Sandbox) -> None:
    _follow(team, 'handoff-rt')
    run = subprocess.run(_blocks(team.read('.claude/commands/audit.md'))[0], shell=True, cwd=team.root, capture_output=True, text=True)
    assert (run.returncode, run.stdout.splitlines()[-1].split(' errors')[0]) == (0, 'audit: no-mirror'), run.stdout + run.stderr


def test_the_commands_of_init_are_no_call_of_the_mirror(team: Sandbox) -> None:
    assert team.daybook('check-invariant').stdout == ''


@pytest.mark.parametrize('runner', ['', 'lefthook'])
@pytest.mark.parametrize('operator', ['', 'roman'])
def test_the_hand_off_tells_every_section_and_nothing_that_code_computes(runner: str, operator: str) -> None:
    text = scaffold_commands.command('handoff', runner=runner, folder='docs/sessions', operator=operator)
    told = re.findall(r'^- `([A-Z][\w\' ]+)`:', text, re.MULTILINE)
    assert told == [title for title in DEFAULTS.kind('session').sections if title not in draft.CODE_SECTIONS]
    assert re.findall(r'^- `([a-z]+)`:', text, re.MULTILINE) == ['title', 'workstream', 'tags']
    head = frontmatter.parse(text.encode()).meta
    allowed = str(head['allowed-tools'])
    for line in _blocks(text):
        assert any(line.startswith(prefix) for prefix in re.findall(r'Bash\((.*?):\*\)', allowed)), line


def test_wrappers_differ_from_the_plain_command_by_their_operator_alone() -> None:
    plain, wrapped = (scaffold_commands.command('handoff', runner='', folder='docs/sessions', operator=slug) for slug in ('', 'roman'))
    assert wrapped.replace('OPERATOR=roman ', '') == plain
    assert all('OPERATOR=roman ' in block for block in _blocks(wrapped))


def test_the_draft_is_where_the_command_says(tmp_path: Path) -> None:
    assert os.path.relpath(draft.default_path(str(tmp_path), '<ID>'), tmp_path) == '.daybook/state/draft-<ID>.md'
