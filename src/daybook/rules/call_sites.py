"""Call sites: the lines that would make an agent, a hook or a script ask the mirror at run time.

A line that merely speaks of the mirror is none: comments, refusals ("never call ...") and what is said of its own
worker are told apart, so that a team can write down the rule without breaking it.
"""
from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

from daybook.documents.config import Invariant
from daybook.documents.globs import glob_regex
from daybook.problem import Problem

RULE = 'invariant-call'

_REFUSED = re.compile(
    r"\b(?:never|not|no|cannot|without|avoid\w*|forbid\w*|forbidden|instead\s+of|rather\s+than|stay\s+0|be\s+0|den(?:y|ied|ies)"
    r"|disallow\w*|block\w*|ban(?:s|ned)?|refus\w+|remov\w+|retired|deprecated|prohibit\w*|obsolete|anti-?patterns?"
    r"|nunca|não|jamais|niet|nicht|kein\w*)\b|n['’]t\b|=\s*0\b|:\s*0\b|~~|❌|🚫", re.I)
# "if there is no note, call ..." refuses nothing
_CONDITION = re.compile(r'^\W*(?:if|when|where|unless|once|since|because|after)\b[^,]*,|\s(?:if|when|unless|because)\b[^,;]*$', re.I)
_LATER = re.compile(r'\b(?:mirror\w*|sync\w*|worker|nightly|cron\w*|schedul\w+|CI|workflow|downstream|afterwards|async\w*|read-only)\b', re.I)
_VERB = (r'(?i:query|search|fetch|check|consult|ask|read|open|update|load|call|scan|use)\s+'
         r'(?:(?i:the|our|a|an|from|in|via|using|through|with|to|existing)\s+){0,3}')
_INTO = (r'(?i:create|add|write|post|save|log|append|push|store|record|pull|fetch|load|look|get|upload|publish|read|search|put)\b'
         r'[^.;:()]{0,60}?\b(?i:to|in|into|from|via|using|with|through)\s+(?:(?i:the|our|a)\s+)?')
_FIRST = r'(?:^|[,:(]\s*|\b(?i:then|and|or|also|first|next|please|must|should|always)\s+)[*_`"]*'
_ALLOWED = re.compile(r'(?<!dis)(?<!dis-)allowed[-_ ]?tools|^\s*tools\s*:', re.I)
_ITEM = re.compile(r'(?<!\s)\s*+(?:[-*+]|(?<!\d)\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?')
_HEADING = re.compile(r'\s{0,3}#{1,6}\s')
_FENCE = re.compile(r'\s*(?:>\s*)?(?:[-*+]\s+|\d+[.)]\s+)?(`{3,}|~{3,})')
_SENTENCE = re.compile(r'(?<=[.;!?])\s+')
_COMMENT = re.compile(r'(?:^|(?<=\s))(?:#(?!!)|//|--\s|<!--).*')
_DOCSTRING = re.compile(r'''\s*[rRuU]?("""|\'\'\')''')
_RUN = re.compile(r'\b(?:run|call|execute|invoke|start)\b|^\s*[$!]', re.I)
_OURS = re.compile(r'^[^#\n]*\bdaybook\s+sync-\w+', re.MULTILINE)
_REQUEST = re.compile(r'\b(?:curl|wget|xh|Bearer|Authorization|urlopen|httpx|axios)\b', re.I)
_DENIED = {'deny', 'disabledMcpjsonServers', 'matcher', 'excludeTools', 'disallowedTools', 'description'}
_SERVERS = {'mcpServers', 'mcp', 'servers', 'mcp_servers', 'context_servers'}
_TOML_SERVER = re.compile(r'\s*\[mcp_servers\.["\']?([^\]"\'.]+)')


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
def needles(invariant: Invariant) -> Needles:
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


def _is_named(token: str) -> bool:
    """Whether a tool is named, rather than a server (as counters are) or all tools of one (as rules are)."""
    return not token.endswith('*') and (token.count('__') > 1 or not token.lower().startswith('mcp__'))


def _of_text(text: str, wanted: Needles, *, is_allowing: bool = False) -> str:
    """Return what a piece of prose or code does, in words; empty for nothing."""
    for match in wanted.tool.finditer(text):
        if is_allowing:
            return f'allows {match[0]}'
        if _is_named(match[0]):
            return f'calls {match[0]}'
    used = wanted.source.search(text)
    return f'uses {used[0]}' if used else ''


def _of_code(line: str, wanted: Needles, place: str) -> str:
    bare = _COMMENT.sub('', line)
    if not wanted.any.search(bare) or (_REFUSED.search(bare) and not wanted.source.search(bare)):
        return ''
    found = _of_text(bare, wanted, is_allowing=bool(_ALLOWED.search(bare)))
    run = wanted.worker.search(bare) if place == 'hook' and not re.match(r'\s*-?\s*(?:id|name)\s*:', bare) else None
    server = _TOML_SERVER.match(bare)
    if not found and server and wanted.tool.search(f'mcp__{server[1]}__x'):
        return f'registers the server {server[1]}'
    return found or (f"runs the mirror's worker {run[0]}" if run else '')


def _code_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a program that are neither docstrings nor block comments."""
    end = ''
    for number, line in enumerate(text.splitlines(), 1):
        if end:
            end = '' if end in line else end
            continue
        opened = _DOCSTRING.match(line)
        if opened and opened[1] not in line[opened.end():]:
            end = opened[1]
        elif re.match(r'\s*/\*', line) and '*/' not in line:
            end = '*/'
        elif not opened and not re.match(r'\s*/\*', line):
            yield number, line


def _in_code(text: str, place: str, wanted: Needles) -> Iterator[Site]:
    # a workflow that runs the worker may give it its token, and ask nothing with it
    has_worker = place in ('workflow', 'script') and bool(wanted.worker.search(text))
    for number, line in _code_lines(text):
        words = _of_code(line, wanted, place)
        if words and not (has_worker and re.fullmatch('uses [A-Z0-9_]+', words) and not _REQUEST.search(line)):
            yield Site(number, words)


class _Prose:
    """Reads Markdown as an agent does: line by line, with what the heading and the line before a list have said."""

    def __init__(self, wanted: Needles) -> None:
        self.wanted = wanted
        self.fence = self.key = ''
        self.is_refused_by_heading = self.is_refused_by_lead = False

    def _of_sentence(self, sentence: str) -> str:
        if _REFUSED.search(_CONDITION.sub('', sentence)):
            return ''
        found = _of_text(sentence, self.wanted)
        if found or _LATER.search(re.sub('`[^`]*`', '', sentence)):
            return found
        told = self.wanted.says.search(_ITEM.sub('', sentence, count=1))
        if told:
            return f'tells to "{told[0].strip(" ,:(*_`")}"'
        run = self.wanted.worker.search(sentence) if _RUN.search(sentence) and '`' in sentence else None
        return f"runs the mirror's worker {run[0]}" if run else ''

    def _of_paragraph(self, lines: list[tuple[int, str]]) -> Iterator[Site]:
        text = ' '.join(line.strip() for _, line in lines)
        is_item = bool(_ITEM.match(lines[0][1]))
        if _HEADING.match(text):
            self.is_refused_by_heading, self.is_refused_by_lead = bool(_REFUSED.search(text)), False
            return
        if not is_item:
            self.is_refused_by_lead = bool(text.endswith(':') and _REFUSED.search(text))
        if self.is_refused_by_heading or self.is_refused_by_lead or not self.wanted.any.search(text):
            return
        for sentence in _SENTENCE.split(text):
            words = self._of_sentence(sentence)
            if words:
                yield Site(self._line_of(lines, words, sentence), words)

    def _line_of(self, lines: list[tuple[int, str]], words: str, sentence: str) -> int:
        target = words.split(' ', 1)[1].strip('"').rsplit(' ', 1)[-1]
        return next((number for number, line in lines if target in line and (len(lines) == 1 or line.strip()[:20] in sentence
                                                                             or target in sentence)), lines[0][0])

    def _of_head(self, number: int, line: str) -> Iterator[Site]:
        """The frontmatter of a command: what it is allowed to call."""
        named = re.match(r'([\w-]+)\s*:', line)
        self.key = named[1].lower() if named else self.key
        if re.fullmatch(r'allowed-?tools|tools|mcp-?servers?', self.key):
            words = _of_text(line, self.wanted, is_allowing=True)
            if words:
                yield Site(number, words)

    def _of_fenced(self, number: int, line: str) -> Iterator[Site]:
        if not (self.is_refused_by_heading or self.is_refused_by_lead):
            words = _of_code(line, self.wanted, 'command')
            run = self.wanted.worker.search(_COMMENT.sub('', line))
            if words or run:
                yield Site(number, words or f"runs the mirror's worker {run[0] if run else ''}")

    def read(self, text: str) -> Iterator[Site]:
        lines = text.splitlines()
        is_head = bool(lines) and lines[0].strip() == '---'
        waiting: list[tuple[int, str]] = []
        for number, line in enumerate(lines, 1):
            fence = _FENCE.match(line)
            if is_head:
                yield from self._of_head(number, line)
                is_head = number == 1 or line.strip() not in ('---', '...')
                continue
            is_break = not line.strip() or fence or self.fence or _ITEM.match(line) or _HEADING.match(line) or line.lstrip().startswith('|')
            if is_break and waiting:
                yield from self._of_paragraph(waiting)
                waiting = []
            if self.fence:
                is_end = bool(fence) and line.strip().startswith(self.fence) and not line.strip().strip('`~')
                self.fence = '' if is_end else self.fence
                if not is_end:
                    yield from self._of_fenced(number, line)
            elif fence:
                self.fence = fence[1]
            elif line.strip():
                waiting.append((number, line))
                if _HEADING.match(line):
                    yield from self._of_paragraph(waiting)
                    waiting = []
        if waiting:
            yield from self._of_paragraph(waiting)


def _values(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every key and text of JSON with the keys above it, what is denied or switched off left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            is_off = isinstance(inner, dict) and (inner.get('disabled') is True or inner.get('enabled') is False)
            if key not in _DENIED and not is_off:
                yield (*keys, key), None
                yield from _values(inner, (*keys, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, keys)
    elif isinstance(value, str):
        yield keys, value


def _of_setting(keys: tuple[str, ...], text: str | None, wanted: Needles) -> tuple[str, str]:
    """Return what one key or value of the settings does, and the text by which its line is found."""
    last = keys[-1] if keys else ''
    if text is None:
        above = keys[-2] if len(keys) > 1 else ''
        plugin = last.partition('@')[0]
        if above in _SERVERS and wanted.tool.fullmatch(f'mcp__{last}__x'):
            return f'registers the server {last}', last
        if above == 'enabledPlugins' and wanted.tool.fullmatch(f'mcp__plugin_{plugin}_{plugin}__x'):
            return f'enables the plug-in {last}', last
        return (f'uses {last}', last) if wanted.source.fullmatch(last) else ('', '')
    if last == 'enabledMcpjsonServers' and wanted.tool.fullmatch(f'mcp__{text}__x'):
        return f'enables the server {text}', text
    is_allowing = last in ('allow', 'ask', 'allowedTools', 'autoApprove', 'alwaysAllow', 'includeTools')
    return _of_text(text, wanted, is_allowing=is_allowing), text


def _in_json(text: str, wanted: Needles) -> Iterator[Site]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        yield from _in_code(text, 'settings', wanted)  # comments in it, or broken
        return
    lines = text.splitlines()
    for keys, value in _values(data, ()):
        words, target = _of_setting(keys, value, wanted)
        if words:
            quoted = json.dumps(target)[1:-1]
            yield Site(next((number for number, line in enumerate(lines, 1) if quoted in line or target in line), 1), words)


def may_hold(text: str, wanted: Needles) -> bool:
    """Return whether a text is worth reading: the patterns cost a hundred times as much."""
    lowered = text.lower()
    return any(literal in lowered for literal in wanted.literals)


def sites(text: str, place: str, form: str, wanted: Needles) -> list[Site]:
    """Return the call sites in the text of one file, at most one a line; `place` and `form` as in `call_places.Place`."""
    if not may_hold(text, wanted):
        return []
    if form == 'json':
        found: Iterable[Site] = _in_json(text, wanted)
    elif form == 'prose':
        found = _Prose(wanted).read(text)
    else:
        found = _in_code(text, place, wanted)
    return sorted({site.line: site for site in reversed(list(found))}.values())


def problem(path: str, site: Site, wanted: Needles, first_line: int = 1) -> Problem:
    """Return what is reported of a call site of the file `path`, whose text begins at `first_line`."""
    counter = wanted.invariant.name
    return Problem(path, site.line + first_line - 1, RULE, f'{site.words}, and {counter} must stay 0; take it out, or name the '
                   f'file under `except` of the invariant if it is the mirror\'s own worker')
