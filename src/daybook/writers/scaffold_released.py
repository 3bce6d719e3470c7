"""What released versions wrote that is the same in every repository: digests, for `init --upgrade` where the record is lost.

A release adds its row: `tests/scaffold_test.py` prints it and fails until it stands here.
"""
from __future__ import annotations

# version -> path -> digest of `scaffold_record.digest`
DIGESTS: dict[str, dict[str, str]] = {}


def by_path() -> dict[str, set[str]]:
    """Return the digests that a file had in any release, by path."""
    found: dict[str, set[str]] = {}
    for row in DIGESTS.values():
        for path, digest in row.items():
            found.setdefault(path, set()).add(digest)
    return found
