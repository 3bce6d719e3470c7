"""sync-notion against a stand-in of Notion over HTTP: what is written where, and what failures leave behind."""
from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import frontmatter
from daybook.hooks import sync_notion
from daybook.mirror import memory
from daybook.mirror.pace import Clock
from daybook.repo import files
from mirrors import LOG
from mirrors import Mirrored
from mirrors import mirrored  # noqa: F401  fixtures
from mirrors import notion  # noqa: F401


def _everything(root: Path) -> dict[str, bytes]:
    """Return every file, git's own too."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob('*') if path.is_file()}


def test_a_dry_run_writes_nothing_anywhere(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    before = _everything(mirrored.repo.root)
    code, said = mirrored.run()
    assert code == 0
    assert 'create    docs/sessions/a.md: no page has its External ID' in said
    assert said.endswith('sync-notion: 1 create; nothing was written, --apply does\n')
    assert _everything(mirrored.repo.root) == before
    assert all(seen.is_read for seen in mirrored.notion.seen[3:]) and not mirrored.notion.pages


def test_a_document_becomes_a_page(mirrored: Mirrored) -> None:
    path = mirrored.note('a', text='Read [the plan](../../plans/p.md#goal), [code](../../x.py) and [more](https://example.com).')
    mirrored.note('p', folder='plans')
    mirrored.repo.write('x.py', 'x = 1\n')
    commit = mirrored.repo.commit()
    said = mirrored.apply()
    assert 'created: docs/sessions/a.md: no page has its External ID' in said
    page, plan = mirrored.notion.page('a'), mirrored.notion.page('p')
    shown = {name: mirrored.notion.field(page, name) for name in mirrored.notion.schema}
    assert shown.pop('Last Synced').startswith('20')
    assert shown == {
        'Doc name': 'Title of a', 'External ID': 'a', 'Kind': 'session', 'Operator': 'roman', 'Status': '', 'Workstream': 'build',
        'Tags': 'one, two', 'Summary': 'What was done: a, b', 'Source': f'https://git.example.com/o/r/blob/{commit}/{path}',
        'Source Commit': commit, 'Content Hash': frontmatter.content_hash((mirrored.repo.root / path).read_bytes()),
        'Sync Status': 'synced'}
    text = mirrored.notion.texts[page]
    assert 'title:' not in text and '## Summary' in text
    assert f'[the plan](https://www.notion.so/{plan.replace("-", "")})' in text
    assert f'[code](https://git.example.com/o/r/blob/{commit}/x.py)' in text
    assert '[more](https://example.com)' in text
    meta = mirrored.meta(path)
    assert (meta['notion_page_id'], meta['sync_status']) == (page, 'synced')
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', str(meta['last_synced']))
    assert re.search(r'^- \S+ created `a`: no page has its External ID \(commit \w{12}\)$', mirrored.repo.read(LOG), re.MULTILINE)


def test_the_second_run_sends_only_reads_and_changes_nothing(mirrored: Mirrored) -> None:
    for name in ('a', 'b'):
        mirrored.note(name)
    mirrored.repo.commit()
    mirrored.apply()
    before = mirrored.repo.snapshot()
    seen = mirrored.requests('--apply')
    assert seen and all(request.is_read for request in seen)
    assert mirrored.repo.snapshot() == before
    mirrored.repo.commit()  # the state in the frontmatter is no change of the document
    assert all(request.is_read for request in mirrored.requests('--apply'))


def test_only_the_four_keys_change_and_no_other_byte(mirrored: Mirrored) -> None:
    path = 'docs/sessions/a b é.md'
    text = '\ufeff---\r\n# a comment\r\ntitle:   "Odd"  # why\r\nextra: {b: 1,a: 2}\r\n---\r\ntext\r\nno end'
    mirrored.repo.write(path, text)
    mirrored.repo.commit()
    mirrored.apply()
    after = (mirrored.repo.root / path).read_bytes().decode()
    kept = [line for line in after.split('\r\n') if not line.startswith(('notion_page_id', 'last_synced', 'sync_status'))]
    assert kept == text.split('\r\n')
    assert len(after.split('\r\n')) == len(text.split('\r\n')) + 3


CHANGES = (
    ('title: Title of a', 'title: Another', 'title changed', False),
    ('tags: [one, two]', 'tags: [one]', 'tags changed', False),
    ('operator: roman', 'operator: roman\nstatus: done', 'status changed', False),
    ('Done.', 'Done again.', 'content changed', True),
)


@pytest.mark.parametrize(('old', 'new', 'reason', 'has_body'), CHANGES)
def test_what_changed_is_updated(mirrored: Mirrored, old: str, new: str, reason: str, has_body: bool) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    page = mirrored.notion.page('a')
    mirrored.repo.write(path, mirrored.repo.read(path).replace(old, new))
    mirrored.repo.commit()
    before = len(mirrored.notion.seen)
    assert f'updated: docs/sessions/a.md: {reason}' in mirrored.apply()
    bodies = [seen for seen in mirrored.notion.seen[before:] if seen.path.endswith('/markdown')]
    assert bool(bodies) is has_body
    assert mirrored.notion.page('a') == page
    assert not [seen for seen in mirrored.requests('--apply') if not seen.is_read]


def test_a_page_is_never_whole_before_its_hash(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.repo.write(path, mirrored.repo.read(path).replace('Done.', 'Other.'))
    mirrored.repo.commit()
    before = len(mirrored.notion.seen)
    mirrored.apply()
    writes = [seen for seen in mirrored.notion.seen[before:] if not seen.is_read]
    hashes = [seen.body['properties'].get('Content Hash') if 'properties' in seen.body else None for seen in writes if seen.body]
    assert hashes[0] == {'rich_text': []} and hashes[1] is None and hashes[2]['rich_text'] and len(hashes) == 3


def test_a_page_edited_by_hand_is_reported_and_overwritten(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    page = mirrored.notion.page('a')
    mirrored.time.sleep(120)
    mirrored.notion.person_edits(page, text='mine')
    assert 'update    docs/sessions/a.md: edited by hand in the mirror' in mirrored.run()[1]
    mirrored.apply()
    assert 'Done.' in mirrored.notion.texts[page]
    assert re.search(r'updated `a`: edited by hand in the mirror', mirrored.repo.read(LOG))
    assert all(seen.is_read for seen in mirrored.requests('--apply'))


@pytest.mark.parametrize('where', ['document', 'page'])
def test_manual_override_is_never_touched(mirrored: Mirrored, where: str) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    page = mirrored.notion.page('a')
    text = mirrored.repo.read(path).replace('Done.', 'Other.')
    if where == 'document':
        text = text.replace('sync_status: synced', 'sync_status: manual_override')
    else:
        mirrored.notion.person_edits(page, Sync_Status={'type': 'select', 'select': {'name': 'manual_override'}})
    mirrored.repo.write(path, text)
    mirrored.repo.commit()
    before, state = mirrored.repo.snapshot(), json.dumps(mirrored.notion.pages[page])
    assert 'manual_override' in mirrored.apply()+mirrored.run()[1]
    assert (mirrored.repo.snapshot(), json.dumps(mirrored.notion.pages[page])) == (before, state)
    assert 'Done.' in mirrored.notion.texts[page]


def test_a_document_that_is_gone_is_archived_and_one_that_comes_back_restored(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.note('b')
    mirrored.repo.commit()
    mirrored.apply()
    page, text = mirrored.notion.page('a'), mirrored.repo.read(path)
    mirrored.repo.git('rm', '-q', '-f', path)
    mirrored.repo.commit()
    assert 'archived: a: the document is gone' in mirrored.apply()
    assert mirrored.notion.by_external(trashed=True) == {'a': [page]} and set(mirrored.notion.by_external()) == {'b'}
    assert all(seen.is_read for seen in mirrored.requests('--apply'))
    mirrored.repo.write(path, text)
    mirrored.repo.commit()
    assert 'updated: docs/sessions/a.md: was put in the trash by hand' in mirrored.apply()
    assert mirrored.notion.by_external()['a'] == [page]


@pytest.mark.parametrize('words, is_listed', [((), True), (('--full',), True), (('--full',), False)])
def test_a_page_in_the_trash_is_restored(mirrored: Mirrored, words: tuple[str, ...], is_listed: bool) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply('--commit')
    page = mirrored.notion.page('a')
    mirrored.notion.trash(page)
    mirrored.notion.lists_trash = is_listed
    mirrored.apply(*words)
    assert mirrored.notion.by_external() == {'a': [page]}


def test_a_document_comes_to_a_table_without_pages_though_it_names_one(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply('--commit')
    page = mirrored.notion.page('a')
    del mirrored.notion.pages[page]
    mirrored.apply('--full')
    assert mirrored.meta(path)['notion_page_id'] == mirrored.notion.page('a') != page


def test_a_renamed_document_keeps_its_page(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    page = mirrored.notion.page('a')
    mirrored.repo.git('mv', path, 'docs/sessions/new.md')
    mirrored.repo.commit()
    assert 'updated: docs/sessions/new.md: external_id, source changed' in mirrored.apply()
    assert mirrored.notion.by_external() == {'new': [page]}


def _link_of(mirrored: Mirrored, external_id: str) -> str:
    return f'https://www.notion.so/{mirrored.notion.page(external_id).replace("-", "")}'


def test_a_link_follows_its_document_to_the_mirror_and_away(mirrored: Mirrored) -> None:
    mirrored.note('a', text='See [b](./b.md).')
    other = mirrored.note('b')
    mirrored.note('c')
    hidden = mirrored.repo.read(other).replace('title:', 'zone: private\ntitle:')
    mirrored.repo.write(other, hidden)
    mirrored.repo.commit()
    mirrored.apply('--commit')
    page = mirrored.notion.page('a')
    on_the_host = mirrored.notion.texts[page]
    assert 'See [b](https://git.example.com/o/r/blob/' in on_the_host
    for text, reason in ((hidden.replace('zone: private\n', ''), 'comes'), (hidden, 'goes'), (hidden.replace('zone: private\n', ''), 'comes back')):
        mirrored.repo.write(other, text)
        mirrored.repo.commit()
        assert re.search(r'^update +docs/sessions/a.md: links to docs/sessions/b.md, whose page comes or goes$', mirrored.run()[1], re.MULTILINE)
        assert 'updated: docs/sessions/a.md: links to docs/sessions/b.md' in mirrored.apply('--only', other, '--commit'), reason
        assert ('/blob/' in mirrored.notion.texts[page]) is (reason == 'goes')
        assert reason == 'goes' or f'See [b]({_link_of(mirrored, "b")}).' in mirrored.notion.texts[page]
        assert mirrored.notion.field(page, 'Sync Status') == 'synced'
        assert all(seen.is_read for seen in mirrored.requests('--apply')), 'and only once'


def test_a_part_of_the_documents_links_to_the_pages_of_all(mirrored: Mirrored) -> None:
    mirrored.note('b')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.note('a', text='See [b](./b.md).')
    mirrored.repo.commit()
    mirrored.apply('--only', 'docs/sessions/a.md')
    assert f'See [b]({_link_of(mirrored, "b")}).' in mirrored.notion.texts[mirrored.notion.page('a')]


def test_runs_that_end_early_come_to_an_end_together(mirrored: Mirrored) -> None:
    """Each run may write ten times; a page that comes costs seven with the one that links to it."""
    mirrored.note('a', text=' '.join(f'[b](./b{n}.md)' for n in range(4)))
    mirrored.repo.commit()
    mirrored.apply()
    for n in range(4):
        mirrored.note(f'b{n}')
    mirrored.repo.commit()
    for run in range(1, 7):
        writes: list[str] = []

        def fault(number: int, method: str, path: str) -> str:
            is_read = method == 'GET' or path.endswith('/query')
            writes.extend(() if is_read else (path,))
            return '503' if len(writes) > 10 else ''

        mirrored.notion.fault = fault
        code, _ = mirrored.run('--apply')
        mirrored.time.sleep(600)
        if code == 0:
            break
    assert code == 0 and run <= 4
    text = mirrored.notion.texts[mirrored.notion.page('a')]
    assert all(_link_of(mirrored, f'b{n}') in text for n in range(4))


def test_a_page_whose_links_are_in_doubt_is_not_finished(mirrored: Mirrored) -> None:
    mirrored.note('a', text='See [b](./b.md).')
    other = mirrored.note('b')
    mirrored.repo.commit()
    mirrored.apply('--only', 'docs/sessions/a.md')
    page = mirrored.notion.page('a')
    mirrored.notion.fault = lambda number, method, path: '503' if method == 'PATCH' and page in path else ''
    code, said = mirrored.run('--apply')
    assert code == 1 and f'failed: {other}: a page that links to it could not be written' in said
    assert mirrored.notion.field(mirrored.notion.page('b'), 'Sync Status') == 'linking'
    mirrored.notion.fault = lambda *_: ''
    mirrored.apply()
    assert _link_of(mirrored, 'b') in mirrored.notion.texts[page]
    mirrored.notion.fault = lambda number, method, path: '503' if method == 'PATCH' and page in path else ''
    mirrored.repo.write(other, mirrored.repo.read(other).replace('title:', 'zone: private\ntitle:'))
    mirrored.repo.commit()
    assert mirrored.run('--apply')[0] == 1 and 'b' in mirrored.notion.by_external(), 'it goes after the links to it'


def test_an_update_that_was_not_finished_moves_no_links(mirrored: Mirrored) -> None:
    mirrored.note('a', text='See [b](./b.md).')
    path = mirrored.note('b')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.repo.write(path, mirrored.repo.read(path).replace('Done.', 'Other.'))
    mirrored.repo.commit()
    mirrored.notion.fault = lambda number, method, place: '503' if place.endswith('/markdown') else ''
    assert mirrored.run('--apply')[0] == 1
    assert 'sync-notion: 1 update, 1 skip;' in mirrored.run()[1]


def test_a_page_that_never_comes_moves_no_links(mirrored: Mirrored) -> None:
    mirrored.note('a', text='See [b](./b.md).')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.note('b', text=f'```\n{"x" * 210_000}\n```')
    mirrored.repo.commit()
    for _ in range(2):
        code, said = mirrored.run('--apply')
        assert code == 1 and 'failed: docs/sessions/b.md: one block of it has' in said
        assert 'left as it is: docs/sessions/a.md: the page that it links to has not come' in said
        assert mirrored.notion.field(mirrored.notion.page('a'), 'Content Hash')
        assert mirrored.meta('docs/sessions/a.md')['sync_status'] == 'synced'


@pytest.mark.parametrize('is_back', [False, True])
@pytest.mark.parametrize('number', range(1, 8))
def test_no_link_stays_old_whatever_write_was_the_last(mirrored: Mirrored, number: int, is_back: bool) -> None:
    """The run ends at its write number `number`, saved or not; the next makes all links new."""
    for is_saved in (True, False):
        name = f'b{number}{is_saved}'
        if is_back:  # it was here, went, and comes back
            mirrored.note(name)
            mirrored.repo.commit()
            mirrored.apply()
            mirrored.repo.git('rm', '-q', '-f', f'docs/sessions/{name}.md')
        mirrored.note(f'a{name}', text=f'See [b](./{name}.md).')
        mirrored.repo.commit()
        mirrored.notion.fault = lambda *_: ''
        mirrored.apply()
        mirrored.note(name)
        mirrored.repo.commit()
        writes = []

        def fault(count: int, method: str, path: str) -> str:
            if method == 'GET' or path.endswith('/query'):
                return '503' if len(writes) >= number else ''
            writes.append(path)
            return '' if len(writes) < number else '503-saved' if len(writes) == number and is_saved else '503'

        mirrored.notion.fault = fault
        code, _ = mirrored.run('--apply')
        mirrored.notion.fault = lambda *_: ''
        mirrored.time.sleep(600)
        mirrored.apply()
        page = mirrored.notion.page(f'a{name}')
        assert f'See [b]({_link_of(mirrored, name)}).' in mirrored.notion.texts[page]
        assert all(seen.is_read for seen in mirrored.requests('--apply'))
        assert code == 1 and len(writes) >= number, 'the run ended there'


def test_duplicates_are_reported_and_not_touched(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    first = mirrored.notion.pages[mirrored.notion.page('a')]
    twin = {**first, 'id': '00000000-0000-0000-0000-0000000000ff'}
    mirrored.notion.pages[twin['id']], mirrored.notion.texts[twin['id']] = twin, ''
    mirrored.repo.write(path, mirrored.repo.read(path).replace('Done.', 'Other.'))
    mirrored.repo.commit()
    before = len(mirrored.notion.seen)
    code, said = mirrored.run('--apply')
    assert code == 1 and 'duplicate: docs/sessions/a.md: 2 pages have this External ID' in said
    assert all(seen.is_read for seen in mirrored.notion.seen[before:])
    assert mirrored.meta(path)['sync_status'] == 'error' and 'keep one of them' in str(mirrored.meta(path)['sync_error'])
    del mirrored.notion.pages[twin['id']]
    mirrored.apply('--full')
    assert (mirrored.meta(path)['sync_status'], mirrored.meta(path)['sync_error']) == ('synced', None)


def test_two_documents_with_one_external_id_are_reported(mirrored: Mirrored) -> None:
    mirrored.note('same')
    mirrored.note('same', folder='plans')
    mirrored.repo.commit()
    code, said = mirrored.run('--apply')
    assert code == 1 and 'plans/same.md has the External ID same too; give one of them another external_id' in said
    assert not mirrored.notion.pages


def test_a_legacy_marker_is_kept_and_blocks(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.write(path, mirrored.repo.read(path).replace('title:', 'notion_page_id: pending-reconcile\ntitle:'))
    mirrored.repo.commit()
    before = mirrored.repo.read(path)
    assert 'blocked' in mirrored.run()[1] and 'pending-reconcile' in mirrored.run()[1]
    mirrored.apply()
    assert mirrored.repo.read(path) == before and not mirrored.notion.pages


def test_zones_above_the_limit_are_not_mirrored_and_leave(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.write('docs/sessions/b.md', '---\ntitle: B\nzone: restricted\n---\n\nsecret\n')
    mirrored.repo.write('docs/sessions/c.md', '---\ntitle: C\nparent: b\n---\n\nbelow it\n')
    mirrored.repo.write('docs/sessions/d.md', '---\ntitle: [\n---\n\nunreadable\n')
    mirrored.repo.commit()
    mirrored.apply()
    assert set(mirrored.notion.by_external()) == {'a'}
    mirrored.repo.write(path, mirrored.repo.read(path).replace('title:', 'zone: private\ntitle:'))
    mirrored.repo.write('docs/sessions/d.md', '---\ntitle: D\n---\n')
    mirrored.repo.commit()
    assert 'archived: docs/sessions/a.md: its zone is above internal' in mirrored.apply()
    assert set(mirrored.notion.by_external()) == {'d'}


def test_nothing_is_archived_while_a_document_cannot_be_read(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.write(path, mirrored.repo.read(path).replace('title:', 'external_id: other\ntitle:'))
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.repo.write(path, '---\ntitle: [\n---\n')
    mirrored.repo.commit()
    mirrored.apply()
    assert set(mirrored.notion.by_external()) == {'other'}


def test_secrets_are_marked(mirrored: Mirrored) -> None:
    secret = 'ghp_' + 'a1B2c3D4e5' * 3
    mirrored.note('a', title=f'Use {secret}', text=f'token {secret}')
    mirrored.repo.commit()
    mirrored.apply()
    assert secret not in json.dumps(mirrored.notion.pages) + json.dumps(mirrored.notion.texts)
    assert 'REDACTED:github-token' in mirrored.notion.texts[mirrored.notion.page('a')]


def test_what_is_not_committed_is_not_mirrored(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.repo.commit()
    mirrored.repo.write(path, mirrored.repo.read(path).replace('Done.', 'Draft.'))
    mirrored.note('new')
    mirrored.apply()
    assert set(mirrored.notion.by_external()) == {'a'} and 'Done.' in mirrored.notion.texts[mirrored.notion.page('a')]
    assert 'Draft.' in mirrored.repo.read(path) and 'sync_status: synced' in mirrored.repo.read(path)


def test_a_page_that_is_newer_than_this_clone_is_left(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    old = mirrored.repo.commit()
    mirrored.repo.write(path, mirrored.repo.read(path).replace('Done.', 'Newer.'))
    mirrored.note('b')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.repo.git('reset', '-q', '--hard', old)
    before = mirrored.repo.snapshot()
    code, said = mirrored.run('--apply')
    assert code == 1 and 'conflict: docs/sessions/a.md: the page shows commit' in said and 'pull first' in said
    assert 'Newer.' in mirrored.notion.texts[mirrored.notion.page('a')]
    assert set(mirrored.notion.by_external()) == {'a', 'b'}, 'a stale clone archives nothing'
    assert {**mirrored.repo.snapshot(), LOG: b''} == {**before, LOG: b''}


def test_rows_of_others_are_left(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    page = mirrored.notion.pages[mirrored.notion.page('a')]
    for number, name in enumerate(('', 'by hand')):
        held = {**page['properties'], 'Source Commit': {'type': 'rich_text', 'rich_text': []},
                'External ID': {'type': 'rich_text', 'rich_text': [{'plain_text': name}]}}
        row = {**page, 'id': f'00000000-0000-0000-0000-00000000000{number}', 'properties': held}
        mirrored.notion.pages[row['id']] = row
    mirrored.apply('--full')
    assert sum(not row['in_trash'] for row in mirrored.notion.pages.values()) == 3


def test_a_branch_is_not_what_the_team_has(mirrored: Mirrored, new_repo: Callable[[str], Sandbox]) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    new_repo('bare').git('init', '-q', '--bare', '../bare.git')
    mirrored.repo.git('remote', 'add', 'origin', '../bare.git')
    mirrored.repo.git('push', '-q', '-u', 'origin', 'main')
    mirrored.apply()
    mirrored.repo.git('switch', '-q', '-c', 'topic')
    mirrored.note('b')
    mirrored.repo.commit('b', 'docs/sessions/b.md')
    code, said = mirrored.run('--apply')
    assert code == 1 and 'HEAD is not on origin/main' in said
    assert set(mirrored.notion.by_external()) == {'a'}
    assert 'create    docs/sessions/b.md' in mirrored.run()[1]


def test_only_kind_and_since_choose(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.note('p', folder='plans')
    first = mirrored.repo.commit()
    assert re.findall(r'^create +(\S+):', mirrored.run('--kind', 'plan')[1], re.MULTILINE) == ['plans/p.md']
    assert re.findall(r'^create +(\S+):', mirrored.run('--only', 'docs')[1], re.MULTILINE) == ['docs/sessions/a.md']
    mirrored.note('b')
    mirrored.repo.commit()
    assert re.findall(r'^create +(\S+):', mirrored.run('--since', first)[1], re.MULTILINE) == ['docs/sessions/b.md']
    assert len(re.findall(r'^create', mirrored.run('--since', '2020-01-01')[1], re.MULTILINE)) == 3
    for words, message in ((('--only', 'x'), 'no document of HEAD: x'), (('--kind', 'x'), 'no such kind: x'),
                           (('--since', 'x'), 'neither a commit nor a date')):
        code, said = mirrored.run(*words)
        assert code == 1 and message in said
    mirrored.apply('--only', 'plans/p.md')
    assert set(mirrored.notion.by_external()) == {'p'}
    mirrored.repo.git('rm', '-q', '-f', 'plans/p.md')
    mirrored.repo.commit()
    mirrored.apply('--only', 'docs')
    assert set(mirrored.notion.by_external()) == {'a', 'b', 'p'}, 'a part of the documents archives nothing'


def test_commit_takes_the_state_and_nothing_else(mirrored: Mirrored) -> None:
    paths = [mirrored.note(name) for name in 'abc']
    mirrored.repo.write('code.py', 'x\n')
    mirrored.repo.commit()
    mirrored.repo.write('code.py', 'y\n')
    mirrored.repo.write('staged.py', 'z\n')
    mirrored.repo.git('add', 'staged.py')
    mirrored.repo.write(paths[2], mirrored.repo.read(paths[2]) + 'not committed\n')
    said = mirrored.apply('--commit')
    assert 'not recorded: docs/sessions/c.md: has changes that are not committed' in said
    assert re.search(r'commit=[0-9a-f]{40}', said)
    assert mirrored.repo.git('show', '--name-only', '--format=').split() == ['docs/sessions/a.md', 'docs/sessions/b.md', LOG]
    assert mirrored.repo.git('status', '--porcelain').split('\n') == [' M code.py', ' M docs/sessions/c.md', 'A  staged.py']
    assert 'commit=none' in mirrored.apply('--commit')


def test_the_state_of_a_run_that_was_not_committed_is_committed_by_the_next(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    assert re.search(r'commit=[0-9a-f]{40}', mirrored.apply('--commit'))
    assert mirrored.repo.git('status', '--porcelain') == ''


def test_a_log_by_hand_is_left_alone(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.write(LOG, '# My log\n')
    mirrored.repo.commit()
    assert f'not recorded: {LOG}: not written by daybook' in mirrored.apply()
    assert mirrored.repo.read(LOG) == '# My log\n'


def test_a_large_document_is_sent_in_parts(mirrored: Mirrored) -> None:
    text = '\n\n'.join(f'Paragraph {n} ' + 'word ' * 60 for n in range(2500))
    mirrored.note('a', text=text)
    mirrored.repo.commit()
    mirrored.apply()
    shown = mirrored.notion.texts[mirrored.notion.page('a')]
    assert [int(n) for n in re.findall(r'Paragraph (\d+)', shown)] == list(range(2500))
    assert all(seen.status == 200 for seen in mirrored.notion.seen)


def test_a_block_that_cannot_be_sent_is_an_error_of_its_document(mirrored: Mirrored) -> None:
    path = mirrored.note('a', text='```\n' + 'x' * 300_000 + '\n```')
    mirrored.note('b')
    mirrored.repo.commit()
    code, said = mirrored.run('--apply')
    assert code == 1 and 'failed: docs/sessions/a.md: one block of it has' in said
    assert mirrored.meta(path)['sync_status'] == 'error' and set(mirrored.notion.by_external()) == {'b'}
    log = mirrored.repo.read(LOG)
    mirrored.run('--apply')
    assert mirrored.repo.read(LOG) == log, 'a trouble is told once'
    page = mirrored.notion.page('b')
    mirrored.note('b', text='```\n' + 'x' * 300_000 + '\n```')
    mirrored.repo.commit()
    before = json.dumps(mirrored.notion.pages[page])
    assert mirrored.run('--apply')[0] == 1
    assert json.dumps(mirrored.notion.pages[page]) == before, 'late, and whole'


def test_texts_beyond_the_limits_fit_and_stay_unchanged(mirrored: Mirrored) -> None:
    tags = ', '.join(f'"tag {n}, with 🦊{"x" * 120}"' for n in range(130))
    mirrored.repo.write('docs/sessions/a.md', f'---\ntitle: "{"🦊" * 1500}"\nsummary: "{"é " * 3000}"\noperator: "a, b"\ntags: [{tags}]\n---\n')
    mirrored.repo.commit()
    mirrored.apply()
    assert all(seen.status == 200 for seen in mirrored.notion.seen)
    assert all(seen.is_read for seen in mirrored.requests('--apply'))


# what fails, and what becomes of the run

FAULTS = ('lost', 'reset', '429', '529', '500', '503', '503-saved', '504', '504-saved', '502-html', '409', 'junk')


@pytest.mark.parametrize('fault', FAULTS)
@pytest.mark.parametrize('target', ['POST /v1/pages', 'PATCH /v1/pages', 'POST /v1/data_sources', 'GET /v1/'])
def test_one_failure_of_each_kind_changes_nothing(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, fault: str, target: str) -> None:
    monkeypatch.setattr(memory, 'SETTLE', 30.0)
    path = mirrored.note('a')
    mirrored.repo.commit()
    hit = []

    def strike(number: int, method: str, path: str) -> str:
        if f'{method} {path}'.startswith(target) and not hit:
            hit.append(number)
            return fault
        return ''

    mirrored.notion.fault = strike
    mirrored.apply()
    mirrored.repo.write(path, mirrored.repo.read(path).replace('Done.', 'Other.'))
    mirrored.repo.commit()
    hit.clear()
    if target != 'POST /v1/pages':
        mirrored.apply()
    else:
        hit.append(0)
        mirrored.apply()
    assert hit
    assert list(mirrored.notion.by_external()) == ['a'] and 'Other.' in mirrored.notion.texts[mirrored.notion.page('a')]
    assert mirrored.meta(path)['sync_status'] == 'synced'
    mirrored.notion.fault = lambda *_: ''
    assert all(seen.is_read for seen in mirrored.requests('--apply'))


def test_retry_after_is_waited_for_in_full(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    mirrored.notion.retry_after = '413'
    left = ['429', '529']
    mirrored.notion.fault = lambda *_: left.pop() if left else ''
    mirrored.apply()
    assert mirrored.time.slept.count(413.0) == 2


def test_a_date_in_retry_after(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    from email.utils import formatdate
    mirrored.notion.retry_after = formatdate(mirrored.time.clock.now() + 300, usegmt=True)
    left = ['429']
    mirrored.notion.fault = lambda *_: left.pop() if left else ''
    mirrored.apply()
    assert any(298 < seconds <= 300 for seconds in mirrored.time.slept)


def test_more_waiting_than_allowed_ends_the_run_politely(mirrored: Mirrored) -> None:
    for name in 'abc':
        mirrored.note(name)
    mirrored.repo.commit()
    mirrored.notion.retry_after = '3600'
    mirrored.notion.fault = lambda number, method, path: '429' if len(mirrored.notion.pages) == 1 else ''
    code, said = mirrored.run('--apply')
    assert code == 1 and 'to go on means to wait 3600 s' in said and '3 not tried' in said
    assert 3600.0 not in mirrored.time.slept
    mirrored.notion.fault = lambda *_: ''
    mirrored.apply()
    assert {name: len(found) for name, found in mirrored.notion.by_external().items()} == {'a': 1, 'b': 1, 'c': 1}


@pytest.mark.parametrize('breakage, message', [
    ('token', 'NOTION_TOKEN is wrong or has expired'), ('share', 'is it shared with the connection?')])
def test_access_that_is_lost_in_the_middle_ends_the_run(mirrored: Mirrored, breakage: str, message: str) -> None:
    paths = [mirrored.note(name) for name in 'abc']
    mirrored.repo.commit()

    def strike(number: int, method: str, path: str) -> str:
        if len(mirrored.notion.pages) == 2:
            mirrored.notion.token, mirrored.notion.is_shared = ('another', True) if breakage == 'token' else (mirrored.notion.token, False)
        return ''

    mirrored.notion.fault = strike
    code, said = mirrored.run('--apply')
    assert code == 1 and message in said
    assert mirrored.notion.token not in said
    assert [mirrored.meta(path).get('sync_status') for path in paths][0] == 'synced', 'what was done is recorded'


def test_a_page_whose_share_was_revoked_is_an_error_of_its_document(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.note('b')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.notion.hidden.add(mirrored.notion.page('a'))
    for name in 'ab':
        mirrored.repo.write(f'docs/sessions/{name}.md', mirrored.repo.read(f'docs/sessions/{name}.md').replace('Done.', 'Other.'))
    mirrored.repo.commit()
    hidden = mirrored.notion.page('a')
    for _ in range(2):  # the second run finds `error` where the first one found `synced`
        code, said = mirrored.run('--apply', '--full')
        assert code == 1 and f'failed: {path}: its page {hidden.replace("-", "")} cannot be seen; share it again' in said
    assert 'Other.' in mirrored.notion.texts[mirrored.notion.page('b')]
    assert (mirrored.meta(path)['sync_status'], mirrored.meta(path)['notion_page_id']) == ('error', hidden)
    mirrored.notion.hidden.clear()
    mirrored.apply('--full')
    assert mirrored.notion.page('a') == hidden and 'Other.' in mirrored.notion.texts[hidden], 'shared again, it is the page it was'


def test_a_page_that_is_out_of_sight_gets_no_twin_until_a_person_says_so(mirrored: Mirrored) -> None:
    path = mirrored.note('a')
    mirrored.note('b')
    mirrored.repo.commit()
    mirrored.apply('--commit')
    page = mirrored.notion.page('a')
    del mirrored.notion.pages[page]
    code, said = mirrored.run('--apply', '--full')
    assert code == 1 and 'cannot be seen; share it again, or take `notion_page_id` out of the document' in said
    mirrored.repo.write(path, ''.join(line for line in mirrored.repo.read(path).splitlines(True) if not line.startswith('notion_page_id')))
    mirrored.repo.commit()
    mirrored.apply('--full')
    assert mirrored.meta(path)['notion_page_id'] == mirrored.notion.page('a') != page


def test_a_second_data_source_added_meanwhile(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    monkeypatch.setenv('NOTION_DATA_SOURCE', mirrored.notion.database_id)
    mirrored.apply()
    mirrored.notion.sources.append('00000000-0000-0000-0000-0000000000aa')
    code, said = mirrored.run()
    assert code == 1 and 'the database has 2 data sources; set NOTION_DATA_SOURCE to one of' in said
    monkeypatch.setenv('NOTION_DATA_SOURCE', mirrored.notion.source_id)
    assert all(seen.is_read for seen in mirrored.requests('--apply'))


def test_a_table_that_lacks_properties(mirrored: Mirrored) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    del mirrored.notion.schema['Source']
    assert 'the table lacks Source; run daybook sync-notion --setup' in mirrored.run('--apply')[1]
    mirrored.notion.schema['Source'] = 'number'
    assert 'Source is of type number and must be url; rename it' in mirrored.run('--apply')[1]
    assert not mirrored.notion.pages


def test_a_request_that_may_still_be_under_way_is_waited_for(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client gives up, asks again, finds nothing, and only then the page is made: the wait is what saves it."""
    from daybook.mirror import notion_wire
    monkeypatch.setattr(notion_wire, '_TIMEOUT', 1.0)
    mirrored.note('a')
    mirrored.repo.commit()
    struck = []
    mirrored.notion.fault = lambda number, method, path: (struck.append(path) or 'slow-open') if path == '/v1/pages' and not struck else ''

    def sleep(seconds: float) -> None:
        mirrored.time.sleep(seconds)
        if seconds > 20:
            mirrored.notion.gate.set()
            mirrored.notion.wait_idle()

    clock = Clock(mirrored.time.clock.monotonic, mirrored.time.clock.now, sleep)
    assert sync_notion.main(['--apply'], clock) == 0
    assert any(20 < seconds <= 90 for seconds in mirrored.time.slept)
    assert len(mirrored.notion.by_external()['a']) == 1


def test_requests_keep_their_distance(mirrored: Mirrored) -> None:
    for name in 'abcdef':
        mirrored.note(name)
    mirrored.repo.commit()
    mirrored.notion.fault = lambda number, method, path: '500' if number % 7 == 0 else ''
    mirrored.apply()
    times = [seen.at for seen in mirrored.notion.seen[3:]]
    assert len(times) > 20
    for window in (1.0, 5.0, 20.0):
        most = max(sum(begin <= at < begin + window for at in times) for begin in times)
        assert most <= 3 * window, 'three a second over any window'


def test_more_rows_than_one_query_gives(mirrored: Mirrored) -> None:
    for number in range(30):
        mirrored.note(f'n{number}')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.notion.cap = 15
    rows = list(mirrored.notion.pages.values())
    for minute, row in enumerate(rows):
        row['created_time'] = f'2026-11-20T10:{minute:02}:00.000Z'
    assert 'sync-notion: 30 skip;' in mirrored.run('--full')[1]
    for row in rows:
        row['created_time'] = '2026-11-20T10:00:00.000Z'
    code, said = mirrored.run('--full')
    assert code == 1 and 'the table cannot be listed' in said


def test_an_unchanged_table_is_planned_with_few_reads(mirrored: Mirrored) -> None:
    for number in range(250):
        mirrored.repo.write(f'docs/sessions/n{number}.md', f'---\ntitle: N {number}\n---\n\ntext\n')
    mirrored.repo.commit()
    mirrored.apply()
    mirrored.time.sleep(300)
    assert len(mirrored.requests()) <= 5
    assert len(mirrored.requests('--full')) <= 8


def test_a_dry_run_without_a_token_tells_what_it_can(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply('--commit')
    mirrored.note('b')
    mirrored.repo.write('docs/sessions/c.md', '---\ntitle: C\nzone: private\n---\n')
    mirrored.repo.commit()
    monkeypatch.delenv('NOTION_TOKEN')
    before, count = mirrored.repo.snapshot(), len(mirrored.notion.seen)
    code, said = mirrored.run()
    page = mirrored.notion.page('a')
    assert (code, said.splitlines()) == (0, [
        f'skip      docs/sessions/a.md: has page {page}, which cannot be asked',
        'create    docs/sessions/b.md: names no page; whether the mirror has one was not asked',
        'blocked   docs/sessions/c.md: its zone is above internal, the highest that is mirrored',
        'sync-notion: 1 create, 1 skip, 1 blocked; nothing was written, and nothing was compared: NOTION_TOKEN is not set'])
    assert (mirrored.repo.snapshot(), len(mirrored.notion.seen)) == (before, count)
    assert 'sync-notion: 1 create; nothing' in mirrored.run('--only', 'docs/sessions/b.md')[1]
    code, said = mirrored.run('--apply')
    assert code == 1 and 'NOTION_TOKEN is not set' in said


@pytest.mark.parametrize('url', ['http://example.com', 'ftp://x', 'https://me@example.com', 'x'])
def test_the_token_goes_nowhere_unsafe(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv('NOTION_BASE_URL', url)
    code, said = mirrored.run()
    assert code == 1 and 'the token goes to https:// addresses and to this machine only' in said


def test_another_run_of_the_clone_is_let_alone(mirrored: Mirrored) -> None:
    from daybook.repo import files
    mirrored.note('a')
    mirrored.repo.commit()
    mirrored.apply()
    [lock] = (mirrored.repo.root / '.git/daybook').glob('mirror-*.lock')
    with files.exclusive_lock(str(lock), 0):
        code, said = mirrored.run('--apply')
    assert code == 1 and 'another sync of this clone is under way' in said


def test_inside_a_git_hook_it_only_looks(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored.note('a')
    mirrored.repo.commit()
    monkeypatch.setenv('GIT_INDEX_FILE', os.path.join(mirrored.repo.root, '.git/index'))
    code, said = mirrored.run('--apply')
    assert code == 1 and 'cannot run inside another git hook' in said and not mirrored.notion.pages


@pytest.mark.parametrize('entry', ['{store: Coda, fields: {title: GitHub}}', '{store: GitHub, fields: {body: Coda}}', '{fields: {title: Coda}, store: GitHub}'])
def test_a_document_whose_title_or_body_another_store_owns_gets_no_page(mirrored: Mirrored, entry: str) -> None:
    path = mirrored.note('a')
    mirrored.repo.write('.daybook/authority.yaml', f'session: {entry}\n')
    mirrored.repo.commit()
    code, said = mirrored.run('--apply')
    assert (code, mirrored.notion.pages) == (0, {}) and '1 blocked' in said
    _, said = mirrored.run()
    assert re.search(f'blocked +{re.escape(path)}: the authority map gives its ', said) and ' to Coda' in said


def test_a_document_that_cannot_be_written_loses_no_other_record(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [mirrored.note(name) for name in 'abc']
    mirrored.repo.commit()
    whole, full = files.write_atomic, str(mirrored.repo.root / paths[0])

    def write(path: str, content: bytes, **words: str) -> None:
        if path == full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        whole(path, content, **words)

    monkeypatch.setattr(files, 'write_atomic', write)
    code, said = mirrored.run('--apply')
    assert f'not recorded: {paths[0]}: ' in said and code == 0
    assert [mirrored.meta(path).get('sync_status') for path in paths] == [None, 'synced', 'synced']
    assert all(f'created `{name}`' in mirrored.repo.read(LOG) for name in 'abc')


def test_an_interrupted_run_records_what_is_done_and_says_130(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [mirrored.note(name) for name in 'ab']
    mirrored.repo.commit()

    def strike(number: int, method: str, path: str) -> str:
        return '429' if mirrored.notion.by_external().get('a') and (method, path) == ('POST', '/v1/pages') else ''

    def waits(seconds: float) -> None:
        mirrored.time.offset += seconds
        if mirrored.notion.seen[-1].fault:
            raise KeyboardInterrupt

    monkeypatch.setattr(mirrored.time, 'sleep', waits)
    mirrored.notion.fault = strike
    with pytest.raises(KeyboardInterrupt):
        mirrored.run('--apply')
    assert mirrored.meta(paths[0])['sync_status'] == 'synced'
    mirrored.notion.fault = lambda *_: ''
    mirrored.apply()
    assert sorted(mirrored.notion.by_external()) == ['a', 'b']
