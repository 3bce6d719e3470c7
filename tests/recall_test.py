"""What single notes tell, what is kept of it, and when the last answer of `resume` still holds."""
from __future__ import annotations

import json
import os
import random
import threading
from collections.abc import Callable
from datetime import datetime
from datetime import timezone
from pathlib import Path

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.documents import document
from daybook.documents import review
from daybook.governance import records
from daybook.repo import git
from daybook.resume import drift
from daybook.resume import heads
from daybook.resume import memory
from daybook.resume import recall
from daybook.resume.heads import Head
from daybook.resume.heads import Stream
from daybook.resume.memory import Answer
from daybook.resume.reading import Reader
from resume_test import OPERATORS
from resume_test import note
from resume_test import resumed


@pytest.mark.parametrize(('text', 'titles', 'expected'), [
    ('## Summary\n\na\n\n## Next\n', ['Summary'], 'a'),
    ('# Summary\na\n### b\nc\n', ['Summary'], 'a\n### b\nc'),
    ('### 🚀 3. Next Steps (PR 4)\n- a\n## x\n', ['Resume Prompt', 'Next steps'], '- a'),
    ('## Next session\nb\n## Resume Prompt\na\n', ['Resume Prompt', 'Next session'], 'a'),
    ('```\n## Summary\n```\n', ['Summary'], ''),
    ('> ## Summary\n> a\n', ['Summary'], ''),
    ('## Summaryless\n\na\n', ['Summary'], ''),
])
def test_section(text: str, titles: list[str], expected: str) -> None:
    assert heads.section(text, titles) == expected


def test_moment() -> None:
    assert heads.moment('2026-11-20T10:00:00Z') == datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
    assert heads.moment('2026-11-20T10:00:00').tzinfo == timezone.utc
    assert [heads.moment(value) for value in ('2026-11-20', 'yesterday at ten', None, 5)] == [None] * 4


def head(text: str | bytes, path: str = 'docs/sessions/x.md') -> heads.Head:
    data = text if isinstance(text, bytes) else text.encode()
    return heads.of_note(document.from_bytes(path, config.DEFAULTS.kind('session'), data))


@pytest.mark.parametrize(('text', 'form'), [
    (note('a'), 'note'), ('plain', 'note'), ('', 'none'), (' \n', 'none'), (b'\0', 'bad'), ('---\na: [\n---\n', 'bad'),
    ('---\nclaimed_at: 2026-11-10T10:00:00Z\n---\n', 'stub'), ('## 2026-01-01\n## 2026-01-02\n## 2026-01-03\n', 'rollup'),
    ('---\nclaimed_at: x\ntitle: a\n---\n## 2026-01-01\n## 2026-01-02\n## 2026-01-03\n', 'note'),
])
def test_forms(text: str | bytes, form: str) -> None:
    assert head(text).form == form


@pytest.mark.parametrize(('keys', 'field', 'value'), [
    ({'operator': ['a', 'b']}, 'owner', 'a'), ({'owner': 'b'}, 'owner', 'b'), ({'operator': 5}, 'owner', ''), ({'operator': '  a\n b '}, 'owner', 'a b'),
    ({'workstream': 'w'}, 'workstreams', ('w',)), ({'workstream': ['w', 3, ' ', 'v']}, 'workstreams', ('w', 'v')),
    ({'title': 'x' * 999}, 'title', 'x' * 200), ({'title': ['a']}, 'title', 'x'), ({'created': '2026-01-02'}, 'day', '2026-01-02'),
    ({'created': 'soon'}, 'day', ''), ({'id': 'RT-261110-01', 'created': '2026-01-02'}, 'day', '2026-11-10'),
    ({'ended_at': '2026-01-02', 'claimed_at': '2026-01-02T03:04:05Z'}, 'written', '2026-01-02T03:04:05Z'),
    ({'head': ['x']}, 'commit', 'x'), ({'head': {}}, 'commit', ''),
])
def test_what_a_head_tells(keys: dict[str, object], field: str, value: object) -> None:
    assert getattr(head(f'---\n{json.dumps({"title": "x", **keys})[1:-1]}\n---\n'.replace('---\n"', '---\n{"', 1).replace('\n---\n', '}\n---\n', 1)
                        ), field) == value


@pytest.mark.parametrize(('text', 'expected'), [
    ('---\ntitle: T\nowner: [serge, x]\nstatus: active\n---\n', Stream('w', 'T', 'serge', 'active', '', '')),
    ('# T\n\n## Session Log\n\n- RT-260511-02 (2026-05-11): **Shipped** `x`\n  more\n- LOCAL-1 (2026-05-10): b\n',
     Stream('w', 'T', '', '', 'RT-260511-02 (2026-05-11): Shipped x more', '2026-05-11')),
    ('# T\n\n## Session Log\n\n- a (2026-05-10): old\n- b (2026-05-11): new\n- c (2026-05-11): second\n',
     Stream('w', 'T', '', '', 'b (2026-05-11): new', '2026-05-11')),
    ('---\n[\n---\n# T\n\n## Session Log\n\n- without a day\n', Stream('w', 'T', '', '', 'without a day', '')),
    ('', Stream('w', 'w', '', '', '', '')),
])
def test_workstreams(text: str, expected: Stream) -> None:
    kind = config.DEFAULTS.kind('workstream')
    assert heads.of_workstream(document.from_bytes('workstreams/w.md', kind, text.encode())) == expected


@pytest.mark.parametrize(('status', 'is_open'), [
    ('', True), ('active', True), ('paused', True), ('not done', True), ('done', False), ('Completed', False), ('DONE 2026-05-11', False),
    ('superseded', False), ('closed (won)', False), ('cancelled', False), ('archived', False),
    ('✅ Done', False), ('obsolete', False), ('wontfix', False)])
def test_which_workstreams_are_open(status: str, is_open: bool) -> None:
    assert Stream('w', 'w', '', status, '', '').is_open is is_open


def test_files_touched() -> None:
    body = '## Files Touched\n\n- `a b.py` (+1 −0)\n- `` c`d.py `` (binary)\n* `x/ü.md`\n- and 3 more\n\n## Next\n\n- `no.py`\n'
    assert drift.touched(body) == ('a b.py', 'x/ü.md'), 'a name with a backtick is not worth the doubt'


BROKEN = [b'', b'x', b' ', b'00000000 ', b'[]', b'{"a": ', b'[' * 100000, b'\xff\xfe', b'{}\n[]', b'{}\n{"setup": "s", "blobs": []}', b'null\nnull', b'{}\n' + b'[' * 100000]


@pytest.mark.parametrize('data', BROKEN, ids=range(len(BROKEN)))
def test_damaged_memory_is_no_memory(tmp_path: Path, data: bytes) -> None:
    path = Path(memory.load(str(tmp_path)).path)
    path.parent.mkdir()
    path.write_bytes(data)
    found = memory.load(str(tmp_path))
    assert found.answer('a') is None and found.blobs('s') == {}


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    answer = Answer('setup', ['p'], 'state', ['ü\udcff'])
    memory.save(memory.load(str(tmp_path)), 'me', answer, 's', {'oid path': ['x']})
    found = memory.load(str(tmp_path))
    assert found.answer('me') == answer and found.answer('you') is None
    assert found.blobs('s') == {'oid path': ['x']} and found.blobs('other settings') == {}
    for n in range(99):
        memory.save(memory.load(str(tmp_path)), f'{n}', answer, 's', {})
    assert len(memory.load(str(tmp_path)).answers) == 32 and memory.load(str(tmp_path)).answer('98')


def test_memory_of_other_versions_is_forgotten_when_it_is_old(tmp_path: Path) -> None:
    folder = tmp_path / 'daybook'
    folder.mkdir()
    for name in ('resume-old.json', 'resume-new.json', 'claims'):
        (folder / name).write_text('{}')
    os.utime(folder / 'resume-old.json', (1, 1))
    os.utime(folder / 'claims', (1, 1))
    memory.save(memory.load(str(tmp_path)), 'me', Answer('', [], '', []), 's', {})
    assert sorted(p.name for p in folder.iterdir())[0] == 'claims' and not (folder / 'resume-old.json').exists()
    assert (folder / 'resume-new.json').exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / 'daybook').write_text('in the way')
    memory.save(memory.load(str(tmp_path)), 'me', Answer('', [], '', []), 's', {})
    assert memory.load(str(tmp_path)).answers == {}


def test_many_writers(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for _ in range(20):
            memory.save(memory.load(str(tmp_path)), f'{number}', Answer('', [], '', ['x' * 9999]), 's', {'b': ['y' * 9999]})
            found = memory.load(str(tmp_path))
            assert found.answers and found.blobs('s'), 'never half of a file'

    failed: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            write(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and [p.name for p in (tmp_path / 'daybook').iterdir()] == [Path(memory.load(str(tmp_path)).path).name]


def kept_file(repo: Sandbox) -> Path:
    return next((repo.root / '.git/daybook').glob('resume-*.json'))


CHANGES: list[tuple[str, Callable[[Sandbox], object], str]] = [
    ('a new note', lambda repo: repo.write('docs/sessions/RT-261111-01.md', note('New', '2026-11-11')), '("New"'),
    ('an edited note', lambda repo: repo.write('docs/sessions/RT-261110-01.md', note('Edited')), '("Edited"'),
    ('a note that was on the disk only', lambda repo: repo.write('docs/sessions/SO-261109-01.md', note('Again', operator='serge')), '("Again"'),
    ('a note that is gone', lambda repo: (repo.root / 'docs/sessions/RT-261110-01.md').unlink(), 'no prior sessions for roman'),
    ('a workstream', lambda repo: repo.write('workstreams/w.md', '---\nowner: roman\n---\n'), 'open workstreams of yours'),
    ('a commit', lambda repo: repo.commit('x', str(repo.write('x.py', 'x'))), 'since that note: 1 commit after'),
    ('a branch', lambda repo: repo.git('checkout', '-q', '-b', 'topic'), ' on topic: '),
    ('a claim', lambda repo: repo.daybook('claim-session'), 'open claims:'),
    ('the settings', lambda repo: repo.write('.daybook/config.yaml', 'kinds: {session: {paths: ["elsewhere/*.md"]}}\n'), 'no prior sessions'),
    ('the operators', lambda repo: repo.write('.daybook/operators.yaml', OPERATORS.replace('roman:', 'rome:').replace('RT', 'QQ')), 'for rome (QQ)'),
    ('who is at work', lambda repo: repo.git('config', 'user.email', 'serge@example.com'), 'resume for serge (SO)'),
    ('a fetch', lambda repo: repo.git('update-ref', 'refs/remotes/origin/main', repo.git('commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', 'x')),
     '1 behind origin/main'),
]


@pytest.mark.parametrize(('change', 'expected'), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_the_last_answer_holds_until_something_changes(repo: Sandbox, change: Callable[[Sandbox], object], expected: str) -> None:
    repo.write('.daybook/operators.yaml', OPERATORS)
    repo.write('docs/sessions/RT-261110-01.md', note('Old'))
    repo.commit()
    repo.write('docs/sessions/SO-261109-01.md', note('Serge', operator='serge'))
    repo.git('remote', 'add', 'origin', '../nowhere')
    out = resumed(repo, '--no-fetch')
    before = kept_file(repo).stat()
    assert resumed(repo, '--no-fetch') == out and kept_file(repo).stat().st_mtime_ns == before.st_mtime_ns and expected not in out
    change(repo)
    assert expected in resumed(repo, '--no-fetch')
    after = kept_file(repo).read_bytes()
    assert expected in resumed(repo, '--no-fetch') and kept_file(repo).read_bytes() == after


def test_a_claim_that_is_done_elsewhere_changes_the_answer(repo: Sandbox) -> None:
    repo.write('.daybook/operators.yaml', OPERATORS)
    claimed = repo.daybook('claim-session').stdout.rsplit('id=', 1)[1].split()[0]
    assert f'.daybook/state/draft-{claimed}.md' in resumed(repo)
    record = repo.root / f'.git/daybook/claims/{claimed}.json'
    record.write_text(record.read_text().replace('"open"', '"done"'))
    assert f'.daybook/state/draft-{claimed}.md' not in resumed(repo)


@pytest.mark.parametrize('data', [b'', b'{"x": ', b'[]\n{}'])
def test_a_damaged_answer_is_made_anew(repo: Sandbox, data: bytes) -> None:
    repo.write('docs/sessions/RT-261110-01.md', note('Old'))
    repo.commit()
    out = resumed(repo)
    whole = kept_file(repo).read_bytes()
    kept_file(repo).write_bytes(data or whole[:300] + b'x' + whole[301:])
    assert resumed(repo) == out and kept_file(repo).read_bytes() == whole


def test_what_blobs_tell_is_read_once(repo: Sandbox) -> None:
    for n in range(1, 4):
        repo.write(f'docs/sessions/RT-261110-0{n}.md', note(f'n{n}'))
    repo.commit()
    resumed(repo)
    known = memory.load(str(repo.root / '.git'))
    line = json.loads(known.rest.partition(b' ')[2])
    key = next(key for key in line['blobs'] if key.endswith('03.md'))
    line['blobs'][key][1][2] = 'known'
    memory.save(known._replace(answers={}), 'nobody', Answer('', [], '', []), line['setup'], line['blobs'])
    assert 'last note: RT-261110-03 ("known"' in resumed(repo)
    repo.write('.daybook/config.yaml', 'sessions: {slug: true}\n')
    assert 'last note: RT-261110-03 ("n3"' in resumed(repo), 'other settings may read a head otherwise'


def test_one_note_more_reads_one_note(repo: Sandbox, tmp_path: Path) -> None:
    for n in range(1, 9):
        repo.write(f'docs/sessions/RT-261110-0{n}.md', note(f'n{n}', review_by='2026-11-0' + str(n)))
    repo.commit()
    repo.write('docs/sessions/RT-261110-08.md', note('n8', review_by='2026-11-08') + '\n')
    resumed(repo, '--no-fetch')
    for n in range(1, 7):  # neither from the disk, nor from git
        repo.write(f'docs/sessions/RT-261110-0{n}.md', 'x')
        blob = repo.git('rev-parse', f'HEAD:docs/sessions/RT-261110-0{n}.md')
        (repo.root / '.git/objects' / blob[:2] / blob[2:]).unlink()
        repo.git('update-index', '--assume-unchanged', f'docs/sessions/RT-261110-0{n}.md')
    repo.write('docs/sessions/RT-261110-09.md', note('n9'))
    trace = tmp_path / 'trace'
    out = resumed(repo, '--no-fetch', GIT_TRACE=str(trace))
    assert 'last note: RT-261110-09 ("n9"' in out and '  2026-11-01 (overdue): docs/sessions/RT-261110-01.md\n' in out
    assert 'skipped' not in out and 'not looked at' not in out and out.count('(overdue)') == 8
    assert trace.read_text().count(' ls-files -o ') == 1, 'the look at what changed is one'


def test_what_a_blob_tells_is_never_taken_from_another_text(repo: Sandbox, tmp_path: Path) -> None:
    repo.write('docs/sessions/RT-261110-01.md', note('committed'))
    repo.commit()
    line = repo.git('ls-files', '-s', 'docs/sessions').strip('\n')
    repo.write('docs/sessions/RT-261110-01.md', note('on the disk'))
    reader = Reader(git.find_repo(str(repo.root)), config.DEFAULTS, {}, str(tmp_path))
    assert Head(*reader.of_lines([line])[line].told).title == 'committed'


HEADS = ['---\nreview_by: 2026-12-01\n---\n', '---\nttl_days: 30\nupdated: 2026-11-01\n---\n', '---\nnext_look: 2026-12-02\n---\n',
         '- entity: plan\n- review_by: 2026-12-03\n\n# A\n', '# A\n\nTTL: 2026-12-04\n', '# A\n\nReview and update by 2026-12-05\n', '# A\n',
         '---\nreview_by: 2026-12-01\nstatus: done\n---\n', '---\ndate: 2026-11-01\n---\n', '---\nreview_by: [\n---\n', '---\nREVIEW_BY: x\n---\n',
         '---\n- review_by: 2026-12-06\n---\n', '']


@pytest.mark.parametrize('text', HEADS)
@pytest.mark.parametrize('settings', ['', 'kinds: {plan: {key_aliases: {review_by: [next_look]}}}', 'freshness: {rules: [{kinds: [plan], ttl_days: 9}]}'])
def test_the_day_of_a_review_is_that_of_the_records(text: str, settings: str) -> None:
    known = config.from_bytes(settings.encode())
    policy, found = review.Policy(known.freshness_rules), document.from_bytes('plans/a.md', known.kind('plan'), text.encode())
    days = [review.day_of(*one) for one in review.governed([records.of_document(found)], policy)]
    if 'next_look' not in text:  # `of_document` keeps no aliases
        assert [review.day_of_document(found, policy)] == (days or [''])
    else:
        assert review.day_of_document(found, policy) == ('2026-12-02' if 'next_look' in settings else '')


def test_the_newest_by_day_are_among_the_newest_by_all() -> None:
    rng = random.Random(5)
    for _ in range(200):
        rows = [recall._Row(f'{n}', '', None, head('x'), rng.choice(('a', 'A', 'b', '')), rng.choice(('', '2026-01-01', '2026-01-02', '2026-01-03')))
                for n in range(rng.randrange(30))]
        newest = recall._newest(rows)
        for owner in ('a', 'b', ''):
            own = [[row for row in some if row.owner.casefold() == owner] for some in (rows, newest)]
            mine, kept = (sorted(some, key=lambda row: (row.day, hash(row.path)), reverse=True)[:recall.NEWEST] for some in own)
            assert mine == kept
    assert recall._newest([]) == []


def _committed_by(repo: Sandbox, who: str) -> None:
    repo.git('-c', f'user.email={who}@example.com', 'commit', '-q', '--amend', '--reset-author', '-m', f'of {who}')


def test_who_brought_a_note_is_asked_anew_where_history_was_written_anew(repo: Sandbox) -> None:
    repo.write('.daybook/operators.yaml', OPERATORS)
    repo.write('docs/sessions/old.md', note('Old', operator=None))
    repo.commit()
    _committed_by(repo, 'serge')
    assert 'Peer activity — serge: last seen old' in resumed(repo, '--no-fetch')
    _committed_by(repo, 'roman')
    out = resumed(repo, '--no-fetch')
    assert 'last note: old' in out and 'serge' not in out
    kept_file(repo).unlink()
    assert resumed(repo, '--no-fetch') == out


def test_names_follow_the_mailmap(repo: Sandbox) -> None:
    repo.write('docs/sessions/RT-261110-01.md', note('Old'))
    repo.commit()
    resumed(repo, '--no-fetch')
    repo.write('.mailmap', f'Another Name {repo.git("log", "-1", "--format=<%aE>")}\n')
    out = resumed(repo, '--no-fetch')
    assert 'by Another Name in commit' in out
    kept_file(repo).unlink()
    assert resumed(repo, '--no-fetch') == out
