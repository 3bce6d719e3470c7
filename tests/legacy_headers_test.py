"""Older headers are read key by key, and what is prose, section or table is none."""
from __future__ import annotations

import pytest

from daybook.writers import legacy_headers

# a header that a team wrote: a list above the title
SEED = """- entity: plan
- level: internal
- tags: [sot, governance]
- source_path: /context/playbooks/system_sot_consolidation_playbook_v01.md
- date: 2025-10-28

---

# Playbook — Portfolio SoT

**Purpose.** Align the working repo.
"""
SEED_FIELDS = [('entity', 'plan', 1), ('level', 'internal', 2), ('tags', '[sot, governance]', 3),
               ('source path', '/context/playbooks/system_sot_consolidation_playbook_v01.md', 4), ('date', '2025-10-28', 5)]

HEADERS = (
    pytest.param('# Title\n\nWe met on a Monday. Date: unclear.\n', [], id='prose'),
    pytest.param('# Title\n\n## Summary\n\n- date: 2026-01-01\n', [], id='a list in a section'),
    pytest.param('# Title\n\n| Date | 2026-01-01 |\n', [], id='a table'),
    pytest.param('# Title\n\n```yaml\ndate: 2026-01-01\n```\n', [], id='code'),
    pytest.param('<!--\nDate: 2026-01-01\n-->\n# Title\n', [], id='a comment'),
    pytest.param('# T\n\n**Date:** 2026-01-01\n\nA paragraph.\n\n- owner: roman\n', [('date', '2026-01-01', 3)],
                 id='nothing behind the first paragraph'),
    pytest.param(SEED, SEED_FIELDS, id='seed: a list above the title'),
    pytest.param(SEED.replace('\n', '\r\n'), SEED_FIELDS, id='CRLF'),
    pytest.param('# ADR\n\n- **Status:** Accepted\n- **Date**: 2025-10-17\n', [('status', 'Accepted', 3), ('date', '2025-10-17', 4)],
                 id='bold keys in a list'),
    pytest.param('# T\n**Date:** 2026-05-20  \n**Author:** `Roman`\\\n', [('date', '2026-05-20', 2), ('author', '`Roman`', 3)],
                 id='bold lines with hard breaks'),
    pytest.param('# T\n\n**Date:** 2026-05-20 · **Author:** Roman | **Status:** open\n',
                 [('date', '2026-05-20', 3), ('author', 'Roman', 3), ('status', 'open', 3)], id='several on a line'),
    pytest.param('> **Date**: 2026-05-20\n> 日期：2026-05-20\n', [('date', '2026-05-20', 1), ('日期', '2026-05-20', 2)],
                 id='quoted, full width colon'),
    pytest.param('# T\n\nDate: 2026-05-20\nStatus: Accepted\nContext: whatever\n', [('date', '2026-05-20', 3), ('status', 'Accepted', 4)],
                 id='plain lines with a known key'),
    pytest.param('# T\n\nДата: 2026-05-20\nСтатус: готово\nЦель: сделать\n', [('дата', '2026-05-20', 3), ('статус', 'готово', 4)],
                 id='plain lines in Russian'),
    pytest.param('# T\n\nData: 20/05/2026\n', [('data', '20/05/2026', 3)], id='a plain day in Portuguese'),
    pytest.param('# T\n\nData: the table of 2026\n', [], id='a plain line about data'),
    pytest.param('# T\n\n**📅 Date-Created:** 2026-05-20\n', [('date created', '2026-05-20', 3)], id='emoji, hyphen'),
)


@pytest.mark.parametrize('body, fields', HEADERS)
def test_read(body: str, fields: list[tuple[str, str, int]]) -> None:
    assert [tuple(field) for field in legacy_headers.read(body)] == fields


@pytest.mark.parametrize('text, days', [
    ('05/06/2026', []), ('2026-02-30', []), ('V512', []), ('12345678901', []), ('2026-1', []), ('report-20260101x', []),
    ('2026-05-20', ['2026-05-20']), ('2026-05-20 23:15', ['2026-05-20']), ('2026/5/2', ['2026-05-02']),
    ('2026. 5. 2.', ['2026-05-02']), ('20260520', ['2026-05-20']), ('December 8, 2025', ['2025-12-08']),
    ('8th of Dec 2025', []), ('8 Dec 2025', ['2025-12-08']), ('Nov. 7th, 2025', ['2025-11-07']),
    ('2026年5月20日', ['2026-05-20']), ('2026년 5월 20일', ['2026-05-20']), ('Smarch 3, 2026', []),
    ('26/11/2024 00:47 BRT', ['2024-11-26']), ('05/26/2026', ['2026-05-26']), ('22.11.2025', ['2025-11-22']), ('31-12-2025', ['2025-12-31']),
    ('05.06.2026', []), ('26/11-2024', []), ('1.26.11.2024', []), ('26/13/2024', []), ('v26.11.2024', []),
    ('12 de Fevereiro de 2026', ['2026-02-12']), ('1º de março de 2026', ['2026-03-01']), ('11 января 2026 г.', ['2026-01-11']),
    ('3. März 2026', ['2026-03-03']), ('1er août 2026', ['2026-08-01']), ('3 de enero de 2026', ['2026-01-03']), ('24 juli 2026', ['2026-07-24']),
    ('8 de Smarch de 2026', []),
    ('2026-05-20 → 2026-05-22', ['2026-05-20', '2026-05-22']), ('2026-05-20 (again 2026-05-20)', ['2026-05-20']),
])
def test_dates_in(text: str, days: list[str]) -> None:
    assert legacy_headers.dates_in(text) == days
