"""The fast Markdown parser, and the only place that imports pyromark (pulldown-cmark)."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyromark

from daybook.documents.markdown_marks import Mark

_OPTIONS = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH | pyromark.Options.ENABLE_FOOTNOTES
_PARSER = pyromark.Markdown(options=_OPTIONS)
_CONTAINERS = ('BlockQuote', 'List', 'FootnoteDefinition')
_KINDS = {'Inline': 'link', 'Autolink': 'autolink', 'Email': 'autolink'}
_BREAKS = ('SoftBreak', 'HardBreak')

_Events = Iterator[tuple[Any, dict[str, int]]]


def _heading(events: _Events, found: list[Mark], code: list[Mark]) -> str:
    text: list[str] = []
    image_end = 0
    for event, span in events:
        ...
    return ''.join(text)
