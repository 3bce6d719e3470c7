"""The texts of the settings that `init` writes: ours, those of the runner, and those of agents."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from daybook.documents import frontmatter_edit
from daybook.documents import frontmatter_yaml
from daybook.writers import calls

HOOK_IDS = ('check-all', 'regen-indexes', 'claim-session', 'handoff', 'resume', 'inventory')
# the hooks of what can be asked for, beside those that `check-all` runs; what this version does not have is left out
HOOKS_OF = {
    'render': ('render-docs',),
    'governance': ('check-cochange',),  # it reads the message too, so it has a stage of its own
    'mirror': ('sync-notion',),
}
MANUAL_IDS = frozenset(('claim-session', 'handoff', 'resume', 'inventory', 'sync-notion'))
SCRIPT = '.claude/hooks/session_state.py'
CODEX_SCRIPT = '.codex/hooks/session_state.py'

_PLAIN = re.compile(r'[A-Za-z0-9_./:@+~-]+')
_CONFIG_HEAD = """\
# Settings of Daybook: only what differs from the defaults.
# Every setting, its default and its meaning:
# {url}#settings
"""
# why a section of the settings stands there
_CONFIG_WHY = {
    'kinds': '# which files are documents',
    'invariants': '# the mirror is asked at run time here; take this line out to let `check-invariant` find where',
    'validate': '# until this day problems in documents only warn',
}
_OPERATORS_HEAD = """\
# The people for whom agents act. Initials are the head of note ids and must be unique.
# Correct what is wrong here before the first note.
"""


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and frontmatter_yaml.reads_as_text(text) else json.dumps(text, ensure_ascii=False)


def _yaml(value: Mapping[str, Any]) -> str:
    return frontmatter_edit.render(value).removeprefix('---\n').removesuffix('---\n')


def config(settings: Mapping[str, Any]) -> str:
    """Return `.daybook/config.yaml` with `settings`, those that differ from the defaults."""
    parts = [_CONFIG_HEAD.format(url=calls.URL)]
    for section, value in settings.items():
        why = f'{_CONFIG_WHY[section]}\n' if section in _CONFIG_WHY else ''
        parts.append(why + _yaml({section: value}))
    return '\n'.join(parts)


def operators(people: Mapping[str, Mapping[str, Any]]) -> str:
    """Return `.daybook/operators.yaml` of `people` by slug."""
    return f'{_OPERATORS_HEAD}\n{_yaml({"operators": people})}'


def hooks_entry(url: str, rev: str, hook_ids: Iterable[str]) -> str:
    """Return our item of the `repos:` list."""
    ids = ''.join(f'    - id: {hook_id}\n' for hook_id in hook_ids)
    return f'- repo: {_scalar(url)}\n  rev: {_scalar(rev)}\n  hooks:\n{ids}'


def hooks_config(url: str, rev: str, hook_ids: Iterable[str]) -> str:
    """Return a whole `.pre-commit-config.yaml` with our entry alone."""
    entry = ''.join(f'  {line}' for line in hooks_entry(url, rev, hook_ids).splitlines(keepends=True))
    return f'default_install_hook_types: [{", ".join(calls.HOOK_TYPES)}]\nrepos:\n{entry}'


def telemetry(matcher: str) -> dict[str, dict[str, Any]]:
    """Return what the agent's settings register by event; `matcher` selects the tools, `*` for all."""
    # the script tells a call that it was not shown from one that never was
    option = '' if matcher == '*' else f" --matcher '{matcher}'"
    command = f'python3 -I -S "$CLAUDE_PROJECT_DIR"/{SCRIPT}{option}'
    hook = {'type': 'command', 'command': command, 'timeout': 5}
    return {
        'SessionStart': {'hooks': [hook]},
        'PostToolUse': {'matcher': matcher, 'hooks': [hook]},
        'PostToolUseFailure': {'matcher': matcher, 'hooks': [hook]},
    }


def codex_telemetry() -> dict[str, dict[str, Any]]:
    """Return what Codex's hooks register by event: https://developers.openai.com/codex/hooks."""
    command = f'python3 -I -S "$(git rev-parse --show-toplevel)"/{CODEX_SCRIPT} --agent codex'
    hook = {'type': 'command', 'command': command, 'timeout': 5}
    return {'SessionStart': {'hooks': [hook]}, 'PostToolUse': {'matcher': '*', 'hooks': [hook]}}
