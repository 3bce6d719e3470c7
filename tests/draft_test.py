"""Drafts: nothing that somebody wrote is lost, whatever its form."""
from __future__ import annotations

import pytest

from daybook.documents import config
from daybook.errors import FatalError
from daybook.session import draft

_KIND = config.DEFAULTS.kind('session')._replace(section_aliases=(('Resume Prompt', ('Next steps',)),))


def _parse(text: str | bytes) -> draft.Draft:
    return draft.parse('d.md', text.encode() if isinstance(text, str) else text, _KIND)


# text, title, preamble, sections
_TABLE: list[tuple[str, str, str, dict[str, str]]] = [
    ('', '', '', {}),
    ('Only words.\n', '', 'Only words.', {}),
    ('# T\n\n## Summary\n\ns\n', 'T', '', {'Summary': 's'}),
    ('T\n=\n\nSummary\n-------\n\ns\n', 'T', '', {'Summary': 's'}),
    ('---\ntitle: M\n---\n\n# M\n\nintro\n\n## Summary\n\ns\n', 'M', 'intro', {'Summary': 's'}),
    ('---\ntitle: 2026\n---\n\n## Summary\n\ns\n', '2026', '', {'Summary': 's'}),
    ('---\ntitle: M\n---\n\n# Other *one*\n\n## Summary\n\ns\n', 'M', 'Other *one*', {'Summary': 's'}),
    ('before\n\n# T\n\nafter\n\n## Summary\n\ns\n', 'T', 'before\n\nafter', {'Summary': 's'}),
    ('## Summary\n\ns\n\n# Late\n\nkept\n', '', '', {'Summary': 's', 'Late': 'kept'}),
    ('# T\n\n## summary\n\na\n\n## SUMMARY\n\nb\n', 'T', '', {'Summary': 'a\n\nb'}),
    ('## next steps\n\ngo\n', '', '', {'Resume Prompt': 'go'}),
    ('## Commits\n\nmine\n\n## files touched\n\ntoo\n', '', '', {'Notes on Commits': 'mine', 'Notes on Files Touched': 'too'}),
    ('## Use `*args` ##\n\nx\n', '', '', {'Use `*args`': 'x'}),
    ('## Summary\n\n```md\n## not a heading\n<!-- kept -->\n```\n', '', '', {'Summary': '```md\n## not a heading\n<!-- kept -->\n```'}),
    ('## Summary\n\n> ## quoted\n\ns\n', '', '', {'Summary': '> ## quoted\n\ns'}),
    ('## Summary\n\n    code\n\ns  \n\n', '', '', {'Summary': '    code\n\ns'}),
    ('## Summary\n\n<!-- todo -->\n', '', '', {'Summary': ''}),
    ('## Summary\n\ns\n\n<!-- keep me -->\n\nt\n', '', '', {'Summary': 's\n\n<!-- keep me -->\n\nt'}),
    ('## Summary\n\ns\n\n### Deeper\n\nt\n', '', '', {'Summary': 's\n\n### Deeper\n\nt'}),
    ('## Odd *one*\n\nx\n\n## Odd *one*\n\ny\n', '', '', {'Odd *one*': 'x\n\ny'}),
    ('##\n\nx\n', '', '', {'': 'x'}),
]


@pytest.mark.parametrize(('text', 'title', 'preamble', 'sections'), _TABLE)
@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_reads(text: str, title: str, preamble: str, sections: dict[str, str], newline: str) -> None:
    found = _parse(text.replace('\n', newline))
    assert (found.title, found.preamble, dict(found.sections)) == (title, preamble, sections)


def test_a_byte_order_mark_is_no_text() -> None:
    assert _parse(b'\xef\xbb\xbf# T\n\n## Summary\n\ns\n')[2:5] == ('T', '', (('Summary', 's'),))
    assert _parse(b'\xef\xbb\xbf---\ntitle: T\n---\n\ns\n')[2:4] == ('T', 's')


def test_the_skeleton_is_empty_until_somebody_writes() -> None:
    text = draft.skeleton(_KIND, 'RT-261101-01')
    found = _parse(text)
    assert found.is_empty and found.meta['id'] == 'RT-261101-01'
    assert [title for title, _ in found.sections] == [title for title in _KIND.sections if title not in draft.CODE_SECTIONS]
    assert not _parse(text.replace('title: ""', 'title: T')).is_empty
    written = _parse(text.replace('## Learnings\n', '## Learnings\n\nabove\n').replace('cost an hour', 'cost a day'))
    assert (written.is_empty, written.section('Learnings'), written.section('For Future Me')) == (False, 'above', '')


@pytest.mark.parametrize(('text', 'is_kept'), [
    ('<!--' * 200_000, True), ('<!-- a --> x', True), ('<!-- a -->\n\n<!-- b -->', False), ('<!-- a -->' * 100_000, False), ('<!-->', True)], ids=range(5))
def test_comments_alone_are_no_text_however_many(text: str, is_kept: bool) -> None:
    assert _parse(f'## Summary\n\n{text}\n').section('Summary') == (text if is_kept else '')


def test_a_hint_between_paragraphs_leaves_one_blank_line() -> None:
    text = draft.skeleton(_KIND, 'X').replace('## Learnings\n', '## Learnings\n\nabove\n')
    below = text.replace('beyond this session. -->\n', 'beyond this session. -->\n\nbelow\n')
    assert _parse(below).section('Learnings') == 'above\n\nbelow'


@pytest.mark.parametrize(('data', 'words'), [
    (b'---\ntitle: [\n---\n', 'd.md:'),
    (b'---\na: 1\na: 2\n---\n', 'd.md:3: duplicate key'),
    (b'## Summary\n\n\xff\n', 'd.md: the draft is not UTF-8'),
])
def test_refuses_with_the_place(data: bytes, words: str) -> None:
    with pytest.raises(FatalError, match=words.replace('.', r'\.')) as caught:
        _parse(data)
    assert 'nothing was written' in str(caught.value)
