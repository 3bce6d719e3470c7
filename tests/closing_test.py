"""What a text leaves open is closed, so that nothing below it is swallowed."""
from __future__ import annotations

import pytest

from daybook.documents import markdown
from daybook.writers import closing

_CLOSED = ['', 'text', '```\ncode\n```', '<!-- c -->', '- item\n  - item', '> quote', '    code', '| a |\n| - |\n| b |',
           '<details>\n<summary>s</summary>\n\ntext\n\n</details>', '[ref]: x', '`open', '**open']
_OPEN = ['```\ncode', '~~~~ md\n```\ncode', '`````py\n```\nx\n```', '<!-- open', 'a\n\n<pre>\nx', '<script>\nx', '<style>', '<?php x',
         '<![CDATA[ x', '<textarea>\nx', '```\ndone\n```\n\n```sh\nopen']


@pytest.mark.parametrize('text', _CLOSED)
def test_keeps_what_is_closed(text: str) -> None:
    assert closing.closed(text) == text


@pytest.mark.parametrize('text', _OPEN)
def test_closes_what_is_open(text: str) -> None:
    closed = closing.closed(text)
    assert closed.startswith(f'{text}\n')
    assert markdown.headings(f'{closed}\n\n## Next\n')[-1].text == 'Next'
    assert closing.closed(closed) == closed
