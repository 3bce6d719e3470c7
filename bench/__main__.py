"""`make bench [ONLY=name]`: every measurement of this folder, each in its own words and ratios."""
from __future__ import annotations

import importlib
import os

_NAMES = ('telemetry', 'frontmatter', 'governance', 'handoff', 'resume', 'site', 'links', 'commits', 'mirror')


def main() -> int:
    """Run all measurements, or the one that $ONLY names."""
    only = os.environ.get('ONLY')
    for name in _NAMES:
        if only in (None, '', name):
            importlib.import_module(f'bench.{name}').main([])
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
