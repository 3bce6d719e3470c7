from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Sandbox

FILE = 'operators:\n  roman: {name: Roman T, initials: RT, emails: [a@x, b@x]}\n  sk: {initials: SK}\n'


def test_derived(repo: Sandbox) -> None:
    run = repo.daybook('whoami')
    assert (run.returncode, run.stderr) == (0, '')
    assert run.stdout == ('roman-tester (Roman Tester), initials RT, roman@example.com\n'
                          "whoami: operator=roman-tester initials=RT source=git's name and e-mail\n")


def test_configured(repo: Sandbox) -> None:
    repo.write('.daybook/operators.yaml', FILE)
    (repo.root / 'below').mkdir()
    run = repo.daybook('whoami', '--email', 'B@x', env={'OPERATOR': 'sk'}, cwd='below')
    assert run.stdout == 'roman (Roman T), initials RT, a@x, b@x\nwhoami: operator=roman initials=RT source=--email\n'
    run = repo.daybook('whoami', env={'OPERATOR': 'sk'})
    assert run.stdout == 'sk (sk), initials SK, no e-mail\nwhoami: operator=sk initials=SK source=$OPERATOR\n'


def test_it_writes_nothing(repo: Sandbox) -> None:
    repo.write('.daybook/operators.yaml', FILE)
    before = sorted(path for path in repo.root.rglob('*'))
    repo.daybook('whoami', env={'OPERATOR': 'sk'})
    assert sorted(path for path in repo.root.rglob('*')) == before


def test_no_control_characters(repo: Sandbox) -> None:
    repo.write('.daybook/operators.yaml', 'operators:\n  a: {name: "\\e[31mred", initials: AA, emails: ["\\e[1m"]}\n')
    run = repo.daybook('whoami')
    assert run.stdout.startswith(r'a (\x1b[31mred), initials AA, \x1b[1m')
    assert '\x1b' not in run.stdout


@pytest.mark.parametrize(('arguments', 'code', 'message'), [
    (('--email', 'x@y'), 1, 'daybook: unknown operator: x@y (from --email)'),
    (('--nonsense',), 2, 'usage: daybook whoami'),
])
def test_refused(repo: Sandbox, arguments: tuple[str, ...], code: int, message: str) -> None:
    repo.write('.daybook/operators.yaml', FILE)
    run = repo.daybook('whoami', *arguments)
    assert (run.returncode, run.stdout) == (code, '')
    assert run.stderr.startswith(message)


def test_outside_of_a_repository(tmp_path: Path) -> None:
    run = Sandbox(tmp_path).daybook('whoami')
    assert run.returncode == 1
    assert run.stderr == f'daybook: not inside a git work tree: {tmp_path}; run `git init` there, or change to your repository\n'
