"""Hand-offs that were committed here and could not be pushed: which of the commits ahead are theirs, and may go with the next."""
from __future__ import annotations

from collections.abc import Mapping

from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.document import Document
from daybook.handoff import facts as git_facts
from daybook.handoff import history
from daybook.handoff import remake
from daybook.handoff.history import Record
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.session.operators import Operator


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


def _has_people_words(repo: Repo, settings: Settings, record: Record) -> bool:
    """Whether a commit changes a workstream by more than entries of its Session Log: that text is somebody's."""
    kinds = ((row.path, kind_of(settings, row.path)) for row in record.rows)
    paths = [path for path, kind in kinds if kind and kind.name == 'workstream']
    before, after = (git_objects.read_blobs(repo, [f'{side}:{path}' for path in paths if '\n' not in path])
                     for side in (f'{record.commit.oid}^', record.commit.oid))
    return any(new is None or old is None or remake.merge('log', (), old, new, old) is None for old, new in zip(before, after))


def _note(repo: Repo, settings: Settings, operator: Operator, record: Record) -> str | None:
    """Return the id of the note when a commit is a hand-off of `operator` as it was made, else None."""
    paths = sorted({path for row in record.rows for path in (row.path, row.old) if path and '\n' not in path})
    notes = [path for path in paths if (kind := kind_of(settings, path)) and kind.name == 'session']
    if not git_facts.is_hand_off(settings, record) or not notes or _has_people_words(repo, settings, record):
        return None
    before = _documents(repo, settings, f'{record.commit.oid}^', notes)
    after = _documents(repo, settings, record.commit.oid, notes)
    is_new = len(after) == 1 and all(note.is_stub for note in before)  # a placeholder may have been committed before
    return after[0].identity if is_new and _is_as_written(after[0], operator) else None


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
