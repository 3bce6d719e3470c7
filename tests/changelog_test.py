"""One line in a changelog: below `Unreleased`, once, everything else as it was."""
from __future__ import annotations

import pytest

from daybook.writers import changelog

_LINE = '- RT-261101-01: Fix \\*all\\*\n'
_ENTRY = 'RT-261101-01: Fix *all*'

# before, after
_TABLE = [
    ('', f'# Changelog\n\n## Unreleased\n\n{_LINE}'),
    ('# Changes\n', f'# Changes\n\n## Unreleased\n\n{_LINE}'),
    ('# Changes', f'# Changes\n\n## Unreleased\n\n{_LINE}'),
    ('# Changes\n\n## 1.0\n\n- x\n', f'# Changes\n\n## Unreleased\n\n{_LINE}\n## 1.0\n\n- x\n'),
    ('# Changes\n\n1.0\n---\n\n- x\n', f'# Changes\n\n## Unreleased\n\n{_LINE}\n1.0\n---\n\n- x\n'),
    ('## Unreleased\n\n- x\n', f'## Unreleased\n\n{_LINE}- x\n'),
    ('## [Unreleased]\n\n- x\n', f'## [Unreleased]\n\n{_LINE}- x\n'),
    ('## [Unreleased](https://x.y)\n\n- x\n', f'## [Unreleased](https://x.y)\n\n{_LINE}- x\n'),
    ('## Unreleased\n\n* x\n', f'## Unreleased\n\n*{_LINE[1:]}* x\n'),
    ('## Unreleased\n\n- x\n\n- y\n', f'## Unreleased\n\n{_LINE}\n- x\n\n- y\n'),
    ('## Unreleased\n\n### Added\n\n- x\n', f'## Unreleased\n\n{_LINE}\n### Added\n\n- x\n'),
    ('## Unreleased\n\nwords\n', f'## Unreleased\n\n{_LINE}\nwords\n'),
    ('## Unreleased\n', f'## Unreleased\n\n{_LINE}'),
    ('## Unreleased', f'## Unreleased\n\n{_LINE}'),
    ('## Unreleased\n## 1.0\n', f'## Unreleased\n\n{_LINE}\n## 1.0\n'),
    ('---\ntitle: x\n---\n\n## 1.0\n', f'---\ntitle: x\n---\n\n## Unreleased\n\n{_LINE}\n## 1.0\n'),
    ('```md\n## Unreleased\n```\n', f'```md\n## Unreleased\n```\n\n## Unreleased\n\n{_LINE}'),
    ('## 2.0\n\n' + _LINE, f'# Changelog\n\n## Unreleased\n\n{_LINE}\n## 2.0\n\n{_LINE}'),
]


_CRLF = [(before.replace('\n', '\r\n'), after.replace('\n', '\r\n')) for before, after in _TABLE if '\n' in before]


@pytest.mark.parametrize(('before', 'after'), [*_TABLE, *_CRLF])
def test_inserts_once(before: str, after: str) -> None:
    assert changelog.insert(before, _ENTRY) == after
    assert changelog.insert(after, _ENTRY) == after


def test_bytes_that_are_not_utf8_stay() -> None:
    before = b'\xef\xbb\xbf# Caf\xe9\n'.decode('utf-8', 'surrogateescape')
    assert changelog.insert(before, _ENTRY).encode('utf-8', 'surrogateescape').startswith(b'\xef\xbb\xbf# Caf\xe9\n\n## Unreleased\n')
