"""check-cochange: what belongs together changes together, or a trailer `Docs-Reviewed: <why>` says why not."""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from daybook import problem
from daybook.checks import asking
from daybook.checks import looking
from daybook.checks.change import Look
from daybook.checks.scope import Scope
from daybook.documents import config
from daybook.errors import FatalError
from daybook.governance import cochanging
from daybook.problem import Problem
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_changes

HOOK_ID = 'check-cochange'
_WHOLE = 'check-all'  # which judges a push by the same rules
_NONE = f'{HOOK_ID}: 0 documents governed; there is no rule under `cochange` in {config.PATH}'


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    words, named = files.split_arguments(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog=f'daybook {HOOK_ID}', description=__doc__)
    parser.add_argument('files', nargs='*', help='the file with the message of the commit under way (commit-msg stage)')
    parser.add_argument('--range', metavar='A..B', help='judge these commits as a whole; B alone: all of its history '
                        '(default: what is pushed, the pull request under GitHub Actions, or else what is staged)')
    parser.add_argument('--each', action='store_true', help='judge every commit of the range by itself')
    parser.add_argument('--exits', action='store_true', help='list the trailers in the range, and check nothing')
    options = parser.parse_args(words)
    options.files += named
    return options


def _range(repo: git.Repo, given: str | None) -> tuple[str | None, str] | None:
    """Return base and end of the commits to judge, None where it is what is staged."""
    environ = os.environ
    if given:
        return git_changes.split_range(repo, given)
    if environ.get('PRE_COMMIT_FROM_REF') and environ.get('PRE_COMMIT_TO_REF'):
        return git_changes.split_range(repo, f'{environ["PRE_COMMIT_FROM_REF"]}...{environ["PRE_COMMIT_TO_REF"]}')
    if environ.get('GITHUB_BASE_REF') and not git.is_in_git_hook():
        return git_changes.split_range(repo, f'origin/{environ["GITHUB_BASE_REF"]}...HEAD')
    return None


def _is_merge(repo: git.Repo) -> bool:
    # what a merge brings was judged commit by commit where it was made
    return os.path.exists(git.git_path(repo, 'MERGE_HEAD'))


def _message(paths: Sequence[str]) -> bytes | None:
    if not paths:
        return None
    data = files.read_bytes(paths[0])
    if data is None or len(paths) > 1:
        raise FatalError(f'no message in {", ".join(paths)}; give the one file that git gives to commit-msg hooks')
    return data


def _dead(scope: Scope) -> Look:
    changed = scope.change.paths if scope.change else ()
    return scope.part(cochanging.dead(scope.repo, scope.settings.cochange, scope.paths, config.lines(scope.repo.root), changed))


def look(scope: Scope) -> Look:
    """Return the rules that can never fire and, of a push, those that it breaks; a commit is judged with its message."""
    rules = scope.settings.cochange
    if not rules:
        return Look(notes=scope.by_hand(_NONE))
    found = _dead(scope)
    if scope.is_in_commit:
        return found  # nobody knows the message yet
    chosen = _range(scope.repo, None)
    broken = [wrong for wrong in _problems(scope, chosen) if any(map(scope.covers, (wrong.path, *wrong.causes)))]
    return found._replace(problems=[*found.problems, *broken], notes=_idle(scope, chosen))


def _idle(scope: Scope, chosen: tuple[str | None, str] | None) -> list[str]:
    """Return the line that tells that no rule was judged, as nothing is changed by what there was to judge."""
    if scope.change is not None or cochanging.is_changed(scope.repo, chosen):
        return []
    where = ('nothing is changed in that range, so only the rules themselves were checked' if chosen else
             'nothing is staged, so only the rules themselves were checked; give `--range A..B` for what is committed')
    return [f'{HOOK_ID}: 0 documents governed; {where}']


def _problems(scope: Scope, chosen: tuple[str | None, str] | None, *, message: bytes | None = None, begun: float = 0,
              each: bool = False) -> list[Problem]:
    rules = scope.settings.cochange
    if chosen:
        return (cochanging.of_each if each else cochanging.of_range)(scope.repo, rules, *chosen)
    if _is_merge(scope.repo):
        return []
    found = cochanging.of_commit(scope.repo, rules, message or b'', os.environ.get('GIT_AUTHOR_DATE'), begun)
    return problem.as_warnings(found) if message is None else found  # the message may still say why


def _told(scope: Scope, chosen: tuple[str | None, str] | None) -> list[str]:
    found = cochanging.excuses(scope.repo, scope.settings.cochange, *(chosen or git_changes.split_range(scope.repo, 'HEAD')))
    return [f'{each.oid[:10]} {each.rule or "all rules"}: {each.why or "(no reason)"}' for each in found]


def _is_told_already(repo: git.Repo) -> bool:
    """Return whether this is a push that `check-all` judges too, by another hook of the same configuration."""
    if not os.environ.get('PRE_COMMIT_REMOTE_NAME'):
        return False
    from daybook.doctor import hooks_config  # for a push that is about to fail

    installed, _ = hooks_config.read(repo, (_WHOLE,))
    skipped = {name.strip() for key in ('SKIP', 'PREK_SKIP') for name in os.environ.get(key, '').split(',')}
    is_whole = installed is not None and 'pre-push' in installed.ours.get(_WHOLE, ()) and _WHOLE not in installed.narrowed
    return is_whole and _WHOLE not in skipped


def main(argv: Sequence[str] | None = None) -> int:
    options = _arguments(argv)
    output_format = problem.output_format(os.environ)
    scope = Scope(asking.ask(os.environ)(), os.environ)
    repo = scope.repo
    if scope.is_blind:
        return looking.report(HOOK_ID, Look(notes=[looking.blind_note(HOOK_ID)]), output_format, print)
    if not scope.settings.cochange:
        return looking.report(HOOK_ID, Look(notes=scope.by_hand(_NONE)), output_format, print)
    if options.exits:
        for line in _told(scope, _range(repo, options.range)):
            print(problem.printable(line))
        return 0
    chosen = _range(repo, options.range) if not options.files else None
    found = _dead(scope)
    problems = [*found.problems, *_problems(scope, chosen, message=_message(options.files), each=options.each,
                                              begun=os.stat(options.files[0]).st_mtime if options.files else 0)]
    if problems and not (options.files or options.range) and _is_told_already(repo):
        problems = []
    notes = _idle(scope, chosen) if not options.files else []
    return looking.report(HOOK_ID, found._replace(problems=problems, notes=notes), output_format, print)


if __name__ == '__main__':
    raise SystemExit(main())
