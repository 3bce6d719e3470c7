"""Style sheets and scripts as they stand on every page, and the policy that lets them run and nothing else."""
from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

from daybook.writers.pages import Assets

PAGES = ('page', 'home')


def _short(name: str, text: str) -> str:
    """Return a style sheet or script without comments and indentation: it stands on every page."""
    short = re.sub(r'\n\s*', '\n', re.sub(r'/\*.*?\*/', '', text, flags=re.DOTALL)).strip()
    return re.sub(r' ?([{};,:]) |;\n(?=})', r'\1', short).replace('\n', '') if name.endswith('.css') else short


def _allowed(text: str) -> str:
    # https://www.w3.org/TR/CSP3/#grammardef-hash-source
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def assets(page: str, read: Callable[[str], str]) -> Assets:
    """Return what one of PAGES needs, from the files that `read` gives by name: nothing runs, and nothing is loaded, but what is ours."""
    style, script = ('\n'.join(_short(f'{name}.{end}', read(f'{name}.{end}')) for name in ('site', page)) for end in ('css', 'js'))
    own = "'self' file: " if page == 'home' else ''
    policy = ("default-src 'none'", 'img-src data:', f'style-src {_allowed(style)}', "base-uri 'none'", "form-action 'none'",
              f'script-src {own}{_allowed(script)}')
    return Assets(style, script, '; '.join(policy))
