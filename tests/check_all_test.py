"""check-all tells what the hooks that look tell one by one, in one process, with one summary line."""
from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from conftest import Sandbox
from daybook.checks.together import LOOKS

ID = 'check-all'
IDS = [hook_id for hook_id, _ in LOOKS]
CASES = Path(__file__).parent / 'data' / 'hooks'
ALL_CASES = sorted(path for hook_id in IDS for path in CASES.glob(f'{hook_id}/*/*'))
NO_TITLE = 'plans/p.md:2: missing key: title [frontmatter-schema]\n'
DEAD = 'plans/p.md:4: no such file: plans/no.md; correct the link or add the file [link-missing]\n'
BAD = '---\nowner: nobody\n---\n[x](no.md)\n'
ONE_LINE = f'{ID}: 2 older problems in 1 document; run daybook {ID}\n'


def _install(repo: Sandbox) -> None:
    path = repo.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook {ID}\n')
    path.chmod(0o755)


def _commit(repo: Sandbox) -> tuple[int, str]:
    run = subprocess.run(('git', 'commit', '-q', '-m', 'change'), cwd=repo.root, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def _all(repo: Sandbox, *args: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    run = repo.daybook(ID, *args, env=env)
    return run.returncode, run.stdout + run.stderr


def test_every_hook_that_looks_is_among_them() -> None:
    looking = [path.stem for path in sorted((ROOT / 'hooks').glob('*.py')) if path.stem != 'check_all' and any(
        isinstance(node, ast.FunctionDef) and node.name == 'look' for node in ast.parse(path.read_text()).body)]
    assert looking == sorted(hook_id.replace('-', '_') for hook_id in IDS)


@pytest.mark.parametrize('case', ALL_CASES, ids=lambda case: f'{case.parts[-3]}-{case.parts[-1]}')
def test_it_tells_what_they_tell(repo: Sandbox, case: Path) -> None:
    shutil.copytree(case, repo.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns('expected.txt'))
    repo.git('add', '--all')
    governing = {'check-authority', 'check-cochange', 'check-freshness', 'check-lifecycle', 'check-zones'}
    mine = governing if case.parts[-3] in governing else set()  # no other example sets them up
    mine = mine - {'check-lifecycle'} if case.parts[-3] != 'check-lifecycle' else mine
    runs = [repo.daybook(hook_id) for hook_id in IDS if hook_id not in governing - mine]
    # what is not set up says so when it is asked; here it is not even asked
    alone = [line for run in runs for line in run.stdout.splitlines() if ': 0 documents governed' not in line]
    found = repo.daybook(ID)
    assert sorted(line for line in found.stdout.splitlines() if ': 0 documents governed' not in line) == sorted(alone)
    assert found.returncode == max(run.returncode for run in runs)


def test_both_block_and_are_sorted_together(repo: Sandbox) -> None:
    repo.write('plans/p.md', BAD)
    repo.write('a.md', '[x](no.md)')
    repo.commit()
    dead = 'a.md:1: no such file: no.md; correct the link or add the file [link-missing]\n'
    assert _all(repo) == (1, dead + NO_TITLE + DEAD)
    assert _all(repo, 'plans') == (1, NO_TITLE + DEAD)
    _install(repo)
    repo.write('plans/q.md', '---\ntitle: Q\n---\n')
    repo.git('add', '.')
    assert _commit(repo) == (0, f'{ID}: 3 older problems in 2 documents; run daybook {ID}\n')
    repo.write('plans/p.md', f'{BAD}\n')
    repo.git('add', '.')
    assert _commit(repo) == (1, f'{NO_TITLE}{DEAD}{ID}: 1 older problem in 1 document; run daybook {ID}\n')
    assert _all(repo, '--all', env={'GIT_INDEX_FILE': '.git/index'}) == (1, dead + NO_TITLE + DEAD)


def test_clean_is_silent(repo: Sandbox) -> None:
    assert _all(repo) == (0, '')
    repo.write('plans/p.md', '---\ntitle: P\n---\n[x](p.md)\n')
    repo.git('add', '.')
    assert _all(repo) == (0, '')
    _install(repo)
    assert _commit(repo) == (0, '')


def test_formats(repo: Sandbox) -> None:
    repo.write('plans/p.md', BAD)
    repo.commit()
    code, output = _all(repo, env={'GITHUB_ACTIONS': 'true'})
    assert (code, output.splitlines()[:2]) == (1, ['::error file=plans/p.md,line=2,title=frontmatter-schema::missing key: title', f'  {NO_TITLE[:-1]}'])
    assert [one['rule'] for one in json.loads(_all(repo, env={'DAYBOOK_FORMAT': 'json'})[1])] == ['frontmatter-schema', 'link-missing']
    repo.write('plans/q.md', '---\ntitle: Q\n---\n')
    repo.git('add', '.')
    run = repo.daybook(ID, env={'DAYBOOK_FORMAT': 'json', 'GIT_INDEX_FILE': '.git/index'})
    assert (run.returncode, json.loads(run.stdout), run.stderr) == (0, [], ONE_LINE)
    assert repo.daybook(ID, env={'DAYBOOK_FORMAT': 'xml'}).returncode == 2
    assert repo.daybook(ID, '--no-such').returncode == 2


def test_a_push_answers_for_its_own_commits(repo: Sandbox) -> None:
    repo.write('plans/p.md', BAD)
    base = repo.commit()
    repo.write('plans/q.md', '---\ntitle: Q\n---\n')
    clean = repo.commit()
    repo.write('plans/r.md', BAD)
    worse = repo.commit()
    assert _all(repo, env={'PRE_COMMIT_FROM_REF': base, 'PRE_COMMIT_TO_REF': clean}) == (
        0, f'{ID}: 4 older problems in 2 documents; run daybook {ID}\n')
    assert _all(repo, env={'PRE_COMMIT_FROM_REF': clean, 'PRE_COMMIT_TO_REF': worse}) == (
        1, f'{NO_TITLE}{DEAD}{ONE_LINE}'.replace('plans/p', 'plans/r'))
    assert _all(repo)[1].count('plans/') == 6, 'by hand everything counts'


def test_settings_that_somebody_else_broke_stop_nobody(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'sesions:\n')
    repo.commit()
    _install(repo)
    repo.write('plans/p.md', BAD)
    repo.git('add', '.')
    in_json = repo.daybook(ID, env={'DAYBOOK_FORMAT': 'json', 'GIT_INDEX_FILE': '.git/index'})
    assert (json.loads(in_json.stdout), 'nothing was checked' in in_json.stderr) == ([], True)
    assert _commit(repo) == (0, f'.daybook/config.yaml is wrong, so nothing was checked; run daybook {ID}\n')
    code, output = _all(repo)
    assert (code, 'did you mean `sessions`?' in output) == (1, True)
    repo.write('.daybook/config.yaml', 'sesions:\nmore:\n')
    repo.git('add', '.')
    assert _commit(repo)[0] == 1


def test_our_own_documents_are_green() -> None:
    assert _all(Sandbox(ROOT), '--all') == (0, '')


@pytest.mark.parametrize('step', ['rm', 'mv'])
def test_a_branch_leaves_the_index_to_the_job_that_renews_it(repo: Sandbox, step: str) -> None:
    repo.write('.daybook/config.yaml', 'indexes: {when: default-branch}\n')
    for name in 'ab':
        repo.write(f'plans/{name}.md', f'---\ntitle: {name}\n---\n')
    repo.write('plans/by-hand/INDEX.md', '[b](../b.md)\n')
    repo.git('add', '.')
    repo.daybook('regen-indexes', '--force')
    repo.commit()
    assert '](./a.md)' in repo.read('plans/INDEX.md')
    _install(repo)
    repo.git('switch', '-qc', 'topic')
    repo.git(step, 'plans/a.md', *(['plans/c.md'] if step == 'mv' else []))
    assert _commit(repo) == (0, '')
    assert _all(repo) == (0, '')
    repo.git('rm', '-q', 'plans/b.md')
    code, said = _commit(repo)
    assert (code, 'plans/by-hand/INDEX.md:1: ' in said, 'plans/INDEX.md:' in said) == (1, True, False), said
