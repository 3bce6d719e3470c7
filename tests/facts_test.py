"""Facts: the range of a session begins at the right commit, says which, and holds the operator's own work."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from conftest import Sandbox
from conftest import make_sandbox
from daybook.documents import config
from daybook.handoff import facts
from daybook.handoff.facts import Facts
from daybook.handoff.facts import Start
from daybook.repo import git
from daybook.repo import git_refs
from daybook.session.claim import Claim
from daybook.session.operators import Operator

ROMAN = Operator('roman', 'Roman Tester', 'RT', ('roman@example.com', 'Roman@Work.example'))
SARA = Operator('sara', 'Sara Kay', 'SK', ('sara@example.com',))
PEOPLE = {'roman': ROMAN, 'sara': SARA}
NOTE = 'docs/sessions/{id}.md'
UNKNOWN = 'unknown: no claim, no earlier note, nothing ahead of the default branch'


class Clone(Sandbox):
    """A clone in which several people and agents commit."""

    def work(self, name: str, author: str = 'roman@example.com', committer: str | None = None, text: str = 'x\n') -> str:
        self.write(name, text)
        self.git('add', '--', name)
        who = {'GIT_AUTHOR_NAME': 'A', 'GIT_AUTHOR_EMAIL': author, 'GIT_COMMITTER_NAME': 'C',
               'GIT_COMMITTER_EMAIL': committer or author}
        self.git('commit', '-q', '-m', name, env=who)
        return self.git('rev-parse', 'HEAD')

    def note(self, session_id: str, author: str = 'roman@example.com') -> str:
        self.write('docs/sessions/INDEX.md', session_id)
        self.write('workstreams/w.md', session_id)
        self.git('add', '.')
        return self.work(NOTE.format(id=session_id), author)

    def facts(self, claim: Claim | None = None, operator: Operator = ROMAN, settings: config.Settings = config.DEFAULTS) -> Facts:
        repo = git.find_repo(str(self.root))
        remote = git.config_value(repo, f'branch.{git_refs.current_branch(repo)}.remote')
        start = facts.range_start(repo, settings, operator, claim, remote)
        return facts.gather(repo, settings, start, operator, PEOPLE)

    def claim(self, **changes: object) -> Claim:
        head = self.git('rev-parse', '-q', '--verify', 'HEAD', check=False) or None
        return Claim('RT-261120-09', 'roman', 'local', 'open', '', str(self.root), head=head)._replace(**changes)  # type: ignore[arg-type]


def subjects(found: Facts) -> list[str] | None:
    return None if found.commits is None else [commit.subject for commit in found.commits]


@pytest.fixture
def remote(tmp_path: Path) -> Sandbox:
    (tmp_path / 'remote.git').mkdir()
    bare = Sandbox(tmp_path / 'remote.git')
    bare.git('init', '-q', '--bare')
    return bare


@pytest.fixture
def clone(tmp_path: Path, remote: Sandbox) -> Clone:
    subprocess.run(('git', 'clone', '-q', str(remote.root), str(tmp_path / 'clone')), check=True, capture_output=True)
    made = Clone(tmp_path / 'clone')
    made.work('old')
    made.git('push', '-q', '-u', 'origin', 'main')
    return made


@pytest.fixture
def peer(tmp_path: Path, remote: Sandbox, clone: Clone) -> Clone:
    subprocess.run(('git', 'clone', '-q', str(remote.root), str(tmp_path / 'peer')), check=True)
    return Clone(tmp_path / 'peer')


# where the range begins

def test_everything_pushed_and_nothing_known_is_unknown_not_zero(clone: Clone) -> None:
    found = clone.facts()
    assert found.start == Start(None, UNKNOWN, is_known=False)
    assert (found.commits, found.lines_added, found.lines_removed, found.changes) == (None, None, None, ())


def test_claim_hours_ago(clone: Clone) -> None:
    claim = clone.claim()
    clone.work('mine')
    found = clone.facts(claim)
    assert found.start == Start(claim.head, 'HEAD at the claim of RT-261120-09') and subjects(found) == ['mine']


def test_claim_and_nothing_done_is_zero(clone: Clone) -> None:
    found = clone.facts(clone.claim())
    assert (found.commits, found.lines_added) == ((), 0)


def test_claim_at_the_end_of_the_work_tells_no_beginning(clone: Clone) -> None:
    clone.work('mine')
    found = clone.facts(clone.claim())
    assert found.start.reason == 'the merge base with origin/main' and subjects(found) == ['mine']
    clone.git('push', '-q')
    clone.note('RT-261119-01')
    clone.work('since that note')
    found = clone.facts(clone.claim())
    assert found.start.reason == "the commit of roman's last note" and subjects(found) == ['since that note']


def test_claim_before_the_first_commit(repo: Sandbox) -> None:
    clone = Clone(repo.root)
    claim = clone.claim()
    clone.work('first')
    found = clone.facts(claim)
    assert found.start == Start(None, 'the claim of RT-261120-09, made before the first commit')
    assert subjects(found) == ['first']


@pytest.mark.parametrize('made', [{'draft': '/somewhere/draft.md'}, {'kind': 'carried'}])
def test_claim_that_a_hand_off_made_itself_says_nothing(clone: Clone, made: dict[str, str]) -> None:
    clone.work('mine')
    found = clone.facts(clone.claim(**made))
    assert found.start.reason == 'the merge base with origin/main' and subjects(found) == ['mine']


@pytest.mark.parametrize('options', [('--no-rebase', '--no-edit'), ('--rebase',)])
def test_claim_then_a_pull_of_peers_commits(clone: Clone, peer: Clone, options: tuple[str, ...]) -> None:
    clone.work('before the claim')
    claim = clone.claim()
    clone.work('mine')
    peer.work('of a peer', 'sara@example.com')
    peer.git('push', '-q')
    clone.git('pull', '-q', *options)
    clone.work('mine too')
    found = clone.facts(claim)
    assert subjects(found) == ['mine', 'mine too']
    assert found.start.reason.startswith('HEAD at the claim of RT-261120-09')
    assert ('from before a rebase' in found.start.reason) is ('--rebase' in options)


def test_fast_forward_pull_after_the_claim(clone: Clone, peer: Clone) -> None:
    claim = clone.claim()
    peer.work('of a peer', 'sara@example.com')
    peer.git('push', '-q')
    clone.git('pull', '-q')
    assert subjects(clone.facts(claim)) == []


def test_branch_rebased_after_the_claim(clone: Clone) -> None:
    clone.git('switch', '-q', '-c', 'feature')
    clone.work('before the claim')
    claim = clone.claim()
    clone.work('mine')
    clone.git('switch', '-q', 'main')
    clone.work('main moves', 'sara@example.com')
    clone.git('rebase', '-q', 'main', 'feature')
    assert subjects(clone.facts(claim)) == ['mine']


def test_claim_whose_commit_is_gone(clone: Clone) -> None:
    clone.work('mine')
    found = clone.facts(clone.claim(head='1' * 40))
    assert found.start.reason == 'the merge base with origin/main' and subjects(found) == ['mine']


def test_squash_merge_of_the_branch_of_the_claim(clone: Clone) -> None:
    clone.git('switch', '-q', '-c', 'feature')
    claim = clone.claim()
    clone.work('one')
    clone.work('two')
    clone.git('switch', '-q', 'main')
    clone.git('merge', '-q', '--squash', 'feature')
    clone.git('commit', '-q', '-m', 'squashed')
    found = clone.facts(claim)
    assert subjects(found) == ['squashed'] and [change.path for change in found.changes] == ['one', 'two']


def test_last_note_of_the_operator(clone: Clone) -> None:
    clone.work('before')
    oid = clone.note('RT-261119-01')
    clone.note('SK-261119-01', 'sara@example.com')
    clone.work('mine')
    found = clone.facts()
    assert found.start == Start(oid, "the commit of roman's last note") and subjects(found) == ['mine']


def test_last_note_by_its_author_where_it_has_no_initials(clone: Clone) -> None:
    clone.note('2026-11-19-topic', 'sara@example.com')
    oid = clone.note('2026-11-18-topic', 'roman@work.example')
    clone.work('mine')
    assert clone.facts().start.commit == oid


def test_author_whose_address_ends_like_the_operators(clone: Clone) -> None:
    clone.note('2026-11-19-topic', 'big-roman@example.com')
    assert clone.facts().start.reason == 'the merge base with origin/main'


@pytest.mark.parametrize('name', ['INDEX', 'README', 'TEMPLATE', '_draft'])
def test_what_is_no_note_is_not_the_last_one(clone: Clone, name: str) -> None:
    clone.work(f'docs/sessions/{name}.md')
    clone.git('push', '-q')
    assert clone.facts().start == Start(None, UNKNOWN, is_known=False)


def test_note_that_arrived_by_a_squash_merge(clone: Clone) -> None:
    clone.git('switch', '-q', '-c', 'feature')
    clone.work('one')
    clone.note('RT-261119-01')
    clone.git('switch', '-q', 'main')
    clone.git('merge', '-q', '--squash', 'feature')
    clone.git('commit', '-q', '-m', 'squashed')
    oid = clone.git('rev-parse', 'HEAD')
    clone.work('mine')
    found = clone.facts()
    assert found.start.commit == oid and subjects(found) == ['mine']


def test_feature_branch_without_a_note(clone: Clone) -> None:
    base = clone.git('rev-parse', 'HEAD')
    clone.git('switch', '-q', '-c', 'feature')
    clone.work('mine')
    found = clone.facts()
    assert found.start == Start(base, 'the merge base with origin/main') and subjects(found) == ['mine']


def test_feature_branch_where_the_local_default_branch_is_old(clone: Clone, peer: Clone) -> None:
    peer.work('of roman elsewhere')
    peer.git('push', '-q')
    clone.git('fetch', '-q')
    clone.git('switch', '-q', '-c', 'feature', '--no-track', 'origin/main')
    clone.work('mine')
    assert subjects(clone.facts()) == ['mine']


def test_no_remote(repo: Sandbox) -> None:
    clone = Clone(repo.root)
    clone.work('old')
    assert clone.facts().commits is None
    clone.git('switch', '-q', '-c', 'feature')
    clone.work('mine')
    found = clone.facts()
    assert found.start.reason == 'the merge base with main' and subjects(found) == ['mine']


def test_default_branch_with_commits_not_pushed(clone: Clone) -> None:
    clone.work('mine')
    assert clone.facts().start.reason == 'the merge base with origin/main'


def test_shallow_clone(clone: Clone, remote: Sandbox, tmp_path: Path) -> None:
    clone.note('RT-261119-01')
    clone.git('push', '-q')
    subprocess.run(('git', 'clone', '-q', '--depth=1', f'file://{remote.root}', str(tmp_path / 'shallow')), check=True)
    shallow = Clone(tmp_path / 'shallow')
    assert shallow.facts().start == Start(None, UNKNOWN, is_known=False)  # its end only looks like the note's commit
    claim = shallow.claim()
    shallow.work('mine')
    assert subjects(shallow.facts()) == subjects(shallow.facts(claim)) == ['mine']
    # the end of the history seems to have added every file: it is nobody's work
    assert subjects(shallow.facts(claim._replace(head=None))) == ['mine']


def test_linked_work_tree_of_a_shallow_clone(clone: Clone, remote: Sandbox, tmp_path: Path) -> None:
    clone.note('RT-261119-01')
    clone.git('push', '-q')
    subprocess.run(('git', 'clone', '-q', '--depth=1', f'file://{remote.root}', str(tmp_path / 'shallow')), check=True)
    Sandbox(tmp_path / 'shallow').git('worktree', 'add', '-q', '-b', 'side', '../side')
    assert not Clone(tmp_path / 'side').facts().start.is_known


# whose work it is

PEOPLE_ROWS = [  # author, committer, counts for roman
    ('roman@example.com', 'roman@example.com', True),
    ('ROMAN@example.com', 'x@example.com', True),
    ('roman@work.example', 'noreply@github.com', True),  # merged on the host
    ('agent@bot.example', 'roman@example.com', True),  # an agent writes, the operator commits
    ('roman@example.com', 'sara@example.com', True),  # rebased by a peer
    ('sara@example.com', 'roman@example.com', False),  # picked from a peer
    ('sara@example.com', 'sara@example.com', False),
    ('agent@bot.example', 'agent@bot.example', False),
    ('agent@bot.example', 'sara@example.com', False),
]


@pytest.mark.parametrize(('author', 'committer', 'counts'), PEOPLE_ROWS)
def test_whose_commit(clone: Clone, author: str, committer: str, counts: bool) -> None:
    claim = clone.claim()
    clone.work('x', author, committer)
    assert subjects(clone.facts(claim)) == (['x'] if counts else [])


def test_operator_without_an_address_has_all_but_the_others(clone: Clone) -> None:
    claim = clone.claim()
    clone.work('anybody', 'any@example.com')
    clone.work('of a peer', 'sara@example.com')
    assert subjects(clone.facts(claim, ROMAN._replace(emails=()))) == ['anybody']


@pytest.mark.parametrize('known', ['new@example.com', 'old@example.com'])
def test_mailmap(clone: Clone, known: str) -> None:
    clone.work('.mailmap', text='Roman <new@example.com> <old@example.com>\n')
    claim = clone.claim()
    clone.work('x', 'old@example.com', 'host@example.com')
    assert subjects(clone.facts(claim, ROMAN._replace(emails=(known,)))) == ['x']


# what counts

def test_merges_and_hand_offs_are_no_work(clone: Clone, peer: Clone) -> None:
    claim = clone.claim()
    clone.work('mine')
    peer.work('theirs', 'sara@example.com')
    peer.git('push', '-q')
    clone.git('pull', '-q', '--no-rebase', '--no-edit')
    clone.note('RT-261119-01')
    assert subjects(clone.facts(claim)) == ['mine']


@pytest.mark.parametrize(('key', 'path'), [
    ('handoff_changelog', 'CHANGELOG.md'), ('handoff_action_log', 'logs/a.csv'), ('indexes_overview', 'docs/OVERVIEW.md')])
def test_hand_off_with_a_line_elsewhere_is_no_work(clone: Clone, key: str, path: str) -> None:
    settings = config.DEFAULTS._replace(**{key: path})
    claim = clone.claim()
    clone.write(path, '- x\n')
    clone.git('add', '.')
    clone.note('RT-261119-01')
    assert subjects(clone.facts(claim, settings=settings)) == []
    assert subjects(clone.facts(claim)) == ['docs/sessions/RT-261119-01.md']


@pytest.mark.parametrize('is_tracked', [True, False])
def test_hand_off_with_its_pages_is_no_work_where_they_are_tracked(clone: Clone, is_tracked: bool) -> None:
    claim = clone.claim()
    clone.write('docs/rendered/index.html', '<p>')
    clone.git('add', '.')
    clone.note('RT-261119-01')
    assert len(clone.facts(claim, settings=config.DEFAULTS._replace(render_tracked=is_tracked)).commits or ()) == (not is_tracked)


def test_file_that_became_a_note_is_work(clone: Clone) -> None:
    clone.work('code.md', text='a long text\n' * 9)
    claim = clone.claim()
    clone.write('docs/sessions/.keep', '')
    clone.git('mv', 'code.md', NOTE.format(id='RT-261119-01'))
    clone.work('docs/sessions/INDEX.md')
    assert len(clone.facts(claim).commits or ()) == 1


@pytest.mark.parametrize('path', ['docs/adr/a.md', 'plans/p.md', 'code.py'])
def test_note_with_other_work_is_work(clone: Clone, path: str) -> None:
    claim = clone.claim()
    clone.write(path, 'x\n')
    clone.git('add', '.')
    clone.note('RT-261119-01')
    assert len(clone.facts(claim).commits or ()) == 1


def test_lines_and_paths(clone: Clone) -> None:
    claim = clone.claim()
    clone.work('text', text='a\nb\nc\n')
    clone.work('text', text='a\nB\n')
    clone.work('tab\t\nü', text='1\n')
    clone.write('image.png', b'\0\1')
    clone.work('image.png', text='\0\2')
    found = clone.facts(claim)
    assert [tuple(change) for change in found.changes] == [
        ('image.png', None, None), ('tab\t\nü', 1, 0), ('text', 4, 2)]
    assert (found.lines_added, found.lines_removed) == (5, 2)


def test_rename_is_no_rewrite(clone: Clone) -> None:
    clone.work('big', text='line\n' * 500)
    claim = clone.claim()
    clone.work('new', text='one\ntwo\n')
    clone.git('mv', 'big', 'moved')
    clone.git('mv', 'new', 'newer')
    clone.commit('rename')
    found = clone.facts(claim)
    assert [tuple(change) for change in found.changes] == [('moved', 0, 0), ('newer', 2, 0)]


def test_binary_that_becomes_text(clone: Clone) -> None:
    claim = clone.claim()
    clone.work('f', text='\0')
    clone.git('rm', '-q', 'f')
    clone.commit('gone')
    clone.work('f', text='a\n')
    assert [tuple(change) for change in clone.facts(claim).changes] == [('f', 1, 0)]


def test_submodule(clone: Clone, tmp_path: Path) -> None:
    inner = Clone(make_sandbox(tmp_path / 'inner').root)
    inner.work('one')
    claim = clone.claim()
    clone.git('submodule', '--quiet', 'add', str(inner.root), 'sub')
    clone.commit('add a submodule')
    clone.git('-C', 'sub', 'commit', '-q', '--allow-empty', '-m', 'new')
    clone.commit('move it')
    assert [tuple(change) for change in clone.facts(claim).changes] == [('.gitmodules', 3, 0), ('sub', 2, 1)]


def test_touched_documents(clone: Clone) -> None:
    claim = clone.claim()
    for path in ('workstreams/a.md', 'workstreams/INDEX.md', 'plans/p.md', 'code.py'):
        clone.work(path)
    found = clone.facts(claim)
    assert facts.touched(found, config.DEFAULTS, 'workstream') == ['workstreams/a.md']
    assert facts.touched(found, config.DEFAULTS, 'plan') == ['plans/p.md']


# what a push in the mode `own` may take along

def own(clone: Clone, seen: str, start: str | None) -> list[str]:
    repo = git.find_repo(str(clone.root))
    found = facts.own_ahead(repo, config.DEFAULTS, ROMAN, PEOPLE, seen=seen, commit=clone.git('rev-parse', 'HEAD'), start=start)
    return [line for line in clone.git('log', '--reverse', '--format=%H %s', f'{seen}..').splitlines() if line[:40] in found]


def test_own_commits_since_the_start(clone: Clone) -> None:
    seen = clone.git('rev-parse', 'HEAD')
    start = clone.work('before')
    clone.work('mine')
    clone.work('theirs', 'sara@example.com')
    clone.note('RT-261119-01')
    assert [line[41:] for line in own(clone, seen, start)] == ['mine', 'docs/sessions/RT-261119-01.md']
    assert [line[41:] for line in own(clone, seen, None)] == ['docs/sessions/RT-261119-01.md']
    assert [line[41:] for line in own(clone, seen, '')] == ['before', 'mine', 'docs/sessions/RT-261119-01.md']


def test_own_hand_offs_that_were_not_pushed_and_what_they_covered(clone: Clone) -> None:
    seen = clone.git('rev-parse', 'HEAD')
    clone.work('first')
    start = clone.note('RT-261119-01')
    clone.note('SK-261119-01', 'sara@example.com')
    clone.work('second')
    clone.note('RT-261119-02')
    assert [line[41:] for line in own(clone, seen, start)] == [
        'first', 'docs/sessions/RT-261119-01.md', 'second', 'docs/sessions/RT-261119-02.md']


def test_own_merges(clone: Clone, peer: Clone) -> None:
    seen_before = clone.git('rev-parse', 'HEAD')
    clone.work('mine')
    peer.work('theirs', 'sara@example.com')
    peer.git('push', '-q')
    clone.git('pull', '-q', '--no-rebase', '--no-edit')
    clone.note('RT-261119-01')
    assert len(own(clone, clone.git('rev-parse', 'origin/main'), seen_before)) == 3
