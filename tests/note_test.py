"""The note: human keys from the draft, facts from code, and nothing lost or swallowed."""
from __future__ import annotations

import os
import subprocess
from datetime import datetime
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest

from daybook.documents import config
from daybook.documents import frontmatter
from daybook.documents import markdown
from daybook.documents import schema
from daybook.handoff import note
from daybook.handoff.facts import Commit
from daybook.handoff.facts import Facts
from daybook.handoff.facts import FileChange
from daybook.handoff.facts import Start
from daybook.session import draft as drafts
from daybook.session.draft import Draft

_KIND = config.DEFAULTS.kind('session')
_NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
_FACTS = Facts(Start('a' * 40, 'HEAD at the claim'), 'b' * 40, 'main',
               (Commit('c' * 40, 'fix *all* `of` <it>, see https://ex.am/a_b, mail me@ex.am and go on with more words', 1763600000),
                Commit('d' * 40, '# - 1. [x] | ~~y~~', 1763601000)),
               (FileChange('src/a b.py', 3, 1), FileChange('img/x.png', None, None),
                FileChange('a/very/long/path/with spaces in it/that does not fit/on one line of eighty columns/at all.py', 1, 0)))
_DRAFT = ('---\ntitle: "A: *nasty* #title"\ntags: [a, "b: c"]\nmine: {deep: [1, two]}\n---\n\nIntro.\n\n## Summary\n\nFirst.\n\nSecond.\n\n'
          '## Own section\n\ntext\n\n## Resume Prompt\n\nGo on.\n\n## What I Did\n\n- this\n')


def _draft(text: str = _DRAFT) -> Draft:
    return drafts.parse('d.md', text.encode(), _KIND)


def _metadata(draft: Draft, facts: Facts = _FACTS) -> dict[str, Any]:
    return note.metadata(draft, session_id='RT-261120-01', stem='RT-261120-01', operator='roman', workstreams=['ws-a'],
                         claimed_at='2026-11-20T10:00:00Z', facts=facts, telemetry={'telemetry': 'absent'}, now=_NOW, today='2026-11-20')


def _note(text: str = _DRAFT, facts: Facts = _FACTS) -> str:
    draft = _draft(text)
    return note.assemble(draft, _KIND, _metadata(draft, facts), facts).decode()


def _titles(text: str) -> list[str]:
    return [section.title for section in markdown.sections(text[frontmatter.body_offset(text.encode()):])]


def test_the_known_sections_come_in_order_and_the_facts_last() -> None:
    assert _titles(_note()) == ['Summary', 'What I Did', 'Resume Prompt', 'Own section', 'Commits', 'Files Touched']


def test_the_metadata_fit_the_schema_and_keep_own_keys() -> None:
    meta = frontmatter.parse(_note().encode()).meta
    assert schema.violations(schema.built_in('session'), meta) == []
    assert (meta['title'], meta['summary'], meta['mine']) == ('A: *nasty* #title', 'First.', {'deep': [1, 'two']})
    assert (meta['commits'], meta['lines_added'], meta['lines_removed']) == (2, 4, 1)
    assert meta['content_hash'] == frontmatter.content_hash(_note().encode())


def test_facts_in_a_draft_are_left_out_and_named() -> None:
    draft = _draft('---\ncommits: 99\nlines_added: 1\ncontent_hash: x\nstatus: done\n---\n\n## Summary\n\ns\n')
    assert note.ignored_keys(draft) == ['commits', 'lines_added', 'content_hash']
    assert (_metadata(draft)['commits'], _metadata(draft)['status']) == (2, 'done')


def test_what_is_not_known_is_not_0() -> None:
    unknown = Facts(Start(None, 'unknown: no claim', is_known=False), 'b' * 40, 'main', None)
    meta = _metadata(_draft(), unknown)
    assert (meta['commits'], meta['lines_added'], meta['lines_removed']) == (None, None, None)
    assert 'first_commit_at' not in meta, 'a key appears when it is first real'
    assert '## Commits\n\n- Unknown: no claim\n' in _note(facts=unknown)
    assert '## Commits\n\n- None\n' in _note(facts=_FACTS._replace(commits=(), changes=()))


@pytest.mark.parametrize('opened', ['```sh\nmake', '<!-- note', '~~~\nx', '<pre>\nx'])
def test_what_a_section_leaves_open_swallows_nothing(opened: str) -> None:
    text = _note(f'## Resume Prompt\n\ngo\n\n## Summary\n\ns\n\n## See Also\n\n{opened}\n')
    assert _titles(text) == ['Summary', 'Resume Prompt', 'See Also', 'Commits', 'Files Touched']


@pytest.mark.parametrize(('text', 'title', 'summary'), [
    ('# T\n\n## Summary\n\nOne. Two.\n', 'T', 'One. Two.'),
    ('## Summary\n\nOne\nline. Two.\n\nMore.\n', 'One line', 'One line. Two.'),
    ('---\nsummary: Mine\n---\n\n## Summary\n\nOther\n', 'Mine', 'Mine'),
    ('---\nsummary: "[Mine](x.md) as it is"\n---\n\n## Summary\n\nOther\n', '[Mine](x.md) as it is', '[Mine](x.md) as it is'),
    ('# T\n\n## Summary\n\nSee [the\nstate](../STATE.md): `a_b` is *done*.\n', 'T', 'See the state: a_b is done.'),
    ('# T\n\n## Summary\n\n![](x.png)\n', 'T', 'T'),
    ('Only an intro.\n', 'Only an intro', 'Only an intro.'),
    ('# Only a title\n', 'Only a title', 'Only a title'),
    ('', 'Untitled session', ''),
    (f'# T\n\n## Summary\n\n{"word " * 100}\n', 'T', ('word ' * 60).strip() + ' …'),
])
def test_title_and_summary(text: str, title: str, summary: str) -> None:
    assert (note.title_of(_draft(text)), note.summary_of(_draft(text))) == (title, summary)


@pytest.mark.parametrize(('prompt', 'count'), [
    ('word ' * 100 + 'Confidence: H', 0), ('word ' * 100, 1), ('Confidence: M', 1), ('', 2), ('word ' * 200 + 'confidence: l', 1),
])
def test_a_prompt_only_ever_warns(prompt: str, count: int) -> None:
    assert len(note.prompt_warnings(prompt)) == count


def test_a_change_summary_stands_with_the_facts_and_takes_no_text_of_the_draft() -> None:
    draft = _draft('## Summary\n\ns\n\n## change summary\n\nmine\n\n## Notes on Change Summary\n\nmine too\n')
    plain = note.assemble(draft, _KIND, _metadata(draft), _FACTS).decode()
    assert _titles(plain) == ['Summary', 'change summary', 'Notes on Change Summary', 'Commits', 'Files Touched']
    text = note.assemble(draft, _KIND, _metadata(draft), _FACTS, '2 commits.').decode()
    assert _titles(text) == ['Summary', 'Notes on Change Summary', 'Change Summary', 'Commits', 'Files Touched']
    assert '## Notes on Change Summary\n\nmine\n\nmine too\n\n## Change Summary\n\n2 commits.\n\n## Commits' in text


def test_long_lists_are_cut_and_say_so() -> None:
    many = _FACTS._replace(commits=tuple(Commit(f'{n:040}', f's{n}', n) for n in range(60)),
                           changes=tuple(FileChange(f'f{n}', 1, 1) for n in range(60)))
    assert note.commit_lines(many)[0] == '- `0000000000` s10' and note.commit_lines(many)[-1] == '- and 10 earlier ones'
    assert note.file_lines(many)[-1] == '- and 10 more'


def test_is_what_prettier_and_markdownlint_accept(tmp_path: Path) -> None:
    """Against both where $DAYBOOK_NODE_BIN holds them, and against the text that they have accepted, always."""
    (tmp_path / 'note.md').write_text(_note(), encoding='utf-8')
    node = os.environ.get('DAYBOOK_NODE_BIN')
    if node:
        subprocess.run((Path(node) / 'prettier', '--check', '.'), cwd=tmp_path, check=True)
        subprocess.run((Path(node) / 'markdownlint-cli2', '*.md'), cwd=tmp_path, check=True)
    golden = Path(__file__).parent / 'data/golden/note.md'
    assert _note() == golden.read_text(encoding='utf-8')
