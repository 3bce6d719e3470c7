"""How the repository itself stands: git, the clone, settings, what is ignored and merged, what was left behind."""
from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from collections.abc import Mapping

from daybook.doctor.check import Check
from daybook.doctor.check import fail
from daybook.doctor.check import ok
from daybook.doctor.check import warn
from daybook.documents import config
from daybook.documents import mappings
from daybook.documents.config import Settings
from daybook.errors import FatalError
from daybook.handoff import journal
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_refs
from daybook.repo import git_status
from daybook.repo.git import Repo
from daybook.session import claiming
from daybook.session import moves
from daybook.session import operators
from daybook.session import overview_file
from daybook.session import preflight
from daybook.writers import indexes

_GIT = (2, 38)  # merge-tree --write-tree


def versions(repo: Repo) -> Iterator[Check]:
    """Yield whether git and Python are new enough."""
    text = git.expect('--version', cwd=repo.root).text
    found = re.search(r'(\d+)\.(\d+)', text)
    if found is None or (int(found[1]), int(found[2])) < _GIT:
        yield fail('git', f'{text} is older than 2.38, so that hand-off cannot join a peer\'s push', 'install git 2.38 or later')
    else:
        yield ok('git', text)
    yield ok('python', sys.version.split()[0])


def clone(repo: Repo) -> Iterator[Check]:
    """Yield what kind of clone this is, where it lies, and its linked work trees."""
    if git_refs.is_shallow(repo):
        yield warn('history', 'this clone is shallow: back-fill derives no owner and no day from it', 'git fetch --unshallow')
    elif git.config_value(repo, 'extensions.partialClone') or git.git('config', '--get-regexp', r'^remote\..*\.promisor$', cwd=repo.root).is_ok:
        yield warn('history', 'this clone is partial: documents whose blobs are missing are not read', 'git fetch --refetch --no-filter')
    else:
        yield ok('history', 'complete')
    warning = claiming.path_warning(repo.root)
    yield warn('place', warning, 'move the clone to a folder that is not synchronised') if warning else ok('place', repo.root)
    trees = git.git('worktree', 'list', '--porcelain', cwd=repo.root).text.split('\n\n')
    gone = [block.split('\n')[0].removeprefix('worktree ') for block in trees if '\nprunable' in block]
    if gone:
        yield warn('worktrees', f'gone but still registered: {", ".join(gone)}', 'git worktree prune')
    else:
        yield ok('worktrees', f'{len(trees)} with this one' if len(trees) > 1 else 'only this one')


def settings(repo: Repo, environ: Mapping[str, str]) -> Iterator[Check]:
    """Yield whether the files of settings can be used, and for whom a hand-off would speak."""
    for name, path, schema in (('config', config.PATH, 'config'), ('operators', config.OPERATORS_PATH, 'operators')):
        data = files.read_bytes(os.path.join(repo.root, path))
        problems = mappings.read(path, data, schema)[1] if data is not None else []
        for wrong in problems:
            yield fail(name, f'{wrong.path}:{wrong.line}: {wrong.message}', f'correct {wrong.path}:{wrong.line}')
        if not problems:
            yield ok(name, f'{path}{"" if data is not None else ": none, the defaults hold"}')
    try:
        who = operators.resolve(repo, None, environ)
        yield ok('operator', f'{who.slug} ({who.initials}), from {who.source}')
    except FatalError as error:
        first, *rest = str(error).split('\n')
        yield fail('operator', first, f'add yourself to {config.OPERATORS_PATH}; `daybook whoami` prints the lines')


def _merge_of(repo: Repo, path: str) -> str:
    out = git.git('check-attr', '-z', 'merge', '--', path, cwd=repo.root).out
    return git.zsplit(out)[2] if out else ''


def _is_made(repo: Repo, path: str) -> bool:
    """Return whether the map at `path` is generated, or will be; one with a block is written by people."""
    data = files.read_bytes(os.path.join(repo.root, path))
    return data is None or indexes.is_generated(data.decode('utf-8', 'replace'))


def merging(repo: Repo, given: Settings) -> Iterator[Check]:
    """Yield whether generated indexes merge by union where branches write them, and authored documents never do."""
    folders = [given.kind(name).folder for name in ('session', 'workstream')]
    if given.indexes_when == 'commit':
        kept = {f'{folder}/INDEX.md': f'{folder}/**/INDEX.md' for folder in folders if folder}
        if given.indexes_overview and _is_made(repo, given.indexes_overview):
            kept[given.indexes_overview] = given.indexes_overview if '/' in given.indexes_overview else f'/{given.indexes_overview}'
        lacking = [path for path in kept if _merge_of(repo, path) != 'union']
        if lacking:
            yield fail('merge', f'{", ".join(lacking)}: not merged by union, so that two branches conflict in them',
                       f"echo '{kept[lacking[0]]} merge=union' >> .gitattributes")
        else:
            yield ok('merge', 'indexes merge by union')
    authored = [f'{folder}/x.md' for folder in folders if folder and _merge_of(repo, f'{folder}/x.md') == 'union']
    if authored:
        yield fail('merge-authored', f'merge=union holds for {authored[0]} too, and garbles what people write',
                   f'let the line in .gitattributes name INDEX.md: {os.path.dirname(authored[0])}/**/INDEX.md merge=union')
    overview = given.indexes_overview
    if overview and overview_file.text_of(repo, given) is not None and _merge_of(repo, overview) == 'union':
        yield fail('merge-authored', f'merge=union holds for {overview} too, and garbles what people write around its block',
                   f'take {overview} out of .gitattributes')


def ignoring(repo: Repo, given: Settings) -> Iterator[Check]:
    """Yield whether git ignores what must not be committed, and nothing that must."""
    state = files.state_folder(repo.root)
    inside = not os.path.relpath(state, repo.root).startswith(os.pardir)
    probe = os.path.relpath(os.path.join(state, 'draft.md'), repo.root).replace(os.sep, '/')
    if inside and probe not in git_status.ignored(repo, [probe]):
        yield fail('state-ignored', f'{os.path.dirname(probe)} is not ignored: drafts and counters could be committed',
                   f"echo '{os.path.dirname(probe)}/' >> .gitignore")
    else:
        yield ok('state-ignored', os.path.dirname(probe))
    folders = [kind.folder for kind in given.kinds if kind.folder]
    hidden = sorted(git_status.ignored(repo, [f'{folder}/x.md' for folder in folders]))
    if hidden:
        yield fail('folders-ignored', f'git ignores {", ".join(os.path.dirname(path) for path in hidden)}: documents there cannot be committed',
                   f'take the line out that this names: git check-ignore -v {hidden[0]}')
    else:
        yield ok('folders-ignored', 'no folder of documents is')
    if config.PATH in git_status.ignored(repo, [config.PATH]):
        yield fail('config-ignored', f'git ignores {config.PATH}: nobody else gets the settings', f'git check-ignore -v {config.PATH}')


def leftovers(repo: Repo) -> Iterator[Check]:
    """Yield whether our folder in git can be used, whether the index is locked, and whether a hand-off was killed in this work tree."""
    place = os.path.join(repo.common_dir, 'daybook')
    if os.path.lexists(place) and not (os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)):
        yield fail('catalogue', f'{place} is no folder that can be written: no claim can be made, and every run reads all documents anew',
                   f'mv {shlex.quote(place)} {shlex.quote(place + ".old")}')
    elif not os.access(repo.common_dir, os.W_OK):
        yield warn('catalogue', f'{repo.common_dir} is read-only: every run reads all documents anew')
    else:
        yield ok('catalogue', place)
    lock = preflight.index_lock(repo)
    if lock is not None:
        yield fail('index-lock', f'nothing can be committed while this lies there: {lock[0]}', f'wait for git to end; when none runs here any more: {lock[1]}')
    path = git.git_path(repo, journal.NAME)
    if os.path.lexists(path):
        with files.exclusive_lock(git.git_path(repo, journal.LOCK), 0) as is_held:
            if is_held and os.path.lexists(path):
                yield fail('journal', 'a hand-off was killed in this work tree', 'daybook handoff')
    left = [each for each in moves.ALL if moves.is_left(repo, each)]
    if left:
        with files.exclusive_lock(git.git_path(repo, moves.LOCK), 0) as is_held:
            for each in left if is_held else ():
                if moves.is_left(repo, each):
                    yield fail(each.command.split()[1], f'{each.work} was killed in this work tree', each.command)


def grace(given: Settings, day: str) -> Iterator[Check]:
    """Yield whether validate-frontmatter only warns as yet."""
    if given.validate_block_from and given.validate_block_from > day:
        yield warn('grace', f'until {given.validate_block_from} validate-frontmatter only warns', 'daybook backfill-frontmatter --dry-run')


def documents(repo: Repo, given: Settings) -> Check:
    """Return how many documents there are."""
    count = sum(config.kind_of(given, path) is not None for path in git_status.tracked_files(repo))
    return ok('documents', f'{count}') if count else warn('documents', 'no tracked file is a document', 'daybook inventory')
