"""The Session Log: what is inserted can be taken out again, and nothing else has changed."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.documents import markdown
from daybook.writers import session_log
from daybook.writers.session_log import LogEntry

NEW = LogEntry('RT-261120-01', '../docs/sessions/RT-261120-01.md', '2026-11-20', 'First')
LINE = '- [RT-261120-01](../docs/sessions/RT-261120-01.md) (2026-11-20): First\n'
OLD = '- [SK-261119-01](../docs/sessions/SK-261119-01.md) (2026-11-19): Old\n'
PEER = '- [SK-261120-01](../docs/sessions/SK-261120-01.md) (2026-11-20): Peer\n'
HEAD = '# Build\n\n## Session Log\n'

UNCHANGED = [
    f'{HEAD}\n{LINE}',
    f'{HEAD}\n{OLD}{LINE}\n## After\n',
    f'{HEAD}\n* [RT-261120-01](./elsewhere.md): by hand\n',
    f'{HEAD}\n- RT-261120-01: by hand, without a link\n',
    f'{HEAD}\n- [RT-261120-01-with-a-slug](./x.md) (2026-11-20): First\n',
    f'{HEAD}\n{LINE}'.replace('\n', '\r\n'),
]
INSERTED = [  # text before, and after
    ('', f'## Session Log\n\n{LINE}'),
    ('# Build\n', f'# Build\n\n## Session Log\n\n{LINE}'),
    ('# Build', f'# Build\n\n## Session Log\n\n{LINE}'),
    ('# Build\n\n', f'# Build\n\n## Session Log\n\n{LINE}'),
    (HEAD, f'{HEAD}\n{LINE}'),
    (HEAD.rstrip(), f'{HEAD}\n{LINE}'),
    (f'{HEAD}\n', f'{HEAD}\n{LINE}'),
    (f'{HEAD}\n{OLD}', f'{HEAD}\n{LINE}{OLD}'),
    (f'{HEAD}{OLD}', f'{HEAD}\n{LINE}{OLD}'),
    (f'{HEAD}\n{OLD}'.rstrip(), f'{HEAD}\n{LINE}{OLD}'.rstrip()),
    (f'{HEAD}\n* old\n* older\n', f'{HEAD}\n*{LINE[1:]}* old\n* older\n'),
    (f'{HEAD}\n+ old\n', f'{HEAD}\n+{LINE[1:]}+ old\n'),
    (f'{HEAD}\n- a\n\n- b\n', f'{HEAD}\n{LINE}\n- a\n\n- b\n'),  # a loose list stays loose
    (f'{HEAD}\n1. old\n', f'{HEAD}\n{LINE}\n1. old\n'),
    (f'{HEAD}\nNewest first.\n\n{OLD}', f'{HEAD}\n{LINE}\nNewest first.\n\n{OLD}'),
    (f'{HEAD}## After\n', f'{HEAD}\n{LINE}\n## After\n'),
    (f'{HEAD}\n\n\n## After\n', f'{HEAD}\n\n\n{LINE}\n## After\n'),
    ('Session Log\n-----------\n', f'Session Log\n-----------\n\n{LINE}'),
    ('### session LOG ###\n', f'### session LOG ###\n\n{LINE}'),
    # not the section: in a fence, in a quotation, in a comment
    (f'```md\n{HEAD}```\n', f'```md\n{HEAD}```\n\n## Session Log\n\n{LINE}'),
    ('> ## Session Log\n', f'> ## Session Log\n\n## Session Log\n\n{LINE}'),
    ('<!--\n## Session Log\n-->\n', f'<!--\n## Session Log\n-->\n\n## Session Log\n\n{LINE}'),
    # the id is named elsewhere: that is no entry
    (f'- RT-261120-01: a task\n\n{HEAD}', f'- RT-261120-01: a task\n\n{HEAD}\n{LINE}'),
    (f'{HEAD}\n{OLD}\n## After\n\n- RT-261120-01 did this\n', f'{HEAD}\n{LINE}{OLD}\n## After\n\n- RT-261120-01 did this\n'),
    (f'{HEAD}\n- [RT-261120-01k7f](./x.md) (2026-11-20): x\n', f'{HEAD}\n{LINE}- [RT-261120-01k7f](./x.md) (2026-11-20): x\n'),
    # an entry of a later day, which a peer has pushed, stays above
    (f'{HEAD}\n{PEER.replace("-20)", "-21)")}{OLD}', f'{HEAD}\n{PEER.replace("-20)", "-21)")}{LINE}{OLD}'),
    (f'{HEAD}\n{PEER}{OLD}', f'{HEAD}\n{LINE}{PEER}{OLD}'),
]


@pytest.mark.parametrize('text', UNCHANGED)
def test_an_entry_that_is_there_changes_nothing(text: str) -> None:
    assert session_log.insert(text, NEW) == text


@pytest.mark.parametrize(('text', 'expected'), INSERTED)
@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_insert(text: str, expected: str, newline: str) -> None:
    if newline == '\r\n' and '\n' not in text:
        pytest.skip('no line end that could tell')
    result = session_log.insert(text.replace('\n', newline), NEW)
    assert result == expected.replace('\n', newline)
    assert session_log.insert(result, NEW) == result


PIECES = st.sampled_from([
    '# Build', '## Session Log', '## Session Log', '### Session log', '## Goal', '', '', OLD.strip(), PEER.strip(),
    '* star', '  continued', '1. one', '```', '~~~', '> ## Session Log', '<!--', '-->', '---', 'Session Log',
    '    indented', '- [ ] task', '\t- tab', 'text\u2028text', '* * *', '|a|b|', '- \x0b', 'é',
])


@given(st.lists(PIECES, max_size=12), st.sampled_from(['\n', '\r\n']), st.booleans())
def test_insert_only(pieces: list[str], newline: str, is_ended: bool) -> None:
    text = newline.join(pieces) + (newline if is_ended and pieces else '')
    result = session_log.insert(text, NEW)
    # one stretch was put in: what stands before and behind it is the whole of the old text
    size = len(result) - len(text)
    assert size > 0
    assert any(result[:at] + result[at + size:] == text for at in range(len(text) + 1))
    assert session_log.insert(result, NEW) == result


HOSTILE = ['](x) [y](z', '# x', '- x', '<!--', '```', 'two\nlines', 'a | b', '*x* _y_ `z`', 'ends in \\', '-' * 200,
           'word ' * 40, '1. ' * 40, '> ' * 45]


@pytest.mark.parametrize('title', HOSTILE)
@pytest.mark.parametrize('target', [NEW.target, '../docs/sessions/RT-261120-01-' + 'a-long-slug-' * 6 + 'x.md'])
def test_hostile_and_long_entries_stay_one_item_and_merge(title: str, target: str) -> None:
    entry = NEW._replace(title=title, target=target)
    text = f'{HEAD}\n{OLD}\n## After\n'
    result = session_log.insert(text, entry)
    assert [h.text for h in markdown.headings(result)] == ['Build', 'Session Log', 'After']
    assert session_log.insert(result, entry) == result
    theirs = f'{HEAD}\n{PEER}{OLD}\n## After\n'
    assert session_log.merge(text, result, theirs) == session_log.insert(theirs, entry)


BASE = f'{HEAD}\n{OLD}\n## After\n'
OURS = f'{HEAD}\n{LINE}{OLD}\n## After\n'
SECOND = LINE.replace('-01]', '-02]').replace('-01.md', '-02.md')
MERGES = [  # base, ours, theirs, merged
    (BASE, BASE, BASE, BASE),
    (BASE, OURS, BASE, OURS),
    (BASE, OURS, OURS, OURS),
    (BASE, OURS, f'{HEAD}\n{PEER}{OLD}\n## After\n', f'{HEAD}\n{LINE}{PEER}{OLD}\n## After\n'),
    (BASE, OURS, f'{HEAD}\n{PEER}{OLD}\n## After\n\nnew text\n', f'{HEAD}\n{LINE}{PEER}{OLD}\n## After\n\nnew text\n'),
    (BASE, OURS, '# Build\n\n## After\n', f'# Build\n\n## After\n\n## Session Log\n\n{LINE}'),
    (BASE, f'{HEAD}\n{SECOND}{LINE}{OLD}\n## After\n', f'{HEAD}\n{PEER}{OLD}\n## After\n',
     f'{HEAD}\n{SECOND}{LINE}{PEER}{OLD}\n## After\n'),
    ('# Build\n', f'# Build\n\n## Session Log\n\n{LINE}', f'# Build\n\n## Session Log\n\n{PEER}',
     f'# Build\n\n## Session Log\n\n{LINE}{PEER}'),
    (BASE, OURS.replace('After', 'Changed'), f'{HEAD}\n{PEER}{OLD}\n## After\n', None),
    (BASE, OURS.replace(OLD, ''), f'{HEAD}\n{PEER}{OLD}\n## After\n', None),
    (BASE, f'{HEAD}\n{OLD}{LINE}\n## After\n', f'{HEAD}\n{PEER}{OLD}\n## After\n', None),  # moved by hand
    (f'{HEAD}\n* a\n', f'{HEAD}\n*{LINE[1:]}* a\n', f'{HEAD}\n*{PEER[1:]}* a\n', f'{HEAD}\n*{LINE[1:]}*{PEER[1:]}* a\n'),
]


@pytest.mark.parametrize(('base', 'ours', 'theirs', 'merged'), MERGES)
@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_merge(base: str, ours: str, theirs: str, merged: str | None, newline: str) -> None:
    sides = [side.replace('\n', newline) for side in (base, ours, theirs)]
    assert session_log.merge(*sides) == (merged.replace('\n', newline) if merged else None)
