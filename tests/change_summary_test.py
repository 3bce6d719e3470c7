"""The change summary of a note: the same facts, the same text; bounded, and safe for any file name."""
from __future__ import annotations

from pathlib import Path

import handoffs
import pytest

from daybook.documents import config
from daybook.documents import markdown
from daybook.handoff import change_summary
from daybook.handoff import contents
from daybook.handoff.facts import Facts
from daybook.handoff.facts import FileChange
from daybook.handoff.facts import Start
from daybook.handoff.history import Commit
from daybook.writers import inline

COMMITS = (Commit('c' * 40, 'one', 1763600000), Commit('d' * 40, 'two', 1763601000))
HOSTILE = ['`x`.md', 'a\nb.md', '<script>.md', '[x](y).md', '\x1b[31m.md', '| a |', '- b.md', '\u202ex', '\udcff.md', '*', '&amp;', ' ', 'x' * 300]


def text(*changes: FileChange, commits: object = COMMITS) -> str:
    start = Start('a' * 40, 'x')
    return change_summary.text(Facts(start, 'b' * 40, 'main', commits, changes), config.DEFAULTS)  # type: ignore[arg-type]


def test_places_and_documents() -> None:
    changes = (FileChange('README.md', 1, 1), FileChange('docs/adr/0003-queue.md', 40, 0), FileChange('img/x.png', None, None),
               FileChange('plans/ios.md', 2, 0), FileChange('src/a/b/c.py', 1300, 80), FileChange('src/a/d.py', 0, 7))
    assert text(*changes) == """\
2 commits changed 6 files: +1,343 −88.

- `src/a/`: 2 files, +1,300 −87
- `docs/adr/`: 1 file, +40 −0
- the root: 1 file, +1 −1
- `plans/`: 1 file, +2 −0
- `img/`: 1 file, binary
- plan: `ios`
- adr: `0003-queue`"""
    assert text(*reversed(changes)) == text(*changes)


def test_what_is_unknown_is_not_0() -> None:
    assert text(commits=None) == 'Unknown, as the range of the session is.'
    assert text(commits=()) == 'No commits.'
    assert text(commits=COMMITS[:1]) == '1 commit changed 0 files: +0 −0.'


def test_it_is_bounded() -> None:
    changes = [FileChange(f'd{n}/f.md', n, 0) for n in range(400)] + [FileChange(f'plans/p{n:03}.md', 0, 0) for n in range(400)]
    lines = text(*changes).split('\n')
    assert len(lines) == 2 + 13 + 2 and all(len(line) <= 80 for line in lines)
    assert lines[14] == f'- 389 more places: 788 files, +{sum(range(388)):,} −0' and ' '.join(lines[15:]).endswith('and 392   more')


@pytest.mark.parametrize('name', HOSTILE)
def test_any_name_is_only_a_name(name: str) -> None:
    found = text(FileChange(f'{name}/{name}', 1, 0), FileChange(f'plans/{name}.md', 1, 0))
    assert all(line.isprintable() for line in found.split('\n')) and inline.harmless(found) == found
    note = f'## Change Summary\n\n{found}\n\n## Next\n'
    assert [heading.text for heading in markdown.headings(note)] == ['Change Summary', 'Next']
    assert not list(markdown.links(note)) and '<script>' not in found.replace('`<script>', '').replace('.md`', '')


def test_a_crash_leaves_the_note_without_one() -> None:
    said: list[str] = []
    facts = Facts(Start('a' * 40, 'x'), 'b' * 40, 'main', COMMITS, (FileChange(None, 1, 0),))  # type: ignore[arg-type]
    assert contents.summary_of(facts, config.DEFAULTS._replace(handoff_change_summary=True), said.append) == ''
    assert len(said) == 1 and said[0].startswith('warning: the note has no change summary: TypeError: ')
    assert contents.summary_of(facts, config.DEFAULTS, said.append) == '' and len(said) == 1, 'not asked for'


def test_a_hand_off_leaves_one_where_it_is_asked_for(tmp_path: Path) -> None:
    sandbox = handoffs.copy_of(handoffs.make_template(tmp_path / 'template'), tmp_path / 'copy')
    sandbox.daybook('claim-session')
    draft = next((sandbox.root / '.daybook/state').glob('draft-*.md'))
    sandbox.write(handoffs.DRAFT, handoffs.TEXT.replace('---\n', f'---\nid: {draft.stem.removeprefix("draft-")}\n', 1))
    draft.unlink()
    sandbox.write('.daybook/config.yaml', 'handoff: {change_summary: true}\n')
    sandbox.write('plans/ü `x`.md', '# P\n')
    sandbox.commit('work', 'plans', '.daybook/config.yaml')
    done = handoffs.hand_off(sandbox)
    expected = '## Change Summary\n\n1 commit changed 2 files: +2 −0.\n\n- `.daybook/`: 1 file, +1 −0\n- `plans/`: 1 file, +1 −0\n' \
        '- plan: `` ü `x` ``\n\n## Commits\n'
    assert expected in handoffs.note_of(sandbox, done), handoffs.note_of(sandbox, done)
    assert 'change summary' not in done.out
