"""audit-links: every link leads to a tracked file, and every `#fragment` to an anchor of it."""
from __future__ import annotations

import os
import sys

from daybook.links import link_memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from daybook.checks.change import Look
    from daybook.checks.scope import Scope


def look(scope: Scope) -> Look:
    """Return the dead links."""
    from daybook.links import link_report

    return link_report.look(scope)


def main(argv: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else list(argv)
    out: bytes | memoryview
    known, start = (None, None) if words else link_memory.recall(os.environ)
    if known is None:
        from daybook.checks import asking

        answers = asking.ask(os.environ) if start is None else None
        # what follows costs more to import than git takes to answer, or a repository without changes to check
        from daybook.errors import FatalError
        from daybook.links import link_report

        try:
            out, err, code = link_report.run(words, start, answers)
        except FatalError:
            from daybook.documents import config
            from daybook.documents import document
            from daybook.repo import git

            if document.settings_of(git.find_repo()) is not None:
                raise
            # a peer broke the settings: that must not stop a commit that does not touch them
            out, err, code = b'', f'{config.PATH} is wrong, so no link was checked\n', 0
    else:
        out, err, code = known.text, '', known.code
    sys.stderr.write(err)
    sys.stdout.flush()
    sys.stdout.buffer.write(out)
    sys.stdout.buffer.flush()
    return code


if __name__ == '__main__':
    raise SystemExit(main())
