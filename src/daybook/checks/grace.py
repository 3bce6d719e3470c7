"""What blocks before `validate.block_from`: the time of grace is for habits of writing, not for accidents of today."""
from __future__ import annotations

import os
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence

from daybook.checks.change import is_merge
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.documents import conflicts
from daybook.problem import Problem
from daybook.repo import git
from daybook.repo import git_changes
from daybook.repo import git_objects

_HABITS = ('frontmatter-missing', 'frontmatter-schema', 'frontmatter-key')
_CONFLICTS = ('conflict-marker', 'frontmatter-conflict')
_MERGED = 'MERGE_HEAD'


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


def _is_accident(rule: str) -> bool:
    return rule == 'claim-stub' or rule.startswith('frontmatter-') and rule not in _HABITS


def _left(scope: Scope, paths: Sequence[str], environ: Mapping[str, str]) -> set[str]:
    """Return which of the documents `paths` have a conflict that the change at hand leaves in them: none of its sides had one."""
    if scope.change is None or not paths:
        return set()
    sides = [scope.change.base]
    if scope.is_in_commit and is_merge(scope.repo, environ):
        if not os.path.exists(git.git_path(scope.repo, _MERGED)):
            return set()  # git has merged it without a conflict
        sides.append(_MERGED)
    names = [f'{scope.change.base}:{config.PATH}', *(f'{side}:{path}' for path in paths for side in sides)]
    blobs = iter(git_objects.read_blobs(scope.repo, names))
    if next(blobs) is None:
        return set()  # what comes with the settings is old
    return {path for path in paths if not any([conflicts.marked_line(next(blobs) or b'') for _ in sides])}


def judged(scope: Scope, problems: Collection[Problem], environ: Mapping[str, str]) -> list[Problem]:
    """Return `problems` as warnings, but for those of operators and schemas, conflicts that the change at hand leaves, and of
    documents that it begins frontmatter that nobody can read and claims that nobody has filled.

    A renamed document is none that it begins.
    """
    settings, begun = {config.OPERATORS_PATH, *(kind.schema for kind in scope.settings.kinds)}, _begun(scope, environ)
    left = _left(scope, sorted({wrong.path for wrong in problems if wrong.rule in _CONFLICTS and '\n' not in wrong.path}), environ)

    def is_of_today(wrong: Problem) -> bool:
        return (wrong.path in settings or wrong.path in left and wrong.rule in _CONFLICTS
                or wrong.path in begun and _is_accident(wrong.rule))

    return [wrong if is_of_today(wrong) else wrong._replace(level='warning') for wrong in problems]
