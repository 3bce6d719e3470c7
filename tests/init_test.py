"""`daybook init` in real repositories."""
from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Mapping
from datetime import date
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from conftest import ROOT
from conftest import Sandbox
from daybook.documents import config
from daybook.repo import files
from daybook.writers import indexes
from daybook.writers import scaffold_edits
from daybook.writers import scaffold_record
from daybook.writers import scaffold_runners

BIN = Path(sys.executable).parent
SMALL = ['.daybook/config.yaml', '.daybook/installed.json', '.gitattributes', '.gitignore', '.pre-commit-config.yaml']
CROWDED = {
    '.gitignore': b'# ours\r\n*.log\r\nbuild/',
    '.gitattributes': b'*.sh eol=lf',
    '.pre-commit-config.yaml': b'# see https://pre-commit.com\n---\nfail_fast: true  # stop early\nrepos:\n'
                               b'  # formatting\n  -   repo: meta\n      hooks:\n      -   id: identity\n'
                               b'          stages: [manual]\n\n# the end',
    '.claude/settings.json': b'{\n\t"z": {"first": [1, 2]},\n\t"hooks": {\n\t\t"PostToolUse": [\n'
                             b'\t\t\t{"matcher": "Bash", "hooks": [{"type": "command", "command": "true"}]}\n\t\t]\n\t},\n'
                             b'\t"a": "\\u00e9"\n}',
    '.claude/commands/handoff.md': b'our own hand-off\n',
    '.mcp.json': b'{"mcpServers": {"Notion-Work": {"url": "https://example.com"}}}\n',
    'AGENTS.md': b'# Agents\r\n\r\nBe kind.',
    'CLAUDE.md': b'@AGENTS.md\n',
}


def ran_over(repo: Sandbox, contents: Mapping[str, str]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Run `init` over committed files; return what the repository held before, and after."""
    for path, text in contents.items():
        repo.write(path, text)
    repo.commit()
    before = repo.snapshot()
    ran(repo)
    return before, repo.snapshot()


def crowded(repo: Sandbox) -> Sandbox:
    for path, content in CROWDED.items():
        repo.write(path, content)
    for day in range(10, 14):
        repo.write(f'docs/handoffs/2026-01-{day}-topic.md', f'# Session 2026-01-{day}\n\n## Summary\n\nDid {day}.\n')
    repo.commit('ours')
    repo.git('commit', '-q', '--allow-empty', '--author', 'Serge Other <serge@example.com>', '-m', 'theirs')
    return repo


def ran(repo: Sandbox, *args: str, code: int = 0, **kwargs: object) -> str:
    run = repo.daybook('init', *args, **kwargs)  # type: ignore[arg-type]
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout + run.stderr


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


@pytest.mark.parametrize('args', [['--dry-run'], ['--dry-run', '--with', 'claude,telemetry-all']])
@pytest.mark.parametrize('make', [lambda repo: repo, crowded])
def test_a_dry_run_writes_nothing(repo: Sandbox, make: Callable[[Sandbox], Sandbox], args: list[str]) -> None:
    before = make(repo).snapshot()
    assert 'a plan; nothing was written' in ran(repo, *args)
    assert changed(before, repo.snapshot()) == []


def test_a_dry_run_shows_what_would_be_written(repo: Sandbox) -> None:
    crowded(repo)
    out = ran(repo, '--dry-run', '--with', 'templates')
    assert '    +     paths: [docs/handoffs/**/*.md]\n' in out and '    +   block_from: "' in out, 'the settings'
    assert '    +     initials: RT\n' in out and '    + .daybook/state/\n' in out
    assert '{"matcher": "Bash"' in out and '"matcher": "mcp__.*"' in out, 'a line that changes, before and after'
    assert f'    + {len((ROOT / "hooks" / "session_state.py").read_text().splitlines())} lines\n' in out
    assert '    … and' not in out
    assert '"matcher": "mcp__.*"' not in ran(repo, '--with', 'templates'), 'who writes can look at the file'


def test_under_a_runner_the_plan_is_all(repo: Sandbox) -> None:
    assert 'a plan; nothing was written. `daybook init` writes 4 files' in ran(repo, env={'PRE_COMMIT': '1'})
    assert repo.snapshot() == {}


def test_a_bare_repository_of_one_person_gets_five_small_files(repo: Sandbox) -> None:
    out = ran(repo)
    after = repo.snapshot()
    assert sorted(after) == SMALL
    assert sum(len(data) for path, data in after.items() if path != scaffold_record.PATH) < 1000
    assert after['.gitignore'] == b'.daybook/state/\n'
    folders = ('docs/sessions', 'workstreams', 'plans', 'docs/adr', 'docs/learnings')
    assert after['.gitattributes'].decode() == ''.join(f'{folder}/**/INDEX.md merge=union\n' for folder in folders)
    assert config.load(str(repo.root)) == config.DEFAULTS
    assert 'git add -- .daybook/installed.json .daybook/config.yaml .gitignore .gitattributes .pre-commit-config.yaml\n' in out
    assert repo.git('status', '--porcelain', '-uall').count('??') == 5, 'nothing is staged'


def test_the_union_merge_reaches_the_index_and_nothing_else(repo: Sandbox) -> None:
    ran(repo)
    paths = ('docs/sessions/INDEX.md', 'docs/sessions/2026/INDEX.md', 'docs/sessions/RT-261120-01.md', 'INDEX.md')
    lines = repo.git('check-attr', 'merge', '--', *paths).splitlines()
    assert [line.rsplit(': ', 1)[1] for line in lines] == ['union', 'union', 'unspecified', 'unspecified']


def test_indexes_that_people_wrote_merge_as_text(repo: Sandbox) -> None:
    kinds = '{doc: {paths: [docs/**/*.md, specs/**/*.md]}, runbook: {paths: [specs/runs/*.md, "*.md"]}}'
    _, after = ran_over(repo, {
        '.daybook/config.yaml': f'kinds: {kinds}\n', 'docs/adr/INDEX.md': '# by hand\n',
        'plans/old/a.md': '---\ntitle: A\n---\n', 'plans/old/INDEX.md': '# by hand too\n\n- [A](a.md)\n'})
    folders = ('docs/sessions', 'workstreams', 'docs/learnings', 'specs')  # `specs/runs` lies in `specs`, and the root would be everything
    assert after['.gitattributes'].decode() == ''.join(f'{folder}/**/INDEX.md merge=union\n' for folder in folders)


@pytest.mark.parametrize(('settings', 'hand_written', 'lines'), [
    ('indexes: {overview: docs/OVERVIEW.md}', '', ['docs/OVERVIEW.md merge=union']),
    ('indexes: {overview: OVERVIEW.md}', '', ['/OVERVIEW.md merge=union']),
    ('indexes: {overview: My docs/OVERVIEW.md}', '', ['"My docs/OVERVIEW.md" merge=union']),
    ('indexes: {overview: docs/OVERVIEW.md}', '# by hand\n', []),
    ('handoff: {action_log: logs/context_actions.csv}', '', ['logs/context_actions.csv merge=union']),
])
def test_what_else_is_whole_line_by_line_merges_by_union(repo: Sandbox, settings: str, hand_written: str, lines: list[str]) -> None:
    repo.write('.daybook/config.yaml', f'{settings}\n')
    if hand_written:
        repo.write('docs/OVERVIEW.md', hand_written)
    ran(repo)
    assert repo.read('.gitattributes').splitlines()[5:] == lines
    paths = ('docs/OVERVIEW.md', 'OVERVIEW.md', 'My docs/OVERVIEW.md', 'logs/context_actions.csv', 'other/OVERVIEW.md')
    merged = [line.split(': ')[0] for line in repo.git('check-attr', 'merge', '--', *paths).splitlines() if line.endswith(': union')]
    assert merged == [line.split(' merge=')[0].strip('"/') for line in lines]


def test_where_a_job_keeps_the_indexes_nothing_is_merged_by_line(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'indexes: {when: default-branch, overview: docs/OVERVIEW.md}\n')
    ran(repo)
    assert '.gitattributes' not in repo.snapshot() and '.gitignore' in repo.snapshot()


@pytest.mark.parametrize('args', [[], ['--with', 'claude'], ['--with', 'telemetry-all', '--with', 'agents']])
@pytest.mark.parametrize('make', [lambda repo: repo, crowded])
def test_twice_changes_nothing(repo: Sandbox, make: Callable[[Sandbox], Sandbox], args: list[str]) -> None:
    make(repo)
    ran(repo, *args)
    once = repo.snapshot()
    assert 'nothing to write: all of it is there' in ran(repo, *args)
    assert changed(once, repo.snapshot()) == []


def test_a_crowded_repository_keeps_what_it_has(repo: Sandbox) -> None:
    before = crowded(repo).snapshot()
    out = ran(repo)
    after = repo.snapshot()
    new = {'.daybook/config.yaml', '.daybook/operators.yaml', '.daybook/installed.json',
           '.claude/commands/audit.md', '.claude/commands/resume.md', '.claude/hooks/session_state.py'}
    extended = {'.gitignore', '.gitattributes', '.pre-commit-config.yaml', '.claude/settings.json', 'AGENTS.md'}
    assert set(changed(before, after)) == new | extended
    assert after['.gitignore'] == CROWDED['.gitignore'] + b'\r\n.daybook/state/'
    assert after['.gitattributes'].startswith(CROWDED['.gitattributes'] + b'\ndocs/handoffs/**/INDEX.md merge=union\n')
    assert after['AGENTS.md'].startswith(CROWDED['AGENTS.md'] + b'\r\n\r\n<!-- daybook:begin -->\r\n')
    assert after['.claude/hooks/session_state.py'] == (ROOT / 'hooks' / 'session_state.py').read_bytes()
    assert 'it is yours, so there is no second one; `--with commands` adds daybook-handoff' in out
    assert 'as Notion-Work is among the servers' in out
    hooks = after['.pre-commit-config.yaml']
    assert hooks.startswith(CROWDED['.pre-commit-config.yaml'].split(b'\n\n# the end')[0])
    assert hooks.endswith(b'\n\n# the end')
    settings = json.loads(after['.claude/settings.json'])
    assert list(settings) == ['z', 'hooks', 'a'] and len(settings['hooks']['PostToolUse']) == 2
    assert settings['hooks']['PostToolUse'][1]['matcher'] == 'mcp__.*'
    assert settings['hooks']['SessionStart'][0]['hooks'][0]['timeout'] == 5
    assert '-t pre-commit -t pre-merge-commit -t commit-msg -t pre-push' in out


@pytest.mark.parametrize(('theirs', 'line'), [
    pytest.param('', 'pre-commit install', id='our own file says which'),
    pytest.param('repos:\n- repo: meta\n  hooks:\n  - id: identity\n', 'pre-commit install -t pre-commit -t pre-merge-commit -t commit-msg -t pre-push', id='theirs'),
])
def test_what_the_others_have_to_do_is_told(repo: Sandbox, theirs: str, line: str) -> None:
    if theirs:
        repo.write('.pre-commit-config.yaml', theirs)
    repo.write('.agents/skills/handoff/SKILL.md', '---\nname: handoff\n---\n')
    repo.write('.claude/settings.json', '{}')
    repo.commit()
    out = ran(repo)
    assert f'  git commit -m \'adopt daybook\'\n  (everybody else, once in a clone of their own: {line})\n' in out
    assert out.count('.agents/skills/handoff/SKILL.md: it is yours, so there is no second one') == 1
    assert 'everybody else' in ran(repo), 'nobody has committed it yet'
    repo.git('add', '.')
    repo.commit()
    assert 'everybody else' not in ran(repo), 'nothing was written'


def test_old_notes_get_their_folder_and_a_time_of_grace(repo: Sandbox) -> None:
    crowded(repo)
    ran(repo)
    settings = config.load(str(repo.root))
    assert settings.kind('session').folder == 'docs/handoffs'
    assert settings.validate_block_from == str(date.today() + timedelta(days=14))
    assert repo.daybook('validate-frontmatter').returncode == 0
    assert 'initials: SO' in repo.read('.daybook/operators.yaml')
    assert repo.daybook('whoami').stdout.endswith("operator=roman-tester initials=RT source=git config user.email\n")


@pytest.mark.parametrize('tool', ['pre-commit', 'prek'])
@pytest.mark.parametrize('make', [lambda repo: repo, crowded])
def test_the_runners_accept_the_hooks_file(repo: Sandbox, make: Callable[[Sandbox], Sandbox], tool: str) -> None:
    make(repo)
    ran(repo)
    run = subprocess.run([BIN / tool, 'validate-config', '.pre-commit-config.yaml'], cwd=repo.root, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def hooks_repo(folder: Path) -> tuple[str, str]:
    """Make a repository of our hooks that runs this checkout, so that no environment is built."""
    manifest = (ROOT / '.pre-commit-hooks.yaml').read_text()
    folder.mkdir()
    text = manifest.replace('language: python', 'language: system').replace(
        'entry: daybook ', f'entry: {sys.executable} -m daybook ')
    (folder / '.pre-commit-hooks.yaml').write_text(text)
    for command in (['init', '-q'], ['add', '.'], ['commit', '-q', '-m', 'hooks']):
        subprocess.run(['git', *command], cwd=folder, check=True)
    head = subprocess.run(['git', 'rev-parse', 'HEAD'], cwd=folder, check=True, capture_output=True, text=True)
    return str(folder), head.stdout.strip()


@pytest.mark.parametrize('tool', ['pre-commit', 'prek'])
def test_after_init_all_hooks_pass(repo: Sandbox, tmp_path: Path, tool: str) -> None:
    url, rev = hooks_repo(tmp_path / 'hooks')
    repo.write('README.md', '# a\n')
    repo.commit()
    out = ran(repo, '--repo', url, '--rev', rev, '--with', 'claude')
    for line in (line.strip() for line in out.splitlines()):
        if line.startswith('git '):
            repo.git(*shlex.split(line)[1:])
        elif line.startswith('pre-commit '):
            run = subprocess.run([BIN / tool, *line.split()[1:]], cwd=repo.root, capture_output=True, text=True)
            assert run.returncode == 0, run.stdout + run.stderr
    assert repo.git('status', '--porcelain') == '?? docs/', 'the placeholder of the claim, the last line printed'
    run = subprocess.run([BIN / tool, 'run', '--hook-stage', 'manual', 'resume', '--all-files'],
                         cwd=repo.root, capture_output=True, text=True)
    assert run.returncode == 0 and 'no prior sessions for roman-tester' in run.stdout
    assert 'open claims:' in run.stdout and '.daybook/state/draft-RT-' in run.stdout


THEIRS = '{ id = "theirs", name = "theirs", language = "system", entry = "true", always_run = true }'
TABLES = f'# ours\nfail_fast = true\n\n[[repos]]\nrepo = "local"\nhooks = [\n  {THEIRS},\n]\n'
ARRAY = f'repos = [\n  {{ repo = "local", hooks = [{THEIRS}] }},\n]  # the end\n'


def prek(repo: Sandbox, *args: str) -> str:
    run = subprocess.run([BIN / 'prek', *args], cwd=repo.root, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize('text', [TABLES, TABLES.replace('\n', '\r\n'), TABLES.removesuffix('\n'), ARRAY, ''], ids=range(5))
def test_prek_runs_their_hooks_and_ours(repo: Sandbox, tmp_path: Path, text: str) -> None:
    url, rev = hooks_repo(tmp_path / 'hooks')
    repo.write('prek.toml', text)
    repo.commit()
    before = repo.snapshot()
    out = ran(repo, '--repo', url, '--rev', rev, '--profile', 'small')
    assert changed(before, repo.snapshot()) == sorted([*SMALL[:-1], 'prek.toml']), 'prek reads no other configuration beside it'
    assert '  prek install -t pre-commit' in out and 'pre-commit run' not in out
    repo.git('add', '.')
    said = prek(repo, 'run', '--all-files')
    assert ('theirs' in said) is bool(text) and said.count('Passed') == 2 + bool(text), said
    assert 'nothing to write' in ran(repo), 'with its source, as the entry has it'
    assert 'check-cochange in our entry' in ran(repo, '--with', 'governance')
    repo.git('add', '.')
    prek(repo, 'run', '--all-files', 'check-all')
    prek(repo, 'run', '--hook-stage', 'pre-push', '--all-files', 'check-cochange')
    ran(repo, '--uninstall')
    assert repo.snapshot().get('prek.toml') == before['prek.toml']


@pytest.mark.parametrize(('path', 'text'), [
    ('prek.toml', ARRAY.replace('\n', '').replace('# the end', '')), ('prek.toml', 'repos = [\n'), ('prek.toml', 'repos = 3\n'), ('prek.toml', None)])
def test_what_prek_reads_and_we_cannot_edit_is_left_to_a_person(repo: Sandbox, path: str, text: str | None) -> None:
    if text is None:
        (repo.root / path).symlink_to('elsewhere.toml')
    else:
        repo.write(path, text)
    before = repo.snapshot()
    out = ran(repo)
    assert f'by hand  {path}: ' in out and '!' in out and '"check-all"' in out
    assert changed(before, repo.snapshot()) == SMALL[:-1]


def test_each_configuration_that_is_read_gets_our_entry(repo: Sandbox, tmp_path: Path) -> None:
    url, rev = hooks_repo(tmp_path / 'hooks')
    hooks = 'repos:\n- repo: local\n  hooks:\n  - {id: theirs, name: theirs, language: system, entry: "true", always_run: true}\n'
    repo.write('.pre-commit-config.yml', hooks)
    ran(repo, '--repo', url, '--rev', rev)
    assert not (repo.root / '.pre-commit-config.yaml').exists(), 'prek would read no other then'
    repo.git('add', '.')
    assert prek(repo, 'run', '--all-files').count('Passed') == 3
    ran(repo, '--uninstall')
    assert repo.read('.pre-commit-config.yml') == hooks
    repo.write('.pre-commit-config.yaml', hooks)
    repo.write('prek.toml', TABLES)
    ran(repo, '--repo', url, '--rev', rev)
    assert all('check-all' in repo.read(path) for path in ('.pre-commit-config.yaml', 'prek.toml'))
    assert repo.read('.pre-commit-config.yml') == hooks


def only(folder: Path, *programs: str) -> dict[str, str]:
    """Return an environment whose PATH has these programs of ours, and git's, and no others of their kind."""
    folder.mkdir()
    for name in programs:
        (folder / name).symlink_to(BIN / name)
    for name in ('git', 'sh'):
        (folder / name).symlink_to(str(shutil.which(name)))
    return {'PATH': str(folder)}


def told(out: str, *words: str) -> list[str]:
    return [line.strip() for line in out.splitlines() if line.startswith(tuple(f'  {word} ' for word in words))]


@pytest.mark.parametrize(('programs', 'program'), [(('prek',), 'prek'), (('pre-commit', 'prek'), 'pre-commit'), ((), 'pre-commit')])
def test_the_runner_that_is_there_is_named(repo: Sandbox, tmp_path: Path, programs: tuple[str, ...], program: str) -> None:
    env = only(tmp_path / 'bin', *programs)
    lines = told(ran(repo, '--with', 'claude', env=env), 'pre-commit', 'prek')
    assert lines == [f'{program} install', f'{program} run --all-files', f'{program} run --hook-stage manual claim-session --all-files']
    other = 'prek run --hook' if program == 'pre-commit' else 'pre-commit run --hook'
    for path in ('AGENTS.md', '.claude/commands/handoff.md', '.claude/commands/resume.md'):
        assert f'{program} run --hook-stage manual' in repo.read(path) and other not in repo.read(path), path
    assert f'Bash(DAYBOOK_QUICK=1 {program} run:*)' in repo.read('.claude/commands/handoff.md')
    written = repo.snapshot()
    assert 'nothing to write' in ran(repo, '--upgrade', '--with', 'claude'), 'who has the other one changes nothing for all'
    assert repo.snapshot() == written


@pytest.mark.parametrize('program', ['pre-commit', 'prek'])
def test_an_uninstall_names_the_runner_whose_hooks_lie_there(repo: Sandbox, program: str) -> None:
    repo.write('a.txt', 'a')
    repo.commit()
    ran(repo)
    subprocess.run([BIN / program, 'install'], cwd=repo.root, check=True, capture_output=True)
    hooks = repo.root / '.git/hooks'
    assert len([path for path in hooks.iterdir() if path.suffix != '.sample']) == 4
    again = ran(repo)
    assert f'  {program} run --hook-stage manual claim-session' in again, 'both are on the PATH'
    assert ' install\n' not in again, 'it is done already'
    (hooks / 'pre-push').unlink()
    assert f'  {program} install\n' in ran(repo)
    lines = told(ran(repo, '--uninstall'), 'pre-commit', 'prek')
    assert lines == [f'{program} uninstall -t pre-commit -t pre-merge-commit -t commit-msg -t pre-push']
    subprocess.run([BIN / program, *lines[0].split()[1:]], cwd=repo.root, check=True, capture_output=True)
    repo.git('commit', '-q', '--allow-empty', '-m', 'goes on')


def test_an_uninstall_leaves_the_hooks_of_others_installed(repo: Sandbox) -> None:
    crowded(repo)
    ran(repo)
    assert told(ran(repo, '--uninstall'), 'pre-commit', 'prek') == [], 'the configuration is theirs, and its hooks go on'


@pytest.mark.parametrize(('prepare', 'label'), [
    (lambda repo: repo.write('lefthook.toml', 'a = 1\n'), 'lefthook'),
    (lambda repo: repo.write('.husky/commit-msg', 'npm test\n'), 'husky'),
    (lambda repo: repo.git('config', 'core.hooksPath', '.hooks'), 'core.hooksPath=.hooks'),
])
def test_beside_another_runner_the_entry_is_printed_where_its_file_cannot_take_it(
        repo: Sandbox, prepare: Callable[[Sandbox], object], label: str) -> None:
    prepare(repo)
    out = ran(repo)
    assert f'by hand  {label}: ' in out and '! ' in out and 'daybook check-all' in out
    assert '.pre-commit-config.yaml' not in repo.snapshot() and 'pre-commit install' not in out
    assert out.endswith('  daybook claim-session\n')


@pytest.mark.parametrize(('path', 'content'), [
    ('lefthook.yml', 'pre-commit:\n  commands:\n    a:\n      run: make\n'), ('.husky/pre-commit', 'npm test\n'),
])
def test_the_file_of_another_runner_gets_our_check(repo: Sandbox, path: str, content: str) -> None:
    repo.write(path, content)
    out = ran(repo)
    assert '  pipx install git+https://github.com/git-daybook/daybook' in out, 'its check needs daybook on the PATH'
    assert f'extend   {path}: our check' in out and 'daybook check-all' in repo.read(path)
    assert '.pre-commit-config.yaml' not in repo.snapshot()
    script = repo.root / 'hook'  # as the runner would call it, with and without us on the PATH
    script.write_text(scaffold_runners.RUN + '\nexit 7\n')
    for where in (os.environ['PATH'], '/usr/bin:/bin'):
        assert subprocess.run(['/bin/sh', script], env={**os.environ, 'PATH': where}, cwd=repo.root).returncode == 7
    assert 'pre-commit uninstall' not in ran(repo, '--uninstall'), 'it was never the runner'
    assert repo.read(path) == content


@pytest.mark.parametrize(('prepare', 'args', 'message'), [
    (lambda repo: repo.write('.claude/settings.json', '{\n  "a": 1\n  "b": 2\n}\n'), ['--with', 'telemetry'],
     '.claude/settings.json: not plain JSON in line 3'),
    (lambda repo: (repo.write('real', 'x\n'), os.symlink('real', repo.root / '.gitignore')), [],
     '.gitignore: it goes through a symbolic link'),
    (lambda repo: ((repo.root / 'real').mkdir(), os.symlink('real', repo.root / '.claude')), [],
     '.claude/commands/handoff.md: it goes through a symbolic link'),
    (lambda repo: repo.write('.claude', 'a file\n'), ['--with', 'claude'],
     '.claude/commands/handoff.md: .claude is a file, not a folder'),
    (lambda repo: (repo.root / 'AGENTS.md').mkdir(), ['--with', 'agents'], 'AGENTS.md: it is a folder'),
    (lambda repo: repo.write('.pre-commit-config.yaml', 'repos: []\n'), [],
     '.pre-commit-config.yaml: no list under `repos:` with one item a line; add this yourself'),
])
def test_what_is_in_the_way_is_left_to_a_person(
        repo: Sandbox, prepare: Callable[[Sandbox], object], args: list[str], message: str) -> None:
    prepare(repo)
    before = repo.snapshot()
    out = ran(repo, *args)
    assert f'by hand  {message}' in out
    after = repo.snapshot()
    assert {path: after[path] for path in before} == before
    assert '.daybook/config.yaml' in after, 'the rest is done'


@pytest.mark.parametrize(('prepare', 'message'), [
    (lambda repo: os.symlink('.', repo.root / '.daybook'), '.daybook/config.yaml: it goes through a symbolic link'),
    (lambda repo: repo.write('.daybook', 'x'), '.daybook/config.yaml: .daybook is a file'),
    (lambda repo: repo.write('.daybook/config.yaml', 'kinds: 5\n'), '.daybook/config.yaml'),
    (lambda repo: repo.write('.daybook/operators.yaml', 'operators: {a: {}}\n'), '.daybook/operators.yaml'),
])
def test_a_broken_file_of_ours_ends_it_before_the_first_write(
        repo: Sandbox, prepare: Callable[[Sandbox], object], message: str) -> None:
    prepare(repo)
    before = repo.snapshot()
    assert message in ran(repo, code=1)
    assert repo.snapshot() == before


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_a_read_only_folder_ends_it_before_the_first_write(repo: Sandbox) -> None:
    (repo.root / '.claude').mkdir()
    (repo.root / '.claude').chmod(0o555)
    assert 'is read-only; make it writable, nothing was written' in ran(repo, code=1)
    assert repo.snapshot() == {}


def test_a_disk_that_refuses_in_the_middle_is_named(repo: Sandbox) -> None:
    # the telemetry script is the only file over 16 KiB
    run = subprocess.run([sys.executable, '-m', 'daybook', 'init', '--with', 'telemetry'], cwd=repo.root,
                         capture_output=True, text=True,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, 1 << 14)))
    assert run.returncode == 1
    assert 'session_state.py could not be written: File too large; written before it: .daybook/installed.json, .daybook/config.yaml, ' in run.stderr
    assert not [path for path in repo.snapshot() if 'session_state' in path]
    interrupted = repo.snapshot()
    ran(repo, '--uninstall')
    assert repo.snapshot() == {}
    for path, content in interrupted.items():
        repo.write(path, content)
    assert 'wrote .daybook/installed.json, .claude/hooks/session_state.py' in ran(repo, '--with', 'telemetry')


@pytest.mark.parametrize(('args', 'message'), [
    (['--with', 'mirrors'], 'unknown --with: mirrors; did you mean `mirror`? known are agents, claude'),
    (['--with', 'xyz,comands'], 'unknown --with: comands, xyz; did you mean `commands`? known are'),
    (['--upgrade', '--uninstall'], 'not allowed with'),
    (['--profile', 'huge'], 'invalid choice'),
    (['--rev', ' '], 'not a repository or revision'),
    (['--repo', 'a\nb'], 'not a repository or revision'),
    (['file.md'], 'unrecognized arguments'),
])
def test_wrong_words_are_usage_errors(repo: Sandbox, args: list[str], message: str) -> None:
    assert message in ran(repo, *args, code=2)
    assert repo.snapshot() == {}


def test_outside_of_a_repository(tmp_path: Path) -> None:
    assert 'not inside a git work tree' in ran(Sandbox(tmp_path), code=1)


def test_in_a_linked_work_tree_and_from_a_folder(repo: Sandbox) -> None:
    repo.write('a/b', 'x')
    repo.commit()
    repo.git('worktree', 'add', '-q', '../linked')
    linked = Sandbox(repo.root.parent / 'linked')
    ran(linked, cwd='a')
    assert set(SMALL) < set(linked.snapshot()) and set(repo.snapshot()) == {'a/b'}


def test_what_git_ignores_is_not_offered_to_git_add(repo: Sandbox) -> None:
    repo.write('.gitignore', '.claude/\ndocs/\n')
    out = ran(repo, '--with', 'claude')
    assert 'ignored  .claude/commands/handoff.md: ' in out and 'ignored  docs/sessions/' not in out
    assert config.load(str(repo.root)).kind('session').folder == 'notes/sessions', out
    add = next(line for line in out.splitlines() if line.strip().startswith('git add'))
    assert '.claude' not in add
    repo.git(*add.split()[1:])


def test_their_uncommitted_changes_are_named(repo: Sandbox) -> None:
    repo.write('.gitignore', 'a\n')
    repo.commit()
    repo.write('.gitignore', 'a\nb\n')
    assert 'your own uncommitted changes are in .gitignore' in ran(repo)
    assert scaffold_edits.missing_lines((repo.root / '.gitignore').read_bytes(), ['a', 'b', '.daybook/state/']) == []


def tree(repo: Sandbox) -> dict[str, bytes | None]:
    """Return every file with its mode, and every folder, below the root but `.git`."""
    found: dict[str, bytes | None] = {}
    for path in sorted(repo.root.rglob('*')):
        name = str(path.relative_to(repo.root))
        if name != '.git' and not name.startswith('.git/'):
            found[f'{path.lstat().st_mode:o} {name}'] = path.read_bytes() if path.is_file() else None
    return found


@pytest.mark.parametrize('args', [[], ['--profile', 'full'], ['--with', 'claude,codex,commands,telemetry']])
@pytest.mark.parametrize('make', [lambda repo: repo, crowded])
def test_taking_out_leaves_the_tree_as_it_was(
        repo: Sandbox, make: Callable[[Sandbox], Sandbox], args: list[str]) -> None:
    make(repo)
    (repo.root / 'empty').mkdir()
    (repo.root / '.daybook').mkdir(exist_ok=True)
    before, status = tree(repo), repo.git('status', '--porcelain', '--ignored')
    ran(repo, *args)
    once = tree(repo)
    assert once != before
    ran(repo, *args)
    assert tree(repo) == once, 'twice changes nothing'
    assert 'nothing was written' in ran(repo, '--uninstall', '--dry-run') and tree(repo) == once
    out = ran(repo, '--uninstall')
    assert tree(repo) == before and repo.git('status', '--porcelain', '--ignored') == status
    assert 'nothing to take out' in ran(repo, '--uninstall')
    assert 'keep ' not in out


def test_an_uninstall_names_what_hooks_have_made(repo: Sandbox) -> None:
    repo.write('a.txt', 'a')
    repo.commit()
    ran(repo)
    out = ran(repo, '--uninstall')
    assert [line for line in out.splitlines() if line.startswith('  stays ') and '.git/daybook/' not in line] == [], out
    ran(repo)
    repo.git('remote', 'add', 'origin', 'https://unreachable.invalid/x.git')  # which is not asked
    for path in ('.daybook/links-baseline.txt', 'docs/rendered/index.html', '.git/daybook/x', '.daybook/state/draft.md'):
        repo.write(path, '')
    repo.write('docs/a/INDEX.md', f'{indexes.MARKER}\n')
    repo.write('.daybook/config.yaml', 'indexes: {overview: docs/OVERVIEW.md}\n')
    repo.write('docs/OVERVIEW.md', f'{indexes.MARKER}\n')
    repo.git('update-ref', 'refs/daybook/seen', 'HEAD')
    before = repo.snapshot()
    out = ran(repo, '--uninstall')
    told = [line for line in out.splitlines() if line.startswith('  stays ')]
    words = ('.daybook/links-baseline.txt: ', 'docs/rendered/: ', '1 generated INDEX.md, such as docs/a/INDEX.md',
             'docs/OVERVIEW.md: nobody renews it any more; its links to what is taken out are dead then',
             '.daybook/state/: ', '.git/daybook/: ', '1 refs of this clone, such as refs/daybook/seen', 'claims on origin')
    assert len(told) == len(words) and all(word in line for word, line in zip(words, told, strict=True)), out
    assert "git for-each-ref --format='delete %(refname)' refs/daybook/ | git update-ref --stdin" in told[-2]
    assert "git push origin --delete $(git ls-remote origin 'refs/daybook/*' | cut -f2)" in told[-1]
    assert {path: before[path] for path in before if 'docs/' in path or 'state/' in path}.items() <= repo.snapshot().items()


@pytest.mark.parametrize('namespace', ['refs/daybook/claims', 'refs/heads/of-ours'])
def test_what_an_uninstall_tells_takes_the_claims_out(repo: Sandbox, tmp_path: Path, namespace: str) -> None:
    repo.git('init', '-q', '--bare', str(tmp_path / 'remote'))
    repo.git('remote', 'add', 'origin', str(tmp_path / 'remote'))
    repo.write('a.txt', 'a')
    repo.commit()
    repo.git('push', '-q', 'origin', 'HEAD:main', f'HEAD:{namespace}/A-1', f'HEAD:{namespace}/A-2')
    repo.git('update-ref', f'{namespace}/A-1', 'HEAD')
    ran(repo)
    repo.write('.daybook/config.yaml', f'claims: {{namespace: {namespace}}}\n')
    out = ran(repo, '--uninstall')
    commands = [line.split('takes them out: ')[1] for line in out.splitlines() if 'takes them out: ' in line]
    assert len(commands) == 2, out
    for command in commands:
        subprocess.run(('sh', '-c', command), cwd=repo.root, check=True, capture_output=True)
    assert repo.git('for-each-ref', namespace, 'refs/daybook') == ''
    assert [line.split()[1] for line in repo.git('ls-remote', 'origin').splitlines()] == ['HEAD', 'refs/heads/main']


def test_the_overview_that_goes_is_not_told_to_stay(repo: Sandbox) -> None:
    ran(repo, '--with', 'governance')
    out = ran(repo, '--uninstall')
    assert 'remove   docs/OVERVIEW.md' in out and 'stays    docs/OVERVIEW.md' not in out


def test_no_file_is_made_beside_one_that_differs_in_case(repo: Sandbox) -> None:
    for path in ('docs/adr/template.md', 'docs/adr/0001-a.md', 'agents.md'):
        repo.write(path, '# A\n')
    repo.commit()
    out = ran(repo, '--with', 'governance,templates,agents')
    assert 'docs/adr/TEMPLATE.md: template.md is there, and a disk that knows no case has no room for both' in out
    assert 'AGENTS.md: agents.md is there' in out
    folded = [path.casefold() for path in repo.snapshot()]
    assert len(folded) == len(set(folded))


def test_what_is_not_committed_yet_is_named_again(repo: Sandbox) -> None:
    def added(out: str) -> list[str]:
        return [line for line in out.splitlines() if line.startswith(('  git add ', '  git commit '))]

    repo.write('.gitignore', 'x\n')
    repo.commit()
    before = added(ran(repo))
    assert len(before) == 2 and '.gitignore' in before[0]
    out = ran(repo)
    assert 'nothing to write' in out and [set(line.split()) for line in added(out)] == [set(line.split()) for line in before], out
    repo.write('.gitignore', repo.read('.gitignore') + 'theirs\n')
    repo.write('.daybook/config.yaml', '# theirs\n')
    line = added(ran(repo))[0]
    assert '.gitignore' not in line and '.daybook/config.yaml' in line
    repo.git('add', '.')
    repo.git('commit', '-qm', 'adopt')
    assert added(ran(repo)) == []


def test_without_a_record_what_looks_like_ours_is_named(repo: Sandbox) -> None:
    repo.write('AGENTS.md', '# A\n')
    repo.commit()
    ran(repo, '--with', 'claude,templates')
    (repo.root / scaffold_record.PATH).unlink()
    before = repo.snapshot()
    out = ran(repo, '--uninstall')
    assert 'nothing to take out: there is no .daybook/installed.json' in out and repo.snapshot() == before
    named = {line.split()[1].rstrip(':') for line in out.splitlines() if line.startswith('  stays ')}
    assert named == set(before)


def test_a_second_run_at_once_waits_for_the_first(repo: Sandbox) -> None:
    with files.exclusive_lock(str(repo.root / '.git/daybook/init.lock'), 0) as is_held:
        assert is_held
        waiting = subprocess.Popen((sys.executable, '-m', 'daybook', 'init'), cwd=repo.root, stdout=subprocess.DEVNULL)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(3)
        assert repo.snapshot() == {}
    assert waiting.wait() == 0 and sorted(repo.snapshot()) == SMALL


def test_drafts_and_edits_outlive_an_uninstall(repo: Sandbox) -> None:
    ran(repo, '--with', 'claude')
    repo.daybook('claim-session')
    draft = next((repo.root / '.daybook/state').glob('draft-*'))
    repo.write('.claude/commands/handoff.md', 'mine\n')
    out = ran(repo, '--uninstall')
    assert 'keep     .claude/commands/handoff.md: it was edited since; it is yours now' in out
    assert draft.exists() and repo.read('.claude/commands/handoff.md') == 'mine\n'
    assert (repo.root / scaffold_record.PATH).exists(), 'what was kept is still known'
    (repo.root / '.claude/commands/handoff.md').unlink()
    ran(repo, '--uninstall')
    assert not (repo.root / scaffold_record.PATH).exists() and draft.exists()


def test_a_line_of_theirs_that_holds_ours_is_kept(repo: Sandbox) -> None:
    repo.write('.gitignore', 'node_modules/\n')
    repo.commit()
    ran(repo)
    edited = repo.read('.gitignore').replace('\n.daybook/state/', '\n**/.daybook/state/')
    assert '**/' in edited
    repo.write('.gitignore', edited)
    assert 'keep     .gitignore: it was edited since' in ran(repo, '--uninstall')
    assert repo.read('.gitignore') == edited


@pytest.mark.parametrize(('added', 'is_kept'), [
    ('        exclude: ^docs/\n', True), ('      - id: render-docs\n', True),
    ('  - repo: local\n    hooks: []\n', False), ('fail_fast: true\n', False)])
def test_what_was_added_to_our_entry_falls_to_nobody_else(repo: Sandbox, added: str, is_kept: bool) -> None:
    before = 'repos:\n  - repo: meta\n    hooks:\n      - id: identity\n'
    repo.write('.pre-commit-config.yaml', before)
    repo.commit()
    ran(repo)
    edited = repo.read('.pre-commit-config.yaml') + added
    repo.write('.pre-commit-config.yaml', edited)
    out = ran(repo, '--uninstall')
    assert ('keep     .pre-commit-config.yaml: lines were added to our entry since' in out) is is_kept
    assert repo.read('.pre-commit-config.yaml') == (edited if is_kept else before + added)


@pytest.mark.parametrize('broken', [
    {'folders': ['../victim']}, {'folders': [1]}, {'folders': [None]}, {'folders': 'docs'}, {'with': [1]},
    {'files': {'../victim/x': {'sha256': 'x'}}}, {'files': {'\ud800': {'sha256': 'x'}}}, {'files': {'a': {'stages': None}}},
    {'files': {'.gitignore': {'made': False, 'stages': [{'after': 'x', 'edits': [[0, '', '\ud800']]}]}}},
    {'files': {'.gitignore': {'made': False, 'stages': [{'after': 'x', 'edits': [[-1, '', 'x']]}]}}}])
def test_a_broken_record_takes_nothing_out(repo: Sandbox, broken: dict[str, object]) -> None:
    victim = repo.root.parent / 'victim'
    victim.mkdir()
    ran(repo)
    record = json.loads(repo.read(scaffold_record.PATH))
    repo.write(scaffold_record.PATH, json.dumps({**record, **broken}))
    before = tree(repo)
    run = repo.daybook('init', '--uninstall')
    assert run.returncode and 'Traceback' not in run.stderr
    assert f'{scaffold_record.PATH} cannot be read' in run.stdout + run.stderr
    assert tree(repo) == before and victim.is_dir()


def test_the_full_profile_stands_its_own_checks(repo: Sandbox) -> None:
    crowded(repo)
    ran(repo, '--profile', 'full')
    repo.git('add', '.')
    for check in ('validate-frontmatter', 'audit-links'):
        run = repo.daybook(check)
        assert run.returncode == 0, run.stdout + run.stderr
    assert {'.claude/commands/resume-rt.md', '.claude/commands/resume-so.md', '.obsidian/app.json',
            'docs/conventions/frontmatter.md', 'docs/adr/TEMPLATE.md'} <= set(repo.snapshot())
    out = ran(repo, '--upgrade')
    assert 'nothing to write' in out, out


def test_an_upgrade_brings_a_new_revision(repo: Sandbox) -> None:
    crowded(repo)
    ran(repo, '--rev', 'v0.0.9')
    ran(repo, '--rev', 'v0.1.0')
    assert 'rev: v0.0.9' in repo.read('.pre-commit-config.yaml'), 'a plain run replaces nothing'
    assert 'replace  .pre-commit-config.yaml' in ran(repo, '--upgrade', '--rev', 'v0.1.0')
    assert 'rev: v0.1.0' in repo.read('.pre-commit-config.yaml')
    assert 'replace  .pre-commit-config.yaml' in ran(repo, '--upgrade', '--rev', 'v0.0.9')
    ran(repo, '--upgrade')
    assert f'rev: v{version("git-daybook")}\n' in repo.read('.pre-commit-config.yaml'), 'ours do not stay at the old revision'
    ran(repo, '--uninstall')
    assert {path: data for path, data in repo.snapshot().items() if path in CROWDED} == CROWDED


@pytest.mark.parametrize('action', [(), ('--upgrade',)])
@pytest.mark.parametrize('profile', ['small', 'full'])
def test_hooks_go_on_coming_from_where_they_come(repo: Sandbox, action: tuple[str, ...], profile: str) -> None:
    ran(repo, '--profile', profile, '--repo', 'https://git.example.com/our/fork', '--rev', '0123abc')
    before = repo.snapshot()
    out = ran(repo, '--profile', profile, *action)
    assert 'nothing to write' in out and repo.snapshot() == before, out
    out = ran(repo, '--upgrade', '--profile', profile, '--repo', 'https://git.example.com/other', '--rev', 'v9')
    assert 'repo: https://git.example.com/other' in repo.read('.pre-commit-config.yaml') and 'rev: v9' in repo.read('.pre-commit-config.yaml'), out


def test_folders_that_are_published_are_named(repo: Sandbox) -> None:
    repo.write('mkdocs.yml', 'site_name: x\n')
    repo.write('docs/a.md', '# A\n')
    repo.commit()
    out = ran(repo, '--dry-run')
    assert 'public   docs/sessions/: MkDocs makes a site of docs; session documents may be published' in out
    assert 'public   docs/workstreams/' in out, 'where docs/ is, everything goes below it'


def test_what_is_there_already_is_settled_by_the_printed_commands(repo: Sandbox) -> None:
    repo.write('docs/sessions/2026-01-01.md', '# One\n\n[gone](./gone.md)\n')
    repo.commit()
    lines = [line.strip() for line in ran(repo).splitlines()]
    assert lines.index('daybook regen-indexes') < lines.index('daybook audit-links --baseline') < lines.index('pre-commit install')
    for line in lines:
        if line.startswith('daybook '):
            said = repo.daybook(*line.split()[1:]).stdout
            for add in (said_line for said_line in said.splitlines() if said_line.startswith('git add')):
                repo.git(*shlex.split(add)[1:])
        elif line.startswith('git add'):
            repo.git(*shlex.split(line)[1:])
    assert repo.daybook('check-all').returncode == 0 and repo.daybook('regen-indexes').returncode == 0
    assert not [line for line in ran(repo).splitlines() if 'daybook regen' in line or 'baseline' in line]


@pytest.mark.parametrize(('text', 'said'), [
    ('# One\n\n[gone](./gone.md)\n', '(what is there already gets its indexes, and its dead links of today no longer block: '),
    ('# One\n', '(what is there already gets its indexes: '),
])
def test_no_more_is_promised_than_the_printed_commands_do(repo: Sandbox, text: str, said: str) -> None:
    repo.write('docs/sessions/2026-01-01.md', text)
    repo.commit()
    out = ran(repo)
    assert said in out and ('--baseline' in out) is ('dead links' in out)


def test_dead_links_alone_bring_no_word_of_indexes(repo: Sandbox) -> None:
    repo.write('README.md', '# One\n\n[gone](./gone.md)\n')
    repo.commit()
    out = ran(repo)
    assert '(the dead links of today no longer block: ' in out and 'indexes, ' not in out


def test_ci_of_another_host_is_told_the_job_of_the_indexes(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'indexes: {when: default-branch}\n')
    repo.write('README.md', '# One\n')
    repo.commit()
    out = ran(repo, '--with', 'ci', '--repo', '/srv/daybook', '--rev', 'v1', '--dry-run')
    assert 'pip install "git+file:///srv/daybook@v1"\n' in out
    assert 'daybook regen-indexes --force' in out and "git commit -m 'docs: regenerate indexes'" in out
    repo.write('.daybook/config.yaml', 'indexes: {when: commit}\n')
    assert 'daybook regen-indexes --force' not in ran(repo, '--with', 'ci', '--dry-run')


def test_a_revision_that_the_clone_at_hand_does_not_have_is_told(repo: Sandbox, new_repo: Callable[[str], Sandbox]) -> None:
    ours = new_repo('ours')
    ours.write('README.md', '# Daybook\n')
    ours.commit()
    told = f'  unknown  v7: {ours.root} has no such tag or commit; fetch its tags, or name another with `--rev`\n'
    assert told in ran(repo, '--repo', str(ours.root), '--rev', 'v7', '--dry-run')
    ours.git('tag', 'v7')
    assert 'unknown' not in ran(repo, '--repo', str(ours.root), '--rev', 'v7', '--dry-run')
    assert 'unknown' not in ran(repo, '--repo', str(ours.root), '--rev', ours.git('rev-parse', 'HEAD')[:12], '--dry-run')


def test_under_a_runner_of_tools_the_next_call_names_where_we_come_from(repo: Sandbox) -> None:
    repo.write('docs/sessions/2026-01-01.md', '# One\n')
    repo.commit()
    assert "uvx --from git+https://example.com/d@v1 daybook regen-indexes\n" in ran(
        repo, '--repo', 'https://example.com/d', '--rev', 'v1', env={'UV': '/usr/bin/uv'})


@pytest.mark.parametrize(('args', 'is_kept'), [([], False), (['--with', 'mirror'], True)])
def test_who_asks_the_mirror_today_is_not_red_from_the_first_day(repo: Sandbox, args: list[str], is_kept: bool) -> None:
    repo.write('.claude/commands/sync.md', 'Update Notion with `mcp__notion__update-page`.\n')
    repo.commit()
    ran(repo, *args)
    repo.git('add', '.')
    assert bool(config.load(str(repo.root)).invariants) is is_kept
    assert repo.daybook('check-all').returncode == (1 if is_kept else 0)


@pytest.mark.parametrize(('more', 'paths'), [
    ([], []), (['HANDOVER-roman.md'], ['HANDOVER-*.md']), (['docs/HANDOVER-roman.md'], ['docs/HANDOVER-roman.md'])])
def test_one_loose_note_at_the_root_makes_no_kind_and_no_index_there(repo: Sandbox, more: list[str], paths: list[str]) -> None:
    for path in ('HANDOVER-claude.md', *more):
        repo.write(path, '# Handover\n\nThe state.\n')
    repo.commit()
    ran(repo)
    assert [path for path in config.load(str(repo.root)).kind('session').paths if 'HANDOVER' in path] == paths
    assert ('daybook regen-indexes' in ran(repo)) is bool(paths)


def test_a_hand_off_skill_of_another_agent_is_one_too(repo: Sandbox) -> None:
    before, after = ran_over(repo, {
        '.agents/skills/agent-handoff/SKILL.md': 'theirs\n', '.github/workflows/resume-checks.yml': 'on: push\n',
        'CLAUDE.md': 'Read AGENTS.md first.\n', 'AGENTS.md': '# A\n'})
    assert '.claude/commands/handoff.md' not in after and '.claude/commands/resume.md' in after
    assert after['CLAUDE.md'] == before['CLAUDE.md'], 'it sends its reader to AGENTS.md already'
    ran(repo)
    assert repo.snapshot() == after
