"""How people, agents and runners of hooks work in a repository, for `inventory` and `init`."""
from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from typing import Any

from daybook.adoption import findings
from daybook.adoption.sweep import Sweep
from daybook.repo import git
from daybook.repo import git_log
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.rules import habits
from daybook.rules import surroundings

COMMITS = 2000  # how far back the history is read for habits
_CONVENTIONAL = re.compile(r'[a-z]+(?:\([^)]*\))?!?: ')
_SQUASHED = re.compile(r'\(#\d+\)$')


def _habit(commits: list[git_log.Commit]) -> tuple[str, int]:
    """Return how work reaches the branch, and the share of it that does so in percent."""
    merges = sum(commit.parents > 1 for commit in commits)
    squashes = sum(commit.parents == 1 and bool(_SQUASHED.search(commit.subject)) for commit in commits)
    if not commits:
        return 'none', 0
    if squashes >= merges and squashes * 10 >= 3 * len(commits):
        return 'squashes', round(100 * squashes / len(commits))
    if merges * 12 >= len(commits):
        return 'merges', round(100 * merges / len(commits))
    return 'pushes', round(100 * (len(commits) - merges - squashes) / len(commits))


def repository(repo: Repo, found: Sweep, commits: list[git_log.Commit]) -> dict[str, Any]:
    """Return what a repository is, and how work reaches its branch by its newest `commits`, `COMMITS` at most."""
    remotes = git_refs.remotes(repo)
    default = git_refs.default_branch(repo, git_refs.shared_remote(repo))
    habit, share = _habit(commits)
    conventional = sum(bool(_CONVENTIONAL.match(commit.subject)) for commit in commits[:300])
    return {
        'name': os.path.basename(repo.root), 'branch': git_refs.current_branch(repo),
        'default_branch': default and default.removeprefix('refs/heads/').removeprefix('refs/remotes/'),
        'remotes': remotes, 'commits_read': len(commits), 'are_all_commits': len(commits) < COMMITS,
        'is_shallow': git_refs.is_shallow(repo), 'is_linked_worktree': repo.git_dir != repo.common_dir,
        'habit': habit, 'habit_percent': share,
        'conventional_percent': round(100 * conventional / min(300, len(commits))) if commits else 0,
        'has_docs': any(path.startswith('docs/') for path in found.files), 'tracked': len(found.files), 'submodules': found.submodules, 'symlinks': len(found.symlinks),
        'untracked_markdown': len(git_status.untracked_files(repo, '*.md')), 'dirty': findings.first(git_status.dirty_files(repo)),
    }


def _servers(repo: Repo, paths: Iterable[str]) -> list[str]:
    """Return the names of the MCP servers that agents are told to start."""
    found: list[str] = []
    for path in paths:
        try:
            with open(os.path.join(repo.root, path), 'rb') as stream:
                text = stream.read(habits.LARGE).decode('utf-8', 'replace')
            servers = json.loads(text).get('mcpServers', {}) if path.endswith('.json') else {}
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        found += list(servers) if isinstance(servers, dict) else []
        found += re.findall(r'^\[mcp_servers\.([\w-]+)\]', text, re.M) if path.endswith('.toml') else []
    return sorted(set(found))


def agents(repo: Repo, files: list[str]) -> dict[str, Any]:
    """Return which agents the tracked `files` are for, and what they are told to do and to start."""
    settings = surroundings.settings(files)
    commands = surroundings.handoff_commands(files)
    is_ignored = bool(git_status.ignored(repo, ['.claude/commands/daybook-probe.md']))
    readable = [path for path in settings if os.path.isfile(os.path.join(repo.root, path))]
    return {'agents': surroundings.agents(files), 'instructions': surroundings.instructions(files),
            'settings': settings, 'handoff_commands': commands, 'servers': _servers(repo, readable),
            'is_claude_ignored': is_ignored}


def runner(repo: Repo, files: list[str]) -> dict[str, Any]:
    """Return what runs hooks here: what the tracked `files` configure, and what is installed in this clone."""
    hooks = os.path.join(repo.common_dir, 'hooks')
    try:
        installed = sorted(name for name in os.listdir(hooks) if not name.endswith('.sample'))
    except OSError:
        installed = []
    return {'configured': surroundings.runners(files), 'hooks_path': git.config_value(repo, 'core.hooksPath'),
            'installed': installed, 'commit_policies': surroundings.commit_policies(files)}
