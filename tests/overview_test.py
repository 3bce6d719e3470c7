"""An overview that people write: its block is made anew, and not a byte of theirs."""
from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.writers import cadence
from daybook.writers import overview_block
from daybook.writers.indexes import Entry
from governance import commit
from governance import install
from governance import run
from runs import Runner
from team import make_team
from team import runner  # noqa: F401

PATH = 'docs/OVERVIEW.md'
CONFIG = f"""\
indexes: {{overview: {PATH}}}
kinds: {{doc: {{paths: ["docs/architecture/*.md", "docs/infrastructure/*.md"]}}}}
handoff: {{push: own}}
freshness: {{rules: [{{paths: ["docs/infrastructure/**"], ttl_days: 30}}, {{kinds: [plan, adr]}}]}}
cochange: [{{name: hosts, when: ["ops/*.yml"], then: ["docs/infrastructure/hosts.md"], why: "a | b"}}]
mirror: {{max_age: 1}}
"""
EMPTY = f'{overview_block.BEGIN}\n{overview_block.END}'
TEXT = f'# What this is\n\nOurs to say.\n\n## Map\n\n{EMPTY}\n\n## After\n\nours too'
BLOCK = f"""\
{overview_block.BEGIN}
<!-- markdownlint-disable MD013 -->

### Latest hand-offs

- [docs/sessions/SK-261121-01](./sessions/SK-261121-01.md): T
- [docs/sessions/RT-261120-10](./sessions/RT-261120-10.md): T

### Specifications

- [plans/ios](../plans/ios.md): T
- [docs/architecture/spec](./architecture/spec.md): T

### State

- [docs/infrastructure/droplet_state](./infrastructure/droplet_state.md): T
- [docs/infrastructure/hosts](./infrastructure/hosts.md): T

### Decisions

- [docs/adr/0001-queue](./adr/0001-queue.md): T

### Cadence

| what                              | how often                                             |
| --------------------------------- | ----------------------------------------------------- |
| notes to the remote               | with each hand-off, with the operator's other commits |
| notes and documents to the mirror | at least every 1 day                                  |
| `docs/infrastructure/hosts.md`    | with every change of `ops/*.yml` (a \\| b)             |
| `docs/infrastructure/**`          | reviewed every 30 days                                |
| plan documents and adr documents  | reviewed by the day that each names                   |

<!-- markdownlint-enable MD013 -->
{overview_block.END}"""


def document(head: str = '') -> str:
    return f'---\ntitle: T\n{head}---\n'


@pytest.fixture
def filled(repo: Sandbox) -> Sandbox:
    repo.write('.daybook/config.yaml', CONFIG)
    for name in ('RT-261119-02', 'RT-261120-09', 'RT-261120-10', 'SK-261121-01', '2026-12-01-by-date'):
        repo.write(f'docs/sessions/{name}.md', document())
    for name in ('docs/architecture/spec', 'docs/infrastructure/droplet_state', 'docs/infrastructure/hosts', 'docs/adr/0001-queue',
                 'plans/ios', 'workstreams/build', 'docs/learnings/l'):
        repo.write(f'{name}.md', document())
    repo.write('plans/done.md', document('status: done\n'))
    repo.write('docs/adr/0000-broker.md', document('superseded_by: 0001-queue\n'))
    repo.write(PATH, TEXT)
    repo.commit('fill')
    run(repo, 'regen-indexes')
    repo.commit('indexes')
    return repo


def test_the_block_is_made_and_all_else_stays(filled: Sandbox) -> None:
    assert filled.read(PATH) == TEXT.replace(EMPTY, BLOCK)
    assert run(filled, 'regen-indexes') == run(filled, 'regen-indexes', '--check') == (0, '')


def test_a_placeholder_drops_nobodys_last_hand_off(filled: Sandbox) -> None:
    for name in ('RT-261121-01', 'RT-261121-02', 'NN-261121-01'):
        filled.write(f'docs/sessions/{name}.md', '---\noperator: roman\nkind: session\nclaimed_at: 2026-11-21T09:00:00Z\n---\n')
    filled.git('add', 'docs')
    assert run(filled, 'regen-indexes') == (0, '') and filled.read(PATH) == TEXT.replace(EMPTY, BLOCK)


@pytest.mark.parametrize('change', [
    lambda text: text.replace('\n', '\r\n'),
    lambda text: '\ufeff' + text,
    lambda text: text.replace('Ours', '\udcff Ours'),
    lambda text: text.replace('- [docs', '- by hand [docs'),
    lambda text: text.removesuffix('\n\n## After\n\nours too'),
])
def test_bytes_of_people_stay(filled: Sandbox, change) -> None:
    text = change(filled.read(PATH))
    filled.write(PATH, text.encode('utf-8', 'surrogateescape'))
    run(filled, 'regen-indexes')
    expected = change(TEXT.replace(EMPTY, BLOCK)).replace('- by hand [docs', '- [docs')
    assert (filled.root / PATH).read_bytes() == expected.encode('utf-8', 'surrogateescape')
    assert run(filled, 'regen-indexes') == (0, '')


@pytest.mark.parametrize('text', [
    '# By hand\n', TEXT.replace(overview_block.END, ''), TEXT + EMPTY, TEXT.replace(EMPTY, f'{overview_block.END}\n{overview_block.BEGIN}'),
    TEXT.replace(overview_block.BEGIN, f'> {overview_block.BEGIN}')])
def test_without_one_block_it_is_left_alone_and_named(filled: Sandbox, text: str) -> None:
    filled.write(PATH, text)
    assert run(filled, 'regen-indexes') == (0, f'left alone, as written by hand: {PATH}\n')
    assert filled.read(PATH) == text


@pytest.mark.parametrize(('path', 'text', 'words'), [
    ('plans/ios.md', document('status: done\n'), 'plans/ios'),
    ('.daybook/config.yaml', CONFIG.replace('30', '60'), '30 days'),
])
def test_a_commit_that_makes_it_stale_is_stopped_with_the_block_made(filled: Sandbox, path: str, text: str, words: str) -> None:
    install(filled, 'regen-indexes')
    filled.write('code.py', 'x')
    filled.git('add', '.')
    assert commit(filled) == (0, '')
    filled.write(path, text)
    filled.git('add', '.')
    code, out = commit(filled)
    assert code == 1 and f'Rewriting {PATH}' in out and words not in filled.read(PATH).split('### Decisions')[words == '30 days']
    filled.git('add', '.')
    assert commit(filled) == (0, '')


def test_latest() -> None:
    names = ['RT-261120-02.md', 'RT-261120-10.md', 'SK-261121-01-slug.md', 'AA-261121-01k7f.md', 'docs/2027-01-01.md', 'CONV-30.md']
    assert overview_block.latest(names) == ['AA-261121-01k7f.md', 'SK-261121-01-slug.md', 'RT-261120-10.md']
    assert overview_block.latest(['a/2026-01-01.md', 'b/2025-01-01.md']) == ['a/2026-01-01.md']
    assert overview_block.latest([]) == []


def test_with_latest() -> None:
    entry = Entry('sessions/RT-261122-01.md', 'docs/sessions/RT-261122-01', 'New')
    text = TEXT.replace(EMPTY, BLOCK)
    once = overview_block.with_latest(text, entry)
    old, new = '- [docs/sessions/RT-261120-10](./sessions/RT-261120-10.md): T\n', '- [docs/sessions/RT-261122-01](./sessions/RT-261122-01.md): New\n'
    assert once == text.replace(old, '').replace('- [docs/sessions/SK', f'{new}- [docs/sessions/SK', 1)
    assert overview_block.with_latest(once, entry) == once
    older = Entry('sessions/RT-261101-01.md', 'docs/sessions/RT-261101-01', 'Old')
    assert overview_block.with_latest(text, older) == text
    assert overview_block.with_latest(TEXT, entry) == TEXT and overview_block.with_latest('# x\n', entry) == '# x\n'
    crlf = text.replace('\n', '\r\n')
    assert overview_block.with_latest(crlf, entry) == once.replace('\n', '\r\n')


def test_cadence_of_the_defaults() -> None:
    assert [tuple(row) for row in cadence.rows(config.DEFAULTS)] == [
        ('notes to the remote', 'with each hand-off, where the note is alone ahead')]


def _started(tmp_path: Path, runner: Runner):  # noqa: F811
    team = make_team(tmp_path / 'team', runner, 'roman', 'sara', config=f'indexes: {{overview: {PATH}}}\n')
    roman, sara = team.member('roman'), team.member('sara')
    roman.write(PATH, TEXT + '\n')
    roman.git('add', PATH)
    runner.run(roman.root, 'regen-indexes')
    roman.commit('the overview', '.')
    roman.git('push', '-q')
    sara.git('pull', '-q')
    return team, roman, sara


@pytest.mark.parametrize('is_raced', [False, True])
def test_a_hand_off_brings_its_line(tmp_path: Path, runner: Runner, is_raced: bool) -> None:  # noqa: F811
    _, roman, sara = _started(tmp_path, runner)
    assert not is_raced or sara.hand_off('Theirs').last.endswith('pushed=yes')
    done = roman.hand_off('Mine')
    assert done.last.endswith('pushed=yes') and f'[x] {PATH}' in done.out, done.out
    roman.git('pull', '-q')
    lines = [line for line in roman.read(PATH).splitlines() if 'sessions/' in line]
    assert [line.split(': ')[1] for line in lines] == ['Mine', *['Theirs'] * is_raced]
    assert runner.run(roman.root, 'regen-indexes', '--check').code == 0
    assert roman.hand_off('Mine again').last.endswith('pushed=yes')
    assert 'Mine again' in roman.read(PATH) and ': Mine\n' not in roman.read(PATH)


def test_a_dirty_overview_refuses_before_the_first_write(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    _, roman, _ = _started(tmp_path, runner)
    roman.write(PATH, roman.read(PATH).replace('Ours', 'Still ours'))
    roman.draft('Mine')
    before = roman.state()
    assert roman.hand_off().last.endswith('reason=dirty-target') and roman.state() == before


def test_conflicts_in_the_block_are_settled_and_others_left(tmp_path: Path, runner: Runner) -> None:  # noqa: F811
    _, roman, sara = _started(tmp_path, runner)
    for member in (roman, sara):
        member.git('config', 'merge.conflictStyle', 'diff3')
        member.write('.daybook/state/.gitignore', '*\n')
    roman.git('switch', '-qc', 'other')
    for branch, name in (('other', 'RT-261120-01'), ('main', 'SK-261120-01')):
        roman.git('switch', '-q', branch)
        roman.write(f'docs/sessions/{name}.md', document())
        roman.git('add', '.')
        runner.run(roman.root, 'regen-indexes')
        roman.commit(name)
    roman.git('merge', '-q', 'other', check=False)
    assert '<<<<<<<' in roman.read(PATH)
    assert f'git add -- docs/sessions/INDEX.md {PATH}'.split()[-1] in runner.run(roman.root, 'regen-indexes').out
    assert '<<<<<<<' not in roman.read(PATH) and roman.read(PATH).count('- [docs/sessions/') == 2
    roman.git('merge', '--abort')
    roman.write(PATH, roman.read(PATH).replace('Ours to say', 'Main says'))
    roman.commit('main says', PATH)
    roman.git('switch', '-q', 'other')
    roman.write(PATH, roman.read(PATH).replace('Ours to say', 'Other says'))
    roman.commit('other says', PATH)
    roman.git('merge', '-q', 'main', check=False)
    text = roman.read(PATH)
    assert f'left to you: {PATH}' in runner.run(roman.root, 'regen-indexes').out and roman.read(PATH) == text
