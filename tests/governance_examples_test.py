"""What the governance hooks say of their examples, which are found by folder: tests/data/hooks/<id>/{good,bad}/."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from conftest import Sandbox
from governance import TODAY
from governance import cases
from governance import fill
from governance import run

# the words after the id; good examples of `check-cochange` have to be committed, and are its own test's
GOOD: dict[str, tuple[str, ...]] = {'check-authority': (), 'check-freshness': ('--strict', '--as-of', TODAY), 'check-lifecycle': (), 'check-zones': ()}
BAD = {**dict.fromkeys(GOOD, ()), 'check-cochange': (), 'check-freshness': ('--as-of', TODAY)}


def _examples(kind: str, hook_ids: Iterable[str]) -> list[object]:
    return [pytest.param(hook_id, case, id=f'{hook_id}-{case.name}') for hook_id in hook_ids for case in cases(hook_id, kind)]


@pytest.mark.parametrize(('hook_id', 'case'), _examples('good', GOOD))
def test_good(repo: Sandbox, hook_id: str, case: Path) -> None:
    fill(repo, case)
    assert run(repo, hook_id, *GOOD[hook_id]) == (0, '')


@pytest.mark.parametrize(('hook_id', 'case'), _examples('bad', BAD))
def test_bad(repo: Sandbox, hook_id: str, case: Path) -> None:
    fill(repo, case)
    assert run(repo, hook_id, *BAD[hook_id]) == (1, (case / 'expected.txt').read_text())
