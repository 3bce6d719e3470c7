from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents.config import Cochange
from daybook.governance import cochanging
from daybook.repo import git
from daybook.rules import cochange
from governance import cases
from governance import commit
from governance import fill
from governance import install
from governance import run

ID = 'check-cochange'
CONFIG = '.daybook/config.yaml'
COMPOSE, STATE = 'ops/docker-compose.yml', 'docs/infrastructure/droplet_state_2025-10-30.md'
RULE = ('cochange:\n  - name: droplet-state\n    when: ["ops/docker-compose*.yml"]\n    then: ["docs/infrastructure/*state*.md"]\n'
        '    why: the state document tells what runs\n')
ASKED = (f'{COMPOSE}:1: {COMPOSE} changed without docs/infrastructure/*state*.md (the state document tells what runs); change it too, '
         'or say in the message why it is still true: `Docs-Reviewed: <why>` [cochange-droplet-state]\n')


@pytest.fixture
def droplet(repo: Sandbox) -> Sandbox:
    """A repository with the rule of the seed, and its hook."""
    repo.write(CONFIG, RULE)
    repo.write(COMPOSE, 'a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n')
    repo.write(STATE, '# State\n\n## Services\n\na\n\n## Backups\n\nb\n')
    repo.commit('begin')
    install(repo, ID, 'commit-msg')
    return repo


def _change(repo: Sandbox, path: str, text: str | None = None) -> None:
    if text is None:
        text = repo.read(path) + 'more: 1\n' if (repo.root / path).exists() else 'new\n'
    repo.write(path, text)
    repo.git('add', '--all')


@pytest.mark.parametrize('case', cases(ID, 'good'), ids=lambda case: case.name)
def test_good(repo: Sandbox, case: Path) -> None:
    fill(repo, case)
    repo.git('commit', '-q', '-m', 'x')
    assert run(repo, ID) == (0, f'{ID}: 0 documents governed; nothing is staged, so only the rules themselves were checked; '
                             'give `--range A..B` for what is committed\n')
    assert run(repo, ID, '--range', 'HEAD') == (0, '')


def test_nothing_to_check_is_told(repo: Sandbox) -> None:
    assert run(repo, ID) == (0, f'{ID}: 0 documents governed; there is no rule under `cochange` in {CONFIG}\n')


MESSAGES = (
    pytest.param('open a port', 1, ASKED, id='no trailer'),
    pytest.param('open a port\n\nDocs-Reviewed: the document names no ports', 0, '', id='a reason'),
    pytest.param('open a port\n\ndocs-reviewed: the document names no ports\nSigned-off-by: R <r@example.com>', 0, '', id='any case, others behind'),
    pytest.param('open a port\n\nDocs-Reviewed: droplet-state: names no ports', 0, '', id='for this rule'),
    pytest.param('open a port\n\nDocs-Reviewed: other: names no ports', 0, '', id='a reason that holds a colon'),
    pytest.param('open a port\n\nDocs-Reviewed: droplet-state:', 1, '`Docs-Reviewed:` has no reason; write one behind it', id='no reason'),
    pytest.param('open a port\n\nDocs-Reviewed: x\n\nand more', 1, ASKED, id='not at the end: no trailer'),
    pytest.param('Docs-Reviewed: x', 1, ASKED, id='a subject'),
)


@pytest.mark.parametrize(('message', 'code', 'words'), MESSAGES)
def test_messages(droplet: Sandbox, message: str, code: int, words: str) -> None:
    _change(droplet, COMPOSE)
    found, out = commit(droplet, message)
    assert (found, words in out, bool(out)) == (code, True, bool(words)), out


# what is done in the work tree, exit code of the commit
CHANGES = (
    pytest.param(lambda repo: _change(repo, STATE), 0, id='the document alone'),
    pytest.param(lambda repo: (_change(repo, COMPOSE), _change(repo, STATE)), 0, id='both'),
    pytest.param(lambda repo: _change(repo, 'ops/docker-compose.production.yml'), 1, id='a new file that fits'),
    pytest.param(lambda repo: _change(repo, 'ops/sub/docker-compose.yml'), 0, id='another folder'),
    pytest.param(lambda repo: (_change(repo, COMPOSE), _change(repo, 'docs/infrastructure/new state.md')), 0, id='a new document that fits'),
    pytest.param(lambda repo: repo.git('mv', COMPOSE, 'ops/docker-compose.old.yml'), 0, id='moved within the rule'),
    pytest.param(lambda repo: (_change(repo, 'ops/docker-compose.b.yml'), repo.git('mv', COMPOSE, 'compose.yml')), 1, id='moved out of the rule'),
    pytest.param(lambda repo: (repo.git('mv', COMPOSE, 'ops/docker-compose.old.yml'), _change(repo, 'ops/docker-compose.old.yml')), 1, id='moved and edited'),
    pytest.param(lambda repo: (_change(repo, COMPOSE), repo.git('mv', STATE, 'docs/infrastructure/state.md')), 1, id='a document only moved is not reviewed'),
    pytest.param(lambda repo: (repo.git('add', '-N', '.'), _change(repo, 'main.py')), 0, id='other files'),
)


@pytest.mark.parametrize(('change', 'code'), CHANGES)
def test_changes(droplet: Sandbox, change: object, code: int) -> None:
    change(droplet)
    assert commit(droplet)[0] == code


@pytest.mark.parametrize(('words', 'is_told'), [
    ((), True), ((COMPOSE,), True), (('ops',), True), (('ops/docker-compose.z.yml',), True), (('.',), True), ((STATE,), False), (('plans', 'main.py'), False)])
def test_named_files_narrow_it_in_check_all(droplet: Sandbox, words: tuple[str, ...], is_told: bool) -> None:
    for path in (COMPOSE, 'ops/docker-compose.z.yml', 'main.py', 'plans/p.md'):
        _change(droplet, path)
    code, out = run(droplet, 'check-all', *words)
    assert ('changed without' in out) is is_told, out


def test_deletions_count_and_kill_the_rule(droplet: Sandbox) -> None:
    _change(droplet, 'ops/docker-compose.b.yml')
    droplet.git('commit', '-q', '--no-verify', '-m', 'b')
    droplet.git('rm', '-q', 'ops/docker-compose.b.yml')
    code, out = commit(droplet)
    assert code == 1 and out.startswith('ops/docker-compose.b.yml:1: ops/docker-compose.b.yml changed without')
    droplet.git('rm', '-q', COMPOSE)
    code, out = commit(droplet, 'x\n\nDocs-Reviewed: gone')
    assert code == 1 and f'{CONFIG}:3: droplet-state: no file matches ops/docker-compose*.yml, so the rule can never fire' in out


def test_a_rule_that_was_dead_before_blocks_nobody(droplet: Sandbox) -> None:
    droplet.write(CONFIG, RULE.replace('ops/docker', 'opps/docker'))
    droplet.git('add', '.')
    assert commit(droplet)[0] == 1
    droplet.git('commit', '-q', '--no-verify', '-m', 'x')
    _change(droplet, 'main.py')
    code, out = commit(droplet)
    assert (code, out) == (0, f'{ID}: 1 older problem in 1 document; run daybook {ID}\n')
    assert run(droplet, ID)[0] == 1


LABELS = ('cochange:\n  - name: ports\n    when: ["ops/docker-compose*.yml#ports"]\n    then: ["docs/infrastructure/*state*.md#services"]\n')
MARKED = 'x: 1\n# LINT.IfChange(ports)\na: 1\nb: 2\n# LINT.ThenChange(//docs/state.md)\ny: 1\n# LINT.Label("other")\nz: 1\n# LINT.EndLabel\n'


@pytest.mark.parametrize(('compose', 'state', 'code'), [
    (('x: 1', 'x: 2'), None, 0),
    (('z: 1', 'z: 2'), None, 0),
    (('a: 1', 'a: 2'), None, 1),
    (('b: 2\n', ''), None, 1),
    (('b: 2\n', 'b: 2\nc: 3\n'), None, 1),
    (('y: 1', 'y: 2'), ('\nb\n', '\nB\n'), 0),
    (('a: 1', 'a: 2'), ('\nb\n', '\nB\n'), 1),
    (('a: 1', 'a: 2'), ('\na\n', '\nA\n'), 0),
    ((MARKED, 'x: 1\n'), None, 1),
])
def test_labels_mean_parts_of_files(droplet: Sandbox, compose: tuple[str, str], state: tuple[str, str] | None, code: int) -> None:
    droplet.write(CONFIG, LABELS)
    droplet.write(COMPOSE, MARKED)
    droplet.write('ops/docker-compose.z.yml', MARKED)  # so that the label stays
    droplet.git('add', '.')
    droplet.git('commit', '-q', '--no-verify', '-m', 'labels')
    _change(droplet, COMPOSE, droplet.read(COMPOSE).replace(*compose))
    if state:
        _change(droplet, STATE, droplet.read(STATE).replace(*state))
    found, out = commit(droplet)
    assert found == code, out


@pytest.mark.parametrize(('rule', 'path', 'code'), [
    ('exclude: ["ops/docker-compose.dev.yml"]', 'ops/docker-compose.dev.yml', 0),
    ('exclude: ["ops/docker-compose.dev.yml"]', COMPOSE, 1),
    ('changes: [added, deleted]', COMPOSE, 0),
    ('changes: [added, deleted]', 'ops/docker-compose.new.yml', 1),
    ('why: x', 'ops/docker-compose é.yml', 1),
])
def test_what_sets_a_rule_off(droplet: Sandbox, rule: str, path: str, code: int) -> None:
    droplet.write(CONFIG, RULE.replace('why: the state document tells what runs', rule))
    droplet.git('add', '.')
    droplet.git('commit', '-q', '--no-verify', '-m', 'rule')
    _change(droplet, path)
    assert commit(droplet)[0] == code


def test_every_glob_of_then_is_asked_for(droplet: Sandbox) -> None:
    droplet.write(CONFIG, RULE.replace('*state*.md"]', '*state*.md", "README.md"]'))
    droplet.write('README.md', 'x\n')
    droplet.git('add', '.')
    droplet.git('commit', '-q', '--no-verify', '-m', 'rule')
    _change(droplet, COMPOSE)
    _change(droplet, STATE)
    code, out = commit(droplet)
    assert code == 1 and 'changed without README.md (' in out


def test_an_amended_commit_answers_for_all_that_it_holds(droplet: Sandbox) -> None:
    _change(droplet, STATE)
    assert commit(droplet, 'state', '--date=2026-01-01T00:00:00Z')[0] == 0
    _change(droplet, COMPOSE)
    assert commit(droplet, 'both', '--amend')[0] == 0, 'the document is in the commit already'
    _change(droplet, COMPOSE)
    assert commit(droplet, 'compose', '--date=2026-01-02T00:00:00Z')[0] == 1, 'a commit of its own'


def test_the_first_commit(repo: Sandbox) -> None:
    repo.write(CONFIG, RULE)
    repo.write(COMPOSE, 'a\n')
    repo.write(STATE, 'a\n')
    repo.git('add', '.')
    install(repo, ID, 'commit-msg')
    assert commit(repo) == (0, '')


def test_merges_are_not_asked(droplet: Sandbox) -> None:
    droplet.git('checkout', '-qb', 'side')
    _change(droplet, COMPOSE)
    assert commit(droplet, 'side\n\nDocs-Reviewed: x')[0] == 0
    droplet.git('checkout', '-q', 'main')
    _change(droplet, 'main.py')
    assert commit(droplet)[0] == 0
    merge = subprocess.run(('git', 'merge', '-q', '--no-ff', '-m', 'merge', 'side'), cwd=droplet.root, capture_output=True, text=True)
    assert merge.returncode == 0, merge.stderr


def test_by_hand_what_is_staged_warns(droplet: Sandbox) -> None:
    _change(droplet, COMPOSE)
    code, out = run(droplet, ID)
    assert (code, out) == (0, ASKED.replace(':1: ', ':1: warning: ', 1))


def _commits(repo: Sandbox, *steps: tuple[str, str]) -> str:
    base = repo.git('rev-parse', 'HEAD')
    for path, message in steps:
        _change(repo, path)
        repo.git('commit', '-q', '--no-verify', '-m', message)
    return f'{base}..HEAD'


RANGES = (
    pytest.param([(COMPOSE, 'a')], 1, 1, id='broken'),
    pytest.param([(COMPOSE, 'a'), (STATE, 'b')], 0, 1, id='made good by a later commit'),
    pytest.param([(STATE, 'a'), (COMPOSE, 'b')], 0, 1, id='or by an earlier one'),
    pytest.param([(COMPOSE, 'a\n\nDocs-Reviewed: x'), ('main.py', 'b')], 0, 0, id='excused'),
    pytest.param([(COMPOSE, 'a\n\nDocs-Reviewed: x'), (COMPOSE, 'b')], 1, 1, id='one of two excused'),
    pytest.param([(COMPOSE, 'a\n\nDocs-Reviewed: x'), (COMPOSE, 'b\n\nDocs-Reviewed: droplet-state: y')], 0, 0, id='both excused'),
    pytest.param([('main.py', 'a\n\nDocs-Reviewed: x'), (COMPOSE, 'b')], 1, 1, id='an excuse in another commit'),
    pytest.param([('main.py', 'a')], 0, 0, id='nothing'),
)


@pytest.mark.parametrize(('steps', 'whole', 'each'), RANGES)
def test_ranges(droplet: Sandbox, steps: list[tuple[str, str]], whole: int, each: int) -> None:
    chosen = _commits(droplet, *steps)
    assert run(droplet, ID, '--range', chosen)[0] == whole
    assert run(droplet, ID, '--range', chosen, '--each')[0] == each
    base = chosen.partition('..')[0]
    environ = {'PRE_COMMIT_FROM_REF': base, 'PRE_COMMIT_TO_REF': 'HEAD'}
    assert run(droplet, ID, env=environ)[0] == whole, 'as at a push'
    assert run(droplet, 'check-all', env=environ)[0] == whole
    droplet.git('update-ref', 'refs/remotes/origin/main', base)
    assert run(droplet, ID, env={'GITHUB_BASE_REF': 'main'})[0] == whole, 'as in a pull request'


def test_what_is_undone_within_a_range_is_no_change(droplet: Sandbox) -> None:
    base = droplet.git('rev-parse', 'HEAD')
    _commits(droplet, (COMPOSE, 'a'))
    droplet.git('revert', '--no-edit', 'HEAD')
    told = f'{ID}: 0 documents governed; nothing is changed in that range, so only the rules themselves were checked\n'
    assert run(droplet, ID, '--range', f'{base}..HEAD') == (0, told)


def test_each_names_the_commit_and_exits_are_listed(droplet: Sandbox) -> None:
    chosen = _commits(droplet, (COMPOSE, 'open a port'), (COMPOSE, 'b\n\nDocs-Reviewed: no ports there'), (COMPOSE, 'c\n\nDocs-Reviewed: droplet-state: x: y'))
    first, second, third = droplet.git('log', '--reverse', '--format=%h', '--abbrev=10', chosen).split('\n')
    code, out = run(droplet, ID, '--range', chosen, '--each')
    assert code == 1 and out.startswith(f'{COMPOSE}:1: {first} open a port: {COMPOSE} changed without') and second not in out
    assert run(droplet, ID, '--range', chosen, '--exits') == (0, f'{second} all rules: no ports there\n{third} droplet-state: x: y\n')
    assert run(droplet, ID, '--range', 'HEAD', '--each')[0] == 1, 'all of the history, from its first commit'


def test_a_commit_that_is_not_there(droplet: Sandbox) -> None:
    code, out = run(droplet, ID, '--range', 'nowhere..HEAD')
    assert code == 1 and 'no such commit: nowhere; in CI fetch the whole history (`fetch-depth: 0`)' in out


def test_a_clone_that_does_not_know_the_history_says_so(droplet: Sandbox, tmp_path: Path) -> None:
    _commits(droplet, (COMPOSE, 'a'), ('main.py', 'b'))
    subprocess.run(('git', 'clone', '-q', '--depth=1', '--no-local', f'file://{droplet.root}', str(tmp_path / 'shallow')), check=True)
    shallow = Sandbox(tmp_path / 'shallow')
    for words in (('--range', 'HEAD', '--each'), ('--range', 'HEAD'), ('--range', 'HEAD', '--exits')):
        code, out = run(shallow, ID, *words)
        assert code == 1 and 'this clone is shallow' in out and 'fetch-depth: 0' in out, out
    shallow.git('fetch', '-q', '--depth=1', 'origin', droplet.git('rev-parse', 'HEAD~2'))
    code, out = run(shallow, ID, '--range', 'FETCH_HEAD..HEAD')
    assert code == 1 and 'this clone is shallow' in out, 'it has both ends, and not what lies between'


def test_subjects_and_names_may_hold_any_byte(droplet: Sandbox) -> None:
    base = droplet.git('rev-parse', 'HEAD')
    droplet.write('a/\x1eb\x1f.md', 'x')
    droplet.commit('sub\x1fject\x1e of\x1f all\n\nDocs-Reviewed: be\x1fcause')
    _commits(droplet, (COMPOSE, 'open\x1fa port'))
    code, out = run(droplet, ID, '--range', f'{base}..HEAD', '--each')
    assert code == 1 and 'open\\x1fa port: ' in out and out.count('\n') == 1, out
    assert run(droplet, ID, '--range', f'{base}..HEAD', '--exits')[0] == 0


def test_a_shallow_clone_does_not_know_all_exits(droplet: Sandbox, tmp_path: Path) -> None:
    _commits(droplet, (COMPOSE, 'open a port'))
    subprocess.run(('git', 'clone', '-q', '--depth=1', droplet.root.as_uri(), tmp_path / 'shallow'), check=True)
    code, out = run(Sandbox(tmp_path / 'shallow'), ID, '--exits')
    assert code == 1 and 'this clone is shallow' in out


def test_a_linked_work_tree(droplet: Sandbox, tmp_path: Path) -> None:
    droplet.git('worktree', 'add', '-q', str(tmp_path / 'w t'), '-b', 'w')
    linked = Sandbox(tmp_path / 'w t')
    _change(linked, COMPOSE)
    assert commit(linked)[0] == 1
    assert commit(linked, 'x\n\nDocs-Reviewed: y')[0] == 0


@pytest.mark.parametrize('tool', ['pre-commit', 'prek'])
def test_runners_pass_the_message(droplet: Sandbox, plugin: tuple[str, str], tool: str) -> None:
    url, rev = plugin
    droplet.write('.pre-commit-config.yaml', f'repos:\n  - repo: {url}\n    rev: {rev}\n    hooks: [{{id: {ID}}}]\n')
    droplet.git('add', '.')
    droplet.git('commit', '-q', '--no-verify', '-m', 'runner')
    (droplet.root / '.git/hooks/commit-msg').unlink()
    subprocess.run((f'{sys.prefix}/bin/{tool}', 'install', '-t', 'commit-msg'), cwd=droplet.root, check=True, capture_output=True)
    _change(droplet, COMPOSE)
    code, out = commit(droplet)
    assert code == 1 and 'changed without docs/infrastructure/*state*.md' in out, out
    assert commit(droplet, 'x\n\nDocs-Reviewed: it names no ports')[0] == 0


@pytest.mark.parametrize(('mark', 'label'), [
    ('( a b )', 'a b'), ("( 'a' )", 'a'), ('("a")', 'a'), ('(a)', 'a'), ('()', ''), ('(  )', ''), ('( " )', ''),
    ('(' + ' ' * 200_000, ''), ('(' + 'a ' * 100_000, '')], ids=range(9))
def test_a_mark_is_read_in_linear_time(mark: str, label: str) -> None:
    spans = cochange.region('x.py', f'# LINT.Label{mark}\nx\n# LINT.EndLabel\n', label or 'a')
    assert spans == ([(2, 2)] if label else [])


MARKS = 'x = 1\n# LINT.IfChange("limits")\na = 1\nb = 2\n# LINT.ThenChange("doc.py{}")\ny = 1\n'
TARGET = 'top = 0\n# LINT.Label("limits")\nA = 1\nB = 2\n# LINT.EndLabel\nbottom = 0\n'
# what changes in the file with the marks and in its target, whether the target is a label, and whether that breaks the
# rule, as ifttt-lint 0.1.0 (https://github.com/ebrevdo/ifttt-lint) answers
AGREED = (
    pytest.param(('y = 1', 'y = 2'), None, '', 0, id='behind it'),
    pytest.param(('x = 1', 'x = 2'), None, '', 0, id='before it'),
    pytest.param(('a = 1', 'a = 3'), None, '', 1, id='inside'),
    pytest.param(('a = 1', 'a = 3'), ('A = 1', 'A = 3'), '', 0, id='inside, and the target'),
    pytest.param(('a = 1', 'a = 3'), ('bottom', 'ground'), '', 0, id='inside, and the target anywhere'),
    pytest.param(('a = 1\n', 'z = 0\na = 1\n'), None, '', 1, id='a first line comes'),
    pytest.param(('b = 2\n', 'b = 2\nc = 3\n'), None, '', 1, id='a last line comes'),
    pytest.param(('b = 2\n', ''), None, '', 1, id='a line goes'),
    pytest.param(('b = 2\n', ''), ('B = 2\n', ''), '', 0, id='a line goes, and the target'),
    pytest.param(None, ('A = 1', 'A = 3'), '', 0, id='the target alone'),
    pytest.param(('y = 1', 'c = 3\ny = 1'), None, '', 0, id='a line comes right behind'),
    pytest.param(('x = 1\n', 'x = 1\nw = 1\n'), None, '', 0, id='a line comes right before'),
    pytest.param(('a = 1', 'a = 3'), ('A = 1', 'A = 3'), '#limits', 0, id='inside the label'),
    pytest.param(('a = 1', 'a = 3'), ('bottom', 'ground'), '#limits', 1, id='outside of the label'),
    pytest.param(('a = 1', 'a = 3'), ('top', 'head'), '#limits', 1, id='above the label'),
    pytest.param(('a = 1', 'a = 3'), ('B = 2\n', 'B = 2\nC = 3\n'), '#limits', 0, id='the label grows'),
    # these as https://github.com/simonepri/ifttt-lint has them in its own tests: what the marks enclose counts, not the marks
    pytest.param(('ThenChange("', 'ThenChange("other.py", "'), None, '', 0, id='only the mark below'),
    pytest.param(('IfChange("limits")', 'IfChange( limits )'), None, '', 0, id='only the mark above'),
    pytest.param(('b = 2\n# LINT.ThenChange("', 'b = 3\n# LINT.ThenChange("other.py", "'), None, '', 1, id='the mark below and a line'),
    pytest.param(('# LINT.IfChange("limits")\na = 1', '# LINT.IfChange(limits)\na = 3'), None, '', 1, id='the mark above and a line'),
    pytest.param(('a = 1\nb = 2\n# LINT.ThenChange("', 'b = 2\n# LINT.ThenChange("other.py", "'), None, '', 1, id='the mark below, and a line goes'),
    pytest.param(('a = 1', 'a = 3'), ('# LINT.EndLabel', '# LINT.EndLabel (limits)'), '#limits', 1, id='only the mark of the target'),
    # here it says 1: it looks at the lines after the change alone, and a line that is gone is in none
    pytest.param(('a = 1', 'a = 3'), ('B = 2\n', ''), '#limits', 0, id='the label loses its last line'),
)


@pytest.mark.parametrize('runner', ['pre-commit', 'prek'])
def test_a_push_that_check_all_judges_too_is_told_once(droplet: Sandbox, tmp_path: Path, runner: str) -> None:
    def push(**env: str) -> tuple[int, int]:
        done = subprocess.run(('git', 'push', '-q', 'origin', 'HEAD:main'), cwd=droplet.root, capture_output=True, text=True, env={**os.environ, **env})
        return done.returncode, (done.stdout + done.stderr).count('[cochange-')

    droplet.git('init', '-q', '--bare', str(tmp_path / 'remote'))
    droplet.git('remote', 'add', 'origin', str(tmp_path / 'remote'))
    droplet.git('push', '-q', 'origin', 'HEAD:main')
    droplet.git('fetch', '-q')
    local = [f'  - {{id: {name}, name: {name}, entry: {sys.executable} -m daybook {name}, language: system, always_run: true, '
             'pass_filenames: false, stages: [pre-push]}\n' for name in ('check-all', ID)]
    droplet.write('.pre-commit-config.yaml', 'repos:\n- repo: local\n  hooks:\n' + ''.join(local))
    droplet.write('ops/docker-compose.yml', 'changed\n')
    droplet.commit()
    subprocess.run((f'{sys.prefix}/bin/{runner}', 'install', '-t', 'pre-push'), cwd=droplet.root, check=True, capture_output=True)
    assert push() == (1, 1)
    assert push(SKIP='check-all') == (1, 1)
    droplet.write('.pre-commit-config.yaml', 'repos:\n- repo: local\n  hooks:\n' + ''.join(local).replace('daybook check-all,', 'daybook check-all docs,'))
    droplet.commit()
    assert push() == (1, 1)  # which looks at `docs` alone
    droplet.write('.pre-commit-config.yaml', 'repos:\n- repo: local\n  hooks:\n' + local[1])
    droplet.commit()
    assert push() == (1, 1)


@pytest.mark.parametrize(('before', 'after', 'code'), [
    ('a = 1\nb = 2\n', '# LINT.IfChange(limits)\na = 1\nb = 2\n# LINT.ThenChange(doc.py)\n', 0),  # marks around what was there
    ('# LINT.IfChange(limits)\na = 1\n# LINT.ThenChange(doc.py)\n', 'a = 1\n', 0),
    ('# LINT.IfChange(limits)\n# LINT.ThenChange(doc.py)\n', '# LINT.IfChange(limits)\n# LINT.ThenChange(doc.py, c.py)\n', 0),  # around nothing
    ('# LINT.IfChange(old)\na = 1\n# LINT.ThenChange(doc.py)\n', '# LINT.IfChange(limits)\na = 1\n# LINT.ThenChange(doc.py)\n', 0),
    ('# LINT.IfChange(old)\na = 1\n# LINT.ThenChange(doc.py)\n', '# LINT.IfChange(limits)\na = 3\n# LINT.ThenChange(doc.py)\n', 1),
    ('# LINT.IfChange(limits)\na = 1\n# LINT.ThenChange(doc.py)\n', '', 1),
])
def test_marks_alone_are_no_change(repo: Sandbox, before: str, after: str, code: int) -> None:
    repo.write('doc.py', 'x\n')
    for text in (before, after):
        repo.write('conf.py', f'x = 1\n{text}y = 1\n')
        repo.commit()
    found = cochanging.of_range(git.find_repo(str(repo.root)), [Cochange('limits', ('conf.py#limits',), ('doc.py',))], 'HEAD^', 'HEAD')
    assert len(found) == code, found


@pytest.mark.parametrize(('marks', 'target', 'label', 'code'), AGREED)
def test_it_agrees_with_ifttt_lint(repo: Sandbox, marks: tuple[str, str] | None, target: tuple[str, str] | None, label: str, code: int) -> None:
    texts = {'conf.py': MARKS.format(label), 'doc.py': TARGET}
    for path, text in texts.items():
        repo.write(path, text)
    repo.commit()
    for path, change in (('conf.py', marks), ('doc.py', target)):
        assert change is None or change[0] in texts[path]
        repo.write(path, texts[path].replace(*change) if change else texts[path])
    repo.commit()
    rule = Cochange('limits', ('conf.py#limits',), (f'doc.py{label}',))
    found = cochanging.of_range(git.find_repo(str(repo.root)), [rule], 'HEAD^', 'HEAD')
    assert len(found) == code, found
