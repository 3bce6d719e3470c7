"""Percent-encoded text: `urllib.parse` costs a hook more than to read a document, so that it waits for a text that has some."""
from __future__ import annotations

import re

_TO_ENCODE = r'[\s()<>#?%\\"|]'  # compiled when somebody has something to encode


def encoded(path: str) -> str:
    """Return a path as the target of a link: what would end or change it is percent-encoded."""
    return re.sub(_TO_ENCODE, lambda match: ''.join(f'%{byte:02X}' for byte in match[0].encode()), path)


def unquote(text: str, errors: str = 'replace') -> str:
    """Return what `text` stands for (RFC 3986), as UTF-8; `errors` as for `bytes.decode`."""
    if '%' not in text:
        return text
    from urllib.parse import unquote

    return unquote(text, errors=errors)
