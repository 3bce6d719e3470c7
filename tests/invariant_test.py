"""What a note proves about a counter: 0, missing, null, unseen."""
from __future__ import annotations

import pytest

from daybook.documents import document
from daybook.documents.config import DEFAULTS
from daybook.documents.config import Invariant
from daybook.rules import invariant

BOTH = (DEFAULTS.invariants[0], Invariant('web', ('WebFetch',)))
HEAD = 'title: T\nclaimed_at: "2026-11-20T09:00:00Z"\ncreated: "2026-11-20"\n'
# head of the note, verdict, what is said
NOTES = (
    ('telemetry: observed\ntool_calls_count: 41\ntool_calls_breakdown: {Bash: 41, mcp__notion: 0}\n', 'clean', '0 observed over 41 calls', ''),
    ('telemetry: partial\ntool_calls_count: null\ntool_calls_breakdown: {mcp__linear: 3, mcp__notion: 0}\n', 'clean', '0 observed over 3 calls', ''),
    ('telemetry: absent\ntool_calls_breakdown: {mcp__notion: 0}\n', 'unwitnessed', '0 observed over 0 calls, which proves nothing',
     'invariant-unwitnessed'),
    ('telemetry: absent\ntool_calls_count: 7\ntool_calls_breakdown: {mcp__notion: 0}\n', 'unwitnessed',
     '0 observed over 0 calls, which proves nothing', 'invariant-unwitnessed'),
    ('tool_calls_count: 7\ntool_calls_breakdown: {mcp__notion: 0}\n', 'unwitnessed', '0 observed over 7 calls, which proves nothing',
     'invariant-unwitnessed'),
    ('telemetry: observed\ntool_calls_count: 0\ntool_calls_breakdown: {mcp__notion: 0}\n', 'unwitnessed',
     '0 observed over 0 calls, which proves nothing', 'invariant-unwitnessed'),
    ('telemetry: partial\ntool_calls_breakdown: {mcp__notion: null}\n', 'wrong', 'null, as nobody looked: that is no 0', 'invariant-null'),
    ('telemetry: partial\ntool_calls_breakdown: {Bash: 2}\n', 'unwitnessed',
     'not counted, as telemetry saw other tools only (0 observed over 2 calls)', 'invariant-missing'),
    ('telemetry: observed\ntool_calls_count: 3\ntool_calls_breakdown: {mcp__notion: null}\n', 'wrong', 'null, as nobody looked: that is no 0',
     'invariant-null'),
    ('telemetry: observed\ntool_calls_count: 3\ntool_calls_breakdown: {mcp__notion: none}\n', 'wrong', 'none, as nobody looked: that is no 0',
     'invariant-null'),
    ('telemetry: observed\ntool_calls_count: 3\ntool_calls_breakdown: {Bash: 3}\n', 'wrong', 'not counted: a missing counter is no 0',
     'invariant-missing'),
    ('', 'wrong', 'not counted: a missing counter is no 0', 'invariant-missing'),
    ('tool_calls_breakdown: null\n', 'wrong', 'not counted: a missing counter is no 0', 'invariant-missing'),
    ('telemetry: observed\ntool_calls_count: 3\ntool_calls_breakdown: {Bash: 3}\ntool_calls_breakdown_methods: {Bash: 3}\n', 'unwitnessed',
     'not counted; its methods name none (0 observed over 3 calls)', 'invariant-missing'),
    ('telemetry: observed\ntool_calls_count: 41\ntool_calls_breakdown: {mcp__notion: 3}\n', 'wrong', '3 observed over 41 calls, and it must stay 0',
     'invariant-counter'),
    ('telemetry: observed\ntool_calls_count: 1\ntool_calls_breakdown: {mcp__notion: 1}\n', 'wrong', '1 observed over 1 call, and it must stay 0',
     'invariant-counter'),
    ('telemetry: observed\ntool_calls_count: 9\ntool_calls_breakdown: {mcp__notion: 0}\n'
     'tool_calls_breakdown_methods: {mcp__Notion_Offplan__search: 2}\n', 'wrong', '2 observed over 9 calls, and the counter says 0', 'invariant-counter'),
    ('telemetry: observed\ntool_calls_count: 9\ntool_calls_breakdown: {mcp__notion: 0, mcp__notion_offplan: 2}\n', 'wrong',
     '2 observed over 9 calls, and the counter says 0', 'invariant-counter'),
    ('telemetry: observed\ntool_calls_count: 9\ntool_calls_breakdown: {mcp__notion_offplan: 2}\n', 'wrong',
     '2 observed over 9 calls, and the counter says nothing', 'invariant-counter'),
)


def _note(head: str, path: str = 'docs/sessions/RT-261120-01.md') -> document.Document:
    return document.from_bytes(path, DEFAULTS.kind('session'), f'---\n{head}---\n\n## Summary\n'.encode())


@pytest.mark.parametrize(('head', 'verdict', 'words', 'rule'), NOTES)
def test_what_a_note_proves(head: str, verdict: str, words: str, rule: str) -> None:
    found, = invariant.witnesses([_note(HEAD + head)], DEFAULTS.invariants)
    assert (found.verdict, found.words, found.rule) == (verdict, words, rule)
    problem = found.problem
    assert (problem is None) is (verdict == 'clean')
    if problem:
        assert (problem.level, problem.message) == ('error' if verdict == 'wrong' else 'warning', f'mcp__notion: {words}{found.remedy}')
        assert ('set `audit.since` in .daybook/config.yaml' in problem.message) is words.endswith('it must stay 0')


def test_the_line_is_that_of_the_counter() -> None:
    note = _note(HEAD + 'telemetry: observed\ntool_calls_breakdown:\n  Bash: 1\n  mcp__notion: 2\n')
    assert [problem.line for problem in invariant.check([note], DEFAULTS.invariants)] == [8]


def test_every_invariant_is_judged() -> None:
    note = _note(HEAD + 'telemetry: observed\ntool_calls_count: 2\ntool_calls_breakdown: {mcp__notion: 0, web: 2, WebFetch: 2}\n')
    assert [(one.counter, one.verdict) for one in invariant.witnesses([note], BOTH)] == [('mcp__notion', 'clean'), ('web', 'wrong')]


@pytest.mark.parametrize('head', ['title: Old\n', 'claimed_at: "2026-11-20T09:00:00Z"\n', 'title: T\nclaimed_at: [\n'])
def test_notes_from_before_stubs_and_broken_ones_say_nothing(head: str) -> None:
    assert list(invariant.witnesses([_note(head)], DEFAULTS.invariants)) == []


def test_history_is_red_no_more() -> None:
    wrong = _note(HEAD + 'telemetry: observed\ntool_calls_breakdown: {mcp__notion: 1}\n')
    assert invariant.check([wrong], DEFAULTS.invariants, '2026-11-21') == []
    assert len(invariant.check([wrong], DEFAULTS.invariants, '2026-11-20')) == 1
