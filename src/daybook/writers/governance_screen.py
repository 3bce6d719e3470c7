"""What the first screen says of governance: rows of findings, and what each of its hooks would say."""
from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from daybook.problem import printable
from daybook.writers.screen_lines import counted
from daybook.writers.screen_lines import shortened

HOOKS = {'check-authority': 'authority-', 'check-cochange': 'cochange-', 'check-freshness': 'freshness-', 'check-lifecycle': 'lifecycle-',
         'check-zones': 'zone-'}
_RULES = 3  # are named; the rest is counted


def _rules(said: Mapping[str, Any], prefix: str = '') -> str:
    named = list(said['rules'].items())
    shown = [f'{rule.removeprefix(prefix)} ×{count:,}' for rule, count in named[:_RULES]]
    more = [f'{len(named) - _RULES} more rules'] if len(named) > _RULES else []
    first = said['first'][0]
    return f'{", ".join([*shown, *more])}, such as {shortened(first["path"], 36)}:{first["line"]}'


def _doubled(found: Mapping[str, Any]) -> str:
    table = (('same_content', 'with the content of another'), ('same_name', 'named alike but for ` (1)` or `_v01`'), ('same_title', 'with one title'))
    parts = [f'{found[key]["files"]:,} {words}' for key, words in table if found[key]['count']]
    first: Sequence[str] = next((found[key]['first'][0] for key, _ in table if found[key]['count']), [])
    return f'copies: {", ".join(parts)}, such as {shortened(first[0], 36)}' if parts else ''


def _remote(remote: Mapping[str, Any]) -> str:
    steps = [f'{remote[key]:,} {key}' for key in ('ahead', 'behind') if remote[key]]
    parts = [f'HEAD is {" and ".join(steps)}'] if steps else []
    if remote['markdown_differing']:
        parts.append(f'{counted(remote["markdown_differing"], "Markdown file")} differ{"s" * (remote["markdown_differing"] == 1)}')
    return f'{printable(remote["branch"])}: {", ".join(parts)}' if parts else ''


def findings(governance: Mapping[str, Any]) -> list[str]:
    """Return one row for each kind of finding that there is."""
    rows = []
    stray, unowned, headers = governance['stray'], governance['unowned'], governance['headers']
    if stray['count']:
        rows.append(f'{counted(stray["count"], "stray document")}, outside every kind, such as {shortened(stray["first"][0], 36)}')
    if headers['count']:
        rows.append(f'{counted(headers["governed"], "header")}: {_rules(headers)}')
    rows.append(_doubled(governance))
    if 0 < unowned['count'] < unowned['of']:
        rows.append(f'{unowned["count"]:,} of {counted(unowned["of"], "document")} name no owner, such as {shortened(unowned["first"][0], 36)}')
    rows += [_remote(remote) for remote in governance['remotes'][:2]]
    return [row for row in rows if row]


def _hook(hook_id: str, said: Mapping[str, Any]) -> str:
    start = counted(said['governed'], 'rule' if hook_id == 'check-cochange' else 'document') + ' governed'
    if said.get('map') and not said['is_settled']:
        start += f' by {shortened(said["map"], 36)}'
    if said.get('due'):
        start += f', {said["due"]:,} due within {said["due_days"]} days'
    return f'{start}; {_rules(said, HOOKS[hook_id])}' if said['count'] else start


def hooks(said: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Return name and words of each hook of governance that has something to govern; one row for those that have not."""
    busy = [hook_id for hook_id in HOOKS if said[hook_id]['governed'] or said[hook_id]['count'] or said[hook_id].get('map')]
    if not busy:
        return [('governance', '0 documents governed: no map, rule, review date or zone')]
    idle = [hook_id for hook_id in HOOKS if hook_id not in busy]
    rows = [(hook_id, _hook(hook_id, said[hook_id])) for hook_id in busy]
    return [*rows, ('governance', f'0 documents governed by {", ".join(idle)}')] if idle else rows
