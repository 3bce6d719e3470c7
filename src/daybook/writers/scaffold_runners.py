"""Our entry in the files of other runners of git's hooks: lefthook and husky."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from daybook.documents import frontmatter
from daybook.documents import frontmatter_yaml
from daybook.errors import FatalError
from daybook.writers import scaffold_edits

# who has not installed it is not stopped: CI is the gate
RUN = 'if command -v daybook >/dev/null 2>&1; then daybook check-all || exit 1; fi'
_LEFTHOOK = f'pre-commit:\n  commands:\n    daybook:\n      run: {RUN}\n'
# what must stay first in a husky script: the shebang, comments, and husky's own lines
_PREAMBLE = re.compile(r'(?:[ \t]*(?:#[^\n]*|\. [^\n]*husky\.sh[^\n]*|set -[^\n]*)?\r?\n)*')


def husky(data: bytes) -> bytes:
    """Return the script with our check before its first command, so that the last still tells how it ended."""
    text = data.decode('utf-8', 'surrogateescape')
    match = _PREAMBLE.match(text)
    at = match.end() if match else 0
    if not text[at:].strip():
        return scaffold_edits.append(data, f'{RUN}\n')
    return f'{text[:at]}{RUN}{scaffold_edits.newline_of(data)}{text[at:]}'.encode('utf-8', 'surrogateescape')


def _last_of(group: dict[str, Any]) -> tuple[str, str] | None:
    """Return the pointer of the last command or job below `pre-commit`, and our item with `{0}` for its indentation.

    Behind theirs: jobs run in their order, commands by priority and name, and where one is `piped`
    a check that finds something would keep all that come after it from running.
    """
    commands, jobs = group.get('commands'), group.get('jobs')
    if isinstance(commands, dict) and commands:
        name = str(list(commands)[-1]).replace('~', '~0').replace('/', '~1')
        return f'/pre-commit/commands/{name}', f'{{0}}{_name(group)}:\n{{0}}  run: {RUN}\n'
    if isinstance(jobs, list) and jobs:
        return f'/pre-commit/jobs/{len(jobs) - 1}', f'{{0}}- name: daybook\n{{0}}  run: {RUN}\n'
    return None


def _name(group: dict[str, Any]) -> str:
    """Return the name of our command: one that comes behind theirs where that matters."""
    is_early = group.get('piped') is True and any(str(name) > 'daybook' for name in group['commands'])
    return 'zz-daybook' if is_early else 'daybook'


def _end_of_item(lines: list[str], at: int, indent: int) -> int:
    """Return the number of the line behind the item that begins at line `at`: no blanks, no comment of what follows."""
    end = at + 1
    for number in range(at + 1, len(lines)):
        bare = lines[number].strip()
        if not bare or bare.startswith('#'):
            continue
        if len(lines[number]) - len(lines[number].lstrip(' ')) <= indent:
            break
        end = number + 1
    return end


def lefthook(data: bytes) -> bytes:
    """Return `lefthook.yml` with our command or job as the last of its pre-commit; every other byte stays.

    Proven by reading the result again. Raises FatalError where that cannot be done.
    """
    before = scaffold_edits.read_yaml(data)
    if 'pre-commit' not in before:
        return scaffold_edits.append(data, _LEFTHOOK)
    group = before['pre-commit']
    place = _last_of(group) if isinstance(group, dict) else None
    if place is None:
        raise FatalError('no commands or jobs below `pre-commit:`')
    lines = data.decode('utf-8').splitlines(keepends=True)
    at = frontmatter_yaml.key_lines(data, frontmatter.Block(0, len(data), len(data), b'\n')).get(place[0], 1) - 2
    indent = re.match(r' *', lines[at]) if 0 <= at < len(lines) else None
    is_item = indent and lines[at][indent.end():].startswith('- ') is ('/jobs/' in place[0])
    if not indent or not is_item:
        raise FatalError('the last command below `pre-commit:` does not begin a line')
    end = _end_of_item(lines, at, len(indent[0]))
    edited = scaffold_edits.append(''.join(lines[:end]).encode(), place[1].format(indent[0])) + ''.join(lines[end:]).encode()
    if scaffold_edits.read_yaml(edited) != {**before, 'pre-commit': _with_ours(group)}:
        raise FatalError('the addition could not be proven by reading it again')
    return edited


def _with_ours(group: dict[str, Any]) -> dict[str, Any]:
    if isinstance(group.get('commands'), dict) and group['commands']:
        return {**group, 'commands': {**group['commands'], _name(group): {'run': RUN}}}
    return {**group, 'jobs': [*group['jobs'], {'name': 'daybook', 'run': RUN}]}


EDITS: dict[str, Callable[[bytes], bytes]] = {'lefthook': lefthook, 'husky': husky}
