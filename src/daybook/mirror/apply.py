"""Carries out the steps of a plan, one after the other: asks before each write, and again after each doubt."""
from __future__ import annotations

import datetime
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

from daybook.mirror import pace
from daybook.mirror import plan
from daybook.mirror.adapter import Doubtful
from daybook.mirror.adapter import Mirror
from daybook.mirror.adapter import Rejected
from daybook.mirror.adapter import Row
from daybook.mirror.adapter import Stopped
from daybook.mirror.adapter import Unseen
from daybook.mirror.adapter import Value
from daybook.mirror.memory import Memory
from daybook.mirror.pace import Pace
from daybook.mirror.plan import Context
from daybook.mirror.plan import Page
from daybook.mirror.plan import Step
from daybook.mirror.plan import bare_id

_NOT_LINKED = 'a page that links to it could not be written; the next run tries again'
_MOST_FAILED = 3  # documents in a row that the mirror does not answer for: it is down

Text = Callable[[Page], tuple[str, bool]]  # the text of a page, and whether it links to a page that is yet to be made


class Outcome(NamedTuple):
    """What became of a step: `action` is what was done, or `failed`; `row` is the page as it is now."""

    step: Step
    action: str
    reason: str
    row: Row | None = None


class Applier:
    """`text` renders, `commit` is what the pages show afterwards, `settle` as in memory.SETTLE."""

    def __init__(self, mirror: Mirror, rhythm: Pace, memory: Memory, context: Context, commit: str, text: Text, settle: float) -> None:
        self._mirror, self._pace, self._memory, self._context = mirror, rhythm, memory, context
        self._commit, self._text, self._settle = commit, text, settle
        self._held: set[str] = set()  # documents that others must link to before their pages are whole
        self._marked: set[str] = set()  # documents whose pages say that they are not whole
        self.settled: list[tuple[str, str]] = []  # documents with the page that was made, or `` for those refused

    def run(self, steps: Sequence[Step]) -> Iterator[Outcome]:
        """Yield what became of each step that writes. Raises Stopped; what was yielded before is done."""
        failed = 0
        for outcome in self._outcomes(steps):
            failed = failed + 1 if outcome.action == 'failed' and outcome.row is None else 0
            yield outcome
            if failed == _MOST_FAILED:
                raise Stopped(f'{_MOST_FAILED} documents in a row failed; the last: {outcome.reason}')

    def _outcomes(self, steps: Sequence[Step]) -> Iterator[Outcome]:
        """Do the steps in an order in which no link stays old, killed wherever.

        A page that others link to becomes whole only after them, and goes only after them: so the next
        run sees by it that their links are old.
        """
        self._held = {path for step in steps for path in step.relinks}
        linking = [step for step in steps if step.relinks]
        told: set[str] = set()
        waiting = []
        for step in steps:
            if step.relinks or step.action == 'archive':
                continue
            first = outcome = self._one(step)
            if outcome.action == 'waits' and step.path in self._held:
                is_linked = yield from self._linked(step.path, linking, told)
                outcome = _as(first, self._one(first.step)) if is_linked else Outcome(step, 'failed', _NOT_LINKED, first.row)
            if outcome.action == 'waits':
                waiting.append(first)
            else:
                yield outcome
        for first in waiting:
            yield _as(first, self._one(first.step, is_last=True))
        for step in steps:
            if step.action == 'archive':
                is_linked = yield from self._linked(step.path, linking, told)
                yield self._one(step) if is_linked else Outcome(step, 'failed', _NOT_LINKED, step.row)
        yield from (Outcome(step, 'skip', 'the page that it links to has not come', step.row) for step in linking if step.path not in told)

    def _linked(self, path: str, linking: Sequence[Step], told: set[str]) -> Generator[Outcome, None, bool]:
        """Write the pages anew that link to the document at `path`, and tell of each once; return whether none is in doubt."""
        is_sure = True
        for step in linking:
            if path in step.relinks:
                self._marked.discard(step.path)
                outcome = self._one(step)
                if step.path not in told:
                    yield outcome
                told.add(step.path)
                is_sure = is_sure and (outcome.action != 'failed' or outcome.row is not None)
        self._held.discard(path)
        return is_sure

    def _one(self, step: Step, *, is_last: bool = False) -> Outcome:
        """Do one step, as often as there is doubt whether it was done."""
        for attempt in range(pace.ATTEMPTS):
            try:
                outcome = self._archive(step) if step.action == 'archive' else self._put(step, is_last=is_last)
                if attempt and outcome.action == 'skip' and outcome.reason == plan.UNCHANGED:
                    return Outcome(step, step.action, step.reason, outcome.row)  # the answer was lost, not the write
                return outcome
            except Doubtful as doubt:
                if attempt + 1 == pace.ATTEMPTS:
                    return Outcome(step, 'failed', str(doubt))
                self._pace.wait(attempt, doubt.wait, str(doubt))
            except Rejected as error:
                self.settled.append((step.path, ''))
                return Outcome(step, 'failed', str(error), step.row or Row('', {}))
        raise AssertionError('unreachable')

    def _archive(self, step: Step) -> Outcome:
        assert step.row is not None
        row = self._seen(step.row.page_id)
        if row is None or row.in_trash:
            return Outcome(step, 'skip', 'is gone already', row)
        if row.get('sync_status') == plan.OVERRIDE or row.get('external_id') != step.external_id:
            return Outcome(step, 'skip', 'was changed meanwhile', row)
        return Outcome(step, 'archive', step.reason, self._mirror.set_fields(row.page_id, {}, in_trash=True))

    def _seen(self, page_id: str) -> Row | None:
        try:
            return self._mirror.get(page_id)
        except Unseen:
            return None

    def _named(self, page_id: str) -> Row | None:
        """Return the page that a document names. Raises Rejected for one that is out of sight, as a new one could be its twin.

        A table without pages is another one than that page was in.
        """
        try:
            return self._mirror.get(page_id)
        except Unseen as error:
            if not self._memory.rows:
                return None
            raise Rejected(f'its page {page_id} cannot be seen; share it again, or take `notion_page_id` out of the document to have a new one: '
                           f'{error}') from None

    def _fresh(self, step: Step) -> Step:
        """Decide again over what the mirror has now: the truth is the query, not what the plan was made of."""
        page = step.page
        assert page is not None
        found = self._mirror.find(page.external_id)
        held = {bare_id(row.page_id) for row in found}
        named = None
        # a page that the query does not give: in the trash, or without its External ID
        for page_id in {bare_id(page.page_id), bare_id(step.row.page_id if step.row else '')} - held - {''}:
            is_named = page_id == bare_id(page.page_id)
            row = self._named(page_id) if is_named and not found else self._seen(page_id)
            if row is not None and is_named:
                named = row
            elif row is not None and row.get('external_id') == page.external_id:
                found.append(row)
        return plan.decide(page, found, named, self._context)

    def _put(self, step: Step, *, is_last: bool) -> Outcome:
        page = step.page
        assert page is not None
        pause = self._memory.unsettled(page.external_id, self._pace.clock.now(), self._settle)
        if pause:
            self._pace.wait(0, pause, f'{page.external_id} may still be in the making')
        fresh = self._fresh(step)
        if step.relinks and fresh.reason == plan.UNCHANGED and page.path not in self._marked:
            fresh = step._replace(row=fresh.row)
        if fresh.row is not None and fresh.action in ('skip', 'update'):
            self.settled.append((page.path, fresh.row.page_id))  # the answer of its making may have been lost
        if fresh.action == 'create':
            return self._create(fresh, page)
        if fresh.action == 'update' and fresh.row is not None:
            return self._update(fresh, page, fresh.row, is_last=is_last)
        return Outcome(fresh, fresh.action, fresh.reason, fresh.row)

    def _done(self, page: Page) -> dict[str, Value]:
        moment = datetime.datetime.fromtimestamp(self._pace.clock.now(), datetime.timezone.utc)
        return {'content_hash': page.content_hash, 'sync_status': 'synced', 'last_synced': moment.strftime('%Y-%m-%dT%H:%M:%SZ')}

    def _begun(self, page: Page) -> dict[str, Value]:
        return {**page.at(self._commit), 'external_id': page.external_id, 'source_commit': self._commit,
                'content_hash': '', 'sync_status': plan.LINKING if page.path in self._held else 'pending'}

    def _create(self, step: Step, page: Page) -> Outcome:
        text, is_early = self._text(page)
        self._memory.begin(page.external_id, self._pace.clock.now())
        try:
            row = self._mirror.create(self._begun(page), '' if is_early else text)
        except Doubtful as doubt:
            if not doubt.is_open:  # it has been done or not, and the query will tell
                self._memory.end()
            raise
        self._memory.end()
        self.settled.append((page.path, row.page_id))
        if is_early or page.path in self._held:
            return Outcome(step._replace(row=row), 'waits', step.reason, row)
        # the hash comes last, so that a page that is not whole never passes for one
        return Outcome(step, 'create', step.reason, self._mirror.set_fields(row.page_id, self._done(page)))

    def _update(self, step: Step, page: Page, row: Row, *, is_last: bool) -> Outcome:
        self._memory.end()
        restored = False if row.in_trash else None
        if not step.has_body:
            fields = {**self._begun(page), **self._done(page)}
            return Outcome(step, 'update', step.reason, self._mirror.set_fields(row.page_id, fields, in_trash=restored))
        text, is_early = self._text(page)
        if is_early and not step.relinks:
            if row.get('sync_status') == plan.LINKING and page.path not in self._held:
                self._mirror.set_fields(row.page_id, {'sync_status': 'pending'})
            reason = 'links to a document whose page is not made yet; the next run writes it'
            return Outcome(step, 'failed', reason, row) if is_last else Outcome(step, 'waits', step.reason, row)
        # without its hash first: else a body that was half written could pass for an older one
        self._mirror.set_fields(row.page_id, self._begun(page), in_trash=restored)
        self._marked.add(page.path)
        self._mirror.set_body(row.page_id, text)
        if page.path in self._held:
            return Outcome(step, 'waits', step.reason, row)
        return Outcome(step, 'update', step.reason, self._mirror.set_fields(row.page_id, self._done(page)))


def _as(first: Outcome, final: Outcome) -> Outcome:
    """Return how a step ended that had to wait, with what it was at `first`."""
    return final._replace(action=first.step.action, reason=first.reason) if final.action in ('create', 'update') else final
