"""Rule: no document keeps the marks that git wrote into it where a merge failed."""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence

from daybook.documents import conflicts
from daybook.documents.document import Document
from daybook.problem import Problem


_WORDS = 'a merge left its conflict here; keep what is right of both sides and take the marks out'


def check(documents: Iterable[Document]) -> list[Problem]:
    """Return where the text of a document has a conflict; one in its frontmatter is told with that."""
    found = []
    for document in documents:
        line = None if document.parsed.error else conflicts.marked_line(document.data)
        if line is not None:
            found.append(Problem(document.path, line, 'conflict-marker', f'{_WORDS}, or show an example in a code fence'))
    return found


def may_be_left(document: Document) -> bool:
    """Whether a document shows a conflict in a code fence, as an example or because a merge left it there."""
    return any(conflicts.blocks(document.data)) and not document.parsed.error and conflicts.marked_line(document.data) is None


def check_merged(document: Document, sides: Sequence[bytes]) -> list[Problem]:
    """Return where a document that was merged of `sides` has a conflict, in a code fence too, that neither of them shows."""
    known = {block for side in sides for _, block in conflicts.blocks(side)}
    line = next((line for line, block in conflicts.blocks(document.data) if block not in known), None)
    return [] if line is None else [Problem(document.path, line, 'conflict-marker', _WORDS)]
