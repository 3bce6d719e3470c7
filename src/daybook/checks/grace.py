"""What blocks before `validate.block_from`: the time of grace is for documents that were there before anybody could know."""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping

from daybook.checks.change import is_merge
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.problem import Problem
from daybook.repo import git_changes


def _begun(scope: Scope, environ: Mapping[str, str]) -> set[str]:
    """Return the files that the commit at hand begins; none where a merge brings them, or where they come with the settings."""
    if not scope.is_in_commit or scope.change is None or not scope.head or is_merge(scope.repo, environ):
        return set()
    begun = {file.path for file in git_changes.staged(scope.repo) if file.status == 'added'}
    return set() if config.PATH in begun else begun


def judged(scope: Scope, problems: Collection[Problem], environ: Mapping[str, str]) -> list[Problem]:
    """Return `problems` as warnings, but for those of operators and schemas, and of documents that the commit at hand begins.

    A renamed document is none of these.
    """
    blocking = {config.OPERATORS_PATH, *(kind.schema for kind in scope.settings.kinds), *_begun(scope, environ)}
    return [wrong if wrong.path in blocking else wrong._replace(level='warning') for wrong in problems]
