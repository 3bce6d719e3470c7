"""`render-docs`: write a page for every document, and a home page that finds them."""
from __future__ import annotations

import os
import sys

from daybook.site import site_memory

TYPE_CHECKING = False
if TYPE_CHECKING:  # where nothing has changed, nothing of it is needed
    from collections.abc import Sequence

    from daybook.documents.config import Settings
    from daybook.repo.git import Repo
    from daybook.site.site_memory import Start
    from daybook.site.site_output import Outcome

_MOST = 50  # paths that are named one by one


def _tell_tracked(root: str, outcome: Outcome, folder: str) -> None:
    from daybook.problem import add_line
    from daybook.problem import printable

    changed = sorted([*outcome.written, *outcome.removed])
    for path in changed[:_MOST]:
        print(printable(f'{"Removing" if path in outcome.removed else "Rewriting"} {path}'))
    if len(changed) > _MOST:
        print(printable(f'and {len(changed) - _MOST} more below {folder}'))
    if changed:
        named = changed if len(changed) <= _MOST else [folder]
        print(printable(add_line(root, named, os.getcwd())))


def _tell_made(outcome: Outcome, folder: str) -> None:
    from daybook.problem import printable

    if outcome.written or outcome.removed:
        print(printable(f'render-docs: {outcome.total} documents, {len(outcome.written)} files written, {len(outcome.removed)} removed; '
                        f'open {folder}/index.html'))


def _complaints(outcome: Outcome) -> str:
    """Return what a run by hand says of files that have no page, or none of ours."""
    from daybook.problem import printable

    found = ((outcome.by_hand, 'left alone, as not made by render-docs'), (outcome.unreadable, 'no page, as the frontmatter cannot be read'))
    return ''.join(printable(f'{why}: {", ".join(paths)}') + '\n' for paths, why in found if paths)


def _everything(words: Sequence[str]) -> bool:
    import argparse

    parser = argparse.ArgumentParser('daybook render-docs', description=__doc__)
    parser.add_argument('--all', action='store_true', help='make every page anew, whatever the last run left')
    return bool(parser.parse_args(words).all)


def _settings(repo: Repo, begun: Start | None) -> Settings | None:
    """Return the settings, by hand from the bytes that the seal is about to stand for; None where a commit has nothing to do with them."""
    if begun and begun.settings is not None:
        from daybook.site import site_settings

        return site_settings.read(begun)
    from daybook.documents import config
    from daybook.documents import document

    settings = document.settings_of(repo)
    if settings is None:
        print(f'{config.PATH} is wrong, so no page was made; run daybook validate-frontmatter')
    return settings


def _render(begun: Start | None, *, everything: bool) -> int:
    from daybook.repo import git
    from daybook.repo import git_status
    from daybook.repo.git import Repo
    from daybook.site import site

    repo = Repo(begun.root, begun.git_dir, begun.common_dir) if begun else git.find_repo()
    settings = _settings(repo, begun)
    is_commit = git.is_in_git_hook()
    if settings is None or is_commit and not (settings.render_tracked and site.concerns(settings, git_status.staged_changes(repo))):
        return 0  # a site that nobody commits is made by hand or by a job, not while somebody waits
    outcome = site.render(repo, settings, begun, everything=everything)
    if settings.render_tracked:
        _tell_tracked(repo.root, outcome, settings.render_folder)
    else:
        _tell_made(outcome, settings.render_folder)
    said = '' if is_commit else _complaints(outcome)
    sys.stderr.write(said)
    if begun:
        site_memory.keep(begun, settings.render_folder, said, outcome.stamps, is_tracked=settings.render_tracked)
    return int(settings.render_tracked and bool(outcome.written or outcome.removed))


def main(argv: Sequence[str] | None = None) -> int:
    """Bring the site up to date; 1 when it is tracked and something was written."""
    words = sys.argv[1:] if argv is None else argv
    everything = bool(words) and _everything(words)
    if 'GIT_INDEX_FILE' in os.environ:
        is_untracked = os.path.lexists('.git') and site_memory.is_left_to_others('.') and not site_memory.changes_settings('.')
        return 0 if is_untracked else _render(None, everything=everything)
    begun = site_memory.start()
    said = site_memory.recall(begun) if begun and not everything else None
    if said is None:
        return _render(begun, everything=everything)
    sys.stderr.write(said)
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
