from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.errors import FatalError
from daybook.writers import indexes
from daybook.writers import renumber
from kills import killed_at
from kills import needs_fork

OLD, NEW = 'RT-261120-01', 'RT-261120-05'
HOME = 'docs/sessions'
MOVE = renumber.move_of(f'{HOME}/{OLD}-a-slug.md', OLD, NEW)
PLAIN = renumber.move_of(f'{HOME}/{OLD}.md', OLD, NEW)
DATE = renumber.move_of(f'{HOME}/2025-01-02 first day.md', '2025-01-02 first day', NEW)


def test_move_keeps_folder_and_slug() -> None:
    assert MOVE == (f'{HOME}/{OLD}-a-slug.md', OLD, f'{HOME}/{NEW}-a-slug.md', NEW, True, True)
    assert renumber.move_of(f'{OLD}.markdown', OLD, f'{NEW}k7f').new_path == f'{NEW}k7f.markdown'
    assert renumber.move_of('a/other-name.md', OLD, NEW).new_path == f'a/{NEW}.md'
    assert renumber.move_of(f'a/{OLD}k7f.md', f'{OLD}k7f', NEW).new_path == f'a/{NEW}.md'


# move, file with the link, its text, the same with the new id (None: not to be changed)
LINKS = (
    pytest.param(MOVE, 'a.md', f'{OLD} in words, `[{OLD}](docs/sessions/{OLD}-a-slug.md)` in code', None, id='words and code'),
    pytest.param(MOVE, 'a.md', f'```\n[{OLD}](docs/sessions/{OLD}-a-slug.md)\n```\n', None, id='a block of code'),
    pytest.param(MOVE, 'a.md', f'<!-- [{OLD}](docs/sessions/{OLD}-a-slug.md) -->', None, id='a comment'),
    pytest.param(MOVE, 'a.md', f'[{OLD}](docs/sessions/{OLD}-b.md) [x](docs/{OLD}-a-slug.md)', None, id='other files'),
    pytest.param(MOVE, 'a.md', f'[x](docs/sessions/{OLD}-a-slug.md.bak) [x](docs/sessions/{OLD}-a-slug)', None, id='near misses'),
    pytest.param(MOVE, 'a.md', f'[{OLD}k7f](docs/sessions/{OLD}k7f.md)', None, id='a longer id'),
    pytest.param(MOVE, 'a.md', f'[x](https://example.com/docs/sessions/{OLD}-a-slug.md)', None, id='an address'),
    pytest.param(MOVE, 'a.md', f'[[{OLD}]] [[{OLD}-b]] [[x/{OLD}-a-slug]]', None, id='wikilinks to others'),
    pytest.param(MOVE._replace(is_only=False), 'a.md', f'[[{OLD}-a-slug]]', None, id='a wikilink that may mean another'),
    pytest.param(MOVE, 'a.md', f'[{OLD}](docs/sessions/{OLD}-a-slug.md)', f'[{NEW}](docs/sessions/{NEW}-a-slug.md)', id='link'),
    pytest.param(MOVE, 'a.md', f'see\r\n[the\r\n{OLD}](<./docs/sessions/{OLD}-a-slug.md#a> "{OLD}") {OLD}\r\n',
                 f'see\r\n[the\r\n{NEW}](<./docs/sessions/{NEW}-a-slug.md#a> "{NEW}") {OLD}\r\n', id='title, anchor, CRLF'),
    pytest.param(MOVE, 'plans/x/p.md', f'![i](/docs/sessions/{OLD}-a-slug.md?x=1) [y](../../docs/./sessions/{OLD}-a-slug.md)',
                 f'![i](/docs/sessions/{NEW}-a-slug.md?x=1) [y](../../docs/./sessions/{NEW}-a-slug.md)', id='from the root, by detours'),
    pytest.param(MOVE, f'{HOME}/{OLD}-a-slug.md', f'[self]({OLD}-a-slug.md#x) [self](#x)', f'[self]({NEW}-a-slug.md#x) [self](#x)',
                 id='the note itself'),
    pytest.param(MOVE, 'a.md', f'[{OLD}][1] and [x]\n\n[1]: docs/sessions/{OLD}-a-slug.md "t"\n[x]: <docs/sessions/{OLD}-a-slug.md>\n',
                 f'[{NEW}][1] and [x]\n\n[1]: docs/sessions/{NEW}-a-slug.md "t"\n[x]: <docs/sessions/{NEW}-a-slug.md>\n', id='reference'),
    pytest.param(MOVE, 'a.md', f'<a href="docs/sessions/{OLD}-a-slug.md">{OLD}</a>', f'<a href="docs/sessions/{NEW}-a-slug.md">{OLD}</a>',
                 id='HTML'),
    pytest.param(MOVE, 'a.md', f'[![i](i.png)](docs/sessions/{OLD}-a-slug.md)', f'[![i](i.png)](docs/sessions/{NEW}-a-slug.md)', id='nested'),
    pytest.param(MOVE, 'a.md', f'[[{OLD}-a-slug|{OLD}]] [[docs/sessions/{OLD}-a-slug#x]] [[{OLD}-a-slug.md]]',
                 f'[[{NEW}-a-slug|{NEW}]] [[docs/sessions/{NEW}-a-slug#x]] [[{NEW}-a-slug.md]]', id='wikilinks'),
    pytest.param(PLAIN, 'a.md', f'日本 [{OLD}, {OLD}](docs/sessions/{OLD}.md) [[{OLD}]]',
                 f'日本 [{NEW}, {NEW}](docs/sessions/{NEW}.md) [[{NEW}]]', id='several in a line, not ASCII'),
    pytest.param(DATE, 'a.md', '[x](docs/sessions/2025-01-02%20first%20day.md) [y](<docs/sessions/2025-01-02 first day.md>)',
                 f'[x](docs/sessions/{NEW}.md) [y](<docs/sessions/{NEW}.md>)', id='a legacy name with spaces'),
)


@pytest.mark.parametrize(('move', 'source', 'text', 'expected'), LINKS)
@pytest.mark.parametrize('head', ['', f'---\ntitle: "[x](docs/sessions/{OLD}-a-slug.md)"\n---\n', '\ufeff---\na: 1\n---\n'])
def test_relinked(move: renumber.Move, source: str, text: str, expected: str | None, head: str) -> None:
    new_source = move.new_path if source == move.path else source
    after, count = renumber.relinked((head + text).encode(), source, new_source, move)
    assert after.decode() == head + (text if expected is None else expected)
    assert bool(count) == (expected is not None)
    assert renumber.relinked(after, new_source, new_source, move) == (after, 0)
    assert expected is None or renumber.may_name(move, text.encode())


def test_bytes_that_are_not_utf8_stay() -> None:
    data = b'\xff\xfe\x80 [x](docs/sessions/' + OLD.encode() + b'-a-slug.md) \xc3 end'
    assert renumber.relinked(data, 'a.md', 'a.md', MOVE) == (data.replace(OLD.encode(), NEW.encode()), 1)


def test_link_through_a_folder_of_that_name_is_refused() -> None:
    move = renumber.move_of(f'{OLD}/{OLD}.md', OLD, NEW)
    with pytest.raises(FatalError, match=f'cannot rewrite the links of a.md to {OLD}/{OLD}.md; mend them by hand'):
        renumber.relinked(f'[x]({OLD}/{OLD}.md)'.encode(), 'a.md', 'a.md', move)


# frontmatter before and after
KEYS = (
    ('title: x\n', 'title: x\n'),
    (f'title: "{OLD}"\n# {OLD}\nid: {OLD}  # ours\n', f'title: "{OLD}"\n# {OLD}\nid: {NEW}  # ours\n'),
    (f"id: '{OLD}'\nexternal_id: {OLD}\n", f'id: {NEW}\nexternal_id: {NEW}\n'),
    (f'external_id: {OLD}-a-slug\nid: {OLD}\nsource_path: {HOME}/{OLD}-a-slug.md\nsupersedes: {OLD}\n',
     f'external_id: {NEW}-a-slug\nid: {NEW}\nsource_path: {HOME}/{NEW}-a-slug.md\nsupersedes: {OLD}\n'),
    (f'id: {OLD}\nexternal_id: conv-7\n', f'id: {NEW}\nexternal_id: conv-7\n'),
)


@pytest.mark.parametrize(('before', 'after'), KEYS)
@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_note(before: str, after: str, newline: str) -> None:
    def document(keys: str) -> bytes:
        return f'---\n{keys}---\n\n# {OLD}\nno last newline'.replace('\n', newline).encode()

    assert renumber.note(document(before), MOVE, ()) == document(after)


# the frontmatter of another document, the same with the new id (None: not to be changed), whether its text links to the note
REFERRING = (
    pytest.param(f'title: {OLD}\nworkstream: {OLD}\nid: {OLD}\n', None, True, id='other keys'),
    pytest.param(f'session: {OLD}k7f\nparent: [{OLD}-b, x]\n', None, True, id='other notes'),
    pytest.param('session: 7\nparent: {a: b}\n', None, True, id='no names'),
    pytest.param(f'session: {OLD}  # whose\ntitle: x\n', f'session: {NEW}  # whose\ntitle: x\n', False, id='id'),
    pytest.param(f'session: [other, {OLD}-a-slug]\n', f'session: [other, {NEW}-a-slug]\n', False, id='one of a list'),
    pytest.param(f'session: {OLD.lower()}\n', f'session: {NEW}\n', False, id='in another case'),
    pytest.param(f'parent: {HOME}/{OLD}-a-slug.md\nsession: ../sessions/{OLD}-a-slug.md\n',
                 f'parent: {HOME}/{NEW}-a-slug.md\nsession: ../sessions/{NEW}-a-slug.md\n', False, id='paths'),
    pytest.param(f'derived_from: "[[{OLD}-a-slug|{OLD}]]"\nsession: "[{OLD}](../sessions/{OLD}-a-slug.md)"\n',
                 f'derived_from: "[[{NEW}-a-slug|{NEW}]]"\nsession: "[{NEW}](../sessions/{NEW}-a-slug.md)"\n', False, id='links'),
)


@pytest.mark.parametrize(('before', 'after', 'is_linked'), REFERRING)
@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_keys_of_other_documents(before: str, after: str | None, is_linked: bool, newline: str) -> None:
    def document(keys: str) -> bytes:
        return f'---\n{keys}---\n\n# {OLD}\n'.replace('\n', newline).encode()

    found = renumber.referring(document(before), 'docs/learnings/x.md', MOVE, is_linked=is_linked)
    assert found[0] == document(before if after is None else after)
    assert found[1] == (0 if after is None else sum(OLD in line.upper() for line in before.splitlines()))


def test_a_key_that_may_mean_two_notes_goes_by_the_link_below() -> None:
    move = MOVE._replace(is_only_id=False)
    for text in (f'---\nsession: {OLD}\n---\n', f'---\nsession: {HOME}/{OLD}-b.md\n---\n'):
        assert renumber.referring(text.encode(), 'docs/learnings/x.md', move, is_linked=False) == (text.encode(), 0)
    text = f'---\nsession: {OLD}\n---\n'
    assert renumber.referring(text.encode(), 'docs/learnings/x.md', move, is_linked=True) == (text.replace(OLD, NEW).encode(), 1)
    text = f'---\nsession: {HOME}/{OLD}-a-slug.md\n---\n'
    assert renumber.referring(text.encode(), 'docs/learnings/x.md', move, is_linked=False) == (text.replace(OLD, NEW).encode(), 1)


def test_index_is_put_in_order_when_it_is_generated() -> None:
    entries = [indexes.Entry(f'RT-261120-0{n}.md', f'RT-261120-0{n}', 'T') for n in (3, 1, 2)]
    text = indexes.render('Sessions', entries)
    moved = text.replace(OLD, 'RT-261120-09')
    assert renumber.index(moved.encode()).decode() == indexes.render(
        'Sessions', [entries[0], entries[2], indexes.Entry('RT-261120-09.md', 'RT-261120-09', 'T')])
    assert renumber.index(b'# by hand\n\n- [b](./b.md): b\n- [a](./a.md): a\n') == (
        b'# by hand\n\n- [b](./b.md): b\n- [a](./a.md): a\n')


def test_mentions() -> None:
    assert renumber.mentions(f'x\n{OLD}\n{OLD}k7f\nsee {OLD}.\nX{OLD}\n'.encode(), MOVE) == [2, 4]


NOTE = f'''\
---
title: First   # kept
operator: roman
summary: S
kind: session
id: {OLD}
external_id: {OLD}-first
created: "2026-11-20"
claimed_at: "2026-11-20T09:00:00Z"
---

## Summary

Of [itself](./{OLD}-first.md).

## Resume Prompt
'''


def _repository(repo: Sandbox) -> Sandbox:
    repo.write('.daybook/operators.yaml', 'operators:\n  roman: {initials: RT, timezone: UTC}\n')
    repo.write(f'{HOME}/{OLD}-first.md', NOTE)
    repo.write(f'{HOME}/RT-261120-02-second.md', NOTE.replace(OLD, 'RT-261120-02'))
    repo.write(f'{HOME}/INDEX.md', indexes.render('Sessions', (
        indexes.Entry(f'{OLD}-first.md', f'{OLD}-first', 'First'), indexes.Entry('RT-261120-02-second.md', 'RT-261120-02-second', 'T'))))
    repo.write('workstreams/launch.md', f'---\ntitle: L\n---\n\n## Session Log\n\n- [{OLD}](../{HOME}/{OLD}-first.md) (2026-11-20): First\r\n')
    repo.write('CHANGELOG.md', f'- {OLD}: First\n')
    repo.write('code.py', f'# {HOME}/{OLD}-first.md\n')
    repo.write('.daybook/config.yaml', 'sessions: {slug: true}\n')
    repo.commit()
    return repo


def _changed(repo: Sandbox, before: dict[str, bytes]) -> dict[str, tuple[bytes, bytes]]:
    after = repo.snapshot()
    return {path: (before.get(path, b''), after.get(path, b'')) for path in before.keys() | after.keys()
            if before.get(path) != after.get(path)}


def test_whole(repo: Sandbox) -> None:
    before = _repository(repo).snapshot()
    index = repo.git('ls-files', '-s')
    run = repo.daybook('renumber', OLD, NEW)
    old, new = f'{HOME}/{OLD}-first.md', f'{HOME}/{NEW}-first.md'
    assert (run.returncode, run.stderr) == (0, '')
    assert run.stdout == (f'{old} -> {new}\n{new}: 1 link\n{HOME}/INDEX.md: 1 link\nworkstreams/launch.md: 1 link\n'
                          'still named in words: CHANGELOG.md:1\n'
                          f'git add -- {old} {new} {HOME}/INDEX.md workstreams/launch.md\n'
                          f'renumber: old={OLD} new={NEW} claim=local\n')
    changed = _changed(repo, before)
    assert sorted(changed) == sorted([old, new, f'{HOME}/INDEX.md', 'workstreams/launch.md'])
    assert changed[old] == (NOTE.encode(), b'')
    assert changed[new][1].decode() == NOTE.replace(OLD, NEW)
    log, log_after = changed['workstreams/launch.md']
    assert log_after == log.replace(OLD.encode(), NEW.encode())
    lines = [line for line in repo.read(f'{HOME}/INDEX.md').splitlines() if line.startswith('- ')]
    assert lines == ['- [RT-261120-02-second](./RT-261120-02-second.md): T', f'- [{NEW}-first](./{NEW}-first.md): First']
    assert repo.git('ls-files', '-s') == index
    subprocess.run(run.stdout.splitlines()[-2], shell=True, cwd=repo.root, check=True)
    assert repo.git('status', '--porcelain').splitlines() == [
        f'M  {HOME}/INDEX.md', f'R  {old} -> {new}', 'M  workstreams/launch.md']
    assert 'id-' not in repo.daybook('validate-frontmatter').stdout
    claimed = repo.daybook('claim-session', env={'OPERATOR': 'RT'})
    again = repo.daybook('renumber', OLD, 'RT-261120-06')
    assert (again.returncode, claimed.returncode) == (1, 0)
    assert again.stderr == f'daybook: unknown id: {OLD}; no tracked note has it (`git add` a new one first)\n'


def test_dry_run_writes_nothing(repo: Sandbox) -> None:
    before = _repository(repo).snapshot()
    for new, shown in ((NEW, NEW), ('next', 'RT-261120-03')):
        run = repo.daybook('renumber', '--dry-run', OLD, new)
        assert run.returncode == 0
        assert run.stdout.startswith(f'{HOME}/{OLD}-first.md -> {HOME}/{shown}-first.md\n')
        assert run.stdout.endswith(f'renumber: old={OLD} new={shown} claim=none\n')
        assert 'git add' not in run.stdout
    assert repo.snapshot() == before
    assert not (repo.root / '.git/daybook').exists()


def test_next_is_claimed(repo: Sandbox) -> None:
    _repository(repo)
    remote = repo.root.parent / 'remote.git'
    subprocess.run(('git', 'clone', '-q', '--bare', repo.root, remote), check=True)
    repo.git('remote', 'add', 'origin', str(remote))
    repo.write('.daybook/config.yaml', 'sessions: {slug: true}\nclaims: {timeout: 60}\n')
    Sandbox(remote).git('update-ref', 'refs/daybook/claims/RT-261120-06', 'HEAD')
    run = repo.daybook('renumber', f'{OLD}-first', 'next')
    assert run.stdout.endswith(f'renumber: old={OLD} new=RT-261120-07 claim=arbitrated\n')
    assert (repo.root / HOME / 'RT-261120-07-first.md').is_file()
    assert not (repo.root / HOME / 'RT-261120-07.md').exists()  # no stub
    assert Sandbox(remote).git('for-each-ref', '--format=%(refname:lstrip=3)', 'refs/daybook').split() == [
        'RT-261120-06', 'RT-261120-07']
    record = json.loads(repo.read('.git/daybook/claims/RT-261120-07.json'))
    assert (record['state'], record['operator']) == ('done', 'roman')


def test_next_is_provisional_where_nobody_arbitrates(repo: Sandbox) -> None:
    _repository(repo)
    repo.git('remote', 'add', 'origin', '/nowhere')
    run = repo.daybook('renumber', OLD, 'next')
    new = re.search(r'\nrenumber: old=\S+ new=(RT-261120-03[a-z2-9]{3}) claim=provisional\n$', run.stdout)
    assert new and (repo.root / HOME / f'{new[1]}-first.md').is_file()
    assert f'[{new[1]}](../{HOME}/{new[1]}-first.md)' in repo.read('workstreams/launch.md')
    assert "\nnot arbitrated: fatal: '/nowhere' does not appear to be a git repository\n" in run.stdout


def test_one_of_two_with_one_id(repo: Sandbox) -> None:
    # the merge of two branches that gave one number twice
    _repository(repo)
    twin = f'{HOME}/{OLD}-twin.md'
    repo.write(twin, NOTE.replace('-first', '-twin'))
    repo.write('plans/p.md', f'[a](../{HOME}/{OLD}-first.md) [b](../{twin})\n')
    repo.commit()
    run = repo.daybook('renumber', OLD, 'next')
    assert run.returncode == 1
    assert run.stderr == f'daybook: several notes have the id {OLD}; name the file: {HOME}/{OLD}-first.md, {twin}\n'
    run = repo.daybook('renumber', f'{OLD}-twin.md', 'next', cwd=HOME)
    assert run.returncode == 0, run.stderr
    assert repo.read('plans/p.md') == f'[a](../{HOME}/{OLD}-first.md) [b](../{HOME}/RT-261120-03-twin.md)\n'
    assert (repo.root / HOME / f'{OLD}-first.md').read_text() == NOTE
    subprocess.run(run.stdout.splitlines()[-2], shell=True, cwd=repo.root / HOME, check=True)
    assert [row[0] for row in repo.git('status', '--porcelain').splitlines()] == ['R', 'M']


def test_a_learning_follows_its_note(repo: Sandbox) -> None:
    _repository(repo)
    repo.write('.daybook/config.yaml', 'sessions: {slug: true}\n')
    repo.write(f'{HOME}/{OLD}-first.md', NOTE.replace('## Resume Prompt', '## Learnings\n\n- Measure first.\n\n## Resume Prompt'))
    repo.commit()
    assert repo.daybook('promote', OLD, '--all').returncode == 0
    repo.write('docs/learnings/by-hand.md', f'---\ntitle: B\nowner: roman\nsummary: S\nsession: {OLD}\n---\n\nNo link.\n')
    repo.write('docs/learnings/lost.md', '---\ntitle: L\nowner: roman\nsummary: S\nsession: RT-261120-44\n---\n')
    repo.commit()
    lost = 'docs/learnings/lost.md:5: warning: session: no such session: RT-261120-44; mend the name or take the key out [reference-dangling]'
    found = repo.daybook('validate-frontmatter')
    assert found.stdout.splitlines() == [lost]
    run = repo.daybook('renumber', OLD, NEW)
    assert run.returncode == 0, run.stderr
    assert 'docs/learnings/by-hand.md: 1 link\n' in run.stdout and 'docs/learnings/measure-first.md: 2 links\n' in run.stdout
    for name in ('by-hand', 'measure-first'):
        assert f'\nsession: {NEW}\n' in repo.read(f'docs/learnings/{name}.md')
    subprocess.run(run.stdout.splitlines()[-2], shell=True, cwd=repo.root, check=True)
    assert repo.daybook('validate-frontmatter').stdout.splitlines() == [lost]
    assert repo.daybook('audit-links', 'docs/learnings').stdout == ''


def test_legacy_note_without_frontmatter(repo: Sandbox) -> None:
    _repository(repo)
    repo.write(f'{HOME}/CONV-300 old.md', '# Old\r\n')
    repo.write('a.md', f'[x]({HOME}/CONV-300%20old.md)')
    repo.commit()
    run = repo.daybook('renumber', 'CONV-300 old', 'next')
    new = re.search(r'new=(RT-\d{6}-\d\d) claim=local\n$', run.stdout)
    assert new and (repo.root / HOME / f'{new[1]}.md').read_bytes() == b'# Old\r\n'
    assert repo.read('a.md') == f'[x]({HOME}/{new[1]}.md)'
    subprocess.run(run.stdout.splitlines()[-2], shell=True, cwd=repo.root, check=True)


# what is done to the repository first; the call; exit code and the begin of the message
REFUSALS = (
    pytest.param(lambda repo: None, ('RT-261120-44', NEW), 1, 'unknown id: RT-261120-44; no tracked note has it', id='unknown OLD'),
    pytest.param(lambda repo: repo.write(f'{HOME}/RT-261120-44.md', NOTE), ('RT-261120-44', NEW), 1, 'unknown id', id='untracked OLD'),
    pytest.param(lambda repo: None, (OLD, 'five'), 2, 'not an id that a claim gives: five; they look like RT-261120-01', id='no id'),
    pytest.param(lambda repo: None, (OLD, '../x'), 2, 'not an id that a claim gives: ../x', id='a path for an id'),
    pytest.param(lambda repo: None, (OLD, 'RT-261120-02'), 1, f'RT-261120-02 exists already: {HOME}/RT-261120-02-second.md', id='NEW exists'),
    pytest.param(lambda repo: None, (OLD, OLD), 1, f'{OLD} exists already', id='NEW is OLD'),
    pytest.param(lambda repo: repo.write(f'{HOME}/{NEW}-first.md', 'x'), (OLD, NEW), 1, f'{NEW} is claimed already', id='NEW is a file'),
    pytest.param(lambda repo: repo.write(f'.git/daybook/claims/{NEW}.json', 'x'), (OLD, NEW), 1, f'{NEW} is claimed already', id='NEW is claimed'),
    pytest.param(lambda repo: repo.write('workstreams/launch.md', repo.read('workstreams/launch.md') + 'x'), (OLD, NEW), 1,
                 'you have unstaged changes in workstreams/launch.md\n  include them:  git add -- ', id='a dirty target'),
    pytest.param(lambda repo: repo.write(f'{HOME}/{OLD}-first.md', NOTE + 'x'), (OLD, 'next'), 1,
                 f'you have unstaged changes in {HOME}/{OLD}-first.md', id='a dirty note'),
    pytest.param(lambda repo: repo.git('update-index', '--skip-worktree', 'workstreams/launch.md'), (OLD, NEW), 1,
                 'git is told not to look at workstreams/launch.md', id='a hidden target'),
    pytest.param(lambda repo: repo.write('.git/info/exclude', f'{NEW}*'), (OLD, NEW), 1, f'git ignores {HOME}/{NEW}-first.md', id='ignored'),
    pytest.param(lambda repo: (repo.write(f'{HOME}/RT-261120-08.md', '---\nkind: session\nclaimed_at: "2026-11-20T09:00:00Z"\n---\n'),
                               repo.git('add', '.')), ('RT-261120-08', NEW), 1,
                 f'{HOME}/RT-261120-08.md is a claim that waits for its hand-off', id='a stub'),
)


@pytest.mark.parametrize(('prepare', 'arguments', 'code', 'message'), REFUSALS)
def test_refused(repo: Sandbox, prepare: Callable[[Sandbox], object], arguments: tuple[str, ...], code: int, message: str) -> None:
    prepare(_repository(repo))
    before, records = repo.snapshot(), sorted((repo.root / '.git').rglob('claims/*.json'))
    run = repo.daybook('renumber', *arguments)
    assert (run.returncode, run.stdout) == (code, '')
    assert run.stderr.startswith(f'daybook: {message}')
    assert repo.snapshot() == before
    assert sorted((repo.root / '.git').rglob('claims/*.json')) == records


def test_claimed_on_the_remote(repo: Sandbox) -> None:
    _repository(repo)
    remote = repo.root.parent / 'remote.git'
    subprocess.run(('git', 'clone', '-q', '--bare', repo.root, remote), check=True)
    repo.git('remote', 'add', 'origin', str(remote))
    Sandbox(remote).git('update-ref', f'refs/daybook/claims/{NEW}', 'HEAD')
    repo.write('.daybook/config.yaml', 'sessions: {slug: true}\nclaims: {timeout: 60}\n')
    run = repo.daybook('renumber', OLD, NEW)
    assert (run.returncode, run.stderr) == (1, f'daybook: {NEW} is claimed already, or stands on another branch; take another id, or `next`\n')


def test_staged_and_other_files_stay(repo: Sandbox) -> None:
    _repository(repo)
    repo.write('code.py', 'dirty\n')
    repo.write('new.py', 'staged\n')
    repo.write('workstreams/launch.md', repo.read('workstreams/launch.md') + 'staged\n')
    repo.git('add', 'new.py', 'workstreams/launch.md')
    repo.write('untracked.md', f'[x]({HOME}/{OLD}-first.md)')
    run = repo.daybook('renumber', OLD, NEW)
    assert run.returncode == 0, run.stderr
    assert repo.read('workstreams/launch.md').endswith('staged\n')
    assert (repo.read('code.py'), repo.read('new.py')) == ('dirty\n', 'staged\n')
    assert repo.read('untracked.md') == f'[x]({HOME}/{OLD}-first.md)'
    assert repo.git('diff', '--cached', '--name-only').split() == ['new.py', 'workstreams/launch.md']


def test_symbolic_link_is_not_followed(repo: Sandbox, tmp_path: Path) -> None:
    outside = tmp_path / 'outside.md'
    outside.write_text(f'[x]({HOME}/{OLD}-first.md)')
    _repository(repo)
    os.symlink(outside, repo.root / 'link.md')
    repo.commit()
    assert repo.daybook('renumber', OLD, NEW).returncode == 0
    assert OLD in outside.read_text()


def test_mode_stays(repo: Sandbox) -> None:
    _repository(repo)
    (repo.root / HOME / f'{OLD}-first.md').chmod(0o755)
    repo.commit()
    repo.daybook('renumber', OLD, NEW)
    assert (repo.root / HOME / f'{NEW}-first.md').stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(sys.platform == 'win32', reason='resource limits are POSIX')
def test_a_file_that_cannot_be_written(repo: Sandbox) -> None:
    _repository(repo)
    repo.write('workstreams/launch.md', repo.read('workstreams/launch.md') + 'x' * 9000)
    repo.commit()
    before = repo.snapshot()
    # a limit on the size of files stands for a full disk: note and index fit, the workstream does not
    program = ('import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n'
               f'from daybook.__main__ import main; sys.exit(main(["renumber", "{OLD}", "{NEW}"]))')
    run = subprocess.run((sys.executable, '-c', program), cwd=repo.root, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (1, '')
    assert run.stderr == 'daybook: cannot write: File too large; everything was put back\n'
    assert repo.snapshot() == before


def test_what_is_written_while_the_remote_is_asked_is_kept(repo: Sandbox, new_repo: Callable[[str], Sandbox]) -> None:
    """The claim takes seconds; an edit made meanwhile is refused, not overwritten."""
    repo.write(f'{HOME}/{OLD}.md', f'---\ntitle: T\nid: {OLD}\n---\n')
    link = repo.write('link.md', f'[note](./{HOME}/{OLD}.md)\n')
    repo.commit()
    hub = new_repo('hub')
    hub.write('.git/hooks/pre-receive', f'#!/bin/sh\necho more >> {shlex.quote(str(link))}\n').chmod(0o755)
    repo.git('remote', 'add', 'origin', str(hub.root))
    run = repo.daybook('renumber', OLD, NEW)
    assert run.returncode == 1, run
    assert link.read_text().endswith('more\n')
    assert (repo.root / HOME / f'{OLD}.md').exists()


def _whole_state(repo: Sandbox) -> tuple[object, ...]:
    return repo.snapshot(), repo.git('status', '--short'), os.path.exists(repo.root / '.git/daybook/renumber.json')


def _start_again(repo: Sandbox, start: str) -> None:
    repo.git('reset', '-q', '--hard', start)
    repo.git('clean', '-qfd')
    for path in (repo.root / '.git/daybook').rglob('*.json'):
        path.unlink()


@needs_fork
@pytest.mark.parametrize('new', [NEW, 'next'])
def test_killed_before_any_change_the_next_run_puts_it_right(repo: Sandbox, new: str) -> None:
    _repository(repo)
    repo.write('workstreams/launch.md', 'staged [x](../' + f'{HOME}/{OLD}-first.md)\n')
    start = repo.commit()
    before = _whole_state(repo)
    assert not killed_at(repo.root, 10_000, 'renumber', OLD, new)
    whole, event, said = _whole_state(repo), 0, set()
    assert whole != before
    while True:
        event += 1
        _start_again(repo, start)
        assert _whole_state(repo) == before
        if not killed_at(repo.root, event, 'renumber', OLD, new):
            break
        if _whole_state(repo) == whole:  # all that it had left to do was to tell
            continue
        again = repo.daybook('renumber', OLD, new)
        assert again.returncode == 0, (event, again.stderr)
        said.add(again.stdout.splitlines()[0])
        notes = [path for path in repo.snapshot() if '-first' in path]
        assert len(notes) == 1 and f'(../{notes[0]})' in repo.read('workstreams/launch.md'), event
        assert not [path for path in repo.snapshot() if path.endswith('.tmp')], event
        assert _whole_state(repo) == whole, event
    assert event > 15, 'it was killed before every change'
    assert 'a renumbering that was killed was taken back' in said


@needs_fork
def test_a_note_that_is_only_staged_is_never_lost(repo: Sandbox) -> None:
    """No commit has it, so nothing but the work tree, the index and the journal do."""
    _repository(repo)
    old, new = f'{HOME}/RT-261120-08.md', f'{HOME}/{NEW}.md'
    text = NOTE.replace(OLD, 'RT-261120-08')
    for staged in ((), (old, new)):
        event = 0
        while not (repo.root / new).exists() or (repo.root / old).exists():
            event += 1
            repo.git('reset', '-q', '--hard')
            repo.git('clean', '-qfd')
            repo.write(old, text)
            repo.git('add', old)
            for path in (repo.root / '.git/daybook').rglob('*.json'):
                path.unlink()
            assert killed_at(repo.root, event, 'renumber', 'RT-261120-08', NEW), 'killed once the old one was gone'
        if staged:
            repo.git('add', '--', *staged)
        run = repo.daybook('renumber', '--', OLD, 'RT-261120-09')
        assert run.stdout.startswith('a renumbering that was killed was taken back\n'), run
        assert repo.read(old) == text and not (repo.root / new).exists()
        repo.git('reset', '-q', '--hard')


@needs_fork
def test_what_somebody_wrote_after_the_kill_is_theirs(repo: Sandbox) -> None:
    start = _repository(repo).git('rev-parse', 'HEAD')
    old, new = f'{HOME}/{OLD}-first.md', f'{HOME}/{NEW}-first.md'
    event = 0
    while not (repo.root / new).exists() or (repo.root / old).exists():
        event += 1
        _start_again(repo, start)
        assert killed_at(repo.root, event, 'renumber', OLD, NEW), 'killed once the old one was gone'
    assert 'a renumbering was killed in this work tree' in repo.daybook('doctor', '--offline', '--no-proof').stdout
    dry = repo.daybook('renumber', '--dry-run', OLD, NEW)
    assert dry.stdout == 'a renumbering was killed here; without --dry-run it is taken back first\n' and dry.returncode == 1
    archive = repo.daybook('archive', '--older-than', '1')
    assert archive.returncode == 1 and 'a renumbering was killed in this work tree; run `daybook renumber OLD NEW` first' in archive.stderr
    repo.write(new, 'what somebody has made of it\n')
    run = repo.daybook('renumber', OLD, NEW)
    assert run.stdout == f'a renumbering that was killed was taken back, but for what changed since: {new}\n'
    assert run.returncode == 1 and f'{new} exists already' in run.stderr
    assert repo.read(new) == 'what somebody has made of it\n' and repo.read(old) == NOTE


def test_a_killed_archiving_is_settled_first(repo: Sandbox) -> None:
    _repository(repo)
    repo.write('.git/daybook/archive.json', '{"version": 1, "writes": []}')
    run = repo.daybook('renumber', OLD, NEW)
    assert (run.returncode, run.stdout) == (1, '')
    assert run.stderr == 'daybook: an archiving was killed in this work tree; run `daybook archive` first, which settles it\n'


@pytest.mark.skipif(sys.platform == 'win32', reason='resource limits are POSIX')
def test_what_was_edited_meanwhile_is_named_and_stays(repo: Sandbox) -> None:
    """The file changes after the first write, when nothing can be refused any more."""
    before = _repository(repo).snapshot()
    program = ('import os, sys\nfrom daybook.__main__ import main\n'
               'def hook(name, args):\n'
               f'    if name == "os.link" and str(args[1]).endswith("{NEW}-first.md"):\n'
               '        os.system("echo more >> workstreams/launch.md")\n'
               f'sys.addaudithook(hook); sys.exit(main(["renumber", "{OLD}", "{NEW}"]))')
    run = subprocess.run((sys.executable, '-c', program), cwd=repo.root, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (1, '')
    assert run.stderr == ('daybook: workstreams/launch.md changed while this ran; '
                          'everything was put back, but for what changed meanwhile: workstreams/launch.md\n')
    before['workstreams/launch.md'] += b'more\n'
    assert repo.snapshot() == before
    repo.git('checkout', '-q', '--', '.')
    assert repo.daybook('renumber', OLD, NEW).returncode == 0, 'the id waits for it'
