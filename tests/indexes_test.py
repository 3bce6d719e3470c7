"""INDEX.md: one order, one line a document; inserting, rendering and merging give the same bytes."""
from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.documents import markdown
from daybook.writers import index_set
from daybook.writers import indexes
from daybook.writers.indexes import Entry

HEAD = f'# Sessions\n\n{indexes.MARKER}\n<!-- markdownlint-disable MD013 -->\n'
NOTE = Entry('RT-261120-01.md', 'RT-261120-01', 'First')

ORDER = [  # as they stand in the file: newest day in the name first, then by name, no date last
    'RT-261121-01.md', 'RT-261121-02.md', 'SK-261121-01.md', '2026-11-20-topic.md', 'RT-261120-01.md',
    'RT-261120-01k7f.md', 'RT-261120-039dp.md', 'RT-261120-04kn3.md', '20261119.md',
    'RT-251231-99.md', 'README-ish.md', 'a.md', 'b-1234567.md', 'é.md',
]
HOSTILE = [  # file, name, title
    ('a.md', 'a', 'x](./b.md): y'),
    ('a.md', 'a](./b.md): [c', 'x'),
    ('a.md', 'ends in a backslash \\', 'x'),
    ('a.md', '\\](./b.md)', 'x'),
    ('a.md', '[[wiki]]', '[link](./b.md) and ![image](./c.png)'),
    ('a.md', 'a', '<!-- --> <b>bold</b> `code` **strong** _em_ &amp; ~x~'),
    ('a.md', 'a', 'two\nlines\r\nand\ttab \u2028 \x0b \x85 end'),
    ('a.md', 'a', '# no heading\n\n- no item'),
    ('a (1).md', 'a (1)', 'parentheses'),
    ('a)b.md', 'a)b', 'one parenthesis'),
    ('a b%20c#d?e.md', 'a b%20c#d?e', 'all that an address means'),
    ('a\nb\tc.md', 'a', 'control characters in the name'),
    ('a\u2028b\x85c\x0bd.md', 'a', 'line separators in the name'),
    ('\udce9.md', '\udce9', 'a name that is not UTF-8'),
    ('<!--.md', '<!--', 'comment'),
    ('a.md', '', ''),
]

FILES = st.one_of(
    st.sampled_from(ORDER + [f'RT-2611{day:02d}-0{n}.md' for day in (1, 2, 20) for n in (1, 2, 3)]),
    st.text(st.characters(exclude_characters='/\0', exclude_categories=('Cs',)), min_size=1, max_size=12),
)
TEXTS = st.one_of(st.text(st.characters(exclude_categories=('Cs',)), max_size=30), st.sampled_from([h[2] for h in HOSTILE]),
                  st.text('[]()\\`*_<>&;!./: ', max_size=12))
ENTRIES = st.lists(st.builds(Entry, FILES, TEXTS, TEXTS), max_size=8, unique_by=lambda entry: entry.file)


def links(text: str) -> list[str]:
    return [link.target for link in markdown.links(text)]


def test_insert_of_what_is_there_changes_nothing() -> None:
    text = indexes.render('Sessions', [NOTE])
    assert indexes.insert(text, NOTE) == text


def test_file_without_a_document_ends_in_one_line_end() -> None:
    assert indexes.render('Sessions', []) == HEAD
    assert indexes.insert(HEAD, NOTE) == f'{HEAD}\n- [RT-261120-01](./RT-261120-01.md): First\n'


def test_order_is_by_date_in_the_name_then_by_name() -> None:
    text = indexes.render('S', [Entry(name, 'n', 't') for name in reversed(sorted(ORDER))])
    assert links(text) == [f'./{name}' for name in ORDER]


@pytest.mark.parametrize(('file', 'name', 'title'), HOSTILE)
def test_hostile_text_stays_one_line_with_one_link(file: str, name: str, title: str) -> None:
    others = [NOTE, Entry('z.md', 'z', 'Z')]
    text = indexes.render('S', [*others, Entry(file, name, title)])
    assert len([line for line in text.split('\n') if line.startswith('- ')]) == 3
    assert len(links(text)) == 3
    assert indexes.insert(text, NOTE) == text
    assert indexes.merge(text, text, text) == text


@pytest.mark.parametrize('title', ['Two\nlines', '# x', '<!-- x', '[a](./b.md)'])
def test_title_of_the_folder_stays_a_heading(title: str) -> None:
    text = indexes.render(title, [NOTE])
    assert len(links(text)) == 1 and indexes.insert(text, NOTE) == text


@given(ENTRIES, st.randoms(use_true_random=False))
def test_inserting_one_by_one_equals_rendering_all(entries: list[Entry], random: object) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    text = indexes.render('Sessions', [])
    for entry in shuffled:
        text = indexes.insert(text, entry)
    assert text == indexes.render('Sessions', entries)


def merged_sets(base: dict, ours: dict, theirs: dict) -> list[Entry]:
    """The rule of a three-way merge, on documents instead of lines; ours wins where both changed."""
    result = []
    for file in base.keys() | ours.keys() | theirs.keys():
        sides = [side.get(file) for side in (base, ours, theirs)]
        value = sides[2] if sides[1] == sides[0] else sides[1]
        if sides[0] is not None and None in sides[1:]:
            value = None
        if value:
            result.append(value)
    return result


@given(ENTRIES, st.data())
def test_merge_of_two_indexes_equals_the_index_of_the_merged_documents(base: list[Entry], data: st.DataObject) -> None:
    def changed() -> dict[str, Entry]:
        kept = data.draw(st.lists(st.sampled_from(base), unique=True)) if base else []
        edited = [entry._replace(title=data.draw(TEXTS)) if data.draw(st.booleans()) else entry for entry in kept]
        return {entry.file: entry for entry in [*edited, *data.draw(ENTRIES)]}

    sides = [{entry.file: entry for entry in base}, changed(), changed()]
    texts = [indexes.render('Sessions', side.values()) for side in sides]
    # compared as lines: two titles that differ in white space alone are one line
    lines = [{entry.file: indexes.line(entry) for entry in side.values()} for side in sides]
    by_line = {indexes.line(entry): entry for side in sides for entry in side.values()}
    expected = [by_line[line] for line in merged_sets(*lines)]
    assert indexes.merge(*texts) == indexes.render('Sessions', expected)


MERGES = [  # base, ours, theirs, merged; letters are files, a digit makes another title
    ('', '', '', ''), ('a', 'a', 'a', 'a'),
    ('', 'a', 'b', 'a b'), ('', 'a', 'a', 'a'), ('', 'a', 'a1', 'a'),  # add/add
    ('a', 'b a', '', 'b'), ('a b', 'b', 'a b c', 'b c'),  # add/delete
    ('a', 'b', 'a1', 'b'), ('a', 'a1', 'b', 'b'),  # rename/edit: the next regeneration knows the title
    ('a', 'a1', 'a', 'a1'), ('a', 'a', 'a1', 'a1'), ('a', 'a1', 'a2', 'a1'),  # edit/edit
]


@pytest.mark.parametrize(('base', 'ours', 'theirs', 'merged'), MERGES)
def test_merge(base: str, ours: str, theirs: str, merged: str) -> None:
    def render(words: str) -> str:
        return indexes.render('S', [Entry(f'{word[0]}.md', word[0], word) for word in words.split()])

    assert indexes.merge(render(base), render(ours), render(theirs)) == render(merged)


def test_merge_without_a_base_is_the_union() -> None:
    ours, theirs = (indexes.render('S', [Entry(f'{name}.md', name, name)]) for name in 'ab')
    assert indexes.merge('', ours, theirs) == indexes.insert(ours, Entry('b.md', 'b', 'b'))


GARBAGE = [
    HEAD + '\n- [a](./a.md): A\n- [b](./b.md): B\n- [a](./a.md): A\n',  # duplicate
    HEAD + '\n- [b](./b.md): B\n- [a](./a.md): A\n',  # unsorted
    HEAD + HEAD + '\n- [b](./b.md): B\n\n\n- [a](./a.md): A',  # two heads, blank lines, no final line end
    HEAD + '\n<<<<<<< ours\n- [a](./a.md): A\n=======\n- [b](./b.md): B\n>>>>>>> theirs\n',
    HEAD + '\n- [a](./a.md): an old title\n- [b](./b.md): B\n- [a](./a.md): A\n',  # the last one is the newest
]


@pytest.mark.parametrize('text', GARBAGE)
def test_what_a_union_merge_garbled_loses_nothing_and_is_repaired_by_the_next_regeneration(text: str) -> None:
    inserted = indexes.insert(text, NOTE)
    lines = set(re.findall(r'^- .*', text, re.MULTILINE))
    assert {indexes.line(NOTE), *lines} >= set(re.findall(r'^- .*', inserted, re.MULTILINE)) >= {indexes.line(NOTE)}
    assert {'(./a.md)', '(./b.md)'} <= set(re.findall(r'\(\S+\)', inserted))
    assert '<<<<' not in inserted
    wanted = indexes.render('Sessions', [NOTE, Entry('a.md', 'a', 'A'), Entry('b.md', 'b', 'B')])
    assert indexes.merge('', inserted, inserted) == wanted
    assert indexes.insert(wanted, NOTE) == wanted


def test_line_ends_of_the_file_are_kept() -> None:
    text = indexes.render('Sessions', [Entry('a.md', 'a', 'A')])
    crlf = text.replace('\n', '\r\n')
    assert indexes.insert(crlf, NOTE) == indexes.insert(text, NOTE).replace('\n', '\r\n')
    assert indexes.merge(crlf, indexes.insert(crlf, NOTE), crlf) == indexes.insert(crlf, NOTE)


def test_line_by_hand_with_brackets_in_its_name_is_kept() -> None:
    text = indexes.render('Sessions', []) + '\n- [see [a]](./a.md): by hand\n'
    assert '- [see [a]](./a.md): by hand\n' in indexes.insert(text, NOTE)


def test_one_physical_line_whatever_the_width() -> None:
    long = NOTE._replace(title='word ' * 100)
    assert re.search(r'^- \[RT-261120-01\].{400}', indexes.render('S', [long]), re.MULTILINE)


@pytest.mark.parametrize(('text', 'expected'), [
    ('# Ours\n\n- [a](./a.md): by hand\n', False), ('', False), (HEAD, True), (HEAD.replace('\n', '\r\n'), True),
])
def test_only_a_file_with_the_marker_is_ours(text: str, expected: bool) -> None:
    assert indexes.is_generated(text) is expected


@pytest.mark.parametrize('folder, title', [('docs/adr', 'ADR'), ('a/rfc', 'RFC'), ('old', 'Old'), ('plans/app', 'App'), ('2026', '2026'), ('', 'Index'),
                                           ('docs/work-log', 'Work log')])
def test_the_title_of_a_folder(folder: str, title: str) -> None:
    assert index_set.title_of(folder) == title


def test_a_counter_beside_a_day_is_no_year() -> None:
    newest_first = ['session-25-2026-10-01.md', 'RT-260901-01.md', '26-08-01-b.md', 'session-133-2026-04-27.md', '20260420-a.md',
                    'session-83-2026-03-13.md', 'notes-99-12-13-14.md']
    entries = [indexes.Entry(name, name, 'x') for name in newest_first]
    whole = indexes.render('Notes', reversed(entries))
    assert [line.split('](./')[1].split(')')[0] for line in whole.splitlines() if line.startswith('- ')] == newest_first
    for entry in entries:
        assert indexes.insert(indexes.render('Notes', [one for one in entries if one != entry]), entry) == whole
