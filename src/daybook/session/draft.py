"""Drafts: what a person or agent writes before hand-off. The skeleton to fill, and how one is read."""
from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.documents.config import Settings
from daybook.documents.kinds import Kind
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo.git import Repo
from daybook.session.claim import Claim

if TYPE_CHECKING:
    from daybook.documents.markdown_scan import Heading

CODE_SECTIONS = ('Commits', 'Files Touched')
_HINTS = {
    'Summary': 'Two or three sentences: what this session did, and why it matters.',
    'What I Did': 'The steps that count, with commits where they help.',
    'Decisions Made': 'What was chosen, over which alternative, and why.',
    'For Future Me': 'What would cost an hour to find out again.',
    'Learnings': 'What holds beyond this session.',
    'Open Questions': 'What nobody has answered yet.',
    'Resume Prompt': '80 to 150 words for whoever goes on: where things stand, the next step, '
                     'what to watch out for. End with Confidence: H, M or L.',
    'See Also': 'Links to what belongs to this.',
}
_OTHER_HINT = 'Leave out what does not apply.'
_HINT = re.compile(rf'^<!-- (?:{"|".join(map(re.escape, [*_HINTS.values(), _OTHER_HINT]))}) -->\n(?:[ \t]*\n)?',
                   re.MULTILINE)
_NO_TEXT = re.compile(r'(?:\s++|<!--.*?-->)*+', re.DOTALL)  # blanks and comments
_ATX = re.compile(r' {0,3}#{1,6}(?:[ \t]+|$)(?P<text>.*?)(?:[ \t]+#+)?[ \t]*')


class Draft(NamedTuple):
    """A draft as it was read: human keys, sections in order (title, text without our hints), bytes.

    The title of a section that its kind knows is the kind's; any other is the Markdown of its heading.
    """

    path: str
    meta: dict[str, Any]
    title: str
    preamble: str
    sections: tuple[tuple[str, str], ...]
    data: bytes

    def section(self, title: str) -> str:
        """Return the text of a section, or an empty one."""
        return next((text for name, text in self.sections if name == title), '')

    @property
    def is_empty(self) -> bool:
        """Whether nobody has written anything into the skeleton."""
        return not self.title and not self.preamble and not any(text for _, text in self.sections)


NONE = Draft('', {}, '', '', (), b'')


def skeleton(kind: Kind, session_id: str) -> str:
    """Return what `claim-session` writes for a person or agent to fill."""
    head = f'---\nid: {session_id}\ntitle: ""\nworkstream: []\ntags: []\n---\n'
    titles = [title for title in kind.sections if title not in CODE_SECTIONS]
    return head + ''.join(f'\n## {title}\n\n<!-- {_HINTS.get(title, _OTHER_HINT)} -->\n' for title in titles)


def folder(root: str) -> str:
    """Return the folder in which drafts wait; it need not exist."""
    return files.state_folder(root)


def default_path(root: str, session_id: str) -> str:
    """Return the absolute path of the draft of a claim; its folder need not exist."""
    return os.path.join(folder(root), f'draft-{session_id}.md')


def write_skeleton(repo: Repo, settings: Settings, claim: Claim) -> str:
    """Write the skeleton of a claim unless the draft is there already; return its path, relative to the root.

    Raises FatalError when it cannot be written.
    """
    path = default_path(repo.root, claim.id)
    try:
        files.state_dir(repo.root)
        files.create_exclusive(path, skeleton(settings.kind('session'), claim.id).encode())
    except OSError as error:
        raise FatalError(f'cannot write the draft: {path}: {error.strerror}; make the folder writable') from error
    return os.path.relpath(path, repo.root)


def _known_title(kind: Kind, title: str) -> str | None:
    wanted = title.casefold()
    for name, others in [*((name, ()) for name in kind.sections), *kind.section_aliases]:
        if wanted in (name.casefold(), *(other.casefold() for other in others)):
            return f'Notes on {name}' if name in CODE_SECTIONS else name
    return None


def _source(body: str, heading: Heading) -> str:
    """Return the Markdown of a heading's text, on one line."""
    lines = body[heading.start:heading.end].split('\n')
    atx = _ATX.fullmatch(lines[0]) if len(lines) == 1 else None
    return atx['text'].strip() if atx else ' '.join(line.strip() for line in lines[:-1])


def _trimmed(text: str) -> str:
    """Return `text` without our hints and without blank lines around it; empty when only comments are left."""
    text = re.sub(r'\A(?:[ \t]*\n)+', '', _HINT.sub('', f'{text}\n')).rstrip()
    return '' if _NO_TEXT.fullmatch(text) else text


def _sections(kind: Kind, body: str, headings: Sequence[Heading]) -> tuple[tuple[str, str], ...]:
    """Return titles and texts, sections of one title joined, so that no text is lost."""
    texts: dict[str, list[str]] = {}
    ends = [heading.start for heading in headings[1:]] + [len(body)]
    for heading, end in zip(headings, ends):
        title = _known_title(kind, heading.text) or _source(body, heading)
        text = _trimmed(body[heading.content:end])
        texts.setdefault(title, []).extend([text] if text else [])
    return tuple((title, '\n\n'.join(parts)) for title, parts in texts.items())


def _body(path: str, data: bytes) -> str:
    try:
        body = data[frontmatter.body_offset(data):].decode('utf-8')
    except UnicodeDecodeError as error:
        raise FatalError(f'{path}: the draft is not UTF-8; save it as UTF-8, nothing was written') from error
    return body.replace('\r\n', '\n').replace('\r', '\n')


def parse(path: str, data: bytes, kind: Kind) -> Draft:
    """Read a draft. Raises FatalError with the line when its frontmatter cannot be read."""
    parsed = frontmatter.parse(data)
    if parsed.error:
        raise FatalError(f'{path}:{parsed.error[0]}: {parsed.error[2]}; mend the draft, nothing was written')
    from daybook.documents import markdown  # who only writes a skeleton reads none

    body = _body(path, data)
    headings = [heading for heading in markdown.headings(body) if heading.level <= 2 and not heading.nested]
    top = headings[0] if headings and headings[0].level == 1 else None
    rest = headings[1:] if top else headings
    end = rest[0].start if rest else len(body)
    given = parsed.meta.get('title')
    title = str(given).strip() if isinstance(given, (str, int, float)) else ''  # `title: 2026`
    before = [body[:top.start], body[top.content:end]] if top else [body[:end]]
    if top and title and title != top.text:
        before.insert(0, _source(body, top))  # two titles: the second is text, and is kept
    preamble = '\n\n'.join(text for part in before if (text := _trimmed(part)))
    return Draft(path, parsed.meta, title or (top.text if top else ''), preamble, _sections(kind, body, rest), data)
