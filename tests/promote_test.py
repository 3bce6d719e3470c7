from __future__ import annotations

import pytest

from conftest import Sandbox
from daybook.errors import FatalError
from daybook.writers import insertion
from daybook.writers import promotion

ID = 'RT-261120-01'
NOTE, LEARNINGS = f'docs/sessions/{ID}.md', 'docs/learnings'
HEAD = f'''---
title: Ship [it]
operator: roman
summary: S
workstream: launch
kind: session
id: {ID}
created: "2026-11-20"
---
'''
BODY = '''
## Summary

S

## Learnings

- **Retries need jitter.** Without it, all clients [come back](../../src.py#L1) at once:
  see the log.
  - nested one
- Second: a short one

  ```text
  - no item
  ```

A paragraph that says more
on two lines.

<!-- no learning -->

## Resume Prompt

Go on.
'''
FIRST = f'{LEARNINGS}/retries-need-jitter.md'
AS_OF = ('--as-of', '2026-11-21')


@pytest.fixture
def noted(repo: Sandbox) -> Sandbox:
    """A repository with a note that has three learnings."""
    repo.write('src.py', 'x\n')
    repo.write('workstreams/launch.md', '---\ntitle: Launch\n---\n')
    repo.write(NOTE, HEAD + BODY)
    repo.git('add', '.')
    repo.daybook('regen-indexes')
    repo.commit()
    return repo


def _promote(repo: Sandbox, *words: str) -> tuple[int, str]:
    done = repo.daybook('promote', *words, *AS_OF)
    return done.returncode, done.stdout + done.stderr


# section, the texts of its items
ITEMS = (
    pytest.param('', [], id='none'),
    pytest.param('- a\n- b\n', ['a', 'b'], id='list'),
    pytest.param('1. a\n   more\n2. b\n', ['a\nmore', 'b'], id='numbers'),
    pytest.param('- a\n\n  second paragraph\n\n- b\n', ['a\n\nsecond paragraph', 'b'], id='loose'),
    pytest.param('- a\n  - of a\n    - of that\n- b\n', ['a\n- of a\n  - of that', 'b'], id='nested'),
    pytest.param('- a\nlazy\n- b\n', ['a', 'lazy', 'b'], id='a lazy line stands alone'),
    pytest.param('- a\n  ```\n  - b\n\n  # c\n  ```\n- c\n', ['a\n```\n- b\n\n# c\n```', 'c'], id='code'),
    pytest.param('One.\nStill one.\n\nTwo.\n', ['One.\nStill one.', 'Two.'], id='paragraphs'),
    pytest.param('### Why\n\nOne.\n\n### How\n\n- two\n', ['One.', 'two'], id='headings within'),
    pytest.param('<!-- none -->\n\n---\n\n| a | b |\n', [], id='what is none'),
    pytest.param('- a\r\n  b\r\n- c\r\n', ['a\nb', 'c'], id='CRLF'),
)


@pytest.mark.parametrize(('text', 'expected'), ITEMS)
def test_items(text: str, expected: list[str]) -> None:
    body = f'# T\n\n- no\n\n## 3. 💡 Key Learnings (all)\n\n{text}\n## Next\n\n- no\n'
    found = promotion.items(body, ('Learnings', 'Key Learnings'))
    assert [item.text for item in found] == expected
    for item in found:
        data = body.encode()
        after = promotion.kept(data, item, '[x](../learnings/x.md)')
        assert len(insertion.inserted_lines(data, after) or ()) == 1
        assert 'Kept as [x]' in next(each.text for each in promotion.items(after.decode(), ('Key Learnings',)) if each.start == item.start)


@pytest.mark.parametrize(('text', 'title', 'name'), [
    ('**Retries need jitter.** And more.', 'Retries need jitter', 'retries-need-jitter'),
    ('Use `a.b` when 1.5 is less', 'Use a.b when 1.5 is less', 'use-ab-when-15-is-less'),
    ('Größe & 日本: viel. Mehr', 'Größe & 日本: viel', 'größe-日本-viel'),
    ('**Decision:** go', 'Decision: go', 'decision-go'), ('a long enough beginning of it: the rest', 'a long enough beginning of it', 'a-long-enough-beginning-of-it'),
    (f'{"word " * 40}end', ' '.join(['word'] * 16), '-'.join(['word'] * 12)),
    ('[a](b.md), see!', 'a, see', 'a-see'),
])
def test_titles(text: str, title: str, name: str) -> None:
    found = promotion.title_of(promotion.Item(0, len(text), None, text))
    assert (found, promotion.name_of(found)) == (title, name)


def test_several_are_listed_first(noted: Sandbox) -> None:
    before = noted.snapshot()
    listed = ('1. Retries need jitter\n2. Second: a short one\n3. A paragraph that says more on two lines\n'
              f'promote: keep one with `daybook promote {ID} N`, or all with `--all`\n')
    assert _promote(noted, ID) == _promote(noted, ID, '1', '--dry-run') == (0, listed)
    assert _promote(noted, NOTE, '--dry-run') == (0, listed.replace(f'`daybook promote {ID}', f'`daybook promote {NOTE}'))
    assert _promote(noted, ID, '4')[0] == _promote(noted, ID, '--all', '--title', 'T')[0] == 2
    assert _promote(noted, 'RT-000000-00')[0] == 1
    assert noted.snapshot() == before


def test_one_is_kept_and_linked_both_ways(noted: Sandbox) -> None:
    assert _promote(noted, ID, '1') == (0, f'{FIRST}: Retries need jitter\ngit add -- {LEARNINGS}/INDEX.md {FIRST} {NOTE}\n')
    assert noted.read(FIRST) == (
        '---\ntitle: Retries need jitter\nowner: roman\nsummary: "Retries need jitter. Without it, all clients come back at once: '
        f'see the log."\nworkstream: launch\nsession: {ID}\nkind: learning\nid: retries-need-jitter\nstatus: active\n'
        'created: "2026-11-21"\n---\n\n**Retries need jitter.** Without it, all clients [come back](../../src.py#L1) at once:\n'
        'see the log.\n- nested one\n\nFrom [Ship \\[it\\]](../sessions/RT-261120-01.md).\n')
    line = '  - Kept as [Retries need jitter](../learnings/retries-need-jitter.md).\n'
    assert noted.read(NOTE) == HEAD + BODY.replace('  - nested one\n', f'  - nested one\n{line}')
    before = noted.snapshot()
    assert _promote(noted, ID, '1') == (0, f'kept already: {FIRST}\n')
    assert noted.snapshot() == before
    noted.git('add', '.')
    assert noted.daybook('check-all').stdout == '' and noted.daybook('regen-indexes', '--check').returncode == 0


def test_all_of_them_and_no_second_one(noted: Sandbox) -> None:
    assert _promote(noted, ID, '2', '--title', 'A [better] title')[0] == 0
    code, output = _promote(noted, ID, '--all')
    assert (code, output.count('kept already'), output.count(f'\n{LEARNINGS}/')) == (0, 1, 2)
    assert sorted(path.name for path in (noted.root / LEARNINGS).iterdir()) == [
        'INDEX.md', 'a-better-title.md', 'a-paragraph-that-says-more-on-two-lines.md', 'retries-need-jitter.md']
    before = noted.snapshot()
    assert _promote(noted, ID, '--all')[1].count('kept already') == 3
    assert noted.snapshot() == before
    noted.git('add', '.')
    assert noted.daybook('check-all').stdout == '' and noted.daybook('regen-indexes', '--check').returncode == 0


def test_a_run_that_was_cut_short_is_completed(noted: Sandbox) -> None:
    assert _promote(noted, ID, '1')[0] == 0
    whole = noted.snapshot()
    noted.git('checkout', '-q', '--', NOTE)  # killed between the two writes
    (noted.root / LEARNINGS / 'INDEX.md').unlink()
    assert _promote(noted, ID, '1')[0] == 0
    assert noted.snapshot() == whole


def test_names_that_are_taken(noted: Sandbox) -> None:
    noted.write(f'{LEARNINGS}/Retries-need-jitter.md', '---\ntitle: Mine\n---\n')
    noted.write(f'{LEARNINGS}/deep/retries-need-jitter-2.md', '---\ntitle: Mine too\n---\n')
    noted.git('add', '.')
    before = noted.snapshot()
    assert _promote(noted, ID, '1')[0] == 0
    assert noted.read(f'{LEARNINGS}/retries-need-jitter-3.md').startswith('---\ntitle: Retries')
    after = noted.snapshot()
    assert {path: after[path] for path in before if not path.startswith(('docs/sessions/', f'{LEARNINGS}/INDEX'))} == {
        path: data for path, data in before.items() if not path.startswith(('docs/sessions/', f'{LEARNINGS}/INDEX'))}


def test_links_of_the_note_and_its_zone_go_along(noted: Sandbox) -> None:
    noted.write('.daybook/config.yaml', 'zones: {folders: {docs/sessions: private}}\n'
                'kinds: {session: {section_aliases: {Learnings: [What we learned]}}}\n')
    noted.write('docs/sessions/deep/2026-01-01.md', '# Old\n\n## What we learned\n\nSee [that](../other.md), [this][1] and more.\n\n[1]: ../x.md\n')
    noted.write('docs/sessions/deep/2026-01-02.md', '\ufeff# Old\r\n\r\n## What we learned\r\n\r\nSee [that](../2026-01-01.md) and `[x](../y)`.')
    noted.write('docs/sessions/other.md', '# O\n')
    noted.commit()
    code, output = _promote(noted, '2026-01-01', '1')
    assert (code, 'defined elsewhere in the note' in output) == (1, True)
    assert _promote(noted, '2026-01-02')[0] == 0
    made = next(path for path in (noted.root / LEARNINGS).iterdir() if path.name.startswith('see-that'))
    text = made.read_text()
    assert 'zone: private\n' in text and 'See [that](../sessions/2026-01-01.md) and `[x](../y)`.' in text
    noted.git('add', '.')
    assert noted.daybook('check-zones').returncode == 0


def test_what_cannot_be_proven_is_refused() -> None:
    body = '## Learnings\n\n<div>\n\n- a\n'
    item = promotion.items(body, ('Learnings',))[-1]
    assert promotion.kept(body.encode(), item, '[x](y.md)').count(b'Kept as') == 1
    body = '## Learnings\n\n- a\n  ```\n- b\n'
    found = promotion.items(body, ('Learnings',))
    assert [item.text for item in found] == ['a\n```', 'b'], 'code ends with its item'
    with pytest.raises(FatalError, match='are open'):
        promotion.kept(body.encode(), found[0], '[x](y.md)')
    with pytest.raises(FatalError, match='no link can be put'):
        promotion.kept(b'## Learnings\n\n- a\n', promotion.Item(0, 19, 2, 'a'), 'no link')


@pytest.mark.parametrize('bad', [b'\xff', b'[x](../../src.py) \xff', b'\xed\xa0\x80'])
def test_a_learning_that_is_not_utf8_is_refused_in_words(noted: Sandbox, bad: bytes) -> None:
    path = noted.root / NOTE
    path.write_bytes(path.read_bytes().replace(b'nested one', b'nested ' + bad))
    before = noted.snapshot()
    for words in (('1',), ('--all',)):
        assert _promote(noted, ID, *words) == (1, f'daybook: {NOTE} is not UTF-8 in this learning; convert it first\n')
    assert _promote(noted, ID)[0] == 0
    assert noted.snapshot() == before


def test_what_is_not_utf8_elsewhere_in_the_note_stays(noted: Sandbox) -> None:
    path = noted.root / NOTE
    path.write_bytes(path.read_bytes() + b'\n\xff\n')
    assert _promote(noted, ID, '1')[0] == 0
    assert path.read_bytes().endswith(b'\n\xff\n') and b'Kept as' in path.read_bytes()


def test_a_title_that_is_not_utf8_can_be_listed(noted: Sandbox) -> None:
    path = noted.root / NOTE
    path.write_bytes(path.read_bytes().replace(b'Retries need', b'Retries \xff need'))
    code, output = _promote(noted, ID)
    assert code == 0 and output.startswith('1. Retries')
