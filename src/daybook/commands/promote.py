"""promote: make a learning of a session a document of its own, linked from its note and back."""
from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence

from daybook.checks import as_of
from daybook.documents import config
from daybook.documents import document
from daybook.documents.config import Settings
from daybook.documents.document import Document
from daybook.errors import FatalError
from daybook.errors import UsageError
from daybook.lifecycle import maps
from daybook.lifecycle import promoting
from daybook.lifecycle.promoting import Learning
from daybook.problem import add_line
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='daybook promote', description=__doc__)
    parser.add_argument('session', metavar='SESSION', help='the id of a note, or its file')
    parser.add_argument('numbers', metavar='N', nargs='*', type=int, help='which of its learnings (default: the only one, else list them)')
    parser.add_argument('--all', action='store_true', help='all that are not kept yet')
    parser.add_argument('--title', help='the title of the document (default: the first sentence)')
    parser.add_argument('--dry-run', action='store_true', help='list what would be made and write nothing')
    as_of.add(parser, argparse.SUPPRESS)
    return parser.parse_args(argv)


def _note(repo: Repo, settings: Settings, named: str) -> Document:
    path = files.within(repo.root, named) if os.path.isfile(named) else None
    notes = [doc for doc in document.read_all(repo, settings) if doc.kind.name == 'session']
    found = [doc for doc in notes if doc.path == path] or [doc for doc in notes if named in (doc.meta.get('id'), doc.stem)]
    if not found:
        raise FatalError(f'no such note: {printable(named)}; give the id or the file of a tracked one')
    if len(found) > 1:
        raise FatalError(f'several notes have the id {printable(named)}; name the file: {", ".join(doc.path for doc in found)}')
    if found[0].is_stub or found[0].parsed.error:
        raise FatalError(f'{found[0].path} is {"a claim that nobody has filled" if found[0].is_stub else "broken"}; '
                         'mend it first, `daybook validate-frontmatter` tells how')
    return found[0]


def _list(found: Sequence[Learning], session: str) -> int:
    for number, each in enumerate(found, 1):
        print(printable(f'{number}. {each.title}' + (f' (kept as {each.kept})' if each.kept else '')))
    if any(not each.kept for each in found):
        print(printable(f'promote: keep one with `daybook promote {shlex.quote(session)} N`, or all with `--all`'))
    return 0


def _wanted(found: Sequence[Learning], options: argparse.Namespace) -> list[int]:
    """Return the places of the learnings to keep. Raises UsageError for one that is not there."""
    if any(not 1 <= number <= len(found) for number in options.numbers):
        raise UsageError(f'no learning of this number; the note has {len(found)}')
    if options.numbers:
        return [number - 1 for number in dict.fromkeys(options.numbers)]
    return list(range(len(found))) if options.all or len(found) == 1 else []


def _keep(repo: Repo, settings: Settings, note: Document, places: Sequence[int], options: argparse.Namespace) -> list[str]:
    """Keep the learnings at these places; return the paths that were written."""
    written: list[str] = []
    for place in places:
        learning = promoting.learnings(settings, note)[place]
        title = ' '.join((options.title or learning.title).split())
        kept = promoting.keep(repo, settings, note, learning, title, options.as_of)
        promoting.write(repo, note, kept)
        print(printable(f'{kept.path}: {title}'))
        written.append(kept.path)
        note = document.from_bytes(note.path, note.kind, kept.note)
    return written


def main(argv: Sequence[str] | None = None) -> int:
    """List the learnings of a note, or make documents of them; print the `git add` for what was written."""
    options = _arguments(argv)
    repo = git.find_repo()
    settings = config.load(repo.root)
    note = _note(repo, settings, options.session)
    found = promoting.learnings(settings, note)
    if not found:
        raise FatalError(f'{note.path} has no learnings; a section `## {promoting.TITLE}` holds them')
    chosen = _wanted(found, options)
    for place in chosen:
        if found[place].kept:
            print(printable(f'kept already: {found[place].kept}'))
    chosen = [place for place in chosen if not found[place].kept]
    if options.title and len(chosen) != 1:
        raise UsageError('--title is for one learning; give its number')
    if options.dry_run or not chosen:
        return _list(found, options.session) if options.dry_run or not (options.numbers or options.all or len(found) == 1) else 0
    if git.is_in_git_hook():
        raise FatalError('promote cannot run inside another git hook; run it by hand')
    written = _keep(repo, settings, note, chosen, options)
    come = {*written, *promoting.indexed(repo, settings)}
    written += [note.path, *promoting.write_maps(repo, maps.writes(repo, settings, gone=(), come=come))]
    print(printable(add_line(repo.root, sorted(set(written)), os.getcwd())))
    return 0
