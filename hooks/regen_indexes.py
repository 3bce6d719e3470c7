"""`regen-indexes`: write the INDEX.md of every folder of documents; one line for each, nothing else."""
from __future__ import annotations

import argparse
import os
import posixpath
import shlex
import sys
from collections.abc import Collection
from collections.abc import Sequence

from daybook.documents import config
from daybook.documents import document
from daybook.documents.config import Settings
from daybook.problem import printable
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo.git import Repo
from daybook.writers import index_set
from daybook.writers import indexes


def _is_ours_to_keep(repo: Repo, settings: Settings, *, is_asked: bool) -> bool:
    if settings.indexes_when == 'default-branch' and not is_asked:
        known = git.remotes(repo)
        remote = 'origin' if 'origin' in known else next(iter(known), None)
        default = git.default_branch(repo, remote) or ''
        return default.removeprefix('refs/heads/').removeprefix(f'refs/remotes/{remote}/') == git.current_branch(repo)
    return settings.indexes_when != 'never' or is_asked


def _concerned(repo: Repo, settings: Settings) -> set[str]:
    """Return the folders whose index the staged change makes stale: a document came, went or got another title."""
    status = dict((path, letter) for letter, path in git.staged_status(repo))
    edited = [path for path, letter in status.items() if letter not in 'AD' and config.kind_of(settings, path)]
    before = {found.path: document.title_of(found) for found in document.read_committed(repo, settings, edited)}
    after = {found.path: document.title_of(found) for found in document.read_all(repo, settings, edited)}
    retitled = [path for path in edited if before.get(path) != after.get(path)]
    moved = [path for path, letter in status.items() if letter in 'AD' and config.kind_of(settings, path)]
    written = [path for path in status if posixpath.basename(path) == indexes.NAME]
    return {posixpath.dirname(path) for path in [*retitled, *moved, *written]}


def _wanted(repo: Repo, settings: Settings, tracked: Sequence[str], only: Collection[str] | None) -> dict[str, str]:
    """Return the text of each index by path; `only` limits them to these folders."""
    places = [path for path, _ in document.select(settings, tracked)]
    read = places if only is None else [path for path in places if posixpath.dirname(path) in only]
    titles = {path: document.stem_of(path) for path in places}
    for found in document.read_all(repo, settings, read):
        titles[found.path] = document.title_of(found)
        if found.is_stub:
            del titles[found.path]
    texts = index_set.texts(titles)
    homes = tuple(f'{kind.folder}/' for kind in settings.kinds if kind.folder)
    emptied = [path for path in tracked
               if posixpath.basename(path) == indexes.NAME and path.startswith(homes) and path not in texts]
    for path in emptied:
        texts[path] = indexes.render(index_set.title_of(posixpath.dirname(path)), [])
    return {path: text for path, text in texts.items() if only is None or posixpath.dirname(path) in only}


def _is_stale(repo: Repo, path: str, text: str, by_hand: list[str], *, is_tracked: bool) -> bool:
    if os.path.islink(os.path.join(repo.root, path)):
        by_hand.append(path)
        return False
    data = files.read_bytes(files.inside(repo.root, path))
    if data is None:
        return '](' in text  # nothing to list, nothing to make
    old = data.decode('utf-8', 'replace').replace('\r\n', '\n')
    if not indexes.is_generated(old):
        if '](' in text or not is_tracked:
            by_hand.append(path)
        return False
    return old != text


def main(argv: Sequence[str] | None = None) -> int:
    """Write what is stale and print the `git add` for it; 1 when something was written."""
    parser = argparse.ArgumentParser('daybook regen-indexes', description=__doc__)
    parser.add_argument('--force', action='store_true', help='also where `indexes.when` leaves it to others')
    args = parser.parse_args(argv)
    repo = git.find_repo()
    settings = document.settings_of(repo)
    if settings is None:
        print(f'{config.PATH} is wrong, so nothing was checked; run daybook validate-frontmatter')
        return 0
    if not _is_ours_to_keep(repo, settings, is_asked=args.force):
        return 0
    tracked = git.tracked_files(repo)
    # in a commit, an index that somebody else left stale is not this commit's business
    only = _concerned(repo, settings) if git.is_in_git_hook() else None
    by_hand: list[str] = []
    wanted = _wanted(repo, settings, tracked, only)
    stale = [path for path in sorted(wanted)
             if _is_stale(repo, path, wanted[path], by_hand, is_tracked=path in tracked)]
    for path in stale:
        oid = git_objects.write_blob(repo, path, wanted[path].encode('utf-8', 'replace'))
        files.write_atomic(files.inside(repo.root, path), git_objects.as_checked_out(repo, path, oid))
        print(printable(f'Rewriting {path}'))
    if stale:
        print(printable(f'git add -- {" ".join(shlex.quote(path) for path in stale)}'))
    if by_hand and not git.is_in_git_hook():
        print(printable(f'left alone, as written by hand: {", ".join(by_hand)}'), file=sys.stderr)
    return int(bool(stale))


if __name__ == '__main__':
    raise SystemExit(main())
