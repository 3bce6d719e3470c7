"""Hand-offs that were committed here and could not be pushed: which of the commits ahead are theirs, and may go with the next."""
from __future__ import annotations

import posixpath
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.document import Document
from daybook.handoff import contents
from daybook.handoff import facts as git_facts
from daybook.handoff import history
from daybook.handoff import remake
from daybook.handoff.history import Record
from daybook.handoff.made import words
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.session.operators import Operator
from daybook.writers import indexes


def _documents(repo: Repo, settings: Settings, commit: str, paths: list[str]) -> list[Document]:
    """Return those of the documents `paths` that a commit holds."""
    found = git_objects.read_blobs(repo, [f'{commit}:{path}' for path in paths])
    kinds = (kind_of(settings, path) for path in paths)
    return [document.from_bytes(path, kind, data) for path, kind, data in zip(paths, kinds, found) if kind and data is not None]


def _is_as_written(note: Document, operator: Operator) -> bool:
    """Whether a note is one of `operator` as a hand-off has left it: the hash of its text, which nobody writes by hand, agrees."""
    meta = note.meta
    return (note.stem.startswith(note.identity) and meta.get('id') == note.identity and meta.get('operator') == operator.slug
            and 'telemetry' in meta and meta.get('content_hash') == frontmatter.content_hash(note.data))


def _entries(settings: Settings, note: Document, path: str) -> dict[str, Sequence[str]]:
    """Return what the hand-off of a note puts into the file `path`, by the roles that the file may have."""
    title, day, kind = str(note.meta.get('title')), str(note.meta.get('created')), kind_of(settings, path)
    if kind and kind.name == 'workstream':
        target = posixpath.relpath(note.path, posixpath.dirname(path) or '.')
        return {'log': (note.identity, target if target.startswith('.') else f'./{target}', day, title)}
    if path == settings.handoff_changelog:
        return {'changelog': (f'{note.identity}: {title}',)}
    if path == settings.handoff_action_log:
        return {'actions': (day, str(note.meta.get('operator')), 'handoff', note.identity, title)}
    entry = contents.index_entry(settings, path, note.path, title)
    return {'index': entry, 'overview': entry} if path == settings.indexes_overview else {'index': entry}


def _is_as_made(settings: Settings, note: Document, path: str, old: bytes | None, new: bytes | None) -> bool:
    """Whether a file has, since `old`, nothing new but what the hand-off puts there, whatever fixers made of its blanks and marks.

    The lines of an index may stand in another order: a rebase puts them together.
    """
    if new is None:
        return False
    for role, entry in _entries(settings, note, path).items():
        # what a hand-off finds no index of, it makes of all documents: of those lines alone
        base = indexes.updated(new.decode('utf-8', 'surrogateescape'), (), ()).encode('utf-8', 'surrogateescape') \
            if role == 'index' and old is None else old or b''
        made = words(remake.insert(role, entry, base))
        if made == words(new) or role == 'index' and sorted(made) == sorted(words(new)):
            return True
    return False


def _has_people_words(repo: Repo, settings: Settings, record: Record, note: Document) -> bool:
    """Whether a commit holds more than its note, the tracked pages, and what the hand-off puts into other files: that text is somebody's."""
    pages = f'{settings.render_folder}/' if settings.render_tracked else None
    paths = [row.path for row in record.rows if row.path != note.path and not (pages and row.path.startswith(pages))]
    if any('\n' in path for path in paths):
        return True
    before, after = (git_objects.read_blobs(repo, [f'{side}:{path}' for path in paths])
                     for side in (f'{record.commit.oid}^', record.commit.oid))
    return not all(_is_as_made(settings, note, *row) for row in zip(paths, before, after))


def _note(repo: Repo, settings: Settings, operator: Operator, record: Record) -> str | None:
    """Return the id of the note when a commit is a hand-off of `operator` as it was made, else None."""
    paths = sorted({path for row in record.rows for path in (row.path, row.old) if path and '\n' not in path})
    notes = [path for path in paths if (kind := kind_of(settings, path)) and kind.name == 'session']
    if not git_facts.is_hand_off(settings, record) or not notes:
        return None
    before = _documents(repo, settings, f'{record.commit.oid}^', notes)
    after = _documents(repo, settings, record.commit.oid, notes)
    is_new = len(after) == 1 and all(note.is_stub for note in before)  # a placeholder may have been committed before
    if not is_new or not _is_as_written(after[0], operator) or _has_people_words(repo, settings, record, after[0]):
        return None
    return after[0].identity


def _is_made_by_git(repo: Repo, commit: str) -> bool:
    """Whether a commit is a merge that holds nothing but what git makes of its two sides."""
    sides = git.expect('rev-parse', f'{commit}^@', cwd=repo.root).lines
    if len(sides) != 2:
        return False
    made = git.git('merge-tree', '--write-tree', '--no-messages', *sides, cwd=repo.root, env=git.clean_env())
    return made.is_ok and made.text == git.expect('rev-parse', f'{commit}^{{tree}}', cwd=repo.root).text


def unpushed(repo: Repo, settings: Settings, operator: Operator, operators: Mapping[str, Operator], *, seen: str,
             commit: str) -> dict[str, str]:
    """Return the commits in `seen..commit` that `operator` made by handing off, oldest first, each with the id of its note.

    With them go the merges that git made of them and what others have pushed; those have no id. Whatever else somebody
    did to such a commit, before or after, makes it none. Merges are known by git 2.38 and later.
    """
    records = history.read(repo, f'{seen}..{commit}')
    tip = next((record for record in records if record.commit.oid == commit), None)
    own = git_facts.own(records, operator, operators)
    found = {}
    for record in records:
        # an agent may commit under an address that nobody has listed: as it has committed this hand-off
        if record is tip or not (record in own or tip and record[1:3] == tip[1:3]):
            continue
        note = _note(repo, settings, operator, record)
        if note or not record.rows and _is_made_by_git(repo, record.commit.oid):
            found[record.commit.oid] = note or ''
    return found
