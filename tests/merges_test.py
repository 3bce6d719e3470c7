"""Merges of generated text, by a second clone and as a host does it: one regen-indexes, and all is as made from scratch.

A failing history is told by its number: it is all that `random` is given.
"""
from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.writers import index_set
from daybook.writers import session_log
from runs import Runner
from team import runner  # noqa: F401

HISTORIES, GROUPS = 50, 10
OVERVIEW, LOGS = 'docs/OVERVIEW.md', ('workstreams/build.md', 'workstreams/other.md')
HEAD = '---\ntitle: {name}\n---\n\n# {name}\n\n## Goal\n\n{goal}\n\n## Tasks\n\n- [ ] one\n- [ ] two\n\n## Session Log\n'
_ID = re.compile(r'^- \[([^\]]+)\]\(', re.MULTILINE)
UNION = 'INDEX.md merge=union\ndocs/OVERVIEW.md merge=union\n'


class Side(NamedTuple):
    """What one branch holds: titles of documents by path, entries of each log (newest last), the goal of each."""

    titles: dict[str, str]
    logs: dict[str, list[session_log.LogEntry]]
    goals: dict[str, str]

    def copy(self) -> Side:
        return Side(dict(self.titles), {path: list(log) for path, log in self.logs.items()}, dict(self.goals))

    def hand_off(self, name: str, day: int, log: str, title: str) -> None:
        path = f'docs/sessions/{name}.md'
        self.titles[path] = title
        self.logs[log].append(session_log.LogEntry(name, f'../{path}', f'2026-11-{day:02}', title))

    def files(self, when: str) -> dict[str, str]:
        """Return the files that Daybook would leave in this branch; without `when`, no maps."""
        found = {path: f'---\ntitle: "{title}"\n---\n' + f'\nText of {" ".join(title.split()[:2]).strip(",")}.\n' * 4
                 for path, title in self.titles.items()}
        for path, log in self.logs.items():
            text = HEAD.format(name=path[12:-3].capitalize(), goal=self.goals[path])
            for entry in log:
                text = session_log.insert(text, entry)
            found[path] = text
        if when:
            titles = {**self.titles, **{path: path[12:-3].capitalize() for path in self.logs}}
            found |= {**index_set.texts(titles), OVERVIEW: index_set.overview(OVERVIEW, titles)}
        return found


def start() -> Side:
    side = Side({}, {path: [] for path in LOGS}, {path: 'Ship it.' for path in LOGS})
    for day in (1, 2, 3):
        side.hand_off(f'RT-26110{day}-01', day, LOGS[day % 2], f'Base {day}')
        side.titles[f'plans/plan-{day}.md'] = f'Plan {day}'
    side.titles['plans/2026/deep.md'] = 'Deep'
    return side


def change(side: Side, other: Side, initials: str, choice: random.Random) -> None:
    """Do to one branch what people and agents do."""
    for number in range(1, choice.randint(2, 5)):
        what = choice.choice(['hand off', 'hand off', 'hand off', 'add', 'add the same', 'delete', 'rename', 'retitle', 'goal'])
        known = sorted(path for path in side.titles if path.startswith('plans/'))
        if what == 'hand off':
            title = choice.choice(['Work', 'A title that is so long that it goes on in the next line, as most of them do', 'x *y* [z]'])
            side.hand_off(f'{initials}-2611{choice.randint(10, 20)}-{number:02}', 10 + number, choice.choice(LOGS), title)
        elif what == 'add':
            side.titles[f'plans/{choice.choice(["new", "2026/new", "2027/x/new"])}-{initials}{number}.md'] = f'New {initials}'
        elif what == 'add the same':
            side.titles['plans/same.md'] = choice.choice(['The same', 'The same', f'Not the same {initials}'])
        elif what == 'goal':
            side.goals[choice.choice(LOGS)] = f'Ship it, says {initials}.'
        elif known:
            path = choice.choice(known)
            title = side.titles.pop(path)
            if what == 'rename':
                side.titles[path.replace('.md', choice.choice(['-moved.md', f'-{initials}.md']))] = title
            elif what == 'retitle':
                side.titles[path] = f'{title} again'


def imported(bare: Sandbox, base: Side, ours: Side, theirs: Side, when: str) -> None:
    """Make the branches main, ours and theirs in a bare repository: with maps in all, or as of main in all."""
    kept = {path: text for path, text in base.files(when).items() if path.endswith('INDEX.md') or path == OVERVIEW}
    common = {'.daybook/config.yaml': f'indexes: {{when: {when}, overview: {OVERVIEW}}}\n',
              '.gitattributes': UNION if when == 'commit' else ''}
    lines = []
    for mark, (branch, side) in enumerate((('main', base), ('ours', ours), ('theirs', theirs)), 1):
        lines += [f'commit refs/heads/{branch}', f'mark :{mark}', f'committer R T <roman@example.com> {1700000000 + mark} +0000',
                  f'data {len(branch)}', branch, *(['from :1'] if mark > 1 else []), 'deleteall']
        for path, text in {**side.files('' if when != 'commit' else when), **common, **(kept if when != 'commit' else {})}.items():
            lines += [f'M 100644 inline {path}', f'data {len(text.encode())}', text]
    data = '\n'.join([*lines, '']).encode()
    bare.root.mkdir(parents=True)
    bare.git('init', '-q', '--bare')
    subprocess.run(('git', 'fast-import', '--quiet'), cwd=bare.root, input=data, check=True)


def maps(clone: Sandbox) -> dict[str, str]:
    names = clone.git('ls-files', '-z', '--cached', '--others').split('\0')
    return {path: clone.read(path) for path in names
            if (path.endswith('/INDEX.md') or path == OVERVIEW) and (clone.root / path).exists()}


def regenerated(run: Runner, clone: Sandbox, *args: str) -> str:
    found = run.run(clone.root, 'regen-indexes', *args)
    assert found.code in (0, 1) and 'unexpected' not in found.out, found.out
    return found.out


def add_printed(clone: Sandbox, out: str) -> None:
    for command in re.findall('^git add -- .*', out, re.MULTILINE):
        subprocess.run(command, shell=True, cwd=clone.root, check=True)


def decide(clone: Sandbox) -> None:
    """Do the person's part of a merge: take one whole side of every document in conflict, ours where it is there."""
    stages: dict[str, list[str]] = {}
    for row in filter(None, clone.git('ls-files', '-z', '--unmerged').split('\0')):
        meta, path = row.split('\t')
        stages.setdefault(path, []).append(meta.split()[2])
    for path, found in stages.items():
        if path.startswith('plans/') and not path.endswith('INDEX.md'):
            if found == ['1']:
                clone.git('rm', '-q', '--cached', '--', path)
            else:
                clone.git('checkout', '--ours' if '2' in found else '--theirs', '--', path)
                clone.git('add', '--', path)


def check_logs(clone: Sandbox, base: Side, ours: Side, theirs: Side) -> None:
    for path in LOGS:
        sides = [{entry.id for entry in side.logs[path]} for side in (base, ours, theirs)]
        found = _ID.findall(clone.read(path))
        assert len(found) == len(set(found)) and set(found) == sides[0] | sides[1] | sides[2]


def check_maps(run: Runner, clone: Sandbox) -> None:
    """What is there equals what is made where no map is, and another run finds nothing to do."""
    before = maps(clone)
    assert regenerated(run, clone, '--check', '--force') == ''
    for path, text in before.items():
        if '](' in text:
            (clone.root / path).unlink()
    regenerated(run, clone, '--force')
    assert maps(clone) == before


def merge_in_clone(run: Runner, clone: Sandbox, when: str, base: Side, ours: Side, theirs: Side) -> None:
    """A second clone, whose branch is `ours`, pulls what the first has pushed."""
    clone.git('merge', '-q', '--no-edit', 'origin/theirs', check=False)
    decide(clone)
    before = maps(clone)
    out = regenerated(run, clone)
    for path in LOGS:  # what both say of the goal is a person's to decide; all else is settled
        goals = [side.goals[path] for side in (base, ours, theirs)]
        is_open = len(set(goals)) == 3
        assert clone.read(path).count('<<<<<<<') == is_open
        if is_open:
            text = re.sub(r'<<<<<<< .*\n((?:.*\n)*?)(?:\|\|\|\|\|\|\| (?:.*\n)*?)?=======\n(?:.*\n)*?>>>>>>> .*\n', r'\1', clone.read(path))
            clone.write(path, text)
            clone.git('add', path)
    assert when == 'commit' or maps(clone) == before
    add_printed(clone, out)
    assert clone.git('ls-files', '--unmerged') == ''
    clone.git('commit', '-q', '--no-verify', '--allow-empty', '-m', 'merged')
    check_logs(clone, base, ours, theirs)
    if when != 'commit':
        clone.git('switch', '-q', '-C', 'main')
        regenerated(run, clone)
    check_maps(run, clone)


def merge_on_host(run: Runner, bare: Sandbox, clone: Sandbox, when: str, sides: tuple[Side, Side, Side]) -> bool:
    """A host merges without a work tree; what it refuses must be a person's, but for maps that every commit keeps."""
    merged = subprocess.run(('git', 'merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', 'ours', 'theirs'),
                            cwd=bare.root, capture_output=True, text=True)
    tree, *conflicts = [word for word in merged.stdout.split('\0') if word]
    if when != 'commit':
        assert not [path for path in conflicts if path.endswith('INDEX.md') or path == OVERVIEW]
    if merged.returncode:
        return False
    commit = bare.git('commit-tree', tree, '-p', 'ours', '-p', 'theirs', '-m', 'merged')
    clone.git('checkout', '-q', '-f', '-B', 'main', commit)
    regenerated(run, clone)
    check_maps(run, clone)
    check_logs(clone, *sides)
    return True


def play(run: Runner, place: Path, when: str, base: Side, ours: Side, theirs: Side, style: str = 'merge') -> bool:
    """Merge two branches in both ways; return whether the host could."""
    bare, clone = Sandbox(place / 'remote.git'), Sandbox(place / 'clone')
    imported(bare, base, ours, theirs, when)
    bare.git('clone', '-q', '--shared', '-b', 'ours', '-c', f'merge.conflictStyle={style}', '.', str(clone.root))
    merge_in_clone(run, clone, when, base, ours, theirs)
    return merge_on_host(run, bare, clone, when, (base, ours, theirs))


def add_add(ours: Side, theirs: Side) -> None:
    ours.hand_off('RT-261120-01', 20, LOGS[0], 'Mine')
    theirs.hand_off('SK-261120-01', 20, LOGS[0], 'Theirs')


def add_delete(ours: Side, theirs: Side) -> None:
    ours.hand_off('RT-261120-01', 20, LOGS[0], 'Mine')
    for path in ('plans/plan-1.md', 'plans/plan-2.md', 'plans/plan-3.md', 'plans/2026/deep.md'):
        del theirs.titles[path]


def rename_edit(ours: Side, theirs: Side) -> None:
    ours.titles['plans/2026/moved.md'] = ours.titles.pop('plans/plan-2.md')
    theirs.titles['plans/plan-2.md'] = 'Plan 2, as it is now'


@pytest.mark.parametrize('when', ['commit', 'default-branch'])
@pytest.mark.parametrize('case', [add_add, add_delete, rename_edit])
def test_case(runner: Runner, tmp_path: Path, case, when: str) -> None:  # noqa: F811
    sides = start(), start(), start()
    case(*sides[1:])
    could = play(runner, tmp_path, when, *sides)
    assert could or case is add_add or when == 'commit'
    if case is rename_edit:  # the rename is followed, with the new title
        assert '- [plans/2026/moved](../plans/2026/moved.md): Plan 2, as it is now\n' in Sandbox(tmp_path / 'clone').read(OVERVIEW)


@pytest.mark.parametrize('group', range(GROUPS))
def test_random_histories(runner: Runner, tmp_path: Path, group: int) -> None:  # noqa: F811
    for number in range(group, HISTORIES, GROUPS):
        choice = random.Random(number)
        base = start()
        ours, theirs = base.copy(), base.copy()
        change(ours, theirs, 'RT', choice)
        change(theirs, ours, 'SK', choice)
        style = choice.choice(['merge', 'diff3', 'zdiff3'])
        for when in ('commit', 'default-branch'):
            try:
                play(runner, tmp_path / f'{number}-{when}', when, base.copy(), ours.copy(), theirs.copy(), style)
            except BaseException as error:
                raise AssertionError(f'history {number}, indexes.when {when}, {style}') from error


def test_settings_of_these_tests_are_real() -> None:
    assert config.from_bytes(f'indexes: {{when: default-branch, overview: {OVERVIEW}}}\n'.encode()).indexes_overview == OVERVIEW
