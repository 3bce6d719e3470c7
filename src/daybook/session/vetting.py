"""What a draft must be before it becomes a note: complete, its owner's, without secrets."""
from __future__ import annotations

from typing import Any

from daybook.rules import secrets
from daybook.session.draft import Draft
from daybook.session.facts import Facts
from daybook.session.preflight import Refused
from daybook.session.request import Request


def redacted(request: Request, draft: Draft) -> Draft:
    """Return the draft with every known secret marked; says which kinds there were."""
    kinds: list[str] = []

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            text, found = secrets.redact(value)
            kinds.extend(found)
            return text
        if isinstance(value, dict):
            return {clean(k): clean(v) for k, v in value.items()}
        return [clean(item) for item in value] if isinstance(value, (list, tuple)) else value

    sections = tuple((clean(title), clean(text)) for title, text in draft.sections)
    cleaned = draft._replace(meta=clean(draft.meta), title=clean(draft.title), preamble=clean(draft.preamble),
                             sections=sections)
    if kinds:
        request.say(f'warning: secrets in the draft were replaced by marks: {", ".join(sorted(set(kinds)))}; '
                    'revoke them if the draft was ever shared')
    return cleaned


def check_draft(request: Request, draft: Draft) -> None:
    """Refuse a draft that lacks the minimum, or that belongs to somebody else."""
    missing = [title for title in request.settings.kind('session').required_sections if not draft.section(title)]
    if missing:
        names = ' and '.join(f'`## {title}`' for title in missing)
        raise Refused('draft', f'{draft.path}: the draft has no {names}; write it, '
                      'or run with DAYBOOK_QUICK=1 for a minimum note from the facts')
    owner = draft.meta.get('operator')
    if owner not in (None, '', request.operator.slug):
        raise Refused('operator', f'{draft.path}: the draft is of {owner}, and {request.operator.slug} is at work '
                      f'({request.operator.source}); run with OPERATOR={owner}, or take the key out')


def quick_draft(request: Request, draft: Draft | None, facts: Facts) -> Draft:
    """Fill what a draft lacks from the facts alone."""
    subjects = [commit.subject for commit in facts.commits or ()]
    count = 'an unknown number of' if facts.commits is None else len(subjects)
    summary = f'Quick hand-off: {count} commits on {facts.branch}.'
    prompt = (f'Quick hand-off without a prompt; the facts below tell what was done. '
              f'Last commit: {subjects[-1] if subjects else "none"}. Confidence: L')
    base = draft or Draft('', {}, f'Quick hand-off of {facts.branch}', '', (), b'')
    texts = dict(base.sections)
    for title, text in (('Summary', summary), ('Resume Prompt', prompt)):
        texts[title] = texts.get(title) or text
    return base._replace(title=base.title or f'Quick hand-off of {facts.branch}', sections=tuple(texts.items()))
