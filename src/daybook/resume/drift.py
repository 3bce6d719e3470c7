"""What has changed since a note was written: commits, the files that it touched, its workstreams."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Mapping

from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo.git import Repo
from daybook.resume import heads
from daybook.resume.heads import Head
from daybook.resume.heads import Stream
from daybook.resume.view import Since

_MOST = 1000  # commits that are counted
_COMMIT = re.compile(r'[0-9a-f]{7,64}')
_TOUCHED = re.compile(r'^[-*+][ \t]+(`+) ?([^`\n\0]+?) ?\1', re.MULTILINE)
_TITLES = ('Files Touched', 'Files changed')


def _commits(repo: Repo, base: str, own_note: str, emails: Collection[str]) -> tuple[int, int, bool]:
    """Return how many commits came after `base`, the note's own left out, how many of others, and whether its own comes right after it."""
    lines = git.git('log', f'-n{_MOST}', '--no-merges', '--no-show-signature', '--format=%H %aE%x00%P', f'{base}..HEAD', '--',
                    cwd=repo.root).lines
    rows = [(*who.partition(' ')[::2], parents) for who, _, parents in (line.partition('\0') for line in lines)]
    authors = [email.casefold() for oid, email, _ in rows if oid != own_note]
    is_next = any(oid == own_note and parents == base for oid, _, parents in rows)
    return len(authors), sum(email not in emails for email in authors), is_next


def touched(body: str) -> tuple[str, ...]:
    """Return the paths that a note's Files Touched names."""
    return tuple(dict.fromkeys(found[2] for found in _TOUCHED.finditer(heads.section(body, _TITLES))))


def _streams(head: Head, streams: Mapping[str, Stream]) -> tuple[tuple[str, str, str], ...]:
    by_name = {stream.name.casefold(): stream for stream in streams.values()}
    found = [(name, by_name.get(name.casefold())) for name in head.workstreams]
    return tuple((name, (one.status or 'no status') if one else '', one.entry if one else '') for name, one in found)


def since(repo: Repo, head: Head, body: str, own_note: str, emails: Collection[str],
          streams: Mapping[str, Stream]) -> Since:
    """Return the drift since the note `head` with the text `body`; `own_note` is the commit that carries it, or empty."""
    told = head.commit if _COMMIT.fullmatch(head.commit) else ''
    wanted = told or own_note
    base = (git_refs.resolve(repo, wanted) if wanted else None) or (git_refs.resolve(repo, own_note) if own_note else None)
    paths = touched(body)
    if base is None or git_refs.resolve(repo, 'HEAD') is None:
        return Since(wanted, None, 0, is_bounded=False, touched=paths, changed=(), streams=_streams(head, streams))
    count, others, is_next = _commits(repo, base, own_note, {email.casefold() for email in emails})
    changed = git.git('diff-tree', '-r', '-z', '--name-only', '--no-renames', own_note if is_next else base, 'HEAD', '--', *git.pathspec(paths),
                      cwd=repo.root) if paths else None
    return Since(base, count, others, is_bounded=count >= _MOST - 1, touched=paths,
                 changed=tuple(git.zsplit(changed.out)) if changed else (), streams=_streams(head, streams))
