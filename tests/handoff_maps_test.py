"""Hand-off writes indexes, overview and tracked pages as their own hooks would, also on top of a peer's push."""
from __future__ import annotations

from pathlib import Path

import pytest

import handoffs
from runs import Runner
from team import INDEX
from team import Member
from team import Team
from team import make_team
from team import runner  # noqa: F401

OVERVIEW, SITE = 'docs/OVERVIEW.md', 'docs/rendered'
WITH_OVERVIEW = f'indexes: {{overview: {OVERVIEW}}}\n'
WITH_PAGES = WITH_OVERVIEW + 'render: {tracked: true}\n'


@pytest.fixture
def make(tmp_path: Path, runner: Runner):  # noqa: F811
    return lambda config: make_team(tmp_path / 'team', runner, 'roman', 'sara', config=config)


def run(member: Member, *words: str) -> str:
    return member.runner.run(member.root, *words).out


def is_fresh(member: Member, *hooks: str) -> bool:
    """Whether what is committed is what the hooks would write."""
    assert member.git('status', '--porcelain') == ''
    return all('Rewriting' not in run(member, hook) for hook in hooks) and member.git('status', '--porcelain') == ''


def render(team: Team) -> None:
    roman, sara = team.member('roman'), team.member('sara')
    run(roman, 'regen-indexes')
    roman.git('add', '.')
    assert 'Rewriting' in run(roman, 'render-docs')
    roman.commit('pages')
    roman.git('push', '-q')
    sara.git('pull', '-q')


@pytest.mark.parametrize('is_raced', [False, True])
def test_overview(make, is_raced: bool) -> None:
    team = make(WITH_OVERVIEW)
    roman, sara = team.member('roman'), team.member('sara')
    if is_raced:
        assert sara.hand_off('Theirs').last.endswith('pushed=yes')
    done = roman.hand_off('Mine')
    assert done.last.endswith('pushed=yes') and f'[x] {OVERVIEW}' in done.out
    roman.git('pull', '-q')
    run(roman, 'regen-indexes')
    assert roman.git('diff', '--name-only') == '' and roman.git('status', '--porcelain') == '?? workstreams/INDEX.md'
    assert roman.read(OVERVIEW).count('\n- ') == 3 + is_raced


@pytest.mark.parametrize('above', ['docs/INDEX.md', None])
def test_the_first_note_is_told_above(tmp_path: Path, above: str | None) -> None:
    sandbox = handoffs.copy_of(handoffs.make_template(tmp_path / 'template'), tmp_path / 'copy')
    sandbox.git('rm', '-qr', 'docs/sessions')
    if above:
        sandbox.write('.daybook/config.yaml', 'handoff: {push: own}\nkinds: {doc: {paths: ["docs/*.md"]}}\n')
        sandbox.write('docs/a.md', '---\ntitle: A\n---\n')
    sandbox.git('add', '.')
    sandbox.daybook('regen-indexes')
    sandbox.commit()
    before = sandbox.daybook('regen-indexes', '--check').stdout
    done = handoffs.hand_off(sandbox)
    assert (f'  [x] {above}\n' in done.out) is bool(above), done.out
    assert sandbox.daybook('regen-indexes', '--check').stdout == before
    assert not above or before == '' and '- [sessions/](./sessions/INDEX.md): Sessions\n' in sandbox.read(above)


def test_branches_leave_the_maps_to_the_default_branch(make) -> None:
    team = make(WITH_OVERVIEW.replace('{', '{when: default-branch, '))
    roman = team.member('roman')
    roman.git('switch', '-qc', 'feature')
    roman.git('push', '-q', '-u', 'origin', 'feature')
    done = roman.hand_off('On a branch')
    assert done.last.endswith('pushed=yes') and 'INDEX' not in done.out and OVERVIEW not in done.out
    roman.git('switch', '-q', 'main')
    roman.git('merge', '-q', 'feature')
    roman.git('push', '-q')
    roman.write('.git/hooks/pre-commit', '#!/bin/sh\nexec daybook regen-indexes\n').chmod(0o755)
    done = roman.hand_off('On main')  # the hook that keeps the maps there finds nothing to do
    assert done.last.endswith('pushed=yes') and f'[x] {INDEX}' in done.out
    assert roman.read(INDEX).count('\n- ') == 2 and roman.read(OVERVIEW).count('\n- ') == 4


def test_pages_of_what_it_touched_are_in_its_commit(make) -> None:
    team = make(WITH_PAGES)
    render(team)
    roman = team.member('roman')
    roman.write('workstreams/other.md', '# other\n\nnot committed\n')
    before = roman.state()
    done = roman.hand_off('Mine')
    assert done.last.endswith('pushed=yes')
    named = roman.git('show', '--name-only', '--format=', 'HEAD').splitlines()
    note = roman.git('ls-files', 'docs/sessions/RT*').splitlines()[-1]
    page = f'{SITE}/{note.removesuffix(".md")}.html'
    assert {page, f'{SITE}/workstreams/build.html', f'{SITE}/index.html'} <= set(named)
    assert f'{SITE}/workstreams/other.html' not in named and f'[x] {page}' in done.out
    assert roman.state() == before, 'what somebody has not committed stays, and is in no page'
    roman.git('checkout', '--', 'workstreams/other.md')
    assert is_fresh(roman, 'render-docs')


def test_the_hook_that_renders_finds_nothing_to_do(make) -> None:
    team = make(WITH_PAGES)
    render(team)
    roman = team.member('roman')
    roman.write('.git/hooks/pre-commit', '#!/bin/sh\nexec daybook render-docs\n').chmod(0o755)
    for title in ('First', 'Second'):
        assert roman.hand_off(title).last.endswith('pushed=yes')


def test_pages_are_right_on_top_of_a_peers_push(make) -> None:
    team = make(WITH_PAGES)
    render(team)
    roman, sara = team.member('roman'), team.member('sara')
    assert sara.hand_off('Theirs').last.endswith('pushed=yes')
    done = roman.hand_off('Mine')
    assert done.last.endswith('pushed=yes'), done.out
    roman.git('pull', '-q', '--ff-only')
    assert 'Mine' in roman.read(f'{SITE}/data/rows-0.js') and 'Theirs' in roman.read(f'{SITE}/data/rows-0.js')
    assert is_fresh(roman, 'render-docs')


def test_pages_that_somebody_changed_are_left_and_told(make) -> None:
    team = make(WITH_PAGES)
    render(team)
    roman = team.member('roman')
    home = f'{SITE}/index.html'
    roman.write(home, roman.read(home) + '<!-- mine -->')
    before = roman.state()
    done = roman.hand_off('Mine')
    assert done.last.endswith('pushed=yes')
    assert f'[ ] rendered pages, left to daybook render-docs: {home} is not as it was committed' in done.out
    assert roman.state() == before and SITE not in roman.git('show', '--name-only', '--format=', 'HEAD')


def test_no_site_yet_asks_for_none(make) -> None:
    team = make(WITH_PAGES)
    done = team.member('roman').hand_off('Mine')
    assert done.last.endswith('pushed=yes') and SITE not in done.out


def test_without_the_packages_it_says_so_and_goes_on(make, tmp_path: Path) -> None:
    team = make(WITH_PAGES)
    render(team)
    roman = team.member('roman')
    (tmp_path / 'gone/jinja2').mkdir(parents=True)
    (tmp_path / 'gone/jinja2/__init__.py').write_text("raise ModuleNotFoundError('No module named jinja2', name='jinja2')\n")
    roman.draft('Mine')
    done = roman.daybook('handoff', env={'PYTHONPATH': str(tmp_path / 'gone'), 'OPERATOR': 'roman'})
    assert done.returncode == 0 and 'pushed=yes' in done.stdout.splitlines()[-1]
    assert '[ ] rendered pages, left to daybook render-docs: render-docs needs jinja2' in done.stdout
