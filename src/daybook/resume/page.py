"""The page that `resume --write` keeps for agents without a shell."""
from __future__ import annotations

import os
from urllib.parse import unquote

from daybook.errors import FatalError
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.resume.view import LastNote

MARK = '<!-- written by daybook resume: edits are lost -->\n'


def write(repo: Repo, path: str, text: str) -> str:
    """Write `text` below the mark to `path` of the user's; return the path from the root.

    Raises FatalError, with the file as it was, when git tracks it, somebody else wrote it, or it is no place for one.
    """
    relative = files.within(repo.root, path)
    absolute = files.inside(repo.root, relative)
    name = printable(relative)
    if os.path.lexists(absolute) and not os.path.isfile(absolute):
        raise FatalError(f'no file: {name}; name one that can be written')
    if git_status.tracked_files(repo, *git.pathspec([relative])):
        raise FatalError(f'git tracks {name}, and a page changes with every run; name an untracked file')
    old = files.read_bytes(absolute)
    if old and not old.startswith(MARK.encode()):
        raise FatalError(f'daybook did not write {name}; name another file, nothing was written')
    try:
        os.makedirs(os.path.dirname(absolute), exist_ok=True)
        files.write_atomic(absolute, (MARK + text).encode('utf-8', 'backslashreplace'))
    except OSError as error:
        raise FatalError(f'cannot write {name}: {error.strerror}; make room or the folder writable') from error
    return relative


def quoted_at(page: str, note: LastNote) -> LastNote:
    """Return the note with the relative links of its quotes as they must be in the file `page`; paths are from the root.

    A note that lies on a branch only keeps them: here they lead nowhere.
    """
    if note.branch:
        return note
    return note._replace(quotes=tuple(quote._replace(text=_led(quote.text, note.source, page)) for quote in note.quotes))


def _led(text: str, source: str, page: str) -> str:
    """Return `text` with the links of the file `source` leading on from `page`; as it is where that cannot be proven."""
    from daybook.documents import markdown
    from daybook.documents import tree
    from daybook.rules import link_repair
    from daybook.rules import targets

    edits = []
    for link in markdown.links(text):
        written = unquote(link_repair.written_path(link), errors='surrogateescape')
        place = tree.join(tree.folder_of(source), written)
        if link.kind != 'wikilink' and written and targets.is_relative(link.target) and not written.startswith('/') and place is not None:
            edits += link_repair.retargeted(text, link, tree.relative(page, place))
    after = link_repair.apply(text, edits)
    return after if link_repair.is_proven(text, after, edits) else text


def is_ignored(repo: Repo, relative: str) -> bool:
    """Return whether git leaves the page alone."""
    return bool(git_status.ignored(repo, [relative]))
