"""Rule: no document keeps the marks that git wrote into it where a merge failed."""
from __future__ import annotations

from collections.abc import Iterable

from daybook.documents import conflicts
from daybook.documents.document import Document
from daybook.problem import Problem


def check(documents: Iterable[Document]) -> list[Problem]:
    """Return where the text of a document has a conflict; one in its frontmatter is told with that."""
    found = []
    for document in documents:
        line = None if document.parsed.error else conflicts.marked_line(document.data)
        if line is not None:
            found.append(Problem(document.path, line, 'conflict-marker', 'a merge left its conflict here; keep what is right of both sides '
                                 'and take the marks out, or show an example in a code fence'))
    return found
