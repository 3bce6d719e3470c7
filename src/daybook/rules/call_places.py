"""Where calls of tools are at home: which files of a repository agents, git hooks, scripts and CI run."""
from __future__ import annotations

import re
from typing import NamedTuple

_AGENT = r'\.(?:claude|codex|gemini|cursor|agents?|opencode|github|windsurf|kiro|clinerules|roo|continue)'
_CODE = (r'\.(?:py|sh|bash|zsh|fish|js|mjs|cjs|ts|mts|cts|rb|pl|php|lua|go|rs|ps1|psm1|bat|cmd|awk|just|mk|ya?ml|toml|json|jsonc)')

# of the first that fits: what the place is, and how its files read: prose to an agent, code, or settings
_AREAS = tuple((place, re.compile(pattern)) for place, pattern in (
    ('settings', r'(?:^|/)(?:\.mcp|mcp|mcp[-_]config|claude_desktop_config|opencode)\.jsonc?$'
                 rf'|(?:^|/){_AGENT}/(?:settings(?:\.local)?\.json|hooks\.json|mcp\.json|config\.toml)$'),
    ('command', rf'(?:^|/){_AGENT}/(?:commands?|skills|agents|prompts|workflows|rules|instructions|hooks)/'
                r'.*\.(?:md|mdc|txt)$'
                r'|^(?:plugins?/[^/]+/)?(?:commands|skills|agents)/.*\.md$'
                r'|(?:^|/)(?:AGENTS|CLAUDE|GEMINI)(?:\.local)?\.md$|(?:^|/)copilot-instructions\.md$'
                r'|(?:^|/)\.(?:cursorrules|windsurfrules|clinerules)$|(?:^|/)\.gemini/commands/.*\.toml$'),
    ('hook', rf'(?:^|/){_AGENT}/hooks/|^(?:plugins?/[^/]+/)?hooks/|^\.(?:githooks|git-hooks|husky)/'
             r'|^\.?lefthook[^/]*\.(?:ya?ml|toml|json)$|^\.pre-commit-config\.ya?ml$|^prek\.toml$'),
    ('skill', rf'(?:^|/){_AGENT}/(?:commands?|skills|agents)/.*{_CODE}$'
              rf'|^(?:plugins?/[^/]+/)?(?:commands|skills|agents)/.*{_CODE}$'),
    ('workflow', r'^\.(?:github|gitea|forgejo)/(?:workflows|actions)/.*\.ya?ml$|^\.gitlab-ci\.ya?ml$|^\.circleci/.*\.ya?ml$'
                 r'|^azure-pipelines\.ya?ml$|^bitbucket-pipelines\.ya?ml$|^\.buildkite/.*\.ya?ml$|^Jenkinsfile$'),
    ('script', rf'(?:^|/)(?:scripts?|bin|tools?|hack)/(?:.*{_CODE}|(?:.*/)?[^/.]+)$|^(?:GNU)?[Mm]akefile$|^[Jj]ustfile$'
               r'|^Taskfile\.ya?ml$'),
))
_NO_PLACE = re.compile(r'(?:^|/)(?:tests?|__tests__|spec|fixtures|testdata|test_data|examples?|node_modules|vendor|dist'
                       r'|\.venv|CHANGELOG[^/]*)(?:/|$)'
                       r'|(?:^|/)(?:test_[^/]*|conftest\.py|[^/]*[._-](?:test|tests|spec)\.\w+|[^/]*-lock\.\w+|[^/]*\.lock)$')
_PROSE = re.compile(r'\.(?:md|mdc|txt)$|(?:^|/)\.(?:cursorrules|windsurfrules|clinerules)$|\.gemini/commands/.*\.toml$')
_JSON = re.compile(r'\.jsonc?$')


class Place(NamedTuple):
    """What a file is (`settings`, `command`, `hook`, `skill`, `workflow`, `script`), and how it reads (`prose`, `code`, `json`)."""

    name: str
    form: str


def place_of(path: str) -> Place | None:
    """Return what the file at the repository-relative `path` is, or None where nothing is run from it.

    Documentation, tests and the product's own code are none of these: they mention, or are not run by agents.
    """
    if _NO_PLACE.search(path):
        return None
    name = next((name for name, pattern in _AREAS if pattern.search(path)), None)
    if name is None:
        return None
    form = 'json' if _JSON.search(path) else 'prose' if _PROSE.search(path) else 'code'
    return Place(name, form)
