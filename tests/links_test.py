"""Where links lead, what is told of them, and how they are repaired; without a repository."""
from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.documents import destination
from daybook.documents import frontmatter
from daybook.documents import link_facts
from daybook.documents import markdown
from daybook.documents import tree
from daybook.documents.destination import Fault
from daybook.documents.destination import Options
from daybook.documents.destination import Resolver
from daybook.documents.tree import Tree
from daybook.rules import link_baseline
from daybook.rules import link_messages
from daybook.rules import link_repair
from daybook.rules import links
from daybook.rules.link_messages import Around

FILES = ('a.md', 'docs/b.md', 'docs/B2.md', 'docs/c d.md', 'docs/é.md', 'docs/50%.md', 'docs/README.md', 'src/x.py', 'docs/sub/deep.md')
TREE = Tree([*FILES, 'docs/v', 'docs/gone', 'docs/loop', 'docs/up', 'mod'],
            {'docs/v': 'sub', 'docs/gone': 'nowhere', 'docs/loop': 'loop', 'docs/up': '../../etc'}, ['mod'])

# source docs/b.md; target, where it leads, fault, what would be right
LEADS = (
    ('a.md', 'docs/a.md', 'link-missing', ''),
    ('../a.md', 'a.md', '', ''),
    ('./../a.md', 'a.md', '', ''),
    ('sub/../../a.md', 'a.md', '', ''),
    ('nowhere/../b.md', 'docs/b.md', '', ''),
    ('/a.md', 'a.md', '', ''),
    ('/', '', '', ''),
    ('.', 'docs', '', ''),
    ('..', '', '', ''),
    ('../..', '../..', 'link-outside', ''),
    ('../../a.md', '../../a.md', 'link-outside', ''),
    ('../../issues', '../../issues', 'link-outside', ''),
    ('../../../../issues', '../../../../issues', 'link-outside', ''),
    ('/../../../issues', '/../../../issues', 'link-outside', ''),
    ('../../../issue', '../../../issue', 'link-outside', ''),
    ('../../../wiki-2', '../../../wiki-2', 'link-outside', ''),
    ('sub', 'docs/sub', '', ''),
    ('sub/', 'docs/sub', '', ''),
    ('../a.md/', 'a.md', 'link-missing', 'a.md'),
    ('c%20d.md', 'docs/c d.md', '', ''),
    ('c d.md', 'docs/c d.md', '', ''),
    ('%C3%A9.md', 'docs/é.md', '', ''),
    ('e\u0301.md', 'docs/e\u0301.md', 'link-case', 'docs/é.md'),
    ('50%25.md', 'docs/50%.md', '', ''),
    ('sub%2Fdeep.md', 'docs/sub/deep.md', '', ''),
    ('old%3Anotes.md', 'docs/old:notes.md', 'link-missing', ''),
    ('https%3A//x.org', 'docs/https:/x.org', 'link-missing', ''),
    ('b2.md', 'docs/b2.md', 'link-case', 'docs/B2.md'),
    ('SUB/deep.md', 'docs/SUB/deep.md', 'link-case', 'docs/sub/deep.md'),
    ('sub/deep', 'docs/sub/deep', 'link-missing', 'docs/sub/deep.md'),
    ('sub\\deep.md', 'docs/sub\\deep.md', 'link-missing', 'docs/sub/deep.md'),
    ('/docs\\sub\\deep.md', 'docs\\sub\\deep.md', 'link-missing', 'docs/sub/deep.md'),
    ('/sub\\deep.md', 'sub\\deep.md', 'link-missing', ''),
    ('../src/x.py:12', 'src/x.py:12', 'link-line-number', '../src/x.py#L12'),
    ('../src/x.py:12-14', 'src/x.py:12-14', 'link-line-number', '../src/x.py#L12-L14'),
    ('../src/x.py:12:3-14:5', 'src/x.py:12:3-14:5', 'link-line-number', '../src/x.py#L12-L3'),
    ('../src/y.py:12', 'src/y.py:12', 'link-missing', ''),
    pytest.param('a.b' + ':1' * 100_000 + 'z', 'docs/a.b' + ':1' * 100_000 + 'z', 'link-missing', '', id='many numbers'),
    ('b.md:3', 'docs/b.md:3', 'link-line-number', 'b.md#L3'),
    ('/home/me/repo/src/x.py', '/home/me/repo/src/x.py', 'link-absolute', 'src/x.py'),
    ('/Users/me/x.py', '/Users/me/x.py', 'link-absolute', ''),
    ('C:\\work\\a.md', 'C:\\work\\a.md', 'link-absolute', 'a.md'),
    ('c:/work/y.md', 'c:/work/y.md', 'link-absolute', ''),
    ('\\\\server\\share', '\\\\server\\share', 'link-absolute', ''),
    ('file:///a.md', 'file:///a.md', 'link-absolute', 'a.md'),
    ('~/a.md', '~/a.md', 'link-absolute', 'a.md'),
    ('v/deep.md', 'docs/sub/deep.md', '', ''),
    ('v', 'docs/sub', '', ''),
    ('gone', 'docs/gone', 'link-symlink', ''),
    ('loop', 'docs/loop', 'link-symlink', ''),
    ('up', 'docs/up', 'link-symlink', ''),
    ('up/passwd', 'docs/up/passwd', 'link-missing', ''),
)


@pytest.mark.parametrize(('target', 'path', 'fault', 'right'), LEADS)
def test_leads(target: str, path: str, fault: str, right: str) -> None:
    found = Resolver(TREE, Options()).follow('docs/b.md', target)
    assert found == (path, '', fault, right)


ELSEWHERE = ('https://x.org/a', 'HTTP://x.org', 'mailto:a@x.org', '//x.org/a', 'tel:1', 'data:image/png;base64,x', 'vscode://file/x',
             '{{ site.url }}/a', '{% link a.md %}', '{url}', '{base}/a.md', '%7Burl%7D', '<%= x %>', '${ROOT}/a.md', 'localhost:8080', 'localhost:8080/a', '?query', '../mod/any/thing.md#x',
             '../../../issues', '../../../issues/new?template=bug.yml', './../../../wiki/Home#x', '../../../actions/workflows/ci.yml/badge.svg', '../../../releases/', '/../../issues/1', '/../../wiki')


@pytest.mark.parametrize('target', ELSEWHERE)
def test_is_not_ours(target: str) -> None:
    assert Resolver(TREE, Options()).follow('docs/b.md', target) is None


FRAGMENTS = (('#x', 'docs/b.md', 'x'), ('b.md#x', 'docs/b.md', 'x'), ('b.md?a=1#x', 'docs/b.md', 'x'), ('?a=1#x', 'docs/b.md', 'x'), ('?a=1#%C3%A9', 'docs/b.md', 'é'), ('b.md#%C3%A9', 'docs/b.md', 'é'),
             ('b.md#a#b', 'docs/b.md', 'a#b'), ('b.md#', 'docs/b.md', ''), ('./#x', 'docs', 'x'))


@pytest.mark.parametrize(('target', 'path', 'fragment'), FRAGMENTS)
def test_fragment(target: str, path: str, fragment: str) -> None:
    assert Resolver(TREE, Options()).follow('docs/b.md', target) == (path, fragment, '', '')


@pytest.mark.parametrize('target', ['old%3Anotes.md', 'old%3anotes.md#x', 'old%3Ano%20tes.md'])
@pytest.mark.parametrize('is_of_many', [True, False])
def test_an_encoded_colon_begins_no_scheme(target: str, is_of_many: bool) -> None:
    page = link_facts.Page(f'# A\n\n[x]({target})\n'.encode(), is_of_many=is_of_many)
    seen = links.look('docs/b.md', page.facts(), Resolver(TREE, Options()), with_keys=True)
    assert len(seen.dead) == 1
    assert [place.target for place in page.places(seen.dead)] == [target]


@pytest.mark.parametrize('text', ['[x]:old%3Anotes.md\n\n[x]', '[x]:\n>old%3Anotes.md\n\n[x]', '<a href=old%3Anotes.md>x</a>', '[x](&#111;ld%3Anotes.md)'])
@pytest.mark.parametrize('is_of_many', [True, False])
def test_an_encoded_colon_begins_no_scheme_whatever_stands_before_it(text: str, is_of_many: bool) -> None:
    assert link_facts.Page(f'> {text}\n'.encode(), is_of_many=is_of_many).facts().targets == ['./old:notes.md']


def test_page_of_a_folder_is_its_readme() -> None:
    resolver = Resolver(TREE, Options())
    pages = [resolver.page(found) for target in ('./#x', 'sub#x', '../src/x.py#x', 'b.md#x') if (found := resolver.follow('docs/b.md', target))]
    assert pages == ['docs/README.md', None, None, 'docs/b.md']


def test_the_box_of_a_readme_is_an_anchor_of_the_host() -> None:
    resolver = Resolver(TREE, Options())
    for target, page in (('./#readme', None), ('README.md#readme', None), ('README.md#readme-1', 'docs/README.md'), ('b.md#readme', 'docs/b.md')):
        found = resolver.follow('docs/b.md', target)
        assert found and resolver.page(found) == page
    own = resolver.follow('docs/README.md', '#readme')
    assert own and resolver.page(own) is None


OPTIONS = (
    (Options(root='ignore'), '/nothing/here', None),
    (Options(root='ignore'), '/home/me/x', 'link-absolute'),
    (Options(ignore=r'api/.*'), 'api/x.md', None),
    (Options(ignore=r'api/.*'), '../api/x.md', 'link-missing'),
    (Options(generated=r'docs/site/.*'), 'site/x.html#y', None),
    (Options(submodules='reject'), '../mod/x.md', 'link-submodule'),
    (Options(submodules='reject'), '../mod', ''),
)


@pytest.mark.parametrize(('options', 'target', 'fault'), OPTIONS)
def test_options(options: Options, target: str, fault: str | None) -> None:
    found = Resolver(TREE, options).follow('docs/b.md', target)
    assert (found.fault if found else None) == fault


ANCHORS = (('a', True), ('b', False), ('', True), ('top', True), ('TOP', True), ('L10', True), ('L10-L20', True), ('L10C2-L20C3', True), ('L', False),
           ('user-content-a', True), ('user-content-b', False), ('user-content-user-content-a', False), ('A', False), (':~:text=x', True), ('a:~:text=x', True), ('b:~:text=x', False))


@pytest.mark.parametrize(('fragment', 'is_there'), ANCHORS)
def test_has_anchor(fragment: str, is_there: bool) -> None:
    assert link_facts.has_anchor(fragment, {'a'}) is is_there


def _faults(source: str, text: str, anchors: set[str] = frozenset()) -> list[Fault]:  # type: ignore[assignment]
    return links.faults(source, markdown.links(text), Resolver(TREE, Options()), lambda _: anchors)


# text of docs/b.md, what is known around, message
MESSAGES = (
    ('[x](no.md)', Around(), 'no such file: docs/no.md; correct the link or add the file'),
    ('[x](no.md)', Around(deleted={'docs/no.md'}), 'no such file: docs/no.md, deleted by this change; take the link out or keep the file'),
    ('[x](no.md)', Around(renamed={'docs/no.md': 'yes.md'}),
     'no such file: docs/no.md, renamed to yes.md; link to ../yes.md, or run `daybook audit-links --fix`'),
    ('[x](no.md)', Around(on_disk={'docs/no.md': False}), 'not in git: docs/no.md; add it with `git add -- :/docs/no.md`'),
    ('[x](<no it.md>)', Around(on_disk={'docs/no it.md': False}), "not in git: docs/no it.md; add it with `git add -- ':/docs/no it.md'`"),
    ('[x](no.md)', Around(on_disk={'docs/no.md': True}),
     'git ignores docs/no.md; link to a tracked file, or name it under `links: generated:` in .daybook/config.yaml'),
    ('[x](sub/deep)', Around(), 'no such file: docs/sub/deep; link to ./sub/deep.md'),
    ('[x](b2.md)', Around(), 'no such file: docs/b2.md; the name is spelled docs/B2.md, link to ./B2.md'),
    ('[x](#no)', Around(), 'no anchor #no in this file; link to one of its headings'),
    ('[x](../a.md#no)', Around(former={'a.md': {'no'}}), 'no anchor #no in a.md, whose heading this change takes away; link to another heading'),
    ('[x](../a.md#next_step)', Around(), 'no anchor #next_step in a.md; link to #next-step'),
    ('[x](../../z.md)', Around(), 'leads out of the repository: ../../z.md; link to a tracked file or a URL'),
    ('[x](/home/me/src/x.py)', Around(), 'a path of one machine: /home/me/src/x.py; link to ../src/x.py'),
    ('[x](../src/x.py:3)', Around(), 'git hosts know no line number behind a colon: ../src/x.py:3; link to ../src/x.py#L3'),
    ('[x](gone)', Around(), 'docs/gone is a symbolic link that leads to no tracked file; link to the file itself'),
    ('[x](../a.md/)', Around(), 'a.md is no folder; link to ../a.md'),
    ('[x](no.md)', Around(lost={('docs/b.md', 'no.md')}),
     'no such file: docs/no.md; correct the link or add the file; it was there when this file was written'),
)


@pytest.mark.parametrize(('text', 'around', 'message'), MESSAGES)
def test_message(text: str, around: Around, message: str) -> None:
    fault, = _faults('docs/b.md', text, {'next-step'})
    found = link_messages.problem_of(fault, around)
    assert found.message == message
    assert found.level == ('warning' if around.lost else 'error')


# the same in an INDEX.md, which may be a generated one
IN_AN_INDEX = (
    ('./no.md', Around(), 'no such file: docs/no.md; run `daybook regen-indexes`, or in an index by hand correct the link or add the file'),
    ('./no.md', Around(deleted={'docs/no.md'}),
     'no such file: docs/no.md, deleted by this change; run `daybook regen-indexes`, or in an index by hand take the link out or keep the file'),
    ('./no.md', Around(renamed={'docs/no.md': 'yes.md'}),
     'no such file: docs/no.md, renamed to yes.md; run `daybook regen-indexes`, or in an index by hand link to ../yes.md, or run `daybook audit-links --fix`'),
    ('./no.md', Around(on_disk={'docs/no.md': False}), 'not in git: docs/no.md; add it with `git add -- :/docs/no.md`'),
)


@pytest.mark.parametrize(('target', 'around', 'message'), IN_AN_INDEX)
def test_message_in_an_index(target: str, around: Around, message: str) -> None:
    fault, = _faults('docs/INDEX.md', f'- [no]({target}): No')
    assert link_messages.problem_of(fault, around).message == message


AGEING = (('session', None, True), ('plan', 'done', True), ('plan', 'Done (2024)', True), ('plan', 'active', False), ('plan', None, False),
          ('adr', 'Accepted', True), ('plan', 'accepted', False), ('adr', 'proposed', False), ('doc', 'superseded', True), ('plan', ['done'], False),
          ('plan', '✅ Done', True), ('doc', 'retired', True))


@pytest.mark.parametrize(('kind', 'status', 'may_age'), AGEING)
def test_may_age(kind: str, status: object, may_age: bool) -> None:
    assert links.may_age(kind, {'status': status}) is may_age
    assert links.may_age(kind, {'status': status, 'superseded_by': 'b'})
    assert links.may_age(kind, {'status': status, 'superseded_by': []}) is may_age


WIKILINKS = (
    ('[[deep]]', 'documents', True, 'error', 'link to ./sub/deep.md'),
    ('[[sub/Deep|d]]', 'documents', True, 'error', 'link to ./sub/deep.md'),
    ('[[deep.md#x]]', 'documents', True, 'error', 'link to ./sub/deep.md'),
    ('[[nobody]]', 'documents', True, 'warning', 'no file has that name'),
    ('[[nobody]]', 'reject', False, 'error', 'no file has that name'),
    ('[[deep]]', 'warn', False, 'warning', 'link to ./sub/deep.md'),
    ('[[readme]]', 'documents', True, 'error', 'link to ./README.md'),
    ('[[deep]]', 'documents', False, '', ''),
    ('[[deep]]', 'ignore', True, '', ''),
    ('`[[deep]]`', 'reject', True, '', ''),
)


@pytest.mark.parametrize(('text', 'setting', 'is_document', 'level', 'words'), WIKILINKS)
def test_wikilink(text: str, setting: str, is_document: bool, level: str, words: str) -> None:
    found = links.wikilinks('docs/b.md', markdown.links(text), links.Names(FILES), setting=setting, is_document=is_document)
    assert [problem.level for problem in found] == ([level] if level else [])
    assert all(words in problem.message for problem in found)


RELATIVE = (('a.md', 'b.md', './b.md'), ('a.md', 'x/b.md', './x/b.md'), ('x/a.md', 'b.md', '../b.md'), ('x/y/a.md', 'x/z/b.md', '../z/b.md'),
            ('x/a.md', 'x', './'), ('x/a.md', '', '../'))


@pytest.mark.parametrize(('source', 'path', 'link'), RELATIVE)
def test_relative(source: str, path: str, link: str) -> None:
    assert tree.relative(source, path).rstrip('/') == link.rstrip('/')


@given(st.lists(st.sampled_from(['a', 'b', '..', '.', '']), max_size=6), st.sampled_from(['', 'x', 'x/y']))
def test_join_is_normpath(parts: list[str], folder: str) -> None:
    import posixpath

    path = '/'.join(parts)
    expected = posixpath.normpath(posixpath.join(folder, path.lstrip('/')))
    found = tree.join(folder, path)
    if expected == '..' or expected.startswith('../'):
        assert found is None
    elif found is not None:  # `a/../..` leaves and may come back; normpath does not see that
        assert found == expected.removeprefix('.')


def test_places_are_told_from_longer_targets() -> None:
    found = link_facts.Page(b'[x](b<c>)\n[y](b(d))\n[z](b&amp;e)\n[b](b)').places(('b', 'b<c>', 'b(d)', 'b&e'))
    assert [(link.target, link.line) for link in found] == [('b<c>', 1), ('b(d)', 2), ('b&e', 3), ('b', 4)]


HEADS = (b'', b'# A\n', b'---\n---\n# A', b'---\na: 1\n---\n# A\n', b'---\r\na: 1\r\n---\r\n# A\r\n', b'\xef\xbb\xbf---\na: 1\n---\nx', b'\xef\xbb\xbfx',
         b'---\nunclosed\n', b'---\na: |\n  ---\n---\nx', b'---  \na: 1\n--- \t\nx', b'---\na: 1\n----\n---\nx', b'---\na: 1\n---', b'----\na\n---\n', b'---\n\n\n---\nx')


@pytest.mark.parametrize('data', HEADS)
def test_body_begins_where_frontmatter_ends(data: bytes) -> None:
    offset = frontmatter.body_offset(data)
    assert link_facts.body(data) == (data[offset:].decode('utf-8', 'replace'), data.count(b'\n', 0, offset) + 1)


@given(st.lists(st.sampled_from([b'---', b'--- ', b'a: 1', b'', b'----', b'\xef\xbb\xbf---', b'x\r']), max_size=8), st.sampled_from([b'\n', b'\r\n']))
def test_body_agrees_with_the_reader_of_frontmatter(parts: list[bytes], newline: bytes) -> None:
    data = newline.join(parts)
    assert link_facts.body(data)[0] == data[frontmatter.body_offset(data):].decode('utf-8', 'replace')


PIECES = ('[x](t.md)', '[x](<t.md>)', '[x](t.md "t.md")', '`[x](t.md)`', '\n```\n[x](t.md)\n```\n', '[x][r]', '\n\n[r]: t.md\n', '<a href="t.md">', "<a href='t.md'>",
          '<img src="t.md">', '[y](s.md)', '[y](t.md#t.md)', '\n\n', ' text ', '[multi\nline](t.md)', '![i](t.md)', '[![i](t.md)](t.md)', '<t.md>', '\\[x](t.md)',
          '<A HREF="t.md">', '<a data-x="[x](t.md)">', ' `', '<!-- [x](t.md) -->', '\n    [x](t.md)\n', '<b title="[x](t.md)">', '| [x](t.md) |\n|---|\n', '[x](t%2emd)', '&amp;', '[a&b](t.md)', '[x](t.md', '# [x](t.md)\n')


@given(st.lists(st.sampled_from(PIECES), max_size=10))
def test_places_are_those_of_the_links(pieces: list[str]) -> None:
    text = ''.join(pieces)
    found = link_facts.Page(f'---\na: b\n---\n{text}'.encode()).places(('t.md', 't.md#t.md'))
    links = [link for link in markdown.links(text, 4) if unquote(link.target) in ('t.md', 't.md#t.md')]
    assert found == [(link.kind, link.target, link.line) for link in links]


def test_a_link_in_code_gives_no_place_to_another_spelling() -> None:
    found = link_facts.Page(b'```\n[x](a%20b)\n```\n\n[x](<a b>)\n').places(('a b',))
    assert [(link.target, link.line) for link in found] == [('a b', 5)]


@pytest.mark.parametrize('files', (('Docs/B.md', 'docs/b.md', 'x/Y.md'), ('Docs/B.md', 'docs/b.md', 'x/Y.md', 'É.md')), ids=('ascii', 'others'))
def test_other_spelling_is_the_first_one_in_order(files: tuple[str, ...]) -> None:
    known = Tree(files)
    said = [known.other_spelling(path) for path in ('DOCS/B.md', 'X', 'x/y.MD', 'e\u0301.md', 'x', 'no', 'docs/b.md')]
    assert said == ['Docs/B.md', 'x', 'x/Y.md', 'É.md' if 'É.md' in files else None, None, None, 'Docs/B.md']


def test_places_of_wikilinks_come_along() -> None:
    found = link_facts.Page(b'[x](t.md) [[w]]\n[y](s.md)').places(('s.md', link_facts.WIKILINKS))
    assert [(link.kind, link.target, link.line) for link in found] == [('wikilink', 'w', 1), ('link', 's.md', 2)]


def test_facts() -> None:
    found = link_facts.of_bytes(b'---\ntitle: A\n---\n# A\n\n[x](b%20c.md#d) [y](#a) [z](#no) [[w|v]] [q](a%23b.md) <https://x.org> [m](mailto:x@y.z)\n')
    assert set(found.targets) == {'b c.md#d', '#no', '\ufffd'}
    assert (found.wikilinks, found.anchors) == (['w'], {'a'})
    assert link_facts.Facts(found.dumped).targets == found.targets


# a text, the target of its only link that moves to docs/new name.md, the text after
MOVED = (
    ('[x](old.md)', '[x](new%20name.md)'),
    ('[x](./old.md#y)', '[x](./new%20name.md#y)'),
    ('[old.md](old.md "old.md")', '[old.md](new%20name.md "old.md")'),
    ('![old.md](<old.md>)', '![old.md](<new%20name.md>)'),
    ('<a class="old.md" href="old.md?x">old.md</a>', '<a class="old.md" href="new%20name.md?x">old.md</a>'),
    ('[x][r] and [r]\n\n[R]: old.md "t"', '[x][r] and [r]\n\n[R]: new%20name.md "t"'),
    ('[x](/docs/old.md)', '[x](/docs/new%20name.md)'),
)


@pytest.mark.parametrize(('before', 'after'), MOVED)
def test_moved(before: str, after: str) -> None:
    edits = [edit for link in markdown.links(before) for edit in link_repair.moved(before, link, 'docs/a.md', 'docs/new name.md')]
    found = link_repair.apply(before, edits)
    assert found == after
    assert link_repair.is_proven(before, found, edits)


def test_a_repair_that_changes_other_links_is_not_proven() -> None:
    before = '[x](old.md)'
    edits = link_repair.moved(before, markdown.links(before)[0], 'a.md', 'new.md')
    assert not link_repair.is_proven(before, 'x](new.md)', edits)
    assert not link_repair.is_proven(before, '[x](new.md) [y](z.md)', edits)


def test_baseline() -> None:
    data = link_baseline.render(['b.md: x', 'a.md: y', 'a.md: y'])
    assert data.decode().splitlines()[1:] == ['a.md: y', 'b.md: x']
    known = link_baseline.read(data)
    assert known == {'a.md: y': 2, 'b.md: x': 3}
    assert link_baseline.shrunk(known, {'a.md: y', 'new.md: z'}, {}) == {'a.md: y'}
    assert link_baseline.shrunk(known, {'c.md: y'}, {'a.md': 'c.md'}) == {'c.md: y'}
    assert [(p.line, p.level) for p in link_baseline.stale(known, {'a.md: y'})] == [(3, 'warning')]
    assert link_baseline.read(None) == {}


def test_probe(tmp_path: Path) -> None:
    """The probe of the peers: what must be found and what must not (B14 is a matter of taste, and a warning here)."""
    cases = Path(__file__).parent / 'data/hooks/audit-links'
    bad = (cases / 'bad/probe/expected.txt').read_text()
    assert len(re.findall(r'^docs/cases\.md:\d+: (?!warning)', bad, re.MULTILINE)) == 13
    assert not (cases / 'good/probe/expected.txt').exists()


def test_constants_are_rules() -> None:
    assert set(link_messages._MESSAGES) == {destination.MISSING, destination.CASE, destination.ANCHOR, destination.OUTSIDE, destination.ABSOLUTE,
                                            destination.LINE, destination.SYMLINK, destination.SUBMODULE}


def test_the_table_of_contents_of_a_wiki_is_no_link() -> None:
    assert not links.wikilinks('docs/b.md', markdown.links('[[_TOC_]]'), links.Names(FILES), setting='reject', is_document=True)
