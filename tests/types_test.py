"""Every annotation holds: mypy in its strict mode, with the settings of pyproject.toml, finds nothing."""
from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(importlib.util.find_spec('mypy') is None, reason="no types were checked without mypy; pip install --editable '.[test]'")


def _mypy(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((sys.executable, '-m', 'mypy', *words), cwd=ROOT, capture_output=True, text=True)


def test_types() -> None:
    files = {*(ROOT / 'src').rglob('*.py'), *(ROOT / 'hooks').glob('*.py')} - {ROOT / 'hooks/session_state.py'}
    found = _mypy()  # in the cache, which git ignores, is what has not changed since
    assert (found.stdout, found.stderr, found.returncode) == (f'Success: no issues found in {len(files)} source files\n', '', 0)


def test_the_test_sees_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / 'wrong.py'
    wrong.write_text('from daybook.documents import slugs\n\n\ndef slug(number):\n    return number\n\n\nslugs.slug(1)\n')
    found = _mypy('--cache-dir', str(tmp_path), str(wrong))  # its own: two runs at once must not share one
    assert [line.rpartition('[')[2] for line in found.stdout.splitlines()[:-1]] == ['no-untyped-def]', 'arg-type]']
    assert found.returncode == 1
