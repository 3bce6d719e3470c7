"""Source code as spans with classes; alone imports Pygments."""
from __future__ import annotations

import html

_MAX = 50_000  # characters; lexers are patterns, and some of them take their time


def highlight(source: str, language: str) -> str:
    """Return `source` as HTML whose spans carry the classes of Pygments; plain where nobody knows the language."""
    if len(source) <= _MAX:
        from pygments import highlight as highlighted
        from pygments.formatters.html import HtmlFormatter
        from pygments.lexers import get_lexer_by_name
        from pygments.util import ClassNotFound

        try:
            lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
        except ClassNotFound:
            return html.escape(source)
        return highlighted(source, lexer, HtmlFormatter(nowrap=True))
    return html.escape(source)
