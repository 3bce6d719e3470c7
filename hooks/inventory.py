"""inventory: tell what a repository holds and what each hook would do there; only look."""
from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Sequence

from daybook.adoption import survey
from daybook.checks import as_of
from daybook.problem import output_format
from daybook.repo import git
from daybook.writers import first_screen

# JSON escapes control characters itself; these would still turn a terminal's line around
_BIDI = re.compile('[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]')


def _as_json(report: object) -> str:
    text = json.dumps(report, ensure_ascii=False, indent=2)
    return _BIDI.sub(lambda match: f'\\u{ord(match.group()):04x}', text)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the findings as text, or as JSON with DAYBOOK_FORMAT=json; return 0."""
    parser = argparse.ArgumentParser(
        prog='daybook inventory',
        description='Tell what the repository holds, which habits it shows and what each hook would do; write nothing.',
        epilog='DAYBOOK_FORMAT=json prints all findings, the proposed settings among them.')
    as_of.add(parser, 'the day by which reviews are judged (default: today)')
    options = parser.parse_args(argv)
    form = output_format(os.environ)
    report = survey.look(git.find_repo(), options.as_of)
    print(_as_json(report) if form == 'json' else '\n'.join(first_screen.render(report)))
    return 0
