"""Percent-encoded text: `urllib.parse` costs a hook more than to read a document, so that it waits for a text that has some."""
from __future__ import annotations


def unquote(text: str, errors: str = 'replace') -> str:
    """Return what `text` stands for (RFC 3986), as UTF-8; `errors` as for `bytes.decode`."""
    if '%' not in text:
        return text
    from urllib.parse import unquote

    return unquote(text, errors=errors)
