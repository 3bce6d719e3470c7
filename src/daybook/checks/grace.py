"""What blocks before `validate.block_from`: the time of grace is for habits of writing, not for what no program can read."""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping

from daybook.checks.change import is_merge
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.problem import Problem
from daybook.repo import git_changes

_HABITS = ('frontmatter-missing', 'frontmatter-schema', 'frontmatter-key')


def _begun(scope: Scope, environ: Mapping[str, str]) -> set[str]:
    """Return the files that the change at hand begins; none where they come with the settings, or a merge that is being committed brings them.

    What a push, or a range that CI names, has merged counts: nothing looks at it again before it is everybody's.
    """
    if scope.change is None:
        return set()
    if not scope.is_in_commit:
        changed = git_changes.between(scope.repo, scope.change.base, environ['PRE_COMMIT_TO_REF'])
    elif not scope.head or is_merge(scope.repo, environ):
        return set()
    else:
        changed = git_changes.staged(scope.repo)
    begun = {file.path for file in changed if file.status == 'added'}
    return set() if config.PATH in begun else begun


def _is_unreadable(rule: str) -> bool:
    return rule.startswith('frontmatter-') and rule not in _HABITS


def judged(scope: Scope, problems: Collection[Problem], environ: Mapping[str, str]) -> list[Problem]:
    """Return `problems` as warnings, but for those of operators and schemas, and frontmatter that nobody can read in documents that
    the change at hand begins.

    A renamed document is none of these.
    """
    settings, begun = {config.OPERATORS_PATH, *(kind.schema for kind in scope.settings.kinds)}, _begun(scope, environ)
    return [wrong if wrong.path in settings or wrong.path in begun and _is_unreadable(wrong.rule) else wrong._replace(level='warning')
            for wrong in problems]
