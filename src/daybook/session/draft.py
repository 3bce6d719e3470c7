"""Drafts: what a person or agent writes before hand-off; found, read, and never tracked."""
from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents import frontmatter
from daybook.documents import markdown
from daybook.documents.config import Kind
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import claim as claims
from daybook.session.claim import Claim

CODE_SECTIONS = ('Commits', 'Files Touched')
_COMMENT = re.compile(r'<!--.*?-->', re.DOTALL)
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


class Draft(NamedTuple):
    """A draft as it was read: human keys, sections in order (title, text without hint comments), bytes."""

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
        return not self.preamble and not any(text for _, text in self.sections)


def skeleton(kind: Kind, session_id: str) -> str:
    """Return what `claim-session` writes for a person or agent to fill."""
    head = f'---\nid: {session_id}\ntitle: ""\nworkstream: []\ntags: []\n---\n'
    titles = [title for title in kind.sections if title not in CODE_SECTIONS]
    parts = [f'\n## {title}\n\n<!-- {_HINTS.get(title, "Leave out what does not apply.")} -->\n' for title in titles]
    return head + ''.join(parts)


def default_path(root: str, session_id: str) -> str:
    """Return the absolute path of the draft of a claim."""
    return os.path.join(files.state_dir(root), f'draft-{session_id}.md')


def write_skeleton(repo: Repo, settings: Settings, claim: Claim) -> str:
    """Write the skeleton of a claim unless the draft is there already; return its path, relative to the root."""
    path = default_path(repo.root, claim.id)
    try:
        files.create_exclusive(path, skeleton(settings.kind('session'), claim.id).encode())
    except OSError as error:
        raise FatalError(f'cannot write the draft: {path}: {error.strerror}; make the folder writable') from error
    return os.path.relpath(path, repo.root)


def _canonical(kind: Kind, title: str) -> str:
    wanted = title.strip().casefold()
    for name in kind.sections:
        if name.casefold() == wanted:
            return name
    for name, others in kind.section_aliases:
        if wanted in (other.casefold() for other in others):
            return name
    return title.strip()


def _merged(kind: Kind, found: Sequence[markdown.Section]) -> tuple[tuple[str, str], ...]:
    """Join sections of one title, so that no text is lost, and rename what code writes itself."""
    texts: dict[str, list[str]] = {}
    for section in found:
        title = _canonical(kind, section.title)
        if title in CODE_SECTIONS:
            title = f'Notes on {title}'
        text = _COMMENT.sub('', section.body).strip()
        texts.setdefault(title, []).extend([text] if text else [])
    return tuple((title, '\n\n'.join(parts)) for title, parts in texts.items())


def parse(path: str, data: bytes, kind: Kind) -> Draft:
    """Read a draft. Raises FatalError with the line when its frontmatter cannot be read."""
    parsed = frontmatter.parse(data)
    if parsed.error:
        raise FatalError(f'{path}:{parsed.error[0]}: {parsed.error[2]}; mend the draft, nothing was written')
    try:
        body = data[frontmatter.body_offset(data):].decode('utf-8')
    except UnicodeDecodeError as error:
        raise FatalError(f'{path}: the draft is not UTF-8; save it as UTF-8, nothing was written') from error
    body = body.replace('\r\n', '\n').replace('\r', '\n')
    headings = [heading for heading in markdown.headings(body) if not heading.nested]
    top = next((heading for heading in headings if heading.level == 1), None)
    first = next((heading for heading in headings if heading.level <= 2 and heading is not top), None)
    begin = top.content if top and (first is None or top.start < first.start) else 0
    preamble = _COMMENT.sub('', body[begin:first.start if first else len(body)]).strip()
    title = parsed.meta.get('title')
    if not isinstance(title, str) or not title.strip():
        title = top.text if top and begin else ''
    return Draft(path, parsed.meta, title.strip(), preamble, _merged(kind, markdown.sections(body)), data)


def _is_tracked(repo: Repo, path: str) -> bool:
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(repo.root))
    return not relative.startswith('..') and bool(git.tracked_files(repo, f':(top,literal){relative}'))


def _written_stub(repo: Repo, settings: Settings, claim: Claim) -> str | None:
    """Return the path of a stub in which somebody has written."""
    path = os.path.join(repo.root, claims.note_path(settings, claim.id))
    data = files.read_bytes(path)
    return path if data is not None and data != claims.stub(claim) else None


def _candidates(repo: Repo, settings: Settings, session: str | None) -> list[str]:
    folder = os.environ.get('DAYBOOK_STATE_DIR') or os.path.join(repo.root, *files.STATE_DIR.split('/'))
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = [os.path.join(folder, name) for name in names if name == 'draft.md' or re.fullmatch(r'draft-.+\.md', name)]
    of_others = set()
    for claim in claims.open_claims(repo, settings):
        if claim.worktree != repo.root:
            continue
        stub = _written_stub(repo, settings, claim)
        found += [stub] if stub else []
        if session and claim.session and claim.session != session:
            of_others |= {os.path.join(folder, f'draft-{claim.id}.md'), stub}
    return [path for path in found if path not in of_others]


def _read(repo: Repo, settings: Settings, path: str) -> Draft:
    data = files.read_bytes(path)
    if data is None:
        raise FatalError(f'no such draft: {path}; `daybook claim-session` writes one to fill in')
    return parse(os.path.relpath(path, repo.root), data, settings.kind('session'))


def find(repo: Repo, settings: Settings, given: Sequence[str], session: str | None) -> Draft | None:
    """Return the draft to hand off: the one `given`, else the only one that waits; None when there is none.

    Paths in `given` are relative to the current folder. Drafts of another agent session (their
    claims name it) are not taken. Raises FatalError when there are several, or a tracked one.
    """
    if len(given) > 1:
        raise FatalError(f'several drafts were given: {", ".join(given)}; hand off one at a time')
    if given:
        path = os.path.abspath(given[0])
        if _is_tracked(repo, path):
            raise FatalError(f'the draft is tracked by git: {given[0]}; copy it to {files.STATE_DIR}/draft.md '
                             'and hand that off')
        return _read(repo, settings, path)
    drafts = [_read(repo, settings, path) for path in _candidates(repo, settings, session)]
    written = [draft for draft in drafts if not draft.is_empty]
    if len(written) > 1:
        names = '\n  '.join(draft.path for draft in written)
        raise FatalError(f'several drafts wait:\n  {names}\nname one: daybook handoff --files DRAFT.md')
    return written[0] if written else None
