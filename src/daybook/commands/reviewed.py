"""reviewed: stamp documents with the day on which somebody read them and vouched for them."""
from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any

from daybook.checks import as_of
from daybook.documents import config
from daybook.documents import document
from daybook.documents import frontmatter
from daybook.documents import governed
from daybook.documents import review
from daybook.documents import schema
from daybook.documents.config import Settings
from daybook.documents.review import Policy
from daybook.errors import FatalError
from daybook.problem import add_line
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.writers import reviewed

_USAGE = 'daybook reviewed FILE... [--until DATE] [--as-of DATE]'


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='daybook reviewed', usage=_USAGE, description=__doc__)
    parser.add_argument('files', nargs='+', metavar='FILE', help='the documents that were read')
    parser.add_argument('--until', type=as_of.day, metavar='DATE', help='the day by which the next review is due')
    as_of.add(parser, 'the day of the review (default: today)')
    return parser.parse_args(argv)


def _stamped(repo: Repo, settings: Settings, path: str, options: argparse.Namespace) -> tuple[bytes, bytes, str]:
    """Return the bytes of a document before and after, and the day of its next review. Raises FatalError."""
    kind = config.kind_of(settings, path)
    data = files.read_bytes(files.inside(repo.root, path))
    if data is None:
        raise FatalError(f'{path}: no such file; nothing was stamped')
    if kind is None:
        raise FatalError(f'{path}: no document; the kinds are settled in {config.PATH}')
    parsed = frontmatter.parse(data)
    record = document.from_bytes(path, kind, data)
    if record.is_stub:
        raise FatalError(f'{path}: a claim that nobody has filled; hand the session off first')
    found = governed.of_bytes(data, parsed)
    meta: dict[str, Any] = {**found.header.meta, **{key: record.meta[key] for key in ('review_by', 'ttl_days') if key in record.meta}}
    rule = Policy(settings.freshness_rules).rule(path, kind.name)
    ttl = rule.ttl_days if rule else None
    try:
        wanted = reviewed.changes(meta, found.footer[0] if found.footer else '', options.as_of, until=options.until, ttl_days=ttl)
        after = reviewed.stamp(data, wanted, schema.property_order(kind.name))
    except FatalError as error:
        raise FatalError(f'{path}: {error}') from error
    return data, after, review.due({**meta, **wanted}, ttl)


def main(argv: Sequence[str] | None = None) -> int:
    options = _arguments(argv)
    repo = git.find_repo()
    settings = config.load(repo.root)
    if options.until and options.until <= options.as_of:
        raise FatalError(f'--until {options.until} is not after {options.as_of}; give a later day')
    paths = list(dict.fromkeys(files.within(repo.root, name) for name in options.files))
    # each can be stamped before the first is written
    stamped = {path: _stamped(repo, settings, path, options) for path in paths}
    for path, (before, after, due) in stamped.items():
        if before != after:
            files.write_atomic(os.path.join(repo.root, path), after)
        print(printable(f'{path}: reviewed {options.as_of}, next by {due}'))
    written = [path for path, (before, after, _) in stamped.items() if before != after]
    if written:
        print(printable(add_line(repo.root, written, os.getcwd())))
    return 0
