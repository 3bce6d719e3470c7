from __future__ import annotations

import pytest

from conftest import Sandbox
from daybook.documents import config
from daybook.documents import conflicts
from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents import governed
from daybook.governance import records
from daybook.rules import headers

ID = 'validate-frontmatter'
CONFIG = 'kinds: {doc: {paths: ["governed/**/*.md"]}}\n'
WHOLE = {'entity': 'plan', 'level': 'internal', 'zone': 'internal', 'version': 'v01', 'tags': '[a]', 'source_path': '/governed/a_v01.md', 'date': '2026-01-01'}


def _text(form: str, **changes: str) -> str:
    values = {**WHOLE, **changes}
    if form == 'frontmatter':
        return '---\ntitle: T\n' + ''.join(f'{key}: {value}\n' for key, value in values.items()) + '---\n\n# T\n'
    bullets = ''.join(f'- {key}: {value}\n' for key, value in values.items())
    return {'above': f'{bullets}\n---\n\n# T\n', 'below': f'# T\n{bullets}\ntext\n', 'list': f'---\n{bullets}---\n\n# T\n',
            'crlf': f'# T\n\n{bullets}'.replace('\n', '\r\n')}[form]


FORMS = ('frontmatter', 'above', 'below', 'list', 'crlf')


@pytest.mark.parametrize(('path', 'changes', 'rules'), [
    ('governed/a_v01.md', {}, []),
    ('governed/b_v01.md', {}, ['header-path']),
    ('governed/a_v02.md', {'source_path': 'governed/a_v02.md'}, ['header-version']),
    ('governed/a_v01.md', {'version': 'v1.0'}, []),
    ('governed/a_v01.md', {'version': '1.1'}, ['header-version']),
    ('governed/a_v01.md', {'version': 'draft'}, ['header-version']),
    ('governed/a-V0_1.md', {'source_path': './governed/a-V0_1.md', 'version': '0.1'}, []),
    ('governed/a.md', {'source_path': 'governed/a.md', 'version': '9'}, []),
])
@pytest.mark.parametrize('form', FORMS)
def test_what_a_header_says_of_its_file(form: str, path: str, changes: dict[str, str], rules: list[str]) -> None:
    found = document.from_bytes(path, config.DEFAULTS.kind('doc'), _text(form, **changes).encode())
    assert [wrong.rule for wrong in headers.check([records.of_document(found)])] == rules


@pytest.mark.parametrize('form', FORMS)
def test_fix_follows_a_rename_and_changes_one_line(repo: Sandbox, form: str) -> None:
    repo.write('.daybook/config.yaml', CONFIG)
    repo.write('governed/a_v01.md', _text(form))
    repo.commit()
    (repo.root / 'governed/sub').mkdir()
    repo.git('mv', 'governed/a_v01.md', 'governed/sub/b v_v01.md')
    before = repo.read('governed/sub/b v_v01.md')
    run = repo.daybook(ID, '--fix')
    assert run.returncode == 1 and "source_path rewritten to /governed/sub/b v_v01.md; git add -- 'governed/sub/b v_v01.md' [header-path]" in run.stdout
    assert repo.read('governed/sub/b v_v01.md') == before.replace('/governed/a_v01.md', '/governed/sub/b v_v01.md')
    run = repo.daybook(ID, '--fix')
    assert 'header-path' not in run.stdout and (run.returncode == 0) is (form != 'list'), run.stdout


def test_fix_in_a_commit_leaves_unstaged_edits_alone(repo: Sandbox) -> None:
    repo.write('.daybook/config.yaml', CONFIG)
    repo.write('governed/b_v01.md', _text('frontmatter'))
    repo.git('add', '.')
    repo.write('governed/b_v01.md', _text('frontmatter') + 'more\n')
    run = repo.daybook(ID, '--fix', env={'GIT_INDEX_FILE': str(repo.root / '.git/index')})
    assert run.returncode == 1 and 'not rewritten: it has unstaged changes; stage them first' in run.stdout
    assert repo.read('governed/b_v01.md') == _text('frontmatter') + 'more\n'


def test_links_have_their_lines_in_linear_time() -> None:
    data = b'---\ntitle: T\n---\n' + b''.join(b'\n[a](%d.md) [b](%d.md)\n' % (n, n) for n in range(100_000))
    assert governed.of_bytes(data, frontmatter.parse(data)).links == [(f'{n}.md', 5 + 2 * n, False) for n in range(100_000)]


CONFLICT = b'<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n'


@pytest.mark.parametrize(('data', 'line'), (
    (b'# T\n', None), (b'<<<<<<< ours\n' * 200_000, None), (b'# T\n\n' + CONFLICT, 3), (b'```\n' + CONFLICT + b'```\n', None),
    (b'```\n' + CONFLICT + b'```\n' + CONFLICT, 8), (CONFLICT.replace(b'\n', b'\r\n'), 1), (b'<<<<<<< ours\n' + CONFLICT, 1),
))
def test_conflict(data: bytes, line: int | None) -> None:
    assert conflicts.marked_line(data) == line
