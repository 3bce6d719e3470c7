from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.__main__ import main as dispatch
from daybook.links import link_contents

ID = 'audit-links'
CASES = Path(__file__).parent / 'data' / 'hooks' / ID
GOOD = sorted(CASES.glob('good/*'))
BAD = sorted(CASES.glob('bad/*'))
GONE = 'no such file: {}; correct the link or add the file'
DELETED = 'no such file: {}, deleted by this change; take the link out or keep the file'
RENAMED = 'no such file: {}, renamed to {}; link to {}, or run `daybook audit-links --fix`'


def _fill(repo: Sandbox, case: Path) -> None:
    shutil.copytree(case, repo.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns('expected.txt'))
    repo.git('add', '--all')


def _install(repo: Sandbox, name: str = 'pre-commit') -> None:
    path = repo.write(f'.git/hooks/{name}', f'#!/bin/sh\nexec {sys.executable} -m daybook {ID}\n')
    path.chmod(0o755)


def _commit(repo: Sandbox, *args: str) -> tuple[int, str]:
    run = subprocess.run(('git', 'commit', '-q', '-m', 'change', *args), cwd=repo.root, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def _audit(repo: Sandbox, *args: str, env: dict[str, str] | None = None, cwd: str = '.') -> tuple[int, str]:
    run = repo.daybook(ID, *args, env=env, cwd=cwd)
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize('case', GOOD, ids=lambda case: case.name)
def test_good(repo: Sandbox, case: Path) -> None:
    _fill(repo, case)
    assert _audit(repo) == (0, '')
    assert _audit(repo, '--no-catalogue') == (0, '')


@pytest.mark.parametrize('case', BAD, ids=lambda case: case.name)
def test_bad(repo: Sandbox, case: Path) -> None:
    _fill(repo, case)
    expected = (case / 'expected.txt').read_text()
    for arguments in ((), (), ('--no-catalogue',)):  # cold, warm, without the catalogue
        assert _audit(repo, *arguments) == (1, expected)


@pytest.mark.parametrize('most', [1, 2, 7])
def test_pages_that_are_not_held_ready_are_asked_again(repo: Sandbox, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], most: int) -> None:
    """A repository of many more linked pages than are held is audited as one of few is: here the few are `most`."""
    monkeypatch.chdir(repo.root)
    for number in range(12):
        links = ' '.join(f'[a](b{other}.md#part-{other}) [b](b{other}.md#part-{other + number % 2})' for other in (number, (number * 5 + 1) % 12, (number * 7 + 2) % 12))
        repo.write(f'docs/a{number}.md', f'{links}\n')
        repo.write(f'docs/b{number}.md', f'## Part {number}\n\n[home](a{(number + 1) % 12}.md#no)\n')
    repo.commit()

    def audit(*args: str) -> tuple[int, str, str]:
        shutil.rmtree(repo.root / '.git/daybook', ignore_errors=True)
        return dispatch([ID, *args]), *capfd.readouterr()

    both = audit(), audit('--no-catalogue')
    assert both[0][1].count('\n') > 20 and 'no anchor #part-10 in docs/b9.md' in both[0][1]
    monkeypatch.setattr(link_contents, '_MOST_PAGES', most)
    assert (audit(), audit('--no-catalogue')) == both


# what stands at HEAD, what is staged on top (None: deleted), exit code of `git commit`, output
BLOCKING = (
    pytest.param({'a.md': '[x](old.md)'}, {'main.py': '1'}, 0,
                 f'{ID}: 1 older problem in 1 document; run daybook {ID}\n', id='an older dead link'),
    pytest.param({'a.md': '[x](old.md) [y](older.md)\n\n[z](oldest.md)', 'b.md': '[x](#no)'}, {'main.py': '1'}, 0,
                 f'{ID}: 4 older problems in 2 documents; run daybook {ID}\n', id='several'),
    pytest.param({'a.md': '[x](old.md)'}, {'a.md': 'more\n\n[x](old.md)'}, 1,
                 f'a.md:3: {GONE.format("old.md")} [link-missing]\n', id='its own file'),
    pytest.param({'a.md': 'x'}, {'b.md': '[x](a.md)'}, 0, '', id='a good link'),
    pytest.param({'a.md': '[x](b.md)', 'b.md': '# B'}, {'b.md': None}, 1,
                 f'a.md:1: {DELETED.format("b.md")} [link-missing]\n', id='a linked file is deleted alone'),
    pytest.param({'a.md': '[x](src/b.py)', 'src/b.py': '1'}, {'src/b.py': None}, 1,
                 f'a.md:1: {DELETED.format("src/b.py")} [link-missing]\n', id='a linked file that is no Markdown'),
    pytest.param({'a.md': '[x](src/)', 'src/b.py': '1'}, {'src/b.py': None}, 1,
                 f'a.md:1: {GONE.format("src")} [link-missing]\n', id='the last file of a linked folder'),
    pytest.param({'a.md': '[x](src/)', 'src/b.py': '1', 'src/c.py': '1'}, {'src/b.py': None}, 0, '', id='another file of a linked folder'),
    pytest.param({'a.md': '[x](b.md)', 'b.md': '# A long enough text to be known again\n'},
                 {'b.md': None, 'sub/c.md': '# A long enough text to be known again\n'}, 1,
                 f'a.md:1: {RENAMED.format("b.md", "sub/c.md", "./sub/c.md")} [link-missing]\n', id='a rename'),
    pytest.param({'a.md': '[x](b.md#b)', 'b.md': '# B\n\n# C\n'}, {'b.md': '# C\n'}, 1,
                 'a.md:1: no anchor #b in b.md, whose heading this change takes away; link to another heading [link-anchor]\n',
                 id='a removed heading'),
    pytest.param({'a.md': '[x](b.md#b)', 'b.md': '# B\n\n# C\n'}, {'b.md': '# B\n\nmore\n\n# C\n'}, 0, '', id='another text, the same headings'),
    pytest.param({'a.md': '[x](b.md#b-1)', 'b.md': '# B\n\n# B\n'}, {'b.md': '# B\n'}, 1,
                 'a.md:1: no anchor #b-1 in b.md, whose heading this change takes away; link to another heading [link-anchor]\n',
                 id='a repeated heading becomes one'),
    pytest.param({'a.md': '[x](b.md) [y](old.md)', 'b.md': '# B'}, {'b.md': None}, 1,
                 f'a.md:1: {DELETED.format("b.md")} [link-missing]\n{ID}: 1 older problem in 1 document; run daybook {ID}\n',
                 id='old and new in one file'),
    pytest.param({'a.md': '[x](b.md)', 'b.md': '# B'}, {'a.md': 'none', 'b.md': None}, 0, '', id='link and target go together'),
    pytest.param({'docs/sessions/2024-01-01.md': '[x](b.md)', 'docs/sessions/b.md': '# B'}, {'docs/sessions/b.md': None}, 0,
                 f'docs/sessions/2024-01-01.md:1: warning: {DELETED.format("docs/sessions/b.md")}; it was there when this file '
                 'was written [link-missing]\n', id='a note loses its target'),
    pytest.param({'docs/sessions/2024-01-01.md': 'x'}, {'docs/sessions/2024-01-01.md': '[x](b.md)'}, 1,
                 f'docs/sessions/2024-01-01.md:1: {GONE.format("docs/sessions/b.md")} [link-missing]\n', id='a note is written with a dead link'),
    pytest.param({'plans/a.md': '---\ntitle: A\nstatus: done\n---\n[x](b.md#b)', 'plans/b.md': '# B'}, {'plans/b.md': '# C'}, 0,
                 'plans/a.md:5: warning: no anchor #b in plans/b.md, whose heading this change takes away; link to another heading; '
                 'it was there when this file was written [link-anchor]\n', id='a closed plan loses a heading'),
    pytest.param({'docs/adr/1.md': '---\ntitle: A\nstatus: Accepted (2024)\n---\n[x](b.md)', 'docs/adr/b.md': '# B'}, {'docs/adr/b.md': None}, 0,
                 f'docs/adr/1.md:5: warning: {DELETED.format("docs/adr/b.md")}; it was there when this file was written [link-missing]\n',
                 id='an accepted decision loses its target'),
    pytest.param({'plans/a.md': '---\ntitle: A\nstatus: active\n---\n[x](b.md)', 'plans/b.md': '# B'}, {'plans/b.md': None}, 1,
                 f'plans/a.md:5: {DELETED.format("plans/b.md")} [link-missing]\n', id='an open plan loses its target'),
    pytest.param({'a.md': '[x](/site)', 'b.md': '[y](no.md)', '.daybook/config.yaml': 'links: {root: ignore}\n'},
                 {'.daybook/config.yaml': 'links: {root: repository}\n'}, 1,
                 f'a.md:1: {GONE.format("site")} [link-missing]\n{ID}: 1 older problem in 1 document; run daybook {ID}\n',
                 id='a setting brings problems to light'),
    pytest.param({'a.md': '[x](no.md)\n\n[y](nor.md)', '.daybook/links-baseline.txt': 'a.md: no.md\na.md: nor.md\n'},
                 {'.daybook/links-baseline.txt': 'a.md: nor.md\n'}, 1,
                 f'a.md:1: {GONE.format("no.md")} [link-missing]\n', id='a line leaves the baseline'),
    pytest.param({'a.md': '[x](no.md)', '.daybook/links-baseline.txt': 'a.md: no.md\n'}, {'a.md': 'y\n\n[x](no.md)'}, 0, '',
                 id='a known dead link moves down'),
    pytest.param({'a.md': '[x](no.md)', '.daybook/links-baseline.txt': 'a.md: no.md\n'}, {'a.md': '[x](no.md) [y](nor.md)'}, 1,
                 f'a.md:1: {GONE.format("nor.md")} [link-missing]\n', id='a new dead link beside a known one'),
)


@pytest.mark.parametrize('is_warm', (True, False), ids=('warm', 'cold'))
@pytest.mark.parametrize(('head', 'staged', 'code', 'output'), BLOCKING)
def test_commit(repo: Sandbox, head: dict[str, str], staged: dict[str, str | None], code: int, output: str, is_warm: bool) -> None:
    for path, text in {'README.md': 'x', **head}.items():
        repo.write(path, text)
    repo.commit()
    if is_warm:
        _audit(repo)
    _install(repo)
    repo.stage(staged)
    assert _commit(repo) == (code, output)


@pytest.mark.parametrize('is_staged', (True, False), ids=('staged', 'on the disk'))
def test_by_hand_a_change_is_told_wherever_it_stands(repo: Sandbox, is_staged: bool) -> None:
    text = '# A long enough text to be known again\n'
    for path, content in {'a.md': '[x](b.md) [y](c.md) [z](d.md#d)', 'b.md': text, 'c.md': '# C', 'd.md': '# D',}.items():
        repo.write(path, content)
    repo.commit()
    repo.stage({'b.md': None, 'f.md': text, 'c.md': None, 'd.md': '# E'})
    if not is_staged:
        repo.git('reset', '-q')
    was_b = RENAMED.format('b.md', 'f.md', './f.md') if is_staged else DELETED.format('b.md')
    heading = 'no anchor #d in d.md, whose heading this change takes away; link to another heading'
    lines = f'{was_b} [link-missing]', f'{DELETED.format("c.md")} [link-missing]', f'{heading} [link-anchor]'
    assert sorted(_audit(repo)[1].splitlines()) == sorted(f'a.md:1: {line}' for line in lines)


def test_case_only_rename(repo: Sandbox) -> None:
    repo.write('a.md', '[x](Target.md)')
    repo.write('Target.md', '# T\n')
    repo.commit()
    _install(repo)
    repo.git('mv', '-f', 'Target.md', 'target.md')
    message = 'a.md:1: no such file: Target.md; the name is spelled target.md, link to ./target.md [link-case]\n'
    assert _commit(repo) == (1, message)
    assert _audit(repo) == (1, message)


def test_two_branches_merge_cleanly_into_a_dead_link(repo: Sandbox) -> None:
    repo.write('a.md', '# A\n')
    repo.write('b.md', '# B\n')
    repo.commit()
    repo.git('checkout', '-q', '-b', 'peer')
    repo.git('rm', '-q', 'b.md')
    repo.commit()
    repo.git('checkout', '-q', 'main')
    repo.write('a.md', '# A\n\n[x](b.md)\n')
    repo.commit()
    _install(repo, 'pre-merge-commit')
    run = subprocess.run(('git', 'merge', '-q', '--no-ff', 'peer'), cwd=repo.root, capture_output=True, text=True)
    assert run.returncode == 1
    assert f'a.md:3: {DELETED.format("b.md")} [link-missing]\n' in run.stdout + run.stderr


def test_untracked_and_ignored_targets(repo: Sandbox) -> None:
    repo.write('.gitignore', 'build/\n')
    repo.write('a.md', '[x](new.md)\n[y](build/x.md)\n[z](sub/deep/z.md)\n')
    repo.commit()
    missing = ''.join(f'a.md:{line}: {GONE.format(path)} [link-missing]\n' for line, path in enumerate(('new.md', 'build/x.md', 'sub/deep/z.md'), 1))
    assert _audit(repo) == (1, missing)
    repo.write('new.md', '# N')
    repo.write('build/x.md', '# X')
    repo.write('sub/deep/z.md', '# Z')
    assert _audit(repo) == (1, (
        'a.md:1: not in git: new.md; add it with `git add -- :/new.md` [link-untracked]\n'
        'a.md:2: git ignores build/x.md; link to a tracked file, or name it under `links: generated:` in .daybook/config.yaml [link-untracked]\n'
        'a.md:3: not in git: sub/deep/z.md; add it with `git add -- :/sub/deep/z.md` [link-untracked]\n'))
    repo.git('add', 'new.md', 'sub')
    (repo.root / 'build/x.md').unlink()
    assert _audit(repo) == (1, f'a.md:2: {GONE.format("build/x.md")} [link-missing]\n')


@pytest.mark.parametrize('name', ['new.md', '_new.md', '!n.md', '^n.md', ':n.md', 'a b/[n]*.md', "it's.md", 'é.md', '(top)n.md'])
def test_what_adds_a_target_holds_in_every_folder(repo: Sandbox, name: str) -> None:
    repo.write('docs/a.md', f'[x](<../{name}>)\n')
    repo.commit()
    repo.write(name, '# N')
    sub = Sandbox(repo.root / 'docs')
    for audit in (repo, sub, sub):  # the last answer is a kept one
        command = audit.daybook('audit-links').stdout.split('`')[1]
    subprocess.run(command, shell=True, cwd=sub.root, check=True)
    assert _audit(repo) == (0, '')


def test_symbolic_links(repo: Sandbox) -> None:
    repo.write('docs/v2/a.md', '# A\n\n[same](../current/a.md#a) [no](../current/a.md#b) [file](../link.md#a)\n'
               '[nowhere](../nowhere.md) [out](../out.md) [loop](../loop.md)\n')
    for name, target in (('current', 'v2'), ('link.md', 'v2/a.md'), ('nowhere.md', 'gone.md'), ('out.md', '/etc/hosts'), ('loop.md', 'loop.md')):
        (repo.root / 'docs' / name).symlink_to(target)
    repo.commit()
    expected = ('docs/v2/a.md:3: no anchor #b in this file; link to one of its headings [link-anchor]\n' + ''.join(
        f'docs/v2/a.md:4: {path} is a symbolic link that leads to no tracked file; link to the file itself [link-symlink]\n'
        for path in ('docs/loop.md', 'docs/nowhere.md', 'docs/out.md')))
    assert _audit(repo) == (1, expected)
    (repo.root / 'docs/current').unlink()
    (repo.root / 'docs/current').symlink_to('v3')
    code, output = _audit(repo)
    assert output.count('docs/v2/a.md:3: no such file: docs/current/a.md') == 1
    assert _audit(repo, '--no-catalogue') == (code, output)


def test_submodule(repo: Sandbox, new_repo: object) -> None:
    other = new_repo('other')  # type: ignore[operator]
    other.write('x.md', '# X')
    other.commit()
    repo.git('submodule', '--quiet', 'add', str(other.root), 'vendor/other')
    repo.write('a.md', '[x](vendor/other/x.md) [y](vendor/other/no.md#z) [z](vendor/other) [w](vendor/another/x.md)')
    repo.commit()
    assert _audit(repo) == (1, f'a.md:1: {GONE.format("vendor/another/x.md")} [link-missing]\n')
    repo.write('.daybook/config.yaml', 'links: {submodules: reject}\n')
    assert _audit(repo)[1].count('[link-submodule]') == 2


def test_a_commit_answers_for_what_lay_in_a_submodule_that_it_removes(repo: Sandbox, new_repo: object) -> None:
    other = new_repo('other')  # type: ignore[operator]
    other.write('x.md', '# X')
    other.commit()
    repo.git('submodule', '--quiet', 'add', str(other.root), 'vendor/other')
    repo.write('a.md', '[x](vendor/other/x.md)')
    repo.commit()
    assert _audit(repo) == (0, '')
    repo.git('rm', '-q', 'vendor/other')
    assert _audit(repo, env={'GIT_INDEX_FILE': '.git/index'}) == (1, f'a.md:1: {GONE.format("vendor/other/x.md")} [link-missing]\n')


def test_first_commit_checks_all(repo: Sandbox) -> None:
    repo.write('a.md', '[x](no.md)')
    repo.git('add', '.')
    _install(repo)
    assert _commit(repo) == (1, f'a.md:1: {GONE.format("no.md")} [link-missing]\n')


def test_no_commits_and_no_files(repo: Sandbox) -> None:
    assert _audit(repo) == (0, '')
    repo.write('a.md', '[x](no.md)')
    assert _audit(repo) == (0, '')
    assert _audit(repo, 'a.md') == (1, f'a.md:1: {GONE.format("no.md")} [link-missing]\n')


def test_commit_reads_what_is_committed(repo: Sandbox) -> None:
    repo.write('README.md', 'x')
    repo.commit()
    _install(repo)
    repo.write('a.md', '[x](later.md)')
    repo.git('add', '.')
    repo.write('a.md', 'better')
    repo.write('later.md', '# L')
    repo.git('add', '--intent-to-add', 'later.md')
    code, output = _commit(repo)
    assert (code, output) == (1, 'a.md:1: not in git: later.md; add it with `git add -- :/later.md` [link-untracked]\n')
    repo.git('add', 'later.md')
    repo.write('a.md', '[x](never.md)')
    assert _commit(repo) == (0, '')


def test_dirty_deleted_and_conflicted_files(repo: Sandbox) -> None:
    repo.write('a.md', '[x](b.md) [y](c.md)\n')
    repo.write('b.md', '# B\n')
    repo.write('c.md', '# C\n')
    repo.commit()
    assert _audit(repo) == (0, '')
    (repo.root / 'b.md').unlink()
    repo.write('c.md', '[z](d.md)\n')
    assert _audit(repo) == (1, f'a.md:1: {DELETED.format("b.md")} [link-missing]\nc.md:1: {GONE.format("d.md")} [link-missing]\n')
    repo.git('checkout', '-q', '.')
    assert _audit(repo) == (0, '')
    repo.git('checkout', '-q', '-b', 'peer')
    repo.write('c.md', '# Theirs\n')
    repo.commit()
    repo.git('checkout', '-q', 'main')
    repo.write('c.md', '[ours](d.md)\n')
    repo.commit()
    repo.git('merge', '-q', 'peer', check=False)
    assert _audit(repo) == (1, f'c.md:2: {GONE.format("d.md")} [link-missing]\n')


def test_linked_work_tree(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('a.md', '[x](b.md)')
    repo.write('b.md', '# B')
    repo.commit()
    repo.git('worktree', 'add', '-q', str(tmp_path / 'linked'), '-b', 'linked')
    tree = Sandbox(tmp_path / 'linked')
    (tree.root / 'b.md').unlink()
    for _ in range(2):
        assert _audit(repo) == (0, '')
        assert _audit(tree) == (1, f'a.md:1: {DELETED.format("b.md")} [link-missing]\n')
    assert not (tree.root / '.git').is_dir()
    assert len(list((repo.root / '.git/daybook').glob('catalogue-*.sqlite'))) == 1


def test_sparse_checkout(repo: Sandbox) -> None:
    repo.write('a/a.md', '[x](../b/b.md#b) [y](../b/b.md#c)')
    repo.write('b/b.md', '# B\n\n[z](gone.md)')
    repo.commit()
    repo.git('sparse-checkout', 'set', 'a')
    assert not (repo.root / 'b').exists()
    expected = ('a/a.md:1: no anchor #c in b/b.md; link to one of its headings [link-anchor]\n'
                f'b/b.md:3: {GONE.format("b/gone.md")} [link-missing]\n')
    assert _audit(repo) == (1, expected)


def test_partial_clone_fetches_nothing(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('a/a.md', '[x](../b/b.md#b) [y](../b/no.md)')
    repo.write('b/b.md', '# B\n')
    repo.commit()
    repo.git('config', 'uploadpack.allowFilter', 'true')
    subprocess.run(('git', 'clone', '-q', '--filter=blob:none', '--sparse', f'file://{repo.root}', str(tmp_path / 'partial')), check=True)
    partial = Sandbox(tmp_path / 'partial')
    partial.git('sparse-checkout', 'set', 'a')
    before = partial.git('count-objects', '-v')
    assert _audit(partial) == (1, f'a/a.md:1: {GONE.format("b/no.md")} [link-missing]\n')
    assert partial.git('count-objects', '-v') == before


def test_crlf_bom_and_frontmatter_count_lines(repo: Sandbox) -> None:
    repo.write('a.md', b'\xef\xbb\xbf---\r\ntitle: A\r\nsee: missing.md\r\n---\r\n\r\n# A\r\n\r\n[x](no.md)\r\n')
    repo.commit()
    assert _audit(repo) == (1, f'a.md:8: {GONE.format("no.md")} [link-missing]\n')


def test_odd_names_and_contents(repo: Sandbox) -> None:
    repo.write(os.fsdecode(b'caf\xe9.md'), '# C\n\n[x](no.md)\n')
    repo.write('new\nline.md', '[x](no.md)\n')
    repo.write('nul.md', b'\0\xff\xfe[x](no.md) \0 [y](caf%E9.md#c) [z](new%0Aline.md) [q](a%23b.md) [p](50%25.md) [w](a%00b)\n')
    repo.write('a#b.md', '# A')
    repo.write('50%.md', '# P')
    repo.commit()
    code, output = _audit(repo)
    assert sorted(output.splitlines()) == sorted([
        f'caf\\udce9.md:3: {GONE.format("no.md")} [link-missing]',
        f'new\\nline.md:1: {GONE.format("no.md")} [link-missing]',
        f'nul.md:1: {GONE.format("a" + chr(92) + "x00b")} [link-missing]',
        f'nul.md:1: {GONE.format("no.md")} [link-missing]',
    ])
    assert _audit(repo) == (code, output)
    assert _audit(repo, '--fix') == (code, output)
    assert _audit(repo, '--baseline')[0] == 1
    assert _audit(repo) == (0, ''), 'what the baseline holds is known again'
    repo.write(os.fsdecode(b'caf\xe9.md'), '# C\n')
    assert 'no longer dead: caf\\udce9.md: no.md' in _audit(repo)[1]


FORMATS = (
    pytest.param({'DAYBOOK_FORMAT': 'text', 'GITHUB_ACTIONS': 'true'}, f'a.md:1: {GONE.format("no.md")} [link-missing]\n', id='text'),
    pytest.param({'GITHUB_ACTIONS': 'true'}, f'::error file=a.md,line=1,title=link-missing::{GONE.format("no.md")}\n'
                 f'  a.md:1: {GONE.format("no.md")} [link-missing]\n', id='github'),
)


@pytest.mark.parametrize(('env', 'output'), FORMATS)
def test_format(repo: Sandbox, env: dict[str, str], output: str) -> None:
    repo.write('a.md', '[x](no.md)')
    repo.commit()
    for _ in range(2):
        assert _audit(repo, env=env) == (1, output)


def test_json(repo: Sandbox) -> None:
    repo.write('a.md', '[x](no.md)')
    repo.commit()
    assert json.loads(_audit(repo, env={'DAYBOOK_FORMAT': 'json'})[1]) == [
        {'path': 'a.md', 'line': 1, 'rule': 'link-missing', 'message': GONE.format('no.md'), 'level': 'error', 'causes': ['no.md']}]
    (repo.root / 'a.md').unlink()
    assert json.loads(_audit(repo, env={'DAYBOOK_FORMAT': 'json'})[1]) == []


def test_files_on_the_command_line(repo: Sandbox) -> None:
    repo.write('docs/-a.md', '[x](no.md)')
    repo.write('docs/sub/b.md', '[x](no.md)')
    repo.commit()
    assert _audit(repo, 'README.md')[1] == f'daybook: no such file: README.md; paths are relative to {repo.root}\n'
    assert _audit(repo, '-a.md', cwd='docs')[1].startswith('docs/-a.md:1: ')
    assert _audit(repo, 'sub', cwd='docs') == (1, f'docs/sub/b.md:1: {GONE.format("docs/sub/no.md")} [link-missing]\n')
    assert _audit(repo, '.', cwd='docs')[1].count('[link-missing]') == 2
    assert repo.daybook(ID, '--nonsense').returncode == 2


def test_all_blocks_inside_a_commit(repo: Sandbox) -> None:
    repo.write('a.md', '[x](no.md)')
    repo.commit()
    assert _audit(repo, '--all', env={'GIT_INDEX_FILE': '.git/index'})[0] == 1


# --- ageing, seen from the history ---

def test_history_may_rot(repo: Sandbox) -> None:
    repo.write('docs/sessions/a.md', '[x](b.md)\n')
    repo.write('docs/sessions/b.md', '# B\n')
    repo.write('docs/sessions/c.md', '[x](never.md)\n')
    repo.commit()
    repo.git('rm', '-q', 'docs/sessions/b.md')
    repo.commit()
    lost = f'docs/sessions/a.md:1: warning: {GONE.format("docs/sessions/b.md")}; it was there when this file was written [link-missing]\n'
    never = f'docs/sessions/c.md:1: {GONE.format("docs/sessions/never.md")} [link-missing]\n'
    assert _audit(repo) == (1, lost + never)
    repo.write('docs/sessions/c.md', 'x')
    assert _audit(repo) == (0, lost)
    repo.write('docs/sessions/a.md', 'again: [x](b.md)\n')  # whoever writes in it sees what is dead
    error = f'docs/sessions/a.md:1: {GONE.format("docs/sessions/b.md")} [link-missing]\n'
    assert _audit(repo) == (1, error)
    repo.commit()
    assert _audit(repo) == (1, error)


def test_who_writes_frontmatter_alone_wrote_no_link(repo: Sandbox) -> None:
    repo.write('docs/sessions/a.md', '# A\r\n\r\n[x](b.md)\r\n')
    repo.write('docs/sessions/b.md', '# B\n')
    repo.commit()
    repo.git('rm', '-q', 'docs/sessions/b.md')
    repo.commit()
    for title in ('A', 'Again'):  # as back-fill does, then the mirror
        repo.write('docs/sessions/a.md', f'---\r\ntitle: {title}\r\n---\r\n\r\n# A\r\n\r\n[x](b.md)\r\n')
        lost = f'docs/sessions/a.md:7: warning: {GONE.format("docs/sessions/b.md")}; it was there when this file was written [link-missing]\n'
        assert _audit(repo) == (0, lost)
        repo.git('add', '.')
        assert _audit(repo, env={'GIT_INDEX_FILE': '.git/index'})[0] == 0
        repo.commit()
        assert _audit(repo) == (0, lost)
    repo.write('docs/sessions/a.md', '---\ntitle: A\n---\n\n# A, and more\n\n[x](b.md)\n')
    assert _audit(repo)[0] == 1


def test_shallow_clone_gives_old_notes_the_benefit(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('docs/sessions/a.md', '[x](b.md)\n')
    repo.write('plans/a.md', '[x](b.md)\n')
    repo.commit()
    repo.write('other.md', 'x')
    repo.commit()
    subprocess.run(('git', 'clone', '-q', '--depth=1', f'file://{repo.root}', str(tmp_path / 'shallow')), check=True)
    code, output = _audit(Sandbox(tmp_path / 'shallow'))
    assert [line.split()[1] for line in output.splitlines()] == ['warning:', 'no']


# --- baseline ---

def test_baseline(repo: Sandbox) -> None:
    repo.write('a.md', '[x](no.md)\n[x](no.md)\n[y](nor.md#z)\n')
    repo.write('b.md', '[x](no.md)\n')
    repo.commit()
    assert _audit(repo, '--baseline') == (1, 'Rewriting .daybook/links-baseline.txt\ngit add -- .daybook/links-baseline.txt\n')
    first = repo.read('.daybook/links-baseline.txt')
    assert first.splitlines()[1:] == ['a.md: no.md', 'a.md: nor.md#z', 'b.md: no.md']
    assert _audit(repo) == (0, '')
    assert _audit(repo, '--baseline') == (0, '')
    repo.commit()
    repo.write('a.md', 'moved down\n\n[x](no.md)\n[z](new.md)\n')
    stale = '.daybook/links-baseline.txt:3: warning: no longer dead: a.md: nor.md#z; run `daybook audit-links --baseline` [baseline-stale]\n'
    new = f'a.md:4: {GONE.format("new.md")} [link-missing]\n'
    assert _audit(repo) == (1, stale + new)
    assert _audit(repo, '--no-catalogue') == (1, stale + new)
    assert _audit(repo, '--baseline')[1].endswith(new)
    assert repo.read('.daybook/links-baseline.txt').splitlines()[1:] == ['a.md: no.md', 'b.md: no.md'], 'it can only shrink'
    repo.git('mv', 'b.md', 'c.md')
    code, output = _audit(repo)
    assert f'c.md:1: {GONE.format("no.md")} [link-missing]\n' in output
    _audit(repo, '--baseline')
    assert repo.read('.daybook/links-baseline.txt').splitlines()[1:] == ['a.md: no.md', 'c.md: no.md'], 'a renamed file keeps its lines'


@pytest.mark.parametrize('seed', range(3))
def test_stale_lines_follow_each_change(repo: Sandbox, seed: int) -> None:
    rng = random.Random(seed)
    names, targets = ('a', 'a: b', 'a: b: c', 'c', 'a\x07', 'a\\x07'), ('b: x', 'c: x', 'x', 'b: c: x')
    lines = sorted(f'{name}.md: {target}' for name in ('a', 'a: b', 'c', 'a\\x07') for target in targets)
    for name in names:
        repo.write(f'{name}.md', '')
    repo.write('.daybook/links-baseline.txt', ''.join(f'{line}\n' for line in lines if rng.random() < 0.8))
    repo.git('add', '--all')
    is_stale = set()
    for _ in range(12):
        for name in rng.sample(names, rng.randrange(1, 3)):
            repo.write(f'{name}.md', ''.join(f'[x](<{target}>)\n\n' for target in targets if rng.random() < 0.5))
        repo.git('add', '--all')
        answer = _audit(repo)
        assert answer == _audit(repo, '--no-catalogue')
        is_stale.add('baseline-stale' in answer[1])
    assert True in is_stale


def test_many_dead_links_ask_for_a_baseline(repo: Sandbox) -> None:
    repo.write('few.md', ''.join(f'[x](no{number}.md)\n' for number in range(19)))
    repo.commit()
    assert '--baseline' not in _audit(repo)[1]
    repo.write('one.md', '[x](no.md)\n')
    repo.git('add', '.')
    advice = ('audit-links: 20 dead links; `daybook audit-links --baseline` writes them to .daybook/links-baseline.txt, '
              'and from then on only new ones block; where `/x` is a page of a website, set `links: {root: ignore}` in .daybook/config.yaml')
    for arguments in ((), (), ('--no-catalogue',), ('.',)):  # cold, warm, …
        code, output = _audit(repo, *arguments)
        assert (code, output.splitlines()[-1], output.count('audit-links:')) == (1, advice, 1)
    assert repo.daybook('check-all').stdout.splitlines()[-1] == advice
    run = repo.daybook(ID, env={'DAYBOOK_FORMAT': 'json'})
    assert (len(json.loads(run.stdout)), run.stderr) == (20, f'{advice}\n')
    assert _audit(repo, 'one.md')[1].count('\n') == 1, 'who asks about one file has no need of it'
    _audit(repo, '--baseline')
    assert _audit(repo) == (0, '')
    assert (repo.daybook('check-all').returncode, repo.daybook('check-all').stdout) == (0, '')
    repo.write('few.md', repo.read('few.md') + '[y](new.md)\n')
    assert _audit(repo) == (1, f'few.md:20: {GONE.format("new.md")} [link-missing]\n')


# --- repairs ---

BROKEN = ('# A\r\n\r\nSee [[Importer plan]], [[importer plan#Next steps|the plan]], ![[pic.png]], [[nobody]] and `[[importer plan]]`.\r\n'
          '[inline](old%20name.md#top "title](old name.md)") [ref], ![i](<old name.md>) <a href="old%20name.md?x=1#y">h</a> [gone](gone.md)\r\n'
          '[case](Case.md)\r\n\r\n[ref]: old%20name.md\r\n')
MENDED = ('# A\r\n\r\nSee [Importer plan](../plans/importer%20plan.md), [the plan](../plans/importer%20plan.md#next-steps), ![pic.png](./pic.png), '
          '[[nobody]] and `[[importer plan]]`.\r\n'
          '[inline](sub/new.md#top "title](old name.md)") [ref], ![i](<sub/new.md>) <a href="sub/new.md?x=1#y">h</a> [gone](gone.md)\r\n'
          '[case](case.md)\r\n\r\n[ref]: sub/new.md\r\n')


def test_fix(repo: Sandbox) -> None:
    head = '\ufeff---\r\ntitle: A   # a remark\r\n---\r\n'
    repo.write('docs/a.md', head + BROKEN)
    repo.write('plans/importer plan.md', '# P\n\n## Next steps\n')
    repo.write('docs/pic.png', 'png')
    repo.write('docs/case.md', '# C\n')
    repo.write('docs/old name.md', '# Some text to be known by\n\n## Y\n\nand more of it\n')
    repo.write('.daybook/config.yaml', 'links: {wikilinks: reject}\n')
    repo.commit()
    (repo.root / 'docs/sub').mkdir()
    repo.git('mv', 'docs/old name.md', 'docs/sub/new.md')
    repo.commit()
    before = repo.snapshot()
    code, output = _audit(repo, '--fix')
    assert code == 1
    assert output.startswith('Rewriting docs/a.md\ngit add -- docs/a.md\n')
    assert repo.root.joinpath('docs/a.md').read_bytes().decode() == head + MENDED
    assert [path for path, data in repo.snapshot().items() if before[path] != data] == ['docs/a.md']
    rest = output.splitlines()[2:]
    assert [line.split(':')[1] for line in rest] == ['6', '7']  # nobody, gone.md
    after = repo.snapshot()
    assert _audit(repo, '--fix')[1].splitlines() == rest
    assert repo.snapshot() == after
    assert repo.git('diff', '--cached', '--name-only') == ''


def test_fix_follows_a_moved_document_and_several_renames(repo: Sandbox) -> None:
    repo.write('a.md', '[b](b.md) [c](sub/c.md)\n' + 'text to be known by\n' * 5)
    repo.write('b.md', '# B, with enough text to be known again\n')
    repo.write('sub/c.md', '# C, which is another text altogether\n')
    repo.commit()
    for old, new in (('b.md', 'b2.md'), ('b2.md', 'sub/b3.md')):
        repo.git('mv', old, new)
        repo.commit()
    repo.git('mv', 'a.md', 'sub/a.md')
    assert _audit(repo, '--fix') == (1, 'Rewriting sub/a.md\ngit add -- sub/a.md\n')
    assert repo.read('sub/a.md').splitlines()[0] == '[b](b3.md) [c](c.md)'
    assert _audit(repo) == (0, '')


def test_fix_leaves_what_is_not_utf_8(repo: Sandbox) -> None:
    repo.write('docs/sessions/a.md', b'\xff [[b]]\n')
    repo.write('b.md', '# B')
    repo.commit()
    before = repo.snapshot()
    assert _audit(repo, '--fix')[0] == 1
    assert repo.snapshot() == before


# --- the catalogue is never seen ---

def _random_change(repo: Sandbox, rng: random.Random) -> None:
    names = ['a.md', 'b.md', 'sub/a.md', 'sub/README.md', 'sub/B.md', 'deep/er/c.md', 'docs/sessions/n.md', 'x.py', 'sub/x']
    targets = ['a.md', 'b.md', 'B.md', '../a.md', 'sub/', 'sub/B.md', 'sub/b.md#one', 'README.md#two', './#one', '#one', '/b.md#two',
               '../sub/a.md', 'deep', 'deep/er/c.md#three', 'x.py:3', 'x.py#L3', 'b', 'sub/x', 'sub/x/y.md']
    path = rng.choice(names)
    kind = rng.randrange(17)
    if kind < 6:
        headings = [f'## {word}\n' for word in ('One', 'Two', 'Three') if rng.random() < 0.6]
        links = [f'[x]({rng.choice(targets)})\n' for _ in range(rng.randrange(5))] + ['[[b]]\n'] * (rng.random() < 0.2)
        if (repo.root / path).is_dir() or (repo.root / path).parent.is_file():
            return
        repo.write(path, '\n'.join(headings + links))
    elif kind < 8 and (repo.root / path).is_file():
        (repo.root / path).unlink()
    elif kind == 8:
        repo.git('add', '--all')
    elif kind == 9:
        repo.git('checkout', '-q', rng.choice(('main', 'other')), check=False)
    elif kind == 10:
        repo.write('.daybook/config.yaml', f'links: {{root: {rng.choice(("ignore", "repository"))}}}\n')
    elif kind == 11:
        repo.write('.daybook/links-baseline.txt', rng.choice(('', 'a.md: b.md\n', 'b.md: /b.md#two\nsub/a.md: deep\n')))
    elif kind == 12:
        repo.git('mv', '--force', rng.choice(names), path, check=False)
    elif kind == 13:
        repo.git('reset', '-q', *rng.choice((('--soft', 'HEAD~1'), ('HEAD~1',), ('--', path))), check=False)
    elif kind == 14:
        repo.git('rm', '-q', '--cached', '--', path, check=False)
    elif kind == 15:
        repo.write('.gitignore', rng.choice(('', 'deep/\n', '*.md\n')))
    else:
        repo.git('add', '--all')
        repo.git('commit', '-q', '--allow-empty', '-m', 'x')


@pytest.mark.parametrize('seed', range(6))
def test_what_is_kept_changes_no_answer(repo: Sandbox, seed: int) -> None:
    rng = random.Random(seed)
    repo.git('commit', '-q', '--allow-empty', '-m', 'first')
    repo.git('branch', 'other')
    for _ in range(16):
        _random_change(repo, rng)
        env = {'GIT_INDEX_FILE': '.git/index'} if rng.random() < 0.2 else {}
        found = _audit(repo, '--no-catalogue', env=env)
        for _ in range(rng.randrange(1, 3)):
            assert _audit(repo, env=env) == found


@pytest.mark.parametrize('ending', ['.md', '.MDX'])
def test_a_page_that_comes_or_goes_changes_what_is_said_of_its_bare_name(repo: Sandbox, ending: str) -> None:
    repo.write('a.md', '[b](sub/b)\n')
    repo.git('add', '--all')
    alone = f'a.md:1: {GONE.format("sub/b")} [link-missing]\n'
    assert _audit(repo) == (1, alone)
    repo.write(f'sub/b{ending}', '')
    repo.git('add', '--all')
    assert _audit(repo) == _audit(repo, '--no-catalogue')
    repo.git('rm', '-q', '--cached', f'sub/b{ending}')
    (repo.root / f'sub/b{ending}').unlink()
    assert _audit(repo) == (1, alone)


@pytest.mark.parametrize('target', [r'..\\b.md', 'b.md:3:4', 'b.md:3-5', '/home/me/r/b.md', '/home/me/r/sub/b.md', r'C:\\r\\b.md'])
def test_a_file_that_comes_or_goes_changes_what_is_said_of_what_may_mean_it(repo: Sandbox, target: str) -> None:
    repo.write('sub/a.md', f'[b]({target})\n')
    repo.git('add', '--all')
    alone = _audit(repo)
    for path in ('b.md', 'sub/b.md'):
        repo.write(path, '')
    repo.git('add', '--all')
    assert _audit(repo) == _audit(repo, '--no-catalogue') != alone
    repo.git('rm', '-q', '--force', 'b.md', 'sub/b.md')
    assert _audit(repo) == alone


@pytest.mark.parametrize('page', ['c#d', 'c#d.md'])
def test_what_a_link_with_an_encoded_sign_means_is_asked_again(repo: Sandbox, page: str) -> None:
    repo.write('sub/a.md', '[x](c%23d) [y](b.md#o%23e)\n')
    repo.write('sub/b.md', '<a id="o#e"></a>\n')
    alone = (1, f'sub/a.md:1: {GONE.format("sub/c#d")} [link-missing]\n')
    repo.git('add', '--all')
    assert _audit(repo) == alone
    for path, text in ((f'sub/{page}', ''), ('sub/b.md', '# b\n')):
        repo.write(path, text)
        for _ in range(2):  # untracked or unstaged at first
            told = _audit(repo)
            assert told == _audit(repo, '--no-catalogue')
            repo.git('add', '--all')
        assert _audit(repo) == _audit(repo, '--no-catalogue') != alone
    repo.git('rm', '-q', '--force', f'sub/{page}', 'sub/b.md')
    assert _audit(repo) == _audit(repo, '--no-catalogue') != alone


@pytest.mark.parametrize('page', ['README.md', 'readme.markdown'])
def test_the_page_of_the_root_that_comes_is_looked_at(repo: Sandbox, page: str) -> None:
    repo.write('a.md', '[x](/#no)\n')
    repo.git('add', '--all')
    assert _audit(repo) == (0, '')
    repo.write(page, '# Yes\n')
    repo.git('add', '--all')
    told = _audit(repo)
    assert told[0] == 1 and told == _audit(repo, '--no-catalogue')


def test_a_file_whose_name_is_not_utf8_is_missed_when_it_goes(repo: Sandbox) -> None:
    page = os.fsdecode(b'n\xe9.md')
    repo.write('a.md', '[x](n%E9.md)\n')
    repo.write(page, '')
    repo.git('add', '--all')
    assert _audit(repo) == (0, '')
    repo.git('rm', '-q', '--force', page)
    told = _audit(repo)
    assert told[0] == 1 and told == _audit(repo, '--no-catalogue')


def test_a_generated_page_that_is_tracked_at_last_is_looked_at(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', 'links: {generated: [out/**]}\n')
    repo.write('a.md', '[b](out/b.md#no)\n')
    repo.git('add', '--all')
    assert _audit(repo) == (0, '')
    repo.write('out/b.md', '# Other\n')
    repo.git('add', '--all')
    told = _audit(repo)
    assert told[0] == 1 and told == _audit(repo, '--no-catalogue')


def test_warm_run_opens_no_document(repo: Sandbox) -> None:
    repo.git('config', 'core.trustctime', 'false')
    path = repo.write('a.md', '[x](no.md)')
    os.utime(path, (1_000_000_000, 1_000_000_000))
    repo.commit()
    first = _audit(repo)
    repo.write('a.md', '[x](on.md)')  # which git cannot see: the same size and time
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert _audit(repo) == first
    assert _audit(repo, '--no-catalogue') == (1, f'a.md:1: {GONE.format("on.md")} [link-missing]\n'), 'else this proves nothing'


def test_excluded_files(repo: Sandbox) -> None:
    repo.write('vendor/v.md', '[x](no.md)\n\n# V\n')
    repo.write('a.md', '[x](vendor/v.md#v) [y](vendor/v.md#w)\n')
    repo.write('.daybook/config.yaml', 'links: {exclude: [vendor/**]}\n')
    repo.commit()
    dead = 'a.md:1: no anchor #w in vendor/v.md; link to one of its headings [link-anchor]\n'
    inside = f'vendor/v.md:1: {GONE.format("vendor/no.md")} [link-missing]\n'
    for arguments in ((), (), ('--no-catalogue',), ('.',)):
        assert _audit(repo, *arguments) == (1, dead)
    repo.write('vendor/v.md', '[x](no.md)\n\n# W\n')
    for arguments in ((), ('--no-catalogue',)):
        assert _audit(repo, *arguments) == (1, dead.replace('#w', '#v').replace('; link', ', whose heading this change takes away; link')
                                            .replace('to one of its headings', 'to another heading'))
    repo.git('checkout', '-q', '.')
    _install(repo)
    repo.write('.daybook/config.yaml', 'links: {exclude: [none/**]}\n')
    repo.git('add', '.')
    assert _commit(repo) == (1, f'{inside}{ID}: 1 older problem in 1 document; run daybook {ID}\n'), 'a setting brings it to light'


def test_a_push_answers_for_its_own_commits(repo: Sandbox) -> None:
    repo.write('old.md', '[x](no.md)\n')
    repo.write('a.md', '[x](b.md) [y](c.md#c) [z](src/) [w](d.md)\n')
    repo.write('b.md', '# A text that is long enough to be known again\n')
    repo.write('c.md', '# C\n')
    repo.write('d.md', '# D\n')
    repo.write('src/x.py', '1\n')
    base = repo.commit()
    repo.write('main.py', '1\n')
    clean = repo.commit()
    older = f'{ID}: 1 older problem in 1 document; run daybook {ID}\n'

    def push(begin: str, *args: str) -> tuple[int, str]:
        return _audit(repo, *args, env={'PRE_COMMIT_FROM_REF': begin, 'PRE_COMMIT_TO_REF': 'HEAD'})
    assert push(base) == push(base) == (0, older)
    assert push(base, '--all')[0] == 1
    repo.git('mv', 'b.md', 'e.md')
    repo.git('rm', '-q', 'd.md', 'src/x.py')
    repo.write('c.md', '# Another\n')
    repo.commit()
    repo.write('main.py', '2\n')
    repo.commit()
    caused = (f'a.md:1: {GONE.format("b.md")} [link-missing]\na.md:1: {GONE.format("d.md")} [link-missing]\n'
              f'a.md:1: {GONE.format("src")} [link-missing]\na.md:1: no anchor #c in c.md; link to one of its headings [link-anchor]\n')
    code, output = push(clean)
    assert (code, sorted(output.splitlines())) == (1, sorted((caused + older).splitlines()))
    assert push('HEAD~1') == (0, f'{ID}: 5 older problems in 2 documents; run daybook {ID}\n')
    assert _audit(repo)[1].count('[link-') == 5, 'by hand everything counts'


def test_a_push_with_settings_and_baseline(repo: Sandbox) -> None:
    repo.write('a.md', '[x](no.md)\n\n[y](/site)\n')
    repo.write('.daybook/config.yaml', 'links: {root: ignore}\n')
    repo.write('.daybook/links-baseline.txt', 'a.md: no.md\n')
    base = repo.commit()
    repo.write('.daybook/config.yaml', 'links: {root: repository}\n')
    middle = repo.commit()
    repo.write('.daybook/links-baseline.txt', '')
    repo.commit()
    env = {'PRE_COMMIT_FROM_REF': base, 'PRE_COMMIT_TO_REF': 'HEAD'}
    assert _audit(repo, env=env) == (1, f'a.md:1: {GONE.format("no.md")} [link-missing]\na.md:3: {GONE.format("site")} [link-missing]\n')
    env['PRE_COMMIT_FROM_REF'] = middle
    assert _audit(repo, env=env) == (1, f'a.md:1: {GONE.format("no.md")} [link-missing]\n{ID}: 1 older problem in 1 document; run daybook {ID}\n')


def test_large_and_hostile_texts(repo: Sandbox) -> None:
    """That none of them costs more than its size is for link_facts_test; here each is told right."""
    repo.write('open.md', '[' * 100_000)
    repo.write('nested.md', '[' * 20_000 + 'x' + '](a.md)' * 20_000)
    repo.write('many.md', ''.join(f'[x](t{number}.md)\n' for number in range(10_000)))
    paragraph = '# Heading of the text\n\nSome words, [a link](open.md) and `code`.\n\n'
    repo.write('long.md', paragraph * (20_000_000 // len(paragraph) + 1) + '[x](#heading-of-the-text-9) [y](no.md)\n')
    repo.write('wide.md', '[x](open.md) ' * 10_000 + '[y](no.md)')
    repo.git('add', '.')
    code, output = _audit(repo)
    told = output.splitlines()[:-1]  # less the advice to write a baseline
    last = paragraph.count('\n') * (20_000_000 // len(paragraph) + 1) + 1
    many = [f'many.md:{number + 1}: {GONE.format(f"t{number}.md")} [link-missing]' for number in range(10_000)]
    assert told == [f'long.md:{last}: {GONE.format("no.md")} [link-missing]', *many,
                    f'nested.md:1: {GONE.format("a.md")} [link-missing]', f'wide.md:1: {GONE.format("no.md")} [link-missing]']


@pytest.mark.parametrize('how', ['removed', 'retargeted', 'replaced'])
def test_a_commit_answers_for_what_lay_behind_a_symbolic_link(repo: Sandbox, how: str) -> None:
    repo.write('real/x.md', '# X\n')
    repo.write('other/y.md', '# Y\n')
    (repo.root / 'link').symlink_to('real')
    repo.write('docs/a.md', '[a](../link/x.md)\n')
    repo.commit()
    assert _audit(repo)[0] == 0
    (repo.root / 'link').unlink()
    if how == 'retargeted':
        (repo.root / 'link').symlink_to('other')
    elif how == 'replaced':
        repo.write('link', 'a file\n')
    repo.git('add', '--all')
    code, out = _audit(repo, env={'GIT_INDEX_FILE': '.git/index'})
    assert code == 1 and out.startswith('docs/a.md:1: no such file: link/x.md')
    repo.write('c.md', 'another\n')
    repo.git('commit', '-qnm', 'gone')
    repo.git('add', 'c.md')
    assert _audit(repo, env={'GIT_INDEX_FILE': '.git/index'})[0] == 0


def test_what_is_proposed_is_a_link(repo: Sandbox) -> None:
    repo.write('a b (c).md', '# A\n')
    repo.write('docs/sessions/p.md', '[a](../../A%20b%20(c).md) [[a b (c)]]\n')
    repo.commit()
    out = _audit(repo)[1]
    assert out.count('../../a%20b%20%28c%29.md') == 2


def test_a_baseline_holds_a_folder_whose_name_begins_with_a_number_sign(repo: Sandbox) -> None:
    repo.write('#inbox/a.md', '[x](no.md)\n')
    repo.commit()
    assert _audit(repo, '--baseline')[0] == 1
    assert _audit(repo)[0] == 0
    assert _audit(repo, '--baseline')[0] == 0
    repo.write('#inbox/a.md', 'mended\n')
    code, out = _audit(repo)
    assert code == 0 and 'no longer dead: ./#inbox/a.md: no.md' in out


@pytest.mark.parametrize('words', [('--baseline', 'a.md'), ('--baseline', '--fix')])
def test_a_baseline_is_of_the_whole_repository(repo: Sandbox, words: tuple[str, ...]) -> None:
    repo.write('a.md', '[x](no.md)\n')
    repo.commit()
    run = repo.daybook('audit-links', *words)
    assert run.returncode == 2 and 'leave out' in run.stderr
    assert not (repo.root / '.daybook').exists()
