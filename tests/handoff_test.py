"""Hand-off run by hand: where it refuses, what it says, what the user's hooks do to it, where it pushes."""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import handoffs
import pytest
from conftest import Sandbox
from conftest import make_sandbox
from governance import install
from handoffs import DRAFT
from handoffs import PROMPT
from handoffs import TARGETS
from handoffs import TEXT
from handoffs import hand_off
from handoffs import note_of


@pytest.fixture(scope='session')
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository without the plug-in's config."""
    return handoffs.make_template(tmp_path_factory.mktemp('by-hand'))


@pytest.fixture
def sandbox(template: Path, tmp_path: Path) -> Sandbox:
    """A copy of the template with a draft that waits."""
    return handoffs.copy_of(template, tmp_path / 'copy')


def _hook(sandbox: Sandbox, name: str, script: str) -> None:
    path = sandbox.write(f'.git/hooks/{name}', f'#!/bin/sh\n{script}\n')
    path.chmod(0o755)


def _head(sandbox: Sandbox) -> str:
    return sandbox.git('rev-parse', 'HEAD')


def _drop_permission() -> None:
    # root writes everywhere: without CAP_DAC_OVERRIDE it obeys the modes like everybody (prctl(2), 24 and 1)
    import ctypes

    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


# -- where it refuses, with nothing written

def _conflict(sandbox: Sandbox, *command: str) -> None:
    sandbox.git('switch', '-q', 'side')
    sandbox.write('other.md', 'theirs\n')
    sandbox.commit('theirs', 'other.md')
    sandbox.git('switch', '-q', 'main')
    sandbox.write('other.md', 'ours\n')
    sandbox.commit('ours', 'other.md')
    sandbox.git(*command, check=False)


def _revert(sandbox: Sandbox) -> None:
    sandbox.write('other.md', 'one\n')
    sandbox.commit('one', 'other.md')
    sandbox.write('other.md', 'two\n')
    sandbox.commit('two', 'other.md')
    sandbox.git('revert', '--no-edit', 'HEAD~', check=False)


def _apply_mail(sandbox: Sandbox) -> None:
    _conflict(sandbox, 'status')
    patch = sandbox.git('format-patch', '-1', '--stdout', 'side')
    sandbox.write('.git/mail.patch', patch + '\n')
    sandbox.git('am', '-q', '.git/mail.patch', check=False)


def _linked_workstream(sandbox: Sandbox) -> None:
    (sandbox.root / 'docs/sessions').rename(sandbox.root / 'elsewhere')
    (sandbox.root / 'docs/sessions').symlink_to('../elsewhere')
    sandbox.commit('move')


def _action_log(sandbox: Sandbox) -> None:
    sandbox.write('.daybook/config.yaml', 'handoff: {action_log: log.csv}\n')
    sandbox.write('log.csv', 'date,actor,action,entity,notes\n')
    sandbox.commit('a log', 'log.csv')


_REFUSED: list[tuple[str, Callable[[Sandbox], object], str, str]] = [
    ('detached', lambda s: s.git('checkout', '-q', '--detach'), 'detached', 'git switch -c'),
    ('unborn', lambda s: s.git('switch', '-q', '--orphan', 'new'), 'unborn', 'make the first one'),
    ('merge', lambda s: _conflict(s, 'merge', '-q', 'side'), 'in-progress', 'git merge --continue'),
    ('rebase', lambda s: _conflict(s, 'rebase', '-q', 'side'), 'in-progress', 'git rebase --continue'),
    ('am', _apply_mail, 'in-progress', 'git am --continue'),
    ('cherry-pick', lambda s: _conflict(s, 'cherry-pick', 'side'), 'in-progress', 'git cherry-pick --continue'),
    ('revert', _revert, 'in-progress', 'git revert --continue'),
    ('bisect', lambda s: s.git('bisect', 'start'), 'in-progress', 'git bisect reset'),
    ('index.lock', lambda s: s.write('.git/index.lock', ''), 'index-lock', 'or was killed: '),
    ('assume-unchanged', lambda s: s.git('update-index', '--assume-unchanged', TARGETS[0]), 'hidden-target', TARGETS[0]),
    ('skip-worktree', lambda s: s.git('update-index', '--skip-worktree', TARGETS[1]), 'hidden-target', TARGETS[1]),
    ('ignored notes', lambda s: (s.git('rm', '-q', '-r', 'docs'), s.write('.gitignore', 'docs/\n'), s.commit('ignore', '.gitignore')),
     'ignored-target', 'take its folder out of .gitignore'),
    ('linked folder', _linked_workstream, 'failed', 'symbolic link'),
    ('tracked draft', lambda s: (s.write('draft.md', TEXT), s.commit('d', 'draft.md'), s.write('.given', 'draft.md')),
     'tracked-draft', 'hand off one that waits: daybook handoff --files .daybook/state/draft.md'),
    ('tracked drafts', lambda s: (s.write('a-draft.md', TEXT), s.write('draft.md', TEXT), s.commit('d', 'draft.md', 'a-draft.md'),
                                  s.write('.given', 'draft.md a-draft.md')), 'tracked-draft', 'daybook handoff --files .daybook/state/draft.md'),
    ('missing draft', lambda s: s.write('.given', 'nowhere-draft.md'), 'draft', 'no such draft'),
    ('several drafts', lambda s: s.write('.daybook/state/draft-two.md', TEXT), 'several-drafts', 'draft-two.md'),
    ('somebody else', lambda s: s.write(DRAFT, TEXT.replace('---\n', '---\noperator: jane\n', 1)), 'operator', 'OPERATOR=jane'),
    ('id of somebody else', lambda s: s.write(DRAFT, TEXT.replace('---\n', '---\nid: JD-261101-01\n', 1)), 'id', 'take the key `id` out'),
    ('id handed off', lambda s: s.write(DRAFT, TEXT.replace('---\n', '---\nid: RT-261101-01\n', 1)), 'note-exists', 'RT-261101-01.md'),
    ('no sections', lambda s: s.write(DRAFT, 'Just a line.\n'), 'draft', '`## Summary` and `## Resume Prompt`'),
    ('huge', lambda s: s.write(DRAFT, TEXT + 'x' * 10_000_001), 'draft', 'the draft has 10 MB'),
    ('open fence', lambda s: s.write(DRAFT, TEXT.replace('It works.', '```sh\nmake')), 'draft', 'is not closed'),
    ('only comments', lambda s: s.write(DRAFT, TEXT.replace('It works.', '<!-- todo -->')), 'draft', '`## Summary`'),
    ('bad frontmatter', lambda s: s.write(DRAFT, '---\ntitle: [x\n---\n\n## Summary\n'), 'failed', f'{DRAFT}:'),
    ('not UTF-8', lambda s: s.write(DRAFT, TEXT.encode() + b'\xff\xfe'), 'failed', 'save it as UTF-8'),
    ('bad settings', lambda s: s.write('.daybook/config.yaml', 'handof: {}\n'), 'failed', '.daybook/config.yaml'),
    ('dirty changelog', lambda s: (s.write('.daybook/config.yaml', 'handoff: {changelog: other.md}\n'), s.write('other.md', 'x')),
     'dirty-target', 'git add -- other.md'),
    ('dirty action log', lambda s: (_action_log(s), s.write('log.csv', s.read('log.csv') + '2026-11-20,jane,x,y,\n')),
     'dirty-target', 'git add -- log.csv'),
    ('deleted action log', lambda s: (_action_log(s), (s.root / 'log.csv').unlink()), 'dirty-target', 'git add -- log.csv'),
    ('untracked action log', lambda s: (_action_log(s), s.git('rm', '-q', '--cached', 'log.csv'), s.git('commit', '-q', '-m', 'out')),
     'untracked-target', 'git add -- log.csv'),
    ('ignored action log', lambda s: (s.write('.daybook/config.yaml', 'handoff: {action_log: log.csv}\n'), s.write('.gitignore', '*.csv\n'),
                                      s.commit('ignore', '.gitignore')), 'ignored-target', 'name another file'),
]


@pytest.mark.parametrize(('prepare', 'reason', 'words'), [row[1:] for row in _REFUSED], ids=[row[0] for row in _REFUSED])
def test_refuses_before_the_first_write(sandbox: Sandbox, prepare: Callable[[Sandbox], object], reason: str, words: str) -> None:
    prepare(sandbox)
    given = sandbox.read('.given').split(' ') if (sandbox.root / '.given').exists() else []
    whole = handoffs.everything(sandbox)
    ended = hand_off(sandbox, *(['--files', *given] if given else []))
    assert (ended.code, ended.fields) == (1, ('none', 'no', reason)), ended.out
    assert words in ended.out
    assert not re.search(r'\brm\b|reset --hard|checkout --|clean -|--force|stash drop', ended.out)
    assert handoffs.everything(sandbox) == whole


@pytest.mark.parametrize(('name', 'value', 'reason'), [
    ('GIT_INDEX_FILE', '.git/index', 'inside-hook'),
    ('DAYBOOK_HANDOFF', '1', 'inside-hook'),
    ('GIT_DIR', '../remote.git', 'failed'),
])
def test_refuses_inside_a_hook_and_for_another_repository(sandbox: Sandbox, name: str, value: str, reason: str) -> None:
    whole = handoffs.everything(sandbox)
    ended = hand_off(sandbox, **{name: value})
    assert ended.fields == ('none', 'no', reason), ended.out
    assert handoffs.everything(sandbox) == whole


def test_refuses_where_git_dir_names_another_repository(sandbox: Sandbox, tmp_path: Path) -> None:
    other = make_sandbox(tmp_path / 'other')
    ended = hand_off(sandbox, GIT_DIR=str(other.root / '.git'), GIT_WORK_TREE=str(sandbox.root))
    assert ended.fields == ('none', 'no', 'other-repository')


@pytest.mark.skipif(sys.platform != 'linux', reason='takes the right to write everywhere from root, as Linux does')
@pytest.mark.parametrize('folder', ['docs/sessions', 'workstreams', '.git', '.git/daybook'])
def test_a_folder_that_cannot_be_written(sandbox: Sandbox, folder: str) -> None:
    if folder == '.git/daybook':
        sandbox.write('.git/daybook/handoff.lock', '')
        sandbox.write('.git/daybook/claims/.lock', '')
    whole = handoffs.everything(sandbox)
    (sandbox.root / folder).chmod(0o555)
    run = subprocess.run((sys.executable, '-m', 'daybook', 'handoff'), cwd=sandbox.root, capture_output=True, text=True,
                         preexec_fn=_drop_permission)
    (sandbox.root / folder).chmod(0o755)
    ended = handoffs.ended(run)
    assert ended.field('commit') == 'none'
    assert ended.field('reason') in ('failed', 'write-failed')
    assert handoffs.but_claims(handoffs.everything(sandbox)) == handoffs.but_claims(whole)


# -- what a hand-off makes of the user's hooks

_FAILING: list[tuple[str, Callable[[Sandbox], object], str]] = [
    ('pre-commit', lambda s: _hook(s, 'pre-commit', 'echo no way; exit 1'), 'no way'),
    ('with a slug', lambda s: (s.write('.daybook/config.yaml', 'sessions: {slug: true}\n'), _hook(s, 'pre-commit', 'echo no way; exit 1')), 'no way'),
    ('commit-msg', lambda s: _hook(s, 'commit-msg', 'echo bad words >&2; exit 1'), 'bad words'),
    ('without a word', lambda s: _hook(s, 'pre-commit', 'exit 1'), '  | git said nothing: a hook of yours may have refused'),
    ('signing', lambda s: (s.git('config', 'commit.gpgSign', 'true'), s.git('config', 'gpg.program', '/bin/false')), 'gpg'),
    ('two fixers that fight', lambda s: _hook(s, 'pre-commit', 'echo x >> workstreams/ws-a.md; exit 1'), 'but for what changed'),
]


@pytest.mark.parametrize(('prepare', 'words'), [row[1:] for row in _FAILING], ids=[row[0] for row in _FAILING])
def test_a_refused_commit_is_put_back_and_the_id_stays(sandbox: Sandbox, prepare: Callable[[Sandbox], object], words: str) -> None:
    sandbox.write('workstreams/ws-a.md', sandbox.read('workstreams/ws-a.md') + '\nmine, staged\n')
    sandbox.git('add', '.')
    prepare(sandbox)
    whole = handoffs.everything(sandbox)
    ended = hand_off(sandbox)
    assert ended.fields == ('none', 'no', 'commit-failed')
    assert words in ended.out
    if 'but for' in words:
        assert 'Nothing was changed' not in ended.out
        return
    assert handoffs.but_claims(handoffs.everything(sandbox)) == handoffs.but_claims(whole)
    reserved = re.search(r'the id (\S+) stays reserved', ended.out)[1]
    (sandbox.root / '.git/hooks/pre-commit').unlink(missing_ok=True)
    (sandbox.root / '.git/hooks/commit-msg').unlink(missing_ok=True)
    sandbox.git('config', 'commit.gpgSign', 'false')
    again = hand_off(sandbox)
    assert (again.field('id'), again.field('pushed')) == (reserved, 'yes')


@pytest.mark.parametrize('end', ['\n', '\r\n'], ids=['LF', 'CRLF'])
@pytest.mark.parametrize('words', [('--files', 'my draft.md'), ()], ids=['named', 'waiting'])
def test_what_hooks_say_of_the_note_leads_to_the_draft(sandbox: Sandbox, words: tuple[str, ...], end: str) -> None:
    install(sandbox, 'check-all')
    text = handoffs.TEXT + '\n[a](no.md)\n\n## Learnings\n\n[a](no.md)\n\n## What I Did\n\n  See [b](gone.md).\n'
    (sandbox.root / DRAFT).unlink()
    place = words[-1] if words else DRAFT
    (sandbox.root / place).write_bytes(text.replace('\n', end).encode())
    ended = hand_off(sandbox, *words)
    assert ended.fields == ('none', 'no', 'commit-failed')
    told = re.findall(r'\| (.*):(\d+): no such file: docs/sessions/(\S+);', ended.out)
    lines = text.split('\n')
    assert sorted(told) == sorted((place, str(number), name) for number, line in enumerate(lines, 1) for name in ('no.md', 'gone.md') if f']({name})' in line)
    assert len(told) == 3


def test_what_the_draft_does_not_hold_keeps_its_place(sandbox: Sandbox) -> None:
    _hook(sandbox, 'pre-commit', 'f=$(ls docs/sessions/RT-26*-0?.md | grep -v 261101); echo "$f:3: x"; echo "$f:99999: y"; echo "$f:0"; echo "$f:$(grep -n ^It.works $f | cut -d: -f1): z"; exit 1')
    ended = hand_off(sandbox)
    assert re.findall(r'\| (?:docs/sessions/RT-\d{6}-\d\d|(.*))\.md:(\d+)', ended.out) == [('', '3'), ('', '99999'), ('', '0'), (DRAFT.removesuffix('.md'), '8')]


def test_its_own_commit_is_no_change_since(sandbox: Sandbox) -> None:
    sandbox.write(TARGETS[0], sandbox.read(TARGETS[0]).replace('text 1', 'text one'))
    sandbox.commit('an edit', TARGETS[0])
    assert hand_off(sandbox).field('reason') == 'other-commits'
    told = sandbox.daybook('resume', '--no-fetch').stdout
    assert '\nsince that note: no commit\n' in told and 'changed since' not in told, told
    sandbox.write(TARGETS[0], sandbox.read(TARGETS[0]).replace('text 2', 'text two'))
    sandbox.commit('another edit', TARGETS[0])
    assert f'of its 1 file, changed since: {TARGETS[0]}\n' in sandbox.daybook('resume', '--no-fetch').stdout


def test_a_fixer_that_fails_once_is_followed(sandbox: Sandbox) -> None:
    _hook(sandbox, 'pre-commit', 'f=$(ls docs/sessions/RT-26*-0?.md | grep -v 261101); grep -q fixed $f || { echo fixed >> $f; exit 1; }')
    ended = hand_off(sandbox)
    assert ended.field('pushed') == 'yes', ended.out
    assert note_of(sandbox, ended).endswith('fixed\n')
    assert sandbox.git('status', '--porcelain') == ''
    assert 'rewrote what hand-off had written' in ended.out


_REWRITING = 'for f in $(git diff --cached --name-only -- "*.md"); do sed -i "s/^- /* /; s/works\\./works!/" $f; done; exit 1'


@pytest.mark.parametrize('log', ['- [', '* ['])
def test_a_fixer_that_refuses_for_good_leaves_no_note(sandbox: Sandbox, log: str) -> None:
    sandbox.write(TARGETS[0], sandbox.read(TARGETS[0]).replace('\n- [', f'\n{log}') + '\n')
    sandbox.commit('the log', TARGETS[0])
    sandbox.git('push', '-q')
    sandbox.write(DRAFT, TEXT.replace('It works.', 'It works.\n\n- and\n- how'))
    _hook(sandbox, 'pre-commit', _REWRITING)
    refused = hand_off(sandbox)
    assert refused.fields == ('none', 'no', 'commit-failed') and 'committed as it left it' not in refused.out, refused.out
    assert sandbox.git('ls-files', '--others', '--exclude-standard') == ''
    is_left = log == '- ['
    assert sandbox.git('status', '--porcelain') == (f' M {TARGETS[0]}' if is_left else '')
    assert (f'but for what changed meanwhile: {TARGETS[0]}; include it: git add -- {TARGETS[0]}; mend this' in refused.out) is is_left
    sandbox.git('add', *([TARGETS[0]] if is_left else ['.']))
    (sandbox.root / '.git/hooks/pre-commit').unlink()
    again = hand_off(sandbox)
    assert again.field('pushed') == 'yes' and f'the id {again.field("id")} stays reserved' in refused.out, again.out
    assert sandbox.read(TARGETS[0]).count(again.field('id')) == 2 and sandbox.git('status', '--porcelain') == ''


@pytest.mark.parametrize('with_claim', [False, True])
def test_words_that_somebody_put_into_a_refused_note_are_kept_aside(sandbox: Sandbox, with_claim: bool) -> None:
    session_id = _claim(sandbox) if with_claim else ''
    _hook(sandbox, 'pre-commit', 'f=$(ls docs/sessions/RT-26*.md | grep -v 261101); echo "words of mine" >> $f; exit 1')
    if with_claim:
        sandbox.write(DRAFT, TEXT.replace('---\n', f'---\nid: {session_id}\n', 1))
        refused = hand_off(sandbox, '--files', DRAFT)
    else:
        refused = hand_off(sandbox)
    assert refused.fields == ('none', 'no', 'commit-failed'), refused.out
    kept = re.search(r'words that are not of the draft; they are kept: (\S+)', refused.out)[1]
    assert sandbox.read(kept).endswith('words of mine\n') and kept.startswith('.daybook/state/')
    (sandbox.root / '.git/hooks/pre-commit').unlink()
    again = hand_off(sandbox, '--files', DRAFT)
    assert again.field('pushed') == 'yes' and 'words of mine' not in note_of(sandbox, again), again.out
    assert sandbox.read(kept).endswith('words of mine\n')


@pytest.mark.parametrize(('path', 'deed', 'saved'), [
    ('docs/sessions/INDEX.md', 'echo "words of mine" >>', 'words of mine\n'),
    (TARGETS[0], 'sed -i "s/^text 1/    text\\n\\n    1/"', '    text\n\n    1'),
])
def test_what_somebody_saved_while_hooks_refused_is_kept_aside(sandbox: Sandbox, path: str, deed: str, saved: str) -> None:
    if path != TARGETS[0]:
        assert hand_off(sandbox).field('pushed') == 'yes'
        sandbox.write(DRAFT, TEXT)
    before = sandbox.read(path)
    _hook(sandbox, 'pre-commit', f'{deed} {path}; exit 1')
    refused = hand_off(sandbox)
    kept = re.search(rf'{path} has got words that are not of the hand-off; they are kept: (\S+)', refused.out)[1]
    assert saved in sandbox.read(kept) and sandbox.read(path) == before


def test_a_fixer_that_adds_what_it_made_is_no_refusal(sandbox: Sandbox) -> None:
    _hook(sandbox, 'pre-commit', 'for f in $(git diff --cached --name-only); do echo fixed >> $f; git add $f; done')
    ended = hand_off(sandbox)
    assert ended.field('commit') == _head(sandbox), ended.out
    assert note_of(sandbox, ended).endswith('fixed\n')
    assert sandbox.git('status', '--porcelain') == ''


def test_what_hooks_say_after_the_commit_changes_nothing(sandbox: Sandbox) -> None:
    _hook(sandbox, 'post-commit', 'echo noise; echo handoff: fake >&2; exit 1')
    ended = hand_off(sandbox)
    assert ended.field('commit') == _head(sandbox)
    assert (ended.code, ended.field('pushed')) == (0, 'yes')


def test_more_in_the_commit_than_was_written_is_told(sandbox: Sandbox) -> None:
    _hook(sandbox, 'pre-commit', 'echo x > extra.md; git add extra.md')
    ended = hand_off(sandbox)
    assert 'put more into the commit: extra.md' in ended.out



@pytest.mark.parametrize(('push', 'end'), [('auto', '`'), ('never', '` once it is pushed')])
def test_the_first_hand_off_promises_only_what_was_pushed(sandbox: Sandbox, push: str, end: str) -> None:
    sandbox.git('rm', '-q', 'docs/sessions/RT-261101-01.md')
    sandbox.commit('no notes yet')
    _policy(sandbox, push=push)
    sandbox.git('push', '-q', 'origin', 'main')
    ended = hand_off(sandbox)
    assert ended.field('pushed') == ('yes' if push == 'auto' else 'no'), ended.out
    assert f': the others see it with `daybook resume{end}\n' in ended.out


# -- where it is pushed

def _ahead(sandbox: Sandbox) -> None:
    sandbox.write('other.md', 'work\n')
    sandbox.commit('work', 'other.md')


def _foreign(sandbox: Sandbox) -> None:
    sandbox.write('other.md', 'work\n')
    sandbox.git('-c', 'user.email=jane@example.com', '-c', 'user.name=Jane', 'commit', '-qam', 'hers')


def _refusing(sandbox: Sandbox, words: str) -> None:
    path = sandbox.root.parent / 'remote.git/hooks/pre-receive'
    path.write_text(f'#!/bin/sh\necho "{words}"; exit 1\n')
    path.chmod(0o755)


def _policy(sandbox: Sandbox, **keys: str) -> None:
    sandbox.write('.daybook/config.yaml', 'handoff: ' + json.dumps(keys))
    sandbox.commit('settings', '.daybook/config.yaml')
    sandbox.git('push', '-q')


_PUSHES: list[tuple[str, Callable[[Sandbox], object], str, str, str]] = [
    ('alone', lambda s: None, 'yes', '', ''),
    ('auto, with work', _ahead, 'no', 'other-commits', 'git push origin HEAD:main'),
    ('never', lambda s: _policy(s, push='never'), 'no', 'never', 'git push'),
    ('own, with own work', lambda s: (_policy(s, push='own'), hand_off(s), s.write(DRAFT, TEXT), _ahead(s)), 'yes', '', ''),
    ('own, with hers', lambda s: (_policy(s, push='own'), _foreign(s)), 'no', 'other-commits', 'Jane: hers'),
    ('no remote', lambda s: s.git('remote', 'remove', 'origin'), 'no', 'no-remote', ''),
    ('no upstream', lambda s: s.git('switch', '-q', '-c', 'topic'), 'no', 'no-upstream', 'git push -u origin topic'),
    ('refused', lambda s: _refusing(s, 'protected branch'), 'no', 'rejected', 'protected branch'),
    ('pre-push', lambda s: _hook(s, 'pre-push', 'echo not today >&2; exit 1'), 'no', 'push-hook', 'committed here'),
    ('gone', lambda s: (s.root.parent / 'remote.git').rename(s.root.parent / 'gone'), 'no', 'push-failed', ''),
]


@pytest.mark.parametrize(('prepare', 'pushed', 'reason', 'words'), [row[1:] for row in _PUSHES], ids=[row[0] for row in _PUSHES])
def test_the_last_line_tells_what_was_pushed(sandbox: Sandbox, prepare: Callable[[Sandbox], object], pushed: str,
                                            reason: str, words: str) -> None:
    prepare(sandbox)
    ended = hand_off(sandbox)
    assert (ended.field('pushed'), ended.field('reason')) == (pushed, reason), ended.out
    assert ended.field('commit') == _head(sandbox)
    assert words in ended.out
    if (sandbox.root.parent / 'remote.git').exists():
        held = sandbox.git('--git-dir=../remote.git', 'rev-parse', 'main')
        assert (held == _head(sandbox)) == (pushed == 'yes')


def test_a_remote_that_hangs_is_not_waited_for(sandbox: Sandbox) -> None:
    sandbox.write('.daybook/config.yaml', 'handoff: {timeout: 1}\nclaims: {remote: "off"}\n')
    sandbox.commit('settings', '.daybook/config.yaml')
    sandbox.git('push', '-q')
    sandbox.git('config', 'remote.origin.receivepack', 'sleep 60; git-receive-pack')
    sandbox.git('config', 'remote.origin.uploadpack', 'sleep 60; git-upload-pack')
    ended = hand_off(sandbox)
    assert ended.field('commit') == _head(sandbox)
    assert (ended.code, ended.field('pushed'), ended.field('reason')) == (1, 'unknown', 'time-limit')


# -- where repositories lie, and what is in them

def test_in_a_linked_work_tree(sandbox: Sandbox) -> None:
    sandbox.git('worktree', 'add', '-q', '../linked', '-b', 'linked', '--track', 'origin/main')
    linked = Sandbox(sandbox.root.parent / 'linked')
    linked.write('draft.md', TEXT)
    whole = handoffs.everything(sandbox)
    ended = hand_off(linked, '--files', 'draft.md')
    assert ended.field('commit') == _head(linked), ended.out
    assert {**handoffs.but_claims(handoffs.everything(sandbox)), 'remote': ''} == {**handoffs.but_claims(whole), 'remote': ''}
    assert 'not part of this hand-off' not in ended.out


def test_the_draft_of_a_linked_work_tree_outlives_it(sandbox: Sandbox) -> None:
    sandbox.git('worktree', 'add', '-q', '../linked', '-b', 'linked', '--track', 'origin/main')
    linked = Sandbox(sandbox.root.parent / 'linked')
    linked.write(DRAFT, TEXT)
    ended = hand_off(linked)
    sandbox.git('worktree', 'remove', '--force', '../linked')
    assert 'Resume Prompt' in sandbox.read(f'.daybook/state/archive/{ended.field("id")}-draft.md')
    assert '.daybook' not in sandbox.git('status', '--porcelain', '--untracked-files=all')


def test_in_a_submodule(sandbox: Sandbox, tmp_path: Path) -> None:
    parent = make_sandbox(tmp_path / 'parent')
    parent.git('submodule', '--quiet', 'add', str(sandbox.root.parent / 'remote.git'), 'sub')
    parent.commit('add')
    sub = Sandbox(parent.root / 'sub')
    sub.write('draft.md', TEXT)
    ended = hand_off(sub, '--files', 'draft.md')
    assert (ended.field('commit'), ended.field('pushed')) == (_head(sub), 'yes')
    assert parent.git('diff', '--cached', '--name-only') == ''


@pytest.mark.parametrize('is_safe', ['false', 'true'])
@pytest.mark.parametrize(('config', 'attributes'), [('true', ''), ('input', ''), ('false', '* text=auto eol=crlf\n')])
def test_line_ends_are_those_of_a_checkout(sandbox: Sandbox, config: str, attributes: str, is_safe: str) -> None:
    sandbox.git('config', 'core.autocrlf', config)
    if attributes:
        sandbox.write('.gitattributes', attributes)
        sandbox.commit('attributes', '.gitattributes')
    for path in sandbox.git('ls-files').splitlines():
        (sandbox.root / path).unlink()
    sandbox.git('checkout', '-q', '--', '.')
    sandbox.git('config', 'core.safecrlf', is_safe)
    ended = hand_off(sandbox)
    assert ended.field('commit') == _head(sandbox), ended.out
    is_crlf = config == 'true' or bool(attributes)
    for path in [*TARGETS, f'docs/sessions/{ended.field("id")}.md']:
        data = (sandbox.root / path).read_bytes()
        assert data.count(b'\r\n') == (data.count(b'\n') if is_crlf else 0), path
        assert '\r' not in sandbox.git('cat-file', 'blob', f'HEAD:{path}')
    assert sandbox.git('status', '--porcelain') == ''


def test_a_workstream_with_crlf_keeps_it(sandbox: Sandbox) -> None:
    data = sandbox.read('workstreams/ws-a.md').replace('\n', '\r\n').encode()
    sandbox.write('workstreams/ws-a.md', data)
    sandbox.commit('crlf', 'workstreams/ws-a.md')
    hand_off(sandbox)
    edited = (sandbox.root / 'workstreams/ws-a.md').read_bytes()
    assert edited.count(b'\n') == edited.count(b'\r\n') == data.count(b'\n') + 1
    assert b''.join(line for line in edited.splitlines(keepends=True) if b'What was done' not in line) == data


def test_unicode_and_spaces_everywhere(sandbox: Sandbox) -> None:
    sandbox.git('switch', '-q', '-c', 'zweig/mit ä'.replace(' ', '-'))
    sandbox.write('workstreams/größe & maß.md', '# Größe\n')
    sandbox.write('pläne/a b.md', 'x\n')
    sandbox.commit('größe: “1 < 2”', 'workstreams', 'pläne')
    sandbox.write('other folder/my draft ü.md', TEXT.replace('ws-a', '"größe & maß"').replace('What was done', 'Größe & Maß 日本'))
    ended = hand_off(sandbox, '--files', 'other folder/my draft ü.md')
    assert ended.field('commit') == _head(sandbox), ended.out
    note = note_of(sandbox, ended)
    assert 'title: Größe & Maß 日本' in note
    assert 'branch: zweig/mit-ä' in note
    assert f'/{ended.field("id")}.md) ' in sandbox.read('workstreams/größe & maß.md')
    assert (sandbox.root / 'other folder/my draft ü.md').exists()


def test_commits_and_names_that_are_not_utf8(sandbox: Sandbox) -> None:
    sandbox.write('.daybook/config.yaml', '{}\n')
    hand_off(sandbox)
    name = os.fsdecode(b'na\xefve.txt')
    (sandbox.root / name).write_text('x')
    sandbox.git('add', '--', name)
    subprocess.run((b'git', b'commit', b'-q', b'-m', b'caf\xe9'), cwd=sandbox.root, check=True)
    sandbox.write(DRAFT, TEXT)
    ended = hand_off(sandbox)
    assert ended.field('commit') == _head(sandbox), ended.out
    assert 'café' in note_of(sandbox, ended)


def test_from_a_subfolder_with_a_draft_outside_of_the_repository(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / 'outside.md').write_text(TEXT)
    (sandbox.root / DRAFT).unlink()
    ended = hand_off(sandbox, '--files', os.path.relpath(tmp_path / 'outside.md', sandbox.root / 'workstreams'), cwd='workstreams')
    assert ended.field('pushed') == 'yes', ended.out
    assert (tmp_path / 'outside.md').read_text() == TEXT
    again = hand_off(sandbox, '--files', str(tmp_path / 'outside.md'))
    assert again.fields == ('none', 'no', 'note-exists')
    assert f'handed off already as {ended.field("id")}' in again.out


def test_a_draft_whose_name_begins_with_a_dash(sandbox: Sandbox) -> None:
    sandbox.write('-draft.md', TEXT)
    assert hand_off(sandbox, '-draft.md').field('pushed') == 'yes'


def test_a_linked_workstream_is_left_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / 'target.md').write_text('# Elsewhere\n')
    (sandbox.root / 'workstreams/ws-l.md').symlink_to(tmp_path / 'target.md')
    sandbox.commit('link', 'workstreams')
    sandbox.git('push', '-q')
    sandbox.write(DRAFT, TEXT.replace('ws-a', 'ws-l'))
    ended = hand_off(sandbox)
    assert 'not linked back: path goes through a symbolic link' in ended.out
    assert 'workstream: ws-l' in note_of(sandbox, ended)
    assert (tmp_path / 'target.md').read_text() == '# Elsewhere\n'


@pytest.mark.parametrize('value', ['ws-a', 'workstreams/ws-a.md', 'WS-A', '[[ws-a]]', '"[[ws-a|A]]"', '[ws-a, ws-a.md]'])
def test_a_workstream_is_found_however_it_is_written(sandbox: Sandbox, value: str) -> None:
    sandbox.write(DRAFT, TEXT.replace('workstream: ws-a', f'workstream: {value}'))
    ended = hand_off(sandbox)
    assert 'workstream: ws-a\n' in note_of(sandbox, ended)
    assert ended.field('id') in sandbox.read('workstreams/ws-a.md')


def test_an_unknown_workstream_is_told_and_kept(sandbox: Sandbox) -> None:
    sandbox.write(DRAFT, TEXT.replace('ws-a', 'v1.2'))
    ended = hand_off(sandbox)
    assert 'warning: no workstream is called v1.2; the note keeps the name, and workstreams/v1.2.md would make it one\n' in ended.out
    assert 'workstream: v1.2' in note_of(sandbox, ended)


def test_a_name_that_no_file_can_have_is_told_and_kept(sandbox: Sandbox) -> None:
    sandbox.write(DRAFT, TEXT.replace('ws-a', '"half / of it?"'))
    assert 'warning: no workstream is called half / of it?; the note keeps the name\n' in hand_off(sandbox).out


def test_a_workstream_with_a_conflict_is_told_and_left_alone(sandbox: Sandbox) -> None:
    marked = '# A\n\n<<<<<<< HEAD\nours\n\n## Session Log\n=======\ntheirs\n\n## Session Log\n>>>>>>> peer\n'
    sandbox.write('workstreams/ws-a.md', marked)
    sandbox.commit('settle it badly', 'workstreams')
    ended = hand_off(sandbox)
    assert 'warning: not linked back: workstreams/ws-a.md:3 has a conflict that a merge left; settle it\n' in ended.out
    assert sandbox.read('workstreams/ws-a.md') == marked and 'workstream: ws-a\n' in note_of(sandbox, ended)


def test_a_slip_in_the_name_of_a_workstream_is_told(sandbox: Sandbox) -> None:
    sandbox.write('workstreams/Launch.md', '# Launch\n')
    sandbox.commit('one more', 'workstreams')
    sandbox.write(DRAFT, TEXT.replace('ws-a', 'lanch'))
    ended = hand_off(sandbox)
    assert 'warning: no workstream is called lanch; did you mean `Launch`? the note keeps the name\n' in ended.out
    assert 'draft: .daybook/state/draft.md\n' not in ended.out
    assert 'draft: .daybook/state/draft.md, the only one that waits, as no name was given\n' in ended.out


def test_a_name_that_a_runner_dropped_is_told_as_none(sandbox: Sandbox) -> None:
    ended = hand_off(sandbox, PRE_COMMIT='1')
    assert 'as no name was given (a runner drops one that does not exist)\n' in ended.out
    assert hand_off(sandbox, '--files', '.daybook/state/draft-99.md').fields == ('none', 'no', 'draft')


def test_an_index_written_by_hand_is_left_alone_and_told_once(sandbox: Sandbox) -> None:
    sandbox.write('docs/sessions/INDEX.md', '# Mine\n')
    sandbox.commit('mine', 'docs')
    for quick in ('', '1'):
        sandbox.write(DRAFT, TEXT)
        ended = hand_off(sandbox, DAYBOOK_QUICK=quick)
        assert ended.out.count('was written by hand: left alone') == 1
    assert sandbox.read('docs/sessions/INDEX.md') == '# Mine\n'


def test_a_title_may_hold_anything(sandbox: Sandbox) -> None:
    sandbox.write(DRAFT, TEXT.replace('What was done', "'{summary} *x* [y] : # {operator} <b> \"q\"'"))
    ended = hand_off(sandbox)
    title = '{summary} *x* [y] : # {operator} <b> "q"'
    assert sandbox.git('log', '-1', '--format=%s') == f'docs(sessions): {ended.field("id")} {title}'
    assert r'{summary} \*x\* \[y\] : # {operator} \<b> "q"' in sandbox.read('docs/sessions/INDEX.md').replace('\n  ', ' ')
    assert ended.field('id') not in sandbox.daybook('validate-frontmatter').stdout


def test_a_message_that_a_cleanup_would_empty(sandbox: Sandbox) -> None:
    _policy(sandbox, message='# {id}')
    sandbox.git('config', 'commit.cleanup', 'strip')
    ended = hand_off(sandbox)
    assert sandbox.git('log', '-1', '--format=%s') == f'# {ended.field("id")}'


def test_terminal_sequences_do_not_reach_the_terminal_or_the_note(sandbox: Sandbox) -> None:
    sandbox.write(DRAFT, TEXT.replace('What was done', '"T\\e[31mred\\u202Eevil\\a"').replace('It works.', 'It \x1b[1mworks\x1b[0m \u202eback.')
                  .replace('Go on', 'Go \x1b]0;title\x07on'))
    ended = hand_off(sandbox)
    assert ended.field('pushed') == 'yes', ended.out
    texts = ended.out + note_of(sandbox, ended) + sandbox.read('docs/sessions/INDEX.md') + sandbox.git('log', '-1', '--format=%B')
    assert not re.search('[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]', texts)
    assert 'It works back.' in note_of(sandbox, ended)
    assert 'title: Tredevil' in note_of(sandbox, ended)


def test_no_secret_reaches_a_note_a_message_the_screen_or_the_archive(sandbox: Sandbox) -> None:
    token, other = 'ghp_' + 'a1B2' * 9, 'ghp_' + 'c3D4' * 9
    sandbox.write('other.md', 'x\n')
    hand_off(sandbox)
    sandbox.commit(f'use {other}', 'other.md')
    sandbox.write(DRAFT, f'---\ntitle: a {token}\ntags: [{token}]\n{token}: x\nsummary: s {token}\n---\n\nintro {token}\n\n'
                         f'## Summary\n\n{token}\n\n## My {token}\n\nx {token}\n\n## Resume Prompt\n\ngo {token}\n')
    ended = hand_off(sandbox)
    assert 'secrets in the draft were replaced by marks: github-token' in ended.out
    archived = ''.join(path.read_text() for path in (sandbox.root / '.daybook/state/archive').iterdir())
    for text in (ended.out, note_of(sandbox, ended), sandbox.read('docs/sessions/INDEX.md'), archived,
                 sandbox.git('log', '-1', '--format=%B'), sandbox.read('workstreams/ws-a.md')):
        assert token not in text
    assert 'use \\[REDACTED:github-token:' in note_of(sandbox, ended)
    assert other not in note_of(sandbox, ended)


def test_a_draft_of_a_megabyte(sandbox: Sandbox) -> None:
    sandbox.write(DRAFT, TEXT + '\n## See Also\n\n' + 'word `code` *and* more text\n' * 40_000)
    assert hand_off(sandbox).field('pushed') == 'yes'


# -- drafts and claims

def _claim(sandbox: Sandbox, **environ: str) -> str:
    out = sandbox.daybook('claim-session', '--new', env=environ).stdout
    return re.search(r'id=(\S+)', out)[1]


def _fill(sandbox: Sandbox, session_id: str, words: str) -> None:
    path = f'.daybook/state/draft-{session_id}.md'
    text = sandbox.read(path)
    for title in ('Summary', 'Resume Prompt'):
        text = text.replace(f'## {title}\n', f'## {title}\n\n{words}\n')
    sandbox.write(path, text)


def test_the_skeleton_of_a_claim_is_filled_and_handed_off(sandbox: Sandbox) -> None:
    (sandbox.root / DRAFT).unlink()
    session_id = _claim(sandbox)
    empty = hand_off(sandbox)
    assert empty.fields == ('none', 'no', 'no-draft')
    assert f'draft-{session_id}.md is still empty' in empty.out
    _fill(sandbox, session_id, 'Mine.')
    ended = hand_off(sandbox)
    assert ended.field('id') == session_id
    assert 'Leave out' not in note_of(sandbox, ended) and '<!--' not in note_of(sandbox, ended)
    assert os.listdir(sandbox.root / '.daybook/state/archive') == [f'{session_id}-draft.md']
    assert "range: the commit of roman-tester's last note" in ended.out, 'no commit since the claim'


@pytest.mark.parametrize('write', ['draft', 'placeholder'])
@pytest.mark.parametrize('slug', ['false', 'true'])
def test_a_placeholder_that_git_add_took_along(sandbox: Sandbox, slug: str, write: str) -> None:
    (sandbox.root / DRAFT).unlink()
    sandbox.write('.daybook/config.yaml', f'sessions: {{slug: {slug}}}\n')
    sandbox.commit('slugs', '.daybook/config.yaml')
    session_id = _claim(sandbox)
    place = f'docs/sessions/{session_id}.md'
    sandbox.write('docs/mine.md', 'mine')
    sandbox.git('add', 'docs')
    if write == 'draft':
        _fill(sandbox, session_id, 'Mine.')
    else:
        sandbox.write(place, sandbox.read(place) + '\n## Summary\n\nMine.\n\n## Resume Prompt\n\nGo on.\n')
    ended = hand_off(sandbox)
    assert ended.field('id') == session_id, ended.out
    name = f'docs/sessions/{session_id}-mine.md' if slug == 'true' else place
    assert sandbox.git('ls-files', 'docs').split() == ['docs/mine.md', 'docs/sessions/INDEX.md', 'docs/sessions/RT-261101-01.md', name]
    assert 'Mine.' in sandbox.git('show', f'HEAD:{name}')
    assert 'docs/mine.md' not in sandbox.git('show', '--name-only', 'HEAD')
    assert sandbox.git('diff', '--cached', '--name-status', '--', 'docs').split() == ['A', 'docs/mine.md']


def test_a_placeholder_that_was_committed_under_another_name(sandbox: Sandbox) -> None:
    (sandbox.root / DRAFT).unlink()
    sandbox.write('.daybook/config.yaml', 'sessions: {slug: true}\n')
    session_id = _claim(sandbox)
    _fill(sandbox, session_id, 'Mine.')
    sandbox.commit('too much', 'docs', '.daybook/config.yaml')
    ended = hand_off(sandbox)
    assert ended.fields == ('none', 'no', 'note-exists')
    assert f'take it out first: git rm --cached -- docs/sessions/{session_id}.md' in ended.out
    sandbox.git('rm', '-q', '--cached', '--', f'docs/sessions/{session_id}.md')
    sandbox.git('commit', '-qm', 'out')
    assert hand_off(sandbox).field('id') == session_id


def test_a_draft_with_an_id_that_was_handed_off(sandbox: Sandbox) -> None:
    session_id = _claim(sandbox)
    sandbox.write(DRAFT, TEXT.replace('---\n', f'---\nid: {session_id}\n', 1))
    assert hand_off(sandbox).field('id') == session_id
    sandbox.write(DRAFT, TEXT.replace('---\n', f'---\nid: {session_id}\n', 1))
    again = hand_off(sandbox)
    assert again.fields == ('none', 'no', 'note-exists')
    assert 'handed off already; take the key `id` out' in again.out


def test_a_draft_that_could_not_be_put_away_makes_no_second_note(sandbox: Sandbox) -> None:
    archive = sandbox.write('.daybook/state/archive', 'a file in its way\n')
    first = hand_off(sandbox)
    assert 'not everything could be put away' in first.out and sandbox.read(DRAFT) == TEXT
    archive.unlink()
    again = hand_off(sandbox)
    assert again.fields == ('none', 'no', 'note-exists')
    assert f'{DRAFT} is handed off already as {first.field("id")}' in again.out
    sandbox.write(DRAFT, TEXT)  # saved anew: the same words may be said twice
    assert hand_off(sandbox).field('pushed') == 'yes'


def test_a_draft_that_was_carried_from_another_clone(sandbox: Sandbox) -> None:
    sandbox.write(DRAFT, TEXT.replace('---\n', '---\nid: RT-261102-07\n', 1))
    assert hand_off(sandbox).field('id') == 'RT-261102-07'


def test_two_terminals_each_hand_off_their_own_draft(sandbox: Sandbox) -> None:
    (sandbox.root / DRAFT).unlink()
    ids = {session: _claim(sandbox, DAYBOOK_SESSION_ID=session) for session in ('one', 'two')}
    for session, session_id in ids.items():
        _fill(sandbox, session_id, f'This is {session}.')
    for session in ('two', 'one'):
        ended = hand_off(sandbox, DAYBOOK_SESSION_ID=session)
        assert ended.field('id') == ids[session], ended.out
        assert f'This is {session}.' in note_of(sandbox, ended)


def test_a_draft_that_another_terminal_writes_is_not_taken(sandbox: Sandbox) -> None:
    session_id = _claim(sandbox, DAYBOOK_SESSION_ID='one')
    _fill(sandbox, session_id, 'This is one.')
    ended = hand_off(sandbox, DAYBOOK_SESSION_ID='two')
    assert ended.field('id') != session_id
    assert 'It works.' in note_of(sandbox, ended)
    assert 'This is one.' in sandbox.read(f'.daybook/state/draft-{session_id}.md')


def test_a_second_hand_off_waits_for_a_slow_hook_and_undoes_nothing(sandbox: Sandbox) -> None:
    _hook(sandbox, 'pre-commit', 'touch .git/began; sleep 2')
    first = subprocess.Popen((sys.executable, '-m', 'daybook', 'handoff'), cwd=sandbox.root, stdout=subprocess.PIPE, text=True)
    while not (sandbox.root / '.git/began').exists():
        time.sleep(0.05)
    second = hand_off(sandbox)
    out = first.communicate()[0]
    assert 'pushed=yes' in out, out
    assert second.fields == ('none', 'no', 'no-draft')
    assert sandbox.git('status', '--porcelain') == ''


def test_a_second_hand_off_is_refused_when_the_first_takes_too_long(sandbox: Sandbox) -> None:
    hold = ('import sys, time; from daybook.repo import files; '
            'lock = files.exclusive_lock(".git/daybook/handoff.lock", 1); lock.__enter__(); print("held", flush=True); time.sleep(60)')
    holder = subprocess.Popen((sys.executable, '-c', hold), cwd=sandbox.root, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b'held\n'
    whole = handoffs.everything(sandbox)
    code = 'import sys; from daybook.handoff import handoff; handoff._LOCK_WAIT = 0.2; from daybook.__main__ import main; sys.exit(main(["handoff"]))'
    ended = handoffs.ended(subprocess.run((sys.executable, '-c', code), cwd=sandbox.root, capture_output=True, text=True))
    holder.kill()
    holder.wait()
    assert (ended.code, ended.fields) == (1, ('none', 'no', 'busy'))
    assert handoffs.everything(sandbox) == whole


# -- quick and trivial sessions

def test_quick_without_a_draft_takes_the_claim_at_hand(sandbox: Sandbox) -> None:
    (sandbox.root / DRAFT).unlink()
    session_id = _claim(sandbox)
    sandbox.write('other.md', 'x\n')
    sandbox.commit('fix *all* of `it`', 'other.md')
    ended = hand_off(sandbox, DAYBOOK_QUICK='1')
    assert ended.field('id') == session_id, ended.out
    assert 'the Resume Prompt has' not in ended.out
    note = note_of(sandbox, ended)
    assert 'title: Quick hand-off of main' in note
    assert 'Quick hand-off: 1 commit on `main`.' in note
    assert r'fix \*all\* of \`it\`' in note
    assert not (sandbox.root / f'.daybook/state/draft-{session_id}.md').exists()


def test_quick_fills_what_a_draft_lacks(sandbox: Sandbox) -> None:
    sandbox.write(DRAFT, '## Summary\n\nOnly this.\n')
    note = note_of(sandbox, hand_off(sandbox, DAYBOOK_QUICK='1'))
    assert 'summary: Only this.' in note
    assert '## Resume Prompt\n\nQuick hand-off without a prompt' in note


def _observed(sandbox: Sandbox, calls: int) -> None:
    state = {'session_id': 's', 'cwd': str(sandbox.root), 'started_at': '2026-11-01T10:00:00Z', 'ended_at': '2099-11-01T10:00:00Z',
             'tool_calls_count': calls, 'tool_calls_breakdown': {'Bash': calls}, 'tool_calls_breakdown_methods': {'Bash': calls},
             'subagents_dispatched': 0, 'parallel_terminals_observed': 0, 'matcher': '*'}
    sandbox.write('.daybook/state/session-s.json', json.dumps(state))


@pytest.mark.parametrize(('prepare', 'is_trivial'), [
    (lambda s: _observed(s, 2), True),
    (lambda s: None, False),
    (lambda s: _observed(s, 50), False),
    (lambda s: (_observed(s, 2), s.write('new.md', 'x')), False),
    (lambda s: (_observed(s, 2), s.write('other.md', 'x'), s.commit('work', 'other.md')), False),
], ids=['two calls', 'nothing observed', 'many calls', 'a new file', 'a commit'])
def test_only_a_session_without_work_is_called_trivial(sandbox: Sandbox, prepare: Callable[[Sandbox], object], is_trivial: bool) -> None:
    sandbox.write(DRAFT, TEXT)
    hand_off(sandbox)
    sandbox.write(DRAFT, TEXT.replace('It works.', 'Again.'))
    prepare(sandbox)
    assert ('nothing much happened here' in hand_off(sandbox).out) == is_trivial


def test_what_is_unusual_is_told(sandbox: Sandbox) -> None:
    _observed(sandbox, 9)
    state = json.loads(sandbox.read('.daybook/state/session-s.json'))
    state['tool_calls_breakdown_methods'] = {'mcp__Notion__search': 2, 'Bash': 7}
    sandbox.write('.daybook/state/session-s.json', json.dumps(state))
    sandbox.write('other.md', 'x\n')
    sandbox.write(DRAFT, TEXT.replace('---\n', '---\ncommits: 99\n', 1).replace(PROMPT, 'Go on.'))
    ended = hand_off(sandbox)
    for words in ('WARNING: INVARIANT BROKEN: mcp__notion was called 2 times', 'the Resume Prompt has 2 words',
                  'no `Confidence: H|M|L`', 'only code writes facts: commits', 'not part of this hand-off: other.md',
                  'telemetry: observed of session s, the only one here'):
        assert words in ended.out
    assert 'commits: 99' not in note_of(sandbox, ended)
    assert 'mcp__notion: 2' in note_of(sandbox, ended)
    assert (sandbox.root / f'.daybook/state/archive/{ended.field("id")}.json').exists()
