"""An index by hand: its lines become summaries, its prose stays byte for byte, and no word is lost."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from daybook.writers import index_adoption
from daybook.writers.index_adoption import Target

FOLDER = 'docs/sessions'
HEAD = '# Our log\n\nNewest first.\n\n'
ADDRESSES = {'a.md': 'Alpha', '2026-05-01-b.md': 'Beta', 'ü c.md': 'Gamma', 'd.md': 'Delta'}
TARGETS = {f'{FOLDER}/{name}': Target(f'{FOLDER}/{name}', title, '', '') for name, title in ADDRESSES.items()}
TARGETS['plans/p.md'] = Target('plans/p.md', 'Plan', '', '')

LINES = [  # a line, and the summary that comes of it; it is taken out of the prose
    ('- [Alpha](a.md): what was done\n', 'what was done'),
    ('* [a](./a.md) — what was *done*\n', 'what was done'),
    ('- **2026-05-01** — move to Cloudflare ([log](2026-05-01-b.md)) — it works (#35)\n', 'move to Cloudflare: it works (#35)'),
    ('- 2026-05-01: [Beta](2026-05-01-b.md)\n', None),
    ('- [Moved the site](a.md)\n', 'Moved the site'),
    ('- [Gamma](%C3%BC%20c.md) - 日本語 und ü\n', '日本語 und ü'),
    ('- [Gamma](<ü c.md>) - done\n', 'done'),
    ('- [Alpha](a.md)：做了什么\n', '做了什么'),
    ('- 《[Alpha](a.md)》：完成（部分）\n', '完成（部分）'),
    ('- 2026年5月1日：[Beta](2026-05-01-b.md)，修复登录。\n', '修复登录。'),
    ('- 2026/5/1 [Beta](2026-05-01-b.md) fixed\n', 'fixed'),
    ('- [查看](a.md)、ログイン\n', 'ログイン'),
    ('+ [Alpha](../sessions/a.md): `code_x` and \\* star\n', 'code_x and * star'),
]
KEPT = [  # a line that stays, and the summary that is copied from it
    ('1. [Alpha](a.md): first\n', None),  # the order tells something
    ('- [Alpha](a.md) and [Delta](d.md): both\n', None),
    ('- [Alpha](a.md): begins\n  and goes on\n', None),
    ('- [Alpha](a.md): begins\nand goes on\n', None),
    ('- [Alpha](a.md): begins\n\n  and goes on\n', None),
    ('- [Plan](../../plans/p.md): elsewhere\n', 'elsewhere'),
    ('- [x] [Gamma](<ü c.md>) - done\n', 'done'),  # that it is done is said nowhere else
    ('- [gone](gone.md): x\n', None),
    ('see [Alpha](a.md): in a sentence\n', None),
    ('```\n- [Alpha](a.md): in code\n```\n', None),
    ('<!-- \n- [Alpha](a.md): in a comment\n-->\n', None),
    ('- [Alpha](a.md#part): x <b title="hidden words">bold</b>\n', None),
]


@pytest.mark.parametrize('newline', ['\n', '\r\n'])
@pytest.mark.parametrize(('line', 'summary'), LINES)
def test_line_is_taken(line: str, summary: str | None, newline: str) -> None:
    text = (HEAD + line + '\nMore prose.\n').replace('\n', newline)
    found = index_adoption.adopt(text, FOLDER, TARGETS)
    assert list(found.summaries.values()) == ([summary] if summary else [])
    assert found.kept == (HEAD + '\nMore prose.\n').replace('\n', newline)
    assert settled(text, found) == found.kept


@pytest.mark.parametrize(('line', 'summary'), KEPT)
def test_line_stays(line: str, summary: str | None) -> None:
    text = HEAD + line
    found = index_adoption.adopt(text, FOLDER, TARGETS)
    assert found.kept == text and found.taken == []
    assert summary is None or list(found.summaries.values()) == [summary]


def settled(text: str, found: index_adoption.Adoption) -> str:
    """Put the summaries in place; return what a second run keeps. No word may be lost on the way."""
    after = {path: each._replace(summary=found.summaries.get(path, each.summary)) for path, each in TARGETS.items()}
    assert index_adoption.lost(text, found, FOLDER, after) == []
    again = index_adoption.adopt(text, FOLDER, after)
    assert again.summaries == {}
    return again.kept


TABLE = ('| Date | Session | Topic | Outcome |\n| --- | --- | --- | --- |\n'
         '| 2026-05-01 | [Beta](2026-05-01-b.md) | DNS | moved |\n| | [Alpha](a.md) | | a pipe \\| here |\n')


def test_table() -> None:
    found = index_adoption.adopt(HEAD + TABLE, FOLDER, TARGETS)
    assert found.summaries == {f'{FOLDER}/2026-05-01-b.md': 'Topic: DNS; Outcome: moved', f'{FOLDER}/a.md': 'a pipe | here'}
    assert found.kept == HEAD and settled(HEAD + TABLE, found) == HEAD


def test_a_table_stays_whole_when_one_row_must() -> None:
    text = HEAD + TABLE + '| 2025 | no link | x | y |\n'
    found = index_adoption.adopt(text, FOLDER, TARGETS)
    assert found.kept == text and len(found.summaries) == 2 and settled(text, found) == text


def test_lines_under_several_headings_stay_where_they_are() -> None:
    text = '# Log\n\n## Site\n\n- [Alpha](a.md): one\n\n## Shop\n\n- [Delta](d.md): two\n'
    found = index_adoption.adopt(text, FOLDER, TARGETS)
    assert found.kept == text and list(found.summaries.values()) == ['one', 'two']


def test_a_summary_that_is_there_wins_and_the_line_stays() -> None:
    has = {**TARGETS, f'{FOLDER}/a.md': TARGETS[f'{FOLDER}/a.md']._replace(summary='Another one')}
    found = index_adoption.adopt(HEAD + '- [Alpha](a.md): what was done\n', FOLDER, has)
    assert found.summaries == {} and 'what was done' in found.kept


def test_a_document_that_can_take_none_leaves_its_line() -> None:
    shut = {path: each._replace(is_open=False) for path, each in TARGETS.items()}
    text = HEAD + '- [Alpha](a.md): what was done\n'
    assert index_adoption.adopt(text, FOLDER, shut) == (text, [], {})


@pytest.mark.parametrize('text', ['# Sessions index\n\n- [Alpha](a.md): x\n', '', '# Index of docs/sessions\n'])
def test_nothing_is_kept_where_nothing_is_said(text: str) -> None:
    assert index_adoption.adopt(text, FOLDER, TARGETS).kept == ''


def test_a_table_in_chinese() -> None:
    table = ('| 日期 | 标题 | 内容 | 详情 |\n|:--|--|--|--|\n| 2026年5月1日 | Beta | 「登录」；注册 | [查看](2026-05-01-b.md) |\n'
             '| 2026年5月2日 | Alpha | 上线 | [查看](a.md) |\n')
    found = index_adoption.adopt(HEAD + table, FOLDER, TARGETS)
    assert found.summaries == {f'{FOLDER}/2026-05-01-b.md': '「登录」；注册', f'{FOLDER}/a.md': '日期: 2026年5月2日; 内容: 上线'}
    assert found.kept == settled(HEAD + table, found) == HEAD


def test_a_lost_line_is_seen() -> None:
    text = HEAD + '- [Alpha](a.md): what was done\n'
    found = index_adoption.adopt(text, FOLDER, TARGETS)
    assert index_adoption.lost(text, found, FOLDER, TARGETS) == [5], 'the summary is not in its place'
    assert index_adoption.lost(text, found._replace(kept='other\n'), FOLDER, TARGETS) != []


PIECES = st.sampled_from([line for line, _ in (*LINES, *KEPT)] + [TABLE, '\n', '# Title\n', '## Part\n', 'prose\n', '---\n', '> quoted\n',
                         '- plain item\n', '\t- [Alpha](a.md): indented\n', '| [Alpha](a.md) |\n', '[ref]: a.md\n', '- [ref]\n', '\u2028 x\n'])


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=10), st.sampled_from(['\n', '\r\n']), st.booleans())
def test_no_word_is_lost_and_the_second_run_changes_nothing(pieces: list[str], newline: str, is_ended: bool) -> None:
    text = ''.join(pieces).replace('\n', newline)
    text = text if is_ended else text.rstrip()
    found = index_adoption.adopt(text, FOLDER, TARGETS)
    assert settled(text, found) == found.kept
