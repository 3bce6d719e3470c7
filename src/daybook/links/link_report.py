"""What `audit-links` prints and writes: all problems, or inside a commit those that it causes; baseline; repairs."""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import TypeVar

from daybook import problem
from daybook.checks import asking
from daybook.checks.change import Change
from daybook.checks.change import Look
from daybook.documents import catalogue
from daybook.documents import catalogue_values
from daybook.documents import link_facts
from daybook.documents import markdown
from daybook.documents import tree
from daybook.documents.catalogue_content import Catalogue
from daybook.errors import FatalError
from daybook.links import link_answer
from daybook.links import link_arguments
from daybook.links import link_audit
from daybook.links import link_memory
from daybook.links import link_outcome
from daybook.links import link_splice
from daybook.links import link_verdict
from daybook.links.link_answer import Answer
from daybook.links.link_answer import CONFIG
from daybook.links.link_arguments import Arguments
from daybook.links.link_arguments import HOOK_ID
from daybook.links.link_audit import Updated
from daybook.links.link_change import Change as LinkChange
from daybook.links.link_memory import Setup
from daybook.links.link_memory import Start
from daybook.links.link_outcome import Outcome
from daybook.links.link_verdict import Judged
from daybook.problem import Problem
from daybook.repo import git
from daybook.repo import git_objects
from daybook.repo import listing
from daybook.repo.git import Repo
from daybook.repo.listing import Listing
from daybook.rules import link_baseline

if TYPE_CHECKING:  # costs a reader of YAML
    from daybook.checks.asking import Answers
    from daybook.checks.scope import Scope

_Result = TypeVar('_Result')


def run(words: Sequence[str], start: Start | None = None, answers: Callable[[], Answers] | None = None) -> Outcome:
    """Audit the links of the repository that the caller stands in; `start` or `answers` are what git was asked for it already."""
    options = link_arguments.parsed(words)
    output_format = problem.output_format(os.environ)
    if start is not None:  # by hand, without options
        repo = Repo(start.root, start.git_dir, start.common_dir)
        return _audited(repo, start.files, Setup(repo.root, start.head), (),
                        lambda report: report.make(options, (), None, output_format, last=start.former), change=start.change)
    answers = answers or asking.ask(os.environ)
    if options.no_catalogue:  # git takes longer than this
        markdown.load_for_many()
    from daybook.checks.scope import Scope

    scope = Scope(answers(), os.environ, words=options.files, is_whole=options.all)
    setup = Setup(scope.repo.root, scope.head)
    if options.no_catalogue and _tells_whole(options, scope.named, scope.change, output_format) and not setup.known:
        text, blocking = link_audit.lines(scope.repo, scope.files, is_in_commit=git.is_in_git_hook())
        return Outcome(text + link_answer.advice(blocking, setup.baseline), '', int(blocking > 0))
    return _audited(scope.repo, scope.files, setup, scope.named, lambda report: report.make(options, scope.named, scope.change, output_format),
                    change=_change(scope), keeps=not options.no_catalogue)


def look(scope: Scope) -> Look:
    """Return what `run` tells without options, for who tells more than that."""
    return _audited(scope.repo, scope.files, Setup(scope.repo.root, scope.head), scope.named,
                    lambda report: report.look(scope.named, scope.change), change=_change(scope))


def _change(scope: Scope) -> LinkChange | None:
    """Return what is known of the paths that a commit changes; None outside of one."""
    if not scope.is_in_commit or scope.change is None:
        return None
    change = LinkChange(scope.repo, is_index=True)
    change.learn(scope.change.paths, scope.files.entries())
    return change


def _tells_whole(options: Arguments, named: Collection[str], change: Change | None, output_format: str) -> bool:
    """Return whether all of `Catalogue.lines` is told, and nothing else."""
    return change is None and output_format == 'text' and not (named or options.baseline or options.fix)


def _audited(repo: Repo, files: Listing, setup: Setup, named: Collection[str], tell: Callable[[_Report], _Result], *,
             change: LinkChange | None = None, keeps: bool = True) -> _Result:
    """Bring what is known of the links up to date and return what `tell` makes of it."""
    untracked = [path for path in named if tree.is_markdown(path) and os.path.isfile(os.path.join(repo.root, path))]
    files, has_more = _with(repo, files, untracked)
    for attempt in range(3):
        kept = None if not keeps or has_more or attempt == 2 else catalogue.open_in(repo.common_dir)
        try:
            with kept or catalogue.in_memory() as store, store.writing() as is_mine:
                if not is_mine:
                    continue
                updated = link_audit.update(repo, files, setup, store, is_in_commit=git.is_in_git_hook(), change=change)
                is_true = not store.is_kept or not updated.judge.contents.has_moved()
                told = tell(_Report(repo, files, setup, store, updated, is_true=is_true))
                if not is_true:
                    store.take_back()
                return told
        except catalogue_values.Damaged:
            catalogue.discard(repo.common_dir)
    raise FatalError(f'no catalogue can be made in memory; free some memory, then run `daybook {HOOK_ID} --no-catalogue`')


def _with(repo: Repo, files: Listing, paths: Collection[str]) -> tuple[Listing, bool]:
    """Return the listing with files that git does not track yet, as if they were added."""
    more = [path for path in paths if path not in files.entries()] if paths else []
    return (listing.with_untracked(repo.root, files, more), True) if more else (files, False)


def _is_below(path: str, named: Collection[str]) -> bool:
    return any(name in (path, '.') or path.startswith(f'{name}/') for name in named)


class _Report:
    """Tells what the view of a work tree holds."""

    def __init__(self, repo: Repo, files: Listing, setup: Setup, kept: Catalogue, updated: Updated, *, is_true: bool) -> None:
        self._keeps = kept.is_kept and is_true
        self._repo, self._files, self._setup, self._kept = repo, files, setup, kept
        self._view, self._judge, self._former, self._rows = updated
        self._known = setup.known

    def make(self, options: Arguments, named: Collection[str], change: Change | None, output_format: str, *,
             last: Answer | None = None) -> Outcome:
        """Do what is asked for; `last` is what the run before this one told."""
        if options.baseline:
            return self._write_baseline(output_format)
        if options.fix:
            return self._fix(named, change, output_format)
        if _tells_whole(options, named, change, output_format):
            return self._whole(last)
        found = self.look(named, change)
        return link_outcome.outcome(found.problems, output_format, note=problem.older_line(found.older, HOOK_ID) if found.older else ''.join(found.notes))

    def _whole(self, last: Answer | None) -> Outcome:
        """Tell all there is to tell, and keep it for a run without changes."""
        baseline = self._setup.baseline
        if self._rows is not None:
            text, blocking = link_verdict.lines(self._rows)
        else:
            text, blocking = link_splice.lines(self._kept, self._view, last, self._former, baseline) or self._kept.lines(self._view)
        text += link_answer.advice(blocking, baseline)
        view = self._kept.view(link_memory.view_name(self._repo.git_dir))
        if self._keeps and view is not None:
            files = self._files
            answer = Answer(self._setup.digest, files.digest, files.trailer, view.witness, is_index=files.is_index, blocking=blocking, text=text)
            link_answer.keep(self._repo.git_dir, answer)
            self._kept.set_view(view.id, told=answer.mark)
        return Outcome(text, '', int(blocking > 0))

    def look(self, named: Collection[str], change: Change | None) -> Look:
        """Return the problems below `named`: those that the change causes and the count of the others, or all of them."""
        judged = self._judged() if change is None else self._caused(change)
        found = [wrong for wrong in self._new(judged) if not named or _is_below(wrong.path, named)]
        if change is None:
            advice = link_answer.advice(sum(wrong.level == 'error' for wrong in found), self._setup.baseline).decode().strip()
            return Look(found, notes=[advice] if advice else [])
        counts = {path: count for path, count in self._kept.counts(self._view).items() if not named or _is_below(path, named)}
        return Look(found, Counter(counts) - Counter(wrong.path for wrong in found))

    def _judged(self, sources: Iterable[str] | None = None) -> list[Judged]:
        return [judged for source, payload, *_ in self._kept.found(self._view, sources)
                for judged in link_verdict.judged_in(source, payload)]

    def _is_known(self, judged: Judged) -> bool:
        return bool(self._known) and link_baseline.line(judged.problem.path, judged.target) in self._known

    def _new(self, judged: Iterable[Judged]) -> list[Problem]:
        return list({one.problem for one in judged if not self._is_known(one)})

    def _fix(self, named: Collection[str], change: Change | None, output_format: str) -> Outcome:
        """Mend what can be, tell the rest."""
        from daybook.links import link_fix

        judged = self._caused(change) if change else self._judged()
        judged = [one for one in judged if one.target and (not named or _is_below(one.problem.path, named))]
        mended = link_fix.fix(self._repo, self._judge, judged)
        rest = self._new(one for one in judged if (one.problem.path, one.target) not in mended)
        return link_outcome.outcome(rest, output_format, before=link_outcome.rewritten(self._repo.root, sorted({path for path, _ in mended})))

    def _caused(self, change: Change) -> list[Judged]:
        """Return the problems that a change causes."""
        known = self._judge.tree
        gone = [path for path in change.paths if path not in known.files]
        answered_for = change.paths | {folder for path in gone for folder in _folders_above(path) if not known.is_folder(folder)}
        by_settings = self._caused_by_settings(change)
        sources = None
        if self._kept.is_kept and not by_settings:
            sources = change.paths | self._kept.inbound(self._view, {link_facts.UNCLEAR, *map(tree.folded, answered_for)})
            sources |= {source for path in change.paths for source in self._kept.inbound_below(self._view, tree.folded(path))}
        judged = self._judged(sources)
        # what lay behind a path that the change takes or replaces: a symbolic link or a submodule
        behind = {cause for one in judged for cause in one.problem.causes if not change.paths.isdisjoint(_folders_above(cause))}
        found = set(problem.caused_by([one.problem for one in judged], answered_for | behind)[0])
        return [one for one in judged if one.problem in found or (one.problem.path, one.target) in by_settings]

    def _caused_by_settings(self, change: Change) -> set[tuple[str, str]]:
        """Return file and target of the problems that a change of the settings or of the baseline brings to light."""
        found: set[tuple[str, str]] = set()
        if link_baseline.PATH in change.paths:
            was = link_baseline.read(git_objects.read_blobs(self._repo, [f'{change.base}:{link_baseline.PATH}'])[0])
            found |= {(j.problem.path, j.target) for j in self._judged()
                      if link_baseline.line(j.problem.path, j.target) in was}
        if CONFIG in change.paths:
            former = git_objects.read_blobs(self._repo, [f'{change.base}:{CONFIG}'])[0]
            found |= {(j.problem.path, j.target) for j in self._judged()} - self._judge.under_former_settings(former)
        return found

    def _write_baseline(self, output_format: str) -> Outcome:
        """Make the baseline, or take out of it what is mended; tell the dead links that it does not hold."""
        judged = [one for one in self._judged() if one.target]
        dead = {link_baseline.line(one.problem.path, one.target) for one in judged if one.problem.level == 'error' or self._known}
        exists = os.path.exists(os.path.join(self._repo.root, link_baseline.PATH))
        lines = link_baseline.shrunk(self._known, dead, self._judge.change.renamed) if exists else dead
        content = link_baseline.render(lines)
        is_new = content != self._setup.baseline
        if is_new:
            from daybook.repo import files

            path = files.inside(self._repo.root, link_baseline.PATH)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            files.write_atomic(path, content)
        rest = {one.problem for one in judged
                if one.problem.level == 'error' and link_baseline.line(one.problem.path, one.target) not in lines}
        return link_outcome.outcome(rest, output_format, before=link_outcome.rewritten(self._repo.root, [link_baseline.PATH] if is_new else []))


def _folders_above(path: str) -> Iterable[str]:
    while path := tree.folder_of(path):
        yield path
