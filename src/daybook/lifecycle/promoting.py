"""`daybook promote`: a learning of a note becomes a document that outlives the session, linked both ways."""
from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents import link_facts
from daybook.documents import markdown
from daybook.documents import schema
from daybook.documents import tree
from daybook.documents import zones
from daybook.documents.config import Settings
from daybook.documents.config import kind_of
from daybook.documents.document import Document
from daybook.documents.file_names import stem_of
from daybook.documents.percent import encoded
from daybook.errors import FatalError
from daybook.governance import records
from daybook.lifecycle import journal
from daybook.lifecycle import relocating
from daybook.lifecycle.journal import Write
from daybook.lifecycle.relocating import Ground
from daybook.repo import files
from daybook.repo import git_objects
from daybook.repo import git_status
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.rules import link_repair
from daybook.rules.links import Names
from daybook.rules.zones import Zones
from daybook.writers import promotion
from daybook.writers.promotion import Item

TITLE = 'Learnings'
_MOST = 99  # learnings of one name
_SURROGATE = re.compile('[\ud800-\udfff]')  # a byte that is no UTF-8


class Learning(NamedTuple):
    """One learning of a note, and the document that was made of it, `` for none."""

    item: Item
    title: str
    kept: str


class Kept(NamedTuple):
    """The document of a learning: where it is, its bytes (None: it is there already), and the note afterwards."""

    path: str
    data: bytes | None
    note: bytes


def titles(settings: Settings) -> tuple[str, ...]:
    """Return the titles under which notes have their learnings."""
    return (TITLE, *dict(settings.kind('session').section_aliases).get(TITLE, ()))


def _body(note: Document) -> str:
    return note.data[frontmatter.body_offset(note.data):].decode('utf-8', 'surrogateescape')


def _document_of(settings: Settings, note: Document, item: Item) -> str:
    """Return the learning that the text of an item links to."""
    for link in markdown.links(item.text.encode('utf-8', 'replace').decode()):
        path = tree.join(posixpath.dirname(note.path), link_repair.written_path(link)) or ''
        kind = kind_of(settings, path) if not link_facts.is_elsewhere(link.target) else None
        if kind is not None and kind.name == 'learning':
            return path
    return ''


def learnings(settings: Settings, note: Document) -> list[Learning]:
    """Return the learnings of a note, in order."""
    return [Learning(item, promotion.title_of(item), _document_of(settings, note, item))
            for item in promotion.items(_body(note), titles(settings))]


def _text(repo: Repo, note: Document, item: Item, path: str) -> str:
    """Return the text of an item as it reads at `path`, its links mended."""
    if _SURROGATE.search(item.text):
        raise FatalError(f'{note.path} is not UTF-8 in this learning; convert it first')
    names = frozenset(git_status.tracked_files(repo))
    ground = Ground({}, Names(()), names, frozenset(tree.Tree(names).folders))
    whole = markdown.links(_body(note).encode('utf-8', 'replace').decode())
    if sum(item.start <= link.start < item.end for link in whole) != len(markdown.links(item.text)):
        raise FatalError(f'{note.path}: this learning uses links that are defined elsewhere in the note; write them out in it first')
    return relocating.relocated(ground, note.path, path, item.text.encode()).data.decode()


def _zone(repo: Repo, settings: Settings, note: Document, path: str) -> dict[str, str]:
    """Return the key that keeps a learning in the zone of its note, where its folder does not."""
    found = records.read(repo, settings, listing.read(repo.root, is_in_commit=False), [note.path])
    step = Zones({record.path: record for record in found}.values(), settings.zones_default, settings.zones_folders).of(note.path)
    here = zones.combined(None, path, settings.zones_default, settings.zones_folders)
    return {'zone': zones.LADDER[step]} if step > here else {}


def _meta(note: Document, learning: Learning, title: str, stem: str, today: str) -> dict[str, Any]:
    owner = note.meta.get('operator') or note.meta.get('owner')
    taken = {'owner': owner, 'workstream': note.meta.get('workstream'), 'tags': note.meta.get('tags')}
    return {'title': title, 'summary': promotion.summary_of(learning.item), **{key: value for key, value in taken.items() if value},
            'session': note.identity, 'kind': 'learning', 'id': stem, 'status': 'active', 'created': today}


def _free_path(repo: Repo, settings: Settings, note: Document, stem: str, wanted: Item) -> tuple[str, bool]:
    """Return where a learning goes, and whether a run that was cut short has made it there already."""
    folder = settings.kind('learning').folder
    if not settings.kind('learning').paths:
        raise FatalError('no folder of learnings; name one under `kinds.learning.paths`')
    on_disk = {tree.folded(name.rsplit('.', 1)[0]) for name in _names_in(repo, folder)}
    taken = {tree.folded(stem_of(path)) for path in git_status.tracked_files(repo) if _is_learning(settings, path)} | on_disk
    for number in range(1, _MOST + 1):
        name = stem if number == 1 else f'{stem}-{number}'
        path = posixpath.join(folder, f'{name}.md')
        data = files.read_bytes(files.inside(repo.root, path))
        if data is not None and frontmatter.parse(data).meta.get('session') == note.identity \
                and promotion.says(data, _text(repo, note, wanted, path)):
            return path, True
        if tree.folded(name) not in taken:
            return path, False
    raise FatalError(f'{_MOST} learnings are called {stem}; give another title with `--title`')


def _names_in(repo: Repo, folder: str) -> list[str]:
    place = os.path.join(repo.root, folder)
    return os.listdir(place) if os.path.isdir(place) else []


def _is_learning(settings: Settings, path: str) -> bool:
    kind = kind_of(settings, path)
    return kind is not None and kind.name == 'learning'


def keep(repo: Repo, settings: Settings, note: Document, learning: Learning, title: str, today: str) -> Kept:
    """Return the document of one learning, and the note with the link to it. Raises FatalError when it cannot be."""
    stem = promotion.name_of(title) or promotion.name_of(f'{note.identity}-learning')
    path, is_there = _free_path(repo, settings, note, stem, learning.item)
    if not _is_learning(settings, path):
        raise FatalError(f'{path} would be no learning; mend `kinds.learning.paths`')
    text = _text(repo, note, learning.item, path)
    link = f'[{_words(title)}]({encoded(tree.relative(note.path, path))})'
    try:
        after = promotion.kept(note.data, learning.item, link)
    except FatalError as error:
        raise FatalError(f'{note.path}: {learning.title}: {error}') from error
    if is_there:
        return Kept(path, None, after)
    meta = {**_meta(note, learning, title, stem_of(path), today), **_zone(repo, settings, note, path)}
    source = f'[{_words(document.title_of(note))}]({encoded(tree.relative(path, note.path))})'
    whole = promotion.document(meta, schema.property_order('learning'), text, source)
    return Kept(path, git_objects.round_trip(repo, path, whole.encode()), after)


def _words(title: str) -> str:
    return title.replace('\\', '\\\\').replace('[', '\\[').replace(']', '\\]')


def write(repo: Repo, note: Document, kept: Kept) -> None:
    """Write the learning, never over a file, and then the note. Raises FatalError when the note has changed meanwhile."""
    place = files.inside(repo.root, note.path)
    if files.read_bytes(place) != note.data:
        raise FatalError(f'{note.path} changed while this ran; run it again')
    if kept.data is not None:
        journal.create(files.inside(repo.root, kept.path), kept.path, kept.data)
    files.write_atomic(place, kept.note)


def indexed(repo: Repo, settings: Settings) -> list[str]:
    """Return the learnings that nobody has added yet and that their index names, as an earlier run made them."""
    folder = settings.kind('learning').folder
    data = files.read_bytes(os.path.join(repo.root, folder, 'INDEX.md')) or b''
    return [path for path in git_status.untracked_files(repo, f':(top,literal){folder}' if folder else ':(top)')
            if _is_learning(settings, path) and f'({encoded("./" + posixpath.basename(path))})'.encode() in data]


def write_maps(repo: Repo, writes: Sequence[Write]) -> list[str]:
    """Write indexes and overview; return their paths."""
    for each in writes:
        place = files.inside(repo.root, each.path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        files.write_atomic(place, each.after or b'')
    return [each.path for each in writes]
