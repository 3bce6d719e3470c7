"""What the call sites of an invariant are known by, which words refuse a call, and which files are the mirror's own worker."""
from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

from daybook.documents.config import Invariant
from daybook.documents.globs import glob_regex

REFUSED = re.compile(
    r"\b(?:never|not|no|cannot|without|avoid\w*|forbid\w*|forbidden|instead\s+of|rather\s+than|stay\s+0|be\s+0|den(?:y|ied|ies)"
    r"|disallow\w*|block\w*|ban(?:s|ned)?|refus\w+|remov\w+|retired|deprecated|prohibit\w*|obsolete|anti-?patterns?"
    r"|nunca|não|jamais|niet|nicht|kein\w*)\b|n['’]t\b|=\s*0\b|:\s*0\b|~~|❌|🚫", re.I)
_VERB = (r'(?i:query|search|fetch|check|consult|ask|read|open|update|load|call|scan|use)\s+'
         r'(?:(?i:the|our|a|an|from|in|via|using|through|with|to|existing)\s+){0,3}')
_INTO = (r'(?i:create|add|write|post|save|log|append|push|store|record|pull|fetch|load|look|get|upload|publish|read|search|put)\b'
         r'[^.;:()]{0,60}?\b(?i:to|in|into|from|via|using|with|through)\s+(?:(?i:the|our|a)\s+)?')
_FIRST = r'(?:^|[,:(]\s*|\b(?i:then|and|or|also|first|next|please|must|should|always)\s+)[*_`"]*'
_OURS = re.compile(r'^[^#\n]*\bdaybook\s+sync-\w+', re.MULTILINE)


class Site(NamedTuple):
    """One call site: its line, and what it does, in words."""

    line: int
    words: str


class Needles(NamedTuple):
    """What to look for of one invariant.

    A text with none of `literals`, in lower case, has no site; `any` finds all that may be one, the others tell what.
    """

    invariant: Invariant
    literals: tuple[str, ...]
    any: re.Pattern[str]
    tool: re.Pattern[str]
    source: re.Pattern[str]
    says: re.Pattern[str]
    worker: re.Pattern[str]
    exempt: re.Pattern[str]


def _globbed(pattern: str, any_text: str) -> str:
    words = any_text.join(re.escape(part) for part in pattern.split('*'))
    before = r'(?<![A-Za-z0-9_])' if re.match(r'\w', pattern) else ''
    after = r'(?![A-Za-z0-9_])' if re.search(r'\w$', pattern) else ''
    return f'{before}{words}{after}'


def _mirror_of(tools: Iterable[str]) -> str:
    """Return the name of the mirror in patterns of MCP tools, `notion` of `mcp__*notion*`; else an empty one."""
    words = [word for tool in tools if tool.lower().startswith('mcp__') for word in re.findall('[a-z0-9]+', tool.lower()[5:])]
    return words[0] if words else ''


def _literals(invariant: Invariant) -> tuple[str, ...]:
    """Return texts one of which stands wherever a pattern fits: the server of a tool, as settings name it alone."""
    patterns = [*invariant.tools, *invariant.sources]
    pieces = [re.split(r'\*|__', pattern.lower().removeprefix('mcp__')) for pattern in patterns]
    return tuple(sorted({next(filter(None, parts), '') for parts in pieces}))


@functools.cache
def of(invariant: Invariant) -> Needles:
    """Return what to look for of an invariant."""
    tool = '|'.join(_globbed(pattern if pattern.endswith('*') or not pattern.startswith('mcp__') else f'{pattern}*', r'[\w-]*')
                    for pattern in invariant.tools)
    tool = rf'(?:{tool})(?:\*+)?'
    source = '|'.join(_globbed(pattern, r'''[^\s"'`)\]]*''') for pattern in invariant.sources) or '(?!)'
    name = _mirror_of(invariant.tools)
    title = re.escape(name.capitalize())
    says = rf'{_FIRST}(?:{_VERB}|{_INTO}){title}\b(?!\s+(?:of|that)\b)' if name else '(?!)'
    does = '(?:sync|mirror|publish|export|push)'
    worker = rf'{does}[-_](?:to[-_])?{name}|{name}[-_]{does}|(?:md|markdown)[-_]?(?:to|2)[-_]?{name}' if name else '(?!)'
    exempt = '|'.join(f'(?:{glob_regex(glob)})$' for glob in invariant.exempt) or '(?!)'
    return Needles(invariant, _literals(invariant), re.compile(rf'{tool}|{source}|{re.escape(name) or "(?!)"}', re.I), re.compile(tool, re.I),
                   re.compile(source), re.compile(says), re.compile(worker, re.I), re.compile(exempt, re.DOTALL))


def is_worker(path: str, wanted: Needles) -> bool:
    """Return whether a file is the mirror's own worker: by its name, or because the settings say so."""
    return bool(wanted.exempt.match(path) or wanted.worker.search(path))


def is_exempt(path: str, place: str, text: str, wanted: Needles) -> bool:
    """Return whether a file is not searched: the mirror's own worker. A job that starts ours is none: it has no need to ask."""
    is_starter = place == 'workflow' and bool(_OURS.search(text)) and not wanted.exempt.match(path)
    return is_worker(path, wanted) and not is_starter


def may_hold(text: str, wanted: Needles) -> bool:
    """Return whether a text is worth reading: the patterns cost a hundred times as much."""
    lowered = text.lower()
    return any(literal in lowered for literal in wanted.literals)


def _is_named(token: str) -> bool:
    """Whether a tool is named, rather than a server (as counters are) or all tools of one (as rules are)."""
    return not token.endswith('*') and (token.count('__') > 1 or not token.lower().startswith('mcp__'))


def of_text(text: str, wanted: Needles, *, is_allowing: bool = False) -> str:
    """Return what a piece of prose or code does, in words; empty for nothing."""
    for match in wanted.tool.finditer(text):
        if is_allowing:
            return f'allows {match[0]}'
        if _is_named(match[0]):
            return f'calls {match[0]}'
    used = wanted.source.search(text)
    return f'uses {used[0]}' if used else ''
