"""Call sites in code: the lines of programs, workflows and settings with comments, less what is a comment or a docstring there."""
from __future__ import annotations

import re
from collections.abc import Iterator

from daybook.invariant import needles
from daybook.invariant.needles import Needles
from daybook.invariant.needles import Site

_ALLOWED = re.compile(r'(?<!dis)(?<!dis-)allowed[-_ ]?tools|^\s*tools\s*:', re.I)
COMMENT = re.compile(r'(?:^|(?<=\s))(?:#(?!!)|//|--\s|<!--).*')
_DOCSTRING = re.compile(r'''\s*[rRuU]?("""|\'\'\')''')
_REQUEST = re.compile(r'\b(?:curl|wget|xh|Bearer|Authorization|urlopen|httpx|axios)\b', re.I)
_TOML_SERVER = re.compile(r'\s*\[mcp_servers\.["\']?([^\]"\'.]+)')


def of_line(line: str, wanted: Needles, place: str) -> str:
    """Return what one line of code does, in words; empty for nothing. `place` is a name of `call_places.Place`."""
    bare = COMMENT.sub('', line)
    if not wanted.any.search(bare) or (needles.REFUSED.search(bare) and not wanted.source.search(bare)):
        return ''
    found = needles.of_text(bare, wanted, is_allowing=bool(_ALLOWED.search(bare)))
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


def sites(text: str, place: str, wanted: Needles) -> Iterator[Site]:
    """Yield the call sites in the code of one file."""
    # a workflow that runs the worker may give it its token, and ask nothing with it
    has_worker = place in ('workflow', 'script') and bool(wanted.worker.search(text))
    for number, line in _code_lines(text):
        words = of_line(line, wanted, place)
        if words and not (has_worker and re.fullmatch('uses [A-Z0-9_]+', words) and not _REQUEST.search(line)):
            yield Site(number, words)
