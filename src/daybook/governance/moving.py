"""Which status each changed document had before the change at hand, by git."""
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from daybook.checks.change import is_merge
from daybook.checks.scope import Scope
from daybook.documents import document
from daybook.errors import FatalError
from daybook.governance import records
from daybook.repo import git_changes
from daybook.repo.git_changes import File
from daybook.rules.lifecycle import Former


class Before(NamedTuple):
    """What each changed document was, by path. `is_range` tells that several commits may lie between.

    `blind` says why that could not be found out, `` where it could.
    """

    statuses: dict[str, Former]
    is_range: bool
    blind: str = ''


NOTHING = Before({}, False)


def _base(scope: Scope, environ: Mapping[str, str]) -> tuple[str, bool]:
    """Return the commit to compare with, and whether what lies between may be several commits.

    Raises FatalError for a pull request in a shallow clone, which has no common past with its target.
    """
    if scope.is_in_commit:
        return 'HEAD', is_merge(scope.repo, environ)
    if scope.change is not None:
        return scope.change.base, True
    target = environ.get('GITHUB_BASE_REF')
    if target:
        base, _ = git_changes.split_range(scope.repo, f'origin/{target}...HEAD')
        return base or 'HEAD', True
    return 'HEAD', False


def _statuses(scope: Scope, paths: list[str], commit: str) -> dict[str, str]:
    found = document.read_committed(scope.repo, scope.settings, paths, commit)
    stated = {each.path: records.of_document(each).meta.get('status') for each in found}
    return {path: status for path, status in stated.items() if isinstance(status, str)}


def former(scope: Scope, environ: Mapping[str, str]) -> Before:
    """Return what each changed document was, under another name perhaps."""
    try:
        base, is_range = _base(scope, environ)
    except FatalError as error:  # the statuses themselves are checked all the same
        return Before({}, True, str(error))
    changed: list[File] = (git_changes.staged if scope.is_in_commit else git_changes.on_disk)(scope.repo, base)
    names = {file.path: file.old or file.path for file in changed if file.status == 'modified'}
    before = _statuses(scope, list(names.values()), base)
    earlier = _statuses(scope, list(names.values()), 'HEAD^') if before and not is_range else {}
    return Before({path: Former(before[old], earlier.get(old, '')) for path, old in names.items() if old in before}, is_range)
