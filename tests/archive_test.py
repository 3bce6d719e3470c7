from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.documents import document
from daybook.documents import tree
from daybook.handoff import facts
from daybook.lifecycle import choosing
from daybook.lifecycle import relocating
from daybook.lifecycle.relocating import Ground
from daybook.repo import git
from daybook.repo import git_log
from daybook.rules.links import Names
from daybook.session.operators import Operator
from kills import killed_at
from kills import needs_fork

HOME, ARCHIVE = 'docs/sessions', 'docs/sessions/archive/2026'
DAY = ('--older-than', '90', '--as-of', '2026-11-21')
OLD, SECOND, NEW = 'RT-260101-01', 'RT-260102-01', 'RT-261120-01'
GROUND_FILES = (f'{HOME}/{OLD}.md', f'{HOME}/{SECOND}.md', f'{HOME}/{NEW}.md', f'{HOME}/a b.md', 'plans/p.md', 'src/x.py', 'logs/l.md')


def _ground() -> Ground:
    moves = {f'{HOME}/{name}.md': f'{ARCHIVE}/{name}.md' for name in (OLD, SECOND, 'a b')}
    return Ground({**moves, 'logs': 'old/logs', 'logs/l.md': 'old/logs/l.md'}, Names(GROUND_FILES), frozenset(GROUND_FILES),
                  frozenset(tree.Tree(GROUND_FILES).folders))


# file, its text, the text afterwards (None: the same)
LINKS = (
    pytest.param(f'{HOME}/{OLD}.md', 'words ../../plans/p.md, `[x](../../plans/p.md)`, [x](https://e.x/../a.md) [x](#a) [y](mailto:a@b.c)', None, id='no links'),
    pytest.param(f'{HOME}/{OLD}.md', f'[a]({SECOND}.md) [b](./{OLD}.md#x) [c](/plans/p.md) [[p]] [d](word)', None, id='what goes along'),
    pytest.param(f'{HOME}/{OLD}.md', f'[a]({NEW}.md#x) ![b](../../src/x.py?y=1 "t") [c](<../../plans/p.md>)\r\n',
                 f'[a](../../{NEW}.md#x) ![b](../../../../src/x.py?y=1 "t") [c](<../../../../plans/p.md>)\r\n', id='outbound'),
    pytest.param(f'{HOME}/{OLD}.md', '[a](..) [b](../) [c](.) [d](../../gone/x.md) [e](../../../../x/y.md) [f](../../src/x.py:12)',
                 '[a](../../..) [b](../../../) [c](../..) [d](../../../../gone/x.md) [e](../../../../../../x/y.md) [f](../../../../src/x.py:12)',
                 id='folders, the dead, out of the repository'),
    pytest.param('README.md', f'[a]({HOME}/{OLD}.md) [b](/{HOME}/{OLD}.md#x) [c](./{HOME}/{SECOND}.md) [d]({HOME}/{NEW}.md)',
                 f'[a]({ARCHIVE}/{OLD}.md) [b](/{ARCHIVE}/{OLD}.md#x) [c](./{ARCHIVE}/{SECOND}.md) [d]({HOME}/{NEW}.md)', id='inbound'),
    pytest.param('README.md', f'[a][1], [2] and <a href="{HOME}/{OLD}.md">b</a>\n\n[1]: {HOME}/{OLD}.md\n[2]: <{HOME}/a%20b.md> "t"\n',
                 f'[a][1], [2] and <a href="{ARCHIVE}/{OLD}.md">b</a>\n\n[1]: {ARCHIVE}/{OLD}.md\n[2]: <{ARCHIVE}/a%20b.md> "t"\n', id='definitions, HTML'),
    pytest.param('README.md', f'[[{OLD}]] [[sessions/{OLD}#h|w]] [[{HOME}/{OLD}.md]] [[{NEW}]]',
                 f'[[{OLD}]] [[{ARCHIVE}/{OLD}#h|w]] [[{ARCHIVE}/{OLD}.md]] [[{NEW}]]', id='wikilinks'),
    pytest.param('README.md', '日本 [a](docs/sessions/a%20b.md) [l](logs/) [m](logs/l.md)', f'日本 [a]({ARCHIVE}/a%20b.md) [l](old/logs/) [m](old/logs/l.md)',
                 id='spaces, a folder that goes'),
    pytest.param('plans/p.md', f'---\ntitle: P\nnotes: [../{HOME}/{OLD}.md, x.md] # why\nsession: "[[{HOME}/{OLD}]]"\nlast: {HOME}/{SECOND}.md\n---\nx\n',
                 f'---\ntitle: P\nnotes: [../{ARCHIVE}/{OLD}.md, x.md] # why\nsession: "[[{HOME}/{OLD}]]"\nlast: {ARCHIVE}/{SECOND}.md\n---\nx\n', id='keys'),
    pytest.param(f'{HOME}/{OLD}.md', f'---\ntitle: N\nplan: "[p](../../plans/p.md)"\nsource_path: {HOME}/{OLD}.md\nurl: https://e.x/a/b.md\n---\n',
                 f'---\ntitle: N\nplan: "[p](../../../../plans/p.md)"\nsource_path: {ARCHIVE}/{OLD}.md\nurl: https://e.x/a/b.md\n---\n', id='keys of its own'),
)


@pytest.mark.parametrize(('source', 'text', 'expected'), LINKS)
def test_relocated(source: str, text: str, expected: str | None) -> None:
    ground = _ground()
    new = ground.moves.get(source, source)
    found = relocating.relocated(ground, source, new, text.encode())
    assert found.data.decode() == (text if expected is None else expected)


def test_bytes_that_are_not_utf8_stay_or_are_refused() -> None:
    ground, source = _ground(), f'{HOME}/{OLD}.md'
    data = b'\xff [x](#a)'
    assert relocating.relocated(ground, source, ground.moves[source], data).data == data
    with pytest.raises(relocating.FatalError, match='not UTF-8'):
        relocating.relocated(ground, source, ground.moves[source], b'\xff [x](../../plans/p.md)')


@pytest.mark.parametrize(('name', 'text', 'day'), [
    ('RT-260101-01', '---\ntitle: T\n---\n', '2026-01-01'),
    ('RT-260101-01', '---\ntitle: T\nended_at: 2026-01-03T10:00:00Z\ncreated: "2026-01-01"\n---\n', '2026-01-03'),
    ('2025-05-01-topic', '# T\n', '2025-05-01'), ('topic', '# T\n', ''), ('RT-269999-01', '# T\n', ''),
    ('log', '# Log\n\n## 2025-01-01\n\n## 2025-02-01 more\n', '2025-02-01'), ('x', '---\ncreated: soon\n---\n', ''),
])
def test_day_of(name: str, text: str, day: str) -> None:
    kind = config.DEFAULTS.kind('session')
    assert choosing.day_of(document.from_bytes(f'{HOME}/{name}.md', kind, text.encode())) == day


def _note(name: str, body: str = '', operator: str = 'roman') -> str:
    day = f'20{name[3:5]}-{name[5:7]}-{name[7:9]}'
    return f'---\ntitle: Note {name}\noperator: {operator}\nsummary: S\nkind: session\nid: {name}\ncreated: "{day}"\n---\n\n# Note {name}\n{body}'


@pytest.fixture
def team(repo: Sandbox) -> Sandbox:
    """A repository with two old notes and a new one, which link each other and the rest."""
    repo.write('README.md', f'# R\n\n[first]({HOME}/{OLD}.md)\n')
    repo.write('workstreams/launch.md', '---\ntitle: Launch\nowner: roman\n---\n\n## Session Log\n\n'
               f'- [{NEW}](../{HOME}/{NEW}.md) (2026-11-20): new\n- [{OLD}](../{HOME}/{OLD}.md) (2026-01-01): old\n')
    repo.write(f'{HOME}/{OLD}.md', _note(OLD, f'\n[next]({SECOND}.md) [r](../../README.md#r) [gone](../gone.md)\n'))
    repo.write(f'{HOME}/{SECOND}.md', _note(SECOND, f'\r\n[new](./{NEW}.md#note-rt-261120-01)\r\n'))
    repo.write(f'{HOME}/{NEW}.md', _note(NEW, f'\n[old]({OLD}.md#note-rt-260101-01) [gone](../gone.md)\n'))
    repo.write('docs/gone.md', '# G\n')
    repo.git('add', '.')
    assert repo.daybook('regen-indexes').returncode == 1
    repo.commit('notes')
    (repo.root / 'docs/gone.md').unlink()
    repo.git('commit', '-qam', 'take it away')
    return repo


def _audit(repo: Sandbox) -> list[str]:
    return sorted(re.sub(rf'^{HOME}/(archive/\d+/)?', f'{HOME}/', line) for line in repo.daybook('audit-links').stdout.splitlines())


def _archive(repo: Sandbox, *words: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    done = repo.daybook('archive', *words, *DAY, env=env)
    return done.returncode, done.stdout + done.stderr


def test_it_moves_what_is_old_and_keeps_every_link_alive(team: Sandbox) -> None:
    before = _audit(team)
    assert len(before) == 2 and all('warning: ' in line for line in before), 'links that were alive when they were written'
    bystander = team.write('draft.txt', 'mine')
    dry = team.snapshot()
    assert _archive(team, '--dry-run')[1].splitlines()[-1] == 'archive: would move 2 notes, 6 links rewritten, 3 other files changed'
    assert team.snapshot() == dry
    code, output = _archive(team)
    lines = output.splitlines()
    assert (code, lines[:3]) == (0, [f'{HOME}/{OLD}.md -> {ARCHIVE}/{OLD}.md', f'{HOME}/{SECOND}.md -> {ARCHIVE}/{SECOND}.md',
                                     'archive: moved 2 notes, 6 links rewritten, 3 other files changed'])
    assert bystander.read_text() == 'mine' and team.git('diff', '--cached', '--name-only') == ''
    os.system(f'cd {team.root} && {lines[3]}')
    assert team.git('status', '--short').splitlines()[-1] == '?? draft.txt'
    assert team.git('diff', '--cached', '-M', '--diff-filter=R', '--name-only').count(ARCHIVE) == 2
    assert _audit(team) == before, 'before the commit'
    path = team.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook check-all\n')
    path.chmod(0o755)
    team.git('commit', '-qm', 'archive')
    assert _audit(team) == before, 'after it'
    assert team.daybook('audit-links', '--no-catalogue').returncode == 0
    assert team.daybook('regen-indexes', '--check').returncode == 0
    assert f'[{OLD}](../{ARCHIVE}/{OLD}.md)' in team.read('workstreams/launch.md')
    assert '\r\n[new](../../' in team.read(f'{ARCHIVE}/{SECOND}.md')
    before_second = team.snapshot()
    assert _archive(team) == (0, 'archive: moved 0 notes, 0 links rewritten, 0 other files changed\n')
    assert team.snapshot() == before_second


def test_a_dead_link_that_somebody_writes_now_stays_an_error(team: Sandbox) -> None:
    assert _archive(team, '--commit')[0] == 0
    team.write(f'{ARCHIVE}/{OLD}.md', team.read(f'{ARCHIVE}/{OLD}.md') + '[x](never.md)\n')
    found = team.daybook('audit-links')
    assert (found.returncode, 'never.md' in found.stdout) == (1, True)


def test_a_dead_link_that_comes_with_the_move_is_an_error(team: Sandbox) -> None:
    """The page was there when the note was written, but the link was not."""
    assert _archive(team)[0] == 0
    team.write(f'{ARCHIVE}/{SECOND}.md', team.read(f'{ARCHIVE}/{SECOND}.md') + '[x](../../../gone.md)\n')
    team.git('add', '.')
    for _ in range(2):
        found = [line for line in team.daybook('audit-links', '--no-catalogue').stdout.splitlines() if SECOND in line]
        assert len(found) == 1 and ': warning: ' not in found[0]
        team.git('commit', '-q', '--allow-empty', '-m', 'move')


def test_who_comes_after_finds_its_way(team: Sandbox) -> None:
    """resume, the ids of claims and the start of the next hand-off do not see that notes have moved."""
    team.write(f'{HOME}/2024-01-01-legacy.md', '# Legacy\n\nwords that stay as they are\n')
    team.write(f'{HOME}/2024-02-01-legacy.md', '# Legacy too\n')
    team.git('add', '.')
    team.git('commit', '-q', '-m', 'older', '--author=Nina N <nina@example.com>')
    first = team.git('log', '--format=%H', '--diff-filter=A', '-1', '--', f'{HOME}/{NEW}.md')
    before = team.daybook('resume', '--no-fetch').stdout
    team.write('work.txt', 'x')
    team.commit('work')
    assert _archive(team, '--commit')[0] == 0
    assert (team.root / f'docs/sessions/archive/2024/2024-01-01-legacy.md').exists()
    repo = git.find_repo(str(team.root))
    roman = Operator('roman', 'Roman Tester', 'RT', ('roman@example.com',))
    start = facts.range_start(repo, config.load(str(team.root)), roman, None, None)
    assert start.commit == first, 'the archive is no session'
    origin = git_log.origins(repo, ['docs/sessions/archive/2024/2024-01-01-legacy.md', f'{ARCHIVE}/{OLD}.md'], [HOME])
    assert [touch.email for touch in origin.values()] == ['nina@example.com', 'roman@example.com'], 'who wrote it, not who moved it'
    after = team.daybook('resume', '--no-fetch').stdout
    peers = [line for line in before.splitlines() if 'nina' in line.lower()]
    assert peers and peers == [line for line in after.splitlines() if 'nina' in line.lower()]
    assert f'note: {NEW}' in after
    assert team.daybook('validate-frontmatter', HOME).stdout.count('[id-duplicate]') == 0


STAYS = (
    pytest.param({f'{ARCHIVE}/{OLD}.md': 'somebody else’s\n'}, f'stays: {HOME}/{OLD}.md: {ARCHIVE}/{OLD}.md exists already', id='a file in its place'),
    pytest.param({f'{ARCHIVE.replace("2026", "2026")}/rt-260101-01.MD': 'x\n'}, 'exists already', id='the same name on some disks'),
    pytest.param({'.gitignore': 'archive/\n'}, f'git ignores {ARCHIVE}/{OLD}.md', id='ignored'),
    pytest.param({'.daybook/config.yaml': 'zones: {default: public, folders: {docs/sessions: private, docs/sessions/archive: public}}\n'}, '', id='zones add up'),
    pytest.param({'.daybook/config.yaml': f'zones: {{folders: {{{HOME}/old: private}}}}\n', f'{HOME}/old/RT-260103-01.md': _note('RT-260103-01')},
                 f'stays: {HOME}/old/RT-260103-01.md: is private by its folder, and would be internal in the archive', id='a zone is left'),
    pytest.param({f'{HOME}/x/{OLD}.md': _note(OLD)}, 'has its name, and goes to the same folder', id='two of one name'),
    pytest.param({f'{HOME}/NEXT-SESSION.md': '# Next\n\n## 2026-01-01\n', f'{HOME}/2026-11-01-x.md': '# X\n'}, 'is one that is written on', id='a running note'),
    pytest.param({'latest.md': (f'{HOME}/{OLD}.md',)}, f'stays: {HOME}/{OLD}.md: latest.md is a symbolic link to it', id='a symbolic link'),
    pytest.param({f'{HOME}/SK-260103-01.md': _note('SK-260103-01', operator='sergei')}, '', id='the last of an operator stays'),
    pytest.param({'odd.md': f'[a]: {HOME}/{OLD}.md\n\n[a]: {HOME}/{OLD}.md\n\n[a]\n'}, 'odd.md:5: the link to', id='a link that cannot be rewritten'),
    pytest.param({'.daybook/config.yaml': 'links: {exclude: ["legacy/**"]}\n', 'legacy/x.md': f'[a](../{HOME}/{OLD}.md)\n',
                  'legacy/y.md': f'{SECOND} in words, `[a](../{HOME}/{SECOND}.md)` in code\n'},
                 f'stays: {HOME}/{OLD}.md: legacy/x.md, which links.exclude leaves out, links to it\n', id='a link that is left out'),
    pytest.param({'.daybook/config.yaml': 'links: {exclude: ["legacy/**"]}\n', 'legacy/odd.md': f'[a]: ../{HOME}/{OLD}.md\n\n[a]: ../{HOME}/{OLD}.md\n\n[a]\n'},
                 f'stays: {HOME}/{OLD}.md: legacy/odd.md', id='a link that is left out and cannot be rewritten'),
)


@pytest.mark.parametrize(('more', 'said'), STAYS)
def test_what_stays(team: Sandbox, more: dict[str, object], said: str) -> None:
    for path, text in more.items():
        if isinstance(text, tuple):
            (team.root / path).symlink_to(text[0])
        else:
            team.write(path, text)  # type: ignore[arg-type]
    team.git('add', '--all', '--force')
    team.git('commit', '-qm', 'more')
    before = _audit(team)
    code, output = _archive(team, '--commit')
    assert (code, said in output) == (0, True), output
    assert _audit(team) == before
    assert ' M ' not in team.git('status', '--short') and not (team.root / f'{ARCHIVE}/SK-260103-01.md').exists()
    for path, text in more.items():
        assert not isinstance(text, str) or path.startswith(HOME) and not path.startswith(ARCHIVE) or team.read(path) == text


@pytest.mark.parametrize('path', [f'{HOME}/{OLD}.md', 'workstreams/launch.md'])
@pytest.mark.parametrize('is_staged', [True, False])
def test_no_file_with_changes_is_touched(team: Sandbox, path: str, is_staged: bool) -> None:
    team.write(path, team.read(path) + 'more\n')
    if is_staged:
        team.git('add', '.')
    changed, status = team.read(path), team.git('status', '--short')
    code, output = _archive(team, '--commit')
    assert code == 0 and f'stays: {HOME}/{OLD}.md: ' in output and 'changes that are not committed' in output
    assert (team.read(path), team.git('status', '--short')) == (changed, status)
    # the first note links to the second
    assert (team.root / f'{ARCHIVE}/{SECOND}.md').exists() == (path == 'workstreams/launch.md')


def test_baseline_goes_along(team: Sandbox) -> None:
    team.write(f'{HOME}/{OLD}.md', team.read(f'{HOME}/{OLD}.md') + '[x](../never.md) [y](../../README.md#never)\n')
    team.commit()
    assert team.daybook('audit-links', '--baseline').returncode == 1
    team.commit()
    before = _audit(team)
    assert _archive(team, '--commit')[0] == 0
    assert _audit(team) == before and team.daybook('audit-links').returncode == 0
    assert f'{ARCHIVE}/{OLD}.md: ../../../never.md' in team.read('.daybook/links-baseline.txt')


def test_who_keeps_no_indexes_gets_none(repo: Sandbox) -> None:
    repo.write(f'{HOME}/{OLD}.md', _note(OLD))
    repo.write(f'{HOME}/{NEW}.md', _note(NEW))
    repo.commit()
    code, output = _archive(repo, '--commit')
    assert code == 0 and repo.git('ls-files').splitlines() == [f'{HOME}/{NEW}.md', f'{ARCHIVE}/{OLD}.md'], output


def test_the_last_note_of_each_stays_however_often_it_is_asked(repo: Sandbox) -> None:
    for name in ('RT-260101-01', 'RT-260101-02', 'RT-260101-03'):
        repo.write(f'{HOME}/{name}.md', _note(name))
    repo.commit()
    for _ in range(3):
        assert _archive(repo, '--commit')[0] == 0
        assert sorted(path.name for path in (repo.root / HOME).glob('RT-*.md')) == ['RT-260101-03.md']


def test_policy_and_place_are_settings(team: Sandbox) -> None:
    done = team.daybook('archive')
    assert (done.returncode, 'sessions.archive_after_days' in done.stderr) == (2, True)
    team.write('.daybook/config.yaml', 'sessions: {archive_after_days: 90, archive_folder: old/notes}\n')
    team.commit()
    done = team.daybook('archive', '--as-of', '2026-11-21')
    assert (done.returncode, 'old/notes is no place for notes' in done.stderr) == (1, True)
    team.write('.daybook/config.yaml', 'kinds: {session: {paths: ["docs/sessions/**/*.md", "old/**/*.md"]}}\n'
               'sessions: {archive_after_days: 90, archive_folder: "old/{year}"}\nindexes: {when: never}\nrender: {tracked: true}\n')
    team.commit()
    before = _audit(team)
    done = team.daybook('archive', '--commit', '--as-of', '2026-11-21')
    assert done.returncode == 0 and team.read(f'old/2026/{OLD}.md') and 'run `daybook render-docs`' in done.stdout
    assert _audit(team) == sorted(line.replace(f'{HOME}/{OLD}', f'old/2026/{OLD}') for line in before)


def test_old_paths_that_stay_in_words_are_told(team: Sandbox) -> None:
    team.write('CLAUDE.md', f'# C\n\nRead `{HOME}/{OLD}.md` and **/{HOME}/{OLD}.md:3**, not {HOME}/{NEW}.md or x/{HOME}/{OLD}.md.\n\n'
               f'See [{HOME}/{SECOND}.md]({HOME}/{SECOND}.md).\n\n[y]({HOME}/{SECOND}.md) {HOME}/{OLD}.mdb\n')
    team.commit()
    assert 'still named in words: CLAUDE.md:3, CLAUDE.md:5\narchive: would move' in _archive(team, '--dry-run')[1]
    done = team.daybook('archive', '--commit', *DAY)
    assert 'still named in words: CLAUDE.md:3, CLAUDE.md:5\narchive: moved' in done.stdout, done.stdout
    assert f'[{HOME}/{SECOND}.md]({ARCHIVE}/{SECOND}.md)' in team.read('CLAUDE.md'), 'words stay'


def test_linked_work_trees_spaces_and_unicode(team: Sandbox) -> None:
    name = 'RT-260105-01 größe 日本.md'
    team.write(f'{HOME}/{name}', _note('RT-260105-01', '\n[r](<../../README.md>)\n'))
    team.write('other place.md', '[x](docs/sessions/RT-260105-01%20gr%C3%B6%C3%9Fe%20日本.md)\n')
    team.commit()
    team.git('worktree', 'add', '-q', '../linked one', '-b', 'side')
    linked = Sandbox(team.root.parent / 'linked one')
    (linked.root / 'sub').mkdir()
    before = _audit(linked)
    done = linked.daybook('archive', '--commit', *DAY, cwd='sub')
    assert done.returncode == 0, done.stderr
    assert (linked.root / ARCHIVE / name).exists() and (team.root / HOME / name).exists()
    assert _audit(linked) == before


def test_a_commit_that_is_refused_leaves_everything_as_it_was(team: Sandbox) -> None:
    path = team.write('.git/hooks/pre-commit', '#!/bin/sh\necho no such thing here; exit 1\n')
    path.chmod(0o755)
    (team.root / f'{HOME}/{OLD}.md').chmod(0o755)
    team.git('commit', '-qam', 'mode', '--no-verify')
    before, status = team.snapshot(), team.git('status', '--short')
    code, output = _archive(team, '--commit')
    assert (code, 'no such thing here' in output, 'everything was put back' in output) == (1, True, True)
    assert (team.snapshot(), team.git('status', '--short')) == (before, status)
    assert not (team.root / 'docs/sessions/archive').exists()


@pytest.mark.parametrize('days', ['0', '-1', 'soon', '1.5', ''])
def test_no_number_of_days(repo: Sandbox, days: str) -> None:
    done = repo.daybook('archive', f'--older-than={days}')
    assert done.returncode == 2 and f'{days!r} is no number of days, 1 or more' in done.stderr


@pytest.mark.parametrize('words', [(), ('--commit',), ('--dry-run',)], ids=' '.join)
@pytest.mark.parametrize(('step', 'said'), [
    (('merge', '-q', 'side'), 'a merge is under way; finish it first: resolve and `git add` the unmerged files, then git merge --continue'),
    (('rebase', '-q', 'side'), 'a rebase is under way; finish it first: resolve and `git add` the unmerged files, then git rebase --continue'),
    (('stash', 'pop', '-q'), 'the index holds unmerged files; resolve and `git add` them first'),
], ids=['merge', 'rebase', 'stash'])
def test_refused_while_git_is_at_work(team: Sandbox, step: tuple[str, ...], said: str, words: tuple[str, ...]) -> None:
    team.git('switch', '-qc', 'side')
    team.write('README.md', 'theirs\n')
    team.commit('theirs')
    team.write('README.md', 'put aside\n')
    team.git('stash', '-q')
    team.git('switch', '-q', 'main')
    team.write('README.md', 'ours\n')
    team.commit('ours')
    assert subprocess.run(('git', *step), cwd=team.root, capture_output=True).returncode
    before = team.snapshot(), team.git('ls-files', '-s')
    assert _archive(team, *words) == (1, f'daybook: {said}\n')
    assert (team.snapshot(), team.git('ls-files', '-s')) == before


def test_refused_where_it_cannot_be(team: Sandbox) -> None:
    assert _archive(team, env={'GIT_INDEX_FILE': '.git/index'})[0] == 1
    team.write('.git/daybook/handoff.json', '{}')
    code, output = _archive(team)
    assert code == 1 and 'a hand-off' in output
    (team.root / '.git/daybook/handoff.json').unlink()
    team.git('switch', '-q', '--detach')
    code, output = _archive(team, '--commit')
    assert (code, output) == (1, 'daybook: HEAD is detached; a commit would belong to no branch: git switch -c <branch>\n')
    team.git('switch', '-q', '-')
    lock = team.write('.git/index.lock', '')
    for words in ((), ('--commit',)):
        code, output = _archive(team, *words)
        assert code == 1 and 'run this again' in output and 'hand-off' not in output
    lock.unlink()


@needs_fork
def test_killed_before_any_change_the_next_run_puts_it_right(repo: Sandbox) -> None:
    repo.write('README.md', f'[first]({HOME}/{OLD}.md)\n')
    repo.write(f'{HOME}/{OLD}.md', _note(OLD, '[r](../../README.md)\n'))
    repo.write(f'{HOME}/{NEW}.md', _note(NEW))
    start = repo.commit()

    def state() -> tuple[object, ...]:
        return repo.snapshot(), repo.git('status', '--short'), os.path.exists(repo.root / '.git/daybook/archive.json')

    before = state()
    assert not killed_at(repo.root, 10_000, 'archive', '--commit', *DAY)
    whole = state()
    assert whole != before
    event = 0
    while True:
        event += 1
        repo.git('reset', '-q', '--hard', start)
        repo.git('clean', '-qfd')
        assert state() == before
        if not killed_at(repo.root, event, 'archive', '--commit', *DAY):
            break
        assert not killed_at(repo.root, 10_000, 'archive', '--commit', *DAY)
        assert state() == whole, event
    assert event > 15, 'it was killed before every change'


@needs_fork
def test_what_somebody_wrote_after_the_kill_is_theirs(team: Sandbox) -> None:
    event = 0
    while not (team.root / f'{ARCHIVE}/{OLD}.md').exists() or (team.root / f'{HOME}/{OLD}.md').exists():
        event += 1
        team.git('reset', '-q', '--hard')
        team.git('clean', '-qfd')
        assert killed_at(team.root, event, 'archive', *DAY), 'killed once both notes had moved'
        event += 3
    assert 'an archiving was killed in this work tree' in team.daybook('doctor', '--offline', '--no-proof').stdout
    before = team.snapshot()
    refused = team.daybook('handoff', env={'DAYBOOK_QUICK': '1'}).stdout
    assert 'run `daybook archive` first, which settles it\nNothing was changed.\n' in refused and refused.endswith('reason=in-progress\n')
    assert team.snapshot() == before
    team.write(f'{ARCHIVE}/{OLD}.md', 'what somebody has made of it\n')
    code, output = _archive(team)
    assert f'taken back, but for what changed since: {ARCHIVE}/{OLD}.md' in output
    assert team.read(f'{ARCHIVE}/{OLD}.md') == 'what somebody has made of it\n'
    assert team.read(f'{HOME}/{OLD}.md').startswith('---\ntitle: Note') and f'{ARCHIVE}/{OLD}.md exists already' in output


def test_the_index_that_loses_its_last_note_goes_along_where_notes_lie_in_two_places(team: Sandbox) -> None:
    team.write('.daybook/config.yaml', 'kinds: {session: {paths: ["docs/sessions/**/*.md", "notes/**/*.md"]}}\n')
    team.write('notes/RT-260103-01.md', _note('RT-260103-01'))
    team.git('add', '.')
    assert team.daybook('regen-indexes').stdout.startswith('Rewriting notes/INDEX.md')
    team.commit('a second place')
    team.write('.git/hooks/pre-commit', f'#!/bin/sh\n{sys.executable} -m daybook check-all && {sys.executable} -m daybook regen-indexes\n').chmod(0o755)
    code, output = _archive(team, '--commit')
    assert code == 0, output
    assert (team.root / f'{ARCHIVE}/RT-260103-01.md').is_file() and '](' not in team.read('notes/INDEX.md')
    assert (team.git('status', '--short'), team.daybook('regen-indexes', '--check').returncode) == ('', 0)


def test_regen_indexes_before_the_git_add_brings_no_dead_line_back(team: Sandbox) -> None:
    assert _archive(team)[0] == 0
    team.daybook('regen-indexes')
    assert OLD not in team.read(f'{HOME}/INDEX.md') and NEW in team.read(f'{HOME}/INDEX.md')
    assert f'[{OLD}](./{OLD}.md)' in team.read(f'{ARCHIVE}/INDEX.md')


def test_the_indexes_of_a_commit_tell_nothing_that_is_not_committed(team: Sandbox) -> None:
    team.write(f'{HOME}/RT-261119-01.md', _note('RT-261119-01'))
    team.git('add', '.')
    team.daybook('regen-indexes')
    team.commit('more')
    team.write('.git/hooks/pre-commit', f'#!/bin/sh\nexec {sys.executable} -m daybook regen-indexes\n').chmod(0o755)
    team.write(f'{HOME}/RT-261119-01.md', _note('RT-261119-01').replace('title: Note', 'title: Secret'))
    team.write(f'{HOME}/RT-261121-01.md', _note('RT-261121-01'))
    team.write(f'{ARCHIVE}/RT-260104-01.md', _note('RT-260104-01'))
    team.git('add', f'{HOME}/RT-261121-01.md', f'{ARCHIVE}/RT-260104-01.md')
    before = team.git('status', '--porcelain')
    code, output = _archive(team, '--commit')
    assert code == 0, output
    texts = [team.git('show', f'HEAD:{folder}/INDEX.md') for folder in (HOME, ARCHIVE)]
    assert team.git('status', '--porcelain') == before
    assert OLD not in texts[0] and OLD in texts[1] and 'RT-261119-01' in texts[0]
    assert not [word for text in texts for word in ('Secret', 'RT-261121-01', 'RT-260104-01') if word in text], texts


@pytest.mark.parametrize('way', ['untracked', '--assume-unchanged'])
def test_a_commit_leaves_indexes_that_are_not_its_own(team: Sandbox, way: str) -> None:
    if way == 'untracked':
        team.git('rm', '-q', '--cached', f'{HOME}/INDEX.md')
        team.git('commit', '-qm', 'no index')
    else:
        team.git('update-index', way, f'{HOME}/INDEX.md')
    team.write(f'{HOME}/INDEX.md', team.read(f'{HOME}/INDEX.md') + '\nmine\n')
    before = team.read(f'{HOME}/INDEX.md')
    code, output = _archive(team, '--commit')
    assert code == 0, output
    assert f'{HOME}/INDEX.md' not in team.git('show', '--name-only', '--format=', 'HEAD').splitlines()
    assert team.read(f'{HOME}/INDEX.md') == before
