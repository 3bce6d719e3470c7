"""check-all: every rule that looks, in one process that asks git once."""
from __future__ import annotations

from collections.abc import Sequence

from daybook.checks import looking

TYPE_CHECKING = False
if TYPE_CHECKING:  # git is asked before they are imported
    from daybook.checks.change import Look
    from daybook.checks.scope import Scope

HOOK_ID = 'check-all'


def look(scope: Scope) -> Look:
    """Return what all of them find."""
    from daybook.checks import together

    return together.look(scope)


def main(argv: Sequence[str] | None = None) -> int:
    return looking.run(HOOK_ID, __doc__, look, argv, say=print)


if __name__ == '__main__':
    raise SystemExit(main())
