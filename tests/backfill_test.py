"""What is derived for a document, what is refused, and the proof that only lines were inserted."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.backfill.authors import Authors
from daybook.documents import config
from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents import schema
from daybook.errors import FatalError
from daybook.session.operators import Operator
from daybook.writers import backfill
from daybook.writers import backfill_refusal
from daybook.writers import backfill_report
from daybook.writers import insertion
from daybook.writers.backfill import Added
from daybook.writers.backfill import Around
from daybook.writers.backfill import Derived
from daybook.writers.backfill import Value

NOTE, PLAN = 'docs/sessions/CONV-30.md', 'plans/launch.md'
COMMIT = Added('0f8357a4c1aaaa', 'Roman T', 'roman@example.com', '2026-05-11', '2026-05-11')
KNOWN = Around(COMMIT, operator='roman')
SLUGS = {'roman': 'roman', 'roman t': 'roman', 'claude': ''}


def _whose(text: str) -> str | None:
    return SLUGS.get(text.casefold())


def _derive(path: str, text: str, around: Around = KNOWN) -> Derived:
    kind = config.kind_of(config.DEFAULTS, path)
    assert kind
    return backfill.derive(document.from_bytes(path, kind, text.encode()), around, _whose)


def _values(found: Derived) -> dict[str, object]:
    return {key: value.value for key, value in found.added.items()}


def test_what_is_there_stays() -> None:
    text = ('---\ntitle:\noperator: null\nsummary: ""\nkind: x\nid: 1\nexternal_id: y\ncreated: soon\nlegacy_notes: []\n---\n'
            '# Title\n\n## Summary\n\nWe shipped the page.\n')
    assert _derive(NOTE, text) == Derived({}, {})


def test_a_note_and_from_what_each_key_comes() -> None:
    found = _derive(NOTE, '# Buyer journey\n\n**Date:** 2026-04-30\n\n## Summary\n\nWe shipped the page. More.\n')
    assert found == Derived({
        'title': Value('Buyer journey', 'the heading on line 1'),
        'operator': Value('roman', 'the author of commit 0f8357a4c1'),
        'summary': Value('We shipped the page.', 'the section on line 5'),
        'kind': Value('session', 'its folder'),
        'external_id': Value('CONV-30', 'the file name'),
        'created': Value('2026-04-30', 'the header on line 3'),
        'id': Value('CONV-30', 'the file name'),
    }, {})


def test_another_kind_has_an_owner_and_its_name_for_an_id() -> None:
    assert _values(_derive(PLAN, '# Launch\n')) == {
        'title': 'Launch', 'owner': 'roman', 'kind': 'plan', 'external_id': 'launch', 'created': '2026-05-11'}
    assert 'owner' not in _values(_derive(PLAN, '---\noperator: roman\n---\n# Launch\n'))


@pytest.mark.parametrize('text, title', [
    ('## A section\n\n# Later\n', 'CONV-30'), ('no heading\n', 'CONV-30'), ('```\n# code\n```\n', 'CONV-30'),
    ('> # Quoted\n', 'CONV-30'), ('# `code` and *stars*\n', 'code and stars'), ('Setext\n======\n', 'Setext'),
    ('- title: From the *list*\n', 'From the list'), ('# Heading\n\n**Title:** Other\n', 'Heading'), ('#\n', 'CONV-30'),
    ('# 2026-05-01 one\n\n# 2026-05-02 two\n', None), ('# One\n\n# 2026-05-02 two\n', 'One'),
])
def test_title(text: str, title: str | None) -> None:
    assert _values(_derive(NOTE, text)).get('title') == title


# name, header, day or the words of the refusal
CREATED = (
    ('docs/sessions/CONV-30.md', '', '2026-05-11'),
    ('docs/sessions/2026-05-02-buyers.md', '', '2026-05-02'),
    ('docs/sessions/20260502_buyers.md', '', '2026-05-02'),
    ('docs/adr/20260502-use-a-queue.md', '', '2026-05-02'),
    ('docs/adr/20260502-use-a-queue.md', '- Date: 2026-05-02', '2026-05-02'),
    ('docs/adr/20260502-20260508-queue.md', '', 'the file name has several days: 2026-05-02, 2026-05-08'),
    ('docs/adr/20269902-use-a-queue.md', '', '2026-05-11'),
    ('docs/sessions/RT-260502-01.md', '', '2026-05-02'),
    ('docs/sessions/LOCAL-2026-05-02-1.md', '', '2026-05-02'),
    ('docs/sessions/CONV-30.md', '**Date:** 2026-05-02', '2026-05-02'),
    ('docs/sessions/CONV-30.md', '**Date:** TBD', '2026-05-11'),
    ('docs/sessions/CONV-30.md', '**Date:** 2026-05-02\n**Created:** 2026-05-01', '2026-05-01'),
    ('docs/sessions/CONV-30.md', '**Data:** 2 de maio de 2026', '2026-05-02'),
    ('docs/sessions/CONV-30.md', '**Data:** sales_2026-05-01.csv', '2026-05-11'),
    ('docs/sessions/CONV-30.md', '**Data:** 3 tables', '2026-05-11'),
    ('docs/sessions/CONV-30.md', '**Дата:** 3 мая 2026\n**Дата создания:** 2 мая 2026 г.', '2026-05-02'),
    ('docs/sessions/CONV-30.md', '- **创建时间**：2026-05-02', '2026-05-02'),
    ('docs/sessions/CONV-30.md', '**Fecha:** 26/04/2026', '2026-04-26'),
    ('docs/sessions/2026-05-02-buyers.md', '**Date:** 2026-05-02 to 2026-05-04', '2026-05-02'),
    ('docs/sessions/2026-05-02-buyers.md', '**Date:** 04/05/2026', '2026-05-02'),
    ('docs/sessions/2026-05-02-buyers.md', '**Date:** 2026-05-04', 'the header and the file name disagree: 2026-05-04; 2026-05-02'),
    ('docs/sessions/CONV-30.md', '**Date:** 2026-05-02 to 2026-05-04', 'the header has several days: 2026-05-02, 2026-05-04'),
    ('docs/sessions/2026-05-02_2026-05-08.md', '', 'the file name has several days: 2026-05-02, 2026-05-08'),
    ('docs/sessions/CONV-30.md', '**Date:** 04/05/2026', 'no day for sure: the header on line 3 says 04/05/2026'),
    ('docs/sessions/CONV-30.md', '**Date:** 2026-06-01', 'git has the file since an earlier day: 2026-05-11, the header on line 3 says 2026-06-01'),
    ('plans/launch-2026-12-01.md', '', 'git has the file since an earlier day: 2026-05-11, the file name says 2026-12-01'),
)


@pytest.mark.parametrize('path, header, day', CREATED)
def test_created(path: str, header: str, day: str) -> None:
    found = _derive(path, f'# Title\n\n{header}\n')
    assert _values(found).get('created', found.left_out.get('created')) == day


def test_the_author_may_write_a_day_ahead_in_another_zone() -> None:
    assert _values(_derive(NOTE, '# T\n\n**Date:** 2026-05-12\n'))['created'] == '2026-05-12'


def test_a_key_of_the_frontmatter_is_a_header_too() -> None:
    found = _derive(NOTE, '---\ndate_started: 2026-05-01\nauthor: Roman T\n---\n# T\n', Around(None, 'no history'))
    assert found.added['created'] == Value('2026-05-01', 'the key `date_started`')
    assert found.added['operator'] == Value('roman', 'the key `author`')


@pytest.mark.parametrize('header, around, operator, reason', [
    ('', KNOWN, 'roman', None),
    ('**Author:** Roman T', Around(None, 'shallow'), 'roman', None),
    ('**Author:** Claude', KNOWN, 'roman', None),
    ('**Author:** Somebody', KNOWN, None, 'not one known operator: the header on line 3 names Somebody'),
    ('**Автор:** Somebody', KNOWN, None, 'not one known operator: the header on line 3 names Somebody'),
    ('', Around(COMMIT, stranger='nobody'), None, 'nobody'),
    ('', Around(None, 'shallow'), None, 'shallow'),
])
def test_operator(header: str, around: Around, operator: str | None, reason: str | None) -> None:
    found = _derive(NOTE, f'# T\n\n{header}\n', around)
    assert (_values(found).get('operator'), found.left_out.get('operator')) == (operator, reason)


@pytest.mark.parametrize('path, text, around, reason', [
    (NOTE, '# T\n\n## 2026-05-01\n\n### 2026-05-02\n', KNOWN, None),
    ('docs/sessions/2026-05-02-x.md', '# T\n\n## 2026-05-01\n\n## 2026-05-02\n', KNOWN, None),
    (NOTE, '# T\n\n## 2026-05-01\n\n## 2026-05-02\n', KNOWN, 'several dated entries in one file'),
    ('docs/sessions/2026-05.md', '# May\n', KNOWN, 'several dated entries in one file'),
    ('docs/sessions/NEXT-SESSION.md', '# T\n', Around(COMMIT, is_running=True), 'one file for all sessions, by its name'),
    (NOTE, '# T\n', Around(COMMIT, twin='docs/sessions/a/CONV-30.md'), 'another document has the name: docs/sessions/a/CONV-30.md'),
])
def test_id_is_never_guessed(path: str, text: str, around: Around, reason: str | None) -> None:
    assert _derive(path, text, around).left_out.get('id') == reason


def test_id_of_a_name_that_goes_on_behind_it() -> None:
    found = _values(_derive('docs/sessions/RT-260511-01-launch.md', '# T\n', Around(COMMIT, claimed='RT-260511-01')))
    assert (found['id'], found['external_id']) == ('RT-260511-01', 'RT-260511-01-launch')


@pytest.mark.parametrize('text, summary', [
    ('## Notes\n\nNot a summary at all.\n', None), ('## Summary\n\n- A list.\n', None), ('## Summary\n\nWe did:\n- this\n', None),
    ('## Summary\n\n| a | b |\n', None), ('## Summary\n\n**Status:** done\n', None), ('## Summary\n\n### Deeper\n', None),
    ('## Summary\n', None), ('## Summary\n\n═════\nA frame.\n', None), (f'## Summary\n\n{"Word " * 80}.\n', None), ('## Summary\n\nThree things:\n', None),
    ('## Summary\n\nOne here.\n\n## Summary\n\nOne there.\n', None),
    ('## Summary\n\nWe use it, e.g. Postgres 16.2, daily. Then more.\n', 'We use it, e.g. Postgres 16.2, daily.'),
    ('## 1. 📌 TL;DR\n\nTwo lines\nmake *one* `sentence`! And.\n', 'Two lines make one sentence!'),
    ('## 요약\n\n설계를 마쳤습니다。다음은 구현.\n', '설계를 마쳤습니다。'), ('## Summary\n\nNo full stop here\n', 'No full stop here'),
    ('**Summary:** The page is live. More.\n\n## Other\n', 'The page is live.'),
])
def test_summary(text: str, summary: str | None) -> None:
    assert _values(_derive(NOTE, f'# T\n\n{text}')).get('summary') == summary


def test_notes_on_keys_are_gathered_and_stay() -> None:
    text = '---\ntitle: T\nnotion_page_id: pending-reconcile\nfilename_note: "was CONV-29"\nnotion_session_id_note: lost\n---\n'
    assert _values(_derive(NOTE, text))['legacy_notes'] == ['filename_note: was CONV-29', 'notion_session_id_note: lost']


LIST = b'---\n- entity: session\n- tags: [a, b]\n---\n\n# T\n'
REFUSED = (
    (b'# An ordinary note\n\n---\n\nText\n\n---\n', ''),
    (b'---\ntitle: T\n---\n\n---\n\nText between rules.\n\n---\n', ''),
    (b'<!-- markdownlint-disable -->\n# T\n', ''),
    (b'----\n\n# T\n\nText: more.\n\n----\n', ''),
    (b'--- a dash, a word\n\n# T\n\n---\n', ''),
    (b'----\nsee http://x\n', ''),
    (b'# T\n\nWrite `do not edit` only where you mean it.\n'.replace(b'do not edit', b'edit'), ''),
    (b' \n', 'empty'),
    (b'---\ntitle: [\n---\n', 'not valid YAML'),
    (b'---\ntitle: T\n', 'frontmatter is opened by `---` and never closed (line 1)'),
    (b'---\ntitle: T\ntitle: U\n---\n', 'duplicate key: title (line 3)'),
    (b'# caf\xe9\n', 'not UTF-8 text'),
    (b'\xff\xfe#\0 \0T\0', 'not UTF-8 text'),
    (b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', 'content is not here'),
    (b'# T\n\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> other\n', 'a merge conflict'),
    (b'+++\ntitle = "T"\n+++\n', 'frontmatter in TOML or JSON'),
    (b'{\n  "title": "T"\n}\n', 'frontmatter in TOML or JSON'),
    (b'\n---\ntitle: T\n---\n', 'frontmatter that does not begin in the first line'),
    (b'<!-- x -->\n\n---\n- entity: plan\n---\n', 'frontmatter that does not begin in the first line'),
    (b'---\ntitle: T\n---\n\n---\ntitle: U\n---\n', 'a second block of frontmatter'),
    *((data, 'frontmatter between other lines than `---`') for data in (
        b'---yaml\ntitle: T\n---\n# T\n', b'--- # about\n# more\ntitle: T\n---\n', b'-----\ntitle: T\n-----\n', b'---\rtitle: T\r---\r# T\r',
        b'---js\r\n{ title: "T" }\r\n---\r\n', b'\xef\xbb\xbf;;;\n{"title": "T"}\n;;;\n', '---\u00a0\n"title": T\n---\n'.encode(),
    )),
    (b'<!-- generated, do not edit -->\n# T\n', 'generated'),
    (LIST, 'a list of one-key maps; `--convert`'),
)


@pytest.mark.parametrize('data, words', REFUSED)
def test_refusal(data: bytes, words: str) -> None:
    reason = backfill_refusal.refusal(document.from_bytes(NOTE, config.DEFAULTS.kind('session'), data))
    assert reason.startswith(words) and bool(reason) == bool(words)


def test_who_is_named_in_a_long_text_takes_linear_time() -> None:
    roman = Operator('roman', 'Roman', 'RT', ('r@x.org',))
    assert Authors([roman]).named('Roman' + ' ' * 20_000 + 'Anna') is None
    assert Authors([roman]).named('Roman <r@x.org>') == 'roman'


@pytest.mark.parametrize('data', [b'<!-- a -->\n' * 50_000 + b'text', b'----\n' + b'# a\n' * 50_000, b'----' + b'\r' * 200_000])
def test_refusal_takes_linear_time(data: bytes) -> None:
    assert backfill_refusal.refusal(document.from_bytes(NOTE, config.DEFAULTS.kind('session'), data)) == ''


ADDED = {'title': 'Tidy: up', 'kind': 'plan', 'created': '2026-05-11'}
ORDER = schema.property_order('plan')
BODIES = (b'', b'# T', b'# T\n', b'\n# T\n', b'# T\r\n\r\ntext\r\n', b'\xef\xbb\xbf# T\n', b'one\rtwo\r', b'a\r\nb\nc', b'---', b'---\n---',
          b'---\ncreated: 1\n---', b'---\r\nstatus: done # why\r\n---\r\n\r\n# T', b'\xef\xbb\xbf---\nx: |\n  a\n\n# c\n---\n',
          b'---\n# only a comment\n---\n', b'---\nnotion_page_id: pending-reconcile\n...\n---\n')


@pytest.mark.parametrize('data', BODIES)
def test_insert_only(data: bytes) -> None:
    if backfill_refusal.refusal(document.from_bytes(PLAN, config.DEFAULTS.kind('plan'), data)) not in ('', 'empty'):
        pytest.skip('refused before')
    _insert_and_prove(data, {key: value for key, value in ADDED.items() if key not in frontmatter.parse(data).meta})


def _insert_and_prove(data: bytes, added: dict[str, str]) -> None:
    """Insert, then take the inserted lines out by their numbers alone."""
    try:
        filled = insertion.insert(data, added, ORDER)
    except FatalError:
        return  # it may refuse, it may not change
    numbers = insertion.inserted_lines(data, filled)
    assert numbers is not None
    mark = frontmatter.BOM if filled.startswith(frontmatter.BOM) else b''
    lines = filled.removeprefix(mark).split(b'\n')
    rest = [line for number, line in enumerate(lines, 1) if number not in numbers]
    assert mark + b'\n'.join(rest) == data
    assert frontmatter.parse(filled).meta == {**frontmatter.parse(data).meta, **added}
    assert filled.count(frontmatter.BOM) == data.count(frontmatter.BOM)
    assert insertion.insert(filled, {}, ORDER) == filled


_line = st.text(st.characters(codec='utf-8', exclude_characters='\n'), max_size=12)
_head = st.lists(st.one_of(st.just('---'), st.sampled_from(['status: done', 'a: [1, 2]', '- x: y', '# c', '', 'k: |', '  z']), _line),
                 max_size=8)


@given(_head, st.sampled_from(['\n', '\r\n']), st.booleans(), st.booleans())
def test_without_the_inserted_lines_every_text_is_what_it_was(lines: list[str], newline: str, has_mark: bool, has_end: bool) -> None:
    text = newline.join(lines) + newline * has_end
    _insert_and_prove(frontmatter.BOM * has_mark + text.encode(), ADDED)


@given(st.lists(_line, min_size=1, max_size=5), st.text(max_size=30))
def test_what_titles_and_summaries_say_is_written_and_read_again(lines: list[str], title: str) -> None:
    data = '\n'.join(lines).encode()
    if frontmatter.find_block(data) is None and not frontmatter.is_unclosed(data) and title:
        filled = insertion.insert(data, {'title': title}, ORDER)
        assert frontmatter.parse(filled).meta == {'title': title}


def test_the_proof_sees_every_other_change() -> None:
    assert insertion.inserted_lines(b'a\nb\n', b'x\na\ny\nb\n') == [1, 3]
    for after in (b'a\n', b'a\nb', b'b\na\n', b'a\r\nb\n', b'\xef\xbb\xbfa\nb\n', b'a \nb\n'):
        assert insertion.inserted_lines(b'a\nb\n', after) is None


CONVERTED = (
    (LIST, b'---\nentity: session\ntags: [a, b]\n---\n\n# T\n'),
    (b'---\r\n- a: 1\r\n\r\n-   b:\r\n      - x\r\n      - y\r\n# c\r\n---\r\nbody', b'---\r\na: 1\r\n\r\nb:\r\n  - x\r\n  - y\r\n# c\r\n---\r\nbody'),
    (b'---\n- a: |\n    one\n      two\n- b: "2026"\n---\n', b'---\na: |\n  one\n    two\nb: "2026"\n---\n'),
    (b'---\n- a: 1\n- a: 2\n---\n', None),
    (b'---\n- {a: 1}\n- {b: 1}\n---\n', None),
    (b'---\n-\n  a: 1\n---\n', None),
    (b'---\n- a: &x 1\n- b: *x\n---\n', b'---\na: &x 1\nb: *x\n---\n'),
)


@pytest.mark.parametrize('data, expected', CONVERTED)
def test_convert(data: bytes, expected: bytes | None) -> None:
    if expected is None:
        with pytest.raises(FatalError, match='cannot be converted'):
            insertion.converted(data)
    else:
        assert insertion.converted(data) == expected


@pytest.mark.parametrize('data', BODIES[1:9])
def test_the_diff_applies(tmp_path: Path, data: bytes) -> None:
    (tmp_path / 'a b.md').write_bytes(data)
    if frontmatter.parse(data).error:
        pytest.skip('refused before')
    filled = insertion.insert(data, ADDED, ORDER)
    text = '\n'.join([*insertion.unified_diff('a b.md', data, filled), ''])
    subprocess.run(('git', 'apply', '-'), cwd=tmp_path, input=text.encode('utf-8', 'surrogateescape'), check=True)
    assert (tmp_path / 'a b.md').read_bytes() == filled


def test_report_names_reasons_once() -> None:
    rows = [backfill_report.Row(f'{n}.md', 'session', Derived({}, {'id': 'because'}), '') for n in range(5)]
    assert backfill_report.summary(rows) == ['id left out: because (0.md, 1.md, 2.md and 2 more)']
    rows = [backfill_report.Row(f'{n}.md', 'session', Derived({}, {}), f'not valid: this {n}') for n in range(2)]
    assert backfill_report.summary(rows) == ['left alone: not valid (0.md, 1.md)']
    assert backfill_report.summary(rows[:1]) == ['left alone: not valid: this 0 (0.md)']
    assert backfill_report.summary([backfill_report.Row('a.md', 'plan', Derived({}, {}), '')]) == []


def test_no_telemetry_and_no_sync_keys() -> None:
    found = _derive(NOTE, '---\ncommits: 1\n---\n# T\n\n**Tool calls:** 12\n\n## Summary\n\nWe did it.\n')
    assert set(found.added) <= {'title', 'operator', 'summary', 'kind', 'id', 'external_id', 'created', 'legacy_notes'}
    assert not re.search('sync|hash|telemetry', ' '.join(found.added))
