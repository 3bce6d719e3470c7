"""What a draft must be before it becomes a note: complete, its owner's, without secrets and control characters."""
from __future__ import annotations

import re
from typing import Any

from daybook.handoff.facts import Facts
from daybook.handoff.request import Request
from daybook.rules import secrets
from daybook.session.draft import Draft
from daybook.session.draft import NONE
from daybook.session.operators import Operator
from daybook.session.preflight import Refused
from daybook.writers import inline


def cleaned(draft: Draft) -> tuple[Draft, list[str]]:
    """Return the draft without control characters, every known secret as a mark, and the kinds of secrets found."""
    kinds: list[str] = []

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            text, found = secrets.redact(inline.harmless(value))
            kinds.extend(found)
            return text
        if isinstance(value, dict):
            return {clean(k): of_key(str(k), v) for k, v in value.items()}
        return [clean(item) for item in value] if isinstance(value, (list, tuple)) else value

    def of_key(key: str, value: Any) -> Any:
        # what a value is may stand in its key: `password: …`
        if not isinstance(value, str) or secrets.redact(value)[1]:
            return clean(value)
        text = clean(f'{key}: {value}')
        return text.removeprefix(f'{clean(key)}: ')

    sections = tuple((clean(title), clean(text)) for title, text in draft.sections)
    return draft._replace(meta=clean(draft.meta), title=clean(draft.title), preamble=clean(draft.preamble),
                          sections=sections), sorted(set(kinds))


def told(request: Request, draft: Draft) -> Draft:
    """Return the cleaned draft; says which kinds of secrets there were."""
    clean, kinds = cleaned(draft)
    if kinds:
        request.say(f'warning: secrets in the draft were replaced by marks: {", ".join(kinds)}; '
                    'revoke them if the draft was ever shared')
    return clean


def cleaned_facts(facts: Facts) -> Facts:
    """Return the facts with every known secret as a mark: in subjects, paths and the name of the branch."""
    commits = None if facts.commits is None else tuple(
        commit._replace(subject=secrets.redact(commit.subject)[0]) for commit in facts.commits)
    changes = tuple(change._replace(path=secrets.redact(change.path)[0]) for change in facts.changes)
    return facts._replace(commits=commits, changes=changes, branch=secrets.redact(facts.branch)[0])


def _is_of(owner: Any, operator: Operator) -> bool:
    names = owner if isinstance(owner, list) else [owner]
    known = {mark.casefold() for mark in (operator.slug, operator.initials, operator.name, *operator.emails)}
    return any(str(name).strip().casefold() in known for name in names if name) or not any(names)


def _swallowed(draft: Draft, title: str) -> str:
    heading = rf'^ {{0,3}}#+ +{re.escape(title)}'
    if not re.search(heading, draft.data.decode('utf-8', 'replace'), re.MULTILINE | re.IGNORECASE):
        return ''
    return ' (the heading is there: it has no text, or a code fence or comment above it is not closed)'


def check_draft(request: Request, draft: Draft) -> None:
    """Refuse a draft that lacks the minimum, or that belongs to somebody else."""
    missing = [title for title in request.settings.kind('session').required_sections if not draft.section(title)]
    if missing:
        names = ' and '.join(f'`## {title}`' for title in missing)
        raise Refused('draft', f'{draft.path}: the draft has no {names}{_swallowed(draft, missing[0])}; write it, '
                      'or run with DAYBOOK_QUICK=1 for a minimum note from the facts')
    owner = draft.meta.get('operator')
    if not _is_of(owner, request.operator):
        raise Refused('operator', f'{draft.path}: the draft is of {owner}, and {request.operator.slug} is at work '
                      f'({request.operator.source}); run with OPERATOR={owner}, or take the key out')


def quick_draft(draft: Draft | None, facts: Facts) -> Draft:
    """Fill what a draft lacks from the facts alone."""
    branch = inline.one_line(facts.branch)
    subjects = [inline.escaped(commit.subject) for commit in facts.commits or ()]
    count = 'an unknown number of commits' if facts.commits is None else \
        f'{len(subjects)} commit{"s" * (len(subjects) != 1)}'
    prompt = (f'Quick hand-off without a prompt; the facts below tell what was done. '
              f'Last commit: {subjects[-1] if subjects else "none"}. Confidence: L')
    base = draft or NONE
    texts = dict(base.sections)
    for title, text in (('Summary', f'Quick hand-off: {count} on {inline.code(branch)}.'), ('Resume Prompt', prompt)):
        texts[title] = texts.get(title) or '\n'.join(inline.wrapped(text, inline.WIDTH))
    return base._replace(title=base.title or f'Quick hand-off of {branch}', sections=tuple(texts.items()))
