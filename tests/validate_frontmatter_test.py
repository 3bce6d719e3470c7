from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Sandbox

ID = 'validate-frontmatter'
CASES = Path(__file__).parent / 'data' / 'hooks' / ID
GOOD = sorted(CASES.glob('good/*'))
BAD = sorted(CASES.glob('bad/*'))
PLAN = '---\ntitle: {}\n---\n'
BROKEN = '---\nowner: nobody\n---\n'
MISSING = 'docs/sessions/old.md:1: no frontmatter; `daybook backfill-frontmatter` adds it [frontmatter-missing]\n'

NUMBER = 'give the newest one that is free: `git mv`, then `daybook audit-links --fix` mends the links to it [id-duplicate]\n'


def _note(note_id: str) -> str:
    return (f'---\ntitle: T\noperator: roman\nsummary: S\nkind: session\nid: {note_id}\ncreated: 2026-11-20\n'
            'claimed_at: 2026-11-20T09:00:00Z\n---\n\n## Summary\n\n## Resume Prompt\n')


def _fill(repo: Sandbox, case: Path) -> None:
    shutil.copytree(case, repo.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns('expected.txt'))
    repo.git('add', '--all')


def _install(repo: Sandbox) -> None:
    path = repo.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook {ID}\n')
    path.chmod(0o755)


def _commit(repo: Sandbox, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(('git', 'commit', '-q', '-m', 'change', *args), cwd=repo.root, capture_output=True, text=True)


@pytest.mark.parametrize('case', GOOD, ids=lambda case: case.name)
def test_good(repo: Sandbox, case: Path) -> None:
    _fill(repo, case)
    run = repo.daybook(ID)
    assert (run.returncode, run.stdout, run.stderr) == (0, '', '')


@pytest.mark.parametrize('case', BAD, ids=lambda case: case.name)
def test_bad(repo: Sandbox, case: Path) -> None:
    _fill(repo, case)
    expected = (case / 'expected.txt').read_text()
    run = repo.daybook(ID)
    assert (run.stdout, run.stderr) == (expected, '')
    only_warnings = all(': warning: ' in line for line in expected.splitlines())
    assert run.returncode == (0 if only_warnings else 1)


OWN = {'.daybook/config.yaml': 'kinds: {runbook: {paths: [ops/*.md], schema: rb.json}}\n', 'ops/a.md': '---\ntitle: A\n---\n'}


@pytest.mark.parametrize(('broken', 'words'), (
    ('{"type": ', 'not a JSON Schema (2020-12): Expecting value'), (None, 'cannot be read: No such file or directory'),
    ('{"type": 3}', 'not a JSON Schema (2020-12): 3 is not valid'), ('{"$ref": "x.json"}', 'not a JSON Schema (2020-12): '),
    ('[]', 'not a JSON Schema (2020-12): '),
))
def test_who_breaks_a_schema_is_told_and_nobody_else_is_stopped(repo: Sandbox, broken: str | None, words: str) -> None:
    for path, text in {**OWN, 'rb.json': '{"required": ["title"]}'}.items():
        repo.write(path, text)
    repo.commit()
    _install(repo)
    if broken is None:
        repo.git('rm', '-q', 'rb.json')
    else:
        repo.write('rb.json', broken)
        repo.git('add', '.')
    run = _commit(repo)
    assert (run.returncode, f'rb.json:1: {words}' in run.stdout + run.stderr) == (1, True), run.stdout + run.stderr
    repo.git('commit', '-q', '--no-verify', '-m', 'broken')
    repo.write('plans/p.md', '---\ntitle: P\n---\n')
    repo.git('add', '.')
    run = _commit(repo)
    assert (run.returncode, run.stdout + run.stderr) == (0, 'validate-frontmatter: 1 older problem in 1 document; run daybook validate-frontmatter\n')
    by_hand = repo.daybook(ID)
    assert by_hand.returncode == 1 and by_hand.stdout.count('\n') == 1 and '[kind-schema]' in by_hand.stdout
    assert repo.daybook('inventory').returncode == 0


# what stands at HEAD, what is staged on top (None: deleted), exit code of `git commit`, output
BLOCKING = (
    pytest.param({'docs/sessions/old.md': 'x'}, {'main.py': '1'}, 0, '', id='no document in the commit: not ours'),
    pytest.param({'docs/sessions/old.md': 'x'}, {'plans/p.md': PLAN.format('P')}, 0,
                 f'{ID}: 1 older problem in 1 document; run daybook {ID}\n', id="a peer's bad note"),
    pytest.param({'docs/sessions/old.md': 'x', 'plans/q.md': '---\ncreated: x\n---\n'}, {'plans/p.md': PLAN.format('P')}, 0,
                 f'{ID}: 3 older problems in 2 documents; run daybook {ID}\n', id='several'),
    pytest.param({'docs/sessions/old.md': 'x'}, {'docs/sessions/old.md': 'y'}, 1, MISSING, id='its own document'),
    pytest.param({}, {'docs/sessions/old.md': 'y'}, 1, MISSING, id='a new document that nobody can read'),
    pytest.param({'workstreams/w.md': '---\ntitle: W\nplan: p\n---\n', 'plans/p.md': PLAN.format('P')}, {'plans/p.md': None}, 1,
                 'workstreams/w.md:3: plan: no such plan: p; plans/p.md was it before this change; mend the name, or leave that as it was [reference-dangling]\n',
                 id='a deleted target'),
    pytest.param({'workstreams/w.md': '---\ntitle: W\nplan: p\n---\n', 'plans/p.md': PLAN.format('P')},
                 {'plans/p.md': None, 'plans/q.md': PLAN.format('P')}, 1,
                 'workstreams/w.md:3: plan: no such plan: p; plans/p.md was it before this change; mend the name, or leave that as it was [reference-dangling]\n',
                 id='a renamed target'),
    pytest.param({'workstreams/w.md': '---\ntitle: W\nplan: one\n---\n', 'plans/p.md': '---\ntitle: P\nid: one\n---\n'},
                 {'plans/p.md': PLAN.format('P')}, 1,
                 'workstreams/w.md:3: plan: no such plan: one; plans/p.md was it before this change; mend the name, or leave that as it was [reference-dangling]\n',
                 id='a target that loses its id'),
    pytest.param({}, {'docs/adr/0002-x.md': '---\ntitle: X\nsupersedes: 0009-x\n---\n'}, 1,
                 'docs/adr/0002-x.md:3: supersedes: no such adr: 0009-x; mend the name or write the adr [reference-dangling]\n',
                 id='a name like its own'),
    pytest.param({'docs/sessions/QA-261120-01.md': _note('QA-261120-01')}, {'docs/sessions/b/QA-261120-01.md': _note('QA-261120-01')},
                 1, 'docs/sessions/QA-261120-01.md:6: QA-261120-01 is also the id of docs/sessions/b/QA-261120-01.md; '
                 '`daybook renumber QA-261120-01 NEW` gives one of them a new id [id-duplicate]\n'
                 'docs/sessions/b/QA-261120-01.md:6: QA-261120-01 is also the id of docs/sessions/QA-261120-01.md; '
                 '`daybook renumber QA-261120-01 NEW` gives one of them a new id [id-duplicate]\n', id='a collision'),
    pytest.param({'docs/adr/0007-a.md': PLAN.format('A'), 'docs/adr/0006-a.md': PLAN.format('A')}, {'docs/adr/0007-b.md': PLAN.format('B')},
                 1, 'docs/adr/0007-a.md:1: the number 0007 is also that of docs/adr/0007-b.md; ' + NUMBER +
                 'docs/adr/0007-b.md:1: the number 0007 is also that of docs/adr/0007-a.md; ' + NUMBER, id='a number that is taken'),
    pytest.param({'docs/adr/0007-a.md': PLAN.format('A'), 'docs/adr/0007-b.md': PLAN.format('A')}, {'docs/adr/0008-c.md': PLAN.format('C')},
                 0, f'{ID}: 2 older problems in 2 documents; run daybook {ID}\n', id='a number that was given twice before'),
    pytest.param({'docs/adr/a.md': '---\ntitle: A\nsupersedes: b\n---\n', 'docs/adr/b.md': PLAN.format('B')},
                 {'docs/adr/b.md': '---\ntitle: B\nsupersedes: a\n---\n'}, 1,
                 'docs/adr/a.md:3: supersedes itself: docs/adr/a.md → docs/adr/b.md → docs/adr/a.md; '
                 'take one of these out [supersedes-cycle]\n'
                 'docs/adr/b.md:3: supersedes itself: docs/adr/a.md → docs/adr/b.md → docs/adr/a.md; '
                 'take one of these out [supersedes-cycle]\n', id='a cycle'),
    pytest.param({'docs/sessions/old.md': 'x'}, {'.daybook/config.yaml': 'resume: {max_bytes: 2000}\n'}, 0,
                 f'{ID}: 1 older problem in 1 document; run daybook {ID}\n', id='a setting that changes no kind'),
    pytest.param({'docs/sessions/old.md': 'x', 'ops/a.md': 'x'},
                 {'.daybook/config.yaml': 'kinds: {runbook: {paths: [ops/*.md]}}\n'}, 1,
                 'ops/a.md:1: no frontmatter; `daybook backfill-frontmatter` adds it [frontmatter-missing]\n'
                 f'{ID}: 1 older problem in 1 document; run daybook {ID}\n', id='a setting that makes documents'),
    pytest.param({'.daybook/config.yaml': 'kinds: {runbook: {paths: [ops/*.md], schema: s.json}}\n', 's.json': '{}',
                  'ops/a.md': PLAN.format('A'), 'docs/sessions/old.md': 'x'}, {'s.json': '{"required": ["service"]}'}, 1,
                 'ops/a.md:2: missing key: service [frontmatter-schema]\n'
                 f'{ID}: 1 older problem in 1 document; run daybook {ID}\n', id='a schema'),
    pytest.param({'.daybook/operators.yaml': 'operators: {a: {initials: AA}, b: {initials: AA}}\n'}, {'plans/p.md': PLAN.format('P')},
                 0, f'{ID}: 1 older problem in 1 document; run daybook {ID}\n', id='bad operators of yesterday'),
    pytest.param({}, {'.daybook/operators.yaml': 'operators: {a: {initials: AA}, b: {initials: AA}}\n'}, 1,
                 '.daybook/operators.yaml:1: initials AA is that of a and of b; give each their own [operators-unique]\n',
                 id='bad operators of today'),
    pytest.param({}, {'.daybook/operators.yaml': 'operators: [\n', 'plans/p.md': PLAN.format('P')}, 1,
                 '.daybook/operators.yaml:2: not valid YAML: did not find expected node content [frontmatter-yaml]\n',
                 id='operators that are no YAML'),
)


@pytest.mark.parametrize(('head', 'staged', 'code', 'output'), BLOCKING)
def test_commit(repo: Sandbox, head: dict[str, str], staged: dict[str, str | None], code: int, output: str) -> None:
    for path, text in {'README.md': 'x', **head}.items():
        repo.write(path, text)
    repo.commit()
    _install(repo)
    repo.stage(staged)
    run = _commit(repo)
    assert (run.returncode, run.stdout + run.stderr) == (code, output)


def test_first_commit_checks_all(repo: Sandbox) -> None:
    repo.write('docs/sessions/old.md', 'x')
    repo.git('add', '.')
    _install(repo)
    run = _commit(repo)
    assert (run.returncode, run.stdout + run.stderr) == (1, MISSING)


def test_commit_reads_what_is_committed(repo: Sandbox) -> None:
    repo.write('README.md', 'x')
    repo.commit()
    _install(repo)
    repo.write('plans/staged.md', PLAN.format('P'))
    repo.git('add', '.')
    repo.write('plans/staged.md', BROKEN)
    repo.write('plans/later.md', BROKEN)
    repo.git('add', '--intent-to-add', 'plans/later.md')
    run = _commit(repo)
    assert (run.returncode, run.stdout + run.stderr) == (0, '')


def test_commit_of_paths_and_of_all(repo: Sandbox) -> None:
    repo.write('plans/a.md', PLAN.format('A'))
    repo.write('plans/b.md', PLAN.format('B'))
    repo.commit()
    _install(repo)
    repo.write('plans/a.md', BROKEN)
    repo.write('plans/b.md', PLAN.format('Bb'))
    assert _commit(repo, '--', 'plans/b.md').returncode == 0
    run = _commit(repo, '-a')
    assert (run.returncode, run.stdout + run.stderr) == (1, 'plans/a.md:2: missing key: title [frontmatter-schema]\n')


def test_all_blocks_inside_a_commit(repo: Sandbox) -> None:
    repo.write('docs/sessions/old.md', 'x')
    repo.commit()
    run = repo.daybook(ID, '--all', env={'GIT_INDEX_FILE': '.git/index'})
    assert (run.returncode, run.stdout) == (1, MISSING)


@pytest.mark.parametrize(('ours', 'theirs', 'text'), [
    ('docs/sessions/a/QA-261120-01.md', 'docs/sessions/b/QA-261120-01.md', _note('QA-261120-01')),
    ('docs/adr/0007-queue.md', 'docs/adr/0007-broker.md', PLAN.format('A')),
])
def test_merge_brings_two_documents_of_one_id(repo: Sandbox, ours: str, theirs: str, text: str) -> None:
    repo.write('README.md', 'x')
    repo.commit()
    repo.git('checkout', '-q', '-b', 'peer')
    repo.write(theirs, text)
    repo.commit()
    repo.git('checkout', '-q', 'main')
    repo.write(ours, text)
    repo.commit()
    _install(repo)
    (repo.root / '.git/hooks/pre-commit').rename(repo.root / '.git/hooks/pre-merge-commit')
    run = subprocess.run(('git', 'merge', '-q', '--no-ff', 'peer'), cwd=repo.root, capture_output=True, text=True)
    assert run.returncode == 1
    assert (run.stdout + run.stderr).count('[id-duplicate]') == 2


def _broken(repo: Sandbox, config: str = '') -> None:
    repo.write('plans/p.md', BROKEN)
    if config:
        repo.write('.daybook/config.yaml', config)
    repo.commit()


LINE = 'plans/p.md:2: missing key: title [frontmatter-schema]\n'
WARNED = 'plans/p.md:2: warning: missing key: title [frontmatter-schema]\n'
WARN_MODE = (
    pytest.param('', (), 1, LINE, id='blocks'),
    pytest.param('', ('--warn',), 0, f'{WARNED}{ID}: warns only; these problems block without `--warn`\n', id='asked'),
    pytest.param('validate: {block_from: 2026-12-01}', ('--as-of', '2026-11-30'), 0,
                 f'{WARNED}{ID}: warns only; these problems block from 2026-12-01 on\n', id='the day before'),
    pytest.param('validate: {block_from: 2026-12-01}', ('--as-of', '2026-12-01'), 1, LINE, id='the day'),
    pytest.param('validate: {block_from: 2026-12-01}', ('--warn', '--as-of=2027-01-01'), 1, LINE, id='asked too late'),
    pytest.param('validate:\n  block_from:\n', (), 1, LINE, id='no date'),
)


@pytest.mark.parametrize(('config', 'options', 'code', 'output'), WARN_MODE)
def test_warn(repo: Sandbox, config: str, options: tuple[str, ...], code: int, output: str) -> None:
    _broken(repo, config)
    run = repo.daybook(ID, *options)
    assert (run.returncode, run.stdout) == (code, output)


def test_warn_is_silent_when_clean(repo: Sandbox) -> None:
    repo.write('plans/p.md', PLAN.format('P'))
    repo.commit()
    assert repo.daybook(ID, '--warn').stdout == ''


@pytest.mark.parametrize(('kinds', 'line'), [
    ('  sesion: {paths: [logs/*.md]}', '.daybook/config.yaml:2: warning: /kinds/sesion: a kind of your own; did you mean `session`? [settings]\n'),
    ('  sesion: {paths: [logs/*.md]}\n  session: {paths: [notes/*.md]}', ''),
    ('  runbook: {paths: [ops/*.md]}\n  sessions: {paths: [logs/*.md]}', ''),
], ids=['a slip', 'beside the one that is meant', 'kinds of ones own'])
def test_a_kind_that_is_a_slip_from_a_known_one(repo: Sandbox, kinds: str, line: str) -> None:
    repo.write('README.md', 'x')
    repo.commit()
    _install(repo)
    repo.write('.daybook/config.yaml', f'kinds:\n{kinds}\n')
    repo.git('add', '.')
    run = _commit(repo)
    assert (run.returncode, run.stdout + run.stderr) == (0, line)
    assert repo.daybook(ID).stdout == line


GRACE = 'validate: {block_from: 2999-12-01}\n'
STUB = '---\noperator: roman\nkind: session\nclaimed_at: 2026-11-20T09:00:00Z\n---\n'
CONFLICT = PLAN.format('P') + '<<<<<<< ours\nA\n=======\nB\n>>>>>>> theirs\n'
MARKED = 'a merge left its conflict here'
YAML = '---\ntitle: P\nstatus: [active\n---\n'
LATER = f'{ID}: warns only; these problems block from 2999-12-01 on\n'
OPERATORS = 'operators:\n  roman: {initials: RT}\n'
TWICE = f'.daybook/operators.yaml:3: duplicate key: operators'
# what stands at HEAD, what is staged on top, exit code, how the output begins
IN_GRACE = (
    pytest.param({'plans/old.md': BROKEN}, {'plans/old.md': f'{BROKEN}more\n'}, 0,
                 f'plans/old.md:2: warning: missing key: title [frontmatter-schema]\n{LATER}', id='an old document'),
    pytest.param({'plans/old.md': BROKEN}, {'plans/old.md': None, 'plans/b/old.md': BROKEN}, 0,
                 f'plans/b/old.md:2: warning: missing key: title [frontmatter-schema]\n{LATER}', id='an old document, moved'),
    pytest.param({}, {'plans/p.md': YAML}, 1, 'plans/p.md:4: not valid YAML', id='a new document that nobody can read'),
    pytest.param({}, {'plans/p.md': BROKEN}, 0, f'plans/p.md:2: warning: missing key: title [frontmatter-schema]\n{LATER}',
                 id='a new document as the old ones are'),
    pytest.param({'plans/old.md': BROKEN}, {'plans/old.md': f'{BROKEN}more\n', 'plans/p.md': YAML}, 1,
                 'plans/old.md:2: warning: missing key: title [frontmatter-schema]\nplans/p.md:4: not valid YAML', id='an old and a new document'),
    pytest.param({}, {'docs/sessions/RT-261120-01.md': STUB}, 1, 'docs/sessions/RT-261120-01.md:4: a claim that nobody has filled', id='a claim'),
    pytest.param({'plans/p.md': PLAN.format('P')}, {'plans/p.md': CONFLICT}, 1, f'plans/p.md:4: {MARKED}', id='a conflict in an old document'),
    pytest.param({}, {'plans/p.md': CONFLICT}, 1, f'plans/p.md:4: {MARKED}', id='a conflict in a new document'),
    pytest.param({'plans/p.md': PLAN.format('P')}, {'plans/p.md': '---\n<<<<<<< ours\ntitle: A\n=======\ntitle: B\n>>>>>>> theirs\n---\n'}, 1,
                 'plans/p.md:2: a merge conflict', id='a conflict in old frontmatter'),
    pytest.param({'plans/p.md': CONFLICT}, {'plans/p.md': f'{CONFLICT}more\n'}, 0, f'plans/p.md:4: warning: {MARKED}', id='a conflict of yesterday'),
    pytest.param({'.daybook/operators.yaml': OPERATORS}, {'.daybook/operators.yaml': OPERATORS * 2}, 1, TWICE, id='operators twice'),
    pytest.param({'.daybook/operators.yaml': OPERATORS * 2}, {'plans/p.md': PLAN.format('P')}, 0,
                 f'{ID}: 1 older problem in 1 document', id='bad operators of yesterday'),
)


@pytest.mark.parametrize(('head', 'staged', 'code', 'output'), IN_GRACE)
def test_in_grace_a_commit_answers_for_what_is_new(repo: Sandbox, head: dict[str, str], staged: dict[str, str | None], code: int,
                                                  output: str) -> None:
    for path, text in {'.daybook/config.yaml': GRACE, **head}.items():
        repo.write(path, text)
    repo.commit()
    _install(repo)
    repo.stage(staged)
    run = _commit(repo)
    said = run.stdout + run.stderr
    assert (run.returncode, said.startswith(output)) == (code, True), said


@pytest.mark.parametrize(('head', 'staged', 'code', 'output'), IN_GRACE)
def test_in_grace_a_push_and_ci_answer_for_what_is_new(repo: Sandbox, head: dict[str, str], staged: dict[str, str | None], code: int,
                                                       output: str) -> None:
    for path, text in {'.daybook/config.yaml': GRACE, **head}.items():
        repo.write(path, text)
    base = repo.commit()
    repo.stage({'plans/first.md': BROKEN})
    repo.commit('one of several')
    repo.stage({'plans/first.md': None, **staged})
    repo.git('commit', '-q', '--no-verify', '-m', 'the last')
    run = repo.daybook(ID, env={'PRE_COMMIT_FROM_REF': base, 'PRE_COMMIT_TO_REF': 'HEAD'})
    assert (run.returncode, run.stdout.startswith(output)) == (code, True), run.stdout


@pytest.mark.parametrize('is_by_merge', [False, True])
def test_in_grace_a_push_answers_for_what_is_new_to_it(repo: Sandbox, is_by_merge: bool) -> None:
    repo.write('README.md', 'x')
    base = repo.commit()
    repo.stage({'plans/old.md': YAML, '.daybook/config.yaml': GRACE})
    adopted = repo.commit('adopt')
    run = repo.daybook(ID, env={'PRE_COMMIT_FROM_REF': base, 'PRE_COMMIT_TO_REF': 'HEAD'})
    assert (run.returncode, 'plans/old.md:4: warning: not valid YAML' in run.stdout) == (0, True), 'it came with the settings'
    if is_by_merge:
        repo.git('switch', '-q', '-c', 'other')
    repo.stage({'plans/new.md': YAML})
    repo.commit('nobody can read it')
    if is_by_merge:
        repo.git('switch', '-q', 'main')
        repo.git('merge', '-q', '--no-ff', '--no-verify', 'other')
    run = repo.daybook(ID, env={'PRE_COMMIT_FROM_REF': adopted, 'PRE_COMMIT_TO_REF': 'HEAD'})
    assert (run.returncode, 'plans/new.md:4: not valid YAML' in run.stdout) == (1, True), 'no other check is left before the default branch'


def test_in_grace_what_came_with_the_settings_is_old(repo: Sandbox) -> None:
    repo.write('README.md', 'x')
    repo.commit()
    _install(repo)
    repo.stage({'plans/old.md': BROKEN, 'plans/merged.md': CONFLICT, 'docs/sessions/RT-261120-01.md': STUB, '.daybook/config.yaml': GRACE})
    assert (run := _commit(repo)).returncode == 0, run.stdout


def test_in_grace_a_merge_brings_what_others_answer_for(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', GRACE)
    repo.commit()
    repo.git('checkout', '-q', '-b', 'peer')
    repo.write('plans/p.md', BROKEN)
    repo.commit()
    repo.git('checkout', '-q', 'main')
    _install(repo)
    (repo.root / '.git/hooks/pre-commit').rename(repo.root / '.git/hooks/pre-merge-commit')
    run = subprocess.run(('git', 'merge', '-q', '--no-ff', 'peer'), cwd=repo.root, capture_output=True, text=True)
    assert (run.returncode, run.stdout + run.stderr) == (0, f'{WARNED}{LATER}')


@pytest.mark.parametrize('is_settled_badly', [False, True])
def test_in_grace_a_merge_answers_for_the_conflicts_that_it_leaves(repo: Sandbox, is_settled_badly: bool) -> None:
    repo.stage({'.daybook/config.yaml': GRACE, 'plans/p.md': PLAN.format('P')})
    repo.commit()
    repo.git('switch', '-q', '-c', 'peer')
    repo.stage({'plans/p.md': PLAN.format('P') + 'A\n', 'plans/bad.md': CONFLICT})
    repo.commit()
    repo.git('switch', '-q', 'main')
    repo.stage({'plans/p.md': PLAN.format('P') + 'B\n'})
    repo.commit()
    _install(repo)
    assert subprocess.run(('git', 'merge', '-q', 'peer'), cwd=repo.root, capture_output=True).returncode == 1
    if not is_settled_badly:
        repo.write('plans/p.md', PLAN.format('P') + 'A\nB\n')
    repo.git('add', 'plans/p.md')
    run = _commit(repo)
    said = run.stdout + run.stderr
    assert f'plans/bad.md:4: warning: {MARKED}' in said, 'the peer answers for it'
    assert (run.returncode, f'plans/p.md:4: {MARKED}' in said) == (int(is_settled_badly), is_settled_badly), said


def test_in_grace_operators_that_nobody_can_read_block_by_hand(repo: Sandbox) -> None:
    repo.write('.daybook/operators.yaml', OPERATORS * 2)
    _broken(repo, GRACE)
    run = repo.daybook(ID)
    assert run.returncode == 1 and run.stdout.startswith(TWICE) and WARNED in run.stdout
    assert repo.daybook('whoami').returncode == 1
    repo.git('rm', '-q', '--cached', '.daybook/config.yaml')
    (repo.root / '.daybook/config.yaml').unlink()
    assert repo.daybook(ID, '--warn').returncode == 0, 'asked for'


FORMATS = (
    pytest.param({}, LINE, id='text'),
    pytest.param({'DAYBOOK_FORMAT': 'text', 'GITHUB_ACTIONS': 'true'}, LINE, id='text is told'),
    pytest.param({'GITHUB_ACTIONS': 'true'},
                 f'::error file=plans/p.md,line=2,title=frontmatter-schema::missing key: title\n  {LINE}', id='actions'),
    pytest.param({'DAYBOOK_FORMAT': 'github'},
                 f'::error file=plans/p.md,line=2,title=frontmatter-schema::missing key: title\n  {LINE}', id='github'),
)


@pytest.mark.parametrize(('env', 'output'), FORMATS)
def test_format(repo: Sandbox, env: dict[str, str], output: str) -> None:
    _broken(repo)
    run = repo.daybook(ID, env=env)
    assert (run.returncode, run.stdout) == (1, output)


def test_json_stays_json(repo: Sandbox) -> None:
    _broken(repo)
    run = repo.daybook(ID, '--warn', env={'DAYBOOK_FORMAT': 'json'})
    assert json.loads(run.stdout) == [{'path': 'plans/p.md', 'line': 2, 'rule': 'frontmatter-schema',
                                       'message': 'missing key: title', 'level': 'warning', 'causes': []}]
    assert run.stderr == f'{ID}: warns only; these problems block without `--warn`\n'
    repo.write('main.py', '1')
    repo.git('add', '.')
    assert json.loads(repo.daybook(ID, env={'DAYBOOK_FORMAT': 'json', 'GIT_INDEX_FILE': '.git/index'}).stdout) == []


USAGE = (
    pytest.param(('--no-such',), {}, 'unrecognized arguments: --no-such', id='option'),
    pytest.param(('--as-of', 'soon'), {}, "'soon' is no day such as 2026-11-20", id='date'),
    pytest.param((), {'DAYBOOK_FORMAT': 'xml'}, 'DAYBOOK_FORMAT is xml; use one of text, json, github', id='format'),
)


@pytest.mark.parametrize(('options', 'env', 'message'), USAGE)
def test_usage(repo: Sandbox, options: tuple[str, ...], env: dict[str, str], message: str) -> None:
    run = repo.daybook(ID, *options, env=env)
    assert run.returncode == 2
    assert message in run.stderr


def _two_bad(repo: Sandbox) -> None:
    repo.write('docs/sessions/-warn.md', '---\nid: x\n---\n')
    repo.write('docs/sessions/b c/é.md', '---\nid: x\n---\n')
    repo.commit()


ARGUMENTS = (
    pytest.param('.', (), {'-warn.md', 'é.md'}, id='all'),
    pytest.param('.', ('README.md',), set(), id='no document'),
    pytest.param('.', ('docs/sessions/b c/é.md',), {'é.md'}, id='one'),
    pytest.param('docs/sessions', ('-warn.md',), {'-warn.md'}, id='looks like an option'),
    pytest.param('docs/sessions', ('--', '-warn.md'), {'-warn.md'}, id='behind --'),
    pytest.param('docs/sessions/b c', ('../-warn.md', 'é.md'), {'-warn.md', 'é.md'}, id='relative'),
    pytest.param('.', ('docs/sessions/b c',), {'é.md'}, id='folder'),
    pytest.param('docs/sessions/b c', ('..',), {'-warn.md', 'é.md'}, id='folder above'),
    pytest.param('docs', ('..',), {'-warn.md', 'é.md'}, id='root'),
)


@pytest.mark.parametrize(('cwd', 'files', 'reported'), ARGUMENTS)
def test_files(repo: Sandbox, cwd: str, files: tuple[str, ...], reported: set[str]) -> None:
    repo.write('README.md', 'x')
    _two_bad(repo)
    run = repo.daybook(ID, *files, cwd=cwd)
    assert {line.split(':')[0].split('/')[-1] for line in run.stdout.splitlines()} == reported
    # the universe of ids is the repository's, whatever is named
    assert run.stdout.count('[id-duplicate]') == len(reported)


def test_files_that_are_not_there(repo: Sandbox, tmp_path: Path) -> None:
    (tmp_path / 'other.md').write_text('x')
    run = repo.daybook(ID, '../other.md')
    assert (run.returncode, run.stderr) == (1, f'daybook: not in this repository: ../other.md; name files below {repo.root}\n')
    run = repo.daybook(ID, 'gone.md')
    assert (run.returncode, run.stderr) == (1, f'daybook: no such file: gone.md; paths are relative to {repo.root}\n')
    repo.write('plans/p.md', BROKEN)
    repo.commit()
    (repo.root / 'plans/p.md').unlink()
    assert repo.daybook(ID, 'plans/p.md').returncode == 0


def test_untracked_file_is_checked_when_it_is_named(repo: Sandbox) -> None:
    repo.write('plans/p.md', BROKEN)
    repo.write('docs/sessions/QA-261120-01.md', '---\noperator: roman\nkind: session\nclaimed_at: 2026-11-20T09:00:00Z\n---\n')
    assert repo.daybook(ID).stdout == ''
    assert repo.daybook(ID, 'plans/p.md').stdout == LINE
    assert repo.daybook(ID, 'docs/sessions/QA-261120-01.md').stdout == ''


def test_outside_of_a_repository(tmp_path: Path) -> None:
    run = Sandbox(tmp_path).daybook(ID)
    assert run.returncode == 1
    assert 'not inside a git work tree' in run.stderr


def test_odd_states(repo: Sandbox) -> None:
    """Deleted, intent-to-add, symbolic link, CRLF with a byte order mark, names that are not UTF-8."""
    repo.write('plans/gone.md', BROKEN)
    repo.write('plans/crlf.md', b'\xef\xbb\xbf---\r\ntitle: P\r\ntags:\r\n  - a\r\n---\r\n')
    repo.write('plans/mac.md', b'---\r\ncreated: x\r\n---\r\n')
    (repo.root / 'plans/link.md').symlink_to('nowhere.md')
    (repo.root / os.fsdecode(b'plans/caf\xe9.md')).write_text('x')
    repo.commit()
    (repo.root / 'plans/gone.md').unlink()
    repo.write('plans/new.md', BROKEN)
    repo.git('add', '--intent-to-add', 'plans/new.md')
    run = repo.daybook(ID)
    assert run.stdout.splitlines() == [
        'plans/caf\\udce9.md:1: no frontmatter; `daybook backfill-frontmatter` adds it [frontmatter-missing]',
        'plans/mac.md:2: /created: "x" is no ISO 8601 date such as 2026-11-20, alone or with a time [frontmatter-schema]',
        'plans/mac.md:2: missing key: title [frontmatter-schema]',
        'plans/new.md:2: missing key: title [frontmatter-schema]',
    ]
    in_json = repo.daybook(ID, env={'DAYBOOK_FORMAT': 'json'}).stdout
    assert json.loads(in_json)[0]['path'] == 'plans/caf\udce9.md'


def test_merge_conflict(repo: Sandbox) -> None:
    repo.write('plans/p.md', PLAN.format('P'))
    repo.commit()
    repo.git('checkout', '-q', '-b', 'peer')
    repo.write('plans/p.md', PLAN.format('Theirs'))
    repo.commit()
    repo.git('checkout', '-q', 'main')
    repo.write('plans/p.md', PLAN.format('Ours'))
    repo.commit()
    repo.git('merge', '-q', 'peer', check=False)
    run = repo.daybook(ID)
    assert run.stdout == 'plans/p.md:2: a merge conflict; resolve it first [frontmatter-conflict]\n'


@pytest.mark.parametrize('place', ('linked work tree', 'submodule'))
def test_other_work_trees(repo: Sandbox, tmp_path: Path, place: str) -> None:
    repo.write('docs/sessions/old.md', 'x')
    repo.commit()
    if place == 'submodule':
        host = Sandbox(tmp_path / 'host')
        host.root.mkdir()
        host.git('init', '-q')
        host.git('submodule', '--quiet', 'add', str(repo.root), 'sub')
        tree = Sandbox(host.root / 'sub')
        hooks = host.root / '.git/modules/sub/hooks'
    else:
        repo.git('worktree', 'add', '-q', str(tmp_path / 'linked'), '-b', 'linked')
        tree, hooks = Sandbox(tmp_path / 'linked'), repo.root / '.git/hooks'
    assert tree.daybook(ID).stdout == MISSING
    (hooks / 'pre-commit').write_text(f'#!/bin/sh\nexec {sys.executable} -m daybook {ID}\n')
    (hooks / 'pre-commit').chmod(0o755)
    tree.write('plans/p.md', BROKEN)
    tree.git('add', 'plans')
    run = _commit(tree)
    assert (run.returncode, run.stdout + run.stderr) == (1, f'{LINE}{ID}: 1 older problem in 1 document; run daybook {ID}\n')


def test_broken_settings_stop_the_run(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'kinds:\n  plan:\n    path: [x]\nsesions:\n')
    run = repo.daybook(ID)
    assert run.returncode == 1
    assert run.stderr == ('daybook: .daybook/config.yaml cannot be used; mend these lines\n'
                          '.daybook/config.yaml:3: /kinds/plan/path: unknown key: path; did you mean `paths`?\n'
                          '.daybook/config.yaml:4: /sesions: unknown key: sesions; did you mean `sessions`?\n')


def test_schema_outside_of_the_repository(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'kinds: {plan: {schema: ../s.json}}\n')
    repo.write('plans/p.md', PLAN.format('P'))
    repo.commit()
    run = repo.daybook(ID)
    assert run.returncode == 1
    assert 'path leaves the repository: ../s.json' in run.stdout


def test_ten_thousand_documents(repo: Sandbox) -> None:
    for number in range(10_000):
        note_id = f'QA-{260000 + number // 90:06d}-{number % 90:02d}'
        repo.write(f'docs/sessions/{note_id}.md', _note(note_id))
    repo.git('add', '.')
    run = repo.daybook(ID)
    assert (run.returncode, run.stdout) == (0, '')


def test_a_push_answers_for_its_own_commits_only(repo: Sandbox) -> None:
    repo.write('plans/old.md', '---\ntitle: 5\n---\n')
    before = repo.commit('a problem of somebody else')
    repo.write('plans/new.md', '---\ntitle: Fine\n---\n')
    clean = repo.commit('fine')
    repo.write('plans/worse.md', '---\ntitle: 6\n---\n')
    worse = repo.commit('a problem')
    run = repo.daybook('validate-frontmatter', env={'PRE_COMMIT_FROM_REF': before, 'PRE_COMMIT_TO_REF': clean})
    assert (run.returncode, 'older problem' in run.stdout) == (0, True), run
    run = repo.daybook('validate-frontmatter', env={'PRE_COMMIT_FROM_REF': clean, 'PRE_COMMIT_TO_REF': worse})
    assert run.returncode == 1
    assert 'plans/worse.md' in run.stdout and 'plans/old.md:' not in run.stdout
    assert repo.daybook('validate-frontmatter').stdout.count('plans/') >= 2, 'by hand everything counts'
