"""What a run asks of git before anything else, all at once; a run that looks at a change knows all that it needs by that."""
from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Mapping
from typing import NamedTuple

from daybook.repo import git
from daybook.repo import git_spawn
from daybook.repo import listing


class Answers(NamedTuple):
    """What git printed; None for a question that it could not answer, or that was not asked."""

    where: bytes | None = None
    head: bytes | None = None
    staged: bytes | None = None
    listed: bytes | None = None
    dirty: bytes | None = None


def ask(environ: Mapping[str, str]) -> Callable[[], Answers]:
    """Start the questions; what comes back waits for the answers, and must be called."""
    questions: dict[str, tuple[str, ...]] = {'where': git.WHERE, 'head': git.HEAD}
    if os.path.lexists('.git'):  # below the root git would list a part of the files
        if 'GIT_INDEX_FILE' in environ:
            questions |= {'staged': git.STAGED, 'listed': listing.QUESTIONS[0]}
        else:
            questions |= {'listed': listing.QUESTIONS[0], 'dirty': listing.QUESTIONS[1]}
    wait = git_spawn.ask(os.getcwd(), *questions.values())
    return lambda: Answers(**dict(zip(questions, wait())))
