"""A Session Log in conflict: both sides' entries, each once, newest first; what people wrote stays, or is left to them."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from daybook.writers import conflicts
from daybook.writers import session_log
from daybook.writers import session_log_conflicts
from daybook.writers.session_log import LogEntry

STYLES = ['merge', 'diff3', 'zdiff3']


def entry(name: str, day: int, title: str = 'Work') -> str:
    made = LogEntry(name, f'../docs/sessions/{name}.md', f'2026-11-{day:02}', title)
    return '\n'.join(session_log.lines(made)) + '\n'


A, B, C, D = entry('RT-261121-01', 21), entry('SK-261120-01', 20), entry('RT-261119-01', 19), entry('TL-261122-01', 22)
OLD = entry('RT-261101-01', 1)
LONG = 'A title that is so long that it goes on in the next line, as most of them do in fact'
HEAD = '---\ntitle: Build\n---\n\n# Build\n\n## Goal\n\nShip it.\n\n## Session Log\n'
TAIL = '\n## After\n\ntext\n'


@pytest.fixture
def merge_file(tmp_path: Path):
    def merged(base: str, ours: str, theirs: str, style: str, size: int = 7) -> str:
        for name, text in (('base', base), ('ours', ours), ('theirs', theirs)):
            (tmp_path / name).write_bytes(text.encode())
        run = subprocess.run(('git', 'merge-file', '-p', f'--marker-size={size}', *(() if style == 'merge' else [f'--{style}']),
                              'ours', 'base', 'theirs'), cwd=tmp_path, capture_output=True)
        return run.stdout.decode()
    return merged


UNIONS = [  # below the heading: base, ours, theirs, and what becomes of it
    ('', f'\n{A}', f'\n{B}', f'\n{A}{B}'),
    (f'\n{OLD}', f'\n{A}{OLD}', f'\n{B}{OLD}', f'\n{A}{B}{OLD}'),
    (f'\n{OLD}', f'\n{B}{OLD}', f'\n{A}{OLD}', f'\n{A}{B}{OLD}'),
    (f'\n{OLD}', f'\n{D}{A}{OLD}', f'\n{B}{C}{OLD}', f'\n{D}{A}{B}{C}{OLD}'),
    (f'\n{OLD}', f'\n{D}{C}{OLD}', f'\n{A}{B}{OLD}', f'\n{D}{A}{B}{C}{OLD}'),
    (f'\n{OLD}', f'\n{A}{B}{OLD}', f'\n{A}{C}{OLD}', f'\n{A}{B}{C}{OLD}'),  # one that both have
    (f'\n{B}{OLD}', f'\n{A}{OLD}', f'\n{D}{B}{OLD}', f'\n{D}{A}{OLD}'),  # ours took B out
    (f'\n{B}{OLD}', f'\n{A}{B}{OLD}', f'\n{D}{OLD}', f'\n{D}{A}{OLD}'),
    (f'\n{OLD}', f'\n{A}{OLD.replace("Work", "Mended")}', f'\n{B}{OLD}', f'\n{A}{B}{OLD.replace("Work", "Mended")}'),
    (f'\nNewest first.\n\n{OLD}', f'\nNewest first.\n\n{A}{OLD}', f'\nNewest first.\n\n{B}{OLD}', f'\nNewest first.\n\n{A}{B}{OLD}'),
    (f'\n{OLD}\n### 2025\n\n- old\n', f'\n{A}{OLD}\n### 2025\n\n- old\n', f'\n{B}{OLD}\n### 2025\n\n- old\n',
     f'\n{A}{B}{OLD}\n### 2025\n\n- old\n'),
    (f'\n{OLD}', f'\n- mine by hand\n{OLD}', f'\n{B}{OLD}', f'\n- mine by hand\n{B}{OLD}'),
    (f'\n* {OLD[2:]}', f'\n* {A[2:]}* {OLD[2:]}', f'\n* {B[2:]}* {OLD[2:]}', f'\n* {A[2:]}* {B[2:]}* {OLD[2:]}'),
    (f'\n{OLD}\n{C}', f'\n{A}\n{OLD}\n{C}', f'\n{B}\n{OLD}\n{C}', f'\n{A}\n{B}\n{OLD}\n{C}'),  # a loose list
    # both end in the same line, which git takes out of the conflict
    (f'\n{OLD}', f'\n{entry("RT-261121-01", 21, LONG)}{OLD}', f'\n{entry("SK-261120-01", 20, LONG)}{OLD}',
     f'\n{entry("RT-261121-01", 21, LONG)}{entry("SK-261120-01", 20, LONG)}{OLD}'),
]
FOR_PEOPLE = [  # below the heading: base, ours, theirs
    (f'\n{OLD}', f'\n{OLD.replace("Work", "Mine")}', f'\n{OLD.replace("Work", "Theirs")}'),
    (f'\n{OLD}', f'\n{OLD.replace("Work", "Mine")}', '\n'),
    (f'\nFirst.\n\n{OLD}', f'\nOurs.\n\n{A}{OLD}', f'\nTheirs.\n\n{B}{OLD}'),
    (f'\n{OLD}', f'\n{A.replace("Work", "Mine")}{OLD}', f'\n{A.replace("Work", "Theirs")}{OLD}'),
    (f'\n{OLD}', f'\n1. one\n{OLD}', f'\n{A}{OLD}'),
]


@pytest.mark.parametrize('newline', ['\n', '\r\n'])
@pytest.mark.parametrize('style', STYLES)
@pytest.mark.parametrize(('base', 'ours', 'theirs', 'expected'), UNIONS)
def test_union(merge_file, base: str, ours: str, theirs: str, expected: str, style: str, newline: str) -> None:
    whole = [(HEAD + section + TAIL).replace('\n', newline) for section in (base, ours, theirs, expected)]
    text = merge_file(*whole[:3], style)
    assert '<<<<<<<' in text
    for was in {whole[0], whole[0].replace('\r\n', '\n')}:  # the object of a CRLF checkout has LF
        assert session_log_conflicts.resolve(text, was) == (whole[3], [])


@pytest.mark.parametrize('style', STYLES)
@pytest.mark.parametrize(('base', 'ours', 'theirs'), FOR_PEOPLE)
def test_what_people_must_decide(merge_file, base: str, ours: str, theirs: str, style: str) -> None:
    text = merge_file(*(HEAD + section + TAIL for section in (base, ours, theirs)), style)
    assert '<<<<<<<' in text and session_log_conflicts.resolve(text, HEAD + base + TAIL) is None


@pytest.mark.parametrize('style', STYLES)
def test_a_section_that_both_sides_made(merge_file, style: str) -> None:
    base = '# Build\n'
    ours, theirs = (f'{base}\n## Session Log\n\n{each}' for each in (A, B))
    assert session_log_conflicts.resolve(merge_file(base, ours, theirs, style), base) == (f'{base}\n## Session Log\n\n{A}{B}', [])
    assert session_log_conflicts.resolve(merge_file('', ours, theirs, style), '') == (f'{base}\n## Session Log\n\n{A}{B}', [])


@pytest.mark.parametrize('style', STYLES)
@pytest.mark.parametrize('size', [7, 12])
def test_a_conflict_elsewhere_stays_as_it_is(merge_file, style: str, size: int) -> None:
    sides = [f'---\ntitle: {title}\n---\n{"x" * 5}\n{HEAD[22:]}\n{log}{OLD}{TAIL}{end}\n' for title, log, end in
             (('Base', '', 'end'), ('Ours', A, 'our end'), ('Theirs', B, 'their end'))]
    text = merge_file(*sides, style, size)
    found = session_log_conflicts.resolve(text, sides[0], size)
    assert found is not None and [text.splitlines()[line - 1] for line in found.left] == ['<' * size + ' ours'] * 2
    kept = re.findall(r'^<{7}.*?^>{7}[^\n]*\n', text, re.M | re.S)
    resolved = re.findall(r'^<{7}.*?^>{7}[^\n]*\n', found.text, re.M | re.S)
    assert len(kept) == 3 and resolved == [kept[0], kept[2]]
    assert f'\n\n{A}{B}{OLD}\n## After' in found.text
    # and when the person has been first
    assert session_log_conflicts.resolve(text.replace(kept[0], 'title: Both\n'), sides[0], size).left != []


BROKEN = ['<<<<<<< a\nx\n', '<<<<<<< a\nx\n=======\ny\n', '<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> b\n',
          '<<<<<<< a\nTitle\n=======\n=======\ny\n>>>>>>> b\n', '<<<<<<< a\nx\n>>>>>>> b\n']


@pytest.mark.parametrize('broken', BROKEN)
def test_markers_that_do_not_fit(broken: str) -> None:
    assert conflicts.parse(HEAD + broken) is None and session_log_conflicts.resolve(HEAD + broken, '') is None


@pytest.mark.parametrize('text', ['', HEAD, f'{HEAD}\n{A}', f'{HEAD}\nSetext\n=======\n', '# x\n>>>>>>> a quotation of a quotation\n'])
def test_no_conflict_is_nothing_to_resolve(text: str) -> None:
    assert session_log_conflicts.resolve(text, '') is None


def test_without_the_section_on_one_side() -> None:
    text = f'# x\n<<<<<<< a\n\n## Session Log\n\n{A}=======\n\n## Other\n>>>>>>> b\n'
    assert session_log_conflicts.resolve(text, '# x\n') is None


NAMES = st.integers(0, 40).map(lambda n: (f'{"RSTK"[n % 4]}T-2611{n % 27 + 1:02}-{n // 27 + 1:02}', n % 27 + 1))
LOGS = st.lists(NAMES, max_size=8, unique=True)


@settings(max_examples=60, deadline=None)
@given(LOGS, LOGS, LOGS, st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)), st.sampled_from(STYLES))
def test_entries_are_never_lost_or_doubled(tmp_path_factory: pytest.TempPathFactory, base: list, ours: list, theirs: list,
                                           gone: set[int], left: set[int], style: str) -> None:
    def log(names: list) -> str:
        return HEAD + '\n' + ''.join(entry(*name) for name in sorted(names, key=lambda n: (n[1], n[0]), reverse=True)) + TAIL

    def side(new: list, without: set[int]) -> list:
        return [*(name for n, name in enumerate(base) if n not in without), *(name for name in new if name not in base)]

    mine, others = side(ours, gone), side(theirs, left)
    folder = tmp_path_factory.mktemp('merge')
    for name, names in (('base', base), ('ours', mine), ('theirs', others)):
        (folder / name).write_text(log(names))
    text = subprocess.run(('git', 'merge-file', '-p', *(() if style == 'merge' else [f'--{style}']), 'ours', 'base', 'theirs'),
                          cwd=folder, capture_output=True).stdout.decode()
    if '<<<<<<<' in text:
        found = session_log_conflicts.resolve(text, log(base))
        assert found is not None
        text = found.text
    expected = (set(mine) & set(others)) | (set(mine) - set(base)) | (set(others) - set(base))
    # a log that lost its last entry may have an empty line more or less
    texts = [re.sub('\n{3,}', '\n\n', each) for each in (text, log(sorted(expected)))]
    assert texts[0] == texts[1]
