"""How Daybook is installed and called: what messages and texts tell people and agents to run."""
from __future__ import annotations

URL = 'https://github.com/git-daybook/daybook'
HOOK_TYPES = ('pre-commit', 'pre-merge-commit', 'commit-msg', 'pre-push')


def requirement(extra: str, url: str = URL, rev: str = '') -> str:
    """Return what pip takes for Daybook with an extra, quoted for a shell; the bare name is not ours at the package index."""
    return f"'git-daybook[{extra}] @ git+{url}{'@' * bool(rev)}{rev}'"


def install(program: str) -> str:
    """Return the command that has pre-commit or prek, as `program` says, run the hooks at every stage that they need."""
    return f'{program} install {_types()}'


def uninstall(program: str) -> str:
    """Return the command that takes the hooks of `program` out of git again; one without types leaves most of them."""
    return f'{program} uninstall {_types()}'


def _types() -> str:
    return ' '.join(f'-t {name}' for name in HOOK_TYPES)


def call(hook_id: str, *, runner: str, files: str = '', operator: str = '', program: str = 'pre-commit') -> str:
    """Return the command that runs a manual hook here, without the runner's stash.

    `runner` is empty where `program`, which is pre-commit or prek, runs the hooks; under any other `daybook` is called itself.
    `operator` is the slug of the person for whom it speaks, whoever is logged in.
    """
    who = f'OPERATOR={operator} ' if operator else ''
    if runner:
        return f'{who}daybook {hook_id}' + (f' --files {files}' if files else '')
    return f'{who}{program} run --hook-stage manual {hook_id} ' + (f'--files {files}' if files else '--all-files')
