"""The site in a real browser: filters, search, themes, a phone, the keyboard, a screen reader's rules, and attacks.

Needs Chromium, and npm for the axe-core rules. Without them the tests skip; `TEST_BROWSER=required` makes that a failure.
"""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import browser
import pages_test
from conftest import Sandbox
from conftest import make_sandbox

IS_REQUIRED = os.environ.get('TEST_BROWSER') == 'required'
AXE = 'axe-core@4.10.3'
WIDTHS = ((360, 'light'), (360, 'dark'), (1280, 'light'), (1280, 'dark'))
PAGES = ('index.html', 'plans/store.html', 'workstreams/flip.html', 'docs/sessions/RT-261101-01.html')
BODY = '''# The store

Some *text* with `code`, a [link](../workstreams/flip.md#tasks) and https://example.com/an/address/that/is/rather/long/for/a/telephone/to/show/at/once.

## Goal

- [ ] open
- [x] done

| a column | another | a third one | and a fourth, which is long |
|:--|--:|:-:|--|
| `docs/sessions/RT-261120-01k7f-with-a-very-long-slug-that-does-not-fit.md` | 2 | 3 | 4 |

```python
def answer(question: str) -> int:  # of everything, in one line that is a good deal wider than any telephone is
    """Docstring."""
    return 42 if question != 'x' else len(f'{question}!')
```

```diff
-old
+new
```

> [!WARNING]
> Hot.

### Deep

1. one
2. two

## Changelog

''' + '- an entry\n' * 9


def _missing(what: str) -> None:
    if IS_REQUIRED:
        pytest.fail(f'{what} is missing, and TEST_BROWSER=required')
    pytest.skip(f'no {what}: the site was not looked at; install it, or set TEST_BROWSER=required to be told in red')


def _note(repo: Sandbox, number: int, operator: str) -> None:
    initials = operator[:2].upper() if operator != 'roman' else 'RT'
    name = f'{initials}-2611{number:02d}-01'
    repo.write(f'docs/sessions/{name}.md',
               f'---\ntitle: Note {number} of {operator}\noperator: {operator}\nworkstream: {"flip" if number % 2 else "mirror"}\nstatus: {"done" if number % 3 else "open"}\n'
               f'created: 2026-11-{number:02d}\nsummary: What happened on day {number}\ntags: [ops]\ncommits: {number}\n---\n\n## Summary\n\n'
               f'{"A quicksilver sentence, Zürich and 東京" if number == 7 else "Words"}.\n')


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the rendered site of a small team."""
    repo = make_sandbox(tmp_path_factory.mktemp('site') / 'a repo')
    repo.write('plans/store.md', f'---\ntitle: The store\nowner: roman\nsummary: Why git\nstatus: active\ncreated: 2026-01-01\nreview_by: 2026-01-02\ntags: [a, b]\n---\n\n{BODY}')
    repo.write('plans/old.md', '---\ntitle: The old store\nstatus: superseded\nsuperseded_by: store\n---\n\n## Goal\n')
    repo.write('workstreams/flip.md', '---\ntitle: Flip it\nplan: store\nstatus: active\ncreated: 2026-11-02\n---\n\n## Tasks\n\n## Session Log\n')
    repo.write('workstreams/mirror.md', '---\ntitle: Mirror </script><b>\nplan: store\n---\n\n## Tasks\n')
    for number in range(1, 29):
        _note(repo, number, 'roman' if number % 2 else 'sergei')
    for number, attack in enumerate(pages_test.ATTACKS):
        repo.write(f'docs/learnings/attack-{number}.md', f'---\ntitle: {json.dumps(attack)}\nsummary: {json.dumps(attack)}\nowner: {json.dumps(attack)}\n'
                   f'status: {json.dumps(attack[:50])}\ntags: [{json.dumps(attack)}]\ncreated: 2025-12-01\n---\n\n{attack}\n')
    repo.commit('all </script><img src=x onerror=alert(1)>')
    run = repo.daybook('render-docs')
    assert run.returncode == 0, run.stderr
    return repo.root / 'docs/rendered'


@pytest.fixture(scope='module')
def tab() -> Iterator[browser.Browser]:
    program = browser.find()
    if program is None:
        _missing('Chromium')
    assert program is not None
    opened = browser.Browser(program)
    yield opened
    opened.close()


@pytest.fixture(scope='module')
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the source of axe-core, from the registry of npm: its licence keeps it out of this repository."""
    npm = shutil.which('npm')
    if npm is None:
        _missing('npm')
    place = tmp_path_factory.mktemp('axe')
    command = (str(npm), 'install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', str(place), AXE)
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if run.returncode:
        _missing(f'{AXE} ({(run.stderr or run.stdout).strip()[-200:]})')
    return (place / 'node_modules/axe-core/axe.min.js').read_text(encoding='utf-8')


def _outside(tab: browser.Browser) -> list[str]:
    return [address for address in tab.requests if not address.startswith(('file:', 'data:', 'about:'))]


def _titles(tab: browser.Browser) -> list[str]:
    return tab.run('[...document.querySelectorAll("[id=\'daybook.list\'] .title")].map(a => a.textContent)')


def _choose(tab: browser.Browser, name: str, value: str) -> None:
    tab.run(f'(() => {{ const field = document.getElementById("daybook.{name}"); field.value = {json.dumps(value)};'
            ' field.dispatchEvent(new Event("input", {bubbles: true})); })()')


@pytest.mark.parametrize('page', PAGES)
@pytest.mark.parametrize('width, theme', WIDTHS)
def test_page_is_clean_and_fits(tab: browser.Browser, folder: Path, page: str, width: int, theme: str) -> None:
    tab.resize(width, theme=theme)
    tab.open(folder / page)
    assert (tab.messages, _outside(tab)) == ([], [])
    assert tab.run('document.documentElement.scrollWidth') <= width
    dark = tab.run('getComputedStyle(document.body).backgroundColor')
    assert (sum(map(int, dark[4:-1].split(','))) < 200) is (theme == 'dark')


@pytest.mark.parametrize('page', PAGES)
@pytest.mark.parametrize('width, theme', WIDTHS)
def test_axe_has_nothing_serious_to_say(tab: browser.Browser, folder: Path, axe: str, page: str, width: int, theme: str) -> None:
    tab.resize(width, theme=theme)
    tab.open(folder / page)
    tab.run('document.querySelectorAll("details").forEach(each => { each.open = true; })')
    tab.run(axe)
    found = tab.run('axe.run({resultTypes: ["violations"]}).then(r => r.violations.map(v => [v.impact, v.id, v.nodes.map(n => n.html.slice(0, 200))]))')
    assert [each for each in found if each[0] in ('serious', 'critical')] == []


@pytest.mark.parametrize('has_script', [True, False])
def test_the_calendar_shows_its_newest_days_on_a_telephone(tab: browser.Browser, folder: Path, has_script: bool) -> None:
    copy = folder.parent / 'copy'
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    if not has_script:
        for path in copy.rglob('*.js'):
            path.write_text('')
    tab.resize(360)
    tab.open(copy / 'index.html')
    shown = tab.run('''(() => { const box = document.getElementById("daybook.calendar"), days = box.querySelectorAll("rect[class]");
        const day = days[days.length - 1].getBoundingClientRect();
        return [box.scrollWidth > box.clientWidth, day.left >= 0, day.right <= innerWidth]; })()''')
    assert shown == [True, True, True]


def test_of_one_day_the_newest_come_first_too(tab: browser.Browser, folder: Path) -> None:
    copy = folder.parent / 'one-day'
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    for path in (copy / 'data').glob('rows-*.js'):
        path.write_text(re.sub(r'2026-11-\d\d"', '2026-11-01"', path.read_text()))
    tab.resize(1280)
    tab.open(copy / 'index.html')
    titles = [title for title in _titles(tab) if title.startswith('Note ')]
    assert titles[:2] == ['Note 28 of sergei', 'Note 26 of sergei'], 'by name, backwards'


def test_the_newest_come_first_and_more_on_request(tab: browser.Browser, folder: Path) -> None:
    tab.resize(1280)
    tab.open(folder / 'index.html')
    first = _titles(tab)
    assert first[:2] == ['Note 28 of sergei', 'Note 27 of roman']
    tab.run('document.getElementById("daybook.more").click()')
    assert len(_titles(tab)) > len(first)
    assert tab.run('document.activeElement.textContent') == _titles(tab)[len(first)]


FILTERS = (
    ({'who': 'roman'}, 15, 'Note 27 of roman'),
    ({'workstream': 'mirror'}, 14, 'Note 28 of sergei'),
    ({'kind': 'Workstream'}, 2, 'Flip it'),
    ({'kind': 'Session', 'who': 'roman', 'status': 'open'}, 5, 'Note 27 of roman'),
    ({'kind': 'Session', 'who': 'roman', 'workstream': 'mirror'}, 0, None),
)


@pytest.mark.parametrize('chosen, count, first', FILTERS)
def test_filters(tab: browser.Browser, folder: Path, chosen: dict[str, str], count: int, first: str | None) -> None:
    tab.open(folder / 'index.html')
    for name, value in chosen.items():
        _choose(tab, name, value)
    said = tab.run('document.getElementById("daybook.count").textContent')
    assert said.startswith(f'{count} of ')
    assert next(iter(_titles(tab)), None) == first
    address = tab.run('location.hash')
    tab.open(folder / 'index.html', address)
    tab.wait('document.getElementById("daybook.count").textContent')
    assert tab.run('document.getElementById("daybook.count").textContent') == said, 'an address keeps the choice'
    tab.run('document.getElementById("daybook.clear").click()')
    assert not tab.run('document.getElementById("daybook.count").textContent').startswith(f'{count} of ')


SEARCHES = (('quicksilver', 'Note 7 of roman'), ('QUICKsilver zurich', 'Note 7 of roman'), ('東京', 'Note 7 of roman'), ('the store', 'The store'), ('flip it', 'Flip it'))


@pytest.mark.parametrize('words, first', SEARCHES)
def test_search_reads_all_texts(tab: browser.Browser, folder: Path, words: str, first: str) -> None:
    tab.open(folder / 'index.html')
    _choose(tab, 'query', words)
    tab.wait('!document.getElementById("daybook.count").textContent.includes("reading")')
    assert _titles(tab)[0] == first
    assert (tab.messages, _outside(tab)) == ([], [])


def test_search_that_finds_nothing_says_so(tab: browser.Browser, folder: Path) -> None:
    tab.open(folder / 'index.html')
    _choose(tab, 'query', 'nowhere-at-all')
    tab.wait('document.getElementById("daybook.count").textContent.startsWith("0 of ")')
    assert _titles(tab) == []


def test_search_marks_what_it_found(tab: browser.Browser, folder: Path) -> None:
    tab.open(folder / 'index.html')
    _choose(tab, 'query', 'quicksilver')
    tab.wait('document.querySelector("mark")')
    assert tab.run('document.querySelector("mark").textContent') == 'quicksilver'


def test_slash_leads_to_the_search(tab: browser.Browser, folder: Path) -> None:
    tab.open(folder / 'index.html')
    tab.run('dispatchEvent(new KeyboardEvent("keydown", {key: "/", cancelable: true}))')
    assert tab.run('document.activeElement.id') == 'daybook.query'


def test_theme_is_switched_and_kept(tab: browser.Browser, folder: Path) -> None:
    colour = 'getComputedStyle(document.body).backgroundColor'
    tab.resize(1280, theme='light')
    tab.open(folder / 'index.html')
    light = tab.run(colour)
    tab.run('document.getElementById("daybook.theme").click()')
    dark = tab.run(colour)
    assert dark != light
    assert tab.run('document.getElementById("daybook.theme").ariaLabel') == 'Switch to light theme'
    tab.open(folder / 'plans/store.html')
    assert tab.run(colour) == dark
    tab.run('document.getElementById("daybook.theme").click(); localStorage.clear()')


def test_calendar_and_graph(tab: browser.Browser, folder: Path) -> None:
    tab.resize(1280)
    tab.open(folder / 'index.html')
    tab.run('document.querySelector("svg a[href=\'#month=2026-11\']").dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}))')
    tab.wait('document.getElementById("daybook.count").textContent.includes("of 2026-11")')
    links = tab.run('[...document.querySelectorAll("svg a rect")].map(r => r.parentElement).map(a => [a.tabIndex, a.getAttribute("href")])')
    assert ['plans/store.html', 'workstreams/flip.html'] == sorted(href for _, href in links if 'store' in href or 'flip' in href)
    tab.run('document.querySelector("svg a[href=\'plans/store.html\']").focus()')
    assert tab.run('document.activeElement.getAttribute("href")') == 'plans/store.html'


def test_keyboard_reaches_the_text_and_sees_where_it_is(tab: browser.Browser, folder: Path) -> None:
    tab.resize(1280)
    tab.open(folder / 'plans/store.html')
    tab.press('Tab', 9)
    assert tab.run('document.activeElement.textContent') == 'Skip to content'
    assert tab.run('document.activeElement.getBoundingClientRect().left') >= 0
    tab.press('Tab', 9)
    assert tab.run('getComputedStyle(document.activeElement).outlineStyle') == 'solid'


def test_home_page_tells_which_reviews_are_due(tab: browser.Browser, folder: Path) -> None:
    tab.resize(1280)
    tab.open(folder / 'index.html')
    tab.wait('!document.getElementById("daybook.reviews").hidden')
    assert tab.run('[...document.querySelectorAll("#daybook\\\\.due-list li")].map(l => l.textContent)') == ['The store 2026-01-02']
    assert tab.run('document.querySelector("#daybook\\\\.due-list a").getAttribute("href")') == 'plans/store.html'
    assert tab.run('document.querySelector("#daybook\\\\.due-list .late") !== null')


def test_page_of_a_plan(tab: browser.Browser, folder: Path) -> None:
    tab.resize(360)
    tab.open(folder / 'plans/store.html')
    assert tab.run('document.querySelector(".late").textContent') == 'overdue'
    assert tab.run('document.getElementById("daybook.contents").open') is False
    assert tab.run('[...document.querySelectorAll("a[href]")].filter(a => a.protocol === "file:" && !a.href.endsWith(".md"))'
                   '.every(a => a.pathname.endsWith(".html"))')
    tab.resize(1280)
    tab.open(folder / 'plans/store.html')
    assert tab.run('document.getElementById("daybook.contents").open') is True


def test_a_fragment_unfolds_what_holds_it(tab: browser.Browser, folder: Path, tmp_path: Path) -> None:
    text = (folder / 'plans/store.html').read_text(encoding='utf-8')
    copy = tmp_path / 'page.html'
    copy.write_text(text.replace('earlier entries</summary>', 'earlier entries</summary><p id="folded">x</p>'), encoding='utf-8')
    tab.open(copy, '#folded')
    assert tab.run('document.getElementById("folded").closest("details").open') is True


@pytest.mark.parametrize('number', range(len(pages_test.ATTACKS)))
def test_attacks_do_nothing(tab: browser.Browser, folder: Path, number: int) -> None:
    tab.resize(1280)
    tab.open(folder / f'docs/learnings/attack-{number}.html')
    assert (tab.messages, _outside(tab)) == ([], [])
    assert tab.run('document.getElementById("daybook.theme").localName') == 'button'
    tab.run('document.querySelectorAll("article a, article summary, article button").forEach(a => {'
            ' if (!/^(https?|file|mailto):/.test(a.protocol || "https:")) a.click(); })')
    assert tab.run('document.title').endswith('· Daybook')
    assert tab.messages == []


def test_attacks_do_nothing_on_the_home_page(tab: browser.Browser, folder: Path) -> None:
    tab.resize(1280)
    tab.open(folder / 'index.html')
    _choose(tab, 'query', 'alert')
    tab.wait('!document.getElementById("daybook.count").textContent.includes("reading")')
    while not tab.run('document.getElementById("daybook.more").hidden'):
        tab.run('document.getElementById("daybook.more").click()')
    assert len(_titles(tab)) > 30
    assert (tab.messages, _outside(tab)) == ([], [])


def test_the_policy_stops_what_the_sanitiser_would_let_through(tab: browser.Browser, folder: Path, tmp_path: Path) -> None:
    text = (folder / 'plans/store.html').read_text(encoding='utf-8')
    copy = tmp_path / 'page.html'
    copy.write_text(text.replace('<article class="text">', '<article class="text"><script>window.hit = 1</script><img src="https://evil.example/x" onerror="window.hit = 2">'),
                    encoding='utf-8')
    tab.open(copy)
    assert tab.run('window.hit') is None
    assert any('Content Security Policy' in message for message in tab.messages)
