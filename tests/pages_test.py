"""What a body, a page and the pictures become: safe, with the anchors of the audit, the same every time."""
from __future__ import annotations

import html
import json
import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from conftest import ROOT
from daybook.documents import markdown
from daybook.documents import markdown_freed
from daybook.documents import config
from daybook.documents import document
from daybook.site import site_home
from daybook.writers import pages
from daybook.writers import pages_assets
from daybook.writers import pages_body
from daybook.writers import pages_code
from daybook.writers import pages_entry
from daybook.writers import pages_graph
from daybook.writers import pages_links
from daybook.writers import pages_search
from daybook.writers.pages import Assets
from daybook.writers.pages import Link
from daybook.writers.pages_body import Body
from daybook.writers.pages_body import Heading
from daybook.writers.pages_graph import Node
from daybook.writers.pages_links import Place

TEMPLATES = pages.Templates({})
PLACE = Place('docs/sessions/a.md', frozenset({'plans/b c.md', 'docs/sessions/é.md'}), frozenset({'plans/secret.md'}),
              {'docs/x.png': 'data:image/png;base64,AAAA'}, '', '../../../../')

# what an attacker writes into a document; a browser is asked about the same rows in tests/site_test.py
ATTACKS = (
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<svg onload=alert(1)><script>alert(1)</script></svg>',
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>', '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
    '[x](javascript:alert(1))', '[x](JaVaScRiPt:alert(1))', '[x](java\tscript:alert(1))', '[x](&#106;avascript:alert(1))',
    '[x](<java&NewLine;script:alert(1)>)', '[x](\x01javascript:alert(1))', '[x](vbscript:msgbox(1))', '![x](javascript:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)', '![x](data:image/svg+xml,<svg onload=alert(1)>)',
    '<a href="javascript:alert(1)">x</a>', '<a href=" &#14; javascript:alert(1)">x</a>', '<iframe src="javascript:alert(1)"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>', '<object data="data:text/html,<script>alert(1)</script>"></object>',
    '<embed src="javascript:alert(1)">', '<form action="javascript:alert(1)"><input type=submit autofocus onfocus=alert(1)></form>',
    '<button onclick=alert(1)>x</button>', '<details open ontoggle=alert(1)>x</details>', '<body onload=alert(1)>',
    '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">', '<base href="https://evil.example/">',
    '<link rel=stylesheet href="https://evil.example/x.css">', '<style>@import "https://evil.example/x.css";</style>',
    '<div style="background:url(https://evil.example/x)">x</div>', '<p style="position:fixed;inset:0">x</p>',
    '<img src="https://evil.example/pixel.png">', '<img srcset="https://evil.example/pixel.png 1x">', '<video src="https://evil.example/v" autoplay></video>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>',
    '<title><img title="</title><script>alert(1)</script>"></title>', '<!--><img src=x onerror=alert(1)>-->', '<![CDATA[<script>alert(1)</script>]]>',
    '<a name=daybook></a><a id="daybook.theme">x</a><form id=daybook><input name=rows></form>', '<p id="daybook.main">x</p>', '<template><script>alert(1)</script></template>',
    '{{ 7 * 7 }} {% include "/etc/passwd" %} {{ self.__init__.__globals__ }}', '</article></main><script>alert(1)</script>', '</script><script>alert(1)</script>',
    '# <img src=x onerror=alert(1)>', '# x {#"><script>alert(1)</script>}', '# "><script>alert(1)</script>', '## <a id="x" onclick="alert(1)">x</a>',
    '```"><script>alert(1)</script>\nx\n```', '```html\n<script>alert(1)</script>\n```', '`<script>alert(1)</script>`', 'https://x.example/"onmouseover="alert(1)',
    '| <script>alert(1)</script> |\n|--|\n| <img src=x onerror=alert(1)> |', '[^1]: <script>alert(1)</script>\n\nx[^1]', '[x]: javascript:alert(1)\n\n[x]',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">', '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '![" onerror="alert(1)](https://evil.example/x.png)', '[![x](https://evil.example/x.png" onerror="alert(1))](https://y.example)', 'a\u202eb\u2066c\x1b[31mred\x07',
)
_TAGS = {'a', 'abbr', 'article', 'b', 'blockquote', 'br', 'code', 'del', 'details', 'div', 'em', 'h1', 'h2', 'h3', 'img', 'li', 'ol', 'p', 'pre', 'span', 'strong',
         'summary', 'sup', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'}
_NAMES = {'id', 'class', 'href', 'src', 'alt', 'title', 'rel', 'name', 'open', 'align', 'tabindex', 'role', 'aria-label', 'aria-hidden'}


class _Reader(HTMLParser):
    """Collects what a browser would act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _tags(source: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = _Reader()
    reader.feed(source)
    return reader.tags


def _render(source: str, place: Place = PLACE, title: str = '') -> Body:
    return pages_body.render(source, place, title)


@pytest.mark.parametrize('attack', ATTACKS)
def test_attacks_are_inert(attack: str) -> None:
    body = _render(attack)
    for tag, attributes in _tags(body.html):
        assert tag in _TAGS, body.html
        assert attributes.keys() <= _NAMES, body.html
        assert re.match(r'(?:https?:|mailto:|#|\.{1,2}/|[^:]*$)', attributes.get('href') or ''), body.html
        assert (attributes.get('src') or 'data:image/').startswith('data:image/'), 'nothing is loaded'
        assert not (attributes.get('id') or '').startswith('daybook.'), 'the ids of the page are its own'
    assert not re.search('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]', body.html + body.text)


@given(st.lists(st.sampled_from([*ATTACKS, '\n', '\n\n', '> ', '- ', '<', '>', '"', "'", '`', '[', '](', ')', '<b>', '</b>', '<!--', '-->', 'x'])))
@settings(max_examples=200, deadline=None)
def test_mixtures_of_attacks_are_inert(parts: list[str]) -> None:
    body = _render(''.join(parts))
    assert pages_body.text(''.join(parts)) == body.text
    for tag, attributes in _tags(body.html):
        assert tag in _TAGS | {'h4', 'h5', 'h6', 'hr', 'dl'}, body.html
        assert attributes.keys() <= _NAMES | {'start'}, body.html
        assert not re.match(r'[\s\x00-\x20]*(?:javascript|vbscript|data):', attributes.get('href') or '', re.IGNORECASE)


LINKS = (
    ('https://e.org/x?y#z', 'https://e.org/x?y#z'),
    ('mailto:a@e.org', 'mailto:a@e.org'),
    ('#here', '#here'),
    ('../../plans/b%20c.md#goal', '../../plans/b%20c.html#goal'),
    ('/plans/b c.md', '../../plans/b%20c.html'),
    ('é.md', '%C3%A9.html'),
    ('../../plans/secret.md#x', None),
    ('../../src/a.py#L3', '../../../../src/a.py#L3'),
    ('../../../outside.md', None),
    ('//e.org/x', 'https://e.org/x'),
    ('none.md', '../../../../docs/sessions/none.md'),
    ('..\\..\\plans\\b c.md', '../../plans/b%20c.html'),
    ('../../plans/b%20c.md#"><x', '../../plans/b%20c.html#%22%3E%3Cx'),
)


@pytest.mark.parametrize('target, expected', LINKS)
def test_link(target: str, expected: str | None) -> None:
    assert pages_links.resolve(PLACE, target) == expected


@pytest.mark.parametrize(('source', 'target'), [
    ('## Policy\n\n[x](#user-content-policy)', '#policy'),
    ('## Policy\n\n## User content policy\n\n[x](#user-content-policy)', '#user-content-policy'),
    ('<a id="user-content-b"></a>\n\n[x](#user-content-b)', '#user-content-b'),
    ('<a id="b"></a>\n\n[x](#user-content-b)', '#b'),
])
def test_the_prefix_of_a_git_host_leads_to_the_anchor(source: str, target: str) -> None:
    assert f'<a href="{target}"' in _render(source).html


def test_link_to_the_host() -> None:
    place = PLACE._replace(files_url='https://example.com/o/r/blob/main/')
    assert pages_links.resolve(place, '../../src/a b.py') == 'https://example.com/o/r/blob/main/src/a%20b.py'
    assert pages_links.resolve(place, '../../../../issues?q=is%3Aopen#x') == 'https://example.com/o/r/issues?q=is%3Aopen#x'
    assert pages_links.resolve(place, '/../../issues/1') == 'https://example.com/o/r/issues/1'
    assert pages_links.resolve(place, '../../../../plans') is None


IMAGES = (
    ('![x](../x.png)', '<img src="data:image/png;base64,AAAA" alt="x">'),
    ('![x](https://e.org/x.png)', '<a class="daybook-image" href="https://e.org/x.png" rel="noopener noreferrer">x</a>'),
    ('![](../big.png)', '<a class="daybook-image" href="../../../../docs/big.png" rel="noopener noreferrer">../../../../docs/big.png</a>'),
    ('[![x](https://e.org/x.png)](https://y.org)', '<a href="https://y.org" rel="noopener noreferrer"><span class="daybook-image">x</span></a>'),
    ('![x](javascript:alert)', '<span class="daybook-image">x</span>'),
)


@pytest.mark.parametrize('source, expected', IMAGES)
def test_image(source: str, expected: str) -> None:
    assert _render(source).html.strip() == f'<p>{expected}</p>'


PARTS = (
    pytest.param('- [ ] open\n- [x] done', 'class="daybook-task">☐ ', id='task'),
    pytest.param('see https://e.org/a_b.', '<a href="https://e.org/a_b" rel="noopener noreferrer">https://e.org/a_b</a>.', id='address'),
    pytest.param('`https://e.org`', '<code>https://e.org</code>', id='address in code'),
    pytest.param('> [!WARNING]\n> Hot', '<blockquote class="daybook-alert daybook-warning"><p><strong>Warning</strong></p><p>Hot</p>', id='alert'),
    pytest.param('```py\nx = 1 < 2\n```', '<span class="mi">1</span>', id='highlighted'),
    pytest.param('```nolang\nx < 2\n```', '<code class="language-nolang">x &lt; 2\n</code>', id='unknown language'),
    pytest.param('| a |\n|--:|\n| 1 |', '<td align="right">1</td>', id='aligned'),
    pytest.param('a\r\n\r\nb\r\n', '<p>a</p>\n<p>b</p>', id='CRLF'),
    pytest.param('## A b\n\n## A b', '<h2 id="a-b-1">', id='numbered'),
    pytest.param('## A {#own}', '<h2 id="a-own"><span id="own"></span>A<a', id='explicit'),
    pytest.param('## A {: .b #own }', '<h2 id="a--b-own-"><span id="own"></span>A<a', id='explicit behind a class'),
    pytest.param('## Changelog\n\n' + '- x\n' * 7, '<summary>2 earlier entries</summary><ul>', id='log'),
    pytest.param('## Changelog\n\n' + '- x\n' * 5, '<li>x</li>\n</ul>', id='short log'),
    pytest.param('## Iteration 1\n\nold\n\n## Now\n', '<summary>Iteration 1</summary>\n<p>old</p>\n</details><h2', id='iteration'),
    pytest.param('> ## Changelog\n>\n> - x\n\n## Y', '<h2 id="y">', id='nested log'),
)


@pytest.mark.parametrize('source, expected', PARTS)
def test_part(source: str, expected: str) -> None:
    assert expected in _render(source).html


def test_a_first_heading_that_repeats_the_title_goes_to_the_page() -> None:
    body = _render('# My `title`\n\ntext\n\n# My title\n', title='My title')
    assert body.top == ['my-title']
    assert body.html.count('<h1') == 1 and 'id="my-title-1"' in body.html


DOCUMENTS = sorted([*(ROOT / 'docs').rglob('*.md'), *(ROOT / 'tests/data').rglob('*.md'), ROOT / 'README.md', ROOT / 'CHANGELOG.md'])
ANCHORED = ('# a\n## a\n# b {#c}\n', '# a { #b }\n\n# c {: .d #e f=g}\n', '# T `{ #a }`\n', '# T { #&amp; }\n', '# T { #<b>a</b> }\n', '# T {\u00a0#a}\n', '# T {#"&lt;i&gt;}\n', '<h2>Raw *x*</h2>\n\n## Raw x\n', '## With `code` & <b>tag</b>\n', '## 日本語 é 🚀\n', '<a name="x"></a>\n\n<p id="y">z</p>\n',
            '## A[^1]\n\n## A1\n\n[^1]: x\n', '> ## Quoted\n\n- ## Listed\n', '<!-- <h2>no</h2> -->\n## Yes\n', '```\n# no\n```\n# yes\n', 'Setext\nwrapped\n---\n',
            '## [link](x.md) ![image](y.png)\n')


@pytest.mark.parametrize('source', [*ANCHORED, *(path.read_text(encoding='utf-8') for path in DOCUMENTS)])
def test_every_anchor_of_the_audit_is_one_of_the_page(source: str) -> None:
    body = _render(source)
    ids = {value for _, attributes in _tags(body.html) for name in ('id', 'name') if (value := attributes.get(name))}
    assert markdown.anchors(source) <= ids | set(body.top)


@given(st.text(st.sampled_from('# -a1é`*_[](){}<>&!\n|\\"'), max_size=60))
@settings(max_examples=300, deadline=None)
def test_anchors_of_any_headings(source: str) -> None:
    body = _render(source)
    ids = {value for _, attributes in _tags(body.html) for name in ('id', 'name') if (value := attributes.get(name))}
    slugs = {heading.slug for heading in markdown.headings(source)} - {''}
    assert slugs <= ids


TAKERS = ('script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes', 'noscript', 'plaintext', 'template', 'select', 'object',
          'STYLE class="a"', 'textarea/', 'text', 'path', 'image', 'set', 'mi', 'svg', 'math', 'name', 'a-b', 'form', 'button', 'option', 'body', 'frameset')
PLACEHOLDERS = ('Set <{}> so.\n\n## Next\n\nend', '- one <{}>\n- two\n\n## Next\n\nend', '| a <{}> | b |\n| - | - |\n| c | d |\n\n## Next\n\nend',
                '## The <{}> one\n\n## Next\n\nend', '> quoted <{}>\n\n## Next\n\nend', 'Open <{}> here.\n\n## Next\n\nand close it with </{}>, end')


@pytest.mark.parametrize('source', PLACEHOLDERS)
@pytest.mark.parametrize('tag', TAKERS)
def test_a_placeholder_takes_nothing_with_it(tag: str, source: str) -> None:
    source = source.replace('{}', tag, 1).replace('{}', tag.split()[0].strip('/'))
    body = _render(source)
    assert 'id="next"' in body.html and body.text.endswith('end')
    assert {heading.anchor for heading in body.headings} == markdown.anchors(source)
    for word in ('so.', 'two', 'd', 'one', 'quoted', 'here.'):
        assert (word in source.split()) <= (word in body.text.split())


@pytest.mark.parametrize('tag', ['script', 'style', 'template', 'iframe'])
def test_what_is_closed_where_it_began_stays_hidden(tag: str) -> None:
    for source in (f'a <{tag}>hidden</{tag}> b', f'<{tag}>\nhidden\n\nhidden\n</{tag}>\n\na b' if tag in ('script', 'style') else 'a b'):
        assert _render(source).text == 'a b'


def test_a_heading_with_an_open_brace_costs_linear_time() -> None:
    body = _render('# {#' + 'a' * 100_000 + ' ' * 100_000 + 'a')
    assert len(body.html) > 100_000


@pytest.mark.parametrize('piece', ['<title>', '<title', '<title></p>\n', '<style></title>', '</p> <script> '])
def test_placeholders_without_end_cost_linear_time(piece: str) -> None:
    def cost(count: int) -> float:
        source, taken = '<p>' + piece * count + '</title>', []
        for _ in range(3):
            begun = time.process_time()
            markdown_freed.freed(source, lambda tag: '')
            taken.append(time.process_time() - begun)
        return min(taken)

    assert cost(20_000) < 12 * max(cost(5_000), 0.002)


@pytest.mark.parametrize(('summary', 'plain'), [
    ('Vec<T> and a_b * c', 'Vec<T> and a_b * c'), ('See [the state](../STATE.md), **now**.', 'See the state, now.')])
def test_a_summary_with_links_is_shown_as_readers_see_it(summary: str, plain: str) -> None:
    assert _document(f'---\ntitle: T\nsummary: "{summary}"\n---\n').summary == plain


def _document(head: str, path: str = 'plans/a_v02.md') -> pages_entry.Entry:
    kind = config.kind_of(config.DEFAULTS, path)
    assert kind is not None
    return pages_entry.make(document.from_bytes(path, kind, head.encode()), 'internal', {})


ZONES = (
    pytest.param('---\ntitle: T\n---\n', 1, id='default'),
    pytest.param('---\ntitle: T\nzone: public\n---\n', 0, id='public'),
    pytest.param('---\ntitle: T\nzone: " Private "\n---\n', 2, id='spaces'),
    pytest.param('---\ntitle: T\nzone: secret\n---\n', 3, id='unknown'),
    pytest.param('---\ntitle: T\nzone: [public]\n---\n', 3, id='list'),
    pytest.param('---\ntitle: T\nzone: public\nzone: private\n---\n', 3, id='twice'),
    pytest.param('---\ntitle: T\nzone: private\n', 3, id='never closed'),
    pytest.param('# T\n\n- entity: plan\n- zone: private\n', 2, id='bullets'),
    pytest.param('# T\n\n**Zone:** restricted\n', 3, id='bold'),
    pytest.param('# T\n\n| zone | private |\n|--|--|\n', 2, id='table'),
    pytest.param('# T\n\n- zone: public\n', 1, id='bullets never lower it'),
    pytest.param('---\ntitle: T\n---\n# T\n\n- **Zone:** private\n', 2, id='bullets behind frontmatter'),
    pytest.param('---\ntitle: T\n---\n\n| zone | private |\n|--|--|\n', 2, id='a table behind frontmatter'),
    pytest.param('---\ntitle: T\nzone: public\n---\n- zone: private\n', 0, id='frontmatter says it'),
    pytest.param('---\ntitle: T\n---\n- zone: eu-west-1\n\n## Example\n\n- zone: private\n', 1, id='no zone of documents'),
    pytest.param('---\ntitle: T\n---\n```yaml\nzone: private\n```\n', 1, id='an example'),
)


@pytest.mark.parametrize('head, step', ZONES)
def test_zone(head: str, step: int) -> None:
    assert _document(head).zone == step


def test_entry() -> None:
    entry = _document('---\ntitle: "A \\u202e b"\nowner: [roman, 7]\ntags: x\nstatus: active\nworkstream: [flip, none]\nid: P-1\nupdated: 2026-11-01\nttl_days: 30\n---\n')
    assert entry == pages_entry.Entry(
        'plans/a_v02.md', 'plan', 'A b', 'active', ['roman', '7'], ['x'], '', '2026-11-01', '2026-12-01', '', 1, ['a_v02', 'p-1', 'plans/a/*'], {'workstream': ['flip']})


NAMES = (('flip', 'flip'), ('[[Flip|the flip]]', 'flip'), ('[x](../workstreams/Flip.md)', 'flip'), ('a/b.md', 'b'), ('ADR-0007', '#7'), ('12', '#12'), ('0007-x', '0007-x'))


@pytest.mark.parametrize('text, name', NAMES)
def test_name_of(text: str, name: str) -> None:
    assert pages_entry.name_of(text) == name


# the stem of a file without a date of its own, and the day that it holds
NAME_DATES = (('notes', ''), ('RT-261120-01k7f', '2026-11-20'), ('2026-11-20-store', '2026-11-20'), ('store_20261120T1200', '2026-11-20'),
              ('99-12-31', ''), ('RT-260231-01', ''), ('2026-02-30', ''), ('2026-1120', ''), ('a261120b', ''), ('1261120', ''),
              ('v2-261301-261120', '2026-11-20'), ('202611201200', ''), ('20٢٦-11-20', ''), ('²61120', ''))


@pytest.mark.parametrize(('stem', 'day'), NAME_DATES)
def test_days_in_names(stem: str, day: str) -> None:
    assert _document('---\ntitle: A\n---\n', f'plans/{stem}.md').created == day


PAGES = (('a/b.md', 'a/b.html'), ('a/b.mdx', 'a/b.mdx.html'), ('ü b.md', 'ü b.html'))


@pytest.mark.parametrize('path, page', PAGES)
def test_page_of(path: str, page: str) -> None:
    assert pages_links.page_of(path) == page


def test_page_of_a_long_name_fits_the_file_system() -> None:
    one, other = (pages_links.page_of(f'a/{"é" * 120}{end}.md') for end in 'xy')
    assert one != other and len(one.encode()) < 230


def test_addresses_are_bytes() -> None:
    assert pages_links.address('a b/\udcff#?.html') == 'a%20b/%FF%23%3F.html'
    assert pages_links.address('javascript:alert(1).html') == 'javascript%3Aalert(1).html'


def _assets(page: str) -> Assets:
    return pages_assets.assets(page, lambda name: (ROOT / 'src/daybook/writers/templates' / name).read_text(encoding='utf-8'))


def test_every_text_of_a_page_is_escaped() -> None:
    bad = '<i>"\'&'
    link = Link(bad, bad, bad, bad, bad)
    content = pages.Page(*[bad] * 5, [(bad, [(bad, bad), (bad, '')])], bad, Body('', [Heading(2, bad, bad)] * 3, '', [bad, bad]), *[[link] * 13] * 3,
                         [pages.Change(*[bad] * 4)] * 2, *[bad] * 4)
    lists = [(bad, bad, [link] * 9)]
    for text in (pages.page(TEMPLATES, content, _assets('page')), _home(site=bad, counts=[(bad, 1)], lists=lists)):
        assert '<i>' not in text and text.count('&lt;i&gt;&#34;&#39;&amp;') > 20


def _page(**given: object) -> str:
    content = pages.Page('T', 'plan', 'active', 'S', '2026-11-20', [('Owner', [('<i>', 'a"b')])], '2026-12-01', Body('<p>x</p>', [], 'x', []),
                         [], [], [], [], 'plans/a.md', '../../plans/a.md', '../index.html', 'Site')
    return pages.page(TEMPLATES, content._replace(**given), _assets('page'))


def test_page_says_what_it_is() -> None:
    text = _page(title='A <b> "q"', status='act"ive')
    assert text.startswith(f'<!doctype html>\n{pages.MARKER}\n')
    for line in ('<title>A &lt;b&gt; &#34;q&#34; · Site</title>', '<meta name="summary" content="S">', '<meta name="kind" content="plan">',
                 '<meta name="status" content="act&#34;ive">', '<meta name="updated" content="2026-11-20">', '<a href="a&#34;b">&lt;i&gt;</a>'):
        assert line in text
    assert _page() == _page()


def test_page_allows_nothing_but_its_own() -> None:
    text = _page()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and "default-src 'none'" in policy[1].replace('&#39;', "'")
    assert 'unsafe' not in policy[1] and 'http' not in policy[1]
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    for name in ('page', 'home'):
        assets = _assets(name)
        assert '</' not in assets.style + assets.script, 'a raw text element would end there'


def _home(**given: object) -> str:
    known: dict[str, object] = {'site': 'S', 'parts': 1, 'total': 0, 'counts': [], 'calendar': '', 'graph': '', 'lists': []}
    return pages.home(TEMPLATES, _assets('home'), **{**known, **given})  # type: ignore[arg-type]


def test_home_of_nothing() -> None:
    text = _home()
    assert 'daybook.map' not in text and 'daybook.activity' not in text


def test_home_lists_what_is_at_work_before_what_is_over() -> None:
    statuses = ('active', '', '✅ Done', 'superseded by 7', 'cancelled', 'retired')
    nodes = {f'plans/{number}.md': ['plan', f'plan {-number % 9}', status, '', []] for number, status in enumerate(statuses)}
    text = site_home.home(config.DEFAULTS, TEMPLATES, _assets('home'), {'kinds': {'plan': 6}, 'nodes': nodes, 'days': {}}, 1)
    assert re.findall('plan [0-9]', text) == ['plan 0', 'plan 8', 'plan 4', 'plan 5', 'plan 6', 'plan 7']


NODES = (Node('plans/a.md', 'plan', 'A </text><script>', 'active', 'plans/a.html', []), Node('workstreams/w.md', 'workstream', 'W' * 50, '', 'w.html', ['plans/a.md', 'gone.md']),
         Node('docs/adr/1.md', 'adr', 'Alone', '', '1.html', ['docs/adr/1.md']))


def test_graph() -> None:
    svg = pages_graph.graph(NODES)
    assert svg == pages_graph.graph(NODES[::-1])
    assert svg.count('<a ') == 2 and 'Alone' not in svg
    assert '<script>' not in svg and 'aria-label="A &lt;/text&gt;&lt;script&gt; (plan, active)"' in svg
    assert pages_graph.graph(NODES[2:]) == pages_graph.graph([]) == ''


def test_graph_of_many_stays_a_picture() -> None:
    many = [Node(f'docs/adr/{n:04d}.md', 'adr', f'D {n}', '', 'x', [f'docs/adr/{n - 1:04d}.md']) for n in range(500)]
    assert 30 < pages_graph.graph(many).count('<a ') <= 40


def test_calendar() -> None:
    svg = pages_graph.calendar({'2026-11-20': 3, '2026-01-05': 1, '2019-01-01': 9, 'nonsense': 1, '2026-02-01': 0})
    assert svg.count('<title>') == 2 and '<title>2026-11-20: 3 documents</title>' in svg and '<a href="#month=2026-11"' in svg
    assert pages_graph.calendar({}) == ''
    assert pages_graph.calendar({'0001-01-03': 1}) == ''
    assert '9999-12-31' in pages_graph.calendar({'9999-12-31': 1})


def test_search_script_is_data() -> None:
    text = pages_search.shard(3, 'rows', [pages_search.as_script([]), pages_search.as_script(['</script><!--', '\u2028&', '\udcff'])]).decode()
    assert text.startswith('/* generated by daybook render-docs: edits are lost */\nwindow.daybook.rows(3,[\n[],\n')
    assert '<' not in text and '\u2028' not in text
    assert json.loads(text[text.index('(3,') + 3:].rstrip(')\n')) == [[], ['</script><!--', '\u2028&', '?']]


def test_quotations_that_nest_without_end_take_linear_time() -> None:
    assert pages_body.text('>' * 60_000 + ' deep') == 'deep'
    shown = pages_body.render('>' * 90 + ' deep', PLACE, '').html
    assert shown.count('<blockquote>') == shown.count('</blockquote>') == 90


def test_code_that_is_too_long_is_not_highlighted() -> None:
    assert pages_code.highlight('<' * 50_001, 'html') == html.escape('<' * 50_001)
