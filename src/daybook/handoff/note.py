"""The note: draft, facts and telemetry in, Markdown out."""
from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from daybook.documents import frontmatter
from daybook.documents import frontmatter_edit
from daybook.documents import markdown
from daybook.documents import schema
from daybook.documents.kinds import Kind
from daybook.handoff import change_summary
from daybook.handoff import facts as git_facts
from daybook.handoff.facts import Facts
from daybook.session.draft import CODE_SECTIONS
from daybook.session.draft import Draft
from daybook.writers import closing
from daybook.writers import inline

_MAY_BE_EMPTY = ('tags', 'commits', 'lines_added', 'lines_removed', 'tool_calls_breakdown')
_HUMAN_KEYS = ('title', 'summary', 'workstream', 'tags', 'status', 'id', 'operator', 'kind', 'created')
_MOST = 50  # commits or files in a note; the range in its head tells the rest
_SUMMARY = 300  # characters
PROMPT_WORDS = (80, 150)
_CONFIDENCE = re.compile(r'\bConfidence:\s*(?:H|M|L)\b', re.IGNORECASE)


def summary_of(draft: Draft) -> str:
    """Return the one-line summary: the key as it stands, else the first paragraph of the section as readers see it, cut at a word."""
    given = draft.meta.get('summary')
    text = given if isinstance(given, str) and given.strip() else markdown.plain_text(draft.section('Summary').split('\n\n')[0])
    flat = inline.one_line(text) or inline.one_line(draft.preamble) or inline.one_line(draft.title)
    return flat if len(flat) <= _SUMMARY else flat[:_SUMMARY].rsplit(' ', 1)[0] + ' …'


def title_of(draft: Draft) -> str:
    """Return the title: the key or first heading, else the first sentence of the summary."""
    if draft.title:
        return inline.one_line(draft.title)
    sentence = re.split(r'(?<=[.!?])\s', summary_of(draft) or inline.one_line(draft.preamble))[0]
    return sentence.rstrip('.')[:100] or 'Untitled session'


def prompt_warnings(prompt: str) -> list[str]:
    """Return what is unusual about a Resume Prompt; never a reason to refuse."""
    words = len(prompt.split())
    low, high = PROMPT_WORDS
    warnings = [] if low <= words <= high else [f'the Resume Prompt has {words} words; {low} to {high} serve best']
    if not _CONFIDENCE.search(prompt):
        warnings.append('the Resume Prompt has no `Confidence: H|M|L`')
    return warnings


def commit_lines(facts: Facts) -> list[str]:
    """Return the list of the session's commits."""
    if facts.commits is None:
        return [*inline.item(f'Unknown: {inline.escaped(facts.start.reason.removeprefix("unknown: "))}')]
    if not facts.commits:
        return ['- None']
    shown = facts.commits[-_MOST:]
    lines = [line for commit in shown
             for line in inline.item(f'{inline.code(commit.oid[:10])} {inline.escaped(commit.subject)}')]
    return lines + ([f'- and {len(facts.commits) - _MOST} earlier ones'] if len(facts.commits) > _MOST else [])


def _change(added: int | None, removed: int | None) -> str:
    return 'binary' if added is None else f'+{added} −{removed}'


def file_lines(facts: Facts) -> list[str]:
    """Return the list of the files that the session's commits changed."""
    lines = [line for change in facts.changes[:_MOST]
             for line in inline.item(f'{inline.file_name(change.path)} ({_change(change.added, change.removed)})')]
    return lines + ([f'- and {len(facts.changes) - _MOST} more'] if len(facts.changes) > _MOST else [])


def _texts(draft: Draft, *, has_summary: bool) -> dict[str, str]:
    """Return the sections that have a text, by title; what code writes has its own title to itself."""
    texts: dict[str, str] = {}
    for title, text in draft.sections:
        is_taken = has_summary and title.casefold() == change_summary.TITLE.casefold()
        name = f'Notes on {change_summary.TITLE}' if is_taken else title
        if text:
            texts[name] = f'{texts[name]}\n\n{text}' if name in texts else text
    return texts


def _body(draft: Draft, kind: Kind, facts: Facts, summary: str) -> str:
    texts = _texts(draft, has_summary=bool(summary))
    known = [title for title in kind.sections if title in texts]
    order = [*known, *(title for title in texts if title not in known)]
    parts = [closing.closed(draft.preamble)] if draft.preamble else []
    parts += [f'## {title}\n\n{closing.closed(texts[title])}' for title in order]
    parts += [f'## {change_summary.TITLE}\n\n{summary}'] if summary else []
    for title, lines in zip(CODE_SECTIONS, (commit_lines(facts), file_lines(facts))):
        if lines:
            parts.append(f'## {title}\n\n' + '\n'.join(lines))
    return '\n\n'.join(parts) + '\n'


def _names(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(item) for item in values if isinstance(item, (str, int)) and str(item).strip()]


def _git_keys(facts: Facts) -> dict[str, Any]:
    times = [commit.time for commit in facts.commits or ()]
    return {
        'branch': inline.harmless(facts.branch) or None,
        'base': facts.start.commit,
        'head': facts.head or None,
        'first_commit_at': git_facts.iso(min(times, default=None)),
        'last_commit_at': git_facts.iso(max(times, default=None)),
        'commits': None if facts.commits is None else len(facts.commits),
        'lines_added': facts.lines_added,
        'lines_removed': facts.lines_removed,
    }


def metadata(draft: Draft, *, session_id: str, stem: str, operator: str, workstreams: Sequence[str],
             claimed_at: str, facts: Facts, telemetry: dict[str, Any], now: datetime, today: str) -> dict[str, Any]:
    """Return the frontmatter of the note; what the draft says of facts is left out."""
    order = schema.property_order('session')
    own = {key: value for key, value in draft.meta.items() if key not in order}
    extra = {key: draft.meta[key] for key in ('status',) if draft.meta.get(key)}
    names = list(dict.fromkeys(workstreams))
    meta = {
        **extra,
        'title': title_of(draft),
        'operator': operator,
        'summary': summary_of(draft),
        'workstream': names[0] if len(names) == 1 else names,
        'tags': _names(draft.meta.get('tags')),
        'kind': 'session',
        'id': session_id,
        'external_id': stem,
        'created': today,
        'updated': today,
        'claimed_at': claimed_at,
        **_git_keys(facts),
        **telemetry,
        'active_min_estimate': git_facts.active_minutes(
            facts, [telemetry.get('started_at'), telemetry.get('ended_at')], now),
        'sync_status': 'pending',
        **own,
    }
    # keys appear when they are first real; what git could not tell is null, so that nobody reads 0
    return {key: value for key, value in meta.items() if value not in (None, [], {}) or key in _MAY_BE_EMPTY}


def ignored_keys(draft: Draft) -> list[str]:
    """Return the keys of the draft that only code may write."""
    order = schema.property_order('session')
    return [key for key in draft.meta if key in order and key not in _HUMAN_KEYS]


def assemble(draft: Draft, kind: Kind, meta: dict[str, Any], facts: Facts, summary: str = '') -> bytes:
    """Return the bytes of the note, LF line ends, its `content_hash` included; `summary` is that of the changes."""
    body = '\n' + _body(draft, kind, facts, summary)
    order = schema.property_order('session')
    unhashed = (frontmatter_edit.render(meta, order) + body).encode()
    hashed = {**meta, 'content_hash': frontmatter.content_hash(unhashed)}
    return (frontmatter_edit.render(hashed, order) + body).encode()
