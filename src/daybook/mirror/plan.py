"""The plan of a sync, pure: documents and rows in, steps with their reasons out."""
from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from daybook.mirror.adapter import MIRRORED
from daybook.mirror.adapter import Fields
from daybook.mirror.adapter import Row
from daybook.mirror.adapter import Value

WRITING = ('create', 'update', 'archive')
WRONG = ('conflict', 'duplicate')
ACTIONS = (*WRITING, 'skip', *WRONG, 'blocked')
OVERRIDE = 'manual_override'
LINKING = 'linking'  # the status of a page that has come and that others are yet to link to
UNCHANGED = 'unchanged'  # the reason of a skip

_PAGE_ID = re.compile(r'[0-9a-f]{32}')


class Page(NamedTuple):
    """What the mirror shall show of one document.

    `fields` are the MIRRORED ones, less those that another store owns: they are not looked at. `{commit}` in
    `source` stands for the commit that is mirrored.
    `page_id` and `sync_status` are what its frontmatter says. `excluded` says why the mirror does not
    take the document (a page that it has goes), `blocked` why it cannot be said what to show (a page stays).
    """

    external_id: str
    path: str
    fields: Fields
    content_hash: str
    page_id: str = ''
    sync_status: str = ''
    excluded: str = ''
    blocked: str = ''

    def field(self, name: str, commit: str) -> Value:
        """Return a field as the mirror has it when it shows `commit`."""
        value = self.fields.get(name, '')
        return value.replace('{commit}', commit) if name == 'source' and isinstance(value, str) else value

    def at(self, commit: str) -> dict[str, Value]:
        """Return all mirrored fields as of `commit`."""
        return {name: self.field(name, commit) for name in MIRRORED if name in self.fields}


class Step(NamedTuple):
    """What is done about one document or row, and why; `has_body` tells that the content is written too.

    `relinks` are documents that come to the mirror or leave it: nothing but the links to them changes here.
    """

    action: str
    external_id: str
    reason: str
    page: Page | None = None
    row: Row | None = None
    has_body: bool = False
    relinks: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The document, `` for a row that has none."""
        return self.page.path if self.page else ''


class Context(NamedTuple):
    """What a decision needs besides a page and its rows.

    `commits` are all that the mirrored commit contains; `local` the External IDs of all documents.
    """

    commits: Collection[str]
    local: Collection[str]


def bare_id(page_id: str) -> str:
    """Return a page id without its dashes, in small letters."""
    return page_id.replace('-', '').strip().lower()


def differences(page: Page, row: Row) -> tuple[list[str], bool]:
    """Return why `row` does not show `page`, and whether its content must be written."""
    reasons, has_body = [], True
    if not row.is_ours:
        reasons.append('edited by hand in the mirror')
    elif not row.get('content_hash'):
        reasons.append('not finished')
    elif row.get('content_hash') != page.content_hash:
        reasons.append('content changed')
    else:
        has_body = False
    commit = str(row.get('source_commit'))
    changed = [name for name, value in page.at(commit).items() if row.get(name) != value]
    if row.get('external_id') != page.external_id:
        changed.insert(0, 'external_id')
    if changed:
        reasons.append(f'{", ".join(changed)} changed')
    if not reasons and row.get('sync_status') != 'synced':
        reasons.append('not finished')
    return reasons, has_body


def _is_newer(row: Row, context: Context) -> bool:
    commit = row.get('source_commit')
    return bool(commit) and commit not in context.commits


def _excluded(page: Page, row: Row | None, context: Context) -> Step:
    if row is None or row.in_trash:
        return Step('blocked', page.external_id, page.excluded, page)
    if row.get('sync_status') == OVERRIDE:
        return Step('skip', page.external_id, f'{page.excluded}; but the page says {OVERRIDE}', page, row)
    if _is_newer(row, context):
        return Step('conflict', page.external_id, _newer(row), page, row)
    return Step('archive', page.external_id, page.excluded, page, row)


def _newer(row: Row) -> str:
    return f'the page shows commit {str(row.get("source_commit"))[:12]}, which this one does not contain; pull first'


def _own(page: Page, found: Sequence[Row], named: Row | None, context: Context) -> Row | str | None:
    """Return the row of a page, None for none, or why that cannot be told.

    `found` have its External ID, `named` is the page that its frontmatter names.
    """
    live = [row for row in found if not row.in_trash]
    if len(live) > 1:
        return f'{len(live)} pages have this External ID: {", ".join(sorted(row.page_id for row in live))}; keep one of them'
    if named is not None and live and named.page_id != live[0].page_id and not named.in_trash:
        return f'the frontmatter names page {named.page_id}, and the External ID stands on page {live[0].page_id}'
    if live:
        return live[0]
    if named is None:
        return max((row for row in found if row.in_trash), key=lambda row: row.edited, default=None)
    other = str(named.get('external_id'))
    if other and other != page.external_id and other in context.local:
        return f'the frontmatter names page {named.page_id}, which belongs to {other}'
    return named


def decide(page: Page, found: Sequence[Row], named: Row | None, context: Context) -> Step:
    """Return what to do about one document.

    `found` are the rows with its External ID, `named` the row that its `notion_page_id` names, in the trash or not.
    """
    if page.sync_status == OVERRIDE:
        return Step('skip', page.external_id, f'{OVERRIDE}: a person keeps the page', page)
    if page.blocked:
        return Step('blocked', page.external_id, page.blocked, page)
    if page.page_id and not _PAGE_ID.fullmatch(bare_id(page.page_id)):
        return Step('blocked', page.external_id, f'notion_page_id is `{page.page_id}`, which is no page; a person settles it', page)
    row = _own(page, found, named, context)
    if isinstance(row, str):
        return Step('duplicate' if row[0].isdigit() else 'conflict', page.external_id, row, page)
    if page.excluded:
        return _excluded(page, row, context)
    if row is None:
        return Step('create', page.external_id, 'no page has its External ID', page, has_body=True)
    if row.get('sync_status') == OVERRIDE:
        return Step('skip', page.external_id, f'the page says {OVERRIDE}: a person keeps it', page, row)
    reasons, has_body = differences(page, row)
    if row.in_trash:
        reasons, has_body = ['was put in the trash by hand', *reasons], True
    if not reasons:
        return Step('skip', page.external_id, UNCHANGED, page, row)
    if _is_newer(row, context):
        return Step('conflict', page.external_id, _newer(row), page, row)
    return Step('update', page.external_id, '; '.join(reasons), page, row, has_body)


def _orphan(row: Row, context: Context, *, is_sure: bool) -> Step:
    """Return what to do about a row that no document has."""
    external_id = str(row.get('external_id'))
    if row.get('sync_status') == OVERRIDE:
        return Step('skip', external_id, f'no document has it, and the page says {OVERRIDE}', row=row)
    if not row.get('source_commit') or _is_newer(row, context):
        return Step('blocked', external_id, 'no document has it, and no commit here made the page; left alone', row=row)
    if not is_sure:
        return Step('blocked', external_id, 'no document has it, but some cannot be read; left alone until they can', row=row)
    return Step('archive', external_id, 'the document is gone', row=row)


def _twins(pages: Iterable[Page]) -> Mapping[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for page in pages:
        paths.setdefault(page.external_id, []).append(page.path)
    return {external_id: found for external_id, found in paths.items() if len(found) > 1}


def make(pages: Sequence[Page], rows: Iterable[Row], commits: Collection[str]) -> list[Step]:
    """Return a step for each document, in order of path, and for each row that has none."""
    by_external: dict[str, list[Row]] = {}
    by_page: dict[str, Row] = {}
    for row in rows:
        by_external.setdefault(str(row.get('external_id')), []).append(row)
        by_page[bare_id(row.page_id)] = row
    context = Context(commits, {page.external_id for page in pages})
    twins = _twins(pages)
    steps, used = [], set()
    for page in sorted(pages, key=lambda page: page.path):
        found, named = by_external.get(page.external_id, []), by_page.get(bare_id(page.page_id))
        used |= {row.page_id for row in [*found, *([named] if named else [])]}
        others = [path for path in twins.get(page.external_id, ()) if path != page.path]
        if others:
            reason = f'{", ".join(others)} has the External ID {page.external_id} too; give one of them another external_id'
            steps.append(Step('duplicate', page.external_id, reason, page))
        else:
            steps.append(decide(page, found, named, context))
    is_sure = not any(page.blocked for page in pages)
    lost = [row for external_id, found in sorted(by_external.items()) for row in found
            if external_id and row.page_id not in used and not row.in_trash]
    return steps + [_orphan(row, context, is_sure=is_sure) for row in lost]


def chosen(steps: Iterable[Step], paths: Collection[str] | None) -> list[Step]:
    """Return the steps of some documents; None is all, and only then rows without a document are looked at."""
    return [step for step in steps if paths is None or step.page and step.path in paths]


def moving(steps: Iterable[Step]) -> set[str]:
    """Return the documents whose page comes, comes back, goes, or came in a run that ended before all linked to it."""
    return {step.path for step in steps if step.page and (step.action in ('create', 'archive') or step.action == 'update' and step.row and (
        step.row.in_trash or step.row.get('sync_status') == LINKING))}


def relinked(steps: Iterable[Step], links: Mapping[str, Collection[str]]) -> list[Step]:
    """Return the steps for the pages that show what they should, but for links to documents that come or go.

    `steps` are those of all documents, `links` tells which of the moving ones a document links to.
    """
    found = []
    for step in steps:
        targets = tuple(sorted(links.get(step.path, ())))
        if targets and step.action == 'skip' and step.reason == UNCHANGED and step.page:
            reason = f'links to {", ".join(targets)}, whose page comes or goes'
            found.append(step._replace(action='update', reason=reason, has_body=True, relinks=targets))
    return found
