"""Call sites in prose: what Markdown tells an agent to do, read by sentence, heading and list."""
from __future__ import annotations

import re
from collections.abc import Iterator

from daybook.invariant import code_sites
from daybook.invariant import needles
from daybook.invariant.needles import Needles
from daybook.invariant.needles import Site

# "if there is no note, call ..." refuses nothing
_CONDITION = re.compile(r'^\W*(?:if|when|where|unless|once|since|because|after)\b[^,]*,|\s(?:if|when|unless|because)\b[^,;]*$', re.I)
_LATER = re.compile(r'\b(?:mirror\w*|sync\w*|worker|nightly|cron\w*|schedul\w+|CI|workflow|downstream|afterwards|async\w*|read-only)\b', re.I)
_ITEM = re.compile(r'(?<!\s)\s*+(?:[-*+]|(?<!\d)\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?')
_HEADING = re.compile(r'\s{0,3}#{1,6}\s')
_FENCE = re.compile(r'\s*(?:>\s*)?(?:[-*+]\s+|\d+[.)]\s+)?(`{3,}|~{3,})')
_SENTENCE = re.compile(r'(?<=[.;!?])\s+')
_RUN = re.compile(r'\b(?:run|call|execute|invoke|start)\b|^\s*[$!]', re.I)


class _Prose:
    """Reads Markdown as an agent does: line by line, with what the heading and the line before a list have said."""

    def __init__(self, wanted: Needles) -> None:
        self.wanted = wanted
        self.fence = self.key = ''
        self.is_refused_by_heading = self.is_refused_by_lead = False

    def _of_sentence(self, sentence: str) -> str:
        if needles.REFUSED.search(_CONDITION.sub('', sentence)):
            return ''
        found = needles.of_text(sentence, self.wanted)
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
            self.is_refused_by_heading, self.is_refused_by_lead = bool(needles.REFUSED.search(text)), False
            return
        if not is_item:
            self.is_refused_by_lead = bool(text.endswith(':') and needles.REFUSED.search(text))
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
            words = needles.of_text(line, self.wanted, is_allowing=True)
            if words:
                yield Site(number, words)

    def _of_fenced(self, number: int, line: str) -> Iterator[Site]:
        if not (self.is_refused_by_heading or self.is_refused_by_lead):
            words = code_sites.of_line(line, self.wanted, 'command')
            run = self.wanted.worker.search(code_sites.COMMENT.sub('', line))
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


def sites(text: str, wanted: Needles) -> Iterator[Site]:
    """Yield the call sites in the prose of one file."""
    return _Prose(wanted).read(text)
