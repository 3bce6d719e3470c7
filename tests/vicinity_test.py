"""A commit is looked at through the catalogue: what is told is what a look at all documents tells, after any edits."""
from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.checks import asking
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.documents import catalogue
from daybook.hooks import check_invariant
from daybook.hooks import validate_frontmatter

HOOKS = (validate_frontmatter, check_invariant)
PATHS = ('docs/sessions/RT-260101-01.md', 'docs/sessions/rt-260101-01.md', 'docs/sessions/RT-260101-02.md', 'docs/sessions/old.md',
         'plans/p.md', 'plans/q.md', 'plans/0007-x.md', 'plans/deep/p.md', 'docs/adr/0001-a.md', 'docs/adr/0002-b.md', 'docs/adr/0001-c.md',
         'workstreams/w.md', 'workstreams/v.md', 'elsewhere/RT-260101-01.md', 'elsewhere/p.md', 'notes.txt', 'scripts/x.sh')
NAMES = ('p', 'q', '7', '0007-x', 'ADR-1', '1', '2', '0002-b', 'w', 'v', 'W', 'x-1', './p.md', '../plans/q.md', 'elsewhere/p.md', 'none',
         '[[w|ours]]', 'notes.txt')
IDS = ('RT-260101-01', 'rt-260101-01', 'RT-260101-02', 'x-1', 'p', '7')
TEXTS = ('## Summary\n\nx\n\n## Resume Prompt\n\nGo on.\n', '## Resume Prompt\n\ncurl https://api.notion.com/v1\n', '# A title\n', 'x')


def _text(rng: random.Random) -> str:
    if rng.random() < 0.1:
        return rng.choice(('', 'no head', '---\nnever: closed\n', '---\na: [\n---\n', 'curl https://api.notion.com/v1/pages\n'))
    keys = {'title': 'T', 'id': rng.choice(IDS), 'external_id': rng.choice(IDS), 'plan': rng.choice(NAMES), 'workstream': rng.choice(NAMES),
            'supersedes': rng.choice(NAMES), 'superseded_by': f'[{rng.choice("pq17")}, {rng.choice("wv2")}]', 'operator': rng.choice(('roman', 'nobody')),
            'claimed_at': '"2026-11-20T09:00:00Z"', 'created': '"2026-11-20"', 'source_path': rng.choice(PATHS),
            'tool_calls_breakdown': rng.choice(('{mcp__notion: 0}', '{mcp__notion: 2}', '{Bash: 1}'))}
    chosen = [key for key in keys if rng.random() < (0.8 if key == 'title' else 0.3)]
    return '---\n' + ''.join(f'{key}: {keys[key]}\n' for key in chosen) + '---\n\n' + rng.choice(TEXTS)


def _change(repo: Sandbox, rng: random.Random) -> None:
    path = rng.choice(PATHS)
    kind = rng.randrange(20)
    if kind < 11:
        repo.write(path, _text(rng))
    elif kind < 14 and (repo.root / path).exists():
        (repo.root / path).unlink()
    elif kind == 14 and (repo.root / path).exists() and not (repo.root / (other := rng.choice(PATHS))).exists():
        (repo.root / other).parent.mkdir(parents=True, exist_ok=True)
        (repo.root / path).rename(repo.root / other)
    elif kind == 15:
        repo.write('.daybook/operators.yaml', f'operators:\n  {rng.choice(("roman", "sergei"))}: {{initials: RT}}\n')
    elif kind == 16:
        repo.write('.daybook/config.yaml', f'sessions: {{slug: {rng.choice(("true", "false"))}}}\n')
    elif kind == 17 and (repo.root / path).exists():
        (repo.root / path).write_bytes((repo.root / path).read_bytes() + b'\nmore\n')
    if kind != 18:
        repo.git('add', '--all')
    if rng.random() < 0.4:
        repo.git('commit', '-q', '--allow-empty', '--no-verify', '-m', 'x')


def _look(hook: object) -> Look:
    found = hook.look(Scope(asking.ask(os.environ)(), os.environ, today='2026-11-21'))
    return Look(set(found.problems), {path: count for path, count in found.older.items() if count}, found.notes)


def _look_at_all(hook: object, root: Path, aside: Path) -> Look:
    """Return what is told where nothing is known, and leave what is known as it was."""
    kept = root / '.git/daybook'
    if kept.exists():
        kept.rename(aside)
    try:
        return _look(hook)
    finally:
        shutil.rmtree(kept, ignore_errors=True)
        if aside.exists():
            aside.rename(kept)


@pytest.mark.parametrize('seed', range(6))
def test_it_tells_what_a_look_at_all_tells(repo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.chdir(repo.root)
    rng = random.Random(seed)
    repo.git('commit', '-q', '--allow-empty', '-m', 'first')
    monkeypatch.setenv('GIT_INDEX_FILE', '.git/index')
    for step in range(40):
        _change(repo, rng)
        for hook in HOOKS:
            if rng.random() < 0.8:  # else what is kept falls behind by more than one change
                found, told = _look(hook), _look_at_all(hook, repo.root, tmp_path / 'aside')
                assert found == told, f'step {step}, {hook.HOOK_ID}'


@pytest.mark.parametrize('hook', HOOKS, ids=lambda hook: hook.HOOK_ID)
def test_a_damaged_or_foreign_catalogue_changes_no_answer(repo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: object) -> None:
    monkeypatch.chdir(repo.root)
    rng = random.Random(3)
    for path in PATHS:
        repo.write(path, _text(rng))
    repo.commit()
    monkeypatch.setenv('GIT_INDEX_FILE', '.git/index')
    repo.write('docs/sessions/RT-260101-01.md', _text(rng))
    repo.git('add', '--all')
    _look(hook)
    kept, = (repo.root / '.git/daybook').glob('catalogue-*.sqlite')
    sound, told = kept.read_bytes(), _look_at_all(hook, repo.root, tmp_path / 'aside')
    assert _look(hook) == told
    for number in range(20):
        at = rng.randrange(len(sound))
        damaged = (b'', b'no database', sound[:at], sound[:at] + rng.randbytes(300) + sound[at + 300:])[min(number, 3)]
        for other in kept.parent.iterdir():
            other.unlink()
        kept.write_bytes(damaged)
        assert _look(hook) == told, f'damage {number} at {at}'


def test_a_circle_is_seen_from_any_of_its_documents(repo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.root)

    def said(name: str, keys: str) -> None:
        repo.write(f'docs/adr/{name}.md', f'---\ntitle: T\n{keys}---\n')
        repo.git('add', '--all')

    def told() -> list[str]:
        monkeypatch.setenv('GIT_INDEX_FILE', '.git/index')
        found = _look(validate_frontmatter)
        assert found == _look_at_all(validate_frontmatter, repo.root, tmp_path / 'aside')
        monkeypatch.delenv('GIT_INDEX_FILE')
        return sorted(wrong.path for wrong in found.problems if wrong.rule == 'supersedes-cycle') + sorted(found.older)

    names = ['0001-a', '0002-b', '0003-c', '0004-d']
    paths = [f'docs/adr/{name}.md' for name in names[:3]]
    for name, keys in zip(names, ('supersedes: 0002-b\n', '', 'superseded_by: 0002-b\n', '')):
        said(name, keys)
    repo.commit()
    said('0004-d', 'summary: S\n')
    assert told() == []
    said('0003-c', 'superseded_by: 0002-b\nsupersedes: 0001-a\n')
    assert told() == paths
    repo.commit()
    said('0004-d', 'summary: T\n')
    assert told() == paths, 'older ones are counted'
    said('0002-b', 'summary: it says nothing of the others\n')
    assert told() == paths
    said('0003-c', 'summary: it lets go\n')
    assert told() == []


def test_a_busy_catalogue_is_asked_once_and_done_without(repo: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write('docs/sessions/RT-260101-01.md', '---\nbroken: true\n---\n')
    repo.git('add', '--all')
    monkeypatch.chdir(repo.root)
    monkeypatch.setenv('GIT_INDEX_FILE', '.git/index')
    monkeypatch.setattr(catalogue, '_BUSY', 0.01)
    told = _look_at_all(validate_frontmatter, repo.root, tmp_path / 'aside')
    asked, ask = [], catalogue.open_in
    monkeypatch.setattr(catalogue, 'open_in', lambda folder: asked.append(folder) or ask(folder))
    with ask(str(repo.root / '.git')) as other, other.writing() as is_mine:
        assert is_mine and _look(validate_frontmatter) == told and told.problems
    assert len(asked) == 1
    _look(validate_frontmatter)
    assert len(asked) == 2
