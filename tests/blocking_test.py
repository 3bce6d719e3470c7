"""What blocks what, rule by rule: the change that causes a problem is stopped, nobody else's is, and CI stops everything.

The rules are found in the code: a new one needs a row here.
"""
from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import ROOT
from conftest import Sandbox

ID = 'check-all'


class Link(NamedTuple):
    """A symbolic link."""

    target: str


class Loose(NamedTuple):
    """A file that nobody adds."""

    text: str


class Module(NamedTuple):
    """A submodule: what git holds of it is a commit."""


class Row(NamedTuple):
    """The files whose coming breaks a rule, those that stand there before (both or a later content), how bad it is."""

    bad: dict[str, object]
    before: dict[str, object] = {}
    level: str = 'error'


def _note(note_id: str, body: str = '## Summary\n\n## Resume Prompt\n', head: str = 'tool_calls_breakdown: {mcp__notion: 0}\n') -> str:
    return (f'---\ntitle: T\noperator: roman\nsummary: S\nkind: session\nid: {note_id}\ncreated: 2026-11-20\n'
            f'claimed_at: 2026-11-20T09:00:00Z\n{head}---\n\n{body}')


def _plan(head: str) -> str:
    return f'---\ntitle: P\n{head}---\n'


DOCS = 'kinds: {doc: {paths: [docs/governed/*.md]}, runbook: {paths: [ops/*.md], schema: rb.json}}\n'
ALL_ROWS = {
    'claim-stub': Row({'docs/sessions/QA-261120-02.md': '---\nclaimed_at: 2026-11-20T09:00:00Z\noperator: roman\nkind: session\n---\n'}),
    'frontmatter-missing': Row({'docs/sessions/2024-03-01.md': '# A note\n'}),
    'frontmatter-conflict': Row({'plans/conflict.md': '---\n<<<<<<< ours\ntitle: A\n=======\ntitle: B\n>>>>>>> theirs\n---\n'}),
    'conflict-marker': Row({'plans/merged.md': f'{_plan("")}<<<<<<< ours\nA\n=======\nB\n>>>>>>> theirs\n'}),
    'frontmatter-duplicate-key': Row({'plans/twice.md': _plan('title: Q\n')}),
    'frontmatter-list': Row({'plans/list.md': '---\n- entity: plan\n- title: P\n---\n'}),
    'frontmatter-schema': Row({'plans/schema.md': '---\nowner: nobody\n---\n'}),
    'frontmatter-value': Row({'plans/value.md': _plan('zone: secret\n')}, level='warning'),
    'frontmatter-size': Row({'plans/size.md': _plan(f'x: {"y" * (1 << 20)}\n')}),
    'frontmatter-type': Row({'plans/type.md': '---\njust words\n---\n'}),
    'frontmatter-unclosed': Row({'plans/unclosed.md': '---\ntitle: P\n'}),
    'frontmatter-yaml': Row({'plans/yaml.md': '---\ntitle: P: the plan\n---\n'}),
    'id-duplicate': Row({'docs/sessions/b/QA-261120-03.md': _note('QA-261120-03')}, {'docs/sessions/a/QA-261120-03.md': _note('QA-261120-03')}),
    'id-file-name': Row({'docs/sessions/name.md': '---\ntitle: A\nid: b\n---\n'}),
    'id-pattern': Row({'docs/sessions/monday.md': _note('monday')}),
    'operator-unknown': Row({'docs/sessions/who.md': '---\ntitle: A\noperator: nina\n---\n'},
                            {'.daybook/operators.yaml': 'operators: {roman: {initials: RT}}\n'}, level='warning'),
    'operators-unique': Row({'.daybook/operators.yaml': 'operators: {roman: {initials: RT}, ruth: {initials: RT}}\n'}),
    'reference-dangling': Row({'plans/supersedes.md': _plan('supersedes: nothing\n')}),
    'section-missing': Row({'docs/sessions/QA-261120-04.md': _note('QA-261120-04', '## Summary\n')}),
    'section-order': Row({'docs/sessions/QA-261120-05.md': _note('QA-261120-05', '## Resume Prompt\n\n## Summary\n')}, level='warning'),
    'kind-schema': Row({'rb.json': '{"type": '}, {'.daybook/config.yaml': DOCS, 'rb.json': '{}', 'ops/a.md': _plan('')}),
    'settings': Row({'.daybook/operators.yaml': 'operators: {roman: {initials: r}}\n'}),
    'supersedes-cycle': Row({'docs/adr/b.md': _plan('supersedes: a\n')}, {'docs/adr/a.md': _plan('supersedes: b\n'), 'docs/adr/b.md': _plan('')}),
    'link-missing': Row({'target.md': None}, {'missing.md': '[x](target.md)\n', 'target.md': '# T\n'}),
    'link-anchor': Row({'page.md': '# Two\n'}, {'anchor.md': '[x](page.md#one)\n', 'page.md': '# One\n'}),
    'link-case': Row({'Case.md': None, 'case.md': '# C\n'}, {'cased.md': '[x](Case.md)\n', 'Case.md': '# C\n'}),
    'link-outside': Row({'outside.md': '[x](../../x.md)\n'}),
    'link-absolute': Row({'absolute.md': '[x](/Users/roman/x.md)\n'}),
    'link-line-number': Row({'line.md': '[x](src.py:12)\n', 'src.py': '1\n'}),
    'link-symlink': Row({'symlink.md': '[x](round.md)\n', 'round.md': Link('round.md')}),
    'link-submodule': Row({'.daybook/config.yaml': f'{DOCS}links: {{submodules: reject}}\n'}, {'module.md': '[x](vendor/x.md)\n', 'vendor': Module()}),
    'link-untracked': Row({'untracked.md': '[x](loose.md)\n', 'loose.md': Loose('# L\n')}),
    'link-wikilink': Row({'plans/wiki.md': f'{_plan("")}[[wiki-target]]\n', 'plans/wiki-target.md': _plan('')}),
    # a note that tells the truth must be committed: by hand and in CI these are errors
    'invariant-counter': Row({'docs/sessions/QA-261120-06.md': _note('QA-261120-06', head='tool_calls_breakdown: {mcp__notion: 3}\n')}, level='warning'),
    'invariant-missing': Row({'docs/sessions/QA-261120-07.md': _note('QA-261120-07', head='')}, level='warning'),
    'invariant-null': Row({'docs/sessions/QA-261120-08.md': _note('QA-261120-08', head='tool_calls_breakdown: {mcp__notion: null}\n')}, level='warning'),
    'invariant-unwitnessed': Row({'docs/sessions/QA-261120-09.md': _note('QA-261120-09')}, {'docs/sync/LAST_SYNC.md': '# Sync\n'}, level='warning'),
    'invariant-call': Row({'.claude/commands/find.md': 'Call mcp__notion__search for the page.\n'}),
    'frontmatter-key': Row({'plans/slip.md': _plan('sumary: b\n')}, level='warning'),
    'header-path': Row({'plans/path.md': _plan('source_path: elsewhere.md\n')}),
    'header-version': Row({'plans/report_v02.md': _plan('version: "1"\n')}),
    'header-incomplete': Row({'docs/governed/d.md': _plan('entity: x\n')}, {'.daybook/config.yaml': DOCS}, level='warning'),
    'baseline-stale': Row({'.daybook/links-baseline.txt': 'gone.md: no.md\n'}, level='warning'),
}
def _rules_in(path: Path) -> set[str]:
    """Return the texts of a module that look like the name of a rule."""
    found = {node.value for node in ast.walk(ast.parse(path.read_text()))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in found if re.fullmatch(r'[a-z]+(?:-[a-z]+)+', text)}


@functools.cache
def _rules() -> set[str]:
    """Return all rules: a module that makes problems names them, or takes them from `destination`."""
    source = ROOT / 'src/daybook'
    everything = '\n'.join(path.read_text() for path in (*source.rglob('*.py'), *(ROOT / 'hooks').glob('*.py')))
    modules = [path for room in ('rules', 'documents', 'checks') for path in (source / room).glob('*.py')
               if 'from daybook.problem import Problem' in path.read_text() and f'import {path.stem}\n' in everything]
    hooks = {path.stem.replace('_', '-') for path in (ROOT / 'hooks').glob('*.py')}  # which are called by their names
    return {'settings'}.union(*map(_rules_in, [*modules, source / 'documents/destination.py'])) - hooks


# of what no commit runs, what only looks like a rule, and what is over with the commit that does it
NONE = frozenset({'sync-age', 'notion-client', 'lifecycle-move'})
ROWS = {rule: row for rule, row in ALL_ROWS.items() if rule in _rules()}
LOOSE = [path for row in ROWS.values() for path, what in row.bad.items() if isinstance(what, Loose)]
# the rules of governance need more than a file each: their hooks' examples stand for rows
EXAMPLES = [path for hook in ('check-authority', 'check-cochange', 'check-freshness', 'check-lifecycle', 'check-zones', 'validate-frontmatter')
            for path in sorted((ROOT / 'tests/data/hooks').glob(f'{hook}/bad/*'))]
TODAY = '2026-11-21'
GOVERNED_HEAD = f'owner: roman\nreviewed: {TODAY}\nttl_days: 90\n'  # what any of them asks of a document
# one file cannot break them all
APART = (frozenset({'settings'}), frozenset({'operators-unique', 'operator-unknown'}))


def _told(output: str) -> set[str]:
    return set(re.findall(r'\[([a-z-]+)\]$', output, re.MULTILINE))


def _put(repo: Sandbox, files: dict[str, object]) -> None:
    for path, what in files.items():
        if what is None:
            (repo.root / path).unlink()
        elif isinstance(what, Link):
            (repo.root / path).symlink_to(what.target)
        elif isinstance(what, Module):
            repo.git('update-index', '--add', '--cacheinfo', f'160000,{repo.git("rev-parse", "HEAD")},{path}')
            (repo.root / path).mkdir(exist_ok=True)
        else:
            repo.write(path, what.text if isinstance(what, Loose) else what)  # type: ignore[arg-type]
    repo.git('add', '--all', '--', '.', *(f':(exclude){path}' for path in LOOSE))


def _start(repo: Sandbox) -> str:
    repo.write('README.md', 'x')
    repo.write('.gitignore', '')
    return repo.commit()


def _install(repo: Sandbox) -> None:
    path = repo.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook {ID} --as-of {TODAY}\n')
    path.chmod(0o755)


def _commit(repo: Sandbox) -> tuple[int, str]:
    run = subprocess.run(('git', 'commit', '-q', '-m', 'change'), cwd=repo.root, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def test_every_rule_has_a_row() -> None:
    assert _rules() - NONE <= set(ROWS).union(*map(_expected, GOVERNED))


def _expected(example: Path) -> set[str]:
    return _told((example / 'expected.txt').read_text()) & _rules()


GOVERNED = [example for example in EXAMPLES if _expected(example) - set(ROWS)]


@pytest.mark.parametrize('example', GOVERNED, ids=lambda example: f'{example.parts[-3]}-{example.name}')
def test_an_example_stops_who_brings_it_and_nobody_else(repo: Sandbox, example: Path) -> None:
    start = _start(repo)
    _install(repo)
    shutil.copytree(example, repo.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns('expected.txt'))
    repo.git('add', '--all')
    code, output = _commit(repo)
    rules = _told(output) & _rules()
    assert (code, rules) == (1, rules | _expected(example)), output
    repo.git('commit', '-q', '--no-verify', '-m', 'all that is bad')
    bad = repo.git('rev-parse', 'HEAD')
    _put(repo, {'plans/fine.md': _plan(GOVERNED_HEAD), 'fine.md': '[x](plans/fine.md)\n'})
    code, output = _commit(repo)
    assert (code, _told(output)) == (0, set()), output
    assert 'older problem' in output
    for begin, found in ((bad, (0, set())), (start, (1, rules))):
        run = repo.daybook(ID, '--as-of', TODAY, env={'PRE_COMMIT_FROM_REF': begin, 'PRE_COMMIT_TO_REF': 'HEAD'})
        assert (run.returncode, _told(run.stdout) & _rules()) == found
    run = repo.daybook(ID, '--as-of', TODAY)
    assert (run.returncode, _told(run.stdout) & _rules()) == (1, rules), 'by hand everything blocks'


@pytest.mark.parametrize('rule', ROWS)
def test_who_causes_it_is_stopped(repo: Sandbox, rule: str) -> None:
    row = ROWS[rule]
    _start(repo)
    _put(repo, row.before)
    repo.git('commit', '-q', '--allow-empty', '--no-verify', '-m', 'before')
    _install(repo)
    _put(repo, row.bad)
    code, output = _commit(repo)
    assert rule in _told(output), output
    told = [line for line in output.splitlines() if line.endswith(']')]
    assert {': warning: ' in line for line in told if line.endswith(f'[{rule}]')} == {row.level == 'warning'}
    assert code == (not all(': warning: ' in line for line in told))


def _all_bad(repo: Sandbox, apart: frozenset[str]) -> set[str]:
    """Commit what breaks all rules but those of `apart`; return the others."""
    rules = sorted(set(ROWS) - apart)
    for files in (ROWS[rule].before for rule in rules):
        _put(repo, files)
    for files in (ROWS[rule].bad for rule in rules):
        _put(repo, files)
    repo.git('commit', '-q', '--no-verify', '-m', 'all that is bad')
    return set(rules)


@pytest.mark.parametrize('apart', APART, ids=lambda apart: f'without {" ".join(sorted(apart))}')
def test_a_bystander_is_not_stopped_and_ci_is(repo: Sandbox, apart: frozenset[str]) -> None:
    start = _start(repo)
    rules = _all_bad(repo, apart)
    bad = repo.git('rev-parse', 'HEAD')
    _install(repo)
    _put(repo, {'plans/fine.md': _plan(''), 'fine.md': '[x](plans/fine.md)\n'})
    code, output = _commit(repo)
    assert (code, _told(output)) == (0, set()), output
    assert re.fullmatch(rf'{ID}: \d+ older problems in \d+ documents; run daybook {ID}\n', output)
    assert (repo.daybook(ID).returncode, _told(repo.daybook(ID).stdout)) == (1, rules), 'by hand everything blocks'

    def push(begin: str) -> tuple[int, set[str]]:
        run = repo.daybook(ID, env={'PRE_COMMIT_FROM_REF': begin, 'PRE_COMMIT_TO_REF': 'HEAD'})
        return run.returncode, _told(run.stdout)
    assert push(bad) == (0, set())
    assert push(start) == (1, rules)


@pytest.mark.parametrize('runner', ('pre-commit', 'prek'))
def test_runners_block_on_everything_in_ci(repo: Sandbox, runner: str) -> None:
    _start(repo)
    rules = _all_bad(repo, APART[0])
    repo.write('.pre-commit-config.yaml', 'repos:\n- repo: local\n  hooks:\n'
               f'  - {{id: {ID}, name: all, entry: {sys.executable} -m daybook {ID}, language: system, always_run: true, pass_filenames: false}}\n')
    repo.git('add', '.pre-commit-config.yaml')
    run = subprocess.run((f'{sys.prefix}/bin/{runner}', 'run', '--all-files'), cwd=repo.root, capture_output=True, text=True)
    found = {rule for line in run.stdout.splitlines() for rule in _told(line)}
    assert (run.returncode, found) == (1, rules), run.stdout
    repo.git('add', '.pre-commit-config.yaml')
    run = subprocess.run((f'{sys.prefix}/bin/{runner}', 'run'), cwd=repo.root, capture_output=True, text=True)
    assert run.returncode == 1, 'no index is being committed: this is by hand'
